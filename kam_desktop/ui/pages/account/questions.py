"""What the account page asks in the ask lane, and frozen values made of the answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kam_desktop import formats
from kam_desktop.domain.entities import Account, Contact, Occasion
from kam_desktop.domain.entities.task import Task
from kam_desktop.domain.text import company_core
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.charts import Figure, Part
from kam_desktop.ui.desk import titles_of
from kam_desktop.ui.pages.account.detail import Head
from kam_desktop.ui.pages.account.form import KIND_ICONS
from kam_desktop.ui.pages.account.page import AccountLine
from kam_desktop.ui.pages.account.peek import LATE_DAYS, Happened, Peek
from kam_desktop.ui.pages.account.side import Around, Day, Reach, Step
from kam_desktop.ui.pages.account.tabs import Line
from kam_desktop.ui.pages.account.tiers import Tier

FIRST = 60  # rows that come along with the ids
FIRST_EVENTS = 40
OCCASION_DAYS = 60

if TYPE_CHECKING:
    from kam_desktop.services.summary import AccountList as Listing


def ask_list(
    reader: Any, text: str, chosen: str, grouped: bool, order: str, today: date, whose: str
) -> tuple[Any, dict[str, AccountLine], list[tuple[str, str]]]:
    """The ids of the list in groups and order, with the first rows; and who is in charge of customers."""
    from kam_desktop.services import owner, summary

    filters = summary.AccountFilter(
        archived=chosen == "archived",
        owner=whose,
        overdue_over_days=LATE_DAYS if chosen == "overdue" else None,
        untouched_days=14 if chosen == "untouched" else None,
    )
    listing = summary.account_list(
        reader, today, text=text, filters=filters, order=summary.AccountOrder(order), grouped=grouped
    )
    return listing, ask_lines(reader, listing, listing.ids[:FIRST], today), owner.owners(reader)


def ask_lines(reader: Any, listing: Any, ids: Sequence[str], today: date) -> dict[str, AccountLine]:
    """Rows of the list by id."""
    from kam_desktop.services import summary

    found = {}
    for row in summary.account_rows(reader, ids, today, listing.currency):
        found[row.id] = AccountLine(
            row.id, row.short_name or company_core(row.name), row.name, row.revenue_12m, listing.share_of(row.id),
            max(0.0, row.revenue_12m / listing.largest) if listing.largest else 0.0, listing.class_of(row.id) == "A",
            row.overdue, row.oldest_days, row.last_touch_on, row.contact, row.owner, row.next_step, listing.currency,
            row.industry,
        )  # fmt: skip
    return found


def ask_peek(reader: Any, key: str, tier: str, today: date) -> Peek:
    """What the panel at the right shows of one customer."""
    from kam_desktop.services import account

    brief = account.brief(reader, key, today, activities=5)
    money, who = brief.money[0], brief.account
    name = who.short_name or company_core(who.name)
    step = next(iter(_steps(brief, records_of(reader, Task, key))), None)
    return Peek(
        key, name, "".join(word[0] for word in name.split()[-2:]).upper(), tier, who.name, who.industry, money.currency,
        money.revenue_12m, money.overdue, money.oldest_days, money.overdue + money.not_due, who.credit_limit,
        step.text if step else "", step.on if step else None,
        tuple(map(_reach, brief.contacts[:3])),
        tuple(Happened(KIND_ICONS.get(each.kind, "pencil"), each.subject, _local_day(each.at))
              for each in brief.activities),
    )  # fmt: skip


def tiers_of(listing: Listing) -> list[Tier]:
    """The shares of the tiers for the bar over the list."""
    return [
        Tier(
            group.name, trn("{n} account", "{n} accounts", group.count), formats.percent(group.share or Decimal(0)),
            float(group.share or 0) / 100,
        )
        for group in listing.groups
        if group.name
    ]  # fmt: skip


def turned(listing: Listing) -> list[str]:
    """The ids in the other direction, group by group."""
    return [key for group in listing.groups for key in reversed(listing.ids[group.start : group.start + group.count])]


def _local_day(moment: datetime | None) -> date | None:
    return moment.astimezone().date() if moment is not None else None


def ask_people(reader: Any, key: str, text: str) -> list[tuple[str, str]]:
    """Contacts of one customer whose name has the text in it: (id, name)."""
    from kam_desktop.domain.text import fold
    from kam_desktop.services import records

    people = records.children(reader, Contact, "account", key)
    return [(each.id, each.full_name) for each in people if fold(text) in fold(each.full_name)]


def save_log(uow: Any, activity: Any, step: tuple[str, date | None]) -> Any:
    """Saves an interaction, and the next step as a task of the same customer; one step to undo."""
    from kam_desktop.services import records, task

    if step[0]:
        task.add(uow, step[0], activity.account, step[1])
    return records.save(uow, activity)


def archive(ids: Sequence[str], archived: bool, uow: Any) -> None:
    """Archives customers, or brings them back."""
    from kam_desktop.services import records

    for key in ids:
        records.archive(uow, Account, key, archived)


def tag(ids: Sequence[str], words: str, uow: Any) -> None:
    """Gives customers a tag more; those that have it, accents and capitals aside, stay as they are."""
    from kam_desktop.domain.text import clean, fold
    from kam_desktop.services import records

    for each in uow.many(Account, ids).values():
        if fold(words) not in map(fold, each.tags):
            records.save(uow, dataclasses.replace(each, tags=(*each.tags, clean(words))))


def remove_occasion(key: str, uow: Any) -> None:
    """Deletes an occasion."""
    from kam_desktop.services import records

    records.remove(uow, Occasion, key)


def finish_task(key: str, today: date, uow: Any) -> Any:
    """A task is done today."""
    from kam_desktop.services import task

    return task.finish(uow, key, today)


def ask_warnings(reader: Any, key: str) -> list[Any]:
    """What looks wrong with a saved customer."""
    from kam_desktop.services import account, records

    return account.warnings(reader, records.get(reader, Account, key))


@dataclass(frozen=True)
class Whole:
    """Everything on the page of one customer, in values that its widgets show."""

    account: Account
    titles: dict[str, str]
    head: Head
    figures: tuple[Figure, ...]
    parts: tuple[Part, ...]
    around: Around
    lists: Mapping[str, tuple[Line, ...]]
    counts: Mapping[str, int]
    events: tuple[str, ...]
    first: Mapping[str, Any]


def ask_whole(reader: Any, key: str, shown: str, today: date) -> Whole:
    """One customer on one page: a few questions, none for each row. `shown` is the filter of the time line."""
    from kam_desktop.domain.locale.vietnam import tax_code
    from kam_desktop.services import account, occasion, proposal, timeline

    brief = account.brief(reader, key, today, activities=1)
    who, money = brief.account, brief.money[0]
    offers = proposal.rows(reader, [each.id for each in brief.proposals])
    tasks = records_of(reader, Task, key)
    people = records_of(reader, Contact, key)
    days = occasion.upcoming(reader, today, OCCASION_DAYS, key)
    events = timeline.ids(reader, key, shown)
    course = account.course(reader, key, money.currency)
    name = who.short_name or company_core(who.name)
    lists = {
        "people": tuple(map(_person_line, people)),
        "proposals": tuple(map(_offer_line, offers)),
        "money": tuple(map(_invoice_line, brief.invoices)),
        "tasks": tuple(_task_line(each, today) for each in sorted(tasks, key=_task_order)),
    }
    sound = tax_code.read(who.tax_code).warning is None if who.tax_code else None
    owner = tr("{name} in charge", name=brief.owner) if brief.owner else ""
    return Whole(
        who, titles_of(reader, who),
        Head("".join(word[0] for word in name.split()[-2:]).upper(), who.name if who.short_name else "", who.tax_code,
             sound, " · ".join(filter(None, (who.industry, owner)))),
        tuple(_figures(brief, offers, course)), tuple(_parts(money, course)),
        Around(_steps(brief, tasks), tuple(map(_reach, brief.contacts)), tuple(map(_day, days)),
               *_margin(offers, money.currency), money.currency),
        lists,
        {"people": len(people), "proposals": len(offers), "money": len(brief.invoices),
         "tasks": sum(each.done_on is None for each in tasks)},
        tuple(events), timeline.rows(reader, events[:FIRST_EVENTS]),
    )  # fmt: skip


def records_of(reader: Any, kind: Any, account: str) -> list[Any]:
    """All records of a kind that hang on a customer."""
    from kam_desktop.services import records

    return records.children(reader, kind, "account", account)


def ask_events(reader: Any, key: str, shown: str) -> tuple[list[str], Mapping[str, Any]]:
    """The time line with a filter, and its first rows."""
    from kam_desktop.services import timeline

    events = timeline.ids(reader, key, shown)
    return events, timeline.rows(reader, events[:FIRST_EVENTS])


def ask_event_rows(reader: Any, keys: Sequence[str]) -> Mapping[str, Any]:
    """More rows of the time line."""
    from kam_desktop.services import timeline

    return timeline.rows(reader, keys)


def ask_colleagues(reader: Any, besides: str) -> Sequence[tuple[str, str]]:
    """(id, name) of everybody a customer can be handed to."""
    from kam_desktop.services import owner

    return owner.colleagues(reader, besides)


def ask_history(reader: Any, key: str) -> list[Line]:
    """What was changed of a customer and its people on this computer."""
    from kam_desktop.services import history

    wanted = [key, *(each.id for each in records_of(reader, Contact, key))]
    found = []
    for step in history.steps_of(reader, wanted):
        undone = "" if step.state == "done" else f" ({tr('undone')})"
        found.append(Line(str(step.number), (tr(step.label, **step.label_args) + undone, formats.moment(step.at))))
    return found


def _person_line(each: Contact) -> Line:
    birthday = formats.day(each.birthday) if each.birthday else ""
    name = each.full_name + (f" ({tr('left')})" if each.left_on else "")
    phone = formats.phone(each.phones[0]) if each.phones else ""
    return Line(each.id, (name, each.position, phone, next(iter(each.emails), ""), each.zalo, birthday))


def _offer_line(row: Any) -> Line:
    stages = {
        "briefed": tr("Brief received"), "working": tr("In progress"), "in_approval": tr("In approval"),
        "sent": tr("Sent"), "negotiating": tr("Negotiating"), "won": tr("Won"), "lost": tr("Lost"),
        "on_hold": tr("On hold"),
    }  # fmt: skip
    total = formats.amount(row.total, row.currency)
    until = formats.day(row.valid_until) if row.valid_until else ""
    return Line(row.id, (row.number, row.title, stages[row.stage], total, until), open=("proposal", row.id))


def _invoice_line(row: Any) -> Line:
    late = (row.days_overdue or 0) > 0
    return Line(
        row.id,
        (row.number, formats.amount(row.open, row.currency), str(row.days_overdue) if late else "",
         formats.day(row.due_on) if row.due_on else tr("waits for papers"),
         formats.day(row.issued_on) if row.issued_on else "", formats.amount(row.total, row.currency)),
        late=(row.days_overdue or 0) > LATE_DAYS, open=("collection", row.id),
    )  # fmt: skip


def _task_line(each: Task, today: date) -> Line:
    due, done = (formats.day(day) if day else "" for day in (each.due_on, each.done_on))
    late = each.done_on is None and each.due_on is not None and each.due_on < today
    return Line(each.id, (each.subject, due, done), late=late, open=("task", each.id))


def _task_order(each: Task) -> tuple[bool, date, str]:
    return each.done_on is not None, each.due_on or date.max, each.subject


def _steps(brief: Any, tasks: Sequence[Task]) -> tuple[Step, ...]:
    found = [Step(each.id, each.subject, each.due_on, ("task", each.id)) for each in tasks if each.done_on is None]
    found += [
        Step("", f"{each.next_step} · {each.title}", each.next_step_on, ("proposal", each.id))
        for each in brief.proposals
        if each.next_step and each.stage not in ("won", "lost")
    ]
    return tuple(sorted(found, key=lambda step: (step.on or date.max, step.text)))


def _reach(each: Contact) -> Reach:
    first = next(iter(each.phones), "")
    return Reach(each.id, each.full_name, each.position, first, next(iter(each.emails), ""), each.zalo, each.main)


def _day(each: Any) -> Day:
    years = f" · {trn('{n} year', '{n} years', each.years)}" if each.years else ""
    named = {
        "birthday": tr("Birthday of {name}", name=each.name), "founding": tr("Founding day"), "occasion": each.name,
    }  # fmt: skip
    return Day(named[each.kind] + years, each.on, each.id if each.kind == "occasion" else "", each.contact)


def _margin(offers: Sequence[Any], currency: str) -> tuple[Decimal | None, int | None, int, int]:
    """Percent, cost and net of the offers won or sent whose cost is known, and how many have none."""
    wanted = [each for each in offers if each.stage in ("won", "sent", "negotiating") and each.currency == currency]
    known = [each for each in wanted if each.cost is not None]
    cost, net = sum(each.cost or 0 for each in known), sum(each.net for each in known)
    percent = Decimal(100 * (net - cost)) / net if known and net else None
    return percent, cost if known else None, net, len(wanted) - len(known)


def _figures(brief: Any, offers: Sequence[Any], course: Any) -> list[Figure]:
    """From what was won to what is overdue."""
    money, code = brief.money[0], brief.money[0].currency
    won = [each for each in offers if each.stage == "won" and each.currency == code]
    value = sum(each.total for each in won)
    due = [each for each in brief.invoices if each.currency == code]
    late = [each for each in due if (each.days_overdue or 0) > 0]
    next_on = min(
        (each.due_on for each in due if each.due_on is not None and not (each.days_overdue or 0) > 0), default=None
    )

    def shown(amount: int) -> str:
        return formats.amount(amount, code, zero=formats.NOTHING)

    def share(part: int, whole: int, words: str) -> str:
        return tr(words, share=formats.percent(Decimal(100 * part) / whole, 0)) if whole and part else ""

    count = trn("{n} invoice", "{n} invoices", len(late))
    return [
        Figure(tr("Won proposals"), shown(value), trn("{n} proposal", "{n} proposals", len(won)), arrow=True),
        Figure(tr("Invoiced so far"), shown(course.invoiced), share(course.invoiced, value, N_("{share} of won")),
               arrow=True),
        Figure(tr("Money received"), shown(course.received),
               share(course.received, course.invoiced, N_("{share} of invoices")), mark="accent"),
        Figure(tr("Not due yet"), shown(money.not_due), tr("next {day}", day=formats.day(next_on)) if next_on else "",
               mark="age0"),
        Figure(tr("Overdue"), shown(money.overdue),
               f"{count} · {trn('{n} day', '{n} days', money.oldest_days)}" if late else "",
               "danger" if money.oldest_days > LATE_DAYS else "text", mark="age2"),
    ]  # fmt: skip


def _parts(money: Any, course: Any) -> list[Part]:
    parts = (
        (course.received, "accent", tr("Money received")), (money.not_due, "age0", tr("Not due yet")),
        (money.overdue, "age2", tr("Overdue")),
    )  # fmt: skip
    return [
        Part(size, token, name, formats.amount(size, money.currency, symbol=True))
        for size, token, name in parts
        if size > 0
    ]
