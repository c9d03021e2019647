"""Money due: a receipt and what it pays, an invoice by hand, one invoice with all laid against it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kam_desktop.domain import promises
from kam_desktop.domain.entities import (
    Account,
    Allocation,
    CreditNote,
    Firm,
    Instalment,
    Invoice,
    InvoiceLine,
    OpeningSettlement,
    Receipt,
)
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import ageing, allocation
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.services import records
from kam_desktop.store import figures
from kam_desktop.store.ledger import ledger_of, pure_allocation
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a receipt for one instalment, in minor units.

    Attributes:
        open: what is open of it before this share.
        amount: the share; 0 offers the instalment without laying anything against it.
    """

    instalment: str
    invoice: str
    number: str
    due_on: date
    open: int
    amount: int


@dataclass(frozen=True, slots=True)
class InstalmentState:
    """An instalment of an invoice and what is open of it at the end of the day."""

    instalment: Instalment
    due_on: date
    days_overdue: int
    on_default_term: bool
    open: int


@dataclass(frozen=True)
class InvoiceDetail:
    """One invoice with its lines, instalments and everything that changes what is open.

    Attributes:
        replaced_by: the invoice that took its place, None while it counts.
        allocations: the newest first, reversals among them; `sources` has their receipts and credit notes by id.
    """

    invoice: Invoice
    account: Account | None
    lines: tuple[InvoiceLine, ...]
    instalments: tuple[InstalmentState, ...]
    allocations: tuple[Allocation, ...]
    sources: dict[str, Receipt | CreditNote]
    settlements: tuple[OpeningSettlement, ...]
    credit_notes: tuple[CreditNote, ...]
    replaced_by: Invoice | None
    open: int


def suggest_allocation(reader: Reader, account_id: str, currency: str, amount: int, as_of: date) -> list[Share]:
    """How a receipt pays what is open: earliest due date, then earliest invoice date, then lowest number.

    All open instalments of the account in that currency are in the answer; those that get nothing stand with 0.
    Never more than the amount or an instalment (features.md 2, Allocation).
    """
    items = figures.open_instalments(reader, as_of, currency, accounts=[account_id])
    due = {item.id: item for item in items}
    parts = allocation.in_order(_open_parts(reader, due))
    free = allocation.FreeAmount("", account_id, currency, amount, as_of)
    shares = {share.instalment: share.amount for share in allocation.propose(free, parts)}
    return [
        Share(
            instalment=part.instalment,
            invoice=part.invoice,
            number=part.number,
            due_on=due[part.instalment].due_on,
            open=part.open,
            amount=shares.get(part.instalment, 0),
        )
        for part in parts
    ]


def _open_parts(reader: Reader, items: Mapping[str, figures.OpenInstalment]) -> list[allocation.OpenPart]:
    parts = reader.many(Instalment, items)
    invoices = reader.many(Invoice, {item.invoice for item in items.values()})
    return [
        allocation.OpenPart(
            instalment=item.id,
            invoice=item.invoice,
            account=item.account,
            currency=item.currency,
            open=item.open,
            due_on=item.due_on,
            issued_on=invoices[item.invoice].issued_on or date.min,
            number=invoices[item.invoice].number,
            place=parts[item.id].place or 1,
        )
        for item in items.values()
    ]


def record_receipt(uow: UnitOfWork, receipt: Receipt, shares: Sequence[tuple[str, int]] = ()) -> Receipt:
    """Writes a receipt down and lays it against instalments: (instalment id, amount in minor units) each.

    An allocation is dated like the receipt, or like the invoice if that is later. Raises Refused with every problem:
    more than the receipt or than what is open, another account's or another currency's instalment, a payer unknown.
    """
    made = records.cleaned(receipt if receipt.id else _with_id(uow, receipt))
    uow.add(made)
    allocate(uow, made, shares)
    return made


def allocate(uow: UnitOfWork, source: Receipt | CreditNote, shares: Sequence[tuple[str, int]]) -> list[Allocation]:
    """Lays what is left of a receipt or credit note against instalments. Raises Refused like `record_receipt`."""
    wanted: dict[str, int | None] = {}
    for instalment, amount in shares:
        if amount:
            wanted[instalment] = (wanted.get(instalment) or 0) + amount
    dated_on = (source.received_on if isinstance(source, Receipt) else source.issued_on) or date.min
    whole = (source.amount if isinstance(source, Receipt) else source.total) or 0
    parts = _open_parts(uow, figures.cached(uow, list(wanted)))
    left = whole - figures.taken_from(uow, source.id)
    free = allocation.FreeAmount(source.id, source.account, source.currency, left, dated_on)
    chosen = allocation.choose(free, parts, wanted)
    issued = {part.instalment: part.issued_on for part in parts}
    # What is open today may have been taken on an earlier day, by money that came back since.
    ledger = ledger_of(uow, wanted, [source.id])
    if all(credit.id != source.id for credit in ledger.credits):
        kind = "receipt" if isinstance(source, Receipt) else "credit_note"
        new = ageing.Credit(source.id, source.account, source.currency, whole, dated_on, kind)
        ledger = dataclasses.replace(ledger, credits=[*ledger.credits, new])
    made: list[Allocation] = []
    problems: list[Problem] = []
    for share in chosen:
        record = Allocation(
            id=uow.new_id(),
            instalment=share.instalment,
            receipt=source.id if isinstance(source, Receipt) else "",
            credit_note=source.id if isinstance(source, CreditNote) else "",
            amount=share.amount,
            allocated_on=max(dated_on, issued[share.instalment]),
        )
        for problem in promises.allocation_problems(pure_allocation(record), ledger):
            problems.append(dataclasses.replace(problem, where=share.instalment))
        ledger = dataclasses.replace(ledger, allocations=[*ledger.allocations, pure_allocation(record)])
        made.append(record)
    if problems:
        raise Refused(problems)
    for record in made:
        uow.add(record)
    return made


def reverse_allocation(uow: UnitOfWork, allocation_id: str, on: date | None = None) -> Allocation:
    """Takes back exactly the amount of an allocation, on both sides, from that day on (today when not said).

    Raises Refused `missing`, `reversed_already`, `is_reversal`, or `too_early` for a day before it was laid.
    """
    taken = records.get(uow, Allocation, allocation_id)
    back = Allocation(
        id=uow.new_id(),
        instalment=taken.instalment,
        receipt=taken.receipt,
        credit_note=taken.credit_note,
        amount=taken.amount,
        allocated_on=on or uow.clock.today(),
        reverses=taken.id,
    )
    ledger = ledger_of(uow, [taken.instalment], [taken.receipt or taken.credit_note])
    problems = promises.allocation_problems(pure_allocation(back), ledger)
    if problems:
        raise Refused(problems)
    uow.add(back)
    return back


def create_invoice(
    uow: UnitOfWork,
    invoice: Invoice,
    instalments: Sequence[Instalment] = (),
    lines: Sequence[InvoiceLine] = (),
) -> Invoice:
    """Writes an invoice by hand, with its instalments; without any, one of the whole total due by the terms.

    Raises Refused when the instalments do not add up to the total, or one has a wrong sign.
    """
    made = records.cleaned(invoice if invoice.id else _with_id(uow, invoice))
    amounts = [each.amount or 0 for each in instalments] or [made.total or 0]
    problems = promises.instalment_problems(made.total or 0, amounts, made.currency)
    if problems:
        raise Refused(problems)
    uow.add(made)
    for place, line in enumerate(lines, 1):
        uow.add(_replaced(records.cleaned(line), uow, made.id, place))
    parts = instalments or [Instalment(id="", invoice=made.id, place=1, amount=made.total)]
    for place, part in enumerate(parts, 1):
        uow.add(_replaced(records.cleaned(part), uow, made.id, place))
    return made


def invoice_detail(reader: Reader, invoice_id: str, as_of: date) -> InvoiceDetail:
    """One invoice with all that hangs on it, open amounts at the end of the day. Raises Refused `missing`."""
    invoice = records.get(reader, Invoice, invoice_id)
    parts = reader.children(Instalment, "invoice", invoice_id, (Order("place"),))
    states = figures.instalments(reader, as_of, [part.id for part in parts])
    allocations = _allocations(reader, [part.id for part in parts])
    sources: dict[str, Receipt | CreditNote] = {}
    sources.update(reader.many(Receipt, {each.receipt for each in allocations if each.receipt}))
    sources.update(reader.many(CreditNote, {each.credit_note for each in allocations if each.credit_note}))
    replacing = [each for each in reader.children(Invoice, "replaces", invoice_id) if each.id != invoice_id]
    shown = [
        InstalmentState(part, state.due_on, (as_of - state.due_on).days, state.on_default_term, state.open)
        for part in parts
        if (state := states.get(part.id)) is not None
    ]
    return InvoiceDetail(
        invoice=invoice,
        account=reader.get(Account, invoice.account),
        lines=tuple(reader.children(InvoiceLine, "invoice", invoice_id, (Order("place"),))),
        instalments=tuple(shown),
        allocations=tuple(allocations),
        sources=sources,
        settlements=tuple(reader.children(OpeningSettlement, "invoice", invoice_id)),
        credit_notes=tuple(reader.children(CreditNote, "invoice", invoice_id)),
        replaced_by=min(replacing, key=lambda each: (each.issued_on or as_of, each.id), default=None),
        open=sum(each.open for each in shown),
    )


def payment_days(reader: Reader, account: Account) -> tuple[int, bool]:
    """The payment term that counts for an account in days, and whether it is only the firm's default."""
    if account.payment_days is not None:
        return account.payment_days, False
    firm = next((each for each in reader.all(Query("firm")) if isinstance(each, Firm)), None)
    days = firm.default_payment_days if firm else None
    return 30 if days is None else days, True


def _allocations(reader: Reader, instalments: Sequence[str]) -> list[Allocation]:
    newest = (Order("allocated_on", descending=True), Order("id", descending=True))
    query = Query("allocation", (Where("instalment", Op.ONE_OF, tuple(instalments)),), newest)
    return [each for each in reader.all(query) if isinstance(each, Allocation)]


def _with_id(uow: UnitOfWork, record: records.R) -> records.R:
    return dataclasses.replace(record, id=uow.new_id())


def _replaced(part: records.R, uow: UnitOfWork, invoice: str, place: int) -> records.R:
    values: dict[str, Any] = {"id": part.id or uow.new_id(), "invoice": invoice, "place": place}
    return dataclasses.replace(part, **values)
