"""The collections page: matrix by keyboard, open instalments, a receipt, an invoice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QDateEdit, QLabel, QMenu

from kam_desktop.domain.entities import FIRM_ID, Allocation, Firm, Instalment, Invoice, Receipt
from kam_desktop.domain.query import Query
from kam_desktop.services.summary import OPENING_PENDING
from kam_desktop.ui import theme
from kam_desktop.ui.badges import Pill
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.cells import GROUP, LOOK
from kam_desktop.ui.kit.labels import Link
from kam_desktop.ui.pages.collection.controller import CollectionController
from kam_desktop.ui.pages.collection.page import AGEING, OPEN, RECEIPTS, WORKLIST, CollectionPage
from kam_desktop.ui.pages.collection.receipt import ALLOCATE, CONFIRM, NAME, REJECT
from tests.ui.conftest import TODAY, House, account, firm_of_three, invoice

LATE_RECEIPT = Receipt(id="r0", received_on=date(2026, 11, 20), amount=7_000_000, payer="NGUYEN VAN AN", reference="CK")


@pytest.fixture
def page(qtbot: Any, house: House) -> CollectionPage:
    """The page over three customers: a owes 86.4 million for 38 days, b 16.2 for 12, c 5.4 not due."""
    house.add(*firm_of_three(), LATE_RECEIPT)
    made = shown(qtbot, house)
    made.show_view(OPEN)
    settle(qtbot, house)
    return made


def shown(qtbot: Any, house: House) -> CollectionPage:
    made = CollectionController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1310), theme.px(700))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    settle(qtbot, house)
    return made


def settle(qtbot: Any, house: House) -> None:
    qtbot.waitUntil(house.background.is_idle)


def cells(model: Any) -> list[list[str]]:
    return [[model.data(model.index(row, at)) for at in range(model.columnCount())] for row in range(model.rowCount())]


def said(widget: Any) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def records(house: House, entity: str) -> list[Any]:
    return house.read(lambda reader: reader.all(Query(entity, order=())))


def ageing(qtbot: Any, house: House, page: CollectionPage) -> Any:
    page.show_view(AGEING)
    settle(qtbot, house)
    return page.ageing


def test_open_instalments_stand_in_groups_with_sums(page: CollectionPage, house: House) -> None:
    model = page.open.model
    assert model.data(model.index(0, 0), GROUP) == ("Overdue", "2 instalments · 102,600,000")
    assert model.data(model.index(3, 0), GROUP) == ("Not due", "1 instalment · 5,400,000")
    assert cells(model)[1] == ["Sữa Mây Trắng", "I1", "1 Sep 2026", "16 Oct 2026", "38", "86,400,000", ""]
    assert [model.data(model.index(row, 4), LOOK).tone for row in (1, 2)] == ["danger", "text"]
    assert model.answer.totals == {0: "3 instalments", 5: "108,000,000"}
    assert house.shell.counts["collection"] == 2


def test_the_matrix_adds_up_and_has_a_row_for_the_unknown_payer(qtbot: Any, page: CollectionPage, house: House) -> None:
    view = ageing(qtbot, house, page)
    assert cells(view.model) == [
        ["Sữa Mây Trắng", "–", "–", "86,400,000", "–", "–", "–", "–", "86,400,000", "–", "693"],
        ["Điện máy Kỳ Vân", "–", "16,200,000", "–", "–", "–", "–", "–", "16,200,000", "–", "719"],
        ["<b>Đậm</b> & Con", "5,400,000", "–", "–", "–", "–", "–", "–", "5,400,000", "–", "–"],
        ["Payer unknown", "–", "–", "–", "–", "–", "–", "−7,000,000", "−7,000,000", "–", "–"],
    ]
    QAbstractItemModelTester(view.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    look = view.model.data(view.model.index(0, 3), LOOK)
    assert (look.part, look.part_tone, look.tone) == (1.0, "age2", None)
    assert "31–60 days 86,400,000 80.0%" in view._bar.accessibleName()
    assert view.totals.accessibleName().endswith("−7,000,000; 101,000,000; –")


def test_enter_on_a_cell_opens_the_instalments_of_that_cell(qtbot: Any, page: CollectionPage, house: House) -> None:
    view = ageing(qtbot, house, page)
    view.table.setFocus()
    view.table.setCurrentIndex(view.model.index(0, 1))
    qtbot.keyClick(view.table, Qt.Key.Key_Return)  # nothing is not due: nothing opens
    assert page.switch.chosen() == AGEING
    for _ in range(2):
        qtbot.keyClick(view.table, Qt.Key.Key_Right)
    assert house.shell.selection.startswith("Sữa Mây Trắng · 31–60 days · ₫86,400,000")
    qtbot.keyClick(view.table, Qt.Key.Key_Return)
    settle(qtbot, house)
    work = page.worklist
    assert page.switch.chosen() == WORKLIST and list(work.model.answer.ids) == ["i1-1"]
    assert work._filter.isVisible() and work._filter.accessibleName() == "Sữa Mây Trắng · 31–60 days"
    work.cleared.emit()
    settle(qtbot, house)
    assert len(work.model.answer.ids) == 2 and not work._filter.isVisible()


def test_enter_on_a_cell_of_another_day_opens_what_was_open_then(
    qtbot: Any, page: CollectionPage, house: House
) -> None:
    view = ageing(qtbot, house, page)
    page._date.setDate(QDate(2026, 11, 20))
    settle(qtbot, house)
    view.table.setFocus()
    view.table.setCurrentIndex(view.model.index(0, 3))
    qtbot.keyClick(view.table, Qt.Key.Key_Return)
    settle(qtbot, house)
    assert page.switch.chosen() == OPEN and list(page.open.model.answer.ids) == ["i1-1"]
    page.filter_cleared.emit()
    settle(qtbot, house)
    assert len(page.open.model.answer.ids) == 3 and not page._filter.isVisible()


def test_the_row_of_the_unknown_payer_opens_the_receipts(qtbot: Any, page: CollectionPage, house: House) -> None:
    view = ageing(qtbot, house, page)
    view.cell_opened.emit("", -2)
    settle(qtbot, house)
    assert page.switch.chosen() == RECEIPTS
    assert cells(page.receipts.model) == [
        ["20 Nov 2026", "Payer unknown", "Confirmed", "NGUYEN VAN AN", "CK", "7,000,000", "7,000,000"]
    ]


def test_another_day_counts_everything_anew(qtbot: Any, page: CollectionPage, house: House) -> None:
    view = ageing(qtbot, house, page)
    page.findChild(QDateEdit).setDate(QDate(2026, 10, 17))
    settle(qtbot, house)
    assert cells(view.model)[0][:3] == ["Sữa Mây Trắng", "–", "86,400,000"] and view.model.rowCount() == 2
    page._today_link.click()
    settle(qtbot, house)
    assert view.model.rowCount() == 4


def test_a_receipt_pays_the_oldest_first_and_is_taken_back_as_one(
    qtbot: Any, page: CollectionPage, house: House
) -> None:
    house.add(*invoice("i5", "a", 100_000_000, date(2026, 10, 20), date(2026, 11, 20)))
    page.open.table.setFocus()
    qtbot.keyClick(page.open.table, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, house)
    form = page.form
    assert page.panel_shown() == "receipt" and form.fields.typed_account() == "a"  # the row the keyboard was on
    assert form.fields.editor("amount").inner.hasFocus()
    qtbot.keyClicks(form.fields.editor("amount").inner, "100tr")
    qtbot.waitUntil(lambda: form.shares() == [("i1-1", 86_400_000), ("i5-1", 13_600_000)])
    assert form.remaining() == 0 and "Remaining: ₫0" in said(form)
    qtbot.keyClick(form.fields.editor("amount").inner, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.panel_shown() == "")
    settle(qtbot, house)
    made = [each for each in records(house, "receipt") if each.id != "r0"]
    assert [(each.account, each.amount, each.received_on) for each in made] == [("a", 100_000_000, TODAY)]
    assert {each.instalment: each.amount for each in records(house, "allocation")} == {
        "i1-1": 86_400_000,
        "i5-1": 13_600_000,
    }
    words, undo, _ = house.shell.toasts[-1]
    assert words == "Record a receipt" and "i1-1" not in page.open.model.answer.ids
    undo()
    settle(qtbot, house)
    assert records(house, "allocation") == [] and "i1-1" in page.open.model.answer.ids


def test_a_share_typed_by_hand_stays_and_is_held_to_what_is_open(
    qtbot: Any, page: CollectionPage, house: House
) -> None:
    page.receipt_wanted.emit()
    settle(qtbot, house)
    form, model = page.form, page.form.shares_table
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    qtbot.keyClicks(form.fields.editor("amount").inner, "50tr")
    qtbot.waitUntil(lambda: form.shares() == [("i1-1", 50_000_000)])
    assert not model.setData(model.index(0, 2), "90tr") and "less is open" in said(form)
    assert not model.setData(model.index(0, 2), "chín") and form.shares() == [("i1-1", 50_000_000)]
    assert model.setData(model.index(0, 2), "20tr") and form.remaining() == 30_000_000
    assert "stays as the customer's credit" in said(form)
    qtbot.keyClicks(form.fields.editor("amount").inner, "ieu")  # 50 triệu: the same, and asked anew
    qtbot.waitUntil(lambda: not form._soon.isActive())
    settle(qtbot, house)
    assert form.shares() == [("i1-1", 20_000_000)]
    again = next(link for link in form.findChildren(Link) if link.accessibleName() == "Oldest first")
    again.click()
    settle(qtbot, house)
    assert form.shares() == [("i1-1", 50_000_000)] and not again.isVisible()


def test_more_shares_than_money_cannot_be_recorded(qtbot: Any, page: CollectionPage, house: House) -> None:
    page.receipt_wanted.emit()
    settle(qtbot, house)
    form = page.form
    qtbot.keyClicks(form.fields.editor("amount").inner, "5tr")
    qtbot.waitUntil(lambda: form.shares() == [("i1-1", 5_000_000)])
    form.shares_table.setData(form.shares_table.index(0, 2), "8tr")
    assert not form.save.isEnabled() and "₫3,000,000 too much" in said(form)
    form.commit()
    settle(qtbot, house)
    assert len(records(house, "receipt")) == 1


def test_money_of_an_unknown_payer_is_recorded_without_shares(qtbot: Any, page: CollectionPage, house: House) -> None:
    page.receipt_wanted.emit()
    settle(qtbot, house)
    form = page.form
    form.fields.editor("account").inner.clear()
    qtbot.keyClicks(form.fields.editor("amount").inner, "3tr")
    qtbot.waitUntil(lambda: "Payer unknown" in said(form) and form.save.isEnabled())
    form.commit()
    qtbot.waitUntil(lambda: page.panel_shown() == "")
    assert sorted((each.account, each.amount) for each in records(house, "receipt")) == [
        ("", 3_000_000),
        ("", 7_000_000),
    ]


def test_an_older_receipt_pays_later(qtbot: Any, page: CollectionPage, house: House) -> None:
    house.add(Receipt(id="r1", account="b", received_on=date(2026, 11, 21), amount=10_000_000, reference="FT1"))
    page.show_view(RECEIPTS)
    settle(qtbot, house)
    page.receipts.place.show("r1")
    page.receipts.table.setFocus()
    qtbot.keyClick(page.receipts.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.receipt.shown_id == "r1" and page.receipt.buttons[ALLOCATE].hasFocus())
    qtbot.keyClick(page.receipt.buttons[ALLOCATE], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.form.shares() == [("i2-1", 10_000_000)])
    assert not page.form.fields.editor("amount").inner.isEnabled()
    qtbot.waitUntil(page.form.table.hasFocus)
    qtbot.keyClick(page.form.table, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, house)
    found = records(house, "allocation")
    assert [(each.receipt, each.instalment, each.amount) for each in found] == [("r1", "i2-1", 10_000_000)]
    page.receipts.table.opened.emit(page.receipts.model.index(0, 0))  # nobody knows whose money the other one is
    settle(qtbot, house)
    assert page.panel_shown() == "money" and list(page.receipt.buttons) == [NAME, REJECT]


def test_one_invoice_shows_what_was_laid_against_it_and_takes_it_back(
    qtbot: Any, page: CollectionPage, house: House
) -> None:
    house.add(
        Receipt(id="r1", account="a", received_on=TODAY, amount=6_400_000, reference="FT<i>9</i>"),
        Allocation(id="x", instalment="i1-1", receipt="r1", amount=6_400_000, allocated_on=TODAY),
    )
    page.open_place("i1")
    settle(qtbot, house)
    words = said(page.invoice)
    assert page.panel_shown() == "invoice" and "₫80,000,000" in words and "Receipt FT<i>9</i>" in words
    assert "due 16 Oct 2026, 38 days overdue" in words
    back = next(link for link in page.invoice.findChildren(Link) if link.accessibleName() == "Take back")
    back.click()
    settle(qtbot, house)
    qtbot.waitUntil(lambda: "₫86,400,000" in said(page.invoice) and "Taken back: Receipt" in said(page.invoice))
    assert house.shell.toasts[-1][0] == "Take back an allocation"
    page.open.table.setFocus()
    qtbot.keyClick(page.open.table, Qt.Key.Key_Escape)
    assert page.panel_shown() == ""


def test_places_lead_to_what_hangs_on_an_invoice_and_to_a_customer(
    qtbot: Any, page: CollectionPage, house: House
) -> None:
    page.open_place("i2-1")
    settle(qtbot, house)
    assert page.invoice.shown_id == "i2"
    page.open_place("account:b")
    settle(qtbot, house)
    assert list(page.open.model.answer.ids) == ["i2-1"]
    page.open_place("r0")
    settle(qtbot, house)
    assert page.switch.chosen() == RECEIPTS
    page.open_place("nothing of that name")
    settle(qtbot, house)
    assert page.switch.chosen() == RECEIPTS


def test_how_many_rest_on_the_default_term_is_said(qtbot: Any, house: House) -> None:
    house.add(account("a", "Sữa"), *invoice("i1", "a", 1_000_000, date(2026, 9, 1)))
    house.store.remember({OPENING_PENDING: "[1, 2]"})
    page = shown(qtbot, house)
    page.show_view(OPEN)
    settle(qtbot, house)
    assert "1 instalment rests on the default term" in said(page)
    assert cells(page.open.model)[0][-1] == "default term"
    assert "Payments are not entered yet" in said(page)


def test_without_invoices_the_page_leads_to_the_import(qtbot: Any, house: House) -> None:
    page = shown(qtbot, house)
    assert "There are no invoices yet." in said(page)
    page.import_wanted.emit()
    assert house.shell.shown == [("importing", "")]


def dialog(qtbot: Any, page: CollectionPage) -> FormDialog:
    """The small form that is open over the page."""
    qtbot.waitUntil(lambda: any(each.isVisible() for each in page.findChildren(FormDialog)))
    return next(each for each in page.findChildren(FormDialog) if each.isVisible())


def money(qtbot: Any, page: CollectionPage, house: House, key: str) -> None:
    page.show_view(RECEIPTS)
    settle(qtbot, house)
    page.receipts.table.opened.emit(page.receipts.model.index(page.receipts.model.answer.ids.index(key), 0))
    qtbot.waitUntil(lambda: page.receipt.shown_id == key)
    settle(qtbot, house)


def links(widget: Any) -> dict[str, Link]:
    return {each.accessibleName(): each for each in widget.findChildren(Link) if each.isVisible()}


def words_in(widget: Any) -> str:
    return " | ".join(each.text() for each in widget.findChildren(QLabel) if each.isVisible())


def test_a_reported_receipt_stands_beside_the_balance_until_it_is_confirmed(qtbot: Any, house: House) -> None:
    house.add(Firm(id=FIRM_ID, legal_name="F", confirmation_begins_on=date(2026, 11, 1)), *firm_of_three())
    house.add(Receipt(id="r1", account="b", received_on=date(2026, 11, 21), amount=10_000_000, reference="FT1"))
    page = shown(qtbot, house)
    view = ageing(qtbot, house, page)
    row = next(at for at in range(view.model.rowCount()) if view.model.shown.rows[at].account == "b")
    assert view.model.shown.rows[row].reported == 10_000_000 and view.model.shown.rows[row].balance == 16_200_000
    assert "10,000,000 reported" in view.model.data(view.model.index(row, 0), Qt.ItemDataRole.AccessibleTextRole)
    assert "10,000,000 reported" in view.model.data(view.model.index(row, 0), Qt.ItemDataRole.AccessibleTextRole)
    money(qtbot, page, house, "r1")
    assert list(page.receipt.buttons) == [CONFIRM, ALLOCATE, REJECT] and cells(page.receipts.model)[0][2] == "Reported"
    qtbot.keyClick(page.receipt.buttons[CONFIRM], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: CONFIRM not in page.receipt.buttons)
    settle(qtbot, house)
    assert cells(page.receipts.model)[0][2] == "Confirmed"
    told, undo, _ = house.shell.toasts[-1]
    assert told == "Confirm a receipt" and undo is not None
    undo()
    qtbot.waitUntil(lambda: CONFIRM in page.receipt.buttons)


def test_a_receipt_is_rejected_for_a_reason_and_stays_among_all_receipts(
    qtbot: Any, page: CollectionPage, house: House
) -> None:
    money(qtbot, page, house, "r0")
    page.receipt.buttons[REJECT].click()
    form = dialog(qtbot, page).form
    form.entered.emit()
    settle(qtbot, house)
    qtbot.waitUntil(lambda: "Say why the receipt is rejected." in words_in(form))
    assert not records(house, "receipt_decision")
    form.editor("reason").set_value("Not on the statement")
    form.editor("reason").typed.emit()
    form.entered.emit()
    qtbot.waitUntil(lambda: len(records(house, "receipt_decision")) == 1)
    settle(qtbot, house)
    assert page.receipts.model.answer.ids == []
    page.show_receipts_of_all()
    settle(qtbot, house)
    assert [row[2] for row in cells(page.receipts.model)] == ["Rejected"]
    qtbot.waitUntil(lambda: "Not on the statement" in words_in(page.receipt))
    assert not page.receipt.buttons


def test_the_payer_is_named_and_the_receipt_entered_again(qtbot: Any, page: CollectionPage, house: House) -> None:
    money(qtbot, page, house, "r0")
    page.receipt.buttons[NAME].click()
    form = dialog(qtbot, page).form
    form.editor("account").set_value(("b", "Công ty TNHH Điện máy Kỳ Vân"))
    form.editor("account").typed.emit()
    form.entered.emit()
    qtbot.waitUntil(lambda: len(records(house, "receipt")) == 2)
    settle(qtbot, house)
    assert {each.account for each in records(house, "receipt")} == {"", "b"}
    assert [row[1] for row in cells(page.receipts.model)] == ["Điện máy Kỳ Vân"]


def test_the_context_menu_has_the_verbs_of_a_receipt(qtbot: Any, page: CollectionPage, house: House) -> None:
    page.show_view(RECEIPTS)
    settle(qtbot, house)
    page.receipts.place.show("r0")
    table = page.receipts.table
    table.customContextMenuRequested.emit(table.visualRect(table.currentIndex()).center())
    menu = next(each for each in page.findChildren(QMenu) if each.isVisible())
    assert [each.text() for each in menu.actions()] == ["Name the payer…", "Reject…"]
    menu.close()


def test_papers_are_confirmed_and_taken_back(qtbot: Any, page: CollectionPage, house: House) -> None:
    house.add(
        Invoice(id="w", account="a", number="W", issued_on=date(2026, 11, 2), net=1_000_000, total=1_000_000),
        Instalment(id="w-1", invoice="w", place=1, amount=1_000_000, from_papers=True),
    )
    page.open_place("w")
    qtbot.waitUntil(lambda: page.invoice.shown_id == "w")
    settle(qtbot, house)
    qtbot.waitUntil(lambda: "1,000,000 has no due date" in words_in(page.invoice))
    links(page.invoice)["Papers confirmed…"].click()
    form = dialog(qtbot, page).form
    for name, value in (("confirmed_by", "Ngô Thị Ánh Tuyết"), ("evidence", "BB-17")):
        form.editor(name).set_value(value)
        form.editor(name).typed.emit()
    form.entered.emit()
    qtbot.waitUntil(lambda: len(records(house, "documents_confirmed")) == 1)
    settle(qtbot, house)
    qtbot.waitUntil(lambda: "Ngô Thị Ánh Tuyết · BB-17" in words_in(page.invoice))
    assert "23 Nov 2026" in words_in(page.invoice) and "not confirmed yet" not in words_in(page.invoice)
    links(page.invoice)["Take back"].click()
    qtbot.waitUntil(lambda: "Papers confirmed…" in links(page.invoice))


def test_a_promise_is_made_replaced_and_withdrawn(qtbot: Any, page: CollectionPage, house: House) -> None:
    page.open_place("i1")
    qtbot.waitUntil(lambda: page.invoice.shown_id == "i1")
    settle(qtbot, house)
    qtbot.waitUntil(lambda: "Nobody promised anything yet." in words_in(page.invoice))
    links(page.invoice)["Promise to pay…"].click()
    form = dialog(qtbot, page).form
    assert form.editor("amount").value() == 86_400_000 and form.editor("contact").value() == "p"
    form.editor("pay_on").set_value(date(2026, 11, 30))
    form.editor("pay_on").typed.emit()
    form.entered.emit()
    qtbot.waitUntil(lambda: len(records(house, "promise_to_pay")) == 1)
    settle(qtbot, house)
    qtbot.waitUntil(lambda: "86,400,000 by 30 Nov 2026" in words_in(page.invoice))
    links(page.invoice)["Replace…"].click()
    form = dialog(qtbot, page).form
    form.editor("pay_on").set_value(date(2026, 12, 10))
    form.editor("pay_on").typed.emit()
    form.entered.emit()
    qtbot.waitUntil(lambda: len(records(house, "promise_to_pay")) == 2)
    settle(qtbot, house)

    def states() -> set[str]:
        return {each.accessibleName() for each in page.invoice.findChildren(Pill) if each.isVisible()}

    qtbot.waitUntil(lambda: {"Promised", "Replaced"} <= states())
    links(page.invoice)["Withdraw"].click()
    qtbot.waitUntil(lambda: len(records(house, "promise_to_pay")) == 3)
    settle(qtbot, house)
    assert house.shell.toasts[-1][1] is not None
    qtbot.waitUntil(lambda: "Taken back" in states())
    assert "Withdraw" not in links(page.invoice)
