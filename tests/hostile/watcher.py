"""Watches what a process and its children open, ask and start, by Python's audit events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path
from typing import Any

from kam_desktop import config, confined

_OPENS = ("open", "os.listdir", "os.scandir", "os.mkdir", "os.rename", "os.remove", "os.symlink", "os.link", "os.chmod")
_STARTS = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.startfile", "os.spawn")

# Runs first in every confined child: tells on standard error, a pipe, which the fence around files does not close.
_IN_THE_CHILD = """
import sys, os, json
def _watch(roots):
    told = [0]
    def hook(event, arguments):
        if event == "open" or event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn",
                                                "os.fork", "os.spawn")):
            name = str(arguments[0]) if arguments else ""
            if event == "open" and (name.startswith((*roots, "/proc/self/status")) or isinstance(arguments[0], int)):
                return
            if told[0] < 100:
                told[0] += 1
                os.write(2, (json.dumps([event, name[:300]]) + "\\n").encode())
    sys.addaudithook(hook)
_watch(tuple(json.loads(sys.argv[2])))
if sys.platform == "linux":
    def _ending(code, leave=os._exit, status=os.open("/proc/self/status", os.O_RDONLY)):
        os.lseek(status, 0, 0)
        held = [line.split()[1] for line in os.read(status, 9999).split(b"\\n") if line.startswith(b"VmHWM")]
        os.write(2, (json.dumps(["held", held[0].decode()]) + "\\n").encode())
        leave(code)
    os._exit = _ending
"""


def code_roots() -> list[str]:
    """The folders that hold Python, its packages, our code and our resources."""
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}
    places |= {str(Path(confined.__file__).resolve().parent.parent), str(config.resources())}
    return sorted({os.path.realpath(each) for each in places} | places)


class Watcher:
    """Every file that is opened outside the allowed places, every socket, every program started.

    Attributes:
        on: whether anything is written down now.
        allowed: places, beside those of code and resources, where files may be opened.
        opened, asked, started: what was seen since `begin`.
        child_bytes: the most memory that a confined child held at one time.
    """

    def __init__(self) -> None:
        self.on = False
        self.allowed: tuple[str, ...] = ()
        self.opened: list[str] = []
        self.asked: list[str] = []
        self.started: list[str] = []
        self.child_bytes = 0
        self._code = tuple(code_roots())
        sys.addaudithook(self._hook)
        _Child.watcher = self
        confined.subprocess.Popen = _Child  # type: ignore[misc]

    def begin(self, *allowed: Path) -> None:
        """Forgets what was seen; from now on these places may be opened beside code and resources."""
        self.allowed = tuple(str(each) for each in allowed)
        self.opened, self.asked, self.started, self.child_bytes, self.on = [], [], [], 0, True

    def end(self) -> None:
        self.on = False

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event in _OPENS:
            name = arguments[0] if arguments else ""
            if isinstance(name, int) or name is None:
                return
            if event != "open" and not os.path.isabs(name) and arguments[-1] not in (-1, None):
                return  # within a folder that was opened itself, and was looked at then
            text = os.fsdecode(name) if isinstance(name, bytes | os.PathLike) else str(name)
            if not text.startswith((*self._code, *self.allowed, "/dev/null", "/usr/share/zoneinfo", "/proc/")):
                self.opened.append(f"{event} {text[:300]}")
        elif event.startswith("socket."):
            self.asked.append(f"{event} {arguments[1:]!r}"[:300])
        elif event.startswith(_STARTS):
            self.started.append(event)
        elif event == "subprocess.Popen" and str(arguments[0]) != confined.interpreter():
            self.started.append(f"{event} {arguments[0]}")

    def told_by_child(self, line: str) -> None:
        """One event of a child."""
        event, name = json.loads(line)
        if event == "held":
            self.child_bytes = max(self.child_bytes, int(name) * 1024)
        elif event == "open":
            self.opened.append(f"child: open {name}")
        elif event.startswith("socket."):
            self.asked.append(f"child: {event}")
        else:
            self.started.append(f"child: {event}")


class _Child(subprocess.Popen):  # type: ignore[type-arg]
    """A confined child with a watcher in it, and its memory measured when it ends."""

    watcher: Watcher

    def __init__(self, arguments: Any, **options: Any) -> None:
        place = arguments.index("-c") + 1
        arguments = [*arguments[:place], _IN_THE_CHILD + arguments[place], *arguments[place + 1 :]]
        arguments.append(json.dumps(code_roots()))
        super().__init__(arguments, **{**options, "stderr": subprocess.PIPE})
        self._ears = threading.Thread(target=self._listen, daemon=True)
        self._ears.start()
        if sys.platform == "linux":
            threading.Thread(target=self._look, daemon=True).start()

    def _listen(self) -> None:
        assert self.stderr is not None
        with self.stderr as told:
            for line in told:
                if line.startswith(b"["):
                    self.watcher.told_by_child(line.decode())

    def _look(self) -> None:
        """How much it holds, again and again: one that is killed does not tell."""
        place = f"/proc/{self.pid}/status"
        while self.returncode is None:
            try:
                with open(place, encoding="ascii") as status:
                    held = [line.split()[1] for line in status if line.startswith("VmHWM")]
            except OSError:
                return
            if held:
                self.watcher.child_bytes = max(self.watcher.child_bytes, int(held[0]) * 1024)
            time.sleep(0.02)

    def wait(self, timeout: float | None = None) -> int:
        code = super().wait(timeout)
        self._ears.join(timeout=5)
        return code
