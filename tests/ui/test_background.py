"""The lanes: order, answers in the UI thread, deleted owners, the three kinds of failure, jobs."""

from __future__ import annotations

import gc
import threading
from collections import deque
from typing import Any

import pytest
from PySide6.QtCore import QObject, QTimer
from shiboken6 import delete

from kam_desktop.domain.entities import Account
from kam_desktop.domain.errors import Broken, Problem, Refused, Unavailable
from kam_desktop.domain.query import Query
from kam_desktop.ui.background import Background, Job
from kam_desktop.ui.change_feed import ChangeFeed
from tests.ui.conftest import House, account


def test_an_edit_is_answered_in_the_ui_thread_and_told_to_everyone_after(qtbot: Any, house: House) -> None:
    heard: list[Any] = []
    house.background.feed.published.connect(lambda changes: heard.append(("told", changes.entities)))

    def work(uow: Any) -> str:
        uow.add(account("a", "Một"))
        return threading.current_thread().name

    def then(changes: Any, result: str) -> None:
        heard.append((result, threading.current_thread() is threading.main_thread(), changes.label))

    house.background.edit(work, then, label="Add {name}", args={"name": "Một"})
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert heard == [("lane-edit", True, "Add {name}"), ("told", frozenset({"account"}))]


def test_a_question_sees_the_edits_that_were_put_before_it(qtbot: Any, house: House) -> None:
    begin, counts = threading.Event(), []

    def slow(uow: Any) -> None:
        assert begin.wait(10)
        uow.add(account("a", "Một"))

    house.background.edit(slow, label="Add")
    house.background.ask(lambda reader: reader.count(Query("account")), counts.append)
    house.background.edit(lambda uow: uow.add(account("b", "Hai")), label="Add")
    begin.set()
    qtbot.waitUntil(lambda: bool(counts))
    assert counts[0] >= 1


def test_questions_wait_for_the_store_to_be_opened(qtbot: Any, house: House) -> None:
    later, counts, order = Background(ChangeFeed()), [], []
    later.opened.connect(lambda: order.append("opened"))
    later.open(lambda: house.store, lambda: order.append("then"))
    later.ask(lambda reader: reader.count(Query("account")), counts.append)
    qtbot.waitUntil(lambda: counts == [0])
    assert order == ["opened", "then"]
    later.profile = None  # the store is the other one's to close
    assert later.close()


def test_a_newer_question_of_the_same_key_takes_the_place_of_the_older(qtbot: Any, house: House) -> None:
    begin, heard = threading.Event(), []
    house.background.ask(lambda _reader: begin.wait(10), lambda _answer: None)
    for letters in ("s", "su", "sua"):
        house.background.ask(lambda _reader, letters=letters: letters, heard.append, key="search")
    begin.set()
    qtbot.waitUntil(house.background.is_idle)
    assert heard == ["sua"]


def test_an_answer_to_a_deleted_owner_goes_nowhere(qtbot: Any, house: House) -> None:
    class Owner(QObject):
        heard: list[Any] = []

        def take(self, answer: Any) -> None:
            self.heard.append(answer)

    begin, owner = threading.Event(), Owner()
    house.background.ask(lambda _reader: begin.wait(10), owner.take)
    house.background.ask(lambda _reader: 1, lambda answer: Owner.heard.append(answer), owner=owner)
    delete(owner)
    begin.set()
    qtbot.waitUntil(house.background.is_idle)
    assert Owner.heard == []


def test_what_the_work_holds_is_let_go_in_the_ui_thread(qtbot: Any, house: House) -> None:
    gone: list[str] = []

    class Held:
        def __del__(self) -> None:
            gone.append(threading.current_thread().name)

    held = Held()
    house.background.ask(lambda _reader, held=held: None, lambda _answer: None)
    del held
    qtbot.waitUntil(house.background.is_idle)
    gc.collect()
    qtbot.waitUntil(lambda: gone == ["MainThread"])


def test_a_lane_is_not_the_last_to_hold_what_has_been_answered(qtbot: Any, house: House) -> None:
    """The answer is delivered while its lane has not gone on yet: a widget let go there would end the process."""
    gone: list[str] = []
    let_go = threading.Event()

    class Held:
        def __del__(self) -> None:
            gone.append(threading.current_thread().name)
            let_go.set()

    class Slow(deque[Any]):
        def append(self, outcome: Any) -> None:
            super().append(outcome)
            del outcome
            house.background._arrived.emit()
            let_go.wait(5)

    house.background._outcomes = Slow()
    held = Held()
    house.background.ask(lambda _reader, held=held: None, lambda _answer: None)
    del held
    qtbot.waitUntil(lambda: bool(gone))
    assert gone == ["MainThread"]


def test_a_refusal_goes_to_who_asked_else_to_the_signal(qtbot: Any, house: House) -> None:
    told, signalled = [], []
    house.background.refused.connect(signalled.append)

    def refuse(_uow: Any) -> None:
        raise Refused(Problem("name", "required", "{label} is missing.", {"label": "Name"}))

    house.background.edit(refuse, fail=told.append, label="x")
    house.background.edit(refuse, label="x")
    qtbot.waitUntil(lambda: bool(told) and bool(signalled))
    assert told[0].problems[0].code == signalled[0].problems[0].code == "required"


def test_what_is_refused_at_the_commit_is_refused_too(qtbot: Any, house: House) -> None:
    told: list[Any] = []
    house.background.edit(lambda uow: uow.add(account("a", "")), fail=told.append, label="x")
    qtbot.waitUntil(lambda: bool(told))
    assert [problem.where for problem in told[0].problems] == ["name"]
    assert house.read(lambda reader: reader.count(Query("account"))) == 0


def test_the_worlds_fault_is_told_to_both(qtbot: Any, house: House) -> None:
    told, signalled = [], []
    house.background.unavailable.connect(signalled.append)

    def fail(_reader: Any) -> None:
        raise Unavailable("disk_full", "The disk is full.")

    house.background.ask(fail, lambda _answer: None, told.append)
    qtbot.waitUntil(lambda: bool(told) and bool(signalled))
    assert signalled[0].code == "disk_full"


@pytest.mark.expects_log
def test_our_own_fault_carries_details_and_the_log_no_data(qtbot: Any, house: House, caplog: Any) -> None:
    def fail(_reader: Any) -> None:
        raise KeyError("Công ty bí mật")

    house.background.ask(fail, lambda _answer: None)
    qtbot.waitUntil(lambda: bool(house.broken))
    problem = house.broken.pop()
    assert isinstance(problem, Broken)
    assert "Công ty bí mật" in vars(problem)["details"] and "test_background.py" in vars(problem)["details"]
    assert "bí mật" not in caplog.text and "KeyError" in caplog.text
    house.background.ask(lambda reader: reader.count(Query("account")), house.broken.append)  # the lane goes on
    qtbot.waitUntil(lambda: house.broken == [0])
    house.broken.clear()


def test_a_job_tells_how_far_it_is_and_can_be_stopped(qtbot: Any, house: House) -> None:
    begin, job, seen = threading.Event(), Job("Import"), []
    house.background.busy_changed.connect(lambda: seen.append((job.done, job.state)))

    def work(uow: Any) -> None:
        for place in range(1000):
            job.report(place, 1000)
            uow.add(account(f"a{place}", "Một"))
            if place == 5:
                assert begin.wait(10)

    house.background.edit(work, lambda *_done: seen.append(("done", "")), label="Import", kind="import", job=job)
    qtbot.waitUntil(lambda: (5, "running") in seen)
    job.cancel()
    begin.set()
    qtbot.waitUntil(lambda: house.background.jobs == [])
    assert job.state == "cancelled" and ("done", "") not in seen
    assert house.read(lambda reader: reader.count(Query("account"))) == 0


def test_undo_and_redo_run_in_the_edit_lane_and_are_told(qtbot: Any, house: House) -> None:
    told: list[Any] = []
    house.background.feed.published.connect(told.append)
    house.background.edit(lambda uow: uow.add(account("a", "Một")), label="Add")
    house.background.undo()
    house.background.redo()
    qtbot.waitUntil(lambda: len(told) == 3)
    assert house.read(lambda reader: reader.get(Account, "a")) is not None


def test_the_net_and_files_lanes_do_not_wait_for_each_other(qtbot: Any, house: House) -> None:
    begin, heard = threading.Event(), []
    house.background.run("net", lambda: begin.wait(10), lambda _answer: heard.append("net"))
    house.background.run("files", lambda: "files", heard.append)
    qtbot.waitUntil(lambda: heard == ["files"])
    begin.set()
    qtbot.waitUntil(lambda: heard == ["files", "net"])


def test_closing_lets_the_last_edit_finish(qtbot: Any, house: House) -> None:
    begin = threading.Event()

    def slow(uow: Any) -> None:
        assert begin.wait(10)
        uow.add(account("a", "Một"))

    house.background.edit(slow, label="Add")
    QTimer.singleShot(0, begin.set)
    begin.set()
    key = house.store.database.key_hex
    assert house.background.close()
    from kam_desktop.store.data_key import DataKey
    from kam_desktop.store.profile import Store

    again = Store.open(house.folder, DataKey(bytes.fromhex(key)), "test", house.desk.clock, house.desk.ids)
    with again.reader() as reader:
        assert reader.get(Account, "a") is not None
    again.close()


def test_the_event_loop_goes_on_while_a_lane_computes(qtbot: Any, house: House) -> None:
    enough, ticks, done = threading.Event(), [], []
    clock = QTimer()
    clock.setInterval(5)
    clock.timeout.connect(lambda: ticks.append(1))
    clock.timeout.connect(lambda: enough.set() if len(ticks) >= 20 else None)
    clock.start()

    def busy(_reader: Any) -> bool:
        while not enough.is_set():
            sum(range(100))
        return True

    house.background.ask(busy, done.append)
    qtbot.waitUntil(lambda: done == [True])


def test_cycles_are_collected_in_the_ui_thread_alone(qtbot: Any, house: House) -> None:
    """A widget that a question's thread collects would end the process."""
    gone: list[str] = []

    class Knot:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            gone.append(threading.current_thread().name)

    def busy(_reader: Any) -> int:
        return len([[number] for number in range(200_000)])

    assert not gc.isenabled()
    for _ in range(20):
        Knot()
        house.background.ask(busy, lambda _answer: None)
    qtbot.waitUntil(house.background.is_idle)
    living: list[list[None]] = []

    def all_gone() -> bool:
        living.extend([] for _ in range(200))  # it is collected when enough was made since, and only then
        return len(gone) == 20

    qtbot.waitUntil(all_gone)
    assert set(gone) == {"MainThread"}


def test_python_collects_by_itself_again_once_the_lanes_have_ended(qtbot: Any, house: House) -> None:
    house.background.ask(lambda _reader: None, lambda _answer: None)
    assert house.background.close()
    assert gc.isenabled()
