"""A folder that was copied is another copy, and numbers documents with other letters."""

from __future__ import annotations

import shutil
from pathlib import Path

from kam_desktop.domain.ids import letters
from kam_desktop.store import device_file
from kam_desktop.store.profile import LETTER, Store
from tests.fakes import FakeClock
from tests.server.house import SeededIds
from tests.sync.world import KEY


def opened(folder: Path) -> Store:
    return Store.open(folder, KEY, "p", FakeClock(), SeededIds(7))


def letter(store: Store) -> str | None:
    with store.reader() as reader:
        return reader.preference(LETTER)


def test_a_copy_knows_that_it_is_one(tmp_path: Path) -> None:
    device_file.write(tmp_path, "ab" * 16)
    assert device_file.read(tmp_path) == "ab" * 16 and not device_file.is_copied(tmp_path)
    (tmp_path / "moved").mkdir()
    (tmp_path / device_file.NAME).rename(tmp_path / "moved" / device_file.NAME)
    assert not device_file.is_copied(tmp_path / "moved"), "a folder may be moved"
    shutil.copytree(tmp_path / "moved", tmp_path / "copy")
    assert device_file.is_copied(tmp_path / "copy")
    (tmp_path / "copy" / device_file.NAME).write_text("ab" * 16 + "\n")  # of an older program
    assert not device_file.is_copied(tmp_path / "copy")
    assert not device_file.is_copied(tmp_path), "there is none"


def test_another_name_is_another_letter_once_it_is_connected(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "p", KEY, "p", FakeClock(), SeededIds(7))
    store.take_device_id()
    assert letter(store) is None, "until it is connected everybody is A"
    with store.database.write() as connection:
        connection.exec_driver_sql("insert into meta (key, value) values ('workspace', 'w')")
    store.remember({LETTER: "B"})
    store.close()
    store = opened(tmp_path / "p")
    assert letter(store) == "B"
    store.take_device_id()
    assert letter(store) == letters(device_file.read(tmp_path / "p"))
    store.close()
    device_file.write(tmp_path / "p", "0123456789abcdef" * 2)  # as a backup that was put back does
    store = opened(tmp_path / "p")
    assert letter(store) == letters("0123456789abcdef" * 2) and len(letter(store) or "") == 3
    store.close()
