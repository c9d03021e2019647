"""Caches and the remembered ageing follow every single edit of what counts or when it is due."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from kam_desktop.domain.entities import (
    FIRM_ID,
    Account,
    Activity,
    Allocation,
    CreditNote,
    DocumentsConfirmed,
    DunningEvent,
    Firm,
    Instalment,
    Invoice,
    OpeningSettlement,
    PaymentTerm,
    PaymentTermLine,
    PromiseToPay,
    Receipt,
    ReceiptDecision,
)
from kam_desktop.domain.entity import Record
from kam_desktop.domain.figures.ageing import DEFAULT_EDGES
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.query import Query
from kam_desktop.domain.text import company_key, fold, phone_digits
from kam_desktop.services import dunning, duplicate, flows, receipt, summary
from kam_desktop.store import account_basis, figures, free_credits, memory, open_amounts, touched
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.store.reader import Reader
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
    if random.random() < 0.4:
        laid_or_taken(uow, random, records)
        return
    if random.random() < 0.3:
        known(uow, random, records)
        return
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


def known(uow: UnitOfWork, random: Random, records: list[Record]) -> None:
    """One edit of what the list of accounts shows beside money: names, archiving, tiers, interactions."""
    chosen = one(random, records, Account)
    account = uow.get(Account, chosen.id) if chosen is not None else None
    assert account is not None
    what = random.randrange(6)
    if what == 4:
        uow.add(PromiseToPay(id=uow.new_id(), account=account.id, promised_on=DAY, pay_on=DAY, amount=9))
    elif what == 5:
        invoice = one(random, records, Invoice)
        if invoice is not None:
            uow.add(DunningEvent(id=uow.new_id(), account=account.id, invoice=invoice.id, step=1, channel="call",
                                 reminded_at=MOMENT, outcome="no_answer"))  # fmt: skip
    elif what == 0:
        at = MOMENT - timedelta(days=random.randrange(60))
        uow.add(Activity(id=uow.new_id(), account=account.id, kind="call", subject="Gọi", at=at))
    elif what == 1:
        uow.add(Account(id=uow.new_id(), name=random.choice(("Khách mới", account.name)), phone="0903 123 456"))
    else:
        name, phone = random.choice(("An", "Zét", account.name, "Công ty TNHH An")), random.choice(("", "0903123456"))
        tier, archived = random.choice(("", "A")), random.random() < 0.3
        uow.put(dataclasses.replace(account, name=name, phone=phone, tier=tier, archived=archived))


def laid_or_taken(uow: UnitOfWork, random: Random, records: list[Record]) -> None:
    """One edit of those that move what is free: money in, laid, taken back, moved to another account, replaced."""
    on = DAY + timedelta(days=random.randrange(-150, 60))
    account, part = one(random, records, Account), one(random, records, Instalment)
    credit = one(random, records, random.choice((Receipt, CreditNote)))
    laid = one(random, records, Allocation)
    assert isinstance(account, Account)
    what = random.randrange(6)
    if what == 0:
        payer = random.choice((account.id, ""))
        currency = random.choice(("VND", "USD"))
        uow.add(
            Receipt(id=uow.new_id(), account=payer, received_on=on, amount=random.randrange(1, 99), currency=currency)
        )
    elif what == 1 and isinstance(part, Instalment) and credit is not None:
        side = {"receipt" if isinstance(credit, Receipt) else "credit_note": credit.id}
        uow.add(
            Allocation(id=uow.new_id(), instalment=part.id, amount=random.randrange(1, 50), allocated_on=on, **side)
        )
    elif what == 2 and isinstance(laid, Allocation):
        uow.add(dataclasses.replace(laid, id=uow.new_id(), allocated_on=on, reverses=laid.id))
    elif what == 3 and isinstance(credit, Receipt):
        uow.rehang(Receipt, credit.id, "account", random.choice((account.id, "")))
    elif what == 4:
        number = f"N{random.random()}"
        replaced = credit.id if isinstance(credit, CreditNote) else getattr(one(random, records, Invoice), "id", "")
        invoice = Invoice(
            id=uow.new_id(), account=account.id, number=number, issued_on=on, net=9, total=9, replaces=replaced
        )
        uow.add(invoice)
        uow.add(Instalment(id=uow.new_id(), invoice=invoice.id, place=1, amount=9))
    elif what == 5 and isinstance(part, Instalment):
        uow.add(OpeningSettlement(id=uow.new_id(), invoice=part.invoice, settled_on=on, amount=random.randrange(1, 50)))


ASKED = [(DAY + timedelta(days=days), code) for days in (-60, 0, 300) for code in ("VND", "USD")]


REMEMBERED = [
    partial(summary.ageing, as_of=DAY),
    partial(summary.open_instalments, as_of=DAY),
    partial(summary.open_instalments, as_of=DAY, bucket=-1),
    partial(summary.open_instalments, as_of=DAY, bucket=1),
    partial(summary.open_instalments, as_of=DAY + timedelta(days=300)),
    partial(account_basis.revenue, from_on=DAY - timedelta(days=60), to_on=DAY, currency="VND"),
    partial(account_basis.overdue, as_of=DAY, currency="VND"),
    account_basis.last_touches,
    *(partial(account_basis.ids, archived=archived) for archived in (False, True)),
    *(
        partial(summary.account_list, as_of=DAY, order=order, grouped=grouped)
        for order in summary.AccountOrder
        for grouped in (True, False)
    ),
    partial(summary.account_list, as_of=DAY, filters=summary.AccountFilter(overdue_over_days=20)),
    partial(summary.account_list, as_of=DAY, filters=summary.AccountFilter(untouched_days=20)),
    partial(summary.account_list, as_of=DAY, filters=summary.AccountFilter(tier="A", archived=True)),
    *(
        partial(summary.account_list, as_of=DAY, text=text, order=order, grouped=grouped)
        for text in ("k", "an", "khach m", "0903")
        for order in summary.AccountOrder
        for grouped in (True, False)
    ),
    partial(summary.account_list, as_of=DAY, text="k", filters=summary.AccountFilter(overdue_over_days=20)),
    partial(summary.account_list, as_of=DAY, text="k", filters=summary.AccountFilter(archived=True)),
    partial(duplicate.pairs),
    partial(flows.worklist, as_of=DAY),
    partial(flows.worklist, as_of=DAY, only=dunning.Filter(show="promises"), order=dunning.AGE),
    partial(receipt.unallocated, as_of=DAY),
]


def check_memory(store: Store, *said: object) -> None:
    """What is remembered, brought up to date, is what a reader without a memory computes."""
    with store.reader() as reader:
        for day, currency in ASKED:
            found = figures.ageing(reader, day, currency, DEFAULT_EDGES)
            assert found == dict(figures.ageing(Reader(reader.connection), day, currency, DEFAULT_EDGES)), said
        for question in REMEMBERED:
            assert question(reader) == question(Reader(reader.connection)), said


@pytest.fixture(autouse=True)
def remembers_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that every question of a check is remembered from one check to the next."""
    monkeypatch.setattr(memory, "KEPT", len(ASKED))


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
        check_memory(store, seed, number)
        if uow.change_set.touched and random.random() < 0.3:
            store.undo()
            assert differences(store) == 0, (seed, number, "undone")
            check_memory(store, seed, number, "undone")


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


def paid(store: Store, account: str, amount: int) -> None:
    with store.edit("Paid") as uow:
        uow.add(Receipt(id=uow.new_id(), account=account, received_on=DAY, amount=amount))


def asked(store: Store, accounts: list[object]) -> int:
    """Asks for the ageing of the day; what was computed for it is added to the list."""
    computed = figures._ageing

    def seen(*args: object) -> object:
        accounts.append(args[-1])
        return computed(*args)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch, store.reader() as reader:
        patch.setattr(figures, "_ageing", seen)
        return sum(row.unallocated for row in figures.ageing(reader, DAY, "VND", DEFAULT_EDGES).values())


def test_only_the_accounts_that_a_change_concerns_are_asked_for_again(store: Store) -> None:
    account, _, _ = small(store)
    with store.edit("Another") as uow:
        uow.add(Account(id=(other := uow.new_id()), name="Khác"))
    paid(store, other, 7)
    computed: list[object] = []
    assert (asked(store, computed), asked(store, computed), computed) == (7, 7, [None])
    paid(store, account, 5)
    assert (asked(store, computed), asked(store, computed), computed) == (12, 12, [None, [account]])
    with store.edit("Name alone") as uow:
        saved = uow.get(Account, other)
        assert saved is not None
        uow.put(dataclasses.replace(saved, name="Tên mới"))
    assert (asked(store, computed), computed) == (12, [None, [account]])
    store.undo()
    store.undo()
    assert (asked(store, computed), computed) == (7, [None, [account], [account]])
    with store.rehearse() as uow:
        uow.add(Receipt(id=uow.new_id(), account=other, received_on=DAY, amount=99))
        uow.flush()
        assert sum(x.unallocated for x in figures.ageing(uow, DAY, "VND", DEFAULT_EDGES).values()) == 106
    assert (asked(store, computed), computed) == (7, [None, [account], [account]])


def test_a_change_that_is_not_told_is_seen_by_the_comparison(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    account, _, _ = small(store)
    check_memory(store)
    monkeypatch.setattr(touched, "tell", lambda connection, accounts, topic="": None)
    paid(store, account, 5)
    with pytest.raises(AssertionError):
        check_memory(store)


def test_what_is_too_old_or_of_another_history_is_computed_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    account, _, _ = small(store)
    computed: list[object] = []
    assert asked(store, computed) == 0
    with store.database.write() as connection:  # as if the database had been set back and gone on otherwise
        connection.exec_driver_sql("update cache_touched set mark = mark + 1")
    assert (asked(store, computed), computed) == (0, [None, None])
    monkeypatch.setattr(touched, "KEPT_ROWS", 3)
    for number in range(3):
        paid(store, account, 1)
        assert number != 0 or asked(store, computed) == 1
    assert (asked(store, computed), computed[2:]) == (3, [[account], [account]])
    for _ in range(3):
        paid(store, account, 1)
    assert (asked(store, computed), computed[4:]) == (6, [None])
    with store.database.write() as connection:
        open_amounts.rebuild(connection)
    assert (asked(store, computed), computed[5:]) == (6, [None])


def test_what_another_process_wrote_is_seen(store: Store) -> None:
    account, _, _ = small(store)
    clock = FakeClock()
    key = DataKey(bytes.fromhex(store.database.key_hex))
    other = Store.open(store.folder, key, "refresh", clock, RandomIds(clock), write=False)
    try:
        computed: list[object] = []
        assert asked(other, computed) == 0
        paid(store, account, 5)
        assert (asked(other, computed), computed) == (5, [None, [account]])
        with other.reader() as before:  # one that reads the state of before goes on seeing it, whatever is kept
            assert figures.ageing(before, DAY, "VND", DEFAULT_EDGES)[account].unallocated == 5
            paid(store, account, 5)
            assert asked(other, computed) == 10
            assert figures.ageing(before, DAY, "VND", DEFAULT_EDGES)[account].unallocated == 5
        assert asked(other, computed) == 10
    finally:
        other.close()


def test_nobody_can_change_what_is_kept(store: Store) -> None:
    account, _, _ = small(store)
    with store.reader() as reader:
        found = figures.ageing(reader, DAY, "VND", DEFAULT_EDGES)
    with pytest.raises(TypeError):
        found[account] = found[account]  # type: ignore[index]
    with pytest.raises(AttributeError):
        found[account].not_due = 1  # type: ignore[misc]
    assert isinstance(found[account].overdue, tuple)


def test_a_new_day_and_many_questions_forget_the_old_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "KEPT", 3)
    clock = FakeClock()
    made = memory.Memory(clock.today)
    keys = [("ageing", DAY + timedelta(days=number), "VND") for number in range(4)]
    for key in (("other",), *keys):
        made.keep(memory.Kept(key, (1, 1), {}, 0))
    assert [made.find(key) is not None for key in keys] == [False, True, True, True]
    assert made.find(("other",)) is not None  # as many are kept of each name
    monkeypatch.setattr(memory, "KEPT_ROWS", 5)
    made.keep(memory.Kept(keys[0], (1, 1), {}, 3))
    made.keep(memory.Kept(keys[1], (1, 1), {}, 3))
    assert [made.find(key) is not None for key in keys[:2]] == [False, True]
    clock.move(24 * 3600)
    assert made.find(keys[1]) is None


@pytest.mark.parametrize("first", [DAY - timedelta(days=9), None])
def test_another_day_of_confirming_concerns_the_receipts_between_alone(store: Store, first: date | None) -> None:
    account, _, _ = small(store, begins_on=first)
    with store.edit("Earlier") as uow:
        uow.add(Account(id=(early := uow.new_id()), name="Trước"))
        uow.add(Receipt(id=uow.new_id(), account=early, received_on=DAY - timedelta(days=20), amount=5))
    computed: list[object] = []
    asked(store, computed)
    with store.edit("Finance confirms") as uow:
        firm = uow.get(Firm, FIRM_ID)
        assert firm is not None
        moved = DAY + timedelta(days=3) if first is not None else DAY - timedelta(days=3)
        uow.put(dataclasses.replace(firm, confirmation_begins_on=moved))
    assert differences(store) == 0
    asked(store, computed)
    assert computed == [None, [account]]
    check_memory(store)


@pytest.mark.parametrize("seed", range(30))
def test_what_is_laid_nowhere_is_the_same_by_the_cache_and_by_all_receipts(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = facts_of(5000 + seed)
    with store.rehearse() as uow:
        for record in facts.records:
            uow.add(record)
        uow.flush()
        for day, currency in ASKED:
            found = receipt.unallocated(uow, day, currency)
            with monkeypatch.context() as patch:
                patch.setattr(free_credits, "long_past", lambda *_: True)
                assert receipt.unallocated(uow, day, currency) == found, (day, currency)


def pairs_of(accounts: list[Account]) -> dict[tuple[str, str], tuple[str, ...]]:
    """The definition: every two accounts in use compared with each other."""
    found = {}
    for one, other in combinations(sorted((each for each in accounts if not each.archived), key=lambda x: x.id), 2):
        codes = (one.tax_code.strip(), other.tax_code.strip())
        apart = all(codes) and codes[0] != codes[1]
        shared = {
            "tax_code": (codes[0], codes[1], 6),
            "name": (company_key(one.name), company_key(other.name), 3),
            "phone": (phone_digits(one.phone), phone_digits(other.phone), 6),
            "email": (fold(one.email), fold(other.email), 6),
        }
        reasons = tuple(
            kind
            for kind, (a, b, least) in shared.items()
            if a == b and len(a) >= least and not (apart and kind == "name")
        )
        if reasons:
            found[one.id, other.id] = reasons
    return found


@pytest.mark.parametrize("seed", range(20))
def test_pairs_are_those_of_every_two_accounts_compared(store: Store, seed: int) -> None:
    random = Random(f"pairs {seed}")
    made: dict[str, Account] = {}
    for _ in range(6):
        with store.edit("Accounts") as uow:
            for _ in range(3):
                identity = random.choice((uow.new_id(), *made)) if made else uow.new_id()
                account = Account(
                    id=identity,
                    name=random.choice(("Công ty TNHH Sao Mai", "CTY CP Sao Mai", "Bình Minh", "AB", "Sao Mải")),
                    tax_code=random.choice(("", "", "0301234567", "0309999999", "123")),
                    phone=random.choice(("", "+84 903 123 456", "0903123456", "115")),
                    email=random.choice(("", "a@b.vn", "A@B.vn")),
                    archived=random.random() < 0.2,
                )
                made[identity] = account
                uow.put(account)
        if random.random() < 0.3:
            store.undo()
            with store.reader() as reader:
                made = reader.many(Account, reader.ids(Query("account")))
        assert differences(store) == 0
        with store.reader() as reader:
            found = {
                (min(each.keep.id, each.lose.id), max(each.keep.id, each.lose.id)): each.reasons
                for each in duplicate.pairs(reader, 10_000)
            }
        assert found == pairs_of(list(made.values()))
