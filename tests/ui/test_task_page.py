"""The page of tasks: their order, added by the form, done and open again, all undoable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from kam_desktop.domain.entities import Task
from kam_desktop.domain.query import Query
from kam_desktop.ui import theme
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.cells import LOOK
from kam_desktop.ui.pages.task.controller import TaskController
from kam_desktop.ui.pages.task.page import TaskPage
from tests.ui.conftest import House, account


@pytest.fixture
def page(qtbot: Any, house: House) -> TaskPage:
    """The page over four tasks, at rest."""
    today = house.desk.today()
    house.add(
        account("a", "Sữa Mây Trắng"),
        Task(id="t1", subject="Gửi báo giá", account="a", due_on=today + timedelta(days=2)),
        Task(id="t2", subject="<b>Gọi</b> lại", due_on=today - timedelta(days=1)),
        Task(id="t3", subject="Đọc hợp đồng"),
        Task(id="t4", subject="Đã làm", done_on=today - timedelta(days=3)),
    )
    made = TaskController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1146), theme.px(720))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    qtbot.waitUntil(house.background.is_idle)
    return made


def subjects(page: TaskPage) -> list[str]:
    return [page.model.data(page.model.index(row, 0)) for row in range(page.model.rowCount())]


def test_open_tasks_by_due_date_those_without_one_last(page: TaskPage) -> None:
    assert subjects(page) == ["<b>Gọi</b> lại", "Gửi báo giá", "Đọc hợp đồng"]
    assert page.model.data(page.model.index(1, 1)) == "Sữa Mây Trắng"
    assert [page.model.data(page.model.index(row, 2), LOOK).tone for row in range(3)] == ["danger", None, None]
    assert page.count.text() == "3"
    QAbstractItemModelTester(page.model, QAbstractItemModelTester.FailureReportingMode.Fatal)


def test_done_moves_it_over_and_undo_brings_it_back(qtbot: Any, page: TaskPage, house: House) -> None:
    page.place.show("t1")
    page.finish_wanted.emit()
    qtbot.waitUntil(lambda: subjects(page) == ["<b>Gọi</b> lại", "Đọc hợp đồng"])
    page.done_shown.emit(True)
    qtbot.waitUntil(lambda: subjects(page) == ["Gửi báo giá", "Đã làm"])
    page.place.show("t4")
    page.finish_wanted.emit()  # open again
    qtbot.waitUntil(lambda: subjects(page) == ["Gửi báo giá"])
    house.desk.undo()
    house.desk.undo()
    qtbot.waitUntil(lambda: subjects(page) == ["Đã làm"])


def test_the_form_adds_a_task(qtbot: Any, page: TaskPage, house: House) -> None:
    page.create_wanted.emit()
    dialog = page.findChild(FormDialog)
    assert dialog is not None
    dialog.form.editor("subject").set_raw("Hẹn ký hợp đồng")
    dialog.form.editor("subject").typed.emit()
    dialog.form.commit()
    qtbot.waitUntil(lambda: "Hẹn ký hợp đồng" in subjects(page))
    with house.store.reader() as reader:
        assert reader.count(Query("task")) == 5


def test_the_search_needs_no_accents(qtbot: Any, page: TaskPage) -> None:
    page.searched.emit("doc hop")
    qtbot.waitUntil(lambda: subjects(page) == ["Đọc hợp đồng"])


def test_several_are_done_put_off_and_deleted_as_one_step_each(qtbot: Any, page: TaskPage, house: House) -> None:
    controller = next(each for each in page.children() if isinstance(each, TaskController))
    page.table.selectAll()
    assert house.shell.selection == "3 rows selected" and page.place.selected() == ["t2", "t1", "t3"]
    later = next(deed for deed in controller.deeds() if deed.title == "In a week")
    later.run(["t2", "t3"])
    due = house.desk.today() + timedelta(days=7)
    qtbot.waitUntil(lambda: [house.read(lambda reader, key=key: reader.get(Task, key)).due_on for key in ("t2", "t3")]
                    == [due, due])  # fmt: skip
    page.table.selectAll()
    page.finish_wanted.emit()
    qtbot.waitUntil(lambda: page.model.rowCount() == 0)
    qtbot.waitUntil(house.background.is_idle)
    house.store.undo()
    controller.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    next(deed for deed in controller.deeds() if deed.title == "Delete").run(["t1", "t2"])
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    qtbot.waitUntil(house.background.is_idle)
    undo = house.shell.toasts[-1][1]
    assert undo is not None
    undo()
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)


def test_only_those_that_are_due_and_a_view_of_them(qtbot: Any, page: TaskPage, house: House) -> None:
    controller = next(each for each in page.children() if isinstance(each, TaskController))
    for due, wanted in (("late", ["t2"]), ("week", ["t1"]), ("undated", ["t3"]), ("", ["t2", "t1", "t3"])):
        page._on_due(due)
        qtbot.waitUntil(lambda wanted=wanted: list(page.model.answer.ids) == wanted)
    controller.use_view({"due": "late", "text": "khong co", "done": 1})
    qtbot.waitUntil(lambda: page.model.rowCount() == 0)
    assert page._stack.currentIndex() == 2, "a filter without a result is told as one"
    page.cleared.emit()
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    assert controller.view_settings() == {"text": "", "done": False, "due": ""}
