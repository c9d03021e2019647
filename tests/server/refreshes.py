"""Renewing sessions in numbers: answers lost, programs started anew, tokens stolen, faults.

    python -m tests.server.refreshes [--count 10000] [--stolen 1000] [--lost 0.2] [--seed 1]

Prints one line of JSON for each part; the status is 0 when nobody was signed out, every session of which a token was
stolen ended, and each planted fault was found out.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson

from kam_desktop.domain.errors import SignedOut, Unavailable
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import proving, sessions, users
from kam_desktop.server.database import Database
from kam_desktop.server.main import Service
from kam_desktop.sync import session as laptop_session
from kam_desktop.sync.proving import Prover
from kam_desktop.sync.session import Session
from kam_desktop.sync.transport import problem_of
from tests.server.house import House

PASSWORD = "một mật khẩu dài"
HOST = "kam.test"


class Text:
    """Where a text is kept; it may be copied, and it may break when it is written."""

    def __init__(self, kept: str = "") -> None:
        self.kept = kept

    def read(self) -> str:
        return self.kept

    def write(self, text: str) -> None:
        self.kept = text


class Road:
    """The way to the service, as the laptop's transport tells its failures; it loses requests and answers."""

    def __init__(self, service: Service, chance: random.Random, lost: float) -> None:
        self.service, self.chance, self.lost = service, chance, lost
        self.workspace = ""
        self.lost_count = 0

    def call(self, name: str, message: Mapping[str, Any], *, timeout_s: float = 0) -> Mapping[str, Any]:
        fate = self.chance.random()
        if fate < self.lost / 10:  # the request itself
            raise Unavailable("offline", "lost")
        try:
            answer = self.service.work(name, "", dict(message), HOST)
        except Problem as problem:
            raise problem_of(problem.status, problem.body(), {}) from problem
        if self.lost / 10 <= fate < self.lost * 1.1:
            self.lost_count += 1
            raise Unavailable("cut", "lost")
        return answer


class Laptop:
    """The laptop's own session over that road, its two keepings beside it."""

    def __init__(self, house: House, service: Service, device: str, chance: random.Random, lost: float) -> None:
        self.house, self.device = house, device
        self.token, self.key = Text(), Text()
        self.road = Road(service, chance, lost)
        self.begin()

    def begin(self) -> None:
        """The program starts: nothing but what was kept is known."""
        prover = Prover(self.key, f"https://{HOST}", self.house.clock.now, self.device)
        self.session = Session(self.road, self.token, lambda: 0.0, self.device, prover)

    def sign_in(self) -> None:
        lost, self.road.lost = self.road.lost, 0.0
        self.session.sign_in("An", PASSWORD)
        self.road.lost = lost

    def copied(self, *, key: bool) -> Laptop:
        """What a thief of the token has, with or without the key."""
        other = Laptop(self.house, self.road.service, self.device, self.road.chance, 0.0)
        other.token.kept = orjson.dumps({"refresh": orjson.loads(self.token.kept)["refresh"]}).decode()
        other.key.kept = self.key.kept if key else ""
        return other

    def renew(self) -> bool:
        """One try; False where its answer, or it itself, was lost. Raises SignedOut."""
        try:
            self.session.renew()
        except SignedOut:
            raise
        except Unavailable:
            return False
        return True


@contextmanager
def served(seed: int) -> Iterator[tuple[House, Service, random.Random]]:
    """A firm with one user, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="kam-refreshes-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'server.db'}")
        house = House.built(database)
        with database.write() as connection:
            users.add(connection, "An", "kam", PASSWORD, policy=house.policy, clock=house.clock, ids=house.ids)
        with quick_passwords():
            yield house, Service(database, house.policy, house.clock, house.ids), random.Random(seed)
        database.close()


@contextmanager
def quick_passwords() -> Iterator[None]:
    """A thousand sign-ins are not about Argon2id."""
    with patch.object(sessions, "_verified", lambda kept, given: given == PASSWORD):
        yield


def renewals(count: int, lost: float, seed: int) -> dict[str, Any]:
    """So many sessions renewed, ten laptops, each often without an answer, started anew, or away for days."""
    out = done = tries = 0
    with served(seed) as (house, service, chance):
        laptops = [Laptop(house, service, f"{number:032x}", chance, lost) for number in range(10)]
        for each in laptops:
            each.sign_in()
        while done < count:
            laptop = chance.choice(laptops)
            if chance.random() < 0.1:
                laptop.begin()
            house.clock.move(chance.choice((1, 60, 600, 3600)) if chance.random() < 0.99 else 10 * 86400 / len(laptops))
            tries += 1
            try:
                done += laptop.renew()
            except SignedOut:
                out += 1
                done += 1
                laptop.sign_in()
        lost_count = sum(each.road.lost_count for each in laptops)
    return {"part": "renewals", "renewed": count, "tries": tries, "answers_lost": lost_count, "signed_out": out}


KINDS = ("other key, newest", "other key, before", "same key, later", "same key, first", "same key, before", "older")


def stolen(count: int, lost: float, seed: int) -> dict[str, Any]:
    """So many sessions of which a copy of the token is used; each must be over for laptop and thief.

    Only who has the key too and comes before the laptop gets an access token, until the laptop comes: no server could
    tell the two apart.
    """
    alive: dict[str, int] = dict.fromkeys(KINDS, 0)
    gained = 0
    with served(seed) as (house, service, chance):
        for number in range(count):
            kind = KINDS[number % len(KINDS)]
            laptop = Laptop(house, service, f"{number:032x}", chance, lost)
            laptop.sign_in()
            _renewed(laptop, chance.randrange(3))
            thief = laptop.copied(key=kind.startswith("same"))
            if kind in ("other key, before", "same key, before"):
                _renewed(laptop, 1)
            elif kind in ("same key, later", "older"):
                _renewed(laptop, 2 + chance.randrange(3))
            for who in (thief, laptop, thief):  # the thief comes; then the laptop, as it always does
                try:
                    while not who.renew():
                        house.clock.move(30)
                except SignedOut:
                    pass
                gained += who is thief and kind != "same key, first" and bool(who.session.token())
            with house.sql() as connection:
                left = connection.one("select 1 from session where device = ?", (laptop.device,)) is not None
                left |= connection.one("select 1 from access_token where device = ?", (laptop.device,)) is not None
            alive[kind] += left
    ended = count - sum(alive.values())
    return {
        "part": "stolen",
        "sessions": count,
        "ended": ended,
        "gained": gained,
        "still_open": {k: n for k, n in alive.items() if n},
    }


def _renewed(laptop: Laptop, times: int) -> None:
    for _ in range(times):
        while not laptop.renew():
            pass


def replays(seed: int) -> dict[str, Any]:
    """One message, proof and all, sent a second time by whoever saw it: it must bring nothing."""
    with served(seed) as (house, service, chance):
        laptop = Laptop(house, service, "a" * 32, chance, 0.0)
        laptop.sign_in()
        sent: list[Mapping[str, Any]] = []
        call = laptop.road.call
        laptop.road.call = lambda name, message, **more: sent.append(message) or call(name, message, **more)  # type: ignore
        laptop.renew()
        try:
            service.work("refresh", "", dict(sent[-1]), HOST)
            taken = 1
        except Problem:
            taken = 0
    return {"part": "replays", "taken": taken}


# Faults: each must be found out by one of the parts.


def _any_key(stack: ExitStack) -> None:
    """The server does not look at whose key it is."""
    judged = proving.proof

    def any_key(*given: Any) -> Any:
        found = judged(*given)
        return type(found)("x", found.identity, found.method, found.address, found.nonce, found.attempt)

    stack.enter_context(patch.object(proving, "proof", any_key))


def _any_attempt(stack: ExitStack) -> None:
    """The server takes the token before from anybody who has it and the key."""
    stack.enter_context(patch.object(sessions, "_is_next", lambda row, given, proof: given in (row[2], row[3])))


def _nobody_again(stack: ExitStack) -> None:
    """The server takes no token before."""
    stack.enter_context(patch.object(sessions, "_is_next", lambda row, given, proof: given == row[2]))


def _unwritten_attempt(stack: ExitStack) -> None:
    """The laptop does not write its attempt down before it asks."""
    write = Text.write

    def forgetful(self: Text, text: str) -> None:
        content = orjson.loads(text) if text else {}
        content.pop("attempt", None)
        write(self, orjson.dumps(content).decode() if content else "")

    stack.enter_context(patch.object(Text, "write", forgetful))


def _lost_with_the_answer(stack: ExitStack) -> None:
    """The laptop lets the token go before it has the next one."""
    renew = Session.renew

    def hasty(self: Session) -> None:
        try:
            renew(self)
        except Unavailable:
            self._keeping.write("")
            raise

    stack.enter_context(patch.object(laptop_session.Session, "renew", hasty))


def _no_memory(stack: ExitStack) -> None:
    """The server does not remember which proofs were used."""
    stack.enter_context(patch.object(proving, "spend", lambda *_: None))


FAULTS: dict[str, Callable[[ExitStack], None]] = {
    "any key": _any_key,
    "any attempt": _any_attempt,
    "nobody again": _nobody_again,
    "unwritten attempt": _unwritten_attempt,
    "lost with the answer": _lost_with_the_answer,
    "no memory of proofs": _no_memory,
}


def sound(parts: list[dict[str, Any]]) -> bool:
    """Whether everything that was measured is as it must be."""
    first, second, third = parts
    return (
        not first["signed_out"]
        and second["ended"] == second["sessions"]
        and not second["gained"]
        and not third["taken"]
    )


def measured(count: int, thefts: int, lost: float, seed: int) -> list[dict[str, Any]]:
    """All parts."""
    return [renewals(count, lost, seed), stolen(thefts, lost, seed + 1), replays(seed)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--stolen", type=int, default=1_000)
    parser.add_argument("--lost", type=float, default=0.2, help="the share of answers that are lost")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    parts = measured(given.count, given.stolen, given.lost, given.seed)
    for each in parts:
        print(json.dumps(each), flush=True)
    good = sound(parts)
    for name, plant in FAULTS.items():
        with ExitStack() as stack:
            plant(stack)
            try:
                found = not sound(measured(100, 24, given.lost, given.seed))
            except SignedOut:  # before anything was stolen
                found = True
        print(json.dumps({"planted": name, "found": found}), flush=True)
        good &= found
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
