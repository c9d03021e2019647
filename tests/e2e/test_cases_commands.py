"""The worked cases of published suites, through `load -` and `report` alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pypdfium2
import pytest

from kam_desktop.domain.figures.ageing import DEFAULT_EDGES
from kam_desktop.domain.figures.terms import DAYS, Step
from tests import makers
from tests.cases import by_services, erpnext, gnucash, payment_terms, ratios, taxes
from tests.cases.by_commands import (
    TERMS_CURRENCY,
    Laptop,
    Line,
    cei_lines,
    customer_lines,
    dso_lines,
    identity,
    payment_lines,
    receivables_lines,
    term_lines,
)
from tests.cases.payment_terms import TermCase, percent
from tests.cases.receivables import Credit, Inv, ReceivablesCase
from tests.cases.taxes import TaxCase
from tests.makers import Bill, L

RECEIVABLES = [*erpnext.RECEIVABLES, *erpnext.RECONCILIATION, *erpnext.TAKEN_BACK, *gnucash.CASES]
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


def named(case: ReceivablesCase | TermCase | TaxCase) -> str:
    return f"{case.source.split('/')[-1]}: {case.name}"


@pytest.mark.parametrize("case", RECEIVABLES, ids=named)
def test_ageing_and_statement(books: Books, case: ReceivablesCase) -> None:
    key = books.keys[key_of(case)]
    names = {identity(key, name) for name in case.names}
    # What is open moves into the buckets due date by due date, which tells the parts apart.
    for day in case.settled_days:
        document = books.report("ageing", "--as-of", day.isoformat(), "--currency", case.currency)
        rows = [row for row in document["rows"] if row["account"] in names]
        assert [sum(row[bucket] for row in rows) for bucket in BUCKETS] == case.buckets(DEFAULT_EDGES, case.open, day)
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


# --- files of invoices -----------------------------------------------------------------------------------------------


@dataclass
class Imported:
    """One laptop into which the e-invoices of all cases were imported, in đồng where the case has cents."""

    laptop: Laptop
    invoices: dict[str, Line]
    instalments: dict[str, list[Line]]
    due: dict[str, str]


SPLIT = [case for case in TERMS if case.total]
TAXES_FROM, NOTES_FROM = 500, 900
# A credit note that comes as a file goes by itself to the invoice that it lowers, the earliest part first.
CREDITED = [
    case for case in erpnext.RECEIVABLES if case.name in ("then a credit note over half", "a return lowers its invoice")
]


def buyer(number: int) -> tuple[str, str]:
    return f"Khách {number}", makers.tax_code(2_000 + number)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    folder = tmp_path_factory.mktemp("files")
    laptop = Laptop(folder)
    laptop.init()
    lines, bills = [], []
    for number, term in enumerate(SPLIT):
        lines += customer_lines(f"term {number}", term, buyer(number)[1])
        line = L(term.total or 0, rate="KCT")
        bills.append(Bill(f"{number + 1}", issued_on=term.invoiced, buyer=buyer(number), lines=(line,)))
    for number, case in enumerate(taxes.CASES, TAXES_FROM):
        nets = [by_services.net_of(line) for line in case.lines]
        printed = [L(net, rate=by_services.rate(line.rate)) for net, line in zip(nets, case.lines, strict=True)]
        groups = [(by_services.rate(rate), net, tax) for rate, net, tax in case.groups]
        bills.append(Bill(f"{number}", lines=printed, net=case.net, tax=case.tax, groups=groups, buyer=buyer(0)))
    laptop.load(lines)
    bring(laptop, *bills)
    invoices = {line["number"].lstrip("0"): line for line in laptop.dump("invoice")}
    instalments: dict[str, list[Line]] = {}
    for part in sorted(laptop.dump("instalment"), key=lambda part: part["place"]):
        instalments.setdefault(part["invoice"], []).append(part)
    owed = laptop.run("report", "interest", "--percent", "100", "--as-of", LATER)
    return Imported(laptop, invoices, instalments, {row["instalment"]: row["due_on"] for row in owed["rows"]})


@pytest.mark.parametrize("number", range(len(SPLIT)), ids=lambda number: named(SPLIT[number]))
def test_an_imported_invoice_is_split_by_its_customers_term(imported: Imported, number: int) -> None:
    case = SPLIT[number]
    parts = imported.instalments[imported.invoices[f"{number + 1}"]["id"]]
    assert tuple(part["amount"] for part in parts) == case.amounts
    assert tuple(imported.due[part["id"]] for part in parts) == case.due


@pytest.mark.parametrize("number", range(len(taxes.CASES)), ids=lambda number: named(taxes.CASES[number]))
def test_an_imported_invoice_stands_as_printed(imported: Imported, number: int) -> None:
    case = taxes.CASES[number]
    found = imported.invoices[f"{TAXES_FROM + number}"]
    assert (found["net"], found.get("tax", 0), found["total"]) == (case.net, case.tax, case.net + case.tax)


@pytest.mark.parametrize("number", range(len(CREDITED)), ids=lambda number: named(CREDITED[number]))
def test_an_imported_credit_note_goes_to_its_invoice(imported: Imported, number: int) -> None:
    case, key, laptop = CREDITED[number], f"note {number}", imported.laptop
    [invoice] = [fact for fact in case.facts if isinstance(fact, Inv)]
    notes = [fact for fact in case.facts if isinstance(fact, Credit) and fact.kind == "credit_note"]
    customer, own = buyer(100 + number), f"{NOTES_FROM + number}"
    total = sum(amount for _, amount in invoice.parts)
    days = [(date.fromisoformat(due) - date.fromisoformat(invoice.issued)).days for due, _ in invoice.parts]
    shares = [percent(str(100 * amount // total), Step(DAYS, count))
              for count, (_, amount) in zip(days, invoice.parts, strict=True)]  # fmt: skip
    term = TermCase(case.source, case.name, tuple(shares), invoice.issued)
    laptop.load(list(customer_lines(key, term, customer[1])))
    bring(laptop, Bill(own, issued_on=invoice.issued, buyer=customer, lines=(L(total, rate="KCT"),)))
    [brought] = [line for line in laptop.dump("invoice") if line["number"].lstrip("0") == own]
    parts = [line for line in laptop.dump("instalment") if line["invoice"] == brought["id"]]
    first = min(parts, key=lambda line: int(line["place"]))
    for fact in case.facts:
        if isinstance(fact, Credit) and fact.kind == "receipt":
            laptop.load(list(payment_lines(key, fact, "VND", first["id"], fact.amount)))
    for place, fact in enumerate(notes):
        lowered = ("2", "1", brought["symbol"], own)
        lines = (L(-fact.amount, rate="KCT"),)
        bring(laptop, Bill(f"{own}{place}", issued_on=fact.on, buyer=customer, lines=lines, related=lowered))
    document = laptop.run("report", "ageing", "--as-of", case.as_of)
    [row] = [row for row in document["rows"] if row["account"] == identity(key, "an")]
    assert [row[bucket] for bucket in BUCKETS] == case.buckets(DEFAULT_EDGES, case.open)
    assert (row["unallocated"], row["balance"]) == (0, case.balance)
    # Which parts are paid is seen by what bears interest long after.
    late = laptop.run("report", "interest", "--percent", "100", "--as-of", LATER, "--account", identity(key, "an"))
    open_days = {row["due_on"]: row["open_days"] for row in late["rows"]}
    due = {f"{invoice.id}/{place}": on for place, (on, _) in enumerate(invoice.parts, 1)}
    assert set(open_days) == {due[part] for part in case.open}
    # The customer's own paper ends with the same balance.
    paper = laptop.folder / f"{own}.pdf"
    laptop.run("document", "statement", identity(key, "an"), "--to", case.as_of, "-o", str(paper))
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(paper)]
    assert f"Closing balance {case.balance:,}" in " ".join(" ".join(pages).split())


def bring(laptop: Laptop, *bills: Bill) -> None:
    folder = laptop.folder / bills[0].number
    made = laptop.run("import", *map(str, makers.write_invoices(folder, bills)), "--open", "all")
    assert [file["skipped"] for file in made["files"]] == [[]] * len(bills)
