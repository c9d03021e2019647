"""Races on a real database: delayed commits, cut answers with restarts, and many hands on one receipt."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from kam_desktop.domain.errors import Unavailable
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import change_log, workspace
from kam_desktop.server.database import Connection, Database
from tests.server.house import House, Laptop, SeededIds, content, create, update
from tests.server.test_promises import laid, money, owing

WRITTEN_AT = "2026-03-02T08:30:00Z"
_TAKES_A_NUMBER = "update workspace set seq"


class Slow(Database):
    """A database whose write transactions dawdle, as a loaded machine's do. Nothing of it is in the product.

    A share `held` of them waits between taking its number and the commit (there a cursor goes wrong), the others with
    everything locked but before the number.
    """

    def __init__(self, url: str, seed: int, *, longest_s: float, held: float) -> None:
        super().__init__(url)
        self._random = random.Random(seed)
        self._longest_s, self._held = longest_s, held

    @contextmanager
    def write(self) -> Iterator[Connection]:
        pause, late = self._random.random() * self._longest_s, self._random.random() < self._held
        with super().write() as connection:
            one = connection.one

            def dawdling(statement: str, values: Any = ()) -> Any:
                if not late and statement.startswith(_TAKES_A_NUMBER):
                    time.sleep(pause)
                return one(statement, values)

            connection.one = dawdling  # type: ignore[method-assign]
            yield connection
            if late:
                time.sleep(pause)


def beside(house: House, database: Database, seed: int) -> House:
    """The same firm through another door to its database."""
    return House(database, house.clock, SeededIds(seed), house.policy, house.people)


def all_at_once(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Runs each job in a thread of its own; raises the first thing that went wrong."""
    found: list[Any] = [None] * len(jobs)
    wrong: list[BaseException] = []

    def run(place: int) -> None:
        try:
            found[place] = jobs[place]()
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that asked
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(jobs))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if wrong:
        raise wrong[0]
    return found


def gap(
    house: House, *, writers: int, pullers: int, seconds: float, held: float, longest_s: float = 0.5
) -> dict[str, Any]:
    """Writers with dawdling commits and pullers that keep to their cursors: how many rows these miss, or have old."""
    slow = beside(house, Slow(house.database.url, 5, longest_s=longest_s, held=held), 5)
    writing = [house.laptop("An") for _ in range(writers)]
    reading = [house.laptop("Lan" if place % 2 else "Minh") for place in range(pullers)]
    for each in writing:
        each.house = slow
    ends, done, pulls = time.monotonic() + seconds, threading.Event(), [0] * pullers

    def write(laptop: Laptop, seed: int) -> int:
        chance, count, mine = random.Random(seed), 0, []
        while time.monotonic() < ends:
            made = [
                create("account", house.ids.new(), name=f"{seed}", currency="VND", owner=house.people["An"])
                for _ in range(chance.randint(1, 4))
            ]
            mine += [each.id for each in made]
            again = update("account", chance.choice(mine[: -len(made)] or [made[0].id]), 10**9, industry=f"{count}")
            told = laptop.told(*made, again)
            assert set(told) == {"accepted"}, told
            count += 1
        return count

    def read(laptop: Laptop, place: int) -> None:
        chance = random.Random(1000 + place)
        while not done.is_set():
            laptop.pull(chance.choice((1, 3, 20, 5000)))
            pulls[place] += 1
            done.wait(chance.random() * 0.1)
        laptop.pull()

    watching = threading.Thread(
        target=lambda: all_at_once([lambda p=p: read(reading[p], p) for p in range(pullers)])  # type: ignore[misc]
    )
    watching.start()
    try:
        commits = all_at_once([lambda p=p: write(writing[p], p) for p in range(writers)])  # type: ignore[misc]
    finally:
        done.set()
        watching.join()
        slow.database.close()
    with house.sql() as connection:
        there: dict[str, int] = dict(connection.rows("select id, _seq from account"))
    missed = 0
    for laptop in reading:
        missed += sum(
            laptop.row("account", each) is None or laptop.seq("account", each) != there[each] for each in there
        )
    return {"writers": writers, "pullers": pullers, "seconds": seconds, "held": held, "commits": sum(commits),
            "rows": len(there), "pulls": sum(pulls), "missed": missed}  # fmt: skip


def naive(url: str, *, writers: int, pullers: int, seconds: float, longest_s: float = 0.5) -> dict[str, Any]:
    """The control: a plain sequence, read by `seq > cursor`. It has to miss rows, else the measurement sees nothing."""
    address = url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("create table plain (seq bigserial primary key, writer int)")
    ends, done = time.monotonic() + seconds, threading.Event()

    def write(writer: int) -> None:
        chance = random.Random(writer)
        with psycopg.connect(address) as connection:
            while time.monotonic() < ends:
                for _ in range(chance.randint(1, 4)):
                    connection.execute("insert into plain (writer) values (%s)", (writer,))
                time.sleep(chance.random() * longest_s)
                connection.commit()

    def read(place: int) -> set[int]:
        got: set[int] = set()
        chance, cursor, last = random.Random(1000 + place), 0, False
        with psycopg.connect(address, autocommit=True) as connection:
            while True:
                last = done.is_set()
                rows = connection.execute("select seq from plain where seq > %s order by seq", (cursor,)).fetchall()
                got.update(row[0] for row in rows)
                cursor = rows[-1][0] if rows else cursor
                if last:
                    return got
                done.wait(chance.random() * 0.1)

    found: list[set[int]] = []
    watching = threading.Thread(
        target=lambda: found.extend(all_at_once([lambda p=p: read(p) for p in range(pullers)]))  # type: ignore[misc]
    )
    watching.start()
    try:
        all_at_once([lambda p=p: write(p) for p in range(writers)])  # type: ignore[misc]
    finally:
        done.set()
        watching.join()
    with psycopg.connect(address) as connection:
        there = {row[0] for row in connection.execute("select seq from plain")}
    missed = sum(len(there - got) for got in found)
    share = round(100 * missed / max(1, len(there) * pullers), 2)
    return {"writers": writers, "pullers": pullers, "seconds": seconds, "rows": len(there), "missed": missed,
            "missed_percent": share}  # fmt: skip


@dataclass
class Cutting:
    """Pushes whose answers get lost, come twice or late, on a database that loses its power now and then.

    Attributes:
        unanswered: calls that the database's fall left without an answer.
    """

    house: House
    pushes: int
    hands: int = 8
    cut: int = 0
    doubled: int = 0
    late: int = 0
    unanswered: int = 0
    pushed: int = 0
    wrong: list[str] = field(default_factory=list)
    _moved: threading.Condition = field(default_factory=threading.Condition)
    _over: bool = False

    def run(self, restart: Callable[[], None], restarts: int) -> dict[str, Any]:
        """Everything; what was lost and what was doubled."""
        with self.house.sql() as connection:
            found = workspace.read(connection)
        self._head = {"workspace": found.id, "epoch": found.epoch, "schema": 2, "protocol": 1}
        self._groups: dict[str, int] = {}
        self._records: dict[str, set[str]] = {"account": set(), "contact": set()}
        self._last: dict[str, str] = {}
        laptops = [self.house.laptop("An") for _ in range(self.hands)]
        began = time.monotonic()
        falling = threading.Thread(target=self._fall, args=(restart, restarts))
        falling.start()
        try:
            all_at_once([lambda p=p: self._hand(laptops[p], p) for p in range(self.hands)])  # type: ignore[misc]
        finally:
            with self._moved:
                self._over = True
                self._moved.notify_all()
            falling.join()
        return {"pushes": self.pushed, "restarts": restarts, "seconds": round(time.monotonic() - began, 1),
                "cut": self.cut, "doubled_answers": self.doubled, "late": self.late,
                "unanswered": self.unanswered, **self._judged(laptops)}  # fmt: skip

    def _fall(self, restart: Callable[[], None], restarts: int) -> None:
        chance = random.Random(77)
        for number in range(restarts):
            least = int((number + chance.random()) * self.pushes / restarts)
            with self._moved:
                self._moved.wait_for(lambda least=least: self._over or self.pushed >= min(least, self.pushes - 1))  # type: ignore[misc]
                if self._over and self.pushed < self.pushes:
                    return  # a hand gave up
            restart()

    def _hand(self, laptop: Laptop, seed: int) -> None:
        chance, ids = random.Random(seed), SeededIds(500 + seed)
        share = self.pushes // self.hands + (seed < self.pushes % self.hands)
        before: dict[str, Any] | None = None
        first = ""
        for _ in range(share):
            laptop.number += 1
            owner = self.house.people["An"]
            account, contact = ids.new(), ids.new()
            groups = [[create("account", account, name="Thép", currency="VND", owner=owner),
                       create("contact", contact, account=account, full_name="Bình")]]  # fmt: skip
            if first:
                groups.append([update("account", first, 10**9, industry=f"{laptop.number}")])
                self._last[first] = f"{laptop.number}"
            first = first or account
            said = content(groups, ids, laptop.number, WRITTEN_AT)
            message = {**self._head, "device": laptop.device, "mark": laptop.mark, "ask": ids.random(), **said}
            self._groups.update((name, count) for name, count in said["groups"])
            self._records["account"].add(account)
            self._records["contact"].add(contact)
            laptop.mark = self._deliver(laptop, message, before, chance)["mark"]
            before = message
            with self._moved:
                self.pushed += 1
                self._moved.notify_all()

    def _deliver(
        self, laptop: Laptop, message: dict[str, Any], before: dict[str, Any] | None, chance: random.Random
    ) -> dict[str, Any]:
        """One push through the failing network, until an answer arrives."""
        dice = chance.random()
        if dice < 0.1:
            self.cut += 1
            self._insist(laptop, message)  # nobody hears this answer
        elif dice < 0.2:
            self.doubled += 1
            return dict(all_at_once([lambda: self._insist(laptop, message)] * 2)[chance.randrange(2)])
        elif dice < 0.3 and before is not None:
            self.late += 1
            jobs = [lambda: self._insist(laptop, before, stale=True), lambda: self._insist(laptop, message)]
            if chance.random() < 0.5:
                all_at_once(jobs)  # the old message and the new one race
            else:
                jobs[1]()
                jobs[0]()
        return self._insist(laptop, message)

    def _insist(self, laptop: Laptop, message: dict[str, Any], *, stale: bool = False) -> dict[str, Any]:
        """Until there is an answer. `stale`: it was answered before; what comes late counts as a clone's, unheard."""
        pause_s = 0.01
        while True:
            pause_s = min(0.5, pause_s * 2)  # the laptop's back-off
            try:
                answer = self.house.answer("push", laptop.subject, message)
            except Unavailable:
                with self._moved:
                    self.unanswered += 1
                time.sleep(pause_s)
                continue
            except Problem as problem:
                if stale and problem.code == "new_device":
                    return {}
                self.wrong.append(f"{problem.status} {problem.code}")
                if problem.code == "busy":
                    time.sleep(pause_s)
                    continue
                raise
            kinds = {kind for kind, _ in answer["verdicts"]}
            if not kinds <= {"accepted", "already"} or answer["ask"] != message["ask"]:
                self.wrong.append(f"{answer['verdicts']}")
            return answer

    def _judged(self, laptops: list[Laptop]) -> dict[str, Any]:
        reader = self.house.laptop("Lan")
        reader.pull()
        with self.house.sql() as connection:
            logged = {row[0]: row[1:] for row in connection.rows(
                "select group_id, count(*), count(distinct place) from change_log group by group_id")}  # fmt: skip
            verdicts = {row[0] for row in connection.rows("select group_id from group_applied")}
            broken = change_log.broken_link(connection)
            state = workspace.read(connection).state
            numbers: dict[str, int] = dict(connection.rows("select id, number from device"))
            gaps = connection.one("select max(seq) - count(*) from change_log") or (None,)
        lost = sum(logged.get(name, (0, 0))[1] < count for name, count in self._groups.items())
        lost += len(self._groups.keys() - verdicts)
        lost += sum(len(ids - reader.ids(entity)) for entity, ids in self._records.items())
        lost += sum((reader.row("account", each) or {}).get("industry") != text for each, text in self._last.items())
        doubled = sum(logged.get(name, (0, 0))[0] > count for name, count in self._groups.items())
        doubled += sum(len(reader.ids(entity) - ids) for entity, ids in self._records.items())
        sound = broken is None and state == workspace.OPEN and not gaps[0]
        sound = sound and all(numbers[each.device] == each.number for each in laptops)
        return {"groups": len(self._groups), "lost": lost, "doubled": doubled, "log_sound": sound,
                "wrong_answers": sorted(set(self.wrong))}  # fmt: skip


def receipt(house: House, *, writers: int, rounds: int, longest_s: float = 0.05) -> dict[str, Any]:
    """Many hands lay one receipt at once, through three doors: over-laid receipts, losers who were not told rightly."""
    doors = [
        beside(house, Slow(house.database.url, seed, longest_s=longest_s, held=0.5), seed) for seed in (21, 22, 23)
    ]
    laptops = [house.laptop("An") for _ in range(writers)]
    for place, laptop in enumerate(laptops):
        laptop.house = doors[place % 3]
    chance = random.Random(9)
    over = accepted = losers = untold = 0
    for _ in range(rounds):
        customer, part, an, _ = owing(house, 100_000)
        amount = 1000
        paid = money(house, customer, amount)
        assert an.told(paid) == ["accepted"]
        asked = [chance.randint(20, 120) for _ in laptops]
        changes = [laid(house, paid.id, part, each) for each in asked]
        answers = all_at_once(
            [lambda p=p, c=c: laptops[p].push(c) for p, c in enumerate(changes)]  # type: ignore[misc]
        )
        laid_sum = int(house.value("select coalesce(sum(amount), 0) from allocation where receipt = ?", paid.id))
        won = {change.id for change, answer in zip(changes, answers, strict=True) if answer["kinds"] == ["accepted"]}
        with house.sql() as connection:
            rows = connection.rows("select id, amount from allocation where receipt = ? order by _seq", (paid.id,))
        left, ever = amount, {amount}
        for _, each in rows:
            left -= each
            ever.add(left)
        over += laid_sum > amount or {row[0] for row in rows} != won
        accepted += len(won)
        for want, answer in zip(asked, answers, strict=True):
            if answer["kinds"] == ["accepted"]:
                continue
            losers += 1
            problem = answer["verdicts"][0][1].get("problem", {})
            told = int(re.sub(r"\D", "", problem.get("args", {}).get("remaining", "")) or -1)
            untold += problem.get("code") != "more_than_credit" or told not in ever or told >= want
    for each in doors:
        each.database.close()
    return {"writers": writers, "rounds": rounds, "accepted": accepted, "over": over, "losers": losers,
            "losers_told_wrongly": untold}  # fmt: skip
