"""The page of sync: three lists at the left, one entry with what can be done at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QStackedWidget, QStyle, QStyleOptionViewItem, QWidget

from kam_desktop.language import tr
from kam_desktop.ui import keymap, paint, theme
from kam_desktop.ui.kept_place import KeptPlace
from kam_desktop.ui.kit.buttons import Button, Segmented
from kam_desktop.ui.kit.cells import Cell, DateCell, Index, TextCell
from kam_desktop.ui.kit.frames import Panel, page_head
from kam_desktop.ui.kit.labels import ElidedLabel, Link, PlainLabel, caption, title
from kam_desktop.ui.kit.record_table import Answer, RecordTable, TableColumn
from kam_desktop.ui.kit.states import EmptyState, Notice
from kam_desktop.ui.kit.table_view import Column, TableView
from kam_desktop.ui.pages.sync.answers import LOG, NEEDS, OFFLINE, WAITING, Detail, HeldLine, Line, Lists
from kam_desktop.ui.pages.sync.detail import DetailPanel

LINE = Qt.ItemDataRole.UserRole + 20  # the whole line, for its cell


class EntryCell(Cell):
    """Three lines: title and time, what it is, what is to be done."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line = index.data(LINE)
        if not isinstance(line, Line):
            return
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        area = option.rect.adjusted(theme.px(24), theme.px(9), -theme.px(16), -theme.px(9))
        step = area.height() // 3
        rows = [QRect(area.left(), area.top() + step * at, area.width(), step) for at in range(3)]
        quiet = "text2" if selected else "muted"
        used = theme.width(line.when, theme.CAPTION) + theme.px(8) if line.when else 0
        paint.text(painter, rows[0].adjusted(0, 0, -used, 0), line.title, "text", weight=theme.MEDIUM)
        paint.text(painter, rows[0], line.when, quiet, theme.CAPTION, align=paint.RIGHT)
        paint.text(painter, rows[1], line.sub, quiet, theme.CAPTION)
        tone = theme.text_of(line.tone) if line.tone in ("warning", "info") else quiet
        paint.text(painter, rows[2], line.note, tone, theme.CAPTION, theme.MEDIUM)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(theme.px(240), theme.px(80))


class _Entries(RecordTable):
    """The lines of one list; a row is read aloud whole."""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == LINE:
            return self.row_value(self.id_at(index.row()))
        return super().data(index, role)


class SyncPage(QWidget):
    """The page; see the controller for what its parts do.

    Signals:
        list_chosen(str): waiting, needs, log or offline.
        line_chosen(str): the id of the entry to show, "" for none.
        place_wanted(str): as the window's history knows it.
        sync_wanted, connect_wanted, leave_wanted: the button or link was pressed.
        brake_answered(bool): the rows may go, or not yet.
    """

    list_chosen = Signal(str)
    line_chosen = Signal(str)
    place_wanted = Signal(str)
    sync_wanted = Signal()
    connect_wanted = Signal()
    leave_wanted = Signal()
    brake_answered = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.lists = Lists()
        self.sync = Button(tr("Sync now"), kind="flat", icon="refresh-cw", key=keymap.shown("sync"), small=True)
        self.sync.clicked.connect(self.sync_wanted)
        lists = [(WAITING, tr("To be sent")), (NEEDS, tr("Needs you")), (LOG, tr("Log"))]
        self.tabs = Segmented(lists, name=tr("Lists"))
        self.tabs.changed.connect(self.list_chosen)
        self.model = _Entries([TableColumn(tr("Entry"), _spoken)], self)
        self.table = TableView(tr("Entries"), row_height=80)
        self.place = KeptPlace(self.table, self.model)
        self.table.horizontalHeader().hide()
        self.table.set_columns([Column(0, EntryCell())])
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setSelectionMode(self.table.SelectionMode.SingleSelection)
        self.place.current_changed.connect(self.line_chosen)
        self.detail = DetailPanel()
        self.table.opened.connect(lambda _index: self.detail.take_focus())
        left = Panel(lines="right")
        left.setFixedWidth(theme.px(304))
        left.add(page_head(title(tr("Sync")), None, self.sync))
        row = Panel(row=True, margins=(24, 0, 16, 12), lines="bottom").add(self.tabs, None)
        left.add(row)
        left.add(self.table, stretch=1)
        self._nothing = QWidget()
        left.add(self._nothing, stretch=1)
        foot = Panel(margins=(24, 12, 16, 12), gap=4, lines="top")
        self._server = ElidedLabel(size=theme.CAPTION, tone="text2")
        self._leave = Link(tr("Sign out"), size=theme.CAPTION)
        self._leave.opened.connect(self.leave_wanted)
        self._offline = Link(tr("What works offline"), size=theme.CAPTION)
        self._offline.opened.connect(lambda: self.list_chosen.emit(OFFLINE))
        safe = tr("No value is lost. What a merge displaced stands in the log and can be put back.")
        foot.add(caption(safe, wrap=True), self._server, self._offline, self._leave)
        left.add(foot)
        self.held = HeldPanel()
        self._right = QStackedWidget()
        self._banner = Panel(margins=(24, 12, 24, 0), gap=8)
        self._banner.hide()
        self._banner_words = ""
        self._empty: QWidget = QWidget()
        for widget in (self.detail, self.held, self._empty):
            self._right.addWidget(widget)
        self._right.setCurrentWidget(self._empty)
        self._kept: tuple[str, Any, dict[str, str]] = ("", None, {})
        side = Panel().add(self._banner)
        side.add(self._right, stretch=1)
        both = QHBoxLayout(self)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(0)
        both.addWidget(left)
        both.addWidget(side, 1)
        for pane in (self.table, self.detail):
            pane.setProperty("pane", True)
        self.setFocusProxy(self.table)

    def open_place(self, place: str) -> None:
        """Called by the window's history."""
        self.place_wanted.emit(place)

    def remembered(self) -> object:
        """The list, the entry, and the sides that are chosen in it and not applied yet."""
        shown, sides = self.detail.shown, {each.group.key: each.side for each in self.detail.groups if each.side}
        return self.tabs.chosen(), self.place.current(), shown.seen if shown is not None else None, sides

    def remember(self, state: object) -> None:
        """Shows that entry as soon as its list is here."""
        if isinstance(state, tuple):
            which, identity, seen, sides = state
            self.tabs.choose(which)
            self._kept = identity, seen, sides

    def chosen_before(self, detail: Detail) -> dict[str, str]:
        """The sides that were chosen in an entry before the page was built again; none once a value is another."""
        (identity, seen, sides), self._kept = self._kept, ("", None, {})
        return sides if detail.id == identity and detail.seen == seen else {}

    def tour_places(self) -> list[tuple[str, str]]:
        """See tour_walk.HasPlaces."""
        return [(name, name) for name in (NEEDS, LOG, OFFLINE)]

    def show_lists(self, lists: Lists, which: str) -> None:
        """The counts, and the lines of the chosen list; the chosen line stays."""
        self.lists = lists
        self.tabs.set_count(WAITING, str(lists.waiting_count))
        self.tabs.set_count(NEEDS, str(len(lists.needs)))
        which = which if which != OFFLINE else self.tabs.chosen()
        self.tabs.choose(which)
        lines: Sequence[Line] = {WAITING: lists.waiting, NEEDS: lists.needs, LOG: lists.log}.get(which, ())
        rows = {each.id: each for each in lines}
        self.model.set_answer(Answer(list(rows), (), rows))
        self.table.setVisible(bool(rows))
        self._nothing.setVisible(not rows)
        if rows and self.place.current() not in rows:
            self.place.show(self._kept[0] if self._kept[0] in rows else next(iter(rows)))

    def show_empty(self, icon: str, words: str, help_text: str, action: str = "") -> None:
        """The right side with nothing to show; `action` names the button that leads to the server."""
        button = Button(action, kind="primary") if action else None
        if button is not None:
            button.clicked.connect(self.connect_wanted)
        made = EmptyState(icon, words, help_text, button)
        self._right.removeWidget(self._empty)
        self._empty.deleteLater()
        self._empty = made
        self._right.addWidget(made)
        self._right.setCurrentWidget(made)

    def show_detail(self) -> None:
        """The right side with the entry that `detail` shows."""
        self._right.setCurrentWidget(self.detail)

    def show_held(self) -> None:
        """The right side with what lies on this computer."""
        self._right.setCurrentWidget(self.held)

    def show_server(self, words: str, signed_in: bool, connected: bool) -> None:
        """Whose profile it is at which server, and the link to sign out."""
        self._server.setText(words)
        self._server.setVisible(connected)
        self._leave.setVisible(connected and signed_in)
        self.sync.setEnabled(connected)

    def show_banner(self, words: str, tone: str, icon: str, action: str = "", braked: bool = False) -> None:
        """What stands over everything: an error in plain words, signing in, the brake; "" for nothing."""
        if words == self._banner_words:
            return
        self._banner_words = words
        while (item := self._banner.box.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._banner.setVisible(bool(words))
        if not words:
            return
        link = Link(action) if action else None
        if link is not None:
            link.opened.connect(self.connect_wanted)
        self._banner.add(Notice(words, tone, icon, link))
        if braked:
            keep, go = Button(tr("Not yet"), small=True), Button(tr("Let them go"), kind="danger", small=True)
            keep.clicked.connect(lambda: self.brake_answered.emit(False))
            go.clicked.connect(lambda: self.brake_answered.emit(True))
            self._banner.add(Panel(row=True, gap=8).add(keep, go, None))


class HeldPanel(Panel):
    """What works offline: rows and size of every kind, and what needs the network."""

    def __init__(self) -> None:
        super().__init__()
        self.add(page_head(title(tr("What works offline"))))
        told = Panel(margins=(24, 0, 24, 12), gap=4)
        self._size = PlainLabel(tone="text2", wrap=True)
        told.add(
            PlainLabel(tr("Everything you may see lies on this computer, encrypted, and works without a network: "
                          "reading, searching, writing, papers and imports."), tone="text2", wrap=True),
            PlainLabel(tr("Only these need the server: the first download, signing in, handing an account to a "
                          "colleague, and who changed what at the server."), tone="text2", wrap=True),
            self._size,
        )  # fmt: skip
        self.add(told)
        self.model = RecordTable([
            TableColumn(tr("Kind"), lambda line: line.kind), TableColumn(tr("Rows"), lambda line: line.rows),
            TableColumn(tr("Size, about"), lambda line: line.size),
        ], self)  # fmt: skip
        self.table = TableView(tr("What lies on this computer"))
        self.table.setModel(self.model)
        self.table.set_columns([Column(0, TextCell()), Column(120, DateCell()), Column(120, DateCell())])
        self.add(self.table, stretch=1)

    def show_held(self, lines: Sequence[HeldLine], size: str) -> None:
        """Another count."""
        rows = {each.kind: each for each in lines}
        self.model.set_answer(Answer(list(rows), (), rows))
        self._size.setText(tr("The file takes {size} with all its indexes.", size=size))


def _spoken(line: Line) -> str:
    return ". ".join(filter(None, (line.title, line.sub, line.note, line.when)))
