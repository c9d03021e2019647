"""The next days: public holidays, what falls due; and what a new profile still needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from kam_desktop import formats
from kam_desktop.domain.entities import FIRM_ID, Firm
from kam_desktop.store.reader import Reader

_NO_DAYS = formats.FirmDays()


@dataclass(frozen=True, slots=True)
class Day:
    """One of the next days.

    Attributes:
        holiday: its name in the current language, "" on other days.
        amount, count: what is open and falls due on it, in minor units, and of how many instalments.
        next_working: the next working day, when this is none and something falls due on it.
    """

    on: date
    holiday: str
    amount: int
    count: int
    next_working: date | None


@dataclass(frozen=True, slots=True)
class Beginnings:
    """What is there already in a profile."""

    firm: bool
    accounts: bool
    invoices: bool
    proposals: bool


def next_days(
    reader: Reader, as_of: date, currency: str = "VND", days: int = 10, own: formats.FirmDays = _NO_DAYS
) -> list[Day]:
    """The coming days on which something falls due or that are public holidays, the day itself included.

    A day off does not move what the contract says: only the next working day is told beside it (features.md 2, Ageing).

    Args:
        own: the firm's own days off and worked days over the public calendar (rule.holidays).
    """
    last = as_of + timedelta(days=days)
    statement = (
        "select due_on, sum(open), count(*) from cache_instalment "
        "where currency = :currency and open <> 0 and due_on between :first and :last group by 1"
    )
    values = {"currency": currency, "first": as_of.isoformat(), "last": last.isoformat()}
    due = {date.fromisoformat(row[0]): (row[1], row[2]) for row in reader.sql(statement, values)}
    holidays = {**formats.holidays_of(as_of.year, own), **formats.holidays_of(last.year, own)}
    found = []
    for step in range(days + 1):
        day = as_of + timedelta(days=step)
        amount, count = due.get(day, (0, 0))
        if count or day in holidays:
            moved = formats.next_working_day(day, own) if count and not formats.is_working_day(day, own) else None
            found.append(Day(day, holidays.get(day, ""), amount, count, moved))
    return found


def beginnings(reader: Reader) -> Beginnings:
    """What a profile has already, for the list of first steps."""
    firm = reader.get(Firm, FIRM_ID)
    row = reader.sql(
        "select exists(select 1 from account), exists(select 1 from invoice), exists(select 1 from proposal)"
    )[0]
    return Beginnings(firm is not None and bool(firm.tax_code), bool(row[0]), bool(row[1]), bool(row[2]))
