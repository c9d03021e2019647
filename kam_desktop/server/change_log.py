"""The change log: who changed what when, chained so that a payload can be blanked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

import orjson

from kam_desktop.server.database import Connection

COLUMNS = (
    "seq",
    "group_id",
    "place",
    "entity",
    "record",
    "action",
    "old",
    "new",
    "author",
    "device",
    "written_at",
    "committed_at",
    "payload_hash",
    "chain",
)


WIDTH = 12
"""Columns of an entry as it goes into the log: seq, group, place in it, entity, record, action, old and new (JSON of
wire values), author, device, written_at, hash of the payload. Kept as columns, because there are very many."""


class Entries:
    """The entries of one commit, gathered in any order."""

    def __init__(self) -> None:
        self.columns: list[list[Any]] = [[] for _ in range(WIDTH)]

    def add(self, *values: Any) -> None:
        """One entry."""
        for column, value in zip(self.columns, values, strict=True):
            column.append(value)

    def extend(self, *columns: Iterable[Any]) -> None:
        """Many entries, column by column."""
        for column, values in zip(self.columns, columns, strict=True):
            column.extend(values)

    def in_order(self) -> list[list[Any]]:
        """The columns, by sequence number."""
        seqs = self.columns[0]
        if seqs != sorted(seqs):
            order = sorted(range(len(seqs)), key=seqs.__getitem__)
            self.columns = [[column[place] for place in order] for column in self.columns]
        return self.columns


def payload_hash(old: bytes | None, new: bytes | None) -> bytes:
    """The hash that stays in the chain when the payload is blanked."""
    return hashlib.sha256((new or b"") + b"\n" + old if old else new or b"").digest()


def _link(before: bytes, committed_at: str, columns: Sequence[Sequence[object]], payloads: Iterable[bytes]) -> bytes:
    """The link of one commit: over the one before, the payloads' hashes, and the rest of its rows."""
    said = orjson.dumps([committed_at, *columns])
    return hashlib.sha256(before + b"".join(payloads) + said).digest()


def append(connection: Connection, before: bytes, committed_at: str, entries: Entries) -> bytes:
    """Appends the entries of one commit in the order of their numbers; the newest link of the chain.

    A commit is one link, kept with its last row.
    """
    columns = entries.in_order()
    size = len(columns[0])
    if not size:
        return before
    chain = _link(before, committed_at, (*columns[:6], *columns[8:11]), columns[11])
    connection.insert(
        "change_log",
        COLUMNS,
        zip(
            *columns[:6],
            [text.decode() if text else None for text in columns[6]],
            [text.decode() if text else None for text in columns[7]],
            *columns[8:11],
            repeat(committed_at, size),
            columns[11],
            [*repeat(None, size - 1), chain],
            strict=True,
        ),
    )
    return chain


def link_at(connection: Connection, seq: int) -> bytes:
    """The newest link at or before a sequence number; empty before the first."""
    row = connection.one(
        "select chain from change_log where seq <= ? and chain is not null order by seq desc limit 1", (seq,)
    )
    return bytes(row[0]) if row else b""


def broken_link(connection: Connection, after: int = 0) -> int | None:
    """The last number of the first commit that does not fit its link; None for a sound log. Blanked payloads pass.

    Args:
        after: a number at which a commit ends, to begin there; 0 for the whole log.
    """
    chain = link_at(connection, after)
    commit: list[tuple[Any, ...]] = []
    statement = f"select {', '.join(COLUMNS)} from change_log where seq > ? order by seq"  # noqa: S608
    for found in connection.rows(statement, (after,)):
        payload, link = bytes(found[12]), found[13]
        old, new = (text.encode() if text is not None else None for text in found[6:8])
        if not (old is None and new is None) and payload_hash(old, new) != payload:
            return int(found[0])
        commit.append((*found[:6], *found[8:11], payload))
        if link is not None:
            columns = list(zip(*commit, strict=True))
            chain = _link(chain, found[11], columns[:-1], columns[-1])
            if chain != bytes(link):
                return int(found[0])
            commit = []
    return int(commit[-1][0]) if commit else None
