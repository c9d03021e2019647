"""The recovery key: copied by hand, with typing errors found by group, and never told by accident."""

from __future__ import annotations

import pickle
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.store.recovery_key import GROUPS, RecoveryKey, group_is_right, groups_to_ask

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
secrets_of_32 = st.binary(min_size=32, max_size=32)
EXAMPLE = RecoveryKey(bytes(range(32)))


def wrong_groups(text: str) -> list[str]:
    with pytest.raises(Refused) as caught:
        RecoveryKey.parse(text)
    return [problem.where for problem in caught.value.problems]


def test_its_look() -> None:
    groups = EXAMPLE.groups()
    assert len(groups) == GROUPS == 13
    assert all(re.fullmatch(f"[{ALPHABET}]{{5}}", group) for group in groups)
    assert EXAMPLE.text() == "-".join(groups)


def test_a_key_of_today_opens_in_years() -> None:
    # The form is a promise to people who keep a sheet of paper: it may never change.
    assert EXAMPLE.text() == "000GC-40R4Y-0M301-E209M-185G2-R38EE-1W810-24GKG-2GAH0-C5RR1-34D1A-P70XT-3RFTF"


@given(secrets_of_32)
def test_what_is_written_down_is_read_back(secret: bytes) -> None:
    assert RecoveryKey.parse(RecoveryKey(secret).text()).raw() == secret


@given(
    secrets_of_32, st.sampled_from(["", " ", "-", " - ", "\n", "–", "—", ".", "\u00a0"]), st.booleans(), st.booleans()
)
def test_case_separators_and_look_alikes_do_not_matter(secret: bytes, between: str, lower: bool, alike: bool) -> None:
    text = between.join(RecoveryKey(secret).groups())
    if alike:
        text = text.replace("0", "O").replace("1", "l")
    text = f"  {text.lower() if lower else text}\n"
    assert RecoveryKey.parse(text).raw() == secret


@given(secrets_of_32)
def test_full_width_letters_are_read_too(secret: bytes) -> None:
    text = RecoveryKey(secret).text().translate({code: code + 0xFEE0 for code in range(0x30, 0x5B)})
    assert RecoveryKey.parse(text).raw() == secret


def test_every_single_wrong_letter_is_found_in_its_group() -> None:
    tried = 0
    for place in range(GROUPS):
        for spot in range(5):
            for letter in ALPHABET:
                groups = list(EXAMPLE.groups())
                if groups[place][spot] != letter:
                    groups[place] = groups[place][:spot] + letter + groups[place][spot + 1 :]
                    assert wrong_groups("-".join(groups)) == [f"recovery_key.{place + 1}"]
                    tried += 1
    assert tried == 13 * 5 * 31


@given(secrets_of_32, st.integers(0, 12), st.integers(0, 3), st.integers(1, 4))
def test_every_swap_of_two_letters_is_found_in_its_group(secret: bytes, place: int, first: int, step: int) -> None:
    second = min(first + step, 4)
    groups = list(RecoveryKey(secret).groups())
    letters = list(groups[place])
    if letters[first] == letters[second]:
        return
    letters[first], letters[second] = letters[second], letters[first]
    groups[place] = "".join(letters)
    assert wrong_groups("-".join(groups)) == [f"recovery_key.{place + 1}"]


@given(secrets_of_32, st.integers(0, 12), st.integers(0, 12))
def test_groups_in_each_others_place_are_found(secret: bytes, first: int, second: int) -> None:
    groups = list(RecoveryKey(secret).groups())
    if first == second:
        return
    groups[first], groups[second] = groups[second], groups[first]
    assert set(wrong_groups("-".join(groups))) == {f"recovery_key.{first + 1}", f"recovery_key.{second + 1}"}


@pytest.mark.parametrize("strange", ["U", "Â", "Đ", "*", "ß"])
def test_a_letter_that_no_key_has_is_named(strange: str) -> None:
    groups = list(EXAMPLE.groups())
    groups[6] = groups[6][:4] + strange
    with pytest.raises(Refused) as caught:
        RecoveryKey.parse("-".join(groups))
    (problem,) = caught.value.problems
    assert problem.where == "recovery_key.7"
    assert problem.args["group"] == "7"


def test_a_group_that_is_too_short_or_too_long_is_named() -> None:
    groups = list(EXAMPLE.groups())
    assert wrong_groups("-".join([groups[0][:4], *groups[1:]])) == ["recovery_key.1"]
    assert wrong_groups("-".join([*groups[:12], groups[12] + "A"])) == ["recovery_key.13"]


@pytest.mark.parametrize(
    "text", ["", "hello", "-".join(EXAMPLE.groups()[:12]), EXAMPLE.text() + "-00000", "x" * 100_000]
)
def test_a_text_of_another_length_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        RecoveryKey.parse(text)
    assert caught.value.problems[0].code == "recovery_length"


@given(st.text(max_size=90))
def test_any_text_is_a_key_or_refused(text: str) -> None:
    try:
        RecoveryKey.parse(text)
    except Refused as refused:
        assert refused.problems


def test_several_errors_that_fit_their_check_letters_are_found_by_the_check_of_the_whole() -> None:
    other = RecoveryKey(bytes(32)).groups()
    found = 0
    for place in range(GROUPS):
        groups = list(EXAMPLE.groups())
        groups[place] = other[place]
        assert group_is_right(place + 1, groups[place])
        try:
            RecoveryKey.parse("-".join(groups))
        except Refused as refused:
            found += refused.problems[0].code == "recovery_check"
    assert found >= 10, "four bits find 15 of 16"


def test_a_mark_beside_each_field() -> None:
    for place, group in enumerate(EXAMPLE.groups(), 1):
        assert group_is_right(place, f" {group.lower()} ")
        assert not group_is_right(place % 13 + 1, group)
    assert not group_is_right(1, "")


def test_two_groups_are_asked_back() -> None:
    asked = {groups_to_ask() for _ in range(2000)}
    assert all(1 <= first < second <= 13 for first, second in asked)
    assert len(asked) == 13 * 12 // 2, "every pair is asked sometimes"


def test_right_answers_pass_and_wrong_ones_are_named() -> None:
    groups = EXAMPLE.groups()
    EXAMPLE.check_answers({3: groups[2], 11: groups[10].lower() + " "})
    with pytest.raises(Refused) as caught:
        EXAMPLE.check_answers({3: groups[2], 11: groups[9]})
    assert [problem.where for problem in caught.value.problems] == ["recovery_key.11"]
    with pytest.raises(Refused):
        EXAMPLE.check_answers({})
    with pytest.raises(Refused):
        EXAMPLE.check_answers({1: ""})


def test_it_does_not_show_itself(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level("DEBUG"):
        key = RecoveryKey.new()
        text = key.text()
        RecoveryKey.parse(text)
        with pytest.raises(Refused) as caught:
            RecoveryKey.parse(text[:-1] + ("0" if text[-1] != "0" else "1"))
    out, err = capfd.readouterr()
    shown = repr(key) + str(key) + str(caught.value) + caplog.text + out + err
    assert not any(group in shown for group in key.groups())
    with pytest.raises(TypeError):
        hash(key)
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_two_new_keys_differ() -> None:
    assert RecoveryKey.new() != RecoveryKey.new()
    with pytest.raises(ValueError, match="32"):
        RecoveryKey(b"short")


def test_it_is_written_to_a_file_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "khoá khôi phục.txt"
    EXAMPLE.write_file(path, "KAM Desktop\nCông ty Mây Lành")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text("utf-8") == f"# KAM Desktop\n# Công ty Mây Lành\n{EXAMPLE.text()}\n"
    assert RecoveryKey.read_file(path) == EXAMPLE


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    path.write_text("something dear")
    (tmp_path / "link.txt").symlink_to(tmp_path / "nowhere.txt")
    for taken in (path, tmp_path / "link.txt"):
        with pytest.raises(Refused) as caught:
            EXAMPLE.write_file(taken)
        assert caught.value.problems[0].code == "file_exists"
    assert path.read_text() == "something dear"
    assert not (tmp_path / "nowhere.txt").exists()


def test_a_file_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        EXAMPLE.write_file(tmp_path / "no folder" / "key.txt")


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    with pytest.raises(Refused):
        RecoveryKey.read_file(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused):
        RecoveryKey.read_file(path)
