"""Answers the settings: our firm, language and look, keys, backups, steps taken back."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, QUrl, qVersion
from PySide6.QtGui import QDesktopServices

from kam_desktop import language
from kam_desktop.domain.change import ChangeSet
from kam_desktop.domain.entities import FIRM_ID, Firm, Person
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.language import tr
from kam_desktop.ui import own_lock, theme, tray
from kam_desktop.ui.background import Failure, Job
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.help import Help
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.labels import PlainLabel
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.pages.settings.law import Law
from kam_desktop.ui.pages.settings.page import (
    ABOUT,
    BACKUPS,
    FIRM,
    HISTORY,
    REMINDERS,
    RULES,
    SECTIONS,
    SECURITY,
    TERMS,
    SettingsPage,
)
from kam_desktop.ui.pages.settings.rows import BackupRow, SlotRow, StepRow
from kam_desktop.ui.recovery_sheet import PassphraseLines, RecoverySheet, ShownKey
from kam_desktop.ui.sentences import words_of
from kam_desktop.ui.update_agent import UpdateAgent

if TYPE_CHECKING:
    from kam_desktop.services.history import Step


class SettingsController(RecordController):
    """One for each settings page. `page` is the widget."""

    entities = frozenset({"firm", "person", "rule", "payment_term", "payment_term_line", "dunning_step"})
    page: SettingsPage

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, SettingsPage(
            desk.today(), in_tray=desk.remembered.get(tray.PREFERENCE) == "on",
            lock_minutes=desk.remembered.get(own_lock.PREFERENCE, ""),
        ))  # fmt: skip
        self._window: Any = desk.shell  # the window itself: its language and look are changed here
        page = self.page
        page.section_shown.connect(lambda _key: self._ask_section())
        page.place_wanted.connect(self.open_place)
        page.language_chosen.connect(self._on_language)
        page.look_chosen.connect(self._on_look)
        page.tray_chosen.connect(self._on_tray)
        page.lock_chosen.connect(self._on_lock)
        page.keyring_wanted.connect(self._on_keyring)
        page.passphrase_wanted.connect(self._on_passphrase)
        page.recovery_wanted.connect(self._on_recovery)
        page.backup_wanted.connect(self._on_backup)
        page.folder_wanted.connect(self._on_folder)
        page.data_wanted.connect(self._on_data)
        page.bundle_wanted.connect(self._on_bundle)
        page.updates_wanted.connect(self._on_updates)
        page.steps_wanted.connect(lambda: desk.shell.show_page("today", "steps"))
        page.undo_wanted.connect(desk.undo)
        desk.background.feed.published.connect(self._on_any_change)
        self.bind(page.form, "Change our firm", "Enter our firm", lambda _record: page.form.check_tax_code())
        self.bind(page.person, "Change your name", "Change your name")
        for each in Firm.entity.fields:
            page.form.editor(each.name).left.connect(self._save_new)

    @cached_property
    def _law(self) -> Law:
        """Rules, payment terms and reminder steps; made with their views, when they are first shown."""
        return Law(self, self.page, self.page.rules, self.page.terms, self.page.reminders, _rule_verbs)

    def open_place(self, place: str) -> None:
        """A section by its name."""
        if place in SECTIONS:
            self.page.show_section(place)
        if place == FIRM:
            self.page.form.editor("legal_name").setFocus()

    def reopen(self, draft_key: str) -> bool:
        """See last_place.Reopens: our firm, a rule, a payment term, a reminder step."""
        entity, _, rest = draft_key.partition(":")
        section = {"firm": FIRM, "person": FIRM, "rule": RULES, "payment_term": TERMS,
                   "dunning_step": REMINDERS}.get(entity, "")  # fmt: skip
        if section:
            self.page.show_section(section)
        about = rest.removeprefix("new:").split(":", 2)
        if entity == "rule" and len(about) == 3:
            self._law.reopen_rule(*about)
        elif entity == "payment_term":
            self._law.reopen_term(draft_key)
        elif entity == "dunning_step":
            self._law.reopen_step(rest.removeprefix("new:"))
        return bool(section)

    def refresh(self) -> None:
        me = self.desk.me
        self.ask(lambda reader: reader.get(Firm, FIRM_ID), self._show_firm, "firm")
        self.ask(lambda reader: reader.get(Person, me), self._show_person, "person")
        self._ask_section()

    def _show_firm(self, firm: Firm | None) -> None:
        form = self.page.form
        if firm is not None:
            form.show_record(firm)
        elif form.record is None:
            form.show_record(Firm(id=FIRM_ID, legal_name=""), is_new=True)
        form.check_tax_code()
        self.ask_draft(form)

    def _show_person(self, person: Person | None) -> None:
        self.page.person.setVisible(person is not None)
        if person is not None:
            self.page.person.show_record(person)
            self.ask_draft(self.page.person)

    def _save_new(self) -> None:
        """A firm that is not there yet is saved as soon as it has a name; then each field by itself."""
        form = self.page.form
        if form.is_new and form.editor("legal_name").raw():
            form.commit()

    def _ask_section(self) -> None:
        key, background = self.page.shown(), self.desk.background
        if background.profile is None:
            return
        if key == HISTORY:
            self.ask(_ask_steps, self._show_steps, "history")
        elif key == RULES:
            self._law.ask_rules()
        elif key == TERMS:
            self._law.ask_terms()
        elif key == REMINDERS:
            self._law.ask_steps()
        elif key == SECURITY:
            background.run(
                "files", partial(_ask_ways, background), self.page.keys.show_slots, self._no_ways, owner=self
            )
        elif key == BACKUPS:
            background.run("files", partial(_ask_backups, background), self._show_backups, self.refuse, owner=self)
        elif key == ABOUT:
            background.run("files", partial(_about, background), self._show_about, self.refuse, owner=self)

    def _on_any_change(self, _changes: ChangeSet) -> None:
        if self.page.isVisible() and self.page.shown() == HISTORY:
            self._ask_section()

    # Language and look: the page is built anew by them, so they wait until its own signal is through.

    def _on_look(self, mode: str, zoom: int) -> None:
        self._window.look.wear(mode, zoom)

    def _on_lock(self, minutes: str) -> None:
        found = self._window.findChild(own_lock.OwnLock)
        if found is not None:
            found.choose(minutes)

    def _on_tray(self, on: bool) -> None:
        found = self._window.findChild(tray.Tray)
        if found is not None:
            found.choose(on)

    def _on_language(self, code: str) -> None:
        def switch() -> None:
            language.use(code)
            self._window.rebuild()
            self._window.look_changed.emit(theme.mode(), theme.zoom())

        if code != language.current():
            QTimer.singleShot(0, switch)

    # History.

    def _show_steps(self, steps: list[Step]) -> None:
        self.page.history.show_steps([
            StepRow(each.number, tr(each.label, **each.label_args), each.at, each.kind, each.state) for each in steps
        ])  # fmt: skip

    # About.

    def _show_about(self, found: tuple[list[tuple[str, str]], Any]) -> None:
        names = {
            "commit": tr("Commit"), "python": "Python", "qt": "Qt", "sqlite": "SQLite", "sqlcipher": "SQLCipher",
            "system": tr("System"), "data": tr("Data folder"),
        }  # fmt: skip
        self.page.about.show_facts([(names[name], value) for name, value in found[0] if name in names])
        self.page.about.show_licences(found[1])

    def _on_bundle(self) -> None:
        found = self._window.findChild(Help)
        if found is not None:
            found.open_bundle()

    def _on_updates(self) -> None:
        found = self._window.findChild(UpdateAgent)
        if found is not None:
            found.open()

    def _on_data(self) -> None:
        profile = self.desk.background.profile
        if profile is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(getattr(profile, "folder", "."))))

    # Keys.

    def _no_ways(self, failure: Failure) -> None:
        """Sample data of a demo have no key file: there is nothing to show."""
        self.page.keys.show_slots(())
        if not isinstance(failure, Refused):
            self.refuse(failure)

    def _changed(self, words: str) -> None:
        self.desk.shell.toast(words, None, "success")
        self._ask_section()

    def _on_keyring(self) -> None:
        background: Any = self.desk.background

        def work() -> None:
            from kam_desktop.services import security

            security.renew_keyring(background.profile)

        done = partial(self._changed, tr("This computer's keyring opens the data now."))
        background.run("files", work, lambda _nothing: done(), self._say_failure, owner=self)

    def _on_passphrase(self) -> None:
        dialog = Dialog(self.page, tr("Passphrase"), icon="key-round")
        lines = PassphraseLines()
        dialog.body.addWidget(lines)
        dialog.add_button(Button(tr("Cancel")), 0)
        save = dialog.add_button(Button(tr("Save the passphrase"), kind="primary"))
        background = self.desk.background

        def refused(failure: Failure) -> None:
            save.setEnabled(True)
            if isinstance(failure, Refused):
                lines.show_problems(failure.problems)
            else:
                self._say_failure(failure)

        def done(_nothing: object) -> None:
            lines.wipe()
            dialog.accept()
            self._changed(tr("The passphrase is saved."))

        def commit() -> None:
            if lines.is_empty():
                lines.setFocus()
                return
            try:
                text = lines.passphrase()
            except Refused as problem:
                lines.show_problems(problem.problems)
                return
            save.setEnabled(False)  # it takes up to a second, on purpose
            background.run("files", partial(_set_passphrase, background, text), done, refused, owner=self)

        save.clicked.connect(commit)
        lines.entered.connect(commit)
        lines.setFocus()
        dialog.open()

    def _on_recovery(self) -> None:
        self.desk.background.run("files", _new_recovery, self._show_recovery, self._say_failure, owner=self)

    def _show_recovery(self, made: tuple[Any, ShownKey]) -> None:
        recovery, shown = made
        dialog = Dialog(self.page, tr("Recovery key"), icon="life-buoy", width=640)
        dialog.body.addWidget(PlainLabel(tr("An older recovery key opens nothing any more once this one is kept."),
                                         tone="text2", wrap=True))  # fmt: skip
        sheet = RecoverySheet(shown)
        dialog.body.addWidget(sheet)
        dialog.add_button(Button(tr("Cancel")), 0)
        background = self.desk.background

        def kept() -> None:
            def done(_nothing: object) -> None:
                dialog.accept()
                self._changed(tr("The recovery key is in force."))

            background.run("files", partial(_set_recovery, background, recovery), done, self._say_failure, owner=self)

        sheet.kept.connect(kept)
        dialog.finished.connect(lambda _result: dialog.deleteLater())
        sheet.setFocus()
        dialog.open()

    def _say_failure(self, failure: Failure) -> None:
        if isinstance(failure, Refused | Unavailable):  # our own fault has a dialog of its own
            dialogs.tell(self.page, tr("That was not saved"), words_of(failure), tone="danger", icon="circle-alert")

    # Backups.

    def _show_backups(self, found: tuple[list[BackupRow], str]) -> None:
        self.page.backups.show_backups(*found)

    def _on_backup(self) -> None:
        background, job = self.desk.background, Job(tr("Making a backup"))
        self.page.backups.set_backing_up(True)

        def done(name: str) -> None:
            self.page.backups.set_backing_up(False)
            self._changed(tr("Backup made and checked: {name}", name=name))

        def failed(failure: Failure) -> None:
            self.page.backups.set_backing_up(False)
            self._say_failure(failure)

        background.run("files", partial(_make_backup, background), done, failed, owner=self, job=job)

    def _on_folder(self) -> None:
        profile = self.desk.background.profile
        if profile is not None:
            folder = Path(getattr(profile, "folder", ".")) / "backups"
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder if folder.is_dir() else folder.parent)))


# In the lanes.


def _rule_verbs() -> Any:
    from kam_desktop.services import rule

    return rule


def _ask_steps(reader: Any) -> list[Step]:
    from kam_desktop.services import history

    return history.steps(reader)


def _ask_ways(background: Any) -> list[SlotRow]:
    from kam_desktop.services import security

    return [SlotRow(each.kind, each.made_at) for each in security.ways(background.profile.folder)]


def _ask_backups(background: Any) -> tuple[list[BackupRow], str]:
    from kam_desktop.services import backup

    folder = background.profile.folder
    found = [BackupRow(each.path.name, each.made_at, each.reason, each.size) for each in backup.listed(folder)]
    return found, str(folder / "backups")


def _make_backup(background: Any) -> str:
    from kam_desktop.services import security

    return security.backup_now(background.profile).path.name


def _set_passphrase(background: Any, text: str) -> None:
    from kam_desktop.services import security

    security.set_passphrase(background.profile, text)


def _new_recovery() -> tuple[Any, ShownKey]:
    from kam_desktop.services import security

    made = security.RecoveryKey.new()
    return made, ShownKey(made.groups(), security.groups_to_ask(), made.check_answers)


def _set_recovery(background: Any, recovery: Any) -> None:
    from kam_desktop.services import security

    security.set_recovery(background.profile, recovery)


def _about(background: Any) -> tuple[list[tuple[str, str]], Any]:
    """(name, value) of versions and places, and the licences of everything that is shipped."""
    from kam_desktop.services.support import facts, notices

    store = background.profile
    folder = [("data", str(getattr(store, "folder", "")))]
    return [*facts.facts(store), ("qt", qVersion()), *folder], notices.notices()
