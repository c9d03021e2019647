"""One slot of the key file: the data key wrapped under another key, and its form in JSON."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kam_desktop.store.data_key import KEY_BYTES, DataKey, derived_key
from kam_desktop.store.passphrase import SALT_BYTES, Cost

KEYRING = "keyring"
PASSPHRASE = "passphrase"
RECOVERY = "recovery"
KINDS = (KEYRING, PASSPHRASE, RECOVERY)

_NONCE_BYTES = 12
_TAG_BYTES = 16
_CHECK_BYTES = 8
_ID = re.compile(r"[0-9a-f]{16}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00)")


class WrongKeyError(Exception):
    """The key that was tried is not the one under which the slot was made; the slot itself is whole."""


class DamagedError(Exception):
    """The slot or the file does not hold together, whatever key is tried."""


@dataclass(frozen=True)
class Slot:
    """One way to the data key.

    Attributes:
        kind: keyring, passphrase or recovery.
        slot_id: 16 hexadecimal digits, new each time a slot is made; names the entry in the OS keyring.
        made_at: the moment in UTC, ISO 8601.
        nonce, wrapped: AES-256-GCM over the data key.
        check: tells a wrong key from a damaged slot; worth nothing to a guesser, who has the tag of GCM anyway.
        salt, cost: of Argon2id; only in a passphrase slot.
    """

    kind: str
    slot_id: str
    made_at: str
    nonce: bytes
    wrapped: bytes
    check: bytes
    salt: bytes = b""
    cost: Cost | None = None

    def to_json(self) -> dict[str, object]:
        """The slot as plain values, in a fixed order."""
        shown: dict[str, object] = {
            "kind": self.kind,
            "id": self.slot_id,
            "made_at": self.made_at,
            "nonce": to_base64(self.nonce),
            "wrapped": to_base64(self.wrapped),
            "check": to_base64(self.check),
        }
        if self.cost is not None:
            shown["kdf"] = {
                "name": "argon2id",
                "memory_kib": self.cost.memory_kib,
                "passes": self.cost.passes,
                "lanes": self.cost.lanes,
                "salt": to_base64(self.salt),
            }
        return shown

    @classmethod
    def from_json(cls, shown: object) -> Slot:
        """The slot from plain values, every length and limit checked. Raises DamagedError."""
        if not isinstance(shown, Mapping):
            raise DamagedError("a slot is not an object")
        kind = _text(shown, "kind")
        if kind not in KINDS:
            raise DamagedError("unknown kind of slot")
        slot_id, made_at = _text(shown, "id"), _text(shown, "made_at")
        if not _ID.fullmatch(slot_id) or not _MOMENT.fullmatch(made_at):
            raise DamagedError("a slot without a name or a moment")
        salt, cost = b"", None
        if kind == PASSPHRASE:
            kdf = shown.get("kdf")
            if not isinstance(kdf, Mapping) or kdf.get("name") != "argon2id":
                raise DamagedError("a passphrase slot without its parameters")
            salt = from_base64(_text(kdf, "salt"), SALT_BYTES)
            cost = Cost(_number(kdf, "memory_kib"), _number(kdf, "passes"), _number(kdf, "lanes"))
            if not cost.bearable():
                raise DamagedError("parameters that no slot of ours has")
        return cls(
            kind,
            slot_id,
            made_at,
            from_base64(_text(shown, "nonce"), _NONCE_BYTES),
            from_base64(_text(shown, "wrapped"), KEY_BYTES + _TAG_BYTES),
            from_base64(_text(shown, "check"), _CHECK_BYTES),
            salt,
            cost,
        )


def new_slot_id() -> str:
    """A name for a slot that no other slot has had."""
    return secrets.token_hex(8)


def seal(
    data_key: DataKey,
    wrapping_key: bytes,
    profile_id: str,
    kind: str,
    slot_id: str,
    made_at: str,
    salt: bytes = b"",
    cost: Cost | None = None,
) -> Slot:
    """A slot that gives the data key back to whoever has the 32 bytes of `wrapping_key`; tried before it is returned.

    Profile id, kind and name of the slot are associated data: a slot moved to another profile or another kind is dead.
    """
    about = _about(profile_id, kind, slot_id)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    wrapped = AESGCM(wrapping_key).encrypt(nonce, data_key.raw(), about)
    slot = Slot(kind, slot_id, made_at, nonce, wrapped, _check(wrapping_key, about), salt, cost)
    if unseal(slot, wrapping_key, profile_id) != data_key:
        raise DamagedError("a slot did not open right after it was made")
    return slot


def unseal(slot: Slot, wrapping_key: bytes, profile_id: str) -> DataKey:
    """The data key. Raises WrongKeyError for another key, DamagedError where the key is right and the slot is not."""
    about = _about(profile_id, slot.kind, slot.slot_id)
    if not hmac.compare_digest(_check(wrapping_key, about), slot.check):
        raise WrongKeyError
    try:
        return DataKey(AESGCM(wrapping_key).decrypt(slot.nonce, slot.wrapped, about))
    except InvalidTag as error:
        raise DamagedError("the slot does not match its key") from error


def to_base64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, length: int) -> bytes:
    """Exactly `length` bytes. Raises DamagedError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DamagedError("not base64") from error
    if len(data) != length:
        raise DamagedError("a value of the wrong length")
    return data


def _about(profile_id: str, kind: str, slot_id: str) -> bytes:
    return json.dumps(["kam-desktop key slot 1", profile_id, kind, slot_id]).encode()


def _check(wrapping_key: bytes, about: bytes) -> bytes:
    return derived_key(wrapping_key + about, "key check of a slot")[:_CHECK_BYTES]


def _text(shown: Mapping[object, object], name: str) -> str:
    value = shown.get(name)
    if not isinstance(value, str) or len(value) > 200:
        raise DamagedError(f"{name} is missing")
    return value


def _number(shown: Mapping[object, object], name: str) -> int:
    value = shown.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DamagedError(f"{name} is missing")
    return value
