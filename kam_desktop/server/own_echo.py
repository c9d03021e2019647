"""What a laptop pulls of its own writing: numbers, and a sum by which it knows that it holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from kam_desktop.protocol.messages import rows_sum

STAMPS = ", r._created_seq, r._created_device, r._field_seq"
"""Columns that are read behind those of a row, to know who wrote it."""
_STAMPS = 3
_ID, _SEQ, _SORT, _EXTRA, _FIELDS = range(5)


class Echo:
    """The rows of one page of which everything since the caller's cursors was written by the caller's own laptop.

    That is so when each field was written last before `since`, and so was pulled, or by this laptop. Whether the laptop
    holds it in fact (it may be a copy, or set back) nobody here can know: so a sum over the values goes along, and a
    laptop that comes to another one asks again, for whole rows.
    """

    def __init__(self, since: int, device: int) -> None:
        self._since, self._device = since, device
        self._found: dict[tuple[str, int], list[Sequence[Any]]] = {}

    def take(self, entity: str, scope: int, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Keeps those rows that are an echo; gives the others, as columns without what stands before and behind.

        Args:
            rows: (sequence number of the feed, id, kind, the columns of `rows.selected`, those of STAMPS).
        """
        others = []
        kept = self._found.setdefault((entity, scope), [])
        for row in rows:
            columns = tuple(row[3:-_STAMPS])
            if row[0] == columns[_SEQ] and not columns[_EXTRA] and self._own(*row[-_STAMPS:]):
                kept.append(columns)
            else:
                others.append(columns)
        return others

    def _own(self, created: int, device: int, field_seq: str | None) -> bool:
        if created > self._since and device != self._device:
            return False
        if not field_seq:
            return True
        return all(seq <= self._since or by == self._device for seq, by in orjson.loads(field_seq).values())

    def parts(self) -> list[dict[str, Any]]:
        """As the answer tells them, by kind and scope: their numbers as runs, in the order of the feed.

        Which records have them the laptop knows from the answer to its push.
        """
        return [
            {
                "entity": entity,
                "scope": scope,
                "seq": _runs([row[_SEQ] for row in rows]),
                "sum": rows_sum((row[_ID], row[_SORT], *row[_FIELDS:]) for row in rows),
            }
            for (entity, scope), rows in self._found.items()
            if rows
        ]


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][0] + runs[-1][1] == number:
            runs[-1][1] += 1
        else:
            runs.append([number, 1])
    return runs
