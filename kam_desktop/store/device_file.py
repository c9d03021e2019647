"""The name of this copy of a profile, in a file that knows when it was copied or brought back."""

from __future__ import annotations

import os
from pathlib import Path

from kam_desktop.store import files

NAME = "device.id"


def write(folder: Path, identity: str) -> None:
    """Writes another name; beside it stands the number that the file system gave to this very file.

    A folder that is copied, unpacked from an archive or brought back by a backup program is made of new files, so the
    number there is another one. A disk image keeps it: then the server tells, by the numbers of pushes.
    """
    path = folder / NAME
    files.write_atomically(path, f"{identity}\n".encode())
    number = path.stat().st_ino
    if number:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        try:
            os.write(descriptor, f"{number}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(folder: Path) -> str:
    """The name. Raises OSError where there is none."""
    return (folder / NAME).read_text("ascii").split()[0]


def is_copied(folder: Path) -> bool:
    """Whether this file was copied since it was written. One of an older program, or cut short, says nothing."""
    try:
        path = folder / NAME
        said = path.read_text("ascii").split()
        return len(said) == 2 and said[1].isdecimal() and int(said[1]) != path.stat().st_ino
    except (OSError, UnicodeDecodeError):
        return False
