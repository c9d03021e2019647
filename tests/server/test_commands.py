"""Commands of both sides over a real server: connect, sync, status; users, laptops, restore."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.cli import profile_opening, sync_commands
from kam_desktop.domain import invitation
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.store import backup
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.sync.agent import Agent
from kam_desktop.sync.session import Session
from tests import makers
from tests.e2e.test_commands import Answer, Desk, account
from tests.fakes import MemoryVault
from tests.server.serving import PASSWORD, Serving

A = "018f0000-0000-7000-8000-00000000000a"
B = "018f0000-0000-7000-8000-00000000000b"
PRODUCT = "018f0000-0000-7000-8000-0000000000aa"
STATUS = {"online", "waiting", "needs_you", "last_sync", "workspace", "epoch"}
"""What commands.md promises of `status`; there may be more."""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    made = Serving(tmp_path_factory.mktemp("serving"))
    made.told("migrate")
    made.told("team", "add", "North")
    for name, role in (("lan", "lead"), ("an", "kam"), ("binh", "kam"), ("phuong", "finance")):
        made.told("user", "add", name, "--role", role, "--full-name", name.title())
    made.told("team", "lead", "North", "--user", "lan")
    made.told("team", "join", "North", "--user", "an")
    made.start()
    yield made
    made.stop()


class Laptop(Desk):
    """A laptop with the password of its user in a file."""

    def connect(self, web: Serving, user: str, *more: str) -> Answer:
        return self.run("connect", web.url, "--user", user, *more, "--json")


@pytest.fixture
def laptops(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    vault = MemoryVault()
    monkeypatch.setattr(profile_opening, "Vault", lambda: vault)
    monkeypatch.setattr(sync_commands, "Vault", lambda: vault)
    monkeypatch.setattr(sys, "stdin", open(os.devnull, encoding="utf-8"))  # noqa: SIM115 — never a terminal
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n", "utf-8")
    secret.chmod(0o600)
    monkeypatch.setenv("KAM_PASSWORD_FILE", str(secret))

    def made(name: str) -> Laptop:
        folder = tmp_path / name
        folder.mkdir()
        laptop = Laptop(folder, capsys, vault)
        laptop.init()
        return laptop

    return made


def test_a_profile_that_is_not_connected(laptops: Any) -> None:
    laptop = laptops("alone")
    told = laptop.run("status", "--json")
    assert told.status == 0 and set(told.document) >= STATUS
    assert (told.document["online"], told.document["workspace"], told.document["epoch"]) == (False, None, None)
    assert laptop.run("sync").status == 1
    assert laptop.run("disconnect").status == 0
    bad = laptop.run("connect", "http://kam.example", "--user", "an", "--json")
    assert bad.status == 1 and bad.codes == ["bad_address"]


def test_connect_sync_status_disconnect(web: Serving, laptops: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = laptops("first"), laptops("second")
    assert first.load(account(A, "Thép Việt", tax_code=makers.tax_code(7))).status == 0
    wrong = first.folder / "wrong"
    wrong.write_text("falsch falsch\n", "utf-8")
    wrong.chmod(0o600)
    with monkeypatch.context() as patch:
        patch.setenv("KAM_PASSWORD_FILE", str(wrong))
        refused = first.connect(web, "an")
    assert refused.status == 3 and refused.codes == ["wrong_password"]
    assert first.run("status", "--json").document["workspace"] is None

    joined = first.connect(web, "an")
    assert joined.status == 0, joined
    assert joined.document["pushed"] >= 1 and joined.document["waiting"] == 0
    assert set(joined.document) >= STATUS | {"pulled", "linked", "not_linked", "pushed", "left"}
    status = first.run("status", "--json").document
    assert status["online"] is True and status["workspace"] == web.workspace and status["epoch"] == 1
    assert status["last_sync"] and status["token"] == "keyring" and status["user"] == "an"

    assert second.load(account(B, "THÉP VIỆT JSC", tax_code=makers.tax_code(7))).status == 0
    plain = second.connect(web, "lan")
    assert plain.status == 0 and plain.document["not_linked"] == 1 and plain.document["linked"] == 0
    assert second.run("sync", "--json").status == 0
    assert {json.loads(line)["id"] for line in second.run("dump").out.splitlines() if '"account"' in line[:40]} >= {
        A,
        B,
    }

    web.stop()
    away = first.run("status", "--json")
    assert away.status == 0 and away.document["online"] is False
    assert first.load(account("018f0000-0000-7000-8000-00000000000c", "Mới"), name="b").status == 0
    offline = first.run("sync", "--json")
    assert offline.status == 3 and offline.codes == ["offline"]
    assert first.run("status", "--json").document["waiting"] == 1
    web.start()
    again = first.run("sync", "--json")
    assert again.status == 0 and again.document["pushed"] == 1 and again.document["waiting"] == 0

    out = first.run("disconnect", "--json")
    assert out.status == 0
    signed_out = first.run("sync", "--json")
    assert signed_out.status == 3 and signed_out.codes == ["sign_in"]
    assert first.run("status", "--json").document["workspace"] == web.workspace
    other = first.connect(web, "binh")
    assert other.status == 1 and other.codes == ["other_profile"]
    assert first.connect(web, "an").status == 0
    assert first.run("sync").status == 0


def test_two_become_one_with_link(web: Serving, laptops: Any) -> None:
    first, second = laptops("third"), laptops("fourth")
    code = makers.tax_code(9)
    assert first.load(account("018f0000-0000-7000-8000-00000000001a", "Nhựa Bình Minh", tax_code=code)).status == 0
    assert first.connect(web, "an").status == 0
    assert second.load(account("018f0000-0000-7000-8000-00000000001b", "Nhựa BM", tax_code=code)).status == 0
    linked = second.connect(web, "lan", "--link")
    assert linked.status == 0 and linked.document["linked"] == 1
    dump = [json.loads(line) for line in second.run("dump").out.splitlines()]
    assert [each["id"] for each in dump if each.get("tax_code") == code and each["entity"] == "account"] == [
        "018f0000-0000-7000-8000-00000000001a"
    ]


def test_what_the_role_may_not_write_needs_its_author(web: Serving, laptops: Any) -> None:
    laptop = laptops("fifth")
    product = {"entity": "product", "id": PRODUCT, "name": "Ống thép", "price": 100, "currency": "VND"}
    assert laptop.load(product).status == 0
    joined = laptop.connect(web, "binh")
    assert joined.status == 0
    assert joined.document["left"] >= 1 and joined.document["needs_you"] >= 1
    assert PRODUCT in laptop.run("dump").out  # it stays here


def test_the_administrators_commands(web: Serving, tmp_path: Path) -> None:
    names = {each["name"]: each for each in web.told("user", "list")["users"]}
    assert names["an"]["role"] == "kam" and names["an"]["team"] == "North" and not names["an"]["disabled"]
    assert web.told("team", "list")["teams"] == [{"name": "North", "lead": "lan", "members": "an"}]
    assert web.told("doctor") == {"ok": True, "problems": []}
    for words, status in (
        (("user", "add", "an", "--role", "kam"), 1), (("user", "add", "x", "--role", "king"), 1),
        (("user", "disable", "nobody"), 1), (("device", "revoke", "0000"), 1),
        (("team", "join", "South", "--user", "an"), 1),
        (("user", "role", "an", "--role", "king"), 1), (("serve", "--listen", "nonsense"), 1), (("restore",), 2),
        (("nonsense",), 2),
    ):  # fmt: skip
        done = web.run(*words)
        assert done.returncode == status, (words, done.stderr)
        assert PASSWORD not in done.stdout + done.stderr and "Traceback" not in done.stderr
    assert web.run("user", "add", "y", "--role", "kam", password="kurz").returncode == 1
    web.told("user", "add", "dung", "--role", "kam")
    assert web.call("sign-in", {"user": "dung", "password": PASSWORD, "device": "5" * 32}).status_code == 200
    devices = [each for each in web.told("device", "list")["devices"] if each["user"] == "dung"]
    assert [each["id"] for each in devices] == ["5" * 32]
    web.told("device", "revoke", "5555")
    assert web.call("sign-in", {"user": "dung", "password": PASSWORD, "device": "5" * 32}).status_code == 403
    web.told("user", "disable", "dung")
    assert web.call("sign-in", {"user": "dung", "password": PASSWORD, "device": "6" * 32}).status_code == 401
    web.told("user", "enable", "dung")
    assert web.run("user", "password", "dung", password="ein ganz anderes").returncode == 0
    assert web.call("sign-in", {"user": "dung", "password": PASSWORD, "device": "6" * 32}).status_code == 401
    web.told("user", "role", "dung", "--role", "auditor")
    nowhere = Serving(tmp_path)
    assert nowhere.run("doctor").returncode == 1 and "migrate" in nowhere.run("user", "list").stderr


def test_a_database_that_was_set_back_is_said_to_be_what_it_is(laptops: Any, tmp_path: Path) -> None:
    web = Serving(tmp_path)
    web.told("migrate")
    web.told("user", "add", "an", "--role", "kam")
    web.start()
    laptop = laptops("sixth")
    assert laptop.load(account(A, "Trước")).status == 0 and laptop.connect(web, "an").status == 0
    web.stop()
    kept = {each.name: each.read_bytes() for each in tmp_path.glob("server.db*")}
    web.start()
    assert laptop.load(account(B, "Sau"), name="b").status == 0 and laptop.run("sync").status == 0
    web.stop()
    for path in tmp_path.glob("server.db*"):
        path.unlink()
    for name, data in kept.items():
        (tmp_path / name).write_bytes(data)
    web.start()
    refused = laptop.run("sync", "--json")
    assert refused.status == 3 and refused.codes == ["restored"]
    assert [each["code"] for each in json.loads(web.run("doctor", "--json").stdout)["problems"]] == ["set_back"]
    assert web.told("restore", "--as", "production")["epoch"] > 1
    assert laptop.connect(web, "an").status == 0  # its session was younger than the backup
    dump = laptop.run("dump").out
    assert A in dump and B in dump
    again = laptop.run("sync", "--json")
    assert again.status == 0 and again.document["waiting"] == 0 and again.document["epoch"] > 1
    seen = web.call("pull", {**web.message("an"), "epoch": again.document["epoch"], "cursors": {}}, "an").text
    assert A in seen and B in seen  # what the server had lost was sent again
    web.stop()


def test_an_invitation_names_this_workspace_and_no_other_server_gets_a_password(
    web: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "firm.kamx"
    words = ("invitation", str(file), "--address", web.url, "--name", "Mộc Lam", "--user", "an")
    assert web.run(*words).returncode == 0
    told = invitation.read(file.read_bytes())
    assert (told.server, told.name, told.user) == (web.url, "Mộc Lam", "an")
    assert PASSWORD not in file.read_text("utf-8")
    assert web.run(*words).returncode == 1, "never over a file that is there"
    clock = SystemClock()
    with closing(Store.create(tmp_path / "laptop", DataKey.new(), "test", clock, RandomIds(clock))) as store:
        agent = Agent(store, MemoryVault(), clock)
        sent: list[str] = []
        monkeypatch.setattr(Session, "sign_in", lambda *_given, **_more: sent.append("password"))
        with pytest.raises(Refused, match="not the one of the invitation"):
            agent.connect(web.url, "an", PASSWORD, agree=lambda _found: False, workspace=A)
        assert sent == []
        monkeypatch.undo()
        monkeypatch.setattr(backup, "backup_to", lambda *_given: None)  # there are no keys to put into one
        joined = agent.connect(web.url, "an", PASSWORD, agree=lambda _found: False, workspace=told.workspace)
        assert joined is not None and agent.connected
