"""Brings foreign files in: read, planned against real data, then written by the same decisions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Final

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import FIRM_ID, Firm, Invoice
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_
from kam_desktop.services.summary import OPENING_PENDING, pending_openings
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork
from kam_desktop.transfer import column_memory, import_columns, import_einvoices, table_finder, table_kinds
from kam_desktop.transfer.import_context import Context
from kam_desktop.transfer.import_plan import Opening, PlannedFile, PlannedRow, Verdict, Working
from kam_desktop.transfer.import_report import FileReport, ImportReport
from kam_desktop.transfer.import_sources import Sources as Sources
from kam_desktop.transfer.import_sources import read as read
from kam_desktop.transfer.table_finder import Choice

EINVOICES: Final = "einvoices"
KINDS: Final = (*table_kinds.BY_NAME, EINVOICES)
"""The words of `import --as`."""
_FIRST: Final = ("accounts", "contacts", "products", "prices", EINVOICES)
"""What is decided before everything else, because the rest refers to it; then the order of TABLES."""

_OPENING_TOLD: Final = "opening_told"


@dataclass(frozen=True)
class ImportPlan:
    """What an import is going to do.

    Attributes:
        files: each file with the verdict on its rows.
        new_invoices: the invoices it makes; their opening question stands open when `opening` is None.
        settled: how many invoices the opening answer says were paid before.
        records: how many records of each entity it writes.
        today: the day of the import: nothing came in after it.
        told: further invoices it makes, of which the file itself says what was paid.
    """

    files: tuple[PlannedFile, ...]
    sources: Sources
    kind: str | None
    opening: Opening | None
    our_codes: tuple[str, ...]
    new_invoices: tuple[Invoice, ...] = ()
    settled: int = 0
    records: dict[str, int] = field(default_factory=dict)
    choices: Mapping[str, Choice] = field(default_factory=dict)
    today: date = date.max
    told: tuple[Invoice, ...] = ()

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


# --- deciding -------------------------------------------------------------------------------------------------------


def plan(
    reader: Reader,
    sources: Sources,
    kind: str | None = None,
    opening: Opening | None = None,
    our_codes: Sequence[str] | None = None,
    choices: Mapping[str, Choice] | None = None,
    today: date | None = None,
) -> ImportPlan:
    """What importing these files would do with the data as they are; nothing is written.

    Args:
        kind: one of KINDS, or None to tell by the content.
        opening: which of the new invoices are still open; None when nobody was asked yet.
        our_codes: tax codes of our firm and its branches; by default those in the settings.
        choices: per file what a person said about its table (`import_columns`); by default what was said about such
            titles at an earlier import, else what the titles say.
        today: the day of the import; by default this computer's.
    """
    numbers = count(1)
    day = today or SystemClock().today()
    return _decide(reader, lambda: f"planned-{next(numbers)}", sources, kind, opening, our_codes, choices or {}, day)[0]


def _decide(
    reader: Reader,
    new_id: Callable[[], str],
    sources: Sources,
    kind: str | None,
    opening: Opening | None,
    our_codes: Sequence[str] | None,
    choices: Mapping[str, Choice],
    today: date,
) -> tuple[ImportPlan, Working]:
    codes = tuple(our_codes) if our_codes is not None else our_tax_codes(reader)
    working, money = Working(reader, new_id), import_einvoices.Money()
    context = Context(reader, money, codes, reader.get(Firm, FIRM_ID), today)
    known = [
        document.invoice
        for file in sources.invoices.values()
        for document in file.documents
        if document.invoice is not None
    ]
    import_einvoices.prefetch(working, known, money)
    tables = _tables(reader, sources, kind, choices)
    order = {name: place for place, name in enumerate(dict.fromkeys((*_FIRST, *table_kinds.BY_NAME)))}
    files: dict[Path, PlannedFile] = {}
    for path in sorted(sources.files, key=lambda each: order.get(_kind_of(tables, each), 0)):
        found = tables.get(path)
        if path in sources.problems or found is None:
            files[path] = _file(working, context, sources, path, kind)
        else:
            files[path] = _table_file(working, context, path, found)
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
    in_order = tuple(files[path] for path in sources.files)
    made = ImportPlan(
        in_order, sources, kind, opening, codes, tuple(money.created), settled, records, dict(choices), today,
        tuple(money.answered),
    )  # fmt: skip
    return made, working


def _tables(
    reader: Reader, sources: Sources, kind: str | None, choices: Mapping[str, Choice]
) -> dict[Path, table_finder.Found | None]:
    vocabularies = [each for each in table_kinds.VOCABULARIES if kind in (None, each.kind)]
    memory = column_memory.load(reader) if sources.tables else {}
    tables: dict[Path, table_finder.Found | None] = {}
    for path, (given, encoding) in sources.tables.items():
        found = table_finder.find(path.name, given, vocabularies, encoding, choices.get(str(path)), memory)
        if kind is not None and found is not None and not found.missing and found.choice is None:
            untold = table_finder.find(path.name, given, table_kinds.VOCABULARIES, encoding, None, memory)
            if untold is None or untold.vocabulary is None or untold.vocabulary.kind != kind:
                found = replace(found, choice=Choice(kind))  # it is remembered as what a person said
        tables[path] = found
    return tables


def _kind_of(tables: Mapping[Path, table_finder.Found | None], path: Path) -> str:
    found = tables.get(path)
    return EINVOICES if found is None or found.vocabulary is None else found.vocabulary.kind


def our_tax_codes(reader: Reader) -> tuple[str, ...]:
    """The tax codes of our firm and its branches, as far as the settings have them."""
    firm = reader.get(Firm, FIRM_ID)
    return () if firm is None else tuple(code for code in (firm.tax_code, *firm.branch_codes) if code)


def _file(working: Working, context: Context, sources: Sources, path: Path, kind: str | None) -> PlannedFile:
    name = str(path)
    problem = sources.problems.get(path)
    if problem is not None:
        if path in sources.in_folders:  # one bad file in a folder is a bad row, not a bad folder
            return PlannedFile(name, EINVOICES, (PlannedRow(1, path.name, Verdict.SKIP, problem, document=path.name),))
        return PlannedFile(name, "", problem=problem)
    if path not in sources.invoices:
        wanted = table_kinds.BY_NAME.get(kind or "", table_kinds.TABLES[0])
        return PlannedFile(name, "", problem=Problem(path.name, "no_header", wanted.vocabulary.needs))
    if kind not in (None, EINVOICES):
        return PlannedFile(name, "", problem=Problem(path.name, "other_kind", "This file is an e-invoice."))
    if not context.our_codes:
        message = N_("Enter your firm's tax code in the settings first: it tells sales from purchases.")
        return PlannedFile(name, "", problem=Problem(path.name, "no_own_tax_code", message))
    documents = sources.invoices[path].documents
    rows = import_einvoices.decide(working, documents, context.our_codes, context.money)
    return PlannedFile(name, EINVOICES, tuple(rows))


def _table_file(working: Working, context: Context, path: Path, found: table_finder.Found) -> PlannedFile:
    table, vocabulary, choice = found.table, found.vocabulary, found.choice
    by_hand = choice is not None and (choice.fields is not None or bool(choice.kind))
    shown = PlannedFile(
        str(path),
        vocabulary.kind if vocabulary is not None else "",
        headers=table.headers,
        fields=table.fields,
        titles=table_finder.folded_titles(table.headers),
        samples=import_columns.samples(table),
        sheet=table.sheet,
        other_sheets=table.other_sheets,
        other_kinds=found.others,
        set_by_hand=by_hand,
        remembered=choice is not None and choice.remembered,
    )
    if vocabulary is None or found.missing:
        needs = (vocabulary or table_kinds.TABLES[0].vocabulary).needs
        return replace(shown, problem=Problem(path.name, "no_header", needs))
    rows = table_kinds.BY_NAME[vocabulary.kind].decide(working, table, context)
    return replace(shown, rows=tuple(rows), notes=import_columns.notes(table, shown.remembered))


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
        uow, uow.new_id, planned.sources, planned.kind, planned.opening, planned.our_codes, planned.choices,
        planned.today,
    )  # fmt: skip
    if [_seen(file) for file in decided.files] != [_seen(file) for file in planned.files]:
        message = N_("The data changed since the preview: please look at the preview again.")
        raise Refused(Problem("", "changed_since", message))
    step = next_step(uow) if _write(uow, working) else None
    _remember_opening(uow, decided, step)
    remember(uow, decided)
    files = tuple(FileReport.of(file) for file in decided.files)
    new = len(decided.new_invoices) + len(decided.told)
    return ImportReport(step, files, decided.records, new, decided.settled, decided.asks_opening)


def remember(uow: UnitOfWork, decided: ImportPlan) -> None:
    """Keeps what a person said about columns and kinds for the next table with the same titles; `apply` does it."""
    column_memory.remember(
        uow,
        [
            Choice(file.kind, file.fields, file.titles)
            for file in decided.files
            if file.problem is None and file.set_by_hand and not file.remembered
        ],
    )


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
        told = [*_told(uow), *(each.id for each in decided.told)] if after else []
        uow.set_preference(_OPENING_TOLD, json.dumps(told) if told else None)


# --- the opening question, answered later -----------------------------------------------------------------------------


def _told(reader: Reader) -> list[str]:
    """Invoices of imports that still ask, of which a table said what was paid."""
    found: list[str] = json.loads(reader.preference(_OPENING_TOLD) or "[]")
    return found


def pending_invoices(reader: Reader) -> list[Invoice]:
    """The invoices of all imports whose opening question is not answered, in the order of their dates."""
    steps = json.dumps(pending_openings(reader))
    statement = (
        "select distinct h.record from history h join invoice i on i.id = h.record where h.entity = 'invoice' "
        "and h.action = 'create' and h.step in (select value from json_each(:steps))"
    )
    told = set(_told(reader))
    ids = [row[0] for row in reader.sql(statement, {"steps": steps}) if row[0] not in told]
    found = reader.many(Invoice, ids).values()
    return sorted(found, key=lambda each: (each.issued_on or date.min, each.symbol, each.number))


def answer_opening(uow: UnitOfWork, opening: Opening) -> int:
    """Answers the opening question of every import that still asks; how many invoices were settled by it."""
    numbers = count(1)
    working = Working(uow, lambda: f"unused-{next(numbers)}")
    settled = _settle_pending(uow, working, opening, import_einvoices.Money())
    _write(uow, working)
    uow.set_preference(OPENING_PENDING, None)
    uow.set_preference(_OPENING_TOLD, None)
    return settled


def _settle_pending(reader: Reader, working: Working, opening: Opening, money: import_einvoices.Money) -> int:
    invoices = pending_invoices(reader)
    import_einvoices.load_open(working, [each.id for each in invoices if each.id not in money.instalments], money)
    return import_einvoices.settle(working, money, opening, invoices)
