"""Servers with a fault planted: each measurement must find its own, else it sees nothing.

`planted(name)` plants one in this process; `python -m tests.server.faults NAME serve …` is a `kam-server` that has it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import psycopg

from kam_desktop.domain import promises
from kam_desktop.server import calls, committing, database, push, workspace
from kam_desktop.server.__main__ import main

Plant = Callable[[ExitStack], None]


def _ignored_receipts(stack: ExitStack) -> None:
    """What was taken before is not known again: neither the group's verdict nor the push's number."""
    keep = committing._keep_verdicts

    def again(connection: Any, caller: Any, run: Any, seq: int) -> None:
        condition, value = connection.among("group_id", [name for name, _ in run.push.groups])
        connection.run(f"delete from group_applied where {condition}", (value,))
        keep(connection, caller, run, seq)

    stack.enter_context(patch.object(push, "_find_known", lambda *_: None))
    stack.enter_context(patch.object(push, "_check_device", lambda *_: None))
    stack.enter_context(patch.object(committing, "_keep_verdicts", again))


def _unsynced_commits(stack: ExitStack) -> None:
    """The answer goes out before the commit is on the disk."""
    connect = database.Database._connect

    def hasty(self: database.Database) -> Any:
        driver = connect(self)
        driver.execute("set synchronous_commit = off")
        return driver

    stack.enter_context(patch.object(database.Database, "_connect", hasty))


def _no_row_locks(stack: ExitStack) -> None:
    """What a promise is checked against may change before the commit."""

    class Open(database.Connection):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.for_update = self.for_share = ""

    stack.enter_context(patch.object(database, "Connection", Open))


def _number_without_lock(stack: ExitStack) -> None:
    """The sequence counts as a plain one does: its number is free for others before the commit.

    The laptops' marks would say at once that a number is missing, so nobody looks at them.
    """

    class Plain(database.Connection):
        def one(self, statement: str, values: Sequence[Any] = ()) -> Any:
            if not statement.startswith("update workspace set seq"):
                return super().one(statement, values)
            with psycopg.connect(self.driver.info.dsn, autocommit=True) as beside:
                return beside.execute(statement.replace("?", "%s"), values or None).fetchone()

        def run(self, statement: str, values: Sequence[Any] = ()) -> int:
            return 1 if statement.startswith("update workspace set hash") else super().run(statement, values)

    stack.enter_context(patch.object(database, "Connection", Plain))
    stack.enter_context(patch.object(workspace, "check_mark", lambda *_: None))


def _stale_remainder(stack: ExitStack) -> None:
    """A loser is told what the receipt was, not what is left of it."""
    find = promises.allocation_problems

    def told(allocation: Any, ledger: Any) -> Any:
        whole = {each.id: f"{each.amount}" for each in ledger.credits}
        problems = find(allocation, ledger)
        for each in problems:
            if "remaining" in each.args:
                each.args["remaining"] = whole[allocation.credit]  # type: ignore[index]
        return problems

    stack.enter_context(patch.object(promises, "allocation_problems", told))


def _doors(stack: ExitStack) -> threading.local:
    """Says which server's call a thread is in, where several live in one process."""
    here, once = threading.local(), calls._once

    def told(database_: database.Database, name: str, *given: Any, **named: Any) -> Any:
        here.door, here.writes = id(database_), name in calls.WRITING
        try:
            return once(database_, name, *given, **named)
        finally:
            here.door = 0

    stack.enter_context(patch.object(calls, "_once", told))
    return here


def _own_sequence(stack: ExitStack) -> None:
    """Each process keeps the sequence in its memory and goes on from what it wrote itself."""
    here, read, kept = _doors(stack), workspace.read, {}

    def remembered(connection: Any) -> Any:
        found = read(connection)
        if not getattr(here, "door", 0):
            return found
        if here.writes or here.door not in kept:
            kept[here.door] = found
        return kept[here.door]

    stack.enter_context(patch.object(workspace, "read", remembered))


def _own_receipts(stack: ExitStack) -> None:
    """Each process knows again only what it took itself."""
    here, find, kept = _doors(stack), push._find_known, set()  # type: ignore[var-annotated]

    def known(connection: Any, caller: Any, run: Any) -> None:
        mine = {(getattr(here, "door", 0), name) for name, _ in run.push.groups}
        if mine <= kept:
            find(connection, caller, run)
        kept.update(mine)

    stack.enter_context(patch.object(push, "_find_known", known))


def _kept_news(stack: ExitStack) -> None:
    """No process tells the others that it wrote."""
    stack.enter_context(patch.object(database.Connection, "tell", lambda *_: None))


FAULTS: dict[str, Plant] = {
    "number without lock": _number_without_lock,
    "ignored receipts": _ignored_receipts,
    "unsynced commits": _unsynced_commits,
    "no row locks": _no_row_locks,
    "stale remainder": _stale_remainder,
    "own sequence": _own_sequence,
    "own receipts": _own_receipts,
    "kept news": _kept_news,
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The product of this process with a fault in it; "" leaves it as it is."""
    with ExitStack() as stack:
        if name:
            FAULTS[name](stack)
        yield


if __name__ == "__main__":
    with planted(sys.argv[1]):
        sys.exit(main(sys.argv[2:]))
