"""The window that `typing` kills: tells what it found, then types ten letters a second until it ends."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QInputMethodEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from kam_desktop import app as program
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.ids import RandomIds
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.store.unit_of_work import UnitOfWork
from kam_desktop.ui import keymap
from kam_desktop.ui.desktop import Desktop
from kam_desktop.ui.kit.editors import LineEditor, NoteEditor
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.last_place import caret_of, form_of

LETTER_MS = 100
PLACES = (
    "new account", "saved account", "note", "interaction", "proposal line", "receipt", "promise", "reminder", "rule",
    "payment term", "price",
)  # fmt: skip
KEY = DataKey(bytes(range(32)))
_LETTERS = "abcdeghiklmnopqrstuvxy"
_COMPOSED = "ếộữạđưở"  # an input method commits these in one piece
_TURN_MS, _TURNS = 20, 1000

Wait = Callable[[], bool] | None


def make(folder: Path) -> None:
    """A profile with a sample firm."""
    store = Store.create(folder, KEY, "typing", SystemClock(), RandomIds(SystemClock()))
    program.fill_sample(store, "agency", date(2026, 11, 23))
    store.close()


def state() -> dict[str, Any]:
    """What stands in the editor under the keyboard, and where that editor is."""
    widget = QApplication.focusWidget()
    form = form_of(widget)
    found: dict[str, Any] = {"key": "", "field": "", "text": "", "caret": -1, "typed": {}}
    if widget is None:
        return found
    found |= {"text": text_of(widget), "caret": caret_of(widget)}
    if form is not None:
        found |= {"key": form.draft_key(), "field": form.field_of(widget)}
        for each in form.findChildren(QWidget) if isinstance(form, RecordForm) else ():
            if isinstance(each, (LineEditor, NoteEditor)):
                found["typed"][each.field.name] = each.raw()
    elif widget.property("cell"):
        found |= {"key": "cell"}
    return found


def stood_s(process: int | str) -> float:
    """How long the threads of a process were ready to work and the machine did something else, as Linux counts it."""
    waited_ns = 0
    for each in Path(f"/proc/{process}/task").glob("*/schedstat"):
        with suppress(OSError):  # that thread has ended meanwhile
            waited_ns += int(each.read_text().split()[1])
    return waited_ns / 1e9


def text_of(widget: QWidget) -> str:
    """The text of an editor, without what is being composed."""
    if isinstance(widget, QLineEdit):
        return widget.text()
    return widget.toPlainText() if isinstance(widget, QPlainTextEdit) else ""


class Typist:
    """Walks through its steps by a timer, as hands would."""

    def __init__(self, folder: Path, place: str, seed: int) -> None:
        self.place, self.chance = place, random.Random(seed)
        clock = SystemClock()
        self.desktop = Desktop(clock, RandomIds(clock), None)
        self.window = self.desktop.window
        store = Store.open(folder, KEY, "typing", clock, RandomIds(clock))
        self.door = program.Door(self.desktop, folder, lambda: store)
        self._steps = self.steps()
        self._wanted: Wait = None
        self._turns = self._quiet = 0
        self._timer = QTimer()
        self._timer.timeout.connect(self._turn)
        self._timer.start(_TURN_MS)

    def tell(self, kind: str, **values: Any) -> None:
        """One line to whoever kills us."""
        sys.stdout.write(json.dumps({"kind": kind, "at": monotonic(), "stood": stood_s("self"), **values}) + "\n")
        sys.stdout.flush()

    def _turn(self) -> None:
        self._turns += 1
        if self._turns > _TURNS:
            shown = [type(each).__name__ for each in QApplication.topLevelWidgets() if each.isVisible()]
            self.tell("failed", why=f"{self.window.where()} {shown} {QApplication.focusWidget()} {state()}")
            QApplication.exit(70)
            self._turns = 0
        if self._wanted is not None:
            ready = self._wanted()
        else:
            self._quiet = self._quiet + 1 if self.desktop.background.is_idle() else 0
            ready = self._quiet > 3
        if ready:
            self._turns = self._quiet = 0
            self._wanted = next(self._steps, lambda: False)

    def steps(self) -> Iterator[Wait]:
        """What was found; then the editor is opened and typed in."""
        yield lambda: self.desktop.background.profile is not None and bool(self.window.current_key())
        yield None
        looked_at = monotonic() + 3
        yield lambda: bool(state()["key"]) or monotonic() > looked_at
        yield None
        yield None
        page, place = self.window.where()
        self.tell("found", page=page, place=place, **state())
        yield from self.go()
        yield None
        while (widget := QApplication.focusWidget()) is None or not state()["key"]:
            yield lambda: bool(state()["key"])
        if isinstance(widget, (QLineEdit, QPlainTextEdit)):
            widget.selectAll()  # the first letter takes the place of what an earlier round left here
        page, place = self.window.where()
        self.tell("begun", page=page, place=place, **state())
        moved = False
        while True:
            then = monotonic() + LETTER_MS / 1000
            yield lambda then=then: monotonic() >= then  # type: ignore[misc]
            chosen = self.chance.random()
            if chosen < 0.02 and not moved and self.place in ("new account", "interaction"):
                moved = True
                QTest.keyClick(self.focus(), Qt.Key.Key_Tab)
            elif chosen < 0.08 and state()["caret"] > 2:
                QTest.keyClick(self.focus(), Qt.Key.Key_Left)
            elif chosen < 0.2:
                event = QInputMethodEvent("", [])
                event.setCommitString(self.chance.choice(_COMPOSED))
                QCoreApplication.sendEvent(self.focus(), event)
            else:
                QTest.keyClicks(self.focus(), self.chance.choice(_LETTERS))
            self.tell("typed", **state())

    def focus(self) -> QWidget:
        """Where the keys go."""
        found = QApplication.focusWidget()
        assert found is not None
        return found

    def press(self, deed: str) -> None:
        """The keys of a deed."""
        keys = QKeySequence(keymap.keys(deed)[0])[0]
        QTest.keyClick(self.focus(), keys.key(), keys.keyboardModifiers())

    def first(self, entity: str) -> str:
        """The id of the first record of a table; the answer comes at once, this is no part of the program."""
        found: list[Any] = []
        question = f"select id from {entity} order by id limit 1"
        self.desktop.background.ask(lambda reader: [row[0] for row in reader.sql(question)], found.extend)
        while not found:
            QTest.qWait(5)
        return str(found[0])

    def shown(self, name: str) -> QWidget | None:
        """The editor of a field, when a form with it is shown."""
        within = QApplication.activeModalWidget() or self.window
        for each in within.findChildren(RecordForm):
            if each.isVisible() and name in each.kind.entity.names and each.record is not None:
                return next((at for at in each.findChildren(QWidget) if each.field_of(at) == name), None)
        return None

    def field(self, name: str) -> Iterator[Wait]:
        """Puts the keyboard into a field of the form that is shown."""
        yield lambda: self.shown(name) is not None
        yield None
        widget = self.shown(name)
        assert widget is not None
        widget.setFocus()

    def go(self) -> Iterator[Wait]:
        """Opens the editor of this round."""
        dialog = QApplication.activeModalWidget()
        if dialog is not None:  # the editor of the round before
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
            yield lambda: QApplication.activeModalWidget() is None
            self.window.activateWindow()  # no window manager does it here
            yield lambda: QApplication.focusWidget() is not None
        if self.place == "proposal line":
            draft = "proposal where id not in (select proposal from proposal_version where sent_at is not null)"
            self.window.show_page("proposal", self.first(draft))
            yield None
            yield from self.open_cell()
        elif self.place in ("receipt", "promise", "reminder"):
            yield from self.go_to_money()
        elif self.place in ("rule", "payment term"):
            yield from self.go_to_law()
        elif self.place == "price":
            self.window.show_page("product", self.first("price_list"))
            yield None
            self.press("new")
            yield from self.dialog("price")
        elif self.place == "new account":
            self.window.show_page("account", "new")
            yield from self.field("name")
        else:
            self.window.show_page("account", self.first("account"))
            yield None
            if self.place == "interaction":
                self.press("log")
                yield lambda: QApplication.activeModalWidget() is not None
                yield None
                yield from self.field("subject")
            else:
                for _ in range(12):  # the fields stand in one of its tabs
                    if self.shown("address") is not None:
                        break
                    self.press("next_tab")
                    yield None
                yield from self.field("internal_note" if self.place == "note" else "address")

    def dialog(self, field: str) -> Iterator[Wait]:
        """A field of the dialog that is coming up."""
        yield lambda: QApplication.activeModalWidget() is not None
        yield None
        yield from self.field(field)

    def go_to_money(self) -> Iterator[Wait]:
        """The form of a receipt, or a dialog about an invoice."""
        self.window.show_page("collection")
        yield None
        page: Any = self.window.page("collection")
        if self.place == "receipt":
            page.receipt_wanted.emit()
            yield None
            yield from self.field("payer")
        elif self.place == "promise":
            page.invoice.promise_wanted.emit(self.first("invoice"), "")
            yield from self.dialog("remark")
        else:
            page.invoice.outcome_wanted.emit(self.first("invoice"))
            yield from self.dialog("remark")

    def go_to_law(self) -> Iterator[Wait]:
        """A new rule, or the name of the first payment term."""
        self.window.show_page("settings", "rules" if self.place == "rule" else "terms")
        yield None
        page: Any = self.window.page("settings")
        if self.place == "rule":
            page.rules.want("add")
            yield from self.dialog("source")
        else:
            page.terms.editor.focus_name()

    def open_cell(self) -> Iterator[Wait]:
        """A new line of the price table, by its key."""
        if state()["key"] != "cell":
            QTest.keyClick(self.focus(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        yield lambda: state()["key"] == "cell"


def main() -> int:
    """The window, until somebody kills it."""
    folder, place, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    application = program._application(None, "vi", "light")
    if os.environ.get("KAM_TEST_KEEP_NOTHING"):  # the control: a program without drafts
        UnitOfWork.set_draft = lambda *_: None  # type: ignore[method-assign]
    typist = Typist(folder, place, seed)
    typist.window.show()
    typist.window.activateWindow()
    QTimer.singleShot(0, typist.door.open)
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
