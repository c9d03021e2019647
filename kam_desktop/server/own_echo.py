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
        self._found: dict[str, tuple[list[Sequence[Any]], list[int]]] = {}

    def take(self, entity: str, scope: int, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Keeps those rows that are an echo; gives the others, as columns without what stands before and behind.

        Args:
            rows: (sequence number of the feed, id, kind, the columns of `rows.selected`, those of STAMPS).
        """
        others = []
        kept, places = self._found.setdefault(entity, ([], []))
        for row in rows:
            columns = tuple(row[3:-_STAMPS])
            if row[0] == columns[_SEQ] and not columns[_EXTRA] and self._own(*row[-_STAMPS:]):
                kept.append(columns)
                places.append(scope)
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
        """As the answer tells them: by kind, in the order of the feed."""
        return [
            {
                "entity": entity,
                "id": [row[_ID] for row in rows],
                "seq": [row[_SEQ] for row in rows],
                "scope": scopes,
                "sum": rows_sum((row[_ID], row[_SORT], *row[_FIELDS:]) for row in rows),
            }
            for entity, (rows, scopes) in self._found.items()
            if rows
        ]
