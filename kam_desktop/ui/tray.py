"""The icon in the system's tray: off unless the user wants it, and only where there is a tray."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMainWindow, QMenu, QSystemTrayIcon

from kam_desktop.language import tr
from kam_desktop.ui import icons
from kam_desktop.ui.desk import Desk

PREFERENCE = "tray"


class Tray(QObject):
    """Belongs to the window; a click on the icon brings the window forward."""

    def __init__(self, window: QMainWindow, desk: Desk) -> None:
        super().__init__(window)
        self._window, self._desk = window, desk
        self.icon: QSystemTrayIcon | None = None

    def is_on(self) -> bool:
        """Whether the user wants the icon."""
        return self._desk.remembered.get(PREFERENCE) == "on"

    def choose(self, on: bool) -> None:
        """Shows the icon from now on, or takes it away."""
        self._desk.remember(PREFERENCE, "on" if on else "")
        self.follow()

    def follow(self) -> None:
        """Shows what the user chose; nothing where there is no tray."""
        if self.icon is not None:
            self.icon.hide()
            self.icon.deleteLater()
            self.icon = None
        if not self.is_on() or not available():
            return
        self.icon = QSystemTrayIcon(icons.icon("layers"), self)
        menu = QMenu(self._window)
        menu.addAction(tr("Show the window"), lambda: forward(self._window))
        menu.addAction(tr("Close the program"), self._window.close)
        self.icon.setContextMenu(menu)
        self.icon.activated.connect(self._on_activated)
        self.icon.show()

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason != QSystemTrayIcon.ActivationReason.Context:
            forward(self._window)


def available() -> bool:
    """Whether this desktop has a tray."""
    return QSystemTrayIcon.isSystemTrayAvailable()


def forward(window: QMainWindow) -> None:
    """Brings a window to the front, out of the task bar where it lies there."""
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()
