"""Amounts in Vietnamese words (bằng chữ) in every spelling; words of others compared with an amount."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kam_desktop.domain import money
from kam_desktop.domain.text import nfc

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_BILLION = 10**9


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a firm writes amounts in words; no law fixes one way, the default is that of schoolbooks.

    Attributes:
        zero_tens: "linh" or "lẻ": một trăm linh năm, một trăm lẻ năm.
        four: "tư" or "bốn" after hai mươi and more: hai mươi tư, hai mươi bốn.
        thousand: "nghìn" or "ngàn".
        even: "chẵn" at the end of a round amount (whole thousands of đồng; no cents).
        capital: the first letter large.
        stop: a full stop at the end.
    """

    zero_tens: str = "linh"
    four: str = "tư"
    thousand: str = "nghìn"
    even: bool = False
    capital: bool = True
    stop: bool = False


SCHOOLBOOK = Spelling()
ZERO_TENS = ("linh", "lẻ")
FOURS = ("tư", "bốn")
THOUSANDS = ("nghìn", "ngàn")

# the currency, and its minor unit where one is spoken of
_CURRENCIES: Mapping[str, tuple[str, str]] = {
    "VND": ("đồng", ""),
    "USD": ("đô la Mỹ", "xu"),
    "EUR": ("euro", "xu"),
    "GBP": ("bảng Anh", "xu"),
    "JPY": ("yên Nhật", ""),
    "KRW": ("won Hàn Quốc", ""),
    "CNY": ("nhân dân tệ", "phân"),
    "SGD": ("đô la Singapore", "xu"),
    "AUD": ("đô la Úc", "xu"),
    "CAD": ("đô la Canada", "xu"),
    "HKD": ("đô la Hồng Kông", "xu"),
    "TWD": ("đô la Đài Loan", "xu"),
    "CHF": ("franc Thụy Sĩ", "xu"),
    "THB": ("bạt Thái", "satang"),
    "KWD": ("dinar Kuwait", "fils"),
}


def number(value: int, spelling: Spelling = SCHOOLBOOK) -> str:
    """A whole number in small letters: 1284 is một nghìn hai trăm tám mươi tư.

    Groups of zeros are skipped, and inside a number every other group is said with its hundreds: một triệu không trăm
    linh năm. Beyond 999 999 999 it goes on in tỷ: nghìn tỷ, triệu tỷ, tỷ tỷ. Below zero it begins with âm.
    """
    if value < 0:
        return "âm " + number(-value, spelling)
    return " ".join(_below_and_above(value, spelling, whole=False)) or "không"


def amount(minor: int, currency: str = money.DEFAULT_CURRENCY, spelling: Spelling = SCHOOLBOOK) -> str:
    """An amount of minor units in words: Một trăm mười triệu đồng; Mười hai đô la Mỹ và năm xu.

    A currency without Vietnamese words is written with its code, and its decimals digit by digit after phẩy. Refused
    when the currency is not in ISO 4217.
    """
    places = money.decimals(currency)
    whole, rest = divmod(abs(minor), 10**places)
    name, small = _CURRENCIES.get(currency, (currency, ""))
    said = ("âm " if minor < 0 else "") + number(whole, spelling)
    if rest and not small:
        said += " phẩy " + " ".join(_DIGITS[int(digit)] for digit in f"{rest:0{places}}")
    said += " " + name
    if rest and small:
        said += f" và {number(rest, spelling)} {small}"
    if spelling.even and minor and not rest and (places or whole % 1000 == 0):
        said += " chẵn"
    if spelling.capital:
        said = said[0].upper() + said[1:]
    return said + "." if spelling.stop else said


def agrees(words: str, minor: int, currency: str = money.DEFAULT_CURRENCY) -> bool:
    """Whether words on somebody's paper can mean this amount, in whatever spelling.

    Tolerated are lẻ, linh; tư, bốn; mốt, một; lăm, năm; nghìn, ngàn; tỷ, tỉ; holes said or not said (không nghìn,
    không trăm); chẵn, commas, brackets, capitals, the place of tone marks, the name of the currency left out.
    """
    ours = _normal(amount(minor, currency))
    name = _normal(_CURRENCIES.get(currency, (currency, ""))[0])
    theirs = _normal(words)
    return theirs in (ours, ours.replace(f" {name}", "", 1))


def _below_and_above(value: int, spelling: Spelling, whole: bool) -> list[str]:
    """The words of a number; `whole` says that something larger stands before it, so that hundreds are said."""
    high, low = divmod(value, _BILLION)
    said: list[str] = []
    if high:
        said += [*_below_and_above(high, spelling, whole), "tỷ"]
    for size, name in ((10**6, "triệu"), (1000, spelling.thousand), (1, "")):
        group = low // size % 1000
        if group:
            said += _group(group, spelling, whole or bool(said))
            said += [name] if name else []
    return said


def _group(value: int, spelling: Spelling, whole: bool) -> list[str]:
    """Three digits; with `whole` the hundreds are said though they are zero."""
    hundreds, tens, ones = value // 100, value // 10 % 10, value % 10
    said = [_DIGITS[hundreds], "trăm"] if hundreds or whole else []
    if tens == 0 and ones and said:
        said.append(spelling.zero_tens)
    elif tens == 1:
        said.append("mười")
    elif tens:
        said += [_DIGITS[tens], "mươi"]
    if ones == 1 and tens > 1:
        said.append("mốt")
    elif ones == 4 and tens > 1:
        said.append(spelling.four)
    elif ones == 5 and tens:
        said.append("lăm")
    elif ones:
        said.append(_DIGITS[ones])
    return said


# spellings of one word, after taking away capitals
_SAME = {
    "lẻ": "linh", "lẽ": "linh", "tư": "bốn", "mốt": "một", "lăm": "năm", "nhăm": "năm", "ngàn": "nghìn", "tỉ": "tỷ",
    "tỹ": "tỷ", "bẩy": "bảy", "đôla": "đô", "dollar": "đô", "usd": "đô", "vnđ": "đồng", "vnd": "đồng",
    "cent": "xu", "cents": "xu",
}  # fmt: skip
_SILENT = frozenset({"chẵn", "việt", "nam", "và", "bằng", "chữ"})
_HOLE = re.compile(r"\bkhông (?:trăm|nghìn|triệu|tỷ)\b ?")
_NO_WORD = re.compile(r"[^\w\s]")


def _normal(words: str) -> str:
    """The words in one spelling, for comparing."""
    plain = _NO_WORD.sub(" ", nfc(words).lower()).replace("đô la mỹ", "đô").replace("đô mỹ", "đô")
    kept = [_SAME.get(word, word) for word in plain.split() if word not in _SILENT]
    return _HOLE.sub("", " ".join(kept)).strip()
