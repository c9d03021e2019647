"""Backups of the server: one verified file, made while it serves; put back into a database."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import IO, Any

from kam_desktop import __version__
from kam_desktop.config import resources
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.policy import Policy
from kam_desktop.language import N_
from kam_desktop.server import change_log, dumping, fence, tables, workspace
from kam_desktop.server.database import Again, Connection, Database

SUFFIX = ".kamserver"
FORMAT = 1
_ABOUT, _DATA = "backup.json", "data"
_CHUNK_BYTES = 1 << 20
_LARGEST_ABOUT_BYTES = 1 << 20


@dataclass(frozen=True)
class Backup:
    """A backup file that was read back whole.

    Attributes:
        kind: sqlite or postgresql.
        seq: the newest number in it; what was written after it is not.
        tables: rows by table.
    """

    path: Path
    kind: str
    workspace: str
    epoch: int
    seq: int
    made_at: str
    tables: Mapping[str, int]
    size: int


@dataclass(frozen=True)
class Restored:
    """What a restore did; `before` is the backup of what was there, or where its damaged files went."""

    workspace: workspace.Workspace
    backup: Backup
    before: Path | None


def make(database: Database, target: Path, clock: Clock) -> Backup:
    """Makes a backup of this moment; laptops go on syncing. `target` is a new file, or a folder for one.

    The file gets its name only after all of it was read back: its sum, the integrity of the database in it, the rows
    of every table, and the mark of the log. Raises Refused `file_exists`, `damaged`; Unavailable.
    """
    if target.is_dir():
        stamp = clock.now().astimezone(UTC).strftime("%Y-%m-%d-%H%M%S")
        target = target / f"kam-server-{stamp}{SUFFIX}"
    if target.exists():
        raise Refused(Problem("file", "file_exists", N_("{path} exists already; name a new file."),
                              {"path": str(target)}))  # fmt: skip
    waiting = target.with_name(target.name + ".new")
    with _disk(), _workshop(target.parent) as work:
        raw = work / _DATA
        if database.postgresql:
            with dumping.frozen(database) as (connection, snapshot):
                about = _about(connection, "postgresql", clock)
                dumping.dump(database.url, raw, snapshot)
        else:
            _room(target.parent, 2 * Path(database.url.removeprefix("sqlite:///")).stat().st_size)
            database.copy_to(raw)
            about = _sleeping(raw, clock)
        about |= {"sha256": _sum_of(raw.open("rb")), "bytes": raw.stat().st_size}
        try:
            _pack(waiting, about, raw)
            raw.unlink()
            verify(waiting)
            os.replace(waiting, target)
            _sync_folder(target.parent)
        except BaseException:
            waiting.unlink(missing_ok=True)
            raise
    return read(target)


def read(file: Path) -> Backup:
    """What a backup says about itself. Raises Refused `not_a_backup`, `newer_backup`."""
    with _opened(file) as archive:
        about = _told(archive, file)
    return Backup(
        file, about["kind"], about["workspace"], about["epoch"], about["seq"], about["made_at"], about["tables"],
        file.stat().st_size,
    )  # fmt: skip


def verify(file: Path) -> Backup:
    """Reads all of a backup, beside it on the same disk, and leaves nothing there. Raises Refused `damaged_backup`."""
    with _disk(), _workshop(file.parent) as work:
        _unpack(file, work / _DATA)
    return read(file)


def restore(
    database: Database, file: Path, as_: str, clock: Clock, ids: Ids, *, replace: bool = False
) -> Restored:  # fmt: skip
    """Puts a backup into a database that no server has open, and says what it is: production or copy.

    The backup is read back whole before anything is touched. What is in the database stays unless `replace`; then it is
    backed up first, beside the database or, with PostgreSQL, beside the backup. A crash leaves the old or the new data.
    Raises Refused `not_empty`, `other_kind`, `damaged_backup`; Unavailable `in_use`.
    """
    found = read(file)
    if found.kind != ("postgresql" if database.postgresql else "sqlite"):
        raise Refused(Problem("database", "other_kind", N_("This backup is of {kind}; name such a database."),
                              {"kind": found.kind}))  # fmt: skip
    place = file.parent if database.postgresql else Path(database.url.removeprefix("sqlite:///")).parent
    with _disk(), _workshop(place) as work:
        raw = work / _DATA
        _unpack(file, raw)
        there = _there(database)
        if there and not replace:
            message = N_("There is a workspace in this database already. With --replace it is backed up and replaced.")
            raise Refused(Problem("database", "not_empty", message))
        if database.postgresql:
            before = _before(database, place, clock) if there else None
            dumping.refuse_in_use(database)
            with database.write() as connection:
                fence.take_down(connection)
            dumping.load(database, raw, clean=there)
            with database.write() as connection:
                fence.put_up(connection, Policy.read((resources() / "policy.toml").read_text("utf-8")))
                made = workspace.restore(connection, as_, clock, ids)
        else:
            before, made = _swap(database, raw, as_, clock, ids)
    with database.read() as connection:
        _compare(_counts(connection), found.tables, file, but=("session", "access_token", "device", "workspace"))
    return Restored(made, found, before)


def _swap(
    database: Database, raw: Path, as_: str, clock: Clock, ids: Ids
) -> tuple[Path | None, workspace.Workspace]:  # fmt: skip
    """The unpacked database in the place of the present one, its new epoch already in it."""
    fresh = Database(f"sqlite:///{raw}")
    try:
        with fresh.write() as connection:
            made = workspace.restore(connection, as_, clock, ids)
        with fresh.held_alone():
            pass
    finally:
        fresh.close()
    _sync_file(raw)
    path = Path(database.url.removeprefix("sqlite:///"))
    before = None
    if path.exists():
        before = _before(database, path.parent, clock)
        database.close()
        if before is None:
            stamp = clock.now().astimezone(UTC).strftime("%Y-%m-%d-%H%M%S")
            before = path.with_name(f"before-{stamp}-{path.name}")
            shutil.copy2(path, before)
        else:
            try:
                with database.held_alone():
                    pass
            except Again:
                before.unlink()
                raise in_use() from None
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    os.replace(raw, path)
    _sync_folder(path.parent)
    return before, made


def in_use() -> Unavailable:
    """A server runs on the database."""
    return Unavailable("in_use", N_("A server has this database open. Stop it first."))


def _before(database: Database, folder: Path, clock: Clock) -> Path | None:
    """A backup of what is to be replaced; None where it is damaged and none can be made."""
    stamp = clock.now().astimezone(UTC).strftime("%Y-%m-%d-%H%M%S")
    if not database.postgresql:
        path = Path(database.url.removeprefix("sqlite:///"))
        if not path.stat().st_size:
            return None
    try:
        return make(database, folder / f"before-{stamp}{SUFFIX}", clock).path
    except Refused as refused:
        if refused.problems[0].code == "file_exists":
            raise
        return None
    except database.errors:
        return None


def _there(database: Database) -> bool:
    if not database.postgresql:
        path = Path(database.url.removeprefix("sqlite:///"))
        return path.exists() and path.stat().st_size > 0
    with database.read() as connection:
        return workspace.exists(connection)


def _sleeping(raw: Path, clock: Clock) -> dict[str, Any]:
    """What the manifest of a copied file says. The copy itself serves nobody until `restore` says what it is."""
    copy = Database(f"sqlite:///{raw}")
    try:
        with copy.read() as connection:
            about = _about(connection, "sqlite", clock)
        with copy.write() as connection:
            workspace.set_back(connection)
        with copy.held_alone():
            pass
    finally:
        copy.close()
    return about


def _about(connection: Connection, kind: str, clock: Clock) -> dict[str, Any]:
    found = workspace.read(connection)
    if change_log.link_at(connection, found.seq).hex() != found.hash:
        message = N_("The log does not end where the workspace says. No backup was made; ask “kam-server doctor”.")
        raise Refused(Problem("database", "damaged", message))
    return {
        "format": FORMAT, "kind": kind, "program": __version__, "made_at": clock.now().astimezone(UTC).isoformat(),
        "workspace": found.id, "epoch": found.epoch, "schema": found.schema, "mark": workspace.mark_of(found),
        "seq": found.seq, "tables": _counts(connection),
    }  # fmt: skip


def _counts(connection: Connection) -> dict[str, int]:
    return {
        each.name: int((connection.one(f'select count(*) from "{each.name}"') or (0,))[0])  # noqa: S608 — our own names
        for each in tables.metadata.sorted_tables
    }


def _compare(
    counted: Mapping[str, int], told: Mapping[str, int], file: Path, but: tuple[str, ...] = ()
) -> None:  # fmt: skip
    if any(counted.get(name, 0) != number for name, number in told.items() if name not in but):
        raise _damaged(file)


def _check_sqlite(raw: Path, about: Mapping[str, Any], file: Path) -> None:
    copy = Database(f"sqlite:///{raw}")
    try:
        with copy.read() as connection:
            if [row[0] for row in connection.rows("pragma integrity_check")] != ["ok"]:
                raise _damaged(file)
            found = workspace.read(connection)
            if (found.id, found.epoch, workspace.mark_of(found)) != (about["workspace"], about["epoch"], about["mark"]):
                raise _damaged(file)
            if change_log.link_at(connection, found.seq).hex() != found.hash:
                raise _damaged(file)
            _compare(_counts(connection), about["tables"], file)
        with copy.held_alone():
            pass
    except copy.errors as error:
        raise _damaged(file) from error
    finally:
        copy.close()


def _unpack(file: Path, raw: Path) -> None:
    """The data of a backup in a new file, checked whole."""
    with _opened(file) as archive:
        about = _told(archive, file)
        _room(raw.parent, int(about["bytes"]))
        with archive.open(_DATA) as packed, _created(raw) as out:
            shutil.copyfileobj(packed, out, _CHUNK_BYTES)
            out.flush()
            os.fsync(out.fileno())
    if raw.stat().st_size != about["bytes"] or _sum_of(raw.open("rb")) != about["sha256"]:
        raise _damaged(file)
    if about["kind"] == "sqlite":
        _check_sqlite(raw, about, file)
    else:
        counted = dumping.counted(raw)
        if counted is None:
            raise _damaged(file)
        _compare(counted, about["tables"], file)


def _pack(file: Path, about: Mapping[str, Any], raw: Path) -> None:
    file.unlink(missing_ok=True)
    how = zipfile.ZIP_DEFLATED if about["kind"] == "sqlite" else zipfile.ZIP_STORED  # a dump is packed already
    with _created(file) as out:
        with zipfile.ZipFile(out, "w", how, compresslevel=1) as archive:
            archive.writestr(_ABOUT, json.dumps(about, indent=1))
            with raw.open("rb") as data, archive.open(_DATA, "w", force_zip64=True) as member:
                shutil.copyfileobj(data, member, _CHUNK_BYTES)
        out.flush()
        os.fsync(out.fileno())


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    if not file.is_file():
        raise Refused(Problem("file", "no_such_file", N_("There is no file {path}."), {"path": str(file)}))
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError, NotImplementedError, dumping.PackingError) as error:
        raise _damaged(file) from error


def _told(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    if sorted(archive.namelist()) != [_ABOUT, _DATA] or archive.getinfo(_ABOUT).file_size > _LARGEST_ABOUT_BYTES:
        raise _damaged(file)
    about = json.loads(archive.read(_ABOUT))
    wanted = {"kind": str, "workspace": str, "epoch": int, "seq": int, "made_at": str, "tables": dict, "bytes": int}
    if not isinstance(about, dict) or any(not isinstance(about.get(name), kind) for name, kind in wanted.items()):
        raise _damaged(file)
    if about.get("format") != FORMAT or about.get("schema", 0) > tables.SCHEMA:
        message = N_("{path} was written by a newer kam-server. Update this one first.")
        raise Refused(Problem("file", "newer_backup", message, {"path": str(file)}))
    return about


def _damaged(file: Path) -> Refused:
    message = N_("{path} is no whole backup of kam-server. Nothing was changed; take another one.")
    return Refused(Problem("file", "damaged_backup", message, {"path": str(file)}))


def _created(file: Path) -> IO[bytes]:
    return os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "w+b")


def _sum_of(stream: IO[bytes]) -> str:
    with stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


@contextlib.contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A folder of one's own on the same disk, gone afterwards."""
    work = Path(tempfile.mkdtemp(prefix=".kam-backup-", dir=folder))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = N_("The disk cannot be written: {reason}.")
        raise Unavailable("disk", message, reason=error.strerror or type(error).__name__) from error


def _room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + (1 << 20):
        message = N_("The disk is full: {needed} MB are needed.")
        raise Unavailable("disk_full", message, needed=str(-(-needed // 1_000_000)))


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
