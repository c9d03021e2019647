"""The web service as it is started: form of messages, limits, encodings, bombs, document, health."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import zstandard

from kam_desktop.protocol import messages
from kam_desktop.protocol.addresses import PATHS
from kam_desktop.server.main import Service, create_app
from tests.server import secrecy
from tests.server.fuzz import NOBODY, Fuzz, add_users, calls
from tests.server.house import House, SeededIds, content, create, update
from tests.server.serving import PASSWORD, Serving, device_of

ROLES = ("kam", "lead", "manager", "finance", "department", "auditor", "administrator")
OPEN = ("sign-in", "refresh", "sign-out")
CALLS = ("hello", "push", "pull", "wait", "digest", "reconcile", "history", "reassign", "audit", *OPEN)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    made = Serving(tmp_path_factory.mktemp("serving"))
    made.told("migrate")
    add_users(made)
    made.start()
    yield made
    made.stop()


def is_ours(web: Serving, answer: requests.Response) -> bool:
    return (
        answer.headers["Content-Type"] == messages.MEDIA_TYPE
        and answer.headers[messages.WORKSPACE_HEADER] == web.workspace
        and answer.headers["Cache-Control"] == "no-store"
        and "server" not in {name.lower() for name in answer.headers}
    )


def test_health_says_that_the_database_answers(web: Serving) -> None:
    answer = requests.get(web.url + "/health", timeout=5)
    assert answer.json()["state"] == "ready" and answer.json()["workspace"] == web.workspace


def test_every_answer_carries_media_type_and_identity(web: Serving) -> None:
    for name in CALLS:
        for answer in (web.post(name), web.post(name, b"\xff"), web.post(name, Authorization="Bearer nonsense")):
            assert is_ours(web, answer), name
            assert 400 <= answer.status_code < 500
            assert set(answer.json()) == {"problem", "message", "args"}


def test_without_a_good_token_nothing_is_answered(web: Serving) -> None:
    for name in set(CALLS) - set(OPEN):
        for token in ("", "Bearer ", "Bearer x", "Basic a2FtOmthbQ==", "bearer " + web.token("kam")[:-1]):
            answer = web.call(name, web.message("kam", seq=0), Authorization=token)
            assert (answer.status_code, answer.json()["problem"]) == (401, "sign_in"), (name, token)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "", "application/vnd.kam+xml", "multipart/form-data"]
)
def test_only_our_media_type_is_read(web: Serving, kind: str) -> None:
    answer = web.post("hello", Content_Type=kind)
    assert answer.status_code == 415 and is_ours(web, answer)


def test_both_encodings_both_ways(web: Serving) -> None:
    message = json.dumps(web.message("auditor", cursors={}, padding="x" * 2000)).encode()
    bearer = f"Bearer {web.token('auditor')}"
    plain = web.post("pull", message, Authorization=bearer).json()
    assert plain["count"] > 30
    for encoding, pack in (("gzip", gzip.compress), ("zstd", zstandard.compress)):
        answer = web.post(
            "pull", pack(message), Content_Encoding=encoding, Accept_Encoding=encoding, Authorization=bearer
        )
        assert answer.status_code == 200 and answer.headers["Content-Encoding"] == encoding
        assert "Accept-Encoding" in answer.headers["Vary"]
        body = answer.content  # unpacked already where the client's library knows how
        read = json.loads(body) if body[:1] == b"{" else messages.unpack(body, encoding)
        assert read["parts"] == plain["parts"]


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, zstd", "compress", "x" * 500])
def test_an_unknown_encoding_is_refused(web: Serving, encoding: str) -> None:
    answer = web.post("hello", Content_Encoding=encoding)
    assert (answer.status_code, answer.json()["problem"]) == (415, "unknown_encoding")


def test_bombs_and_bodies_beyond_the_limit(web: Serving) -> None:
    much = b" " * (messages.UNPACKED_BYTES + 1)
    for encoding, body in (("gzip", gzip.compress(much, 9)), ("zstd", zstandard.compress(much, 3))):
        for name in ("sign-in", "push"):
            answer = web.post(name, body, Content_Encoding=encoding, Authorization="Bearer x")
            assert answer.status_code == 413, (name, encoding)
    assert web.post("sign-in", b"x" * (messages.PACKED_BYTES + 1)).status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"1", b'"x"', b"{", b'{"a": NaN}', b'{"a": 1e999999}', b"[" * 100_000, b'{"a":' * 100_000,
     b'{"user": "\\ud800", "password": "x", "device": "d"}', b"\x00", b"\xef\xbb\xbf{}",
     b'{"user": "a", "user": "b", "password": "x", "device": "y"}', b'{"user": ' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_bodies_that_are_none(web: Serving, body: bytes) -> None:
    for name in ("sign-in", "push", "refresh"):
        answer = web.post(name, body, Authorization="Bearer x")
        assert 400 <= answer.status_code < 500 and is_ours(web, answer), (name, answer.text)


def test_a_text_that_no_database_keeps_is_no_text(web: Serving) -> None:
    """PostgreSQL takes no NUL; found by fuzzing it."""
    message = {"user": "kam\0", "password": "x\0", "device": "9" * 32, "refresh": "9\0.x"}
    for name in OPEN:
        answer = web.call(name, message)
        assert (answer.status_code, answer.json()["problem"]) == (400, "bad_message"), name


def test_other_methods_and_addresses(web: Serving) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert requests.request(method, web.url + PATHS["pull"], timeout=5).status_code == 405
    for path in ("/", "/docs", "/sync/", "/sync/pull/..", "/../etc/passwd", "/admin"):
        assert requests.get(web.url + path, timeout=5).status_code in (404, 405), path


SAY_NO_401 = ("sign-out", "hand-in", "provider", "browser-begin", "browser-sign-in")


def test_the_document_describes_every_call(web: Serving) -> None:
    document = requests.get(web.url + "/openapi.json", timeout=5).json()
    assert document["openapi"].startswith("3.1") and document["info"]["version"]
    names = set()
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            assert described["summary"] and described["responses"], path
            names.add(described["operationId"])
            if method == "post":
                assert messages.MEDIA_TYPE in described["requestBody"]["content"]
                assert {"200", "400", "413", "415", "503"} <= set(described["responses"])
                assert ("401" in described["responses"]) == (described["operationId"] not in SAY_NO_401)
    assert set(CALLS) <= names
    schemes = document.get("components", {}).get("securitySchemes", {})
    described = [each for methods in document["paths"].values() for each in methods.values()]
    used = {name for each in described for rule in each.get("security", []) for name in rule}
    assert used and used <= set(schemes)
    assert schemes["token"] == {"type": "http", "scheme": "bearer"}


def test_schemathesis_as_each_role_and_as_nobody(web: Serving) -> None:
    """A short form of `python -m tests.server.fuzz`; the longer one is in the README of this folder."""
    fuzz = Fuzz(web)
    for place, name in enumerate(each for each in calls() if each != "sign-in"):
        for role in (*ROLES, NOBODY)[place % 4 :: 4]:
            fuzz.run(name, role, 6)
    assert not fuzz.faults, fuzz.faults[0]
    answered = {name for name, _, status in fuzz.told if status == 200}
    assert {"push", "pull", "digest", "reconcile", "hello"} <= answered  # else it fuzzed the door and not the house


def test_nothing_secret_is_in_the_log(web: Serving) -> None:
    """The log of everything above, and of costs and notes written, refused and read."""
    cost, note, ids = str(secrecy.COST + secrecy.STEP), secrecy.NOTE, SeededIds(3)
    account = create("account", ids.new(), name="Thép", currency="VND", internal_note=note)
    for number, user in enumerate(ROLES):
        changes = [create("product", ids.new(), name="Hàng", currency="VND", cost=int(cost)), account]
        changes += [create("product", ids.new(), name="x" * 5000, cost=int(cost)), update("product", note, 0, cost=1)]
        for each in changes:
            sent = content([[each]], ids, 10_000 + number, "2026-03-02T08:30:00Z")
            assert web.call("push", web.message(user, **sent), user).status_code in (200, 400, 409)
        web.call("pull", web.message(user, cursors={}), user)
        web.call("history", web.message(user, entity="account", id=account.id), user)
    refresh = web.call("sign-in", {"user": "kam", "password": PASSWORD, "device": device_of("kam")}).json()["refresh"]
    web.tokens.pop("kam")
    web.call("sign-in", {"user": "kam", "password": "falsch und geheim", "device": "9" * 32})
    web.post("hello", b"{}", Authorization="Bearer geheimes-zeichen")
    web.post("push", b'{"cost": ' + cost.encode() + b", ")
    log = web.log
    assert not secrecy.leaks(log.encode(), note)
    for secret in (PASSWORD, "falsch und geheim", "geheimes-zeichen", refresh, *web.tokens.values()):
        assert secret not in log and secret[:20] not in log
    assert "sign-in 401 wrong_password" in log
    assert "Traceback" not in log and " failed: " not in log


def _asked(app: Any, path: str, method: str = "POST", body: bytes = b"{}") -> tuple[int, bytes]:
    """One request to an application in this process: status and body."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", messages.MEDIA_TYPE.encode()), (b"authorization", b"Bearer x")]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
             "raw_path": path.encode(), "query_string": b"", "headers": headers, "client": None, "server": None,
             "scheme": "http", "root_path": ""}  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent)


@pytest.mark.expects_log
def test_a_fault_of_ours_is_told_and_logged_without_a_value(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError(f"cost {secrecy.COST + secrecy.STEP} of {secrecy.NOTE}")

    app = create_app(house.database, house.policy, house.clock, house.ids)
    monkeypatch.setattr(Service, "work", broken)
    monkeypatch.setattr(Service, "seq", broken)
    told = [_asked(app, PATHS["push"]), _asked(app, "/health", "GET")]
    assert [status for status, _ in told] == [500, 503]
    assert b"server_fault" in told[0][1] and b"unavailable" in told[1][1]
    logged = caplog.text
    assert "push failed: ValueError at " in logged and "health failed: ValueError at " in logged
    for each in (told[0][1], told[1][1], logged.encode()):
        assert not secrecy.leaks(each, secrecy.NOTE)


def test_a_call_is_a_post_to_its_own_path_and_nothing_else(web: Serving) -> None:
    token = {"Authorization": f"Bearer {web.token('auditor')}", "Content-Type": messages.MEDIA_TYPE}
    body = messages.pack(web.message("auditor", cursors={}))[0]
    for method in ("GET", "PUT", "HEAD", "DELETE", "OPTIONS"):
        assert requests.request(method, web.url + PATHS["pull"], data=body, headers=token, timeout=5).status_code == 405
    for path in (PATHS["pull"] + "x", PATHS["pull"] + "/x", "/x" + PATHS["pull"]):
        assert requests.post(web.url + path, body, headers=token, timeout=5).status_code == 404
    for path in (PATHS["pull"], PATHS["pull"] + "?x=1"):
        assert requests.post(web.url + path, body, headers=token, timeout=5).status_code == 200


def test_a_large_answer_is_packed_in_less_time_and_read_as_any_other() -> None:
    small, large = ({"rows": [f"{place * 7919 % 100_003:06}" for place in range(size)]} for size in (1000, 60_000))
    assert messages.pack(small, ("zstd",)) == messages.pack(small, ("zstd",), large=messages.LARGE_LEVEL)
    quick, encoding = messages.pack(large, ("zstd",), large=messages.LARGE_LEVEL)
    assert quick != messages.pack(large, ("zstd",))[0] and messages.unpack(quick, encoding) == large
