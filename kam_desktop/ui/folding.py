"""Groups of a list folded away by a click on their head or by ← and →; what is folded stays so."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit.record_table import RecordTable, RowGroup
from kam_desktop.ui.kit.table_view import TableView


class Folding(QObject):
    """Folds groups of a list: by a click on their head, ← on a row, → on a folded head.

    What is folded away still belongs to the list: to its counts, its workbook, and to a selection of everything.
    """

    def __init__(self, desk: Desk, key: str, table: TableView, model: RecordTable) -> None:
        """`key` is the name under which this laptop remembers which groups are folded."""
        super().__init__(table)
        self._desk, self._key, self._table, self._model = desk, f"{key}.folded", table, model
        self._folded = set(map(str, desk.recalled(self._key).get("groups", [])))
        table.installEventFilter(self)
        table.viewport().installEventFilter(self)

    def dressed(self, groups: Sequence[RowGroup]) -> list[RowGroup]:
        """The groups of an answer as they are to be shown: folded or not."""
        return [dataclasses.replace(each, folded=each.name in self._folded) for each in groups]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self._table:
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            return plain and self._on_key(event.key())
        pressed = isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress
        if pressed and isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            return self._on_click(self._table.rowAt(event.position().toPoint().y()))
        return False

    def _on_key(self, key: int) -> bool:
        row, answer = self._table.currentIndex().row(), self._model.answer
        if key not in (Qt.Key.Key_Left, Qt.Key.Key_Right) or row < 0 or not answer.groups:
            return False
        number = answer.number(row)
        if answer.groups[number].folded == (key == Qt.Key.Key_Right):
            self.fold(number, key == Qt.Key.Key_Left)
        return True

    def _on_click(self, row: int) -> bool:
        answer = self._model.answer
        if row < 0 or not answer.groups or answer.place(row) >= 0:
            return False
        number = answer.number(row)
        self._table.setFocus()
        self.fold(number, not answer.groups[number].folded)
        return True

    def fold(self, number: int, folded: bool) -> None:
        """Folds a group or unfolds it; the keyboard goes to its head, or to its first row."""
        answer = self._model.answer
        name = answer.groups[number].name
        self._folded = self._folded | {name} if folded else self._folded - {name}
        self._desk.remember(self._key, json.dumps({"groups": sorted(self._folded)}))
        self._model.set_answer(dataclasses.replace(answer, groups=self.dressed(answer.groups)))
        shown = self._model.answer
        row = shown.start_of(number) + (0 if folded or not shown.groups[number].count else 1)
        self._table.setCurrentIndex(self._model.index(row, self._table.edges[0]))
