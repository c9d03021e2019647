"""Statement, DSO, CEI, provision and late interest through a store: worked figures, and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kam_desktop.domain.entities import (
    Account,
    Allocation,
    CreditNote,
    Instalment,
    Invoice,
    OpeningSettlement,
    Receipt,
)
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.figures.cei import Balance
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import collection, receivables, summary
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

D = Decimal


@dataclass
class Books:
    """A store with two customers; terms of 30 days."""

    store: Store
    mine: str
    other: str

    def invoice(self, number: str, on: date, amount: int, of: str = "", **more: object) -> str:
        """An invoice of one instalment; tax is in it, so that nobody takes the net for the sales."""
        more = {"due_on": None, **more}
        due_on = more.pop("due_on")
        net = amount - amount // 11
        plain = Invoice(
            id="",
            account=of or self.mine,
            number=number,
            issued_on=on,
            net=net,
            tax=amount - net,
            total=amount,
            **more,  # type: ignore[arg-type]
        )
        part = Instalment(id="", invoice="", place=1, amount=amount, due_on=due_on)  # type: ignore[arg-type]
        with self.store.edit("Invoice") as uow:
            return collection.create_invoice(uow, plain, [part]).id

    def pay(self, invoice: str, on: date, amount: int, laid: int | None = None, by: str = "") -> None:
        """Money for an invoice; `laid` of it is allocated, all when not said."""
        with self.store.edit("Receipt") as uow:
            part = uow.children(Instalment, "invoice", invoice)[0].id
            plain = Receipt(id="", account=by or self.mine, received_on=on, amount=amount, reference="CK")
            collection.record_receipt(uow, plain, [(part, amount if laid is None else laid)])

    def credit(self, on: date, total: int) -> None:
        """A credit note that is laid against nothing."""
        with self.store.edit("Credit note") as uow:
            made = CreditNote(id=uow.new_id(), account=self.mine, number="C1", issued_on=on, net=total, total=total)
            uow.add(made)

    def settle(self, invoice: str, on: date, amount: int) -> None:
        """Says that so much of an invoice was paid before the program was used."""
        with self.store.edit("Opening") as uow:
            uow.add(OpeningSettlement(id=uow.new_id(), invoice=invoice, settled_on=on, amount=amount))


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    clock = FakeClock()
    store = Store.create(tmp_path, DataKey.new(), "books", clock, RandomIds(clock))
    with store.edit("Customers") as uow:
        mine, other = Account(id=uow.new_id(), name="Sữa Mây"), Account(id=uow.new_id(), name="Gỗ Ấm")
        uow.add(mine)
        uow.add(other)
    yield Books(store, mine.id, other.id)
    store.close()


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.code for problem in refused.value.problems]


def test_a_statement_runs_from_its_opening_to_the_balance_of_the_ageing(books: Books) -> None:
    first = books.invoice("1", date(2026, 1, 10), 1_000, symbol="C26TAA")
    second = books.invoice("2", date(2026, 2, 5), 500)
    books.pay(first, date(2026, 2, 20), 700)
    books.credit(date(2026, 2, 25), 50)
    books.invoice("3", date(2026, 2, 27), 540, replaces=second)
    books.invoice("4", date(2026, 2, 28), 300, origin="opening")
    books.invoice("5", date(2026, 3, 1), 9)
    books.invoice("6", date(2026, 2, 6), 70, of=books.other)
    books.invoice("7", date(2026, 2, 6), 80, currency="USD")
    with books.store.reader() as reader:
        made = receivables.statement(reader, books.mine, date(2026, 2, 1), date(2026, 2, 28))
        [row] = [each for each in summary.ageing(reader, date(2026, 2, 28)).rows if each.account == books.mine]
    assert (made.name, made.opening, made.closing) == ("Sữa Mây", 1_000, 1_000 + 500 - 700 - 50 - 500 + 540 + 300)
    assert made.closing == row.balance
    assert [(each.on.day, each.kind, each.number, each.amount, each.balance) for each in made.rows] == [
        (5, "invoice", "2", 500, 1_500),
        (20, "receipt", "CK", -700, 800),
        (25, "credit_note", "C1", -50, 750),
        (27, "invoice", "3", 540, 1_290),
        (27, "replaced", "2", -500, 790),
        (28, "opening", "4", 300, 1_090),
    ]
    assert (made.raised, made.lowered) == (1_340, 1_250)
    assert made.opening + made.raised - made.lowered == made.closing
    assert made.currencies == ("USD",)


def test_a_statement_names_the_money_of_another_payer(books: Books) -> None:
    invoice = books.invoice("1", date(2026, 1, 10), 100)
    books.pay(invoice, date(2026, 1, 20), 60)
    with books.store.edit("Payer") as uow:
        paid = Receipt(id=uow.new_id(), received_on=date(2026, 1, 25), amount=40, reference="Chi hộ")
        uow.add(paid)
        part = uow.children(Instalment, "invoice", invoice)[0].id
        uow.add(
            Allocation(id=uow.new_id(), instalment=part, receipt=paid.id, amount=40, allocated_on=date(2026, 1, 25))
        )
    with books.store.reader() as reader:
        made = receivables.statement(reader, books.mine, date(2026, 1, 1), date(2026, 1, 31))
    assert [(each.kind, each.number, each.balance) for each in made.rows[1:]] == [
        ("receipt", "CK", 40),
        ("by_others", "Chi hộ", 0),
    ]


def test_a_statement_is_refused_for_nobody_and_for_a_period_that_ends_first(books: Books) -> None:
    with books.store.reader() as reader:
        with pytest.raises(Refused) as refused:
            receivables.statement(reader, "nobody", date(2026, 1, 1), date(2026, 1, 1))
        assert codes(refused) == ["missing"]
        for report in (receivables.cei, lambda *days: receivables.statement(days[0], books.mine, *days[1:])):
            with pytest.raises(Refused) as refused:
                report(reader, date(2026, 1, 2), date(2026, 1, 1))
            assert codes(refused) == ["period"]
        assert receivables.statement(reader, books.mine, date.min, date.max).rows == ()


def test_dso_counts_back_over_sales_with_tax_less_credit_notes_and_settlements(books: Books) -> None:
    settled = books.invoice("1", date(2026, 1, 2), 900)
    books.settle(settled, date(2026, 1, 2), 590)  # January sold 310
    books.invoice("2", date(2026, 2, 1), 300)
    books.credit(date(2026, 2, 10), 20)  # February 280
    old = books.invoice("3", date(2026, 3, 1), 999)
    books.invoice("4", date(2026, 3, 10), 310, replaces=old)  # March 310: the replaced one does not count
    books.invoice("5", date(2026, 4, 1), 5_000)
    with books.store.reader() as reader:
        made = receivables.dso(reader, date(2026, 3, 31), 3)
        two = receivables.dso(reader, date(2026, 3, 31), 2)
    assert made.sales == (((2026, 1), 310), ((2026, 2), 280), ((2026, 3), 310))
    # 310 of the settled one, 300 and 310, less the 20 of the credit note: every day since the first sale, on 2 January
    assert made.balance.whole == 900
    assert (made.count_back, made.at_least) == (D("89.0"), False)
    assert (made.sold, made.days, made.from_on, made.simple) == (900, 90, date(2026, 1, 1), D("90.0"))
    assert (two.count_back, two.sold, two.days, two.simple) == (D("89.0"), 590, 59, D("90.0"))


def test_dso_takes_advances_off_and_no_balance_brought_in_for_a_sale(books: Books) -> None:
    books.invoice("1", date(2026, 1, 1), 10_000, origin="opening")
    sold = books.invoice("2", date(2026, 3, 1), 310)
    with books.store.reader() as reader:
        made = receivables.dso(reader, date(2026, 3, 31))
    assert (made.balance.whole, made.count_back, made.at_least, made.sold) == (10_310, D("31.0"), True, 310)
    books.pay(sold, date(2026, 3, 31), 10_155, laid=0)
    with books.store.reader() as reader:
        made = receivables.dso(reader, date(2026, 3, 31))
    assert (made.balance.advances, made.count_back, made.at_least) == (10_155, D("15.5"), False)
    assert len(made.sales) == 12 and made.sales[0] == ((2025, 4), 0)


def test_dso_without_sales_says_so_and_checks_the_months(books: Books) -> None:
    with books.store.reader() as reader:
        made = receivables.dso(reader, date(2026, 3, 31), 1)
        assert (made.count_back, made.at_least, made.simple, made.sold) == (D("0.0"), False, None, 0)
        assert len(receivables.dso(reader, date(1, 2, 1), 12).sales) == 2
        assert receivables.dso(reader, date.max, 120).days > 3_600
        for months in (0, 121):
            with pytest.raises(Refused) as refused:
                receivables.dso(reader, date(2026, 3, 31), months)
            assert codes(refused) == ["months"]


def test_cei_says_how_much_of_what_could_be_collected_was(books: Books) -> None:
    before = books.invoice("1", date(2026, 1, 10), 1_000)  # due 9 February
    books.invoice("2", date(2026, 3, 10), 600)  # not due at the end of March
    books.pay(before, date(2026, 3, 5), 700)
    with books.store.reader() as reader:
        made = receivables.cei(reader, date(2026, 3, 1), date(2026, 3, 31))
    assert made.opening == Balance(0, 1_000) and made.sales == 600 and made.closing == Balance(600, 300)
    assert made.index == D("70.0")  # 700 of the 1,000 that could be collected


def test_cei_takes_a_replaced_document_and_a_settlement_for_no_money(books: Books) -> None:
    before = books.invoice("1", date(2026, 2, 20), 1_000, due_on=date(2026, 2, 21))
    books.invoice("2", date(2026, 3, 10), 1_100, replaces=before, due_on=date(2026, 3, 11))
    settled = books.invoice("3", date(2026, 3, 2), 400)
    books.settle(settled, date(2026, 3, 2), 400)
    books.invoice("4", date(2026, 3, 3), 80, of=books.other, currency="USD")
    with books.store.reader() as reader:
        made = receivables.cei(reader, date(2026, 3, 1), date(2026, 3, 31))
        nothing = receivables.cei(reader, date(2025, 3, 1), date(2025, 3, 31))
    assert (made.opening.whole, made.sales, made.closing.whole, made.index) == (1_000, 100, 1_100, D("0.0"))
    assert made.currencies == ("USD",)
    assert nothing.index is None


def test_the_provision_goes_by_the_months_since_the_due_date(books: Books) -> None:
    books.invoice("1", date(2025, 1, 1), 1_001, due_on=date(2025, 9, 30))  # six months on 30 March
    books.invoice("2", date(2025, 1, 1), 500, due_on=date(2025, 10, 1))  # not yet on 31 March
    part_paid = books.invoice("3", date(2023, 1, 1), 1_000, due_on=date(2024, 3, 31))
    books.pay(part_paid, date(2025, 1, 1), 650, laid=600)
    books.invoice("4", date(2026, 1, 1), 70, of=books.other, due_on=date(2026, 3, 30))
    books.invoice("5", date(2026, 1, 1), 9, of=books.other, due_on=date(2026, 3, 31))  # not overdue
    with books.store.reader() as reader:
        made = receivables.provision(reader, date(2026, 3, 31))
        ageing = summary.ageing(reader, date(2026, 3, 31)).total
        with pytest.raises(Refused) as refused:
            receivables.provision(reader, date(2019, 10, 9))
    assert codes(refused) == ["no_table"]
    mine, other = made.rows
    assert [(t.months, t.percent, t.instalments, t.overdue, t.amount) for t in mine.tiers] == [
        (24, D(70), 1, 400, 280),
        (6, D(30), 1, 1_001, 300),
        (0, D(0), 1, 500, 0),
    ]
    assert (mine.name, mine.overdue, mine.amount, mine.unallocated) == ("Sữa Mây", 1_901, 580, 50)
    assert (other.name, other.overdue, other.amount, other.unallocated) == ("Gỗ Ấm", 70, 0, 0)
    assert made.amount == 580 and made.overdue == sum(ageing.overdue) == 1_971
    assert "48/2019" in made.source


def test_interest_runs_on_what_was_open_each_day_after_the_due_date(books: Books) -> None:
    paid = books.invoice("1", date(2026, 1, 1), 3_650_000, symbol="C26TAA")  # due 31 January
    books.pay(paid, date(2026, 2, 11), 3_650_000)
    open_ = books.invoice("2", date(2026, 1, 1), 365_000, of=books.other, due_on=date(2026, 2, 1))
    books.invoice("3", date(2026, 1, 1), 9_999, due_on=date(2026, 3, 2))  # due today, nothing yet
    books.invoice("4", date(2026, 1, 1), 9_999, due_on=date.max)
    with books.store.reader() as reader:
        made = receivables.interest(reader, date(2026, 3, 2), D(10))
        mine = receivables.interest(reader, date(2026, 3, 2), D("9.5"), account_id=books.mine)
        with pytest.raises(Refused) as refused:
            receivables.interest(reader, date(2026, 3, 2), D(-1))
        with pytest.raises(Refused) as nobody:
            receivables.interest(reader, date(2026, 3, 2), D(10), account_id="nobody")
    assert codes(refused) == ["bad_rate"] and codes(nobody) == ["missing"]
    assert [(row.name, row.number, row.figure.days, row.figure.amount) for row in made.rows] == [
        ("Gỗ Ấm", "2", 29, 2_900),  # 100 a day from 2 February to 2 March
        ("Sữa Mây", "C26TAA 1", 10, 10_000),  # 1,000 a day from 1 to 10 February: stays owed though paid
    ]
    assert made.rows[0].figure.invoice == open_ and made.total == 12_900
    assert [row.figure.amount for row in mine.rows] == [9_500] and mine.total == 9_500
