"""What the crash tests run on the real store: flows that say, after each step, what must never be lost."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.entities.account import Account, Contact
from kam_desktop.domain.entities.activity import Activity
from kam_desktop.store import database, profile
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store

KEY = DataKey(bytes(range(32)))
PROFILE_ID = "0192f0c0-0000-7000-8000-00000000c0de"


class SteadyClock:
    """A clock that goes one second at each look, so that two runs of a flow write the same bytes."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def today(self) -> date:
        return self._now.date()

    def monotonic(self) -> float:
        return self._now.timestamp()


class CountedIds:
    """Ids in order, for the same reason."""

    def __init__(self, first: int) -> None:
        self._count = first

    def new(self) -> str:
        self._count += 1
        return f"0192f0c0-0000-7000-8000-{self._count:012x}"

    def random(self) -> str:
        self._count += 1
        return f"{self._count:032x}"


def open_store(folder: Path, first_id: int = 1000) -> Store:
    """The profile as the program opens it."""
    return Store.open(folder, KEY, PROFILE_ID, SteadyClock(), CountedIds(first_id))


def journal_key() -> bytes:
    """The key of the profile's journal."""
    return KEY.derive("journal")


def make_base(folder: Path) -> None:
    """A small profile that was once connected, so that the outbox is written too; closed again."""
    store = Store.create(folder, KEY, PROFILE_ID, SteadyClock(), CountedIds(0))
    with store.database.write() as connection:
        connection.execute(sa.text("insert into meta (key, value) values ('workspace', 'crash')"))
    with store.edit("Base") as uow:
        for number in range(6):
            uow.add(Account(id=uow.new_id(), name=f"Công ty Cổ phần Thử nghiệm {number}", tier="A"))
    store.close()


# What is in a profile, as one number.

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
        found["bodies"] = [connection.exec_driver_sql("select count(*) from search_docsize").scalar()]
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


# The flows.


def save(store: Store, tell: Teller) -> None:
    """A working day in little: records made, changed one field at a time, a form with its children, a setting."""
    ids: list[str] = []
    for number in range(12):
        with store.edit("New account") as uow:
            account = Account(id=uow.new_id(), name=f"Công ty TNHH Đặng Gia {number}", tax_code="", tier="B")
            uow.add(account)
            ids.append(account.id)
        tell.saved(store)
        with store.edit("New contact") as uow:
            for place in range(number % 3):
                name = f"Nguyễn Thị {place}"
                uow.add(Contact(id=uow.new_id(), account=account.id, full_name=name, phones=("0912345678",)))
        tell.saved(store)
        with store.edit("Note") as uow:
            known = uow.get(Account, ids[number // 2])
            assert known is not None
            uow.put(dataclasses.replace(known, internal_note=f"Gọi lại lần {number}. " * (40 if number == 7 else 1)))
        tell.saved(store)
        store.remember({"window": f"geometry {number}"})


def undo(store: Store, tell: Teller) -> None:
    """Edits taken back and done again, in runs and across each other."""
    made: list[str] = []
    for number in range(8):
        with store.edit("New account") as uow:
            account = Account(id=uow.new_id(), name=f"Công ty Hoàn tác {number}")
            uow.add(account)
            uow.add(Contact(id=uow.new_id(), account=account.id, full_name=f"Trần Văn {number}"))
            made.append(account.id)
        tell.saved(store)
        with store.edit("Rename") as uow:
            known = uow.get(Account, made[number])
            assert known is not None
            uow.put(dataclasses.replace(known, name=f"Tên mới {number}", tier="C"))
        tell.saved(store)
        for _ in range(1 + number % 3):
            store.undo()
            tell.saved(store)
        for _ in range(number % 2):
            store.redo()
            tell.saved(store)


def import_(store: Store, tell: Teller) -> None:
    """Lists of customers as one step each: new, again with changes, taken back."""
    accounts: list[Account] = []
    with store.edit("Import", kind="import", file="khách hàng.xlsx") as uow:
        for number in range(60):
            if number % 20 == 0:
                uow.new_group()
            account = Account(id=uow.new_id(), name=f"Công ty Nhập liệu {number}", address=f"{number} Lê Lợi, Huế")
            uow.add(account)
            uow.add(Contact(id=uow.new_id(), account=account.id, full_name=f"Phạm Thị {number}"))
            accounts.append(account)
    tell.saved(store)
    with store.edit("Import", kind="import", file="lần hai.xlsx") as uow:
        for number, account in enumerate(accounts[:40]):
            uow.put(dataclasses.replace(account, tier="A", tags=("nhập lại",)))
            uow.add(Activity(id=uow.new_id(), account=account.id, **_activity(number)))
    tell.saved(store)
    store.undo()
    tell.saved(store)
    store.redo()
    tell.saved(store)


def _activity(number: int) -> dict[str, Any]:
    return {
        "kind": "call",
        "subject": f"Gọi hỏi hàng {number}",
        "at": datetime(2026, 11, 20, 3, number % 60, tzinfo=UTC),
    }


def prepare(flow: str, folder: Path) -> None:
    """The profile that a flow starts from; the same bytes of content each time."""
    make_base(folder)


FLOWS: dict[str, Callable[[Store, Teller], None]] = {"save": save, "undo": undo, "import": import_}


@contextlib.contextmanager
def weakened(how: str) -> Iterator[None]:
    """The store as it must not be: `NORMAL` or `OFF` for SQLite's `synchronous`; "" changes nothing."""
    really = database.Database.open_writer

    def open_writer(self: database.Database) -> None:
        really(self)
        assert self._writer is not None
        connection = self._writer.raw_connection()
        connection.driver_connection.execute(f"pragma synchronous = {how}")
        connection.close()

    if how:
        database.Database.open_writer = open_writer  # type: ignore[method-assign]
    yield
    database.Database.open_writer = really  # type: ignore[method-assign]


def forget_what_is_known() -> None:
    """The replay as it must not be: every change of a frame looks new to it."""
    really = profile.decode_change
    ids = CountedIds(10**9)
    profile.decode_change = lambda wire: dataclasses.replace(really(wire), group=ids.random())


def perform(flow: str, folder: Path, tell: Teller, synchronous: str = "") -> None:
    """Opens the profile, runs the flow, closes."""
    with weakened(synchronous):
        store = open_store(folder)
        tell.saved(store)
        FLOWS[flow](store, tell)
        store.close()


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


def main(arguments: list[str]) -> None:
    """`python -m tests.crash.flows FLOW FOLDER [SYNCHRONOUS]`: the program that the harnesses crash."""
    perform(arguments[0], Path(arguments[1]), Teller(), *arguments[2:])


def histories(store: Store) -> list[tuple[str, int]]:
    """Group and place of every change that the database knows."""
    with store.database.read() as connection:
        rows = connection.exec_driver_sql("select group_id, place from history order by n").all()
    return [(row[0], row[1]) for row in rows]


def describe(store: Store) -> str:
    """The content as text, for looking at a difference."""
    return json.dumps(content(store), ensure_ascii=False, indent=1)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
