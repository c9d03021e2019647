"""Who is worked for when too many call; who hears of news; what is counted and told to Prometheus."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import requests

from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.protocol.addresses import PATHS
from kam_desktop.protocol.messages import MEDIA_TYPE, Problem
from kam_desktop.server.admission import Admission, Limits
from kam_desktop.server.database import Again, Database
from kam_desktop.server.main import create_app
from kam_desktop.server.metrics import Metrics, Port
from kam_desktop.server.patience import Patience
from kam_desktop.server.settings import measured_at
from kam_desktop.server.waiting import ALL, Waiting
from tests.fakes import FakeClock
from tests.server.house import House, create, update

FEW = Limits(calls=2, queue=2, queue_s=5, bodies=6, rate=1, burst=3)


def door(limits: Limits = FEW) -> tuple[Admission, Metrics, FakeClock]:
    clock, metrics = FakeClock(), Metrics()
    return Admission(limits, metrics, monotonic=clock.monotonic, uniform=lambda low, high: high), metrics, clock


async def settled() -> None:
    """Until nothing in this loop is ready to go on."""
    for _ in range(20):
        await asyncio.sleep(0)


class Calls:
    """Calls that stay in their place until they are let go."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.order: list[str] = []
        self.goes: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def call(self, label: str, name: str = "pull", device: str = "") -> None:
        self.goes[label] = asyncio.Event()

        async def work() -> None:
            with self.admission.arrived():
                async with self.admission.place(name, device):
                    self.order.append(label)
                    await self.goes[label].wait()

        self.tasks[label] = asyncio.ensure_future(work())

    async def ends(self, label: str) -> None:
        self.goes[label].set()
        await self.tasks[label]
        await settled()

    def problem(self, label: str) -> Problem:
        found = self.tasks[label].exception()
        assert isinstance(found, Problem), found
        return found


def run(work: Callable[[Calls], Awaitable[Any]], limits: Limits = FEW) -> Metrics:
    admission, metrics, _ = door(limits)

    async def inside() -> None:
        calls = Calls(admission)
        await work(calls)
        for label in calls.tasks:
            calls.goes[label].set()
        await asyncio.gather(*calls.tasks.values(), return_exceptions=True)
        assert (admission.at_work, admission.queued, admission.inside) == (0, 0, 0), "a place was lost"

    asyncio.run(inside())
    return metrics


def test_so_many_work_a_few_wait_and_the_rest_hears_when_to_come_again() -> None:
    async def work(calls: Calls) -> None:
        for label in "abcde":
            calls.call(label)
            await settled()
        assert calls.order == ["a", "b"] and calls.tasks["e"].done()
        told = calls.problem("e")
        assert (told.status, told.code) == (503, "busy") and told.retry_after is not None and told.retry_after >= 2
        await calls.ends("a")
        assert calls.order == ["a", "b", "c"]

    text = run(work).text()
    assert 'kam_turned_away_total{why="full"} 1' in text and "kam_queue_seconds_count 4" in text


def test_what_somebody_wrote_goes_before_what_can_wait() -> None:
    async def work(calls: Calls) -> None:
        for label, name in (("a", "pull"), ("b", "pull"), ("c", "digest"), ("d", "push")):
            calls.call(label, name)
            await settled()
        await calls.ends("a")
        await calls.ends("b")
        assert calls.order == ["a", "b", "d", "c"]

    run(work)


def test_nobody_waits_longer_than_agreed_and_the_place_is_not_lost() -> None:
    async def work(calls: Calls) -> None:
        for label in "abc":
            calls.call(label)
            await settled()
        await asyncio.wait([calls.tasks["c"]])
        assert calls.problem("c").status == 503
        await calls.ends("a")
        calls.call("d")
        await settled()
        assert calls.order == ["a", "b", "d"]

    assert 'why="slow"' in run(work, Limits(calls=2, queue=2, queue_s=0.01)).text()


def test_who_goes_away_gives_back_place_and_turn() -> None:
    async def work(calls: Calls) -> None:
        for label in "abcd":
            calls.call(label)
            await settled()
        calls.tasks["c"].cancel()  # in the queue
        calls.tasks["a"].cancel()  # at work: its place goes to d
        await settled()
        assert calls.order == ["a", "b", "d"]
        calls.call("e")
        await settled()
        calls.goes["b"].set()
        calls.tasks["e"].cancel()  # given the place and gone in the same moment
        await settled()
        calls.call("f")
        await settled()
        assert calls.order[-1] == "f"

    run(work)


def test_bodies_that_come_slowly_are_few() -> None:
    admission, _, _ = door(Limits(bodies=2))
    with admission.arrived(), admission.arrived(), pytest.raises(Problem) as caught, admission.arrived():
        raise AssertionError("a third one")
    assert caught.value.status == 503 and admission.inside == 0


def test_one_device_cannot_have_all_the_places() -> None:
    admission, metrics, clock = door(Limits(calls=2, rate=1, burst=3))

    async def one(device: str) -> None:
        async with admission.place("pull", device):
            pass

    async def work() -> None:
        for _ in range(10):
            await one("greedy")  # nobody else is there: it may
        async with admission.place("push", "other"):
            with pytest.raises(Problem) as caught:
                await one("greedy")
            assert (caught.value.status, caught.value.code) == (429, "busy") and caught.value.retry_after
            await one("third")
            clock.move(2)
            await one("greedy")
            with pytest.raises(Problem):
                for _ in range(3):
                    await one("greedy")

    asyncio.run(work())
    assert 'kam_turned_away_total{why="rate"} 2' in metrics.text()


def test_buckets_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kam_desktop.server.admission.KNOWN_DEVICES", 8)
    admission, _, clock = door(Limits(rate=1, burst=3))
    for number in range(40):
        admission._may(f"device {number}")
    assert len(admission._buckets) <= 8
    clock.move(60)
    admission._may("one more")
    assert len(admission._buckets) == 1


@pytest.mark.parametrize("name", ["CALLS", "QUEUE", "QUEUE_S", "BODIES", "RATE", "WAITING"])
@pytest.mark.parametrize("text", ["-1", "x", "1e9", "", "0"])
def test_limits_come_from_the_environment(name: str, text: str) -> None:
    given = {f"KAM_SERVER_{name}": text}
    if text == "" or (text == "0" and name == "RATE"):
        assert getattr(Limits.of(given), name.lower()) == (0 if text else getattr(Limits(), name.lower()))
    else:
        with pytest.raises(Refused):
            Limits.of(given)
    assert getattr(Limits.of({f"KAM_SERVER_{name}": "7"}), name.lower()) == 7
    with pytest.raises(Refused):
        Patience.serving({"KAM_SERVER_LOCK_S": "0"})
    assert Patience.serving({"KAM_SERVER_LOCK_S": "7"}).lock_s == 7


def asked(app: Any, path: str, body: bytes = b"{}", token: str = "x") -> tuple[int, dict[str, str], Any]:
    """One request straight to the application: status, headers, content."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": path,
             "raw_path": path.encode(), "query_string": b"", "headers": headers, "client": None, "server": None,
             "scheme": "http", "root_path": ""}  # fmt: skip
    asyncio.run(app(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, json.loads(b"".join(each.get("body", b"") for each in sent))


def test_a_call_that_is_turned_away_reaches_no_database(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(house.database, house.policy, house.clock, house.ids, Limits(bodies=1))
    monkeypatch.setattr(Admission, "arrived", _full)
    monkeypatch.setattr(Database, "write", _untouched)
    monkeypatch.setattr(Database, "read", _untouched)
    status, headers, content = asked(app, PATHS["push"])
    assert (status, content["problem"]) == (503, "busy") and int(headers["retry-after"]) >= 2
    assert 'kam_calls_total{call="push",status="503"} 1' in app.metrics.text()


def _full(admission: Admission) -> Any:
    raise admission.turned_away("full")


def _untouched(*_: Any) -> Any:
    raise AssertionError("the database was asked")


# The database does not keep anybody waiting.


def test_a_lock_is_not_waited_for_without_end(any_house: House) -> None:
    hasty = Database(any_house.database.url, 4, Patience(pool_s=0.05, lock_s=0.05, statement_s=5))
    with any_house.database.write() as connection:
        connection.run("update workspace set seq = seq")
        with pytest.raises((Again, Unavailable)), hasty.write() as other:
            other.run("update workspace set seq = seq")
    with hasty.write() as other:
        other.run("update workspace set seq = seq")
    hasty.close()


def test_the_only_writer_of_sqlite_is_not_waited_for_without_end(house: House) -> None:
    hasty = Database(house.database.url, 4, Patience(pool_s=0.05, lock_s=0.05))
    held, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with hasty.write():
            held.set()
            ended.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(20)
    with pytest.raises(Unavailable), hasty.write():
        raise AssertionError("two writers")
    ended.set()
    thread.join()
    hasty.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_statement_of_postgresql_ends(any_house: House) -> None:
    hasty = Database(any_house.database.url, 2, Patience(statement_s=0.05))
    with pytest.raises(Unavailable), hasty.read() as connection:
        connection.one("select pg_sleep(20)")
    with hasty.read() as connection:
        assert connection.one("select 1") == (1,)
    hasty.close()


# News.


def test_only_who_may_see_it_hears_of_news_and_all_look_once(any_house: House) -> None:
    house, metrics = any_house, Metrics()
    an, dung = house.laptop("An"), house.laptop("Dung")
    looks: list[int] = []

    async def aside(work: Callable[..., Any], *given: Any) -> Any:
        looks.append(1)
        return work(*given)

    waiting = Waiting(house.database, aside, house.clock, metrics)
    own = {name: frozenset((f"owner:{laptop.user}", f"person:{laptop.user}", "org"))
           for name, laptop in (("An", an), ("Dung", dung))}  # fmt: skip
    own["Minh"] = frozenset((ALL, "org"))

    async def work() -> dict[str, bool]:
        known = house.value("select seq from workspace")
        held = {name: asyncio.ensure_future(waiting.hold(known, own[name], lambda: 50.0, 50.0))
                for name in own}  # fmt: skip
        more = [asyncio.ensure_future(waiting.hold(known, own["Dung"], lambda: 50.0, 50.0)) for _ in range(50)]
        await settled()
        assert waiting.count == 53 and len(looks) <= 2
        before = len(looks)
        account = house.ids.new()
        an.push(create("account", account, name="Mây"))
        waiting.wake()
        await settled()
        assert len(looks) == before + 1, "one look for all of them"
        assert held["An"].result() and held["Minh"].result() and not any(each.done() for each in more)
        assert not held["Dung"].done(), "it is nothing to Dung"
        house.laptop("Minh").call("reassign", account=account, helpers=[dung.user])
        waiting.wake()
        await settled()
        assert held["Dung"].result() and all(each.result() for each in more), "after a hand-over all look"
        known = house.value("select seq from workspace")
        assert await waiting.hold(known - 1, own["An"], lambda: 50.0, 50.0)
        assert not await waiting.hold(known, own["An"], lambda: 0.01, 0.02)
        return {}

    asyncio.run(work())
    assert waiting.count == 0
    assert re.search(r"kam_feed_lag_seconds_count [1-9]", metrics.text())


# Figures.


def test_figures_are_read_at_an_address_of_their_own_and_name_nobody(house: House) -> None:
    app = create_app(house.database, house.policy, house.clock, house.ids)
    an = house.laptop("An")
    identity = house.ids.new()
    an.push(create("account", identity, name="Công ty Kín"))
    an.push(update("account", identity, 10**6, phone="0912345678"))
    for name in ("push", "pull", "hello"):
        assert asked(app, PATHS[name], token="secret-token")[0] in (400, 401)
    port = Port(app.metrics, "127.0.0.1", 0)
    try:
        base = f"http://127.0.0.1:{port.address[1]}"
        answer = requests.get(f"{base}/metrics", timeout=5)
        assert answer.status_code == 200 and requests.get(f"{base}/sync/hello", timeout=5).status_code == 404
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    finally:
        port.close()
    text = answer.text
    for line in text.splitlines():
        assert re.fullmatch(
            r'# (HELP|TYPE) kam_[a-z_]+ .+|kam_[a-z_]+(\{[a-z]+="[^"]+"(,[a-z]+="[^"]+")*\})? [-+.e0-9]+', line
        ), line
    for each in ("calls_at_work", "calls_queued", "laptops_waiting", "connections_idle", "connections_used"):
        assert f"kam_{each} " in text
    assert 'kam_call_seconds_bucket{call="pull",le="+Inf"} 1' in text
    for secret in (identity, an.user, an.device, "Công ty", "0912345678", "secret-token", "An"):
        assert secret not in text.replace("And", ""), secret
    assert asked(app, "/metrics")[0] in (404, 405), "laptops do not reach it"


def test_where_figures_are_told_is_nowhere_unless_it_is_said() -> None:
    assert measured_at(None, {}) is None
    assert measured_at(None, {"KAM_SERVER_METRICS": "127.0.0.1:9787"}) == ("127.0.0.1", 9787)
    with pytest.raises(Refused):
        measured_at("9787", {})
