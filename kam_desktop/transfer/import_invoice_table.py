"""Decides what becomes of each invoice of a table; it is the same record as its XML."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Final

from kam_desktop.domain.entities import CreditNote, Invoice, InvoiceLine, OpeningSettlement
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.ids import derived
from kam_desktop.domain.money import to_minor
from kam_desktop.domain.text import fold
from kam_desktop.language import N_
from kam_desktop.transfer import invoice_names, invoice_rows
from kam_desktop.transfer.import_context import Context
from kam_desktop.transfer.import_money import (
    CONSUMER,
    conflict,
    customer,
    from_table,
    identity,
    instalments,
    load_numbers,
    load_open,
    new_customer_note,
    printed_number,
    said,
    twins,
)
from kam_desktop.transfer.import_plan import PlannedRow, Verdict, Working, first_problem
from kam_desktop.transfer.invoice_rows import Figures, InvoiceGroup
from kam_desktop.transfer.sheets import Table

_NEW_SYMBOL: Final = re.compile(r"[CK]\d{2}[A-Z]{3}")
_GONE: Final = re.compile(r"bi thay the|da thay the|\bhuy\b|xoa bo|cancel|void|replaced")
_REPLACES: Final = re.compile(r"thay the|replace")
_LOWERS: Final = re.compile(r"dieu chinh giam|giam gia|tra lai|credit note|credit memo")
_ADJUSTS: Final = re.compile(r"(?<!bi )dieu chinh|adjust")
_UNPAID: Final = re.compile(r"chua (thanh toan|thu|tra)|con no|unpaid|not paid|overdue|qua han")
_PAID: Final = re.compile(r"da (thanh toan|thu|tra)|thu du|hoan tat|hoan thanh|\bpaid\b|settled")
_PARTLY: Final = re.compile(r"mot phan|part")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One invoice as the table tells it, figures known, before it meets what is saved."""

    group: InvoiceGroup
    figures: Figures
    seller: str
    form: str
    symbol: str
    number: str
    status: str

    @property
    def is_credit(self) -> bool:
        return self.figures.total < 0 or bool(_LOWERS.search(self.status))

    @property
    def own_id(self) -> str:
        # without a symbol the year stands for it: numbers begin anew with each year's symbol
        symbol = self.symbol or str(self.group.first("issued_on").year)
        return identity(self.seller, self.form, symbol, self.number)

    @property
    def amounts(self) -> dict[str, int]:
        found = {each: getattr(self.figures, each) for each in ("net", "tax", "fees", "total")}
        return {name: -value for name, value in found.items()} if self.figures.total < 0 else found


def decide(working: Working, table: Table, context: Context) -> list[PlannedRow]:
    """The verdict on every invoice of the table; one that is skipped has a row for each of its rows.

    A column of what was paid, or of what is still open, answers the opening question for its invoice.
    """
    groups = invoice_rows.read(table, context.currency)
    numbers = [str(group.first("number") or "") for group in groups]
    numbers += [named[1] for group in groups for named in invoice_names.listed(group.text("related"))]
    load_numbers(working, [each for each in numbers if each], context.money)
    known = [one for each in numbers for one in context.money.numbers.get(each, ())]
    load_open(working, known, context.money)
    counted = "paid" in table.fields
    wanted = [_wanted(group, context) for group in groups]
    ids = [each.own_id for each in wanted if not isinstance(each, Problem)]
    working.prefetch(Invoice, ids)
    working.prefetch(CreditNote, ids)
    pairs = zip(groups, wanted, strict=True)
    return [row for group, each in pairs for row in _group(working, group, each, context, counted)]


def _group(
    working: Working, group: InvoiceGroup, told: _Wanted | Problem, context: Context, counted: bool
) -> list[PlannedRow]:
    first = group.rows[0]
    title = " ".join(each for each in (f"{group.text('form')}{group.text('symbol')}", group.text("number")) if each)
    row = PlannedRow(
        first.row.number,
        title,
        Verdict.SKIP,
        notes=tuple(note for each in group.rows for note in each.notes),
        shown={
            "buyer": group.text("name"),
            "tax_code": group.text("tax_code"),
            "number": title,
            "issued_on": group.first("issued_on"),
            "currency": group.text("currency"),
            "total": group.first("total"),
            "related": "",
        },
        cells=first.row.cells,
    )
    found = told
    if not isinstance(found, Problem):
        row = dataclasses.replace(
            row,
            notes=(*row.notes, *found.figures.notes),
            shown={**row.shown, "total": found.figures.total, "related": _action(found)},
        )
        outcome = _invoice(working, found, row, context, counted)
        if not isinstance(outcome, Problem):
            return [outcome]
        found = outcome
    return [
        dataclasses.replace(row, row=each.row.number, cells=each.row.cells, reason=(each.problems or [found])[0])
        for each in group.rows
    ]


def _wanted(group: InvoiceGroup, context: Context) -> _Wanted | Problem:
    for each in group.rows:
        if each.problems:
            return each.problems[0]
    if not context.our_codes:
        message = N_("Enter your firm's tax code in the settings first: it tells sales from purchases.")
        return Problem("", "no_own_tax_code", message)
    seller = group.text("seller_tax_code") or context.our_codes[0]
    if seller[:10] not in {code[:10] for code in context.our_codes}:
        message = N_("Neither seller nor buyer is our firm: the seller's tax code is {code}.")
        if group.text("tax_code")[:10] in {code[:10] for code in context.our_codes}:
            return Problem("", "purchase", "A purchase invoice: our firm is the buyer.")
        return Problem("", "foreign", message, {"code": seller})
    if group.text("tax_code") and group.text("tax_code")[:10] in {code[:10] for code in context.our_codes}:
        return Problem("", "internal", "Seller and buyer are both our firm: there is nothing to collect.")
    if group.first("issued_on") is None:
        return Problem("issued_on", "no_date", "The invoice date is missing.")
    status = fold(group.text("status"))
    if _GONE.search(status):
        message = N_("The table says “{status}”: an invoice that no longer counts was left out.")
        return Problem("status", "not_valid", message, {"status": group.text("status")[:60]})
    problem = invoice_rows.contradiction(group)
    if problem is not None:
        return problem
    figures = invoice_rows.figures(group)
    if isinstance(figures, Problem):
        return figures
    if figures.total == 0:
        return Problem("total", "no_amount", "This invoice has no amount.")
    symbol, form = group.text("symbol"), group.text("form")
    if not form and (not symbol or _NEW_SYMBOL.fullmatch(symbol)):
        form = "1"
    return _Wanted(group, figures, seller, form, symbol, group.text("number"), status)


def _invoice(
    working: Working, wanted: _Wanted, row: PlannedRow, context: Context, counted: bool
) -> PlannedRow | Problem:
    group, money = wanted.group, context.money
    own_id, day = wanted.own_id, group.first("issued_on")
    saved: Record | None = working.get(Invoice, own_id) or working.get(CreditNote, own_id)
    if saved is not None:
        return _known(row, wanted, saved)
    name = group.text("name") or ("" if group.text("tax_code") else CONSUMER)
    found = customer(working, name or group.text("tax_code"), group.text("tax_code"), group.text("currency"))
    if isinstance(found, Problem):
        return found
    account, is_new = found
    same = twins(money, account.id, wanted.symbol, wanted.number, day, group.text("currency"))
    for twin in same:
        return _known(row, wanted, twin)
    notes: list[Problem] = list(row.notes)
    target = _target(wanted, account.id, context, notes)
    head: dict[str, Any] = {
        "id": own_id,
        "account": account.id,
        "number": printed_number(wanted.number),
        "form": wanted.form,
        "symbol": wanted.symbol,
        "seller_tax_code": wanted.seller[:14],
        "issued_on": day,
        "currency": group.text("currency"),
        "origin": "file",
        "remark": group.text("description"),
        **wanted.amounts,
    }
    made: list[Record]
    paid: int | None = None
    if wanted.is_credit:
        made = [CreditNote(invoice=target, **head)]
    else:
        action = _action(wanted)
        invoice = Invoice(
            buyer_name=(name or account.name)[:400],
            buyer_tax_code=group.text("tax_code")[:14],
            exchange_rate=group.first("exchange_rate") if group.text("currency") != "VND" else None,
            replaces=target if action == "replaces" else "",
            adjusts=target if action == "adjusts" else "",
            **head,
        )
        parts, more = instalments(working, account, own_id, wanted.figures.total, group.first("due_on"))
        notes += more
        before = _paid(wanted, counted, notes)
        if isinstance(before, Problem):
            return before
        paid = before
        made = [invoice, *parts, *_lines(wanted, own_id)]
    problem = first_problem([*([account] if is_new else []), *made])
    if problem is not None:
        return problem
    working.put_group([*([account] if is_new else []), *made])
    money.add(made, answered=paid is not None)
    if paid:
        _settle(working, context, own_id, paid, day)
    if is_new:
        notes.append(new_customer_note(account))
    return dataclasses.replace(row, verdict=Verdict.CREATE, notes=tuple(notes))


def _known(row: PlannedRow, wanted: _Wanted, saved: Record) -> PlannedRow | Problem:
    """The number is there already: with the same figures nothing changes, with others it is a conflict."""
    if isinstance(saved, CreditNote) != wanted.is_credit:
        message = N_("A document of this number is there already, and the one is a credit note and the other is not.")
        return Problem("total", "conflict", message)
    group = wanted.group
    compared: dict[str, Any] = {
        "total": wanted.amounts["total"],
        "issued_on": group.first("issued_on"),
        "currency": group.text("currency"),
    }
    if not from_table(saved):  # of what came as a table the split may be computed
        compared |= {name: wanted.amounts[name] for name in ("net", "tax") if name in wanted.figures.printed}
    if isinstance(saved, Invoice) and saved.buyer_tax_code and group.text("tax_code"):
        compared["buyer_tax_code"] = group.text("tax_code")
    for name, value in compared.items():
        if getattr(saved, name) != value:
            return conflict(saved, name, value)
    return dataclasses.replace(row, verdict=Verdict.UNCHANGED)


def _action(wanted: _Wanted) -> str:
    if wanted.is_credit:
        return "adjusts"
    if _REPLACES.search(wanted.status):
        return "replaces"
    if _ADJUSTS.search(wanted.status) or wanted.group.text("related"):
        return "adjusts"
    return ""


def _target(wanted: _Wanted, account: str, context: Context, notes: list[Problem]) -> str:
    """The id of the invoice that this one names as its original; empty when it names none that can be told."""
    text = wanted.group.text("related")
    if not text:
        if wanted.is_credit or _action(wanted):
            message = N_("The invoice that this one lowers, raises or replaces is not named: it is not linked.")
            notes.append(Problem("related", "related_not_named", message))
        return ""
    named = invoice_names.listed(text)
    symbol, number = named[0] if named else ("", "")
    known = [
        each
        for each in context.money.numbers.get(number, {}).values()
        if each.account == account and (not symbol or each.symbol in ("", symbol))
    ]
    if len(known) == 1:
        return known[0].id
    if symbol:
        message = N_("The invoice that this one replaces or adjusts ({number}) is not here yet.")
        if not known:
            notes.append(Problem("related", "related_missing", message, {"number": text[:40]}))
        return identity(wanted.seller, wanted.form, symbol, number)
    message = N_("Which invoice “{text}” means cannot be told: it is not linked.")
    notes.append(Problem("related", "related_unclear", message, {"text": text[:40]}))
    return ""


def _lines(wanted: _Wanted, own_id: str) -> list[InvoiceLine]:
    found: list[InvoiceLine] = []
    group = wanted.group
    for each in group.rows:
        if not each.has_line:
            continue
        values = each.values
        place, quantity, price = len(found) + 1, values.get("quantity"), values.get("price")
        net = values.get("net") if wanted.figures.by_line else None
        if net is None and quantity is not None and price is not None:
            net = to_minor(quantity * price, values["currency"])
        if net is None:
            net = wanted.figures.net if len(group.rows) == 1 else 0
        found.append(
            InvoiceLine(
                id=derived("invoice_line", own_id, str(place)),
                invoice=own_id,
                place=place,
                nature="discount" if net < 0 < wanted.figures.net else "goods",
                code=values.get("product_code", "")[:50],
                description=(values.get("product") or values.get("description") or "")[:500],
                unit=values.get("unit", "")[:50],
                quantity=quantity,
                price=price,
                discount=values.get("discount") or None,
                net=net,
                tax_rate=values.get("tax_rate", ""),
                tax=values.get("tax") if wanted.figures.by_line else None,
            )
        )
    return found


# --- what was paid before -------------------------------------------------------------------------------------------


def _paid(wanted: _Wanted, counted: bool, notes: list[Problem]) -> int | Problem | None:
    """What the row says was paid of the invoice, in minor units; None when it says nothing about it."""
    total, currency = wanted.figures.total, wanted.group.text("currency")
    paid = invoice_rows.paid_amount(wanted.group, "paid", total)
    rest = invoice_rows.paid_amount(wanted.group, "still_open", total)
    if rest is not None:
        if not 0 <= rest <= total:
            message = N_("Still open {open} does not fit the total {total}.")
            args = {"open": said(rest, currency), "total": said(total, currency)}
            return Problem("still_open", "open_over_total", message, args)
        if paid is not None and paid + rest != total:
            message = N_("Paid {paid} and still open {open} do not make the total: what is open was believed.")
            args = {"paid": said(paid, currency), "open": said(rest, currency)}
            notes.append(Problem("paid", "paid_differs", message, args))
        return total - rest
    if paid is not None:
        if not 0 <= paid <= total:
            message = N_("Paid {paid} does not fit the total {total}.")
            args = {"paid": said(paid, currency), "total": said(total, currency)}
            return Problem("paid", "paid_over_total", message, args)
        return paid
    if _PARTLY.search(wanted.status):
        return None
    if _UNPAID.search(wanted.status):
        return 0
    if _PAID.search(wanted.status):
        return total
    # a blank cell in a column of payments means that there was none; one of open amounts says nothing
    return 0 if counted else None


def _settle(working: Working, context: Context, invoice: str, paid: int, day: Any) -> None:
    """The opening settlement of what was paid, taken off the instalments in their order."""
    own_id = derived("opening_settlement", invoice)
    working.put_group([OpeningSettlement(id=own_id, invoice=invoice, settled_on=day, amount=paid)])
    for each in context.money.instalments.get(invoice, []):
        taken = min(paid, context.money.open[each])
        context.money.open[each] -= taken
        paid -= taken
