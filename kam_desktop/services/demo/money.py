"""The money of the sample data: invoices, receipts that come early or late, and what stays unpaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from kam_desktop.domain.entities.account import Account
from kam_desktop.domain.entities.collection import (
    Allocation,
    CreditNote,
    Instalment,
    Invoice,
    InvoiceLine,
    Receipt,
)
from kam_desktop.domain.entities.firm import Firm
from kam_desktop.domain.entity import Record
from kam_desktop.domain.ids import derived
from kam_desktop.services.demo import promises, reminders

_TAX_PERCENT = 8
_HISTORY_DAYS = 548


@dataclass
class Counter:
    """The running number of our invoices."""

    next: int


@dataclass(frozen=True)
class Planned:
    """One invoice to be: when, how much, and when its money comes (None: not yet)."""

    account: Account
    place: int
    number: int
    issued_on: date
    net: int
    paid_on: date | None
    paid_percent: int
    seed: str


def plan(
    kit: str, place: int, account: Account, entry: dict[str, object], as_of: date, random: Random
) -> list[Planned]:
    """The invoices of one customer over 18 months; those in `unpaid` are overdue by so many days."""
    yearly, every = int(str(entry["yearly_million"])), int(str(entry["invoices_a_year"]))
    late = int(str(entry["late_days"]))
    term = account.payment_days if account.payment_days is not None else 30
    usual = yearly * 1_000_000 // max(every, 1)
    found: list[Planned] = []
    step = 365 / max(every, 1)
    ago = random.uniform(1, step)
    while ago < _HISTORY_DAYS:
        issued = _working_day(as_of - timedelta(days=int(ago)))
        paid = _working_day(issued + timedelta(days=term + random.randrange(-3, 3) + random.randrange(late + 1)))
        # Old debts are named below; nothing else of long ago stays open.
        open_ = paid > as_of
        net = max(500_000, round(usual * random.uniform(0.6, 1.4) / 50_000) * 50_000)
        found.append(
            Planned(
                account, place, len(found), issued, net, None if open_ else paid, 0 if open_ else 100, f"{kit}|{place}"
            )
        )
        ago += step * random.uniform(0.7, 1.3)
    unpaid = entry["unpaid"]
    for days, share in unpaid if isinstance(unpaid, list) else []:
        issued = as_of - timedelta(days=term + days)
        net = max(500_000, round(usual * 0.5 / 50_000) * 50_000)
        part = 100 - int(share * 100)
        part_paid = issued + timedelta(days=term) if part else None
        found.append(Planned(account, place, len(found), issued, net, part_paid, part, f"{kit}|{place}"))
    return found


def _working_day(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))


def records(
    kit: str, works: Sequence[Sequence[object]], firm: Firm, planned: Sequence[Planned], counter: Counter, as_of: date
) -> list[Record]:
    """The facts of the planned invoices, numbered in the order of their dates."""
    found: list[Record] = []
    facts = []
    for each in sorted(planned, key=lambda one: (one.issued_on, one.place, one.number)):
        made = _invoice(kit, works, firm, each, counter.next)
        found += made
        facts.append(_fact(each, made))
        counter.next += 1
    said = promises.records(kit, firm, facts, counter.next, as_of)
    found += said
    found += reminders.records(kit, facts, as_of)
    counter.next += sum(isinstance(each, Invoice) for each in said)
    named = {each.place: each.account for each in planned}
    if kit == "agency" and 2 in named and 4 in named:
        found += _specials(kit, named[2], as_of)
        biggest = max(
            (each for each in planned if each.place == 4 and each.paid_on is None),
            default=None,
            key=lambda one: one.net,
        )
        if biggest is not None:
            found += _credit(kit, biggest, as_of)
    return found


def _invoice(kit: str, works: Sequence[Sequence[object]], firm: Firm, each: Planned, number: int) -> list[Record]:
    random = Random(f"{each.seed}|{each.number}")
    tax = (each.net * _TAX_PERCENT * 2 + 100) // 200
    total = each.net + tax
    symbol = f"C{each.issued_on:%y}TML"
    printed = f"{number:08d}"
    identity = derived("invoice", firm.tax_code, "1", symbol, str(number))
    invoice = Invoice(
        id=identity,
        account=each.account.id,
        number=printed,
        form="1",
        symbol=symbol,
        seller_tax_code=firm.tax_code,
        buyer_name=each.account.name,
        buyer_tax_code=each.account.tax_code,
        issued_on=each.issued_on,
        net=each.net,
        tax=tax,
        total=total,
        origin="file",
        signed=True,
    )
    instalment = Instalment(id=derived("instalment", identity, "1"), invoice=identity, place=1, amount=total)
    found: list[Record] = [invoice, instalment]
    parts = random.randrange(1, 4) if each.net >= 30_000_000 else 1
    left = each.net
    for place in range(1, parts + 1):
        work = random.choice(list(works))
        net = left if place == parts else left // (parts - place + 1) // 10_000 * 10_000
        left -= net
        found.append(
            InvoiceLine(
                id=derived("invoice_line", identity, str(place)),
                invoice=identity,
                place=place,
                description=str(work[1]),
                unit=str(work[2]),
                quantity=Decimal(1),
                price=Decimal(net),
                net=net,
                tax_rate=f"{_TAX_PERCENT}%",
                tax=(net * _TAX_PERCENT * 2 + 100) // 200,
            )
        )
    if each.paid_on is not None and each.paid_percent:
        amount = total * each.paid_percent // 100
        receipt = Receipt(
            id=derived("demo", kit, "receipt", identity),
            account=each.account.id,
            received_on=each.paid_on,
            amount=amount,
            reference=f"TT HD {printed}",
            payer=each.account.name,
        )
        found += [
            receipt,
            Allocation(
                id=derived("demo", kit, "allocation", identity),
                receipt=receipt.id,
                instalment=instalment.id,
                amount=amount,
                allocated_on=each.paid_on,
            ),
        ]
    return found


def _fact(planned: Planned, made: Sequence[Record]) -> promises.Fact:
    invoice = next(each for each in made if isinstance(each, Invoice))
    instalment = next(each for each in made if isinstance(each, Instalment))
    receipt = next((each for each in made if isinstance(each, Receipt)), None)
    term = planned.account.payment_days if planned.account.payment_days is not None else 30
    due_on = planned.issued_on + timedelta(days=term)
    return promises.Fact(planned.place, planned.account, invoice, instalment, receipt, due_on)


def _specials(kit: str, account: Account, as_of: date) -> list[Record]:
    """An advance without an invoice, and money from a payer whom nobody knows yet."""
    return [
        Receipt(
            id=derived("demo", kit, "receipt", "advance"),
            account=account.id,
            received_on=as_of - timedelta(days=6),
            amount=120_000_000,
            reference="TAM UNG CHIEN DICH THE GEN Z",
            payer=account.name,
        ),
        Receipt(
            id=derived("demo", kit, "receipt", "unknown"),
            received_on=as_of - timedelta(days=2),
            amount=18_500_000,
            reference="CK TIEN QUANG CAO",
            payer="NGUYEN VAN AN",
        ),
    ]


def _credit(kit: str, invoice: Planned, as_of: date) -> list[Record]:
    """A lowering of an open invoice, not yet laid against it."""
    net = invoice.net // 10 // 10_000 * 10_000
    tax = (net * _TAX_PERCENT * 2 + 100) // 200
    return [
        CreditNote(
            id=derived("demo", kit, "credit_note", "1"),
            account=invoice.account.id,
            number="00000901",
            form="1",
            symbol=f"C{as_of:%y}TML",
            issued_on=max(invoice.issued_on, as_of - timedelta(days=9)),
            net=net,
            tax=tax,
            total=net + tax,
            origin="file",
            remark="Điều chỉnh giảm số lượng nghiệm thu.",
        )
    ]
