"""Amounts in English words, for papers that a foreign customer reads."""

from __future__ import annotations

from collections.abc import Mapping

from kam_desktop.domain import money

_BELOW_20 = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion")

# one, several, and the minor unit: one, several
_CURRENCIES: Mapping[str, tuple[str, str, str, str]] = {
    "VND": ("Vietnamese dong", "Vietnamese dong", "", ""),
    "USD": ("US dollar", "US dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound sterling", "pounds sterling", "penny", "pence"),
    "JPY": ("Japanese yen", "Japanese yen", "", ""),
    "KRW": ("South Korean won", "South Korean won", "", ""),
    "CNY": ("Chinese yuan", "Chinese yuan", "fen", "fen"),
    "SGD": ("Singapore dollar", "Singapore dollars", "cent", "cents"),
    "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "HKD": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "TWD": ("New Taiwan dollar", "New Taiwan dollars", "cent", "cents"),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
    "THB": ("Thai baht", "Thai baht", "satang", "satang"),
    "KWD": ("Kuwaiti dinar", "Kuwaiti dinars", "fils", "fils"),
}


def number(value: int) -> str:
    """A whole number in small letters: 1284 is one thousand two hundred eighty-four. ValueError from 10^21 on."""
    if value < 0:
        return "minus " + number(-value)
    if value == 0:
        return _BELOW_20[0]
    groups: list[str] = []
    rest = value
    for scale in _SCALES:
        rest, group = divmod(rest, 1000)
        if group:
            groups.append(f"{_group(group)} {scale}".strip())
    if rest:
        raise ValueError(f"{value} is beyond the words there are")
    return " ".join(reversed(groups))


def amount(minor: int, currency: str = money.DEFAULT_CURRENCY, *, only: bool = False, capital: bool = True) -> str:
    """An amount of minor units in words: One hundred ten million Vietnamese dong; Twelve US dollars and five cents.

    A currency without English words is written with its code and a fraction: Twelve and 05/100 ABC. Refused when the
    currency is not in ISO 4217.

    Args:
        only: ends with "only", as cheques do.
    """
    places = money.decimals(currency)
    whole, rest = divmod(abs(minor), 10**places)
    one, several, small, smalls = _CURRENCIES.get(currency, (currency, currency, "", ""))
    said = ("minus " if minor < 0 else "") + number(whole)
    if rest and not small:
        said += f" and {rest:0{places}}/{10**places}"
    said += " " + (one if whole == 1 and not (rest and not small) else several)
    if rest and small:
        said += f" and {number(rest)} {small if rest == 1 else smalls}"
    if only:
        said += " only"
    return said[0].upper() + said[1:] if capital else said


def _group(value: int) -> str:
    hundreds, below = divmod(value, 100)
    said = [f"{_BELOW_20[hundreds]} hundred"] if hundreds else []
    if below >= 20:
        ones = below % 10
        said.append(_TENS[below // 10 - 2] + (f"-{_BELOW_20[ones]}" if ones else ""))
    elif below:
        said.append(_BELOW_20[below])
    return " ".join(said)
