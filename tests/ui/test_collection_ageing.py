"""The ageing beside its sums: the law, whose customers, columns, a workbook as shown."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtCore import QDate, QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QToolTip

from kam_desktop import formats
from kam_desktop.domain.entities import Account, Person
from kam_desktop.services import receivables
from kam_desktop.ui.kit.cells import LOOK, PRIVATE
from kam_desktop.ui.pages.collection import ageing_part
from kam_desktop.ui.pages.collection.controller import CollectionController
from kam_desktop.ui.pages.collection.page import AGEING, OPEN, RECEIPTS, WORKLIST, CollectionPage
from tests.ui.conftest import TODAY, House, account, firm_of_three, invoice
from tests.ui.test_collection_page import cells, settle, shown


@pytest.fixture
def page(qtbot: Any, house: House) -> CollectionPage:
    """Besides the three: d owes 10.8 million for 7 months, e 5.4 for 23; An is in charge of a and d."""
    people = [Person(id="an", full_name="Lê Thị An"), Person(id="bo", full_name="Vũ Bo")]
    three = [dataclasses.replace(each, owner="an") if each.id == "a" else each for each in firm_of_three()]
    house.add(
        *people, *three,
        account("d", "Công ty TNHH Đá Xanh", short_name="Đá Xanh", owner="an", industry="Xây dựng"),
        account("e", "Công ty TNHH Én Bạc", short_name="Én Bạc", owner="bo", industry="Xây dựng"),
        *invoice("i4", "d", 10_000_000, date(2026, 3, 1), date(2026, 4, 10)),
        *invoice("i5", "e", 5_000_000, date(2024, 11, 1), date(2024, 12, 10)),
    )  # fmt: skip
    made = shown(qtbot, house)
    made.show_view(AGEING)
    settle(qtbot, house)
    return made


def law(page: CollectionPage) -> dict[str, list[str]]:
    return {row[0]: row[-2:] for row in cells(page.ageing.model)}


def controller(page: CollectionPage) -> CollectionController:
    return next(each for each in page.children() if isinstance(each, CollectionController))


def test_how_fast_customers_pay_stands_beside_the_sums_with_its_day_and_formula(
    qtbot: Any, page: CollectionPage, house: House
) -> None:
    strip = page.ageing.strip

    def shown_pace() -> list[tuple[str, str]]:
        return [(each.value, each.note) for each in strip._figures if each.tip]

    with house.store.reader() as reader:
        dso = receivables.dso(reader, TODAY)
        cei = receivables.cei(reader, date(2026, 10, 1), TODAY)
    days = f"at least {formats.number(dso.count_back, 1)} days"
    qtbot.waitUntil(lambda: shown_pace()[0][0] == days)
    assert dso.at_least and cei.index is not None
    assert shown_pace() == [
        (days, "all customers, 23 Nov 2026"), (formats.percent(cei.index), "1 Oct – 23 Nov 2026"),
    ]  # fmt: skip
    assert "÷ (opening + sales − closing not due)" in strip.accessibleDescription()
    at = strip._areas[3].center()
    assert strip._figures[3].label == "CEI this quarter"
    QApplication.sendEvent(strip, QHelpEvent(QEvent.Type.ToolTip, at, strip.mapToGlobal(at)))
    qtbot.waitUntil(lambda: "opening + sales" in QToolTip.text())
    QToolTip.hideText()
    page._date.setDate(QDate(2026, 10, 1))
    settle(qtbot, house)
    qtbot.waitUntil(lambda: shown_pace()[0][1] == "all customers, 1 Oct 2026")


def test_with_very_many_customers_it_is_asked_once_the_view_is_at_rest(
    qtbot: Any, page: CollectionPage, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ageing_part, "_MANY", 2)
    qtbot.waitUntil(lambda: page.ageing.strip.pace is not None)
    page._date.setDate(QDate(2026, 10, 1))
    settle(qtbot, house)
    part = controller(page).ageing
    assert page.ageing.strip.pace is None and part._rest.isActive()
    page.show_view(WORKLIST)
    settle(qtbot, house)
    part._rest.timeout.emit()
    settle(qtbot, house)
    assert page.ageing.strip.pace is None  # nobody looks at it any more


def test_provision_is_private_and_the_limitation_counts_down(
    qtbot: Any, page: CollectionPage, house: House, qtmodeltester: Any
) -> None:
    view = page.ageing
    model = view.model
    qtmodeltester.check(model)
    assert law(page) == {
        "Sữa Mây Trắng": ["–", "693"], "Điện máy Kỳ Vân": ["–", "719"], "Đá Xanh": ["3,240,000", "504"],
        "Én Bạc": ["2,700,000", "17"], "<b>Đậm</b> & Con": ["–", "–"],
    }  # fmt: skip
    last = model.columnCount() - 1
    assert model.headerData(last - 1, Qt.Orientation.Horizontal, PRIVATE)
    assert not model.headerData(last, Qt.Orientation.Horizontal, PRIVATE)
    near = next(row for row in range(model.rowCount()) if model.index(row, 0).data() == "Én Bạc")
    assert model.data(model.index(near, last), LOOK).tone == "danger", "17 days are left"
    assert view.totals.accessibleName().endswith("5,940,000")
    view.table.setFocus()
    view.table.setCurrentIndex(model.index(near, last))
    assert "Limitation of the oldest ends 10 Dec 2026" in house.shell.selection
    page._date.setDate(QDate(2026, 10, 1))  # the table is asked for the other day as well
    settle(qtbot, house)
    assert law(page)["Én Bạc"] == ["2,700,000", "70"] and law(page)["Đá Xanh"] == ["–", "557"]
    view.table.setCurrentIndex(model.index(0, last - 1))
    view.table.opened.emit(model.index(0, last))
    settle(qtbot, house)
    assert page.switch.chosen() == OPEN and page.open.model.rowCount(), "the law's columns lead to the customer"


def test_only_the_customers_of_one_person(qtbot: Any, page: CollectionPage, house: House) -> None:
    view = page.ageing
    assert page._owners == [("an", "Lê Thị An"), ("bo", "Vũ Bo")]
    page.owner_chosen.emit("an")
    settle(qtbot, house)
    assert [row[0] for row in cells(view.model)] == ["Sữa Mây Trắng", "Đá Xanh"]
    assert view.totals.accessibleName() == "2 accounts; 0; 0; 86,400,000; 0; 0; 10,800,000; 0; 97,200,000; 3,240,000"
    assert page._owner.accessibleName() == "In charge: Lê Thị An"
    page.industry_chosen.emit("Xây dựng")
    settle(qtbot, house)
    assert [row[0] for row in cells(view.model)] == ["Đá Xanh"]
    page.show_view(WORKLIST)
    settle(qtbot, house)
    work = page.worklist
    assert sorted(work.model.answer.ids) == ["i1-1", "i4-1"] and "Lê Thị An" in work.owner.accessibleName()
    tools = controller(page).work.tools
    assert tools._settings()["owner"] == "an", "a saved view knows it"
    work.cleared.emit()
    settle(qtbot, house)
    assert len(work.model.answer.ids) == 4 and controller(page).ageing.owner == ""


def test_nobody_owes_anything_is_no_empty_page(qtbot: Any, page: CollectionPage, house: House) -> None:
    with house.store.edit("Nothing") as uow:
        found = uow.get(Account, "c")
        assert found is not None
        uow.put(dataclasses.replace(found, owner="bo", industry="Kho"))
    controller(page).ageing.narrow("an", "Kho")
    settle(qtbot, house)
    assert page.ageing.isVisible() and not page.ageing.model.rowCount()


def test_the_matrix_as_a_workbook_as_it_is_shown(
    qtbot: Any, page: CollectionPage, house: House, tmp_path: Path
) -> None:
    tools, table = controller(page).ageing.tools, page.ageing.table
    tools._choose_columns([5, 6])
    target = tmp_path / "ageing.xlsx"
    tools.export_to(target)
    settle(qtbot, house)
    sheet: Any = openpyxl.load_workbook(target).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == [
        "Account",
        "Not due",
        "1–30",
        "31–60",
        "61–90",
        "Unallocated",
        "Balance",
        "Provision",
        "Limitation",
    ]
    assert rows[1] == ["Sữa Mây Trắng", None, None, 86_400_000, None, None, 86_400_000, None, 693]
    assert len(rows) == 6 and table.isColumnHidden(5)


@pytest.mark.parametrize("view", [OPEN, RECEIPTS])
def test_the_plain_lists_have_their_tools_too(
    qtbot: Any, page: CollectionPage, house: House, tmp_path: Path, view: str
) -> None:
    page.show_view(view)
    settle(qtbot, house)
    shown_list = {OPEN: page.open, RECEIPTS: page.receipts}[view]
    assert shown_list.tool_bar.isVisible() and not page.ageing.tool_bar.isVisible()
    part = controller(page).ageing
    tools = {OPEN: part.open_tools, RECEIPTS: part.receipt_tools}[view]
    QAbstractItemModelTester(shown_list.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tools.export_to(tmp_path / "list.csv")
    settle(qtbot, house)
    lines = (tmp_path / "list.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + len(shown_list.model.answer.ids)
