"""Rows that laptops still have of a lost past: compared with what stands here, held for their owner."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.protocol.messages import Problem, are_ids, bad, items
from kam_desktop.server import callers
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection
from kam_desktop.server.roots import Roots
from kam_desktop.server.values import FIELDS, one, wire, wires

MOST = 500
"""So many rows come in one call."""
_BY_VERB = {"account": ("owner",), "saved_view": ("person",)}
"""Fields that only a verb moves; what a laptop knew of them is no lost change of anybody."""
Values = dict[str, Any]


def hold(connection: Connection, caller: Caller, message: Mapping[str, Any], clock: Clock, epoch: int) -> int:
    """Takes in rows, [entity, id, {field: wire value}, owner of its account or "", number]; how many wait from here on.

    A row waits where nothing stands here and no tombstone does, or something else stands and nobody wrote the same
    since the server was set back. The same again, from whomever, is held once. Raises Problem 400 or 413.
    """
    given = [_read(each) for each in items(message, "hold", MOST)]
    known = _known(connection)
    at, roots, count = moment_text(clock.now()), Roots(connection), 0
    for entity, identity, values, owner, seq in given:
        if _logged(connection, identity, values, seq):
            continue
        owner = _owner(roots, entity, identity, values) or owner
        seen = _seen(caller, roots, entity, identity, values, owner)
        lost = still_lost(connection, entity, identity, seen, epoch) if seen else {}
        for who, part in _by_author(connection, caller, roots, (entity, identity), lost, owner):
            if any(part.items() <= each.items() for each in known.get(identity, ())):
                continue
            known.setdefault(identity, []).append(part)
            name = hashlib.sha256(orjson.dumps([entity, identity, part], option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
            changes = [{"entity": entity, "id": identity, "action": "row", "new": part}]
            connection.run(
                "insert into recovered (group_id, author, sender, changes, at, state) "
                "values (?, ?, ?, ?, ?, 'waiting') on conflict do nothing",
                (name, who, caller.user, orjson.dumps(changes).decode(), at),
            )
            count += 1
    return count


def still_lost(connection: Connection, entity: str, identity: str, values: Values, epoch: int) -> Values:
    """Those of the values that do not stand here, and that nobody wrote since the server began this epoch."""
    row = stands(connection, entity, identity)
    if row is not None and row["_deleted_seq"] is not None:
        return {}
    if row is not None:
        here = wires(entity, {name: row[name] for name in values})
        values = {name: value for name, value in values.items() if here[name] != value}
    if values:
        written = "select new from change_log where record = ? and seq >= ? and new is not null"
        for (text,) in connection.rows(written, (identity, epoch)):
            since = orjson.loads(text)
            values = {name: value for name, value in values.items() if name not in since or since[name] != value}
    return values


def stands(connection: Connection, entity: str, identity: str) -> Values | None:
    """The row as the table keeps it, a tombstone too; None where it was never made."""
    names = (*FIELDS[entity], "_seq", "_deleted_seq", "_changed_by")
    columns = ", ".join(f'"{name}"' for name in names)
    row = connection.one(f'select {columns} from "{entity}" where id = ?', (identity,))  # noqa: S608 — our own names
    return None if row is None else dict(zip(names, row, strict=True))


def relations(caller: Caller, roots: Roots, entity: str, identity: str, values: Values, owner: str) -> frozenset[str]:
    """How the caller stands to such a row; where it hangs on nothing that is here, by the owner that was told."""
    columns = {name: value for name, value in values.items() if name in FIELDS[entity]}
    root = roots.of(entity, identity) or roots.of_row(entity, identity, columns)
    if root is not None and (root.kind != "account" or roots.of("account", root.name) is not None):
        told = owner if (entity, identity) == ("account", root.name) else ""
        return caller.relations(root, roots.owner_of(root) or told)
    return caller.relations_of_owner(owner) if owner else frozenset(("org",))


def _read(each: Any) -> tuple[str, str, Values, str, int]:
    if not isinstance(each, list) or len(each) != 5 or not isinstance(each[2], dict) or not isinstance(each[3], str):
        raise bad("hold")
    entity, identity, given, owner, seq = each
    if not isinstance(entity, str) or type(seq) is not int or not 0 <= seq < 1 << 62:
        raise bad("hold")
    if entity not in FIELDS or not are_ids([identity]) or (owner and not are_ids([owner])):
        raise bad("hold")
    values: Values = {}
    for name, value in given.items():
        field = FIELDS[entity].get(name)
        if field is None or name in _BY_VERB.get(entity, ()):
            continue
        kept, problem = one(field, value)
        if problem is None:
            values[name] = wire(field, kept)
    return entity, identity, values, owner, seq


def _logged(connection: Connection, identity: str, values: Values, seq: int) -> bool:
    """Whether this version of the row is one of this past: its number stands in the log, for it, with these values."""
    row = connection.one("select new, action from change_log where seq = ? and record = ?", (seq, identity))
    if row is None or row[1] == "delete":
        return False
    new = orjson.loads(row[0] or "{}")
    return all(values[name] == value for name, value in new.items() if name in values)


def _known(connection: Connection) -> dict[str, list[Values]]:
    """What is held already, by record, whatever became of it."""
    found: dict[str, list[Values]] = {}
    for (text,) in connection.rows("select changes from recovered"):
        for each in orjson.loads(text):
            found.setdefault(each["id"], []).append(each["new"])
    return found


def _owner(roots: Roots, entity: str, identity: str, values: Values) -> str:
    """Whose account it hangs on by what stands here; "" where that is not here, so that a laptop knows better."""
    root = roots.of(entity, identity) or roots.of_row(entity, identity, values)
    if root is None or root.kind != "account" or roots.of("account", root.name) is None:
        return ""
    return roots.owner_of(root)


def _seen(caller: Caller, roots: Roots, entity: str, identity: str, values: Values, owner: str) -> Values:
    """Without the fields that the sender may not see: of those a laptop holds nothing but emptiness."""
    how = relations(caller, roots, entity, identity, values, owner)
    hidden = caller.hidden(how, entity)
    return {name: value for name, value in values.items() if name not in hidden}


def _by_author(
    connection: Connection, caller: Caller, roots: Roots, key: tuple[str, str], values: Values, owner: str
) -> Iterable[tuple[str, Values]]:
    """(whom it waits for, what): the owner of its account, and for what they may not write whoever may."""
    if not values:
        return
    entity, identity = key
    row = stands(connection, entity, identity)
    deed = "create" if row is None else "update"
    left = dict(values)
    told = [owner, caller.user, row["_changed_by"] if row is not None else ""]
    others = connection.rows(
        "select id from user_account where disabled = 0 and role in ('manager', 'finance', 'lead') "
        "order by role desc, id"
    )
    first = ""
    for user in dict.fromkeys([*filter(None, told), *(each[0] for each in others)]):
        try:
            author = callers.of_user(connection, user, caller.policy)
        except Problem:
            continue  # disabled since, or never here
        first = first or user
        how = relations(author, roots, entity, identity, values, owner)
        if not author.may(how, entity, deed):
            continue
        closed = author.unwritable(how, entity, deed) | author.hidden(how, entity)
        part = {name: value for name, value in left.items() if name not in closed}
        if part:
            yield user, part
        left = {name: value for name, value in left.items() if name in closed}
        if not left:
            break
    if left:
        yield first or caller.user, left
