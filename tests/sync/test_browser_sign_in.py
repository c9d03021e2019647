"""The laptop's side of signing in through the browser, against a real provider and the real server."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.protocol import messages
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import provider
from kam_desktop.server.database import Database
from kam_desktop.server.main import Service
from kam_desktop.server.provider import Provider, Rule
from kam_desktop.store.keys import DataKey, create_key_file
from kam_desktop.store.profile import Store
from kam_desktop.store.recovery_key import RecoveryKey
from kam_desktop.sync import browser
from kam_desktop.sync.agent import Agent
from kam_desktop.sync.browser import Landing
from kam_desktop.sync.transport import problem_of
from tests.server.conftest import furnished
from tests.server.house import House
from tests.server.openid import CLIENT, OpenId
from tests.server.serving import Serving

ADDRESS = "http://localhost:8787"
STATE, ISSUER = "right-state", "https://login.example"
Deed = Callable[[str], Any]


def visit(address: str) -> None:
    """A browser: it opens the page and follows where it is sent."""
    threading.Thread(target=lambda: requests.get(address, timeout=10), daemon=True).start()


@dataclass
class Road:
    """The way to the server; `asked` is what went over it."""

    service: Service
    token: Callable[[], str]
    asked: list[tuple[str, Mapping[str, Any]]]
    workspace: str = ""

    def call(self, name: str, message: Mapping[str, Any], *, timeout_s: float = 0) -> Mapping[str, Any]:
        self.asked.append((name, message))
        try:
            answer = self.service.work(name, self.token(), dict(message))
            return messages.unpack(*messages.pack(answer, messages.ENCODINGS))
        except Problem as problem:
            raise problem_of(problem.status, problem.body(), {}) from problem


@dataclass
class Firm:
    """The server with its provider, and the agent of a fresh profile."""

    house: House
    openid: OpenId
    agent: Agent
    store: Store
    asked: list[tuple[str, Mapping[str, Any]]]

    def connect(self, show: Deed = visit, **more: Any) -> Any:
        return self.agent.connect(ADDRESS, "", "", agree=lambda _found: False, browse=show, **more)

    def sessions(self) -> int:
        return int(self.house.value("select count(*) from session"))


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    house = furnished(database)
    service, openid = Service(database, house.policy, house.clock, house.ids), OpenId(house.clock.now)
    with database.write() as connection:
        connection.run("update user_account set name = lower(name)")
        made = Provider(openid.issuer, CLIENT, "Mộc Lam", trial=True, rules=(Rule("sales", "kam"),))
        provider.put(connection, made, house.policy, house.clock)
        provider.link(connection, "an", house.clock, subject="u-1")
    key = DataKey.new()
    (tmp_path / "profile").mkdir()
    create_key_file(tmp_path / "profile", "test", key, house.clock, recovery=RecoveryKey.new())
    store = Store.create(tmp_path / "profile", key, "test", house.clock, RandomIds(house.clock))
    asked: list[tuple[str, Mapping[str, Any]]] = []
    agent = Agent(store, None, house.clock, transport=lambda _address, token, _workspace: Road(service, token, asked),
                  uniform=random.Random(1).uniform)  # fmt: skip
    yield Firm(house, openid, agent, store, asked)
    store.close()
    openid.close()
    database.close()


def test_the_whole_road_signs_in_connects_and_signs_in_again(firm: Firm) -> None:
    assert firm.agent.provider(ADDRESS) == "Mộc Lam"
    assert firm.connect() is not None
    standing = firm.agent.state.standing()
    assert (standing.user, standing.user_name) == (firm.house.people["An"], "an")
    assert firm.agent.sync() and firm.agent.signed_in()
    firm.agent.disconnect()
    assert firm.sessions() == 0
    assert firm.connect() is None and firm.sessions() == 1
    sent = dict(firm.asked)["browser-begin"]
    assert set(sent) == {"device", "challenge", "redirect", "proof"}  # neither verifier nor state leave this machine
    assert "password" not in repr(firm.asked)


def test_another_person_in_the_browser_is_refused_and_nothing_changes(firm: Firm) -> None:
    firm.connect()
    firm.agent.disconnect()
    with firm.house.database.write() as connection:
        provider.link(connection, "binh", firm.house.clock, subject="u-2")
    firm.openid.user |= {"sub": "u-2"}
    with pytest.raises(Unavailable) as found:
        firm.connect()
    assert found.value.code == "other_person" and firm.sessions() == 0 and not firm.agent.signed_in()
    assert firm.agent.state.standing().user == firm.house.people["An"]
    with pytest.raises(Refused):
        firm.agent.connect("https://other.example", "", "", agree=lambda _found: False, browse=visit)


def test_stopped_late_and_refused_leave_everything_as_it_was(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(show: Deed, **more: Any) -> str:
        with pytest.raises(Unavailable) as found:
            firm.connect(show, **more)
        assert firm.sessions() == 0 and not firm.agent.connected
        return found.value.code

    def refuse(address: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        visit(f"{asked['redirect_uri']}?error=access_denied&state={asked['state']}")

    assert told(lambda _address: None, cancelled=lambda: True) == "stopped"
    assert told(refuse) == "browser_refused"
    monkeypatch.setattr(browser, "LONGEST_S", 0.0)
    assert told(lambda _address: None) == "browser_late"


@pytest.mark.parametrize(
    "authorize",
    ["http://login.example/a", "javascript:alert(1)", "file:///etc/passwd", "https://u:p@login.example/", "", "https://",
     "https://login.example/a b", "https://login.example\\@evil.example/", "https://login.example/#x", "kam://open/x/y"],
)  # fmt: skip
def test_the_browser_is_sent_to_no_odd_address(authorize: str) -> None:
    said = {"authorize": authorize, "client_id": "c", "scope": "openid", "nonce": "n", "issuer": ISSUER}
    shown: list[str] = []
    with pytest.raises(Unavailable):
        browser.brought(lambda *_given: said, "d", "https://kam.vn", shown.append, lambda: 0.0, lambda: True)
    assert shown == []
    good = said | {"authorize": "https://login.example/a?tenant=1"}
    with pytest.raises(Unavailable, match="stopped"):
        browser.brought(lambda *_given: good, "d", "https://kam.vn", shown.append, lambda: 0.0, lambda: True)
    assert shown[0].startswith("https://login.example/a?tenant=1&response_type=code&")


# The door on this machine.


def say(landing: Landing, head: str) -> str:
    """What is answered to these bytes; the landing runs in another thread."""
    port = urlsplit(landing.address).port or 0
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(head.encode())
        got = b""
        while piece := line.recv(4096):
            got += piece
        return got.decode()


def head(landing: Landing, target: str, host: str = "", method: str = "GET") -> str:
    return f"{method} {target} HTTP/1.1\r\nHost: {host or urlsplit(landing.address).netloc}\r\n\r\n"


@pytest.fixture
def landing() -> Iterator[tuple[Landing, list[str]]]:
    """One that waits in a thread; what came of it."""
    came: list[str] = []
    over = threading.Event()
    with Landing(STATE, time.monotonic) as made:

        def wait() -> None:
            try:
                came.append(made.code(ISSUER, over.is_set))
            except Unavailable as failure:
                came.append(failure.code)

        thread = threading.Thread(target=wait)
        thread.start()
        yield made, came
        over.set()
        thread.join(10)


RIGHT = f"/kam?code=abc&state={STATE}&iss=https%3A%2F%2Flogin.example"
WRONG = {
    "another state": "/kam?code=evil&state=wrong",
    "no state": "/kam?code=evil",
    "an error with another state": "/kam?error=access_denied&state=wrong",
    "two codes": f"/kam?code=evil&code=abc&state={STATE}",
    "two states": f"/kam?code=evil&state=wrong&state={STATE}",
    "another provider": f"/kam?code=evil&state={STATE}&iss=https%3A%2F%2Fevil.example",
    "another path": f"/kam/../kam?code=evil&state={STATE}",
    "an empty code": f"/kam?code=&state={STATE}",
    "a code that breaks lines": f"/kam?code=a%0d%0ab&state={STATE}",
    "neither": f"/kam?state={STATE}",
    "somebody's page": "//evil.example/kam?code=evil&state=" + STATE,
    "an address of its own": f"http://evil.example/kam?code=evil&state={STATE}",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_the_answer_is_passed_over(landing: tuple[Landing, list[str]], name: str) -> None:
    made, came = landing
    answer = say(made, head(made, WRONG[name]))
    assert not answer or answer.startswith("HTTP/1.1 404")
    assert "evil" not in answer and "Location" not in answer and came == []
    assert "200 OK" in say(made, head(made, RIGHT))


HEADS = ["POST", "localhost", "evil.example", "127.0.0.1", "two hosts", "no host", "long", "cut"]


@pytest.mark.parametrize("wrong", HEADS)
def test_another_name_or_form_is_passed_over(landing: tuple[Landing, list[str]], wrong: str) -> None:
    made, came = landing
    port = urlsplit(made.address).port
    heads = {
        "POST": head(made, RIGHT, method="POST"), "localhost": head(made, RIGHT, f"localhost:{port}"),
        "evil.example": head(made, RIGHT, f"evil.example:{port}"), "127.0.0.1": head(made, RIGHT, "127.0.0.1"),
        "two hosts": head(made, RIGHT)[:-2] + f"Host: 127.0.0.1:{port}\r\n\r\n",
        "no host": f"GET {RIGHT} HTTP/1.1\r\n\r\n", "cut": f"GET {RIGHT}", "long": "GET /" + "x" * 20_000,
    }  # fmt: skip
    if wrong in ("cut", "long"):
        with socket.create_connection(("127.0.0.1", port or 0), 10) as line:
            line.sendall(heads[wrong].encode())
    else:
        assert "200 OK" not in say(made, heads[wrong])
    assert came == []
    assert "200 OK" in say(made, head(made, RIGHT))


def test_connections_that_say_nothing_hold_nobody_up(landing: tuple[Landing, list[str]]) -> None:
    made, came = landing
    port = urlsplit(made.address).port or 0
    idle = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(40)]
    page = say(made, head(made, RIGHT + "&next=https://evil.example&redirect_uri=https://evil.example"))
    assert "200 OK" in page and "Bạn có thể đóng trang này" in page and "You may close this page" in page
    assert "evil" not in page and "Location" not in page and "abc" not in page and "default-src 'none'" in page
    for each in idle:
        each.close()
    while not came:
        time.sleep(0.01)
    assert came == ["abc"]


def test_it_listens_on_this_machine_alone() -> None:
    with Landing(STATE, lambda: 0.0) as made:
        assert made._door.getsockname()[0] == "127.0.0.1"
        assert made.address == f"http://127.0.0.1:{made._door.getsockname()[1]}/kam"


# Two programs and a browser.


def test_the_command_connects_through_a_browser(tmp_path: Path) -> None:
    openid = OpenId(lambda: datetime.now(UTC))
    serving = Serving(tmp_path)
    try:
        serving.told("migrate")
        serving.told("provider", "set", "--issuer", openid.issuer, "--client-id", CLIENT, "--name", "Mộc Lam",
                     "--trial", "--group", "sales=kam", "--create")  # fmt: skip
        serving.start()
        page = tmp_path / "page.py"
        page.write_text("import sys, requests\nrequests.get(sys.argv[1], timeout=20)\n", "utf-8")
        secret = tmp_path / "passphrase"
        secret.write_text("một cụm từ thật dài 2026\n", "utf-8")
        secret.chmod(0o600)
        environment = os.environ | {
            "BROWSER": f"{sys.executable} {page} %s &", "KAM_PASSPHRASE_FILE": str(secret), "PYTHONUTF8": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }  # fmt: skip

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "kam_desktop", *words, "--profile", str(tmp_path / "profile"), "--json"]
            return subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)

        assert run("init").returncode == 0
        done = run("connect", serving.url, "--browser")
        assert done.returncode == 0, done.stderr + serving.log
        assert json.loads(done.stdout)["user"] == "an"
        assert run("sync").returncode == 0
        openid.user |= {"sub": "u-2", "preferred_username": "binh"}
        other = run("connect", serving.url, "--browser")
        assert other.returncode == 3 and json.loads(other.stdout)["problems"][0]["code"] == "other_person"
        openid.user |= {"sub": "u-1", "groups": []}
        assert run("connect", serving.url, "--browser").returncode == 3
        users = serving.told("user", "list")["users"]
        assert [(each["name"], each["disabled"]) for each in users] == [("an", True)]
        assert run("connect", serving.url).returncode == 2  # neither --user nor --browser
        assert "code-" not in serving.log and "eyJ" not in serving.log
    finally:
        serving.stop()
        openid.close()


def test_what_the_administrator_set_stands_in_the_invitation(firm: Firm, tmp_path: Path) -> None:
    from kam_desktop.domain import invitation
    from kam_desktop.server.__main__ import main

    file = tmp_path / "moclam.kamx"
    words = ["invitation", str(file), "--address", "https://kam.moclam.vn", "--database", firm.house.database.url]
    assert main(words) == 0
    found = invitation.read(file.read_bytes())
    assert found.identity_provider == "Mộc Lam"
    assert invitation.read(invitation.written(replace(found, identity_provider=""))).identity_provider == ""
