"""Brings foreign files in: read, planned against real data, then written by the same decisions."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Final

from kam_desktop.domain.entities import FIRM_ID, Firm, Invoice
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_
from kam_desktop.services.summary import OPENING_PENDING, pending_openings
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork
from kam_desktop.transfer import einvoice, import_accounts, import_einvoices, sheets
from kam_desktop.transfer.headers import VOCABULARIES
from kam_desktop.transfer.import_plan import Opening, PlannedFile, PlannedRow, Verdict, Working
from kam_desktop.transfer.import_report import FileReport, ImportReport

ACCOUNTS: Final = "accounts"
EINVOICES: Final = "einvoices"
KINDS: Final = (ACCOUNTS, EINVOICES)
"""The words of `import --as`."""
MOST_FILES: Final = 20_000
"""E-invoices of one folder: a whole disk chosen by mistake is refused."""


@dataclass(frozen=True)
class Sources:
    """Files that were read and taken apart; nothing of them was decided yet.

    Attributes:
        files: the paths as given, folders opened, in order.
        tables: per path the sheets of a table and the old encoding it was in.
        invoices: per path the e-invoices.
        problems: per path why it cannot be read.
    """

    files: tuple[Path, ...]
    tables: dict[Path, tuple[tuple[sheets.Sheet, ...], str]]
    invoices: dict[Path, einvoice.FileOfInvoices]
    problems: dict[Path, Problem]
    in_folders: frozenset[Path] = frozenset()


@dataclass(frozen=True)
class ImportPlan:
    """What an import is going to do.

    Attributes:
        files: each file with the verdict on its rows.
        new_invoices: the invoices it makes; their opening question stands open when `opening` is None.
        settled: how many invoices the opening answer says were paid before.
        records: how many records of each entity it writes.
    """

    files: tuple[PlannedFile, ...]
    sources: Sources
    kind: str | None
    opening: Opening | None
    our_codes: tuple[str, ...]
    new_invoices: tuple[Invoice, ...] = ()
    settled: int = 0
    records: dict[str, int] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why files as a whole are refused; an import with any of these changes nothing."""
        return tuple(file.problem for file in self.files if file.problem is not None)

    @property
    def asks_opening(self) -> bool:
        """Whether the program must ask which of the imported invoices are still open."""
        return bool(self.new_invoices) and self.opening is None

    def answered(self, opening: Opening | None) -> ImportPlan:
        """The same plan with the opening question answered (or, with None, left for later)."""
        return replace(self, opening=opening)

    def count(self, verdict: Verdict) -> int:
        """How many rows of all files have that verdict."""
        return sum(file.count(verdict) for file in self.files)


# --- reading --------------------------------------------------------------------------------------------------------


def read(
    paths: Sequence[Path],
    cancelled: Callable[[], bool] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Sources:
    """Reads every file, folders with what lies in them, in confined children. Raises Refused (cancelled) only.

    Run it on the lane for files: it takes up to ten seconds a file. A file that cannot be read carries its problem.
    """
    files, in_folders, problems = _opened(paths, cancelled)
    tables: dict[Path, tuple[tuple[sheets.Sheet, ...], str]] = {}
    for path in files:
        if path in problems or einvoice.is_einvoice(path):
            continue
        try:
            tables[path] = sheets.read_sheets(path, cancelled)
        except Refused as refused:
            if refused.problems[0].code == "cancelled":
                raise
            problems[path] = refused.problems[0]
    wanted = [path for path in files if einvoice.is_einvoice(path) and path not in problems]
    invoices = {each.path: each for each in einvoice.read_files(wanted, cancelled, progress)}
    problems.update({path: each.problem for path, each in invoices.items() if each.problem is not None})
    return Sources(tuple(files), tables, invoices, problems, frozenset(in_folders))


def _opened(
    paths: Iterable[Path], cancelled: Callable[[], bool] | None
) -> tuple[list[Path], set[Path], dict[Path, Problem]]:
    files: dict[Path, None] = {}
    in_folders: set[Path] = set()
    problems: dict[Path, Problem] = {}
    for path in paths:
        if not path.is_dir():
            files[path] = None
            continue
        found = _invoices_in(path, cancelled)
        if not found:
            files[path] = None
            problems[path] = Problem(path.name, "no_invoices", "There is no e-invoice (XML or ZIP) in this folder.")
        if len(found) > MOST_FILES:
            files[path] = None
            message = N_("This folder holds more than {limit} e-invoices: bring them in by smaller folders.")
            problems[path] = Problem(path.name, "too_many_files", message, {"limit": str(MOST_FILES)})
            continue
        for each in found:
            files[each] = None
            in_folders.add(each)
    return list(files), in_folders, problems


def _invoices_in(folder: Path, cancelled: Callable[[], bool] | None) -> list[Path]:
    found: list[Path] = []
    for place, _, names in os.walk(folder):
        if cancelled is not None and cancelled():
            raise Refused(Problem("", "cancelled", "Cancelled; nothing was changed."))
        paths = (Path(place, name) for name in names)
        found += (each for each in paths if einvoice.is_einvoice(each) and each.is_file())
        if len(found) > MOST_FILES:
            break
    return sorted(found)


# --- deciding -------------------------------------------------------------------------------------------------------


def plan(
    reader: Reader,
    sources: Sources,
    kind: str | None = None,
    opening: Opening | None = None,
    our_codes: Sequence[str] | None = None,
    columns: Mapping[str, Mapping[str, int]] | None = None,
) -> ImportPlan:
    """What importing these files would do with the data as they are; nothing is written.

    Args:
        kind: one of KINDS, or None to tell by the content.
        opening: which of the new invoices are still open; None when nobody was asked yet.
        our_codes: tax codes of our firm and its branches; by default those in the settings.
        columns: per file the column of each field as a person corrected it; by default what the titles say.
    """
    numbers = count(1)
    return _decide(reader, lambda: f"planned-{next(numbers)}", sources, kind, opening, our_codes, columns or {})[0]


def _decide(
    reader: Reader,
    new_id: Callable[[], str],
    sources: Sources,
    kind: str | None,
    opening: Opening | None,
    our_codes: Sequence[str] | None,
    columns: Mapping[str, Mapping[str, int]],
) -> tuple[ImportPlan, Working]:
    codes = tuple(our_codes) if our_codes is not None else our_tax_codes(reader)
    working, money = Working(reader, new_id), import_einvoices.Money()
    known = [
        document.invoice
        for file in sources.invoices.values()
        for document in file.documents
        if document.invoice is not None
    ]
    import_einvoices.prefetch(working, known, money)
    files = [_file(working, money, sources, path, kind, codes, columns.get(str(path))) for path in sources.files]
    import_einvoices.allocate(working, money)
    settled = 0
    if opening is not None:
        settled = import_einvoices.settle(working, money, opening, money.created)
        settled += _settle_pending(reader, working, opening, money)
    records: dict[str, int] = {}
    for group in working.results():
        for each in group:
            name = type(each).entity.name
            records[name] = records.get(name, 0) + 1
    made = ImportPlan(tuple(files), sources, kind, opening, codes, tuple(money.created), settled, records, columns)
    return made, working


def our_tax_codes(reader: Reader) -> tuple[str, ...]:
    """The tax codes of our firm and its branches, as far as the settings have them."""
    firm = reader.get(Firm, FIRM_ID)
    return () if firm is None else tuple(code for code in (firm.tax_code, *firm.branch_codes) if code)


def _file(
    working: Working,
    money: import_einvoices.Money,
    sources: Sources,
    path: Path,
    kind: str | None,
    codes: tuple[str, ...],
    columns: Mapping[str, int] | None,
) -> PlannedFile:
    name = str(path)
    problem = sources.problems.get(path)
    if problem is not None:
        if path in sources.in_folders:  # one bad file in a folder is a bad row, not a bad folder
            return PlannedFile(name, EINVOICES, (PlannedRow(1, path.name, Verdict.SKIP, problem, document=path.name),))
        return PlannedFile(name, "", problem=problem)
    if path in sources.invoices:
        if kind not in (None, EINVOICES):
            return PlannedFile(name, "", problem=Problem(path.name, "other_kind", "This file is an e-invoice."))
        if not codes:
            message = N_("Enter your firm's tax code in the settings first: it tells sales from purchases.")
            return PlannedFile(name, "", problem=Problem(path.name, "no_own_tax_code", message))
        rows = import_einvoices.decide(working, sources.invoices[path].documents, codes, money)
        return PlannedFile(name, EINVOICES, tuple(rows))
    found_sheets, encoding = sources.tables[path]
    wanted = [each for each in VOCABULARIES if kind in (None, each.kind)]
    found = sheets.find_table(path.name, found_sheets, wanted, encoding)
    if found is None:
        message = N_("No header row was found: a table of customers needs at least a column “Customer name”.")
        return PlannedFile(name, "", problem=Problem(path.name, "no_header", message))
    table = found[1] if columns is None else replace(found[1], fields=columns)
    rows = import_accounts.decide(working, table)
    return PlannedFile(name, ACCOUNTS, tuple(rows), None, _table_notes(table), table.headers, table.fields)


def _table_notes(table: sheets.Table) -> tuple[Problem, ...]:
    notes = []
    if table.unused:
        message = N_("Columns that were not recognised: {columns}.")
        notes.append(Problem("", "unused_columns", message, {"columns": ", ".join(table.unused)[:200]}))
    if table.encoding:
        message = N_("This file is in the old encoding {encoding}: please check the accents.")
        name = sheets.OLD_ENCODINGS[table.encoding]
        notes.append(Problem("", "old_encoding", message, {"encoding": name}))
    return tuple(notes)


# --- writing --------------------------------------------------------------------------------------------------------


def apply(uow: UnitOfWork, planned: ImportPlan) -> ImportReport:
    """Writes what was planned, as one undo step (`store.edit(…, kind="import")`); says what was done.

    Everything is decided once more, in the same transaction, on the data as they are then; where that gives other
    verdicts than the preview showed, nothing is written. Raises Refused with every file that cannot be read, and
    `changed_since` when the preview no longer holds.
    """
    if planned.problems:
        raise Refused(planned.problems)
    decided, working = _decide(
        uow, uow.new_id, planned.sources, planned.kind, planned.opening, planned.our_codes, planned.columns
    )
    if [_seen(file) for file in decided.files] != [_seen(file) for file in planned.files]:
        message = N_("The data changed since the preview: please look at the preview again.")
        raise Refused(Problem("", "changed_since", message))
    step = next_step(uow) if _write(uow, working) else None
    _remember_opening(uow, decided, step)
    files = tuple(FileReport.of(file) for file in decided.files)
    return ImportReport(step, files, decided.records, len(decided.new_invoices), decided.settled, decided.asks_opening)


def _write(uow: UnitOfWork, working: Working) -> bool:
    groups = working.results()
    for group in groups:
        uow.new_group()
        for record in group:
            uow.put(record)
    return bool(groups)


def _seen(file: PlannedFile) -> list[tuple[int, Verdict, str]]:
    return [(row.row, row.verdict, row.reason.code if row.reason else "") for row in file.rows]


def next_step(reader: Reader) -> int:
    """The number that the undo step of the running transaction is going to have."""
    found = reader.sql("select seq from sqlite_sequence where name = 'undo_step'")
    return int(found[0][0]) + 1 if found else 1


def _remember_opening(uow: UnitOfWork, decided: ImportPlan, step: int | None) -> None:
    before = pending_openings(uow)
    after = [] if decided.opening is not None else before
    if decided.asks_opening and step is not None:
        after = [*before, step]
    if after != before:
        uow.set_preference(OPENING_PENDING, json.dumps(after) if after else None)


# --- the opening question, answered later -----------------------------------------------------------------------------


def pending_invoices(reader: Reader) -> list[Invoice]:
    """The invoices of all imports whose opening question is not answered, in the order of their dates."""
    steps = json.dumps(pending_openings(reader))
    statement = (
        "select distinct h.record from history h join invoice i on i.id = h.record where h.entity = 'invoice' "
        "and h.action = 'create' and h.step in (select value from json_each(:steps))"
    )
    ids = [row[0] for row in reader.sql(statement, {"steps": steps})]
    found = reader.many(Invoice, ids).values()
    return sorted(found, key=lambda each: (each.issued_on or date.min, each.symbol, each.number))


def answer_opening(uow: UnitOfWork, opening: Opening) -> int:
    """Answers the opening question of every import that still asks; how many invoices were settled by it."""
    numbers = count(1)
    working = Working(uow, lambda: f"unused-{next(numbers)}")
    settled = _settle_pending(uow, working, opening, import_einvoices.Money())
    _write(uow, working)
    uow.set_preference(OPENING_PENDING, None)
    return settled


def _settle_pending(reader: Reader, working: Working, opening: Opening, money: import_einvoices.Money) -> int:
    invoices = pending_invoices(reader)
    import_einvoices.load_open(working, [each.id for each in invoices if each.id not in money.instalments], money)
    return import_einvoices.settle(working, money, opening, invoices)
