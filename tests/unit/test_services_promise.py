"""Promises to pay through a store: made, replaced, withdrawn, broken, and the share kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import Account, Contact, Invoice, PromiseToPay, Receipt
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import collection, flows, promise, receipt
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

TODAY = date(2026, 3, 2)


@dataclass
class Books:
    """A store with two customers; an invoice of 100 of each."""

    store: Store
    mine: str
    other: str
    invoice: str
    foreign: str
    contact: str

    def promise(self, on: int, pay_on: int, amount: int, of: str | None = None, **more: Any) -> PromiseToPay:
        """A promise in February about the invoice."""
        values = {"invoice": self.invoice, **more}
        with self.store.edit("Promise") as uow:
            return promise.make(uow, self.plain(on, pay_on, amount, of, **values))

    def plain(self, on: int, pay_on: int, amount: int, of: str | None = None, **more: Any) -> PromiseToPay:
        days = {"promised_on": date(2026, 2, on), "pay_on": date(2026, 2, pay_on)}
        return PromiseToPay(id="", account=self.mine if of is None else of, amount=amount, **{**days, **more})

    def pay(self, on: int, amount: int, invoice: str = "") -> Receipt:
        with self.store.edit("Receipt") as uow:
            part = uow.sql("select id from instalment where invoice = :id", {"id": invoice or self.invoice})[0][0]
            plain = Receipt(id="", account=self.mine, received_on=date(2026, 2, on), amount=amount)
            return collection.record_receipt(uow, plain, [(part, amount)])

    def states(self, on: date = TODAY) -> list[tuple[str, str, int]]:
        with self.store.reader() as reader:
            found = promise.of_account(reader, self.mine, on)
        return [(each.record.id, each.state.state, each.missing) for each in found]


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    clock = FakeClock()
    store = Store.create(tmp_path, DataKey.new(), "books", clock, RandomIds(clock))
    with store.edit("Customers") as uow:
        mine, other = Account(id=uow.new_id(), name="Sữa Mây"), Account(id=uow.new_id(), name="Gỗ Ấm")
        contact = Contact(id=uow.new_id(), account=other.id, full_name="Lê An")
        for record in (mine, other, contact):
            uow.add(record)
    made = []
    for account in (mine, other):
        with store.edit("Invoice") as uow:
            plain = Invoice(id="", account=account.id, number="7", issued_on=date(2026, 1, 1), net=100, total=100)
            made.append(collection.create_invoice(uow, plain).id)
    yield Books(store, mine.id, other.id, made[0], made[1], contact.id)
    store.close()


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {problem.code for problem in refused.value.problems}


def test_a_promise_is_kept_by_money_that_came_in_time(books: Books) -> None:
    made = books.promise(1, 10, 60)
    assert books.states(date(2026, 2, 10)) == [(made.id, "open", 60)]
    assert books.states() == [(made.id, "broken", 60)]
    paid = books.pay(9, 60)
    assert books.states() == [(made.id, "kept", 0)]
    with books.store.reader() as reader:
        detail = collection.invoice_detail(reader, books.invoice, TODAY)
        assert [each.id for each in detail.promises] == [made.id]
        assert detail.promise_states[made.id].state == "kept"
        assert promise.of_invoice(reader, books.invoice, TODAY)[0].number == "7"
        assert promise.broken(reader, TODAY) == []
    with books.store.edit("Reject") as uow:
        receipt.reject_receipt(uow, paid.id, "Not on the statement")
    assert books.states() == [(made.id, "broken", 60)]
    with books.store.reader() as reader:
        assert [(each.account_name, each.missing) for each in promise.broken(reader, TODAY)] == [("Sữa Mây", 60)]


def test_replaced_and_withdrawn(books: Books) -> None:
    first = books.promise(1, 10, 60)
    with books.store.edit("Promise") as uow:
        second = promise.replace(uow, first.id, books.plain(12, 20, 60, "", invoice=books.invoice))
    assert second.account == books.mine
    assert books.states(date(2026, 2, 11)) == [(first.id, "broken", 60)]
    assert books.states(date(2026, 2, 12)) == [(second.id, "open", 60), (first.id, "replaced", 60)]
    with books.store.edit("Promise") as uow:
        promise.withdraw(uow, second.id, "Disputed")
    assert books.states() == [(second.id, "withdrawn", 60), (first.id, "replaced", 60)]
    with books.store.reader() as reader:
        assert [each.id for each in collection.invoice_detail(reader, books.invoice, TODAY).promises] == [
            second.id, first.id,
        ]  # fmt: skip
        assert promise.broken(reader, TODAY) == []
    for which, code in ((first.id, "replaced_already"), (second.id, "withdrawn_already"), ("nobody", "missing")):
        with pytest.raises(Refused) as refused, books.store.edit("Promise") as uow:
            promise.withdraw(uow, which)
        assert codes(refused) == {code}
        with pytest.raises(Refused) as refused, books.store.edit("Promise") as uow:
            promise.replace(uow, which, books.plain(20, 25, 60))
        assert codes(refused) == {code}


def test_what_is_wrong_is_told_at_once(books: Books) -> None:
    with pytest.raises(Refused) as refused:
        books.promise(1, 10, 60, invoice=books.foreign, contact=books.contact, currency="USD")
    assert codes(refused) == {"other_account", "other_currency"} and len(refused.value.problems) == 3
    tomorrow = PromiseToPay(id="", account=books.mine, promised_on=date(2026, 3, 3), pay_on=date(2026, 3, 9), amount=60)
    with pytest.raises(Refused) as refused, books.store.edit("Promise") as uow:
        promise.make(uow, tomorrow)
    assert codes(refused) == {"in_future"}
    with pytest.raises(Refused) as refused:
        books.promise(10, 9, 0)
    assert codes(refused) == {"before_promise", "not_positive"}
    made = books.promise(10, 20, 60)
    with pytest.raises(Refused) as refused, books.store.edit("Promise") as uow:
        promise.replace(uow, made.id, books.plain(9, 20, 60))
    assert codes(refused) == {"too_early"}
    with pytest.raises(Refused) as refused, books.store.edit("Promise") as uow:
        promise.replace(uow, made.id, books.plain(11, 20, 60, books.other, invoice=""))
    assert codes(refused) == {"other_account"}


def test_the_share_of_promises_kept_in_a_period(books: Books) -> None:
    books.promise(1, 10, 30)
    books.promise(1, 20, 30)
    books.promise(1, 25, 40, invoice="")
    books.promise(1, 15, 10, books.other, invoice=books.foreign)
    books.pay(5, 30)  # one of the two; and it is not enough for the word about everything
    with books.store.reader() as reader:
        february = date(2026, 2, 1), date(2026, 2, 28)
        assert promise.share_kept(reader, *february, books.mine) == promise.Share(1, 3, Decimal("33.3"))
        assert promise.share_kept(reader, *february) == promise.Share(1, 4, Decimal(25))
        assert promise.share_kept(reader, date(2026, 2, 1), date(2026, 2, 10)) == promise.Share(1, 1, Decimal(100))
        assert promise.share_kept(reader, date(2026, 1, 1), date(2026, 1, 31)) == promise.Share(0, 0, None)


def test_a_promise_about_a_replaced_invoice_is_kept_by_the_new_one(books: Books) -> None:
    made = books.promise(1, 20, 60)
    with books.store.edit("Invoice") as uow:
        plain = Invoice(id="", account=books.mine, number="8", issued_on=date(2026, 2, 5), net=90, total=90,
                        replaces=books.invoice)  # fmt: skip
        new = collection.create_invoice(uow, plain)
    books.pay(18, 60, new.id)
    assert books.states() == [(made.id, "kept", 0)]
    with books.store.reader() as reader:
        detail = collection.invoice_detail(reader, books.invoice, TODAY)
        assert detail.promise_states[made.id].state == "kept"


def test_a_broken_promise_is_a_line_of_today_until_something_answers_it(books: Books) -> None:
    made = books.promise(1, 10, 60)
    books.pay(5, 20)

    def lines() -> list[tuple[str, str, int | None, Any]]:
        with books.store.reader() as reader:
            found = flows.today(reader, TODAY).items
        broken = [each for each in found if each.kind == "promise"]
        return [(each.id, each.reason, each.amount, each.reason_args["days"]) for each in broken]

    assert [(line[0], line[2], line[3]) for line in lines()] == [(books.invoice, 40, 20)]
    assert "paid a part" in lines()[0][1]
    late = books.pay(25, 80)
    assert lines() == []  # broken all the same, but nothing is open any more
    assert [state[1] for state in books.states()] == ["broken"]
    with books.store.edit("Reject") as uow:
        receipt.reject_receipt(uow, late.id, "Not on the statement")
    assert len(lines()) == 1
    with books.store.edit("Promise") as uow:
        next_word = books.plain(28, 28, 40, "", invoice=books.invoice)
        promise.replace(uow, made.id, dataclasses.replace(next_word, pay_on=date(2026, 3, 20)))
    assert lines() == []


def test_a_broken_word_about_everything_opens_the_customer(books: Books) -> None:
    books.promise(1, 10, 60, invoice="")
    with books.store.reader() as reader:
        line = next(each for each in flows.today(reader, TODAY).items if each.kind == "promise")
    assert (line.entity, line.id, line.account_name, line.section) == ("account", books.mine, "Sữa Mây", "now")
