"""The vault: every way in which a keyring fails becomes a code, in time, and nothing is written late."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import keyring.backends.null
import pytest

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Unavailable
from kam_desktop.vault import LONGEST_VALUE, TIMEOUT_S, Vault, trusted_backend
from tests.fakes import KEYRING_DEADLINE_S, KEYRING_FAULTS, FaultyBackend, MemoryBackend, PatientVault

BUSY_S = 10
"""So long may a busy machine take for what is done in a moment."""


@pytest.fixture
def backend() -> Iterator[FaultyBackend]:
    made = FaultyBackend()
    yield made
    made.released.set()


@pytest.fixture
def vault(backend: FaultyBackend) -> Iterator[Vault]:
    made = PatientVault(backend)
    yield made
    made.close()


def test_a_secret_is_kept_replaced_and_removed(vault: Vault) -> None:
    assert vault.read("a") is None
    vault.write("a", "một")
    vault.write("b", "hai")
    assert (vault.read("a"), vault.read("b")) == ("một", "hai")
    vault.write("a", "ba")
    assert vault.read("a") == "ba"
    vault.delete("a")
    vault.delete("a")
    assert vault.read("a") is None


def test_every_call_is_made_in_one_thread_that_is_not_the_callers(vault: Vault, backend: FaultyBackend) -> None:
    seen = set()
    backend.fault = lambda asked, kept: seen.add(threading.current_thread())
    for _ in range(3):
        vault.read("a")
    (thread,) = seen
    assert thread is not threading.current_thread()
    assert thread.daemon, "a keyring that hangs must not hold up the end of the program"


@pytest.mark.parametrize("name", KEYRING_FAULTS)
def test_every_failure_is_unavailable_in_time(vault: Vault, backend: FaultyBackend, name: str) -> None:
    fault, code, _ = KEYRING_FAULTS[name]
    vault.write("a", "11" * 32)
    backend.fault = fault
    begun = SystemClock().monotonic()
    if code in {"keyring_no_entry", "keyring_changed"} or name == "garbage":
        # Told apart by the key file, which knows what ought to be there.
        assert vault.read("a") != "11" * 32
    else:
        with pytest.raises(Unavailable) as caught:
            vault.read("a")
        assert caught.value.code == code
        assert str(caught.value).endswith(".")
    # the keyring that hangs would take a minute; what comes on top of the deadline is the machine's
    assert SystemClock().monotonic() - begun < KEYRING_DEADLINE_S + BUSY_S
    assert not backend.released.is_set()


@pytest.mark.parametrize("name", [name for name in KEYRING_FAULTS if name != "slow, 60 s"])
def test_it_works_again_when_the_keyring_does(vault: Vault, backend: FaultyBackend, name: str) -> None:
    vault.write("a", "11" * 32)
    backend.fault = KEYRING_FAULTS[name][0]
    try:
        vault.read("a")
    except Unavailable:
        pass
    backend.fault = None
    assert vault.read("a") == "11" * 32


def test_it_works_again_when_a_slow_keyring_has_answered(vault: Vault, backend: FaultyBackend) -> None:
    vault.write("a", "1")
    backend.fault = KEYRING_FAULTS["slow, 60 s"][0]
    with pytest.raises(Unavailable):
        vault.read("a")
    backend.fault = None
    backend.released.set()
    assert vault.read("a") == "1"


def test_what_was_given_up_in_the_queue_is_never_done(vault: Vault, backend: FaultyBackend) -> None:
    vault.write("a", "1")
    backend.fault = KEYRING_FAULTS["slow, 60 s"][0]
    with pytest.raises(Unavailable, match="did not answer"):
        vault.read("a")
    with pytest.raises(Unavailable, match="did not answer"):
        vault.write("a", "2")
    with pytest.raises(Unavailable, match="did not answer"):
        vault.delete("a")
    backend.fault = None
    backend.released.set()
    assert vault.read("a") == "1"
    assert "set a" not in backend.calls[2:]


def test_a_slow_keyring_does_not_pile_up_threads(vault: Vault, backend: FaultyBackend) -> None:
    vault.read("a")
    before = set(threading.enumerate())  # one of another test may be ending still
    backend.fault = KEYRING_FAULTS["slow, 60 s"][0]
    for _ in range(4):
        with pytest.raises(Unavailable):
            vault.read("a")
    assert set(threading.enumerate()) <= before


def test_a_keyring_that_forgets_is_found_out_when_writing() -> None:
    class Forgetful(MemoryBackend):
        def set_password(self, service: str, username: str, password: str) -> None:
            pass

    vault = Vault(Forgetful)
    with pytest.raises(Unavailable) as caught:
        vault.write("a", "1")
    assert caught.value.code == "keyring_forgets"
    vault.close()


def test_no_failure_tells_the_secret(vault: Vault, backend: FaultyBackend, caplog: pytest.LogCaptureFixture) -> None:
    def fault(asked: FaultyBackend, kept: str | None) -> object:
        raise RuntimeError(f"cannot handle {kept} or canary-5502")

    vault.write("a", "canary-5501")
    backend.fault = fault
    with caplog.at_level("DEBUG"), pytest.raises(Unavailable) as caught:
        vault.read("a")
    assert "canary" not in caplog.text + str(caught.value) + repr(caught.value.__cause__)


def test_a_long_secret_is_a_fault_of_ours(vault: Vault) -> None:
    with pytest.raises(ValueError, match="short"):
        vault.write("a", "x" * (LONGEST_VALUE + 1))


def test_the_deadline_is_ten_seconds() -> None:
    assert TIMEOUT_S == 10
    assert Vault()._timeout_s == 10


@pytest.mark.parametrize(
    "name",
    ["keyring.backends.null.Keyring", "keyring.backends.chainer.ChainerBackend", "tests.fakes_keyring.PlainText"],
)
def test_a_backend_that_is_not_trusted_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if name.startswith("tests"):
        # As keyrings.alt has it: works well, and keeps every secret readable in a file.
        plain = type("PlaintextKeyring", (keyring.backends.null.Keyring,), {})
        monkeypatch.setattr("keyring.core.load_env", plain)
    else:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    with pytest.raises(Unavailable) as caught:
        trusted_backend()
    assert caught.value.code == "keyring_backend"


def test_a_backend_under_a_trusted_name_that_only_inherits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends import SecretService

    monkeypatch.setattr("keyring.core.load_env", type("Keyring", (SecretService.Keyring,), {}))
    with pytest.raises(Unavailable) as caught:
        trusted_backend()
    assert caught.value.code == "keyring_backend"


def test_no_keyring_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with pytest.raises(Unavailable) as caught:
        Vault(timeout_s=10).read("a")
    assert caught.value.code == "keyring_missing"


def test_a_backend_that_cannot_be_loaded_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "no_such_module_anywhere.Keyring")
    with pytest.raises(Unavailable) as caught:
        Vault(timeout_s=10).read("a")
    assert caught.value.code == "keyring_missing"


def test_without_a_session_bus_the_keyring_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    with pytest.raises(Unavailable) as caught:
        Vault(timeout_s=10).read("a")
    assert caught.value.code == "keyring_missing"
