"""The steps of this person on this computer, in the settings; each can be taken back by itself."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.cells import Look, PillCell, TextCell
from kam_desktop.ui.kit.frames import Line, Panel
from kam_desktop.ui.kit.labels import PlainLabel
from kam_desktop.ui.kit.record_table import Answer, TableColumn
from kam_desktop.ui.kit.states import EmptyState
from kam_desktop.ui.kit.table_view import Column
from kam_desktop.ui.pages.settings.rows import StepRow, kept_table


def _quiet(row: StepRow) -> Look | None:
    return None if row.state == "done" else Look(tone="muted")


class HistoryView(Panel):
    """The steps, the newest first.

    Signals:
        undo_wanted(number): take that step back.
    """

    undo_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        words = tr("What you did on this computer, newest first. Taking back a step writes a new change; what somebody "
                   "changed since stays as it is.")  # fmt: skip
        self.undo_button = Button(tr("Take this step back"), icon="undo-2")
        self.undo_button.clicked.connect(self._on_undo)
        head = Panel(row=True, margins=(24, 16, 24, 16), gap=16)
        head.add(PlainLabel(words, tone="text2", wrap=True), stretch=1)
        head.add(self.undo_button)
        states = {"done": "", "undone": tr("taken back"), "dropped": tr("taken back")}
        kinds = {"import": tr("import"), "edit": ""}
        columns = [
            (TableColumn(tr("When"), lambda row: formats.moment(row.at)), Column(140, TextCell("text2"))),
            (TableColumn(tr("What"), lambda row: row.words, _quiet), Column(0, TextCell(name=True))),
            (TableColumn("", lambda row: kinds.get(row.kind, ""), lambda _row: Look(tone="info")),
             Column(90, PillCell())),
            (TableColumn("", lambda row: states.get(row.state, "")), Column(120, TextCell("muted"))),
        ]  # fmt: skip
        self.model, self.table, self._step_place = kept_table(tr("History"), columns)
        self._step_place.current_changed.connect(lambda _key: self._tell_undo())
        self.table.opened.connect(lambda _index: self._on_undo())
        self._steps: dict[str, StepRow] = {}
        self._no_steps = EmptyState("history", tr("Nothing was changed yet."))
        self.add(head, Line())
        self.add(self.table, stretch=1)
        self.add(self._no_steps, stretch=1)
        self._tell_undo()

    def show_steps(self, rows: Sequence[StepRow]) -> None:
        """Shows the steps, the newest first."""
        self._steps = {str(row.number): row for row in rows}
        self.model.set_answer(Answer(list(self._steps), (), self._steps))
        self.table.setVisible(bool(rows))
        self._no_steps.setVisible(not rows)
        if rows and not self._step_place.current():
            self._step_place.show(str(rows[0].number))
        self._tell_undo()

    def _current_step(self) -> StepRow | None:
        return self._steps.get(self._step_place.current())

    def _tell_undo(self) -> None:
        step = self._current_step()
        self.undo_button.setEnabled(step is not None and step.state == "done")

    def _on_undo(self) -> None:
        step = self._current_step()
        if step is not None and step.state == "done":
            self.undo_wanted.emit(step.number)
