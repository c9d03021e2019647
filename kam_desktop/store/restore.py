"""Puts a backup in the place of a profile's data; what was there is kept beside it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.domain.ids import Ids
from kam_desktop.store import backup, carrying, database, device_file, files
from kam_desktop.store.backup import Backup
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.database import Database
from kam_desktop.store.journal import Journal
from kam_desktop.store.key_file import NAMES, KeyFile
from kam_desktop.store.profile import JOURNAL

_LOG_SUFFIXES = ("-wal", "-shm")


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        backup: what is in place now.
        before: a backup of the state before; None where there was none, or it could not be read.
        set_aside: files and folders that were moved out of the way, under new names in the profile.
        journal_follows: the edits since the backup come back from the journal when the profile is opened.
    """

    backup: Backup
    before: Backup | None
    set_aside: tuple[Path, ...]
    journal_follows: bool


class _Present:
    """The profile as it is before the restore, for a last backup of it."""

    def __init__(self, folder: Path, key: DataKey, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock
        self.database = Database(folder / database.FILE, key.hex())


def keys_for(folder: Path, file: Path) -> KeyFile:
    """The key file that opens this backup in this folder: the profile's own, else the one in the backup.

    The profile's own knows the newest passphrase. Raises Refused `other_profile`, `damaged_backup`, `not_a_backup`.
    """
    in_backup = backup.key_file(file)
    own = _own_keys(folder)
    if own is not None and own.profile_id != in_backup.profile_id:
        message = "This backup belongs to another profile. Restore it into a folder of its own."
        raise Refused(Problem("file", "other_profile", message))
    return own or in_backup


def restore(folder: Path, file: Path, key: DataKey, clock: Clock, ids: Ids) -> Restored:
    """Replaces the data of the profile (or makes the profile anew in an empty folder) by the backup's.

    The caller holds the profile's lock and has it closed. First the backup is unpacked beside the data and checked
    whole. Where the present data opens, a verified backup of it is made and its journal is moved aside: it knows edits
    that are to be gone; what waited there to be sent is listed under "needs you". Where it does not open any more, its
    files are moved aside and the journal stays, so that the edits since the backup come back from it when the profile
    is opened. A crash in between leaves the old or the new data. Raises as `backup.verify`, TooOld for a backup of a
    newer program (nothing is changed then).
    """
    keys = keys_for(folder, file)
    files.private_folder(folder)
    stamp = clock.now().astimezone(UTC).strftime("%Y-%m-%d-%H%M%S")
    waiting = folder / f"{database.FILE}.restored"
    _discard(waiting)
    try:
        found = backup.unpack(file, key, waiting)
        database.refuse_newer(found.schema)
        journal = Journal(folder / JOURNAL, key.derive("journal"), found.profile_id)
        before, aside = _put_away(folder, key, clock, stamp)
        goes_on = before is None and next((number for number, _ in journal.frames(found.frame)), 0) == found.frame + 1
        if before is not None:
            carrying.carry(folder / database.FILE, waiting, key, moment_text(clock.now()))
        if not goes_on:
            _begin_new_line(waiting, key, max(journal.last_number, found.frame, before.frame if before else 0))
        try:
            if not goes_on:
                aside += _aside(folder, folder / JOURNAL, _before(JOURNAL, stamp))
            if _own_keys(folder) is None:
                for name in NAMES:
                    aside += _aside(folder, folder / name, _before(name, stamp))
                keys.save(folder)
            # A log of the old data beside the new file would be read into it.
            for suffix in _LOG_SUFFIXES:
                (folder / f"{database.FILE}{suffix}").unlink(missing_ok=True)
            files.sync_folder(folder)
            # A restored laptop is another copy of itself: it takes a new name before anything is read from it.
            device_file.write(folder, ids.random())
            files.replace(waiting, folder / database.FILE)
        except OSError as error:
            raise files.unavailable(error) from error
    finally:
        _discard(waiting)
    return Restored(found, before, tuple(aside), goes_on)


def _begin_new_line(path: Path, key: DataKey, used: int) -> None:
    """Frame numbers go on above every one in use, with a gap: no journal and no backup of before ever joins on."""
    with database.translated(path):
        connection = database.connector(path, key.hex(), write=True)()
        try:
            connection.execute("begin immediate")
            connection.execute("delete from journal_pending")
            connection.execute("insert or replace into meta (key, value) values ('frame', ?)", (str(used + 1),))
            connection.execute("commit")
        finally:
            connection.close()
    try:
        files.sync_file(path)
    except OSError as error:
        raise files.unavailable(error) from error


def _own_keys(folder: Path) -> KeyFile | None:
    try:
        return KeyFile.load(folder, repair=False)
    except Refused as refusal:
        if refusal.problems[0].code in ("keys_missing", "keys_damaged"):
            return None
        raise


def _put_away(folder: Path, key: DataKey, clock: Clock, stamp: str) -> tuple[Backup | None, list[Path]]:
    """A backup of the present data, its write-ahead log emptied into it; or the files moved aside if it is damaged."""
    present = folder / database.FILE
    if not present.exists():
        return None, []
    try:
        database.schema_version(present, key.hex())
        source = _Present(folder, key, clock)
        try:
            made = backup.backup_to(source, backup.own_place(source, "restore"), "restore")
        finally:
            source.database.close()
        _empty_log(present, key)
        return made, []
    except Unavailable as problem:
        if problem.code not in ("damaged", "database_missing"):
            raise
    except Refused as refusal:
        # Without a whole key file no backup of it can be made; the data files are kept as they are.
        if refusal.problems[0].code not in ("keys_missing", "keys_damaged"):
            raise
    aside: list[Path] = []
    try:
        for suffix in ("", *_LOG_SUFFIXES):
            aside += _aside(folder, folder / f"{database.FILE}{suffix}", f"{_before(database.FILE, stamp)}{suffix}")
    except OSError as error:
        raise files.unavailable(error) from error
    return None, aside


def _empty_log(path: Path, key: DataKey) -> None:
    """The write-ahead log goes into the file, so that the file alone is the whole data until it is replaced."""
    with database.translated(path):
        connection = database.connector(path, key.hex(), write=True)()
        try:
            busy = connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
        finally:
            connection.close()
    if busy:
        raise Unavailable("database_busy", "The data file is held by another program. Try again.")


def _before(name: str, stamp: str) -> str:
    """A name that no part of the program opens."""
    return f"before-{stamp}-{name}"


def _aside(folder: Path, path: Path, name: str) -> list[Path]:
    if not path.exists():
        return []
    target = files.unused(folder / name)
    files.replace(path, target)
    return [target]


def _discard(waiting: Path) -> None:
    with contextlib.suppress(FileNotFoundError, OSError):
        files.remove(waiting)
    for suffix in _LOG_SUFFIXES:
        with contextlib.suppress(OSError):
            waiting.with_name(waiting.name + suffix).unlink()
