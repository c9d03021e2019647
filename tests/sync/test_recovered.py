"""A server that was set back: what only others' laptops still had is handed in, and taken or dropped."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import Account, Contact
from kam_desktop.server import backup, workspace
from kam_desktop.server.database import Database
from kam_desktop.services import needs
from kam_desktop.store import backup as profile_backup
from kam_desktop.store import rescue
from kam_desktop.store.keys import create_key_file
from kam_desktop.store.recovery_key import RecoveryKey
from kam_desktop.store.restore import restore
from tests.server.conftest import furnished
from tests.server.house import House
from tests.sync.world import KEY, Makers, RealLaptop, server_rows

ID = "01890000-0000-7000-8000-000000000001"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    yield furnished(database)
    database.close()


@pytest.fixture
def pair(house: House, tmp_path: Path) -> Iterator[tuple[RealLaptop, RealLaptop]]:
    """An, whose account it is, and Lan, who leads the team and sees it."""
    makers = Makers(tmp_path)
    laptops = [makers.laptop(house, name) for name in ("An", "Lan")]
    laptops[0].connect()
    laptops[0].edit(lambda uow: uow.add(Account(id=ID, name="Thép Việt", owner=laptops[0].user)))
    assert laptops[0].sync()
    laptops[1].connect()
    yield laptops[0], laptops[1]
    for laptop in laptops:
        laptop.close()


def put(laptop: RealLaptop, **values: Any) -> None:
    def work(uow: Any) -> None:
        uow.put(dataclasses.replace(uow.get(Account, ID), **values))

    laptop.edit(work)


def set_back(house: House, file: Path) -> None:
    backup.restore(house.database, file, "production", house.clock, house.ids, replace=True)


def lose_acknowledged(laptop: RealLaptop) -> None:
    """30 days went by, or the laptop is another one now: it cannot send anything again."""
    with laptop.store.database.write() as connection:
        connection.exec_driver_sql("delete from acknowledged")


def waiting(laptop: RealLaptop) -> list[Any]:
    with laptop.store.database.read() as connection:
        return [dict(each) for each in rescue.waiting(connection).entries]


def verdict(laptop: RealLaptop, **more: Any) -> Any:
    standing = laptop.state.standing()
    message = {"workspace": standing.workspace, "epoch": standing.epoch, "device": standing.device, "protocol": 1,
               "schema": 2, "mark": standing.mark, **more}  # fmt: skip
    return laptop.call("recovered", message)


def test_what_another_laptop_still_has_waits_for_its_owner(
    pair: tuple[RealLaptop, RealLaptop], house: House, tmp_path: Path
) -> None:
    an, lan = pair
    made = backup.make(house.database, tmp_path / "b.kamserver", house.clock)
    put(an, phone="0911")
    contact = "01890000-0000-7000-8000-000000000002"
    an.edit(lambda uow: uow.add(Contact(id=contact, account=ID, full_name="Trần Thị Ánh")))
    assert an.sync() and lan.sync()
    lose_acknowledged(an)
    set_back(house, made.path)
    house.clock.move(1)
    assert lan.sync(), "the next call says the new epoch, the lead hands in what is hers to see"
    assert lan.reports[-1].rescued == 2
    assert an.sync()
    waits = waiting(an)
    assert [(each["changes"][0]["entity"], each["changes"][0]["action"]) for each in waits] == [
        ("account", "update"), ("contact", "create"),
    ]  # fmt: skip
    assert waits[0]["changes"][0]["new"] == {"phone": "0911"} and waits[0]["changes"][0]["now"] == {"phone": ""}
    assert waiting(lan) == [], "it is not hers to decide"
    assert verdict(an, groups=[each["group"] for each in waits], take=True)["verdicts"] == [["accepted", 1]] * 2
    assert an.sync() and lan.sync()
    assert waiting(an) == []
    assert server_rows(house, "account")[ID]["phone"] == "0911"
    assert contact in server_rows(house, "contact")
    assert an.rows("contact") == lan.rows("contact") and len(an.rows("contact")) == 1


def test_what_its_author_sends_again_waits_no_more(
    pair: tuple[RealLaptop, RealLaptop], house: House, tmp_path: Path
) -> None:
    an, lan = pair
    made = backup.make(house.database, tmp_path / "b.kamserver", house.clock)
    put(an, phone="0911")
    put(an, phone="0912", address="Huế")
    assert an.sync() and lan.sync()
    set_back(house, made.path)
    assert lan.sync() and lan.reports[-1].rescued == 1
    assert an.sync()
    assert waiting(an) == []
    assert server_rows(house, "account")[ID]["phone"] == "0912"
    assert house.value("select count(*) from conflict") == 0


def test_dropped_and_opened_again(pair: tuple[RealLaptop, RealLaptop], house: House, tmp_path: Path) -> None:
    an, lan = pair
    made = backup.make(house.database, tmp_path / "b.kamserver", house.clock)
    put(an, phone="0911")
    assert an.sync() and lan.sync()
    lose_acknowledged(an)
    set_back(house, made.path)
    assert lan.sync() and an.sync()
    (entry,) = waiting(an)
    assert verdict(an, group=entry["group"], take=False)["verdict"][0] == "dropped"
    assert an.sync() and waiting(an) == []
    assert verdict(an, group=entry["group"], reopen=True)["verdict"][0] == "waiting"
    assert an.sync() and [each["group"] for each in waiting(an)] == [entry["group"]]
    lan.engine.begin()  # the same again, from whomever, is held once
    assert lan.sync() and house.value("select count(*) from recovered") == 1


def test_nothing_is_handed_in_that_was_never_lost(
    pair: tuple[RealLaptop, RealLaptop], house: House, tmp_path: Path
) -> None:
    an, lan = pair
    put(an, phone="0911")
    assert an.sync() and lan.sync()
    put(an, phone="0912")
    assert an.sync()  # the lead does not know this one yet
    made = backup.make(house.database, tmp_path / "b.kamserver", house.clock)
    put(an, address="Huế")
    assert an.sync()
    set_back(house, made.path)
    assert lan.sync() and lan.reports[-1].rescued == 0
    assert an.sync() and house.value("select count(*) from recovered") == 0


def test_a_copy_of_a_laptop_is_known_though_the_server_forgot_its_numbers(
    pair: tuple[RealLaptop, RealLaptop], house: House, tmp_path: Path
) -> None:
    an, _ = pair
    made = backup.make(house.database, tmp_path / "b.kamserver", house.clock)
    an.store.close()
    shutil.copytree(an.folder, tmp_path / "copy")
    an.restart()
    for n in range(3):
        put(an, address=f"Huế {n}")
        assert an.sync()
    copy = RealLaptop(house, "An", tmp_path / "copy", an.store, an.state, an.engine)
    copy.store = an.store.__class__.open(copy.folder, KEY, "An", house.clock, house.ids)
    copy.state = an.state.__class__(copy.store)
    copy.engine = an.engine.__class__(copy.state)
    set_back(house, made.path)
    device = an.state.device()
    put(copy, phone="0900")
    put(an, phone="0911")
    assert copy.sync() and an.sync()
    assert copy.state.device() != an.state.device() and device in (copy.state.device(), an.state.device())
    assert copy.sync() and an.sync()
    assert house.value("select count(*) from conflict where kind = 'displaced'") == 1
    copy.store.close()


def test_a_mark_that_was_kept_says_up_to_where_the_past_is_one(house: House, tmp_path: Path) -> None:
    with house.database.write() as connection:
        found = workspace.read(connection)
        mark = workspace.mark_of(found)
        good = [found.epoch, mark["seq"], mark["hash"], mark["mac"]]
        assert workspace.common(connection, [good]) == found.seq
        assert workspace.common(connection, [[1, found.seq, "ab", mark["mac"]]]) == 0
        assert workspace.common(connection, [[1, found.seq + 1, mark["hash"], mark["mac"]]]) == 0


def test_what_waited_is_listed_when_an_older_backup_is_put_back(
    pair: tuple[RealLaptop, RealLaptop], house: House, tmp_path: Path
) -> None:
    an, _ = pair
    place = tmp_path / "keys"
    place.mkdir()
    create_key_file(place, "An", KEY, house.clock, recovery=RecoveryKey.new())
    for path in place.iterdir():
        shutil.copy(path, an.folder / path.name)
    file = profile_backup.backup_to(an.store, tmp_path / "an.kambackup").path
    put(an, phone="0911")
    assert an.sync()
    put(an, phone="0912")  # waits
    device = an.state.device()
    an.store.close()
    restore(an.folder, file, KEY, house.clock, house.ids)
    an.restart()
    assert an.sync() and an.state.device() != device
    with an.store.reader() as reader:
        (entry,) = needs.entries(reader)
        assert (entry.need.kind, entry.need.problem["code"]) == ("stuck", "before_restore")
    assert server_rows(house, "account")[ID]["phone"] == "0911"
    an.edit(lambda uow: needs.resolve(uow, entry.need.id, {}))
    assert an.sync() and server_rows(house, "account")[ID]["phone"] == "0912"
