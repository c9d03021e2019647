"""Decides what becomes of each e-invoice: account, invoice or credit note, links and allocations."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kam_desktop.domain.entities import (
    Account,
    Allocation,
    CreditNote,
    Instalment,
    Invoice,
    InvoiceLine,
    OpeningSettlement,
)
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.ids import derived
from kam_desktop.language import N_
from kam_desktop.transfer.einvoice import ADJUSTS, FOREIGN, PURCHASE, REPLACES, Document, EInvoice
from kam_desktop.transfer.import_plan import Opening, PlannedRow, Verdict, Working, first_problem

CONSUMER: Final = "Bán cho người tiêu dùng"
"""The name that the law gives a buyer who leaves no data (Decree 254/2026)."""
_GROUP: Final = 400
"""Lines written as one group; a group has a size on the wire."""


def identity(seller_code: str, form: str, symbol: str, number: str) -> str:
    """The id of an e-invoice, alike on every laptop; a credit note that was issued as one has its id the same way."""
    return derived("invoice", seller_code, form, symbol, number)


@dataclass
class Money:
    """What is known and decided about invoices, credit notes and what is open, through all files of an import.

    Attributes:
        open: what is left of each instalment of the invoices concerned, in minor units.
        instalments: the instalments of an invoice in their order.
        created: invoices that this import makes, in order.
    """

    open: dict[str, int] = field(default_factory=dict)
    instalments: dict[str, list[str]] = field(default_factory=dict)
    created: list[Invoice] = field(default_factory=list)


def prefetch(working: Working, invoices: Iterable[EInvoice], money: Money) -> None:
    """Reads at once what deciding will ask for: records of the same ids, related ones, and what is open of them."""
    ids = []
    for each in invoices:
        ids.append(identity(*each.key))
        ids += [_related_id(each, place) for place in range(len(each.related))]
    working.prefetch(Invoice, ids)
    working.prefetch(CreditNote, ids)
    load_open(working, ids, money)


def load_open(working: Working, invoices: Sequence[str], money: Money) -> None:
    """Reads what is open of the instalments of saved invoices."""
    statement = (
        "select c.id, c.invoice, c.open from cache_instalment c join instalment i on i.id = c.id "
        "where c.invoice in (select value from json_each(:ids)) order by c.invoice, i.place, i.id"
    )
    for instalment, invoice, rest in working.reader.sql(statement, {"ids": json.dumps(sorted(set(invoices)))}):
        money.open[instalment] = rest
        money.instalments.setdefault(invoice, []).append(instalment)


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
    account = _account(working, invoice)
    if isinstance(account, Problem):
        return dataclasses.replace(row, reason=account)
    made = _credit_note(invoice, own_id, account.id) if invoice.total < 0 else _invoice(invoice, own_id, account.id)
    new_account = [] if working.get(Account, account.id) == account else [account]
    problem = first_problem([*new_account, *made])
    if problem is not None:
        return dataclasses.replace(row, reason=problem)
    head = [*new_account, *made[:_GROUP]]
    working.put_group(head)
    for start in range(_GROUP, len(made), _GROUP):
        working.put_group(made[start : start + _GROUP])
    for each in made:
        if isinstance(each, Invoice):
            money.created.append(each)
        elif isinstance(each, Instalment):
            money.instalments.setdefault(own_id, []).append(each.id)
            money.open[each.id] = each.amount or 0
    notes = [*row.notes, *_link_notes(working, invoice)]
    if new_account:
        notes.append(Problem("account", "new_account", "A new customer: {name}.", {"name": account.name[:80]}))
    return dataclasses.replace(row, verdict=Verdict.CREATE, notes=tuple(notes))


def _not_ours(invoice: EInvoice, our_codes: Sequence[str]) -> Problem | None:
    direction = invoice.direction(our_codes)
    if direction == PURCHASE:
        return Problem("", "purchase", "A purchase invoice: our firm is the buyer.")
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
    wanted: dict[str, Any] = {**_figures(invoice), "issued_on": invoice.issued_on, "currency": invoice.currency}
    if isinstance(saved, Invoice):
        wanted["buyer_tax_code"] = invoice.buyer.tax_code[:14]
    if isinstance(saved, CreditNote) != (invoice.total < 0):
        wanted["kind"] = None
    different = [name for name, value in wanted.items() if name == "kind" or getattr(saved, name) != value]
    if not different:
        return dataclasses.replace(row, verdict=Verdict.UNCHANGED)
    first = different[0]
    message = N_("An invoice of this number is there already with other figures ({label}): nothing was changed.")
    described = type(saved).entity
    label = described.field(first).label if first != "kind" else described.label
    return dataclasses.replace(row, reason=Problem(first, "conflict", message, {"label": label}))


def _account(working: Working, invoice: EInvoice) -> Account | Problem:
    """The buyer's account: by tax code, else by folded name, else a new one."""
    buyer = invoice.buyer
    name = buyer.name or buyer.person or CONSUMER
    found = working.accounts.find(name, buyer.tax_code)
    if isinstance(found, Problem):
        return found
    if found is not None:
        saved = working.get(Account, found)
        if saved is not None:
            return saved
    parent = ""
    if len(buyer.tax_code) == 14:  # a dependent unit: its company, when that is known
        known = working.accounts.find("", buyer.tax_code[:10])
        parent = known if isinstance(known, str) else ""
    return Account(
        id=working.new_id(),
        name=name[:400],
        tax_code=buyer.tax_code[:14],
        parent=parent,
        address=buyer.address[:400],
        phone=buyer.phone[:40],
        email=buyer.email[:120],
        currency=invoice.currency,
    )


def _head(invoice: EInvoice, account: str) -> dict[str, Any]:
    related = invoice.related[0].remark if invoice.related else ""
    return {
        "account": account,
        "number": invoice.number.zfill(8) if invoice.number.isdigit() else invoice.number,
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


def _link(invoice: EInvoice, action: str) -> str:
    for place, each in enumerate(invoice.related):
        if each.action == action:
            return _related_id(invoice, place)
    return ""


def _invoice(invoice: EInvoice, own_id: str, account: str) -> list[Record]:
    made: list[Record] = [
        Invoice(
            id=own_id,
            buyer_name=(invoice.buyer.name or invoice.buyer.person or CONSUMER)[:400],
            buyer_tax_code=invoice.buyer.tax_code[:14],
            exchange_rate=invoice.exchange_rate if invoice.currency != "VND" else None,
            replaces=_link(invoice, REPLACES),
            adjusts=_link(invoice, ADJUSTS),
            authority_code=invoice.authority_code,
            signed=invoice.signed,
            **_head(invoice, account),
        )
    ]
    if invoice.total:
        made.append(Instalment(id=derived("instalment", own_id, "1"), invoice=own_id, place=1, amount=invoice.total))
    for place, line in enumerate(invoice.lines, start=1):
        made.append(
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
        )
    return made


def _credit_note(invoice: EInvoice, own_id: str, account: str) -> list[Record]:
    """An adjustment downwards: positive amounts, linked to what it lowers, which may arrive later."""
    target = _link(invoice, ADJUSTS) or _link(invoice, REPLACES)
    return [CreditNote(id=own_id, invoice=target, **_head(invoice, account))]


def _link_notes(working: Working, invoice: EInvoice) -> list[Problem]:
    found = []
    for place, each in enumerate(invoice.related):
        target = _related_id(invoice, place)
        if working.get(Invoice, target) is None and working.get(CreditNote, target) is None:
            message = N_("The invoice that this one replaces or adjusts ({number}) is not here yet.")
            found.append(Problem("related", "related_missing", message, {"number": f"{each.symbol} {each.number}"}))
    return found


# --- after all files: allocations and the opening ---------------------------------------------------------------------


def allocate(working: Working, money: Money) -> None:
    """Lays credit notes against the invoices they lower, as far as these are open, in whatever order they came."""
    notes = {each.id: each for each in working.written(CreditNote)}
    for each in working.ids_of("credit_note", "invoice", [invoice.id for invoice in money.created]):
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
