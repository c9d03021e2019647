"""Whatever goes while it has the keyboard: something that is seen has it after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from kam_desktop import app, language
from kam_desktop.ui import theme
from kam_desktop.ui.kit.dialogs import Dialog
from tests.fakes import FakeClock
from tests.ui.whole_window import WholeWindow, whole_window

TODAY = date(2026, 11, 23)


@pytest.fixture
def window(qtbot: Any, qapp: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    language.use("en")
    theme.apply(qapp, "light", 100)
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    with whole_window(qtbot, tmp_path, clock, lambda store: app.fill_sample(store, "agency", TODAY)) as made:
        made.window.resize(1366, 768)
        made.window.show_page("collection")
        made.settle()
        yield made


def focused(within: QWidget) -> bool:
    found = QApplication.focusWidget()
    return found is not None and found.isVisible() and found.isEnabled() and within.isAncestorOf(found)


def keyboard() -> Any:
    """What has the keyboard."""
    found = QApplication.focusWidget()
    assert found is not None
    return found


def page(window: WholeWindow) -> Any:
    return window.window.page("collection")


def holder_of(widget: QWidget) -> QWidget:
    """Its parent."""
    found = widget.parentWidget()
    assert found is not None
    return found


DEEDS: dict[str, Callable[[QWidget], object]] = {
    "hidden": lambda widget: widget.hide(),
    "disabled": lambda widget: widget.setEnabled(False),
    "deleted": lambda widget: widget.deleteLater(),
    "without": lambda widget: widget.clearFocus(),
    "parent hidden": lambda widget: holder_of(widget).hide(),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_had_the_keyboard_leaves_it_to_the_page(qtbot: Any, window: WholeWindow, deed: str) -> None:
    holder = QWidget(page(window))
    extra = QWidget(holder)
    extra.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    extra.setAccessibleName("extra")
    holder.setGeometry(0, 0, 50, 50)
    extra.setGeometry(0, 0, 40, 40)
    holder.show()
    extra.setFocus()
    qtbot.waitUntil(extra.hasFocus)
    DEEDS[deed](extra)

    def gone_on() -> bool:
        found = QApplication.focusWidget()
        return found is not None and found.accessibleName() != "extra" and focused(window.window)

    qtbot.waitUntil(gone_on)


def test_after_a_dialog_over_a_page_that_was_built_anew(qtbot: Any, window: WholeWindow) -> None:
    shown = page(window)
    shown.worklist.table.setFocus()
    dialog = Dialog(window.window, "Over it")
    dialog.open()
    qtbot.waitUntil(dialog.isVisible)
    shown.worklist.table.hide()  # what had the keyboard is gone when the dialog closes
    dialog.accept()
    window.window.activateWindow()  # no window manager does it here
    qtbot.waitUntil(lambda: focused(window.window))
    shown.worklist.table.show()


def test_after_a_receipt_is_recorded_the_list_has_the_keyboard(qtbot: Any, window: WholeWindow) -> None:
    shown = page(window)
    QTest.keyClick(keyboard(), Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    window.settle()
    form = shown.form
    assert shown.panel_shown() == "receipt" and form.isAncestorOf(QApplication.focusWidget())
    amount = form.fields.editor("amount")
    amount.setFocus()
    QTest.keyClicks(keyboard(), "500000")
    qtbot.waitUntil(lambda: form.save.isEnabled())
    window.settle()
    form.save.setFocus()
    QTest.keyClick(form.save, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: shown.panel_shown() == "")
    window.settle()
    assert focused(shown) and QApplication.focusWidget() is shown.worklist.table


def test_an_answer_that_comes_late_does_not_take_the_form_away(qtbot: Any, window: WholeWindow) -> None:
    shown = page(window)
    shown.close_panel()
    key = shown.worklist.model.answer.ids[0]
    shown.worklist.table.opened.emit(shown.worklist.table.currentIndex())  # asked for, not answered
    shown.receipt_wanted.emit()
    window.settle()
    assert shown.panel_shown() == "receipt" and focused(shown.form), key
    shown.close_panel()
    shown.worklist.table.opened.emit(shown.worklist.table.currentIndex())
    shown.invoice.shown_id = ""
    shown.show_invoice_panel()
    shown.close_panel()  # put away before the answer
    window.settle()
    assert shown.panel_shown() == "" and focused(shown)


def test_what_is_typed_in_a_share_outlives_the_suggestion(qtbot: Any, window: WholeWindow) -> None:
    shown = page(window)
    line = shown.worklist.model.row_value(shown.worklist.model.answer.ids[0])
    shown.invoice.receipt_wanted.emit(line.account_id)
    window.settle()
    form = shown.form
    form.fields.editor("amount").setFocus()
    QTest.keyClicks(keyboard(), "900000")
    qtbot.waitUntil(lambda: any(each.amount for each in form.shares_table.lines))
    form.table.setFocus()
    form.table.edit(form.shares_table.index(0, 2))
    cell = keyboard()
    assert cell.property("cell")
    QTest.keyClick(cell, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(cell, "4000")
    form._ask()  # the answer to the amount comes while it is typed
    window.settle()
    assert keyboard() == cell and cell.text() == "4000"
    QTest.keyClicks(cell, "00")
    QTest.keyClick(cell, Qt.Key.Key_Return)
    window.settle()
    assert form.shares_table.lines[0].amount == 400_000 and focused(form)
