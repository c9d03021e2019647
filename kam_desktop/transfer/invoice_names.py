"""Invoices as people name them in a cell or a memo: symbols and numbers found in text."""

from __future__ import annotations

import re
from typing import Final

from kam_desktop.domain.text import fold

Named = tuple[str, str]
"""(symbol or "", number without zeros in front)."""

_DATE: Final = re.compile(r"\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2,4}|\d{4}-\d{1,2}-\d{1,2}")
_TOKEN: Final = re.compile(r"(?<![a-z0-9])\d?([ck]\d{2}[a-z]{3})(?![a-z])|(?<![\w.,/])(\d{1,8})(?![\w/]|[.,]\d)")
_RANGE: Final = re.compile(r"(?<![\w/.,])(\d{1,8}) ?(?:-|–|den) ?(\d{1,8})(?![\w/.,])")
_MOST_OF_RANGE: Final = 100
# "TT HD 0007957 ABC", "thanh toan hoa don so 12, 13": numbers that follow the word; 12/2026/HDKT is a contract
_SYMBOL: Final = r"(?:\d?[ck]\d{2}[a-z]{3}[ \-_/.:#]*)?"
_NUMBER: Final = r"\d{1,8}(?![\w/]|[.,]\d)"
_IN_MEMO: Final = re.compile(
    r"(?<![a-z])(?:hdgtgt|hddt|hd|hoa don|invoices?|inv)(?: ?(?:dien tu|gtgt|vat|so|no|nos))*[ .:#]*"
    rf"({_SYMBOL}{_NUMBER}(?:(?: ?[,;&+\-] ?| va | and | ){_SYMBOL}{_NUMBER})*)"
)
_WITH_SYMBOL: Final = re.compile(r"(?<![a-z0-9])\d?([ck]\d{2}[a-z]{3})[ \-_/.:#]*(\d{1,8})(?![\w/])")


def listed(text: str) -> list[Named]:
    """The invoices that a cell names, in order: "1C26TAA 00000012; 13", "HD 123, 124", "00012-00015"."""
    found: list[Named] = []
    symbol = ""
    folded = _RANGE.sub(_spread, _DATE.sub(" ", fold(text)))
    for token in _TOKEN.finditer(re.sub(r"(?<![a-z])(hddt|hd|hoa don|inv|no|so)[ .:#]*(?=\d)", " ", folded)):
        if token.group(1):
            symbol = token.group(1).upper()
        else:
            found.append((symbol, token.group(2).lstrip("0") or "0"))
    joined = [(each.group(1).upper(), each.group(2).lstrip("0") or "0") for each in _WITH_SYMBOL.finditer(folded)]
    return list(dict.fromkeys([*found, *(each for each in joined if each not in found)]))


def _spread(found: re.Match[str]) -> str:
    first, last = int(found.group(1)), int(found.group(2))
    if not 0 < last - first <= _MOST_OF_RANGE:
        return found.group().replace("-", " ").replace("–", " ").replace("den", " ")
    return " ".join(str(each) for each in range(first, last + 1))


def in_memo(text: str) -> list[tuple[Named, bool]]:
    """The invoices that a memo names after the word for it, and whether each is told well enough to find a payer.

    Well enough is a symbol beside it, or at least five digits as invoices print them: "HD 12" may be a contract.
    """
    folded = _DATE.sub(" ", fold(text))
    found: dict[Named, bool] = {}
    for each in _WITH_SYMBOL.finditer(folded):
        found[each.group(1).upper(), each.group(2).lstrip("0") or "0"] = True
    for run in _IN_MEMO.finditer(folded):
        symbol = ""
        for token in _TOKEN.finditer(run.group(1)):
            if token.group(1):
                symbol = token.group(1).upper()
            else:
                digits = token.group(2)
                found.setdefault((symbol, digits.lstrip("0") or "0"), bool(symbol) or len(digits) >= 5)
    return list(found.items())
