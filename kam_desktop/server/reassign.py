"""The call reassign: another owner or other helpers; rewrites one account's feed only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.policy import Policy
from kam_desktop.domain.scopes import Root, scopes
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem, are_ids, bad
from kam_desktop.server import change_log, feed, fence, tables
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import NEWS, Connection
from kam_desktop.server.roots import below, conflicts_of
from kam_desktop.server.state import field_seq_json

MOST_HELPERS = 50


def reassign(
    connection: Connection, caller: Caller, message: Mapping[str, Any], *, clock: Clock, ids: Ids, policy: Policy
) -> dict[str, Any]:
    """`account`, and `owner` (an id, "" for nobody) or `helpers` (ids) or both. Answer: `seq`, `owner`, `helpers`.

    Raises Problem 403 when the policy does not let the caller hand over this account, or to this colleague; 404 for an
    account that is not visible; 409 `changed` when `seen` is given and names another owner than the present one.
    """
    account, owner, helpers = message.get("account"), message.get("owner"), message.get("helpers")
    if not are_ids([account]) or not (owner is None or owner == "" or are_ids([owner])):
        raise bad("account")
    if not (helpers is None or (isinstance(helpers, list) and len(helpers) <= MOST_HELPERS and are_ids(helpers))):
        raise bad("helpers")
    statement = f"select owner, _field_seq, _deleted_seq from account where id = ?{connection.for_update}"  # noqa: S608
    row = connection.one(statement, (account,))
    before = (row[0] or "") if row is not None else ""
    root = Root("account", str(account))
    if row is None or row[2] is not None or not caller.sees(root, before, "account"):
        raise Problem(404, "gone", N_("This record is not on the server, or it is not yours to see."))
    fence.require(connection, caller.user, [("account", str(account))])
    after = before if owner is None else str(owner)
    _check_rights(caller, root, before, after)
    if "seen" in message and message["seen"] != before:
        raise Problem(409, "changed", N_("A colleague handed this account over meanwhile."))
    _check_people(connection, {after, *(helpers or ())} - {"", before})
    had = {each[0] for each in connection.rows("select person from account_helper where account = ?", (account,))}
    has = had if helpers is None else set(helpers)
    if after == before and has == had:
        return {"seq": 0, "owner": before, "helpers": sorted(had)}
    seq = _carry_out(connection, caller, str(account), row, (before, after), (had, has), clock, ids)
    return {"seq": seq, "owner": after, "helpers": sorted(has)}


def _check_rights(caller: Caller, root: Root, before: str, after: str) -> None:
    """Both whose it is and whose it becomes must be within the caller's reach."""
    for owner in (before, after):
        if not caller.may(caller.relations(root, owner) - {"shared"}, "account", "reassign"):
            if owner != after or after != caller.user or before == after:
                raise Problem(403, "forbidden", N_("Your role may not do this here."))


def _check_people(connection: Connection, people: Iterable[str]) -> None:
    wanted = set(people)
    if not wanted:
        return
    condition, value = connection.among("id", wanted)
    found = {
        row[0]
        for row in connection.rows(f"select id from user_account where {condition} and disabled = 0", (value,))  # noqa: S608
    }
    if found != wanted:
        raise Problem(404, "unknown_person", N_("There is no such colleague, or they left."))


def _carry_out(
    connection: Connection, caller: Caller, account: str, row: tuple[Any, ...], owners: tuple[str, str],
    helpers: tuple[set[str], set[str]], clock: Clock, ids: Ids,
) -> int:  # fmt: skip
    (before, after), (had, has) = owners, helpers
    at = moment_text(clock.now())
    taken = connection.one("update workspace set seq = seq + 1 returning seq, hash")
    seq, digest = (int(taken[0]), str(taken[1])) if taken is not None else (0, "")
    if after != before:
        later = {name: (int(s), str(d)) for name, (s, d) in (orjson.loads(row[1]) if row[1] else {}).items()}
        later["owner"] = (seq, str(caller.device_number))
        connection.run(
            "update account set owner = ?, _seq = ?, _field_seq = ?, _changed_by = ?, _changed_at = ? where id = ?",
            (after or None, seq, field_seq_json(later), caller.user, at, account),
        )
    if has != had:
        connection.run("delete from account_helper where account = ?", (account,))
        connection.insert("account_helper", ("account", "person"), [(account, each) for each in sorted(has)])
    _rewrite_feed(connection, account, seq, (before, after), (bool(had), bool(has)))
    old: dict[str, Any] = {"owner": before}
    new: dict[str, Any] = {"owner": after}
    if has != had:
        old["helpers"], new["helpers"] = sorted(had), sorted(has)
    was, now = orjson.dumps(old), orjson.dumps(new)
    entries = change_log.Entries()
    entries.add(
        seq, ids.random(), 0, "account", account, "reassign", was, now, caller.user, caller.device_number, at,
    )  # fmt: skip
    chain = change_log.append(connection, bytes.fromhex(digest), at, entries)
    connection.run("update workspace set hash = ?", (chain.hex(),))
    connection.tell(NEWS)
    return seq


def _rewrite_feed(
    connection: Connection, account: str, seq: int, owners: tuple[str, str], helped: tuple[bool, bool]
) -> None:
    """Every living row of the account leaves the scopes that it has no longer, and is put anew into those it has."""
    root = Root("account", account)
    old, new = (
        scopes(root, {account: owner}.__getitem__, (account,) if each else ())
        for owner, each in zip(owners, helped, strict=True)
    )
    numbers = feed.numbers(connection, old | new)
    keys = [("account", account), *below(connection, "account", [account])]
    keys += [(tables.CONFLICT, each) for each in conflicts_of(connection, [identity for _, identity in keys])]
    entries = [
        (identity, entity, numbers[name], seq, feed.PUT if name in new else feed.LEAVE)
        for name in sorted(old | new)
        for entity, identity in keys
    ]
    feed.write(connection, entries)
    feed.raise_scopes(connection, dict.fromkeys(numbers.values(), seq))
