"""What the list of accounts is made of, remembered: ids by name, revenue, overdue, last touch."""

from __future__ import annotations

import contextlib
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from sys import intern
from types import MappingProxyType
from typing import TypeVar

from kam_desktop.store import account_figures, figures, touched
from kam_desktop.store.reader import Reader

V = TypeVar("V")


@dataclass(frozen=True)
class Revenue:
    """Invoiced net less credit notes of a period by account (figures.revenue), and what follows from all of it.

    Attributes:
        bounds: the least figure of class A and of class B. positive: every figure above 0, the smallest first.
        whole: their sum. sums: of the figures in class A, B and C; what is not positive is in C.
    """

    by_account: Mapping[str, int]
    bounds: tuple[int, int]
    positive: Sequence[int]
    whole: int
    sums: tuple[int, int, int]

    @property
    def weight(self) -> int:
        """What it adds to memory, as rows (store/memory.py)."""
        return len(self.by_account)


def revenue(reader: Reader, from_on: date, to_on: date, currency: str) -> Revenue:
    """Revenue of every account in a period, both days included, with the bounds of the classes."""

    def whole() -> Revenue:
        found = figures.revenue(reader, from_on, to_on, currency)
        positive = sorted(amount for amount in found.values() if amount > 0)
        return _revenue({intern(key): amount for key, amount in found.items()}, positive)

    def patched(before: Revenue, accounts: Sequence[str]) -> Revenue:
        fresh = figures.revenue(reader, from_on, to_on, currency, accounts)
        if all(before.by_account.get(each) == fresh.get(each) for each in accounts):
            return before
        positive = list(before.positive)
        for account in accounts:
            was, now = before.by_account.get(account, 0), fresh.get(account, 0)
            if was > 0:
                del positive[bisect_left(positive, was)]
            if now > 0:
                insort(positive, now)
        return _revenue(_with(figures.without(before.by_account, accounts), fresh), positive)

    return touched.remembered(reader, ("revenue", from_on, to_on, currency), (touched.MONEY,), whole, patched)


def _revenue(by_account: dict[str, int], positive: list[int]) -> Revenue:
    bounds = account_figures.class_bounds(positive)
    first, second = (bisect_left(positive, each) for each in bounds)
    sums = sum(positive[first:]), sum(positive[second:first])
    whole = sum(positive)
    return Revenue(by_account, bounds, positive, whole, (*sums, sum(by_account.values()) - sum(sums)))


def overdue(reader: Reader, as_of: date, currency: str) -> Mapping[str, tuple[int, date]]:
    """What is overdue by account and the earliest due date of it (figures.overdue)."""

    def whole() -> Mapping[str, tuple[int, date]]:
        return MappingProxyType(figures.overdue(reader, as_of, currency))

    def patched(before: Mapping[str, tuple[int, date]], accounts: Sequence[str]) -> Mapping[str, tuple[int, date]]:
        fresh = figures.overdue(reader, as_of, currency, accounts)
        return MappingProxyType(_with(figures.without(before, accounts), fresh))

    return touched.remembered(reader, ("overdue", as_of, currency), (touched.MONEY,), whole, patched)


def last_touches(reader: Reader) -> Mapping[str, str]:
    """The moment of the newest interaction of every account, in its stored form (UTC)."""

    def whole() -> Mapping[str, str]:
        return MappingProxyType(account_figures.last_touches(reader))

    def patched(before: Mapping[str, str], accounts: Sequence[str]) -> Mapping[str, str]:
        fresh = account_figures.last_touches(reader, accounts)
        return MappingProxyType(_with(figures.without(before, accounts), fresh))

    return touched.remembered(reader, ("last_touches",), (touched.ACTIVITY,), whole, patched)


def _with(found: dict[str, V], fresh: Mapping[str, V]) -> dict[str, V]:
    found.update(fresh)
    return found


def ids(reader: Reader, archived: bool = False, tier: str = "", owner: str = "") -> Sequence[str]:
    """The accounts of a tier and a person in charge ("" for any) by their names."""
    conditions = ["archived = :archived", *(f"{name} = :{name}" for name, given in
                                            (("tier", tier), ("owner", owner)) if given)]  # fmt: skip
    chosen = "select id, _sort from account where " + " and ".join(conditions)  # noqa: S608 - fixed parts
    values = {"archived": int(archived), "tier": tier, "owner": owner}

    def whole() -> Sequence[str]:
        return tuple(intern(row[0]) for row in reader.each(chosen + " order by _sort, id", values))

    def patched(before: Sequence[str], accounts: Sequence[str]) -> Sequence[str]:
        found = without(before, accounts)
        for account in accounts:
            row = reader.sql(chosen + " and id = :id", {**values, "id": account})
            if row:
                found.insert(place_by_name(reader, found, account, 0, len(found)), intern(account))
        return tuple(found)

    return touched.remembered(reader, ("accounts", archived, tier, owner), (touched.ACCOUNT,), whole, patched)


def without(before: Sequence[str], accounts: Sequence[str]) -> list[str]:
    """A copy of the ids without those of a few accounts."""
    if len(accounts) > 3:
        gone = set(accounts)
        return [each for each in before if each not in gone]
    found = list(before)
    for account in accounts:
        with contextlib.suppress(ValueError):
            found.remove(account)
    return found


def place_by_name(reader: Reader, among: Sequence[str], account: str, low: int, high: int) -> int:
    """Where an account belongs among others that stand by name from one place to another; asks for a few names."""

    def name(identity: str) -> tuple[str, str]:
        return reader.sql("select _sort from account where id = :id", {"id": identity})[0][0], identity

    return bisect_left(among, name(account), low, high, key=name)
