"""The editor of one payment term: names, parts with their steps, and what it makes of an amount."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from kam_desktop import formats
from kam_desktop.domain.entities import PaymentTerm, PaymentTermLine
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import terms
from kam_desktop.language import N_, tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.badges import Pill
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.cells import DateCell, TextCell
from kam_desktop.ui.kit.editors import ChoiceEditor, Editor, FlagEditor, Labelled, LineEditor, editor_for
from kam_desktop.ui.kit.frames import Card, Panel, scrolled
from kam_desktop.ui.kit.labels import PlainLabel, caption, section
from kam_desktop.ui.kit.table_view import Column
from kam_desktop.ui.pages.settings.term_lines import MovedRows, part_rows, step_rows, with_values
from kam_desktop.ui.sentences import sentence
from kam_desktop.ui.shortcuts import add_shortcut

SAMPLE = 100_000_000
"""The amount of the preview, in đồng."""


@dataclasses.dataclass(frozen=True)
class TermRow:
    """One payment term with its parts."""

    term: PaymentTerm
    lines: tuple[PaymentTermLine, ...]
    is_new: bool = False


class TermEditor(QWidget):
    """One payment term: names, parts with their steps, and the preview. Nothing is saved before `save_wanted`.

    Signals:
        changed: something differs from what is saved, or no longer does.
        save_wanted, discard_wanted: the button or its key.
        archive_wanted(bool): out of use, or back.
    """

    changed = Signal()
    save_wanted = Signal()
    discard_wanted = Signal()
    archive_wanted = Signal(bool)

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today
        self.saved: TermRow | None = None
        self.term: PaymentTerm | None = None
        self._filling = False
        self._names = [Labelled(LineEditor(PaymentTerm.entity.field(name))) for name in ("name", "name_en")]
        self.parts = MovedRows(tr("Parts"), part_rows())
        self.parts.set_columns([Column(18, DateCell("muted")), Column(120, TextCell(name=True)),
                                Column(100, TextCell()), Column(0, TextCell("text2"))])  # fmt: skip
        self.parts.fit(2, 6)
        self.steps = MovedRows(tr("Steps"), step_rows())
        self.steps.set_columns([Column(18, DateCell("muted")), Column(0, TextCell(name=True))])
        self.steps.fit(1, 6)
        kinds = {"percent": tr("% of the total"), "percent_of_rest": tr("% of the rest"),
                 "fixed": tr("A fixed amount"), "rest": tr("The rest")}  # fmt: skip
        field = PaymentTermLine.entity.field
        self._part = {
            "name": Labelled(LineEditor(field("name"))), "kind": Labelled(ChoiceEditor(field("kind"), kinds)),
            "value": Labelled(editor_for(field("value"))), "from_papers": Labelled(FlagEditor(field("from_papers"))),
        }  # fmt: skip
        self._step_kind, self._step_count = QComboBox(), LineEditor(_COUNT, _read_count, _write_count, right=True)
        self._step_kinds = ("days", "months", "end_of_month", "day_of_month")
        for words in (tr("+ days"), tr("+ months"), tr("end of the month"), tr("next day of a month")):
            self._step_kind.addItem(words)
        self._step_kind.setAccessibleName(tr("Kind of step"))
        self._step_count.setFixedWidth(theme.px(64))
        self._add_step = Button(tr("Add step"), icon="plus", small=True)
        self._add_part = Button(tr("Add part"), icon="plus", small=True, key=keymap.shown("new"))
        self._save = Button(tr("Save"), kind="primary", key=keymap.shown("commit"))
        self._discard = Button(tr("Discard changes"), kind="flat")
        self._archive = Button(tr("Archive"), icon="archive", kind="flat")
        self._state = Pill(tr("Not saved"), "warning", "pencil")
        self._said = PlainLabel(tone="danger", wrap=True)
        self._preview = _Preview()
        self._lay_out()
        self._connect()
        self.show_term(None)

    def _lay_out(self) -> None:
        left = Panel(margins=(20, 16, 20, 20), gap=12)
        keys = caption(tr("Alt ↑ ↓ moves · Delete takes away"))
        left.add(_grid([[self._names[0], self._names[1]]]), self._said)
        left.add(Panel(row=True, gap=8).add(section(tr("Parts")), self._add_part, None, keys))
        left.add(self.parts)
        self._of_part = Panel(gap=12)
        self._of_part.add(_grid([[self._part["name"], self._part["kind"], self._part["value"]]], (3, 3, 2)))
        self._of_part.add(self._part["from_papers"], section(tr("Steps, done in this order")))
        steps = Panel(row=True, gap=8).add(self._step_kind, self._step_count, self._add_step, None)
        self._of_part.add(steps)
        self._of_part.add(self.steps)
        left.add(self._of_part, None)
        foot = Panel(row=True, margins=(20, 0, 20, 0), gap=8, height=56, lines="top")
        foot.add(self._archive, None, self._state, self._discard, self._save)
        area = scrolled(left)
        area.setProperty("pane", True)
        area.setFocusProxy(self._names[0].editor.inner)
        side = scrolled(Panel(margins=(0, 16, 20, 16)).add(self._preview, None))
        side.setFixedWidth(theme.px(256))
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(area, 1)
        middle.addWidget(side)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(middle, 1)
        box.addWidget(foot)

    def _connect(self) -> None:
        for each in self._names:
            each.editor.typed.connect(self._on_names)
        for name, row in self._part.items():
            row.editor.typed.connect(lambda name=name: self._on_part(name))
        self.parts.rows.changed.connect(self._on_rows)
        self.parts.selectionModel().currentRowChanged.connect(lambda *_rows: self._show_part())
        self.steps.rows.changed.connect(self._on_steps)
        self._step_kind.activated.connect(self._on_step_kind)
        self._step_count.inner.returnPressed.connect(self._on_add_step)
        self._add_step.clicked.connect(self._on_add_step)
        self._add_part.clicked.connect(self.add_part)
        self._save.clicked.connect(self.save_wanted)
        self._discard.clicked.connect(self.discard_wanted)
        self._archive.clicked.connect(lambda: self.archive_wanted.emit(not (self.term and self.term.archived)))
        add_shortcut(self, "commit", self.save_wanted.emit)

    # What is shown and what stands there now.

    def show_term(self, row: TermRow | None, unsaved: TermRow | None = None) -> None:
        """Shows a term as saved, or with what was changed in it and not saved."""
        shown = unsaved or row
        self.saved, self.term = row, shown.term if shown else None
        self.setEnabled(shown is not None)
        self._filling = True
        for each, name in zip(self._names, ("name", "name_en"), strict=True):
            each.editor.set_value(getattr(self.term, name, ""))
        self._filling = False
        place = self.parts.row()
        self.parts.rows.set_rows(shown.lines if shown else ())
        self.parts.go_to(max(0, min(place, self.parts.rows.rowCount() - 1)))
        self.show_problems(())
        self._archive.setVisible(row is not None and not row.is_new)
        self._archive.set_label(tr("Bring back") if self.term and self.term.archived else tr("Archive"))
        self._show_part()
        self._tell()

    def working(self) -> TermRow | None:
        """The term as it stands in the editor."""
        if self.term is None:
            return None
        return TermRow(self.term, tuple(self.parts.rows.rows), bool(self.saved and self.saved.is_new))

    def is_changed(self) -> bool:
        """Whether it differs from what is saved."""
        return self.saved is not None and (self.working() != self.saved or self.saved.is_new)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Everything that is wrong: with the name at its field, with the parts in one line with their numbers."""
        named = [each for each in problems if each.where == "name"]
        self._names[0].show_problem(" ".join(map(sentence, named)))
        told = []
        for each in problems:
            where, _, place = each.where.partition(".")
            if where == "parts" and place:
                told.append(tr("Part {n}: {sentence}", n=place, sentence=sentence(each)))
            elif each not in named:
                told.append(sentence(each))
        self._said.setText("\n".join(told))
        self._said.setVisible(bool(told))

    def focus_name(self) -> None:
        """The keyboard goes to the name."""
        self._names[0].editor.inner.setFocus()

    def add_part(self) -> None:
        """Begins a part after the current one: what is left."""
        lines = list(self.parts.rows.rows)
        used = sum((line.value or Decimal(0) for line in lines if line.kind == terms.PERCENT), Decimal(0))
        kind = terms.REST if lines and lines[-1].kind != terms.REST else terms.PERCENT
        value = None if kind == terms.REST else max(Decimal(0), 100 - used) or None
        term = self.term.id if self.term else ""
        made = PaymentTermLine(id="", term=term, place=len(lines) + 1, kind=kind, value=value)
        place = self.parts.row() + 1 if lines and lines[-1].kind == terms.REST else len(lines)
        self.parts.rows.set_rows([*lines[:place], made, *lines[place:]])
        self.parts.go_to(place)
        self._on_rows()
        self._part["name"].editor.inner.setFocus()

    # Where somebody types, for the next start (last_place.KeepsDraft).

    def draft_key(self) -> str:
        """The term and its current part."""
        return f"payment_term:{self.term.id if self.term else ''}#{self.parts.row()}"

    def field_of(self, widget: QWidget) -> str:
        """What is edited in that widget, "" for nothing."""
        named = {"name": self._names[0], "name_en": self._names[1]}
        rows = {**named, **{f"part {name}": row for name, row in self._part.items()}}
        return next((name for name, row in rows.items() if row.editor.inner is widget), "")

    # What the user does.

    def _on_names(self) -> None:
        if self.term is not None and not self._filling:
            self.term = dataclasses.replace(
                self.term, name=self._names[0].editor.raw().strip(), name_en=self._names[1].editor.raw().strip()
            )
            self._tell()

    def _line(self) -> PaymentTermLine | None:
        row = self.parts.row()
        return self.parts.rows.rows[row] if 0 <= row < self.parts.rows.rowCount() else None

    def _show_part(self) -> None:
        line = self._line()
        self._of_part.setEnabled(line is not None)
        self._filling = True
        for name, row in self._part.items():
            focused = row.editor.inner.hasFocus() and isinstance(row.editor, LineEditor)
            if line is not None and not (focused and self._is_same(row.editor, getattr(line, name))):
                row.editor.set_value(getattr(line, name))
                row.show_problem("")
        self._filling = False
        self._part["value"].setVisible(line is None or line.kind != terms.REST)
        self.steps.rows.set_rows(line.steps if line else ())

    def _is_same(self, editor: Editor, value: Any) -> bool:
        try:
            return bool(editor.value() == value)
        except Refused:
            return True  # what cannot be read yet stays as it is being typed

    def _on_part(self, name: str) -> None:
        line = self._line()
        if line is None or self._filling:
            return
        row = self._part[name]
        try:
            changed = with_values(line, **{name: row.editor.value()})
        except Refused as refused:
            row.show_problem(" ".join(map(sentence, refused.problems)))
            return
        row.show_problem("")
        self._put(changed)

    def _put(self, line: PaymentTermLine) -> None:
        rows, at = list(self.parts.rows.rows), self.parts.row()
        rows[at] = line
        self.parts.rows.set_rows(rows)
        self._on_rows()

    def _on_rows(self) -> None:
        self._show_part()
        self._tell()

    def _on_steps(self) -> None:
        line = self._line()
        if line is not None:
            self._put(with_values(line, steps=tuple(self.steps.rows.rows)))

    def _on_step_kind(self, place: int) -> None:
        self._step_count.setVisible(self._step_kinds[place] != terms.END_OF_MONTH)

    def _on_add_step(self) -> None:
        line, kind = self._line(), self._step_kinds[self._step_kind.currentIndex()]
        if line is None:
            return
        try:
            count = self._step_count.value() if kind != terms.END_OF_MONTH else 0
        except Refused:
            count = None
        if count is None:
            self._step_count.set_invalid(tr("Type a number."))
            self._step_count.inner.setFocus()
            return
        self._step_count.set_invalid("")
        step = kind if kind == terms.END_OF_MONTH else f"{kind} {count}"
        self._put(with_values(line, steps=(*line.steps, step)))
        self._step_count.set_value(None)
        self.steps.go_to(self.steps.rows.rowCount() - 1)

    def _tell(self) -> None:
        changed = self.is_changed()
        self._state.setVisible(changed)
        self._discard.setVisible(changed)
        self._save.setEnabled(changed)
        self._archive.setEnabled(not changed)
        shown = self.working()
        self._preview.show_lines(shown.lines if shown else (), self._today)
        self.changed.emit()


class _Preview(Card):
    """What a term makes of 100,000,000 đồng invoiced today, papers waiting, and confirmed today."""

    def __init__(self) -> None:
        super().__init__(gap=8)
        self._body: QWidget | None = None
        self.add(section(tr("Preview")))
        sample = formats.amount(SAMPLE, symbol=True)
        self.add(caption(tr("An invoice of {amount}, dated today", amount=sample), wrap=True))

    def show_lines(self, lines: Sequence[PaymentTermLine], today: date) -> None:
        """Other parts."""
        if self._body is not None:
            self.box.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
        made = Panel(gap=10)
        try:
            parts = terms.parts_of(lines)
            waiting = terms.schedule(SAMPLE, parts, today)
            complete = terms.schedule(SAMPLE, parts, today, today)
        except Refused as refused:
            for problem in refused.problems[:4]:
                made.add(PlainLabel(sentence(problem), tone="text2", wrap=True))
        else:
            for now, then in zip(waiting, complete, strict=True):
                row = Panel(gap=0)
                name = now.name or tr("Part {n}", n=now.place)
                amount = PlainLabel(formats.amount(now.amount, symbol=True), weight=theme.MEDIUM)
                row.add(Panel(row=True, gap=8).add(PlainLabel(name, wrap=True), None, amount))
                if now.waits_for_papers:
                    row.add(caption(tr("Waiting for papers"), "warning"))
                    row.add(caption(tr("Confirmed today: due {day}", day=formats.day(then.due_on)), "text2", wrap=True))
                else:
                    row.add(caption(tr("Due {day}", day=formats.day(now.due_on)), "text2"))
                made.add(row)
        self._body = made
        self.add(made)


_COUNT = dataclasses.replace(
    PaymentTermLine.entity.field("place"), name="count", label=N_("Days, months or day of the month")
)


def _read_count(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 4 else None


def _write_count(value: int | None) -> str:
    return "" if value is None else str(value)


def _grid(rows: Sequence[Sequence[QWidget]], stretches: Sequence[int] = (1, 1)) -> QWidget:
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(theme.px(16))
    for at, row in enumerate(rows):
        for column, widget in enumerate(row):
            grid.addWidget(widget, at, column, Qt.AlignmentFlag.AlignTop)
    for column, stretch in enumerate(stretches):
        grid.setColumnStretch(column, stretch)
    return made
