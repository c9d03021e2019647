"""Average delay, late interest, provision: worked cases, and each rule once more day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings

from kam_desktop.domain.errors import Refused
from kam_desktop.domain.figures import ageing, spans, terms
from kam_desktop.domain.figures.ageing import Allocation, Credit, Instalment, Invoice, Ledger, Settlement, positions
from kam_desktop.domain.figures.delay import average_delay
from kam_desktop.domain.figures.interest import late_interest
from kam_desktop.domain.figures.provision import Table, Tier, provisions, table_on, tier_of
from kam_desktop.domain.locale.vietnam.provision_table import SEEDS
from tests.unit.test_figures_ageing import days as some_day
from tests.unit.test_figures_ageing import ledgers

D = Decimal


def d(text: str, year: int = 2026) -> date:
    """A day of 2026 from day.month."""
    day, month = text.split(".")
    return date(year, int(month), int(day))


ONE = Ledger(
    invoices=[Invoice("i", "an", "VND", d("1.3"))],
    instalments=[Instalment("i/1", "i", 36_500_000, d("31.3"))],
)


def with_money(ledger: Ledger, *money: tuple[str, int, str, str], kind: str = "receipt") -> Ledger:
    """Receipts laid against i/1: (id, amount, received on, laid on)."""
    return replace(
        ledger,
        credits=[*ledger.credits, *(Credit(key, "an", "VND", amount, d(on), kind) for key, amount, on, _ in money)],
        allocations=[
            *ledger.allocations,
            *(Allocation(f"l{key}", key, "i/1", amount, d(laid)) for key, amount, _, laid in money),
        ],
    )


HALF = with_money(ONE, ("r", 18_250_000, "10.4", "10.4"))
PAID = with_money(HALF, ("s", 18_250_000, "20.4", "20.4"))
NOTE = with_money(ONE, ("c", 36_500_000, "10.4", "10.4"), kind="credit_note")
TAKEN_BACK = replace(PAID, allocations=[*PAID.allocations, Allocation("b", "s", "i/1", 18_250_000, d("25.4"), "ls")])


@pytest.mark.parametrize(
    ("ledger", "as_of", "since", "days", "paid", "still_open"),
    [
        (ONE, "31.3", "1.1", None, 0, 0),  # not due
        (ONE, "1.4", "1.1", "1.0", 0, 36_500_000),
        (ONE, "10.4", "1.1", "10.0", 0, 36_500_000),
        (replace(ONE, instalments=[Instalment("i/1", "i", 1, d("31.3"))]), "10.4", "1.1", "10.0", 0, 1),
        (HALF, "9.4", "1.1", "9.0", 0, 36_500_000),
        (HALF, "10.4", "1.1", "10.0", 18_250_000, 18_250_000),
        (HALF, "20.4", "1.1", "15.0", 18_250_000, 18_250_000),
        (PAID, "30.4", "1.1", "15.0", 36_500_000, 0),
        (PAID, "30.4", "11.4", "20.0", 18_250_000, 0),  # the first receipt is outside the window
        (PAID, "30.6", "1.6", None, 0, 0),
        (with_money(ONE, ("r", 36_500_000, "26.3", "30.4")), "30.4", "1.1", "-5.0", 36_500_000, 0),  # early, laid late
        (with_money(ONE, ("r", 36_500_000, "26.3", "30.4")), "29.4", "1.1", "29.0", 0, 36_500_000),  # not laid yet
        (NOTE, "30.4", "1.1", None, 0, 0),
        (TAKEN_BACK, "30.4", "1.1", "20.0", 18_250_000, 18_250_000),  # (10 + 30) / 2
        (replace(ONE, settlements=[Settlement("i", 36_500_000)]), "30.4", "1.1", None, 0, 0),
        (with_money(ONE, ("r", 1, "1.4", "1.4"), ("s", 36_499_999, "31.3", "31.3")), "30.4", "1.1", "0.0",
         36_500_000, 0),
    ],
)  # fmt: skip
def test_average_delay(ledger: Ledger, as_of: str, since: str, days: str | None, paid: int, still_open: int) -> None:
    found = average_delay(ledger, d(as_of), d(since))
    assert (found.days, found.paid, found.still_open) == (D(days) if days else None, paid, still_open)
    assert average_delay(ledger, d(as_of), d(since), "USD").days is None
    assert average_delay(ledger, d(as_of), d(since), accounts=["binh"]).days is None
    assert average_delay(ledger, d(as_of), d(since), accounts=["an"]) == found


@pytest.mark.parametrize(
    ("ledger", "as_of", "days", "amount"),
    [
        (ONE, "31.3", None, None),
        (ONE, "1.4", 1, 10_000),  # 36,500,000 at 10 % bears 10,000 a day
        (ONE, "30.4", 30, 300_000),
        (HALF, "10.4", 10, 95_000),  # nine days whole, the day of the money half
        (HALF, "20.4", 20, 145_000),
        (PAID, "19.4", 19, 140_000),
        (PAID, "20.4", 19, 140_000),
        (PAID, "31.12", 19, 140_000),  # stays owed after the principal is paid
        (TAKEN_BACK, "24.4", 19, 140_000),
        (TAKEN_BACK, "26.4", 21, 150_000),  # the 25th and the 26th again
        (with_money(ONE, ("r", 36_500_000, "10.4", "30.4")), "29.4", 29, 290_000),  # it came, and is not laid yet
        (with_money(ONE, ("r", 36_500_000, "10.4", "30.4")), "30.4", 29, 290_000),  # the 29 days were open
        (with_money(ONE, ("r", 36_500_000, "10.4", "30.3")), "30.4", 9, 90_000),  # laid before it came
        (with_money(ONE, ("c", 36_500_000, "10.4", "30.4"), kind="credit_note"), "31.12", 29, 290_000),
        (replace(PAID, credits=[replace(PAID.credits[0], status="rejected"), PAID.credits[1]]), "30.4", 30, 245_000),
        (NOTE, "31.12", 9, 90_000),
        (replace(ONE, settlements=[Settlement("i", 36_500_000)]), "31.12", None, None),
        (replace(ONE, settlements=[Settlement("i", 18_250_000)]), "10.4", 10, 50_000),
        (replace(ONE, invoices=[*ONE.invoices, Invoice("j", "an", "VND", d("5.4"), "i")]), "31.12", 4, 40_000),
        (replace(ONE, instalments=[Instalment("i/1", "i", 36_500_000, waits_for_papers=True)]), "31.12", None, None),
        # an invoice of today that was due before: from its own day on
        (replace(ONE, instalments=[Instalment("i/1", "i", 36_500_000, d("1.2"))]), "28.2", None, None),
        (replace(ONE, instalments=[Instalment("i/1", "i", 36_500_000, d("1.2"))]), "1.3", 1, 10_000),
    ],
)
def test_late_interest(ledger: Ledger, as_of: str, days: int | None, amount: int | None) -> None:
    found = late_interest(ledger, d(as_of), 10)
    assert [(each.days, each.amount) for each in found] == ([] if days is None else [(days, amount)])
    assert late_interest(ledger, d(as_of), 10, "USD") == ()
    assert late_interest(ledger, d(as_of), 10, accounts=["an"]) == found
    assert late_interest(ledger, d(as_of), 10, accounts=["binh"]) == ()


def test_a_leap_year_has_365_days_too() -> None:
    ledger = Ledger(
        invoices=[Invoice("i", "an", "VND", date(2028, 1, 1))],
        instalments=[Instalment("i/1", "i", 36_500_000, date(2027, 12, 31))],
    )
    (year,) = late_interest(ledger, date(2028, 12, 31), D("10"))
    assert (year.days, year.amount) == (366, 3_660_000)
    assert late_interest(ledger, date(2028, 12, 31), D("10"), days_in_year=366)[0].amount == 3_650_000


def test_interest_is_rounded_once() -> None:
    ledger = Ledger(
        invoices=[Invoice("i", "an", "VND", d("1.3"))],
        instalments=[Instalment("i/1", "i", 365, d("31.3")), Instalment("i/2", "i", 182, d("31.3"))],
    )
    # 0.1 a day and 0.0498…: five days make 0.5, which goes up, and 0.249
    assert [each.amount for each in late_interest(ledger, d("5.4"), 10)] == [1, 0]
    assert [each.open_days for each in late_interest(ledger, d("5.4"), 10)] == [1_825, 910]
    assert [each.amount for each in late_interest(ledger, d("5.4"), 0)] == [0, 0]
    with pytest.raises(Refused):
        late_interest(ledger, d("5.4"), D("-1"))


DUE = date(2024, 8, 31)


@pytest.mark.parametrize(
    ("as_of", "months"),
    [
        (date(2024, 9, 1), None),
        (date(2025, 2, 27), None),
        (date(2025, 2, 28), 6),  # clamped: six months after 31 August is the last of February
        (date(2025, 8, 30), 6),
        (date(2025, 8, 31), 12),
        (date(2026, 8, 30), 12),
        (date(2026, 8, 31), 24),
        (date(2027, 8, 31), 36),
        (date(2040, 1, 1), 36),
    ],
)
def test_tiers_of_the_circular(as_of: date, months: int | None) -> None:
    tier = tier_of(DUE, as_of, SEEDS[0].tiers)
    assert (tier.months if tier else None) == months
    percent = {None: 0, 6: 30, 12: 50, 24: 70, 36: 100}[months]
    ledger = Ledger(
        invoices=[Invoice("i", "an", "VND", date(2024, 8, 1))], instalments=[Instalment("i/1", "i", 1_001, DUE)]
    )
    found = provisions(ledger, as_of, SEEDS)
    expected = int((D(1_001) * percent / 100).quantize(D(1), ROUND_HALF_UP))
    assert [(row.months, row.percent, row.amount) for row in found.rows] == [(months or 0, percent, expected)]
    assert found.total == expected
    assert found.source == "Circular 48/2019/TT-BTC art. 6"


def test_provision_is_on_what_is_open_and_shows_free_credits() -> None:
    as_of = d("30.6", 2027)
    ledger = with_money(ONE, ("r", 6_500_000, "10.4", "10.4"))
    ledger = replace(
        ledger,
        invoices=[*ledger.invoices, Invoice("j", "binh", "VND", d("1.6", 2027)), Invoice("u", "an", "USD", d("1.3"))],
        instalments=[
            *ledger.instalments,
            Instalment("j/1", "j", 5, d("1.7", 2027)),
            Instalment("u/1", "u", 5, d("1.4")),
        ],
        credits=[*ledger.credits, Credit("free", "an", "VND", 999, d("1.5")), Credit("x", "", "VND", 7, d("1.5"))],
    )
    found = provisions(ledger, as_of, SEEDS)
    assert [(row.instalment, row.open, row.months, row.amount) for row in found.rows] == [
        ("i/1", 30_000_000, 12, 15_000_000)
    ]
    assert found.free_credits == {"an": 999, "": 7}
    only = provisions(ledger, as_of, SEEDS, accounts=["binh", ""])
    assert (only.rows, only.free_credits) == ((), {"": 7})
    assert provisions(ledger, as_of, SEEDS, accounts=["an"]).free_credits == {"an": 999}
    assert provisions(ledger, as_of, SEEDS, "USD").free_credits == {}
    assert provisions(ledger, as_of, SEEDS, "USD").total == 3  # 2.5 goes up
    one = replace(ledger, instalments=[Instalment("i/1", "i", 6_500_001, d("31.3"))])
    assert [(row.open, row.amount) for row in provisions(one, as_of, SEEDS).rows] == [(1, 1)]
    waiting = replace(ledger, instalments=[Instalment("i/1", "i", 100, waits_for_papers=True)])
    assert provisions(waiting, as_of, SEEDS).rows == ()


def test_the_table_in_force() -> None:
    old = Table(date(2010, 1, 1), date(2019, 10, 9), (Tier(6, D(30)),), "old")
    new = Table(date(2027, 1, 1), None, (Tier(3, D(100)),), "new")
    tables = [new, *SEEDS, old]
    assert table_on(date(2019, 10, 9), tables) is old
    assert table_on(date(2019, 10, 10), tables) is SEEDS[0]
    assert table_on(date(2026, 12, 31), tables) is SEEDS[0]
    assert table_on(date(2027, 1, 1), tables) is new
    with pytest.raises(Refused):
        table_on(date(2009, 12, 31), tables)


@given(ledgers(), some_day)
@settings(max_examples=40)
def test_interest_day_by_day(ledger: Ledger, as_of: date) -> None:
    """Σ of what figures/ageing calls open at the end of each day after the due date."""
    due = terms.due_dates(ledger, as_of)
    for currency in ("VND", "USD"):
        found = {each.instalment: (each.days, each.open_days) for each in late_interest(ledger, as_of, 10, currency)}
        stated: dict[str, tuple[int, int]] = {}
        day = min((each.issued_on for each in ledger.invoices), default=as_of)
        while day <= as_of:
            for item in positions(ledger, day).items:
                due_on = due.get(item.instalment)
                if item.currency == currency and due_on is not None and due_on < day and item.open > 0:
                    days, total = stated.get(item.instalment, (0, 0))
                    stated[item.instalment] = (days + 1, total + item.open)
            day += timedelta(days=1)
        assert found == stated


def test_the_most_that_counts_together() -> None:
    def span(first: int, last: int, amount: int) -> spans.Span:
        return spans.Span("a", "c", "p", date(2026, 1, first), date(2026, 1, last), amount)

    apart, meeting, over = (
        [span(1, 4, 10), span(5, 9, 10)],
        [span(1, 5, 10), span(5, 9, 10)],
        [
            span(1, 6, 10),
            span(5, 9, 7),
        ],
    )
    assert [spans.peak(each, date(2026, 1, 1)) for each in (apart, meeting, over, [])] == [10, 10, 17, 0]
    assert [spans.peak(over, date(2026, 1, day)) for day in (5, 6, 8, 9)] == [17, 7, 7, 0]


@given(ledgers(), some_day)
def test_spans_say_what_ageing_says(ledger: Ledger, as_of: date) -> None:
    settled = ageing.settled(ledger)
    parts = {each.id: each.amount - settled.get(each.id, 0) for each in ledger.instalments}
    free = {each.id: each.amount for each in ledger.credits}
    for span in spans.spans(ledger):
        if span.on(as_of):
            parts[span.instalment] -= span.amount
            free[span.credit] -= span.amount
    found = positions(ledger, as_of)
    counting = {each.id for each in ledger.invoices if each.issued_on <= as_of} - {
        key for key, stop in ageing.stop_dates(ledger).items() if stop <= as_of
    }
    owner = {each.id: each.invoice for each in ledger.instalments}
    assert {item.instalment: item.open for item in found.items} == {
        key: left for key, left in parts.items() if left and owner[key] in counting
    }
    assert all(free[credit.credit] == credit.unallocated for credit in found.credits)
