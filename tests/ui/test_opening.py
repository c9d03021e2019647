"""What the system hands the window: invitations asked about, links followed, a second start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QLabel

from kam_desktop import app
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import Account, Contact
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.invitation import Invitation, written
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.ui import opening, second_start
from kam_desktop.ui.desktop import Desktop
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.pages.first_run.page import SERVER, FirstRun

WORKSPACE = "018f0000-0000-7000-8000-000000000001"
RECORD = "018f0000-0000-7000-8000-00000000000a"
PERSON = "018f0000-0000-7000-8000-00000000000b"
INVITED = Invitation("https://kam.moclam.vn", WORKSPACE, "<b>Mộc Lam</b>", "vy")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "thư mời.kamx"
    made.write_bytes(written(INVITED))
    return made


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the window says in a box that waits for somebody."""
    told: list[str] = []
    monkeypatch.setattr(dialogs, "tell", lambda _parent, _title, text, **_look: told.append(text))
    return told


def started(folder: Path, opener: Any = None) -> app.Door:
    clock = SystemClock()
    door = app.Door(Desktop(clock, RandomIds(clock), None), folder, opener)
    door.desktop.window.show()
    door.open()
    return door


def ended(door: app.Door) -> None:
    door.desktop.background.close()
    door.close()
    door.desktop.window.close()
    door.desktop.window.deleteLater()


@pytest.fixture
def door(qtbot: Any, qapp: QApplication, dressed: None, tmp_path: Path) -> Iterator[app.Door]:
    """The window on a profile of one customer."""

    def store() -> Store:
        clock = SystemClock()
        made = Store.create(tmp_path / "profile", DataKey.new(), "test", clock, RandomIds(clock))
        with made.edit("Add") as uow:
            uow.add(Account(id=RECORD, name="Sữa Mây Trắng"))
            uow.add(Contact(id=PERSON, account=RECORD, full_name="Ngô Thị Ánh Tuyết"))
        return made

    made = started(tmp_path / "profile", store)
    qtbot.waitUntil(lambda: made.desktop.window.current_key() == "today")
    qtbot.waitUntil(made.desktop.background.is_idle)
    yield made
    ended(made)


@pytest.fixture
def beginner(qtbot: Any, qapp: QApplication, dressed: None, tmp_path: Path) -> Iterator[app.Door]:
    """The window before there is a profile."""
    made = started(tmp_path / "none")
    qtbot.waitUntil(lambda: made.desktop.window.current_key() == "first_run")
    yield made
    ended(made)


def test_an_invitation_is_shown_asked_about_and_fills_the_form(qtbot: Any, door: app.Door, file: Path) -> None:
    handed, connecting = door.desktop.opening, door.desktop.sync_status.connecting
    handed.take([file.as_uri()])
    qtbot.waitUntil(lambda: handed.dialog is not None)
    shown = " | ".join(each.text() for each in handed.dialog.findChildren(QLabel))
    assert all(each in shown for each in (INVITED.server, "<b>Mộc Lam</b>", WORKSPACE, "vy"))
    assert connecting.dialog is None, "nothing goes on by itself"
    handed.dialog.accept()
    form = connecting.dialog
    assert form is not None and (form.server.text(), form.user.text()) == (INVITED.server, "vy")
    assert form.server.isReadOnly() and not form.user.isReadOnly()
    calls: list[tuple[Any, ...]] = []
    door.desktop.sync.connect_to = lambda *given: calls.append(given)
    form.password.setText("mật khẩu")
    form._try()
    assert calls[0][:3] == (INVITED.server, "vy", "mật khẩu") and calls[0][-1] == WORKSPACE
    form.show_failure("no")
    assert form.server.text() == INVITED.server
    form.reject()


def test_a_refused_invitation_leaves_everything_as_it_was(qtbot: Any, door: app.Door, file: Path) -> None:
    handed = door.desktop.opening
    handed.take([str(file)])
    qtbot.waitUntil(lambda: handed.dialog is not None)
    handed.dialog.reject()
    assert handed.invitation is None and door.desktop.sync_status.connecting.dialog is None


@pytest.mark.parametrize("connected", [WORKSPACE, "018f0000-0000-7000-8000-000000000002"])
def test_a_connected_profile_stays_with_its_server(
    qtbot: Any, door: app.Door, file: Path, said: list[str], connected: str
) -> None:
    door.desktop.sync._set(connected=True, workspace=connected, server="https://a.vn", user="vy")
    door.desktop.opening.take([str(file)])
    qtbot.waitUntil(lambda: bool(said))
    assert ("already" in said[0]) == (connected == WORKSPACE) and door.desktop.opening.dialog is None


def test_a_link_goes_to_its_record_or_says_that_it_is_not_here(qtbot: Any, door: app.Door, said: list[str]) -> None:
    window = door.desktop.window
    door.desktop.opening.take([f"kam://open/contact/{PERSON}"])
    qtbot.waitUntil(lambda: window.where() == ("account", RECORD))
    door.desktop.opening.take([f"kam://open/account/{WORKSPACE}"])
    qtbot.waitUntil(lambda: bool(said))
    assert "not on this computer" in said[0] and window.where() == ("account", RECORD)


@pytest.mark.parametrize(
    "target",
    [
        "\\\\evil\\share\\x.kamx", "//evil/share/x.kamx", "file://evil/share/x.kamx", "file:////evil/x.kamx",
        "file:%5C%5Cevil%5Cx.kamx", "\\\\.\\pipe\\x.kamx", "/etc/passwd", "file:///etc/passwd", "/dev/zero", "x\0.kamx",
        "/dev/stdin\n.kamx", "https://evil.example/x.kam", "--profile=/x",
    ],
)  # fmt: skip
def test_a_file_elsewhere_or_of_another_kind_is_not_even_looked_at(target: str) -> None:
    with pytest.raises(Refused):
        opening.local_path(target)


def test_a_pipe_a_folder_and_a_lost_file_are_answered(
    qtbot: Any, door: app.Door, said: list[str], tmp_path: Path
) -> None:
    (tmp_path / "folder.kamx").mkdir()
    targets = [str(tmp_path / "folder.kamx"), str(tmp_path / "lost.kamx"), "kam:--profile", "kam://open/x/y"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.kamx")
        targets.append(str(tmp_path / "pipe.kamx"))
    for count, target in enumerate(targets, 1):
        door.desktop.opening.take([target])
        qtbot.waitUntil(lambda count=count: len(said) == count)
    door.desktop.opening.take(["a.kamx", "b.kamx"])
    assert "one" in said[-1]


def test_a_file_dropped_on_the_window_is_opened(qtbot: Any, door: app.Door, file: Path) -> None:
    def drop(path: Path) -> bool:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        event = QDropEvent(QPointF(1, 1), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                           Qt.KeyboardModifier.NoModifier)  # fmt: skip
        return door.desktop.opening.eventFilter(door.desktop.window, event)

    assert not drop(file.with_suffix(".exe"))
    assert drop(file)
    qtbot.waitUntil(lambda: door.desktop.opening.dialog is not None)
    door.desktop.opening.dialog.reject()


def test_an_invitation_begins_the_first_run(qtbot: Any, beginner: app.Door, file: Path, said: list[str]) -> None:
    handed, page = beginner.desktop.opening, beginner.desktop.window.page("first_run")
    assert isinstance(page, FirstRun)
    handed.take([str(file)])
    qtbot.waitUntil(lambda: handed.dialog is not None)
    handed.dialog.accept()
    assert page.way() == SERVER and page.server.value() == INVITED
    handed.take([f"kam://open/account/{RECORD}"])
    assert "no profile" in said[0]


@pytest.mark.parametrize(
    "line", [b"", b"x\n", b"{}\n", b'"x.kamx"\n', b"[1]\n", b"[" * 9999 + b"\n", json.dumps(["x"] * 99).encode()]
)
def test_a_second_start_says_texts_or_nothing(line: bytes) -> None:
    assert second_start.read_targets(line) == []


def test_a_second_start_hands_its_file_to_the_first_window(qtbot: Any, tmp_path: Path, file: Path) -> None:
    """Another process, started in the file's folder with its bare name, through the real socket."""
    profile, heard = (tmp_path / "profile").absolute(), list[list[str]]()
    listener = second_start.Listener(
        app.instance_name(profile), lambda given: heard.append(list(given)), QApplication.instance()
    )
    command = [sys.executable, "-m", "kam_desktop", "--profile", str(profile), file.name, "--lang", "xx"]
    paths = os.pathsep.join([str(Path(app.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    second = subprocess.Popen(command, cwd=tmp_path, env=dict(os.environ) | {"PYTHONPATH": paths})
    qtbot.waitUntil(lambda: second.poll() is not None, timeout=60_000)
    assert second.returncode == 0
    qtbot.waitUntil(lambda: len(heard) == 2)
    folder = str(tmp_path)
    assert heard == [[], [str(file), os.path.join(folder, "--lang"), os.path.join(folder, "xx")]]
    assert not profile.exists()
    listener.deleteLater()
