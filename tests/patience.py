"""Waiting patiently, until what was posted has happened; all keys let go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

PATIENCE_MS = 20_000
"""So long is waited for a condition; a machine with other work to do may stand still for some seconds."""


class PatientBot(QtBot):
    """The bot of pytest-qt, with `PATIENCE_MS` where a test names no time of its own."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:
        """Waits until the condition holds, and still holds when everything is done that was posted by then.

        The answer of a lane makes widgets, and a layout shows those in a turn of its own. Whether that turn came before
        the condition was looked at is chance.
        """

        def holds() -> bool | None:
            first = callback()
            if first or first is None:
                QCoreApplication.sendPostedEvents()
                return callback()
            return first

        super().waitUntil(holds, timeout=timeout)

    def keyClick(self, *args: Any, **how: Any) -> None:
        """Presses a key and lets go of everything."""
        QTest.keyClick(*args, **how)
        let_go_of_the_keys()

    def mouseClick(self, *args: Any, **how: Any) -> None:
        """Clicks and lets go of everything."""
        QTest.mouseClick(*args, **how)
        let_go_of_the_keys()

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **how: Any) -> Any:
        """As pytest-qt has it."""
        return super().waitSignal(signal, timeout=timeout, **how)

    def waitSignals(self, signals: Any, *, timeout: int = PATIENCE_MS, **how: Any) -> Any:
        """As pytest-qt has it."""
        return super().waitSignals(signals, timeout=timeout, **how)

    def waitActive(self, widget: Any, *, timeout: int = PATIENCE_MS) -> Any:
        """As pytest-qt has it."""
        return super().waitActive(widget, timeout=timeout)

    def waitExposed(self, widget: Any, *, timeout: int = PATIENCE_MS) -> Any:
        """As pytest-qt has it."""
        return super().waitExposed(widget, timeout=timeout)


def let_go_of_the_keys() -> None:
    """Ctrl and Shift are up.

    QTest presses "Ctrl+S" and lets go of it with Ctrl still down, and Qt remembers that. The next `setCurrentIndex`,
    in this test or in one of another file, would then add to the selection as a click with Ctrl does.
    """
    if QGuiApplication.keyboardModifiers() != Qt.KeyboardModifier.NoModifier:
        QTest.keyRelease(QWidget(), Qt.Key.Key_Control)
