"""The lists in the tabs of one customer: people, proposals, open invoices, tasks, what was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from kam_desktop.language import tr
from kam_desktop.ui.kept_place import KeptPlace
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.cells import AmountCell, DateCell, Look, TextCell
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import caption
from kam_desktop.ui.kit.record_table import Answer, RecordTable, TableColumn
from kam_desktop.ui.kit.table_view import Column, TableView


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a tab: its texts by column, and what it opens; `late` makes its first date or amount red."""

    id: str
    texts: tuple[str, ...]
    late: bool = False
    open: tuple[str, str] = ("", "")


def _texts(at: int) -> Any:
    return lambda line: line.texts[at]


def _late(line: Line) -> Look | None:
    return Look(tone="danger", strong=True) if line.late else None


class RowsTab(QWidget):
    """A table of one tab. Enter opens a row; Space on one that can be ticked ticks it.

    Signals:
        opened(object): a Line.
        ticked(str): its id.
        create_wanted: the button.
    """

    opened = Signal(object)
    ticked = Signal(str)
    create_wanted = Signal()

    def __init__(self, name: str, columns: Sequence[tuple[str, int, str]], *, empty: str, create: str = "") -> None:
        """`columns`: title, width in px (0 stretches), kind of cell ("", amount, date, late)."""
        super().__init__()
        cells = {"amount": AmountCell, "date": DateCell, "late": AmountCell}
        made = [TableColumn(title, _texts(at), _late if kind == "late" else None)
                for at, (title, _, kind) in enumerate(columns)]  # fmt: skip
        self.model = RecordTable(made, self)
        self.table = TableView(name)
        self.place = KeptPlace(self.table, self.model)
        self.table.set_columns([
            Column(width, cells[kind]() if kind else TextCell(name=not at), 0 if at < 3 else at)
            for at, (_, width, kind) in enumerate(columns)
        ])  # fmt: skip
        none = Panel(margins=(24, 16, 24, 16)).add(caption(empty, wrap=True), None)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.table)
        self._stack.addWidget(none)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        if create:
            button = Button(create, icon="plus", small=True)
            button.clicked.connect(self.create_wanted)
            box.addWidget(Panel(row=True, margins=(24, 8, 24, 8)).add(button, None))
        box.addLayout(self._stack, 1)
        self.table.opened.connect(self._on_opened)
        self.table.peeked.connect(lambda index: self.ticked.emit(self.model.id_at(index.row())))

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Shows other rows."""
        rows: Mapping[str, Line] = {line.id: line for line in lines}
        self.model.set_answer(Answer(list(rows), (), rows))
        self._stack.setCurrentIndex(0 if rows else 1)

    def _on_opened(self, index: QModelIndex) -> None:
        line = self.model.row_value(self.model.id_at(index.row()))
        if line is not None:
            self.opened.emit(line)


def people_tab() -> RowsTab:
    """The people of a customer."""
    return RowsTab(tr("Contacts"), [
        (tr("Full name"), 200, ""), (tr("Position"), 0, ""), (tr("Phones"), 120, ""), (tr("E-mails"), 190, ""),
        (tr("Zalo"), 110, ""), (tr("Birthday"), 76, "date"),
    ], empty=tr("Nobody yet."), create=tr("Add contact"))  # fmt: skip


def proposals_tab() -> RowsTab:
    """Its proposals."""
    return RowsTab(tr("Proposals"), [
        (tr("Number"), 148, ""), (tr("Title"), 0, ""), (tr("Stage"), 120, ""), (tr("Total"), 120, "amount"),
        (tr("Valid until"), 90, "date"),
    ], empty=tr("No proposals yet"), create=tr("New proposal"))  # fmt: skip


def invoices_tab() -> RowsTab:
    """Its open invoices."""
    return RowsTab(tr("Collections"), [
        (tr("Invoice"), 0, ""), (tr("Still open"), 120, "late"), (tr("Days overdue"), 60, "date"),
        (tr("Due date"), 90, "date"), (tr("Issued on"), 90, "date"), (tr("Total"), 120, "amount"),
    ], empty=tr("Nothing is open."))  # fmt: skip


def tasks_tab() -> RowsTab:
    """Its tasks, open ones first."""
    return RowsTab(tr("Tasks"), [
        (tr("What is to be done"), 0, ""), (tr("To be done by"), 100, "late"), (tr("Done on"), 100, "date"),
    ], empty=tr("No task yet."), create=tr("Add task"))  # fmt: skip


def history_tab() -> RowsTab:
    """What was changed on this computer."""
    return RowsTab(tr("History"), [
        (tr("What was done"), 0, ""), (tr("When"), 130, "date"),
    ], empty=tr("Nothing was changed on this computer."))  # fmt: skip
