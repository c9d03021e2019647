"""Displaced values that somebody dealt with here: what the server and all others are told of."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from kam_desktop.protocol.codec import to_json

MOST = 1000
"""So many go with one push."""
_KEY = "settle:"
_KEYS = f"key >= '{_KEY}' and key < 'settle;'"


def note(connection: sa.Connection, conflict: str, *, settled: bool) -> None:
    """A conflict record was dealt with here, or is open again before anybody was told."""
    if settled:
        connection.exec_driver_sql("insert or replace into meta (key, value) values (?, '1')", (_KEY + conflict,))
    else:
        connection.exec_driver_sql("delete from meta where key = ?", (_KEY + conflict,))


def waiting(connection: sa.Connection, most: int = MOST) -> list[str]:
    """Ids of conflict records that the server is still to be told of."""
    found = connection.exec_driver_sql(f"select key from meta where {_KEYS} order by key limit ?", (most,))  # noqa: S608
    return [key.removeprefix(_KEY) for key in found.scalars()]


def told(connection: sa.Connection, conflicts: Sequence[str]) -> None:
    """The server answered for these: it tells the others, and those that it does not know are none of its own."""
    connection.exec_driver_sql(
        "delete from meta where key in (select value from json_each(?))",
        (to_json([_KEY + each for each in conflicts]),),
    )


def tell_again(connection: sa.Connection) -> None:
    """A server that was set back may have forgotten it: everything that was dealt with is told once more."""
    connection.exec_driver_sql(
        "insert or ignore into meta (key, value) select ? || id, '1' from conflict where state <> 'open'", (_KEY,)
    )
