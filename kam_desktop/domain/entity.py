"""The description of an entity: its record class, fields, policy and rules."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, TypeVar, dataclass_transform

from kam_desktop.domain import fields as f
from kam_desktop.domain.errors import Problem as Problem  # entity files take it from here
from kam_desktop.domain.fields import Field, Kind


class Policy(Enum):
    """How records of an entity change and meet each other (the sync policy)."""

    MERGED = "merged"  # field by field
    APPEND_ONLY = "append_only"  # a fact: never edited, reversed by another fact
    SERVER_OWNED = "server_owned"  # written online by named roles; like MERGED before the first connect
    VERSIONED = "versioned"  # a draft merges; sending freezes it; a change makes the next version


class Sort(Enum):
    """How titles of an entity are put in order."""

    TEXT = "text"
    PERSON = "person"  # by given name, as Vietnamese lists do
    COMPANY = "company"  # without the legal form in front


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One saved, frozen thing. A record never changes: an edit makes another one."""

    entity: ClassVar[Entity]
    id: str


Rule = Callable[[Any], Sequence[Problem]]


@dataclass(frozen=True)
class Entity:
    """What the program knows about one kind of record."""

    name: str
    label: str
    plural: str
    record: type[Record]
    fields: tuple[Field, ...]
    title: str
    policy: Policy
    sort: Sort
    rules: tuple[Rule, ...]
    frozen_when: Callable[[Any], bool] | None

    def field(self, name: str) -> Field:
        """The field of that name; KeyError when there is none."""
        for each in self.fields:
            if each.name == name:
                return each
        raise KeyError(f"{self.name}.{name}")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields, in the order of declaration, without the id."""
        return tuple(each.name for each in self.fields)


R = TypeVar("R", bound=Record)


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(f.text, f.note, f.choice, f.integer, f.decimal, f.money, f.day, f.moment, f.flag, f.ref, f.texts),
)
def entity(
    name: str,
    label: str,
    plural: str,
    *,
    title: str,
    policy: Policy = Policy.MERGED,
    sort: Sort = Sort.TEXT,
    rules: Sequence[Rule] = (),
    frozen_when: Callable[[Any], bool] | None = None,
) -> Callable[[type[R]], type[R]]:
    """Makes a record class of a class whose attributes are fields, and describes it.

    `frozen_when` says of a saved record that it may not change any more (a sent version).
    Nothing is registered: the list of entities is written out in `entities/__init__.py`.
    """

    def describe(plain: type[R]) -> type[R]:
        record = dataclass(frozen=True, kw_only=True, slots=True)(plain)
        described = tuple(
            dataclasses.replace(each.metadata["field"], name=each.name)
            for each in dataclasses.fields(record)
            if "field" in each.metadata
        )
        record.entity = Entity(name, label, plural, record, described, title, policy, sort, tuple(rules), frozen_when)
        return record

    return describe


_TYPES: dict[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.NOTE: (str,),
    Kind.CHOICE: (str,),
    Kind.INTEGER: (int,),
    Kind.DECIMAL: (Decimal,),
    Kind.MONEY: (int,),
    Kind.DATE: (date,),
    Kind.MOMENT: (datetime,),
    Kind.FLAG: (bool,),
    Kind.REF: (str,),
    Kind.TEXTS: (tuple,),
}
# C0 controls but tab and line ends, and the direction overrides that make text lie about itself.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_LARGEST = 10**17
"""Beyond this an amount is a typing error, and would not fit a 64-bit column with its sums."""


def problems_of(record: Record) -> list[Problem]:
    """Everything that is wrong with a record by its fields and its entity's rules, all at once."""
    described = type(record).entity
    found: list[Problem] = []
    for each in described.fields:
        value = getattr(record, each.name)
        problem = problem_of_value(each, value)
        if problem is not None:
            found.append(problem)
    if not found:  # rules may rely on values of the right type
        for rule in described.rules:
            found.extend(rule(record))
    return found


def problem_of_value(each: Field, value: Any) -> Problem | None:
    """What is wrong with the value of one field (kind, limits, characters), or None."""
    if value is None or value == "" or value == ():
        if each.required:
            return Problem(each.name, "required", "{label} is missing.", {"label": each.label})
        if value is None and each.kind in (Kind.TEXT, Kind.NOTE, Kind.CHOICE, Kind.REF, Kind.TEXTS, Kind.FLAG):
            return Problem(each.name, "type", "{label} has a value of the wrong kind.", {"label": each.label})
        return None
    right = isinstance(value, _TYPES[each.kind])
    if isinstance(value, bool) and each.kind is not Kind.FLAG:
        right = False
    if each.kind is Kind.DATE and isinstance(value, datetime):
        right = False
    if each.kind is Kind.MOMENT and isinstance(value, datetime) and value.tzinfo is None:
        right = False
    if each.kind is Kind.DECIMAL and isinstance(value, Decimal) and not value.is_finite():
        right = False
    if each.kind is Kind.TEXTS and right:
        right = all(isinstance(part, str) and part for part in value)
    if not right:
        return Problem(each.name, "type", "{label} has a value of the wrong kind.", {"label": each.label})
    if each.kind is Kind.CHOICE and value not in each.options:
        return Problem(
            each.name, "choice", "{label} cannot be “{value}”.", {"label": each.label, "value": str(value)[:60]}
        )
    for part in value if each.kind is Kind.TEXTS else (value,) if isinstance(value, str) else ():
        if each.max_length and len(part) > each.max_length:
            return Problem(
                each.name,
                "too_long",
                "{label} is longer than {limit} characters.",
                {"label": each.label, "limit": str(each.max_length)},
            )
        if _CONTROL.search(part) or (each.kind is not Kind.NOTE and ("\n" in part or "\r" in part)):
            return Problem(
                each.name, "control", "{label} holds characters that cannot be shown.", {"label": each.label}
            )
    if each.kind in (Kind.INTEGER, Kind.MONEY, Kind.DECIMAL):
        if abs(value) > _LARGEST:
            return Problem(each.name, "too_large", "{label} is too large.", {"label": each.label})
        if each.lowest is not None and value < each.lowest:
            return Problem(
                each.name,
                "too_small",
                "{label} cannot be less than {limit}.",
                {"label": each.label, "limit": str(each.lowest)},
            )
    return None
