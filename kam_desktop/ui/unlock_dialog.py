"""Asks for the passphrase or the recovery key of a locked profile; what is typed is kept nowhere."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.language import tr
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.labels import Link, PlainLabel
from kam_desktop.ui.sentences import words_of


class UnlockDialog(Dialog):
    """One line for the secret; `unlock(text, by_recovery_key)` is called until `done` closes the dialog."""

    def __init__(self, parent: QWidget, unlock: Callable[[str, bool], None], *, locked: bool = False) -> None:
        super().__init__(parent, tr("This profile is locked"), icon="lock")
        self._unlock, self._recovery, self._locked = unlock, False, locked
        self._words = PlainLabel(tone="text2", wrap=True)
        self._line = QLineEdit()
        self._said = PlainLabel(tone="danger", wrap=True)
        self._other = Link("")
        for widget in (self._words, self._line, self._said, self._other):
            self.body.addWidget(widget)
        self.add_button(Button(tr("Quit")), 0)
        self._open = self.add_button(Button(tr("Unlock"), kind="primary"))
        self._open.clicked.connect(self._try)
        self._line.returnPressed.connect(self._try)
        self._other.opened.connect(self._switch)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._show()

    def _switch(self) -> None:
        self._recovery = not self._recovery
        self._show()

    def _show(self) -> None:
        key = self._recovery
        self._words.setText(
            tr("It is locked. Type the passphrase to go on.")
            if self._locked and not key
            else tr("The keyring of this computer did not open it. Type the recovery key; nothing is lost.")
            if key
            else tr("The keyring of this computer did not open it. Type the passphrase; nothing is lost.")
        )
        self._other.set_label(tr("Use the passphrase") if key else tr("Use the recovery key"))
        self._line.setEchoMode(QLineEdit.EchoMode.Normal if key else QLineEdit.EchoMode.Password)
        self._line.setAccessibleName(tr("Recovery key") if key else tr("Passphrase"))
        self._line.clear()
        self._said.hide()
        self._line.setFocus()

    def _try(self) -> None:
        if self._line.text():
            self._open.setEnabled(False)  # one attempt costs up to a second on purpose
            self._unlock(self._line.text(), self._recovery)

    def show_failure(self, failure: Refused | Unavailable) -> None:
        """Why it did not open; another attempt may follow."""
        self._said.setText(words_of(failure))
        self._said.show()
        self._open.setEnabled(True)
        self._line.selectAll()
        self._line.setFocus()
