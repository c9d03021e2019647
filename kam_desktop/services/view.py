"""Saved views of lists: kept under a name by a person, found by page, shared, renamed, forgotten."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kam_desktop.domain.entities import SavedView
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.domain.text import clean, fold
from kam_desktop.services import records
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as a list uses it; `settings` is what the list itself wrote."""

    id: str
    name: str
    settings: Mapping[str, Any]
    shared: bool


def views(reader: Reader, page: str, person: str) -> list[View]:
    """The person's own views of a list and those shared with the team, in their order; unreadable ones left out."""
    query = Query("saved_view", (Where("page", Op.IS, page),), (Order("place"), Order("name")))
    found = []
    for each in reader.all(query):
        if isinstance(each, SavedView) and (each.person == person or each.shared):
            settings = _read(each.settings)
            if settings is not None:
                found.append(View(each.id, each.name, settings, each.shared))
    return found


def _read(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def save(uow: UnitOfWork, page: str, name: str, settings: Mapping[str, Any], *, shared: bool = False) -> SavedView:
    """Keeps a view; one of the same name on this page, accents and capitals aside, is replaced.

    Raises Refused `required` when the name is empty.
    """
    person, tidy = records.author(uow), clean(name)
    if not tidy:
        raise Refused(Problem("name", "required", "Give the view a name."))
    known = [
        each for each in uow.all(Query("saved_view", (Where("page", Op.IS, page),))) if isinstance(each, SavedView)
    ]
    mine = [each for each in known if each.person == person]
    same = next((each for each in mine if fold(each.name) == fold(tidy)), None)
    place = same.place if same else 1 + max((each.place or 0 for each in mine), default=0)
    made = SavedView(
        id=same.id if same else uow.new_id(),
        person=person,
        page=page,
        name=tidy,
        settings=json.dumps(settings, ensure_ascii=False, sort_keys=True),
        place=place,
        shared=shared,
    )
    uow.put(made)
    return made


def rename(uow: UnitOfWork, identity: str, name: str, *, shared: bool | None = None) -> SavedView:
    """Another name, or shared with the team or not. Raises Refused `missing`."""
    found = records.get(uow, SavedView, identity)
    changed = dataclasses.replace(found, name=clean(name), shared=found.shared if shared is None else shared)
    uow.put(changed)
    return changed


def forget(uow: UnitOfWork, identity: str) -> SavedView:
    """Deletes a view. Raises Refused `missing`."""
    found = records.get(uow, SavedView, identity)
    uow.delete(SavedView, identity)
    return found
