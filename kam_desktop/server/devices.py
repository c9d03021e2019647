"""Laptops as an administrator sees them: who has which, and revoking one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Problem as Reason
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import Ids
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem, bad
from kam_desktop.server import events, lease, sessions
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import NEWS, Connection

ADMINISTRATOR = "administrator"


def listed(connection: Connection) -> list[dict[str, Any]]:
    """All laptops by user. `handed_in`: groups that wait for the lead; `left_at`: when it got the code to erase."""
    waiting: dict[str, int] = dict(
        connection.rows("select device, count(*) from handed_in where state = 'waiting' group by device")
    )
    return [
        {"id": row[0], "user": row[1], "letter": row[2], "last_seen": row[3] or "", "revoked": bool(row[4]),
         "left_at": row[5] or "", "handed_in": waiting.get(row[0], 0)}
        for row in connection.rows(
            "select d.id, u.name, d.letter, d.last_seen, d.revoked, d.left_at from device d "
            "join user_account u on u.id = d.person order by u.name, d.letter"
        )
    ]  # fmt: skip


def revoke(connection: Connection, device: str, clock: Clock, by: str = events.CONSOLE) -> str:
    """Shuts a laptop out at once; its user's other laptops go on. Gives its id; Raises Refused for an unknown one.

    It may still hand in what it had not sent, and then gets the code to erase itself (see leaving).
    """
    found = connection.rows("select id, revoked from device where id like ?", (device.replace("%", "") + "%",))
    if not device or len(found) != 1:
        raise Refused(Reason("device", "unknown_device", N_("There is no such laptop, or more than one.")))
    identity = str(found[0][0])
    connection.run("update device set revoked = 1 where id = ?", (identity,))
    sessions.end_all(connection, device=identity)
    if not found[0][1]:
        events.note(connection, clock, "device.revoke", by=by, subject=identity)
    connection.tell(NEWS)  # a call that waits at another process looks at once whether it may
    return identity


def devices(
    connection: Connection, caller: Caller, message: Mapping[str, Any], *, clock: Clock, ids: Ids, policy: Any
) -> dict[str, Any]:
    """The call of an administrator: with `revoke` shuts that laptop out; always `devices` and `lease_days`.

    Raises Problem 403 for anybody else, 404 for a laptop that is none.
    """
    if caller.role != ADMINISTRATOR:
        raise Problem(403, "forbidden", N_("Your role may not do this here."))
    wanted = message.get("revoke")
    if wanted is not None:
        if not isinstance(wanted, str) or len(wanted) != 32 or "\0" in wanted:
            raise bad("revoke")
        try:
            revoke(connection, wanted, clock, caller.user)
        except Refused as refused:
            raise Problem(404, "gone", refused.problems[0].message) from refused
    return {"devices": listed(connection), "lease_days": lease.days(connection)}
