"""Verbs over several words: what today asks for, and the figures beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from kam_desktop.domain.entities import (
    Account,
    DunningEvent,
    Firm,
    Invoice,
    PromiseToPay,
    Proposal,
    ProposalVersion,
)
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import provision
from kam_desktop.domain.query import Query
from kam_desktop.language import N_
from kam_desktop.services import dunning, occasion, records, rule, summary
from kam_desktop.services import promise as promises
from kam_desktop.services import proposal as proposals
from kam_desktop.services.today import (
    BROKEN_CHANCE,
    NOW,
    WEEK,
    WEEK_DAYS,
    WEIGHTS,
    Figure,
    Today,
    TodayItem,
    answer_items,
    occasion_items,
    task_items,
)
from kam_desktop.store import figures, today_figures, touched
from kam_desktop.store.reader import Reader
from kam_desktop.store.today_figures import Due
from kam_desktop.store.unit_of_work import UnitOfWork


def today(
    reader: Reader,
    as_of: date,
    limit: int = 50,
    made_at: datetime | None = None,
    occasions: Sequence[occasion.Coming] | None = None,
) -> Today:
    """One ordered list of what is overdue, due this week, and of offers that end or want a follow-up.

    The order is the expected loss of doing nothing today: money at risk × its chance by age, or a deadline's weight.

    Args:
        occasions: of the week, where somebody has asked for them already (`week_occasions`).
    """
    currency = firm_currency(reader)
    late = today_figures.overdue(reader, as_of, currency, limit)
    soon = today_figures.due(reader, as_of, as_of + timedelta(days=WEEK_DAYS), currency, limit)
    items = _late_items(reader, as_of, late.top, currency) + _due_items(reader, as_of, soon.top, currency)
    for other in today_figures.other_currencies(reader, currency):
        rate = today_figures.exchange_rate(reader, other)
        items += _late_items(reader, as_of, today_figures.overdue(reader, as_of, other, limit).top, other, rate)
        week = today_figures.due(reader, as_of, as_of + timedelta(days=WEEK_DAYS), other, limit)
        items += _due_items(reader, as_of, week.top, other, rate)
    offers, offers_left = _proposal_items(reader, as_of, limit)
    items += offers + task_items(reader, as_of, limit) + _promise_items(reader, as_of, currency)
    items += answer_items(reader, as_of, limit, frozenset(each.id for each in offers))
    items += occasion_items(reader, as_of, week_occasions(reader, as_of) if occasions is None else occasions)
    shown: list[TodayItem] = []
    left_out: dict[str, int] = {}
    for section, count in ((NOW, late.count - len(late.top)), (WEEK, soon.count - len(soon.top))):
        of_section = sorted(
            (item for item in items if item.section == section),
            key=lambda item: (-item.weight, item.day or date.max, item.account_name, item.id),
        )
        shown += of_section[:limit]
        left_out[section] = count + len(of_section[limit:]) + (offers_left if section == NOW else 0)
    month = as_of.replace(day=1)
    collected = today_figures.collected(reader, month, as_of, currency)
    invoiced = sum(figures.revenue(reader, month, as_of, currency).values())
    open_count = today_figures.open_proposals(reader)
    return Today(
        as_of=as_of,
        made_at=made_at,
        items=tuple(shown),
        left_out=left_out,
        figures=(
            Figure("overdue", N_("Overdue"), late.amount, late.count, currency, as_of),
            Figure("due", N_("Due within 7 days"), soon.amount, soon.count, currency, as_of),
            Figure("collected", N_("Collected this month"), collected[0], collected[1], currency, as_of),
            Figure("invoiced", N_("Invoiced this month, without tax"), invoiced, 0, currency, as_of),
            Figure("proposals", N_("Open proposals"), None, open_count, currency, as_of),
        ),
        payments_entered=summary.payments_entered(reader),
    )


def week_occasions(reader: Reader, as_of: date) -> list[occasion.Coming]:
    """The occasions of the week."""
    return occasion.upcoming(reader, as_of, WEEK_DAYS, limit=50)


def worklist(
    reader: Reader,
    as_of: date,
    currency: str = "VND",
    only: dunning.Filter = dunning.EVERYTHING,
    order: str = dunning.BENEFIT,
) -> dunning.Worklist:
    """What to do about open money today: the steps reached, the promises that stand, the provision table in force.

    Amounts are those of all facts known (the cache), as everywhere in Today; `as_of` is the day on which one acts.
    """
    try:
        tiers = provision.table_on(as_of, rule.provision_tables(reader)).tiers
    except Refused:
        tiers = ()  # before the first table there is none to come near to
    rules = dunning.rules_of(reader, tiers)

    def made(only: dunning.Filter) -> dunning.Worklist:
        found = dunning.candidates(reader, as_of, currency, only)
        return dunning.worklist(
            reader, as_of, currency, found, _promised(reader, as_of, currency, found), rules, only, order
        )

    key = ("worklist", as_of, currency, only, order, rules)
    topics = (touched.MONEY, touched.PROMISE, touched.DUNNING, *((touched.ACCOUNT,) if only.owner else ()))

    def patched(before: dunning.Worklist, accounts: Sequence[str]) -> dunning.Worklist:
        if before.left_out and len(before.entries) < dunning.MOST - dunning.SPARE:
            return made(only)
        wanted = tuple(each for each in accounts if not only.accounts or each in only.accounts)
        fresh = made(dataclasses.replace(only, accounts=wanted)).entries if wanted else ()
        return dunning.patched(before, frozenset(accounts), fresh, order)

    return touched.remembered(reader, key, topics, lambda: made(only), patched)


def _promised(reader: Reader, as_of: date, currency: str, found: Sequence[dunning.Candidate]) -> dict[str, date]:
    """By invoice, or by account for a promise at large, the last day of the newest promise that is not kept."""
    promised: dict[str, tuple[tuple[date, str], date]] = {}
    for each in promises.standing(reader, [one.account for one in found], as_of):
        record = each.record
        if record.currency == currency and record.promised_on is not None and record.pay_on is not None:
            # The newest word counts, where several were given about the same.
            key, said = record.invoice or record.account, (record.promised_on, record.id)
            if key not in promised or promised[key][0] < said:
                promised[key] = (said, record.pay_on)
    return {key: day for key, (_, day) in promised.items()}


def remind(
    uow: UnitOfWork,
    invoice: str,
    step: int | None,
    channel: str,
    outcome: str = "",
    remark: str = "",
    contact: str = "",
    promise: PromiseToPay | None = None,
) -> DunningEvent:
    """Writes down a reminder and, where it ended in a promise, that promise: one step for both.

    Args:
        promise: its account, invoice, contact and channel follow from the reminder; it takes the place of the
            newest promise about the invoice that runs or is broken.

    Raises Refused like dunning.remind and promise.make, and `promise_needed` for the outcome "promised" without one.
    """
    made = dunning.remind(uow, invoice, step, channel, outcome, remark, contact)
    if outcome != "promised":
        return made
    if promise is None or promise.pay_on is None or not promise.amount:
        raise Refused(Problem("pay_on", "promise_needed", N_("Say how much was promised, and by when.")))
    record = records.get(uow, Invoice, invoice)
    word = dataclasses.replace(
        promise, account=made.account, invoice=invoice, contact=contact, currency=record.currency, channel=channel
    )
    today = uow.clock.today()
    older = [
        each.record
        for each in promises.of_invoice(uow, invoice, today)
        if each.state.state in ("open", "broken") and (each.record.promised_on or today) <= today
    ]
    if older:
        promises.replace(uow, older[0].id, word)
    else:
        promises.make(uow, word)
    return made


def other_currencies(reader: Reader, currency: str) -> list[str]:
    """The other currencies in which something is open."""
    return today_figures.other_currencies(reader, currency)


def firm_currency(reader: Reader) -> str:
    """The currency our firm keeps its books in."""
    firm = next((each for each in reader.all(Query("firm")) if isinstance(each, Firm)), None)
    return firm.currency if firm else "VND"


def _late_items(reader: Reader, as_of: date, found: Sequence[Due], currency: str, rate: float = 1.0) -> list[TodayItem]:
    """A line for each customer with something overdue that can be acted on today: why, and the next action.

    Of several invoices the one is told on which acting brings most. Where everything waits, for the day of a promise
    or after a reminder, there is no line; a broken promise has one of its own.
    """
    if not found:
        return []
    only = dunning.Filter(accounts=tuple(each.account for each in found), due_to=as_of - timedelta(days=1))
    doing: dict[str, list[dunning.Entry]] = {}
    for entry in worklist(reader, as_of, currency, only).entries:
        if entry.line.group == "today" and entry.line.reason != "broken_promise":
            doing.setdefault(entry.account, []).append(entry)
    accounts = reader.many(Account, list(doing))
    invoices = reader.many(Invoice, [entries[0].invoice for entries in doing.values()])

    def number(entry: dunning.Entry) -> str:
        return invoices[entry.invoice].number if entry.invoice in invoices else ""

    items = []
    for account, entries in doing.items():
        first = entries[0]
        items.append(
            TodayItem(
                kind="overdue",
                section=NOW,
                account=account,
                account_name=_name(accounts.get(account)),
                reason=dunning.REASONS[first.line.reason],
                reason_args={**first.args, "why": first.line.reason, "number": number(first)},
                amount=sum(each.open for each in entries),
                currency=currency,
                day=first.due_on,
                entity="invoice",
                id=first.invoice,
                action=first.line.action,
                weight=round(sum(each.line.gain for each in entries) * rate),
                number=number(first),
                more=len(entries) - 1,
            )
        )
    return items


def _name(account: Account | None) -> str:
    return (account.short_name or account.name) if account is not None else ""


def _due_items(reader: Reader, as_of: date, found: Sequence[Due], currency: str, rate: float = 1.0) -> list[TodayItem]:
    """A line for each customer with something that falls due this week."""
    accounts = reader.many(Account, [each.account for each in found])
    invoices = reader.many(Invoice, [each.invoice for each in found if each.count == 1])
    items = []
    for each in found:
        invoice = invoices.get(each.invoice)
        args: dict[str, Any] = {"day": each.first_due_on, "n": each.count}
        reason = N_("{n} instalments are due this week, the first on {day}.")
        if invoice is not None:
            args["number"] = invoice.number
            reason = N_("Invoice {number} is due on {day}.")
        items.append(
            TodayItem(
                kind="due",
                section=WEEK,
                account=each.account,
                account_name=_name(accounts.get(each.account)),
                reason=reason,
                reason_args=args,
                amount=each.open,
                currency=currency,
                day=each.first_due_on,
                entity="invoice" if invoice else "account",
                id=invoice.id if invoice else each.account,
                action="message",
                weight=round(each.weight * rate),
            )
        )
    return items


def _promise_items(reader: Reader, as_of: date, currency: str) -> list[TodayItem]:
    """Promises that were broken, about what is open still: the customer is asked for his next word."""
    items = []
    for each in promises.broken(reader, as_of):
        record = each.record
        day = record.pay_on or as_of
        if each.number:
            reason = N_("Promised to pay invoice {number} by {day}; the promise is broken for {days} days.")
        else:
            reason = N_("Promised to pay by {day}; the promise is broken for {days} days.")
        if each.state.paid:
            reason = N_("Promised to pay by {day} and paid a part; the promise is broken for {days} days.")
        rate = 1.0 if record.currency == currency else today_figures.exchange_rate(reader, record.currency)
        items.append(
            TodayItem(
                kind="promise",
                section=NOW,
                account=record.account,
                account_name=each.account_name,
                reason=reason,
                reason_args={"number": each.number, "day": day, "days": (as_of - day).days},
                amount=each.missing,
                currency=record.currency,
                day=day,
                entity="invoice" if record.invoice else "account",
                id=record.invoice or record.account,
                action="call",
                weight=round(each.missing * rate * BROKEN_CHANCE),
            )
        )
    return items


def _proposal_items(reader: Reader, as_of: date, limit: int) -> tuple[list[TodayItem], int]:
    found = today_figures.proposals_due(reader, as_of, as_of + timedelta(days=WEEK_DAYS), limit)
    by_id = reader.many(Proposal, [each.proposal for each in found.top])
    versions = reader.many(ProposalVersion, [each.version for each in found.top if each.version])
    totals = proposals.totals_of(reader, versions.values())
    accounts = reader.many(Account, {each.account for each in by_id.values()})
    items = []
    for each in found.top:
        proposal, account = by_id[each.proposal], accounts.get(by_id[each.proposal].account)
        args: dict[str, Any] = {"title": proposal.title, "day": each.day}
        if each.kind == "follow_up":
            reason = N_("“{title}”: {step} on {day}.") if proposal.next_step else N_("“{title}”: next step on {day}.")
            args["step"] = proposal.next_step
        elif each.kind == "proposal_ended":
            reason = N_("“{title}” was valid until {day} and has no answer.")
        else:
            reason = N_("“{title}” is valid until {day}; no answer yet.")
        items.append(
            TodayItem(
                kind=each.kind,
                section=NOW if each.day <= as_of else WEEK,
                account=proposal.account,
                account_name=(account.short_name or account.name) if account else "",
                reason=reason,
                reason_args=args,
                amount=totals[each.version].total if each.version in totals else None,
                currency=versions[each.version].currency if each.version in versions else proposal.currency,
                day=each.day,
                entity="proposal",
                id=proposal.id,
                action="follow_up",
                weight=WEIGHTS[each.kind],
            )
        )
    return items, found.count - len(found.top)
