"""Twenty thousand random money operations against fractions; a million by tests.oracle.money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from unittest.mock import patch

import pytest

from kam_desktop.domain import money
from kam_desktop.domain.figures import ageing, allocation, interest, terms, totals
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


bucket_of, late_interest = ageing.bucket_of, interest.late_interest
SLIPS = {
    "to even": (money, "half_up", round),
    "down": (money, "ratio", lambda amount, numerator, denominator: amount * numerator // denominator),
    "tax down": (totals, "tax_on", lambda net, percent: int(net * percent / 100) if percent else 0),
    "one instalment": (terms, "split", lambda total, parts: (total,)),
    "any order": (allocation, "in_order", lambda parts, invoice="": sorted(parts, key=lambda each: each.instalment)),
    "a day early": (ageing, "bucket_of", one_day_early),
    "replaced from the start": (ageing, "_stopped", lambda invoices, as_of: {each.replaces for each in invoices}),
    "no opening": (ageing, "_settled", lambda settlements, parts: {}),
    "leap years": (interest, "late_interest", leap_year),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_found(name: str) -> None:
    module, function, slip = SLIPS[name]
    with patch.object(module, function, slip):
        assert run(3_000, seed=5)[1]
