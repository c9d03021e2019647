"""When to try again: full jitter after failures, Retry-After as a floor, a wake-up after sleep."""

from __future__ import annotations

from collections.abc import Callable

FIRST_S = 2.0
CAP_S = 300.0
POLL_S = 30.0
JITTER_S = 6.0
SLEPT_S = 90.0
"""A timer that comes so much later than it was set: the machine slept, and the network may be another one."""


class Schedule:
    """The waiting times of one laptop. Counts failures until a whole cycle succeeds, also over a restart.

    Attributes:
        failures: failed cycles since the last good one.
    """

    def __init__(self, uniform: Callable[[float, float], float], failures: int = 0) -> None:
        self._uniform = uniform
        self.failures = failures

    def after_success(self) -> float:
        """Seconds until the next look where no long poll is possible."""
        self.failures = 0
        return POLL_S + self._uniform(-JITTER_S, JITTER_S)

    def after_failure(self, retry_after_s: float | None = None) -> float:
        """Seconds until the next try: anywhere below a doubling limit, so that a thousand laptops do not come at once.

        The jitter is drawn after the cap, else all that reached it would come together; a server's Retry-After is
        kept as a floor with jitter above it.
        """
        limit = min(CAP_S, FIRST_S * 2 ** min(self.failures, 20))
        self.failures += 1
        wait = self._uniform(0.0, limit)
        if retry_after_s is not None:
            wait = max(0.0, retry_after_s) + self._uniform(0.0, max(JITTER_S, retry_after_s))
        return wait

    @staticmethod
    def slept(planned_s: float, passed_s: float) -> bool:
        """Whether the machine was asleep while a timer ran."""
        return passed_s - planned_s > SLEPT_S
