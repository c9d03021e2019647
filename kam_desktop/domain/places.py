"""Places in an order as numbers with room between, so that inserting or moving rewrites few of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

ROOM = 64
"""How far apart places are put when many have to move aside."""


def placed(now: Sequence[int | None]) -> list[int]:
    """Rising places for things in their new order, as many as possible of those that they have.

    Args:
        now: the place that each has, in the new order; None for one that has none yet.
    """
    kept = _rising(now)
    made: list[int] = []
    at = 0
    while at < len(now):
        place = now[at]
        if at in kept and place is not None:
            made.append(place)
            at += 1
            continue
        end, low = at, made[-1] if made else 0
        pushed = False  # whether some that had a fitting place must go along
        while True:
            while end < len(now) and end not in kept:
                end += 1
            if end == len(now):
                step = ROOM if pushed else 1
                made += [low + step * each for each in range(1, end - at + 1)]
                break
            high = now[end] or 0
            if high - low > end - at:
                made += [low + (high - low) * each // (end - at + 1) for each in range(1, end - at + 1)]
                break
            kept.discard(end)
            pushed = True
        at = end
    return made


def _rising(now: Sequence[int | None]) -> set[int]:
    """The positions of a longest strictly rising part: those may keep their places."""
    ends: list[int] = []  # the smallest last place of a rising part of each length
    last: list[int] = []  # its position
    before: list[int] = [-1] * len(now)
    for position, place in enumerate(now):
        if place is None or place < 1:
            continue
        length = bisect_left(ends, place)
        before[position] = last[length - 1] if length else -1
        if length == len(ends):
            ends.append(place)
            last.append(position)
        else:
            ends[length], last[length] = place, position
    found: set[int] = set()
    position = last[-1] if last else -1
    while position >= 0:
        found.add(position)
        position = before[position]
    return found
