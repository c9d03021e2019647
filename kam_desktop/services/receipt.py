"""Money that came in: whether finance confirmed it, whose it is, and what of it is laid nowhere."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from kam_desktop.domain import promises
from kam_desktop.domain.entities import Account, Firm, Receipt, ReceiptDecision
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.language import N_, tr
from kam_desktop.services import records
from kam_desktop.store import free_credits
from kam_desktop.store.ledger import ledger_of, statuses_of
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork

REPORTED, CONFIRMED, REJECTED = "reported", "confirmed", "rejected"
_CHUNK = 500
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FreeReceipt:
    """A receipt and what is left of it, in minor units; account "" is the unknown payer."""

    id: str
    account: str
    account_name: str
    received_on: date | None
    payer: str
    reference: str
    amount: int
    left: int
    currency: str
    status: str = CONFIRMED


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about a receipt today.

    Attributes:
        status: "reported", "confirmed" or "rejected"; only confirmed ones count.
        decision: the one that has the word; None where entering it confirmed it, or nobody decided yet.
    """

    status: str
    decision: ReceiptDecision | None


def standings(reader: Reader, receipts: Iterable[Receipt]) -> dict[str, Standing]:
    """The status of these receipts by id, with the decision it rests on.

    The newest decision has the word, by its moment, then by id. Without one a receipt is reported when it is dated on
    or after the day from which our firm's receipts are confirmed by finance, else entering it confirmed it.
    """
    firm = next((each for each in reader.all(Query("firm")) if isinstance(each, Firm)), None)
    status = statuses_of(reader, receipts, firm)
    newest = {each.receipt: each for each in sorted(_decisions(reader, list(status)), key=_age)}
    return {key: Standing(each, newest.get(key)) for key, each in status.items()}


def receipt_status(reader: Reader, ids: Iterable[str]) -> dict[str, str]:
    """The status of these receipts by id: "reported", "confirmed" or "rejected"; those that are gone are left out."""
    return {key: each.status for key, each in standings(reader, reader.many(Receipt, ids).values()).items()}


def decisions(reader: Reader, receipt_id: str) -> list[ReceiptDecision]:
    """Everything that was ever decided about a receipt, the newest first."""
    return sorted(_decisions(reader, [receipt_id]), key=_age, reverse=True)


def confirm_receipt(uow: UnitOfWork, receipt_id: str, reason: str = "") -> ReceiptDecision:
    """The money is really there: from now on the receipt counts, from its own date.

    Raises Refused `missing`; `confirmed_already`; `entered_again` for one that another receipt stands for; and, where
    it was rejected before and its instalments were paid otherwise meanwhile, what does not fit any more.
    """
    receipt = records.get(uow, Receipt, receipt_id)
    before = standings(uow, [receipt])[receipt_id]
    if before.status == CONFIRMED:
        raise Refused(Problem("receipt", "confirmed_already", N_("This receipt is confirmed already.")))
    if before.decision is not None and before.decision.replaced_by:
        message = N_("This receipt was entered again; the other one stands for it.")
        raise Refused(Problem("receipt", "entered_again", message))
    if before.status == REJECTED:
        _check_room(uow, receipt_id)
    return _decide(uow, receipt_id, CONFIRMED, reason, before)


def reject_receipt(uow: UnitOfWork, receipt_id: str, reason: str, replaced_by: str = "") -> ReceiptDecision:
    """The money is not there, or was entered wrongly: it never counts, and what it was laid against is open again.

    Raises Refused `missing`, `reason_needed` and `rejected_already`.
    """
    receipt = records.get(uow, Receipt, receipt_id)
    before = standings(uow, [receipt])[receipt_id]
    found = []
    if before.status == REJECTED:
        found.append(Problem("receipt", "rejected_already", N_("This receipt is rejected already.")))
    if not reason.strip():
        found.append(Problem("reason", "reason_needed", N_("Say why the receipt is rejected.")))
    if found:
        raise Refused(found)
    return _decide(uow, receipt_id, REJECTED, reason, before, replaced_by)


def name_payer(uow: UnitOfWork, receipt_id: str, account_id: str) -> Receipt:
    """Says whose money a receipt is: a fact is never edited, so it is entered again and the old one rejected.

    The new one is confirmed where the old one was by a decision. Raises Refused `missing` (receipt or account),
    `same_account`, `rejected_already`, and `laid` while something of it is laid against instalments.
    """
    old = records.get(uow, Receipt, receipt_id)
    records.get(uow, Account, account_id)
    before = standings(uow, [old])[receipt_id]
    if old.account == account_id:
        raise Refused(Problem("account", "same_account", N_("This receipt is this customer's already.")))
    if before.status == REJECTED:
        raise Refused(Problem("receipt", "rejected_already", N_("This receipt is rejected already.")))
    if laid(uow, [receipt_id]).get(receipt_id):
        message = N_("Something of this receipt is laid against invoices; take that back first.")
        raise Refused(Problem("receipt", "laid", message))
    new = dataclasses.replace(old, id=uow.new_id(), account=account_id)
    uow.add(new)
    reject_receipt(uow, receipt_id, tr("Entered again with its payer"), new.id)
    if before.decision is not None and before.status == CONFIRMED:
        _decide(uow, new.id, CONFIRMED, before.decision.reason, None)
    return new


def laid(reader: Reader, ids: Iterable[str]) -> dict[str, int]:
    """What of these receipts is laid against instalments, less what was taken back, whatever their status; by id."""
    statement = (
        "select receipt, sum(case when coalesce(reverses, '') = '' then amount else -amount end) from allocation "
        "where receipt <> '' and receipt in (select value from json_each(:ids)) group by receipt"
    )
    return {row[0]: row[1] for row in reader.sql(statement, {"ids": json.dumps(list(ids))})}


def _decide(
    uow: UnitOfWork, receipt_id: str, verdict: str, reason: str, before: Standing | None, replaced_by: str = ""
) -> ReceiptDecision:
    decided_at = uow.clock.now()
    last = before.decision.decided_at if before is not None and before.decision is not None else None
    if last is not None and last >= decided_at:
        # Two decisions of one moment, or a clock that was set back: this one is the newer all the same.
        decided_at = last + timedelta(milliseconds=1)
    decision = ReceiptDecision(
        id=uow.new_id(),
        receipt=receipt_id,
        verdict=verdict,
        reason=reason,
        decided_at=decided_at,
        decided_by=records.author(uow),
        replaced_by=replaced_by,
    )
    made = records.cleaned(decision)
    uow.add(made)
    return made


def _check_room(uow: UnitOfWork, receipt_id: str) -> None:
    """Whether what a rejected receipt was laid against still has room for it."""
    ledger = ledger_of(uow, credits=[receipt_id])
    credits = [
        dataclasses.replace(each, status=CONFIRMED) if each.id == receipt_id else each for each in ledger.credits
    ]
    counting = dataclasses.replace(ledger, credits=credits)
    back = {each.reverses for each in counting.allocations if each.reverses}
    found = []
    for each in counting.allocations:
        if each.credit == receipt_id and not each.reverses and each.id not in back:
            found += promises.allocation_problems(each, counting)
    if found:
        raise Refused(found)


def _decisions(reader: Reader, receipts: Sequence[str]) -> list[ReceiptDecision]:
    found = []
    for start in range(0, len(receipts), _CHUNK):
        part = tuple(receipts[start : start + _CHUNK])
        query = Query("receipt_decision", (Where("receipt", Op.ONE_OF, part),), ())
        found += [each for each in reader.all(query) if isinstance(each, ReceiptDecision)]
    return found


def _age(decision: ReceiptDecision) -> tuple[datetime, str]:
    return decision.decided_at or _NEVER, decision.id


# --- lists ---------------------------------------------------------------------------------------------------------

# What is laid of one receipt by the end of the day, whatever it was laid against.
_LAID = (
    "coalesce((select sum(case when coalesce(a.reverses, '') = '' then a.amount else -a.amount end) "
    "from allocation a where a.receipt = r.id and a.allocated_on <= :day), 0)"
)


def unallocated(reader: Reader, as_of: date, currency: str = "VND") -> list[tuple[str, int]]:
    """(id, what is left) of every receipt that is not laid out wholly by the end of the day; payer unknown first.

    Rejected ones are left out, reported ones are in: what is laid of them counts once they are confirmed.
    """
    among = free_credits.maybe_free(reader, as_of, currency)
    few = "" if among is None else " and r.id in (select value from json_each(:among))"
    statement = (
        "select id, left_over from (select r.id, coalesce(r.account, '') <> '' as known, r.received_on, "  # noqa: S608
        f"r.amount - {_LAID} as left_over from receipt r "
        f"where {'+' if few else ''}r.currency = :currency and {'+' if few else ''}r.received_on <= :day{few}) "
        "where left_over <> 0 order by known, received_on desc, id"
    )
    values = {"currency": currency, "day": as_of.isoformat(), "among": json.dumps(among)}
    found = [(row[0], row[1]) for row in reader.sql(statement, values)]
    gone = _rejected(reader)
    return [row for row in found if row[0] not in gone]


def _rejected(reader: Reader) -> set[str]:
    """Every receipt whose newest decision rejected it; there are few, so all of them are read."""
    query = Query("receipt_decision", (Where("verdict", Op.IS, REJECTED),), ())
    asked = {each.receipt for each in reader.all(query) if isinstance(each, ReceiptDecision)}
    newest = {each.receipt: each.verdict for each in sorted(_decisions(reader, sorted(asked)), key=_age)}
    return {receipt for receipt, verdict in newest.items() if verdict == REJECTED}


def receipts(reader: Reader, *, account: str | None = None, currency: str | None = None) -> list[str]:
    """The ids of receipts, the newest first, whatever their status; of one account ("" is the unknown payer)."""
    where = []
    if account is None and currency is not None:  # of everybody: the index alone answers, in its order
        statement = "select id from receipt where currency = :currency order by received_on desc, id desc"
        return [row[0] for row in reader.each(statement, {"currency": currency})]
    if account is not None:
        where.append(Where("account", Op.EMPTY) if not account else Where("account", Op.IS, account))
    if currency is not None:
        where.append(Where("currency", Op.IS, currency))
    newest = (Order("received_on", descending=True), Order("id", descending=True))
    return reader.ids(Query("receipt", tuple(where), newest))


def rows(reader: Reader, ids: Sequence[str], left: dict[str, int] | None = None) -> list[FreeReceipt]:
    """What a list shows of these receipts, in the order asked for.

    Args:
        left: what is left of each where it is known already; worked out for all facts when not given.
    """
    found_receipts = reader.many(Receipt, ids)
    accounts = reader.many(Account, {each.account for each in found_receipts.values() if each.account})
    status = standings(reader, found_receipts.values())
    taken = laid(reader, ids) if left is None else {}
    found = []
    for key in ids:
        receipt = found_receipts.get(key)
        if receipt is None:
            continue
        account = accounts.get(receipt.account)
        name = (account.short_name or account.name) if account is not None else ""
        rest = (receipt.amount or 0) - taken.get(key, 0) if left is None else left.get(key, 0)
        found.append(
            FreeReceipt(key, receipt.account, name, receipt.received_on, receipt.payer, receipt.reference,
                        receipt.amount or 0, rest, receipt.currency, status[key].status)
        )  # fmt: skip
    return found
