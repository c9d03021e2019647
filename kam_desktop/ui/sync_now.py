"""How things stand with the shared server, as one frozen value for status pill, sync page and dialogs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kam_desktop.domain.entities import LOCAL_PERSON_ID
from kam_desktop.domain.errors import Problem


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand with the shared server, as far as it is known without asking it.

    Attributes:
        me: the id of the person at work.
        phase: "" at rest, "syncing", "connecting" (the first download).
        done, whole: changes sent of those that waited, or rows of a first download; whole 0 means not known yet.
        failure: why the last cycle did not come to its end, None when it did.
        braked: so many rows the server would take away; they wait for an agreement.
        downloading: a first download is not whole yet: nothing is counted over it.
        lease: until when this laptop may do without the server (store.lease.Lease), where that is soon.
    """

    connected: bool = False
    signed_in: bool = False
    sample: str = ""
    me: str = LOCAL_PERSON_ID
    role: str = ""
    may_hand_over: bool = False
    server: str = ""
    workspace: str = ""
    user: str = ""
    waiting: int = 0
    needs_you: int = 0
    last_sync: datetime | None = None
    phase: str = ""
    done: int = 0
    whole: int = 0
    failure: Problem | None = None
    braked: int = 0
    downloading: bool = False
    lease: Any = None
