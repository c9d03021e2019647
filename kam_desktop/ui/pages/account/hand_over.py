"""Gives a customer to another owner, at the shared server: only online, only where the role allows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget
from shiboken6 import isValid

from kam_desktop.domain.entities import Account
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.labels import PlainLabel
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.sentences import words_of

AskColleagues = Callable[[Any, str], Sequence[tuple[str, str]]]


class HandOverDialog(Dialog):
    """The colleagues to choose from.

    Attributes:
        people: the list; go: the deed.
    """

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent, tr("Hand over “{name}”", name=name), icon="handshake")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = tr("The customer goes to a colleague with everything that hangs on it, at the server and at once. What "
                  "you may not see any more leaves this computer with the next sync.")  # fmt: skip
        self.people = QListWidget()
        self.people.setAccessibleName(tr("New owner"))
        self.people.setMinimumHeight(theme.px(200))
        self.said = PlainLabel(tone="danger", wrap=True)
        self.said.hide()
        for widget in (PlainLabel(text, tone="text2", wrap=True), self.people, self.said):
            self.body.addWidget(widget)
        self.add_button(Button(tr("Cancel")), 0)
        self.go = self.add_button(Button(tr("Hand over"), kind="primary"))
        self.go.setEnabled(False)
        # the keyboard's arrival makes the first one current; chosen is only whom somebody chose
        self.people.itemSelectionChanged.connect(lambda: self.go.setEnabled(bool(self.chosen())))
        self.people.itemActivated.connect(lambda _item: self.go.click())

    def show_people(self, people: Sequence[tuple[str, str]]) -> None:
        """(id, name) of the colleagues."""
        self.people.clear()
        for key, name in people:
            item = QListWidgetItem(name)
            item.setData(Qt.ItemDataRole.UserRole, key)
            self.people.addItem(item)
        self.people.setFocus()

    def chosen(self) -> str:
        """The id of the chosen colleague, "" for none."""
        return next((str(item.data(Qt.ItemDataRole.UserRole)) for item in self.people.selectedItems()), "")

    def say(self, words: str) -> None:
        """Why it was not handed over; another try may follow."""
        self.said.setText(words)
        self.said.show()
        self.go.setEnabled(True)


class HandOver:
    """One question for one customer."""

    def __init__(self, controller: RecordController, account: Account, ask_colleagues: AskColleagues) -> None:
        self._controller, self._account, self._ask_colleagues = controller, account, ask_colleagues

    def open(self) -> HandOverDialog:
        """Shows who there is."""
        desk, account = self._controller.desk, self._account
        agent: Any = desk.agent[0]
        dialog = HandOverDialog(self._controller.page, account.short_name or account.name)

        def go() -> None:
            dialog.go.setEnabled(False)
            agent.reassign(account.id, dialog.chosen(), account.owner, done, fail)

        def done() -> None:
            if isValid(dialog):
                dialog.accept()
            desk.shell.toast(tr("Handed over: {name}", name=account.short_name or account.name))

        def fail(failure: Any) -> None:
            if isValid(dialog):
                dialog.say(words_of(failure))

        dialog.go.clicked.connect(go)
        ask = self._ask_colleagues
        self._controller.ask(lambda reader: ask(reader, account.owner), dialog.show_people, "colleagues")
        dialog.open()
        return dialog
