"""What a person sees and sets of a table: what each column was taken for, and its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kam_desktop.domain.errors import Problem
from kam_desktop.language import N_
from kam_desktop.transfer import cells, sheets, table_kinds
from kam_desktop.transfer.import_plan import PlannedFile
from kam_desktop.transfer.sheets import Table
from kam_desktop.transfer.table_finder import Choice
from kam_desktop.transfer.table_kinds import FieldShown as FieldShown
from kam_desktop.transfer.table_kinds import fields_of as fields_of

_SAMPLES: Final = 3
_LOOKED_AT: Final = 50


@dataclass(frozen=True, slots=True)
class ColumnShown:
    """One column of a table.

    Attributes:
        column: its place, from 0.
        title: as written; empty where the header has none.
        field: what it was taken for; empty for nothing.
        label: what that field is called, as an English message; empty for nothing.
        samples: up to three of its values, as text.
    """

    column: int
    title: str
    field: str
    label: str
    samples: tuple[str, ...]


def kinds() -> tuple[tuple[str, str], ...]:
    """Every kind of table: its name and what it is called, as an English message."""
    return tuple((each.name, each.vocabulary.label) for each in table_kinds.TABLES)


def columns(file: PlannedFile) -> tuple[ColumnShown, ...]:
    """The columns of a planned table that have a title, values or a field, in their order."""
    kind = table_kinds.BY_NAME.get(file.kind)
    labels = kind.vocabulary.labels if kind is not None else {}
    taken = {column: name for name, column in file.fields.items()}
    found = []
    for column in range(max(len(file.headers), len(file.samples))):
        title = file.headers[column] if column < len(file.headers) else ""
        values = file.samples[column] if column < len(file.samples) else ()
        name = taken.get(column, "")
        if title or values or name:
            found.append(ColumnShown(column, title, name, labels.get(name, ""), values))
    return tuple(found)


def set_column(file: PlannedFile, column: int, field: str) -> Choice:
    """That column is this field ("" for nothing); a column that was taken for the field before is free again.

    Give it to `importer.plan(…, choices={**plan.choices, file.file: choice})` for the new preview.
    """
    fields = {name: place for name, place in file.fields.items() if place != column and name != field}
    if field:
        fields[field] = column
    return Choice(file.kind or table_kinds.TABLES[0].name, fields, file.titles, file.sheet)


def set_kind(file: PlannedFile, kind: str) -> Choice:
    """The table is of this kind; what its columns are is said by the titles of that kind again."""
    return Choice(kind, None, file.titles, file.sheet)


def set_sheet(file: PlannedFile, sheet: str) -> Choice:
    """Another sheet of the file is read."""
    return Choice(sheet=sheet)


def samples(table: Table) -> tuple[tuple[str, ...], ...]:
    """Per column up to three different values of the first rows, as text."""
    found: list[dict[str, None]] = [{} for _ in table.headers]
    for row in table.rows[:_LOOKED_AT]:
        for column, cell in enumerate(row.cells):
            while len(found) <= column:
                found.append({})
            if cell is not None and len(found[column]) < _SAMPLES:
                found[column][cells.as_text(cell)[:60]] = None
    return tuple(tuple(each) for each in found)


def notes(table: Table, remembered: bool) -> tuple[Problem, ...]:
    """What is worth knowing about a table as a whole and keeps nothing out."""
    found = []
    if remembered:
        found.append(Problem("", "remembered_columns", "Columns as you set them last time."))
    if table.unused:
        message = N_("Columns that were not recognised: {columns}.")
        found.append(Problem("", "unused_columns", message, {"columns": ", ".join(table.unused)[:200]}))
    if table.other_sheets:
        message = N_("Read from the sheet “{sheet}”; these look like tables too: {others}.")
        args = {"sheet": table.sheet, "others": ", ".join(table.other_sheets)[:200]}
        found.append(Problem("", "other_sheets", message, args))
    if table.left_out:
        message = N_("Rows that are totals, notes or titles and no data: {rows}.")
        rows = ", ".join(map(str, table.left_out[:20])) + (" …" if len(table.left_out) > 20 else "")
        found.append(Problem("", "rows_left_out", message, {"rows": rows}))
    if table.encoding:
        message = N_("This file is in the old encoding {encoding}: please check the accents.")
        name = sheets.OLD_ENCODINGS[table.encoding]
        found.append(Problem("", "old_encoding", message, {"encoding": name}))
    return tuple(found)
