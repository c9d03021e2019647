"""What the system hands the window to open: an invitation to a server, or a link to a record."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QGridLayout, QWidget
from shiboken6 import isValid

from kam_desktop.domain import invitation
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.domain.invitation import Invitation, Link
from kam_desktop.language import N_, tr
from kam_desktop.ui import pages
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.labels import PlainLabel, caption
from kam_desktop.ui.kit.states import Notice
from kam_desktop.ui.sentences import words_of

FIRST_RUN = "first_run"
MOST_TARGETS = 16


class InvitationDialog(Dialog):
    """What an invitation says, and the question whether to go on with it. Nothing has been sent by then."""

    def __init__(self, parent: QWidget, found: Invitation) -> None:
        super().__init__(parent, tr("Connect by this invitation?"), icon="server", width=520)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        words = tr("The file leads to the server below. Go on only when somebody of your firm gave it to you; you sign "
                   "in there with your own password.")  # fmt: skip
        self.body.addWidget(PlainLabel(words, tone="text2", wrap=True))
        self.body.addWidget(facts(found))
        if invitation.is_plain(found.server):
            words = tr("This address is on this very computer and not encrypted: a trial, not a firm's server.")
            self.body.addWidget(Notice(words, "warning", "triangle-alert"))
        self.add_button(Button(tr("Cancel")), 0)
        self.go = self.add_button(Button(tr("Go on"), kind="primary"), 1)
        self.go.setFocus()


def facts(found: Invitation) -> QWidget:
    """The lines of an invitation, as plain text."""
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 8, 0, 8)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    told = (
        (tr("Address of the server"), found.server),
        (tr("Workspace"), found.name),
        (tr("Number of the workspace"), found.workspace),
        (tr("User"), found.user),
        (tr("Team"), found.team),
        (tr("Sign-in"), found.identity_provider),
    )
    for row, (name, value) in enumerate((name, value) for name, value in told if value):
        label = caption(name, "text2")
        value_label = PlainLabel(value, wrap=True, select=True)
        value_label.setAccessibleName(f"{name}: {value}")
        grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(value_label, row, 1)
    return holder


class Opening(QObject):
    """One for a window. What comes while the profile is still being opened waits for it.

    Attributes:
        invitation: the one that was agreed to and not used up yet; the first run begins with it.
    """

    def __init__(self, desk: Desk, window: Any) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self._waiting: list[str] = []
        self.invitation: Invitation | None = None
        self.dialog: InvitationDialog | None = None
        desk.agent[0].connecting.choose_file = self.choose
        window.setAcceptDrops(True)
        window.installEventFilter(self)
        window.shown.connect(lambda _key: QTimer.singleShot(0, self, self._go_on))
        desk.background.opened.connect(lambda: QTimer.singleShot(0, self, self._go_on))

    # What comes in.

    def take(self, targets: Sequence[str]) -> None:
        """Opens one link or one invitation; everything else is answered by a sentence and changes nothing."""
        found = [each for each in targets if each]
        if len(found) == 1:
            self._waiting = found
            self._go_on()
        elif found:
            self._refuse(tr("Open one invitation or one link at a time."))

    def choose(self) -> None:
        """Lets the user choose the file of an invitation."""
        kinds = [(tr("Invitation"), f"*{invitation.SUFFIX}")]
        found = dialogs.choose_files(self._window, tr("Open an invitation"), kinds, many=False)
        if found:
            self.take([str(found[0])])

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """A file dropped where nothing else wants it."""
        if isinstance(event, QDropEvent) and event.type() in (
            QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop,
        ):  # fmt: skip
            names = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
            if len(names) == 1 and names[0].lower().endswith(invitation.SUFFIX):
                event.acceptProposedAction()
                if event.type() == QEvent.Type.Drop and not isinstance(event, QDragEnterEvent):
                    QTimer.singleShot(0, self, lambda: self.take(names))
                return True
        return False

    # One after the other.

    def _go_on(self) -> None:
        ready = self._desk.background.profile is not None or self._window.current_key() == FIRST_RUN
        if not (ready and self._waiting):
            return
        target = self._waiting.pop()
        if target.strip().lower().startswith(invitation.SCHEME):
            try:
                self._open_link(invitation.read_link(target))
            except Refused as refused:
                self._refuse(words_of(refused))
        else:
            self._desk.background.run("files", lambda: _loaded(target), self.ask, self._on_failed, owner=self)

    def _on_failed(self, failure: Any) -> None:
        if isinstance(failure, Refused | Unavailable):
            self._refuse(words_of(failure))

    def _refuse(self, words: str) -> None:
        dialogs.tell(self._window, tr("This cannot be opened"), words, tone="warning", icon="triangle-alert")

    def _open_link(self, link: Link) -> None:
        if self._desk.background.profile is None:
            self._refuse(tr("There is no profile on this computer yet. Begin first, then open the link again."))
            return
        self._desk.background.ask(lambda reader: _places(reader, link), self._show, key="link")

    def _show(self, places: list[tuple[str, str]]) -> None:
        for entity, identity in places:
            entry = next((each for each in pages.PAGES if entity in each.opens), None)
            if entry is not None:
                self._window.show_page(entry.key, identity)
                return
        if places:
            self._refuse(tr("This record has no page of its own."))
        else:
            self._refuse(tr("What this link leads to is not on this computer: it was deleted, or it is not yours."))

    # An invitation.

    def ask(self, found: Invitation) -> None:
        """Shows what is in it; only a yes goes on."""
        now = self._desk.agent[0].now
        if now.connected:
            self._tell_connected(found)
            return
        if self.dialog is not None and isValid(self.dialog):
            self.dialog.reject()
        self.dialog = InvitationDialog(self._window, found)
        self.dialog.accepted.connect(lambda: self._accept(found))
        self.dialog.open()

    def _tell_connected(self, found: Invitation) -> None:
        now = self._desk.agent[0].now
        if now.workspace == found.workspace:
            words = tr("This profile is connected to that server already. Nothing is left to do.")
        else:
            words = tr("This profile belongs to {user} on {server}. For another server or person make another profile.",
                       user=now.user, server=now.server)  # fmt: skip
        self._refuse(words)

    def _accept(self, found: Invitation) -> None:
        self.invitation = found
        if self._window.current_key() == FIRST_RUN and self._desk.background.profile is None:
            page = self._window.page(FIRST_RUN)
            if page is not None:
                page.show_invitation(found)
        else:
            self._desk.agent[0].connecting.open(found)

    def used(self) -> Invitation | None:
        """The invitation that was agreed to, once."""
        found, self.invitation = self.invitation, None
        return found


def _places(reader: Any, link: Link) -> list[tuple[str, str]]:
    from kam_desktop.services import search

    return search.place_of(reader, link.entity, link.id) if link.entity in BY_NAME else []


def local_path(target: str) -> Path:
    """The file that a target names, as a path or as file:///….

    Raises Refused for one on another computer: only asking for such a file tells that computer who asks.
    """
    name = target
    if name.lower().startswith("file:"):
        name = unquote(name[5:])
        name = name[2:] if name.startswith("///") else name.removeprefix("//localhost")
        if os.name == "nt":
            name = name.removeprefix("/")
    if name.startswith(("\\\\", "//", "\\/", "/\\")):
        message = N_("This file lies on another computer. Copy it to this one and open it from there.")
        raise Refused(Problem("invitation", "far_file", message))
    if "\0" in name or "\n" in name or not name.lower().endswith(invitation.SUFFIX):
        raise Refused(Problem("invitation", "no_invitation", "This file is not an invitation to a server."))
    return Path(name)


def _loaded(target: str) -> Invitation:
    """In a lane: the invitation in a file. Raises Refused, TooOld, Unavailable."""
    path = local_path(target)
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would never end
            raise Refused(Problem("invitation", "no_invitation", "This file is not an invitation to a server."))
        with path.open("rb") as stream:
            data = stream.read(invitation.MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Unavailable("cannot_read", N_("The file cannot be read: {name}"), name=path.name[:100]) from error
    return invitation.read(data)
