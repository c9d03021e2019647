"""A form in a dialog over the window, and what the layouts of forms share."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget
from shiboken6 import isValid

from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.labels import ElidedLabel
from kam_desktop.ui.kit.record_form import RecordForm


class FormDialog(Dialog):
    """A form over the window; it saves with Ctrl+Enter or the button, Esc leaves it with its draft kept."""

    def __init__(self, parent: QWidget, title: str, form: RecordForm, save: str) -> None:
        super().__init__(parent, title, width=520)
        self.form, self._ending = form, False
        self.body.addWidget(form)
        self.add_button(Button(tr("Cancel")), 0)
        button = self.add_button(Button(save, kind="primary", key=keymap.shown("commit")))
        button.clicked.connect(self._save)
        form.entered.disconnect(form.commit)
        form.entered.connect(self._save)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def _save(self) -> None:
        self._ending = True
        self._ending = self.form.commit()
        if self._ending and not self.form.is_new and not self.form.draft():
            self.accept()  # there was nothing to save

    def saved(self, _record: object = None) -> None:
        """For the controller, once something is saved: closes the dialog unless that was one field that was left."""
        if isValid(self) and self._ending:
            self.accept()


def head_name() -> ElidedLabel:
    """The name of a record in the head of its page: as wide as it needs, shorter where there is no room."""
    made = ElidedLabel(size=theme.TITLE, weight=theme.BOLD)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return made


def two_columns(rows: Sequence[Sequence[QWidget]]) -> QGridLayout:
    """Rows of one or two editors in equal columns."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.px(16))
    grid.setVerticalSpacing(theme.px(12))
    for at, row in enumerate(rows):
        for column, widget in enumerate(row):
            grid.addWidget(widget, at, column * (2 // len(row)), 1, 2 // len(row), Qt.AlignmentFlag.AlignTop)
    grid.setColumnStretch(0, 1)
    grid.setColumnStretch(1, 1)
    return grid
