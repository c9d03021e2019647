"""What waits for the server, what needs its author, which values two people changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from kam_desktop.domain.change import Action, Value
from kam_desktop.store import settling
from kam_desktop.store.sync_tables import acknowledged, conflict, needs_you
from kam_desktop.store.tables import outbox


@dataclass(frozen=True, slots=True)
class Kept:
    """One change as its author made it: wire values before and after, and when by their own clock."""

    entity: str
    record: str
    action: Action
    old: Mapping[str, Value]
    new: Mapping[str, Value]
    at: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A group that the server did not take.

    Attributes:
        kind: refused | conflict | stuck.
        problem: where, code, message and args of why.
        theirs: what the server holds of the fields that a person decides about.
        behind: how many other groups wait with it, because its record was never made there.
        state: open | sent_again | dropped.
    """

    id: str
    kind: str
    problem: Mapping[str, Any]
    entity: str
    record: str
    changes: tuple[Kept, ...]
    theirs: Mapping[str, Value]
    at: str
    behind: int
    state: str = "open"


@dataclass(frozen=True, slots=True)
class Merged:
    """Fields of one record that two people changed; one value stands, the other can be put back.

    Attributes:
        fields: field → (the value that stands, the other one), as wire values.
        state: open | restored | joined | left.
    """

    id: str
    entity: str
    record: str
    fields: Mapping[str, tuple[Value, Value]]
    stands_by: str
    other_by: str
    at: str
    state: str


@dataclass(frozen=True, slots=True)
class Step:
    """One group that waits, or that the server took: what it changed first, and how much more."""

    group: str
    entity: str
    record: str
    changes: int
    at: str


def needs(connection: sa.Connection, identity: str = "") -> list[Need]:
    """What needs its author, the newest first; or the one of that id."""
    return _needs(connection, needs_you.c.state == "open", identity)


def settled(connection: sa.Connection, limit: int = 200) -> list[Need]:
    """What needed its author and was decided, the newest first."""
    return _needs(connection, needs_you.c.state.in_(("sent_again", "dropped")), limit=limit)


def _needs(connection: sa.Connection, which: Any, identity: str = "", limit: int = 10_000) -> list[Need]:
    statement = sa.select(needs_you).where(which, needs_you.c.behind.is_(None))
    if identity:
        statement = statement.where(needs_you.c.id == identity)
    counted = connection.execute(
        sa.select(needs_you.c.behind, sa.func.count())
        .where(needs_you.c.state == "open", needs_you.c.behind.is_not(None))
        .group_by(needs_you.c.behind)
    )
    behind = {row[0]: row[1] for row in counted}
    return [
        Need(
            row.id, row.kind, orjson.loads(row.problem), row.entity, row.record, _kept(row.changes),
            orjson.loads(row.theirs), row.at, behind.get(row.id, 0), row.state,
        )
        for row in connection.execute(statement.order_by(needs_you.c.at.desc(), needs_you.c.id).limit(limit))
    ]  # fmt: skip


def behind(connection: sa.Connection, identity: str) -> list[tuple[Kept, ...]]:
    """The changes of the groups that wait with an entry, in the order in which they were made."""
    rows = connection.execute(
        sa.select(needs_you.c.changes).where(needs_you.c.behind == identity, needs_you.c.state == "open")
    )
    return [_kept(row.changes) for row in rows]


def settle(connection: sa.Connection, identity: str, state: str) -> None:
    """Closes an entry and those that wait with it: sent_again or dropped."""
    connection.execute(
        sa.update(needs_you)
        .where(sa.or_(needs_you.c.id == identity, needs_you.c.behind == identity))
        .values(state=state)
    )


def merged(connection: sa.Connection, limit: int = 200, *, record: str = "") -> list[Merged]:
    """Values that were displaced by a merge, the newest first."""
    statement = (
        sa.select(conflict).where(conflict.c.fields != "{}").order_by(conflict.c.at.desc(), conflict.c.id).limit(limit)
    )
    if record:
        statement = statement.where(conflict.c.record == record)
    return [
        Merged(
            row.id, row.entity, row.record,
            {name: (each["stands"], each["other"]) for name, each in orjson.loads(row.fields).items()},
            row.stands_by, row.other_by, row.at, row.state,
        )
        for row in connection.execute(statement)
    ]  # fmt: skip


def settle_merged(connection: sa.Connection, identity: str, state: str) -> None:
    """Notes what became of a displaced value: restored, joined with the one that stands, or left.

    With the next push everybody who sees the record is told that it is dealt with; one that is open again after that
    is open here alone.
    """
    connection.execute(sa.update(conflict).where(conflict.c.id == identity).values(state=state))
    settling.note(connection, identity, settled=state != "open")


def waiting(connection: sa.Connection, limit: int = 500) -> list[Step]:
    """Groups that the server has not answered for, the oldest first."""
    return _steps(connection, outbox, sa.func.min(outbox.c.n), limit)


def taken(connection: sa.Connection, limit: int = 200) -> list[Step]:
    """Groups that the server took, the newest first."""
    return _steps(connection, acknowledged, sa.func.max(acknowledged.c.n).desc(), limit)


def _steps(connection: sa.Connection, table: sa.Table, order: Any, limit: int) -> list[Step]:
    first = sa.func.min(table.c.place)
    statement = (
        sa.select(
            table.c.group_id, sa.func.count().label("many"), first.label("first"), sa.func.min(table.c.n).label("n")
        )
        .group_by(table.c.group_id)
        .order_by(order)
        .limit(limit)
    )
    found = []
    for row in connection.execute(statement).all():
        head = connection.execute(
            sa.select(table).where(table.c.group_id == row.group_id, table.c.place == row.first)
        ).one()
        at = orjson.loads(head.payload)["written_at"]
        found.append(Step(row.group_id, head.entity, head.record, row.many, at))
    return found


def _kept(text: str) -> tuple[Kept, ...]:
    raw: Sequence[Mapping[str, Any]] = orjson.loads(text)
    return tuple(
        Kept(each["entity"], each["id"], Action(each["action"]), each["old"], each["new"], each.get("at", ""))
        for each in raw
    )
