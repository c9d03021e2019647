"""The worked cases of published suites, through `load -` and `report` alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from kam_desktop.domain.figures.ageing import DEFAULT_EDGES
from tests.cases import erpnext, gnucash, payment_terms, ratios
from tests.cases.by_commands import (
    TERMS_CURRENCY,
    Laptop,
    Line,
    cei_lines,
    dso_lines,
    identity,
    receivables_lines,
    term_lines,
)
from tests.cases.payment_terms import TermCase
from tests.cases.receivables import ReceivablesCase

RECEIVABLES = [*erpnext.RECEIVABLES, *erpnext.RECONCILIATION, *gnucash.CASES]
TERMS = [case for case in payment_terms.CASES if not case.refused and not case.refused_by_hand]
DSO = dict(zip(("AUD", "CAD", "CHF"), ratios.DSO, strict=True))
CEI = dict(zip(("GBP", "NZD", "SGD"), ratios.CEI, strict=True))
BUCKETS = ("not_due", "1-30", "31-60", "61-90", "91-180", ">180")
LATER = "2040-01-01"


@dataclass
class Books:
    """One laptop with the records of all cases; each report is asked for once."""

    laptop: Laptop
    keys: dict[object, str]
    _asked: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def report(self, *words: str) -> Any:
        if words not in self._asked:
            self._asked[words] = self.laptop.run("report", *words)
        return self._asked[words]


def key_of(case: ReceivablesCase) -> tuple[object, ...]:
    """Cases with the same facts ask about the same records on other days."""
    return case.facts, case.currency


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    laptop = Laptop(tmp_path_factory.mktemp("cases"))
    laptop.init()
    keys: dict[object, str] = {}
    lines: list[Line] = []
    for case in RECEIVABLES:
        if key_of(case) not in keys:
            keys[key_of(case)] = f"case {len(keys)}"
            lines += receivables_lines(keys[key_of(case)], case)
    for number, term in enumerate(TERMS):
        keys[term] = f"term {number}"
        lines += term_lines(keys[term], term)
    for currency, months in DSO.items():
        lines += dso_lines(f"dso {currency}", months, currency)
    for currency, period in CEI.items():
        lines += cei_lines(f"cei {currency}", period, currency)
    counts = laptop.load(lines)
    assert (counts["created"], counts["updated"]) == (len(lines), 0)
    yield Books(laptop, keys)


def named(case: ReceivablesCase | TermCase) -> str:
    return f"{case.source.split('/')[-1]}: {case.name}"


@pytest.mark.parametrize("case", RECEIVABLES, ids=named)
def test_ageing_and_statement(books: Books, case: ReceivablesCase) -> None:
    key = books.keys[key_of(case)]
    names = {identity(key, name) for name in case.names}
    document = books.report("ageing", "--as-of", case.as_of, "--currency", case.currency)
    rows = [row for row in document["rows"] if row["account"] in names]
    assert [sum(row[bucket] for row in rows) for bucket in BUCKETS] == case.buckets(DEFAULT_EDGES, case.open)
    assert sum(row["unallocated"] for row in rows) == sum(case.free.values())
    assert sum(row["balance"] for row in rows) == case.balance
    for row in document["rows"]:
        assert sum(row[bucket] for bucket in BUCKETS) - row["unallocated"] == row["balance"]
    closing = 0
    for name in names:
        period = ("--from", "1980-01-01", "--to", case.as_of, "--currency", case.currency)
        statement = books.report("statement", name, *period)
        assert statement["opening"] + sum(row["amount"] for row in statement["rows"]) == statement["closing"]
        closing += statement["closing"]
    assert closing == case.balance


@pytest.mark.parametrize("case", TERMS, ids=lambda case: f"{named(case)}, {case.invoiced}")
def test_due_dates_of_terms(books: Books, case: TermCase) -> None:
    key = books.keys[case]
    document = books.report("interest", "--percent", "100", "--as-of", LATER, "--currency", TERMS_CURRENCY)
    due = {row["instalment"]: row["due_on"] for row in document["rows"]}
    found = [due.get(identity(key, "part", place)) for place, _ in enumerate(case.due, 1)]
    if case.total == 0:
        assert set(found) == {None}  # nothing is open, so nothing bears interest
        return
    assert tuple(found) == case.due


@pytest.mark.parametrize("currency", DSO)
def test_days_sales_outstanding(books: Books, currency: str) -> None:
    case = DSO[currency]
    document = books.report("dso", "--as-of", case.as_of.isoformat(), "--currency", currency)
    assert document["receivable"]["balance"] == case.debtors
    assert (document["count_back"], document["at_least"]) == (float(case.days), False)


@pytest.mark.parametrize("currency", CEI)
def test_collection_effectiveness(books: Books, currency: str) -> None:
    case = CEI[currency]
    document = books.report("cei", "--from", "2026-01-01", "--to", "2026-03-31", "--currency", currency)
    assert (document["opening"]["balance"], document["closing"]["balance"]) == (case.opening, case.closing)
    assert (document["sales"], document["closing"]["not_due"]) == (case.sales, case.not_due)
    assert document["cei"] == float(case.index)
