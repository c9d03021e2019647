"""What the settings show row by row: ways to the data, backups, steps taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kam_desktop.ui.kit.record_table import KeptPlace, RecordTable, TableColumn
from kam_desktop.ui.kit.table_view import Column, TableView


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One way to open the data: keyring, passphrase or recovery; `made_at` is None while it is not set up."""

    kind: str
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BackupRow:
    """One backup file; `size` in bytes."""

    name: str
    made_at: datetime
    reason: str
    size: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of this person on this computer; `state` is done, undone or dropped."""

    number: int
    words: str
    at: datetime
    kind: str
    state: str


def kept_table(name: str, columns: Sequence[tuple[TableColumn, Column]]) -> tuple[RecordTable, TableView, KeptPlace]:
    """A table of such rows that keeps its place when the answer changes."""
    model, table = RecordTable([column for column, _ in columns]), TableView(name)
    model.setParent(table)
    place = KeptPlace(table, model)
    table.set_columns([shown for _, shown in columns])
    return model, table, place
