"""One door to the server's database, SQLite or PostgreSQL: transactions, plain SQL, rows in bulk."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict

from kam_desktop.domain.errors import Unavailable
from kam_desktop.server.patience import Patience

LEAST_SQLITE = (3, 51, 3)
"""Older libraries can damage a database in WAL mode when a checkpoint races a commit."""
NEWS = "kam_news"
"""The channel on which PostgreSQL tells the processes of this database that something was committed."""
_CONNECTING: dict[str, Any] = {
    "application_name": "kam-server", "connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10,
    "keepalives_count": 3, "tcp_user_timeout": 30_000,
}  # fmt: skip
"""How PostgreSQL is talked to where the address of the database says nothing else of it: a host that is gone without a
word is found out. Times in s, tcp_user_timeout in ms."""
_GONE = (
    psycopg.OperationalError, psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout, psycopg.errors.ReadOnlySqlTransaction,
)  # fmt: skip
"""The connection is lost, or leads to a server that another one has taken over from."""
_MAKING = 7_310_579
"""The number of the lock under which tables are made; it must stay, so that old and new programs wait for another."""
Row = tuple[Any, ...]


class Again(Exception):
    """Another transaction was in the way; this one was taken back whole and may simply be done again."""


class Connection:
    """One transaction's connection. SQL has `?` for values in both dialects.

    Attributes:
        postgresql: whether locks, COPY and arrays are to be had.
        driver: the connection of sqlite3, sqlcipher3 or psycopg.
    """

    def __init__(self, driver: Any, is_postgresql: bool, *, writes: bool = True) -> None:
        self.driver = driver
        self.postgresql = is_postgresql
        # SQLite has one writer at a time; a reader locks nothing
        self.for_update = " for update" if is_postgresql and writes else ""
        self.for_share = " for share" if is_postgresql and writes else ""

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows that a statement gives."""
        found: list[Row] = self._execute(statement, values).fetchall()
        return found

    def one(self, statement: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row, or None."""
        found: Row | None = self._execute(statement, values).fetchone()
        return found

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Does it; the number of rows that it touched."""
        return int(self._execute(statement, values).rowcount)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Does it for each row of values."""
        if self.postgresql:
            with self.driver.cursor() as cursor:
                cursor.executemany(_percent(statement), rows)
        else:
            self.driver.executemany(statement, rows)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Inserts new rows in bulk."""
        names = ", ".join(f'"{name}"' for name in columns)
        if self.postgresql:
            with self.driver.cursor() as cursor, cursor.copy(f'copy "{table}" ({names}) from stdin') as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join("?" * len(columns))
            self.driver.executemany(f'insert into "{table}" ({names}) values ({places})', rows)  # noqa: S608

    def update(self, table: sa.Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Writes columns of many rows, each named by the id that stands last in its values."""
        if not self.postgresql or len(rows) < 3:
            setting = ", ".join(f'"{name}" = ?' for name in columns)
            self.many(f'update "{table.name}" set {setting} where id = ?', rows)  # noqa: S608
            return
        # one statement instead of one a row: the values travel as arrays
        kinds = [_ARRAYS.get(type(table.c[name].type), "text[]") for name in (*columns, "id")]
        arrays = ", ".join(f"?::{kind}" for kind in kinds)
        names = ", ".join(f"v{place}" for place in range(len(kinds)))
        setting = ", ".join(f'"{name}" = v{place}' for place, name in enumerate(columns))
        self.run(
            f'update "{table.name}" r set {setting} from unnest({arrays}) as v({names}) '  # noqa: S608
            f"where r.id = v{len(columns)}",
            [list(column) for column in zip(*rows, strict=True)],
        )

    def among(self, column: str, values: Iterable[str]) -> tuple[str, Any]:
        """A condition that a column is one of many texts, and the one value that goes with it."""
        if self.postgresql:
            return f"{column} = any(?)", list(values)
        return column + " in (select value from json_each(?))", orjson.dumps(list(values)).decode()  # noqa: S608

    def lock_making(self) -> None:
        """Waits until no other process makes tables, and keeps others from it until the end of the transaction."""
        if self.postgresql:
            self.driver.execute("set local statement_timeout = 0")  # an index over many rows takes its time
            self.driver.execute("set local lock_timeout = 0")
            self.driver.execute("select pg_advisory_xact_lock(%s)", (_MAKING,))

    def tell(self, channel: str) -> None:
        """Has PostgreSQL tell who listens there, when and only if this transaction is committed."""
        if self.postgresql:
            self.driver.execute("select pg_notify(%s, '')", (channel,))

    def _execute(self, statement: str, values: Sequence[Any]) -> Any:
        if self.postgresql:
            return self.driver.execute(_percent(statement), values or None)
        return self.driver.execute(statement, values)


_ARRAYS: dict[type, str] = {sa.BigInteger: "bigint[]", sa.Integer: "integer[]", sa.LargeBinary: "bytea[]"}


@cache
def _percent(statement: str) -> str:
    return statement.replace("%", "%%").replace("?", "%s") if "?" in statement else statement


class Database:
    """The database of one workspace, for all threads of a process.

    `sqlite:///path` has one writer at a time; `postgresql+psycopg://…` as many processes as you like.
    """

    def __init__(self, url: str, most: int = 0, patience: Patience | None = None) -> None:
        """`most`: so many connections at once, 0 for any number. Raises Unavailable for an address that is none."""
        self.url, self.patience, self.used = url, patience or Patience(), 0
        self._room = threading.BoundedSemaphore(most) if most else None
        self.postgresql = url.startswith("postgresql")
        self._idle: list[Any] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._errors: tuple[type[Exception], ...] = ()
        if not self.postgresql and not url.startswith("sqlite:///"):
            raise Unavailable("database_url", "The address of the database is not understood.")
        self._library = None if self.postgresql else _sqlite_library()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: committed at the end, taken back on any exception. Raises Again or Unavailable."""
        if self.postgresql:
            with self._transaction("begin isolation level read committed") as connection:
                yield connection
        else:
            if not self._writing.acquire(timeout=self.patience.pool_s + self.patience.lock_s):
                raise Unavailable("database", "The database does not answer.")
            try:
                with self._transaction("begin immediate") as connection:
                    yield connection
            finally:
                self._writing.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One moment of the database, to read from."""
        begin = "begin isolation level repeatable read read only" if self.postgresql else "begin"
        with self._transaction(begin) as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        if self._room is not None and not self._room.acquire(timeout=self.patience.pool_s):
            raise Unavailable("database", "The database does not answer.")
        with self._lock:
            self.used += 1
        try:
            with self._begun_transaction(begin) as connection:
                yield connection
        finally:
            with self._lock:
                self.used -= 1
            if self._room is not None:
                self._room.release()

    @property
    def idle(self) -> int:
        """How many connections stand idle; `used` are in a transaction."""
        return len(self._idle)

    @contextmanager
    def _begun_transaction(self, begin: str) -> Iterator[Connection]:
        driver = self._begun(begin)
        sound = False
        try:
            try:
                yield Connection(driver, self.postgresql, writes="read only" not in begin)
                driver.execute("commit")
            except BaseException:
                if not self.postgresql or not driver.broken:
                    driver.execute("rollback")
                raise
            sound = True
        except self._failures() as error:
            raise self._translated(error) from error
        except BaseException:
            sound = not self.postgresql or not driver.broken
            raise
        finally:
            if sound:
                with self._lock:
                    self._idle.append(driver)
            else:
                driver.close()

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What the driver raises where a file is no sound database."""
        return self._failures()

    def _failures(self) -> tuple[type[Exception], ...]:
        return (psycopg.Error,) if self.postgresql else (self._library.Error,)  # type: ignore[union-attr]

    def _translated(self, error: Exception) -> Exception:
        if isinstance(error, psycopg.Error):
            if isinstance(
                error,
                psycopg.errors.UniqueViolation | psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure,
            ):
                return Again(str(error))
            if isinstance(error, _GONE):
                return Unavailable("database", "The database does not answer.")
            return error
        code = getattr(error, "sqlite_errorname", "") or str(error)
        if "BUSY" in code or "locked" in code:
            return Again(str(error))
        if "FULL" in code or "IOERR" in code or "full" in code or "I/O" in code:
            return Unavailable("database", "The database cannot be written: its disk is full or faulty.")
        return error

    def _begun(self, begin: str) -> Any:
        """A connection with its transaction begun. One that died while it stood idle is replaced, and is no failure."""
        while True:
            with self._lock:
                driver = self._idle.pop() if self._idle else None
            fresh = driver is None
            try:
                driver = self._connect() if driver is None else driver
                driver.execute(begin)
                return driver
            except self._failures() as error:
                if driver is not None:
                    driver.close()
                if fresh or not self.postgresql:
                    raise self._translated(error) from error

    @contextmanager
    def alone(self) -> Iterator[Any]:
        """A connection outside the pool, without a transaction. Raises Unavailable."""
        try:
            driver = self._connect()
        except self._failures() as error:
            raise self._translated(error) from error
        try:
            yield driver
        finally:
            driver.close()

    def _connect(self) -> Any:
        if self.postgresql:
            address = re.sub(r"^postgresql(\+psycopg)?:", "postgresql:", self.url)
            given = conninfo_to_dict(address)
            lock_ms, statement_ms = (round(1000 * each) for each in (self.patience.lock_s, self.patience.statement_s))
            # a process that was frozen in the middle keeps its locks from the others no longer than 60 s
            options = f"-c idle_in_transaction_session_timeout=60s -c lock_timeout={lock_ms} " \
                      f"-c statement_timeout={statement_ms}"  # fmt: skip
            return psycopg.connect(autocommit=True, **{**_CONNECTING, "options": options, **given})
        path = self.url.removeprefix("sqlite:///")
        library: Any = self._library
        driver = library.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=self.patience.lock_s
        )
        for pragma in ("journal_mode = wal", "synchronous = full", "wal_autocheckpoint = 4000", "cache_size = -65536"):
            driver.execute(f"pragma {pragma}")
        driver.execute("pragma mmap_size = 0")
        if path != ":memory:":
            Path(path).chmod(0o600)
        return driver

    def copy_to(self, file: Path) -> None:
        """A copy of a SQLite database as it is at this moment, in a new file; others go on reading and writing."""
        library: Any = self._library
        try:
            reading, writing = self._connect(), library.connect(str(file), isolation_level=None)
            try:
                writing.execute("pragma synchronous = off")  # nobody opens it before it is synced as a whole
                reading.backup(writing)
                writing.execute("pragma journal_mode = delete")
            finally:
                writing.close()
                reading.close()
        except self._failures() as error:
            raise self._translated(error) from error

    @contextmanager
    def held_alone(self) -> Iterator[None]:
        """Nobody else has the SQLite database open meanwhile, and its log is emptied into it. Raises Again."""
        self.close()
        try:
            driver = self._connect()
            try:
                driver.execute("pragma busy_timeout = 200")
                driver.execute("pragma locking_mode = exclusive")
                driver.execute("begin exclusive")
                driver.execute("commit")
                if driver.execute("pragma journal_mode = delete").fetchone()[0] != "delete":
                    raise Again("somebody has it open")
                driver.execute("begin exclusive")
                yield
                driver.execute("rollback")
            finally:
                driver.close()
        except self._failures() as error:
            raise self._translated(error) from error

    def sweep(self) -> None:
        """What was overwritten or deleted goes out of the files too: free pages, old versions, SQLite's own log.

        PostgreSQL's log (WAL) and backups keep it until they are rotated out. Waits for nobody; raises Again.
        """
        with self.alone() as driver:
            try:
                driver.execute("vacuum")
                if not self.postgresql:
                    driver.execute("pragma wal_checkpoint(truncate)")
            except self._failures() as error:
                raise self._translated(error) from error

    def close(self) -> None:
        """Closes what stands idle; a transaction that is under way closes itself."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()


def _sqlite_library() -> Any:
    """The interpreter's own SQLite where it is new enough, else the one of the laptop's store, without a key."""
    library: Any = sqlite3
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        from sqlcipher3 import dbapi2

        library = dbapi2
    if library.sqlite_version_info < LEAST_SQLITE:
        raise Unavailable("sqlite_too_old", "The SQLite library is older than 3.51.3 and can damage a database.")
    # Without an adapter the driver searches for one for every NULL that it binds, which costs a microsecond each.
    library.register_adapter(type(None), {}.get)
    return library
