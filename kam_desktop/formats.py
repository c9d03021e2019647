"""Dates, amounts, numbers, telephones and holidays as the current language writes them."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from kam_desktop import language
from kam_desktop.domain import money, text
from kam_desktop.domain.errors import Problem, Refused

# babel, holidays and phonenumbers cost 20 to 50 ms each to load, so they are imported where they are asked for;
# what every list shows (amounts, days) is written by hand and held to babel by tests/unit/test_formats.py

NOTHING = "–"
MINUS = "\u2212"
NBSP = "\u00a0"

_TO_VIETNAMESE = str.maketrans(",.-", ".," + MINUS)
_TO_ENGLISH = str.maketrans("-", MINUS)
_DECIMALS = money.CURRENCIES

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS = {
    "vi": ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def decimal_mark() -> str:
    """What parts decimals in the current language; for money.parse."""
    return "," if language.current() == "vi" else "."


def amount(
    minor: int | None, currency: str = "VND", symbol: bool = False, *, zero: str | None = None, lang: str | None = None
) -> str:
    """An amount: 1.234.567 in Vietnamese, 1,234,567 in English, with the currency's decimals and a true minus.

    Args:
        minor: whole minor units; None is written as a dash.
        symbol: with the currency's sign beside it (1.234.567 ₫).
        zero: what stands for 0 where a table wants it quiet, e.g. formats.NOTHING.
        lang: for a paper in another language than the screen's.
    """
    lang = lang or language.current()
    if minor is None:
        return NOTHING
    if minor == 0 and zero is not None:
        return zero
    places = _DECIMALS.get(currency, 2)
    if places:
        whole, rest = divmod(abs(minor), 10**places)
        digits = f"{whole:,}.{rest:0{places}}"
        if minor < 0:
            digits = "-" + digits
    else:
        digits = f"{minor:,}"
    digits = digits.translate(_TO_VIETNAMESE if lang == "vi" else _TO_ENGLISH)
    if not symbol:
        return digits
    before, after = _symbol(lang, currency)
    if minor < 0:
        return f"{MINUS}{before}{digits[1:]}{after}"
    return f"{before}{digits}{after}"


_COMMON_SYMBOLS = {
    ("vi", "VND"): ("", NBSP + "₫"),
    ("en", "VND"): ("₫", ""),
    ("vi", "USD"): ("", NBSP + "US$"),
    ("en", "USD"): ("$", ""),
    ("vi", "EUR"): ("", NBSP + "€"),
    ("en", "EUR"): ("€", ""),
}


@cache
def _symbol(lang: str, currency: str) -> tuple[str, str]:
    """What stands before and after the digits of an amount in that currency."""
    known = _COMMON_SYMBOLS.get((lang, currency))
    if known is not None:
        return known
    from babel.numbers import format_currency

    sample = format_currency(1, currency, locale=lang, format_type="standard")
    before, after = re.split(r"\d[\d.,]*", sample, maxsplit=1)
    if before[-1:].isalpha():
        before += NBSP  # CLDR's spacing between letters and digits, which babel leaves out
    return before, after


def compact(minor: int | None, currency: str = "VND") -> str:
    """An amount in short for tiles and charts: 1,2 tỷ, 125 triệu; 1.2bn, 125m. Not exact; never for a sum to pay."""
    if minor is None:
        return NOTHING
    units = _COMPACT[language.current()]
    # half up at the unit's own decimal, so that 999,960 reads as 1 million and not as 1000 thousand
    major = Decimal(abs(minor)).scaleb(-_DECIMALS.get(currency, 2))
    for power, word in units:
        scaled = major.scaleb(-power).quantize(Decimal("0.1"), ROUND_HALF_UP)
        if scaled >= 1:
            return (MINUS if minor < 0 else "") + number(scaled) + word
    return amount(minor, currency)


_COMPACT = {
    "vi": ((9, NBSP + "tỷ"), (6, NBSP + "triệu"), (3, NBSP + "nghìn")),
    "en": ((9, "bn"), (6, "m"), (3, "k")),
}


def currency_name(currency: str) -> str:
    """The currency's name in the current language: Đồng Việt Nam, Vietnamese Dong."""
    from babel.numbers import get_currency_name

    return str(get_currency_name(currency, locale=language.current()))


def number(value: int | Decimal | None, places: int | None = None, *, lang: str | None = None) -> str:
    """A plain number with its thousands parted; without `places` as many decimals as it has, none at the end zero.

    `lang` as for amounts.
    """
    if value is None:
        return NOTHING
    exact = Decimal(value)
    if places is None:
        digits = f"{exact.normalize():,f}"
    else:
        digits = f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"
    if digits.startswith("-") and not digits.strip("-0.,"):
        digits = digits[1:]
    return digits.translate(_TO_VIETNAMESE if (lang or language.current()) == "vi" else _TO_ENGLISH)


def percent(value: int | Decimal | None, places: int = 1) -> str:
    """A percentage given in percent (12.5 for 12.5 %): 12,5 % in Vietnamese, 12.5% in English, half up."""
    if value is None:
        return NOTHING
    return number(Decimal(value), places) + (NBSP + "%" if language.current() == "vi" else "%")


def day(value: date | None, lang: str | None = None) -> str:
    """A date: 19/11/2026 in Vietnamese, 19 Nov 2026 in English; a dash for None. `lang` as for amounts."""
    if value is None:
        return NOTHING
    if (lang or language.current()) == "vi":
        return f"{value.day:02}/{value.month:02}/{value.year:04}"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def short_day(value: date | None) -> str:
    """A date where the year is clear: 19/11, 19 Nov."""
    if value is None:
        return NOTHING
    if language.current() == "vi":
        return f"{value.day:02}/{value.month:02}"
    return f"{value.day} {_MONTHS[value.month - 1]}"


def long_day(value: date) -> str:
    """A date with its weekday: Thứ Năm, 19 tháng 11, 2026; Thursday, 19 November 2026."""
    lang = language.current()
    weekday = _WEEKDAYS[lang][value.weekday()]
    if lang == "vi":
        return f"{weekday}, {value.day} tháng {value.month}, {value.year}"
    return f"{weekday}, {value.day} {_LONG_MONTHS[value.month - 1]} {value.year}"


def weekday(value: date) -> str:
    """The weekday alone: Thứ Năm, Thursday."""
    return _WEEKDAYS[language.current()][value.weekday()]


def month(value: date) -> str:
    """A month of a year: 11/2026, Nov 2026."""
    if language.current() == "vi":
        return f"{value.month:02}/{value.year:04}"
    return f"{_MONTHS[value.month - 1]} {value.year}"


def signing_day(value: date, lang: str) -> str:
    """The date that a paper is signed on, in a named language: ngày 05 tháng 03 năm 2026; 5 March 2026."""
    if lang == "vi":
        return f"ngày {value.day:02} tháng {value.month:02} năm {value.year}"
    return f"{value.day} {_LONG_MONTHS[value.month - 1]} {value.year}"


def clock_time(value: datetime, zone: tzinfo | None = None) -> str:
    """The time of day of a moment, 14:05, in the machine's zone unless another is named."""
    return f"{value.astimezone(zone):%H:%M}"


def moment(value: datetime | None, zone: tzinfo | None = None) -> str:
    """A moment as date and time, 19/11/2026 14:05, in the machine's zone unless another is named."""
    if value is None:
        return NOTHING
    local = value.astimezone(zone)
    return f"{day(local)} {local:%H:%M}"


_DAY_FIRST = re.compile(r"(\d{1,2})\s*[/.\- ]\s*(\d{1,2})(?:\s*[/.\- ]\s*(\d{4}|\d{2}))?")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_EIGHT_DIGITS = re.compile(r"(\d{2})(\d{2})(\d{4})")
_NAMED_MONTH = re.compile(r"(\d{1,2})[ \-]?([a-z]{3,9})\.?,?[ \-]?(\d{4}|\d{2})")
_SPOKEN = re.compile(r"(?:ngay )?(\d{1,2}) thang (\d{1,2})(?:,? nam|,)? (\d{4})")


def parse_day(typed: str, *, today: date | None = None, where: str = "date") -> date:
    """The date that was typed: dd/mm/yyyy (also with dots, dashes or two digits of the year), ISO, 19 Nov 2026.

    The day comes first whatever the language: a Vietnamese never writes the month first, and guessing would mix up
    due dates. Refused when it is not a date.

    Args:
        today: with it a date without a year means the year of today.
    """
    folded = text.fold(text.clean(typed))
    numbers = _numbers_of(folded, today)
    if numbers is None:
        _refuse_day(typed, where)
    year, month_number, day_number = numbers
    try:
        return date(year + 2000 if year < 100 else year, month_number, day_number)
    except ValueError:
        _refuse_day(typed, where)


def _numbers_of(folded: str, today: date | None) -> tuple[int, int, int] | None:
    """Year, month and day as typed, not yet checked to be a date."""
    found = _YEAR_FIRST.fullmatch(folded)
    if found:
        return int(found[1]), int(found[2]), int(found[3])
    found = _DAY_FIRST.fullmatch(folded)
    if found:
        if found[3] is None:
            return (today.year, int(found[2]), int(found[1])) if today else None
        return int(found[3]), int(found[2]), int(found[1])
    found = _EIGHT_DIGITS.fullmatch(folded) or _SPOKEN.fullmatch(folded)
    if found:
        return int(found[3]), int(found[2]), int(found[1])
    found = _NAMED_MONTH.fullmatch(folded)
    if found:
        names = [place for place, name in enumerate(_LONG_MONTHS, 1) if name.lower().startswith(found[2])]
        return (int(found[3]), names[0], int(found[1])) if names else None
    return None


def _refuse_day(typed: str, where: str) -> NoReturn:
    raise Refused(
        Problem(where, "unreadable_date", "“{text}” is not a date. Type day/month/year.", {"text": typed.strip()[:40]})
    )


def phone(value: str) -> str:
    """A telephone number in groups: 0912 345 678, 024 3825 1234, 1900 6017, +65 9123 4567; else as it was typed."""
    digits = text.phone_digits(value)
    home = _HOME_NUMBER.fullmatch(digits) if not value.lstrip().startswith("+") or digits.startswith("0") else None
    if home is not None and not any(char.isalpha() for char in value):
        return " ".join(group for group in home.groups() if group)
    if not value.lstrip().startswith(("+", "00")):
        return value
    import phonenumbers

    try:
        parsed = phonenumbers.parse("+" + digits, None)
    except phonenumbers.NumberParseException:
        return value
    if not phonenumbers.is_possible_number(parsed):
        return value
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


# mobiles 4-3-3; Hà Nội and TP. Hồ Chí Minh 3-4-4; other provinces 4-3-4; service numbers 4 and the rest
_HOME_NUMBER = re.compile(
    r"(0[35789]\d\d)(\d{3})(\d{3})|(02[48])(\d{4})(\d{4})|(02\d\d)(\d{3})(\d{4})|(1[89]00)(\d{3,4}|\d\d)(\d{3})?"
)


def phone_international(value: str) -> str:
    """The number with its country code and nothing between (+84912345678), for links; "" when it is not one."""
    digits = text.phone_digits(value)
    if digits.startswith("0") and 10 <= len(digits) <= 11:
        return "+84" + digits[1:]
    if value.lstrip().startswith(("+", "00")) and 8 <= len(digits) <= 15:
        return "+" + digits
    return ""


@dataclass(frozen=True, slots=True)
class FirmDays:
    """The firm's own calendar over the public one: rules `holiday` and `working_day` of the profile.

    Attributes:
        off: days off by date, with their names.
        worked: days that are worked although the public calendar has them off (a swapped Saturday).
    """

    off: Mapping[date, str] = field(default_factory=dict)
    worked: frozenset[date] = frozenset()


_NO_DAYS = FirmDays()


def holidays_of(year: int, firm: FirmDays = _NO_DAYS) -> Mapping[date, str]:
    """Vietnam's public holidays of a year with their names in the current language, the firm's own over them.

    Days that follow the moon are estimates until the government announces them; the firm's calendar has the last word.
    """
    public = _holidays(year, language.current())
    if firm is _NO_DAYS:
        return public
    own = {day: name for day, name in firm.off.items() if day.year == year}
    merged = {**public, **own}
    return MappingProxyType({day: merged[day] for day in sorted(merged) if day not in firm.worked})


@cache
def _holidays(year: int, lang: str) -> Mapping[date, str]:
    found = _country()(years=year, language="vi" if lang == "vi" else "en_US")
    return MappingProxyType(dict(sorted(found.items())))


@cache
def _country() -> Any:
    """The calendar of Vietnam alone, by its file: its package would load 290 other countries, 8 MB that stay."""
    import holidays

    file = Path(holidays.__file__).with_name("countries") / "vietnam.py"
    spec = importlib.util.spec_from_file_location("holidays.countries.vietnam", file)
    if spec is None or spec.loader is None or not file.exists():
        return partial(holidays.country_holidays, "VN")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.VN


def is_working_day(value: date, firm: FirmDays = _NO_DAYS) -> bool:
    """Monday to Friday and no public holiday, unless the firm's calendar says otherwise: worked beats off."""
    if value in firm.worked:
        return True
    return value not in firm.off and value.weekday() < 5 and value not in _holidays(value.year, "vi")


def next_working_day(value: date, firm: FirmDays = _NO_DAYS) -> date:
    """The day itself when it is worked, else the first worked day after it (Civil Code 2015 art. 148.5)."""
    for _ in range(_LONGEST_REST):
        if is_working_day(value, firm):
            break
        value += timedelta(days=1)
    return value


_LONGEST_REST = 60
"""A calendar in which nothing is ever worked must not be walked for good."""
