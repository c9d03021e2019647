"""The panel at the right of the list of accounts: one customer at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.badges import Avatar, Tier
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Panel, action_bar, scrolled, side_panel
from kam_desktop.ui.kit.labels import ElidedLabel, IconLabel, PlainLabel, caption
from kam_desktop.ui.pages.account.side import Reach, near_day, person_row
from kam_desktop.ui.shortcuts import add_shortcut

LATE_DAYS = 30  # overdue by more than this costs money today, and is red


@dataclass(frozen=True, slots=True)
class Happened:
    """An interaction in the panel: drawing, words and day."""

    icon: str
    text: str
    on: date | None


@dataclass(frozen=True)
class Peek:
    """What the panel shows of one customer; amounts in minor units of `currency`."""

    id: str
    name: str
    letters: str
    tier: str
    legal_name: str
    industry: str
    currency: str
    revenue: int
    overdue: int
    oldest_days: int
    open: int
    credit_limit: int | None
    next_step: str
    next_step_on: date | None
    people: tuple[Reach, ...]
    recent: tuple[Happened, ...]


class PeekPanel(QWidget):
    """The panel at the right of the list.

    Signals:
        opened: show the whole record.
        interaction_wanted: write down an interaction.
        closed: Esc.
        contact_wanted(str): show that person. reached(str, str): phone, mail or zalo, and the value.
    """

    opened = Signal()
    closed = Signal()
    interaction_wanted = Signal()
    contact_wanted = Signal(str)
    reached = Signal(str, str)

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today
        self._frame = side_panel(420)
        self._body: QWidget | None = None
        self._wanted = False
        self._log = Button(tr("Log interaction"), key=keymap.shown("log"))
        self._open = Button(tr("Open"), kind="primary", icon="corner-down-left")
        self._log.clicked.connect(self.interaction_wanted)
        self._open.clicked.connect(self.opened)
        self._foot = action_bar(self._log, None, self._open)
        self._holder = QVBoxLayout()
        self._frame.box.addLayout(self._holder, 1)
        self._frame.add(self._foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._frame)
        self.setProperty("pane", True)
        add_shortcut(self, "leave", self.closed.emit)
        self.setFocusProxy(self._open)
        self.show_peek(None)

    def show_peek(self, peek: Peek | None) -> None:
        """Shows a customer, or that none is chosen."""
        if self._body is not None:
            self._holder.removeWidget(self._body)
            self._body.deleteLater()
        self._body = scrolled(self._content(peek) if peek else self._nothing())
        self._holder.addWidget(self._body)
        self._foot.setVisible(peek is not None)
        if peek is not None and self._wanted:
            self.take_keyboard()

    def take_keyboard(self) -> None:
        """The keyboard goes to the panel, as soon as it shows somebody."""
        self._wanted = self._foot.isHidden()
        self.setFocus()

    def _nothing(self) -> QWidget:
        box = Panel(margins=(20, 24, 20, 20)).add(caption(tr("Choose an account to see it here.")), None)
        return box

    def _content(self, peek: Peek) -> QWidget:
        made = Panel()
        head = Panel(row=True, lines="bottom", margins=(20, 12, 20, 12), gap=12, height=72)
        names = QVBoxLayout()
        names.setSpacing(0)
        first = QHBoxLayout()
        first.setSpacing(theme.px(8))
        name = ElidedLabel(peek.name, size=theme.SECTION, weight=theme.BOLD)
        name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        first.addWidget(name)
        if peek.tier:
            first.addWidget(Tier(peek.tier))
        first.addStretch()
        names.addLayout(first)
        second = " · ".join(filter(None, (peek.legal_name, peek.industry)))
        names.addWidget(ElidedLabel(second, size=theme.CAPTION, tone="text2"))
        head.add(Avatar(peek.letters, 40))
        head.box.addLayout(names, 1)
        made.add(head, self._figures(peek))
        if peek.next_step:
            step = _line("circle", peek.next_step, near_day(peek.next_step_on, self._today))
            made.add(self._part(tr("Next step"), [step]))
        people = [person_row(each, self.contact_wanted.emit, self.reached.emit) for each in peek.people] or [
            caption(tr("Nobody yet."))
        ]
        made.add(self._part(tr("Key contacts"), people))
        recent = [_line(each.icon, each.text, near_day(each.on, self._today)) for each in peek.recent]
        made.add(self._part(tr("Recent"), recent or [caption(tr("Nothing yet."))], last=True), None)
        return made

    def _figures(self, peek: Peek) -> QWidget:
        made = Panel(lines="bottom")
        grid = QGridLayout()
        grid.setContentsMargins(theme.px(20), theme.px(14), theme.px(20), theme.px(14))
        grid.setVerticalSpacing(theme.px(10))
        late = tr("Overdue") + (" · " + tr("{n} days", n=peek.oldest_days) if peek.overdue else "")
        used = "" if not peek.credit_limit else f" · {formats.percent(Decimal(100 * peek.open) / peek.credit_limit, 0)}"
        for number, (name, value, tone) in enumerate((
            (tr("Revenue, 12 months"), peek.revenue, "text"),
            (late, peek.overdue, "danger" if peek.oldest_days > LATE_DAYS else "text"),
            (tr("Open in all"), peek.open, "text"),
            (tr("Credit limit used") + used if peek.credit_limit else tr("Credit limit"), peek.credit_limit, "text"),
        )):  # fmt: skip
            cell = QVBoxLayout()
            cell.setSpacing(0)
            cell.addWidget(caption(name))
            shown = formats.amount(value, peek.currency, symbol=bool(value), zero="–")
            cell.addWidget(PlainLabel(shown, size=theme.SECTION, weight=theme.BOLD, tone=tone, select=True))
            grid.addLayout(cell, number // 2, number % 2)
        made.box.addLayout(grid)
        return made

    def _part(self, name: str, rows: Sequence[QWidget], *, last: bool = False) -> Panel:
        return Panel(lines="" if last else "bottom", margins=(20, 12, 20, 12), gap=6).add(caption(name), *rows)


def _line(icon: str, text: str, right: str) -> QWidget:
    return Panel(row=True, gap=12).add(IconLabel(icon)).add(ElidedLabel(text), stretch=1).add(caption(right, "text2"))
