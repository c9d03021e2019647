"""What this laptop witnessed of the server's log: marks it was told, and how far it counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from kam_desktop.domain.change import moment_text
from kam_desktop.protocol.codec import to_json

_MARKS, _NEWEST, _COUNTED = "witnesses", "witnessed_at", "log_counted"
KEPT = 400
"""So many marks are kept; of more, every second of the older half goes."""
APART = timedelta(hours=6)


class Witness(NamedTuple):
    """What the server said of its log at one moment: up to this number it had this link."""

    seq: int
    epoch: int
    hash: str
    at: str


@dataclass
class Counted:
    """How far this laptop has counted the links of the server's log.

    Attributes:
        to, hash: a number at which a commit ends, and the link there.
        blanked: numbers of payloads that are gone and of which no erasure was met yet. erased: of those that were.
        looked_at: when the log was looked at last. problem: the code of what was found wrong, "" for nothing.
        since: from when on what was witnessed does not stand in the log any more.
        behind: there is more of the log than was counted.
    """

    epoch: int = 0
    to: int = 0
    hash: str = ""
    blanked: list[int] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    looked_at: str = ""
    problem: str = ""
    since: str = ""
    behind: bool = False


def note(connection: sa.Connection, epoch: int, mark: Mapping[str, Any] | None, now: datetime) -> None:
    """Keeps a mark now and then, in the transaction that takes it in."""
    if mark is None or _kept(connection, _NEWEST) > moment_text(now - APART):
        return
    found = witnesses(connection)
    seen = Witness(int(mark["seq"]), epoch, str(mark["hash"]), moment_text(now))
    if found and found[-1][:3] == seen[:3]:
        return
    found.append(seen)
    if len(found) > KEPT:
        half = KEPT // 2
        found = found[:half:2] + found[half:]
    _keep(connection, _MARKS, to_json([list(each) for each in found]))
    _keep(connection, _NEWEST, seen.at)


def note_last(connection: sa.Connection, now: datetime) -> None:
    """Keeps the mark that is about to be dropped for that of a new epoch."""
    mark = orjson.loads(_kept(connection, "mark") or "null")
    _keep(connection, _NEWEST, "")
    note(connection, int(_kept(connection, "epoch") or 0), mark, now)
    _keep(connection, _NEWEST, "")


def witnesses(connection: sa.Connection) -> list[Witness]:
    """The marks that were kept, oldest first."""
    return [Witness(*each) for each in orjson.loads(_kept(connection, _MARKS) or "[]")]


def counted(connection: sa.Connection) -> Counted:
    """How far the log was counted; from its beginning where it was not, or in an older epoch."""
    return Counted(**orjson.loads(_kept(connection, _COUNTED) or "{}"))


def keep_counted(connection: sa.Connection, found: Counted) -> None:
    """Remembers how far the log was counted."""
    _keep(connection, _COUNTED, to_json(asdict(found)))


def _kept(connection: sa.Connection, key: str) -> str:
    return connection.exec_driver_sql("select value from meta where key = ?", (key,)).scalar() or ""


def _keep(connection: sa.Connection, key: str, value: str) -> None:
    connection.exec_driver_sql("insert or replace into meta (key, value) values (?, ?)", (key, value))
