"""Receipts and credit notes laid against nothing, and receipts that nobody confirmed yet; SQL twins."""

# ruff: noqa: S608 — the statements are put together from fixed parts; values travel as parameters.
from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from kam_desktop.store import counting, credit_cache
from kam_desktop.store.counting import STOPPED
from kam_desktop.store.reader import Reader

# Allocations that do not count at the end of the day (the opposite of counting.LIVE, receipts' status aside).
# `cross join` and the plus make SQLite begin with the few documents that each kind is about.
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


_FEW_LATER = 300
_MANY_LATER = 8_000
"""Documents later than a day, from which on it is long past."""
_MANY = 20_000
"""Credits that later facts concern: beyond that two tables read from end to end are faster than looking each up."""

# Credits whose cached state (all facts, whatever their date) may differ from the one at the end of the day.
_LATER = """
select id from receipt where currency = :currency and received_on > :day
union select id from credit_note where currency = :currency and issued_on > :day
union select replaces from invoice where replaces is not null and issued_on > :day
union select coalesce(receipt, credit_note) from allocation where allocated_on > :day
union select coalesce(a.receipt, a.credit_note) from allocation b cross join allocation a on a.id = b.reverses
  where b.allocated_on > :day
union select coalesce(a.receipt, a.credit_note) from invoice v cross join instalment i on i.invoice = v.id
  cross join allocation a on a.instalment = i.id where v.currency = :currency and v.issued_on > :day
union select coalesce(a.receipt, a.credit_note) from invoice s cross join instalment i on i.invoice = s.replaces
  cross join allocation a on a.instalment = i.id where s.replaces is not null and s.issued_on > :day
"""
_ACCOUNTS = "account in (select value from json_each(:accounts))"
# The plus keeps SQLite off the index by currency and date, in which it would read every receipt.
_EVERY_OF = f"""
select id from receipt where +currency = :currency and account is not null and {_ACCOUNTS}
union select id from credit_note where +currency = :currency and account is not null and {_ACCOUNTS}
"""
_OF_NOBODY = "union select id from receipt where currency = :currency and account is null"


def free_credits(reader: Reader, as_of: date, currency: str) -> dict[str, int]:
    """What of receipts and credit notes is laid against nothing, by account; "" is the unknown payer."""
    return free_and_reported(reader, as_of, currency)[0]


def free_credit(reader: Reader, as_of: date, currency: str, account: str) -> int:
    """What of one account's receipts and credit notes is laid against nothing at the end of the day."""
    return free_and_reported(reader, as_of, currency, [account])[0].get(account, 0)


def reported(reader: Reader, as_of: date, currency: str) -> dict[str, int]:
    """Receipts dated up to the day that nobody confirmed yet, by account: beside the balance, never in it."""
    return free_and_reported(reader, as_of, currency)[1]


def free_and_reported(
    reader: Reader, as_of: date, currency: str, accounts: Sequence[str] | None = None
) -> tuple[dict[str, int], dict[str, int]]:
    """(free credits, reported receipts) by account; of these accounts only, or of all.

    From the cache; what later facts concern is computed for the day.
    """
    values = {"day": as_of.isoformat(), "currency": currency, "accounts": json.dumps(list(accounts or ()))}
    wanted = "" if accounts is None else f" and {_ACCOUNTS}"
    past = long_past(reader, as_of, currency, of_few=accounts is not None)
    later = [] if past else [row[0] for row in reader.sql(_LATER, values)]
    found: dict[str, dict[str, int]] = {"confirmed": {}, "reported": {}}
    if not past and len(later) <= _MANY:
        cached = "select account, status, sum({sign}free) from cache_credit where currency = :currency"
        statements = [cached.format(sign="") + wanted + " group by 1, 2"]
        if later:
            of_later = " and id in (select value from json_each(:credits)) group by 1, 2"
            statements.append(cached.format(sign="-") + wanted.replace("account in", "+account in") + of_later)
    elif accounts is None:
        return _whole(reader, values)
    else:
        every = _EVERY_OF + (_OF_NOBODY if "" in accounts else "")
        later, statements = [row[0] for row in reader.sql(every, values)], []
    values["credits"] = json.dumps(later)
    if later:
        exact = "select account, status, sum(free) from ({rows}) where currency = :currency{wanted} group by 1, 2"
        statements.append(exact.format(rows=credit_cache.OF_DAY, wanted=wanted))
    for statement in statements:
        for account, status, amount in reader.sql(statement, values):
            found[status][account] = found[status].get(account, 0) + amount
    free, reported = ({key: amount for key, amount in each.items() if amount} for each in found.values())
    return free, reported


def maybe_free(reader: Reader, as_of: date, currency: str) -> list[str] | None:
    """Receipts and credit notes of which something may be laid nowhere at the end of the day; None for "ask all".

    Those of which something is free by the cache, those laid against what does not count any more, and those that
    later facts concern.
    """
    values = {"day": as_of.isoformat(), "currency": currency}
    if long_past(reader, as_of, currency):
        return None
    later = reader.sql(_LATER + _OVERLAID, values)
    if len(later) > _MANY:
        return None
    cached = reader.sql("select id from cache_credit where currency = :currency", values)
    return sorted({row[0] for row in (*later, *cached)})


# Laid against an invoice that was replaced: by the cache it is laid nowhere, or laid once more.
_OVERLAID = """
union select coalesce(a.receipt, a.credit_note) from invoice s cross join instalment i on i.invoice = s.replaces
  cross join allocation a on a.instalment = i.id where s.replaces is not null and s.replaces <> s.id
"""


def long_past(reader: Reader, as_of: date, currency: str, *, of_few: bool = False) -> bool:
    """Whether so many documents are later than the day that reading all of them is faster than looking each up.

    Args:
        of_few: of a few accounts is asked, which is faster answered out of all that they have.
    """
    many = min(_FEW_LATER, _MANY_LATER) if of_few else _MANY_LATER
    values = {"day": as_of.isoformat(), "currency": currency, "many": many}
    later = "select count(*) from (select 1 from {} where currency = :currency and {} > :day limit :many)"
    tables = (("invoice", "issued_on"), ("receipt", "received_on"))
    return any(reader.sql(later.format(*each), values)[0][0] >= many for each in tables)


def _whole(reader: Reader, values: dict[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """The same out of all facts: for a day that is long past."""
    rows = _reported(reader, values)
    reported: dict[str, int] = {}
    for _, account, amount in rows:
        reported[account] = reported.get(account, 0) + amount
    foreign = reader.sql("select count(*) from invoice where currency <> :currency", values)[0][0]
    if foreign > _FEW:
        return _looked_up(reader, values), reported
    return _joined(reader, values, {row[0] for row in rows}), reported


def _joined(reader: Reader, values: dict[str, Any], undecided: set[str]) -> dict[str, int]:
    """Two tables read from end to end and joined here: looking every receipt up is twenty times slower.

    The receipts that do not count are found once, not asked for row by row.
    """
    dead = {row[0] for row in reader.sql(_DEAD, values)}
    payer: dict[str, str] = {}
    found: dict[str, int] = {}
    uncounted = undecided | {row[0] for row in reader.sql(counting.REJECTED)}
    for statement in (
        "select id, coalesce(account, ''), amount from receipt not indexed "
        "where currency = :currency and received_on <= :day",
        "select id, account, total from credit_note c "
        f"where currency = :currency and issued_on <= :day and not {STOPPED.format(id='c.id')}",
    ):
        for credit, account, amount in reader.each(statement, values):
            if credit not in uncounted:
                payer[credit] = account
                found[account] = found.get(account, 0) + amount
    for identity, credit, amount in reader.each(
        "select id, coalesce(receipt, credit_note), amount from allocation not indexed where reverses is null"
    ):
        if credit in payer and identity not in dead:
            found[payer[credit]] -= amount
    return {account: amount for account, amount in found.items() if amount}


def _reported(reader: Reader, values: dict[str, Any]) -> list[tuple[str, str, int]]:
    """(id, account, amount) of each receipt that is only reported: no decision, dated when decisions were due."""
    begins = reader.sql(f"select {counting.BEGINS}")[0][0]
    if begins > values["day"]:
        return []
    decided = {row[0] for row in reader.each("select receipt from receipt_decision where receipt is not null")}
    statement = (
        "select id, coalesce(account, ''), amount from receipt "
        "where currency = :currency and received_on between :begins and :day"
    )
    rows = reader.each(statement, {**values, "begins": begins})
    return [(row[0], row[1], row[2]) for row in rows if row[0] not in decided]


def _looked_up(reader: Reader, values: dict[str, Any]) -> dict[str, int]:
    """The same where most invoices are in other currencies."""
    receipts = (
        "select coalesce(account, ''), sum(amount) from receipt where currency = :currency and received_on <= :day "
        f"and id not in ({counting.UNCOUNTED}) group by 1"
    )
    credit_notes = (
        "select account, sum(total) from credit_note c where currency = :currency and issued_on <= :day "
        f"and not {STOPPED.format(id='c.id')} group by 1"
    )
    laid = f"select payer, sum(amount) from ({counting.LIVE_OF_ALL}) where currency = :currency group by 1"
    found: dict[str, int] = {}
    for sign, statement in ((1, receipts), (1, credit_notes), (-1, laid)):
        for account, amount in reader.sql(statement, values):
            found[account] = found.get(account, 0) + sign * amount
    return {account: amount for account, amount in found.items() if amount}


def collected(reader: Reader, from_on: date, to_on: date, currency: str) -> tuple[int, int]:
    """Sum and number of the confirmed receipts of a period, both days included."""
    row = reader.sql(
        "select sum(amount), count(*) from receipt where currency = :currency and received_on between :from and :to "
        f"and id not in ({counting.UNCOUNTED})",
        {"currency": currency, "from": from_on.isoformat(), "to": to_on.isoformat()},
    )[0]
    return row[0] or 0, row[1]
