"""A payment term that is being changed, as JSON can hold it: the draft that outlives the program."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal, InvalidOperation
from typing import Any

from kam_desktop.domain.entities import PaymentTerm, PaymentTermLine
from kam_desktop.ui.pages.settings.term_editor import TermRow

DRAFT = "payment_term:"
"""What the names of these drafts begin with; the term's id follows."""
_TERM = ("id", "name", "name_en")
_LINE = ("id", "term", "place", "name", "kind", "from_papers", "steps")


def draft_of(row: TermRow) -> dict[str, Any]:
    """A term with its parts, and whether it is a new one; nothing for a new one in which nothing stands yet."""
    if row.is_new and not (row.term.name or row.term.name_en or row.lines):
        return {}
    return {
        "term": {name: getattr(row.term, name) for name in _TERM},
        "lines": [
            {**{name: getattr(line, name) for name in _LINE}, "value": None if line.value is None else str(line.value)}
            for line in row.lines
        ],
        "is_new": row.is_new,
    }


def row_of(draft: Any) -> TermRow | None:
    """The term of a draft; None for what another program kept there."""
    try:
        lines = tuple(
            PaymentTermLine(
                **{name: line[name] for name in _LINE if name != "steps"},
                steps=tuple(line["steps"]),
                value=None if line["value"] is None else Decimal(line["value"]),
            )
            for line in draft["lines"]
        )
        return TermRow(PaymentTerm(**{name: draft["term"][name] for name in _TERM}), lines, bool(draft["is_new"]))
    except (KeyError, TypeError, InvalidOperation):
        return None


def drafts_of(reader: Any) -> dict[str, TermRow]:
    """Every term that is being changed, by its id."""
    found = {}
    for key, value in reader.sql("select key, value from draft where key like :begun", {"begun": f"{DRAFT}%"}):
        row = row_of(json.loads(value))
        if row is not None and row.term.id == key.removeprefix(DRAFT):
            found[row.term.id] = row
    return found


def with_record(row: TermRow, saved: TermRow | None) -> TermRow:
    """A draft over the term as it is saved now: what the editor does not change is that of the record."""
    if saved is None:
        return row
    names = {name: getattr(row.term, name) for name in ("name", "name_en")}
    return TermRow(dataclasses.replace(saved.term, **names), row.lines, saved.is_new)
