"""Reminding through a store: steps, the step reached, promises made on the way, and the worklist."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import Account, DunningStep, Instalment, Invoice, PromiseToPay, Receipt
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.locale.vietnam import seeds
from kam_desktop.language import use
from kam_desktop.services import collection, dunning, flows, promise, records
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

TODAY = date(2026, 3, 2)
PLAIN = PromiseToPay(id="", account="", promised_on=None, pay_on=date(2026, 3, 10), amount=60)


@dataclass
class Books:
    """A store on 2 March 2026 with invoices by their number."""

    store: Store
    clock: FakeClock
    accounts: dict[str, str]
    invoices: dict[str, str]

    def list(self, on: date = TODAY, **only: Any) -> list[tuple[str, str, str, str]]:
        """(number, group, reason, action) of every line."""
        numbers = {key: number for number, key in self.invoices.items()}
        with self.store.reader() as reader:
            found = flows.worklist(reader, on, "VND", dunning.Filter(**only))
        return [(numbers[each.invoice], each.line.group, each.line.reason, each.line.action) for each in found.entries]

    def remind(self, number: str, step: int | None, channel: str = "call", outcome: str = "", **more: Any) -> Any:
        with self.store.edit("Remind") as uow:
            return flows.remind(uow, self.invoices[number], step, channel, outcome, **more)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    clock = FakeClock(datetime(2026, 3, 2, 3, tzinfo=UTC))
    store = Store.create(tmp_path, DataKey.new(), "books", clock, RandomIds(clock))
    accounts, invoices = {}, {}
    with store.edit("Customers") as uow:
        for name in ("Mây", "Gỗ"):
            accounts[name] = uow.new_id()
            uow.add(Account(id=accounts[name], name=name))
    rows = [
        ("late", "Mây", date(2026, 1, 5), date(2026, 1, 20), 1_000_000),
        ("later", "Gỗ", date(2026, 1, 5), date(2026, 2, 27), 50_000_000),
        ("soon", "Gỗ", date(2026, 2, 20), date(2026, 3, 4), 2_000_000),
        ("far", "Gỗ", date(2026, 2, 20), date(2026, 3, 30), 9_000_000),
        ("papers", "Mây", date(2026, 2, 1), None, 3_000_000),
    ]
    for number, name, issued, due, total in rows:
        with store.edit("Invoice") as uow:
            plain = Invoice(id="", account=accounts[name], number=number, issued_on=issued, net=total, total=total)
            part = Instalment(id="", invoice="", place=1, due_on=due, amount=total, from_papers=due is None)
            invoices[number] = collection.create_invoice(uow, plain, [part]).id
    yield Books(store, clock, accounts, invoices)
    store.close()


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {problem.code for problem in refused.value.problems}


LATER = ("later", "today", "step_due", "message")
LATE = ("late", "today", "step_due", "letter")
WAITS = ("papers", "today", "papers", "papers")
SOON = ("soon", "soon", "due_step", "message")


def test_the_order_is_what_acting_brings(books: Books) -> None:
    # 50 m × 2 %, 1 m × 5 %, 3 m × 1 %: the older and smaller debt comes second
    assert books.list() == [LATER, LATE, WAITS, SOON]
    with books.store.reader() as reader:
        found = flows.worklist(reader, TODAY)
        assert [each.line.gain for each in found.entries] == [1_000_000, 50_000, 30_000, 10_000]
        assert found.sums == {"today": (3, 54_000_000), "soon": (1, 2_000_000), "waiting": (0, 0)}
        assert (found.left_out, found.steps) == (0, 5)
        by_age = flows.worklist(reader, TODAY, order=dunning.AGE)
    assert by_age.entries[0].invoice == books.invoices["late"]


def test_filters(books: Books) -> None:
    assert books.list(account=books.accounts["Mây"]) == [LATE, WAITS]
    assert books.list(due_from=date(2026, 2, 20), due_to=date(2026, 2, 27)) == [LATER]
    assert books.list(show="papers") == [WAITS]
    assert books.list(owner="nobody") == []


def test_a_reminder_raises_the_step_and_gives_rest(books: Books) -> None:
    books.remind("late", 4, "letter")
    with books.store.reader() as reader:
        assert dunning.reached(reader, books.invoices.values())[books.invoices["late"]].step == 4
        assert dunning.next_step(reader, books.invoices["late"], date(2026, 1, 20))[1] == date(2026, 3, 21)  # type: ignore[index]
    assert ("late", "waiting", "reminded", "wait") in books.list()
    assert ("late", "today", "overdue", "letter") in books.list(date(2026, 3, 9))
    again = books.remind("late", None, "call", "no_answer")
    assert again.step == 4, "no step named: it stays where it was"
    assert ("late", "today", "overdue", "letter") in books.list(date(2026, 3, 3))


def test_a_promise_is_made_with_the_reminder_and_taken_back_with_it(books: Books) -> None:
    books.remind("late", 3, "call", "promised", promise=PLAIN)
    assert ("late", "waiting", "promised", "wait") in books.list()
    assert ("late", "today", "promise_today", "message") in books.list(date(2026, 3, 10))
    assert books.list(date(2026, 3, 11), show="promises") == [("late", "today", "broken_promise", "call")]
    with books.store.reader() as reader:
        assert [each.record.amount for each in promise.of_invoice(reader, books.invoices["late"], TODAY)] == [60]
    books.store.undo()
    assert LATE in books.list()
    with books.store.reader() as reader:
        assert not dunning.reached(reader, books.invoices.values())
        assert not promise.of_invoice(reader, books.invoices["late"], TODAY)


def test_a_second_promise_takes_the_place_of_the_first(books: Books) -> None:
    books.remind("late", 3, "call", "promised", promise=PLAIN)
    books.clock.move(86_400)
    later = PromiseToPay(id="", account="", promised_on=None, pay_on=date(2026, 3, 20), amount=90)
    books.remind("late", None, "call", "promised", promise=later)
    with books.store.reader() as reader:
        found = promise.of_invoice(reader, books.invoices["late"], date(2026, 3, 3))
    assert [(each.record.amount, each.state.state) for each in found] == [(90, "open"), (60, "replaced")]
    assert ("late", "waiting", "promised", "wait") in books.list(date(2026, 3, 12))


def test_a_promise_at_large_is_about_what_is_overdue(books: Books) -> None:
    with books.store.edit("Promise") as uow:
        large = PromiseToPay(id="", account=books.accounts["Gỗ"], promised_on=TODAY, pay_on=TODAY, amount=5)
        promise.make(uow, large)
    assert ("later", "today", "promise_today", "message") in books.list()
    assert SOON in books.list(), "what is not due was not meant"


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        ("papers_missing", ("late", "today", "papers_missing", "papers")),
        ("paid_already", ("late", "today", "said_paid", "receipt")),
        ("disputed", ("late", "today", "disputed", "call")),
    ],
)
def test_what_was_answered_changes_what_is_next(books: Books, outcome: str, line: tuple[str, ...]) -> None:
    books.remind("late", 4, "call", outcome)
    assert line in books.list(date(2026, 3, 3))


def test_what_is_paid_leaves_the_list(books: Books) -> None:
    with books.store.edit("Receipt") as uow:
        part = uow.sql("select id from instalment where invoice = :id", {"id": books.invoices["late"]})[0][0]
        plain = Receipt(id="", account=books.accounts["Mây"], received_on=TODAY, amount=1_000_000)
        collection.record_receipt(uow, plain, [(part, 1_000_000)])
    assert LATE not in books.list()


def test_refusals(books: Books) -> None:
    for number, values, code in (
        ("late", (9, "call", ""), "no_step"),
        ("late", (3, "call", "promised"), "promise_needed"),
    ):
        with pytest.raises(Refused) as refused:
            books.remind(number, *values)
        assert codes(refused) == {code}
    with pytest.raises(Refused) as refused, books.store.edit("Remind") as uow:
        dunning.remind(uow, "no-such-invoice", 1, "call")
    assert codes(refused) == {"missing"}
    with books.store.reader() as reader:
        assert not dunning.reached(reader, books.invoices.values()), "a refused promise leaves no reminder behind"


def test_the_firm_has_steps_of_its_own(books: Books) -> None:
    with books.store.reader() as reader:
        named = dunning.steps(reader)
    assert [each.days_after_due for each in named] == [-3, 1, 10, 30, 60]
    use("en")
    try:
        assert dunning.step_name(named[2]) == "Call"
    finally:
        use("vi")
    with books.store.edit("Seeds") as uow:
        records.add_missing(uow, seeds.records())
        records.add_missing(uow, seeds.records())
        uow.put(dataclasses.replace(named[0], archived=True))
        uow.put(DunningStep(id=named[1].id, place=2, name="Nhắn", days_after_due=50, channel="message"))
    with books.store.reader() as reader:
        assert len(dunning.steps(reader)) == 4
    assert ("later", "today", "overdue", "call") in books.list(), "the message is not due before 50 days"
