"""The facts around a few documents as the ledger that the pure figures and promises work on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime

from kam_desktop.domain.entities import (
    Account,
    Allocation,
    CreditNote,
    DocumentsConfirmed,
    Firm,
    Instalment,
    Invoice,
    OpeningSettlement,
    PaymentTermLine,
    Receipt,
    ReceiptDecision,
)
from kam_desktop.domain.figures import ageing as pure
from kam_desktop.domain.figures.due import Term, known_steps
from kam_desktop.domain.figures.spans import Decision, Papers, papers_day, receipt_status
from kam_desktop.domain.query import Op, Query, Where
from kam_desktop.store.reader import R, Reader

_NEVER = datetime.min.replace(tzinfo=UTC)


def ledger_of(reader: Reader, instalments: Collection[str] = (), credits: Collection[str] = ()) -> pure.Ledger:
    """Everything that says what is open of these instalments, and what is left of these receipts and credit notes.

    Both sides of every allocation are in it, with their invoices' other instalments, settlements and replacements,
    receipts with their status, instalments with the day of their papers, accounts with their payment terms.
    """
    laid = _where(reader, Allocation, "instalment", instalments)
    for field in ("receipt", "credit_note"):
        laid += _where(reader, Allocation, field, credits)
    parts = reader.many(Instalment, {*instalments, *(each.instalment for each in laid)})
    invoices = reader.many(Invoice, {each.invoice for each in parts.values()})
    parts.update({each.id: each for each in _where(reader, Instalment, "invoice", invoices)})
    laid += _where(reader, Allocation, "instalment", parts)
    allocations = {each.id: each for each in laid}
    allocations.update({each.id: each for each in _where(reader, Allocation, "reverses", allocations)})
    wanted = {*credits, *(each.receipt or each.credit_note for each in allocations.values())}
    receipts, notes = reader.many(Receipt, wanted), reader.many(CreditNote, wanted)
    replacing = _where(reader, Invoice, "replaces", [*invoices, *notes])
    accounts = reader.many(Account, {each.account for each in invoices.values()})
    firm = next((each for each in reader.all(Query("firm")) if isinstance(each, Firm)), None)
    days = firm.default_payment_days if firm else None
    statuses = statuses_of(reader, receipts.values(), firm)
    papers = papers_of(reader, invoices)
    return pure.Ledger(
        invoices=[
            pure.Invoice(each.id, each.account, each.currency, _on(each.issued_on), each.replaces)
            for each in {**invoices, **{each.id: each for each in replacing}}.values()
        ],
        instalments=[
            pure.Instalment(
                each.id,
                each.invoice,
                each.amount or 0,
                each.due_on,
                each.place or 1,
                each.from_papers,
                papers.get(each.invoice),
                known_steps(each.steps),
            )
            for each in parts.values()
        ],
        credits=[
            *(
                pure.Credit(
                    each.id,
                    each.account,
                    each.currency,
                    each.amount or 0,
                    _on(each.received_on),
                    status=statuses[each.id],
                )
                for each in receipts.values()
            ),
            *(
                pure.Credit(each.id, each.account, each.currency, each.total or 0, _on(each.issued_on), "credit_note")
                for each in notes.values()
            ),
        ],
        allocations=[pure_allocation(each) for each in allocations.values()],
        settlements=[
            pure.Settlement(each.invoice, each.amount or 0)
            for each in _where(reader, OpeningSettlement, "invoice", invoices)
        ],
        payment_days={each.id: each.payment_days for each in accounts.values() if each.payment_days is not None},
        default_days=pure.DEFAULT_DAYS if days is None else days,
        terms=terms_of(reader, accounts.values()),
    )


def statuses_of(reader: Reader, receipts: Iterable[Receipt], firm: Firm | None) -> dict[str, str]:
    """ "reported", "confirmed" or "rejected" by receipt (figures/spans.receipt_status)."""
    wanted = {each.id: each for each in receipts}
    made: dict[str, list[Decision]] = {}
    for each in _where(reader, ReceiptDecision, "receipt", wanted):
        made.setdefault(each.receipt, []).append(Decision(each.id, each.verdict, each.decided_at or _NEVER))
    begins_on = firm.confirmation_begins_on if firm else None
    return {key: receipt_status(_on(each.received_on), made.get(key, ()), begins_on) for key, each in wanted.items()}


def papers_of(reader: Reader, invoices: Iterable[str]) -> dict[str, date | None]:
    """The day on which the full document set was confirmed, by invoice (figures/spans.papers_day)."""
    told: dict[str, list[Papers]] = {}
    for each in _where(reader, DocumentsConfirmed, "invoice", invoices):
        told.setdefault(each.invoice, []).append(Papers(each.id, each.confirmed_on, each.recorded_at or _NEVER))
    return {key: papers_day(records) for key, records in told.items()}


def terms_of(reader: Reader, accounts: Iterable[Account]) -> dict[str, Term]:
    """By account its payment term, where that has exactly one line; several were worked into the instalments."""
    agreed = {each.id: each.payment_term for each in accounts if each.payment_term}
    lines: dict[str, list[PaymentTermLine]] = {}
    for line in _where(reader, PaymentTermLine, "term", set(agreed.values())):
        lines.setdefault(line.term, []).append(line)
    return {
        account: Term(known_steps(lines[term][0].steps), lines[term][0].from_papers)
        for account, term in agreed.items()
        if len(lines.get(term, ())) == 1
    }


def pure_allocation(record: Allocation) -> pure.Allocation:
    """An allocation as the figures know it: one credit, be it a receipt or a credit note."""
    return pure.Allocation(
        record.id,
        record.receipt or record.credit_note,
        record.instalment,
        record.amount or 0,
        _on(record.allocated_on),
        record.reverses,
    )


def _where(reader: Reader, record: type[R], field: str, ids: Iterable[str]) -> list[R]:
    wanted = [each for each in ids if each]
    found: list[R] = []
    for start in range(0, len(wanted), 500):
        part = tuple(wanted[start : start + 500])
        query = Query(record.entity.name, (Where(field, Op.ONE_OF, part),), ())
        found += [each for each in reader.all(query) if isinstance(each, record)]
    return found


def _on(day: date | None) -> date:
    # Every dated fact requires its date, so this only tells the type checker.
    return day or date.min
