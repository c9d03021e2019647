"""Verbs of tasks: the list of what is open, done, and open again."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

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


def ids(reader: Reader, *, done: bool = False, text: str = "") -> list[str]:
    """Open tasks, the earliest due first and those without a date last; or the done ones, the latest first."""
    if done:
        return reader.ids(Query("task", (Where("done_on", Op.FILLED),), (Order("done_on", True),), text))
    dated = (Where("done_on", Op.EMPTY), Where("due_on", Op.FILLED))
    undated = (Where("done_on", Op.EMPTY), Where("due_on", Op.EMPTY))
    return reader.ids(Query("task", dated, (Order("due_on"), Order("title")), text)) + reader.ids(
        Query("task", undated, (Order("title"),), text)
    )


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
