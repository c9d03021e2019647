"""Twenty thousand random money operations against fractions; a million by tests.oracle.money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from unittest.mock import patch

import pytest

from kam_desktop.domain import money
from kam_desktop.domain.figures import ageing, allocation, due, interest, spans, terms, totals
from tests.oracle.money import KINDS, run


def test_no_operation_differs() -> None:
    done, wrong = run(20_000, seed=11)
    assert wrong == []
    assert set(done) == {kind.__name__ for _, kind in KINDS}
    assert min(done.values()) > 400


def one_day_early(days: int | None, edges: Sequence[int]) -> int:
    """Due today counted as overdue."""
    return bucket_of(None if days is None else days + 1, edges)


def leap_year(ledger: ageing.Ledger, as_of: date, percent: Decimal, currency: str) -> object:
    """A year of 366 days."""
    return late_interest(ledger, as_of, percent, currency, days_in_year=366)


def later_papers(
    part: ageing.Instalment, invoice: ageing.Invoice, ledger: ageing.Ledger, as_of: date
) -> tuple[date | None, bool]:
    """Papers confirmed after the day count already."""
    return due_of(part, invoice, ledger, date.max)


def first_word(received_on: date, decisions: Iterable[spans.Decision], begins_on: date | None) -> str:
    """The oldest decision has the word."""
    oldest = sorted(decisions, key=lambda each: (each.decided_at, each.id))[:1]
    return receipt_status(received_on, oldest, begins_on)


bucket_of, late_interest = ageing.bucket_of, interest.late_interest
due_of, receipt_status, moved = ageing.due_of, spans.receipt_status, due.moved
SLIPS = {
    "to even": (money, "half_up", round),
    "down": (money, "ratio", lambda amount, numerator, denominator: amount * numerator // denominator),
    "tax down": (totals, "tax_on", lambda net, percent: int(net * percent / 100) if percent else 0),
    "one instalment": (terms, "split", lambda total, parts: (total,)),
    "any order": (allocation, "in_order", lambda parts, invoice="": sorted(parts, key=lambda each: each.instalment)),
    "a day early": (ageing, "bucket_of", one_day_early),
    "replaced from the start": (
        ageing,
        "stop_dates",
        lambda ledger: {each.replaces: date(1900, 1, 1) for each in ledger.invoices},
    ),
    "no opening": (ageing, "settled", lambda ledger: {}),
    "leap years": (interest, "late_interest", leap_year),
    "nothing taken back": (ageing, "stop_dates", lambda ledger: {}),
    "rejected counts": (spans, "receipt_status", lambda received_on, decisions, begins_on: "confirmed"),
    "oldest decision": (spans, "receipt_status", first_word),
    "no day of the firm": (
        spans,
        "receipt_status",
        lambda on, decisions, begins_on: receipt_status(on, decisions, None),
    ),
    "papers too early": (ageing, "due_of", later_papers),
    "any papers": (
        spans,
        "papers_day",
        lambda records: max((x.confirmed_on for x in records if x.confirmed_on), default=None),
    ),
    "steps backwards": (ageing, "moved", lambda start, steps: moved(start, steps[::-1])),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_found(name: str) -> None:
    module, function, slip = SLIPS[name]
    with patch.object(module, function, slip):
        assert run(3_000, seed=5)[1]
