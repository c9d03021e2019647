"""The list of tasks: what is to be done, for whom, by when."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import keymap
from kam_desktop.ui.kit.buttons import Button, Chip, Segmented, open_below
from kam_desktop.ui.kit.cells import DateCell, Look, TextCell
from kam_desktop.ui.kit.record_page import RecordPage
from kam_desktop.ui.kit.record_table import TableColumn
from kam_desktop.ui.kit.table_view import Column
from kam_desktop.ui.shortcuts import add_shortcut


class TaskPage(RecordPage):
    """The list, open tasks or done ones.

    Signals:
        done_shown(bool): show the done ones, or the open ones.
        due_chosen(str): of the open ones only "late", "week" or "undated"; "" for all.
        finish_wanted: the current task is done, or open again.
        place_wanted(str): an id, "new" or "" for the list, as the window's history knows it.
    """

    done_shown = Signal(bool)
    due_chosen = Signal(str)
    finish_wanted = Signal()
    place_wanted = Signal(str)

    def __init__(self, today: date) -> None:
        self.which = Segmented([("open", tr("Open tasks")), ("done", tr("Done tasks"))], "open", name=tr("Show"))
        self.due = Chip(tr("To be done by"), tr("All"))
        self.finish = Button(tr("Done"), icon="check", key=keymap.shown("done"), small=True)
        super().__init__(
            tr("Tasks"), _columns(today), create=tr("Add task"), search=tr("Search tasks"),
            empty=("circle-check", tr("Nothing to do"), tr("Add what you promised, and by when.")),
            filter_empty=tr("No task fits the filter"), tools=[self.which, self.due, self.finish],
        )  # fmt: skip
        self.which.changed.connect(lambda key: self._on_which(key == "done"))
        self.finish.clicked.connect(self.finish_wanted)
        add_shortcut(self, "done", self.finish_wanted.emit)
        self._dues = {"": tr("All"), "late": tr("Late or today"), "week": tr("Next {n} days", n=7),
                      "undated": tr("Without a day")}  # fmt: skip
        menu = QMenu(self)
        for key, words in self._dues.items():
            action = QAction(words, menu)
            action.triggered.connect(partial(self._on_due, key))
            menu.addAction(action)
        self.due.clicked.connect(lambda: open_below(menu, self.due))

    def open_place(self, place: str) -> None:
        """Called by the window's history."""
        self.place_wanted.emit(place)

    def show_settings(self, text: str, done: bool, due: str) -> None:
        """Shows search and filters of a view, without telling of a change."""
        with QSignalBlocker(self.search):
            self.search.edit.setText(text)
        self.which.choose("done" if done else "open")
        self.finish.set_label(tr("Open again") if done else tr("Done"))
        self.due.set_texts(tr("To be done by"), self._dues[due])
        self.due.setVisible(not done)

    def _on_due(self, key: str, _on: bool = False) -> None:
        self.due.set_texts(tr("To be done by"), self._dues[key])
        self.due_chosen.emit(key)

    def _on_which(self, done: bool) -> None:
        self.finish.set_label(tr("Open again") if done else tr("Done"))
        self.due.setVisible(not done)
        self.done_shown.emit(done)


def _columns(today: date) -> list[tuple[TableColumn, Column]]:
    def look(row: Any) -> Look:
        late = row.due_on is not None and row.due_on < today and row.done_on is None
        return Look(tone="danger" if late else None)

    return [
        (TableColumn(tr("Task"), lambda row: row.subject), Column(0, TextCell(name=True))),
        (TableColumn(tr("Account"), lambda row: row.account_name), Column(220, TextCell("text2"), 3)),
        (TableColumn(tr("To be done by"), lambda row: _day(row.due_on), look), Column(96, DateCell())),
        (TableColumn(tr("Done on"), lambda row: _day(row.done_on)), Column(96, DateCell("muted"), 4)),
    ]


def _day(value: date | None) -> str:
    return formats.day(value) if value is not None else ""
