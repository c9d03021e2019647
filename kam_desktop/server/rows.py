"""Rows as they are sent: columns by kind, without the fields hidden from the caller."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from kam_desktop.server import tables
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection
from kam_desktop.server.roots import Roots
from kam_desktop.server.values import FIELDS

LEADING = ("id", "_seq", "_sort", "_extra")
"""What stands before the fields in every row that is read to be sent."""


@cache
def sent_fields(entity: str, hidden: frozenset[str]) -> tuple[str, ...]:
    """The fields of a kind without the hidden ones."""
    return tuple(name for name in FIELDS[entity] if name not in hidden)


@cache
def selected(entity: str, hidden: frozenset[str]) -> str:
    """The columns of a SELECT over the table as `r`."""
    return ", ".join(f'r."{name}"' for name in (*LEADING, *sent_fields(entity, hidden)))


def part(entity: str, hidden: frozenset[str], found: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Rows of `selected` as columns: `sort` is how titles are put in order, `_extra` a field where any row has it."""
    names = list(sent_fields(entity, hidden))
    ids, seqs, sorts, extras, *values = zip(*found, strict=True)
    if any(extras):
        names.append("_extra")
        values.append(extras)
    return {"entity": entity, "fields": names, "id": ids, "seq": seqs, "sort": sorts, "values": values}


def parts(
    connection: Connection, caller: Caller, roots: Roots, keys: Iterable[tuple[str, str]]
) -> list[dict[str, Any]]:
    """The living rows among (entity, id) that the caller sees, as parts without scopes."""
    wanted: dict[str, list[str]] = {}
    for entity, identity in keys:
        wanted.setdefault(entity, []).append(identity)
    made = []
    for entity in sorted(wanted, key=tables.ORDER.__getitem__):
        roots.fetch(entity, wanted[entity])
        split: dict[frozenset[str], list[str]] = {}
        for identity in sorted(wanted[entity]):
            root = roots.of(entity, identity)
            if root is None or (entity, identity) in roots.deleted:
                continue
            owner = roots.owner_of(root)
            if caller.sees(root, owner, entity):
                split.setdefault(caller.hidden(caller.seen_through(root, owner), entity), []).append(identity)
        for hidden, ids in split.items():
            condition, value = connection.among("r.id", ids)
            statement = f'select {selected(entity, hidden)} from "{entity}" r where {condition} order by r.id'  # noqa: S608
            found = connection.rows(statement, (value,))
            if found:
                made.append(part(entity, hidden, found))
    return made
