"""Money due: receipts and what they pay, invoices by hand, their papers, one invoice with all of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from kam_desktop.domain import promises
from kam_desktop.domain.entities import (
    Account,
    Allocation,
    CreditNote,
    DocumentsConfirmed,
    Instalment,
    Invoice,
    InvoiceLine,
    OpeningSettlement,
    PaymentTermLine,
    PromiseToPay,
    Receipt,
    ReceiptDecision,
)
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import ageing, allocation, promise, terms
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.language import N_
from kam_desktop.services import records
from kam_desktop.store import figures
from kam_desktop.store.ledger import ledger_of, pure_allocation
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork

_NEVER = datetime.min.replace(tzinfo=UTC)
_NEWEST_PROMISE = (Order("promised_on", descending=True), Order("id", descending=True))


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a receipt for one instalment, in minor units.

    Attributes:
        due_on: None while it waits for papers.
        open: what is open of it before this share.
        amount: the share; 0 offers the instalment without laying anything against it.
    """

    instalment: str
    invoice: str
    number: str
    due_on: date | None
    open: int
    amount: int


@dataclass(frozen=True, slots=True)
class InstalmentState:
    """An instalment of an invoice and what is open of it at the end of the day.

    Attributes:
        due_on: None while it waits for papers; days_overdue is None too then.
    """

    instalment: Instalment
    due_on: date | None
    days_overdue: int | None
    on_default_term: bool
    open: int


@dataclass(frozen=True)
class InvoiceDetail:
    """One invoice with its lines, instalments and everything that changes what is open.

    Attributes:
        replaced_by: the invoice that took its place, None while it counts.
        allocations: the newest first, reversals among them; `sources` has their receipts and credit notes by id.
        status: of those receipts and credit notes: "reported", "confirmed" or "rejected"; only confirmed ones count.
        decisions: on those receipts, the newest first.
        papers: the confirmation of the full document set that has the word, whatever its day; None without one.
        promises: about this invoice, the newest first; `promise_states` has what became of them by the day.
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
    status: Mapping[str, str]
    decisions: tuple[ReceiptDecision, ...]
    papers: DocumentsConfirmed | None
    promises: tuple[PromiseToPay, ...]
    promise_states: Mapping[str, promise.State]

    @property
    def waiting(self) -> int:
        """What is open of the instalments that wait for papers, in minor units."""
        return sum(each.open for each in self.instalments if each.due_on is None)


def suggest_allocation(
    reader: Reader, account_id: str, currency: str, amount: int, as_of: date, memo: str = ""
) -> list[Share]:
    """How a receipt pays what is open: invoices named in the memo, then earliest due and invoice date, lowest number.

    All open instalments of the account in that currency are in the answer; those that get nothing stand with 0.
    Never more than the amount or an instalment (features.md 2, Allocation).
    """
    items = figures.open_instalments(reader, as_of, currency, accounts=[account_id])
    due = {item.id: item for item in items}
    parts = allocation.in_order(_open_parts(reader, due))
    free = allocation.FreeAmount("", account_id, currency, amount, as_of, memo=memo)
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
    """Lays what is left of a receipt or credit note against instalments. Raises Refused like `record_receipt`.

    Dated like the later of the two documents, or like the day on which what it takes came back from elsewhere.
    """
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
        # Money that came back is laid anew from that day on; before it the instalment was paid, or the money used.
        day = promises.first_day_with_room(pure_allocation(record), ledger)
        record = dataclasses.replace(record, allocated_on=day)
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
    """Writes an invoice by hand, with its instalments; without any, those of the account's payment term.

    Raises Refused when the instalments do not add up to the total, one has a wrong sign, or the term cannot split it.
    """
    made = records.cleaned(invoice if invoice.id else _with_id(uow, invoice))
    parts = list(instalments) or instalments_by_term(uow, made.account, made.total or 0)
    problems = promises.instalment_problems(made.total or 0, [each.amount or 0 for each in parts], made.currency)
    if problems:
        raise Refused(problems)
    uow.add(made)
    for place, line in enumerate(lines, 1):
        uow.add(_replaced(records.cleaned(line), uow, made.id, place))
    for place, part in enumerate(parts, 1):
        uow.add(_replaced(records.cleaned(part), uow, made.id, place))
    return made


def instalments_by_term(reader: Reader, account_id: str, total: int) -> list[Instalment]:
    """How the account's payment term splits a total (minor units), without ids yet.

    Only a term of several lines splits: its instalments keep name, steps and clock of their line. For all others it is
    one instalment that says nothing, whose due date follows from the account when it is read (figures/ageing.due_of).
    Raises Refused when the term is none, or gives an instalment the wrong sign.
    """
    account = reader.get(Account, account_id)
    term = account.payment_term if account is not None else ""
    lines = reader.children(PaymentTermLine, "term", term, (Order("place"), Order("id"))) if term else []
    if len(lines) < 2:
        return [Instalment(id="", invoice="", place=1, amount=total)]
    split = zip(terms.parts_of(lines), terms.split(total, terms.parts_of(lines)), strict=True)
    return [
        Instalment(id="", invoice="", place=place, name=part.name, amount=amount, steps=terms.texts_of(part.steps),
                   from_papers=part.from_papers)
        for place, (part, amount) in enumerate(split, 1)
    ]  # fmt: skip


def papers_of(reader: Reader, invoice_id: str) -> DocumentsConfirmed | None:
    """The confirmation of an invoice's full document set that has the word; None while there is none, or none any more.

    The newest has it, by the moment at which it was written down, then by id; one without a day takes the others back.
    """
    newest = max(reader.children(DocumentsConfirmed, "invoice", invoice_id, ()), key=_recorded, default=None)
    return newest if newest is not None and newest.confirmed_on is not None else None


def confirm_documents(
    uow: UnitOfWork, invoice_id: str, on: date, by: str = "", evidence: str = ""
) -> DocumentsConfirmed:
    """The customer has the full document set since that day, from which terms count that wait for papers.

    Args:
        by: who confirmed it there; evidence: how we know, for instance the number of the minutes.

    Raises Refused `missing`, `in_future` and `before_invoice`.
    """
    invoice = records.get(uow, Invoice, invoice_id)
    found = []
    if on > uow.clock.today():
        found.append(Problem("confirmed_on", "in_future", N_("A day in the future cannot be confirmed yet.")))
    if invoice.issued_on is not None and on < invoice.issued_on:
        message = N_("The papers cannot be complete before the invoice's own date.")
        found.append(Problem("confirmed_on", "before_invoice", message))
    if found:
        raise Refused(found)
    return _record_papers(uow, invoice_id, on, by, evidence)


def withdraw_documents(uow: UnitOfWork, invoice_id: str, evidence: str = "") -> DocumentsConfirmed:
    """Takes the confirmation of the papers back: the invoice waits for them again. Raises Refused `not_confirmed`."""
    records.get(uow, Invoice, invoice_id)
    if papers_of(uow, invoice_id) is None:
        raise Refused(Problem("invoice", "not_confirmed", N_("The papers of this invoice are not confirmed.")))
    return _record_papers(uow, invoice_id, None, "", evidence)


def _record_papers(uow: UnitOfWork, invoice: str, on: date | None, by: str, evidence: str) -> DocumentsConfirmed:
    earlier = max(map(_recorded, uow.children(DocumentsConfirmed, "invoice", invoice, ())), default=(_NEVER, ""))[0]
    # What is written last has the word, also within one moment and after a clock was set back.
    at = max(uow.clock.now(), earlier + timedelta(milliseconds=1))
    made = DocumentsConfirmed(id=uow.new_id(), invoice=invoice, confirmed_on=on, confirmed_by=by, evidence=evidence,
                              recorded_at=at, recorded_by=records.author(uow))  # fmt: skip
    made = records.cleaned(made)
    uow.add(made)
    return made


def _recorded(papers: DocumentsConfirmed) -> tuple[datetime, str]:
    return papers.recorded_at or _NEVER, papers.id


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
        InstalmentState(part, state.due_on, _days_since(state.due_on, as_of), state.on_default_term, state.open)
        for part in parts
        if (state := states.get(part.id)) is not None
    ]
    # A promise about a replaced invoice is kept by what the new one is paid.
    new_parts = [part for each in replacing for part in reader.children(Instalment, "invoice", each.id)]
    ledger = ledger_of(reader, [part.id for part in (*parts, *new_parts)])
    promised = reader.children(PromiseToPay, "invoice", invoice_id, _NEWEST_PROMISE)
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
        status={each.id: each.status for each in ledger.credits if each.id in sources},
        decisions=tuple(_decisions(reader, list(sources))),
        papers=papers_of(reader, invoice_id),
        promises=tuple(each for each in promised if not each.withdrawn),
        promise_states=promise.states(promise.promises_of(promised), ledger, as_of),
    )


def _days_since(due_on: date | None, as_of: date) -> int | None:
    return None if due_on is None else (as_of - due_on).days


def _decisions(reader: Reader, receipts: Sequence[str]) -> list[ReceiptDecision]:
    query = Query("receipt_decision", (Where("receipt", Op.ONE_OF, tuple(receipts)),), ())
    found = [each for each in reader.all(query) if isinstance(each, ReceiptDecision)]
    # Sorted here: the text of a moment sorts otherwise where two differ in their decimals only.
    return sorted(found, key=lambda each: (each.decided_at or _NEVER, each.id), reverse=True)


def _allocations(reader: Reader, instalments: Sequence[str]) -> list[Allocation]:
    newest = (Order("allocated_on", descending=True), Order("id", descending=True))
    query = Query("allocation", (Where("instalment", Op.ONE_OF, tuple(instalments)),), newest)
    return [each for each in reader.all(query) if isinstance(each, Allocation)]


def _with_id(uow: UnitOfWork, record: records.R) -> records.R:
    return dataclasses.replace(record, id=uow.new_id())


def _replaced(part: records.R, uow: UnitOfWork, invoice: str, place: int) -> records.R:
    values: dict[str, Any] = {"id": part.id or uow.new_id(), "invoice": invoice, "place": place}
    return dataclasses.replace(part, **values)
