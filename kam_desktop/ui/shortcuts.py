"""Keys that work while the keyboard is within one part of the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from kam_desktop.ui import keymap

_WITHIN = Qt.ShortcutContext.WidgetWithChildrenShortcut


def add_shortcut(within: QWidget, keys: str, callback: Callable[[], object], *, everywhere: bool = False) -> None:
    """Calls back while `within`, or a widget in it, has the keyboard; `everywhere`: in its whole window.

    `keys` is the id of a deed of the keymap, whose keys are followed when the user changes them, or keys by
    themselves ("Ctrl+L"; several parted by a blank).
    """
    _Keys(within, keys, callback, Qt.ShortcutContext.WindowShortcut if everywhere else _WITHIN)


class _Keys(QObject):
    """The shortcuts of one deed within one widget; lives as long as the widget."""

    def __init__(self, within: QWidget, keys: str, callback: Callable[[], object], context: Qt.ShortcutContext) -> None:
        super().__init__(within)
        self._within, self._keys, self._callback, self._context = within, keys, callback, context
        self._made: list[QShortcut] = []
        self._make()
        if keys in keymap.BY_ID:
            keymap.signals.changed.connect(self._make)

    def _make(self) -> None:
        for each in self._made:
            each.setEnabled(False)
            each.deleteLater()
        self._made = []
        wanted = [QKeySequence(key) for key in keymap.sequences(self._keys)]
        for sequence in {key.toString(): key for key in wanted}.values():
            made = QShortcut(sequence, self._within)
            made.setContext(self._context)
            made.activated.connect(self._callback)
            self._made.append(made)
