"""What came of a reminder, in two keystrokes: the outcome, a promise with it, the step it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QWidget
from shiboken6 import isValid

from kam_desktop.domain.entities import DunningEvent, PromiseToPay
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import tr
from kam_desktop.ui import keymap
from kam_desktop.ui.form_dialog import two_columns
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.editors import Labelled, editor_for
from kam_desktop.ui.kit.labels import PlainLabel, caption
from kam_desktop.ui.pages.collection.deeds import channel_names
from kam_desktop.ui.sentences import sentence
from kam_desktop.ui.shortcuts import add_shortcut

PROMISED = "promised"


@dataclass(frozen=True, slots=True)
class Reminded:
    """What the dialog is about.

    Attributes:
        invoices: one, or several that are told of at once; then nothing can be promised.
        title: whom and what it concerns. amount: what is open, minor units; pay_on: a day that may be promised.
        steps: (place, name) of the firm's reminder steps; step: the one that is due, 0 for none.
    """

    invoices: tuple[str, ...]
    title: str
    amount: int
    currency: str
    pay_on: date
    steps: Sequence[tuple[int, str]]
    step: int
    channel: str
    contacts: Sequence[tuple[str, str]] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was typed; amount and day only of a promise."""

    step: int | None
    channel: str
    outcome: str
    contact: str
    remark: str
    amount: int | None = None
    pay_on: date | None = None


def outcome_names() -> dict[str, str]:
    """What may come of a reminder, in words."""
    return {"no_answer": tr("Nobody answered"), "promised": tr("Promised to pay"),
            "papers_missing": tr("Papers are missing"), "paid_already": tr("Says it is paid"),
            "disputed": tr("Disputed"), "other": tr("Other")}  # fmt: skip


class OutcomeDialog(Dialog):
    """Enter saves what stands there: the outcome is in focus, arrows change it.

    Signals:
        decided(Outcome): what came of it; the controller closes the dialog once it is saved.
    """

    decided = Signal(object)

    def __init__(self, parent: QWidget, about: Reminded, today: date) -> None:
        super().__init__(parent, tr("Log the outcome"), width=520)
        self.about = about
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.body.addWidget(caption(about.title, "text2", wrap=True))
        self._said = PlainLabel(tone="danger", wrap=True)
        self._said.hide()
        self.body.addWidget(self._said)
        reminder, promise = DunningEvent.entity, PromiseToPay.entity
        names = outcome_names()
        offered = [key for key in names if key != PROMISED or len(about.invoices) == 1]
        self.outcome = _Choice([(key, names[key]) for key in offered], tr("Outcome"))
        channels = {key: text for key, text in channel_names().items() if key != "other"}
        self.channel = _Choice(list(channels.items()), tr("Channel"), about.channel)
        own = tr("The step that is due") if len(about.invoices) > 1 else tr("No step")
        self.step = _Choice([("", own), *((str(place), name) for place, name in about.steps)],
                            tr("Reminder step"), str(about.step or ""))  # fmt: skip
        self.contact = _Choice([("", "–"), *about.contacts], tr("Contact"), about.contacts[0][0] if about.contacts
                               else "")  # fmt: skip
        self._amount = Labelled(editor_for(promise.field("amount"), currency=lambda: about.currency))
        self._pay_on = Labelled(editor_for(promise.field("pay_on"), today=today))
        self._amount.editor.set_value(about.amount)
        self._pay_on.editor.set_value(about.pay_on)
        self._remark = Labelled(editor_for(reminder.field("remark"), lines=3), private=True)
        self._remark.editor.set_value(about.remark)
        boxes = [_Named(each) for each in (self.outcome, self.channel, self.step, self.contact)]
        self.body.addLayout(two_columns([[boxes[0], boxes[1]], [self._amount, self._pay_on], [boxes[2], boxes[3]],
                                         [self._remark]]))  # fmt: skip
        boxes[3].setVisible(len(about.invoices) == 1 and bool(about.contacts))
        self.add_button(Button(tr("Cancel")), 0)
        self.add_button(Button(tr("Save"), kind="primary", key=keymap.spoken("Enter"))).clicked.connect(self._save)
        self.outcome.currentIndexChanged.connect(lambda _at: self._show_promise())
        add_shortcut(self, "commit", self._save)
        self._show_promise()
        self.outcome.setFocus()

    def _show_promise(self) -> None:
        for each in (self._amount, self._pay_on):
            each.setVisible(self.outcome.key() == PROMISED)
        if self.isVisible():
            self.adjustSize()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._save()
        else:
            super().keyPressEvent(event)

    def _save(self) -> None:
        promised, values = self.outcome.key() == PROMISED, dict[str, Any]()
        try:
            if promised:
                values = {"amount": self._amount.editor.value(), "pay_on": self._pay_on.editor.value()}
        except Refused as refused:
            self.show_problems(refused.problems)
            return
        step = int(self.step.key()) if self.step.key() else None
        self.decided.emit(Outcome(step, self.channel.key(), self.outcome.key(), self.contact.key(),
                                  self._remark.editor.value(), **values))  # fmt: skip

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Says what was refused; the dialog stays as it is."""
        if isValid(self):
            self._said.setText(" ".join(map(sentence, problems)))
            self._said.show()


class _Choice(QComboBox):
    """One of a few words by its key; a wheel that passes over it changes nothing."""

    def __init__(self, options: Sequence[tuple[str, str]], name: str, chosen: str = "") -> None:
        super().__init__()
        self._keys = [key for key, _text in options]
        self.addItems([text for _key, text in options])
        self.setAccessibleName(name)
        if chosen in self._keys:
            self.setCurrentIndex(self._keys.index(chosen))

    def key(self) -> str:
        """The key of the chosen word."""
        return self._keys[max(0, self.currentIndex())]

    def choose(self, key: str) -> None:
        """Chooses a word by its key."""
        if key in self._keys:
            self.setCurrentIndex(self._keys.index(key))

    def wheelEvent(self, event: Any) -> None:
        event.ignore()


class _Named(QWidget):
    """A choice under its name, as the editors of forms stand."""

    def __init__(self, choice: _Choice) -> None:
        super().__init__()
        from PySide6.QtWidgets import QVBoxLayout

        from kam_desktop.ui import theme

        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(4))
        name = caption(choice.accessibleName(), "text2")
        name.setBuddy(choice)
        box.addWidget(name)
        box.addWidget(choice)
