"""The about view of the settings: versions, the data's folder, and the licences of everything shipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPlainTextEdit, QWidget

from kam_desktop import config
from kam_desktop.domain.text import fold
from kam_desktop.language import tr, trn
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.cells import TextCell
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import ElidedLabel, PlainLabel, caption, section
from kam_desktop.ui.kit.record_table import Answer, KeptPlace, RecordTable, TableColumn
from kam_desktop.ui.kit.table_view import Column, TableView


class Licenced(Protocol):
    """A part of what is shipped: services.support.notices.Notice."""

    @property
    def name(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def text(self) -> str: ...
    def fits(self, words: list[str]) -> bool: ...


class AboutView(Panel):
    """What runs here, and who made its parts; one part's licence at a time, so that half a megabyte costs nothing.

    Signals:
        data_wanted: open the folder of the data. bundle_wanted: export a support bundle.
        updates_wanted: ask for a newer version.
    """

    data_wanted = Signal()
    bundle_wanted = Signal()
    updates_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(margins=(24, 16, 24, 16), gap=6)
        self._parts: dict[str, Licenced] = {}
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(theme.px(12))
        self._facts.setVerticalSpacing(theme.px(2))
        for column in (1, 3):
            self._facts.setColumnStretch(column, 1)
        folder = Button(tr("Open the data folder"), icon="folder-open")
        folder.clicked.connect(self.data_wanted)
        bundle = Button(tr("Export support bundle"), icon="life-buoy")
        bundle.clicked.connect(self.bundle_wanted)
        updates = Button(tr("Updates"), icon="refresh-cw")
        updates.clicked.connect(self.updates_wanted)
        head = Panel(row=True, gap=8)
        head.add(section(f"{config.APP_NAME} {config.VERSION}"), stretch=1)
        head.add(updates, folder, bundle)
        self.add(head)
        self.box.addLayout(self._facts)
        words = tr("Works without a network. Nothing leaves this computer while no server is connected.")
        own = tr("KAM Desktop itself is licensed by whoever delivered it to you; its parts keep their own licences.")
        self.add(PlainLabel(f"{words} {own}", tone="text2", wrap=True))
        self._find = QLineEdit()
        self._find.setPlaceholderText(tr("Find in the licences"))
        self._find.setAccessibleName(tr("Find in the licences"))
        self._find.setClearButtonEnabled(True)
        self._find.setFixedWidth(theme.px(240))
        self._find.textChanged.connect(lambda _text: self._filter())
        self._count = caption()
        row = Panel(row=True, gap=12, margins=(0, 8, 0, 0))
        row.add(section(tr("Licences")), self._find)
        row.add(self._count, stretch=1)
        self.add(row)
        self.model = RecordTable([
            TableColumn(tr("Component"), lambda part: part.name), TableColumn(tr("Licence"), lambda part: part.licence),
        ], self)  # fmt: skip
        self.table = TableView(tr("Licences"), row_height=28)
        self.place = KeptPlace(self.table, self.model)
        self.table.set_columns([Column(0, TextCell(name=True)), Column(150, TextCell("text2"))])
        self.place.current_changed.connect(self._show)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(tr("Licence"))
        both = Panel(row=True, gap=12)
        both.add(self.table, stretch=2)
        both.add(self.text, stretch=3)
        both.setMinimumHeight(theme.px(220))
        self.add(both, stretch=1)

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Shows (name, value) in two columns; values are one line each."""
        while (item := self._facts.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        half = (len(facts) + 1) // 2
        for number, (name, value) in enumerate(facts):
            row, column = number % half, 2 * (number // half)
            self._facts.addWidget(caption(name), row, column)
            self._facts.addWidget(_value(value), row, column + 1)

    def show_licences(self, parts: Sequence[Licenced]) -> None:
        """Shows what the program is made with."""
        self._parts = {part.name: part for part in parts}
        self._filter()

    def _filter(self) -> None:
        words = fold(self._find.text()).split()
        rows = {name: part for name, part in self._parts.items() if part.fits(words)}
        self.model.set_answer(Answer(list(rows), (), rows))
        self._count.setText(trn("{n} component", "{n} components", len(rows)))
        shown = self.place.current()
        if rows and shown not in rows:
            self.place.show(next(iter(rows)))
        self._show(self.place.current() if rows else "")

    def _show(self, name: str) -> None:
        part = self._parts.get(name)
        self.text.setPlainText(part.text if part is not None else "")
        words = self._find.text().split()
        if words and self.text.find(words[0]):
            cursor = self.text.textCursor()
            self.text.moveCursor(QTextCursor.MoveOperation.End)
            self.text.setTextCursor(cursor)  # from below, so that what follows the word is seen too


def _value(text: str) -> QWidget:
    made = ElidedLabel(text)
    made.setTextInteractionFlags(PlainLabel("", select=True).textInteractionFlags())
    return made
