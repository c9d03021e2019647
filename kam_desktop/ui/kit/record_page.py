"""The page of a list: head, filters, table with totals, empty states, panel at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from kam_desktop.ui import theme
from kam_desktop.ui.kept_place import KeptPlace
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import page_head, tool_row
from kam_desktop.ui.kit.labels import PlainLabel, title
from kam_desktop.ui.kit.record_table import RecordTable, TableColumn
from kam_desktop.ui.kit.search_box import SearchBox
from kam_desktop.ui.kit.states import EmptyState, FilterEmpty
from kam_desktop.ui.kit.table_view import Column, TableView, TotalsRow
from kam_desktop.ui.shortcuts import add_shortcut


class RecordPage(QWidget):
    """A list of records. A subclass gives columns and words, and fills `side` and `tools`.

    Signals:
        searched(str): the text in the search box, after a pause.
        cleared: every filter is to be taken away.
        create_wanted: the main button or Ctrl+N.
        opened(str): Enter or double click on the row of this id.
        current_changed(str): the id of the current row, "" for none.

    Attributes:
        model: the rows; give it an Answer.
        table: the view.
        place: the current and the selected ids.
        head, tool_bar: the rows of the title and of the filters; more tools go to their right ends.
        side: the panel at the right, or None.
    """

    searched = Signal(str)
    cleared = Signal()
    create_wanted = Signal()
    opened = Signal(str)
    current_changed = Signal(str)

    def __init__(
        self, name: str, columns: Sequence[tuple[TableColumn, Column]], *, create: str, search: str,
        empty: tuple[str, str, str], filter_empty: str, tools: Sequence[QWidget] = (), side: QWidget | None = None,
        row_height: int = 36,
    ) -> None:  # fmt: skip
        """`name`, `create`, `search` and the rest are translated; `empty` is icon, sentence and line of help."""
        super().__init__()
        self.model = RecordTable([column for column, _ in columns], self)
        self.table = TableView(name, row_height=row_height)
        self.place = KeptPlace(self.table, self.model)
        self.table.set_columns([column for _, column in columns])
        self.totals = TotalsRow(self.table)
        self.count = PlainLabel(size=theme.SECTION, tone="muted")
        self.search = SearchBox(search)
        self.create_button = Button(create, icon="plus")
        self.side = side
        self._add = Button(create, icon="plus")
        lists = QWidget()
        below = QVBoxLayout(lists)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(self.table, 1)
        below.addWidget(self.totals)
        self._stack = QStackedLayout()
        for widget in (lists, EmptyState(*empty, self._add), FilterEmpty(filter_empty, self.cleared.emit)):
            self._stack.addWidget(widget)
        left = QVBoxLayout()
        left.setSpacing(0)
        self.head = page_head(title(name), self.count, None, self.create_button)
        left.addWidget(self.head)
        self.tool_bar = tool_row(self.search, *tools, None)
        left.addWidget(self.tool_bar)
        left.addLayout(self._stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        if side is not None:
            row.addWidget(side)
        self.search.asked.connect(self.searched)
        self.create_button.clicked.connect(self.create_wanted)
        self._add.clicked.connect(self.create_wanted)
        self.table.opened.connect(self._on_opened)
        self.place.current_changed.connect(self.current_changed)
        add_shortcut(self, "new", self.create_wanted.emit)
        add_shortcut(self, "find", self.search.edit.setFocus)

    def show_state(self, count: str, *, empty: bool, filtered: bool) -> None:
        """Shows the table, or why there is nothing in it; `count` stands beside the title."""
        self.count.setText(count)
        self._stack.setCurrentIndex((2 if filtered else 1) if empty else 0)
        self.totals.set_texts(self.model.answer.totals)
        self.totals.setVisible(bool(self.model.answer.totals))

    def _on_opened(self, index: QModelIndex) -> None:
        identity = self.model.id_at(index.row())
        if identity:
            self.opened.emit(identity)
