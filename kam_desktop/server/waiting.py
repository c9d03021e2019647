"""Laptops that hold a call for news: one look for all of them, news of their own scopes only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from kam_desktop.domain.clock import Clock
from kam_desktop.server.database import Database
from kam_desktop.server.metrics import Metrics

Seen = tuple[int, int, dict[str, int]]
"""The newest sequence number, that of the newest hand-over, and by name of a scope that of its newest entry."""
ALL = "owner:"
"""Beginning of the names of scopes of which some read all, those to come too."""


class Waiting:
    """Who waits in this process.

    Attributes:
        count: how many calls are held.
    """

    def __init__(
        self, database: Database, aside: Callable[..., Awaitable[Seen]], clock: Clock, metrics: Metrics
    ) -> None:
        self._database, self._aside, self._clock, self._metrics = database, aside, clock, metrics
        self.news = asyncio.Event()
        self.count = 0
        self._seq = -1
        self._moved = self._newest_owned = 0
        self._scopes: dict[str, int] = {}
        self._looking: tuple[asyncio.Event, asyncio.Future[None]] | None = None

    def wake(self) -> None:
        """Lets every held call look; in the thread of the loop."""
        self.news.set()
        self.news = asyncio.Event()

    async def hold(self, known: int, scopes: frozenset[str], every_s: Callable[[], float], longest_s: float) -> bool:
        """Holds until an entry behind `known` is in one of the scopes; whether one is. At most `longest_s` seconds.

        After a hand-over everybody looks: somebody reads a scope now that was none of theirs.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + longest_s
        self.count += 1
        try:
            while True:
                news = self.news  # taken before looking: what is committed between look and waiting is heard too
                await self._look(news)
                if self._moved > known or any(self._scopes.get(name, 0) > known for name in scopes):
                    return True
                if ALL in scopes and self._newest_owned > known:
                    return True
                if (left := ends - loop.time()) <= 0:
                    return False
                try:
                    await asyncio.wait_for(news.wait(), min(every_s(), left))
                except TimeoutError:
                    continue
        finally:
            self.count -= 1

    async def _look(self, news: asyncio.Event) -> None:
        """One look for all who woke by the same news; who comes while it is under way waits for its end."""
        if self._looking is None or self._looking[0] is not news or self._looking[1].done():
            self._looking = (news, asyncio.ensure_future(self._read()))
        await asyncio.shield(self._looking[1])

    async def _read(self) -> None:
        seq, moved, changed = await self._aside(self._changed, self._seq)
        if seq < self._seq:  # set back: what was known counts for nothing
            self._scopes, self._moved, self._newest_owned = {}, 0, 0
            seq, moved, changed = await self._aside(self._changed, -1)
        self._seq, self._moved = seq, max(self._moved, moved)
        self._scopes.update(changed)
        self._newest_owned = max((n for name, n in changed.items() if name.startswith(ALL)), default=self._newest_owned)

    def _changed(self, since: int) -> Seen:
        """What is new behind a number; everything for one below nought."""
        with self._database.read() as connection:
            row = connection.one("select seq from workspace") or (0,)
            seq = int(row[0])
            if seq == since:
                return seq, 0, {}
            found = connection.rows("select name, seq from scope where seq > ?", (max(0, since),))
            moved, at = (0,), None
            if since >= 0:
                moved = connection.one(_MOVED, (since,)) or (0,)
                at = connection.one("select committed_at from change_log order by seq desc limit 1")
        if at is not None:
            self._metrics.lagged((self._clock.now() - datetime.fromisoformat(at[0])).total_seconds())
        return seq, int(moved[0] or 0), {name: int(number) for name, number in found}


_MOVED = "select max(seq) from change_log where seq > ? and action = 'reassign'"
