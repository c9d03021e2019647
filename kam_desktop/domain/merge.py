"""How an author's change meets a record that others changed meanwhile: by field or atomic group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kam_desktop.domain.entity import Entity, Record
from kam_desktop.domain.fields import Field, Merge

NEVER = (0, "")


@dataclass(frozen=True, slots=True)
class Merged:
    """What becomes of one change.

    Attributes:
        write: the values to write.
        displaced: values of others that a LATEST field took the place of; kept in a conflict record.
        asked: the author's values that must wait for a person, because the field or its group is ASK.
    """

    write: Mapping[str, Any]
    displaced: Mapping[str, Any]
    asked: Mapping[str, Any]


def merge(
    entity: Entity,
    current: Mapping[str, Any],
    patch: Mapping[str, Any],
    base: int,
    device: str,
    field_seq: Mapping[str, tuple[int, str]],
    created: tuple[int, str] = NEVER,
) -> Merged:
    """Merges a patch into the current values (both wire values, or both column values), by rule 7 of the protocol.

    A field is concurrent when its sequence number is newer than the author's base, written by another
    device. Equal values are no conflict. If one field of an atomic group must be asked about, all are.

    Args:
        created: sequence number and device of the row's creation, which wrote every field that `field_seq` lacks.
    """

    def moved(name: str) -> bool:
        seq, by = field_seq.get(name, created)
        return seq > base and by != device

    known, groups_of = _facts(entity.record)
    contested = {name for name, value in patch.items() if moved(name) and current.get(name) != value}
    asked = {name for name in contested if name in known and known[name].merge is Merge.ASK}
    groups = {known[name].group for name in asked} - {""}
    # A group is also contested when somebody changed a sibling that the author's patch does not hold.
    for group, siblings in groups_of.items():
        if group not in groups and any(name in patch and current.get(name) != patch[name] for name in siblings):
            if any(known[name].merge is Merge.ASK and moved(name) for name in siblings):
                groups.add(group)
    asked |= {name for name in patch if name in known and known[name].group in groups}
    write = {name: value for name, value in patch.items() if name not in asked}
    return Merged(
        write=write,
        displaced={name: current.get(name) for name in contested if name in write},
        asked={name: patch[name] for name in patch if name in asked},
    )


_FACTS: dict[type[Record], tuple[dict[str, Field], dict[str, tuple[str, ...]]]] = {}


def _facts(record: type[Record]) -> tuple[dict[str, Field], dict[str, tuple[str, ...]]]:
    """The fields by name, and the names of each atomic group; found once for each kind of record."""
    if record in _FACTS:
        return _FACTS[record]
    known = {each.name: each for each in record.entity.fields}
    groups: dict[str, tuple[str, ...]] = {}
    for each in record.entity.fields:
        if each.group:
            groups[each.group] = (*groups.get(each.group, ()), each.name)
    _FACTS[record] = known, groups
    return known, groups
