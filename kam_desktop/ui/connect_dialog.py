"""Connecting with the shared server: signing in, first download, what both sides have, outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QProgressBar, QVBoxLayout, QWidget
from shiboken6 import isValid

from kam_desktop.domain.errors import Refused
from kam_desktop.language import tr, trn
from kam_desktop.ui import reaching, sync_words, theme
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.labels import PlainLabel, caption, strong
from kam_desktop.ui.kit.states import Notice
from kam_desktop.ui.sentences import words_of
from kam_desktop.ui.sync_agent import Now

_MOST_NAMES = 8
STOPPED = "stopped"
"""The code of a sign-in that the user stopped: they know."""


class ConnectDialog(Dialog):
    """One box that goes through its stages: sample, form, download, both, done.

    Signals:
        wanted(server, user, password): sign in. The password is kept nowhere.
        browser_wanted(server): sign in through the browser. reopened: open its page once more.
        named(server): somebody left the line of the address.
        answered(bool): whether the accounts of both sides become one each.
        stopped: the download is to stop.
        own_wanted: the sample data go, a profile of one's own is made.
        file_wanted: choose the file of an invitation.
    """

    wanted = Signal(str, str, str)
    browser_wanted = Signal(str)
    reopened = Signal()
    named = Signal(str)
    answered = Signal(bool)
    stopped = Signal()
    own_wanted = Signal()
    file_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, tr("Connect to the shared server"), icon="server", width=520)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.stage = ""
        self._filled: tuple[str, str, str | None, str] = ("", "", None, "")
        self._content: QWidget | None = None
        self._buttons: list[Button] = []

    def _stage(self, name: str, *widgets: QWidget) -> None:
        """Another stage, with these widgets under each other."""
        self.stage = name
        if self._content is not None:
            self._content.hide()
            self.body.removeWidget(self._content)
            self._content.deleteLater()
        for button in self._buttons:
            button.hide()
            button.deleteLater()
        self._buttons = []
        self._content = made = QWidget()
        box = QVBoxLayout(made)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(8))
        for widget in widgets:
            box.addWidget(widget)
        box.addStretch()
        self.body.addWidget(made)

    def _button(self, words: str, kind: str = "default") -> Button:
        made = self.add_button(Button(words, kind=kind))
        made.show()
        self._buttons.append(made)
        return made

    def show_sample(self) -> None:
        """Sample data are never sent: says so, with the way to a profile of one's own."""
        words = tr("This profile holds sample data, which are never sent. Make a profile of your own first.")
        self._stage("sample", PlainLabel(words, tone="text2", wrap=True))
        self._button(tr("Cancel")).clicked.connect(self.reject)
        begin = self._button(tr("Start with our own data"), "primary")
        begin.clicked.connect(self.own_wanted)
        begin.setFocus()

    def show_form(self, server: str, user: str, invited: str | None = None, provider: str = "") -> None:
        """Server, user, password; a profile that is connected is its user's for good, only the password is asked.

        `invited`: None where nobody filled the form; "" where the address may be corrected; the name of the workspace
        of an invitation, whose address stands. `provider`: where one signs in through the browser, as far as known.
        """
        self._filled = (server, user, invited, provider)
        self.server, self.user, self.password = QLineEdit(server), QLineEdit(user), QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.said = PlainLabel(tone="danger", wrap=True)
        self.said.hide()
        again = bool(server) and invited is None
        widgets: list[QWidget] = [PlainLabel(
            tr("Your changes waited here and go on when you have signed in.") if again else
            tr("Your customers come to this computer, and work goes on without a network. What is here already goes "
               "up. A backup is made first."), tone="text2", wrap=True,
        )]  # fmt: skip
        for words, line, hint in (
            (tr("Address of the server"), self.server, "https://kam.company.vn"), (tr("User"), self.user, ""),
            (tr("Password"), self.password, ""),
        ):  # fmt: skip
            name = caption(words, "text2")
            name.setBuddy(line)
            line.setAccessibleName(words)
            line.setPlaceholderText(hint)
            line.returnPressed.connect(self._try)
            widgets += [name, line]
            if line is self.server:
                self.through = Button("", icon="globe")
                self.through.clicked.connect(self._try_browser)
                self.instead = caption(tr("Or with a password of this server:"), "text2")
                widgets += [self.through, self.instead]
        self.show_provider(provider)
        self.server.editingFinished.connect(lambda: self.named.emit(self.server.text().strip()))
        self.server.setReadOnly(again or bool(invited))
        self.user.setReadOnly(again)
        if invited:
            widgets.insert(1, Notice(tr("By invitation to “{name}”", name=invited), "info", "mail"))
        note = tr("The password is sent over an encrypted connection alone (https) and kept nowhere.")
        self._stage("form", *widgets, caption(note, wrap=True), self.said)
        if not again:
            self._button(tr("Open an invitation…")).clicked.connect(self.file_wanted)
        self._button(tr("Cancel")).clicked.connect(self.reject)
        self._go = self._button(tr("Sign in") if again else tr("Connect"), "primary")
        self._go.clicked.connect(self._try)
        (self.password if server and user else self.user if server else self.server).setFocus()

    def _try(self) -> None:
        if self.server.text().strip() and self.user.text().strip() and self.password.text() and self._go.isEnabled():
            self._go.setEnabled(False)
            self._keep()
            self.wanted.emit(self.server.text().strip(), self.user.text().strip(), self.password.text())

    def _try_browser(self) -> None:
        if self.server.text().strip() and self._go.isEnabled():
            self._go.setEnabled(False)
            self.through.setEnabled(False)
            self._keep()
            self.browser_wanted.emit(self.server.text().strip())

    def _keep(self) -> None:
        """What was typed stands there again when it did not work."""
        if not self.server.isReadOnly():
            self._filled = (self.server.text().strip(), self.user.text().strip(), "", self._filled[3])

    def show_provider(self, name: str) -> None:
        """As what signing in through the browser is known; "" for not at all."""
        self._filled = (*self._filled[:3], name)
        self.through.set_label(tr("Sign in with {name}", name=name))
        self.through.setVisible(bool(name))
        self.instead.setVisible(bool(name))

    def show_browser(self) -> None:
        """The page is open in the browser; here one waits."""
        words = tr("Sign in on the page that has opened in your browser. Then this goes on by itself.")
        self._stage("browser", strong(tr("Go on in the browser")), PlainLabel(words, tone="text2", wrap=True))
        self._button(tr("Open the page again")).clicked.connect(self.reopened)
        stop = self._button(tr("Stop"))
        stop.clicked.connect(self.stopped)
        stop.setFocus()

    def show_failure(self, words: str) -> None:
        """Why it did not work; another attempt may follow."""
        if self.stage != "form":
            self.show_form(*self._filled)
        self.said.setText(words)
        self.said.show()
        self._go.setEnabled(True)
        self.through.setEnabled(True)
        self.password.selectAll()
        self.password.setFocus()

    def show_progress(self, now: Now) -> None:
        """The first download, with a way to stop it, and a way to work on meanwhile."""
        if self.stage != "download":
            self._bar, self._rows = QProgressBar(), strong()
            self._bar.setTextVisible(False)
            self._bar.setMaximumHeight(theme.px(8))
            note = tr("You can go on working. Stopped, it goes on later from where it was; nothing is lost.")
            self._stage("download", self._rows, self._bar, PlainLabel(note, tone="text2", wrap=True))
            self._button(tr("Stop")).clicked.connect(self.stopped)
            go_on = self._button(tr("Go on working"), "primary")
            go_on.clicked.connect(self.hide)
            go_on.setFocus()
        words = sync_words.rows(now)
        self._rows.setText(words)
        self._bar.setAccessibleName(words)
        self._bar.setRange(0, max(now.whole, now.done))
        self._bar.setValue(now.done)

    def show_matches(self, found: Sequence[tuple[str, str]]) -> None:
        """(name, tax code) of the customers that both sides have."""
        count = trn("{n} customer is on both sides, with the same tax code.",
                    "{n} customers are on both sides, with the same tax codes.", len(found))  # fmt: skip
        names = [PlainLabel(f"{name} · {code}", wrap=True) for name, code in found[:_MOST_NAMES]]
        if len(found) > _MOST_NAMES:
            names.append(caption(tr("and {n} more", n=len(found) - _MOST_NAMES)))
        told = tr("Made one, everything that hangs on yours hangs on the server's. Where values differ both are kept, "
                  "in the log.")  # fmt: skip
        self._stage("both", strong(count), *names, PlainLabel(told, tone="text2", wrap=True))
        apart = self._button(tr("Leave them apart"))
        apart.clicked.connect(lambda: self.answered.emit(False))
        one = self._button(tr("Make one of each"), "primary")
        one.clicked.connect(lambda: self.answered.emit(True))
        one.setFocus()

    def show_done(self, joined: Any) -> None:
        """What the first connect did; None when it was only signed in again."""
        lines: list[QWidget] = []
        if joined is None:
            lines.append(strong(tr("Signed in again.")))
        else:
            lines.append(strong(_came(joined)))
            if joined.linked:
                words = trn("{n} customer of both sides is one now.", "{n} customers of both sides are one now.",
                            joined.linked)  # fmt: skip
                lines.append(PlainLabel(words, wrap=True))
            if joined.waiting:
                words = trn("{n} change of yours goes up now.", "{n} changes of yours go up now.", joined.waiting)
                lines.append(PlainLabel(words, wrap=True))
            if joined.left:
                words = trn("{n} record, or a part of it, your role may not write: it stays here and is listed under "
                            "“Needs you”.", "{n} records, or parts of them, your role may not write: they stay here "
                            "and are listed under “Needs you”.", joined.left)  # fmt: skip
                lines.append(Notice(words, "warning", "triangle-alert"))
        self._stage("done", *lines)
        close = self._button(tr("Close"), "primary")
        close.clicked.connect(self.accept)
        close.setFocus()


def _came(joined: Any) -> str:
    return trn("{n} row came from the server.", "{n} rows came from the server.", joined.pulled)


def _filled(invitation: Any) -> tuple[str, str, str, str]:
    """What an invitation fills in; one without a workspace is only an address that somebody typed."""
    named = (invitation.name or invitation.server.partition("://")[2]) if invitation.workspace else ""
    return invitation.server, invitation.user, named, invitation.identity_provider


class Connecting(QObject):
    """Opens the dialog over a window and leads it through the agent's answers.

    Attributes:
        dialog: the open one, None while there is none.
        choose_file: lets the user choose an invitation (opening.Opening sets it).
    """

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._parent, self._agent = desk, parent, desk.agent[0]
        self.dialog: ConnectDialog | None = None
        self._invitation: Any = None
        self.choose_file: Callable[[], object] = lambda: None
        self._agent.connecting = self
        self._agent.changed.connect(self._on_changed)
        self._agent.asked.connect(self._on_asked)
        self._agent.browse.connect(self._on_browse)
        self._page = ""

    def _shown(self) -> ConnectDialog | None:
        return self.dialog if self.dialog is not None and isValid(self.dialog) else None

    def open(self, invitation: Any = None) -> None:
        """Shows the stage that fits: sample data, a download under way, or the form, filled by an invitation."""
        now, made = self._agent.now, self._shown()
        self._invitation = invitation
        if made is not None and made.stage == "form" and invitation is not None:
            made.show_form(*_filled(invitation))
            self._ask_provider(made.server.text())
        if made is not None:
            made.show()
            made.raise_()
            return
        self.dialog = made = ConnectDialog(self._parent)
        made.wanted.connect(self._on_wanted)
        made.answered.connect(self._agent.answer)
        made.stopped.connect(self._on_stopped)
        made.own_wanted.connect(self._on_own_wanted)
        made.browser_wanted.connect(lambda server: self._on_wanted(server, "", "", browser=True))
        made.reopened.connect(lambda: reaching.browse(self._page))
        made.named.connect(self._ask_provider)
        made.file_wanted.connect(self.choose_file)
        made.rejected.connect(self._agent.cancel)
        if now.sample:
            made.show_sample()
        elif now.phase == "connecting":
            made.show_progress(now)
        elif invitation is not None:
            made.show_form(*_filled(invitation))
        else:
            made.show_form(now.server, now.user)
        if made.stage == "form":
            self._ask_provider(made.server.text())
        made.open()

    def _on_wanted(self, server: str, user: str, password: str, browser: bool = False) -> None:
        given = server, user, password, self._on_done, self._on_failed, self._workspace()
        if browser:
            self._agent.connect_to(*given, browser=True)
        else:
            self._agent.connect_to(*given)

    def _workspace(self) -> str:
        return self._invitation.workspace if self._invitation is not None else ""

    def _ask_provider(self, server: str) -> None:
        """Asks whoever stands in the line of the address, without a word of ours."""

        def told(name: str) -> None:
            made = self._shown()
            if made is not None and made.stage == "form" and made.server.text().strip() == server:
                made.show_provider(name)

        if server:
            self._agent.provider_of(server, self._workspace(), told)

    def _on_browse(self, address: str) -> None:
        self._page, made = address, self._shown()
        if made is not None:
            made.show_browser()
        reaching.browse(address)

    def _on_changed(self) -> None:
        now, made = self._agent.now, self._shown()
        if made is not None and now.phase == "connecting" and now.done and made.stage != "both":
            made.show_progress(now)

    def _on_asked(self, matches: list[Any]) -> None:
        if self._shown() is None:
            self.open()
        made = self._shown()
        if made is not None:
            made.show_matches([(each.name, each.tax_code) for each in matches])
            made.show()
            made.raise_()

    def _on_stopped(self) -> None:
        self._agent.cancel()
        made = self._shown()
        if made is not None:
            made.reject()

    def _on_own_wanted(self) -> None:
        made = self._shown()
        if made is not None:
            made.accept()
        self._desk.shell.show_page("today")  # its notice leads from the sample data to a profile of one's own

    def _on_done(self, joined: Any) -> None:
        made = self._shown()
        if made is not None and made.isVisible():
            made.show_done(joined)
        else:
            if made is not None:
                made.accept()
            if joined is not None:
                self._desk.shell.toast(_came(joined))

    def _on_failed(self, failure: Any) -> None:
        words, made = words_of(failure), self._shown()
        if made is not None and made.isVisible():
            made.show_failure(words)
        elif getattr(failure, "code", "") != STOPPED:
            self._desk.shell.toast(words, None, "danger" if isinstance(failure, Refused) else "warning")

    def leave(self) -> None:
        """Asks, then signs out."""
        text = tr("Everything stays on this computer and work goes on, but nothing is sent or fetched until you sign "
                  "in again. What waits is kept.")  # fmt: skip
        if dialogs.ask(self._parent, tr("Sign out of the shared server?"), text, tr("Sign out")):
            self._agent.disconnect_from(lambda: self._desk.shell.toast(tr("Signed out. Everything stays here.")))
