"""The form of a receipt: the money that came in, and which open instalments it pays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QApplication, QGridLayout, QStyleOptionViewItem, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.domain import money
from kam_desktop.domain.entities import Receipt
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button, IconButton
from kam_desktop.ui.kit.cells import LOOK, AmountCell, Look, TextCell, row_summary
from kam_desktop.ui.kit.frames import Panel, action_bar, scrolled
from kam_desktop.ui.kit.labels import Link, PlainLabel, caption, section
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.kit.table_view import Column, TableView
from kam_desktop.ui.line_edits import Line
from kam_desktop.ui.sentences import sentence

Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
_SHARE = 2


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
        return (tr("Invoice"), tr("Amount open"), tr("This receipt"))[section]

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        if not index.isValid():
            return None
        line, column = self.lines[index.row()], index.column()
        if role == _ROLE.DisplayRole:
            if not column:
                return line.number
            return formats.amount(line.open if column == 1 else line.amount, self.currency, zero=formats.NOTHING)
        if role == _ROLE.EditRole and column == _SHARE:
            return formats.amount(line.amount, self.currency) if line.amount else ""
        if role == LOOK:
            if not column:
                return Look(note=_due(line, formats.short_day))
            return Look(strong=True) if column == _SHARE and line.amount else Look(tone="text2")
        if role == _ROLE.AccessibleTextRole and not column:
            return f"{row_summary(self, index.row())}; {_due(line, formats.day)}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return plain | Qt.ItemFlag.ItemIsEditable if index.column() == _SHARE else plain

    def setData(self, index: Index, value: Any, role: int = _ROLE.EditRole) -> bool:
        if role != _ROLE.EditRole or not index.isValid() or index.column() != _SHARE:
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


class _ShareCell(AmountCell):
    """An amount that is typed in its cell."""

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index) -> QWidget:
        edit = Line(parent)
        edit.setProperty("cell", True)
        edit.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        edit.setAccessibleName(tr("This receipt"))
        return edit


class ReceiptFields(RecordForm):
    """The fields of a receipt.

    Signals:
        restored: what was typed before is shown again.
    """

    restored = Signal()

    def __init__(self, today: date) -> None:
        super().__init__(Receipt, today=today)
        methods = {
            "transfer": tr("Bank transfer"), "cash": tr("Cash"), "card": tr("Card"), "offset": tr("Offset"),
            "other": tr("Other"),
        }  # fmt: skip
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        box.addWidget(self.add("account"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(12))
        grid.setVerticalSpacing(theme.px(12))
        rows = (
            (self.add("amount"), self.add("received_on")),
            (self.add("method", names=methods), self.add("reference")),
        )
        for at, pair in enumerate(rows):
            for column, widget in enumerate(pair):
                grid.addWidget(widget, at, column, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        box.addLayout(grid)
        box.addWidget(self.add("payer"))
        box.addWidget(self.add("remark", lines=2))

    def show_draft(self, draft: Mapping[str, Any]) -> bool:
        found = super().show_draft(draft)
        if found:
            self.restored.emit()
        return found

    def typed_amount(self) -> int:
        """The amount as far as it can be read, else 0."""
        return self._read("amount", 0) or 0

    def typed_account(self) -> str:
        """The id of the customer, "" while nobody is picked."""
        return self._read("account", "") or ""

    def typed_day(self) -> date | None:
        """The day of the receipt as far as it can be read."""
        found = self._read("received_on", None)
        return found if isinstance(found, date) else None

    def _read(self, name: str, nothing: Any) -> Any:
        try:
            return self.editor(name).value()
        except Refused:
            return nothing


class ReceiptForm(QWidget):
    """The panel in which a receipt is written down, or an older one is laid against instalments.

    Signals:
        suggestion_wanted(account, amount): how would this much pay the oldest first? Answer with `show_shares`.
        allocate_wanted(shares): lay an older receipt against these: (instalment, minor units) each.
        closed: the cross was pressed.
    """

    suggestion_wanted = Signal(str, int)
    allocate_wanted = Signal(list)
    closed = Signal()

    def __init__(self, today: date) -> None:
        super().__init__()
        self.fields = ReceiptFields(today)
        self._by_hand = False
        self._waiting: list[ShareLine] | None = None
        self._left: int | None = None
        self._title = section()
        close = IconButton("x", tr("Close"), key="Esc")
        close.clicked.connect(self.closed)
        self.shares_table = ShareTable()
        self.table, cell = TableView(tr("What this receipt pays"), cell_focus=True), _ShareCell()
        self.table.setModel(self.shares_table)
        self.table.set_columns([Column(0, TextCell()), Column(104, AmountCell("text2")), Column(104, cell)])
        cell.closeEditor.connect(lambda *_how: QTimer.singleShot(0, self, self._on_cell_closed))
        triggers = QAbstractItemView.EditTrigger
        self.table.setEditTriggers(triggers.EditKeyPressed | triggers.AnyKeyPressed | triggers.DoubleClicked)
        self.table.opened.connect(self._on_opened)
        self.table.setMinimumHeight(theme.px(32 + 3 * 36))
        for keys in ("Ctrl+Return", "Ctrl+Enter"):  # the fields have their own
            shortcut = QShortcut(QKeySequence(keys), self.table)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.commit)
        self._none = caption(wrap=True)
        self._again = Link(tr("Oldest first"))
        self._again.opened.connect(self._on_again)
        self._said = PlainLabel(tone="danger", size=theme.CAPTION, wrap=True)
        self._said.hide()
        self._rest = PlainLabel(weight=theme.MEDIUM)
        self._rest_note = caption(wrap=True)
        self.save = Button("", kind="primary", key="Ctrl Enter")
        self.save.clicked.connect(self.commit)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(Panel(row=True, margins=(20, 0, 14, 0), height=56, lines="bottom").add(self._title, None, close))
        upper = Panel(margins=(20, 16, 20, 16))
        upper.add(self.fields)
        upper.box.addStretch(1)
        area = scrolled(upper)
        area.setMinimumHeight(theme.px(140))
        box.addWidget(area, 3)
        head = Panel(row=True, margins=(20, 8, 20, 4), gap=8, lines="top")
        box.addWidget(head.add(section(tr("What it pays")), None, self._again))
        box.addWidget(Panel(margins=(20, 0, 20, 4)).add(self._none, self._said))
        box.addWidget(self.table, 2)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._rest)
        words.addWidget(self._rest_note)
        foot = action_bar()
        foot.box.addLayout(words, 1)
        foot.add(self.save)
        box.addWidget(foot)
        self._soon = QTimer(self, singleShot=True, interval=200)
        self._soon.timeout.connect(self._ask)
        for name in ("account", "amount", "received_on"):
            self.fields.editor(name).typed.connect(self._soon.start)
            self.fields.editor(name).left.connect(self._soon.start)
        self.fields.restored.connect(self._soon.start)
        self.shares_table.edited.connect(self._on_edited)
        self.shares_table.refused.connect(lambda problem: self._say(sentence(problem)))
        self._show_rest()

    # What the controller calls.

    def show_receipt(self, record: Receipt, titles: dict[str, str] | None = None, left: int | None = None) -> None:
        """A new receipt, or an older one of which `left` minor units are to be laid against instalments."""
        self._left = left
        self._by_hand, self._waiting = False, None
        self._title.setText(tr("Record a receipt") if left is None else tr("Allocate a receipt"))
        self.save.set_label(tr("Record") if left is None else tr("Allocate"))
        self._say("")
        self.fields.lock(left is not None)
        self.fields.show_record(record, titles, is_new=left is None)
        self.shares_table.show((), record.currency)
        self._show_rest()
        self._ask()

    def show_shares(self, lines: Sequence[ShareLine]) -> None:
        """The open instalments and the suggestion; what was typed by hand stays."""
        if self._by_hand:
            mine = {line.instalment: line.amount for line in self.shares_table.lines}
            lines = [dataclasses.replace(line, amount=min(line.open, mine.get(line.instalment, 0))) for line in lines]
        if self.is_typing_share():
            self._waiting = list(lines)  # a model that is reset closes the cell, and what is typed in it is lost
            return
        current = self.table.currentIndex()
        self.shares_table.show(lines, self.currency())
        if lines and current.isValid():
            self.table.setCurrentIndex(self.shares_table.index(min(current.row(), len(lines) - 1), current.column()))
        if not lines and self.table.hasFocus():
            self.fields.editor("amount").setFocus()  # before the table is hidden: the keyboard would go anywhere
        self._show_rest()

    def is_typing_share(self) -> bool:
        """Whether a share is being typed in its cell."""
        focused = QApplication.focusWidget()
        return focused is not None and self.table.isAncestorOf(focused) and bool(focused.property("cell"))

    def _on_cell_closed(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.show_shares(waiting)

    def start(self) -> None:
        """Puts the keyboard where typing begins."""
        if self._left is not None:
            self.table.setFocus()
        else:
            self.fields.editor("amount" if self.fields.typed_account() else "account").setFocus()

    # What is typed.

    def currency(self) -> str:
        """The currency of the receipt."""
        return str(getattr(self.fields.record, "currency", "VND"))

    def shares(self) -> list[tuple[str, int]]:
        """(instalment id, minor units) of everything that gets a part."""
        return [(line.instalment, line.amount) for line in self.shares_table.lines if line.amount]

    def remaining(self) -> int:
        """What of the money is laid against nothing, below zero when more is laid out than came in."""
        return self._whole() - sum(line.amount for line in self.shares_table.lines)

    def commit(self) -> None:
        """Records the receipt or, for an older one, its shares."""
        if self.remaining() < 0:
            self._say(tr("The shares are more than what came in."))
        elif self._left is not None:
            self.allocate_wanted.emit(self.shares())
        else:
            self.fields.commit()

    def _whole(self) -> int:
        return self._left if self._left is not None else self.fields.typed_amount()

    def _ask(self) -> None:
        account = self.fields.typed_account()
        if account:
            self.suggestion_wanted.emit(account, self._whole())
        else:
            self.show_shares(())
        self._show_rest()

    def _on_again(self) -> None:
        self._by_hand = False
        self._ask()

    def _on_edited(self) -> None:
        self._by_hand = True
        self._say("")
        self._show_rest()

    def _on_opened(self, index: QModelIndex) -> None:
        self.table.edit(self.shares_table.index(index.row(), _SHARE))

    def _say(self, words: str) -> None:
        self._said.setText(words)
        self._said.setVisible(bool(words))

    def _show_rest(self) -> None:
        rest, currency = self.remaining(), self.currency()
        lines, account = self.shares_table.lines, self.fields.typed_account()
        self.table.setVisible(bool(lines))
        self._again.setVisible(bool(lines) and self._by_hand)
        self._none.setVisible(not lines)
        unknown = tr("Without a customer the money waits under “Payer unknown” and pays nothing.")
        self._none.setText(tr("This customer has nothing open.") if account else unknown)
        over = rest < 0
        amount = formats.amount(-rest if over else rest, currency, symbol=True)
        self._rest.setText(tr("{amount} too much", amount=amount) if over else tr("Remaining: {amount}", amount=amount))
        self._rest.set_tone("danger" if over else "text")
        self._rest_note.setText(tr("stays as the customer's credit") if rest > 0 and account else "")
        self._rest_note.setVisible(rest > 0 and bool(account))
        self.save.setEnabled(self._whole() > 0 and not over and (self._left is None or rest < self._left))
