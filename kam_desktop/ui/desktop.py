"""The running window joined with its lanes: commands, search, messages, what is remembered."""

from __future__ import annotations

import gc
import json
import linecache
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from kam_desktop import config, language
from kam_desktop.domain.change import ChangeSet
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Broken, Unavailable
from kam_desktop.domain.ids import Ids
from kam_desktop.language import N_, tr
from kam_desktop.ui import keymap, pages, theme
from kam_desktop.ui.background import Background, broken_by
from kam_desktop.ui.bin_dialog import Bin
from kam_desktop.ui.capture_popup import Capture
from kam_desktop.ui.change_feed import ChangeFeed
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.duplicates import Duplicates
from kam_desktop.ui.focus_keeper import FocusKeeper
from kam_desktop.ui.help import Help
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.laptops import Laptops
from kam_desktop.ui.last_place import LastPlace
from kam_desktop.ui.navigation import ALONE, HIDDEN
from kam_desktop.ui.opening import Opening
from kam_desktop.ui.own_lock import OwnLock
from kam_desktop.ui.palette import Hit
from kam_desktop.ui.sentences import words_of
from kam_desktop.ui.sync_agent import SyncAgent
from kam_desktop.ui.sync_status import SyncStatus
from kam_desktop.ui.tray import Tray, forward
from kam_desktop.ui.update_agent import UpdateAgent
from kam_desktop.ui.window import Command, Job, PageSpec, Window

LOOK_FILE = "look.json"  # language, theme and zoom alone: the first frame needs them before the profile can be read
NEW = "new"  # the place of a page where a record is made
_COUNTED = {"account", "proposal", "task", "invoice", "instalment", "allocation", "opening_settlement"}
_AHEAD_MS = 600  # after the first page has its answer, before anybody has read it
_WINDOW = "window"  # the preference with geometry and last page
_log = logging.getLogger(__name__)


class Desktop(QObject):
    """One running window with its lanes. `folder` keeps the look for the next start; None keeps it nowhere.

    Attributes:
        window, background, desk: what everything else hangs on.
        faults: our own faults so far, with details. silent: no dialog tells of them, nobody is there to close it.
    """

    def __init__(self, clock: Clock, ids: Ids, folder: Path | None = None) -> None:
        super().__init__()
        self._folder, self._telling, self.silent = folder, False, False
        self.faults: list[str] = []
        self.background = Background(ChangeFeed(self), self)
        blank = PageSpec("", config.APP_NAME, "layers", QWidget, section=HIDDEN)
        self.sync = SyncAgent(self.background, clock.now, self)
        self.desk = Desk(self.background, clock, ids, _Shell(self), {}, agent=[self.sync])
        self.window = Window([blank, *pages.specs(self.desk)], finder=self._find)
        self.window.resize(theme.px(1366), theme.px(768))
        self.last_place = LastPlace(self.desk, self.window)
        self.focus_keeper = FocusKeeper(self.window)
        self.tray = Tray(self.window, self.desk)
        self.capture = Capture(self.desk, self.window)
        self.duplicates, self.bin = Duplicates(self.desk, self.window), Bin(self.desk, self.window)
        self.sync_status = SyncStatus(self.desk, self.window)
        self.updates = UpdateAgent(self.desk, self.window)
        self.own_lock = OwnLock(self.desk, self.window, self.updates.meeting)
        self.laptops = Laptops(self.desk, self.window)
        self.help = Help(self.desk, self.window, folder)
        self.opening = Opening(self.desk, self.window)
        background, window = self.background, self.window
        background.unavailable.connect(self._on_unavailable)
        background.broken.connect(self.tell_broken)
        background.refused.connect(lambda refused: window.toast(words_of(refused), None, "danger"))
        background.busy_changed.connect(self._on_busy)
        background.feed.published.connect(self._on_published)
        window.look_changed.connect(lambda _mode, _zoom: self.keep_look())
        window.closing.connect(self._on_closing)
        keymap.signals.changed.connect(self._keep_keys)
        self._jobs: dict[str, Any] = {}
        self._add_commands()

    def opened(self, values: tuple[dict[str, str], str, str]) -> None:
        """The profile is open: the pages come, where the user left them. See `start_values`."""
        remembered, firm, person = values
        self.desk.remembered.clear()
        self.desk.remembered.update(remembered)
        self.window.set_firm(firm, person, _letters(person))
        keymap.use(remembered.get(keymap.PREFERENCE, ""))
        last = next((each for each in pages.PAGES if each.key == self.last_place.page()), None)
        at = {"page": last.key} if last is not None and last.section != ALONE else {}
        state = json.dumps({**self.desk.recalled(_WINDOW), **at})
        if not (self.window.restore(state.encode()) and self.window.current_key()):
            fresh = json.loads(self.window.state())
            self.window.restore(json.dumps({**fresh, "page": pages.PAGES[0].key, **at}).encode())
        self.last_place.reopen()
        self.tray.follow()
        self.own_lock.follow()
        self.sync_status.show()
        self.help.opened()
        self.background.ask(_overview, self.sync.start)
        self._ask_counts()
        gc.freeze()  # what is loaded by now stays for good; collections need not look at it
        QTimer.singleShot(_AHEAD_MS, self, self._look_ahead)

    def _look_ahead(self, at: int = 0) -> None:
        """While the first page is read the others get ready in the lanes; what the user asks comes in between."""
        if self.background.profile is None or at == len(pages.AHEAD):
            linecache.clearcache()  # PySide reads the source of every module that is loaded, and Python keeps the lines
            return
        if not at:
            self.background.run("files", pages.load)
        question, today = pages.AHEAD[at], self.desk.today()
        self.background.ask(lambda reader: question(reader, today), lambda _none: self._look_ahead(at + 1), owner=self)

    def _keep_keys(self) -> None:
        if self.background.profile is not None:
            self.desk.remember(keymap.PREFERENCE, keymap.kept())

    def _ask_counts(self) -> None:
        self.background.ask(partial(_counts, self.desk.today()), self._on_counts, key="counts")

    def _on_counts(self, counts: dict[str, int]) -> None:
        for key, count in counts.items():
            self.window.set_count(key, count)

    def come_forward(self, targets: Sequence[str] = ()) -> None:
        """Somebody started the program again, perhaps to open something: this window is the one to work in."""
        forward(self.window)
        self.opening.take(targets)

    # Commands and search.

    def _add_commands(self) -> None:
        desk, window = self.desk, self.window
        for title, deed, synonyms, shortcut, icon in (
            (N_("Undo"), desk.undo, ("hoan tac", "undo"), "undo", "undo-2"),
            (N_("Redo"), desk.redo, ("lam lai", "redo"), "redo", "redo-2"),
            (N_("Quick capture"), self.capture.open, ("ghi nhanh", "capture", "note"), "capture", "pencil"),
            (N_("Possible duplicates"), self.duplicates.open_list,
             ("trung lap", "gop khach hang", "merge", "duplicates"), "", "users"),
            (N_("Bin"), self.bin.open_list, ("thung rac", "bin", "trash", "deleted"), "", "trash-2"),
            (N_("Sync now"), self.sync_status.sync_now, ("dong bo", "sync", "f5"), "sync", "refresh-cw"),
            (N_("Connect to the shared server"), self.sync_status.connecting.open,
             ("ket noi may chu", "dang nhap", "connect", "sign in", "server"), "", "server"),
            (N_("Open an invitation…"), self.opening.choose, ("thu moi", "invitation", "kamx"), "", "mail"),
            (N_("First steps"), partial(window.show_page, "today", "steps"),
             ("buoc dau tien", "checklist", "begin"), "", "list-checks"),
            (N_("Keyboard shortcuts"), window.show_keys, ("phim tat", "shortcuts", "keys"), "keys", "keyboard"),
            (N_("Export support bundle"), self.help.open_bundle,
             ("goi ho tro", "bao loi", "support", "log", "help"), "", "life-buoy"),
            (N_("About and licences"), self.help.open_about,
             ("gioi thieu", "giay phep", "about", "version"), "", "info"),
            (N_("Vietnamese"), partial(self.use_language, "vi"), ("tieng viet", "language"), "", "languages"),
            (N_("English"), partial(self.use_language, "en"), ("tieng anh", "language"), "", "languages"),
            (N_("Light theme"), partial(self._use_mode, "light"), ("giao dien sang", "theme"), "", "sun"),
            (N_("Dark theme"), partial(self._use_mode, "dark"), ("giao dien toi", "theme"), "", "moon"),
            (N_("Theme of the system"), partial(self._use_mode, "system"), ("giao dien may", "theme"), "", "monitor"),
        ):  # fmt: skip
            window.add_command(Command(title, deed, synonyms, shortcut, icon))
        for entry in pages.PAGES:
            if entry.create:
                deed = partial(window.show_page, entry.key, NEW)
                window.add_command(Command(entry.create, deed, (), "", entry.icon, create=True))

    def _use_mode(self, mode: str) -> None:
        self.window.look.wear(mode, theme.zoom())

    def use_language(self, lang: str) -> None:
        """Switches everything to "vi" or "en" at once."""
        language.use(lang)
        self.window.rebuild()
        self.sync_status.show()
        self.keep_look()

    def keep_look(self) -> None:
        """Keeps language, theme and zoom: in the profile, and beside it for the next start's first frame."""
        look = {"language": language.current(), "mode": theme.mode(), "zoom": theme.zoom()}
        for name, value in look.items():
            if self.background.profile is not None:
                self.desk.remember(f"look.{name}", str(value))
        if self._folder is not None:
            self.background.run("files", partial(_write_look, self._folder, json.dumps(look)))

    def _find(self, text: str, then: Callable[[Sequence[Hit]], None]) -> None:
        def look(reader: Any) -> Any:
            from kam_desktop.services import search

            return search.find(reader, text, 20)

        def show(found: Any) -> None:
            hits = []
            for each in found:
                entry = next((page for page in pages.PAGES if each.open_entity in page.opens), None)
                if entry is not None:
                    parts = (tr(BY_NAME[each.entity].label), each.account_name, each.value)
                    note = " · ".join(dict.fromkeys(filter(None, parts)))
                    deed = partial(self.window.show_page, entry.key, each.open_id)
                    hits.append(Hit(each.title, deed, note, entry.icon))
            then(hits)

        self.background.ask(look, show, key="palette")

    # What happens outside the pages.

    def _on_published(self, changes: ChangeSet) -> None:
        if "firm" in changes.entities or "person" in changes.entities:
            self.background.ask(start_values, self._on_names, key="names")
        if changes.entities & _COUNTED:
            self._ask_counts()
        self.sync_status.show()

    def _on_names(self, values: tuple[dict[str, str], str, str]) -> None:
        self.window.set_firm(values[1], values[2], _letters(values[2]))

    def _on_unavailable(self, problem: Unavailable) -> None:
        if problem.code not in ("not_open", "no_profile", "key_needed"):
            words = words_of(problem)
            short = words if len(words) < 80 else words.partition(". ")[0] + "."
            self.window.set_status(short, "danger", "circle-alert")
            self.window.toast(words, None, "danger")

    def _on_busy(self) -> None:
        running = {str(id(job)): job for job in self.background.jobs}
        for key in self._jobs.keys() - running.keys():
            self.window.set_job(key, None)
        for key, job in running.items():
            self.window.set_job(key, Job(job.label, job.done / job.total if job.total else None, job.cancel))
        self._jobs = running

    def tell_broken(self, problem: Broken) -> None:
        """The one dialog for our own faults; a second fault while it is open is only logged."""
        details = getattr(problem, "details", str(problem))
        self.faults.append(details)
        if not self._telling and not self.silent:
            self._telling = True
            dialogs.failed(self.window, getattr(problem, "details", str(problem)))
            self._telling = False

    def on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """For sys.excepthook: what went wrong in the UI thread."""
        if not isinstance(error, Exception):
            sys.__excepthook__(kind, error, trace)
            return
        problem = broken_by(error)
        _log.error("broken: %s", getattr(problem, "trace", ""))
        QTimer.singleShot(0, self, lambda: self.tell_broken(problem))

    def _on_closing(self) -> None:
        self.sync.stop()
        if self.background.profile is not None and self.window.current_key():
            self.desk.remember(_WINDOW, self.window.state().decode())
            self.last_place.keep()


class _Shell:
    """The window as controllers see it; made before the window is, because its pages need it."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desktop.window, name)


def start_values(reader: Any) -> tuple[dict[str, str], str, str]:
    """Preferences, the firm's name and the person's: the first question to an opened profile."""
    from kam_desktop.domain.entities import FIRM_ID, Firm, Person

    firm, person = reader.get(Firm, FIRM_ID), reader.get(Person, _overview(reader).me)
    name = (firm.short_name or firm.legal_name) if firm else ""
    return reader.preferences(), name, person.full_name if person else ""


def _overview(reader: Any) -> Any:
    from kam_desktop.services import needs

    return needs.overview(reader)


def _counts(today: date, reader: Any) -> dict[str, int]:
    from kam_desktop.services import flows, summary

    return summary.counts(reader, today, flows.firm_currency(reader))


def _letters(person: str) -> str:
    return "".join(word[0] for word in person.split()[-2:]).upper()


def _write_look(folder: Path, text: str) -> None:
    if folder.is_dir():
        target = folder / LOOK_FILE
        part = target.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(text, encoding="utf-8")
        part.replace(target)
