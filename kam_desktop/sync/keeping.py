"""Where token and device key lie: the OS keyring, or the encrypted profile where no keyring is usable."""

from __future__ import annotations

from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kam_desktop.domain.errors import Unavailable

KEYRING, PROFILE = "keyring", "profile"
SESSION, DEVICE_KEY = "sync.session", "sync.device_key"
"""What is kept, as the notes of the profile call it."""


class SecretVault(Protocol):
    """What is needed of the OS keyring; each method raises Unavailable and never hangs."""

    def read(self, name: str) -> str | None: ...

    def write(self, name: str, secret: str) -> None: ...

    def delete(self, name: str) -> None: ...


class Notes(Protocol):
    """Small texts in the encrypted profile."""

    def note(self, key: str) -> str: ...

    def set_note(self, key: str, value: str) -> None: ...


class TokenKeeping:
    """Keeps one text for one profile: in the keyring, else sealed in the profile under a key of its own.

    A keyring that does not answer is not an empty one: reading raises Unavailable then, and nobody is signed out.

    Attributes:
        place: KEYRING or PROFILE, where it was kept last; "" before anything was.
    """

    def __init__(
        self, vault: SecretVault | None, notes: Notes, name: str, key: bytes, nonce: bytes, note: str = SESSION
    ) -> None:
        """`key` is 32 bytes derived from the data key for this purpose alone; `nonce` is 12 fresh random bytes."""
        self._note = note
        self._vault, self._notes, self._name = vault, notes, name
        self._cipher, self._nonce = AESGCM(key), nonce
        self.place = notes.note(self._note + ".place")

    def read(self) -> str:
        """The kept text, "" for none. Raises Unavailable."""
        if self.place == KEYRING:
            if self._vault is None:
                raise Unavailable("keyring_missing", "This computer has no keyring that the program can use.")
            return self._vault.read(self._name) or ""
        sealed = self._notes.note(self._note)
        if not sealed:
            return ""
        raw = bytes.fromhex(sealed)
        try:
            return self._cipher.decrypt(raw[:12], raw[12:], self._name.encode()).decode()
        except (InvalidTag, ValueError):
            return ""  # of another profile; signing in again makes it anew

    def write(self, text: str) -> None:
        """Keeps another text; "" forgets it everywhere."""
        if not text:
            self._forget()
            return
        if self._vault is not None:
            try:
                self._vault.write(self._name, text)
                self._move(KEYRING, "")
                return
            except Unavailable:
                pass  # the profile is encrypted too; the status says where it lies
        self._nonce = ((int.from_bytes(self._nonce, "big") + 1) % (1 << 96)).to_bytes(12, "big")
        sealed = self._nonce + self._cipher.encrypt(self._nonce, text.encode(), self._name.encode())
        self._move(PROFILE, sealed.hex())

    def _forget(self) -> None:
        if self.place == KEYRING and self._vault is not None:
            try:
                self._vault.delete(self._name)
            except Unavailable:
                pass  # what stays there ends by itself at the server
        self._move("", "")

    def _move(self, place: str, sealed: str) -> None:
        self._notes.set_note(self._note, sealed)
        if place != self.place:
            self._notes.set_note(self._note + ".place", place)
            self.place = place
