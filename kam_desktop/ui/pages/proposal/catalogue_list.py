"""The products that fit what is typed into a line: a list that never takes the keyboard."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QStringListModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from kam_desktop.language import tr
from kam_desktop.ui import theme

_MOST = 8


class CatalogueList(QListView):
    """Names to choose from. The editor stays where the letters go, so that no input method is disturbed.

    Signals:
        chosen(str): the id of the product that was clicked or taken by Enter.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._ids: list[str] = []
        self._names = QStringListModel(self)
        self.setModel(self._names)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Products"))
        line, high = theme.name_of("border_strong"), theme.px(28)
        self.setStyleSheet(
            f"QListView {{ border: 1px solid {line}; padding: {theme.px(3)}px; }}"
            f"QListView::item {{ height: {high}px; padding: 0 {theme.px(6)}px; }}"
        )
        self.clicked.connect(lambda index: self._choose(index.row()))
        self.hide()

    def offer(self, found: Sequence[tuple[str, str]], cell: QRect) -> None:
        """Shows (id, words) pairs below a cell of the parent, above it where there is no room."""
        self._ids = [key for key, _ in found[:_MOST]]
        self._names.setStringList([words for _, words in found[:_MOST]])
        if not found:
            self.hide()
            return
        height = len(self._ids) * theme.px(28) + theme.px(10)
        parent = self.parentWidget()
        room = parent.height() if parent else height
        top = cell.bottom() + 1 if cell.bottom() + height < room else max(0, cell.top() - height)
        self.setGeometry(cell.left(), top, max(cell.width(), theme.px(420)), height)
        self.show()
        self.raise_()

    def take_key(self, key: int) -> bool:
        """A key that was pressed in the editor; whether it was meant for the list."""
        if not self.isVisible():
            return False
        row = self.currentIndex().row()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if key == Qt.Key.Key_Down else -1
            self.setCurrentIndex(self._names.index(max(0, min(len(self._ids) - 1, row + step))))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab) and row >= 0:
            self._choose(row)
            return True
        if key == Qt.Key.Key_Escape:
            self.hide()
            return True
        return False

    def _choose(self, row: int) -> None:
        self.hide()
        if 0 <= row < len(self._ids):
            self.chosen.emit(self._ids[row])
