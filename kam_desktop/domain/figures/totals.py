"""Totals of a proposal or an invoice: line nets, tax by rate group, shares of lines, margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from kam_desktop.domain import money


@dataclass(frozen=True, slots=True)
class Line:
    """A line that counts: goods, a service, or a discount with a negative net. Optional lines are left out before.

    Attributes:
        net: whole minor units, as line_net gives it.
        group: the rate group as written: "8%", "0%", "KCT", "KKKNT", "KHAC:08.00%"; each is a group of its own.
        percent: the rate of that group; None for groups that bear no tax (KCT, KKKNT).
        cost: of the whole line, None where it is not known.
    """

    net: int
    group: str
    percent: Decimal | None
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one rate, their net summed and the tax on that sum."""

    group: str
    percent: Decimal | None
    net: int
    tax: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures under the lines.

    Attributes:
        gross: the sum of the line nets before the discount on the whole.
        discount: taken off the whole, positive.
        net: gross less discount; tax is the sum of the groups' taxes; total is net and tax.
        line_taxes: each line's share of its group's tax, in the order of the lines.
        cost: the sum of the costs; None when no line has one.
        without_cost: how many lines have no cost, so that a margin is told as incomplete.
    """

    gross: int
    discount: int
    net: int
    tax: int
    total: int
    groups: tuple[Group, ...]
    line_taxes: tuple[int, ...]
    cost: int | None
    without_cost: int

    @property
    def margin(self) -> int | None:
        """Net less cost; None when no cost is known."""
        return None if self.cost is None else self.net - self.cost

    @property
    def margin_percent(self) -> Decimal | None:
        """See margin_percent."""
        return None if self.cost is None else margin_percent(self.net, self.cost)


def line_net(
    quantity: Decimal | int,
    price: Decimal | int,
    discount_percent: Decimal | int | None = None,
    discount: Decimal | int | None = None,
) -> int:
    """quantity × price less discount, rounded once, half up of the magnitude.

    Args:
        price: of one unit, in minor units; it may have decimals.
        discount_percent: taken off first, 10 for 10 %.
        discount: an amount in minor units for the whole line.
    """
    if not discount_percent and not discount and quantity == (whole := int(quantity)) and isinstance(price, int):
        return whole * price  # nothing to round: most lines of most offers
    exact = Fraction(quantity) * Fraction(price)
    if discount_percent:
        exact -= exact * Fraction(discount_percent) / 100
    if discount:
        exact -= Fraction(discount)
    return money.half_up(exact)


def tax_on(net: int, percent: Decimal | None) -> int:
    """The tax on the net of a whole rate group, half up of the magnitude; 0 for a group that bears none."""
    return money.half_up(Fraction(net) * Fraction(percent) / 100) if percent else 0


def totals(lines: Sequence[Line], discount: int = 0) -> Totals:
    """Sums up the lines; groups stand in the order in which they first appear.

    A discount on the whole lowers each line in proportion to its net, by largest remainder, before the groups are
    summed. Refused when there is a discount and nothing to take it from.
    """
    nets = [line.net for line in lines]
    if discount:
        nets = [net - part for net, part in zip(nets, money.split(discount, nets), strict=True)]
    members: dict[tuple[str, Decimal | None], list[int]] = {}
    for place, line in enumerate(lines):
        members.setdefault((line.group, line.percent), []).append(place)
    groups = []
    line_taxes = [0] * len(lines)
    for (name, percent), places in members.items():
        of_group = [nets[place] for place in places]
        group = Group(name, percent, sum(of_group), tax_on(sum(of_group), percent))
        groups.append(group)
        for place, share in zip(places, line_shares(group.tax, of_group), strict=True):
            line_taxes[place] = share
    costs = [line.cost for line in lines if line.cost is not None]
    net, tax = sum(nets), sum(group.tax for group in groups)
    return Totals(
        gross=net + discount,
        discount=discount,
        net=net,
        tax=tax,
        total=net + tax,
        groups=tuple(groups),
        line_taxes=tuple(line_taxes),
        cost=sum(costs) if costs else None,
        without_cost=len(lines) - len(costs),
    )


def line_shares(tax: int, nets: Sequence[int]) -> tuple[int, ...]:
    """Each line's share of its group's tax by largest remainder: exactly `tax` together.

    Lines that cancel each other out have no tax to share. Refused when a printed tax stands on such lines.
    """
    return money.split(tax, nets)


def margin_percent(net: int, cost: int) -> Decimal | None:
    """(net − cost) ÷ net in percent, one decimal half up; None ("n/a") when net is not above 0."""
    return _percent(net - cost, net) if net > 0 else None


def markup_percent(net: int, cost: int) -> Decimal | None:
    """(net − cost) ÷ cost in percent, one decimal half up: another figure than the margin; None without a cost."""
    return _percent(net - cost, cost) if cost > 0 else None


def _percent(part: int, whole: int) -> Decimal:
    return Decimal(money.ratio(part, 1000, whole)).scaleb(-1).quantize(Decimal("0.1"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Printed:
    """The figures as an imported invoice prints them; None where it does not print one.

    Attributes:
        taxes: the printed tax by rate group.
        lines: the number of goods and discount lines, which sets how far off is still rounding.
    """

    net: int | None
    tax: int | None
    total: int | None
    lines: int
    fees: int = 0
    taxes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """A printed figure that does not follow from the others: what = "net", "tax" (with its group) or "total"."""

    what: str
    group: str
    printed: int
    computed: int


def differences(printed: Printed, computed: Totals) -> tuple[Difference, ...]:
    """Where printed figures are off by more than rounding explains; they stand as printed all the same.

    Compared are the sum of lines with the net, the tax of each group, and net + tax + fees with the total; allowed
    is max(1, goods and discount lines) minor units.
    """
    allowed = max(1, printed.lines)
    pairs: list[tuple[str, str, int | None, int]] = [("net", "", printed.net, computed.net)]
    taxes: dict[str, int] = {}
    for group in computed.groups:
        taxes[group.group] = taxes.get(group.group, 0) + group.tax
    pairs += [("tax", group, tax, taxes.get(group, 0)) for group, tax in printed.taxes.items()]
    if printed.net is not None and printed.total is not None:
        pairs.append(("total", "", printed.total, printed.net + (printed.tax or 0) + printed.fees))
    return tuple(
        Difference(what, group, said, found)
        for what, group, said, found in pairs
        if said is not None and abs(said - found) > allowed
    )
