"""Passphrases: which are refused, what Argon2id costs here, and the file that a script reads one from."""

from __future__ import annotations

import os
import statistics
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Broken, Refused, Unavailable
from kam_desktop.store import keys, passphrase
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.passphrase import FLOOR, Cost, check_passphrase, key_from, passphrase_in_file, tuned
from tests.fakes import FakeClock, make_argon2_cheap

GOOD = "một hai ba bốn năm"
SALT = bytes(16)
CHEAP = Cost(64, 1, 1)


def codes(text: str) -> list[str]:
    try:
        check_passphrase(text)
    except Refused as refused:
        return [problem.code for problem in refused.problems]
    return []


@pytest.mark.parametrize(
    "text", [GOOD, "correct horse battery staple", "x7!qP0-zz_Lm", "Đặng Gia Phát 8", "🦆" * 3 + "quack-quack-2"]
)
def test_good_ones_pass(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["passphrase_short"]),
        ("x7!qP0-zz_L", ["passphrase_short"]),
        ("password", ["passphrase_short", "passphrase_common"]),
        ("123456789012", ["passphrase_common"]),
        ("123456789987654321", ["passphrase_common"]),
        ("1qaz2wsx3edc4rfv", ["passphrase_common"]),
        ("QwertyQwerty", ["passphrase_common"]),
        ("MotherFucker", ["passphrase_common"]),
        ("unbelievable", ["passphrase_common"]),
        ("passwordpassword", ["passphrase_common"]),
        ("Password123Password123", ["passphrase_common"]),
        ("aaaaaaaaaaaaaaaa", ["passphrase_common"]),
        ("abcabcabcabcab", ["passphrase_common"]),
        ("good one, but\ttabs", ["passphrase_control"]),
        ("good one\nof two lines", ["passphrase_control"]),
        ("x7!qP0-zz_Lm" * 22, ["passphrase_long"]),
    ],
)
def test_bad_ones_are_refused_with_every_reason(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_characters_are_counted_after_composition() -> None:
    eleven = "ậ" * 3 + "ữ" * 3 + "độc lập".replace(" ", "")[:5]
    assert len(eleven) == 11
    assert len(unicodedata.normalize("NFD", eleven)) > 12
    assert codes(unicodedata.normalize("NFD", eleven)) == ["passphrase_short"]


@given(st.text(max_size=400))
def test_any_text_passes_or_is_refused(text: str) -> None:
    codes(text)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_both_normal_forms_give_one_key(text: str) -> None:
    forms = {key_from(unicodedata.normalize(form, text), SALT, CHEAP) for form in ("NFC", "NFD")}
    assert len(forms) == 1


def test_salt_and_cost_matter() -> None:
    made = {
        key_from(GOOD, SALT, CHEAP),
        key_from(GOOD, bytes(15) + b"\1", CHEAP),
        key_from(GOOD, SALT, Cost(128, 1, 1)),
        key_from(GOOD, SALT, Cost(64, 2, 1)),
        key_from(GOOD + " ", SALT, CHEAP),
    }
    assert len(made) == 5


def test_the_floor_is_256_mib_and_three_passes() -> None:
    assert FLOOR.memory_kib == 256 * 1024
    assert FLOOR.passes == 3


@pytest.mark.parametrize(("floor_s", "passes"), [(0.05, 16), (0.38, 6), (0.6, 4), (0.7, 3), (3.0, 3), (60.0, 3)])
def test_tuning_aims_at_the_time_and_never_goes_below_the_floor(
    monkeypatch: pytest.MonkeyPatch, floor_s: float, passes: int
) -> None:
    clock = FakeClock()

    def costs(text: str, salt: bytes, cost: Cost) -> bytes:
        assert cost == FLOOR
        clock.move(floor_s)
        return bytes(32)

    monkeypatch.setattr(passphrase, "key_from", costs)
    assert tuned(clock) == Cost(256 * 1024, passes, FLOOR.lanes)


def test_a_slot_made_here_holds_the_floor_and_takes_its_time(tmp_path: Path) -> None:
    clock = SystemClock()
    data_key = DataKey.new()
    made = keys.create_key_file(tmp_path, "profile", data_key, clock, passphrase_text=GOOD)
    slot = made.slot("passphrase")
    assert slot is not None
    assert slot.cost is not None
    assert slot.cost.memory_kib >= 256 * 1024
    assert slot.cost.passes >= 3
    taken = []
    for _ in range(3):
        begun = clock.monotonic()
        assert made.open_with_passphrase(GOOD) == data_key
        taken.append(clock.monotonic() - begun)
    print(f"{slot.cost}: {statistics.median(taken):.2f} s")
    # The upper end depends on what else this machine is doing; the floor in memory and passes does not.
    assert statistics.median(taken) >= 0.1


def test_no_slot_is_made_below_the_floor(tmp_path: Path) -> None:
    for cost in (Cost(255 * 1024, 3, 4), Cost(256 * 1024, 2, 4), CHEAP):
        with pytest.raises(Broken):
            keys.create_key_file(tmp_path, "profile", DataKey.new(), FakeClock(), passphrase_text=GOOD, cost=cost)
    assert list(tmp_path.iterdir()) == []


def test_too_little_memory_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object, **named: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(passphrase, "hash_secret_raw", fails)
    with pytest.raises(Unavailable) as caught:
        key_from(GOOD, SALT, CHEAP)
    assert caught.value.code == "memory"


@pytest.mark.parametrize(
    "cost",
    [
        Cost(1 << 31, 3, 4),
        Cost((1 << 20) + 1, 1, 4),
        Cost(256 * 1024, 33, 4),
        Cost(1 << 20, 9, 1),
        Cost(64, 65, 1),
        Cost(64, 0, 1),
        Cost(64, 1, 0),
        Cost(4096, 1, 17),
        Cost(7, 1, 1),
        Cost(-1, -1, -1),
    ],
)
def test_a_cost_that_would_eat_the_machine_is_not_borne(cost: Cost) -> None:
    assert not cost.bearable()


def test_every_cost_that_tuning_can_give_is_borne() -> None:
    assert Cost(FLOOR.memory_kib, passphrase.MOST_PASSES, FLOOR.lanes).bearable()


def written(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("mật khẩu dài lắm".encode(), "mật khẩu dài lắm"),
        ("mật khẩu dài lắm\n".encode(), "mật khẩu dài lắm"),
        ("mật khẩu dài lắm\r\n".encode(), "mật khẩu dài lắm"),
        ("\ufeffmật khẩu dài lắm\r\n".encode(), "mật khẩu dài lắm"),
        (b"  spaces are meant  \n", "  spaces are meant  "),
    ],
)
def test_the_file_of_a_script(tmp_path: Path, data: bytes, expected: str) -> None:
    assert passphrase_in_file(written(tmp_path / "p", data)) == expected
    assert passphrase_in_file(written(tmp_path / "p", data, 0o400)) == expected


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660, 0o602, 0o610, 0o666, 0o777])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(Refused) as caught:
        passphrase_in_file(written(tmp_path / "p", GOOD.encode(), mode))
    assert caught.value.problems[0].code == "passphrase_file_open"
    assert GOOD not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"\n", b"one\ntwo\n", b"\xff\xfe\x00", b"x" * 5000])
def test_a_file_that_holds_no_single_line_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Refused) as caught:
        passphrase_in_file(written(tmp_path / "p", data))
    assert caught.value.problems[0].code == "passphrase_file"


def test_what_is_not_a_plain_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "nowhere"):
        with pytest.raises(Refused) as caught:
            passphrase_in_file(path)
        assert caught.value.problems[0].code == "passphrase_file"


def test_cheap_argon2_is_for_tests_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_argon2_cheap(monkeypatch)
    made = keys.create_key_file(tmp_path, "profile", DataKey.new(), FakeClock(), passphrase_text=GOOD)
    slot = made.slot("passphrase")
    assert slot is not None
    assert slot.cost is not None
    assert slot.cost.memory_kib == 64
