"""The journal: whatever happens to its files, the rest is read and nothing is invented."""

from __future__ import annotations

import errno
import os
import resource
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kam_desktop.domain.errors import Broken, Unavailable
from kam_desktop.store import files
from kam_desktop.store.journal import Journal

KEY = bytes(range(32))
PROFILE = "0192f0c0-0000-7000-8000-000000000001"
LAID_OUT = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], derandomize=True, deadline=None
)

PAYLOADS = st.lists(st.binary(max_size=400), min_size=1, max_size=12)


def write(folder: Path, payloads: list[bytes], segment_bytes: int = 700) -> dict[int, bytes]:
    for old in folder.glob("*.kj"):
        old.unlink()
    journal = Journal(folder, KEY, PROFILE, segment_bytes=segment_bytes)
    for number, payload in enumerate(payloads, 1):
        journal.append(number, payload)
    journal.close()
    return dict(enumerate(payloads, 1))


def read(folder: Path) -> dict[int, bytes]:
    frames = list(Journal(folder, KEY, PROFILE).frames())
    assert [number for number, _ in frames] == sorted({number for number, _ in frames})
    return dict(frames)


def pieces(folder: Path) -> list[tuple[Path, int, int]]:
    """Every frame's file, offset and length, told by the mark (payloads here never hold it by chance)."""
    found = []
    for segment in sorted(folder.glob("*.kj")):
        data = segment.read_bytes()
        offsets = [at for at in range(len(data)) if data[at : at + 4] == b"KJ1\n"]
        found += [(segment, at, end - at) for at, end in zip(offsets, [*offsets[1:], len(data)], strict=True)]
    return found


def test_frames_come_back_in_order_across_segments_and_restarts(tmp_path: Path) -> None:
    written = write(tmp_path / "journal", [b"a" * 300, b"", "Đặng".encode(), b"b" * 600, b"c"])
    assert len(list((tmp_path / "journal").glob("*.kj"))) > 1
    again = Journal(tmp_path / "journal", KEY, PROFILE, segment_bytes=700)
    assert again.last_number == 5
    again.append(6, b"after a restart")
    assert dict(again.frames()) == {**written, 6: b"after a restart"}
    assert dict(again.frames(after=4)) == {5: b"c", 6: b"after a restart"}
    assert again.check() == []


def test_a_missing_folder_is_an_empty_journal_and_reading_makes_none(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", KEY, PROFILE)
    assert (journal.last_number, list(journal.frames()), journal.check()) == (0, [], [])
    assert not (tmp_path / "journal").exists()


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    write(tmp_path / "journal", [b"x"])
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (tmp_path / "journal").iterdir())


def test_the_payload_is_not_in_the_file(tmp_path: Path) -> None:
    write(tmp_path / "journal", [b"Cong ty Hoa Sen"] * 3)
    data = b"".join(path.read_bytes() for path in tmp_path.rglob("*.kj"))
    assert b"Hoa Sen" not in data
    # Equal payloads give unequal bytes: every frame has a nonce of its own.
    assert len({data[at : at + 12] for at in (20, 20 + 63, 20 + 126)}) == 3


@LAID_OUT
@given(payloads=PAYLOADS, data=st.data())
def test_any_truncation_of_the_newest_segment_costs_only_what_was_cut(
    tmp_path: Path, payloads: list[bytes], data: st.DataObject
) -> None:
    folder = tmp_path / "journal"
    written = write(folder, payloads)
    last = max(folder.glob("*.kj"))
    kept = data.draw(st.integers(0, last.stat().st_size))
    whole = sum(1 for path, at, size in pieces(folder) if path != last or at + size <= kept)
    os.truncate(last, kept)
    assert read(folder) == {number: payload for number, payload in written.items() if number <= whole}
    again = Journal(folder, KEY, PROFILE)
    assert again.last_number == whole
    assert {damage.kind for damage in again.check()} <= {"torn"}
    again.append(whole + 1, b"goes on")
    assert again.check() == []
    assert read(folder)[whole + 1] == b"goes on"


@LAID_OUT
@given(payloads=PAYLOADS, data=st.data())
def test_any_flipped_bit_costs_at_most_its_own_frame_and_is_told(
    tmp_path: Path, payloads: list[bytes], data: st.DataObject
) -> None:
    folder = tmp_path / "journal"
    written = write(folder, payloads)
    number = data.draw(st.integers(1, len(payloads)))
    path, at, size = pieces(folder)[number - 1]
    content = bytearray(path.read_bytes())
    content[at + data.draw(st.integers(0, size - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    expected = {known: payload for known, payload in written.items() if known != number}
    assert read(folder) == expected
    journal = Journal(folder, KEY, PROFILE)
    assert journal.check(), "damage must never pass in silence"
    following = max(expected, default=0) + 1
    journal.append(following, b"goes on")
    assert read(folder) == {**expected, following: b"goes on"}


@LAID_OUT
@given(payloads=PAYLOADS, data=st.data())
def test_frames_dropped_doubled_and_moved(tmp_path: Path, payloads: list[bytes], data: st.DataObject) -> None:
    folder = tmp_path / "journal"
    written = write(folder, payloads, segment_bytes=1 << 20)
    (path,) = folder.glob("*.kj")
    content = path.read_bytes()
    parts = [content[at : at + size] for _, at, size in pieces(folder)]
    chosen = data.draw(st.lists(st.integers(1, len(parts)), max_size=2 * len(parts)))
    path.write_bytes(b"".join(parts[number - 1] for number in chosen))
    assert read(folder) == {number: written[number] for number in sorted(set(chosen))}
    damages = Journal(folder, KEY, PROFILE).check()
    repeated = {number for number in chosen if chosen.count(number) > 1}
    assert {damage.number for damage in damages if damage.kind == "repeated"} == repeated
    inside = set(range(min(chosen, default=0), max(chosen, default=0)))
    missing = {
        damage.number + more for damage in damages if damage.kind == "missing" for more in range(damage.count)
        if damage.number is not None
    }  # fmt: skip
    assert missing == inside - set(chosen)


@LAID_OUT
@given(payloads=PAYLOADS, rubbish=st.binary(max_size=3000), data=st.data())
def test_foreign_bytes_anywhere_hide_no_frame(
    tmp_path: Path, payloads: list[bytes], rubbish: bytes, data: st.DataObject
) -> None:
    folder = tmp_path / "journal"
    written = write(folder, payloads)
    path, at, _ = data.draw(st.sampled_from(pieces(folder)))
    content = path.read_bytes()
    path.write_bytes(content[:at] + rubbish + content[at:])
    assert read(folder) == written


def test_another_key_reads_nothing_and_cuts_nothing(tmp_path: Path) -> None:
    written = write(tmp_path / "journal", [b"one", b"two"])
    before = {path.name: path.read_bytes() for path in (tmp_path / "journal").iterdir()}
    stranger = Journal(tmp_path / "journal", bytes(32), PROFILE)
    assert (stranger.last_number, list(stranger.frames())) == (0, [])
    assert [damage.kind for damage in stranger.check()] == ["damaged", "torn"]
    stranger.append(1, b"another journal")
    assert all((tmp_path / "journal" / name).read_bytes() == content for name, content in before.items())
    assert read(tmp_path / "journal") == written


def test_frames_of_another_profile_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "journal", [b"one"])
    assert list(Journal(tmp_path / "journal", KEY, "another profile").frames()) == []


def test_a_frame_under_another_number_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "journal", [b"one"])
    (path,) = (tmp_path / "journal").iterdir()
    content = path.read_bytes()
    head = content[:8] + struct.pack(">Q", 2)
    path.write_bytes(head + struct.pack(">I", zlib.crc32(head)) + content[20:])
    assert list(Journal(tmp_path / "journal", KEY, PROFILE).frames()) == []


def test_numbers_only_grow(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", KEY, PROFILE)
    journal.append(4, b"four")
    for number in (4, 3):
        with pytest.raises(Broken):
            journal.append(number, b"again")
    assert list(journal.frames()) == [(4, b"four")]


def test_a_write_that_grew_the_file_but_lost_the_bytes_is_not_mistaken_for_a_frame(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    write(folder, [b"a" * 100, b"b" * 100], segment_bytes=1 << 20)
    (path,) = folder.iterdir()
    _, at, size = pieces(folder)[1]
    for first_lost in (at, at + 20):
        path.write_bytes(path.read_bytes()[:first_lost] + bytes(at + size - first_lost))
        journal = Journal(folder, KEY, PROFILE)
        assert journal.last_number == 1
        journal.append(2, b"b" * 100)
        journal.append(3, b"c")
        assert read(folder) == {1: b"a" * 100, 2: b"b" * 100, 3: b"c"}
        assert {damage.kind for damage in journal.check()} <= {"torn"}
        journal.close()
        for segment in sorted(folder.iterdir())[1:]:
            segment.unlink()
        write(folder, [b"a" * 100, b"b" * 100], segment_bytes=1 << 20)


@pytest.fixture
def small_limit() -> Iterator[None]:
    """Files may not grow beyond 1,000 bytes: what a quota does (EFBIG), without a disk of that size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_no_half_frame_and_the_same_call_goes_through_later(
    tmp_path: Path, small_limit: None
) -> None:
    journal = Journal(tmp_path / "journal", KEY, PROFILE)
    journal.append(1, b"a" * 600)
    (path,) = (tmp_path / "journal").iterdir()
    size = path.stat().st_size
    with pytest.raises(Unavailable) as told:
        journal.append(2, b"b" * 600)
    assert told.value.code == "disk_full"
    assert path.stat().st_size == size
    assert journal.last_number == 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    journal.append(2, b"b" * 600)
    assert read(tmp_path / "journal") == {1: b"a" * 600, 2: b"b" * 600}


@pytest.mark.parametrize(
    ("number", "code", "goes_on"),
    [(errno.ENOSPC, "disk_full", True), (errno.EDQUOT, "disk_full", True), (errno.EIO, "disk_failed", False)],
)
def test_an_fsync_that_fails_is_never_believed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str, goes_on: bool
) -> None:
    journal = Journal(tmp_path / "journal", KEY, PROFILE)
    journal.append(1, b"one")

    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(files, "sync", fail)
        with pytest.raises(Unavailable) as told:
            journal.append(2, b"two")
    assert told.value.code == code
    if goes_on:
        journal.append(2, b"two")
    else:
        with pytest.raises(Unavailable):
            journal.append(2, b"two")
        Journal(tmp_path / "journal", KEY, PROFILE).append(2, b"two")
    assert read(tmp_path / "journal") == {1: b"one", 2: b"two"}


def test_only_old_segments_that_a_backup_covers_are_dropped(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    written = write(folder, [bytes([65 + number]) * 700 for number in range(6)])
    now = datetime(2026, 11, 23, tzinfo=UTC)
    for position, segment in enumerate(sorted(folder.iterdir())):
        written_at = (now - timedelta(days=33 - position)).timestamp()
        os.utime(segment, (written_at, written_at))
    journal = Journal(folder, KEY, PROFILE)
    assert journal.drop(now, covered=0) == 0
    assert journal.drop(now, covered=2) == 2
    assert dict(journal.frames()) == {number: written[number] for number in (3, 4, 5, 6)}
    # Segment 4 was written 30 days ago, segment 5 is younger than that.
    assert journal.drop(now, covered=6) == 2
    assert journal.drop(now + timedelta(days=400), covered=6) == 1
    assert list(journal.frames()) == [(6, written[6])]
    assert journal.check() == []
    assert journal.last_number == Journal(folder, KEY, PROFILE).last_number == 6


class TestFiles:
    """Files written whole or not at all."""

    def test_replaces_the_content_and_leaves_nothing_beside_it(self, tmp_path: Path) -> None:
        target = tmp_path / "keys.json"
        files.write_atomically(target, b"old")
        files.write_atomically(target, b"new")
        assert target.read_bytes() == b"new"
        assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
        assert target.stat().st_mode & 0o777 == 0o600

    def test_a_leftover_of_a_crash_is_no_obstacle(self, tmp_path: Path) -> None:
        (tmp_path / "keys.json.new").write_bytes(b"half")
        files.write_atomically(tmp_path / "keys.json", b"new")
        assert (tmp_path / "keys.json").read_bytes() == b"new"

    def test_a_full_disk_keeps_the_old_file_and_frees_the_half(self, tmp_path: Path, small_limit: None) -> None:
        files.write_atomically(tmp_path / "keys.json", b"old")
        with pytest.raises(Unavailable) as told:
            files.write_atomically(tmp_path / "keys.json", b"n" * 2000)
        assert told.value.code == "disk_full"
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]

    @pytest.mark.parametrize("code", [5, 32, 33])
    def test_waits_for_a_program_that_holds_the_file_for_a_moment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
    ) -> None:
        held, waited = self._held(monkeypatch, code, times=3)
        files.write_atomically(tmp_path / "keys.json", b"new")
        assert (tmp_path / "keys.json").read_bytes() == b"new"
        assert held == [0]
        assert 0 < sum(waited) <= 2.5

    def test_gives_up_after_two_and_a_half_seconds_and_keeps_the_new_content(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        files.write_atomically(tmp_path / "keys.json", b"old")
        _, waited = self._held(monkeypatch, 32, times=1000)
        with pytest.raises(Unavailable) as told:
            files.write_atomically(tmp_path / "keys.json", b"new")
        assert told.value.code == "file_held"
        assert sum(waited) == pytest.approx(2.5)
        assert (tmp_path / "keys.json").read_bytes() == b"old"
        assert (tmp_path / "keys.json.new").read_bytes() == b"new"

    @staticmethod
    def _held(monkeypatch: pytest.MonkeyPatch, code: int, times: int) -> tuple[list[int], list[float]]:
        """`os.replace` as it fails on Windows while a scanner holds the file, `times` times; waits are written down."""
        left, waited, really = [times], [], os.replace

        def replace(source: Path, target: Path) -> None:
            if left[0]:
                left[0] -= 1
                error = PermissionError(errno.EACCES, "held")
                error.winerror = code  # type: ignore[attr-defined,unused-ignore]
                raise error
            really(source, target)

        monkeypatch.setattr(os, "replace", replace)
        monkeypatch.setattr("kam_desktop.store.files.time.sleep", waited.append)
        return left, waited
