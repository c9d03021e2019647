"""Laying money against instalments: the order, the user's choice, what is refused and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.errors import Refused
from kam_desktop.domain.figures.allocation import (
    FreeAmount,
    OpenPart,
    Share,
    choose,
    in_order,
    names,
    propose,
    propose_all,
    said,
)

D = date(2026, 3, 1)


def part(key: str, open_: int = 100, due: int | None = 10, issued: int = 1, **more: object) -> OpenPart:
    """An open instalment, due and issued on days of March 2026."""
    facts = {"invoice": key, "account": "an", "currency": "VND", "number": key, **more}
    return OpenPart(
        key, open=open_, due_on=None if due is None else D.replace(day=due), issued_on=D.replace(day=issued), **facts
    )  # type: ignore[arg-type]


def money(free: int, key: str = "r", **more: object) -> FreeAmount:
    facts = {"account": "an", "currency": "VND", "dated_on": D, **more}
    return FreeAmount(key, free=free, **facts)  # type: ignore[arg-type]


def laid(shares: tuple[Share, ...]) -> list[tuple[str, int]]:
    return [(share.instalment, share.amount) for share in shares]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (part("b", due=9), part("a", due=10)),  # the earlier due date
        (part("b", due=10), part("a", due=None)),  # waiting for papers is last
        (part("b", issued=1), part("a", issued=2)),  # the earlier invoice
        (part("x", number="9"), part("a", number="10")),  # the lower number, not its letters
        (part("x", number="00000007"), part("a", number="8")),
        (part("x", number="INV-9"), part("a", number="INV-10")),
        (part("x", number="A", place=1), part("a", number="A", place=2)),  # the earlier instalment
        (part("a"), part("b", number="a")),  # and at last anything that is always the same
    ],
)
def test_order(first: OpenPart, second: OpenPart) -> None:
    assert in_order([second, first]) == [first, second] == in_order([first, second])


@pytest.mark.parametrize(
    ("memo", "number", "wanted"),
    [
        ("TT HD 00000130 HOANG VINH", "00000130", True), ("tt hd 130, 131", "00000131", True), ("HD130", "130", True),
        ("TT lan 2", "00000002", False), ("1300", "130", False), ("", "130", False), ("tra INV-7 nhe", "inv-7", True),
        ("tra tien", "", False), ("000", "000", False),
    ],
)  # fmt: skip
def test_what_a_memo_names(memo: str, number: str, wanted: bool) -> None:
    assert names(memo, number) is wanted


def test_what_the_payer_names_is_paid_first_and_then_the_oldest() -> None:
    parts = [part("a", due=1, number="00000101"), part("b", due=2, number="00000102"), part("c", due=3, number="103")]
    assert laid(propose(money(150, memo="TT HD 103"), parts)) == [("c", 100), ("a", 50)]
    assert laid(propose(money(150), parts)) == [("a", 100), ("b", 50)]


def test_an_invoice_that_is_named_comes_first() -> None:
    parts = [part("old", due=1), part("named2", due=9, invoice="n"), part("named1", due=8, invoice="n")]
    assert [each.instalment for each in in_order(parts, "n")] == ["named1", "named2", "old"]
    assert laid(propose(money(250, invoice="n"), parts)) == [("named1", 100), ("named2", 100), ("old", 50)]


def test_oldest_first_and_never_too_much() -> None:
    parts = [part("b", 70, due=5), part("a", 30, due=4), part("over", -5, due=1), part("none", 0, due=2)]
    assert laid(propose(money(50), parts)) == [("a", 30), ("b", 20)]
    assert laid(propose(money(500), parts)) == [("a", 30), ("b", 70)]
    assert propose(money(0), parts) == () == propose(money(-5), parts)


def test_only_the_same_account_and_currency() -> None:
    parts = [part("a", account="binh"), part("b", currency="USD"), part("c")]
    assert laid(propose(money(500), parts)) == [("c", 100)]
    assert propose(money(500, account=""), [part("a", account="")]) == ()


def test_several_credits_one_after_the_other() -> None:
    parts = [part("a", 100, due=1), part("b", 100, due=2)]
    credits = [
        money(80, "late", dated_on=D.replace(day=5)),
        money(30, "early"),
        money(90, "note", dated_on=D.replace(day=9), invoice="b"),
    ]
    assert [(share.credit, share.instalment, share.amount) for share in propose_all(credits, parts)] == [
        ("note", "b", 90),
        ("early", "a", 30),
        ("late", "a", 70),
        ("late", "b", 10),
    ]


def test_the_users_choice() -> None:
    parts = [part("a"), part("b"), part("c")]
    assert laid(choose(money(150), parts, {"c": 20, "a": None, "b": None})) == [("c", 20), ("a", 100), ("b", 30)]
    assert laid(choose(money(100), parts, {"a": 100, "b": None})) == [("a", 100)]
    assert choose(money(100), parts, {}) == ()


@pytest.mark.parametrize(
    ("credit", "wanted", "found"),
    [
        (money(100), {"gone": 5}, [("gone", "missing", "This record is not there any more.")]),
        (money(100), {"a": 0}, [("a", "not_positive", "The amount must be above zero.")]),
        (money(100), {"a": -1}, [("a", "not_positive", "The amount must be above zero.")]),
        (money(200), {"a": 101}, [("a", "more_than_open", "Of invoice a only 100\u00a0VND is open.")]),
        (money(2_000), {"big": 2_000}, [("big", "more_than_open", "Of invoice big only 1\u00a0500\u00a0VND is open.")]),
        (
            money(120), {"a": 100, "b": 50},
            [("allocations", "more_than_receipt",
              "The shares are 30\u00a0VND more than what is left of it (120\u00a0VND).")],
        ),
        (money(100), {"other": 5}, [("other", "other_account", "Invoice other is another customer's.")]),
        (money(100), {"usd": 5}, [("usd", "other_currency", "Invoice usd is in another currency.")]),
        (
            money(100, account=""), {"unknown": 5},
            [("account", "payer_unknown", "Say first whose money it is, then lay it against invoices.")],
        ),
        (
            money(100), {"a": 101, "gone": 3},
            [("a", "more_than_open", "Of invoice a only 100\u00a0VND is open."),
             ("gone", "missing", "This record is not there any more."),
             ("allocations", "more_than_receipt",
              "The shares are 1\u00a0VND more than what is left of it (100\u00a0VND).")],
        ),
    ],
)  # fmt: skip
def test_a_choice_that_does_not_fit_says_what_remains(
    credit: FreeAmount, wanted: dict[str, int | None], found: list[tuple[str, str, str]]
) -> None:
    parts = [
        part("a"), part("b"), part("big", 1_500), part("other", account="binh"), part("usd", currency="USD"),
        part("unknown", account=""),
    ]  # fmt: skip
    with pytest.raises(Refused) as caught:
        choose(credit, parts, wanted)
    assert [(each.where, each.code, each.english()) for each in caught.value.problems] == found


def test_amounts_in_sentences() -> None:
    assert said(1_234_567, "VND") == "1\u00a0234\u00a0567\u00a0VND"
    assert said(123_456, "USD") == "1\u00a0234.56\u00a0USD"
    assert said(5, "CLF") == "0.0005\u00a0CLF"


open_parts = st.lists(
    st.builds(
        part,
        st.uuids().map(str),
        st.integers(-50, 1_000),
        st.none() | st.integers(1, 31),
        st.integers(1, 31),
        number=st.sampled_from(["1", "2", "10"]),
    ),
    max_size=8,
)


@given(open_parts, st.lists(st.integers(0, 1_500), max_size=4))
def test_a_proposal_leaves_nothing_that_could_be_laid(parts: list[OpenPart], amounts: list[int]) -> None:
    credits = [money(amount, f"r{place}") for place, amount in enumerate(amounts)]
    shares = propose_all(credits, parts)
    left = {part.instalment: max(0, part.open) for part in parts}
    free = {credit.credit: credit.free for credit in credits}
    for share in shares:
        assert share.amount > 0
        left[share.instalment] -= share.amount
        free[share.credit] -= share.amount
    assert min([0, *left.values(), *free.values()]) == 0
    assert sum(left.values()) == 0 or sum(free.values()) == 0
    # what is paid is paid in order: nothing later was touched while something earlier is open
    state = [left[part.instalment] for part in in_order(parts) if part.open > 0]
    full = [max(0, part.open) for part in in_order(parts) if part.open > 0]
    partly = [place for place, (rest, whole) in enumerate(zip(state, full, strict=True)) if rest]
    assert all(state[place] == full[place] for place in partly[1:])


@given(open_parts, st.integers(0, 3_000))
def test_the_proposal_is_a_choice_that_is_let_through(parts: list[OpenPart], free: int) -> None:
    shares = propose(money(free), parts)
    assert choose(money(free), parts, {share.instalment: share.amount for share in shares}) == shares
    assert propose(replace(money(free), currency="USD"), parts) == ()
