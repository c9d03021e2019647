"""Movements of an account: their running sum is the ageing's balance on every day, whatever happened."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.figures import ageing, movements
from kam_desktop.domain.figures.ageing import Allocation, Credit, Instalment, Invoice, Ledger, Settlement

START = date(2026, 1, 1)
ACCOUNTS = ("a", "b", "")


def on(day: int) -> date:
    return START + timedelta(days=day)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Few documents in few days, so that replacements, reversals and foreign payers often meet."""
    days, amounts = st.integers(0, 9), st.integers(0, 50)
    kinds = st.sampled_from(("receipt", "credit_note"))
    count = draw(st.integers(1, 4))
    invoices = [
        Invoice(
            f"i{place}",
            draw(st.sampled_from(ACCOUNTS[:2])),
            draw(st.sampled_from(("VND", "VND", "USD"))),
            on(draw(days)),
            draw(st.sampled_from(("", "", "i0", "c0"))),
        )
        for place in range(count)
    ]
    parts = [
        Instalment(f"{invoice.id}.{place}", invoice.id, draw(amounts), place=place)
        for invoice in invoices
        for place in range(1, draw(st.integers(1, 3)) + 1)
    ]
    credits = [
        Credit(
            f"c{place}",
            draw(st.sampled_from(ACCOUNTS)),
            draw(st.sampled_from(("VND", "VND", "USD"))),
            draw(st.integers(1, 60)),
            on(draw(days)),
            kind,
            "confirmed" if kind == "credit_note" else draw(st.sampled_from(("confirmed", "confirmed", "reported"))),
        )
        for place, kind in enumerate(draw(st.lists(kinds, min_size=1, max_size=3)))
    ]
    allocations = []
    for place in range(draw(st.integers(0, 4))):
        part, credit = draw(st.sampled_from(parts)), draw(st.sampled_from(credits))
        laid_on = draw(days)
        made = Allocation(f"x{place}", credit.id, part.id, draw(st.integers(1, 30)), on(laid_on))
        allocations.append(made)
        if draw(st.booleans()):
            back = Allocation(f"r{place}", credit.id, part.id, made.amount, on(draw(st.integers(laid_on, 10))), made.id)
            allocations.append(back)
    settled = draw(st.lists(st.sampled_from(invoices), max_size=2))
    settlements = [Settlement(invoice.id, draw(amounts)) for invoice in settled]
    return Ledger(invoices, parts, credits, allocations, settlements)


@given(ledgers(), st.sampled_from(ACCOUNTS), st.sampled_from(("VND", "USD")))
def test_the_sum_to_a_day_is_the_balance_of_that_day(ledger: Ledger, account: str, currency: str) -> None:
    found = movements.movements(ledger, account, currency)
    for day in range(-1, 12):
        balances = ageing.positions(ledger, on(day)).balances
        assert movements.balance(found, on(day)) == balances.get((account, currency), 0)


def test_a_replaced_invoice_goes_with_its_settlement_on_the_day_of_the_new_one() -> None:
    ledger = Ledger(
        invoices=[Invoice("old", "a", "VND", on(0)), Invoice("new", "a", "VND", on(5), replaces="old")],
        instalments=[Instalment("o", "old", 100), Instalment("n", "new", 90)],
        settlements=[Settlement("old", 30)],
    )
    assert [(each.on, each.kind, each.amount) for each in movements.movements(ledger, "a", "VND")] == [
        (on(0), movements.INVOICE, 100),
        (on(0), movements.SETTLED, -30),
        (on(5), movements.INVOICE, 90),
        (on(5), movements.REPLACED, -70),
    ]


def test_money_of_another_payer_lowers_what_is_owed_until_it_is_taken_back() -> None:
    ledger = Ledger(
        invoices=[Invoice("i", "a", "VND", on(0))],
        instalments=[Instalment("p", "i", 100)],
        credits=[Credit("c", "b", "VND", 60, on(1))],
        allocations=[Allocation("x", "c", "p", 60, on(2)), Allocation("y", "c", "p", 60, on(4), reverses="x")],
    )
    assert [(each.on, each.kind, each.amount) for each in movements.movements(ledger, "a", "VND")] == [
        (on(0), movements.INVOICE, 100),
        (on(2), movements.BY_OTHERS, -60),
        (on(4), movements.BY_OTHERS, 60),
    ]
