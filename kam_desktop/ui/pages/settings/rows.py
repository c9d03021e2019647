"""What the settings show row by row: ways to the data, backups, steps taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
