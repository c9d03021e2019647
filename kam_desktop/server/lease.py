"""What goes with tokens: how long a laptop may stay away, and how it knows the word to erase itself."""

from __future__ import annotations

import hashlib
import hmac

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_
from kam_desktop.server import events
from kam_desktop.server.database import Connection

LEASE_DAYS = 45
"""How long a laptop may stay away and go on without a password, unless the administrator says otherwise."""
SHORTEST_LEASE, LONGEST_LEASE = 1, 365


def days(connection: Connection) -> int:
    """Days that a laptop may stay away."""
    row = connection.one("select lease_days from workspace")
    return int(row[0]) if row is not None and row[0] else LEASE_DAYS


def set_days(connection: Connection, wanted: int, clock: Clock, by: str = events.CONSOLE) -> None:
    """Another length, from each laptop's next renewal on. Raises Refused."""
    if not SHORTEST_LEASE <= wanted <= LONGEST_LEASE:
        message = N_("A lease is {least} to {most} days.")
        said = {"least": str(SHORTEST_LEASE), "most": str(LONGEST_LEASE)}
        raise Refused(Problem("lease", "bad_lease", message, said))
    connection.run("update workspace set lease_days = ?", (wanted,))
    events.note(connection, clock, "lease.set", by=by, subject="", days=wanted)


def code(key: bytes, device: str) -> str:
    """What erases this laptop and no other; it leaves the server only for a laptop that was revoked."""
    return hmac.new(key, f"wipe|{device}".encode(), "sha256").hexdigest()


def lock(key: bytes, device: str) -> str:
    """What the laptop gets when it signs in: it knows the code again by it, and cannot make it."""
    return hashlib.sha256(code(key, device).encode()).hexdigest()
