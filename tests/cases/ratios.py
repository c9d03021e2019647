"""Days sales outstanding and collection effectiveness as published articles work them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

BENJI = "support.benjipays.com, Mastering DSO Calculation: The Count-Back Method Explained"
CALCULATOR = "snowdaycalculatornow.com, debtor days calculation, count back method"
WIZEDU = "wizedu.com, question 116374, CEI of a sample trial balance"
CREDITGURU = "creditguru.com, Collection Effectiveness Index"
GAVITI = "gaviti.com, How To Calculate Collection Effectiveness"


@dataclass(frozen=True)
class DsoCase:
    """Debtors, sales by month (year, month), and the days."""

    source: str
    debtors: int
    sales: dict[tuple[int, int], int]
    as_of: date
    days: Decimal
    published: str = ""
    why: str = ""


@dataclass(frozen=True)
class CeiCase:
    """Balances, sales, and the index."""

    source: str
    opening: int
    sales: int
    closing: int
    not_due: int
    index: Decimal
    published: str = ""
    why: str = ""


DSO = [
    DsoCase(
        BENJI, 212_000, {(2026, 3): 100_000, (2026, 2): 80_000, (2026, 1): 70_000}, date(2026, 3, 31), Decimal("73.2"),
        published="73.7", why="months have their own days here (31 + 28 + 32/70 of 31), there 30 each",
    ),
    DsoCase(
        BENJI, 212_000, {(2026, 9): 100_000, (2026, 8): 80_000, (2026, 7): 70_000}, date(2026, 9, 30), Decimal("75.2"),
        published="73.7", why="the same with 30 + 31 + 32/70 of 31 days",
    ),
    DsoCase(
        CALCULATOR, 2_100_000, {(2026, 3): 900_000, (2026, 2): 800_000, (2026, 1): 700_000}, date(2026, 3, 31),
        Decimal("76.7"),
    ),
]  # fmt: skip

CEI = [
    CeiCase(WIZEDU, 6_200, 10_890, 6_340, 3_590, Decimal("79.6")),
    CeiCase(
        CREDITGURU, 6_200, 10_890, 6_340, 3_590, Decimal("79.6"),
        published="55.9", why="the sales of the whole stated period count, there a month's average of them (3,630)",
    ),
    CeiCase(GAVITI, 100_000, 1_000_000, 120_000, 100_000, Decimal("98.0")),
]  # fmt: skip
