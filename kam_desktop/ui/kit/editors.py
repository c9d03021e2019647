"""Editors by kind of field: each reads and shows one value and says what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QStringListModel, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QListView,
    QVBoxLayout,
    QWidget,
)

from kam_desktop import formats
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.fields import Field, Kind
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.labels import IconLabel, PlainLabel, caption
from kam_desktop.ui.line_edits import Line, Note
from kam_desktop.ui.typed_values import read_day, read_moment, read_money, read_number, read_texts


class Editor(QWidget):
    """One value on the screen. What is typed is kept as text (`raw`) until it is read (`value`).

    Text is rewritten only when the editor is left, never while an input method may be composing in it.

    Signals:
        typed: the user changed something; a draft is due.
        left: the user is done with it (focus gone, Enter, a choice made).
    """

    typed = Signal()
    left = Signal()

    def __init__(self, field: Field, inner: QWidget) -> None:
        super().__init__()
        self.field, self.inner = field, inner
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(6))
        row.addWidget(inner, 1)
        inner.setAccessibleName(tr(field.label))
        self.setFocusProxy(inner)

    def value(self) -> Any:
        """What the editor holds, of the field's kind. Raises Refused for text that cannot be read."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Shows a value, silently."""
        raise NotImplementedError

    def raw(self) -> Any:
        """What is typed, as a draft keeps it (JSON)."""
        raise NotImplementedError

    def set_raw(self, raw: Any) -> None:
        """Shows a draft again, silently."""
        raise NotImplementedError

    def set_invalid(self, sentence: str) -> None:
        """Marks the editor red, or not; the sentence is said by screen readers."""
        self.inner.setProperty("invalid", bool(sentence))
        self.inner.setAccessibleDescription(sentence)
        self.inner.style().unpolish(self.inner)
        self.inner.style().polish(self.inner)

    def set_locked(self, locked: bool) -> None:
        """Lets the value be read only."""
        self.inner.setEnabled(not locked)


class LineEditor(Editor):
    """One line of text, read and written by two functions: text, amount, number, date, tags."""

    inner: Line

    def __init__(self, field: Field, read: Callable[[str], Any] = str, write: Callable[[Any], str] = str,
                 placeholder: str = "", *, right: bool = False) -> None:  # fmt: skip
        super().__init__(field, Line())
        self._read, self._write = read, write
        self.inner.setPlaceholderText(placeholder)
        if right:
            self.inner.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if field.kind is Kind.TEXT and field.max_length:
            self.inner.setMaxLength(field.max_length)
        self.inner.textEdited.connect(lambda _text: self.typed.emit())
        self.inner.left.connect(self._on_left)
        self.inner.returnPressed.connect(self._on_left)

    def value(self) -> Any:
        return self._read(self.inner.text().strip())

    def set_value(self, value: Any) -> None:
        self.set_raw(self._write(value))

    def raw(self) -> Any:
        return self.inner.text()

    def set_raw(self, raw: Any) -> None:
        if raw != self.inner.text():
            self.inner.setText(str(raw))
            self.inner.setCursorPosition(0)

    def _on_left(self) -> None:
        try:
            if not self.inner.composing:
                self.set_raw(self._write(self.value()))
        except Refused:
            pass  # it stays as typed; the form asks for the value and shows why it cannot be read
        self.left.emit()


class NoteEditor(Editor):
    """Several lines of plain text."""

    inner: Note

    def __init__(self, field: Field, lines: int = 4) -> None:
        super().__init__(field, Note(lines))
        self._silent = False
        self.inner.edited.connect(lambda: None if self._silent else self.typed.emit())
        self.inner.left.connect(self.left)

    def value(self) -> str:
        return self.inner.toPlainText()

    def set_value(self, value: Any) -> None:
        if value != self.inner.toPlainText():
            self._silent = True
            self.inner.setPlainText(value)
            self._silent = False

    def raw(self) -> Any:
        return self.value()

    def set_raw(self, raw: Any) -> None:
        self.set_value(str(raw))


class _Picked(Editor):
    """An editor whose every change is a decision: it is left as soon as it is typed."""

    def raw(self) -> Any:
        return self.value()

    def set_raw(self, raw: Any) -> None:
        self.set_value(raw)

    def _on_picked(self, _state: object) -> None:
        self.typed.emit()
        self.left.emit()


class ChoiceEditor(_Picked):
    """One of the field's words; `names` are their translated texts. The first is "–" where the field may be empty."""

    inner: QComboBox

    def __init__(self, field: Field, names: dict[str, str]) -> None:
        super().__init__(field, QComboBox())
        self._keys = [*([] if field.required or field.default else [""]), *field.options]
        self.inner.addItems([names.get(key, key) if key else formats.NOTHING for key in self._keys])
        self.inner.activated.connect(self._on_picked)
        self.inner.installEventFilter(self)  # a wheel that scrolls the form must not change what it passes over

    def eventFilter(self, _watched: Any, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not self.inner.hasFocus():
            event.ignore()
            return True
        return False

    def value(self) -> str:
        place = self.inner.currentIndex()
        return self._keys[place] if place >= 0 else ""

    def set_value(self, value: Any) -> None:
        self.inner.setCurrentIndex(self._keys.index(value) if value in self._keys else 0)


class FlagEditor(_Picked):
    """Yes or no."""

    inner: QCheckBox

    def __init__(self, field: Field) -> None:
        super().__init__(field, QCheckBox(tr(field.label)))
        self.inner.clicked.connect(self._on_picked)

    def value(self) -> bool:
        return self.inner.isChecked()

    def set_value(self, value: Any) -> None:
        self.inner.setChecked(bool(value))


class RefEditor(LineEditor):
    """Another record, picked by typing a part of its title, accents or not; the list is a popup, never inline.

    Signals:
        asked(str): look for this text; the controller answers with `offer`.
    """

    asked = Signal(str)

    def __init__(self, field: Field, placeholder: str = "") -> None:
        super().__init__(field, self._picked, self._named, placeholder)
        self._id, self._title, self._offered = "", "", list[tuple[str, str]]()
        self._titles = QStringListModel(self)
        self._popup = QCompleter(self._titles, self)
        self._popup.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._popup.setWidget(self.inner)
        self._list = QListView()
        self._popup.setPopup(self._list)
        self._popup.activated.connect(self._on_picked)
        self._pause = QTimer(self, singleShot=True, interval=120)
        self._pause.timeout.connect(self._ask)
        self.inner.textEdited.connect(lambda _text: self._pause.start())

    def _ask(self) -> None:
        if self.inner.composing:
            self._pause.start()  # a list that comes up now would end the word
        else:
            self.asked.emit(self.inner.text().strip())

    def offer(self, found: Sequence[tuple[str, str]]) -> None:
        """Shows (id, title) pairs to pick from."""
        self._offered = list(found)
        self._titles.setStringList([title for _, title in found])
        if self.inner.composing:
            self._pause.start()
        elif found and self.inner.hasFocus():
            self._popup.complete()
        else:
            self._list.hide()

    def _on_picked(self, title: str) -> None:
        place = self._list.currentIndex().row()
        named = [each for each in self._offered if each[1] == title]
        if named:
            self._id, self._title = self._offered[place] if self._offered[place : place + 1] == named[:1] else named[0]
            self.inner.setText(self._title)
            self.typed.emit()
            self.left.emit()

    def _picked(self, text: str) -> str:
        if not text or text == self._title:
            return self._id if text else ""
        problem = Problem(self.field.name, "not_picked", "Pick {label} from the list.", {"label": tr(self.field.label)})
        raise Refused(problem)

    def _named(self, value: Any) -> str:
        """An id's title; an (id, title) pair brings its own, an id alone keeps the one it had."""
        self._id, self._title = value if isinstance(value, tuple) else (value, self._title if value == self._id else "")
        return self._title

    def raw(self) -> Any:
        return [self._id, self._title, self.inner.text()]

    def set_raw(self, raw: Any) -> None:
        if isinstance(raw, list):
            self._id, self._title, raw = raw
        super().set_raw(raw)


class Labelled(QWidget):
    """An editor under its name, with the place for a problem below it."""

    def __init__(self, editor: Editor, *, private: bool = False) -> None:
        super().__init__()
        self.editor = editor
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(4))
        if not isinstance(editor, FlagEditor):
            words = tr(editor.field.label) + (" *" if editor.field.required else "")
            name = caption(words, "private" if private else "text2")
            name.setBuddy(editor.inner)
            box.addWidget(name)
        box.addWidget(editor)
        self._said = PlainLabel(size=theme.CAPTION, tone="danger", wrap=True)
        self._mark = IconLabel("circle-alert", "danger", 14)
        line = QHBoxLayout()
        line.setSpacing(theme.px(6))
        line.addWidget(self._mark, alignment=Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._said, 1)
        box.addLayout(line)
        self.show_problem("")

    def show_problem(self, sentence: str) -> None:
        """The sentence stands below the editor; "" takes it away."""
        self._said.setText(sentence)
        self._said.setVisible(bool(sentence))
        self._mark.setVisible(bool(sentence))
        self.editor.set_invalid(sentence)


def editor_for(field: Field, *, names: dict[str, str] | None = None, currency: Callable[[], str] = lambda: "VND",
               today: date | None = None, lines: int = 4) -> Editor:  # fmt: skip
    """The editor of a field's kind; a form that wants another look makes its own."""

    def shown(write: Callable[[Any], str]) -> Callable[[Any], str]:
        return lambda value: "" if value is None else write(value)

    match field.kind:
        case Kind.NOTE:
            return NoteEditor(field, lines)
        case Kind.CHOICE:
            return ChoiceEditor(field, names or {})
        case Kind.FLAG:
            return FlagEditor(field)
        case Kind.REF:
            return RefEditor(field, tr("Type to search"))
        case Kind.INTEGER | Kind.DECIMAL:
            return LineEditor(field, lambda text: read_number(text, field), shown(formats.number), right=True)
        case Kind.MONEY:
            write = shown(lambda value: formats.amount(value, currency()))
            return LineEditor(field, lambda text: read_money(text, field, currency()), write, right=True)
        case Kind.DATE:
            read = partial(read_day, field=field, today=today)
            return LineEditor(field, read, shown(formats.day), tr("day/month/year"))
        case Kind.MOMENT:
            return LineEditor(field, lambda text: read_moment(text, field), shown(formats.moment))
        case Kind.TEXTS:
            return LineEditor(field, read_texts, ", ".join)
    return LineEditor(field)
