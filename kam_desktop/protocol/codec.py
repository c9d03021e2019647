"""Records and changes to and from their wire form (JSON), strictly."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from kam_desktop.domain.change import Action, Change, plain_value, wire_fields
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.entity import Entity, Record
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.fields import Kind

EXTRA = "_extra"
"""Where fields of a newer program travel, which this one keeps but does not know."""


def to_wire(record: Record, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`{"entity", "id", …}` with every field that says something, in a fixed order."""
    wire: dict[str, Any] = {"entity": type(record).entity.name, "id": record.id, **wire_fields(record)}
    if extra:
        wire[EXTRA] = dict(extra)
    return wire


def from_wire(wire: Mapping[str, Any]) -> tuple[Record, dict[str, Any]]:
    """The record and its unknown extra fields. Raises Refused with every problem at once."""
    name = wire.get("entity")
    described = BY_NAME.get(name) if isinstance(name, str) else None
    if described is None:
        raise Refused(Problem("entity", "unknown_entity", "“{name}” is no kind of record.", {"name": str(name)[:60]}))
    problems: list[Problem] = []
    identity = canonical_id(wire.get("id"))
    if identity is None:
        problems.append(Problem("id", "bad_id", "The id must be a UUID."))
    values: dict[str, Any] = {}
    for key, value in wire.items():
        if key in ("entity", "id", EXTRA):
            continue
        try:
            each = described.field(key)
        except KeyError:
            problems.append(Problem(key, "unknown_field", "There is no field “{field}”.", {"field": key[:60]}))
            continue
        try:
            values[key] = _plain(each.kind, value)
        except (ValueError, TypeError, ArithmeticError):
            problems.append(Problem(key, "type", "{label} has a value of the wrong kind.", {"label": each.label}))
    extra = wire.get(EXTRA) or {}
    if not isinstance(extra, dict):
        problems.append(Problem(EXTRA, "type", "{label} has a value of the wrong kind.", {"label": EXTRA}))
    if problems:
        raise Refused(problems)
    return build(described, str(identity), values), dict(extra)


def canonical_id(value: Any) -> str | None:
    """A UUID in its usual lower-case text, or None."""
    if not isinstance(value, str) or len(value) != 36:
        return None
    try:
        return str(uuid.UUID(value))
    except ValueError:
        return None


def build(described: Entity, identity: str, values: Mapping[str, Any]) -> Record:
    """A record from plain values; fields not named take their defaults."""
    return described.record(id=identity, **values)


def from_fields(described: Entity, identity: str, wire: Mapping[str, Any]) -> Record:
    """A record from the wire values of its known fields, as kept in history."""
    known = {each.name: each.kind for each in described.fields}
    values = {name: _plain(known[name], value) for name, value in wire.items() if name in known}
    return build(described, identity, values)


def _plain(kind: Kind, value: Any) -> Any:
    if value is None:
        if kind in (Kind.TEXT, Kind.NOTE, Kind.CHOICE, Kind.REF):
            return ""
        if kind is Kind.TEXTS:
            return ()
        return False if kind is Kind.FLAG else None
    return plain_value(kind, value)


def encode_change(change: Change) -> dict[str, Any]:
    """A change as it waits in the outbox and the journal."""
    return {
        "group": change.group,
        "place": change.place,
        "entity": change.entity,
        "id": change.record,
        "action": change.action.value,
        "old": dict(change.old),
        "new": dict(change.new),
        "author": change.author,
        "written_at": change.written_at,
    }


def decode_change(wire: Mapping[str, Any]) -> Change:
    """The inverse of `encode_change`; KeyError or ValueError on a malformed one."""
    return Change(
        group=wire["group"],
        place=wire["place"],
        entity=wire["entity"],
        record=wire["id"],
        action=Action(wire["action"]),
        old=wire["old"],
        new=wire["new"],
        author=wire["author"],
        written_at=wire["written_at"],
    )


def to_json(value: Any) -> str:
    """Compact JSON with Vietnamese as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
