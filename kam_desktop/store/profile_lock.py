"""One process writes to a profile: a lock of the operating system, which ends with its process."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import time
from pathlib import Path
from types import TracebackType

from kam_desktop.domain.errors import Unavailable
from kam_desktop.store import files

NAME = "lock"
_LARGEST_BYTES = 1024
_ATTEMPTS, _PAUSE_S = 4, 0.03
# Windows locks are mandatory: the locked byte lies far behind the text, so that others can read who holds it.
_LOCKED_BYTE = 1 << 30
_HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK})


class ProfileLock:
    """The right to write to a profile (or only to read it), for as long as it is open; use it in a `with`.

    The kernel holds it, not a process number in a file: after a crash or a `kill -9` it is free at once, and a reused
    number cannot block anybody. The text in the file only tells a person who it is.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @property
    def writes(self) -> bool:
        """True while this process is the one that may write."""
        return self._descriptor is not None

    def release(self) -> None:
        """Gives the lock up; the file stays, because removing it would let two processes hold two locks."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
        _unlock(descriptor)
        os.close(descriptor)

    def __enter__(self) -> ProfileLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def acquire(folder: Path, write: bool = True, program: str = "kam-desktop") -> ProfileLock:
    """The lock of the profile; returns within 0.2 s. A reader needs none and leaves no trace.

    Raises Unavailable: `locked`, with `program` and `pid` of the holder where known, or what the file system says.
    """
    if not write:
        return ProfileLock(None)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(folder / NAME, flags | getattr(os, "O_BINARY", 0), files.FILE_MODE)
    except OSError as error:
        raise files.unavailable(error) from error
    try:
        if not _try_for_a_moment(descriptor):
            name, pid = _told(descriptor)
            if not name:
                raise Unavailable(
                    "locked", "Another program is working with this profile. Close it, or wait until it is done."
                )
            raise Unavailable(
                "locked",
                "{program} (process {pid}) is working with this profile. Close it, or wait until it is done.",
                program=name,
                pid=pid,
            )
        text = json.dumps({"pid": os.getpid(), "program": program}) + "\n"
        # Truncated first, so that nobody reads the name of one process with the tail of another.
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        with contextlib.suppress(OSError):
            # A full disk must not keep anyone from working: then the lock is just anonymous.
            files.write_all(descriptor, text.encode())
    except OSError as error:
        os.close(descriptor)
        raise files.unavailable(error) from error
    except Unavailable:
        os.close(descriptor)
        raise
    return ProfileLock(descriptor)


def holder(folder: Path) -> tuple[str, str] | None:
    """Program and process number of whoever writes to the profile now, None if nobody does. Changes nothing.

    Both are "" if somebody does who has not left a readable name."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    try:
        if _try_lock(descriptor):
            _unlock(descriptor)
            return None
        return _told(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _try_for_a_moment(descriptor: int) -> bool:
    # `holder` has the lock for an instant, and who has just got it writes its name an instant later.
    for _ in range(_ATTEMPTS):
        if _try_lock(descriptor):
            return True
        time.sleep(_PAUSE_S)
    return _try_lock(descriptor)


def _told(descriptor: int) -> tuple[str, str]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        told = json.loads(os.read(descriptor, _LARGEST_BYTES))
        return str(told["program"])[:80], str(int(told["pid"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return "", ""


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in _HELD:
                return False
            raise
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        with contextlib.suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _HELD:
                return False
            raise
        return True

    def _unlock(descriptor: int) -> None:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
