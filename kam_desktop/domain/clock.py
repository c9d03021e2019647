"""Time as a value passed in; the only file that asks the machine what time it is."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the program learns the time."""

    def now(self) -> datetime:
        """This moment, in UTC, to the millisecond."""

    def today(self) -> date:
        """The date on the user's wall."""

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring lengths of time."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def today(self) -> date:
        return datetime.now().astimezone().date()

    def monotonic(self) -> float:
        return time.monotonic()
