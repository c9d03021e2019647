"""Ageing at the end of any day: worked cases, and the identity over random ledgers."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.errors import Refused
from kam_desktop.domain.figures.ageing import (
    PAYER_UNKNOWN,
    Allocation,
    Credit,
    Instalment,
    Invoice,
    Ledger,
    Settlement,
    ageing,
    bucket_names,
    bucket_of,
    currencies,
    due_date,
    open_amounts,
    positions,
)
from kam_desktop.domain.figures.due import DAY_OF_MONTH, DAYS, END_OF_MONTH, MONTHS, Step, Term

Row = TypeVar("Row")


def d(text: str) -> date:
    """A day of 2026 from day.month."""
    day, month = text.split(".")
    return date(2026, int(month), int(day))


def one(invoice: str, amount: int, issued: str, due: str | None = None, account: str = "an", **more: str) -> Ledger:
    """An invoice with one instalment, whose id is that of the invoice with a 1."""
    return Ledger(
        invoices=[Invoice(invoice, account, more.get("currency", "VND"), d(issued), more.get("replaces", ""))],
        instalments=[Instalment(f"{invoice}1", invoice, amount, d(due) if due else None)],
    )


def joined(*parts: Ledger, **more: object) -> Ledger:
    """All facts of several ledgers."""
    return Ledger(
        invoices=[each for part in parts for each in part.invoices],
        instalments=[each for part in parts for each in part.instalments],
        credits=[each for part in parts for each in part.credits],
        allocations=[each for part in parts for each in part.allocations],
        settlements=[each for part in parts for each in part.settlements],
        **more,  # type: ignore[arg-type]
    )


def receipt(id: str, amount: int, on: str, status: str = "confirmed", account: str = "an") -> Ledger:
    return Ledger(credits=[Credit(id, account, "VND", amount, d(on), "receipt", status)])


def credit_note(id: str, amount: int, on: str, account: str = "an") -> Ledger:
    return Ledger(credits=[Credit(id, account, "VND", amount, d(on), "credit_note")])


def laid(id: str, credit: str, instalment: str, amount: int, on: str, reverses: str = "") -> Ledger:
    return Ledger(allocations=[Allocation(id, credit, instalment, amount, d(on), reverses)])


INVOICE = one("i", 1_000, "1.3", "31.3")
PAID = joined(INVOICE, receipt("r", 1_000, "10.4"), laid("a", "r", "i1", 1_000, "12.4"))
REVERSED = joined(PAID, laid("b", "r", "i1", 1_000, "20.4", reverses="a"))
REPLACED = joined(INVOICE, one("j", 900, "5.4", "5.5", replaces="i"))
REPLACED_PAID = joined(REPLACED, receipt("r", 300, "2.4"), laid("a", "r", "i1", 300, "2.4"))
ADJUSTED = joined(INVOICE, credit_note("c", 200, "8.4"), laid("a", "c", "i1", 200, "8.4"))
OPENING = joined(INVOICE, Ledger(settlements=[Settlement("i", 1_000)]))
PARTS = Ledger(
    invoices=[Invoice("i", "an", "VND", d("1.3"))],
    instalments=[
        Instalment("last", "i", 600, d("30.4"), place=2),
        Instalment("prime", "i", 400, d("31.3"), place=1),
    ],
)


@dataclass(frozen=True)
class Case:
    """One row of the worked table: what stands where at the end of the day, in the first account's row."""

    name: str
    ledger: Ledger
    on: str
    not_due: int = 0
    overdue: tuple[int, ...] = (0, 0, 0, 0, 0)
    unallocated: int = 0
    balance: int = 0
    reported: int = 0


CASES = [
    Case("the day before the invoice", INVOICE, "28.2"),
    Case("the invoice's own day", INVOICE, "1.3", 1_000, balance=1_000),
    Case("the due day is not overdue", INVOICE, "31.3", 1_000, balance=1_000),
    Case("1 day over", INVOICE, "1.4", 0, (1_000, 0, 0, 0, 0), balance=1_000),
    Case("30 days over", INVOICE, "30.4", 0, (1_000, 0, 0, 0, 0), balance=1_000),
    Case("31 days over", INVOICE, "1.5", 0, (0, 1_000, 0, 0, 0), balance=1_000),
    Case("60 days over", INVOICE, "30.5", 0, (0, 1_000, 0, 0, 0), balance=1_000),
    Case("61 days over", INVOICE, "31.5", 0, (0, 0, 1_000, 0, 0), balance=1_000),
    Case("90 days over", INVOICE, "29.6", 0, (0, 0, 1_000, 0, 0), balance=1_000),
    Case("91 days over", INVOICE, "30.6", 0, (0, 0, 0, 1_000, 0), balance=1_000),
    Case("180 days over", INVOICE, "27.9", 0, (0, 0, 0, 1_000, 0), balance=1_000),
    Case("181 days over", INVOICE, "28.9", 0, (0, 0, 0, 0, 1_000), balance=1_000),
    Case("paid, the day before the money", PAID, "9.4", 0, (1_000, 0, 0, 0, 0), balance=1_000),
    Case("money there, not allocated yet", PAID, "11.4", 0, (1_000, 0, 0, 0, 0), 1_000, 0),
    Case("allocated", PAID, "12.4"),
    Case("the day before the reversal", REVERSED, "19.4"),
    Case("the reversal's day is excluded", REVERSED, "20.4", 0, (1_000, 0, 0, 0, 0), 1_000, 0),
    Case(
        "allocated again after the reversal",
        joined(REVERSED, laid("e", "r", "i1", 400, "25.4")),
        "25.4",
        0,
        (600, 0, 0, 0, 0),
        600,
        0,
    ),
    Case(
        "an allocation never counts before its receipt",
        joined(INVOICE, receipt("r", 1_000, "10.4"), laid("a", "r", "i1", 1_000, "1.4")),
        "9.4",
        0,
        (1_000, 0, 0, 0, 0),
        balance=1_000,
    ),
    Case(
        "an advance before the invoice, allocated too early",
        joined(INVOICE, receipt("r", 1_000, "1.2"), laid("a", "r", "i1", 1_000, "1.2")),
        "28.2",
        unallocated=1_000,
        balance=-1_000,
    ),
    Case(
        "the same advance once the invoice is there",
        joined(INVOICE, receipt("r", 1_000, "1.2"), laid("a", "r", "i1", 1_000, "1.2")),
        "1.3",
    ),
    Case(
        "a reported receipt stands beside the balance",
        joined(INVOICE, receipt("r", 700, "2.3", "reported"), laid("a", "r", "i1", 700, "2.3")),
        "3.3",
        1_000,
        balance=1_000,
        reported=700,
    ),
    Case(
        "a rejected receipt never counts",
        joined(INVOICE, receipt("r", 700, "2.3", "rejected"), laid("a", "r", "i1", 700, "2.3")),
        "3.3",
        1_000,
        balance=1_000,
    ),
    Case("the day before the replacement", REPLACED, "4.4", 0, (1_000, 0, 0, 0, 0), balance=1_000),
    Case("the replacement's day", REPLACED, "5.4", 900, balance=900),
    Case("paid before the replacement", REPLACED_PAID, "4.4", 0, (700, 0, 0, 0, 0), balance=700),
    Case("money on a replaced invoice is free again", REPLACED_PAID, "5.4", 900, unallocated=300, balance=600),
    Case(
        "a replacement whose original never arrives",
        one("j", 900, "5.4", "5.5", replaces="i"),
        "5.4",
        900,
        balance=900,
    ),
    Case(
        "replaced twice over",
        joined(REPLACED, one("k", 800, "9.4", "9.5", replaces="j")),
        "9.4",
        800,
        balance=800,
    ),
    Case("a linked credit note from its date", ADJUSTED, "8.4", 0, (800, 0, 0, 0, 0), balance=800),
    Case("a linked credit note before its date", ADJUSTED, "7.4", 0, (1_000, 0, 0, 0, 0), balance=1_000),
    Case(
        "a credit note that an invoice replaces stops too",
        joined(ADJUSTED, one("j", 50, "20.4", "20.5", replaces="c")),
        "20.4",
        50,
        (1_000, 0, 0, 0, 0),
        balance=1_050,
    ),
    Case(
        "a free credit note lowers no bucket",
        joined(INVOICE, credit_note("c", 200, "8.4")),
        "8.4",
        0,
        (1_000, 0, 0, 0, 0),
        200,
        800,
    ),
    Case("an opening settlement as if dated like its invoice", OPENING, "1.3"),
    Case("an opening settlement before its invoice", OPENING, "28.2"),
    Case("a settled invoice that is replaced", joined(OPENING, *[REPLACED]), "5.4", 900, balance=900),
    Case(
        "a part settled at the opening goes to the first instalment first",
        replace(PARTS, settlements=[Settlement("i", 500)]),
        "1.4",
        500,
        balance=500,
    ),
    Case("two instalments, one over", PARTS, "1.4", 600, (400, 0, 0, 0, 0), balance=1_000),
    Case(
        "a residue of one unit is shown",
        joined(INVOICE, receipt("r", 999, "2.3"), laid("a", "r", "i1", 999, "2.3")),
        "3.3",
        1,
        balance=1,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("seed", [0, 1])
def test_worked_cases_in_any_order_of_arrival(case: Case, seed: int) -> None:
    ledger = shuffled(case.ledger, seed)
    row = ageing(positions(ledger, d(case.on))).total
    assert (row.not_due, row.overdue, row.unallocated, row.balance, row.reported) == (
        case.not_due,
        case.overdue,
        case.unallocated,
        case.balance,
        case.reported,
    )


def shuffled(ledger: Ledger, seed: int) -> Ledger:
    """The same facts in another order."""
    dice = random.Random(seed)

    def mixed(rows: Iterable[Row]) -> list[Row]:
        return dice.sample(list(rows), len(rows))

    return replace(
        ledger,
        invoices=mixed({each.id: each for each in ledger.invoices}.values()),
        instalments=mixed({each.id: each for each in ledger.instalments}.values()),
        credits=mixed(ledger.credits),
        allocations=mixed(ledger.allocations),
    )


def test_due_dates_and_what_rests_on_the_default() -> None:
    issued = d("31.1")
    assert due_date(issued, d("5.2"), 10, 20) == (d("5.2"), False)
    assert due_date(issued, None, 10, 20) == (d("10.2"), False)
    assert due_date(issued, None, 0, 20) == (issued, False)
    assert due_date(issued, None, None, 20) == (d("20.2"), True)
    assert due_date(issued, None, None) == (issued + timedelta(days=30), True)

    ledger = joined(
        one("i", 100, "1.3"), one("j", 200, "1.3", account="binh"), one("k", 300, "1.3", "2.3", account="binh")
    )
    found = ageing(positions(replace(ledger, payment_days={"an": 7}, default_days=45), d("8.3")))
    assert [(row.account, row.open_items, row.on_default_term) for row in found.rows] == [("an", 1, 0), ("binh", 2, 1)]
    assert found.total.on_default_term == 1
    assert {item.instalment: item.due_on for item in found.items} == {"i1": d("8.3"), "j1": d("15.4"), "k1": d("2.3")}


@pytest.mark.parametrize(
    ("papers_on", "on", "due", "waiting"),
    [
        (None, "1.9", None, 500),
        ("10.5", "9.5", None, 500),
        ("10.5", "10.5", "9.6", 0),  # 30 days from the papers, not from the invoice
    ],
)
def test_waiting_for_papers(papers_on: str | None, on: str, due: str | None, waiting: int) -> None:
    part = Instalment("i1", "i", 500, waits_for_papers=True, papers_on=d(papers_on) if papers_on else None)
    ledger = Ledger(invoices=[Invoice("i", "an", "VND", d("1.3"))], instalments=[part])
    found = ageing(positions(ledger, d(on)))
    assert found.items[0].due_on == (d(due) if due else None)
    assert (found.total.waiting, found.total.not_due, found.total.balance) == (waiting, 500, 500)


def test_a_payer_nobody_knows_has_a_row_of_its_own() -> None:
    ledger = joined(INVOICE, receipt("r", 300, "2.3", account=PAYER_UNKNOWN))
    rows = {row.account: row for row in ageing(positions(ledger, d("3.3"))).rows}
    assert (rows["an"].balance, rows[PAYER_UNKNOWN].balance, rows[PAYER_UNKNOWN].unallocated) == (1_000, -300, 300)
    # laid against an invoice it follows the invoice, and the identity holds in both rows
    rows = {
        row.account: row for row in ageing(positions(joined(ledger, laid("a", "r", "i1", 100, "3.3")), d("3.3"))).rows
    }
    assert (rows["an"].not_due, rows["an"].balance) == (900, 900)
    assert (rows[PAYER_UNKNOWN].unallocated, rows[PAYER_UNKNOWN].balance) == (200, -200)


def test_currencies_are_never_added() -> None:
    ledger = joined(
        INVOICE,
        one("u", 5_000, "1.3", "31.3", currency="USD"),
        laid("a", "r", "u1", 1_000, "5.3"),
        receipt("r", 1_000, "5.3"),
    )
    assert currencies(ledger) == ("USD", "VND")
    found = positions(ledger, d("5.3"))
    vnd, usd = ageing(found).total, ageing(found, "USD").total
    assert (vnd.not_due, vnd.unallocated, vnd.balance) == (1_000, 1_000, 0)
    assert (usd.not_due, usd.unallocated, usd.balance) == (5_000, 0, 5_000)
    assert ageing(found, "EUR").rows == ()
    assert ageing(found, "EUR").total.overdue == (0, 0, 0, 0, 0)


def test_free_credits_show_their_age() -> None:
    found = positions(joined(INVOICE, credit_note("c", 200, "8.4"), receipt("r", 5, "1.4")), d("10.4"))
    assert {credit.credit: (credit.kind, credit.age_days) for credit in found.credits} == {
        "c": ("credit_note", 2),
        "r": ("receipt", 9),
    }


def test_only_some_accounts() -> None:
    ledger = joined(INVOICE, one("j", 7, "1.3", account="binh"), receipt("r", 3, "1.3", account="chi"))
    found = ageing(positions(ledger, d("1.3")), accounts=["binh", "chi"])
    assert [row.account for row in found.rows] == ["binh", "chi"]
    assert found.total.balance == 4


def test_a_settled_or_paid_account_has_no_row() -> None:
    assert ageing(positions(PAID, d("12.4"))).rows == ()


def test_buckets_can_be_set() -> None:
    assert bucket_names() == ("1-30", "31-60", "61-90", "91-180", ">180")
    assert bucket_names([7]) == ("1-7", ">7")
    assert [bucket_of(days, [7]) for days in (None, -5, 0, 1, 7, 8)] == [-1, -1, -1, 0, 0, 1]
    assert ageing(positions(INVOICE, d("8.4")), edges=[7]).total.overdue == (0, 1_000)
    for edges in ([], [0], [30, 30], [60, 30], [-1, 5]):
        with pytest.raises(Refused):
            bucket_names(edges)


def test_open_amounts_when_every_fact_counts() -> None:
    assert open_amounts(PAID) == {"i1": 0}
    assert open_amounts(REVERSED) == {"i1": 1_000}
    assert open_amounts(REPLACED_PAID) == {"i1": 0, "j1": 900}
    assert open_amounts(replace(PARTS, settlements=[Settlement("i", 500)])) == {"prime": 0, "last": 500}


def test_a_second_reversal_of_the_same_allocation_takes_back_nothing_more() -> None:
    twice = joined(REVERSED, laid("c", "r", "i1", 1_000, "22.4", reverses="a"))
    assert open_amounts(twice) == {"i1": 1_000}
    assert ageing(positions(twice, d("23.4"))).total.balance == 0


START = date(2026, 1, 1)
days = st.integers(0, 300).map(lambda n: START + timedelta(days=n))
accounts = st.sampled_from(["an", "binh", PAYER_UNKNOWN])
some_steps = (Step(DAYS, 0), Step(DAYS, 20), Step(MONTHS, 1), Step(END_OF_MONTH), Step(DAY_OF_MONTH, 10))
steps = st.lists(st.sampled_from(some_steps), max_size=2).map(tuple)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Any facts at all, also such as the program would refuse: references that miss, too much allocated, cycles."""
    names = [f"i{n}" for n in range(draw(st.integers(0, 5)))]
    invoices = [
        Invoice(name, draw(st.sampled_from(["an", "binh"])), draw(st.sampled_from(["VND", "USD"])), draw(days),
                draw(st.sampled_from(["", "", *names, "gone"])))
        for name in names
    ]  # fmt: skip
    parts = [
        Instalment(f"p{n}", draw(st.sampled_from([*names, "gone"])), draw(st.integers(0, 1_000)),
                   draw(st.none() | days), n, draw(st.booleans()), draw(st.none() | days), draw(steps))
        for n in range(draw(st.integers(0, 8)))
    ]  # fmt: skip
    credits = [
        Credit(f"c{n}", draw(accounts), draw(st.sampled_from(["VND", "USD"])), draw(st.integers(1, 1_000)), draw(days),
               draw(st.sampled_from(["receipt", "credit_note"])),
               draw(st.sampled_from(["confirmed", "confirmed", "reported", "rejected"])))
        for n in range(draw(st.integers(0, 5)))
    ]  # fmt: skip
    count = draw(st.integers(0, 8))
    allocations = [
        Allocation(f"a{n}", draw(st.sampled_from([*(c.id for c in credits), "gone"])),
                   draw(st.sampled_from([*(p.id for p in parts), "gone"])), draw(st.integers(1, 800)), draw(days),
                   draw(st.sampled_from(["", "", "", *(f"a{m}" for m in range(n))])))
        for n in range(count)
    ]  # fmt: skip
    settlements = [Settlement(name, draw(st.integers(0, 1_200))) for name in names if draw(st.integers(0, 3)) == 0]
    terms = draw(st.dictionaries(st.sampled_from(["an", "binh"]), st.builds(Term, steps, st.booleans())))
    return Ledger(invoices, parts, credits, allocations, settlements, {"an": draw(st.integers(0, 60))}, 30, terms)


@given(ledgers(), days, st.integers(0, 10))
def test_the_identity_holds_in_every_row_and_in_any_order(ledger: Ledger, as_of: date, seed: int) -> None:
    found = positions(ledger, as_of)
    mixed = positions(shuffled(ledger, seed), as_of)
    for currency in currencies(ledger):
        report = ageing(found, currency)
        for row in (*report.rows, report.total):
            assert row.not_due + sum(row.overdue) - row.unallocated == row.balance
            assert 0 <= row.on_default_term <= row.open_items
        assert report.total.balance == sum(amount for (_, code), amount in found.balances.items() if code == currency)
        other = ageing(mixed, currency)
        assert (other.rows, other.total) == (report.rows, report.total)


@given(ledgers(), days)
def test_open_amounts_as_told_in_other_words(ledger: Ledger, as_of: date) -> None:
    """The rule of an open amount written once more, one instalment at a time."""
    invoices = {each.id: each for each in ledger.invoices}
    credits = {each.id: each for each in ledger.credits}
    stated = {}
    for part in ledger.instalments:
        invoice = invoices.get(part.invoice)
        if invoice is None or invoice.issued_on > as_of:
            continue
        if any(each.replaces == invoice.id != each.id and each.issued_on <= as_of for each in ledger.invoices):
            continue
        left = part.amount
        pool = sum(each.amount for each in ledger.settlements if each.invoice == invoice.id)
        earlier = sum(o.amount for o in ledger.instalments if o.invoice == invoice.id and o.place < part.place)
        left -= max(0, min(part.amount, pool - earlier))
        for each in ledger.allocations:
            credit = credits.get(each.credit)
            if each.reverses or each.instalment != part.id or credit is None or credit.currency != invoice.currency:
                continue
            starts = max(each.allocated_on, credit.dated_on)
            ends = min((o.allocated_on for o in ledger.allocations if o.reverses == each.id), default=date.max)
            if credit.status == "confirmed" and starts <= as_of < ends:
                left -= each.amount
        if left:
            stated[part.id] = left
    assert {item.instalment: item.open for item in positions(ledger, as_of).items} == stated
