"""Cases of published suites, told once in tests/cases, against the pure figures."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from kam_desktop.domain import promises
from kam_desktop.domain.figures import ageing, totals
from tests.cases import erpnext, gnucash, payment_terms, ratios, readme, taxes
from tests.cases.receivables import Lay, ReceivablesCase, ledger_of

CASES = [*erpnext.RECEIVABLES, *erpnext.RECONCILIATION, *erpnext.TAKEN_BACK, *gnucash.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.source.split('/')[-1]}: {case.name}")
def test_what_stands_open_and_free(case: ReceivablesCase) -> None:
    ledger = ledger_of(case)
    found = ageing.positions(ledger, case.day)
    report = ageing.ageing(found, case.currency, case.edges, case.accounts)
    assert {item.instalment: item.open for item in report.items} == case.open
    assert {credit.credit: credit.unallocated for credit in report.credits} == case.free
    row = report.total
    assert row.balance == case.balance
    assert row.not_due + sum(row.overdue) - row.unallocated == row.balance
    assert case.not_due is None or row.not_due == case.not_due
    assert case.overdue is None or row.overdue == case.overdue
    assert bool(case.why) <= bool(case.published)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.source.split('/')[-1]}: {case.name}")
def test_the_promises_let_every_published_allocation_through(case: ReceivablesCase) -> None:
    whole = ledger_of(case)
    accepted = [each.id for each in whole.allocations]
    ledger = replace(whole, allocations=[])
    for each in whole.allocations:
        problems = promises.allocation_problems(each, ledger)
        if {problem.code for problem in problems} == {"rejected"}:
            accepted.remove(each.id)
            continue
        assert problems == []
        ledger = replace(ledger, allocations=[*ledger.allocations, each])
    assert [each.id for each in ledger.allocations] == accepted


@pytest.mark.parametrize(("source", "name", "amount", "taken", "asked"), erpnext.TOO_MUCH)
def test_the_promises_refuse_what_the_tool_refuses(source: str, name: str, amount: int, taken: int, asked: int) -> None:
    facts = (erpnext.BIG, erpnext.Credit("a", erpnext.TODAY, amount), Lay("l", "a", "jv/1", taken, erpnext.TODAY))
    ledger = ledger_of(ReceivablesCase(source, name, facts, erpnext.TODAY, {}, 0))
    more = replace(ledger.allocations[0], id="m", amount=asked)
    problems = promises.allocation_problems(more, ledger)
    assert [(problem.code, problem.args["remaining"]) for problem in problems] == [
        ("more_than_credit", "100.00\u00a0USD"),
    ]
    assert promises.allocation_problems(replace(more, amount=amount - taken), ledger) == []


@pytest.mark.parametrize("case", taxes.CASES, ids=lambda case: case.name)
def test_nets_and_taxes_by_rate_group(case: taxes.TaxCase) -> None:
    lines = [
        totals.Line(
            totals.line_net(Decimal(each.quantity), Decimal(each.price), Decimal(each.discount)),
            each.rate,
            Decimal(each.rate) if each.rate else None,
        )
        for each in case.lines
    ]
    found = totals.totals(lines)
    assert tuple((group.group, group.net, group.tax) for group in found.groups) == case.groups
    assert (found.net, found.tax) == (case.net, case.tax)
    assert bool(case.why) <= bool(case.published)


def test_there_are_enough_published_cases_of_each_kind() -> None:
    by_source: dict[str, int] = {}
    for case in (*CASES, *payment_terms.CASES, *taxes.CASES, *ratios.CEI, *ratios.DSO):
        by_source[case.source.split(",")[0]] = by_source.get(case.source.split(",")[0], 0) + 1
    assert sum(by_source.values()) >= 90
    assert {"ERPNext", "GnuCash", "Odoo 16 community", "Odoo 17 community", "Odoo community", "Tryton 7"} <= {
        *by_source
    }


def test_the_page_about_the_cases_is_the_one_that_the_tables_give() -> None:
    assert readme.FILE.read_text("utf-8") == readme.text(), "run python -m tests.cases.readme"
    assert {case.source for case in readme.CASES} == {suite.source for suite in readme.SUITES}
    assert all(case.published for case in readme.CASES if case.why)
