"""The data key: 32 random bytes that open everything a profile holds, kept out of sight."""

from __future__ import annotations

import hmac
import secrets
from typing import Never

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class DataKey:
    """The key of one profile for its life. It shows itself in no message, log or crash report and refuses copying."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError("a data key has 32 bytes")
        self._secret = bytes(secret)

    @classmethod
    def new(cls) -> DataKey:
        """A fresh key from the system's random numbers."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def hex(self) -> str:
        """64 hexadecimal digits, for SQLCipher's raw key."""
        return self._secret.hex()

    def raw(self) -> bytes:
        """The 32 bytes, for wrapping them; everything else takes `derive`."""
        return self._secret

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HKDF-SHA-256, RFC 5869), from which neither this key nor another follows."""
        return derived_key(self._secret, purpose)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DataKey) and hmac.compare_digest(self._secret, other._secret)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "DataKey(…)"

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a data key is never pickled or copied")


def derived_key(secret: bytes, purpose: str) -> bytes:
    """32 bytes from a secret of full strength, for one purpose (HKDF-SHA-256, RFC 5869, no salt)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"kam-desktop " + purpose.encode()).derive(secret)
