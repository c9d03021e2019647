"""Decides what becomes of each row of money received: lists of receipts and bank statements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from kam_desktop.domain.entities import Account, Allocation, Invoice, Receipt
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.ids import derived
from kam_desktop.language import N_
from kam_desktop.services import receipt as receipts
from kam_desktop.transfer import receipt_rows
from kam_desktop.transfer.import_context import Context
from kam_desktop.transfer.import_money import Money, load_numbers, load_open, said
from kam_desktop.transfer.import_plan import PlannedRow, Verdict, Working, first_problem
from kam_desktop.transfer.invoice_names import Named
from kam_desktop.transfer.receipt_rows import ReceiptRow
from kam_desktop.transfer.sheets import Table

CASH_LIMIT: Final = 5_000_000
"""From this amount of đồng on, tax included, a buyer who pays cash may not deduct the input tax (vietnam.md C)."""


def decide(working: Working, table: Table, context: Context) -> list[PlannedRow]:
    """The verdict on every row of the table.

    A receipt pays the invoices that it names, in their order, never more than is open; what is left, and all of one
    that names none, waits to be allocated: nothing is guessed. A customer is known by tax code, by name, or by the
    invoice that is named; else the payer is unknown.
    """
    rows = receipt_rows.read(table, context.currency, context.today)
    money = context.money
    numbers = {number for each in rows for _, number in each.named}
    load_numbers(working, sorted(numbers), money)
    known = [one for each in numbers for one in money.numbers.get(each, ())]
    load_open(working, known, money)
    working.prefetch(Receipt, [each.identity for each in rows if each.identity])
    named = _Named(working, money, known)
    entered = _Entered(working, rows)
    return [_row(working, each, named, entered, money) for each in rows]


class _Named:
    """The invoices that rows may name: who has to pay them, and from which day on they can be paid."""

    def __init__(self, working: Working, money: Money, known: Sequence[str]) -> None:
        self._money = money
        replaced = {each.replaces for each in working.written(Invoice) if each.replaces}
        later = [working.get(Invoice, each) for each in working.ids_of("invoice", "replaces", known)]
        self._replaced = replaced | {each.replaces for each in later if each is not None}
        statement = (
            "select i.invoice, max(a.allocated_on) from allocation a join instalment i on i.id = a.instalment "
            "where coalesce(a.reverses, '') <> '' and i.invoice in (select value from json_each(:ids)) "
            "group by i.invoice"
        )
        # what was taken back on a day is open from that day on only
        self._from = {
            invoice: date.fromisoformat(day)
            for invoice, day in working.reader.sql(statement, {"ids": json.dumps(sorted(set(known)))})
        }

    def of(self, named: Named, account: str = "", currency: str = "") -> list[Invoice]:
        """The invoices that a name can mean; replaced ones are none."""
        symbol, number = named
        return [
            each
            for each in self._money.numbers.get(number, {}).values()
            if isinstance(each, Invoice)
            and each.id not in self._replaced
            and (not symbol or each.symbol in ("", symbol))
            and account in ("", each.account)
            and currency in ("", each.currency)
        ]

    def open(self, invoice: Invoice) -> int:
        """What is still open of an invoice, in minor units."""
        return sum(self._money.open.get(each, 0) for each in self._money.instalments.get(invoice.id, ()))

    def payable_from(self, invoice: Invoice, day: date) -> date:
        """The day of an allocation: never before either document, nor before what it takes came free again."""
        return max(day, invoice.issued_on or day, self._from.get(invoice.id, day))


class _Entered:
    """Receipts that are there already under an id of their own, as people enter them; each stands for one row."""

    def __init__(self, working: Working, rows: Iterable[ReceiptRow]) -> None:
        ours = {each.identity for each in rows}
        days = sorted({each.day.isoformat() for each in rows if each.day is not None})
        statement = "select id from receipt where received_on in (select value from json_each(:days))"
        ids = [row[0] for row in working.reader.sql(statement, {"days": json.dumps(days)})]
        ids = [each for each in ids if each not in ours]
        working.prefetch(Receipt, ids)
        status = receipts.receipt_status(working.reader, ids) if ids else {}
        self._free: dict[tuple[str, date | None, int | None, str], list[Receipt]] = {}
        for each in ids:
            saved = working.get(Receipt, each)
            if saved is not None and status.get(each) != receipts.REJECTED:
                key = (saved.account, saved.received_on, saved.amount, saved.currency)
                self._free.setdefault(key, []).append(saved)

    def take(self, account: str, row: ReceiptRow) -> Receipt | None:
        """A receipt of the same customer, day and amount, unless its transaction number says that it is another."""
        found = self._free.get((account, row.day, row.amount, row.currency), [])
        for each in found:
            other = bool(row.transaction and each.reference and each.reference != row.transaction)
            unlike = not account and each.payer and row.who and each.payer.lower() != row.who.lower()
            if not other and not unlike:
                found.remove(each)
                return each
        return None


def _row(working: Working, row: ReceiptRow, named: _Named, entered: _Entered, money: Money) -> PlannedRow:
    notes: list[Problem] = []
    shown = {
        "payer": row.who,
        "tax_code": row.tax_code,
        "number": row.transaction or row.reference,
        "issued_on": row.day,
        "currency": row.currency,
        "total": row.amount,
        "method": row.method,
    }

    def verdict(value: Verdict, reason: Problem | None = None) -> PlannedRow:
        title = row.who or row.transaction or row.reference
        return PlannedRow(row.row.number, title, value, reason, tuple(notes), shown=shown, cells=row.row.cells)

    if row.problems or row.day is None or row.amount is None:
        return verdict(Verdict.SKIP, row.problems[0])
    if working.get(Receipt, row.identity) is not None:
        return verdict(Verdict.UNCHANGED)
    account = _account(working, row, named, notes)
    shown["buyer"] = account.name if account is not None else ""
    twin = entered.take(account.id if account is not None else "", row)
    if twin is not None:
        message = N_("A receipt of the same customer, day and amount is there already: it was not entered again.")
        return verdict(Verdict.SKIP, Problem("amount", "entered_before", message))
    receipt = Receipt(
        id=row.identity,
        account=account.id if account is not None else "",
        received_on=row.day,
        amount=row.amount,
        currency=row.currency,
        method=row.method,
        reference=row.transaction or row.reference,
        payer=row.who[:200],
        remark=row.memo,
    )
    made: list[Record] = [receipt]
    if account is not None:
        made += _allocations(receipt, row, account, named, money, notes)
    problem = first_problem(made)
    if problem is not None:
        return verdict(Verdict.SKIP, problem)
    for each in made:
        if isinstance(each, Allocation):
            money.open[each.instalment] -= each.amount or 0
    working.put_group(made)
    if row.method == "cash" and row.currency == "VND" and row.amount >= CASH_LIMIT:
        message = N_("Cash of {amount} ₫: from {limit} ₫ on the buyer cannot deduct the tax of what is paid in cash.")
        args = {"amount": said(row.amount, "VND"), "limit": said(CASH_LIMIT, "VND")}
        notes.append(Problem("method", "cash_limit", message, args))
    return verdict(Verdict.CREATE)


def _account(working: Working, row: ReceiptRow, named: _Named, notes: list[Problem]) -> Account | None:
    """The customer who paid; None, with a note, when nobody can tell."""
    for name in dict.fromkeys((row.name, row.payer)):
        found = working.accounts.find(name, row.tax_code)
        if isinstance(found, str):
            return working.get(Account, found)
    owners = {each.account for name in row.named for each in named.of(name, currency=row.currency)}
    if len(owners) == 1:
        account = working.get(Account, owners.pop())
        if account is not None:
            message = N_("The customer {name} was found by the invoice that is named.")
            notes.append(Problem("account", "found_by_invoice", message, {"name": account.name[:80]}))
            return account
    message = N_("The payer is not known here: the receipt waits until somebody names the customer.")
    notes.append(Problem("account", "payer_unknown", message))
    return None


def _allocations(
    receipt: Receipt, row: ReceiptRow, account: Account, named: _Named, money: Money, notes: list[Problem]
) -> list[Allocation]:
    """What the receipt pays of the invoices that are named, in their order; what cannot be told stays unallocated."""
    left, made, paid = receipt.amount or 0, list[Allocation](), set[str]()
    for name in row.named:
        written = " ".join(each for each in name if each)
        fitting = named.of(name, account.id, row.currency)
        still_open = [each for each in fitting if each.id not in paid and named.open(each) > 0]
        if len(still_open) != 1:
            notes.append(_not_paid(written, fitting, still_open))
            continue
        invoice = still_open[0]
        paid.add(invoice.id)
        if receipt.received_on is None:
            continue
        day = named.payable_from(invoice, receipt.received_on)
        for instalment in money.instalments.get(invoice.id, ()):
            amount = min(left, money.open[instalment])
            if amount > 0:
                own_id = derived("allocation", receipt.id, instalment)
                made.append(
                    Allocation(id=own_id, instalment=instalment, receipt=receipt.id, amount=amount, allocated_on=day)
                )
                left -= amount
    if left and (made or not row.named):
        if made:
            message = N_("{amount} of it is not allocated.")
            notes.append(Problem("amount", "left_over", message, {"amount": said(left, row.currency)}))
        else:
            notes.append(Problem("invoices", "no_invoice_named", "It names no invoice: it waits to be allocated."))
    return made


def _not_paid(written: str, fitting: Sequence[Invoice], still_open: Sequence[Invoice]) -> Problem:
    args = {"number": written[:40]}
    if len(still_open) > 1:
        message = N_("Several open invoices have the number {number}: give the symbol as well.")
        return Problem("invoices", "invoice_unclear", message, args)
    if fitting:
        return Problem("invoices", "nothing_open", N_("Nothing is open of invoice {number}."), args)
    message = N_("This customer has no invoice {number}.")
    return Problem("invoices", "invoice_missing", message, args)
