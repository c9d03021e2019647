"""ABC classes by cumulative share: which few customers bring most of the business."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from kam_desktop.domain import money
from kam_desktop.domain.errors import Problem, Refused

DEFAULT_LIMITS = (80, 95)
Limit = int | Decimal


@dataclass(frozen=True, slots=True)
class Item:
    """Something with a figure: a customer with its revenue or contribution, in minor units of one currency.

    Attributes:
        order: what breaks ties of the figure in the list: the sort key of the name.
    """

    id: str
    amount: int
    order: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An item in its place.

    Attributes:
        share: of the sum of the positive figures, in percent with two decimals, half up; 0 for a figure ≤ 0.
        cumulative: the shares up to and with this one, rounded once.
        abc: "A", "B" or "C".
    """

    id: str
    amount: int
    share: Decimal
    cumulative: Decimal
    abc: str


def abc(items: Iterable[Item], limits: tuple[Limit, Limit] = DEFAULT_LIMITS) -> tuple[Ranked, ...]:
    """Ranks the items by figure, the largest first, then by name.

    An item is in A while the cumulative share with it is at most the first limit, then in B up to the second; the
    first positive item is always A, items with equal figures share the class of the first of them, and a figure ≤ 0
    is C. Refused when the limits do not rise within 0 to 100.
    """
    first, second = (Fraction(limit) for limit in limits)
    if not 0 < first <= second <= 100:
        raise Refused(Problem("limits", "bad_limits", "The limits of A and B must rise, from above 0 to 100."))
    ordered = sorted(items, key=lambda item: (-item.amount, item.order, item.id))
    whole = sum(item.amount for item in ordered if item.amount > 0)
    ranked: list[Ranked] = []
    running, before, letter = 0, 0, "A"
    for item in ordered:
        if item.amount <= 0:
            ranked.append(Ranked(item.id, item.amount, Decimal("0.00"), _percent(whole, whole), "C"))
            continue
        running += item.amount
        if item.amount != before and ranked:
            reached = Fraction(100 * running, whole)
            letter = "A" if reached <= first else "B" if reached <= second else "C"
        before = item.amount
        ranked.append(Ranked(item.id, item.amount, _percent(item.amount, whole), _percent(running, whole), letter))
    return tuple(ranked)


def _percent(part: int, whole: int) -> Decimal:
    return Decimal(money.ratio(part, 10_000, whole)).scaleb(-2) if whole else Decimal("0.00")
