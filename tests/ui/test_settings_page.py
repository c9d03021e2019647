"""The settings page: our firm, language and look at once, keys, backups, steps taken back, licences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit

from kam_desktop import language
from kam_desktop.domain.change import Action, ChangeSet, Touched
from kam_desktop.domain.entities import FIRM_ID, LOCAL_PERSON_ID, Firm, Person
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import profile, security
from kam_desktop.store.key_file import KeyFile
from kam_desktop.ui import theme
from kam_desktop.ui.background import Background
from kam_desktop.ui.change_feed import ChangeFeed
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.pages.settings.backups import size_words
from kam_desktop.ui.pages.settings.controller import SettingsController
from kam_desktop.ui.pages.settings.page import ABOUT, BACKUPS, GENERAL, HISTORY, SECURITY, SettingsPage
from kam_desktop.ui.recovery_sheet import PassphraseLines, RecoverySheet
from tests.fakes import FakeClock, make_argon2_cheap
from tests.ui.conftest import House, ShellLog, account


class WindowLog(QObject):
    """The part of a window whose look is changed."""

    look_changed = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self.log = ShellLog()
        self.rebuilt = 0
        self.looks: list[tuple[str, int]] = []
        self.look = self

    def rebuild(self) -> None:
        self.rebuilt += 1

    def wear(self, mode: str, zoom: int) -> None:
        self.looks.append((mode, zoom))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)


@pytest.fixture
def house(dressed: None, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A profile with a key file: a recovery key and nothing else."""
    make_argon2_cheap(monkeypatch)
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    ids = RandomIds(clock)
    made = profile.create_profile(tmp_path / "p", clock, ids, None, recovery=profile.RecoveryKey.new())
    background, shell, broken = Background(ChangeFeed()), WindowLog(), []
    background.broken.connect(broken.append)
    background.open(lambda: made.store)
    desk = Desk(background, clock, ids, shell, {})
    yield House(tmp_path / "p", made.store, background, desk, shell.log, broken)
    assert background.close()
    made.lock.release()
    assert not [getattr(each, "details", each) for each in broken]


@pytest.fixture
def page(qtbot: Any, house: House) -> SettingsPage:
    made = SettingsController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1146), theme.px(700))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    qtbot.waitUntil(house.background.is_idle)
    return made


def said(widget: Any) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def button(widget: Any, name: str) -> Button:
    return next(each for each in widget.findChildren(Button) if each.accessibleName() == name and each.isVisible())


def dialog(qtbot: Any, page: SettingsPage) -> QDialog:
    qtbot.waitUntil(lambda: any(each.isVisible() for each in page.findChildren(QDialog)))
    return next(each for each in page.findChildren(QDialog) if each.isVisible())


def show(qtbot: Any, page: SettingsPage, house: House, key: str) -> None:
    page.open_place(key)
    qtbot.waitUntil(house.background.is_idle)


def firm(house: House) -> Firm | None:
    found: Firm | None = house.read(lambda reader: reader.get(Firm, FIRM_ID))
    return found


def typed(qtbot: Any, page: SettingsPage, name: str, words: str) -> None:
    inner = page.form.editor(name).inner
    inner.setFocus()
    inner.selectAll()
    inner.insert(words)
    qtbot.keyClick(inner, Qt.Key.Key_Return)


def test_our_firm_is_saved_as_soon_as_it_has_a_name_and_then_field_by_field(
    qtbot: Any, page: SettingsPage, house: House
) -> None:
    typed(qtbot, page, "legal_name", "Mộc Lam")
    qtbot.waitUntil(lambda: not page.form.is_new)
    typed(qtbot, page, "default_payment_days", "45")
    qtbot.waitUntil(lambda: len(house.shell.toasts) == 2)
    assert getattr(firm(house), "default_payment_days", 0) == 45
    assert [words for words, _, _ in house.shell.toasts] == ["Enter our firm", "Change our firm"]
    house.shell.toasts[-1][1]()  # type: ignore[misc]
    qtbot.waitUntil(lambda: getattr(firm(house), "default_payment_days", 0) == 30)
    qtbot.waitUntil(lambda: page.form.editor("default_payment_days").raw() == "30")


def test_the_persons_name_can_be_changed(qtbot: Any, page: SettingsPage, house: House) -> None:
    profile.set_up(house.store, "", "")
    house.background.feed.published.emit(ChangeSet(0, "", (Touched("person", LOCAL_PERSON_ID, Action.CREATE),), {}))
    qtbot.waitUntil(lambda: page.person.editor("full_name").raw() == "KAM")
    edit = page.person.editor("full_name").inner
    edit.setFocus()
    edit.selectAll()
    edit.insert("Đỗ Khánh Vy")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(house.shell.toasts))
    assert house.read(lambda reader: reader.get(Person, LOCAL_PERSON_ID)).full_name == "Đỗ Khánh Vy"


def test_a_tax_code_that_looks_wrong_is_warned_of_and_saved(qtbot: Any, page: SettingsPage, house: House) -> None:
    typed(qtbot, page, "legal_name", "Mộc Lam")
    qtbot.waitUntil(lambda: not page.form.is_new)
    typed(qtbot, page, "tax_code", "9900000015")
    qtbot.waitUntil(lambda: getattr(firm(house), "tax_code", "") == "9900000015")
    qtbot.waitUntil(lambda: "The check digit of tax code 9900000015 does not fit" in said(page))
    assert page.form.editor("tax_code").inner.property("invalid") is False


def test_language_and_look_take_effect_at_once(qtbot: Any, page: SettingsPage, house: House) -> None:
    window: Any = house.desk.shell
    with qtbot.waitSignal(window.look_changed):
        page.language_chosen.emit("vi")
    assert language.current() == "vi" and window.rebuilt == 1
    language.use("en")
    page.look_chosen.emit("dark", 125)
    qtbot.waitUntil(lambda: window.looks == [("dark", 125)])


def test_the_ways_to_the_data_are_shown_and_a_second_one_is_asked_for(
    qtbot: Any, page: SettingsPage, house: House
) -> None:
    show(qtbot, page, house, SECURITY)
    qtbot.waitUntil(lambda: "Only one way is set up besides the keyring" in said(page))
    assert [slot.kind for slot in KeyFile.load(house.folder, False).slots] == ["recovery"]
    names = [each.accessibleName() for each in page.findChildren(Button) if each.isVisible()]
    assert names[-3:] == ["Set up", "Add", "Make a new one"]


def test_a_passphrase_is_added_after_its_faults_were_said(qtbot: Any, page: SettingsPage, house: House) -> None:
    show(qtbot, page, house, SECURITY)
    qtbot.waitUntil(lambda: "Recovery key" in said(page))
    button(page, "Add").click()
    box = dialog(qtbot, page)
    lines = box.findChild(PassphraseLines)
    first, second = lines.findChildren(QLineEdit)
    assert first.echoMode() == QLineEdit.EchoMode.Password and first.accessibleName() == "Passphrase"
    qtbot.keyClicks(first, "mot hai ba bon")
    qtbot.keyClicks(second, "mot hai ba nam")
    button(box, "Save the passphrase").click()
    assert "The two passphrases are not alike." in said(box)
    for edit in (first, second):
        edit.clear()
        qtbot.keyClicks(edit, "password")
    button(box, "Save the passphrase").click()
    qtbot.waitUntil(lambda: "12" in said(lines) and button(box, "Save the passphrase").isEnabled())
    for edit in (first, second):
        edit.clear()
        edit.insert("con mèo trèo cây cau")
    qtbot.keyClick(second, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not box.isVisible())
    assert first.text() == "" and second.text() == ""
    found = KeyFile.load(house.folder, False)
    assert sorted(found.kinds) == ["passphrase", "recovery"]
    assert found.open_with_passphrase("con mèo trèo cây cau").hex() == house.store.database.key_hex
    qtbot.waitUntil(lambda: "Only one way" not in said(page))


def test_a_new_recovery_key_counts_only_when_two_groups_came_back(
    qtbot: Any, page: SettingsPage, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    before = KeyFile.load(house.folder, False)
    show(qtbot, page, house, SECURITY)
    qtbot.waitUntil(lambda: "Recovery key" in said(page))
    button(page, "Make a new one").click()
    box = dialog(qtbot, page)
    sheet = box.findChild(RecoverySheet)
    groups = [label.text() for label in sheet.findChildren(QLabel) if len(label.text()) == 5 and label.isVisible()]
    assert len(groups) == 13
    button(box, "I have written it down").click()
    assert not any(group in said(sheet) for group in groups)  # the question does not show the answer
    edits = [edit for edit in sheet.findChildren(QLineEdit) if edit.isVisible()]
    asked = [int(edit.accessibleName().split()[-1]) for edit in edits]
    qtbot.keyClicks(edits[0], groups[asked[0] - 1].lower())
    qtbot.keyClicks(edits[1], "00000")
    button(box, "Check").click()
    assert f"Group {asked[1]} does not match" in said(sheet) and edits[1].property("invalid") is True
    assert KeyFile.load(house.folder, False) == before
    edits[1].clear()
    qtbot.keyClicks(edits[1], groups[asked[1] - 1])
    qtbot.keyClick(edits[1], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(house.shell.toasts))
    assert house.shell.toasts[-1][0] == "The recovery key is in force."
    after = KeyFile.load(house.folder, False)
    assert after.open_with_recovery("-".join(groups)).hex() == house.store.database.key_hex
    assert not any(group in caplog.text for group in groups)


def test_without_a_key_file_the_page_says_that_it_is_a_demonstration(qtbot: Any, house: House) -> None:
    for name in ("keys.json", "keys.copy.json"):
        (house.folder / name).unlink()
    made = SettingsController(house.desk).page
    qtbot.addWidget(made)
    made.show()
    show(qtbot, made, house, SECURITY)
    qtbot.waitUntil(lambda: "This is a demonstration" in said(made))
    with pytest.raises(Exception, match="key file is missing"):
        security.ways(house.folder)


def test_a_backup_is_made_at_once_and_listed(qtbot: Any, page: SettingsPage, house: House) -> None:
    show(qtbot, page, house, BACKUPS)
    assert "Last backup: none yet" in said(page)
    button(page, "Make a backup now").click()
    qtbot.waitUntil(lambda: page.backups.model.rowCount() == 1)
    model = page.backups.model
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert model.data(model.index(0, 1)) == "by hand" and (house.folder / "backups" / model.id_at(0)).exists()
    assert house.shell.toasts[-1][0].startswith("Backup made and checked: ")
    qtbot.waitUntil(lambda: button(page, "Make a backup now").isEnabled())


def test_a_step_of_the_history_is_taken_back_alone(qtbot: Any, page: SettingsPage, house: House) -> None:
    for key in ("a", "b"):
        with house.store.edit("Add account {name}", name=key.upper()) as uow:
            uow.add(account(key, key.upper()))
    show(qtbot, page, house, HISTORY)
    model = page.history.model
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    assert [model.data(model.index(row, 1)) for row in (0, 1)] == ["Add account B", "Add account A"]
    page.history.table.selectRow(1)
    page.history.table.setCurrentIndex(model.index(1, 0))
    page.history.undo_button.click()
    qtbot.waitUntil(lambda: model.data(model.index(1, 3)) == "taken back")
    assert not page.history.undo_button.isEnabled()
    assert house.read(lambda reader: reader.sql("select id from account")) == [("b",)]
    qtbot.keyClick(page.history.table, Qt.Key.Key_Return)  # taken back already: nothing happens
    qtbot.waitUntil(house.background.is_idle)
    assert house.read(lambda reader: reader.sql("select id from account")) == [("b",)]


def test_about_shows_version_and_every_licence(qtbot: Any, page: SettingsPage, house: House) -> None:
    show(qtbot, page, house, ABOUT)
    qtbot.waitUntil(lambda: page.about.model.rowCount() > 20)
    page.about.place.show("Lucide")
    assert "ISC" in page.about.text.toPlainText()


def test_about_leads_to_the_updates_and_display_to_the_first_steps(
    qtbot: Any, page: SettingsPage, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    agent = type("Agent", (), {"open": lambda self: opened.append("updates")})()
    monkeypatch.setattr(type(house.desk.shell), "findChild", lambda self, kind: agent, raising=False)
    show(qtbot, page, house, ABOUT)
    button(page, "Updates").click()
    assert opened == ["updates"]
    show(qtbot, page, house, GENERAL)
    button(page, "Show them again").click()
    assert ("today", "steps") in house.shell.shown


def test_sizes_are_written_as_people_read_them(dressed: None) -> None:
    assert [size_words(each) for each in (10, 999_999, 1_000_000, 4_349_999)] == [
        "1\N{NO-BREAK SPACE}kB", "1,000\N{NO-BREAK SPACE}kB", "1.0\N{NO-BREAK SPACE}MB", "4.3\N{NO-BREAK SPACE}MB",
    ]  # fmt: skip
