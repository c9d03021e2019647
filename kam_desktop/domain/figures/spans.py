"""When facts count: allocations until they are taken back, documents until they are replaced."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from kam_desktop.domain.figures.ageing import Ledger


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


def stop_dates(ledger: Ledger) -> dict[str, date]:
    """From which day each replaced document no longer counts, in whatever order the two arrived."""
    found: dict[str, date] = {}
    for each in ledger.invoices:
        if each.replaces not in ("", each.id):
            found[each.replaces] = min(each.issued_on, found.get(each.replaces, date.max))
    return found


def settled(ledger: Ledger) -> dict[str, int]:
    """How much of each instalment an opening settlement settled: in the order of their places, never beyond them."""
    rest: dict[str, int] = {}
    for each in ledger.settlements:
        rest[each.invoice] = rest.get(each.invoice, 0) + each.amount
    found: dict[str, int] = {}
    for part in sorted(ledger.instalments, key=lambda part: (part.place, part.id)):
        if part.invoice in rest:
            found[part.id] = max(0, min(part.amount, rest[part.invoice]))
            rest[part.invoice] -= found[part.id]
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
