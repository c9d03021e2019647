"""Laptops of the firm: administrators revoke, leads take in or let go what was handed in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from kam_desktop.domain.errors import Unavailable
from kam_desktop.ui import laptops
from kam_desktop.ui.laptops import Laptops
from kam_desktop.ui.sync_now import Now

ID, GROUP, AUTHOR = "a" * 32, "b" * 32, "01900000-0000-7000-8000-000000000001"


class Window(QWidget):
    """What it needs of the window."""

    def add_command(self, command: Any) -> None: ...

    def toast(self, *_words: Any) -> None: ...


class Agent:
    """The window's agent, whose server answers from a list."""

    def __init__(self, role: str) -> None:
        self.now = Now(connected=True, role=role)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[Any] = []

    def ask(self, name: str, **more: Any) -> Any:
        self.asked.append((name, more))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def at_server(self, deed: Any, then: Any, fail: Any) -> None:
        try:
            deed(self)
        except Unavailable as failure:
            fail(failure)
        else:
            then()


def room(qtbot: Any, role: str) -> Any:
    window, agent = Window(), Agent(role)
    qtbot.addWidget(window)
    reader = SimpleNamespace(get=lambda _kind, _id: SimpleNamespace(full_name="Lê An"))
    background = SimpleNamespace(ask=lambda question, then, **_more: then(question(reader)))
    desk = SimpleNamespace(agent=[agent], background=background)
    return SimpleNamespace(agent=agent, laptops=Laptops(desk, window))  # type: ignore[arg-type]


def device(**more: Any) -> dict[str, Any]:
    return {"id": ID, "user": "an", "letter": "A", "last_seen": "2026-03-02T08:00:00Z", "revoked": False, "left_at": "",
            "handed_in": 0, **more}  # fmt: skip


def test_an_administrator_revokes_after_a_question(dressed: None, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here = room(qtbot, "administrator")
    here.agent.answers = [{"devices": [device()]}, {"devices": [device(revoked=True, handed_in=2)]}]
    here.laptops.open()
    dialog = here.laptops.dialog
    assert dialog.model.rowCount() == 1 and list(dialog.deeds) == ["revoke"]
    monkeypatch.setattr(laptops.dialogs, "ask", lambda *_words, **_more: False)
    dialog.deeds["revoke"].click()
    assert len(here.agent.asked) == 1  # nothing without a yes
    monkeypatch.setattr(laptops.dialogs, "ask", lambda *_words, **_more: True)
    dialog.deeds["revoke"].click()
    assert here.agent.asked[1] == ("devices", {"revoke": ID})
    assert dialog.model.index(0, 3).data() == "Revoked · 2 entries wait for the lead"
    dialog.close()


def test_a_lead_takes_in_what_was_handed_in_and_hears_why_not(dressed: None, qtbot: Any) -> None:
    here = room(qtbot, "lead")
    change = {"entity": "account", "id": AUTHOR, "action": "create", "new": {"name": "Thép <b>", "owner": AUTHOR}}
    waiting = {
        "waiting": [{"group": GROUP, "author": AUTHOR, "device": ID, "changes": [change], "at": "2026-03-02T08:00:00Z"}]
    }
    problem = {"problem": {"where": "", "code": "gone", "message": "There is no {what}.", "args": {"what": "record"}}}
    here.agent.answers = [waiting, {"verdict": ["refused", problem]}, waiting, {"verdict": ["accepted", {}]},
                          {"waiting": []}, Unavailable("offline", "No network.")]  # fmt: skip
    here.laptops.open()
    dialog = here.laptops.dialog
    assert [dialog.model.index(0, column).data() for column in (0, 3)] == ["Lê An", "Thép <b>"]
    dialog.deeds["take"].click()
    assert here.agent.asked[1] == ("handed-in", {"group": GROUP, "take": True})
    assert dialog.said.text() == "There is no record."
    dialog.deeds["take"].click()
    assert dialog.model.rowCount() == 0 and not dialog.deeds["take"].isEnabled() and not dialog.said.text()
    here.laptops._ask({})
    assert dialog.said.text()
    dialog.close()
