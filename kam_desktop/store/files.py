"""Files of a profile: written whole or not at all, synced to the disk, for their owner only."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kam_desktop.domain.errors import Unavailable

FILE_MODE = 0o600
FOLDER_MODE = 0o700

# Windows: access denied, sharing violation, lock violation. A virus scanner or an indexer holds a fresh file for a
# moment; one retry of 50 ms cured nearly all of them where it was measured. 2.5 s in all, then the user hears of it.
_SHARING_ERRORS = frozenset({5, 32, 33})
_RETRY_DELAYS_S = (0.05, 0.05, 0.1, 0.2, 0.3, 0.4, 0.4, 0.5, 0.5)

_PROBE_BYTES = 1 << 16

# A quota and a limit on file size are "full" to the person in front of the screen too.
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def unavailable(error: OSError) -> Unavailable:
    """What an error of the file system means to the user: `disk_full`, `file_held`, `disk_denied` or `disk_failed`."""
    if error.errno in _FULL:
        return Unavailable("disk_full", "The disk is full. Nothing saved is lost; free some space and try again.")
    if getattr(error, "winerror", None) in _SHARING_ERRORS:
        return Unavailable("file_held", "Another program holds a file of the profile. Close it and try again.")
    if error.errno in _DENIED:
        return Unavailable("disk_denied", "The profile folder cannot be written. Nothing saved is lost.")
    return Unavailable("disk_failed", "The disk reported an error. Stop working and make a backup to another disk.")


def is_full(path: Path) -> bool:
    """Whether the disk takes no more for a file as long as this one (with its `-wal`), asked by trying.

    For a library that says "I/O error" where a quota or a limit on file size is spent: SQLite knows ENOSPC alone.
    """
    beside = path.with_name(path.name + "-wal")
    length = max((each.stat().st_size for each in (path, beside) if each.exists()), default=0)
    probe = path.with_name(path.name + ".probe")
    try:
        with contextlib.suppress(FileNotFoundError):
            remove(probe)
        descriptor = create(probe)
        try:
            # Past a hole, which costs nothing where files may have holes; Windows reports a full disk by itself.
            os.lseek(descriptor, 0 if sys.platform == "win32" else length, os.SEEK_SET)
            write_all(descriptor, bytes(_PROBE_BYTES))
            sync(descriptor)
        finally:
            os.close(descriptor)
            remove(probe)
    except OSError as error:
        return error.errno in _FULL
    return False


def private_folder(folder: Path) -> Path:
    """The folder, made if it is missing, readable by its owner only; its name is on the disk when this returns.

    Raises Unavailable.
    """
    try:
        if not folder.is_dir():
            folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            sync_folder(folder.parent)
        if sys.platform != "win32":
            folder.chmod(FOLDER_MODE)
    except OSError as error:
        raise unavailable(error) from error
    return folder


def write_atomically(path: Path, data: bytes) -> None:
    """Puts `data` in place of the file: after a crash at any moment the old or the new content is there, whole.

    The new content waits in `<name>.new` beside it. Raises Unavailable; the old file is then untouched.
    """
    waiting = path.with_name(path.name + ".new")
    try:
        with contextlib.suppress(FileNotFoundError):
            remove(waiting)
        descriptor = create(waiting)
        try:
            write_all(descriptor, data)
            sync(descriptor)
        finally:
            os.close(descriptor)
        replace(waiting, path)
    except OSError as error:
        if getattr(error, "winerror", None) not in _SHARING_ERRORS:
            # Half a file is worth nothing and may hold the last free blocks; a whole one that only could not take
            # its place stays, for whoever has to rescue it by hand.
            with contextlib.suppress(OSError):
                waiting.unlink()
        raise unavailable(error) from error


def unused(path: Path) -> Path:
    """The path, or one with a number in its name where that is taken."""
    found, number = path, 1
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def create(path: Path) -> int:
    """A descriptor of a new file, for writing, 0600; raises FileExistsError rather than open one that is there."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    return os.open(path, flags, FILE_MODE)


def write_all(descriptor: int, data: bytes) -> None:
    """Writes every byte, however many calls the system needs for it."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync(descriptor: int) -> None:
    """Returns when what was written lies on the disk, not in a cache of the system or (macOS) of the drive."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def sync_file(path: Path) -> None:
    """The same for a file that another library wrote and has closed."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Returns when the names in the folder lie on the disk. Windows writes names with the file itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(source: Path, target: Path) -> None:
    """Renames over the target and syncs the folder; waits at most 2.5 s for a program that holds one of the two."""
    _patiently(lambda: os.replace(source, target))
    sync_folder(target.parent)


def remove(path: Path) -> None:
    """Removes a file, with the same patience. Raises FileNotFoundError."""
    _patiently(lambda: os.unlink(path))


def _patiently(act: Callable[[], None]) -> None:
    for delay_s in _RETRY_DELAYS_S:
        try:
            return act()
        except OSError as error:
            if getattr(error, "winerror", None) not in _SHARING_ERRORS:
                raise
            time.sleep(delay_s)
    return act()
