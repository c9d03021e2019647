"""Real windows, each in a process of its own, a real server on loopback, and wires that can be cut."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import requests

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import profile
from tests.bench.profiles import RECOVERY
from tests.bench.window import ROOT, _display

PASSWORD = "mật khẩu của tôi"
_ANSWER_S = 120.0


class Wire:
    """A port of this machine that leads to the server, until somebody cuts it."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = int(found.getsockname()[1])
        self.mend()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def mend(self) -> None:
        """Online."""
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
            threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Offline: nobody answers at the port, and what is under way breaks off."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                return
            self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while came := one.recv(1 << 16):
                other.sendall(came)
        for each in (one, other):
            self._open.discard(each)
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


class Server:
    """`kam-server serve` on loopback, with its people."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._env = env | {"PYTHONPATH": str(ROOT)}
        self.url = f"sqlite:///{folder / 'server.db'}"
        password = folder / "password"
        password.write_text(PASSWORD, "utf-8")
        password.chmod(0o600)
        self._env["KAM_PASSWORD_FILE"] = str(password)
        self._log = folder / "server.log"
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = int(found.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *words: str) -> dict[str, Any]:
        """One command of kam-server; what it printed."""
        command = [sys.executable, "-m", "kam_desktop.server", *words, "--database", self.url, "--json"]
        done = subprocess.run(command, env=self._env, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stderr}")
        found: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {}
        return found

    def start(self) -> None:
        """Serves, and answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kam_desktop.server", "serve", "--database", self.url, "--listen",
                 f"127.0.0.1:{self.port}"], env=self._env, cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = monotonic() + 30
        while monotonic() < deadline:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"http://127.0.0.1:{self.port}/health", timeout=2).ok:
                    return
            if self._process.poll() is not None:
                break
            threading.Event().wait(0.02)
        raise RuntimeError(self._log.read_text("utf-8"))

    def stop(self) -> None:
        """Stops, as an administrator does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None


class Window:
    """One window; `do` has it do something and waits, `ask` only asks for it, `answer` waits."""

    def __init__(self, folder: Path, env: dict[str, str], name: str) -> None:
        self.folder, self._env, self.name = folder, env, name
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""

    def make(self) -> Window:
        """A new profile with nothing in it."""
        clock = SystemClock()
        with profile.create_profile(self.folder, clock, RandomIds(clock), None, recovery=RECOVERY) as made:
            profile.set_up(made.store, "", "")
        return self

    def start(self) -> None:
        """The program begins; returns when its process is there, not when its window is."""
        env = self._env | {"KAM_BENCH_BORN": str(monotonic()), "PYTHONFAULTHANDLER": "1"}
        command = [sys.executable, "-m", "tests.sync.seat", str(self.folder)]
        self._rest = b""
        self._process = subprocess.Popen(
            command, env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def ask(self, deed: str, **args: Any) -> None:
        """Asks for a deed."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write((json.dumps({"do": deed, "args": args}) + "\n").encode())

    def answer(self, timeout_s: float = _ANSWER_S) -> Any:
        """What came of the deed. Raises AssertionError with its traceback when it failed, TimeoutError."""
        assert self._process is not None and self._process.stdout is not None
        deadline = monotonic() + timeout_s
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not waiting.select(max(0.0, deadline - monotonic())):
                    raise TimeoutError(f"{self.name} does not answer")
                came = self._process.stdout.read(1 << 16)
                if not came:
                    raise AssertionError(f"{self.name} ended with {self._process.wait()}")
                self._rest += came
        line, self._rest = self._rest.split(b"\n", 1)
        said = json.loads(line)
        if "failed" in said:
            raise AssertionError(f"{self.name}: {said['failed']}")
        return said["done"]

    def do(self, deed: str, timeout_s: float = _ANSWER_S, **args: Any) -> Any:
        """Asks for a deed and waits for what came of it."""
        self.ask(deed, **args)
        return self.answer(timeout_s)

    def kill(self) -> None:
        """SIGKILL: nothing of the program gets a say."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> int:
        """Closes the window as its button does; the exit status."""
        assert self._process is not None
        self.do("close")
        status = self._process.wait(30)
        self._process = None
        return status


@contextlib.contextmanager
def screen() -> Iterator[dict[str, str]]:
    """The environment of windows with a screen of their own."""
    with _display() as env:
        found = {name: value for name, value in env.items() if not name.startswith("DBUS_")}
        yield found | {"KAM_LANG": "en"}


def needs_screen() -> bool:
    """Whether windows can be shown here at all."""
    return shutil.which("Xvfb") is not None or not sys.platform.startswith("linux") or "DISPLAY" in os.environ
