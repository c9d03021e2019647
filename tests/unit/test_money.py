"""Rounding, splitting and reading amounts."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain import money
from kam_desktop.domain.errors import Refused

READ = [
    # typed, currency, the user's decimal mark, minor units
    ("1.234.567", "VND", None, 1_234_567),
    ("1,234,567", "VND", None, 1_234_567),
    ("1234567đ", "VND", None, 1_234_567),
    ("1.234.567 ₫", "VND", None, 1_234_567),
    ("1.234.567\u00a0₫", "VND", None, 1_234_567),
    ("VND 1,234", "VND", None, 1_234),
    ("1 000 000 VNĐ", "VND", None, 1_000_000),
    ("1\u202f234\u2009567", "VND", None, 1_234_567),
    ("1 234 567 đồng", "VND", None, 1_234_567),
    ("１２３", "VND", None, 123),
    ("125tr", "VND", None, 125_000_000),
    ("125trđ", "VND", None, 125_000_000),
    ("1,2 tỷ", "VND", None, 1_200_000_000),
    ("1.2 tỉ đồng", "VND", None, 1_200_000_000),
    ("1tr5", "VND", None, 1_500_000),
    ("2 tỷ 3", "VND", None, 2_300_000_000),
    ("1 tỷ 250", "VND", None, 1_250_000_000),
    ("1 tỷ 200 triệu", "VND", None, 1_200_000_000),
    ("500k", "VND", None, 500_000),
    ("1.500.000k", "VND", None, 1_500_000_000),
    ("1,250 tỷ", "VND", ",", 1_250_000_000),
    ("1.250 tỷ", "VND", ",", 1_250_000_000_000),
    ("−1.234", "VND", None, -1_234),
    ("-1tr5", "VND", None, -1_500_000),
    ("(1.234 đ)", "VND", None, -1_234),
    ("+5", "VND", None, 5),
    ("0", "VND", None, 0),
    ("1,234,567.00", "VND", None, 1_234_567),
    ("1234567.00", "VND", None, 1_234_567),
    ("12.5", "USD", None, 1_250),
    ("0,5", "USD", None, 50),
    ("1.234,56", "USD", None, 123_456),
    ("$1,234.56", "USD", None, 123_456),
    ("1.234,50 US$", "USD", None, 123_450),
    ("1,234", "USD", None, 123_400),
    ("1.230", "USD", ".", 123),
    ("1,234", "KWD", ",", 1_234),
    ("1,234", "KWD", ".", 1_234_000),
    ("0,567", "KWD", None, 567),
    ("1.234,567", "KWD", None, 1_234_567),
    ("1.2345", "CLF", None, 12_345),
]

REFUSED = [
    ("1.5", "VND", None, "too_many_decimals"),
    ("1.50", "VND", None, "too_many_decimals"),
    ("1.00", "VND", None, "too_many_decimals"),
    ("0.500", "VND", None, "too_many_decimals"),
    ("1.234.567,5", "VND", None, "too_many_decimals"),
    ("1,2345k", "VND", None, "too_many_decimals"),
    ("1,250 tỷ", "VND", None, "unclear_amount"),
    ("1.234", "KWD", None, "unclear_amount"),
    ("1,234", "USD", ",", "unclear_amount"),
    ("12,34,567", "VND", None, "unreadable_amount"),
    ("1.234.56", "VND", None, "unreadable_amount"),
    ("1 23", "VND", None, "unreadable_amount"),
    ("1..2", "VND", None, "unreadable_amount"),
    ("1e5", "VND", None, "unreadable_amount"),
    ("NaN", "VND", None, "unreadable_amount"),
    ("abc", "VND", None, "unreadable_amount"),
    ("--5", "VND", None, "unreadable_amount"),
    ("tỷ", "VND", None, "unreadable_amount"),
    ("10 triệu 5 tỷ", "VND", None, "unreadable_amount"),
    ("5 quả", "VND", None, "unreadable_amount"),
    ("=1+1", "VND", None, "unreadable_amount"),
    ("5 USD", "VND", None, "other_currency"),
    ("5 đ", "USD", None, "other_currency"),
    ("99999999999 tỷ", "VND", None, "amount_too_large"),
    (" \u00a0 ", "VND", None, "no_amount"),
]


@pytest.mark.parametrize(("typed", "currency", "mark", "minor"), READ)
def test_amounts_that_are_read(typed: str, currency: str, mark: str | None, minor: int) -> None:
    assert money.parse(typed, currency, decimal_mark=mark) == minor


@pytest.mark.parametrize(("typed", "currency", "mark", "code"), REFUSED)
def test_amounts_that_are_refused(typed: str, currency: str, mark: str | None, code: str) -> None:
    with pytest.raises(Refused) as caught:
        money.parse(typed, currency, decimal_mark=mark, where="price")
    problem = caught.value.problems[0]
    assert (problem.where, problem.code) == ("price", code)
    assert "{" not in problem.english()


@given(
    st.text(st.sampled_from("0123456789.,- ₫đkmtrỷ()$+'"), max_size=12), st.sampled_from(["VND", "USD", "KWD", "CLF"])
)
def test_any_text_is_read_as_a_whole_number_or_refused(typed: str, currency: str) -> None:
    try:
        read = money.parse(typed, currency)
    except Refused:
        return
    assert abs(read) <= money.MAX_MINOR


@given(st.integers(0, money.MAX_MINOR))
def test_grouped_amounts_come_back(minor: int) -> None:
    english = f"{minor:,}"
    assert (
        money.parse(english)
        == money.parse(english.replace(",", "."))
        == money.parse(english.replace(",", " "))
        == minor
    )


@given(st.decimals(-(10**9), 10**9, places=7))
def test_half_up_of_the_magnitude(value: Decimal) -> None:
    assert money.half_up(value) == int(value.quantize(Decimal(1), ROUND_HALF_UP))
    assert money.half_up(-value) == -money.half_up(value)
    assert money.half_up(Fraction(value)) == money.half_up(value)


@given(st.integers(-(10**15), 10**15), st.integers(-(10**6), 10**6), st.integers(1, 10**6))
def test_ratio_is_exact_until_one_rounding(amount: int, numerator: int, denominator: int) -> None:
    exact = Fraction(amount * numerator, denominator)
    assert (
        money.ratio(amount, numerator, denominator)
        == money.half_up(exact)
        == money.ratio(amount, -numerator, -denominator)
    )
    assert abs(money.half_up(exact) - exact) <= Fraction(1, 2)


def test_decimals_by_currency() -> None:
    assert [money.decimals(code) for code in ("VND", "JPY", "USD", "EUR", "KWD", "BHD", "CLF")] == [0, 0, 2, 2, 3, 3, 4]
    with pytest.raises(Refused):
        money.decimals("XYZ")
    assert money.to_minor(Decimal("12.345"), "USD") == 1235
    assert money.to_minor(Decimal("-0.5"), "VND") == -1
    assert str(money.to_major(-5, "USD")) == "-0.05"
    assert str(money.to_major(1_234_567, "VND")) == "1234567"


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], (34, 33, 33)),
        (100, [1, 1, 2], (25, 25, 50)),
        (1, [1, 2], (0, 1)),
        (5, [3, 3, 3, 1], (2, 2, 1, 0)),  # fractions .5 .5 .5 .5: the larger weights first, then the earlier
        (5, [-3, -3, -3, -1], (2, 2, 1, 0)),  # the mirror image
        (-5, [3, 3, 3, 1], (-2, -2, -1, 0)),
        (-100, [1, 1, 1], (-34, -33, -33)),
        (10, [-1, -1, -1], (4, 3, 3)),
        (80, [1_000, -200], (100, -20)),
        (0, [0, 0], (0, 0)),
        (0, [], ()),
        (7, [5], (7,)),
    ],
)
def test_split(total: int, weights: list[int], parts: tuple[int, ...]) -> None:
    assert money.split(total, weights) == parts


def test_split_over_nothing_is_refused() -> None:
    with pytest.raises(Refused):
        money.split(5, [0, 0])
    with pytest.raises(Refused):
        money.split(5, [])


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any))
def test_parts_sum_to_the_total_and_are_off_by_less_than_one(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=8).filter(lambda weights: sum(weights) != 0),
)
def test_split_with_discounts_among_the_lines(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)
    assert sum(parts) == total
    assert parts == tuple(-part for part in money.split(-total, weights))
