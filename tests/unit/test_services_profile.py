"""A profile made and opened: nothing half-made stays or takes the place of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from kam_desktop.domain.entities import Account
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import doctor, profile
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock, MemoryVault

CLOCK = FakeClock()
IDS = RandomIds(CLOCK)


def create(folder: Path, vault: MemoryVault, recovery: profile.RecoveryKey | None = None) -> profile.OpenProfile:
    return profile.create_profile(folder, CLOCK, IDS, vault, recovery=recovery or profile.RecoveryKey.new())


def reopened(folder: Path, vault: MemoryVault, **more: object) -> profile.OpenProfile:
    return profile.open_profile(folder, CLOCK, IDS, vault, **more)  # type: ignore[arg-type]


def test_it_opens_by_the_keyring_and_else_by_the_recovery_key(tmp_path: Path) -> None:
    vault, recovery = MemoryVault(), profile.RecoveryKey.new()
    with create(tmp_path / "p", vault, recovery) as made:
        profile.set_up(made.store, "Mộc Lam", "9900000010")
        assert made.keys.kinds == ("keyring", "recovery")
    with reopened(tmp_path / "p", vault) as found:
        assert found.unlocked is not None and found.unlocked.by == "keyring" and found.notes == ()
    vault.failing = "keyring_locked"
    with reopened(tmp_path / "p", vault, recovery_source=lambda _: recovery.text()) as found:
        assert found.unlocked is not None and found.unlocked.by == "recovery"
        assert [note.code for note in found.notes] == ["keyring_locked"]
        assert not profile.mend_keyring(found, vault, CLOCK)  # locked is not lost
    with pytest.raises(Unavailable) as shut:
        reopened(tmp_path / "p", vault)
    assert shut.value.code == "key_needed"


def test_a_keyring_that_lost_its_entry_is_mended(tmp_path: Path) -> None:
    vault, recovery = MemoryVault(), profile.RecoveryKey.new()
    create(tmp_path, vault, recovery).close()
    vault.entries.clear()
    with reopened(tmp_path, vault, recovery_source=lambda _: recovery.text()) as found:
        assert profile.mend_keyring(found, vault, CLOCK)
    with reopened(tmp_path, vault) as found:
        assert found.unlocked is not None and found.unlocked.by == "keyring"
        assert not profile.mend_keyring(found, vault, CLOCK)


def test_one_process_writes_and_others_read(tmp_path: Path) -> None:
    vault = MemoryVault()
    with create(tmp_path, vault) as first:
        with pytest.raises(Unavailable) as held:
            reopened(tmp_path, vault)
        assert held.value.code == "locked"
        with first.store.edit("Add") as uow:
            uow.add(Account(id=uow.new_id(), name="Đặng"))
        with reopened(tmp_path, vault, write=False) as second, second.store.reader() as reader:
            assert len(reader.find("dang")) == 1
        with (
            reopened(tmp_path, vault, write=False) as second,
            pytest.raises(Unavailable) as only,
            second.store.edit("Add") as uow,
        ):
            uow.add(Account(id=uow.new_id(), name="Không"))
        assert only.value.code == "read_only"
    reopened(tmp_path, vault).close()


def test_what_could_not_be_finished_leaves_nothing_that_passes_for_a_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Store:
        raise Unavailable("disk_full", "The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "create", full)
        with pytest.raises(Unavailable):
            create(tmp_path, MemoryVault())
    assert not profile.exists(tmp_path)
    made = create(tmp_path, MemoryVault())
    profile.discard(made)
    assert not profile.exists(tmp_path) and {path.name for path in tmp_path.iterdir()} <= {"lock"}
    create(tmp_path, MemoryVault()).close()


@pytest.mark.parametrize("gone", ["data.kam", "keys.json", "everything but the journal"])
def test_no_profile_is_made_where_remains_of_one_are(tmp_path: Path, gone: str) -> None:
    vault = MemoryVault()
    with create(tmp_path, vault) as made:
        profile.set_up(made.store, "Mộc Lam", "")
    names = ["data.kam", "keys.json", "keys.copy.json"] if gone.startswith("everything") else [gone]
    for name in names:
        (tmp_path / name).unlink()
    if gone == "data.kam":
        with pytest.raises(Unavailable) as missing:
            reopened(tmp_path, vault)
        assert missing.value.code == "database_missing"
    with pytest.raises(Refused) as refused:
        create(tmp_path, vault)
    assert refused.value.problems[0].code == "profile_exists"
    assert (tmp_path / "data.kam").exists() is (gone == "keys.json")


def test_a_profile_without_firm_is_set_up_later(tmp_path: Path) -> None:
    with create(tmp_path, MemoryVault()) as made:
        profile.set_up(made.store, "", "")
        with made.store.reader() as reader:
            assert reader.sql("select count(*) from firm")[0][0] == 0
        profile.set_up(made.store, "Mộc Lam", "")
        profile.set_up(made.store, "Khác", "")
        with made.store.reader() as reader:
            assert reader.sql("select legal_name from firm") == [("Mộc Lam",)]


def test_two_passphrases_must_be_alike() -> None:
    assert profile.answer_twice(lambda turn: "một câu") == "một câu"
    assert profile.answer_twice(lambda turn: "") == ""
    with pytest.raises(Refused):
        profile.answer_twice(lambda turn: f"câu {turn}")


def test_the_doctor_never_raises_and_changes_nothing(tmp_path: Path) -> None:
    vault = MemoryVault()
    create(tmp_path, vault).close()
    (tmp_path / "data.kam").write_bytes(b"nothing")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    findings = doctor.examine(tmp_path, lambda: reopened(tmp_path, vault, write=False), CLOCK)
    wrong = [finding for finding in findings if not finding.sound]
    assert [finding.check for finding in wrong] == ["open"] and "backup" in wrong[0].mend
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
    nothing = doctor.examine(tmp_path / "none", lambda: reopened(tmp_path / "none", vault, write=False), CLOCK)
    assert not all(finding.sound for finding in nothing)
