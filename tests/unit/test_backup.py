"""Backups and restores: what is called a backup opens, what is put back is whole."""

from __future__ import annotations

import json
import os
import random
import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kam_desktop.domain.entities.account import Account
from kam_desktop.domain.errors import Refused, TooOld, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.query import Query
from kam_desktop.services import backup as service
from kam_desktop.store import backup, files, rolling, tables
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.key_file import KeyFile
from kam_desktop.store.keys import create_key_file
from kam_desktop.store.profile import Store
from kam_desktop.store.recovery_key import RecoveryKey
from kam_desktop.store.restore import restore
from tests.fakes import FakeClock

KEY = DataKey(bytes(range(32)))
PROFILE = "profile-1"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[Store]:
    folder = files.private_folder(tmp_path / "p")
    create_key_file(folder, PROFILE, KEY, clock, recovery=RecoveryKey.new())
    made = Store.create(folder, KEY, PROFILE, clock, RandomIds(clock))
    add(made, "Công ty Đặng Gia")
    yield made
    made.close()


def add(store: Store, *names: str) -> None:
    for name in names:
        with store.edit("Add") as uow:
            uow.add(Account(id=uow.new_id(), name=name))


def names(store: Store) -> set[str]:
    with store.reader() as reader:
        return {str(getattr(record, "name", "")) for record in reader.all(Query("account"))}


def reopened(store: Store) -> Store:
    return Store.open(store.folder, KEY, PROFILE, store.clock, store.ids)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.code for problem in refused.value.problems]


def put_back(store: Store, file: Path) -> Store:
    store.close()
    restore(store.folder, file, KEY, store.clock, store.ids)
    return reopened(store)


def test_a_backup_is_one_encrypted_file_that_opens_and_leaves_nothing_beside_it(store: Store, tmp_path: Path) -> None:
    made = backup.backup_to(store, tmp_path / "usb.kambackup")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["usb.kambackup"]
    assert list((store.folder / "backups").iterdir()) == []
    assert made == backup.verify(made.path, KEY, store.clock)
    assert (made.profile_id, made.reason, made.schema, made.frame) == (PROFILE, "asked", tables.SCHEMA, 1)
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert "Đặng Gia".encode() not in made.path.read_bytes()
    with zipfile.ZipFile(made.path) as archive:
        assert sorted(archive.namelist()) == ["backup.json", "data.kam", "keys.json"]
        assert KeyFile.from_bytes(archive.read("keys.json")) == KeyFile.load(store.folder)


def test_a_backup_holds_what_lies_in_the_log_and_editing_goes_on(store: Store, tmp_path: Path) -> None:
    add(store, "Công ty Trong Nhật Ký")
    backup.backup_to(store, tmp_path / "a.kambackup")
    add(store, "Công ty Sau Bản Sao")
    again = put_back(store, tmp_path / "a.kambackup")
    assert names(again) == {"Công ty Đặng Gia", "Công ty Trong Nhật Ký"}
    again.close()


def test_an_existing_file_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.kambackup").write_bytes(b"photos")
    with pytest.raises(Refused) as refused:
        backup.backup_to(store, tmp_path / "a.kambackup")
    assert codes(refused) == ["file_exists"]
    assert (tmp_path / "a.kambackup").read_bytes() == b"photos"


def test_every_damage_is_found_before_anything_is_put_back(store: Store, tmp_path: Path) -> None:
    file = backup.backup_to(store, tmp_path / "a.kambackup").path
    content = file.read_bytes()
    rng = random.Random(1)
    with zipfile.ZipFile(file) as archive:
        start = archive.getinfo("keys.json").header_offset + 60
        end = archive.start_dir - 50
    store.close()
    before = {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}
    damaged = [content[: rng.randrange(len(content))] for _ in range(8)]
    for _ in range(25):
        flipped = bytearray(content)
        flipped[rng.randrange(start, end)] ^= 1 << rng.randrange(8)
        damaged.append(bytes(flipped))
    damaged += [b"", b"PK\x05\x06" + bytes(18), rng.randbytes(5000)]
    for turn, wrong in enumerate(damaged):
        file.write_bytes(wrong)
        with pytest.raises(Refused) as refused:
            restore(store.folder, file, KEY, store.clock, store.ids)
        assert set(codes(refused)) <= {"damaged_backup", "not_a_backup"}, turn
        after = {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}
        assert after == before


def test_a_backup_of_another_profile_and_another_key_are_refused(store: Store, tmp_path: Path) -> None:
    other_key, folder = DataKey.new(), files.private_folder(tmp_path / "other")
    create_key_file(folder, "profile-2", other_key, store.clock, recovery=RecoveryKey.new())
    other = Store.create(folder, other_key, "profile-2", store.clock, store.ids)
    file = backup.backup_to(other, tmp_path / "other.kambackup").path
    other.close()
    with pytest.raises(Refused) as refused:
        restore(store.folder, file, KEY, store.clock, store.ids)
    assert codes(refused) == ["other_profile"]
    with pytest.raises(Refused) as refused:
        restore(tmp_path / "empty", file, KEY, store.clock, store.ids)
    assert codes(refused) == ["wrong_key"]
    assert not (tmp_path / "empty" / "data.kam").exists()


def test_a_newer_backup_is_refused_untouched(store: Store, tmp_path: Path) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql(f"pragma user_version = {tables.SCHEMA + 1}")
    file = backup.backup_to(store, tmp_path / "new.kambackup").path
    with store.database.write() as connection:
        connection.exec_driver_sql(f"pragma user_version = {tables.SCHEMA}")
    store.close()
    before = (store.folder / "data.kam").read_bytes()
    with pytest.raises(TooOld):
        restore(store.folder, file, KEY, store.clock, store.ids)
    assert (store.folder / "data.kam").read_bytes() == before
    assert sorted(path.name for path in store.folder.iterdir()) == [
        "backups", "data.kam", "device.id", "journal", "keys.copy.json", "keys.json",
    ]  # fmt: skip


def test_restore_keeps_the_state_before_and_takes_another_name(store: Store, tmp_path: Path, clock: FakeClock) -> None:
    file = backup.backup_to(store, tmp_path / "a.kambackup").path
    add(store, "Công ty Mới Hơn")
    device = (store.folder / "device.id").read_text()
    store.close()
    done = restore(store.folder, file, KEY, clock, store.ids)
    again = reopened(store)
    assert names(again) == {"Công ty Đặng Gia"}
    assert again.recovered == 0, "the edits that are to be gone must not come back from the journal"
    assert (store.folder / "device.id").read_text() != device
    add(again, "Công ty Sau Phục Hồi")
    again.close()
    again = reopened(store)
    assert names(again) == {"Công ty Đặng Gia", "Công ty Sau Phục Hồi"}
    assert again.journal_damages() == []
    assert done.before is not None
    assert [path.name.split("-")[-1] for path in done.set_aside] == ["journal"]
    again = put_back(again, done.before.path)
    assert names(again) == {"Công ty Đặng Gia", "Công ty Mới Hơn"}
    again.close()


@pytest.mark.parametrize("how", ["damaged", "missing"])
def test_a_database_that_does_not_open_any_more_loses_nothing(store: Store, tmp_path: Path, how: str) -> None:
    file = backup.backup_to(store, tmp_path / "a.kambackup").path
    add(store, "Công ty Sau Bản Sao")
    store.undo()
    store.redo()
    before = names(store)
    store.close()
    data = store.folder / "data.kam"
    damaged = data.read_bytes()[:1000] + os.urandom(8192) + data.read_bytes()[9192:]
    data.write_bytes(damaged)
    if how == "missing":
        data.unlink()
    with pytest.raises(Unavailable):
        reopened(store)
    done = restore(store.folder, file, KEY, store.clock, store.ids)
    assert (done.before, done.journal_follows) == (None, True)
    assert [path.read_bytes() for path in done.set_aside] == ([damaged] if how == "damaged" else [])
    again = reopened(store)
    assert names(again) == before == {"Công ty Đặng Gia", "Công ty Sau Bản Sao"}
    assert again.recovered == 3
    assert again.journal_damages() == []
    again.undo()
    assert names(again) == {"Công ty Đặng Gia"}
    again.close()


def test_a_journal_of_another_line_is_not_joined_to_an_old_backup(store: Store, tmp_path: Path) -> None:
    first = backup.backup_to(store, tmp_path / "first.kambackup").path
    add(store, "Dòng cũ 1", "Dòng cũ 2")
    second = backup.backup_to(store, tmp_path / "second.kambackup").path
    store = put_back(store, first)
    add(store, "Dòng mới 1", "Dòng mới 2", "Dòng mới 3")
    store.close()
    (store.folder / "data.kam").write_bytes(b"damaged" * 1000)
    done = restore(store.folder, second, KEY, store.clock, store.ids)
    assert not done.journal_follows
    again = reopened(store)
    assert names(again) == {"Công ty Đặng Gia", "Dòng cũ 1", "Dòng cũ 2"}
    again.close()


@pytest.mark.expects_log
@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_lost_key_files_come_back_from_the_backup(store: Store, tmp_path: Path, how: str) -> None:
    file = backup.backup_to(store, tmp_path / "a.kambackup").path
    keys = KeyFile.load(store.folder)
    store.close()
    for name in ("keys.json", "keys.copy.json"):
        (store.folder / name).write_bytes(b"{}")
        if how == "missing":
            (store.folder / name).unlink()
    restore(store.folder, file, KEY, store.clock, store.ids)
    assert KeyFile.load(store.folder) == keys
    again = reopened(store)
    assert names(again) == {"Công ty Đặng Gia"}
    again.close()


def test_a_new_computer_opens_the_backup_with_the_recovery_key(tmp_path: Path, clock: FakeClock) -> None:
    recovery, folder = RecoveryKey.new(), files.private_folder(tmp_path / "p")
    create_key_file(folder, PROFILE, KEY, clock, recovery=recovery)
    first = Store.create(folder, KEY, PROFILE, clock, RandomIds(clock))
    add(first, "Công ty Chuyển Máy")
    file = service.make(first, tmp_path / "a.kambackup").path
    first.close()
    shutil.rmtree(folder)
    ids = RandomIds(clock)
    service.put_back(tmp_path / "new", file, clock, ids, None, recovery_source=lambda refusal: recovery.text())
    again = Store.open(tmp_path / "new", KEY, PROFILE, clock, ids)
    assert names(again) == {"Công ty Chuyển Máy"}
    again.close()
    with pytest.raises(Unavailable) as told:
        service.put_back(tmp_path / "third", file, clock, ids, None)
    assert told.value.code == "key_needed"
    assert not (tmp_path / "third" / "data.kam").exists()


def test_too_little_room_is_told_with_how_much_is_needed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=1 << 20))
    with pytest.raises(Unavailable) as told:
        backup.backup_to(store, tmp_path / "a.kambackup")
    assert told.value.code == "disk_full"
    assert int(told.value.args_named["needed"]) >= 1
    assert [path.name for path in tmp_path.iterdir()] == ["p"]
    assert list((store.folder / "backups").iterdir()) == []


def test_one_backup_a_day_seven_days_and_four_weeks_kept(store: Store, clock: FakeClock) -> None:
    days = []
    for day in range(60):
        clock.moment = datetime(2026, 3, 2, 1, 0, tzinfo=UTC) + timedelta(days=day)
        made = rolling.roll(store)
        assert made is not None
        assert made.reason == "daily"
        assert rolling.roll(store) is None
        days.append(made.made_at.astimezone().date())
    kept = sorted(each.made_at.astimezone().date() for each in service.listed(store.folder))
    assert set(kept) == rolling.kept_days(days)
    assert kept[-7:] == days[-7:]
    assert len(kept) == 7 + 4
    assert (days[-1] - kept[0]).days >= 27
    assert all(service.check(each.path, KEY, clock) for each in service.listed(store.folder))


def test_kept_days_by_a_worked_case() -> None:
    daily = [date(2026, 11, 23) - timedelta(days=back) for back in range(40)]  # Monday the 23rd back to 15 October
    assert rolling.kept_days(daily) == {
        *(date(2026, 11, day) for day in range(17, 24)),  # seven days
        date(2026, 11, 15),  # the Sundays of the weeks 46 to 43; of 48 and 47 the newest day is among the seven
        date(2026, 11, 8),
        date(2026, 11, 1),
        date(2026, 10, 25),
    }


def test_backups_before_a_restore_are_few_and_others_files_stay(store: Store, clock: FakeClock) -> None:
    folder = files.private_folder(store.folder / "backups")
    for _ in range(5):
        clock.move(60)
        backup.backup_to(store, backup.own_place(store, "restore"), "restore")
    backup.backup_to(store, folder / "mine.kambackup")
    (folder / "notes.txt").write_text("keep")
    (folder / "broken.kambackup").write_bytes(b"half a backup of somebody's hand")
    newest = [each.path for each in backup.backups(store.folder) if each.reason == "restore"][:3]
    clock.move(86400)
    made = rolling.roll(store)
    assert made is not None
    assert {path.name for path in folder.iterdir()} == {
        *(path.name for path in newest), made.path.name, "mine.kambackup", "notes.txt", "broken.kambackup",
    }  # fmt: skip


def test_a_day_s_backup_lets_old_journal_segments_go(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store._journal is not None
    store._journal._segment_bytes = 1
    add(store, "Một", "Hai", "Ba")
    segments = sorted((store.folder / "journal").iterdir())
    for segment in segments:
        os.utime(segment, (clock.moment.timestamp(), clock.moment.timestamp()))
    clock.move(31 * 86400)
    made = rolling.roll(store)
    assert made is not None
    assert sorted((store.folder / "journal").iterdir()) == segments[-1:]
    add(store, "Bốn")
    store.close()
    again = reopened(store)
    assert "Bốn" in names(again)
    assert again.journal_damages() == []
    again.close()


def test_a_container_that_names_other_files_is_no_backup(store: Store, tmp_path: Path) -> None:
    file = backup.backup_to(store, tmp_path / "a.kambackup").path
    with zipfile.ZipFile(file) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    about = json.loads(content["backup.json"])
    for change in (
        {"../../evil": b"x"},
        {"backup.json": json.dumps({**about, "format": 99}).encode()},
        {"backup.json": b"[" * 50_000},
        {"backup.json": json.dumps({**about, "sums": None}).encode()},
        {"backup.json": json.dumps({**about, "made_at": "yesterday"}).encode()},
    ):
        wrong = tmp_path / "wrong.kambackup"
        with zipfile.ZipFile(wrong, "w") as archive:
            for name, data in {**content, **change}.items():
                archive.writestr(name, data)
        with pytest.raises(Refused) as refused:
            backup.unpack(wrong, KEY, tmp_path / "out")
        assert set(codes(refused)) <= {"not_a_backup", "damaged_backup", "newer_backup"}
        assert not (tmp_path / "out").exists()
