"""The call recovered: what laptops still had of a lost past, taken back in by its author or dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.policy import Policy
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem, bad
from kam_desktop.server import callers
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection
from kam_desktop.server.push import push

ADMINISTRATOR = "administrator"
MOST = 500


def recovered(
    connection: Connection, caller: Caller, message: Mapping[str, Any], *, clock: Clock, ids: Ids, policy: Policy
) -> dict[str, Any]:
    """Without `group`: `waiting`, what waits for the caller; an administrator sees whose and which, without values.

    With `group` and `take`: true writes it with its author's rights of today, and gives the `verdict`; false drops it.
    Raises Problem 404 for a group that does not wait for the caller.
    """
    group, take = message.get("group"), message.get("take")
    if group is None:
        return {"waiting": _waiting(connection, caller)}
    if not isinstance(group, str) or not isinstance(take, bool):
        raise bad("group")
    row = connection.one(
        "select author, changes from recovered where group_id = ? and state = 'waiting'",
        (group,),
    )
    if row is None or (row[0] != caller.user and caller.role != ADMINISTRATOR):
        raise Problem(404, "gone", N_("This record is not on the server, or it is not yours to see."))
    connection.run("update recovered set state = ? where group_id = ?", ("taken" if take else "dropped", group))
    if not take:
        return {"verdict": ["dropped", {}]}
    author = callers.of_user(connection, row[0], policy)
    written = _message(orjson.loads(row[1]), ids, moment_text(clock.now()))
    told = push(connection, author, written, clock=clock, ids=ids, policy=policy)["verdicts"][0]
    if caller.user != row[0]:
        told = [told[0], {}]  # content is not the administrator's
    return {"verdict": told}


def _waiting(connection: Connection, caller: Caller) -> list[dict[str, Any]]:
    everything = caller.role == ADMINISTRATOR
    rows = connection.rows(
        "select group_id, author, sender, changes, at from recovered where state = 'waiting' "
        "and (author = ? or ? = 1) order by at, group_id limit ?",
        (caller.user, int(everything), MOST),
    )
    found = []
    for group, author, sender, changes, at in rows:
        told = orjson.loads(changes)
        if author != caller.user:
            told = [{name: each[name] for name in ("entity", "id", "action")} for each in told]
        found.append({"group": group, "author": author, "sender": sender, "changes": told, "at": at})
    return found


def _message(changes: Sequence[Mapping[str, Any]], ids: Ids, at: str) -> dict[str, Any]:
    """A push of one group under a new name: the old name has its verdict already."""
    parts = [
        {
            "entity": each["entity"],
            "action": each["action"],
            "fields": list(each["new"]),
            "index": [place],
            "id": [each["id"]],
            "base": [0],
            "written_at": at,
            "values": [[value] for value in each["new"].values()],
        }
        for place, each in enumerate(changes)
    ]
    return {"number": 1, "groups": [[ids.random(), len(changes)]], "parts": parts}
