"""Wrong answers of every kind at every endpoint: nothing deleted, nothing lost, all signed in."""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from kam_desktop.domain.entities import Account
from kam_desktop.domain.errors import SignedOut, Unavailable
from kam_desktop.protocol import messages
from kam_desktop.protocol.addresses import PATHS
from kam_desktop.store.profile import Store
from kam_desktop.sync import answers, browser, transport
from kam_desktop.sync.agent import Agent
from kam_desktop.sync.engine import Engine
from tests.server.house import create
from tests.sync.served import PASSWORD, Reply, Served, Spoiler
from tests.sync.world import KEY, Makers

OTHER = "01900000-0000-7000-8000-00000000abcd"


def spoiled(kinds: dict[str, Spoiler], name: str) -> Callable[[Spoiler], Spoiler]:
    def add(spoiler: Spoiler) -> Spoiler:
        kinds[name] = spoiler
        return spoiler

    return add


ROAD: dict[str, Spoiler] = {}
"""What stands between the laptop and its server, and what answers instead of it."""


def stranger(name: str, status: int, kind: str, body: bytes, **headers: str) -> None:
    def spoil(reply: Reply) -> None:
        extra = {key.replace("_", "-"): value for key, value in headers.items()}
        reply.status, reply.body, reply.headers = status, body, {"Content-Type": kind, **extra}

    ROAD[name] = spoil


PAGE = b"<!doctype html><html><body>Sign in to this network</body></html>"
for status in (200, 203, 400, 401, 402, 403, 404, 405, 407, 410, 413, 414, 418, 429, 451, 500, 502, 503, 504, 511, 520):
    stranger(f"HTML {status}", status, "text/html; charset=utf-8", PAGE)
for status in (301, 302, 303, 307, 308):
    stranger(f"redirect {status}", status, "text/html", b"", Location="http://127.0.0.1:9/elsewhere")
stranger("JSON of another program", 200, "application/json", b'{"cursors": {}, "parts": [], "verdicts": []}')
stranger("empty JSON list", 200, "application/json", b"[]")
stranger("401 JSON of another program", 401, "application/json", b'{"problem": "sign_in", "message": "no", "args": {}}')
stranger("404 JSON of another program", 404, "application/json", b'{"detail": "Not Found"}')
stranger("nothing at all, 200", 200, "text/plain", b"")
stranger("503 with Retry-After", 503, "text/plain", b"", Retry_After="120")
stranger("204", 204, "text/plain", b"")
stranger("our media type, no identity", 200, messages.MEDIA_TYPE, b"{}")
stranger("a binary", 200, "application/octet-stream", bytes(range(256)) * 8)


@spoiled(ROAD, "another workspace")
def _(reply: Reply) -> None:
    reply.headers[messages.WORKSPACE_HEADER] = OTHER


@spoiled(ROAD, "another workspace says sign in")
def _(reply: Reply) -> None:
    reply.headers[messages.WORKSPACE_HEADER] = OTHER
    reply.status, reply.content = 401, {"problem": "sign_in", "message": "no", "args": {}}


@spoiled(ROAD, "identity in a page")
def _(reply: Reply) -> None:
    reply.headers["Content-Type"], reply.body, reply.status = "text/html", PAGE, 401


BODY: dict[str, Spoiler] = {}
"""Bodies that came from our server and are not what it sent."""


def body(name: str, make: Callable[[bytes], bytes], **headers: str) -> None:
    def spoil(reply: Reply) -> None:
        reply.body = make(orjson.dumps(reply.content))
        reply.headers |= {key.replace("_", "-"): value for key, value in headers.items()}

    BODY[name] = spoil


body("empty body", lambda plain: b"")
body("half of it", lambda plain: plain[: len(plain) // 2])
body("without its last byte", lambda plain: plain[:-1])
body("twice", lambda plain: plain + plain)
body("a list", lambda plain: b"[" + plain + b"]")
body("null", lambda plain: b"null")
body("a number", lambda plain: b"12")
body("not UTF-8", lambda plain: b'{"workspace": "\xff\xfe"}')
body("a lone surrogate", lambda plain: b'{"workspace": "\\ud800"}')
body("NaN", lambda plain: b'{"seq": NaN}')
body("deep", lambda plain: b'{"a":' * 200_000 + b"1" + b"}" * 200_000)
body("deep list", lambda plain: b'{"parts":' + b"[" * 5000 + b"]" * 5000 + b"}")
body("gzip that is none", lambda plain: plain, Content_Encoding="gzip")
body("zstd that is none", lambda plain: plain, Content_Encoding="zstd")
body("gzip cut", lambda plain: gzip.compress(plain)[:-9], Content_Encoding="gzip")
body("zstd cut", lambda plain: zstandard.compress(plain)[:-5], Content_Encoding="zstd")
body("an unknown encoding", lambda plain: plain, Content_Encoding="br")
GZIP_BOMB = gzip.compress(b" " * (messages.UNPACKED_BYTES + 2), 9)
ZSTD_BOMB = zstandard.compress(b" " * (messages.UNPACKED_BYTES + 2), 19)
body("gzip bomb", lambda plain: GZIP_BOMB, Content_Encoding="gzip")
body("zstd bomb", lambda plain: ZSTD_BOMB, Content_Encoding="zstd")
body("longer than it is", lambda plain: plain, Content_Length="99999999")
body("no object of ours", lambda plain: b'{"hello": "world"}')
body("an empty object", lambda plain: b"{}")


@spoiled(BODY, "broken off in the head")
def _(reply: Reply) -> None:
    reply.cut_after = 40


@spoiled(BODY, "nothing but a closed connection")
def _(reply: Reply) -> None:
    reply.cut_after = 0


@spoiled(BODY, "no HTTP")
def _(reply: Reply) -> None:
    reply.raw = b"SSH-2.0-OpenSSH_9.2\r\n"


@spoiled(BODY, "a head without end")
def _(reply: Reply) -> None:
    reply.raw = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"


@spoiled(BODY, "no number for a status")
def _(reply: Reply) -> None:
    reply.raw = b"HTTP/1.1 abc OK\r\n\r\n"


@spoiled(BODY, "a length that is no number")
def _(reply: Reply) -> None:
    reply.headers["Content-Length"] = "-12"


OURS: dict[str, Spoiler] = {}
"""Problems that carry our identity, and say what they must not be believed."""


def ours(name: str, status: int, content: dict[str, Any]) -> None:
    def spoil(reply: Reply) -> None:
        reply.status, reply.content = status, content

    OURS[name] = spoil


for status in (400, 401, 403, 404, 408, 409, 410, 413, 421, 422, 426, 429, 500, 501, 503, 507):
    ours(f"ours {status} without a word", status, {})
ours("ours 404", 404, {"problem": "unknown_call", "message": "No.", "args": {}})
ours("ours 403", 403, {"problem": "forbidden", "message": "No.", "args": {}})
ours("ours 401 with a strange word", 401, {"problem": "teapot", "message": "No.", "args": {}})
for status, word in (
    (403, "user_disabled"), (403, "device_revoked"), (403, "device_taken"), (403, "other_device"), (404, "gone"),
    (409, "changed"), (410, "gone"), (421, "other_workspace"), (429, "locked"), (503, "restored"), (503, "not_ready"),
):  # fmt: skip
    ours(f"ours {status} {word}", status, {"problem": word, "message": "No.", "args": {}})
ours("ours 500", 500, {"problem": "server_fault", "message": "No {status}.", "args": {}})
ours("ours with a sentence that cannot be filled", 503, {"problem": "busy", "message": "{a.__class__} {", "args": {}})
ours("ours with arguments that are none", 503, {"problem": "busy", "message": "No.", "args": [1, 2]})
ours(
    "ours with the names of our own arguments", 400, {"problem": "bad", "message": "x", "args": {"code": 1, "self": 2}}
)
ours("ours 409 epoch without a number", 409, {"problem": "epoch", "message": "No.", "args": {"epoch": "later"}})
ours("ours 409 epoch that is over", 409, {"problem": "epoch", "message": "No.", "args": {"epoch": 0}})
ours("ours 200 with a problem", 200, {"problem": "sign_in", "message": "No.", "args": {}})
ours("ours with numbers for words", 401, {"problem": 7, "message": 7, "args": 7})

SHAPE: dict[str, Spoiler] = {}
"""Answers with one member that is not as agreed."""
MEMBERS = (
    "workspace", "epoch", "mark", "ask", "verdicts", "parts", "conflicts", "scopes", "cursors", "restarted", "also",
    "leaves", "count", "checksum", "rights", "more", "unknown", "changed", "access", "refresh", "expires_s", "user",
    "person", "letter",
)  # fmt: skip
_ABSENT = object()
for member in MEMBERS:
    for shown, value in (
        ("absent", _ABSENT), ("null", None), ("a word", "x"), ("minus one", -1), ("a half", 0.5), ("a list", [None]),
        ("an object", {"x": None}), ("of the wrong truth", "true"), ("huge", 1 << 63),
    ):  # fmt: skip

        def _spoil(reply: Reply, member: str = member, value: Any = value) -> None:
            if member not in reply.content:
                raise LookupError  # nothing to spoil here
            if member in ("access", "refresh") and isinstance(value, str):
                value = ""  # a token may be any text but none
            if member == "letter" and isinstance(value, str):
                value = "ABCDE"
            if value is _ABSENT:
                del reply.content[member]
            else:
                reply.content[member] = value

        SHAPE[f"{member} {shown}"] = _spoil

for member in ("workspace", "user", "person"):

    def _another(reply: Reply, member: str = member) -> None:
        if member not in reply.content:
            raise LookupError
        reply.content |= dict.fromkeys(("user", "person") if member == "user" else (member,), OTHER)

    SHAPE[f"{member} of somebody else"] = _another

PAGES: dict[str, Spoiler] = {}
"""Pages of a pull whose rows are not as the server counted them."""


def page(name: str) -> Callable[[Callable[[dict[str, Any]], None]], Any]:
    def add(change: Callable[[dict[str, Any]], None]) -> Any:
        def spoil(reply: Reply) -> None:
            change(reply.content)

        PAGES[name] = spoil
        return change

    return add


def _part(content: dict[str, Any], entity: str = "account") -> dict[str, Any]:
    return next(part for part in content["parts"] if part["entity"] == entity)


@page("no scope of one's own")
def _(content: dict[str, Any]) -> None:
    content["cursors"] = {name: text for name, text in content["cursors"].items() if not name.startswith("person:")}


@page("no scopes at all")
def _(content: dict[str, Any]) -> None:
    content["cursors"] = {}


@page("an empty page that says more, for ever")
def _(content: dict[str, Any]) -> None:
    content |= {"parts": [], "also": [], "leaves": [], "conflicts": [], "count": 0, "checksum": 0, "more": True}
    content["cursors"] = ASKED["pull"]["cursors"]


@page("a row less")
def _(content: dict[str, Any]) -> None:
    part = _part(content)
    for name in ("id", "seq", "scope", "sort"):
        part[name] = part[name][1:]
    part["values"] = [column[1:] for column in part["values"]]


@page("a row twice")
def _(content: dict[str, Any]) -> None:
    content["parts"].append(copy.deepcopy(_part(content)))


@page("a part twice, and counted so")
def _(content: dict[str, Any]) -> None:
    part = copy.deepcopy(_part(content))
    content["parts"].append(part)
    content["count"] += len(part["id"])
    content["checksum"] = (content["checksum"] + messages.checksum(part["id"], part["seq"])) % (1 << 64)


@page("another number of a row")
def _(content: dict[str, Any]) -> None:
    _part(content)["seq"][0] += 1


@page("a column too short")
def _(content: dict[str, Any]) -> None:
    _part(content)["values"][0].pop()


@page("a column too many")
def _(content: dict[str, Any]) -> None:
    _part(content)["values"].append([None] * len(_part(content)["id"]))


@page("a field twice")
def _(content: dict[str, Any]) -> None:
    part = _part(content)
    part["fields"].append(part["fields"][0])
    part["values"].append(part["values"][0])


@page("a scope that is not listed")
def _(content: dict[str, Any]) -> None:
    _part(content)["scope"][0] = 99


@page("a scope before the first")
def _(content: dict[str, Any]) -> None:
    _part(content)["scope"][0] = -1


@page("a leave of no scope")
def _(content: dict[str, Any]) -> None:
    content["leaves"] = [[99, "account", HELD["account"]]]


@page("a leave of no record")
def _(content: dict[str, Any]) -> None:
    content["leaves"] = [[0, "account", "everything"]]


@page("an id that is none")
def _(content: dict[str, Any]) -> None:
    _part(content)["id"][0] = "../../etc"


@page("cursors that are no text")
def _(content: dict[str, Any]) -> None:
    content["cursors"] = dict.fromkeys(content["cursors"], 7)


@page("a restart of a scope that is not there")
def _(content: dict[str, Any]) -> None:
    content["restarted"] = ["owner:nobody"]


for column, value in (
    ("name", None), ("name", 7), ("name", ["x"]), ("payment_days", "ten"), ("payment_days", 1.5), ("archived", "yes"),
    ("archived", 2), ("parent", "me"), ("tags", "not json"), ("tags", "[1]"), ("credit_limit", "1000"),
    ("credit_limit", 1 << 63), ("owner", 4), ("name", True),
):  # fmt: skip

    def _wrong(content: dict[str, Any], column: str = column, value: Any = value) -> None:
        part = _part(content)
        part["values"][part["fields"].index(column)][0] = value

    page(f"{column} = {value!r}")(_wrong)

VERDICTS: dict[str, Spoiler] = {}
for shown, value in {
    "none": [], "one too few": [["accepted", 1]], "one too many": [["accepted", 3]],
    "none of a kind": [["accepted", 0]],
    "less than none": [["accepted", -2], ["accepted", 4]], "of a new kind": [["postponed", {}], ["accepted", 1]],
    "no pairs": ["accepted", "accepted"], "true": [["accepted", True], ["accepted", 1]],
    "refused without an object": [["refused", 7], ["accepted", 1]],
    "refused with a list": [["refused", {"problem": ["no"]}], ["accepted", 1]],
    "refused with strange arguments": [["refused", {"problem": {"args": {"x": {}}}}], ["accepted", 1]],
    "conflict about nothing": [["conflict", {"theirs": [1]}], ["accepted", 1]],
}.items():  # fmt: skip

    def _told(reply: Reply, value: Any = value) -> None:
        reply.content["verdicts"] = value

    VERDICTS[f"verdicts: {shown}"] = _told


@spoiled(VERDICTS, "an answer to a pull")
def _(reply: Reply) -> None:
    reply.content = KEPT["pull"]


@spoiled(PAGES, "a page of an earlier request")
def _(reply: Reply) -> None:
    reply.content = KEPT["pull"]


@spoiled(PAGES, "an answer to a push")
def _(reply: Reply) -> None:
    reply.content = KEPT["push"]


KEPT: dict[str, dict[str, Any]] = {}
ASKED: dict[str, dict[str, Any]] = {}
HELD: dict[str, str] = {}
EVERYWHERE = {**ROAD, **BODY, **OURS}
CALLS = (
    "push",
    "pull",
    "reconcile",
    "refresh",
    "sign-in",
    "wait",
    "hello",
    "reassign",
    "sign-out",
    "history",
    "digest",
    "audit",
    "recovered",
    "password",
    "conflicts",
    "devices",
    "handed-in",
    "provider",
    "browser-begin",
    "browser-sign-in",
)
"""Every address of the protocol but `hand-in`, of which a test below."""
READ = ("push", "pull", "reconcile", "refresh", "sign-in", "wait", "audit", "recovered")
SPOILED: dict[str, tuple[str, ...]] = {
    "waiter": ("wait",), "first pull": ("pull",), "sync": ("push", "pull", "reconcile", "refresh", "sign-in", "wait"),
}  # fmt: skip
"""What is spoiled where that is not the call of this name alone: a portal answers everything."""


class Laptop:
    """An's laptop with two groups waiting, one group acknowledged, and news at the server."""

    def __init__(self, served: Served, folder: Path) -> None:
        self.served = served
        served.spoil = {}
        made = Makers(folder).laptop(served.house, "An")
        made.close()
        self.store = Store.open(made.folder, KEY, "An", served.house.clock, served.house.ids)
        self.agent = Agent(self.store, None, served.house.clock)
        with pytest.MonkeyPatch.context() as patch:  # this profile has no key file, and what is here is not the backup
            patch.setattr("kam_desktop.sync.agent.backup.backup_to", lambda *_: None)
            assert self.agent.connect(served.address, "An", PASSWORD, agree=lambda found: True)
        for name in ("Thép Việt", "Nhựa Bình Minh", "Giấy Sài Gòn"):
            with self.store.edit("New") as uow:
                HELD["account"] = served.house.ids.new()
                uow.add(Account(id=HELD["account"], name=name, currency="VND"))
        self.agent.sync()
        lan = served.house.laptop("Minh")
        for name in ("Cáp Hà Nội", "Sơn Đà Nẵng"):
            made_there = create(
                "account", served.house.ids.new(), name=name, currency="VND", owner=served.house.people["An"],
                payment_days=10, tags=["a"], credit_limit=5,
            )  # fmt: skip
            assert lan.told(made_there) == ["accepted"]
        for name in ("Một", "Hai"):
            with self.store.edit("New") as uow:
                uow.add(Account(id=served.house.ids.new(), name=name, currency="VND"))
        self.before = self.picture()

    def picture(self) -> str:
        """Everything the profile holds, less what must move: number and extent of the last push, failures counted."""
        with self.store.database.write() as connection:
            connection.exec_driver_sql("update outbox set failures = 0")
        held = hashlib.sha256()
        with self.store.database.read() as connection:
            names = connection.exec_driver_sql(
                "select name from sqlite_master where type = 'table' and name not like 'search%' order by name"
            )
            for (name,) in names.all():
                less = " where key not in ('push_number', 'push_upto')" if name == "meta" else ""
                less = " where key not like 'sync.%'" if name == "preference" else less
                rows = connection.exec_driver_sql(f'select * from "{name}"{less} order by 1, 2').all()
                held.update(json.dumps([name, *map(list, rows)], default=str).encode())
        return held.hexdigest()

    def refresh_token(self) -> str:
        return str(json.loads(self.agent._keeping.read() or "{}").get("refresh", ""))

    def try_(self, name: str) -> None:
        """Makes one call as the program makes it."""
        agent, engine = self.agent, self.agent.engine
        road, session = agent._parts()
        if name in ("push", "pull", "reconcile"):
            engine.begin()
            engine._phase, engine._most_changes, engine._reconciled_to = name, 5000, 0
            call = engine.next_call()
            assert call is not None and call.name == name
            ASKED[name] = dict(call.message)
            try:
                answer = road.call(name, call.message)
            except Unavailable as failure:
                engine.failed(call, failure)
                raise
            engine.answered(call, answer)
            if engine.report.failure is not None:
                raise engine.report.failure
        elif name == "refresh":
            session.renew()
        elif name == "sign-in":
            agent.connect(self.served.address, "An", PASSWORD, agree=lambda found: True)
        elif name == "wait":
            agent.wait()
        elif name == "waiter":
            agent.waiter()()
        elif name == "sync":
            agent.sync()
        elif name == "hello":
            agent.reachable()
        elif name == "reassign":
            agent.reassign(HELD["account"], self.served.house.people["Minh"], "")
        elif name == "audit":
            agent.look_at_log(whole=True)
        elif name == "recovered":
            agent.settle_recovered(["0" * 32], "drop")
        elif name == "provider":
            browser.offered(road)
        elif name == "browser-begin":
            shown: list[str] = []
            try:
                browser.brought(
                    session.proven, "y" * 32, self.served.address, shown.append, time.monotonic, lambda: True
                )
            finally:
                assert not shown, "a browser was sent somewhere"
        elif name == "browser-sign-in":
            session._begun(session.proven(name, {"device": "y" * 32, "code": "x", "person": ""}), "", "")
        else:
            road.call(name, {"workspace": "", "refresh": "x", "device": "y" * 32})


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    served = Served.built(tmp_path_factory.mktemp("served"))
    served.user("An")
    served.user("Minh", "manager")
    made = Laptop(served, tmp_path_factory.mktemp("laptop"))
    keep: dict[str, Spoiler] = {
        name: lambda reply, name=name: (
            KEPT.update({name: copy.deepcopy(reply.content)}) or setattr(reply, "status", 503)
        )  # type: ignore[misc,func-returns-value]
        for name in ("pull", "push")
    }
    served.spoil = keep
    for name in ("push", "pull"):
        with pytest.raises(Unavailable):
            made.try_(name)
    yield made
    made.store.close()
    served.close()


class Newcomer(Laptop):
    """Hoa's laptop, never connected, with work of its own: the first connect breaks at its first page."""

    def __init__(self, served: Served, folder: Path) -> None:
        self.served = served
        made = Makers(folder).laptop(served.house, "Hoa")
        made.close()
        self.store = Store.open(made.folder, KEY, "Hoa", served.house.clock, served.house.ids)
        self.agent = Agent(self.store, None, served.house.clock)
        for name in ("Một", "Hai", "Ba"):
            with self.store.edit("New") as uow:
                uow.add(Account(id=served.house.ids.new(), name=name, currency="VND"))
        busy = {"problem": "busy", "message": "No.", "args": {}}
        served.spoil = {"pull": lambda reply: reply.__dict__.update(status=503, content=busy)}
        with pytest.raises(Unavailable):
            self.try_("first pull")
        served.spoil = {}
        self.before = self.picture()

    def refresh_token(self) -> str:
        return str(json.loads(self.agent._keeping.read() or "{}").get("refresh", ""))

    def try_(self, name: str) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("kam_desktop.sync.agent.backup.backup_to", lambda *_: None)
            self.agent.connect(self.served.address, "Hoa", PASSWORD, agree=lambda found: True)


@pytest.fixture(scope="module")
def newcomer(laptop: Laptop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    laptop.served.user("Hoa")
    house = laptop.served.house
    there = create(
        "account", house.ids.new(), name="Giấy Bãi Bằng", currency="VND", owner=house.people["Hoa"], payment_days=10,
        tags=["a"], credit_limit=5,
    )  # fmt: skip
    assert house.laptop("Minh").told(there) == ["accepted"]
    made = Newcomer(laptop.served, tmp_path_factory.mktemp("newcomer"))
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def template(laptop: Laptop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The profile of another of An's laptops, like the first; for those that come to harm."""
    made = Laptop(laptop.served, tmp_path_factory.mktemp("template"))
    made.store.close()
    return made.store.folder


class Copy(Laptop):
    """A copy of a laptop that was shut down."""

    def __init__(self, served: Served, template: Path, folder: Path) -> None:
        self.served = served
        served.spoil = {}
        shutil.copytree(template, folder)
        self.store = Store.open(folder, KEY, "An", served.house.clock, served.house.ids)
        self.agent = Agent(self.store, None, served.house.clock)
        device = self.agent.state.device()  # the session of the copy before may be over
        for key in [key for key in served._signed_in if device in key]:
            del served._signed_in[key]
        self.agent.connect(served.address, "An", PASSWORD, agree=lambda found: True)
        self.before = self.picture()


def fails_well(laptop: Laptop, name: str, kind: str, spoil: Spoiler) -> bool:
    """Tries a spoiled call; whether the kind could be tried at this endpoint."""
    served, skipped = laptop.served, []

    def spoiling(reply: Reply) -> None:
        try:
            spoil(reply)
        except (LookupError, StopIteration):
            skipped.append(True)
            reply.status, reply.content = 503, {"problem": "busy", "message": "x", "args": {}}

    served.spoil = {}
    for _ in range(3):
        try:
            laptop.agent._parts()[1].ensure()
            break
        except Unavailable:
            continue  # the connection was spoiled too; the next one is new
    served.spoil = dict.fromkeys(SPOILED.get(name, (name,)), spoiling)
    kept, place = laptop.refresh_token(), laptop.agent._keeping.place
    try:
        with pytest.raises(Unavailable) as found:
            laptop.try_(name)
        assert found.value.code and str(found.value), kind
    except pytest.fail.Exception:
        pytest.fail(f"{kind} at {name} was taken for an answer")
    finally:
        served.spoil = {}
    assert laptop.refresh_token() == kept and laptop.agent._keeping.place == place, f"{kind} at {name}: signed out"
    assert laptop.picture() == laptop.before, f"{kind} at {name}: something changed"
    return not skipped


def test_a_cycle_on_a_road_that_answers_everything_itself(laptop: Laptop, template: Path, tmp_path: Path) -> None:
    """A portal answers every call alike, the renewal of a token too: nobody is signed out, nothing is sent or lost."""
    whole = Copy(laptop.served, template, tmp_path / "profile")
    for kind, spoil in (ROAD | OURS).items():
        fails_well(whole, "sync", kind, spoil)
    laptop.served.spoil = {}
    whole.agent.sync()
    assert whole.agent.state.counts().waiting == 0
    whole.store.close()


def test_a_long_poll_on_a_road_that_answers_itself(laptop: Laptop) -> None:
    laptop.before = laptop.picture()
    for kind, spoil in ROAD.items():
        fails_well(laptop, "waiter", kind, spoil)


@pytest.mark.parametrize("name", CALLS)
def test_what_is_not_our_server_at_every_endpoint(laptop: Laptop, name: str) -> None:
    assert len(EVERYWHERE) >= 60
    laptop.before = laptop.picture()
    for kind, spoil in EVERYWHERE.items():
        if name not in (*READ, "browser-begin", "browser-sign-in") and (
            kind in ("no object of ours", "an empty object", "ours 200 with a problem")
        ):
            continue  # of these answers nothing is read but that they are ours
        if name == "hello" and kind.startswith("ours 401"):
            continue  # it is ours and it answers: that is all that was asked
        fails_well(laptop, name, kind, spoil)


def test_no_address_is_left_out() -> None:
    assert {*CALLS, "hand-in"} == PATHS.keys()


def test_no_wrong_answer_takes_a_laptop_out_of_use(laptop: Laptop) -> None:
    """What a revoked laptop asks before it erases itself: none of them is a word to do so."""
    laptop.before, kept = laptop.picture(), laptop.refresh_token()
    for kind, spoil in EVERYWHERE.items():
        laptop.served.spoil = {"hand-in": spoil}
        try:
            assert not laptop.agent._left(), kind
        finally:
            laptop.served.spoil = {}
        assert laptop.served.asked[-1] == "hand-in", "it was asked"
        assert laptop.picture() == laptop.before and laptop.refresh_token() == kept, kind


_READ = {
    "refresh": ("access", "refresh", "expires_s"), "wait": ("workspace", "changed"), "waiter": ("workspace", "changed"),
    "sign-in": ("access", "refresh", "expires_s", "user", "person", "workspace", "epoch", "rights", "letter"),
}  # fmt: skip
"""The members that are looked at; of the other calls all."""


@pytest.mark.parametrize("name", ["push", "pull", "reconcile", "refresh", "sign-in", "wait", "waiter"])
def test_every_member_is_as_agreed(laptop: Laptop, name: str) -> None:
    tried, laptop.before = 0, laptop.picture()
    for kind, spoil in SHAPE.items():
        if kind.split()[0] in _READ.get(name, MEMBERS):
            tried += fails_well(laptop, name, kind, spoil)
    assert tried >= 9


def test_the_first_connect_takes_no_wrong_answer_either(newcomer: Newcomer) -> None:
    """Nothing of one's own is touched, nothing of the answer kept, and the next time it connects."""
    own = {kind: spoil for kind, spoil in PAGES.items() if "for ever" not in kind}
    for kind, spoil in (EVERYWHERE | own).items():
        assert fails_well(newcomer, "first pull", kind, spoil), kind
    assert not newcomer.agent.connected
    newcomer.try_("first pull")
    assert newcomer.agent.connected and newcomer.agent.state.counts().waiting >= 3


def test_pages_that_do_not_add_up(laptop: Laptop) -> None:
    laptop.before = laptop.picture()
    for kind, spoil in PAGES.items():
        assert fails_well(laptop, "pull", kind, spoil), kind


def test_verdicts_that_do_not_fit(laptop: Laptop) -> None:
    laptop.before = laptop.picture()
    for kind, spoil in VERDICTS.items():
        assert fails_well(laptop, "push", kind, spoil), kind


def _with_404_as_deletion(patch: pytest.MonkeyPatch) -> None:
    failed = Engine.failed

    def deleting(self: Engine, call: Any, failure: Unavailable) -> None:
        failed(self, call, failure)
        if failure.args_named.get("status") == "404":
            with self._state._store.database.write() as connection:
                connection.exec_driver_sql("delete from account where id = ?", (HELD["account"],))

    patch.setattr(Engine, "failed", deleting)


def _with_401_as_signed_out(patch: pytest.MonkeyPatch) -> None:
    stranger_ = transport._stranger

    def strict(status: int, kind: str, headers: Any) -> Unavailable:
        return SignedOut("sign_in", "No.") if status == 401 else stranger_(status, kind, headers)

    patch.setattr(transport, "_stranger", strict)


def _with_sent_as_taken(patch: pytest.MonkeyPatch) -> None:
    """What was sent counts as taken whatever came back."""
    failed = Engine.failed

    def forgetting(self: Engine, call: Any, failure: Unavailable) -> None:
        failed(self, call, failure)
        with self._state._store.database.write() as connection:
            connection.exec_driver_sql("delete from outbox")

    patch.setattr(Engine, "failed", forgetting)


def _without_looking(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(answers, "checked", lambda name, request, answer, **more: answer)


def _with_any_server(patch: pytest.MonkeyPatch) -> None:
    read = transport.HttpTransport._read

    def trusting(self: Any, response: Any) -> Any:
        self.workspace = ""
        return read(self, response)

    patch.setattr(transport.HttpTransport, "_read", trusting)


def _with_a_wipe(patch: pytest.MonkeyPatch) -> None:
    """A device that is told so by a word alone gives everything up."""
    failed = Engine.failed

    def wiping(self: Engine, call: Any, failure: Unavailable) -> None:
        failed(self, call, failure)
        if failure.code == "device_revoked":
            with self._state._store.database.write() as connection:
                connection.exec_driver_sql("delete from outbox")
                connection.exec_driver_sql("delete from scope_cursor")

    patch.setattr(Engine, "failed", wiping)


PLANTED: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str, dict[str, Spoiler], str]] = {
    "404 is a deletion": (_with_404_as_deletion, "pull", ROAD, "HTML 404"),
    "404 of ours is a deletion": (_with_404_as_deletion, "pull", OURS, "ours 404"),
    "401 signs out": (_with_401_as_signed_out, "refresh", ROAD, "HTML 401"),
    "401 signs out in a cycle": (_with_401_as_signed_out, "sync", ROAD, "401 JSON of another program"),
    "a portal takes what was sent": (_with_sent_as_taken, "push", ROAD, "HTML 200"),
    "an empty answer is everything gone": (_without_looking, "pull", PAGES, "no scopes at all"),
    "a truncated page is a page": (_without_looking, "pull", PAGES, "a row less"),
    "a doubled page is a page": (_without_looking, "pull", PAGES, "a part twice, and counted so"),
    "another server is ours": (_with_any_server, "pull", ROAD, "another workspace"),
    "a word wipes": (_with_a_wipe, "push", OURS, "ours 403 device_revoked"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_laptop_that_believes_too_much_is_caught(
    laptop: Laptop, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    plant, call, kinds, kind = PLANTED[name]
    doomed = Copy(laptop.served, template, tmp_path / "profile")
    assert fails_well(doomed, call, kind, kinds[kind])
    plant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        fails_well(doomed, call, kind, kinds[kind])
    doomed.store.close()


def test_a_server_that_always_says_another_device_or_epoch_is_not_asked_for_ever(laptop: Laptop) -> None:
    served = laptop.served

    def say(reply: Reply) -> None:
        reply.status, reply.content = 409, {"problem": "new_device", "message": "No.", "args": {}}

    served.spoil = dict.fromkeys(("push", "pull"), say)
    served.asked.clear()
    device = laptop.agent.state.device()
    with pytest.raises(Unavailable):
        laptop.agent.sync()
    served.spoil = {}
    assert len(served.asked) <= 8
    assert laptop.agent.state.counts().waiting == 2
    assert laptop.agent.state.device() != device


def test_what_a_newer_server_says_is_kept_or_left_and_the_rest_arrives(laptop: Laptop) -> None:
    """After everything: the same laptop signs in again, sends what waits and has what the server has."""
    served = laptop.served
    lan = served.house.laptop("Minh")
    held = {"owner": served.house.people["An"], "currency": "VND"}
    arriving = {served.house.ids.new(): f"Mới {number}" for number in range(3)}
    sent = [create("account", each, name=name, **held) for each, name in arriving.items()]
    assert lan.told(*sent) == ["accepted"] * 3

    def newer(reply: Reply) -> None:
        content = reply.content
        content["novelty"] = {"of": "a newer server"}
        content["parts"].append(
            {"entity": "hologram", "fields": ["colour"], "id": [OTHER], "seq": [9], "scope": [0], "values": [["red"]]}
        )
        content["scopes"] = content["scopes"] or [next(iter(content["cursors"]))]
        content["count"] += 1
        content["checksum"] = (content["checksum"] + messages.checksum([OTHER], [9])) % (1 << 64)
        for part in content["parts"]:
            if part["entity"] == "account":
                part["fields"].append("mood")
                part["values"].append(["calm"] * len(part["id"]))

    served.spoil = {"pull": newer}
    laptop.agent.connect(served.address, "An", PASSWORD, agree=lambda found: True)
    laptop.agent.sync()
    served.spoil = {}
    assert laptop.agent.state.counts().waiting == 0
    with laptop.store.reader() as reader:
        here = {row[0]: row[1] for row in reader.sql("select id, _extra from account")}
    with served.house.sql() as connection:
        mine = "select id from account where _deleted_seq is null and owner = ?"
        there = {row[0] for row in connection.rows(mine, (served.house.people["An"],))}
    assert set(here) == there and len(there) >= 10
    # What arrived while the server was newer keeps what it said; rows known from before it was have nothing of it.
    assert {here[each] for each in arriving} == {'{"mood":"calm"}'}
    assert set(here.values()) <= {'{"mood":"calm"}', None}
