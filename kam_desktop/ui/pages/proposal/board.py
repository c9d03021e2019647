"""The board of proposals: a column for each stage; cards moved by mouse, keyboard or menu."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAction, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QStackedLayout, QVBoxLayout, QWidget

from kam_desktop.domain.entities.proposal import OPEN_STAGES, STAGES
from kam_desktop.language import tr
from kam_desktop.ui import icons, keymap, paint, theme
from kam_desktop.ui.badges import Tag
from kam_desktop.ui.kit.buttons import Button, Segmented
from kam_desktop.ui.kit.frames import page_head, tool_row
from kam_desktop.ui.kit.labels import ElidedLabel, PlainLabel, title
from kam_desktop.ui.kit.search_box import SearchBox
from kam_desktop.ui.kit.states import EmptyState, FilterEmpty
from kam_desktop.ui.pages.proposal.board_foot import BoardFoot
from kam_desktop.ui.pages.proposal.cards import BoardCard, CardColumn, ColumnTexts
from kam_desktop.ui.pages.proposal.filters import Filters
from kam_desktop.ui.pages.proposal.stage_view import StageColumn, side_scroll
from kam_desktop.ui.pages.proposal.words import stage_names
from kam_desktop.ui.shortcuts import add_shortcut

LIST, BOARD = "list", "board"
_AROUND = 30  # cards asked for before and after one that is shown


def view_switch(chosen: str) -> Segmented:
    """List or board."""
    return Segmented([(BOARD, tr("Board")), (LIST, tr("List"))], chosen, name=tr("View"))


class _Aside(ElidedLabel):
    """A remark that is left out where there is no room for the whole of it."""

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.fontMetrics().horizontalAdvance(self.text()) <= self.width():
            super().paintEvent(event)


class Board(QWidget):
    """All stages side by side. It shows a move at once; the controller says whether it holds.

    Signals:
        wanted(list): ids whose cards are shown and missing. opened(str): a card is to be opened.
        move_wanted(str, str): a card now hangs in that stage. sent_wanted(str): a version is to be marked as sent.
        searched(str), cleared, create_wanted, list_wanted: as they say.

    Attributes:
        filters: the chips that narrow it and order its cards; foot: the line that says what happened.
    """

    wanted = Signal(list)
    opened = Signal(str)
    move_wanted = Signal(str, str)
    sent_wanted = Signal(str)
    searched = Signal(str)
    cleared = Signal()
    create_wanted = Signal()
    list_wanted = Signal()

    def __init__(self, today: date) -> None:
        super().__init__()
        self.cards: dict[str, BoardCard] = {}
        self.columns: dict[str, StageColumn] = {}
        self.said = ""  # what a screen reader heard last
        self._names = stage_names()
        self._lifted, self._origin = "", ("", 0)
        self._waiting: Callable[[], None] | None = None  # columns that came while a card was lifted
        self._missed: dict[str, None] = {}
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._ask)
        self._build(today)
        for deed, step in (("card_left", -1), ("card_right", 1)):
            add_shortcut(self, deed, partial(self._by_key, step))
        add_shortcut(self, "lift", self._on_lift)
        add_shortcut(self, "new", self.create_wanted.emit)
        add_shortcut(self, "find", self.search.edit.setFocus)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)

    def _build(self, today: date) -> None:
        self._count = PlainLabel(size=theme.SECTION, tone="muted")
        self.switch = view_switch(BOARD)
        self.switch.changed.connect(self._on_switch)
        create = Button(tr("New proposal"), kind="primary", icon="plus", key=keymap.shown("new"))
        add = Button(tr("New proposal"), icon="plus")
        for button in (create, add):
            button.clicked.connect(self.create_wanted)
        self.foot, self.filters = BoardFoot(), Filters(ordered=True)
        self.search = SearchBox(tr("Search proposals"))
        self.search.asked.connect(self.searched)
        private = _Aside(tr("The margin is an internal figure"), size=theme.CAPTION, tone="text2")
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(theme.px(24), 0, theme.px(24), 0)
        row.setSpacing(theme.px(8))
        for stage in STAGES:
            model = CardColumn(self.cards, today, self)
            column = StageColumn(stage, self._names[stage], model, today, folds=stage not in OPEN_STAGES)
            self.columns[stage] = column
            model.missed.connect(self._miss)
            view = column.view
            view.chosen.connect(lambda its=view: self._open(its.current()))
            view.aside.connect(lambda by, its=stage: self._aside(its, by))
            view.given_up.connect(self.put_back)
            view.menu_wanted.connect(lambda at, its=view: self._menu(its.current(), at))
            for target in (view, column.strip):
                target.dropped.connect(lambda key, its=stage: self.move_card(key, its))
            row.addWidget(column)
        empty = EmptyState("file-text", tr("No proposals yet"), tr("Make the first one for one of your accounts."), add)
        self._stack = QStackedLayout()
        self._area = side_scroll(self._row)
        self._stack.addWidget(self._area)
        self._stack.addWidget(empty)
        self._stack.addWidget(FilterEmpty(tr("No proposal fits the filter"), self.cleared.emit))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(page_head(title(tr("Proposals")), self._count, None, self.switch, create))
        tools = tool_row(self.search, self.filters)
        tools.box.addWidget(private, 1)
        private.setAlignment(paint.RIGHT)
        box.addWidget(tools.add(Tag(tr("Internal"))))
        box.addLayout(self._stack, 1)
        box.addWidget(self.foot)
        self.foot.sent_wanted.connect(self.sent_wanted)

    def ids(self) -> list[str]:
        return [key for column in self.columns.values() for key in column.view.cards.ids]

    # What the controller shows.

    def show_columns(self, columns: Sequence[ColumnTexts], count: str, *, empty: bool) -> None:
        """Other columns; while a card is lifted they wait until it hangs again."""
        if self._lifted:
            self._waiting = lambda: self.show_columns(columns, count, empty=empty)
            return
        self._waiting = None
        kept = self._current()
        self._count.setText(count)
        for each in columns:
            column = self.columns[each.stage]
            row = column.view.currentIndex().row()
            column.view.cards.set_ids(each.ids)
            column.set_texts(each.count, each.total, each.weighted)
            if kept and kept[1] in each.ids:
                column.view.go_to(list(each.ids).index(kept[1]))
            elif row >= 0:
                column.view.go_to(row)
        self._stack.setCurrentIndex(1 if empty else 0 if any(each.ids for each in columns) else 2)
        here = next((column for column in self.columns.values() if column.view.hasFocus()), None)
        if here is not None and not here.view.cards.ids and not kept:
            self.take_focus()  # the keyboard was here before the cards were

    def show_cards(self, cards: Mapping[str, BoardCard]) -> None:
        """Cards that were wanted, or newer ones."""
        self.cards.update(cards)
        for column in self.columns.values():
            column.view.cards.changed()

    def offer_sending(self, version: str) -> None:
        """A card came to "sent" while its document is a draft: moving sends nothing, but it can be marked now."""
        self.foot.offer_sending(version)

    def _on_switch(self) -> None:
        self.switch.choose(BOARD)  # it says board whenever the board is shown again
        self.list_wanted.emit()

    def _open(self, identity: str) -> None:
        if identity:
            self.opened.emit(identity)

    def take_focus(self) -> None:
        """The keyboard comes to the first column that has cards, or to the one it was in."""
        kept = self._current()
        filled = [column for column in self.columns.values() if column.view.cards.ids and not column.is_folded()]
        column = self.columns[kept[0]] if kept else filled[0] if filled else self.columns[STAGES[0]]
        if column.view.currentIndex().row() < 0:
            column.view.go_to(0)
        column.take_focus()

    # Cards that are not in memory.

    def _miss(self, identity: str) -> None:
        self._missed[identity] = None
        self._soon.start()

    def _ask(self) -> None:
        wanted: dict[str, None] = {}
        for column in self.columns.values():
            ids = column.view.cards.ids
            rows = [row for row, key in enumerate(ids) if key in self._missed]
            if rows:
                part = ids[max(0, rows[0] - _AROUND) : rows[-1] + _AROUND]
                wanted.update({key: None for key in part if key not in self.cards})
        self._missed.clear()
        if wanted:
            self.wanted.emit(list(wanted))

    # Moving.

    def _current(self) -> tuple[str, str] | None:
        """Stage and id of the card that the keyboard is on."""
        for stage, column in self.columns.items():
            if column.view.hasFocus() and column.view.current():
                return stage, column.view.current()
        return None

    def _stage_of(self, identity: str) -> str:
        return next((stage for stage, column in self.columns.items() if identity in column.view.cards.ids
                     and column.view.cards.hole != identity), "")  # fmt: skip

    def _title(self, identity: str) -> str:
        return self.cards[identity].title if identity in self.cards else ""

    def _aside(self, stage: str, by: int) -> None:
        """Left or right arrow: a lifted card goes along, else only the keyboard."""
        if self._lifted:
            self.carry(by)
            return
        row = self.columns[stage].view.currentIndex().row()
        shown = [each for each in STAGES if not self.columns[each].is_folded() and self.columns[each].view.cards.ids]
        at = STAGES.index(stage)
        further = [each for each in shown if (STAGES.index(each) - at) * by > 0]
        if further:
            target = self.columns[further[0] if by > 0 else further[-1]]
            target.view.go_to(row)
            target.take_focus()

    def _by_key(self, by: int) -> None:
        """Ctrl with an arrow: the card moves without being lifted."""
        if self._lifted:
            self.carry(by)
            return
        current = self._current()
        at = STAGES.index(current[0]) + by if current else -1
        if current and 0 <= at < len(STAGES):
            self.move_card(current[1], STAGES[at])

    def _on_lift(self) -> None:
        if self._lifted:
            self._drop()
            return
        current = self._current()
        if current is None:
            return
        self.lift(current[1])

    def lift(self, identity: str) -> None:
        """Takes a card into the air; it goes along with `carry`, and hangs again with Space or `put_back`."""
        stage = self._stage_of(identity)
        self._lifted, self._origin = identity, (stage, self.columns[stage].view.cards.ids.index(identity))
        self._show_lifted(stage)
        self._announce(tr("Lifted “{title}”", title=self._title(identity)))

    def lifted(self) -> str:
        """The id of the card in the air, "" for none."""
        return self._lifted

    def _show_lifted(self, stage: str) -> None:
        for each, column in self.columns.items():
            left_open = each == self._origin[0] != stage
            column.view.cards.mark(self._lifted if each == stage else "", self._lifted if left_open else "")
            column.set_target(bool(self._lifted) and each == stage)
        self.foot.show_keys(bool(self._lifted))
        if self._lifted:
            there = f"{self._names[self._origin[0]]} → {self._names[stage]}" if stage != self._origin[0] else ""
            self.foot.say(tr("Lifted “{title}”", title=self._title(self._lifted)), there)

    def carry(self, by: int) -> None:
        """The lifted card goes one stage further; where it came from its place stays open."""
        here = self._stage_of(self._lifted)
        at = STAGES.index(here) + by
        if not 0 <= at < len(STAGES):
            return
        there, identity = STAGES[at], self._lifted
        if there != self._origin[0]:
            self.columns[there].view.cards.insert(0, identity)
        if here != self._origin[0]:
            self.columns[here].view.cards.take(identity)
        self._show_lifted(there)
        column, self._lifted = self.columns[there], ""  # while the keyboard goes over nothing is put back
        column.set_folded(False)
        column.view.go_to(column.view.cards.ids.index(identity))
        column.view.setFocus()
        self._lifted = identity
        self._announce(self._names[there])

    def _drop(self) -> None:
        identity, stage = self._lifted, self._stage_of(self._lifted)
        origin, _ = self._origin
        self._lifted = ""
        self._show_lifted(stage)
        if stage == origin:
            self._say(tr("“{title}” stays where it was", title=self._title(identity)))
            self._show_waiting()
            return
        # what waited is older than this move, whose answer brings newer columns
        self.columns[origin].view.cards.take(identity)
        self._tell_move(identity, origin, stage)

    def put_back(self, *, quiet: bool = False) -> None:
        """Escape, or the keyboard went elsewhere: the lifted card hangs where it came from."""
        identity, (origin, row) = self._lifted, self._origin
        if not identity:
            return
        here = self._stage_of(identity)
        self._lifted = ""
        if here != origin:
            self.columns[here].view.cards.take(identity)
        self._show_lifted(origin)
        column = self.columns[here]
        if here not in OPEN_STAGES and not column.view.cards.ids:
            column.set_folded(True)
        if not quiet:
            self.columns[origin].view.go_to(row)
            self.columns[origin].view.setFocus()
            self._say(tr("“{title}” is back in {stage}", title=self._title(identity), stage=self._names[origin]))
        self._show_waiting()

    def _show_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting()

    def move_card(self, identity: str, stage: str) -> None:
        """Hangs a card into another stage, and says so to the controller."""
        here = self._stage_of(identity)
        if here in ("", stage):
            return
        had = self.columns[here].view.hasFocus()
        self.columns[here].view.cards.take(identity)
        target = self.columns[stage]
        target.view.cards.insert(0, identity)
        if had and not target.is_folded():
            target.view.go_to(0)
            target.view.setFocus()
        self._tell_move(identity, here, stage)

    def _tell_move(self, identity: str, origin: str, stage: str) -> None:
        self.offer_sending("")
        way = f"{self._names[origin]} → {self._names[stage]}"
        self._say(tr("Moved “{title}”", title=self._title(identity)), way)
        self.move_wanted.emit(identity, stage)

    def _menu(self, identity: str, at: QPoint) -> None:
        if not identity:
            return
        menu = QMenu(self)
        opening = QAction(icons.icon("corner-down-left"), tr("Open"), menu)
        opening.triggered.connect(lambda: self.opened.emit(identity))
        menu.addAction(opening)
        menu.addSeparator()
        here = self._stage_of(identity)
        for stage in STAGES:
            action = QAction(tr("Move to {stage}", stage=self._names[stage]).replace("&", "&&"), menu)
            action.setEnabled(stage != here)
            action.triggered.connect(lambda _on=False, to=stage: self.move_card(identity, to))
            menu.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    # What is said.

    def _say(self, words: str, way: str = "") -> None:
        self.foot.say(words, way)
        self._announce(f"{words}: {way}" if way else words)

    def _announce(self, words: str) -> None:
        self.said = words
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def _on_focus(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is not None and self._row.isAncestorOf(now):
            self._area.ensureWidgetVisible(now, theme.px(24), 0)
        elif self._lifted and now is not None and not self.isAncestorOf(now):
            self.put_back(quiet=True)
