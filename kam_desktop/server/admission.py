"""Who is worked for now: so many calls at once, a short queue; the rest hears when to come again."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import os
import random
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from kam_desktop.domain.errors import Problem as Reason
from kam_desktop.domain.errors import Refused
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem

if TYPE_CHECKING:
    from kam_desktop.server.metrics import Metrics

FIRST = {"push": 0, "reassign": 0, "recovered": 0, "refresh": 0, "sign-in": 1, "hello": 1, "pull": 1, "wait": 1,
         "browser-sign-in": 1}  # fmt: skip
"""Who goes first in the queue: what somebody wrote, then what somebody waits for, then what can wait (2)."""
KNOWN_DEVICES = 4096
"""So many buckets are kept; those that are full say nothing and go first."""
BUSY = N_("The server is busy. Your changes wait here.")
PREFIX = "KAM_SERVER_"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server process takes on at once. Each is set by KAM_SERVER_ and its name in capitals.

    Attributes:
        calls: worked on at once; each may hold one connection to the database.
        queue: that wait for one of these places, at most `queue_s` seconds.
        bodies: whose bodies are being read or worked on; one that does not come within `body_s` seconds is given up.
        rate: calls a second of one device while places are scarce, `burst` of them at once; 0 for no limit.
        waiting: laptops that hold a call for news.
    """

    calls: int = 16
    queue: int = 64
    queue_s: float = 2.0
    bodies: int = 256
    body_s: float = 120.0
    rate: float = 20.0
    burst: int = 60
    waiting: int = 2000

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Limits:
        """The limits by the environment. Raises Refused for one that is no number."""
        found: dict[str, int | float] = {}
        for each in fields(cls):
            name = PREFIX + each.name.upper()
            if text := environment.get(name, ""):
                whole = each.type == "int"
                least = 0 if each.name == "rate" else 1
                if not re.fullmatch(r"\d{1,6}" if whole else r"\d{1,6}(\.\d+)?", text) or float(text) < least:
                    message = N_("{name} is “{value}”; it must be a number of at least 1.")
                    raise Refused(Reason(name, "bad_limit", message, {"name": name, "value": text[:60]}))
                found[each.name] = int(text) if whole else float(text)
        return cls(**found)  # type: ignore[arg-type]


class Admission:
    """The door of one process, in the thread of its loop; nothing was read or written for whoever is turned away.

    Attributes:
        at_work, queued, inside: calls in a place, waiting for one, and all whose bodies are here or coming.
    """

    def __init__(
        self,
        limits: Limits,
        metrics: Metrics,
        *,
        monotonic: Callable[[], float],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._limits, self._metrics, self._monotonic, self._uniform = limits, metrics, monotonic, uniform
        self.at_work = self.queued = self.inside = 0
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._buckets: dict[str, tuple[float, float]] = {}

    @contextmanager
    def arrived(self) -> Iterator[None]:
        """From the first byte of a call to the last of its answer. Raises Problem 503 where too many are here."""
        if self.inside >= self._limits.bodies or self.queued >= self._limits.queue:
            raise self.turned_away("full")
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    @asynccontextmanager
    async def place(self, name: str, device: str) -> AsyncIterator[None]:
        """A place to work in. Raises Problem 503 when none comes free in time, 429 for a device that takes them all.

        `device`: by whatever this caller is known before the database was asked; it is kept nowhere else.
        """
        scarce = self.queued > 0 or 2 * self.at_work >= self._limits.calls
        if not self._may(device) and scarce:
            self._metrics.refused("rate")
            raise Problem(429, "busy", BUSY, retry_after=self._later(1.0))
        began = self._monotonic()
        if self.at_work < self._limits.calls and not self.queued:
            self.at_work += 1
        else:
            await self._wait(FIRST.get(name, 2))
        self._metrics.queued(self._monotonic() - began)
        try:
            yield
        finally:
            self._leave()

    async def _wait(self, rank: int) -> None:
        if self.queued >= self._limits.queue:
            raise self.turned_away("full")
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._queue, (rank, next(self._order), mine))
        self.queued += 1
        timer = loop.call_later(self._limits.queue_s, _give_up, mine)
        try:
            await mine
        except TimeoutError:
            self.queued -= 1
            raise self.turned_away("slow") from None
        except asyncio.CancelledError:  # the caller is gone
            if mine.cancelled() or mine.exception() is not None:
                self.queued -= 1
            else:
                self._leave()  # the place was given already
            raise
        finally:
            timer.cancel()

    def _leave(self) -> None:
        self.at_work -= 1
        while self._queue and self.at_work < self._limits.calls:
            _, _, next_ = heapq.heappop(self._queue)
            if not next_.done():
                self.queued -= 1
                self.at_work += 1
                next_.set_result(None)

    def turned_away(self, why: str) -> Problem:
        """What a call is told that there is no place for; `why`: full, slow, waiting."""
        self._metrics.refused(why)
        return Problem(503, "busy", BUSY, retry_after=self._later(min(1.0, self.queued / max(1, self._limits.queue))))

    def _later(self, load: float) -> int:
        """Seconds to stay away: more of them the fuller it is, and not all the same, or they all come back at once."""
        return round(2 + self._uniform(0.0, 3 + 20 * load))

    def _may(self, device: str) -> bool:
        """Takes one from the device's bucket; False where it is empty."""
        rate, burst = self._limits.rate, self._limits.burst
        if not rate or not device:
            return True
        now = self._monotonic()
        left, at = self._buckets.get(device, (float(burst), now))
        left = min(float(burst), left + (now - at) * rate)
        if len(self._buckets) >= KNOWN_DEVICES and device not in self._buckets:
            self._forget(now)
        self._buckets[device] = (max(0.0, left - 1.0), now)
        return left >= 1.0

    def _forget(self, now: float) -> None:
        rate, burst = self._limits.rate, self._limits.burst
        kept = {name: each for name, each in self._buckets.items() if each[0] + (now - each[1]) * rate < burst}
        while len(kept) >= KNOWN_DEVICES:
            kept.pop(next(iter(kept)))
        self._buckets = kept


def _give_up(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(TimeoutError())
