"""Run under dbus-run-session: unlocks a profile while a real gnome-keyring fails in every way it can."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import secretstorage
import sqlcipher3.dbapi2
from jeepney import message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.store import keys
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.key_file import KeyFile
from kam_desktop.store.recovery_key import RecoveryKey
from kam_desktop.store.unlock import unlock
from kam_desktop.vault import SERVICE, Vault

HANGS = "does not answer"
DEADLINE_S, PATIENCE_S = 2.0, 15.0
"""For a keyring that hangs, and for one that answers as soon as a busy machine lets it."""
PASSWORD = "mật khẩu đăng nhập"
SECRETS = "org.freedesktop.secrets"
PROFILE = "01930a5e-7d10-7000-8000-00000000aaaa"
CLOCK = SystemClock()


def waited(condition: Callable[[], bool], what: str) -> None:
    """Returns when the condition holds; gives up with a word after 20 s."""
    pause = threading.Event()
    ends_at = CLOCK.monotonic() + 20
    while not condition():
        if CLOCK.monotonic() > ends_at:
            raise SystemExit(f"waited in vain: {what}")
        pause.wait(0.02)


def on_the_bus(ask: str, *arguments: str) -> int:
    """The answer of the bus itself; never starts a service."""
    with closing(open_dbus_connection()) as connection:
        return int(getattr(Proxy(message_bus, connection), ask)(*arguments)[0])


class Keyring:
    """The real gnome-keyring-daemon of this session."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, password: str = PASSWORD) -> None:
        """A fresh daemon, its login keyring opened with the password; what was kept is on the disk."""
        self.stop()
        self.process = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(password.encode())
        self.process.stdin.close()
        waited(lambda: bool(on_the_bus("NameHasOwner", SECRETS)), "gnome-keyring on the bus")

    def stop(self) -> None:
        """Ends whichever daemon serves now, also one that the bus has started by itself."""
        if on_the_bus("NameHasOwner", SECRETS):
            os.kill(on_the_bus("GetConnectionUnixProcessID", SECRETS), signal.SIGKILL)
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        waited(lambda: not on_the_bus("NameHasOwner", SECRETS), "gnome-keyring gone")

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def item(self, name: str) -> secretstorage.Item:
        collection = secretstorage.get_default_collection(secretstorage.dbus_init())
        (found,) = collection.search_items({"service": SERVICE, "username": name})
        return found

    def lock(self) -> None:
        with closing(secretstorage.dbus_init()) as connection:
            secretstorage.get_default_collection(connection).lock()


def sums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def opens(folder: Path, key: DataKey) -> bool:
    connection = sqlcipher3.dbapi2.connect(str(folder / "data.kam"))
    connection.execute(f"pragma key = \"x'{key.hex()}'\"")
    with closing(connection):
        return connection.execute("select name from account").fetchall() == [("Đặng Gia Phát",)]


def main(folder: Path) -> None:
    """Prints one line of JSON for each scenario."""
    folder.mkdir()
    recovery = RecoveryKey.new()
    daemon = Keyring()
    daemon.start()
    key = DataKey.new()
    made = keys.create_key_file(folder, PROFILE, key, CLOCK, vault=Vault(timeout_s=PATIENCE_S), recovery=recovery)
    assert made.kinds == ("keyring", "recovery")
    database = sqlcipher3.dbapi2.connect(str(folder / "data.kam"))
    database.execute(f"pragma key = \"x'{key.hex()}'\"")
    database.executescript("create table account (name text); insert into account values ('Đặng Gia Phát');")
    database.close()

    def entry() -> str:
        slot = KeyFile.load(folder).slot("keyring")
        assert slot is not None
        return f"{PROFILE}/{slot.slot_id}"

    def tried(name: str, vault: Vault) -> None:
        before = sums(folder)
        begun = CLOCK.monotonic()
        said: dict[str, object] = {"scenario": name}
        try:
            got = unlock(folder, vault, None, lambda refusal: recovery.text(), environ={})
            failure = got.keyring_failure
            said |= {"by": got.by, "code": failure.code if failure else "", "reseal": got.reseal}
            said["opened"] = got.key == key and opens(folder, got.key)
        except (Refused, Unavailable) as error:
            said |= {"by": "", "code": str(error), "reseal": False, "opened": False}
        said["seconds"] = CLOCK.monotonic() - begun
        said["untouched"] = sums(folder) == before
        print(json.dumps(said), flush=True)

    def bus_gone(vault: Vault, name: str) -> None:
        # The bus stops answering, then dies while the program waits for it.
        bus = on_the_bus("GetConnectionUnixProcessID", "org.freedesktop.DBus")
        daemon_pid = on_the_bus("GetConnectionUnixProcessID", SECRETS)
        os.kill(bus, signal.SIGSTOP)
        threading.Timer(0.4, os.kill, (bus, signal.SIGKILL)).start()
        tried(name, vault)
        os.kill(daemon_pid, signal.SIGKILL)

    def dies_in_the_call() -> None:
        daemon.signal(signal.SIGSTOP)
        threading.Timer(0.4, daemon.signal, (signal.SIGKILL,)).start()

    breaks: dict[str, Callable[[], None]] = {
        "nothing wrong": lambda: None,
        "locked, prompt dismissed": daemon.lock,
        "wrong login password": lambda: daemon.start("another password"),
        "entry deleted": lambda: daemon.item(entry()).delete(),
        "value changed": lambda: daemon.item(entry()).set_secret(b"5a" * 32),
        "garbage": lambda: daemon.item(entry()).set_secret("không phải khoá".encode()),
        "not even text": lambda: daemon.item(entry()).set_secret(b"\xff\xfe\x00"),
        "far too long": lambda: daemon.item(entry()).set_secret(b"a" * 1_000_000),
        HANGS: lambda: daemon.signal(signal.SIGSTOP),
        "dies in the call": dies_in_the_call,
        "dead, started again locked": daemon.stop,
        "keyring turned off by the user": lambda: os.environ.update(
            PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring"
        ),
        "no bus": lambda: os.environ.update(DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere/bus"),
    }
    address = os.environ["DBUS_SESSION_BUS_ADDRESS"]
    for name, break_it in breaks.items():
        for moment in ("start", "unlock"):
            vault = Vault(timeout_s=PATIENCE_S)
            if moment == "unlock":
                assert unlock(folder, vault, environ={}).by == "keyring"
            if name == HANGS:
                vault._timeout_s = DEADLINE_S
            break_it()
            tried(f"{name} at {moment}", vault)
            os.environ["DBUS_SESSION_BUS_ADDRESS"] = address
            os.environ.pop("PYTHON_KEYRING_BACKEND", None)
            daemon.start()
            # Mended as the program offers to: the next scenario begins with a keyring that works.
            now = KeyFile.load(folder)
            if unlock(folder, Vault(), None, lambda refusal: recovery.text(), environ={}).by != "keyring":
                keys.set_keyring(folder, now, key, Vault(), CLOCK)
            tried(f"{name} at {moment}, mended", Vault())
    bus_gone(Vault(timeout_s=PATIENCE_S), "the bus dies in the call")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
