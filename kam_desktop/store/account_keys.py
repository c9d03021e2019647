"""The cache of what tells that two accounts may be one customer, kept with every change."""

# ruff: noqa: S608 — the statements are put together from fixed parts; values travel as parameters.
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.change import Change
from kam_desktop.domain.text import company_key, fold, phone_digits
from kam_desktop.store.tables import RECORDS, cache_account_key

TAX_CODE, NAME, PHONE, EMAIL = "tax_code", "name", "phone", "email"
MOST = 20
"""A key of more accounts, as the switchboard of a group of firms, tells nothing."""

_FIELDS = frozenset({"name", "tax_code", "phone", "email", "archived"})
_LEAST = {NAME: 3}
_LEAST_ELSE = 6
_CHUNK = 500

_IDS = "(select value from json_each(:ids))"
_INSERT = sa.text("insert into cache_account_key (account, kind, key) values (:account, :kind, :key)")
_DELETE = sa.text("delete from cache_account_key where account = :account and kind = :kind")
_KNOWN = sa.text(f"select account, kind, key from cache_account_key where account in {_IDS}")
_MANY = sa.text(
    "select w.kind, w.key, (select count(*) from (select 1 from cache_account_key k "
    "where k.kind = w.kind and k.key = w.key limit :most)) "
    "from (select value ->> 0 as kind, value ->> 1 as key from json_each(:keys)) w"
)
_SHARE = sa.text("insert or ignore into cache_shared_key (kind, key) values (:kind, :key)")
_UNSHARE = sa.text("delete from cache_shared_key where kind = :kind and key = :key")
_ALL_SHARED = "select kind, key from cache_account_key group by kind, key having count(*) between 2 and :most"

Key = tuple[str, str]
"""Kind and key."""


def keys_of(row: Mapping[str, Any]) -> set[Key]:
    """By what an account is known, from its fields; an archived one by nothing, what is too short tells nothing."""
    if row["archived"]:
        return set()
    found = {
        TAX_CODE: (row["tax_code"] or "").strip(),
        NAME: company_key(row["name"] or ""),
        PHONE: phone_digits(row["phone"] or ""),
        EMAIL: fold((row["email"] or "").strip()),
    }
    return {(kind, key) for kind, key in found.items() if len(key) >= _LEAST.get(kind, _LEAST_ELSE)}


def refresh(connection: sa.Connection, changes: Sequence[Change]) -> None:
    """Keeps the keys of the accounts that were changed; the cost grows with them and not with the data."""
    ids = sorted({each.record for each in changes if each.entity == "account" and {*each.old, *each.new} & _FIELDS})
    if not ids:
        return
    before = {tuple(row) for row in connection.execute(_KNOWN, {"ids": json.dumps(ids)})}
    after = {(account, *key) for account, row in _rows(connection, ids).items() for key in keys_of(row)}
    gone = [{"account": account, "kind": kind} for account, kind, _ in sorted(before - after)]
    made = [{"account": account, "kind": kind, "key": key} for account, kind, key in sorted(after - before)]
    if gone:
        connection.execute(_DELETE, gone)
    if made:
        connection.execute(_INSERT, made)
    shared: list[dict[str, str]] = []
    alone: list[dict[str, str]] = []
    concerned = json.dumps(sorted({(kind, key) for _, kind, key in before ^ after}))
    for kind, key, count in connection.execute(_MANY, {"keys": concerned, "most": MOST + 1}):
        (shared if 2 <= count <= MOST else alone).append({"kind": kind, "key": key})
    for statement, values in ((_SHARE, shared), (_UNSHARE, alone)):
        if values:
            connection.execute(statement, values)


def _rows(connection: sa.Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    table = RECORDS["account"]
    columns = [table.c.id, *(table.c[name] for name in sorted(_FIELDS))]
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(ids), _CHUNK):
        statement = sa.select(*columns).where(table.c.id.in_(ids[start : start + _CHUNK]))
        found.update({row["id"]: dict(row) for row in connection.execute(statement).mappings()})
    return found


_WHOLE = "select id, archived, tax_code, name, phone, email from account"


def _whole(driver: Any) -> Iterator[tuple[str, str, str]]:
    for row in driver.execute(_WHOLE):
        fields = dict(zip(("archived", "tax_code", "name", "phone", "email"), row[1:], strict=True))
        for kind, key in keys_of(fields):
            yield row[0], kind, key


def fill(driver: Any) -> None:
    """Fills the empty cache from the accounts, through the driver's own connection: as migrations have it."""
    insert = "insert into cache_account_key (account, kind, key) values (?, ?, ?)"
    rows = list(_whole(driver))
    driver.executemany(insert, rows)
    driver.execute("insert into cache_shared_key (kind, key) " + _ALL_SHARED, {"most": MOST})


def rebuild(connection: sa.Connection) -> None:
    """The whole cache anew, from the accounts."""
    connection.execute(sa.delete(cache_account_key))
    connection.execute(sa.text("delete from cache_shared_key"))
    fill(connection.connection.driver_connection)


def differences(connection: sa.Connection) -> int:
    """How many accounts' keys are missing or too many, and how many shared ones are told wrongly."""
    cached = {tuple(row) for row in connection.execute(sa.select(cache_account_key))}
    told = {tuple(row) for row in connection.execute(sa.text("select kind, key from cache_shared_key"))}
    shared = {tuple(row) for row in connection.execute(sa.text(_ALL_SHARED), {"most": MOST})}
    fresh = set(_whole(connection.connection.driver_connection))
    return len({row[0] for row in cached ^ fresh}) + len(told ^ shared)
