"""A row pulled over one that is here: columns that differ are written, nothing else is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from kam_desktop.domain.change import Action, Touched
from kam_desktop.domain.entities import Account
from kam_desktop.domain.fields import Kind
from kam_desktop.server.database import Database
from kam_desktop.store import landing, search
from kam_desktop.store.landing import EMPTIES, Landing, Row, columns_of
from kam_desktop.store.shown_rows import rows_of
from kam_desktop.store.tables import SEARCHED
from tests.server.conftest import furnished
from tests.server.house import House
from tests.sync.test_two_laptops import ID, put
from tests.sync.world import Makers, RealLaptop

NAMES = columns_of(Account.entity)
WHOLE = {"name": "Công ty Sữa Mây", "phone": "0900", "credit_limit": 500, "tags": '["bò"]', "archived": 0}


@pytest.fixture(scope="module")
def an(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLaptop]:
    folder = tmp_path_factory.mktemp("pulled")
    database = Database(f"sqlite:///{folder / 'server.db'}")
    house: House = furnished(database)
    laptop = Makers(folder).laptop(house, "An")
    laptop.connect()
    yield laptop
    laptop.close()
    database.close()


def part(given: dict[str, Any], seq: int, *, without: tuple[str, ...] = (), **strange: Any) -> dict[str, Any]:
    """One account as a pull tells it: every field but those that are hidden, and some that nobody here knows."""
    values = {name: given.get(name, empty) for name, empty in EMPTIES["account"].items() if name not in without}
    values |= strange
    return {
        "entity": "account", "fields": list(values), "id": [ID], "seq": [seq], "sort": [f"sort {given.get('name')}"],
        "values": [[value] for value in values.values()],
    }  # fmt: skip


def land(laptop: RealLaptop, *rows: Row, first: bool = False) -> tuple[Touched, ...]:
    with laptop.store.database.write() as connection:
        landed = Landing(connection, first=first)
        for row in rows:
            landed.put("account", row)
        return landed.write()


def take(laptop: RealLaptop, *parts: dict[str, Any]) -> tuple[Touched, ...]:
    return land(laptop, *(row for each in parts for row in rows_of(each)))


def held(laptop: RealLaptop) -> dict[str, Any]:
    with laptop.store.reader() as reader:
        names = ", ".join(f'"{name}"' for name in NAMES)
        (row,) = reader.sql(f"select {names} from account where id = :id", {"id": ID})
        return dict(zip(NAMES, row, strict=True))


def expected(told: dict[str, Any]) -> dict[str, Any]:
    (row,) = rows_of(told)
    return {name: row[name] for name in NAMES}


def found(laptop: RealLaptop, word: str) -> list[str]:
    with laptop.store.reader() as reader:
        return [each.id for each in search.find(reader.connection, word, 9)]


@contextmanager
def statements(laptop: RealLaptop, beginning: str) -> Iterator[list[str]]:
    """The statements of the writing connection that begin so, while this is open."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith(beginning):
            seen.append(statement)

    engine = laptop.store.database._writer
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_only_the_columns_that_differ_are_written(an: RealLaptop) -> None:
    take(an, part(WHOLE, 1))
    with statements(an, 'update "account"') as seen:
        touched = take(an, part({**WHOLE, "phone": "0911"}, 2))
    assert seen == ['update "account" set "phone" = ?, "_seq" = ? where id = ?']
    assert [(each.record, each.action) for each in touched] == [(ID, Action.UPDATE)]
    with statements(an, 'update "account"') as seen:
        assert take(an, part({**WHOLE, "phone": "0911"}, 2)) == ()
    assert seen == [] and held(an) == expected(part({**WHOLE, "phone": "0911"}, 2))


def test_fields_of_a_newer_program_are_kept_changed_and_gone_with_the_server(an: RealLaptop) -> None:
    take(an, part(WHOLE, 1))
    rounds: tuple[dict[str, Any], ...] = ({"mood": "glad"}, {"mood": "glad"}, {"mood": "sad", "size": 3}, {})
    for seq, strange in enumerate(rounds, 2):
        told = part({**WHOLE, "phone": f"09{seq}"}, seq, **strange)
        take(an, told)
        assert held(an) == expected(told)
        assert json.loads(held(an)["_extra"] or "{}") == strange


def test_nothing_becomes_something_and_something_nothing(an: RealLaptop) -> None:
    take(an, part({"name": "Sữa"}, 1))
    rounds: tuple[dict[str, Any], ...] = (WHOLE, {"name": "Sữa"}, {**WHOLE, "owner": None, "credit_limit": 0}, {})
    for seq, given_ in enumerate(rounds, 2):
        told = part(given_, seq)
        take(an, told)
        assert held(an) == expected(told)
    assert held(an)["credit_limit"] is None


def test_a_field_that_is_hidden_from_now_on_is_emptied(an: RealLaptop) -> None:
    take(an, part({**WHOLE, "internal_note": "ghi chú"}, 1))
    assert held(an)["internal_note"] == "ghi chú" and found(an, "ghi chu") == [ID]
    hidden = part(WHOLE, 2, without=("internal_note", "credit_limit"))
    take(an, hidden)
    assert held(an)["internal_note"] == "" and held(an)["credit_limit"] is None
    assert found(an, "ghi chu") == []


def test_of_a_row_that_comes_twice_the_last_stands(an: RealLaptop) -> None:
    take(an, part(WHOLE, 1))
    last = part({**WHOLE, "phone": "0922"}, 3)
    take(an, part({**WHOLE, "phone": "0911", "website": "may.vn"}, 2), last)
    assert held(an) == expected(last)


def test_search_follows_what_it_reads_and_is_left_alone_by_the_rest(an: RealLaptop) -> None:
    take(an, part(WHOLE, 1))
    with statements(an, "insert or replace into search_account") as seen:
        take(an, part({**WHOLE, "credit_limit": 9}, 2))
    assert not seen
    take(an, part({**WHOLE, "name": "Gốm Hạ Long"}, 3))
    assert found(an, "gom") == [ID] and found(an, "sua") == []


def test_many_rows_are_indexed_just_after(an: RealLaptop, monkeypatch: pytest.MonkeyPatch) -> None:
    take(an, part(WHOLE, 1))
    monkeypatch.setattr(landing, "INDEXED", 0)
    take(an, part({**WHOLE, "name": "Gạo Đồng"}, 2))
    assert found(an, "gao") == []
    while an.state.index_rows():
        pass
    assert found(an, "gao") == [ID] and found(an, "sua") == []


_VALUES = {
    Kind.INTEGER: st.sampled_from((None, 0, 7)), Kind.MONEY: st.sampled_from((None, 0, 7)),
    Kind.DECIMAL: st.sampled_from((None, "0", "1.5")), Kind.DATE: st.sampled_from((None, "2026-01-02")),
    Kind.MOMENT: st.sampled_from((None, "2026-01-02T03:04:05Z")), Kind.FLAG: st.sampled_from((0, 1)),
    Kind.TEXTS: st.sampled_from(("", '["a"]', '["a", "b"]')), Kind.REF: st.none(),
}  # fmt: skip
ROWS = st.fixed_dictionaries(
    {each.name: _VALUES.get(each.kind, st.sampled_from(("", "a", "b"))) for each in Account.entity.fields}
    | {"_extra": st.sampled_from((None, '{"x":1}', '{"x":2}')), "_seq": st.sampled_from((None, 1, 2))}
)


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS)
def test_any_row_over_any_other_leaves_the_newer_one_whole(an: RealLaptop, before: Row, after: Row) -> None:
    for row in (before, after):
        land(an, {**row, "id": ID, "_sort": "x"})
        assert held(an) == {**row, "id": ID, "_sort": "x"}


def test_a_field_that_waits_is_not_written_over(an: RealLaptop) -> None:
    other = "01890000-0000-7000-8000-00000000000a"
    an.edit(lambda uow: uow.add(Account(id=other, name="Sữa", owner=an.user, phone="1", website="a.vn")))
    assert an.sync()
    put(an, Account, other, phone="2")
    with an.house.database.write() as connection:
        (seq,) = connection.one("update workspace set seq = seq + 1 returning seq") or (0,)
        connection.run("update account set website = 'b.vn', phone = '3', _seq = ? where id = ?", (seq, other))
        connection.run("update feed set seq = ? where id = ?", (seq, other))
        connection.run("update scope set seq = ?", (seq,))
    an.engine.begin()
    an.engine._phase = "pull"
    while (call := an.engine.next_call()) is not None:
        assert call.name == "pull"
        an.engine.answered(call, an.call(call.name, call.message))
    row = next(dict(zip(("id", *Account.entity.names, "_seq", "_sort", "_extra"), each, strict=True))
               for each in an.rows("account") if each[0] == other)  # fmt: skip
    assert (row["phone"], row["website"], row["_seq"]) == ("2", "b.vn", seq)


def segments(laptop: RealLaptop, entity: str) -> int:
    with laptop.store.reader() as reader:
        ((count,),) = reader.sql(f"select count(distinct segid) from search_{entity}_idx")
        return int(count)


def test_an_index_that_a_download_made_is_joined_and_one_of_edits_is_left(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    laptop = Makers(tmp_path).laptop(furnished(database), "An")
    numbers = range(90)

    def account(number: int) -> Row:
        given_ = {"name": f"Công ty {number}", "phone": f"09{number:08}"}
        return {**EMPTIES["account"], **given_, "id": f"01890000-0000-7000-8000-{number:012}", "_sort": "x"}

    land(laptop, *(account(number) for number in numbers), first=True)
    left = [laptop.state.index_rows(30) for _ in range(3)]
    assert left == [60, 30, len(SEARCHED)] and segments(laptop, "account") == 3
    rounds = 0
    while laptop.state.index_rows(30):
        rounds += 1
        assert rounds < 50
    assert segments(laptop, "account") == 1
    assert len(found(laptop, "cong ty")) == 9 and len(found(laptop, "0900000042")) == 1
    assert laptop.state.index_rows(30) == 0
    land(laptop, {**account(1), "name": "Gốm"}, first=True)  # a few more join nothing
    assert laptop.state.index_rows(1) == 0 and segments(laptop, "account") == 2
    assert found(laptop, "gom") == [account(1)["id"]]
    laptop.close()
    database.close()
