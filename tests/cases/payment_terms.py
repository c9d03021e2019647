"""Payment terms as published suites work them out; where our rule differs both answers stand, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kam_desktop.domain.figures.terms import (
    DAY_OF_MONTH,
    DAYS,
    END_OF_MONTH,
    FIXED,
    MONTHS,
    PERCENT,
    PERCENT_OF_REST,
    REST,
    Part,
    Step,
)

ODOO_16 = "Odoo 16 community, addons/account/tests/test_payment_term.py"
ODOO_17 = "Odoo 17 community, addons/account/tests/test_payment_term.py"
TRYTON = "Tryton 7, modules/account_invoice/tests/test_module.py"
ERPNEXT = "ERPNext, accounts/doctype/payment_terms_template/test_payment_terms_template.py"


@dataclass(frozen=True)
class TermCase:
    """One term and what it makes of a total.

    Attributes:
        total: minor units of a currency with two decimals; None where the publication tells dates only.
        due: the dates that we expect, amounts: the amounts; empty when the term or the total is refused.
        refused: the code of our refusal.
        refused_by_hand: what our services say besides, or where they refuse what the pure figure would give.
        published: what the publication has instead, where it differs; why: the reason that we do not follow it.
    """

    source: str
    name: str
    parts: tuple[Part, ...]
    invoiced: str
    due: tuple[str, ...] = ()
    total: int | None = None
    amounts: tuple[int, ...] = ()
    refused: str = ""
    refused_by_hand: str = ""
    published: str = ""
    why: str = ""

    @property
    def invoiced_on(self) -> date:
        """The invoice's date."""
        return date.fromisoformat(self.invoiced)


def days(count: int) -> Step:
    """So many days on."""
    return Step(DAYS, count)


def months(count: int) -> Step:
    """So many months on."""
    return Step(MONTHS, count)


def day_of_month(count: int) -> Step:
    """The first such day on or after."""
    return Step(DAY_OF_MONTH, count)


END = Step(END_OF_MONTH)


def rest(*steps: Step) -> Part:
    """The last part."""
    return Part(REST, 0, steps)


def percent(value: str, *steps: Step) -> Part:
    """A percentage of the total."""
    return Part(PERCENT, Decimal(value), steps)


def fixed(minor: int, *steps: Step) -> Part:
    """A fixed amount."""
    return Part(FIXED, minor, steps)


def _odoo_dates(source: str, name: str, parts: tuple[Part, ...], *rows: tuple[str, ...]) -> list[TermCase]:
    return [TermCase(source, name, parts, row[0], row[1:]) for row in rows]


BESIDE_100 = "percentages that make 100 leave nothing for the parts beside them: refused when the term is saved"
_QUARTERS = (
    Part(PERCENT_OF_REST, Decimal(25), (days(30),)),
    percent("25", months(1)),
    fixed(39_684, months(1), days(30)),
)
_SMALL_QUARTERS = (*_QUARTERS[:2], fixed(400, months(1), days(30)))

CASES: list[TermCase] = [
    *_odoo_dates(
        ODOO_16, "today", (rest(),),
        ("2019-01-01", "2019-01-01"), ("2019-01-15", "2019-01-15"), ("2019-01-31", "2019-01-31"),
    ),
    *_odoo_dates(
        ODOO_16, "45 days from the end of the month", (rest(END, days(45)),),
        ("2019-01-01", "2019-03-17"), ("2019-01-15", "2019-03-17"), ("2019-01-31", "2019-03-17"),
    ),
    *_odoo_dates(
        ODOO_16, "the 15th, at least 31 days on", (rest(days(31), day_of_month(15)),),
        ("2019-01-01", "2019-02-15"), ("2019-01-15", "2019-02-15"), ("2019-01-31", "2019-03-15"),
    ),
    *_odoo_dates(
        ODOO_16, "last day of the month", (rest(END),),
        ("2019-01-01", "2019-01-31"), ("2019-01-15", "2019-01-31"), ("2019-01-31", "2019-01-31"),
    ),
    *_odoo_dates(
        ODOO_16, "first day of the next month", (rest(END, days(1)),),
        ("2019-01-01", "2019-02-01"), ("2019-01-15", "2019-02-01"), ("2019-01-31", "2019-02-01"),
    ),
    *_odoo_dates(
        ODOO_17, "net 30 days", (percent("100", days(30)),),
        ("2022-01-01", "2022-01-31"), ("2022-01-15", "2022-02-14"), ("2022-01-31", "2022-03-02"),
    ),
    *_odoo_dates(
        ODOO_17, "30 % in 15 days, 70 % in 45", (percent("30", days(15)), percent("70", days(45))),
        ("2022-01-01", "2022-01-16", "2022-02-15"), ("2022-01-15", "2022-01-30", "2022-03-01"),
        ("2022-01-31", "2022-02-15", "2022-03-17"),
    ),
    TermCase(
        ODOO_17, "half and half", (percent("50", days(2)), percent("50", days(4))), "2016-01-01",
        ("2016-01-03", "2016-01-05"), 115_000, (57_500, 57_500),
    ),
    TermCase(
        ODOO_17, "half and half, in coins of 0.05", (percent("50", days(2)), percent("50", days(4))), "2016-01-01",
        ("2016-01-03", "2016-01-05"), 43_418, (21_709, 21_709),
        published="217.10 and 217.08", why="there is no rounding to coins: dong are paid by transfer, to the unit",
    ),
    TermCase(
        ODOO_17, "an odd cent", (percent("50"), percent("50")), "2016-01-01",
        ("2016-01-01", "2016-01-01"), 3, (2, 1),
    ),
    TermCase(
        ODOO_17, "fixed beside 100 %", (percent("50"), percent("50"), fixed(2)), "2016-01-01", total=4,
        refused="beside_100", published="0.02, 0.02, 0.00", why=BESIDE_100,
    ),
    TermCase(
        ODOO_17, "fixed inside 100 %", (percent("70"), fixed(20_000), percent("30")), "2016-01-01", total=100_000,
        refused="beside_100", published="700, 200, 100", why=BESIDE_100,
    ),
    TermCase(
        ODOO_17, "fixed beyond the total", (percent("70"), fixed(50_000), percent("30")), "2016-01-01", total=100_000,
        refused="beside_100", published="700, 500, -200", why=BESIDE_100,
    ),
    TermCase(
        ODOO_17, "two fixed beyond the total", (percent("70"), fixed(50_000), percent("30"), fixed(20_000)),
        "2016-01-01", total=100_000, refused="beside_100", published="700, 500, 300, -500", why=BESIDE_100,
    ),
    TermCase(
        ODOO_17, "the same said our way", (percent("70"), fixed(20_000), rest()), "2016-01-01",
        ("2016-01-01",) * 3, 100_000, (70_000, 20_000, 10_000),
    ),
    TermCase(
        ODOO_17, "the same beyond the total", (percent("70"), fixed(50_000), rest()), "2016-01-01", total=100_000,
        refused="wrong_sign", published="700, 500, -200",
        why="nobody owes a negative instalment: the total is refused for this term",
    ),
    TermCase(
        ODOO_17, "half and no end", (percent("50"),), "2016-01-01", total=100_000, refused="no_end",
    ),
    TermCase(
        ODOO_17, "many small percentages make exactly 100",
        (percent("50"), *(percent("1.66"),) * 20, percent("16.8")), "2016-01-01",
        ("2016-01-01",) * 22, 100_000, (50_000, *(1_660,) * 20, 16_800),
    ),
    TermCase(
        ODOO_17, "40 % now, 30 % in 30 days, 30 % in 60",
        (percent("40"), percent("30", days(30)), percent("30", days(60))),
        "2016-01-01", ("2016-01-01", "2016-01-31", "2016-03-01"), 115_000, (46_000, 34_500, 34_500),
    ),
    TermCase(
        TRYTON, "of the rest, of the total, fixed, the rest; its day 15 before its months",
        (*_QUARTERS, rest(day_of_month(15), months(2), days(30))), "2011-10-01",
        ("2011-10-31", "2011-11-01", "2011-12-01", "2012-01-14"), 158_735, (39_684, 39_684, 39_684, 39_683),
    ),
    TermCase(
        TRYTON, "the same with the day 15 in the order of its columns",
        (*_QUARTERS, rest(months(2), days(30), day_of_month(15))), "2011-10-01",
        ("2011-10-31", "2011-11-01", "2011-12-01", "2012-01-15"), 158_735, (39_684, 39_684, 39_684, 39_683),
        published="2012-01-14 for the last", why="steps are done in the order in which the term lists them",
    ),
    TermCase(
        TRYTON, "a negative total is the mirror image", (*_SMALL_QUARTERS, rest(day_of_month(15), months(2), days(30))),
        "2011-10-01", ("2011-10-31", "2011-11-01", "2011-12-01", "2012-01-14"), -1_000, (-250, -250, -400, -100),
        refused_by_hand="negative", published="-2.50, -2.50, -4.00, -1.00: the pure figure's too",
        why="no invoice is written with a negative total: a lowering is a credit note with a positive amount",
    ),
    TermCase(
        TRYTON, "a third", (percent("33.33333333"), rest()), "2016-05-17", ("2016-05-17",) * 2, 10_000, (3_333, 6_667),
    ),
    TermCase(
        TRYTON, "a total of nothing", (rest(months(1)),), "2016-05-17", ("2016-06-17",), 0, (0,),
        published="0.00 on 2016-05-17", why="each part gives its instalment, on its own date",
    ),
    TermCase(
        TRYTON, "a total of nothing in two parts", (percent("25", days(1)), rest(months(1))), "2016-05-17",
        ("2016-05-18", "2016-06-17"), 0, (0, 0),
        published="0.00 on 2016-05-17", why="each part gives its instalment, on its own date",
    ),
    TermCase(ERPNEXT, "half and no end", (percent("50", days(30)),), "2026-05-29", total=10_000, refused="no_end"),
    TermCase(
        ERPNEXT, "half in 30 days, half at once", (percent("50", days(30)), percent("50")), "2026-05-29",
        ("2026-06-28", "2026-05-29"), 10_000, (5_000, 5_000),
    ),
    TermCase(
        ERPNEXT, "days backwards", (percent("100", days(-30)),), "2026-05-29", total=10_000, refused="step_back",
        refused_by_hand="unknown_step",
    ),
    TermCase(ERPNEXT, "at once", (percent("100", days(0)),), "2026-05-29", ("2026-05-29",), 10_000, (10_000,)),
    TermCase(ERPNEXT, "in 30 days", (percent("100", days(30)),), "2026-05-29", ("2026-06-28",), 10_000, (10_000,)),
    TermCase(
        ERPNEXT, "the same line twice", (percent("50", days(30)), percent("50", days(30))), "2026-05-29",
        ("2026-06-28", "2026-06-28"), 10_000, (5_000, 5_000),
        published="refused as a duplicate", why="two instalments of one day are a habit (goods, retention) and add up",
    ),
]  # fmt: skip
