"""The opening question after an import of invoices: which of them are still open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QDate, QLocale, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QDateEdit, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from kam_desktop import formats, language
from kam_desktop.language import tr, trn
from kam_desktop.ui import theme
from kam_desktop.ui.kit.cells import LOOK, AmountCell, DateCell, Look, TextCell, row_summary
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import PlainLabel, caption, section
from kam_desktop.ui.kit.table_view import Column, TableView

Index = QModelIndex | QPersistentModelIndex
ALL, SINCE, PICK, LATER = "all", "since", "pick", "later"
_TICK, _NO_TICK = "✓", ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An imported invoice that may be open; `total` in minor units."""

    id: str
    account: str
    number: str
    issued_on: date
    total: int
    currency: str = "VND"


@dataclass(frozen=True, slots=True)
class OpeningAnswer:
    """What was answered: all, those since a day, those with these ids, or later."""

    kind: str
    since: date | None = None
    ids: frozenset[str] = frozenset()


class CandidateTable(QAbstractTableModel):
    """The invoices with a tick before each that is open.

    Signals:
        ticked: another set is open.
    """

    ticked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Candidate] = []
        self.open: set[str] = set()

    def show(self, rows: Sequence[Candidate]) -> None:
        """Shows these invoices, all open."""
        self.beginResetModel()
        self.rows, self.open = list(rows), {row.id for row in rows}
        self.endResetModel()

    def set_open(self, ids: set[str]) -> None:
        """Ticks exactly these."""
        self.open = set(ids)
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 4))
        self.ticked.emit()

    def toggle(self, row: int) -> None:
        """Ticks a row, or not."""
        self.open ^= {self.rows[row].id}
        self.dataChanged.emit(self.index(row, 0), self.index(row, 4))
        self.ticked.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole or not 0 <= section < 5:
            return None
        return (tr("Unpaid"), tr("Account"), tr("Invoice"), tr("Invoice date"), tr("Total"))[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        is_open = row.id in self.open
        if role == Qt.ItemDataRole.DisplayRole:
            tick = _TICK if is_open else _NO_TICK
            return (tick, row.account, row.number, formats.day(row.issued_on), formats.amount(row.total, row.currency))[
                column
            ]
        if role == LOOK:
            return Look(tone="accent", strong=True) if not column else None if is_open else Look(tone="muted")
        if role == Qt.ItemDataRole.AccessibleTextRole and not column:
            return f"{tr('open') if is_open else tr('paid')}; {row_summary(self, index.row())}"
        return None


class _Table(TableView):
    """Space ticks every selected row."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        model = self.model()
        if event.key() == Qt.Key.Key_Space and not event.modifiers() and isinstance(model, CandidateTable):
            for row in sorted({index.row() for index in self.selectionModel().selectedRows()}):
                model.toggle(row)
            return
        super().keyPressEvent(event)


class OpeningForm(QWidget):
    """The question with its four answers.

    Signals:
        changed: another answer, for the words on the button.
    """

    changed = Signal()

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today
        self._rows: list[Candidate] = []
        self._group = QButtonGroup(self)
        self._radios: dict[str, QRadioButton] = {}
        self._notes: dict[str, PlainLabel] = {}
        self._since = _date_edit(today)
        self._since.dateChanged.connect(lambda _day: self._on_since())
        self.model = CandidateTable()
        self.table = _Table(tr("Imported invoices"))
        self.table.setModel(self.model)
        self.table.set_columns([Column(44, TextCell()), Column(0, TextCell(name=True)), Column(140, TextCell("text2")),
                                Column(92, DateCell()), Column(116, AmountCell())])  # fmt: skip
        self.table.clicked.connect(lambda index: self.model.toggle(index.row()) if not index.column() else None)
        self.table.opened.connect(lambda index: self.model.toggle(index.row()))
        self.model.ticked.connect(self._on_ticked)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        upper = Panel(margins=(24, 16, 24, 12), gap=6)
        upper.add(section(tr("Which of these invoices are still unpaid?")))
        words = tr("An e-invoice does not say whether it was paid. What is not open gets an opening settlement: it "
                   "leaves the receivables, and never counts as money received.")  # fmt: skip
        upper.add(caption(words, wrap=True))
        upper.box.addSpacing(theme.px(6))
        for key, text in (
            (ALL, tr("All of them are open")), (SINCE, tr("Those issued since")),
            (PICK, tr("The ones I tick in the list")), (LATER, tr("I will answer later")),
        ):  # fmt: skip
            upper.box.addLayout(self._answer(key, text))
        box.addWidget(upper)
        box.addWidget(self.table, 1)
        self._hint = caption(tr("Space ticks the selected rows."))
        below = Panel(row=True, margins=(24, 6, 24, 6), lines="top").add(self._hint, None)
        self._radios[PICK].toggled.connect(below.setVisible)
        below.setVisible(self._radios[PICK].isChecked())
        box.addWidget(below)
        self.setFocusProxy(self._radios[ALL])

    def _answer(self, key: str, text: str) -> QHBoxLayout:
        radio = QRadioButton(text.replace("&", "&&"))
        radio.toggled.connect(lambda on: self._on_chosen() if on else None)
        self._group.addButton(radio)
        self._radios[key] = radio
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        row.addWidget(radio)
        if key == SINCE:
            row.addWidget(self._since)
        note = caption()
        self._notes[key] = note
        row.addWidget(note)
        row.addStretch(1)
        return row

    def show_candidates(self, rows: Sequence[Candidate], *, can_wait: bool = True) -> None:
        """Asks about these invoices; `can_wait` offers to answer later."""
        self._rows = sorted(rows, key=lambda row: (row.issued_on, row.number), reverse=True)
        self.model.show(self._rows)
        self._radios[LATER].setVisible(can_wait)
        self._radios[ALL].setChecked(True)
        self._on_chosen()

    def answer(self) -> OpeningAnswer:
        """What is chosen now."""
        kind = self._kind()
        since = _day(self._since) if kind == SINCE else None
        return OpeningAnswer(kind, since, frozenset(self.model.open) if kind == PICK else frozenset())

    def _kind(self) -> str:
        return next((key for key, radio in self._radios.items() if radio.isChecked()), ALL)

    def _on_since(self) -> None:
        self._radios[SINCE].setChecked(True)
        self._on_chosen()

    def _on_chosen(self) -> None:
        kind = self._kind()
        if kind == SINCE:
            since = _day(self._since)
            self.model.set_open({row.id for row in self._rows if row.issued_on >= since})
        elif kind != PICK:
            self.model.set_open({row.id for row in self._rows})
        self.table.setVisible(kind != LATER)
        self._hint.setVisible(kind != LATER)
        self._notes[LATER].setText(
            tr("until then the program says “payments not entered yet”") if kind == LATER else ""
        )
        self._tell()

    def _on_ticked(self) -> None:
        if self._kind() != PICK and self.table.hasFocus():
            self._radios[PICK].setChecked(True)
        self._tell()

    def _tell(self) -> None:
        count = len(self.model.open)
        sums: dict[str, int] = {}
        for row in self._rows:
            if row.id in self.model.open:
                sums[row.currency] = sums.get(row.currency, 0) + row.total
        amounts = " + ".join(formats.amount(total, currency, symbol=True) for currency, total in sums.items())
        words = " · ".join(part for part in (trn("{n} invoice", "{n} invoices", count), amounts) if part)
        for key in (ALL, SINCE, PICK):
            self._notes[key].setText(words if key == self._kind() else "")
        self.changed.emit()


def _day(edit: QDateEdit) -> date:
    chosen = edit.date()
    return date(chosen.year(), chosen.month(), chosen.day())


def _date_edit(today: date) -> QDateEdit:
    """The picker of the day since which invoices are open: the first of the year to begin with."""
    edit = QDateEdit(QDate(today.year, 1, 1))
    vietnamese = language.current() == "vi"
    edit.setLocale(QLocale(QLocale.Language.Vietnamese if vietnamese else QLocale.Language.English))
    edit.setDisplayFormat("dd/MM/yyyy" if vietnamese else "d MMM yyyy")
    edit.setCalendarPopup(True)
    edit.setKeyboardTracking(False)
    edit.setAccessibleName(tr("Those issued since"))
    edit.setFixedWidth(theme.px(136 if vietnamese else 148))
    edit.setStyleSheet(f"min-height: {theme.px(26)}px")
    edit.calendarWidget().setFirstDayOfWeek(Qt.DayOfWeek.Monday)
    return edit
