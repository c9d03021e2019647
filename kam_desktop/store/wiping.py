"""Erasing a profile for good, keys first: only under an order that fits what this laptop was given."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from kam_desktop.domain.errors import Unavailable
from kam_desktop.store import files
from kam_desktop.store.backup import SUFFIX
from kam_desktop.store.key_file import NAMES, KeyFile, KeyVault, entry_name
from kam_desktop.store.key_slots import DamagedError
from kam_desktop.store.profile_lock import NAME as LOCK

ORDER = "erase.order"
_LARGEST_BYTES = 64 << 10


def fits(code: str, lock: str) -> bool:
    """Whether a code is the one whose lock this laptop was given when it signed in."""
    return bool(lock) and hmac.compare_digest(hashlib.sha256(code.encode("utf-8", "replace")).hexdigest(), lock)


def order(folder: Path, code: str, lock: str, entries: Sequence[str] = ()) -> None:
    """Writes the order down, so that nothing stops it from here on: not a kill, not a start without a network.

    `entries` are names in the keyring beside those of the key file. Raises ValueError for a code that does not fit,
    Unavailable where the disk does not take it; then nothing was begun.
    """
    if not fits(code, lock):
        raise ValueError("the code is not the one for this laptop")
    named = sorted({*entries, *_key_entries(folder)})
    text = json.dumps({"code": code, "lock": lock, "entries": named})
    files.write_atomically(folder / ORDER, text.encode())


def is_ordered(folder: Path) -> bool:
    """Whether the profile in this folder is to be erased. A file that does not fit itself orders nothing."""
    return _order(folder) is not None


def erase_keys(folder: Path, vault: KeyVault | None) -> None:
    """Overwrites and removes every way to the data key: key files, those inside backups, the keyring's entries.

    Without an order it does nothing. It may be done again, and done while the database is open.
    """
    found = _order(folder)
    if found is None:
        return
    for path in _below(folder):
        if path.name.startswith(NAMES[0].removesuffix(".json")):
            _overwrite(path, 0, None)
            _remove(path)
    for path in _below(folder):
        if path.suffix == SUFFIX or SUFFIX in path.name:
            _overwrite_keys_of(path)
            _remove(path)
    for name in found["entries"]:
        if vault is not None:
            with contextlib.suppress(Unavailable):  # what it wraps is gone already
                vault.delete(name)


def carry_out(folder: Path, vault: KeyVault | None) -> bool:
    """Erases everything, keys first, the order last; whether there was one. The database must be closed."""
    if not is_ordered(folder):
        return False
    erase_keys(folder, vault)
    for path in _below(folder):
        if path.parent != folder or path.name not in (ORDER, LOCK):
            _remove(path)
    for path in sorted((each for each in folder.rglob("*") if each.is_dir() and not each.is_symlink()), reverse=True):
        with contextlib.suppress(OSError):
            path.rmdir()
    if not any(path.name not in (ORDER, LOCK) for path in _below(folder)):  # else the next start goes on
        _remove(folder / ORDER)
        with contextlib.suppress(OSError):
            files.sync_folder(folder)
    return True


def _order(folder: Path) -> dict[str, list[str]] | None:
    try:
        with (folder / ORDER).open("rb") as stream:
            said = json.loads(stream.read(_LARGEST_BYTES))
        entries = [each for each in said["entries"] if isinstance(each, str)]
        return {"entries": entries} if fits(said["code"], said["lock"]) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _key_entries(folder: Path) -> Iterator[str]:
    for name in NAMES:
        with contextlib.suppress(OSError, DamagedError, Unavailable):
            keys = KeyFile.read(folder / name)
            yield from (entry_name(keys.profile_id, slot.slot_id) for slot in keys.slots)


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def _overwrite(path: Path, start: int, length: int | None) -> None:
    """Random bytes over a piece of a file (all of it without a length), on the disk when this returns.

    A disk that writes elsewhere (flash) may keep the old ones; they are wrapped keys, and what wraps them goes too.
    """
    with contextlib.suppress(OSError):
        if path.is_symlink():
            return
        with path.open("r+b") as stream:
            size = stream.seek(0, os.SEEK_END) - start if length is None else length
            stream.seek(start)
            stream.write(os.urandom(max(0, size)))
            stream.flush()
            files.sync(stream.fileno())


def _overwrite_keys_of(backup: Path) -> None:
    """The key file inside a backup; where it is not found, the backup's beginning and end."""
    try:
        with zipfile.ZipFile(backup) as archive:
            spots = [(each.header_offset, each.compress_size + 1024) for each in archive.infolist()
                     if each.filename.startswith(NAMES[0].removesuffix(".json"))]  # fmt: skip
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, NotImplementedError):
        spots = []
    try:
        size = backup.stat().st_size
    except OSError:
        return
    for start, length in spots or [(0, 1 << 20), (max(0, size - (1 << 20)), 1 << 20)]:
        _overwrite(backup, start, min(length, size - start))


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        files.remove(path)
