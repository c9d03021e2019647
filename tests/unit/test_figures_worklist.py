"""The worklist as worked cases: the group, the reason, the next action, what acting brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.figures import worklist
from kam_desktop.domain.figures.provision import Tier
from kam_desktop.domain.figures.worklist import Case, Line, Rules, Step, chance_by_age, line_of

TODAY = date(2026, 11, 23)
STEPS = (
    Step(1, -3, "message"),
    Step(2, 1, "message"),
    Step(3, 10, "call"),
    Step(4, 30, "letter"),
    Step(5, 60, "meeting"),
)
TIERS = tuple(Tier(months, Decimal(percent)) for months, percent in ((6, 30), (12, 50), (24, 70), (36, 100)))
RULES = Rules(STEPS, TIERS)
PLAIN = Case(1_000_000, date(2026, 1, 5), None)


def late(days: int, **more: object) -> Case:
    """An instalment of 1,000,000 that many days overdue; below zero it is due in so many."""
    return replace(PLAIN, due_on=TODAY - timedelta(days=days), **more)  # type: ignore[arg-type]


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


# what, case, (group, reason, action, chance in thousandths, step that is due)
CASES: Sequence[tuple[str, Case, tuple[str, str, str, int, int] | None]] = [
    ("due in 8 days", late(-8), None),
    ("due in a week", late(-7), ("soon", "due_soon", "wait", 5, 0)),
    ("due in 3 days, the first step", late(-3), ("soon", "due_step", "message", 5, 1)),
    ("due in 3 days, reminded already", late(-3, step=1, reminded_on=ago(2)), ("soon", "due_soon", "wait", 5, 0)),
    ("due today is not late", late(0), ("soon", "due_step", "message", 5, 1)),
    ("a day late", late(1), ("today", "step_due", "message", 20, 2)),
    ("nobody reminded for 35 days: the highest step", late(35), ("today", "step_due", "letter", 50, 4)),
    ("the next step's day has come", late(35, step=3, reminded_on=ago(2)), ("today", "step_due", "letter", 50, 4)),
    ("reminded today", late(35, reminded_on=TODAY), ("waiting", "reminded", "wait", 5, 0)),
    ("left alone for a week", late(40, step=4, reminded_on=ago(6)), ("waiting", "reminded", "wait", 5, 0)),
    ("a week later", late(40, step=4, reminded_on=ago(7)), ("today", "overdue", "letter", 50, 0)),
    ("nobody answered: the next day", late(40, step=4, reminded_on=ago(1), outcome="no_answer"),
     ("today", "overdue", "letter", 50, 0)),
    ("all steps done", late(100, step=5, reminded_on=ago(9)), ("today", "overdue", "meeting", 200, 0)),
    ("promised for later", late(96, promised_on=ago(-4)), ("waiting", "promised", "wait", 5, 0)),
    ("promised for today", late(40, step=4, promised_on=TODAY), ("today", "promise_today", "message", 150, 0)),
    ("promised for yesterday", late(40, promised_on=ago(1)), ("today", "broken_promise", "call", 250, 4)),
    ("broken, and worse by its age", late(200, promised_on=ago(1)), ("today", "broken_promise", "call", 400, 5)),
    ("broken, but spoken to today", late(40, promised_on=ago(1), reminded_on=TODAY),
     ("waiting", "reminded", "wait", 5, 0)),
    ("a promise before its due date", late(-30, promised_on=ago(1)), ("today", "broken_promise", "call", 250, 0)),
    ("papers, a new invoice", replace(PLAIN, issued_on=ago(6)), ("waiting", "papers", "wait", 10, 0)),
    ("papers, a week old", replace(PLAIN, issued_on=ago(7)), ("today", "papers", "papers", 10, 0)),
    ("papers, asked for", replace(PLAIN, reminded_on=ago(6)), ("waiting", "reminded", "wait", 5, 0)),
    ("said that papers miss", late(20, step=3, reminded_on=ago(2), outcome="papers_missing"),
     ("today", "papers_missing", "papers", 20, 0)),
    ("says it is paid", late(20, step=3, reminded_on=ago(2), outcome="paid_already"),
     ("today", "said_paid", "receipt", 20, 0)),
    ("disputed", late(20, step=3, reminded_on=ago(2), outcome="disputed"), ("today", "disputed", "call", 20, 0)),
    # 23 November less 6 months is 23 May: 14 days before that tier the debt is due since 7 June.
    ("6 months in 14 days", replace(PLAIN, due_on=date(2026, 6, 7)), ("today", "tier_near", "meeting", 300, 5)),
    ("6 months in 15 days", replace(PLAIN, due_on=date(2026, 6, 8)), ("today", "step_due", "meeting", 200, 5)),
    ("6 months today", replace(PLAIN, due_on=date(2026, 5, 23)), ("today", "step_due", "meeting", 400, 5)),
    ("a year tomorrow", replace(PLAIN, due_on=date(2025, 11, 24)), ("today", "tier_near", "meeting", 400, 5)),
    ("two years in 90 days", replace(PLAIN, due_on=date(2025, 2, 21)), ("today", "limitation_near", "meeting", 600, 5)),
    ("two years in 91 days", replace(PLAIN, due_on=date(2025, 2, 22)), ("today", "step_due", "meeting", 400, 5)),
    ("two years today", replace(PLAIN, due_on=date(2024, 11, 23)), ("today", "limitation_near", "meeting", 600, 5)),
    ("two years yesterday", replace(PLAIN, due_on=date(2024, 11, 22)), ("today", "limitation_over", "meeting", 400, 5)),
]  # fmt: skip


@pytest.mark.parametrize(("case", "expected"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_worked_case(case: Case, expected: tuple[str, str, str, int, int] | None) -> None:
    line = line_of(case, TODAY, RULES)
    if expected is None:
        assert line is None
        return
    assert line is not None
    assert (line.group, line.reason, line.action, line.chance, line.step) == expected
    assert line.gain == 1_000 * line.chance
    assert line.reason in worklist.REASONS


@pytest.mark.parametrize(
    ("days", "chance"),
    [(-1, 5), (0, 5), (1, 20), (30, 20), (31, 50), (60, 50), (61, 100), (90, 100), (91, 200), (180, 200), (181, 400)],
)
def test_chance_by_age(days: int, chance: int) -> None:
    assert chance_by_age(days) == chance


def test_when_a_waiting_line_comes_up_again() -> None:
    def until(case: Case) -> date | None:
        line = line_of(case, TODAY, RULES)
        return line.until if line is not None else None

    assert until(late(20, promised_on=ago(-4))) == ago(-4)
    assert until(late(20, step=3, reminded_on=ago(2))) == ago(-5)
    assert until(late(28, step=3, reminded_on=ago(2))) == ago(-2), "step 4 comes before the week is over"
    assert until(late(20, step=3, reminded_on=TODAY)) == ago(-1)
    assert until(replace(PLAIN, issued_on=ago(2))) == ago(-5)


def test_without_steps_a_customer_is_called() -> None:
    line = line_of(late(20), TODAY, Rules())
    assert line is not None
    assert (line.group, line.reason, line.action) == ("today", "overdue", "call")


_DAYS = st.integers(-400, 1500)


@given(
    days=_DAYS, open_=st.integers(1, 10**13), step=st.integers(0, 6), reminded=st.none() | st.integers(0, 900),
    outcome=st.sampled_from(["", "promised", "no_answer", "disputed", "papers_missing", "paid_already", "other"]),
    promised=st.none() | st.integers(-60, 900), papers=st.booleans(),
)  # fmt: skip
def test_every_case_has_one_action_that_fits_its_group(
    days: int, open_: int, step: int, reminded: int | None, outcome: str, promised: int | None, papers: bool
) -> None:
    case = Case(
        open_, ago(max(days, 0)), None if papers else ago(days), step, None if reminded is None else ago(reminded),
        outcome, None if promised is None else ago(promised),
    )  # fmt: skip
    line: Line | None = line_of(case, TODAY, RULES)
    if line is None:
        assert not papers and days < -worklist.SOON_DAYS and promised is None
        return
    assert 0 <= line.gain <= open_
    assert line.action in worklist.ACTIONS
    assert (line.action == "wait") <= (line.group != "today"), "today there is something to do"
    if line.group == "waiting":
        assert line.action == "wait" and line.until is not None
        assert line.until > TODAY
