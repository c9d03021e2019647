"""The cache of open amounts and due dates of instalments, kept in the transaction of every change."""

# ruff: noqa: S608 — the statements are put together from fixed parts; values travel as parameters.
from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from kam_desktop.domain.change import Change
from kam_desktop.store import account_keys, counting, credit_cache, touched
from kam_desktop.store.tables import cache_instalment

_CHUNK = 500

# The definition is `figures.ageing.open_amounts` over all facts; a property test holds the two equal, and
# `doctor --deep` compares the cache with this statement.
# An opening settlement settles the instalments of its invoice in their order.
_SELECT = f"""
with wanted as (select value as id from json_each(:invoices)),
lines as (
  select i.id, i.invoice, i.due_on, i.steps, i.from_papers, i.amount,
         sum(i.amount) over (partition by i.invoice order by i.place, i.id) - i.amount as before
  from instalment i where i.invoice in (select id from wanted)),
settled as (
  select invoice, sum(amount) as amount from opening_settlement
  where invoice in (select id from wanted) group by invoice),
allocated as (
  select a.instalment, sum(a.amount) as amount
  from allocation a
  join instalment i on i.id = a.instalment join invoice v on v.id = i.invoice
  left join receipt r on r.id = a.receipt left join credit_note c on c.id = a.credit_note
  where a.instalment in (select id from lines) and a.reverses is null
    and not exists (select 1 from allocation b where b.reverses = a.id)
    and coalesce(r.currency, c.currency) = v.currency and {counting.CONFIRMED}
    and not exists (select 1 from invoice p where p.replaces = c.id and p.id <> c.id)
  group by a.instalment),
{counting.DATED_BY_ALL}
select l.id as id, l.invoice as invoice, l.account as account, l.currency as currency,
       {counting.DUE_ON} as due_on, {counting.ON_DEFAULT_TERM} as on_default_term,
       case when exists (select 1 from invoice p where p.replaces = l.invoice and p.id <> p.replaces) then 0
            else l.amount - coalesce(x.amount, 0) - max(0, min(l.amount, coalesce(s.amount, 0) - l.before))
       end as open
from dated l
left join allocated x on x.instalment = l.id
left join settled s on s.invoice = l.invoice
"""


def refresh(connection: sa.Connection, changes: Sequence[Change]) -> None:
    """Computes anew what the changes touched, and tells whose it is; the cost grows with them and not with the data."""
    found = touched.concerned(connection, changes)
    ordered = sorted(found.invoices)
    for start in range(0, len(ordered), _CHUNK):
        part = json.dumps(ordered[start : start + _CHUNK])
        connection.execute(
            sa.text("delete from cache_instalment where invoice in (select value from json_each(:invoices))"),
            {"invoices": part},
        )
        connection.execute(sa.text("insert into cache_instalment " + _SELECT), {"invoices": part})
    credit_cache.refresh(connection, found.credits)
    account_keys.refresh(connection, changes)
    touched.tell(connection, found.accounts)
    touched.tell_records(connection, changes)


def rebuild(connection: sa.Connection, *, keys: bool = True) -> None:
    """Every cache anew, from the facts; without `keys` but that of the accounts' keys."""
    connection.execute(sa.text("delete from cache_instalment"))
    ids = [row[0] for row in connection.execute(sa.text("select distinct invoice from instalment order by invoice"))]
    for start in range(0, len(ids), 5000):
        connection.execute(
            sa.text("insert into cache_instalment " + _SELECT), {"invoices": json.dumps(ids[start : start + 5000])}
        )
    credit_cache.rebuild(connection)
    if keys:
        account_keys.rebuild(connection)
    touched.tell(connection, None, None)


def differences(connection: sa.Connection) -> int:
    """How many cached rows, of instalments, credits and accounts' keys, differ from the facts; 0 in a sound profile."""
    ids = [row[0] for row in connection.execute(sa.text("select distinct invoice from instalment"))]
    fresh = {}
    for start in range(0, len(ids), 5000):
        rows = connection.execute(sa.text(_SELECT), {"invoices": json.dumps(ids[start : start + 5000])})
        fresh.update({row[0]: tuple(row) for row in rows})
    cached = {row[0]: tuple(row) for row in connection.execute(sa.select(cache_instalment))}
    wrong = sum(1 for key in fresh.keys() | cached.keys() if fresh.get(key) != cached.get(key))
    return wrong + credit_cache.differences(connection) + account_keys.differences(connection)
