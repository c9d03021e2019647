"""Figures of many accounts at once: class bounds, last touch, main contact, next step."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate
from typing import cast

from kam_desktop.domain.entities import Contact, Proposal
from kam_desktop.domain.entities.proposal import OPEN_STAGES
from kam_desktop.domain.entities.task import Task
from kam_desktop.domain.figures.pareto import DEFAULT_LIMITS
from kam_desktop.domain.query import Op, Query, Where
from kam_desktop.domain.text import company_core
from kam_desktop.store.reader import Reader

_A, _B = DEFAULT_LIMITS
_MANY = 2000  # beyond that reading the whole table is faster than looking each one up
NOBODY = 10**18
"""Above every figure: the bound of a class that nobody is in."""


def class_bounds(amounts: Iterable[int]) -> tuple[int, int]:
    """The least figure in A and the least in B: classes for big data, a twin of figures.pareto.abc.

    Items with equal figures share a class, so that a class is a question of the figure alone.
    """
    positive = sorted((amount for amount in amounts if amount > 0), reverse=True)
    if not positive:
        return NOBODY, NOBODY
    running = list(accumulate(positive))
    # The first item of a group of equal ones says its class; the largest is in A whatever its share.
    in_a, in_b = (bisect_right(running, limit * running[-1], key=lambda each: 100 * each) for limit in (_A, _B))
    least_a = positive[max(in_a, 1) - 1]
    return least_a, min(least_a, positive[max(in_b, 1) - 1])


def last_touches(reader: Reader, accounts: Sequence[str] | None = None) -> dict[str, str]:
    """The moment of the newest interaction by account, in its stored form (UTC)."""
    if accounts is None:
        return {row[0]: row[1] for row in reader.sql("select account, max(at) from activity group by account")}
    statement = (
        "select account, max(at) from activity where account <> '' "
        "and account in (select value from json_each(:accounts)) group by account"
    )
    return {row[0]: row[1] for row in reader.sql(statement, {"accounts": json.dumps(list(accounts))})}


def names(reader: Reader, accounts: Sequence[str]) -> dict[str, str]:
    """The names of those accounts."""
    if len(accounts) > _MANY:
        wanted = set(accounts)
        return {row[0]: row[1] for row in reader.each("select id, name from account not indexed") if row[0] in wanted}
    statement = "select id, name from account where id in (select value from json_each(:accounts))"
    return {row[0]: row[1] for row in reader.sql(statement, {"accounts": json.dumps(list(accounts))})}


def labels(reader: Reader, accounts: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(name, what it is called in short: its short name, else its name without the legal form) of those accounts."""
    columns = "select id, name, coalesce(short_name, '') from account"
    if len(accounts) > _MANY:
        wanted = set(accounts)
        rows = [row for row in reader.each(columns + " not indexed") if row[0] in wanted]
    else:
        among = " where id in (select value from json_each(:accounts))"
        rows = [*reader.sql(columns + among, {"accounts": json.dumps(list(accounts))})]
    return {identity: (name, short or company_core(name) or name) for identity, name, short in rows}


def main_contacts(reader: Reader, ids: Sequence[str]) -> dict[str, str]:
    """The main contact's name by account, else the first one's."""
    query = Query("contact", (Where("account", Op.ONE_OF, tuple(ids)), Where("left_on", Op.EMPTY)))
    found: dict[str, tuple[bool, str]] = {}
    for each in cast(list[Contact], reader.all(query)):
        if each.account not in found or (each.main and not found[each.account][0]):
            found[each.account] = (each.main, each.full_name)
    return {account: name for account, (_, name) in found.items()}


def next_steps(reader: Reader, ids: Sequence[str]) -> dict[str, tuple[str, date | None, int]]:
    """By account the earliest of open tasks and next steps, its day, and how many proposals are open."""
    query = Query("proposal", (Where("account", Op.ONE_OF, tuple(ids)), Where("stage", Op.ONE_OF, OPEN_STAGES)))
    open_tasks = Query("task", (Where("account", Op.ONE_OF, tuple(ids)), Where("done_on", Op.EMPTY)))
    found: dict[str, tuple[str, date | None, int]] = {}
    steps = [(each.account, each.next_step, each.next_step_on, 1) for each in cast(list[Proposal], reader.all(query))]
    steps += [(each.account, each.subject, each.due_on, 0) for each in cast(list[Task], reader.all(open_tasks))]
    for account, words, on, proposals in steps:
        step, day, count = found.get(account, ("", None, 0))
        if words and (not step or (on or date.max) < (day or date.max)):
            step, day = words, on
        found[account] = (step, day, count + proposals)
    return found
