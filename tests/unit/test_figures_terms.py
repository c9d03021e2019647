"""Payment terms: published cases, steps, refusals, and that the instalments always make the total."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.entities import PaymentTermLine
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.figures.ageing import Instalment, Invoice, Ledger, due_date, due_of
from kam_desktop.domain.figures.due import Term, known_steps
from kam_desktop.domain.figures.terms import (
    DAY_OF_MONTH,
    DAYS,
    END_OF_MONTH,
    FIXED,
    MONTHS,
    PERCENT,
    PERCENT_OF_REST,
    REST,
    Part,
    Step,
    due_dates,
    moved,
    parts_of,
    plus_months,
    problems_of,
    schedule,
    split,
    steps_of,
    texts_of,
)
from tests.cases.payment_terms import CASES, TermCase


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.source.split(',')[0]}: {case.name}, {case.invoiced}")
def test_published_cases(case: TermCase) -> None:
    total = 100_000 if case.total is None else case.total
    if case.refused:
        with pytest.raises(Refused) as caught:
            schedule(total, case.parts, case.invoiced_on)
        assert [problem.code for problem in caught.value.problems] == [case.refused]
        return
    found = schedule(total, case.parts, case.invoiced_on)
    assert tuple(due.due_on.isoformat() for due in found if due.due_on) == case.due
    assert sum(due.amount for due in found) == total
    if case.total is not None:
        assert tuple(due.amount for due in found) == case.amounts
    assert bool(case.why) <= bool(case.published)


@pytest.mark.parametrize(
    ("start", "steps", "reached"),
    [
        ("2026-01-31", [Step(MONTHS, 1)], "2026-02-28"),
        ("2028-01-31", [Step(MONTHS, 1)], "2028-02-29"),
        ("2026-01-31", [Step(MONTHS, 1), Step(MONTHS, 1)], "2026-03-28"),
        ("2026-01-31", [Step(MONTHS, 2)], "2026-03-31"),
        ("2026-11-30", [Step(MONTHS, 3)], "2027-02-28"),
        ("2026-12-31", [Step(MONTHS, 12)], "2027-12-31"),
        ("2026-02-10", [Step(END_OF_MONTH)], "2026-02-28"),
        ("2026-02-28", [Step(END_OF_MONTH)], "2026-02-28"),
        ("2026-01-31", [Step(END_OF_MONTH), Step(MONTHS, 1)], "2026-02-28"),
        ("2026-01-31", [Step(MONTHS, 1), Step(END_OF_MONTH)], "2026-02-28"),
        ("2026-01-10", [Step(DAYS, 45), Step(END_OF_MONTH)], "2026-02-28"),
        ("2026-01-10", [Step(END_OF_MONTH), Step(DAYS, 45)], "2026-03-17"),
        ("2026-05-10", [Step(DAY_OF_MONTH, 10)], "2026-05-10"),
        ("2026-05-11", [Step(DAY_OF_MONTH, 10)], "2026-06-10"),
        ("2026-12-11", [Step(DAY_OF_MONTH, 10)], "2027-01-10"),
        ("2026-02-10", [Step(DAY_OF_MONTH, 31)], "2026-02-28"),
        ("2026-01-31", [Step(DAY_OF_MONTH, 30)], "2026-02-28"),
        ("2026-02-28", [Step(DAY_OF_MONTH, 30)], "2026-02-28"),
        ("2026-03-05", [], "2026-03-05"),
    ],
)
def test_steps_are_done_in_their_order(start: str, steps: list[Step], reached: str) -> None:
    assert moved(date.fromisoformat(start), steps).isoformat() == reached


def p(kind: str, value: Decimal | int = 0, *steps: Step) -> Part:
    return Part(kind, value, steps)


@pytest.mark.parametrize(
    ("parts", "codes"),
    [
        ([], ["no_part"]),
        ([p(REST)], []),
        ([p(PERCENT, 100)], []),
        ([p(PERCENT, 60), p(PERCENT, 40)], []),
        ([p(PERCENT, Decimal("33.3333")), p(PERCENT, Decimal("66.6667"))], []),
        ([p(PERCENT, 60), p(PERCENT, 41)], ["over_100"]),
        ([p(PERCENT, 100), p(REST)], ["beside_100"]),
        ([p(PERCENT, 100), p(FIXED, 5)], ["beside_100"]),
        ([p(PERCENT, 50), p(PERCENT_OF_REST, 10), p(PERCENT, 50)], ["beside_100"]),
        ([p(PERCENT, 99)], ["no_end"]),
        ([p(FIXED, 5)], ["no_end"]),
        ([p(PERCENT_OF_REST, 100)], ["no_end"]),
        ([p(REST), p(FIXED, 5)], ["after_rest"]),
        ([p(REST), p(REST)], ["after_rest"]),
        ([p(PERCENT, 0), p(REST)], ["part_not_positive"]),
        ([p(FIXED, -1), p(PERCENT, -5), p(REST)], ["part_not_positive", "part_not_positive"]),
        ([p(FIXED, Decimal("0.5")), p(REST)], ["part_not_whole"]),
        ([p(PERCENT_OF_REST, 101), p(REST)], ["over_rest"]),
        ([p("half", 1), p(REST)], ["unknown_part"]),
        ([p(REST, 0, Step("weeks", 2))], ["unknown_part"]),
        ([p(REST, 0, Step(DAYS, -1))], ["step_back"]),
        ([p(REST, 0, Step(DAYS, 3_660))], []),
        ([p(REST, 0, Step(MONTHS, 120))], []),
        ([p(REST, 0, Step(DAYS, 3_661))], ["step_too_long"]),
        ([p(REST, 0, Step(MONTHS, 121))], ["step_too_long"]),
        ([p(REST, 0, Step(DAY_OF_MONTH, 1))], []),
        ([p(REST, 0, Step(DAY_OF_MONTH, 31))], []),
        ([p(REST, 0, Step(DAY_OF_MONTH, 0))], ["day_of_month"]),
        ([p(REST, 0, Step(DAY_OF_MONTH, 32))], ["day_of_month"]),
    ],
)
def test_terms_are_checked_when_saved(parts: list[Part], codes: list[str]) -> None:
    assert [problem.code for problem in problems_of(parts)] == codes


def test_a_problem_names_its_part() -> None:
    found = problems_of([p(FIXED, 5), p(FIXED, 0), p(REST, 0, Step(DAYS, -1))])
    assert [(each.where, each.code) for each in found] == [("parts.2", "part_not_positive"), ("parts.3", "step_back")]
    (over,) = problems_of([p(PERCENT, Decimal("60.5")), p(PERCENT, 40)])
    assert over.english() == "The percentages add up to 100.5, more than 100."


def test_a_percentage_of_the_rest_is_of_what_the_parts_before_left() -> None:
    assert split(1_000, [p(FIXED, 100), p(PERCENT_OF_REST, 50), p(PERCENT, 10), p(REST)]) == (100, 450, 100, 350)


def test_a_total_that_does_not_fit_the_term_is_refused() -> None:
    for total, parts in ((99, [p(FIXED, 100), p(REST)]), (0, [p(FIXED, 100), p(REST)])):
        with pytest.raises(Refused) as caught:
            split(total, parts)
        assert caught.value.problems[0].code == "wrong_sign"
    assert split(100, [p(FIXED, 100), p(REST)]) == (100, 0)


def test_a_part_from_the_papers_waits_for_them() -> None:
    parts = [p(PERCENT, 30), Part(PERCENT, Decimal(70), (Step(DAYS, 15),), from_papers=True, name="Balance")]
    waiting = schedule(1_000, parts, date(2026, 3, 1))
    assert [(due.amount, due.due_on, due.waits_for_papers) for due in waiting] == [
        (300, date(2026, 3, 1), False),
        (700, None, True),
    ]
    there = schedule(1_000, parts, date(2026, 3, 1), papers_on=date(2026, 4, 10))
    assert (there[1].due_on, there[1].name, there[1].place) == (date(2026, 4, 25), "Balance", 2)


def test_due_dates_of_a_ledger() -> None:
    issued = date(2026, 3, 1)
    ledger = Ledger(
        invoices=[Invoice("i", "an", "VND", issued), Invoice("j", "binh", "VND", issued)],
        instalments=[
            Instalment("own", "i", 1, date(2026, 5, 5)),
            Instalment("account", "i", 1),
            Instalment("firm", "j", 1),
            Instalment("waits", "i", 1, waits_for_papers=True, papers_on=date(2026, 4, 1)),
            Instalment("lost", "gone", 1),
        ],
        payment_days={"an": 10},
        default_days=45,
    )
    assert due_dates(ledger, date(2026, 3, 31)) == {
        "own": date(2026, 5, 5),
        "account": date(2026, 3, 11),
        "firm": date(2026, 4, 15),
        "waits": None,
    }
    assert due_dates(ledger, date(2026, 4, 1))["waits"] == date(2026, 4, 11)


steps = st.lists(
    st.one_of(
        st.builds(Step, st.just(DAYS), st.integers(0, 400)),
        st.builds(Step, st.just(MONTHS), st.integers(0, 30)),
        st.just(Step(END_OF_MONTH)),
        st.builds(Step, st.just(DAY_OF_MONTH), st.integers(1, 31)),
    ),
    max_size=4,
)
starts = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@given(starts, steps)
def test_a_due_date_never_goes_back(start: date, moves: list[Step]) -> None:
    assert moved(start, moves) >= start


@given(starts, st.integers(1, 31))
def test_a_day_of_the_month_is_the_first_one_on_or_after(start: date, number: int) -> None:
    def fits(day: date) -> bool:
        return day.day == number or (day.day < number and (day + timedelta(days=1)).day == 1)

    expected = next(day for offset in range(62) if fits(day := start + timedelta(days=offset)))
    assert moved(start, [Step(DAY_OF_MONTH, number)]) == expected


@given(starts, st.integers(0, 500))
def test_months_keep_the_day_or_end_with_the_month(start: date, count: int) -> None:
    reached = plus_months(start, count)
    assert (reached.year * 12 + reached.month) - (start.year * 12 + start.month) == count
    assert reached.day == start.day or (reached.day < start.day and (reached + timedelta(days=1)).day == 1)


parts_before = st.lists(
    st.one_of(
        st.builds(p, st.just(PERCENT), st.decimals(Decimal("0.01"), 40, places=2)),
        st.builds(p, st.just(PERCENT_OF_REST), st.decimals(Decimal("0.01"), 100, places=2)),
        st.builds(p, st.just(FIXED), st.integers(1, 10**6)),
    ),
    max_size=5,
)


@given(st.integers(-(10**12), 10**12), parts_before)
def test_instalments_make_the_total_or_the_total_is_refused(total: int, before: list[Part]) -> None:
    try:
        amounts = split(total, [*before, p(REST)])
    except Refused as refused:
        assert {problem.code for problem in refused.problems} <= {"wrong_sign", "over_100", "beside_100"}
        return
    assert sum(amounts) == total
    assert all(amount * total >= 0 for amount in amounts)
    assert split(-total, [*before, p(REST)]) == tuple(-amount for amount in amounts)


# As written in a payment term's line or an instalment, and the order of what says when an instalment is due.


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), ()),
        (("days 30",), (Step(DAYS, 30),)),
        (("days 0",), (Step(DAYS, 0),)),
        (("months 1", "end_of_month"), (Step(MONTHS, 1), Step(END_OF_MONTH))),
        (("end_of_month", "day_of_month 10"), (Step(END_OF_MONTH), Step(DAY_OF_MONTH, 10))),
        (("days 3660", "months 120"), (Step(DAYS, 3660), Step(MONTHS, 120))),
    ],
)
def test_written_steps_are_read_and_written_alike(texts: tuple[str, ...], expected: tuple[Step, ...]) -> None:
    assert steps_of(texts) == expected
    assert known_steps(texts) == expected
    assert texts_of(expected) == (texts or ("days 0",))  # no step is due at once; an empty list would say nothing


@pytest.mark.parametrize(
    ("texts", "where", "code"),
    [
        (("days",), "steps.1", "unknown_step"),
        (("days 30", "days -1"), "steps.2", "unknown_step"),
        (("Days 30",), "steps.1", "unknown_step"),
        (("days 30 ",), "steps.1", "unknown_step"),
        (("days\u00a030",), "steps.1", "unknown_step"),
        (("days ٣٠",), "steps.1", "unknown_step"),
        (("end_of_month 1",), "steps.1", "unknown_step"),
        (("weeks 2",), "steps.1", "unknown_step"),
        (("",), "steps.1", "unknown_step"),
        (("days 3661",), "steps.1", "step_too_long"),
        (("months 121",), "steps.1", "step_too_long"),
        (("day_of_month 0",), "steps.1", "day_of_month"),
        (("day_of_month 32",), "steps.1", "day_of_month"),
    ],
)
def test_steps_that_cannot_be_walked_are_refused_and_move_nothing(
    texts: tuple[str, ...], where: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        steps_of(texts)
    assert [(each.where, each.code) for each in refused.value.problems] == [(where, code)]
    start = date(2026, 5, 4)
    assert moved(start, known_steps(texts)) == (date(2026, 6, 3) if "days 30" in texts else start)
    assert known_steps(texts)  # something is written, so the account's term does not take its place


def test_the_parts_of_a_stored_term() -> None:
    lines = [
        PaymentTermLine(id="1", term="t", place=1, name="Tạm ứng", kind=PERCENT, value=Decimal(30)),
        PaymentTermLine(id="2", term="t", place=2, kind=REST, steps=("months 1", "end_of_month"), from_papers=True),
    ]
    parts = parts_of(lines)
    rest = Part(REST, steps=(Step(MONTHS, 1), Step(END_OF_MONTH)), from_papers=True)
    assert parts == (Part(PERCENT, Decimal(30), name="Tạm ứng"), rest)
    first, second = schedule(1_000, parts, date(2026, 1, 31), date(2026, 2, 28))
    assert (first.amount, first.due_on, first.steps) == (300, date(2026, 1, 31), ())
    assert (second.amount, second.due_on, second.steps) == (700, date(2026, 3, 31), rest.steps)
    with pytest.raises(Refused) as refused:
        parts_of([lines[0], replace(lines[1], steps=("days 1", "soon"))])
    assert [each.where for each in refused.value.problems] == ["parts.2.steps.2"]


ISSUED, PAPERS, OWN = date(2026, 1, 10), date(2026, 2, 20), date(2026, 9, 9)
DAYS_5, MONTH_END = (Step(DAYS, 5),), (Step(END_OF_MONTH),)


@pytest.mark.parametrize(
    ("part", "term", "days", "expected"),
    [
        # its own date, whatever else is there
        ({"due_on": OWN, "steps": DAYS_5, "waits_for_papers": True}, Term(MONTH_END, True), 7, (OWN, False)),
        # its own steps, from the invoice or from the papers
        ({"steps": DAYS_5}, Term(MONTH_END, True), 7, (date(2026, 1, 15), False)),
        ({"steps": DAYS_5, "waits_for_papers": True}, None, 7, (None, False)),
        ({"steps": DAYS_5, "waits_for_papers": True, "papers_on": PAPERS}, None, 7, (date(2026, 2, 25), False)),
        ({"steps": DAYS_5, "papers_on": PAPERS}, None, 7, (date(2026, 1, 15), False)),
        # the account's term of one part
        ({}, Term(MONTH_END), 7, (date(2026, 1, 31), False)),
        ({}, Term(), 7, (ISSUED, False)),  # a part without steps is due at once
        ({}, Term(MONTH_END, True), 7, (None, False)),
        ({"papers_on": PAPERS}, Term(MONTH_END, True), 7, (date(2026, 2, 28), False)),
        ({"waits_for_papers": True, "papers_on": PAPERS}, Term(MONTH_END), 7, (date(2026, 2, 28), False)),
        # the account's days, then the firm's
        ({}, None, 7, (date(2026, 1, 17), False)),
        ({"waits_for_papers": True, "papers_on": PAPERS}, None, 7, (date(2026, 2, 27), False)),
        ({}, None, None, (date(2026, 1, 30), True)),
        ({"waits_for_papers": True, "papers_on": PAPERS}, None, None, (date(2026, 3, 12), True)),
        ({"waits_for_papers": True}, None, None, (None, False)),
    ],
)
def test_what_says_when_an_instalment_is_due(
    part: dict[str, Any], term: Term | None, days: int | None, expected: tuple[date | None, bool]
) -> None:
    ledger = Ledger(
        invoices=[Invoice("i", "an", "VND", ISSUED)],
        instalments=[Instalment("i/1", "i", 100, **part)],
        payment_days={} if days is None else {"an": days},
        default_days=20,
        terms={} if term is None else {"an": term},
    )
    assert due_of(ledger.instalments[0], ledger.invoices[0], ledger, PAPERS) == expected
    assert due_dates(ledger, PAPERS) == {"i/1": expected[0]}
    before = due_dates(ledger, PAPERS - timedelta(days=1))["i/1"]  # the day before the papers were confirmed
    from_papers = part.get("waits_for_papers") or (term is not None and term.from_papers and not part.get("steps"))
    assert before == (None if from_papers and "due_on" not in part else expected[0])


def test_steps_that_lead_beyond_the_calendar_end_with_it() -> None:
    assert moved(date(9999, 12, 1), [Step(DAYS, 60)]) == date.max
    assert moved(date(9999, 12, 1), [Step(MONTHS, 1)]) == date.max
    assert due_date(date(2026, 1, 1), None, 10**7) == (date.max, False)
