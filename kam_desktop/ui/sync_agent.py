"""The window's dealings with the shared server: when to sync, what came of it, who is told."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from kam_desktop.domain.change import Action, ChangeSet, Touched
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Problem, Refused, SignedOut, Unavailable
from kam_desktop.ui.background import Background
from kam_desktop.ui.sync_now import Now as Now

SOON_MS = 1000  # after an edit: what is typed quickly goes in one cycle
BEAT_MS = 20_000
SLEPT_S = 90.0
"""A beat that comes so much later than it was set: the computer slept, and the network may be another one."""

Maker = Callable[[Any], Any]
"""Makes the sync.agent.Agent of an open store, in the net lane."""
Failing = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class _End:
    """What came of one cycle; `wait_s` until the next, `hold` the long poll that may begin."""

    failure: Problem | None
    wait_s: float
    braked: int = 0
    everything: bool = False
    hold: Callable[[], bool] | None = None


class SyncAgent(QObject):
    """One for a window. Everything here runs in the UI thread but what is said to run in a lane.

    Signals:
        changed: `now` is another.
        asked(list): the first connect found accounts on both sides; `answer` goes on.
        browse(str): this address is to be opened in the browser.

    Attributes:
        publishing: what is being told by the feed just now came from the server.
        connecting: the window's dialogs of connecting (connect_dialog.Connecting), set by them.
    """

    changed = Signal()
    asked = Signal(list)
    browse = Signal(str)
    _told = Signal()

    def __init__(self, background: Background, now: Callable[[], datetime], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.now = Now()
        self.make: Maker | None = None
        self.connecting: Any = None
        self._background, self._clock = background, now
        self._agent: Any = None  # of the net lane
        self.publishing = self._again = self._agreed_brake = self._holding = self._stopping = False
        self._cancelled = False
        self._arrived: deque[tuple[Sequence[ChangeSet], int, int]] = deque()
        self._answered = threading.Event()
        self._link = False
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._on_soon)
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._on_next)
        self._beat = QTimer(self, interval=BEAT_MS)
        self._beat.timeout.connect(self._on_beat)
        self._beaten: datetime | None = None
        self._told.connect(self._deliver)
        background.feed.published.connect(self._on_published)

    # What the window calls.

    def start(self, overview: Any) -> None:
        """The profile is open: `overview` is services.needs.overview of it. One that is not connected costs nothing."""
        self._agent, self._stopping = None, False
        self.take(overview)
        if self.now.connected:
            self._beaten = self._clock()
            self._beat.start()
            if self.now.signed_in:
                self.sync_now()
            else:  # the firm may have taken this laptop out of use all the same
                self._background.run("net", lambda: self._made().revoked(), self._on_revoked, owner=self)

    def take(self, overview: Any) -> None:
        """Takes in what the store says."""
        standing, counts, lease = overview.standing, overview.counts, overview.lease(self._clock())
        last = datetime.fromisoformat(standing.last_sync) if standing.last_sync else None
        self._set(
            connected=bool(standing.workspace), signed_in=overview.signed_in, sample=overview.sample, me=overview.me,
            role=standing.role, may_hand_over=overview.may_hand_over, server=standing.server,
            workspace=standing.workspace, user=standing.user_name, waiting=counts.waiting, needs_you=counts.needs_you,
            last_sync=last, downloading=counts.downloading, lease=lease if lease is not None and lease.warns else None,
        )  # fmt: skip

    def look(self) -> None:
        """Asks the store again what waits."""
        if self._background.profile is not None:
            self._background.ask(_overview, self.take, key="sync overview", owner=self)

    def sync_now(self) -> None:
        """One cycle as soon as the one under way is done."""
        if not self.now.connected or self._stopping or self._background.profile is None:
            return
        if self.now.phase:
            self._again = True
            return
        self._next.stop()
        self._soon.stop()
        agreed, self._agreed_brake, self._again = self._agreed_brake, False, False
        self._set(phase="syncing", done=0, whole=self.now.waiting)
        self._background.run("net", lambda: self._cycle(agreed), self._on_end, self._on_broken, owner=self)

    def release_brake(self) -> None:
        """The user said that the rows may go."""
        self._agreed_brake = True
        self.keep_brake()
        self.sync_now()

    def keep_brake(self) -> None:
        """The user wants them kept for now: the next cycle asks again."""
        self._set(braked=0)

    def connect_to(
        self, server: str, user: str, password: str, then: Callable[[Any], object], fail: Callable[[Any], object],
        workspace: str = "", browser: bool = False,
    ) -> None:  # fmt: skip
        """Signs in; the first time also downloads and matches. `then(Joined | None)`, or `fail(Refused | Unavailable)`.

        None: signed in again, or stopped by `cancel`. `asked` comes once when both sides have the same accounts.
        `workspace` is the one that an invitation names: no other server gets the password. `browser`: through it.
        """
        self._cancelled = False
        self._set(phase="connecting", done=0, whole=0, failure=None)

        def work() -> Any:
            try:
                return self._made().connect(
                    server, user, password, agree=self._agree, told=self._tell_rows,
                    cancelled=lambda: self._cancelled or self._stopping, workspace=workspace,
                    **({"browse": self._browse} if browser else {}),
                )  # fmt: skip
            except (Refused, Unavailable) as failure:
                return failure

        def done(result: Any) -> None:
            self._set(phase="")
            if isinstance(result, Refused | Unavailable):
                self._on_revoked(result)
                self.look()
                fail(result)
                return
            self._publish([_everything()])
            self._background.ask(_overview, self.start, owner=self)
            then(None if self._cancelled else result)

        def broken(failure: object) -> None:
            self._on_broken(failure)
            fail(Unavailable("broken", "Something went wrong in the program."))

        self._background.run("net", work, done, broken, owner=self)

    def provider_of(self, server: str, workspace: str, then: Callable[[str], object]) -> None:
        """Asks a server as what signing in through the browser is known there; `then` hears nothing of failures."""

        def work() -> str | None:
            try:
                return str(self._made().provider(server, workspace))
            except (Refused, Unavailable):
                return None  # signing in says why

        self._background.run("net", work, lambda name: then(name) if name is not None else None, owner=self)

    def answer(self, link: bool) -> None:
        """Whether the accounts that both sides have become one each."""
        self._link = link
        self._answered.set()

    def cancel(self) -> None:
        """Stops a first download; what came stays, and connecting goes on from there."""
        self._cancelled = True
        self._answered.set()

    def disconnect_from(self, then: Callable[[], object]) -> None:
        """Signs out. Everything stays, what waits too."""

        def done(_none: object) -> None:
            self._set(signed_in=False, failure=None)
            self.look()
            then()

        self._background.run("net", lambda: self._made().disconnect(), done, owner=self)

    def reassign(self, account: str, owner: str, seen: str, then: Callable[[], object], fail: Failing) -> None:
        """Hands an account over at the server, then syncs. `fail(Unavailable)` says why not."""
        self.at_server(lambda agent: agent.reassign(account, owner, seen), then, fail)

    def at_server(self, deed: Maker, then: Callable[[], object], fail: Failing) -> None:
        """Does something at the server, in the net lane (`deed` gets the agent), then syncs."""

        def work() -> Any:
            try:
                return deed(self._made())
            except (Refused, Unavailable) as failure:
                return failure

        def done(failure: Any) -> None:
            if failure is not None:
                fail(failure)
            else:
                then()
                self.sync_now()

        self._background.run("net", work, done, owner=self)

    def stop(self) -> None:
        """The window closes: what runs ends at its next safe place, nothing new begins."""
        self._stopping = True
        self._answered.set()
        for timer in (self._soon, self._next, self._beat):
            timer.stop()

    # In the net lane.

    def _made(self) -> Any:
        if self._agent is None:
            if self.make is None or self._background.profile is None:
                raise Unavailable("not_open", "The profile is not open.")
            self._agent = self.make(self._background.profile)
        return self._agent

    def _cycle(self, agreed: bool) -> _End:
        agent, told = self._made(), 0
        hold = noticed = None

        def tell(report: Any) -> None:
            nonlocal told
            fresh, told = tuple(report.changes[told:]), len(report.changes)
            self._arrived.append((fresh, report.pushed, report.pulled))
            with suppress(RuntimeError):  # the window is gone
                self._told.emit()

        try:
            report = agent.sync(tell, lambda: self._stopping, agreed=agreed)
        except (Refused, Unavailable) as failure:
            tell(agent.engine.report)
            problem = _problem(failure)
            return _End(problem, agent.schedule.after_failure(float(problem.args.get("retry_after_s") or 0) or None))
        finally:
            agent.rest()
        wait_s = agent.schedule.after_success()
        with suppress(Unavailable):
            noticed = agent.look_at_log()
        with suppress(Unavailable):
            hold = agent.waiter() if not self._holding and not self._stopping else None
        return _End(noticed, wait_s, report.braked, report.everything, hold)

    def _agree(self, matches: list[Any]) -> bool:
        """In the net lane: holds it until the user has answered."""
        self._answered.clear()
        self._link = False
        if self._cancelled or self._stopping:
            return False
        with suppress(RuntimeError):
            self.asked.emit(matches)
        self._answered.wait()
        return self._link and not self._cancelled

    def _browse(self, address: str) -> None:
        with suppress(RuntimeError):
            self.browse.emit(address)

    def _tell_rows(self, done: int, whole: int) -> None:
        self._arrived.append(((), done, whole))
        with suppress(RuntimeError):
            self._told.emit()

    # Back in the UI thread.

    def _deliver(self) -> None:
        while self._arrived:
            changes, first, second = self._arrived.popleft()
            if self.now.phase == "connecting":
                self._set(done=first, whole=second, downloading=True)
            elif self.now.phase == "syncing":
                self._set(done=first)
            self._publish(changes)

    def _publish(self, changes: Sequence[ChangeSet]) -> None:
        self.publishing = True
        for each in changes:
            if each.touched:
                self._background.feed.published.emit(each)
        self.publishing = False

    def _on_end(self, end: _End) -> None:
        self._deliver()
        self._set(phase="", failure=end.failure, braked=end.braked)
        if end.everything:
            self._publish([_everything()])
        self.look()
        if self._again:
            self.sync_now()
        elif end.failure is None or end.failure.code not in ("sign_in", "update", "sample_data", "erased"):
            self._next.start(round(end.wait_s * 1000))
        if end.hold is not None:
            self._hold(end.hold)

    def _on_broken(self, _failure: object) -> None:
        self._set(phase="", failure=Problem("sync", "broken", "Something went wrong in the program."))

    def _on_revoked(self, said: Any) -> None:
        if getattr(said, "code", "") == "erased":
            self._set(failure=_problem(said))

    def _hold(self, hold: Callable[[], bool]) -> None:
        def work() -> bool | None:
            try:
                return hold()
            except Unavailable:
                return None  # the timer goes on; the next cycle that ends well begins another one

        def news(found: bool | None) -> None:
            self._holding = False
            if found is not None and not self._stopping:
                self.sync_now()

        self._holding = True
        self._background.run("wait", work, news, lambda _failure: news(None), owner=self)

    def _on_published(self, changes: ChangeSet) -> None:
        if not self.publishing and self.now.connected and changes.touched:
            self._soon.start()
            self.look()

    def _on_soon(self) -> None:
        # while the server asks for patience an edit does not hurry it
        if self.now.failure is None or self.now.failure.code == "offline":
            self.sync_now()

    def _on_next(self) -> None:
        if self._holding and self.now.failure is None:
            self._next.start()  # news come by themselves
        else:
            self.sync_now()

    def _on_beat(self) -> None:
        before, self._beaten = self._beaten, self._clock()
        if before is not None and (self._beaten - before).total_seconds() > SLEPT_S + BEAT_MS / 1000:
            self.sync_now()

    def _set(self, **values: Any) -> None:
        found = dataclasses.replace(self.now, **values)
        if found != self.now:
            self.now = found
            self.changed.emit()


def _problem(failure: Refused | Unavailable) -> Problem:
    if isinstance(failure, Refused):
        return failure.problems[0]
    code = "sign_in" if isinstance(failure, SignedOut) else failure.code
    return Problem("server", code, failure.message, failure.args_named)


def _everything() -> ChangeSet:
    """Whoever shows anything asks again."""
    return ChangeSet(0, "", tuple(Touched(name, "", Action.UPDATE) for name in BY_NAME), {})


def _overview(reader: Any) -> Any:
    from kam_desktop.services import needs

    return needs.overview(reader)
