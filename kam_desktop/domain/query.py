"""A question to the store as a value: which records, in which order; never a string that is run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from kam_desktop.domain.entity import Entity
from kam_desktop.domain.errors import Problem, Refused


class Op(Enum):
    """How a field is compared."""

    IS = "is"
    IS_NOT = "is_not"
    BELOW = "below"
    AT_MOST = "at_most"
    ABOVE = "above"
    AT_LEAST = "at_least"
    ONE_OF = "one_of"
    EMPTY = "empty"
    FILLED = "filled"


@dataclass(frozen=True, slots=True)
class Where:
    """One condition; all conditions of a query must hold."""

    field: str
    op: Op
    value: Any = None


@dataclass(frozen=True, slots=True)
class Order:
    """One key of the order. The field "title" means the entity's own order of titles."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Records of one entity that meet all conditions and, with `text`, are found by that text.

    Ties are broken by id, so that an order is total and pages never overlap.
    """

    entity: str
    where: tuple[Where, ...] = ()
    order: tuple[Order, ...] = (Order("title"),)
    text: str = ""


def check(query: Query, entity: Entity) -> None:
    """Refuses a query that names fields which the entity does not have."""
    known = {*entity.names, "id"}
    named = [each.field for each in query.where] + [each.field for each in query.order if each.field != "title"]
    problems = [
        Problem(name, "unknown_field", "There is no field “{field}”.", {"field": name})
        for name in named
        if name not in known
    ]
    if problems:
        raise Refused(problems)
