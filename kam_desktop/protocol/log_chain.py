"""How the change log is chained: what server and laptops count alike, over hashes of payloads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import orjson

ERASE = "erase"
"""The action of an entry that says which payloads were blanked ({"erased": [their numbers]}); its commit has no other.
A payload that is gone without one was taken away by somebody who is not the server."""


def payload_hash(salt: bytes, old: bytes | None, new: bytes | None) -> bytes:
    """The hash that stays in the chain when the payload is blanked, and its salt with it.

    Without the salt a telephone number that was blanked could be found by trying all of them.
    """
    return hashlib.sha256(b"%b%d:%b%b" % (salt, len(new or b""), new or b"", old or b"")).digest()


def digest(committed_at: str, columns: Sequence[Sequence[object]], payloads: Iterable[bytes]) -> bytes:
    """What one commit says, in 32 bytes that tell nothing of it: its payloads' hashes and the rest of its rows.

    `columns`: number, group, place in it, kind, record, action, author, device, written_at, each of all rows.
    """
    return hashlib.sha256(b"".join(payloads) + orjson.dumps([committed_at, *columns])).digest()


def link(before: bytes, said: bytes) -> bytes:
    """The link of a commit: over the one before it (empty before the first) and its digest."""
    return hashlib.sha256(before + said).digest()


def told_digest(rows: Sequence[Sequence[object]]) -> bytes:
    """The digest of a commit that says what was blanked, by its rows as they are told to a laptop.

    A row: number, group, place, kind, record, action, payload, author, device, written_at, committed_at, salt (hex).
    Raises ValueError, TypeError or IndexError for rows that are none.
    """
    payloads = [payload_hash(bytes.fromhex(str(row[11])), None, str(row[6]).encode()) for row in rows]
    return digest(str(rows[-1][10]), list(zip(*((*row[:6], *row[7:10]) for row in rows), strict=True)), payloads)
