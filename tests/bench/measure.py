"""What the probes measure with: paints, a heartbeat in the event loop, a script of steps, memory."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
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


class Heartbeat(QObject):
    """A timer of 5 ms in the event loop: what it comes late by is a stall, kept under the phase of that moment."""

    PERIOD_S = 0.005

    def __init__(self) -> None:
        super().__init__()
        self.phase = ""
        self.longest: dict[str, float] = {}
        self._last = monotonic()
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

    def _beat(self) -> None:
        now = monotonic()
        late = now - self._last - self.PERIOD_S
        self._last = now
        if self.phase and late > self.longest[self.phase]:
            self.longest[self.phase] = late


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
            if monotonic() > self._deadline:
                print("waited too long at", *_places(self._steps), file=sys.stderr, flush=True)
                os._exit(1)  # the window's own dialog for faults would hold the process
            return
        self._timer.stop()
        try:
            step = next(self._steps)
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


def middle(values: list[float]) -> float:
    """The median; 0 for no values."""
    ordered = sorted(values)
    count = len(ordered)
    return 0.0 if not count else (ordered[(count - 1) // 2] + ordered[count // 2]) / 2


def high(values: list[float], percent: int = 95) -> float:
    """The value that so many per cent do not exceed (nearest rank); 0 for no values."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0.0
