"""Where a connected laptop stands with its server, read in one short question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from kam_desktop.store import forgetting, settling
from kam_desktop.store.sync_tables import AWAITED


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the laptop stands.

    Attributes:
        workspace: the server's identity, "" for a profile that was never connected.
        mark: the newest mark of the server that an answer brought, None before the first.
        number: the running number of the last push of this device.
        rights: the number of the user's rights as of the last pull.
        server: its address. user: the id of the signed-in person; `user_name` is what they sign in with.
        copy: tells this copy of the profile from others since the server was set back, "" before it ever was.
    """

    workspace: str = ""
    epoch: int = 0
    mark: Any = None
    device: str = ""
    number: int = 0
    rights: int = 0
    server: str = ""
    user: str = ""
    last_sync: str = ""
    user_name: str = ""
    role: str = ""
    copy: str = ""


class Look(NamedTuple):
    """Everything that the next call of a cycle depends on.

    Attributes:
        waits: changes wait. settle: conflicts dealt with, of which the server must be told.
        reconciles: the server must be asked what it knows of acknowledged changes.
        awaits: something that was made here waits for the scopes that it is in.
        unfinished: something waits for the search index, or to be forgotten.
    """

    standing: Standing
    cursors: dict[str, str]
    waits: bool
    settle: list[str]
    reconciles: bool
    awaits: bool
    unfinished: bool


_KEYS = {
    "workspace", "epoch", "mark", "push_number", "rights", "server", "user", "last_sync", "user_name", "role",
    "joining", "copy", "reconcile", forgetting.OWED,
}  # fmt: skip
_STANDING = "select key, value from meta where key in ('" + "', '".join(sorted(_KEYS)) + "')"  # noqa: S608 — our own names
_WAITS = (
    "select exists (select 1 from outbox), exists (select 1 from search_queue), "
    "exists (select 1 from row_scope where scope = ?)"
)


def standing(connection: sa.Connection, device: str = "") -> Standing:
    """Where the laptop stands; without its device id where nothing is going to be sent."""
    return _standing({row[0]: row[1] for row in connection.exec_driver_sql(_STANDING).all()}, device)


def look(connection: sa.Connection, device: str) -> Look:
    """Everything at once, straight from the driver: a quiet cycle asks this twice and nothing else."""
    run = connection.connection.driver_connection.execute  # type: ignore[union-attr]
    kept: dict[str, str] = dict(run(_STANDING).fetchall())
    waits, unindexed, awaits = run(_WAITS, (AWAITED,)).fetchone()
    return Look(
        _standing(kept, device), dict(run("select scope, cursor from scope_cursor").fetchall()), bool(waits),
        settling.waiting(connection), kept.get("reconcile") == "1",
        bool(awaits), bool(unindexed or kept.get(forgetting.OWED)),
    )  # fmt: skip


def _standing(kept: dict[str, str], device: str) -> Standing:
    return Standing(
        kept.get("workspace", ""), int(kept.get("epoch", 0)), orjson.loads(kept.get("mark", "null")),
        device, int(kept.get("push_number", 0)), int(kept.get("rights", 0)), kept.get("server", ""),
        kept.get("user", ""), kept.get("last_sync", ""), kept.get("user_name", ""), kept.get("role", ""),
        kept.get("copy", ""),
    )  # fmt: skip
