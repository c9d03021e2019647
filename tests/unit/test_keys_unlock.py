"""Unlocking: whatever the keyring does, another slot opens the data and nothing is created."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlcipher3.dbapi2

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.store import keys
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.key_file import NAMES, KeyFile
from kam_desktop.store.recovery_key import RecoveryKey
from kam_desktop.store.unlock import Unlocked, unlock
from kam_desktop.vault import Vault
from tests.fakes import KEYRING_DEADLINE_S, KEYRING_FAULTS, FakeClock, FaultyBackend, PatientVault, make_argon2_cheap

CLOCK = FakeClock()
PROFILE = "01930a5e-7d10-7000-8000-00000000aaaa"
GOOD = "một hai ba bốn năm"
RECOVERY = RecoveryKey(bytes(range(32)))
BUSY_S = 10
"""So long may a busy machine take for what is done in a moment; a keyring that hangs would take a minute."""


@dataclass
class Place:
    """A profile with a real encrypted database, all three slots, and a keyring that can be made to fail."""

    folder: Path
    key: DataKey
    backend: FaultyBackend
    passphrase_file: Path

    def start(self) -> Vault:
        """The vault of a program that has just been started."""
        return PatientVault(self.backend)

    def sums(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
        }


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    make_argon2_cheap(monkeypatch)
    monkeypatch.delenv("KAM_PASSPHRASE_FILE", raising=False)
    folder = tmp_path / "profile"
    folder.mkdir()
    made = Place(folder, DataKey.new(), FaultyBackend(), tmp_path / "passphrase")
    made.passphrase_file.write_text(GOOD + "\n", "utf-8")
    made.passphrase_file.chmod(0o600)
    keys.create_key_file(folder, PROFILE, made.key, CLOCK, vault=made.start(), passphrase_text=GOOD, recovery=RECOVERY)
    database = opened(folder, made.key)
    database.execute("create table account (name text)")
    database.execute("insert into account values ('Đặng Gia Phát')")
    database.commit()
    database.close()
    yield made
    made.backend.released.set()


def opened(folder: Path, key: DataKey) -> sqlcipher3.dbapi2.Connection:
    connection = sqlcipher3.dbapi2.connect(str(folder / "data.kam"))
    connection.execute(f"pragma key = \"x'{key.hex()}'\"")
    return connection


def names_in(folder: Path, key: DataKey) -> list[str]:
    connection = opened(folder, key)
    try:
        return [row[0] for row in connection.execute("select name from account")]
    finally:
        connection.close()


def by_prompt(place: Place, vault: Vault) -> Unlocked:
    return unlock(place.folder, vault, lambda refusal: GOOD, environ={})


def by_file(place: Place, vault: Vault) -> Unlocked:
    return unlock(place.folder, vault, environ={"KAM_PASSPHRASE_FILE": str(place.passphrase_file)})


def by_recovery(place: Place, vault: Vault) -> Unlocked:
    return unlock(place.folder, vault, lambda refusal: None, lambda refusal: RECOVERY.text().lower(), environ={})


def test_the_keyring_opens_without_a_question(place: Place) -> None:
    before = place.sums()
    got = unlock(place.folder, place.start(), never_asked, never_asked, environ={"KAM_PASSPHRASE_FILE": "/nowhere"})
    assert got.key == place.key
    assert (got.by, got.keyring_failure, got.reseal) == ("keyring", None, False)
    assert names_in(place.folder, got.key) == ["Đặng Gia Phát"]
    assert place.sums() == before


def never_asked(refusal: Refused | None) -> str | None:
    raise AssertionError("nobody should have been asked")


@pytest.mark.parametrize("way", [by_prompt, by_file, by_recovery])
@pytest.mark.parametrize("moment", ["start", "unlock"])
@pytest.mark.parametrize("name", KEYRING_FAULTS)
def test_the_data_opens_by_another_slot(
    place: Place, name: str, moment: str, way: Callable[[Place, Vault], Unlocked]
) -> None:
    fault, code, lost = KEYRING_FAULTS[name]
    vault = place.start()
    if moment == "unlock":
        # It worked when the program was started, and fails when the person comes back from lunch.
        assert unlock(place.folder, vault, environ={}).by == "keyring"
    place.backend.fault = fault
    before = place.sums()
    begun = SystemClock().monotonic()
    got = way(place, vault)
    assert SystemClock().monotonic() - begun < KEYRING_DEADLINE_S + BUSY_S
    assert not place.backend.released.is_set()
    assert got.key == place.key
    assert got.by == ("recovery" if way is by_recovery else "passphrase")
    assert got.keyring_failure is not None
    assert got.keyring_failure.code == code
    assert got.reseal is lost
    assert names_in(place.folder, got.key) == ["Đặng Gia Phát"]
    assert place.sums() == before, "nothing is created, nothing changed"


@pytest.mark.parametrize("moment", ["start", "unlock"])
@pytest.mark.parametrize("name", KEYRING_FAULTS)
def test_with_no_other_slot_at_hand_it_says_so_and_touches_nothing(place: Place, name: str, moment: str) -> None:
    vault = place.start()
    if moment == "unlock":
        unlock(place.folder, vault, environ={})
    place.backend.fault = KEYRING_FAULTS[name][0]
    before, entries = place.sums(), dict(place.backend.entries)
    for sources in ((), (lambda refusal: None, lambda refusal: None)):
        with pytest.raises(Unavailable) as caught:
            unlock(place.folder, vault, *sources, environ={})
        assert caught.value.code == "key_needed"
    assert place.sums() == before
    assert place.backend.entries == entries


@pytest.mark.parametrize("name", [name for name, (_, _, lost) in KEYRING_FAULTS.items() if lost])
def test_a_lost_slot_is_made_anew(place: Place, name: str) -> None:
    vault = place.start()
    place.backend.fault = KEYRING_FAULTS[name][0]
    got = by_prompt(place, vault)
    assert got.reseal
    place.backend.fault = None
    keys.set_keyring(place.folder, got.keys, got.key, vault, CLOCK)
    again = unlock(place.folder, place.start(), never_asked, environ={})
    assert (again.by, again.key) == ("keyring", place.key)
    assert len(place.backend.entries) == 1


def test_an_entry_of_another_profile_does_not_open_this_one(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    vault = place.start()
    keys.create_key_file(other, "another", DataKey.new(), CLOCK, vault=vault, recovery=RecoveryKey.new())
    mine, theirs = sorted(place.backend.entries, key=lambda entry: not entry[1].startswith(PROFILE))
    place.backend.entries[mine] = place.backend.entries[theirs]
    got = by_prompt(place, vault)
    assert got.key == place.key
    assert got.keyring_failure is not None
    assert got.keyring_failure.code == "keyring_changed"


def test_many_threads_unlock_at_once(place: Place) -> None:
    vault = place.start()
    got: list[Unlocked] = []
    threads = [
        threading.Thread(target=lambda: got.append(unlock(place.folder, vault, environ={}, repair=False)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [each.key for each in got] == [place.key] * 8


# The passphrase file and the prompts.


def test_a_passphrase_file_that_others_may_read_is_refused_and_nobody_is_asked(place: Place) -> None:
    place.backend.fault = KEYRING_FAULTS["locked"][0]
    place.passphrase_file.chmod(0o644)
    with pytest.raises(Refused) as caught:
        unlock(
            place.folder,
            place.start(),
            never_asked,
            never_asked,
            environ={"KAM_PASSPHRASE_FILE": str(place.passphrase_file)},
        )
    assert caught.value.problems[0].code == "passphrase_file_open"


def test_a_wrong_passphrase_in_the_file_is_refused_and_nobody_is_asked(place: Place) -> None:
    place.passphrase_file.write_text("not the passphrase")
    with pytest.raises(Refused) as caught:
        unlock(place.folder, None, never_asked, environ={"KAM_PASSPHRASE_FILE": str(place.passphrase_file)})
    assert caught.value.problems[0].code == "wrong_passphrase"


def test_the_environment_is_asked_by_default(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAM_PASSPHRASE_FILE", str(place.passphrase_file))
    assert unlock(place.folder, None).key == place.key


def test_a_person_may_try_again_and_hears_why(place: Place) -> None:
    heard: list[str | None] = []
    answers = iter(["wrong one here", "wrong two here", GOOD])

    def source(refusal: Refused | None) -> str | None:
        heard.append(refusal and refusal.problems[0].code)
        return next(answers)

    assert unlock(place.folder, None, source, environ={}).by == "passphrase"
    assert heard == [None, "wrong_passphrase", "wrong_passphrase"]


def test_the_same_wrong_answer_twice_or_five_wrong_ones_are_refused(place: Place) -> None:
    heard: list[Refused | None] = []
    with pytest.raises(Refused) as caught:
        unlock(place.folder, None, lambda refusal: heard.append(refusal) or "always this", environ={})
    assert caught.value.problems[0].code == "wrong_passphrase"
    assert len(heard) == 2
    asked: list[int] = []

    def source(refusal: Refused | None) -> str | None:
        asked.append(1)
        return f"wrong answer {len(asked)}"

    with pytest.raises(Refused):
        unlock(place.folder, None, source, environ={})
    assert len(asked) == 5


def test_a_typing_error_in_the_recovery_key_is_named_and_may_be_mended(place: Place) -> None:
    groups = list(RECOVERY.groups())
    answers = iter(["-".join([*groups[:4], groups[4][:4] + "U", *groups[5:]]), RECOVERY.text()])
    heard: list[str] = []

    def source(refusal: Refused | None) -> str | None:
        if refusal is not None:
            heard.extend(problem.where for problem in refusal.problems)
        return next(answers)

    assert unlock(place.folder, None, None, source, environ={}).by == "recovery"
    assert heard == ["recovery_key.5"]


# Wrong key or damaged.


def test_a_damaged_database_is_not_called_a_wrong_key(place: Place) -> None:
    path = place.folder / "data.kam"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    got = unlock(place.folder, place.start(), environ={})
    # SQLCipher says the same words for a flipped first page and for a wrong key; the check value does not.
    with pytest.raises(sqlcipher3.dbapi2.DatabaseError, match="not a database"):
        names_in(place.folder, got.key)
    assert got.keys.confirms(got.key)
    assert not got.keys.confirms(DataKey.new())


@pytest.mark.expects_log
def test_damaged_key_files_stop_before_anyone_is_asked(place: Place) -> None:
    for name in NAMES:
        (place.folder / name).write_bytes(b"damaged")
    before = place.sums()
    with pytest.raises(Refused) as caught:
        unlock(place.folder, place.start(), never_asked, never_asked, environ={})
    assert caught.value.problems[0].code == "keys_damaged"
    assert place.sums() == before


@pytest.mark.expects_log
@pytest.mark.parametrize("way", [by_prompt, by_recovery])
def test_a_damaged_slot_leaves_the_other_ways_open(place: Place, way: Callable[[Place, Vault], Unlocked]) -> None:
    # Damage with a right sum: somebody mended the file by hand.
    whole = KeyFile.load(place.folder)
    damaged = [replace(slot, nonce=bytes(12)) for slot in whole.slots]
    replace(whole, slots=(damaged[0], *whole.slots[1:])).save(place.folder)
    got = way(place, place.start())
    assert got.key == place.key
    assert got.keyring_failure is not None
    assert got.keyring_failure.code == "keyring_slot"
    assert got.reseal
    replace(whole, slots=(*damaged[:2], whole.slots[2])).save(place.folder)
    got = unlock(place.folder, place.start(), lambda refusal: GOOD, lambda refusal: RECOVERY.text(), environ={})
    assert (got.key, got.by) == (place.key, "recovery")
    replace(whole, slots=tuple(damaged)).save(place.folder)
    with pytest.raises(Refused) as caught:
        unlock(place.folder, place.start(), lambda refusal: GOOD, lambda refusal: RECOVERY.text(), environ={})
    assert caught.value.problems[0].code == "keys_damaged"


@pytest.mark.expects_log
def test_a_reader_mends_nothing(place: Place) -> None:
    (place.folder / NAMES[0]).write_bytes(b"damaged")
    before = place.sums()
    assert unlock(place.folder, place.start(), environ={}, repair=False).key == place.key
    assert place.sums() == before
    assert unlock(place.folder, place.start(), environ={}).key == place.key
    assert KeyFile.read(place.folder / NAMES[0]).confirms(place.key)


def test_a_missing_profile_stays_missing(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        unlock(tmp_path / "nothing here", None, never_asked, environ={})
    assert caught.value.problems[0].code == "keys_missing"
    assert list(tmp_path.iterdir()) == []
