"""Money due: a receipt and what it pays, an invoice by hand, one invoice with everything laid against it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

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
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.language import N_
from kam_desktop.services import records
from kam_desktop.store import figures
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
    invoices = reader.many(Invoice, {item.invoice for item in items})
    items.sort(key=lambda item: (item.due_on, invoices[item.invoice].issued_on, invoices[item.invoice].number, item.id))
    rest = max(0, amount)
    shares = []
    for item in items:
        part = max(0, min(rest, item.open))
        rest -= part
        shares.append(Share(item.id, item.invoice, invoices[item.invoice].number, item.due_on, item.open, part))
    return shares


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
    wanted = [(instalment, amount) for instalment, amount in shares if amount]
    parts = uow.many(Instalment, [instalment for instalment, _ in wanted])
    invoices = uow.many(Invoice, {part.invoice for part in parts.values()})
    states = figures.cached(uow, list(parts))
    problems = _problems(uow, source, wanted, parts, invoices, states)
    if problems:
        raise Refused(problems)
    dated_on = source.received_on if isinstance(source, Receipt) else source.issued_on
    made = []
    for instalment, amount in wanted:
        issued_on = invoices[parts[instalment].invoice].issued_on
        days = [day for day in (dated_on, issued_on) if day is not None]
        allocation = Allocation(
            id=uow.new_id(),
            instalment=instalment,
            receipt=source.id if isinstance(source, Receipt) else "",
            credit_note=source.id if isinstance(source, CreditNote) else "",
            amount=amount,
            allocated_on=max(days) if days else None,
        )
        uow.add(allocation)
        made.append(allocation)
    return made


def _problems(
    reader: Reader,
    source: Receipt | CreditNote,
    wanted: Sequence[tuple[str, int]],
    parts: dict[str, Instalment],
    invoices: dict[str, Invoice],
    states: dict[str, figures.OpenInstalment],
) -> list[Problem]:
    found: list[Problem] = []
    if wanted and not source.account:
        found.append(Problem("account", "payer_unknown", "Say first whose money it is, then lay it against invoices."))
    whole = (source.amount if isinstance(source, Receipt) else source.total) or 0
    left = whole - figures.taken_from(reader, source.id)
    if sum(amount for _, amount in wanted) > left:
        found.append(Problem("allocations", "more_than_receipt", "The shares are more than what came in."))
    asked: dict[str, int] = {}
    for instalment, amount in wanted:
        part, state = parts.get(instalment), states.get(instalment)
        if part is None or state is None:
            found.append(Problem(instalment, "missing", "This record is not there any more."))
            continue
        asked[instalment] = asked.get(instalment, 0) + amount
        number = {"number": invoices[part.invoice].number}
        if amount < 0:
            found.append(Problem(instalment, "not_positive", "The amount must be above zero."))
        if source.account and state.account != source.account:
            found.append(Problem(instalment, "other_account", "Invoice {number} is another customer's.", number))
        if state.currency != source.currency:
            found.append(Problem(instalment, "other_currency", "Invoice {number} is in another currency.", number))
        if asked[instalment] > state.open:
            message = N_("Of invoice {number} less is open than you lay against it.")
            found.append(Problem(instalment, "more_than_open", message, number))
    return found


def reverse_allocation(uow: UnitOfWork, allocation_id: str, on: date | None = None) -> Allocation:
    """Takes back exactly the amount of an allocation, on both sides, from that day on (today when not said).

    Raises Refused `missing`, `reversed_already`, or `is_reversal`.
    """
    taken = records.get(uow, Allocation, allocation_id)
    if taken.reverses:
        message = N_("This entry takes another one back; it cannot be taken back itself.")
        raise Refused(Problem("id", "is_reversal", message))
    if uow.children(Allocation, "reverses", allocation_id):
        raise Refused(Problem("id", "reversed_already", "This was taken back already."))
    back = Allocation(
        id=uow.new_id(),
        instalment=taken.instalment,
        receipt=taken.receipt,
        credit_note=taken.credit_note,
        amount=taken.amount,
        allocated_on=on or uow.clock.today(),
        reverses=taken.id,
    )
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
    if instalments and sum(each.amount or 0 for each in instalments) != (made.total or 0):
        raise Refused(Problem("instalments", "not_the_total", "The instalments do not add up to the total."))
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
