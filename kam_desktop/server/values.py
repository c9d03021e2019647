"""Columns of wire values, checked as a whole and turned into what the tables keep."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from kam_desktop.domain.change import moment_text, plain_value
from kam_desktop.domain.entities import ENTITIES
from kam_desktop.domain.entity import Entity, problem_of_value
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.fields import Field, Kind
from kam_desktop.language import N_
from kam_desktop.protocol.codec import canonical_id
from kam_desktop.store.tables import column_value, record_of, sort_value

Bad = dict[int, Problem]
"""What is wrong, by place in the column."""

_TEXTUAL = (Kind.TEXT, Kind.NOTE, Kind.CHOICE, Kind.REF)
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,18})?")
_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NOTE_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_LARGEST = 10**17

FIELDS: dict[str, dict[str, Field]] = {
    record.entity.name: {each.name: each for each in record.entity.fields} for record in ENTITIES
}
DEFAULTS: dict[str, dict[str, Any]] = {
    name: {each.name: column_value(each, each.default) for each in fields.values()} for name, fields in FIELDS.items()
}
"""By entity and field what the table keeps where a creation says nothing."""


def column(each: Field, values: Sequence[Any]) -> tuple[list[Any], Bad]:
    """Column values of a field's wire values, and what is wrong with them."""
    quick = _QUICK[each.kind](each, values)
    if quick is not None and not (each.required and any(value in (None, "") for value in values)):
        return quick, {}
    found: list[Any] = []
    wrong: Bad = {}
    for place, value in enumerate(values):
        kept, problem = one(each, value)
        found.append(kept)
        if problem is not None:
            wrong[place] = problem
    return found, wrong


def one(each: Field, value: Any) -> tuple[Any, Problem | None]:
    """The column value of one wire value, or what is wrong with it."""
    label = {"label": each.label}
    wrong_kind = Problem(each.name, "type", N_("{label} has a value of the wrong kind."), label)
    try:
        plain = _empty(each.kind) if value is None else plain_value(each.kind, value)
        if each.kind is Kind.REF and plain and canonical_id(plain) != plain:
            return None, wrong_kind
        problem = problem_of_value(each, plain)
        if problem is None:
            return column_value(each, plain), None
    except (ValueError, TypeError, ArithmeticError, AttributeError):
        problem = wrong_kind
    return None, problem


def _empty(kind: Kind) -> Any:
    return "" if kind in _TEXTUAL else () if kind is Kind.TEXTS else False if kind is Kind.FLAG else None


def _text(each: Field, values: Sequence[Any]) -> list[Any] | None:
    if set(map(type, values)) != {str}:
        return None
    if each.kind is Kind.CHOICE:
        return list(values) if set(values) <= {"", *each.options} else None
    if each.max_length and max(map(len, values)) > each.max_length:
        return None
    joined = "".join(values)
    if joined.isprintable():  # nothing that is forbidden is printable
        return list(values)
    if _NOTE_CONTROL.search(joined) or (each.kind is not Kind.NOTE and ("\n" in joined or "\r" in joined)):
        return None
    return list(values)


def _ref(each: Field, values: Sequence[Any]) -> list[Any] | None:
    if set(map(type, values)) != {str}:
        return None
    fits = _CANONICAL.fullmatch
    if not all(fits(value) for value in set(values) if value):
        return None
    return [value or None for value in values]


def _whole(each: Field, values: Sequence[Any]) -> list[Any] | None:
    kinds = set(map(type, values))
    if not kinds <= {int, type(None)}:
        return None
    numbers = [value for value in values if value is not None] if type(None) in kinds else values
    if numbers:
        least, most = min(numbers), max(numbers)
        if most > _LARGEST or least < -_LARGEST or (each.lowest is not None and least < each.lowest):
            return None
    return list(values)


def _decimal(each: Field, values: Sequence[Any]) -> list[Any] | None:
    if not set(map(type, values)) <= {str, type(None)}:
        return None
    fits = _DECIMAL.fullmatch
    distinct = set(values) - {None}
    if not all(fits(value) and len(value) < 18 for value in distinct):
        return None
    if each.lowest is not None and any(float(value) < each.lowest for value in distinct):
        return None
    return list(values)


def _date(each: Field, values: Sequence[Any]) -> list[Any] | None:
    if not set(map(type, values)) <= {str, type(None)}:
        return None
    try:
        for value in set(values) - {None}:
            if len(value) != 10 or date.fromisoformat(value).isoformat() != value:
                return None
    except ValueError:
        return None
    return list(values)


def _moment(each: Field, values: Sequence[Any]) -> list[Any] | None:
    if not set(map(type, values)) <= {str, type(None)}:
        return None
    try:
        kept = {value: value and moment_text(plain_value(Kind.MOMENT, value)) for value in set(values)}
    except (ValueError, OverflowError):
        return None
    return [kept[value] for value in values]


def _flag(each: Field, values: Sequence[Any]) -> list[Any] | None:
    return [int(value) for value in values] if set(map(type, values)) == {bool} else None


def _texts(each: Field, values: Sequence[Any]) -> list[Any] | None:
    if set(map(type, values)) != {list}:
        return None
    inner = [text for value in values for text in value]
    if inner and (not all(inner) or _text(each, inner) is None):
        return None
    encode = json.JSONEncoder(ensure_ascii=False).encode  # made once: `dumps` makes one a value
    return [encode(value) if value else "" for value in values]


_QUICK: dict[Kind, Callable[[Field, Sequence[Any]], list[Any] | None]] = {
    Kind.TEXT: _text,
    Kind.NOTE: _text,
    Kind.CHOICE: _text,
    Kind.REF: _ref,
    Kind.INTEGER: _whole,
    Kind.MONEY: _whole,
    Kind.DECIMAL: _decimal,
    Kind.DATE: _date,
    Kind.MOMENT: _moment,
    Kind.FLAG: _flag,
    Kind.TEXTS: _texts,
}


def wire(each: Field, value: Any) -> Any:
    """The wire value of what a table keeps."""
    if each.kind is Kind.FLAG:
        return bool(value)
    if each.kind is Kind.REF:
        return value or ""
    if each.kind is Kind.TEXTS:
        return json.loads(value) if value else []
    return value


def wires(entity: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Wire values of column values by name; a name that is no field stays as it is."""
    fields = FIELDS[entity]
    return {name: wire(fields[name], value) if name in fields else value for name, value in kept.items()}


def rule_problems(entity: Entity, identity: str, kept: Mapping[str, Any]) -> list[Problem]:
    """What the entity's own rules say of a row with these column values."""
    if not entity.rules:
        return []
    record = record_of(entity, {"id": identity, **kept})
    return [problem for rule in entity.rules for problem in rule(record)]


def is_frozen(entity: Entity, identity: str, kept: Mapping[str, Any]) -> bool:
    """Whether a saved row may not change any more."""
    return entity.frozen_when is not None and entity.frozen_when(record_of(entity, {"id": identity, **kept}))


def sort_of(entity: Entity, identity: str, kept: Mapping[str, Any]) -> str:
    """How the row's title is put in order."""
    title = identity if entity.title == "id" else kept.get(entity.title)
    return sort_value(entity, "" if title is None else str(title))


def named(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as they travel."""
    return [
        {"where": each.where, "code": each.code, "message": each.message, "args": dict(each.args)} for each in problems
    ]
