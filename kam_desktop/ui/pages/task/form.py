"""The fields of a task."""

from __future__ import annotations

from datetime import date

from PySide6.QtWidgets import QVBoxLayout

from kam_desktop.domain.entities.task import Task
from kam_desktop.ui import theme
from kam_desktop.ui.form_dialog import two_columns
from kam_desktop.ui.kit.record_form import RecordForm


class TaskForm(RecordForm):
    """What is to be done, for whom, by when."""

    def __init__(self, today: date) -> None:
        super().__init__(Task, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        names = (("subject",), ("account",), ("due_on", "owner"), ("remark",))
        box.addLayout(two_columns([[self.add(name) for name in row] for row in names]))
        box.addWidget(self.problem_line())
