"""Average delay of payment: how many days after the due date a customer's money comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from kam_desktop.domain import money
from kam_desktop.domain.figures import ageing, spans, terms


@dataclass(frozen=True, slots=True)
class Delay:
    """How late money came, weighted by amount.

    Attributes:
        days: one decimal, half up; early is negative; None when there is nothing to rate.
        paid: how much of it was paid, still_open: how much is open and overdue; minor units.
        since: the window, both days included.
    """

    days: Decimal | None
    paid: int
    still_open: int
    since: date
    as_of: date


def average_delay(
    ledger: ageing.Ledger, as_of: date, since: date, currency: str = "VND", accounts: Iterable[str] | None = None
) -> Delay:
    """The average of (payment − due date) in days over the money received in the window, weighted by amount.

    Each allocation counts with the date of its receipt, while it stands at the end of `as_of`; what is open and
    overdue counts up to `as_of`, whenever it fell due. Left out: what is not due or waits for papers, credit notes,
    opening settlements, receipts not confirmed, replaced invoices.

    Args:
        accounts: only these accounts' invoices; None for all.
    """
    wanted = None if accounts is None else frozenset(accounts)
    due = terms.due_dates(ledger, as_of)
    invoices = {
        each.id for each in ledger.invoices if each.currency == currency and (wanted is None or each.account in wanted)
    }
    parts = {each.id: due.get(each.id) for each in ledger.instalments if each.invoice in invoices}
    receipts = {each.id: each.dated_on for each in ledger.credits if each.kind == "receipt"}
    weighted = paid = still_open = 0
    for span in spans.spans(ledger):
        due_on, received_on = parts.get(span.instalment), receipts.get(span.credit)
        if due_on is None or received_on is None or not since <= received_on <= as_of or not span.on(as_of):
            continue
        paid += span.amount
        weighted += span.amount * (received_on - due_on).days
    for item in ageing.positions(ledger, as_of).items:
        if item.instalment in parts and item.days_overdue is not None and item.days_overdue > 0 and item.open > 0:
            still_open += item.open
            weighted += item.open * item.days_overdue
    whole = paid + still_open
    days = Decimal(money.half_up(Fraction(weighted * 10, whole))).scaleb(-1) if whole else None
    return Delay(days, paid, still_open, since, as_of)
