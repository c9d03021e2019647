"""Provision for doubtful debts: an estimate by a dated table of months overdue and percentages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from kam_desktop.domain import money
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import terms
from kam_desktop.domain.figures.ageing import Ledger, OpenItem, positions


@dataclass(frozen=True, slots=True)
class Tier:
    """From so many whole months overdue on, so many percent."""

    months: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Table:
    """The tiers in force over a span of days; a dated, editable record of the firm.

    Attributes:
        valid_to: the last day; None while no end is known.
        source: the paper that says so.
    """

    valid_from: date
    valid_to: date | None
    tiers: tuple[Tier, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Provision:
    """The estimate for one open instalment.

    Attributes:
        months: of the tier reached, 0 when none is; percent is 0 then.
        amount: open × percent, half up, minor units.
    """

    instalment: str
    invoice: str
    account: str
    open: int
    due_on: date
    months: int
    percent: Decimal
    amount: int


@dataclass(frozen=True, slots=True)
class Provisions:
    """The estimate of one currency at the end of a day.

    Attributes:
        free_credits: what each account has paid ahead, minor units: shown, never deducted.
    """

    as_of: date
    currency: str
    source: str
    rows: tuple[Provision, ...]
    total: int
    free_credits: dict[str, int]


def table_on(day: date, tables: Sequence[Table]) -> Table:
    """The table in force on that day, the newest if several are. Refused when there is none."""
    fitting = [
        table for table in tables if table.valid_from <= day and (table.valid_to is None or day <= table.valid_to)
    ]
    if not fitting:
        raise Refused(
            Problem("provision", "no_table", "No provision table is in force on {day}.", {"day": day.isoformat()})
        )
    return max(fitting, key=lambda table: table.valid_from)


def tier_of(due_on: date, as_of: date, tiers: Iterable[Tier]) -> Tier | None:
    """The highest tier reached: due date + its months (clamped to the month's last day) on or before `as_of`."""
    reached = [tier for tier in tiers if terms.plus_months(due_on, tier.months) <= as_of]
    return max(reached, key=lambda tier: tier.months, default=None)


def provisions(
    ledger: Ledger, as_of: date, tables: Sequence[Table], currency: str = "VND", accounts: Iterable[str] | None = None
) -> Provisions:
    """The provision for every overdue instalment on what is open of it at the end of `as_of`.

    Months count from the original due date, extensions and promises aside (Circular 48/2019/TT-BTC art. 6). An
    estimate: the accountant decides, and checks the evidence that the circular asks for.
    """
    table = table_on(as_of, tables)
    wanted = None if accounts is None else frozenset(accounts)
    found = positions(ledger, as_of)
    rows = tuple(
        _row(item, item.due_on, as_of, table.tiers)
        for item in found.items
        if item.currency == currency
        and (wanted is None or item.account in wanted)
        and item.due_on is not None
        and item.due_on < as_of
        and item.open > 0
    )
    credits: dict[str, int] = {}
    for credit in found.credits:
        if credit.currency == currency and (wanted is None or credit.account in wanted):
            credits[credit.account] = credits.get(credit.account, 0) + credit.unallocated
    return Provisions(as_of, currency, table.source, rows, sum(row.amount for row in rows), credits)


def _row(item: OpenItem, due_on: date, as_of: date, tiers: Iterable[Tier]) -> Provision:
    tier = tier_of(due_on, as_of, tiers) or Tier(0, Decimal(0))
    amount = money.half_up(Fraction(item.open) * Fraction(tier.percent) / 100)
    return Provision(item.instalment, item.invoice, item.account, item.open, due_on, tier.months, tier.percent, amount)
