"""Payment terms: a total split into instalments with due dates, and when an instalment is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from kam_desktop.domain import money
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import due
from kam_desktop.domain.figures.ageing import Ledger, due_of
from kam_desktop.domain.figures.due import DAY_OF_MONTH as DAY_OF_MONTH
from kam_desktop.domain.figures.due import DAYS as DAYS
from kam_desktop.domain.figures.due import END_OF_MONTH as END_OF_MONTH
from kam_desktop.domain.figures.due import MONTHS as MONTHS
from kam_desktop.domain.figures.due import MOST_DAYS as MOST_DAYS
from kam_desktop.domain.figures.due import MOST_MONTHS as MOST_MONTHS
from kam_desktop.domain.figures.due import STEP_KINDS as STEP_KINDS
from kam_desktop.domain.figures.due import Step as Step
from kam_desktop.domain.figures.due import moved as moved
from kam_desktop.domain.figures.due import plus_months as plus_months
from kam_desktop.domain.figures.due import steps_of as steps_of
from kam_desktop.domain.figures.due import texts_of as texts_of

PERCENT = "percent"  # of the total
PERCENT_OF_REST = "percent_of_rest"  # of what the parts before left over
FIXED = "fixed"  # minor units
REST = "rest"  # everything that is left; only as the last part
PART_KINDS = (PERCENT, PERCENT_OF_REST, FIXED, REST)


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
        steps: those of its part, for the instalment to keep (`texts_of` writes them).
    """

    place: int
    name: str
    amount: int
    due_on: date | None
    waits_for_papers: bool
    steps: tuple[Step, ...] = ()


class Line(Protocol):
    """A line of a payment term as it is stored (PaymentTermLine)."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> Decimal | None: ...
    @property
    def steps(self) -> tuple[str, ...]: ...
    @property
    def from_papers(self) -> bool: ...
    @property
    def name(self) -> str: ...


def parts_of(lines: Iterable[Line]) -> tuple[Part, ...]:
    """The parts of a term out of its stored lines, in the order given.

    Refused with where = "parts.N.steps.M" when a step cannot be read; whether the parts make a term says `problems_of`.
    """
    return tuple(
        Part(each.kind, each.value or 0, steps_of(each.steps, f"parts.{place}.steps"), each.from_papers, each.name)
        for place, each in enumerate(lines, 1)
    )


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
    found += [problem for step in part.steps if step.kind in STEP_KINDS for problem in due.step_problems(where, step)]
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
        due_on = moved(start, part.steps) if start is not None else None
        found.append(Due(place, part.name, amount, due_on, part.from_papers, part.steps))
    return tuple(found)


def due_dates(ledger: Ledger, as_of: date) -> dict[str, date | None]:
    """When each instalment is due by its contract, by its id; None while it waits for papers on the day `as_of`.

    The order of what says it is that of figures/ageing.due_of. A day off does not move the date: the next working day
    is only shown beside it (Civil Code 2015, art. 148.5).
    """
    invoices = {each.id: each for each in ledger.invoices}
    return {
        part.id: due_of(part, invoices[part.invoice], ledger, as_of)[0]
        for part in ledger.instalments
        if part.invoice in invoices
    }
