"""Migrations: a verified backup first, all or nothing, and they arrive at the declared schema."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as driver

from kam_desktop.domain.entities.account import Account
from kam_desktop.domain.entities.collection import Instalment, Invoice
from kam_desktop.domain.errors import Broken, TooOld, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.store import backup, database, files, migrations, open_amounts, profile, tables
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.keys import create_key_file
from kam_desktop.store.migrations import MIGRATIONS, Migration, declared, shape
from kam_desktop.store.profile import Store
from kam_desktop.store.recovery_key import RecoveryKey
from tests.fakes import FakeClock

KEY = DataKey(bytes(range(32)))
NEXT = tables.SCHEMA + 1
RELEASED = Path(__file__).parent / "released_schemas"
"""For each released schema number `<number>.sql`, its statements as that program had them, and `<number>.rows.sql`,
what that program wrote in a little working life: edits, an undo, allocations and one taken back, an outbox."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    clock = FakeClock()
    place = files.private_folder(tmp_path / "p")
    create_key_file(place, "profile-1", KEY, clock, recovery=RecoveryKey.new())
    store = Store.create(place, KEY, "profile-1", clock, RandomIds(clock))
    with store.edit("Add") as uow:
        uow.add(Account(id=uow.new_id(), name="Công ty Cũ"))
    store.close()
    return place


def connect(folder: Path) -> Any:
    return database.connector(folder / database.FILE, KEY.hex(), write=True)()


def state(folder: Path) -> tuple[Any, ...]:
    connection = connect(folder)
    try:
        rows = connection.execute("select * from account").fetchall()
        return connection.execute("pragma user_version").fetchone(), shape(connection), rows
    finally:
        connection.close()


def run(folder: Path, *steps: Callable[[Any], Any]) -> Any:
    planned = [Migration(tables.SCHEMA + place, step) for place, step in enumerate(steps, 1)]
    return migrations.migrate(folder, KEY, FakeClock(), planned, tables.SCHEMA + len(steps))


def colour(connection: Any) -> None:
    connection.execute("alter table account add column colour text")
    connection.execute("update account set colour = 'blue'")


def test_steps_run_in_order_after_a_verified_backup(folder: Path) -> None:
    before = state(folder)
    made = run(folder, colour, lambda connection: connection.execute("alter table account rename colour to paint"))
    connection = connect(folder)
    assert connection.execute("pragma user_version").fetchone() == (tables.SCHEMA + 2,)
    assert connection.execute("select name, paint from account").fetchall() == [("Công ty Cũ", "blue")]
    connection.close()
    found = backup.verify(made.path, KEY, FakeClock())
    assert (found.reason, found.schema) == ("migration", tables.SCHEMA)
    (folder / database.FILE).unlink()
    backup.unpack(made.path, KEY, folder / database.FILE)
    assert state(folder) == before


def _fails_in_sql(connection: Any) -> None:
    connection.execute("update account set name = 'half done'")
    connection.execute("insert into no_such_table values (1)")


def _fails_in_python(connection: Any) -> None:
    connection.execute("drop table activity")
    raise KeyError("a mistake of ours")


def _breaks_off(connection: Any) -> None:
    connection.execute("update account set name = 'half done'")
    raise KeyboardInterrupt


def _ends_the_transaction(connection: Any) -> None:
    connection.execute("rollback")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (_fails_in_sql, Broken),
        (_fails_in_python, KeyError),
        (_breaks_off, KeyboardInterrupt),
        (_ends_the_transaction, Broken),
    ],
)
def test_a_step_that_fails_leaves_the_old_data_as_it_was_and_usable(
    folder: Path, step: Callable[[Any], Any], expected: type[BaseException]
) -> None:
    before = state(folder)
    with pytest.raises(expected):
        run(folder, colour, step)
    assert state(folder) == before
    clock = FakeClock()
    store = Store.open(folder, KEY, "profile-1", clock, RandomIds(clock))
    with store.edit("Goes on") as uow:
        uow.add(Account(id=uow.new_id(), name="Công ty Mới"))
    store.close()


def test_a_newer_schema_is_refused_untouched(folder: Path) -> None:
    connection = connect(folder)
    connection.execute(f"pragma user_version = {NEXT}")
    connection.close()
    content = (folder / database.FILE).read_bytes()
    with pytest.raises(TooOld):
        migrations.migrate(folder, KEY, FakeClock())
    assert (folder / database.FILE).read_bytes() == content
    assert not (folder / "backups").exists()


def test_nothing_to_do_makes_no_backup(folder: Path) -> None:
    assert migrations.migrate(folder, KEY, FakeClock()) is None
    assert not (folder / "backups").exists()


def test_a_step_that_is_missing_is_our_fault_and_changes_nothing(folder: Path) -> None:
    before = state(folder)
    with pytest.raises(Broken):
        migrations.migrate(folder, KEY, FakeClock(), [Migration(NEXT + 1, colour)], NEXT + 1)
    assert state(folder) == before


def test_the_program_migrates_when_it_opens_for_writing_and_only_then(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "SCHEMA", NEXT)
    really = migrations.migrate
    steps = [Migration(NEXT, colour)]
    monkeypatch.setattr(
        profile.migrations, "migrate", lambda folder, key, clock: really(folder, key, clock, steps, NEXT)
    )
    clock = FakeClock()
    with pytest.raises(Unavailable) as told:
        Store.open(folder, KEY, "profile-1", clock, RandomIds(clock), write=False)
    assert told.value.code == "older_schema"
    store = Store.open(folder, KEY, "profile-1", clock, RandomIds(clock))
    with store.reader() as reader:
        assert reader.sql("select colour from account")[0][0] == "blue"
    store.close()


def test_the_list_of_migrations_has_no_gap() -> None:
    assert [step.to for step in MIGRATIONS] == list(range(2, tables.SCHEMA + 1))


def test_every_released_schema_arrives_at_the_declared_one() -> None:
    wanted = driver.connect(":memory:", isolation_level=None)
    declared(wanted)
    for number in range(1, tables.SCHEMA):
        old = driver.connect(":memory:", isolation_level=None)
        old.executescript((RELEASED / f"{number}.sql").read_text())
        for step in MIGRATIONS[number - 1 :]:
            step.run(old)
        assert shape(old) == shape(wanted), number


def released(folder: Path, number: int) -> None:
    """A profile as the program of that schema left it, its database closed again."""
    clock = FakeClock()
    create_key_file(files.private_folder(folder), "profile-1", KEY, clock, recovery=RecoveryKey.new())
    Path(folder / database.FILE).touch(mode=0o600)
    connection = connect(folder)
    connection.execute("pragma journal_mode = wal")
    connection.executescript((RELEASED / f"{number}.sql").read_text("utf-8"))
    connection.executescript((RELEASED / f"{number}.rows.sql").read_text("utf-8"))
    connection.execute(f"pragma user_version = {number}")
    connection.close()


def content(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table but the full-text index."""
    connection = connect(folder)
    try:
        names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        found = {}
        for name in names:
            if not name.startswith(("search", "sqlite_")):
                rows = connection.execute(f'select * from "{name}" order by 1')
                found[name] = [dict(zip([each[0] for each in rows.description], row, strict=True)) for row in rows]
        return found
    finally:
        connection.close()


@pytest.mark.parametrize("number", range(1, tables.SCHEMA))
def test_a_released_profile_keeps_every_row_history_and_outbox(tmp_path: Path, number: int) -> None:
    folder = tmp_path / "old"
    released(folder, number)
    before = content(folder)
    assert before["outbox"] and before["history"] and before["cache_instalment"]
    assert any(isinstance(row["payload"], bytes) for row in before["outbox"])
    made = migrations.migrate(folder, KEY, FakeClock())
    assert made is not None and backup.verify(made.path, KEY, FakeClock()).schema == number
    after = content(folder)
    for name, rows in before.items():
        assert [{key: row[key] for key in rows[0]} for row in after[name]] == rows if rows else not after[name], name
    made_now = {"cache_credit", "cache_touched", "cache_account_key"}
    assert {name for name, rows in after.items() if rows} - made_now == {name for name, rows in before.items() if rows}
    assert [row["account"] for row in after["cache_touched"]] == [None]
    connection = connect(folder)
    assert shape(connection) == declared_shape()
    connection.close()
    clock = FakeClock()
    store = Store.open(folder, KEY, "profile-1", clock, RandomIds(clock))
    with store.database.read() as read:
        assert open_amounts.differences(read) == 0
    with store.reader() as reader:
        assert [each.entity for each in reader.find("binh minh moi", 5)] == ["account"]
        assert [each.entity for each in reader.find("tran van", 5)] == ["contact"]
    store.undo()  # the last step of the old program
    with store.edit("Goes on") as uow:
        uow.add(Account(id=uow.new_id(), name="Công ty Mới"))
    with store.reader() as reader:
        assert reader.find("tran van", 5) == []
        assert open_amounts.differences(reader.connection) == 0
    store.close()


def test_new_columns_are_filled_as_a_new_record_has_them(folder: Path, tmp_path: Path) -> None:
    clock = FakeClock()
    store = Store.open(folder, KEY, "profile-1", clock, RandomIds(clock))
    with store.edit("New") as uow:
        uow.add(Account(id=(account := uow.new_id()), name="Khách"))
        invoice = Invoice(id=uow.new_id(), account=account, number="1", issued_on=clock.today(), net=1, total=1)
        uow.add(invoice)
        uow.add(Instalment(id=uow.new_id(), invoice=invoice.id, place=1, amount=1))
    store.close()
    released(tmp_path / "old", 1)
    migrations.migrate(tmp_path / "old", KEY, clock)
    new, old = content(folder), content(tmp_path / "old")
    for name, columns in {"instalment": ("steps", "from_papers"), "account": ("payment_term",)}.items():
        assert {tuple(row[each] for each in columns) for row in old[name]} == {
            tuple(row[each] for each in columns) for row in new[name]
        }


def declared_shape() -> dict[str, Any]:
    wanted = driver.connect(":memory:", isolation_level=None)
    declared(wanted)
    return shape(wanted)


@pytest.mark.parametrize(
    "drift",
    [
        "alter table account add column colour text",
        "alter table account drop column website",
        "drop index account__sort",
        "create index more on account (name)",
        "create trigger t after insert on account begin select 1; end",
        "drop table search_account",
        "drop index account__owner; create index account__owner on account (owner)",
    ],
)
def test_the_comparison_of_schemas_sees_a_difference(drift: str) -> None:
    wanted, found = driver.connect(":memory:", isolation_level=None), driver.connect(":memory:", isolation_level=None)
    declared(wanted)
    declared(found)
    assert shape(found) == shape(wanted)
    found.executescript(drift)
    assert shape(found) != shape(wanted)


def test_the_comparison_does_not_mind_the_order_of_columns() -> None:
    wanted, found = driver.connect(":memory:", isolation_level=None), driver.connect(":memory:", isolation_level=None)
    wanted.execute("create table a (x text, y integer not null default 0)")
    found.execute("create table a (y integer not null default 0)")
    found.execute("alter table a add column x text")
    assert shape(found) == shape(wanted)
