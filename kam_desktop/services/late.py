"""What the law says about late money, by customer: provision estimated, limitation running."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from kam_desktop.domain import money
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.figures import provision as figure
from kam_desktop.domain.figures import terms
from kam_desktop.domain.figures.worklist import LIMITATION_MONTHS
from kam_desktop.store import figures
from kam_desktop.store.oldest_due import oldest_due
from kam_desktop.store.reader import Reader

_LEAST_DAYS_OF_MONTH = 28


@dataclass(frozen=True, slots=True)
class Late:
    """One customer with something overdue, in one currency.

    Attributes:
        provision: the estimate for doubtful debts, minor units.
        limitation_on: the last day of the limitation of the oldest instalment, counted from its due date; a
            confirmation of the debt or a part payment begins it anew (Civil Code 2015 art. 157).
    """

    provision: int
    limitation_on: date


def late(reader: Reader, as_of: date, currency: str, tables: Sequence[figure.Table]) -> dict[str, Late]:
    """Every customer with something overdue at the end of the day, by id.

    Provision as in figures.provision, by the table in force on the day; where there is none it is 0. Limitation is
    that of commercial disputes, two years (Commercial Law 2005 art. 319).
    """
    try:
        tiers = figure.table_on(as_of, tables).tiers
    except Refused:
        tiers = ()
    sums: dict[str, int] = {}
    if tiers:
        months = min(each.months for each in tiers)
        latest = as_of - timedelta(days=max(1, _LEAST_DAYS_OF_MONTH * months))
        for item in figures.open_instalments(reader, as_of, currency, due_to=latest):
            tier = figure.tier_of(item.due_on, as_of, tiers) if item.due_on is not None and item.open > 0 else None
            if tier is not None:
                amount = money.half_up(Fraction(item.open) * Fraction(tier.percent) / 100)
                sums[item.account] = sums.get(item.account, 0) + amount
    return {
        account: Late(sums.get(account, 0), terms.plus_months(day, LIMITATION_MONTHS))
        for account, day in oldest_due(reader, as_of, currency).items()
    }
