"""The call digest: sums over H(id, seq) by scope and kind, and down to rows that differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem, are_ids, bad, checksum, items
from kam_desktop.server import rows, tables
from kam_desktop.server.callers import Caller, scopes_of
from kam_desktop.server.database import Connection
from kam_desktop.server.feed import PUT
from kam_desktop.server.roots import Roots

FEW = 64
"""So many rows are listed by id instead of being divided further."""
_PREFIX = re.compile(r"[0-9a-f-]{0,36}")


def digest(connection: Connection, caller: Caller, message: Mapping[str, Any], **ports: Any) -> dict[str, Any]:
    """Three questions in one call; the sums are those of `seq`, so they count for a laptop whose cursors stand there.

    `scopes`: names → `sums` {scope: {entity: [count, sum]}}.
    `below`: [[scope, entity, beginning of ids]] → `parts`, for each {beginning: [count, sum]} or, where there are few,
    {"rows": [[id, seq]]}. `rows`: [[entity, id]] → the rows as in a pull, and `gone`, those that the caller has not.
    """
    readable = scopes_of(connection, caller)
    (seq,) = connection.one("select seq from workspace") or (0,)
    answer: dict[str, Any] = {"seq": seq, "sums": {}, "parts": [], "rows": [], "gone": []}
    for name in items(message, "scopes", 1000):
        answer["sums"][name] = _sums(connection, caller, name, readable[_checked(name, readable)])
    for each in items(message, "below", 100):
        if not isinstance(each, list) or len(each) != 3 or not all(isinstance(text, str) for text in each):
            raise bad("below")
        if each[1] not in BY_NAME or not _PREFIX.fullmatch(each[2]):
            raise bad("below")
        name = _checked(each[0], readable)
        answer["parts"].append(_below(connection, caller, name, readable[name], each[1], each[2]))
    wanted = items(message, "rows", 1000)
    if wanted:
        if not all(isinstance(each, list) and len(each) == 2 and isinstance(each[0], str) for each in wanted):
            raise bad("rows")
        if not all(each[0] in BY_NAME for each in wanted) or not are_ids([each[1] for each in wanted]):
            raise bad("rows")
        answer["rows"] = rows.parts(connection, caller, Roots(connection), {(each[0], each[1]) for each in wanted})
        found = {(part["entity"], identity) for part in answer["rows"] for identity in part["id"]}
        answer["gone"] = [each for each in wanted if (each[0], each[1]) not in found]
    return answer


def _checked(name: Any, readable: Mapping[str, frozenset[str]]) -> str:
    if not isinstance(name, str) or name not in readable:
        raise Problem(403, "forbidden", N_("Your role may not do this here."))
    return name


def _kinds(caller: Caller, relations: frozenset[str]) -> list[str]:
    found = {entity for each in relations for entity in caller.readable(each)}
    return [entity for entity in tables.ORDER if entity in found]


def _rows(connection: Connection, scope: str, entity: str, prefix: str = "") -> list[tuple[Any, ...]]:
    return connection.rows(
        f'select r.id, r._seq from feed f join "{entity}" r on r.id = f.id join scope s on s.n = f.scope '  # noqa: S608
        "where s.name = ? and f.entity = ? and f.kind = ? and f.id >= ? and f.id < ? order by r.id",
        (scope, entity, PUT, prefix, prefix + "~"),
    )


def _sums(connection: Connection, caller: Caller, scope: str, relations: frozenset[str]) -> dict[str, list[int]]:
    found = {}
    for entity in _kinds(caller, relations):
        held = _rows(connection, scope, entity)
        if held:
            found[entity] = _sum(held)
    return found


def _sum(held: list[tuple[Any, ...]]) -> list[int]:
    return [len(held), checksum([row[0] for row in held], [row[1] for row in held])]


def _below(
    connection: Connection, caller: Caller, scope: str, relations: frozenset[str], entity: str, prefix: str
) -> dict[str, Any]:
    if entity not in _kinds(caller, relations):
        return {"rows": []}
    held = _rows(connection, scope, entity, prefix)
    if len(held) <= FEW or len(prefix) >= 36:
        return {"rows": [[row[0], row[1]] for row in held]}
    # ids that begin with the time begin alike: the division is where they part
    first, last = held[0][0], held[-1][0]
    length = len(prefix)
    while length < 35 and first[: length + 1] == last[: length + 1]:
        length += 1
    groups: dict[str, list[tuple[Any, ...]]] = {}
    for row in held:
        groups.setdefault(row[0][: length + 1], []).append(row)
    return {"sums": {beginning: _sum(each) for beginning, each in groups.items()}}
