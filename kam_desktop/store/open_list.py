"""Ids of everything that is open in the order of due dates; remembered from change to change."""

# ruff: noqa: S608 — the statements are put together from fixed parts of this file; values travel as parameters.
from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from datetime import date
from sys import intern

from kam_desktop.store import figures, touched
from kam_desktop.store.reader import Reader


def ids(
    reader: Reader, as_of: date, currency: str, due_from: date | None = None, due_to: date | None = None
) -> list[str]:
    """The ids of `open_instalments` of all accounts; what the cache says is remembered and brought up to date."""
    gone, others = figures.at_day(reader, as_of, currency)
    rows: list[_OpenRow] = []
    if gone is not None:
        rows = touched.remembered(
            reader,
            ("open_ids", currency),
            (touched.MONEY,),
            lambda: sorted(_open_rows(reader, currency, "")),
            lambda before, accounts: _open_rows_again(reader, currency, before, accounts),
        )
    if gone is None or gone:
        rows = [row for row in rows if gone is not None and row[1] not in gone]
        for item in others:
            if item.open and item.currency == currency:
                due_on = _NO_DAY if item.due_on is None else item.due_on.isoformat()
                rows.append((due_on, item.invoice, item.id, item.account))
        rows.sort()
    first = "" if due_from is None else due_from.isoformat()
    last = _NO_DAY if due_to is None else due_to.isoformat()
    return [row[2] for row in rows[bisect_left(rows, (first,)) : bisect_right(rows, (last, _LAST))]]


_NO_DAY = date.max.isoformat()
"""What waits for papers is due later than any day."""
_LAST = "~"
"""Behind every id."""
_OpenRow = tuple[str, str, str, str]


def _open_rows(reader: Reader, currency: str, accounts: str) -> list[_OpenRow]:
    """(due date, invoice, id, account) of what is open by the cache; of these accounts, or of all."""
    few, of_accounts = ("+", " and account in (select value from json_each(:accounts))") if accounts else ("", "")
    statement = (
        f"select coalesce(due_on, '{_NO_DAY}'), invoice, id, account from cache_instalment "
        f"where {few}currency = :currency and {few}open <> 0{of_accounts}"
    )
    rows = reader.each(statement, {"currency": currency, "accounts": accounts})
    return [(intern(due_on), invoice, part, intern(account)) for due_on, invoice, part, account in rows]


def _open_rows_again(
    reader: Reader, currency: str, before: Sequence[_OpenRow], accounts: Sequence[str]
) -> list[_OpenRow]:
    gone = set(accounts)
    found = [row for row in before if row[3] not in gone]
    for row in _open_rows(reader, currency, json.dumps(list(accounts))):
        insort(found, row)
    return found
