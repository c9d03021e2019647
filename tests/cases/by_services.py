"""Enters the worked cases into a real profile through the services, and reads back what they show."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from kam_desktop.domain.entities import (
    Account,
    CreditNote,
    Instalment,
    Invoice,
    PaymentTerm,
    PaymentTermLine,
    ProposalLine,
    Receipt,
)
from kam_desktop.domain.figures.terms import END_OF_MONTH, Step
from kam_desktop.services import collection, proposal, receipt, receivables, records, rule, summary
from kam_desktop.services.summary import AgeingRow
from kam_desktop.store.profile import Store
from kam_desktop.store.reader import Reader
from tests.cases.payment_terms import TermCase
from tests.cases.ratios import CeiCase, DsoCase
from tests.cases.receivables import Back, Credit, Fact, Inv, Lay, Oldest, ReceivablesCase, day
from tests.cases.taxes import Line, TaxCase


@dataclass
class Entered:
    """The ids that the facts of one case got in the profile, by their names in the case."""

    accounts: dict[str, str] = field(default_factory=dict)
    invoices: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    credits: dict[str, str] = field(default_factory=dict)
    lays: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """What the services show at the end of a day, in the words of the case.

    Attributes:
        ageing: the rows of the case's customers by name.
        closing: the statement's last balance by customer.
    """

    open: dict[str, int]
    free: dict[str, int]
    ageing: dict[str, AgeingRow]
    closing: dict[str, int]


def customer(store: Store, name: str, **more: object) -> str:
    """A customer of its own for a case."""
    with store.edit("Customer") as uow:
        return records.save(uow, Account(id=uow.new_id(), name=name, **more)).id  # type: ignore[arg-type]


def enter(store: Store, case: ReceivablesCase) -> Entered:
    """Every fact of the case by the verb that a user would use, one edit each, in their order."""
    entered = Entered()
    rejected = []
    for fact in case.facts:
        if isinstance(fact, Inv | Credit) and fact.account not in entered.accounts:
            entered.accounts[fact.account] = customer(store, f"{fact.account}: {case.name}")
        if isinstance(fact, Credit) and fact.status == "rejected":
            rejected.append(fact.id)
        _enter(store, case, fact, entered)
    for name in rejected:
        reject(store, entered.credits[name])
    return entered


def _enter(store: Store, case: ReceivablesCase, fact: Fact, entered: Entered) -> None:
    if isinstance(fact, Inv):
        _invoice(store, case, fact, entered)
    elif isinstance(fact, Credit):
        _credit(store, case, fact, entered)
    elif isinstance(fact, Lay):
        _lay(store, fact, entered)
    elif isinstance(fact, Back):
        with store.edit("Take back") as uow:
            collection.reverse_allocation(uow, entered.lays[fact.lay], day(fact.on))
    else:
        _oldest(store, fact, entered)


def _invoice(store: Store, case: ReceivablesCase, fact: Inv, entered: Entered) -> None:
    total = sum(amount for _, amount in fact.parts)
    plain = Invoice(
        id="",
        account=entered.accounts[fact.account],
        number=fact.id,
        issued_on=day(fact.issued),
        currency=fact.currency or case.currency,
        net=total,
        total=total,
    )
    parts = [
        Instalment(id="", invoice="", place=place, amount=amount, due_on=day(due))
        for place, (due, amount) in enumerate(fact.parts, 1)
    ]
    with store.edit("Invoice") as uow:
        made = collection.create_invoice(uow, plain, parts)
    entered.invoices[fact.id] = made.id
    with store.reader() as reader:
        for part in reader.children(Instalment, "invoice", made.id):
            entered.parts[f"{fact.id}/{part.place}"] = part.id


def _credit(store: Store, case: ReceivablesCase, fact: Credit, entered: Entered) -> None:
    account, currency = entered.accounts[fact.account], fact.currency or case.currency
    with store.edit("Money") as uow:
        if fact.kind == "credit_note":
            note = CreditNote(
                id=uow.new_id(),
                account=account,
                invoice=entered.invoices.get(fact.invoice, ""),
                number=fact.id,
                issued_on=day(fact.on),
                currency=currency,
                net=fact.amount,
                total=fact.amount,
            )
            entered.credits[fact.id] = records.save(uow, note).id
        else:
            plain = Receipt(
                id="",
                account=account,
                received_on=day(fact.on),
                amount=fact.amount,
                currency=currency,
                reference=fact.id,
            )
            entered.credits[fact.id] = collection.record_receipt(uow, plain).id


def _lay(store: Store, fact: Lay, entered: Entered) -> None:
    with store.edit("Allocate") as uow:
        source = _source(uow, entered.credits[fact.credit])
        [made] = collection.allocate(uow, source, [(entered.parts[fact.part], fact.amount)])
    entered.lays[fact.id] = made.id


def _oldest(store: Store, fact: Oldest, entered: Entered) -> None:
    """Lays what is left of a credit as the program offers it."""
    with store.edit("Allocate") as uow:
        source = _source(uow, entered.credits[fact.credit])
        collection.allocate(uow, source, offered(uow, source, day(fact.on)))


def offered(reader: Reader, source: Receipt | CreditNote, on: date) -> list[tuple[str, int]]:
    """The program's own proposal for the whole of a credit."""
    amount = (source.amount if isinstance(source, Receipt) else source.total) or 0
    shares = collection.suggest_allocation(reader, source.account, source.currency, amount, on)
    return [(share.instalment, share.amount) for share in shares if share.amount]


def reject(store: Store, receipt_id: str) -> None:
    """The money never came."""
    with store.edit("Reject") as uow:
        receipt.reject_receipt(uow, receipt_id, "void")


def _source(reader: Reader, identity: str) -> Receipt | CreditNote:
    found = reader.get(Receipt, identity) or reader.get(CreditNote, identity)
    assert found is not None
    return found


def shown(reader: Reader, case: ReceivablesCase, entered: Entered) -> Shown:
    """What is open, free, owed and stated at the end of the case's day, for its customers in its currency."""
    report = summary.ageing(reader, case.day, case.currency)
    names = {identity: name for name, identity in entered.accounts.items() if _wanted(case, name)}
    ageing = {names[row.account]: row for row in report.rows if row.account in names}
    parts = {identity: name for name, identity in entered.parts.items()}
    open_ = {}
    for identity in entered.invoices.values():
        detail = collection.invoice_detail(reader, identity, case.day)
        if detail.invoice.account in names and detail.invoice.currency == case.currency:
            open_.update({parts[each.instalment.id]: each.open for each in detail.instalments if each.open})
    credits = {identity: name for name, identity in entered.credits.items()}
    left = dict(receipt.unallocated(reader, case.day, case.currency))
    free = {name: left[identity] for identity, name in credits.items() if identity in left}
    closing = {}
    for identity, name in names.items():
        made = receivables.statement(reader, identity, date(1980, 1, 1), case.day, case.currency)
        assert made.opening + made.raised - made.lowered == made.closing
        closing[name] = made.closing
    return Shown(open_, free, ageing, closing)


def _wanted(case: ReceivablesCase, account: str) -> bool:
    return case.accounts is None or account in case.accounts


def use_term(store: Store, case: TermCase, account: str) -> None:
    """Saves the term of a case and agrees on it with the customer. Raises Refused when the term is none."""
    with store.edit("Term") as uow:
        made = rule.save_term(uow, PaymentTerm(id=uow.new_id(), name=case.name), term_lines(case))
        agreed = dataclasses.replace(records.get(uow, Account, account), payment_term=made.term.id)
        records.save(uow, agreed)


def term_lines(case: TermCase) -> list[PaymentTermLine]:
    """The parts of a case as lines of a payment term."""
    return [
        PaymentTermLine(
            id="",
            term="",
            place=place,
            name=f"{place}",
            kind=part.kind,
            value=Decimal(part.value) if part.value else None,
            steps=tuple(written(step) for step in part.steps),
            from_papers=part.from_papers,
        )
        for place, part in enumerate(case.parts, 1)
    ]


def written(step: Step) -> str:
    """A step as records have it."""
    return step.kind if step.kind == END_OF_MONTH else f"{step.kind} {step.count}"


def invoice_by_term(store: Store, case: TermCase, account: str) -> collection.InvoiceDetail:
    """An invoice of the case's total, by the term that its customer has; whole as a user sees it at once."""
    total = 100_000 if case.total is None else case.total
    plain = Invoice(
        id="",
        account=account,
        number=case.name[:40],
        issued_on=case.invoiced_on,
        currency="USD",
        net=total,
        total=total,
    )
    with store.edit("Invoice") as uow:
        made = collection.create_invoice(uow, plain)
    with store.reader() as reader:
        return collection.invoice_detail(reader, made.id, case.invoiced_on)


def enter_months(store: Store, case: DsoCase, currency: str) -> None:
    """A sale at the beginning of each month, and one payment for what is not owed any more."""
    account = customer(store, f"DSO {currency}")
    for (year, month), amount in case.sales.items():
        _sale(store, account, currency, date(year, month, 1), amount, date(year, month, 20))
    _pay(store, account, currency, case.as_of, sum(case.sales.values()) - case.debtors)


def enter_period(store: Store, case: CeiCase, currency: str) -> tuple[date, date]:
    """Debts of before, the sales of a quarter and its payments; of the closing balance `not_due` is due later."""
    first, last = date(2026, 1, 1), date(2026, 3, 31)
    account = customer(store, f"CEI {currency}")
    _sale(store, account, currency, date(2025, 12, 10), case.opening, date(2025, 12, 20))
    _sale(store, account, currency, date(2026, 3, 1), case.sales - case.not_due, date(2026, 3, 20))
    _sale(store, account, currency, date(2026, 3, 10), case.not_due, date(2026, 4, 10))
    _pay(store, account, currency, date(2026, 3, 25), case.opening + case.sales - case.closing)
    return first, last


def _sale(store: Store, account: str, currency: str, on: date, amount: int, due_on: date) -> None:
    plain = Invoice(id="", account=account, number=f"{on}", issued_on=on, currency=currency, net=amount, total=amount)
    part = Instalment(id="", invoice="", place=1, amount=amount, due_on=due_on)
    with store.edit("Invoice") as uow:
        collection.create_invoice(uow, plain, [part])


def _pay(store: Store, account: str, currency: str, on: date, amount: int) -> None:
    plain = Receipt(id="", account=account, received_on=on, amount=amount, currency=currency)
    with store.edit("Receipt") as uow:
        collection.record_receipt(uow, plain, offered(uow, plain, on))


def tax_totals(store: Store, account: str, case: TaxCase) -> proposal.ProposalDetail:
    """A proposal with the lines of the case, as the editor shows it."""
    with store.edit("Proposal") as uow:
        made = proposal.create(uow, account, case.name, currency="USD")
    with store.edit("Lines") as uow:
        version = proposal.detail(uow, made.id).version
        proposal.set_lines(uow, version.id, tax_lines(case))
    with store.reader() as reader:
        return proposal.detail(reader, made.id)


def tax_lines(case: TaxCase) -> Sequence[ProposalLine]:
    """The lines of a case as a proposal has them."""
    return [
        ProposalLine(
            id="",
            version="",
            place=place,
            description=f"{place}",
            quantity=Decimal(line.quantity),
            price=int(line.price),
            discount_percent=Decimal(line.discount) or None,
            tax_rate=rate(line.rate),
        )
        for place, line in enumerate(case.lines, 1)
    ]


def net_of(line: Line) -> int:
    """The net of a line as it is printed: rounded once, half up."""
    exact = Decimal(line.quantity) * Decimal(line.price) * (100 - Decimal(line.discount)) / 100
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def rate(percent: str) -> str:
    """A rate of a case as our documents write it; a line without one is not subject to the tax."""
    return f"{percent}%" if percent else "KCT"
