"""Rows copied from a spreadsheet, read as lines: which column is what, which row a section."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from kam_desktop.domain.entities import ProposalLine
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.text import fold
from kam_desktop.ui.pages.proposal.lines import read_rate

SKIPPED = ""
KINDS = ("description", "unit", "quantity", "price", "tax_rate", "cost", SKIPPED)
_HEADS = {
    "description": (
        "hang muc", "noi dung", "dien giai", "ten", "mo ta", "san pham", "dich vu", "item", "description", "service",
        "product",
    ),
    "unit": ("dvt", "don vi", "unit", "uom"),
    "quantity": ("sl", "so luong", "khoi luong", "qty", "quantity"),
    "price": ("don gia", "gia", "unit price", "price", "rate"),
    "tax_rate": ("vat", "thue", "thue suat", "tax", "gtgt"),
    "cost": ("chi phi", "gia von", "cost"),
    SKIPPED: ("thanh tien", "stt", "no", "amount", "total", "tong", "ghi chu", "note"),
}  # fmt: skip
_TOTALS = ("tong", "cong", "tong cong", "total", "subtotal", "sum", "grand total", "vat", "thue")
_MOST = 5000
_GROUPED = re.compile(r"-?\d{1,3}([.,]\d{3})+$")


@dataclass(frozen=True, slots=True)
class Understood:
    """What was understood of a pasted table.

    Attributes:
        kinds: what each column holds, one of KINDS; clear: nothing had to be guessed.
        rows: the cells without the row of heads, all equally long.
    """

    kinds: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    clear: bool


def read_figure(text: str, decimal_mark: str = ",") -> Decimal | None:
    """A number as people write it, 1.234.567,5 or 1,234,567.5 or 2,5; None when it is none.

    One kind of mark between groups of three digits parts thousands; "1.500" is 1500 in Vietnamese, 1.5 in English.
    """
    plain = "".join(text.replace("\u2212", "-").replace("₫", "").replace("đ", "").split())
    if not plain or not re.fullmatch(r"-?[\d.,]+", plain):
        return None
    marks = {each for each in plain if each in ".,"}
    if len(marks) == 2:
        last = max(plain.rfind("."), plain.rfind(","))
        plain = plain[:last].replace(".", "").replace(",", "") + "." + plain[last + 1 :]
    elif marks:
        mark = marks.pop()
        thousands = plain.count(mark) > 1 or mark != decimal_mark
        grouped = bool(_GROUPED.match(plain)) and thousands
        plain = plain.replace(mark, "" if grouped else ".")
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def read_cells(text: str) -> list[tuple[str, ...]]:
    """The cells of a copied table; a cell in quotation marks may hold tabs and line ends."""
    rows, row, cell, quoted = list[list[str]](), list[str](), "", False
    at, text = 0, text.replace("\r\n", "\n").replace("\r", "\n")
    while at < len(text) and len(rows) < _MOST:
        char = text[at]
        if quoted:
            if char == '"' and text[at + 1 : at + 2] == '"':
                cell, at = cell + '"', at + 1
            elif char == '"':
                quoted = False
            else:
                cell += char
        elif char == '"' and not cell:
            quoted = True
        elif char == "\t":
            row, cell = [*row, cell], ""
        elif char == "\n":
            rows, row, cell = [*rows, [*row, cell]], [], ""
        else:
            cell += char
        at += 1
    if row or cell:
        rows.append([*row, cell])
    wide = max((len(each) for each in rows), default=0)
    made = [tuple(" ".join(cell.split()) for cell in each) + ("",) * (wide - len(each)) for each in rows]
    return [each for each in made if any(each)]


def understand(text: str, decimal_mark: str = ",") -> Understood | None:
    """What a copied table holds; None for nothing that could be lines."""
    rows = read_cells(text)
    if not rows:
        return None
    named = _by_heads(rows[0])
    if named is not None and len(rows) > 1:
        clear = "description" in named and "price" in named
        return Understood(named, tuple(rows[1:]), clear)
    kinds, clear = _by_shape(rows, decimal_mark)
    return Understood(kinds, tuple(rows), clear)


def _by_heads(cells: Sequence[str]) -> tuple[str, ...] | None:
    found: list[str] = []
    hits = 0
    for cell in cells:
        words = fold(cell).strip(" .:()*")
        kind = next((kind for kind, names in _HEADS.items() if words in names), None)
        if kind is None:
            kind = next((kind for kind, names in _HEADS.items()
                         if any(len(name) > 3 and words.startswith(name) for name in names)), None)  # fmt: skip
        hits += kind is not None
        found.append("" if kind is None or kind in found else kind)
    return tuple(found) if hits >= 2 else None


def _by_shape(rows: Sequence[Sequence[str]], decimal_mark: str) -> tuple[tuple[str, ...], bool]:
    """Without heads: the longest texts describe, short ones beside are units; of figures quantity × price = amount."""
    wide = len(rows[0])
    figures, texts, rates = list[int](), list[int](), list[int]()
    for at in range(wide):
        cells = [row[at] for row in rows if row[at]]
        numbers = sum(read_figure(cell, decimal_mark) is not None for cell in cells)
        if cells and all("%" in cell or cell.upper() in ("KCT", "KKKNT") for cell in cells):
            rates.append(at)
        elif cells and numbers * 2 > len(cells):
            figures.append(at)
        elif cells:
            texts.append(at)
    kinds = [SKIPPED] * wide
    if not texts:
        return tuple(kinds), False
    length = {at: sum(len(row[at]) for row in rows) for at in texts}
    described = max(texts, key=lambda at: length[at])
    kinds[described] = "description"
    for at in texts:
        if at > described and "unit" not in kinds:
            kinds[at] = "unit"
    if len(rates) == 1:
        kinds[rates[0]] = "tax_rate"
    after = [at for at in figures if at > described]
    if len(after) == 1:
        kinds[after[0]] = "price"
        return tuple(kinds), len(texts) <= 2
    if len(after) >= 2:
        kinds[after[0]], kinds[after[1]] = "quantity", "price"
    multiplied = len(after) >= 3 and _multiplied(rows, after[0], after[1], after[2], decimal_mark)
    return tuple(kinds), len(texts) <= 2 and (len(after) == 2 or (len(after) == 3 and multiplied))


def _multiplied(rows: Sequence[Sequence[str]], one: int, two: int, product: int, mark: str) -> bool:
    hits = misses = 0
    for row in rows:
        a, b, c = (read_figure(row[at], mark) for at in (one, two, product))
        if a is not None and b is not None and c is not None:
            hits, misses = hits + (a * b == c), misses + (a * b != c)
    return hits > 0 and not misses


def lines_of(found: Understood, kinds: Sequence[str], like: ProposalLine, places: int = 0,
             decimal_mark: str = ",") -> list[ProposalLine]:  # fmt: skip
    """The lines that the rows make; a row of nothing but a description is the section of those below it.

    Args:
        kinds: what each column holds; like: gives version, section and tax rate where the table says none.
        places: the decimals of the currency: an amount is kept in its smallest unit.
    """
    made, section = list[ProposalLine](), like.section
    for row in found.rows:
        cells = {kind: cell for kind, cell in zip(kinds, row, strict=True) if kind}
        words = cells.get("description", "")
        quantity, price, cost = (
            read_figure(cells.get(name, ""), decimal_mark) for name in ("quantity", "price", "cost")
        )
        if not words or fold(words).strip(" .:()") in _TOTALS:
            continue
        if price is None and quantity is None and "price" in kinds:
            section = words[:200]
            continue
        made.append(
            ProposalLine(
                id="", version=like.version, place=1, section=section, description=words,
                unit=cells.get("unit", "")[:40], quantity=quantity if quantity is not None else Decimal(1),
                price=_minor(price, places) or 0, cost=_minor(cost, places),
                tax_rate=_rate(cells.get("tax_rate", ""), like.tax_rate),
            )
        )  # fmt: skip
    return made


def _minor(value: Decimal | None, places: int) -> int | None:
    return None if value is None else int(value.scaleb(places).to_integral_value())


def _rate(text: str, default: str) -> str:
    try:
        return read_rate(text) if text else default
    except Refused:
        return default
