"""Interest for late payment: simple, per instalment, on what was open each day; always provisional."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from kam_desktop.domain import money
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import ageing, spans, terms
from kam_desktop.domain.figures.ageing import Ledger

DAYS_IN_YEAR = 365  # in leap years too


@dataclass(frozen=True, slots=True)
class Interest:
    """The interest that one instalment bears up to the as-of date.

    Attributes:
        days: how many days something was open after the due date.
        open_days: Σ over those days of what was open, in minor units: what the interest is computed on.
        amount: open_days × rate ÷ the days of the year, rounded once half up, minor units; provisional.
    """

    instalment: str
    invoice: str
    account: str
    currency: str
    due_on: date
    days: int
    open_days: int
    amount: int


def late_interest(
    ledger: Ledger,
    as_of: date,
    percent: Decimal | int,
    currency: str = "VND",
    accounts: Iterable[str] | None = None,
    days_in_year: int = DAYS_IN_YEAR,
) -> tuple[Interest, ...]:
    """The interest of every instalment that was open after its due date, also where its principal is paid by now.

    Counted is what was open at the end of each day (figures/ageing) from the day after the due date up to and with
    `as_of`: simple, actual days. An allocation counts from its own date; services date it like the money that it lays,
    so that the debtor does not pay for the days on which nobody had laid it yet.

    The rate is the contract's; without one the Commercial Law 2005 art. 306 has the average overdue rate of the market
    at the time of payment, the Civil Code 2015 art. 468 caps agreed interest at 20 % a year. The firm decides: the
    figure is an estimate to be agreed on.

    Args:
        percent: a year, 10 for 10 %. Refused when below 0.
    """
    if percent < 0 or days_in_year <= 0:
        raise Refused(Problem("percent", "bad_rate", "The interest rate cannot be below zero."))
    wanted = None if accounts is None else frozenset(accounts)
    stopped = ageing.stop_dates(ledger)
    due = terms.due_dates(ledger, as_of)
    invoices = {each.id: each for each in ledger.invoices if each.currency == currency and each.issued_on <= as_of}
    laid: dict[str, list[spans.Span]] = {}
    for span in spans.spans(ledger):
        laid.setdefault(span.instalment, []).append(span)
    settled = ageing.settled(ledger)
    found = []
    for part in ledger.instalments:
        invoice, due_on = invoices.get(part.invoice), due.get(part.id)
        if (
            invoice is None
            or due_on is None
            or due_on >= as_of
            or (wanted is not None and invoice.account not in wanted)
        ):
            continue
        first = max(due_on + timedelta(days=1), invoice.issued_on)
        last = min(as_of, stopped.get(invoice.id, date.max) - timedelta(days=1))
        owed = part.amount - settled.get(part.id, 0)
        days, open_days = _open_days(owed, laid.get(part.id, ()), first, last)
        if open_days:
            amount = money.half_up(Fraction(open_days) * Fraction(percent) / 100 / days_in_year)
            found.append(
                Interest(part.id, invoice.id, invoice.account, currency, due_on, days, open_days, amount)
            )  # fmt: skip
    return tuple(found)


def _open_days(owed: int, laid: Iterable[spans.Span], first: date, last: date) -> tuple[int, int]:
    """(days on which something was open, Σ of what was open) over the days first … last."""
    if last < first:
        return 0, 0
    end = last + timedelta(days=1)
    changes: dict[date, int] = {first: owed, end: 0}
    for span in laid:
        begins, ends = max(span.begins, first), min(span.ends, end)
        if begins < ends:
            changes[begins] = changes.get(begins, 0) - span.amount
            changes[ends] = changes.get(ends, 0) + span.amount
    days = total = level = 0
    marks = sorted(changes)
    for at, until in pairwise(marks):
        level += changes[at]
        if level > 0:
            days += (until - at).days
            total += level * (until - at).days
    return days, total
