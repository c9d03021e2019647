"""The composition root: first run, locked profiles, restarts, one window, one dialog for our faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtNetwork import QLocalServer
from PySide6.QtWidgets import QApplication

from kam_desktop import app, language
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import Account
from kam_desktop.domain.errors import SignedOut
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.query import Query
from kam_desktop.services import profile
from kam_desktop.store import lease
from kam_desktop.store.recovery_key import RecoveryKey
from kam_desktop.ui import desktop as desktops
from kam_desktop.ui import second_start, theme
from kam_desktop.ui.desktop import LOOK_FILE, Desktop
from kam_desktop.ui.lease_dialog import LeaseDialog
from kam_desktop.ui.unlock_dialog import UnlockDialog

KEY = RecoveryKey(bytes(range(32)))


@pytest.fixture
def start(dressed: None, qapp: QApplication, qtbot: Any) -> Iterator[Callable[..., app.Door]]:
    """Starts the desktop on a folder, as `run_window` does, and ends every one that was started."""
    doors: list[app.Door] = []

    def make(folder: Path, opener: Callable[[], Any] | None = None) -> app.Door:
        clock = SystemClock()
        desktop = Desktop(clock, RandomIds(clock), folder)
        door = app.Door(desktop, folder, opener)
        doors.append(door)
        desktop.window.show()
        door.open()
        return door

    yield make
    for door in doors:
        end(door)


def end(door: app.Door) -> None:
    door.desktop.window.close()
    assert door.desktop.background.close()
    door.close()


def made(folder: Path) -> Path:
    """A profile that only its recovery key opens."""
    clock = SystemClock()
    with profile.create_profile(folder, clock, RandomIds(clock), None, recovery=KEY) as opened:
        profile.set_up(opened.store, "Công ty Mộc Lam", "9912345678", "Đỗ Khánh Vy", "VY")
    return folder


def opened(qtbot: Any, door: app.Door) -> Any:
    """The window once the profile is open and its first page is there."""
    window = door.desktop.window
    qtbot.waitUntil(lambda: window.current_key() not in ("", "first_run"))
    qtbot.waitUntil(door.desktop.background.is_idle)
    return window


def test_without_a_profile_the_first_run_makes_one(qtbot: Any, start: Any, tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    door = start(folder)
    window = door.desktop.window
    qtbot.waitUntil(lambda: window.current_key() == "first_run")
    groups = door.new_recovery_key()
    first, second = door.groups_to_ask()
    door.check_groups({first: groups[first - 1], second: groups[second - 1]})
    refused: list[Any] = []
    door.make("", "agency", refused.append)
    opened(qtbot, door)
    assert refused == [] and profile.exists(folder)
    assert window.windowTitle().endswith("Mộc Lam")
    with door.desktop.background.profile.reader() as reader:  # type: ignore[union-attr]
        assert reader.count(Query("account")) == 21


def test_when_the_lease_has_ended_the_window_asks_for_a_sign_in_and_shows_no_data(
    qtbot: Any, start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, asked = made(tmp_path / "profile"), []
    opening: Any = {"recovery_source": lambda _refused: KEY.text()}
    clock = SystemClock()
    with profile.open_profile(folder, clock, RandomIds(clock), None, **opening) as found:
        found.store.remember({lease.NOTE: '{"days": 45, "from": "2020-01-01T00:00:00Z"}'})

    class Agent:
        def __init__(self, store: Any) -> None:
            self.store = store

        def connect(self, server: str, user: str, password: str, *, agree: Any) -> None:
            asked.append(password)
            if password != "right":
                raise SignedOut("wrong_password", "The name or the password is wrong.")
            self.store.remember({lease.NOTE: None})

    monkeypatch.setattr(app, "_agent", lambda _clock, store: Agent(store))
    door = start(folder)
    qtbot.waitUntil(lambda: isinstance(door._dialog, UnlockDialog))
    door._dialog._other.opened.emit()
    door._dialog._line.setText(KEY.text())
    door._dialog._open.click()
    qtbot.waitUntil(lambda: isinstance(door._dialog, LeaseDialog))
    dialog = door._dialog
    assert door.desktop.background.profile is None and door.desktop.window.current_key() in ("", "first_run")
    dialog._line.setText("wrong")
    dialog._open.click()
    qtbot.waitUntil(lambda: bool(dialog._said.text()))
    dialog._line.setText("right")
    qtbot.keyClick(dialog._line, Qt.Key.Key_Return)
    assert "Mộc Lam" in opened(qtbot, door).windowTitle() and asked == ["wrong", "right"]


def test_a_weak_passphrase_is_refused_and_leaves_no_profile(qtbot: Any, start: Any, tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    door = start(folder)
    refused: list[Any] = []
    door.make("short", "", refused.append)
    qtbot.waitUntil(lambda: bool(refused))
    assert refused[0].problems[0].code and not profile.exists(folder)


def test_a_locked_profile_asks_and_a_wrong_answer_is_told(qtbot: Any, start: Any, tmp_path: Path) -> None:
    door = start(made(tmp_path / "profile"))
    qtbot.waitUntil(lambda: door._dialog is not None)
    dialog = door._dialog
    assert dialog is not None
    dialog._other.opened.emit()  # by recovery key
    dialog._line.setText("0" * 65)
    dialog._open.click()
    qtbot.waitUntil(lambda: bool(dialog._said.text()))
    assert dialog.isVisible() and dialog._open.isEnabled()
    dialog._line.setText(KEY.text())
    qtbot.keyClick(dialog._line, Qt.Key.Key_Return)
    window = opened(qtbot, door)
    assert "Mộc Lam" in window.windowTitle()


def test_a_restart_brings_back_page_size_language_and_theme(qtbot: Any, start: Any, tmp_path: Path) -> None:
    folder = made(tmp_path / "profile")
    door = start(folder)
    qtbot.waitUntil(lambda: door._dialog is not None)
    door._try(KEY.text(), True)
    window = opened(qtbot, door)
    window.resize(1200, 700)
    window.show_page("proposal")
    door.desktop.use_language("vi")
    window.set_look("dark", 110)
    qtbot.waitUntil(door.desktop.background.is_idle)
    end(door)
    assert json.loads((folder / LOOK_FILE).read_text("utf-8")) == {"language": "vi", "mode": "dark", "zoom": 110}
    assert (folder / LOOK_FILE).stat().st_mode & 0o077 == 0
    language.use("en")
    app._application(folder)
    assert (language.current(), theme.mode(), theme.zoom()) == ("vi", "dark", 110)
    clock = SystemClock()
    ids = RandomIds(clock)
    found = profile.open_profile(folder, clock, ids, None, write=False, recovery_source=lambda _: KEY.text())
    with found, found.store.reader() as reader:
        kept = reader.preferences()
    assert json.loads(kept["window"])["page"] == "proposal" and kept["look.language"] == "vi"
    again = Desktop(clock, RandomIds(clock))
    again.opened((kept, "Mộc Lam", ""))
    assert again.window.current_key() == "proposal" and again.window.size().width() == 1200
    again.window.close()
    again.background.close()
    theme.apply(QApplication.instance(), "light", 100)  # type: ignore[arg-type]


def test_undo_and_redo_by_keys(qtbot: Any, start: Any, tmp_path: Path) -> None:
    door = start(tmp_path / "demo", lambda: app.demo_store(tmp_path / "demo"))
    window = opened(qtbot, door)
    background = door.desktop.background

    def name() -> str:
        with background.profile.reader() as reader:  # type: ignore[union-attr]
            return str(reader.get(Account, "x").name) if reader.get(Account, "x") else ""

    background.edit(lambda uow: uow.add(Account(id="x", name="Mới")), label="Add account {name}", args={"name": "Mới"})
    qtbot.waitUntil(lambda: name() == "Mới")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.navigation.list.setFocus()
    qtbot.keyClick(window.navigation.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: name() == "")
    qtbot.keyClick(window.navigation.list, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: name() == "Mới")
    qtbot.waitUntil(lambda: list(window.said)[-1] == "Done again: Add account Mới")


def test_the_palette_finds_records_without_accents(qtbot: Any, start: Any, tmp_path: Path) -> None:
    door = start(tmp_path / "demo", lambda: app.demo_store(tmp_path / "demo"))
    window = opened(qtbot, door)
    found: list[Any] = []
    window.finder("sua may trang", found.append)
    qtbot.waitUntil(lambda: bool(found))
    assert any("Sữa Mây Trắng" in hit.title for hit in found[0])
    next(hit for hit in found[0] if "Sữa Mây Trắng" in hit.title).open()
    assert window.current_key() == "account"


def test_a_second_start_raises_the_first_window(qtbot: Any, tmp_path: Path) -> None:
    name = app.instance_name(tmp_path)  # of this test alone: another run of the tests may be at work beside it
    assert not second_start.raised_first(name)
    server = QLocalServer()
    assert server.listen(name)
    assert second_start.raised_first(name)
    qtbot.waitUntil(server.hasPendingConnections)
    server.close()


@pytest.mark.expects_log
def test_what_goes_wrong_in_the_window_is_one_dialog_with_details(
    qtbot: Any, start: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    door = start(tmp_path / "demo", lambda: app.demo_store(tmp_path / "demo"))
    opened(qtbot, door)
    said: list[str] = []
    monkeypatch.setattr(desktops.dialogs, "failed", lambda _parent, details: said.append(details))
    try:
        raise KeyError("x")
    except KeyError as error:
        door.desktop.on_exception(KeyError, error, error.__traceback__)
    qtbot.waitUntil(lambda: bool(said))
    assert "KeyError" in said[0] and "test_app.py" in said[0]


def test_a_full_disk_is_said_in_the_status_bar_and_work_goes_on(qtbot: Any, start: Any, tmp_path: Path) -> None:
    from kam_desktop.domain.errors import Unavailable

    door = start(tmp_path / "demo", lambda: app.demo_store(tmp_path / "demo"))
    window = opened(qtbot, door)

    def full(_uow: Any) -> None:
        raise Unavailable("disk_full", "The disk is full. Nothing saved is lost; free some space and try again.")

    door.desktop.background.edit(full, label="x")
    qtbot.waitUntil(lambda: "disk is full" in window.bottom.pill.accessibleName())
    door.desktop.background.edit(lambda uow: uow.add(Account(id="x", name="Mới")), label="x")
    qtbot.waitUntil(lambda: window.bottom.pill.accessibleName() == "Saved on this computer")


def test_sample_data_give_way_to_ones_own(qtbot: Any, start: Any, tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    door = start(folder)
    window = door.desktop.window
    qtbot.waitUntil(lambda: window.current_key() == "first_run")
    door.new_recovery_key()
    door.make("", "agency", lambda failure: None)
    opened(qtbot, door)
    assert door.can_start_over
    door.start_over()
    qtbot.waitUntil(lambda: window.current_key() == "first_run")
    assert not profile.exists(folder)
    assert not (folder / "journal").exists()
    door.new_recovery_key()
    door.make("", "", lambda failure: None)
    opened(qtbot, door)
    with door.desktop.background.profile.reader() as reader:
        assert reader.count(Query("account")) == 0


def test_ones_own_data_are_never_taken_away(qtbot: Any, start: Any, tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    door = start(folder)
    window = door.desktop.window
    qtbot.waitUntil(lambda: window.current_key() == "first_run")
    door.new_recovery_key()
    door.make("", "", lambda failure: None)
    opened(qtbot, door)
    door.start_over()
    qtbot.waitUntil(door.desktop.background.is_idle)
    assert profile.exists(folder)
    assert window.current_key() != "first_run"
    with door.desktop.background.profile.reader() as reader:
        assert reader.count(Query("account")) == 0
