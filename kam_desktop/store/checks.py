"""What an edit must fulfil before it is written: rules, references, frozen versions, nothing orphaned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from kam_desktop.domain.change import Action
from kam_desktop.domain.entities import BY_NAME, ENTITIES
from kam_desktop.domain.entity import Entity, Policy, Record, problems_of
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.fields import Kind
from kam_desktop.language import N_
from kam_desktop.store.tables import RECORDS

R = TypeVar("R", bound=Record)
Key = tuple[str, str]
"""(entity, id)."""
Pending = tuple[str, str, Action, dict[str, Any], dict[str, Any]]
"""One change in the making: entity, id, action, old and new wire values."""

REFS = {record.entity.name: [each for each in record.entity.fields if each.kind is Kind.REF] for record in ENTITIES}
OWNED_BY: dict[str, list[tuple[str, str]]] = {record.entity.name: [] for record in ENTITIES}
"""For each entity the (entity, field) of records that hang on it."""
for _record in ENTITIES:
    for _each in REFS[_record.entity.name]:
        if _each.owns:
            OWNED_BY[_each.to].append((_record.entity.name, _each.name))


class Edit(Protocol):
    """What the checks need of a unit of work."""

    connection: sa.Connection

    def saved(self, record: type[R], identity: str) -> R | None:
        """The record as it is in the store, without this edit."""

    def children_of(self, name: str, ids: Sequence[str]) -> list[Key]:
        """Records that hang on one of these and stay."""


def problems(
    edit: Edit,
    pending: Sequence[Pending],
    was: Mapping[Key, Record | None],
    now: Mapping[Key, Record | None],
    unchecked: Collection[Key],
    kind: str,
    *,
    references: bool = True,
) -> list[Problem]:
    """Everything that is wrong with an edit, all at once.

    Args:
        unchecked: records whose policy does not count, because an undo takes them back.
        references: False when the caller checks references itself.
        kind: of the step; an undo or redo may also take back facts and lines of a sent version.
    """
    answering = kind in ("undo", "redo")
    found: list[Problem] = []
    for name, identity, action, _, new in pending:
        record = now[name, identity]
        if record is not None:
            found += problems_of(record)
        if not answering and (name, identity) not in unchecked:
            found += _policy(BY_NAME[name], action, was[name, identity], new)
    if references:
        found += _missing_references(edit, pending, now)
    if not answering:
        found += _frozen_parents(edit, pending, was, now)
    found += _orphans(edit, pending)
    return found


def _policy(entity: Entity, action: Action, was: Record | None, new: Mapping[str, Any]) -> list[Problem]:
    if action is not Action.CREATE and entity.policy is Policy.APPEND_ONLY:
        return [
            Problem("", "fact", "{label}: a recorded fact is not edited; record its reversal.", {"label": entity.label})
        ]
    if action is Action.DELETE and "archived" in entity.names:
        return [Problem("", "archive", "{label}: archive it instead of deleting it.", {"label": entity.label})]
    if was is not None and entity.frozen_when is not None and entity.frozen_when(was) and set(new) - {"status"}:
        return [_FROZEN]
    return []


_FROZEN = Problem("", "frozen", "This version was sent and no longer changes. Make a new version.")


def _missing_references(edit: Edit, pending: Sequence[Pending], now: Mapping[Key, Record | None]) -> list[Problem]:
    wanted: dict[str, dict[str, tuple[str, str]]] = {}
    for name, _, action, _, new in pending:
        if action is Action.DELETE:
            continue
        for each in REFS[name]:
            target = new.get(each.name)
            if target and not each.loose and now.get((each.to, target)) is None:
                wanted.setdefault(each.to, {})[target] = (each.name, each.label)
    found = []
    for name, targets in wanted.items():
        for target in sorted(targets.keys() - _existing(edit.connection, name, targets, now)):
            field, label = targets[target]
            message = N_("{label}: the record it points to does not exist.")
            found.append(Problem(field, "missing_reference", message, {"label": label}))
    return found


def _existing(connection: sa.Connection, name: str, ids: Iterable[str], now: Mapping[Key, Record | None]) -> set[str]:
    table, wanted = RECORDS[name], list(ids)
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        found.update(connection.execute(sa.select(table.c.id).where(table.c.id.in_(part))).scalars())
    return {each for each in found if (name, each) not in now or now[name, each] is not None}


def _frozen_parents(
    edit: Edit, pending: Sequence[Pending], was: Mapping[Key, Record | None], now: Mapping[Key, Record | None]
) -> list[Problem]:
    """A line of a version that was sent does not change, come or go."""
    parents: dict[Key, Entity] = {}
    for name, identity, _, _, _ in pending:
        for record in (was[name, identity], now[name, identity]):
            for each in REFS[name] if record is not None else ():
                target = getattr(record, each.name)
                if each.owns and target and BY_NAME[each.to].frozen_when:
                    parents[each.to, target] = BY_NAME[each.to]
    found = []
    for (name, identity), entity in parents.items():
        saved = was.get((name, identity)) or edit.saved(entity.record, identity)
        if saved is not None and entity.frozen_when is not None and entity.frozen_when(saved):
            found.append(_FROZEN)
    return found


def _orphans(edit: Edit, pending: Sequence[Pending]) -> list[Problem]:
    gone: dict[str, list[str]] = {}
    for name, identity, action, _, _ in pending:
        if action is Action.DELETE:
            gone.setdefault(name, []).append(identity)
    message = N_("{label}: other records hang on it, so it cannot be deleted.")
    return [
        Problem("", "has_children", message, {"label": BY_NAME[name].label})
        for name, ids in gone.items()
        if edit.children_of(name, ids)
    ]
