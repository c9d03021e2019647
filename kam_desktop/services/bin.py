"""The bin: what was deleted or archived on this laptop, and bringing it back with what hung on it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kam_desktop.domain.entities import BY_NAME, ENTITIES
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.query import Op, Query, Where
from kam_desktop.language import N_
from kam_desktop.protocol.codec import from_fields
from kam_desktop.services import records
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork

DELETED, ARCHIVED = "deleted", "archived"


@dataclass(frozen=True, slots=True)
class Gone:
    """One thing in the bin.

    Attributes:
        how: DELETED or ARCHIVED.
        title: as the record had it.
        parent: the title of what it hung on, "" for none.
        at: when it was deleted; None of what is archived.
        with_it: how many records were deleted with it in the same step and come back with it.
    """

    entity: str
    id: str
    title: str
    parent: str
    how: str
    at: datetime | None
    with_it: int = 0


@dataclass(frozen=True, slots=True)
class _Deleted:
    step: int
    at: datetime
    record: Record


def contents(reader: Reader, limit: int = 500) -> list[Gone]:
    """What was deleted and is not there again, the newest first; then what is archived, by kind and title.

    What was deleted together with its parent is not listed by itself. Versions and facts that an undo took back are
    not in the bin: redo has them.
    """
    deleted = _deleted(reader, limit)
    found = []
    for key, each in deleted.items():
        if _parent_deleted(deleted, each) is None:
            found.append(
                Gone(
                    entity=key[0],
                    id=key[1],
                    title=_title(each.record),
                    parent=_parent_title(reader, each.record),
                    how=DELETED,
                    at=each.at,
                    with_it=len(_hanging(deleted, each)),
                )
            )
    return [*found, *_archived(reader, limit)]


def _deleted(reader: Reader, limit: int) -> dict[tuple[str, str], _Deleted]:
    rows = reader.sql(
        "select h.entity, h.record, h.old, h.step, h.written_at from history h join undo_step s on s.n = h.step "
        "where h.action = 'delete' and s.kind in ('edit', 'import', 'redo') order by h.n desc limit :limit",
        {"limit": limit * 20},
    )
    by_kind: dict[str, dict[str, _Deleted]] = {}
    order: dict[tuple[str, str], None] = {}
    for entity, identity, old, step, at in rows:
        known = by_kind.setdefault(entity, {})
        if entity in BY_NAME and identity not in known:
            record = from_fields(BY_NAME[entity], identity, json.loads(old))
            known[identity] = _Deleted(int(step), datetime.fromisoformat(at), record)
            order[entity, identity] = None
    there: set[tuple[str, str]] = set()
    for entity, known in by_kind.items():
        there |= {(entity, each) for each in reader.many(BY_NAME[entity].record, known)} if known else set()
    found = {key: by_kind[key[0]][key[1]] for key in order if key not in there}
    return dict(list(found.items())[: limit * 4])


def _owners(record: Record) -> list[tuple[str, str]]:
    """(entity, id) of what a record hangs on."""
    return [
        (each.to, getattr(record, each.name))
        for each in type(record).entity.fields
        if each.kind is Kind.REF and each.owns and getattr(record, each.name)
    ]


def _parent_deleted(deleted: dict[tuple[str, str], _Deleted], each: _Deleted) -> _Deleted | None:
    for key in _owners(each.record):
        parent = deleted.get(key)
        if parent is not None and parent.step == each.step:
            return parent
    return None


def _hanging(deleted: dict[tuple[str, str], _Deleted], parent: _Deleted) -> list[_Deleted]:
    """What was deleted with it, itself left out, parents before children."""
    found: list[_Deleted] = []
    seen, rest = {parent.record.id}, [each for each in deleted.values() if each.step == parent.step]
    while True:
        fresh = [
            each
            for each in rest
            if each.record.id not in seen and any(identity in seen for _, identity in _owners(each.record))
        ]
        if not fresh:
            return found
        found += fresh
        seen |= {each.record.id for each in fresh}


def _archived(reader: Reader, limit: int) -> list[Gone]:
    found = []
    for record in ENTITIES:
        if "archived" not in record.entity.names:
            continue
        query = Query(record.entity.name, (Where("archived", Op.IS, True),))
        for each in reader.page(query, limit):
            if getattr(each, "merged_into", ""):
                continue  # what became part of another account comes back by undoing the merge
            found.append(Gone(record.entity.name, each.id, _title(each), _parent_title(reader, each), ARCHIVED, None))
    return found


def _title(record: Record) -> str:
    entity = type(record).entity
    return str(getattr(record, entity.title)) if entity.title != "id" else ""


def _parent_title(reader: Reader, record: Record) -> str:
    for entity, identity in _owners(record):
        parent = reader.get(BY_NAME[entity].record, identity)
        if parent is not None:
            return _title(parent)
    return ""


def bring_back(uow: UnitOfWork, wanted: Sequence[tuple[str, str]]) -> int:
    """Puts things of the bin back where they were, with what was deleted with them; how many records came back.

    A thing whose parent was deleted too brings its parent back. Raises Refused `not_in_bin`, or `parent_gone` when
    what it hung on cannot come back.
    """
    deleted = _deleted(uow, 5000)
    done: set[tuple[str, str]] = set()
    for key in wanted:
        if key in deleted:
            _revive(uow, deleted, key, done)
            continue
        kind = BY_NAME[key[0]].record if key[0] in BY_NAME else None
        record = uow.get(kind, key[1]) if kind is not None else None
        if kind is not None and record is not None and getattr(record, "archived", False):
            records.archive(uow, kind, key[1], archived=False)
            done.add(key)
        elif key not in done:
            raise Refused(Problem(key[1], "not_in_bin", "This is not in the bin any more."))
    return len(done)


def _revive(
    uow: UnitOfWork, deleted: dict[tuple[str, str], _Deleted], key: tuple[str, str], done: set[tuple[str, str]]
) -> None:
    if key in done:
        return
    each = deleted[key]
    for parent in _owners(each.record):
        if parent in deleted:
            _revive(uow, deleted, parent, done)
        elif uow.get(BY_NAME[parent[0]].record, parent[1]) is None:
            message = N_("“{title}” cannot come back: what it belonged to is not there any more.")
            raise Refused(Problem(key[1], "parent_gone", message, {"title": _title(each.record)}))
    uow.new_group()
    for one in (each, *_hanging(deleted, each)):
        entity = type(one.record).entity.name
        if (entity, one.record.id) not in done:
            done.add((entity, one.record.id))
            uow.add(_without_lost_references(uow, deleted, one.record, done))


def _without_lost_references(
    uow: UnitOfWork, deleted: dict[tuple[str, str], _Deleted], record: Record, done: set[tuple[str, str]]
) -> Record:
    """The record without plain references to what is not there any more."""
    lost: dict[str, Any] = {}
    for each in type(record).entity.fields:
        target = getattr(record, each.name) if each.kind is Kind.REF and not each.owns and not each.loose else ""
        if target and (each.to, target) not in done and uow.get(BY_NAME[each.to].record, target) is None:
            lost[each.name] = ""
    return dataclasses.replace(record, **lost) if lost else record
