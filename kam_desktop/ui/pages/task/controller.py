"""Answers the page of tasks: what is open, done, and the task in the form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from kam_desktop import formats
from kam_desktop.domain.entities.task import Task
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.cell_edits import CellEdits, CellField
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_table import Answer
from kam_desktop.ui.list_tools import Deed, ListTools
from kam_desktop.ui.pages.task.form import TaskForm
from kam_desktop.ui.pages.task.page import TaskPage

NEW = "new"
DUES = ("", "late", "week", "undated")
_FIRST = 60


class TaskController(RecordController):
    """One for each page of tasks."""

    entities = frozenset({"task", "account"})
    page: TaskPage

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, TaskPage(desk.today()))
        self._text, self._done, self._due = "", False, ""
        page = self.page
        page.searched.connect(self._on_searched)
        page.cleared.connect(lambda: self.use_view({"done": self._done}))
        page.done_shown.connect(self._on_done_shown)
        page.due_chosen.connect(self._on_due)
        page.finish_wanted.connect(self._on_finish)
        page.model.wanted.connect(lambda ids: self.ask_rows(lambda reader: _rows(reader, ids), page.model))
        page.opened.connect(self._open)
        page.create_wanted.connect(lambda: self._open(""))
        page.place_wanted.connect(self._on_place)
        page.table.selectionModel().selectionChanged.connect(lambda *_: self._say_selection())
        self.keep_layout(page.table, "task")
        self.edits = CellEdits(self, page.table, page.model, Task, {
            at: CellField(name) for at, name in enumerate(("subject", "account", "due_on", "done_on"))
        }, N_("Change task {name}"))  # fmt: skip
        self.tools = ListTools(self, self, page, "task", tr("Tasks"))

    def refresh(self) -> None:
        text, done, due, today = self._text, self._done, self._due, self.desk.today()
        self.ask(lambda reader: _ask(reader, text, done, due, today), self._show, "list")

    def _show(self, answer: tuple[Sequence[str], dict[str, Any]]) -> None:
        ids, rows = answer
        self.page.model.set_answer(Answer(ids, (), rows))
        count = formats.number(len(ids)) if ids else ""
        self.page.show_state(count, empty=not ids, filtered=bool(self._text or (self._due and not self._done)))
        if not self._text and not self._done and not self._due:
            self.desk.shell.set_count("task", len(ids))
        if ids and not self.page.place.current():
            self.page.place.show(ids[0])
        self._say_selection()

    def _on_searched(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.refresh()

    def _on_done_shown(self, done: bool) -> None:
        self._done = done
        self.refresh()

    def _on_due(self, due: str) -> None:
        self._due = due
        self.refresh()

    def _say_selection(self) -> None:
        count = self.page.place.count()
        words = trn("{n} row selected", "{n} rows selected", count) if count else ""
        if self.page.isVisible():
            self.desk.shell.set_selection_text(words)

    # Its tools: views, columns, deeds for chosen rows.

    def view_settings(self) -> dict[str, Any]:
        """See list_tools.Listed."""
        return {"text": self._text, "done": self._done, "due": self._due}

    def use_view(self, settings: Mapping[str, Any]) -> None:
        """See list_tools.Listed."""
        self._text, self._done = str(settings.get("text", "")), settings.get("done") is True
        self._due = str(settings.get("due", "")) if settings.get("due") in DUES else ""
        self.page.show_settings(self._text, self._done, self._due)
        self.refresh()

    def deeds(self) -> Sequence[Deed]:
        """See list_tools.Listed."""
        again = tr("Open again") if self._done else tr("Done")
        later = [] if self._done else [
            Deed(tr("Tomorrow"), "clock", partial(self._put_off, 1)),
            Deed(tr("In a week"), "clock", partial(self._put_off, 7)),
        ]  # fmt: skip
        return (
            Deed(tr("Open"), "corner-down-left", lambda ids: self._open(ids[0]), single=True, key="open"),
            *self.edits.deeds(),
            Deed(tr("Open the account"), "users", self._open_account, single=True),
            Deed(again, "check", self._finish, key="done"),
            *later,
            Deed(tr("Delete"), "trash-2", self._delete),
        )

    def row_question(self) -> Callable[[Any, Sequence[str]], Mapping[str, Any]]:
        """See list_tools.Listed."""
        return _rows

    def _open_account(self, ids: Sequence[str]) -> None:
        row = self.page.model.row_value(ids[0])
        if row is not None and row.account:
            self.desk.shell.show_page("account", row.account)

    def _on_finish(self) -> None:
        keys = self.page.place.selected() or [key for key in (self.page.place.current(),) if key]
        if keys:
            self._finish(keys)

    def _finish(self, keys: Sequence[str]) -> None:
        on = None if self._done else self.desk.today()
        row = self.page.model.row_value(keys[0])
        if len(keys) == 1 and row is not None:
            label, args = (
                N_("Open task {name} again") if self._done else N_("Finish task {name}"),
                {"name": row.subject},
            )
        else:
            label = N_("Open {n} tasks again") if self._done else N_("Finish {n} tasks")
            args = {"n": str(len(keys))}
        self.edit(partial(_finish, keys, on), label, **args)

    def _put_off(self, days: int, keys: Sequence[str]) -> None:
        on = self.desk.today() + timedelta(days=days)
        self.edit(partial(_put_off, keys, on), N_("Put off {n} tasks"), n=str(len(keys)))

    def _delete(self, keys: Sequence[str]) -> None:
        self.edit(partial(_remove, keys), N_("Delete {n} tasks"), n=str(len(keys)))

    def reopen(self, draft_key: str) -> bool:
        """See last_place.Reopens: a task that was being typed, in its form or in its cell."""
        entity, _, rest = draft_key.partition(":")
        if entity != "task":
            return False
        self._open("" if rest.startswith("new:") else rest)
        return True

    def _on_place(self, place: str) -> None:
        if place:
            self._open("" if place == NEW else place)

    def _open(self, key: str) -> None:
        form = TaskForm(self.desk.today())
        dialog = FormDialog(self.page, tr("Task") if key else tr("Add task"), form, tr("Save"))
        self.bind(form, N_("Change task {name}"), N_("Add task {name}"), dialog.saved)
        if key:
            self.show_in(form, Task, key)
        else:
            made = Task(id=self.desk.new_id(), subject="", owner=self.desk.me)
            form.show_record(made, is_new=True)
            self.ask_draft(form)
        dialog.open()


def _ask(reader: Any, text: str, done: bool, due: str, today: date) -> tuple[list[str], dict[str, Any]]:
    from kam_desktop.services import task

    ids = task.ids(reader, done=done, text=text, due=due, today=today)
    return ids, task.rows(reader, ids[:_FIRST])


def _rows(reader: Any, ids: Sequence[str]) -> dict[str, Any]:
    from kam_desktop.services import task

    return task.rows(reader, ids)


def _finish(keys: Sequence[str], on: date | None, uow: Any) -> int:
    from kam_desktop.services import task

    return task.finish_all(uow, keys, on)


def _put_off(keys: Sequence[str], on: date, uow: Any) -> None:
    from kam_desktop.services import task

    task.put_off(uow, keys, on)


def _remove(keys: Sequence[str], uow: Any) -> None:
    from kam_desktop.services import records

    for key in keys:
        records.remove(uow, Task, key)
