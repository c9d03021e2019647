"""Finds the sheet, the header row and the kind of a table, and the rows below that are data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kam_desktop.domain.text import clean
from kam_desktop.transfer.sheet_parser import from_tcvn3
from kam_desktop.transfer.sheets import Raw, Row, Sheet, Table, folded_title
from kam_desktop.transfer.vocabulary import OVER, Vocabulary

HEADER_WITHIN_ROWS: Final = 30
_TOTAL: Final = re.compile(
    r"(tong|cong|total|grand total|sub ?total|sum|so dong|(tong|cong) (cong|so|tien|gia tri|nhom|phat sinh|cuoi ky|"
    r"cong cuoi ky|trang|cong vnd|cong d|hop)|so du (dau|cuoi) ky|luy ke|cong luy ke)( \d[\d ]*( [a-z]+){0,4})?"
)
_FOOT: Final = re.compile(
    r"(ghi chu|luu y|chu thich|note|notes|nguoi (lap|ban|mua|giao|nhan|duyet)|ke toan|giam doc|tong giam doc|"
    r"thu (truong|kho|quy)|ky ten|ky ho ten|ky ghi ro|prepared by|approved by|checked by|nguon|source|"
    r"so dong|trang|page|xac nhan)\b.*|.*\bngay( \d+)? thang( \d+)? nam( \d+)?"
)
_TOTAL_LETTERS: Final = frozenset("tTcCgGsSlL*")
"""What a total begins with: most rows need no closer look."""
_OURS: Final = frozenset((("row", "reason"), ("dong", "ly do")))
_COLUMN_MARK: Final = re.compile(r"\(?([A-Z]|\d{1,2})\)?(\s?=.*)?")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person set for one table: its kind, and the column of each field.

    Attributes:
        kind: the word of `import --as`; empty for what the titles say.
        fields: the column of each field, from 0; None for what the titles of that kind say.
        titles: the folded header row that this is about; empty for the one that is found.
        sheet: the sheet to take; empty for the best.
        remembered: taken from an earlier import, not set for this one.
    """

    kind: str = ""
    fields: Mapping[str, int] | None = None
    titles: tuple[str, ...] = ()
    sheet: str = ""
    remembered: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A table with the kind it was taken for.

    Attributes:
        vocabulary: the kind; None when nobody could tell, then the table is only there to be shown.
        missing: required fields without a column: the table cannot be imported like this.
        others: other kinds that its titles fit too, the best first.
        choice: what a person said about it, now or earlier.
    """

    table: Table
    vocabulary: Vocabulary | None
    missing: tuple[tuple[str, ...], ...] = ()
    others: tuple[str, ...] = ()
    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class _Header:
    """A row, or two, that may be the titles of a table."""

    sheet: Sheet
    place: int
    height: int
    titles: tuple[Raw, ...]

    @property
    def folded(self) -> tuple[str, ...]:
        return folded_titles(self.titles)


@dataclass(order=True, slots=True)
class _Fit:
    """How well a header fits a kind; the largest wins."""

    score: int
    lines: int
    rows: int
    left: int
    order: int
    header: _Header = field(compare=False)
    vocabulary: Vocabulary = field(compare=False)
    fields: Mapping[str, int] = field(compare=False)


def folded_titles(titles: Sequence[Raw]) -> tuple[str, ...]:
    """A header row for recognising it again: titles folded, blank ones at the end left out."""
    found = [folded_title(each) for each in titles]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def find(
    file: str,
    sheets: Sequence[Sheet],
    vocabularies: Sequence[Vocabulary],
    encoding: str = "",
    choice: Choice | None = None,
    memory: Mapping[tuple[str, ...], Choice] | None = None,
) -> Found | None:
    """The table of a file: of the sheet, header row and kind that recognise the most columns.

    Titles merged over the table, blank rows and notes above the header are passed over, titles over two rows are read
    together. A workbook whose texts are in the old TCVN3 encoding is put right first. What a person set goes before
    what the titles say, for this import before an earlier one. None when a file has no row that could be a header.
    """
    chosen = [each for each in sheets if choice is None or choice.sheet in ("", each.name)] or list(sheets)
    for old in (False, True):
        looked_at = [_converted(each, HEADER_WITHIN_ROWS) if old else each for each in chosen]
        headers = [each for sheet in looked_at for each in _headers(sheet)]
        data = [_converted(each) for each in chosen] if old else chosen
        at = {sheet.name: whole for sheet, whole in zip(looked_at, data, strict=True)}
        said = _said(headers, choice, memory or {}, {each.kind for each in vocabularies})
        fits = [fit for header in headers for fit in _fits(header, vocabularies)]
        if said is None and fits and choice is not None and (choice.kind or choice.fields is not None):
            said = max(fits).header, choice
        if said is not None:
            header, what = said
            return _as_said(file, header, at, vocabularies, fits, what, "tcvn3" if old else encoding)
        if fits:
            best = max(fits)
            table = _table(file, best.header, at, best.fields, best.vocabulary, fits, "tcvn3" if old else encoding)
            return Found(table, best.vocabulary, (), _others(fits, best.header, best.vocabulary), choice)
    return _unknown(file, chosen, vocabularies, encoding)


def _said(
    headers: Sequence[_Header],
    choice: Choice | None,
    memory: Mapping[tuple[str, ...], Choice],
    kinds: set[str],
) -> tuple[_Header, Choice] | None:
    """The header that a person spoke about, and what was said."""
    if choice is not None and choice.titles:
        for header in headers:
            if header.folded == choice.titles:
                return header, choice
    for header in headers:
        kept = memory.get(header.folded)
        if kept is not None and kept.kind in kinds and (choice is None or choice.kind in ("", kept.kind)):
            return header, kept
    return None


def _as_said(
    file: str,
    header: _Header,
    at: Mapping[str, Sheet],
    vocabularies: Sequence[Vocabulary],
    fits: Sequence[_Fit],
    choice: Choice,
    encoding: str,
) -> Found:
    here = [fit for fit in fits if fit.header.folded == header.folded]
    vocabulary = next((each for each in vocabularies if each.kind == choice.kind), None)
    if vocabulary is None:
        vocabulary = max(here).vocabulary if here else vocabularies[0]
    fields = dict(vocabulary.guess(header.titles) if choice.fields is None else choice.fields)
    fields = {name: column for name, column in fields.items() if name in vocabulary.synonyms}
    table = _table(file, header, at, fields, vocabulary, fits, encoding)
    return Found(table, vocabulary, vocabulary.missing(fields), _others(fits, header, vocabulary), choice)


def _unknown(file: str, sheets: Sequence[Sheet], vocabularies: Sequence[Vocabulary], encoding: str) -> Found | None:
    """The row that looks most like titles, for a person to say what its columns are."""
    best: tuple[tuple[int, int], _Header, Vocabulary, dict[str, int]] | None = None
    for sheet in sheets:
        for header in _headers(sheet):
            texts = sum(1 for title in header.folded if title and not title.isdigit())
            for vocabulary in vocabularies:
                fields = vocabulary.guess(header.titles)
                key = (len(fields), texts if header.height == 1 else 0)
                if texts >= 1 and (best is None or key > best[0]):
                    best = (key, header, vocabulary, fields)
    if best is None:
        return None
    _, header, vocabulary, fields = best
    table = _table(file, header, {each.name: each for each in sheets}, fields, vocabulary, (), encoding)
    # with one kind asked for, that is the kind; otherwise the nearest, where any title was known
    known = vocabulary if fields or len(vocabularies) == 1 else None
    return Found(table, known, (known or vocabulary).missing(fields))


def _headers(sheet: Sheet) -> Iterator[_Header]:
    rows = sheet.rows[: HEADER_WITHIN_ROWS + 1]
    for place, row in enumerate(rows[:HEADER_WITHIN_ROWS]):
        yield _Header(sheet, place, 1, _without_ours(row.cells))
        if place + 1 < len(rows):
            joined = _two_lines(row.cells, rows[place + 1].cells)
            if joined is not None:
                yield _Header(sheet, place, 2, joined)


def _without_ours(titles: tuple[Raw, ...]) -> tuple[Raw, ...]:
    """The titles without the row number and the reason that we put behind rejected rows (`write_rejects`)."""
    return titles[:-2] if len(titles) > 2 and folded_titles(titles[-2:]) in _OURS else titles


def _two_lines(upper: Sequence[Raw], lower: Sequence[Raw]) -> tuple[Raw, ...] | None:
    """Titles over two rows, as merged cells leave them, or None when the second row is no second line."""
    if not any(isinstance(each, str) for each in lower) or sum(each is not None for each in upper) < 2:
        return None
    titles: list[Raw] = []
    parent: Raw = None
    for column in range(max(len(upper), len(lower))):
        above = upper[column] if column < len(upper) else None
        below = lower[column] if column < len(lower) else None
        beside = upper[column + 1] if column + 1 < len(upper) else None
        if below is not None and not isinstance(below, str):
            return None
        if above is not None:
            parent = above
        if below is None:
            titles.append(above)
        elif above is not None and beside is not None:
            return None  # text under a title that has its column to itself: data
        elif parent is None:
            titles.append(below)
        else:
            titles.append(f"{clean(str(parent))}{OVER}{clean(below)}")
    return tuple(titles)


def _fits(header: _Header, vocabularies: Sequence[Vocabulary]) -> Iterator[_Fit]:
    for order, vocabulary in enumerate(vocabularies):
        fields = vocabulary.guess(header.titles)
        if fields and not vocabulary.missing(fields):
            rows = min(len(header.sheet.rows) - header.place - header.height, 1)
            left = -vocabulary.subject_column(fields)
            yield _Fit(vocabulary.score(fields), -header.height, rows, left, -order, header, vocabulary, fields)


def _others(fits: Sequence[_Fit], header: _Header, taken: Vocabulary) -> tuple[str, ...]:
    here = sorted((fit for fit in fits if fit.header == header and fit.vocabulary is not taken), reverse=True)
    return tuple(fit.vocabulary.kind for fit in here)


# --- the rows below -------------------------------------------------------------------------------------------------


def _table(
    file: str,
    header: _Header,
    at: Mapping[str, Sheet],
    fields: Mapping[str, int],
    vocabulary: Vocabulary,
    fits: Sequence[_Fit],
    encoding: str,
) -> Table:
    rows = at[header.sheet.name].rows[header.place + header.height :]
    kept, left_out = _data(rows, header.folded, fields, vocabulary)
    names = dict.fromkeys(fit.header.sheet.name for fit in fits if len(fit.fields) > 1)
    return Table(
        file,
        header.sheet.name,
        header.sheet.rows[header.place].number,
        tuple(clean(str(cell)) if cell is not None else "" for cell in header.titles),
        dict(fields),
        kept,
        encoding,
        left_out,
        tuple(each for each in names if each != header.sheet.name),
        at[header.sheet.name].rows[: header.place],
    )


def _data(
    rows: Sequence[Row], header: tuple[str, ...], fields: Mapping[str, int], vocabulary: Vocabulary
) -> tuple[tuple[Row, ...], tuple[int, ...]]:
    """The rows that hold data, and the numbers of those that are totals, column numbers, notes or the header again."""
    columns = [[fields[name] for name in group if name in fields] for group in vocabulary.required]
    last = _last_full(rows, columns)
    kept: list[Row] = []
    left_out: list[int] = []
    ended = False
    for place, row in enumerate(rows):
        sparse = sum(cell is not None for cell in row.cells) <= 3
        total = _is_total(row)
        if total or (place < 2 and _is_column_numbers(row)):
            out = True
        elif sparse and place > last:
            gap = place > 0 and row.number > rows[place - 1].number + 1
            out = ended = ended or gap or _is_foot(row)
        else:
            out = len(header) > 1 and _is_header(row, header)
        ended = ended or (total and place >= last)
        if out:
            left_out.append(row.number)
        else:
            kept.append(row)
    return tuple(kept), tuple(left_out)


def _last_full(rows: Sequence[Row], columns: Sequence[Sequence[int]]) -> int:
    """The place of the last row that has every required field and is no note."""
    for place in range(len(rows) - 1, -1, -1):
        cells = rows[place].cells
        full = all(any(c < len(cells) and cells[c] is not None for c in group) for group in columns if group)
        if full and not _is_total(rows[place]) and not _is_foot(rows[place]):
            return place
    return -1


def _is_header(row: Row, header: tuple[str, ...]) -> bool:
    cells = row.cells[: len(header)]
    alike = len(cells) == len(header) and all(
        folded_title(cell) == title for cell, title in zip(cells, header, strict=True)
    )
    return alike and len(folded_titles(row.cells)) == len(header)


def _first_text(row: Row) -> str:
    return next((cell for cell in row.cells if isinstance(cell, str)), "")


def _is_total(row: Row) -> bool:
    text = _first_text(row)
    if not text or len(text) > 80 or text.lstrip()[:1] not in _TOTAL_LETTERS:
        return False
    # a total is called so by its first text, and no name of a firm is nothing but the word ("Tổng công ty …" is one)
    return _TOTAL.fullmatch(folded_title(text.split(":")[0])) is not None


def _is_foot(row: Row) -> bool:
    texts = [cell for cell in row.cells if cell is not None]
    return all(isinstance(each, str) and _FOOT.fullmatch(folded_title(each[:120])) for each in texts)


def _is_column_numbers(row: Row) -> bool:
    """The line of column numbers under the titles of a printed form: (1) (2) (3), or A B C 1 2 3 = 1 x 2."""
    filled = [str(cell).strip() for cell in row.cells if cell is not None]
    marks = [_COLUMN_MARK.fullmatch(text) for text in filled]
    if len(filled) < 3 or not all(marks):
        return False
    numbers = [int(mark.group(1)) for mark in marks if mark is not None and mark.group(1).isdigit()]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True


def _converted(sheet: Sheet, most_rows: int | None = None) -> Sheet:
    rows = sheet.rows[:most_rows] if most_rows is not None else sheet.rows
    return Sheet(
        sheet.name,
        tuple(Row(row.number, tuple(from_tcvn3(c) if isinstance(c, str) else c for c in row.cells)) for row in rows),
    )
