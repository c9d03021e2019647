"""Answers the page of tasks: what is open, done, and the task in the form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kam_desktop import formats
from kam_desktop.domain.entities import LOCAL_PERSON_ID
from kam_desktop.domain.entities.task import Task
from kam_desktop.language import tr
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_table import Answer
from kam_desktop.ui.pages.task.form import TaskForm
from kam_desktop.ui.pages.task.page import TaskPage

NEW = "new"
_FIRST = 60


class TaskController(RecordController):
    """One for each page of tasks."""

    entities = frozenset({"task", "account"})
    page: TaskPage

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, TaskPage(desk.today()))
        self._text, self._done = "", False
        page = self.page
        page.searched.connect(self._on_searched)
        page.cleared.connect(page.search.edit.clear)
        page.cleared.connect(lambda: self._on_searched(""))
        page.done_shown.connect(self._on_done_shown)
        page.finish_wanted.connect(self._on_finish)
        page.model.wanted.connect(lambda ids: self.ask_rows(lambda reader: _rows(reader, ids), page.model))
        page.opened.connect(self._open)
        page.create_wanted.connect(lambda: self._open(""))
        page.place_wanted.connect(self._on_place)
        self.keep_layout(page.table, "task")

    def refresh(self) -> None:
        text, done = self._text, self._done
        self.ask(lambda reader: _ask(reader, text, done), self._show, "list")

    def _show(self, answer: tuple[Sequence[str], dict[str, Any]]) -> None:
        ids, rows = answer
        self.page.model.set_answer(Answer(ids, (), rows))
        count = formats.number(len(ids)) if ids else ""
        self.page.show_state(count, empty=not ids, filtered=bool(self._text))
        if not self._text and not self._done:
            self.desk.shell.set_count("task", len(ids))

    def _on_searched(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.refresh()

    def _on_done_shown(self, done: bool) -> None:
        self._done = done
        self.refresh()

    def _on_finish(self) -> None:
        key = self.page.place.current()
        row = self.page.model.row_value(key) if key else None
        if row is None:
            return
        on = None if row.done_on is not None else self.desk.today()

        def work(uow: Any) -> Any:
            from kam_desktop.services import task

            return task.finish(uow, key, on)

        self.edit(work, "Open task {name} again" if on is None else "Finish task {name}", name=row.subject)

    def _on_place(self, place: str) -> None:
        if place:
            self._open("" if place == NEW else place)

    def _open(self, key: str) -> None:
        form = TaskForm(self.desk.today())
        dialog = FormDialog(self.page, tr("Task") if key else tr("Add task"), form, tr("Save"))
        self.bind(form, "Change task {name}", "Add task {name}", lambda _record: dialog.accept())
        if key:
            self.show_in(form, Task, key)
        else:
            made = Task(id=self.desk.new_id(), subject="", owner=LOCAL_PERSON_ID)
            form.show_record(made, is_new=True)
            self.ask_draft(form)
        dialog.open()


def _ask(reader: Any, text: str, done: bool) -> tuple[list[str], dict[str, Any]]:
    from kam_desktop.services import task

    ids = task.ids(reader, done=done, text=text)
    return ids, task.rows(reader, ids[:_FIRST])


def _rows(reader: Any, ids: Sequence[str]) -> dict[str, Any]:
    from kam_desktop.services import task

    return task.rows(reader, ids)
