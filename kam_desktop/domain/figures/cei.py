"""Collection effectiveness index: how much of what could be collected in a period was collected."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from kam_desktop.domain import money
from kam_desktop.domain.figures.ageing import AgeingRow


@dataclass(frozen=True, slots=True)
class Balance:
    """What is owed at the end of a day, in minor units of one currency.

    Attributes:
        advances: credits that are laid against nothing, positive.
    """

    not_due: int
    overdue: int
    advances: int = 0

    @property
    def whole(self) -> int:
        """Everything owed, less advances."""
        return self.not_due + self.overdue - self.advances

    @property
    def current(self) -> int:
        """What is not due, less advances: an advance pays what falls due next."""
        return self.not_due - self.advances


def balance_of(row: AgeingRow) -> Balance:
    """The balance of a row of the ageing, or of its total."""
    return Balance(row.not_due, sum(row.overdue), row.unallocated)


def cei(opening: Balance, sales: int, closing: Balance) -> Decimal | None:
    """(opening + sales − closing) ÷ (opening + sales − closing not due) × 100, one decimal half up.

    None ("n/a") when the denominator is 0 or less. 100 exactly when nothing is overdue at the end. The index of the
    Credit Research Foundation; balances less advances.

    Args:
        opening: at the end of the day before the period; closing: at the end of its last day.
        sales: of the whole period, tax included, less credit notes and what opening settlements settled; minor units.
    """
    could = opening.whole + sales - closing.current
    if could <= 0:
        return None
    return Decimal(money.ratio(opening.whole + sales - closing.whole, 1000, could)).scaleb(-1)
