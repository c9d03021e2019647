"""The ageing view: figures, stacked bar, and the matrix of customers and ages with a cell in focus."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.domain.figures.ageing import DEFAULT_EDGES, bucket_names
from kam_desktop.language import tr, trn
from kam_desktop.ui import theme
from kam_desktop.ui.charts import Figure, Part, StackedBar
from kam_desktop.ui.kit.cells import LOOK, PRIVATE, AgeingCell, AmountCell, DateCell, Look, TextCell, row_summary
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.record_table import Answer, TableColumn
from kam_desktop.ui.kit.table_view import Column, TableView, TotalsRow
from kam_desktop.ui.pages.collection.ageing_figures import AgeingStrip
from kam_desktop.ui.pages.collection.lists import tools_place
from kam_desktop.ui.pages.collection.matrix_place import MatrixPlace

Index = QModelIndex | QPersistentModelIndex
_AGES = ("age0", "age1", "age2", "age3", "age4", "age4")
_LATE = 4  # from this column of ages on, an amount stands in red
NOT_DUE = -1
ALL = -2  # the whole customer, not one of the ages
FREE = -3  # what is laid against nothing
PROVISION, LIMITATION = -4, -5
_LOW, _NAME = 460, 152  # px at 100 %: a lower view leaves the bar's labels out; what a customer's name keeps
_NEAR_DAYS = 90  # a limitation that ends so soon is red


@dataclass(frozen=True, slots=True)
class AgeRow:
    """What one customer owes by age, in minor units; account "" is the unknown payer.

    The rows shown are those of the report, which are made alike: a copy of 22,000 of them is 5 MB.

    Attributes:
        waiting: the part of what is not due that waits for papers.
        reported: receipts that finance has not confirmed; beside the balance, never in it.
        label: what the customer is called in short.
    """

    account: str = ""
    name: str = ""
    not_due: int = 0
    overdue: tuple[int, ...] = ()
    unallocated: int = 0
    balance: int = 0
    open_items: int = 0
    waiting: int = 0
    reported: int = 0
    label: str = ""


@dataclass(frozen=True)
class AgeingShown:
    """What the view shows.

    Attributes:
        buckets: names such as "1-30" and ">180", without the first one (not due).
        total: the sums; its `open_items` and `on_default_term` are of all customers.
    """

    currency: str
    buckets: tuple[str, ...]
    rows: Sequence[AgeRow]
    total: AgeRow
    on_default_term: int = 0
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class LateLine:
    """What the law says of one customer: the provision estimated, minor units; the last day of the limitation."""

    provision: int
    limitation_on: date


def narrowed(report: Any, only: frozenset[str]) -> Any:
    """An ageing of these customers alone; its totals are theirs, and the unknown payer is left out."""
    rows = tuple(row for row in report.rows if row.account in only)
    names = ("not_due", "unallocated", "balance", "open_items", "on_default_term", "waiting", "reported")
    sums: dict[str, Any] = {name: sum(getattr(row, name) for row in rows) for name in names}
    sums["overdue"] = tuple(sum(row.overdue[place] for row in rows) for place in range(len(report.buckets)))
    return dataclasses.replace(report, rows=rows, total=dataclasses.replace(report.total, **sums))


def ages_of(row: AgeRow) -> tuple[int, ...]:
    """The amounts of a row by age: not due, then the buckets."""
    return row.not_due, *row.overdue


def bucket_title(name: str) -> str:
    """A bucket as the head of a column: 1–30, > 180."""
    return f"> {name[1:]}" if name.startswith(">") else name.replace("-", "–")


def bucket_words(place: int, buckets: Sequence[str]) -> str:
    """A bucket in words: not due, 1–30 days, over 180 days."""
    if place < 0:
        return tr("Not due")
    return tr("{days} days", days=bucket_title(buckets[place]))


class AgeMatrix(QAbstractTableModel):
    """Customers down, ages across; then what is not allocated, the balance, and what the law says of what is late."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = AgeingShown("VND", bucket_names(DEFAULT_EDGES), (), AgeRow())
        self.late: Mapping[str, LateLine] = {}
        self._most = 1

    def show(self, shown: AgeingShown) -> None:
        """Shows another ageing."""
        self.beginResetModel()
        if (shown.currency, shown.as_of) != (self.shown.currency, self.shown.as_of):
            self.late = {}
        self.shown = shown
        self._most = max((max(row.not_due, *row.overdue, 0) for row in shown.rows), default=1) or 1
        self.endResetModel()

    def show_late(self, late: Mapping[str, LateLine]) -> None:
        """Shows what the law says, by customer; it is asked after the sums, which do not wait for it."""
        self.late = late
        if self.shown.rows:
            last = self.index(len(self.shown.rows) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, self.ages() + 3), last)

    @property
    def columns(self) -> list[TableColumn]:
        """The columns as the tools of lists take them: titles, and the words of a row."""
        found = []
        for at in range(self.columnCount()):
            title = str(self.headerData(at, Qt.Orientation.Horizontal))
            found.append(TableColumn(title, partial(self._words_in, at)))
        return found

    @property
    def answer(self) -> Answer:
        """All rows by key, as the tools of lists take them."""
        rows = {key_of(row): row for row in self.shown.rows}
        return Answer(list(rows), (), rows)

    def ages(self) -> int:
        """How many columns of ages there are, the first is not due."""
        return len(self.shown.buckets) + 1

    def cell(self, index: Index) -> tuple[AgeRow, int]:
        """The row, and −1 for not due, 0 … for a bucket, ALL, FREE, PROVISION or LIMITATION."""
        row, column = self.shown.rows[index.row()], index.column()
        if 1 <= column <= self.ages():
            return row, column - 2
        return row, {1: FREE, 3: PROVISION, 4: LIMITATION}.get(column - self.ages(), ALL)

    def amount(self, index: Index) -> int:
        """The amount in a cell, minor units; the balance in the columns of names and of the limitation."""
        return self._amount(self.shown.rows[index.row()], index.column())

    def _amount(self, row: AgeRow, column: int) -> int:
        if 1 <= column <= self.ages():
            return row.overdue[column - 2] if column > 1 else row.not_due
        if column == self.ages() + 3:
            late = self.late.get(row.account)
            return late.provision if late is not None else 0
        return -row.unallocated if column == self.ages() + 1 else row.balance

    def days_left(self, row: AgeRow) -> int | None:
        """Days until the limitation ends, below zero when it is over; None where nothing is late."""
        late, as_of = self.late.get(row.account), self.shown.as_of
        return (late.limitation_on - as_of).days if late is not None and as_of is not None else None

    def _words_in(self, column: int, row: AgeRow) -> str:
        return self.words(row, column)

    def words(self, row: AgeRow, column: int) -> str:
        """What stands in a cell."""
        if not column:
            return row.label or row.name or tr("Payer unknown")
        if column == self.ages() + 4:
            left = self.days_left(row)
            return formats.NOTHING if left is None else formats.number(left) if left >= 0 else tr("Over")
        return formats.amount(self._amount(row, column), self.shown.currency, zero=formats.NOTHING)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.shown.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self.ages() + 5

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.shown.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.words(row, column)
        if role == LOOK:
            return self._look(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = [row_summary(self, index.row()), *(self.aside(row, each) for each in (NOT_DUE, ALL))]
            return "; ".join(part for part in said if part) if not column else None
        return None

    def aside(self, row: AgeRow, bucket: int) -> str:
        """What is to be known about an amount beside it: what waits for papers, what is only reported."""
        if bucket == NOT_DUE and row.waiting:
            amount = formats.amount(row.waiting, self.shown.currency)
            return tr("{amount} waits for papers", amount=amount)
        if bucket == ALL and row.reported:
            amount = formats.amount(row.reported, self.shown.currency)
            return tr("{amount} reported", amount=amount)
        if bucket == LIMITATION and row.account in self.late:
            ends = formats.day(self.late[row.account].limitation_on)
            return tr("Limitation of the oldest ends {day}; a confirmed debt begins it anew", day=ends)
        return ""

    def _look(self, row: AgeRow, column: int) -> Look | None:
        if not column:
            mark = "hourglass" if row.waiting else "clock" if row.reported else ""  # words there have no room
            return Look(tone=None if row.account else "text2", icon=mark) if mark or not row.account else None
        if 1 <= column <= self.ages():
            amount, late = self._amount(row, column), column - 1 >= _LATE
            if not amount:
                return None
            tone = "danger" if late or amount < 0 else None
            share = max(0, amount) / self._most
            return Look(tone=tone, strong=late, part=share, part_tone=_AGES[min(column - 1, 5)])
        if column == self.ages() + 4:
            left = self.days_left(row)
            return Look(tone="danger", strong=True) if left is not None and left <= _NEAR_DAYS else None
        return {1: Look(tone="text2"), 2: Look(strong=True)}.get(column - self.ages())

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == PRIVATE:
            return section == self.ages() + 3
        if role != Qt.ItemDataRole.DisplayRole or not 0 <= section < self.ages() + 5:
            return None
        names = [tr("Account"), tr("Not due"), *map(bucket_title, self.shown.buckets), tr("Unallocated"), tr("Balance"),
                 tr("Provision"), tr("Limitation")]  # fmt: skip
        return names[section]


def key_of(row: AgeRow) -> str:
    """A row's key: its customer, or a word for the unknown payer."""
    return row.account or "unknown"


class AgeingView(QWidget):
    """Figures, bar, matrix and totals.

    Signals:
        cell_opened(account, bucket): Enter on a cell; the bucket is −1 for not due, 0 … , ALL or FREE.
        cell_told(text): what is in focus, for the status bar.
    """

    cell_opened = Signal(str, int)
    cell_told = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.tool_bar, self.create_button = tools_place()
        self.head = self.tool_bar
        self.model = AgeMatrix()
        self.strip = AgeingStrip()
        self._bar = StackedBar(name=tr("Receivables by age"))
        self.table = TableView(tr("Receivables by age"), cell_focus=True)
        self.table.setModel(self.model)
        self.table.opened.connect(self._on_opened)
        self.table.selectionModel().currentChanged.connect(lambda *_places: self._tell())
        self.totals = TotalsRow(self.table)
        self.place = MatrixPlace(self.table, lambda row: key_of(self.model.shown.rows[row]))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(Panel(margins=(24, 0, 24, 12)).add(self.strip))
        box.addWidget(Panel(margins=(24, 14, 24, 12), lines="top bottom").add(self._bar))
        box.addWidget(self.table, 1)
        box.addWidget(self.totals)
        self.setFocusProxy(self.table)
        self._columns = 0
        self._sums: dict[int, str] = {}
        self._set_columns()

    def show_ageing(self, shown: AgeingShown) -> None:
        """Shows another ageing; the cell in focus stays on its customer."""
        before, column = self._account(), max(1, self.table.currentIndex().column())
        self.model.show(shown)
        self._set_columns()
        self._show_sums(shown)
        if shown.rows:
            row = next((at for at, each in enumerate(shown.rows) if each.account == before), 0)
            self.table.setCurrentIndex(self.model.index(row, column))

    def _set_columns(self) -> None:
        if self._columns != self.model.columnCount():
            self._columns = self.model.columnCount()
            ages = [Column(96, AgeingCell()) for _ in range(self.model.ages())]
            last = [Column(96, AmountCell("text2")), Column(104, AmountCell(strong=True)),
                    Column(92, AmountCell("private"), 1), Column(56, DateCell(), 2)]  # fmt: skip
            self.table.set_columns([Column(0, TextCell(name=True)), *ages, *last])
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._bar.set_labelled(self.height() >= theme.px(_LOW))
        head, mode = self.table.horizontalHeader(), QHeaderView.ResizeMode
        tight = self.table.viewport().width() - head.length() + head.sectionSize(0) < theme.px(_NAME)
        head.setSectionResizeMode(0, mode.Interactive if tight else mode.Stretch)  # names are never squeezed away
        head.resizeSection(0, theme.px(_NAME))

    def _account(self) -> str | None:
        index = self.table.currentIndex()
        return self.model.cell(index)[0].account if index.isValid() and index.row() < self.model.rowCount() else None

    def _show_sums(self, shown: AgeingShown) -> None:
        total, currency = shown.total, shown.currency
        ages = ages_of(total)
        gross, late = sum(ages), sum(total.overdue)
        share = formats.percent(Decimal(late * 100) / gross) if gross else formats.NOTHING
        items = trn("{n} instalment", "{n} instalments", total.open_items)
        self.strip.set_figures([
            Figure(tr("Receivables"), formats.amount(total.balance, currency, symbol=True),
                   tr("reported beside it: {amount}", amount=formats.amount(total.reported, currency))
                   if total.reported else ""),
            Figure(f"{tr('Overdue')} · {share}", formats.amount(late, currency, symbol=True),
                   tone="danger" if late else "text"),
            Figure(tr("Unallocated"), formats.amount(total.unallocated, currency, symbol=True)),
            Figure(tr("Open instalments"), items,
                   tr("waiting for papers: {amount}", amount=formats.amount(total.waiting, currency))
                   if total.waiting else ""),
        ])  # fmt: skip
        self._bar.set_parts([
            Part(max(0, amount), _AGES[min(place, 5)], bucket_words(place - 1, shown.buckets),
                 formats.amount(amount, currency), formats.percent(Decimal(amount * 100) / gross) if gross else "")
            for place, amount in enumerate(ages)
        ])  # fmt: skip
        amounts = [*ages, -total.unallocated, total.balance]
        texts = {0: trn("{n} account", "{n} accounts", len(shown.rows))}
        texts.update({at: formats.amount(each, currency) for at, each in enumerate(amounts, 1)})
        self._sums = texts
        self._show_totals()

    def show_late(self, late: Mapping[str, LateLine]) -> None:
        """Shows what the law says of what is late."""
        self.model.show_late(late)
        self._show_totals()
        self._tell()

    def _show_totals(self) -> None:
        shown = self.model.shown
        found = (self.model.late.get(row.account) for row in shown.rows)
        provision = sum(each.provision for each in found if each is not None)
        place = self.model.ages() + 3
        self.totals.set_texts({**self._sums, place: formats.amount(provision, shown.currency, zero=formats.NOTHING)})

    def _on_opened(self, index: QModelIndex) -> None:
        row, bucket = self.model.cell(index)
        if self.model.amount(index) or bucket == ALL:
            self.cell_opened.emit(row.account, ALL if bucket in (PROVISION, LIMITATION) else bucket)

    def _tell(self) -> None:
        index = self.table.currentIndex()
        if not index.isValid():
            self.cell_told.emit("")
            return
        row, bucket = self.model.cell(index)
        named = {ALL: tr("Balance"), FREE: tr("Unallocated"), PROVISION: tr("Provision"), LIMITATION: tr("Balance")}
        words = named.get(bucket) or bucket_words(bucket, self.model.shown.buckets)
        amount = self.model.amount(index)
        said = [
            row.label or row.name or tr("Payer unknown"),
            words,
            formats.amount(amount, self.model.shown.currency, symbol=True),
        ]
        said.append(self.model.aside(row, bucket))
        if bucket == ALL:
            said.append(self.model.aside(row, NOT_DUE))
        said = [part for part in said if part]
        if amount and bucket != FREE:
            said.append(tr("Enter opens the instalments"))
        self.cell_told.emit(" · ".join(said))
