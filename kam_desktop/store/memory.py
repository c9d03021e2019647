"""What was computed last, kept with the open store so that a change costs only what it concerns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

Key = tuple[Any, ...]
"""The name of what is kept, then what it was asked with."""

KEPT = 6
"""Answers of one name, asked with different days or currencies, that are kept at most."""
KEPT_ROWS = 500_000
"""Rows of all answers together: some 70 MB. The newest one is always kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was at one state of the database; nobody changes what is in it.

    Attributes:
        state: the newest row of `cache_touched` then (touched.py).
        rows: how many rows it holds.
    """

    key: Key
    state: tuple[int, int]
    value: Any
    rows: int


class Memory:
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
        found = next((each for each in kept if each.key == key), None)
        if found is not None and found is not kept[0]:  # what is asked for most lately is forgotten last
            self._held = (day, (found, *(each for each in kept if each is not found)))
        return found

    def keep(self, newest: Kept) -> None:
        """Keeps an answer, and forgets those that are too many beside it, those asked for longest ago first."""
        today = self._today()
        day, before = self._held
        kept, rows, alike = [newest], newest.rows, 1
        for each in before if day == today else ():
            if each.key == newest.key:
                continue
            same = each.key[0] == newest.key[0]
            rows += each.rows
            if rows <= KEPT_ROWS and not (same and alike >= KEPT):
                kept.append(each)
                alike += same
        self._held = (today, tuple(kept))

    def forget(self) -> None:
        """Forgets everything."""
        self._held = (self._today(), ())
