"""What stands behind an id in the collections: whose it is, its invoice, and what a panel shows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kam_desktop.domain.entities import Account, Contact, CreditNote, Instalment, Invoice, Receipt
from kam_desktop.domain.text import company_core
from kam_desktop.language import tr
from kam_desktop.ui.pages.collection.deeds import channel_names
from kam_desktop.ui.pages.collection.invoice import InvoiceShown, LaidLine, PartLine, PromiseLine, ReminderLine
from kam_desktop.ui.pages.collection.outcome import outcome_names


def name_of(reader: Any, account: str) -> str:
    """A customer's short name, "" when it is not there."""
    found = reader.get(Account, account)
    return (found.short_name or company_core(found.name)) if found is not None else ""


def short_names(reader: Any, accounts: Sequence[str]) -> dict[str, str]:
    """The short names of these customers, else the legal ones without their form."""
    found = reader.many(Account, {key for key in accounts if key})
    return {key: each.short_name or company_core(each.name) or each.name for key, each in found.items()}


def payer_of(reader: Any, account: str, instalment: str) -> tuple[str, str]:
    """(id, name) of the customer that is meant: named, or whose instalment it is; ("", "") for nobody."""
    part = reader.get(Instalment, instalment) if instalment and not account else None
    invoice = reader.get(Invoice, part.invoice) if part is not None else None
    found = reader.get(Account, account or (invoice.account if invoice is not None else ""))
    return (found.id, found.name) if found is not None else ("", "")


def whereabouts(reader: Any, key: str) -> tuple[str, str]:
    """("invoice", id) for what belongs to an invoice, ("receipt", id), or two empty words."""
    for record, invoice in ((Instalment, "invoice"), (Invoice, "id"), (CreditNote, "invoice")):
        found = reader.get(record, key)
        if found is not None:
            return "invoice", getattr(found, invoice)
    return ("receipt", key) if reader.get(Receipt, key) is not None else ("", "")


def shown_of(reader: Any, detail: Any) -> InvoiceShown:
    """What the panel shows of an invoice's detail (services.collection.InvoiceDetail)."""
    invoice, account = detail.invoice, detail.account
    name = (account.short_name or company_core(account.name)) if account is not None else invoice.buyer_name
    open_days = [each.days_overdue or 0 for each in detail.instalments if each.open]
    return InvoiceShown(
        invoice.id, invoice.account, name, invoice.number, invoice.symbol, invoice.issued_on, invoice.currency,
        invoice.net or 0, invoice.tax or 0, invoice.total or 0, detail.open, max(open_days, default=0),
        [PartLine(each.instalment.name, each.due_on, each.days_overdue or 0, each.instalment.amount or 0, each.open,
                  each.on_default_term) for each in detail.instalments],
        _laid(detail),
        [(each.description or each.code, each.net or 0) for each in detail.lines],
        detail.replaced_by.number if detail.replaced_by is not None else "",
        detail.waiting, any(each.due_on is None or each.instalment.from_papers for each in detail.instalments),
        detail.papers.confirmed_on if detail.papers is not None else None,
        " · ".join(part for part in (detail.papers.confirmed_by, detail.papers.evidence) if part)
        if detail.papers is not None else "",
        _promises(reader, detail),
    )  # fmt: skip


def reminders_of(reader: Any, events: Sequence[Any], steps: Mapping[int | None, str]) -> list[ReminderLine]:
    """The reminders of an invoice as the panel tells them, the newest first."""
    people = reader.many(Contact, {each.contact for each in events if each.contact})
    channels, outcomes = channel_names(), outcome_names()
    found = []
    for each in events:
        who = people[each.contact].full_name if each.contact in people else ""
        words = [steps.get(each.step, ""), channels.get(each.channel, ""), outcomes.get(each.outcome, ""), who]
        on = each.reminded_at.astimezone().date() if each.reminded_at is not None else None
        found.append(ReminderLine(on, " · ".join(dict.fromkeys(part for part in words if part)), each.remark,
                                  each.channel == "letter"))  # fmt: skip
    return found


def _promises(reader: Any, detail: Any) -> list[PromiseLine]:
    people = reader.many(Contact, {each.contact for each in detail.promises if each.contact})
    channels, found = channel_names(), []
    for each in detail.promises:
        state = detail.promise_states.get(each.id)
        if state is None or each.withdrawn:  # one that only takes another back is told by that one
            continue
        who = people[each.contact].full_name if each.contact in people else ""
        found.append(PromiseLine(each.id, each.amount or 0, each.pay_on, each.promised_on, state.state, state.paid, who,
                                 channels.get(each.channel, "")))  # fmt: skip
    return found


def _laid(detail: Any) -> list[LaidLine]:
    reversed_ids = {each.reverses for each in detail.allocations if each.reverses}
    found = []
    for each in detail.allocations:
        source = detail.sources.get(each.receipt or each.credit_note)
        if isinstance(source, Receipt):
            words = " ".join(part for part in (tr("Receipt"), source.reference) if part)
            told = {"reported": tr("reported, does not count yet"), "rejected": tr("rejected")}
            words += f" ({told[detail.status[source.id]]})" if detail.status.get(source.id) in told else ""
        else:
            words = tr("Credit note {number}", number=source.number if source is not None else "")
        if each.reverses:
            words = tr("Taken back: {what}", what=words)
        can = not each.reverses and each.id not in reversed_ids
        amount = each.amount or 0
        found.append(LaidLine(each.id, each.allocated_on, words, -amount if each.reverses else amount, can))
    found += [
        LaidLine("", each.settled_on, tr("Paid before the program was used"), each.amount or 0)
        for each in detail.settlements
    ]
    return found
