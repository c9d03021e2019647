"""One customer's time line: talks, papers and money in one order, ids first, rows by page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from kam_desktop.domain.entities import (
    Activity,
    Contact,
    CreditNote,
    DocumentsConfirmed,
    DunningEvent,
    Invoice,
    Person,
    PromiseToPay,
    Proposal,
    ProposalVersion,
    Receipt,
    Task,
)
from kam_desktop.domain.entity import Record
from kam_desktop.store.reader import Reader

ALL, TALKS, MONEY, PAPERS = "", "talks", "money", "papers"

# A day without a time stands at its noon (UTC), so that days and moments have one order.
_PARTS = {
    "activity": (TALKS, "select 'activity:' || id, at from activity where account = :account"),
    "task": (
        TALKS,
        "select 'task:' || id, done_on || 'T12:00' from task where account = :account and coalesce(done_on, '') <> ''",
    ),
    "sent": (
        PAPERS,
        "select 'sent:' || v.id, v.sent_at from proposal p join proposal_version v on v.proposal = p.id "
        "where p.account = :account and coalesce(v.sent_at, '') <> ''",
    ),
    "won": (
        PAPERS,
        "select 'won:' || p.id, max(h.written_at) from proposal p join history h on h.record = p.id "
        "where p.account = :account and p.stage = 'won' and h.entity = 'proposal' "
        "and json_extract(h.new, '$.stage') = 'won' group by p.id",
    ),
    "documents_confirmed": (
        PAPERS,
        "select 'documents_confirmed:' || d.id, d.confirmed_on || 'T12:00' from invoice i "
        "join documents_confirmed d on d.invoice = i.id "
        "where i.account = :account and coalesce(d.confirmed_on, '') <> ''",
    ),
    "invoice": (MONEY, "select 'invoice:' || id, issued_on || 'T12:00' from invoice where account = :account"),
    "credit_note": (
        MONEY,
        "select 'credit_note:' || id, issued_on || 'T12:00' from credit_note where account = :account",
    ),
    "receipt": (MONEY, "select 'receipt:' || id, received_on || 'T12:00' from receipt where account = :account"),
    "promise_to_pay": (
        MONEY,
        "select 'promise_to_pay:' || id, promised_on || 'T12:00' from promise_to_pay where account = :account",
    ),
    "dunning_event": (MONEY, "select 'dunning_event:' || id, reminded_at from dunning_event where account = :account"),
}
_RECORDS: dict[str, type[Record]] = {
    "activity": Activity,
    "task": Task,
    "sent": ProposalVersion,
    "won": Proposal,
    "documents_confirmed": DocumentsConfirmed,
    "invoice": Invoice,
    "credit_note": CreditNote,
    "receipt": Receipt,
    "promise_to_pay": PromiseToPay,
    "dunning_event": DunningEvent,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; what it is called is said where it is shown.

    Attributes:
        key: kind and id, as `ids` gave them.
        kind: of `activity` its own (meeting, call, message, note); else task, sent, won, documents_confirmed, invoice,
            credit_note, receipt, receipt_rejected (finance did not find it), promise_to_pay or dunning_event.
        at: the moment; None when only the day is known.
        on: the day.
        subject: the words of a person, the title of a paper, the number of an invoice.
        detail: what was said, the remark, the memo of a transfer.
        who: the contact, else the colleague.
        promised: what was promised in a talk.
        amount: minor units of `currency`, None where there is none.
        until: the end of an offer's validity, the day of a promise to pay.
        private: the customer must never see what stands here.
        open: (entity, id) of the record behind it.
    """

    key: str
    kind: str
    at: datetime | None
    on: date | None
    subject: str
    detail: str = ""
    who: str = ""
    promised: str = ""
    amount: int | None = None
    currency: str = "VND"
    until: date | None = None
    private: bool = False
    open: tuple[str, str] = ("", "")


def ids(reader: Reader, account: str, kind: str = ALL) -> list[str]:
    """Everything that happened with a customer, the newest first, as keys for `rows`; `kind` is one of the four."""
    statements = [statement for part, statement in _PARTS.values() if kind in (ALL, part)]
    found = [row for each in statements for row in reader.sql(each, {"account": account})]
    found.sort(key=lambda row: (row[1] or "", row[0]), reverse=True)
    return [row[0] for row in found]


def rows(reader: Reader, keys: Sequence[str]) -> dict[str, Event]:
    """What these keys stand for; those that are gone are left out. One question for each kind, none for each row."""
    wanted: dict[str, list[str]] = {}
    for key in keys:
        kind, _, identity = key.partition(":")
        wanted.setdefault(kind, []).append(identity)
    found: dict[str, dict[str, Record]] = {kind: reader.many(_RECORDS[kind], some) for kind, some in wanted.items()}
    everything = [record for some in found.values() for record in some.values()]
    contacts = reader.many(Contact, _named(everything, "contact"))
    people = reader.many(Person, _named(everything, "author"))
    proposals = reader.many(Proposal, _named(everything, "proposal"))
    invoices = reader.many(Invoice, _named(everything, "invoice"))
    moved = _won_at(reader, wanted.get("won", []))
    rejected = _rejected(reader, wanted.get("receipt", []))
    made = {}
    for key in keys:
        kind, _, identity = key.partition(":")
        record = found[kind].get(identity)
        if record is None:
            continue
        contact, author = contacts.get(getattr(record, "contact", "")), people.get(getattr(record, "author", ""))
        who = contact.full_name if contact else author.full_name if author else ""
        invoice = invoices.get(getattr(record, "invoice", ""))
        number = invoice.number if invoice else ""
        if isinstance(record, Activity):
            private = record.kind == "note"
            made[key] = Event(
                key, record.kind, record.at, _day(record.at), record.subject, record.said, who, record.promised,
                private=private, open=("activity", identity),
            )  # fmt: skip
        elif isinstance(record, Task):
            made[key] = Event(key, kind, None, record.done_on, record.subject, record.remark, open=("task", identity))
        elif isinstance(record, ProposalVersion):
            proposal = proposals.get(record.proposal)
            title = proposal.title if proposal else ""
            made[key] = Event(
                key, kind, record.sent_at, _day(record.sent_at), title, str(record.number or ""),
                currency=record.currency, until=record.valid_until, open=("proposal", record.proposal),
            )  # fmt: skip
        elif isinstance(record, Proposal):
            at = moved.get(identity)
            made[key] = Event(key, kind, at, _day(at), record.title, record.number, open=("proposal", identity))
        elif isinstance(record, DocumentsConfirmed):
            made[key] = Event(
                key, kind, None, record.confirmed_on, number, record.evidence, open=("collection", record.invoice)
            )
        elif isinstance(record, Invoice | CreditNote):
            made[key] = Event(
                key, kind, None, record.issued_on, record.number, "" if kind == "invoice" else record.remark,
                amount=record.total, currency=record.currency,
                open=("collection", identity if isinstance(record, Invoice) else record.invoice),
            )  # fmt: skip
        elif isinstance(record, Receipt):
            said = "receipt_rejected" if identity in rejected else kind
            made[key] = Event(
                key, said, None, record.received_on, "", record.reference, amount=record.amount,
                currency=record.currency, open=("collection", f"receipt:{identity}"),
            )  # fmt: skip
        elif isinstance(record, PromiseToPay):
            made[key] = Event(
                key, kind, None, record.promised_on, number, record.remark, who, amount=record.amount,
                currency=record.currency, until=record.pay_on, open=("collection", record.invoice),
            )  # fmt: skip
        elif isinstance(record, DunningEvent):
            made[key] = Event(
                key, kind, record.reminded_at, _day(record.reminded_at), number, record.remark, who,
                open=("collection", record.invoice),
            )  # fmt: skip
    return made


def _named(found: Sequence[object], name: str) -> set[str]:
    return {identity for record in found if (identity := getattr(record, name, ""))}


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone().date() if moment is not None else None


def _won_at(reader: Reader, proposals: Sequence[str]) -> dict[str, datetime]:
    statement = (
        "select record, max(written_at) from history where entity = 'proposal' "
        "and record in (select value from json_each(:ids)) and json_extract(new, '$.stage') = 'won' group by record"
    )
    found = {}
    for identity, at in reader.sql(statement, {"ids": json.dumps(list(proposals))}) if proposals else ():
        moment = datetime.fromisoformat(at)
        found[identity] = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return found


def _rejected(reader: Reader, receipts: Sequence[str]) -> set[str]:
    """Those whose newest decision rejects them."""
    statement = (
        "select receipt, verdict from receipt_decision where receipt in (select value from json_each(:ids)) "
        "order by decided_at, id"
    )
    rows = reader.sql(statement, {"ids": json.dumps(list(receipts))}) if receipts else ()
    return {identity for identity, verdict in dict(rows).items() if verdict == "rejected"}
