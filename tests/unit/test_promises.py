"""Rules across records: allocations within both sides on every day, instalments, versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.figures.ageing import (
    Allocation,
    Credit,
    Instalment,
    Invoice,
    Ledger,
    Settlement,
    positions,
)
from kam_desktop.domain.promises import Version, allocation_problems, instalment_problems, version_problems


def d(text: str) -> date:
    """A day of 2026 from day.month."""
    day, month = text.split(".")
    return date(2026, int(month), int(day))


BOOKS = Ledger(
    invoices=[
        Invoice("i", "an", "VND", d("1.3")),
        Invoice("other", "binh", "VND", d("1.3")),
        Invoice("usd", "an", "USD", d("1.3")),
        Invoice("old", "an", "VND", d("1.2")),
        Invoice("new", "an", "VND", d("1.4"), replaces="old"),
    ],
    instalments=[
        Instalment("i/1", "i", 1_000, d("31.3"), 1),
        Instalment("i/2", "i", 500, d("30.4"), 2),
        *(Instalment(f"{key}/1", key, 1_000, d("31.3")) for key in ("other", "usd", "old", "new")),
    ],
    credits=[
        Credit("r", "an", "VND", 1_200, d("10.3")),
        Credit("reported", "an", "VND", 300, d("10.3"), status="reported"),
        Credit("void", "an", "VND", 300, d("10.3"), status="rejected"),
        Credit("unknown", "", "VND", 300, d("10.3")),
        Credit("note", "an", "VND", 300, d("10.3"), "credit_note"),
    ],
    allocations=[],
)


def lay(key: str, credit: str, part: str, amount: int, on: str, reverses: str = "") -> Allocation:
    return Allocation(key, credit, part, amount, d(on), reverses)


def books(*made: Allocation) -> Ledger:
    return replace(BOOKS, allocations=list(made))


A = lay("a", "r", "i/1", 700, "12.3")
BACK = lay("b", "r", "i/1", 700, "20.5", reverses="a")


@pytest.mark.parametrize(
    ("ledger", "new", "codes"),
    [
        (books(), A, []),
        (books(), lay("n", "r", "i/1", 1_000, "12.3"), []),
        (books(), lay("n", "r", "i/1", 1_001, "12.3"), ["more_than_open 1\u00a0000\u00a0VND"]),
        (books(), lay("n", "r", "i/1", 1_201, "12.3"),
         ["more_than_credit 1\u00a0200\u00a0VND", "more_than_open 1\u00a0000\u00a0VND"]),
        (books(A), lay("n", "r", "i/2", 500, "13.3"), []),
        (books(A), lay("n", "r", "i/2", 501, "13.3"),
         ["more_than_credit 500\u00a0VND", "more_than_open 500\u00a0VND"]),
        (books(A), lay("n", "note", "i/1", 300, "13.3"), []),
        (books(A), lay("n", "r", "i/1", 301, "13.3"), ["more_than_open 300\u00a0VND"]),
        # written before what is there, it still meets it
        (books(A), lay("n", "r", "i/1", 301, "11.3"), ["more_than_open 300\u00a0VND"]),
        # the same fact again, as a synchronised device brings it
        (books(A), A, []),
        # taken back in May: free from then on, not in March
        (books(A, BACK), lay("n", "r", "i/1", 1_000, "20.5"), []),
        (books(A, BACK), lay("n", "r", "i/1", 1_000, "19.5"), ["more_than_credit 500\u00a0VND",
                                                              "more_than_open 300\u00a0VND"]),
        (books(A, BACK), lay("n", "r", "i/2", 500, "13.3"), []),
        # reported money is taken: it may be confirmed
        (books(lay("x", "reported", "i/1", 300, "12.3")), lay("n", "r", "i/1", 701, "12.3"),
         ["more_than_open 700\u00a0VND"]),
        (books(), lay("n", "reported", "i/1", 300, "12.3"), []),
        (books(), lay("n", "r", "i/1", 0, "12.3"), ["not_positive"]),
        (books(), lay("n", "r", "i/1", -5, "12.3"), ["not_positive"]),
        (books(), lay("n", "r", "gone", 5, "12.3"), ["missing"]),
        (books(), lay("n", "gone", "gone", 5, "12.3"), ["missing", "missing"]),
        (books(), lay("n", "unknown", "i/1", 5, "12.3"), ["payer_unknown"]),
        (books(), lay("n", "r", "other/1", 5, "12.3"), ["other_account"]),
        (books(), lay("n", "r", "usd/1", 5, "12.3"), ["other_currency"]),
        (books(), lay("n", "void", "i/1", 5, "12.3"), ["rejected"]),
        (books(), lay("n", "r", "old/1", 5, "12.3"), ["replaced"]),
        (books(), lay("n", "r", "new/1", 5, "12.3"), []),
        (replace(books(), settlements=[Settlement("i", 1_100)]), lay("n", "r", "i/2", 401, "12.3"),
         ["more_than_open 400\u00a0VND"]),
        (replace(books(), settlements=[Settlement("i", 1_100)]), lay("n", "r", "i/1", 1, "12.3"),
         ["more_than_open 0\u00a0VND"]),
        # reversals
        (books(A), BACK, []),
        (books(A, BACK), BACK, []),
        (books(A, BACK), replace(BACK, id="c"), ["reversed_already"]),
        (books(A, BACK), lay("c", "r", "i/1", 700, "21.5", reverses="b"), ["is_reversal"]),
        (books(), BACK, ["missing"]),
        (books(A), replace(BACK, amount=699), ["not_the_same"]),
        (books(A), replace(BACK, instalment="i/2"), ["not_the_same"]),
        (books(A), replace(BACK, allocated_on=d("11.3")), ["too_early"]),
        (books(A), replace(BACK, allocated_on=d("12.3")), []),
    ],
)  # fmt: skip
def test_allocations(ledger: Ledger, new: Allocation, codes: list[str]) -> None:
    found = allocation_problems(new, ledger)
    assert [" ".join([each.code, *(each.args.get(name, "") for name in ("remaining",))]).strip() for each in found] == (
        codes
    )
    for each in found:
        assert each.english()


def test_a_replaced_credit_note_lowers_nothing() -> None:
    ledger = replace(books(), invoices=[*BOOKS.invoices, Invoice("up", "an", "VND", d("1.5"), replaces="note")])
    assert [each.code for each in allocation_problems(lay("n", "note", "i/1", 5, "12.3"), ledger)] == ["replaced"]


@pytest.mark.parametrize(
    ("total", "amounts", "found"),
    [
        (100, [100], []),
        (100, [60, 40], []),
        (100, [100, 0], []),
        (-100, [-60, -40], []),
        (0, [0], []),
        (1, [1], []),
        (1, [2, -1], ["An instalment cannot have the other sign than the total."]),
        (-1, [-2, 1], ["An instalment cannot have the other sign than the total."]),
        (100, [], ["An invoice needs at least one instalment."]),
        (100, [60, 39], ["The instalments do not make the total: 1\u00a0VND is missing."]),
        (100, [60, 50], ["The instalments make 10\u00a0VND more than the total."]),
        (100, [120, -20], ["An instalment cannot have the other sign than the total."]),
        (0, [5, -5], ["An instalment cannot have the other sign than the total."] * 2),
    ],
)
def test_instalments_make_the_total(total: int, amounts: list[int], found: list[str]) -> None:
    assert [each.english() for each in instalment_problems(total, amounts)] == found


@pytest.mark.parametrize(
    ("statuses", "codes"),
    [
        ([], []),
        (["draft"], []),
        (["sent", "draft"], []),
        (["superseded", "sent", "draft"], []),
        (["superseded", "accepted", "sent"], []),
        (["rejected", "expired", "approved"], []),
        (["draft", "draft"], ["two_in_work"]),
        (["approved", "in_approval", "draft"], ["two_in_work", "two_in_work"]),
        (["draft", "sent"], ["older_in_work"]),
        (["sent", "sent"], ["two_sent"]),
        (["accepted", "accepted"], ["two_accepted"]),
    ],
)
def test_one_current_version(statuses: list[str], codes: list[str]) -> None:
    versions = [Version(f"v{number}", number, status) for number, status in enumerate(statuses, 1)]
    assert [each.code for each in version_problems(versions)] == codes
    assert [each.code for each in version_problems(versions[::-1])] == codes


def test_a_version_that_stands_in_the_way_is_named() -> None:
    def said(*statuses: str) -> list[tuple[str, str]]:
        found = version_problems([Version(f"v{number}", number, each) for number, each in enumerate(statuses, 1)])
        return [(each.where, each.english().partition(";")[0]) for each in found]

    assert said("draft", "approved", "draft") == [
        ("v2", "Version 1 is in work already"),
        ("v3", "Version 1 is in work already"),
    ]
    assert said("draft", "sent", "superseded") == [("v1", "Version 3 is newer")]
    assert said("superseded", "sent", "sent") == [("v3", "Version 2 is with the customer already")]
    assert said("accepted", "superseded", "accepted") == [("v3", "Version 1 was accepted already")]


def test_no_two_versions_have_one_number() -> None:
    found = version_problems([Version("a", 2, "sent"), Version("b", 2, "superseded"), Version("c", 1, "superseded")])
    assert [(each.where, each.english()) for each in found] == [("b", "There are two versions with the number 2.")]


START = date(2026, 1, 1)
days = st.integers(0, 60).map(lambda n: START + timedelta(days=n))


@given(
    st.lists(days, min_size=2, max_size=2),
    st.lists(st.tuples(st.integers(1, 900), days, st.integers(0, 2), st.integers(0, 1), st.booleans()), max_size=12),
)
def test_whatever_is_let_through_fits_on_every_day(
    dates: list[date], wanted: list[tuple[int, date, int, int, bool]]
) -> None:
    ledger = Ledger(
        invoices=[Invoice("i", "an", "VND", dates[0])],
        instalments=[Instalment("i/1", "i", 800, START, 1), Instalment("i/2", "i", 300, START, 2)],
        credits=[Credit(f"r{place}", "an", "VND", 500, dates[1] + timedelta(days=place)) for place in range(3)],
        allocations=[],
    )
    for place, (amount, on, credit, part, back) in enumerate(wanted):
        new = Allocation(f"a{place}", f"r{credit}", f"i/{part + 1}", amount, on)
        if back and ledger.allocations:
            taken = ledger.allocations[amount % len(ledger.allocations)]
            new = replace(taken, id=new.id, reverses=taken.id, allocated_on=on)
        problems = {problem.code for problem in allocation_problems(new, ledger)}
        with_it = replace(ledger, allocations=[*ledger.allocations, new])
        if not problems:
            ledger = with_it
        elif problems <= {"more_than_credit", "more_than_open"}:
            assert not fits(with_it)  # nothing that fits is refused
    assert fits(ledger)


def fits(ledger: Ledger) -> bool:
    """Whether nothing is overdrawn at the end of any day."""
    return all(
        min([0, *(item.open for item in found.items), *(credit.unallocated for credit in found.credits)]) == 0
        for offset in range(70)
        for found in [positions(ledger, START + timedelta(days=offset))]
    )
