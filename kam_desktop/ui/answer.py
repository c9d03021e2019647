"""What a list shows, as a question gives it: ids, heads over groups of them, rows, totals."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class RowGroup:
    """The head over the next `count` rows."""

    title: str
    note: str
    count: int


@dataclass(frozen=True)
class Answer:
    """The whole answer to what a list asks; each group adds a row of its own, its head, before its ids.

    Attributes:
        ids: all ids in order; the groups, if any, cover them from the first to the last.
        rows: rows that came along (the first page), by id.
        totals: texts of the row of totals, by column.
    """

    ids: Sequence[str]
    groups: Sequence[RowGroup] = ()
    rows: Mapping[str, Any] = field(default_factory=dict)
    totals: Mapping[int, str] = field(default_factory=dict)

    @cached_property
    def _starts(self) -> list[int]:
        """The rows of the heads."""
        starts, at = [], 0
        for group in self.groups:
            starts.append(at)
            at += group.count + 1
        return starts

    def __len__(self) -> int:
        """How many rows, heads among them."""
        return len(self.ids) + len(self.groups)

    def same_rows(self, other: Answer) -> bool:
        """Whether the other answer has the same ids under heads in the same rows."""
        return self.ids == other.ids and self._starts == other._starts

    def place(self, row: int) -> int:
        """The place in `ids` of a row; −1 for a head or no row."""
        if not 0 <= row < len(self):
            return -1
        if not self.groups:
            return row
        group = bisect_right(self._starts, row) - 1
        return -1 if self._starts[group] == row else row - group - 1

    def head(self, row: int) -> RowGroup:
        """The group whose head, or one of whose ids, stands in a row."""
        return self.groups[bisect_right(self._starts, row) - 1]

    def row_of(self, identity: str) -> int:
        """The row of an id, −1 when it is not in the answer."""
        try:
            place = self.ids.index(identity)
        except ValueError:
            return -1
        at = 0
        for number, group in enumerate(self.groups):
            at += group.count
            if place < at:
                return place + number + 1
        return place
