"""The feed: for each scope and record its last put, leave or gone; what a pull reads and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kam_desktop.server.database import Connection

PUT, LEAVE, GONE = "put", "leave", "gone"
Entry = tuple[str, str, int, int, str]
"""Record, entity, number of the scope, sequence number, kind."""

_UPSERT = (
    "insert into feed (id, entity, scope, seq, kind) values (?, ?, ?, ?, ?) "
    "on conflict (id, entity, scope) do update set seq = excluded.seq, kind = excluded.kind"
)


def numbers(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """The numbers of scopes by name; scopes that are new are made."""
    wanted = sorted(set(names))
    found = _known(connection, wanted)
    missing = [name for name in wanted if name not in found]
    if missing:
        connection.many(
            "insert into scope (name, seq, floor) values (?, 0, 0) on conflict (name) do nothing",
            [(name,) for name in missing],
        )
        found = _known(connection, wanted)
    return found


def _known(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    condition, value = connection.among("name", names)
    return {row[0]: row[1] for row in connection.rows(f"select name, n from scope where {condition}", (value,))}  # noqa: S608


def add(connection: Connection, entries: Iterable[Entry]) -> None:
    """Puts records that were in no feed before."""
    connection.insert("feed", ("id", "entity", "scope", "seq", "kind"), entries)


def write(connection: Connection, entries: Sequence[Entry]) -> None:
    """Writes entries over those of the same scope and record."""
    if not entries:
        return
    if connection.postgresql:
        # the last entry of a record and scope counts, and one statement may not touch a row twice
        last = {(each[0], each[1], each[2]): each for each in entries}.values()
        columns = [list(column) for column in zip(*last, strict=True)]
        connection.run(
            "insert into feed (id, entity, scope, seq, kind) "
            "select * from unnest(?::text[], ?::text[], ?::bigint[], ?::bigint[], ?::text[]) "
            "on conflict (id, entity, scope) do update set seq = excluded.seq, kind = excluded.kind",
            columns,
        )
    else:
        connection.many(_UPSERT, entries)


def raise_scopes(connection: Connection, newest: dict[int, int]) -> None:
    """Notes by scope the number of its newest entry, so that a pull passes over quiet scopes."""
    connection.many(
        "update scope set seq = ? where n = ? and seq < ?", [(seq, n, seq) for n, seq in sorted(newest.items())]
    )


def places_of(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], dict[int, str]]:
    """By (entity, id) the scopes with an entry, each with its kind."""
    wanted = set(keys)
    condition, value = connection.among("id", {identity for _, identity in wanted})
    found: dict[tuple[str, str], dict[int, str]] = {}
    for identity, entity, scope, kind in connection.rows(
        f"select id, entity, scope, kind from feed where {condition}",  # noqa: S608
        (value,),
    ):
        if (entity, identity) in wanted:
            found.setdefault((entity, identity), {})[scope] = kind
    return found
