"""Keeps a list's current row, selection and scroll position while its model shows another answer."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import QTableView

from kam_desktop.ui import theme

GROUP_ROW = 32  # px at 100 %: the head over a group is lower than a row
_KEPT = 200  # selected rows that are found again in another answer
_FLAG = QItemSelectionModel.SelectionFlag


class KeptPlace(QObject):
    """Keeps a view's current row, its selection and its place while its model shows another answer with its groups.

    Signals:
        current_changed(str): the id that is current now, "" for none.
    """

    current_changed = Signal(str)

    def __init__(self, view: QTableView, model: Any) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self._current, self._selected, self._all, self._top = "", list[str](), False, ("", 0)
        self._heads = set[int]()
        view.setModel(model)
        head = view.horizontalHeader()
        head.sectionClicked.connect(self._on_head_clicked)
        view.selectionModel().currentRowChanged.connect(self._on_current)
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)

    def current(self) -> str:
        """The id of the current row."""
        return self._model.id_at(self._view.currentIndex().row()) if self._view.currentIndex().isValid() else ""

    def selected(self) -> list[str]:
        """The ids of the selected rows, from the top; in a selection of several rows, a folded head is its group."""
        spans = self._spans()
        if not spans or (len(spans) == 1 and spans[0][0] == spans[0][1]):
            return [key for key in (self._model.id_at(first) for first, _ in spans) if key]
        return [key for first, last in spans for key in self._model.answer.between(first, last)]

    def count(self) -> int:
        """How many ids are selected; fast whatever their number."""
        spans = self._spans()
        if not spans or (len(spans) == 1 and spans[0][0] == spans[0][1]):
            return len(self.selected())
        return sum(self._model.answer.count_between(first, last) for first, last in spans)

    def _spans(self) -> list[tuple[int, int]]:
        """The selected rows as spans that do not touch; asking each row would take long with 100,000 of them."""
        spans: list[tuple[int, int]] = []
        for top, bottom in sorted(
            {(each.top(), each.bottom()) for each in self._view.selectionModel().selection().toList()}
        ):
            if spans and top <= spans[-1][1] + 1:
                spans[-1] = (spans[-1][0], max(bottom, spans[-1][1]))
            else:
                spans.append((top, bottom))
        return spans

    def show(self, identity: str) -> bool:
        """Makes the row of an id current; False if it is not in the list."""
        row = self._model.row_of(identity)
        if row >= 0:
            # The view's own setCurrentIndex takes a Ctrl or Shift that happens to be down for a click with it.
            index = self._model.index(row, self._first())
            self._view.selectionModel().setCurrentIndex(index, _FLAG.ClearAndSelect | _FLAG.Rows)
        return row >= 0

    def _first(self) -> int:
        """The first column that is shown."""
        head = self._view.horizontalHeader()
        return next((at for at in range(head.count()) if not head.isSectionHidden(at)), 0)

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() or not self._current:
            self.current_changed.emit(self._model.id_at(current.row()) if current.isValid() else "")

    def _on_head_clicked(self, column: int) -> None:
        name = self._model.columns[column].order
        if name:
            falling = self._model.columns[column].falling
            descending = not self._model.order[1] if self._model.order[0] == name else falling
            order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
            self._view.horizontalHeader().setSortIndicatorShown(True)
            self._view.horizontalHeader().setSortIndicator(column, order)
            self._model.sort(column, order)

    def _remember(self) -> None:
        count = self.count()
        self._all = count > 1 and count == len(self._model.answer.ids)
        # more than these cannot be found again quickly, and a part of them is not what was chosen
        self._current, self._selected = self.current(), self.selected() if count <= _KEPT else []
        top = self._view.rowAt(0)
        self._top = (self._model.id_at(top), self._view.rowViewportPosition(top) if top >= 0 else 0)

    def _restore(self) -> None:
        model, view = self._model, self._view
        heads = {model.answer.start_of(at) for at in range(len(model.answer.groups))}
        for row in self._heads ^ heads:  # Qt keeps the height of a row over a reset
            if row < model.rowCount():
                high = theme.px(GROUP_ROW) if row in heads else view.verticalHeader().defaultSectionSize()
                view.setRowHeight(row, high)
        self._heads = heads
        chosen, last = QItemSelection(), len(model.columns) - 1
        if self._all and model.rowCount():
            chosen.select(model.index(0, 0), model.index(model.rowCount() - 1, last))
        else:
            for row in map(model.row_of, self._selected):
                if row >= 0:
                    chosen.select(model.index(row, 0), model.index(row, last))
        row = model.row_of(self._current) if self._current else -1
        lost, self._current = self._current if row < 0 else "", ""
        if row >= 0:
            view.selectionModel().setCurrentIndex(model.index(row, self._first()), _FLAG.NoUpdate)
        view.selectionModel().select(chosen, _FLAG.ClearAndSelect | _FLAG.Rows)
        top = model.row_of(self._top[0]) if self._top[0] else -1
        if top >= 0:
            view.verticalScrollBar().setValue(view.verticalHeader().sectionPosition(top) - self._top[1])
        if lost:
            self.current_changed.emit("")
