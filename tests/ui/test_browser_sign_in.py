"""Signing in through the browser, as the dialog leads to it, stops it and says why not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from kam_desktop.domain.errors import Unavailable
from kam_desktop.domain.invitation import Invitation
from kam_desktop.ui import reaching
from kam_desktop.ui.connect_dialog import Connecting
from kam_desktop.ui.sync_now import Now

PAGE = "https://login.moclam.vn/authorize?x=1"


class Agent(QObject):
    """What the window's agent is asked for."""

    changed, asked, browse = Signal(), Signal(list), Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.now, self.connecting = Now(), None
        self.names: dict[str, str] = {"https://kam.moclam.vn": "Mộc Lam <b>"}
        self.calls: list[tuple[Any, ...]] = []
        self.cancelled = 0

    def provider_of(self, server: str, _workspace: str, then: Any) -> None:
        if server in self.names:
            then(self.names[server])

    def connect_to(self, *given: Any, browser: bool = False) -> None:
        self.calls.append((given[0], browser))
        self.fail = given[4]

    def answer(self, _link: bool) -> None: ...

    def cancel(self) -> None:
        self.cancelled += 1


@pytest.fixture
def road(dressed: None, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    agent, said, opened, parent = Agent(), [], [], QWidget()
    qtbot.addWidget(parent)
    parent.show()
    shell = SimpleNamespace(toast=lambda *given: said.append(given[0]), show_page=lambda *_given: None)
    monkeypatch.setattr(reaching, "browse", lambda address: opened.append(address) or True)
    connecting = Connecting(SimpleNamespace(agent=[agent], shell=shell), parent)  # type: ignore[arg-type]
    return SimpleNamespace(agent=agent, said=said, opened=opened, connecting=connecting)


def test_the_button_is_there_when_the_server_offers_it(road: Any) -> None:
    road.connecting.open()
    form = road.connecting.dialog
    assert form.through.isHidden() and form.instead.isHidden()
    form.server.setText("https://kam.moclam.vn")
    form.server.editingFinished.emit()
    assert not form.through.isHidden() and form.through.accessibleName() == "Sign in with Mộc Lam <b>"
    road.agent.names["https://other.vn"] = ""
    form.server.setText("https://other.vn")
    form.server.editingFinished.emit()
    assert form.through.isHidden()
    form.reject()


def test_an_invitation_names_it_at_once_and_the_servers_word_counts(road: Any) -> None:
    road.agent.names = {}
    road.connecting.open(Invitation("https://kam.moclam.vn", "w", "Mộc Lam", identity_provider="entra"))
    assert not road.connecting.dialog.through.isHidden()
    road.connecting.dialog.reject()
    road.agent.names = {"https://kam.moclam.vn": ""}
    road.connecting.open(Invitation("https://kam.moclam.vn", "w", "Mộc Lam", identity_provider="entra"))
    assert road.connecting.dialog.through.isHidden()
    road.connecting.dialog.reject()


def test_the_page_opens_can_be_opened_again_and_a_failure_leads_back(road: Any) -> None:
    road.connecting.open()
    form = road.connecting.dialog
    form.server.setText("https://kam.moclam.vn")
    form.server.editingFinished.emit()
    form.through.click()
    form.through.click()
    assert road.agent.calls == [("https://kam.moclam.vn", True)]
    road.agent.browse.emit(PAGE)
    assert form.stage == "browser" and road.opened == [PAGE]
    form.reopened.emit()
    assert road.opened == [PAGE, PAGE]
    words = "{name} knows you, this server does not. Ask your administrator."
    road.agent.fail(Unavailable("no_user", words, name="Lam"))
    assert form.stage == "form" and form.said.text() == "Lam knows you, this server does not. Ask your administrator."
    assert form.server.text() == "https://kam.moclam.vn" and not form.server.isReadOnly()
    assert not form.through.isHidden() and form.through.isEnabled()
    form.through.click()
    road.agent.browse.emit(PAGE)
    form.stopped.emit()
    assert road.agent.cancelled and not form.isVisible()
    road.agent.fail(Unavailable("stopped", "Signing in was stopped."))
    assert road.said == []


def test_signing_in_again_offers_it_too(road: Any) -> None:
    road.agent.now = Now(connected=True, server="https://kam.moclam.vn", user="an")
    road.connecting.open()
    form = road.connecting.dialog
    assert not form.through.isHidden() and form.server.isReadOnly()
    form.through.click()
    road.agent.browse.emit(PAGE)
    road.agent.fail(Unavailable("busy", "The server is busy. Your changes wait here."))
    assert form.server.isReadOnly() and form.user.text() == "an"
    form.reject()


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "kam://open/x", "", "mailto:a@b.vn"])
def test_no_other_program_is_started(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching.QDesktopServices, "openUrl", lambda _url: pytest.fail("started"))
    assert not reaching.browse(address)
