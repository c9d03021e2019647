"""What an import would do, asked in the lanes and put into words for its preview."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.text import company_core
from kam_desktop.language import tr, trn
from kam_desktop.ui.pages.importing.form import Candidate
from kam_desktop.ui.pages.importing.kinds import PreviewRow, cells_of, said
from kam_desktop.ui.pages.importing.preview import PreviewShown
from kam_desktop.ui.pages.importing.strip import PreviewFile, StripColumn
from kam_desktop.ui.sentences import sentence

if TYPE_CHECKING:
    from kam_desktop.transfer.import_plan import FieldChange, PlannedFile, PlannedRow
    from kam_desktop.transfer.importer import ImportPlan, Sources
    from kam_desktop.transfer.table_finder import Choice

EINVOICES = "einvoices"


@dataclasses.dataclass(frozen=True)
class Planned:
    """What was found in the files.

    Attributes:
        plan: what can be imported, without the files that cannot; this is written.
        whole: the plan of all files, which knows the tables that need a column first.
    """

    plan: ImportPlan
    whole: ImportPlan
    shown: PreviewShown
    candidates: list[Candidate]


def ask_plan(reader: Any, sources: Sources, choices: Mapping[str, Choice], currency: str) -> Planned:
    """What importing these files would do; runs in the lane for questions."""
    from kam_desktop.transfer import importer

    whole = plan = importer.plan(reader, sources, choices=choices)
    refused = [
        f"{Path(file.file).name}: {sentence(file.problem)}"
        for file in whole.files
        if file.problem is not None and not file.headers
    ]
    if whole.problems:
        # the files that can be read are offered without the others
        good = {file.file for file in whole.files if file.problem is None}
        kept = tuple(path for path in sources.files if str(path) in good)
        plan = importer.plan(reader, dataclasses.replace(sources, files=kept), choices=choices)
    shown = PreviewShown(_rows(plan, currency), _files(whole), refused, _notes(plan))
    return Planned(plan, whole, shown, _candidates(plan))


def choice_of(planned: Planned, key: str, *, column: int = -1, field: str = "", kind: str = "",
              sheet: str = "") -> Mapping[str, Choice]:  # fmt: skip
    """What was said so far, and one thing more about a table: a column's field, its kind, or its sheet."""
    from kam_desktop.transfer import import_columns

    file = next(each for each in planned.whole.files if each.file == key)
    if kind:
        made = import_columns.set_kind(file, kind)
    elif sheet:
        made = import_columns.set_sheet(file, sheet)
    else:
        made = import_columns.set_column(file, column, field)
    return {**planned.whole.choices, key: made}


def _files(plan: ImportPlan) -> list[PreviewFile]:
    """The tables, and all e-invoices as one."""
    from kam_desktop.transfer import import_columns

    names = {name: tr(label) for name, label in import_columns.kinds()}
    found = [_table(file, names) for file in plan.files if file.headers]
    bills = [file for file in plan.files if file.kind == EINVOICES]
    if bills:
        name = _group(bills[0]) if len({_group(file) for file in bills}) == 1 else ""
        count = sum(len(file.rows) for file in bills)
        label = trn("{n} e-invoice", "{n} e-invoices", count)
        found.append(PreviewFile(EINVOICES, name or label, EINVOICES, tr("E-invoices")))
    return found


def _table(file: PlannedFile, names: Mapping[str, str]) -> PreviewFile:
    from kam_desktop.transfer import import_columns, table_kinds

    # what fits first, then everything else it could be
    order = dict.fromkeys((file.kind, *file.other_kinds, *names))
    fields = import_columns.fields_of(file.kind) if file.kind else ()
    missing = []
    if file.kind:
        vocabulary = table_kinds.BY_NAME[file.kind].vocabulary
        groups = vocabulary.missing(file.fields)
        missing = [" / ".join(tr(vocabulary.labels[name]) for name in group) for group in groups]
    return PreviewFile(
        file.file, Path(file.file).name, file.kind, names.get(file.kind, ""),
        [StripColumn(each.column, each.title, each.field, tr(each.label) if each.label else "", each.samples)
         for each in import_columns.columns(file)],
        [(name, names[name]) for name in order if name],
        sorted(((each.name, tr(each.label), each.required) for each in fields), key=lambda each: not each[2]),
        missing, file.sheet, file.other_sheets, file.remembered,
        sentence(file.problem) if file.problem is not None else "", [sentence(each) for each in file.notes],
    )  # fmt: skip


def _group(file: PlannedFile) -> str:
    """The name that rows stand under: e-invoices of one folder together."""
    path = Path(file.file)
    return path.parent.name if path.suffix.lower() == ".xml" else path.name


def _rows(plan: ImportPlan, currency: str) -> list[PreviewRow]:
    """Every row under the name of its file; e-invoices of one folder are counted through."""
    from kam_desktop.transfer import import_columns

    names = {name: tr(label) for name, label in import_columns.kinds()}
    found: list[PreviewRow] = []
    counted: dict[str, int] = {}
    for file in plan.files:
        name, single = _group(file), Path(file.file).suffix.lower() == ".xml"
        section = EINVOICES if file.kind == EINVOICES else file.file
        for row in file.rows:
            counted[name] = counted.get(name, 0) + 1
            number = counted[name] if single else row.row
            cells = cells_of(file.kind, row.shown, row.title, currency, row.document)
            cells |= _raw(file, row, cells)
            cells["kind"] = names.get(file.kind, tr("E-invoices"))
            found.append(PreviewRow(name, number, row.verdict.value, cells, _why(row), section))
    return found


_RAW = {"invoices": {"paid": "paid", "due_on": "due_on"}, "receipts": {"invoices": "laid"},
        "products": {"unit": "unit", "price": "price"}}  # fmt: skip


def _raw(file: PlannedFile, row: PlannedRow, cells: Mapping[str, str]) -> dict[str, str]:
    """What the preview shows as the file has it, because the plan does not say it: what was paid, the due date."""
    found = {}
    for field, key in _RAW.get(file.kind, {}).items():
        column = file.fields.get(field, -1)
        value = row.cells[column] if 0 <= column < len(row.cells) else None
        if value is not None and key not in cells:
            found[key] = said(value)
    return found


def _why(row: PlannedRow) -> str:
    why = [sentence(row.reason)] if row.reason is not None else []
    why += [_change(each) for each in row.changes[:2]]
    if len(row.changes) > 2:
        why.append(trn("{n} more field", "{n} more fields", len(row.changes) - 2))
    why += [sentence(each) for each in row.notes[:2]]
    return " · ".join(why)


def _change(change: FieldChange) -> str:
    label = tr(BY_NAME[change.entity].field(change.field).label)
    return f"{label}: {said(change.old)} → {said(change.new)}"


def _notes(plan: ImportPlan) -> dict[str, str]:
    names = {
        "account": lambda n: trn("{n} customer", "{n} customers", n),
        "invoice": lambda n: trn("{n} invoice", "{n} invoices", n),
        "contact": lambda n: trn("{n} contact", "{n} contacts", n),
        "credit_note": lambda n: trn("{n} credit note", "{n} credit notes", n),
        "receipt": lambda n: trn("{n} receipt", "{n} receipts", n),
        "product": lambda n: trn("{n} product", "{n} products", n),
        "price_list": lambda n: trn("{n} price list", "{n} price lists", n),
    }
    parts = [words(plan.records[name]) for name, words in names.items() if plan.records.get(name)]
    return {"create": ", ".join(parts)}


def _candidates(plan: ImportPlan) -> list[Candidate]:
    """The new invoices of a plan, as the opening question shows them."""
    return [
        Candidate(
            each.id, company_core(each.buyer_name) or each.buyer_name or tr("Consumer"),
            " ".join(part for part in (each.symbol, each.number) if part), each.issued_on, each.total or 0,
            each.currency,
        )
        for each in plan.new_invoices
        if each.issued_on is not None and (each.total or 0) >= 0
    ]  # fmt: skip


def ask_pending(reader: Any) -> list[Candidate]:
    """The invoices of earlier imports of which nobody said whether they are open."""
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


def read(paths: Sequence[Path], job: Any) -> Sources:
    """Reads files in their lane."""
    from kam_desktop.transfer import importer

    return importer.read(paths, job.stopped, job.report)
