"""What came of a reminder, in two keystrokes: the outcome, a promise with it, the step it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget
from shiboken6 import isValid

from kam_desktop.domain.entities import DunningEvent, PromiseToPay
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.form_dialog import two_columns
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.editors import Labelled, editor_for
from kam_desktop.ui.kit.labels import caption
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.pages.collection.deeds import channel_names

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


def _nothing_yet(invoice: str) -> DunningEvent:
    return DunningEvent(id="", account="", invoice=invoice, channel="call", reminded_at=None)


class OutcomeForm(RecordForm):
    """What came of a reminder: choices by their keys, what was promised, what was said.

    It is saved as a whole by a verb of its own; of a RecordForm it has the draft.
    """

    def __init__(self, about: Reminded, today: date) -> None:
        super().__init__(DunningEvent, today=today)
        self.within = " ".join(about.invoices)
        self.record, self.is_new = _nothing_yet(about.invoices[0]), True
        one = len(about.invoices) == 1
        names = outcome_names()
        offered = [(key, words) for key, words in names.items() if key != PROMISED or one]
        channels = [(key, text) for key, text in channel_names().items() if key != "other"]
        own = tr("No step") if one else tr("The step that is due")
        steps = [("", own), *((str(place), name) for place, name in about.steps)]
        contacts = [("", "–"), *about.contacts]
        self.choices = {
            "outcome": _Choice(offered, tr("Outcome")), "channel": _Choice(channels, tr("Channel"), about.channel),
            "step": _Choice(steps, tr("Reminder step"), str(about.step or "")),
            "contact": _Choice(contacts, tr("Contact"), contacts[min(1, len(contacts) - 1)][0]),
        }  # fmt: skip
        promise = PromiseToPay.entity
        self._texts = {
            "amount": Labelled(editor_for(promise.field("amount"), currency=lambda: about.currency)),
            "pay_on": Labelled(editor_for(promise.field("pay_on"), today=today)),
            "remark": Labelled(editor_for(DunningEvent.entity.field("remark"), lines=3), private=True),
        }
        self._rows.update(self._texts)  # what is refused stands at its field
        for name, value in (("amount", about.amount), ("pay_on", about.pay_on), ("remark", about.remark)):
            self._texts[name].editor.set_value(value)
        boxes = {name: _Named(each) for name, each in self.choices.items()}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        box.addLayout(two_columns([[boxes["outcome"], boxes["channel"]], [self._texts["amount"], self._texts["pay_on"]],
                                   [boxes["step"], boxes["contact"]], [self._texts["remark"]]]))  # fmt: skip
        boxes["contact"].setVisible(one and bool(about.contacts))
        for name, choice in self.choices.items():
            choice.activated.connect(lambda _at, name=name: self._on_typed(name))
        for name, row in self._texts.items():
            row.editor.typed.connect(lambda name=name: self._on_typed(name))
        self.choices["outcome"].currentIndexChanged.connect(lambda _at: self._show_promise())
        self._show_promise()

    def _show_promise(self) -> None:
        for name in ("amount", "pay_on"):
            self._texts[name].setVisible(self.choices["outcome"].key() == PROMISED)

    def field_of(self, widget: QWidget) -> str:
        """See RecordForm."""
        found = next((name for name, each in self.choices.items() if each is widget), "")
        return found or next((name for name, row in self._texts.items() if row.editor.inner is widget), "")

    def draft(self) -> dict[str, Any]:
        """See RecordForm."""
        kept: dict[str, Any] = {name: each.key() for name, each in self.choices.items() if name in self._dirty}
        return kept | {name: row.editor.raw() for name, row in self._texts.items() if name in self._dirty}

    def show_draft(self, draft: Mapping[str, Any]) -> bool:
        """See RecordForm."""
        known = {name: raw for name, raw in draft.items() if name in self.choices or name in self._texts}
        for name, raw in known.items():
            if name in self.choices:
                self.choices[name].choose(str(raw))
            else:
                self._texts[name].editor.set_raw(raw)
            self._dirty.add(name)
        return bool(known)

    def value(self) -> Outcome:
        """What stands there. Refused where it cannot be read."""
        chosen = {name: each.key() for name, each in self.choices.items()}
        values = {}
        if chosen["outcome"] == PROMISED:
            values = {name: self._texts[name].editor.value() for name in ("amount", "pay_on")}
        step = int(chosen["step"]) if chosen["step"] else None
        return Outcome(step, chosen["channel"], chosen["outcome"], chosen["contact"],
                       self._texts["remark"].editor.value(), **values)  # fmt: skip


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
        self.form = OutcomeForm(about, today)
        self.body.addWidget(self.form)
        self.add_button(Button(tr("Cancel")), 0)
        self.add_button(Button(tr("Save"), kind="primary", key=keymap.spoken("Enter"))).clicked.connect(self._save)
        self.form.entered.disconnect(self.form.commit)
        self.form.entered.connect(self._save)
        self.form.choices["outcome"].setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._save()
        else:
            super().keyPressEvent(event)

    def _save(self) -> None:
        try:
            self.decided.emit(self.form.value())
        except Refused as refused:
            self.show_problems(refused.problems)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Says what was refused; the dialog stays as it is."""
        if isValid(self):
            self.form.show_problems(problems)


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
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(4))
        name = caption(choice.accessibleName(), "text2")
        name.setBuddy(choice)
        box.addWidget(name)
        box.addWidget(choice)
