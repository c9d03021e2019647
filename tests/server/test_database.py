"""Connections of the server's database: lost ones, refused ones, frozen ones, too many of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kam_desktop.domain.errors import Unavailable
from kam_desktop.server.database import Connection, Database
from kam_desktop.server.patience import Patience
from tests.server import falling, several
from tests.server.cluster import Cluster
from tests.server.house import House
from tests.server.matrix import Matrix
from tests.server.test_push import account

on_postgresql = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


@pytest.fixture
def other(any_house: House) -> Iterator[Database]:
    """Another process's door to the same database."""
    made = Database(any_house.database.url)
    yield made
    made.close()


def _end(other: Database, held: Connection) -> None:
    pid = (held.one("select pg_backend_pid()") or (0,))[0]
    with other.read() as connection:
        assert connection.one("select pg_terminate_backend(?, 20000)", (pid,)) == (True,)


@on_postgresql
def test_a_connection_that_is_lost_in_the_middle_is_no_fault_of_ours(any_house: House, other: Database) -> None:
    an = any_house.laptop("An")
    with pytest.raises(Unavailable), any_house.database.write() as connection:
        connection.run("update account set name = name")
        _end(other, connection)
        connection.run("update account set name = name")
    with pytest.raises(Unavailable), any_house.database.write() as connection:
        connection.run("update account set name = name")
        _end(other, connection)  # the commit itself meets it
    assert an.told(account(any_house, "An")[1]) == ["accepted"]


@on_postgresql
@pytest.mark.parametrize(
    "statement",
    ["set transaction read only", "set local lock_timeout = '20ms'", "set local statement_timeout = '20ms'"],
)
def test_what_the_database_refuses_for_now_is_unavailable(any_house: House, other: Database, statement: str) -> None:
    """A server that became the copy of another one, a lock that is never let go, a statement that takes too long."""
    with other.write() as held:
        held.one("select 1 from workspace for update")
        with pytest.raises(Unavailable), any_house.database.write() as connection:
            connection.run(statement)
            connection.run("update workspace set seq = seq + 1")
    assert any_house.laptop("An").told(account(any_house, "An")[1]) == ["accepted"]


@on_postgresql
def test_a_process_that_is_frozen_with_locks_is_ended(any_house: House, other: Database) -> None:
    with pytest.raises(Unavailable), any_house.database.write() as frozen:
        frozen.run("set local idle_in_transaction_session_timeout = '30ms'")
        frozen.one("select 1 from workspace for update")
        with other.write() as connection:  # waits for the lock, and gets it
            connection.one("select 1 from workspace for update")
        frozen.run("update workspace set seq = seq")
    with other.read() as connection:
        shown = [
            connection.one(f"show {name}") for name in ("idle_in_transaction_session_timeout", "statement_timeout")
        ]
    assert shown == [("1min",), ("2min",)]


@on_postgresql
def test_what_the_address_says_of_connecting_stands(any_house: House) -> None:
    door = Database(f"{any_house.database.url}&connect_timeout=3&application_name=branch")
    with door.read() as connection:
        said = connection.driver.info.get_parameters()
    door.close()
    assert (said["connect_timeout"], said["application_name"], said["keepalives_idle"]) == ("3", "branch", "30")


def test_no_more_connections_than_agreed(any_house: House) -> None:
    door = Database(any_house.database.url, 2, Patience(pool_s=0.05))
    with door.read(), door.read(), pytest.raises(Unavailable), door.read():
        raise AssertionError("a third one")
    door.patience = Patience(pool_s=20)
    got: list[Any] = []

    def ask() -> None:
        with door.read() as connection:
            got.append(connection.one("select seq from workspace"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(got) == 8 and len(door._idle) <= 2
    door.close()


@on_postgresql
def test_a_failed_transaction_gives_its_place_back(any_house: House, other: Database) -> None:
    door = Database(any_house.database.url, 1)
    for _ in range(3):
        with pytest.raises(Unavailable), door.write() as connection:
            _end(other, connection)
            connection.run("select 1")
    with door.read() as connection:
        assert connection.one("select 1") == (1,)
    door.close()


@pytest.mark.expects_log
def test_every_answer_is_ours_while_the_database_falls(cluster: Cluster) -> None:
    """Two servers at the wire; at full length with processes: python -m tests.server.postgres --part fall."""
    house = several.firm(cluster.url())
    with several.services(house, 2) as addresses:
        said = falling.fall(house, addresses, cluster.fall, 2, hands=4, between=6)
        heard = several.news(house, addresses, 2)
    house.database.close()
    assert (said["wrong"], said["lost"], said["doubled"]) == ([], 0, 0)
    assert said["unavailable"] > 0 and said["pushed"] > 0
    assert heard[-1] < 1.0, "news goes from one to the other again"


@on_postgresql
def test_the_rights_of_a_role_on_postgresql(url: str) -> None:
    """One role; all of them: python -m tests.server.matrix postgresql."""
    door = Database(url)
    matrix = Matrix(door, None, ("finance",))
    matrix.run("finance")
    door.close()
    assert matrix.cells > 800
    assert not matrix.failures, "\n".join(matrix.failures[:20])
