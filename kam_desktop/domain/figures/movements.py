"""What raised and lowered one customer's balance, day by day; made for statements of account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kam_desktop.domain.figures.ageing import Ledger, settled, stop_dates
from kam_desktop.domain.figures.spans import spans

INVOICE, SETTLED, REPLACED = "invoice", "settled", "replaced"
RECEIPT, CREDIT_NOTE, BY_OTHERS, FOR_OTHERS = "receipt", "credit_note", "by_others", "for_others"
_ORDER = (INVOICE, SETTLED, REPLACED, CREDIT_NOTE, RECEIPT, BY_OTHERS, FOR_OTHERS)


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of an account.

    Attributes:
        kind: invoice, receipt, credit_note; settled: paid before the program was used; replaced: a document that
            another took the place of; by_others: money of another payer laid against this account's invoice, and
            for_others: this account's money laid against another's.
        document: the id of the invoice, receipt or credit note.
        amount: minor units; above zero raises what is owed.
    """

    on: date
    kind: str
    document: str
    amount: int


def movements(ledger: Ledger, account: str, currency: str) -> list[Movement]:
    """Every movement of an account in one currency, oldest first.

    Their sum up to a day is the balance of figures/ageing at its end (features.md 2, Ageing): replaced documents go on
    the day of the replacement, an opening settlement counts as if dated like its invoice, allocations move nothing
    unless the two sides belong to different accounts. A property test holds the two equal.
    """
    stops = stop_dates(ledger)
    parts: dict[str, int] = {}
    paid: dict[str, int] = {}
    before = settled(ledger)
    for part in ledger.instalments:
        parts[part.invoice] = parts.get(part.invoice, 0) + part.amount
        paid[part.invoice] = paid.get(part.invoice, 0) + before.get(part.id, 0)
    found: list[Movement] = []
    for invoice in ledger.invoices:
        stop = stops.get(invoice.id)
        if (invoice.account, invoice.currency) != (account, currency) or (stop and stop <= invoice.issued_on):
            continue
        owed, gone = parts.get(invoice.id, 0), paid.get(invoice.id, 0)
        found.append(Movement(invoice.issued_on, INVOICE, invoice.id, owed))
        found.append(Movement(invoice.issued_on, SETTLED, invoice.id, -gone))
        if stop is not None:
            found.append(Movement(stop, REPLACED, invoice.id, gone - owed))
    for credit in ledger.credits:
        stop = stops.get(credit.id)
        if (credit.account, credit.currency, credit.status) != (account, currency, "confirmed"):
            continue
        if stop and stop <= credit.dated_on:
            continue
        kind = CREDIT_NOTE if credit.kind == "credit_note" else RECEIPT
        found.append(Movement(credit.dated_on, kind, credit.id, -credit.amount))
        if stop is not None:
            found.append(Movement(stop, REPLACED, credit.id, credit.amount))
    found += _between_accounts(ledger, account, currency)
    kept = [each for each in found if each.amount]
    return sorted(kept, key=lambda each: (each.on, _ORDER.index(each.kind), each.document))


def balance(found: Iterable[Movement], day: date) -> int:
    """What is owed at the end of the day."""
    return sum(each.amount for each in found if each.on <= day)


def _between_accounts(ledger: Ledger, account: str, currency: str) -> list[Movement]:
    """Money of one account that pays another's invoice follows the invoice while the allocation counts."""
    owner = {each.id: each.account for each in ledger.invoices if each.currency == currency}
    invoice_of = {each.id: each.invoice for each in ledger.instalments if each.invoice in owner}
    payer = {each.id: each.account for each in ledger.credits}
    found = []
    for span in spans(ledger):
        debtor = owner.get(invoice_of.get(span.instalment, ""))
        if debtor is None or debtor == payer[span.credit]:
            continue
        for kind, side, sign in ((BY_OTHERS, debtor, -1), (FOR_OTHERS, payer[span.credit], 1)):
            if side == account:
                found.append(Movement(span.begins, kind, span.credit, sign * span.amount))
                if span.ends < date.max:
                    found.append(Movement(span.ends, kind, span.credit, -sign * span.amount))
    return found
