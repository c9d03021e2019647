"""Remembers what a person said about the columns of a table, for the next table with the same titles."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork
from kam_desktop.transfer.table_finder import Choice

KEY: Final = "import.columns"
"""The preference with a JSON list of {"titles", "kind", "fields"}, the newest first."""
MOST: Final = 50


def load(reader: Reader) -> dict[tuple[str, ...], Choice]:
    """Per folded header row what was said about it; a preference that cannot be read is as good as none."""
    try:
        entries = json.loads(reader.preference(KEY) or "[]")
        found = {
            tuple(map(str, each["titles"])): Choice(
                str(each["kind"]),
                {str(name): int(column) for name, column in each["fields"].items()},
                tuple(map(str, each["titles"])),
                remembered=True,
            )
            for each in reversed(entries)
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {titles: choice for titles, choice in reversed(found.items()) if any(titles)}


def remember(uow: UnitOfWork, choices: Iterable[Choice]) -> None:
    """Keeps what was said, with the next import of the same titles in mind; the oldest go when there are too many."""
    known = load(uow)
    for each in choices:
        if each.fields is not None and each.kind and any(each.titles):
            known.pop(each.titles, None)
            known = {each.titles: each, **known}
    entries = [
        {"titles": list(titles), "kind": each.kind, "fields": dict(each.fields or {})}
        for titles, each in list(known.items())[:MOST]
    ]
    text = json.dumps(entries, ensure_ascii=False)
    if entries and text != uow.preference(KEY):
        uow.set_preference(KEY, text)
