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
from kam_desktop.ui.pages.importing.page import CHOOSE, DONE, OPENING, PREVIEW, READING, ImportPage
from kam_desktop.ui.pages.importing.preview import CREATE, SKIP, UNCHANGED, UPDATE
from tests.makers import BUYERS, OUR_CODE, OUR_NAME, Bill, L, account_rows, write_accounts, write_invoices
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
    qtbot.waitUntil(lambda: page.state() == state, timeout=10_000)
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
    qtbot.waitUntil(lambda: page.preview.cards[UPDATE].accessibleName().startswith("1 "), timeout=10_000)
    assert page.state() == PREVIEW and count(house, "account") == 1
    assert "look at the preview again" in house.shell.toasts[-1][0]
