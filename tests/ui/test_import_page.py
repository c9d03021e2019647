"""The import page: verdicts and reasons, one undo step, rejected rows, the opening question."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLabel

from kam_desktop.domain.entities import FIRM_ID, Firm
from kam_desktop.domain.query import Query
from kam_desktop.ui import theme
from kam_desktop.ui.pages.importing.controller import ImportController
from kam_desktop.ui.pages.importing.form import ALL, LATER, PICK, SINCE
from kam_desktop.ui.pages.importing.kinds import CREATE, SKIP, UNCHANGED, UPDATE
from kam_desktop.ui.pages.importing.page import CHOOSE, DONE, OPENING, PREVIEW, READING, ImportPage
from tests.makers import (
    BUYERS,
    OUR_CODE,
    OUR_NAME,
    Bill,
    L,
    account_rows,
    write_accounts,
    write_invoices,
    write_table,
)
from tests.ui.conftest import House


@pytest.fixture
def page(qtbot: Any, house: House) -> ImportPage:
    house.add(Firm(id=FIRM_ID, legal_name=OUR_NAME, tax_code=OUR_CODE))
    made = ImportController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1310), theme.px(700))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def bills() -> list[Bill]:
    return [
        Bill(number="1", issued_on="2025-11-05", buyer=BUYERS[0], lines=(L(10_000_000),)),
        Bill(number="2", issued_on="2026-10-05", buyer=BUYERS[1], lines=(L(20_000_000),)),
        Bill(number="3", issued_on="2026-11-05", seller=BUYERS[2], buyer=(OUR_NAME, OUR_CODE)),
    ]


def read(qtbot: Any, page: ImportPage, house: House, *paths: Path, state: str = PREVIEW) -> None:
    page.files_chosen.emit(list(paths))
    qtbot.waitUntil(lambda: page.state() == state, timeout=30_000)
    qtbot.waitUntil(house.background.is_idle)


def count(house: House, entity: str) -> int:
    return int(house.read(lambda reader: reader.count(Query(entity, order=()))))


def rows(page: ImportPage) -> list[list[str]]:
    model = page.preview.model
    return [[model.data(model.index(row, at)) for at in range(model.columnCount())] for row in range(model.rowCount())]


def said(widget: Any) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def go(page: ImportPage, qtbot: Any, house: House, state: str) -> None:
    page._go.click()
    qtbot.waitUntil(lambda: page.state() == state)
    qtbot.waitUntil(house.background.is_idle)


def test_customers_are_previewed_then_written_as_one_step_that_undo_takes_back(
    qtbot: Any, page: ImportPage, house: House, tmp_path: Path
) -> None:
    file = write_accounts(tmp_path / "khach-hang.xlsx")
    read(qtbot, page, house, file)
    assert count(house, "account") == 0  # nothing is written yet
    assert {name: card.accessibleName() for name, card in page.preview.cards.items()} == {
        CREATE: "3 new. 3 customers, 2 contacts",
        UPDATE: "0 to update.",
        UNCHANGED: "0 unchanged.",
        SKIP: "0 skipped.",
    }
    assert rows(page)[0][:4] == ["4", "New", BUYERS[0][0], BUYERS[0][1]] and rows(page)[0][5] == "45 days"
    QAbstractItemModelTester(page.preview.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    go(page, qtbot, house, DONE)
    assert count(house, "account") == 3 and "3 new · 0 updated" in said(page)
    words, undo, _ = house.shell.toasts[-1]
    assert words == "Imported khach-hang.xlsx"
    assert undo is not None
    undo()
    qtbot.waitUntil(lambda: count(house, "account") == 0)


def test_the_same_file_again_changes_nothing_and_a_changed_one_says_what(
    qtbot: Any, page: ImportPage, house: House, tmp_path: Path
) -> None:
    file = write_accounts(tmp_path / "a.xlsx")
    read(qtbot, page, house, file)
    go(page, qtbot, house, DONE)
    read(qtbot, page, house, file)
    assert page.preview.cards[UNCHANGED].accessibleName().startswith("3 unchanged") and not page._go.isEnabled()
    changed = account_rows()
    changed[0][9] = 60
    changed[1][2] = "12"
    read(qtbot, page, house, write_accounts(tmp_path / "b.xlsx", changed))
    found = {row[1]: row for row in rows(page)}
    assert "Payment term (days): 45 → 60" in found["Update"][-1]
    page.preview.cards[UPDATE].click()
    assert [row[1] for row in rows(page)] == ["Update"]
    page.preview.cards[UPDATE].click()
    assert len(rows(page)) == 3


def test_rejected_rows_are_handed_back_as_a_file(qtbot: Any, page: ImportPage, house: House, tmp_path: Path) -> None:
    broken = account_rows()
    broken[1][1] = ""
    read(qtbot, page, house, write_accounts(tmp_path / "a.xlsx", broken))
    skipped = [row for row in rows(page) if row[1] == "Skipped"]
    assert len(skipped) == 1 and skipped[0][-1]
    assert page._save_rejected.isVisible() and page._save_rejected.accessibleName() == "Save 1 skipped row"
    target = tmp_path / "lai.xlsx"
    page.rejected_wanted.emit(target)
    qtbot.waitUntil(lambda: bool(house.shell.toasts))
    assert house.shell.toasts[-1][0] == "1 row saved in lai.xlsx"
    sheet = openpyxl.load_workbook(target).active
    assert sheet is not None and "Đặng Văn Đức" in [cell.value for cell in sheet[2]]


def test_a_folder_of_invoices_asks_which_are_open_and_since_a_day_settles_the_rest(
    qtbot: Any, page: ImportPage, house: House, tmp_path: Path
) -> None:
    write_invoices(tmp_path / "hoa-don", bills())
    read(qtbot, page, house, tmp_path / "hoa-don")
    assert [row[1] for row in rows(page)] == ["New", "New", "Skipped"]
    assert "our firm is the buyer" in rows(page)[2][-1]
    go(page, qtbot, house, OPENING)
    form = page.opening
    assert form.model.rowCount() == 2 and form.answer().kind == ALL
    QAbstractItemModelTester(form.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    form._radios[SINCE].setChecked(True)
    assert form.answer().since == date(2026, 1, 1) and "1 invoice · ₫21,600,000" in said(form)
    go(page, qtbot, house, DONE)
    assert count(house, "invoice") == 2 and count(house, "opening_settlement") == 1
    assert "Payments are not entered yet" not in said(page)
    page.undo_wanted.emit(house.read(lambda reader: reader.sql("select max(n) from undo_step"))[0][0])
    qtbot.waitUntil(lambda: count(house, "invoice") == 0)
    assert page.state() == CHOOSE and count(house, "opening_settlement") == 0


def test_invoices_ticked_by_hand_with_the_keyboard(qtbot: Any, page: ImportPage, house: House, tmp_path: Path) -> None:
    read(qtbot, page, house, *write_invoices(tmp_path / "x", bills()[:2]))
    go(page, qtbot, house, OPENING)
    form = page.opening
    form.table.setFocus()
    form.table.selectRow(0)
    qtbot.keyClick(form.table, Qt.Key.Key_Space)
    assert form.answer().kind == PICK and len(form.answer().ids) == 1
    qtbot.keyClick(form.table, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.state() == DONE)
    open_now = house.read(lambda reader: reader.sql("select sum(open) from cache_instalment"))[0][0]
    assert open_now == 10_800_000


def test_answering_later_is_said_everywhere_and_asked_again(
    qtbot: Any, page: ImportPage, house: House, tmp_path: Path
) -> None:
    read(qtbot, page, house, *write_invoices(tmp_path / "x", bills()[:2]))
    go(page, qtbot, house, OPENING)
    page.opening._radios[LATER].setChecked(True)
    assert page._go.accessibleName() == "Import, answer later"
    go(page, qtbot, house, DONE)
    assert "Payments are not entered yet" in said(page) and count(house, "opening_settlement") == 0
    page.open_place("opening")
    qtbot.waitUntil(lambda: page.state() == OPENING)
    assert page.opening.model.rowCount() == 2 and not page.opening._radios[LATER].isVisible()
    page.opening._radios[SINCE].setChecked(True)
    page._go.click()
    qtbot.waitUntil(lambda: count(house, "opening_settlement") == 1)
    qtbot.waitUntil(lambda: house.shell.shown == [("collection", "open")])
    page.open_place("opening")
    qtbot.waitUntil(lambda: house.shell.toasts[-1][0] == "Every import was told which invoices are open.")


def test_a_file_that_cannot_be_read_is_told_and_the_others_go_on(
    qtbot: Any, page: ImportPage, house: House, tmp_path: Path
) -> None:
    bad = tmp_path / "hop-dong.xls"
    bad.write_bytes(b"\xd0\xcf\x11\xe0 old")
    read(qtbot, page, house, bad, write_accounts(tmp_path / "a.xlsx"))
    assert "hop-dong.xls: This is a workbook of Excel 97–2003" in said(page)
    go(page, qtbot, house, DONE)
    assert count(house, "account") == 3


def test_invoices_wait_for_our_tax_code(qtbot: Any, house: House, tmp_path: Path) -> None:
    page = ImportController(house.desk).page
    qtbot.addWidget(page)
    page.show()
    read(qtbot, page, house, *write_invoices(tmp_path / "x", bills()[:1]))
    assert "Enter your firm's tax code" in said(page) and not page._go.isEnabled()


def test_escape_stops_the_reading_and_nothing_is_written(
    qtbot: Any, page: ImportPage, house: House, tmp_path: Path
) -> None:
    paths = write_invoices(tmp_path / "x", [Bill(number=str(n)) for n in range(1, 60)])
    page.files_chosen.emit(list(paths))
    assert page.state() == READING
    page.setFocus()
    page._on_escape()
    assert page.state() == CHOOSE and house.shell.toasts[-1][0] == "Stopped. Nothing was written."
    qtbot.waitUntil(house.background.is_idle, timeout=30_000)
    assert page.state() == CHOOSE and count(house, "invoice") == 0


def test_dropped_files_are_read(qtbot: Any, page: ImportPage, house: House, tmp_path: Path) -> None:
    file = write_accounts(tmp_path / "a.xlsx")
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(file)), QUrl("https://example.invalid/x.xlsx")])
    event = QDropEvent(
        QPointF(QPoint(20, 20)),
        Qt.DropAction.CopyAction,
        dropped,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    with qtbot.waitSignal(page.files_chosen) as chosen:
        page.dropEvent(event)
    assert chosen.args == [[file]]
    qtbot.waitUntil(lambda: page.state() == PREVIEW, timeout=30_000)


def test_data_changed_since_the_preview_shows_it_anew(
    qtbot: Any, page: ImportPage, house: House, tmp_path: Path
) -> None:
    file = write_accounts(tmp_path / "a.xlsx")
    read(qtbot, page, house, file)
    from kam_desktop.domain.entities import Account

    house.add(Account(id="z", name=BUYERS[0][0], tax_code=BUYERS[0][1]))
    page._go.click()
    qtbot.waitUntil(lambda: page.preview.cards[UPDATE].accessibleName().startswith("1 "))
    assert page.state() == PREVIEW and count(house, "account") == 1
    assert "look at the preview again" in house.shell.toasts[-1][0]


INVOICES = [
    ["Tên khách hàng", "MST", "Số HĐ", "Ngày HĐ", "Tổng tiền", "Đã thu", "Ghi riêng"],
    [BUYERS[0][0], BUYERS[0][1], "00000351", "18/11/2026", "108.000.000", "108.000.000", "x"],
    [BUYERS[1][0], BUYERS[1][1], "00000352", "31/02/2026", "54.000.000", "", "y"],
    [BUYERS[1][0], BUYERS[1][1], "00000353", "19/11/2026", "54.000.000", "0", "z"],
]
UNKNOWN = [["Đơn vị phụ trách mua", "MST"], [BUYERS[2][0], BUYERS[2][1]]]


def card(page: ImportPage, title: str) -> Any:
    return next(each for each in page.preview.bar.strip.cards if each.column.title == title)


def pick(card: Any, words: str) -> None:
    card.menu.aboutToShow.emit()
    next(each for each in card.menu.actions() if each.text().startswith(words)).trigger()


def told(page: ImportPage) -> list[str]:
    return [each.accessibleName() for each in page.preview.bar.strip.cards]


def planned(page: ImportPage, qtbot: Any, house: House) -> None:
    qtbot.waitUntil(page._go.isEnabled)
    qtbot.waitUntil(house.background.is_idle)


def test_a_table_says_what_it_was_taken_for_column_by_column(
    qtbot: Any, page: ImportPage, house: House, tmp_path: Path
) -> None:
    read(qtbot, page, house, write_table(tmp_path / "hd.xlsx", INVOICES[0], INVOICES[1:]))
    bar = page.preview.bar
    assert bar.kind.accessibleName() == "Taken for: Invoices" and not bar.files.isVisible()
    assert told(page)[:2] == ["Column Tên khách hàng, taken for: Customer", "Column MST, taken for: Tax code"]
    assert told(page)[-1] == "Column Ghi riêng, taken for: Not used"
    assert card(page, "Số HĐ").accessibleDescription() == "00000351, 00000352, 00000353"
    assert [row[1] for row in rows(page)] == ["New", "Skipped", "New"]
    heads = [page.preview.model.headerData(at, Qt.Orientation.Horizontal) for at in range(9)]
    assert heads[2:8] == ["Account", "Tax code", "Invoice", "Invoice date", "Due date", "Total"]
    assert rows(page)[0][7:9] == ["108,000,000", "108.000.000"]


def test_another_column_is_planned_anew_and_keeps_filter_and_keyboard_and_is_remembered(
    qtbot: Any, page: ImportPage, house: House, tmp_path: Path
) -> None:
    file = write_table(tmp_path / "hd.xlsx", INVOICES[0], INVOICES[1:])
    read(qtbot, page, house, file)
    page.preview.cards[SKIP].click()
    assert [row[1] for row in rows(page)] == ["Skipped"]
    last = card(page, "Ghi riêng")
    last.setFocus()
    pick(last, "Original invoice")
    assert not page._go.isEnabled()  # what was planned before cannot be imported any more
    planned(page, qtbot, house)
    assert told(page)[-1] == "Column Ghi riêng, taken for: Original invoice"
    assert [row[1] for row in rows(page)] == ["Skipped"] and page.preview.cards[SKIP].isChecked()
    assert card(page, "Ghi riêng").hasFocus()
    pick(card(page, "Đã thu"), "Do not use")
    planned(page, qtbot, house)
    assert told(page)[-2] == "Column Đã thu, taken for: Not used" and page._asks  # now nobody says what was paid
    go(page, qtbot, house, OPENING)
    go(page, qtbot, house, DONE)
    read(qtbot, page, house, file)
    assert told(page)[-1] == "Column Ghi riêng, taken for: Original invoice"
    assert "Columns as you set them last time." in page.preview.bar.note.text()


def test_a_table_that_lacks_a_column_waits_for_it_and_the_others_can_be_imported(
    qtbot: Any, page: ImportPage, house: House, tmp_path: Path
) -> None:
    unknown = write_table(tmp_path / "ds.xlsx", UNKNOWN[0], UNKNOWN[1:])
    read(qtbot, page, house, unknown, write_table(tmp_path / "hd.xlsx", INVOICES[0], INVOICES[1:]))
    bar = page.preview.bar
    assert bar.files.accessibleName() == "File: ds.xlsx" and "Customer name" in bar.note.text()
    assert rows(page) == [] and page._go.isEnabled()
    assert page.preview.focusProxy() is bar.strip.cards[0]
    pick(card(page, "Đơn vị phụ trách mua"), "Customer name — needed")
    planned(page, qtbot, house)
    assert bar.note.text() == "" and [row[1] for row in rows(page)] == ["New"]
    page.preview.bar.file_chosen.emit("*")
    assert sorted(row[1] for row in rows(page) if row[1]) == ["New", "New", "New", "Skipped"]
    assert "All 2 files" in bar.files.accessibleName() and not bar.strip.isVisible()
    assert {row[2] for row in rows(page) if row[1]} == {"Customers", "Invoices"}


def test_another_kind_by_the_keyboard(qtbot: Any, page: ImportPage, house: House, tmp_path: Path) -> None:
    read(qtbot, page, house, write_accounts(tmp_path / "a.xlsx"))
    bar = page.preview.bar
    bar.kind.setFocus()
    qtbot.keyClick(bar.kind, Qt.Key.Key_Return)
    menu = bar._menus["kind"]
    qtbot.waitUntil(menu.isVisible)
    assert next(each.text() for each in menu.actions()) == "Customers"
    next(each for each in menu.actions() if each.text() == "Contacts").trigger()
    menu.hide()
    qtbot.waitUntil(lambda: bar.kind.accessibleName() == "Taken for: Contacts")
    first = bar.strip.cards[0]
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Right)
    assert bar.strip.cards[1].hasFocus()
    qtbot.keyClick(bar.strip.cards[1], Qt.Key.Key_Return)
    qtbot.waitUntil(bar.strip.cards[1].menu.isVisible)
    bar.strip.cards[1].menu.hide()


def test_every_kind_has_columns_that_its_rows_fill(qtbot: Any, page: ImportPage, house: House, tmp_path: Path) -> None:
    tables = {
        "contacts": [["Họ và tên", "Khách hàng", "Chức vụ", "Điện thoại"], ["Lê Ẩn", BUYERS[0][0], "Kế toán", ""]],
        "products": [["Mã hàng", "Tên sản phẩm", "ĐVT", "Đơn giá"], ["TVC", "Phim 30 giây", "phim", "480.000.000"]],
        "receipts": [["Ngày thu", "Người nộp", "Số tiền", "Mã giao dịch"], ["20/11/2026", "A", "2.000.000", "FT1"]],
    }  # fmt: skip
    wanted = {"contacts": "Lê Ẩn", "products": "480,000,000", "receipts": "2,000,000"}
    for kind, table in tables.items():
        read(qtbot, page, house, write_table(tmp_path / f"{kind}.xlsx", table[0], table[1:]))
        file = page.preview._file()
        assert file is not None and file.kind == kind, page.preview.bar.kind.accessibleName()
        assert wanted[kind] in rows(page)[0]
        page.back_wanted.emit()
