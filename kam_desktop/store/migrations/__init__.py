"""Brings an older database to the newest schema: a verified backup first, then all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Broken, Unavailable
from kam_desktop.store import backup, database, tables
from kam_desktop.store.backup import Backup
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.database import Database
from kam_desktop.store.migrations.to_2 import to_2


@dataclass(frozen=True)
class Migration:
    """One step from a schema to the next.

    Attributes:
        to: the number of the schema that it arrives at; each step adds one.
        run: changes the tables through the connection it is given, inside the one transaction of all steps. It never
            touches the outbox or the journal: their bytes are as they were written.
    """

    to: int
    run: Callable[[Any], None]


MIGRATIONS: tuple[Migration, ...] = (Migration(2, to_2),)
"""All steps since schema 1, in order; a released one is never changed."""


class _Waiting:
    """The profile as it waits for its migration, for the backup before it."""

    def __init__(self, folder: Path, key: DataKey, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock
        self.database = Database(folder / database.FILE, key.hex())


def migrate(
    folder: Path, key: DataKey, clock: Clock, steps: Sequence[Migration] = MIGRATIONS, newest: int = tables.SCHEMA
) -> Backup | None:
    """Brings the profile's database to the newest schema; None if it is there already.

    The caller holds the profile's lock and has it closed. First a verified backup, then every step, a check of the
    whole database, and the new number, in one transaction: after a crash or a failure the old data is there as it was.
    Raises TooOld for a newer schema (nothing is touched), Unavailable (`disk_full`, `damaged`), Broken for a step that
    fails.
    """
    path = folder / database.FILE
    version = database.schema_version(path, key.hex())
    database.refuse_newer(version)
    if version == newest:
        return None
    wanted = [step for step in steps if step.to > version]
    if [step.to for step in wanted] != list(range(version + 1, newest + 1)):
        raise Broken(f"No way leads from data version {version} to {newest}. Nothing was changed.")
    source = _Waiting(folder, key, clock)
    try:
        made = backup.backup_to(source, backup.own_place(source, f"migration-from-{version}"), "migration")
    finally:
        source.database.close()
    with database.translated(path):
        connection = database.connector(path, key.hex(), write=True)()
        try:
            connection.execute("pragma foreign_keys = off")
            connection.execute("begin immediate")
            _run(connection, wanted)
            connection.execute(f"pragma user_version = {newest:d}")
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        finally:
            connection.close()
    return made


def _run(connection: Any, steps: Sequence[Migration]) -> None:
    for step in steps:
        try:
            step.run(connection)
        except driver.DatabaseError as error:
            if isinstance(error, driver.OperationalError) and "full" in str(error):
                raise
            message = f"The data could not be brought to version {step.to}: {error}. Your data has not been modified."
            raise Broken(message) from error
    if not connection.in_transaction:
        raise Broken("A migration ended its transaction.")
    found = [row[0] for row in connection.execute("pragma integrity_check").fetchall() if row[0] != "ok"]
    if found:
        raise Unavailable("damaged", "The data is damaged and was not changed. Restore the newest backup.")


def declared(connection: Any) -> None:
    """Makes the declared schema in an empty database."""
    for statement in database.schema_statements():
        connection.execute(statement)


def shape(connection: Any) -> dict[str, Any]:
    """What a schema is, without the order of columns and the words it was made with; for comparing two."""
    found: dict[str, Any] = {}
    rows = connection.execute("select type, name, tbl_name, sql from sqlite_master order by name").fetchall()
    for kind, name, table, sql in rows:
        if kind == "table" and not sql.lower().startswith("create virtual"):
            columns = connection.execute(f'pragma table_xinfo("{name}")').fetchall()
            found[f"table {name}"] = {row[1]: tuple(row[2:]) for row in columns}
            found[f"table {name} counts up"] = "autoincrement" in sql.lower()
        elif kind == "index" and sql:
            columns = connection.execute(f'pragma index_xinfo("{name}")').fetchall()
            where = sql.lower().partition(" where ")[2]
            found[f"index {name}"] = (table, [(row[2], row[3]) for row in columns if row[5]], " ".join(where.split()))
        elif sql:
            found[f"{kind} {name}"] = " ".join(sql.split())
        else:
            columns = connection.execute(f'pragma index_xinfo("{name}")').fetchall()
            found.setdefault(f"unique in {table}", set()).add(tuple(row[2] for row in columns if row[5]))
    return found
