"""What sync leaves out where it is not needed: writes of a quiet cycle, dictionaries of a download."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from kam_desktop.domain.entities import Account, Contact
from kam_desktop.domain.ids import numbered
from kam_desktop.server.database import Database
from kam_desktop.store import forgetting, landing, search
from kam_desktop.store.shown_rows import plain_rows_of, rows_of
from kam_desktop.store.standing import look
from kam_desktop.store.sync_state import NOTED
from kam_desktop.store.sync_tables import AWAITED
from kam_desktop.sync import cycle
from kam_desktop.sync.engine import Report
from tests.server.conftest import furnished
from tests.server.house import House
from tests.sync.test_two_laptops import ID, put
from tests.sync.world import Makers, NoSession, RealLaptop

CONTACT = "01890000-0000-7000-8000-000000000003"


@pytest.fixture
def an(tmp_path: Path) -> Iterator[RealLaptop]:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    house: House = furnished(database)
    laptop = Makers(tmp_path).laptop(house, "An")
    laptop.connect()
    laptop.edit(lambda uow: uow.add(Account(id=ID, name="Công ty Sữa Mây", owner=laptop.user, tags=("bò", "sữa"))))
    assert laptop.sync()
    yield laptop
    laptop.close()
    database.close()


def written(laptop: RealLaptop) -> int:
    """Changes when another connection than this one wrote."""
    with laptop.store.database.read() as connection:
        return int(connection.exec_driver_sql("pragma data_version").scalar_one())


def test_a_cycle_that_finds_nothing_writes_nothing_but_now_and_then_when_it_was(an: RealLaptop) -> None:
    assert an.sync()
    before, noted = written(an), an.state.standing().last_sync
    an.store.clock.move(1)  # type: ignore[attr-defined]
    assert an.sync()
    assert written(an) == before
    assert an.state.standing().last_sync > noted  # this laptop knows it all the same
    an.store.clock.move(NOTED.total_seconds())  # type: ignore[attr-defined]
    assert an.sync()
    assert written(an) != before


def test_what_is_made_here_is_never_taken_for_nothing(an: RealLaptop) -> None:
    assert an.sync()
    before = written(an)
    put(an, Account, ID, phone="0900")
    assert an.sync()
    assert written(an) != before
    assert not an.state.counts().waiting


def test_names_of_groups_differ_within_a_step_and_between_steps() -> None:
    one, other = numbered("0" * 31 + "1"), numbered("f" * 32)
    names = [one() for _ in range(300)] + [other() for _ in range(300)]
    assert len(set(names)) == 600
    assert all(len(name) == 32 and set(name) <= set("0123456789abcdef") for name in names)


def test_rows_of_a_first_download_are_written_as_any_others() -> None:
    part = {
        "entity": "account", "fields": ["phone", "name"], "id": [ID], "seq": [7], "sort": ["x"],
        "values": [["0900"], ["Mây"]],
    }  # fmt: skip
    columns = landing.columns_of(Account.entity)
    assert [dict(zip(columns, row, strict=True)) for row in plain_rows_of(part) or ()] == rows_of(part)
    strange = {**part, "fields": ["phone", "name", "of_a_newer_program"], "values": [["0900"], ["Mây"], ["x"]]}
    assert plain_rows_of(strange) is None


def test_rows_are_indexed_from_their_columns_as_records_are(an: RealLaptop) -> None:
    person = Contact(id=CONTACT, account=ID, full_name="Đỗ Thị Hòa", phones=("+84 912 345 678", "028 38"), position="")
    an.edit(lambda uow: uow.add(person))
    wanted = {"hoa", "0912345678", "84912345678", "02838", "khong"}

    def found() -> dict[str, list[str]]:
        with an.store.reader() as reader:
            return {word: [each.id for each in search.find(reader.connection, word, 9)] for word in wanted}

    of_records = found()
    assert of_records["0912345678"] == of_records["hoa"] == [CONTACT] and of_records["khong"] == []
    with an.store.database.write() as connection:
        search.drop(connection, [CONTACT])
    assert found()["hoa"] == []
    with an.store.database.write() as connection:
        search.put_rows(connection, "contact", [CONTACT, "gone"])
        search.put_rows(connection, "account", [ID])
    assert found() == of_records
    with an.store.reader() as reader:
        assert [each.id for each in search.find(reader.connection, "bo sua", 9)] == [ID]


def cycle_of(laptop: RealLaptop) -> Report:
    return cycle.run(laptop.engine, laptop.state, laptop, NoSession())  # type: ignore[arg-type]


def test_a_quiet_cycle_asks_the_store_twice_and_opens_no_door_to_write(an: RealLaptop) -> None:
    assert an.sync()
    begun: list[str] = []
    engines = {"read": an.store.database._reader, "write": an.store.database._writer}
    for name, engine in engines.items():
        event.listen(engine, "begin", lambda connection, name=name: begun.append(name))
    assert cycle_of(an).done
    assert begun == ["read", "read"]


def test_a_cycle_without_news_does_what_an_earlier_one_left(an: RealLaptop) -> None:
    assert an.sync() and cycle_of(an).done
    with an.store.database.write() as connection:
        search.drop(connection, [ID])
        connection.exec_driver_sql("insert into search_queue (entity, record) values ('account', ?)", (ID,))
    assert not cycle_of(an).done
    with an.store.reader() as reader:
        assert [each.id for each in search.find(reader.connection, "bo sua", 9)] == [ID]
    with an.store.database.write() as connection:
        forgetting.owe(connection)
    assert not cycle_of(an).done
    with an.store.reader() as reader:
        assert not forgetting.owed(reader.connection)
    an.state._unjoined = ["account"]
    assert not cycle_of(an).done and not an.state._unjoined
    assert cycle_of(an).done


def test_what_waits_for_its_scope_is_no_quiet_cycle(an: RealLaptop) -> None:
    assert an.sync() and cycle_of(an).done
    with an.store.database.write() as connection:
        connection.exec_driver_sql(
            "insert into row_scope (record, scope, entity, pass) values (?, ?, 'account', 0)", (ID, AWAITED)
        )
    assert not cycle_of(an).done
    with an.store.reader() as reader:
        assert not list(reader.sql("select 1 from row_scope where scope = :scope", {"scope": AWAITED}))


@pytest.mark.parametrize(
    ("key", "value"), [("mark", {"seq": 0, "hash": "", "mac": ""}), ("rights", 99), ("cursors", {"org": "x:1"})]
)
def test_a_mark_right_or_cursor_that_is_another_is_written_though_no_row_came(
    an: RealLaptop, key: str, value: object
) -> None:
    assert an.sync()
    an.engine.begin()
    call = an.engine.next_call()
    assert call is not None
    answer = an.call(call.name, call.message)
    assert an.state.take_pull(answer)[0].done
    told = {**answer, key: {**answer["cursors"], **value} if key == "cursors" else value}  # type: ignore[dict-item]
    assert not an.state.take_pull(told)[0].done
    with an.store.database.read() as connection:
        here = look(connection, "")
    assert {"mark": here.standing.mark, "rights": here.standing.rights, "cursors": here.cursors}[key] == told[key]
