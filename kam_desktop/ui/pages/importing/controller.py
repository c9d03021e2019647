"""An import: reads files in their lane, plans, writes one step, asks what is open."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kam_desktop import formats
from kam_desktop.domain.change import ChangeSet
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.text import company_core
from kam_desktop.language import tr, trn
from kam_desktop.ui.background import Failure, Job
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.pages.importing.form import ALL, LATER, PICK, Candidate, OpeningAnswer
from kam_desktop.ui.pages.importing.page import CHOOSE, DONE, READING, ImportPage, Outcome
from kam_desktop.ui.pages.importing.preview import PreviewRow, PreviewShown
from kam_desktop.ui.sentences import sentence

if TYPE_CHECKING:
    from kam_desktop.transfer.import_plan import FieldChange, Opening, PlannedRow
    from kam_desktop.transfer.import_report import ImportReport
    from kam_desktop.transfer.importer import ImportPlan, Sources

OPENING = "opening"


class ReadingJob(Job):
    """The reading of files; it can be stopped between two of them and inside one."""

    def stopped(self) -> bool:
        """Asked from the thread that reads."""
        return self._stop


@dataclasses.dataclass(frozen=True)
class _Planned:
    """What was found in the files that can be imported, and why the others cannot."""

    plan: ImportPlan
    shown: PreviewShown
    candidates: list[Candidate]


class ImportController(RecordController):
    """One for each import page. `page` is the widget."""

    page: ImportPage

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, ImportPage(desk.today()))
        self._job: ReadingJob | None = None
        self._planned: _Planned | None = None
        self._name, self._alone = "", False
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
        desk.background.busy_changed.connect(self._on_busy)

    def open_place(self, place: str) -> None:
        """ "opening" asks again what an earlier import left unanswered."""
        if place == OPENING and self.page.state() in (CHOOSE, DONE):
            self.ask(_ask_pending, self._show_pending, "pending")

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
        work = partial(_read, paths, job)
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
        currency = "VND"
        self.ask(lambda reader: _ask_plan(reader, sources, currency), self._show_plan)

    def _on_not_read(self, failure: Failure) -> None:
        if self._job is not None and self.page.state() == READING:
            self._job = None
            self.page.show_choose()
            if not isinstance(failure, Refused) or failure.problems[0].code != "cancelled":
                self.refuse(failure)

    def _show_plan(self, planned: _Planned) -> None:
        self._planned = planned
        self.page.show_preview(planned.shown, self._name, asks=planned.plan.asks_opening)

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
            sources = self._planned.plan.sources
            self.ask(lambda reader: _ask_plan(reader, sources, "VND"), self._show_plan)

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


# In the lanes.


def _read(paths: Sequence[Path], job: ReadingJob) -> Sources:
    from kam_desktop.transfer import importer

    return importer.read(paths, job.stopped, job.report)


def _ask_plan(reader: Any, sources: Sources, currency: str) -> _Planned:
    from kam_desktop.transfer import importer

    plan = importer.plan(reader, sources)
    refused = [_refusal(Path(file.file).name, file.problem) for file in plan.files if file.problem is not None]
    if refused:
        # the files that can be read are offered without the others
        good = {file.file for file in plan.files if file.problem is None}
        sources = dataclasses.replace(sources, files=tuple(path for path in sources.files if str(path) in good))
        plan = importer.plan(reader, sources)
    invoices = any(file.kind == importer.EINVOICES for file in plan.files)
    rows = _rows(plan, currency)
    return _Planned(plan, PreviewShown(rows, invoices, refused, _notes(plan)), _candidates(plan))


def _rows(plan: ImportPlan, currency: str) -> list[PreviewRow]:
    """Every row under the name of its file; e-invoices of one folder stand together and are counted through."""
    found: list[PreviewRow] = []
    counted: dict[str, int] = {}
    for file in plan.files:
        path = Path(file.file)
        single = path.suffix.lower() == ".xml"
        name = path.parent.name if single else path.name
        for row in file.rows:
            counted[name] = counted.get(name, 0) + 1
            found.append(_row(name, row, counted[name] if single else row.row, currency))
    return found


def _refusal(name: str, problem: Any) -> str:
    return f"{name}: {sentence(problem)}"


def _notes(plan: ImportPlan) -> dict[str, str]:
    names = {
        "account": lambda n: trn("{n} customer", "{n} customers", n),
        "invoice": lambda n: trn("{n} invoice", "{n} invoices", n),
        "contact": lambda n: trn("{n} contact", "{n} contacts", n),
        "credit_note": lambda n: trn("{n} credit note", "{n} credit notes", n),
    }
    parts = [words(plan.records[name]) for name, words in names.items() if plan.records.get(name)]
    return {"create": ", ".join(parts)}


def _row(file: str, row: PlannedRow, number: int, currency: str) -> PreviewRow:
    shown = row.shown
    why = [sentence(row.reason)] if row.reason is not None else []
    why += [_change(each) for each in row.changes[:2]]
    why += [sentence(each) for each in row.notes[:2]]
    days = shown.get("payment_days")
    return PreviewRow(
        file, number, row.verdict.value,
        title=str(shown.get("buyer") or (row.title if "number" not in shown else "")),
        tax_code=str(shown.get("tax_code") or ""),
        document=str(shown.get("number") or row.document),
        day=shown.get("issued_on"),
        amount=shown.get("total"),
        currency=str(shown.get("currency") or currency),
        extra=str(shown.get("contact_full_name") or shown.get("phone") or ""),
        term=trn("{n} day", "{n} days", days) if isinstance(days, int) else "",
        why=" · ".join(why),
    )  # fmt: skip


def _change(change: FieldChange) -> str:
    label = tr(BY_NAME[change.entity].field(change.field).label)
    return f"{label}: {_said(change.old)} → {_said(change.new)}"


def _said(value: Any) -> str:
    if value is None or value == "" or value == ():
        return formats.NOTHING
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return formats.number(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _candidates(plan: ImportPlan) -> list[Candidate]:
    """The new invoices of a plan, as the opening question shows them."""
    from kam_desktop.transfer import import_einvoices
    from kam_desktop.transfer.import_plan import Verdict

    made = {(file.file, row.row) for file in plan.files for row in file.rows if row.verdict is Verdict.CREATE}
    found = []
    for path in plan.sources.files:
        read = plan.sources.invoices.get(path)
        for document in read.documents if read is not None else ():
            invoice = document.invoice
            if invoice is None or (str(path), document.row) not in made or invoice.total < 0:
                continue
            key = import_einvoices.identity(*invoice.key)
            name = company_core(invoice.buyer.name) or invoice.buyer.name or import_einvoices.CONSUMER
            found.append(Candidate(key, name, invoice.label, invoice.issued_on, invoice.total, invoice.currency))
    return found


def _ask_pending(reader: Any) -> list[Candidate]:
    from kam_desktop.domain.entities import Account
    from kam_desktop.transfer import importer

    invoices = importer.pending_invoices(reader)
    accounts = reader.many(Account, {each.account for each in invoices})
    found = []
    for each in invoices:
        account = accounts.get(each.account)
        name = (account.short_name or company_core(account.name)) if account is not None else each.buyer_name
        label = " ".join(part for part in (each.symbol, each.number) if part)
        found.append(Candidate(each.id, name, label, each.issued_on or date.min, each.total or 0, each.currency))
    return found
