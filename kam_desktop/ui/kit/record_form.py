"""What every form does: typing drafts, leaving a field commits, a refusal stands at its field."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QApplication, QWidget

from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.fields import Visibility
from kam_desktop.ui.kit.editors import Editor, Labelled, RefEditor, editor_for
from kam_desktop.ui.kit.labels import PlainLabel
from kam_desktop.ui.sentences import sentence as sentence
from kam_desktop.ui.shortcuts import add_shortcut

_DRAFT_MS = 400  # from the first letter; with the edit lane's commit it is on the disk within a second


class RecordForm(QWidget):
    """One record being edited. A subclass lays the editors out by hand with `add`.

    Signals:
        drafted(dict): what is typed and not saved yet, by field; empty when nothing is.
        committed(object, tuple): a record with new values of these fields, to be saved; answer with `saved` or
            `show_problems`.
        entered: Ctrl+Enter; it commits.
        asked(str, str): the reference field of that name looks for a text; answer with `offer`.

    Attributes:
        record: as it was last saved, None before `show_record`.
        within: tells the drafts of new records of two parents apart.
        is_new: it is not saved yet, and is saved by `commit` only (Ctrl+Enter, the button), not field by field.
    """

    drafted = Signal(dict)
    committed = Signal(object, tuple)
    asked = Signal(str, str)
    entered = Signal()

    def __init__(self, kind: type[Record], *, today: date | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind, self.is_new, self.within, self._today = kind, False, "", today
        self.record: Record | None = None
        self._rows: dict[str, Labelled] = {}
        self._joined: list[frozenset[str]] = []
        self._dirty: set[str] = set()
        self._sent: dict[str, Any] = {}
        self._said = PlainLabel(tone="danger", wrap=True, parent=self)
        self._said.hide()
        self._draft = QTimer(self, singleShot=True, interval=_DRAFT_MS)
        self._draft.timeout.connect(self._tell_draft)
        self.entered.connect(self.commit)
        add_shortcut(self, "commit", self.entered.emit)

    # Laying out.

    def add(self, name: str, editor: Editor | None = None, *, names: dict[str, str] | None = None,
            lines: int = 4) -> Labelled:  # fmt: skip
        """The editor of a field under its name, to be put into a layout. `names` are a choice's words, translated."""
        field = self.kind.entity.field(name)
        if editor is None:
            editor = editor_for(field, names=names, currency=self._currency, today=self._today, lines=lines)
        row = Labelled(editor, private=field.visibility is not Visibility.CLIENT)
        self._rows[name] = row
        editor.typed.connect(lambda: self._on_typed(name))
        editor.left.connect(lambda: self._on_left(name))
        if isinstance(editor, RefEditor):
            editor.asked.connect(lambda text: self.asked.emit(name, text))
        return row

    def join(self, *names: str) -> None:
        """Fields that a rule joins: they are saved together, when the last of them is left."""
        self._joined.append(frozenset(names))

    def problem_line(self) -> PlainLabel:
        """Where problems stand that belong to no field; put it into the layout."""
        return self._said

    def editor(self, name: str) -> Editor:
        """The editor of a field."""
        return self._rows[name].editor

    def field_of(self, widget: QWidget) -> str:
        """The field that is edited in that widget, "" for none."""
        return next((name for name, row in self._rows.items() if row.editor.inner is widget), "")

    # What the controller calls.

    def show_record(self, record: Record, titles: Mapping[str, str] | None = None, *, is_new: bool = False) -> None:
        """Shows a record as saved. What is being typed in the same record stays; `titles` are those of references."""
        if another := self.record is None or self.record.id != record.id:
            self._dirty.clear()
            self.show_problems(())
        self.record, self.is_new = record, is_new
        for name, row in self._rows.items():
            if name not in self._dirty and (another or not getattr(row.editor.inner, "composing", False)):
                value = getattr(record, name)
                if isinstance(row.editor, RefEditor) and titles and value in titles:
                    value = (value, titles[value])
                row.editor.set_value(value)

    def show_draft(self, draft: Mapping[str, Any]) -> bool:
        """Shows what was typed before and never saved; False when there is nothing of it."""
        known = {name: raw for name, raw in draft.items() if name in self._rows}
        for name, raw in known.items():
            self.editor(name).set_raw(raw)
            self._dirty.add(name)
        return bool(known)

    def saved(self, record: Record, titles: Mapping[str, str] | None = None) -> None:
        """The committed record is on the disk; what was typed meanwhile stays a draft."""
        for name, raw in self._sent.items():
            if self.editor(name).raw() == raw:
                self._dirty.discard(name)
                self._rows[name].show_problem("")
        self._sent.clear()
        self._said.hide()
        self.show_record(record, titles)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Every problem beside its field, the others in one line; an empty list takes all away."""
        by_field: dict[str, list[str]] = {}
        for problem in problems:
            by_field.setdefault(problem.where if problem.where in self._rows else "", []).append(sentence(problem))
        for name, row in self._rows.items():
            row.show_problem(" ".join(by_field.get(name, ())))
        self._said.setText(" ".join(by_field.get("", ())))
        self._said.setVisible("" in by_field)

    def offer(self, name: str, found: Sequence[tuple[str, str]]) -> None:
        """What was found for a reference field: (id, title) pairs."""
        editor = self.editor(name)
        if isinstance(editor, RefEditor):
            editor.offer(found)

    def lock(self, locked: bool) -> None:
        """Makes the whole form read only, or not."""
        for row in self._rows.values():
            row.editor.set_locked(locked)

    def draft(self) -> dict[str, Any]:
        """What is typed and not saved, as JSON can hold it."""
        return {name: self.editor(name).raw() for name in self._rows if name in self._dirty}

    def draft_key(self) -> str:
        """The name under which its draft is kept: one for each record, one (within a parent) for that to be made."""
        new = self.is_new or self.record is None
        return f"{self.kind.entity.name}:" + (f"new:{self.within}" if new or self.record is None else self.record.id)

    # What the user does.

    def commit(self) -> bool:
        """Saves everything that is typed; False if something cannot be read (it is said beside its field)."""
        return self._commit(set(self._rows) if self.is_new else set(self._dirty))

    def _currency(self) -> str:
        return str(getattr(self.record, "currency", "VND"))

    def _on_typed(self, name: str) -> None:
        self._dirty.add(name)
        if not self._draft.isActive():
            self._draft.start()

    def _on_left(self, name: str) -> None:
        if self.is_new or name not in self._dirty:
            return
        group = next((names for names in self._joined if name in names), frozenset({name}))
        focused = QApplication.focusWidget()
        inside = any(focused is self.editor(each).inner for each in group - {name})
        if not inside:
            self._commit(self._dirty & group)

    def _commit(self, names: set[str]) -> bool:
        if self.record is None or not names:
            return True
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for name in sorted(names):
            try:
                values[name] = self.editor(name).value()
            except Refused as refused:
                problems += refused.problems
        if problems:
            self.show_problems(problems)
            return False
        for name in names:
            self._rows[name].show_problem("")
        record = dataclasses.replace(self.record, **values)
        if record == self.record and not self.is_new:
            self._dirty -= names
            self._tell_draft()
            return True
        self._sent = {name: self.editor(name).raw() for name in names}
        self._draft.stop()
        self.committed.emit(record, tuple(sorted(names)))
        return True

    def _tell_draft(self) -> None:
        self._draft.stop()
        if self.record is not None:
            self.drafted.emit(self.draft())

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._draft.isActive():
            self._tell_draft()
