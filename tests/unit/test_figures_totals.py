"""Line nets, tax by rate group, shares, margin, and printed figures compared."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.errors import Refused
from kam_desktop.domain.figures.totals import (
    Difference,
    Line,
    Printed,
    differences,
    line_net,
    line_shares,
    margin_percent,
    markup_percent,
    tax_on,
    totals,
)

D = Decimal


def line(net: int, rate: str = "8%", cost: int | None = None) -> Line:
    number = rate.removeprefix("KHAC:").removesuffix("%")
    return Line(net, rate, D(number) if number[0].isdigit() else None, cost)


@pytest.mark.parametrize(
    ("quantity", "price", "percent", "discount", "net"),
    [
        (D(3), 1_000, None, None, 3_000),
        (D("2.5"), 333, None, None, 833),  # 832.5
        (D("0.5"), 1, None, None, 1),
        (D("-0.5"), 1, None, None, -1),  # a half goes away from zero on both sides
        (D(1), D("12345.45"), None, None, 12_345),
        (D(3), D("0.5"), None, None, 2),  # rounded once: 1.5, not 3 × 1
        (D(10), 1_000, D("12.5"), None, 8_750),
        (D(10), 1_000, None, 250, 9_750),
        (D(10), 1_000, D(10), 250, 8_750),
        (D(0), 1_000, None, None, 0),
    ],
)
def test_line_net(
    quantity: Decimal, price: Decimal | int, percent: Decimal | None, discount: int | None, net: int
) -> None:
    assert line_net(quantity, price, percent, discount) == net


@pytest.mark.parametrize(
    ("net", "percent", "tax"),
    [
        (12_445_455, D(10), 1_244_546),
        (125, D(10), 13),
        (-125, D(10), -13),
        (100, D("8.5"), 9),
        (99, D(0), 0),
        (5, None, 0),
    ],
)
def test_tax_is_half_up_of_the_magnitude(net: int, percent: Decimal | None, tax: int) -> None:
    assert tax_on(net, percent) == tax


def test_every_way_of_bearing_no_tax_is_a_group_of_its_own() -> None:
    lines = [
        line(100, "0%"),
        line(200, "KCT"),
        line(300, "KKKNT"),
        line(400, "KHAC:8%"),
        line(500, "8%"),
        line(600, "KCT"),
    ]
    found = totals(lines)
    assert [(group.group, group.net, group.tax) for group in found.groups] == [
        ("0%", 100, 0),
        ("KCT", 800, 0),
        ("KKKNT", 300, 0),
        ("KHAC:8%", 400, 32),
        ("8%", 500, 40),
    ]
    assert (found.net, found.tax, found.total) == (2_100, 72, 2_172)
    assert found.line_taxes == (0, 0, 0, 32, 40, 0)


def test_tax_is_computed_on_the_sum_of_the_group_and_shared_by_largest_remainder() -> None:
    # each line alone would bear 0.4 and round to nothing; the group bears 1.2
    found = totals([line(5), line(5), line(5)])
    assert (found.tax, found.line_taxes) == (1, (1, 0, 0))
    # the larger net takes the unit when fractions are equal
    assert line_shares(1, [10, 20, 10, 20]) == (0, 1, 0, 0)


def test_a_discount_on_the_whole_lowers_every_group_in_proportion() -> None:
    found = totals([line(700_000, "8%"), line(300_000, "10%")], discount=90_001)
    assert (found.gross, found.net) == (1_000_000, 909_999)
    assert [(group.net, group.tax) for group in found.groups] == [(636_999, 50_960), (273_000, 27_300)]
    with pytest.raises(Refused):
        totals([], discount=5)


def test_a_discount_line_lowers_its_group() -> None:
    found = totals([line(1_000), line(-100)])
    assert (found.net, found.tax, found.line_taxes) == (900, 72, (80, -8))
    assert totals([line(100), line(-100)]).line_taxes == (0, 0)
    assert totals([]).total == 0


@pytest.mark.parametrize(
    ("net", "cost", "margin", "markup"),
    [
        (1_000, 800, D("20.0"), D("25.0")),
        (3, 2, D("33.3"), D("50.0")),
        (2_000, 1_001, D("50.0"), D("99.8")),  # 49.95
        (1_000, 1_500, D("-50.0"), D("-33.3")),
        (0, 100, None, D("-100.0")),
        (-10, 5, None, D("-300.0")),
        (100, 0, D("100.0"), None),
    ],
)
def test_margin_and_markup(net: int, cost: int, margin: Decimal | None, markup: Decimal | None) -> None:
    assert (margin_percent(net, cost), markup_percent(net, cost)) == (margin, markup)


def test_margin_of_a_whole_tells_what_is_missing() -> None:
    found = totals([line(600, cost=400), line(400)])
    assert (found.cost, found.margin, found.margin_percent, found.without_cost) == (400, 600, D("60.0"), 1)
    assert totals([line(600)]).margin_percent is None


nets = st.integers(-(10**9), 10**9)


@given(st.lists(st.tuples(nets, st.sampled_from(["10%", "8%", "5%", "0%", "KCT", "KHAC:08.00%"])), max_size=12))
def test_everything_adds_up(rows: list[tuple[int, str]]) -> None:
    lines = [line(net, rate) for net, rate in rows]
    try:
        found = totals(lines)
    except Refused:
        raise AssertionError("a computed tax can always be shared") from None
    assert found.net == sum(group.net for group in found.groups) == sum(net for net, _ in rows)
    assert found.tax == sum(group.tax for group in found.groups) == sum(found.line_taxes)
    assert found.total == found.net + found.tax
    for group in found.groups:
        exact = D(group.net) * (group.percent or 0) / 100
        assert group.tax == int(exact.quantize(D(1), ROUND_HALF_UP))
    mirrored = totals([Line(-each.net, each.group, each.percent) for each in lines])
    assert (mirrored.net, mirrored.tax) == (-found.net, -found.tax)


@given(st.decimals(0, 10**6, places=3), st.integers(0, 10**7), st.decimals(0, 100, places=2), st.integers(0, 10**6))
def test_a_line_net_is_rounded_once(quantity: Decimal, price: int, percent: Decimal, discount: int) -> None:
    exact = Fraction(quantity) * price * (1 - Fraction(percent) / 100) - discount
    assert abs(line_net(quantity, price, percent, discount) - exact) <= Fraction(1, 2)


def test_printed_figures_stand_and_are_compared() -> None:
    # as printed by a real seller: the tax was backed out of the total, one unit below the computed one
    computed = totals([line(12_445_455, "10%")])
    printed = Printed(12_445_455, 1_244_545, 13_690_000, 1, taxes={"10%": 1_244_545})
    assert differences(printed, computed) == ()
    # fees outside the tax
    fees = Printed(3_000_000, 240_000, 3_390_000, 1, fees=150_000, taxes={"8%": 240_000})
    assert differences(fees, totals([line(3_000_000)])) == ()
    wrong = Printed(12_445_450, 1_244_540, 13_690_000, 2, taxes={"10%": 1_244_540, "5%": 3})
    assert differences(wrong, computed) == (
        Difference("net", "", 12_445_450, 12_445_455),
        Difference("tax", "10%", 1_244_540, 1_244_546),
        Difference("tax", "5%", 3, 0),
        Difference("total", "", 13_690_000, 13_689_990),
    )
    # as many units as there are lines are rounding
    assert differences(Printed(103, None, None, 3), totals([line(33)] * 3)) != ()
    assert differences(Printed(102, None, None, 3), totals([line(33)] * 3)) == ()
    assert differences(Printed(None, None, None, 0), computed) == ()
