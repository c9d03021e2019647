"""What is free of receipts and credit notes: one statement for any day, and its cache by all facts."""

# ruff: noqa: S608 — the statements are put together from fixed parts; values travel as parameters.
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from kam_desktop.store import counting
from kam_desktop.store.counting import STOPPED
from kam_desktop.store.tables import cache_credit

ALL_FACTS = "~"
"""A day behind every day: everything counts, whatever its date."""
_CHUNK = 5000

# What is laid from one credit `k` (cross join: one allocation after the other, by their indexes).
_LAID = f"""coalesce((
  select sum(a.amount)
  from allocation a cross join instalment i on i.id = a.instalment cross join invoice v on v.id = i.invoice
  where a.{{column}} = k.id and a.reverses is null and a.allocated_on <= :day
    and v.currency = k.currency and v.issued_on <= :day and not {STOPPED.format(id="v.id")}
    and not exists (select 1 from allocation b where b.reverses = a.id and b.allocated_on <= :day)), 0)"""

# The definition is `figures.ageing.positions`: its credits and what it calls reported.
OF_DAY = f"""
with wanted as (select value as id from json_each(:credits)),
receipts as materialized (
  select r.id, coalesce(r.account, '') as account, r.currency, r.received_on as dated_on,
         coalesce(r.amount, 0) as amount, {counting.STATUS.format(id="r.id", on="r.received_on")} as status
  from receipt r where r.id in (select id from wanted) and r.received_on <= :day),
credits as (
  select k.id, k.account, k.currency, k.dated_on, 'receipt' as kind, k.status,
         k.amount - case when k.status = 'reported' then 0 else {_LAID.format(column="receipt")} end as free
  from receipts k where k.status <> 'rejected'
  union all
  select k.id, coalesce(k.account, ''), k.currency, k.issued_on, 'credit_note', 'confirmed',
         coalesce(k.total, 0) - {_LAID.format(column="credit_note")}
  from credit_note k
  where k.id in (select id from wanted) and k.issued_on <= :day and not {STOPPED.format(id="k.id")})
select id, account, currency, dated_on, kind, status, free from credits where free <> 0
"""
_INSERT = sa.text("insert into cache_credit (id, account, currency, dated_on, kind, status, free) " + OF_DAY)
_EVERY = sa.text("select id from receipt union all select id from credit_note")


def refresh(connection: sa.Connection, credits: Iterable[str]) -> None:
    """Computes these credits anew; a credit that is used up, rejected or replaced is not in the cache."""
    gone = sa.text("delete from cache_credit where id in (select value from json_each(:credits))")
    for part in _chunks(sorted(credits)):
        connection.execute(gone, {"credits": part})
        connection.execute(_INSERT, {"credits": part, "day": ALL_FACTS})


def rebuild(connection: sa.Connection) -> None:
    """The whole cache anew, from the facts."""
    connection.execute(sa.text("delete from cache_credit"))
    for part in _chunks(list(connection.execute(_EVERY).scalars())):
        connection.execute(_INSERT, {"credits": part, "day": ALL_FACTS})


def differences(connection: sa.Connection) -> int:
    """How many cached rows differ from the facts, or are missing, or too many."""
    fresh: set[tuple[object, ...]] = set()
    for part in _chunks(list(connection.execute(_EVERY).scalars())):
        fresh.update(tuple(row) for row in connection.execute(sa.text(OF_DAY), {"credits": part, "day": ALL_FACTS}))
    cached = {tuple(row) for row in connection.execute(sa.select(cache_credit))}
    return len({row[0] for row in fresh ^ cached})


def _chunks(ids: list[str]) -> Iterator[str]:
    return (json.dumps(ids[start : start + _CHUNK]) for start in range(0, len(ids), _CHUNK))
