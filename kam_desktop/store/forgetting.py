"""What must not stay on this laptop: traces of rows that left it and of fields now hidden."""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.protocol.codec import to_json
from kam_desktop.store.sync_tables import acknowledged, base, conflict, needs_you, search_queue
from kam_desktop.store.tables import history, meta, outbox

_HIDDEN, OWED = "hidden_fields", "forget"
_ALL, _LOG = "1", "log"
_ERASING, _PAGE_BYTES, _ROW_PAGES = "erasing", 4012, 1 << 14
"""What a page of the file takes of a long value, and how many pages one value fills at most."""
Hidden = Mapping[str, Sequence[str]]
"""Kind of record → fields that the user may not read."""


def rows(connection: sa.Connection, ids: Iterable[str]) -> None:
    """Takes away everything that tells of records that left, in the transaction in which they go (`overwriting`).

    What their author wrote and nobody answered for stays, with the author's own text only. The journal is a file: it
    is owed, and done before the cycle ends.
    """
    one = [(each,) for each in ids]
    if not one:
        return
    run = connection.exec_driver_sql
    steps_of = "select distinct step from history where record in (select value from json_each(?))"
    steps = set(run(steps_of, (to_json([each for (each,) in one]),)).scalars())
    for table in (base, history, conflict, search_queue):
        run(f'delete from "{table.name}" where record = ?', one)  # noqa: S608 — our own names
    # What was deleted here is gone because of that: a server that is set back must hear of it once more.
    run("delete from acknowledged where record = ?1 and not exists (select 1 from acknowledged where record = ?1 "
        "and json_extract(cast(payload as text), '$.action') = 'delete')", one)  # fmt: skip
    run(
        "delete from undo_step where n in (select value from json_each(?)) "
        "and not exists (select 1 from history h where h.step = undo_step.n)", (to_json(sorted(steps)),),
    )  # fmt: skip
    if run("select 1 from draft limit 1").first() is not None:
        run("delete from draft where instr(key, ?) > 0", one)
    run("update outbox set payload = cast(json_set(cast(payload as text), '$.old', json('{}')) as blob) "
        "where record = ?", one)  # fmt: skip
    run("update needs_you set theirs = '{}' where record = ?", one)
    owe(connection, everything=bool(steps))


def note_hidden(connection: sa.Connection, parts: Iterable[Mapping[str, Any]]) -> None:
    """Learns from the rows of an answer which fields of a kind are not sent; more than before are owed."""
    told: dict[str, set[str]] = {}
    for part in parts:
        missing = set(BY_NAME[part["entity"]].names) - set(part["fields"])
        told.setdefault(part["entity"], set()).update(missing)
    if not told:
        return
    kept = hidden(connection)
    now = {**kept, **{entity: sorted(names) for entity, names in told.items()}}
    now = {entity: names for entity, names in now.items() if names}
    if now == kept:
        return
    connection.exec_driver_sql("insert or replace into meta (key, value) values (?, ?)", (_HIDDEN, to_json(now)))
    if any(set(names) - set(kept.get(entity, ())) for entity, names in now.items()):
        owe(connection)


def hidden(connection: sa.Connection) -> dict[str, list[str]]:
    """The fields that were not sent with the newest rows of each kind."""
    found: dict[str, list[str]] = json.loads(_meta(connection, _HIDDEN) or "{}")
    return found


def owed(connection: sa.Connection) -> bool:
    """Whether something is left to be forgotten."""
    return bool(_meta(connection, OWED))


def owes_log_alone(connection: sa.Connection) -> bool:
    """Whether nothing is left but old pages in the database's own log."""
    return _meta(connection, OWED) == _LOG


def owe(connection: sa.Connection, *, everything: bool = True) -> None:
    """Something is to be forgotten before the cycle ends: all that tells of it, or old pages of the log alone."""
    kept = _ALL if everything or _meta(connection, OWED) == _ALL else _LOG
    connection.exec_driver_sql("insert or replace into meta (key, value) values (?, ?)", (OWED, kept))


@contextlib.contextmanager
def overwriting(connection: sa.Connection) -> Iterator[None]:
    """What is deleted in here is overwritten in the file, where otherwise a page that becomes free stays as it was."""
    connection.exec_driver_sql("pragma secure_delete = on")
    try:
        yield
    finally:
        connection.exec_driver_sql("pragma secure_delete = fast")


def free_pages(connection: sa.Connection) -> None:
    """Overwrites every free page of the file: a value of noughts takes them all, and gives them back."""
    run = connection.exec_driver_sql
    with overwriting(connection):
        left = int(run("pragma freelist_count").scalar() or 0)
        for number, start in enumerate(range(0, left, _ROW_PAGES)):
            size = min(_ROW_PAGES, left - start) * _PAGE_BYTES
            run("insert into meta (key, value) values (?, zeroblob(?))", (f"{_ERASING}{number}", size))
        run("delete from meta where key >= ? and key < ?", (_ERASING, _ERASING + "~"))


def fields(connection: sa.Connection) -> None:
    """Takes hidden fields out of everything that tells of earlier values; what waits keeps its author's own text."""
    run = connection.exec_driver_sql
    for entity, names in hidden(connection).items():
        for name in names:
            path, like = f"$.{name}", f'%"{name}"%'
            run(
                "update history set old = json_remove(old, ?), new = json_remove(new, ?) "
                "where entity = ? and (old like ? or new like ?)", (path, path, entity, like, like),
            )  # fmt: skip
            for table, old, new in ((acknowledged, "$.old." + name, "$.new." + name), (outbox, "$.old." + name, "$.x")):
                run(
                    f"update {table.name} set payload = cast(json_remove(cast(payload as text), ?, ?) as blob) "  # noqa: S608
                    "where entity = ? and cast(payload as text) like ?", (old, new, entity, like),
                )  # fmt: skip
            for table, column in ((conflict, "fields"), (needs_you, "theirs")):
                run(
                    f"update {table.name} set {column} = json_remove({column}, ?) "  # noqa: S608
                    f"where entity = ? and {column} like ?", (path, entity, like),
                )  # fmt: skip


def search_terms(connection: sa.Connection) -> None:
    """Words of what left the index stay in its pages until they are merged away."""
    found = connection.exec_driver_sql("select name from sqlite_master where sql like '%using fts5(%'").scalars().all()
    for name in found:
        connection.exec_driver_sql(f'insert into "{name}" ("{name}") values (\'optimize\')')  # noqa: S608 — our own name


def done(connection: sa.Connection) -> None:
    """Nothing is left to be forgotten."""
    connection.execute(sa.delete(meta).where(meta.c.key == OWED))


def frame_editor(connection: sa.Connection) -> Callable[[bytes], bytes]:
    """What makes of a frame's payload one without what must not stay; one that holds nothing of it comes back as it is.

    A change stays when the history here still tells of it. One whose group waits stays with its author's text alone.
    """
    told = {(row[0], row[1]) for row in connection.execute(sa.select(history.c.group_id, history.c.record))}
    waiting = set(connection.execute(sa.select(outbox.c.group_id).distinct()).scalars())
    waiting |= set(connection.execute(sa.select(needs_you.c.id)).scalars())
    secret = hidden(connection)

    def edited(payload: bytes) -> bytes:
        content = orjson.loads(zlib.decompress(payload))
        kept, changed = [], False
        for change in content["changes"]:
            waits, known = change["group"] in waiting, (change["group"], change["id"]) in told
            if not known and not waits:
                changed = True
                continue
            names = set(change["old"]) if not known else set(secret.get(change["entity"], ())) & set(change["old"])
            own = set() if waits else set(secret.get(change["entity"], ())) & set(change["new"])
            if names or own:
                change = {
                    **change,
                    "old": {name: value for name, value in change["old"].items() if name not in names},
                    "new": {name: value for name, value in change["new"].items() if name not in own},
                }
                changed = True
            kept.append(change)
        if not changed:
            return payload
        if len(kept) < len(content["changes"]):
            content["step"]["args"] = {}  # the sentence may name what left
        return zlib.compress(to_json({**content, "changes": kept}).encode(), 1)

    return edited


def _meta(connection: sa.Connection, key: str) -> str:
    return connection.exec_driver_sql("select value from meta where key = ?", (key,)).scalar() or ""
