"""Questions to the store: records, lists of ids, pages, and search; nothing here changes anything."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

import orjson
import sqlalchemy as sa

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.entity import Entity, Record
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.query import Op, Order, Query, Where, check
from kam_desktop.store import search
from kam_desktop.store.memory import Memory
from kam_desktop.store.search import Hit
from kam_desktop.store.tables import RECORDS, column_value, preference, record_of

R = TypeVar("R", bound=Record)
_CHUNK = 500


class Reader:
    """One moment of the store. Made by `Store.reader()` and by a unit of work; not kept.

    Attributes:
        memory: what was computed for earlier readers of the same store; none in a unit of work, which sees its own
            unsaved writes.
    """

    def __init__(self, connection: sa.Connection, memory: Memory | None = None) -> None:
        self.connection = connection
        self.memory = memory

    def get(self, record: type[R], identity: str) -> R | None:
        """The record of that id, or None."""
        return self.many(record, [identity]).get(identity)

    def many(self, record: type[R], ids: Iterable[str]) -> dict[str, R]:
        """The records of those ids, as far as they exist."""
        entity, wanted = record.entity, list(ids)
        table = RECORDS[entity.name]
        found: dict[str, R] = {}
        for start in range(0, len(wanted), _CHUNK):
            statement = sa.select(table).where(table.c.id.in_(wanted[start : start + _CHUNK]))
            for row in self.connection.execute(statement).mappings():
                found[row["id"]] = cast(R, record_of(entity, row))
        return found

    def all(self, query: Query) -> list[Record]:
        """Every record that answers the query, in its order."""
        entity = BY_NAME[query.entity]
        table = RECORDS[query.entity]
        rows = self.connection.execute(self._statement(query, [*table.c])).mappings()
        return [record_of(entity, row) for row in rows]

    def ids(self, query: Query) -> list[str]:
        """The ids of the whole answer in its order: what a list of any length is made of."""
        statement = self._statement(query, [RECORDS[query.entity].c.id])
        return list(self.connection.execute(statement).scalars().all())

    def matching(self, entity: str, text: str) -> set[str]:
        """The ids of an entity's records that hold all words of the text, as `Query.text` finds them."""
        expression = search.match_expression(text)
        return {row[0] for row in self.sql(search.holding(entity), {"words": expression})} if expression else set()

    def matching_numbers(self, entity: str, text: str) -> list[int]:
        """The same by their numbers in the search index (`search_doc.n`); without a row for each of them."""
        expression = search.match_expression(text)
        rows = self.sql(search.numbers_holding(entity), {"words": expression}) if expression else ()
        return cast(list[int], orjson.loads(rows[0][0])) if rows else []

    def count(self, query: Query) -> int:
        """How many records answer the query."""
        inner = self._statement(Query(query.entity, query.where, (), query.text), [RECORDS[query.entity].c.id])
        inner = inner.order_by(None)  # an order would keep SQLite from counting in an index
        return int(self.connection.execute(sa.select(sa.func.count()).select_from(inner.subquery())).scalar_one())

    def page(self, query: Query, limit: int, after: Record | None = None) -> list[Record]:
        """The next records after one already seen, by keyset: as fast on the last page as on the first."""
        entity = BY_NAME[query.entity]
        statement = self._statement(query, [*RECORDS[query.entity].c])
        if after is not None:
            statement = statement.where(self._beyond(query, entity, after))
        rows = self.connection.execute(statement.limit(limit)).mappings()
        return [record_of(entity, row) for row in rows]

    def every(self, record: type[R]) -> Iterator[tuple[R, str | None]]:
        """Every record of an entity in the order of ids, with its unknown extra fields as JSON; a few in memory."""
        entity = record.entity
        table = RECORDS[entity.name]
        rows = self.connection.execute(sa.select(table).order_by(table.c.id)).mappings()
        for part in rows.partitions(_CHUNK):
            for row in part:
                yield cast(R, record_of(entity, row)), row["_extra"]

    def children(self, record: type[R], field: str, parent: str, order: Sequence[Order] = (Order("title"),)) -> list[R]:
        """All records of an entity whose reference `field` points to `parent`."""
        query = Query(record.entity.name, (Where(field, Op.IS, parent),), tuple(order))
        return cast(list[R], self.all(query))

    def find(self, text: str, limit: int = 50, entities: Sequence[str] = ()) -> list[Hit]:
        """Search over everything, with accents or without."""
        return search.find(self.connection, text, limit, entities)

    def extra(self, entity: str, identity: str) -> str | None:
        """Fields of a newer program that this one keeps without knowing them, as JSON."""
        table = RECORDS[entity]
        return self.connection.execute(sa.select(table.c["_extra"]).where(table.c.id == identity)).scalar_one_or_none()

    def preference(self, key: str) -> str | None:
        """A remembered setting of this laptop (geometry, recent lists, answers)."""
        return self.connection.execute(
            sa.select(preference.c.value).where(preference.c.key == key)
        ).scalar_one_or_none()

    def preferences(self, beginning: str = "") -> dict[str, str]:
        """All remembered settings whose key begins so."""
        rows = self.connection.execute(sa.select(preference.c.key, preference.c.value).order_by(preference.c.key))
        return {row.key: row.value for row in rows if row.key.startswith(beginning)}

    def sql(self, statement: str, values: Mapping[str, Any] | None = None) -> Sequence[tuple[Any, ...]]:
        """Rows of a fixed statement of ours (figures); values only through parameters.

        Asked of the driver itself: a hundred thousand plain tuples come three times as fast.
        """
        driver: Any = self.connection.connection.driver_connection
        return cast(Sequence[tuple[Any, ...]], driver.execute(statement, dict(values or {})).fetchall())

    def each(self, statement: str, values: Mapping[str, Any] | None = None) -> Iterator[tuple[Any, ...]]:
        """The same one row after the other, for tables that are read from end to end."""
        driver: Any = self.connection.connection.driver_connection
        return cast(Iterator[tuple[Any, ...]], driver.execute(statement, dict(values or {})))

    def _statement(self, query: Query, columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
        entity = BY_NAME[query.entity]
        check(query, entity)
        table = RECORDS[query.entity]
        statement = sa.select(*columns).where(*(_condition(table, entity, each) for each in query.where))
        if query.text.strip():
            expression = search.match_expression(query.text)
            found = sa.text(search.holding(query.entity)).bindparams(words=expression or '""')
            statement = statement.where(table.c.id.in_(found.columns(sa.column("record")).scalar_subquery()))
        for each in query.order:
            column = table.c["_sort" if each.field == "title" else each.field]
            statement = statement.order_by(column.desc() if each.descending else column.asc())
        return statement.order_by(table.c.id)

    def _beyond(self, query: Query, entity: Entity, after: Record) -> sa.ColumnElement[bool]:
        table = RECORDS[query.entity]
        row = self.connection.execute(sa.select(table).where(table.c.id == after.id)).mappings().one_or_none()
        if row is None:
            raise LookupError(f"the record to go on from is gone: {after.id}")
        keys = [(table.c["_sort" if each.field == "title" else each.field], each.descending) for each in query.order]
        keys.append((table.c.id, False))
        clauses = []
        for place, (column, descending) in enumerate(keys):
            value = row[column.name]
            same = [_is(other, row[other.name]) for other, _ in keys[:place]]
            clauses.append(sa.and_(*same, _further(column, value, descending)))
        return sa.or_(*clauses)


def _is(column: sa.Column[Any], value: Any) -> sa.ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def _further(column: sa.Column[Any], value: Any, descending: bool) -> sa.ColumnElement[bool]:
    """What stands after a value; SQLite puts NULL before every value."""
    if descending:
        return sa.false() if value is None else sa.or_(column < value, column.is_(None))
    return column.is_not(None) if value is None else column > value


def _condition(table: sa.Table, entity: Entity, where: Where) -> sa.ColumnElement[bool]:
    column = table.c[where.field]
    if where.field == "id":
        wanted = where.value
    else:
        each = entity.field(where.field)
        wanted = (
            [column_value(each, value) for value in where.value]
            if where.op is Op.ONE_OF
            else None
            if where.value is None
            else column_value(each, where.value)
        )
        empty: sa.ColumnElement[bool] = column.is_(None)
        if each.kind not in (Kind.INTEGER, Kind.MONEY):
            empty = sa.or_(empty, column == "")  # two steps into an index; a function over the column reads every row
        if where.op is Op.EMPTY:
            return empty
        if where.op is Op.FILLED:
            return sa.not_(empty)
    return _COMPARE[where.op](column, wanted)


_COMPARE: dict[Op, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    Op.IS: _is,
    Op.IS_NOT: lambda column, value: column.is_distinct_from(value),
    Op.BELOW: operator.lt,
    Op.AT_MOST: operator.le,
    Op.ABOVE: operator.gt,
    Op.AT_LEAST: operator.ge,
    Op.ONE_OF: lambda column, value: column.in_(value),
}
