"""What lies on this computer and works without a network: rows by kind, and the room they take."""

from __future__ import annotations

from dataclasses import dataclass

from kam_desktop.domain.entities import ENTITIES
from kam_desktop.store.reader import Reader

SAMPLE_ROWS = 500
"""So many rows of a kind are measured; the others are taken to be like them."""


@dataclass(frozen=True, slots=True)
class Held:
    """One kind of record: its entity, how many there are, about how many bytes their values take."""

    entity: str
    rows: int
    bytes: int


def held(reader: Reader) -> tuple[list[Held], int]:
    """Every kind that there is any of, the largest first, and the bytes of the whole file with its indexes."""
    found = []
    for record in ENTITIES:
        name = record.entity.name
        rows = int(reader.sql(f'select count(*) from "{name}"')[0][0])  # noqa: S608 - our own names
        if rows:
            width = " + ".join(f'ifnull(length(cast("{each}" as blob)), 0)' for each in ("id", *record.entity.names))
            statement = f'select avg({width}) from (select * from "{name}" limit {SAMPLE_ROWS})'  # noqa: S608
            measured = reader.sql(statement)
            found.append(Held(name, rows, round(float(measured[0][0]) * rows)))
    pages, size = (int(reader.sql(f"pragma {each}")[0][0]) for each in ("page_count", "page_size"))
    return sorted(found, key=lambda each: -each.rows), pages * size
