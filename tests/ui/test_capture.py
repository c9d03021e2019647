"""Quick capture: a line read while it is typed, saved, kept as a draft, undone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent, QShortcut
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from kam_desktop.domain.entities import Activity, PromiseToPay
from kam_desktop.domain.entities.task import Task
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.query import Query
from kam_desktop.ui.capture_popup import DRAFT, Capture
from kam_desktop.ui.desktop import Desktop
from tests.fakes import FakeClock
from tests.ui.conftest import House, firm_of_three


class Frame(QMainWindow):
    """A window at a place, which notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.setCentralWidget(QWidget())
        self.place, self.toasts = ("today", ""), list[Any]()

    def where(self) -> tuple[str, str]:
        return self.place

    def toast(self, text: str, undo: Any = None, tone: str = "") -> None:
        self.toasts.append((text, undo))


@pytest.fixture
def box(qtbot: Any, house: House) -> Capture:
    """The open box over a firm of three."""
    house.add(*firm_of_three())
    frame = Frame()
    qtbot.addWidget(frame)
    frame.resize(900, 600)
    frame.show()
    frame.activateWindow()
    qtbot.waitUntil(frame.isActiveWindow)
    made = Capture(house.desk, frame)
    made.open()
    qtbot.waitUntil(house.background.is_idle)
    return made


def typed(qtbot: Any, house: House, box: Capture, text: str) -> None:
    assert box.popup is not None
    box.popup.edit.setText(text)
    box.popup.edit.textEdited.emit(text)
    qtbot.waitUntil(house.background.is_idle)


def key(qtbot: Any, house: House, box: Capture, wanted: Qt.Key) -> None:
    assert box.popup is not None
    qtbot.keyClick(box.popup.edit, wanted)
    qtbot.waitUntil(house.background.is_idle)


def only(house: House, entity: str) -> Any:
    (found,) = house.read(lambda reader: reader.all(Query(entity)))
    return found


def test_a_task_is_read_without_accents_saved_and_undone(qtbot: Any, house: House, box: Capture) -> None:
    typed(qtbot, house, box, "gọi lại mai 9h #sua")
    assert box.popup is not None
    assert box.popup.reading.text() == "gọi lại · tomorrow 09:00 · Sữa Mây Trắng"
    key(qtbot, house, box, Qt.Key.Key_Return)
    made = only(house, "task")
    assert isinstance(made, Task) and (made.account, made.subject, str(made.due_on)) == (
        "a",
        "gọi lại · 09:00",
        "2026-11-24",
    )
    qtbot.waitUntil(lambda: box.popup is None)
    text, undo = box.parent().toasts[-1]  # type: ignore[attr-defined]
    assert text == "Capture gọi lại"
    undo()
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.count(Query("task"))) == 0)


def test_a_talk_and_a_promise_need_their_customer(qtbot: Any, house: House, box: Capture) -> None:
    typed(qtbot, house, box, "gọi chị Tuyết")
    key(qtbot, house, box, Qt.Key.Key_Return)
    assert box.popup is not None and box.popup.said.text().startswith("Say which customer")
    typed(qtbot, house, box, "gọi @tuyet xin thêm 2 ngày")
    key(qtbot, house, box, Qt.Key.Key_Return)
    made = only(house, "activity")
    assert isinstance(made, Activity) and (made.account, made.contact, made.kind) == ("a", "p", "call")
    qtbot.waitUntil(lambda: box.popup is None)
    box.open()
    typed(qtbot, house, box, "hẹn trả 50tr thứ 6 #may")
    key(qtbot, house, box, Qt.Key.Key_Return)
    promise = only(house, "promise_to_pay")
    assert isinstance(promise, PromiseToPay) and (promise.amount, str(promise.pay_on)) == (50_000_000, "2026-11-27")


def test_the_choice_among_several_is_made_with_the_arrows(qtbot: Any, house: House, box: Capture) -> None:
    typed(qtbot, house, box, "ghi chú #cong_ty gặp lại")
    assert box.popup is not None and len(box.popup._whom) == 3
    second = box.popup._whom[1].account
    key(qtbot, house, box, Qt.Key.Key_Down)
    assert box.popup.edit.text() == "ghi chú #cong_ty gặp lại"
    key(qtbot, house, box, Qt.Key.Key_Return)
    assert only(house, "activity").account == second


def test_the_line_that_is_left_is_there_again(qtbot: Any, house: House, box: Capture) -> None:
    typed(qtbot, house, box, "gửi mẫu cho #sua")
    key(qtbot, house, box, Qt.Key.Key_Escape)
    assert "gửi mẫu" in house.draft(DRAFT)
    qtbot.waitUntil(lambda: box.popup is None)
    box.open()
    qtbot.waitUntil(lambda: box.popup is not None and box.popup.edit.text() == "gửi mẫu cho #sua")


def test_nothing_is_read_or_changed_while_an_input_method_composes(qtbot: Any, house: House, box: Capture) -> None:
    assert box.popup is not None
    edit, seen = box.popup.edit, list[str]()
    box.popup.edited.connect(seen.append)
    QApplication.sendEvent(edit, QInputMethodEvent("goij", []))
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert seen == [] and house.read(lambda reader: reader.count(Query("task"))) == 0
    done = QInputMethodEvent("", [])
    done.setCommitString("gọi")
    QApplication.sendEvent(edit, done)
    assert edit.text() == "gọi" and seen and set(seen) == {"gọi"}


def test_no_key_of_the_window_is_bound_twice(dressed: None, qtbot: Any) -> None:
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    desktop = Desktop(clock, RandomIds(clock), None)
    qtbot.addWidget(desktop.window)
    live = [each for each in desktop.window.findChildren(QShortcut) if each.isEnabled()]
    bound = Counter((each.key().toString(), id(each.parent())) for each in live)
    assert "F7" in {key for key, _ in bound}
    assert not [key for (key, _), count in bound.items() if count > 1], "Qt would call neither"
    assert desktop.background.close()


def test_a_customers_name_of_several_words_is_no_part_of_what_is_done(qtbot: Any, house: House, box: Capture) -> None:
    typed(qtbot, house, box, "gọi #dien may Kỳ mai 9h")
    assert box.popup is not None
    assert "gọi · tomorrow 09:00 · Công ty TNHH Điện máy Kỳ Vân" in box.popup.reading.text()
    key(qtbot, house, box, Qt.Key.Key_Return)
    (task,) = house.read(lambda reader: reader.all(Query("task")))
    assert isinstance(task, Task) and (task.account, task.subject) == ("b", "gọi · 09:00")


def test_words_that_are_no_name_stay(qtbot: Any, house: House, box: Capture) -> None:
    typed(qtbot, house, box, "#sua gửi mẫu mai")
    key(qtbot, house, box, Qt.Key.Key_Return)
    (task,) = house.read(lambda reader: reader.all(Query("task")))
    assert isinstance(task, Task) and (task.account, task.subject) == ("a", "gửi mẫu")
