"""Answers of the server taken in: verdicts, pulled rows, scopes won and lost; each in one transaction."""

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
from kam_desktop.store.landing import EMPTIES, Landing, Row
from kam_desktop.store.outbox import Waiting, of_groups
from kam_desktop.store.sync_tables import acknowledged, base, conflict, needs_you, row_scope, scope_cursor
from kam_desktop.store.tables import outbox

_CHUNK = 500
BRAKE_ROWS, BRAKE_SHARE = 20, 0.02
"""A pull that would take away more than both stops until a digest, or the user, agrees (sync protocol, rule 10)."""


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


def rows_of(part: Mapping[str, Any]) -> list[Row]:
    """The rows of one part of an answer; fields it does not name say nothing, unknown ones are kept aside."""
    entity = part["entity"]
    known = set(BY_NAME[entity].names) | {"_extra"}
    names: list[str] = part["fields"]
    plain = [(name, column) for name, column in zip(names, part["values"], strict=True) if name in known]
    strange = [(name, column) for name, column in zip(names, part["values"], strict=True) if name not in known]
    empty = {**EMPTIES[entity], "_extra": None}
    keys = ["id", "_seq", *(name for name, _ in plain)]
    made = [
        {**empty, **dict(zip(keys, values, strict=True))}
        for values in zip(part["id"], part["seq"], *(column for _, column in plain), strict=True)
    ]
    if strange:
        for place, row in enumerate(made):
            extra = {name: column[place] for name, column in strange if column[place] is not None}
            row["_extra"] = to_json(extra) if extra else None
    return made


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
    lost: list[Waiting] = []
    made: dict[str, Verdict] = {}
    for verdict in verdicts:
        if verdict.kind not in ("accepted", "already"):
            changes = groups[verdict.group]
            _put_aside(connection, changes, verdict, at, None)
            lost += changes
            made.update({each.record: verdict for each in changes if each.action == "create"})
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
                _keep_base(connection, part["entity"], row)
                changed[part["entity"], row["id"]] = None
            else:
                changed.pop((part["entity"], row["id"]), None)
                landed.put(part["entity"], row)
    for entity, record in changed:
        _show(landed, entity, record)
    landed.free_bases([each.record for each in (*sent_changes, *lost) if each.record not in still])
    landed.free_bases([record for _, record in changed if record not in still])
    return landed.write()


def _acknowledge(connection: sa.Connection, names: Sequence[str], at: str) -> None:
    if names:
        connection.exec_driver_sql(
            "insert into acknowledged (group_id, place, entity, record, base, payload, at) "
            "select group_id, place, entity, record, base, payload, ? from outbox where group_id = ? "
            "on conflict (group_id, place) do nothing",
            [(at, name) for name in names],
        )
        connection.exec_driver_sql("delete from outbox where group_id = ?", [(name,) for name in names])


def _still_waiting(connection: sa.Connection, changes: Sequence[Waiting]) -> set[str]:
    """Records of these changes for which others wait."""
    if connection.execute(sa.select(outbox.c.n).limit(1)).first() is None:
        return set()
    found: set[str] = set()
    records = list(dict.fromkeys(each.record for each in changes))
    for start in range(0, len(records), _CHUNK):
        part = records[start : start + _CHUNK]
        found.update(connection.execute(sa.select(outbox.c.record).where(outbox.c.record.in_(part))).scalars())
    return found


def _lay_on_base(connection: sa.Connection, change: Waiting) -> None:
    """What was taken stands on the server now: later waiting changes of this record lie over it."""
    kept = _base_of(connection, change.record)
    if kept is None and change.action == "create":
        kept = (0, {**EMPTIES[change.entity], "id": change.record, "_extra": None, "_seq": None})
    if kept is None:
        return
    now = landing.laid_over(BY_NAME[change.entity], kept[1], [(change.action, change.new)])
    if now is None:
        connection.execute(sa.delete(base).where(base.c.record == change.record))
    else:
        _keep_base(connection, change.entity, now, seq=kept[0])


def _put_aside_behind(connection: sa.Connection, made: dict[str, Verdict], at: str) -> list[Waiting]:
    """What waits on, or under, a record that was not made waits with it as one entry; gives what was moved."""
    moved: list[Waiting] = []
    fresh = bool(made)
    while fresh:
        fresh = False
        reasons: dict[str, Verdict] = {}
        for row in connection.execute(sa.select(outbox).order_by(outbox.c.n)):
            new = orjson.loads(row.payload)["new"]
            named = {row.record, *(new.get(each.name) for each in BY_NAME[row.entity].fields if each.to)}
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
        {"entity": each.entity, "id": each.record, "action": each.action, "old": each.old, "new": each.new}
        for each in changes
    ]
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


def _base_of(connection: sa.Connection, record: str) -> tuple[int, Row] | None:
    kept = connection.execute(sa.select(base.c.seq, base.c.row).where(base.c.record == record)).one_or_none()
    return None if kept is None else (kept.seq, landing.unpacked(kept.row))


def _keep_base(connection: sa.Connection, entity: str, row: Row, seq: int | None = None) -> None:
    """Keeps a row of the server, never an older one over a newer one."""
    number = seq if seq is not None else row.get("_seq") or 0
    connection.exec_driver_sql(
        "insert into base (entity, record, seq, row) values (?, ?, ?, ?) on conflict (record) do update set "
        "seq = excluded.seq, row = excluded.row where excluded.seq >= base.seq",
        (entity, row["id"], number, landing.packed(row)),
    )


def _patches(connection: sa.Connection, record: str) -> list[tuple[str, Mapping[str, Any]]]:
    rows = connection.execute(sa.select(outbox.c.payload).where(outbox.c.record == record).order_by(outbox.c.n))
    changes = [orjson.loads(row.payload) for row in rows]
    return [(change["action"], change["new"]) for change in changes]


def _show(landed: Landing, entity: str, record: str) -> None:
    """The record as it is to be seen: what the server has, with what still waits laid over it."""
    kept = _base_of(landed.connection, record)
    row = kept[1] if kept is not None else None
    if row is not None:
        row["_seq"] = kept[0] if kept is not None and kept[0] else None
    now = landing.laid_over(BY_NAME[entity], row, _patches(landed.connection, record))
    if now is None:
        landed.drop(entity, record)
    else:
        now["id"] = record
        landed.put(entity, now)


# Pulled rows.


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull answer did.

    Attributes:
        touched: for the change set; empty while a first download runs.
        removed: how many rows it takes away; with `braked` none was, and nothing was written.
        ended: the first download of the last scope ended with this page.
    """

    touched: tuple[Touched, ...]
    removed: int
    braked: bool
    ended: bool


def apply_pull(connection: sa.Connection, answer: Mapping[str, Any], *, released: bool = False) -> Pulled:
    """Writes a page of rows, leaves and cursors, all or nothing; never over a field that still waits."""
    scopes: list[str] = answer["scopes"]
    known = {row.scope: row for row in connection.execute(sa.select(scope_cursor))}
    passes = {name: _pass_of(known.get(name), name in answer["restarted"]) for name in answer["cursors"]}
    first = any(_is_first(known.get(name), name in answer["restarted"]) for name in answer["cursors"])
    named = [(scopes[place], entity, record) for place, entity, record in answer["also"]]
    for part in answer["parts"]:
        entity = part["entity"]
        named += [(scopes[place], entity, record) for place, record in zip(part["scope"], part["id"], strict=True)]
    lost_scopes = [name for name in known if name not in answer["cursors"]]
    removed = _removed(connection, answer, scopes, lost_scopes, passes, named)
    if not released and _brakes(connection, len(removed)):
        return Pulled((), len(removed), True, False)
    connection.exec_driver_sql(
        "insert into row_scope (record, scope, entity, pass) values (?, ?, ?, ?) "
        "on conflict (record, scope) do update set pass = excluded.pass",
        [(record, scope, entity, passes.get(scope, 0)) for scope, entity, record in named],
    ) if named else None
    landed = Landing(connection, first=first)
    waiting = set(connection.execute(sa.select(outbox.c.record).distinct()).scalars())
    for part in answer["parts"]:
        for row in rows_of(part):
            if row["id"] in waiting:
                _keep_base(connection, part["entity"], row)
                _show(landed, part["entity"], row["id"])
            else:
                landed.put(part["entity"], row)
    for entity, record in removed:
        landed.drop(entity, record)
    _leave(connection, answer, scopes, lost_scopes, passes)
    _keep_cursors(connection, answer, passes, lost_scopes)
    touched = landed.write()
    whole = not connection.execute(sa.select(scope_cursor.c.scope).where(scope_cursor.c.whole == 0).limit(1)).first()
    if first and whole:
        landing.rebuild_caches(connection)
    return Pulled(touched, len(removed), False, first and whole)


def _pass_of(known: Any, restarted: bool) -> int:
    if known is None:
        return 1
    return int(known[3]) + 1 if restarted else int(known[3])


def _is_first(known: Any, restarted: bool) -> bool:
    return known is None or not known.whole


def _removed(
    connection: sa.Connection, answer: Mapping[str, Any], scopes: list[str], lost_scopes: list[str],
    passes: Mapping[str, int], named: Sequence[tuple[str, str, str]],
) -> list[tuple[str, str]]:  # fmt: skip
    """(entity, record) of everything whose last scope goes with this answer."""
    going: dict[str, set[str]] = {}
    entities: dict[str, str] = {}
    for place, entity, record in answer["leaves"]:
        if entity not in BY_NAME:
            continue  # of a newer server, or a conflict record: it is no row here
        going.setdefault(record, set()).add(scopes[place])
        entities[record] = entity
    for scope in lost_scopes:
        for row in connection.execute(sa.select(row_scope).where(row_scope.c.scope == scope)):
            going.setdefault(row.record, set()).add(scope)
            entities[row.record] = row.entity
    met = {(record, scope) for scope, _, record in named}
    for scope, number in passes.items():
        if answer["cursors"][scope].startswith("-"):
            continue  # its download goes on; what is swept is known at its end
        swept = sa.select(row_scope).where(row_scope.c.scope == scope, row_scope.c["pass"] < number)
        for row in connection.execute(swept):
            if (row.record, scope) not in met:
                going.setdefault(row.record, set()).add(scope)
                entities[row.record] = row.entity
    staying = {(record, scope) for scope, _, record in named}
    found = []
    ids = list(going)
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        held: dict[str, set[str]] = {record: set() for record in part}
        for row in connection.execute(sa.select(row_scope).where(row_scope.c.record.in_(part))):
            held[row.record].add(row.scope)
        for record in part:
            left = held[record] - going[record]
            if not left and not any((record, scope) in staying for scope in answer["cursors"]):
                found.append((entities[record], record))
    return found


def _brakes(connection: sa.Connection, removed: int) -> bool:
    if removed <= BRAKE_ROWS:
        return False
    count = connection.execute(sa.select(sa.func.count(sa.distinct(row_scope.c.record)))).scalar_one()
    return removed > BRAKE_SHARE * int(count)


def _leave(
    connection: sa.Connection, answer: Mapping[str, Any], scopes: list[str], lost_scopes: list[str],
    passes: Mapping[str, int],
) -> None:  # fmt: skip
    if answer["leaves"]:
        connection.exec_driver_sql(
            "delete from row_scope where record = ? and scope = ?",
            [(record, scopes[place]) for place, _, record in answer["leaves"]],
        )
    for scope in lost_scopes:
        connection.execute(sa.delete(row_scope).where(row_scope.c.scope == scope))
    for scope, number in passes.items():
        if not answer["cursors"][scope].startswith("-"):
            connection.execute(sa.delete(row_scope).where(row_scope.c.scope == scope, row_scope.c["pass"] < number))


def _keep_cursors(
    connection: sa.Connection, answer: Mapping[str, Any], passes: Mapping[str, int], lost_scopes: list[str]
) -> None:
    for scope in lost_scopes:
        connection.execute(sa.delete(scope_cursor).where(scope_cursor.c.scope == scope))
    totals = answer.get("total") or {}
    connection.exec_driver_sql(
        "insert into scope_cursor (scope, cursor, whole, pass, total) values (?, ?, ?, ?, ?) on conflict (scope) "
        "do update set cursor = excluded.cursor, whole = excluded.whole, pass = excluded.pass, "
        "total = coalesce(excluded.total, total)",
        [
            (scope, cursor, 0 if cursor.startswith("-") else 1, passes[scope], totals.get(scope))
            for scope, cursor in answer["cursors"].items()
        ],
    )


def keep_conflicts(connection: sa.Connection, found: Sequence[Mapping[str, Any]], at: str) -> None:
    """Keeps the other value of fields that two people changed, as the server told it."""
    for each in found:
        connection.execute(
            sa.insert(conflict).prefix_with("or ignore").values(
                id=each["id"], entity=each["entity"], record=each["record"], fields=to_json(each["fields"]),
                stands_by=each.get("stands_by", ""), other_by=each.get("other_by", ""), at=at, state="open",
            )
        )  # fmt: skip


def cursors(connection: sa.Connection) -> dict[str, str]:
    """The cursor of every scope, as the server gave it."""
    return {row.scope: row.cursor for row in connection.execute(sa.select(scope_cursor))}


def forget_acknowledged(connection: sa.Connection, before: str) -> None:
    """Lets go of what the server took more than 30 days ago (`before` as a moment text)."""
    connection.execute(sa.delete(acknowledged).where(acknowledged.c.at < before))
