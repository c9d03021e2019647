"""How an author's change meets a record that others changed meanwhile: by field or atomic group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kam_desktop.domain.entity import Entity
from kam_desktop.domain.fields import Merge


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
) -> Merged:
    """Merges a patch into the current values (wire values), by rule 7 of the sync protocol.

    A field is concurrent when its sequence number is newer than the author's base, written by another
    device. Equal values are no conflict. If one field of an atomic group must be asked about, all are.
    """
    contested = {
        name
        for name, value in patch.items()
        if name in field_seq
        and field_seq[name][0] > base
        and field_seq[name][1] != device
        and current.get(name) != value
    }
    asked = {name for name in contested if entity.field(name).merge is Merge.ASK}
    groups = {entity.field(name).group for name in asked} - {""}
    # A group is also contested when somebody changed a sibling that the author's patch does not hold.
    for each in entity.fields:
        moved = field_seq.get(each.name)
        if each.group and each.merge is Merge.ASK and moved and moved[0] > base and moved[1] != device:
            if any(
                entity.field(name).group == each.group and current.get(name) != value for name, value in patch.items()
            ):
                groups.add(each.group)
    asked |= {name for name in patch if entity.field(name).group in groups}
    write = {name: value for name, value in patch.items() if name not in asked}
    return Merged(
        write=write,
        displaced={name: current.get(name) for name in contested if name in write},
        asked={name: patch[name] for name in patch if name in asked},
    )
