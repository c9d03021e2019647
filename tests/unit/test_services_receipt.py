"""Receipts confirmed and rejected, payers named later, papers confirmed, terms that split a total."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kam_desktop.domain.entities import (
    FIRM_ID,
    Account,
    Firm,
    Instalment,
    Invoice,
    PaymentTerm,
    PaymentTermLine,
    Receipt,
)
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import collection, receipt, summary
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

TODAY = date(2026, 3, 2)


@dataclass
class Books:
    """A store with two customers and a firm whose receipts are confirmed by finance from February on."""

    store: Store
    clock: FakeClock
    mine: Account
    other: Account

    def invoice(self, number: str, on: date, total: int, *parts: Instalment) -> Invoice:
        with self.store.edit("Invoice") as uow:
            plain = Invoice(id="", account=self.mine.id, number=number, issued_on=on, net=total, total=total)
            return collection.create_invoice(uow, plain, parts)

    def receipt(self, amount: int, on: date, *shares: tuple[str, int], payer: str | None = None) -> Receipt:
        with self.store.edit("Receipt") as uow:
            account = self.mine.id if payer is None else payer
            return collection.record_receipt(
                uow, Receipt(id="", account=account, received_on=on, amount=amount), shares
            )

    def confirm(self, which: Receipt) -> None:
        with self.store.edit("Confirm") as uow:
            receipt.confirm_receipt(uow, which.id)

    def reject(self, which: Receipt, reason: str = "Not on the statement") -> None:
        with self.store.edit("Reject") as uow:
            receipt.reject_receipt(uow, which.id, reason)

    def status(self, *which: Receipt) -> list[str]:
        with self.store.reader() as reader:
            found = receipt.receipt_status(reader, [each.id for each in which])
        return [found[each.id] for each in which]

    def detail(self, invoice: Invoice, on: date = TODAY) -> collection.InvoiceDetail:
        with self.store.reader() as reader:
            return collection.invoice_detail(reader, invoice.id, on)

    def part(self, invoice: Invoice) -> str:
        return self.detail(invoice).instalments[0].instalment.id


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    clock = FakeClock()
    store = Store.create(tmp_path, DataKey.new(), "books", clock, RandomIds(clock))
    with store.edit("Firm") as uow:
        uow.put(Firm(id=FIRM_ID, legal_name="Mây Lành", confirmation_begins_on=date(2026, 2, 1)))
        mine, other = Account(id=uow.new_id(), name="Sữa Mây"), Account(id=uow.new_id(), name="Gỗ Ấm")
        uow.add(mine)
        uow.add(other)
    yield Books(store, clock, mine, other)
    store.close()


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {problem.code for problem in refused.value.problems}


def test_only_what_is_confirmed_counts_and_the_newest_decision_has_the_word(books: Books) -> None:
    invoice = books.invoice("1", date(2026, 1, 1), 100)
    part = books.part(invoice)
    early = books.receipt(30, date(2026, 1, 31), (part, 30))  # before the firm began: entering it confirms it
    late = books.receipt(40, date(2026, 2, 1), (part, 40))
    assert books.status(early, late) == ["confirmed", "reported"]
    assert books.detail(invoice).open == 70 and books.detail(invoice).status[late.id] == "reported"
    with books.store.reader() as reader:
        total = summary.ageing(reader, TODAY).total
        assert (total.balance, total.reported) == (70, 40)
    books.confirm(late)
    assert books.status(late) == ["confirmed"]
    detail = books.detail(invoice)
    assert (detail.open, [each.verdict for each in detail.decisions]) == (30, ["confirmed"])
    assert books.detail(invoice, date(2026, 2, 1)).open == 30  # it counts from its own date, not from the decision's
    books.reject(late)
    assert (books.status(late), books.detail(invoice).open) == (["rejected"], 70)
    books.confirm(late)  # within the same moment of a clock that stands: the later word has it all the same
    assert (books.status(late), books.detail(invoice).open) == (["confirmed"], 30)
    with books.store.reader() as reader:
        assert [each.verdict for each in receipt.decisions(reader, late.id)] == ["confirmed", "rejected", "confirmed"]
        assert receipt.receipt_status(reader, ["nobody"]) == {}


def test_decisions_that_change_nothing_are_refused(books: Books) -> None:
    late = books.receipt(40, date(2026, 2, 1))
    with pytest.raises(Refused) as refused:
        books.reject(late, "  ")
    assert codes(refused) == {"reason_needed"}
    books.confirm(late)
    with pytest.raises(Refused) as refused:
        books.confirm(late)
    assert codes(refused) == {"confirmed_already"}
    books.reject(late)
    with pytest.raises(Refused) as refused:
        books.reject(late)
    assert codes(refused) == {"rejected_already"}
    with pytest.raises(Refused) as refused, books.store.edit("Confirm") as uow:
        receipt.confirm_receipt(uow, "nobody")
    assert codes(refused) == {"missing"}


def test_a_rejected_receipt_comes_back_only_where_its_money_still_has_room(books: Books) -> None:
    invoice = books.invoice("1", date(2026, 1, 1), 100)
    part = books.part(invoice)
    first = books.receipt(80, date(2026, 1, 10), (part, 80))
    books.reject(first)
    books.receipt(50, date(2026, 1, 12), (part, 50))
    with pytest.raises(Refused) as refused:
        books.confirm(first)
    assert codes(refused) == {"more_than_open"} and books.status(first) == ["rejected"]
    assert books.detail(invoice).open == 50


def test_an_unknown_payer_is_named_by_a_new_receipt(books: Books) -> None:
    old = books.receipt(70, date(2026, 2, 10), payer="")
    with books.store.edit("Payer") as uow:
        new = receipt.name_payer(uow, old.id, books.mine.id)
    assert (new.account, new.amount, new.received_on) == (books.mine.id, 70, old.received_on)
    assert books.status(old, new) == ["rejected", "reported"]
    with books.store.reader() as reader:
        assert receipt.decisions(reader, old.id)[0].replaced_by == new.id
        assert [row[0] for row in receipt.unallocated(reader, TODAY)] == [new.id]
        rows = receipt.rows(reader, receipt.receipts(reader))
        assert {(row.account_name, row.left, row.status) for row in rows} == {
            ("", 70, "rejected"), ("Sữa Mây", 70, "reported"),
        }  # fmt: skip
        assert receipt.receipts(reader, account="") == [old.id]
        assert receipt.receipts(reader, account=books.mine.id, currency="USD") == []
    with pytest.raises(Refused) as refused:
        books.confirm(old)
    assert codes(refused) == {"entered_again"}
    for which, account, code in (
        (new.id, books.mine.id, "same_account"),
        (old.id, books.other.id, "rejected_already"),
        (new.id, "nobody", "missing"),
    ):
        with pytest.raises(Refused) as refused, books.store.edit("Payer") as uow:
            receipt.name_payer(uow, which, account)
        assert codes(refused) == {code}


def test_naming_the_payer_keeps_what_finance_confirmed_and_what_is_laid(books: Books) -> None:
    old = books.receipt(70, date(2026, 2, 10), payer="")
    books.confirm(old)
    with books.store.edit("Payer") as uow:
        new = receipt.name_payer(uow, old.id, books.mine.id)
    assert books.status(old, new) == ["rejected", "confirmed"]
    part = books.part(books.invoice("1", date(2026, 1, 1), 100))
    with books.store.edit("Lay") as uow:
        made = collection.allocate(uow, new, [(part, 70)])
    with pytest.raises(Refused) as refused, books.store.edit("Payer") as uow:
        receipt.name_payer(uow, new.id, books.other.id)
    assert codes(refused) == {"laid"}
    with books.store.edit("Back") as uow:
        collection.reverse_allocation(uow, made[0].id)
    with books.store.edit("Payer") as uow:
        assert receipt.name_payer(uow, new.id, books.other.id).account == books.other.id


def test_papers_start_the_clock_from_the_day_that_has_the_word(books: Books) -> None:
    part = Instalment(id="", invoice="", place=1, amount=100, steps=("days 10",), from_papers=True)
    invoice = books.invoice("1", date(2026, 1, 5), 100, part)
    detail = books.detail(invoice)
    assert (detail.instalments[0].due_on, detail.instalments[0].days_overdue, detail.waiting) == (None, None, 100)
    assert detail.papers is None
    for on, code in ((date(2026, 3, 3), "in_future"), (date(2026, 1, 4), "before_invoice")):
        with pytest.raises(Refused) as refused, books.store.edit("Papers") as uow:
            collection.confirm_documents(uow, invoice.id, on)
        assert codes(refused) == {code}
    with books.store.edit("Papers") as uow:
        collection.confirm_documents(uow, invoice.id, date(2026, 2, 10), "  chị  Hoa ", "BBNT 12")
    detail = books.detail(invoice)
    assert detail.papers is not None and detail.papers.confirmed_by == "chị Hoa"
    assert (detail.instalments[0].due_on, detail.instalments[0].days_overdue, detail.waiting) == (
        date(2026, 2, 20), 10, 0,
    )  # fmt: skip
    assert books.detail(invoice, date(2026, 2, 9)).waiting == 100  # on that day nobody had them yet
    with books.store.edit("Papers") as uow:  # another day, in the same moment: written last
        collection.confirm_documents(uow, invoice.id, date(2026, 2, 1))
    assert books.detail(invoice).instalments[0].due_on == date(2026, 2, 11)
    with books.store.edit("Papers") as uow:
        collection.withdraw_documents(uow, invoice.id)
    assert books.detail(invoice).waiting == 100 and books.detail(invoice).papers is None
    with pytest.raises(Refused) as refused, books.store.edit("Papers") as uow:
        collection.withdraw_documents(uow, invoice.id)
    assert codes(refused) == {"not_confirmed"}


def term(books: Books, *lines: tuple[str, int | None, tuple[str, ...], bool]) -> None:
    """Agrees on a payment term with the customer: (kind, value, steps, from papers) a line."""
    with books.store.edit("Term") as uow:
        made = PaymentTerm(id=uow.new_id(), name="Term")
        uow.add(made)
        for place, (kind, value, steps, from_papers) in enumerate(lines, 1):
            uow.add(
                PaymentTermLine(
                    id=uow.new_id(), term=made.id, place=place, name=f"Đợt {place}", kind=kind,
                    value=None if value is None else Decimal(value), steps=steps, from_papers=from_papers,
                )
            )  # fmt: skip
        uow.put(dataclasses.replace(books.mine, payment_term=made.id))


def test_a_term_of_several_lines_splits_an_invoice_by_hand(books: Books) -> None:
    term(books, ("percent", 30, (), False), ("percent", 40, ("end_of_month", "days 15"), False),
         ("rest", None, ("days 30",), True))  # fmt: skip
    detail = books.detail(books.invoice("1", date(2026, 1, 10), 101))
    parts = [(each.instalment.name, each.instalment.amount, each.due_on) for each in detail.instalments]
    assert parts == [("Đợt 1", 30, date(2026, 1, 10)), ("Đợt 2", 40, date(2026, 2, 15)), ("Đợt 3", 31, None)]
    assert all(each.instalment.due_on is None for each in detail.instalments)
    assert not any(each.on_default_term for each in detail.instalments)
    # A term that is changed later does not move what was agreed on for this invoice.
    term(books, ("percent", 50, ("days 1",), False), ("percent", 50, ("days 2",), False))
    assert [each.due_on for each in books.detail(detail.invoice).instalments] == [each[2] for each in parts]


def test_a_term_of_one_line_is_read_from_the_account(books: Books) -> None:
    term(books, ("rest", None, ("days 7",), False))
    invoice = books.invoice("1", date(2026, 1, 10), 100)
    assert books.detail(invoice).instalments[0].instalment.steps == ()
    assert books.detail(invoice).instalments[0].due_on == date(2026, 1, 17)


def test_a_term_that_cannot_split_the_total_is_refused_whole(books: Books) -> None:
    term(books, ("fixed", 500, (), False), ("rest", None, (), False))
    with pytest.raises(Refused) as refused:
        books.invoice("1", date(2026, 1, 10), 100)
    assert codes(refused) == {"wrong_sign"}
    with books.store.reader() as reader:
        assert reader.sql("select count(*) from invoice")[0][0] == 0


def test_a_rejected_receipt_pays_nothing_and_a_reported_one_keeps_its_place(books: Books) -> None:
    part = books.part(books.invoice("1", date(2026, 1, 1), 100))
    wrong = books.receipt(60, date(2026, 2, 10))
    books.reject(wrong)
    with pytest.raises(Refused) as refused, books.store.edit("Lay") as uow:
        collection.allocate(uow, wrong, [(part, 60)])
    assert codes(refused) == {"rejected"}
    # What is reported may be confirmed tomorrow: nobody else's money takes its place meanwhile.
    books.receipt(80, date(2026, 2, 11), (part, 80))
    with pytest.raises(Refused) as refused:
        books.receipt(30, date(2026, 1, 20), (part, 30))
    assert codes(refused) == {"more_than_open"}


def test_what_waits_for_papers_is_paid_last(books: Books) -> None:
    waiting = Instalment(id="", invoice="", place=1, amount=100, steps=("days 1",), from_papers=True)
    books.invoice("1", date(2026, 1, 1), 100, waiting)
    books.invoice("2", date(2026, 2, 1), 50)
    with books.store.reader() as reader:
        shares = collection.suggest_allocation(reader, books.mine.id, "VND", 70, TODAY)
    assert [(share.number, share.amount, share.due_on) for share in shares] == [
        ("2", 50, date(2026, 3, 3)),
        ("1", 20, None),
    ]
