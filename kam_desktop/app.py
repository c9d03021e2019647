"""Builds the desktop: opens the window first and the profile after, and joins all floors together."""

from __future__ import annotations

import gc
import getpass
import hashlib
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from kam_desktop import config, confined, language
from kam_desktop.domain.clock import Clock, SystemClock
from kam_desktop.domain.errors import Broken, Refused, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.language import tr
from kam_desktop.services.support.faults import Watch
from kam_desktop.ui import heap, qt_words, second_start, theme
from kam_desktop.ui.background import Fail, Failure, Job
from kam_desktop.ui.desktop import LOOK_FILE, Desktop, start_values
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.lease_dialog import LeaseDialog
from kam_desktop.ui.sentences import sentence, words_of
from kam_desktop.ui.tour import EMPTY, Tour, Wishes
from kam_desktop.ui.unlock_dialog import UnlockDialog

_NO_PROFILE = "no_profile"
_CARE_MS = 60_000  # after the start
ICON_SIZES = (16, 24, 32, 48, 64, 128, 256)
_CARE_AGAIN_MS = 3_600_000  # a window may stay open for days; the day's backup is made once


class Door(QObject):
    """The way to the profile of a window: opening, unlocking, making, closing. Results come in the UI thread."""

    def __init__(self, desktop: Desktop, folder: Path, opener: Callable[[], Any] | None = None) -> None:
        super().__init__(desktop)
        self.desktop, self._folder, self._opener = desktop, folder, opener
        desktop.desk.door.append(self)
        desktop.sync.make = partial(_agent, desktop.desk.clock)
        self._profile: Any = None
        self.starts_again = False
        self._recovery: Any = None
        self._dialog: UnlockDialog | LeaseDialog | None = None

    def open(self) -> None:
        """Opens the profile in the edit lane; whoever asks meanwhile waits behind it."""
        self._put(self._opener or partial(self._unlocked, "", False))

    def _put(self, opener: Callable[[], Any], fail: Fail | None = None) -> None:
        self.desktop.background.open(opener, self._on_open, fail or self._on_failed)

    def _unlocked(self, secret: str, recovery: bool) -> Any:
        """In the edit lane: the store of the profile that is there. The libraries of the store are loaded here."""
        from kam_desktop.services import profile
        from kam_desktop.vault import Vault

        if not profile.exists(self._folder):
            raise Unavailable(_NO_PROFILE, "There is no profile yet.")

        def source(refused: Refused | None) -> str | None:
            return secret if refused is None else None

        desk = self.desktop.desk
        self._profile = profile.open_profile(
            self._folder, desk.clock, desk.ids, None if secret else Vault(),
            passphrase_source=source if secret and not recovery else None,
            recovery_source=source if secret and recovery else None,
        )  # fmt: skip
        self._profile.check_lease(desk.clock.now())
        return self._profile.store

    def _signed_in(self, password: str, who: Mapping[str, str]) -> Any:
        """In the edit lane: the lease had ended; a sign-in at the server makes it anew."""
        store, server, user = self._profile.store, who["server"], who["user"]
        _agent(self.desktop.desk.clock, store).connect(server, user, password, agree=lambda _found: False)
        return store

    def _on_open(self) -> None:
        if self._dialog is not None:
            self._dialog.accept()
            self._dialog = None
        self.desktop.background.ask(start_values, self.desktop.opened)
        if self._profile is not None:
            for note in self._profile.notes:
                self.desktop.window.toast(sentence(note), None, "warning")
            QTimer.singleShot(_CARE_MS, self, self.care)

    def lock_up(self, fail: Fail) -> None:
        """Locks the profile and starts the program anew: the next process asks for the passphrase."""

        def done(_nothing: object) -> None:
            self.starts_again = True
            self.desktop.window.close()

        if self._profile is not None:
            self.desktop.background.run("files", self._profile.lock_up, done, fail, owner=self)

    def care(self) -> None:
        """What can wait until the window is at rest: a lost keyring entry made anew, the backup that is due."""
        if self._profile is not None:
            self.desktop.background.run("files", partial(_care, self._profile, self.desktop.desk.clock))
            QTimer.singleShot(_CARE_AGAIN_MS, self, self.care)

    def _on_failed(self, failure: Failure) -> None:
        code = failure.code if isinstance(failure, Unavailable) else ""
        if isinstance(failure, Unavailable) and code == "lease_ended":
            self._ask_sign_in(failure.args_named)
        elif isinstance(self._dialog, LeaseDialog) and isinstance(failure, Refused | Unavailable):
            self._dialog.show_failure(failure)
        elif self._profile is not None:
            pass  # it is open; what was refused was said
        elif code == _NO_PROFILE:
            self.desktop.window.show_page("first_run")
        elif isinstance(failure, Broken):
            pass  # the one dialog says it
        elif self._dialog is not None:
            self._dialog.show_failure(failure)
        elif code == "key_needed":
            self._dialog = UnlockDialog(self.desktop.window, self._try, locked=failure.__cause__ is None)
            self._dialog.rejected.connect(self.desktop.window.close)
            self._dialog.open()
        else:
            title = tr("The profile cannot be opened")
            dialogs.tell(self.desktop.window, title, words_of(failure), tone="danger", icon="circle-alert")
            self.desktop.window.close()

    def _ask_sign_in(self, who: Mapping[str, str]) -> None:
        if self._dialog is not None:
            self._dialog.accept()
        said = tr("{user} on {server}", user=who["user"], server=who["server"].partition("://")[2])
        self._dialog = LeaseDialog(self.desktop.window, said, lambda it: self._put(lambda: self._signed_in(it, who)))
        self._dialog.rejected.connect(self.desktop.window.close)
        self._dialog.open()

    def _try(self, secret: str, recovery: bool) -> None:
        self._put(partial(self._unlocked, secret, recovery))

    # Making a profile (first run).

    def told_before(self) -> dict[str, str]:
        """What the first run was told at an earlier start that ended before there was a profile."""
        from kam_desktop.services import beginning

        return beginning.kept(self._folder)

    def keep_told(self, told: Mapping[str, str]) -> None:
        """Keeps what the first run is told, for its next start; nothing once a profile is made or being made."""
        from kam_desktop.services import beginning

        if self._profile is None and self._opener is None:
            self.desktop.background.run("files", partial(beginning.keep, self._folder, dict(told)))

    def new_recovery_key(self) -> tuple[str, ...]:
        """The groups of a fresh recovery key, to be shown once; it is kept here until `make`."""
        from kam_desktop.store.recovery_key import RecoveryKey

        self._recovery = RecoveryKey.new()
        return tuple(self._recovery.groups())

    def groups_to_ask(self) -> tuple[int, int]:
        """The numbers, from 1, of two groups to ask back."""
        from kam_desktop.store.recovery_key import groups_to_ask

        return groups_to_ask()

    def check_groups(self, answers: Mapping[int, str]) -> None:
        """Raises Refused when the person has not kept the recovery key."""
        self._recovery.check_answers(answers)

    def make(self, passphrase: str, sample: str, fail: Fail, job: Job | None = None) -> None:
        """Makes and opens the profile: with a passphrase ("" for none), the recovery key shown, and sample data.

        `sample` is agency, manufacturer or "". What is refused (a weak passphrase) goes to `fail`.
        """
        self._put(partial(self._made, passphrase, self._recovery, sample, job), fail)

    def _made(self, passphrase: str, recovery: Any, sample: str, job: Job | None) -> Any:
        from kam_desktop.services import beginning, profile
        from kam_desktop.vault import Vault

        desk = self.desktop.desk
        self._profile = profile.create_profile(
            self._folder, desk.clock, desk.ids, Vault(), passphrase=passphrase or None, recovery=recovery
        )
        self._recovery, store = None, self._profile.store
        beginning.forget(self._folder)
        if sample:
            fill_sample(store, sample, desk.clock.today(), report=job.report if job else None)
        else:
            profile.set_up(store, "", "")
        return store

    @property
    def can_start_over(self) -> bool:
        """Whether there is a profile on the disk that `start_over` could take away."""
        return self._profile is not None

    def start_over(self) -> None:
        """Takes sample data away for good and shows the first run; anything else is refused and stays."""

        def fail(failure: Failure) -> None:
            if self._profile is None:
                self.desktop.desk.remembered.clear()
                self.desktop.window.rebuild()
            elif isinstance(failure, Refused):
                self.desktop.window.toast(words_of(failure), None, "danger")
            self._on_failed(failure)

        self._put(self._emptied, fail)

    def _emptied(self) -> Any:
        from kam_desktop.services import demo, profile

        profile.start_over(self._profile, demo.MARK)
        self._profile = self.desktop.background.profile = None
        raise Unavailable(_NO_PROFILE, "There is no profile yet.")

    def close(self) -> None:
        """Lets other processes write; the store itself is closed already, by its own lane."""
        if self._profile is not None:
            self._profile.end()
            self._profile = None


def _care(opened: Any, clock: Clock) -> None:
    from kam_desktop.services import backup, profile
    from kam_desktop.vault import Vault

    profile.mend_keyring(opened, Vault(), clock)
    opened.lease(clock.now())  # keeps the latest moment that was seen
    backup.roll(opened.store)


def _agent(clock: Clock, store: Any) -> Any:
    """In the net lane: what deals with the server. A window that is not connected never loads it."""
    from kam_desktop.sync.agent import Agent
    from kam_desktop.vault import Vault

    return Agent(store, Vault(), clock)


def fill_sample(
    store: Any, kit: str, today: date, accounts: int = 0, report: Callable[[int, int], None] | None = None
) -> None:
    """Writes sample data, unrecorded, into a new store; runs in the edit lane."""
    from kam_desktop.services import demo

    demo.fill(
        lambda: store.edit("", kind="internal", recorded=False), demo.load(kit), today, accounts or demo.SMALL,
        report or (lambda _done, _whole: None),
    )  # fmt: skip


# Starting.


def _application(folder: Path | None, lang: str | None = None, mode: str = "") -> QApplication:
    """The dressed application: fonts, theme, language, Qt's own words."""
    # Qt's own dialog for files writes the folders it showed, often named after customers, into a file in the clear.
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, os.devnull)
    found = QApplication.instance()
    if found is None:
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName(config.APP_NAME)
    app.setApplicationVersion(config.VERSION)
    QGuiApplication.setDesktopFileName("kam-desktop")  # the name of its .desktop file: Wayland finds the icon by it
    if sys.platform != "darwin":  # there the bundle has it
        app.setWindowIcon(_icon())
    try:
        look = json.loads((folder / LOOK_FILE).read_text("utf-8")) if folder is not None else {}
        chosen = (str(look["language"]), str(look["mode"]), int(look["zoom"]))
    except (OSError, ValueError, KeyError, TypeError):
        chosen = ("vi", "system", 100)
    wanted = lang or chosen[0]
    language.use(wanted if wanted in language.LANGUAGES else "vi")
    qt_words.install(app)
    theme.apply(app, mode or (chosen[1] if chosen[1] in theme.MODES else "system"), chosen[2])
    return app


def _icon() -> QIcon:
    """The program's own picture (installer/icon/make.py); each size is read when it is first asked for."""
    icon = QIcon()
    for size in ICON_SIZES:
        icon.addFile(str(config.resources() / "program" / f"kam-desktop-{size}.png"), QSize(size, size))
    return icon


def run_window(
    profile: Path | str | None = None, *, demo: bool = False, lang: str | None = None, targets: Sequence[str] = ()
) -> int:
    """Opens the window on a profile and returns its exit status. A second start raises the first window instead.

    `targets` are what the system asks to open: invitations and links, for the window that there is.
    """
    if demo:
        return run_demo(lang)
    folder = (Path(profile) if profile else config.profile_dir()).absolute()
    app = _application(folder, lang)
    name = instance_name(folder)
    targets = second_start.here(targets)
    if second_start.raised_first(name, targets):
        return 0
    watch = Watch(folder)
    if folder.is_dir():  # else it begins with the profile
        watch.begin()
    desktop = _desktop(folder)
    desktop.help.follow(watch)
    door = Door(desktop, folder)
    second_start.Listener(name, desktop.come_forward, desktop)
    desktop.opening.take(targets)
    status = _run(app, door)
    if door.starts_again:
        confined.start_again(["--profile", str(folder)])
    return status


def instance_name(folder: Path) -> str:
    """Where the first window of this user on a profile listens for a second start."""
    return "kam-" + hashlib.sha256(f"{getpass.getuser()}|{folder}".encode()).hexdigest()[:24]


def _desktop(folder: Path | None) -> Desktop:
    clock = SystemClock()
    return Desktop(clock, RandomIds(clock), folder)


def _run(app: QApplication, door: Door) -> int:
    desktop = door.desktop
    sys.excepthook = desktop.on_exception
    heap.begin()
    gc.set_threshold(50_000, 20, 100)  # a collection of everything stops the window for 70 ms with 100,000 customers
    desktop.window.show()
    QTimer.singleShot(0, door.open)  # the profile is opened once the window is on the screen
    status = app.exec()
    ended = desktop.background.close()
    door.close()
    desktop.help.end()
    sys.excepthook = sys.__excepthook__
    if not ended and not door.starts_again:
        # A long backup still runs, its store closed under it; what it left is cleared away by the next one.
        # Python and Qt taken down around a running thread crash (seen), so the process ends here.
        logging.shutdown()
        os._exit(status)
    return status


def run_demo(lang: str | None = None, accounts: int = 0, kit: str = "agency") -> int:
    """Opens the window on a throw-away profile with sample data."""
    app = _application(None, lang)
    with tempfile.TemporaryDirectory(prefix="kam-demo-", ignore_cleanup_errors=True) as folder:
        desktop = _desktop(None)
        return _run(app, Door(desktop, Path(folder), partial(demo_store, Path(folder), kit, accounts)))


def run_tour(folder: Path | str, wishes: Wishes | None = None, kit: str = "agency") -> int:
    """Walks the screens that are wished for (all, unless said) on sample data, then the pages of an empty profile.

    Saves a PNG of each into `folder`. The exit status is 1 if a screen never came to rest or something of ours broke.
    """
    app, folder, wishes = _application(None, "vi", "light"), Path(folder), wishes or Wishes()
    folder.mkdir(parents=True, exist_ok=True)
    parts, status = wishes.parts(), 0
    for empty in (False, True):
        if parts and (parts == [EMPTY] if not empty else EMPTY not in parts):
            continue
        with tempfile.TemporaryDirectory(prefix="kam-tour-", ignore_cleanup_errors=True) as profile:
            desktop = _desktop(None)
            tour = Tour(desktop, folder, wishes, empty=empty)
            tour.finished.connect(app.exit)
            fill = partial(demo_store, Path(profile), "" if empty else kit, 0)
            status |= _run(app, Door(desktop, Path(profile), fill))
            status |= int(bool(desktop.faults))  # one that broke while the lanes ended, too
            desktop.window.close()
    return status


def demo_store(folder: Path, kit: str = "agency", accounts: int = 0) -> Any:
    """A new store with sample data (none with the kit "") and a key that is kept nowhere; runs in the edit lane."""
    from kam_desktop.store.data_key import DataKey
    from kam_desktop.store.profile import Store

    clock = SystemClock()
    store = Store.create(folder, DataKey.new(), "demo", clock, RandomIds(clock))
    if kit:
        fill_sample(store, kit, clock.today(), accounts)
    return store
