"""The statement of account of one customer over a period: its figures, and the data of its template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from kam_desktop.documents import parts
from kam_desktop.documents.renderer import Paper
from kam_desktop.domain.entities import CreditNote, Invoice, Receipt
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import ageing, movements, terms
from kam_desktop.domain.figures.ageing import Ledger
from kam_desktop.domain.money import decimals
from kam_desktop.domain.query import Op, Query, Where
from kam_desktop.language import N_
from kam_desktop.store.ledger import ledger_of
from kam_desktop.store.reader import Reader

KIND = "statement"
_CHUNK = 500
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Line:
    """One movement as it is printed; amounts in minor units.

    Attributes:
        document: the number that the customer knows it by.
        other: the number of the document that took this one's place, or of the invoice that a credit note lowers.
        method: how a receipt came in, "" for others.
        due_on: of an invoice with one due date; `instalments` says how many there are.
        raised, lowered: what it did to the balance; one of the two is 0.
        balance: what was owed after it.
    """

    on: date
    kind: str
    document: str
    other: str
    method: str
    due_on: date | None
    instalments: int
    raised: int
    lowered: int
    balance: int


@dataclass(frozen=True)
class Statement:
    """What a customer owed before, what changed, what is owed at the end of the last day; minor units.

    Attributes:
        waiting: the part of `not_due` that waits for papers.
        reported: receipts that are not confirmed yet: beside the closing balance, never in it.
        buckets: names of the ageing's columns beside `not_due`, e.g. "1-30"; `overdue` has their sums.
        notes: what the sender should know and the customer should not read: other currencies, payments not entered.
    """

    ours: parts.Party
    customer: parts.Party
    pay_to: parts.BankAccount | None
    currency: str
    from_on: date
    to_on: date
    opening: int
    lines: tuple[Line, ...]
    invoiced: int
    credited: int
    received: int
    closing: int
    not_due: int
    buckets: tuple[str, ...]
    overdue: tuple[int, ...]
    unallocated: int
    waiting: int
    reported: int
    notes: tuple[Problem, ...]


def statement(reader: Reader, account_id: str, from_on: date, to_on: date, currency: str = "VND") -> Statement:
    """The statement of an account in one currency, both days included.

    The closing balance is the ageing's of the last day. Refused: `missing`, `no_firm`, `period`, `unknown_currency`.
    """
    decimals(currency)
    if from_on > to_on:
        raise Refused(Problem("from", "period", N_("The period ends before it begins.")))
    firm, account = parts.our_firm(reader), parts.account_of(reader, account_id)
    invoices = {each.id: parts.for_clients(each) for each in reader.children(Invoice, "account", account_id)}
    receipts = {each.id: parts.for_clients(each) for each in reader.children(Receipt, "account", account_id)}
    credits = {each.id: parts.for_clients(each) for each in reader.children(CreditNote, "account", account_id)}
    ledger = _ledger(reader, invoices, [*receipts, *credits])
    moved = movements.movements(ledger, account_id, currency)
    # Money of another payer is named by its own reference.
    strange = {each.document for each in moved if each.kind in (movements.BY_OTHERS, movements.FOR_OTHERS)}
    receipts |= {each.id: parts.for_clients(each) for each in reader.many(Receipt, strange - receipts.keys()).values()}
    credits |= {each.id: parts.for_clients(each) for each in reader.many(CreditNote, strange - credits.keys()).values()}
    opening = running = movements.balance(moved, from_on - timedelta(days=1))
    now = [each for each in moved if from_on <= each.on <= to_on]
    dues = _dues(ledger, to_on)
    lines = []
    for each in now:
        running += each.amount
        lines.append(_line(each, running, dues, invoices, receipts, credits))
    aged = ageing.ageing(ageing.positions(ledger, to_on), currency, accounts=[account_id])
    invoiced = sum(each.amount for each in now if each.document in invoices and each.kind != movements.SETTLED)
    noted = (movements.CREDIT_NOTE, movements.REPLACED)
    credited = -sum(each.amount for each in now if each.document in credits and each.kind in noted)
    return Statement(
        ours=parts.party(firm),
        customer=parts.party(account),
        pay_to=parts.bank_account(firm),
        currency=currency,
        from_on=from_on,
        to_on=to_on,
        opening=opening,
        lines=tuple(lines),
        invoiced=invoiced,
        credited=credited,
        received=opening + invoiced - credited - running,
        closing=running,
        not_due=aged.total.not_due,
        buckets=aged.buckets,
        overdue=aged.total.overdue,
        unallocated=aged.total.unallocated,
        waiting=aged.total.waiting,
        reported=aged.total.reported,
        notes=_notes(reader, ledger, account_id, currency),
    )


def _ledger(reader: Reader, invoices: Iterable[str], credits: Iterable[str]) -> Ledger:
    """Everything that ever moved the account's balance, in one ledger."""
    wanted, instalments = list(invoices), []
    for start in range(0, len(wanted), _CHUNK):
        part = tuple(wanted[start : start + _CHUNK])
        instalments += reader.ids(Query("instalment", (Where("invoice", Op.ONE_OF, part),), ()))
    return ledger_of(reader, instalments, list(credits))


def _line(
    each: movements.Movement,
    balance: int,
    dues: dict[str, tuple[date | None, int]],
    invoices: dict[str, Invoice],
    receipts: dict[str, Receipt],
    credits: dict[str, CreditNote],
) -> Line:
    invoice, receipt, credit = invoices.get(each.document), receipts.get(each.document), credits.get(each.document)
    other, due_on, count, kind = "", None, 0, each.kind
    if invoice is not None:
        name = _number(invoice)
        if each.kind == movements.INVOICE:
            due_on, count = dues.get(invoice.id, (None, 0))
        if each.kind == movements.REPLACED:
            other = next((_number(by) for by in invoices.values() if by.replaces == invoice.id), "")
        if each.kind == movements.INVOICE and invoice.origin == "opening":
            kind = "opening"
    elif credit is not None:
        name = _number(credit)
        lowered = invoices.get(credit.invoice)
        other = lowered.number if lowered is not None else ""
    else:
        name = receipt.reference if receipt is not None else ""
    method = receipt.method if receipt is not None else ""
    up, down = max(each.amount, 0), max(-each.amount, 0)
    return Line(each.on, kind, name, other, method, due_on, count, up, down, balance)


def _number(document: Invoice | CreditNote) -> str:
    return f"{document.symbol} {document.number}".strip()


def _dues(ledger: Ledger, day: date) -> dict[str, tuple[date | None, int]]:
    """By invoice: the due date where all instalments have the same, and how many instalments there are."""
    due = terms.due_dates(ledger, day)
    found: dict[str, tuple[date | None, int]] = {}
    for part in ledger.instalments:
        own = due[part.id]
        before, count = found.get(part.invoice, (own, 0))
        found[part.invoice] = (own if own == before else None, count + 1)
    return found


def _notes(reader: Reader, ledger: Ledger, account: str, currency: str) -> tuple[Problem, ...]:
    found = []
    own = {each.currency for each in ledger.invoices if each.account == account}
    own |= {each.currency for each in ledger.credits if each.account == account}
    others = ", ".join(sorted(own - {currency}))
    if others:
        message = N_("This customer has other currencies too, each with a statement of its own: {currencies}.")
        found.append(Problem("currency", "other_currencies", message, {"currencies": others}))
    return (*found, *parts.payments_missing(reader))


_WORDS = {
    "title": N_("Statement of account"),
    "period": N_("Period"),
    "number": N_("No."),
    "to": N_("To"),
    "tax_code": N_("Tax code"),
    "address": N_("Address"),
    "phone": N_("Phone"),
    "unit": N_("Currency unit"),
    "opening": N_("Opening balance"),
    "invoiced": N_("Invoiced"),
    "credited": N_("Credited"),
    "received": N_("Received"),
    "closing": N_("Closing balance"),
    "date": N_("Date"),
    "document": N_("Document"),
    "description": N_("Particulars"),
    "due": N_("Due date"),
    "raised": N_("Charged"),
    "lowered": N_("Paid or credited"),
    "balance": N_("Running balance"),
    "moved": N_("Total of the period"),
    "in_words": N_("In words"),
    "ageing": N_("Closing balance by due date"),
    "not_due": N_("Not due"),
    "unallocated": N_("Not yet applied"),
    "waiting": N_("Of what is not due, this waits for papers and has no due date yet"),
    "reported": N_("Payments reported to us that our bank has not confirmed yet, not deducted above"),
    "pay_to": N_("Please pay to"),
    "account_number": N_("Account number"),
    "bank": N_("Bank"),
    "holder": N_("Account holder"),
    "ask": N_("Please check these figures against your books and confirm them, or tell us where they differ."),
    "difference": N_("Difference and its reason, if any"),
    "for_us": N_("For the seller"),
    "for_them": N_("Confirmed by the buyer"),
    "sign": N_("(signature, full name, stamp)"),
    "page": N_("Page"),
}
_KINDS = {
    movements.INVOICE: N_("Invoice"),
    "opening": N_("Balance brought in"),
    movements.SETTLED: N_("Paid earlier"),
    movements.REPLACED: N_("Replaced by {number}"),
    movements.CREDIT_NOTE: N_("Credit note issued"),
    movements.RECEIPT: N_("Payment"),
    movements.BY_OTHERS: N_("Payment by another payer"),
    movements.FOR_OTHERS: N_("Payment used for another account"),
}
_METHODS = {
    "transfer": N_("Bank transfer"),
    "cash": N_("Cash payment"),
    "card": N_("Card payment"),
    "offset": N_("Settled by offset"),
}
_BUCKET, _LAST_BUCKET = N_("{days} days overdue"), N_("Over {days} days overdue")


def paper(
    made: Statement, form: str = "vi", *, dated_on: date | None = None, number: str = "", place: str = ""
) -> Paper:
    """The statement in "vi", "en" or "vi+en", ready to be set.

    Args:
        dated_on: the date under it; the period's last day when not said.
        number: the paper's own number; place: where it is signed; both may stay empty.
    """
    signed_on = dated_on or made.to_on

    def money(minor: int) -> str:
        return parts.amount(minor, made.currency, form)

    def quiet(minor: int) -> str:
        return money(minor) if minor else ""

    data: dict[str, Any] = {
        "form": form,
        "languages": parts.languages_of(form),
        "words": parts.words_data(form, _WORDS),
        "ours": parts.party_data(made.ours),
        "customer": parts.party_data(made.customer),
        "pay_to": parts.party_data(made.pay_to) if made.pay_to else None,
        "number": parts.breakable(number),
        "dated": parts.paper_day(signed_on, parts.breakable(place), form),
        "period": [parts.day(made.from_on, form), parts.day(made.to_on, form)],
        "currency": made.currency,
        "opening": money(made.opening),
        "invoiced": money(made.invoiced),
        "credited": money(made.credited),
        "received": money(made.received),
        "closing": money(made.closing),
        "raised": money(sum(each.raised for each in made.lines)),
        "lowered": money(sum(each.lowered for each in made.lines)),
        "closing_words": _closing_words(made, form),
        "waiting": quiet(made.waiting),
        "reported": quiet(made.reported),
        "lines": [
            {
                "date": parts.day(each.on, form),
                "document": "" if _is_memo(each) else parts.breakable(each.document),
                "description": _described(each, form),
                "memo": parts.breakable(each.document) if _is_memo(each) else "",
                "due": [parts.day(each.due_on, form)] if each.due_on else _instalments(each, form),
                "raised": quiet(each.raised),
                "lowered": quiet(each.lowered),
                "balance": money(each.balance),
            }
            for each in made.lines
        ],
        "ageing": [
            {"name": parts.said(form, N_("Not due")), "amount": money(made.not_due), "late": False},
            *(
                {"name": _bucket(name, form), "amount": money(sum_), "late": sum_ > 0}
                for name, sum_ in zip(made.buckets, made.overdue, strict=True)
            ),
            {"name": parts.said(form, N_("Not yet applied")), "amount": money(-made.unallocated), "late": False},
            {"name": parts.said(form, N_("Closing balance")), "amount": money(made.closing), "late": False},
        ],
    }
    return Paper(KIND, data, signed_on)


def _closing_words(made: Statement, form: str) -> list[str]:
    if made.closing >= 0:
        return parts.in_words(made.closing, made.currency, form)
    both = zip(parts.said(form, N_("In your favour")), parts.in_words(-made.closing, made.currency, form), strict=True)
    return [f"{said}: {words}" for said, words in both]


def _is_memo(each: Line) -> bool:
    """Whether a reference is a memo as banks pass it on: it stands beside the particulars, not in a column."""
    return len(each.document) > _LONGEST_NUMBER and each.kind not in (movements.INVOICE, "opening")


def _described(each: Line, form: str) -> list[str]:
    if each.kind == movements.RECEIPT:
        return parts.said(form, _METHODS.get(each.method, _KINDS[each.kind]))
    if each.kind == movements.CREDIT_NOTE and each.other:
        return parts.said(form, N_("Credit note to invoice {number}"), number=parts.breakable(each.other))
    return parts.said(form, _KINDS[each.kind], number=parts.breakable(each.other))


def _instalments(each: Line, form: str) -> list[str]:
    if each.instalments == 1:
        return parts.said(form, N_("waiting for papers"))
    return parts.said(form, N_("in {n} instalments"), n=each.instalments) if each.instalments else []


def _bucket(name: str, form: str) -> list[str]:
    if name.startswith(">"):
        return parts.said(form, _LAST_BUCKET, days=name[1:])
    return parts.said(form, _BUCKET, days=name.replace("-", "–"))
