"""Fakes at the ports: the clock, the OS keyring and what can go wrong with it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from unittest import mock

import keyring.errors
import pytest

from kam_desktop.domain.errors import Unavailable
from kam_desktop.store import passphrase
from kam_desktop.vault import Vault, trusted_backend


@dataclass
class FakeClock:
    """A clock that stands until a test moves it; `monotonic` moves with it."""

    moment: datetime = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def today(self) -> date:
        return self.moment.date()

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def move(self, seconds: float) -> None:
        """Lets that many seconds pass."""
        self.moment += timedelta(seconds=seconds)


@dataclass
class MemoryBackend:
    """A keyring backend that works and forgets everything at the end of the test."""

    entries: dict[tuple[str, str], str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def get_password(self, service: str, username: str) -> str | None:
        self.calls.append(f"get {username}")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.calls.append(f"set {username}")
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.calls.append(f"delete {username}")
        del self.entries[service, username]


@dataclass
class MemoryVault:
    """The vault as the store sees it, in memory; `failing` makes every call fail with that code."""

    entries: dict[str, str] = field(default_factory=dict)
    failing: str = ""

    def read(self, name: str) -> str | None:
        self._fail()
        return self.entries.get(name)

    def write(self, name: str, secret: str) -> None:
        self._fail()
        self.entries[name] = secret

    def delete(self, name: str) -> None:
        self._fail()
        self.entries.pop(name, None)

    def _fail(self) -> None:
        if self.failing:
            raise Unavailable(self.failing, "The fake keyring fails.")


class PromptDismissedError(Exception):
    """As the Secret Service's library has it: an exception of no family that the keyring package knows."""


class FaultyBackend(MemoryBackend):
    """A keyring that works until `fault` is set, then fails in one of the ways of KEYRING_FAULTS.

    Attributes:
        released: set it at the end of a test, so that a call that hangs comes back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fault: Callable[[FaultyBackend, str | None], object] | None = None
        self.released = threading.Event()

    def found(self) -> object:
        """What the vault is given as a backend; a missing or wrong one fails here."""
        if self.fault is _missing:
            raise keyring.errors.NoKeyringError("No recommended backend was available.")
        if self.fault is _wrong_backend:
            with mock.patch.dict(os.environ, PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring"):
                return trusted_backend()
        return self

    def get_password(self, service: str, username: str) -> str | None:
        kept = super().get_password(service, username)
        return kept if self.fault is None else self.fault(self, kept)  # type: ignore[return-value]

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.fault is not None:
            self.fault(self, None)
        super().set_password(service, username, password)


KEYRING_DEADLINE_S, KEYRING_PATIENCE_S = 0.3, 20.0


class PatientVault(Vault):
    """The vault over a faulty keyring: a short deadline where it hangs.

    Where it works or fails at once there is time enough for a busy machine to say so.
    """

    def __init__(self, backend: FaultyBackend) -> None:
        self._backend = backend
        super().__init__(backend.found)  # type: ignore[arg-type]

    @property
    def _timeout_s(self) -> float:  # type: ignore[override]
        return KEYRING_DEADLINE_S if self._backend.fault is _slow else KEYRING_PATIENCE_S

    @_timeout_s.setter
    def _timeout_s(self, given: float) -> None:
        """The deadline goes by the fault."""


def _raises(make: Callable[[], BaseException]) -> Callable[[FaultyBackend, str | None], object]:
    def fault(backend: FaultyBackend, kept: str | None) -> object:
        raise make()

    return fault


def _returns(make: Callable[[str], object]) -> Callable[[FaultyBackend, str | None], object]:
    return lambda backend, kept: make(kept or "")


def _missing(backend: FaultyBackend, kept: str | None) -> object:
    raise AssertionError("there is no backend to be asked")


def _wrong_backend(backend: FaultyBackend, kept: str | None) -> object:
    raise AssertionError("another backend is asked")


def _slow(backend: FaultyBackend, kept: str | None) -> object:
    backend.released.wait(60)
    return kept


KEY_OF_ANOTHER_PROFILE = "5a" * 32

KEYRING_FAULTS: dict[str, tuple[Callable[[FaultyBackend, str | None], object], str, bool]] = {
    # name: (what happens, the code that the program gives it, whether the entry is lost for good)
    "missing backend": (_missing, "keyring_missing", False),
    "locked": (
        _raises(lambda: keyring.errors.KeyringLocked("Failed to unlock the collection!")),
        "keyring_locked",
        False,
    ),
    "prompt dismissed": (_raises(PromptDismissedError), "keyring_failed", False),
    "slow, 60 s": (_slow, "keyring_slow", False),
    "wrong backend": (_wrong_backend, "keyring_backend", False),
    "entry deleted": (_returns(lambda kept: None), "keyring_no_entry", True),
    "value changed": (
        _returns(lambda kept: kept[:-2] + ("00" if kept[-2:] != "00" else "ff")),
        "keyring_changed",
        True,
    ),
    "value of another profile": (_returns(lambda kept: KEY_OF_ANOTHER_PROFILE), "keyring_changed", True),
    "D-Bus dies in the call": (
        _raises(lambda: ConnectionResetError("connection reset by peer")),
        "keyring_gone",
        False,
    ),
    "access denied": (_raises(lambda: PermissionError("-25293")), "keyring_denied", False),
    "InitError": (
        _raises(lambda: keyring.errors.InitError("Failed to create the collection")),
        "keyring_not_ready",
        False,
    ),
    "garbage": (_returns(lambda kept: "not a key"), "keyring_value", True),
    "value far too long": (_returns(lambda kept: "a" * 1_000_000), "keyring_value", True),
    "bytes instead of text": (_returns(lambda kept: b"\xff\x00"), "keyring_value", True),
    "the backend ends its thread": (_raises(SystemExit), "keyring_failed", False),
}


def make_argon2_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a test make passphrase slots in a millisecond; the production floor has tests of its own."""
    monkeypatch.setattr(passphrase, "FLOOR", passphrase.Cost(memory_kib=64, passes=1, lanes=1))
    monkeypatch.setattr(passphrase, "MOST_PASSES", 2)
