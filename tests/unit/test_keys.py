"""The key file: two copies that repair each other, slots of one profile, nothing that shows."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kam_desktop.domain.errors import Broken, Refused, TooOld, Unavailable
from kam_desktop.store import files, key_file, keys, passphrase
from kam_desktop.store.data_key import DataKey, derived_key
from kam_desktop.store.key_file import NAMES, KeyFile
from kam_desktop.store.key_slots import DamagedError
from kam_desktop.store.recovery_key import RecoveryKey
from tests.fakes import FakeClock, MemoryVault, make_argon2_cheap

CLOCK = FakeClock()
PROFILE = "01930a5e-7d10-7000-8000-00000000aaaa"
GOOD = "một hai ba bốn năm"
RECOVERY = RecoveryKey(bytes(range(32)))
KEY = DataKey(bytes(range(100, 132)))


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    make_argon2_cheap(monkeypatch)


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def made(tmp_path: Path, vault: MemoryVault) -> KeyFile:
    return keys.create_key_file(tmp_path, PROFILE, KEY, CLOCK, vault=vault, passphrase_text=GOOD, recovery=RECOVERY)


def the_code(caught: pytest.ExceptionInfo[Refused]) -> str:
    return caught.value.problems[0].code


def test_all_three_slots_open(tmp_path: Path, made: KeyFile, vault: MemoryVault) -> None:
    loaded = KeyFile.load(tmp_path)
    assert loaded == made
    assert loaded.kinds == ("keyring", "passphrase", "recovery")
    assert loaded.open_with_vault(vault) == KEY
    assert loaded.open_with_passphrase(GOOD) == KEY
    assert loaded.open_with_recovery(RECOVERY.text()) == KEY
    assert loaded.confirms(KEY)
    assert not loaded.confirms(DataKey.new())


def test_two_copies_lie_there_for_their_owner_only(tmp_path: Path, made: KeyFile) -> None:
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys.copy.json", "keys.json"]
    assert (tmp_path / NAMES[0]).read_bytes() == (tmp_path / NAMES[1]).read_bytes() == made.to_bytes()
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in NAMES} == {0o600}


def test_no_key_and_no_passphrase_stands_in_the_file_in_any_form(
    tmp_path: Path, made: KeyFile, vault: MemoryVault
) -> None:
    text = (tmp_path / NAMES[0]).read_text("utf-8")
    secrets = [KEY.raw(), RECOVERY.raw(), GOOD.encode(), *(bytes.fromhex(value) for value in vault.entries.values())]
    for secret in secrets:
        for form in (secret.hex(), secret.hex().upper(), key_file.to_base64(secret), repr(secret)[2:-1]):
            assert form not in text
    for group in RECOVERY.groups():
        assert group not in text


def test_the_keyring_holds_a_key_of_its_own_under_the_name_of_the_slot(made: KeyFile, vault: MemoryVault) -> None:
    slot = made.slot("keyring")
    assert slot is not None
    assert list(vault.entries) == [f"{PROFILE}/{slot.slot_id}"]
    (kept,) = vault.entries.values()
    assert len(bytes.fromhex(kept)) == 32
    assert kept != KEY.hex()


def test_wrong_passphrase_and_wrong_recovery_key_are_told_apart_from_damage(made: KeyFile) -> None:
    with pytest.raises(Refused) as caught:
        made.open_with_passphrase(GOOD + "!")
    assert the_code(caught) == "wrong_passphrase"
    with pytest.raises(Refused) as caught:
        made.open_with_passphrase("x" * 10_000_000)
    assert the_code(caught) == "wrong_passphrase"
    with pytest.raises(Refused) as caught:
        made.open_with_recovery(RecoveryKey.new().text())
    assert the_code(caught) == "wrong_recovery_key"
    with pytest.raises(Refused) as caught:
        made.open_with_recovery("0" + RECOVERY.text()[1:].replace("4", "5", 1))
    assert the_code(caught) == "recovery_group"


@pytest.mark.expects_log
@pytest.mark.parametrize("part", ["nonce", "wrapped"])
def test_a_damaged_slot_is_not_called_a_wrong_key(made: KeyFile, vault: MemoryVault, part: str) -> None:
    # As somebody would do who also mends the sum of the file.
    broken = KeyFile.from_bytes(edited(made, lambda slot: slot.__setitem__(part, flipped(str(slot[part])))))
    with pytest.raises(Unavailable) as unavailable:
        broken.open_with_vault(vault)
    assert unavailable.value.code == "keyring_slot"
    for opens in (
        lambda: broken.open_with_passphrase(GOOD),
        lambda: broken.open_with_recovery(RECOVERY.text()),
    ):
        with pytest.raises(Refused) as caught:
            opens()
        assert the_code(caught) == "keys_damaged"


def edited(made: KeyFile, change: object) -> bytes:
    shown = json.loads(made.to_bytes())
    del shown["sum"]
    for slot in shown["slots"]:
        change(slot)  # type: ignore[operator]
    return json.dumps(shown | {"sum": key_file._sum(shown)}).encode()


def flipped(base64: str) -> str:
    return ("B" if base64[0] == "A" else "A") + base64[1:]


def test_a_slot_of_another_profile_or_kind_opens_nothing(tmp_path: Path, made: KeyFile, vault: MemoryVault) -> None:
    shown = json.loads(made.to_bytes())
    del shown["sum"]
    moved = copy.deepcopy(shown) | {"profile": "another"}
    other = KeyFile.from_bytes(json.dumps(moved | {"sum": key_file._sum(moved)}).encode())
    with pytest.raises(Refused) as caught:
        other.open_with_passphrase(GOOD)
    assert the_code(caught) == "wrong_passphrase"
    recovery = next(slot for slot in shown["slots"] if slot["kind"] == "recovery")
    shown["slots"] = [recovery | {"kind": "keyring"}]
    as_keyring = KeyFile.from_bytes(json.dumps(shown | {"sum": key_file._sum(shown)}).encode())
    vault.entries[f"{PROFILE}/{recovery['id']}"] = derived_key(RECOVERY.raw(), "recovery slot").hex()
    with pytest.raises(Unavailable) as caught_too:
        as_keyring.open_with_vault(vault)
    assert caught_too.value.code == "keyring_changed"


# Damage.


@pytest.mark.expects_log
@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_bit_in_any_byte_of_one_copy_opens_by_the_other_and_is_mended(
    tmp_path: Path, made: KeyFile, name: str
) -> None:
    whole = made.to_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        with PutBack(tmp_path) as folder:
            (folder / name).write_bytes(damaged)
            assert KeyFile.load(folder, repair=False) == made
    # Once more with the mending, at some places: it costs a sync of the disk each time.
    for place in range(0, len(whole), 97):
        damaged = bytearray(whole)
        damaged[place] ^= 0x15
        (tmp_path / name).write_bytes(damaged)
        assert KeyFile.load(tmp_path) == made
        assert KeyFile.read(tmp_path / name) == made


class PutBack:
    """The folder itself, its copies put back at the end; no sync, because no power is lost here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept = {name: (folder / name).read_bytes() for name in NAMES}

    def __enter__(self) -> Path:
        return self.folder

    def __exit__(self, *ignored: object) -> None:
        for name, data in self.kept.items():
            (self.folder / name).write_bytes(data)


def test_the_same_bit_flipped_in_both_copies_is_damaged_or_harmless(made: KeyFile) -> None:
    whole = made.to_bytes()
    damaged_places = 0
    for place in range(len(whole)):
        for bit in range(8):
            data = bytearray(whole)
            data[place] ^= 1 << bit
            try:
                # A space for a line break changes nothing; whatever is read must say exactly what was written.
                assert KeyFile.from_bytes(bytes(data)) == made
            except DamagedError:
                damaged_places += 1
    assert damaged_places > 7 * len(whole)


@pytest.mark.expects_log
def test_both_copies_damaged_is_refused_and_nothing_is_touched(tmp_path: Path, made: KeyFile) -> None:
    for data in (
        b"",
        b"{}",
        b"[" * 60_000,
        b"\x00" * 1500,
        b"x" * 1_000_000,
        made.to_bytes()[:-40],
        b'{"sum": 1}',
        made.to_bytes() + b" " * 65536,
    ):
        for name in NAMES:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(Refused) as caught:
            KeyFile.load(tmp_path)
        assert the_code(caught) == "keys_damaged"
        assert [(tmp_path / name).read_bytes() for name in NAMES] == [data, data]
        assert len(list(tmp_path.iterdir())) == 2


def test_no_copy_is_missing_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        KeyFile.load(tmp_path)
    assert the_code(caught) == "keys_missing"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.expects_log
@pytest.mark.parametrize("name", NAMES)
def test_a_missing_copy_is_made_from_the_other_even_beside_a_damaged_one(
    tmp_path: Path, made: KeyFile, name: str
) -> None:
    (tmp_path / name).unlink()
    assert KeyFile.load(tmp_path, repair=False) == made
    assert not (tmp_path / name).exists(), "a reader changes nothing"
    assert KeyFile.load(tmp_path) == made
    assert (tmp_path / name).read_bytes() == made.to_bytes()
    (tmp_path / NAMES[0]).write_bytes(b"damaged")
    (tmp_path / NAMES[1]).unlink()
    with pytest.raises(Refused) as caught:
        KeyFile.load(tmp_path)
    assert the_code(caught) == "keys_damaged"


def test_of_two_whole_copies_the_newer_counts(tmp_path: Path, made: KeyFile) -> None:
    # The power failed after the first of the two was replaced.
    old = made.to_bytes()
    newer = keys.set_passphrase(tmp_path, made, KEY, "năm bốn ba hai một", CLOCK)
    for name in NAMES:
        for other in NAMES:
            (tmp_path / other).write_bytes(newer.to_bytes())
        (tmp_path / name).write_bytes(old)
        assert KeyFile.load(tmp_path) == newer
        assert (tmp_path / name).read_bytes() == newer.to_bytes()


def test_copies_of_two_profiles_are_refused(tmp_path: Path, made: KeyFile) -> None:
    other = tmp_path / "other"
    other.mkdir()
    keys.create_key_file(other, "another", DataKey.new(), CLOCK, recovery=RECOVERY)
    shutil.copy(other / NAMES[0], tmp_path / NAMES[0])
    with pytest.raises(Refused) as caught:
        KeyFile.load(tmp_path)
    assert the_code(caught) == "keys_mixed"


@pytest.mark.parametrize("which", [NAMES, NAMES[:1], NAMES[1:]])
def test_a_newer_form_is_refused_untouched(tmp_path: Path, made: KeyFile, which: tuple[str, ...]) -> None:
    shown = json.loads(made.to_bytes())
    del shown["sum"]
    shown |= {"format": 2, "slots": {"of": "another shape"}}
    for name in which:
        (tmp_path / name).write_text(json.dumps(shown | {"sum": key_file._sum(shown)}))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(TooOld) as caught:
        KeyFile.load(tmp_path)
    assert caught.value.code == "keys_newer"
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "planted",
    [
        {"memory_kib": 1 << 31},
        {"memory_kib": 1 << 62},
        {"passes": 1 << 40},
        {"lanes": 1 << 20},
        {"memory_kib": -1},
        {"passes": True},
        {"passes": 3.5},
        {"passes": "3"},
        {"salt": ""},
        {"salt": "A" * 24},
        {"name": "md5"},
    ],
)
def test_a_planted_cost_is_damage_before_any_memory_is_taken(
    monkeypatch: pytest.MonkeyPatch, made: KeyFile, planted: dict[str, object]
) -> None:
    def never(*args: object, **named: object) -> bytes:
        raise AssertionError("Argon2 was asked")

    monkeypatch.setattr(passphrase, "hash_secret_raw", never)

    def plant(slot: dict[str, object]) -> None:
        if slot["kind"] == "passphrase":
            slot["kdf"] |= planted  # type: ignore[operator]

    with pytest.raises(DamagedError):
        KeyFile.from_bytes(edited(made, plant))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(["format", "profile", "revision", "check", "slots", "slot"]), json_values)
def test_any_planted_value_is_read_or_damage(made: KeyFile, name: str, value: object) -> None:
    shown = json.loads(made.to_bytes())
    del shown["sum"]
    if name == "slot":
        shown["slots"][1] = value
    else:
        shown[name] = value
    try:
        total = key_file._sum(shown)
    except ValueError:
        return
    try:
        KeyFile.from_bytes(json.dumps(shown | {"sum": total}).encode())
    except (DamagedError, TooOld):
        pass


@given(st.binary(max_size=300))
def test_any_bytes_are_damage(data: bytes) -> None:
    with pytest.raises(DamagedError):
        KeyFile.from_bytes(data)


# Making and changing.


def test_a_profile_is_never_made_over_another(tmp_path: Path, made: KeyFile) -> None:
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for present in ([NAMES[0]], [NAMES[1]], ["data.kam"], [*NAMES, "data.kam"]):
        folder = tmp_path / f"profile of {len(present)} {present[0]}"
        folder.mkdir()
        for name in present:
            (folder / name).write_bytes(b"damaged")
        with pytest.raises(Refused) as caught:
            keys.create_key_file(folder, PROFILE, DataKey.new(), CLOCK, recovery=RECOVERY)
        assert the_code(caught) == "profile_exists"
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == dict.fromkeys(present, b"damaged")
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_a_keyring_alone_is_no_way_back(tmp_path: Path, vault: MemoryVault) -> None:
    with pytest.raises(Refused) as caught:
        keys.create_key_file(tmp_path, PROFILE, KEY, CLOCK, vault=vault)
    assert the_code(caught) == "no_way_back"
    assert list(tmp_path.iterdir()) == []
    assert vault.entries == {}


def test_a_bad_passphrase_makes_nothing(tmp_path: Path, vault: MemoryVault) -> None:
    with pytest.raises(Refused) as caught:
        keys.create_key_file(tmp_path, PROFILE, KEY, CLOCK, vault=vault, passphrase_text="short")
    assert the_code(caught) == "passphrase_short"
    assert list(tmp_path.iterdir()) == []
    assert vault.entries == {}


def test_without_a_keyring_a_profile_is_made_all_the_same(tmp_path: Path) -> None:
    vault = MemoryVault(failing="keyring_missing")
    made = keys.create_key_file(tmp_path, PROFILE, KEY, CLOCK, vault=vault, recovery=RECOVERY)
    assert made.kinds == ("recovery",)
    assert KeyFile.load(tmp_path).open_with_recovery(RECOVERY.text()) == KEY


def test_a_passphrase_is_replaced(tmp_path: Path, made: KeyFile, vault: MemoryVault) -> None:
    changed = keys.set_passphrase(tmp_path, made, KEY, "năm bốn ba hai một", CLOCK)
    assert KeyFile.load(tmp_path) == changed
    assert changed.revision == made.revision + 1
    assert changed.open_with_passphrase("năm bốn ba hai một") == KEY
    with pytest.raises(Refused):
        changed.open_with_passphrase(GOOD)
    assert changed.open_with_vault(vault) == KEY
    for name in NAMES:
        with pytest.raises(Refused):
            KeyFile.read(tmp_path / name).open_with_passphrase(GOOD)


def test_a_recovery_key_is_replaced(tmp_path: Path, made: KeyFile) -> None:
    fresh = RecoveryKey.new()
    changed = keys.set_recovery(tmp_path, made, KEY, fresh, CLOCK)
    assert changed.open_with_recovery(fresh.text()) == KEY
    with pytest.raises(Refused) as caught:
        changed.open_with_recovery(RECOVERY.text())
    assert the_code(caught) == "wrong_recovery_key"


def test_a_keyring_slot_is_made_anew_and_its_old_entry_forgotten(
    tmp_path: Path, made: KeyFile, vault: MemoryVault
) -> None:
    before = dict(vault.entries)
    changed = keys.set_keyring(tmp_path, made, KEY, vault, CLOCK)
    assert changed.open_with_vault(vault) == KEY
    assert len(vault.entries) == 1
    assert vault.entries.keys().isdisjoint(before)
    assert KeyFile.load(tmp_path) == changed


def test_a_keyring_that_fails_while_its_slot_is_replaced_changes_nothing(
    tmp_path: Path, made: KeyFile, vault: MemoryVault
) -> None:
    vault.failing = "keyring_slow"
    with pytest.raises(Unavailable):
        keys.set_keyring(tmp_path, made, KEY, vault, CLOCK)
    vault.failing = ""
    assert KeyFile.load(tmp_path) == made
    assert made.open_with_vault(vault) == KEY


def test_slots_are_removed_but_never_the_last_way_back(tmp_path: Path, made: KeyFile, vault: MemoryVault) -> None:
    less = keys.remove_slot(tmp_path, made, "passphrase")
    with pytest.raises(Refused) as caught:
        less.open_with_passphrase(GOOD)
    assert the_code(caught) == "no_slot"
    with pytest.raises(Refused) as caught:
        keys.remove_slot(tmp_path, less, "passphrase")
    assert the_code(caught) == "no_slot"
    with pytest.raises(Refused) as caught:
        keys.remove_slot(tmp_path, less, "recovery")
    assert the_code(caught) == "last_slot"
    least = keys.remove_slot(tmp_path, less, "keyring", vault)
    assert vault.entries == {}
    with pytest.raises(Unavailable) as caught_too:
        least.open_with_vault(vault)
    assert caught_too.value.code == "keyring_no_slot"
    with pytest.raises(Refused) as caught:
        keys.remove_slot(tmp_path, least, "recovery")
    assert the_code(caught) == "last_slot"
    assert KeyFile.load(tmp_path) == least


def test_no_slot_is_made_for_a_key_of_another_profile(tmp_path: Path, made: KeyFile, vault: MemoryVault) -> None:
    other = DataKey.new()
    with pytest.raises(Broken):
        keys.set_passphrase(tmp_path, made, other, GOOD, CLOCK)
    with pytest.raises(Broken):
        keys.set_recovery(tmp_path, made, other, RECOVERY, CLOCK)
    with pytest.raises(Broken):
        keys.set_keyring(tmp_path, made, other, vault, CLOCK)
    assert KeyFile.load(tmp_path) == made
    assert len(vault.entries) == 1


@pytest.mark.expects_log
def test_a_full_disk_keeps_the_old_file_or_has_the_new_one(
    tmp_path: Path, made: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = files.write_atomically
    written: list[str] = []

    def full_at(count: int) -> None:
        def write(path: Path, data: bytes) -> None:
            if len(written) == count:
                raise Unavailable("disk_full", "The disk is full.")
            written.append(path.name)
            whole(path, data)

        written.clear()
        monkeypatch.setattr(files, "write_atomically", write)

    full_at(0)
    with pytest.raises(Unavailable):
        keys.set_passphrase(tmp_path, made, KEY, "năm bốn ba hai một", CLOCK)
    assert KeyFile.load(tmp_path) == made
    full_at(1)
    changed = keys.set_passphrase(tmp_path, made, KEY, "năm bốn ba hai một", CLOCK)
    assert written == [NAMES[0]]
    monkeypatch.setattr(files, "write_atomically", whole)
    assert KeyFile.load(tmp_path) == changed
    assert KeyFile.read(tmp_path / NAMES[1]) == changed


def test_the_same_secrets_never_give_the_same_file(tmp_path: Path, made: KeyFile) -> None:
    again = keys.set_passphrase(tmp_path, made, KEY, GOOD, CLOCK)
    old, new = made.slot("passphrase"), again.slot("passphrase")
    assert old is not None
    assert new is not None
    assert {old.nonce, old.wrapped, old.salt, old.check}.isdisjoint({new.nonce, new.wrapped, new.salt, new.check})


# The data key itself.


def test_a_data_key_does_not_show_itself(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").info("%s %r", KEY, KEY)
    shown = repr(KEY) + str(KEY) + f"{KEY}" + caplog.text + repr([KEY]) + str(vars(type(KEY)).get("__dict__"))
    assert KEY.hex() not in shown
    assert KEY.raw().hex()[:8] not in shown
    for leak in (pickle.dumps, copy.copy, copy.deepcopy, hash):
        with pytest.raises(TypeError):
            leak(KEY)


def test_purposes_give_keys_that_differ_and_stay() -> None:
    assert KEY.derive("journal") != KEY.derive("backup") != KEY.raw()
    assert len(KEY.derive("journal")) == 32
    # Files of years ago were sealed with this.
    assert KEY.derive("journal").hex() == "12dee315e4170230007f7aec2451944b871b9e96bac4382988e93cb9e0dbb767"


def test_a_data_key_has_32_bytes_from_the_system() -> None:
    assert DataKey.new() != DataKey.new()
    assert len(bytes.fromhex(DataKey.new().hex())) == 32
    for wrong in (b"", bytes(31), bytes(33)):
        with pytest.raises(ValueError, match="32"):
            DataKey(wrong)
    assert KEY.raw() != KEY
