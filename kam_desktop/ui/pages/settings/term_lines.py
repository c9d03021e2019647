"""The parts of a payment term, and the steps of one part, as tables that the keyboard changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView

from kam_desktop import formats
from kam_desktop.domain.entities import PaymentTermLine
from kam_desktop.domain.figures import terms
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.cells import Index
from kam_desktop.ui.kit.table_view import TableView

_ROLE = Qt.ItemDataRole


def part_words(line: PaymentTermLine) -> str:
    """What share of the total a part is."""
    value = formats.number(line.value) if line.value is not None else formats.NOTHING
    match line.kind:
        case "percent":
            return f"{value}{formats.NBSP}%"
        case "percent_of_rest":
            return tr("{value} % of the rest", value=value)
        case "fixed":
            return tr("{value}, fixed", value=value)
    return tr("The rest")


def step_words(step: str) -> str:
    """One move of a due date."""
    kind, _, count = step.partition(" ")
    match kind:
        case "days":
            return tr("+ {n} days", n=count)
        case "months":
            return tr("+ {n} months", n=count)
        case "day_of_month":
            return tr("the next day {n} of a month", n=count)
    return tr("end of the month")


def due_words(line: PaymentTermLine) -> str:
    """From when a part is due, in its order of steps."""
    start = tr("Papers complete") if line.from_papers else tr("Invoice date")
    return ", ".join([start, *(step_words(step) for step in line.steps)])


class Rows(QAbstractTableModel):
    """A short list that its owner changes as a whole; `texts` gives the words of a row's columns.

    Signals:
        changed: the user moved or took away a row.
    """

    changed = Signal()

    def __init__(self, heads: Sequence[str], texts: Callable[[int, Any], Sequence[str]],
                 parent: QObject | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self.heads, self._texts = tuple(heads), texts
        self.rows: list[Any] = []

    def set_rows(self, rows: Sequence[Any]) -> None:
        """Shows other rows."""
        if len(rows) != len(self.rows):
            self.beginResetModel()
            self.rows = list(rows)
            self.endResetModel()
        elif list(rows) != self.rows:
            self.rows = list(rows)
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self.heads) - 1))

    def move(self, row: int, step: int) -> int:
        """Moves a row up (−1) or down (1); returns where it stands."""
        target = row + step
        if not (0 <= row < len(self.rows) and 0 <= target < len(self.rows)):
            return row
        rows = list(self.rows)
        rows[row], rows[target] = rows[target], rows[row]
        self.set_rows(rows)
        self.changed.emit()
        return target

    def remove(self, row: int) -> None:
        """Takes a row away."""
        if 0 <= row < len(self.rows):
            self.set_rows([each for place, each in enumerate(self.rows) if place != row])
            self.changed.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        shown = orientation == Qt.Orientation.Horizontal and role == _ROLE.DisplayRole
        return self.heads[section] if shown and 0 <= section < len(self.heads) else None

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        if role != _ROLE.DisplayRole or not index.isValid() or index.row() >= len(self.rows):
            return None
        return self._texts(index.row(), self.rows[index.row()])[index.column()]

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren


def part_rows(parent: QObject | None = None) -> Rows:
    """The parts of a term."""
    heads = ("", tr("Part"), tr("Share"), tr("Due"))
    return Rows(heads, lambda row, line: (str(row + 1), line.name, part_words(line), due_words(line)), parent)


def step_rows(parent: QObject | None = None) -> Rows:
    """The steps of a part, done one after the other."""
    return Rows(("", tr("Step")), lambda row, step: (str(row + 1), step_words(step)), parent)


class MovedRows(TableView):
    """A table whose rows Alt+↑ ↓ moves and Delete takes away."""

    def __init__(self, name: str, rows: Rows) -> None:
        super().__init__(name)
        self.rows = rows
        rows.setParent(self)
        self.setModel(rows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)

    def fit(self, least: int, most: int) -> None:
        """As high as its rows, between so many and so many."""

        def follow() -> None:
            rows = max(least, min(most, self.rows.rowCount()))
            self.setFixedHeight(self.horizontalHeader().height() + rows * theme.px(36) + theme.px(4))

        self.rows.modelReset.connect(follow)
        follow()

    def row(self) -> int:
        """The current row, −1 for none."""
        return self.currentIndex().row()

    def go_to(self, row: int) -> None:
        """Makes a row the current one."""
        if 0 <= row < self.rows.rowCount():
            self.setCurrentIndex(self.rows.index(row, 1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, alt = self.row(), event.modifiers() & Qt.KeyboardModifier.AltModifier
        if alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.go_to(self.rows.move(row, -1 if event.key() == Qt.Key.Key_Up else 1))
        elif event.key() == Qt.Key.Key_Delete and not event.modifiers():
            self.rows.remove(row)
            self.go_to(min(row, self.rows.rowCount() - 1))
        else:
            super().keyPressEvent(event)


def with_values(line: PaymentTermLine, **values: Any) -> PaymentTermLine:
    """The part with other values; the rest of a total has no value of its own."""
    changed = dataclasses.replace(line, **values)
    return dataclasses.replace(changed, value=None) if changed.kind == terms.REST else changed
