"""Money as whole minor units of a currency: rounding, splitting, and reading what people type."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NoReturn

from kam_desktop.domain.errors import Problem, Refused

DEFAULT_CURRENCY = "VND"
# a million billion less one: far beyond any firm's books, and sums of a million such rows still fit 64 bits
MAX_MINOR = 10**15 - 1

Number = int | Decimal | Fraction


def _table() -> dict[str, int]:
    by_decimals = {
        0: "VND BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VUV XAF XOF XPF",
        2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
        "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR "
        "IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN "
        "NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
        "STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }
    return {code: decimals for decimals, codes in by_decimals.items() for code in codes.split()}


# ISO 4217: how many decimals the minor unit has
CURRENCIES: Mapping[str, int] = _table()


def decimals(currency: str) -> int:
    """How many decimals the currency's minor unit has (0, 2, 3 or 4). Refused when it is not in ISO 4217."""
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise Refused(
            Problem("currency", "unknown_currency", "“{currency}” is not a currency code.", {"currency": currency})
        ) from None


def half_up(value: Number) -> int:
    """The nearest whole number, halves away from zero: half up of the magnitude, so that −x rounds to −(x)."""
    if isinstance(value, int):
        return value
    numerator, denominator = value.as_integer_ratio()
    return ratio(numerator, 1, denominator)


def ratio(amount: int, numerator: int, denominator: int) -> int:
    """amount × numerator ÷ denominator in whole units, exact until one rounding, half up of the magnitude."""
    product = amount * numerator
    if denominator < 0:
        product, denominator = -product, -denominator
    whole = (2 * abs(product) + denominator) // (2 * denominator)
    return whole if product >= 0 else -whole


def to_minor(value: Decimal | int, currency: str = DEFAULT_CURRENCY) -> int:
    """A value in major units (12.34) as minor units (1234), half up of the magnitude."""
    return half_up(Fraction(value) * 10 ** decimals(currency))


def to_major(minor: int, currency: str = DEFAULT_CURRENCY) -> Decimal:
    """Minor units as an exact decimal in major units, with the currency's own number of decimals."""
    return Decimal(minor).scaleb(-decimals(currency))


def split(total: int, weights: Sequence[Number]) -> tuple[int, ...]:
    """`total` in whole parts in proportion to the weights, by largest remainder; the sum is exactly `total`.

    Each part is first rounded down, then one unit each goes to the largest fractions; ties: the larger weight, then
    the earlier part. A negative total, or weights with a negative sum, give the mirror image of the positive case;
    single weights may be negative (a discount among lines). Refused when the weights sum to nothing and the total
    does not.
    """
    exact: list[Fraction | int] = [each for each in weights if type(each) is int]  # amounts mostly, and quick
    if len(exact) < len(weights):
        exact = [Fraction(weight) for weight in weights]
    whole = sum(exact)
    if whole == 0:
        if total == 0:
            return (0,) * len(exact)
        raise Refused(Problem("amount", "nothing_to_split_over", "There is nothing to spread the amount over."))
    if total < 0:
        return tuple(-part for part in split(-total, weights))
    if whole < 0:
        exact, whole = [-weight for weight in exact], -whole
    parts, left = [], []
    for weight in exact:
        part, rest = divmod(total * weight, whole)
        parts.append(int(part))
        left.append(rest)
    order = sorted(range(len(parts)), key=lambda place: (-left[place], -exact[place], place))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return tuple(parts)


_MARKS: Mapping[str, frozenset[str]] = {
    "₫": frozenset({"VND"}),
    "đ": frozenset({"VND"}),
    "d": frozenset({"VND"}),
    "đồng": frozenset({"VND"}),
    "dong": frozenset({"VND"}),
    "vnđ": frozenset({"VND"}),
    "$": frozenset(code for code in CURRENCIES if code.endswith("D") and CURRENCIES[code] == 2),
    "us$": frozenset({"USD"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "₩": frozenset({"KRW"}),
    "฿": frozenset({"THB"}),
}
_SCALES = {
    word: power
    for power, words in {
        3: "k ng nghìn nghin ngàn ngan",
        6: "tr triệu trieu m",
        9: "tỷ tỉ ty ti b",
    }.items()
    for word in words.split()
}
_LONGEST = 200  # letters of an amount, with its currency and words
_MINUS = "-\u2212\u2013"
_HEAD = re.compile(r"[^0-9.,()+\-\u2212\u2013\s]+")
_TAIL = re.compile(r"[^0-9.,()]+$")
_PIECE = re.compile(r"([0-9][0-9.,]*) ?([^0-9., ]*) ?")
_BY_BLANKS = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}(?: [0-9]{3})+(?![0-9])")
_BY_MARKS = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}(?:\1[0-9]{3})*")


def parse(
    text: str, currency: str = DEFAULT_CURRENCY, *, decimal_mark: str | None = None, where: str = "amount"
) -> int:
    """The minor units that a typed or pasted amount means; Refused, never guessed, when it is not clear.

    Understood: thousands parted by dots, commas or blanks of any kind; a currency mark before or after; a minus sign
    or brackets; nghìn, triệu and tỷ with their short forms, also "1tr5" and "1 tỷ 200 triệu".

    Args:
        decimal_mark: "." or ",", the user's own, decides where one mark with three digits after it could part
            decimals as well as thousands (1.234 dinars, 1,250 tỷ). Without it such an amount is refused.
        where: the field that a problem is about.
    """
    return _Reading(text, currency, decimals(currency), decimal_mark, where).minor()


@dataclass(frozen=True, slots=True)
class _Reading:
    """One typed amount while it is read."""

    text: str
    currency: str
    places: int
    decimal_mark: str | None
    where: str

    def refuse(self, code: str, message: str) -> NoReturn:
        args = {"text": self.text.strip()[:40], "currency": self.currency}
        raise Refused(Problem(self.where, code, message, args))

    def unreadable(self) -> NoReturn:
        self.refuse("unreadable_amount", "“{text}” is not an amount.")

    def minor(self) -> int:
        if len(self.text) > _LONGEST:
            self.unreadable()
        # NFKC turns every kind of blank and wide digits into plain ones, and composes letters with their marks
        rest = " ".join(unicodedata.normalize("NFKC", self.text).lower().split())
        if not rest:
            self.refuse("no_amount", "Type an amount.")
        rest, negative = _without_sign(rest)
        rest = self._without_currency(rest)
        rest, inner = _without_sign(rest)
        if negative and inner:
            self.unreadable()
        minor = self._major(rest) * 10**self.places
        if minor.denominator != 1:
            self.too_fine()
        if minor > MAX_MINOR:
            self.refuse("amount_too_large", "“{text}” is too large.")
        return -int(minor) if negative or inner else int(minor)

    def too_fine(self) -> NoReturn:
        self.refuse("too_many_decimals", "“{text}” has more decimals than {currency} has.")

    def _without_currency(self, rest: str) -> str:
        head = _HEAD.match(rest)
        if head:
            self._check_currency(head.group())
            return rest[head.end() :].strip()
        tail = _TAIL.search(rest)
        words = tail.group().split() if tail else []
        if not tail or not words or (len(words) == 1 and words[0] in _SCALES):
            return rest
        mark = words[-1]
        if len(words) == 1 and mark[-1] in "đ₫" and mark[:-1] in _SCALES:
            mark = mark[-1]  # 125trđ
        self._check_currency(mark)
        return rest[: len(rest) - len(mark)].strip()

    def _check_currency(self, mark: str) -> None:
        meant = _MARKS.get(mark) or frozenset({mark.upper()} & CURRENCIES.keys())
        if not meant:
            self.unreadable()
        if self.currency not in meant:
            self.refuse("other_currency", "“{text}” names another currency than {currency}.")

    def _major(self, rest: str) -> Fraction:
        """The value in major units, exact."""
        rest = _BY_BLANKS.sub(lambda found: found.group().replace(" ", ""), rest)
        pieces: list[tuple[str, str]] = []
        at = 0
        for found in _PIECE.finditer(rest):
            if found.start() != at:
                self.unreadable()
            at = found.end()
            pieces.append((found.group(1), found.group(2)))
        if not pieces or at != len(rest):
            self.unreadable()
        if len(pieces) == 1 and not pieces[0][1]:
            return self._plain(pieces[0][0])
        return self._scaled(pieces)

    def _plain(self, digits: str) -> Fraction:
        """A number without a unit."""
        if digits.isdigit():
            return Fraction(digits)
        grouped = _BY_MARKS.fullmatch(digits)
        if grouped:
            mark = grouped.group(1)
            if digits.count(mark) == 1 and self.places and self._parts_decimals(digits, mark):
                return _decimal(digits, mark)
            return Fraction(digits.replace(mark, ""))
        mark = "," if digits.rfind(",") > digits.rfind(".") else "."
        whole, _, fraction = digits.rpartition(mark)
        inner = _BY_MARKS.fullmatch(whole)
        if inner and inner.group(1) != mark:
            whole = whole.replace(inner.group(1), "")
        if not whole.isdigit() or not fraction:
            self.unreadable()
        if not self.places:
            # "1,234,567.00" out of a sheet is a whole amount; "1.5" or "1.00" is a slip of the finger
            if fraction.strip("0") or len(fraction) > 2 or len(whole) < 4:
                self.too_fine()
            return Fraction(whole)
        return _decimal(whole + mark + fraction, mark)

    def _parts_decimals(self, digits: str, mark: str) -> bool:
        """Whether the one mark before the last three digits parts decimals and not thousands."""
        if self.decimal_mark is None and self.places < 3:
            return False
        if self.decimal_mark is not None and mark != self.decimal_mark:
            return False
        if self.decimal_mark is None or (self.places < 3 and not digits.endswith("000"[self.places :])):
            self.unclear()
        return True

    def unclear(self) -> NoReturn:
        self.refuse("unclear_amount", "“{text}” can be read in two ways. Type the amount without thousands marks.")

    def _scaled(self, pieces: list[tuple[str, str]]) -> Fraction:
        """Numbers with units, each smaller than the one before; a last number without one continues the decimals."""
        value, before = Fraction(0), 99
        for place, (digits, unit) in enumerate(pieces):
            if not unit and 0 < place == len(pieces) - 1:
                # 1tr5 is 1.5 million, 1 tỷ 250 is 1.25 billion
                if not digits.isdigit() or len(digits) > 3:
                    self.unreadable()
                return value + Fraction(int(digits) * 10**before, 10 ** len(digits))
            power = _SCALES.get(unit, 99)
            if power >= before:
                self.unreadable()
            value += self._scaled_number(digits) * 10**power
            before = power
        return value

    def _scaled_number(self, digits: str) -> Fraction:
        """A number before a unit, where a comma and a dot both may part decimals: 1,2 tỷ and 1.2 tỷ."""
        grouped = _BY_MARKS.fullmatch(digits)
        if grouped:
            mark = grouped.group(1)
            if digits.count(mark) == 1:
                if self.decimal_mark is None:
                    self.unclear()
                if mark == self.decimal_mark:
                    return _decimal(digits, mark)
            return Fraction(digits.replace(mark, ""))
        mark = "," if "," in digits else "."
        whole, _, fraction = digits.partition(mark)
        if not whole.isdigit() or (mark in digits and not fraction.isdigit()):
            self.unreadable()
        return _decimal(digits, mark)


def _without_sign(rest: str) -> tuple[str, bool]:
    if rest.startswith("(") and rest.endswith(")"):
        return rest[1:-1].strip(), True
    if rest[:1] and rest[0] in _MINUS:
        return rest[1:].strip(), True
    return rest.removeprefix("+").strip(), False


def _decimal(digits: str, mark: str) -> Fraction:
    return Fraction(digits.replace(mark, "."))
