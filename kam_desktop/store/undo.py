"""Undo and redo: a new change that puts back what a step changed and nobody changed since."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.change import Action, Change, wire_value
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.protocol.codec import from_fields
from kam_desktop.store.tables import history, undo_step
from kam_desktop.store.unit_of_work import UnitOfWork

UNDOABLE = ("edit", "import")


@dataclass(frozen=True, slots=True)
class Kept:
    """One record that an undo left as it is, and why."""

    entity: str
    id: str
    title: str
    reason: str  # changed_since | has_children | exists_again


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What an undo or redo did.

    Attributes:
        step: the step that was taken back or done again.
        label, label_args: its sentence.
        changed: how many records it changed.
        kept: the records that it left alone.
    """

    step: int
    label: str
    label_args: dict[str, str]
    changed: int
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of this person on this laptop, as undo lists show it."""

    number: int
    label: str
    label_args: dict[str, str]
    kind: str
    at: str
    state: str


def steps(connection: sa.Connection, limit: int = 100, kinds: Sequence[str] = UNDOABLE) -> list[StepRow]:
    """The newest steps first."""
    statement = sa.select(undo_step).where(undo_step.c.kind.in_(kinds)).order_by(undo_step.c.n.desc()).limit(limit)
    return [
        StepRow(row.n, row.label, json.loads(row.label_args), row.kind, row.at, row.state)
        for row in connection.execute(statement)
    ]


def next_to_undo(connection: sa.Connection) -> int | None:
    """The newest step that still stands."""
    statement = sa.select(sa.func.max(undo_step.c.n)).where(undo_step.c.kind.in_(UNDOABLE), undo_step.c.state == "done")
    return connection.execute(statement).scalar()


def next_to_redo(connection: sa.Connection) -> int | None:
    """The step that was taken back last, if no other edit came since."""
    answer = sa.alias(undo_step)
    statement = (
        sa.select(undo_step.c.n)
        .join(answer, answer.c.answers == undo_step.c.n)
        .where(undo_step.c.state == "undone", answer.c.kind == "undo")
        .order_by(answer.c.n.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar()


def take_back(uow: UnitOfWork, number: int, *, redo: bool = False) -> UndoReport:
    """Writes into `uow` what takes the step back (or does it again). Flushing is the caller's.

    Raises Refused when there is no such step, or it is already taken back.
    """
    connection = uow.connection
    row = connection.execute(sa.select(undo_step).where(undo_step.c.n == number)).one_or_none()
    if row is None or row.kind not in UNDOABLE or row.state != ("undone" if redo else "done"):
        raise Refused(Problem("step", "nothing_to_undo", "There is nothing to take back."))
    latest = connection.execute(
        sa.select(sa.func.max(undo_step.c.n)).where(
            undo_step.c.answers == number, undo_step.c.kind == ("undo" if redo else "redo")
        )
    ).scalar()
    changes = _changes_of(connection, latest or number)
    kept: list[Kept] = []
    groups: dict[str, str] = {}
    for change in reversed(changes):
        if change.group not in groups:
            uow.new_group()
            groups[change.group] = change.group
        _invert(uow, change, kept)
    _keep_parents(uow, kept)
    changed = len(changes) - len({(each.entity, each.id) for each in kept})
    connection.execute(sa.update(undo_step).where(undo_step.c.n == number).values(state="done" if redo else "undone"))
    return UndoReport(number, row.label, json.loads(row.label_args), changed, tuple(kept))


def _changes_of(connection: sa.Connection, number: int) -> list[Change]:
    rows = connection.execute(sa.select(history).where(history.c.step == number).order_by(history.c.n))
    return [
        Change(
            row.group_id,
            row.place,
            row.entity,
            row.record,
            Action(row.action),
            json.loads(row.old),
            json.loads(row.new),
            row.author,
            row.written_at,
        )
        for row in rows
    ]


def _invert(uow: UnitOfWork, change: Change, kept: list[Kept]) -> None:
    entity = BY_NAME[change.entity]
    current = uow.get(entity.record, change.record)
    action, seen, back = change.inverse_values()
    if action is Action.CREATE:
        if current is not None:
            kept.append(_kept(current, "exists_again"))
        else:
            uow.put(from_fields(entity, change.record, back))
        return
    if current is None:
        return  # it is gone already, and what is gone is not taken back
    if action is Action.DELETE:
        if current != from_fields(entity, change.record, seen):
            kept.append(_kept(current, "changed_since"))
        else:
            uow.take_back(entity.record, change.record)
        return
    restored: dict[str, Any] = {}
    for each in entity.fields:
        if each.name in seen:
            if wire_value(each.kind, getattr(current, each.name)) == seen[each.name]:
                restored[each.name] = getattr(
                    from_fields(entity, change.record, {each.name: back[each.name]}), each.name
                )
            else:
                kept.append(_kept(current, "changed_since"))
    if restored:
        uow.put(dataclasses.replace(current, **restored))


def _kept(record: Record, reason: str) -> Kept:
    entity = type(record).entity
    return Kept(entity.name, record.id, str(getattr(record, entity.title)), reason)


def _keep_parents(uow: UnitOfWork, kept: list[Kept]) -> None:
    """A created record that something else hangs on by now is archived, or stays; so do its own parents."""
    again = True
    while again:
        again = False
        for name, identity in uow.deletions():
            if uow.children_of(name, [identity]):
                record = uow.restore(name, identity)
                if "archived" in BY_NAME[name].names:
                    archived: dict[str, Any] = {"archived": True}
                    uow.put(dataclasses.replace(record, **archived))
                kept.append(_kept(record, "has_children"))
                again = True
