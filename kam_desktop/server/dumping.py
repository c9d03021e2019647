"""PostgreSQL's own dumps: made of one moment, counted row by row, loaded in one transaction."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from kam_desktop.domain.errors import Unavailable
from kam_desktop.language import N_
from kam_desktop.server.database import Connection, Database

PackingError = zlib.error
_COPY = re.compile(rb'COPY (?:[a-z_]+|"[^"]+")\.(?:"([^"]+)"|([a-z_]+)) \(.*\) FROM stdin;\n')


@contextmanager
def frozen(database: Database) -> Iterator[tuple[Connection, str]]:
    """A moment of the database that a dump can share, by its name."""
    with database.read() as connection:
        row = connection.one("select pg_export_snapshot()")
        yield connection, str(row[0]) if row else ""


def dump(url: str, file: Path, snapshot: str) -> None:
    """Dumps that moment. Raises Unavailable where pg_dump is missing or fails."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(descriptor)
    # the fence lets the tables' owner read every row of them, where pg_dump by itself would ask no fence at all
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", "--enable-row-security",
         f"--snapshot={snapshot}", f"--file={file}")  # fmt: skip


def counted(file: Path) -> dict[str, int] | None:
    """The rows of every table in a dump, counted by reading all of it; None where it cannot be read to its end."""
    found: dict[str, int] = {}
    table = ""
    words = [program("pg_restore"), "--file=-", str(file)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        for line in process.stdout or ():
            if table:
                if line == b"\\.\n":
                    table = ""
                else:
                    found[table] += 1
            elif (begins := _COPY.fullmatch(line)) is not None:
                table = (begins[1] or begins[2]).decode()
                found[table] = 0
    return found if process.returncode == 0 and not table else None


def load(database: Database, file: Path, *, clean: bool) -> None:
    """Loads a dump, all or nothing; `clean`: over the tables that are there. Raises Unavailable."""
    database.close()
    chosen = file.with_name(file.name + ".list")
    chosen.write_text(_without_fence(file), "utf-8")
    _run("pg_restore", database.url, "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error",
         f"--use-list={chosen}",
         *(["--clean", "--if-exists"] if clean else []), str(file))  # fmt: skip


def refuse_in_use(database: Database) -> None:
    """Raises Unavailable where a server has the database open."""
    with database.read() as connection:
        others = connection.one(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
            "and application_name = 'kam-server'"
        )
    if others is not None and others[0]:
        raise Unavailable("in_use", N_("A server has this database open. Stop it first."))


def _without_fence(file: Path) -> str:
    """What is in a dump, without the fence: it names roles of its own server, and is put up anew after."""
    done = subprocess.run([program("pg_restore"), "--list", str(file)], capture_output=True, text=True, check=True)
    fence = re.compile(r" (POLICY|ROW SECURITY) | kam_fence_scopes\b| SCHEMA - public ")
    return "".join(line for line in done.stdout.splitlines(True) if line.startswith(";") or not fence.search(line))


def program(name: str) -> str:
    """Where a program of PostgreSQL is. Raises Unavailable."""
    here = shutil.which(name)
    others = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    if others:  # the newest one reads and dumps every older server
        return str(others[-1])
    if here is None:
        raise Unavailable("no_program", N_("{name} was not found. Install PostgreSQL's client programs."), name=name)
    return here


def _version(path: Path) -> int:
    number = path.parent.parent.name
    return int(number) if number.isdecimal() else 0


def _run(name: str, url: str, *words: str) -> None:
    """The password goes by the environment: every process of the machine can read a command line."""
    given = conninfo_to_dict(re.sub(r"^postgresql(\+psycopg)?:", "postgresql:", url))
    environment = {**os.environ}
    for key, variable in (
        ("host", "PGHOST"), ("port", "PGPORT"), ("user", "PGUSER"), ("password", "PGPASSWORD"),
        ("sslmode", "PGSSLMODE"), ("sslrootcert", "PGSSLROOTCERT"),
    ):  # fmt: skip
        if given.get(key):
            environment[variable] = str(given[key])
    target = f"--dbname={given.get('dbname') or environment.get('PGUSER', '')}"
    done = subprocess.run([program(name), target, *words], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
        raise Unavailable("program_failed", N_("{name} failed: {reason}"), name=name, reason=said[:300])
