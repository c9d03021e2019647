"""Making and changing a profile's keys: the first key file, slots added, replaced and taken out."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from datetime import UTC
from pathlib import Path

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Broken, Problem, Refused, Unavailable
from kam_desktop.store import passphrase
from kam_desktop.store.data_key import KEY_BYTES, DataKey, derived_key
from kam_desktop.store.key_file import NAMES, KeyFile, KeyVault, check_value, entry_name
from kam_desktop.store.key_slots import KEYRING, PASSPHRASE, RECOVERY, Slot, new_slot_id, seal
from kam_desktop.store.passphrase import Cost
from kam_desktop.store.recovery_key import RecoveryKey

__all__ = [
    "DataKey",
    "KeyFile",
    "KeyVault",
    "RecoveryKey",
    "create_key_file",
    "remove_slot",
    "set_keyring",
    "set_passphrase",
    "set_recovery",
]

_log = logging.getLogger(__name__)


def create_key_file(
    folder: Path,
    profile_id: str,
    data_key: DataKey,
    clock: Clock,
    *,
    vault: KeyVault | None = None,
    passphrase_text: str | None = None,
    recovery: RecoveryKey | None = None,
    cost: Cost | None = None,
) -> KeyFile:
    """Writes the first key file of a profile whose folder exists.

    A passphrase or a recovery key is needed: a keyring alone is lost with the computer. Where the keyring fails the
    file is made without its slot (see `kinds`). Raises Refused: the passphrase's problems, `no_way_back`, or
    `profile_exists` if the folder holds a key file or a database, whole or damaged; Unavailable if it cannot write.
    """
    for name in (*NAMES, "data.kam"):
        if (folder / name).exists() or (folder / name).is_symlink():
            raise Refused(
                Problem("profile", "profile_exists", "There is a profile in {folder} already.", {"folder": str(folder)})
            )
    if passphrase_text is None and recovery is None:
        raise _no_way_back("no_way_back")
    slots: list[Slot] = []
    if passphrase_text is not None:
        slots.append(_passphrase_slot(profile_id, data_key, passphrase_text, clock, cost))
    if recovery is not None:
        slots.append(_recovery_slot(profile_id, data_key, recovery, clock))
    if vault is not None:
        try:
            slots.insert(0, _keyring_slot(profile_id, data_key, vault, clock))
        except Unavailable as failure:
            _log.info("the profile is made without the keyring: %s", failure.code)
    made = KeyFile(profile_id, 1, check_value(data_key, profile_id), tuple(slots))
    made.save(folder)
    return made


def set_keyring(folder: Path, keys: KeyFile, data_key: DataKey, vault: KeyVault, clock: Clock) -> KeyFile:
    """Adds or replaces the slot for this computer's keyring, also to make a lost one anew.

    Like all verbs here it returns the new key file, already on the disk. Raises Unavailable; then nothing has changed.
    """
    old = keys.slot(KEYRING)
    _same_profile(keys, data_key)
    changed = _with(keys, _keyring_slot(keys.profile_id, data_key, vault, clock))
    changed.save(folder)
    if old is not None:
        _forget(keys.profile_id, old, vault)
    return changed


def set_passphrase(
    folder: Path, keys: KeyFile, data_key: DataKey, text: str, clock: Clock, cost: Cost | None = None
) -> KeyFile:
    """Adds or replaces the passphrase. Raises Refused with all that is wrong with it, Unavailable."""
    _same_profile(keys, data_key)
    changed = _with(keys, _passphrase_slot(keys.profile_id, data_key, text, clock, cost))
    changed.save(folder)
    return changed


def set_recovery(folder: Path, keys: KeyFile, data_key: DataKey, recovery: RecoveryKey, clock: Clock) -> KeyFile:
    """Adds or replaces the recovery key; an older one opens nothing from then on. Raises Unavailable."""
    _same_profile(keys, data_key)
    changed = _with(keys, _recovery_slot(keys.profile_id, data_key, recovery, clock))
    changed.save(folder)
    return changed


def remove_slot(folder: Path, keys: KeyFile, kind: str, vault: KeyVault | None = None) -> KeyFile:
    """Takes a slot out. Raises Refused `no_slot`, or `last_slot` if no passphrase or recovery key would be left."""
    gone = keys.needed(kind)
    rest = tuple(slot for slot in keys.slots if slot.kind != kind)
    if all(slot.kind == KEYRING for slot in rest):
        raise _no_way_back("last_slot")
    changed = replace(keys, revision=keys.revision + 1, slots=rest)
    changed.save(folder)
    if vault is not None and kind == KEYRING:
        _forget(keys.profile_id, gone, vault)
    return changed


def _same_profile(keys: KeyFile, data_key: DataKey) -> None:
    if not keys.confirms(data_key):
        raise Broken("a slot was to be made for the key of another profile")


def _with(keys: KeyFile, slot: Slot) -> KeyFile:
    others = tuple(other for other in keys.slots if other.kind != slot.kind)
    return replace(keys, revision=keys.revision + 1, slots=(*others, slot))


def _forget(profile_id: str, slot: Slot, vault: KeyVault) -> None:
    try:
        vault.delete(entry_name(profile_id, slot.slot_id))
    except Unavailable as failure:
        _log.info("an old entry stays in the keyring: %s", failure.code)


def _keyring_slot(profile_id: str, data_key: DataKey, vault: KeyVault, clock: Clock) -> Slot:
    wrapping_key, slot_id = secrets.token_bytes(KEY_BYTES), new_slot_id()
    slot = seal(data_key, wrapping_key, profile_id, KEYRING, slot_id, _moment(clock))
    vault.write(entry_name(profile_id, slot_id), wrapping_key.hex())
    return slot


def _passphrase_slot(profile_id: str, data_key: DataKey, text: str, clock: Clock, cost: Cost | None) -> Slot:
    passphrase.check_passphrase(text)
    cost = cost if cost is not None else passphrase.tuned(clock)
    if not cost.at_least(passphrase.FLOOR) or not cost.bearable():
        raise Broken("a passphrase slot cheaper than the floor, or dearer than any machine bears")
    salt = secrets.token_bytes(passphrase.SALT_BYTES)
    wrapping_key = passphrase.key_from(text, salt, cost)
    return seal(data_key, wrapping_key, profile_id, PASSPHRASE, new_slot_id(), _moment(clock), salt, cost)


def _recovery_slot(profile_id: str, data_key: DataKey, recovery: RecoveryKey, clock: Clock) -> Slot:
    wrapping_key = derived_key(recovery.raw(), "recovery slot")
    return seal(data_key, wrapping_key, profile_id, RECOVERY, new_slot_id(), _moment(clock))


def _no_way_back(code: str) -> Refused:
    return Refused(
        Problem("keys.json", code, "A profile needs a passphrase or a recovery key: a computer's keyring can be lost.")
    )


def _moment(clock: Clock) -> str:
    return clock.now().astimezone(UTC).isoformat(timespec="seconds")
