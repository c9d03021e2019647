"""What makes the tables of a server's database, or brings older ones to this version, as SQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect

from kam_desktop.server.database import Connection


def missing_tables(connection: Connection, tables: Iterable[sa.Table]) -> list[str]:
    """What makes these tables and their indexes, of those that the database has not.

    Nothing is said of those that it has: even `create index if not exists` would lock a table against its writers.
    """
    dialect: Any = postgresql.dialect() if connection.postgresql else sqlite_dialect.dialect()  # type: ignore[no-untyped-call]
    if connection.postgresql:
        found = connection.rows("select relname from pg_class where relnamespace = current_schema()::regnamespace")
    else:
        found = connection.rows("select name from sqlite_master")
    there = {row[0] for row in found}
    made = []
    for table in tables:
        if table.name not in there:
            made.append(str(sa.schema.CreateTable(table).compile(dialect=dialect)))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            if index.name not in there:
                made.append(str(sa.schema.CreateIndex(index).compile(dialect=dialect)))
    return made


def columns_of(connection: Connection, table: str) -> set[str]:
    """The columns that a table has now; none where it does not exist."""
    if connection.postgresql:
        found = connection.rows(
            "select column_name from information_schema.columns "
            "where table_name = ? and table_schema = current_schema()",
            (table,),
        )
    else:
        found = connection.rows("select name from pragma_table_info(?)", (table,))
    return {row[0] for row in found}


def missing_columns(connection: Connection, tables: Iterable[sa.Table]) -> list[str]:
    """What adds the columns that a newer program has and the database has not (additive, rule 12)."""
    dialect: Any = postgresql.dialect() if connection.postgresql else sqlite_dialect.dialect()  # type: ignore[no-untyped-call]
    made = []
    for table in tables:
        there = columns_of(connection, table.name)
        for column in table.columns if there else ():
            if column.name not in there:
                kind = column.type.compile(dialect=dialect)
                made.append(f'alter table "{table.name}" add column "{column.name}" {kind}')
    return made
