"""Reminder steps in the settings: added, changed, taken away and brought back, by keyboard and undone."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel

from kam_desktop.domain.errors import Refused
from kam_desktop.services import dunning, rule
from kam_desktop.ui import theme
from kam_desktop.ui.pages.settings.controller import SettingsController
from kam_desktop.ui.pages.settings.page import REMINDERS, SettingsPage
from kam_desktop.ui.pages.settings.reminders import StepForm
from tests.ui.conftest import House


@pytest.fixture
def page(qtbot: Any, house: House) -> SettingsPage:
    made = SettingsController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1146), theme.px(700))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.open_place(REMINDERS)
    settle(qtbot, house)
    made.reminders.table.setFocus()
    return made


def settle(qtbot: Any, house: House) -> None:
    qtbot.waitUntil(house.background.is_idle)


def rows(page: SettingsPage) -> list[list[str]]:
    model = page.reminders.model
    return [[str(model.index(row, column).data() or "") for column in range(4)] for row in range(model.rowCount())]


def steps(house: House) -> list[tuple[int | None, int | None, str]]:
    return [(each.place, each.days_after_due, each.channel) for each in house.read(dunning.steps)]


def form(qtbot: Any, page: SettingsPage) -> StepForm:
    qtbot.waitUntil(lambda: any(each.isVisible() for each in page.findChildren(QDialog)))
    dialog = next(each for each in page.findChildren(QDialog) if each.isVisible())
    found = dialog.findChild(StepForm)
    assert isinstance(found, StepForm)
    return found


def typed(form: StepForm, **texts: str) -> None:
    for name, text in texts.items():
        inner = form.editor(name).inner
        inner.setFocus()
        inner.selectAll()
        inner.insert(text)
        inner.textEdited.emit(inner.text())


def closed(qtbot: Any, page: SettingsPage, house: House) -> None:
    qtbot.waitUntil(lambda: not any(each.isVisible() for each in page.findChildren(QDialog)))
    settle(qtbot, house)


def test_the_seeds_stand_there_and_one_is_changed_and_undone(
    qtbot: Any, page: SettingsPage, house: House, qtmodeltester: Any
) -> None:
    assert rows(page)[:2] == [
        ["1", "Message before the due date", "3 days before the due date", "Message"],
        ["2", "Message after the due date", "1 day after the due date", "Message"],
    ]
    assert len(rows(page)) == 5
    qtmodeltester.check(page.reminders.model)
    qtbot.keyClick(page.reminders.table, Qt.Key.Key_Return)
    dialog = form(qtbot, page)
    typed(dialog, name="Nhắn đúng hạn", name_en="Message on the day", days_after_due="0")
    dialog.entered.emit()
    closed(qtbot, page, house)
    assert rows(page)[0] == ["1", "Message on the day", "On the due date", "Message"]
    assert steps(house)[1:] == [(2, 1, "message"), (3, 10, "call"), (4, 30, "letter"), (5, 60, "letter")]
    assert house.shell.toasts[-1][0] == "Change reminder step Nhắn đúng hạn"
    house.desk.undo()
    settle(qtbot, house)
    assert rows(page)[0][2] == "3 days before the due date" and len(rows(page)) == 5


def test_a_step_between_others_takes_its_number_and_a_day_is_had_by_one_only(
    qtbot: Any, page: SettingsPage, house: House
) -> None:
    qtbot.keyClick(page.reminders.table, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    dialog = form(qtbot, page)
    typed(dialog, name="Gọi lần hai", name_en="Second call", days_after_due="10")
    dialog.entered.emit()
    settle(qtbot, house)
    said = " | ".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())
    assert "Another reminder step begins on that day." in said
    typed(dialog, days_after_due="20")
    dialog.entered.emit()
    closed(qtbot, page, house)
    assert rows(page)[3] == ["4", "Second call", "20 days after the due date", "Call"]
    assert [each[0] for each in steps(house)] == [1, 2, 3, 4, 5, 6]


def test_all_are_taken_away_and_the_usual_ones_come_back(qtbot: Any, page: SettingsPage, house: House) -> None:
    view = page.reminders
    for left in (4, 3, 2, 1, 0):
        view.place.show(view.model.id_at(0))
        qtbot.keyClick(view.table, Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda left=left: len(rows(page)) == left)
    settle(qtbot, house)
    assert steps(house) == [] and view._stack.currentIndex() == 1
    assert not view._change.isEnabled() and not view._remove.isEnabled()
    view.usual_wanted.emit()
    settle(qtbot, house)
    assert [each[1] for each in steps(house)] == [-3, 1, 10, 30, 60] and view._stack.currentIndex() == 0
    with pytest.raises(Refused), house.store.edit("Remove") as uow:
        rule.remove_step(uow, "nobody")


def test_what_was_typed_comes_back_where_it_was(qtbot: Any, page: SettingsPage, house: House) -> None:
    qtbot.keyClick(page.reminders.table, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    typed(form(qtbot, page), name="Gặp kế toán")
    qtbot.waitUntil(lambda: bool(house.draft("dunning_step:new:step")))
    again = SettingsController(house.desk).page
    qtbot.addWidget(again)
    again.show()
    controller = next(each for each in again.children() if isinstance(each, SettingsController))
    assert controller.reopen("dunning_step:new:step") and again.shown() == REMINDERS
    brought = form(qtbot, again)
    qtbot.waitUntil(lambda: brought.editor("name").raw() == "Gặp kế toán")
    settle(qtbot, house)
