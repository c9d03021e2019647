"""The ageings computed last, kept with the open store so that a change costs only what it concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

Key = tuple[date, str, tuple[int, ...]]
"""As-of day, currency, the days that end the buckets."""

KEPT = 3
"""Ageings, of different days or currencies, that are remembered at most."""
KEPT_ROWS = 60_000
"""Accounts in all of them together: some 20 MB. The newest one is always kept."""


class AgeingSums(NamedTuple):
    """One account's sums in one currency: overdue by bucket, and how many instalments make them up; never changed.

    Attributes:
        waiting: the part of `not_due` that waits for papers.
        reported: receipts not yet confirmed, beside the balance.
    """

    not_due: int
    overdue: tuple[int, ...]
    unallocated: int = 0
    open_items: int = 0
    on_default_term: int = 0
    waiting: int = 0
    reported: int = 0

    @property
    def balance(self) -> int:
        """not due + Σ buckets − unallocated."""
        return self.not_due + sum(self.overdue) - self.unallocated


NOT_DUE, WAITING, UNALLOCATED, OPEN_ITEMS, ON_DEFAULT_TERM, REPORTED, FIRST_BUCKET = range(7)
"""Places in the list that one account's sums are added up in: not due without what waits; the buckets come last."""


def sums_of(row: list[int]) -> AgeingSums:
    """What was added up, from now on unchanged. Of tens of thousands of accounts: no field by its name."""
    not_due, waiting, unallocated, open_items, on_default_term, reported, *overdue = row
    return AgeingSums(not_due + waiting, tuple(overdue), unallocated, open_items, on_default_term, waiting, reported)


@dataclass(frozen=True, slots=True)
class Kept:
    """An ageing as it was at one state of the database; nothing in it can be changed.

    Attributes:
        state: the newest row of `cache_touched` then (touched.py).
    """

    key: Key
    state: tuple[int, int]
    sums: Mapping[str, AgeingSums]


class AgeingMemory:
    """Several threads may ask and keep at once: what is kept is one immutable value, replaced as a whole.

    Of two that keep at the same moment one may be forgotten, which costs time and nothing else. Whether what is
    found still holds is not known here: the asker compares its state with the database it reads.
    """

    def __init__(self, today: Callable[[], date]) -> None:
        self._today = today
        self._held: tuple[date, tuple[Kept, ...]] = (today(), ())

    def find(self, key: Key) -> Kept | None:
        """What was kept under that key today."""
        day, kept = self._held
        if day != self._today():
            self._held = (self._today(), ())
            return None
        return next((each for each in kept if each.key == key), None)

    def keep(self, newest: Kept) -> None:
        """Keeps an ageing, and forgets those that are too many beside it."""
        today = self._today()
        day, before = self._held
        kept, rows = [newest], len(newest.sums)
        for each in before if day == today else ():
            rows += len(each.sums)
            if each.key != newest.key and rows <= KEPT_ROWS and len(kept) < KEPT:
                kept.append(each)
        self._held = (today, tuple(kept))

    def forget(self) -> None:
        """Forgets everything."""
        self._held = (self._today(), ())
