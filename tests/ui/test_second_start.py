"""A second start raises the first window, across processes; the icon in the tray is the user's choice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow, QSystemTrayIcon

from kam_desktop import app
from kam_desktop.ui import second_start, tray
from tests.ui.conftest import House

_COMMAND = [sys.executable, "-m", "kam_desktop", "--profile"]


@pytest.fixture
def first(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The window of another process on a profile that is not made yet."""
    started = subprocess.Popen([*_COMMAND, str(tmp_path / "profile")], env=dict(os.environ))
    yield started
    started.terminate()
    started.wait(30)


def test_the_second_process_ends_and_the_first_lives(
    qtbot: Any, first: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    name = app.instance_name((tmp_path / "profile").absolute())
    qtbot.waitUntil(lambda: second_start.raised_first(name), timeout=240_000)
    ended = subprocess.run([*_COMMAND, str(tmp_path / "profile")], env=dict(os.environ), timeout=240, check=False)
    assert ended.returncode == 0
    assert first.poll() is None, "the first window is still there"
    assert app.instance_name(tmp_path / "other") != name, "another profile has a window of its own"


def test_a_window_in_the_task_bar_comes_back(qtbot: Any) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.showMinimized()
    tray.forward(window)
    qtbot.waitUntil(lambda: window.isVisible() and not window.isMinimized())


def test_the_tray_is_off_until_it_is_chosen(qtbot: Any, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    made = tray.Tray(window, house.desk)
    made.follow()
    assert made.icon is None and not made.is_on()
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: True))
    made.choose(True)
    assert made.icon is not None and house.desk.remembered[tray.PREFERENCE] == "on"
    actions: list[str] = [each.text() for each in made.icon.contextMenu().actions()]
    assert len(actions) == 2
    made.choose(False)
    assert made.icon is None
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: False))
    made.choose(True)
    assert made.icon is None, "no tray here"
    assert isinstance(window.findChild(tray.Tray), QObject)
