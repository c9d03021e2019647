"""DSO by count-back and simple, CEI: published figures, edges, and the rules in other words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.figures.ageing import AgeingRow
from kam_desktop.domain.figures.cei import Balance, balance_of, cei
from kam_desktop.domain.figures.dso import Dso, Month, count_back, days_in_month, simple
from tests.cases import ratios

D = Decimal
LONG_AGO = date(2020, 1, 1)


@pytest.mark.parametrize("case", ratios.DSO, ids=lambda case: f"{case.source}, {case.as_of}")
def test_published_days(case: ratios.DsoCase) -> None:
    assert count_back(case.debtors, case.sales, case.as_of, LONG_AGO) == Dso(case.days, False)


@pytest.mark.parametrize("case", ratios.CEI, ids=lambda case: case.source)
def test_published_indexes(case: ratios.CeiCase) -> None:
    opening = Balance(case.opening, 0)
    closing = Balance(case.not_due, case.closing - case.not_due)
    assert cei(opening, case.sales, closing) == case.index


SALES = {(2026, 3): 310, (2026, 2): 280, (2026, 1): 310}


@pytest.mark.parametrize(
    ("debtors", "as_of", "history", "days", "at_least"),
    [
        (0, "2026-03-31", "2026-01-01", "0.0", False),
        (-50, "2026-03-31", "2026-01-01", "0.0", False),
        (310, "2026-03-31", "2026-01-01", "31.0", False),  # just used up: no further month is asked
        (10, "2026-03-31", "2026-01-01", "1.0", False),
        (311, "2026-03-31", "2026-01-01", "31.1", False),
        (890, "2026-03-31", "2026-01-01", "89.0", False),
        (900, "2026-03-31", "2026-01-01", "90.0", False),
        (901, "2026-03-31", "2026-01-01", "90.0", True),  # the history ends
        (901, "2026-03-31", "2025-06-01", "90.0", True),  # December had no sales
        (901, "2026-03-31", "2026-01-16", "75.0", True),  # of January only 16 days are known, all its sales in them
        (155, "2026-03-10", "2026-01-01", "5.0", False),  # the running month with its elapsed days
        (310, "2026-03-10", "2026-01-01", "10.0", False),
        (590, "2026-03-10", "2026-01-01", "38.0", False),
        (5, "2026-04-10", "2026-01-01", "0.0", True),  # nothing sold in the running month
        (5, "2025-12-31", "2026-01-01", "0.0", True),  # before all history
        (1, "2026-03-31", "2026-01-01", "0.1", False),
    ],
)
def test_count_back(debtors: int, as_of: str, history: str, days: str, at_least: bool) -> None:
    found = count_back(debtors, SALES, date.fromisoformat(as_of), date.fromisoformat(history))
    assert found == Dso(D(days), at_least)


def test_a_month_of_returns_stops_the_count() -> None:
    assert count_back(500, {(2026, 3): 310, (2026, 2): -5, (2026, 1): 900}, date(2026, 3, 31), LONG_AGO) == Dso(
        D("31.0"), True
    )


def test_a_month_that_sold_one_unit_counts() -> None:
    assert count_back(311, {(2026, 3): 310, (2026, 2): 1}, date(2026, 3, 31), LONG_AGO) == Dso(D("59.0"), False)


def test_simple_dso() -> None:
    assert simple(212_000, 250_000, 90) == D("76.3")
    assert simple(1, 8, 2) == D("0.3")  # 0.25 goes up
    assert simple(-10, 100, 30) == D("-3.0")
    assert simple(5, 1, 30) == D("150.0")
    assert simple(5, 0, 30) is None
    assert simple(5, -1, 30) is None


def test_index_edges() -> None:
    none = Balance(0, 0)
    assert cei(none, 100, Balance(100, 0)) is None  # nothing could be collected
    assert cei(none, 50, Balance(100, 0)) is None
    assert cei(none, 100, Balance(99, 1)) == D("0.0")  # just one unit could be collected
    assert cei(none, 100, Balance(40, 0)) == D("100.0")  # nothing overdue
    assert cei(Balance(0, 100), 0, Balance(0, 100)) == D("0.0")
    assert cei(Balance(0, 100), 0, Balance(0, 130)) == D("-30.0")
    # an advance lowers the balances on both sides and never lifts the index over 100
    assert cei(none, 100, Balance(40, 0, advances=30)) == D("100.0")
    assert cei(none, 100, Balance(40, 20, advances=30)) == D("77.8")
    assert cei(Balance(50, 0, advances=50), 100, Balance(40, 20)) == D("66.7")


def test_the_balance_of_an_ageing_row() -> None:
    row = AgeingRow("an", 40, (20, 5, 0, 0, 0), 30, 35)
    assert balance_of(row) == Balance(40, 25, 30)
    assert balance_of(row).whole == row.balance


amounts = st.integers(0, 10**9)
months = st.dictionaries(st.tuples(st.integers(2025, 2026), st.integers(1, 12)), st.integers(-50, 10**6), max_size=20)


@given(
    st.integers(-1_000, 10**7),
    months,
    st.dates(date(2025, 1, 1), date(2026, 12, 31)),
    st.dates(LONG_AGO, date(2026, 6, 1)),
)
def test_count_back_day_by_day(debtors: int, sales: dict[Month, int], as_of: date, history: date) -> None:
    """The rule once more, a day at a time: each day of a month has the same share of its sales."""
    rest, days, at_least, day = Fraction(debtors), Fraction(0), False, as_of
    while rest > 0:
        month = (day.year, day.month)
        first = max(day.replace(day=1), history)
        last = min(as_of, day.replace(day=days_in_month(month)))
        if day < history or sales.get(month, 0) <= 0:
            at_least = True
            break
        a_day = Fraction(sales[month], (last - first).days + 1)
        used = min(Fraction(1), rest / a_day)
        days += used
        rest -= used * a_day
        day -= timedelta(days=1)
    found = count_back(debtors, sales, as_of, history)
    assert found.at_least is at_least
    assert abs(Fraction(found.days) - days) <= Fraction(1, 20)


@given(amounts, amounts, amounts, amounts, amounts, amounts, amounts)
def test_the_index_in_other_words(o1: int, o2: int, o3: int, sales: int, c1: int, c2: int, c3: int) -> None:
    found = cei(Balance(o1, o2, o3), sales, Balance(c1, c2, c3))
    could = o1 + o2 - o3 + sales - (c1 - c3)
    assert (found is None) == (could <= 0)
    if found is not None:
        # what could be collected less what stayed overdue
        assert abs(Fraction(found) - Fraction(100 * (could - c2), could)) <= Fraction(1, 20)
        assert found <= 100
