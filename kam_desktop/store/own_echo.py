"""A pull's word of this laptop's own writing: numbers alone, where the same rows are held here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.protocol.messages import rows_sum
from kam_desktop.store.shown_rows import base_of

_CHUNK = 500


def held(connection: sa.Connection, parts: Sequence[Mapping[str, Any]], waiting: Set[str]) -> bool:
    """Whether this laptop holds the same values of all these rows as the server, beneath what still waits.

    Anything else (a copy of another laptop's folder, one that was set back) must ask for whole rows.
    """
    for part in parts:
        names = ("id", "_sort", *BY_NAME[part["entity"]].names)
        rows = _rows(connection, part["entity"], names, [each for each in part["id"] if each not in waiting])
        for record in part["id"]:
            if record in waiting:
                kept = base_of(connection, record)
                if kept is not None and not kept[1].get("_extra"):
                    rows[record] = tuple(kept[1].get(name) for name in names)
        if any(record not in rows for record in part["id"]):
            return False
        if rows_sum(rows[record] for record in part["id"]) != part["sum"]:
            return False
    return True


def _rows(
    connection: sa.Connection, entity: str, names: Sequence[str], ids: Sequence[str]
) -> dict[str, tuple[Any, ...]]:
    columns = ", ".join(f'"{name}"' for name in names)
    found: dict[str, tuple[Any, ...]] = {}
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        places = ", ".join("?" * len(part))
        statement = f'select {columns} from "{entity}" where id in ({places}) and _extra is null'  # noqa: S608 — our names
        found.update((row[0], tuple(row)) for row in connection.exec_driver_sql(statement, tuple(part)))
    return found


def number(connection: sa.Connection, parts: Sequence[Mapping[str, Any]], waiting: Set[str]) -> None:
    """Writes the sequence numbers of rows that are held, never an older one over a newer one."""
    for part in parts:
        numbers = [(seq, record, seq) for seq, record in zip(part["seq"], part["id"], strict=True)]
        connection.exec_driver_sql(
            f'update "{part["entity"]}" set _seq = ? where id = ? and coalesce(_seq, 0) < ?',  # noqa: S608 — our names
            numbers,
        )
        bases = [each for each in numbers if each[1] in waiting]
        if bases:
            connection.exec_driver_sql("update base set seq = ? where record = ? and seq < ?", bases)
