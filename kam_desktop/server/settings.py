"""What the server is started with: command line, else environment, else what suits one machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.language import N_

DATABASE, LISTEN = "KAM_SERVER_DATABASE", "KAM_SERVER_LISTEN"
METRICS = "KAM_SERVER_METRICS"
ADDRESS = "KAM_SERVER_ADDRESS"
"""The server's address as laptops reach it; only needed behind a proxy that does not pass on the name (Host)."""


PROVIDER_SECRET = "KAM_SERVER_PROVIDER_SECRET_FILE"
"""Names the file with the secret that the identity provider knows this server by; most need none."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the data lies and where the server listens.

    Attributes:
        database: `sqlite:///path` or `postgresql+psycopg://…`.
    """

    database: str
    host: str
    port: int

    @property
    def place(self) -> str:
        """The database without user and password, for messages and logs."""
        scheme, _, rest = self.database.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"


def settings(
    database: str | None = None, listen: str | None = None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """The settings. Raises Refused for an address to listen on that is none."""
    found = database or environment.get(DATABASE) or f"sqlite:///{user_data_path('kam-server', appauthor=False)}/kam.db"
    return Settings(found, *_address(listen or environment.get(LISTEN) or "127.0.0.1:8787"))


def measured_at(given: str | None = None, environment: Mapping[str, str] = os.environ) -> tuple[str, int] | None:
    """Where figures for Prometheus are to be read, None for nowhere. Raises Refused.

    They name nobody, but they are nobody's business: an address of this machine, or of a network of its own.
    """
    found = given or environment.get(METRICS)
    return _address(found) if found else None


def provider_secret(environment: Mapping[str, str] = os.environ) -> str:
    """The secret for the identity provider, "" for none. It stands in no database and in no backup.

    Raises Unavailable for a file that cannot be read.
    """
    place = environment.get(PROVIDER_SECRET)
    try:
        return Path(place).read_text("utf-8").strip() if place else ""
    except (OSError, UnicodeDecodeError) as error:
        message = N_("The secret for the identity provider cannot be read on the server.")
        raise Unavailable("provider_down", message) from error


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        message = "“{listen}” is not HOST:PORT."
        raise Refused(Problem("listen", "bad_listen", message, {"listen": text[:100]}))
    return host.strip("[]"), int(port)


def make_folder(url: str) -> None:
    """Makes the folder of a SQLite database, for its owner alone."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
