"""What a list shows, as a question gives it: ids, heads over groups of them, rows, totals."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class RowGroup:
    """The head over the next `count` ids; while it is folded, none of them has a row.

    Attributes:
        key: what the group is remembered by where its title depends on the language; "" for the title.
    """

    title: str
    note: str
    count: int
    folded: bool = False
    key: str = ""

    @property
    def name(self) -> str:
        """What the group is remembered by."""
        return self.key or self.title


@dataclass(frozen=True)
class Answer:
    """The whole answer to what a list asks; each group adds a row of its own, its head, before its ids.

    Attributes:
        ids: all ids in order; the groups, if any, cover them from the first to the last, folded ones too.
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
            at += 1 + (0 if group.folded else group.count)
        return starts

    @cached_property
    def _begins(self) -> list[int]:
        """The places in `ids` at which the groups begin."""
        begins, at = [], 0
        for group in self.groups:
            begins.append(at)
            at += group.count
        return begins

    def __len__(self) -> int:
        """How many rows, heads among them."""
        if not self.groups:
            return len(self.ids)
        last = self.groups[-1]
        return self._starts[-1] + 1 + (0 if last.folded else last.count)

    def same_rows(self, other: Answer) -> bool:
        """Whether the other answer has the same ids under heads in the same rows."""
        return len(self) == len(other) and self._starts == other._starts and self.ids == other.ids

    def place(self, row: int) -> int:
        """The place in `ids` of a row; −1 for a head or no row."""
        if not 0 <= row < len(self):
            return -1
        if not self.groups:
            return row
        group = bisect_right(self._starts, row) - 1
        within = row - self._starts[group] - 1
        return -1 if within < 0 else self._begins[group] + within

    def head(self, row: int) -> RowGroup:
        """The group whose head, or one of whose ids, stands in a row."""
        return self.groups[self.number(row)]

    def number(self, row: int) -> int:
        """Which group that is, from 0."""
        return bisect_right(self._starts, row) - 1

    def row_of(self, identity: str) -> int:
        """The row of an id, −1 when it is not in the answer or folded away."""
        try:
            place = self.ids.index(identity)
        except ValueError:
            return -1
        if not self.groups:
            return place
        number = bisect_right(self._begins, place) - 1
        return -1 if self.groups[number].folded else self._starts[number] + 1 + place - self._begins[number]

    def start_of(self, number: int) -> int:
        """The row of the head of a group, counted from 0."""
        return self._starts[number]

    def between(self, first: int, last: int) -> Sequence[str]:
        """The ids of these rows, in order; a folded head stands for all that is folded away below it."""
        if not self.groups:
            return self.ids[first : last + 1]
        found: list[str] = []
        for number in range(self.number(first), self.number(last) + 1):
            start, begin, group = self._starts[number], self._begins[number], self.groups[number]
            if group.folded:
                found += self.ids[begin : begin + group.count]
            else:
                low, high = max(first - start - 1, 0), min(last - start, group.count)
                found += self.ids[begin + low : begin + high]
        return found

    def count_between(self, first: int, last: int) -> int:
        """How many ids `between` gives."""
        if not self.groups:
            return max(0, min(last, len(self.ids) - 1) - first + 1)
        count = 0
        for number in range(self.number(first), self.number(last) + 1):
            start, group = self._starts[number], self.groups[number]
            low, high = max(first - start - 1, 0), min(last - start, group.count)
            count += group.count if group.folded else max(0, high - low)
        return count
