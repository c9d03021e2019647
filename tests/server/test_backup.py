"""Backups of the server: read back whole, refused when damaged, put back as another past."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import backup, sessions, workspace
from kam_desktop.server.__main__ import main
from kam_desktop.server.database import Database
from tests.server.conftest import furnished
from tests.server.house import House
from tests.server.test_push import account
from tests.server.test_workspace import moved


def other(url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Another empty database of the same kind."""
    if url.startswith("sqlite"):
        return Database(f"sqlite:///{tmp_path / 'other.db'}")
    return Database(request.getfixturevalue("cluster").url())


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.problems[0].code


def test_a_backup_comes_back_as_production_and_as_a_copy(
    url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    house = furnished(Database(url))
    an = house.laptop("An")
    identity, change = account(house, "An")
    an.push(change)
    made = backup.make(house.database, tmp_path, house.clock)
    assert made.path.parent == tmp_path and made.path.stat().st_mode & 0o077 == 0
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".kam") or each.suffix == ".new"]
    an.push(account(house, "An")[1])  # what the backup does not know
    database = other(url, request, tmp_path)
    done = backup.restore(database, made.path, "production", house.clock, house.ids)
    assert done.before is None and done.workspace.id == made.workspace and done.workspace.epoch > made.epoch
    again = House(database, house.clock, house.ids, house.policy, house.people)
    assert again.value("select count(*) from account where id = ?", identity) == 1
    back = moved(an, again)
    with pytest.raises(Problem) as told:
        again.answer("pull", back.subject, {**back.message(cursors={}), "epoch": made.epoch})
    assert told.value.code == "epoch"
    with pytest.raises(Refused) as refused:
        backup.restore(database, made.path, "copy", house.clock, house.ids)
    assert code(refused) == "not_empty"
    done = backup.restore(database, made.path, "copy", house.clock, house.ids, replace=True)
    assert done.before is not None and backup.verify(done.before).epoch > made.epoch
    assert done.workspace.id != made.workspace
    for each in (house.database, database):
        each.close()


def test_a_file_that_was_copied_back_by_hand_serves_nobody(house: House, tmp_path: Path) -> None:
    an = house.laptop("An")
    an.push(account(house, "An")[1])
    made = backup.make(house.database, tmp_path / "b.kamserver", house.clock)
    with zipfile.ZipFile(made.path) as archive:
        archive.extract("data", tmp_path)
    with Database(f"sqlite:///{tmp_path / 'data'}").read() as connection:
        assert workspace.read(connection).state == workspace.SET_BACK
    with house.sql() as connection:
        assert workspace.read(connection).state == workspace.OPEN


def test_a_damaged_backup_is_refused_and_touches_nothing(house: House, tmp_path: Path) -> None:
    made = backup.make(house.database, tmp_path / "b.kamserver", house.clock)
    raw = made.path.read_bytes()
    for name, content in {
        "cut": raw[: len(raw) // 2],
        "flipped": raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 1]) + raw[len(raw) // 2 + 1 :],
        "nothing": b"",
        "strange": b"SQLite format 3\0" * 100,
    }.items():
        bad = tmp_path / f"{name}.kamserver"
        bad.write_bytes(content)
        with pytest.raises(Refused) as refused:
            backup.restore(house.database, bad, "production", house.clock, house.ids, replace=True)
        assert code(refused) == "damaged_backup", name
    with zipfile.ZipFile(made.path) as archive:
        about, data = json.loads(archive.read("backup.json")), archive.read("data")
    for name, value in (("mark", {"seq": 1}), ("tables", {**about["tables"], "account": 7}), ("epoch", 9)):
        lying = tmp_path / f"{name}.kamserver"
        with zipfile.ZipFile(lying, "w") as archive:
            archive.writestr("backup.json", json.dumps({**about, name: value}))
            archive.writestr("data", data)
        with pytest.raises(Refused):
            backup.verify(lying)
    with house.sql() as connection:
        assert workspace.read(connection).epoch == 1


def test_nothing_is_replaced_under_a_running_server(house: House, tmp_path: Path) -> None:
    made = backup.make(house.database, tmp_path / "b.kamserver", house.clock)
    database = Database(house.database.url)
    with house.sql() as connection:  # another process would hold it so
        connection.one("select 1 from workspace")
        with pytest.raises(Unavailable) as told:
            backup.restore(database, made.path, "production", house.clock, house.ids, replace=True)
    assert told.value.code == "in_use"
    assert not list(tmp_path.glob("before-*"))


def test_a_damaged_database_is_kept_aside(house: House, tmp_path: Path) -> None:
    made = backup.make(house.database, tmp_path / "b.kamserver", house.clock)
    house.database.close()
    path = tmp_path / "server.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 8192))
    done = backup.restore(house.database, made.path, "production", house.clock, house.ids, replace=True)
    assert done.before is not None and done.before.stat().st_size == size


def test_a_server_that_was_set_back_gives_no_letter_a_second_time(house: House, tmp_path: Path) -> None:
    """It has forgotten laptops that go by A or B: the next one gets letters that are drawn from its own id."""
    made = backup.make(house.database, tmp_path / "b.kamserver", house.clock)
    first = signed_in(house, "a" * 32)
    backup.restore(house.database, made.path, "production", house.clock, house.ids, replace=True)
    again = signed_in(house, "b" * 32)
    assert len(first) == 1 and len(again) == 3


def signed_in(house: House, device: str) -> str:
    """The letter of a laptop that signs in."""
    proof: Any = SimpleNamespace(thumbprint="x")
    with house.database.write() as connection:
        told = sessions._begin(connection, house.people["An"], device, proof, house.clock, house.ids)
    return str(told["letter"])


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url, file = f"sqlite:///{tmp_path / 'a' / 'kam.db'}", tmp_path / "kept.kamserver"
    assert main(["migrate", "--database", url]) == 0
    assert main(["backup", str(file), "--database", url, "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["file"] == str(file) and told["rows"] > 0
    assert main(["backup", str(file), "--database", url]) == 1  # never over one that is there
    assert main(["restore", str(file), "--as", "production", "--database", url]) == 1
    assert main(["restore", str(file), "--as", "production", "--replace", "--database", url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["epoch"] > 1
    shutil.rmtree(tmp_path / "a")
    assert main(["restore", str(file), "--as", "copy", "--database", url]) == 0
    assert main(["doctor", "--database", url]) == 0
    assert main(["restore", str(tmp_path / "none"), "--as", "copy", "--database", url]) == 1
