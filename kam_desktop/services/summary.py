"""What lists and reports show: accounts with their figures, ageing, Pareto, open instalments."""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from kam_desktop.domain.entities import Account, Instalment, Invoice, Person
from kam_desktop.domain.entities.proposal import OPEN_STAGES
from kam_desktop.domain.figures import ageing as ageing_figure
from kam_desktop.domain.figures import pareto as pareto_figure
from kam_desktop.domain.query import Op, Query, Where
from kam_desktop.domain.text import sort_key
from kam_desktop.store import account_figures, figures, open_list, touched
from kam_desktop.store.account_list import AccountFilter as AccountFilter
from kam_desktop.store.account_list import AccountGroup as AccountGroup
from kam_desktop.store.account_list import AccountList as AccountList
from kam_desktop.store.account_list import AccountOrder as AccountOrder
from kam_desktop.store.account_list import account_list as account_list
from kam_desktop.store.account_list import twelve_months_before as twelve_months_before
from kam_desktop.store.reader import Reader

EDGES = ageing_figure.DEFAULT_EDGES
OPENING_PENDING = "opening.pending"
"""The preference with a JSON list of the import steps whose opening question is not answered yet."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account as a list shows it. Amounts in minor units of the list's currency; days whole."""

    id: str
    name: str
    short_name: str
    tax_code: str
    industry: str
    tier: str
    owner: str
    revenue_12m: int
    overdue: int
    oldest_days: int
    open_amount: int
    last_touch_on: date | None
    contact: str
    next_step: str
    next_step_on: date | None
    open_proposals: int
    archived: bool


def account_rows(reader: Reader, ids: Sequence[str], as_of: date, currency: str = "VND") -> list[AccountRow]:
    """What a list shows of these accounts, in the order asked for; those that are gone are left out."""
    accounts = reader.many(Account, ids)
    revenue = figures.revenue(reader, twelve_months_before(as_of), as_of, currency, ids)
    owed: dict[str, int] = {}
    late: dict[str, int] = {}
    oldest: dict[str, int] = {}
    for item in figures.open_instalments(reader, as_of, currency, accounts=ids):
        owed[item.account] = owed.get(item.account, 0) + item.open
        days = item.days_overdue(as_of) or 0
        if days > 0:
            late[item.account] = late.get(item.account, 0) + item.open
            oldest[item.account] = max(days, oldest.get(item.account, 0))
    touched = account_figures.last_touches(reader, ids)
    people = account_figures.main_contacts(reader, ids)
    steps = account_figures.next_steps(reader, ids)
    owners = reader.many(Person, {each.owner for each in accounts.values() if each.owner})
    rows = []
    for key in ids:
        account = accounts.get(key)
        if account is None:
            continue
        step, step_on, proposals = steps.get(key, ("", None, 0))
        moment = touched.get(key)
        rows.append(
            AccountRow(
                id=key,
                name=account.name,
                short_name=account.short_name,
                tax_code=account.tax_code,
                industry=account.industry,
                tier=account.tier,
                owner=owners[account.owner].full_name if account.owner in owners else "",
                revenue_12m=revenue.get(key, 0),
                overdue=late.get(key, 0),
                oldest_days=oldest.get(key, 0),
                open_amount=owed.get(key, 0),
                last_touch_on=local_day(moment) if moment else None,
                contact=people.get(key, ""),
                next_step=step,
                next_step_on=step_on,
                open_proposals=proposals,
                archived=account.archived,
            )
        )
    return rows


def local_day(moment: str) -> date:
    """The day on the user's wall of a moment in its stored form."""
    return datetime.fromisoformat(moment).astimezone().date()


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """One customer in one currency: not_due + Σ overdue − unallocated = balance. account "" is the unknown payer.

    Attributes:
        waiting: the part of `not_due` that waits for papers.
        reported: receipts that finance has not confirmed yet; beside the balance, never in it.
        label: what the customer is called in short.
    """

    account: str
    name: str
    not_due: int
    overdue: tuple[int, ...]
    unallocated: int
    balance: int
    open_items: int
    on_default_term: int
    waiting: int = 0
    reported: int = 0
    label: str = ""


@dataclass(frozen=True)
class AgeingReport:
    """What every customer owes at the end of a day, the largest balance first.

    Attributes:
        buckets: names of the buckets, in the order of each row's `overdue`.
        currencies: the other currencies that have figures of their own; they are never added.
        payments_entered: False while the opening question is unanswered: then paid invoices look open.
    """

    as_of: date
    currency: str
    buckets: tuple[str, ...]
    rows: tuple[AgeingRow, ...]
    total: AgeingRow
    currencies: tuple[str, ...]
    payments_entered: bool


@dataclass(frozen=True, slots=True)
class ParetoRow:
    """One customer in its place; shares in percent with two decimals."""

    account: str
    name: str
    amount: int
    share: Decimal
    cumulative: Decimal
    abc: str


@dataclass(frozen=True)
class ParetoReport:
    """Which few customers bring most of the business in a period, both days included."""

    from_on: date
    to_on: date
    currency: str
    basis: str
    rows: tuple[ParetoRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class OpenRow:
    """One open instalment. due_on is the effective date, on_default_term says that nobody agreed on one.

    due_on and days_overdue are None while it waits for papers.
    """

    instalment: str
    invoice: str
    account: str
    account_name: str
    number: str
    name: str
    issued_on: date | None
    due_on: date | None
    days_overdue: int | None
    amount: int
    open: int
    currency: str
    on_default_term: bool


def ageing(reader: Reader, as_of: date, currency: str = "VND") -> AgeingReport:
    """The ageing of one currency at the end of a day (features.md 2, Ageing)."""
    found = touched.remembered(
        reader,
        ("ageing_rows", as_of, currency),
        (touched.MONEY, touched.ACCOUNT),
        lambda: _aged(reader, as_of, currency),
        lambda before, accounts: _aged_again(reader, as_of, currency, before, accounts),
    )
    return AgeingReport(
        as_of,
        currency,
        ageing_figure.bucket_names(EDGES),
        found.rows,
        found.total,
        tuple(each for each in figures.currencies(reader) if each != currency),
        payments_entered(reader),
    )


@dataclass(frozen=True)
class _Aged:
    """The rows of an ageing in their order, and their sum."""

    rows: tuple[AgeingRow, ...]
    total: AgeingRow

    @property
    def weight(self) -> int:
        """What it adds to memory, as rows (store/memory.py)."""
        return 3 * len(self.rows)


def _aged(reader: Reader, as_of: date, currency: str) -> _Aged:
    sums = figures.ageing(reader, as_of, currency, EDGES)
    names = account_figures.labels(reader, list(sums))
    rows = sorted((_aged_row(account, names, each) for account, each in sums.items()), key=_by_balance)
    return _Aged(tuple(rows), _total(rows))


def _aged_again(reader: Reader, as_of: date, currency: str, before: _Aged, accounts: Sequence[str]) -> _Aged:
    """The same after a change of a few accounts."""
    sums, names = figures.ageing(reader, as_of, currency, EDGES), account_figures.labels(reader, accounts)
    gone = set(accounts)
    fresh = [_aged_row(account, names, sums[account]) for account in accounts if account in sums]
    old = [row for row in before.rows if row.account in gone]
    rows = [row for row in before.rows if row.account not in gone]
    for row in fresh:
        insort(rows, row, key=_by_balance)
    return _Aged(tuple(rows), _total([before.total, *fresh, *map(_negative, old)]))


def _negative(row: AgeingRow) -> AgeingRow:
    """What takes a row out of a sum."""
    return AgeingRow(
        "",
        "",
        -row.not_due,
        tuple(-each for each in row.overdue),
        -row.unallocated,
        -row.balance,
        -row.open_items,
        -row.on_default_term,
        -row.waiting,
        -row.reported,
    )


def _aged_row(account: str, names: Mapping[str, tuple[str, str]], sums: figures.AgeingSums) -> AgeingRow:
    not_due, overdue, unallocated, open_items, on_default_term, waiting, reported = sums
    balance = not_due + sum(overdue) - unallocated
    name, label = names.get(account, ("", ""))
    return AgeingRow(
        account,
        name,
        not_due,
        overdue,
        unallocated,
        balance,
        open_items,
        on_default_term,
        waiting,
        reported,
        label,
    )


def _by_balance(row: AgeingRow) -> tuple[int, str, str]:
    return -row.balance, row.name, row.account


def _total(rows: Sequence[AgeingRow]) -> AgeingRow:
    return AgeingRow(
        "",
        "",
        sum(row.not_due for row in rows),
        tuple(sum(row.overdue[place] for row in rows) for place in range(len(EDGES) + 1)),
        sum(row.unallocated for row in rows),
        sum(row.balance for row in rows),
        sum(row.open_items for row in rows),
        sum(row.on_default_term for row in rows),
        sum(row.waiting for row in rows),
        sum(row.reported for row in rows),
    )


def open_instalments(
    reader: Reader, as_of: date, *, account: str | None = None, bucket: int | None = None, currency: str = "VND"
) -> list[str]:
    """Ids of the instalments with something open at the end of the day, earliest due first.

    Args:
        bucket: −1 for not due, else the place in the report's buckets; None for all.
    """
    due_from, due_to = _due_between(as_of, bucket)
    accounts = None if account is None else [account]
    if accounts is None:
        return open_list.ids(reader, as_of, currency, due_from, due_to)
    found = figures.open_instalments(reader, as_of, currency, accounts=accounts, due_from=due_from, due_to=due_to)
    return [each.id for each in found]


def open_rows(reader: Reader, ids: Sequence[str], as_of: date) -> list[OpenRow]:
    """What a list shows of these instalments, in the order asked for; the rows of a page, not of everything."""
    parts = reader.many(Instalment, ids)
    invoices = reader.many(Invoice, {each.invoice for each in parts.values()})
    names = account_figures.names(reader, list({each.account for each in invoices.values()}))
    states = figures.instalments(reader, as_of, ids)
    rows = []
    for key in ids:
        part, state = parts.get(key), states.get(key)
        if part is None or state is None:
            continue
        invoice = invoices[part.invoice]
        rows.append(
            OpenRow(
                instalment=key,
                invoice=invoice.id,
                account=invoice.account,
                account_name=names.get(invoice.account, ""),
                number=invoice.number,
                name=part.name,
                issued_on=invoice.issued_on,
                due_on=state.due_on,
                days_overdue=state.days_overdue(as_of),
                amount=part.amount or 0,
                open=state.open,
                currency=invoice.currency,
                on_default_term=state.on_default_term,
            )
        )
    return rows


def _due_between(as_of: date, bucket: int | None) -> tuple[date | None, date | None]:
    if bucket is None:
        return None, None
    if bucket < 0:
        return as_of, None
    latest = as_of - timedelta(days=1 if bucket == 0 else EDGES[bucket - 1] + 1)
    return (as_of - timedelta(days=EDGES[bucket]) if bucket < len(EDGES) else None), latest


def pareto(reader: Reader, from_on: date, to_on: date, currency: str = "VND", basis: str = "revenue") -> ParetoReport:
    """Customers by invoiced net less credit notes in the period, with their classes (features.md 2, ABC)."""
    amounts = figures.revenue(reader, from_on, to_on, currency)
    names = account_figures.names(reader, list(amounts))
    items = [pareto_figure.Item(key, amount, sort_key(names.get(key, ""))) for key, amount in amounts.items()]
    rows = tuple(
        ParetoRow(each.id, names.get(each.id, ""), each.amount, each.share, each.cumulative, each.abc)
        for each in pareto_figure.abc(items)
    )
    return ParetoReport(from_on, to_on, currency, basis, rows, sum(row.amount for row in rows))


def payments_entered(reader: Reader) -> bool:
    """Whether every import of invoices was told which of them are still open (features.md 2, Opening position)."""
    return not pending_openings(reader)


def pending_openings(reader: Reader) -> list[int]:
    """The numbers of the import steps whose opening question is not answered yet; imports taken back ask nothing."""
    asked = json.loads(reader.preference(OPENING_PENDING) or "[]")
    if not asked:
        return []
    standing = "select n from undo_step where state = 'done' and n in (select value from json_each(:steps)) order by n"
    return [int(row[0]) for row in reader.sql(standing, {"steps": json.dumps(asked)})]


def counts(reader: Reader, as_of: date, currency: str = "VND") -> dict[str, int]:
    """What the navigation tells: accounts in use, open proposals, overdue instalments, open tasks."""
    late = "select count(*) from cache_instalment where currency = :currency and open <> 0 and due_on < :day"
    return {
        "account": reader.count(Query("account", (Where("archived", Op.IS, False),))),
        "proposal": reader.count(Query("proposal", (Where("stage", Op.ONE_OF, OPEN_STAGES),))),
        "collection": int(reader.sql(late, {"currency": currency, "day": as_of.isoformat()})[0][0]),
        "task": reader.count(Query("task", (Where("done_on", Op.EMPTY),))),
    }
