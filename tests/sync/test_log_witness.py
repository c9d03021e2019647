"""A laptop keeps what it was told of the server's log, counts the log, and forgets who was erased."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import Account, Contact
from kam_desktop.domain.errors import Problem
from kam_desktop.protocol import messages
from kam_desktop.server import erasing, workspace
from kam_desktop.server.database import Connection, Database
from kam_desktop.store.tables import SCHEMA
from kam_desktop.sync import answers, log_counting
from tests.server.conftest import furnished
from tests.server.house import House
from tests.sync.test_two_laptops import ID, put
from tests.sync.world import Makers, RealLaptop

PERSON = "01890000-0000-7000-8000-00000000000a"
SECRET = "Nguyễn Bí Mật"
DAY_S = 86_400


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    yield furnished(database)
    database.close()


@pytest.fixture
def an(house: House, tmp_path: Path) -> Iterator[RealLaptop]:
    """An's laptop, some days old."""
    laptop = Makers(tmp_path).laptop(house, "An")
    laptop.connect()
    laptop.edit(lambda uow: uow.add(Account(id=ID, name="Sữa Mây", owner=laptop.user)))
    laptop.edit(lambda uow: uow.add(Contact(id=PERSON, account=ID, full_name="Cô Lan", phones=("0912345678",))))
    for day in range(4):
        put(laptop, Account, ID, phone=f"090{day}")
        assert laptop.sync()
        house.clock.move(DAY_S)
    yield laptop
    laptop.close()


def asking(laptop: RealLaptop) -> log_counting.Ask:
    standing = laptop.state.standing()

    def ask(after: int) -> Mapping[str, Any]:
        message = {
            "workspace": standing.workspace, "epoch": standing.epoch, "device": standing.device,
            "protocol": messages.PROTOCOL, "schema": SCHEMA, "mark": standing.mark, "after": after,
        }  # fmt: skip
        return answers.checked("audit", message, laptop.call("audit", message))

    return ask


def looked(laptop: RealLaptop, seed: int = 1) -> Problem | None:
    laptop.house.clock.move(DAY_S)
    epoch = laptop.state.standing().epoch
    return log_counting.look(laptop.state, epoch, asking(laptop), laptop.house.clock.now(), random.Random(seed))


def altered(house: House, deed: Callable[[Connection], Any]) -> None:
    with house.database.write() as connection:
        deed(connection)


def test_a_laptop_counts_an_honest_log_once_and_then_only_what_is_new(house: House, an: RealLaptop) -> None:
    seen, found = an.state.witnessed()
    assert len({each.seq for each in seen}) >= 4 and found.to == 0
    assert looked(an) is None
    _, found = an.state.witnessed()
    assert (found.to, found.hash) == (an.state.standing().mark["seq"], an.state.standing().mark["hash"])
    asked: list[int] = []
    ask = asking(an)
    epoch, now = an.state.standing().epoch, house.clock.now()
    for _ in range(3):  # not again on the same day
        log_counting.look(an.state, epoch, lambda after: asked.append(after) or ask(after), now, random.Random(1))  # type: ignore[func-returns-value]
    assert asked == []
    put(an, Account, ID, phone="0999")
    assert an.sync()
    assert looked(an) is None
    assert an.state.witnessed()[1].to == an.state.standing().mark["seq"]


def test_a_log_that_was_altered_is_told(house: House, an: RealLaptop) -> None:
    assert looked(an) is None
    row = "(select seq from change_log where entity = 'account' and action = 'update' order by seq limit 1)"
    altered(house, lambda connection: connection.run(f"update change_log set author = 'x' where seq = {row}"))
    found = [looked(an, seed) for seed in range(12)]  # a piece of the past each day
    assert any(each is not None and each.code in ("log_changed", "log_unread") for each in found)
    assert log_counting.whole(1, an.state.witnessed()[0], asking(an)).problem


def test_a_payload_that_was_taken_away_is_told_and_an_erasure_is_not(house: House, an: RealLaptop) -> None:
    altered(house, lambda connection: erasing.erase(connection, PERSON, clock=house.clock, ids=house.ids))
    assert an.sync() and looked(an) is None
    assert an.state.witnessed()[1].erased
    row = "(select max(seq) from change_log where entity = 'account' and action = 'update')"
    altered(house, lambda connection: connection.run(
        f"update change_log set old = null, new = null, salt = null where seq = {row}"))  # fmt: skip
    assert log_counting.whole(1, an.state.witnessed()[0], asking(an)).problem == "log_blanked"


def test_what_a_restored_server_lost_is_no_alteration(house: House, an: RealLaptop) -> None:
    assert looked(an) is None
    last = house.value(
        "select max(seq) from change_log where chain is not null and seq < (select max(seq) from change_log)"
    )

    def set_back(connection: Connection) -> None:
        connection.run("delete from change_log where seq > ?", (last,))
        row = connection.one("select chain from change_log where seq = ?", (last,))
        assert row is not None
        connection.run("update workspace set seq = ?, hash = ?", (last, bytes(row[0]).hex()))
        workspace.restore(connection, "production", house.clock, house.ids)

    altered(house, set_back)
    assert an.sync()
    assert looked(an) is None
    found = an.state.witnessed()[1]
    assert found.epoch == an.state.standing().epoch and found.since, "and since when it is missing is known"


def test_who_was_erased_is_nowhere_on_the_laptop(house: House, an: RealLaptop) -> None:
    put(an, Contact, PERSON, full_name=SECRET, internal_note=SECRET)
    assert an.sync()
    altered(house, lambda connection: erasing.erase(connection, PERSON, clock=house.clock, ids=house.ids))
    assert an.sync()
    while an.state.forget():
        pass
    assert an.rows("contact")[0][2] == erasing.NAME
    with an.store.reader() as reader:
        names = [
            row[0]
            for row in reader.sql("select name from sqlite_master where type = 'table' and sql not like '%fts5%'")
        ]
        held = "\n".join(str(row) for name in names for row in reader.sql(f'select * from "{name}"'))
        assert SECRET not in held and "Cô Lan" not in held and "0912345678" not in held
        assert reader.sql("select count(*) from history where record = :id", {"id": PERSON})[0][0] == 0
