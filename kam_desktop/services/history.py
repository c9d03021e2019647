"""What this person did on this laptop, step by step, for the list that undoes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kam_desktop.store import undo
from kam_desktop.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Step:
    """One step; the label is an English sentence with places, translated where it is shown.

    Attributes:
        kind: edit or import.
        state: done, undone, or dropped (undone, and not to be done again).
    """

    number: int
    label: str
    label_args: Mapping[str, str]
    kind: str
    at: datetime
    state: str


def steps(reader: Reader, limit: int = 200) -> list[Step]:
    """The newest steps first."""
    return [
        Step(each.number, each.label, each.label_args, each.kind, datetime.fromisoformat(each.at), each.state)
        for each in undo.steps(reader.connection, limit)
    ]


def steps_of(reader: Reader, records: Sequence[str], limit: int = 200) -> list[Step]:
    """The steps on this laptop that changed one of these records, the newest first."""
    statement = (
        "select n, label, label_args, kind, at, state from undo_step where label <> '' and n in "
        "(select step from history where record in (select value from json_each(:records))) "
        "order by n desc limit :limit"
    )
    rows = reader.sql(statement, {"records": json.dumps(list(records)), "limit": limit})
    return [Step(row[0], row[1], json.loads(row[2]), row[3], datetime.fromisoformat(row[4]), row[5]) for row in rows]
