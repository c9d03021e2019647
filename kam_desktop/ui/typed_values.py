"""What people type into a field, read as its value: numbers, amounts, days, moments, several texts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from kam_desktop import formats
from kam_desktop.domain import money
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.fields import Field, Kind


def read_number(text: str, field: Field) -> int | Decimal | None:
    """A typed number of a field's kind, in the language's own writing; None for nothing. Raises Refused."""
    mark = formats.decimal_mark()
    plain = "".join(text.split()).replace(formats.MINUS, "-").replace("%", "")
    plain = plain.replace("." if mark == "," else ",", "").replace(mark, ".")
    if not plain or plain == formats.NOTHING:
        return None
    try:
        number = Decimal(plain)
        if number.is_finite() and (field.kind is not Kind.INTEGER or number == number.to_integral_value()):
            return int(number) if field.kind is Kind.INTEGER else number
    except InvalidOperation:
        pass
    raise Refused(Problem(field.name, "unreadable_number", "“{text}” is not a number.", {"text": text.strip()[:40]}))


def read_money(text: str, field: Field, currency: str) -> int | None:
    """A typed amount as Vietnamese write it (1.234.567, 125tr, 1,2 tỷ); None for nothing. Raises Refused."""
    if not text.strip() or text.strip() == formats.NOTHING:
        return None
    return money.parse(text, currency, decimal_mark=formats.decimal_mark(), where=field.name)


def read_moment(text: str, field: Field) -> datetime | None:
    """A day and a time of day in the machine's zone, 19/11/2026 14:05; None for nothing. Raises Refused."""
    if not text:
        return None
    words, _, clock = text.rpartition(" ") if ":" in text else (text, "", "0:00")
    day = formats.parse_day(words, where=field.name)
    hour, _, minute = clock.partition(":")
    try:
        return datetime(day.year, day.month, day.day, int(hour), int(minute)).astimezone()
    except ValueError:
        problem = Problem(field.name, "unreadable_time", "“{text}” is not a time of day.", {"text": clock[:20]})
        raise Refused(problem) from None


def read_day(text: str, field: Field, today: date | None) -> date | None:
    """A typed day, the day first; None for nothing. Raises Refused."""
    return formats.parse_day(text, today=today, where=field.name) if text else None


def read_texts(text: str) -> tuple[str, ...]:
    """Texts parted by commas, each once."""
    parts = (part.strip() for part in text.replace(";", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))
