"""The first run: sample or own data, the lock of the data, the language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from kam_desktop import app, config, language
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import FIRM_ID, Firm
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.store.key_file import KeyFile
from kam_desktop.ui import theme
from kam_desktop.ui.desktop import Desktop
from kam_desktop.ui.pages.first_run.controller import FirstRunController
from kam_desktop.ui.pages.first_run.page import FILES, SAMPLE, SERVER, Beginning, FirstRun
from kam_desktop.ui.recovery_sheet import ShownKey
from tests.fakes import make_argon2_cheap

GROUPS = tuple(f"{letter * 4}{place % 10}" for place, letter in enumerate("ABCDEFGHJKMNP"))


def check(answers: Mapping[int, str]) -> None:
    wrong = [place for place, text in answers.items() if text.upper() != GROUPS[place - 1]]
    if wrong:
        message = "Group {group} does not match what was shown."
        raise Refused([Problem(f"recovery_key.{n}", "recovery_answer", message, {"group": str(n)}) for n in wrong])


@pytest.fixture
def chosen() -> list[Beginning]:
    return []


@pytest.fixture
def page(qtbot: Any, dressed: None, chosen: list[Beginning]) -> FirstRun:
    made = FirstRun(chosen.append)
    made.recovery_wanted.connect(lambda: made.show_recovery(ShownKey(GROUPS, (3, 9), check)))
    qtbot.addWidget(made)
    made.resize(theme.px(1366), theme.px(768))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def said(widget: Any) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def test_enter_begins_with_the_sample_data_of_the_chosen_kind(
    qtbot: Any, page: FirstRun, chosen: list[Beginning]
) -> None:
    page.kit.choose("manufacturer")
    qtbot.keyClick(page, Qt.Key.Key_Return)
    assert chosen == [Beginning(SAMPLE, kit="manufacturer")]
    qtbot.keyClick(page, Qt.Key.Key_Return)
    assert len(chosen) == 1  # it is being made


def test_arrow_keys_choose_and_the_server_needs_a_profile_of_ones_own(
    qtbot: Any, page: FirstRun, chosen: list[Beginning]
) -> None:
    assert page.buttons[SAMPLE].kind == "primary" and not page.firm.isVisible()
    qtbot.keyClick(page, Qt.Key.Key_Right)
    assert page.way() == FILES and page.buttons[FILES].kind == "primary" and page.firm.isVisible()
    qtbot.keyClick(page, Qt.Key.Key_Right)
    assert page.way() == SERVER and page.buttons[SERVER].kind == "primary" and not page.firm.isVisible()
    assert "A profile of your own" in said(page.cards[SERVER])
    page.go()
    assert chosen == [] and page.lock.isVisible()
    assert [button.kind for button in page.buttons.values()].count("primary") == 1


def test_the_tax_code_is_checked_and_only_warned_of(qtbot: Any, page: FirstRun) -> None:
    page.choose(FILES)
    name, code = page.firm.findChildren(QLineEdit)
    name.insert("Mộc Lam")
    code.setFocus()
    qtbot.keyClicks(code, "99 0000 0015")
    qtbot.keyClick(code, Qt.Key.Key_Tab)
    assert "does not fit" in said(page.firm)
    assert (page.firm.company(), page.firm.tax_code()) == ("Mộc Lam", "9900000015")


def test_own_data_are_locked_by_a_recovery_key_that_was_given_back(
    qtbot: Any, page: FirstRun, chosen: list[Beginning]
) -> None:
    page.choose(FILES)
    page.go()
    sheet = page.lock.sheet
    assert sheet is not None and all(group in said(sheet) for group in GROUPS)
    sheet.ask(True)
    edits = [edit for edit in sheet.findChildren(QLineEdit) if edit.isVisible()]
    assert [edit.accessibleName() for edit in edits] == ["Group 3", "Group 9"]
    qtbot.keyClicks(edits[0], "CCCC2")
    qtbot.keyClick(edits[1], Qt.Key.Key_Return)
    assert chosen == [] and "Group 9 does not match" in said(sheet)
    qtbot.keyClicks(edits[1], "jjjj8")
    qtbot.keyClick(edits[1], Qt.Key.Key_Return)
    assert chosen == [Beginning(FILES, recovery=True)]


def test_a_passphrase_is_the_other_way(qtbot: Any, page: FirstRun, chosen: list[Beginning]) -> None:
    page.choose(FILES)
    page.go()
    page.lock.switch.choose("passphrase")
    page.lock.switch.changed.emit("passphrase")
    first, second = page.lock.lines.findChildren(QLineEdit)
    first.insert("bốn con voi già")
    second.insert("bốn con voi")
    qtbot.keyClick(second, Qt.Key.Key_Return)
    assert chosen == [] and "not alike" in said(page.lock)
    second.insert(" già")
    qtbot.keyClick(second, Qt.Key.Key_Return)
    assert [(each.passphrase, each.recovery) for each in chosen] == [("bốn con voi già", False)]
    page.show_problem("No room on the disk.")
    assert "No room on the disk." in said(page) and page._views.isEnabled()


def test_the_language_is_switched_on_the_same_page(qtbot: Any, page: FirstRun) -> None:
    with qtbot.waitSignal(page.language_chosen) as asked:
        page.findChild(QLabel)  # the page is whole
        switch = next(each for each in page.findChildren(type(page.kit)) if each.accessibleName() == "Language")
        switch._options["vi"].click()
    assert asked.args == ["vi"]


@pytest.fixture
def door(
    qtbot: Any, qapp: QApplication, dressed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[app.Door]:
    """The real window before there is a profile."""
    make_argon2_cheap(monkeypatch)
    clock = SystemClock()
    desktop = Desktop(clock, RandomIds(clock), None)
    made = app.Door(desktop, tmp_path / "profile")
    desktop.window.show()
    made.open()
    qtbot.waitUntil(lambda: desktop.window.current_key() == "first_run")
    yield made
    desktop.background.close()
    made.close()
    desktop.window.close()
    desktop.window.deleteLater()


def first_run(door: app.Door) -> FirstRun:
    found = door.desktop.window.page("first_run")
    assert isinstance(found, FirstRun)
    return found


def opened(qtbot: Any, door: app.Door, done: Callable[[], bool]) -> None:
    qtbot.waitUntil(done, timeout=30_000)
    qtbot.waitUntil(door.desktop.background.is_idle, timeout=30_000)


def test_the_window_has_no_bars_until_there_is_a_profile(qtbot: Any, door: app.Door) -> None:
    window = door.desktop.window
    assert not window.navigation.isVisible() and not window.top.isVisible()
    first_run(door).go()
    opened(qtbot, door, lambda: window.current_key() in ("today", "settings"))
    assert window.navigation.isVisible() and window.top.isVisible()
    with door.desktop.background.profile.reader() as reader:  # type: ignore[union-attr]
        assert reader.sql("select count(*) from account")[0][0] > 10


def test_without_a_keyring_sample_data_ask_for_a_passphrase(qtbot: Any, door: app.Door) -> None:
    first_run(door).go()  # the tests' own keyring refuses everything
    opened(qtbot, door, lambda: door.desktop.window.current_key() == "settings")
    assert "add a passphrase" in door.desktop.window.said[-1]


def test_own_data_make_a_profile_with_our_firm_and_a_key_that_opens_it(
    qtbot: Any, door: app.Door, tmp_path: Path
) -> None:
    page = first_run(door)
    page.choose(FILES)
    name, code = page.firm.findChildren(QLineEdit)
    name.setText("Công ty CP Mộc Lam")
    code.setText("9900000014")
    page.go()
    sheet = page.lock.sheet
    assert sheet is not None
    groups = list(sheet._key.groups)
    sheet.ask(True)
    for place, edit in sheet._answers.items():
        edit.setText(groups[place - 1])
    sheet.check()
    opened(qtbot, door, lambda: door.desktop.window.current_key() == "today")
    with door.desktop.background.profile.reader() as reader:  # type: ignore[union-attr]
        firm = reader.get(Firm, FIRM_ID)
        assert firm is not None and (firm.legal_name, firm.tax_code) == ("Công ty CP Mộc Lam", "9900000014")
    keys = KeyFile.load(tmp_path / "profile", False)
    assert "recovery" in keys.kinds and keys.open_with_recovery("-".join(groups))


def test_a_weak_passphrase_is_refused_and_the_first_run_stays(qtbot: Any, door: app.Door, tmp_path: Path) -> None:
    page = first_run(door)
    page.choose(FILES)
    page.go()
    page.lock.switch.choose("passphrase")
    for edit in page.lock.lines.findChildren(QLineEdit):
        edit.setText("matkhau")
    page.lock.go()
    opened(qtbot, door, lambda: "12" in said(page.lock) and page._views.isEnabled())
    assert door.desktop.window.current_key() == "first_run" and not (tmp_path / "profile" / "data.kam").exists()


def give_back(page: FirstRun) -> None:
    """Writes the recovery key down and gives two groups back."""
    sheet = page.lock.sheet
    assert sheet is not None
    sheet.ask(True)
    for place, edit in sheet._answers.items():
        edit.setText(sheet._key.groups[place - 1])
    sheet.check()


def test_chosen_files_are_looked_at_right_after(qtbot: Any, door: app.Door, tmp_path: Path) -> None:
    table = tmp_path / "khách.csv"
    table.write_text("Tên khách hàng,Mã số thuế\nSữa Mây Trắng,\n", "utf-8")
    page = first_run(door)
    page.choose(FILES)
    page.firm.show_files([table])
    page.go()
    give_back(page)
    window = door.desktop.window
    opened(qtbot, door, lambda: window.current_key() == "importing" and window.page("importing").state() == "preview")
    assert not (tmp_path / "profile" / "first_run.json").exists()


def test_a_typed_address_fills_the_form_of_the_server(qtbot: Any, door: app.Door) -> None:
    page = first_run(door)
    page.choose(SERVER)
    page.server.address.setText("http://kam.moclam.vn")
    page.go()
    assert "not encrypted" in said(page.server) and not page.lock.isVisible()
    page.server.address.setText("kam.moclam.vn")
    page.go()
    give_back(page)
    connecting = door.desktop.sync_status.connecting
    opened(qtbot, door, lambda: connecting.dialog is not None)
    assert connecting.dialog.server.text() == "https://kam.moclam.vn" and not connecting.dialog.server.isReadOnly()
    connecting.dialog.reject()


def test_closed_midway_it_begins_where_it_was(qtbot: Any, door: app.Door) -> None:
    page = first_run(door)
    page.choose(FILES)
    page.firm.show_firm("Mộc Lam", "9900000014")
    page.go()
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert page._views.currentIndex() == 0, "a way back"
    page.go()
    opened(qtbot, door, lambda: door.told_before().get("step") == "lock")
    again = FirstRunController(door.desktop.desk).page
    qtbot.addWidget(again)
    assert (again.way(), again.firm.company(), again.firm.tax_code()) == (FILES, "Mộc Lam", "9900000014")
    assert "opens nothing" in said(again) and again._views.currentIndex() == 0


def test_what_was_deployed_is_proposed(qtbot: Any, door: app.Door, monkeypatch: pytest.MonkeyPatch) -> None:
    preset = {"server": "https://kam.moclam.vn", "workspace": "018f0000-0000-7000-8000-000000000001"}
    for given, way in ((preset, SERVER), ({"server": "javascript:x"}, SAMPLE), ({**preset, "workspace": "x"}, SAMPLE)):
        monkeypatch.setattr(config, "preset", lambda given=given: given)
        page = FirstRunController(door.desktop.desk).page
        qtbot.addWidget(page)
        assert page.way() == way
    proposed = FirstRunController(door.desktop.desk)
    proposed._propose({"server": "https://kam.moclam.vn"})
    assert proposed.page.server.address.text() == "https://kam.moclam.vn" and "administrator" in said(proposed.page)


def test_the_language_rebuilds_the_first_run(qtbot: Any, door: app.Door) -> None:
    first_run(door).language_chosen.emit("vi")
    qtbot.waitUntil(lambda: "Bạn muốn bắt đầu bằng gì?" in said(first_run(door)))
    assert language.current() == "vi"
