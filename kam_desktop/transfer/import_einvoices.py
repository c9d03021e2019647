"""Decides what becomes of each e-invoice: account, invoice or credit note, links and allocations."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from kam_desktop.domain.entities import (
    Allocation,
    CreditNote,
    Invoice,
    InvoiceLine,
    OpeningSettlement,
)
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.ids import derived
from kam_desktop.language import N_
from kam_desktop.transfer.einvoice import ADJUSTS, FOREIGN, INTERNAL, PURCHASE, REPLACES, Document, EInvoice
from kam_desktop.transfer.import_money import (
    CONSUMER,
    conflict,
    customer,
    from_table,
    identity,
    instalments,
    load_numbers,
    new_customer_note,
    printed_number,
    said,
    twins,
)
from kam_desktop.transfer.import_money import Money as Money
from kam_desktop.transfer.import_money import load_open as load_open
from kam_desktop.transfer.import_plan import Opening, PlannedRow, Verdict, Working, first_problem

_GROUP: Final = 400
"""Lines written as one group; a group has a size on the wire."""


def prefetch(working: Working, invoices: Iterable[EInvoice], money: Money) -> None:
    """Reads at once what deciding will ask for: records of the same ids, related ones, and what is open of them."""
    ids, numbers = [], []
    for each in invoices:
        ids.append(identity(*each.key))
        numbers.append(each.number)
        for place, related in enumerate(each.related):
            ids.append(_related_id(each, place))
            numbers.append(related.number)
    working.prefetch(Invoice, ids)
    working.prefetch(CreditNote, ids)
    load_numbers(working, numbers, money)
    load_open(working, [*ids, *(one for each in set(numbers) for one in money.numbers.get(each, ()))], money)


def decide(working: Working, documents: Sequence[Document], our_codes: Sequence[str], money: Money) -> list[PlannedRow]:
    """The verdict on every document of one file; what it writes goes into `working` and `money`."""
    return [_document(working, each, our_codes, money) for each in documents]


def _document(working: Working, document: Document, our_codes: Sequence[str], money: Money) -> PlannedRow:
    invoice = document.invoice
    if invoice is None:
        return PlannedRow(document.row, document.name, Verdict.SKIP, document.problem, document=document.name)
    row = PlannedRow(
        document.row,
        invoice.label,
        Verdict.SKIP,
        notes=invoice.warnings,
        shown=_shown(invoice),
        document=document.name,
    )
    reason = _not_ours(invoice, our_codes)
    if reason is not None:
        return dataclasses.replace(row, reason=reason)
    own_id = identity(*invoice.key)
    saved: Record | None = working.get(Invoice, own_id) or working.get(CreditNote, own_id)
    if saved is not None:
        return _known(row, invoice, saved)
    buyer = invoice.buyer
    name = buyer.name or buyer.person or CONSUMER
    found = customer(
        working,
        name[:400],
        buyer.tax_code,
        invoice.currency,
        address=buyer.address,
        phone=buyer.phone,
        email=buyer.email,
    )
    if isinstance(found, Problem):
        return dataclasses.replace(row, reason=found)
    account, is_new = found
    for twin in twins(money, account.id, invoice.symbol, invoice.number, invoice.issued_on, invoice.currency):
        return _known(row, invoice, twin)  # it came by hand or from a table that knew less of its name
    notes: list[Problem] = list(row.notes)
    if invoice.total < 0:
        made: list[Record] = [_credit_note(working, invoice, money, own_id, account.id)]
    else:
        parts, more = instalments(working, account, own_id, invoice.total)
        notes += more
        made = [_invoice(working, invoice, money, own_id, account.id), *parts, *_lines(invoice, own_id)]
    head = [account] if is_new else []
    problem = first_problem([*head, *made])
    if problem is not None:
        return dataclasses.replace(row, reason=problem)
    working.put_group([*head, *made[:_GROUP]])
    for start in range(_GROUP, len(made), _GROUP):
        working.put_group(made[start : start + _GROUP])
    money.add(made)
    notes += _link_notes(working, invoice, money)
    if is_new:
        notes.append(new_customer_note(account))
    return dataclasses.replace(row, verdict=Verdict.CREATE, notes=tuple(notes))


def _not_ours(invoice: EInvoice, our_codes: Sequence[str]) -> Problem | None:
    direction = invoice.direction(our_codes)
    if direction == PURCHASE:
        return Problem("", "purchase", "A purchase invoice: our firm is the buyer.")
    if direction == INTERNAL:
        return Problem("", "internal", "Seller and buyer are both our firm: there is nothing to collect.")
    if direction == FOREIGN:
        message = N_("Neither seller nor buyer is our firm: the seller's tax code is {code}.")
        return Problem("", "foreign", message, {"code": invoice.seller.tax_code or "–"})
    if invoice.total == 0 and any(each.action == ADJUSTS for each in invoice.related):
        return Problem("", "words_only", "This adjustment changes words only, no amount.")
    return None


def _shown(invoice: EInvoice) -> dict[str, Any]:
    return {
        "buyer": invoice.buyer.name or CONSUMER,
        "tax_code": invoice.buyer.tax_code,
        "number": invoice.label,
        "issued_on": invoice.issued_on,
        "currency": invoice.currency,
        "total": invoice.total,
        "related": invoice.related[0].action if invoice.related else "",
    }


def _figures(invoice: EInvoice) -> dict[str, Any]:
    sign = -1 if invoice.total < 0 else 1
    tax = invoice.tax or 0
    net = invoice.net if invoice.net is not None else invoice.total - tax - invoice.fee_total
    return {"net": sign * net, "tax": sign * tax, "fees": sign * invoice.fee_total, "total": sign * invoice.total}


def _known(row: PlannedRow, invoice: EInvoice, saved: Record) -> PlannedRow:
    """The same number is there already: the same figures change nothing, others are a conflict, never an update."""
    if isinstance(saved, CreditNote) != (invoice.total < 0):
        message = N_("A document of this number is there already, and the one is a credit note and the other is not.")
        return dataclasses.replace(row, reason=Problem("total", "conflict", message))
    figures = _figures(invoice)
    wanted: dict[str, Any] = {"total": figures["total"], "issued_on": invoice.issued_on, "currency": invoice.currency}
    if isinstance(saved, Invoice) and saved.buyer_tax_code and invoice.buyer.tax_code:
        wanted["buyer_tax_code"] = invoice.buyer.tax_code[:14]
    notes = list(row.notes)
    parts = {each: figures[each] for each in ("net", "tax", "fees")}
    if from_table(saved):
        if any(getattr(saved, name) != value for name, value in parts.items()):
            message = N_("Net and tax stand as the table had them; this invoice prints net {net} and tax {tax}.")
            args = {each: said(parts[each], invoice.currency) for each in ("net", "tax")}
            notes.append(Problem("net", "net_as_before", message, args))
    else:
        wanted = parts | wanted
    for name, value in wanted.items():
        if getattr(saved, name) != value:
            return dataclasses.replace(row, reason=conflict(saved, name, value))
    return dataclasses.replace(row, verdict=Verdict.UNCHANGED, notes=tuple(notes))


def _head(invoice: EInvoice, account: str) -> dict[str, Any]:
    related = invoice.related[0].remark if invoice.related else ""
    return {
        "account": account,
        "number": printed_number(invoice.number),
        "form": invoice.form,
        "symbol": invoice.symbol,
        "seller_tax_code": invoice.seller.tax_code,
        "issued_on": invoice.issued_on,
        "currency": invoice.currency,
        "origin": "file",
        "remark": related,
        **_figures(invoice),
    }


def _related_id(invoice: EInvoice, place: int) -> str:
    related = invoice.related[place]
    return identity(
        related.tax_code or invoice.seller.tax_code, related.form or invoice.form, related.symbol, related.number
    )


def _target(working: Working, invoice: EInvoice, money: Money, place: int) -> str:
    """The id of a related invoice: its own, or that of one which came by hand or from a table under another name."""
    own_id, related = _related_id(invoice, place), invoice.related[place]
    if working.get(Invoice, own_id) is not None or working.get(CreditNote, own_id) is not None:
        return own_id
    others = [
        each.id
        for each in money.numbers.get(related.number, {}).values()
        if related.issued_on is not None
        and each.issued_on == related.issued_on
        and each.symbol in ("", related.symbol)
        and from_table(each)
    ]
    return others[0] if len(others) == 1 else own_id


def _link(working: Working, invoice: EInvoice, money: Money, action: str) -> str:
    for place, each in enumerate(invoice.related):
        if each.action == action:
            return _target(working, invoice, money, place)
    return ""


def _invoice(working: Working, invoice: EInvoice, money: Money, own_id: str, account: str) -> Invoice:
    return Invoice(
        id=own_id,
        buyer_name=(invoice.buyer.name or invoice.buyer.person or CONSUMER)[:400],
        buyer_tax_code=invoice.buyer.tax_code[:14],
        exchange_rate=invoice.exchange_rate if invoice.currency != "VND" else None,
        replaces=_link(working, invoice, money, REPLACES),
        adjusts=_link(working, invoice, money, ADJUSTS),
        authority_code=invoice.authority_code,
        signed=invoice.signed,
        **_head(invoice, account),
    )


def _lines(invoice: EInvoice, own_id: str) -> list[InvoiceLine]:
    return [
        InvoiceLine(
            id=derived("invoice_line", own_id, str(place)),
            invoice=own_id,
            place=place,
            nature=line.kind,
            code=line.code[:50],
            description=line.name[:500],
            unit=line.unit[:50],
            quantity=line.quantity,
            price=line.price,
            discount=line.discount or None,
            net=line.net or 0,
            tax_rate=line.tax_rate[:16],
            tax=line.tax,
        )
        for place, line in enumerate(invoice.lines, start=1)
    ]


def _credit_note(working: Working, invoice: EInvoice, money: Money, own_id: str, account: str) -> CreditNote:
    """An adjustment downwards: positive amounts, linked to what it lowers, which may arrive later."""
    target = _link(working, invoice, money, ADJUSTS) or _link(working, invoice, money, REPLACES)
    return CreditNote(id=own_id, invoice=target, **_head(invoice, account))


def _link_notes(working: Working, invoice: EInvoice, money: Money) -> list[Problem]:
    found = []
    for place, each in enumerate(invoice.related):
        if each.action not in (REPLACES, ADJUSTS):
            continue
        target = _target(working, invoice, money, place)
        if working.get(Invoice, target) is None and working.get(CreditNote, target) is None:
            message = N_("The invoice that this one replaces or adjusts ({number}) is not here yet.")
            found.append(Problem("related", "related_missing", message, {"number": f"{each.symbol} {each.number}"}))
    return found


# --- after all files: allocations and the opening ---------------------------------------------------------------------


def allocate(working: Working, money: Money) -> None:
    """Lays credit notes against the invoices they lower, as far as these are open, in whatever order they came."""
    notes = {each.id: each for each in working.written(CreditNote)}
    for each in working.ids_of("credit_note", "invoice", [each.id for each in (*money.created, *money.answered)]):
        saved = working.get(CreditNote, each)
        if saved is not None:
            notes[each] = saved
    replaced = {each.replaces for each in working.written(Invoice) if each.replaces}
    targets = sorted({each.invoice for each in notes.values() if each.invoice})
    for each in working.ids_of("invoice", "replaces", targets):
        later = working.get(Invoice, each)
        if later is not None:
            replaced.add(later.replaces)
    spent = _spent(working, notes)
    for credit in sorted(notes.values(), key=lambda one: (str(one.issued_on), one.symbol, one.number, one.id)):
        invoice = working.get(Invoice, credit.invoice) if credit.invoice else None
        if invoice is None or invoice.id in replaced or credit.id in replaced:
            continue
        if invoice.account != credit.account or invoice.currency != credit.currency:
            continue
        _lay(working, money, credit, invoice, (credit.total or 0) - spent.get(credit.id, 0))


def _spent(working: Working, notes: Iterable[str]) -> dict[str, int]:
    statement = (
        "select credit_note, sum(case when coalesce(reverses, '') = '' then amount else -amount end) "
        "from allocation where credit_note in (select value from json_each(:ids)) group by credit_note"
    )
    return {row[0]: row[1] for row in working.reader.sql(statement, {"ids": json.dumps(sorted(notes))})}


def _lay(working: Working, money: Money, credit: CreditNote, invoice: Invoice, left: int) -> None:
    if invoice.issued_on is None or credit.issued_on is None:
        return
    made: list[Record] = []
    for instalment in money.instalments.get(invoice.id, []):
        own_id = derived("allocation", credit.id, instalment)
        amount = min(left, money.open[instalment])
        if amount <= 0 or working.get(Allocation, own_id) is not None:
            continue
        made.append(
            Allocation(
                id=own_id,
                instalment=instalment,
                credit_note=credit.id,
                amount=amount,
                allocated_on=max(credit.issued_on, invoice.issued_on),
            )
        )
        left -= amount
        money.open[instalment] -= amount
    working.put_group(made)


def settle(working: Working, money: Money, opening: Opening, invoices: Sequence[Invoice]) -> int:
    """One opening settlement for each of the invoices that the answer does not call open; how many there were."""
    count = 0
    for each in invoices:
        if each.issued_on is None or opening.is_open(each.id, each.symbol, each.number, each.issued_on):
            continue
        own_id = derived("opening_settlement", each.id)
        rest = sum(money.open.get(part, 0) for part in money.instalments.get(each.id, []))
        if rest <= 0 or working.get(OpeningSettlement, own_id) is not None:
            continue
        settlement = OpeningSettlement(id=own_id, invoice=each.id, settled_on=each.issued_on, amount=rest)
        working.put_group([settlement])
        count += 1
    return count
