"""What became of groups that were sent: taken, or shown as the server has it, waiting for the author."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from kam_desktop.domain.change import Change, Touched
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.language import N_
from kam_desktop.protocol.codec import to_json
from kam_desktop.store import landing
from kam_desktop.store.landing import EMPTIES, Landing
from kam_desktop.store.outbox import Waiting, any_waits, of_groups
from kam_desktop.store.shown_rows import base_of, keep_base, rows_of, show
from kam_desktop.store.sync_tables import AWAITED, base, needs_you
from kam_desktop.store.tables import outbox


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the server said of one group.

    Attributes:
        kind: accepted | already | conflict | refused.
        problem: where, code, message and args of a refusal; what was asked about of a conflict.
        theirs: field → value as the server holds it, of the fields that a person decides.
    """

    group: str
    kind: str
    problem: Mapping[str, Any]
    theirs: Mapping[str, Any]


def apply_verdicts(
    connection: sa.Connection,
    sent: Sequence[Sequence[Waiting]],
    verdicts: Sequence[Verdict],
    parts: Sequence[Mapping[str, Any]],
    at: str,
) -> tuple[Touched, ...]:
    """Takes in what became of the groups that were sent; `parts` are rows that came out otherwise than sent.

    What was refused, or must be asked about, is shown again as the server has it, and waits for its author whole,
    together with everything that hangs on a record which was never made.
    """
    groups = {group[0].group: group for group in sent}
    landed = Landing(connection)
    taken = [each.group for each in verdicts if each.kind in ("accepted", "already")]
    _acknowledge(connection, taken, at)
    _await_scope(connection, [each for name in taken for each in groups[name]])
    lost: list[Waiting] = []
    made: dict[str, Verdict] = {}
    for verdict in verdicts:
        if verdict.kind not in ("accepted", "already"):
            changes = groups[verdict.group]
            named = {name for each in changes for name in _named(each.entity, each.record, each.new)}
            cause = next((made[name] for name in named if name in made), None)
            _put_aside(connection, changes, verdict, at, cause.group if cause else None)
            lost += changes
            made.update({each.record: cause or verdict for each in changes if each.action == "create"})
    lost += _put_aside_behind(connection, made, at)
    sent_changes = [change for group in sent for change in group]
    still = _still_waiting(connection, sent_changes)
    for change in (each for name in taken for each in groups[name]):
        if change.record in still:
            _lay_on_base(connection, change)
    changed = {(each.entity, each.record): None for each in lost}
    for part in parts:
        for row in rows_of(part):
            if row["id"] in still:
                keep_base(connection, part["entity"], row)
                changed[part["entity"], row["id"]] = None
            else:
                changed.pop((part["entity"], row["id"]), None)
                landed.put(part["entity"], row)
    for entity, record in changed:
        show(landed, entity, record)
    landed.free_bases([each.record for each in (*sent_changes, *lost) if each.record not in still])
    landed.free_bases([record for _, record in changed if record not in still])
    return landed.write()


def _acknowledge(connection: sa.Connection, names: Sequence[str], at: str) -> None:
    if names:
        connection.exec_driver_sql(
            "insert into acknowledged (group_id, place, entity, record, base, payload, at) "
            "select group_id, place, entity, record, base, payload, ? from outbox where group_id in (select value "
            "from json_each(?)) order by n on conflict (group_id, place) do nothing",
            (at, to_json(list(names))),
        )
        connection.exec_driver_sql(
            "delete from outbox where group_id in (select value from json_each(?))", (to_json(list(names)),)
        )


def _await_scope(connection: sa.Connection, changes: Sequence[Waiting]) -> None:
    """What was made here is in no scope until a pull says in which; what none names when all is pulled is not ours."""
    made = [(each.record, AWAITED, each.entity, 0) for each in changes if each.action == "create"]
    if made:
        connection.exec_driver_sql(
            "insert into row_scope (record, scope, entity, pass) values (?, ?, ?, ?) on conflict do nothing", made
        )


def _still_waiting(connection: sa.Connection, changes: Sequence[Waiting]) -> set[str]:
    """Records of these changes for which others wait."""
    if not any_waits(connection):
        return set()
    records = to_json(list({each.record for each in changes}))
    rows = connection.exec_driver_sql(
        "select record from outbox where record in (select value from json_each(?))", (records,)
    )
    return set(rows.scalars())


def _lay_on_base(connection: sa.Connection, change: Waiting) -> None:
    """What was taken stands on the server now: later waiting changes of this record lie over it."""
    kept = base_of(connection, change.record)
    if kept is None and change.action == "create":
        kept = (0, {**EMPTIES[change.entity], "id": change.record, "_extra": None, "_seq": None})
    if kept is None:
        return
    now = landing.laid_over(BY_NAME[change.entity], kept[1], [(change.action, change.new)])
    if now is None:
        connection.execute(sa.delete(base).where(base.c.record == change.record))
    else:
        keep_base(connection, change.entity, now, seq=kept[0])


def _named(entity: str, record: str, new: Mapping[str, Any]) -> set[Any]:
    """The record of a change and those that it refers to."""
    return {record, *(new.get(each.name) for each in BY_NAME[entity].fields if each.to)}


def _put_aside_behind(connection: sa.Connection, made: dict[str, Verdict], at: str) -> list[Waiting]:
    """What waits on, or under, a record that was not made waits with it as one entry; gives what was moved."""
    moved: list[Waiting] = []
    fresh = bool(made)
    while fresh:
        fresh = False
        reasons: dict[str, Verdict] = {}
        for row in connection.execute(sa.select(outbox).order_by(outbox.c.n)):
            named = _named(row.entity, row.record, orjson.loads(row.payload)["new"])
            for record in named & made.keys():
                reasons.setdefault(row.group_id, made[record])
        for group in of_groups(connection, list(reasons)):
            cause = reasons[group[0].group]
            _put_aside(connection, group, Verdict(group[0].group, cause.kind, cause.problem, {}), at, cause.group)
            moved += group
            made.update({each.record: cause for each in group if each.action == "create"})
            fresh = True
    return moved


def _put_aside(
    connection: sa.Connection, changes: Sequence[Waiting], verdict: Verdict, at: str, behind: str | None
) -> None:
    head = changes[0]
    content = [
        {
            "entity": each.entity, "id": each.record, "action": each.action, "old": each.old, "new": each.new,
            "at": each.written_at,
        }
        for each in changes
    ]  # fmt: skip
    connection.execute(
        sa.insert(needs_you).values(
            id=verdict.group, kind=verdict.kind, problem=to_json(dict(verdict.problem)), entity=head.entity,
            record=head.record, changes=to_json(content), theirs=to_json(dict(verdict.theirs)), at=at, state="open",
            behind=behind,
        )
    )  # fmt: skip
    connection.execute(sa.delete(outbox).where(outbox.c.group_id == verdict.group))


def keep_unwritable(connection: sa.Connection, change: Change, at: str) -> None:
    """Lists a record, or fields of one, that the user's role may not write: it stays here and is not sent."""
    problem = {
        "where": "", "code": "role_may_not", "args": {},
        "message": N_("Your role may not write this on the shared server. It stays on this computer."),
    }  # fmt: skip
    made = Waiting(
        0, change.group, 0, change.entity, change.record, change.action.value, 0, dict(change.old), dict(change.new), at
    )
    _put_aside(connection, [made], Verdict(change.group, "refused", problem, {}), at, None)
