"""The own lock: by key or after minutes without a touch the program starts anew, at the passphrase."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from kam_desktop.domain.errors import Refused
from kam_desktop.language import N_, tr
from kam_desktop.ui.background import Failure
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.palette import Command
from kam_desktop.ui.sentences import words_of

PREFERENCE = "lock.minutes"
MINUTES = (5, 15, 30)
_LOOK_MS = 10_000
_TOUCHES = frozenset((
    QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.MouseMove,
    QEvent.Type.TouchBegin, QEvent.Type.InputMethod,
))  # fmt: skip


class OwnLock(QObject):
    """One for a window. Where no minutes are chosen it costs nothing but its command."""

    def __init__(self, desk: Desk, window: Any, presenting: Callable[[], bool]) -> None:
        super().__init__(window)
        self._desk, self._window, self._presenting = desk, window, presenting
        self._minutes, self._touched_s = 0, 0.0
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        window.add_command(Command(N_("Lock"), self.lock, ("khoa", "lock", "passphrase"), "lock_now", "lock"))

    def follow(self) -> None:
        """Takes up what the person chose; the profile is open."""
        text = self._desk.remembered.get(PREFERENCE, "")
        self._minutes = int(text) if text.isdecimal() else 0
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
            if self._minutes:
                app.installEventFilter(self)
        self._touched_s = self._desk.clock.monotonic()
        self._timer.start() if self._minutes else self._timer.stop()

    def choose(self, minutes: str) -> None:
        """After so many minutes without a touch; "" for never."""
        self._desk.remember(PREFERENCE, minutes)
        self.follow()

    def lock(self) -> None:
        """Locks now, but never while somebody presents: the screen that all see would show the lock."""
        if self._away() or not self._desk.door or self._desk.background.profile is None:
            if self._away():
                self._window.toast(tr("Not while you are presenting."), None, "warning")
            return
        self._desk.door[0].lock_up(self._refused)

    def _away(self) -> bool:
        return self._presenting() or bool(self._window.windowState() & Qt.WindowState.WindowFullScreen)

    def _look(self) -> None:
        passed_s = self._desk.clock.monotonic() - self._touched_s
        if self._minutes and passed_s >= 60 * self._minutes and not self._away() and self._desk.door:
            self._timer.stop()
            self._desk.door[0].lock_up(self._refused)

    def _refused(self, failure: Failure) -> None:
        if isinstance(failure, Refused):
            self._window.toast(words_of(failure), None, "warning")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _TOUCHES:
            self._touched_s = self._desk.clock.monotonic()
        return False
