"""The own lock: by key or after minutes without a touch, never while presenting."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

from kam_desktop.ui.own_lock import OwnLock


class Window(QWidget):
    """What the lock needs of the window."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[Any] = []
        self.said: list[str] = []

    def add_command(self, command: Any) -> None:
        self.commands.append(command)

    def toast(self, words: str, *_more: Any) -> None:
        self.said.append(words)


@pytest.fixture
def room(qtbot: Any) -> Any:
    window, locked, now = Window(), [], [0.0]
    qtbot.addWidget(window)
    desk = SimpleNamespace(
        remembered={}, clock=SimpleNamespace(monotonic=lambda: now[0]), background=SimpleNamespace(profile=object()),
        door=[SimpleNamespace(lock_up=lambda fail: locked.append(fail))],
        remember=lambda key, value: desk.remembered.update({key: value}),
    )  # fmt: skip
    busy = [False]
    made = OwnLock(desk, window, lambda: busy[0])  # type: ignore[arg-type]
    yield SimpleNamespace(lock=made, window=window, locked=locked, now=now, busy=busy)
    made.choose("")


def test_after_the_chosen_minutes_without_a_touch_and_only_then(room: Any) -> None:
    room.lock.follow()
    room.now[0] = 10**6
    room.lock._look()
    assert not room.locked and not room.lock._timer.isActive()  # nobody chose minutes
    room.lock.choose("5")
    room.now[0] += 299
    room.lock._look()
    assert not room.locked
    app = QApplication.instance()
    assert app is not None
    app.sendEvent(room.window, QEvent(QEvent.Type.Wheel))
    room.now[0] += 299
    room.lock._look()
    assert not room.locked
    room.now[0] += 1
    room.lock._look()
    assert len(room.locked) == 1


def test_never_while_presenting(room: Any) -> None:
    room.lock.choose("5")
    room.now[0] += 10_000
    full: list[Callable[[], Any]] = [
        lambda: room.window.setWindowState(Qt.WindowState.WindowFullScreen), lambda: room.busy.__setitem__(0, True),
    ]  # fmt: skip
    for begin in full:
        begin()
        room.lock._look()
        room.lock.lock()
        assert not room.locked and room.window.said.pop()
        room.window.setWindowState(Qt.WindowState.WindowNoState)
        room.busy[0] = False
    room.lock.lock()
    assert len(room.locked) == 1 and isinstance(room.lock, QObject)
