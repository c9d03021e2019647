"""Days worth a word to a customer: birthdays, founding days and the occasions that were written down."""

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
    values = {"account": account, "near": json.dumps(_month_days(as_of, days))}
    # by month and day in the database: of 100,000 customers Python would look at every birthday
    near = "substr({}, 6, 5) in (select value from json_each(:near))".format
    among = "account = :account" if account else "account is not null"
    found: list[tuple[date, str, int, str, str, str, str]] = []
    statement = (
        f"select id, account, full_name, birthday from contact where {among} "  # noqa: S608 - ours
        f"and coalesce(birthday, '') <> '' and coalesce(left_on, '') = '' and {near('birthday')}"
    )
    for identity, owner, name, day in reader.sql(statement, values):
        _take(found, BIRTHDAY, day, True, (name, owner, identity, identity), as_of, days)
    among_ids = "id = :account and" if account else ""
    statement = f"select id, founded_on from account where {among_ids} founded_on <> '' and {near('founded_on')}"  # noqa: S608
    for identity, day in reader.sql(statement, values):
        _take(found, FOUNDING, day, True, ("", identity, "", identity), as_of, days)
    statement = f"select id, account, name, contact, happens_on, yearly from occasion where {among}"  # noqa: S608
    for identity, owner, name, contact, day, yearly in reader.sql(statement, values):
        _take(found, OCCASION, day, bool(yearly), (name, owner, contact or "", identity), as_of, days)
    found.sort()
    owners = reader.many(Account, {each[4] for each in found})
    made = []
    for on, kind, years, name, owner, contact, identity in found:
        who = owners.get(owner)
        if who is not None and not who.archived:
            made.append(Coming(kind, on, years, name, owner, who.short_name or who.name, contact, identity))
    return made[:limit]


def _month_days(as_of: date, days: int) -> list[str]:
    """The days of the year from one on, as MM-DD; 29 February too where the 28th is among them."""
    found = {(as_of + timedelta(days=each)).isoformat()[5:] for each in range(min(days, 366) + 1)}
    return sorted(found | ({"02-29"} if "02-28" in found else set()))


def _take(
    found: list[tuple[date, str, int, str, str, str, str]], kind: str, day: str | None, yearly: bool,
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
