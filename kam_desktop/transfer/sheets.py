"""Reads tables from XLSX and CSV files and finds the header row above their data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from kam_desktop import confined
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.text import clean, fold
from kam_desktop.transfer.sheet_parser import from_tcvn3

Raw = str | int | float | bool | date | datetime | None
"""A cell as the file holds it."""

MOST_FILE_BYTES: Final = 32 * 1024 * 1024
HEADER_WITHIN_ROWS: Final = 30
OLD_ENCODINGS: Final = {"cp1258": "Windows-1258", "tcvn3": "TCVN3 (ABC)", "cp1252": "Windows-1252"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet that is not blank.

    Attributes:
        number: the row number that Excel shows, or the line of the CSV file, from 1.
        cells: by column, from the first; shorter than the header when the last cells are blank.
    """

    number: int
    cells: tuple[Raw, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one visible sheet."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet with its header found: what a column means, and the rows below.

    Attributes:
        file: the file's name, for messages.
        sheet: the sheet's name, empty for CSV.
        header_row: the row number of the header.
        headers: the column titles as written.
        fields: the column of each field that was recognised, from 0.
        encoding: the old encoding that was detected, or empty.
    """

    file: str
    sheet: str
    header_row: int
    headers: tuple[str, ...]
    fields: Mapping[str, int]
    rows: tuple[Row, ...]
    encoding: str = ""

    def values(self) -> Iterator[tuple[int, dict[str, Raw]]]:
        """Per row its number and the cells of the recognised fields; a missing cell is None."""
        for row in self.rows:
            cells = row.cells
            yield (
                row.number,
                {name: cells[column] if column < len(cells) else None for name, column in self.fields.items()},
            )

    @property
    def unused(self) -> tuple[str, ...]:
        """The titles of columns that were not recognised."""
        used = set(self.fields.values())
        return tuple(title for column, title in enumerate(self.headers) if title and column not in used)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The column titles by which a kind of table is known.

    Attributes:
        kind: the word of `import --as`, such as "accounts".
        synonyms: per field the titles, already folded; the first field with a fitting title gets the column.
        required: fields without which the table is not of this kind.
    """

    kind: str
    synonyms: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]


def is_table(path: Path) -> bool:
    """Whether the file's ending names a table that is read here."""
    return path.suffix.lower() in (".xlsx", ".xlsm", ".csv", ".txt", ".tsv")


def read_sheets(path: Path, cancelled: Callable[[], bool] | None = None) -> tuple[tuple[Sheet, ...], str]:
    """All visible sheets of a file and the old encoding it was in (empty for XLSX and Unicode).

    The file is taken apart in a confined child. Raises Refused; each problem's `where` is the file's name.
    """
    name = path.name
    try:
        _check_file(path)
        form = "xlsx" if path.suffix.lower() in (".xlsx", ".xlsm") else "csv"
        read = _Reading()
        confined.run(confined.SHEET, [path], {"form": form}, cancelled=cancelled, part=read.take)
    except Refused as refused:
        raise Refused(
            [Problem(each.where or name, each.code, each.message, each.args) for each in refused.problems]
        ) from refused
    sheets = tuple(Sheet(title, tuple(rows)) for title, rows in read.sheets if rows)
    if not sheets:
        raise Refused(Problem(name, "empty", "This file has no rows."))
    return sheets, read.encoding if read.encoding in OLD_ENCODINGS else ""


class _Reading:
    """What the child has told of a file so far."""

    def __init__(self) -> None:
        self.encoding = ""
        self.sheets: list[tuple[str, list[Row]]] = []

    def take(self, part: Mapping[str, Any]) -> None:
        """One part of the parser's answer (sheet_parser.parse)."""
        if "rows" in part:
            self.sheets[-1][1].extend(Row(number, tuple(map(_raw, cells))) for number, cells in part["rows"])
        elif "sheet" in part:
            self.sheets.append((part["sheet"], []))
        else:
            self.encoding = part["encoding"]


def _check_file(path: Path) -> None:
    if path.suffix.lower() == ".xls":
        raise Refused(
            Problem("", "old_excel", "This is a workbook of Excel 97–2003: save it as XLSX in Excel and try again.")
        )
    if not is_table(path):
        raise Refused(Problem("", "unknown_form", "This file is neither XLSX nor CSV."))
    check_readable(path, MOST_FILE_BYTES)


def check_readable(path: Path, most_bytes: int) -> None:
    """Refuses what is not an ordinary file of a reasonable size that we may read."""
    try:
        if not path.is_file():
            raise Refused(Problem("", "not_found", "There is no such file."))
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        raise Refused(
            Problem("", "not_readable", "This file cannot be opened: {reason}.", {"reason": error.strerror or "?"})
        ) from error
    if size == 0:
        raise Refused(Problem("", "empty", "This file is empty."))
    if size > most_bytes:
        raise Refused(
            Problem(
                "",
                "too_large",
                "This file is larger than {limit} MB and was not opened.",
                {"limit": str(most_bytes // (1024 * 1024))},
            )
        )


def _raw(cell: Any) -> Raw:
    if isinstance(cell, dict):
        text = cell["date"]
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    value: Raw = cell
    return value


def find_table(
    file: str, sheets: Sequence[Sheet], vocabularies: Sequence[Vocabulary], encoding: str = ""
) -> tuple[Vocabulary, Table] | None:
    """The sheet, header row and kind that recognise the most columns, or None when nothing fits.

    Titles merged over the table, blank rows and notes above the header are passed over: a header row names all
    required fields of its kind. A workbook whose texts are in the old TCVN3 encoding is put right first.
    """
    best: tuple[int, Vocabulary, Table] | None = None
    for old in (False, True):
        for sheet in sheets:
            looked_at = _converted(sheet, HEADER_WITHIN_ROWS) if old else sheet
            for place, row in enumerate(looked_at.rows[:HEADER_WITHIN_ROWS]):
                for vocabulary in vocabularies:
                    fields = guess(row.cells, vocabulary)
                    if any(name not in fields for name in vocabulary.required):
                        continue
                    if best is None or len(fields) > best[0]:
                        data = (_converted(sheet) if old else sheet).rows[place + 1 :]
                        table = Table(
                            file,
                            sheet.name,
                            row.number,
                            tuple(clean(str(cell)) if cell is not None else "" for cell in row.cells),
                            fields,
                            data,
                            "tcvn3" if old else encoding,
                        )
                        best = (len(fields), vocabulary, table)
        if best is not None:
            return best[1], best[2]
    return None


def _converted(sheet: Sheet, most_rows: int | None = None) -> Sheet:
    rows = sheet.rows[:most_rows] if most_rows is not None else sheet.rows
    return Sheet(
        sheet.name,
        tuple(Row(row.number, tuple(from_tcvn3(c) if isinstance(c, str) else c for c in row.cells)) for row in rows),
    )


def guess(titles: Sequence[Raw], vocabulary: Vocabulary) -> dict[str, int]:
    """The column of each field whose title is known; a title fits whole, or without what stands in brackets."""
    found: dict[str, int] = {}
    folded = [folded_title(title) for title in titles]
    bare = [folded_title(str(title).split("(")[0]) if isinstance(title, str) else "" for title in titles]
    for name, synonyms in vocabulary.synonyms.items():
        for written in (folded, bare):
            for synonym in synonyms:
                if name not in found and synonym in written:
                    column = written.index(synonym)
                    if column not in found.values():
                        found[name] = column
    return found


def folded_title(title: Raw) -> str:
    """A column title for comparing: folded, signs as blanks, single blanks."""
    if not isinstance(title, str) or len(title) > 120:
        return ""
    return " ".join("".join(char if char.isalnum() else " " for char in fold(clean(title))).split())
