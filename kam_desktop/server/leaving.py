"""A revoked laptop's last call: it hands in what it had not sent, and gets the code to erase itself."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any

import orjson

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.ids import Ids
from kam_desktop.language import N_
from kam_desktop.protocol import messages
from kam_desktop.protocol.messages import Problem, are_ids, bad
from kam_desktop.server import callers, events, lease, proving, workspace
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection, Database
from kam_desktop.server.push import push

MOST_BYTES = 256 << 20
"""What one laptop may hand in, all its calls together."""
LISTED = 500
_GROUP, _FIELD = re.compile(r"[0-9a-f]{32}"), re.compile(r"[a-z][a-z0-9_]{0,59}")
_ACTIONS = ("create", "update", "delete")
WAITING, TAKEN, DROPPED = "waiting", "taken", "dropped"


def hand_in(
    database: Database, message: Mapping[str, Any], clock: Clock, _ids: Ids, host: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Answers a laptop that shows its key, whether or not it has a session: `revoked`, and what goes on from there.

    With `groups` they are kept for the lead (`taken`); a group comes as often as it likes. With `finished` the answer
    holds `wipe`, the code: whoever says so has nothing more to hand in. Raises Problem 403 for another key, 413, 503.
    """
    device = message.get("device")
    if not isinstance(device, str) or not 0 < len(device) <= 64 or "\0" in device:
        raise bad("device")
    groups = _groups(message)
    with database.write() as connection:
        found = workspace.read(connection)
        proof = proving.proof(found.key, message, "hand-in", host, clock)
        workspace.check_open(found)
        proving.spend(connection, proof, clock)
        statement = f"select n, person, revoked, thumbprint from device where id = ?{connection.for_update}"  # noqa: S608
        row = connection.one(statement, (device,))
        if row is None or row[3] is None or not hmac.compare_digest(row[3], proof.thumbprint):
            raise Problem(403, "other_device", N_("This session belongs to another computer; sign in again."))
        answer: dict[str, Any] = {
            "workspace": found.id,
            "revoked": bool(row[2]),
            "nonce": proving.nonce(found.key, clock),
        }
        if not row[2]:
            return answer
        if groups:
            answer["taken"] = _keep(connection, device, row[1], groups, moment_text(clock.now()))
        if message.get("finished") is True:
            count = (connection.one("select count(*) from handed_in where device = ?", (device,)) or (0,))[0]
            events.note(connection, clock, "device.wipe", by=events.SERVER, subject=device, groups=int(count))
            connection.run("update device set left_at = ? where n = ?", (moment_text(clock.now()), row[0]))
            answer["wipe"] = lease.code(found.key, device)
        return answer


def _keep(connection: Connection, device: str, person: str, groups: list[Mapping[str, Any]], at: str) -> int:
    statement = "select coalesce(sum(length(changes)), 0), coalesce(max(n), 0) from handed_in where device = ?"
    held, newest = connection.one(statement, (device,)) or (0, 0)
    rows = [
        (each["group"], newest + place, device, person, orjson.dumps(each["changes"]).decode(), at, WAITING)
        for place, each in enumerate(groups, 1)
    ]
    if int(held) + sum(len(row[4]) for row in rows) > MOST_BYTES:
        raise Problem(413, "too_large", N_("The message is too large."))
    # what was taken in before, its answer lost, is on the server already
    condition, value = connection.among("group_id", [row[0] for row in rows])
    known = connection.rows(f"select group_id from group_applied where {condition} and verdict is null", (value,))  # noqa: S608
    there = {each[0] for each in known}
    connection.many(
        "insert into handed_in (group_id, n, device, author, changes, at, state) values (?, ?, ?, ?, ?, ?, ?) "
        "on conflict (group_id) do nothing",
        [row for row in rows if row[0] not in there],
    )
    return len(rows)


def _groups(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = messages.items(message, "groups", messages.PUSH_CHANGES) if "groups" in message else []
    for each in found:
        if not isinstance(each, dict) or not isinstance(each.get("group"), str) or not _GROUP.fullmatch(each["group"]):
            raise bad("groups")
        if not all(map(_is_change, changes := messages.items(each, "changes", messages.PUSH_CHANGES))) or not changes:
            raise bad("groups")
    return found


def _is_change(raw: Any) -> bool:
    return (
        isinstance(raw, dict)
        and isinstance(raw.get("entity"), str) and 0 < len(raw["entity"]) <= 60 and are_ids([raw.get("id")])
        and raw.get("action") in _ACTIONS
        and isinstance(raw.get("new"), dict) and all(map(_FIELD.fullmatch, raw["new"]))
        and type(raw.get("base")) is int and 0 <= raw["base"] < 1 << 62
        and isinstance(raw.get("at"), str) and len(raw["at"]) <= 32
    )  # fmt: skip


def handed_in(
    connection: Connection, caller: Caller, message: Mapping[str, Any], *, clock: Clock, ids: Ids, policy: Any
) -> dict[str, Any]:
    """Without `group`: `waiting`, what revoked laptops of the caller's team handed in, with values.

    With `group` and `take`: true writes it with its author's rights of today and gives the `verdict`; where it is not
    accepted it goes on waiting. False drops it. Raises Problem 404 for a group that does not wait for the caller.
    """
    group, take = message.get("group"), message.get("take")
    if group is None:
        return {"waiting": _waiting(connection, caller)}
    if not isinstance(group, str) or not isinstance(take, bool) or "\0" in group:
        raise bad("group")
    statement = f"select author, changes, device from handed_in where group_id = ? and state = ?{connection.for_update}"  # noqa: S608
    row = connection.one(statement, (group, WAITING))
    if row is None or not _may_decide(caller, row[0]):
        raise Problem(404, "gone", N_("This record is not on the server, or it is not yours to see."))
    verdict: list[Any] = ["dropped", {}]
    if take:
        author = callers.of_user(connection, row[0], policy, also_disabled=True)
        verdict = push(
            connection, author, _push_of(orjson.loads(row[1]), ids), clock=clock, ids=ids, policy=policy
        )["verdicts"][0]  # fmt: skip
        if verdict[0] != "accepted":
            return {"verdict": verdict}
        verdict = ["accepted", {}]
    state = TAKEN if take else DROPPED
    connection.run("update handed_in set state = ? where group_id = ?", (state, group))
    events.note(connection, clock, f"handed_in.{state}", by=caller.user, subject=row[2], group=group)
    return {"verdict": verdict}


def _may_decide(caller: Caller, author: str) -> bool:
    """The author's lead, whoever is sent the accounts of all and may hand them over, and the author (a new laptop)."""
    everybody = "all" in caller.policy.reach.get(caller.role, frozenset())
    return author in caller.led or author == caller.user or (everybody and caller.may(("org",), "account", "reassign"))


def _waiting(connection: Connection, caller: Caller) -> list[dict[str, Any]]:
    rows = connection.rows(
        "select group_id, author, device, changes, at from handed_in where state = ? order by device, n", (WAITING,)
    )
    found: list[dict[str, Any]] = []
    for group, author, device, changes, at in rows:
        if not _may_decide(caller, author):
            continue
        relation = "own" if author == caller.user else "led" if author in caller.led else "org"
        open_ = caller.readable(relation)
        told = [
            {**each, "new": _shown(caller, relation, each) if each["entity"] in open_ else {}}
            for each in orjson.loads(changes)
        ]
        found.append({"group": group, "author": author, "device": device, "changes": told, "at": at})
        if len(found) == LISTED:
            break
    return found


def _shown(caller: Caller, relation: str, change: Mapping[str, Any]) -> dict[str, Any]:
    hidden = caller.hidden((relation,), change["entity"])
    return {name: value for name, value in change["new"].items() if name not in hidden}


def _push_of(changes: list[Mapping[str, Any]], ids: Ids) -> dict[str, Any]:
    """A push of one group, under a new name: a refused one has its verdict under the old."""
    parts = [
        {
            "entity": each["entity"], "action": each["action"], "index": [place], "id": [each["id"]],
            "base": [each["base"]], "written_at": each["at"],
            **({"fields": list(each["new"]), "values": [[value] for value in each["new"].values()]}
               if each["action"] != "delete" else {}),
        }
        for place, each in enumerate(changes)
    ]  # fmt: skip
    return {"number": 1, "groups": [[ids.random(), len(changes)]], "parts": parts}
