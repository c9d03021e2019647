"""The log of what is no record: laptops revoked, sessions ended; chained, never rewritten."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.server.database import Connection

CONSOLE = "console"
"""Who did it, where somebody did at the server's own command line."""
SERVER = "server"


def note(connection: Connection, clock: Clock, deed: str, *, by: str, subject: str, **more: str | int) -> None:
    """Writes one event down, in the transaction of the deed itself.

    Args:
        deed: a stable word, such as `device.revoke`.
        by: the id of a user, CONSOLE or SERVER.
        subject: the id of what it was done to. `more` must hold no secret and no content.
    """
    connection.one(f"select 1 from workspace{connection.for_update}")  # noqa: S608 — one after the other
    before = connection.one("select n, chain from event_log order by n desc limit 1")
    number, link = (before[0] + 1, before[1]) if before is not None else (1, "")
    row = [number, moment_text(clock.now()), deed, by, subject, orjson.dumps(more).decode()]
    connection.run(
        "insert into event_log (n, at, deed, done_by, subject, more, chain) values (?, ?, ?, ?, ?, ?, ?)",
        (*row, _link(link, row)),
    )


def listed(connection: Connection, most: int = 500) -> list[dict[str, Any]]:
    """The newest events, newest first."""
    rows = connection.rows("select at, deed, done_by, subject, more from event_log order by n desc limit ?", (most,))
    return [{"at": at, "deed": deed, "by": by, "subject": subject, **orjson.loads(more)}
            for at, deed, by, subject, more in rows]  # fmt: skip


def broken_link(connection: Connection) -> int | None:
    """The first event that is missing, moved or changed; None when the log is whole."""
    link = ""
    statement = "select n, at, deed, done_by, subject, more, chain from event_log order by n"
    for place, (*row, chain) in enumerate(connection.rows(statement), 1):
        link = _link(link, list(row))
        if row[0] != place or chain != link:
            return place
    return None


def _link(before: str, row: list[Any]) -> str:
    return hashlib.sha256(before.encode() + orjson.dumps(row)).hexdigest()
