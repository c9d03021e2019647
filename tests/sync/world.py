"""Real laptops (store, engine) of a firm, joined to the server's core by a network under control."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kam_desktop.domain.errors import SignedOut, Unavailable
from kam_desktop.protocol.messages import Problem
from kam_desktop.store import files
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.needs import Merged, merged
from kam_desktop.store.profile import Store
from kam_desktop.store.sync_state import SyncState
from kam_desktop.store.unit_of_work import UnitOfWork
from kam_desktop.sync import connect
from kam_desktop.sync.engine import Call, Engine
from kam_desktop.sync.session import SignedIn
from kam_desktop.sync.transport import problem_of
from tests.server.house import House, Subject

KEY = DataKey(bytes(range(32)))
SERVER = "https://kam.example"


class NoSession:
    """A session that is always good: signing in has tests of its own."""

    def ensure(self) -> None: ...

    def renew(self) -> None: ...


@dataclass
class RealLaptop:
    """One laptop with its profile on the disk.

    Attributes:
        before: called with every request before it reaches the server; raising loses it.
        after: called with every answer before the laptop has it; raising loses it.
    """

    house: House
    name: str
    folder: Path
    store: Store
    state: SyncState
    engine: Engine
    before: Callable[[Call], None] = lambda call: None
    after: Callable[[Call, Mapping[str, Any]], None] = lambda call, answer: None
    reports: list[Any] = field(default_factory=list)

    @property
    def user(self) -> str:
        return self.house.people[self.name]

    @property
    def subject(self) -> Subject:
        return Subject(self.user, self.state.device())

    def call(self, name: str, message: Mapping[str, Any], *, timeout_s: float = 0) -> Mapping[str, Any]:
        """The transport: through the wire's form and the server's one door."""
        self.known()
        try:
            return self.house.answer(name, self.subject, message)
        except Problem as problem:
            found = problem_of(problem.status, problem.body(), {})
            raise (SignedOut if problem.status == 401 else Unavailable)(
                found.code, found.message, **found.args_named
            ) from problem

    def known(self) -> None:
        """Signing in makes the device known; here it is enough that it asks."""
        with self.house.database.write() as connection:
            if connection.one("select 1 from device where id = ?", (self.state.device(),)) is None:
                connection.run("insert into device (id, person) values (?, ?)", (self.state.device(), self.user))

    def connect(self, *, link: bool = True) -> connect.Joined:
        """The first connect, to its end."""
        workspace_id = self.house.value("select id from workspace")
        role = self.house.value("select role from user_account where id = ?", self.user)
        person = SignedIn(
            self.user, self.user, role, "A", workspace_id, self.house.value("select epoch from workspace"), 1
        )
        return connect.join(
            self.state, self, NoSession(), person, SERVER, self.name, self.house.policy, agree=lambda found: link
        )  # type: ignore[arg-type]

    def edit(self, work: Callable[[UnitOfWork], Any], label: str = "Edit") -> Any:
        """One edit as the window makes it."""
        with self.store.edit(label) as uow:
            return work(uow)

    def sync(self, tries: int = 50) -> bool:
        """Cycles until one ends well; False when none of that many did."""
        return any(self.cycle() for _ in range(tries))

    def cycle(self) -> bool:
        """One cycle; whether it came to its end."""
        self.engine.begin()
        while (call := self.engine.next_call()) is not None:
            try:
                self.before(call)
                answer = self.call(call.name, call.message)
                self.after(call, answer)
            except Unavailable as failure:
                self.engine.failed(call, failure)
                if not self.engine.busy:
                    return False
                continue
            self.engine.answered(call, answer)
        self.reports.append(self.engine.report)
        while self.state.index_rows():
            pass
        return not self.engine.report.braked

    def restart(self) -> None:
        """The program was killed and begins again: nothing but the disk stays."""
        self.store.close()
        self.store = Store.open(self.folder, KEY, self.name, self.house.clock, self.house.ids)
        self.state = SyncState(self.store)
        self.engine = Engine(self.state)

    def rows(self, entity: str) -> list[tuple[Any, ...]]:
        """Every row of a kind as it is here, with its sequence number."""
        from kam_desktop.domain.entities import BY_NAME

        names = ", ".join(f'"{name}"' for name in ("id", *BY_NAME[entity].names, "_seq", "_sort", "_extra"))
        with self.store.reader() as reader:
            return list(reader.sql(f'select {names} from "{entity}" order by id'))

    def merged(self) -> list[Merged]:
        """The displaced values that this laptop lists."""
        with self.store.database.read() as connection:
            return merged(connection)

    def close(self) -> None:
        self.store.close()


class Makers:
    """Makes laptops quickly: the schema is made once and copied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._template: Path | None = None

    def laptop(self, house: House, name: str, number: int = 1) -> RealLaptop:
        """A fresh laptop of a colleague, not connected yet."""
        place = files.private_folder(self.folder / f"{name}-{number}")
        if self._template is None:
            first = files.private_folder(self.folder / "template")
            Store.create(first, KEY, "template", house.clock, house.ids).close()
            self._template = first
        shutil.copy(self._template / "data.kam", place / "data.kam")
        store = Store.open(place, KEY, name, house.clock, house.ids)
        state = SyncState(store)
        return RealLaptop(house, name, place, store, state, Engine(state))


def server_rows(house: House, entity: str) -> dict[str, dict[str, Any]]:
    """Every living row of a kind at the server, by id, as its table keeps it."""
    from kam_desktop.domain.entities import BY_NAME

    names = ("id", *BY_NAME[entity].names, "_seq", "_sort", "_extra")
    columns = ", ".join(f'"{name}"' for name in names)
    with house.sql() as connection:
        found = connection.rows(f'select {columns} from "{entity}" where _deleted_seq is null')
    return {row[0]: dict(zip(names, row, strict=True)) for row in found}
