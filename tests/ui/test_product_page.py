"""The product page: catalogue found and archived, price lists with their prices, all by keyboard too."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel

from kam_desktop.domain.entities import PriceList, PriceListItem, Product
from kam_desktop.ui import theme
from kam_desktop.ui.cell_edits import CellEdits
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.cells import PRIVATE
from kam_desktop.ui.pages.product.controller import ProductController
from kam_desktop.ui.pages.product.form import PRICE, PriceForm
from kam_desktop.ui.pages.product.page import LISTS, NEW, NEW_LIST, ProductPage
from tests.ui.conftest import House, account

BANNER = Product(id="p1", code="BN", name="Thiết kế băng rôn", line="Sáng tạo", unit="mẫu", price=5_000_000,
                 cost=3_000_000)  # fmt: skip
MARKUP = Product(id="p2", name="<b>Đậm</b> & Con", line="In ấn", price=1_000, currency="VND", tax_category="fixed",
                 tax_rate="KCT")  # fmt: skip
OLD = Product(id="p3", name="Bỏ rồi", archived=True)
YEAR = PriceList(id="l1", name="Bảng giá 2026", begins_on=date(2026, 1, 1), ends_on=date(2026, 12, 31))
ITEM = PriceListItem(id="i1", price_list="l1", product="p1", price=4_500_000, from_quantity=Decimal(10))


@pytest.fixture
def full(house: House) -> House:
    house.add(account("a", "Công ty An"), BANNER, MARKUP, OLD, YEAR, ITEM)
    return house


def opened(qtbot: Any, house: House) -> ProductPage:
    made = ProductController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1146), theme.px(680))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    qtbot.waitUntil(house.background.is_idle)
    return made


def go(qtbot: Any, page: ProductPage, house: House, place: str) -> None:
    page.open_place(place)
    qtbot.waitUntil(house.background.is_idle)


def texts(model: Any) -> list[list[str]]:
    return [
        [str(model.index(row, column).data() or "") for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def saved(house: House, kind: Any, key: str) -> Any:
    return house.read(lambda reader: reader.get(kind, key))


def typed(form: Any, name: str, words: str) -> None:
    inner = form.editor(name).inner
    inner.setFocus()
    inner.selectAll()
    inner.insert(words)
    inner.textEdited.emit(inner.text())


def test_the_catalogue_stands_by_product_line_with_todays_tax(qtbot: Any, full: House, qtmodeltester: Any) -> None:
    page = opened(qtbot, full)
    model = page.catalogue.model
    qtbot.waitUntil(lambda: model.rowCount() == 4)
    rows = texts(model)
    assert rows[1][1:] == ["<b>Đậm</b> & Con", "", "1,000", "VND", "KCT", "Its own rate", "–", "–"]
    assert rows[3] == [
        "BN", "Thiết kế băng rôn", "mẫu", "5,000,000", "VND", "8\N{NO-BREAK SPACE}%", "Reduced rate",
        "3,000,000", "40%",
    ]  # fmt: skip
    private = [model.headerData(column, Qt.Orientation.Horizontal, PRIVATE) for column in range(model.columnCount())]
    assert private == [False] * 7 + [True, True]
    qtmodeltester.check(model)


def test_it_is_found_without_accents_and_archived_ones_apart(qtbot: Any, full: House) -> None:
    page = opened(qtbot, full)
    page.catalogue.searched.emit("bang ron")
    qtbot.waitUntil(lambda: page.catalogue.model.answer.ids == ["p1"])
    page.catalogue.searched.emit("nothing of the kind")
    qtbot.waitUntil(lambda: not page.catalogue.model.answer.ids)
    assert any("No product fits" in label.text() for label in page.findChildren(QLabel) if label.isVisible())
    page.catalogue.cleared.emit()
    qtbot.waitUntil(lambda: len(page.catalogue.model.answer.ids) == 2)
    page.catalogue.archived_chosen.emit(True)
    qtbot.waitUntil(lambda: page.catalogue.model.answer.ids == ["p3"])


def test_an_empty_catalogue_offers_the_import(qtbot: Any, house: House) -> None:
    page = opened(qtbot, house)
    take = next(each for each in page.findChildren(Button) if each.isVisible() and "Import" in each.accessibleName())
    take.click()
    assert house.shell.shown[-1] == ("importing", "")
    go(qtbot, page, house, LISTS)
    assert any("No price lists yet" in label.text() for label in page.findChildren(QLabel) if label.isVisible())


def test_a_product_is_made_changed_and_archived(qtbot: Any, full: House) -> None:
    page = opened(qtbot, full)
    qtbot.keyClick(page.catalogue.table, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert full.shell.shown[-1] == ("product", NEW)
    go(qtbot, page, full, NEW)
    form = page.product.form
    typed(form, "name", "Phim ngắn")
    typed(form, "price", "12tr")
    form.commit()
    qtbot.waitUntil(lambda: full.shell.shown[-1][1] not in (NEW, ""))
    key = full.shell.shown[-1][1]
    go(qtbot, page, full, key)
    assert saved(full, Product, key).price == 12_000_000
    typed(form, "cost", "9,500,000")
    qtbot.keyClick(form.editor("cost").inner, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: saved(full, Product, key).cost == 9_500_000)
    page.product.archive_wanted.emit(True)
    qtbot.waitUntil(lambda: saved(full, Product, key).archived)
    qtbot.waitUntil(lambda: page.catalogue.model.answer.row_of(key) < 0)


def test_a_product_with_a_fault_is_refused_at_its_field(qtbot: Any, full: House) -> None:
    page = opened(qtbot, full)
    go(qtbot, page, full, NEW)
    page.product.form.commit()
    qtbot.waitUntil(lambda: page.product.form.editor("name").inner.property("invalid") is True)


def test_price_lists_say_whose_they_are_and_when(qtbot: Any, full: House, qtmodeltester: Any) -> None:
    full.add(
        PriceList(id="l2", name="Riêng An", account="a", tier="A"),
        PriceList(id="l3", name="Năm sau", begins_on=date(2027, 1, 1)),
        PriceList(id="l4", name="Xưa", ends_on=date(2025, 12, 31), currency="USD"),
    )
    page = opened(qtbot, full)
    go(qtbot, page, full, LISTS)
    qtbot.waitUntil(lambda: page.lists.model.rowCount() == 4)
    assert {row[0]: row[1:] for row in texts(page.lists.model)} == {
        "Bảng giá 2026": ["Everybody", "1 Jan 2026 – 31 Dec 2026", "VND", "1", "In force"],
        "Riêng An": ["Công ty An · Tier A", "Always", "VND", "0", "In force"],
        "Năm sau": ["Everybody", "From 1 Jan 2027", "VND", "0", "Not yet in force"],
        "Xưa": ["Everybody", "Until 31 Dec 2025", "USD", "0", "Over"],
    }
    qtmodeltester.check(page.lists.model)
    page.lists.switch.changed.emit("catalogue")
    assert full.shell.shown[-1] == ("product", "")


def test_prices_are_added_changed_and_taken_away(qtbot: Any, full: House, qtmodeltester: Any) -> None:
    page = opened(qtbot, full)
    go(qtbot, page, full, "l1")
    detail = page.prices
    qtbot.waitUntil(lambda: detail.model.rowCount() == 1)
    assert texts(detail.model) == [["BN", "Thiết kế băng rôn", "mẫu", "10", "4,500,000", "−10.0%"]]
    qtmodeltester.check(detail.model)

    def dialog() -> QDialog:
        qtbot.waitUntil(lambda: any(each.isVisible() for each in page.findChildren(QDialog)))
        return next(each for each in page.findChildren(QDialog) if each.isVisible())

    detail.place.show("i1")
    qtbot.keyClick(detail.table, Qt.Key.Key_Return)
    form: Any = dialog().findChild(PriceForm)
    qtbot.waitUntil(lambda: form.editor("price").raw() == "4,500,000")
    typed(form, "price", "4,400,000")
    form.entered.emit()
    qtbot.waitUntil(lambda: saved(full, PriceListItem, "i1").price == 4_400_000)
    qtbot.waitUntil(lambda: not any(each.isVisible() for each in page.findChildren(QDialog)))

    detail.price_wanted.emit("")
    form = dialog().findChild(PriceForm)
    form.editor("product").set_value(("p1", "Thiết kế băng rôn"))
    typed(form, "price", "1")
    typed(form, "from_quantity", "10")
    form.entered.emit()
    qtbot.waitUntil(lambda: form.editor("from_quantity").inner.property("invalid") is True)  # there is one from 10
    typed(form, "from_quantity", "100")
    form.entered.emit()
    qtbot.waitUntil(lambda: detail.model.rowCount() == 2)

    detail.place.show("i1")
    detail.table.setFocus()
    qtbot.keyClick(detail.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: saved(full, PriceListItem, "i1") is None)
    qtbot.waitUntil(lambda: detail.model.rowCount() == 1)
    full.shell.toasts[-1][1]()  # type: ignore[misc]
    qtbot.waitUntil(lambda: detail.model.rowCount() == 2)


def test_a_new_price_list_has_prices_once_it_is_saved(qtbot: Any, full: House) -> None:
    page = opened(qtbot, full)
    go(qtbot, page, full, NEW_LIST)
    add = [each for each in page.prices.findChildren(Button) if each.accessibleName() == "Add price"]
    assert not any(each.isEnabled() for each in add)
    typed(page.prices.form, "name", "Mới")
    page.prices.form.commit()
    qtbot.waitUntil(lambda: bool(full.shell.shown))
    go(qtbot, page, full, full.shell.shown[-1][1])
    qtbot.waitUntil(lambda: any(each.isEnabled() and each.isVisible() for each in add))


def test_both_lists_have_views_columns_and_deeds(qtbot: Any, full: House, qtmodeltester: Any) -> None:
    page = opened(qtbot, full)
    controller = next(each for each in page.children() if isinstance(each, ProductController))
    qtbot.waitUntil(lambda: len(page.catalogue.model.answer.ids) == 2)
    page.catalogue.table.selectAll()
    assert full.shell.selection == "2 rows selected" and controller.products.tools.chosen.isVisibleTo(page)
    archive = next(deed for deed in controller.products.deeds() if deed.title == "Archive")
    archive.run(page.catalogue.place.selected())
    qtbot.waitUntil(lambda: saved(full, Product, "p1").archived and saved(full, Product, "p2").archived)
    qtbot.waitUntil(full.background.is_idle)
    undo = full.shell.toasts[-1][1]
    assert undo is not None
    undo()
    qtbot.waitUntil(lambda: len(page.catalogue.model.answer.ids) == 2)
    controller.products.use_view({"text": "bang ron", "archived": "x", "new": 1})
    qtbot.waitUntil(lambda: list(page.catalogue.model.answer.ids) == ["p1"])
    assert controller.products.view_settings() == {"text": "bang ron", "archived": False}
    go(qtbot, page, full, LISTS)
    qtmodeltester.check(page.lists.model)
    rows = controller.price_lists.row_question()
    assert full.read(lambda reader: rows(reader, ["l1"]))["l1"].name == "Bảng giá 2026"
    assert [deed.title for deed in controller.price_lists.deeds()] == ["Open", "Edit “Name”", "Archive"]


def cell(qtbot: Any, table: Any, model: Any, key: str, column: int) -> Any:
    table.setFocus()
    table.setCurrentIndex(model.index(model.row_of(key), column))
    qtbot.keyClick(table, Qt.Key.Key_F2)
    edits = table.findChild(CellEdits)
    qtbot.waitUntil(lambda: edits.form is not None and edits.form.isVisible())
    return edits.form


def test_prices_are_typed_into_their_cells(qtbot: Any, full: House) -> None:
    page = opened(qtbot, full)
    qtbot.waitUntil(lambda: len(page.catalogue.model.answer.ids) == 2)
    form = cell(qtbot, page.catalogue.table, page.catalogue.model, "p1", 3)
    assert form.name == "price" and form.row.inner.text() == "5,000,000"
    form.row.inner.selectAll()
    qtbot.keyClicks(form.row.inner, "5.5tr")
    qtbot.keyClick(form.row.inner, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: saved(full, Product, "p1").price == 5_500_000)
    qtbot.waitUntil(lambda: page.catalogue.model.row_value("p1").price == 5_500_000)
    form = cell(qtbot, page.catalogue.table, page.catalogue.model, "p1", 6)
    combo = form.row.inner
    combo.setCurrentIndex(0)
    combo.hidePopup()
    combo.activated.emit(0)
    qtbot.waitUntil(lambda: saved(full, Product, "p1").tax_category == "standard")
    go(qtbot, page, full, "l1")
    form = cell(qtbot, page.prices.table, page.prices.model, "i1", PRICE)
    form.row.inner.selectAll()
    qtbot.keyClicks(form.row.inner, "-3")
    qtbot.keyClick(form.row.inner, Qt.Key.Key_Return)
    qtbot.waitUntil(form.told.isVisible)
    form.row.inner.selectAll()
    qtbot.keyClicks(form.row.inner, "4200000")
    qtbot.keyClick(form.row.inner, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: saved(full, PriceListItem, "i1").price == 4_200_000)


def test_product_lines_fold_away_and_stay_so(qtbot: Any, full: House) -> None:
    page = opened(qtbot, full)
    table, model = page.catalogue.table, page.catalogue.model
    qtbot.waitUntil(lambda: len(model.answer.ids) == 2)
    page.catalogue.place.show("p2")
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Left)
    assert [model.id_at(row) for row in range(model.rowCount())] == ["", "", "p1"] and len(model.answer.ids) == 2
    again = opened(qtbot, full)
    qtbot.waitUntil(lambda: again.catalogue.model.rowCount() == 3)
    qtbot.keyClick(table, Qt.Key.Key_Right)
    assert model.rowCount() == 4 and page.catalogue.place.current() == "p2"
