"""Packs a version into an archive, and unpacks verified bytes: plain files and folders, within limits."""

from __future__ import annotations

import io
import os
import re
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

import zstandard

from kam_desktop.domain.errors import Unavailable
from kam_desktop.language import N_
from kam_desktop.store import files

MOST_PACKED = 256 << 20
"""Bytes of an archive; it is held in memory while it is unpacked, so that what was verified is what is read."""
MOST_UNPACKED = 1 << 30
MOST_ENTRIES = 30_000
_MOST_WINDOW = 1 << 27
_LONGEST_NAME = 240
_PIECE = 1 << 20
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_BAD_LETTERS = re.compile(r'[\x00-\x1f<>:"|?*\\]')

Report = Callable[[int, int], None]


def pack(folder: Path, target: Path, level: int = 19) -> None:
    """Packs a folder, the same bytes for the same files: names in order, no times, no owners, two kinds of mode.

    Raises ValueError for a link or anything else that would not be unpacked.
    """
    entries = sorted(folder.rglob("*"), key=lambda each: each.relative_to(folder).as_posix())
    packer = zstandard.ZstdCompressor(level=level, threads=0)
    with (
        target.open("wb") as raw,
        packer.stream_writer(raw, closefd=False) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in entries:
            member = tarfile.TarInfo(path.relative_to(folder).as_posix())
            _checked(member.name)
            state = path.lstat()
            if stat.S_ISDIR(state.st_mode):
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(member)
            elif stat.S_ISREG(state.st_mode):
                member.size, member.mode = state.st_size, 0o755 if state.st_mode & 0o111 else 0o644
                with path.open("rb") as content:
                    tar.addfile(member, content)
            else:
                raise ValueError(f"neither a file nor a folder: {member.name}")


def unpack(packed: bytes, folder: Path, report: Report | None = None) -> None:
    """Unpacks bytes that were verified into an empty folder; every file lies on the disk when this returns.

    Raises Unavailable `bad_archive` for links, devices, absolute names, names with .., names that Windows takes for
    something else, and for more than the limits; `disk_full` and the like. The caller throws the folder away then.
    """
    count = size = 0
    seen: set[str] = set()
    folders: list[Path] = [folder]
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW).stream_reader(io.BytesIO(packed))
        with reader, tarfile.open(fileobj=reader, mode="r|", errorlevel=2) as tar:
            for member in tar:
                name = _checked(member.name)
                count, size = count + 1, size + member.size
                if count > MOST_ENTRIES or size > MOST_UNPACKED or member.size < 0 or name.casefold() in seen:
                    raise _bad()
                seen.add(name.casefold())
                target = folder.joinpath(*PurePosixPath(name).parts)
                if member.isdir():
                    target.mkdir(mode=files.FOLDER_MODE, exist_ok=True)
                    folders.append(target)
                elif member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse():
                    content = tar.extractfile(member)
                    if content is None:
                        raise _bad()
                    _write(target, content, member.size, bool(member.mode & 0o100))
                else:
                    raise _bad()
                if report is not None:
                    report(size, 0)
    except (tarfile.TarError, zstandard.ZstdError, EOFError, ValueError) as error:
        raise _bad() from error
    except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise _bad() from error
    except OSError as error:
        raise files.unavailable(error) from error
    for each in reversed(folders):
        files.sync_folder(each)


def _write(target: Path, content: IO[bytes], size: int, runs: bool) -> None:
    left = size
    descriptor = files.create(target)
    try:
        while left:
            piece = content.read(min(_PIECE, left))
            if not piece:
                raise _bad()
            files.write_all(descriptor, piece)
            left -= len(piece)
        if runs and hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o700)
        files.sync(descriptor)
    finally:
        os.close(descriptor)


def _checked(name: str) -> str:
    """A relative name of plain parts. Raises ValueError."""
    parts = name.split("/")
    if not name or len(name) > _LONGEST_NAME or _BAD_LETTERS.search(name):
        raise ValueError("a name that is not taken")
    for part in parts:
        if part in ("", ".", "..") or part[-1] in ". " or _DEVICES.fullmatch(part):
            raise ValueError("a name that is not taken")
    return name


def _bad() -> Unavailable:
    message = N_("The downloaded version is not put together as it should be. It was not taken.")
    return Unavailable("bad_archive", message)
