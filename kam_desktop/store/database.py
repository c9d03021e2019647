"""The one encrypted SQLite file of a profile: how it is opened, and what it refuses."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlcipher3.dbapi2 as driver
from sqlalchemy import event

from kam_desktop.domain.errors import Broken, TooOld, Unavailable
from kam_desktop.store import counting, files, sync_tables, tables

FILE = "data.kam"
LEAST_SQLITE = (3, 51, 3)
"""Older libraries carry a corruption bug of the write-ahead log (fixed upstream in 3.51.3)."""
_BUSY_TIMEOUT_S = 10
_CHECKPOINT_TIMEOUT_MS = 50
"""Who reads for long, in another process too, is not waited for: nobody could save meanwhile."""
_READ_CACHE_KB = 16_000
"""Pages that a reading connection keeps deciphered: SQLite's own 2 MB are read anew with every list."""
_WRITE_CACHE_KB, _SYNC_CACHE_KB = 2_000, 16_000
"""Of the writing one: an edit touches few pages; a sync comes back to the same ones from page to page of an answer."""

if driver.sqlite_version_info < LEAST_SQLITE:  # refuse to run rather than to lose data
    raise Broken(f"SQLite {driver.sqlite_version} is too old; {'.'.join(map(str, LEAST_SQLITE))} is needed.")
# Without an adapter the driver searches for one for every NULL that it binds, which costs a microsecond each.
driver.register_adapter(type(None), {}.get)


def connector(path: Path, key_hex: str, *, write: bool) -> Callable[[], Any]:
    """Makes connections with the raw key; never creates a file by opening it."""
    mode = "rw" if write else "ro"
    uri = f"{path.absolute().as_uri()}?mode={mode}"

    def connect() -> Any:
        connection = driver.connect(
            uri, uri=True, check_same_thread=False, timeout=_BUSY_TIMEOUT_S, isolation_level=None, cached_statements=256
        )
        connection.execute(f"pragma key = \"x'{key_hex}'\"")  # raw key: no key derivation for each connection
        connection.execute("pragma cipher_log_level = none")
        connection.execute("pragma temp_store = memory")
        connection.execute("pragma mmap_size = 0")
        connection.execute("pragma foreign_keys = on")
        connection.create_function(counting.MOVED, 2, counting.moved, deterministic=True)
        if write:
            connection.execute("pragma synchronous = full")  # NORMAL loses saved edits when the power fails
            connection.execute("pragma secure_delete = fast")
            connection.execute(f"pragma cache_size = -{_WRITE_CACHE_KB}")
        else:
            connection.execute("pragma query_only = on")
            connection.execute(f"pragma cache_size = -{_READ_CACHE_KB}")
        return connection

    return connect


def create(path: Path, key_hex: str) -> None:
    """Makes an empty database with the newest schema: after a crash it is there whole, or not at all.

    Raises Broken when the file is already there, Unavailable.
    """
    if path.exists():
        raise Broken("The database file exists already.")
    waiting = path.with_name(path.name + ".new")
    try:
        for suffix in ("", "-wal", "-shm", "-journal"):
            waiting.with_name(waiting.name + suffix).unlink(missing_ok=True)
        os.close(files.create(waiting))
        with translated(waiting):
            connection = connector(waiting, key_hex, write=True)()
            try:
                connection.execute("pragma journal_mode = wal")
                connection.execute("begin immediate")
                for statement in schema_statements():
                    connection.execute(statement)
                connection.execute(f"pragma user_version = {tables.SCHEMA}")
                connection.execute("commit")
            finally:
                connection.close()
        files.sync_file(waiting)
        files.replace(waiting, path)
    except OSError as error:
        raise files.unavailable(error) from error


def schema_statements() -> Iterator[str]:
    """The declared schema as statements; what migrations must arrive at."""
    dialect = sa.create_engine("sqlite://").dialect
    for table in sync_tables.base.metadata.sorted_tables:  # the one of all modules that declare some
        yield str(sa.schema.CreateTable(table).compile(dialect=dialect))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            yield str(sa.schema.CreateIndex(index).compile(dialect=dialect))
    yield from tables.SEARCH_DDL


def schema_version(path: Path, key_hex: str) -> int:
    """The schema number of a database file.

    Raises:
        Unavailable("damaged"): the key is right (its check value said so before) but the file does not open.
        Unavailable("missing"): there is no file; nothing is made in its place.
    """
    if not path.exists() or path.stat().st_size == 0:
        raise Unavailable(
            "database_missing",
            "The data file of this profile is missing. Nothing was made in its place; restore a backup.",
        )
    with translated(path):
        connection = connector(path, key_hex, write=True)()
        try:
            return int(connection.execute("pragma user_version").fetchone()[0])
        finally:
            connection.close()


def refuse_newer(version: int) -> None:
    """Raises TooOld for a schema that a newer program wrote."""
    if version > tables.SCHEMA:
        raise TooOld(
            "newer_schema",
            "This profile was written by a newer version of KAM Desktop (data version {found}; this program knows "
            "{known}). Nothing was changed. Please update the program.",
            found=str(version),
            known=str(tables.SCHEMA),
        )


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns errors of SQLite into ours, by their codes; `path` is the database file."""
    try:
        yield
    except (sa.exc.DBAPIError, driver.Error) as raw:
        error = raw.orig if isinstance(raw, sa.exc.DBAPIError) else raw
        raise _ours(error, path) from raw


def _ours(error: BaseException | None, path: Path) -> Exception:
    code = getattr(error, "sqlite_errorname", "") or ""
    text = str(error)
    # A quota or a limit on file size comes as an I/O error, and the driver does not say of which kind.
    failed = code.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")) or "I/O error" in text or "unable to open" in text
    unclear = failed and path.exists()
    if code.startswith("SQLITE_FULL") or "disk is full" in text or (unclear and files.is_full(path)):
        return Unavailable("disk_full", "The disk is full. Nothing saved is lost; free some space and try again.")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or "is locked" in text:
        return Unavailable("database_busy", "The data file is held by another program. Try again.")
    if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")) or "malformed" in text or "not a database" in text:
        return Unavailable(
            "damaged", "The data file is damaged. It was left as it is; restore the newest backup to go on."
        )
    if code.startswith("SQLITE_IOERR") or "disk I/O error" in text:
        return Unavailable("disk_failed", "The disk reported an error. Stop working and make a backup to another disk.")
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")) or "readonly" in text or "unable to open" in text:
        return Unavailable("disk_denied", "The profile folder cannot be written. Nothing saved is lost.")
    return Broken(f"{type(error).__name__}: {text}")


class Database:
    """An open file: one connection that writes, and several that only read.

    Attributes:
        path: the file.
        key_hex: the data key, for backups of the same file.
    """

    def __init__(self, path: Path, key_hex: str) -> None:
        self.path = path
        self.key_hex = key_hex
        self._writer: sa.Engine | None = None
        self._syncs = False
        self._reader = _engine(connector(path, key_hex, write=False), write=False)

    def open_writer(self) -> None:
        """Opens the connection that writes, and checks what the promises rest on."""
        with translated(self.path):
            self._writer = _engine(connector(self.path, self.key_hex, write=True), write=True)
            with self._writer.connect() as connection:
                mode = connection.exec_driver_sql("pragma journal_mode = wal").scalar()
                sync = connection.exec_driver_sql("pragma synchronous").scalar()
        if mode != "wal" or sync != 2:
            raise Broken(f"The data file refuses safe writing (journal {mode}, synchronous {sync}).")

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One write transaction, alone; committed and on the disk when the block ends."""
        if self._writer is None:
            raise Unavailable("read_only", "This profile is open for reading only.")
        with translated(self.path), self._writer.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One read transaction: everything in it is of the same moment."""
        with translated(self.path), self._reader.begin() as connection:
            yield connection

    def make_room(self, syncs: bool) -> None:
        """While a sync runs the writing connection keeps more pages; afterwards it lets go of them."""
        if self._writer is not None and syncs != self._syncs:
            self._syncs = syncs
            with translated(self.path), contextlib.closing(self._writer.raw_connection()) as connection:
                connection.cursor().execute(f"pragma cache_size = -{_SYNC_CACHE_KB if syncs else _WRITE_CACHE_KB}")

    def checkpoint(self) -> bool:
        """Moves the write-ahead log into the file, as far as no reader needs it; whether the log is empty since."""
        if self._writer is None:
            return False
        with translated(self.path), contextlib.closing(self._writer.raw_connection()) as connection:
            run = connection.cursor().execute
            run(f"pragma busy_timeout = {_CHECKPOINT_TIMEOUT_MS}")
            try:
                return not run("pragma wal_checkpoint(truncate)").fetchone()[0]  # not inside a transaction
            finally:
                run(f"pragma busy_timeout = {_BUSY_TIMEOUT_S * 1000}")

    def close(self) -> None:
        """Closes every connection."""
        self._reader.dispose()
        if self._writer is not None:
            self._writer.dispose()
            self._writer = None


def _engine(connect: Callable[[], Any], *, write: bool) -> sa.Engine:
    engine = sa.create_engine(
        "sqlite://",
        module=driver,
        creator=connect,
        poolclass=sa.pool.QueuePool,
        # One stays open: opening takes a millisecond, and each keeps its pages, most of them the same. One writer:
        # there the pool of one is also its lock.
        pool_size=1,
        max_overflow=0 if write else 7,
        hide_parameters=True,  # no customer's text in an error or a log
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        driver_connection: Any = connection.connection.driver_connection  # by itself: this is asked all the time
        driver_connection.execute("begin immediate" if write else "begin")

    return engine
