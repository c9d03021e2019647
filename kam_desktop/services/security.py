"""The safety of an open profile: ways to its data, how one is added, a backup by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kam_desktop.store import backup, keys
from kam_desktop.store.backup import Backup
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.key_file import KeyFile, KeyVault
from kam_desktop.store.profile import Store
from kam_desktop.store.recovery_key import RecoveryKey as RecoveryKey
from kam_desktop.store.recovery_key import groups_to_ask as groups_to_ask
from kam_desktop.vault import Vault


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the data that is set up: keyring, passphrase or recovery."""

    kind: str
    made_at: datetime


def ways(folder: Path) -> list[Way]:
    """The ways that are set up. Raises Refused for a folder without a key file (sample data of a demo have none)."""
    return [Way(slot.kind, datetime.fromisoformat(slot.made_at)) for slot in KeyFile.load(folder, False).slots]


def set_passphrase(store: Store, text: str) -> None:
    """Adds or replaces the passphrase; takes up to a second. Raises Refused with all that is wrong with it."""
    keys.set_passphrase(store.folder, KeyFile.load(store.folder), _data_key(store), text, store.clock)


def set_recovery(store: Store, recovery: RecoveryKey) -> None:
    """Adds or replaces the recovery key, once it has been shown and given back; an older one opens nothing any more."""
    keys.set_recovery(store.folder, KeyFile.load(store.folder), _data_key(store), recovery, store.clock)


def renew_keyring(store: Store, vault: KeyVault | None = None) -> None:
    """Adds or renews the entry in this computer's keyring. Raises Unavailable; then nothing has changed."""
    vault = Vault() if vault is None else vault
    keys.set_keyring(store.folder, KeyFile.load(store.folder), _data_key(store), vault, store.clock)


def backup_now(store: Store) -> Backup:
    """A verified backup in the profile's own folder of backups. Raises Unavailable (`disk_full`, `damaged`)."""
    return backup.backup_to(store, backup.own_place(store, "asked"))


def _data_key(store: Store) -> DataKey:
    return DataKey(bytes.fromhex(store.database.key_hex))
