"""A firm served over real sockets, whose replies tests may spoil before they leave."""

from __future__ import annotations

import copy
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kam_desktop.protocol import messages, proofs
from kam_desktop.protocol.addresses import PATHS
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import users
from kam_desktop.server.database import Database
from kam_desktop.server.main import Service
from tests.server.house import House

PASSWORD = "mật khẩu của tôi"
NAMES = {path: name for name, path in PATHS.items()}


@dataclass
class Reply:
    """What goes back: a spoiler changes any of it, `raw` replaces everything from the status line on."""

    status: int
    content: dict[str, Any]
    headers: dict[str, str]
    body: bytes | None = None
    raw: bytes | None = None
    cut_after: int | None = None

    def packed(self) -> bytes:
        if self.raw is not None:
            return self.raw
        body = messages.pack(self.content)[0] if self.body is None else self.body
        head = {"Content-Length": str(len(body)), "Connection": "close", **self.headers}
        lines = [f"HTTP/1.1 {self.status} X", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        whole = "\r\n".join(lines).encode() + body
        return whole if self.cut_after is None else whole[: self.cut_after]


Spoiler = Callable[[Reply], None]


@dataclass
class Served:
    """A firm behind a port of this machine.

    Attributes:
        spoil: by name of the call, what is done to its reply.
        asked: names of the calls that came, in their order.
    """

    house: House
    service: Service
    spoil: dict[str, Spoiler] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    _signed_in: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def built(cls, folder: Path) -> Served:
        database = Database(f"sqlite:///{folder / 'server.db'}")
        house = House.built(database)
        made = cls(house, Service(database, house.policy, house.clock, house.ids))
        made._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))  # type: ignore[attr-defined]
        made._server.daemon_threads = True  # type: ignore[attr-defined]
        threading.Thread(target=made._server.serve_forever, args=(0.05,), daemon=True).start()  # type: ignore[attr-defined]
        return made

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"  # type: ignore[attr-defined]

    def user(self, name: str, role: str = "kam", team: str = "") -> str:
        with self.house.database.write() as connection:
            identity = users.add(
                connection, name, role, PASSWORD, team=team, policy=self.house.policy, clock=self.house.clock,
                ids=self.house.ids,
            )  # fmt: skip
        self.house.people[name] = identity
        return identity

    def reply(self, name: str, token: str, message: Mapping[str, Any]) -> Reply:
        headers = {"Content-Type": messages.MEDIA_TYPE, messages.WORKSPACE_HEADER: self.service.workspace}
        try:
            return Reply(200, self._answer(name, token, message), headers)
        except Problem as problem:
            return Reply(problem.status, problem.body(), headers)

    def _answer(self, name: str, token: str, message: Mapping[str, Any]) -> dict[str, Any]:
        if name == "wait":
            return {"workspace": self.service.workspace, "changed": True}
        if name == "sign-in":  # a password takes its time to check, and there are many kinds of wrong answers
            key = tuple(message.get(each) for each in ("user", "password", "device"))
            if key not in self._signed_in:
                self._signed_in[key] = dict(self.service.work(name, token, message))
            return copy.deepcopy(self._signed_in[key])
        return copy.deepcopy(dict(self.service.work(name, token, message)))

    def close(self) -> None:
        self._server.shutdown()  # type: ignore[attr-defined]
        self._server.server_close()  # type: ignore[attr-defined]
        self.house.database.close()


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            name = NAMES[self.path]
            served.asked.append(name)
            message = messages.unpack(body, self.headers.get("Content-Encoding", ""))
            if (proof := self.headers.get(proofs.HEADER)) is not None:
                message["proof"] = proof
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            reply = served.reply(name, token, message)
            if name in served.spoil:
                served.spoil[name](reply)
            self.connection.sendall(reply.packed())
            self.connection.shutdown(socket.SHUT_WR)
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None: ...

    return Handler
