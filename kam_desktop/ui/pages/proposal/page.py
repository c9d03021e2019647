"""The list of proposals by stage, and the frame of list and editor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QStackedWidget, QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui.kit.buttons import Chip, open_below
from kam_desktop.ui.kit.cells import AmountCell, DateCell, Look, PillCell, TextCell
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.record_page import RecordPage
from kam_desktop.ui.kit.record_table import TableColumn
from kam_desktop.ui.kit.table_view import Column
from kam_desktop.ui.pages.proposal.filters import Filters
from kam_desktop.ui.pages.proposal.words import SOON_DAYS, STATUS_TONES, stage_names, status_names

if TYPE_CHECKING:
    from kam_desktop.ui.pages.proposal.board import Board
    from kam_desktop.ui.pages.proposal.form import ProposalEditor

_Made = TypeVar("_Made", bound=QWidget)
TITLE, ACCOUNT, VERSION, NEXT_STEP, ON, VALUE, VALID, CLOSING, OWNER = range(9)


@dataclass(frozen=True, slots=True)
class ProposalLineRow:
    """One proposal as the list shows it; `value` before tax, in minor units of `currency`."""

    id: str
    number: str
    title: str
    account: str
    version: str
    status: str
    value: int
    currency: str
    valid_until: date | None
    next_step: str
    next_step_on: date | None
    account_id: str = ""
    owner: str = ""
    expected_close_on: date | None = None


def columns(today: date) -> list[tuple[TableColumn, Column]]:
    """The columns of the list, in their order on the screen."""

    def status(row: ProposalLineRow) -> str:
        return tr("Version {number} · {status}", number=row.version, status=status_names().get(row.status, ""))

    def status_look(row: ProposalLineRow) -> Look:
        return Look(tone=STATUS_TONES.get(row.status, ""))

    def valid_look(row: ProposalLineRow) -> Look | None:
        if row.status not in ("draft", "in_approval", "approved", "sent") or row.valid_until is None:
            return None
        return Look(tone="warning", strong=True) if row.valid_until <= today + timedelta(days=SOON_DAYS) else None

    def value(row: ProposalLineRow) -> str:
        return formats.amount(row.value, row.currency, zero=formats.NOTHING)

    return [
        (
            TableColumn(tr("Proposal"), lambda row: row.title, lambda row: Look(note=row.number), order="title"),
            Column(0, TextCell(name=True)),
        ),
        (TableColumn(tr("Account"), lambda row: row.account), Column(170, TextCell("text2"), 2)),
        (TableColumn(tr("Version"), status, status_look), Column(150, PillCell(), 1)),
        (TableColumn(tr("Next step"), lambda row: row.next_step), Column(190, TextCell(), 3)),
        (
            TableColumn(
                tr("On"),
                lambda row: formats.short_day(row.next_step_on) if row.next_step_on else "",
                order="next_step_on",
            ),
            Column(48, DateCell(), 3),
        ),
        (TableColumn(tr("Value before VAT"), value), Column(112, AmountCell(strong=True))),
        (TableColumn(tr("Valid until"), lambda row: formats.day(row.valid_until), valid_look), Column(84, DateCell())),
        (
            TableColumn(
                tr("Expected close"), lambda row: formats.day(row.expected_close_on), order="expected_close_on"
            ),
            Column(84, DateCell(), 3),
        ),
        (TableColumn(tr("Owner"), lambda row: row.owner), Column(130, TextCell("text2"), 4)),
    ]


class ProposalList(RecordPage):
    """The list with its filter.

    Signals:
        filter_chosen(str): open, won, lost, on_hold or all.

    Attributes:
        filters: the chips that narrow it, the same as on the board.
    """

    filter_chosen = Signal(str)

    def __init__(self, today: date) -> None:
        self.filter_chip, self.filters = Chip(tr("Show"), tr("In play")), Filters()
        super().__init__(
            tr("Proposals"), columns(today), create=tr("New proposal"), search=tr("Search proposals"),
            empty=("file-text", tr("No proposals yet"), tr("Make the first one for one of your accounts.")),
            filter_empty=tr("No proposal fits the filter"), tools=[self.filter_chip, self.filters],
        )  # fmt: skip
        stages = stage_names()
        ended = {key: stages[key] for key in ("won", "lost", "on_hold")}
        self._names = {"open": tr("In play"), **ended, "all": tr("All")}
        menu = QMenu(self)
        for key, text in self._names.items():
            action = QAction(text.replace("&", "&&"), menu)
            action.triggered.connect(self._choosing(key))
            menu.addAction(action)
        self.filter_chip.clicked.connect(lambda: open_below(menu, self.filter_chip))

    def add_to_head(self, widget: QWidget) -> None:
        """Puts something before the main button."""
        head = self.create_button.parentWidget()
        if isinstance(head, Panel):
            head.box.insertWidget(head.box.indexOf(self.create_button), widget)

    def _choosing(self, key: str) -> Callable[[], None]:
        def choose() -> None:
            self.show_filter(key)
            self.filter_chosen.emit(key)

        return choose

    def show_filter(self, key: str) -> None:
        """Says which filter is on."""
        self.filter_chip.set_texts(tr("Show"), self._names[key])


class ProposalPage(QStackedWidget):
    """The list, the board, or the editor of one proposal.

    Signals:
        place_wanted(str): an id, "new", "list", "board", or "" for the one of both that was used last.
    """

    place_wanted = Signal(str)

    def __init__(
        self,
        make_list: Callable[[], ProposalList],
        make_board: Callable[[], Board],
        make_editor: Callable[[], ProposalEditor],
    ) -> None:
        super().__init__()
        self._make_list, self._make_board, self._make_editor = make_list, make_board, make_editor

    @cached_property
    def list(self) -> ProposalList:
        """The list; like the others made when it is first wanted."""
        return self._added(self._make_list())

    @cached_property
    def board(self) -> Board:
        """The board."""
        return self._added(self._make_board())

    @cached_property
    def editor(self) -> ProposalEditor:
        """The editor of one proposal."""
        return self._added(self._make_editor())

    def _added(self, made: _Made) -> _Made:
        self.addWidget(made)
        return made

    def open_place(self, place: str) -> None:
        """Called by the window."""
        self.place_wanted.emit(place)

    def tour_places(self) -> Sequence[tuple[str, str]]:
        """List, board and the editor of the first proposal, for the tour."""
        ids = self.list.model.answer.ids or self.board.ids()
        return [("list", "list"), ("board", "board"), ("editor", ids[0])] if ids else []
