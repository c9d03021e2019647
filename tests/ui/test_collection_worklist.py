"""The worklist of the collections: groups, reasons, reminders in two keystrokes, the code."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QAbstractButton

from kam_desktop.domain.entities import FIRM_ID, Firm, Instalment, Invoice, PromiseToPay
from kam_desktop.domain.locale.vietnam import vietqr
from kam_desktop.ui.badges import Pill
from kam_desktop.ui.kit.cells import GROUP
from kam_desktop.ui.pages.collection.outcome import OutcomeDialog
from kam_desktop.ui.pages.collection.page import WORKLIST, CollectionPage
from kam_desktop.ui.pages.collection.panel_parts import CodePicture
from tests.ui.conftest import TODAY, House, firm_of_three
from tests.ui.test_collection_page import cells, records, said, settle, shown, words_in


@pytest.fixture
def page(qtbot: Any, house: House) -> CollectionPage:
    """a owes 86.4 million for 38 days, b 16.2 for 12, c 5.4 that is due in a week; w waits for papers."""
    house.add(
        *firm_of_three(),
        Invoice(id="w", account="a", number="W", issued_on=date(2026, 11, 2), net=1_000_000, total=1_000_000),
        Instalment(id="w-1", invoice="w", place=1, amount=1_000_000, from_papers=True),
    )
    return shown(qtbot, house)


def titles(page: CollectionPage) -> list[str]:
    model = page.worklist.model
    found = [model.data(model.index(row, 0), GROUP) for row in range(model.rowCount())]
    return [each[0] for each in found if each]


def dialog(qtbot: Any, page: CollectionPage) -> OutcomeDialog:
    def shown_one() -> list[OutcomeDialog]:
        return [each for each in page.findChildren(OutcomeDialog) if each.isVisible()]

    qtbot.waitUntil(lambda: bool(shown_one()))
    return shown_one()[0]


def test_the_worklist_comes_first_in_the_order_of_benefit(page: CollectionPage, house: House) -> None:
    assert page.switch.chosen() == WORKLIST
    QAbstractItemModelTester(page.worklist.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert titles(page)[0] == "To do today"
    ids = list(page.worklist.model.answer.ids)
    assert ids[:3] == ["i1-1", "i2-1", "w-1"]
    first = page.worklist.model.row_value("i1-1")
    assert (first.days, first.open, first.reached, first.steps) == (38, 86_400_000, 0, 5)
    assert first.reason == "38 days overdue: reminder step 4 is due."
    assert page.worklist.model.row_value("w-1").next == "Awaits papers"
    assert "Reminder step: 0/5" in page.worklist.model.data(
        page.worklist.model.index(1, 0), Qt.ItemDataRole.AccessibleTextRole
    )


def test_the_panel_says_why_and_what_comes_next(qtbot: Any, page: CollectionPage, house: House) -> None:
    view = page.worklist
    view.table.setFocus()
    view.table.setCurrentIndex(view.model.index(view.model.row_of("i1-1"), 0))
    assert house.shell.selection == "Sữa Mây Trắng · ₫86,400,000 · 38 days overdue: reminder step 4 is due."
    qtbot.keyClick(view.table, Qt.Key.Key_Return)
    settle(qtbot, house)
    assert "38 days overdue: reminder step 4 is due." in said(page.invoice)
    assert "Next: Letter" in [each.accessibleName() for each in page.invoice.findChildren(Pill)]


def test_an_outcome_in_two_keystrokes(qtbot: Any, page: CollectionPage, house: House) -> None:
    page.worklist.table.setFocus()
    qtbot.keyClick(page.worklist.table, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    opened = dialog(qtbot, page)
    assert opened.about.step == 4
    qtbot.keyClick(opened.form.choices["outcome"], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(records(house, "dunning_event")) == 1)
    settle(qtbot, house)
    [event] = records(house, "dunning_event")
    assert (event.invoice, event.step, event.channel, event.outcome) == ("i1", 4, "letter", "no_answer")
    qtbot.waitUntil(lambda: "Waiting" in titles(page))
    house.shell.toasts[-1][1]()  # undo
    settle(qtbot, house)
    qtbot.waitUntil(lambda: "Waiting" not in titles(page))


def test_a_promise_is_made_in_the_same_step(qtbot: Any, page: CollectionPage, house: House) -> None:
    page.invoice.outcome_wanted.emit("i1")
    opened = dialog(qtbot, page)
    opened.form.choices["outcome"].choose("promised")
    assert opened.form.editor("amount").value() == 86_400_000
    assert opened.form.editor("pay_on").value() == date(2026, 11, 26)
    opened.form.editor("amount").set_value(None)
    opened._save()
    qtbot.waitUntil(lambda: "Say how much was promised" in said(opened))
    assert not records(house, "dunning_event"), "refused as a whole"
    opened.form.editor("amount").set_value(50_000_000)
    opened._save()
    qtbot.waitUntil(lambda: len(records(house, "promise_to_pay")) == 1)
    settle(qtbot, house)
    [made] = records(house, "promise_to_pay")
    assert (made.amount, made.pay_on, made.invoice) == (50_000_000, date(2026, 11, 26), "i1")
    qtbot.waitUntil(lambda: page.worklist.model.row_value("i1-1").next == "Promised 26 Nov")


def test_several_are_reminded_at_once(qtbot: Any, page: CollectionPage, house: House) -> None:
    page.worklist.table.selectAll()
    page.log_wanted.emit()
    opened = dialog(qtbot, page)
    assert set(opened.about.invoices) >= {"i1", "i2", "w"}
    assert opened.form.choices["outcome"].findText("Promised to pay") < 0
    opened._save()
    qtbot.waitUntil(lambda: len(records(house, "dunning_event")) == len(opened.about.invoices))
    settle(qtbot, house)
    steps = {each.invoice: each.step for each in records(house, "dunning_event")}
    assert (steps["i1"], steps["i2"], steps["w"]) == (4, 3, None), "each one's own step"


def test_the_panel_has_a_code_for_exactly_what_is_open(qtbot: Any, page: CollectionPage, house: House) -> None:
    with house.store.edit("Firm") as uow:
        uow.put(Firm(id=FIRM_ID, legal_name="Mộc Lam", bank_name="Vietcombank", bank_account="0123456789"))
    page.open_place("i1")
    qtbot.waitUntil(lambda: page.invoice.shown_id == "i1")
    settle(qtbot, house)
    qtbot.waitUntil(lambda: bool(page.invoice.findChildren(CodePicture)))
    shown_now = page.invoice.shown
    assert shown_now is not None
    paid = vietqr.read(shown_now.code)
    assert (paid.amount, paid.account) == (86_400_000, "0123456789")
    picture = page.invoice.findChildren(CodePicture)[-1]
    grabbed = picture.grab().toImage()
    assert grabbed.pixelColor(1, 1).name() == "#ffffff", "quiet around, in the dark too"

    def copies() -> list[QAbstractButton]:
        found = page.invoice.findChildren(QAbstractButton)
        return [each for each in found if each.accessibleName() == "Copy the payment code" and each.isVisible()]

    qtbot.waitUntil(lambda: bool(copies()))
    copies()[-1].click()
    assert shown_now.code in QGuiApplication.clipboard().text()
    assert "Customer has the full document set" in words_in(page.invoice)


def test_a_broken_promise_stands_out(qtbot: Any, page: CollectionPage, house: House) -> None:
    said_on = date(2026, 11, 10)
    house.add(PromiseToPay(id="pr", account="b", invoice="i2", promised_on=said_on, pay_on=date(2026, 11, 20),
                           amount=16_200_000))  # fmt: skip
    page.worklist.show_chosen.emit("promises")
    settle(qtbot, house)
    qtbot.waitUntil(lambda: list(page.worklist.model.answer.ids) == ["i2-1"])
    line = page.worklist.model.row_value("i2-1")
    assert (line.next, line.tone) == ("Missed 20 Nov", "danger")
    page.worklist.show_chosen.emit("disputed")
    settle(qtbot, house)
    qtbot.waitUntil(lambda: "No line of the worklist fits." in said(page))


def test_views_keep_how_the_list_is_sorted(qtbot: Any, page: CollectionPage, house: House) -> None:
    work = CollectionPageWork(page)
    work.use_view({"order": "age", "show": "papers"})
    settle(qtbot, house)
    assert work.view_settings() == {"order": "age", "show": "papers", "owner": ""}
    assert list(page.worklist.model.answer.ids) == ["w-1"]
    work.use_view({"order": "nonsense", "show": 7})
    settle(qtbot, house)
    assert work.view_settings() == {"order": "benefit", "show": "", "owner": ""}


def CollectionPageWork(page: CollectionPage) -> Any:
    """The part of the controller that answers for the worklist."""
    from kam_desktop.ui.pages.collection.work_part import WorkPart

    return next(each for parent in (page.parent(), page) if parent for each in parent.findChildren(WorkPart))


def test_the_list_as_a_workbook(qtbot: Any, page: CollectionPage, house: House, tmp_path: Path) -> None:
    target = tmp_path / "worklist.xlsx"
    CollectionPageWork(page).tools.export_to(target)
    qtbot.waitUntil(target.exists)
    settle(qtbot, house)
    rows = list(openpyxl.load_workbook(target).active.iter_rows(values_only=True))
    assert rows[1][0] == cells(page.worklist.model)[1][0]
    assert 86_400_000 in rows[1]
    assert date(2026, 11, 23) == TODAY
