"""What a flow promised and what a profile holds: the two sides that every crash proof compares."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from kam_desktop.store.profile import Store
from kam_desktop.store.tables import SEARCHED

_NOT_CONTENT = ("meta", "journal_pending", "preference", "draft", "sqlite_", "search", "cache_")


def content(store: Store) -> dict[str, list[Any]]:
    """Every row of every table that holds the user's work, without numbers that a replay may give anew."""
    found: dict[str, list[Any]] = {}
    with store.database.read() as connection:
        names = connection.exec_driver_sql("select name from sqlite_master where type = 'table'").scalars().all()
        for name in sorted(names):
            if not name.startswith(_NOT_CONTENT):
                rows = connection.exec_driver_sql(f'select * from "{name}"').mappings()
                kept = [[value for key, value in row.items() if key != "n" or name == "undo_step"] for row in rows]
                found[name] = sorted(kept, key=repr)
        found["indexed"] = sorted(connection.exec_driver_sql("select record from search_doc").scalars())
        found["bodies"] = [
            connection.exec_driver_sql(f"select count(*) from search_{name}_docsize").scalar() for name in SEARCHED
        ]
    return found


def digest(store: Store) -> str:
    """A short name for the content."""
    return hashlib.sha256(repr(content(store)).encode()).hexdigest()[:16]


class Teller:
    """Says on standard output what has been promised; one system call a line, so that nothing waits in a buffer."""

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._count = 0

    def saved(self, store: Store) -> None:
        """All that is in the store now was acknowledged."""
        self._say(f"ACK {self._count} {digest(store)}")
        self._count += 1

    def maybe(self, store: Store) -> None:
        """A resting place in the middle of a step: nothing is promised, yet a crash may leave exactly this."""
        self._say(f"MID {digest(store)}")

    def backed_up(self, store: Store, file: Path) -> None:
        """The file was called a verified backup of what is in the store now."""
        self._say(f"BACKUP {file.relative_to(store.folder)} {digest(store)}")

    def _say(self, line: str) -> None:
        os.write(self._descriptor, (line + "\n").encode())


@dataclasses.dataclass
class Promises:
    """What the lines of a flow say, up to some line.

    Attributes:
        digests: the content after each acknowledged step of the whole flow.
        between: what may be found instead while step n + 1 is under way.
        acknowledged: how many steps were acknowledged so far.
        backups: files called verified backups so far, with their content.
    """

    digests: list[str] = dataclasses.field(default_factory=list)
    between: dict[int, set[str]] = dataclasses.field(default_factory=dict)
    acknowledged: int = 0
    backups: dict[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, lines: list[str]) -> Promises:
        """All that a whole run says; nothing of it counts as acknowledged yet."""
        promises = cls()
        for line in lines:
            word, *rest = line.split()
            if word == "ACK":
                promises.digests.append(rest[1])
            elif word == "MID":
                promises.between.setdefault(len(promises.digests), set()).add(rest[0])
        return promises

    def hear(self, line: str) -> None:
        """Counts a line as said before the crash."""
        word, *rest = line.split()
        if word == "ACK":
            assert self.digests[int(rest[0])] == rest[1], "two runs of one flow must be alike"
            self.acknowledged = int(rest[0]) + 1
        elif word == "BACKUP":
            self.backups[rest[0]] = rest[1]

    def allowed(self) -> set[str]:
        """Contents that may be found now: what was acknowledged, or one step more, or a resting place between."""
        at_least = max(self.acknowledged - 1, 0)
        return {*self.digests[at_least : self.acknowledged + 1], *self.between.get(self.acknowledged, ())}


def histories(store: Store) -> list[tuple[str, int]]:
    """Group and place of every change that the database knows."""
    with store.database.read() as connection:
        rows = connection.exec_driver_sql("select group_id, place from history order by n").all()
    return [(row[0], row[1]) for row in rows]


def describe(store: Store) -> str:
    """The content as text, for looking at a difference."""
    return json.dumps(content(store), ensure_ascii=False, indent=1)
