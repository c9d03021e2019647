"""What Today asks for, from the cache of open amounts: fast with a million rows."""

# ruff: noqa: S608 — the statements are put together from fixed parts of this file; values travel as parameters.
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import nsmallest
from sys import intern
from typing import Any

from kam_desktop.domain.entities.proposal import OPEN_STAGES
from kam_desktop.store import figures, touched
from kam_desktop.store.free_credits import collected as collected
from kam_desktop.store.reader import Reader

# The chance, in thousandths, that money this late is lost unless somebody acts today; it rises with age.
_CHANCES = ((30, 20), (60, 50), (90, 100), (180, 200))
_LAST_CHANCE = 400
_DUE_CHANCE = 5


@dataclass(frozen=True, slots=True)
class Due:
    """What one account owes out of a span of due dates, in minor units; invoice is the earliest when count is 1."""

    account: str
    open: int
    count: int
    first_due_on: date
    invoice: str
    weight: float


@dataclass(frozen=True, slots=True)
class DueSums:
    """The accounts that weigh most, and the sums over all of them (count: of accounts)."""

    top: Sequence[Due]
    amount: int
    count: int


@dataclass(frozen=True, slots=True)
class ProposalDue:
    """An open proposal with a day that asks for something; version is the newest that was sent, "" for none."""

    proposal: str
    version: str
    kind: str
    day: date


@dataclass(frozen=True, slots=True)
class ProposalsDue:
    """The most pressing proposals, and how many there are in all."""

    top: Sequence[ProposalDue]
    count: int


_SPAN = (
    "select account, sum(open) as open, count(*) as n, min(due_on) as first, "
    "sum(open * {chance}) / 1000.0 as weight from cache_instalment "
    "where {few}currency = :currency and {few}open <> 0 and {few}due_on >= :from and {few}due_on < :to{among} "
    "group by account"
)
_Span = tuple[int, int, str, float]
"""Of one account: open, how many, the first due date, the weight."""


def overdue(reader: Reader, as_of: date, currency: str, limit: int) -> DueSums:
    """What was due before the day, account by account; the largest expected loss first."""
    cases = "".join(f" when due_on >= date(:to, '-{days} days') then {chance}" for days, chance in _CHANCES)
    statement = _SPAN.replace("{chance}", f"case{cases} else {_LAST_CHANCE} end")
    return _sums(reader, statement, {"from": "", "to": as_of.isoformat(), "currency": currency, "top": limit})


def due(reader: Reader, from_on: date, to_on: date, currency: str, limit: int) -> DueSums:
    """What is due from one day to another, both included, account by account."""
    after = date.fromordinal(to_on.toordinal() + 1).isoformat()
    values = {"from": from_on.isoformat(), "to": after, "currency": currency, "top": limit}
    return _sums(reader, _SPAN.replace("{chance}", str(_DUE_CHANCE)), values)


def _sums(reader: Reader, statement: str, values: dict[str, Any]) -> DueSums:
    whole = statement.replace("{few}", "").replace("{among}", "")
    among = " and account in (select value from json_each(:accounts))"
    of_accounts = statement.replace("{few}", "+").replace("{among}", among)

    def patched(before: Mapping[str, _Span], accounts: Sequence[str]) -> Mapping[str, _Span]:
        found = figures.without(before, accounts)
        rows = reader.sql(of_accounts, {**values, "accounts": json.dumps(list(accounts))})
        found.update({row[0]: (row[1], row[2], row[3], row[4]) for row in rows})
        return found

    spans: Mapping[str, _Span] = touched.remembered(
        reader,
        ("span", values["from"], values["to"], values["currency"]),
        (touched.MONEY,),
        lambda: {intern(row[0]): (row[1], row[2], intern(row[3]), row[4]) for row in reader.each(whole, values)},
        patched,
    )
    heaviest = nsmallest(values["top"], spans.items(), key=lambda item: (-item[1][3], item[0]))
    single = (
        "select invoice from cache_instalment "
        "where account = :account and +currency = :currency and +due_on = :day and +open <> 0"
    )
    top = []
    for account, (amount, count, first, weight) in heaviest:
        invoice = ""
        if count == 1:
            own = {"account": account, "currency": values["currency"], "day": first}
            invoice = reader.sql(single, own)[0][0]
        top.append(Due(account, amount, count, date.fromisoformat(first), invoice, weight))
    return DueSums(top, sum(each[0] for each in spans.values()), len(spans))


def other_currencies(reader: Reader, currency: str) -> list[str]:
    """The other currencies in which something is open, each found by one step through the index."""
    found: list[str] = []
    last = ""
    while True:
        row = reader.sql(
            "select min(currency) from cache_instalment where currency > :last and open <> 0", {"last": last}
        )[0]
        if row[0] is None:
            return [each for each in found if each != currency]
        last = row[0]
        found.append(last)


def exchange_rate(reader: Reader, currency: str) -> float:
    """Đồng for one minor unit, by the newest invoice that says one; only for putting lines in order."""
    from kam_desktop.domain import money

    rows = reader.sql(
        "select exchange_rate from invoice where currency = :currency and coalesce(exchange_rate, '') <> '' "
        "order by issued_on desc limit 1",
        {"currency": currency},
    )
    return float(rows[0][0]) / 10 ** money.decimals(currency) if rows else 250.0


_STAGES = ", ".join(f"'{stage}'" for stage in OPEN_STAGES)


def open_proposals(reader: Reader) -> int:
    """How many proposals are open."""
    return int(reader.sql(f"select count(*) from proposal where stage in ({_STAGES})")[0][0])


def proposals_due(reader: Reader, as_of: date, until: date, limit: int) -> ProposalsDue:
    """Open proposals whose validity ended or ends soon, or whose next step is due; the most pressing first."""
    statement = (
        "select p.id, coalesce(v.id, ''), case when v.valid_until < :day then 'proposal_ended' "
        "when v.valid_until <= :until then 'proposal_ends' else 'follow_up' end as kind, "
        "case when v.valid_until <= :until then v.valid_until else p.next_step_on end as day "
        "from proposal p left join proposal_version v on v.proposal = p.id and v.proposal <> '' and v.status = 'sent' "
        f"where p.stage in ({_STAGES}) and (v.valid_until <= :until or p.next_step_on <= :until) "
        "order by day, p.id"
    )
    found: dict[str, ProposalDue] = {}
    for row in reader.sql(statement, {"day": as_of.isoformat(), "until": until.isoformat()}):
        found.setdefault(row[0], ProposalDue(row[0], row[1], row[2], date.fromisoformat(row[3])))
    pressing = sorted(found.values(), key=lambda each: (each.kind == "follow_up", each.day, each.proposal))
    return ProposalsDue(pressing[:limit], len(pressing))
