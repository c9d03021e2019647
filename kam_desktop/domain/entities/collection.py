"""Money: invoices, lines, instalments, receipts, allocations, credit notes, opening settlements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from kam_desktop.domain.entity import Policy, Problem, Record, entity
from kam_desktop.domain.fields import Visibility, choice, day, decimal, flag, integer, money, note, ref, text

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

    Without `due_on` the date follows from the account's payment term when it is read (see figures/ageing).
    """

    invoice: str = ref("Invoice", to="invoice", required=True, owns=True)
    place: int | None = integer("Place", required=True, lowest=1)
    name: str = text("Name", max_length=120, default="")
    due_on: date | None = day("Due date", default=None)
    amount: int | None = money("Amount", required=True)


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
    origin: str = choice("Origin", "file", "hand", default="hand")
    remark: str = note("Remark", default="")


@entity("opening_settlement", "Opening settlement", "Opening settlements", title="id", policy=FACT)
class OpeningSettlement(Record):
    """Says that an invoice was paid before the program was used. Never cash, DSO, CEI or payer rating."""

    invoice: str = ref("Invoice", to="invoice", required=True, owns=True)
    settled_on: date | None = day("Date", required=True)
    amount: int | None = money("Amount", required=True)
