"""Several server processes on one database: the same answers as one, and news from one to another."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import uvicorn

from kam_desktop.protocol import messages
from kam_desktop.protocol.addresses import PATHS
from kam_desktop.server import sessions, workspace
from kam_desktop.server.database import Database
from kam_desktop.server.main import create_app
from tests.server.conftest import furnished
from tests.server.house import House, SeededIds, content, create, delete, update
from tests.server.laptop_key import LaptopKey

PATIENCE_S = 60
PASSWORD = "mật khẩu của tôi"
NAMES = ("An", "Binh", "Lan", "Minh")
_KINDS = ("push", "push", "push", "pull", "digest", "history", "reassign", "reconcile", "hello")
_CHANGES_WITH_TIME = frozenset({"mark", "server_time", "at", "committed_at", "written_at"})


def _ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [int(each.getsockname()[1]) for each in held]
    for each in held:
        each.close()
    return found


def _ready(address: str, process: subprocess.Popen[bytes] | None = None) -> None:
    ends = time.monotonic() + PATIENCE_S
    while True:
        assert process is None or process.poll() is None, f"the process of {address} is over"
        try:
            if requests.get(f"{address}/health", timeout=5).status_code == 200:
                return
        except requests.ConnectionError:
            pass
        assert time.monotonic() < ends, f"{address} does not answer"
        time.sleep(0.02)


@contextmanager
def processes(url: str, count: int, fault: str = "") -> Iterator[list[str]]:
    """So many `kam-server serve` on one database, each with the fault if there is one; their addresses."""
    ports = _ports(count)
    program = ["tests.server.faults", fault] if fault else ["kam_desktop.server"]
    command = [sys.executable, "-m", *program, "serve", "--database", url, "--listen"]
    root = str(Path(__file__).parents[2])
    running = [
        subprocess.Popen([*command, f"127.0.0.1:{port}"], cwd=root, env=dict(os.environ), stderr=subprocess.DEVNULL)
        for port in ports
    ]
    try:
        addresses = [f"http://127.0.0.1:{port}" for port in ports]
        for each, process in zip(addresses, running, strict=True):
            _ready(each, process)
        yield addresses
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


@contextmanager
def services(house: House, count: int) -> Iterator[list[str]]:
    """The same within this process, each with connections and a listener of its own."""
    doors = [Database(house.database.url) for _ in range(count)]
    running = []
    for each, port in zip(doors, _ports(count), strict=True):
        app = create_app(each, house.policy, house.clock, SeededIds(port))
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1))
        running.append((port, server, threading.Thread(target=server.run)))
    try:
        for _, _, thread in running:
            thread.start()
        addresses = [f"http://127.0.0.1:{port}" for port, _, _ in running]
        for address in addresses:
            _ready(address)
        yield addresses
    finally:
        for _, server, _ in running:
            server.should_exit = True
        for _, _, thread in running:
            thread.join()
        for each in doors:
            each.close()


def firm(url: str) -> House:
    """The firm, whose people can sign in."""
    house = furnished(Database(url))
    secret = sessions.hashed(PASSWORD)
    with house.database.write() as connection:
        for name in NAMES:
            row = (name.lower(), secret, house.people[name])
            connection.run("update user_account set name = ?, password = ? where id = ?", row)
    return house


class Person:
    """One laptop at the wire."""

    def __init__(self, house: House, name: str) -> None:
        self.name, self.house = name, house
        self.device = house.ids.random()
        self.http = requests.Session()
        self.key = LaptopKey()
        self.number = 0
        self.token = ""
        self.mark: Any = None
        self.cursors: dict[str, str] = {}
        with house.sql() as connection:
            found = workspace.read(connection)
        self.head = {"workspace": found.id, "epoch": found.epoch, "device": self.device, "schema": 2, "protocol": 1}

    def call(self, address: str, name: str, **more: Any) -> dict[str, Any]:
        """One call; the answer, with its HTTP status."""
        opened = name == "sign-in"
        message: Mapping[str, Any] = more if opened else {**self.head, "mark": self.mark, **more}
        head = {"Content-Type": messages.MEDIA_TYPE}
        if self.token:
            head["Authorization"] = f"Bearer {self.token}"
        body = messages.pack(message)[0]

        def post(proof: Mapping[str, str]) -> requests.Response:
            return self.http.post(address + PATHS[name], body, headers={**head, **proof}, timeout=70)

        reply = self.key.headed(post, name, address) if opened else post({})
        answer = messages.unpack(reply.content, "")
        self.mark = answer.get("mark", self.mark)
        return {"status": reply.status_code, **answer}

    def sign_in(self, address: str) -> dict[str, Any]:
        """Begins the session."""
        answer = self.call(address, "sign-in", user=self.name.lower(), password=PASSWORD, device=self.device)
        self.token = answer["access"]
        return answer


def script(house: House, addresses: Sequence[str], steps: int) -> list[Any]:
    """One story of calls that go to the processes in turn; what was answered, less what any clock or dice make."""
    people = [Person(house, name) for name in NAMES]
    chance, told = random.Random(4), []
    turn = 0

    def to() -> str:
        nonlocal turn
        turn += 1
        return addresses[turn % len(addresses)]

    for each in people:
        signed = each.sign_in(to())
        told.append([signed["role"], signed["letter"], signed["workspace"]])
    accounts: list[str] = []
    sent: list[str] = []
    for _ in range(steps):
        one, kind = chance.choice(people), chance.choice(_KINDS)
        if kind == "push":
            account = house.ids.new()
            groups = [[create("account", account, name="Thép", currency="VND", owner=house.people["An"])],
                      [create("contact", house.ids.new(), account=account, full_name="Bình")]]  # fmt: skip
            if accounts:
                groups.append([update("account", chance.choice(accounts), 1, industry=f"{turn}", note=one.name)])
                groups.append([delete("account", chance.choice(accounts), 10**9)])
            accounts.append(account)
            one.number += 1
            message = content(groups, house.ids, one.number, "2026-03-02T08:30:00Z")
            sent += [name for name, _ in message["groups"]]
            answer = one.call(to(), "push", **message)
            again = one.call(to(), "push", **message)  # a doubled message, by another process
            told += [_lasting(answer), _lasting(again)]
            continue
        if kind == "pull":
            answer = one.call(to(), "pull", cursors=one.cursors, limit=chance.choice((2, 30, 5000)))
            one.cursors = answer.get("cursors", {})
        elif kind == "digest":
            answer = one.call(to(), "digest", scopes=sorted(name for name in one.cursors if name))
        elif kind == "history":
            answer = one.call(to(), "history", entity="account", id=chance.choice(accounts or [house.people["An"]]))
        elif kind == "reconcile":
            answer = one.call(to(), "reconcile", groups=[*chance.choices(sent or ["0" * 32], k=5), house.ids.random()])
        elif kind == "hello":
            answer = one.call(to(), "hello")
        else:
            answer = one.call(to(), "reassign", account=chance.choice(accounts or [house.people["An"]]),
                              owner=house.people[chance.choice(("An", "Binh"))])  # fmt: skip
        told.append([kind, _lasting(answer)])
    for each in people:
        each.http.close()
    return told


def _lasting(value: Any) -> Any:
    """An answer without times, marks, and the ids that the server draws for groups of its own."""
    if isinstance(value, dict):
        kept = {name: _lasting(each) for name, each in value.items() if name not in _CHANGES_WITH_TIME}
        if kept.get("action") == "reassign":
            kept.pop("group", None)
        return kept
    return [_lasting(each) for each in value] if isinstance(value, list) else value


def news(house: House, addresses: Sequence[str], times: int) -> list[float]:
    """How long (s) after the answer to a push at one process a call that waits at another one says so."""
    writer, waiter = Person(house, "An"), Person(house, "Lan")
    writer.sign_in(addresses[0])
    waiter.sign_in(addresses[0])
    found = []
    for turn in range(times):
        here, there = addresses[turn % len(addresses)], addresses[(turn + 1) % len(addresses)]
        known = house.value("select seq from workspace")
        heard: list[float] = []

        def wait(there: str = there, known: int = known, heard: list[float] = heard) -> None:
            assert waiter.call(there, "wait", seq=known)["changed"] is True
            heard.append(time.monotonic())

        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.15 + 0.037 * turn % 0.3)  # at any moment of what the other process looks for by itself
        made = create("account", house.ids.new(), name="Thép", currency="VND", owner=house.people["An"])
        writer.number += 1
        answer = writer.call(here, "push", **content([[made]], house.ids, writer.number, "2026-03-02T08:30:00Z"))
        pushed = time.monotonic()
        assert answer["verdicts"] == [["accepted", 1]], answer
        waiting.join()
        found.append(max(0.0, heard[0] - pushed))
    writer.http.close()
    waiter.http.close()
    return sorted(found)
