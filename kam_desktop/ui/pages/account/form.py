"""The forms of the account page: a customer, a person, an interaction, a task, an occasion."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from kam_desktop.domain.entities import Account, Activity, Contact, Occasion
from kam_desktop.domain.entities.task import Task
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.form_dialog import two_columns
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.editors import Labelled, editor_for
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import caption, section
from kam_desktop.ui.kit.record_form import RecordForm, sentence
from kam_desktop.ui.shortcuts import add_shortcut

KIND_ICONS = {"meeting": "handshake", "call": "phone", "message": "message-circle", "note": "pencil"}


def kind_names() -> dict[str, str]:
    """The kinds of interaction in the current language."""
    return {"meeting": tr("Meeting"), "call": tr("Call"), "message": tr("Message"), "note": tr("Note")}


class AccountForm(RecordForm):
    """The fields of a customer.

    Attributes:
        hand_over: beside the owner, who at a shared server changes by this deed alone.
    """

    def __init__(self, today: date) -> None:
        super().__init__(Account, today=today)
        self.hand_over = Button(tr("Hand over…"), icon="handshake")
        self._who_may = caption("", wrap=True)
        risks = {"low": tr("Low"), "medium": tr("Medium"), "high": tr("High")}
        tiers = {"A": "A", "B": "B", "C": "C"}
        add = self.add
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(24), theme.px(16), theme.px(24), theme.px(24))
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        parts: list[tuple[str, list[list[QWidget]]]] = [
            (tr("Who it is"), [[add("name")], [add("short_name"), add("tax_code")],
                               [add("industry"), add("founded_on")], [add("parent"), self._owner(add("owner"))]]),
            (tr("How to reach it"), [[add("address")], [add("phone"), add("email")], [add("website"), add("tags")]]),
            (tr("Terms"), [[add("payment_days"), add("currency")],
                           [add("credit_limit"), add("risk", names=risks)], [add("tier", names=tiers), QWidget()]]),
            (tr("Internal"), [[add("internal_note", lines=5)]]),
        ]  # fmt: skip
        for name, rows in parts:
            box.addWidget(section(name))
            box.addLayout(two_columns(rows))
            box.addSpacing(theme.px(8))
        box.addStretch()
        self.show_ownership(connected=False, may_hand_over=False)

    def _owner(self, field: QWidget) -> QWidget:
        row, beside = Panel(row=True, gap=8), QVBoxLayout()
        beside.addSpacing(theme.px(22))  # the name of the field
        beside.addWidget(self.hand_over)
        beside.addStretch()
        row.add(field, stretch=1)
        row.box.addLayout(beside)
        return Panel(gap=4).add(row, self._who_may)

    def show_ownership(self, *, connected: bool, may_hand_over: bool) -> None:
        """The owner is a field to type in, or what the shared server says; then it tells who can change it."""
        self.editor("owner").set_locked(connected)
        self.hand_over.setVisible(connected and may_hand_over)
        told = tr("Team leads and managers hand a customer over.") if connected and not may_hand_over else ""
        self._who_may.setText(told)
        self._who_may.setVisible(bool(told))
        self.editor("owner").inner.setAccessibleDescription(told)


class ContactForm(RecordForm):
    """A person at a customer."""

    def __init__(self, today: date) -> None:
        super().__init__(Contact, today=today)
        languages = {"vi": tr("Vietnamese"), "en": tr("English")}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        box.addLayout(two_columns([
            [self.add("full_name")], [self.add("honorific"), self.add("position")],
            [self.add("phones")], [self.add("emails")],
            [self.add("zalo"), self.add("language", names=languages)], [self.add("birthday"), self.add("left_on")],
            [self.add("main")], [self.add("internal_note", lines=3)],
        ]))  # fmt: skip


class InteractionForm(RecordForm):
    """What happened with a customer, written down at once; with it the next step, if there is one.

    Attributes:
        next_step: (what is to be done, by when) as it was when the form was committed; "" for none.
    """

    def __init__(self, today: date) -> None:
        super().__init__(Activity, today=today)
        self.next_step: tuple[str, date | None] = ("", None)
        self._given = False
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        box.addLayout(two_columns([
            [self.add("subject")], [self.add("kind", names=kind_names()), self.add("at")], [self.add("contact")],
            [self.add("said", lines=3)], [self.add("promised", lines=2)],
        ]))  # fmt: skip
        optional = dataclasses.replace(Task.entity.field("subject"), required=False)
        self.step = Labelled(editor_for(optional))
        self.step_on = Labelled(editor_for(Task.entity.field("due_on"), today=today))
        keys = [keymap.shown(f"kind_{number}") for number in (1, 2, 3, 4)]
        words = (f"{key} {name}" for key, name in zip(keys, kind_names().values(), strict=True) if key)
        box.addWidget(caption(" · ".join(words), wrap=True))
        self._after = QWidget()
        after = QVBoxLayout(self._after)
        after.setContentsMargins(0, 0, 0, 0)
        after.setSpacing(theme.px(8))
        after.addWidget(section(tr("Next step")))
        after.addLayout(two_columns([[self.step, self.step_on]]))
        box.addWidget(self._after)
        for row in (self.step, self.step_on):
            row.editor.typed.connect(self._draft.start)
        for number, kind in enumerate(KIND_ICONS):
            add_shortcut(self, f"kind_{number + 1}", partial(self._choose, kind))

    def _choose(self, kind: str) -> None:
        self.editor("kind").set_value(kind)
        self.editor("kind").typed.emit()

    def show_record(self, record: Record, titles: Mapping[str, str] | None = None, *, is_new: bool = False) -> None:
        """See RecordForm; a next step is asked for with a new interaction only."""
        super().show_record(record, titles, is_new=is_new)
        self._after.setVisible(is_new)

    def draft(self) -> dict[str, Any]:
        """See RecordForm; the next step is kept with it."""
        raws = {"+step": self.step.editor.raw(), "+step_on": self.step_on.editor.raw()}
        return super().draft() | ({} if self._given else {name: raw for name, raw in raws.items() if raw})

    def show_draft(self, draft: Mapping[str, Any]) -> bool:
        """See RecordForm."""
        for name, row in (("+step", self.step), ("+step_on", self.step_on)):
            if draft.get(name):
                row.editor.set_raw(draft[name])
        return super().show_draft(draft) or bool(draft)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """See RecordForm."""
        self._given = False
        super().show_problems(problems)

    def _commit(self, names: set[str]) -> bool:
        try:
            subject = str(self.step.editor.raw()).strip()
            self.next_step = (subject, self.step_on.editor.value()) if subject and self.is_new else ("", None)
        except Refused as refused:
            self.step_on.show_problem(" ".join(map(sentence, refused.problems)))
            return False
        self.step_on.show_problem("")
        self._given = self.is_new
        return super()._commit(names)


class StepForm(RecordForm):
    """A task for the customer that is open."""

    def __init__(self, today: date) -> None:
        super().__init__(Task, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        box.addLayout(two_columns([[self.add("subject")], [self.add("due_on")], [self.add("remark", lines=3)]]))


class OccasionForm(RecordForm):
    """A day worth a word to the customer."""

    def __init__(self, today: date) -> None:
        super().__init__(Occasion, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        rows = [["name"], ["happens_on", "yearly"], ["contact"], ["remark"]]
        box.addLayout(two_columns([[self.add(name) for name in row] for row in rows]))
