"""What the crash tests run on the real store: flows that say what must never be lost."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.entities import FIRM_ID
from kam_desktop.domain.entities.account import Account, Contact
from kam_desktop.domain.entities.activity import Activity
from kam_desktop.domain.entities.firm import Firm
from kam_desktop.store import backup, database, files, migrations, profile, rolling, tables
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.journal import Journal
from kam_desktop.store.keys import create_key_file
from kam_desktop.store.migrations import Migration
from kam_desktop.store.profile import Store
from kam_desktop.store.recovery_key import RecoveryKey
from kam_desktop.store.restore import restore
from kam_desktop.transfer import importer
from kam_desktop.transfer.import_plan import Opening
from kam_desktop.transfer.importer import Sources
from tests import makers
from tests.crash.promises import Teller
from tests.makers import Bill, L

KEY = DataKey(bytes(range(32)))
PROFILE_ID = "0192f0c0-0000-7000-8000-00000000c0de"


class SteadyClock:
    """A clock that goes one second at each look, so that two runs of a flow write the same bytes."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def pass_a_day(self) -> None:
        self._now += timedelta(days=1)

    def today(self) -> date:
        return self._now.date()

    def monotonic(self) -> float:
        return self._now.timestamp()


class CountedIds:
    """Ids in order, for the same reason."""

    def __init__(self, first: int) -> None:
        self._count = first

    def new(self) -> str:
        self._count += 1
        return f"0192f0c0-0000-7000-8000-{self._count:012x}"

    def random(self) -> str:
        self._count += 1
        return hashlib.sha256(self._count.to_bytes(8)).hexdigest()[:32]  # every digit differs, as in drawn ones


def open_store(folder: Path, first_id: int = 1000) -> Store:
    """The profile as the program opens it."""
    return Store.open(folder, KEY, PROFILE_ID, SteadyClock(), CountedIds(first_id))


def journal_key() -> bytes:
    """The key of the profile's journal."""
    return KEY.derive("journal")


def make_base(folder: Path) -> None:
    """A small profile that was once connected, so that the outbox is written too; closed again."""
    create_key_file(files.private_folder(folder), PROFILE_ID, KEY, SteadyClock(), recovery=RecoveryKey.new())
    store = Store.create(folder, KEY, PROFILE_ID, SteadyClock(), CountedIds(0))
    with store.database.write() as connection:
        connection.execute(sa.text("insert into meta (key, value) values ('workspace', 'crash')"))
    with store.edit("Base") as uow:
        uow.add(Firm(id=FIRM_ID, legal_name=makers.OUR_NAME, tax_code=makers.OUR_CODE))
        for number in range(6):
            uow.add(Account(id=uow.new_id(), name=f"Công ty Cổ phần Thử nghiệm {number}", tier="A"))
    store.close()


# The flows.


def save(store: Store, tell: Teller) -> None:
    """A working day in little: records made, changed one field at a time, a form with its children, a setting."""
    ids: list[str] = []
    for number in range(12):
        with store.edit("New account") as uow:
            account = Account(id=uow.new_id(), name=f"Công ty TNHH Đặng Gia {number}", tax_code="", tier="B")
            uow.add(account)
            ids.append(account.id)
        tell.saved(store)
        with store.edit("New contact") as uow:
            for place in range(number % 3):
                name = f"Nguyễn Thị {place}"
                uow.add(Contact(id=uow.new_id(), account=account.id, full_name=name, phones=("0912345678",)))
        tell.saved(store)
        with store.edit("Note") as uow:
            known = uow.get(Account, ids[number // 2])
            assert known is not None
            uow.put(dataclasses.replace(known, internal_note=f"Gọi lại lần {number}. " * (40 if number == 7 else 1)))
        tell.saved(store)
        store.remember({"window": f"geometry {number}"})


def undo(store: Store, tell: Teller) -> None:
    """Edits taken back and done again, in runs and across each other."""
    made: list[str] = []
    for number in range(8):
        with store.edit("New account") as uow:
            account = Account(id=uow.new_id(), name=f"Công ty Hoàn tác {number}")
            uow.add(account)
            uow.add(Contact(id=uow.new_id(), account=account.id, full_name=f"Trần Văn {number}"))
            made.append(account.id)
        tell.saved(store)
        with store.edit("Rename") as uow:
            known = uow.get(Account, made[number])
            assert known is not None
            uow.put(dataclasses.replace(known, name=f"Tên mới {number}", tier="C"))
        tell.saved(store)
        for _ in range(1 + number % 3):
            store.undo()
            tell.saved(store)
        for _ in range(number % 2):
            store.redo()
            tell.saved(store)


@functools.cache
def incoming() -> tuple[Sources, Sources, Sources]:
    """What the user drops on the window: a list of customers, e-invoices, the list again with corrections.

    Read before the flow begins: parsing runs in other processes and writes nothing to the profile.
    """
    rows = [
        [
            n,
            f"Công ty Nhập Liệu {n}",
            makers.tax_code(500 + n),
            f"028 3999 {1000 + n}",
            f"Phạm Thị {n}",
            "",
            "Huế",
            "",
            "B",
            30,
        ]
        for n in range(25)
    ]
    bills = [
        Bill(number=str(n), lines=(L(1_000_000 * n), L(10_000, kind="3")), buyer=makers.BUYERS[n % 3])
        for n in range(1, 9)
    ]
    with tempfile.TemporaryDirectory() as place:
        table = makers.write_accounts(Path(place, "khách hàng.xlsx"), rows)
        folder = Path(place, "hóa đơn")
        makers.write_invoices(folder, bills)
        corrected = [[*row[:3], "028 3999 9999", *row[4:]] for row in rows[:10]]
        again = makers.write_accounts(Path(place, "lần hai.xlsx"), corrected)
        return importer.read([table]), importer.read([folder]), importer.read([again])


def import_(store: Store, tell: Teller) -> None:
    """A list of customers, a folder of e-invoices, the list again; taken back and done again; a load in parts."""
    for sources in incoming():
        with store.reader() as reader:
            planned = importer.plan(reader, sources, None, Opening(everything=True))
        assert not planned.problems, planned.problems
        with store.edit("Import", kind="import") as uow:
            importer.apply(uow, planned)
        tell.saved(store)
    store.undo()
    tell.saved(store)
    store.redo()
    tell.saved(store)
    with store.edit("Load", kind="import") as uow:
        for part in range(4):
            for number in range(15):
                account = Account(id=uow.new_id(), name=f"Công ty Từng Phần {part}-{number}")
                uow.add(account)
                uow.add(Activity(id=uow.new_id(), account=account.id, **_activity(number)))
            uow.flush_part()
    tell.saved(store)
    store.undo()
    tell.saved(store)


def _activity(number: int) -> dict[str, Any]:
    return {
        "kind": "call",
        "subject": f"Gọi hỏi hàng {number}",
        "at": datetime(2026, 11, 20, 3, number % 60, tzinfo=UTC),
    }


def back_up(store: Store, tell: Teller) -> None:
    """Backups asked for and made by themselves, with edits between them."""
    for number in range(3):
        made = backup.backup_to(store, store.folder / f"asked-{number}.kambackup")
        tell.backed_up(store, made.path)
        _edit_one(store, f"Sau bản sao {number}")
        tell.saved(store)
        rolled = rolling.roll(store)
        if rolled is not None:
            tell.backed_up(store, rolled.path)
        store.clock.pass_a_day()  # type: ignore[attr-defined]
        _edit_one(store, f"Hôm sau {number}")
        tell.saved(store)


def put_back(store: Store, tell: Teller) -> Store:
    """A backup put back after more edits, work going on from it, and the way back again."""
    made = backup.backup_to(store, store.folder / "asked.kambackup")
    tell.backed_up(store, made.path)
    for number in range(3):
        _edit_one(store, f"Sẽ bị thay {number}")
        tell.saved(store)
    for turn, file in enumerate((made.path, None)):
        store.close()
        file = file or next(each.path for each in backup.backups(store.folder) if each.reason == "restore")
        restore(store.folder, file, KEY, store.clock, store.ids)
        store = open_store(store.folder, 50_000 * (turn + 1))
        tell.saved(store)
        _edit_one(store, f"Làm tiếp {turn}")
        tell.saved(store)
    return store


def create(folder: Path, tell: Teller) -> None:
    """A profile made from nothing, and its first edits. Nothing is promised before the first of them is saved."""
    create_key_file(files.private_folder(folder), PROFILE_ID, KEY, SteadyClock(), recovery=RecoveryKey.new())
    store = Store.create(folder, KEY, PROFILE_ID, SteadyClock(), CountedIds(0))
    tell.saved(store)
    for number in range(3):
        _edit_one(store, f"Công ty Đầu Tiên {number}")
        tell.saved(store)
    store.close()


def migrated(store: Store, tell: Teller) -> None:
    """The migration itself ran when the store was opened; a few edits under the new schema."""
    for number in range(3):
        _edit_one(store, f"Sau khi nâng cấp {number}")
        tell.saved(store)


def _edit_one(store: Store, name: str) -> None:
    with store.edit("New account") as uow:
        uow.add(Account(id=uow.new_id(), name=name))


def _colour(connection: Any) -> None:
    connection.execute("alter table account add column colour text")
    connection.execute("update account set colour = 'blue'")


def _rebuild(connection: Any) -> None:
    """The long way that SQLite needs for a changed column: a new table, everything copied, the old one dropped."""
    wanted = "select sql from sqlite_master where tbl_name = 'history' and type = "
    made = connection.execute(wanted + "'table'").fetchone()[0]
    indexes = connection.execute(wanted + "'index'").fetchall()
    connection.execute(made.replace("CREATE TABLE history", "create table history_new", 1))
    connection.execute("insert into history_new select * from history")
    connection.execute("drop table history")
    connection.execute("alter table history_new rename to history")
    for (sql,) in indexes:
        connection.execute(sql)
    connection.execute("create index account__colour on account (colour)")


@contextlib.contextmanager
def world(flow: str) -> Iterator[None]:
    """The program as it is for a flow: what is rare in it happens often.

    A segment of the journal is full after some frames, and in most flows the write-ahead log goes into the database
    after 60 pages. For `migrate` the program is two schemas newer than the profile.
    """
    schema, migrate, connector = tables.SCHEMA, migrations.migrate, database.connector
    segment = Journal.__init__.__kwdefaults__

    def hasty(path: Path, key_hex: str, *, write: bool) -> Callable[[], Any]:
        connect = connector(path, key_hex, write=write)

        def connected() -> Any:
            connection = connect()
            connection.execute("pragma wal_autocheckpoint = 60")
            return connection

        return connected

    if flow not in ("save", "backup"):
        database.connector = hasty
    Journal.__init__.__kwdefaults__ = {"segment_bytes": 3000}
    if flow == "migrate":
        steps = [Migration(schema + 1, _colour), Migration(schema + 2, _rebuild)]
        tables.SCHEMA = schema + 2
        migrations.migrate = lambda folder, key, clock: migrate(folder, key, clock, steps, schema + 2)  # type: ignore[assignment]
    try:
        yield
    finally:
        tables.SCHEMA, migrations.migrate, database.connector = schema, migrate, connector
        Journal.__init__.__kwdefaults__ = segment


def prepare(flow: str, folder: Path) -> None:
    """The profile that a flow starts from; the same content each time."""
    if flow == "create":
        return
    make_base(folder)
    if flow == "migrate":
        store = open_store(folder, 100)
        with store.edit("More to migrate") as uow:
            for number in range(60):
                uow.add(Account(id=uow.new_id(), name=f"Công ty Cũ {number}", address="Phố Cũ " * 20))
        store.close()


FLOWS: dict[str, Callable[[Store, Teller], Store | None]] = {
    "save": save,
    "undo": undo,
    "import": import_,
    "backup": back_up,
    "restore": put_back,
    "migrate": migrated,
    "create": lambda store, tell: None,  # there is no store yet: see `create`
}


@contextlib.contextmanager
def weakened(how: str) -> Iterator[None]:
    """The store as it must not be; "" changes nothing.

    `NORMAL` or `OFF`: SQLite's `synchronous`. `file-sync`, `folder-sync`: our own files or names are never synced.
    """
    really = database.Database.open_writer, files.sync, files.sync_folder

    def open_writer(self: database.Database) -> None:
        really[0](self)
        assert self._writer is not None
        connection = self._writer.raw_connection()
        connection.driver_connection.execute(f"pragma synchronous = {how}")
        connection.close()

    if how == "file-sync":
        files.sync = lambda descriptor: None
    elif how == "folder-sync":
        files.sync_folder = lambda folder: None
    elif how:
        database.Database.open_writer = open_writer  # type: ignore[method-assign]
    try:
        yield
    finally:
        database.Database.open_writer, files.sync, files.sync_folder = really  # type: ignore[method-assign]


def forget_what_is_known() -> None:
    """The replay as it must not be: every change of a frame looks new to it."""
    really = profile.decode_change
    ids = CountedIds(10**9)
    profile.decode_change = lambda wire: dataclasses.replace(really(wire), group=ids.random())


def perform(flow: str, folder: Path, tell: Teller, synchronous: str = "") -> None:
    """Opens the profile, runs the flow, closes."""
    if flow == "import":
        incoming()
    with weakened(synchronous), world(flow):
        if flow == "create":
            return create(folder, tell)
        store = open_store(folder)
        tell.saved(store)
        (FLOWS[flow](store, tell) or store).close()


def main(arguments: list[str]) -> None:
    """`python -m tests.crash.flows FLOW FOLDER [SYNCHRONOUS]`: the program that the harnesses crash."""
    perform(arguments[0], Path(arguments[1]), Teller(), *arguments[2:])


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
