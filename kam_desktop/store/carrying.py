"""Unsent work of a connected profile, carried over when an older backup is put in the profile's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from kam_desktop.language import N_
from kam_desktop.protocol.codec import to_json
from kam_desktop.store import database, files
from kam_desktop.store.data_key import DataKey

_NEEDS = "id, kind, problem, entity, record, changes, theirs, at, state, behind"
_PROBLEM = {
    "where": "", "code": "before_restore", "args": {},
    "message": N_("This waited to be sent when an older backup was put in place of your data."),
}  # fmt: skip


def carry(present: Path, restored: Path, key: DataKey, at: str) -> int:
    """Lists in the restored data what waited in the present ones, for their author to send again or let go.

    What the server has comes back from it by itself; this alone would be in no place but an old backup. Both files are
    closed; gives how many groups. A profile that was never connected has none.
    """
    with database.translated(present):
        reading = database.connector(present, key.hex(), write=False)()
        try:
            if not _has(reading, "needs_you"):
                return 0
            waiting = reading.execute("select group_id, entity, record, payload from outbox order by n").fetchall()
            open_ = reading.execute(f"select {_NEEDS} from needs_you where state = 'open'").fetchall()  # noqa: S608
        finally:
            reading.close()
    groups: dict[str, list[Any]] = {}
    for group, entity, record, payload in waiting:
        groups.setdefault(group, []).append((entity, record, orjson.loads(payload)))
    if not groups and not open_:
        return 0
    with database.translated(restored):
        writing = database.connector(restored, key.hex(), write=True)()
        try:
            if not _has(writing, "needs_you"):
                return 0  # of a program before the first shared server
            writing.execute("begin immediate")
            known = {row[0] for row in writing.execute(
                "select group_id from history union select group_id from outbox union "
                "select group_id from acknowledged union select id from needs_you"
            )}  # fmt: skip
            rows = [tuple(row) for row in open_ if row[0] not in known]
            rows += [_entry(group, found, at) for group, found in groups.items() if group not in known]
            places = ", ".join("?" * 10)
            writing.executemany(f"insert into needs_you ({_NEEDS}) values ({places})", rows)  # noqa: S608 — our own names
            writing.execute("commit")
        finally:
            writing.close()
    files.sync_file(restored)
    return len(rows)


def _entry(group: str, found: list[Any], at: str) -> tuple[Any, ...]:
    changes = [
        {"entity": entity, "id": record, "action": change["action"], "old": change["old"], "new": change["new"],
         "at": change["written_at"]}
        for entity, record, change in found
    ]  # fmt: skip
    entity, record, _ = found[0]
    return group, "stuck", to_json(_PROBLEM), entity, record, to_json(changes), "{}", at, "open", None


def _has(connection: Any, table: str) -> bool:
    return connection.execute("select 1 from sqlite_master where name = ?", (table,)).fetchone() is not None
