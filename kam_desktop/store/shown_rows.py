"""What the server holds of records with waiting changes, and what is shown with those laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import Any

import orjson
import sqlalchemy as sa

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.protocol.codec import to_json
from kam_desktop.store import landing
from kam_desktop.store.landing import EMPTIES, Landing, Row
from kam_desktop.store.sync_tables import base
from kam_desktop.store.tables import outbox


def rows_of(part: Mapping[str, Any]) -> list[Row]:
    """The rows of one part of an answer; fields it does not name say nothing, unknown ones are kept aside."""
    entity = part["entity"]
    known = set(BY_NAME[entity].names) | {"_extra"}
    names: list[str] = part["fields"]
    plain = [(name, column) for name, column in zip(names, part["values"], strict=True) if name in known]
    strange = [(name, column) for name, column in zip(names, part["values"], strict=True) if name not in known]
    empty = {**EMPTIES[entity], "_extra": None}
    keys = ["id", "_seq", "_sort", *(name for name, _ in plain)]
    made = [
        {**empty, **dict(zip(keys, values, strict=True))}
        for values in zip(part["id"], part["seq"], part["sort"], *(column for _, column in plain), strict=True)
    ]
    if strange:
        for place, row in enumerate(made):
            extra = {name: column[place] for name, column in strange if column[place] is not None}
            row["_extra"] = to_json(extra) if extra else None
    return made


def plain_rows_of(part: Mapping[str, Any]) -> list[tuple[Any, ...]] | None:
    """The same rows as they are written, in the order of `landing.columns_of`; None where unknown fields are among
    them."""
    entity, size = part["entity"], len(part["id"])
    given = dict(zip(part["fields"], part["values"], strict=True))
    if not given.keys() <= {*BY_NAME[entity].names, "_extra"}:
        return None
    held = {
        **{name: repeat(empty, size) for name, empty in EMPTIES[entity].items()}, "_extra": repeat(None, size),
        **given, "id": part["id"], "_seq": part["seq"], "_sort": part["sort"],
    }  # fmt: skip
    return list(zip(*(held[name] for name in landing.columns_of(BY_NAME[entity])), strict=True))


def base_of(connection: sa.Connection, record: str) -> tuple[int, Row] | None:
    """The kept row of the server with its sequence number, None where nothing is kept."""
    kept = connection.execute(sa.select(base.c.seq, base.c.row).where(base.c.record == record)).one_or_none()
    return None if kept is None else (kept.seq, orjson.loads(kept.row))


def keep_base(connection: sa.Connection, entity: str, row: Row, seq: int | None = None) -> None:
    """Keeps a row of the server, never an older one over a newer one."""
    number = seq if seq is not None else row.get("_seq") or 0
    connection.exec_driver_sql(
        "insert into base (entity, record, seq, row) values (?, ?, ?, ?) on conflict (record) do update set "
        "seq = excluded.seq, row = excluded.row where excluded.seq >= base.seq",
        (entity, row["id"], number, to_json(row)),
    )


def _patches(connection: sa.Connection, record: str) -> list[tuple[str, Mapping[str, Any]]]:
    rows = connection.execute(sa.select(outbox.c.payload).where(outbox.c.record == record).order_by(outbox.c.n))
    changes = [orjson.loads(row.payload) for row in rows]
    return [(change["action"], change["new"]) for change in changes]


def show(landed: Landing, entity: str, record: str) -> None:
    """The record as it is to be seen: what the server has, with what still waits laid over it."""
    kept = base_of(landed.connection, record)
    row = kept[1] if kept is not None else None
    if row is not None:
        row["_seq"] = kept[0] if kept is not None and kept[0] else None
    now = landing.laid_over(BY_NAME[entity], row, _patches(landed.connection, record))
    if now is None:
        landed.drop(entity, record)
    else:
        now["id"] = record
        landed.put(entity, now)
