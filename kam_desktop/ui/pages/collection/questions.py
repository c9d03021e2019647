"""What the collections page asks in the lanes, and the verbs it writes there; answers are frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from kam_desktop import formats
from kam_desktop.domain.entities import (
    Contact,
    DocumentsConfirmed,
    Invoice,
    Person,
    PromiseToPay,
    Receipt,
    ReceiptDecision,
)
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.text import company_core, fold
from kam_desktop.language import tr, trn
from kam_desktop.ui.desk import titles_of
from kam_desktop.ui.kit.record_table import RowGroup
from kam_desktop.ui.pages.collection.ageing import AgeingShown, AgeRow
from kam_desktop.ui.pages.collection.form import ShareLine
from kam_desktop.ui.pages.collection.invoice import InvoiceShown
from kam_desktop.ui.pages.collection.lists import OpenLine, ReceiptLine
from kam_desktop.ui.pages.collection.lookups import name_of, short_names, shown_of
from kam_desktop.ui.pages.collection.receipt import REJECTED, ReceiptShown

if TYPE_CHECKING:
    from kam_desktop.services.summary import AgeingReport

FIRST = 60  # rows that come along with the ids
NAMED = 500  # customers of the matrix that stand under their short name; the long tail under its legal one


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to: a customer, one of the ages, or both."""

    account: str | None = None
    bucket: int | None = None
    name: str = ""


@dataclass(frozen=True)
class OpenAnswer:
    """The open instalments of a filter: the ageing around them, their ids, how many are late, the first rows."""

    report: AgeingReport
    ids: Sequence[str]
    late: int
    rows: dict[str, OpenLine]


@dataclass(frozen=True)
class ReceiptAnswer:
    """The ids of receipts, what is left of those that are not laid out wholly, and the first rows."""

    ids: Sequence[str]
    left: Mapping[str, int]
    rows: dict[str, ReceiptLine]


def group(title: str, count: int, amount: int, currency: str) -> RowGroup:
    """The head of a group of instalments with their sum."""
    words = trn("{n} instalment", "{n} instalments", count)
    return RowGroup(title, f"{words} · {formats.amount(amount, currency)}", count)


def ask_ageing(reader: Any, as_of: date, currency: str) -> tuple[AgeingReport, AgeingShown]:
    """The ageing at the end of a day, and what the matrix shows of it."""
    from kam_desktop.services import summary

    report = summary.ageing(reader, as_of, currency)
    names = short_names(reader, [row.account for row in report.rows[:NAMED]])
    rows = [
        AgeRow(each.account, names.get(each.account) or company_core(each.name) or each.name,
               (each.not_due, *each.overdue), each.unallocated, each.balance, each.open_items,
               each.waiting, each.reported)
        for each in report.rows
    ]  # fmt: skip
    total = report.total
    sums = AgeRow("", "", (total.not_due, *total.overdue), total.unallocated, total.balance, total.open_items,
                  total.waiting, total.reported)  # fmt: skip
    return report, AgeingShown(report.currency, report.buckets, rows, sums, total.on_default_term)


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
            row.days_overdue or 0, row.open, row.currency, row.name, row.on_default_term,
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


def ask_shares(reader: Any, account: str, currency: str, amount: int, as_of: date) -> list[ShareLine]:
    """How this much would pay the oldest first."""
    from kam_desktop.services import collection

    found = collection.suggest_allocation(reader, account, currency, amount, as_of)
    return [ShareLine(each.instalment, each.number, each.due_on, each.open, each.amount) for each in found]


def ask_detail(reader: Any, key: str, as_of: date) -> InvoiceShown:
    """One invoice as the panel shows it."""
    from kam_desktop.services import collection

    return shown_of(reader, collection.invoice_detail(reader, key, as_of))


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


# Verbs: they run in the edit lane.


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
