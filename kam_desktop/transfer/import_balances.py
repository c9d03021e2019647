"""Decides what becomes of each opening balance: one invoice, or a credit, with the origin "opening"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from kam_desktop.domain.entities import CreditNote, Instalment, Invoice
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.ids import derived
from kam_desktop.domain.text import fold
from kam_desktop.language import N_
from kam_desktop.transfer import cells
from kam_desktop.transfer.import_context import Context
from kam_desktop.transfer.import_money import conflict, customer, new_customer_note
from kam_desktop.transfer.import_plan import PlannedRow, Verdict, Working, first_problem
from kam_desktop.transfer.invoice_rows import currency_of
from kam_desktop.transfer.sheets import Raw, Row, Table

OPENING: Final = "opening"
_BLANK: Final = frozenset(("", "-", "--", "–", "—"))
_DAY: Final = r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})"
_WORDED: Final = re.compile(r"(?:ngay )?(\d{1,2}) thang (\d{1,2}) nam (\d{4})")
_UNTIL: Final = re.compile(rf"(?:den|toi|tai|as of|as at|until|to|chot)(?: het)?(?: ngay)? ?:? ?{_DAY}")
_ANY: Final = re.compile(rf"(?<!\d){_DAY}(?!\d)")
_ISO: Final = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


def decide(working: Working, table: Table, context: Context) -> list[PlannedRow]:
    """The verdict on every balance: an invoice for what is owed, a credit note for what was paid in advance.

    The day is that of its column, else the one in the title above the table or in the file's name. The same
    customer, currency and day make one record; with another figure it is a conflict.
    """
    day = title_day(table.above, table.file)
    if day is not None:
        _prefetch(working, table, day, context.currency)
    return [
        _row(working, row, values, day, context) for row, (_, values) in zip(table.rows, table.values(), strict=True)
    ]


def _prefetch(working: Working, table: Table, day: date, currency: str) -> None:
    """Reads at once the balances of that day that the rows may meet again."""
    ids = []
    for _, values in table.values():
        name, code = cells.as_text(values.get("name")), cells.as_tax_code(values.get("tax_code"))[0]
        account = working.accounts.find(name or code, code)
        if isinstance(account, str):
            ids.append(identity(account, currency, day))
    working.prefetch(Invoice, ids)
    working.prefetch(CreditNote, ids)


def title_day(above: Iterable[Row], file: str) -> date | None:
    """The day that the rows over a table name ("đến ngày 31/12/2025"), else the file's name; None without one."""
    texts = [fold(cells.as_text(cell)) for row in above for cell in row.cells if cell is not None]
    texts = [_WORDED.sub(r"\1/\2/\3", each) for each in texts]
    for pattern in (_UNTIL, _ANY):
        for text in texts:
            for found in pattern.finditer(text):
                day = _day(int(found.group(3)), int(found.group(2)), int(found.group(1)))
                if day is not None:
                    return day
    name = file.rpartition(".")[0]
    for pattern, order in ((_ISO, (1, 2, 3)), (_ANY, (3, 2, 1))):
        for found in pattern.finditer(name.replace("_", "-")):
            day = _day(*(int(found.group(place)) for place in order))
            if day is not None:
                return day
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _row(working: Working, row: Row, values: Mapping[str, Raw], title_on: date | None, context: Context) -> PlannedRow:
    given = {name: cell for name, cell in values.items() if cells.as_text(cell) not in _BLANK}
    problems: list[Problem] = []
    notes: list[Problem] = []
    name, code = cells.as_text(given.get("name")), cells.as_tax_code(given.get("tax_code"))[0]
    currency = currency_of(given.get("currency"), context.currency, problems)
    day = cells.attempt(problems, lambda: cells.as_date(given.get("as_of"), "as_of"), None) or title_on
    due_on = cells.attempt(problems, lambda: cells.as_date(given.get("due_on"), "due_on"), None)
    owed = cells.attempt(problems, lambda: cells.as_amount(given.get("balance"), currency, "balance"), None)
    paid = cells.attempt(problems, lambda: cells.as_amount(given.get("credit"), currency, "credit"), None)
    balance = (owed or 0) - (paid or 0)
    shown = {"buyer": name, "tax_code": code, "issued_on": day, "currency": currency, "total": balance}

    def verdict(value: Verdict, reason: Problem | None = None) -> PlannedRow:
        return PlannedRow(row.number, name or code, value, reason, tuple(notes), shown=shown, cells=row.cells)

    if not name and not code:
        problems.append(Problem("name", "no_name", "The customer's name is missing."))
    if owed is None and paid is None and not problems:
        problems.append(Problem("balance", "no_amount", "The balance is missing."))
    if day is None and not problems:
        message = N_(
            "Say on which day the balance was: in a column, in the title above the table or in the file's name."
        )
        problems.append(Problem("as_of", "no_day", message))
    elif day is not None and day > context.today:
        problems.append(Problem("as_of", "future", "This day is in the future."))
    if problems or day is None:
        return verdict(Verdict.SKIP, problems[0])
    found = customer(working, name or code, code, currency)
    if isinstance(found, Problem):
        return verdict(Verdict.SKIP, found)
    account, is_new = found
    own_id = identity(account.id, currency, day)
    # what this import itself makes of a customer is known to it; a new customer has nothing saved
    saved = None if is_new else working.get(Invoice, own_id) or working.get(CreditNote, own_id)
    if saved is not None:
        signed = (saved.total or 0) * (-1 if isinstance(saved, CreditNote) else 1)
        if signed == balance:
            return verdict(Verdict.UNCHANGED)
        return verdict(Verdict.SKIP, conflict(saved, "total", balance))
    if balance == 0:
        notes.append(Problem("balance", "nothing_owed", "Nothing is owed: no opening balance is needed."))
        return verdict(Verdict.UNCHANGED)
    head: dict[str, Any] = {
        "id": own_id,
        "account": account.id,
        "number": f"SDDK-{day:%Y%m%d}",  # số dư đầu kỳ: what a customer's statement shows
        "issued_on": day,
        "currency": currency,
        "net": abs(balance),
        "total": abs(balance),
        "origin": OPENING,
        "remark": cells.as_text(given.get("description")),
    }
    made: list[Record] = [account] if is_new else []
    if balance < 0:
        made.append(CreditNote(**head))
    else:
        # a payment term splits what is sold from now on, not what is left of sales before
        part = Instalment(id=derived("instalment", own_id, "1"), invoice=own_id, place=1, amount=balance, due_on=due_on)
        made += [Invoice(buyer_name=account.name[:400], buyer_tax_code=account.tax_code, **head), part]
    problem = first_problem(made)
    if problem is not None:
        return verdict(Verdict.SKIP, problem)
    working.put_group(made)
    if is_new:
        notes.append(new_customer_note(account))
    elif _has_invoices(working, context, account.id, currency, day):
        message = N_(
            "This customer has invoices up to that day as well: what they say is open must not be in the balance."
        )
        notes.append(Problem("balance", "counted_twice", message))
    return verdict(Verdict.CREATE)


def identity(account: str, currency: str, day: date) -> str:
    """The id of an opening balance: one of a customer, currency and day, alike on every laptop."""
    return derived("opening_balance", account, currency, day.isoformat())


def _has_invoices(working: Working, context: Context, account: str, currency: str, day: date) -> bool:
    made = [*context.money.created, *context.money.answered]
    if any(each.account == account and each.currency == currency for each in made):
        return True
    statement = (
        "select 1 from invoice v join cache_instalment c on c.invoice = v.id where v.account = :account and c.open > 0 "
        "and v.currency = :currency and v.issued_on <= :day and v.origin <> 'opening' limit 1"
    )
    args = {"account": account, "currency": currency, "day": day.isoformat()}
    return bool(working.reader.sql(statement, args))
