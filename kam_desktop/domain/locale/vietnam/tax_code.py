"""Vietnamese tax codes (mã số thuế): their written form, and a check that warns and never blocks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from kam_desktop.domain.errors import Problem

# Weights of the first nine digits: Circular 105/2020 annex 1. Later circulars do not print the rule, and a firm may
# well have a code that fails it; therefore a warning only.
_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)

# Province codes of the personal identity number: the 63 provinces before the mergers of 2025 stay in use.
_PROVINCE_CODES = (
    "001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038 040 042 "
    "044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 083 084 086 087 "
    "089 091 092 093 094 095 096"
)
_PROVINCES = frozenset(_PROVINCE_CODES.split())
_BLANKS = re.compile(r"[\s.\u200b]+")
_DASHES = str.maketrans("‐‑‒–—−", "------")


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A tax code as read.

    Attributes:
        text: the written form, with the hyphen before a dependent unit's number; as typed when no form fits.
        kind: "organisation" (10 digits), "unit" (13: a dependent unit), "person" (12) or "" when no form fits.
        warning: what looks wrong, or None. It never forbids anything.
    """

    text: str
    kind: str
    warning: Problem | None = None


def read(typed: str, where: str = "tax_code") -> TaxCode:
    """Reads a tax code with or without blanks, dots and the hyphen; warns about a form or check digit that is off."""
    text = _BLANKS.sub("", unicodedata.normalize("NFKC", typed).translate(_DASHES))
    digits = text.replace("-", "")
    if not (digits.isascii() and digits.isdigit()) or (text.count("-") and text[10:11] != "-") or text.count("-") > 1:
        return _odd(typed, where)
    if len(digits) == 10:
        return TaxCode(digits, "organisation", _check(digits, where)) if "-" not in text else _odd(typed, where)
    if len(digits) == 13 and digits[10:] != "000":
        return TaxCode(f"{digits[:10]}-{digits[10:]}", "unit", _check(digits[:10], where))
    if len(digits) == 12 and "-" not in text:
        known = digits[:3] in _PROVINCES
        warning = None if known else _problem(digits, where, "unknown_province", "No province has the code {province}.")
        return TaxCode(digits, "person", warning)
    return _odd(typed, where)


def is_right(typed: str) -> bool:
    """Whether nothing looks wrong with a tax code; false is a reason to warn, never to refuse."""
    found = read(typed)
    return bool(found.kind) and found.warning is None


def check_digit(first_nine: str) -> str:
    """The tenth digit of an organisation's code, or "" when the first nine can have none."""
    rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_nine, strict=True)) % 11
    return "" if rest == 0 else str(10 - rest)


def same(one: str, other: str) -> bool:
    """Whether two spellings mean the same tax code; an empty one is never the same."""
    first = read(one).text
    return bool(first) and first == read(other).text


def _check(ten: str, where: str) -> Problem | None:
    if check_digit(ten[:9]) == ten[9]:
        return None
    return _problem(ten, where, "check_digit", "The check digit of tax code {text} does not fit. Please compare it.")


def _odd(typed: str, where: str) -> TaxCode:
    text = typed.strip()
    if not text:
        return TaxCode("", "")
    message = "“{text}” does not look like a tax code: 10 digits, 12 digits, or 10-3 digits."
    return TaxCode(text, "", _problem(text, where, "odd_tax_code", message))


def _problem(text: str, where: str, code: str, message: str) -> Problem:
    args = {"text": text[:20]}
    if "{province}" in message:
        args["province"] = text[:3]
    return Problem(where, code, message, args)
