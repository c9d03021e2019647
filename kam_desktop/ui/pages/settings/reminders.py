"""The reminder steps in the settings: when customers are reminded, how, what each is called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from kam_desktop import language
from kam_desktop.domain.entities import DunningStep
from kam_desktop.language import tr, trn
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.form_dialog import two_columns
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.cells import DateCell, PillCell, TextCell
from kam_desktop.ui.kit.frames import Line, Panel
from kam_desktop.ui.kit.labels import PlainLabel, caption
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.kit.record_table import Answer, KeptPlace, RecordTable, TableColumn
from kam_desktop.ui.kit.states import EmptyState
from kam_desktop.ui.kit.table_view import Column
from kam_desktop.ui.removing_table import RemovingTable


def channel_names() -> dict[str, str]:
    """How a customer is reminded, in the current language."""
    return {"message": tr("Message"), "call": tr("Call"), "letter": tr("Letter"), "meeting": tr("Meeting")}


def when_words(step: DunningStep) -> str:
    """When a step begins: 3 days before the due date, on the due date, 10 days after it."""
    days = step.days_after_due or 0
    if not days:
        return tr("On the due date")
    if days < 0:
        return trn("{n} day before the due date", "{n} days before the due date", -days)
    return trn("{n} day after the due date", "{n} days after the due date", days)


def step_name(step: DunningStep) -> str:
    """What a step is called in the current language, as the worklist says it."""
    return step.name_en if step.name_en and language.current() == "en" else step.name


class StepForm(RecordForm):
    """One reminder step."""

    def __init__(self, today: date) -> None:
        super().__init__(DunningStep, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        box.addLayout(two_columns([
            [self.add("name")], [self.add("name_en")],
            [self.add("days_after_due"), self.add("channel", names=channel_names())],
        ]))  # fmt: skip
        told = tr("A number below zero is so many days before the due date. The steps are numbered by their days.")
        box.addWidget(caption(told, wrap=True))


class RemindersView(QWidget):
    """All reminder steps in use.

    Signals:
        wanted(str): the form of that step is to come; "" for a new one.
        removed(str): that step is to be taken away.
        usual_wanted: the usual steps are to be added.
    """

    wanted = Signal(str)
    removed = Signal(str)
    usual_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[str, DunningStep] = {}
        told = tr("The worklist says which step has come for an overdue instalment. Reminders that were logged keep "
                  "the number they had.")  # fmt: skip
        self._add = Button(tr("Add reminder step"), icon="plus", key=keymap.shown("new"))
        self._change = Button(tr("Change"), icon="pencil", kind="flat")
        self._remove = Button(tr("Delete"), icon="trash-2", kind="flat")
        head = Panel(margins=(24, 16, 24, 8), gap=10).add(PlainLabel(told, tone="text2", wrap=True))
        head.add(Panel(row=True, gap=8).add(self._add, self._change, self._remove, None))
        channels = channel_names()
        columns = [
            (TableColumn(tr("Reminder step"), lambda step: str(step.place or "")), Column(56, DateCell("text"))),
            (TableColumn(tr("Name"), step_name), Column(0, TextCell(name=True))),
            (TableColumn(tr("When"), when_words), Column(210, TextCell())),
            (TableColumn(tr("Channel"), lambda step: channels.get(step.channel, "")), Column(120, PillCell())),
        ]  # fmt: skip
        self.model, self.table = RecordTable([each for each, _ in columns]), RemovingTable(tr("Reminder steps"))
        self.model.setParent(self.table)
        self.place = KeptPlace(self.table, self.model)
        self.table.set_columns([each for _, each in columns])
        usual = Button(tr("Add the usual reminder steps"), icon="sparkles")
        nothing = EmptyState("bell", tr("No reminder steps"),
                             tr("The usual ones can be added at once and changed after."), usual)  # fmt: skip
        self._stack = QStackedLayout()
        self._stack.addWidget(self.table)
        self._stack.addWidget(nothing)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(head)
        box.addWidget(Line())
        box.addLayout(self._stack, 1)
        self._add.clicked.connect(lambda: self.wanted.emit(""))
        self._change.clicked.connect(self._on_change)
        self._remove.clicked.connect(self._on_remove)
        self.table.opened.connect(lambda _index: self._on_change())
        self.table.removed.connect(self._on_remove)
        usual.clicked.connect(self.usual_wanted)
        self.place.current_changed.connect(lambda _key: self._tell())
        self._tell()

    def show_steps(self, steps: Sequence[DunningStep]) -> None:
        """Shows the steps in their places."""
        self._steps = {step.id: step for step in steps}
        self.model.set_answer(Answer(list(self._steps), (), self._steps))
        self._stack.setCurrentIndex(0 if self._steps else 1)
        if self._steps and not self.place.current():
            self.place.show(next(iter(self._steps)))
        self._tell()

    def step(self, identity: str) -> DunningStep | None:
        """A shown step by its id."""
        return self._steps.get(identity)

    def _tell(self) -> None:
        for button in (self._change, self._remove):
            button.setEnabled(self.place.current() in self._steps)

    def _on_change(self) -> None:
        if self.place.current() in self._steps:
            self.wanted.emit(self.place.current())

    def _on_remove(self) -> None:
        if self.place.current() in self._steps:
            self.removed.emit(self.place.current())
