"""Payment terms: a total split into instalments with due dates, and when an instalment is due."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from kam_desktop.domain import money
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures.ageing import Ledger, due_date

PERCENT = "percent"  # of the total
PERCENT_OF_REST = "percent_of_rest"  # of what the parts before left over
FIXED = "fixed"  # minor units
REST = "rest"  # everything that is left; only as the last part
PART_KINDS = (PERCENT, PERCENT_OF_REST, FIXED, REST)

DAYS = "days"
MONTHS = "months"
END_OF_MONTH = "end_of_month"
DAY_OF_MONTH = "day_of_month"
STEP_KINDS = (DAYS, MONTHS, END_OF_MONTH, DAY_OF_MONTH)
MOST_DAYS, MOST_MONTHS = 3_660, 120


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
class Part:
    """One line of a payment term.

    Attributes:
        value: percent (30 for 30 %), or whole minor units for a fixed part; not used for the rest.
        steps: done in this order from the date from which the part counts.
        from_papers: counts from the confirmed full document set, not from the invoice.
    """

    kind: str
    value: Decimal | int = 0
    steps: tuple[Step, ...] = ()
    from_papers: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """One instalment that follows from a term.

    Attributes:
        amount: minor units.
        due_on: None while it waits for papers.
        waits_for_papers: its term counts from the full document set.
    """

    place: int
    name: str
    amount: int
    due_on: date | None
    waits_for_papers: bool


def problems_of(parts: Sequence[Part]) -> list[Problem]:
    """What is wrong with a term before it is saved; where = "parts" or "parts.N" (counted from 1)."""
    if not parts:
        return [Problem("parts", "no_part", "A payment term needs at least one part.")]
    found = [problem for place, part in enumerate(parts, 1) for problem in _part_problems(f"parts.{place}", part)]
    if found:
        return found
    percent = sum((Fraction(part.value) for part in parts if part.kind == PERCENT), Fraction(0))
    if percent > 100:
        shown = f"{float(percent):g}"
        return [Problem("parts", "over_100", "The percentages add up to {percent}, more than 100.", {"percent": shown})]
    if percent == 100 and any(part.kind != PERCENT for part in parts):
        return [Problem("parts", "beside_100", "The percentages make 100 already; the other parts get nothing.")]
    if any(part.kind == REST for part in parts[:-1]):
        return [Problem("parts", "after_rest", "The remainder must be the last part.")]
    if percent != 100 and parts[-1].kind != REST:
        return [Problem("parts", "no_end", "The last part must be the remainder, or the percentages must make 100.")]
    return []


def _part_problems(where: str, part: Part) -> list[Problem]:
    found = []
    if part.kind not in PART_KINDS or any(step.kind not in STEP_KINDS for step in part.steps):
        found.append(Problem(where, "unknown_part", "This kind of part or step is not known."))
    elif part.kind != REST and part.value <= 0:
        found.append(Problem(where, "part_not_positive", "A part must be above zero."))
    elif part.kind == FIXED and int(part.value) != part.value:
        found.append(Problem(where, "part_not_whole", "A fixed part must be a whole amount."))
    elif part.kind == PERCENT_OF_REST and part.value > 100:
        found.append(Problem(where, "over_rest", "A part cannot take more than 100 % of the remainder."))
    for step in part.steps:
        if step.kind in (DAYS, MONTHS) and step.count < 0:
            found.append(Problem(where, "step_back", "A due date cannot move back."))
        if step.count > (MOST_MONTHS if step.kind == MONTHS else MOST_DAYS):
            found.append(Problem(where, "step_too_long", "A payment term cannot be longer than ten years."))
        if step.kind == DAY_OF_MONTH and not 1 <= step.count <= 31:
            found.append(Problem(where, "day_of_month", "The day of the month must be 1 to 31."))
    return found


def split(total: int, parts: Sequence[Part]) -> tuple[int, ...]:
    """The amounts of the instalments in minor units; exactly `total` together.

    Each part is rounded half up of the magnitude, the last one takes what is left. A negative total gives the mirror
    image. Refused when the term itself is wrong, or when an instalment would have the other sign than the total.
    """
    problems = problems_of(parts)
    if problems:
        raise Refused(problems)
    if total < 0:
        return tuple(-amount for amount in split(-total, parts))
    rest = total
    amounts: list[int] = []
    for part in parts[:-1]:
        if part.kind == FIXED:
            amount = int(part.value)
        else:
            amount = money.half_up(Fraction(total if part.kind == PERCENT else rest) * Fraction(part.value) / 100)
        amounts.append(amount)
        rest -= amount
    amounts.append(rest)
    if any(amount < 0 or (total == 0 and amount) for amount in amounts):
        raise Refused(
            Problem("total", "wrong_sign", "With these terms an instalment of this total would have the wrong sign.")
        )
    return tuple(amounts)


def schedule(total: int, parts: Sequence[Part], invoiced_on: date, papers_on: date | None = None) -> tuple[Due, ...]:
    """The instalments of an invoice: one for each part, in their order.

    Args:
        total: minor units, tax included.
        papers_on: the date on which the customer confirmed the full document set; None while that is open.
    """
    found = []
    for place, (part, amount) in enumerate(zip(parts, split(total, parts), strict=True), 1):
        start = papers_on if part.from_papers else invoiced_on
        due = moved(start, part.steps) if start is not None else None
        found.append(Due(place, part.name, amount, due, part.from_papers))
    return tuple(found)


def moved(start: date, steps: Sequence[Step]) -> date:
    """The date reached by the steps, done in their order."""
    reached = start
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
    return reached


def plus_months(day: date, months: int) -> date:
    """The same day so many months later, or the month's last day where it is shorter."""
    whole = day.year * 12 + day.month - 1 + months
    return _in_month(whole // 12, whole % 12 + 1, day.day)


def _day_of_next_month(day: date, number: int) -> date:
    following = plus_months(day.replace(day=1), 1)
    return _in_month(following.year, following.month, number)


def _in_month(year: int, month: int, number: int) -> date:
    return date(year, month, min(number, calendar.monthrange(year, month)[1]))


def due_dates(ledger: Ledger, as_of: date) -> dict[str, date | None]:
    """When each instalment is due by its contract, by its id; None while it waits for papers on the day `as_of`.

    An instalment without a date of its own takes the account's payment term, else the firm's (figures/ageing). A day
    off does not move the date: the next working day is only shown beside it (Civil Code 2015, art. 148.5).
    """
    invoices = {each.id: each for each in ledger.invoices}
    found: dict[str, date | None] = {}
    for part in ledger.instalments:
        invoice = invoices.get(part.invoice)
        if invoice is None:
            continue
        start: date | None = invoice.issued_on
        if part.waits_for_papers:
            start = part.papers_on if part.papers_on is not None and part.papers_on <= as_of else None
        if start is None:
            found[part.id] = None
        else:
            days = ledger.payment_days.get(invoice.account)
            found[part.id] = due_date(start, part.due_on, days, ledger.default_days)[0]
    return found
