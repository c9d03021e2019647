"""Today's page: the order and its words, what Enter opens, figures, holidays, first steps, empty page."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLabel

from kam_desktop.domain.entities import (
    FIRM_ID,
    Account,
    Contact,
    DunningEvent,
    Firm,
    Occasion,
    PromiseToPay,
    Proposal,
    Task,
)
from kam_desktop.services import checklist as measured
from kam_desktop.services.summary import OPENING_PENDING
from kam_desktop.store import backup
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.pages.today import checklist
from kam_desktop.ui.pages.today.controller import TodayController
from kam_desktop.ui.pages.today.page import FigureRow, TodayPage
from kam_desktop.ui.pages.today.worklist import Item, button_area
from tests.ui.conftest import House, firm_of_three, invoice


def shown(qtbot: Any, house: House) -> TodayPage:
    """The page at rest."""
    made = TodayController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1146), theme.px(700))
    made.show()
    qtbot.waitUntil(house.background.is_idle)
    return made


def items(page: TodayPage) -> list[Item]:
    return [row for row in page.list.model().rows if isinstance(row, Item)]


def said(page: TodayPage) -> str:
    return " | ".join(label.text() for label in page.findChildren(QLabel) if label.isVisibleTo(page))


@pytest.fixture
def page(qtbot: Any, house: House) -> TodayPage:
    house.add(*firm_of_three(), *invoice("i4", "b", 10_000_000, date(2026, 10, 25), date(2026, 11, 24)))
    return shown(qtbot, house)


def test_what_is_overdue_comes_first_with_its_reason_and_one_action(page: TodayPage, house: House) -> None:
    found = items(page)
    assert [(each.group, each.title, each.what) for each in found] == [
        ("Right now", "Sữa Mây Trắng", "38 days overdue"),
        ("Right now", "Công ty TNHH Điện máy Kỳ Vân", "12 days overdue"),
        ("This week", "Công ty TNHH Điện máy Kỳ Vân", "Falls due"),
    ]
    assert found[0].reason == "I1 · 38 days overdue: reminder step 4 is due."
    assert (found[0].amount, found[0].label, found[0].tone) == ("₫86,400,000", "16 Oct", "danger")
    assert (found[1].tone, found[2].tone, found[2].label) == ("warning", "", "tomorrow")
    assert house.shell.counts["today"] == 2


def test_the_rows_are_a_sound_model_and_say_themselves(page: TodayPage) -> None:
    model = page.list.model()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    page.list.show_items(items(page)[:1])
    words = model.data(model.index(1), Qt.ItemDataRole.AccessibleTextRole)
    assert words.startswith("1; Sữa Mây Trắng; 38 days overdue;") and words.endswith("Enter: Write and log")
    assert model.flags(model.index(0)) == Qt.ItemFlag.NoItemFlags  # a head is never chosen


def test_enter_opens_the_exact_record(qtbot: Any, page: TodayPage, house: House) -> None:
    qtbot.keyClick(page.list, Qt.Key.Key_Return)
    qtbot.keyClick(page.list, Qt.Key.Key_Down)
    qtbot.keyClick(page.list, Qt.Key.Key_Down)
    qtbot.keyClick(page.list, Qt.Key.Key_Enter)
    assert house.shell.shown == [("collection", "log:i1"), ("collection", "i4")]


def test_the_painted_button_of_the_chosen_row_is_pressed_too(qtbot: Any, page: TodayPage, house: House) -> None:
    index = page.list.currentIndex()
    place = button_area(page.list.visualRect(index), items(page)[0]).center()
    qtbot.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert house.shell.shown == [("collection", "log:i1")]
    qtbot.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=place + QPoint(-300, 0))
    assert len(house.shell.shown) == 1  # elsewhere in the row chooses only


def test_the_chosen_line_stays_when_something_else_changes(qtbot: Any, page: TodayPage, house: House) -> None:
    page.list.choose(items(page)[1].key)
    house.background.edit(
        lambda uow: [uow.add(each) for each in invoice("i9", "c", 900_000_000, date(2026, 1, 5))], label="x"
    )
    qtbot.waitUntil(lambda: len(items(page)) == 4)
    assert page.list.current_key() == "overdue:invoice:i2"


def test_figures_have_their_moment_and_open_what_they_count(qtbot: Any, page: TodayPage, house: House) -> None:
    rows = page.findChildren(FigureRow)
    names = [row.accessibleName() for row in rows]
    assert names[0] == "Overdue 2 accounts ₫102,600,000" and names[1] == "Due within 7 days 1 account ₫10,800,000"
    assert "as of " in said(page)
    qtbot.keyClick(rows[0], Qt.Key.Key_Return)
    rows[-1].click()
    assert house.shell.shown == [("collection", "ageing"), ("proposal", "")]


def test_the_next_days_tell_holidays_and_the_next_working_day(page: TodayPage) -> None:
    words = said(page)
    assert "Tomorrow · Tuesday 24 Nov · Public holiday" in words
    assert "1 instalment falls due" in words and "The next working day is 25 Nov." in words


def test_the_page_says_while_payments_are_not_entered(qtbot: Any, house: House) -> None:
    house.add(*firm_of_three())
    house.store.remember({OPENING_PENDING: "[1, 2]"})
    page = shown(qtbot, house)
    qtbot.waitUntil(lambda: "Payments are not entered yet" in said(page))
    page.opening_wanted.emit()
    assert house.shell.shown == [("importing", "opening")]


def test_nothing_urgent_is_said_so(qtbot: Any, house: House) -> None:
    customer = firm_of_three()[0]
    house.add(customer, Proposal(id="p1", account="a", title="Tết 2027"))
    house.desk.remembered[checklist.PREFERENCE] = checklist.HIDDEN
    page = shown(qtbot, house)
    qtbot.waitUntil(lambda: "Nothing is urgent." in said(page))
    page.all_wanted.emit()
    assert house.shell.shown == [("collection", "open")]


def test_a_name_is_text_and_never_markup(qtbot: Any, house: House) -> None:
    three = firm_of_three()
    house.add(*three, *invoice("i7", "c", 50_000_000, date(2026, 9, 1), date(2026, 9, 15)))
    page = shown(qtbot, house)
    assert any(each.title == "<b>Đậm</b> & Con" for each in items(page))
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in page.findChildren(QLabel))


def test_what_waits_is_no_line_and_a_broken_promise_is_one(qtbot: Any, house: House) -> None:
    house.add(
        *firm_of_three(),
        DunningEvent(id="e1", account="a", invoice="i1", step=4, reminded_at=datetime(2026, 11, 22, 3, tzinfo=UTC)),
        PromiseToPay(id="pr", account="b", invoice="i2", promised_on=date(2026, 11, 10), pay_on=date(2026, 11, 20),
                     amount=16_200_000),
    )  # fmt: skip
    page = shown(qtbot, house)
    qtbot.waitUntil(lambda: [each.what for each in items(page)] == ["Broken promise"])
    assert (items(page)[0].action, items(page)[0].tone) == ("Call and log", "danger")


def test_a_task_is_ticked_off_by_keys_and_comes_back(qtbot: Any, house: House) -> None:
    house.add(
        *firm_of_three(),
        Task(id="t1", subject="Gửi biên bản", account="a", due_on=date(2026, 11, 20)),
        Occasion(id="o1", account="a", name="Khánh thành", happens_on=date(2026, 11, 25)),
        Proposal(id="p1", account="b", title="Tết 2027", expected_close_on=date(2026, 11, 23)),
    )
    page = shown(qtbot, house)
    qtbot.waitUntil(lambda: {"Task", "Occasion", "Answer due"} <= {each.what for each in items(page)})
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page.list.choose("task:task:t1")
    page.list.setFocus()
    qtbot.keyClick(page.list, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "Task" not in {each.what for each in items(page)})
    house.shell.toasts[-1][1]()  # undo
    qtbot.waitUntil(lambda: "Task" in {each.what for each in items(page)})
    page.done_wanted.emit("overdue:invoice:i1")
    assert "Only tasks" in house.shell.toasts[-1][0]


def test_the_next_days_tell_promises_and_tasks(qtbot: Any, house: House) -> None:
    house.add(
        *firm_of_three(),
        PromiseToPay(id="pr", account="a", invoice="i1", promised_on=date(2026, 11, 20), pay_on=date(2026, 12, 4),
                     amount=5_000_000),
        Task(id="t1", subject="Gửi biên bản", due_on=date(2026, 12, 4)),
    )  # fmt: skip
    page = shown(qtbot, house)
    qtbot.waitUntil(lambda: "1 promise to pay" in said(page))
    assert "5,000,000" in said(page) and "1 task" in said(page)


def test_the_next_days_tell_occasions_and_how_many_more(qtbot: Any, house: House) -> None:
    house.add(
        *firm_of_three(),
        Contact(id="c", account="a", full_name="Trần Lan", birthday=date(1990, 12, 4)),
        Occasion(id="o", account="a", name="Hết hạn hợp đồng khung", happens_on=date(2026, 12, 4), yearly=False),
        *(Account(id=f"f{n}", name=f"Hãng {n}", founded_on=date(2016, 12, 4)) for n in range(4)),
    )
    page = shown(qtbot, house)
    qtbot.waitUntil(lambda: "Birthday of Trần Lan" in said(page))
    assert "Founding day · Hãng 0" in said(page) and "10 years" in said(page) and "3 more occasions" in said(page)
    soon = Occasion(id="soon", account="a", name="Khai trương", happens_on=date(2026, 12, 5))
    house.background.edit(lambda uow: uow.add(soon), label="Add occasion {name}", args={"name": soon.name})
    qtbot.waitUntil(lambda: "Khai trương" in said(page))


def steps_shown(page: TodayPage) -> list[tuple[str, str]]:
    """(words, kind) of the buttons of the first steps that are on the screen."""
    within = [*page.findChildren(checklist.AllSteps), *page.findChildren(checklist.NextStep)]
    found = [button for part in within if part.isVisibleTo(page) for button in part.findChildren(Button)]
    return [(button.accessibleDescription(), button.kind) for button in found]


def test_an_empty_profile_gets_six_steps_and_each_opens_its_screen(qtbot: Any, house: House) -> None:
    page = shown(qtbot, house)
    qtbot.waitUntil(lambda: "0 of 6 done" in said(page))
    assert [kind for _, kind in steps_shown(page)] == ["primary", *["default"] * 5]
    for button in page.findChild(checklist.AllSteps).findChildren(Button):
        button.click()
    assert house.shell.shown == [
        ("settings", "firm"), ("importing", ""), ("importing", ""), ("proposal", "new"), ("settings", "security"),
        ("settings", "backups"),
    ]  # fmt: skip


def test_steps_are_measured_and_the_next_one_stands_over_a_list_with_lines(qtbot: Any, house: House) -> None:
    house.add(Firm(id=FIRM_ID, legal_name="Mộc Lam", tax_code="9900000014"), *firm_of_three())
    page = shown(qtbot, house)
    qtbot.waitUntil(lambda: "3 of 6 done" in said(page))
    assert steps_shown(page) == [("The first proposal", "default")] and items(page)
    page.steps_wanted.emit(True)
    qtbot.waitUntil(lambda: len(steps_shown(page)) == 6)
    assert [kind for _, kind in steps_shown(page)] == ["flat", "flat", "flat", "primary", "default", "default"]
    page.findChild(checklist.AllSteps).closed.emit()
    qtbot.waitUntil(lambda: len(steps_shown(page)) == 1)


def test_steps_that_were_put_away_stay_away_until_they_are_asked_for(qtbot: Any, house: House) -> None:
    page = shown(qtbot, house)
    qtbot.waitUntil(lambda: len(steps_shown(page)) == 6)
    page.steps_hidden.emit()
    qtbot.waitUntil(lambda: "Nothing is urgent." in said(page))
    assert house.desk.remembered[checklist.PREFERENCE] == checklist.HIDDEN
    page.open_place(checklist.PLACE)  # the command
    qtbot.waitUntil(lambda: len(steps_shown(page)) == 6)
    assert not house.desk.remembered[checklist.PREFERENCE]  # for good, not for this once
    page.steps_hidden.emit()
    qtbot.waitUntil(lambda: not steps_shown(page))
    house.shell.toasts[-1][1]()  # the way back in the message
    qtbot.waitUntil(lambda: len(steps_shown(page)) == 6)


def test_sample_data_have_no_steps(qtbot: Any, house: House) -> None:
    house.desk.remembered["demo.kit"] = "agency"
    page = shown(qtbot, house)
    qtbot.waitUntil(lambda: "Nothing is urgent." in said(page))
    page.open_place(checklist.PLACE)
    assert "sample data" in house.shell.toasts[-1][0] and not steps_shown(page)


def test_all_six_done_are_not_shown_but_when_asked_for(
    qtbot: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "done", lambda _reader, _folder: frozenset(measured.STEPS))
    page = shown(qtbot, house)
    qtbot.waitUntil(lambda: "Nothing is urgent." in said(page))
    page.open_place(checklist.PLACE)
    qtbot.waitUntil(lambda: "6 of 6 done" in said(page))
    assert {kind for _, kind in steps_shown(page)} == {"flat"}


def test_keys_and_copies_are_measured_from_the_profile(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def done() -> frozenset[str]:
        return house.read(lambda reader: measured.done(reader, house.folder))

    assert done() == frozenset() == house.read(lambda reader: measured.done(reader, None))
    copy = house.folder / "backups" / "asked-2026-11-23-090000.kambak"
    copy.parent.mkdir(exist_ok=True)
    copy.with_name(copy.name.replace("asked", "daily")).touch()
    assert done() == frozenset()
    monkeypatch.setattr(backup, "SUFFIX", ".kambak")
    copy.touch()
    monkeypatch.setattr(measured.KeyFile, "load", lambda _folder, _repair: SimpleNamespace(kinds=("recovery",)))
    assert done() == {measured.RECOVERY, measured.SAFETY}
