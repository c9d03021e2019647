"""Two versions of an offer beside each other: which lines came, went, changed, and by how much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kam_desktop.domain.text import fold

ADDED, REMOVED, CHANGED, SAME = "added", "removed", "changed", "same"
COMPARED = ("description", "unit", "quantity", "price", "discount_percent", "tax_rate", "section", "optional")
"""What the customer sees of a line; costs are ours and compared nowhere."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of the older version and the one that took its place; None where there is none.

    Attributes:
        kind: added, removed, changed or same; fields: which of COMPARED differ.
    """

    kind: str
    old: Any
    new: Any
    fields: tuple[str, ...] = ()


def compare(old: Sequence[Any], new: Sequence[Any]) -> tuple[Pair, ...]:
    """The lines of both in the order of the newer one; what went stands after what stood before it.

    Two lines are one when product and description are alike, else when the description is, else the product:
    each line is taken once, first come.
    """
    left = dict(enumerate(old))
    partner: dict[int, int] = {}
    keys: tuple[Callable[[Any], Any], ...] = (
        lambda line: (line.product, fold(line.description), line.section),
        lambda line: (line.product, fold(line.description)),
        lambda line: fold(line.description),
        lambda line: line.product or None,
    )
    for key in keys:
        for at, line in enumerate(new):
            wanted = key(line)
            if at in partner or wanted is None:
                continue
            found = next((place for place, other in left.items() if key(other) == wanted), None)
            if found is not None:
                partner[at] = found
                del left[found]
    pairs: list[Pair] = []
    gone = sorted(left)
    for at, line in enumerate(new):
        before = partner.get(at)
        if before is not None:
            while gone and gone[0] < before:
                pairs.append(Pair(REMOVED, old[gone.pop(0)], None))
            pairs.append(_pair(old[before], line))
        else:
            pairs.append(Pair(ADDED, None, line))
    return (*pairs, *(Pair(REMOVED, old[at], None) for at in gone))


def _pair(old: Any, new: Any) -> Pair:
    fields = tuple(name for name in COMPARED if getattr(old, name) != getattr(new, name))
    return Pair(CHANGED if fields else SAME, old, new, fields)
