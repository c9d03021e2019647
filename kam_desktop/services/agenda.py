"""The next days: public holidays, occasions, what falls due and what is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from kam_desktop import formats
from kam_desktop.domain.entities.proposal import OPEN_STAGES
from kam_desktop.store.reader import Reader

_NO_DAYS = formats.FirmDays()
_PROMISED = """
select p.pay_on, count(*), sum(p.amount) from promise_to_pay p
where p.pay_on between :first and :last and p.currency = :currency and not coalesce(p.withdrawn, 0)
  and not exists (select 1 from promise_to_pay r where r.replaces = p.id) group by 1
"""
_TASKS = (
    "select due_on, count(*) from task where due_on between :first and :last and coalesce(done_on, '') = '' group by 1"
)
_STEPS = (
    "select next_step_on, count(*) from proposal where next_step_on between :first and :last "  # noqa: S608 - ours
    f"and stage in ({', '.join(f':s{at}' for at in range(len(OPEN_STAGES)))}) group by 1"
)


class Occasion(Protocol):
    """An occasion on its day (services.occasion.Coming)."""

    @property
    def kind(self) -> str: ...
    @property
    def years(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def account_name(self) -> str: ...


class Occasions(Protocol):
    """The occasions of one day (services.occasion.OfDay)."""

    @property
    def first(self) -> tuple[Occasion, ...]: ...
    @property
    def count(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Day:
    """One of the next days.

    Attributes:
        holiday: its name in the current language, "" on other days.
        amount, count: what is open and falls due on it, in minor units, and of how many instalments.
        promised, promised_amount: promises to pay of that day that nothing took the place of, in minor units.
        tasks, steps: open tasks that are due, next steps of open proposals.
        next_working: the next working day, when this is none and something falls due on it.
        occasions: birthdays, founding days and written down occasions; more: how many others there are.
    """

    on: date
    holiday: str
    amount: int
    count: int
    next_working: date | None
    promised: int = 0
    promised_amount: int = 0
    tasks: int = 0
    steps: int = 0
    occasions: tuple[Occasion, ...] = ()
    more: int = 0


def next_days(
    reader: Reader,
    as_of: date,
    currency: str = "VND",
    days: int = 10,
    own: formats.FirmDays = _NO_DAYS,
    occasions: Mapping[date, Occasions] | None = None,
) -> list[Day]:
    """The coming days on which something falls due or is to be done, and public holidays; the day itself too.

    A day off does not move what the contract says: only the next working day is told beside it (features.md 2, Ageing).

    Args:
        own: the firm's own days off and worked days over the public calendar (rule.holidays).
        occasions: of the same days (occasion.by_day).
    """
    last = as_of + timedelta(days=days)
    statement = (
        "select due_on, sum(open), count(*) from cache_instalment "
        "where currency = :currency and open <> 0 and due_on between :first and :last group by 1"
    )
    values = {"currency": currency, "first": as_of.isoformat(), "last": last.isoformat()}
    due = {date.fromisoformat(row[0]): (row[1], row[2]) for row in reader.sql(statement, values)}
    promised = {date.fromisoformat(row[0]): (row[1], row[2]) for row in reader.sql(_PROMISED, values)}
    tasks = {date.fromisoformat(row[0]): row[1] for row in reader.sql(_TASKS, values)}
    stages = {f"s{at}": stage for at, stage in enumerate(OPEN_STAGES)}
    steps = {date.fromisoformat(row[0]): row[1] for row in reader.sql(_STEPS, {**values, **stages})}
    holidays = {**formats.holidays_of(as_of.year, own), **formats.holidays_of(last.year, own)}
    found = []
    for step in range(days + 1):
        day = as_of + timedelta(days=step)
        amount, count = due.get(day, (0, 0))
        words, said = promised.get(day, (0, 0))
        todo, following = tasks.get(day, 0), steps.get(day, 0)
        told = (occasions or {}).get(day)
        if count or words or todo or following or told or day in holidays:
            moved = formats.next_working_day(day, own) if count and not formats.is_working_day(day, own) else None
            first, others = (told.first, told.count - len(told.first)) if told is not None else ((), 0)
            made = (holidays.get(day, ""), amount, count, moved, words, said, todo, following)
            found.append(Day(day, *made, first, others))
    return found
