"""Writes README.md from the tables: suites, counts, and every case where our rule differs.

`python -m tests.cases.readme` writes it; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cases import erpnext, gnucash, payment_codes, payment_terms, ratios, taxes
from tests.cases.payment_terms import TermCase
from tests.cases.ratios import CeiCase, DsoCase
from tests.cases.receivables import ReceivablesCase
from tests.cases.taxes import TaxCase

FILE = Path(__file__).with_name("README.md")
Case = ReceivablesCase | TermCase | TaxCase | DsoCase | CeiCase
CASES: tuple[Case, ...] = (
    *erpnext.RECEIVABLES,
    *erpnext.RECONCILIATION,
    *erpnext.TAKEN_BACK,
    *gnucash.CASES,
    *payment_terms.CASES,
    *taxes.CASES,
    *ratios.DSO,
    *ratios.CEI,
)


@dataclass(frozen=True)
class Suite:
    """Where the facts of some cases come from."""

    source: str
    repository: str
    file: str
    licence: str
    taken: str


SUITES = (
    Suite(erpnext.REPORT, "frappe/erpnext", "erpnext/accounts/report/accounts_receivable/test_accounts_receivable.py",
          "GPL-3.0", "documents, payments and days; what stands open"),
    Suite(erpnext.TOOL, "frappe/erpnext",
          "erpnext/accounts/doctype/payment_reconciliation/test_payment_reconciliation.py", "GPL-3.0",
          "documents and payments; what is open and left after laying them against each other"),
    Suite(erpnext.UNDO, "frappe/erpnext", "erpnext/accounts/doctype/unreconcile_payment/test_unreconcile_payment.py",
          "GPL-3.0", "payments laid and taken back; what is open and free after each"),
    Suite(payment_terms.ERPNEXT, "frappe/erpnext",
          "erpnext/accounts/doctype/payment_terms_template/test_payment_terms_template.py", "GPL-3.0",
          "portions and credit days; what is refused"),
    Suite(gnucash.OWNER, "Gnucash/gnucash", "gnucash/report/reports/standard/test/test-owner-report.scm",
          "GPL-2.0-or-later", "postings and payments of one customer; the balance after each, the ageing line"),
    Suite(gnucash.NEW_OWNER, "Gnucash/gnucash", "gnucash/report/reports/standard/test/test-new-owner-report.scm",
          "GPL-2.0-or-later", "postings, payments and links; the balance after each"),
    Suite(payment_terms.ODOO_16, "odoo/odoo (16.0)", "addons/account/tests/test_payment_term.py", "LGPL-3.0",
          "terms, invoice dates, due dates"),
    Suite(payment_terms.ODOO_17, "odoo/odoo (17.0)", "addons/account/tests/test_payment_term.py", "LGPL-3.0",
          "terms, totals, dates, instalments"),
    Suite(taxes.TOTALS, "odoo/odoo", "addons/account/tests/test_taxes_tax_totals_summary.py", "LGPL-3.0",
          "quantities, prices, discounts and rates; nets and taxes"),
    Suite(taxes.COMPUTATION, "odoo/odoo", "addons/account/tests/test_taxes_computation.py", "LGPL-3.0",
          "bases and rates; taxes"),
    Suite(payment_terms.TRYTON, "tryton/tryton", "modules/account_invoice/tests/test_module.py", "GPL-3.0-or-later",
          "terms, totals, dates, instalments"),
    Suite(ratios.BENJI, "web page", "support.benjipays.com, count-back method", "page", "debtors, sales, days"),
    Suite(ratios.CALCULATOR, "web page", "snowdaycalculatornow.com, count back method", "page", "debtors, sales, days"),
    Suite(ratios.WIZEDU, "web page", "wizedu.com, question 116374", "page", "balances, sales, index"),
    Suite(ratios.CREDITGURU, "web page", "creditguru.com, Collection Effectiveness Index", "page",
          "balances, sales, index"),
    Suite(ratios.GAVITI, "web page", "gaviti.com, Collection Effectiveness", "page", "balances, sales, index"),
)  # fmt: skip

HEAD = """# Worked cases

Published suites and articles work figures out; here they stand as tables, once, and run three ways: against the pure
figures, through the services on a real profile, and through `load -`, `import` and `report` alone. Taken are facts:
amounts, dates, rates, results. No sentence and no code of a suite is here. This page is written from the tables by
`python -m tests.cases.readme`; a test compares.

- pure: `tests/unit/test_figures_published.py`, `test_figures_terms.py`, `test_figures_ratios.py`, `test_vietqr.py`
- services: `tests/unit/test_cases_services.py`, with `by_services.py`
- commands: `tests/e2e/test_cases_commands.py`, with `by_commands.py`; taxes run there as imported e-invoices, which
  stand as printed, since no command shows the totals of a proposal

## Suites
"""
DIFFERS = """
## Where our rule differs

Both answers and the reason. Amounts are in the case's currency, two decimals unless told otherwise.
"""
LEFT_OUT = """
Left out of these files: amounts in a firm's currency after a change of rates, purchases, orders, cost centres,
rounding to coins, taxes on taxes and taxes inside a price, money paid out to a customer (the last four lines of the new
owner report), and the look of the reports. The program has none of them.
"""
CODES = """
## Payment codes

{count} published VietQR texts ({ours} of them written letter for letter by us too) and {refused} that cannot be paid
stand in `payment_codes.py` with their sources. `tests/unit/test_vietqr.py` reads all of them, draws them and reads the
drawing with a second library (zxing-cpp), does the same with ours for every bank, and reads the code off the rendered
page of a payment request. The check sum is compared with the one of Python's standard library.
"""


def by_commands(case: Case) -> bool:
    """Whether a case runs through the commands: not where a user is refused while typing."""
    return not (isinstance(case, TermCase) and (case.refused or case.refused_by_hand))


def text() -> str:
    """The whole page."""
    refused = {erpnext.TOOL: len(erpnext.TOO_MUCH)}
    rows = []
    for suite in SUITES:
        of_suite = [case for case in CASES if case.source == suite.source]
        count = len(of_suite) + refused.get(suite.source, 0)
        by_command = sum(map(by_commands, of_suite))
        rows.append((suite.repository, f"`{suite.file}`" if suite.licence != "page" else suite.file,
                     suite.licence if suite.licence != "page" else "public page", suite.taken,
                     f"{count}", f"{count}", f"{by_command}"))  # fmt: skip
    sums = [f"**{sum(int(row[place]) for row in rows)}**" for place in (4, 5, 6)]
    rows.append(("**together**", "", "", "", *sums))
    heads = ("repository", "file", "licence", "taken", "pure", "services", "commands")
    codes = payment_codes.CODES
    told = CODES.format(count=len(codes), ours=sum(code.ours for code in codes), refused=len(payment_codes.REFUSED))
    differ = list(_differences())
    same = f"\n{len(differ)} of the cases differ; all others give the published figures.\n"
    return (
        HEAD + "\n" + _table(heads, rows) + DIFFERS + "\n"
        + _table(("suite", "case", "published", "ours", "why"), differ) + same + LEFT_OUT + told
    )  # fmt: skip


def _differences() -> Iterator[tuple[str, ...]]:
    for case in CASES:
        if case.why:
            suite = next(suite for suite in SUITES if suite.source == case.source)
            yield suite.repository, _name(case), case.published, _ours(case), case.why


def _name(case: Case) -> str:
    return f"{case.as_of}" if isinstance(case, DsoCase) else getattr(case, "name", "index")


def _ours(case: Case) -> str:
    if isinstance(case, DsoCase):
        return f"{case.days} days"
    if isinstance(case, CeiCase):
        return f"{case.index} %"
    if isinstance(case, TaxCase):
        groups = ", ".join(f"{rate or 'no'} %: net {_major(net)}, tax {_major(tax)}" for rate, net, tax in case.groups)
        return groups if len(case.groups) == 1 else f"{groups}; net {_major(case.net)}, tax {_major(case.tax)}"
    if isinstance(case, TermCase):
        return _term(case)
    open_, free = case.entered or (case.open, case.free)
    said = [f"{_major(amount)} open of {part}" for part, amount in open_.items()] or ["nothing open"]
    said += [f"{_major(amount)} free of {credit}" for credit, amount in free.items()]
    return ", ".join(said) + f"; balance {_major(case.balance)}"


def _term(case: TermCase) -> str:
    if case.refused:
        return f"refused: {case.refused}"
    pairs = zip(case.due, case.amounts, strict=True)
    made = ", ".join(f"{_major(amount)} on {due}" for due, amount in pairs)
    return f"{made}; an invoice of it is refused" if case.refused_by_hand else made


def _major(minor: int) -> str:
    return f"{minor / 100:,.2f}"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(heads), *map(tuple, rows)]
    made = [f"| {' | '.join(line)} |" for line in lines]
    made.insert(1, "|" + " --- |" * len(lines[0]))
    return "\n".join(made) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
