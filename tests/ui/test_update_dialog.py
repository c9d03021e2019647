"""Updates in the window: off without a repository; found, loaded, installed when it closes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from kam_desktop.domain.errors import Unavailable
from kam_desktop.ui.update_agent import UpdateAgent
from kam_desktop.update.trusted import Release
from tests.ui.conftest import House

RELEASE = Release("9.0.0", 1, 100, {"vi": "Nhanh hơn", "en": "Faster"}, "x", 1000, "0" * 64)


class Shell(QWidget):
    """The part of a window that updates know."""

    closing = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[Any] = []
        self.toasts: list[str] = []

    def add_command(self, command: Any) -> None:
        self.commands.append(command)

    def toast(self, text: str, *_more: Any) -> None:
        self.toasts.append(text)


class Repository:
    """The updates of an installation, as a repository that answers at once."""

    def __init__(self) -> None:
        self.place: Any = self
        self.offered: Release | None = RELEASE
        self.fault: Unavailable | None = None
        self.ready = False
        self.switched: list[str] = []

    def tidy(self) -> None:
        pass

    def known_since(self) -> datetime:
        return datetime(2026, 11, 1, tzinfo=UTC)

    def check(self, again: bool = False) -> Release | None:
        if self.fault is not None:
            raise self.fault
        return self.offered

    def is_ready(self, _release: Release) -> bool:
        return self.ready

    def download(self, release: Release, report: Any) -> None:
        report(500, release.length)

    def make_ready(self, _release: Release, report: Any, backup: Any) -> None:
        assert backup() is None  # the same schema
        report(1000, 0)

    def switch(self, release: Release) -> None:
        self.switched.append(release.version)


@pytest.fixture
def shell(qtbot: Any) -> Shell:
    made = Shell()
    qtbot.addWidget(made)
    made.show()
    return made


def _agent(house: House, shell: Shell, repository: Repository | None) -> UpdateAgent:
    made = UpdateAgent(house.desk, shell)
    made.make = lambda _store: repository
    made.meeting = lambda: False
    return made


def test_without_a_repository_the_dialog_says_so_and_offers_nothing(qtbot: Any, house: House, shell: Shell) -> None:
    agent = _agent(house, shell, None)
    shell.commands[0].run()
    assert agent.dialog is not None
    qtbot.waitUntil(lambda: agent.now.asked)
    assert not agent.now.configured
    assert agent.dialog.check.isHidden()
    assert agent.dialog.take.isHidden()
    shell.closing.emit()


def test_a_release_is_taken_on_demand_and_installed_when_the_window_closes(
    qtbot: Any, house: House, shell: Shell
) -> None:
    repository = Repository()
    agent = _agent(house, shell, repository)
    shell.commands[0].run()
    assert agent.dialog is not None
    qtbot.waitUntil(lambda: agent.now.release is not None)
    assert agent.dialog.notes.toPlainText() in RELEASE.notes.values()
    assert not repository.switched
    agent.dialog.take.click()
    qtbot.waitUntil(lambda: agent.now.phase == "ready")
    assert agent.dialog.take.isHidden()
    agent.meeting = lambda: True
    shell.closing.emit()
    assert not repository.switched
    agent.meeting = lambda: False
    shell.closing.emit()
    assert repository.switched == ["9.0.0"]


def test_by_itself_it_says_once_what_it_found_and_nothing_in_a_meeting(qtbot: Any, house: House, shell: Shell) -> None:
    agent = _agent(house, shell, Repository())
    agent.meeting = lambda: True
    agent.check()
    assert not agent.now.phase
    agent.meeting = lambda: False
    for _ in range(2):
        agent.check()
        qtbot.waitUntil(lambda: agent.now.phase == "" and agent.now.release is not None)
    assert len(shell.toasts) == 1


def test_expired_metadata_is_a_sentence_and_nothing_else(qtbot: Any, house: House, shell: Shell) -> None:
    repository = Repository()
    repository.fault = Unavailable("updates_expired", "Too old.")
    agent = _agent(house, shell, repository)
    said: list[object] = []
    house.background.unavailable.connect(said.append)
    agent.open()
    qtbot.waitUntil(lambda: agent.now.failure is not None)
    assert agent.dialog is not None
    assert "Too old." in agent.dialog.said.text()
    assert "2026" in agent.dialog.since.text()
    assert agent.dialog.check.isEnabled()
    assert not said
    shell.closing.emit()
    assert not repository.switched


def test_nothing_is_confirmed_outside_an_installation(qtbot: Any, house: House, shell: Shell, tmp_path: Path) -> None:
    agent = _agent(house, shell, None)
    agent._on_shown()
    assert not list(tmp_path.glob("current"))
