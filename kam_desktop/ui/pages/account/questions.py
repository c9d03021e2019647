"""What the account page asks in the ask lane, and frozen values made of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from kam_desktop import formats
from kam_desktop.domain.entities import Account, Contact
from kam_desktop.domain.text import company_core
from kam_desktop.language import tr
from kam_desktop.ui.charts import Figure
from kam_desktop.ui.desk import titles_of
from kam_desktop.ui.pages.account.form import KIND_ICONS
from kam_desktop.ui.pages.account.page import LATE_DAYS, AccountLine, Happened, Peek, Person

FIRST = 60  # rows that come along with the ids

if TYPE_CHECKING:
    from kam_desktop.services.account import AccountBrief
    from kam_desktop.services.summary import AccountList as Listing


def ask_list(
    reader: Any, text: str, chosen: str, grouped: bool, order: str, today: date
) -> tuple[Any, dict[str, AccountLine]]:
    """The ids of the list in groups and order, with the first rows."""
    from kam_desktop.services import summary

    filters = {
        "": summary.AccountFilter(),
        "overdue": summary.AccountFilter(overdue_over_days=LATE_DAYS),
        "untouched": summary.AccountFilter(untouched_days=14),
        "archived": summary.AccountFilter(archived=True),
    }
    listing = summary.account_list(
        reader, today, text=text, filters=filters[chosen], order=summary.AccountOrder(order), grouped=grouped
    )
    return listing, ask_lines(reader, listing, listing.ids[:FIRST], today)


def ask_lines(reader: Any, listing: Any, ids: Sequence[str], today: date) -> dict[str, AccountLine]:
    """Rows of the list by id."""
    from kam_desktop.services import summary

    largest = max(listing.figures.values(), default=0)
    found = {}
    for row in summary.account_rows(reader, ids, today, listing.currency):
        found[row.id] = AccountLine(
            row.id, row.short_name or company_core(row.name), row.name, row.revenue_12m, listing.share_of(row.id),
            max(0.0, row.revenue_12m / largest) if largest > 0 else 0.0, listing.class_of(row.id) == "A",
            row.overdue, row.oldest_days, row.last_touch_on, row.contact, row.owner, row.next_step, listing.currency,
        )  # fmt: skip
    return found


def ask_peek(reader: Any, key: str, tier: str, today: date) -> Peek:
    """What the panel at the right shows of one customer."""
    from kam_desktop.services import account

    brief = account.brief(reader, key, today, activities=5)
    money, who = brief.money[0], brief.account
    name = who.short_name or company_core(who.name)
    step = next((each for each in brief.proposals if each.next_step and each.stage not in ("won", "lost")), None)
    return Peek(
        key, name, "".join(word[0] for word in name.split()[-2:]).upper(), tier, who.name, who.industry, money.currency,
        money.revenue_12m, money.overdue, money.oldest_days, money.overdue + money.not_due, who.credit_limit,
        step.next_step if step else "", step.next_step_on if step else None,
        tuple(Person(each.id, each.full_name, each.position, next(iter(each.phones), ""), next(iter(each.emails), ""))
              for each in brief.contacts[:3]),
        tuple(Happened(KIND_ICONS.get(each.kind, "pencil"), each.subject, _local_day(each.at))
              for each in brief.activities),
    )  # fmt: skip


def turned(listing: Listing) -> list[str]:
    """The ids in the other direction, group by group."""
    return [key for group in listing.groups for key in reversed(listing.ids[group.start : group.start + group.count])]


def _local_day(moment: datetime | None) -> date | None:
    return moment.astimezone().date() if moment is not None else None


def ask_detail(reader: Any, key: str, today: date) -> tuple[AccountBrief, dict[str, str]]:
    """One customer on one page, with the titles its references show."""
    from kam_desktop.services import account

    brief = account.brief(reader, key, today)
    return brief, titles_of(reader, brief.account)


def ask_people(reader: Any, key: str, text: str) -> list[tuple[str, str]]:
    """Contacts of one customer whose name has the text in it: (id, name)."""
    from kam_desktop.domain.text import fold
    from kam_desktop.services import records

    people = records.children(reader, Contact, "account", key)
    return [(each.id, each.full_name) for each in people if fold(text) in fold(each.full_name)]


def ask_warnings(reader: Any, key: str) -> list[Any]:
    """What looks wrong with a saved customer."""
    from kam_desktop.services import account, records

    return account.warnings(reader, records.get(reader, Account, key))


def figures_of(brief: AccountBrief) -> list[Figure]:
    """The strip of figures over one customer."""
    money = brief.money[0]
    late = tr("{n} days", n=money.oldest_days) if money.overdue else ""

    def shown(amount: int) -> str:
        return formats.amount(amount, money.currency, symbol=amount != 0, zero=formats.NOTHING)

    return [
        Figure(tr("Revenue, 12 months"), shown(money.revenue_12m)),
        Figure(tr("Not due yet"), shown(money.not_due)),
        Figure(tr("Overdue"), shown(money.overdue), late, "danger" if money.oldest_days > LATE_DAYS else "text"),
        Figure(tr("Not allocated"), shown(money.unallocated)),
    ]
