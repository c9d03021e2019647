"""How long this laptop may be used without the server's word, whatever its clock says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from kam_desktop.domain.change import moment_text

NOTE, LATEST = "sync.lease", "sync.latest"
"""The notes of the profile: days and last renewal; the latest moment that this laptop ever saw."""
WARN_DAYS = 10
LONGEST_DAYS = 3650
_NOTED = timedelta(hours=1)
_SET_BACK = timedelta(days=1)


class Notes(Protocol):
    """Small texts in the encrypted profile."""

    def note(self, key: str) -> str: ...

    def set_note(self, key: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Lease:
    """Where it stands now.

    Attributes:
        ends_at: when the laptop must have been at the server again.
        left_days: begun days until then, 0 when it has ended.
        set_back: this computer's clock shows a day, or more, before what it showed already.
    """

    ends_at: datetime
    left_days: int
    set_back: bool = False

    @property
    def ended(self) -> bool:
        """Whether a sign-in is needed before the data are shown."""
        return self.left_days == 0

    @property
    def warns(self) -> bool:
        """Whether the person should hear of it."""
        return self.left_days <= WARN_DAYS or self.set_back


def renewed(notes: Notes, days: Any, now: datetime) -> None:
    """The server gave tokens: from now on it is so many days. What is no number of days changes nothing."""
    if type(days) is int and 0 < days <= LONGEST_DAYS:
        notes.set_note(NOTE, json.dumps({"days": days, "from": moment_text(now)}))
        notes.set_note(LATEST, moment_text(now))


def noticed(notes: Notes, now: datetime) -> None:
    """Keeps the latest moment that was ever seen here: a clock that is set back makes no lease longer."""
    if later := latest(notes.note(LATEST), now):
        notes.set_note(LATEST, later)


def latest(kept: str, now: datetime) -> str:
    """What is to be kept as the latest moment, "" where what is kept is late enough."""
    return moment_text(now) if not kept or datetime.fromisoformat(kept) + _NOTED <= now else ""


def standing(kept: Mapping[str, str], now: datetime) -> Lease | None:
    """The lease by the profile's notes; None for a profile that has none. Nothing is ever erased by it."""
    try:
        said = json.loads(kept.get(NOTE) or "{}")
        begun, days = datetime.fromisoformat(said["from"]), timedelta(days=int(said["days"]))
        latest = datetime.fromisoformat(kept.get(LATEST) or said["from"])
    except (ValueError, KeyError, TypeError):
        return None
    ends_at, seen = begun + days, max(now, latest)
    left = ends_at - seen
    return Lease(ends_at, max(0, -(-left // timedelta(days=1))), now + _SET_BACK <= latest)
