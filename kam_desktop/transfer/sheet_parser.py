"""Takes a workbook or a CSV text apart into rows of raw cells; runs in the confined child only."""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from typing import Any, Final

import python_calamine

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.text import nfc
from kam_desktop.transfer import archives
from kam_desktop.transfer.cells import unprefixed

MOST_LINE: Final = 262_144
"""Bytes of one line of a CSV file."""
MOST_TEXT: Final = 20_000
"""Characters of one cell; what is longer is cut (Excel itself stops at 32,767)."""
_DELIMITERS: Final = ",;\t|"
_LOOKED_AT: Final = 50
_LOOKED_AT_LINES: Final = 200
_SAMPLE: Final = 100_000
_PART_WEIGHT: Final = 32_768

# TCVN 5712 (VN3), the 8-bit encoding of the .Vn fonts that offices in the north used until about 2005.
_TCVN3: Final = {
    0xA1: "Ă", 0xA2: "Â", 0xA3: "Ê", 0xA4: "Ô", 0xA5: "Ơ", 0xA6: "Ư", 0xA7: "Đ", 0xA8: "ă", 0xA9: "â", 0xAA: "ê",
    0xAB: "ô", 0xAC: "ơ", 0xAD: "ư", 0xAE: "đ", 0xB5: "à", 0xB6: "ả", 0xB7: "ã", 0xB8: "á", 0xB9: "ạ", 0xBB: "ằ",
    0xBC: "ẳ", 0xBD: "ẵ", 0xBE: "ắ", 0xC6: "ặ", 0xC7: "ầ", 0xC8: "ẩ", 0xC9: "ẫ", 0xCA: "ấ", 0xCB: "ậ", 0xCC: "è",
    0xCE: "ẻ", 0xCF: "ẽ", 0xD0: "é", 0xD1: "ẹ", 0xD2: "ề", 0xD3: "ể", 0xD4: "ễ", 0xD5: "ế", 0xD6: "ệ", 0xD7: "ì",
    0xD8: "ỉ", 0xDC: "ĩ", 0xDD: "í", 0xDE: "ị", 0xDF: "ò", 0xE1: "ỏ", 0xE2: "õ", 0xE3: "ó", 0xE4: "ọ", 0xE5: "ồ",
    0xE6: "ổ", 0xE7: "ỗ", 0xE8: "ố", 0xE9: "ộ", 0xEA: "ờ", 0xEB: "ở", 0xEC: "ỡ", 0xED: "ớ", 0xEE: "ợ", 0xEF: "ù",
    0xF1: "ủ", 0xF2: "ũ", 0xF3: "ú", 0xF4: "ụ", 0xF5: "ừ", 0xF6: "ử", 0xF7: "ữ", 0xF8: "ứ", 0xF9: "ự", 0xFA: "ỳ",
    0xFB: "ỷ", 0xFC: "ỹ", 0xFD: "ý", 0xFE: "ỵ",
}  # fmt: skip
_TCVN3_AS_CP1252: Final = {ord(bytes([code]).decode("cp1252")): letter for code, letter in _TCVN3.items()}
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_VIETNAMESE: Final = frozenset("ăâđêôơưáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ")


def parse(inputs: list[bytes], args: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The sheets of one file in parts: `{"encoding"}`, then per sheet `{"sheet": name}` and any number of `{"rows"}`.

    `args["form"]` is "xlsx" or "csv". A row is `[row number, [cell, …]]`; blank rows are left out, blank cells at the
    end of a row too. A cell is a text, a number, a truth value, None, or {"date": ISO}. Raises Refused with the codes
    of `archives`, and no_table, unknown_encoding.
    """
    content = inputs[0]
    if args["form"] == "xlsx":
        archives.check_workbook(content)
        yield {"encoding": ""}
        yield from _workbook(content)
        return
    _check_lines(content)
    encoding, codec = encoding_of(content)
    yield {"encoding": encoding}
    yield {"sheet": ""}
    yield from _parts(_csv(_lines(content, encoding, codec)))


def _workbook(content: bytes) -> Iterator[dict[str, Any]]:
    cells = 0
    try:
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            for described in workbook.sheets_metadata:
                if described.typ != python_calamine.SheetTypeEnum.WorkSheet:
                    continue
                if described.visible != python_calamine.SheetVisibleEnum.Visible:
                    continue
                yield {"sheet": described.name}
                for part in _parts(_rows_of(workbook.get_sheet_by_name(described.name))):
                    # one part of the file may be the sheet of many names: what counts is what comes out
                    cells += sum(len(row[1]) for row in part["rows"])
                    if cells > archives.MOST_CELLS:
                        raise archives.sheet_too_large()
                    yield part
    except python_calamine.PasswordError as error:
        raise Refused(Problem("", "password", "This file is protected by a password: save it without one.")) from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise Refused(
            Problem("", "not_a_workbook", "This Excel file is damaged: open it in Excel and save it again.")
        ) from error


def _parts(rows: Iterable[list[Any]]) -> Iterator[dict[str, Any]]:
    """The rows in parts of some ten thousand letters: small enough that no step over one takes long."""
    part: list[list[Any]] = []
    weight = 0
    for row in rows:
        part.append(row)
        weight += 8 + sum(8 + len(cell) if isinstance(cell, str) else 8 for cell in row[1])
        if weight > _PART_WEIGHT:
            yield {"rows": part}
            part, weight = [], 0
    if part:
        yield {"rows": part}


def _rows_of(sheet: python_calamine.CalamineSheet) -> Iterator[list[Any]]:
    if sheet.start is None:
        return
    first, left = sheet.start
    for place, row in enumerate(sheet.iter_rows()):
        cells = [None] * left + [_plain(value) for value in row]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            yield [first + place + 1, cells]


def _plain(value: object) -> Any:
    if isinstance(value, str):
        return value[:MOST_TEXT] if value.strip() else None
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, int):
        return value
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return {"date": value.date().isoformat() if midnight else value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return str(value)


def encoding_of(content: bytes) -> tuple[str, str]:
    """The encoding of a CSV file as people know it (utf-8, utf-16, cp1258, tcvn3, cp1252), and Python's codec for it.

    Bytes that are no UTF-8 are tried as each of the old encodings; the one that gives the most Vietnamese letters
    wins. The file is never decoded whole: a text takes four times its bytes in memory.
    """
    for mark, name, codec in (
        (b"\xef\xbb\xbf", "utf-8", "utf-8-sig"),
        (b"\xff\xfe", "utf-16", "utf-16"),
        (b"\xfe\xff", "utf-16", "utf-16"),
    ):
        if content.startswith(mark):
            return name, codec
    head = content[:4000]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 8 and min(even, odd) <= len(head) // 100:  # UTF-16 without its mark
        return "utf-16", "utf-16-le" if odd > even else "utf-16-be"
    if 0 in content:
        raise _unknown_encoding()
    try:
        for _ in io.TextIOWrapper(io.BytesIO(content), "utf-8", newline=""):
            pass
        return "utf-8", "utf-8"
    except UnicodeDecodeError:
        pass
    sample = content[:_SAMPLE]
    plain = sample.decode("cp1252", "replace")
    candidates = (
        (nfc(sample.decode("cp1258", "replace")), "cp1258", "cp1258"),
        (_tcvn3(plain), "tcvn3", "cp1252"),
        (plain, "cp1252", "cp1252"),
    )
    return max(candidates, key=lambda each: _likeness(each[0]))[1:]


def _lines(content: bytes, encoding: str, codec: str) -> Iterator[str]:
    old = codec.startswith("cp")
    text = io.TextIOWrapper(io.BytesIO(content), codec, "replace" if old else "strict", newline="")
    try:
        for line in text:
            if encoding == "cp1258":
                yield nfc(line)
            else:
                yield _tcvn3(line) if encoding == "tcvn3" else line
    except UnicodeDecodeError as error:
        raise _unknown_encoding() from error


def _tcvn3(text: str) -> str:
    return "".join(char if char < "\x80" else _TCVN3_AS_CP1252.get(ord(char), "\ufffd") for char in text)


def from_tcvn3(text: str) -> str:
    """Text in TCVN3 that was read as cp1252, put right."""
    return text.translate(_TCVN3_AS_CP1252)


def _likeness(text: str) -> int:
    """How Vietnamese a text looks: its letters count for it; signs, and words with two tones, against it."""
    sample = text[:100_000].lower()
    good = sum(letter in _VIETNAMESE for letter in sample)
    odd = sum(ord(letter) > 0x7F and letter not in _VIETNAMESE and letter not in "–—“”‘’…₫ " for letter in sample)
    words = (unicodedata.normalize("NFD", word) for word in re.split(r"[\W\d_]+", sample) if not word.isascii())
    twice = sum(sum(mark in _TONES for mark in word) > 1 for word in words)
    return good - 3 * odd - 3 * twice


def _unknown_encoding() -> Refused:
    return Refused(Problem("", "unknown_encoding", "The letters of this file cannot be read: save it as “CSV UTF-8”."))


def _csv(lines: Iterator[str]) -> Iterator[list[Any]]:
    first = list(islice(lines, _LOOKED_AT_LINES))
    start = 0
    delimiter = ""
    told = first[0].strip().strip('"').lower() if first else ""
    if told.startswith("sep=") and len(told) == 5:
        delimiter, start = told[-1], 1
        first = first[1:]
    delimiter = delimiter or _delimiter(first)
    cells = count = before = 0
    reader = csv.reader(chain(first, lines), delimiter=delimiter)
    try:
        for row in reader:
            number, before = start + before + 1, reader.line_num
            values: list[Any] = [
                unprefixed(value[:MOST_TEXT]) if value.strip() else None for value in row[: archives.MOST_COLUMNS]
            ]
            while values and values[-1] is None:
                values.pop()
            cells += len(values)
            count += bool(values)
            if count > archives.MOST_ROWS or cells > archives.MOST_CELLS:
                raise archives.sheet_too_large()
            if values:
                yield [number, values]
    except csv.Error as error:
        raise Refused(
            Problem("", "not_csv", "Line {line} of this file cannot be read as CSV.", {"line": str(reader.line_num)})
        ) from error


def _check_lines(content: bytes) -> None:
    end = b"\n" if b"\n" in content else b"\r"
    start = 0
    while start < len(content):
        found = content.find(end, start, start + MOST_LINE)
        if found < 0:
            if len(content) - start <= MOST_LINE:
                return
            raise archives.sheet_too_large()
        start = found + 1


def _delimiter(sample: Sequence[str]) -> str:
    """The delimiter that gives the most rows of one and the same width above one."""
    best, best_score = ",", 0
    for candidate in _DELIMITERS:
        widths: list[int] = []
        try:
            for row in csv.reader(sample, delimiter=candidate):
                if any(cell.strip() for cell in row):
                    widths.append(len(row))
                if len(widths) >= _LOOKED_AT:
                    break
        except csv.Error:
            pass
        if not widths:
            continue
        usual = max(set(widths), key=widths.count)
        score = widths.count(usual) * 100 + min(usual, 50) if usual > 1 else 0
        if score > best_score:
            best, best_score = candidate, score
    return best
