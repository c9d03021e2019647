"""What the collections page asks in the lanes, and the verbs it writes there; answers are frozen."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kam_desktop import formats
from kam_desktop.domain.entities import (
    FIRM_ID,
    Contact,
    DocumentsConfirmed,
    Firm,
    Invoice,
    Person,
    PromiseToPay,
    Receipt,
    ReceiptDecision,
)
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.text import fold
from kam_desktop.language import tr, trn
from kam_desktop.ui.desk import titles_of
from kam_desktop.ui.kit.record_table import RowGroup
from kam_desktop.ui.pages.collection.ageing import AgeingShown, LateLine, narrowed
from kam_desktop.ui.pages.collection.answers import Filter, OpenAnswer, ReceiptAnswer, WorkAnswer, WorkFilter
from kam_desktop.ui.pages.collection.invoice import InvoiceShown
from kam_desktop.ui.pages.collection.lists import OpenLine, ReceiptLine
from kam_desktop.ui.pages.collection.lookups import name_of, reminders_of, short_names, shown_of
from kam_desktop.ui.pages.collection.outcome import Outcome, Reminded
from kam_desktop.ui.pages.collection.receipt import REJECTED, ReceiptShown
from kam_desktop.ui.pages.collection.shares import ShareLine
from kam_desktop.ui.pages.collection.worklist import WorkLine, pill

if TYPE_CHECKING:
    from kam_desktop.services.dunning import Worklist
    from kam_desktop.services.summary import AgeingReport

FIRST = 60  # rows that come along with the ids


def due_between(as_of: date, bucket: int) -> tuple[date | None, date]:
    """The due dates of a bucket of the ageing, both included; None for no first one."""
    from kam_desktop.services import summary

    last = as_of - timedelta(days=1 if bucket == 0 else summary.EDGES[bucket - 1] + 1)
    return (as_of - timedelta(days=summary.EDGES[bucket]) if bucket < len(summary.EDGES) else None), last


def group(title: str, count: int, amount: int, currency: str) -> RowGroup:
    """The head of a group of instalments with their sum."""
    words = trn("{n} instalment", "{n} instalments", count)
    return RowGroup(title, f"{words} · {formats.amount(amount, currency)}", count)


def ask_ageing(
    reader: Any, as_of: date, currency: str, whose: str = "", industry: str = ""
) -> tuple[AgeingReport, AgeingShown]:
    """The ageing at the end of a day, of all or of somebody's customers, and what the matrix shows of it."""
    from kam_desktop.services import owner, summary

    report = summary.ageing(reader, as_of, currency)
    if whose or industry:
        report = narrowed(report, owner.accounts(reader, whose, industry))
    rows: Any = report.rows  # made like AgeRow
    total: Any = report.total
    return report, AgeingShown(report.currency, report.buckets, rows, total, total.on_default_term, report.as_of)


def ask_late(reader: Any, as_of: date, currency: str) -> dict[str, LateLine]:
    """What the law says of what is late, by customer."""
    from kam_desktop.services import late, rule

    found = late.late(reader, as_of, currency, rule.provision_tables(reader))
    return {key: LateLine(each.provision, each.limitation_on) for key, each in found.items()}


def ask_owners(reader: Any) -> tuple[list[tuple[str, str]], list[str]]:
    """Who is in charge of customers, and their industries."""
    from kam_desktop.services import owner

    return owner.owners(reader), owner.industries(reader)


def ask_worklist(reader: Any, as_of: date, currency: str, only: WorkFilter) -> WorkAnswer:
    """What to do about open money, with the first rows."""
    from kam_desktop.services import dunning, flows, summary

    wanted = dunning.Filter(only.account, only.owner, only.due_from, only.due_to, only.show)
    found = flows.worklist(reader, as_of, currency, wanted, only.order)
    ids = [each.instalment for each in found.entries[:FIRST]]
    others = flows.other_currencies(reader, currency)
    empty = not found.entries and not others and not reader.sql("select 1 from invoice limit 1")
    return WorkAnswer(found, work_lines(reader, found, ids), others, summary.payments_entered(reader), empty)


def work_lines(reader: Any, found: Worklist, ids: Sequence[str]) -> dict[str, WorkLine]:
    """The rows of these lines."""
    from kam_desktop.services import dunning

    entries = [found.by_id[key] for key in ids if key in found.by_id]
    names = short_names(reader, [each.account for each in entries])
    invoices = reader.many(Invoice, {each.invoice for each in entries})
    steps = {each.place: dunning.step_name(each) for each in dunning.steps(reader)}
    lines = {}
    for each in entries:
        line = each.line
        words, tone = pill(line.reason, line.day, line.until, line.percent, steps.get(line.step, ""), line.action)
        args = {name: formats.day(value) if isinstance(value, date) else value for name, value in each.args.items()}
        lines[each.instalment] = WorkLine(
            names.get(each.account, ""), invoices[each.invoice].number if each.invoice in invoices else "",
            each.due_on, line.days if each.due_on is not None else 0, each.open, found.currency, each.reached,
            found.steps, words, None if tone == "plain" else tone, tr(dunning.REASONS[line.reason], **args),
            each.account, each.invoice,
        )  # fmt: skip
    return lines


def ask_reminded(reader: Any, invoices: Sequence[str], as_of: date) -> Reminded:
    """What the dialog about a reminder begins with: the step that is due, the contact, a day that may be promised."""
    from kam_desktop.services import collection, dunning, rule

    own = rule.holidays(reader)
    pay_on = formats.next_working_day(as_of + timedelta(days=3), own)
    steps = dunning.steps(reader)
    named = [(each.place or 0, f"{each.place}. {dunning.step_name(each)}") for each in steps]
    if len(invoices) != 1:
        words = trn("{n} invoice", "{n} invoices", len(invoices))
        return Reminded(tuple(invoices), words, 0, "VND", pay_on, named, 0, "message")
    detail = collection.invoice_detail(reader, invoices[0], as_of)
    days = [each.days_overdue for each in detail.instalments if each.open > 0 and each.days_overdue is not None]
    before = dunning.reached(reader, invoices).get(invoices[0])
    above = [each for each in steps if (each.place or 0) > (before.step if before else 0)]
    due = [each for each in above if days and (each.days_after_due or 0) <= max(days)]
    broken = any(each.state == "broken" for each in detail.promise_states.values())
    channel = "call" if broken or not (due or before) else due[-1].channel if due else before.channel if before else ""
    people = sorted(reader.children(Contact, "account", detail.invoice.account), key=lambda each: not each.main)
    amount = formats.amount(detail.open, detail.invoice.currency, symbol=True)
    title = f"{name_of(reader, detail.invoice.account)} · {detail.invoice.number} · {amount}"
    return Reminded((invoices[0],), title, detail.open, detail.invoice.currency, pay_on, named,
                    due[-1].place or 0 if due else 0, channel,
                    [(each.id, each.full_name) for each in people])  # fmt: skip


def ask_open(reader: Any, as_of: date, currency: str, only: Filter) -> OpenAnswer:
    """The open instalments that a filter lets through."""
    from kam_desktop.services import summary

    report = summary.ageing(reader, as_of, currency)
    ids = summary.open_instalments(reader, as_of, account=only.account, bucket=only.bucket, currency=currency)
    if only.bucket is None:
        late = len(ids) - len(
            summary.open_instalments(reader, as_of, account=only.account, bucket=-1, currency=currency)
        )
    else:
        late = len(ids) if only.bucket >= 0 else 0
    return OpenAnswer(report, ids, late, open_lines(reader, ids[:FIRST], as_of))


def open_lines(reader: Any, ids: Sequence[str], as_of: date) -> dict[str, OpenLine]:
    """The rows of these instalments."""
    from kam_desktop.services import summary

    found = summary.open_rows(reader, ids, as_of)
    names = short_names(reader, [row.account for row in found])
    return {
        row.instalment: OpenLine(
            names.get(row.account) or row.account_name, row.number, row.issued_on, row.due_on,
            row.days_overdue or 0, row.open, row.currency, row.name, row.on_default_term, row.account, row.invoice,
        )
        for row in found
    }  # fmt: skip


def ask_receipts(reader: Any, as_of: date, currency: str, every: bool) -> tuple[AgeingReport, ReceiptAnswer]:
    """The receipts of which something is laid nowhere, or all of them up to the day."""
    from kam_desktop.services import receipt, summary

    left = dict(receipt.unallocated(reader, as_of, currency))
    ids = receipt.receipts(reader, currency=currency) if every else list(left)
    return summary.ageing(reader, as_of, currency), ReceiptAnswer(ids, left, receipt_lines(reader, ids[:FIRST], left))


def receipt_lines(reader: Any, ids: Sequence[str], left: Mapping[str, int]) -> dict[str, ReceiptLine]:
    """The rows of these receipts."""
    from kam_desktop.services import receipt

    found = receipt.rows(reader, ids, dict(left))
    names = short_names(reader, [row.account for row in found])
    return {
        row.id: ReceiptLine(
            row.received_on, names.get(row.account, ""), row.payer, row.reference, row.amount,
            0 if row.status == REJECTED else row.left, row.currency, row.status, row.account,
        )
        for row in found
    }  # fmt: skip


def ask_receipt_shown(reader: Any, key: str) -> ReceiptShown:
    """One receipt with everything that was decided about it."""
    from kam_desktop.services import receipt, records

    record = records.get(reader, Receipt, key)
    row = receipt.rows(reader, [key])[0]
    words = {"confirmed": tr("Confirmed"), "rejected": tr("Rejected")}
    decided = []
    for each in receipt.decisions(reader, key):
        by = reader.get(Person, each.decided_by) if each.decided_by else None
        said = " · ".join(
            part for part in (words.get(each.verdict, ""), each.reason, by.full_name if by else "") if part
        )
        decided.append((formats.day(each.decided_at.astimezone().date()) if each.decided_at else "", said))
    return ReceiptShown(
        key, record.account, name_of(reader, record.account), record.payer, record.reference, record.received_on,
        record.amount or 0,
        0 if row.status == REJECTED else row.left, record.currency, row.status, record.remark, decided,
    )  # fmt: skip


def ask_receipt(reader: Any, key: str) -> tuple[Receipt, dict[str, str]]:
    """A receipt with the titles of what it refers to."""
    from kam_desktop.services import records

    record = records.get(reader, Receipt, key)
    return record, titles_of(reader, record)


def ask_shares(reader: Any, account: str, currency: str, amount: int, as_of: date, memo: str) -> list[ShareLine]:
    """How this much would pay what the memo names, then the oldest first."""
    from kam_desktop.services import collection

    found = collection.suggest_allocation(reader, account, currency, amount, as_of, memo)
    return [ShareLine(each.instalment, each.number, each.due_on, each.open, each.amount) for each in found]


def ask_detail(reader: Any, key: str, as_of: date) -> InvoiceShown:
    """One invoice as the panel shows it."""
    from kam_desktop.documents import parts
    from kam_desktop.services import collection, dunning

    detail = collection.invoice_detail(reader, key, as_of)
    shown = shown_of(reader, detail)
    steps = {each.place: dunning.step_name(each) for each in dunning.steps(reader)}
    events = dunning.events(reader, key)
    shown = dataclasses.replace(shown, reminders=reminders_of(reader, events, steps))
    firm = reader.get(Firm, FIRM_ID)
    account = parts.bank_account(firm) if firm is not None else None
    if account is None or detail.invoice.currency != "VND" or detail.open <= 0 or detail.replaced_by is not None:
        return shown
    customer = detail.account
    short = (customer.short_name or customer.tax_code) if customer is not None else ""
    memo = parts.memo_of([detail.invoice.number], short)
    code = parts.payment_code(account, detail.open, memo)
    lines = ((tr("Account number"), account.number), ("", f"{account.bank} · {account.holder}"),
             (tr("Memo"), memo))  # fmt: skip
    return dataclasses.replace(shown, code=code, modules=parts.code_modules(code), pay_to=lines)


def ask_promise(reader: Any, invoice: str, old: str, as_of: date) -> tuple[PromiseToPay, dict[str, str]]:
    """A new promise about an invoice as the form begins: what is open of it, the customer's main contact."""
    from kam_desktop.services import collection, records

    found = records.get(reader, Invoice, invoice)
    before = reader.get(PromiseToPay, old) if old else None
    people = reader.children(Contact, "account", found.account)
    contact = before.contact if before is not None else next((each.id for each in people if each.main), "")
    amount = collection.invoice_detail(reader, invoice, as_of).open
    made = PromiseToPay(id="", account=found.account, invoice=invoice, contact=contact, promised_on=None, pay_on=None,
                        amount=amount or None, currency=found.currency)  # fmt: skip
    return made, titles_of(reader, made)


def ask_contacts(reader: Any, account: str, text: str) -> list[tuple[str, str]]:
    """The people of one customer whose name fits."""
    wanted = fold(text)
    people = reader.children(Contact, "account", account)
    return [(each.id, each.full_name) for each in people if wanted in fold(each.full_name)][:8]


def paper(reader: Any, kind: str, shown: InvoiceShown, as_of: date) -> Any:
    """A payment request for an invoice, or its customer's statement of account, to be set as PDF."""
    from kam_desktop import language
    from kam_desktop.documents import payment_request, statement

    if kind == "request":
        made = payment_request.payment_request(reader, [shown.id], as_of)
        return payment_request.paper(made, language.current())
    first = as_of.replace(month=1, day=1)
    told = statement.statement(reader, shown.account, first, as_of, shown.currency)
    return statement.paper(told, language.current(), dated_on=as_of)


def write_paper(target: Path, made: Any, folder: Path | None) -> None:
    """Sets a paper and puts it into a file."""
    from kam_desktop.documents import renderer

    renderer.write(target, renderer.pdf(made, folder))


# Verbs: they run in the edit lane.


def remind(uow: Any, invoices: Sequence[str], outcome: Outcome, as_of: date) -> Any:
    """Writes a reminder of each of these invoices; where no step is named, of several each one's own."""
    from kam_desktop.services import flows

    word = None
    if outcome.amount is not None or outcome.pay_on is not None:
        word = PromiseToPay(id="", account="", promised_on=None, pay_on=outcome.pay_on, amount=outcome.amount)
    for key in invoices:
        step = outcome.step
        if step is None and len(invoices) > 1:
            step = ask_reminded(uow, [key], as_of).step or None
        flows.remind(uow, key, step, outcome.channel, outcome.outcome, outcome.remark, outcome.contact, word)


def record(uow: Any, receipt: Receipt, shares: Sequence[tuple[str, int]]) -> Receipt:
    """Records a receipt with what it pays."""
    from kam_desktop.services import collection

    return collection.record_receipt(uow, receipt, shares)


def allocate(uow: Any, receipt: Receipt, shares: Sequence[tuple[str, int]]) -> Any:
    """Lays an older receipt against instalments."""
    from kam_desktop.services import collection

    return collection.allocate(uow, receipt, shares)


def confirm(uow: Any, key: str) -> Any:
    """Confirms a receipt."""
    from kam_desktop.services import receipt

    return receipt.confirm_receipt(uow, key)


def reject(uow: Any, record: ReceiptDecision) -> Any:
    """Rejects a receipt for the reason that was typed."""
    from kam_desktop.services import receipt

    return receipt.reject_receipt(uow, record.receipt, record.reason)


def name_payer(uow: Any, key: str, account: str) -> Receipt:
    """Says whose money a receipt is."""
    from kam_desktop.services import receipt

    return receipt.name_payer(uow, key, account)


def papers(uow: Any, record: DocumentsConfirmed) -> Any:
    """The customer has the papers of an invoice."""
    from kam_desktop.services import collection

    on = record.confirmed_on
    if on is None:
        raise Refused(Problem("confirmed_on", "required", "Say from which day the customer has the papers."))
    return collection.confirm_documents(uow, record.invoice, on, record.confirmed_by, record.evidence)


def take_papers_back(uow: Any, invoice: str) -> Any:
    """The invoice waits for its papers again."""
    from kam_desktop.services import collection

    return collection.withdraw_documents(uow, invoice)


def promise(uow: Any, record: PromiseToPay, old: str) -> PromiseToPay:
    """Writes a promise down, in the place of an older one where that is named."""
    from kam_desktop.services import promise as promises

    return promises.replace(uow, old, record) if old else promises.make(uow, record)


def withdraw(uow: Any, key: str) -> PromiseToPay:
    """Takes a promise back."""
    from kam_desktop.services import promise as promises

    return promises.withdraw(uow, key)


def take_back(uow: Any, allocation: str) -> Any:
    """Takes back what was laid against an instalment."""
    from kam_desktop.services import collection

    return collection.reverse_allocation(uow, allocation)
