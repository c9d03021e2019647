"""Help around the window: log, a notice after a crash, the support bundle, the way to “About”."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.language import tr
from kam_desktop.services.support.faults import Watch
from kam_desktop.ui import theme
from kam_desktop.ui.background import Failure, Job
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.buttons import IconButton
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import IconLabel, Link
from kam_desktop.ui.sentences import words_of

_QUIET = ("not_open", "no_profile", "key_needed")
_POLL_MS = 100
_log = logging.getLogger(__name__)


@dataclass
class _Seen:
    """The open profile as doctor looks at it: without keys, so that neither journal nor backups are opened again."""

    store: Any
    keys: Any = None
    unlocked: Any = None


class Notice(Panel):
    """In the status bar: the last run did not come to its end; a click shows what can be done."""

    def __init__(self, wanted: Any, away: Any) -> None:
        super().__init__(row=True, ground="window", gap=6)
        words = tr("The program did not close properly last time")
        link = Link(words, size=theme.CAPTION)
        link.opened.connect(wanted)
        cross = IconButton("x", tr("Close"))
        cross.setFixedSize(theme.px(24), theme.px(24))
        cross.clicked.connect(away)
        self.add(IconLabel("triangle-alert", theme.text_of("warning"), 14), link, cross)
        self.setAccessibleName(words)


class Help(QObject):
    """One for a window. `folder` is the profile's; None (a demonstration, the tour) writes no log.

    Attributes:
        dialog: the open bundle, None while it is closed. notice: what stands in the status bar after a crash.
    """

    def __init__(self, desk: Desk, window: Any, folder: Path | None) -> None:
        super().__init__(window)
        self._desk, self._window, self._folder = desk, window, folder
        self._watch: Watch | None = None
        self._offered = False
        self._phase = ""
        self.dialog: Any = None
        self.notice: QWidget | None = None
        desk.background.unavailable.connect(self._on_unavailable)
        desk.agent[0].changed.connect(self._on_sync)
        window.shown.connect(lambda _key: self._show_notice())

    # The log.

    def follow(self, watch: Watch) -> None:
        """Takes over the log that was begun before there was a window; without one nothing is written."""
        self._watch, self._offered = watch, not watch.last.ended

    def offer(self) -> None:
        """The last run did not come to its end: says so in the status bar."""
        self._offered = True
        self._show_notice()

    def opened(self) -> None:
        """The profile is open: a new one gets its log now; what is left of a crash is offered."""
        if self._watch is not None and not self._watch.begun:
            self._watch.begin()
        self._show_notice()

    def end(self) -> None:
        """The program came to its end."""
        if self._watch is not None:
            self._watch.end()

    def _on_unavailable(self, problem: Unavailable) -> None:
        if problem.code not in _QUIET:
            _log.info("unavailable: %s", problem.code)

    def _on_sync(self) -> None:
        now = self._desk.agent[0].now
        before, self._phase = self._phase, now.phase
        if before and not now.phase:
            came = now.failure.code if now.failure is not None else "done"
            _log.info("sync: %s, waiting %s, needs you %s, held back %s", came, now.waiting, now.needs_you, now.braked)

    # After a crash.

    def _show_notice(self) -> None:
        if self._offered and (self.notice is None or not isValid(self.notice)
                              or self.notice.parent() is not self._window.bottom):  # fmt: skip
            self.notice = Notice(self.open_bundle, self._put_away)
            self._window.bottom.box.insertWidget(2, self.notice)

    def _put_away(self) -> None:
        self._offered = False
        if self.notice is not None and isValid(self.notice):
            self.notice.hide()
            self.notice.deleteLater()
        self.notice = None

    # What the commands do.

    def open_about(self) -> None:
        """Versions and licences, in the settings."""
        self._window.show_page("settings", "about")

    def open_bundle(self) -> None:
        """Collects what helps to find a fault, and shows it."""
        from kam_desktop.ui.support_dialog import SupportDialog

        if self.dialog is not None and isValid(self.dialog) and self.dialog.isVisible():
            return
        self._put_away()
        made = self.dialog = SupportDialog(self._window)
        background, job = self._desk.background, Job(tr("Collecting for support"))
        poll = QTimer(made, interval=_POLL_MS)
        poll.timeout.connect(lambda: made.set_progress(job.done, job.total))
        made.stop_wanted.connect(job.cancel)
        made.save_wanted.connect(partial(self._save, made))
        made.finished.connect(lambda _result: made.deleteLater())

        def show(parts: Any) -> None:
            poll.stop()
            made.show_parts(parts)

        def fail(failure: Failure) -> None:
            poll.stop()
            made.say(words_of(failure) if isinstance(failure, Refused | Unavailable) else "")

        made.open()
        poll.start()
        store = background.profile
        folder = self._folder or getattr(store, "folder", None)
        work = partial(_collect, folder, store, screen_facts(), self._desk.clock, job)
        background.run("files", work, show, fail, owner=made, job=job)

    def _save(self, dialog: Any) -> None:
        name = f"kam-support-{self._desk.today().isoformat()}.zip"
        target = dialogs.choose_target(dialog, tr("Export support bundle"), name, [("ZIP", "*.zip")])
        if target is None:
            return
        job = Job(tr("Writing the support bundle"))
        work = partial(_write, target, dialog.chosen(), dialog.note.toPlainText(), job)
        dialog.save.setEnabled(False)

        def done(_size: int) -> None:
            dialog.accept()
            words = tr("The bundle is saved as {name}. Nothing was sent.", name=target.name)
            self._window.toast(words, None, "success")

        def fail(failure: Failure) -> None:
            dialog.save.setEnabled(True)
            dialog.say(words_of(failure) if isinstance(failure, Refused | Unavailable) else "")

        self._desk.background.run("files", work, done, fail, owner=dialog, job=job)


def screen_facts() -> list[tuple[str, str]]:
    """What the window knows of its surroundings, for the bundle."""
    screen = QGuiApplication.primaryScreen()
    size = screen.size()
    return [
        ("qt", f"{qVersion()} {QGuiApplication.platformName()}"),
        ("screen", f"{size.width()}x{size.height()} at {screen.devicePixelRatio():.2f}"),
        ("look", f"{theme.mode()} {theme.zoom()} %"),
    ]


# In the lanes.


def _collect(folder: Any, store: Any, seen: Sequence[tuple[str, str]], clock: Any, job: Job) -> Any:
    from kam_desktop.services import doctor
    from kam_desktop.services.support import bundle, facts

    findings: list[Any] = []
    if store is not None:
        job.report(0, 0)
        findings = doctor.examine(folder, lambda: nullcontext(_Seen(store)), clock)
    return bundle.parts(folder, [*facts.facts(store), *seen], store, findings, job.report)


def _write(target: Path, parts: Any, note: str, job: Job) -> int:
    from kam_desktop.services.support import bundle

    return bundle.write(target, parts, note, job.report)
