"""A page of a pull taken in: rows, scopes won and lost, cursors and conflicts, all in one transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.change import Touched
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.protocol.codec import to_json
from kam_desktop.store import forgetting, landing, own_echo
from kam_desktop.store.landing import Landing
from kam_desktop.store.shown_rows import keep_base, plain_rows_of, rows_of, show
from kam_desktop.store.sync_tables import AWAITED, acknowledged, row_scope

_CHUNK = 500
BRAKE_ROWS, BRAKE_SHARE = 20, 0.02
"""A pull that would take away more than both stops until a digest, or the user, agrees (sync protocol, rule 10)."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull answer did.

    Attributes:
        touched: for the change set; empty while a first download runs.
        removed: how many rows it takes away; with `braked` none was, and nothing was written.
        ended: the first download of the last scope ended with this page.
        unlike: this laptop does not hold what the server took for its own writing: nothing was written, and the same is
            to be asked for as whole rows.
        done: all that it brings was here before, and nothing is left to be indexed or forgotten.
    """

    touched: tuple[Touched, ...]
    removed: int
    braked: bool
    ended: bool
    unlike: bool = False
    done: bool = False


def apply_pull(
    connection: sa.Connection, answer: Mapping[str, Any], *, released: bool = False, joining: bool = False
) -> Pulled:
    """Writes a page of rows, leaves and cursors, all or nothing; never over a field that still waits."""
    scopes: list[str] = answer["scopes"]
    run = connection.exec_driver_sql
    known = {row.scope: row for row in run("select scope, cursor, whole, pass from scope_cursor").all()}
    passes = {name: _pass_of(known.get(name), name in answer["restarted"]) for name in answer["cursors"]}
    first = any(_is_first(known.get(name)) for name in answer["cursors"])
    named = [(scopes[place], entity, record) for place, entity, record in answer["also"]]
    for part in answer["parts"]:
        entity = part["entity"]
        named += [(scopes[place], entity, record) for place, record in zip(part["scope"], part["id"], strict=True)]
    waiting = set(run("select distinct record from outbox").scalars())
    echo = own_echo.resolved(connection, answer.get("echo", ()))
    if echo is None or not own_echo.held(connection, echo, waiting):
        return Pulled((), 0, False, False, True)
    for part in echo:
        named += [(scopes[part["scope"]], part["entity"], each) for each in part["id"]]
    lost_scopes = [name for name in known if name not in answer["cursors"]]
    swept = [
        (name, number) for name, number in passes.items()
        if not answer["cursors"][name].startswith("-") and (name in answer["restarted"] or _is_first(known.get(name)))
    ]  # fmt: skip
    removed = _removed(connection, answer, scopes, lost_scopes, swept, named)
    if not released and _brakes(connection, len(removed)):
        return Pulled((), len(removed), True, False)
    run(
        "insert into row_scope (record, scope, entity, pass) values (?, ?, ?, ?) "
        "on conflict (record, scope) do update set pass = excluded.pass where pass <> excluded.pass",
        [(record, scope, entity, passes.get(scope, 0)) for scope, entity, record in named],
    ) if named else None
    own_echo.number(connection, echo, waiting)
    landed = Landing(connection, first=first)
    for part in answer["parts"]:
        plain = plain_rows_of(part) if first and not waiting else None
        if plain is not None:
            landed.put_plain(part["entity"], plain)
            continue
        for row in rows_of(part):
            if row["id"] in waiting:
                keep_base(connection, part["entity"], row)
                show(landed, part["entity"], row["id"])
            else:
                landed.put(part["entity"], row)
    for entity, record in removed:
        landed.drop(entity, record)
    _leave(connection, answer, scopes, lost_scopes, swept)
    _keep_cursors(connection, answer, passes, lost_scopes)
    if not answer["more"]:
        own_echo.forget(connection)
    if any(entity == "account" for entity, _ in removed):
        forgetting.owe(connection)  # handed over: no word of it stays, not even where nothing was written here
    with forgetting.overwriting(connection) if removed else contextlib.nullcontext():
        touched = landed.write()
    whole = run("select 1 from scope_cursor where whole = 0 limit 1").first() is None
    if first and whole and not joining:  # the first connect goes on, and does it at its end
        landing.rebuild_caches(connection)
    return Pulled(touched, len(removed), False, first and whole)


def _pass_of(known: Any, restarted: bool) -> int:
    if known is None:
        return 1
    return int(known[3]) + 1 if restarted else int(known[3])


def _is_first(known: Any) -> bool:
    return known is None or not known.whole


def _removed(
    connection: sa.Connection, answer: Mapping[str, Any], scopes: list[str], lost_scopes: list[str],
    swept: Sequence[tuple[str, int]], named: Sequence[tuple[str, str, str]],
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
        held_by = "select record, entity from row_scope where scope = ?"
        for record, entity in connection.exec_driver_sql(held_by, (scope,)).all():
            going.setdefault(record, set()).add(scope)
            entities[record] = entity
    met = {(record, scope) for scope, _, record in named}
    for scope, number in swept:
        unmet = "select record, entity from row_scope where scope = ? and pass < ?"
        for record, entity in connection.exec_driver_sql(unmet, (scope, number)).all():
            if (record, scope) not in met:
                going.setdefault(record, set()).add(scope)
                entities[record] = entity
    if not answer["more"]:
        for scopes_ in going.values():
            scopes_.add(AWAITED)
        here = {record for _, _, record in named}
        for record, entity in _awaited_alone(connection):
            if record not in here:
                going.setdefault(record, set()).add(AWAITED)
                entities[record] = entity
    staying = {(record, scope) for scope, _, record in named}
    found = []
    ids = list(going)
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        held: dict[str, set[str]] = {record: set() for record in part}
        scopes_of = "select record, scope from row_scope where record in (select value from json_each(?))"
        for record, scope in connection.exec_driver_sql(scopes_of, (to_json(part),)).all():
            held[record].add(scope)
        for record in part:
            left = held[record] - going[record]
            if not left and not any((record, scope) in staying for scope in answer["cursors"]):
                found.append((entities[record], record))
    return found


def _awaited_alone(connection: sa.Connection) -> list[tuple[str, str]]:
    """(record, entity) of what was made here and stands in no scope that a pull named."""
    rows = connection.exec_driver_sql(
        "select record, entity from row_scope a where a.scope = ? and not exists "
        "(select 1 from row_scope b where b.record = a.record and b.scope <> a.scope)",
        (AWAITED,),
    )
    return [(row[0], row[1]) for row in rows.all()]


def _awaited(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """With the last page every scope of what was made here is known: a pull begins only after what was pushed."""
    return () if answer["more"] else (AWAITED,)


def _brakes(connection: sa.Connection, removed: int) -> bool:
    if removed <= BRAKE_ROWS:
        return False
    count = connection.execute(sa.select(sa.func.count(sa.distinct(row_scope.c.record)))).scalar_one()
    return removed > BRAKE_SHARE * int(count)


def _leave(
    connection: sa.Connection, answer: Mapping[str, Any], scopes: list[str], lost_scopes: list[str],
    swept: Sequence[tuple[str, int]],
) -> None:  # fmt: skip
    if answer["leaves"]:
        connection.exec_driver_sql(
            "delete from row_scope where record = ? and scope = ?",
            [(record, scopes[place]) for place, _, record in answer["leaves"]],
        )
    for scope in (*lost_scopes, *_awaited(answer)):
        connection.exec_driver_sql("delete from row_scope where scope = ?", (scope,))
    for scope_and_pass in swept:  # what a download did not meet that ended now
        connection.exec_driver_sql("delete from row_scope where scope = ? and pass < ?", scope_and_pass)


def _keep_cursors(
    connection: sa.Connection, answer: Mapping[str, Any], passes: Mapping[str, int], lost_scopes: list[str]
) -> None:
    for scope in lost_scopes:
        connection.exec_driver_sql("delete from scope_cursor where scope = ?", (scope,))
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
    """Keeps the other value of fields that two people changed, as the server told it.

    What a person was asked about needs its author, and stands there: it is no merge.
    """
    rows = [
        (
            each["id"], each["entity"], each["record"], to_json(each["fields"]), each["stands_by"], each["other_by"],
            each.get("at") or at, "left" if each.get("resolved") else "open",
        )
        for each in found
        if each["entity"] in BY_NAME and each.get("kind", "displaced") == "displaced"
    ]  # fmt: skip
    if rows:
        connection.exec_driver_sql(
            "insert into conflict (id, entity, record, fields, stands_by, other_by, at, state) "
            "values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do update set fields = excluded.fields, "
            "state = case when conflict.state = 'open' then excluded.state else conflict.state end",
            rows,
        )


def cursors(connection: sa.Connection) -> dict[str, str]:
    """The cursor of every scope, as the server gave it."""
    rows = connection.exec_driver_sql("select scope, cursor from scope_cursor").all()
    return {row[0]: row[1] for row in rows}


def forget_acknowledged(connection: sa.Connection, before: str) -> None:
    """Lets go of what the server took more than 30 days ago (`before` as a moment text)."""
    connection.execute(sa.delete(acknowledged).where(acknowledged.c.at < before))
