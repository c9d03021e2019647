"""Backups: one verified file with the encrypted database and its keys; made, checked, listed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Protocol

import sqlcipher3.dbapi2 as driver

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.store import database, files
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.database import Database
from kam_desktop.store.key_file import NAMES, KeyFile
from kam_desktop.store.key_slots import DamagedError

SUFFIX = ".kambackup"
FOLDER = "backups"
FORMAT = 1
_ABOUT, _KEYS, _DATABASE = "backup.json", NAMES[0], database.FILE
_LARGEST_ABOUT_BYTES = 64 << 10
_CHUNK_BYTES = 1 << 20
_ONCE = "pragma cache_size = -500"
"""For what goes over every page once: pages that are kept would be 24 MB for nothing."""
_STALE = timedelta(days=1)


class Source(Protocol):
    """What a backup is made of: an open store, or a profile that is about to be migrated."""

    folder: Path
    clock: Clock
    database: Database


@dataclass(frozen=True)
class Backup:
    """One backup file. Only a file that was opened and checked has the name of a backup.

    Attributes:
        reason: daily, asked, migration or restore.
        frame: the last journal frame that it covers.
        size: of the file, in bytes.
    """

    path: Path
    profile_id: str
    reason: str
    made_at: datetime
    schema: int
    frame: int
    size: int


def backup_to(source: Source, file: Path, reason: str = "asked") -> Backup:
    """Makes a backup of what is saved at this moment; editing goes on meanwhile.

    The copy is opened and checked whole (page seals, integrity, the key file) before the file gets its name, so a file
    of that name is a backup that opens. Raises Refused (`file_exists`; the key file's problems), Unavailable
    (`disk_full` with the room that is needed, `damaged` if the database itself is).
    """
    if file.exists():
        raise Refused(Problem("file", "file_exists", "{path} exists already; name a new file.", {"path": str(file)}))
    keys = KeyFile.load(source.folder, repair=False)
    with _workshop(source.folder, source.clock.now()) as work:
        copy = work / _DATABASE
        _copy(source.database, copy, file.parent)
        schema, frame = check_database(copy, source.database.key_hex)
        about = {
            "format": FORMAT,
            "profile": keys.profile_id,
            "reason": reason,
            "made_at": source.clock.now().astimezone(UTC).isoformat(),
            "schema": schema,
            "frame": frame,
        }
        waiting = file.with_name(file.name + ".new")
        try:
            _pack(waiting, about, keys.to_bytes(), copy)
            _check_sums(waiting)
            files.replace(waiting, file)
        except OSError as error:
            with contextlib.suppress(OSError):
                waiting.unlink()
            raise files.unavailable(error) from error
    return read(file)


def read(file: Path) -> Backup:
    """What a backup file says about itself. Raises Refused `no_such_file`, `not_a_backup`, `newer_backup`."""
    with _opened(file) as archive:
        about = _about(archive, file)
    try:
        return Backup(
            file,
            str(about["profile"]),
            str(about["reason"]),
            datetime.fromisoformat(about["made_at"]),
            int(about["schema"]),
            int(about["frame"]),
            file.stat().st_size,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _not_a_backup(file) from error


def key_file(file: Path) -> KeyFile:
    """The key file in a backup: with it the passphrase or the recovery key of that time opens the backup.

    Raises Refused `damaged_backup`, TooOld.
    """
    with _opened(file) as archive:
        about = _about(archive, file)
        try:
            keys = KeyFile.from_bytes(archive.read(_KEYS))
        except DamagedError as error:
            raise _damaged(file) from error
    if keys.profile_id != about.get("profile"):
        raise _damaged(file)
    return keys


def verify(file: Path, key: DataKey, clock: Clock) -> Backup:
    """Opens and checks all of a backup, beside it on the same disk, and leaves nothing there.

    Raises Refused (`not_a_backup`, `damaged_backup`, `wrong_key`), Unavailable `disk_full`.
    """
    with _workshop(file.parent, clock.now(), inside="") as work:
        return unpack(file, key, work / _DATABASE)


def unpack(file: Path, key: DataKey, target: Path) -> Backup:
    """Puts the database of a backup into a new file, synced to the disk and checked whole. Raises as `verify`."""
    if not key_file(file).confirms(key):
        raise Refused(Problem("file", "wrong_key", "This backup belongs to another profile; its key does not open it."))
    backup = read(file)
    room(target.parent, backup.size)
    _check_sums(file)
    try:
        with _opened(file) as archive, archive.open(_DATABASE) as packed:
            descriptor = files.create(target)
            try:
                for chunk in _chunks(packed):
                    files.write_all(descriptor, chunk)
                files.sync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise files.unavailable(error) from error
    try:
        check_database(target, key.hex())
    except Unavailable as problem:
        raise problem if problem.code == "disk_full" else _damaged(file) from problem
    return backup


def backups(folder: Path) -> list[Backup]:
    """The backups in a profile's own folder, newest first; files that are none are passed over."""
    found = []
    for file in (folder / FOLDER).glob(f"*{SUFFIX}"):
        with contextlib.suppress(Refused, Unavailable):
            found.append(read(file))
    return sorted(found, key=lambda backup: backup.made_at, reverse=True)


def asked_for(folder: Path) -> bool:
    """Whether somebody made a backup by hand in the profile's own folder; told by its name alone (see `own_place`)."""
    return next((folder / FOLDER).glob(f"asked-*{SUFFIX}"), None) is not None


def own_place(source: Source, reason: str) -> Path:
    """A new name in the profile's own folder of backups, which is made where it is missing."""
    at = source.clock.now().astimezone(UTC).strftime("%Y-%m-%d-%H%M%S")
    return files.unused(files.private_folder(source.folder / FOLDER) / f"{reason}-{at}{SUFFIX}")


def check_database(path: Path, key_hex: str) -> tuple[int, int]:
    """Reads all of a database file that nobody else has open: every page's seal, every index; schema and last frame.

    Raises Unavailable `damaged`.
    """
    with database.translated(path):
        connection = database.connector(path, key_hex, write=True)()
        try:
            found = [row[0] for row in connection.execute("pragma cipher_integrity_check").fetchall()]
            found += [row[0] for row in connection.execute("pragma integrity_check").fetchall() if row[0] != "ok"]
            if found:
                raise Unavailable(
                    "damaged", "The data file is damaged. It was left as it is; restore the newest backup."
                )
            schema = int(connection.execute("pragma user_version").fetchone()[0])
            frame = connection.execute("select value from meta where key = 'frame'").fetchone()
        finally:
            connection.close()
    return schema, int(frame[0]) if frame else 0


def room(folder: Path, needed: int) -> None:
    """Raises Unavailable `disk_full`, with the megabytes it takes, where the disk has less than that and a little."""
    needed += 1 << 20
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise files.unavailable(error) from error
    if free < needed:
        raise Unavailable(
            "disk_full",
            "The disk is full: {needed} MB are needed. Nothing saved is lost; free some space and try again.",
            needed=str(-(-needed // 1_000_000)),
        )


def _copy(source: Database, target: Path, destination: Path) -> None:
    """A copy of the open database, page by page, of one moment; synced to the disk."""
    with database.translated(target):
        # Never by reading the file: closing it again would drop SQLite's locks on it (POSIX).
        reading = database.connector(source.path, source.key_hex, write=False)()
        try:
            reading.execute(_ONCE)
            pages = reading.execute("pragma page_count").fetchone()[0]
            size = int(pages) * int(reading.execute("pragma page_size").fetchone()[0])
            same = target.parent.stat().st_dev == destination.stat().st_dev
            room(target.parent, 2 * size if same else size)
            room(destination, size)
            os.close(files.create(target))
            writing = driver.connect(str(target), isolation_level=None)
            try:
                writing.execute(f"pragma key = \"x'{source.key_hex}'\"")
                writing.execute("pragma cipher_log_level = none")
                writing.execute(_ONCE)
                writing.execute("pragma journal_mode = off")  # nobody else sees this file before it is whole
                writing.execute("pragma synchronous = off")
                reading.backup(writing)
            finally:
                writing.close()
        except OSError as error:
            raise files.unavailable(error) from error
        finally:
            reading.close()
    try:
        files.sync_file(target)
    except OSError as error:
        raise files.unavailable(error) from error


def _pack(file: Path, about: dict[str, Any], keys: bytes, copy: Path) -> None:
    """One zip archive, uncompressed: any program can take it apart, and what is in it stays encrypted."""
    about = {**about, "sums": {_KEYS: hashlib.sha256(keys).hexdigest(), _DATABASE: _sum_of(copy.open("rb"))}}
    with contextlib.suppress(FileNotFoundError):
        files.remove(file)
    with os.fdopen(files.create(file), "w+b") as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_member(_ABOUT), json.dumps(about, indent=1))
            archive.writestr(_member(_KEYS), keys)
            with copy.open("rb") as packed, archive.open(_member(_DATABASE), "w", force_zip64=True) as member:
                shutil.copyfileobj(packed, member, _CHUNK_BYTES)
        out.flush()
        files.sync(out.fileno())


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = files.FILE_MODE << 16
    return member


class _Modest(io.FileIO):
    """A file that is never read in large pieces: a table of contents of a million entries is none of ours."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > 2 * _CHUNK_BYTES:
            raise zipfile.BadZipFile("too large a piece")
        return super().read(-1 if size is None else size) or b""


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; whatever it is if it is none of ours is refused, and a disk that fails is not a bad backup."""
    try:
        if file.exists() and not file.is_file():  # a pipe or a device may never begin, or never end
            raise _not_a_backup(file)
        with _Modest(file, "r") as modest, zipfile.ZipFile(modest) as archive:
            yield archive
    except FileNotFoundError as error:
        raise Refused(Problem("file", "no_such_file", "There is no file {path}.", {"path": str(file)})) from error
    except (zipfile.BadZipFile, KeyError, EOFError, ValueError, RuntimeError) as error:
        raise _not_a_backup(file) from error
    except OSError as error:
        raise files.unavailable(error) from error


def _about(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    members = archive.infolist()
    stored = all(member.compress_type == zipfile.ZIP_STORED for member in members)
    if sorted(member.filename for member in members) != sorted((_ABOUT, _KEYS, _DATABASE)) or not stored:
        raise _not_a_backup(file)
    if max(archive.getinfo(name).file_size for name in (_ABOUT, _KEYS)) > _LARGEST_ABOUT_BYTES:
        raise _not_a_backup(file)
    about = json.loads(archive.read(_ABOUT))
    if not isinstance(about, dict) or not isinstance(about.get("format"), int):
        raise _not_a_backup(file)
    if about["format"] > FORMAT:
        message = "{path} was written by a newer version of KAM Desktop. Please update the program."
        raise Refused(Problem("file", "newer_backup", message, {"path": str(file)}))
    return about


def _check_sums(file: Path) -> None:
    """Reads every byte of the file that counts. Raises Refused `damaged_backup`."""
    with _opened(file) as archive:
        sums = _about(archive, file).get("sums")
        try:
            for name in (_KEYS, _DATABASE):
                if not isinstance(sums, dict) or _sum_of(archive.open(name)) != sums.get(name):
                    raise _damaged(file)
        except zipfile.BadZipFile as error:
            raise _damaged(file) from error


def _sum_of(stream: IO[bytes]) -> str:
    found = hashlib.sha256()
    with stream:
        for chunk in _chunks(stream):
            found.update(chunk)
    return found.hexdigest()


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk


@contextlib.contextmanager
def _workshop(folder: Path, now: datetime, inside: str = FOLDER) -> Iterator[Path]:
    """A folder of one's own on the same disk, gone afterwards; what an earlier crash left there goes too."""
    place = files.private_folder(folder / inside) if inside else folder
    try:
        for old in place.glob("work-*"):
            if now.timestamp() - old.stat().st_mtime > _STALE.total_seconds():
                shutil.rmtree(old, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix="work-", dir=place))
    except OSError as error:
        raise files.unavailable(error) from error
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _not_a_backup(file: Path) -> Refused:
    message = "{path} is not a backup of KAM Desktop, or it is damaged. Nothing was changed."
    return Refused(Problem("file", "not_a_backup", message, {"path": str(file)}))


def _damaged(file: Path) -> Refused:
    message = "The backup {path} is damaged. Nothing was changed; take another one."
    return Refused(Problem("file", "damaged_backup", message, {"path": str(file)}))
