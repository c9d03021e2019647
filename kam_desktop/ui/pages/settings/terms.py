"""The payment terms in the settings: all of them at the left, the editor of the current one beside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QStackedLayout,
    QWidget,
)

from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button, Chip, open_below
from kam_desktop.ui.kit.cells import TextCell
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.record_table import Answer, KeptPlace, RecordTable, TableColumn
from kam_desktop.ui.kit.states import EmptyState
from kam_desktop.ui.kit.table_view import Column, TableView
from kam_desktop.ui.pages.settings.term_editor import TermEditor, TermRow


class TermsView(QWidget):
    """All payment terms at the left, the editor of the current one at the right.

    Signals:
        save_wanted(object): a TermRow; answer with `show_terms` or `editor.show_problems`.
        archive_wanted(str, bool): that term goes out of use, or comes back.
        usual_wanted: the usual terms are to be added.
        new_wanted: another term; answer with `begin`.
        archived_chosen(bool): show the archived ones instead.
    """

    save_wanted = Signal(object)
    archive_wanted = Signal(str, bool)
    usual_wanted = Signal()
    new_wanted = Signal()
    archived_chosen = Signal(bool)

    def __init__(self, today: date) -> None:
        super().__init__()
        self.editor = TermEditor(today)
        self._rows: dict[str, TermRow] = {}
        self._unsaved: dict[str, TermRow] = {}
        columns = [
            (TableColumn(tr("Name"), lambda row: row.term.name or tr("New payment term")),
             Column(0, TextCell(name=True))),
        ]  # fmt: skip
        self.model, self.table = RecordTable([each for each, _ in columns]), TableView(tr("Payment terms"))
        self.model.setParent(self.table)
        self.place = KeptPlace(self.table, self.model)
        self.table.set_columns([each for _, each in columns])
        self._add = Button(tr("Add payment term"), icon="plus")
        self.chip = Chip(tr("Show"), tr("In use"))
        self._menu = QMenu(self)
        for archived, words in ((False, tr("In use")), (True, tr("Archived"))):
            action = QAction(words, self._menu)
            action.triggered.connect(lambda _on=False, archived=archived: self._on_shown(archived))
            self._menu.addAction(action)
        left = Panel(lines="right")
        left.setFixedWidth(theme.px(296))
        left.add(Panel(row=True, margins=(24, 16, 16, 8)).add(self._add, None))
        left.add(Panel(row=True, margins=(24, 0, 16, 12)).add(self.chip, None))
        left.add(self.table, stretch=1)
        usual = Button(tr("Add the usual payment terms"), icon="sparkles", kind="primary")
        nothing = EmptyState("calendar-clock", tr("No payment terms yet"),
                             tr("The usual ones can be added at once and changed after."), usual)  # fmt: skip
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(left)
        row.addWidget(self.editor, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(body)
        self._stack.addWidget(nothing)
        self._add.clicked.connect(self.new_wanted)
        usual.clicked.connect(self.usual_wanted)
        self.chip.clicked.connect(lambda: open_below(self._menu, self.chip))
        self.place.current_changed.connect(self._on_current)
        self.table.opened.connect(lambda _index: self.editor.focus_name())
        self.editor.changed.connect(self._on_changed)
        self.editor.save_wanted.connect(self._on_save)
        self.editor.discard_wanted.connect(self._on_discard)
        self.editor.archive_wanted.connect(self._on_archive)
        self.show_terms(())

    def show_terms(self, rows: Sequence[TermRow], *, archived: bool = False) -> None:
        """Shows the terms as saved; what was changed in them and not saved stays."""
        kept = [row for row in self._rows.values() if row.is_new and row.term.id in self._unsaved and not archived]
        begun = [row for row in kept if all(row.term.id != each.term.id for each in rows)]
        self._rows = {row.term.id: row for row in (*rows, *begun)}
        self._unsaved = {key: row for key, row in self._unsaved.items() if key in self._rows}
        self.chip.set_texts(tr("Show"), tr("Archived") if archived else tr("In use"))
        self.model.set_answer(Answer(list(self._rows), (), self._rows))
        self._stack.setCurrentIndex(0 if self._rows or archived else 1)
        if self._rows and self.place.current() not in self._rows:
            self.place.show(next(iter(self._rows)))
        self._on_current(self.place.current())

    def begin(self, row: TermRow) -> None:
        """A term that is not saved yet."""
        self._rows[row.term.id] = row
        self._unsaved[row.term.id] = row
        self.model.set_answer(Answer(list(self._rows), (), self._rows))
        self._stack.setCurrentIndex(0)
        self.place.show(row.term.id)
        self._on_current(row.term.id)
        self.editor.focus_name()

    def saved(self, key: str) -> None:
        """That term is on the disk; `show_terms` with it comes next."""
        self._unsaved.pop(key, None)
        self._rows.pop(key, None)

    def _on_current(self, key: str) -> None:
        row = self._rows.get(key)
        current = self.editor.working()
        if row is None or current is None or self.editor.saved != row or current != self._unsaved.get(key, row):
            self.editor.show_term(row, self._unsaved.get(key))

    def _on_changed(self) -> None:
        now = self.editor.working()
        if now is None:
            return
        if self.editor.is_changed():
            self._unsaved[now.term.id] = now
        else:
            self._unsaved.pop(now.term.id, None)

    def _on_save(self) -> None:
        now = self.editor.working()
        if now is not None and self.editor.is_changed():
            self.save_wanted.emit(now)

    def _on_discard(self) -> None:
        now = self.editor.working()
        if now is None:
            return
        self._unsaved.pop(now.term.id, None)
        if now.is_new:
            self._rows.pop(now.term.id, None)
            self.show_terms(list(self._rows.values()))
        else:
            self.editor.show_term(self._rows.get(now.term.id))

    def _on_archive(self, archived: bool) -> None:
        if self.editor.term is not None:
            self.archive_wanted.emit(self.editor.term.id, archived)

    def _on_shown(self, archived: bool) -> None:
        self.archived_chosen.emit(archived)
