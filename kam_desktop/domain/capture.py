"""Quick capture: one typed line read as a task, an interaction or a promise to pay."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta

from kam_desktop.domain import money
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.text import clean, fold

TASK, NOTE, CALL, MEETING, MESSAGE, PROMISE = "task", "note", "call", "meeting", "message", "promise"


@dataclass(frozen=True, slots=True)
class Captured:
    """What a line says.

    Attributes:
        kind: TASK; an interaction (NOTE, CALL, MEETING, MESSAGE) when no day to come is named; PROMISE with an amount.
        subject: the line without the marks that were understood; never rewritten otherwise.
        on: the day; None when none is named.
        at: the time of day, None for none.
        amount: of a promise, minor units of VND; any other amount stays in the subject.
        account: what stands after "#", contact: what stands after "@"; both as typed, to be looked up.
        after: the words that follow the first one after "#": the name of a customer may go on there.
    """

    kind: str
    subject: str
    on: date | None = None
    at: time | None = None
    amount: int | None = None
    account: str = ""
    contact: str = ""
    after: tuple[str, ...] = ()


# Everything is matched on the folded line: small letters without accents, letter by letter beside the typed one.
_FIRST = (
    (CALL, re.compile(r"(goi|call|phone)(ed)?\b")),
    (MEETING, re.compile(r"(hop|gap|meet|met|meeting)\b")),
    (MESSAGE, re.compile(r"(nhan|zalo|message|texted|email|mail)\b")),
    (TASK, re.compile(r"(viec|task|todo|nho)\b[: ]*")),
    (NOTE, re.compile(r"(ghi chu|note)\b[: ]*")),
)
_PROMISE = re.compile(r"\b((hen|hua) (se )?tra|promise[sd]? to pay|will pay)\b")
_DAYS = {
    "thu 2": 0, "thu hai": 0, "t2": 0, "monday": 0, "mon": 0, "thu 3": 1, "thu ba": 1, "t3": 1, "tuesday": 1, "tue": 1,
    "thu 4": 2, "thu tu": 2, "t4": 2, "wednesday": 2, "wed": 2, "thu 5": 3, "thu nam": 3, "t5": 3, "thursday": 3,
    "thu": 3, "thu 6": 4, "thu sau": 4, "t6": 4, "friday": 4, "fri": 4, "thu 7": 5, "thu bay": 5, "t7": 5,
    "saturday": 5, "sat": 5, "chu nhat": 6, "cn": 6, "sunday": 6, "sun": 6,
}  # fmt: skip
# "thu" alone is no Thursday: in Vietnamese it is "thu tiền", collect money; "mon", "sat" and "sun" are words too
_NAMES = sorted(_DAYS.keys() - {"thu", "mon", "sat", "sun"}, key=len, reverse=True)
_WEEKDAY = re.compile(
    rf"\b(?:(?P<next>next|this) )?(?P<day>{'|'.join(map(re.escape, _NAMES))})\b(?P<after> tuan sau| tuan toi)?"
)
_SOON = re.compile(r"\b(hom nay|today|ngay mai|sang mai|chieu mai|toi mai|mai|tomorrow|ngay kia|ngay mot)\b")
_SOON_DAYS = {"hom nay": 0, "today": 0, "ngay kia": 2, "ngay mot": 2}
_IN_DAYS = re.compile(
    r"\b(?:(?P<vi>\d{1,3}) (?P<unit>ngay|tuan|thang) nua|in (?P<en>\d{1,3}) (?P<eunit>day|week|month)s?)\b"
)
_WEEK = re.compile(
    r"\b(tuan sau|tuan toi|next week|thang sau|thang toi|next month|cuoi thang|end of month|cuoi tuan)\b"
)
_DATE = re.compile(r"(?<![\d/.,])(?P<d>\d{1,2})[/-](?P<m>\d{1,2})(?:[/-](?P<y>\d{4}|\d{2}))?(?![\d/])")
_ISO = re.compile(r"(?<!\d)(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?!\d)")
_CLOCK = r"(?P<h>[01]?\d|2[0-4]) ?(?:h|g|gio|:)(?P<min>[0-5]\d)?(?![a-z0-9])"
_AM_PM = r"(?P<h2>1[0-2]|0?[1-9]) ?(?P<ap>am|pm)\b"
_TIME = re.compile(rf"(?<![\d.,/])(?:{_CLOCK}|{_AM_PM})(?: (?P<part>sang|trua|chieu|toi)\b)?")
_PIECE = r"\d[\d.,]* ?(?:ty|ti|trieu|tr|nghin|ngan|k|dong|d|vnd)(?:\d+)?"
_AMOUNT = re.compile(rf"(?<![\w.,/])(?P<amount>{_PIECE}(?: {_PIECE})*|\d{{1,3}}(?:[.,]\d{{3}})+)(?: ?₫)?(?![\w/])")
_BEFORE = re.compile(r"\b(vao|luc|ngay|truoc ngay|truoc|han|on|by|at|until|due) +$")
_MARK = re.compile(r"(?<!\S)(?P<mark>[#@])(?P<word>\"[^\"]+\"|[^\s,;]+)")

_WORD = re.compile(r"[^\s,;#@]+")
_MOST_WORDS = 8  # a customer's name that is longer is written shorter


def read(text: str, today: date, words: int = 1) -> Captured:
    """Reads one line, Vietnamese or English, with accents or without; `words` after "#" are the customer's name.

    A day to come makes a task of it: "gọi chị Lan mai 9h" is something to do, "gọi chị Lan" is something done. What is
    not understood stays in the subject: nothing that was typed is lost.
    """
    line = clean(text)
    rest = _Line(line)
    marks: dict[str, str] = {}
    after: tuple[str, ...] = ()
    for found in list(_MARK.finditer(line)):
        if found["mark"] in marks:
            continue
        marks[found["mark"]], end = found["word"].strip('"').replace("_", " "), found.end()
        if found["mark"] == "#" and not found["word"].startswith('"'):
            following = list(_WORD.finditer(line, end))[:_MOST_WORDS]
            after = tuple(each[0] for each in following)
            for each in following[: words - 1]:
                marks["#"], end = f"{marks['#']} {each[0]}", each.end()
        # the person stays in the sentence ("gọi chị Lan"), the customer has a field of its own
        rest.blank(found.start(), end if found["mark"] == "#" else found.start() + 1)
    kind = ""
    for name, begins in _FIRST:
        first = begins.match(rest.folded.lstrip())
        if first:
            kind = name
            if name in (TASK, NOTE):
                start = len(rest.folded) - len(rest.folded.lstrip())
                rest.blank(start, start + first.end())
            break
    at = _time(rest)
    on = _day(rest, today)
    promised = bool(_PROMISE.search(rest.folded))
    amount = _amount(rest) if promised else None
    if at is not None and on is None:
        on = today
    if promised and amount is not None and on is not None:
        kind = PROMISE
    elif kind in (CALL, MEETING, MESSAGE) and on is not None and on >= today:
        kind = TASK
    elif not kind:
        kind = TASK if on is not None or "#" not in marks else NOTE
    return Captured(
        kind=kind,
        subject=rest.left() or line,
        on=on,
        at=at,
        amount=amount,
        account=marks.get("#", ""),
        contact=marks.get("@", ""),
        after=after,
    )


class _Line:
    """The line while it is read: the typed letters, and beside each its folded one."""

    def __init__(self, line: str) -> None:
        self.typed = list(line)
        self.folded = "".join(fold(letter)[:1] or " " for letter in line)

    def blank(self, start: int, end: int) -> None:
        """Takes away what was understood."""
        self.typed[start:end] = " " * (end - start)
        self.folded = self.folded[:start] + " " * (end - start) + self.folded[end:]

    def take(self, pattern: re.Pattern[str], read: Callable[[re.Match[str]], object | None]) -> object | None:
        """The first match that can be read; it is taken out of the line."""
        for found in pattern.finditer(self.folded):
            value = read(found)
            if value is not None:
                before = _BEFORE.search(self.folded[: found.start()])
                self.blank(before.start() if before else found.start(), found.end())
                return value
        return None

    def left(self) -> str:
        """What was not understood, tidied."""
        return clean(" ".join("".join(self.typed).split())).strip(" ,;-")


def _day(line: _Line, today: date) -> date | None:
    readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date | None]], ...] = (
        (_ISO, lambda found: _made(int(found["y"]), int(found["m"]), int(found["d"]))),
        (_DATE, lambda found: _written(found, today)),
        (_IN_DAYS, lambda found: _later(found, today)),
        (_WEEKDAY, lambda found: _weekday(found, today)),
        (_SOON, lambda found: today + timedelta(days=_SOON_DAYS.get(found[0], 1))),
        (_WEEK, lambda found: _week(found[0], today)),
    )
    for pattern, read in readers:
        value = line.take(pattern, read)
        if isinstance(value, date):
            return value
    return None


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _written(found: re.Match[str], today: date) -> date | None:
    """dd/mm: of this year, or of the next when it is more than half a year past."""
    if found["y"]:
        year = int(found["y"])
        return _made(year if year > 99 else 2000 + year, int(found["m"]), int(found["d"]))
    made = _made(today.year, int(found["m"]), int(found["d"]))
    if made is not None and (today - made).days > 182:
        return _made(today.year + 1, made.month, made.day)
    return made


def _later(found: re.Match[str], today: date) -> date | None:
    count = int(found["vi"] or found["en"])
    unit = found["unit"] or found["eunit"]
    if unit in ("thang", "month"):
        whole = today.year * 12 + today.month - 1 + count
        year, month = whole // 12, whole % 12 + 1
        return _made(year, month, min(today.day, calendar.monthrange(year, month)[1]))
    return today + timedelta(days=count * (7 if unit in ("tuan", "week") else 1))


def _weekday(found: re.Match[str], today: date) -> date:
    """The next day of that name, never today; "tuần sau" is the one of the week that begins next Monday."""
    wanted = _DAYS[found["day"]]
    if found["after"] or found["next"] == "next":
        monday = today + timedelta(days=7 - today.weekday())
        return monday + timedelta(days=wanted)
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _week(words: str, today: date) -> date:
    last = calendar.monthrange(today.year, today.month)[1]
    if words in ("tuan sau", "tuan toi", "next week"):
        return today + timedelta(days=7 - today.weekday())
    if words == "cuoi tuan":
        return today + timedelta(days=(4 - today.weekday()) % 7)
    if words in ("cuoi thang", "end of month"):
        return today.replace(day=last)
    return today.replace(day=last) + timedelta(days=1)


def _time(line: _Line) -> time | None:
    def read(found: re.Match[str]) -> time | None:
        hour = int(found["h"] or found["h2"])
        if found["ap"] == "pm" or (found["part"] in ("chieu", "toi") and hour < 12):
            hour = hour % 12 + 12
        elif found["ap"] == "am":
            hour %= 12
        return time(hour, int(found["min"] or 0)) if hour < 24 else None

    value = line.take(_TIME, read)
    return value if isinstance(value, time) else None


def _amount(line: _Line) -> int | None:
    def read(found: re.Match[str]) -> int | None:
        typed = "".join(line.typed[found.start("amount") : found.end("amount")])
        try:
            value = money.parse(typed)
        except Refused:
            return None
        return value if value > 0 else None

    # "triệu" and "tỷ" are spelled with their accents where amounts are read: the typed letters go in, not the folded
    value = line.take(_AMOUNT, read)
    return value if isinstance(value, int) else None
