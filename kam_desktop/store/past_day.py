"""What was open at the end of a day that is long past: tables read from end to end and joined here."""

# ruff: noqa: S608 — the statements are put together from fixed parts; values travel as parameters.
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from sys import intern
from typing import Any

from kam_desktop.domain.figures.due import DEFAULT_DAYS, moved_text
from kam_desktop.store import counting
from kam_desktop.store.counting import STOPPED
from kam_desktop.store.reader import Reader

_INVOICES = (
    "select id, account, issued_on from invoice not indexed where currency = :currency and issued_on <= :day "
    "and id not in (select replaces from invoice where replaces is not null and replaces <> id and issued_on <= :day)"
)
_PARTS = (
    "select id, invoice, coalesce(place, 1), coalesce(amount, 0), nullif(due_on, ''), nullif(nullif(steps, ''), '[]'), "
    "coalesce(from_papers, 0) from instalment not indexed"
)
_RECEIPTS = (
    f"select id from receipt where currency = :currency and received_on <= :day and id not in ({counting.UNCOUNTED})"
)
_CREDIT_NOTES = (
    f"select id from credit_note c where currency = :currency and issued_on <= :day and not {STOPPED.format(id='c.id')}"
)
_LAID = (
    "select instalment, coalesce(receipt, credit_note), amount from allocation not indexed where reverses is null "
    "and allocated_on <= :day and id not in "
    "(select reverses from allocation where reverses is not null and +allocated_on <= :day)"
)
_PAPERS = "select invoice, confirmed_on from documents_confirmed order by rtrim(recorded_at, 'Z'), id"
_TERMS = (
    "select term, min(steps), max(coalesce(from_papers, 0)) from payment_term_line where term is not null "
    "group by term having count(*) = 1"
)
_AGREED = (
    "select id, payment_days, payment_term from account not indexed "
    "where payment_days is not null or payment_term is not null"
)

Row = tuple[str, str, str, str | None, bool, int]
"""Instalment, invoice, account, due date, whether nobody agreed on one, open amount (not 0) in minor units."""


@dataclass(slots=True)
class _Due:
    """What due dates follow from, beside the instalments themselves (figures.ageing.due_of)."""

    day: str
    default_days: int
    agreed: dict[str, tuple[int | None, str | None]]
    terms: dict[str, tuple[str, int]]
    papers: dict[str, str]

    def of(
        self, invoice: str, account: str, issued_on: str, due_on: str | None, steps: str | None, from_papers: int
    ) -> tuple[str | None, bool]:
        """(due date, whether nobody agreed on one); none while it waits for papers."""
        if due_on is not None:
            return due_on, False
        payment_days, named = self.agreed.get(account, (None, None))
        term = self.terms.get(named or "")
        start: str | None = issued_on
        if from_papers or (term is not None and term[1] and steps is None):
            told = self.papers.get(invoice)
            start = told if told and told <= self.day else None
        if start is None:
            return None, False
        if steps is not None or term is not None:
            return moved_text(start, steps if steps is not None or term is None else term[0]), False
        days = self.default_days if payment_days is None else payment_days
        try:
            on = date.fromisoformat(start) + timedelta(days=days)
        except OverflowError:
            on = date.max
        return on.isoformat(), payment_days is None


def open_rows(reader: Reader, as_of: date, currency: str) -> Iterator[Row]:
    """Every instalment with something open at the end of the day; a twin of figures.ageing.positions.

    Costs a second for a million records whatever the day; looking up each invoice that later facts concern takes ten.
    """
    values = {"day": as_of.isoformat(), "currency": currency}
    # of 166,000 invoices: one text of each account and each day, 30 MB less
    invoices = {key: (intern(of or ""), intern(on)) for key, of, on in reader.each(_INVOICES, values)}
    counting_credits = {row[0] for each in (_RECEIPTS, _CREDIT_NOTES) for row in reader.each(each, values)}
    laid: dict[str, int] = {}
    for part, credit, amount in reader.each(_LAID, values):
        if credit in counting_credits:
            laid[part] = laid.get(part, 0) + amount
    counting_credits.clear()
    settled = dict(reader.sql("select invoice, sum(amount) from opening_settlement group by 1"))
    due = _due(reader, values["day"])
    of_settled: dict[str, list[tuple[Any, ...]]] = {}
    for row in reader.each(_PARTS):
        identity, invoice, _, amount, *dating = row
        if invoice not in invoices:
            continue
        if settled.get(invoice):
            of_settled.setdefault(invoice, []).append(row)
            continue
        rest = amount - laid.get(identity, 0)
        if rest:
            yield _row(due, invoices, identity, invoice, rest, dating)
    for invoice, parts in of_settled.items():  # an opening settlement settles the instalments in their order
        before = 0
        for identity, _, _, amount, *dating in sorted(parts, key=lambda part: (part[2], part[0])):
            rest = amount - laid.get(identity, 0) - max(0, min(amount, settled[invoice] - before))
            before += amount
            if rest:
                yield _row(due, invoices, identity, invoice, rest, dating)


def _row(
    due: _Due, invoices: dict[str, tuple[str, str]], identity: str, invoice: str, rest: int, dating: list[Any]
) -> Row:
    account, issued_on = invoices[invoice]
    due_on, on_default_term = due.of(invoice, account, issued_on, *dating)
    return identity, invoice, account, due_on, on_default_term, rest


def _due(reader: Reader, day: str) -> _Due:
    default = reader.sql("select min(default_payment_days) from firm")[0][0]
    return _Due(
        day,
        DEFAULT_DAYS if default is None else default,
        {row[0]: (row[1], row[2]) for row in reader.each(_AGREED)},
        {row[0]: (row[1] or json.dumps([]), row[2]) for row in reader.sql(_TERMS)},
        {row[0]: row[1] for row in reader.each(_PAPERS)},
    )
