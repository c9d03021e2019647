"""Asks for a sign-in before the data open: this laptop was away for longer than its firm allows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.language import tr
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.labels import PlainLabel
from kam_desktop.ui.sentences import words_of


class LeaseDialog(Dialog):
    """One line for the password at the server; `sign_in(password)` is called until `accept` closes the dialog."""

    def __init__(self, parent: QWidget, who: str, sign_in: Callable[[str], None]) -> None:
        super().__init__(parent, tr("Sign in before you go on"), icon="lock")
        self._sign_in = sign_in
        self._line = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self._line.setAccessibleName(tr("Password"))
        self._said = PlainLabel(tone="danger", wrap=True)
        words = tr("This computer was not at the server for longer than your firm allows. Sign in to open your data; "
                   "nothing is lost, what was not sent waits here.")  # fmt: skip
        for widget in (PlainLabel(words, tone="text2", wrap=True), PlainLabel(who, wrap=True), self._line, self._said):
            self.body.addWidget(widget)
        self.add_button(Button(tr("Quit")), 0)
        self._open = self.add_button(Button(tr("Sign in"), kind="primary"))
        self._open.clicked.connect(self._try)
        self._line.returnPressed.connect(self._try)
        self._said.hide()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._line.setFocus()

    def _try(self) -> None:
        if self._line.text() and self._open.isEnabled():
            self._open.setEnabled(False)
            self._sign_in(self._line.text())

    def show_failure(self, failure: Refused | Unavailable) -> None:
        """Why it did not open; another attempt may follow."""
        self._said.setText(words_of(failure))
        self._said.show()
        self._open.setEnabled(True)
        self._line.selectAll()
        self._line.setFocus()
