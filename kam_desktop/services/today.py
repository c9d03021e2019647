"""The lines of Today, and those of them that one kind of record tells: tasks, answers due, occasions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from kam_desktop.domain.entities import Account, Proposal, Task
from kam_desktop.domain.entities.proposal import OPEN_STAGES
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.language import N_
from kam_desktop.store.reader import Reader

NOW, WEEK = "now", "week"
WEEK_DAYS = 7
# The chance that money is lost whose payer broke his word: about that of a debt of half a year.
BROKEN_CHANCE = 0.25
# What an unanswered offer weighs in the order of today, in đồng: the fixed weight of a deadline (features.md 2, Today).
WEIGHTS = {"proposal_ended": 40_000_000, "proposal_ends": 30_000_000, "follow_up": 20_000_000, "task": 15_000_000,
           "answer_due": 25_000_000, "occasion": 5_000_000}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TodayItem:
    """One line of Today: whose it is, why it stands there, and the one thing to do next.

    Attributes:
        kind: overdue | due | promise | proposal_ended | proposal_ends | follow_up | answer_due | task | occasion.
        section: "now" or "week".
        reason: an English sentence with places, translated where it is shown; `reason_args` fills them with int
            and date values, written in the reader's language there.
        amount: minor units of `currency`; None when there is none to tell.
        day: the day that the line is about: the earliest due date, the end of validity, the day of the next step.
        entity, id: the record to open. action: what to do: one of figures.worklist.ACTIONS, or follow_up.
        number: of the invoice that the reason is about, where the line tells of more than one; more: how many others.
        weight: the expected loss of doing nothing today, in đồng; what the order follows.
    """

    kind: str
    section: str
    account: str
    account_name: str
    reason: str
    reason_args: Mapping[str, Any]
    amount: int | None
    currency: str
    day: date | None
    entity: str
    id: str
    action: str
    weight: int
    number: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure beside the list. An amount in minor units, or a count alone (amount None)."""

    key: str
    label: str
    amount: int | None
    count: int
    currency: str
    as_of: date


@dataclass(frozen=True)
class Today:
    """What today asks for.

    Attributes:
        items: in their order: what cannot wait, then this week; at most `limit` in each section.
        left_out: how many more there are in each section.
        figures: five of them; `made_at` is the moment they were worked out.
    """

    as_of: date
    made_at: datetime | None
    items: tuple[TodayItem, ...]
    left_out: Mapping[str, int]
    figures: tuple[Figure, ...]
    payments_entered: bool = True
    counts: Mapping[str, int] = field(default_factory=dict)


class Occasion(Protocol):
    """An occasion on its next day (services.occasion.Coming)."""

    @property
    def kind(self) -> str: ...
    @property
    def on(self) -> date: ...
    @property
    def years(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def id(self) -> str: ...


def task_items(reader: Reader, as_of: date, limit: int) -> list[TodayItem]:
    """Open tasks that are due by the end of the week, the earliest first."""
    soon = (Where("done_on", Op.EMPTY), Where("due_on", Op.AT_MOST, as_of + timedelta(days=WEEK_DAYS)))
    found = reader.page(Query("task", soon, (Order("due_on"), Order("title"))), limit)
    tasks = [each for each in found if isinstance(each, Task)]
    accounts = reader.many(Account, {each.account for each in tasks if each.account})
    items = []
    for task in tasks:
        account = accounts.get(task.account)
        day = task.due_on or as_of
        items.append(
            TodayItem(
                kind="task",
                section=NOW if day <= as_of else WEEK,
                account=task.account,
                account_name=(account.short_name or account.name) if account else task.subject,
                reason=N_("{subject}: to be done by {day}.") if account else N_("To be done by {day}."),
                reason_args={"subject": task.subject, "day": day},
                amount=None,
                currency="",
                day=day,
                entity="task",
                id=task.id,
                action="follow_up",
                weight=WEIGHTS["task"],
            )
        )
    return items


def answer_items(reader: Reader, as_of: date, limit: int, told: frozenset[str]) -> list[TodayItem]:
    """Open proposals whose answer is expected by the end of the week; those `told` for another reason are left out."""
    until = as_of + timedelta(days=WEEK_DAYS)
    where = (Where("stage", Op.ONE_OF, OPEN_STAGES), Where("expected_close_on", Op.AT_MOST, until))
    found = reader.page(Query("proposal", where, (Order("expected_close_on"), Order("title"))), limit + len(told))
    proposals = [each for each in found if isinstance(each, Proposal) and each.id not in told][:limit]
    accounts = reader.many(Account, {each.account for each in proposals})
    items = []
    for each in proposals:
        account, day = accounts.get(each.account), each.expected_close_on or as_of
        items.append(
            TodayItem(
                kind="answer_due",
                section=NOW if day <= as_of else WEEK,
                account=each.account,
                account_name=(account.short_name or account.name) if account else "",
                reason=N_("“{title}”: an answer is expected by {day}."),
                reason_args={"title": each.title, "day": day},
                amount=None,
                currency="",
                day=day,
                entity="proposal",
                id=each.id,
                action="follow_up",
                weight=WEIGHTS["answer_due"],
            )
        )
    return items


_OCCASIONS = {
    "birthday": N_("Birthday of {name} on {day}."),
    "founding": N_("The company was founded on this day: {day}."),
}


def occasion_items(reader: Reader, as_of: date, found: Sequence[Occasion]) -> list[TodayItem]:
    """Occasions of the week: a word at the right time."""
    accounts = reader.many(Account, {each.account for each in found})
    items = []
    for each in found:
        account = accounts.get(each.account)
        if account is None:
            continue
        items.append(
            TodayItem(
                kind="occasion",
                section=NOW if each.on <= as_of else WEEK,
                account=each.account,
                account_name=account.short_name or account.name,
                reason=_OCCASIONS.get(each.kind, N_("{name} on {day}.")),
                reason_args={"name": each.name, "day": each.on},
                amount=None,
                currency="",
                day=each.on,
                entity="account",
                id=each.account,
                action="follow_up",
                weight=WEIGHTS["occasion"],
            )
        )
    return items
