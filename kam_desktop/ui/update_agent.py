"""The window's dealings with updates: when to look, what was found, installing when it closes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from kam_desktop import config, language
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.language import N_, tr
from kam_desktop.ui.background import Failure, Job
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.update_dialog import UpdateDialog
from kam_desktop.ui.window import Command
from kam_desktop.update import installation, quiet

LANE = "update"
FIRST_MS = 5 * 60_000
"""After the profile is open: whoever starts the program wants to work."""
AGAIN_MS = 60 * 60_000
DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand with updates.

    Attributes:
        asked: whether it is known yet if this installation was given a repository; `configured` then says it.
        can_install: versions lie side by side here; elsewhere whoever installed the program updates it.
        phase: "" at rest, "checking", "loading" (download and unpacking), "ready" (it waits for the window to close).
        release: what is offered (update.updates.Release), None for nothing.
        done, whole: bytes. since: when the repository last proved that it is fresh. failure: why it did not now.
    """

    version: str = config.VERSION
    asked: bool = False
    configured: bool = False
    can_install: bool = False
    phase: str = ""
    release: Any = None
    done: int = 0
    whole: int = 0
    since: datetime | None = None
    failure: Failure | None = None


class UpdateAgent(QObject):
    """One for a window. It is off until the installation has the address of a repository.

    Signals:
        changed: `now` is another.

    Attributes:
        meeting: says whether somebody is in a meeting; then nothing begins, nothing is said, nothing is switched.
        make: makes the update.updates.Updates of an open store in the lane, None for an installation without updates.
        dialog: the open dialog, None while it is closed.
    """

    changed = Signal()

    def __init__(self, desk: Desk, window: Any) -> None:
        super().__init__(window)
        self.now = Now()
        self.make: Callable[[Any], Any] = _made
        self.meeting: Callable[[], bool] = lambda: window.isFullScreen() or quiet.in_a_meeting()
        self.dialog: UpdateDialog | None = None
        self._desk, self._window = desk, window
        self._updates: Any = None  # of the lane
        self._job: Job | None = None
        self._told = ""
        self._poll = QTimer(self, interval=100)
        self._poll.timeout.connect(self._on_poll)
        self._timer = QTimer(self, interval=FIRST_MS)
        self._timer.timeout.connect(self._on_timer)
        words = ("cap nhat", "phien ban moi", "update", "version", "upgrade")
        window.add_command(Command(N_("Updates"), self.open, words, "", "download"))
        window.closing.connect(self._on_closing)
        desk.background.opened.connect(self._timer.start)
        QTimer.singleShot(0, self, self._on_shown)

    # What the window calls.

    def open(self) -> None:
        """The dialog."""
        if self.dialog is None:
            self.dialog = UpdateDialog(self._window)
            self.dialog.check_wanted.connect(lambda: self.check(by_hand=True))
            self.dialog.take_wanted.connect(self.take)
            self.dialog.cancel_wanted.connect(self.cancel)
            self.dialog.finished.connect(self._on_dialog_closed)
            self.dialog.open()
        self._show()
        if not self.now.asked and self._desk.background.profile is not None:
            self._desk.background.run(LANE, self._ask_standing, self._on_standing, owner=self)

    def check(self, *, by_hand: bool = False) -> None:
        """Asks the repository; `by_hand`: also for a version that once did not come to a good start."""
        if self.now.phase or self._desk.background.profile is None or (self.meeting() and not by_hand):
            return
        self._set(phase="checking", failure=None)

        def work() -> tuple[dict[str, Any], Any, bool]:
            standing = self._ask_standing()
            if self._updates is None:
                return standing, None, False
            if self._updates.place is not None:
                self._updates.place.tidy()
            release = self._updates.check(again=by_hand)
            ready = release is not None and self._updates.is_ready(release)
            return {**standing, "since": self._updates.known_since()}, release, ready

        def done(found: tuple[dict[str, Any], Any, bool]) -> None:
            standing, release, ready = found
            self._set(**standing, release=release, phase="ready" if ready else "")
            if release is not None and not by_hand and self._told != release.version and not self.meeting():
                self._told = release.version
                self._window.toast(tr("Version {version} is there: see “Updates”.", version=release.version))

        self._run(work, done)

    def take(self) -> None:
        """Downloads and unpacks what is offered, beside the running version; it is installed when the window closes."""
        release, profile = self.now.release, self._desk.background.profile
        if release is None or self.now.phase or not self.now.can_install or profile is None:
            return
        self._job = job = Job(tr("Downloading version {version}", version=release.version))
        self._set(phase="loading", done=0, whole=release.length, failure=None)
        self._poll.start()

        def work() -> None:
            from kam_desktop.services import backup

            self._updates.download(release, job.report)
            job.report(release.length, release.length)
            made: Any = profile
            self._updates.make_ready(
                release, lambda _done, _whole: job.report(release.length, release.length),
                lambda: backup.before_update(made, release.schema),
            )  # fmt: skip

        def done(_none: object) -> None:
            self._poll.stop()
            self._set(phase="ready")

        self._run(work, done, job)

    def cancel(self) -> None:
        """Stops a download; what came stays, and the next one goes on from there."""
        if self._job is not None and self.now.phase == "loading":
            self._job.cancel()

    def _run(self, work: Callable[[], Any], done: Callable[[Any], object], job: Job | None = None) -> None:
        """In the lane. What fails is shown in the dialog alone: nobody who works is told that a server is away."""

        def tried() -> Any:
            try:
                return work()
            except (Refused, Unavailable) as failure:
                return failure

        def end(result: Any) -> None:
            (self._on_failed if isinstance(result, Refused | Unavailable) else done)(result)

        self._desk.background.run(LANE, tried, end, self._on_failed, owner=self, job=job)

    # In the lane.

    def _ask_standing(self) -> dict[str, Any]:
        if self._updates is None:
            self._updates = self.make(self._desk.background.profile)
        one = self._updates
        return {
            "asked": True, "configured": one is not None, "can_install": one is not None and one.place is not None,
            "since": one.known_since() if one is not None else None,
        }  # fmt: skip

    # Inside.

    def _on_standing(self, standing: dict[str, Any]) -> None:
        self._set(**standing)
        if self.now.configured:
            self.check(by_hand=True)

    def _on_failed(self, failure: Failure) -> None:
        self._poll.stop()
        since = self._updates.known_since() if self._updates is not None else None
        configured = self._updates is not None
        self._set(phase="", failure=failure, since=since, asked=True, configured=configured)

    def _on_timer(self) -> None:
        self._timer.setInterval(AGAIN_MS)
        since = self.now.since
        if since is None or (self._desk.clock.now() - since).total_seconds() > DAY_S:
            self.check()

    def _on_poll(self) -> None:
        job = self._job
        if job is None or job.state == "cancelled":
            self._poll.stop()
            self._set(phase="")
        else:
            self._set(done=job.done)

    def _on_shown(self) -> None:
        """The event loop runs and the window is there; the profile is opened after this."""
        place = installation.found()
        if place is not None and place.is_tried() and self._window.isVisible():
            from kam_desktop.services import profile  # noqa: F401 — a version that cannot load its store is not well
            from kam_desktop.update import updates

            updates.confirm_start(place)

    def _on_closing(self) -> None:
        self.cancel()
        if self.now.phase == "ready" and not self.meeting():
            try:
                self._updates.switch(self.now.release)
            except Unavailable:
                self._set(phase="")  # the next time

    def _on_dialog_closed(self, _result: int) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _set(self, **values: Any) -> None:
        found = dataclasses.replace(self.now, **values)
        if found != self.now:
            self.now = found
            self.changed.emit()
            self._show()

    def _show(self) -> None:
        if self.dialog is not None:
            self.dialog.show_now(self.now, language.current())


def _made(store: Any) -> Any:
    """In the lane: the updates of this installation, None where it was given no repository."""
    from kam_desktop.domain.clock import SystemClock
    from kam_desktop.update import updates

    place = installation.found()
    source = updates.source_of(place.base if place is not None else None)
    if source is None:
        return None
    try:
        device = (store.folder / "device.id").read_text("ascii").strip()
    except (OSError, ValueError):
        device = ""
    folder = place.work if place is not None else store.folder / installation.UPDATES
    return updates.Updates(folder, source, SystemClock(), device, place=place)
