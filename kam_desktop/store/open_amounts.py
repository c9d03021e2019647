"""The cache of open amounts and due dates of instalments, kept in the transaction of every change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from kam_desktop.domain.change import Action, Change
from kam_desktop.store.tables import cache_instalment

_CHUNK = 500
_OF_INSTALMENTS = "select invoice from instalment where id in (select value from json_each(:ids))"
_OF_CREDITS = (
    "select i.invoice from allocation a join instalment i on i.id = a.instalment "
    "where a.credit_note in (select value from json_each(:ids))"
)
_OF_ACCOUNTS = "select id from invoice where account in (select value from json_each(:ids))"

# The definition is `figures.ageing.open_amounts` over all facts; a property test holds the two equal, and
# `doctor --deep` compares the cache with this statement.
# An opening settlement settles the instalments of its invoice in their order.
_SELECT = """
with wanted as (select value as id from json_each(:invoices)),
lines as (
  select i.id, i.invoice, i.due_on, i.amount,
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
    and coalesce(r.currency, c.currency) = v.currency
    and not exists (select 1 from invoice p where p.replaces = c.id and p.id <> c.id)
  group by a.instalment)
select l.id as id, l.invoice as invoice, v.account as account, v.currency as currency,
       coalesce(nullif(l.due_on, ''),
                date(v.issued_on, '+' || coalesce(c.payment_days, f.default_payment_days, 30) || ' days')) as due_on,
       case when coalesce(l.due_on, '') = '' and c.payment_days is null then 1 else 0 end as on_default_term,
       case when exists (select 1 from invoice p where p.replaces = l.invoice and p.id <> p.replaces) then 0
            else l.amount - coalesce(x.amount, 0) - max(0, min(l.amount, coalesce(s.amount, 0) - l.before))
       end as open
from lines l
join invoice v on v.id = l.invoice
left join account c on c.id = v.account
left join (select min(default_payment_days) as default_payment_days from firm) f
left join allocated x on x.instalment = l.id
left join settled s on s.invoice = l.invoice
"""


def refresh(connection: sa.Connection, changes: Sequence[Change]) -> None:
    """Computes anew what the changes touched; the cost grows with them and not with the data."""
    invoices, whole = _touched(connection, changes)
    if whole:
        rebuild(connection)
        return
    ordered = sorted(invoices)
    for start in range(0, len(ordered), _CHUNK):
        part = json.dumps(ordered[start : start + _CHUNK])
        connection.execute(
            sa.text("delete from cache_instalment where invoice in (select value from json_each(:invoices))"),
            {"invoices": part},
        )
        connection.execute(sa.text("insert into cache_instalment " + _SELECT), {"invoices": part})


def rebuild(connection: sa.Connection) -> None:
    """The whole cache anew, from the facts."""
    connection.execute(sa.text("delete from cache_instalment"))
    ids = [row[0] for row in connection.execute(sa.text("select distinct invoice from instalment order by invoice"))]
    for start in range(0, len(ids), 5000):
        connection.execute(
            sa.text("insert into cache_instalment " + _SELECT), {"invoices": json.dumps(ids[start : start + 5000])}
        )


def differences(connection: sa.Connection) -> int:
    """How many cached rows differ from the facts; 0 in a sound profile."""
    ids = [row[0] for row in connection.execute(sa.text("select distinct invoice from instalment"))]
    fresh = {}
    for start in range(0, len(ids), 5000):
        rows = connection.execute(sa.text(_SELECT), {"invoices": json.dumps(ids[start : start + 5000])})
        fresh.update({row[0]: tuple(row) for row in rows})
    cached = {row[0]: tuple(row) for row in connection.execute(sa.select(cache_instalment))}
    return sum(1 for key in fresh.keys() | cached.keys() if fresh.get(key) != cached.get(key))


def _touched(connection: sa.Connection, changes: Iterable[Change]) -> tuple[set[str], bool]:
    invoices: set[str] = set()
    instalments: set[str] = set()
    accounts: set[str] = set()
    credits: set[str] = set()
    for change in changes:
        values = (change.old, change.new)
        if change.entity == "invoice":
            invoices.add(change.record)
            replaced = {str(each["replaces"]) for each in values if each.get("replaces")}
            invoices |= replaced
            credits |= replaced
        elif change.entity in ("instalment", "opening_settlement"):
            invoices.update(filter(None, (each.get("invoice") for each in values)))
        elif change.entity == "allocation":
            instalments.update(filter(None, (each.get("instalment") for each in values)))
        elif change.entity == "account" and (
            change.action is not Action.UPDATE or "payment_days" in change.new or "payment_days" in change.old
        ):
            accounts.add(change.record)
        elif change.entity == "firm" and any("default_payment_days" in each for each in values):
            return set(), True
    for statement, ids in ((_OF_INSTALMENTS, instalments), (_OF_ACCOUNTS, accounts), (_OF_CREDITS, credits)):
        if ids:
            rows = connection.execute(sa.text(statement), {"ids": json.dumps(sorted(ids))})
            invoices.update(row[0] for row in rows)
    return invoices, False
