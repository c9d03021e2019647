"""Figures of receivables as reports: statement, DSO, CEI, provision, late interest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from kam_desktop.domain.entities import Account, CreditNote, Invoice, Receipt
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import ageing as ageing_figure
from kam_desktop.domain.figures import cei as cei_figure
from kam_desktop.domain.figures import dso as dso_figure
from kam_desktop.domain.figures import interest as interest_figure
from kam_desktop.domain.figures import movements
from kam_desktop.domain.figures import provision as provision_figure
from kam_desktop.domain.locale.vietnam import provision_table
from kam_desktop.domain.query import Op, Query, Where
from kam_desktop.language import N_
from kam_desktop.services import records
from kam_desktop.store import account_figures, figures
from kam_desktop.store.account_list import twelve_months_before as twelve_months_before
from kam_desktop.store.ledger import ledger_of
from kam_desktop.store.reader import Reader

OPENING = "opening"
"""The kind of a movement that is a balance brought in, and the origin of the invoice that stands for it."""
_CHUNK = 500

# What an invoice sold: its total less what was settled before the program was used. `stopped` is the day from which
# another document takes its place; the earliest, in whatever order they arrived (figures.ageing.stop_dates).
_SOLD = """
select v.issued_on, coalesce(v.total, 0) - max(0, min(coalesce(v.total, 0), coalesce(s.amount, 0))), v.origin,
       (select min(r.issued_on) from invoice r where r.replaces = v.id and r.id <> v.id) as stopped
from invoice v
left join (select invoice, sum(amount) as amount from opening_settlement group by invoice) s on s.invoice = v.id
where v.currency = :currency and v.issued_on <= :day
union all
select c.issued_on, -coalesce(c.total, 0), c.origin,
       (select min(r.issued_on) from invoice r where r.replaces = c.id and r.id <> c.id)
from credit_note c where c.currency = :currency and c.issued_on <= :day
"""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One movement of an account; minor units.

    Attributes:
        kind: of figures/movements, or "opening" for a balance brought in.
        document: the id of the invoice, receipt or credit note; number: what the customer knows it by.
        amount: above zero raises what is owed; balance: what was owed after it.
    """

    on: date
    kind: str
    document: str
    number: str
    amount: int
    balance: int


@dataclass(frozen=True)
class StatementReport:
    """What one customer owed before a period, what changed, and what is owed at its end; minor units.

    Attributes:
        currencies: the other currencies of this customer; each has a statement of its own.
    """

    account: str
    name: str
    from_on: date
    to_on: date
    currency: str
    opening: int
    rows: tuple[StatementRow, ...]
    closing: int
    currencies: tuple[str, ...]

    @property
    def raised(self) -> int:
        """What the period added to the balance."""
        return sum(row.amount for row in self.rows if row.amount > 0)

    @property
    def lowered(self) -> int:
        """What the period took off the balance, as a positive amount."""
        return -sum(row.amount for row in self.rows if row.amount < 0)


def statement(reader: Reader, account_id: str, from_on: date, to_on: date, currency: str = "VND") -> StatementReport:
    """The movements of one account in one currency, both days included, with the balance after each.

    The closing balance is the ageing's at the end of the last day (figures/movements). Refused: `missing`, `period`.
    """
    _check_period(from_on, to_on)
    account = records.get(reader, Account, account_id)
    invoices = {each.id: each for each in reader.children(Invoice, "account", account_id)}
    credits = [each.id for each in reader.children(Receipt, "account", account_id)]
    credits += [each.id for each in reader.children(CreditNote, "account", account_id)]
    ledger = ledger_of(reader, _instalments_of(reader, invoices), credits)
    moved = movements.movements(ledger, account_id, currency)
    opening = balance = movements.balance(moved, _day_before(from_on))
    now = [each for each in moved if from_on <= each.on <= to_on]
    named = {each.document for each in now}
    numbers = {each.id: _number(each) for each in invoices.values()}
    numbers |= {each.id: _number(each) for each in reader.many(CreditNote, named).values()}
    numbers |= {each.id: each.reference for each in reader.many(Receipt, named).values()}
    rows = []
    for each in now:
        balance += each.amount
        brought_in = each.kind == movements.INVOICE and invoices[each.document].origin == OPENING
        kind = OPENING if brought_in else each.kind
        number = numbers.get(each.document, "")
        rows.append(StatementRow(each.on, kind, each.document, number, each.amount, balance))
    others = tuple(each for each in figures.currencies_of(reader, account_id) if each != currency)
    return StatementReport(account_id, account.name, from_on, to_on, currency, opening, tuple(rows), balance, others)


def _instalments_of(reader: Reader, invoices: Iterable[str]) -> list[str]:
    wanted, found = list(invoices), []
    for start in range(0, len(wanted), _CHUNK):
        part = tuple(wanted[start : start + _CHUNK])
        found += reader.ids(Query("instalment", (Where("invoice", Op.ONE_OF, part),), ()))
    return found


def _number(document: Invoice | CreditNote) -> str:
    return f"{document.symbol} {document.number}".strip()


@dataclass(frozen=True)
class DsoReport:
    """Days sales outstanding at the end of a day, over all customers; minor units and days.

    Attributes:
        count_back: days by count-back; at_least: the sales known do not reach back far enough.
        simple: receivable ÷ sales × days of the months shown; None when nothing was sold in them.
        from_on: the first day of the months shown; they end with `as_of`.
        sales: of each month shown, oldest first, as ((year, month), amount).
    """

    as_of: date
    currency: str
    balance: cei_figure.Balance
    count_back: Decimal
    at_least: bool
    simple: Decimal | None
    from_on: date
    days: int
    sales: tuple[tuple[dso_figure.Month, int], ...]
    currencies: tuple[str, ...]

    @property
    def sold(self) -> int:
        """The sales of the months shown, together."""
        return sum(amount for _, amount in self.sales)


def dso(reader: Reader, as_of: date, months: int = 12, currency: str = "VND") -> DsoReport:
    """Days sales outstanding by count-back and simple (features.md 2, DSO).

    Sales are with tax, less credit notes and what opening settlements settled; replaced invoices do not count, and a
    balance brought in is no sale of any month. The history begins with the first sale known; count-back reads all of
    it, the simple figure only the last `months`, the running one included. Refused: `months` outside 1 … 120.
    """
    if not 1 <= months <= 120:
        message = N_("The number of months is from 1 to 120.")
        raise Refused(Problem("months", "months", message))
    sales: dict[dso_figure.Month, int] = {}
    history_from = _day_after(as_of)
    for issued_on, amount, origin, stopped_on in _sold(reader, as_of, currency):
        if origin == OPENING or (stopped_on and stopped_on <= as_of):
            continue
        month = (issued_on.year, issued_on.month)
        sales[month] = sales.get(month, 0) + amount
        if amount > 0:
            history_from = min(history_from, issued_on)
    balance = _balance(reader, as_of, currency)
    back = dso_figure.count_back(balance.whole, sales, as_of, history_from)
    shown = _months_to(as_of, months)
    from_on = date(*shown[0], 1)
    days = (as_of - from_on).days + 1
    of_months = tuple((month, sales.get(month, 0)) for month in shown)
    simple = dso_figure.simple(balance.whole, sum(amount for _, amount in of_months), days)
    others = _other_currencies(reader, currency)
    return DsoReport(
        as_of, currency, balance, back.days, back.at_least, simple, from_on, days, of_months, others
    )  # fmt: skip


@dataclass(frozen=True)
class CeiReport:
    """The collection effectiveness index of a period, both days included; minor units, percent.

    Attributes:
        opening: at the end of the day before the period; closing: at the end of its last day.
        index: None when nothing could be collected.
    """

    from_on: date
    to_on: date
    currency: str
    opening: cei_figure.Balance
    sales: int
    closing: cei_figure.Balance
    index: Decimal | None
    currencies: tuple[str, ...]


def cei(reader: Reader, from_on: date, to_on: date, currency: str = "VND") -> CeiReport:
    """The collection effectiveness index over all customers (features.md 2, CEI). Refused: `period`.

    Sales are everything but money that moved the balance: with tax, less credit notes and opening settlements. What a
    document of the period replaced goes off again when it was sold before, since the opening balance has it.
    """
    _check_period(from_on, to_on)
    sales = 0
    for issued_on, amount, _, stopped_on in _sold(reader, to_on, currency):
        stands = stopped_on is None or stopped_on > to_on
        if issued_on >= from_on:
            sales += amount if stands else 0
        elif stopped_on is not None and from_on <= stopped_on <= to_on:
            sales -= amount
    opening, closing = _balance(reader, _day_before(from_on), currency), _balance(reader, to_on, currency)
    index = cei_figure.cei(opening, sales, closing)
    return CeiReport(from_on, to_on, currency, opening, sales, closing, index, _other_currencies(reader, currency))


def _sold(reader: Reader, day: date, currency: str) -> Iterable[tuple[date, int, str, date | None]]:
    """(date, what it sold in minor units, origin, when it was replaced) of every document up to the day."""
    for issued_on, amount, origin, stopped_on in reader.each(_SOLD, {"day": day.isoformat(), "currency": currency}):
        stopped = date.fromisoformat(stopped_on) if stopped_on else None
        yield date.fromisoformat(issued_on), int(amount), str(origin), stopped


def _balance(reader: Reader, day: date, currency: str) -> cei_figure.Balance:
    rows = figures.ageing(reader, day, currency, ageing_figure.DEFAULT_EDGES).values()
    return cei_figure.Balance(
        sum(row.not_due for row in rows),
        sum(sum(row.overdue) for row in rows),
        sum(row.unallocated for row in rows),
    )


def _months_to(day: date, count: int) -> list[dso_figure.Month]:
    """So many months, oldest first, the last one that of the day; none before the calendar begins."""
    newest = day.year * 12 + day.month - 1
    return [(each // 12, each % 12 + 1) for each in range(max(newest - count + 1, 12), newest + 1)]


@dataclass(frozen=True, slots=True)
class ProvisionTier:
    """What of one account is overdue in one tier of the table; `months` 0 is below the first tier."""

    months: int
    percent: Decimal
    instalments: int
    overdue: int
    amount: int


@dataclass(frozen=True, slots=True)
class ProvisionRow:
    """One account: its tiers, the oldest first; minor units. `unallocated` is shown, never deducted."""

    account: str
    name: str
    tiers: tuple[ProvisionTier, ...]
    overdue: int
    amount: int
    unallocated: int


@dataclass(frozen=True)
class ProvisionReport:
    """The estimate for doubtful debts at the end of a day, the largest first.

    Attributes:
        source: the paper that the table in force rests on.
    """

    as_of: date
    currency: str
    source: str
    rows: tuple[ProvisionRow, ...]
    overdue: int
    amount: int
    currencies: tuple[str, ...]


def provision(
    reader: Reader,
    as_of: date,
    currency: str = "VND",
    tables: Sequence[provision_figure.Table] = provision_table.SEEDS,
) -> ProvisionReport:
    """The provision of every account by the table in force on the day (features.md 2, Provision).

    Rows are the accounts with something overdue, also where no tier is reached yet. Refused: `no_table`.
    """
    provision_figure.table_on(as_of, tables)
    late = figures.open_instalments(reader, as_of, currency, due_to=_day_before(as_of))
    ledger = ledger_of(reader, [item.id for item in late])
    found = provision_figure.provisions(ledger, as_of, tables, currency)
    tiers: dict[str, dict[int, ProvisionTier]] = {}
    for each in found.rows:
        of_account = tiers.setdefault(each.account, {})
        old = of_account.get(each.months) or ProvisionTier(each.months, each.percent, 0, 0, 0)
        of_account[each.months] = ProvisionTier(
            each.months, each.percent, old.instalments + 1, old.overdue + each.open, old.amount + each.amount
        )
    free = figures.free_credits(reader, as_of, currency)
    names = account_figures.names(reader, list(tiers))
    rows = []
    for account, by_months in tiers.items():
        ordered = tuple(by_months[months] for months in sorted(by_months, reverse=True))
        overdue, amount = sum(tier.overdue for tier in ordered), sum(tier.amount for tier in ordered)
        rows.append(
            ProvisionRow(account, names.get(account, ""), ordered, overdue, amount, free.get(account, 0))
        )  # fmt: skip
    rows.sort(key=lambda row: (-row.amount, -row.overdue, row.name, row.account))
    overdue = sum(row.overdue for row in rows)
    others = _other_currencies(reader, currency)
    return ProvisionReport(as_of, currency, found.source, tuple(rows), overdue, found.total, others)


@dataclass(frozen=True, slots=True)
class InterestRow:
    """The late interest of one instalment, with the names of its account and its invoice."""

    figure: interest_figure.Interest
    name: str
    number: str


@dataclass(frozen=True)
class InterestReport:
    """Interest for late payment up to a day, at a rate in percent a year; an estimate to be agreed on."""

    as_of: date
    currency: str
    percent: Decimal
    rows: tuple[InterestRow, ...]
    total: int
    currencies: tuple[str, ...]


def interest(
    reader: Reader, as_of: date, percent: Decimal, currency: str = "VND", account_id: str = ""
) -> InterestReport:
    """The late interest of every instalment that was open after its due date, paid by now or not.

    Args:
        percent: a year, 10 for 10 %. Refused `bad_rate` below 0.
        account_id: only this account; "" for all. Refused `missing` when it is not there.
    """
    if account_id:
        records.get(reader, Account, account_id)
    late = (
        "select i.id from invoice v join instalment i on i.invoice = v.id "
        "where v.currency = :currency and v.issued_on <= :day and coalesce(nullif(i.due_on, ''), v.issued_on) < :day "
        "and (:account = '' or v.account = :account)"
    )
    values = {"currency": currency, "day": as_of.isoformat(), "account": account_id}
    ledger = ledger_of(reader, [row[0] for row in reader.sql(late, values)])
    found = interest_figure.late_interest(ledger, as_of, percent, currency, [account_id] if account_id else None)
    names = account_figures.names(reader, list({each.account for each in found}))
    numbers = {key: _number(each) for key, each in reader.many(Invoice, {each.invoice for each in found}).items()}
    rows = [InterestRow(each, names.get(each.account, ""), numbers.get(each.invoice, "")) for each in found]
    rows.sort(key=lambda row: (row.name, row.figure.account, row.figure.due_on, row.number, row.figure.instalment))
    others = _other_currencies(reader, currency)
    return InterestReport(as_of, currency, percent, tuple(rows), sum(each.amount for each in found), others)


def _check_period(from_on: date, to_on: date) -> None:
    if from_on > to_on:
        raise Refused(Problem("from", "period", N_("The period ends before it begins.")))


def _other_currencies(reader: Reader, currency: str) -> tuple[str, ...]:
    return tuple(each for each in figures.currencies(reader) if each != currency)


def _day_before(day: date) -> date:
    return day if day == date.min else day - timedelta(days=1)


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
