"""The forms of our own firm, which heads every paper, and of the person who works here."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from kam_desktop.domain.entities import Firm, Person
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.locale.vietnam import tax_code
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.labels import caption, section
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.sentences import sentence


class FirmForm(RecordForm):
    """Our firm. Each field is saved when it is left; the tax code is checked and never refused."""

    def __init__(self, today: date) -> None:
        super().__init__(Firm, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        self._warning = caption(tone="warning", wrap=True)
        self._warning.hide()
        code = QWidget()
        below = QVBoxLayout(code)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(theme.px(4))
        below.addWidget(self.add("tax_code"))
        below.addWidget(self._warning)
        who = (
            (self.add("legal_name"),), (self.add("short_name"), code), (self.add("address"),),
            (self.add("phone"), self.add("email")), (self.add("representative"), self.add("representative_title")),
            (self.add("branch_codes"),),
        )  # fmt: skip
        bank = ((self.add("bank_name"),), (self.add("bank_account"), self.add("bank_holder")))
        terms = (
            (self.add("default_payment_days"), self.add("currency")), (self.add("confirmation_begins_on"), QWidget()),
        )  # fmt: skip
        parts = ((tr("Who we are"), who), (tr("Where money comes in"), bank), (tr("Terms"), terms))
        for name, rows in parts:
            box.addWidget(section(name))
            grid = QGridLayout()
            grid.setHorizontalSpacing(theme.px(16))
            grid.setVerticalSpacing(theme.px(12))
            for at, row in enumerate(rows):
                for column, widget in enumerate(row):
                    span = 2 // len(row)
                    grid.addWidget(widget, at, column * span, 1, span, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(0, 1)
            grid.setColumnStretch(1, 1)
            box.addLayout(grid)
            box.addSpacing(theme.px(8))
        told = tr("Receipts dated from that day on count only once finance has confirmed them. While it is empty, "
                  "entering a receipt confirms it.")  # fmt: skip
        box.addWidget(caption(told, wrap=True))
        box.addSpacing(theme.px(8))
        editor = self.editor("tax_code")
        editor.left.connect(self.check_tax_code)

    def check_tax_code(self) -> None:
        """Says what looks wrong about the tax code; a warning only, for a real code may fail the check."""
        try:
            typed = str(self.editor("tax_code").value() or "")
        except Refused:
            typed = ""
        warning = tax_code.read(typed).warning
        self._warning.setText(sentence(warning) if warning is not None else "")
        self._warning.setVisible(warning is not None)


class PersonForm(RecordForm):
    """The person whose computer this is."""

    def __init__(self, today: date) -> None:
        super().__init__(Person, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(section(tr("You")))
        box.addWidget(self.problem_line())
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(16))
        grid.setVerticalSpacing(theme.px(12))
        for at, name in enumerate(("full_name", "position", "phone", "email")):
            grid.addWidget(self.add(name), at // 2, at % 2, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        box.addLayout(grid)
