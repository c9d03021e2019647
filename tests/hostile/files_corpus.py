"""Paths that are no ordinary files, and files that change while they are read."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from tests.hostile.cases import BACKUP, EITHER, IMPORT, LOAD, OPENING, REFUSED, case

_DOORS = ((IMPORT, ".csv"), (IMPORT, ".xml"), (OPENING, ".xlsx"), (LOAD, ".ndjson"), (BACKUP, ".kambackup"))


def _for_every_door(kind: str, make, wanted: str = REFUSED) -> None:  # type: ignore[no-untyped-def]
    for door, ending in _DOORS:
        make.__name__ = f"{kind}_{door}_{ending[1:]}"
        case(door, ending, wanted)(make)


_for_every_door("pipe", lambda path: os.mkfifo(path))
_for_every_door("device_without_end", lambda path: path.symlink_to("/dev/zero"))
_for_every_door("link_to_nowhere", lambda path: path.symlink_to(path.parent / "absent" / "x"))
_for_every_door("link_to_itself", lambda path: path.symlink_to(path))
_for_every_door("folder", lambda path: path.mkdir())
_for_every_door("empty", lambda path: b"", EITHER)
_for_every_door("one_byte", lambda path: b"\x00")
_for_every_door("own_memory", lambda path: path.symlink_to("/proc/self/mem"))


@case(IMPORT, ".csv")
def socket_called_csv(path: Path) -> None:
    made = socket.socket(socket.AF_UNIX)
    there = os.getcwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        made.bind(path.name)
    finally:
        os.chdir(there)
        made.close()


@case(IMPORT, ".csv", EITHER)
def no_right_to_read(path: Path) -> None:
    path.write_bytes("Tên KH\nAn\n".encode())
    path.chmod(0)


@case(IMPORT, ".xls")
def old_excel(path: Path) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000)


@case(IMPORT, ".ods")
def open_document(path: Path) -> bytes:
    return b"PK\3\4" + bytes(500)


@case(IMPORT, ".xlsb")
def binary_workbook(path: Path) -> bytes:
    return b"PK\3\4" + bytes(500)


@case(IMPORT, ".exe")
def program(path: Path) -> bytes:
    return b"MZ" + bytes(5000)
