"""A private PostgreSQL cluster for the tests, where its programs are; on a unix socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path


def programs() -> Path | None:
    """Where PostgreSQL's own programs are, newest first; None where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return found[0].parent if found else None


class Cluster:
    """A running cluster; `url(name)` makes a database in it."""

    def __init__(self) -> None:
        bin_ = programs()
        assert bin_ is not None
        self._bin = bin_
        self.folder = Path(tempfile.mkdtemp(prefix="kam-pg-"))
        self._as: list[str] = []
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
            self._as = [
                "setpriv",
                "--reuid",
                str(pwd.getpwnam("postgres").pw_uid),
                "--regid",
                "postgres",
                "--clear-groups",
            ]
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "-U", "kam")
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\nmax_connections = 120\n")
            # after a hard stop every file of the folder is synced, one by one it takes seconds
            settings.write("recovery_init_sync_method = syncfs\n")
        self.start()
        self._made = 0

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([*self._as, str(self._bin / program), *arguments], check=True, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-w", "start")

    def stop(self, how: str = "fast") -> None:
        """Stops it; `immediate` as if the power failed."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", how, "-w", "stop")

    def url(self) -> str:
        """A new empty database."""
        self._made += 1
        self._run("createdb", "-h", str(self.folder), "-U", "kam", f"t{self._made}")
        return f"postgresql+psycopg://kam@/t{self._made}?host={self.folder}"

    def fall(self) -> None:
        """Ends it as if the power failed, and starts it again."""
        self.stop("immediate")
        self.start()

    def remove(self) -> None:
        """Ends it with all its data."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)
