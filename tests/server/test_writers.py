"""Several writers at once: no row is missed, nothing is allocated twice, several processes are as one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kam_desktop.server import sessions, workspace
from kam_desktop.server.database import Database
from tests.server.house import House, SeededIds, create, update
from tests.server.laptop_key import key_of
from tests.server.test_promises import laid, money, owing
from tests.server.test_push import account, shared_account


def together(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Runs jobs in threads of their own; what each gave, or what went wrong."""
    found: list[Any] = [None] * len(jobs)

    def run(place: int) -> None:
        try:
            found[place] = jobs[place]()
        except Exception as error:  # noqa: BLE001 - the test says what it means
            found[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(jobs))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return found


def another_process(house: House, seed: int) -> House:
    """The same server with a pool of connections of its own, as another process has."""
    return House(Database(house.database.url), house.clock, SeededIds(seed), house.policy, house.people)


def test_sequence_order_is_commit_order(any_house: House) -> None:
    writers = [any_house.laptop("An") for _ in range(6)]
    reader = any_house.laptop("Lan")
    groups = [[account(any_house, "An")[1] for _ in range(8)] for _ in writers]
    done = threading.Event()

    def write(place: int) -> list[str]:
        told: list[str] = []
        for change in groups[place]:
            told += writers[place].told(change)
        return told

    def read() -> str:
        while not done.is_set():
            reader.pull(3)
        return "read"

    watcher = threading.Thread(target=read)
    watcher.start()
    told = together([lambda place=place: write(place) for place in range(len(writers))])  # type: ignore[misc]
    done.set()
    watcher.join()
    assert told == [["accepted"] * 8] * len(writers)
    reader.pull()
    assert reader.ids("account") == {change.id for group in groups for change in group}
    with any_house.sql() as connection:
        seqs = [row[0] for row in connection.rows("select seq from change_log order by seq")]
    assert seqs == list(range(1, len(seqs) + 1)), "no number is lost or given twice"


def test_one_receipt_is_never_laid_twice(any_house: House) -> None:
    customer, part, an, _ = owing(any_house, 1000)
    receipt = money(any_house, customer, 100)
    an.told(receipt)
    houses = [another_process(any_house, seed) for seed in (11, 12, 13)]
    laptops = []
    for place in range(8):
        laptop = any_house.laptop("An")
        laptop.house = houses[place % 3]
        laptops.append(laptop)
    changes = [laid(any_house, receipt.id, part, 30) for _ in laptops]
    answers = together([lambda p=p: laptops[p].push(changes[p]) for p in range(8)])  # type: ignore[misc]
    for each in houses:
        each.database.close()
    kinds = [answer["kinds"][0] for answer in answers]
    assert sorted(kinds) == ["accepted"] * 3 + ["refused"] * 5
    for answer in answers:
        if answer["kinds"] == ["refused"]:
            assert answer["verdicts"][0][1]["problem"]["args"]["remaining"].startswith("10")
    assert any_house.value("select sum(amount) from allocation") == 90


def test_the_same_message_twice_at_once_counts_once(any_house: House) -> None:
    an = any_house.laptop("An")
    name = any_house.ids.random()
    change = account(any_house, "An")[1]
    first, second = any_house.laptop("An"), any_house.laptop("An")
    for each in (first, second):
        each.device = an.device
    answers = together([lambda each=each: each.push(change, names=[name]) for each in (first, second)])  # type: ignore[misc]
    assert sorted(answer["kinds"][0] for answer in answers) == ["accepted", "already"]
    assert any_house.value("select count(*) from change_log where record = ?", change.id) == 1


def test_two_laptops_make_the_same_record_at_once(any_house: House) -> None:
    customer, (an, lead) = shared_account(any_house, "An", "Lan")
    identity = any_house.ids.new()
    new = {"account": customer, "full_name": "Bình"}
    answers = together(
        [
            lambda: an.push(create("contact", identity, **new)),
            lambda: lead.push(create("contact", identity, **new)),
        ]
    )
    assert [answer["kinds"] for answer in answers] == [["accepted"], ["accepted"]]
    assert any_house.value("select count(*) from contact") == 1


def test_a_child_made_during_a_hand_over_goes_along(any_house: House) -> None:
    customers = [shared_account(any_house, "An")[0] for _ in range(6)]
    an, lead, binh = (any_house.laptop(name) for name in ("An", "Lan", "Binh"))
    writers = [any_house.laptop("An") for _ in customers]
    contacts = [create("contact", any_house.ids.new(), account=customer, full_name="B") for customer in customers]
    jobs: list[Callable[[], Any]] = []
    for place, customer in enumerate(customers):
        jobs.append(lambda p=place: writers[p].told(contacts[p]))  # type: ignore[misc]
        handing = lead.message(account=customer, owner=binh.user)
        jobs.append(lambda m=handing: lead.house.answer("reassign", lead.subject, m))  # type: ignore[misc]
    told = together(jobs)
    an.pull()
    binh.pull()
    assert an.ids("contact") == set()
    accepted = {contacts[place].id for place in range(6) if told[2 * place] == ["accepted"]}
    assert binh.ids("contact") == accepted
    assert all(told[2 * place] in (["accepted"], ["missing_reference"]) for place in range(6)), told


def test_edits_of_one_row_at_once_all_count(any_house: House) -> None:
    identity, (an,) = shared_account(any_house, "An")
    fields = ("industry", "address", "phone", "email", "website")
    laptops = [any_house.laptop("An") for _ in fields]
    edits = [update("account", identity, 10**6, **{name: f"{place}"}) for place, name in enumerate(fields)]
    told = together([lambda p=p: laptops[p].told(edits[p]) for p in range(5)])  # type: ignore[misc]
    assert told == [["accepted"]] * 5
    an.pull()
    assert [an.row("account", identity)[name] for name in fields] == list("01234")  # type: ignore[index]


def test_new_laptops_of_one_person_get_letters_of_their_own(any_house: House) -> None:
    with any_house.database.write() as connection:
        row = (sessions.hashed("mật khẩu của An"), any_house.people["An"])
        connection.run("update user_account set name = 'an', password = ? where id = ?", row)
    devices = [any_house.ids.random() for _ in range(5)]

    def work(_name: str, _token: str, message: dict[str, Any]) -> dict[str, Any]:
        return sessions.sign_in(any_house.database, message, any_house.clock, any_house.ids)

    def sign_in(device: str) -> str:
        message = {"user": "an", "password": "mật khẩu của An", "device": device}
        return str(key_of(device).asked(work, "sign-in", "", message)["letter"])

    letters = together([lambda each=each: sign_in(each) for each in devices])  # type: ignore[misc]
    assert sorted(letters) == list("ABCDE")


def test_guesses_that_come_at_once_all_count(any_house: House) -> None:
    def guess() -> None:
        with any_house.database.write() as connection:
            sessions._count_failure(connection, "an", any_house.clock)

    assert together([guess for _ in range(12)]) == [None] * 12
    assert any_house.value("select count from sign_in_failure where name = 'an'") == 12


def test_processes_that_start_at_once_make_one_workspace(url: str) -> None:
    doors = [Database(url) for _ in range(4)]
    clock = House(doors[0]).clock

    def start(door: Database, seed: int) -> str:
        with door.write() as connection:
            return workspace.create(connection, SeededIds(seed), clock).id

    made = together([lambda p=p: start(doors[p], p) for p in range(4)])  # type: ignore[misc]
    with doors[0].read() as connection:
        assert {*made} == {workspace.read(connection).id}
        assert connection.one("select count(*) from workspace") == (1,)
    for each in doors:
        each.close()


def test_a_process_starts_while_others_write(any_house: House) -> None:
    """What is made already is not touched: a lock on a table would wait for every writer, and they for it."""
    an, another = any_house.laptop("An"), another_process(any_house, 7)
    change = account(any_house, "An")[1]
    if not any_house.database.postgresql:
        return  # one writer at a time, whatever it does
    with any_house.database.write() as held:
        held.run("update account set name = name")
        held.one("select 1 from device for update")
        with another.database.write() as connection:
            connection.run("set local lock_timeout = '2s'")
            workspace.create(connection, another.ids, another.clock)
    assert an.told(change) == ["accepted"]
    another.database.close()
