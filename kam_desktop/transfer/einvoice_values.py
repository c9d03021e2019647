"""What the texts of an e-invoice mean: encodings, numbers, days, tax rates, currencies."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.money import CURRENCIES, MAX_MINOR, to_minor
from kam_desktop.domain.text import fold

_NUMBER: Final = re.compile(r"[+-]?(\d{1,25})?(\.\d{0,25})?")
_BY_COMMAS: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d{0,25})?")
# the form prints dots before decimals; only what cannot be that is taken for the Vietnamese way of writing
_BY_DOTS: Final = re.compile(r"[+-]?\d{1,3}(\.\d{3}){2,}(,\d{0,25})?|[+-]?\d{1,3}(\.\d{3})+,\d{0,25}")
_COMMA_DECIMALS: Final = re.compile(r"[+-]?\d{1,25},(\d{1,2}|\d{4,25})")
_DATES: Final = (
    (re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})(?!\d)"), (1, 2, 3)),
    (re.compile(r"(\d{2})[-/](\d{2})[-/](\d{4})(?!\d)"), (3, 2, 1)),
    (re.compile(r"(\d{4})(\d{2})(\d{2})(?!\d)"), (1, 2, 3)),
)
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})")
_VIETNAM: Final = timezone(timedelta(hours=7))
_DECLARATION: Final = re.compile(rb"\s*<\?xml\s[^>]{0,200}\?>")


def in_utf8(content: bytes) -> bytes:
    """The XML in UTF-8 without a declaration, where its bytes say that they are UTF-8 or UTF-16; else as it is.

    Programs declare another encoding than they write. Bytes that are valid UTF-8 throughout are UTF-8: by chance a
    Vietnamese text in another encoding is never that. Blanks before the XML, which make it no XML, are taken off.
    """
    text = content
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            text = content.decode("utf-16").encode()
        except UnicodeError:
            return content
    text = text.removeprefix(b"\xef\xbb\xbf")
    try:
        text.decode("utf-8")
    except UnicodeError:
        return content
    if b"\0" in text[:4]:  # UTF-16 without its mark: the parser knows it
        return content
    return _DECLARATION.sub(b"", text, count=1).lstrip()


def number(text: str) -> Decimal | None:
    """A decimal number as XML writes it, with a dot, or with thousands marks; None when it is none."""
    plain = "".join(text.split())
    if _BY_COMMAS.fullmatch(plain):
        plain = plain.replace(",", "")
    elif _BY_DOTS.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif _COMMA_DECIMALS.fullmatch(plain):
        plain = plain.replace(",", ".")
    if not plain or not _NUMBER.fullmatch(plain) or not any(char.isdigit() for char in plain):
        return None
    return Decimal(plain)


def amount(text: str, currency: str) -> int | None:
    """Whole minor units; None when the text is no number. Refused when it is too large."""
    value = number(text)
    if value is None:
        return None
    minor = to_minor(value, currency)
    if abs(minor) > MAX_MINOR:
        raise Refused(Problem("", "amount_too_large", "The amount “{text}” is too large.", {"text": text[:40]}))
    return minor


def plain_decimal(text: str) -> str | None:
    """A quantity, price or percentage as plain text; None when it is no number."""
    value = number(text.rstrip("%").strip())
    if value is None:
        return None
    return format(value.normalize() if value else Decimal(0), "f")


def day(text: str) -> date | None:
    """A day; of a moment with a time zone the day that it is in Vietnam. None when there is no such day."""
    if _MOMENT.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(_VIETNAM).date()
        except (ValueError, OverflowError):
            return None
    for form, order in _DATES:
        found = form.match(text)
        if found:
            year, month, day_ = (int(found.group(place)) for place in order)
            try:
                return date(year, month, day_)
            except ValueError:
                return None
    return None


def rate(text: str) -> str:
    """A tax rate in one spelling: "8%", "KCT", "KKKNT", "KHAC:5.5%"; what is unknown stays as printed."""
    plain = "".join(text.upper().split())
    if plain in ("KCT", "-1", "KHÔNGCHỊUTHUẾ"):
        return "KCT"
    if plain in ("KKKNT", "-2"):
        return "KKKNT"
    head, _, tail = plain.rpartition(":")
    value = plain_decimal(tail)
    if value is None:
        return text[:16]
    return f"KHAC:{value}%" if head else f"{value}%"


def currency_code(text: str) -> str:
    """The currency's code; "đ" and nothing are VND. Refused `unknown_currency`."""
    plain = fold(text).upper().strip(" .")
    if plain in ("", "D", "DONG", "VND", "VIET NAM DONG", "₫"):
        return "VND"
    if plain not in CURRENCIES:
        raise Refused(Problem("", "unknown_currency", "“{currency}” is not a currency code.", {"currency": text[:20]}))
    return plain


def plain_number_text(text: str) -> str:
    """An invoice number without leading zeros: 00007957 and 7957 are one."""
    return str(int(text)) if text.isascii() and text.isdigit() else text
