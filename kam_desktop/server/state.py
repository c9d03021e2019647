"""The rows that a push touches, as they are and become; a refused group is taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from kam_desktop.domain.scopes import Root
from kam_desktop.protocol.messages import ERASED_AT
from kam_desktop.server import tables
from kam_desktop.server.database import Connection
from kam_desktop.server.roots import Roots
from kam_desktop.server.values import FIELDS

Key = tuple[str, str]
"""(entity, id)."""


@dataclass(slots=True)
class Row:
    """One row, saved or only decided.

    Attributes:
        values: column values of its fields; fields that this server does not know stand in `extra`.
        created: sequence number and device of its creation; `field_seq` that of later writes.
        new: it is not in the database yet.
        written: the fields that were written, by the place of the change that did it last.
        created_at, deleted_at, touched_at: places of the changes that made, deleted and touched it last.
        was: its root in the database, to find the scopes that it leaves.
    """

    entity: str
    id: str
    values: dict[str, Any]
    extra: dict[str, Any]
    seq: int
    created: tuple[int, str]
    field_seq: dict[str, tuple[int, str]]
    deleted_seq: int | None
    root: Root | None
    was: Root | None
    new: bool = False
    sort: str | None = None
    written: dict[str, int] = field(default_factory=dict)
    created_at: int | None = None
    deleted_at: int | None = None
    touched_at: int | None = None
    revived: bool = False

    @property
    def erased(self) -> bool:
        """Whether it told of a person who was erased."""
        return ERASED_AT in self.extra

    @property
    def deleted(self) -> bool:
        """Whether it is a tombstone, or becomes one."""
        return self.deleted_seq is not None or self.deleted_at is not None

    def copy(self) -> Row:
        """As it stands, to go back to."""
        return Row(
            self.entity, self.id, dict(self.values), dict(self.extra), self.seq, self.created, dict(self.field_seq),
            self.deleted_seq, self.root, self.was, self.new, self.sort, dict(self.written), self.created_at,
            self.deleted_at, self.touched_at, self.revived,
        )  # fmt: skip

    def current(self) -> dict[str, Any]:
        """All values, those of unknown fields among them."""
        return {**self.values, **self.extra} if self.extra else self.values


class State:
    """The rows of one push. Rows are copied before a group changes them."""

    def __init__(self, connection: Connection, roots: Roots) -> None:
        self.connection = connection
        self.roots = roots
        self.rows: dict[Key, Row | None] = {}
        self._before: dict[Key, Row | None] | None = None
        self.plain: dict[str, set[str]] = {}
        """By entity the ids of rows that this push creates plainly; they are no `Row`."""

    def load(self, wanted: dict[str, Iterable[str]], *, lock: bool = True) -> None:
        """Reads rows, and locks them in the order of entities and ids."""
        for entity in sorted(wanted, key=tables.ORDER.__getitem__):
            ids = sorted({each for each in wanted[entity] if (entity, each) not in self.rows})
            if not ids:
                continue
            for identity in ids:
                self.rows[entity, identity] = None
            names = list(FIELDS[entity])
            columns = ", ".join(f'"{name}"' for name in names)
            condition, value = self.connection.among("id", ids)
            ending = " order by id" + self.connection.for_update if lock and self.connection.postgresql else ""
            statement = (
                "select id, _extra, _seq, _created_seq, _created_device, _field_seq, _deleted_seq, "  # noqa: S608
                f'{columns} from "{entity}" where {condition}{ending}'
            )
            found = self.connection.rows(statement, (value,))
            self.roots.fetch(entity, [row[0] for row in found])
            for row in found:
                root = self.roots.of(entity, row[0])
                later = orjson.loads(row[5]) if row[5] else {}
                self.rows[entity, row[0]] = Row(
                    entity,
                    row[0],
                    dict(zip(names, row[7:], strict=True)),
                    orjson.loads(row[1]) if row[1] else {},
                    row[2],
                    (row[3], str(row[4])),
                    {name: (seq, str(device)) for name, (seq, device) in later.items()},
                    row[6],
                    root,
                    root,
                )

    def row(self, entity: str, identity: str) -> Row | None:
        """A row as it stands after the groups that were accepted so far."""
        if (entity, identity) not in self.rows:
            self.load({entity: [identity]})
        return self.rows[entity, identity]

    def begin(self) -> None:
        """From here on changes can be taken back."""
        self._before = {}

    def take_back(self) -> None:
        """Undoes what the group did so far."""
        for key, row in (self._before or {}).items():
            self.rows[key] = row
            self.roots.add(*key, row.root if row is not None else None)
        self._before = None

    def change(self, row: Row) -> Row:
        """A row that is about to change; what it was is kept until the group is through."""
        key = (row.entity, row.id)
        if self._before is not None and key not in self._before:
            self._before[key] = row
            row = row.copy()
            self.rows[key] = row
        return row

    def add(self, row: Row) -> None:
        """A row that is created."""
        key = (row.entity, row.id)
        if self._before is not None and key not in self._before:
            self._before[key] = self.rows.get(key)
        self.rows[key] = row
        self.roots.add(row.entity, row.id, row.root)

    def there(self, entity: str, identity: str) -> bool:
        """Whether a row exists and is no tombstone, after the groups so far."""
        if identity in self.plain.get(entity, ()):
            return True
        row = self.row(entity, identity)
        return row is not None and not row.deleted

    def children(self, entity: str, identity: str) -> list[Key]:
        """Living rows that hang on this one, after the groups so far."""
        found: dict[Key, bool] = {}
        for child, name in OWNED_BY[entity]:
            statement = f'select id from "{child}" where "{name}" = ? and _deleted_seq is null'  # noqa: S608
            for (each,) in self.connection.rows(statement, (identity,)):
                found[child, each] = True
        for key, row in self.rows.items():
            names = [name for child, name in OWNED_BY[entity] if child == key[0]]
            if row is not None and names:
                hangs = not row.deleted and any(row.values.get(name) == identity for name in names)
                found[key] = hangs
        return [key for key, hangs in found.items() if hangs]

    def changed(self) -> list[Row]:
        """The rows that accepted groups touched, parents first."""
        rows = [row for row in self.rows.values() if row is not None and row.touched_at is not None]
        rows.sort(key=lambda row: (tables.ORDER[row.entity], row.touched_at))
        return rows


OWNED_BY: dict[str, list[tuple[str, str]]] = {name: [] for name in FIELDS}
"""For each entity the (entity, field) of rows that hang on it."""
for _name, _fields in FIELDS.items():
    for _each in _fields.values():
        if _each.owns:
            OWNED_BY[_each.to].append((_name, _each.name))


def find(
    connection: Connection, state: State | None, entity: str, name: str, among: Sequence[str]
) -> list[dict[str, Any]]:
    """Living rows (column values, with "id") whose column is one of `among`, after the groups so far."""
    wanted = {each for each in among if each}
    if not wanted:
        return []
    names = ["id", *FIELDS[entity]]
    columns = ", ".join(f'"{each}"' for each in names)
    condition, value = connection.among(f'"{name}"', wanted)
    statement = f'select {columns} from "{entity}" where {condition} and _deleted_seq is null'  # noqa: S608
    found = {row[0]: dict(zip(names, row, strict=True)) for row in connection.rows(statement, (value,))}
    if state is not None:
        for (kind, identity), row in state.rows.items():
            if kind == entity and row is not None and row.touched_at is not None:
                found.pop(identity, None)
                held = identity if name == "id" else row.values.get(name)
                if held in wanted and not row.deleted:
                    found[identity] = {"id": identity, **row.values}
    return list(found.values())


def as_json(values: Any) -> str:
    """Compact JSON as text, for a column."""
    return orjson.dumps(values).decode()


def field_seq_json(stamped: dict[str, tuple[int, str]]) -> str | None:
    """`_field_seq` as the table keeps it: devices as numbers, nothing for a row that was never changed."""
    if not stamped:
        return None
    return as_json({name: (seq, int(device)) for name, (seq, device) in stamped.items()})
