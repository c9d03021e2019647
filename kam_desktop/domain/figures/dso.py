"""Days sales outstanding: how many days of sales the customers still owe, by count-back and simple."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from kam_desktop.domain import money

Month = tuple[int, int]  # year, month


@dataclass(frozen=True, slots=True)
class Dso:
    """Days sales outstanding by count-back.

    Attributes:
        days: with one decimal, half up.
        at_least: the sales known did not reach back far enough: it reads "at least n days".
    """

    days: Decimal
    at_least: bool


def count_back(debtors: int, sales: Mapping[Month, int], as_of: date, history_from: date) -> Dso:
    """The days of sales that make up the debtors, counted back from `as_of`.

    Months are taken newest first, the running month with its elapsed days. A month's sales are taken off the debtors
    until they no longer fit; of that month counts the share of its days. A month with sales of 0 or less, or the end
    of the history, stops the count. The usual count-back (exhaustion) method of credit management, with calendar days.

    Args:
        debtors: what is owed at the end of `as_of`, less advances, minor units.
        sales: by (year, month), tax included, less credit notes and what opening settlements settled; a month that is
            not there has none. The running month up to `as_of`.
        history_from: the first day of which sales are known; of that month only the days from then on count.
    """
    rest, days = debtors, Fraction(0)
    end = as_of
    while rest > 0:
        first = max(end.replace(day=1), history_from)
        sold = sales.get((end.year, end.month), 0)
        if first > end or sold <= 0:
            return Dso(_one_decimal(days), True)
        elapsed = (end - first).days + 1
        if sold > rest:
            days += Fraction(rest * elapsed, sold)
            break
        days += elapsed
        rest -= sold
        end = end.replace(day=1) - timedelta(days=1)
    return Dso(_one_decimal(days), False)


def simple(receivable: int, sales: int, days: int) -> Decimal | None:
    """receivable ÷ sales × days of the period, one decimal half up; None ("n/a") when the sales are not above 0.

    Args:
        receivable: at the end of the period, less advances, minor units; sales of the period, tax included.
    """
    return _one_decimal(Fraction(receivable * days, sales)) if sales > 0 else None


def days_in_month(month: Month) -> int:
    """How many days the month has."""
    return calendar.monthrange(*month)[1]


def _one_decimal(days: Fraction) -> Decimal:
    return Decimal(money.half_up(days * 10)).scaleb(-1)
