"""The change log as laptops witness it, and a person erased from everything that is kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from kam_desktop.domain.errors import Refused
from kam_desktop.protocol import log_chain
from kam_desktop.server import change_log, erasing
from kam_desktop.server.database import Connection, Database
from tests.server import mutations
from tests.server.conftest import furnished
from tests.server.house import House, Laptop, create, delete, update

SECRETS = ("Nguyễn Thị Bí Mật", "0912345678", "bimat@example.vn", "thích trà đá", "0987654321")


@pytest.fixture
def trial(house: House) -> mutations.Trial:
    return mutations.Trial(house, 7)


def test_every_mutation_is_found_by_the_server_and_by_a_laptop(trial: mutations.Trial) -> None:
    assert mutations.sound(trial)
    found = mutations.run(trial, 80)
    assert found["unfound"] == []
    assert found["passed_the_server_and_found_by_the_laptop"], "a chain that was counted anew deceives the server alone"
    assert mutations.sound(trial)


COLUMNS = ("group_id", "place", "entity", "record", "action", "author", "device", "written_at")


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_left_out_of_the_digest_is_noticed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, left_out = log_chain.digest, COLUMNS.index(name) + 1

    def fewer(at: str, columns: list[list[object]], payloads: Iterable[bytes]) -> bytes:
        return whole(at, [each for place, each in enumerate(columns) if place != left_out], payloads)

    for module in (change_log, log_chain):
        monkeypatch.setattr(module, "digest", fewer)
    trial = mutations.Trial(furnished(Database(f"sqlite:///{tmp_path / 'planted.db'}")), 7)

    def column(trial: mutations.Trial, connection: Connection) -> str:
        row = trial.dice.choice(trial.rows[:-1])
        value = 77 if isinstance(row[mutations.PLACE[name]], int) else "another"
        connection.run(f'update change_log set "{name}" = ? where seq = ?', (value, row[0]))
        return name

    assert mutations.run(trial, 3, (column,))["unfound"], "what is not counted cannot be found"


def full(house: House) -> tuple[Laptop, str, str]:
    """An's customer with a contact whose number was changed, about whom two people disagreed."""
    an, lan = house.laptop("An"), house.laptop("Lan")
    account, contact = house.ids.new(), house.ids.new()
    an.push(
        create("account", account, name="Nhựa Việt"),
        create("contact", contact, account=account, full_name=SECRETS[0], phones=[SECRETS[4]], emails=[SECRETS[2]]),
    )
    an.push(update("contact", contact, 10**6, phones=[SECRETS[1]]))
    seen = house.value("select _seq from contact where id = ?", contact)
    lan.push(update("contact", contact, seen, internal_note=SECRETS[3]))
    an.push(update("contact", contact, seen, internal_note=SECRETS[3] + " nóng"))
    an.push(update("contact", contact, seen, full_name=""))
    return an, account, contact


def everything(house: House) -> str:
    with house.sql() as connection:
        if connection.postgresql:
            names = [row[0] for row in connection.rows("select tablename from pg_tables where schemaname = 'public'")]
        else:
            names = [row[0] for row in connection.rows("select name from sqlite_master where type = 'table'")]
        return "\n".join(str(row) for name in names for row in connection.rows(f'select * from "{name}"'))


def test_an_erased_person_is_nowhere_and_the_chain_holds(any_house: House) -> None:
    house = any_house
    an, _, contact = full(house)
    before = everything(house)
    assert all(word in before for word in SECRETS)
    with house.database.write() as connection:
        done = erasing.erase(connection, contact, clock=house.clock, ids=house.ids)
        assert change_log.broken_link(connection) is None
    assert done.payloads == 4 and done.records == [("contact", contact)] and done.mentions == []
    after = everything(house)
    assert [word for word in SECRETS if word in after] == []
    with house.sql() as connection:
        rows = connection.rows(
            "select payload_hash, salt, seq from change_log where record = ? and new is null", (contact,)
        )
        assert len(rows) == 4 and all(row[1] is None for row in rows)
    # what everybody hears
    an.pull()
    row = an.row("contact", contact)
    assert row is not None and row["full_name"] == erasing.NAME and "_erased_at" in row["_extra"]
    changes = an.call("history", entity="contact", id=contact)["changes"]
    assert next(each["action"] for each in changes) == "erase" and all(each["new"] == {} for each in changes)
    # and nobody writes it there again
    assert an.push(update("contact", contact, 10**9, phones=[SECRETS[1]]))["kinds"] == ["refused"]
    assert an.push(delete("contact", contact, 10**9))["kinds"] == ["refused"]
    assert an.push(create("contact", contact, account=row["account"], full_name=SECRETS[0]))["kinds"] == ["refused"]
    assert [word for word in SECRETS if word in everything(house)] == []


def test_what_was_sent_before_is_known_again_after_it_was_erased(house: House) -> None:
    an, account, contact = house.laptop("An"), house.ids.new(), house.ids.new()
    changes = [create("account", account, name="A"), create("contact", contact, account=account, full_name=SECRETS[0])]
    names = [house.ids.random(), house.ids.random()]
    an.push(*changes, names=names)
    with house.database.write() as connection:
        erasing.erase(connection, contact, clock=house.clock, ids=house.ids)
    assert an.push(*changes, names=names)["kinds"] == ["already", "already"]


def test_words_elsewhere_are_told_and_erased_where_asked(house: House) -> None:
    an, account, contact = full(house)
    talk, other = house.ids.new(), house.ids.new()
    an.push(
        create("activity", talk, account=account, contact=contact, kind="call", at="2026-03-01T08:00:00Z",
               subject="Gọi", said=f"Gọi {SECRETS[0]}"),
        create("activity", other, account=account, kind="call", at="2026-03-01T08:00:00Z", subject=SECRETS[1]),
    )  # fmt: skip
    with house.database.write() as connection:
        done = erasing.erase(connection, contact, clock=house.clock, ids=house.ids, talks=True)
    assert ("activity", talk) in done.records and done.mentions == [("activity", other)]
    assert SECRETS[0] not in everything(house)


def test_a_user_is_disabled_before_they_are_erased(house: House) -> None:
    person = house.people["An"]
    with pytest.raises(Refused), house.database.write() as connection:
        erasing.erase(connection, person, clock=house.clock, ids=house.ids)
    with house.database.write() as connection:
        connection.run("update user_account set disabled = 1 where id = ?", (person,))
        erasing.erase(connection, person, clock=house.clock, ids=house.ids)
        with pytest.raises(Refused):
            erasing.erase(connection, house.ids.new(), clock=house.clock, ids=house.ids)
    assert house.value("select full_name from person where id = ?", person) == erasing.NAME


def test_nothing_of_an_erased_person_is_left_in_the_file(house: House, tmp_path: Path) -> None:
    _, _, contact = full(house)
    with house.database.write() as connection:
        erasing.erase(connection, contact, clock=house.clock, ids=house.ids)
    house.database.close()
    database = Database(house.database.url)
    database.sweep()
    held = b"".join(path.read_bytes() for path in tmp_path.glob("server.db*"))
    assert [word for word in SECRETS if word.encode() in held] == []
