"""Kills this process at a counted file operation, KAM_KILL="<part>:<number>"; KAM_COUNT counts."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from pathlib import Path
from typing import Any

_EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod"}
_state: dict[str, Any] = {"count": 0, "at": 0, "base": ""}


def begin(part: str, base: Path | None = None) -> None:
    """From here on operations below the base folder are counted, when the part is the one that is asked for."""
    wanted, _, number = os.environ.get("KAM_KILL", "").partition(":")
    told = os.environ.get("KAM_COUNT")
    if wanted != part and not told:
        return
    _state.update(count=0, at=int(number) if wanted == part else 0, base=str(base or os.environ["KAM_BASE"]))
    sys.addaudithook(_on_event)
    write, sync = os.write, os.fsync

    def counted_write(descriptor: int, data: Any) -> int:
        if descriptor > 2 and _counts():
            write(descriptor, memoryview(data)[: len(data) // 2])  # half of it reaches the disk
            _die()
        return write(descriptor, data)

    def counted_sync(descriptor: int) -> None:
        if _counts():
            _die()
        sync(descriptor)

    os.write, os.fsync = counted_write, counted_sync
    if told:
        atexit.register(lambda: Path(f"{told}.{part.replace(' ', '-')}").write_text(str(_state["count"])))


def _counts() -> bool:
    _state["count"] += 1
    return _state["count"] == _state["at"]


def _on_event(event: str, args: tuple[Any, ...]) -> None:
    if event in _EVENTS and args and str(args[0]).startswith(_state["base"]) and _counts():
        _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
