"""Conflict records: the value that did not stand, kept until a person dealt with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from kam_desktop.domain.ids import derived
from kam_desktop.server import feed
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection
from kam_desktop.server.deciding import Deed
from kam_desktop.server.roots import Roots
from kam_desktop.server.tables import CONFLICT
from kam_desktop.server.values import wires

COLUMNS = (
    "id", "entity", "record", "kind", "theirs", "mine", "kept", "author", "other", "group_id", "at", "seq", "resolved",
)  # fmt: skip


def rows_of(connection: Connection, deed: Deed, group: str, seq: int, author: str, at: str) -> list[tuple[Any, ...]]:
    """What is to be kept of one change that met another's: nothing, or one record of each kind.

    Their ids come from the change, not from dice: those of one change share its number, and a page goes on by id.
    """
    entity, record = deed.row.entity, deed.row.id
    found = []

    def keep(kind: str, theirs: Mapping[str, Any], mine: Mapping[str, Any], kept: str) -> None:
        told = connection.one("select author from change_log where seq = ?", (deed.other,)) if deed.other else None
        texts = [orjson.dumps(wires(entity, each)).decode() for each in (theirs, mine)]
        identity = derived("conflict", group, str(deed.change.within), kind)
        found.append(
            (identity, entity, record, kind, *texts, kept, author, told[0] if told else "", group, at, seq, None)
        )

    if deed.displaced:
        keep("displaced", deed.displaced, {name: deed.wrote[name] for name in deed.displaced}, "mine")
    if deed.kind == "kept":
        keep("kept", deed.theirs, {}, "theirs")
    elif deed.asked:
        keep(deed.kind, deed.theirs, deed.asked, "theirs")
    if deed.revived and deed.row.was is not None:
        keep("revived", {}, deed.wrote, "mine")
    return found


def told(row: Sequence[Any], hidden: Iterable[str]) -> dict[str, Any] | None:
    """A conflict record as it travels, without hidden fields; None when nothing of it may be seen."""
    kept = dict(zip(COLUMNS, row, strict=True))
    theirs, mine = orjson.loads(kept["theirs"]), orjson.loads(kept["mine"])
    stands, other = (mine, theirs) if kept["kept"] == "mine" else (theirs, mine)
    secret = frozenset(hidden)
    names = [name for name in {**theirs, **mine} if name not in secret]
    if not names and (theirs or mine):
        return None
    stands_by, other_by = kept["author"], kept["other"]
    if kept["kept"] != "mine":
        stands_by, other_by = other_by, stands_by
    return {
        "id": kept["id"],
        "entity": kept["entity"],
        "record": kept["record"],
        "kind": kept["kind"],
        "fields": {name: {"stands": stands.get(name), "other": other.get(name)} for name in names},
        "stands_by": stands_by,
        "other_by": other_by,
        "group": kept["group_id"],
        "at": kept["at"],
        "resolved": kept["resolved"] is not None,
    }


def read(connection: Connection, ids: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    """Conflict records by id, in the order in which a pull gives them."""
    condition, value = connection.among("id", ids)
    statement = f"select {', '.join(COLUMNS)} from {CONFLICT} where {condition} order by seq, id"  # noqa: S608
    return {row[0]: row for row in connection.rows(statement, (value,))}


def visible(caller: Caller, roots: Roots, rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Those of the records that the caller may see, as they travel."""
    found, held = [], list(rows)
    by_entity: dict[str, list[str]] = {}
    for row in held:
        by_entity.setdefault(row[1], []).append(row[2])
    for entity, records in by_entity.items():
        roots.fetch(entity, records)
    for row in held:
        root = roots.of(row[1], row[2])
        if root is None or not caller.sees(root, roots.owner_of(root), row[1]):
            continue
        shown = told(row, caller.hidden(caller.seen_through(root, roots.owner_of(root)), row[1]))
        if shown is not None:
            found.append(shown)
    return found


def settle(connection: Connection, caller: Caller, roots: Roots, ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """(id, entity, record) of open conflicts that the caller sees and has dealt with."""
    rows = [row for row in read(connection, ids).values() if row[-1] is None]
    return [(each["id"], each["entity"], each["record"]) for each in visible(caller, roots, rows)]


def put(connection: Connection, entries: Iterable[tuple[str, int, int]]) -> None:
    """Puts conflict records, (id, number of the scope, seq), into the feed."""
    feed.write(connection, [(identity, CONFLICT, scope, seq, feed.PUT) for identity, scope, seq in entries])
