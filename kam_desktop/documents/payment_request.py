"""The payment request for invoices: what is due, where to pay, the payment code, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kam_desktop.documents import parts
from kam_desktop.documents.renderer import Paper
from kam_desktop.domain.entities import Invoice
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures.allocation import said
from kam_desktop.language import N_, tr_to, trn_to
from kam_desktop.services import collection
from kam_desktop.store.reader import Reader

KIND = "payment_request"


@dataclass(frozen=True, slots=True)
class Due:
    """One instalment that is asked for; minor units.

    Attributes:
        invoice: symbol and number as printed on the invoice; name: the instalment's, often empty.
        total: of the instalment; open: what is left of it, which is what the paper asks for.
        due_on: None while it waits for papers.
        days_overdue: 0 or less while it is not due.
    """

    invoice: str
    issued_on: date | None
    name: str
    due_on: date | None
    days_overdue: int
    total: int
    open: int


@dataclass(frozen=True)
class PaymentRequest:
    """What a customer is asked to pay, as at a day.

    Attributes:
        pay_to: None while our firm has no account number; code: the VietQR text, "" where there can be none.
        reported: of payments reported for these invoices and not confirmed yet; beside the total, never in it.
        memo: what the payer writes, so that the bank statement finds the invoice.
        notes: what the sender should know and the customer should not read.
    """

    ours: parts.Party
    customer: parts.Party
    pay_to: parts.BankAccount | None
    currency: str
    as_of: date
    dues: tuple[Due, ...]
    total: int
    reported: int
    memo: str
    code: str
    notes: tuple[Problem, ...]


def payment_request(
    reader: Reader, invoice_ids: Sequence[str], as_of: date, *, number: str = "", due_only: bool = False
) -> PaymentRequest:
    """What is open of these invoices at the end of the day, earliest due first.

    Args:
        number: the paper's own number, used in the memo when the invoices' numbers do not fit.
        due_only: leaves out instalments whose due date has not come yet.

    Refused: `missing`, `no_firm`, `several_accounts`, `several_currencies`, `replaced`, `nothing_due`.
    """
    firm = parts.our_firm(reader)
    details = [collection.invoice_detail(reader, each, as_of) for each in dict.fromkeys(invoice_ids)]
    _check([each.invoice for each in details], [each.invoice for each in details if each.replaced_by is not None])
    account = parts.account_of(reader, details[0].invoice.account)
    currency = details[0].invoice.currency
    dues = []
    for detail in details:
        invoice = parts.for_clients(detail.invoice)
        for state in detail.instalments:
            part = parts.for_clients(state.instalment)
            days = -1 if state.days_overdue is None else state.days_overdue
            if state.open <= 0 or (due_only and days < 0):
                continue
            name = f"{invoice.symbol} {invoice.number}".strip()
            due = Due(name, invoice.issued_on, part.name, state.due_on, days, part.amount or 0, state.open)
            dues.append(due)
    if not dues:
        raise Refused(Problem("invoice", "nothing_due", N_("Nothing is left to pay of what was chosen.")))
    dues.sort(key=lambda each: (each.due_on or date.max, each.issued_on or as_of, each.invoice))
    total = sum(each.open for each in dues)
    reported = sum(map(_reported, details))
    pay_to = parts.bank_account(firm)
    numbers = [each.invoice.number for each in details if each.open > 0]
    memo = parts.memo_of(numbers, account.short_name or account.tax_code, number)
    code = parts.payment_code(pay_to, total, memo) if pay_to is not None and currency == "VND" else ""
    return PaymentRequest(
        ours=parts.party(firm),
        customer=parts.party(account),
        pay_to=pay_to,
        currency=currency,
        as_of=as_of,
        dues=tuple(dues),
        total=total,
        reported=reported,
        memo=memo,
        code=code,
        notes=_notes(reader, pay_to, currency, code, reported),
    )


def _reported(detail: collection.InvoiceDetail) -> int:
    """What receipts that nobody confirmed yet would pay of an invoice, in minor units."""
    taken_back = {each.reverses for each in detail.allocations if each.reverses}
    return sum(
        each.amount or 0
        for each in detail.allocations
        if not each.reverses and each.id not in taken_back and detail.status.get(each.receipt) == "reported"
    )


def _check(invoices: Sequence[Invoice], replaced: Sequence[Invoice]) -> None:
    problems = []
    if not invoices:
        problems.append(Problem("invoice", "nothing_due", N_("Nothing is left to pay of what was chosen.")))
    if len({each.account for each in invoices}) > 1:
        problems.append(
            Problem("invoice", "several_accounts", N_("A payment request is for the invoices of one customer."))
        )
    if len({each.currency for each in invoices}) > 1:
        problems.append(
            Problem("invoice", "several_currencies", N_("A payment request is for the invoices of one currency."))
        )
    for each in replaced:
        message = N_("Invoice {number} was replaced by another one.")
        problems.append(Problem("invoice", "replaced", message, {"number": each.number}))
    if problems:
        raise Refused(problems)


def _notes(
    reader: Reader, pay_to: parts.BankAccount | None, currency: str, code: str, reported: int
) -> tuple[Problem, ...]:
    found = []
    if reported:
        message = N_("{amount} was reported as paid for these invoices; confirm or reject it before this is sent.")
        found.append(Problem("receipt", "reported", message, {"amount": said(reported, currency)}))
    if pay_to is None:
        message = N_("Our firm's account number is missing; enter it in the settings, the paper asks for money.")
        found.append(Problem("bank_account", "no_account_number", message))
    elif not code and currency == "VND":
        message = N_("There is no payment code on the paper: the bank's name or the account number is not clear.")
        found.append(Problem("bank_name", "no_payment_code", message))
    return (*found, *parts.payments_missing(reader))


_WAITS = N_("once the papers are complete")
_WORDS = {
    "title": N_("Payment request"),
    "number": N_("No."),
    "to": N_("To"),
    "tax_code": N_("Tax code"),
    "address": N_("Address"),
    "phone": N_("Phone"),
    "unit": N_("Currency unit"),
    "ask": N_("We kindly ask you to pay the following amounts:"),
    "invoice": N_("Invoice"),
    "issued": N_("Invoice date"),
    "name": N_("Instalment"),
    "due": N_("Due date"),
    "amount": N_("Amount"),
    "paid": N_("Paid so far"),
    "open": N_("To be paid"),
    "total": N_("Total to be paid"),
    "reported": N_("Payments reported to us that our bank has not confirmed yet, not deducted above"),
    "in_words": N_("In words"),
    "pay_to": N_("Please pay to"),
    "account_number": N_("Account number"),
    "bank": N_("Bank"),
    "holder": N_("Account holder"),
    "memo": N_("Payment reference"),
    "scan": N_("Scan to pay: amount and reference filled in"),
    "contract": N_("Contract"),
    "enclosed": N_("Enclosed"),
    "thanks": N_("If you have paid already, please disregard this request. Thank you for your cooperation."),
    "prepared": N_("Prepared by"),
    "for_us": N_("For the company"),
    "sign_name": N_("(signature, full name)"),
    "sign": N_("(signature, full name, stamp)"),
    "page": N_("Page"),
}


def paper(
    made: PaymentRequest,
    form: str = "vi",
    *,
    dated_on: date | None = None,
    number: str = "",
    place: str = "",
    contract: str = "",
    enclosed: Sequence[str] = (),
) -> Paper:
    """The request in "vi", "en" or "vi+en", ready to be set.

    Args:
        dated_on: the date on it; the day of the figures when not said.
        number: the paper's own number; place: where it is signed; contract: number and date of the contract that the
            invoices rest on; enclosed: the papers that go with it. All may stay empty.
    """
    signed_on = dated_on or made.as_of

    def money(minor: int) -> str:
        return parts.amount(minor, made.currency, form)

    data: dict[str, Any] = {
        "form": form,
        "languages": parts.languages_of(form),
        "words": parts.words_data(form, _WORDS),
        "ours": parts.party_data(made.ours),
        "customer": parts.party_data(made.customer),
        "pay_to": parts.party_data(made.pay_to) if made.pay_to else None,
        "number": parts.breakable(number),
        "dated": parts.paper_day(signed_on, parts.breakable(place), form),
        "currency": made.currency,
        "contract": parts.breakable(contract),
        "enclosed": [parts.breakable(each) for each in enclosed],
        "total": money(made.total),
        "reported": money(made.reported) if made.reported else "",
        "total_words": parts.in_words(made.total, made.currency, form),
        "deadline": _deadline(made, form),
        "memo": made.memo,
        "code": parts.code_picture(made.code),
        "named": any(each.name for each in made.dues),
        "part_paid": any(each.total != each.open for each in made.dues),
        "dues": [
            {
                "invoice": parts.breakable(each.invoice),
                "issued": parts.day(each.issued_on, form),
                "name": parts.breakable(each.name),
                "due": parts.day(each.due_on, form) or tr_to(parts.lead(form), _WAITS),
                "waits": parts.said(form, _WAITS) if each.due_on is None else [],
                "late": _late(each.days_overdue, form),
                "amount": money(each.total),
                "paid": money(each.total - each.open) if each.total != each.open else "",
                "open": money(each.open),
            }
            for each in made.dues
        ],
    }
    return Paper(KIND, data, signed_on)


def _late(days: int, form: str) -> list[str]:
    if days <= 0:
        return []
    return [trn_to(lang, "{n} day overdue", "{n} days overdue", days) for lang in parts.languages_of(form)]


def _deadline(made: PaymentRequest, form: str) -> list[str]:
    latest = made.dues[-1].due_on
    if latest is not None and latest < made.as_of:
        return parts.said(form, N_("These amounts are past their due dates; please pay them as soon as you can."))
    if latest is not None and len({each.due_on for each in made.dues}) == 1:
        return parts.said(form, N_("Please pay by {day}."), day=parts.day(latest, form))
    return parts.said(form, N_("Please pay each amount by its due date."))
