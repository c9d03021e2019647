"""The settings page: our firm, its rules and terms, look, keys of this computer, backups, history."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Tabs
from kam_desktop.ui.kit.frames import Panel, page_head, scrolled
from kam_desktop.ui.kit.labels import title
from kam_desktop.ui.pages.settings.about import AboutView
from kam_desktop.ui.pages.settings.backups import BackupsView
from kam_desktop.ui.pages.settings.display import DisplayView
from kam_desktop.ui.pages.settings.form import FirmForm, PersonForm
from kam_desktop.ui.pages.settings.history import HistoryView
from kam_desktop.ui.pages.settings.keys import KeysView
from kam_desktop.ui.pages.settings.reminders import RemindersView
from kam_desktop.ui.pages.settings.rules import RulesView
from kam_desktop.ui.pages.settings.terms import TermsView

FIRM, RULES, TERMS, REMINDERS, GENERAL, SECURITY = "firm", "rules", "terms", "reminders", "general", "security"
BACKUPS, HISTORY, ABOUT = "backups", "history", "about"
SECTIONS = (FIRM, RULES, TERMS, REMINDERS, GENERAL, SECURITY, BACKUPS, HISTORY, ABOUT)
_WIDTH = 720


class SettingsPage(QWidget):
    """Sections behind tabs.

    Signals:
        section_shown(key): one of SECTIONS.
        language_chosen(code), look_chosen(mode, zoom): take effect at once.
        tray_chosen(on): an icon in the system's tray, or none.
        lock_chosen(minutes): lock after so many minutes without a touch, "" for never.
        keyring_wanted, passphrase_wanted, recovery_wanted: set up that way to the data.
        backup_wanted, folder_wanted: make a backup now; show the folder.
        undo_wanted(number): take that step back.
        place_wanted(section): another page leads here.
        data_wanted, bundle_wanted: open the folder of the data; export a support bundle.
        updates_wanted, steps_wanted: ask for a newer version; show the first steps on Today again.
    """

    section_shown = Signal(str)
    language_chosen = Signal(str)
    look_chosen = Signal(str, int)
    tray_chosen = Signal(bool)
    lock_chosen = Signal(str)
    keyring_wanted = Signal()
    passphrase_wanted = Signal()
    recovery_wanted = Signal()
    backup_wanted = Signal()
    folder_wanted = Signal()
    undo_wanted = Signal(int)
    place_wanted = Signal(str)
    data_wanted = Signal()
    bundle_wanted = Signal()
    updates_wanted = Signal()
    steps_wanted = Signal()

    def __init__(self, today: date, *, in_tray: bool = False, lock_minutes: str = "") -> None:
        super().__init__()
        self._tray, self._today, self._lock = in_tray, today, lock_minutes
        self.form, self.person = FirmForm(today), PersonForm(today)
        names = (
            tr("Our firm"), tr("Rules"), tr("Payment terms"), tr("Reminding"), tr("Display"), tr("Security"),
            tr("Backups"), tr("History"), tr("About"),
        )  # fmt: skip
        self.tabs = Tabs(list(zip(SECTIONS, names, strict=True)), name=tr("Settings"))
        self.tabs.changed.connect(self.show_section)
        self._views = QStackedWidget()
        self._parts: dict[str, QWidget] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(page_head(title(tr("Settings")), None))
        box.addWidget(Panel(margins=(24, 0, 24, 0)).add(self.tabs))
        body = Panel()
        body.add(self._views, stretch=1)
        box.addWidget(body, 1)
        self.setFocusProxy(self.tabs)
        self.show_section(FIRM)

    def shown(self) -> str:
        """The section that is shown."""
        return self.tabs.chosen()

    def show_section(self, key: str) -> None:
        """Shows a section; another word shows the first."""
        key = key if key in SECTIONS else FIRM
        self.tabs.choose(key)
        if key not in self._parts:
            self._parts[key] = self._made(key)
            self._views.addWidget(self._parts[key])
        self._views.setCurrentWidget(self._parts[key])
        self.section_shown.emit(key)

    # Each section is made when it is first wanted: all at once would be felt when the page is built anew, at a
    # change of language or look.

    def _made(self, key: str) -> QWidget:
        wide = {RULES: "rules", TERMS: "terms", REMINDERS: "reminders", BACKUPS: "backups", HISTORY: "history"}
        if key in wide:
            made: QWidget = getattr(self, wide[key])
            return made
        if key == ABOUT:
            return scrolled(self.about)
        if key == GENERAL:
            return _column(self.display)
        return _column(self.keys if key == SECURITY else Panel(gap=8).add(self.form, self.person))

    @cached_property
    def rules(self) -> RulesView:
        """The rules of law."""
        return RulesView(self._today)

    @cached_property
    def terms(self) -> TermsView:
        """The payment terms."""
        return TermsView(self._today)

    @cached_property
    def reminders(self) -> RemindersView:
        """The reminder steps."""
        return RemindersView()

    @cached_property
    def display(self) -> DisplayView:
        """Language and look."""
        made = DisplayView(in_tray=self._tray, lock_minutes=self._lock)
        made.lock_chosen.connect(self.lock_chosen)
        made.language_chosen.connect(self.language_chosen)
        made.look_chosen.connect(self.look_chosen)
        made.tray_chosen.connect(self.tray_chosen)
        made.steps_wanted.connect(self.steps_wanted)
        return made

    @cached_property
    def keys(self) -> KeysView:
        """The ways to the data."""
        made = KeysView()
        made.keyring_wanted.connect(self.keyring_wanted)
        made.passphrase_wanted.connect(self.passphrase_wanted)
        made.recovery_wanted.connect(self.recovery_wanted)
        return made

    @cached_property
    def backups(self) -> BackupsView:
        """The backups."""
        made = BackupsView()
        made.backup_wanted.connect(self.backup_wanted)
        made.folder_wanted.connect(self.folder_wanted)
        return made

    @cached_property
    def history(self) -> HistoryView:
        """The steps taken."""
        made = HistoryView()
        made.undo_wanted.connect(self.undo_wanted)
        return made

    @cached_property
    def about(self) -> AboutView:
        """Versions and licences."""
        made = AboutView()
        made.data_wanted.connect(self.data_wanted)
        made.bundle_wanted.connect(self.bundle_wanted)
        made.updates_wanted.connect(self.updates_wanted)
        return made

    # What the window asks.

    def open_place(self, place: str) -> None:
        """Shows a section by its name; nothing named leaves the page as it is."""
        if place:
            self.place_wanted.emit(place)

    def tour_places(self) -> list[tuple[str, str]]:
        """The further screens of this page."""
        return [(key, key) for key in (*SECTIONS[1:], SECTIONS[0])]

    def remembered(self) -> object:
        """The shown section."""
        return self.shown()

    def remember(self, state: object) -> None:
        """Shows that section again."""
        self.show_section(str(state))


def _column(content: QWidget) -> QWidget:
    """A column of readable width that scrolls."""
    holder = Panel(row=True, margins=(24, 24, 24, 24))
    content.setMaximumWidth(theme.px(_WIDTH))
    holder.add(content, stretch=_WIDTH)
    holder.box.addStretch(1)
    whole = Panel()
    whole.add(holder)
    whole.box.addStretch(1)
    return scrolled(whole)
