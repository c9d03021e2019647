"""Days worth a word to a customer: birthdays, founding days and the occasions that were written down."""

# ruff: noqa: S608 — the statements are put together from fixed parts of this file; values travel as parameters.
from __future__ import annotations

import calendar
import json
from dataclasses import dataclass
from datetime import date, timedelta

from kam_desktop.domain.entities import Account, Contact, Occasion
from kam_desktop.store.reader import Reader

BIRTHDAY, FOUNDING, OCCASION = "birthday", "founding", "occasion"


@dataclass(frozen=True, slots=True)
class Coming:
    """An occasion on its next day.

    Attributes:
        on: the day; of what comes every year the one of this year or the next.
        years: how many years it is then; 0 when the year is not known, or it is the first time.
        name: of the person, or of the occasion; "" of a founding day.
        contact: the id of the person, "" for none. id: of the record that says so.
    """

    kind: str
    on: date
    years: int
    name: str
    account: str
    account_name: str
    contact: str
    id: str


def upcoming(reader: Reader, as_of: date, days: int, account: str = "", limit: int = 200) -> list[Coming]:
    """The occasions from that day on, the day itself included, the earliest first; of one customer or of all.

    What is yearly and falls on 29 February is told on the 28th in a year without one. Archived customers, and people
    who left, have none.
    """
    return _named(reader, _found(reader, as_of, days, account)[:limit])


@dataclass(frozen=True, slots=True)
class OfDay:
    """The occasions of one day: the first of them, and how many there are in all."""

    first: tuple[Coming, ...]
    count: int


def by_day(reader: Reader, as_of: date, days: int, most: int = 3) -> dict[date, OfDay]:
    """The occasions of all customers from that day on, day by day; of each day the first `most` are told."""
    found = _found(reader, as_of, days, "")
    told: dict[date, list[_Found]] = {}
    count: dict[date, int] = {}
    for each in found:
        count[each[0]] = count.get(each[0], 0) + 1
        if count[each[0]] <= most:
            told.setdefault(each[0], []).append(each)
    named = _named(reader, [each for some in told.values() for each in some])
    return {on: OfDay(tuple(each for each in named if each.on == on), number) for on, number in count.items()}


_Found = tuple[date, str, int, str, str, str, str]
"""Day, kind, years, name, account, contact, id."""


def _found(reader: Reader, as_of: date, days: int, account: str) -> list[_Found]:
    values = {"account": account, "near": json.dumps(_month_days(as_of, days))}
    found: list[_Found] = []
    for kind, statement in (_OF_ONE if account else _OF_ALL).items():
        for identity, owner, name, contact, day, yearly in reader.sql(statement, values):
            _take(found, kind, day, bool(yearly), (name, owner, contact, identity), as_of, days)
    return sorted(found)


def _named(reader: Reader, found: list[_Found]) -> list[Coming]:
    owners = reader.many(Account, {each[4] for each in found})
    return [
        Coming(kind, on, years, name, owner, owners[owner].short_name or owners[owner].name, contact, identity)
        for on, kind, years, name, owner, contact, identity in found
    ]


# By month and day: of all customers an index of the days of the year is asked, of one its own records.
_NEAR = "substr({}, 6, 5) in (select value from json_each(:near))".format
_PARTS = {
    BIRTHDAY: "select x.id, x.account, x.full_name, x.id, x.birthday, 1 "
    "from contact x join account a on a.id = x.account "
    f"where x.birthday <> '' and {_NEAR('x.birthday')} and coalesce(x.left_on, '') = '' and a.archived = 0",
    FOUNDING: "select x.id, x.id, '', '', x.founded_on, 1 from account x "
    f"where x.founded_on <> '' and {_NEAR('x.founded_on')} and x.archived = 0",
    OCCASION: "select x.id, x.account, x.name, coalesce(x.contact, ''), x.happens_on, coalesce(x.yearly, 0) "
    "from occasion x join account a on a.id = x.account "
    f"where x.happens_on <> '' and {_NEAR('x.happens_on')} and a.archived = 0",
}
_INDEXED = {
    BIRTHDAY: ("contact x", "birthday"),
    FOUNDING: ("account x", "founded_on"),
    OCCASION: ("occasion x", "happens_on"),
}
_OF_ALL = {
    kind: _PARTS[kind].replace(table, f"{table} indexed by {table[:-2]}__{day}").replace(" join ", " cross join ")
    for kind, (table, day) in _INDEXED.items()
}
# the plus keeps SQLite off the index of all customers
_OF_ONE = {
    kind: statement.replace("substr(x.", "substr(+x.") + f" and x.{'id' if kind == FOUNDING else 'account'} = :account"
    for kind, statement in _PARTS.items()
}


def _month_days(as_of: date, days: int) -> list[str]:
    """The days of the year from one on, as MM-DD; 29 February too where the 28th is among them."""
    found = {(as_of + timedelta(days=each)).isoformat()[5:] for each in range(min(days, 366) + 1)}
    return sorted(found | ({"02-29"} if "02-28" in found else set()))


def _take(
    found: list[_Found], kind: str, day: str | None, yearly: bool,
    rest: tuple[str, str, str, str], as_of: date, days: int,
) -> None:  # fmt: skip
    if not day:
        return
    first = date.fromisoformat(day)
    on = next_day(first, as_of) if yearly else first
    if as_of <= on <= as_of + timedelta(days=days):
        years = on.year - first.year if yearly and first.year > 1900 else 0
        found.append((on, kind, max(0, years), *rest))


def next_day(first: date, as_of: date) -> date:
    """The next day, from `as_of` on, on which a yearly occasion falls; never before the first one."""
    for year in (as_of.year, as_of.year + 1):
        leap = first.day == 29 and first.month == 2 and not calendar.isleap(year)
        on = date(year, first.month, 28 if leap else first.day)
        if on >= max(as_of, first):
            return on
    return first


def of_account(reader: Reader, account: str) -> list[Occasion]:
    """The occasions written down for a customer, by name."""
    return reader.children(Occasion, "account", account)


def person(reader: Reader, contact: str) -> str:
    """The name of the person an occasion is about, "" for none."""
    found = reader.get(Contact, contact) if contact else None
    return found.full_name if found else ""
