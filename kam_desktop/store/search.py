"""The folded full-text indexes, one an entity: kept with every change, asked with accents or without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from kam_desktop.domain.entities import BY_NAME, ENTITIES
from kam_desktop.domain.entity import Entity, Record
from kam_desktop.domain.fields import Field, Kind
from kam_desktop.domain.text import exact_key, fold, phone_digits, tokens
from kam_desktop.protocol.codec import to_json
from kam_desktop.store.tables import RECORDS, SEARCHED, record_of

CANDIDATES = 200
"""So many newest hits are ranked; a word that is in more records than that wants a second word."""

JOINED_PAGES = 500
"""So many pages of an index are joined in one transaction: 25 ms."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found, and the field that the text was found in."""

    entity: str
    id: str
    title: str
    field: str


def searchable_fields(entity: Entity) -> tuple[Field, ...]:
    """The fields that go into the index."""
    return _SEARCHABLE[entity.name]


_SEARCHABLE = {
    record.entity.name: tuple(each for each in record.entity.fields if each.searchable) for record in ENTITIES
}


def body_of(record: Record) -> str:
    """The folded text of a record as it is indexed; phones also as bare digits."""
    fields = _SEARCHABLE[type(record).entity.name]
    return _body(fields, [getattr(record, each.name) for each in fields])


def _body(fields: Sequence[Field], values: Sequence[Any]) -> str:
    parts: list[str] = []
    phones: list[str] = []
    for each, value in zip(fields, values, strict=True):
        if value:
            texts = [text for text in value if text] if isinstance(value, tuple) else [value]
            parts += texts
            if each.phone:
                phones += map(phone_digits, texts)
    return fold("\n".join(parts)) + "".join("\n" + digits for digits in phones)


def put(connection: sa.Connection, records: Sequence[Record]) -> None:
    """Indexes records anew, whether they were in the index or not."""
    by_entity: dict[str, list[tuple[str, str]]] = {}
    for record in records:
        if _SEARCHABLE[type(record).entity.name]:
            by_entity.setdefault(type(record).entity.name, []).append((record.id, body_of(record)))
    for entity, bodies in by_entity.items():
        _put_bodies(connection, entity, bodies)


def put_rows(connection: sa.Connection, entity: str, ids: Sequence[str]) -> None:
    """Indexes records of one kind anew as their rows stand, those of the ids that are there."""
    fields = _SEARCHABLE[entity]
    columns = ", ".join(f'"{name}"' for name in ("id", *(each.name for each in fields)))
    rows = connection.exec_driver_sql(
        f'select {columns} from "{entity}" where id in (select value from json_each(?))',  # noqa: S608 — our own names
        (to_json(list(ids)),),
    ).all()
    several = [place for place, each in enumerate(fields) if each.kind is Kind.TEXTS]
    bodies = []
    for identity, *values in rows:
        for place in several:
            values[place] = tuple(orjson.loads(values[place])) if values[place] else ()
        bodies.append((identity, _body(fields, values)))
    _put_bodies(connection, entity, bodies)


def _put_bodies(connection: sa.Connection, entity: str, bodies: Sequence[tuple[str, str]]) -> None:
    connection.exec_driver_sql(
        "insert into search_doc (entity, record) values (?, ?) on conflict (record) do nothing",
        [(entity, identity) for identity, _ in bodies],
    ) if bodies else None
    numbers = {record: number for _, record, number in _numbers(connection, [identity for identity, _ in bodies])}
    if bodies:
        connection.exec_driver_sql(_PUT.format(entity), [(numbers[identity], body) for identity, body in bodies])


def join_parts(connection: sa.Connection, entity: str, pages: int = JOINED_PAGES) -> bool:
    """Makes one part of those that an index got one after the other, so that no later change has to; gives whether
    something is left. FTS5 counts two changes at least where it did anything.
    """
    driver: Any = connection.connection.driver_connection
    before = driver.total_changes
    # negative: all parts are put into one line first, where they are not yet
    driver.execute(f"insert into search_{entity} (search_{entity}, rank) values ('merge', ?)", (-pages,))  # noqa: S608 — our own name
    return bool(driver.total_changes - before > 1)


def last_number(connection: sa.Connection) -> int:
    """The number of the record that came into the indexes last: about as many are in them."""
    return int(connection.exec_driver_sql("select max(n) from search_doc").scalar() or 0)


def drop(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Takes records out of the index."""
    by_entity: dict[str, list[tuple[int]]] = {}
    for entity, _, number in _numbers(connection, ids):
        by_entity.setdefault(entity, []).append((number,))
    for entity, numbers in by_entity.items():
        connection.exec_driver_sql(f"delete from search_{entity} where rowid = ?", numbers)  # noqa: S608 — our own name
        connection.exec_driver_sql("delete from search_doc where n = ?", numbers)


def _numbers(connection: sa.Connection, ids: Sequence[str]) -> Iterable[tuple[str, str, int]]:
    rows = connection.exec_driver_sql(
        "select entity, record, n from search_doc where record in (select value from json_each(?))",
        (to_json(list(ids)),),
    )
    yield from ((row[0], row[1], row[2]) for row in rows.all())


def fill(driver: Any) -> None:
    """Fills the empty indexes from the records, through the driver's own connection: as migrations have it."""
    for entity in SEARCHED:
        driver.execute(
            f"insert or ignore into search_doc (entity, record) select '{entity}', id from \"{entity}\" order by n"  # noqa: S608
        )
        rows = driver.execute(f'select t.*, d.n as _doc from "{entity}" t join search_doc d on d.record = t.id')  # noqa: S608
        names = [each[0] for each in rows.description]
        described = BY_NAME[entity]
        found: Iterator[Any] = (dict(zip(names, row, strict=True)) for row in rows)
        driver.executemany(_PUT.format(entity), ((row["_doc"], body_of(record_of(described, row))) for row in found))


_PUT = "insert or replace into search_{} (rowid, body) values (?, ?)"
_NEWEST = "select * from (select rowid n from search_{0} where search_{0} match :words order by rowid desc limit :most)"


def holding(entity: str) -> str:
    """The statement for the ids of an entity's records that hold `:words` (`match_expression`); without searchable
    fields, for none."""
    if entity not in SEARCHED:
        return "select record from search_doc where 0 and :words"
    return (
        f"select d.record from search_{entity} s join search_doc d on d.n = s.rowid where search_{entity} match :words"  # noqa: S608
    )


def numbers_holding(entity: str) -> str:
    """The statement for one JSON list of the same records' numbers; of an entity with searchable fields."""
    return f"select json_group_array(rowid) from search_{entity} where search_{entity} match :words"  # noqa: S608 — our own name


def match_expression(text: str) -> str:
    """The FTS5 expression for a typed text: every word, each as a beginning; "" when there is no word."""
    return " ".join(f'"{token}"*' for token in tokens(text))


def find(connection: sa.Connection, text: str, limit: int, entities: Sequence[str] = ()) -> list[Hit]:
    """Records that hold all words of the text, newest 200 candidates ranked.

    With accents typed, those that hold them exactly come first; then hits in the title; then the newest.
    """
    expression = match_expression(text)
    if not expression:
        return []
    among = " union all ".join(_NEWEST.format(each) for each in SEARCHED if not entities or each in entities)
    if not among:
        return []
    rows = connection.execute(
        sa.text(
            f"select d.entity, d.record from (select n from ({among}) order by n desc limit :most) s "  # noqa: S608
            "join search_doc d on d.n = s.n order by s.n desc"
        ),
        {"words": expression, "most": CANDIDATES},
    ).all()
    wanted: dict[str, list[str]] = {}
    for entity, record in rows:
        wanted.setdefault(entity, []).append(record)
    ranked: list[tuple[tuple[int, int, int], Hit]] = []
    order = {record: place for place, (_, record) in enumerate(rows)}
    exact, words = exact_key(text), tokens(text)
    for entity, ids in wanted.items():
        table, described = RECORDS[entity], BY_NAME[entity]
        for row in connection.execute(sa.select(table).where(table.c.id.in_(ids))).mappings():
            record = record_of(described, row)
            title = str(getattr(record, described.title))
            field = _field_found(record, words, exact)
            in_title = 0 if field == described.title else 1
            accents = 0 if exact in exact_key(_text_of(record)) else 1
            ranked.append(((accents, in_title, order[record.id]), Hit(entity, record.id, title, field)))
    ranked.sort(key=lambda each: each[0])
    return [hit for _, hit in ranked[:limit]]


def _text_of(record: Record) -> str:
    values = (getattr(record, each.name) for each in searchable_fields(type(record).entity))
    return "\n".join(" ".join(value) if isinstance(value, tuple) else value for value in values)


def _field_found(record: Record, words: Sequence[str], exact: str) -> str:
    """The field with the exact text, else with most of the words; the title wins a tie."""
    entity = type(record).entity
    best, best_score = entity.title, -1
    for each in searchable_fields(entity):
        value = getattr(record, each.name)
        text = " ".join(value) if isinstance(value, tuple) else value
        folded = fold(text) + (" " + phone_digits(text) if each.phone else "")
        score = 2 * sum(word in folded for word in words)
        score += (1 if exact in exact_key(text) else 0) + (1 if each.name == entity.title and score else 0)
        if score > best_score:
            best, best_score = each.name, score
    return best
