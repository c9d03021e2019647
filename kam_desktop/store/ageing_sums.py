"""One customer's sums in an ageing, and the places in which they are added up."""

from __future__ import annotations

from typing import NamedTuple


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
