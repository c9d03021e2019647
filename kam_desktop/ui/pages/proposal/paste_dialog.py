"""Asks what the columns of pasted rows are, when they do not say it themselves."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from kam_desktop.language import tr, trn
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.frames import scrolled
from kam_desktop.ui.kit.labels import ElidedLabel, PlainLabel
from kam_desktop.ui.pages.proposal.pasted import KINDS, Understood

_SHOWN = 6  # rows of the example


def kind_names() -> dict[str, str]:
    """What a column can hold, in the current language."""
    return {"description": tr("Item"), "unit": tr("Unit"), "quantity": tr("Quantity"), "price": tr("Price"),
            "tax_rate": tr("VAT"), "cost": tr("Cost"), "": tr("Left out")}  # fmt: skip


class PasteDialog(Dialog):
    """The first rows with a choice over each column; `agreed(kinds)` is called once the user says yes."""

    def __init__(self, parent: QWidget, found: Understood, agreed: Callable[[tuple[str, ...]], object]) -> None:
        super().__init__(parent, tr("What do these columns hold?"), width=720)
        self._choices: list[QComboBox] = []
        names = kind_names()
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(8))
        grid.setVerticalSpacing(theme.px(6))
        for at, kind in enumerate(found.kinds):
            choice = QComboBox()
            for key in KINDS:
                choice.addItem(names[key], key)
            choice.setCurrentIndex(KINDS.index(kind))
            choice.setAccessibleName(tr("Column {n}", n=at + 1))
            self._choices.append(choice)
            grid.addWidget(choice, 0, at)
            for row, cells in enumerate(found.rows[:_SHOWN], 1):
                grid.addWidget(ElidedLabel(cells[at], tone="text2"), row, at)
        area = scrolled(inner)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        area.setMinimumHeight(theme.px(40 + 26 * (min(_SHOWN, len(found.rows)) + 1)))
        self.body.addWidget(
            PlainLabel(trn("{n} row was pasted.", "{n} rows were pasted.", len(found.rows)), tone="text2")
        )
        self.body.addWidget(area)
        self.add_button(Button(tr("Cancel")), 0)
        # kept by name: only the layout holding it, a collection of garbage took it away while the dialog was open
        self._add = self.add_button(Button(tr("Add lines"), kind="primary", parent=self), 1)
        self.accepted.connect(lambda: agreed(self.kinds()))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._add.setFocus()

    def kinds(self) -> tuple[str, ...]:
        """What was chosen for each column; of two alike the first holds it."""
        found: list[str] = []
        for choice in self._choices:
            kind = str(choice.currentData())
            found.append("" if kind in found else kind)
        return tuple(found)
