"""The two lists of the collections, open instalments and money received: rows, columns, totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from PySide6.QtWidgets import QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui.kit.cells import AmountCell, DateCell, Look, PillCell, TextCell
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.record_table import KeptPlace, RecordTable, TableColumn
from kam_desktop.ui.kit.table_view import Column, TableView, TotalsRow
from kam_desktop.ui.pages.collection.receipt import CONFIRMED, STATUS_LOOKS, status_words


@dataclass(frozen=True, slots=True)
class OpenLine:
    """One open instalment in the list; amounts in minor units of `currency`, days overdue below 1 are not due."""

    account: str
    number: str
    issued_on: date | None
    due_on: date | None
    days: int
    open: int
    currency: str
    name: str = ""
    on_default_term: bool = False
    account_id: str = ""
    invoice: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """Money that came in and is not laid against anything, or not wholly."""

    received_on: date | None
    account: str
    payer: str
    reference: str
    amount: int
    left: int
    currency: str
    status: str = CONFIRMED
    account_id: str = ""


class _AfterAmount(TextCell):
    """Text that follows a column of numbers, a little further off."""

    pad = 14


def _due(line: OpenLine) -> str:
    return formats.day(line.due_on) if line.due_on else tr("waiting for papers")


def _days(line: OpenLine) -> str:
    return formats.number(line.days) if line.days > 0 else formats.NOTHING


def _days_look(line: OpenLine) -> Look | None:
    return Look(tone="danger" if line.days > 30 else "text", strong=True) if line.days > 0 else None


def open_columns() -> list[TableColumn]:
    """The columns of the list of open instalments."""
    return [
        TableColumn(tr("Account"), lambda line: line.account),
        TableColumn(tr("Invoice"), lambda line: " · ".join(part for part in (line.number, line.name) if part)),
        TableColumn(tr("Invoice date"), lambda line: formats.day(line.issued_on)),
        TableColumn(tr("Due date"), _due),
        TableColumn(tr("Days overdue"), _days, _days_look),
        TableColumn(
            tr("Amount open"), lambda line: formats.amount(line.open, line.currency), lambda _line: Look(strong=True)
        ),
        TableColumn(tr("Payment term"), lambda line: tr("default term") if line.on_default_term else ""),
    ]


def receipt_columns() -> list[TableColumn]:
    """The columns of the list of money that came in."""
    words = status_words()
    return [
        TableColumn(tr("Received on"), lambda line: formats.day(line.received_on)),
        TableColumn(tr("Account"), lambda line: line.account or tr("Payer unknown"),
                    lambda line: None if line.account else Look(tone="text2")),
        TableColumn(tr("Status"), lambda line: words[line.status], lambda line: STATUS_LOOKS[line.status]),
        TableColumn(tr("Payer"), lambda line: line.payer),
        TableColumn(tr("Reference"), lambda line: line.reference),
        TableColumn(tr("Amount"), lambda line: formats.amount(line.amount, line.currency)),
        TableColumn(tr("Unallocated"), lambda line: formats.amount(line.left, line.currency, zero=formats.NOTHING),
                    lambda _line: Look(strong=True)),
    ]  # fmt: skip


def tools_place() -> tuple[Panel, QWidget]:
    """A row that the tools of a list fill, and the button before which they put theirs (none here)."""
    bar, button = Panel(row=True, gap=8), QWidget()
    button.hide()
    return bar.add(button), button


class ListView(QWidget):
    """A table with totals. Its tool bar stands in the page's row of tools.

    Attributes:
        tool_bar, head, create_button: as those of a RecordPage; the tools of lists fill them.
    """

    def __init__(self, name: str, columns: list[TableColumn], places: Sequence[Column]) -> None:
        super().__init__()
        self.tool_bar, self.create_button = tools_place()
        self.head = self.tool_bar
        self.model = RecordTable(columns, self)
        self.table = TableView(name)
        self.place = KeptPlace(self.table, self.model)
        self.table.set_columns(places)
        self.totals = TotalsRow(self.table)
        self.model.answered.connect(lambda: self.totals.set_texts(self.model.answer.totals))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.table, 1)
        box.addWidget(self.totals)
        self.setFocusProxy(self.table)


def open_list() -> ListView:
    """The list of open instalments."""
    return ListView(tr("Open instalments"), open_columns(), [
        Column(0, TextCell(name=True)), Column(150, TextCell("text2")), Column(84, DateCell(), 3),
        Column(84, DateCell()), Column(72, AmountCell()), Column(112, AmountCell()),
        Column(96, _AfterAmount("muted"), 2),
    ])  # fmt: skip


def receipt_list() -> ListView:
    """The list of money received."""
    return ListView(tr("Money received"), receipt_columns(), [
        Column(92, TextCell("text2")), Column(0, TextCell(name=True)), Column(108, PillCell()),
        Column(180, TextCell("text2"), 2), Column(180, TextCell("text2"), 3), Column(112, AmountCell("text2"), 1),
        Column(112, AmountCell()),
    ])  # fmt: skip
