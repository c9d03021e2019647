"""Restores and clones on a real PostgreSQL, point in time by the script that the server comes with."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kam_desktop.domain.entities import Account, Contact, Proposal
from kam_desktop.domain.errors import Unavailable
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import backup, workspace
from kam_desktop.server.__main__ import main as kam_server
from kam_desktop.server.database import Database
from kam_desktop.services.proposal import next_number
from kam_desktop.store import device_file
from kam_desktop.store.profile import Store
from kam_desktop.store.sync_state import SyncState
from kam_desktop.sync.engine import Engine
from tests.server.cluster import Cluster, programs
from tests.server.conftest import furnished
from tests.server.house import House
from tests.sync.world import KEY, Makers, RealLaptop, server_rows

SCRIPT = Path(__file__).parents[2] / "installer" / "server" / "kam-pg-point-in-time"


class Archived(Cluster):
    """A cluster that keeps its log in an archive, as README.md of the server says."""

    def __init__(self) -> None:
        super().__init__()
        self.archive, self.base = self.folder / "archive", self.folder / "base"
        self._run_here("mkdir", str(self.archive))
        with (self.folder / "data" / "postgresql.conf").open("a") as settings:
            copying = f'test ! -f "{self.archive}/%f" && cp "%p" "{self.archive}/%f"'
            settings.write(f"archive_mode = on\narchive_command = '{copying}'\n")
        self.stop()
        self.start()

    def _run_here(self, *words: str) -> None:
        environment = {**os.environ, "PGHOST": str(self.folder), "PGUSER": "kam", "PGBIN": str(self._bin)}
        done = subprocess.run(
            [*self._as, *words], env=environment, capture_output=True, text=True, check=False, cwd=self.folder
        )
        assert done.returncode == 0, done.stderr

    def keep_base(self) -> None:
        self._run_here("bash", str(self._script()), "base", str(self.base))

    def back_to(self, when: str) -> float:
        """Brings everything back to a moment; how many seconds that took."""
        begun = time.monotonic()
        data = str(self.folder / "data")
        self._run_here("bash", str(self._script()), "restore", str(self.base), str(self.archive), data, when)
        return time.monotonic() - begun

    def _script(self) -> Path:
        copy = self.folder / SCRIPT.name  # where PostgreSQL's own user may read it
        shutil.copy(SCRIPT, copy)
        copy.chmod(0o755)
        return copy


class Firm:
    """An, whose account it is, and Lan, who leads the team, at a server on PostgreSQL."""

    def __init__(self, url: str, folder: Path) -> None:
        self.house = furnished(Database(url))
        makers = Makers(folder)
        self.folder = folder
        self.an, self.lan = (makers.laptop(self.house, name) for name in ("An", "Lan"))
        self.account = self.house.ids.new()
        self.an.connect()
        self.an.edit(lambda uow: uow.add(Account(id=self.account, name="Thép Việt", owner=self.an.user)))
        assert self.an.sync()
        self.lan.connect()
        self.numbers: list[str] = []
        self.said: list[tuple[str, str]] = []

    def write(self, laptop: RealLaptop, word: str) -> None:
        """A field, a record and a document's number, each another value."""
        account, made, offer = self.account, self.house.ids.new(), self.house.ids.new()

        def work(uow: Any) -> None:
            field = "address" if laptop is self.lan else "phone"
            uow.put(dataclasses.replace(uow.get(Account, account), **{field: word}))
            uow.add(Contact(id=made, account=account, full_name=word))
            number = next_number(uow, f"BG{laptop.name}")
            uow.add(Proposal(id=offer, account=account, title=word, number=number, owner=self.an.user))
            self.numbers.append(number)

        laptop.edit(work)
        self.said.append((made, word))

    def both(self) -> None:
        assert self.an.sync() and self.lan.sync() and self.an.sync() and self.lan.sync()

    def let_go(self, laptop: RealLaptop) -> None:
        """It cannot send anything again: 30 days went by, or the work was done on another laptop."""
        with laptop.store.database.write() as connection:
            connection.exec_driver_sql("delete from acknowledged")

    def first_call(self, laptop: RealLaptop) -> str:
        """What the first authenticated call is told."""
        laptop.engine.begin()
        call = laptop.engine.next_call()
        assert call is not None
        try:
            laptop.call(call.name, call.message)
        except Unavailable as told:
            laptop.engine.failed(call, told)
            return told.code
        return "answered"

    def settle(self) -> int:
        """Both sync, the owner takes in what waits; how many rows that were."""
        self.both()
        taken = 0
        for laptop in (self.an, self.lan):
            standing = laptop.state.standing()
            message: dict[str, Any] = {
                "workspace": standing.workspace, "epoch": standing.epoch, "device": standing.device, "protocol": 1,
                "schema": 2, "mark": standing.mark,
            }  # fmt: skip
            groups = [each["group"] for each in laptop.call("recovered", message)["waiting"]]
            if groups:
                told = laptop.call("recovered", {**message, "groups": groups, "take": True})["verdicts"]
                taken += sum(kind == "accepted" for kind, _ in told)
        self.both()
        return taken

    def lost(self) -> list[str]:
        """What was written and is not at the server, or not on both laptops."""
        there, found = server_rows(self.house, "contact"), []
        for made, word in self.said:
            if there.get(made, {}).get("full_name") != word:
                found.append(word)
        if self.an.rows("account") != self.lan.rows("account") or self.an.rows("contact") != self.lan.rows("contact"):
            found.append("the laptops differ")
        return found

    def numbers_twice(self) -> int:
        shown = [row["number"] for row in server_rows(self.house, "proposal").values()]
        return len(shown) - len(set(shown)) + len(self.numbers) - len(set(self.numbers))

    def close(self) -> None:
        self.house.database.close()
        self.an.close()
        self.lan.close()


def _moment(house: House) -> str:
    with house.sql() as connection:
        row = connection.one("select clock_timestamp()::text")
    assert row is not None
    return str(row[0])


def _point_in_time(cluster: Archived, folder: Path, *, clone: bool = False) -> dict[str, Any]:
    firm = Firm(cluster.url(), folder)
    cluster.keep_base()
    firm.write(firm.an, "trước")
    firm.both()
    moment = _moment(firm.house)
    copy = _image(firm) if clone else None
    for word in ("một", "hai"):
        firm.write(firm.an, f"An {word}")
        firm.both()
        firm.write(firm.lan, f"Lan {word}")
        firm.both()
    firm.let_go(firm.an)
    with firm.house.database.alone() as driver:
        driver.execute("select pg_switch_wal()")
    firm.house.database.close()
    cluster.stop()
    took = cluster.back_to(moment)
    told = [firm.first_call(firm.an), firm.first_call(firm.lan)]
    assert kam_server(["restore", "--as", "production", "--database", firm.house.database.url, "--json"]) == 0
    firm.house.clock.moment = firm.house.clock.moment.replace(year=2027)  # laptops and server go on
    if copy is not None:

        def work(uow: Any) -> None:
            uow.put(dataclasses.replace(uow.get(Account, firm.account), phone="bản sao"))

        copy.edit(work)
        assert copy.sync()
        firm.write(firm.an, "An sau")
    taken = firm.settle()
    said = _said(firm, told, took, taken)
    if copy is not None:
        assert copy.sync()
        said["told_apart"] = copy.state.device() != firm.an.state.device()
        said["holds"] = said["holds"] and said["told_apart"]
        copy.close()
    firm.close()
    return said


def _image(firm: Firm) -> RealLaptop:
    """A disk image of An's laptop: nothing on it tells that it is one."""
    place = firm.folder / "image"
    firm.an.store.close()
    shutil.copytree(firm.an.folder, place)
    device_file.write(place, device_file.read(place))
    firm.an.restart()
    store = Store.open(place, KEY, "An", firm.house.clock, firm.house.ids)
    state = SyncState(store)
    return RealLaptop(firm.house, "An", place, store, state, Engine(state))


def _dump(cluster: Archived, folder: Path) -> dict[str, Any]:
    """`kam-server backup` while laptops sync, `restore --replace` after."""
    firm = Firm(cluster.url(), folder)
    file = folder / "kept.kamserver"
    assert kam_server(["backup", str(file), "--database", firm.house.database.url, "--json"]) == 0
    firm.write(firm.an, "An một")
    firm.both()
    firm.write(firm.lan, "Lan một")
    firm.both()
    firm.let_go(firm.lan)
    firm.house.database.close()
    begun = time.monotonic()
    words = ["restore", str(file), "--as", "production", "--replace", "--database", firm.house.database.url, "--json"]
    assert kam_server(words) == 0
    took = time.monotonic() - begun
    told = [firm.first_call(firm.an), firm.first_call(firm.lan)]
    said = _said(firm, told, took, firm.settle())
    firm.close()
    return said


def _copied(cluster: Archived, folder: Path) -> dict[str, Any]:
    """A copy for trying things out answers where the server should."""
    firm = Firm(cluster.url(), folder)
    firm.write(firm.an, "An một")
    firm.both()
    made = backup.make(firm.house.database, folder, firm.house.clock)
    other = Database(cluster.url())
    begun = time.monotonic()
    backup.restore(other, made.path, "copy", firm.house.clock, firm.house.ids)
    took = time.monotonic() - begun
    firm.write(firm.an, "An hai")
    mine, firm.house.database = firm.house.database, other
    told = []
    for laptop in (firm.an, firm.lan):
        laptop.known()
        told.append(firm.first_call(laptop))
    with other.read() as connection:
        assert workspace.read(connection).id != made.workspace
    firm.house.database = mine
    said = _said(firm, told, took, firm.settle())
    other.close()
    firm.close()
    return said


def _said(firm: Firm, told: list[str], took: float, taken: int) -> dict[str, Any]:
    lost, twice = firm.lost(), firm.numbers_twice()
    noticed = all(each in ("restored", "epoch", "other_workspace") for each in told)
    return {
        "first_call": told, "lost": len(lost), "numbers_twice": twice, "rows_taken_back_in": taken,
        "restore_s": round(took, 1), "holds": not lost and not twice and noticed,
    }  # fmt: skip


SCENARIOS: dict[str, Callable[[Archived, Path], dict[str, Any]]] = {
    "point_in_time": _point_in_time,
    "dump": _dump,
    "copy": _copied,
    "point_in_time_with_clone": lambda cluster, folder: _point_in_time(cluster, folder, clone=True),
    "point_in_time_again": _point_in_time,
}


def main(count: int) -> int:
    """0 when every scenario held; each in a cluster of its own, one line of JSON for each."""
    if programs() is None:
        print("PostgreSQL's programs were not found")
        return 2
    failures = 0
    for number in range(count):
        name = list(SCENARIOS)[number % len(SCENARIOS)]
        cluster, folder = Archived(), Path(tempfile.mkdtemp(prefix="kam-restores-"))
        try:
            said = SCENARIOS[name](cluster, folder)
        except (AssertionError, Problem, Unavailable) as error:
            said = {"holds": False, "why": f"{type(error).__name__}: {error}"}
        finally:
            cluster.remove()
            shutil.rmtree(folder, ignore_errors=True)
        failures += not said["holds"]
        print(json.dumps({"scenario": name, **said}, ensure_ascii=False), flush=True)
    return int(bool(failures))
