"""Lines of a proposal from the catalogue and from a spreadsheet: what is understood, priced, undone."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLineEdit

from kam_desktop.domain.entities import PriceList, PriceListItem, Product, Proposal, ProposalLine, ProposalVersion
from kam_desktop.services import proposal as verbs
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.pages.proposal.controller import ProposalController
from kam_desktop.ui.pages.proposal.lines import AMOUNT, DESCRIPTION, DISCOUNT, PRICE, LineTable
from kam_desktop.ui.pages.proposal.paste_dialog import PasteDialog
from kam_desktop.ui.pages.proposal.pasted import lines_of, read_cells, read_figure, understand
from tests.ui.conftest import House, account

LIKE = ProposalLine(id="", version="v", place=1, description="", quantity=None, price=None, tax_rate="8%")
HEADED = "\n".join([
    "STT\tHạng mục\tĐVT\tSL\tĐơn giá (VND)\tThành tiền",
    "I\tSản xuất\t\t\t\t",
    "1\tTVC 30 giây\tphim\t1\t620.000.000\t620.000.000",
    '2\t"Ảnh\tsản ""phẩm"""\tảnh\t2,5\t3.500.000\t8.750.000',
    "\tTổng cộng\t\t\t\t628.750.000",
])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1.234.567", ",", "1234567"), ("1.234.567,5", ",", "1234567.5"), ("1,234,567.5", ",", "1234567.5"),
        ("2,5", ",", "2.5"), ("1.500", ",", "1500"), ("1.500", ".", "1.500"), ("12.5", ",", "12.5"),
        ("1 234 567 ₫", ",", "1234567"), ("−3", ",", "-3"), ("abc", ",", None), ("1.2.3", ",", None), ("", ",", None),
    ],
)  # fmt: skip
def test_figures_are_read_as_people_write_them(text: str, mark: str, value: str | None) -> None:
    assert read_figure(text, mark) == (None if value is None else Decimal(value))


def test_a_table_with_heads_makes_lines_and_sections_without_its_totals() -> None:
    found = understand(HEADED)
    assert found is not None and found.clear
    assert found.kinds == ("", "description", "unit", "quantity", "price", "")
    made = lines_of(found, found.kinds, LIKE)
    assert [(each.section, each.description, each.unit, each.quantity, each.price, each.tax_rate) for each in made] == [
        ("Sản xuất", "TVC 30 giây", "phim", Decimal(1), 620_000_000, "8%"),
        ("Sản xuất", 'Ảnh sản "phẩm"', "ảnh", Decimal("2.5"), 3_500_000, "8%"),
    ]


def test_a_table_without_heads_is_understood_by_its_shape_or_asked_about() -> None:
    plain = understand("TVC 30 giây\tphim\t2\t310.000.000\t620.000.000\nẢnh sản phẩm\tảnh\t24\t3.500.000\t84.000.000")
    assert plain is not None
    assert (plain.kinds, plain.clear) == (("description", "unit", "quantity", "price", ""), True)
    odd = understand("TVC 30 giây\t2\t310.000.000\t7\nẢnh sản phẩm\t24\t3.500.000\t9")
    assert odd is not None and not odd.clear
    assert understand("  \n\t\n") is None
    assert understand("chỉ một dòng chữ") is not None
    assert lines_of(plain, ("", "", "", "", ""), LIKE) == []
    dollars = understand("Item\tPrice\nMedia\t12.5", ".")
    assert dollars is not None
    assert [each.price for each in lines_of(dollars, dollars.kinds, LIKE, 2, ".")] == [1250]


def test_hostile_text_stays_text() -> None:
    assert read_cells('"a""b"\t"c\nd"\te"f') == [('a"b', "c d", 'e"f')]
    assert read_cells('"never closed\tx') == [("never closed x",)]
    assert len(read_cells("x\n" * 20_000)) == 5000


@pytest.fixture
def editor(qtbot: Any, house: House) -> Any:
    """The editor of an offer of one line; two products, one of them in a price list in force."""
    house.add(
        account("a", "Công ty Cổ phần Sữa Mây Trắng"),
        Product(id="tvc", name="Phim quảng cáo 30 giây", unit="phim", price=480_000_000, cost=300_000_000),
        Product(id="kol", name="Gói người ảnh hưởng", unit="gói", price=120_000_000, tax_category="standard"),
        PriceList(id="list", name="2026", begins_on=date(2026, 1, 1)),
        PriceListItem(id="item", price_list="list", product="tvc", price=450_000_000),
        Proposal(id="p", account="a", title="Ra mắt", number="BG-1", stage="working"),
        ProposalVersion(id="v", proposal="p", number=1),
        ProposalLine(id="l", version="v", place=1, section="Sáng tạo", description="Ý tưởng",
                     quantity=Decimal(1), price=9),
    )  # fmt: skip
    made = ProposalController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1310), theme.px(720))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.open_place("p")
    qtbot.waitUntil(house.background.is_idle)
    return made.editor


def saved(house: House) -> list[ProposalLine]:
    return list(house.read(lambda reader: verbs.lines_of(reader, "v")))


def type_into_cell(editor: Any, words: str) -> QLineEdit:
    """Types by input method, as Vietnamese do: letters in the air first, then the word."""
    cell = editor.lines.viewport().findChild(QLineEdit)
    assert isinstance(cell, QLineEdit)
    QApplication.sendEvent(cell, QInputMethodEvent(words[:2], []))
    done = QInputMethodEvent()
    done.setCommitString(words)
    QApplication.sendEvent(cell, done)
    assert cell.text() == words
    return cell


def test_a_line_is_made_from_the_catalogue_by_folded_search(qtbot: Any, editor: Any, house: House) -> None:
    editor.lines.add_line()
    cell = type_into_cell(editor, "quang cao")
    catalogue = editor.lines.catalogue
    qtbot.waitUntil(catalogue.isVisible)
    assert catalogue.model().stringList() == ["Phim quảng cáo 30 giây · phim · 450,000,000"]
    assert cell.hasFocus() and cell.text() == "quang cao"  # the list is a popup and writes nothing into the cell
    qtbot.keyClick(cell, Qt.Key.Key_Down)
    qtbot.keyClick(cell, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(saved(house)) == 2)
    made = saved(house)[1]
    assert (made.product, made.description, made.unit, made.price, made.cost, made.tax_rate, made.section) == (
        "tvc", "Phim quảng cáo 30 giây", "phim", 450_000_000, 300_000_000, "8%", "Sáng tạo",
    )  # fmt: skip
    qtbot.waitUntil(house.background.is_idle)
    assert not catalogue.isVisible() and house.shell.toasts[-1][0] == "Add a line to Ra mắt"


def test_what_is_typed_without_choosing_stays_as_typed(qtbot: Any, editor: Any, house: House) -> None:
    editor.lines.add_line()
    cell = type_into_cell(editor, "Gói người")
    qtbot.waitUntil(editor.lines.catalogue.isVisible)
    qtbot.keyClick(cell, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(saved(house)) == 2)
    assert (saved(house)[1].description, saved(house)[1].product) == ("Gói người", "")
    assert not editor.lines.catalogue.isVisible()


def test_rows_of_a_spreadsheet_become_lines_in_one_step(qtbot: Any, editor: Any, house: House) -> None:
    QGuiApplication.clipboard().setText(HEADED)
    editor.lines.go_to(0, DESCRIPTION)
    editor.lines.setFocus()
    qtbot.keyClick(editor.lines, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(saved(house)) == 3)
    assert [(each.place, each.section, each.description) for each in saved(house)] == [
        (1, "Sáng tạo", "Ý tưởng"), (2, "Sản xuất", "TVC 30 giây"), (3, "Sản xuất", 'Ảnh sản "phẩm"'),
    ]  # fmt: skip
    qtbot.waitUntil(house.background.is_idle)
    house.desk.undo()
    qtbot.waitUntil(lambda: len(saved(house)) == 1)
    qtbot.waitUntil(house.background.is_idle)


def test_unclear_columns_are_asked_about_before_anything_is_written(qtbot: Any, editor: Any, house: House) -> None:
    editor.lines.pasted.emit(0, "TVC 30 giây\t2\t310.000.000\t7\nẢnh sản phẩm\t24\t3.500.000\t9")
    dialog = next(each for each in QApplication.topLevelWidgets() if isinstance(each, PasteDialog))
    assert dialog.kinds() == ("description", "quantity", "price", "")
    dialog._choices[3].setCurrentIndex(3)  # a second price is not taken
    assert dialog.kinds()[3] == ""
    dialog.accept()
    qtbot.waitUntil(lambda: len(saved(house)) == 3)
    assert [each.quantity for each in saved(house)[1:]] == [2, 24]
    qtbot.waitUntil(house.background.is_idle)


def test_an_edit_writes_and_paints_what_changed_alone(qtbot: Any, editor: Any, house: House) -> None:
    """The model is watched by Qt's own tester through every deed; only lines that changed are told."""
    model: LineTable = editor.model
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    told: list[tuple[set[str], int]] = []
    model.edited.connect(lambda put, gone, _label: told.append(({each.description for each in put}, len(gone))))
    like = model.lines[0]
    many = [dataclasses.replace(like, id="", description=f"Dòng {n}", section=f"Phần {n // 5}") for n in range(20)]
    model.insert(0, many, "Paste")
    assert told.pop() == ({f"Dòng {n}" for n in range(20)}, 0)
    qtbot.waitUntil(house.background.is_idle)
    model.setData(model.index(model.row_of(3), PRICE), "7")
    assert told.pop() == ({"Dòng 2"}, 0)
    painted: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda top, bottom, *_roles: painted.append((top.row(), bottom.row())))
    model.setData(model.index(model.row_of(4), PRICE), "8")
    assert told.pop() == ({"Dòng 3"}, 0) and painted == [
        (model.row_of(1) - 1, model.row_of(4))
    ]  # from its section's sum
    model.move(8, 1)
    assert told.pop() == ({"Dòng 7"}, 0) or told == []
    qtbot.waitUntil(house.background.is_idle)
    model.duplicate(8)
    assert len(told.pop()[0]) >= 1
    qtbot.waitUntil(house.background.is_idle)
    before = {each.id: each.place for each in model.lines}
    model.duplicate(8)
    told.pop()
    assert sum(before.get(each.id) != each.place for each in model.lines) == 1  # there is room now
    model.remove(8)
    assert told.pop() == (set(), 1)
    model.remove(0)
    model.rename_section(model.row_of(0) - 1, "Khác")
    assert len(told.pop()[0]) == 5
    qtbot.waitUntil(house.background.is_idle)
    assert saved(house) == model.lines
    house.desk.undo()
    qtbot.waitUntil(lambda: model.lines[0].section == "Phần 0")
    qtbot.waitUntil(house.background.is_idle)
    assert saved(house) == model.lines
    tester.deleteLater()


def test_own_edits_are_not_asked_for_again_and_foreign_ones_are(qtbot: Any, editor: Any, house: House) -> None:
    asked: list[str] = []
    plain = house.background.ask

    def ask(question: Any, *args: Any, **more: Any) -> Any:
        asked.append(more.get("key", ""))
        return plain(question, *args, **more)

    house.background.ask = ask  # type: ignore[method-assign]
    model = editor.model
    model.setData(model.index(model.row_of(0), PRICE), "12")
    qtbot.waitUntil(lambda: saved(house)[0].price == 12)
    qtbot.waitUntil(house.background.is_idle)
    assert not [key for key in asked if key.endswith("detail")]
    model.setData(model.index(model.row_of(0), DESCRIPTION), "Ý   tưởng mới ")
    qtbot.waitUntil(lambda: model.lines[0].description == "Ý tưởng mới")  # as the store tidied it
    house.desk.undo()
    qtbot.waitUntil(lambda: model.lines[0].description == "Ý tưởng")
    assert [key for key in asked if key.endswith("detail")]
    qtbot.waitUntil(house.background.is_idle)


def test_a_line_has_its_own_discount_and_can_be_optional(qtbot: Any, editor: Any, house: House) -> None:
    model, view = editor.model, editor.lines
    model.setData(model.index(model.row_of(0), PRICE), "200000")
    assert model.setData(model.index(model.row_of(0), DISCOUNT), "12.5 %")
    assert model.data(model.index(model.row_of(0), AMOUNT)) == "175,000"
    assert model.data(model.index(model.row_of(0), DISCOUNT)) == "12.5%"
    for typed in ("101", "-1", "x"):
        assert not model.setData(model.index(model.row_of(0), DISCOUNT), typed)
    assert model.setData(model.index(model.row_of(0), DISCOUNT), "")
    menu = view.line_menu(0, PRICE)
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts == ["Add line", "Duplicate the line", "Move the line up", "Move the line down", "Delete the line",
                     "Optional: offered, not counted"]  # fmt: skip
    menu.actions()[-1].trigger()
    qtbot.waitUntil(lambda: saved(house)[0].optional)
    assert saved(house)[0].discount_percent is None
    next(each for each in view.line_menu(0, PRICE).actions() if each.text() == "Duplicate the line").trigger()
    qtbot.waitUntil(lambda: len(saved(house)) == 2)
    qtbot.waitUntil(house.background.is_idle)


def test_keys_of_lines_are_the_users_own(qtbot: Any, editor: Any, house: House) -> None:
    view = editor.lines
    view.setFocus()
    view.go_to(0, DESCRIPTION)
    keymap.rebind("line_copy", ["Ctrl+Shift+D"])
    try:
        qtbot.keyClick(view, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
        assert len(editor.model.lines) == 1
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        qtbot.keyClick(view, Qt.Key.Key_D, both)
        assert len(editor.model.lines) == 2
    finally:
        keymap.reset()
    qtbot.waitUntil(house.background.is_idle)


def test_ctrl_enter_takes_the_cell_and_begins_the_next_line(qtbot: Any, editor: Any, house: House) -> None:
    editor.lines.add_line()
    cell = type_into_cell(editor, "Quay phim")
    qtbot.keyClick(cell, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(editor.model.lines) == 3)
    assert [each.description for each in editor.model.lines] == ["Ý tưởng", "Quay phim", ""]
    qtbot.waitUntil(lambda: len(saved(house)) == 2)
    qtbot.waitUntil(house.background.is_idle)


def test_keys_belong_to_the_input_method_while_it_composes(qtbot: Any, editor: Any, house: House) -> None:
    editor.lines.add_line()
    cell = editor.lines.viewport().findChild(QLineEdit)
    QApplication.sendEvent(cell, QInputMethodEvent("ngươ", []))
    qtbot.keyClick(cell, Qt.Key.Key_Tab)
    assert cell.isVisible() and cell.composing and len(saved(house)) == 1
    done = QInputMethodEvent()
    done.setCommitString("người")
    QApplication.sendEvent(cell, done)
    assert (cell.text(), cell.composing) == ("người", False)
    qtbot.keyClick(cell, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: saved(house)[-1].description == "người")
    qtbot.waitUntil(house.background.is_idle)
