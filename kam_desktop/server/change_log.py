"""The change log: who changed what when, chained so that a payload can be blanked."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import orjson

from kam_desktop.protocol.log_chain import ERASE, digest, link, payload_hash
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
    "salt",
)


WIDTH = 11
"""Columns of an entry as it goes into the log: seq, group, place in it, entity, record, action, old and new (JSON of
wire values), author, device, written_at. Kept as columns, because there are very many."""
SALT_BYTES = 16
PAGE = 5000
"""Entries that are read at once where the whole log is gone through."""


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


def append(connection: Connection, before: bytes, committed_at: str, entries: Entries) -> bytes:
    """Appends the entries of one commit in the order of their numbers; the newest link of the chain.

    A commit is one link, kept with its last row.
    """
    columns = entries.in_order()
    size = len(columns[0])
    if not size:
        return before
    dice = secrets.token_bytes(size * SALT_BYTES)
    salts = [dice[start : start + SALT_BYTES] for start in range(0, len(dice), SALT_BYTES)]
    payloads = list(map(payload_hash, salts, columns[6], columns[7]))
    chain = link(before, digest(committed_at, (*columns[:6], *columns[8:]), payloads))
    connection.insert(
        "change_log",
        COLUMNS,
        zip(
            *columns[:6],
            [text.decode() if text else None for text in columns[6]],
            [text.decode() if text else None for text in columns[7]],
            *columns[8:],
            repeat(committed_at, size),
            payloads,
            [*repeat(None, size - 1), chain],
            salts,
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


def parted_at(connection: Connection, seq: int) -> bool:
    """Whether a number lies within a commit, where nobody is ever told that the log stands."""
    row = connection.one("select chain from change_log where seq <= ? order by seq desc limit 1", (seq,))
    return row is not None and row[0] is None


class Commit(NamedTuple):
    """One commit as it is read from the log.

    Attributes:
        last: the number of its last entry. link: what the log keeps as its link, None where it keeps none.
        digest: what its rows say now; empty where they say nothing that a server wrote.
        wrong: the number of its first entry that is not as it was written, 0 for none.
        blanked: the numbers of entries without a payload. erased: numbers whose payloads it says were blanked.
        told: its rows as a laptop counts them again, for a commit that says what was blanked.
    """

    last: int
    link: bytes | None
    digest: bytes
    wrong: int
    blanked: list[int]
    erased: list[int]
    told: list[list[Any]]


def commits(connection: Connection, after: int, most: int = 0) -> Iterator[Commit]:
    """The commits behind a number at which one ends; about as many entries as `most`, 0 for all of them."""
    statement = f"select {', '.join(COLUMNS)} from change_log where seq > ? order by seq limit ?"  # noqa: S608
    rows: list[tuple[Any, ...]] = []
    read, seq = 0, after
    while found := connection.rows(statement, (seq, PAGE)):
        seq = found[-1][0]
        for row in found:
            rows.append(row)
            if row[13] is not None:
                read += len(rows)
                yield _read(rows)
                rows = []
                if most and read >= most:
                    return
    if rows:
        yield _read(rows)


def _read(rows: Sequence[tuple[Any, ...]]) -> Commit:
    """What the rows of a commit say. A row that no server can have written makes its digest empty."""
    last, kept = rows[-1][0], rows[-1][13]
    blanked: list[int] = []
    erased: list[int] = []
    payloads: list[bytes] = []
    wrong = 0
    try:
        for row in rows:
            old, new, stored, salt = row[6], row[7], bytes(row[12]), row[14]
            if old is None and new is None and salt is None:
                blanked.append(row[0])
                counted = stored
            else:
                old, new = (text.encode() if text is not None else b"" for text in (old, new))
                counted = payload_hash(bytes(salt), old, new)
            if counted != stored or len(stored) != 32 or row[11] != rows[0][11] or "" in (row[6], row[7]):
                wrong = wrong or int(row[0])
            payloads.append(counted)
            if row[5] == ERASE and row[7]:
                erased += orjson.loads(row[7])["erased"]
        columns = list(zip(*((*row[:6], *row[8:11]) for row in rows), strict=True))
        said = digest(rows[-1][11], columns, payloads) if not wrong else b""
        chain = bytes(kept) if kept is not None else None
        told = [_told(row) for row in rows] if erased else []
    except (TypeError, ValueError, KeyError, AttributeError, IndexError):
        return Commit(last, b"", b"", wrong or int(last), [], [], [])
    return Commit(last, chain, said, wrong, blanked, erased, told)


def _told(row: Sequence[Any]) -> list[Any]:
    return [*row[:6], row[7] or "", *row[8:12], bytes(row[14] or b"").hex()]


def broken_link(connection: Connection, after: int = 0) -> int | None:
    """The number of the first entry or commit that is not as the server wrote it; None for a sound log.

    Payloads that were blanked by an erasure pass. What is missing at the end is found by what the workspace knows of
    the newest link; whoever writes both can only be found out by the laptops, which hold what they were told.

    Args:
        after: a number at which a commit ends, to begin there; 0 for the whole log.
    """
    chain = link_at(connection, after)
    blanked: set[int] = set()
    last = after
    for each in commits(connection, after):
        last = each.last
        chain = link(chain, each.digest)
        if each.wrong or each.link is None or chain != each.link:
            return each.wrong or each.last
        blanked.update(each.blanked)
        blanked.difference_update(each.erased)
    if blanked:
        return min(blanked)
    newest = connection.one("select seq, hash from workspace") or (0, "")
    if chain.hex() != newest[1] or last > newest[0]:
        return max(last, int(newest[0]))
    return None
