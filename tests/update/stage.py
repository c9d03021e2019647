"""A stage for updates: a publisher with keys, a web server on loopback that may be hostile, a laptop."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from installer.updates.repository import DAYS, ROLES, Keys, Repository, new_key
from kam_desktop.domain.clock import SystemClock
from kam_desktop.update import archive
from kam_desktop.update.installation import Installation, Pointer
from kam_desktop.update.transport import Limits
from kam_desktop.update.trusted import platform_key
from kam_desktop.update.updates import Source, Updates

PLATFORM = platform_key()
QUICK = Limits(connect_s=2, silence_s=0.15, window_s=0.2, least_bytes_per_s=4096)
"""The limits of the product in small, so that a test of slowness is over soon."""

CALM = Limits(connect_s=20, silence_s=20, window_s=20, least_bytes_per_s=1)
"""For everything else: a machine that is busy is no attack."""

Hook = Callable[["Handler", bytes], None]


class Handler(BaseHTTPRequestHandler):
    """Gives out files with ranges; `server.hooks` answers some of them otherwise."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes
    server: Any

    def do_GET(self) -> None:
        folder, path = self.server.folder, self.path.lstrip("/")
        file = folder / path
        self.server.asked.append(path)
        content = file.read_bytes() if ".." not in path and file.is_file() else None
        for pattern, hook in self.server.hooks.items():
            if re.search(pattern, path):
                self.close_connection = True
                with contextlib.suppress(OSError):
                    hook(self, content or b"")
                return
        if content is None:
            self.answer(404, b"")
            return
        begin = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if begin and int(begin[1]) < len(content):
            first = int(begin[1])
            self.answer(206, content[first:], {"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"})
        else:
            self.answer(200, content)

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """A whole answer."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.server.sent += len(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """The web host; nothing on it is trusted.

    Attributes:
        folder: what it gives out. hooks: patterns of paths that it answers as an attacker does.
        asked, sent, ended: what was asked of it, how many bytes went out, set when the attack is over.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.sent = folder, 0
        self.hooks: dict[str, Hook] = {}
        self.asked: list[str] = []
        self.ended = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # the other side hung up, as it should

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server in a thread of its own."""
    server = Server(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


PROGRAM = """#!/bin/sh
# A version of a program: says who it is if everything of it is there.
cd "$(dirname "$0")" && sha256sum --quiet -c SUMS >/dev/null 2>&1 || exit 9
exec "$KAM_TEST_PYTHON" -m tests.update.program "$(cat VERSION)" "$(cd ../.. && pwd)"
"""


def write_version(folder: Path, version: str, count: int = 6, size: int = 3000) -> None:
    """A small version: a program that starts, some files, and their sums."""
    (folder / "lib").mkdir(parents=True)
    contents = {"VERSION": version.encode(), "kam-desktop": PROGRAM.encode()}
    for number in range(count):
        seed = f"{version} {number} ".encode()
        contents[f"lib/part{number}.bin"] = b"".join(
            hashlib.sha256(seed + str(place).encode()).digest() for place in range(size // 32)
        )
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in contents.items())
    for name, data in {**contents, "SUMS": sums.encode()}.items():
        (folder / name).write_bytes(data)
    (folder / "kam-desktop").chmod(0o755)


@dataclass
class Laptop:
    """One computer with a base folder, as the installer leaves it."""

    base: Path
    source: Source
    version: str = "1.0.0"
    device: str = "laptop-1"
    limits: Limits = CALM
    reports: list[tuple[int, int]] = field(default_factory=list)

    def install(self, contents: Callable[[Path], None] | None = None) -> Laptop:
        """The first version, by the installer."""
        folder = self.base / "versions" / self.version
        (contents or (lambda target: write_version(target, self.version)))(folder)
        (self.base / "current").write_text(Pointer(self.version).text(), "ascii")
        return self

    @property
    def place(self) -> Installation:
        return Installation(self.base, self.version)

    def updates(self) -> Updates:
        return Updates(
            self.base / "updates", self.source, SystemClock(), self.device,
            place=self.place, version=self.version, limits=self.limits,
        )  # fmt: skip

    def take(self, between: Callable[[Path], None] | None = None) -> str:
        """The whole road of an update; the version that the next start takes. Raises Unavailable."""
        updates = self.updates()
        release = updates.check()
        if release is not None:
            updates.download(release, lambda done, whole: self.reports.append((done, whole)))
            if between is not None:
                between(self.base / "updates" / f"{release.sha256}.part")
            updates.make_ready(release, lambda _done, _whole: None)
            updates.switch(release)
        return self.next()

    def next(self) -> str:
        """The version that the next start takes."""
        pointer = self.place.pointer()
        assert pointer is not None
        return pointer.version

    def versions(self) -> set[str]:
        """What lies on the disk as whole versions."""
        return {each.name for each in (self.base / "versions").iterdir() if not each.name.startswith(".")}


class Stage:
    """A publisher, a server and laptops below one folder."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server, self._count = folder, server, 0
        self.keys_folder = folder / "keys"
        self.public = {role: [self.key(role) for _ in range(3 if role == "root" else 1)] for role in ROLES}
        self.keys = Keys([self.keys_folder])
        self.repository = Repository(folder / "repository", self.keys)
        self.repository.create(self.public, {"root": 2})
        self.root = (folder / "repository/metadata/1.root.json").read_bytes()
        server.folder = self.repository.folder

    def key(self, role: str) -> Any:
        """A fresh key among the publisher's."""
        return new_key(self.keys_folder, role)

    def archive(self, version: str, contents: Callable[[Path], None] | None = None) -> Path:
        """A version packed."""
        self._count += 1
        folder = self.folder / f"built-{self._count}"
        (contents or (lambda target: write_version(target, version)))(folder)
        packed = self.folder / f"built-{self._count}.tar.zst"
        archive.pack(folder, packed, level=1)
        return packed

    def release(self, version: str, percent: int = 100, schema: int = 1) -> None:
        """The honest publisher's next release."""
        notes = {"en": f"What is new in {version}.", "vi": f"Có gì mới trong {version}."}
        self.repository.release(self.archive(version), PLATFORM, version, schema=schema, notes=notes, percent=percent)

    def laptop(self, version: str = "1.0.0", device: str = "laptop-1", **named: Any) -> Laptop:
        """A fresh computer."""
        self._count += 1
        base = self.folder / f"laptop-{self._count}"
        return Laptop(base, Source(self.server.address, self.root), version, device, **named).install()

    def thief(self, days_ago: int = 0) -> Repository:
        """A copy of the repository in a thief's hands, given out by the server; the test says which keys he uses."""
        self._count += 1
        folder = self.folder / f"thief-{self._count}"
        shutil.copytree(self.repository.folder, folder)
        self.server.folder = folder
        now = datetime.now(UTC) - timedelta(days=days_ago) if days_ago else None
        return Repository(folder, Keys([self.keys_folder]), now=now, days=DAYS)

    def honest(self) -> None:
        """The attack is over: the publisher's own files again."""
        self.server.folder = self.repository.folder
        self.server.hooks.clear()


def edited(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes a signed file without signing it."""
    content = json.loads(file.read_text("utf-8"))
    change(content)
    file.write_text(json.dumps(content), "utf-8")
