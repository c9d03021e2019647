"""The key file of a profile: ways to its data key, in two copies that repair each other."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kam_desktop.domain.errors import Broken, Problem, Refused, TooOld, Unavailable
from kam_desktop.store import files, passphrase
from kam_desktop.store.data_key import KEY_BYTES, DataKey, derived_key
from kam_desktop.store.key_slots import (
    KEYRING,
    PASSPHRASE,
    RECOVERY,
    DamagedError,
    Slot,
    WrongKeyError,
    from_base64,
    to_base64,
    unseal,
)
from kam_desktop.store.recovery_key import RecoveryKey

NAMES = ("keys.json", "keys.copy.json")
FORMAT = 1
_LARGEST_BYTES = 64 * 1024
_CHECK_BYTES = 16
_FIELDS = ("format", "profile", "revision", "check", "slots")

_log = logging.getLogger(__name__)


class KeyVault(Protocol):
    """What the key file needs of the OS keyring; each method raises Unavailable and never hangs."""

    def read(self, name: str) -> str | None: ...

    def write(self, name: str, secret: str) -> None: ...

    def delete(self, name: str) -> None: ...


@dataclass(frozen=True)
class KeyFile:
    """What `keys.json` says: never the data key itself, only ways to it.

    Attributes:
        profile_id: which profile the key belongs to; part of every slot's associated data.
        revision: counts changes, so that of two whole copies the newer is known.
        check: derived from the data key: tells whether a key is this profile's before any database is touched.
        slots: at most one of each kind.
    """

    profile_id: str
    revision: int
    check: bytes
    slots: tuple[Slot, ...]

    @classmethod
    def load(cls, folder: Path, repair: bool = True) -> KeyFile:
        """The key file of a profile folder; a copy that is damaged, missing or old is replaced by the good one.

        A reader beside a writing process passes `repair=False`. Nothing is ever made anew: raises Refused with code
        `keys_missing` (no copy), `keys_damaged` (no whole copy) or `keys_mixed` (copies of two profiles), TooOld
        `keys_newer`, and Unavailable if the disk does not let it read.
        """
        found: dict[str, KeyFile] = {}
        trouble: list[Exception] = []
        missing = 0
        for name in NAMES:
            try:
                found[name] = cls.read(folder / name)
            except FileNotFoundError:
                missing += 1
            except (DamagedError, OSError) as error:
                _log.warning("%s cannot be used: %s", name, error)
                trouble.append(error)
        if missing == len(NAMES):
            raise Refused(
                Problem("keys.json", "keys_missing", "The key file is missing from {folder}.", {"folder": str(folder)})
            )
        if not found:
            for failure in trouble:
                if isinstance(failure, OSError):
                    raise files.unavailable(failure) from failure
            raise Refused(
                Problem(
                    "keys.json",
                    "keys_damaged",
                    "Both copies of the key file are damaged. Your data is untouched; "
                    "put back the keys.json of a backup.",
                )
            )
        if len({copy.profile_id for copy in found.values()}) > 1:
            raise Refused(
                Problem("keys.json", "keys_mixed", "The two copies of the key file belong to different profiles.")
            )
        best = max(found.values(), key=lambda copy: copy.revision)
        if repair:
            for name in NAMES:
                if found.get(name) != best:
                    best._mend(folder / name)
        return best

    @classmethod
    def read(cls, path: Path) -> KeyFile:
        """One copy, for example in a backup. Raises DamagedError, TooOld, OSError."""
        with path.open("rb") as file:
            return cls.from_bytes(file.read(_LARGEST_BYTES + 1))

    @classmethod
    def from_bytes(cls, data: bytes) -> KeyFile:
        """The key file from its bytes, its sum checked and every limit with it. Raises DamagedError, TooOld."""
        if len(data) > _LARGEST_BYTES:
            raise DamagedError("too large")
        try:
            shown = json.loads(data.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise DamagedError("not JSON") from error
        if not isinstance(shown, dict):
            raise DamagedError("not an object")
        told = shown.pop("sum", None)
        try:
            expected = _sum(shown)
        except (ValueError, RecursionError) as error:
            raise DamagedError("not writable as JSON") from error
        if not isinstance(told, str) or not hmac.compare_digest(told.encode("utf-8", "replace"), expected.encode()):
            raise DamagedError("the sum does not match")
        number = shown.get("format")
        if isinstance(number, int) and number > FORMAT:
            raise TooOld(
                "keys_newer", "This profile was written by a newer version of the program. Update the program."
            )
        profile_id, revision, check, slots = (shown.get(name) for name in _FIELDS[1:])
        if (
            number != FORMAT
            or not isinstance(profile_id, str)
            or not 1 <= len(profile_id) <= 200
            or not isinstance(revision, int)
            or revision < 1
            or not isinstance(check, str)
            or not isinstance(slots, list)
        ):
            raise DamagedError("a part is missing")
        read = tuple(Slot.from_json(slot) for slot in slots)
        if not read or len({slot.kind for slot in read}) != len(read):
            raise DamagedError("no slot, or two of one kind")
        return cls(profile_id, revision, from_base64(check, _CHECK_BYTES), read)

    def to_bytes(self) -> bytes:
        """The bytes of a copy; a backup takes one along."""
        shown: dict[str, object] = {
            "format": FORMAT,
            "profile": self.profile_id,
            "revision": self.revision,
            "check": to_base64(self.check),
            "slots": [slot.to_json() for slot in self.slots],
        }
        return (json.dumps(shown | {"sum": _sum(shown)}, indent=1) + "\n").encode()

    def save(self, folder: Path) -> None:
        """Replaces both copies, one after the other, so that one of them is whole at any moment. Raises Unavailable.

        Once the first is on the disk the change holds; where the second fails the next `load` mends it.
        """
        files.write_atomically(folder / NAMES[0], self.to_bytes())
        self._mend(folder / NAMES[1])

    def _mend(self, path: Path) -> None:
        try:
            files.write_atomically(path, self.to_bytes())
        except Unavailable as failure:
            _log.warning("%s could not be written: %s", path.name, failure.code)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of slot there are."""
        return tuple(slot.kind for slot in self.slots)

    def slot(self, kind: str) -> Slot | None:
        """The slot of that kind."""
        return next((slot for slot in self.slots if slot.kind == kind), None)

    def confirms(self, data_key: DataKey) -> bool:
        """True if this is the profile's data key; then a database that does not open with it is damaged."""
        return hmac.compare_digest(check_value(data_key, self.profile_id), self.check)

    def open_with_vault(self, vault: KeyVault) -> DataKey:
        """The data key by the key in the OS keyring.

        Raises Unavailable: what the vault says, or `keyring_no_slot`, `keyring_no_entry`, `keyring_value` (not a key),
        `keyring_changed` (another key) or `keyring_slot` (the slot itself is damaged).
        """
        slot = self.slot(KEYRING)
        if slot is None:
            raise Unavailable("keyring_no_slot", "This profile does not use the system's keyring.")
        told = vault.read(entry_name(self.profile_id, slot.slot_id))
        if told is None:
            raise Unavailable("keyring_no_entry", "The system's keyring no longer has the key of this profile.")
        try:
            wrapping_key = bytes.fromhex(told)
        except ValueError:
            wrapping_key = b""
        if len(wrapping_key) != KEY_BYTES:
            raise Unavailable("keyring_value", "What the system's keyring holds for this profile is not a key.")
        try:
            return self._opened(slot, wrapping_key)
        except WrongKeyError as error:
            raise Unavailable("keyring_changed", "The system's keyring holds another key for this profile.") from error
        except Refused as error:
            raise Unavailable("keyring_slot", "The key file is damaged where the system's keyring opens it.") from error

    def open_with_passphrase(self, text: str) -> DataKey:
        """The data key by the passphrase; takes 0.5 to 1 s. Raises Refused `wrong_passphrase`, Unavailable `memory`."""
        slot = self.needed(PASSPHRASE)
        if slot.cost is None:
            raise Broken("a passphrase slot without its cost")
        if len(text) > 4 * passphrase.LONGEST:
            text = ""
        try:
            return self._opened(slot, passphrase.key_from(text, slot.salt, slot.cost))
        except WrongKeyError as error:
            raise Refused(Problem("passphrase", "wrong_passphrase", "This is not the passphrase.")) from error

    def open_with_recovery(self, text: str) -> DataKey:
        """The data key by the recovery key. Raises Refused: the typing errors by group, or `wrong_recovery_key`."""
        slot = self.needed(RECOVERY)
        try:
            return self._opened(slot, derived_key(RecoveryKey.parse(text).raw(), "recovery slot"))
        except WrongKeyError as error:
            raise Refused(
                Problem(
                    "recovery_key",
                    "wrong_recovery_key",
                    "This is a recovery key, but not the one of this profile; perhaps a newer one was made since.",
                )
            ) from error

    def needed(self, kind: str) -> Slot:
        slot = self.slot(kind)
        if slot is None:
            raise Refused(Problem(kind, "no_slot", "This profile cannot be opened in this way."))
        return slot

    def _opened(self, slot: Slot, wrapping_key: bytes) -> DataKey:
        try:
            data_key = unseal(slot, wrapping_key, self.profile_id)
            if not self.confirms(data_key):
                raise DamagedError("a slot holds the key of another profile")
        except DamagedError as error:
            _log.warning("a slot for %s cannot be used: %s", slot.kind, error)
            raise Refused(
                Problem(
                    "keys.json", "keys_damaged", "The key file is damaged. Another way of opening it may still work."
                )
            ) from error
        return data_key


def entry_name(profile_id: str, slot_id: str) -> str:
    """The name of a slot's key in the OS keyring.

    Each slot ever made has its own: a write that the keyring carries out late never replaces the key in use.
    """
    return f"{profile_id}/{slot_id}"


def check_value(data_key: DataKey, profile_id: str) -> bytes:
    """What `KeyFile.check` holds for this key."""
    return data_key.derive(f"key check {profile_id}")[:_CHECK_BYTES]


def _sum(shown: Mapping[str, object]) -> str:
    """Over the values in a fixed form: finds every accidental change, in a file that no key has opened yet."""
    canonical = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
