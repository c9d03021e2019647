"""A real server process on a free port of this machine, as `kam-server serve` starts it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from kam_desktop.protocol import messages
from kam_desktop.protocol.addresses import PATHS
from tests.server.laptop_key import PROVEN, key_of

PASSWORD = "đúng là mật khẩu"
DEVICE = "d" * 32


@dataclass
class Serving:
    """One server: its folder, its process, and raw requests to it."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    workspace: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8") if (self.folder / "log").exists() else ""

    def run(self, *words: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
        """A command of the administrator."""
        secret = self.folder / "password"
        secret.write_text(password + "\n", "utf-8")
        secret.chmod(0o600)
        environment = os.environ | {"KAM_PASSWORD_FILE": str(secret), "PYTHONUTF8": "1"}
        command = [sys.executable, "-m", "kam_desktop.server", *words, "--database", self.database]
        return subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder / 'server.db'}"

    def told(self, *words: str) -> dict[str, Any]:
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout)) if done.stdout else {}

    def start(self) -> None:
        with socket.create_server(("127.0.0.1", self.port)) as free:
            self.port = free.getsockname()[1]
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "kam_desktop.server", "serve", "--listen", f"127.0.0.1:{self.port}"]
            self.process = subprocess.Popen([*command, "--database", self.database], stdout=log, stderr=log)
        ends = time.monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < ends, self.log
        self.workspace = requests.get(self.url + "/health", timeout=5).json()["workspace"]

    def answers(self) -> bool:
        try:
            return requests.get(self.url + "/health", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def post(self, name: str, body: bytes = b"{}", **headers: str) -> requests.Response:
        """A raw request with our media type, unless another one is given."""
        sent = {"Content-Type": messages.MEDIA_TYPE, "Accept-Encoding": "identity"}
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        return requests.post(self.url + PATHS[name], data=body, headers=sent, timeout=20, allow_redirects=False)

    def call(self, name: str, message: Mapping[str, Any], user: str = "", **headers: str) -> requests.Response:
        """A well-formed request, as a user where one is named."""
        if user:
            headers["Authorization"] = f"Bearer {self.token(user)}"
        body = json.dumps(message).encode()
        if name not in PROVEN:
            return self.post(name, body, **headers)
        key = key_of(str(message.get("device", "")))
        return key.headed(lambda proof: self.post(name, body, **headers, **proof), name, self.url)  # type: ignore[no-any-return]

    def token(self, user: str) -> str:
        if user not in self.tokens:
            answer = self.call("sign-in", {"user": user, "password": PASSWORD, "device": device_of(user)})
            assert answer.status_code == 200, answer.text
            self.tokens[user] = answer.json()["access"]
        return self.tokens[user]

    def message(self, user: str, **more: Any) -> dict[str, Any]:
        return {
            "workspace": self.workspace, "epoch": 1, "device": device_of(user), "protocol": 1, "schema": 2,
            "mark": None, **more,
        }  # fmt: skip


def device_of(user: str) -> str:
    """The laptop of a user."""
    return user.encode().hex().ljust(32, "0")[:32]
