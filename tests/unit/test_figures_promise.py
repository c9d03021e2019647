"""Promises to pay, as worked cases: kept, broken, replaced, withdrawn, and money that counts once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from kam_desktop.domain.figures import promise
from kam_desktop.domain.figures.ageing import Allocation, Credit, Instalment, Invoice, Ledger
from kam_desktop.domain.figures.promise import BROKEN, KEPT, OPEN, REPLACED, WITHDRAWN, Promise, State


def on(day: int, month: int = 3) -> date:
    return date(2026, month, day)


BOOKS = Ledger(
    invoices=[Invoice("A", "me", "VND", on(1, 1)), Invoice("B", "me", "VND", on(1, 1))],
    instalments=[Instalment("A1", "A", 1_000), Instalment("B1", "B", 1_000)],
)
"""Two invoices of one account over 1 000 each."""
ABOUT_A = Promise("p", "me", "VND", on(2), on(10), 500, "A")


def paid(*money: tuple[str, int, int], status: str = "confirmed", kind: str = "receipt") -> Ledger:
    """The books with (instalment, day in March, amount) each, laid on the day on which it came in."""
    credits = [Credit(f"r{n}", "me", "VND", sum_, on(day), kind, status) for n, (_, day, sum_) in enumerate(money)]
    laid = [Allocation(f"a{n}", f"r{n}", part, sum_, on(day)) for n, (part, day, sum_) in enumerate(money)]
    return replace(BOOKS, credits=credits, allocations=laid)


def of_account(promised: Promise) -> Promise:
    return replace(promised, invoice="")


CASES: Sequence[tuple[str, Promise, Ledger, date, State]] = [
    ("nothing yet, its last day", ABOUT_A, BOOKS, on(10), State(OPEN, 0)),
    ("nothing, the day after", ABOUT_A, BOOKS, on(11), State(BROKEN, 0, on(11))),
    ("paid on its last day", ABOUT_A, paid(("A1", 10, 500)), on(11), State(KEPT, 500, on(10))),
    ("paid on the day of the promise", ABOUT_A, paid(("A1", 2, 500)), on(2), State(KEPT, 500, on(2))),
    ("paid the day before the promise", ABOUT_A, paid(("A1", 1, 500)), on(11), State(BROKEN, 0, on(11))),
    ("paid a day late", ABOUT_A, paid(("A1", 11, 500)), on(12), State(BROKEN, 0, on(11))),
    ("one unit is missing", ABOUT_A, paid(("A1", 9, 499)), on(11), State(BROKEN, 499, on(11))),
    ("one unit is missing, still time", ABOUT_A, paid(("A1", 9, 499)), on(10), State(OPEN, 499)),
    ("two payments make it", ABOUT_A, paid(("A1", 5, 300), ("A1", 9, 300)), on(9), State(KEPT, 500, on(9))),
    ("before the second of them", ABOUT_A, paid(("A1", 5, 300), ("A1", 9, 300)), on(8), State(OPEN, 300)),
    ("for another invoice", ABOUT_A, paid(("B1", 5, 500)), on(11), State(BROKEN, 0, on(11))),
    ("about everything", of_account(ABOUT_A), paid(("A1", 5, 200), ("B1", 6, 300)), on(6), State(KEPT, 500, on(6))),
    ("only reported", ABOUT_A, paid(("A1", 5, 500), status="reported"), on(11), State(BROKEN, 0, on(11))),
    ("rejected", ABOUT_A, paid(("A1", 5, 500), status="rejected"), on(11), State(BROKEN, 0, on(11))),
    ("only a credit note", ABOUT_A, paid(("A1", 5, 500), kind="credit_note"), on(11), State(BROKEN, 0, on(11))),
    ("in another currency", replace(ABOUT_A, currency="USD"), paid(("A1", 5, 500)), on(11), State(BROKEN, 0, on(11))),
    ("of another account", replace(of_account(ABOUT_A), account="you"), paid(("A1", 5, 500)), on(11),
     State(BROKEN, 0, on(11))),
]  # fmt: skip


@pytest.mark.parametrize(("promised", "ledger", "day", "expected"), [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])  # fmt: skip
def test_worked_cases(promised: Promise, ledger: Ledger, day: date, expected: State) -> None:
    assert promise.states([promised], ledger, day) == {"p": expected}


def test_a_receipt_counts_by_its_own_date_whenever_it_was_laid() -> None:
    books = paid(("A1", 9, 500))
    later = replace(books, allocations=[replace(books.allocations[0], allocated_on=on(20))])
    assert promise.states([ABOUT_A], later, on(19))["p"].state == BROKEN
    assert promise.states([ABOUT_A], later, on(20))["p"] == State(KEPT, 500, on(9))


def test_what_is_taken_back_breaks_it_again() -> None:
    books = paid(("A1", 9, 500))
    back = replace(books, allocations=[*books.allocations, Allocation("x", "r0", "A1", 500, on(15), "a0")])
    assert promise.states([ABOUT_A], back, on(14))["p"].state == KEPT
    assert promise.states([ABOUT_A], back, on(15))["p"] == State(BROKEN, 0, on(11))


def test_the_invoice_that_took_its_place_counts_for_it() -> None:
    books = replace(
        BOOKS,
        invoices=[*BOOKS.invoices, Invoice("C", "me", "VND", on(5), "A")],
        instalments=[*BOOKS.instalments, Instalment("C1", "C", 900)],
        credits=[Credit("r", "me", "VND", 500, on(7))],
        allocations=[Allocation("a", "r", "C1", 500, on(7))],
    )
    assert promise.states([ABOUT_A], books, on(7))["p"] == State(KEPT, 500, on(7))


def test_replaced_and_withdrawn_ones_are_neither_kept_nor_broken() -> None:
    second = replace(ABOUT_A, id="q", promised_on=on(11), pay_on=on(20), replaces="p")
    end = replace(ABOUT_A, id="w", promised_on=on(15), pay_on=on(20), replaces="q", withdrawn=True)
    all_three = [end, second, ABOUT_A]
    assert promise.states(all_three, BOOKS, on(10)) == {"p": State(OPEN, 0)}
    assert promise.states(all_three, BOOKS, on(11)) == {"p": State(REPLACED, 0, on(11), "q"), "q": State(OPEN, 0)}
    found = promise.states(all_three, paid(("A1", 9, 500)), on(30))
    assert found == {"p": State(REPLACED, 0, on(11), "q"), "q": State(WITHDRAWN, 0, on(15), "w")}
    # A promise that does not stand any more uses no money up.
    third = replace(ABOUT_A, id="z", pay_on=on(30))
    assert promise.states([*all_three, third], paid(("A1", 9, 500)), on(30))["z"].state == KEPT


def test_money_keeps_one_promise_and_the_earliest_first() -> None:
    first, second = ABOUT_A, replace(ABOUT_A, id="q", pay_on=on(20))
    found = promise.states([second, first], paid(("A1", 9, 500)), on(21))
    assert found == {"p": State(KEPT, 500, on(9)), "q": State(BROKEN, 0, on(21))}
    found = promise.states([second, first], paid(("A1", 9, 700), ("A1", 12, 300)), on(21))
    assert found == {"p": State(KEPT, 500, on(9)), "q": State(KEPT, 500, on(12))}
    whole = replace(first, id="all", invoice="")  # a word about everything stands beside the word about one invoice
    found = promise.states([whole, first], paid(("A1", 9, 500)), on(21))
    assert {each.state for each in found.values()} == {KEPT}


def test_the_share_of_promises_kept() -> None:
    kept, broken, others = State(KEPT, 1), State(BROKEN, 0), [State(OPEN, 0), State(REPLACED, 0), State(WITHDRAWN, 0)]
    assert promise.share_kept([kept, kept, broken, *others]) == (2, 3, Decimal("66.7"))
    assert promise.share_kept([kept]) == (1, 1, Decimal(100))
    assert promise.share_kept([broken, *others]) == (0, 1, Decimal(0))
    assert promise.share_kept(others) == (0, 0, None)
