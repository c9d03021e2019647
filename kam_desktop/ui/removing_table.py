"""A table whose current row Delete takes away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent

from kam_desktop.ui.kit.table_view import TableView


class RemovingTable(TableView):
    """A list of rows that can be taken away by key.

    Signals:
        removed: Delete was pressed.
    """

    removed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and not event.modifiers():
            self.removed.emit()
        else:
            super().keyPressEvent(event)
