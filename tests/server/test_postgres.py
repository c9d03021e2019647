"""The races of `python -m tests.server.postgres`, short, on each kind of database that is here."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Iterator

import pytest

from kam_desktop.server.database import Database
from kam_desktop.server.main import LOOK_S, Service
from kam_desktop.server.news import Listener
from tests.server import races, several
from tests.server.cluster import Cluster
from tests.server.faults import planted
from tests.server.house import House
from tests.server.test_push import account


@pytest.fixture
def fallen(any_house: House, request: pytest.FixtureRequest) -> Callable[[], None]:
    """Lets the database fall as if the power failed; with SQLite only the connections fall."""
    if any_house.database.postgresql:
        cluster: Cluster = request.getfixturevalue("cluster")
        return cluster.fall
    return any_house.database.close


@pytest.fixture
def firm(url: str) -> Iterator[House]:
    """The firm, whose people can sign in."""
    made = several.firm(url)
    yield made
    made.database.close()


@pytest.mark.parametrize("held", [0.1, 1.0])
def test_dawdling_commits_hide_no_row(any_house: House, held: float) -> None:
    said = races.gap(any_house, writers=8, pullers=3, seconds=0.8, held=held, longest_s=0.1)
    assert said["missed"] == 0
    assert said["commits"] >= 8
    assert said["pulls"] > 3


def test_a_plain_sequence_would_hide_some(any_house: House) -> None:
    if any_house.database.postgresql:
        said = races.naive(any_house.database.url, writers=8, pullers=2, seconds=0.8, longest_s=0.1)
        assert said["missed"] > 0, "the measurement sees what it is there for"
        with planted("number without lock"):
            said = races.gap(any_house, writers=8, pullers=2, seconds=0.6, held=1.0, longest_s=0.1)
        assert said["missed"] > 0


def test_cut_doubled_and_late_answers_and_a_fallen_database(any_house: House, fallen: Callable[[], None]) -> None:
    said = races.Cutting(any_house, 40, hands=4).run(fallen, 1)
    assert (said["lost"], said["doubled"], said["log_sound"], said["wrong_answers"]) == (0, 0, True, [])
    assert said["cut"] + said["doubled_answers"] + said["late"] > 3


def test_a_server_that_ignores_its_receipts_is_found_out(any_house: House) -> None:
    with planted("ignored receipts"):
        said = races.Cutting(any_house, 60, hands=4).run(lambda: None, 0)
    assert said["doubled"] > 0


def test_connections_that_died_while_idle_are_no_failure(any_house: House, fallen: Callable[[], None]) -> None:
    an = any_house.laptop("An")
    fallen()
    assert an.told(account(any_house, "An")[1]) == ["accepted"]


def test_many_hands_on_one_receipt(any_house: House) -> None:
    said = races.receipt(any_house, writers=16, rounds=1, longest_s=0.02)
    assert said["over"] == said["losers_told_wrongly"] == 0
    assert said["losers"] >= 1


def test_a_check_without_locks_is_found_out(any_house: House) -> None:
    if any_house.database.postgresql:
        with planted("no row locks"):
            said = races.receipt(any_house, writers=16, rounds=1, longest_s=0.2)
        assert said["over"] == 1
    with planted("stale remainder"):
        said = races.receipt(any_house, writers=16, rounds=1, longest_s=0.0)
    assert said["losers_told_wrongly"] > 0


def test_three_processes_answer_as_one(firm: House, url: str, tmp_path: object, request: pytest.FixtureRequest) -> None:
    def another(name: str) -> House:
        if firm.database.postgresql:
            return several.firm(request.getfixturevalue("cluster").url())
        return several.firm(f"sqlite:///{tmp_path}/{name}.db")

    other, faulty = another("other"), another("faulty")
    with several.services(firm, 1) as addresses:
        alone = several.script(firm, addresses, 10)
    with several.services(other, 3) as addresses:
        together = several.script(other, addresses, 10)
        heard = several.news(other, addresses, 1 if url.startswith("sqlite") else 3)
    with planted("own receipts"), several.services(faulty, 3) as addresses:
        apart = several.script(faulty, addresses, 10)
    for each in (other, faulty):
        each.database.close()
    assert together == alone
    assert apart != alone, "a process that knows only what it took itself is found out"
    # SQLite tells nobody: there a waiting call looks for itself
    assert statistics.median(heard) < (1.0 if firm.database.postgresql else LOOK_S + 2)


@pytest.mark.expects_log
def test_news_is_heard_again_after_the_database_fell(any_house: House, fallen: Callable[[], None]) -> None:
    if not any_house.database.postgresql:
        assert not Service(any_house.database, any_house.policy, any_house.clock, any_house.ids).listener.listening
        return

    heard = threading.Event()
    door = Database(any_house.database.url)
    listener = Listener(door, heard.set)
    listener.start()
    try:
        assert heard.wait(20), "it looks once when it begins"
        heard.clear()
        fallen()
        assert heard.wait(20), "and once after each new connection"
        assert listener.listening
        heard.clear()
        assert any_house.laptop("An").told(account(any_house, "An")[1]) == ["accepted"]
        assert heard.wait(5)
    finally:
        listener.stop()
        door.close()
    assert not listener.listening
