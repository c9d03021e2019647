"""Views that come back, columns, deeds for many rows, the list as a workbook."""

from __future__ import annotations

import csv
import inspect
import re
from pathlib import Path

import openpyxl
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from kam_desktop.domain.entities import Account
from kam_desktop.domain.errors import Refused
from kam_desktop.services import records, view
from kam_desktop.ui import list_tools
from kam_desktop.ui.kept_place import KeptPlace
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.list_tools import _value
from kam_desktop.ui.pages.account.controller import AccountController
from kam_desktop.ui.pages.collection.matrix_place import MatrixPlace
from tests.ui.conftest import House

NAMES = ("Sữa Mây Trắng", "Hoàng Vĩnh Land", "=HYPERLINK(1)", "Thép Trường Lĩnh")


@pytest.fixture
def opened(house: House, qtbot: QtBot) -> AccountController:
    house.add(*(Account(id=house.desk.new_id(), name=name) for name in NAMES))
    made = AccountController(house.desk)
    qtbot.addWidget(made.page)
    made.page.resize(1366, 700)
    made.page.show()
    settle(qtbot, house)
    return made


def settle(qtbot: QtBot, house: House) -> None:
    qtbot.waitUntil(house.background.is_idle)


def menu_of(controller: AccountController) -> list[QMenu]:
    return [each for each in controller._list.findChildren(QMenu) if each.isVisible()]


def pick(menu: QMenu, words: str) -> None:
    found = [action for action in menu.actions() if words in action.text()]
    assert len(found) == 1, [action.text() for action in menu.actions()]
    menu.close()
    found[0].trigger()


def names(controller: AccountController) -> list[str]:
    model = controller._list.model
    return [model.row_value(key).name for key in model.answer.ids]


def test_a_view_is_saved_by_name_used_again_and_forgotten(
    house: House, opened: AccountController, qtbot: QtBot
) -> None:
    opened.listed.use_view({"text": "thep", "grouped": False})
    settle(qtbot, house)
    assert names(opened) == ["Thép Trường Lĩnh"]
    opened.tools._choose_columns([2, 3])
    opened.tools._on_save()
    dialog = opened._list.findChild(Dialog)
    dialog.findChild(QLineEdit).setText("  Thép ")
    dialog.findChild(QLineEdit).returnPressed.emit()
    settle(qtbot, house)
    assert "Thép" in opened.tools.chip.accessibleName()
    with house.store.reader() as reader:
        (kept,) = view.views(reader, "account", house.store.author)
    assert kept.name == "Thép" and kept.settings["columns_off"] == [2, 3]

    opened.tools._use(None)
    opened.tools._choose_columns([])
    settle(qtbot, house)
    assert sorted(names(opened)) == sorted(NAMES) and opened._list.search.edit.text() == ""
    opened.tools.open_views()
    pick(menu_of(opened)[0], "Thép")
    settle(qtbot, house)
    assert names(opened) == ["Thép Trường Lĩnh"] and opened._list.table.off == {2, 3}
    assert opened._list.search.edit.text() == "thep" and opened._list.table.isColumnHidden(2)

    opened.tools._forget(kept)
    settle(qtbot, house)
    with house.store.reader() as reader:
        assert view.views(reader, "account", house.store.author) == []
    house.store.undo()
    with house.store.reader() as reader:
        assert [each.name for each in view.views(reader, "account", house.store.author)] == ["Thép"]


def test_views_are_one_persons_or_shared_and_nonsense_is_passed_over(house: House) -> None:
    with house.store.edit("Views") as uow:
        mine = view.save(uow, "account", "Của tôi", {"text": "a"})
        view.save(uow, "task", "Khác trang", {})
    with house.store.edit("Again") as uow:
        again = view.save(uow, "account", "của TÔI", {"text": "b"})
    assert again.id == mine.id
    with house.store.edit("Nonsense") as uow:
        records.save(uow, type(mine)(id=uow.new_id(), page="account", name="hỏng", settings="[1", person=mine.person))
    with house.store.reader() as reader:
        assert [each.settings for each in view.views(reader, "account", mine.person)] == [{"text": "b"}]
        assert view.views(reader, "account", "someone else") == []
    with house.store.edit("Share") as uow:
        view.rename(uow, mine.id, "Chung", shared=True)
    with house.store.reader() as reader:
        assert [each.name for each in view.views(reader, "account", "someone else")] == ["Chung"]
    with pytest.raises(Refused), house.store.edit("No name") as uow:
        view.save(uow, "account", "  ", {})


def test_settings_of_another_version_do_no_harm(house: House, opened: AccountController, qtbot: QtBot) -> None:
    opened.listed.use_view({"order": ["no such", 1], "filter": "?", "grouped": None, "text": 5, "new thing": {}})
    settle(qtbot, house)
    opened.listed.use_view({})
    settle(qtbot, house)
    assert sorted(names(opened)) == sorted(NAMES)


def test_the_first_column_stays_and_chosen_columns_survive(
    house: House, opened: AccountController, qtbot: QtBot
) -> None:
    opened.tools._choose_columns([0, 1, 99])
    assert opened._list.table.off == {1}
    again = AccountController(house.desk)
    assert again._list.table.off == {1}


def test_deeds_for_many_rows_are_one_step(house: House, opened: AccountController, qtbot: QtBot) -> None:
    table = opened._list.table
    table.selectAll()
    assert opened.tools.chosen.isVisibleTo(opened._list) and "4" in opened.tools.chosen.accessibleName()
    opened.tools.chosen.click()
    (menu,) = menu_of(opened)
    offered = {action.text(): action for action in menu.actions()}
    assert "Archive" in offered and not {"Open", "Log interaction"} & offered.keys(), "those are for one row only"
    menu.close()
    offered["Archive"].trigger()
    settle(qtbot, house)
    assert names(opened) == []
    house.store.undo()
    opened.refresh()
    settle(qtbot, house)
    assert len(names(opened)) == 4
    table.selectionModel().select(table.model().index(0, 0), QItemSelectionModel.SelectionFlag.ClearAndSelect)
    assert not opened.tools.chosen.isVisibleTo(opened._list)


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_the_list_as_a_workbook(
    house: House, opened: AccountController, tmp_path: Path, ending: str, qtbot: QtBot
) -> None:
    opened.tools._choose_columns([4])
    opened.listed.use_view({"grouped": False, "order": ["name", False]})
    settle(qtbot, house)
    target = tmp_path / f"list.{ending}"
    opened.tools.export_to(target)
    settle(qtbot, house)
    if ending == "xlsx":
        sheet = openpyxl.load_workbook(target).active
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    else:
        rows = list(csv.reader(target.read_text("utf-8-sig").splitlines()))
        assert all(not cell.startswith("=") for row in rows for cell in row)
    heads = [opened._list.model.columns[at].title for at in range(8) if not opened._list.table.isColumnHidden(at)]
    assert rows[0] == heads and opened._list.model.columns[4].title not in rows[0]
    assert [str(row[0]).lstrip("'") for row in rows[1:]] == names(opened)


@pytest.mark.parametrize(
    ("text", "amount", "wanted"),
    [("1.234.567", True, "1234567"), ("−5,5", True, "-5.5"), ("–", True, None), ("", True, None), ("abc", True, "abc"),
     ("12", False, "12"), ("1.5.", True, "15")],
)  # fmt: skip
def test_cells_as_a_workbook_holds_them(text: str, amount: bool, wanted: str | None) -> None:
    found = _value(text, amount)
    assert found is None if wanted is None else str(found) == wanted


def test_escape_in_the_search_box_clears_it_and_then_leads_to_the_list(
    house: House, opened: AccountController, qtbot: QtBot
) -> None:
    page = opened._list
    page.activateWindow()
    page.search.edit.setFocus()
    qtbot.keyClicks(page.search.edit, "thep")
    qtbot.waitUntil(lambda: names(opened) == ["Thép Trường Lĩnh"])
    qtbot.keyClick(page.search.edit, Qt.Key.Key_Escape)
    settle(qtbot, house)
    assert page.search.edit.text() == "" and len(names(opened)) == 4
    qtbot.keyClick(page.search.edit, Qt.Key.Key_Escape)
    qtbot.waitUntil(page.table.hasFocus)
    page.search.edit.setFocus()
    qtbot.keyClick(page.search.edit, Qt.Key.Key_Down)
    qtbot.waitUntil(page.table.hasFocus)
    page.search.edit.setText("nothing of the kind")
    page.searched.emit("nothing of the kind")
    settle(qtbot, house)
    assert names(opened) == [] and house.shell.selection == ""
    assert not any(label.text() == NAMES[0] for label in page.peek.findChildren(QLabel) if label.isVisible())


@pytest.mark.parametrize("place", [KeptPlace, MatrixPlace])
def test_every_place_of_a_list_answers_what_its_tools_ask(place: type) -> None:
    asked = set(re.findall(r"_page\.place\.(\w+)\(", inspect.getsource(list_tools)))
    assert {"count", "current", "selected"} <= asked
    assert [name for name in sorted(asked) if not callable(getattr(place, name, None))] == []


def test_every_list_with_tools_has_such_a_place() -> None:
    """Seen by the source: a page of another kind with tools of a list needs a line above."""
    pages = Path(list_tools.__file__).parent / "pages"
    sources = (file.read_text("utf-8") for file in pages.rglob("*.py"))
    made = {name for source in sources for name in re.findall(r"self\.place = (\w+)\(", source)}
    assert made == {"KeptPlace", "MatrixPlace"}
