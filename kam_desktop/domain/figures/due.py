"""Steps from a start date to a due date: how they are written, read strictly, and walked in order."""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from kam_desktop.domain.errors import Problem, Refused

DAYS = "days"
MONTHS = "months"
END_OF_MONTH = "end_of_month"
DAY_OF_MONTH = "day_of_month"
STEP_KINDS = (DAYS, MONTHS, END_OF_MONTH, DAY_OF_MONTH)
DEFAULT_DAYS = 30
MOST_DAYS, MOST_MONTHS = 3_660, 120

_WRITTEN = re.compile(r"(days|months|day_of_month) ([0-9]{1,4})|(end_of_month)")


@dataclass(frozen=True, slots=True)
class Step:
    """One move of a due date.

    Attributes:
        kind: "days" and "months" move by `count`; "end_of_month" goes to the month's last day; "day_of_month" to the
            first day `count` on or after the date reached.
    """

    kind: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """The agreed payment term of an account where it has one part only: what an invoice without dates of its own takes.

    Attributes:
        from_papers: counts from the confirmed full document set, not from the invoice.
    """

    steps: tuple[Step, ...] = ()
    from_papers: bool = False


def step_problems(where: str, step: Step) -> list[Problem]:
    """What is wrong with one step."""
    found = []
    if step.kind not in STEP_KINDS:
        found.append(Problem(where, "unknown_step", "This kind of step is not known."))
    if step.kind in (DAYS, MONTHS) and step.count < 0:
        found.append(Problem(where, "step_back", "A due date cannot move back."))
    if step.count > (MOST_MONTHS if step.kind == MONTHS else MOST_DAYS):
        found.append(Problem(where, "step_too_long", "A payment term cannot be longer than ten years."))
    if step.kind == DAY_OF_MONTH and not 1 <= step.count <= 31:
        found.append(Problem(where, "day_of_month", "The day of the month must be 1 to 31."))
    return found


def steps_of(texts: Iterable[str], where: str = "steps") -> tuple[Step, ...]:
    """The steps as a term's line or an instalment has them written: "days 30", "end_of_month", "day_of_month 10".

    Refused, each with its place counted from 1, when one cannot be read or cannot be walked.
    """
    found, problems = [], []
    for place, text in enumerate(texts, 1):
        step = _read(text)
        if step is None:
            problems.append(Problem(f"{where}.{place}", "unknown_step", "This kind of step is not known."))
        else:
            problems += step_problems(f"{where}.{place}", step)
            found.append(step)
    if problems:
        raise Refused(problems)
    return tuple(found)


def texts_of(steps: Iterable[Step]) -> tuple[str, ...]:
    """Steps as they are written; no step at all, which is due at once, is "days 0", for empty says nothing."""
    texts = tuple(END_OF_MONTH if each.kind == END_OF_MONTH else f"{each.kind} {each.count}" for each in steps)
    return texts or (f"{DAYS} 0",)


def known_steps(texts: Iterable[str]) -> tuple[Step, ...]:
    """The steps of a stored record, where nothing can be refused any more: what cannot be walked moves nothing.

    Empty only where nothing is written: an instalment with steps that no one can read does not fall back on a term.
    """
    texts = tuple(texts)
    read = (_read(text) for text in texts)
    found = tuple(step for step in read if step is not None and not step_problems("", step))
    return found or ((Step(DAYS, 0),) if texts else ())


def due_date(
    issued_on: date, due_on: date | None, payment_days: int | None, default_days: int | None = None
) -> tuple[date, bool]:
    """When an instalment is due, and whether that rests on the default term."""
    if due_on is not None:
        return due_on, False
    if payment_days is not None:
        return moved(issued_on, [Step(DAYS, payment_days)]), False
    return moved(issued_on, [Step(DAYS, DEFAULT_DAYS if default_days is None else default_days)]), True


def moved(start: date, steps: Sequence[Step]) -> date:
    """The date reached by the steps, done in their order; the last day of the calendar when they lead beyond it."""
    reached = start
    try:
        for step in steps:
            if step.kind == DAYS:
                reached += timedelta(days=step.count)
            elif step.kind == MONTHS:
                reached = plus_months(reached, step.count)
            elif step.kind == END_OF_MONTH:
                reached = _in_month(reached.year, reached.month, 31)
            else:
                same = _in_month(reached.year, reached.month, step.count)
                reached = same if same >= reached else _day_of_next_month(reached, step.count)
    except (OverflowError, ValueError):
        return date.max
    return reached


def moved_text(start: str | None, steps: str | None) -> str | None:
    """`moved` as the store asks for it: an ISO date and the steps as a JSON list; None without a date."""
    if not start:
        return None
    return moved(date.fromisoformat(start), known_steps(json.loads(steps) if steps else ())).isoformat()


@lru_cache(maxsize=4096)  # a list of thousands of instalments has a few hundred due dates
def plus_months(day: date, months: int) -> date:
    """The same day so many months later, or the month's last day where it is shorter."""
    whole = day.year * 12 + day.month - 1 + months
    return _in_month(whole // 12, whole % 12 + 1, day.day)


def _read(text: str) -> Step | None:
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    return Step(END_OF_MONTH) if match[3] else Step(match[1], int(match[2]))


def _day_of_next_month(day: date, number: int) -> date:
    following = plus_months(day.replace(day=1), 1)
    return _in_month(following.year, following.month, number)


def _in_month(year: int, month: int, number: int) -> date:
    return date(year, month, min(number, calendar.monthrange(year, month)[1]))
