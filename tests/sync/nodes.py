"""Laptops of a simulated firm: real stores and engines, that may be killed at any commit."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.change import Change
from kam_desktop.domain.entities import BY_NAME, Account, Contact, Proposal, ProposalLine, ProposalVersion, Task
from kam_desktop.domain.errors import SignedOut, Unavailable
from kam_desktop.protocol.messages import Problem
from kam_desktop.server.database import Database
from kam_desktop.store import files
from kam_desktop.store.profile import Store
from kam_desktop.store.sync_state import SyncState
from kam_desktop.sync.engine import Call, Engine
from kam_desktop.sync.transport import problem_of
from tests.fakes import FakeClock
from tests.server.conftest import furnished
from tests.server.house import House, SeededIds, Subject
from tests.sync.world import KEY, Makers

BEGINNING = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
PEOPLE = ("An", "Binh", "Lan", "Dung", "Minh", "Phuong")


class Failed(Exception):
    """An invariant does not hold."""


class Crash(BaseException):
    """The process was killed. No `except Exception` of the product may see it."""


@dataclass
class Fuse:
    """Kills at a commit: `left` counts commits down; `after` says whether the commit itself still happens."""

    left: int = -1
    after: bool = False

    @contextlib.contextmanager
    def around(self, door: Any) -> Iterator[Any]:
        due = False
        with door as connection:
            yield connection
            if self.left >= 0:
                self.left -= 1
                due = self.left < 0
            if due and not self.after:
                raise Crash
        if due:
            raise Crash


@dataclass
class Written:
    """A group as its author wrote it, for those who look afterwards.

    Attributes:
        base: by place the sequence number of the row that the author saw, 0 for a new one.
    """

    node: str
    user: str
    changes: list[Change]
    base: list[int]
    order: int


class Node:
    """One laptop of a colleague.

    Attributes:
        call: what the engine waits for. ready: connected to the server.
        high: the highest number of each cursor that was ever seen, by stamp and scope.
    """

    def __init__(self, house: House, name: str, label: str, folder: Path, clock: FakeClock, *, ready: bool) -> None:
        self.house, self.name, self.label, self.folder, self.clock, self.ready = (
            house,
            name,
            label,
            folder,
            clock,
            ready,
        )
        self.fuse = Fuse()
        self.call: Call | None = None
        self.high: dict[tuple[str, str], int] = {}
        self.backup: Path | None = None
        self.second: tuple[Store, Any, Any, Any] | None = None
        self.inherited: set[str] = set()
        self.open()

    def open(self) -> None:
        """The program begins; nothing but the disk is there."""
        # of the newest schema always: looking first, as `Store.open` does, is half of the time
        self.store = Store(self.folder, KEY, self.name, self.clock, self.house.ids, write=True)  # type: ignore[arg-type]
        door = self.store.database.write
        self.store.database.write = lambda: self.fuse.around(door())  # type: ignore[method-assign]
        self.judge = _share_compiled(self.store.database)
        self.state = SyncState(self.store)
        self.engine = Engine(self.state)
        self.call = None

    def close(self) -> None:
        """Nothing of the laptop is open any more."""
        if self.second is not None:
            self.second_process()
        self.store.close()

    def killed(self) -> None:
        """The process died and is started again; another one that reads goes on."""
        self.fuse.left = -1
        self.store.close()
        self.open()

    def second_process(self) -> str:
        """Another process begins to read, in one transaction that it holds; or it ends, and is judged."""
        if self.second is None:
            store = Store(self.folder, KEY, self.name, self.clock, self.house.ids, write=False)  # type: ignore[arg-type]
            door = store.database.read()
            connection = door.__enter__()
            self.second = store, door, connection, _print(connection.exec_driver_sql)
            return "begins"
        store, door, connection, before = self.second
        self.second = None
        try:
            if _print(connection.exec_driver_sql) != before:
                raise Failed(f"a second process at {self.label} saw a moment change under it")
            door.__exit__(None, None, None)
            with store.database.read() as connection:
                if _print(connection.exec_driver_sql) != _print(self.judge.execute):
                    raise Failed(f"a second process at {self.label} does not see what was written")
            try:
                with store.edit("second"):
                    raise Failed(f"a second process may write at {self.label}")
            except Unavailable:
                pass
        finally:
            store.close()
        return "ends"

    def tidy(self) -> None:
        """What the end of a cycle does, as the product's own loop over the engine does it."""
        while self.state.index_rows():
            pass
        if hasattr(self.state, "forget"):
            self.state.forget()

    @property
    def user(self) -> str:
        return self.house.people[self.name]

    @property
    def subject(self) -> Subject:
        return Subject(self.user, self.state.device())

    def known(self) -> None:
        """Signing in makes the device known; here it is enough that it asks."""
        with self.house.database.write() as connection:
            if connection.one("select 1 from device where id = ?", (self.state.device(),)) is None:
                connection.run("insert into device (id, person) values (?, ?)", (self.state.device(), self.user))

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Rows of this laptop's database, as they lie there."""
        found: list[Any] = self.judge.execute(statement, values).fetchall()
        return found

    def copy_to(self, place: Path) -> None:
        """The folder as it lies there now."""
        if place.exists():
            shutil.rmtree(place)
        shutil.copytree(self.folder, place)


def _print(run: Any) -> list[Any]:
    """What a process sees of the profile: rows, what waits, and how far it is."""
    asked = (
        "select id, _seq, name, phone, internal_note from account order by id",
        "select id, _seq, account, position from contact order by id",
        "select group_id, place from outbox order by n",
        "select scope, cursor from scope_cursor order by scope",
        "select key, value from meta order by key",
    )
    return [[tuple(row) for row in run(each).fetchall()] for each in asked]


_compiled: list[Any] = []


def _share_compiled(database: Any) -> Any:
    """Statements are compiled once for all laptops of a process: most of the time of a short run went there.

    Gives the driver's connection that reads: in one thread there is one, and the judges look through it between two
    questions of the product.
    """
    if not _compiled:
        _compiled.extend((database._writer.dialect, database._writer._compiled_cache))
    for each in (database._writer, database._reader):
        with each.connect() as connection:  # what is found out with the first one belongs to the engine's own dialect
            judge = connection.connection.driver_connection
        each.dialect, each._compiled_cache = _compiled
    return judge


def failure(problem: Problem) -> Unavailable:
    """A problem of the server as the transport tells it."""
    found = problem_of(problem.status, problem.body(), {})
    return (SignedOut if problem.status == 401 else Unavailable)(found.code, found.message, **found.args_named)


@dataclass
class Template:
    """A firm with accounts, and laptops that have them, made once for a process and copied for each run."""

    folder: Path
    people: dict[str, str] = field(default_factory=dict)
    used: int = 0

    def server(self, place: Path, ids: SeededIds, clock: FakeClock) -> House:
        files.private_folder(place)
        shutil.copy(self.folder / "server" / "server.db", place / "server.db")
        return House(Database(f"sqlite:///{place / 'server.db'}"), clock, ids, people=dict(self.people))

    def node(self, house: House, name: str, label: str, place: Path, clock: FakeClock, *, fresh: bool = False) -> Node:
        shutil.copytree(self.folder / ("blank" if fresh else name), place)
        if fresh or label != name:
            (place / "device.id").unlink(missing_ok=True)
        return Node(house, name, label, place, clock, ready=not fresh)


_made: list[Template] = []


def template() -> Template:
    """The template of this process, on a disk in memory where there is one: nobody waits for a disk."""
    if not _made:
        memory = Path("/dev/shm")
        place = Path(tempfile.mkdtemp(prefix="kam-sim-", dir=memory if os.access(memory, os.W_OK) else None))
        atexit.register(shutil.rmtree, place, ignore_errors=True)
        _made.append(_make(place))
        gc.collect()
        gc.freeze()  # what stays for good is not looked through again and again
    return _made[0]


def _make(place: Path) -> Template:
    house = furnished(Database(f"sqlite:///{files.private_folder(place / 'server') / 'server.db'}"))
    with house.database.write() as connection:
        connection.run("update user_account set name = lower(name)")  # as signing up writes them
    makers = Makers(files.private_folder(place / "made"))
    laptops = {name: makers.laptop(house, name) for name in PEOPLE}
    for laptop in laptops.values():
        laptop.connect()
        laptop.sync()
    for number, name in enumerate(("An", "Binh"), 1):
        _furnish(laptops[name], number)
    for _ in range(2):
        for laptop in laptops.values():
            assert laptop.sync()
    for name, laptop in laptops.items():
        laptop.close()
        shutil.copytree(laptop.folder, place / name)
    files.private_folder(place / "blank")
    shutil.copy(place / "made" / "template" / "data.kam", place / "blank" / "data.kam")
    house.database.close()
    return Template(place, dict(house.people))


def _furnish(laptop: Any, number: int) -> None:
    def work(uow: Any) -> None:
        account, proposal, version = (f"0189000{number}-0000-7000-8000-00000000000{place}" for place in (1, 2, 3))
        uow.add(Account(id=account, name=f"Khách {number}", owner=laptop.user, tax_code=f"030000000{number}"))
        uow.add(Contact(id=account[:-1] + "4", account=account, full_name="Trần Thị Ánh", phones=("0900000001",)))
        uow.add(Task(id=account[:-1] + "5", account=account, owner=laptop.user, subject="Gọi lại"))
        uow.new_group()
        uow.add(Proposal(id=proposal, account=account, title="Tết 2027", owner=laptop.user))
        uow.add(ProposalVersion(id=version, proposal=proposal, number=1, name="A"))
        uow.add(
            ProposalLine(
                id=account[:-1] + "6", version=version, place=1, description="Hộp", quantity=Decimal(10), price=90_000
            )
        )

    laptop.edit(work)


def seqs_of(connection: sa.Connection, changes: Sequence[Change]) -> list[int]:
    """The number of each changed record's row as it lies there, 0 where it has none."""
    found = []
    for each in changes:
        row = connection.exec_driver_sql(
            f'select _seq from "{BY_NAME[each.entity].name}" where id = ?',
            (each.record,),
        ).first()
        found.append(int(row[0] or 0) if row else 0)
    return found
