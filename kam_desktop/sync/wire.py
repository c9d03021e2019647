"""Waiting changes as the columns of a push, and what an answer says of each of their groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.entity import Entity
from kam_desktop.protocol import messages
from kam_desktop.store.outbox import Waiting
from kam_desktop.store.tables import sort_value
from kam_desktop.sync.answers import PLAIN


def push_content(groups: Sequence[Sequence[Waiting]]) -> dict[str, Any]:
    """What a push says of these groups: one part for every entity, action and exact set of fields.

    What the author saw stays here; of a creation the order of its title goes along, which every laptop computes alike.
    """
    parts: dict[tuple[str, str, tuple[str, ...]], list[tuple[int, Waiting]]] = {}
    place = 0
    for group in groups:
        for change in group:
            parts.setdefault((change.entity, change.action, tuple(change.new)), []).append((place, change))
            place += 1
    return {
        "groups": [[group[0].group, len(group)] for group in groups],
        "parts": [_part(entity, action, fields, found) for (entity, action, fields), found in parts.items()],
    }


def _part(entity: str, action: str, fields: tuple[str, ...], found: list[tuple[int, Waiting]]) -> dict[str, Any]:
    places = [place for place, _ in found]
    changes = [change for _, change in found]
    running = places[-1] - places[0] + 1 == len(places) and len(places) != 2
    written = {change.written_at for change in changes}
    part: dict[str, Any] = {
        "entity": entity,
        "action": action,
        "index": [places[0], len(places)] if running else places,
        "id": [change.record for change in changes],
        "written_at": changes[0].written_at if len(written) == 1 else [change.written_at for change in changes],
    }
    if action == "delete":
        part |= {"base": [change.base for change in changes]}
        return part
    values = [[change.new[name] for change in changes] for name in fields]
    if action == "create":
        described = BY_NAME[entity]
        part |= {
            "fields": [*fields, messages.SORT],
            "values": [
                *values,
                [change.sort if change.sort is not None else _sort(described, change) for change in changes],
            ],
        }
        if any(change.base for change in changes):
            part["base"] = [change.base for change in changes]
        return part
    return part | {"fields": list(fields), "base": [change.base for change in changes], "values": values}


def _sort(described: Entity, change: Waiting) -> str:
    title = change.record if described.title == "id" else str(change.new.get(described.title, ""))
    return sort_value(described, title)


def verdicts(answer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(verdict, detail) for every group that was sent, in their order, of a checked answer: plain ones run-length."""
    for kind, detail in answer["verdicts"]:
        if kind in PLAIN:
            for _ in range(detail):
                yield kind, {}
        else:
            yield kind, detail
