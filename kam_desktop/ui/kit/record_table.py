"""The item model of every list: ids of the whole answer, cached rows, blanks that ask."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    Qt,
    QTimer,
    Signal,
)

from kam_desktop.ui.answer import Answer as Answer
from kam_desktop.ui.answer import RowGroup as RowGroup
from kam_desktop.ui.kept_place import KeptPlace as KeptPlace
from kam_desktop.ui.kit.cells import GROUP, LOOK, PRIVATE, Index, Look, row_summary

PAGE = 100  # rows that are asked for together
KEPT = 40 * PAGE  # rows that stay in memory
_AHEAD_MS = 50  # after so long at rest the pages before and after are asked for too
_AT_ONCE = 3  # pages asked for in one question; who scrolls on has no use for the older ones

_ROLE = Qt.ItemDataRole
_FLAG = QItemSelectionModel.SelectionFlag
_HORIZONTAL = Qt.Orientation.Horizontal
_HEAD_FLAGS = Qt.ItemFlag.NoItemFlags
_ROW_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren


@dataclass(frozen=True)
class TableColumn:
    """What one column shows of a row (a frozen value of the page's own).

    Attributes:
        title: translated; a second line after a line end.
        text: the words in the cell; reads memory only.
        look: how the cell differs from its column.
        order: the name by which the controller sorts; "" where a click on the head does nothing.
        falling: the first click on the head puts the largest first.
        private: the client must never see it.
    """

    title: str
    text: Callable[[Any], str]
    look: Callable[[Any], Look | None] | None = None
    order: str = ""
    falling: bool = False
    private: bool = False


class RecordTable(QAbstractTableModel):
    """The rows of an answer. `data` reads memory only; a row that is not there is blank and asked for.

    Signals:
        wanted(list): ids whose rows are shown and missing; the controller answers with `deliver`, always.
        order_wanted(str, bool): sort by that name, descending or not.
        answered: another answer is shown.

    Attributes:
        answer: what is shown.
        order: the (name, descending) last asked for.
    """

    wanted = Signal(list)
    order_wanted = Signal(str, bool)
    answered = Signal()

    def __init__(self, columns: Sequence[TableColumn], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.answer = Answer(())
        self.order = ("", False)
        self._rows: OrderedDict[str, tuple[int, Any]] = OrderedDict()
        self._age = 0
        self._missing: dict[int, None] = {}
        self._asked, self._page, self._ahead = False, -1, False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._ask)

    # What the controller calls.

    def set_answer(self, answer: Answer) -> None:
        """Shows another answer; rows already in memory are shown until newer ones come."""
        same = self.answer.same_rows(answer)
        self._age += 1
        self._asked = False
        self._missing.clear()
        if not same:
            self.beginResetModel()
        self.answer = answer
        self._keep(answer.rows)
        if not same:
            self.endResetModel()
        elif self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, len(self.columns) - 1))
        self.answered.emit()

    def deliver(self, rows: Mapping[str, Any]) -> None:
        """Takes the rows that were wanted; those that are not among them stay blank."""
        self._asked = False
        self._keep(rows)
        places = [place for place in map(self.row_of, rows) if place >= 0] if len(rows) <= 2 else []
        first, last = (min(places), max(places)) if places else (0, self.rowCount() - 1)
        if rows and last >= 0 and not (self._ahead and not self._missing):  # nobody sees rows that came ahead
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
        if self._missing or not self._ahead:
            self._soon.start(0 if self._missing else _AHEAD_MS)

    def _keep(self, rows: Mapping[str, Any]) -> None:
        for key, row in rows.items():
            self._rows[key] = (self._age, row)
            self._rows.move_to_end(key)
        while len(self._rows) > KEPT:
            self._rows.popitem(last=False)

    # What views and pages ask.

    def id_at(self, row: int) -> str:
        """The id in a table row; "" for a group's head or no row."""
        place = self.answer.place(row)
        return self.answer.ids[place] if place >= 0 else ""

    def row_of(self, identity: str) -> int:
        """The table row of an id, -1 when it is not in the answer."""
        return self.answer.row_of(identity)

    def row_value(self, identity: str) -> Any:
        """The row of an id as far as it is in memory, else None."""
        kept = self._rows.get(identity)
        return None if kept is None else kept[1]

    # Qt.

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.answer)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        if role not in (_ROLE.DisplayRole, LOOK, GROUP, _ROLE.AccessibleTextRole) or not index.isValid():
            return None
        place = self.answer.place(index.row())
        if place < 0:
            return self._head(index, role)
        if role == GROUP:
            return None
        if place // PAGE != self._page:
            self._page = place // PAGE
            self._soon.start(_AHEAD_MS)
        key = self.answer.ids[place]
        kept = self._rows.get(key)
        if kept is None or kept[0] != self._age:
            self._miss(place)
            if kept is None:
                return "" if role == _ROLE.DisplayRole else None
        column = self.columns[index.column()]
        if role == LOOK:
            return column.look(kept[1]) if column.look else None
        if role == _ROLE.AccessibleTextRole and index.column() == 0:
            return row_summary(self, index.row())
        return column.text(kept[1])

    def _head(self, index: Index, role: int) -> Any:
        group = self.answer.head(index.row())
        if role == GROUP:
            head = (group.title, group.note, "chevron-right")
            return head[: 3 if group.folded else 2] if index.column() == 0 else None
        if role == _ROLE.AccessibleTextRole and index.column() == 0:
            return f"{group.title}; {group.note}"
        return "" if role == _ROLE.DisplayRole else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != _HORIZONTAL or not 0 <= section < len(self.columns):
            return None
        if role == _ROLE.DisplayRole:
            return self.columns[section].title
        return self.columns[section].private if role == PRIVATE else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        live = self.answer.place(index.row()) >= 0 or (index.isValid() and self.answer.head(index.row()).folded)
        return _ROW_FLAGS if live else _HEAD_FLAGS

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if 0 <= column < len(self.columns) and self.columns[column].order:
            self.order = (self.columns[column].order, order == Qt.SortOrder.DescendingOrder)
            self.order_wanted.emit(*self.order)

    # Rows that are not there.

    def _miss(self, place: int) -> None:
        page = place // PAGE
        if page not in self._missing:
            self._missing[page] = None
            if not self._asked:
                self._soon.start(0)

    def _ask(self) -> None:
        if self._asked:
            return
        self._ahead = not self._missing
        pages = [self._page + 1, self._page - 1] if self._ahead else list(self._missing)[-_AT_ONCE:]
        self._missing.clear()
        ids = self.answer.ids
        wanted = [key for page in pages for key in ids[page * PAGE : (page + 1) * PAGE]]
        wanted = [key for key in wanted if self._rows.get(key, (-1,))[0] != self._age]
        if wanted:
            self._asked = True
            self.wanted.emit(wanted)
