"""The firm's server in the first run: its address typed, by invitation, or proposed by a preset."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from kam_desktop.domain import invitation
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.invitation import Invitation
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Card
from kam_desktop.ui.kit.labels import IconLabel, Link, caption, strong
from kam_desktop.ui.sentences import words_of


def typed_server(text: str) -> str:
    """The address as typed, with https where nobody wrote how. Raises Refused for what is none."""
    text = text.strip()
    return invitation.checked_server(text if "://" in text or not text else f"https://{text}")


class ServerLines(QWidget):
    """An address, or the invitation that stands for it. Nothing is sent from here: signing in comes afterwards.

    Signals:
        file_wanted: choose the file of an invitation.
        changed: another address or invitation.
    """

    file_wanted = Signal()
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.invitation: Invitation | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(4))
        box.addWidget(strong(tr("Your firm's server")))
        words = tr("Your administrator gives you its address, or a file (.kamx) that holds it. First your data get "
                   "their lock, then you sign in.")  # fmt: skip
        box.addWidget(caption(words, wrap=True))
        self.address = QLineEdit()
        self.address.setMaxLength(invitation.LONGEST)
        self.address.setPlaceholderText("https://kam.company.vn")
        self.address.setAccessibleName(tr("Address of the server"))
        self.address.textEdited.connect(lambda _text: self._say(""))
        self.address.editingFinished.connect(self._on_left)
        label = caption(tr("Address of the server"), "text2")
        label.setBuddy(self.address)
        file = Button(tr("Open an invitation…"), icon="mail")
        file.clicked.connect(self.file_wanted)
        self._typing = QWidget()
        column = QVBoxLayout(self._typing)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        column.addWidget(label)
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        row.addWidget(self.address, 1)
        row.addWidget(file)
        column.addLayout(row)
        box.addWidget(self._typing)
        self._card = Card(row=True, margins=(16, 12, 16, 12), gap=12)
        self._card.add(IconLabel("mail", "accent", 20))
        lines = QVBoxLayout()
        lines.setSpacing(theme.px(2))
        self._named, self._where = strong(), caption(tone="text2", wrap=True)
        lines.addWidget(self._named)
        lines.addWidget(self._where)
        self._card.box.addLayout(lines, 1)
        other = Link(tr("Another server"))
        other.opened.connect(self._on_other)
        self._card.add(other)
        box.addWidget(self._card)
        self._said = caption(tone="danger", wrap=True)
        self._said.hide()
        self._from = caption(tr("Proposed by your administrator."))
        self._from.hide()
        box.addWidget(self._said)
        box.addWidget(self._from)
        self._show()

    def show_invitation(self, found: Invitation | None, *, preset: bool = False) -> None:
        """Shows an invitation in place of the address; one without a workspace is an address that may be corrected."""
        self.invitation = found if found is not None and found.workspace else None
        self.address.setText(found.server if found is not None else "")
        self._from.setVisible(preset)
        self._say("")
        self._show()

    def value(self) -> Invitation | None:
        """The invitation, or the typed address as one; None while nothing is said. Raises Refused."""
        if self.invitation is not None or not self.address.text().strip():
            return self.invitation
        return Invitation(typed_server(self.address.text()), "", "")

    def check(self) -> bool:
        """Whether it can be gone on with; says why not."""
        try:
            self.value()
        except Refused as refused:
            self._say(words_of(refused))
            self.address.setFocus()
            return False
        return True

    def _on_left(self) -> None:
        if self.address.text().strip():
            try:
                self.address.setText(typed_server(self.address.text()))
            except Refused as refused:
                self._say(words_of(refused))
        self.changed.emit()

    def _on_other(self) -> None:
        self.show_invitation(None)
        self.address.setFocus()
        self.changed.emit()

    def _show(self) -> None:
        found = self.invitation
        self._typing.setVisible(found is None)
        self._card.setVisible(found is not None)
        if found is not None:
            self._named.setText(tr("Invitation to “{name}”", name=found.name) if found.name else tr("Invitation"))
            told = [found.server, *([tr("User: {name}", name=found.user)] if found.user else [])]
            self._where.setText(" · ".join(told))

    def _say(self, words: str) -> None:
        self._said.setText(words)
        self._said.setVisible(bool(words))
