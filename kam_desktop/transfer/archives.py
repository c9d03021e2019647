"""Checks a ZIP (and so an XLSX) before any parser sees it: entries, sizes, ratio, real bytes."""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final

from kam_desktop.domain.errors import Problem, Refused

MOST_ENTRIES: Final = 1_000
MOST_BYTES: Final = 200 * 1024 * 1024
MOST_RATIO: Final = 100
SMALL_BYTES: Final = 1024 * 1024
"""Below this much in total a high ratio is harmless: an empty table of one letter compresses well."""
MOST_SHEET_BYTES: Final = 64 * 1024 * 1024
MOST_STRING_BYTES: Final = 48 * 1024 * 1024
MOST_ROWS: Final = 100_000
MOST_COLUMNS: Final = 256
MOST_CELLS: Final = 600_000
_BLOCK: Final = 256 * 1024
DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ValueError, OSError, EOFError, RuntimeError,
    IndexError, OverflowError,
)  # fmt: skip
"""What Python's reader raises on archives that do not hold together."""
# A cell that is not closed at once, so one with a value: empty formatted cells may reach as far as they like.
_CELL: Final = re.compile(rb"<(?:\w+:)?c(?=[\s>])(?:[^>]*?\sr\s*=\s*[\"']([A-Z]{1,7})(\d{1,9})[\"'])?[^>]*(?<!/)>")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in an archive, unpacked."""

    name: str
    content: bytes


def open_checked(content: bytes, most_entries: int = MOST_ENTRIES) -> zipfile.ZipFile:
    """The archive, its table of contents checked: number of entries, declared sizes, ratio, no password.

    Raises Refused with codes not_a_zip, too_many_entries, unpacks_too_large, bomb, password.
    """
    if content.count(b"PK\x01\x02") > 20 * most_entries:  # a table of contents that would itself fill the memory
        raise _too_many(content.count(b"PK\x01\x02"), most_entries)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except DAMAGED as error:
        raise Refused(Problem("", "not_a_zip", "This file is damaged or cut off: it cannot be unpacked.")) from error
    if len(entries) > most_entries:
        raise _too_many(len(entries), most_entries)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Refused(Problem("", "password", "This file is protected by a password: save it without one."))
    declared = sum(entry.file_size for entry in entries)
    if declared > MOST_BYTES:
        raise _too_large()
    if declared > SMALL_BYTES and declared > MOST_RATIO * max(1, len(content)):
        raise Refused(Problem("", "bomb", "This file unpacks to over a hundred times its size and was not opened."))
    return archive


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most_bytes: int) -> bytes:
    """The real bytes of an entry, never more than `most_bytes` whatever it declares."""
    parts, size = [], 0
    try:
        with archive.open(entry) as file:
            while block := file.read(_BLOCK):
                size += len(block)
                if size > most_bytes:
                    raise _too_large()
                parts.append(block)
    except DAMAGED as error:
        raise Refused(Problem("", "not_a_zip", "This file is damaged or cut off: it cannot be unpacked.")) from error
    return b"".join(parts)


def check_workbook(content: bytes) -> None:
    """Unpacks every part of a workbook once, counting: real bytes, and how far its sheets reach.

    A sheet may claim a cell in its last row and column and so make a reader reserve gigabytes for nothing.
    """
    archive = open_checked(content)
    names = {entry.filename for entry in archive.infolist()}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise Refused(Problem("", "not_a_workbook", "This is not an Excel workbook (XLSX)."))
    total = 0
    for entry in archive.infolist():
        sheet = entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml")
        if not entry.filename.startswith("xl/") or entry.filename.startswith("xl/media/"):
            continue  # pictures and properties are never opened
        most = MOST_SHEET_BYTES if sheet else MOST_STRING_BYTES
        total += _reach(archive, entry, most, sheet)
        if total > MOST_BYTES:
            raise _too_large()


def _reach(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int, sheet: bool) -> int:
    size = cells = row = column = 0
    tail = b""
    try:
        with archive.open(entry) as file:
            while block := file.read(_BLOCK):
                size += len(block)
                if size > most:
                    raise _too_large()
                text = tail + block
                if b"<!DOCTYPE" in text:
                    raise Refused(
                        Problem("", "doctype", "This file holds a document type definition and was not opened.")
                    )
                # a tag that the block cuts in two is looked at with the next block
                cut = text.rfind(b"<")
                tail = text[cut:][:4096] if cut > 0 else b""
                if not sheet:
                    continue
                for letters, digits in _CELL.findall(text[: len(text) - len(tail)]):
                    cells += 1
                    if digits:
                        row = max(row, int(digits))
                        column = max(column, _column(letters))
    except DAMAGED as error:
        raise Refused(Problem("", "not_a_zip", "This file is damaged or cut off: it cannot be unpacked.")) from error
    # what a reader reserves is the whole rectangle up to the last cell
    if row > MOST_ROWS or column > MOST_COLUMNS or max(cells, row * column) > MOST_CELLS:
        raise sheet_too_large()
    return size


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _too_many(count: int, limit: int) -> Refused:
    return Refused(
        Problem(
            "",
            "too_many_entries",
            "This archive holds {count} files; at most {limit} are read.",
            {"count": str(count), "limit": str(limit)},
        )
    )


def sheet_too_large() -> Refused:
    """The refusal of a table beyond MOST_ROWS, MOST_COLUMNS or MOST_CELLS."""
    return Refused(
        Problem(
            "",
            "sheet_too_large",
            "A sheet reaches further than {rows} rows or {columns} columns: delete what lies outside the table.",
            {"rows": str(MOST_ROWS), "columns": str(MOST_COLUMNS)},
        )
    )


def _too_large() -> Refused:
    return Refused(Problem("", "unpacks_too_large", "This file unpacks to more than the program reads."))
