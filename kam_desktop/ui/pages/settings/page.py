"""The settings page: our firm, its rules and terms, look, keys of this computer, backups, history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from kam_desktop import formats, language
from kam_desktop.language import tr
from kam_desktop.ui import theme, tray
from kam_desktop.ui.badges import Pill
from kam_desktop.ui.kit.buttons import Button, Segmented, Tabs
from kam_desktop.ui.kit.cells import DateCell, Look, PillCell, TextCell
from kam_desktop.ui.kit.frames import Line, Panel, page_head, scrolled
from kam_desktop.ui.kit.labels import IconLabel, PlainLabel, caption, strong, title
from kam_desktop.ui.kit.record_table import Answer, KeptPlace, RecordTable, TableColumn
from kam_desktop.ui.kit.states import EmptyState, Notice
from kam_desktop.ui.kit.table_view import Column, TableView
from kam_desktop.ui.pages.settings.about import AboutView
from kam_desktop.ui.pages.settings.form import FirmForm, PersonForm
from kam_desktop.ui.pages.settings.reminders import RemindersView
from kam_desktop.ui.pages.settings.rows import BackupRow as BackupRow
from kam_desktop.ui.pages.settings.rows import SlotRow as SlotRow
from kam_desktop.ui.pages.settings.rows import StepRow as StepRow
from kam_desktop.ui.pages.settings.rules import RulesView
from kam_desktop.ui.pages.settings.terms import TermsView

FIRM, RULES, TERMS, REMINDERS, GENERAL, SECURITY = "firm", "rules", "terms", "reminders", "general", "security"
BACKUPS, HISTORY, ABOUT = "backups", "history", "about"
SECTIONS = (FIRM, RULES, TERMS, REMINDERS, GENERAL, SECURITY, BACKUPS, HISTORY, ABOUT)
_WIDTH = 720


def _quiet(row: StepRow) -> Look | None:
    return None if row.state == "done" else Look(tone="muted")


def size_words(size: int) -> str:
    """A file's size as people read it."""
    if size < 1_000_000:
        return f"{formats.number(max(1, round(size / 1000)))}\N{NO-BREAK SPACE}kB"
    tenths = round(size / 100_000)
    return f"{formats.number(tenths // 10)}{formats.decimal_mark()}{tenths % 10}\N{NO-BREAK SPACE}MB"


class SettingsPage(QWidget):
    """Sections behind tabs.

    Signals:
        section_shown(key): one of SECTIONS.
        language_chosen(code), look_chosen(mode, zoom): take effect at once.
        tray_chosen(on): an icon in the system's tray, or none.
        keyring_wanted, passphrase_wanted, recovery_wanted: set up that way to the data.
        backup_wanted, folder_wanted: make a backup now; show the folder.
        undo_wanted(number): take that step back.
        place_wanted(section): another page leads here.
        data_wanted, bundle_wanted: open the folder of the data; export a support bundle.
    """

    section_shown = Signal(str)
    language_chosen = Signal(str)
    look_chosen = Signal(str, int)
    tray_chosen = Signal(bool)
    keyring_wanted = Signal()
    passphrase_wanted = Signal()
    recovery_wanted = Signal()
    backup_wanted = Signal()
    folder_wanted = Signal()
    undo_wanted = Signal(int)
    place_wanted = Signal(str)
    data_wanted = Signal()
    bundle_wanted = Signal()

    def __init__(self, today: date, *, in_tray: bool = False) -> None:
        super().__init__()
        self._tray, self._today = in_tray, today
        self.form, self.person = FirmForm(today), PersonForm(today)
        names = (
            tr("Our firm"), tr("Rules"), tr("Payment terms"), tr("Reminding"), tr("Display"), tr("Security"),
            tr("Backups"), tr("History"), tr("About"),
        )  # fmt: skip
        self.tabs = Tabs(list(zip(SECTIONS, names, strict=True)), name=tr("Settings"))
        self.tabs.changed.connect(self.show_section)
        self._views = QStackedWidget()
        self._parts = {
            FIRM: _column(Panel(gap=8).add(self.form, self.person)),
            GENERAL: _column(self._general()), SECURITY: _column(self._security()),
            BACKUPS: self._backups(), HISTORY: self._history(),
        }  # fmt: skip
        for part in self._parts.values():
            self._views.addWidget(part)
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
        made = {RULES: "rules", TERMS: "terms", REMINDERS: "reminders", ABOUT: "_about_part"}.get(key)
        self._views.setCurrentWidget(getattr(self, made) if made else self._parts[key])
        self.section_shown.emit(key)

    @cached_property
    def rules(self) -> RulesView:
        """The rules of law; made when they are first wanted, as half of this page's time would go into both."""
        made = RulesView(self._today)
        self._views.addWidget(made)
        return made

    @cached_property
    def terms(self) -> TermsView:
        """The payment terms; made when they are first wanted."""
        made = TermsView(self._today)
        self._views.addWidget(made)
        return made

    @cached_property
    def reminders(self) -> RemindersView:
        """The reminder steps; made when they are first wanted."""
        made = RemindersView()
        self._views.addWidget(made)
        return made

    @cached_property
    def about(self) -> AboutView:
        """Versions and licences; made when they are first wanted."""
        made = AboutView()
        made.data_wanted.connect(self.data_wanted)
        made.bundle_wanted.connect(self.bundle_wanted)
        return made

    @cached_property
    def _about_part(self) -> QWidget:
        made = scrolled(self.about)
        self._views.addWidget(made)
        return made

    # Display: language and look.

    def _general(self) -> QWidget:
        whole = Panel(gap=20)
        words = Segmented([("vi", "Tiếng Việt"), ("en", "English")], language.current(), name=tr("Language"))
        words.changed.connect(self.language_chosen)
        modes = [("system", tr("As the system")), ("light", tr("Light")), ("dark", tr("Dark"))]
        look = Segmented(modes, theme.mode(), name=tr("Appearance"))
        look.changed.connect(lambda mode: self.look_chosen.emit(mode, theme.zoom()))
        zooms = [(str(percent), f"{percent}\N{NO-BREAK SPACE}%") for percent in theme.ZOOMS]
        size = Segmented(zooms, str(theme.zoom()), name=tr("Size of text"))
        size.changed.connect(lambda percent: self.look_chosen.emit(theme.mode(), int(percent)))
        for name, help_text, switch in (
            (tr("Language"), tr("Everything changes at once; your data stay as they are."), words),
            (tr("Appearance"), tr("Printing is always light."), look),
            (tr("Size of text"), tr("Also with Ctrl + and Ctrl −; Ctrl 0 is 100 %."), size),
        ):  # fmt: skip
            whole.add(_setting(name, help_text, switch))
        if tray.available():
            words_of_tray = [("", tr("Hidden")), ("on", tr("Shown"))]
            shown = Segmented(words_of_tray, "on" if self._tray else "", name=tr("Icon in the system's tray"))
            shown.changed.connect(lambda key: self.tray_chosen.emit(key == "on"))
            whole.add(_setting(tr("Icon in the system's tray"), tr("A click on it brings the window forward."), shown))
        return whole

    # Security.

    def _security(self) -> QWidget:
        whole = Panel(gap=12)
        words = tr("Your data on this computer are encrypted. Each of these opens them alone; keep at least two, for a "
                   "computer's keyring is lost with the computer.")  # fmt: skip
        whole.add(PlainLabel(words, tone="text2", wrap=True))
        self._one_way = Notice(
            tr("Only one way is set up besides the keyring. Set up a second one."), "warning", "triangle-alert"
        )
        whole.add(self._one_way)
        self._slots = Panel()
        whole.add(self._slots)
        return whole

    def show_slots(self, slots: Sequence[SlotRow]) -> None:
        """Shows which ways to the data are set up."""
        _empty(self._slots)
        if not slots:
            self._one_way.hide()
            words = tr("This is a demonstration: it is thrown away when the window closes, and has no keys.")
            self._slots.add(Notice(words, "info", "sparkles"))
            return
        made = {slot.kind: slot.made_at for slot in slots if slot.made_at is not None}
        self._one_way.setVisible(bool(slots) and len(made.keys() - {"keyring"}) < 2)
        rows = (
            ("keyring", "monitor", tr("Keyring of this computer"),
             tr("Opens without a question when you are signed in."),
             self.keyring_wanted, tr("Set up"), tr("Renew")),
            ("passphrase", "key-round", tr("Passphrase"), tr("You type it; also on another computer."),
             self.passphrase_wanted, tr("Add"), tr("Change")),
            ("recovery", "life-buoy", tr("Recovery key"), tr("On paper, for the day when everything else is gone."),
             self.recovery_wanted, tr("Make"), tr("Make a new one")),
        )  # fmt: skip
        for number, (kind, icon, name, help_text, signal, missing, there) in enumerate(rows):
            if number:
                self._slots.add(Line(token="subtle"))
            row = Panel(row=True, margins=(0, 12, 0, 12), gap=12)
            row.add(IconLabel(icon, "text2", 16, tile="subtle"))
            lines = QVBoxLayout()
            lines.setSpacing(theme.px(2))
            lines.addWidget(strong(name))
            lines.addWidget(caption(help_text, wrap=True))
            row.box.addLayout(lines, 1)
            at = made.get(kind)
            if at is not None:
                row.add(Pill(tr("Set up {day}", day=formats.day(at.astimezone().date())), "success", "check"))
            else:
                row.add(Pill(tr("Not set up"), "warning" if kind != "keyring" else "", "minus"))
            button = Button(there if at is not None else missing)
            button.setAccessibleDescription(name)
            button.clicked.connect(signal)
            row.add(button)
            self._slots.add(row)

    # Backups.

    def _backups(self) -> QWidget:
        whole = Panel()
        head = Panel(margins=(24, 24, 24, 16), gap=8)
        words = tr("A backup is made every day and opened to prove that it is whole: the last 7 days and 4 weeks are "
                   "kept. It is encrypted like the data; put a copy on another disk now and then.")  # fmt: skip
        head.add(told := PlainLabel(words, tone="text2", wrap=True))
        told.setMaximumWidth(theme.px(_WIDTH))
        self._last, self._folder = strong(), caption(wrap=True)
        head.add(self._last, self._folder)
        self._make = Button(tr("Make a backup now"), kind="primary", icon="database")
        self._make.clicked.connect(self.backup_wanted)
        show = Button(tr("Open the folder"), icon="folder-open")
        show.clicked.connect(self.folder_wanted)
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        row.addWidget(self._make)
        row.addWidget(show)
        row.addStretch()
        head.box.addSpacing(theme.px(4))
        head.box.addLayout(row)
        reasons = {
            "daily": tr("daily"),
            "asked": tr("by hand"),
            "migration": tr("before an update"),
            "restore": tr("before a restore"),
        }
        columns = [
            (TableColumn(tr("Made"), lambda row: formats.moment(row.made_at)), Column(140, TextCell())),
            (TableColumn(tr("Why"), lambda row: reasons.get(row.reason, row.reason)), Column(160, TextCell("text2"))),
            (TableColumn(tr("Size"), lambda row: size_words(row.size)), Column(90, DateCell())),
            (TableColumn(tr("File"), lambda row: row.name), Column(0, TextCell("text2"))),
        ]
        self._backup_model, self._backup_table, _ = _table(tr("Backups"), columns)
        whole.add(head, Line())
        whole.add(self._backup_table, stretch=1)
        return whole

    def show_backups(self, rows: Sequence[BackupRow], folder: str) -> None:
        """Shows the backups, the newest first."""
        last = formats.moment(rows[0].made_at) if rows else tr("none yet")
        self._last.setText(tr("Last backup: {moment}", moment=last))
        self._folder.setText(tr("Folder: {folder}", folder=folder))
        self._backup_model.set_answer(Answer([row.name for row in rows], (), {row.name: row for row in rows}))

    def set_backing_up(self, running: bool) -> None:
        """A backup is being made."""
        self._make.setEnabled(not running)
        self._make.set_label(tr("Making a backup…") if running else tr("Make a backup now"))

    # History.

    def _history(self) -> QWidget:
        whole = Panel()
        words = tr("What you did on this computer, newest first. Taking back a step writes a new change; what somebody "
                   "changed since stays as it is.")  # fmt: skip
        self._undo = Button(tr("Take this step back"), icon="undo-2")
        self._undo.clicked.connect(self._on_undo)
        head = Panel(row=True, margins=(24, 16, 24, 16), gap=16)
        head.add(PlainLabel(words, tone="text2", wrap=True), stretch=1)
        head.add(self._undo)
        states = {"done": "", "undone": tr("taken back"), "dropped": tr("taken back")}
        kinds = {"import": tr("import"), "edit": ""}
        columns = [
            (TableColumn(tr("When"), lambda row: formats.moment(row.at)), Column(140, TextCell("text2"))),
            (TableColumn(tr("What"), lambda row: row.words, _quiet), Column(0, TextCell(name=True))),
            (TableColumn("", lambda row: kinds.get(row.kind, ""), lambda _row: Look(tone="info")),
             Column(90, PillCell())),
            (TableColumn("", lambda row: states.get(row.state, "")), Column(120, TextCell("muted"))),
        ]  # fmt: skip
        self._step_model, self._step_table, self._step_place = _table(tr("History"), columns)
        self._step_place.current_changed.connect(lambda _key: self._tell_undo())
        self._step_table.opened.connect(lambda _index: self._on_undo())
        self._steps: dict[str, StepRow] = {}
        self._no_steps = EmptyState("history", tr("Nothing was changed yet."))
        whole.add(head, Line())
        whole.add(self._step_table, stretch=1)
        whole.add(self._no_steps, stretch=1)
        self._tell_undo()
        return whole

    def show_steps(self, rows: Sequence[StepRow]) -> None:
        """Shows the steps, the newest first."""
        self._steps = {str(row.number): row for row in rows}
        self._step_model.set_answer(Answer(list(self._steps), (), self._steps))
        self._step_table.setVisible(bool(rows))
        self._no_steps.setVisible(not rows)
        if rows and not self._step_place.current():
            self._step_place.show(str(rows[0].number))
        self._tell_undo()

    def _current_step(self) -> StepRow | None:
        return self._steps.get(self._step_place.current())

    def _tell_undo(self) -> None:
        step = self._current_step()
        self._undo.setEnabled(step is not None and step.state == "done")

    def _on_undo(self) -> None:
        step = self._current_step()
        if step is not None and step.state == "done":
            self.undo_wanted.emit(step.number)

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


def _setting(name: str, help_text: str, switch: QWidget) -> QWidget:
    row = Panel(row=True, gap=16)
    lines = QVBoxLayout()
    lines.setSpacing(theme.px(2))
    lines.addWidget(strong(name))
    lines.addWidget(caption(help_text, wrap=True))
    row.box.addLayout(lines, 1)
    return row.add(switch)


def _table(name: str, columns: Sequence[tuple[TableColumn, Column]]) -> tuple[RecordTable, TableView, KeptPlace]:
    model, table = RecordTable([column for column, _ in columns]), TableView(name)
    model.setParent(table)
    place = KeptPlace(table, model)
    table.set_columns([shown for _, shown in columns])
    return model, table, place


def _empty(panel: Panel) -> None:
    while (item := panel.box.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
