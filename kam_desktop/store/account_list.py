"""The list of all accounts by id, in classes and in order, compact enough for 100,000 of them."""

# ruff: noqa: S608 — the statement is put together from fixed parts of this file; values travel as parameters.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum

from kam_desktop.store import account_figures, figures
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


@dataclass(frozen=True)
class AccountList:
    """All accounts that a list shows, by id, grouped by their class over twelve months' revenue.

    Attributes:
        from_on, as_of: the period of the revenue, both days included.
        ids: every account in its place; groups are slices of it.
        figures: revenue by account; accounts without any are not in it.
        bounds: the least figure of class A and of class B.
        revenue, overdue: totals of what is shown. `revenue_all` is the base of the shares: the sum of positive figures.
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
    from_on = twelve_months_before(as_of)
    revenue = figures.revenue(reader, from_on, as_of, currency)
    late = figures.overdue(reader, as_of, currency)
    ids = _chosen_ids(reader, as_of, text, chosen, late)
    amounts = [revenue.get(each, 0) for each in ids]  # looked up once for each of 100,000 customers
    order_of = list(range(len(ids)))  # as they come: by name; the sorts are stable, so ties stay in that order
    if order is AccountOrder.REVENUE:
        order_of.sort(key=amounts.__getitem__, reverse=True)
    elif order is AccountOrder.OVERDUE:
        order_of.sort(key=lambda place: -late[ids[place]][0] if ids[place] in late else 0)
    elif order is AccountOrder.LAST_TOUCH:
        touched = account_figures.last_touches(reader)
        order_of.sort(key=lambda place: touched.get(ids[place], ""))
    bounds = account_figures.class_bounds(revenue.values())
    revenue_all = sum(amount for amount in revenue.values() if amount > 0)
    classes: dict[str, list[int]] = {"A": [], "B": [], "C": []} if grouped else {"": order_of}
    if grouped:
        for place in order_of:
            classes[_class(amounts[place], bounds)].append(place)
    shown = set(ids)
    owed: dict[str, int] = {}
    for account, (amount, _) in late.items():
        if account in shown:
            name = _class(revenue.get(account, 0), bounds) if grouped else ""
            owed[name] = owed.get(name, 0) + amount
    groups: list[AccountGroup] = []
    ordered: list[str] = []
    for name, places in classes.items():
        amount = sum(amounts[place] for place in places)
        if places:
            part = share(amount, revenue_all)
            groups.append(AccountGroup(name, len(ordered), len(places), amount, owed.get(name, 0), part))
        ordered += [ids[place] for place in places]
    return AccountList(
        as_of,
        from_on,
        currency,
        ordered,
        tuple(groups),
        revenue,
        bounds,
        sum(each.revenue for each in groups),
        revenue_all,
        sum(each.overdue for each in groups),
    )


def _chosen_ids(
    reader: Reader, as_of: date, text: str, chosen: AccountFilter, late: Mapping[str, tuple[int, date]]
) -> list[str]:
    """Ids of the accounts that meet all conditions, in the order of their names."""
    conditions = ["archived = :archived", *(f"{name} = :{name}" for name in ("tier", "owner") if getattr(chosen, name))]
    values = {"archived": int(chosen.archived), "tier": chosen.tier, "owner": chosen.owner}
    statement = f"select id from account where {' and '.join(conditions)} order by _sort, id"
    ids = [row[0] for row in reader.each(statement, values)]
    if text.strip():
        found = reader.matching("account", text)
        ids = [each for each in ids if each in found]
    if chosen.overdue_over_days is not None:
        limit = as_of - timedelta(days=chosen.overdue_over_days)
        ids = [each for each in ids if each in late and late[each][1] < limit]
    if chosen.untouched_days is not None:
        limit_text = (as_of - timedelta(days=chosen.untouched_days)).isoformat()
        touched = account_figures.last_touches(reader)
        ids = [each for each in ids if touched.get(each, "") < limit_text]
    return ids


def _class(amount: int, bounds: tuple[int, int]) -> str:
    return "A" if amount >= bounds[0] else "B" if amount >= bounds[1] else "C"
