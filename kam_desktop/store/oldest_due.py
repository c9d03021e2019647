"""The oldest due date of what each customer has overdue, on any day."""

from __future__ import annotations

import json
from datetime import date

from kam_desktop.store import figures
from kam_desktop.store.reader import Reader

_OLDEST = """
select account, min(due_on) from cache_instalment
where currency = :currency and open <> 0 and open > 0 and due_on < :day {moved} group by account
"""
_NOT_MOVED = "and invoice not in (select value from json_each(:moved))"


def oldest_due(reader: Reader, as_of: date, currency: str) -> dict[str, date]:
    """By customer, of the instalments that are open at the end of the day and due before it."""
    values = {"day": as_of.isoformat(), "currency": currency}
    moved = figures.moved_invoices(reader, as_of, currency)
    if moved:
        values["moved"] = json.dumps(moved)
    rows = reader.sql(_OLDEST.format(moved=_NOT_MOVED if moved else ""), values)
    found = {account: date.fromisoformat(day) for account, day in rows}
    if moved:
        parts = "select id from instalment where invoice in (select value from json_each(:moved))"
        keys = [row[0] for row in reader.sql(parts, {"moved": values["moved"]})]
        for item in figures.instalments(reader, as_of, keys).values():
            if item.currency == currency and item.open > 0 and item.due_on is not None and item.due_on < as_of:
                found[item.account] = min(found.get(item.account, item.due_on), item.due_on)
    return found
