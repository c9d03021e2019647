"""Verbs of tasks: the list of what is open, done, and open again."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kam_desktop.domain.entities.account import Account
from kam_desktop.domain.entities.task import Task
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.services import records
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task as a list shows it."""

    id: str
    subject: str
    account: str
    account_name: str
    due_on: date | None
    done_on: date | None


def ids(reader: Reader, *, done: bool = False, text: str = "", due: str = "", today: date | None = None) -> list[str]:
    """Open tasks, the earliest due first and those without a date last; or the done ones, the latest first.

    `due` narrows the open ones, seen from `today`: "late" (and today), "week" (the next seven days), "undated".
    """
    if done:
        return reader.ids(Query("task", (Where("done_on", Op.FILLED),), (Order("done_on", True),), text))
    dated = [Where("done_on", Op.EMPTY), Where("due_on", Op.FILLED)]
    if due and today is not None:
        dated.append(Where("due_on", Op.AT_MOST, today if due == "late" else today + timedelta(days=7)))
        if due == "week":
            dated.append(Where("due_on", Op.AT_LEAST, today))
    undated = (Where("done_on", Op.EMPTY), Where("due_on", Op.EMPTY))
    found = [] if due == "undated" else reader.ids(Query("task", tuple(dated), (Order("due_on"), Order("title")), text))
    return found + ([] if due in ("late", "week") else reader.ids(Query("task", undated, (Order("title"),), text)))


def rows(reader: Reader, wanted: Sequence[str]) -> dict[str, TaskRow]:
    """What a list shows of these tasks, by id."""
    tasks = reader.many(Task, wanted)
    accounts = reader.many(Account, {each.account for each in tasks.values() if each.account})
    found = {}
    for each in tasks.values():
        account = accounts.get(each.account)
        name = (account.short_name or account.name) if account else ""
        found[each.id] = TaskRow(each.id, each.subject, each.account, name, each.due_on, each.done_on)
    return found


def finish(uow: UnitOfWork, identity: str, on: date | None) -> Task:
    """Marks a task as done on a day, or with None as open again. Raises Refused `missing`."""
    task = dataclasses.replace(records.get(uow, Task, identity), done_on=on)
    uow.put(task)
    return task


def add(uow: UnitOfWork, subject: str, account: str = "", due_on: date | None = None) -> Task:
    """A task of the person who works here."""
    made = Task(id=uow.new_id(), subject=subject, account=account, owner=records.author(uow), due_on=due_on)
    return records.save(uow, made)


def finish_all(uow: UnitOfWork, wanted: Sequence[str], on: date | None) -> int:
    """Marks tasks as done on a day, or as open again; how many. Those that are it already stay as they are."""
    changed = [each for each in uow.many(Task, wanted).values() if (each.done_on is None) != (on is None)]
    for each in changed:
        uow.put(dataclasses.replace(each, done_on=on))
    return len(changed)


def put_off(uow: UnitOfWork, wanted: Sequence[str], due_on: date) -> None:
    """Gives tasks another day."""
    for each in uow.many(Task, wanted).values():
        uow.put(dataclasses.replace(each, due_on=due_on))
