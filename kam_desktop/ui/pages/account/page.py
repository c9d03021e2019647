"""The list of customers by class with their money, and the panel that peeks into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.badges import Avatar, Tier
from kam_desktop.ui.kit.buttons import Button, Chip, open_below
from kam_desktop.ui.kit.cells import AmountCell, DateCell, Look, ShareCell, TextCell
from kam_desktop.ui.kit.frames import Panel, action_bar, scrolled, side_panel
from kam_desktop.ui.kit.labels import ElidedLabel, IconLabel, PlainLabel, caption
from kam_desktop.ui.kit.record_page import RecordPage
from kam_desktop.ui.kit.record_table import TableColumn
from kam_desktop.ui.kit.table_view import Column
from kam_desktop.ui.pages.account.side import Reach, near_day, person_row
from kam_desktop.ui.pages.account.tiers import TierBar

if TYPE_CHECKING:
    from kam_desktop.ui.pages.account.detail import AccountDetail

OWNER, INDUSTRY = 7, 8  # columns that are edited in place, besides the first
LATE_DAYS = 30  # overdue by more than this costs money today, and is red


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One customer as the list shows it; amounts in minor units, share in percent, `part` of the largest share."""

    id: str
    name: str
    legal_name: str
    revenue: int
    share: Decimal | None
    part: float
    first_class: bool
    overdue: int
    oldest_days: int
    last_touch_on: date | None
    contact: str
    owner: str
    next_step: str
    currency: str
    industry: str = ""


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


def _revenue(line: AccountLine) -> str:
    return formats.amount(line.revenue, line.currency, zero=formats.NOTHING)


def _overdue(line: AccountLine) -> str:
    return formats.amount(line.overdue, line.currency, zero=formats.NOTHING)


def _share_look(line: AccountLine) -> Look:
    return Look(part=line.part, part_tone="accent" if line.first_class else "border_strong")


def _overdue_look(line: AccountLine) -> Look:
    return Look(tone="danger" if line.oldest_days > LATE_DAYS else None, strong=line.overdue > 0)


def columns(today: date) -> list[tuple[TableColumn, Column]]:
    """The columns of the list, in their order on the screen."""
    return [
        (TableColumn(tr("Account"), lambda a: a.name, order="name"), Column(0, TextCell(name=True))),
        (TableColumn(tr("Revenue, 12 months"), _revenue, order="revenue", falling=True), Column(112, AmountCell())),
        (
            TableColumn(tr("Share"), lambda a: formats.number(a.share, 1) if a.share else formats.NOTHING, _share_look),
            Column(72, ShareCell(), 2),
        ),
        (TableColumn(tr("Overdue"), _overdue, _overdue_look, "overdue", falling=True), Column(98, AmountCell())),
        (TableColumn(tr("Days"), lambda a: str(a.oldest_days) if a.overdue else ""), Column(32, DateCell("muted"), 1)),
        (
            TableColumn(tr("Contact on"), lambda a: near_day(a.last_touch_on, today), order="last_touch"),
            Column(52, DateCell(), 3),
        ),
        (TableColumn(tr("Next step"), lambda a: a.next_step), Column(200, TextCell("text2"), 5)),
        (TableColumn(tr("Owner"), lambda a: a.owner), Column(120, TextCell("text2"), 4)),
        (TableColumn(tr("Industry"), lambda a: a.industry), Column(130, TextCell("text2"), 6)),
    ]


class PeekPanel(QWidget):
    """The panel at the right of the list.

    Signals:
        opened: show the whole record.
        interaction_wanted: write down an interaction.
        contact_wanted(str): show that person. reached(str, str): phone, mail or zalo, and the value.
    """

    opened = Signal()
    interaction_wanted = Signal()
    contact_wanted = Signal(str)
    reached = Signal(str, str)

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today
        self._frame = side_panel(420)
        self._body: QWidget | None = None
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
        first.addWidget(ElidedLabel(peek.name, size=theme.SECTION, weight=theme.BOLD), 1)
        if peek.tier:
            first.addWidget(Tier(peek.tier))
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


class AccountList(RecordPage):
    """The list with its filter.

    Signals:
        filter_chosen(str): "", overdue, untouched or archived.
        grouping_chosen(bool): by class or not.
    """

    filter_chosen = Signal(str)
    grouping_chosen = Signal(bool)

    def __init__(self, today: date) -> None:
        self.peek = PeekPanel(today)
        self.filter_chip = Chip(tr("Show"), tr("All"))
        self.group_chip = Chip(tr("Group by"), tr("Tier"))
        super().__init__(
            tr("Accounts"), columns(today), create=tr("Add account"), search=tr("Search accounts"),
            empty=("users", tr("No accounts yet"), tr("Import them from Excel, or add the first one.")),
            filter_empty=tr("No account fits the filter"), tools=[self.group_chip, self.filter_chip], side=self.peek,
        )  # fmt: skip
        self._filters = _menu(self, self.filter_chip, [
            ("", tr("All")), ("overdue", tr("Overdue by more than {n} days", n=LATE_DAYS)),
            ("untouched", tr("No contact for {n} days", n=14)), ("archived", tr("Archived")),
        ], self._on_filter)  # fmt: skip
        self._groups = _menu(self, self.group_chip, [("tier", tr("Tier")), ("", tr("Nothing"))], self._on_group)
        self.tiers = TierBar(tr("Share of revenue by tier"))
        columns_of = self.layout()
        part = columns_of.itemAt(0) if columns_of is not None else None
        left = part.layout() if part is not None else None
        if isinstance(left, QVBoxLayout):
            left.insertWidget(2, self.tiers)  # below the tools
        self.peek.opened.connect(lambda: self.opened.emit(self.place.current()))

    def show_filter(self, key: str) -> None:
        """Says which filter is on."""
        chosen = next(action for action in self._filters.actions() if action.data() == key)
        self.filter_chip.set_texts(tr("Show"), chosen.text().replace("&&", "&"))

    def show_settings(self, text: str, key: str, grouped: bool) -> None:
        """Shows the search, filter and grouping of a view, without telling of a change."""
        with QSignalBlocker(self.search):
            self.search.edit.setText(text)
        self.show_filter(key)
        self.group_chip.set_texts(tr("Group by"), tr("Tier") if grouped else tr("Nothing"))

    def _on_filter(self, key: str) -> None:
        self.show_filter(key)
        self.filter_chosen.emit(key)

    def _on_group(self, key: str) -> None:
        self.group_chip.set_texts(tr("Group by"), tr("Tier") if key else tr("Nothing"))
        self.grouping_chosen.emit(bool(key))


def _menu(page: QWidget, chip: Chip, options: Sequence[tuple[str, str]], chosen) -> QMenu:
    menu = QMenu(page)
    for key, text in options:
        action = QAction(text.replace("&", "&&"), menu)
        action.setData(key)
        action.triggered.connect(lambda _on=False, key=key: chosen(key))
        menu.addAction(action)
    chip.clicked.connect(lambda: open_below(menu, chip))
    return menu


class AccountPage(QStackedWidget):
    """The list, or one customer over it.

    Signals:
        place_wanted(str): an id, "new" or "" for the list, as the window's history knows it.
    """

    place_wanted = Signal(str)

    def __init__(self, listing: AccountList, make_detail: Callable[[], AccountDetail]) -> None:
        super().__init__()
        self.list, self._make_detail = listing, make_detail
        self.addWidget(listing)

    @cached_property
    def detail(self) -> AccountDetail:
        """One customer; its form is made when it is first wanted, not whenever the list is."""
        made = self._make_detail()
        self.addWidget(made)
        return made

    def open_place(self, place: str) -> None:
        """Called by the window."""
        self.place_wanted.emit(place)

    def tour_places(self) -> list[tuple[str, str]]:
        """One customer, and the form of a new one, for the tour."""
        return [("form", self.list.place.current()), ("new", "new")]

    def remembered(self) -> tuple[str, str]:
        """What is kept while the page is built again: search and current row."""
        return self.list.search.edit.text(), self.list.place.current()

    def remember(self, state: object) -> None:
        """Takes back what `remembered` gave."""
        if isinstance(state, tuple):
            self.list.search.edit.setText(state[0])
            self.list.searched.emit(state[0])
