"""Telex and VNI in every editor: no letter doubled or lost, nothing asked of half a word."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QElapsedTimer, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QTableView,
    QWidget,
)

from kam_desktop import app, language
from kam_desktop.domain.entities import Account, Contact
from kam_desktop.ui.kit.editors import Editor, LineEditor, RefEditor, editor_for
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.kit.search_box import SearchBox
from kam_desktop.ui.line_edits import Line, Note
from tests.fakes import FakeClock
from tests.ui.whole_window import Screen, WholeWindow, whole_window

TODAY = date(2026, 11, 23)
COMPOSED = "ǂ"  # stands among the letters that are being composed and never in what is committed

# One event: letters being composed, letters committed, and how many letters before the caret they replace.
Event = tuple[str, str, int]
TELEX: Sequence[Event] = (
    ("v", "", 0), ("vi", "", 0), ("vie", "", 0), ("viê", "", 0), ("viêt", "", 0), ("việt", "", 0), ("", "việt ", 0),
    ("n", "", 0), ("na", "", 0), ("nam" + COMPOSED, "", 0), ("", "nam", 0),
)  # fmt: skip
VNI: Sequence[Event] = (("d", "", 0), ("đ", "", 0), ("đu" + COMPOSED, "", 0), ("đươ", "", 0), ("", "đường", 0))
CANCELLED: Sequence[Event] = (("k", "", 0), ("kh" + COMPOSED, "", 0), ("", "", 0))
# Without composing, as UniKey and ibus-bamboo's other way do it: the letters go in and are then replaced.
REPLACED: Sequence[Event] = (
    ("", "t", 0), ("", "i", 0), ("", "e", 0), ("", "ê", 1), ("", "n", 0), ("", "ến", 2), ("", "g", 0), ("", "", 1),
)  # fmt: skip
MIXED: Sequence[Event] = (("a", "x", 0), ("", "ắ", 0), ("b" + COMPOSED, "ộ", 1), ("", "", 0))
SEQUENCES = (TELEX, VNI, CANCELLED, REPLACED, MIXED)


def send(widget: QWidget, event: Event) -> None:
    """What an input method sends."""
    composed, committed, replaces = event
    made = QInputMethodEvent(composed, [])
    replaces = min(replaces, caret_of(widget))  # an input method replaces what is there
    made.setCommitString(committed, -replaces, replaces)
    QCoreApplication.sendEvent(widget, made)


def text_of(widget: QWidget) -> str:
    """The text of an editor, without what is being composed."""
    assert isinstance(widget, (QLineEdit, QPlainTextEdit))
    return widget.text() if isinstance(widget, QLineEdit) else widget.toPlainText()


def caret_of(widget: QWidget) -> int:
    assert isinstance(widget, (QLineEdit, QPlainTextEdit))
    return widget.cursorPosition() if isinstance(widget, QLineEdit) else widget.textCursor().position()


def reference(widget: QWidget) -> QWidget:
    """Qt's own box with the same text and caret: what each sequence ought to do."""
    plain: QLineEdit | QPlainTextEdit
    if isinstance(widget, QLineEdit):
        plain = QLineEdit(widget.text())
        plain.setMaxLength(widget.maxLength())
        plain.setEchoMode(widget.echoMode())
        plain.setCursorPosition(widget.cursorPosition())
    else:
        plain = QPlainTextEdit(text_of(widget))
        assert isinstance(widget, QPlainTextEdit)
        cursor = plain.textCursor()
        cursor.setPosition(widget.textCursor().position())
        plain.setTextCursor(cursor)
    return plain


def faults(widget: QWidget, events: Sequence[Event]) -> list[str]:
    """Where an editor does otherwise than Qt's own box, event by event."""
    plain, told = reference(widget), []
    for event in events:
        send(widget, event)
        send(plain, event)
        if (text_of(widget), caret_of(widget)) != (text_of(plain), caret_of(plain)):
            told.append(f"after {event}: {text_of(widget)!r} {caret_of(widget)}, not "
                        f"{text_of(plain)!r} {caret_of(plain)}")  # fmt: skip
            break
    plain.deleteLater()
    return told


def pass_by(qtbot: Any, time_ms: int) -> None:
    """Lets so much time go by in which something must not happen."""
    clock = QElapsedTimer()
    clock.start()
    qtbot.waitUntil(lambda: clock.hasExpired(time_ms))


def clear(widget: QWidget) -> None:
    """Takes everything away, by keys."""
    QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(widget, Qt.Key.Key_Delete)


@pytest.fixture
def window(dressed: None, qtbot: Any, tmp_path: Path) -> Iterator[WholeWindow]:
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    with whole_window(qtbot, tmp_path, clock, lambda store: app.fill_sample(store, "agency", TODAY)) as made:
        made.look("vi", 100, 1366, 768)
        yield made


def editors(screen: Screen) -> Iterator[QWidget]:
    """The texts that can be typed into on a screen."""
    for widget in screen.widget.findChildren(QWidget):
        typed = isinstance(widget, (QLineEdit, QPlainTextEdit)) and not widget.isReadOnly()
        if typed and widget.isVisible() and widget.isEnabled() and widget.window() is screen.widget.window():
            if not isinstance(widget.parentWidget(), QAbstractSpinBox):  # dates by digits: no input method there
                yield widget


class Heard:
    """What went out of the window while somebody composed: drafts, questions of search boxes and of references."""

    def __init__(self, window: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[str] = []
        self.window = window
        monkeypatch.setattr(window.window, "finder", self._finder(window.window.finder))
        self._joined = set[int]()

    def _finder(self, real: Any) -> Any:
        def find(text: str, then: Any) -> None:
            self.said.append(text)
            real(text, then)

        return find

    def listen(self, screen: Screen) -> None:
        """Hears the forms and search boxes of a screen from now on."""
        for each in screen.widget.findChildren(QWidget):
            if id(each) not in self._joined and isinstance(each, (RecordForm, SearchBox, RefEditor)):
                self._joined.add(id(each))
                signal = each.drafted if isinstance(each, RecordForm) else each.asked
                signal.connect(lambda value: self.said.append(str(value)))

    def kept(self) -> str:
        """Every draft and preference in the store."""
        found: list[Any] = []

        def look(reader: Any) -> list[str]:
            rows = reader.sql("select value from draft union all select value from preference")
            return [str(row[0]) for row in rows]

        self.window.desktop.background.ask(look, found.extend)
        self.window.settle()
        return "\n".join(found)


def test_every_editor_of_the_window(window: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page, dialog, search box and the palette; what is composed goes nowhere before it is committed."""
    heard, told, seen = Heard(window, monkeypatch), list[str](), set[tuple[str, str, str]]()
    for screen in window.screens():
        heard.listen(screen)
        for widget in list(editors(screen)):
            key = (type(widget).__name__, widget.accessibleName(), type(widget.window()).__name__)
            if key in seen:
                continue
            seen.add(key)
            name = f"{screen.name}: {key[0]} {key[1]!r}"
            widget.setFocus()
            before = text_of(widget)
            clear(widget)
            for events in SEQUENCES:
                told += [f"{name}: {fault}" for fault in faults(widget, events)]
            send(widget, (COMPOSED, "", 0))
            clear(widget)
            if before:
                send(widget, ("", before, 0))
    assert not told, "\n".join(told)
    assert not [each for each in heard.said if COMPOSED in each]
    assert COMPOSED not in heard.kept()
    assert len(seen) >= 60, len(seen)


def test_cells_of_tables(window: WholeWindow) -> None:
    """A cell opens by a key, and by the first letter that an input method brings it."""
    told, cells = list[str](), 0
    for page in ("proposal", "collection", "account", "product"):
        for identity in (*window.ids(page, 6), "") if page in ("proposal", "account", "product") else ("new-receipt",):
            window.window.show_page(page, identity)
            window.settle()
            for view in window.window.findChildren(QTableView):
                if not view.isVisible() or view.editTriggers() == QAbstractItemView.EditTrigger.NoEditTriggers:
                    continue
                for index in editable(view)[:8]:
                    view.setFocus()
                    view.setCurrentIndex(index)
                    QTest.keyClick(view, Qt.Key.Key_F2)
                    cell = view.viewport().findChild(QLineEdit)
                    if cell is None:
                        continue
                    cells += 1
                    clear(cell)
                    for events in SEQUENCES:
                        told += [f"{page}, column {index.column()}: {each}" for each in faults(cell, events)]
                    QTest.keyClick(cell, Qt.Key.Key_Escape)
                    window.settle_deletions()
            if cells > 20:
                break
    assert not told, "\n".join(told)
    assert cells >= 4, cells


def editable(view: QTableView) -> list[Any]:
    """The cells of the first rows that can be edited."""
    model = view.model()
    places = [model.index(row, column) for row in range(min(12, model.rowCount())) for column in
              range(model.columnCount()) if not view.isColumnHidden(column)]  # fmt: skip
    return [each for each in places if model.flags(each) & Qt.ItemFlag.ItemIsEditable]


@pytest.fixture
def form(dressed: None, qtbot: Any) -> RecordForm:
    """A form with a line, a number, a reference, tags and a note, shown alone."""
    made = RecordForm(Account, today=TODAY)
    for name in ("name", "payment_days", "parent", "tags", "internal_note"):
        made.add(name).setParent(made)
    made.show_record(Account(id="a", name="Mây"))
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def test_a_draft_is_what_was_committed(form: RecordForm, qtbot: Any) -> None:
    drafts: list[dict[str, Any]] = []
    form.drafted.connect(drafts.append)
    for name, before in (("name", "Mây"), ("internal_note", "")):
        inner = form.editor(name).inner
        inner.setFocus()
        QTest.keyClick(inner, Qt.Key.Key_End)
        send(inner, ("viêt" + COMPOSED, "", 0))
        pass_by(qtbot, 600)  # longer than a draft takes: nothing was typed yet
        assert drafts == []
        send(inner, ("", "việt", 0))
        qtbot.waitUntil(lambda: bool(drafts))
        assert drafts[-1][name] == before + "việt"
        form.saved(dataclasses.replace(form.record, **form.draft()))
        form.show_record(Account(id="b", name="Mây"))
        drafts.clear()


def test_an_answer_from_elsewhere_does_not_end_a_word(form: RecordForm) -> None:
    """The record is shown again because something else of it changed; a word is being composed in a clean field."""
    inner: Any = form.editor("name").inner
    inner.setFocus()
    inner.setCursorPosition(3)
    send(inner, ("mư", "", 0))
    form.show_record(Account(id="a", name="Mây Trắng"))
    assert inner.text() == "Mây" and inner.composing
    send(inner, ("", "mưa", 0))
    assert inner.text() == "Mâymưa" and form.draft() == {"name": "Mâymưa"}
    send(inner, ("mư", "", 0))
    form.show_record(Account(id="b", name="Kỳ Vân"))
    assert inner.text() == "Kỳ Vân", "another record is another record"


def test_leaving_in_the_middle_of_a_word(form: RecordForm) -> None:
    saved: list[Any] = []
    form.committed.connect(lambda record, _names: saved.append(record))
    inner: Any = form.editor("name").inner
    inner.setFocus()
    inner.setCursorPosition(3)
    send(inner, ("", " tr", 0))
    send(inner, ("ăng" + COMPOSED, "", 0))
    form.editor("internal_note").inner.setFocus()
    assert saved[-1].name == "Mây tr" and inner.text() == "Mây tr" and not inner.composing


def test_keys_in_the_middle_of_a_word(window: WholeWindow, qtbot: Any) -> None:
    """The palette comes up over a word that is being composed, and goes again: nothing doubled, nothing lost."""
    window.window.show_page("settings")
    window.settle()
    shown = [each for each in window.window.findChildren(RecordForm) if each.isVisible() and each.record is not None]
    inner: Any = next(each.editor("address").inner for each in shown if "address" in each.kind.entity.names)
    inner.setFocus()
    clear(inner)
    for events in (TELEX, TELEX[:5]):
        for event in events:
            send(inner, event)
    QTest.keyClick(inner, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = QApplication.focusWidget()
    assert isinstance(palette, QLineEdit) and palette is not inner and palette.text() == ""
    told = faults(palette, TELEX)
    assert not told and palette.text() == "việt nam"
    QTest.keyClick(palette, Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is inner and inner.text() == "việt nam"
    assert faults(inner, TELEX) == [] and inner.text() == "việt namviệt nam"
    send(inner, ("xo", "", 0))
    QTest.keyClick(inner, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    window.settle()
    send(inner, ("", "xong", 0))
    assert inner.text() == "việt namviệt namxong"


def test_a_reference_asks_only_for_words(dressed: None, qtbot: Any) -> None:
    made = editor_for(Contact.entity.field("account"))
    assert isinstance(made, RefEditor)
    qtbot.addWidget(made)
    made.show()
    made.inner.setFocus()
    asked: list[str] = []
    made.asked.connect(asked.append)
    send(made.inner, ("", "sữa ", 0))
    send(made.inner, ("mâ" + COMPOSED, "", 0))
    pass_by(qtbot, 300)  # longer than its pause
    assert asked == []
    made.offer([("a", "Sữa Mây Trắng")])
    assert not made._list.isVisible(), "a list that comes up would end the word"
    send(made.inner, ("", "mây", 0))
    qtbot.waitUntil(lambda: asked == ["sữa mây"])


def test_a_search_box_asks_only_for_words(dressed: None, qtbot: Any) -> None:
    box = SearchBox("Tìm")
    qtbot.addWidget(box)
    box.show()
    asked: list[str] = []
    box.asked.connect(asked.append)
    send(box.edit, ("", "sữa ", 0))
    send(box.edit, ("mâ" + COMPOSED, "", 0))
    pass_by(qtbot, 350)  # longer than its pause
    assert asked == []
    send(box.edit, ("", "mây", 0))
    qtbot.waitUntil(lambda: asked == ["sữa mây"])


_letters = st.text("aăâeêioôơuưyđbctnghtvếộữạị ", max_size=4)
_events = st.lists(st.tuples(_letters, _letters, st.integers(0, 3)), max_size=25)


@pytest.fixture(scope="module")
def boxes(qapp: QApplication) -> Iterator[list[Callable[[], QWidget]]]:
    """What makes each of our boxes for text."""
    language.use("vi")
    fields = Account.entity.field
    kinds: list[Callable[[], Editor]] = [
        lambda name=name: editor_for(fields(name), today=TODAY)  # type: ignore[misc]
        for name in ("name", "tax_code", "payment_days", "credit_limit", "founded_on", "parent", "tags",
                     "internal_note")
    ]  # fmt: skip
    yield [Line, lambda: Note(3), *kinds, lambda: SearchBox("Tìm")]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(events=_events, seed=st.integers(0, 1000))
def test_any_sequence_does_what_a_plain_box_does(boxes: list[Callable[[], QWidget]], events: list[Event],
                                                 seed: int) -> None:  # fmt: skip
    """Random sequences, with the caret somewhere in a text that stands there already."""
    for make in boxes:
        made = make()
        inner = made.inner if isinstance(made, Editor) else made.edit if isinstance(made, SearchBox) else made
        assert isinstance(inner, (QLineEdit, QPlainTextEdit))
        if isinstance(made, LineEditor) or isinstance(inner, QLineEdit):
            inner.setText("Sữa Mây Trắng")  # type: ignore[union-attr]
            inner.setCursorPosition(random.Random(seed).randrange(13))  # type: ignore[union-attr]
        assert faults(inner, events) == [], type(made).__name__
        made.deleteLater()


def test_the_probe_sees_an_editor_that_rewrites(dressed: None, qtbot: Any) -> None:
    """The control: a box that makes capitals of what is typed, and one that formats while a word is composed."""
    box = QLineEdit()
    qtbot.addWidget(box)
    box.textEdited.connect(lambda text: box.setText(text.upper()))
    assert faults(box, TELEX)
    other = QPlainTextEdit()
    qtbot.addWidget(other)
    other.textChanged.connect(lambda: other.blockSignals(True) or other.setPlainText(other.toPlainText() + "."))
    assert faults(other, TELEX)
