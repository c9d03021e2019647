"""Verbs that every kind of record has: read one, save, archive, remove."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeVar, cast

from kam_desktop.domain.entities import Person
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.text import clean, clean_lines
from kam_desktop.language import N_
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork

R = TypeVar("R", bound=Record)


def get(reader: Reader, record: type[R], identity: str) -> R:
    """The record of that id. Raises Refused `missing` when it is not there (any more)."""
    found = reader.get(record, identity)
    if found is None:
        raise Refused(Problem("id", "missing", "This record is not there any more."))
    return found


def cleaned(record: R) -> R:
    """The record as a person meant it: texts composed (NFC), blanks tidied. Only what people type goes through here."""
    changed: dict[str, Any] = {}
    for each in type(record).entity.fields:
        value = getattr(record, each.name)
        if each.kind is Kind.TEXT and isinstance(value, str):
            tidy: Any = clean(value)
        elif each.kind is Kind.NOTE and isinstance(value, str):
            tidy = clean_lines(value)
        elif each.kind is Kind.TEXTS and isinstance(value, tuple):
            tidy = tuple(part for part in map(clean, value) if part)
        else:
            continue
        if tidy != value:
            changed[each.name] = tidy
    return dataclasses.replace(record, **changed) if changed else record


def save(uow: UnitOfWork, record: R) -> R:
    """Writes what a form holds, tidied; the record as it is going to be saved. Refused when the edit ends."""
    tidy = cleaned(record)
    uow.put(tidy)
    return tidy


def add_missing(uow: UnitOfWork, wanted: Sequence[Record]) -> None:
    """Adds those of the records that are not there yet; what is there stays as it is."""
    for record in wanted:
        if uow.get(type(record), record.id) is None:
            uow.add(record)


def archive(uow: UnitOfWork, record: type[R], identity: str, archived: bool = True) -> R:
    """Takes a record out of the lists, or (with archived=False) brings it back. Raises Refused `missing`."""
    if "archived" not in record.entity.names:
        message = N_("{label}: this kind of record is not archived.")
        raise Refused(Problem("id", "not_archivable", message, {"label": record.entity.label}))
    values: dict[str, Any] = {"archived": archived}
    changed = dataclasses.replace(get(uow, record, identity), **values)
    uow.put(changed)
    return changed


def remove(uow: UnitOfWork, record: type[R], identity: str) -> None:
    """Deletes a record that nothing hangs on. Refused when it is missing, a fact, archivable, or has children."""
    get(uow, record, identity)
    uow.delete(record, identity)


def author(uow: UnitOfWork) -> str:
    """The id of the person who edits; "" in a profile that does not know its person (yet)."""
    return uow.author if uow.get(Person, uow.author) else ""


def titles(reader: Reader, record: type[R], ids: list[str]) -> dict[str, str]:
    """The titles of those records by id, as far as they exist: what references show."""
    name = record.entity.title
    return {key: str(getattr(value, name)) for key, value in reader.many(record, ids).items()}


def children(reader: Reader, record: type[R], field: str, parent: str) -> list[R]:
    """All records of a kind that hang on `parent`, in the order of their titles."""
    return cast(list[R], reader.children(record, field, parent))
