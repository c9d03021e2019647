"""The second place where every change is kept: a sealed, append-only file beside the database."""

from __future__ import annotations

import contextlib
import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kam_desktop.domain.errors import Broken, Unavailable
from kam_desktop.store import files

# A frame: mark (4), length of the sealed part (u32), frame number (u64), CRC-32 of these three, then the sealed part:
# nonce (12), ciphertext, tag (16). The number stands in the clear so that one damaged frame does not hide the next, and
# is bound to the frame as associated data; mark and CRC let a reader find the next frame after damaged bytes.
_MARK = b"KJ1\n"
_HEADER = struct.Struct(">4sIQI")
_NONCE_BYTES = 12
_SEALED_LEAST = _NONCE_BYTES + 16
_SCAN_BYTES = 1 << 16

SEGMENT_BYTES = 4 << 20
PAYLOAD_LIMIT_BYTES = 256 << 20
KEPT_DAYS = 30
"""As long as acknowledged changes are kept: architecture, section 3."""


@dataclass(frozen=True)
class Damage:
    """Something in the journal that is not as it was written.

    Attributes:
        kind: `torn` (unreadable bytes at the end of a segment, as a power cut leaves them: with no number missing,
            nothing is lost), `damaged` (bytes or a frame elsewhere that do not open), `missing` (numbers without a
            frame) or `repeated` (a number twice; one was used).
        number: the first frame number it is about, None where the bytes do not say.
        segment: the file's name.
        count: how many numbers are missing or copies too many.
    """

    kind: str
    number: int | None
    segment: str
    count: int = 1


@dataclass(frozen=True)
class _Entry:
    number: int
    segment: Path
    offset: int
    sealed_bytes: int


class Journal:
    """The journal of one profile. Opening and reading change nothing on disk; `append` cuts a torn end and writes.

    One writing process; appending and rewriting take turns. Frame numbers only grow; a gap is allowed when written and
    told of when read.
    """

    def __init__(self, folder: Path, key: bytes, profile_id: str, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        """`key` is 32 bytes of the journal's own: `DataKey.derive("journal")`. The folder may be missing."""
        if len(key) != 32:
            raise Broken("the journal's key has 32 bytes")
        self._cipher = AESGCM(key)
        self._profile = profile_id.encode()
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._descriptor: int | None = None
        self._lock = threading.Lock()
        self._name_synced = False
        self._end = 0
        self._failed = False
        self._last_number = self._find_last()

    @property
    def last_number(self) -> int:
        """The highest frame number that can be read; 0 in an empty journal."""
        return self._last_number

    def append(self, frame_number: int, payload: bytes) -> None:
        """Adds a frame; when this returns, the frame is on the disk.

        Raises Unavailable (`disk_full`: no half frame stays, and the same call succeeds once there is room;
        `disk_failed`: the disk lied or broke, this journal takes no more until it is opened again), Broken for a
        number that is not above `last_number`.
        """
        if frame_number <= self._last_number:
            raise Broken(f"journal frame {frame_number} comes after frame {self._last_number}")
        if len(payload) > PAYLOAD_LIMIT_BYTES:
            raise Broken(f"journal frame {frame_number} has {len(payload)} bytes")
        if self._failed:
            raise Unavailable("disk_failed", "The disk reported an error. Restart the program to go on saving.")
        with self._lock:
            self._append(frame_number, self._sealed(frame_number, payload))

    def _append(self, frame_number: int, frame: bytes) -> None:
        try:
            descriptor = self._writable()
        except OSError as error:
            raise files.unavailable(error) from error
        try:
            files.write_all(descriptor, frame)
            files.sync(descriptor)
            if not self._name_synced:
                files.sync_folder(self._folder)
                self._name_synced = True
        except OSError as error:
            self._take_back(descriptor)
            problem = files.unavailable(error)
            # After a failed fsync the system may believe that the lost pages are written, so trying again proves
            # nothing: only a full disk may be tried again, on bytes that are written anew.
            self._failed = self._failed or problem.code == "disk_failed"
            raise problem from error
        self._end += len(frame)
        self._last_number = frame_number

    def rewrite(self, edited: Callable[[bytes], bytes], newest: int) -> int:
        """Puts other payloads in place of those for which `edited` gives other ones; gives how many segments changed.

        Frames above `newest` are younger than what `edited` knows, and stay.

        A frame keeps its number and its place. A segment is replaced as a whole: after a crash the old or the new one
        is there, and doing it again ends it. What does not open stays as it is. Raises Unavailable.
        """
        concerned = 0
        with self._lock:
            for segment in self._segments():
                raw = segment.read_bytes()
                made, position, changed = [], 0, False
                for entry in self._scan(segment, []):
                    payload = self._open_entry(entry) if entry.number <= newest else None
                    end = entry.offset + _HEADER.size + entry.sealed_bytes
                    other = edited(payload) if payload is not None else None
                    if other is not None and other != payload:
                        made += [raw[position : entry.offset], self._sealed(entry.number, other)]
                        position, changed = end, True
                if not changed:
                    continue
                written_at = segment.stat().st_mtime
                self.close()
                files.write_atomically(segment, b"".join((*made, raw[position:])))
                with contextlib.suppress(OSError):
                    os.utime(segment, (written_at, written_at))
                concerned += 1
        return concerned

    def _sealed(self, number: int, payload: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, payload, self._bound_to(number))
        head = struct.pack(">4sIQ", _MARK, len(sealed), number)
        return head + struct.pack(">I", zlib.crc32(head)) + sealed

    def frames(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """Number and payload of every readable frame above `after`, in the order of their numbers, each once."""
        for number, copies in _by_number(self._index(after, [])):
            payloads = (self._open_entry(copy) for copy in copies)
            payload = next((payload for payload in payloads if payload is not None), None)
            if payload is not None:
                yield number, payload

    def check(self, after: int = 0) -> list[Damage]:
        """Reads all frames above `after` and tells what is wrong with them; an empty list is a sound journal.

        What is lost at the very end the journal cannot know: compare `last_number` with the database's.
        """
        damages: list[Damage] = []
        entries = self._index(after, damages)
        newest = max(self._segments(), key=_place, default=None)
        ends: dict[Path, int] = {}
        for entry in entries:
            ends[entry.segment] = max(entry.offset, ends.get(entry.segment, 0))
        previous: int | None = None
        for number, copies in _by_number(entries):
            sound = [copy for copy in copies if self._open_entry(copy) is not None]
            for copy in copies:
                if copy not in sound:
                    at_end = copy.offset == ends[copy.segment]
                    torn = at_end and (sound or copy.segment == newest)
                    damages.append(Damage("torn" if torn else "damaged", number, copy.segment.name))
            if len(sound) > 1:
                damages.append(Damage("repeated", number, sound[1].segment.name, len(sound) - 1))
            if previous is not None and number > previous + 1:
                damages.append(Damage("missing", previous + 1, copies[0].segment.name, number - previous - 1))
            previous = number
        return damages

    def drop(self, now: datetime, covered: int) -> int:
        """Removes whole segments written to the last time over 30 days ago whose frames a verified backup covers.

        `covered` is the last frame number that the backup holds. The newest segment always stays: it carries the
        last number. Returns how many were removed; a file that cannot be removed stays for the next time.
        """
        dropped = 0
        for segment in self._segments()[:-1]:
            written_at = datetime.fromtimestamp(segment.stat().st_mtime, UTC)
            numbers = [entry.number for entry in self._scan(segment, [])]
            if now - written_at < timedelta(days=KEPT_DAYS) or any(number > covered for number in numbers):
                break
            try:
                files.remove(segment)
            except OSError:
                break
            dropped += 1
        if dropped:
            with contextlib.suppress(OSError):
                files.sync_folder(self._folder)
        return dropped

    def close(self) -> None:
        """Gives the file back; reading and appending open it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    # Writing

    def _writable(self) -> int:
        """A descriptor that stands at the end of the last whole frame."""
        if self._descriptor is not None and self._end < self._segment_bytes:
            return self._descriptor
        self.close()
        files.private_folder(self._folder)
        # Of a segment that an earlier run made, too: it may have died before the name was on the disk.
        self._name_synced = False
        segments = self._segments()
        if segments:
            end = self._sound_end(segments[-1])
            if end is not None and end < self._segment_bytes:
                self._descriptor = os.open(segments[-1], os.O_RDWR | getattr(os, "O_BINARY", 0))
                self._end = end
                os.ftruncate(self._descriptor, end)
                os.lseek(self._descriptor, end, os.SEEK_SET)
                return self._descriptor
        number = int(segments[-1].stem) + 1 if segments else 1
        self._descriptor, self._end = files.create(self._folder / f"{number:06d}.kj"), 0
        return self._descriptor

    def _sound_end(self, segment: Path) -> int | None:
        """Where the segment's last frame ends if nothing or an unfinished frame follows; else None.

        What is whole by its length and does not open (a torn write of a system that grew the file first, damage, a
        foreign key) is not cut: it stays as it is, and the next frame goes into a file of its own.
        """
        entries = self._scan(segment, [])
        end = entries[-1].offset + _HEADER.size + entries[-1].sealed_bytes if entries else 0
        if entries and self._open_entry(entries[-1]) is None:
            return None
        with segment.open("rb") as file:
            file.seek(end)
            head = file.read(_HEADER.size)
            unfinished = len(head) < _HEADER.size or self._header(head) is not None
            while unfinished is False and not head.strip(b"\0"):
                head = file.read(_SCAN_BYTES)
                unfinished = not head
        return end if unfinished else None

    def _take_back(self, descriptor: int) -> None:
        """Leaves no half frame behind a failed write."""
        try:
            os.ftruncate(descriptor, self._end)
            os.lseek(descriptor, self._end, os.SEEK_SET)
        except OSError:
            self._failed = True

    # Reading

    def _segments(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        found = (path for path in self._folder.iterdir() if path.suffix == ".kj" and path.stem.isdigit())
        return sorted(found, key=_place)

    def _find_last(self) -> int:
        for segment in reversed(self._segments()):
            for entry in sorted(self._scan(segment, []), key=lambda entry: entry.number, reverse=True):
                if self._open_entry(entry) is not None:
                    return entry.number
        return 0

    def _index(self, after: int, damages: list[Damage]) -> list[_Entry]:
        """All frames above `after` by number, the order of the files among equal ones; segments below are not read."""
        entries: list[_Entry] = []
        for segment in reversed(self._segments()):
            found = self._scan(segment, damages)
            entries[:0] = found
            if found and found[0].number <= after:
                break
        return sorted((entry for entry in entries if entry.number > after), key=lambda entry: entry.number)

    def _open_entry(self, entry: _Entry) -> bytes | None:
        with entry.segment.open("rb") as file:
            file.seek(entry.offset + _HEADER.size)
            sealed = file.read(entry.sealed_bytes)
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._bound_to(entry.number))
        except (InvalidTag, ValueError):
            return None

    def _bound_to(self, number: int) -> bytes:
        return self._profile + b"\0" + number.to_bytes(8, "big")

    def _scan(self, segment: Path, damages: list[Damage]) -> list[_Entry]:
        """Every frame of a segment by its header alone; what lies between them is told in `damages`."""
        entries: list[_Entry] = []
        size = segment.stat().st_size
        with segment.open("rb", buffering=_SCAN_BYTES) as file:
            offset = 0
            while offset < size:
                file.seek(offset)
                head = file.read(_HEADER.size)
                known = self._header(head)
                if known is not None and offset + _HEADER.size + known[1] <= size:
                    entries.append(_Entry(known[0], segment, offset, known[1]))
                    offset += _HEADER.size + known[1]
                    continue
                following = self._next_header(file, offset + 1, size)
                number = known[0] if known else None
                damages.append(Damage("torn" if following is None else "damaged", number, segment.name))
                if following is None:
                    break
                offset = following
        return entries

    @staticmethod
    def _header(head: bytes) -> tuple[int, int] | None:
        """Frame number and length of the sealed part, or None if these bytes are no header."""
        if len(head) < _HEADER.size:
            return None
        mark, sealed_bytes, number, crc = _HEADER.unpack(head[: _HEADER.size])
        sound = mark == _MARK and crc == zlib.crc32(head[: _HEADER.size - 4])
        return (number, sealed_bytes) if sound and sealed_bytes >= _SEALED_LEAST else None

    def _next_header(self, file: BinaryIO, start: int, size: int) -> int | None:
        """Where the next whole frame begins at or after `start`."""
        file.seek(start)
        position, window = start, b""
        while chunk := file.read(_SCAN_BYTES):
            window += chunk
            at = window.find(_MARK)
            while 0 <= at <= len(window) - _HEADER.size:
                known = self._header(window[at : at + _HEADER.size])
                if known is not None and position + at + _HEADER.size + known[1] <= size:
                    return position + at
                at = window.find(_MARK, at + 1)
            kept = min(len(window), _HEADER.size - 1)
            position, window = position + len(window) - kept, window[len(window) - kept :]
        return None


def _by_number(entries: list[_Entry]) -> Iterator[tuple[int, list[_Entry]]]:
    for number, copies in groupby(entries, key=lambda entry: entry.number):
        yield number, list(copies)


def _place(segment: Path) -> int:
    return int(segment.stem)
