"""Reads the rows of XLSX and CSV files, and holds a table whose header was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from kam_desktop import confined
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.text import clean, fold

Raw = str | int | float | bool | date | datetime | None
"""A cell as the file holds it."""

MOST_FILE_BYTES: Final = 32 * 1024 * 1024
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
        left_out: the numbers of rows that are totals, notes or the header again: no data, and no error.
        other_sheets: sheets of the same file that look like tables too and are not read.
        above: the rows over the header: the table's title, its period, the account of a bank statement.
    """

    file: str
    sheet: str
    header_row: int
    headers: tuple[str, ...]
    fields: Mapping[str, int]
    rows: tuple[Row, ...]
    encoding: str = ""
    left_out: tuple[int, ...] = ()
    other_sheets: tuple[str, ...] = ()
    above: tuple[Row, ...] = ()

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
        self._known: dict[str, str] = {}

    def take(self, part: Mapping[str, Any]) -> None:
        """One part of the parser's answer (sheet_parser.parse)."""
        if "rows" in part:
            self.sheets[-1][1].extend(Row(number, tuple(map(self._cell, cells))) for number, cells in part["rows"])
        elif "sheet" in part:
            self.sheets.append((part["sheet"], []))
        else:
            self.encoding = part["encoding"]

    def _cell(self, cell: Any) -> Raw:
        if isinstance(cell, str):  # a table says the same words over and over: each is kept once
            return self._known.setdefault(cell, cell) if len(cell) < 64 and len(self._known) < 100_000 else cell
        return _raw(cell)


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
            if path.exists():  # a pipe or a device would keep us waiting, or never end
                raise Refused(Problem("", "not_a_file", "This is not an ordinary file and was not opened."))
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


def folded_title(title: Raw) -> str:
    """A column title for comparing: folded, signs as blanks, single blanks."""
    if not isinstance(title, str) or len(title) > 120:
        return ""
    return " ".join("".join(char if char.isalnum() else " " for char in fold(clean(title))).split())
