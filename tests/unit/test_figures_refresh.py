"""The cache of open amounts follows every single edit that changes what counts or when it is due."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from kam_desktop.domain.entities import (
    FIRM_ID,
    Account,
    Allocation,
    DocumentsConfirmed,
    Firm,
    Instalment,
    Invoice,
    PaymentTerm,
    PaymentTermLine,
    Receipt,
    ReceiptDecision,
)
from kam_desktop.domain.entity import Record
from kam_desktop.domain.ids import RandomIds
from kam_desktop.store import figures, open_amounts
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.store.unit_of_work import UnitOfWork
from tests.fakes import FakeClock
from tests.unit.test_figures_twin import facts_of, steps_in

DAY = date(2026, 5, 4)
MOMENT = datetime(2026, 5, 4, 8, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path, DataKey.new(), "refresh", clock, RandomIds(clock))
    yield made
    made.close()


def differences(store: Store) -> int:
    with store.database.read() as connection:
        return open_amounts.differences(connection)


def one(random: Random, records: list[Record], kind: type[Record]) -> Record | None:
    found = [each for each in records if isinstance(each, kind)]
    return random.choice(found) if found else None


def edited(uow: UnitOfWork, random: Random, records: list[Record]) -> None:
    """One edit of those that move what is open or when it is due."""
    kind = random.choice((Receipt, Invoice, PaymentTerm, PaymentTermLine, PaymentTermLine, Account, Firm))
    record = one(random, records, kind)
    later = MOMENT + timedelta(seconds=random.randrange(100))
    if isinstance(record, Receipt):
        verdict = random.choice(("confirmed", "rejected"))
        uow.add(
            ReceiptDecision(id=uow.new_id(), receipt=record.id, verdict=verdict, reason="Không có", decided_at=later)
        )
    elif isinstance(record, Invoice) and random.random() < 0.2:
        other = one(random, records, Account)
        assert other is not None
        uow.rehang(Invoice, record.id, "account", other.id)
    elif isinstance(record, Invoice):
        on = random.choice((None, DAY, DAY + timedelta(days=9)))
        uow.add(DocumentsConfirmed(id=uow.new_id(), invoice=record.id, confirmed_on=on, recorded_at=later))
    elif isinstance(record, PaymentTerm):
        uow.add(PaymentTermLine(id=uow.new_id(), term=record.id, place=9, kind="rest", steps=steps_in(random)))
    elif isinstance(record, PaymentTermLine) and (line := uow.get(PaymentTermLine, record.id)) is not None:
        if random.random() < 0.3:
            uow.delete(PaymentTermLine, line.id)
        else:
            uow.put(dataclasses.replace(line, steps=steps_in(random), from_papers=random.random() < 0.5))
    elif isinstance(record, Account) and (account := uow.get(Account, record.id)) is not None:
        term = one(random, records, PaymentTerm)
        named = term.id if term is not None and random.random() < 0.7 else ""
        uow.put(dataclasses.replace(account, payment_term=named, payment_days=random.choice((None, 3))))
    elif isinstance(record, Firm) and (firm := uow.get(Firm, FIRM_ID)) is not None:
        begins_on = random.choice((None, DAY, DAY - timedelta(days=90)))
        uow.put(dataclasses.replace(firm, confirmation_begins_on=begins_on))


@pytest.mark.parametrize("seed", range(12))
def test_every_edit_and_every_undo_leaves_the_cache_as_the_facts_are(store: Store, seed: int) -> None:
    random = Random(f"refresh {seed}")
    facts = facts_of(3000 + seed)
    with store.edit("Facts") as uow:
        for record in facts.records:
            uow.add(record)
    assert differences(store) == 0
    for number in range(25):
        with store.edit("Edit") as uow:
            edited(uow, random, facts.records)
        assert differences(store) == 0, (seed, number)
        if uow.change_set.touched and random.random() < 0.3:
            store.undo()
            assert differences(store) == 0, (seed, number, "undone")


def small(store: Store, begins_on: date | None = None) -> tuple[str, str, str]:
    """(account, invoice, receipt) of one invoice of 300 and a receipt of 200 laid against it."""
    with store.edit("Small") as uow:
        account, invoice, part, receipt = (uow.new_id() for _ in range(4))
        uow.add(Firm(id=FIRM_ID, legal_name="Hãng", confirmation_begins_on=begins_on))
        uow.add(Account(id=account, name="Khách"))
        uow.add(Invoice(id=invoice, account=account, number="1", issued_on=DAY, net=300, total=300))
        uow.add(Instalment(id=part, invoice=invoice, place=1, amount=300, from_papers=True))
        uow.add(Receipt(id=receipt, account=account, received_on=DAY, amount=200))
        uow.add(Allocation(id=uow.new_id(), instalment=part, receipt=receipt, amount=200, allocated_on=DAY))
    return account, invoice, receipt


def shown(store: Store, day: date) -> tuple[int, int, int, int]:
    """(not due, waiting, unallocated, reported)"""
    with store.reader() as reader:
        row = next(iter(figures.ageing(reader, day, "VND", (30,)).values()))
        assert row.balance == row.not_due + sum(row.overdue) - row.unallocated
        return row.not_due, row.waiting, row.unallocated, row.reported


def test_a_receipt_counts_only_while_its_newest_decision_confirms_it(store: Store) -> None:
    clock = FakeClock()
    _, _, receipt = small(store, begins_on=DAY)
    assert shown(store, DAY) == (300, 300, 0, 200)
    for verdict, expected in (
        ("confirmed", (100, 100, 0, 0)),
        ("rejected", (300, 300, 0, 0)),
        ("confirmed", (100, 100, 0, 0)),
    ):
        with store.edit("Decide") as uow:
            at = clock.now()
            uow.add(ReceiptDecision(id=uow.new_id(), receipt=receipt, verdict=verdict, reason="x", decided_at=at))
        clock.move(1)
        assert shown(store, DAY) == expected, verdict


def test_papers_give_the_due_date_from_their_own_day_on(store: Store) -> None:
    _, invoice, _ = small(store)
    with store.edit("Papers") as uow:
        papers = DocumentsConfirmed(
            id=uow.new_id(), invoice=invoice, confirmed_on=DAY + timedelta(days=10), recorded_at=MOMENT
        )
        uow.add(papers)
    for after, waits in ((9, 100), (10, 0)):
        assert shown(store, DAY + timedelta(days=after)) == (100, waits, 0, 0)
    with store.reader() as reader:
        due = [each.due_on for each in figures.open_instalments(reader, DAY + timedelta(days=10), "VND")]
        assert due == [DAY + timedelta(days=40)]


def test_the_day_from_which_receipts_are_confirmed_changes_all_of_them(store: Store) -> None:
    small(store)
    assert shown(store, DAY) == (100, 100, 0, 0)
    for begins_on, expected in ((DAY, (300, 300, 0, 200)), (DAY + timedelta(days=1), (100, 100, 0, 0))):
        with store.edit("Finance confirms") as uow:
            firm = uow.get(Firm, FIRM_ID)
            assert firm is not None
            uow.put(dataclasses.replace(firm, confirmation_begins_on=begins_on))
        assert shown(store, DAY) == expected
        assert differences(store) == 0
    store.undo()
    assert shown(store, DAY) == (300, 300, 0, 200)
