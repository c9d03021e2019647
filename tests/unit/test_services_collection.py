"""Receipts, allocations, reversals and invoices by hand: what is refused, and what stays open."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from kam_desktop.domain.entities import Account, Allocation, CreditNote, Instalment, Invoice, InvoiceLine, Receipt
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import collection, summary
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

TODAY = date(2026, 3, 2)


@dataclass
class Books:
    """A store with two customers."""

    store: Store
    mine: Account
    other: Account

    def invoice(
        self, number: str, issued_on: date, *amounts: int, of: Account | None = None, **more: object
    ) -> Invoice:
        """An invoice by hand, in equal terms or with these instalments."""
        total = sum(amounts)
        account = of or self.mine
        plain = Invoice(
            id="",
            account=account.id,
            number=number,
            issued_on=issued_on,
            net=total,
            total=total,
            **more,  # type: ignore[arg-type]
        )
        with self.store.edit("Invoice") as uow:
            parts = [Instalment(id="", invoice="", place=1, amount=amount) for amount in amounts]
            return collection.create_invoice(uow, plain, parts)

    def receipt(self, amount: int, *shares: tuple[str, int], on: date = TODAY, account: str | None = None) -> Receipt:
        """A receipt laid against instalments."""
        payer = self.mine.id if account is None else account
        with self.store.edit("Receipt") as uow:
            plain = Receipt(id="", account=payer, received_on=on, amount=amount)
            return collection.record_receipt(uow, plain, shares)

    def parts(self, invoice: Invoice) -> list[str]:
        """The ids of an invoice's instalments in their places."""
        with self.store.reader() as reader:
            detail = collection.invoice_detail(reader, invoice.id, TODAY)
            return [state.instalment.id for state in detail.instalments]

    def open(self, invoice: Invoice, on: date = TODAY) -> int:
        """What is open of an invoice."""
        with self.store.reader() as reader:
            return collection.invoice_detail(reader, invoice.id, on).open


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    clock = FakeClock()
    store = Store.create(tmp_path, DataKey.new(), "books", clock, RandomIds(clock))
    with store.edit("Customers") as uow:
        mine, other = Account(id=uow.new_id(), name="Sữa Mây"), Account(id=uow.new_id(), name="Gỗ Ấm")
        uow.add(mine)
        uow.add(other)
    yield Books(store, mine, other)
    store.close()


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {problem.code for problem in refused.value.problems}


def test_the_oldest_due_is_paid_first_and_never_too_much(books: Books) -> None:
    late = books.invoice("9", date(2026, 1, 1), 100)
    early = books.invoice("10", date(2025, 12, 1), 60, 40)
    same_day = books.invoice("2", date(2026, 1, 1), 50)
    books.invoice("7", date(2025, 1, 1), 500, of=books.other)
    with books.store.reader() as reader:
        shares = collection.suggest_allocation(reader, books.mine.id, "VND", 180, TODAY)
        assert [(share.number, share.open, share.amount) for share in shares] == [
            ("10", 60, 60), ("10", 40, 40), ("2", 50, 50), ("9", 100, 30),
        ]  # fmt: skip
        assert collection.suggest_allocation(reader, books.mine.id, "USD", 180, TODAY) == []
    books.receipt(180, *[(share.instalment, share.amount) for share in shares])
    assert [books.open(each) for each in (early, same_day, late)] == [0, 0, 70]
    with books.store.reader() as reader:
        again = collection.suggest_allocation(reader, books.mine.id, "VND", 1000, TODAY)
        assert [(share.number, share.amount) for share in again] == [("9", 70)]
        assert summary.ageing(reader, TODAY).total.balance == 70 + 500


def test_every_way_to_lay_too_much_is_refused_with_its_reason(books: Books) -> None:
    mine = books.parts(books.invoice("1", date(2026, 1, 1), 100))[0]
    foreign = books.parts(books.invoice("2", date(2026, 1, 1), 100, currency="USD"))[0]
    others = books.parts(books.invoice("3", date(2026, 1, 1), 100, of=books.other))[0]
    for amount, shares, account, wanted in (
        (50, [(mine, 60)], None, {"more_than_receipt"}),
        (500, [(mine, 101)], None, {"more_than_open"}),
        (500, [(mine, 60), (mine, 60)], None, {"more_than_open"}),
        (500, [(others, 10)], None, {"other_account"}),
        (500, [(foreign, 10)], None, {"other_currency"}),
        (500, [(mine, -10)], None, {"not_positive"}),
        (500, [("nobody", 10)], None, {"missing"}),
        (500, [(mine, 10)], "", {"payer_unknown"}),
    ):
        with pytest.raises(Refused) as refused:
            books.receipt(amount, *shares, account=account)
        assert wanted <= codes(refused), shares
    with books.store.reader() as reader:
        assert reader.sql("select count(*) from receipt")[0][0] == 0
    books.receipt(500, account="")  # a payer unknown is no fault as long as nothing is laid
    with books.store.reader() as reader:
        row = next(row for row in summary.ageing(reader, TODAY).rows if not row.account)
        assert (row.unallocated, row.balance) == (500, -500)


def test_a_reversal_gives_back_exactly_what_was_laid(books: Books) -> None:
    invoice = books.invoice("1", date(2026, 1, 1), 100)
    part = books.parts(invoice)[0]
    books.receipt(80, (part, 80), on=date(2026, 1, 10))
    assert (books.open(invoice), books.open(invoice, date(2026, 1, 9))) == (20, 100)
    with books.store.reader() as reader:
        laid = collection.invoice_detail(reader, invoice.id, TODAY).allocations[0]
    with pytest.raises(Refused) as early, books.store.edit("Back") as uow:
        collection.reverse_allocation(uow, laid.id, date(2026, 1, 9))
    assert codes(early) == {"too_early"}
    with books.store.edit("Back") as uow:
        back = collection.reverse_allocation(uow, laid.id, date(2026, 2, 1))
    assert (books.open(invoice), books.open(invoice, date(2026, 1, 31))) == (100, 20)
    for which, code in ((laid.id, "reversed_already"), (back.id, "is_reversal"), ("nobody", "missing")):
        with pytest.raises(Refused) as refused, books.store.edit("Again") as uow:
            collection.reverse_allocation(uow, which)
        assert codes(refused) == {code}
    # What came back is free again, but only from that day on: the instalment was full in January.
    books.receipt(90, (part, 90), on=date(2026, 1, 20))
    assert (books.open(invoice), books.open(invoice, date(2026, 1, 31))) == (10, 20)
    with pytest.raises(Refused) as taken:
        books.receipt(90, (part, 11), on=date(2026, 3, 1))
    assert codes(taken) == {"more_than_open"}


def test_money_laid_wrongly_is_laid_anew(books: Books) -> None:
    """Taken back on a later day, the same money can be laid again, on the same invoice or on the right one."""
    wrong, right = books.invoice("1", date(2026, 1, 1), 80), books.invoice("2", date(2026, 1, 1), 80)
    receipt = books.receipt(80, (books.parts(wrong)[0], 80), on=date(2026, 1, 10))
    with books.store.reader() as reader:
        laid = collection.invoice_detail(reader, wrong.id, TODAY).allocations[0]
    with books.store.edit("Back") as uow:
        collection.reverse_allocation(uow, laid.id, date(2026, 2, 1))
    with books.store.edit("Lay anew") as uow:
        (again,) = collection.allocate(uow, receipt, [(books.parts(right)[0], 80)])
    assert again.allocated_on == date(2026, 2, 1)
    assert (books.open(wrong), books.open(right), books.open(right, date(2026, 1, 31))) == (80, 0, 80)
    assert (books.open(wrong, date(2026, 1, 31)), books.open(wrong, date(2026, 1, 9))) == (0, 80)


def test_what_is_left_of_a_receipt_is_laid_later(books: Books) -> None:
    receipt = books.receipt(100, on=date(2026, 1, 5))
    invoice = books.invoice("1", date(2026, 2, 1), 150)
    part = books.parts(invoice)[0]
    with books.store.edit("Lay") as uow:
        made = collection.allocate(uow, receipt, [(part, 70)])
    assert made[0].allocated_on == date(2026, 2, 1)  # never before the invoice
    with pytest.raises(Refused) as refused, books.store.edit("Lay") as uow:
        collection.allocate(uow, receipt, [(part, 31)])
    assert codes(refused) == {"more_than_receipt"}
    with books.store.edit("Lay") as uow:
        collection.allocate(uow, receipt, [(part, 30)])
    assert books.open(invoice) == 50


def test_a_credit_note_is_laid_like_a_receipt(books: Books) -> None:
    invoice = books.invoice("1", date(2026, 1, 1), 150)
    with books.store.edit("Note") as uow:
        note = CreditNote(
            id=uow.new_id(), account=books.mine.id, number="2", issued_on=date(2026, 2, 1), net=50, total=50
        )
        uow.add(note)
    with books.store.edit("Lay") as uow:
        collection.allocate(uow, note, [(books.parts(invoice)[0], 50)])
    with books.store.reader() as reader:
        detail = collection.invoice_detail(reader, invoice.id, TODAY)
    assert detail.open == 100 and detail.sources[note.id] == note


def test_instalments_make_the_total_and_follow_the_term(books: Books) -> None:
    with pytest.raises(Refused) as refused, books.store.edit("Invoice") as uow:
        plain = Invoice(id="", account=books.mine.id, number="1", issued_on=TODAY, net=100, total=100)
        collection.create_invoice(uow, plain, [Instalment(id="", invoice="", place=1, amount=99)])
    assert codes(refused) == {"below_total"}
    with books.store.edit("Term") as uow:
        uow.put(dataclasses.replace(books.mine, payment_days=45))
    with books.store.edit("Invoice") as uow:
        line = InvoiceLine(id="", invoice="", place=1, description="  Quảng  cáo ", net=100)
        made = collection.create_invoice(uow, plain, lines=[line])
    with books.store.reader() as reader:
        detail = collection.invoice_detail(reader, made.id, TODAY)
    assert [(state.open, state.due_on, state.on_default_term) for state in detail.instalments] == [
        (100, date(2026, 4, 16), False)
    ]
    assert detail.lines[0].description == "Quảng cáo" and detail.account is not None
    with pytest.raises(Refused), books.store.reader() as reader:
        collection.invoice_detail(reader, "nobody", TODAY)


def test_a_replaced_invoice_says_by_which(books: Books) -> None:
    old = books.invoice("1", date(2026, 1, 1), 100)
    new = books.invoice("2", date(2026, 2, 1), 90, replaces=old.id)
    with books.store.reader() as reader:
        detail = collection.invoice_detail(reader, old.id, TODAY)
        assert detail.replaced_by is not None and detail.replaced_by.id == new.id and detail.open == 0
        assert summary.ageing(reader, TODAY).total.balance == 90
        assert summary.ageing(reader, date(2026, 1, 31)).total.balance == 100


def test_a_page_of_open_instalments(books: Books) -> None:
    first = books.invoice("1", date(2026, 1, 1), 100)  # due on 31 January: 30 days overdue
    second = books.invoice("2", date(2026, 2, 20), 70)
    with books.store.reader() as reader:
        ids = summary.open_instalments(reader, TODAY)
        rows = summary.open_rows(reader, [*ids, "nobody"], TODAY)
        assert [(row.invoice, row.open, row.days_overdue) for row in rows] == [
            (first.id, 100, 30),
            (second.id, 70, -20),
        ]
        assert all(row.on_default_term and row.account_name == "Sữa Mây" for row in rows)
        assert summary.open_instalments(reader, TODAY, bucket=0) == ids[:1]
        assert summary.open_instalments(reader, TODAY, bucket=-1) == ids[1:]
        assert summary.open_instalments(reader, TODAY, account=books.other.id) == []


def test_nothing_laid_is_no_allocation(books: Books) -> None:
    part = books.parts(books.invoice("1", date(2026, 1, 1), 100))[0]
    books.receipt(50, (part, 0))
    with books.store.reader() as reader:
        assert reader.sql("select count(*) from allocation")[0][0] == 0
        assert not reader.children(Allocation, "instalment", part)
