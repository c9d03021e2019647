"""The pipeline: how likely a proposal of each stage is to be won, and amounts weighted by that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from kam_desktop.domain import money

CHANCES = {
    "briefed": 10,
    "working": 30,
    "in_approval": 40,
    "sent": 55,
    "negotiating": 70,
    "won": 100,
    "lost": 0,
    "on_hold": 0,
}
"""Percent by stage. A convention of this program and no measurement: the same for everybody, so that sums compare."""


SAMPLED = "demo.stages"
"""The preference with the moves of sample data, which has no history: {proposal: [[ISO day, stage], …]} as JSON."""


@dataclass(frozen=True, slots=True)
class Moved:
    """That a proposal came to a stage on a day."""

    on: date
    stage: str


def weighted(amount: int, stage: str) -> int:
    """The amount times the chance of its stage, whole minor units, half up of the magnitude."""
    return money.half_up(Fraction(amount * CHANCES[stage], 100))


def quarter_of(day: date) -> str:
    """The quarter of a day, "2026-4"."""
    return f"{day.year}-{(day.month + 2) // 3}"


def quarter_span(quarter: str) -> tuple[date, date]:
    """The first and the last day of a quarter as quarter_of writes it. Raises ValueError for anything else."""
    year, _, number = quarter.partition("-")
    first = date(int(year), 3 * int(number) - 2, 1)
    after = date(first.year + 1, 1, 1) if first.month == 10 else date(first.year, first.month + 3, 1)
    return first, after - timedelta(days=1)


def entered_on(moves: Iterable[Moved]) -> date | None:
    """The day since which a proposal has been in the stage that it is in; None for one without any move.

    Only the stage at the end of a day counts: moved and taken back on one day, it never left.
    """
    at_end: dict[date, str] = {}
    for move in moves:
        at_end[move.on] = move.stage
    since, stage = None, ""
    for on in sorted(at_end):
        if at_end[on] != stage:
            since, stage = on, at_end[on]
    return since
