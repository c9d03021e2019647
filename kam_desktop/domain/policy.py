"""Who may do what: the policy file read strictly, and asked by server, desktop, documents and tests."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kam_desktop.domain.entities import BY_NAME

RELATIONS = ("own", "shared", "led", "org", "self", "finance")
OPERATIONS = ("read", "create", "update", "delete", "take_back", "reassign")
REACH = ("own", "shared", "led", "all", "org", "finance")

Cell = tuple[str, str, str, str]
"""Role, relation, entity, operation."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rights of every role. Denied is what no line of the file allows.

    Attributes:
        roles: name in the file to its English label.
        fingerprint: another one means that somebody's rights may have changed.
        reach: of each role, which accounts it is sent.
        allowed: every allowed cell.
        readers, writers: of fields that not everybody may read or write, (role, relation) of those who may.
        only: of a role and an entity, the only fields it may write.
    """

    roles: Mapping[str, str]
    fingerprint: str
    reach: Mapping[str, frozenset[str]]
    allowed: frozenset[Cell]
    readers: Mapping[tuple[str, str], frozenset[tuple[str, str]]]
    writers: Mapping[tuple[str, str], frozenset[tuple[str, str]]]
    only: Mapping[tuple[str, str], frozenset[str]]

    @classmethod
    def read(cls, text: str) -> Policy:
        """The policy of a file's text. Raises ValueError for a word that is no role, relation, entity or field."""
        try:
            raw = tomllib.loads(text)
            return _read(raw, hashlib.sha256(text.encode()).hexdigest())
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"The policy lacks {error}, or has it in a wrong shape.") from error

    def may(self, role: str, relation: str, entity: str, operation: str) -> bool:
        """Whether a role may do something with a record of that kind to which it stands so."""
        return (role, relation, entity, operation) in self.allowed

    def hidden_fields(self, role: str, relation: str, entity: str) -> frozenset[str]:
        """Fields that are taken out of everything that is given to a colleague of this role who stands so to it."""
        who = (role, relation)
        return frozenset(name for (kind, name), may in self.readers.items() if kind == entity and who not in may)

    def unwritable_fields(self, role: str, relation: str, entity: str) -> frozenset[str]:
        """Fields that may not be written, although the record may be created or updated."""
        who = (role, relation)
        closed = {name for (kind, name), may in self.writers.items() if kind == entity and who not in may}
        only = self.only.get((role, entity))
        if only is not None:
            closed |= set(BY_NAME[entity].names) - only
        return frozenset(closed) | self.hidden_fields(role, relation, entity)

    def readable_entities(self, role: str, relation: str) -> frozenset[str]:
        """Kinds of records that a role may read where it stands so to them."""
        return frozenset(name for name in BY_NAME if self.may(role, relation, name, "read"))


def _read(raw: Mapping[str, Any], fingerprint: str) -> Policy:
    if raw["version"] != 1:
        raise ValueError("This policy was written for a newer version.")
    roles = dict(raw["roles"])
    sets = {name: _known(entities, BY_NAME, "entity") for name, entities in raw["sets"].items()}

    def spread(names: Iterable[str]) -> list[str]:
        return [entity for name in names for entity in (sets[name] if name in sets else _known([name], BY_NAME, ""))]

    allowed: set[Cell] = set()
    for line in raw["allow"]:
        for role in _known(line["roles"], roles, "role"):
            for relation in _known(line["relations"], RELATIONS, "relation"):
                for operation in _known(line["operations"], OPERATIONS, "operation"):
                    allowed.update((role, relation, entity, operation) for entity in spread(line["entities"]))
    readers: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}
    writers: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}
    for line in raw["field"]:
        relations = _known(line.get("relations", list(RELATIONS)), RELATIONS, "relation")
        for entity in spread(line["entities"]):
            for name in _known(line["names"], BY_NAME[entity].names, f"field of {entity}"):
                if "read" in line:
                    readers[entity, name] = _pairs(_known(line["read"], roles, "role"), relations)
                writers[entity, name] = _pairs(_known(line["write"], roles, "role"), relations)
    only = {
        (role, entity): frozenset(_known(line["fields"], BY_NAME[entity].names, f"field of {entity}"))
        for line in raw.get("only", ())
        for role in _known(line["roles"], roles, "role")
        for entity in spread(line["entities"])
    }
    reach = {role: frozenset(_known(raw["reach"][role], REACH, "reach")) for role in roles}
    return Policy(roles, fingerprint, reach, frozenset(allowed), readers, writers, only)


def _pairs(roles: Iterable[str], relations: Iterable[str]) -> frozenset[tuple[str, str]]:
    every = tuple(relations)
    return frozenset((role, relation) for role in roles for relation in every)


def _known(names: Any, among: Iterable[str], what: str) -> list[str]:
    known = set(among)
    if not isinstance(names, list) or not names:
        raise ValueError(f"A line of the policy has no {what or 'entity'}.")
    for name in names:
        if name not in known:
            raise ValueError(f"“{name}” is no {what or 'entity'}.")
    return list(names)
