"""What is typed in the collections and never saved is there again in another window."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.last_place import KeepsDraft, form_of
from kam_desktop.ui.pages.collection.controller import CollectionController
from kam_desktop.ui.pages.collection.outcome import OutcomeDialog
from kam_desktop.ui.pages.collection.page import RECEIPTS, CollectionPage
from tests.ui.conftest import House, firm_of_three, invoice
from tests.ui.test_collection_page import LATE_RECEIPT, records, settle, shown


@pytest.fixture
def page(qtbot: Any, house: House) -> CollectionPage:
    house.add(*firm_of_three(), LATE_RECEIPT)
    return shown(qtbot, house)


def controller(page: CollectionPage) -> CollectionController:
    return next(each for each in page.children() if isinstance(each, CollectionController))


def drafts(house: House) -> dict[str, str]:
    rows = house.read(lambda reader: reader.sql("select key, value from draft"))
    return {str(key): str(value) for key, value in rows}


def typed(qtbot: Any, house: House, form: RecordForm, **texts: str) -> None:
    for name, text in texts.items():
        editor: Any = form.editor(name)
        (getattr(editor.inner, "setText", None) or editor.inner.setPlainText)(text)
        editor.typed.emit()
    qtbot.waitUntil(lambda: form.draft_key() in drafts(house))
    settle(qtbot, house)


def again(qtbot: Any, house: House, page: CollectionPage, key: str) -> CollectionPage:
    """Another window over the same store, in which that editor is brought up."""
    page.hide()
    other = shown(qtbot, house)
    assert controller(other).reopen(key)
    settle(qtbot, house)
    settle(qtbot, house)
    return other


def dialog(page: CollectionPage) -> Any:
    return next(each for each in page.findChildren(FormDialog) if each.isVisible())


def test_a_receipt_with_its_shares(qtbot: Any, page: CollectionPage, house: House) -> None:
    page.invoice.receipt_wanted.emit("a")
    settle(qtbot, house)
    fields = page.form.fields
    QAbstractItemModelTester(page.form.shares_table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    typed(qtbot, house, fields, amount="50000000", payer="CTY SUA MAY TRANG")
    qtbot.waitUntil(lambda: bool(page.form.shares_table.lines))
    settle(qtbot, house)
    page.form._on_typed(0, "12.000.000".replace(".", ","))  # in the cell that is open, letter by letter
    qtbot.waitUntil(lambda: "12000000" in drafts(house).get(fields.draft_key(), ""))
    other = again(qtbot, house, page, fields.draft_key())
    form = other.form
    qtbot.waitUntil(lambda: [line.amount for line in form.shares_table.lines] == [12_000_000])
    assert form.fields.editor("payer").raw() == "CTY SUA MAY TRANG" and form.remaining() == 38_000_000
    assert isinstance(form, KeepsDraft) and form_of(form.table) is form and form.field_of(form.table) == "shares"
    form.commit()
    qtbot.waitUntil(lambda: other.panel_shown() == "")
    settle(qtbot, house)
    assert [each.amount for each in records(house, "allocation")] == [12_000_000] and not drafts(house)


def test_an_older_receipt_keeps_its_shares(qtbot: Any, page: CollectionPage, house: House) -> None:
    page.receipt.deed_wanted.emit("name", "r0")
    settle(qtbot, house)
    form = dialog(page).form
    assert form.draft_key() == "receipt:new:payer r0"
    dialog(page).reject()
    controller(page).reopen("receipt:r0")
    settle(qtbot, house)
    assert page.switch.chosen() == RECEIPTS and page.panel_shown() != "receipt", "nobody said whose money it is"


@pytest.mark.parametrize(
    ("wanted", "name", "text"),
    [
        (lambda page: page.invoice.promise_wanted.emit("i1", ""), "remark", "sau Tết"),
        (lambda page: page.invoice.papers_wanted.emit("i1"), "evidence", "biên bản số 7"),
        (lambda page: page.receipt.deed_wanted.emit("reject", "r0"), "reason", "không thấy trên sao kê"),
    ],
)
def test_what_is_asked_in_dialogs(
    qtbot: Any, page: CollectionPage, house: House, wanted: Any, name: str, text: str
) -> None:
    wanted(page)
    qtbot.waitUntil(lambda: any(each.isVisible() for each in page.findChildren(FormDialog)))
    settle(qtbot, house)
    first = dialog(page)
    typed(qtbot, house, first.form, **{name: text})
    first.reject()  # Esc leaves the draft
    other = again(qtbot, house, page, first.form.draft_key())
    qtbot.waitUntil(lambda: any(each.isVisible() for each in other.findChildren(FormDialog)))
    settle(qtbot, house)
    assert dialog(other).form.editor(name).raw() == text


def test_what_came_of_a_reminder(qtbot: Any, page: CollectionPage, house: House) -> None:
    def opened(of: CollectionPage) -> Any:
        found = [each for each in of.findChildren(OutcomeDialog) if each.isVisible()]
        return found[0] if found else None

    page.invoice.outcome_wanted.emit("i1")
    qtbot.waitUntil(lambda: opened(page) is not None)
    settle(qtbot, house)
    form = opened(page).form
    form.choices["outcome"].choose("promised")
    form.choices["outcome"].activated.emit(0)
    typed(qtbot, house, form, amount="40,000,000", remark="trả một phần")
    opened(page).reject()
    other = again(qtbot, house, page, form.draft_key())
    qtbot.waitUntil(lambda: opened(other) is not None)
    settle(qtbot, house)
    back = opened(other).form
    assert back.choices["outcome"].key() == "promised" and back.editor("remark").raw() == "trả một phần"
    assert back.editor("amount").value() == 40_000_000 and back.editor("amount").isVisible()
    opened(other)._save()
    qtbot.waitUntil(lambda: opened(other) is None)
    assert not drafts(house) and [each.amount for each in records(house, "promise_to_pay")] == [40_000_000]
    assert QApplication.activeModalWidget() is None


def test_the_memo_of_the_bank_names_the_invoice(qtbot: Any, page: CollectionPage, house: House) -> None:
    house.add(*invoice("i9001", "a", 10_000_000, date(2026, 10, 1), date(2026, 11, 1)))
    page.invoice.receipt_wanted.emit("a")
    settle(qtbot, house)
    form = page.form
    typed(qtbot, house, form.fields, amount="12,000,000")
    qtbot.waitUntil(lambda: [line.amount for line in form.shares_table.lines] == [12_000_000, 0])
    typed(qtbot, house, form.fields, reference="tt hd I9001")
    qtbot.waitUntil(lambda: [line.amount for line in form.shares_table.lines] == [1_200_000, 10_800_000])
