"""The forms of the account page: a customer, a person, an interaction, a task, an occasion."""

from __future__ import annotations

from datetime import date

from PySide6.QtWidgets import QVBoxLayout, QWidget

from kam_desktop.domain.entities import Account, Activity, Contact, Occasion
from kam_desktop.domain.entities.task import Task
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.form_dialog import two_columns
from kam_desktop.ui.kit.labels import section
from kam_desktop.ui.kit.record_form import RecordForm

KIND_ICONS = {"meeting": "handshake", "call": "phone", "message": "message-circle", "note": "pencil"}


def kind_names() -> dict[str, str]:
    """The kinds of interaction in the current language."""
    return {"meeting": tr("Meeting"), "call": tr("Call"), "message": tr("Message"), "note": tr("Note")}


class AccountForm(RecordForm):
    """The fields of a customer."""

    def __init__(self, today: date) -> None:
        super().__init__(Account, today=today)
        risks = {"low": tr("Low"), "medium": tr("Medium"), "high": tr("High")}
        tiers = {"A": "A", "B": "B", "C": "C"}
        add = self.add
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(24), theme.px(16), theme.px(24), theme.px(24))
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        parts: list[tuple[str, list[list[QWidget]]]] = [
            (tr("Who it is"), [[add("name")], [add("short_name"), add("tax_code")],
                               [add("industry"), add("founded_on")], [add("parent"), add("owner")]]),
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
    """What happened with a customer, written down at once."""

    def __init__(self, today: date) -> None:
        super().__init__(Activity, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        box.addLayout(two_columns([
            [self.add("subject")], [self.add("kind", names=kind_names()), self.add("at")], [self.add("contact")],
            [self.add("said", lines=4)], [self.add("promised", lines=2)],
        ]))  # fmt: skip


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
