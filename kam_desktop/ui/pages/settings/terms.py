"""The payment terms in the settings: all of them at the left, the editor of the current one beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QStackedLayout,
    QWidget,
)

from kam_desktop.domain.entities import PaymentTerm
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button, Chip, open_below
from kam_desktop.ui.kit.cells import TextCell
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.record_table import Answer, KeptPlace, RecordTable, TableColumn
from kam_desktop.ui.kit.states import EmptyState
from kam_desktop.ui.kit.table_view import Column, TableView
from kam_desktop.ui.pages.settings.term_draft import draft_of, with_record
from kam_desktop.ui.pages.settings.term_editor import TermEditor, TermRow

_DRAFT_MS = 400  # from the first letter; with the edit lane's commit it is on the disk within a second


class TermsView(QWidget):
    """All payment terms at the left, the editor of the current one at the right.

    Signals:
        save_wanted(object): a TermRow; answer with `show_terms` or `editor.show_problems`.
        archive_wanted(str, bool): that term goes out of use, or comes back.
        usual_wanted: the usual terms are to be added.
        new_wanted: another term; answer with `begin`.
        archived_chosen(bool): show the archived ones instead.
        drafted(str, dict): what is changed in the term of that id and not saved; empty when nothing is.
    """

    save_wanted = Signal(object)
    archive_wanted = Signal(str, bool)
    usual_wanted = Signal()
    new_wanted = Signal()
    archived_chosen = Signal(bool)
    drafted = Signal(str, dict)

    def __init__(self, today: date) -> None:
        super().__init__()
        self.editor = TermEditor(today)
        self._rows: dict[str, TermRow] = {}
        self._unsaved: dict[str, TermRow] = {}
        self._drafts: dict[str, dict[str, Any]] = {}  # as they are kept, and those that are to be
        self._waiting: dict[str, dict[str, Any]] = {}
        self._soon = QTimer(self, singleShot=True, interval=_DRAFT_MS)
        self._soon.timeout.connect(self._tell_drafts)
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
        saved = {row.term.id: row for row in rows}
        begun = [row for key, row in self._unsaved.items() if row.is_new and key not in saved and not archived]
        blank = {row.term.id: TermRow(PaymentTerm(id=row.term.id, name=""), (), is_new=True) for row in begun}
        self._rows = saved | blank
        self.chip.set_texts(tr("Show"), tr("Archived") if archived else tr("In use"))
        self.model.set_answer(Answer(list(self._rows), (), self._rows))
        self._stack.setCurrentIndex(0 if self._rows or archived else 1)
        if self._rows and self.place.current() not in self._rows:
            self.place.show(next(iter(self._rows)))
        self._on_current(self.place.current())

    def bring_back(self, drafts: Mapping[str, TermRow]) -> None:
        """What was typed before and never saved; `show_terms` comes next."""
        self._unsaved |= drafts
        self._drafts = {key: draft_of(row) for key, row in drafts.items()}

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
        self._waiting.pop(key, None)
        self._drafts.pop(key, None)

    def _on_current(self, key: str) -> None:
        row = self._rows.get(key)
        if row is not None and key in self._unsaved and not row.is_new:
            self._unsaved[key] = with_record(self._unsaved[key], row)
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
        self._keep(now.term.id, draft_of(now) if self.editor.is_changed() else {})

    def _keep(self, key: str, draft: dict[str, Any]) -> None:
        if self._waiting.get(key, self._drafts.get(key, {})) != draft:
            self._waiting[key] = draft
            if not self._soon.isActive():
                self._soon.start()

    def _tell_drafts(self) -> None:
        self._soon.stop()
        waiting, self._waiting = self._waiting, {}
        for key, draft in waiting.items():
            self._drafts[key] = draft
            self.drafted.emit(key, draft)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tell_drafts()

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
            self._keep(now.term.id, {})
            self._rows.pop(now.term.id, None)
            self.show_terms(list(self._rows.values()))
        else:
            self.editor.show_term(self._rows.get(now.term.id))

    def _on_archive(self, archived: bool) -> None:
        if self.editor.term is not None:
            self.archive_wanted.emit(self.editor.term.id, archived)

    def _on_shown(self, archived: bool) -> None:
        self.archived_chosen.emit(archived)
