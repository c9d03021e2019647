"""A pull tells a laptop its own writing by numbers, whole rows where it holds something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import Account
from kam_desktop.domain.errors import Unavailable
from kam_desktop.server.database import Database
from kam_desktop.store import own_echo
from kam_desktop.sync.engine import Call
from tests.server.conftest import furnished
from tests.server.house import House
from tests.sync.test_two_laptops import ID, put
from tests.sync.world import Makers, RealLaptop

Pair = tuple[RealLaptop, RealLaptop]
OTHER = "01890000-0000-7000-8000-000000000002"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    yield furnished(database)
    database.close()


@pytest.fixture
def pair(house: House, tmp_path: Path) -> Iterator[Pair]:
    """An, who keeps an account, and Lan, who leads the team: both hold it, and An's next pull is no first one."""
    made = Makers(tmp_path)
    an, lan = made.laptop(house, "An"), made.laptop(house, "Lan")
    an.connect()
    lan.connect()
    an.edit(lambda uow: uow.add(Account(id=ID, name="Công ty Sữa Mây", owner=an.user, phone="028 3822 1100")))
    assert an.sync() and lan.sync() and an.sync()
    yield an, lan
    an.close()
    lan.close()


def watched(laptop: RealLaptop) -> list[Mapping[str, Any]]:
    """The pull answers that reach the laptop from here on."""
    found: list[Mapping[str, Any]] = []

    def after(call: Call, answer: Mapping[str, Any]) -> None:
        if call.name == "pull":
            found.append(known(laptop, answer))

    laptop.after = after
    return found


def known(laptop: RealLaptop, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer, with the ids that the laptop knows the numbers of its own writing to mean."""
    with laptop.store.database.read() as connection:
        echo = own_echo.resolved(connection, answer.get("echo", ())) if "echo" in answer else None
    return {**answer, "echo": echo} if echo is not None else answer


def brought(answers: list[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Ids of rows that came whole, and of those that came as numbers."""
    return (
        [each for answer in answers for part in answer["parts"] for each in part["id"]],
        [each for answer in answers for part in answer.get("echo", ()) for each in part["id"]],
    )


def server_rows(laptop: RealLaptop) -> list[Any]:
    return [(row[0], row[-3]) for row in laptop.rows("account")]


def agree(house: House, *laptops: RealLaptop) -> None:
    with house.database.read() as connection:
        numbers = [tuple(row) for row in connection.rows("select id, _seq from account order by id")]
    for each in laptops:
        assert server_rows(each) == numbers
        assert each.rows("account") == laptops[0].rows("account")


def test_own_edits_and_creations_come_back_as_numbers(house: House, pair: Pair) -> None:
    an, lan = pair
    answers = watched(an)
    put(an, Account, ID, phone="0900", address="12 Lê Lợi")
    an.edit(lambda uow: uow.add(Account(id=OTHER, name="Gốm Hạ", owner=an.user)))
    assert an.sync()
    assert brought(answers) == ([], [ID, OTHER])
    assert lan.sync()
    agree(house, an, lan)
    assert an.sync() and brought(answers[1:]) == ([], [])
    put(an, Account, OTHER, name="Gốm Hạ Long")  # its number is right: the next edit meets nothing
    assert an.sync() and lan.sync()
    agree(house, an, lan)


def test_what_somebody_else_wrote_since_comes_whole(house: House, pair: Pair) -> None:
    an, lan = pair
    put(lan, Account, ID, website="lan.vn")
    assert lan.sync()
    answers = watched(an)
    put(an, Account, ID, phone="0900")
    assert an.sync()
    assert brought(answers) == ([ID], [])
    assert lan.sync()
    agree(house, an, lan)


def test_an_edit_made_while_the_echo_travels_stays_and_stands_on_the_new_number(house: House, pair: Pair) -> None:
    an, lan = pair
    put(an, Account, ID, phone="0900")

    def meanwhile(call: Call, answer: Mapping[str, Any]) -> None:
        if call.name == "pull":
            an.after = lambda call, answer: None
            assert brought([known(an, answer)]) == ([], [ID])
            put(an, Account, ID, phone="0911")

    an.after = meanwhile
    assert an.sync() and an.sync() and lan.sync()
    assert [row[0] for row in an.rows("account")] == [ID]
    with lan.store.reader() as reader:
        found = reader.get(Account, ID)
    assert found is not None and found.phone == "0911"
    agree(house, an, lan)


def test_a_lost_answer_to_the_push_changes_nothing_of_it(house: House, pair: Pair) -> None:
    an, lan = pair
    put(an, Account, ID, phone="0900")

    def lost(call: Call, answer: Mapping[str, Any]) -> None:
        if call.name == "push":
            an.after = lambda call, answer: None
            raise Unavailable("cut", "lost")

    an.after = lost
    assert an.sync() and lan.sync()
    agree(house, an, lan)


def test_a_laptop_that_holds_something_else_gets_whole_rows(house: House, pair: Pair) -> None:
    """As a copy of the folder does, which lacks what its twin sent under the same device."""
    an, lan = pair
    put(an, Account, ID, phone="0900")

    def forgets(call: Call) -> None:
        if call.name == "pull" and call.message["echo"]:
            with an.store.database.write() as connection:
                connection.exec_driver_sql("update account set phone = 'old' where id = ?", (ID,))

    an.before = forgets
    answers = watched(an)
    assert an.sync()
    assert brought(answers) == ([ID], [ID])
    assert [("echo" in each) for each in answers] == [True, False]
    assert lan.sync()
    agree(house, an, lan)


def test_a_laptop_that_lacks_the_row_gets_it(house: House, pair: Pair) -> None:
    an, lan = pair
    put(an, Account, ID, phone="0900")

    def forgets(call: Call) -> None:
        if call.name == "pull" and call.message["echo"]:
            with an.store.database.write() as connection:
                connection.exec_driver_sql("delete from account where id = ?", (ID,))

    an.before = forgets
    assert an.sync() and lan.sync()
    agree(house, an, lan)


def test_who_does_not_ask_for_it_or_keeps_other_fields_gets_whole_rows(house: House, pair: Pair) -> None:
    an, _ = pair
    put(an, Account, ID, phone="0900")

    def stops(call: Call) -> None:
        if call.name == "pull":
            raise Unavailable("offline", "no network")

    an.before = stops
    assert not an.cycle()
    an.engine.begin()
    call = an.engine.next_call()
    assert call is not None and call.name == "pull"
    assert an.call("pull", call.message)["echo"]
    for other in ({"echo": False}, {"schema": 1}):
        answer = an.call("pull", {**call.message, **other})
        assert brought([answer]) == ([ID], [])
    fresh = an.call("pull", {**call.message, "cursors": {}})
    assert "echo" not in fresh and ID in brought([fresh])[0]
