"""What one author changed in one record, as a value: the unit of history, undo, outbox and merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from kam_desktop.domain.entity import Record
from kam_desktop.domain.fields import Kind

Value = Any
"""A field's value in the wire form: str, int, bool, list of str, or None."""


class Action(Enum):
    """What a change does to its record."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """One author's edit of one record.

    Attributes:
        group: the random id of the group of changes that only make sense together.
        place: the place in that group; group and place name the change.
        old: the values that the author saw, of the changed fields only (all of them on deletion).
        new: the values that the author wrote (all non-empty ones on creation).
    """

    group: str
    place: int
    entity: str
    record: str
    action: Action
    old: Mapping[str, Value]
    new: Mapping[str, Value]
    author: str
    written_at: str

    def inverse_values(self) -> tuple[Action, Mapping[str, Value], Mapping[str, Value]]:
        """Action, old and new of the change that would undo this one."""
        opposite = {Action.CREATE: Action.DELETE, Action.DELETE: Action.CREATE, Action.UPDATE: Action.UPDATE}
        return opposite[self.action], self.new, self.old


@dataclass(frozen=True, slots=True)
class Touched:
    """One record that a change set touched."""

    entity: str
    record: str
    action: Action


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What one commit changed, as told to every open page.

    Attributes:
        step: the number of the undo step, 0 when it cannot be undone.
        label: an English sentence of the step, translated where it is shown.
    """

    step: int
    label: str
    touched: tuple[Touched, ...]
    label_args: Mapping[str, str]

    @property
    def entities(self) -> frozenset[str]:
        """Names of all entities touched."""
        return frozenset(each.entity for each in self.touched)


def wire_value(kind: Kind, value: Any) -> Value:
    """A field's value as it travels: dates ISO, decimals as plain text, moments in UTC with a Z."""
    if value is None:
        return None
    if kind is Kind.DECIMAL:
        return format(value, "f")
    if kind is Kind.DATE:
        return value.isoformat()
    if kind is Kind.MOMENT:
        return moment_text(value)
    if kind is Kind.TEXTS:
        return list(value)
    return value


def plain_value(kind: Kind, value: Value) -> Any:
    """The inverse of `wire_value`; ValueError, TypeError or ArithmeticError on a malformed value."""
    if value is None:
        return None
    if kind is Kind.DECIMAL:
        if not isinstance(value, str):
            raise TypeError("a decimal travels as text")
        return Decimal(value)
    if kind is Kind.DATE:
        if len(value) != 10:
            raise ValueError("a date is written YYYY-MM-DD")
        return date.fromisoformat(value)
    if kind is Kind.MOMENT:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a moment needs its offset from UTC")
        return moment.astimezone(UTC)
    if kind is Kind.TEXTS:
        if not isinstance(value, list | tuple):
            raise TypeError("several texts travel as a list")
        return tuple(value)
    return value


def moment_text(moment: datetime) -> str:
    """A moment as `2026-11-23T09:15:29Z`, with as many decimals as it has (to microseconds)."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def is_empty(value: Value) -> bool:
    """Whether a value says nothing and so does not travel."""
    return value is None or value == "" or value is False or value == [] or value == ()


def wire_fields(record: Record) -> dict[str, Value]:
    """All fields that say something, in the order of declaration; an emptied default is said too."""
    found = {}
    for each in type(record).entity.fields:
        value = wire_value(each.kind, getattr(record, each.name))
        if not is_empty(value) or not is_empty(each.default):
            found[each.name] = value
    return found


def difference(old: Record | None, new: Record | None) -> tuple[Action, dict[str, Value], dict[str, Value]] | None:
    """What leads from one record to the next, or None when they are equal.

    Of an update only the fields that differ; an emptied field is there with its empty value.
    """
    if old is None:
        return None if new is None else (Action.CREATE, {}, wire_fields(new))
    if new is None:
        return Action.DELETE, wire_fields(old), {}
    before: dict[str, Value] = {}
    after: dict[str, Value] = {}
    for each in type(old).entity.fields:
        was, becomes = getattr(old, each.name), getattr(new, each.name)
        if was != becomes:
            before[each.name] = wire_value(each.kind, was)
            after[each.name] = wire_value(each.kind, becomes)
    return (Action.UPDATE, before, after) if after else None
