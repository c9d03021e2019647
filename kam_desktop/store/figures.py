"""SQL twins of the figures for big data; a property test holds each equal to the pure figure."""

# ruff: noqa: S608 — the statements are put together from fixed parts of this file; values travel as parameters.
from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kam_desktop.store.reader import Reader

_CHUNK = 5000

# What stopped counting by the day: some invoice of that day or before takes its place (figures.ageing).
_STOPPED = "exists (select 1 from invoice s where s.replaces = {id} and s.id <> {id} and s.issued_on <= :day)"

# Allocations that count at the end of the day: from their own date, while both sides count, until reversed.
_LIVE = f"""
select a.instalment as instalment, a.amount as amount,
       case when coalesce(a.receipt, '') <> '' then coalesce(r.account, '') else c.account end as payer,
       v.currency as currency
from allocation a
join instalment i on i.id = a.instalment
join invoice v on v.id = i.invoice
left join receipt r on r.id = a.receipt
left join credit_note c on c.id = a.credit_note
where coalesce(a.reverses, '') = '' and a.allocated_on <= :day
  and v.issued_on <= :day and not {_STOPPED.format(id="v.id")}
  and coalesce(r.received_on, c.issued_on) <= :day and coalesce(r.currency, c.currency) = v.currency
  and (c.id is null or not {_STOPPED.format(id="c.id")})
  and not exists (select 1 from allocation b where b.reverses = a.id and b.allocated_on <= :day)
"""

# The definition is figures.ageing.positions; an opening settlement settles the instalments in their order.
_EXACT = f"""
with wanted as (select value as id from json_each(:invoices)),
counted as (
  select v.id, v.account, v.currency, v.issued_on from invoice v
  where v.id in (select id from wanted) and v.issued_on <= :day and not {_STOPPED.format(id="v.id")}),
lines as (
  select i.id, i.invoice, i.due_on, i.amount,
         sum(i.amount) over (partition by i.invoice order by i.place, i.id) - i.amount as before
  from instalment i where i.invoice in (select id from counted)),
settled as (
  select invoice, sum(amount) as amount from opening_settlement
  where invoice in (select id from counted) group by invoice),
laid as (
  select instalment, sum(amount) as amount from ({_LIVE} and a.instalment in (select id from lines))
  group by instalment)
select l.id as id, l.invoice as invoice, v.account as account, v.currency as currency,
       coalesce(nullif(l.due_on, ''),
                date(v.issued_on, '+' || coalesce(c.payment_days, f.default_payment_days, 30) || ' days')) as due_on,
       case when coalesce(l.due_on, '') = '' and c.payment_days is null then 1 else 0 end as on_default_term,
       l.amount - coalesce(x.amount, 0) - max(0, min(l.amount, coalesce(s.amount, 0) - l.before)) as open
from lines l
join counted v on v.id = l.invoice
left join account c on c.id = v.account
left join (select min(default_payment_days) as default_payment_days from firm) f
left join laid x on x.instalment = l.id
left join settled s on s.invoice = l.invoice
"""

# Invoices whose cached open amount (all facts, whatever their date) may differ from the one at the end of the day.
_MOVED = """
select id from invoice where currency = :currency and issued_on > :day
union select replaces from invoice where replaces <> '' and issued_on > :day
union select i.invoice from allocation a join instalment i on i.id = a.instalment where a.allocated_on > :day
union select i.invoice from receipt r join allocation a on a.receipt = r.id join instalment i on i.id = a.instalment
  where r.currency = :currency and r.received_on > :day
union select i.invoice from credit_note c join allocation a on a.credit_note = c.id
  join instalment i on i.id = a.instalment where c.currency = :currency and c.issued_on > :day
union select i.invoice from invoice p join allocation a on a.credit_note = p.replaces
  join instalment i on i.id = a.instalment where p.replaces <> '' and p.issued_on > :day
"""

# Allocations that do not count at the end of the day (the opposite of _LIVE). `cross join` and the plus make SQLite
# begin with the few documents that each kind is about.
_DEAD = """
select id from allocation where allocated_on > :day
union select reverses from allocation where reverses is not null and +allocated_on <= :day
union select a.id from invoice v cross join instalment i on i.invoice = v.id
  cross join allocation a on a.instalment = i.id where v.currency = :currency and v.issued_on > :day
union select a.id from invoice v cross join instalment i on i.invoice = v.id
  cross join allocation a on a.instalment = i.id where v.currency <> :currency
union select a.id from invoice s cross join instalment i on i.invoice = s.replaces
  cross join allocation a on a.instalment = i.id
  where s.replaces is not null and s.replaces <> s.id and s.issued_on <= :day
"""
_FEW = 20_000
"""Invoices in other currencies, as far as looking each of them up costs little."""


@dataclass(frozen=True, slots=True)
class OpenInstalment:
    """An instalment with something open at the end of a day, in minor units; due_on is the effective date."""

    id: str
    invoice: str
    account: str
    currency: str
    due_on: date
    on_default_term: bool
    open: int


@dataclass(slots=True)
class AgeingSums:
    """One account's sums in one currency: overdue by bucket, and how many instalments make them up."""

    not_due: int
    overdue: list[int]
    unallocated: int = 0
    open_items: int = 0
    on_default_term: int = 0

    @property
    def balance(self) -> int:
        """not due + Σ buckets − unallocated."""
        return self.not_due + sum(self.overdue) - self.unallocated


def moved_invoices(reader: Reader, as_of: date, currency: str) -> list[str]:
    """Ids of invoices that facts dated after the day concern; none on an ordinary today."""
    return [row[0] for row in reader.sql(_MOVED, {"day": as_of.isoformat(), "currency": currency})]


def ageing(reader: Reader, as_of: date, currency: str, edges: Sequence[int]) -> dict[str, AgeingSums]:
    """Every account with open instalments or free credits, at the end of the day (twin of figures.ageing)."""
    found: dict[str, AgeingSums] = {}
    moved = moved_invoices(reader, as_of, currency)
    cached = (
        "select account, {bucket} as bucket, sum(open), count(*), sum(on_default_term) from cache_instalment "
        "where currency = :currency and open <> 0 group by 1, 2"
    )
    values: dict[str, Any] = {"day": as_of.isoformat(), "currency": currency}
    for row in reader.sql(cached.format(bucket=_bucket_sql(edges)), values):
        _add(found, row[0], row[1], row[2], row[3], row[4] or 0, len(edges) + 1)
    if moved:
        for sign, items in ((-1, _cached(reader, moved)), (1, _exact(reader, moved, as_of))):
            for item in items:
                if item.currency == currency and item.open:
                    place = _bucket(item.due_on, as_of, edges)
                    default = sign * item.on_default_term
                    _add(found, item.account, place, sign * item.open, sign, default, len(edges) + 1)
    for account, amount in free_credits(reader, as_of, currency).items():
        _row(found, account, len(edges) + 1).unallocated += amount
    return {
        account: row
        for account, row in found.items()
        if row.open_items or row.unallocated or row.not_due or any(row.overdue)
    }


def open_instalments(
    reader: Reader,
    as_of: date,
    currency: str,
    *,
    accounts: Sequence[str] | None = None,
    due_from: date | None = None,
    due_to: date | None = None,
) -> list[OpenInstalment]:
    """Instalments with something open at the end of the day, earliest due first; ties by invoice and id."""
    values: dict[str, Any] = {"currency": currency}
    where = "currency = :currency and open <> 0"
    if accounts is not None:
        values["accounts"] = json.dumps(list(accounts))
        where = "+currency = :currency and +open <> 0"
        where += " and account in (select value from json_each(:accounts))"
    if due_from is not None:
        values["due_from"] = due_from.isoformat()
        where += " and due_on >= :due_from"
    if due_to is not None:
        values["due_to"] = due_to.isoformat()
        where += " and due_on <= :due_to"
    moved = moved_invoices(reader, as_of, currency)
    rows = reader.sql(_CACHED + " where " + where, values)
    gone = set(moved)
    found = [_item(row) for row in rows if row[1] not in gone]
    wanted = None if accounts is None else frozenset(accounts)
    for item in _exact(reader, moved, as_of) if moved else ():
        if (
            item.open
            and item.currency == currency
            and (wanted is None or item.account in wanted)
            and (due_from is None or item.due_on >= due_from)
            and (due_to is None or item.due_on <= due_to)
        ):
            found.append(item)
    found.sort(key=lambda item: (item.due_on, item.invoice, item.id))
    return found


def instalments(reader: Reader, as_of: date, ids: Sequence[str]) -> dict[str, OpenInstalment]:
    """The state of these instalments at the end of the day, by id; paid ones too, those not yet issued not."""
    statement = "select distinct invoice from instalment where id in (select value from json_each(:ids))"
    invoices = [row[0] for row in reader.sql(statement, {"ids": json.dumps(list(ids))})]
    wanted = set(ids)
    return {item.id: item for item in _exact(reader, invoices, as_of) if item.id in wanted}


def cached(reader: Reader, ids: Sequence[str]) -> dict[str, OpenInstalment]:
    """The state of these instalments by all facts known, whatever their date: what may still be laid against them."""
    statement = _CACHED + " where id in (select value from json_each(:ids))"
    return {row[0]: _item(row) for row in reader.sql(statement, {"ids": json.dumps(list(ids))})}


def taken_from(reader: Reader, credit: str) -> int:
    """What was laid against instalments from one receipt or credit note, less what was taken back."""
    statement = (
        "select sum(case when coalesce(reverses, '') = '' then amount else -amount end) from allocation "
        "where {column} = :id and {column} <> ''"
    )
    both = (reader.sql(statement.format(column=name), {"id": credit}) for name in ("receipt", "credit_note"))
    return sum(rows[0][0] or 0 for rows in both)


def free_credits(reader: Reader, as_of: date, currency: str) -> dict[str, int]:
    """What of receipts and credit notes is laid against nothing, by account; "" is the unknown payer.

    Two tables are read from end to end and joined here: looking every allocation's receipt up is twenty times slower.
    """
    values = {"day": as_of.isoformat(), "currency": currency}
    foreign = reader.sql("select count(*) from invoice where currency <> :currency", values)[0][0]
    if foreign > _FEW:
        return _free_credits_looked_up(reader, values)
    dead = {row[0] for row in reader.sql(_DEAD, values)}
    payer: dict[str, str] = {}
    found: dict[str, int] = {}
    for statement in (
        "select id, coalesce(account, ''), amount from receipt not indexed "
        "where currency = :currency and received_on <= :day",
        "select id, account, total from credit_note c "
        f"where currency = :currency and issued_on <= :day and not {_STOPPED.format(id='c.id')}",
    ):
        for credit, account, amount in reader.each(statement, values):
            payer[credit] = account
            found[account] = found.get(account, 0) + amount
    for identity, credit, amount in reader.each(
        "select id, coalesce(receipt, credit_note), amount from allocation not indexed where reverses is null"
    ):
        if credit in payer and identity not in dead:
            found[payer[credit]] -= amount
    return {account: amount for account, amount in found.items() if amount}


def _free_credits_looked_up(reader: Reader, values: dict[str, Any]) -> dict[str, int]:
    """The same where most invoices are in other currencies."""
    receipts = "select coalesce(account, ''), sum(amount) from receipt where currency = :currency"
    credit_notes = "select account, sum(total) from credit_note c where currency = :currency and issued_on <= :day"
    found: dict[str, int] = {}
    for sign, statement in (
        (1, f"{receipts} and received_on <= :day group by 1"),
        (1, f"{credit_notes} and not {_STOPPED.format(id='c.id')} group by 1"),
        (-1, f"select payer, sum(amount) from ({_LIVE}) where currency = :currency group by 1"),
    ):
        for account, amount in reader.sql(statement, values):
            found[account] = found.get(account, 0) + sign * amount
    return {account: amount for account, amount in found.items() if amount}


def free_credit(reader: Reader, as_of: date, currency: str, account: str) -> int:
    """What of one account's receipts and credit notes is laid against nothing at the end of the day."""
    values = {"day": as_of.isoformat(), "currency": currency, "account": account}
    own = "account = :account and account <> '' and +currency = :currency"
    found = 0
    for statement in (
        f"select id, amount from receipt where {own} and +received_on <= :day",
        f"select id, total from credit_note c where {own} and +issued_on <= :day and not {_STOPPED.format(id='c.id')}",
    ):
        credits = reader.sql(statement, values)
        ids = json.dumps([row[0] for row in credits])
        for column in ("receipt", "credit_note"):
            live = f"{_LIVE} and a.{column} <> '' and a.{column} in (select value from json_each(:ids))"
            taken = reader.sql(f"select sum(amount) from ({live})", {"day": values["day"], "ids": ids})
            found -= taken[0][0] or 0
        found += sum(row[1] for row in credits)
    return found


def revenue(
    reader: Reader, from_on: date, to_on: date, currency: str, accounts: Sequence[str] | None = None
) -> dict[str, int]:
    """Invoiced net less credit notes by account, documents dated in the period, replaced ones left out.

    A replacement dated after the period does not count yet (features.md 2, Adjustment and replacement).
    """
    values = {"from": from_on.isoformat(), "day": to_on.isoformat(), "currency": currency}
    dated = "currency = :currency and issued_on between :from and :day"
    if accounts is not None:
        values["accounts"] = json.dumps(list(accounts))
        # The plus keeps SQLite off the index by date; "<> ''" is the condition of the partial index by account.
        dated = "+currency = :currency and +issued_on between :from and :day and account <> ''"
        dated += " and account in (select value from json_each(:accounts))"
    # The few replaced ones are looked up by id: the plus keeps SQLite from reading the whole period for them.
    of_replaced = "+currency = :currency and +issued_on between :from and :day"
    if accounts is not None:
        of_replaced += " and +account in (select value from json_each(:accounts))"
    found: dict[str, int] = {}
    for sign, statement in (
        # added up here: SQLite would first sort a hundred thousand rows to group them
        (1, f"select account, coalesce(net, 0) from invoice where {dated}"),
        (
            -1,
            f"select account, coalesce(net, 0) from invoice v where {of_replaced} and v.id in "
            "(select replaces from invoice where replaces <> '' and replaces <> id and issued_on <= :day)",
        ),
        (
            -1,
            f"select account, coalesce(net, 0) from credit_note c where {dated} and not {_STOPPED.format(id='c.id')}",
        ),
    ):
        for account, amount in reader.each(statement, values):
            found[account] = found.get(account, 0) + sign * amount
    return found


def overdue(
    reader: Reader, as_of: date, currency: str, accounts: Sequence[str] | None = None
) -> dict[str, tuple[int, date]]:
    """What is overdue by account and the earliest due date of it, by the cache: all facts known, as of this day."""
    values: dict[str, Any] = {"day": as_of.isoformat(), "currency": currency}
    where = "currency = :currency and open <> 0 and due_on < :day"
    if accounts is not None:
        values["accounts"] = json.dumps(list(accounts))
        where = "+currency = :currency and +open <> 0 and +due_on < :day"
        where += " and account in (select value from json_each(:accounts))"
    rows = reader.sql(f"select account, sum(open), min(due_on) from cache_instalment where {where} group by 1", values)
    return {row[0]: (row[1], date.fromisoformat(row[2])) for row in rows}


def currencies_of(reader: Reader, account: str) -> list[str]:
    """Every currency of one account's documents."""
    statement = " union ".join(
        f"select currency from {name} where account = :account and account <> ''"
        for name in ("invoice", "receipt", "credit_note")
    )
    return sorted(row[0] for row in reader.sql(statement, {"account": account}))


def currencies(reader: Reader) -> list[str]:
    """Every currency of an invoice, receipt or credit note."""
    statement = "select currency from invoice union select currency from receipt union select currency from credit_note"
    return sorted(row[0] for row in reader.sql(statement))


_CACHED = "select id, invoice, account, currency, due_on, on_default_term, open from cache_instalment"


def _cached(reader: Reader, invoices: Sequence[str]) -> list[OpenInstalment]:
    statement = _CACHED + " where invoice in (select value from json_each(:invoices))"
    return [item for part in _chunks(invoices) for item in map(_item, reader.sql(statement, {"invoices": part}))]


def _exact(reader: Reader, invoices: Sequence[str], as_of: date) -> list[OpenInstalment]:
    day = as_of.isoformat()
    rows = (reader.sql(_EXACT, {"invoices": part, "day": day}) for part in _chunks(invoices))
    return [_item(row) for part in rows for row in part]


def _chunks(ids: Sequence[str]) -> Iterable[str]:
    return (json.dumps(ids[start : start + _CHUNK]) for start in range(0, len(ids), _CHUNK))


def _item(row: Sequence[Any]) -> OpenInstalment:
    return OpenInstalment(row[0], row[1], row[2], row[3], date.fromisoformat(row[4]), bool(row[5]), row[6])


def _bucket_sql(edges: Sequence[int]) -> str:
    """An expression for the place of a due date: −1 not due, then the buckets that end at these days overdue."""
    cases = "".join(f" when due_on >= date(:day, '-{int(edge)} days') then {place}" for place, edge in enumerate(edges))
    return f"case when due_on >= :day then -1{cases} else {len(edges)} end"


def _bucket(due_on: date, as_of: date, edges: Sequence[int]) -> int:
    days = (as_of - due_on).days
    if days <= 0:
        return -1
    return next((place for place, edge in enumerate(edges) if days <= edge), len(edges))


def _row(found: dict[str, AgeingSums], account: str, buckets: int) -> AgeingSums:
    row = found.get(account)
    if row is None:
        row = found[account] = AgeingSums(0, [0] * buckets)
    return row


def _add(
    found: dict[str, AgeingSums], account: str, place: int, amount: int, items: int, default: int, buckets: int
) -> None:
    row = _row(found, account, buckets)
    if place < 0:
        row.not_due += amount
    else:
        row.overdue[place] += amount
    row.open_items += items
    row.on_default_term += default
