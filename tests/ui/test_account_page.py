"""The accounts page: list by class, filters, panel, form, contacts, interactions, archive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit

from kam_desktop.domain.entities import LOCAL_PERSON_ID, Account, Activity, Contact, Occasion, Person
from kam_desktop.domain.entities.task import Task
from kam_desktop.domain.query import Query
from kam_desktop.ui import reaching, theme
from kam_desktop.ui.duplicates import MergeDialog
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.cells import GROUP, LOOK
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.pages.account.controller import AccountController
from kam_desktop.ui.pages.account.hand_over import HandOverDialog
from kam_desktop.ui.pages.account.page import AccountPage
from kam_desktop.ui.sync_agent import Now
from tests.ui.conftest import House, account, firm_of_three


@pytest.fixture
def page(qtbot: Any, house: House) -> AccountPage:
    """The page over three customers, at rest."""
    house.add(*firm_of_three())
    made = AccountController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1146), theme.px(720))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    settle(qtbot, house)
    return made


def settle(qtbot: Any, house: House) -> None:
    qtbot.waitUntil(house.background.is_idle)


def texts(page: AccountPage) -> list[list[str]]:
    """All rows as shown, heads as their title."""
    model = page.list.model
    found = []
    for row in range(model.rowCount()):
        head = model.data(model.index(row, 0), GROUP)
        found.append(list(head) if head else [model.data(model.index(row, column)) for column in range(6)])
    return found


def test_the_list_is_grouped_by_class_with_revenue_share_overdue_and_days(page: AccountPage, house: House) -> None:
    assert texts(page) == [
        ["Tier A", "1 account · 80.0% of revenue"],
        ["Sữa Mây Trắng", "80,000,000", "80.0", "86,400,000", "38", "–"],
        ["Tier B", "1 account · 15.0% of revenue"],
        ["Điện máy Kỳ Vân", "15,000,000", "15.0", "16,200,000", "12", "–"],
        ["Tier C", "1 account · 5.0% of revenue"],
        ["<b>Đậm</b> & Con", "5,000,000", "5.0", "–", "", "–"],
    ]
    assert page.list.model.answer.totals == {0: "3 accounts", 1: "100,000,000", 3: "102,600,000"}
    assert page.list.count.text() == "3"


def test_overdue_is_red_beyond_thirty_days_only(page: AccountPage) -> None:
    model = page.list.model
    looks = [model.data(model.index(row, 3), LOOK) for row in (1, 3, 5)]
    assert [(look.tone, look.strong) for look in looks] == [("danger", True), (None, True), (None, False)]


def test_the_first_row_is_current_and_the_panel_shows_it(qtbot: Any, page: AccountPage, house: House) -> None:
    said = [label.text() for label in page.list.peek.findChildren(QLabel) if label.isVisible()]
    said += [button.accessibleName() for button in page.list.peek.findChildren(QAbstractButton)]
    for words in ("Sữa Mây Trắng", "Overdue · 38 days", "₫86,400,000", "Call Ngô Thị Ánh Tuyết · 0912 345 678"):
        assert any(words in text for text in said), (words, said)


def test_the_search_needs_no_accents_and_says_when_nothing_fits(qtbot: Any, page: AccountPage, house: House) -> None:
    page.list.searched.emit("dien may")
    settle(qtbot, house)
    assert [page.list.model.id_at(row) for row in range(page.list.model.rowCount())] == ["", "b"]
    page.list.searched.emit("không có")
    settle(qtbot, house)
    assert page.list._stack.currentIndex() == 2
    page.list.cleared.emit()
    settle(qtbot, house)
    assert len(page.list.model.answer.ids) == 3 and page.list._stack.currentIndex() == 0


def test_filters_and_grouping(qtbot: Any, page: AccountPage, house: House) -> None:
    page.list._on_filter("overdue")
    settle(qtbot, house)
    assert list(page.list.model.answer.ids) == ["a"]
    page.list._on_filter("")
    page.list._on_group("")
    settle(qtbot, house)
    assert list(page.list.model.answer.groups) == [] and len(page.list.model.answer.ids) == 3
    page.list.model.sort(0)
    settle(qtbot, house)
    assert list(page.list.model.answer.ids) == ["c", "b", "a"]  # Đậm, Điện, Sữa


def test_enter_opens_the_row_and_ctrl_n_begins_one(qtbot: Any, page: AccountPage, house: House) -> None:
    page.list.table.setFocus()
    qtbot.keyClick(page.list.table, Qt.Key.Key_Return)
    qtbot.keyClick(page.list.table, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert house.shell.shown == [("account", "a"), ("account", "new")]


def test_the_page_of_one_customer_is_made_bit_by_bit_while_the_list_is_read(
    qtbot: Any, page: AccountPage, house: House
) -> None:
    qtbot.waitUntil(lambda: "detail" in vars(page) and not page._ahead.isActive())
    made = page.detail
    assert page.currentWidget() is page.list and made._stack.count() == 7 and page.count() == 2
    page.open_place("b")
    settle(qtbot, house)
    assert page.detail is made and page.currentWidget() is made and made.form.record.id == "b"
    page.list.model.answered.emit()
    assert not page._ahead.isActive()  # nothing is left to be made


def test_a_customer_who_is_wanted_before_that_comes_at_once(qtbot: Any, house: House) -> None:
    house.add(*firm_of_three())
    made = AccountController(house.desk).page
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, house)
    made._on_ahead()  # the frame and one tab are there
    made._on_ahead()
    made.open_place("b")
    settle(qtbot, house)
    assert made.currentWidget() is made.detail and made.detail._stack.count() == 7
    assert not made.detail.make_part()


def test_an_opened_account_is_edited_in_its_form(qtbot: Any, page: AccountPage, house: House) -> None:
    page.open_place("a")
    settle(qtbot, house)
    assert page.currentWidget() is page.detail
    page.detail.show_tab("details")
    name = page.detail.form.editor("short_name").inner
    name.setFocus()
    name.selectAll()
    name.insert("Mây")
    qtbot.keyClick(name, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Account, "a")).short_name == "Mây")
    settle(qtbot, house)
    page.open_place("")
    qtbot.waitUntil(lambda: texts(page)[1][0] == "Mây")  # the list heard of it too


def test_at_a_shared_server_the_owner_changes_by_handing_over_only(qtbot: Any, page: AccountPage, house: House) -> None:
    page.open_place("b")
    settle(qtbot, house)
    page.detail.show_tab("details")
    form = page.detail.form
    owner = form.editor("owner").inner
    assert owner.isEnabled() and not form.hand_over.isVisible()  # alone, it is a field like others
    agent = SimpleNamespace(now=Now(connected=True, may_hand_over=False))
    house.desk.agent.append(agent)
    page.open_place("a")
    settle(qtbot, house)
    page.detail.show_tab("details")
    assert not owner.isEnabled() and not form.hand_over.isVisible()
    assert owner.accessibleDescription() == "Team leads and managers hand a customer over."
    agent.now = Now(connected=True, may_hand_over=True)
    page.open_place("b")
    settle(qtbot, house)
    page.detail.show_tab("details")
    assert not owner.isEnabled() and form.hand_over.isVisible() and not owner.accessibleDescription()
    form.hand_over.click()
    settle(qtbot, house)
    dialog = page.findChild(HandOverDialog)
    assert dialog is not None
    dialog.reject()
    page.open_place("new")
    assert owner.isEnabled() and not form.hand_over.isVisible()  # whose it is to be is said when it is made


def test_a_new_account_is_made_with_ctrl_enter_and_opened(qtbot: Any, page: AccountPage, house: House) -> None:
    page.open_place("new")
    settle(qtbot, house)
    name = page.detail.form.editor("name").inner
    assert name.hasFocus()
    qtbot.keyClicks(name, "Hoang Vinh")
    qtbot.keyClick(name, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(house.shell.shown))
    key, identity = house.shell.shown[0]
    assert key == "account" and house.read(lambda reader: reader.get(Account, identity)).name == "Hoang Vinh"


def test_a_twin_is_warned_of_and_saved_all_the_same(qtbot: Any, page: AccountPage, house: House) -> None:
    page.open_place("new")
    settle(qtbot, house)
    form = page.detail.form
    form.editor("name").set_raw("Cty Điện máy Kỳ Vân")
    form.commit()
    qtbot.waitUntil(lambda: any(tone == "warning" for _, _, tone in house.shell.toasts))
    assert house.read(lambda reader: reader.count(Query("account"))) == 4


def test_an_interaction_is_logged_with_ctrl_l(qtbot: Any, page: AccountPage, house: House) -> None:
    page.list.table.setFocus()
    qtbot.keyClick(page.list.table, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    dialog = page.findChild(FormDialog)
    assert dialog is not None and dialog.isVisible()
    settle(qtbot, house)
    dialog.form.editor("subject").set_raw("Gọi chị Tuyết")
    subject = dialog.form.editor("subject").inner
    qtbot.keyClick(subject, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.count(Query("activity"))) == 1)
    settle(qtbot, house)
    saved = house.read(lambda reader: reader.all(Query("activity")))[0]
    assert isinstance(saved, Activity) and (saved.account, saved.subject, saved.kind) == ("a", "Gọi chị Tuyết", "call")
    qtbot.waitUntil(lambda: texts(page)[1][5] == "23 Nov")


def test_the_contact_of_an_interaction_is_one_of_the_customers_own(qtbot: Any, page: AccountPage, house: House) -> None:
    house.add(Contact(id="q", account="b", full_name="Ngô Ánh Khác"))
    page.list.peek.interaction_wanted.emit()
    dialog = page.findChild(FormDialog)
    assert dialog is not None
    editor = dialog.form.editor("contact")
    dialog.form.asked.emit("contact", "anh")
    qtbot.waitUntil(lambda: [title for _, title in editor._offered] == ["Ngô Thị Ánh Tuyết"])  # type: ignore[attr-defined]


def test_a_contact_is_added_and_changed(qtbot: Any, page: AccountPage, house: House) -> None:
    page.open_place("b")
    settle(qtbot, house)
    page.detail.contact_wanted.emit("")
    dialog = page.findChild(FormDialog)
    assert dialog is not None
    dialog.form.editor("full_name").set_raw("Lý Hải Đường")
    dialog._save()
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.count(Query("contact"))) == 2)
    settle(qtbot, house)
    qtbot.waitUntil(lambda: page.findChild(FormDialog) is None)
    page.detail.contact_wanted.emit("p")
    settle(qtbot, house)
    changing = page.findChild(FormDialog)
    assert changing is not None and changing.form.record == house.read(lambda reader: reader.get(Contact, "p"))
    position = changing.form.editor("position").inner
    position.setFocus()
    qtbot.keyClicks(position, "Director")
    qtbot.keyClick(position, Qt.Key.Key_Tab)  # one field is left and saved; the dialog stays
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Contact, "p")).position == "Director")
    settle(qtbot, house)
    assert changing.isVisible()
    changing._save()
    qtbot.waitUntil(lambda: page.findChild(FormDialog) is None)


def test_the_sort_and_its_arrow_are_there_again(qtbot: Any, page: AccountPage, house: House) -> None:
    head = page.list.table.horizontalHeader()
    page.list._on_group("")
    head.sectionClicked.emit(3)  # overdue: the largest first
    settle(qtbot, house)
    assert list(page.list.model.answer.ids) == ["a", "b", "c"]
    head.sectionClicked.emit(3)
    settle(qtbot, house)
    assert list(page.list.model.answer.ids) == ["c", "b", "a"]
    qtbot.waitUntil(lambda: "layout.account" in house.desk.remembered)
    again = AccountController(house.desk).page
    qtbot.addWidget(again)
    again.show()
    settle(qtbot, house)
    assert again.list.model.order == ("overdue", False)
    assert again.list.table.horizontalHeader().sortIndicatorSection() == 3


def test_archiving_takes_out_of_the_list_and_undo_brings_back(qtbot: Any, page: AccountPage, house: House) -> None:
    page.open_place("c")
    settle(qtbot, house)
    page.detail.archive_wanted.emit(True)
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Account, "c")).archived)
    settle(qtbot, house)
    page.open_place("")
    qtbot.waitUntil(lambda: list(page.list.model.answer.ids) == ["a", "b"])
    undo = house.shell.toasts[-1][1]
    assert undo is not None
    undo()
    qtbot.waitUntil(lambda: len(page.list.model.answer.ids) == 3)


def test_a_hidden_page_asks_only_when_it_is_seen_again(qtbot: Any, page: AccountPage, house: House) -> None:
    page.hide()
    with house.store.edit("x") as uow:
        uow.add(account("d", "Mới"))
    house.background.feed.published.emit(uow.change_set)
    settle(qtbot, house)
    assert len(page.list.model.answer.ids) == 3
    page.show()
    qtbot.waitUntil(lambda: len(page.list.model.answer.ids) == 4)


def test_an_empty_profile_says_what_to_do(qtbot: Any, house: House) -> None:
    made = AccountController(house.desk).page
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, house)
    assert made.list._stack.currentIndex() == 1


def test_markup_in_a_name_is_shown_as_it_is(qtbot: Any, page: AccountPage, house: House) -> None:
    page.list.place.show("c")
    settle(qtbot, house)
    page.open_place("c")
    settle(qtbot, house)
    for label in page.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText


def test_models_of_the_page_keep_qts_contract(page: AccountPage, qtmodeltester: Any) -> None:
    qtmodeltester.check(page.list.model)


def test_the_page_is_as_it_was_after_it_is_built_again(qtbot: Any, page: AccountPage, house: House) -> None:
    page.list.search.edit.setText("may")
    again = AccountController(house.desk).page
    qtbot.addWidget(again)
    again.remember(page.remembered())
    again.show()
    settle(qtbot, house)
    assert again.list.search.edit.text() == "may" and len(again.list.model.answer.ids) == 2


def test_near_days_leave_out_the_year_of_today(dressed: None) -> None:
    from kam_desktop.ui.pages.account.page import near_day

    assert near_day(date(2026, 11, 19), date(2026, 11, 23)) == "19 Nov"
    assert near_day(date(2025, 11, 19), date(2026, 11, 23)) == "19 Nov 2025"


def test_the_overview_shows_money_time_line_and_side_column(qtbot: Any, page: AccountPage, house: House) -> None:
    house.add(
        Activity(id="t", account="a", kind="note", at=datetime(2026, 11, 20, 3, tzinfo=UTC), subject="Ghi chú",
                 said="Có thể bớt 3 %"),
        Task(id="k", account="a", subject="Chốt đề xuất", due_on=date(2026, 11, 25)),
        Occasion(id="o", account="a", name="Ngày ký hợp đồng", happens_on=date(2024, 12, 1)),
    )  # fmt: skip
    page.open_place("a")
    settle(qtbot, house)
    overview = page.detail.overview
    assert page.detail.tab() == "overview"
    assert (
        "Money received: –" in overview.figures.accessibleName()
        and "Overdue: 86,400,000" in overview.figures.accessibleName()
    )
    model = overview.timeline.model
    assert [model.id_at(row) for row in range(model.rowCount())] == ["activity:t", "invoice:i1"]
    assert "Có thể bớt 3 %" in model.data(model.index(0, 0)) and model.row_value("activity:t").private
    said = [each.accessibleName() for each in overview.side.findChildren(QAbstractButton)]
    for words in ("Done: Chốt đề xuất", "Call Ngô Thị Ánh Tuyết · 0912 345 678", "Ngày ký hợp đồng · 2 years"):
        assert words in said, said


def test_a_task_is_ticked_in_the_side_column_and_undo_opens_it_again(
    qtbot: Any, page: AccountPage, house: House
) -> None:
    house.add(Task(id="k", account="a", subject="Chốt đề xuất", due_on=date(2026, 11, 25)))
    page.open_place("a")
    settle(qtbot, house)
    side = page.detail.overview.side
    tick = next(each for each in side.findChildren(QAbstractButton) if each.accessibleName() == "Done: Chốt đề xuất")
    tick.setFocus()
    qtbot.keyClick(tick, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Task, "k")).done_on == date(2026, 11, 23))
    settle(qtbot, house)
    undo = house.shell.toasts[-1][1]
    assert undo is not None
    undo()
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Task, "k")).done_on is None)


def test_the_filter_of_the_time_line_and_opening_a_row(qtbot: Any, page: AccountPage, house: House) -> None:
    page.open_place("a")
    settle(qtbot, house)
    timeline = page.detail.overview.timeline
    timeline.filters.choose("talks")
    timeline.filter_chosen.emit("talks")
    settle(qtbot, house)
    assert timeline.model.rowCount() == 0
    timeline.filter_chosen.emit("money")
    settle(qtbot, house)
    timeline.view.setFocus()
    qtbot.keyClick(timeline.view, Qt.Key.Key_Return)
    assert house.shell.shown[-1] == ("collection", "i1")


def test_ctrl_tab_walks_the_tabs_and_they_hold_their_rows(qtbot: Any, page: AccountPage, house: House) -> None:
    page.open_place("a")
    settle(qtbot, house)
    detail = page.detail
    detail.overview.timeline.view.setFocus()
    seen = []
    for _ in range(7):
        qtbot.keyClick(detail.focusWidget() or detail, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
        seen.append(detail.tab())
    assert seen == ["people", "proposals", "money", "tasks", "history", "details", "overview"]
    assert detail.people.model.row_value("p").texts[:3] == ("Ngô Thị Ánh Tuyết", "", "0912 345 678")
    assert detail.invoices.model.row_value("i1").texts[:3] == ("I1", "86,400,000", "38")
    assert detail.tabs._options["people"].count == "1" and detail.tabs._options["tasks"].count == ""


def test_an_occasion_is_added_and_deleted(qtbot: Any, page: AccountPage, house: House) -> None:
    page.open_place("a")
    settle(qtbot, house)
    page.detail.overview.side.occasion_wanted.emit("")
    dialog = page.findChild(FormDialog)
    assert dialog is not None
    dialog.form.editor("name").set_raw("Khai trương")
    dialog.form.editor("happens_on").set_raw("01/12/2026")
    dialog._save()
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.count(Query("occasion"))) == 1)
    settle(qtbot, house)
    qtbot.waitUntil(lambda: page.findChild(FormDialog) is None)
    key = house.read(lambda reader: reader.all(Query("occasion")))[0].id
    page.detail.overview.side.occasion_wanted.emit(key)
    settle(qtbot, house)
    again = page.findChild(FormDialog)
    assert again is not None
    remove = next(each for each in again.findChildren(QAbstractButton) if each.accessibleName() == "Delete")
    remove.click()
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.count(Query("occasion"))) == 0)


def test_only_telephone_mail_and_zalo_leave_the_program() -> None:
    assert reaching.address("phone", "0912 345 678") == "tel:+84912345678"
    assert reaching.address("zalo", "0912.345.678") == "https://zalo.me/0912345678"
    assert reaching.address("mail", "tuyet@maytrang.vn") == "mailto:tuyet@maytrang.vn"
    for kind, value in (
        ("mail", "a@b.vn?bcc=x@y.vn"),
        ("mail", "javascript:alert(1)"),
        ("phone", "x"),
        ("zalo", "me/../x"),
    ):
        assert reaching.address(kind, value) == ""
    for url in ("file:///etc/passwd", "https://example.com/1", "http://zalo.me/1", "https://u:p@zalo.me/1"):
        assert not reaching.allowed(QUrl(url))


def test_the_log_opens_in_the_subject_takes_its_kind_by_key_and_the_next_step(
    qtbot: Any, page: AccountPage, house: House
) -> None:
    page.open_place("a")
    settle(qtbot, house)
    page.detail.show_tab("people")
    page.detail.people.place.show("p")
    page.detail.interaction_wanted.emit()
    dialog = page.findChild(FormDialog)
    assert dialog is not None
    subject = dialog.form.editor("subject").inner
    qtbot.waitUntil(subject.hasFocus)
    settle(qtbot, house)
    qtbot.keyClicks(subject, "Hop")
    qtbot.keyClick(subject, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    dialog.form.step.editor.set_raw("Gửi báo giá")
    dialog.form.step_on.editor.set_raw("25/11")
    qtbot.keyClick(subject, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.count(Query("task"))) == 1)
    settle(qtbot, house)
    made = house.read(lambda reader: reader.all(Query("activity")))[0]
    step = house.read(lambda reader: reader.all(Query("task")))[0]
    assert (made.kind, made.contact, made.subject) == ("meeting", "p", "Hop")
    assert (step.subject, step.account, step.due_on) == ("Gửi báo giá", "a", date(2026, 11, 25))
    assert not house.draft("activity:new:a")


def test_a_next_step_that_was_typed_is_kept_with_the_draft(qtbot: Any, page: AccountPage, house: House) -> None:
    page.list.peek.interaction_wanted.emit()
    dialog = page.findChild(FormDialog)
    assert dialog is not None
    settle(qtbot, house)
    step = dialog.form.step.editor.inner
    step.setFocus()
    qtbot.keyClicks(step, "Gui mau")
    qtbot.waitUntil(lambda: "Gui mau" in house.draft("activity:new:a"))
    dialog.reject()
    qtbot.waitUntil(lambda: page.findChild(FormDialog) is None)
    page.list.peek.interaction_wanted.emit()
    qtbot.waitUntil(lambda: page.findChild(FormDialog).form.step.editor.raw() == "Gui mau")


def test_a_tier_is_folded_by_key_and_click_and_stays_so(qtbot: Any, page: AccountPage, house: House) -> None:
    table = page.list.table
    table.setFocus()
    assert page.list.place.current() == "a"
    qtbot.keyClick(table, Qt.Key.Key_Left)
    assert shown(page) == ["b", "c"] and table.currentIndex().row() == 0
    assert texts(page)[0] == ["Tier A", "1 account · 80.0% of revenue", "chevron-right"]
    second = table.rowViewportPosition(1) + 5
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, second))
    assert shown(page) == ["c"]
    again = AccountController(house.desk).page
    qtbot.addWidget(again)
    again.show()
    settle(qtbot, house)
    assert shown(again) == ["c"]
    qtbot.keyClick(table, Qt.Key.Key_Up)
    qtbot.keyClick(table, Qt.Key.Key_Right)
    assert shown(page) == ["a", "c"] and page.list.place.current() == "a"


def shown(page: AccountPage) -> list[str]:
    """The ids that have rows."""
    model = page.list.model
    return [key for key in map(model.id_at, range(model.rowCount())) if key]


def test_what_is_folded_away_still_belongs_to_the_list(
    qtbot: Any, page: AccountPage, house: House, qtmodeltester: Any
) -> None:
    table, place = page.list.table, page.list.place
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Left)
    assert place.selected() == [], "a folded head alone is a place to stand on"
    assert list(page.list.model.answer.ids) == ["a", "b", "c"] and page.list.count.text() == "3"
    table.selectAll()
    assert place.selected() == ["a", "b", "c"]
    assert "3 rows selected" in house.shell.selection and "102,600,000" in house.shell.selection
    qtmodeltester.check(page.list.model)
    table.clearSelection()
    place.show("b")
    qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert place.selected() == ["b", "c"]


def test_the_bar_over_the_list_says_what_each_tier_brings(page: AccountPage) -> None:
    assert page.list.tiers.isVisible()
    assert page.list.tiers.accessibleName() == (
        "Share of revenue by tier; A: 1 account · 80.0%; B: 1 account · 15.0%; C: 1 account · 5.0%"
    )


def test_two_chosen_rows_can_be_merged(qtbot: Any, page: AccountPage, house: House) -> None:
    controller = next(each for each in page.children() if isinstance(each, AccountController))
    assert "Merge…" not in [deed.title for deed in controller.listed.deeds()]
    page.list.table.selectAll()
    page.list.table.setFocus()
    page.list.place.show("a")
    qtbot.keyClick(page.list.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    merge = next(deed for deed in controller.listed.deeds() if deed.title == "Merge…")
    merge.run(page.list.place.selected())
    qtbot.waitUntil(lambda: page.window().findChild(MergeDialog) is not None)
    both = page.window().findChild(MergeDialog).both
    assert (both.keep.id, both.lose.id) == ("a", "b")


def test_the_models_of_one_customer_are_sound(qtbot: Any, page: AccountPage, house: House, qtmodeltester: Any) -> None:
    house.add(
        Activity(id="call", account="a", kind="call", at=datetime(2026, 11, 20, tzinfo=UTC), subject="Gọi"),
        Task(id="t", account="a", subject="Việc", due_on=date(2026, 11, 1)),
    )
    page.open_place("a")
    settle(qtbot, house)
    detail = page.detail
    detail.show_tab("history")
    settle(qtbot, house)
    models = [each.model for each in (detail.people, detail.proposals, detail.invoices, detail.tasks, detail.history)]
    for model in (*models, detail.overview.timeline.model):
        qtmodeltester.check(model)
    assert detail.overview.timeline.model.rowCount() and detail.people.model.rowCount()


def test_a_new_proposal_is_for_this_customer(page: AccountPage, house: House, qtbot: Any) -> None:
    page.open_place("b")
    settle(qtbot, house)
    page.detail.proposals.create_wanted.emit()
    assert house.shell.shown[-1] == ("proposal", "new:b")


def test_people_in_the_panel_are_one_click_away(
    page: AccountPage, house: House, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(reaching, "reach", lambda kind, value: asked.append((kind, value)) or True)
    call = next(each for each in page.list.peek.findChildren(QAbstractButton) if "Call" in each.accessibleName())
    call.click()
    assert asked == [("phone", "0912345678")]


def test_the_panel_lies_over_a_narrow_list_and_can_be_put_away(qtbot: Any, page: AccountPage, house: House) -> None:
    listing, table = page.list, page.list.table
    assert listing.peek.isVisible()
    page.resize(theme.px(860), theme.px(600))
    qtbot.waitUntil(lambda: not listing.peek.isVisible())
    wide = table.width()
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Space)
    qtbot.waitUntil(listing.peek.isVisible)
    assert table.width() == wide and listing.peek.geometry().right() == listing.rect().right()
    settle(qtbot, house)
    assert any("Sữa Mây Trắng" in label.text() for label in listing.peek.findChildren(QLabel))
    qtbot.keyClick(listing.peek._open, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not listing.peek.isVisible() and table.hasFocus())
    page.resize(theme.px(1146), theme.px(600))
    qtbot.waitUntil(listing.peek.isVisible)
    listing.panel_button.click()
    assert not listing.peek.isVisible()
    again = AccountController(house.desk).page
    qtbot.addWidget(again)
    again.resize(theme.px(1146), theme.px(600))
    again.show()
    settle(qtbot, house)
    assert not again.list.peek.isVisible()
    again.list.panel_button.click()
    settle(qtbot, house)
    assert any("Sữa Mây Trắng" in label.text() for label in again.list.peek.findChildren(QLabel))


def test_each_figure_leads_to_its_rows(qtbot: Any, page: AccountPage, house: House) -> None:
    page.open_place("a")
    settle(qtbot, house)
    figures = page.detail.overview.figures
    figures.setFocus()
    for _ in range(4):
        qtbot.keyClick(figures, Qt.Key.Key_Right)
    assert "Overdue" in figures.accessibleDescription()
    qtbot.keyClick(figures, Qt.Key.Key_Return)
    assert page.detail.tab() == "money" and page.detail.invoices.table.hasFocus()
    page.detail.show_tab("overview")
    qtbot.waitUntil(lambda: len(figures._areas) == 5)
    qtbot.mouseClick(figures, Qt.MouseButton.LeftButton, pos=figures._areas[1].center())
    settle(qtbot, house)
    assert page.detail.overview.timeline.filters.chosen() == "money"


def test_the_next_step_is_the_earliest_of_tasks_and_offers(qtbot: Any, page: AccountPage, house: House) -> None:
    house.add(Task(id="t", account="a", subject="Gửi mẫu", due_on=date(2026, 11, 24)))
    controller = next(each for each in page.children() if isinstance(each, AccountController))
    controller.refresh()
    settle(qtbot, house)
    assert page.list.model.row_value("a").next_step == "Gửi mẫu"
    qtbot.waitUntil(lambda: any("Gửi mẫu" in label.text() for label in page.list.peek.findChildren(QLabel)))


def test_a_list_says_how_many_are_chosen_without_naming_them(qtbot: Any, page: AccountPage) -> None:
    answer, place, table = page.list.model.answer, page.list.place, page.list.table
    rows = page.list.model.rowCount()
    for first in range(rows):
        for last in range(first, rows):
            assert answer.count_between(first, last) == len(answer.between(first, last))
    table.selectAll()
    assert place.count() == 3 == len(place.selected())
    table.clearSelection()
    assert place.count() == 0 and place.selected() == []


def test_the_customers_of_one_person_and_a_tag_for_several(qtbot: Any, page: AccountPage, house: House) -> None:
    controller = next(each for each in page.children() if isinstance(each, AccountController))
    assert page.list.owner_chip.isHidden() and len(page.list._filters.actions()) == 4, "nobody is in charge of anybody"
    with house.store.edit("") as uow:
        uow.add(Person(id="lan", full_name="Trần Lan", code="LAN"))
        for key, owner in (("a", "lan"), ("b", LOCAL_PERSON_ID)):
            uow.put(replace(uow.get(Account, key), owner=owner))
    controller.refresh()
    settle(qtbot, house)
    next(each for each in page.list._filters.actions() if "Trần Lan" in each.text()).trigger()
    settle(qtbot, house)
    assert list(page.list.model.answer.ids) == ["a"] and "Trần Lan" in page.list.owner_chip.accessibleName()
    assert page.list.owner_chip.isVisible()
    kept = controller.listed.view_settings()
    page.list.owner_chip.closed.emit()
    settle(qtbot, house)
    assert len(page.list.model.answer.ids) == 3 and page.list.owner_chip.isHidden()
    controller.listed.use_view(kept)
    settle(qtbot, house)
    assert list(page.list.model.answer.ids) == ["a"]
    controller.listed._on_tag(["a", "b"])
    box = next(each for each in page.findChildren(Dialog)[-1].findChildren(QLineEdit))
    box.setText(" VIP ")
    box.returnPressed.emit()
    settle(qtbot, house)
    assert [house.read(lambda reader, key=key: reader.get(Account, key)).tags for key in "abc"] == [("VIP",)] * 2 + [()]
    house.store.undo()
    assert house.read(lambda reader: reader.get(Account, "a")).tags == ()


def test_the_panel_that_was_never_shown_takes_the_keyboard_when_it_comes(
    qtbot: Any, page: AccountPage, house: House
) -> None:
    narrow = AccountController(house.desk).page
    qtbot.addWidget(narrow)
    narrow.resize(theme.px(860), theme.px(600))
    narrow.show()
    narrow.activateWindow()
    qtbot.waitUntil(narrow.isActiveWindow)
    settle(qtbot, house)
    assert not narrow.list.peek.isVisible()
    narrow.list.table.setFocus()
    qtbot.keyClick(narrow.list.table, Qt.Key.Key_Space)
    qtbot.waitUntil(narrow.list.peek._open.hasFocus)
    narrow.list.table.setFocus()
    qtbot.keyClick(narrow.list.table, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not narrow.list.peek.isVisible())
