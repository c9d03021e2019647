"""What a cell of a foreign table means: dates, amounts, whole numbers, tax codes, e-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.locale.vietnam import tax_code
from kam_desktop.domain.money import CURRENCIES, MAX_MINOR, parse, to_minor
from kam_desktop.domain.text import clean, fold
from kam_desktop.language import N_

Cell = str | int | float | bool | date | datetime | None

_DAY_FIRST: Final = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(?:[T ].*)?")
_SERIAL_FROM: Final = 15_000  # 24 January 1941
_SERIAL_TO: Final = 80_000  # 10 January 2119
_EPOCH: Final = date(1899, 12, 30)
"""Day 0 of Excel's date numbers from 1 March 1900 on (Excel takes 1900 for a leap year)."""
_EMAIL: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_DANGEROUS: Final = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""First letters that make a spreadsheet run a text as a formula, full-width forms included."""
_SPLIT: Final = re.compile(r"[;,/|\n\r]+")
_QUANTITY: Final = re.compile(r"[≥>]?=?(\d{1,12}(?:[.,]\d{1,6})?|\d{1,3}(?:[.,]\d{3})+)(?:[^\W\d].{0,20}|\+)?")
_GROUPED: Final = re.compile(r"[1-9]\d{0,2}([.,]\d{3})+")
_INTEGER: Final = re.compile(r"[+-]?\d{1,9}")

_BLANK: Final = frozenset(("-", "--", "n/a", "na", "null", "none", "khong co", "chua co", "?", "."))
_HONORIFICS: Final = ("anh", "chị", "ông", "bà", "cô", "chú", "mr", "ms", "mrs", "a", "c", "a/c")
_YES: Final = frozenset(("x", "co", "yes", "y", "true", "1", "chinh", "dung", "v", "✓", "✔", "main", "primary"))
_NO: Final = frozenset(("", "khong", "no", "n", "false", "0", "phu", "sai"))

V = TypeVar("V")


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet could take the text for a formula."""
    return text[:1] != "" and text[0] in _DANGEROUS


def prefixed(text: str) -> str:
    """The text as a CSV cell that no spreadsheet runs: an apostrophe before what could be a formula.

    A text that begins with an apostrophe gets one more, so that `unprefixed` is the exact inverse.
    """
    return f"'{text}" if is_dangerous(text) or text.startswith("'") else text


def unprefixed(text: str) -> str:
    """Takes away the apostrophe that `prefixed` put there; done where CSV is read."""
    if text.startswith("'") and (text[1:2] == "'" or is_dangerous(text[1:])):
        return text[1:]
    return text


def as_text(cell: Cell) -> str:
    """The cell as one clean line; a number without the decimals that Excel adds."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes")
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return format(Decimal(repr(cell)).normalize(), "f")
    return clean(str(cell))


def as_date(cell: Cell, where: str) -> date | None:
    """A day: a date cell, dd/mm/yyyy with any separator, ISO, or Excel's own number of days. Refused, never guessed."""
    if cell is None or isinstance(cell, datetime):
        return cell.date() if cell is not None else None
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if _SERIAL_FROM <= cell <= _SERIAL_TO:
            return _EPOCH + timedelta(days=int(cell))
        raise _no_date(as_text(cell), where)
    text = as_text(cell).lstrip("'")
    if not text:
        return None
    if len(text) < 9 and text.isascii() and text.isdigit() and _SERIAL_FROM <= int(text) <= _SERIAL_TO:
        return _EPOCH + timedelta(days=int(text))
    found = _DAY_FIRST.match(text) if not _YEAR_FIRST.fullmatch(text) else None
    rest = text[found.end() :].strip() if found else ""
    if found and (not rest or re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", rest)):
        day, month, year = (int(part) for part in found.groups())
        year += 0 if year > 99 else 2000 if year < 70 else 1900
    elif found := _YEAR_FIRST.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    else:
        raise _no_date(text, where)
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Refused(
            Problem(where, "no_such_day", "There is no such day as {text} (day/month/year).", {"text": text[:40]})
        ) from error


def _no_date(text: str, where: str) -> Refused:
    return Refused(Problem(where, "unreadable_date", "“{text}” is not a date.", {"text": text[:40]}))


def as_amount(cell: Cell, currency: str, where: str) -> int | None:
    """Whole minor units: a number cell, or text with thousands marks, currency or unit. Refused when unclear."""
    if cell is None:
        return None
    if isinstance(cell, bool | date):
        raise Refused(Problem(where, "unreadable_amount", "“{text}” is not an amount.", {"text": as_text(cell)}))
    if isinstance(cell, int | float):
        minor = to_minor(Decimal(repr(cell)), currency)
        if abs(minor) > MAX_MINOR:
            raise Refused(Problem(where, "amount_too_large", "“{text}” is too large.", {"text": as_text(cell)[:40]}))
        return minor
    text = as_text(cell).lstrip("'")
    if not text or text in ("-", "–", "—"):
        return None
    return parse(text, currency, where=where)


def as_currency(cell: Cell, where: str = "currency") -> str:
    """The ISO code of a currency; "đ", "đồng" and "VNĐ" are VND. Refused when it is none."""
    text = as_text(cell)
    code = "VND" if fold(text) in ("d", "dong", "vnd", "₫", "vn dong", "viet nam dong") else text.upper()
    if code not in CURRENCIES:
        raise Refused(
            Problem(where, "unknown_currency", "“{currency}” is not a currency code.", {"currency": text[:20]})
        )
    return code


def as_quantity(cell: Cell, where: str) -> Decimal | None:
    """A quantity: a number cell, or text with a decimal point or comma; None when blank. Refused when unclear."""
    if cell is None or (isinstance(cell, str) and is_blank(cell)):
        return None
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return Decimal(repr(cell)).normalize() + 0
    text = as_text(cell).lstrip("'").replace(" ", "")
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise Refused(Problem(where, "unreadable_number", "“{text}” is not a number.", {"text": as_text(cell)[:40]}))
    if _GROUPED.fullmatch(found[1]):  # 1.000 and 1,000 are a thousand, as amounts are
        return Decimal(found[1].replace(".", "").replace(",", ""))
    return Decimal(found[1].replace(",", ".")).normalize() + 0


def as_whole(cell: Cell, where: str, words: tuple[str, ...] = ()) -> int | None:
    """A whole number, alone or with one of the words around it ("30 ngày", "NET 30")."""
    text = as_text(cell).lstrip("'").lower()
    if not text:
        return None
    for word in words:
        text = text.replace(word, " ")
    text = text.strip()
    if len(text) > 30 or not _INTEGER.fullmatch(text):
        raise Refused(
            Problem(where, "unreadable_number", "“{text}” is not a whole number.", {"text": as_text(cell)[:40]})
        )
    return int(text)


def several(cell: Cell) -> tuple[str, ...]:
    """The parts of a cell that lists several things, each once, in order."""
    whole = str(cell) if isinstance(cell, str) else as_text(cell)
    return tuple(dict.fromkeys(part for part in (clean(each) for each in _SPLIT.split(whole)) if part))


def is_email(text: str) -> bool:
    """Whether the text has the shape of an e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def tidy_tax_code(text: str) -> str:
    """A tax code as it is kept: digits, and a hyphen before the three digits of a branch; else as written."""
    return tax_code.read(text.lstrip("'")).text[:14]


def as_tax_code(cell: Cell) -> tuple[str, bool]:
    """The tax code in a cell, and whether leading zeros were put back that Excel takes from numbers.

    Nine digits (or eight) are filled up to ten when the check digit then fits; twelve of a branch likewise to
    thirteen, eleven of a personal number to twelve when its province is known.
    """
    text = tidy_tax_code(as_text(cell))
    if not (text.isascii() and text.isdigit()):
        return text, False
    if len(text) in (8, 9) and _fits(text.zfill(10)):
        return text.zfill(10), True
    if len(text) == 12 and not _fits(text) and _fits(f"0{text[:9]}"):
        return f"0{text[:9]}-{text[9:]}", True
    if len(text) == 11 and _fits(f"0{text}"):
        return f"0{text}", True
    return text, False


def _fits(text: str) -> bool:
    found = tax_code.read(text)
    return bool(found.kind) and found.warning is None


def attempt(problems: list[Problem], read: Callable[[], V], otherwise: V) -> V:
    """What `read` gives; when it is refused its problems are collected and `otherwise` stands in."""
    try:
        return read()
    except Refused as refused:
        problems.extend(refused.problems)
        return otherwise


def is_blank(cell: Cell) -> bool:
    """Whether the cell says nothing: empty, or one of the signs that people put there for nothing."""
    if not isinstance(cell, str):
        return cell is None
    text = cell.strip()
    return not text or (len(text) <= 10 and fold(clean(text)) in _BLANK)


def as_flag(cell: Cell, where: str) -> bool | None:
    """Yes or no, in the words and signs of a table; None when blank. Refused for anything else."""
    if cell is None or isinstance(cell, bool):
        return cell
    text = fold(as_text(cell))
    if text in _YES or text in _NO:
        return text in _YES
    message = N_("“{text}” is neither yes nor no.")
    raise Refused(Problem(where, "unreadable_flag", message, {"text": as_text(cell)[:40]}))


def with_honorific(text: str) -> tuple[str, str]:
    """The form of address in front of a person's name, and the name: "Chị Lan" → ("Chị", "Lan")."""
    first, _, rest = text.partition(" ")
    word = first.rstrip(".").lower()
    if not rest and "." in text:
        first, _, rest = text.partition(".")
        word = first.lower()
    if word in _HONORIFICS and rest.strip():
        full = {"a": "Anh", "c": "Chị", "a/c": "Anh/Chị"}.get(word, word.capitalize())
        return full, rest.strip()
    return "", text


def as_phones(cell: Cell) -> tuple[str, ...]:
    """The telephone numbers of a cell, as written; the zero that Excel takes from a number is put back."""
    if is_blank(cell):
        return ()
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        text = as_text(cell)
        # Excel takes the zero in front of a number away; a Vietnamese one is dialled with it
        return (text if text.startswith("84") else f"0{text}",) if len(text) in (9, 10, 11) else (text,)
    return tuple(part[:40] for part in several(cell))


def as_emails(cell: Cell, where: str, notes: list[Problem]) -> tuple[str, ...]:
    """The e-mail addresses of a cell; what is none is left out, with a note when `where` names the column."""
    if is_blank(cell):
        return ()
    parts = [word for part in several(cell) for word in part.split()]
    good = tuple(part.removeprefix("mailto:") for part in parts if is_email(part.removeprefix("mailto:")))
    if len(good) < len(parts) and where:
        message = N_("“{text}” is no e-mail address: it was left out.")
        notes.append(Problem(where, "no_email", message, {"text": as_text(cell)[:60]}))
    return good
