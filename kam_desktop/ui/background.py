"""Work off the UI thread: six lanes of one thread each, and the outcome back in the UI thread.

How to use it (controllers only):

    background.edit(work, then, fail, label="Rename")   work(uow) -> result; then(change_set, result)
    background.ask(question, then, fail, key="list")     question(reader) -> result; then(result)
    background.run("files", work, then, fail, job=job)   work() -> result; then(result)

`work` and `question` run in another thread: they hold frozen values only, never a widget, and call services.
`then` and `fail` run in the UI thread, later; if they belong to a QObject that is gone by then, nothing is called.
A question that is asked after an edit sees that edit. A question with the same `key` takes the place of an older one.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from shiboken6 import isValid

from kam_desktop.domain.change import ChangeSet
from kam_desktop.domain.errors import Broken, Refused, Unavailable
from kam_desktop.ui import heap
from kam_desktop.ui.change_feed import ChangeFeed
from kam_desktop.ui.collector import Collector

LANES = ("edit", "ask", "net", "files", "wait", "update")
_TURN_S = 0.008  # so long may answers hold one turn of the event loop; the rest comes in the next
_POLL_MS = 100
_PATIENCE_S = {"ask": 3, "net": 2, "files": 3, "wait": 0.1, "update": 0.5}  # a long poll holds for a minute, idly
_log = logging.getLogger(__name__)

Failure = Refused | Unavailable | Broken
Then = Callable[..., object]
Fail = Callable[[Failure], object]


class Profile(Protocol):
    """What the lanes need of an open store."""

    def reader(self) -> AbstractContextManager[Any]: ...
    def edit(self, label: str, *, kind: str = ..., **args: str) -> AbstractContextManager[Any]: ...
    def undo(self, number: int | None = None) -> tuple[Any, ChangeSet]: ...
    def redo(self) -> tuple[Any, ChangeSet]: ...
    def close(self) -> None: ...


class Cancelled(Exception):
    """The user stopped a job; raised inside the job's own work by `Job.report`."""


class Job:
    """A long piece of work that the job tray shows. Its work calls `report` from its own thread.

    Attributes:
        label: what is being done, already translated.
        done, total: how far it is; total 0 means not known yet.
        state: waiting, running, done, failed or cancelled.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self.done = 0
        self.total = 0
        self.state = "waiting"
        self._stop = False

    def report(self, done: int, total: int) -> None:
        """Says how far the work is. Raises Cancelled at this safe place when the user wants it stopped."""
        self.done, self.total = done, total
        if self._stop:
            raise Cancelled

    def cancel(self) -> None:
        """Asks the work to stop; what it has not committed is rolled back."""
        self._stop = True


@dataclass(slots=True)
class _Task:
    """What crosses into a lane's thread: a number and a function, no QObject."""

    number: int
    work: Callable[[], tuple[Any, ChangeSet | None]]
    after_edit: int
    job: Job | None


@dataclass(slots=True)
class _Answers:
    """What stays in the UI thread until the task of that number is done."""

    then: Then | None
    fail: Fail | None
    owner: QObject | None
    key: str
    lane: str
    with_changes: bool


@dataclass(slots=True)
class _Outcome:
    """What comes back; it carries the work along, so that what the work holds is let go in the UI thread."""

    number: int
    work: object
    result: Any
    changes: ChangeSet | None
    failure: Failure | Cancelled | None


class Background(QObject):
    """The lanes of one window.

    Signals:
        opened: the store is open and the lanes answer.
        busy_changed: jobs came, went or went on (see `jobs`).
        refused(Refused): a refusal that nobody asked to be told of.
        unavailable(Unavailable): the world is at fault; for the status bar.
        broken(Broken): we are at fault; for the one dialog. The exception carries `details`.

    Attributes:
        feed: where committed changes are published.
        profile: the open store, None before `open`; used inside the lanes only.
        jobs: the jobs that wait or run.
    """

    opened = Signal()
    busy_changed = Signal()
    refused = Signal(object)
    unavailable = Signal(object)
    broken = Signal(object)
    _arrived = Signal()

    def __init__(self, feed: ChangeFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.feed = feed
        self.profile: Profile | None = None
        self.jobs: list[Job] = []
        self._answers: dict[int, _Answers] = {}
        self._newest: dict[str, int] = {}
        self._dropped: set[int] = set()
        self._outcomes: deque[_Outcome] = deque()
        self._number = 0
        self._last_edit = 0
        self._edited = 0
        self._edit_done = threading.Condition()
        self._queues: dict[str, queue.SimpleQueue[_Task | None]] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._poll = QTimer(self, interval=_POLL_MS)
        self._poll.timeout.connect(self.busy_changed)
        self._collector = Collector(self)

    # What controllers call, in the UI thread.

    def open(self, opener: Callable[[], Profile], then: Then | None = None, fail: Fail | None = None) -> None:
        """Opens the store in the edit lane; everything asked meanwhile waits behind it. `then()` is called after."""

        def work() -> tuple[Any, None]:
            self.profile = opener()
            return None, None

        def opened(_result: object) -> None:
            self.opened.emit()
            if then is not None:
                then()

        self._put("edit", work, opened, fail, owner=self)

    def edit(
        self, work: Callable[[Any], Any], then: Then | None = None, fail: Fail | None = None, *, label: str,
        args: Mapping[str, str] | None = None, kind: str = "edit", owner: QObject | None = None, job: Job | None = None,
    ) -> None:  # fmt: skip
        """One edit: `work(uow)` in the edit lane, then `then(change_set, result)`, then everyone is told.

        Args:
            label: an English sentence of the undo step with {name} places, filled from `args` where it is shown.
            kind: edit or import.
        """

        def commit() -> tuple[Any, ChangeSet]:
            with self._store().edit(label, kind=kind, **dict(args or {})) as uow:
                result = work(uow)
            return result, uow.change_set

        self._put("edit", commit, then, fail, owner=owner, job=job, with_changes=True)

    def undo(self, then: Then | None = None, fail: Fail | None = None, *, step: int | None = None) -> None:
        """Takes back the newest step, or that one: `then(change_set, report)`."""

        def commit() -> tuple[Any, ChangeSet]:
            return self._store().undo(step)

        self._put("edit", commit, then, fail, with_changes=True)

    def redo(self, then: Then | None = None, fail: Fail | None = None) -> None:
        """Does again what was taken back last: `then(change_set, report)`."""

        def commit() -> tuple[Any, ChangeSet]:
            return self._store().redo()

        self._put("edit", commit, then, fail, with_changes=True)

    def ask(
        self, question: Callable[[Any], Any], then: Then, fail: Fail | None = None, *,
        key: str = "", owner: QObject | None = None,
    ) -> None:  # fmt: skip
        """One question: `question(reader)` in the ask lane, then `then(result)`.

        It waits for the edits that were put before it. With `key` an older question of that key is forgotten.
        """

        def read() -> tuple[Any, None]:
            with self._store().reader() as reader:
                return question(reader), None

        self._put("ask", read, then, fail, owner=owner, key=key)

    def run(
        self, lane: str, work: Callable[[], Any], then: Then | None = None, fail: Fail | None = None, *,
        owner: QObject | None = None, job: Job | None = None,
    ) -> None:  # fmt: skip
        """Work of the lanes "net", "files", "wait" and "update": `work()`, then `then(result)`."""
        self._put(lane, lambda: (work(), None), then, fail, owner=owner, job=job)

    def close(self, timeout_s: float = 20) -> bool:
        """Lets every edit that was put finish, closes the store and ends the threads; False if one did not end."""

        def work() -> tuple[Any, None]:
            if self.profile is not None:
                self.profile.close()
                self.profile = None
            return None, None

        for job in self.jobs:
            job.cancel()
        for lane in LANES[1:]:
            self._end(lane)
        ended = all([self._joined(lane, min(_PATIENCE_S[lane], timeout_s)) for lane in LANES[1:]])  # noqa: C419 — each
        if "edit" in self._queues:
            self._put("edit", work, None, None)
            self._end("edit")
            ended = self._joined("edit", timeout_s) and ended
        self._deliver(limit_s=timeout_s)
        self._collector.stop()
        return ended

    def is_idle(self) -> bool:
        """Nothing was put that is not answered yet, but for what only waits for news."""
        return all(each.lane == "wait" for each in self._answers.values())

    # Inside.

    def _store(self) -> Profile:
        if self.profile is None:
            raise Unavailable("not_open", "The profile is not open.")
        return self.profile

    def _put(
        self, lane: str, work: Callable[[], tuple[Any, ChangeSet | None]], then: Then | None, fail: Fail | None, *,
        owner: QObject | None = None, key: str = "", job: Job | None = None, with_changes: bool = False,
    ) -> None:  # fmt: skip
        self._number += 1
        if owner is None:
            bound = getattr(then, "__self__", None) or getattr(fail, "__self__", None)
            owner = bound if isinstance(bound, QObject) else None
        if key:
            older = self._newest.get(key)
            if older is not None:
                self._dropped.add(older)
            self._newest[key] = self._number
        self._answers[self._number] = _Answers(then, fail, owner, key, lane, with_changes)
        task = _Task(self._number, work, self._last_edit if lane == "ask" else 0, job)
        if lane == "edit":
            self._last_edit = self._number
        if lane not in self._queues:
            self._begin(lane)
        if job is not None:
            self.jobs.append(job)
            self._poll.start()
            self.busy_changed.emit()
        self._queues[lane].put(task)

    def _begin(self, lane: str) -> None:
        sys.setswitchinterval(0.001)  # so long at most the UI thread waits while a lane computes
        self._queues[lane] = queue.SimpleQueue()
        thread = threading.Thread(target=self._serve, args=(lane, self._queues[lane]), name=f"lane-{lane}", daemon=True)
        self._threads[lane] = thread
        thread.start()

    def _end(self, lane: str) -> None:
        if lane in self._queues:
            self._queues[lane].put(None)

    def _joined(self, lane: str, timeout_s: float) -> bool:
        thread = self._threads.pop(lane, None)
        self._queues.pop(lane, None)
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def _serve(self, lane: str, tasks: queue.SimpleQueue[_Task | None]) -> None:
        while (task := tasks.get()) is not None:
            if task.after_edit:
                with self._edit_done:
                    self._edit_done.wait_for(lambda wanted=task.after_edit: self._edited >= wanted)  # type: ignore[misc]
            number, last = task.number, [task]
            del task  # what a task holds ends in the UI thread: once its outcome is there, no lane may be the last
            self._outcomes.append(self._outcome(last.pop()))
            if lane == "edit":
                with self._edit_done:
                    self._edited = number
                    self._edit_done.notify_all()
            with suppress(RuntimeError):  # the window is gone, and nobody waits for the answer
                self._arrived.emit()
            if tasks.empty():
                heap.give_back()

    def _outcome(self, task: _Task) -> _Outcome:
        """Runs one task; this is the border at which a foreign exception becomes one of ours."""
        result, changes, failure = None, None, None
        if task.number in self._dropped:
            return _Outcome(task.number, task.work, None, None, Cancelled())
        if task.job is not None:
            task.job.state = "running"
        try:
            result, changes = task.work()
        except (Refused, Unavailable, Cancelled) as expected:
            failure = expected
        except Exception as error:  # noqa: BLE001 - the job runner's border
            failure = broken_by(error)  # type: ignore[assignment]
        if task.job is not None:
            states = {type(None): "done", Cancelled: "cancelled"}
            task.job.state = states.get(type(failure), "failed")
        return _Outcome(task.number, task.work, result, changes, failure)

    def _deliver(self, limit_s: float = _TURN_S) -> None:
        began = monotonic()
        while self._outcomes:
            self._deliver_one(self._outcomes.popleft())
            if monotonic() - began > limit_s:
                self._arrived.emit()
                break
        if self.jobs and any(job.state not in ("waiting", "running") for job in self.jobs):
            self.jobs = [job for job in self.jobs if job.state in ("waiting", "running")]
            if not self.jobs:
                self._poll.stop()
            self.busy_changed.emit()

    def _deliver_one(self, outcome: _Outcome) -> None:
        answers = self._answers.pop(outcome.number)
        dropped = outcome.number in self._dropped
        self._dropped.discard(outcome.number)
        if answers.key and self._newest.get(answers.key) == outcome.number:
            del self._newest[answers.key]
        wanted = not dropped and (answers.owner is None or isValid(answers.owner))
        failure = outcome.failure
        try:
            if failure is None and wanted and answers.then is not None:
                if answers.with_changes:
                    answers.then(outcome.changes, outcome.result)
                else:
                    answers.then(outcome.result)
            elif failure is not None and not isinstance(failure, Cancelled):
                self._tell(failure, answers.fail if wanted else None)
        finally:
            if outcome.changes is not None and outcome.changes.touched:
                self.feed.published.emit(outcome.changes)

    def _tell(self, failure: Failure, fail: Fail | None) -> None:
        if isinstance(failure, Broken):
            _log.error("broken: %s", getattr(failure, "trace", ""))
            self.broken.emit(failure)
        elif isinstance(failure, Unavailable):
            self.unavailable.emit(failure)
        elif fail is None:
            self.refused.emit(failure)
        if fail is not None:
            fail(failure)


def broken_by(error: BaseException) -> Broken:
    """A foreign exception as one of ours, with `trace` (where, for the log) and `details` (for the dialog)."""
    failure = error if isinstance(error, Broken) else Broken(f"{type(error).__name__}: {error}")
    lines = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    # a message may hold a customer's words, so the log gets only the place
    vars(failure)["trace"] = "\n".join([type(error).__name__, *lines])
    vars(failure)["details"] = "\n".join([str(failure), *lines])
    return failure
