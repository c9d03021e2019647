"""Forms: drafts, commits on leaving, refusals beside their field, references, input methods."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from kam_desktop import language
from kam_desktop.domain.entities import Account, Activity, Contact, Proposal, ProposalLine
from kam_desktop.domain.errors import Refused
from kam_desktop.services import records
from kam_desktop.ui.kit.editors import RefEditor, editor_for
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_form import RecordForm
from tests.ui.conftest import TODAY, House, account

NAMES = ("name", "short_name", "credit_limit", "payment_days", "founded_on", "parent", "tags", "internal_note", "tier")


class Page(QWidget):
    """A form with nothing around it."""

    def __init__(self, kind: type = Account, names: tuple[str, ...] = NAMES, joined: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.form = RecordForm(kind, today=TODAY)
        box = QVBoxLayout(self)
        box.addWidget(self.form)
        inner = QVBoxLayout(self.form)
        inner.addWidget(self.form.problem_line())
        for name in names:
            inner.addWidget(self.form.add(name))
        if joined:
            self.form.join(*joined)


@pytest.fixture
def open_form(qtbot: Any, house: House) -> Callable[..., tuple[Page, RecordController]]:
    """Makes a page with its controller, shown and with the keyboard."""

    def make(*arguments: Any, **named: Any) -> tuple[Page, RecordController]:
        page = Page(*arguments, **named)
        qtbot.addWidget(page)
        controller = RecordController(house.desk, page)
        controller.bind(page.form, "Change {name}", "Add {name}")
        page.show()
        page.activateWindow()
        qtbot.waitUntil(page.isActiveWindow)
        return page, controller

    return make


def key_in(widget: QWidget, text: str) -> None:
    """Types letters of any language; QTest knows only ASCII."""
    for letter in text:
        press = QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, letter)
        QApplication.sendEvent(widget, press)


def typed(qtbot: Any, page: Page, name: str, text: str) -> None:
    inner = page.form.editor(name).inner
    inner.setFocus()
    inner.selectAll()
    key_in(inner, text)


def leave(qtbot: Any, page: Page, name: str) -> None:
    qtbot.keyClick(page.form.editor(name).inner, Qt.Key.Key_Tab)


def test_typing_is_on_the_disk_as_a_draft_within_a_second(qtbot: Any, house: House, open_form: Any) -> None:
    house.add(account("a", "Một"))
    page, controller = open_form()
    controller.show_in(page.form, Account, "a")
    qtbot.waitUntil(lambda: page.form.record is not None)
    typed(qtbot, page, "name", "Hai")
    assert page.form._draft.isActive() and page.form._draft.interval() <= 500  # the rest is what one writing takes
    qtbot.waitUntil(lambda: bool(house.draft("account:a")))
    assert json.loads(house.draft("account:a")) == {"name": "Hai"}
    assert house.read(lambda reader: reader.get(Account, "a")).name == "Một"


def test_leaving_a_field_commits_it_alone_and_takes_the_draft_away(qtbot: Any, house: House, open_form: Any) -> None:
    house.add(account("a", "Một"))
    page, controller = open_form()
    controller.show_in(page.form, Account, "a")
    qtbot.waitUntil(lambda: page.form.record is not None)
    typed(qtbot, page, "name", "  Công   ty Đặng ")
    with house.store.edit("elsewhere") as uow:  # somebody else changes another field meanwhile
        uow.put(Account(id="a", name="Một", short_name="M"))
    leave(qtbot, page, "name")
    qtbot.waitUntil(lambda: len(house.shell.toasts) == 1)
    saved = house.read(lambda reader: reader.get(Account, "a"))
    assert (saved.name, saved.short_name) == ("Công ty Đặng", "M")
    assert page.form.editor("name").inner.text() == "Công ty Đặng"
    assert house.shell.toasts[0][0].split() == ["Change", "Công", "ty", "Đặng"]
    qtbot.waitUntil(lambda: house.draft("account:a") == "")


def test_the_toast_takes_the_edit_back(qtbot: Any, house: House, open_form: Any) -> None:
    house.add(account("a", "Một"))
    page, controller = open_form()
    controller.show_in(page.form, Account, "a")
    qtbot.waitUntil(lambda: page.form.record is not None)
    typed(qtbot, page, "name", "Hai")
    leave(qtbot, page, "name")
    qtbot.waitUntil(lambda: len(house.shell.toasts) == 1)
    undo = house.shell.toasts[0][1]
    assert undo is not None
    undo()
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Account, "a")).name == "Một")
    qtbot.waitUntil(lambda: len(house.shell.toasts) == 2)
    assert house.shell.toasts[1][0] == "Undone: Change Hai"


def test_a_refusal_keeps_the_draft_and_stands_beside_its_field(qtbot: Any, house: House, open_form: Any) -> None:
    house.add(account("a", "Một"))
    page, controller = open_form()
    controller.show_in(page.form, Account, "a")
    qtbot.waitUntil(lambda: page.form.record is not None)
    name = page.form.editor("name").inner
    name.setFocus()
    name.selectAll()
    qtbot.keyClick(name, Qt.Key.Key_Delete)
    leave(qtbot, page, "name")
    qtbot.waitUntil(lambda: name.property("invalid") is True)
    assert name.accessibleDescription() == "Name is missing."
    qtbot.waitUntil(lambda: json.loads(house.draft("account:a") or "{}") == {"name": ""})
    typed(qtbot, page, "name", "Ba")
    leave(qtbot, page, "name")
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Account, "a")).name == "Ba")
    qtbot.waitUntil(lambda: name.property("invalid") is False)


def test_what_cannot_be_read_is_said_at_once_and_not_sent(qtbot: Any, house: House, open_form: Any) -> None:
    house.add(account("a", "Một"))
    page, controller = open_form()
    controller.show_in(page.form, Account, "a")
    qtbot.waitUntil(lambda: page.form.record is not None)
    typed(qtbot, page, "founded_on", "31/02/2027")
    leave(qtbot, page, "founded_on")
    inner = page.form.editor("founded_on").inner
    assert inner.property("invalid") is True and inner.text() == "31/02/2027"
    assert "31/02/2027" in inner.accessibleDescription()


def test_a_draft_is_here_again_after_a_crash(qtbot: Any, house: House, open_form: Any) -> None:
    house.add(account("a", "Một", credit_limit=5))
    kept = json.dumps({"name": "Đang gõ dở", "credit_limit": "12x", "unknown": "z"})
    with house.store.edit("") as uow:
        uow.set_draft("account:a", kept)
    page, controller = open_form()
    controller.show_in(page.form, Account, "a")
    qtbot.waitUntil(lambda: page.form.editor("name").raw() == "Đang gõ dở")
    assert page.form.editor("credit_limit").inner.text() == "12x"
    assert page.form.draft() == {"name": "Đang gõ dở", "credit_limit": "12x"}
    assert "not saved yet" in house.shell.toasts[0][0]
    assert house.read(lambda reader: reader.get(Account, "a")).name == "Một"


def test_a_new_record_is_saved_by_ctrl_enter_only(qtbot: Any, house: House, open_form: Any) -> None:
    page, _ = open_form()
    page.form.show_record(Account(id="n", name=""), is_new=True)
    typed(qtbot, page, "name", "Mới")
    leave(qtbot, page, "name")
    qtbot.waitUntil(lambda: bool(house.draft("account:new:")))
    assert house.read(lambda reader: reader.get(Account, "n")) is None
    qtbot.keyClick(page.form.editor("short_name").inner, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Account, "n")) is not None)
    qtbot.waitUntil(lambda: house.draft("account:new:") == "")
    qtbot.waitUntil(lambda: [toast[0] for toast in house.shell.toasts] == ["Add Mới"])


def test_joined_fields_are_committed_together(qtbot: Any, house: House, open_form: Any) -> None:
    house.add(account("a", "Một"), Proposal(id="p", account="a", title="Đề xuất"))
    page, controller = open_form(Proposal, ("stage", "outcome_reason", "next_step"), ("stage", "outcome_reason"))
    controller.show_in(page.form, Proposal, "p")
    qtbot.waitUntil(lambda: page.form.record is not None)
    stage = page.form.editor("stage").inner
    reason = page.form.editor("outcome_reason").inner
    reason.setFocus()
    stage.setCurrentIndex(6)
    stage.activated.emit(6)  # lost, the keyboard is in the reason
    assert house.shell.toasts == []
    key_in(reason, "Giá")
    leave(qtbot, page, "outcome_reason")
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Proposal, "p")).stage == "lost")
    assert house.read(lambda reader: reader.get(Proposal, "p")).outcome_reason == "Giá"


def test_another_ones_change_is_not_shown_over_what_is_being_typed(qtbot: Any, house: House, open_form: Any) -> None:
    house.add(account("a", "Một"))
    page, controller = open_form()
    controller.show_in(page.form, Account, "a")
    qtbot.waitUntil(lambda: page.form.record is not None)
    typed(qtbot, page, "name", "Đang gõ")
    page.form.show_record(account("a", "Của người khác", short_name="Mới"))
    assert page.form.editor("name").inner.text() == "Đang gõ"
    assert page.form.editor("short_name").inner.text() == "Mới"


def test_a_reference_is_picked_from_what_a_folded_search_finds(qtbot: Any, house: House, open_form: Any) -> None:
    house.add(account("a", "Một"), account("d", "Công ty Đặng Văn"))
    page, controller = open_form()
    controller.show_in(page.form, Account, "a")
    qtbot.waitUntil(lambda: page.form.record is not None)
    parent = page.form.editor("parent")
    assert isinstance(parent, RefEditor)
    typed(qtbot, page, "parent", "dang")
    qtbot.waitUntil(lambda: [title for _, title in parent._offered] == ["Công ty Đặng Văn"])
    parent._popup.activated.emit("Công ty Đặng Văn")
    parent._list.hide()
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Account, "a")).parent == "d")
    qtbot.waitUntil(lambda: len(house.shell.toasts) == 1)
    assert parent.inner.text() == "Công ty Đặng Văn"
    typed(qtbot, page, "parent", "không có")
    leave(qtbot, page, "parent")
    assert parent.inner.property("invalid") is True


def test_text_of_an_input_method_is_a_draft_and_is_never_rewritten_while_it_composes(
    qtbot: Any, house: House, open_form: Any
) -> None:
    house.add(account("a", "Một"))
    page, controller = open_form()
    controller.show_in(page.form, Account, "a")
    qtbot.waitUntil(lambda: page.form.record is not None)
    limit = page.form.editor("credit_limit").inner
    limit.setFocus()
    QApplication.sendEvent(limit, QInputMethodEvent("125tr", []))
    assert page.form.draft() == {} and limit.text() == ""
    commit = QInputMethodEvent("", [])
    commit.setCommitString("125tr")
    QApplication.sendEvent(limit, commit)
    assert page.form.draft() == {"credit_limit": "125tr"} and limit.text() == "125tr"
    leave(qtbot, page, "credit_limit")
    assert limit.text() == "125,000,000"


def test_ctrl_z_in_a_box_with_nothing_of_its_own_belongs_to_the_window(
    qtbot: Any, house: House, open_form: Any
) -> None:
    house.add(account("a", "Một", internal_note="x"))
    page, controller = open_form()
    controller.show_in(page.form, Account, "a")
    qtbot.waitUntil(lambda: page.form.record is not None)
    heard: list[str] = []
    QShortcut(QKeySequence("Ctrl+Z"), page).activated.connect(lambda: heard.append("window"))
    for name in ("name", "internal_note"):
        box = page.form.editor(name).inner
        box.setFocus()
        qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert heard == ["window"]
        key_in(box, "y")
        qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert heard == ["window"] and "y" not in page.form.editor(name).raw()  # its own letters first
        heard.clear()


def test_hiding_the_form_keeps_what_was_just_typed(qtbot: Any, house: House, open_form: Any) -> None:
    house.add(account("a", "Một"))
    page, controller = open_form()
    controller.show_in(page.form, Account, "a")
    qtbot.waitUntil(lambda: page.form.record is not None)
    note = page.form.editor("internal_note").inner
    note.setFocus()
    qtbot.keyClicks(note, "x")
    page.hide()
    qtbot.waitUntil(
        lambda: (
            "internal_note" in house.draft("account:a")
            or house.read(lambda reader: reader.get(Account, "a")).internal_note == "x"
        )
    )


EDITED = [
    (Account, "credit_limit", "125tr", 125_000_000, "125.000.000"),
    (Account, "credit_limit", "1,2 tỷ", 1_200_000_000, "1.200.000.000"),
    (Account, "credit_limit", "", None, ""),
    (Account, "payment_days", "45", 45, "45"),
    (Account, "founded_on", "2.9.1945", date(1945, 9, 2), "02/09/1945"),
    (Account, "founded_on", "5/1", date(2026, 1, 5), "05/01/2026"),
    (Account, "tags", "vip;  mới, vip", ("vip", "mới"), "vip, mới"),
    (Account, "name", " Đậm ", "Đậm", "Đậm"),
    (Account, "tier", "B", "B", "B"),
    (Contact, "main", True, True, True),
    (ProposalLine, "quantity", "1.234,5", Decimal("1234.5"), "1.234,5"),
]


@pytest.mark.parametrize(("kind", "name", "raw", "value", "shown"), EDITED)
def test_every_kind_of_field_reads_what_vietnamese_type(
    dressed: None, qtbot: Any, kind: Any, name: str, raw: Any, value: Any, shown: Any
) -> None:
    language.use("vi")
    editor = editor_for(kind.entity.field(name), names={"B": "B"}, today=TODAY)
    qtbot.addWidget(editor)
    editor.set_raw(raw)
    assert editor.value() == value
    editor.set_value(value)
    assert editor.raw() == shown


def test_a_moment_is_typed_as_day_and_time(dressed: None, qtbot: Any) -> None:
    editor = editor_for(Activity.entity.field("at"))
    qtbot.addWidget(editor)
    moment = datetime(2026, 11, 19, 7, 5, tzinfo=UTC)
    editor.set_value(moment)
    assert editor.value() == moment
    editor.set_raw("19/11/2026 25:00")
    with pytest.raises(Refused):
        editor.value()


@pytest.mark.parametrize("text", ["abc", "1,5", "12x"])
def test_a_whole_number_is_whole(dressed: None, qtbot: Any, text: str) -> None:
    language.use("vi")
    editor = editor_for(Account.entity.field("payment_days"))
    qtbot.addWidget(editor)
    editor.set_raw(text)
    with pytest.raises(Refused):
        editor.value()


def test_saving_goes_through_the_service_that_tidies(house: House) -> None:
    with house.store.edit("x") as uow:
        assert records.save(uow, account("a", "  Một ")).name == "Một"
