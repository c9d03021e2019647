"""What a row changes of a saved record, and whether two rows of one file contradict each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.text import fold, phone_digits
from kam_desktop.language import N_
from kam_desktop.transfer.import_plan import FieldChange

R = TypeVar("R", bound=Record)
_PHONES: Final = frozenset(("phone", "phones", "zalo"))
_LISTS: Final = frozenset(("tags", "phones", "emails"))
"""Fields to which a row adds and from which it never takes away."""


def same(name: str, old: Any, new: Any) -> bool:
    """Whether two values say the same: a telephone number does in any spelling, a list when nothing is added."""
    if old == new:
        return True
    if name in _PHONES and old:
        one, other = ([v] if isinstance(v, str) else v for v in (old, new))
        return {phone_digits(each) for each in other} <= {phone_digits(each) for each in one}
    if name in _LISTS:
        return {fold(each) for each in new} <= {fold(each) for each in old}
    return False


def merged(saved: R, values: Mapping[str, Any]) -> R:
    """The saved record with what a row says otherwise; lists are added to."""
    changed = {name: value for name, value in values.items() if not same(name, getattr(saved, name), value)}
    for name in _LISTS & changed.keys():
        old = getattr(saved, name)
        known = {_plain(name, each) for each in old}
        changed[name] = (*old, *(each for each in changed[name] if _plain(name, each) not in known))
    return dataclasses.replace(saved, **changed) if changed else saved


def _plain(name: str, text: str) -> str:
    return phone_digits(text) if name in _PHONES else fold(text)


def changes(saved: Record | None, record: Record | None) -> tuple[FieldChange, ...]:
    """The fields in which a record differs from the saved one; none when either is missing."""
    if saved is None or record is None or saved is record:
        return ()
    entity = type(record).entity
    return tuple(
        FieldChange(entity.name, name, getattr(saved, name), getattr(record, name))
        for name in entity.names
        if getattr(saved, name) != getattr(record, name)
    )


class Claims:
    """What rows of one file have said of a record: the first row has the word, and no later one contradicts it."""

    def __init__(self) -> None:
        self._said: dict[str, dict[str, tuple[Any, int]]] = {}

    def contradiction(self, record: Record, values: Mapping[str, Any], noun: str) -> Problem | None:
        """The field of which an earlier row said something else, as the reason to skip this one.

        `noun` is the sentence for the kind of record, with the places {other} (the row) and {label} (the field).
        """
        said = self._said.get(record.id, {})
        for name, value in values.items():
            if name in said and name not in _LISTS and not same(name, said[name][0], value):
                label = type(record).entity.field(name).label
                return Problem(name, "contradiction", noun, {"other": str(said[name][1]), "label": label})
        return None

    def say(self, record: Record, values: Mapping[str, Any], row: int) -> None:
        """Keeps what a row said."""
        said = self._said.setdefault(record.id, {})
        for name, value in values.items():
            said.setdefault(name, (value, row))

    def __contains__(self, identity: str) -> bool:
        return identity in self._said


SAME_PRODUCT: Final = N_("Row {other} has the same product with another value: {label}.")
SAME_CONTACT: Final = N_("Row {other} has the same contact with another value: {label}.")
SAME_LIST: Final = N_("Row {other} has the same price list with another value: {label}.")
