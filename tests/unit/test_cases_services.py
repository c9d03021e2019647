"""The worked cases of published suites, through the services on a real profile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kam_desktop.domain.entities import Receipt
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.figures.ageing import DEFAULT_EDGES
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import collection, receivables
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.cases import by_services, erpnext, gnucash, payment_terms, ratios, taxes
from tests.cases.payment_terms import TermCase
from tests.cases.receivables import Credit, Lay, ReceivablesCase
from tests.cases.taxes import TaxCase
from tests.fakes import FakeClock

RECEIVABLES = [*erpnext.RECEIVABLES, *erpnext.RECONCILIATION, *erpnext.TAKEN_BACK, *gnucash.CASES]


class Books:
    """The one profile of all cases; what several cases ask about is entered once."""

    def __init__(self, folder: Path) -> None:
        clock = FakeClock()
        self.store = Store.create(folder, DataKey.new(), "cases", clock, RandomIds(clock))
        self._entered: dict[object, by_services.Entered] = {}

    def enter(self, case: ReceivablesCase) -> by_services.Entered:
        key = (case.facts, case.currency)
        if key not in self._entered:
            self._entered[key] = by_services.enter(self.store, case)
        return self._entered[key]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    made = Books(tmp_path_factory.mktemp("cases"))
    yield made
    made.store.close()


def named(case: ReceivablesCase | TermCase | TaxCase) -> str:
    return f"{case.source.split('/')[-1]}: {case.name}"


@pytest.mark.parametrize("case", RECEIVABLES, ids=named)
def test_receivables(books: Books, case: ReceivablesCase) -> None:
    entered = books.enter(case)
    with books.store.reader() as reader:
        found = by_services.shown(reader, case, entered)
    open_, free = case.entered or (case.open, case.free)
    receipts = {fact.id for fact in case.facts if isinstance(fact, Credit) and fact.kind == "receipt"}
    assert found.open == open_
    assert found.free == {name: amount for name, amount in free.items() if name in receipts}
    rows = found.ageing.values()
    assert [sum(row.not_due for row in rows), *_columns(rows)] == case.buckets(DEFAULT_EDGES, open_)
    assert sum(row.unallocated for row in rows) == sum(free.values())
    assert sum(row.balance for row in rows) == case.balance == sum(found.closing.values())
    if case.overdue is not None:
        # The publication's buckets end elsewhere beyond 90 days.
        ours, theirs = _columns(rows), list(case.overdue)
        assert [*ours[:3], sum(ours[3:])] == [*theirs[:3], sum(theirs[3:])]


def _columns(rows: object) -> list[int]:
    overdue = [row.overdue for row in rows]  # type: ignore[attr-defined]
    return [sum(column) for column in zip(*overdue, strict=True)] or [0] * (len(DEFAULT_EDGES) + 1)


@pytest.mark.parametrize(("source", "name", "amount", "taken", "asked"), erpnext.TOO_MUCH)
def test_more_than_is_left_is_refused(
    books: Books, source: str, name: str, amount: int, taken: int, asked: int
) -> None:
    credit = erpnext.Credit("a", erpnext.TODAY, amount)
    facts = (erpnext.BIG, credit, Lay("l", "a", "jv/1", taken, erpnext.TODAY))
    entered = books.enter(ReceivablesCase(source, name, facts, erpnext.TODAY, {}, 0))
    with pytest.raises(Refused) as caught, books.store.edit("Too much") as uow:
        receipt = uow.get(Receipt, entered.credits["a"])
        assert receipt is not None
        collection.allocate(uow, receipt, [(entered.parts["jv/1"], asked)])
    assert {problem.code for problem in caught.value.problems} == {"more_than_receipt"}


@pytest.mark.parametrize("case", payment_terms.CASES, ids=lambda case: f"{named(case)}, {case.invoiced}")
def test_payment_terms(books: Books, case: TermCase) -> None:
    account = by_services.customer(books.store, f"{case.name}, {case.invoiced}")
    refusals = {case.refused, case.refused_by_hand} - {""}
    try:
        by_services.use_term(books.store, case, account)
        detail = by_services.invoice_by_term(books.store, case, account)
    except Refused as refused:
        assert {problem.code for problem in refused.problems} & refusals
        return
    assert not refusals
    assert tuple(f"{each.due_on}" for each in detail.instalments) == case.due
    amounts = tuple(each.instalment.amount for each in detail.instalments)
    assert sum(filter(None, amounts)) == detail.invoice.total
    if case.total is not None:
        assert amounts == case.amounts


@pytest.mark.parametrize("case", taxes.CASES, ids=named)
def test_tax_totals_of_a_proposal(books: Books, case: TaxCase) -> None:
    account = by_services.customer(books.store, case.name)
    totals = by_services.tax_totals(books.store, account, case).totals
    groups = tuple((by_services.rate(rate), net, tax) for rate, net, tax in case.groups)
    assert tuple((group.group, group.net, group.tax) for group in totals.groups) == groups
    assert (totals.net, totals.tax, totals.total) == (case.net, case.tax, case.net + case.tax)


@pytest.mark.parametrize(("case", "currency"), list(zip(ratios.DSO, ("AUD", "CAD", "CHF"), strict=True)))
def test_days_sales_outstanding(books: Books, case: ratios.DsoCase, currency: str) -> None:
    by_services.enter_months(books.store, case, currency)
    with books.store.reader() as reader:
        found = receivables.dso(reader, case.as_of, currency=currency)
    assert (found.balance.whole, found.count_back, found.at_least) == (case.debtors, case.days, False)
    assert dict(found.sales).items() >= case.sales.items()


@pytest.mark.parametrize(("case", "currency"), list(zip(ratios.CEI, ("GBP", "NZD", "SGD"), strict=True)))
def test_collection_effectiveness(books: Books, case: ratios.CeiCase, currency: str) -> None:
    period = by_services.enter_period(books.store, case, currency)
    with books.store.reader() as reader:
        found = receivables.cei(reader, *period, currency)
    assert (found.opening.whole, found.sales, found.closing.whole) == (case.opening, case.sales, case.closing)
    assert found.closing.current == case.not_due
    assert found.index == case.index
