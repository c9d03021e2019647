"""Fixtures of the server's tests: a firm on SQLite, and on PostgreSQL where its programs are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kam_desktop.server.database import Database
from tests.server.cluster import Cluster, programs
from tests.server.house import House

ENGINES = ["sqlite", *(["postgresql"] if programs() else [])]
collect_ignore = [] if programs() else ["test_database.py"]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    yield made
    made.remove()


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'server.db'}"
    made: Cluster = request.getfixturevalue("cluster")
    return made.url()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A firm on SQLite: An and Binh are KAMs of Lan's team, Minh is manager, Phuong finance, Ngoc auditor."""
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    yield furnished(database)
    database.close()


@pytest.fixture
def any_house(url: str) -> Iterator[House]:
    """The same firm on each kind of database."""
    database = Database(url)
    yield furnished(database)
    database.close()


def furnished(database: Database) -> House:
    """The firm with its people."""
    made = House.built(database)
    made.person("Lan", "lead", team="north", leads="north")
    made.person("An", "kam", team="north")
    made.person("Binh", "kam", team="north")
    made.person("Dung", "kam")
    made.person("Minh", "manager")
    made.person("Phuong", "finance")
    made.person("Ngoc", "auditor")
    made.person("Admin", "administrator")
    return made
