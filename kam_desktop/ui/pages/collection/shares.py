"""What a receipt pays: the open instalments of its customer as a table whose last column is typed in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from kam_desktop import formats
from kam_desktop.domain import money
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import tr
from kam_desktop.ui.kit.cells import LOOK, AmountCell, Look, row_summary
from kam_desktop.ui.line_edits import Line

Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
SHARE = 2


def _due(line: ShareLine, written: Callable[[date | None], str]) -> str:
    return tr("due {day}", day=written(line.due_on)) if line.due_on else tr("waiting for papers")


@dataclass(frozen=True, slots=True)
class ShareLine:
    """One open instalment and what of the receipt is laid against it; minor units."""

    instalment: str
    number: str
    due_on: date | None
    open: int
    amount: int


class ShareTable(QAbstractTableModel):
    """The open instalments of the customer; the last column can be typed in.

    Signals:
        edited: a share was changed by hand.
        refused(Problem): what was typed cannot be a share.
    """

    edited = Signal()
    refused = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[ShareLine] = []
        self.currency = "VND"

    def show(self, lines: Sequence[ShareLine], currency: str) -> None:
        """Shows other shares."""
        self.beginResetModel()
        self.lines, self.currency = list(lines), currency
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != _ROLE.DisplayRole or not 0 <= section < 3:
            return None
        return (tr("Invoice, due"), tr("Amount open"), tr("This receipt"))[section]

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        if not index.isValid():
            return None
        line, column = self.lines[index.row()], index.column()
        if role == _ROLE.DisplayRole:
            if not column:
                return line.number
            return formats.amount(line.open if column == 1 else line.amount, self.currency, zero=formats.NOTHING)
        if role == _ROLE.EditRole and column == SHARE:
            return formats.amount(line.amount, self.currency) if line.amount else ""
        if role == LOOK:
            if not column:
                return Look(note=formats.short_day(line.due_on) if line.due_on else tr("no papers"))
            return Look(strong=True) if column == SHARE and line.amount else Look(tone="text2")
        if role == _ROLE.AccessibleTextRole and not column:
            return f"{row_summary(self, index.row())}; {_due(line, formats.day)}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return plain | Qt.ItemFlag.ItemIsEditable if index.column() == SHARE else plain

    def setData(self, index: Index, value: Any, role: int = _ROLE.EditRole) -> bool:
        if role != _ROLE.EditRole or not index.isValid() or index.column() != SHARE:
            return False
        line = self.lines[index.row()]
        try:
            amount = read_share(str(value), line, self.currency)
        except Refused as refused:
            self.refused.emit(refused.problems[0])
            return False
        if amount != line.amount:
            self.lines[index.row()] = dataclasses.replace(line, amount=amount)
            self.dataChanged.emit(self.index(index.row(), 0), index)
            self.edited.emit()
        return True


def read_share(text: str, line: ShareLine, currency: str) -> int:
    """A typed share in minor units, nothing is 0. Raises Refused when it is no amount, or not between 0 and open."""
    if text.strip() in ("", formats.NOTHING):
        return 0
    amount = money.parse(text, currency, decimal_mark=formats.decimal_mark(), where="amount")
    if amount < 0:
        raise Refused(Problem("amount", "not_positive", "The amount must be above zero."))
    if amount > line.open:
        message = "Of invoice {number} less is open than you lay against it."
        raise Refused(Problem("amount", "more_than_open", message, {"number": line.number}))
    return amount


class ShareCell(AmountCell):
    """An amount that is typed in its cell.

    Signals:
        typed(row, text): what stands in the cell that is open, letter by letter.
    """

    typed = Signal(int, str)

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, index: Index) -> QWidget:
        edit = Line(parent)
        edit.setProperty("cell", True)
        edit.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        edit.setAccessibleName(tr("This receipt"))
        edit.textEdited.connect(partial(self.typed.emit, index.row()))
        return edit
