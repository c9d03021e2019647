"""Keys that work while the keyboard is within one part of the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget


def add_shortcut(within: QWidget, keys: str, callback: Callable[[], object]) -> None:
    """Calls back on `keys` ("Ctrl+L"; several parted by a blank) while `within` or a widget in it has the keyboard."""
    for each in keys.split():
        made = QShortcut(QKeySequence(each), within)
        made.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        made.activated.connect(callback)
