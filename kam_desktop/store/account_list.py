"""The list of all accounts by id, in classes and in order, compact enough for 100,000 of them."""

from __future__ import annotations

import contextlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cached_property
from itertools import compress, pairwise, repeat
from sys import intern
from typing import Any

from kam_desktop.domain.change import moment_text
from kam_desktop.store import account_basis, touched
from kam_desktop.store.account_search import Columns, columns
from kam_desktop.store.reader import Reader


class AccountOrder(Enum):
    """What accounts are ordered by within their group; ties by name."""

    REVENUE = "revenue"
    NAME = "name"
    OVERDUE = "overdue"
    LAST_TOUCH = "last_touch"  # longest untouched first


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which accounts a list shows; every condition must hold.

    Attributes:
        archived: True shows the archived ones alone.
        tier: the tier that people gave, "" for any.
        overdue_over_days: has something overdue by more than so many days.
        untouched_days: no interaction within so many days before the as-of date.
    """

    archived: bool = False
    tier: str = ""
    owner: str = ""
    overdue_over_days: int | None = None
    untouched_days: int | None = None


@dataclass(frozen=True, slots=True)
class AccountGroup:
    """A class of accounts: ids[start : start + count] of the list. Amounts in minor units, share in percent."""

    name: str
    start: int
    count: int
    revenue: int
    overdue: int
    share: Decimal | None


class _Held:
    """What a typed text is looked for in, made when the first one is; another one takes its place as a whole."""

    columns: Columns | None = None


@dataclass(frozen=True)
class AccountList:
    """All accounts that a list shows, by id, grouped by their class over twelve months' revenue.

    Attributes:
        from_on, as_of: the period of the revenue, both days included.
        ids: every account in its place; groups are slices of it.
        figures: revenue by account; accounts without any are not in it.
        bounds: the least figure of class A and of class B.
        revenue, overdue: totals of what is shown. `revenue_all` is the base of the shares: the sum of positive figures.
        largest: the largest of the figures, 0 when none is above 0.
    """

    as_of: date
    from_on: date
    currency: str
    ids: Sequence[str]
    groups: tuple[AccountGroup, ...]
    figures: Mapping[str, int]
    bounds: tuple[int, int]
    revenue: int
    revenue_all: int
    overdue: int
    largest: int
    held: _Held = field(default_factory=_Held, compare=False, repr=False)

    @property
    def weight(self) -> int:
        """What it adds to memory beside the figures and ids that other lists share with it, as rows."""
        return len(self.ids) // 4

    def class_of(self, account: str) -> str:
        """A, B or C."""
        return _class(self.figures.get(account, 0), self.bounds)

    def share_of(self, account: str) -> Decimal | None:
        """Percent of all positive revenue with one decimal; None when there is none at all."""
        return share(self.figures.get(account, 0), self.revenue_all)


def share(part: int, whole: int) -> Decimal | None:
    """Percent with one decimal, half up; None when there is nothing to share."""
    if whole <= 0:
        return None
    tenths = (2000 * abs(part) + whole) // (2 * whole)
    return Decimal(tenths if part >= 0 else -tenths).scaleb(-1)


def twelve_months_before(day: date) -> date:
    """The first day of the twelve months that end with `day`."""
    try:
        return day.replace(year=day.year - 1) + timedelta(days=1)
    except ValueError:  # 29 February
        return date(day.year - 1, 3, 1)


def account_list(
    reader: Reader,
    as_of: date,
    *,
    text: str = "",
    filters: AccountFilter | None = None,
    order: AccountOrder = AccountOrder.REVENUE,
    grouped: bool = True,
    currency: str = "VND",
) -> AccountList:
    """Every account of the list by id, in groups A, B, C; fast for 100,000 accounts (no record is built).

    Classes and shares are of the whole customer base, whatever the filter shows.
    """
    chosen = filters or AccountFilter()
    asked = _Asked(reader, as_of, chosen, order, grouped, currency)
    topics = (touched.MONEY, touched.ACCOUNT, *((touched.ACTIVITY,) if asked.by_touch else ()))
    key = ("account_list", as_of, chosen, order, grouped, currency)
    whole = touched.remembered(reader, key, topics, asked.whole, asked.patched)
    return asked.typed(whole, text) if text.strip() else whole


class _Asked:
    """One question for the list, with the figures that it needs; they are remembered (account_basis.py)."""

    def __init__(
        self, reader: Reader, as_of: date, chosen: AccountFilter, order: AccountOrder, grouped: bool, currency: str
    ) -> None:
        self.reader, self.as_of, self.currency = reader, as_of, currency
        self.chosen, self.order, self.grouped = chosen, order, grouped
        self.from_on = twelve_months_before(as_of)
        self.by_touch = order is AccountOrder.LAST_TOUCH or chosen.untouched_days is not None

    @cached_property
    def revenue(self) -> account_basis.Revenue:
        return account_basis.revenue(self.reader, self.from_on, self.as_of, self.currency)

    @cached_property
    def late(self) -> Mapping[str, tuple[int, date]]:
        return account_basis.overdue(self.reader, self.as_of, self.currency)

    @cached_property
    def touches(self) -> Mapping[str, str]:
        return account_basis.last_touches(self.reader)

    def whole(self) -> AccountList:
        """The list anew."""
        chosen = self.chosen
        by_name = account_basis.ids(self.reader, chosen.archived, chosen.tier, chosen.owner)
        return self.made(sorted(filter(self.passes, by_name) if self.filters else by_name, key=self.key))

    def patched(self, before: AccountList, accounts: Sequence[str]) -> AccountList:
        """The list with a few accounts in other places, or gone, or new."""
        moved = self.grouped and self.order is not AccountOrder.REVENUE
        if moved and before.bounds != self.revenue.bounds:
            return self.whole()
        found = account_basis.without(before.ids, accounts)
        for account in self._chosen(accounts):
            key = self.key(account)
            low = bisect_left(found, key, key=self.key)
            high = bisect_right(found, key, low, key=self.key)
            found.insert(account_basis.place_by_name(self.reader, found, account, low, high), account)
        made, known = self.made(found), before.held.columns
        if known is not None:
            with contextlib.suppress(OverflowError):  # a figure too large for eight bytes: they are made anew
                made.held.columns = known.moved(
                    self.reader, before.ids, found, accounts, self._revenue_of, self._overdue_of
                )  # fmt: skip
        return made

    def _revenue_of(self, account: str) -> int:
        return self.revenue.by_account.get(account, 0)

    def _overdue_of(self, account: str) -> int:
        late = self.late.get(account)
        return late[0] if late is not None else 0

    def typed(self, whole: AccountList, text: str) -> AccountList:
        """The accounts of a list that hold all words of a text, in the same order and groups."""
        if self.reader.memory is None:
            found = self.reader.matching("account", text)
            return self.made([each for each in whole.ids if each in found])
        known = whole.held.columns or columns(self.reader, whole.ids, self._revenue_of, self._overdue_of)
        whole.held.columns = known = known.indexed(self.reader, whole.ids)
        holding = known.holding(self.reader, text)
        groups: list[AccountGroup] = []
        for each in whole.groups:
            place = slice(each.start, each.start + each.count)
            among = holding[place]
            if count := among.count(1):
                revenue, overdue = (sum(compress(of[place], among)) for of in (known.revenue, known.overdue))
                start = groups[-1].start + groups[-1].count if groups else 0
                part = share(revenue, whole.revenue_all)
                groups.append(AccountGroup(each.name, start, count, revenue, overdue, part))
        return self._listed(list(compress(whole.ids, holding)), groups)

    def _chosen(self, accounts: Sequence[str]) -> list[str]:
        """Those of the accounts that the list shows."""
        values = {"archived": int(self.chosen.archived), "tier": self.chosen.tier, "owner": self.chosen.owner,
                  "accounts": json.dumps(list(accounts))}  # fmt: skip
        statement = (
            "select id from account where id in (select value from json_each(:accounts)) and +archived = :archived "
            "and :tier in ('', tier) and :owner in ('', owner)"
        )
        return [intern(row[0]) for row in self.reader.sql(statement, values) if self.passes(row[0])]

    @property
    def filters(self) -> bool:
        return self.chosen.overdue_over_days is not None or self.chosen.untouched_days is not None

    def passes(self, account: str) -> bool:
        """Whether an account meets the conditions on figures."""
        over = self.chosen.overdue_over_days
        if over is not None:
            late = self.late.get(account)
            if late is None or late[1] >= self.as_of - timedelta(days=over):
                return False
        return self.touched_before is None or self.touches.get(account, "") < self.touched_before

    @cached_property
    def touched_before(self) -> str | None:
        """The moment before which the last interaction has to lie: the beginning of a day on the user's wall."""
        if self.chosen.untouched_days is None:
            return None
        day = self.as_of - timedelta(days=self.chosen.untouched_days)
        return moment_text(datetime.combine(day, time()).astimezone()).removesuffix("Z")  # before its parts of a second

    @cached_property
    def key(self) -> Callable[[str], Any]:
        """What accounts are ordered by; those alike stay in the order of their names."""
        figure, late = self.revenue.by_account, self.late
        least_a, least_b = self.revenue.bounds

        def by_revenue(account: str) -> int:
            return -figure.get(account, 0)  # the classes follow from it

        def by_overdue(account: str) -> int:
            return -late[account][0] if account in late else 0

        def group(account: str) -> int:
            amount = figure.get(account, 0)
            return 0 if amount >= least_a else 1 if amount >= least_b else 2

        if self.order is AccountOrder.REVENUE:
            return by_revenue
        within: Callable[[str], Any] = by_overdue
        if self.order is AccountOrder.LAST_TOUCH:
            touches = self.touches
            within = lambda account: touches.get(account, "")  # noqa: E731
        elif self.order is AccountOrder.NAME:
            return group if self.grouped else lambda account: 0
        return (lambda account: (group(account), within(account))) if self.grouped else within

    def _left_out(self, ids: Sequence[str]) -> Sequence[str] | None:
        """The archived accounts where these are all that are in use, so that sums of all tell theirs; else None."""
        if self.chosen != AccountFilter() or len(ids) != len(account_basis.ids(self.reader)):
            return None
        return account_basis.ids(self.reader, archived=True)

    def _sums(self, ids: Sequence[str], starts: Sequence[int], gone: Sequence[str] | None) -> list[int]:
        """The revenue of each group of the list."""
        figure = self.revenue.by_account
        if gone is None:
            return [sum(map(figure.get, ids[start:end], repeat(0))) for start, end in pairwise(starts)]
        found = list(self.revenue.sums)
        for account in gone:
            amount = figure.get(account, 0)
            found[_CLASSES.index(_class(amount, self.revenue.bounds))] -= amount
        return found if self.grouped else [sum(found)]

    def made(self, ids: Sequence[str]) -> AccountList:
        """The list of these accounts, which stand in its order, with its groups and sums."""
        figure, bounds = self.revenue.by_account, self.revenue.bounds
        starts = [0, len(ids)]
        if self.grouped:
            ends = [bisect_right(ids, place, key=lambda each: _CLASSES.index(_class(figure.get(each, 0), bounds)))
                    for place in range(len(_CLASSES))]  # fmt: skip
            starts = [0, *ends]
        owed: dict[str, int] = {}
        gone = self._left_out(ids)
        among = set(ids if gone is None else gone)
        for account, (amount, _) in self.late.items():
            if (account in among) == (gone is None):
                name = _class(figure.get(account, 0), bounds) if self.grouped else ""
                owed[name] = owed.get(name, 0) + amount
        groups: list[AccountGroup] = []
        names = _CLASSES if self.grouped else ("",)
        sums = self._sums(ids, starts, gone)
        for name, start, end, amount in zip(names, starts, starts[1:], sums, strict=False):
            if end > start:
                part = share(amount, self.revenue.whole)
                groups.append(AccountGroup(name, start, end - start, amount, owed.get(name, 0), part))
        return self._listed(ids, groups)

    def _listed(self, ids: Sequence[str], groups: Sequence[AccountGroup]) -> AccountList:
        return AccountList(
            self.as_of,
            self.from_on,
            self.currency,
            ids,
            tuple(groups),
            self.revenue.by_account,
            self.revenue.bounds,
            sum(each.revenue for each in groups),
            self.revenue.whole,
            sum(each.overdue for each in groups),
            self.revenue.positive[-1] if self.revenue.positive else 0,
        )


_CLASSES = ("A", "B", "C")


def _class(amount: int, bounds: tuple[int, int]) -> str:
    return "A" if amount >= bounds[0] else "B" if amount >= bounds[1] else "C"
