"""Stalls of a window told apart: computed, waiting for a processor, waiting for other threads."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from time import monotonic, thread_time
from typing import NamedTuple

from tests.bench.measure import Heartbeat

_QUEUE = Path("/proc/self/schedstat")  # of the first thread: nanoseconds computed, nanoseconds waited for a processor


class Stall(NamedTuple):
    """One, in seconds.

    Attributes:
        own: the window's thread computed.
        queued: it was ready, and other processes and threads had the processors (0 where the system does not tell).
        seen: where it was, and where the lanes were, as somebody saw who looked every 10 ms.
    """

    late: float
    phase: str
    own: float
    queued: float
    seen: tuple[str, ...] = ()


class StallWatch(Heartbeat):
    """The heartbeat, and of each of its stalls what it was made of.

    What is neither computed nor queued was spent waiting for a lane that held Python's lock, or the screen.
    """

    def __init__(self, why_s: float = 0.0) -> None:
        self.found: list[Stall] = []
        self._queued = _queued()
        self._glimpses: list[str] = []
        super().__init__()
        self._why_s, self._own = why_s, 0
        if why_s:
            threading.Thread(target=self._look, name="onlooker", daemon=True).start()

    def _beat(self) -> None:
        late, own = monotonic() - self.last - self.PERIOD_S, thread_time() - self._worked
        queued = _queued()
        if self.phase and late > self.FRAME_S:
            self.found.append(Stall(late, self.phase, own, queued - self._queued, tuple(self._glimpses)))
        self._queued, self._glimpses = queued, []
        super()._beat()

    def _look(self) -> None:
        self._own, wait = threading.get_ident(), threading.Event()
        while not wait.wait(0.01):
            if self.phase and monotonic() - self.last > self._why_s:
                names = {each.ident: each.name for each in threading.enumerate() if each.ident != self._own}
                self._glimpses.append(" || ".join(_seen(names)))


def _seen(names: dict[int | None, str]) -> list[str]:
    """Where each of these threads is.

    No frame is held any longer than it is read: the painter of a paintEvent that has ended meanwhile would live on in
    it, and Qt does not bear that.
    """
    frames = sys._current_frames()
    found = {key: _places(frames.pop(key)) for key in list(frames) if key in names}
    return [f"{names[key]}: {where}" for key, where in sorted(found.items())]


def _places(frame: object) -> str:
    names: list[str] = []
    while frame is not None and len(names) < 5:
        code = frame.f_code  # type: ignore[attr-defined]
        names.append(f"{Path(code.co_filename).stem}.{code.co_name}:{frame.f_lineno}")  # type: ignore[attr-defined]
        frame = frame.f_back  # type: ignore[attr-defined]
    return " < ".join(names)


def _queued() -> float:
    try:
        return int(_QUEUE.read_text("ascii").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
