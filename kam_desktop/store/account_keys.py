"""The cache of what tells that two accounts may be one customer, kept with every change."""

# ruff: noqa: S608 — the statements are put together from fixed parts; values travel as parameters.
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.change import Change
from kam_desktop.domain.text import company_key, fold, phone_digits
from kam_desktop.protocol.codec import to_json
from kam_desktop.store.tables import cache_account_key

TAX_CODE, NAME, PHONE, EMAIL = "tax_code", "name", "phone", "email"
MOST = 20
"""A key of more accounts, as the switchboard of a group of firms, tells nothing."""

_FIELDS = frozenset({"name", "tax_code", "phone", "email", "archived"})
_LEAST = {NAME: 3}
_LEAST_ELSE = 6

_IDS = "(select value from json_each(?))"
_INSERT = "insert into cache_account_key (account, kind, key) values (?, ?, ?)"
_DELETE = "delete from cache_account_key where account = ? and kind = ?"
_KNOWN = f"select account, kind, key from cache_account_key where account in {_IDS}"
_MANY = (
    "select w.kind, w.key, (select count(*) from (select 1 from cache_account_key k "
    "where k.kind = w.kind and k.key = w.key limit ?)) "
    "from (select value ->> 0 as kind, value ->> 1 as key from json_each(?)) w"
)
_SHARE = "insert or ignore into cache_shared_key (kind, key) values (?, ?)"
_UNSHARE = "delete from cache_shared_key where kind = ? and key = ?"
_ALL_SHARED = "select kind, key from cache_account_key group by kind, key having count(*) between 2 and :most"

Key = tuple[str, str]
"""Kind and key."""


def keys_of(row: Mapping[str, Any]) -> set[Key]:
    """By what an account is known, from its fields; an archived one by nothing, what is too short tells nothing."""
    return _keys(row["archived"], row["tax_code"], row["name"], row["phone"], row["email"])


def _keys(archived: int, tax_code: str, name: str, phone: str, email: str) -> set[Key]:
    if archived:
        return set()
    found = (
        (TAX_CODE, (tax_code or "").strip()),
        (NAME, company_key(name or "")),
        (PHONE, phone_digits(phone or "")),
        (EMAIL, fold((email or "").strip())),
    )
    return {(kind, key) for kind, key in found if len(key) >= _LEAST.get(kind, _LEAST_ELSE)}


def refresh(connection: sa.Connection, changes: Sequence[Change]) -> None:
    """Keeps the keys of the accounts that were changed; the cost grows with them and not with the data."""
    ids = sorted({each.record for each in changes if each.entity == "account" and {*each.old, *each.new} & _FIELDS})
    if ids:
        refresh_accounts(connection, ids)


def refresh_accounts(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Keeps the keys of these accounts."""
    run, told = connection.exec_driver_sql, (to_json(list(ids)),)
    before = {(row[0], row[1], row[2]) for row in run(_KNOWN, told).all()}
    after = {(row[0], *key) for row in run(f"{_WHOLE} where id in {_IDS}", told).all() for key in _keys(*row[1:])}
    gone = [(account, kind) for account, kind, _ in sorted(before - after)]
    made = sorted(after - before)
    if gone:
        run(_DELETE, gone)
    if made:
        run(_INSERT, made)
    shared: list[Key] = []
    alone: list[Key] = []
    concerned = to_json(sorted({(kind, key) for _, kind, key in before ^ after}))
    for kind, key, count in run(_MANY, (MOST + 1, concerned)).all():
        (shared if 2 <= count <= MOST else alone).append((kind, key))
    for statement, values in ((_SHARE, shared), (_UNSHARE, alone)):
        if values:
            run(statement, values)


_WHOLE = "select id, archived, tax_code, name, phone, email from account"


def _whole(driver: Any) -> Iterator[tuple[str, str, str]]:
    for row in driver.execute(_WHOLE):
        for kind, key in _keys(*row[1:]):
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
