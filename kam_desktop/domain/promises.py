"""Rules across records, told as problems before anything is written; for laptop and server alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from kam_desktop.domain.errors import Problem
from kam_desktop.domain.figures import ageing, spans
from kam_desktop.domain.figures.ageing import Allocation, Credit, Instalment, Invoice, Ledger
from kam_desktop.domain.figures.allocation import said

_GONE = "This record is not there any more."


def allocation_problems(new: Allocation, ledger: Ledger) -> list[Problem]:
    """What forbids an allocation, or the reversal of one; empty when it may be written.

    An allocation stays within what is left of its credit and of its instalment on every day from its own on, not only
    today: a reversal in May gives nothing back in March. Receipts that are only reported count as taken, for they may
    be confirmed. Problems stand at "credit", "instalment", "amount", "reverses" or "allocated_on", and say how much
    remains.

    Args:
        ledger: must hold both sides' documents with all their allocations and settlements, and what replaces them.
            An allocation with the id of `new` is passed over: it may be there already.
    """
    if new.reverses:
        return _reversal_problems(new, ledger)
    part = next((each for each in ledger.instalments if each.id == new.instalment), None)
    invoice = next((each for each in ledger.invoices if part is not None and each.id == part.invoice), None)
    credit = next((each for each in ledger.credits if each.id == new.credit), None)
    found = []
    if part is None or invoice is None:
        found.append(Problem("instalment", "missing", _GONE))
    if credit is None:
        found.append(Problem("credit", "missing", _GONE))
    if new.amount <= 0:
        found.append(Problem("amount", "not_positive", "The amount must be above zero."))
    if part is None or invoice is None or credit is None:
        return found
    found += _side_problems(credit, invoice, ledger)
    return found or _room_problems(new, part, invoice, credit, ledger)


def first_day_with_room(new: Allocation, ledger: Ledger) -> date:
    """The day from which an allocation fits: its own, else the first on which something of either side came back.

    Its own day where it fits on none; then `allocation_problems` says why.
    """
    laid = {each.id for each in ledger.allocations if new.credit == each.credit or new.instalment == each.instalment}
    back = {each.allocated_on for each in ledger.allocations if each.reverses in laid}
    days = [new.allocated_on, *sorted(day for day in back if day > new.allocated_on)]
    fitting = (day for day in days if not allocation_problems(replace(new, allocated_on=day), ledger))
    return next(fitting, new.allocated_on)


def _side_problems(credit: Credit, invoice: Invoice, ledger: Ledger) -> list[Problem]:
    """Whether the two sides belong together and count at all."""
    found = []
    if not credit.account:
        found.append(Problem("credit", "payer_unknown", "Say first whose money it is, then lay it against invoices."))
    elif credit.account != invoice.account:
        found.append(Problem("instalment", "other_account", "The invoice is another customer's."))
    if credit.currency != invoice.currency:
        found.append(Problem("instalment", "other_currency", "The invoice is in another currency."))
    if credit.status == "rejected":
        found.append(Problem("credit", "rejected", "This receipt was rejected; it pays nothing."))
    stops = ageing.stop_dates(ledger)
    if invoice.id in stops:
        found.append(Problem("instalment", "replaced", "This invoice was replaced; lay the money against the new one."))
    if credit.id in stops:
        found.append(Problem("credit", "replaced", "This credit note was replaced; it lowers nothing any more."))
    return found


def _room_problems(
    new: Allocation, part: Instalment, invoice: Invoice, credit: Credit, ledger: Ledger
) -> list[Problem]:
    """Whether the amount fits both sides from its day on."""
    counting = [each for each in spans.spans(ledger, ("confirmed", "reported")) if each.allocation != new.id]
    start = max(new.allocated_on, credit.dated_on, invoice.issued_on)
    owed = part.amount - ageing.settled(ledger).get(part.id, 0)
    left = credit.amount - spans.peak((each for each in counting if each.credit == credit.id), start)
    open_ = owed - spans.peak((each for each in counting if each.instalment == part.id), start)
    found = []
    if new.amount > left:
        args = {"remaining": said(max(0, left), credit.currency)}
        found.append(Problem("amount", "more_than_credit", "Of this money only {remaining} is left.", args))
    if new.amount > open_:
        args = {"remaining": said(max(0, open_), invoice.currency)}
        found.append(Problem("amount", "more_than_open", "Of this instalment only {remaining} is open.", args))
    return found


def _reversal_problems(new: Allocation, ledger: Ledger) -> list[Problem]:
    taken = next((each for each in ledger.allocations if each.id == new.reverses), None)
    if taken is None:
        return [Problem("reverses", "missing", _GONE)]
    if taken.reverses:
        return [
            Problem("reverses", "is_reversal", "This entry takes another one back; it cannot be taken back itself.")
        ]
    if any(each.reverses == taken.id and each.id != new.id for each in ledger.allocations):
        return [Problem("reverses", "reversed_already", "This was taken back already.")]
    found = []
    if (new.credit, new.instalment, new.amount) != (taken.credit, taken.instalment, taken.amount):
        currency = next((each.currency for each in ledger.credits if each.id == taken.credit), "VND")
        found.append(
            Problem(
                "amount",
                "not_the_same",
                "An allocation is taken back whole: {amount}, on both sides.",
                {"amount": said(taken.amount, currency)},
            )
        )
    if new.allocated_on < taken.allocated_on:
        found.append(
            Problem(
                "allocated_on",
                "too_early",
                "It cannot be taken back before {day}, the day on which it was laid.",
                {"day": _day(taken.allocated_on)},
            )
        )
    return found


def instalment_problems(total: int, amounts: Sequence[int], currency: str = "VND") -> list[Problem]:
    """What is wrong with the instalments of an invoice: none, a wrong sign, or another sum than the total.

    Where = "instalments", or "instalments.N" counted from 1; amounts in minor units.
    """
    if not amounts:
        return [Problem("instalments", "no_instalment", "An invoice needs at least one instalment.")]
    found = [
        Problem(f"instalments.{place}", "wrong_sign", "An instalment cannot have the other sign than the total.")
        for place, amount in enumerate(amounts, 1)
        if (amount < 0 < total) or (total < 0 < amount) or (total == 0 and amount)
    ]
    difference = total - sum(amounts)
    if difference > 0:
        args = {"remaining": said(difference, currency)}
        found.append(
            Problem(
                "instalments", "below_total", "The instalments do not make the total: {remaining} is missing.", args
            )
        )
    elif difference < 0:
        args = {"over": said(-difference, currency)}
        found.append(Problem("instalments", "above_total", "The instalments make {over} more than the total.", args))
    return found


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a proposal as far as the rules need it."""

    id: str
    number: int
    status: str


_IN_WORK = ("draft", "in_approval", "approved")


def version_problems(versions: Sequence[Version]) -> list[Problem]:
    """What is wrong with the versions of one proposal; where = the version's id.

    One version is in work at most, and it is the newest; one is with the customer at most, for sending the next one
    supersedes it; one is accepted at most. No two have the same number.
    """
    ordered = sorted(versions, key=lambda version: (version.number, version.id))
    found = []
    for earlier, later in pairwise(ordered):
        if earlier.number == later.number:
            found.append(
                Problem(
                    later.id,
                    "same_number",
                    "There are two versions with the number {number}.",
                    {"number": str(later.number)},
                )
            )
    in_work = [version for version in ordered if version.status in _IN_WORK]
    sent = [version for version in ordered if version.status == "sent"]
    accepted = [version for version in ordered if version.status == "accepted"]
    if len(in_work) > 1:
        found += [
            Problem(
                version.id,
                "two_in_work",
                "Version {number} is in work already; finish or drop it first.",
                _number(in_work[0]),
            )
            for version in in_work[1:]
        ]
    elif in_work and in_work[0].number != ordered[-1].number:
        found.append(
            Problem(
                in_work[0].id,
                "older_in_work",
                "Version {number} is newer; an older one cannot be in work.",
                _number(ordered[-1]),
            )
        )
    found += [
        Problem(
            version.id,
            "two_sent",
            "Version {number} is with the customer already; it must be superseded first.",
            _number(sent[0]),
        )
        for version in sent[1:]
    ]
    found += [
        Problem(
            version.id,
            "two_accepted",
            "Version {number} was accepted already; it must be superseded first.",
            _number(accepted[0]),
        )
        for version in accepted[1:]
    ]
    return found


def _number(version: Version) -> dict[str, str]:
    return {"number": str(version.number)}


def _day(day: date) -> str:
    return f"{day.day:02}/{day.month:02}/{day.year:04}"
