"""Shows the server that this laptop holds its device key, made once and kept beside the token."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import orjson

from kam_desktop.domain.errors import Unavailable
from kam_desktop.protocol.addresses import PATHS
from kam_desktop.protocol.proofs import DeviceKey


class Keeping(Protocol):
    """Where the key of this profile is kept: the OS keyring, or the encrypted profile."""

    def read(self) -> str:
        """The kept text, "" for none. Raises Unavailable when the place does not answer: that is not "none"."""

    def write(self, text: str) -> None:
        """Keeps another text."""


class Prover:
    """Makes proofs (DPoP, RFC 9449) for one server.

    Attributes:
        nonce: the newest of the server's; "" before the first.
    """

    def __init__(self, keeping: Keeping, address: str, now: Callable[[], datetime], device: str) -> None:
        """`address` is the server's; `device` the laptop's id at the time, to which the key belongs."""
        self._keeping, self._address, self._now, self._device = keeping, address, now, device
        self._key: DeviceKey | None = None
        self.nonce = ""

    def proof(self, name: str, attempt: str = "") -> str:
        """A proof for one request. Raises Unavailable where the key's place does not answer."""
        return self._own_key().proof(
            self._address + PATHS[name], identity=random_name(), at_s=int(self._now().timestamp()), nonce=self.nonce,
            attempt=attempt,
        )  # fmt: skip

    def has_key(self) -> bool:
        """Whether this laptop ever showed a key. A place that does not answer may well hold one."""
        try:
            return self._key is not None or self._kept() is not None
        except Unavailable:
            return True

    def _own_key(self) -> DeviceKey:
        if self._key is None:
            self._key = self._kept()
        if self._key is None:
            made = DeviceKey.new()
            self._keeping.write(orjson.dumps({"device": self._device, "key": made.text()}).decode())
            self._key = made
        return self._key

    def _kept(self) -> DeviceKey | None:
        """The key as it is kept; None for none, for that of another device id, and for one that cannot be read."""
        text = self._keeping.read()
        try:
            found = orjson.loads(text) if text else {}
            return DeviceKey.from_text(found["key"]) if found.get("device") == self._device else None
        except (ValueError, KeyError, TypeError):
            return None


def random_name() -> str:
    """128 random bits in hex, which name one proof or one attempt."""
    return os.urandom(16).hex()
