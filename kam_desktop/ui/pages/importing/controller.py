"""An import: reads files in their lane, plans, writes one step, asks what is open."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kam_desktop.domain.change import ChangeSet
from kam_desktop.domain.errors import Refused
from kam_desktop.language import tr, trn
from kam_desktop.ui.background import Failure, Job
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.pages.importing.form import ALL, LATER, PICK, Candidate, OpeningAnswer
from kam_desktop.ui.pages.importing.page import CHOOSE, DONE, PREVIEW, READING, ImportPage, Outcome
from kam_desktop.ui.pages.importing.questions import Planned, ask_pending, ask_plan, choice_of, read

if TYPE_CHECKING:
    from kam_desktop.transfer.import_plan import Opening
    from kam_desktop.transfer.import_report import ImportReport
    from kam_desktop.transfer.importer import ImportPlan, Sources
    from kam_desktop.transfer.table_finder import Choice

OPENING = "opening"
_CURRENCY = "VND"  # where a row says nothing


class ReadingJob(Job):
    """The reading of files; it can be stopped between two of them and inside one."""

    def stopped(self) -> bool:
        """Asked from the thread that reads."""
        return self._stop


class ImportController(RecordController):
    """One for each import page. `page` is the widget."""

    page: ImportPage

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, ImportPage(desk.today()))
        self._job: ReadingJob | None = None
        self._planned: Planned | None = None
        self._name, self._alone = "", False
        self._choices: Mapping[str, Choice] = {}
        page = self.page
        page.files_chosen.connect(self._on_files)
        page.cancel_wanted.connect(self._on_cancel)
        page.import_wanted.connect(self._on_import)
        page.opening_answered.connect(self._on_answer)
        page.back_wanted.connect(self._on_back)
        page.rejected_wanted.connect(self._on_rejected)
        page.undo_wanted.connect(self._on_undo)
        page.page_wanted.connect(desk.shell.show_page)
        page.place_wanted.connect(self.open_place)
        page.preview.row_told.connect(desk.shell.set_selection_text)
        bar = page.preview.bar
        bar.column_set.connect(lambda key, column, field: self._choose(key, column=column, field=field))
        bar.kind_set.connect(lambda key, kind: self._choose(key, kind=kind))
        bar.sheet_set.connect(lambda key, sheet: self._choose(key, sheet=sheet))
        desk.background.busy_changed.connect(self._on_busy)

    def open_place(self, place: str) -> None:
        """ "opening" asks again what an earlier import left unanswered."""
        if place == OPENING and self.page.state() in (CHOOSE, DONE):
            self.ask(ask_pending, self._show_pending, "pending")

    def _show_pending(self, candidates: list[Candidate]) -> None:
        if not candidates:
            self.desk.shell.toast(tr("Every import was told which invoices are open."))
            return
        self._alone = True
        self.page.opening.show_candidates(candidates, can_wait=False)
        self.page.show_opening(alone=True)

    # Reading.

    def _on_files(self, paths: list[Path]) -> None:
        if self.page.state() == READING:
            return
        self._name = paths[0].name if len(paths) == 1 else trn("{n} file", "{n} files", len(paths))
        self._planned, self._alone = None, False
        job = self._job = ReadingJob(tr("Reading {name}", name=self._name))
        self.page.show_reading(self._name)
        work = partial(read, paths, job)
        self.desk.background.run("files", work, self._on_read, self._on_not_read, owner=self, job=job)

    def _on_busy(self) -> None:
        job = self._job
        if job is not None and self.page.state() == READING:
            if job.state == "cancelled":
                self._end_reading()
            else:
                self.page.show_progress(job.done, job.total)

    def _on_cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._end_reading()

    def _end_reading(self) -> None:
        self._job = None
        self.page.show_choose()
        self.page.setFocus()
        self.desk.shell.toast(tr("Stopped. Nothing was written."))

    def _on_read(self, sources: Sources) -> None:
        if self._job is None:
            return  # stopped after the last file was read
        self._job = None
        self._choices = {}
        self.ask(lambda reader: ask_plan(reader, sources, {}, _CURRENCY), self._show_plan, "plan")

    def _on_not_read(self, failure: Failure) -> None:
        if self._job is not None and self.page.state() == READING:
            self._job = None
            self.page.show_choose()
            if not isinstance(failure, Refused) or failure.problems[0].code != "cancelled":
                self.refuse(failure)

    def _show_plan(self, planned: Planned) -> None:
        self._planned = planned
        self.page.show_preview(planned.shown, self._name, asks=planned.plan.asks_opening)

    def _choose(self, key: str, **said: Any) -> None:
        """A person says what a table or a column is: planned anew behind the page, which stays as it is."""
        if self._planned is None:
            return
        self._choices = choices = choice_of(self._planned, key, **said)
        sources = self._planned.whole.sources
        self._planned = None  # nothing can be imported on what was said before
        self.page.hold_import()
        self.ask(lambda reader: ask_plan(reader, sources, choices, _CURRENCY), self._show_again, "plan")

    def _show_again(self, planned: Planned) -> None:
        if self.page.state() != PREVIEW:
            return
        self._planned = planned
        self.page.show_preview(planned.shown, self._name, asks=planned.plan.asks_opening, keep=True)

    # Deciding and writing.

    def _on_import(self) -> None:
        planned = self._planned
        self.desk.shell.set_selection_text("")
        if planned is None:
            return
        if planned.plan.asks_opening:
            self._alone = False
            self.page.opening.show_candidates(planned.candidates)
            self.page.show_opening()
        else:
            self._write(planned.plan)

    def _on_answer(self, answer: OpeningAnswer) -> None:
        if self._alone:
            self._save_answer(answer)
        elif self._planned is not None:
            plan = self._planned.plan
            self._write(plan if answer.kind == LATER else dataclasses.replace(plan, opening=_opening(answer)))

    def _write(self, plan: ImportPlan) -> None:
        def work(uow: Any) -> ImportReport:
            from kam_desktop.transfer import importer

            return importer.apply(uow, plan)

        # "Import {name}": the name of the file, or how many files
        self.desk.background.edit(work, self._on_written, self._on_refused, label="Import {name}",
                                  args={"name": self._name}, kind="import", owner=self)  # fmt: skip

    def _on_written(self, changes: ChangeSet, report: ImportReport) -> None:
        files = report.files
        notes = [tr("Payments are not entered yet: say which invoices are open.")] if report.asks_opening else []
        self.page.show_done(Outcome(
            sum(file.created for file in files), sum(file.updated for file in files),
            sum(file.unchanged for file in files), sum(len(file.skipped) for file in files),
            changes.step, report.invoices > 0, notes,
        ))  # fmt: skip
        self._planned = None
        self.page.setFocus()
        if changes.step:
            words = tr("Imported {name}", name=self._name)
            self.desk.shell.toast(words, lambda: self.desk.undo(changes.step), "success")

    def _on_refused(self, failure: Failure) -> None:
        self.refuse(failure)
        if isinstance(failure, Refused) and failure.problems[0].code == "changed_since" and self._planned is not None:
            sources = self._planned.whole.sources
            choices = self._choices
            self.ask(lambda reader: ask_plan(reader, sources, choices, _CURRENCY), self._show_plan, "plan")

    def _save_answer(self, answer: OpeningAnswer) -> None:
        opening = _opening(answer)

        def work(uow: Any) -> int:
            from kam_desktop.transfer import importer

            return importer.answer_opening(uow, opening)

        def done(_settled: int) -> None:
            self._alone = False
            self.desk.shell.show_page("collection", "open")
            self.page.show_choose()

        self.edit(work, "Say which invoices are open", done)

    # What else the page asks.

    def _on_back(self) -> None:
        self.desk.shell.set_selection_text("")
        if self.page.state() == OPENING and self._planned is not None:
            self._show_plan(self._planned)
        else:
            self._planned, self._alone = None, False
            self.page.show_choose()
            self.page.setFocus()

    def _on_rejected(self, target: Path) -> None:
        if self._planned is None:
            return
        files = self._planned.plan.files

        def work() -> int:
            from kam_desktop.transfer import import_report

            return import_report.write_rejects(files, target)

        def done(count: int) -> None:
            words = trn("{n} row saved in {file}", "{n} rows saved in {file}", count, file=target.name)
            self.desk.shell.toast(words, None, "success")

        self.desk.background.run("files", work, done, self.refuse, owner=self)

    def _on_undo(self, step: int) -> None:
        self.desk.undo(step)
        self.page.show_choose()
        self.page.setFocus()


def _opening(answer: OpeningAnswer) -> Opening:
    from kam_desktop.transfer.import_plan import Opening

    if answer.kind == PICK:
        return Opening(ids=answer.ids)
    return Opening(everything=answer.kind == ALL, since=answer.since)
