"""The change log: who changed what when, chained so that a payload can be blanked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

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


Entry = tuple[int, str, int, str, str, str, bytes | None, bytes | None, str, int, str, bytes]
"""One change as it goes into the log: seq, group, place in it, entity, record, action, old and new (JSON of wire
values), author, device, written_at, hash of the payload. Plain tuples, because there are very many."""


def payload_hash(old: bytes | None, new: bytes | None) -> bytes:
    """The hash that stays in the chain when the payload is blanked."""
    return hashlib.sha256((new or b"") + b"\n" + old if old else new or b"").digest()


def link(before: bytes, head: str, payload: bytes) -> bytes:
    """The next link of the chain: over the one before, what the row says beside its payload, and the payload's hash."""
    return hashlib.sha256(before + payload + head.encode()).digest()


def append(connection: Connection, before: bytes, committed_at: str, entries: Iterable[Entry]) -> bytes:
    """Appends entries in the order of their numbers; the last link of the chain."""
    chain = before

    def rows() -> Iterator[Sequence[object]]:
        nonlocal chain
        sha256 = hashlib.sha256
        for seq, group, place, entity, record, action, old, new, author, device, written_at, payload in entries:
            head = f"{seq}|{group}|{place}|{entity}|{record}|{action}|{author}|{device}|{written_at}|{committed_at}"
            chain = sha256(chain + payload + head.encode()).digest()
            yield (
                seq,
                group,
                place,
                entity,
                record,
                action,
                old.decode() if old else None,
                new.decode() if new else None,
                author,
                device,
                written_at,
                committed_at,
                payload,
                chain,
            )

    connection.insert("change_log", COLUMNS, rows())
    return chain


def broken_link(connection: Connection, after: int = 0) -> int | None:
    """The number of the first row whose link or payload does not fit; None for a sound log. Blanked payloads pass."""
    row = connection.one("select chain from change_log where seq <= ? order by seq desc limit 1", (after,))
    chain = bytes(row[0]) if row else b""
    for found in connection.rows(f"select {', '.join(COLUMNS)} from change_log where seq > ? order by seq", (after,)):  # noqa: S608
        entry, committed_at, payload, link_ = found[:11], found[11], bytes(found[12]), bytes(found[13])
        seq, group, place, entity, record, action, old, new, author, device, written_at = entry
        head = f"{seq}|{group}|{place}|{entity}|{record}|{action}|{author}|{device}|{written_at}|{committed_at}"
        chain = link(chain, head, payload)
        blanked = old is None and new is None
        told = payload_hash(old.encode() if old else None, new.encode() if new else None)
        if chain != link_ or (not blanked and told != payload):
            return int(seq)
    return None
