"""Today's page: one ordered list with a reason and an action each, the next days, and my figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QBoxLayout,
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import keymap, paint, theme
from kam_desktop.ui.badges import Pill
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Card, Line, Panel, page_head, scrolled, side_panel
from kam_desktop.ui.kit.labels import ElidedLabel, Link, PlainLabel, caption, section, title
from kam_desktop.ui.kit.states import EmptyState, Notice
from kam_desktop.ui.pages.today.checklist import PLACE, AllSteps, NextStep, Step
from kam_desktop.ui.pages.today.worklist import Item, Worklist
from kam_desktop.ui.shortcuts import add_shortcut

PANE = "pane"


@dataclass(frozen=True)
class Figure:
    """One of my figures: `key` is what a click opens; the amount is finished text."""

    key: str
    label: str
    amount: str
    note: str = ""
    tone: str = "text"


@dataclass(frozen=True)
class DayRow:
    """One of the next days: a public holiday, what falls due, or both; `moved_to` is the next working day."""

    on: date
    holiday: str = ""
    lines: tuple[tuple[str, str], ...] = ()  # (words, amount)
    moved_to: date | None = None


@dataclass(frozen=True)
class Shown:
    """Everything that the page shows at one moment.

    Attributes:
        more: how many further lines there are beyond `items`.
        payments_entered: False while nobody has said which imported invoices are still open.
        as_of: when the figures were counted, as text.
        steps: the six first steps; empty once all are done, or put away.
        sample: these are invented data, and the page says so; `removable`: they may give way to one's own.
    """

    today: date
    items: Sequence[Item] = ()
    more: int = 0
    payments_entered: bool = True
    figures: Sequence[Figure] = ()
    days: Sequence[DayRow] = ()
    as_of: str = ""
    steps: Sequence[Step] = ()
    sample: bool = False
    removable: bool = False


class FigureRow(QAbstractButton):
    """A figure that opens the rows it was counted from."""

    def __init__(self, figure: Figure) -> None:
        super().__init__()
        self._figure = figure
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(" ".join(part for part in (figure.label, figure.note, figure.amount) if part))

    def sizeHint(self) -> QSize:
        return QSize(theme.px(300), theme.px(39))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, figure = QPainter(self), self._figure
        if self.underMouse() or self.hasFocus():
            painter.fillRect(self.rect(), theme.color("subtle"))
        area = self.rect().adjusted(theme.px(20), 0, -theme.px(20), 0)
        needed = theme.metrics(theme.BODY, theme.BOLD).horizontalAdvance(figure.amount) + theme.px(12)
        used = paint.text(painter, area.adjusted(0, 0, -needed, 0), figure.label, "text2")
        room = area.width() - needed - used - theme.px(4)
        if figure.note and theme.metrics().horizontalAdvance(f"· {figure.note}") <= room:  # else screen readers have it
            paint.text(painter, area.adjusted(used + theme.px(4), 0, -needed, 0), f"· {figure.note}", "muted")
        paint.text(painter, area, figure.amount, figure.tone, weight=theme.BOLD, align=paint.RIGHT)
        if self.hasFocus():
            painter.fillRect(0, 0, theme.px(2), self.height(), theme.color("accent"))

    def keyPressEvent(self, event) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class TodayPage(QWidget):
    """The list at the left, calendar and figures at the right.

    Signals:
        item_opened(key): do what the line says.
        done_wanted(key): the task of the line is done.
        figure_opened(key): show what the figure was counted from.
        step_opened(key): open the screen of a step for a new profile.
        steps_wanted(bool): show all the steps in the place of the list, or the list again.
        steps_hidden: put them away for good.
        opening_wanted: answer which imported invoices are still open.
        all_wanted: see the lines that this page leaves out.
        own_data_wanted: sample data give way to one's own.
    """

    item_opened = Signal(str)
    done_wanted = Signal(str)
    figure_opened = Signal(str)
    step_opened = Signal(str)
    steps_wanted = Signal(bool)
    steps_hidden = Signal()
    opening_wanted = Signal()
    all_wanted = Signal()
    own_data_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._day = PlainLabel(size=theme.SECTION, tone="text2")
        self._hint = ElidedLabel(_keys(), size=theme.CAPTION, tone="muted")
        self.list = Worklist()
        self.list.opened.connect(self.item_opened)
        add_shortcut(self.list, "done", lambda: self.done_wanted.emit(self.list.current_key()))
        self._notices = QVBoxLayout()
        self._notices.setContentsMargins(*(theme.px(side) for side in (24, 0, 24, 12)))
        self._more = Link("")
        self._more.opened.connect(self.all_wanted)
        main = Panel()
        self._sample = Pill(tr("Sample data"), "info", "sparkles")
        self._own = Link(tr("Begin with my own data"))
        self._own.opened.connect(self.own_data_wanted)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignRight)
        main.add(page_head(title(tr("Today")), self._day, self._sample, self._own).add(self._hint, stretch=1))
        main.box.addLayout(self._notices)
        self._over, self._all_steps = QVBoxLayout(), False
        main.box.addLayout(self._over)
        main.add(Line())
        self._middle = QStackedWidget()
        self._middle.addWidget(self.list)
        self._other: QWidget | None = None
        main.add(self._middle, stretch=1)
        self._foot = Panel(row=True, margins=(24, 4, 24, 4), lines="top").add(self._more, None)
        main.add(self._foot)
        self._side = side_panel(348)
        self._side.setProperty(PANE, True)
        self._days = QVBoxLayout()
        self._days.setContentsMargins(*(theme.px(side) for side in (20, 0, 20, 12)))
        self._days.setSpacing(theme.px(12))
        calendar = Panel()
        calendar.box.addLayout(self._days)
        calendar.box.addStretch(1)
        self._side.add(Panel(row=True, margins=(20, 0, 20, 0), height=56).add(section(tr("Next days")), None))
        self._side.add(scrolled(calendar), stretch=1)
        self._as_of = caption()
        self._side.add(Panel(row=True, margins=(20, 4, 20, 0), height=44, lines="top")
                       .add(section(tr("My figures")), None, self._as_of))  # fmt: skip
        self._figures = Panel(margins=(0, 0, 0, 8))
        self._side.add(self._figures)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(main, 1)
        row.addWidget(self._side)
        main.setProperty(PANE, True)
        main.setFocusProxy(self.list)
        self.setFocusProxy(self.list)
        self._foot.hide()
        self._sample.hide()
        self._own.hide()

    def show_today(self, shown: Shown) -> None:
        """Shows another moment; the chosen line stays chosen."""
        self._day.setText(f"{formats.weekday(shown.today)}, {formats.day(shown.today)}")
        self._sample.setVisible(shown.sample)
        self._own.setVisible(shown.sample and shown.removable)
        self._show_notices(shown)
        self._show_middle(shown)
        self._more.set_label(tr("{n} more in Collections", n=formats.number(shown.more)))
        self._foot.setVisible(shown.more > 0)
        self._as_of.setText(shown.as_of)
        emptied(self._figures.box)
        for number, figure in enumerate(shown.figures):
            if number:
                self._figures.add(Line(token="subtle"))
            button = FigureRow(figure)
            button.clicked.connect(lambda _on=False, key=figure.key: self.figure_opened.emit(key))
            self._figures.add(button)
        emptied(self._days)
        for day in shown.days:
            self._days.addWidget(_day_block(day, shown.today))
        if not shown.days:
            self._days.addWidget(caption(tr("No holidays and nothing due in the next days.")))

    def _show_notices(self, shown: Shown) -> None:
        emptied(self._notices)
        if shown.payments_entered:
            self._notices.setContentsMargins(0, 0, 0, 0)
            return
        answer = Link(tr("Say which are open"))
        answer.opened.connect(self.opening_wanted)
        text = tr("Payments are not entered yet: imported invoices that were paid look open.")
        self._notices.setContentsMargins(*(theme.px(side) for side in (24, 0, 24, 12)))
        self._notices.addWidget(Notice(text, "warning", "triangle-alert", answer))

    def _show_middle(self, shown: Shown) -> None:
        self.list.show_items(shown.items)
        whole = bool(shown.steps) and (self._all_steps or not shown.items)
        self.show_next_step(() if whole else shown.steps)
        other: QWidget | None = None
        if whole:
            other = made = AllSteps(shown.steps, closable=bool(shown.items))
            made.opened.connect(self.step_opened)
            made.closed.connect(lambda: self.steps_wanted.emit(False))
            made.hidden.connect(self.steps_hidden)
        elif not shown.items:
            look = Button(tr("Look at the open instalments"))
            look.clicked.connect(self.all_wanted)
            words = tr("Nothing is overdue, and nothing falls due or waits for you this week.")
            other = EmptyState("circle-check", tr("Nothing is urgent."), words, look)
        if self._other is not None:
            self._middle.removeWidget(self._other)
            self._other.deleteLater()
        self._other = other
        if other is not None:
            self._middle.addWidget(other)
        self._middle.setCurrentWidget(other or self.list)
        self._hint.setText(_keys() if other is None else "")

    def show_next_step(self, steps: Sequence[Step]) -> None:
        """The next step over a list that has lines already."""
        emptied(self._over)
        if steps:
            strip = NextStep(steps)
            strip.opened.connect(self.step_opened)
            strip.all_wanted.connect(lambda: self.steps_wanted.emit(True))
            self._over.addWidget(strip)

    def show_all_steps(self, shown: bool) -> None:
        """From the next answer on: every first step in the place of the list, or the list."""
        self._all_steps = shown

    # What the window asks.

    def open_place(self, place: str) -> None:
        """All first steps; else the keyboard comes to the list, unless it is somewhere already."""
        if place == PLACE:
            self.steps_wanted.emit(True)
        elif QApplication.focusWidget() is None:
            self.list.setFocus()

    def remembered(self) -> object:
        """The key of the chosen line."""
        return self.list.current_key()

    def remember(self, state: object) -> None:
        """Chooses that line again once it is shown."""
        self.list.choose(str(state or ""))


def _keys() -> str:
    return tr("Enter does it · {key}: task done", key=keymap.shown("done"))


def emptied(box: QBoxLayout) -> None:
    """Takes everything out of a layout."""
    while (item := box.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()


def _day_block(day: DayRow, today: date) -> QWidget:
    head = formats.weekday(day.on) + " " + formats.short_day(day.on)
    if (day.on - today).days == 0:
        head = tr("Today")
    elif (day.on - today).days == 1:
        head = f"{tr('Tomorrow')} · {head}"
    if day.holiday:
        block: Panel = Card(margins=(12, 8, 12, 8), gap=1, ground="window", radius=6)
        block.add(_wrapped(f"{head} · {tr('Public holiday')}", weight=theme.MEDIUM))
        block.add(caption(day.holiday, wrap=True))
    else:
        block = Panel(gap=1)
        block.add(_wrapped(head, weight=theme.MEDIUM))
    for words, amount in day.lines:
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        row.addWidget(PlainLabel(words, tone="text2", wrap=True), 1)
        number = PlainLabel(amount, weight=theme.MEDIUM)
        number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        row.addWidget(number)
        block.box.addLayout(row)
    if day.moved_to is not None and day.lines:
        block.add(caption(tr("The next working day is {day}.", day=formats.short_day(day.moved_to)), wrap=True))
    block.setAccessibleName(head)
    return block


def _wrapped(text: str, weight: int) -> PlainLabel:
    return PlainLabel(text, weight=weight, wrap=True)
