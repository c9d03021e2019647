"""What counts and when: decided receipts, allocations until taken back, documents until replaced."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from kam_desktop.domain.figures.ageing import Ledger, stop_dates

REPORTED, CONFIRMED = "reported", "confirmed"


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a receipt: "confirmed" or "rejected"."""

    id: str
    verdict: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Papers:
    """That the full document set of an invoice was confirmed; without a day it takes the earlier ones back."""

    id: str
    confirmed_on: date | None
    recorded_at: datetime


def receipt_status(received_on: date, decisions: Iterable[Decision], begins_on: date | None) -> str:
    """The status of a receipt: its newest decision has the word, by its moment, then by its id.

    Without one it is only reported when it is dated on or after `begins_on`, the day from which the firm confirms
    receipts (None: it confirms none); otherwise entering it confirmed it. The status is today's knowledge: a receipt
    confirmed today counts from its own date (features.md 2, Ageing).
    """
    newest = max(decisions, key=lambda each: (each.decided_at, each.id), default=None)
    if newest is not None:
        return newest.verdict
    return REPORTED if begins_on is not None and received_on >= begins_on else CONFIRMED


def papers_day(records: Iterable[Papers]) -> date | None:
    """The day on which the full document set was confirmed, by the newest record (by its moment, then its id)."""
    newest = max(records, key=lambda each: (each.recorded_at, each.id), default=None)
    return None if newest is None else newest.confirmed_on


@dataclass(frozen=True, slots=True)
class Span:
    """An allocation over the days on which it counts.

    Attributes:
        begins: its own day, never before either document; ends: the day of its reversal, or of the replacement of
            one of its documents, excluded; date.max when it stands.
        amount: minor units.
    """

    allocation: str
    credit: str
    instalment: str
    begins: date
    ends: date
    amount: int

    def on(self, day: date) -> bool:
        """Whether it counts at the end of that day."""
        return self.begins <= day < self.ends


def spans(ledger: Ledger, statuses: Collection[str] = ("confirmed",)) -> list[Span]:
    """Every allocation that counts at some time, reversals worked in; the rule is that of figures/ageing.

    Args:
        statuses: of the receipts whose allocations are wanted.
    """
    invoices = {each.id: each for each in ledger.invoices}
    parts = {each.id: each for each in ledger.instalments}
    credits = {each.id: each for each in ledger.credits if each.status in statuses}
    stops = stop_dates(ledger)
    taken_back: dict[str, date] = {}
    for each in ledger.allocations:
        if each.reverses:
            taken_back[each.reverses] = min(each.allocated_on, taken_back.get(each.reverses, date.max))
    found = []
    for each in ledger.allocations:
        part, credit = parts.get(each.instalment), credits.get(each.credit)
        invoice = invoices.get(part.invoice) if part is not None else None
        if each.reverses or credit is None or invoice is None or invoice.currency != credit.currency:
            continue
        begins = max(each.allocated_on, credit.dated_on, invoice.issued_on)
        ends = min(stops.get(key, date.max) for key in (credit.id, invoice.id))
        ends = min(ends, taken_back.get(each.id, date.max))
        if begins < ends:
            found.append(Span(each.id, each.credit, each.instalment, begins, ends, each.amount))
    return found


def peak(counting: Iterable[Span], start: date) -> int:
    """The most that counts together at the end of any day from `start` on."""
    changes: dict[date, int] = {}
    for span in counting:
        begins = max(span.begins, start)
        if begins < span.ends:
            changes[begins] = changes.get(begins, 0) + span.amount
            changes[span.ends] = changes.get(span.ends, 0) - span.amount
    level = most = 0
    for day in sorted(changes):
        level += changes[day]
        most = max(most, level)
    return most
