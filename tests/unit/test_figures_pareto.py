"""ABC classes: the limits, the first item, ties, and figures that bring nothing."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.errors import Refused
from kam_desktop.domain.figures.pareto import Item, abc

# figures, largest first, and the class of each
CASES = [
    ([], ""),
    ([0], "C"),
    ([-5, 0], "CC"),
    ([100], "A"),
    ([80, 15, 5], "ABC"),
    ([81, 14, 5], "ABC"),
    ([95, 5], "AC"),
    ([90, 10], "AC"),
    ([50, 50], "AA"),  # 50 is A, and its twin shares the class though the sum is 100
    ([40, 30, 30], "AAA"),  # 70, and its twin
    ([60, 25, 15], "ABC"),
    ([60, 20, 20], "AAA"),  # the first of the two makes 80, its twin shares A
    ([70, 10, 10, 10], "AAAA"),
    ([60, 30, 5, 5], "ABBB"),  # 90 B, 95 B, and its twin
    ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], "A" * 10),
    ([50, 30, 15, 5, 0, -7], "AABCCC"),
    ([200, -100], "AC"),  # shares are of the positive figures only
]


def classes(figures: list[int]) -> str:
    return "".join(ranked.abc for ranked in abc(Item(str(place), figure) for place, figure in enumerate(figures)))


@pytest.mark.parametrize(("figures", "letters"), CASES)
def test_worked_cases(figures: list[int], letters: str) -> None:
    assert classes(figures) == letters


def test_order_is_by_figure_and_then_by_name() -> None:
    items = [Item("1", 5, "b"), Item("2", 90, "z"), Item("3", 5, "a"), Item("4", -1, "a")]
    assert [ranked.id for ranked in abc(items)] == ["2", "3", "1", "4"]


def test_shares_in_percent() -> None:
    found = abc([Item("1", 2), Item("2", 1), Item("3", -9)])
    assert [(ranked.share, ranked.cumulative) for ranked in found] == [
        (Decimal("66.67"), Decimal("66.67")),
        (Decimal("33.33"), Decimal("100.00")),
        (Decimal("0.00"), Decimal("100.00")),
    ]


def test_limits_are_exact_and_can_be_set() -> None:
    # 80.0000…1 % is beyond the limit though it reads as 80.00
    assert [
        ranked.abc for ranked in abc([Item("1", 4 * 10**14), Item("2", 4 * 10**14 + 1), Item("3", 2 * 10**14)])
    ] == ["A", "B", "C"]
    assert [ranked.abc for ranked in abc([Item("1", 50), Item("2", 30), Item("3", 20)], (50, Decimal("80.0")))] == [
        "A",
        "B",
        "C",
    ]
    for limits in ((0, 95), (95, 80), (80, 101)):
        with pytest.raises(Refused):
            abc([], limits)


@given(st.lists(st.integers(-5, 40), max_size=20), st.sampled_from([(80, 95), (50, 75), (100, 100)]))
def test_the_rule_in_other_words(figures: list[int], limits: tuple[int, int]) -> None:
    found = abc([Item(f"{place:02}", figure) for place, figure in enumerate(figures)], limits)
    whole = sum(figure for figure in figures if figure > 0)
    positive = [ranked for ranked in found if ranked.amount > 0]
    for ranked in found:
        if ranked.amount <= 0:
            assert ranked.abc == "C"
            continue
        # the first of those with this figure: everything larger, and one of them
        with_first = sum(figure for figure in figures if figure > ranked.amount) + ranked.amount
        share = Fraction(100 * with_first, whole)
        if ranked.amount == positive[0].amount:
            assert ranked.abc == "A"
        else:
            assert ranked.abc == ("A" if share <= limits[0] else "B" if share <= limits[1] else "C")
    assert [ranked.amount for ranked in found] == sorted(figures, reverse=True)
