"""Follows a list that a key held down runs through: the first row, then where it comes to rest."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

PAUSE_MS = 80


class AtRest(QObject):
    """Keeps a panel from being built anew for every row that flies past.

    Args:
        follow: called with the key of a row that is looked at.
    """

    def __init__(self, parent: QObject, follow: Callable[[str], object]) -> None:
        super().__init__(parent)
        self._follow, self._waiting = follow, ""
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._on_rest)

    def want(self, key: str) -> None:
        """Another row is the current one."""
        flying = self._pause.isActive()
        self._waiting = key if flying else ""
        self._pause.start()
        if not flying:
            self._follow(key)

    def _on_rest(self) -> None:
        key, self._waiting = self._waiting, ""
        if key:
            self._follow(key)
