"""The side column of one customer: next steps, people, occasions, what the customer never sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import paint, theme
from kam_desktop.ui.badges import Avatar, Tag
from kam_desktop.ui.kit.buttons import IconButton
from kam_desktop.ui.kit.frames import Panel, scrolled
from kam_desktop.ui.kit.labels import ElidedLabel, IconLabel, Link, PlainLabel, caption, section, set_tip


@dataclass(frozen=True, slots=True)
class Step:
    """A task or a proposal's next step. `task` is "" for a proposal's, which is not ticked here."""

    task: str
    text: str
    on: date | None
    open: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reach:
    """A person with the ways to reach them; "" for none."""

    id: str
    name: str
    position: str
    phone: str
    mail: str
    zalo: str
    main: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A coming occasion in words. `occasion` is the id of what was written down, "" of what follows from a record."""

    text: str
    on: date
    occasion: str
    contact: str


@dataclass(frozen=True)
class Around:
    """Everything in the side column. margin in percent; cost and net in minor units of `currency`."""

    steps: tuple[Step, ...]
    people: tuple[Reach, ...]
    days: tuple[Day, ...]
    margin: Decimal | None
    cost: int | None
    net: int
    without_cost: int
    currency: str


class SideColumn(QWidget):
    """The column; it is built anew for each answer, from a few rows.

    Signals:
        step_wanted, contact_wanted(id), occasion_wanted(id): "" makes a new one.
        ticked(id): the task is done. opened(page, place). reached(kind, value): phone, mail or zalo.
        all_people, all_steps: the tab with all of them.
    """

    step_wanted = Signal()
    contact_wanted = Signal(str)
    occasion_wanted = Signal(str)
    ticked = Signal(str)
    opened = Signal(str, str)
    reached = Signal(str, str)
    all_people = Signal()
    all_steps = Signal()

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._content: QWidget | None = None

    def show_around(self, around: Around) -> None:
        """Shows another customer, or the same with other rows; the keyboard stays in the column if it was there."""
        inside = self._content is not None and self._content.isAncestorOf(self.focusWidget() or self)
        if self._content is not None:
            self._box.removeWidget(self._content)
            self._content.deleteLater()
        made = Panel(lines="left")
        made.add(self._steps(around), self._people(around), self._days(around), self._private(around), None)
        self._content = scrolled(made)
        self._content.setProperty("pane", True)
        self._box.addWidget(self._content)
        if inside:
            first = next(iter(made.findChildren(IconButton)), None)
            if first is not None:
                first.setFocus()

    def _part(self, name: str, action: str, deed: Callable[[], object]) -> Panel:
        button = IconButton("plus", action)
        button.clicked.connect(deed)
        head = Panel(row=True).add(section(name), None, button)
        return Panel(lines="bottom", margins=(20, 8, 20, 12), gap=4).add(head)

    def _steps(self, around: Around) -> QWidget:
        made = self._part(tr("Next steps"), tr("Add task"), self.step_wanted.emit)
        for step in around.steps[:6]:
            row = Panel(row=True, gap=8)
            if step.task:
                tick = IconButton("circle", tr("Done: {subject}", subject=step.text))
                tick.clicked.connect(partial(self._on_tick, step.task))
                row.add(tick)
            else:
                row.add(IconLabel("file-text", name=tr("Proposal"), tile="surface"))
            late = step.on is not None and step.on <= self._today
            row.add(_link(step.text, partial(self.opened.emit, *step.open)), stretch=1)
            row.add(PlainLabel(near_day(step.on, self._today), size=theme.CAPTION, tone="warning" if late else "text2",
                               weight=theme.BOLD if late else theme.REGULAR))  # fmt: skip
            made.add(row)
        if not around.steps:
            made.add(caption(tr("No next step. What comes now?"), wrap=True))
        elif len(around.steps) > 6:
            made.add(_link(tr("All {n}", n=len(around.steps)), self.all_steps.emit))
        return made

    def _people(self, around: Around) -> QWidget:
        made = self._part(tr("Key contacts"), tr("Add contact"), lambda: self.contact_wanted.emit(""))
        for person in around.people[:4]:
            made.add(person_row(person, self.contact_wanted.emit, self.reached.emit))
        if not around.people:
            made.add(caption(tr("Nobody yet.")))
        elif len(around.people) > 4:
            made.add(_link(tr("All {n}", n=len(around.people)), self.all_people.emit))
        return made

    def _days(self, around: Around) -> QWidget:
        made = self._part(tr("Occasions"), tr("Add occasion"), lambda: self.occasion_wanted.emit(""))
        for day in around.days[:5]:
            row = Panel(row=True, gap=8).add(IconLabel("calendar", tile="surface"))
            if day.occasion:
                row.add(_link(day.text, partial(self.occasion_wanted.emit, day.occasion)), stretch=1)
            else:
                row.add(ElidedLabel(day.text), stretch=1)
            made.add(row.add(caption(near_day(day.on, self._today), "text2")))
        if not around.days:
            made.add(caption(tr("None in the next {n} days.", n=60)))
        return made

    def _on_tick(self, task: str, _on: bool = False) -> None:
        self.ticked.emit(task)

    def _private(self, around: Around) -> QWidget:
        made = Panel(margins=(20, 12, 20, 16), gap=6)
        made.add(Panel(row=True).add(section(tr("Margin")), None, Tag(tr("Internal"))))
        share = formats.percent(around.margin) if around.margin is not None else formats.NOTHING
        cost = formats.amount(around.cost, around.currency, symbol=bool(around.cost), zero=formats.NOTHING)
        for name, value, weight in (
            (tr("Offers won and sent"), share, theme.BOLD), (tr("Internal cost"), cost, theme.REGULAR),
        ):  # fmt: skip
            made.add(Panel(row=True).add(PlainLabel(name, tone="text2"), None,
                                         PlainLabel(value, tone="private", weight=weight)))  # fmt: skip
        if around.without_cost:
            made.add(caption(tr("{n} proposals without a cost", n=around.without_cost)))
        return made


def near_day(value: date | None, today: date) -> str:
    """A day of this year without its year."""
    return formats.short_day(value) if value is not None and value.year == today.year else formats.day(value)


class _Name(Link):
    """A name or a title that opens something: quiet, and shorter where there is no room."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(theme.px(40))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        set_tip(self, self.accessibleName() if self.sizeHint().width() > self.width() else "")

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        lined = self.font()
        lined.setUnderline(self.underMouse() or self.hasFocus())
        painter.setFont(lined)
        painter.setPen(theme.color("text"))
        words = self.fontMetrics().elidedText(self.accessibleName(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), paint.LEFT, words)


def _link(text: str, deed: Callable[[], object]) -> Link:
    made = _Name(text)
    made.opened.connect(lambda: deed())
    return made


def person_row(person: Reach, opened: Callable[[str], object], reached: Callable[[str, str], object]) -> QWidget:
    """A person with one button for each way to reach them; `reached` gets phone, mail or zalo and the value."""
    row = Panel(row=True, gap=8)
    row.add(Avatar("".join(word[0] for word in person.name.split()[-2:]).upper()))
    names = QVBoxLayout()
    names.setSpacing(0)
    names.addWidget(_link(person.name, partial(opened, person.id)))
    if person.position:
        names.addWidget(ElidedLabel(person.position, size=theme.CAPTION, tone="text2"))
    row.box.addLayout(names, 1)
    for kind, icon, value, action in (
        ("phone", "phone", person.phone, tr("Call {name}", name=person.name)),
        ("mail", "mail", person.mail, tr("Mail to {name}", name=person.name)),
        ("zalo", "message-circle", person.zalo, tr("Zalo with {name}", name=person.name)),
    ):
        if value:
            shown = formats.phone(value) if kind != "mail" else value
            button = IconButton(icon, f"{action} · {shown}")
            button.clicked.connect(partial(_reach, reached, kind, value))
            row.add(button)
    return row


def _reach(reached: Callable[[str, str], object], kind: str, value: str, _on: bool = False) -> None:
    reached(kind, value)
