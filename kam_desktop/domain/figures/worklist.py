"""The order of collection work: what acting today brings, the reason, and the next action."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from kam_desktop.domain import money
from kam_desktop.domain.figures import terms
from kam_desktop.domain.figures.provision import Tier

TODAY, SOON, WAITING = "today", "soon", "waiting"
GROUPS = (TODAY, SOON, WAITING)
CALL, MESSAGE, LETTER, MEETING, PAPERS, RECEIPT, WAIT = (
    "call", "message", "letter", "meeting", "papers", "receipt", "wait",
)  # fmt: skip
ACTIONS = (CALL, MESSAGE, LETTER, MEETING, PAPERS, RECEIPT, WAIT)

AGE_CHANCES = ((30, 20), (60, 50), (90, 100), (180, 200))
"""Up to so many days overdue, so many thousandths: the chance that this money is lost unless somebody acts."""
OLDEST_CHANCE = 400
NOT_DUE_CHANCE = 5
PAPERS_CHANCE = 10
"""Of money that waits for papers: nothing is late, but nothing can fall due either."""
BROKEN_CHANCE = 250
PROMISED_TODAY_CHANCE = 150
TIER_CHANCE = 300
LIMITATION_CHANCE = 600
RESTING_CHANCE = NOT_DUE_CHANCE
"""Where there is nothing to do today: after a reminder, before the day of a promise."""

SOON_DAYS = 7
PAPERS_REST_DAYS = 7
"""Papers are asked for when the invoice is so old, and again so many days after the last reminder."""
REST_DAYS = 7
TIER_DAYS = 14
LIMITATION_MONTHS = 24
"""Commercial Law 2005 art. 319: two years from the day on which the right was infringed."""
LIMITATION_DAYS = 90


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the firm's way of reminding: from so many days after the due date on (below zero: before it)."""

    place: int
    days_after_due: int
    channel: str


@dataclass(frozen=True, slots=True)
class Case:
    """An open instalment as far as its place on the worklist needs it.

    Attributes:
        open: minor units, above zero.
        due_on: None while it waits for papers.
        step: the reminder step reached, 0 for none.
        reminded_on, outcome: of the newest reminder.
        promised_on: the last day of the promise that stands and is not kept; None for none.
    """

    open: int
    issued_on: date
    due_on: date | None
    step: int = 0
    reminded_on: date | None = None
    outcome: str = ""
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Where a case stands on the worklist of a day.

    Attributes:
        group: one of GROUPS. reason: a code, see REASONS. action: one of ACTIONS.
        chance: thousandths. gain: open × chance, minor units, half up: what the order follows.
        days: overdue, below zero before the due date; of papers those since the invoice.
        step: the reminder step that is due, 0 for none.
        day: what the reason is about: the day promised, of the last reminder, of the tier, of the limitation.
        until: when it comes up again, of a line that waits.
        percent: of the provision tier that is near.
    """

    group: str
    reason: str
    action: str
    chance: int
    gain: int
    days: int
    step: int = 0
    day: date | None = None
    until: date | None = None
    percent: int = 0


REASONS = (
    "broken_promise", "promise_today", "promised", "papers", "papers_missing", "said_paid", "disputed",
    "limitation_over", "limitation_near", "tier_near", "step_due", "overdue", "reminded", "due_soon", "due_step",
)  # fmt: skip
"""Why a line stands there."""


@dataclass(frozen=True)
class Rules:
    """What the firm and the law say: the reminder steps in their places, the tiers of the provision table."""

    steps: Sequence[Step] = ()
    tiers: Sequence[Tier] = ()


_HELD = {
    "papers_missing": ("papers_missing", PAPERS),
    "paid_already": ("said_paid", RECEIPT),
    "disputed": ("disputed", CALL),
}
"""By the outcome of the newest reminder: the reason, and what is to be done instead of the next step."""


def chance_by_age(days: int) -> int:
    """The chance, in thousandths, that money this many days overdue is lost unless somebody acts today."""
    if days <= 0:
        return NOT_DUE_CHANCE
    return next((chance for most, chance in AGE_CHANCES if days <= most), OLDEST_CHANCE)


def line_of(case: Case, as_of: date, rules: Rules) -> Line | None:
    """Where a case stands today; None when there is nothing to do about it within a week.

    The formula (features.md 2, Today: money at risk × its chance): gain = open × chance. The chance is that of the
    age; a broken promise raises it to 25 %, one whose day is today to 15 %, a provision tier that comes within
    14 days to 30 %, a limitation of two years that ends within 90 days to 60 %. Where nothing can be done today
    (a promise runs, a reminder went out) it is 0.5 %. What a customer disputes is known only as the outcome of a
    reminder; it changes the next action and not the chance.

    A promise goes before everything, then the day's own reminder, then papers, then what the customer answered, then
    the age. The step that is due is the highest whose day has come above the one reached. Without one a customer is
    left alone for 7 days after a reminder, for one where nobody answered, or until the next step's day.
    """
    days = (as_of - (case.due_on or case.issued_on)).days
    rested = None if case.reminded_on is None else (as_of - case.reminded_on).days
    promised = case.promised_on
    if promised is not None and promised > as_of:
        return _made(case, days, WAITING, "promised", WAIT, RESTING_CHANCE, day=promised, until=promised)
    if rested is not None and rested <= 0:
        return _rests(case, days, as_of + timedelta(days=1))
    step = _due_step(case, days, rules.steps)
    if promised is not None:
        broken = promised < as_of
        reason, action = ("broken_promise", CALL) if broken else ("promise_today", MESSAGE)
        chance = max(_chance(case, days), BROKEN_CHANCE if broken else PROMISED_TODAY_CHANCE)
        return _made(case, days, TODAY, reason, action, chance, step, day=promised)
    if case.due_on is None:
        return _papers(case, days, rested)
    if days <= 0:
        return _not_due(case, days, step)
    if case.outcome in _HELD:
        reason, action = _HELD[case.outcome]
        return _made(case, days, TODAY, reason, action, _chance(case, days), step, day=case.reminded_on)
    return _overdue(case, case.due_on, as_of, step, rules)


def _made(
    case: Case,
    days: int,
    group: str,
    reason: str,
    action: str,
    chance: int,
    step: Step | None = None,
    *,
    day: date | None = None,
    until: date | None = None,
    percent: int = 0,
) -> Line:
    gain = money.half_up(Fraction(case.open * chance, 1000))
    return Line(group, reason, action, chance, gain, days, step.place if step else 0, day, until, percent)


def _rests(case: Case, days: int, until: date) -> Line:
    return _made(case, days, WAITING, "reminded", WAIT, RESTING_CHANCE, day=case.reminded_on, until=until)


def _chance(case: Case, days: int) -> int:
    return PAPERS_CHANCE if case.due_on is None else chance_by_age(days)


def _papers(case: Case, days: int, rested: int | None) -> Line:
    if rested is not None and rested < PAPERS_REST_DAYS and case.reminded_on is not None:
        return _rests(case, days, case.reminded_on + timedelta(days=PAPERS_REST_DAYS))
    if days >= PAPERS_REST_DAYS:
        return _made(case, days, TODAY, "papers", PAPERS, PAPERS_CHANCE)
    until = case.issued_on + timedelta(days=PAPERS_REST_DAYS)
    return _made(case, days, WAITING, "papers", WAIT, PAPERS_CHANCE, until=until)


def _not_due(case: Case, days: int, step: Step | None) -> Line | None:
    if -days > SOON_DAYS:
        return None
    if step is not None:
        return _made(case, days, SOON, "due_step", step.channel, NOT_DUE_CHANCE, step, day=case.due_on)
    return _made(case, days, SOON, "due_soon", WAIT, NOT_DUE_CHANCE, day=case.due_on, until=case.due_on)


def _overdue(case: Case, due_on: date, as_of: date, step: Step | None, rules: Rules) -> Line:
    """The line of an instalment that is overdue and that no promise and no obstacle holds."""
    days, action = (as_of - due_on).days, step.channel if step is not None else _channel(case.step, rules.steps)
    chance = chance_by_age(days)
    if step is None and case.reminded_on is not None:
        again = case.reminded_on + timedelta(days=1 if case.outcome == "no_answer" else REST_DAYS)
        following = _following(case.step, rules.steps)
        if following is not None:
            again = min(again, due_on + timedelta(days=following.days_after_due))
        if as_of < again:
            return _rests(case, days, again)
    over = terms.plus_months(due_on, LIMITATION_MONTHS)
    if over < as_of:
        return _made(case, days, TODAY, "limitation_over", action, chance, step, day=over)
    if (over - as_of).days <= LIMITATION_DAYS:
        return _made(case, days, TODAY, "limitation_near", action, max(chance, LIMITATION_CHANCE), step, day=over)
    near = _near_tier(due_on, as_of, rules.tiers)
    if near is not None:
        chance = max(chance, TIER_CHANCE)
        return _made(case, days, TODAY, "tier_near", action, chance, step, day=near[0], percent=near[1])
    return _made(case, days, TODAY, "step_due" if step is not None else "overdue", action, chance, step, day=due_on)


def _due_step(case: Case, days: int, steps: Iterable[Step]) -> Step | None:
    """The highest step whose day has come and that was not reached yet."""
    if case.due_on is None:
        return None
    due = [each for each in steps if each.place > case.step and each.days_after_due <= days]
    return max(due, key=lambda each: each.place, default=None)


def _following(reached: int, steps: Iterable[Step]) -> Step | None:
    return min((each for each in steps if each.place > reached), key=lambda each: each.place, default=None)


def _channel(reached: int, steps: Iterable[Step]) -> str:
    """How the step reached speaks; a call where there is none."""
    return next((each.channel for each in steps if each.place == reached), CALL)


def _near_tier(due_on: date, as_of: date, tiers: Iterable[Tier]) -> tuple[date, int] | None:
    """The tier that is reached within TIER_DAYS, as (its day, its percentage); the last day before counts too."""
    coming = ((terms.plus_months(due_on, each.months), each) for each in tiers)
    near = [(on, int(each.percent)) for on, each in coming if 0 < (on - as_of).days <= TIER_DAYS]
    return min(near, default=None)
