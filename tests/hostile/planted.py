"""The control of the watcher: a planted open and a planted socket, here and in a confined child."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

from kam_desktop import confined
from kam_desktop.domain.errors import Broken

OPEN, FENCED = "tests.hostile.planted:reach_out", "tests.hostile.planted:reach_out_behind_the_fence"


def reach_out(inputs: list[bytes], args: Any) -> str:
    """In a child whose door stands open: reads a file and makes a socket."""
    socket.socket().close()
    return Path(args).read_text("utf-8")


def reach_out_behind_the_fence(inputs: list[bytes], args: Any) -> str:
    """In a child whose door is closed: the attempt counts, although it fails."""
    return reach_out(inputs, args)


def _main(secret: Path) -> None:
    from tests.hostile.watcher import Watcher

    tasks = (
        confined.Confined(OPEN, preload=("socket",), may_open=True),
        confined.Confined(FENCED, preload=("socket",)),
    )
    confined.ALLOWED = (*confined.ALLOWED, *tasks)  # type: ignore[misc,assignment]
    watcher = Watcher()
    seen: dict[str, Any] = {}
    watcher.begin()
    secret.read_text("utf-8")
    socket.socket().close()
    watcher.end()
    seen["here"] = [watcher.opened, watcher.asked]
    for name, task in zip(("open", "fenced"), tasks, strict=True):
        watcher.begin()
        try:
            seen[f"{name} answer"] = confined.run(task, [], str(secret))
        except Broken as broken:
            seen[f"{name} answer"] = str(broken)
        watcher.end()
        seen[name] = [watcher.opened, watcher.asked]
        seen[f"{name} bytes"] = watcher.child_bytes
    watcher.begin(secret)
    secret.read_text("utf-8")
    watcher.end()
    seen["allowed"] = [watcher.opened, watcher.asked]
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
