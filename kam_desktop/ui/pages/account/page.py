"""The list of customers by class with their money, and the panel that peeks into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import icons, theme
from kam_desktop.ui.kit.buttons import Chip, IconButton, open_below
from kam_desktop.ui.kit.cells import AmountCell, DateCell, Look, ShareCell, TextCell
from kam_desktop.ui.kit.record_page import RecordPage
from kam_desktop.ui.kit.record_table import TableColumn
from kam_desktop.ui.kit.table_view import Column
from kam_desktop.ui.pages.account.peek import LATE_DAYS, PeekPanel
from kam_desktop.ui.pages.account.side import near_day
from kam_desktop.ui.pages.account.tiers import TierBar
from kam_desktop.ui.shortcuts import add_shortcut
from kam_desktop.ui.side_fold import SideFold

if TYPE_CHECKING:
    from kam_desktop.ui.pages.account.detail import AccountDetail

_BESIDE = 1000  # px at 100 % of the page, from which on the panel stands beside the list
_ROOM = 1000  # px of the page at 100 %, from which on list and panel stand side by side
_AHEAD_MS = 60  # between the parts of the page of one customer that are made before it is wanted
INDUSTRY = 8  # a column that is edited in place, besides the first


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


class AccountList(RecordPage):
    """The list with its filter; where the window is narrow, the panel lies over it and comes when it is asked for.

    Signals:
        filter_chosen(str): "", overdue, untouched or archived.
        grouping_chosen(bool): by class or not.
        owner_chosen(str): the customers of that person, "" for everybody's.
        panel_turned(bool): the user wants the panel beside the list, or not.

    Attributes:
        peek: the panel. beside: whether the user wants it where there is room for it.
    """

    filter_chosen = Signal(str)
    grouping_chosen = Signal(bool)
    owner_chosen = Signal(str)
    panel_turned = Signal(bool)

    def __init__(self, today: date) -> None:
        self.peek = PeekPanel(today)
        self.filter_chip = Chip(tr("Show"), tr("All"))
        self.group_chip = Chip(tr("Group by"), tr("Tier"))
        self.owner_chip = Chip(tr("Owner"), "", closable=True)
        self._owners: list[QAction] = []
        super().__init__(
            tr("Accounts"), columns(today), create=tr("Add account"), search=tr("Search accounts"),
            empty=("users", tr("No accounts yet"), tr("Import them from Excel, or add the first one.")),
            filter_empty=tr("No account fits the filter"), side=self.peek,
            tools=[self.group_chip, self.filter_chip, self.owner_chip],
        )  # fmt: skip
        self._filters = _menu(self, self.filter_chip, [
            ("", tr("All")), ("overdue", tr("Overdue by more than {n} days", n=LATE_DAYS)),
            ("untouched", tr("No contact for {n} days", n=14)), ("archived", tr("Archived")),
        ], self._on_filter)  # fmt: skip
        self._groups = _menu(self, self.group_chip, [("tier", tr("Tier")), ("", tr("Nothing"))], self._on_group)
        self.owner_chip.closed.connect(lambda: self.owner_chosen.emit(""))
        self.owner_chip.clicked.connect(lambda: open_below(self._filters, self.owner_chip))
        self.owner_chip.hide()
        self.tiers = TierBar(tr("Share of revenue by tier"))
        columns_of = self.layout()
        part = columns_of.itemAt(0) if columns_of is not None else None
        left = part.layout() if part is not None else None
        if isinstance(left, QVBoxLayout):
            left.insertWidget(2, self.tiers)  # below the tools
        if isinstance(columns_of, QHBoxLayout):
            self._fold = SideFold(self, columns_of, self.peek, _BESIDE, away=True)
        self.peek.opened.connect(lambda: self.opened.emit(self.place.current()))
        self.beside, self._asked, self._row = True, False, columns_of
        self.panel_button = IconButton("panel-right-close", tr("Panel of the chosen account"), key="Space")
        self.panel_button.clicked.connect(self._on_panel_button)
        self.head.box.insertWidget(self.head.box.indexOf(self.create_button), self.panel_button)
        self.peek.closed.connect(lambda: self.show_panel(False))
        add_shortcut(self.table, "leave", self._on_leave)
        self._fit_panel()

    def _roomy(self) -> bool:
        return self.width() >= theme.px(_ROOM)

    def show_panel(self, shown: bool) -> None:
        """Brings the panel and gives it the keyboard, or gives the keyboard back to the list."""
        self._asked = shown
        self._fit_panel()
        if shown:
            self.peek.take_keyboard()
        else:
            self.table.setFocus()

    def _on_leave(self) -> None:
        if self._asked:
            self.show_panel(False)

    def _on_panel_button(self) -> None:
        if self._roomy():
            self.beside, self._asked = not self.beside, False
            self._fit_panel()
            self.panel_turned.emit(self.beside)
        else:
            self.show_panel(self.peek.isHidden())

    def fit_panel(self, beside: bool) -> None:
        """Takes back what the user wanted before."""
        self.beside = beside
        self._fit_panel()

    def _fit_panel(self) -> None:
        """Beside the list where there is room for both, else over its right side."""
        over, row = not self._roomy(), self._row
        if row is not None and over == (row.indexOf(self.peek) >= 0):
            if over:
                row.removeWidget(self.peek)
            else:
                row.addWidget(self.peek)
        shown = self._asked or (self.beside and not over)
        self.peek.setVisible(shown)
        self.panel_button.setIcon(icons.icon("panel-right-close" if shown else "panel-right-open"))
        if over and shown:
            wide = self.peek.sizeHint().width()
            self.peek.setGeometry(self.width() - wide, 0, wide, self.height())
            self.peek.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_panel()

    def show_filter(self, key: str) -> None:
        """Says which filter is on."""
        chosen = next(action for action in self._filters.actions() if action.data() == key)
        self.filter_chip.set_texts(tr("Show"), chosen.text().replace("&&", "&"))

    def set_owners(self, owners: Sequence[tuple[str, str]], chosen: str) -> None:
        """(id, name) of those who are in charge of customers, offered with the filters; and whose are shown."""
        for action in self._owners:
            self._filters.removeAction(action)
        self._owners = [self._filters.addSeparator()] if len(owners) > 1 else []
        for key, name in owners if len(owners) > 1 else ():
            action = QAction(f"{tr('Owner')}: {name}".replace("&", "&&"), self._filters)
            action.triggered.connect(partial(self._on_owner, key))
            self._filters.addAction(action)
            self._owners.append(action)
        self.owner_chip.set_texts(tr("Owner"), dict(owners).get(chosen, "…"))
        self.owner_chip.setVisible(bool(chosen))

    def _on_owner(self, key: str, _on: bool = False) -> None:
        self.owner_chosen.emit(key)

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

    def __init__(self, listing: AccountList, make_detail: Callable[[], AccountDetail],
                 wire: Callable[[AccountDetail], None]) -> None:  # fmt: skip
        """`wire` joins one customer's page with its controller once it is whole."""
        super().__init__()
        self.list, self._make_detail, self._wire = listing, make_detail, wire
        self._ahead = QTimer(self, interval=_AHEAD_MS)
        self._ahead.timeout.connect(self._on_ahead)
        self.addWidget(listing)
        listing.model.answered.connect(self._begin_ahead)

    @cached_property
    def _begun(self) -> AccountDetail:
        made = self._make_detail()
        self.addWidget(made)
        return made

    @cached_property
    def detail(self) -> AccountDetail:
        """One customer; made when it is first wanted, or part by part in a while after the list came."""
        made = self._begun
        while made.make_part():
            pass
        self._wire(made)
        return made

    def _begin_ahead(self) -> None:
        if "detail" not in vars(self):
            self._ahead.start()

    def _on_ahead(self) -> None:
        begun = vars(self).get("_begun")
        if begun is None:
            begun = self._begun
        elif not begun.make_part():
            self._ahead.stop()
            begun = self.detail
        for each in begun.findChildren(QWidget):
            each.ensurePolished()  # else the style dresses them all when the page is first shown

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
