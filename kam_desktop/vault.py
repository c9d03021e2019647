"""The OS keyring, asked in a thread of its own with a deadline; it fails by a code, never hangs."""

from __future__ import annotations

import importlib
import logging
import queue
import sys
import threading
from collections.abc import Callable
from typing import Protocol

from kam_desktop.domain.errors import Unavailable

SERVICE = "KAM Desktop"
TIMEOUT_S = 10.0
"""Longer than any keyring needs that is not waiting for a person; a person who is asked may simply try again."""

LONGEST_VALUE = 1280
"""Characters. A Windows credential holds 2,560 bytes of UTF-16, so nothing longer was ever written by us."""

_TRUSTED: dict[str, tuple[str, ...]] = {
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
    "darwin": ("keyring.backends.macOS.Keyring",),
    "linux": (
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
    ),
}
"""Backends that guard a secret with the user's own session. All others (null, fail, plain text, chains of unknown
links) are refused: a key in a plain file would be worse than being asked for the passphrase."""

_log = logging.getLogger(__name__)


class Backend(Protocol):
    """What the vault uses of a keyring backend."""

    def get_password(self, service: str, username: str, /) -> str | None: ...

    def set_password(self, service: str, username: str, password: str, /) -> None: ...

    def delete_password(self, service: str, username: str, /) -> None: ...


class _Call:
    """One question to the keyring, waiting for its turn, running, answered or given up."""

    def __init__(self, act: Callable[[], str | None]) -> None:
        self.act = act
        self.answered = threading.Event()
        self.answer: str | None = None
        self.failure: Unavailable | None = None
        self._guard = threading.Lock()
        self._taken = False
        self._given_up = False

    def take(self) -> bool:
        """True if the worker may run it: nobody gave it up while it stood in the queue."""
        with self._guard:
            self._taken = not self._given_up
            return self._taken

    def give_up(self) -> None:
        """The caller has gone. A call that has not begun will never begin, so no late write surprises anyone."""
        with self._guard:
            self._given_up = True


class Vault:
    """Named secrets of this program in the keyring of the logged-in user.

    No method blocks longer than `timeout_s`. A call that the keyring never answers keeps the vault's one thread busy;
    later calls wait their own deadline behind it, so threads do not pile up, and work again once it is answered.
    """

    def __init__(self, find_backend: Callable[[], Backend] | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._find_backend = find_backend if find_backend is not None else trusted_backend
        self._timeout_s = timeout_s
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def read(self, name: str) -> str | None:
        """The secret of that name, None where the keyring works but has none. Raises Unavailable."""
        return self._ask(lambda: _plausible(self._find_backend().get_password(SERVICE, name)))

    def write(self, name: str, secret: str) -> None:
        """Stores the secret and reads it back. Raises Unavailable; it may be stored all the same after a time-out."""
        if len(secret) > LONGEST_VALUE:
            raise ValueError("a secret for the keyring must be short")

        def act() -> None:
            backend = self._find_backend()
            backend.set_password(SERVICE, name, secret)
            if backend.get_password(SERVICE, name) != secret:
                raise Unavailable("keyring_forgets", "The system's keyring did not keep what it was given.")

        self._ask(act)

    def delete(self, name: str) -> None:
        """Removes the secret; it is no error if there was none. Raises Unavailable."""

        def act() -> None:
            backend = self._find_backend()
            if backend.get_password(SERVICE, name) is not None:
                backend.delete_password(SERVICE, name)

        self._ask(act)

    def close(self) -> None:
        """Lets the thread end after what it is doing; it would never hold up the end of the program anyway."""
        self._calls.put(None)

    def _ask(self, act: Callable[[], str | None]) -> str | None:
        call = _Call(act)
        self._calls.put(call)
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._serve, name="vault", daemon=True)
                self._thread.start()
        if not call.answered.wait(self._timeout_s):
            call.give_up()
            raise Unavailable(
                "keyring_slow", "The system's keyring did not answer in time. It may be waiting for you in a window."
            )
        if call.failure is not None:
            raise call.failure
        return call.answer

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            if not call.take():
                continue
            try:
                call.answer = call.act()
            except Unavailable as failure:
                call.failure = failure
            except BaseException as error:  # noqa: BLE001
                # Backends raise whatever their system raises: D-Bus, pywin32, Objective-C, sockets; one that wants
                # to end the program may not even end this thread, because nobody would hear from it again.
                _log.info("the keyring failed: %s", type(error).__qualname__)
                call.failure = _translated(error)
            finally:
                call.answered.set()


def trusted_backend() -> Backend:
    """The keyring of this system, if it is one that we trust with a key. Raises Unavailable.

    A backend that the user or the administrator has set (PYTHON_KEYRING_BACKEND, keyringrc.cfg) is obeyed where it is
    trusted and refused where it is not. Without one the first trusted backend that works is taken; the entry points
    of other packages are never loaded, so nothing that happens to be installed can put itself in the way.
    """
    from keyring import core

    chosen = core.load_env() or core.load_config()
    trusted = _TRUSTED.get(sys.platform, _TRUSTED["linux"])
    if chosen is not None:
        name = f"{type(chosen).__module__}.{type(chosen).__qualname__}"
        if name == "keyring.backends.fail.Keyring":
            raise _missing()
        if name not in trusted:
            raise Unavailable(
                "keyring_backend", "The keyring set up on this computer is not safe for keys: {name}.", name=name
            )
        return chosen
    for name in trusted:
        module, _, kind = name.rpartition(".")
        backend = getattr(importlib.import_module(module), kind)
        if backend.viable and backend.priority > 0:
            found: Backend = backend()
            return found
    raise _missing()


def _plausible(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > LONGEST_VALUE:
        raise _not_ours()
    return value


def _translated(error: BaseException) -> Unavailable:
    from keyring import errors

    if isinstance(error, errors.NoKeyringError | ImportError):
        return _missing()
    if isinstance(error, errors.KeyringLocked):
        return Unavailable("keyring_locked", "The system's keyring is locked.")
    if isinstance(error, errors.InitError):
        return Unavailable("keyring_not_ready", "The system's keyring could not be opened.")
    if isinstance(error, errors.PasswordSetError | errors.PasswordDeleteError | PermissionError):
        return Unavailable("keyring_denied", "The system's keyring refused access.")
    if isinstance(error, OSError | EOFError):
        return Unavailable("keyring_gone", "The connection to the system's keyring broke.")
    if isinstance(error, UnicodeError):
        return _not_ours()
    return _failed()


def _not_ours() -> Unavailable:
    return Unavailable("keyring_value", "What the system's keyring holds for this profile is not a key.")


def _missing() -> Unavailable:
    return Unavailable("keyring_missing", "This computer has no keyring that the program can use.")


def _failed() -> Unavailable:
    return Unavailable("keyring_failed", "The system's keyring reported an error.")
