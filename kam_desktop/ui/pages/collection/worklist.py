"""The worklist of the collections: what to do about open money today, with steps and reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from PySide6.QtCore import QRect, QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QMenu, QStackedLayout, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import paint, theme
from kam_desktop.ui.kit.buttons import Chip, open_below
from kam_desktop.ui.kit.cells import AmountCell, Cell, DateCell, Look, PillCell, TextCell
from kam_desktop.ui.kit.frames import tool_row
from kam_desktop.ui.kit.record_table import KeptPlace, RecordTable, TableColumn
from kam_desktop.ui.kit.states import EmptyState, FilterEmpty
from kam_desktop.ui.kit.table_view import Column, TableView, TotalsRow

_LATE_DAYS = 30  # overdue by more than this costs money today, and is red
_FEW_STEPS = 5


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One line of the worklist; amounts in minor units of `currency`.

    Attributes:
        days: overdue; below 1 it is not.
        reached, steps: the reminder step reached, of so many.
        next: the obstacle or the next step in a few words; `tone` None is plain text, else that of a pill.
        reason: the whole sentence, for tooltips, screen readers and workbooks.
    """

    account: str
    number: str
    due_on: date | None
    days: int
    open: int
    currency: str
    reached: int
    steps: int
    next: str
    tone: str | None
    reason: str
    account_id: str = ""
    invoice: str = ""


class StepsCell(Cell):
    """Reminder steps as small upright bars, those reached dark; the words are for screen readers."""

    def draw(self, painter: QPainter, area: QRect, words: str, look: Look, selected: bool) -> None:
        reached, _, steps = words.partition("/")
        if not steps.strip().isdecimal():
            return
        count = min(int(steps), 9)
        for at in range(count):
            token = "text2" if at < int(reached) else "surface" if selected else "border"
            bar = QRectF(area.left() + at * theme.px(8), area.center().y() - theme.px(5), theme.px(5), theme.px(12))
            paint.box(painter, bar, theme.px(2), theme.color(token))


def _days(line: WorkLine) -> str:
    return formats.number(line.days) if line.days > 0 and line.due_on is not None else formats.NOTHING


def _days_look(line: WorkLine) -> Look | None:
    late = line.days > 0 and line.due_on is not None
    return Look(tone="danger" if line.days > _LATE_DAYS else "text", strong=True) if late else None


def columns() -> list[TableColumn]:
    """The columns of the worklist."""
    return [
        TableColumn(tr("Account"), lambda line: line.account),
        TableColumn(tr("Invoice"), lambda line: line.number),
        TableColumn(tr("Due"), lambda line: formats.short_day(line.due_on) if line.due_on else formats.NOTHING),
        TableColumn(tr("Days"), _days, _days_look),
        TableColumn(tr("Amount open"), lambda line: formats.amount(line.open, line.currency),
                    lambda _line: Look(strong=True)),
        TableColumn(tr("Reminder step"), lambda line: f"{line.reached}/{line.steps}" if line.steps else ""),
        TableColumn(tr("Obstacle, next step"), lambda line: line.next, lambda line: Look(tone=line.tone)),
    ]  # fmt: skip


def orders() -> dict[str, str]:
    """What the lines may be sorted by, in words."""
    return {"benefit": tr("Benefit of acting today"), "age": tr("Due date"), "amount": tr("Amount open")}


def shows() -> dict[str, str]:
    """What the lines may be narrowed to, in words; "" is everything."""
    return {
        "": tr("All"),
        "promises": tr("Promises to pay"),
        "papers": tr("Papers missing"),
        "disputed": tr("Disputed"),
    }


class WorklistView(QWidget):
    """Tools, table and totals.

    Signals:
        order_chosen(key), show_chosen(key): sort or narrow otherwise.
        cleared: show everything again.

    Attributes:
        model, table, place, totals, tool_bar: as those of a RecordPage; the tools of lists work on them.
    """

    order_chosen = Signal(str)
    show_chosen = Signal(str)
    cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._tight, self._settings, self._owner = False, ("benefit", ""), ""
        self.model = RecordTable(columns(), self)
        self.table = TableView(tr("Worklist"))
        self.place = KeptPlace(self.table, self.model)
        steps = StepsCell()
        steps.pad = 10
        self.table.set_columns([
            Column(0, TextCell(name=True)), Column(74, TextCell("text2"), 1), Column(40, DateCell(), 2),
            Column(32, AmountCell()), Column(104, AmountCell()), Column(40, steps, 3), Column(128, PillCell()),
        ])  # fmt: skip
        self.totals = TotalsRow(self.table)
        self.model.answered.connect(lambda: self.totals.set_texts(self.model.answer.totals))
        self._order = Chip(tr("Sort by"), orders()["benefit"])
        self._show = Chip(tr("Shown"), shows()[""])
        self._filter = Chip("", "", closable=True)
        self._order.clicked.connect(lambda: self._open(self._order, orders(), self.order_chosen.emit))
        self._show.clicked.connect(lambda: self._open(self._show, shows(), self.show_chosen.emit))
        self._filter.closed.connect(self.cleared)
        self._filter.clicked.connect(self.cleared)
        self._filter.hide()
        self.owner = Chip(tr("In charge"), tr("All"))
        self.currency = Chip(tr("Currency"), "VND")
        self.currency.hide()
        self.create_button = QWidget()  # the tools of lists put theirs before it
        self.create_button.hide()
        self.tool_bar = tool_row(
            self._order, self.owner, self._show, self._filter, self.currency, None, self.create_button
        )
        self.head = self.tool_bar
        lists = QWidget()
        below = QVBoxLayout(lists)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(self.table, 1)
        below.addWidget(self.totals)
        self._stack = QStackedLayout()
        self._stack.addWidget(lists)
        self._stack.addWidget(EmptyState("circle-check", tr("Nothing is to be done about open money today."),
                                         tr("What falls due, is promised or waits comes here by itself.")))  # fmt: skip
        self._stack.addWidget(FilterEmpty(tr("No line of the worklist fits."), self.cleared.emit))
        for at in range(1, self._stack.count()):
            hidden = self._stack.widget(at)
            if hidden is not None:
                hidden.setMinimumWidth(1)  # a sentence nobody sees must not widen the list
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.tool_bar)
        box.addLayout(self._stack, 1)
        self.setFocusProxy(self.table)

    def _open(self, chip: Chip, words: dict[str, str], chosen: Callable[[str], object]) -> None:
        menu = QMenu(self)
        for key, text in words.items():
            menu.addAction(text, partial(chosen, key))
        open_below(menu, chip)

    def show_settings(self, order: str, show: str, filtered: str, owner: str = "") -> None:
        """Shows in the chips how the list is sorted and narrowed; `filtered` is what a cell of the ageing meant.

        `owner` is the name of the person in charge, "" for all.
        """
        self._settings, self._owner = (order, show), owner
        self._say_settings()
        self._filter.setVisible(bool(filtered))
        self._filter.set_texts("", filtered)

    def set_tight(self, tight: bool) -> None:
        """Beside a panel and with large text the chips say only what they are for; a menu says the rest."""
        if tight != self._tight:
            self._tight = tight
            self._say_settings()

    def _say_settings(self) -> None:
        order, show = orders().get(self._settings[0], ""), shows().get(self._settings[1], "")
        self._order.set_texts("" if self._tight else tr("Sort by"), tr("Sort by") if self._tight else order)
        self._show.set_texts("" if self._tight else tr("Shown"), show if not self._tight or self._settings[1] else
                             tr("Shown"))  # fmt: skip
        self.owner.set_texts("" if self._tight else tr("In charge"), self._owner or (tr("In charge") if self._tight else
                                                                                    tr("All")))  # fmt: skip
        self.owner.setAccessibleName(f"{tr('In charge')}: {self._owner or tr('All')}")
        self._order.setAccessibleName(f"{tr('Sort by')}: {order}")
        self._show.setAccessibleName(f"{tr('Shown')}: {show}")

    def show_state(self, *, empty: bool, filtered: bool) -> None:
        """Shows the table, or why there is nothing in it."""
        self._stack.setCurrentIndex((2 if filtered else 1) if empty else 0)
        self.totals.setVisible(not empty)


def pill(reason: str, day: date | None, until: date | None, percent: int, step: str, action: str) -> tuple[str, str]:
    """(words, tone) of the last column: an obstacle as a pill, else the next step as plain text (tone "plain")."""
    short = formats.short_day(day) if day is not None else ""
    found = {
        "broken_promise": (tr("Missed {day}", day=short), "danger"),
        "promise_today": (tr("Promised today"), "info"),
        "promised": (tr("Promised {day}", day=short), "info"),
        "papers": (tr("Awaits papers"), "warning"),
        "papers_missing": (tr("Papers missing"), "warning"),
        "said_paid": (tr("Says it is paid"), "info"),
        "disputed": (tr("Disputed"), "warning"),
        "limitation_over": (tr("Limitation over"), "danger"),
        "limitation_near": (tr("Limitation {day}", day=short), "danger"),
        "tier_near": (tr("Provision {percent} %", percent=percent), "private"),
        "reminded": (tr("Again {day}", day=formats.short_day(until)) if until else "", "plain"),
        "due_soon": (tr("Nothing yet"), "plain"),
    }
    return found.get(reason) or (step or action_words().get(action, ""), "plain")


def action_words() -> dict[str, str]:
    """The next actions, in words."""
    return {"call": tr("Call"), "message": tr("Message"), "letter": tr("Letter"), "meeting": tr("Meeting"),
            "papers": tr("Confirm the papers"), "receipt": tr("Record a receipt"), "wait": tr("Wait")}  # fmt: skip


def group_words() -> dict[str, str]:
    """The groups, in words."""
    return {"today": tr("To do today"), "soon": tr("Due within 7 days"), "waiting": tr("Waiting")}


__all__: Sequence[str] = (
    "StepsCell", "WorkLine", "WorklistView", "action_words", "columns", "group_words", "orders", "pill", "shows",
)  # fmt: skip
