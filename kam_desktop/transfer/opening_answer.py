"""Reads the answer to the opening question as the command line and the first run give it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_
from kam_desktop.transfer import cells, invoice_rows, money_headers, sheets
from kam_desktop.transfer.import_plan import Opening

_NAME: Final = ("number", "symbol", "form")
_HEADER_WITHIN_ROWS: Final = 30
_SYMBOL: Final = re.compile(r"\b\d?([CK]\d{2}[A-Z]{3})\b")
_NUMBER: Final = re.compile(r"(?<![\w.,/])(\d{1,8})(?![\w.,/])")


def read(text: str, cancelled: Callable[[], bool] | None = None) -> Opening:
    """`all`, `since:DATE` (ISO or dd/mm/yyyy, by issue date) or `list:FILE` (numbers of the open invoices).

    Raises Refused (`opening`) when it is none of these, or the file cannot be read or names no invoice.
    """
    word, _, rest = text.partition(":")
    if word == "all" and not rest:
        return Opening(everything=True)
    if word == "since" and rest:
        day: date | None = cells.as_date(rest, "open")
        if day is not None:
            return Opening(since=day)
    if word == "list" and rest:
        return Opening(listed=_listed(Path(rest), cancelled))
    message = N_("“{text}” is not all, since:DATE or list:FILE.")
    raise Refused(Problem("open", "opening", message, {"text": text[:60]}))


def _listed(path: Path, cancelled: Callable[[], bool] | None) -> frozenset[tuple[str, str]]:
    """The invoices that a table names in its column of numbers, and a list without titles in each of its rows."""
    found_sheets, _ = sheets.read_sheets(path, cancelled)
    found: set[tuple[str, str]] = set()
    for sheet in found_sheets:
        titled = _titled(sheet)
        if titled is not None:
            found |= titled
            continue
        for row in sheet.rows:
            entry = _entry([cells.as_text(cell) for cell in row.cells])
            if entry is not None:
                found.add(entry)
    if not found:
        raise Refused(Problem(path.name, "no_numbers", "This file names no invoice number."))
    return frozenset(found)


def _titled(sheet: sheets.Sheet) -> set[tuple[str, str]] | None:
    """The numbers under a title such as “Số hoá đơn”; None when the sheet has no such title."""
    for place, header in enumerate(sheet.rows[:_HEADER_WITHIN_ROWS], 1):
        columns = {name: at for name, at in money_headers.INVOICES.guess(header.cells).items() if name in _NAME}
        if "number" in columns:
            return set(_under(sheet.rows[place:], columns))
    return None


def _under(rows: Sequence[sheets.Row], columns: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for row in rows:
        given = {name: row.cells[at] for name, at in columns.items() if at < len(row.cells)}
        name = invoice_rows.invoice_name(given)
        if name.get("number", "").isdigit():
            yield name.get("symbol", ""), name["number"]


def _entry(texts: list[str]) -> tuple[str, str] | None:
    symbol = ""
    for text in texts:
        match = _SYMBOL.search(text.upper())
        if match:
            symbol = match.group(1)
            rest = _NUMBER.findall(text.upper().replace("-", " ").replace("/", " ").replace(match.group(0), " "))
            if rest:
                return symbol, rest[-1].lstrip("0") or "0"
    for text in texts:
        numbers = _NUMBER.fullmatch(text)
        if numbers:
            return symbol, numbers.group(1).lstrip("0") or "0"
    return None
