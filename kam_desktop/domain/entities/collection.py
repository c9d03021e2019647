"""Money: invoices and their instalments, receipts, allocations, credit notes, promises, decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from kam_desktop.domain.entity import Policy, Problem, Record, entity
from kam_desktop.domain.fields import (
    Visibility,
    choice,
    day,
    decimal,
    flag,
    integer,
    moment,
    money,
    note,
    ref,
    text,
    texts,
)

FACT = Policy.APPEND_ONLY


@entity("invoice", "Invoice", "Invoices", title="number", policy=FACT)
class Invoice(Record):
    """A sales invoice as issued. Its figures stand as printed and are never computed anew.

    Attributes:
        replaces: the invoice that this one takes the place of, from this one's date on.
        adjusts: the invoice that this one raises; a lowering is a CreditNote.
        fees: charges without value added tax; total = net + tax + fees as printed.
    """

    account: str = ref("Account", to="account", required=True, owns=True)
    number: str = text("Number", required=True, searchable=True, max_length=40)
    form: str = text("Form", max_length=11, default="")
    symbol: str = text("Symbol", searchable=True, max_length=8, default="")
    seller_tax_code: str = text("Seller's tax code", max_length=14, default="")
    buyer_name: str = text("Buyer", max_length=400, default="")
    buyer_tax_code: str = text("Buyer's tax code", max_length=14, default="")
    issued_on: date | None = day("Invoice date", required=True)
    currency: str = text("Currency", default="VND", max_length=3, required=True)
    exchange_rate: Decimal | None = decimal("Exchange rate", default=None)
    net: int | None = money("Net", required=True)
    tax: int | None = money("Tax", default=0)
    fees: int | None = money("Fees", default=0)
    total: int | None = money("Total", required=True)
    replaces: str = ref("Replaces", to="invoice", loose=True, default="")
    adjusts: str = ref("Adjusts", to="invoice", loose=True, default="")
    origin: str = choice("Origin", "file", "hand", "opening", default="hand")
    authority_code: str = text("Tax authority's code", max_length=80, default="")
    signed: bool = flag("Carries a signature (not checked)", default=False)
    remark: str = note("Remark", default="")


@entity("invoice_line", "Invoice line", "Invoice lines", title="description", policy=FACT)
class InvoiceLine(Record):
    """One line as printed on an invoice or a credit note."""

    invoice: str = ref("Invoice", to="invoice", owns=True, required=True)
    place: int | None = integer("Place", required=True, lowest=1)
    nature: str = choice("Nature", "goods", "promotion", "discount", "note", default="goods")
    code: str = text("Code", max_length=50, default="")
    description: str = text("Description", max_length=500, default="")
    unit: str = text("Unit", max_length=50, default="")
    quantity: Decimal | None = decimal("Quantity", default=None)
    price: Decimal | None = decimal("Unit price", default=None)
    discount: int | None = money("Discount", default=None)
    net: int | None = money("Net", default=0)
    tax_rate: str = text("Tax rate", max_length=16, default="")
    tax: int | None = money("Tax", default=None)


def _instalment_is_positive(instalment: Instalment) -> Sequence[Problem]:
    if instalment.amount is not None and instalment.amount < 0:
        return [Problem("amount", "negative", "An instalment cannot be negative.")]
    return []


@entity("instalment", "Instalment", "Instalments", title="name", policy=FACT, rules=[_instalment_is_positive])
class Instalment(Record):
    """A part of an invoice with its own due date.

    Without `due_on` the date follows from `steps`, else from the account's payment term, when it is read (see
    figures/ageing).

    Attributes:
        steps: moves from the day it counts from, as the payment term had them when the invoice was made.
        from_papers: it counts from the day on which the full document set was confirmed (DocumentsConfirmed).
    """

    invoice: str = ref("Invoice", to="invoice", required=True, owns=True)
    place: int | None = integer("Place", required=True, lowest=1)
    name: str = text("Name", max_length=120, default="")
    due_on: date | None = day("Due date", default=None)
    amount: int | None = money("Amount", required=True)
    steps: tuple[str, ...] = texts("Steps", max_length=20, default=())
    from_papers: bool = flag("Counts from the full document set", default=False)


def _receipt_is_positive(receipt: Receipt) -> Sequence[Problem]:
    if receipt.amount is not None and receipt.amount <= 0:
        return [Problem("amount", "not_positive", "The amount must be above zero.")]
    return []


@entity("receipt", "Receipt", "Receipts", title="reference", policy=FACT, rules=[_receipt_is_positive])
class Receipt(Record):
    """Money that came in. The account may be empty: payer unknown."""

    account: str = ref("Account", to="account", owns=True, default="")
    received_on: date | None = day("Received on", required=True)
    amount: int | None = money("Amount", required=True)
    currency: str = text("Currency", default="VND", max_length=3, required=True)
    method: str = choice("Method", "transfer", "cash", "card", "offset", "other", default="transfer")
    reference: str = text("Reference", searchable=True, max_length=120, default="")
    payer: str = text("Payer", searchable=True, max_length=200, default="")
    remark: str = note("Remark", visibility=Visibility.INTERNAL, default="")


def _allocation_has_one_source(allocation: Allocation) -> Sequence[Problem]:
    found = []
    if bool(allocation.receipt) == bool(allocation.credit_note):
        found.append(Problem("receipt", "one_source", "An allocation takes from a receipt or from a credit note."))
    if allocation.amount is not None and allocation.amount <= 0:
        found.append(Problem("amount", "not_positive", "The amount must be above zero."))
    return found


@entity("allocation", "Allocation", "Allocations", title="id", policy=FACT, rules=[_allocation_has_one_source])
class Allocation(Record):
    """A part of a receipt or credit note laid against an instalment.

    With `reverses` it takes the named allocation back, from its own date on, by the same amount.
    """

    instalment: str = ref("Instalment", to="instalment", required=True, owns=True)
    receipt: str = ref("Receipt", to="receipt", owns=True, default="")
    credit_note: str = ref("Credit note", to="credit_note", owns=True, default="")
    amount: int | None = money("Amount", required=True)
    allocated_on: date | None = day("Date", required=True)
    reverses: str = ref("Takes back", to="allocation", owns=True, default="")


def _credit_is_positive(credit: CreditNote) -> Sequence[Problem]:
    if credit.total is not None and credit.total < 0:
        return [Problem("total", "negative", "A credit note is written with a positive amount.")]
    return []


@entity("credit_note", "Credit note", "Credit notes", title="number", policy=FACT, rules=[_credit_is_positive])
class CreditNote(Record):
    """A lowering of an invoice; amounts are positive here. The invoice may arrive later than this."""

    account: str = ref("Account", to="account", required=True, owns=True)
    invoice: str = ref("Invoice", to="invoice", loose=True, default="")
    number: str = text("Number", required=True, searchable=True, max_length=40)
    form: str = text("Form", max_length=11, default="")
    symbol: str = text("Symbol", searchable=True, max_length=8, default="")
    seller_tax_code: str = text("Seller's tax code", max_length=14, default="")
    issued_on: date | None = day("Date", required=True)
    currency: str = text("Currency", default="VND", max_length=3, required=True)
    net: int | None = money("Net", required=True)
    tax: int | None = money("Tax", default=0)
    fees: int | None = money("Fees", default=0)
    total: int | None = money("Total", required=True)
    origin: str = choice("Origin", "file", "hand", "opening", default="hand")
    remark: str = note("Remark", default="")


@entity("opening_settlement", "Opening settlement", "Opening settlements", title="id", policy=FACT)
class OpeningSettlement(Record):
    """Says that an invoice was paid before the program was used. Never cash, DSO, CEI or payer rating."""

    invoice: str = ref("Invoice", to="invoice", required=True, owns=True)
    settled_on: date | None = day("Date", required=True)
    amount: int | None = money("Amount", required=True)


@entity("documents_confirmed", "Confirmation of papers", "Confirmations of papers", title="id", policy=FACT)
class DocumentsConfirmed(Record):
    """The customer has the full document set of an invoice; from that day a term counts that waits for papers.

    The newest one of an invoice has the word, by `recorded_at`, then by id; one without a day takes the others back.
    """

    invoice: str = ref("Invoice", to="invoice", required=True, owns=True)
    confirmed_on: date | None = day("Confirmed on", default=None)
    confirmed_by: str = text("Confirmed by", max_length=120, default="")
    evidence: str = note("Evidence", default="")
    recorded_at: datetime | None = moment("Recorded at", required=True)
    recorded_by: str = ref("Recorded by", to="person", default="")


def _rejection_has_reason(decision: ReceiptDecision) -> Sequence[Problem]:
    if decision.verdict == "rejected" and not decision.reason:
        return [Problem("reason", "reason_needed", "Say why the receipt is rejected.")]
    return []


@entity(
    "receipt_decision",
    "Receipt decision",
    "Receipt decisions",
    title="id",
    policy=FACT,
    rules=[_rejection_has_reason],
)
class ReceiptDecision(Record):
    """Whether a reported receipt is really there. The newest one has the word, by `decided_at`, then by id.

    Attributes:
        replaced_by: of a rejected receipt the one that was entered in its place, for instance with its payer named.
    """

    receipt: str = ref("Receipt", to="receipt", required=True, owns=True)
    verdict: str = choice("Verdict", "confirmed", "rejected", default="", required=True)
    reason: str = text("Reason", default="")
    decided_at: datetime | None = moment("Decided at", required=True)
    decided_by: str = ref("Decided by", to="person", default="")
    replaced_by: str = ref("Replaced by", to="receipt", loose=True, default="")


def _promise_is_sound(promise: PromiseToPay) -> Sequence[Problem]:
    found = []
    if promise.amount is not None and promise.amount <= 0:
        found.append(Problem("amount", "not_positive", "The amount must be above zero."))
    if promise.promised_on and promise.pay_on and promise.pay_on < promise.promised_on:
        found.append(Problem("pay_on", "before_promise", "It cannot be promised for a day before the promise."))
    return found


@entity("promise_to_pay", "Promise to pay", "Promises to pay", title="id", policy=FACT, rules=[_promise_is_sound])
class PromiseToPay(Record):
    """A customer's word to pay an amount by a day. Kept or broken is derived, never stored (figures/promise).

    Attributes:
        invoice: what it is about; empty when it is about everything that the customer owes.
        replaces: the promise that this one takes the place of; one replaced is neither kept nor broken.
        withdrawn: this one only takes `replaces` back; its own amount and day count for nothing.
    """

    account: str = ref("Account", to="account", required=True, owns=True)
    invoice: str = ref("Invoice", to="invoice", default="")
    contact: str = ref("Promised by", to="contact", default="")
    promised_on: date | None = day("Promised on", required=True)
    pay_on: date | None = day("Pays by", required=True)
    amount: int | None = money("Amount", required=True)
    currency: str = text("Currency", default="VND", max_length=3, required=True)
    channel: str = choice("Channel", "meeting", "call", "message", "letter", "other", default="call")
    replaces: str = ref("Replaces", to="promise_to_pay", loose=True, default="")
    withdrawn: bool = flag("Withdrawn", default=False)
    remark: str = note("Remark", visibility=Visibility.INTERNAL, default="")


@entity("dunning_event", "Reminder", "Reminders", title="id", policy=FACT)
class DunningEvent(Record):
    """A customer was reminded of an invoice; the reminder step reached is that of the newest one.

    Attributes:
        step: the place of the reminder step as it was then.
        outcome: what came of it.
    """

    account: str = ref("Account", to="account", required=True, owns=True)
    invoice: str = ref("Invoice", to="invoice", default="")
    contact: str = ref("Contact", to="contact", default="")
    step: int | None = integer("Reminder step", lowest=1, default=None)
    channel: str = choice("Channel", "message", "call", "letter", "meeting", default="call", required=True)
    reminded_at: datetime | None = moment("When", required=True)
    outcome: str = choice(
        "Outcome", "promised", "no_answer", "disputed", "papers_missing", "paid_already", "other", default=""
    )
    remark: str = note("What was said", visibility=Visibility.INTERNAL, default="")
    author: str = ref("Author", to="person", default="")
