"""SQL twins of the figures for big data; a property test holds each equal to the pure figure."""

# ruff: noqa: S608 — the statements are put together from fixed parts of this file; values travel as parameters.
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from sys import intern
from types import MappingProxyType
from typing import Any, TypeVar

from kam_desktop.store import counting, past_day, touched
from kam_desktop.store.ageing_sums import (
    FIRST_BUCKET,
    NOT_DUE,
    ON_DEFAULT_TERM,
    OPEN_ITEMS,
    REPORTED,
    UNALLOCATED,
    WAITING,
    sums_of,
)
from kam_desktop.store.ageing_sums import AgeingSums as AgeingSums
from kam_desktop.store.counting import STOPPED
from kam_desktop.store.free_credits import free_and_reported, long_past
from kam_desktop.store.free_credits import free_credit as free_credit
from kam_desktop.store.free_credits import free_credits as free_credits
from kam_desktop.store.free_credits import reported as reported
from kam_desktop.store.reader import Reader

V = TypeVar("V")

_CHUNK = 5000

# The definition is figures.ageing.positions; an opening settlement settles the instalments in their order.
_EXACT = f"""
with wanted as (select value as id from json_each(:invoices)),
counted as (
  select v.id from invoice v
  where v.id in (select id from wanted) and v.issued_on <= :day and not {STOPPED.format(id="v.id")}),
lines as (
  select i.id, i.invoice, i.due_on, i.steps, i.from_papers, i.amount,
         sum(i.amount) over (partition by i.invoice order by i.place, i.id) - i.amount as before
  from instalment i where i.invoice in (select id from counted)),
settled as (
  select invoice, sum(amount) as amount from opening_settlement
  where invoice in (select id from counted) group by invoice),
laid as (
  select instalment, sum(amount) as amount from ({counting.LIVE} and a.instalment in (select id from lines))
  group by instalment),
{counting.DATED_ON_DAY}
select l.id as id, l.invoice as invoice, l.account as account, l.currency as currency,
       {counting.DUE_ON} as due_on, {counting.ON_DEFAULT_TERM} as on_default_term,
       l.amount - coalesce(x.amount, 0) - max(0, min(l.amount, coalesce(s.amount, 0) - l.before)) as open
from dated l
left join laid x on x.instalment = l.id
left join settled s on s.invoice = l.invoice
"""

# Invoices whose cached state (all facts, whatever their date) may differ from the one at the end of the day.
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
union select invoice from documents_confirmed where confirmed_on > :day
"""


@dataclass(frozen=True, slots=True)
class OpenInstalment:
    """An instalment with something open at the end of a day, in minor units.

    Attributes:
        due_on: the effective date (figures.ageing.due_of); None while it waits for papers, which is not due.
    """

    id: str
    invoice: str
    account: str
    currency: str
    due_on: date | None
    on_default_term: bool
    open: int

    def days_overdue(self, as_of: date) -> int | None:
        """As-of less due date; 0 or less is not due, and None while it waits for papers."""
        return None if self.due_on is None else (as_of - self.due_on).days

    @property
    def order(self) -> tuple[date, str, str]:
        """Earliest due first, waiting for papers last; ties by invoice and id."""
        return self.due_on or date.max, self.invoice, self.id


def moved_invoices(reader: Reader, as_of: date, currency: str) -> list[str]:
    """Ids of invoices that facts dated after the day concern; none on an ordinary today."""
    return [row[0] for row in reader.sql(_MOVED, {"day": as_of.isoformat(), "currency": currency})]


def ageing(reader: Reader, as_of: date, currency: str, edges: Sequence[int]) -> Mapping[str, AgeingSums]:
    """Every account with open instalments, free credits or reported receipts (twin of figures.ageing).

    What was computed last is remembered with the open store: after a change only the accounts that it concerns are
    asked for again (memory.py). An edit in the making computes everything.
    """

    def whole() -> Mapping[str, AgeingSums]:
        return MappingProxyType(_ageing(reader, as_of, currency, edges, None))

    def patched(before: Mapping[str, AgeingSums], accounts: Sequence[str]) -> Mapping[str, AgeingSums]:
        found = without(before, accounts)
        found.update(_ageing(reader, as_of, currency, edges, accounts))
        return MappingProxyType(found)

    key = ("ageing", as_of, currency, tuple(edges))
    return touched.remembered(reader, key, (touched.MONEY,), whole, patched)


def without(before: Mapping[str, V], accounts: Sequence[str]) -> dict[str, V]:
    """A copy without those accounts."""
    found: dict[str, V] = before.copy() if isinstance(before, MappingProxyType | dict) else dict(before)
    for account in accounts:
        found.pop(account, None)
    return found


def _ageing(
    reader: Reader, as_of: date, currency: str, edges: Sequence[int], accounts: Sequence[str] | None
) -> dict[str, AgeingSums]:
    """`ageing` of these accounts, or of all: from the caches, and exactly for what later facts concern."""
    empty = [0] * (FIRST_BUCKET + len(edges) + 1)
    rows: dict[str, list[int]] = {}
    past = accounts is None and long_past(reader, as_of, currency)
    if past:
        counted: list[tuple[int, Iterable[OpenInstalment]]] = [(1, _past(reader, as_of, currency))]
    else:
        moved = _moved(reader, as_of, currency, accounts)
        values: dict[str, Any] = {"currency": currency}
        where = "currency = :currency and open <> 0"
        if accounts is not None:
            values["accounts"] = json.dumps(list(accounts))
            where += " and account in (select value from json_each(:accounts))"
        values.update({f"edge_{place}": _before(as_of, edge) for place, edge in enumerate((0, *edges))})
        # `indexed by`: the index in the order of accounts gives the groups one after the other, with nothing sorted.
        cached = f"select account, {_sums_sql(len(edges))} from cache_instalment indexed by cache_instalment__open "
        rows = {row[0]: list(row[1:]) for row in reader.each(f"{cached} where {where} group by account", values)}
        counted = [(-1, _cached(reader, moved)), (1, exact(reader, moved, as_of))] if moved else []
    for sign, instalments in counted:
        for item in instalments:
            if item.currency == currency and item.open:
                row = rows.setdefault(item.account, empty.copy())
                row[_place(item.days_overdue(as_of), edges)] += sign * item.open
                row[OPEN_ITEMS] += sign
                row[ON_DEFAULT_TERM] += sign * item.on_default_term
    free, reported_only = free_and_reported(reader, as_of, currency, accounts)
    for place, amounts in ((UNALLOCATED, free), (REPORTED, reported_only)):
        for account, amount in amounts.items():
            rows.setdefault(account, empty.copy())[place] += amount
    # several days and lists are remembered side by side: one text of an id for all of them
    return {intern(account): sums_of(row) for account, row in rows.items() if any(row)}


def _moved(reader: Reader, as_of: date, currency: str, accounts: Sequence[str] | None) -> list[str]:
    """The invoices of these accounts, or of all, that are to be computed for the day."""
    if accounts is None:
        return moved_invoices(reader, as_of, currency)
    statement = "select id from invoice where account in (select value from json_each(:accounts)) order by id"
    own = [row[0] for row in reader.sql(statement, {"accounts": json.dumps(list(accounts))})]
    if long_past(reader, as_of, currency, of_few=True):
        return own
    moved = set(moved_invoices(reader, as_of, currency))
    return [each for each in own if each in moved]


def _past(reader: Reader, as_of: date, currency: str) -> Iterator[OpenInstalment]:
    for identity, invoice, account, due_on, on_default_term, rest in past_day.open_rows(reader, as_of, currency):
        yield _item((identity, invoice, account, currency, due_on, on_default_term, rest))


def at_day(reader: Reader, as_of: date, currency: str) -> tuple[frozenset[str] | None, Iterable[OpenInstalment]]:
    """What differs from the cache at the end of a day: (its invoices, their instalments then).

    None instead of the invoices where the day is long past: then the instalments are everything that was open.
    """
    if long_past(reader, as_of, currency):
        return None, _past(reader, as_of, currency)
    moved = moved_invoices(reader, as_of, currency)
    return frozenset(moved), exact(reader, moved, as_of) if moved else ()


def open_instalments(
    reader: Reader,
    as_of: date,
    currency: str,
    *,
    accounts: Sequence[str] | None = None,
    due_from: date | None = None,
    due_to: date | None = None,
) -> list[OpenInstalment]:
    """Instalments with something open at the end of the day, earliest due first; ties by invoice and id.

    One that waits for papers is due later than any day: it comes last, and `due_to` leaves it out.
    """
    values: dict[str, Any] = {"currency": currency}
    where = "currency = :currency and open <> 0"
    if accounts is not None:
        values["accounts"] = json.dumps(list(accounts))
        where = "+currency = :currency and +open <> 0"
        where += " and account in (select value from json_each(:accounts))"
    if due_from is not None:
        values["due_from"] = due_from.isoformat()
        where += " and (due_on >= :due_from or due_on is null)"
    if due_to is not None:
        values["due_to"] = due_to.isoformat()
        where += " and due_on <= :due_to"
    if accounts is None:
        gone, others = at_day(reader, as_of, currency)
    else:
        moved = _moved(reader, as_of, currency, accounts)
        gone, others = frozenset(moved), exact(reader, moved, as_of) if moved else ()
    rows = reader.sql(_CACHED + " where " + where, values) if gone is not None else ()
    found = [_item(row) for row in rows if gone is not None and row[1] not in gone]
    wanted = None if accounts is None else frozenset(accounts)
    for item in others:
        if (
            item.open
            and item.currency == currency
            and (wanted is None or item.account in wanted)
            and (due_from is None or (item.due_on or date.max) >= due_from)
            and (due_to is None or (item.due_on or date.max) <= due_to)
        ):
            found.append(item)
    found.sort(key=lambda item: item.order)
    return found


def instalments(reader: Reader, as_of: date, ids: Sequence[str]) -> dict[str, OpenInstalment]:
    """The state of these instalments at the end of the day, by id; paid ones too, those not yet issued not."""
    statement = "select distinct invoice from instalment where id in (select value from json_each(:ids))"
    invoices = [row[0] for row in reader.sql(statement, {"ids": json.dumps(list(ids))})]
    wanted = set(ids)
    return {item.id: item for item in exact(reader, invoices, as_of) if item.id in wanted}


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
            f"select account, coalesce(net, 0) from credit_note c where {dated} and not {STOPPED.format(id='c.id')}",
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
    return {intern(row[0]): (row[1], date.fromisoformat(row[2])) for row in rows}


def currencies_of(reader: Reader, account: str) -> list[str]:
    """Every currency of one account's documents."""
    statement = " union ".join(
        f"select currency from {name} where account = :account and account <> ''"
        for name in ("invoice", "receipt", "credit_note")
    )
    return sorted(row[0] for row in reader.sql(statement, {"account": account}))


def currencies(reader: Reader) -> list[str]:
    """Every currency of an invoice, receipt or credit note: steps from one to the next in the index of each."""
    found: set[str] = set()
    for name in ("invoice", "receipt", "credit_note"):
        statement = f"select min(currency) from {name} where currency > :last"
        last = reader.sql(f"select min(currency) from {name}")[0][0]
        while last is not None:
            found.add(last)
            last = reader.sql(statement, {"last": last})[0][0]
    return sorted(found)


_CACHED = "select id, invoice, account, currency, due_on, on_default_term, open from cache_instalment"


def _cached(reader: Reader, invoices: Sequence[str]) -> list[OpenInstalment]:
    statement = _CACHED + " where invoice in (select value from json_each(:invoices))"
    return [item for part in _chunks(invoices) for item in map(_item, reader.sql(statement, {"invoices": part}))]


def exact(reader: Reader, invoices: Sequence[str], as_of: date) -> list[OpenInstalment]:
    """The instalments of these invoices as they were at the end of the day, paid ones too; none not yet issued."""
    day = as_of.isoformat()
    rows = (reader.sql(_EXACT, {"invoices": part, "day": day}) for part in _chunks(invoices))
    return [_item(row) for part in rows for row in part]


def _chunks(ids: Sequence[str]) -> Iterable[str]:
    return (json.dumps(ids[start : start + _CHUNK]) for start in range(0, len(ids), _CHUNK))


def _item(row: Sequence[Any]) -> OpenInstalment:
    due_on = None if row[4] is None else date.fromisoformat(row[4])
    return OpenInstalment(row[0], row[1], row[2], row[3], due_on, bool(row[5]), row[6])


def _sums_sql(edges: int) -> str:
    """Expressions for the sums in their places; the buckets end with the due dates :edge_1 and so on."""
    sums = {NOT_DUE: "due_on >= :edge_0", WAITING: "due_on is null"}
    for number in range(edges):
        sums[FIRST_BUCKET + number] = f"due_on < :edge_{number} and due_on >= :edge_{number + 1}"
    sums[FIRST_BUCKET + edges] = f"due_on < :edge_{edges}"
    parts = {place: f"sum(case when {when} then open else 0 end)" for place, when in sums.items()}
    parts |= {UNALLOCATED: "0", REPORTED: "0", OPEN_ITEMS: "count(*)", ON_DEFAULT_TERM: "sum(on_default_term)"}
    return ", ".join(parts[place] for place in sorted(parts))


def _before(as_of: date, days: int) -> str:
    """The day so many days before, as text; before every day where the calendar has none."""
    return (as_of - timedelta(days=days)).isoformat() if days < as_of.toordinal() else ""


def _place(days_overdue: int | None, edges: Sequence[int]) -> int:
    if days_overdue is None:
        return WAITING
    if days_overdue <= 0:
        return NOT_DUE
    return FIRST_BUCKET + next((place for place, edge in enumerate(edges) if days_overdue <= edge), len(edges))
