"""Cells of lists edited in place: F2, Enter, Esc, Tab; refusals below the cell; drafts; undo."""

from __future__ import annotations

import json
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QLineEdit

from kam_desktop.domain.entities import Account, Contact, Product, Task
from kam_desktop.ui import theme
from kam_desktop.ui.cell_edits import CellEdits, CellForm
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.pages.account.controller import AccountController
from kam_desktop.ui.pages.product.controller import ProductController
from kam_desktop.ui.pages.task.controller import TaskController
from tests.ui.conftest import TODAY, House, account, firm_of_three

KEY = Qt.Key


def settle(qtbot: Any, house: House) -> None:
    qtbot.waitUntil(house.background.is_idle)


def at_rest(qtbot: Any, house: House, page: Any) -> Any:
    qtbot.addWidget(page)
    page.resize(theme.px(1366), theme.px(700))
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    settle(qtbot, house)
    return page


@pytest.fixture
def tasks(qtbot: Any, house: House) -> Any:
    """The list of tasks over two of them."""
    house.add(
        account("a", "Sữa Mây Trắng"),
        Task(id="t1", subject="Gửi báo giá", account="a", due_on=TODAY),
        Task(id="t2", subject="Gọi lại"),
    )
    return at_rest(qtbot, house, TaskController(house.desk).page)


def open_cell(qtbot: Any, house: House, table: Any) -> CellForm:
    """F2, and the editor that comes."""
    table.setFocus()
    qtbot.keyClick(table, KEY.Key_F2)
    qtbot.waitUntil(lambda: _form(table) is not None)
    found = _form(table)
    qtbot.waitUntil(found.row.inner.hasFocus)
    return found


def _form(table: Any) -> Any:
    edits = table.findChild(CellEdits)
    return edits.form if edits is not None else None


def put(qtbot: Any, form: CellForm, text: str, key: Any = KEY.Key_Return) -> None:
    assert isinstance(form.row.inner, QLineEdit)
    form.row.inner.selectAll()
    committed = QInputMethodEvent("", [])  # as an input method gives Vietnamese letters
    committed.setCommitString(text)
    QApplication.sendEvent(form.row.inner, committed)
    qtbot.keyClick(form.row.inner, key)


def test_enter_keeps_a_cell_as_one_step_that_is_undone(qtbot: Any, house: House, tasks: Any) -> None:
    tasks.place.show("t1")
    form = open_cell(qtbot, house, tasks.table)
    assert form.row.inner.selectedText() == "Gửi báo giá" and form.row.inner.accessibleName()
    put(qtbot, form, "  Gửi hợp đồng ")
    settle(qtbot, house)
    assert _form(tasks.table) is None and tasks.table.hasFocus()
    kept = house.read(lambda reader: reader.get(Task, "t1"))
    assert (kept.subject, kept.account, kept.due_on) == ("Gửi hợp đồng", "a", TODAY)
    qtbot.waitUntil(lambda: tasks.model.row_value("t1").subject == "Gửi hợp đồng")
    text, undo, _tone = house.shell.toasts[-1]
    assert "Gửi hợp đồng" in text and undo is not None
    undo()
    settle(qtbot, house)
    assert house.read(lambda reader: reader.get(Task, "t1")).subject == "Gửi báo giá"


def test_escape_and_an_unchanged_cell_write_nothing(qtbot: Any, house: House, tasks: Any) -> None:
    tasks.place.show("t1")
    form = open_cell(qtbot, house, tasks.table)
    put(qtbot, form, "Khác", KEY.Key_Escape)
    settle(qtbot, house)
    assert _form(tasks.table) is None and tasks.table.hasFocus() and house.draft("task:t1") == ""
    form = open_cell(qtbot, house, tasks.table)
    qtbot.keyClick(form.row.inner, KEY.Key_Return)
    settle(qtbot, house)
    assert _form(tasks.table) is None and house.shell.toasts == []
    assert house.read(lambda reader: reader.get(Task, "t1")).subject == "Gửi báo giá"


def test_tab_goes_through_the_cells_and_on_to_the_next_row(qtbot: Any, house: House, tasks: Any) -> None:
    tasks.place.show("t1")
    seen = []
    open_cell(qtbot, house, tasks.table)
    for _ in range(4):
        form = _form(tasks.table)
        seen.append((form.record.id, form.name))
        qtbot.keyClick(form.row.inner, KEY.Key_Tab)
        qtbot.waitUntil(lambda form=form: _form(tasks.table) not in (None, form))
        qtbot.waitUntil(lambda: _form(tasks.table).row.inner.hasFocus())
    assert seen == [("t1", "subject"), ("t1", "account"), ("t1", "due_on"), ("t1", "done_on")]
    assert (_form(tasks.table).record.id, _form(tasks.table).name) == ("t2", "subject")
    qtbot.keyClick(_form(tasks.table).row.inner, KEY.Key_Backtab)
    qtbot.waitUntil(lambda: _form(tasks.table) is not None and _form(tasks.table).name == "done_on")
    assert _form(tasks.table).record.id == "t1"


def test_tab_keeps_what_was_typed(qtbot: Any, house: House, tasks: Any) -> None:
    tasks.place.show("t2")
    form = open_cell(qtbot, house, tasks.table)
    put(qtbot, form, "Gọi chị Lan", KEY.Key_Tab)
    qtbot.waitUntil(lambda: _form(tasks.table) is not None and _form(tasks.table).name == "account")
    assert house.read(lambda reader: reader.get(Task, "t2")).subject == "Gọi chị Lan"


def test_a_value_that_cannot_be_read_stays_in_the_cell_with_the_reason(qtbot: Any, house: House, tasks: Any) -> None:
    tasks.place.show("t1")
    tasks.table.setCurrentIndex(tasks.model.index(tasks.model.row_of("t1"), 2))
    form = open_cell(qtbot, house, tasks.table)
    assert form.name == "due_on"
    put(qtbot, form, "32/13")
    assert _form(tasks.table) is form and form.told.isVisible() and form._words.text()
    assert form.row.inner.text() == "32/13" and form.row.inner.hasFocus()
    assert form.told.geometry().top() >= form.geometry().bottom()
    qtbot.waitUntil(lambda: house.draft("task:t1") != "")
    put(qtbot, form, "25/11/2026")
    settle(qtbot, house)
    assert str(house.read(lambda reader: reader.get(Task, "t1")).due_on) == "2026-11-25"
    assert house.draft("task:t1") == "" and not [
        each for each in tasks.table.findChildren(CellForm) if each.isVisible()
    ]


def test_a_refusal_of_the_store_opens_the_cell_again(qtbot: Any, house: House, tasks: Any) -> None:
    tasks.place.show("t1")
    form = open_cell(qtbot, house, tasks.table)
    form.row.inner.clear()
    qtbot.keyClicks(form.row.inner, " ")
    qtbot.keyClick(form.row.inner, KEY.Key_Tab)
    qtbot.waitUntil(form.told.isVisible)
    assert _form(tasks.table) is form and form._words.text()
    qtbot.waitUntil(form.row.inner.hasFocus)
    assert not form.row.inner.isReadOnly()


def test_what_was_typed_outlives_the_program(qtbot: Any, house: House, tasks: Any) -> None:
    with house.store.edit("") as uow:
        uow.set_draft("task:t1", json.dumps({"remark": "còn dở"}))
    tasks.place.show("t1")
    form = open_cell(qtbot, house, tasks.table)
    form.row.inner.selectAll()
    qtbot.keyClicks(form.row.inner, "Chua xong")
    qtbot.waitUntil(lambda: json.loads(house.draft("task:t1")).get("subject") == "Chua xong")
    assert json.loads(house.draft("task:t1"))["remark"] == "còn dở"
    again = at_rest(qtbot, house, TaskController(house.desk).page)
    again.place.show("t1")
    other = open_cell(qtbot, house, again.table)
    assert other.row.inner.text() == "Chua xong"
    qtbot.keyClick(other.row.inner, KEY.Key_Return)
    settle(qtbot, house)
    assert json.loads(house.draft("task:t1")) == {"remark": "còn dở"}
    assert house.read(lambda reader: reader.get(Task, "t1")).subject == "Chua xong"


def test_going_elsewhere_keeps_the_cell(qtbot: Any, house: House, tasks: Any) -> None:
    tasks.place.show("t1")
    form = open_cell(qtbot, house, tasks.table)
    form.row.inner.selectAll()
    qtbot.keyClicks(form.row.inner, "Khac")
    tasks.search.edit.setFocus()
    settle(qtbot, house)
    qtbot.waitUntil(lambda: _form(tasks.table) is None)
    assert house.read(lambda reader: reader.get(Task, "t1")).subject == "Khac"
    assert tasks.search.edit.hasFocus()


def test_an_input_method_is_left_alone(qtbot: Any, house: House, tasks: Any) -> None:
    tasks.place.show("t1")
    form = open_cell(qtbot, house, tasks.table)
    inner = form.row.inner
    inner.clear()
    QApplication.sendEvent(inner, QInputMethodEvent("vieet", []))
    qtbot.keyClick(inner, KEY.Key_Escape)
    assert _form(tasks.table) is form and inner.composing
    done = QInputMethodEvent("", [])
    done.setCommitString("việt")
    QApplication.sendEvent(inner, done)
    assert inner.text() == "việt"
    qtbot.keyClick(inner, KEY.Key_Return)
    settle(qtbot, house)
    assert house.read(lambda reader: reader.get(Task, "t1")).subject == "việt"


def test_a_change_from_elsewhere_leaves_the_cell_at_its_row(qtbot: Any, house: House, tasks: Any) -> None:
    tasks.place.show("t1")
    form = open_cell(qtbot, house, tasks.table)
    qtbot.keyClicks(form.row.inner, "x")
    house.background.edit(lambda uow: uow.add(Task(id="t0", subject="Sớm", due_on=TODAY.replace(day=1))), label="Add")
    qtbot.waitUntil(lambda: tasks.model.rowCount() == 3)
    settle(qtbot, house)
    assert _form(tasks.table) is form and form.row.inner.text() == "x"
    row = tasks.table.visualRect(tasks.model.index(tasks.model.row_of("t1"), 0))
    assert row.top() <= form.geometry().center().y() <= row.bottom()


def test_an_account_is_given_its_short_name_in_the_list(qtbot: Any, house: House) -> None:
    house.add(*firm_of_three())
    page = at_rest(qtbot, house, AccountController(house.desk).page)
    page.list.place.show("b")
    form = open_cell(qtbot, house, page.list.table)
    assert (form.name, form.row.inner.text()) == ("short_name", "Điện máy Kỳ Vân")
    qtbot.keyClick(form.row.inner, KEY.Key_Return)
    settle(qtbot, house)
    assert house.read(lambda reader: reader.get(Account, "b")).short_name == "", "what was only shown is not written"
    put(qtbot, open_cell(qtbot, house, page.list.table), "Kỳ Vân")
    settle(qtbot, house)
    assert house.read(lambda reader: reader.get(Account, "b")).short_name == "Kỳ Vân"
    assert "Edit “Short name”" in [deed.title for deed in page.list.table.findChild(CellEdits).deeds()]


def test_the_people_of_a_customer_are_edited_in_their_tab(qtbot: Any, house: House) -> None:
    house.add(*firm_of_three())
    page = at_rest(qtbot, house, AccountController(house.desk).page)
    page.open_place("a")
    settle(qtbot, house)
    page.detail.show_tab("people")
    people = page.detail.people
    people.place.show("p")
    people.table.setCurrentIndex(people.model.index(0, 2))
    form = open_cell(qtbot, house, people.table)
    put(qtbot, form, "0912 345 678, 028 3822 1234")
    settle(qtbot, house)
    assert len(house.read(lambda reader: reader.get(Contact, "p")).phones) == 2
    form = open_cell(qtbot, house, people.table)
    qtbot.keyClick(form.row.inner, KEY.Key_Escape)
    assert page.detail.isVisible() and page.currentWidget() is page.detail, "Esc leaves the cell, not the page"
    assert ("account", "") not in house.shell.shown


def test_a_cell_that_was_being_typed_when_the_program_ended_comes_back_in_its_form(
    qtbot: Any, house: House, tasks: Any
) -> None:
    house.add(*firm_of_three()[1:3], Product(id="p1", name="In ấn"))
    with house.store.edit("") as uow:
        uow.set_draft("task:t1", json.dumps({"subject": "Chưa xong"}))
        uow.set_draft("account:b", json.dumps({"short_name": "Kỳ"}))
    controller = next(each for each in tasks.children() if isinstance(each, TaskController))
    assert controller.reopen("task:t1") and not controller.reopen("account:b")
    settle(qtbot, house)
    dialog = tasks.findChild(FormDialog)
    assert dialog.form.editor("subject").raw() == "Chưa xong"
    dialog.reject()
    page = at_rest(qtbot, house, AccountController(house.desk).page)
    accounts = next(each for each in page.children() if isinstance(each, AccountController))
    assert not accounts.reopen("account:b") and house.shell.shown[-1] == ("account", "b")
    page.open_place("b")
    settle(qtbot, house)
    assert accounts.reopen("account:b") and page.detail.tab() == "details"
    assert page.detail.form.editor("short_name").raw() == "Kỳ"
    products = at_rest(qtbot, house, ProductController(house.desk).page)
    made = next(each for each in products.children() if isinstance(each, ProductController))
    assert made.reopen("product:p1") and house.shell.shown[-1] == ("product", "p1")
