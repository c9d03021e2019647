"""A day at the real window, in a process of its own: unlocks, types known words, imports, closes."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QItemSelectionModel, Qt, QTimer
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPlainTextEdit, QWidget

from kam_desktop import app as program
from kam_desktop.domain.fields import Kind
from kam_desktop.ui import pages
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.pages.proposal.line_view import LineView
from kam_desktop.ui.recovery_sheet import PassphraseLines, RecoverySheet
from kam_desktop.ui.unlock_dialog import UnlockDialog
from tests.e2e import known_words

Step = Callable[[], object] | None
_MOST_TURNS = 5000  # of 20 ms: a step that has not come about by then never will


class Session:
    """Walks through the steps, each of which yields a condition to wait for, or None for "everything is answered".

    Attributes:
        told: what the test wants to know afterwards: words that were typed, recovery keys that were shown.
    """

    def __init__(self, profile: Path, outside: Path) -> None:
        self.profile, self.outside = profile, outside
        self.told: dict[str, Any] = {"words": [], "recovery": [], "done": [], "failed": ""}
        self.desktop: Any = None
        self._number = 300
        self._steps: Iterator[Step] = iter(())
        self._wanted: Step = None
        self._turns = self._quiet = 0
        self._clock = QTimer()
        self._clock.timeout.connect(self._turn)
        made = program._desktop

        def kept(folder: Path | None) -> Any:
            self.desktop = made(folder)
            return self.desktop

        program._desktop = kept

    def run(self, steps: Iterator[Step]) -> int:
        """Opens the window as the command does; ends with its exit status, or 70 when a step did not come about."""
        self._steps = steps
        self._clock.start(20)
        status = program.run_window(self.profile, lang="vi")
        (self.outside / "told.json").write_text(json.dumps(self.told), "utf-8")
        return 70 if self.told["failed"] else status

    def _turn(self) -> None:
        self._turns += 1
        if self._turns > _MOST_TURNS:
            return self._fail("did not come about")
        if not self._is_ready():
            return None
        self._turns = self._quiet = 0
        try:
            self._wanted = next(self._steps)
        except StopIteration:
            self._clock.stop()
        except Exception:  # noqa: BLE001 — whatever it is, the test has to hear of it
            self._fail(traceback.format_exc())
        return None

    def _is_ready(self) -> bool:
        if self._wanted is not None:
            return bool(self._wanted())
        idle = self.desktop is not None and self.desktop.background.is_idle()
        self._quiet = self._quiet + 1 if idle else 0
        return self._quiet > 3

    def _fail(self, what: str) -> None:
        self._clock.stop()
        shown = [each.text() for each in (self.dialog() or self.window).findChildren(QLabel) if each.isVisible()]
        self.told["failed"] = f"after {self.told['done'][-1:]}: {what}; on the screen: {shown}"
        for widget in QApplication.topLevelWidgets():
            widget.close()
        QApplication.exit(70)

    # Hands.

    @property
    def window(self) -> Any:
        """The main window."""
        return self.desktop.window

    def word(self) -> str:
        """The next known word; the test is told of it."""
        self._number += 1
        self.told["words"].append(known_words.word(self._number))
        return known_words.word(self._number)

    def done(self, what: str) -> None:
        """Notes what was done."""
        self.told["done"].append(what)

    def type(self, widget: QWidget, text: str) -> None:
        """Types as a Vietnamese input method does: the finished word in one piece."""
        widget.setFocus()
        if isinstance(widget, (QLineEdit, QPlainTextEdit)):
            widget.selectAll()
        event = QInputMethodEvent("", [])
        event.setCommitString(text)
        QCoreApplication.sendEvent(widget, event)

    def fill(self, form: RecordForm) -> None:
        """Types a known word or telephone number into every field for text."""
        for name, row in form._rows.items():
            field, inner = row.editor.field, row.editor.inner
            if field.phone:
                self._number += 1
                self.told["words"].append(known_words.telephone(self._number))
                self.type(inner, known_words.telephone(self._number))
            elif field.kind in (Kind.TEXT, Kind.NOTE, Kind.TEXTS) and name not in ("currency", "tax_code"):
                self.type(inner, self.word())

    def dialog(self) -> Any:
        """The dialog that is shown, or None."""
        windows = (each for each in QApplication.topLevelWidgets() if isinstance(each, (Dialog, QFileDialog)))
        return next((each for each in windows if each.isVisible()), None)

    def press(self, within: QWidget, text: str) -> None:
        """Presses the button of that text, later: it may open a dialog with a loop of its own."""
        buttons = [each for each in within.findChildren(Button) if each.isVisible() and each._label.startswith(text)]
        if not buttons:
            labels = [each._label for each in within.findChildren(Button) if each.isVisible()]
            raise LookupError(f"no button {text!r} among {labels}")
        QTimer.singleShot(0, buttons[0].click)


def work(session: Session) -> Iterator[Step]:
    """Everything that a user does with an existing profile."""
    yield lambda: isinstance(session.dialog(), UnlockDialog)
    lock: Any = session.dialog()
    session.type(lock._line, session.word() + " sai")
    session.press(lock, "Mở khoá")
    yield lambda: lock._said.isVisible()
    session.type(lock._line, (session.outside / "passphrase").read_text("utf-8").strip())
    session.press(lock, "Mở khoá")
    yield lambda: session.desktop.background.profile is not None
    yield None
    session.done("unlock by the passphrase typed")
    window, desk = session.window, session.desktop.desk

    for entry in pages.PAGES:
        if entry.key == "first_run":
            continue
        window.show_page(entry.key)
        yield None
        page = window.page(entry.key)
        for _, place in page.tour_places() if hasattr(page, "tour_places") else []:
            window.show_page(entry.key, place)
            yield None
    session.done("every page and place shown")

    # A customer typed and left unsaved: the draft; then saved, changed, and a contact and an interaction.
    window.show_page("account", "new")
    yield None
    form = window.page("account").detail.form
    session.fill(form)
    window.show_page("today")
    yield None
    window.show_page("account", "new")
    yield None
    form.commit()
    yield lambda: not form.is_new
    yield None
    session.type(form.editor("name").inner, session.word())
    form.editor("tax_code").inner.setFocus()
    yield None
    session.done("customer")
    page = window.page("account")
    detail = page.detail
    for wanted, name in ((lambda: detail.contact_wanted.emit(""), "contact"), (detail._log.click, "interaction")):
        for kept in (False, True):
            QTimer.singleShot(0, wanted)
            yield lambda: session.dialog() is not None
            yield None
            dialog: Any = session.dialog()
            session.fill(dialog.form)
            yield None
            if kept:
                dialog._save()
            else:
                QTest.qWait(500)  # the draft is written within half a second of the first letter
                dialog.reject()
            yield lambda: session.dialog() is None
            yield None
            session.done(name if kept else f"draft of {name}")

    # Searches.
    box = page.list.search.edit
    window.show_page("account")
    yield None
    session.type(box, session.word())
    yield None
    QTest.qWait(400)
    window.open_palette()
    session.type(window._palette.edit, session.word())
    yield None
    QTest.qWait(300)
    QTest.keyClick(window._palette.edit, Qt.Key.Key_Escape)
    yield None
    session.done("searches")

    # A proposal's fields, a cell of its table, and one that is typed and left open.
    window.show_page("proposal", known_words.identity("proposal"))
    yield None
    for each in window.page("proposal").findChildren(RecordForm):
        if each.record is not None and each.isVisible():
            session.fill(each)
            each.commit()
            yield None
    lines = window.page("proposal").findChild(LineView)
    lines.add_line()
    cell = lines.viewport().findChild(QLineEdit)
    session.type(cell, session.word())
    QTest.keyClick(cell, Qt.Key.Key_Return)
    yield None
    lines.add_line()
    cell = lines.viewport().findChild(QLineEdit)
    session.type(cell, session.word())
    QTest.qWait(600)
    yield None
    session.done("proposal")

    # A receipt of an unknown payer.
    window.show_page("collection", "new-receipt")
    yield None
    receipt = window.page("collection").form
    session.fill(receipt.fields)
    session.type(receipt.fields.editor("amount").inner, "1234567")
    receipt.commit()
    yield None
    session.done("receipt")

    # Import by the page, through the dialog for files.
    for file in ("list", "invoices"):
        window.show_page("importing")
        yield None
        yield from bring_in(session, next((session.outside / "by-the-page" / file).rglob("*.*")))
        session.done(f"import of {file}")

    # Settings: our firm, a new passphrase, a new recovery key, a backup.
    window.show_page("settings")
    yield None
    settings = window.page("settings")
    session.fill(settings.form)
    settings.form.commit()
    yield None
    settings.show_section("security")
    yield None
    settings.passphrase_wanted.emit()
    yield lambda: session.dialog() is not None
    dialog = session.dialog()
    lines_of_two = dialog.findChild(PassphraseLines)
    new = (session.outside / "passphrase-2").read_text("utf-8").strip()
    session.type(lines_of_two._first, new)
    session.type(lines_of_two._second, new)
    session.press(dialog, "Lưu")
    yield lambda: session.dialog() is None
    yield None
    settings.recovery_wanted.emit()
    yield lambda: session.dialog() is not None
    yield from answer_groups(session, session.dialog().findChild(RecoverySheet))
    yield lambda: session.dialog() is None
    yield None
    settings.show_section("backups")
    yield None
    settings.backup_wanted.emit()
    yield None
    yield None
    settings.show_section("history")
    yield None
    session.done("settings")

    # Our own faults, with a customer's words in their messages.
    secret = session.word()
    for fault in (lambda: _broken(secret), lambda: desk.background.ask(lambda reader: _broken(secret), print)):
        QTimer.singleShot(0, fault)
        yield lambda: session.dialog() is not None
        QTimer.singleShot(0, session.dialog().reject)
        yield lambda: session.dialog() is None
        yield None
    session.done("faults")

    session.desktop.use_language("en")
    yield None
    session.desktop._use_mode("dark")
    yield None
    desk.undo()
    yield None
    desk.redo()
    yield None
    # A search and a selection stand there when the window closes.
    window.show_page("account")
    yield None
    table = window.page("account").list.table
    selection = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
    table.selectionModel().select(table.model().index(1, 0), selection)
    session.type(window.page("account").list.search.edit, session.word())
    yield None
    session.done("language, look, undo, redo")
    window.close()


def bring_in(session: Session, path: Path) -> Iterator[Step]:
    """Picks a file in the dialog and imports it."""
    page = session.window.page("importing")
    page.show_choose()
    QTimer.singleShot(0, page.choose_files)
    yield lambda: isinstance(session.dialog(), QFileDialog)
    chooser: Any = session.dialog()
    chooser.setDirectory(str(path.parent))
    chooser.findChild(QLineEdit).setText(str(path))
    QTimer.singleShot(0, chooser.accept)
    yield lambda: page.state() == "preview"
    yield None
    page._on_primary()
    yield lambda: page.state() in ("opening", "done")
    if page.state() == "opening":
        page._on_primary()
    yield lambda: page.state() == "done"
    yield None


def first_run(session: Session) -> Iterator[Step]:
    """A new profile of our own data, locked by a recovery key that is shown once."""
    yield lambda: session.desktop is not None and session.window.current_key() == "first_run"
    page = session.window.page("first_run")
    page.choose("files")
    session.type(page.firm._name, session.word())
    session.type(page.firm._code, "9900000016")
    page.go()
    yield lambda: page.lock.sheet is not None
    yield from answer_groups(session, page.lock.sheet)
    yield lambda: session.desktop.background.profile is not None
    yield None
    session.done("first run")
    session.window.close()


def again(session: Session) -> Iterator[Step]:
    """The next morning: the recovery key opens what was left there."""
    yield lambda: isinstance(session.dialog(), UnlockDialog)
    lock: Any = session.dialog()
    lock._other.click()
    session.type(lock._line, (session.outside / "recovery-2").read_text("utf-8").strip())
    lock._try()
    yield lambda: session.desktop.background.profile is not None
    yield None
    yield None
    session.done("unlock by the recovery key typed")
    session.window.close()


def answer_groups(session: Session, sheet: RecoverySheet) -> Iterator[Step]:
    """Writes the groups down (for the test) and gives back the two that are asked for."""
    groups = list(sheet._key.groups)
    session.told["recovery"].append(groups)
    sheet.ask(True)
    yield lambda: sheet._question.isVisible()
    for place, edit in sheet._answers.items():
        session.type(edit, groups[place - 1])
    sheet.check()


def _broken(secret: str) -> None:
    raise ValueError(f"no such customer: {secret}")


if __name__ == "__main__":
    run = Session(Path(sys.argv[2]), Path(sys.argv[3]))
    QApplication(sys.argv[:1])
    sys.exit(run.run({"work": work, "first-run": first_run, "again": again}[sys.argv[1]](run)))
