"""Reads the rows of lists of money received and of bank statements: what came in, from whom, for what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from kam_desktop.domain.errors import Problem
from kam_desktop.domain.ids import derived
from kam_desktop.domain.text import fold
from kam_desktop.transfer import cells, invoice_names
from kam_desktop.transfer.invoice_names import Named
from kam_desktop.transfer.invoice_rows import currency_of
from kam_desktop.transfer.sheets import Raw, Row, Table

_BLANK: Final = frozenset(("", "-", "--", "–", "—"))
_ACCOUNT: Final = re.compile(r"(?:so )?(?:tai khoan|tk|account)(?: (?:so|no|number))?[ .:#]*(\d[\d ]{5,28}\d)(?!\d)")
_METHODS: Final = (
    ("cash", re.compile(r"tien mat|\btm\b|cash")),
    ("offset", re.compile(r"can tru|bu tru|offset|netting")),
    ("card", re.compile(r"\bthe\b|\bpos\b|card|visa|master")),
    ("transfer", re.compile(r"chuyen khoan|\bck\b|ngan hang|bao co|unc|transfer|bank|tien gui")),
)
_CASH_VOUCHER: Final = re.compile(r"PT[\d/\-.]+")


@dataclass(slots=True)
class ReceiptRow:
    """One row: amounts in minor units, texts clean, and what is wrong with it.

    Attributes:
        named: the invoices that its column names, else those that its memo tells well enough.
        identity: the id that the receipt has on every laptop.
    """

    row: Row
    day: date | None
    amount: int | None
    currency: str
    transaction: str
    reference: str
    name: str
    tax_code: str
    payer: str
    memo: str
    method: str
    named: list[Named] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    identity: str = ""

    @property
    def who(self) -> str:
        """Who paid, as the row writes it."""
        return self.name or self.payer or self.tax_code


def read(table: Table, currency: str, today: date) -> list[ReceiptRow]:
    """Every row of the table, with the id that it has wherever it is imported."""
    own = _own_account(table.above)
    seen: dict[tuple[str, ...], int] = {}
    found = []
    for row, (_, values) in zip(table.rows, table.values(), strict=True):
        each = _read(row, values, currency, today)
        if each.day is not None and each.amount is not None:
            account = "".join(char for char in cells.as_text(values.get("own_account")) if char.isdigit()) or own
            each.identity = _identity(each, account, seen)
        found.append(each)
    return found


def _identity(row: ReceiptRow, account: str, seen: dict[tuple[str, ...], int]) -> str:
    """Of a bank line by account, date, amount and transaction number (sync protocol, rule 3); else by what it says.

    Two rows of a list that say the same are two receipts: their place among their like parts them.
    """
    day, amount = str(row.day), str(row.amount)
    if row.transaction:
        return derived("bank_line", account, day, amount, row.transaction)
    parts = (account, row.tax_code or fold(row.who), day, amount, row.currency, fold(row.reference), fold(row.memo))
    seen[parts] = seen.get(parts, 0) + 1
    return derived("receipt", *parts, str(seen[parts]))


def _own_account(above: Iterable[Row]) -> str:
    """Our account number as the head of a bank statement names it; empty when it does not, or names several."""
    found: set[str] = set()
    for row in above:
        text = fold(" ".join(cells.as_text(cell) for cell in row.cells if cell is not None))
        found.update(each.group(1).replace(" ", "") for each in _ACCOUNT.finditer(text))
    return found.pop() if len(found) == 1 else ""


def _read(row: Row, values: Mapping[str, Raw], currency: str, today: date) -> ReceiptRow:
    given = {name: cell for name, cell in values.items() if cells.as_text(cell) not in _BLANK}
    problems: list[Problem] = []

    def text(name: str, most: int = 400) -> str:
        return cells.as_text(given.get(name))[:most]

    money = currency_of(given.get("currency"), currency, problems)
    amount = cells.attempt(problems, lambda: cells.as_amount(given.get("amount"), money, "amount"), None)
    debit = cells.attempt(problems, lambda: cells.as_amount(given.get("debit"), money, "debit"), None)
    day = cells.attempt(problems, lambda: cells.as_date(given.get("received_on"), "received_on"), None)
    if not amount and debit:
        problems = [Problem("debit", "debit_line", "Money that went out: only what came in is imported.")]
    elif not amount:
        problems.append(Problem("amount", "no_amount", "The amount is missing."))
    elif amount < 0:
        problems.append(Problem("amount", "not_positive", "The amount must be above zero."))
    if day is None:
        problems.append(Problem("received_on", "no_date", "The date is missing."))
    elif day > today:
        problems.append(Problem("received_on", "future", "This day is in the future."))
    named = invoice_names.listed(text("invoices"))
    if not named:
        named = [each for each, told in invoice_names.in_memo(text("memo", 2000)) if told]
    return ReceiptRow(
        row, day, amount, money, text("transaction", 120), text("reference", 120), text("name"),
        cells.as_tax_code(given.get("tax_code"))[0][:14], text("payer", 200), text("memo", 2000),
        _method(text("method"), text("reference"), problems), named, problems,
    )  # fmt: skip


def _method(written: str, reference: str, problems: list[Problem]) -> str:
    """How it was paid: the column's word, else a cash voucher's number (PT, phiếu thu), else by transfer."""
    folded = fold(written)
    if not folded:
        return "cash" if _CASH_VOUCHER.fullmatch(reference.upper()) else "transfer"
    fitting = [name for name, words in _METHODS if words.search(folded)]
    if len(fitting) > 1:  # "TM/CK" says nothing about this payment
        return "other"
    return fitting[0] if fitting else "other"
