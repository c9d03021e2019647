"""Rows of the server written into the tables of this laptop: many at once, with index and caches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.change import Action, Change, Touched, is_empty, plain_value
from kam_desktop.domain.entities import BY_NAME, ENTITIES
from kam_desktop.domain.entity import Entity
from kam_desktop.domain.fields import Field, Kind
from kam_desktop.protocol.codec import to_json
from kam_desktop.protocol.messages import ERASED_AT
from kam_desktop.store import account_keys, forgetting, open_amounts, search
from kam_desktop.store.tables import column_value, sort_value

INDEXED = 200
"""So many rows are indexed for search together with their writing; more wait in the queue."""
Row = dict[str, Any]
"""Columns of one record as the table keeps them, with id, _seq, _sort and _extra, without the laptop's own number."""

_EMPTY = {Kind.INTEGER: None, Kind.DECIMAL: None, Kind.MONEY: None, Kind.DATE: None, Kind.MOMENT: None}
_NOTHING: dict[Kind, Any] = {**_EMPTY, Kind.REF: None, Kind.FLAG: 0}


def empty_column(each: Field) -> Any:
    """What the table keeps of a field that says nothing."""
    return _NOTHING.get(each.kind, "")


EMPTIES: dict[str, Row] = {
    record.entity.name: {each.name: empty_column(each) for each in record.entity.fields} for record in ENTITIES
}


def column_of_wire(each: Field, value: Any) -> Any:
    """A wire value as the table keeps it. Raises ValueError, TypeError or ArithmeticError for a malformed one."""
    if value is None:
        return empty_column(each)
    return column_value(each, plain_value(each.kind, value))


def wire_of_column(each: Field, value: Any) -> Any:
    """The inverse of `column_of_wire`."""
    if each.kind is Kind.TEXTS:
        return json.loads(value) if value else []
    if each.kind is Kind.FLAG:
        return bool(value)
    if each.kind is Kind.REF:
        return value or ""
    return value


def laid_over(entity: Entity, row: Row | None, patches: Iterable[tuple[str, Mapping[str, Any]]]) -> Row | None:
    """A row with waiting changes, (action, wire values), laid over it in their order; None where it is deleted."""
    now = dict(row) if row is not None else None
    for action, new in patches:
        if action == Action.DELETE.value:
            now = None
            continue
        if now is None:
            # An update of a row that is gone makes nothing here: the server says what becomes of it.
            if action != Action.CREATE.value:
                continue
            now = dict(EMPTIES[entity.name]) if row is None else dict(row)
        for each in entity.fields:
            if each.name in new:
                now[each.name] = column_of_wire(each, new[each.name])
                if each.name == entity.title:
                    now["_sort"] = None
    return now


def columns_of(entity: Entity) -> tuple[str, ...]:
    """The columns of a row that the server tells, in the order in which they are written."""
    return ("id", *entity.names, "_sort", "_extra", "_seq")


@dataclass
class Landing:
    """What one answer changes here, gathered first and written at once, in the transaction of the connection.

    Attributes:
        first: rows of a first download: caches are made once at its end, and nobody is told row by row.
        touched: what was written, for the change set.
    """

    connection: sa.Connection
    first: bool = False
    touched: list[Touched] = field(default_factory=list)
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _gone: dict[str, list[str]] = field(default_factory=dict)
    _free: list[str] = field(default_factory=list)

    def put(self, entity: str, row: Row) -> None:
        """The row as it stands from now on."""
        self._rows.setdefault(entity, []).append(row)

    def put_plain(self, entity: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows of a first download, as `columns_of` has them: they are written as they came, and nobody is told."""
        if rows:
            self._insert(BY_NAME[entity], rows)
            self._forget([row[0] for row in rows if row[-2] and ERASED_AT in row[-2]])
            _queue(self.connection, BY_NAME[entity], [row[0] for row in rows])

    def drop(self, entity: str, record: str) -> None:
        """The record is not here any more."""
        self._gone.setdefault(entity, []).append(record)

    def free_bases(self, records: Sequence[str]) -> None:
        """Nothing waits for these any more: once everything is written, the table alone is what the server has."""
        self._free += records

    def write(self) -> tuple[Touched, ...]:
        """Writes everything gathered; gives what was touched."""
        changes: list[Change] = []
        for entity, rows in self._rows.items():
            changes += self._write_rows(BY_NAME[entity], rows)
        for entity, ids in self._gone.items():
            changes += self._delete(BY_NAME[entity], ids)
        if changes and not self.first:
            open_amounts.refresh(self.connection, changes)
        self.touched += [Touched(each.entity, each.record, each.action) for each in changes]
        if self._free:
            self.connection.exec_driver_sql(
                "delete from base where record in (select value from json_each(?))", (to_json(self._free),)
            )
        for gathered in (self._rows, self._gone, self._free):
            gathered.clear()
        return tuple(self.touched)

    def _old(self, entity: Entity, ids: Sequence[str]) -> dict[str, Row]:
        names = columns_of(entity)
        columns = ", ".join(f'"{name}"' for name in names)
        rows = self.connection.exec_driver_sql(
            f'select {columns} from "{entity.name}" where id in (select value from json_each(?))',  # noqa: S608 — our names
            (to_json(list(ids)),),
        )
        return {row[0]: dict(zip(names, row, strict=True)) for row in rows.all()}

    def _write_rows(self, entity: Entity, rows: list[Row]) -> list[Change]:
        names = columns_of(entity)
        rows = list({row["id"]: row for row in rows}.values())  # of what was put twice the last stands
        old = {} if self.first else self._old(entity, [row["id"] for row in rows])
        for row in rows:
            if row.get("_sort") is None:  # a row of our own making: the server tells the order of its rows
                title = row["id"] if entity.title == "id" else str(row[entity.title] or "")
                row["_sort"] = sort_value(entity, title)
            row.setdefault("_extra", None)
            row.setdefault("_seq", None)
        fresh = list(map(itemgetter(*names), (row for row in rows if row["id"] not in old)))
        if fresh:
            self._insert(entity, fresh)
        if self.first:
            _queue(self.connection, entity, [row[0] for row in fresh])
            return []
        rewritten = self._update(entity, old, [row for row in rows if row["id"] in old])
        erased = [row["id"] for row in rows if row["_extra"] and ERASED_AT in row["_extra"]]
        self._forget([each for each in erased if ERASED_AT not in ((old.get(each) or {}).get("_extra") or "")])
        self._index(entity, [row[0] for row in fresh] + rewritten)
        return [each for row in rows if (each := _change(entity, old.get(row["id"]), row))]

    def _update(self, entity: Entity, old: Mapping[str, Row], rows: Sequence[Row]) -> list[str]:
        """Writes the columns that differ alone, so that no index is touched without need; gives what reads otherwise
        in the search index."""
        names, searched = columns_of(entity), {each.name for each in search.searchable_fields(entity)}
        by_columns: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for row in rows:
            before = old[row["id"]]
            changed = tuple([name for name in names if before[name] != row[name]])
            if changed:
                by_columns.setdefault(changed, []).append((*[row[name] for name in changed], row["id"]))
        for changed, values in by_columns.items():
            setting = ", ".join(f'"{name}" = ?' for name in changed)
            self.connection.exec_driver_sql(f'update "{entity.name}" set {setting} where id = ?', values)  # noqa: S608 — names of our own metadata
        return [each[-1] for changed, values in by_columns.items() if searched.intersection(changed) for each in values]

    def _forget(self, erased: Sequence[str]) -> None:
        """What was kept here of persons that were erased on the server: earlier values in history, journal, file."""
        if erased:
            with forgetting.overwriting(self.connection):
                forgetting.rows(self.connection, erased)
            forgetting.owe(self.connection)

    def _index(self, entity: Entity, ids: Sequence[str]) -> None:
        """Few rows are found by search at once, many just after."""
        if len(ids) > INDEXED:
            _queue(self.connection, entity, ids)
        elif ids and search.searchable_fields(entity):
            search.put_rows(self.connection, entity.name, ids)

    def _insert(self, entity: Entity, rows: Sequence[tuple[Any, ...]]) -> None:
        """Writes whole rows, as `columns_of` has them, over those that are here."""
        names = columns_of(entity)
        columns = ", ".join(f'"{name}"' for name in names)
        places = ", ".join("?" * len(names))
        updates = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name != "id")
        self.connection.exec_driver_sql(
            f'insert into "{entity.name}" ({columns}) values ({places}) on conflict (id) do update set {updates}',  # noqa: S608 — names of our own metadata
            rows,
        )

    def _delete(self, entity: Entity, ids: list[str]) -> list[Change]:
        """Takes records away with everything that tells of them: index, history, conflicts, what was acknowledged."""
        old = self._old(entity, ids)
        one = [(each,) for each in ids]
        self.connection.exec_driver_sql(f'delete from "{entity.name}" where id = ?', one)  # noqa: S608 — our own name
        search.drop(self.connection, ids)
        forgetting.rows(self.connection, ids)
        return [each for row in old.values() if (each := _change(entity, row, None))]


def _queue(connection: sa.Connection, entity: Entity, ids: Sequence[str]) -> None:
    """Rows that are indexed for search just after, in order."""
    if ids and search.searchable_fields(entity):
        connection.exec_driver_sql(
            "insert into search_queue (entity, record) values (?, ?) on conflict (record) do nothing",
            [(entity.name, each) for each in ids],
        )


def has_unindexed(connection: sa.Connection) -> bool:
    """Whether rows of a pull still wait for the search index."""
    return connection.exec_driver_sql("select 1 from search_queue limit 1").first() is not None


def index_waiting(connection: sa.Connection, limit: int = 2000) -> int:
    """Indexes rows that a pull brought, oldest first; gives how many still wait."""
    rows = connection.exec_driver_sql("select n, entity, record from search_queue order by n limit ?", (limit,)).all()
    by_entity: dict[str, list[str]] = {}
    for row in rows:
        by_entity.setdefault(row.entity, []).append(row.record)
    for entity, ids in by_entity.items():
        search.put_rows(connection, entity, ids)
        if entity == "account":
            account_keys.refresh_accounts(connection, ids)
    if rows:
        connection.exec_driver_sql("delete from search_queue where n <= ?", (rows[-1].n,))
    return int(connection.exec_driver_sql("select count(*) from search_queue").scalar_one())


def rebuild_caches(connection: sa.Connection) -> None:
    """Every cache anew, when a first download is whole; what finds duplicates follows with the search index."""
    open_amounts.rebuild(connection, keys=False)


def _change(entity: Entity, old: Row | None, new: Row | None) -> Change | None:
    """The difference of two rows as caches and pages are told of it; None for equal ones."""
    record = str((new or old or {})["id"])
    if old is not None and new is not None:
        fields = [each for each in entity.fields if old[each.name] != new[each.name]]
        before, after = ({each.name: wire_of_column(each, row[each.name]) for each in fields} for row in (old, new))
        names = [name for name in after if before[name] != after[name]]
        if not names:
            return None
        before, after = ({name: values[name] for name in names} for values in (before, after))
        return Change("", 0, entity.name, record, Action.UPDATE, before, after, "", "")
    before, after = (
        {each.name: value for each in entity.fields if not is_empty(value := wire_of_column(each, row[each.name]))}
        if row is not None
        else {}
        for row in (old, new)
    )
    action = Action.CREATE if old is None else Action.DELETE
    return Change("", 0, entity.name, record, action, before, after, "", "")
