"""What an import did, as a value, as the command's JSON, and its rejected rows as a workbook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kam_desktop.domain.errors import Problem
from kam_desktop.language import tr
from kam_desktop.transfer import exporter
from kam_desktop.transfer.import_plan import PlannedFile, PlannedRow, Verdict

Say = Callable[[Problem], str]
"""Turns a problem into a sentence in the user's language."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file: numbers of rows, each skipped row with its reason, notes on the file as a whole."""

    file: str
    kind: str
    created: int
    updated: int
    unchanged: int
    skipped: tuple[PlannedRow, ...]
    notes: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, file: PlannedFile) -> FileReport:
        """The report on a file whose plan was carried out, or would be."""
        return cls(
            file.file,
            file.kind,
            file.count(Verdict.CREATE),
            file.count(Verdict.UPDATE),
            file.count(Verdict.UNCHANGED),
            tuple(row for row in file.rows if row.verdict is Verdict.SKIP),
            file.notes,
        )


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        step: the number of its undo step; None when it changed nothing.
        records: how many records of each entity were written.
        invoices: how many invoices are new; `settled` of them (and of earlier imports) were paid before.
        asks_opening: nobody said yet which of them are still open.
    """

    step: int | None
    files: tuple[FileReport, ...]
    records: Mapping[str, int]
    invoices: int
    settled: int
    asks_opening: bool

    def plain(self, say: Say | None = None) -> dict[str, Any]:
        """The JSON of the command `import`; reasons are sentences, with their stable code beside them."""
        return plain(self.step, self.files, self.records, self.asks_opening, say or said)


def plain(
    step: int | None, files: Sequence[FileReport], records: Mapping[str, int], asks_opening: bool, say: Say
) -> dict[str, Any]:
    """The JSON of an import that was carried out, or of a dry run (`step` None)."""
    return {
        "import": step,
        "files": [
            {
                "file": file.file,
                "kind": file.kind,
                "created": file.created,
                "updated": file.updated,
                "unchanged": file.unchanged,
                "skipped": [_skipped(row, say) for row in file.skipped],
                "notes": [say(note) for note in file.notes],
            }
            for file in files
        ],
        "records": dict(records),
        "opening": "unanswered" if asks_opening else "answered",
    }


def _skipped(row: PlannedRow, say: Say) -> dict[str, Any]:
    found: dict[str, Any] = {"row": row.row, "reason": say(row.reason) if row.reason is not None else ""}
    found["code"] = row.reason.code if row.reason is not None else ""
    if row.document:
        found["document"] = row.document
    return found


def said(problem: Problem) -> str:
    """The problem as a sentence in the current language; a field's label in it is translated too."""
    args = {name: tr(value) if name == "label" else value for name, value in problem.args.items()}
    return tr(problem.message, **args)


def write_rejects(files: Sequence[PlannedFile], path: Path, say: Say = said) -> int:
    """Hands skipped rows back as a table: the columns as they stood, then the row number and the reason.

    The first table with skipped rows gives the columns; a table with other titles adds its own behind them, and of
    e-invoices the file's name is written. Returns how many rows were written. A corrected workbook of one kind can be
    imported as it is.
    """
    skipped = [(file, [row for row in file.rows if row.verdict is Verdict.SKIP]) for file in files]
    headers: list[str] = []
    found: list[tuple[dict[int, Any], PlannedRow]] = []
    for file, rows in skipped:
        titles = file.headers or (tr("File"),)
        places = _places(headers, titles) if rows else []
        for row in rows:
            cells = row.cells if file.headers else (row.document or file.file,)
            found.append((dict(zip(places, cells, strict=False)), row))
    written = [
        [*(cells.get(place) for place in range(len(headers))), row.row, say(row.reason) if row.reason else ""]
        for cells, row in found
    ]
    exporter.write_table(path, [*headers, tr("Row"), tr("Reason")], written)
    return len(written)


def _places(headers: list[str], titles: Sequence[str]) -> list[int]:
    """Where the columns of a table go among those that are there; titles that are new are added behind them."""
    first = not headers
    places: list[int] = []
    for title in titles:
        place = headers.index(title) if not first and title in headers else len(headers)
        if place == len(headers) or place in places:
            place = len(headers)
            headers.append(title)
        places.append(place)
    return places
