"""What the probes measure with: paints, frames, a heartbeat in the event loop, a script, memory."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
import traceback
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, thread_time
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QWidget

BORN = "KAM_BENCH_BORN"
"""The environment variable with the moment, by the monotonic clock, at which the process was started."""
_LAST = -1000  # after Qt's own events, repaints among them (Qt.LowEventPriority is -1)
_AFTER = QEvent.Type(QEvent.registerEventType())


def born() -> float:
    """When this process was started."""
    return float(os.environ[BORN])


class PaintWatch(QObject):
    """Tells when a widget has been painted and the frame is on the screen."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        self.at = 0.0
        self.then: Callable[[], None] | None = None
        self._posted = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and not self._posted:
            self._posted = True
            QCoreApplication.postEvent(self, QEvent(_AFTER), _LAST)
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() == _AFTER:
            self._posted = False
            self.count += 1
            self.at = monotonic()
            if self.then is not None:
                self.then()
            return True
        return super().event(event)


class FrameWatch(QObject):
    """Tells when the first frame of a window is on the screen that shows what is waited for.

    Attributes:
        count: frames so far.
        at: when the one came that showed it; 0 before.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.count = 0
        self.at = 0.0
        self._shows: Callable[[], bool] | None = None
        self._posted = False
        window.installEventFilter(self)

    def expect(self, shows: Callable[[], bool]) -> None:
        """From now on waits for a frame before which `shows()` was true."""
        self.at, self._shows = 0.0, shows

    def came(self) -> bool:
        """Whether it is on the screen."""
        return self.at > 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # the window is told to paint everything that has changed; what is true now will be in this frame
        if event.type() == QEvent.Type.UpdateRequest and not self._posted:
            self._posted = True
            shown = self._shows is not None and not self.at and self._shows()
            QCoreApplication.postEvent(self, _Shown(shown), _LAST)
        return False

    def event(self, event: QEvent) -> bool:
        if isinstance(event, _Shown):
            self._posted = False
            self.count += 1
            if event.shown and not self.at:
                self.at = monotonic()
            return True
        return super().event(event)


class _Shown(QEvent):
    def __init__(self, shown: bool) -> None:
        super().__init__(_AFTER)
        self.shown = shown


class Heartbeat(QObject):
    """A timer of 5 ms in the event loop: what it comes late by is a stall, kept under the phase of that moment.

    Attributes:
        longest: seconds, by phase.
        stalls: (seconds, phase, seconds that the UI thread itself computed in it) of all longer than a frame.
        watched_s: how long phases that count have lasted.
    """

    PERIOD_S = 0.005
    FRAME_S = 1 / 60

    def __init__(self) -> None:
        super().__init__()
        self.phase = ""
        self.longest: dict[str, float] = {}
        self.stalls: list[tuple[float, str, float]] = []
        self.watched_s = 0.0
        self.beats = array("f")
        self._worst = 0.0
        self.last, self._worked = monotonic(), thread_time()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._beat)

    def begin(self, phase: str) -> None:
        """What comes late from now on belongs to this phase; "" is not counted."""
        self._beat()
        self.phase = phase
        if phase:
            self.longest.setdefault(phase, 0.0)
        self._timer.start()

    def take_worst(self) -> float:
        """The longest stall since this was asked last."""
        self._beat()
        worst, self._worst = self._worst, 0.0
        return worst

    def _beat(self) -> None:
        now, worked = monotonic(), thread_time()
        late = now - self.last - self.PERIOD_S
        if self.phase:
            self.watched_s += now - self.last
            self.beats.append(max(0.0, late))
            self._worst = max(self._worst, late)
            if late > self.longest[self.phase]:
                self.longest[self.phase] = late
            if late > self.FRAME_S:
                self.stalls.append((late, self.phase, worked - self._worked))
        self.last, self._worked = now, worked

    def high_wait(self, percent: float) -> float:
        """How long something that comes at any moment has to wait at most, in so many per cent of all moments.

        The beats alone would flatter: one stall of a second is one late beat among the thousands of a quiet minute.
        Here it weighs a second, in which whoever comes waits for the rest of it.
        """
        ordered = sorted(self.beats, reverse=True)
        beyond = self.watched_s * (1 - percent / 100)
        low, top = 0.0, ordered[0] if ordered else 0.0
        for _ in range(40):  # the time in which one would wait longer than `middle` falls as that grows
            middle = (low + top) / 2
            longer = 0.0
            for late in ordered:
                if late <= middle:
                    break
                longer += late - middle
            low, top = (middle, top) if longer > beyond else (low, middle)
        return top


class Witness:
    """Where the UI thread is while the heart is late: a thread looks every 10 ms and counts the places it sees."""

    def __init__(self, heart: Heartbeat, late_s: float = 0.03) -> None:
        self.places: Counter[str] = Counter()
        self._heart, self._late_s = heart, late_s
        self._main = threading.get_ident()
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        wait = threading.Event()
        while not wait.wait(0.01):
            late = monotonic() - self._heart.last
            if self._heart.phase and late > self._late_s:
                frame, names = sys._current_frames().get(self._main), []
                while frame is not None:
                    file = frame.f_code.co_filename
                    if "kam_desktop" in file:
                        names.append(f"{Path(file).stem}.{frame.f_code.co_name}:{frame.f_lineno}")
                    frame = frame.f_back
                self.places[f"{self._heart.phase} | {' < '.join(names[:6])}"] += 1


Step = Callable[[], bool] | float


class Script(QObject):
    """Runs a generator inside the event loop: it yields seconds to wait, or a condition to wait for."""

    def __init__(self, steps: Iterator[Step], timeout_s: float = 20.0) -> None:
        super().__init__()
        self._steps, self._timeout_s = steps, timeout_s
        self._until: Callable[[], bool] = lambda: True
        self._deadline = monotonic() + timeout_s
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begins at the next turn of the loop."""
        self._timer.start()

    def _tick(self) -> None:
        if not self._until():
            if monotonic() <= self._deadline:
                return
            late = TimeoutError(" ".join(("waited too long at", *_places(self._steps))))
        else:
            late = None
        self._timer.stop()
        try:
            # whoever can go on without it catches it
            step = next(self._steps) if late is None else self._steps.throw(late)  # type: ignore[attr-defined]
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 - a probe that fails ends its process
            traceback.print_exc()
            os._exit(1)
        now = monotonic()
        if callable(step):
            self._until, self._deadline = step, now + self._timeout_s
        else:
            wake = now + step
            self._until, self._deadline = (lambda: monotonic() >= wake), wake + self._timeout_s
        self._timer.start()


def _places(steps: Any) -> Iterator[str]:
    """Where a generator stands, and the ones it waits for."""
    while steps is not None and steps.gi_frame is not None:
        yield f"{steps.gi_code.co_name}:{steps.gi_frame.f_lineno}"
        steps = steps.gi_yieldfrom


def wheel(viewport: QWidget, notches: int = -1) -> None:
    """Turns the mouse wheel over a view."""
    at = QPointF(viewport.rect().center())
    turn = QWheelEvent(
        at,
        viewport.mapToGlobal(at),
        QPoint(0, 0),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(viewport, turn)


def memory() -> dict[str, float]:
    """The process's memory now and at its highest, in MB; empty where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return {}
    gc.collect()
    found = {}
    for line in status.read_text().splitlines():
        name, _, value = line.partition(":")
        if name in ("VmHWM", "VmRSS"):
            found[name] = int(value.split()[0]) / 1024
    return found


def resident() -> float:
    """The process's memory now in MB; nothing is collected before. 0 where the system does not tell."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if pages.exists() else 0.0


def take_peak() -> float:
    """The highest resident size in MB since this was asked last; 0 where the system does not tell."""
    status, forget = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not status.exists():
        return 0.0
    found = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    with contextlib.suppress(OSError):
        forget.write_text("5")
    return int(found.split()[1]) / 1024


def middle(values: list[float]) -> float:
    """The median; 0 for no values."""
    ordered = sorted(values)
    count = len(ordered)
    return 0.0 if not count else (ordered[(count - 1) // 2] + ordered[count // 2]) / 2


def high(values: list[float], percent: int = 95) -> float:
    """The value that so many per cent do not exceed (nearest rank); 0 for no values."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0.0
