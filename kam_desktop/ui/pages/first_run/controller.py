"""Makes the profile that the first run asks for, and leads on to the first page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer

from kam_desktop import config, language
from kam_desktop.domain import invitation
from kam_desktop.domain.entities import FIRM_ID, Firm
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.domain.text import clean
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.background import Failure, Job
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.pages.first_run.page import FILES, SAMPLE, SERVER, Beginning, FirstRun
from kam_desktop.ui.recovery_sheet import ShownKey
from kam_desktop.ui.sentences import words_of


class FirstRunController(RecordController):
    """One for the first run. `page` is the widget; the desk's door makes the profile."""

    page: FirstRun

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, FirstRun(self._on_chosen))
        self._window: Any = desk.shell  # the window itself: its language is changed here
        self._chosen = Beginning(SAMPLE)
        self.page.language_chosen.connect(self._on_language)
        self.page.recovery_wanted.connect(self._on_recovery)
        self.page.files_wanted.connect(self._on_files)
        self.page.invitation_wanted.connect(self._on_invitation)
        door = self._door
        if door is not None:
            told, invited = door.told_before(), door.desktop.opening.invitation
            self.page.go_on_from(told)
            if invited is not None:
                self.page.show_invitation(invited)
            elif not told:
                self._propose(config.preset())
            self.page.told.connect(door.keep_told)

    @property
    def _door(self) -> Any:
        """The way to the profile, None in a window that is only looked at."""
        return next(iter(self.desk.door), None)

    def _propose(self, preset: Mapping[str, str]) -> None:
        """What whoever deployed the program wants; what in it is wrong is not proposed."""
        try:
            server = invitation.checked_server(preset.get("server", ""))
            workspace = invitation.checked_workspace(preset["workspace"]) if "workspace" in preset else ""
        except Refused:
            return
        name, at = (clean(preset.get(key, ""))[: invitation.LONGEST] for key in ("name", "identity_provider"))
        found = invitation.Invitation(server, workspace, name, identity_provider=at)
        self.page.show_invitation(found, preset=True)

    def _on_files(self) -> None:
        kinds = [(tr("Tables and e-invoices"), "*.xlsx *.xlsm *.csv *.xml *.zip")]
        found = dialogs.choose_files(self.page, tr("Choose files"), kinds)
        if found:
            self.page.firm.show_files(found)

    def _on_invitation(self) -> None:
        if self._door is not None:
            self._door.desktop.opening.choose()

    def _on_language(self, code: str) -> None:
        def switch() -> None:
            language.use(code)
            self._window.rebuild()
            self._window.look_changed.emit(theme.mode(), theme.zoom())

        if code != language.current():
            QTimer.singleShot(0, switch)  # the page is built anew by this

    def _on_recovery(self) -> None:
        door = self.desk.door[0]
        self.page.show_recovery(ShownKey(door.new_recovery_key(), door.groups_to_ask(), door.check_groups))

    def _on_chosen(self, chosen: Beginning) -> None:
        self._chosen = chosen
        door, background = self.desk.door[0], self.desk.background
        if chosen.way == SAMPLE:
            door.new_recovery_key()  # nobody has to keep it: sample data can be made again
        background.opened.connect(self._on_opened)
        job = Job(tr("Making the sample data")) if chosen.way == SAMPLE else None
        door.make(chosen.passphrase, chosen.kit, self._on_failed, job)

    def _on_failed(self, failure: Failure) -> None:
        self.desk.background.opened.disconnect(self._on_opened)
        words = words_of(failure) if isinstance(failure, Refused | Unavailable) else ""
        self.page.show_problem(words or tr("The profile was not made. Please try again."))

    def _on_opened(self) -> None:
        chosen, desk = self._chosen, self.desk
        desk.background.opened.disconnect(self._on_opened)
        if chosen.way == SERVER:
            _afterwards(desk, lambda: _connect(desk, chosen.server))
            return
        if chosen.way != FILES:
            _afterwards(desk, lambda: _check_keyring(desk))
            return
        if chosen.files:
            _afterwards(desk, lambda: _import(desk, chosen.files))
        if chosen.company or chosen.tax_code:
            firm = Firm(id=FIRM_ID, legal_name=chosen.company or chosen.tax_code, tax_code=chosen.tax_code)

            def work(uow: Any) -> Any:
                from kam_desktop.services import records

                return records.save(uow, firm)

            desk.background.edit(work, label="Enter our firm")


def _afterwards(desk: Desk, deed: Callable[[], None]) -> None:
    """Once the door has asked for the first page; the page of the first run and its controller may be gone by then."""
    QTimer.singleShot(0, lambda: desk.background.ask(lambda _reader: None, lambda _nothing: deed()))


def _connect(desk: Desk, server: invitation.Invitation | None) -> None:
    """The profile stands: on to the server."""
    desk.shell.show_page("sync")
    if desk.agent:
        desk.agent[0].connecting.open(server)
    if desk.door:
        desk.door[0].desktop.opening.used()


def _import(desk: Desk, files: Sequence[Path]) -> None:
    """The profile stands: its first files are read, and every row is shown before anything is written."""
    window: Any = desk.shell
    window.show_page("importing")
    window.page("importing").files_chosen.emit(list(files))


def _check_keyring(desk: Desk) -> None:
    """Sample data have no key that anybody knows: without this computer's keyring they need a passphrase now."""
    background: Any = desk.background

    def work() -> bool:
        from kam_desktop.services import security

        return any(way.kind == "keyring" for way in security.ways(background.profile.folder))

    def show(opens: bool) -> None:
        if not opens:
            desk.shell.show_page("settings", "security")
            words = tr("This computer has no keyring that works: add a passphrase, or the data cannot be opened again.")
            desk.shell.toast(words, None, "warning")

    background.run("files", work, show)
