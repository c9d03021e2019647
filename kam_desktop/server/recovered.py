"""The call recovered: what laptops still had of a lost past, taken back in by its owner or dropped."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.policy import Policy
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem, bad, items
from kam_desktop.server import callers, rescue, tables, workspace
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection
from kam_desktop.server.push import push
from kam_desktop.server.roots import Roots
from kam_desktop.server.values import FIELDS, wires

ADMINISTRATOR = "administrator"
MOST = 500
_GONE = N_("This record is not on the server, or it is not yours to see.")


def recovered(
    connection: Connection, caller: Caller, message: Mapping[str, Any], *, clock: Clock, ids: Ids, policy: Policy
) -> dict[str, Any]:
    """With `hold`: rows that a laptop has and the server lost, see `rescue.hold`; gives how many are `held`.

    Without anything: `waiting`, what waits for the caller, each with what stands `now`; an administrator sees whose and
    which, without values. With `group` (or `groups`) and `take`: true writes it with its author's rights of today and
    gives the `verdict` (or `verdicts`), and what is not accepted goes on waiting; false drops it. With `reopen`: what
    was dropped waits again. Raises Problem 404 for a group that does not wait for the caller.
    """
    epoch = workspace.read(connection).epoch
    if "hold" in message:
        return {"held": rescue.hold(connection, caller, message, clock, epoch)}
    if message.get("group") is None and message.get("groups") is None:
        return {"waiting": waiting(connection, caller, epoch), "list": state_of(connection, caller, epoch)}
    one = message.get("groups") is None
    names, take = [message["group"]] if one else items(message, "groups", MOST), message.get("take")
    again = message.get("reopen") is True
    if not all(isinstance(each, str) for each in names) or not (again or isinstance(take, bool)):
        raise bad("group")
    found = [_entry(connection, caller, each, "dropped" if again else "waiting") for each in names]
    if again or not take:
        for name in names:
            _note(connection, name, "waiting" if again else "dropped")
        told: list[list[Any]] = [["waiting" if again else "dropped", {}] for _ in names]
    else:
        told = _take(connection, caller, found, clock=clock, ids=ids, policy=policy)
    return {"verdict": told[0]} if one else {"verdicts": told}


def state_of(connection: Connection, caller: Caller, epoch: int) -> str:
    """A short word for the list of the caller, another one whenever it is another list; "" for an empty one."""
    if connection.one("select 1 from recovered where state = 'waiting' limit 1") is None:
        return ""
    names = "".join(each["group"] for each in waiting(connection, caller, epoch))
    return f"{zlib.crc32(names.encode()):08x}" if names else ""


def waiting(connection: Connection, caller: Caller, epoch: int) -> list[dict[str, Any]]:
    """What waits for the caller. What its author sent again meanwhile stands here by now, and waits no more."""
    everything = caller.role == ADMINISTRATOR
    rows = connection.rows(
        "select group_id, author, sender, changes, at from recovered where state = 'waiting' "
        "and (author = ? or ? = 1) order by at, group_id limit ?",
        (caller.user, int(everything), 4 * MOST),
    )
    found, roots = [], Roots(connection)
    for group, author, sender, changes, at in rows:
        told = orjson.loads(changes)
        if told[0]["action"] == "row":
            told = [_lost(connection, caller, roots, told[0], epoch, author)]
            if not told[0]["new"]:
                continue
        if author != caller.user:
            told = [{name: each[name] for name in ("entity", "id", "action")} for each in told]
        found.append({"group": group, "author": author, "sender": sender, "changes": told, "at": at})
        if len(found) == MOST:
            break
    return sorted(found, key=lambda each: _place(each["changes"][0]["entity"]))


def _lost(
    connection: Connection, caller: Caller, roots: Roots, change: Mapping[str, Any], epoch: int, author: str
) -> dict[str, Any]:
    """What is lost of a row until now, without what the caller may not see, beside what stands here."""
    entity, identity = change["entity"], change["id"]
    values = rescue.still_lost(connection, entity, identity, change["new"], epoch)
    row = rescue.stands(connection, entity, identity)
    if caller.user == author and values:
        how = rescue.relations(caller, roots, entity, identity, change["new"], author)
        if not any(entity in caller.readable(each) for each in how):
            values = {}
        hidden = caller.hidden(how, entity)
        values = {name: value for name, value in values.items() if name not in hidden}
    now = wires(entity, {name: row[name] for name in values}) if row is not None else None
    deed = "create" if row is None else "update"
    return {"entity": entity, "id": identity, "action": deed, "new": values, "now": now}


def _entry(connection: Connection, caller: Caller, name: str, state: str) -> tuple[str, str, list[dict[str, Any]]]:
    row = connection.one(
        "select author, changes from recovered where group_id = ? and state = ?", (name, state)
    )  # fmt: skip
    if row is None or (row[0] != caller.user and caller.role != ADMINISTRATOR):
        raise Problem(404, "gone", _GONE)
    return name, row[0], orjson.loads(row[1])


def _take(
    connection: Connection, caller: Caller, found: Sequence[tuple[str, str, list[dict[str, Any]]]], *, clock: Clock,
    ids: Ids, policy: Policy,
) -> list[list[Any]]:  # fmt: skip
    """Writes entries, those of one author in one push, parents first; the verdicts in the order of the entries."""
    told: dict[str, list[Any]] = {}
    here = workspace.read(connection)
    for user in dict.fromkeys(author for _, author, _ in found):
        author = callers.of_user(connection, user, policy)
        mine = [(name, _changes(connection, changes, here)) for name, by, changes in found if by == user]
        mine.sort(key=lambda each: _place(each[1][0]["entity"]) if each[1] else 0)
        told |= {name: ["accepted", 1] for name, changes in mine if not changes}
        mine = [each for each in mine if each[1]]
        if not mine:
            continue
        message = _message([changes for _, changes in mine], ids, moment_text(clock.now()))
        verdicts: list[list[Any]] = []
        for kind, detail in push(connection, author, message, clock=clock, ids=ids, policy=policy)["verdicts"]:
            verdicts += [[kind, 1]] * detail if kind == "accepted" else [[kind, detail]]
        for (name, _), verdict in zip(mine, verdicts, strict=True):
            # content is not the administrator's
            told[name] = verdict if caller.user == user or verdict[0] == "accepted" else [verdict[0], {}]
    for name, verdict in told.items():
        if verdict[0] == "accepted":
            _note(connection, name, "taken")
    return [told[name] for name, _, _ in found]


def _changes(
    connection: Connection, changes: Sequence[Mapping[str, Any]], here: workspace.Workspace
) -> list[dict[str, Any]]:  # fmt: skip
    """The changes as they are written now: over everything that stands, which whoever takes them in has seen."""
    made = []
    for each in changes:
        if each["action"] != "row":  # as an older program held it
            made.append({**each, "base": 0})
            continue
        values = rescue.still_lost(connection, each["entity"], each["id"], each["new"], here.epoch)
        row = rescue.stands(connection, each["entity"], each["id"])
        if not values:
            continue
        deed = "create" if row is None else "update"
        if row is None:
            values = {name: value for name, value in values.items() if value not in (None, "", [])}
        made.append({**each, "action": deed, "new": values, "base": here.seq if row is not None else 0})
    return made


def _note(connection: Connection, name: str, state: str) -> None:
    connection.run("update recovered set state = ? where group_id = ?", (state, name))


def _place(entity: str) -> int:
    return int(tables.ORDER[entity]) if entity in FIELDS else 0


def _message(groups: Sequence[Sequence[Mapping[str, Any]]], ids: Ids, at: str) -> dict[str, Any]:
    """A push of groups under new names: the old names have their verdict already."""
    parts: list[dict[str, Any]] = []
    for each in (change for group in groups for change in group):
        parts.append({
            "entity": each["entity"], "action": each["action"], "fields": list(each["new"]), "index": [len(parts)],
            "id": [each["id"]], "base": [each["base"]], "written_at": at,
            "values": [[value] for value in each["new"].values()],
        })  # fmt: skip
    return {"number": 1, "groups": [[ids.random(), len(group)] for group in groups], "parts": parts}
