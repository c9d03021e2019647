"""A pull's word of this laptop's own writing: numbers alone, where the same rows are held here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import orjson
import sqlalchemy as sa

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.protocol.codec import to_json
from kam_desktop.protocol.messages import rows_sum
from kam_desktop.store.shown_rows import base_of

_KEY = "numbered:"
_KEYS = f"key >= '{_KEY}' and key < 'numbered;'"


def note(connection: sa.Connection, records: Sequence[str], runs: Sequence[Sequence[int]]) -> None:
    """Notes the numbers that a push got, until a pull was taken in to its end.

    Args:
        records: of the changes in the order in which they were sent.
        runs: first place, first number and length.
    """
    for place, first, size in runs:
        connection.exec_driver_sql(
            "insert or replace into meta (key, value) values (?, ?)",
            (f"{_KEY}{first}", to_json(records[place : place + size])),
        )


def forget(connection: sa.Connection) -> None:
    """A pull was taken in to its end: nothing that was pushed before it is told any more."""
    connection.exec_driver_sql("delete from meta where " + _KEYS)  # noqa: S608 — our own names


def resolved(connection: sa.Connection, echo: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """The parts of an echo with `id` and `seq` of every row; None where this laptop does not know of all of them.

    Then it never got the answer to its push, or another one goes by its name.
    """
    if not echo:
        return []
    known: dict[int, str] = {}
    for key, value in connection.exec_driver_sql("select key, value from meta where " + _KEYS).all():  # noqa: S608
        known.update(enumerate(orjson.loads(value), int(key.removeprefix(_KEY))))
    made = []
    for part in echo:
        seqs = [seq for first, size in part["seq"] for seq in range(first, first + size)]
        ids = [known.get(seq, "") for seq in seqs]
        if not all(ids):
            return None
        made.append({**part, "seq": seqs, "id": ids})
    return made


def held(connection: sa.Connection, parts: Sequence[Mapping[str, Any]], waiting: Set[str]) -> bool:
    """Whether this laptop holds the same values of all these rows as the server, beneath what still waits.

    Anything else (a copy of another laptop's folder, one that was set back) must ask for whole rows.
    """
    for part in parts:
        names = ("id", "_sort", *BY_NAME[part["entity"]].names)
        rows = _rows(connection, part["entity"], names, [each for each in part["id"] if each not in waiting])
        for record in part["id"] if waiting else ():
            if record in waiting:
                kept = base_of(connection, record)
                if kept is not None and not kept[1].get("_extra"):
                    rows[record] = tuple(kept[1].get(name) for name in names)
        if not rows.keys() >= set(part["id"]):
            return False
        if rows_sum(rows[record] for record in part["id"]) != part["sum"]:
            return False
    return True


def _rows(
    connection: sa.Connection, entity: str, names: Sequence[str], ids: Sequence[str]
) -> dict[str, tuple[Any, ...]]:
    columns = ", ".join(f'"{name}"' for name in names)
    statement = f'select {columns} from "{entity}" where id in (select value from json_each(?)) and _extra is null'  # noqa: S608
    return {row[0]: tuple(row) for row in connection.exec_driver_sql(statement, (to_json(list(ids)),)).all()}


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
