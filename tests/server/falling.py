"""Servers at the wire while their database falls: every answer is ours, 200 or 503; nothing is lost."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests

from kam_desktop.protocol import messages
from kam_desktop.protocol.addresses import PATHS
from tests.server.house import House, content, create
from tests.server.races import all_at_once
from tests.server.several import PASSWORD, Person

AT = "2026-03-02T08:30:00Z"
_CALLS = ("push", "push", "pull", "digest", "history", "reconcile", "reassign", "hello", "sign-in", "refresh", "health")


class Watched(Person):
    """A laptop at the wire that looks at every answer as an answer, whatever it says."""

    def __init__(self, house: House, name: str, seen: Counter[str], wrong: list[str]) -> None:
        super().__init__(house, name)
        self.seen, self.wrong = seen, wrong
        self.refresh = ""
        self.accounts: list[str] = []

    def ask(self, address: str, name: str, **more: Any) -> dict[str, Any] | None:
        """One call; None where it was told to come again. What no server of ours may answer is kept in `wrong`."""
        opened = name in ("sign-in", "refresh")
        head = {"Content-Type": messages.MEDIA_TYPE, "Authorization": f"Bearer {self.token}"}
        message = more if opened else {**self.head, "mark": self.mark, **more}
        try:
            if name == "health":
                reply = self.http.get(address + "/health", timeout=30)
            else:
                body = messages.pack(message)[0]

                def post(proof: Mapping[str, str]) -> requests.Response:
                    return self.http.post(address + PATHS[name], body, headers={**head, **proof}, timeout=70)

                attempt = self.refresh[-32:]  # the same as long as it was not answered
                reply = self.key.headed(post, name, address, attempt) if opened else post({})
        except requests.RequestException as error:
            self.wrong.append(f"{name}: {type(error).__name__}")
            return None
        if name == "health":
            self._judge(name, reply, reply.headers["Content-Type"] == "application/json", reply.status_code == 503)
            return None
        ours = (
            reply.headers.get("Content-Type") == messages.MEDIA_TYPE
            and reply.headers.get(messages.WORKSPACE_HEADER) == self.head["workspace"]
        )
        self._judge(name, reply, ours, reply.headers.get("Retry-After", "").isdigit())
        if reply.status_code != 200:
            return None
        answer = messages.unpack(reply.content, "")
        self.mark = answer.get("mark", self.mark)
        return answer

    def _judge(self, name: str, reply: requests.Response, ours: bool, says_when: bool) -> None:
        self.seen[f"{reply.status_code}"] += 1
        if not ours or not (reply.status_code == 200 or (reply.status_code == 503 and says_when)):
            self.wrong.append(f"{name}: {reply.status_code} {reply.headers.get('Content-Type')} {reply.text[:100]}")

    def insist(self, address: str, name: str, **more: Any) -> dict[str, Any]:
        """The same call until it is answered."""
        pause_s = 0.02
        while (answer := self.ask(address, name, **more)) is None:
            time.sleep(pause_s)
            pause_s = min(0.5, pause_s * 2)
        return answer

    def enter(self, address: str) -> None:
        """Signs in, however long it takes."""
        told = self.insist(address, "sign-in", user=self.name.lower(), password=PASSWORD, device=self.device)
        self.token, self.refresh = told["access"], told["refresh"]

    def step(self, name: str, address: str, chance: random.Random) -> None:
        """One call of a kind; a push goes on until it is taken in."""
        some = self.accounts[-1] if self.accounts else self.house.people["An"]
        if name == "push":
            self.number += 1
            new = self.house.ids.new()
            made = create("account", new, name="Thép", currency="VND", owner=self.house.people[self.name])
            self.insist(address, "push", **content([[made]], self.house.ids, self.number, AT))
            self.accounts.append(new)
        elif name == "pull":
            told = self.ask(address, "pull", cursors=self.cursors, limit=chance.choice((20, 5000)))
            self.cursors = told["cursors"] if told is not None else self.cursors
        elif name == "digest":
            self.ask(address, "digest", scopes=[])
        elif name == "history" and self.accounts:
            self.ask(address, "history", entity="account", id=some)
        elif name == "reconcile":
            self.ask(address, "reconcile", groups=[self.house.ids.random()])
        elif name == "reassign" and self.accounts:
            self.ask(address, "reassign", account=some, helpers=[self.house.people["Binh"]])
        elif name == "sign-in" and chance.random() < 0.2:  # it costs the processor most
            self.enter(address)
        elif name == "refresh":
            told = self.insist(address, "refresh", refresh=self.refresh, device=self.device)
            self.token, self.refresh = told["access"], told["refresh"]
        elif name in ("hello", "health"):
            self.ask(address, name)


def fall(
    house: House,
    addresses: Sequence[str],
    restart: Callable[[], None],
    falls: int,
    *,
    hands: int = 6,
    between: int = 20,
) -> dict[str, Any]:
    """Calls of every kind at all processes while the database falls so often; every second time only connections do.

    Each of the hands makes about `between` calls from one fall to the next.
    """
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    done = threading.Event()
    people = [Watched(house, "Minh", seen, wrong) for _ in range(hands)]
    waiter = Watched(house, "Lan", seen, wrong)
    steps = [0] * len(people)

    def work(place: int) -> None:
        person, chance = people[place], random.Random(place)
        person.enter(addresses[place % len(addresses)])
        while not done.is_set():
            person.step(chance.choice(_CALLS), chance.choice(addresses), chance)
            steps[place] += 1

    def wait() -> None:
        waiter.enter(addresses[0])
        known = 0
        while not done.is_set():
            waiter.ask(addresses[steps[0] % len(addresses)], "wait", seq=known)
            known += 3

    def strike() -> None:
        try:
            for number in range(falls):
                least = sum(steps) + between * len(people)
                ends = time.monotonic() + 60
                while sum(steps) < least and time.monotonic() < ends:
                    done.wait(0.02)
                if number % 2:
                    with house.sql() as connection:
                        connection.rows(
                            "select pg_terminate_backend(pid) from pg_stat_activity "
                            "where pid <> pg_backend_pid() and datname = current_database() and pid % 3 > 0"
                        )
                else:
                    restart()
        finally:
            done.set()

    began = time.monotonic()
    striking = threading.Thread(target=strike)
    waiting = threading.Thread(target=wait, daemon=True)
    striking.start()
    waiting.start()
    all_at_once([lambda p=p: work(p) for p in range(len(people))])  # type: ignore[misc]
    striking.join()
    with house.sql() as connection:
        there = {row[0] for row in connection.rows("select id from account")}
    made = [each for person in people for each in person.accounts]
    return {"falls": falls, "calls": sum(seen.values()), "answered": seen["200"], "unavailable": seen["503"],
            "pushed": len(made), "lost": len(set(made) - there), "doubled": len(there) - len(made),
            "seconds": round(time.monotonic() - began, 1), "wrong": sorted(set(wrong))[:10]}  # fmt: skip
