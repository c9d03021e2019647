"""Backups as the user asks for them: made, made by themselves, listed, checked, put back."""

from __future__ import annotations

from pathlib import Path

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.ids import Ids
from kam_desktop.store import backup as stored
from kam_desktop.store import files, profile_lock, profile_place, restore, rolling, tables, unlock
from kam_desktop.store.backup import Backup as Backup
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.key_file import KeyVault
from kam_desktop.store.profile import Store
from kam_desktop.store.restore import Restored as Restored
from kam_desktop.store.unlock import Source


def make(store: Store, file: Path) -> Backup:
    """A verified backup of what is saved now, in a new file. Works beside another process that writes.

    Raises Refused `file_exists`, Unavailable `disk_full`, `disk_denied`, `damaged`.
    """
    return stored.backup_to(store, file)


def roll(store: Store) -> Backup | None:
    """The day's own backup, if there is none yet; the oldest ones go. For a job in the background after the start."""
    return rolling.roll(store)


def listed(folder: Path) -> list[Backup]:
    """The backups in the profile's own folder, newest first."""
    return stored.backups(folder)


def check(file: Path, key: DataKey, clock: Clock) -> Backup:
    """Opens a backup and reads all of it. Raises Refused `not_a_backup`, `damaged_backup`, `wrong_key`."""
    return stored.verify(file, key, clock)


def put_back(
    folder: Path,
    file: Path,
    clock: Clock,
    ids: Ids,
    vault: KeyVault | None,
    *,
    passphrase_source: Source | None = None,
    recovery_source: Source | None = None,
    program: str = "kam-desktop",
) -> Restored:
    """Replaces the profile's data by the backup's, or makes the profile from it in an empty folder.

    The profile's own passphrase opens it where there is one, else the one of the time of the backup. The state before
    is kept (see `Restored`). Raises Refused (`not_a_backup`, `damaged_backup`, `other_profile`, `newer_backup`, a wrong
    passphrase), TooOld, Unavailable (`locked`, `disk_full`); then nothing was changed.
    """
    profile_place.refuse_bad_place(folder)
    keys = restore.keys_for(folder, file)
    files.private_folder(folder)
    lock = profile_lock.acquire(folder, True, program)
    try:
        unlocked = unlock.unlock_keys(keys, vault, passphrase_source, recovery_source)
        return restore.restore(folder, file, unlocked.key, clock, ids)
    finally:
        lock.release()


def before_update(store: Store, schema: int) -> Backup | None:
    """A backup before a version is made ready that brings a newer schema of the database; None where it does not.

    The step itself makes another one, at the new version's first opening. Raises Unavailable.
    """
    if schema <= tables.SCHEMA:
        return None
    return stored.backup_to(store, stored.own_place(store, "migration"), "migration")
