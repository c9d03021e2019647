"""Rows that this laptop has of a past that its server lost, and what waits there for its user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from kam_desktop.domain import scopes
from kam_desktop.domain.entities import BY_NAME, ENTITIES
from kam_desktop.protocol.codec import to_json
from kam_desktop.store import forgetting
from kam_desktop.store.landing import EMPTIES, columns_of, wire_of_column
from kam_desktop.store.shown_rows import base_of

KEPT = 60
"""So many marks of the server's past are kept; of more, every second of the older half goes."""
_PAST, _LIST, _WORD = "past", "recovered", "recovered_word"
_NAMES = [record.entity.name for record in ENTITIES]


class Waiting(NamedTuple):
    """What waits at the server for this user, as it was told last.

    Attributes:
        word: names this list. entries: groups as the call `recovered` gives them.
    """

    word: str
    entries: tuple[Mapping[str, Any], ...]


# The past that laptop and server have in common.


def note_mark(connection: sa.Connection, epoch: int, mark: Mapping[str, Any] | None) -> None:
    """Keeps a mark of the server beside those before it, in the transaction that takes it in."""
    if mark is None:
        return
    found = past(connection)
    if found and found[-1][:2] == [epoch, mark["seq"]]:
        return
    found.append([epoch, mark["seq"], mark["hash"], mark["mac"]])
    if len(found) > KEPT:
        half = KEPT // 2
        found = found[:half:2] + found[half:]
    _keep(connection, _PAST, to_json(found))


def past(connection: sa.Connection) -> list[list[Any]]:
    """[epoch, seq, hash, mac] of marks that were kept, oldest first."""
    found: list[list[Any]] = orjson.loads(_kept(connection, _PAST) or "[]")
    return found


# Rows that the server may have lost.


def rows(
    connection: sa.Connection, common: int, after: tuple[str, str], limit: int
) -> tuple[list[list[Any]], tuple[str, str]]:  # fmt: skip
    """Rows of the server with a number above `common`, as the call `recovered` takes them in, and where they end.

    Own changes that the server lost are sent again by themselves, so they are left out: rows are as others wrote them.
    """
    start = _NAMES.index(after[0]) if after[0] else 0
    secret, owners = forgetting.hidden(connection), _Owners(connection)
    found: list[list[Any]] = []
    for entity in _NAMES[start:]:
        from_ = after[1] if entity == after[0] else ""
        ids = _above(connection, entity, common, from_, limit - len(found))
        for identity, seq, row in ids:
            after = (entity, identity)
            closed = set(secret.get(entity, ()))
            own = _own_again(connection, identity)
            values = {}
            for each in BY_NAME[entity].fields:
                if each.name in closed:
                    continue
                value = wire_of_column(each, row[each.name])
                if each.name not in own or own[each.name] != value:
                    values[each.name] = value
            if values:
                found.append([entity, identity, values, owners.of(entity, identity, row), seq])
        if len(found) >= limit:
            return found, after
    return found, after


def _above(
    connection: sa.Connection, entity: str, common: int, after: str, limit: int
) -> list[tuple[str, int, Mapping[str, Any]]]:  # fmt: skip
    """(id, number, row) of what the server had, where a change waits as it was without that."""
    names = columns_of(BY_NAME[entity])
    columns = ", ".join(f'"{name}"' for name in names)
    statement = (
        f'select {columns} from "{entity}" where id > ?1 and '  # noqa: S608 — our own names
        "(_seq > ?2 or id in (select record from base where seq > ?2)) order by id limit ?3"
    )
    made: list[tuple[str, int, Mapping[str, Any]]] = []
    for values in connection.exec_driver_sql(statement, (after, common, max(1, limit))).all():
        row: dict[str, Any] = dict(zip(names, values, strict=True))
        kept = base_of(connection, row["id"])
        if kept is None:
            made.append((row["id"], int(row["_seq"] or 0), row))
        elif kept[0] > common:
            made.append((row["id"], kept[0], {**EMPTIES[entity], **kept[1]}))
    return made


def _own_again(connection: sa.Connection, record: str) -> dict[str, Any]:
    """The newest own value of each field that is sent again, by field."""
    found: dict[str, Any] = {}
    sent_again = "select payload from outbox where record = ? and n < 1 order by n"
    for (payload,) in connection.exec_driver_sql(sent_again, (record,)).all():
        found.update(orjson.loads(payload)["new"])
    return found


class _Owners:
    """Whose account a row hangs on, as this laptop knows it."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], str] = {}

    def of(self, entity: str, identity: str, row: Mapping[str, Any]) -> str:
        """The owner's id, "" for nobody."""
        if entity == "account" or (entity == "task" and not row["account"]):
            return row["owner"] or ""
        if entity == "saved_view":
            return row["person"] or ""
        if entity not in scopes.UP:
            return ""
        field, parent = scopes.UP[entity]
        above = row[field] or ""
        if not above:
            return ""
        if (parent, above) not in self._known:
            names = columns_of(BY_NAME[parent])
            columns = ", ".join(f'"{name}"' for name in names)
            held = self._connection.exec_driver_sql(f'select {columns} from "{parent}" where id = ?', (above,)).first()  # noqa: S608
            self._known[parent, above] = self.of(parent, above, dict(zip(names, held, strict=True))) if held else ""
        return self._known[parent, above]


# What waits at the server for this user.


def keep_waiting(connection: sa.Connection, word: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Keeps the list as the server told it."""
    _keep(connection, _LIST, to_json(list(entries)))
    _keep(connection, _WORD, word)


def waiting(connection: sa.Connection) -> Waiting:
    """The list as it was told last."""
    return Waiting(waiting_word(connection), tuple(orjson.loads(_kept(connection, _LIST) or "[]")))


def count(connection: sa.Connection) -> int:
    """How many entries of the list the user may decide about."""
    return sum("new" in each["changes"][0] for each in waiting(connection).entries)


def waiting_word(connection: sa.Connection) -> str:
    """Which list is kept."""
    return _kept(connection, _WORD)


def _kept(connection: sa.Connection, key: str) -> str:
    return connection.exec_driver_sql("select value from meta where key = ?", (key,)).scalar() or ""


def _keep(connection: sa.Connection, key: str, value: str) -> None:
    connection.exec_driver_sql("insert or replace into meta (key, value) values (?, ?)", (key, value))
