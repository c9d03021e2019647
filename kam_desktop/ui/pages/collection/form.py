"""The form of a receipt: the money that came in, and which open instalments it pays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QApplication, QGridLayout, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.domain.entities import Receipt
from kam_desktop.domain.errors import Refused
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button, IconButton
from kam_desktop.ui.kit.cells import AmountCell, TextCell
from kam_desktop.ui.kit.frames import Panel, action_bar, scrolled
from kam_desktop.ui.kit.labels import Link, PlainLabel, caption, section
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.kit.table_view import Column, TableView
from kam_desktop.ui.pages.collection.shares import SHARE, ShareCell, ShareLine, ShareTable, read_share
from kam_desktop.ui.sentences import sentence


class ReceiptFields(RecordForm):
    """The fields of a receipt.

    Signals:
        restored: what was typed before is shown again.

    Attributes:
        shares: what was laid against instalments by hand, by id in minor units; it is a part of the draft.
    """

    restored = Signal()

    def __init__(self, today: date) -> None:
        super().__init__(Receipt, today=today)
        self.shares: dict[str, int] = {}
        self._committing = False
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
        shares = draft.get("shares")
        if isinstance(shares, dict):
            self.shares = {str(key): int(amount) for key, amount in shares.items()}
        if found or self.shares:
            self.restored.emit()
        return found or bool(self.shares)

    def draft(self) -> dict[str, Any]:
        """See RecordForm: with the shares, which are saved when the record is."""
        kept = {"shares": self.shares} if self.shares and not self._committing else {}
        return super().draft() | kept

    def keep_shares(self, shares: Mapping[str, int]) -> None:
        """What is laid by hand now; kept as what is typed into the fields."""
        self.shares = dict(shares)
        if not self._draft.isActive():
            self._draft.start()

    def commit(self) -> bool:
        """See RecordForm."""
        self._committing = True
        done = super().commit()
        self._committing = False
        return done

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
        self.table, cell = TableView(tr("What this receipt pays"), cell_focus=True), ShareCell()
        # children: what nobody owns is not destroyed with the page, and keeps it by what is connected below
        self.shares_table.setParent(self)
        cell.setParent(self)
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
        for name in ("account", "amount", "received_on", "reference", "remark"):
            self.fields.editor(name).typed.connect(self._soon.start)
            self.fields.editor(name).left.connect(self._soon.start)
        self.fields.restored.connect(self._on_restored)
        cell.typed.connect(self._on_typed)
        self.shares_table.edited.connect(self._on_edited)
        self.shares_table.refused.connect(lambda problem: self._say(sentence(problem)))
        self._show_rest()

    # What the controller calls.

    def show_receipt(self, record: Receipt, titles: dict[str, str] | None = None, left: int | None = None) -> None:
        """A new receipt, or an older one of which `left` minor units are to be laid against instalments."""
        self._left = left
        self._by_hand, self._waiting = False, None
        self.fields.shares = {}
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
            mine = self.fields.shares
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
        if self.fields.shares or self._by_hand:  # Esc leaves the cell as it was
            self.fields.keep_shares(dict(self.shares()) if self._by_hand else {})

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

    def memo(self) -> str:
        """What came with the money in words: an invoice named there is paid first."""
        return " ".join(str(self.fields.editor(name).raw() or "") for name in ("reference", "remark"))

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
        self.fields.keep_shares({})
        self._ask()

    def _on_edited(self) -> None:
        self._by_hand = True
        self.fields.keep_shares(dict(self.shares()))
        self._say("")
        self._show_rest()

    def _on_typed(self, row: int, text: str) -> None:
        """Keeps what is typed in a cell as far as it can be a share; the table has it when the cell is left."""
        line = self.shares_table.lines[row]
        try:
            typed = read_share(text, line, self.currency())
        except Refused:
            return
        self.fields.keep_shares({**dict(self.shares()), line.instalment: typed})

    def _on_restored(self) -> None:
        self._by_hand = bool(self.fields.shares)
        self._soon.start()

    # Where somebody types, for the next start (last_place.KeepsDraft).

    def draft_key(self) -> str:
        """See last_place.KeepsDraft."""
        return self.fields.draft_key()

    def field_of(self, widget: QWidget) -> str:
        """See last_place.KeepsDraft: a cell belongs to the shares, everything else to the fields."""
        return "shares" if widget is self.table or self.table.isAncestorOf(widget) else self.fields.field_of(widget)

    def _on_opened(self, index: QModelIndex) -> None:
        self.table.edit(self.shares_table.index(index.row(), SHARE))

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
