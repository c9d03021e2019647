"""Cells of a list edited in place: F2 opens one, Enter keeps it, Esc leaves it, Tab goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.desk import read_draft, titles_of
from kam_desktop.ui.kit.cells import Cell
from kam_desktop.ui.kit.labels import PlainLabel
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.kit.record_table import RecordTable
from kam_desktop.ui.kit.table_view import TableView
from kam_desktop.ui.line_edits import Line
from kam_desktop.ui.list_tools import Deed
from kam_desktop.ui.sentences import sentence
from kam_desktop.ui.shortcuts import add_shortcut

_KEYS = {Qt.Key.Key_Return: 0, Qt.Key.Key_Enter: 0, Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}
_LEAST = 160  # px: a narrower cell gets an editor that is wider than itself


@dataclass(frozen=True)
class CellField:
    """The field that stands in a column.

    Attributes:
        name: of the field. names: a choice's words, translated.
        shown: what an empty field shows in the list instead, from the row; it is what one begins with.
    """

    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    shown: Callable[[Any], str] | None = None


class CellForm(RecordForm):
    """One field of one record over its cell; a RecordForm, so that its drafts, refusals and references are the same.

    Signals:
        finished(int): it is to be closed; 0 stays in the cell, 1 and -1 go on to the next or the previous one.
    """

    finished = Signal(int)

    def __init__(
        self, kind: type[Record], at: CellField, parent: QWidget, today: Any, currency: Callable[[], str] | None = None
    ) -> None:
        super().__init__(kind, today=today, parent=parent)
        self._of_list = currency
        self.name, self._step, self.waits = at.name, 0, False
        self.kept: dict[str, Any] = {}  # drafts of other fields of the same record stay as they are
        row = self.add(at.name, names=dict(at.names))
        row.setParent(self)
        row.hide()
        self.row = row.editor
        inner = self.row.inner
        inner.setProperty("cell", True)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.row)
        self.row.show()
        self.setFocusProxy(inner)
        self.setAutoFillBackground(True)
        inner.installEventFilter(self)
        self.told = QFrame(parent)
        self.told.setProperty("told", True)
        paint = f"background: {theme.name_of('danger_bg')}; border: 1px solid {theme.name_of('danger')};"
        self.told.setStyleSheet(f"QFrame[told='true'] {{ {paint} border-radius: {theme.px(6)}px; }}")
        lines = QVBoxLayout(self.told)
        lines.setContentsMargins(*[theme.px(8)] * 4)
        self._words = PlainLabel(size=theme.CAPTION, tone="danger", wrap=True)
        lines.addWidget(self._words)
        self.told.hide()
        self.row.left.connect(self._on_gone)

    def _currency(self) -> str:
        return self._of_list() if self._of_list is not None else super()._currency()

    def draft(self) -> dict[str, Any]:
        """See RecordForm."""
        return self.kept | super().draft()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """See RecordForm: all of them below the cell, which keeps the keyboard."""
        super().show_problems(problems)
        self._words.setText(" ".join(map(sentence, problems)))
        self.row.set_invalid(self._words.text())
        self.told.setVisible(bool(problems))
        if problems:
            self._wait(False)
            self.place_told()
            QTimer.singleShot(0, self._come_back)

    def place_told(self) -> None:
        """Below the cell, above it where there is no room."""
        parent, wide = self.parentWidget(), max(self.width(), theme.px(280))
        if parent is not None:
            high = max(self._words.heightForWidth(wide - theme.px(18)), theme.px(18)) + theme.px(18)
            x = min(self.x(), max(0, parent.width() - wide - theme.px(4)))
            y = self.y() + self.height() + theme.px(2)
            self.told.setGeometry(x, y if y + high <= parent.height() else self.y() - high - theme.px(2), wide, high)
            self.told.raise_()

    def _come_back(self) -> None:
        if isValid(self) and self.isVisible() and not self.waits:
            self.row.inner.setFocus()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or getattr(self.row.inner, "composing", False):
            return False
        key, plain = event.key(), not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.type() == QEvent.Type.ShortcutOverride and key == Qt.Key.Key_Escape:
            event.accept()  # Esc leaves the cell, not the page
            return True
        if event.type() != QEvent.Type.KeyPress:
            return False
        if key == Qt.Key.Key_Escape:
            self.cancel()
            return True
        if key in _KEYS and plain:
            self.finish(_KEYS[Qt.Key(key)])
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.accept()  # what the editor has no use for, as ↓, is no key of the list below

    def cancel(self) -> None:
        """Leaves the field as it was; nothing of what was typed is kept."""
        self._draft.stop()
        self._dirty.clear()
        self.drafted.emit(self.draft())
        self.finished.emit(0)

    def finish(self, step: int = 0) -> None:
        """Keeps what is typed, then goes on by so many cells."""
        self._step = step
        if not self._dirty and not self.waits:
            self.finished.emit(step)
        else:
            self.commit()

    def _on_gone(self) -> None:
        # A choice was made (RecordForm commits it), or the keyboard went elsewhere with nothing typed.
        if not self._dirty and not self.waits:
            QTimer.singleShot(0, self._end_unchanged)

    def _end_unchanged(self) -> None:
        if isValid(self) and not self._dirty and not self.waits and not self.row.inner.hasFocus():
            self.finished.emit(0)

    def _commit(self, names: set[str]) -> bool:
        if self.waits:
            return True
        read = super()._commit(names)
        if read and self._dirty:
            self._wait(True)  # until the lane has answered; what is typed meanwhile would be lost
        elif read:
            self.finished.emit(self._step)
        return read

    def _wait(self, waits: bool) -> None:
        self.waits = waits
        if isinstance(self.row.inner, Line):
            self.row.inner.setReadOnly(waits)

    def saved(self, record: Record, titles: Mapping[str, str] | None = None) -> None:
        """See RecordForm."""
        self._wait(False)
        super().saved(record, titles)
        self.finished.emit(self._step)


class CellEdits(QObject):
    """Edits plain cells of a table of records. Each edit is one step to undo.

    Attributes:
        form: the open cell, None while there is none.
    """

    def __init__(
        self, controller: RecordController, table: TableView, model: RecordTable, kind: type[Record],
        cells: Mapping[int, CellField], label: str, save: Callable[[Any, Any], Any] | None = None,
        currency: Callable[[], str] | None = None,
    ) -> None:  # fmt: skip
        """`cells`: the field in each column that can be edited. `label`: the step's sentence, {name} is its title.

        `save(uow, record)` replaces plain saving. `currency` is that of amounts whose record does not say it.
        """
        super().__init__(table)
        self._controller, self._table, self._model = controller, table, model
        self._kind, self._cells, self._label, self._save, self._currency = kind, dict(cells), label, save, currency
        self.form: CellForm | None = None
        self._id, self._column = "", -1
        add_shortcut(table, "edit_cell", self.open_current)
        model.answered.connect(self._follow)
        table.horizontalHeader().sectionResized.connect(lambda *_sizes: self._follow())
        table.horizontalHeader().geometriesChanged.connect(self._follow)
        table.verticalScrollBar().valueChanged.connect(lambda _value: self._follow())

    def columns(self) -> list[int]:
        """The columns that can be edited and are shown, from the left."""
        return [at for at in sorted(self._cells) if not self._table.isColumnHidden(at)]

    def deeds(self) -> list[Deed]:
        """What a context menu offers for one row."""
        at = self._wanted(self._table.currentIndex().column())
        if at < 0:
            return []
        words = tr("Edit “{column}”", column=tr(self._kind.entity.field(self._cells[at].name).label))
        return [Deed(words, "pencil", lambda ids: self.open(ids[0], at), single=True, key="edit_cell")]

    def _wanted(self, column: int) -> int:
        columns = self.columns()
        return column if column in columns else columns[0] if columns else -1

    def open_current(self) -> None:
        """Opens the current cell, or the first of its row that can be edited."""
        index = self._table.currentIndex()
        if self.form is None and index.isValid():
            self.open(self._model.id_at(index.row()), self._wanted(index.column()))

    def open(self, identity: str, column: int) -> None:
        """Asks for the record and opens the cell over its row."""
        if not identity or column not in self._cells:
            return
        self._close()
        kind, key = self._kind, f"{self._kind.entity.name}:{identity}"

        def read(reader: Any) -> tuple[Any, dict[str, str], str]:
            found = reader.get(kind, identity)
            return found, titles_of(reader, found) if found is not None else {}, read_draft(reader, key)

        self._controller.ask(read, lambda answer: self._show(column, *answer), f"cell {id(self)}")

    def _show(self, column: int, record: Any, titles: Mapping[str, str], draft: str) -> None:
        row = self._model.row_of(record.id) if record is not None else -1
        if row < 0 or self.form is not None or not self._table.isVisible():
            return
        cell = self._cells[column]
        made = CellForm(self._kind, cell, self._table.viewport(), self._controller.desk.today(), self._currency)
        self.form, self._id, self._column = made, record.id, column
        self._controller.bind(made, self._label, self._label, save=self._save)
        made.show_record(record, titles)
        kept: dict[str, Any] = json.loads(draft) if draft else {}
        made.kept = {name: raw for name, raw in kept.items() if name != cell.name}
        inner = made.row.inner
        line = self._model.row_value(record.id)
        if cell.shown is not None and line is not None and not getattr(record, cell.name) and isinstance(inner, Line):
            inner.setText(cell.shown(line))
        if cell.name in kept:
            made.show_draft({cell.name: kept[cell.name]})
        made.finished.connect(self._on_finished)
        self._table.setCurrentIndex(self._model.index(row, column))
        self._table.scrollTo(self._model.index(row, column))
        self._follow()
        made.show()
        made.raise_()
        inner.setFocus()
        if isinstance(inner, Line):
            inner.selectAll()
        elif isinstance(inner, QComboBox):
            inner.showPopup()

    def _follow(self) -> None:
        """Keeps the editor over its cell: rows may be sorted otherwise, columns be drawn wider."""
        made = self.form
        if made is None:
            return
        row = self._model.row_of(self._id)
        if row < 0 or self._table.isColumnHidden(self._column):
            if not made.waits:
                self._close()  # what was typed stays as a draft of the record
            return
        area = self._table.visualRect(self._model.index(row, self._column))
        left, right = self._table.pads(self._column)
        area = area.adjusted(max(0, left - theme.px(8)), 0, -max(0, right - theme.px(6)), 0)
        inset = max(0, (area.height() - theme.px(28)) // 2)
        wide = max(area.width(), theme.px(_LEAST))
        cell = self._table.itemDelegateForColumn(self._column)
        right = isinstance(cell, Cell) and cell.align & Qt.AlignmentFlag.AlignRight
        x = area.right() + 1 - wide if right else area.x()  # it grows away from where the text stands
        x = max(0, min(x, self._table.viewport().width() - wide))
        made.setGeometry(QRect(x, area.y() + inset, wide, area.height() - 2 * inset))
        if made.told.isVisible():
            made.place_told()

    def _close(self) -> None:
        made, self.form = self.form, None
        if made is not None and isValid(made):
            made.finished.disconnect(self._on_finished)
            for widget in (made, made.told):
                widget.hide()
            made.told.deleteLater()
            made.deleteLater()

    def _on_finished(self, step: int) -> None:
        identity, column, columns = self._id, self._column, self.columns()
        inside = self.form is not None and self.form.isAncestorOf(self._table.window().focusWidget() or self._table)
        self._close()
        if inside:
            self._table.setFocus()
        if not step or column not in columns:
            return
        at = columns.index(column) + step
        if 0 <= at < len(columns):
            self.open(identity, columns[at])
            return
        row = self._model.row_of(identity) + step
        while 0 <= row < self._model.rowCount() and not self._model.id_at(row):
            row += step  # heads have no cells
        following = self._model.id_at(row) if 0 <= row < self._model.rowCount() else ""
        if following:
            self.open(following, columns[0 if step > 0 else -1])
