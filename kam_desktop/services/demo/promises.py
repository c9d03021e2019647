"""What the customers of the sample data said and sent: promises to pay, papers, receipts decided on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from kam_desktop.domain.entities.account import Account
from kam_desktop.domain.entities.collection import (
    Allocation,
    DocumentsConfirmed,
    Instalment,
    Invoice,
    PromiseToPay,
    Receipt,
    ReceiptDecision,
)
from kam_desktop.domain.entities.firm import Firm
from kam_desktop.domain.entity import Record
from kam_desktop.domain.ids import derived

TERMS = {3: "50_50", 6: "net30_papers", 9: "month_end_15"}
"""The payment terms (domain/locale/vietnam/terms) that some of the named customers agreed on, by their places."""
CONFIRMED_BY_FINANCE = "manufacturer"
"""The kit whose firm has its receipts of the last days confirmed by finance; the other one's count when entered."""
_FINANCE_DAYS = 5
_PAPERS_PLACE, _SPLIT_PLACE, _REJECTED_PLACE, _REPORTED_PLACE = 6, 3, 7, 5
_NAMED = 21


@dataclass(frozen=True)
class Fact:
    """An invoice of the sample data with its one instalment, and the receipt that paid it (None: nothing yet)."""

    place: int
    account: Account
    invoice: Invoice
    instalment: Instalment
    receipt: Receipt | None
    due_on: date

    @property
    def open(self) -> int:
        """What its receipt left open."""
        paid = self.receipt.amount if self.receipt is not None else 0
        return (self.invoice.total or 0) - (paid or 0)


def term_id(place: int) -> str:
    """The payment term of the customer in that place, "" for none but days."""
    return derived("payment_term", TERMS[place]) if place in TERMS else ""


def confirmation_begins_on(kit: str, as_of: date) -> date | None:
    """From when the firm's receipts are confirmed by finance; None where entering one confirms it."""
    return as_of - timedelta(days=_FINANCE_DAYS) if kit == CONFIRMED_BY_FINANCE else None


def records(kit: str, firm: Firm, facts: Sequence[Fact], next_number: int, as_of: date) -> list[Record]:
    """Promises kept, broken, replaced and open; papers; an invoice in two parts; receipts rejected and reported."""
    named = [each for each in facts if each.place < _NAMED]
    found: list[Record] = [*_promises(kit, named, as_of), *_papers(kit, named, as_of)]
    accounts = {each.place: each.account for each in named}
    if _SPLIT_PLACE in accounts:
        found += _in_two_parts(kit, firm, accounts[_SPLIT_PLACE], next_number, as_of)
    if _REJECTED_PLACE in accounts:
        found += _rejected(kit, accounts[_REJECTED_PLACE], as_of)
    begins_on = confirmation_begins_on(kit, as_of)
    if begins_on is not None:
        for each in facts:
            if each.receipt is not None and each.receipt.received_on and each.receipt.received_on >= begins_on:
                found.append(_decision(kit, each.receipt, each.account, "confirmed", "", each.receipt.received_on))
        if _REPORTED_PLACE in accounts:
            found.append(_receipt(kit, "reported", accounts[_REPORTED_PLACE], as_of - timedelta(days=1), 64_800_000))
    return found


def _promises(kit: str, facts: Sequence[Fact], as_of: date) -> list[PromiseToPay]:
    """Of the debts overdue the customers said by when they pay; some payments of the last weeks kept such a word."""
    late: dict[int, Fact] = {}
    for each in facts:
        if each.due_on < as_of - timedelta(days=5) and each.open:
            late.setdefault(each.place, each)
    found: list[PromiseToPay] = []
    for number, each in enumerate(late[place] for place in sorted(late)):
        if number % 2 == 0:
            found.append(_promise(kit, each, "open", as_of, 4, -6))
            continue
        first = _promise(kit, each, "replaced", as_of, 30, 16)
        found += [first, _promise(kit, each, "broken", as_of, 15, 4, replaces=first.id)]
    paid = [each for each in facts if _paid_lately(each, as_of)]
    for each in sorted(paid, key=lambda each: (-(each.invoice.total or 0), each.invoice.id))[:4]:
        assert each.receipt is not None and each.receipt.received_on is not None  # noqa: S101 - _paid_lately
        ago = (as_of - each.receipt.received_on).days
        found.append(_promise(kit, each, "kept", as_of, ago + 6, ago - 1))
    return found


def _paid_lately(fact: Fact, as_of: date) -> bool:
    receipt = fact.receipt
    if receipt is None or receipt.received_on is None or fact.open:
        return False
    return as_of - timedelta(days=60) <= receipt.received_on <= as_of - timedelta(days=7)


def _promise(
    kit: str, fact: Fact, which: str, as_of: date, made_ago: int, pay_ago: int, replaces: str = ""
) -> PromiseToPay:
    return PromiseToPay(
        id=derived("demo", kit, "promise", which, fact.invoice.id),
        account=fact.account.id,
        invoice=fact.invoice.id,
        contact=derived("demo", kit, "contact", str(fact.place), "0"),
        promised_on=as_of - timedelta(days=made_ago),
        pay_on=as_of - timedelta(days=pay_ago),
        amount=fact.open or fact.invoice.total,
        channel="call",
        replaces=replaces,
        remark="Kế toán trưởng hẹn chuyển khoản sau kỳ lương." if which == "open" else "",
    )


def _papers(kit: str, facts: Sequence[Fact], as_of: date) -> list[DocumentsConfirmed]:
    """The customer whose term counts from the full document set has it of all invoices but the newest."""
    own = [each for each in facts if each.place == _PAPERS_PLACE]
    found = []
    for each in own[:-1]:
        issued_on = each.invoice.issued_on or as_of
        on = min(as_of, issued_on + timedelta(days=4))
        found.append(_confirmed_papers(kit, each.account, each.invoice.id, on, f"BBNT {each.invoice.number[-4:]}"))
    return found


def _confirmed_papers(kit: str, account: Account, invoice: str, on: date, evidence: str) -> DocumentsConfirmed:
    return DocumentsConfirmed(
        id=derived("demo", kit, "papers", invoice),
        invoice=invoice,
        confirmed_on=on,
        confirmed_by="Phòng kế toán",
        evidence=evidence,
        recorded_at=_at(on),
        recorded_by=account.owner,
    )


def _in_two_parts(kit: str, firm: Firm, account: Account, number: int, as_of: date) -> list[Record]:
    """An invoice by the term half and half: the advance is paid, the rest waits for the acceptance papers."""
    issued_on = as_of - timedelta(days=18)
    symbol = f"C{issued_on:%y}TML"
    identity = derived("invoice", firm.tax_code, "1", symbol, str(number))
    net = 240_000_000
    total = net + net * 8 // 100
    halves = (
        ("Tạm ứng", total - total // 2, ("days 0",), False),
        ("Sau nghiệm thu", total // 2, ("days 30",), True),
    )
    instalments = [
        Instalment(
            id=derived("instalment", identity, str(place)), invoice=identity, place=place, name=name, amount=amount,
            steps=steps, from_papers=from_papers,
        )
        for place, (name, amount, steps, from_papers) in enumerate(halves, 1)
    ]  # fmt: skip
    invoice = Invoice(
        id=identity, account=account.id, number=f"{number:08d}", form="1", symbol=symbol,
        seller_tax_code=firm.tax_code, buyer_name=account.name, buyer_tax_code=account.tax_code, issued_on=issued_on,
        net=net, tax=total - net, total=total, origin="file", signed=True,
    )  # fmt: skip
    paid_on = as_of - timedelta(days=14)
    receipt = _receipt(kit, "advance-half", account, paid_on, halves[0][1])
    laid = Allocation(
        id=derived("demo", kit, "allocation", "advance-half"), receipt=receipt.id, instalment=instalments[0].id,
        amount=halves[0][1], allocated_on=paid_on,
    )  # fmt: skip
    return [invoice, *instalments, receipt, laid]


def _rejected(kit: str, account: Account, as_of: date) -> list[Record]:
    """A transfer that somebody entered by the payer's word, and that never came."""
    receipt = _receipt(kit, "rejected", account, as_of - timedelta(days=12), 32_400_000)
    reason = "Ngân hàng báo lệnh chuyển tiền đã bị huỷ."
    return [receipt, _decision(kit, receipt, account, "rejected", reason, as_of - timedelta(days=10))]


def _receipt(kit: str, key: str, account: Account, on: date, amount: int) -> Receipt:
    return Receipt(
        id=derived("demo", kit, "receipt", key),
        account=account.id,
        received_on=on,
        amount=amount,
        reference="CK THANH TOAN",
        payer=account.name,
    )


def _decision(kit: str, receipt: Receipt, account: Account, verdict: str, reason: str, on: date) -> ReceiptDecision:
    return ReceiptDecision(
        id=derived("demo", kit, "decision", receipt.id),
        receipt=receipt.id,
        verdict=verdict,
        reason=reason,
        decided_at=_at(on),
        decided_by=account.owner,
    )


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, 30, tzinfo=UTC)
