"""The backups of this computer, in the settings."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.cells import DateCell, TextCell
from kam_desktop.ui.kit.frames import Line, Panel
from kam_desktop.ui.kit.labels import PlainLabel, caption, strong
from kam_desktop.ui.kit.record_table import Answer, TableColumn
from kam_desktop.ui.kit.table_view import Column
from kam_desktop.ui.pages.settings.rows import BackupRow, kept_table

_WIDTH = 720


def size_words(size: int) -> str:
    """A file's size as people read it."""
    if size < 1_000_000:
        return f"{formats.number(max(1, round(size / 1000)))}\N{NO-BREAK SPACE}kB"
    tenths = round(size / 100_000)
    return f"{formats.number(tenths // 10)}{formats.decimal_mark()}{tenths % 10}\N{NO-BREAK SPACE}MB"


class BackupsView(Panel):
    """What was backed up when, and a button for one more.

    Signals:
        backup_wanted, folder_wanted: make a backup now; show the folder.
    """

    backup_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        head = Panel(margins=(24, 24, 24, 16), gap=8)
        words = tr("A backup is made every day and opened to prove that it is whole: the last 7 days and 4 weeks are "
                   "kept. It is encrypted like the data; put a copy on another disk now and then.")  # fmt: skip
        head.add(told := PlainLabel(words, tone="text2", wrap=True))
        told.setMaximumWidth(theme.px(_WIDTH))
        self._last, self._folder = strong(), caption(wrap=True)
        head.add(self._last, self._folder)
        self._make = Button(tr("Make a backup now"), kind="primary", icon="database")
        self._make.clicked.connect(self.backup_wanted)
        show = Button(tr("Open the folder"), icon="folder-open")
        show.clicked.connect(self.folder_wanted)
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        row.addWidget(self._make)
        row.addWidget(show)
        row.addStretch()
        head.box.addSpacing(theme.px(4))
        head.box.addLayout(row)
        reasons = {
            "daily": tr("daily"),
            "asked": tr("by hand"),
            "migration": tr("before an update"),
            "restore": tr("before a restore"),
        }
        columns = [
            (TableColumn(tr("Made"), lambda row: formats.moment(row.made_at)), Column(140, TextCell())),
            (TableColumn(tr("Why"), lambda row: reasons.get(row.reason, row.reason)), Column(160, TextCell("text2"))),
            (TableColumn(tr("Size"), lambda row: size_words(row.size)), Column(90, DateCell())),
            (TableColumn(tr("File"), lambda row: row.name), Column(0, TextCell("text2"))),
        ]
        self.model, table, _ = kept_table(tr("Backups"), columns)
        self.add(head, Line())
        self.add(table, stretch=1)

    def show_backups(self, rows: Sequence[BackupRow], folder: str) -> None:
        """Shows the backups, the newest first."""
        last = formats.moment(rows[0].made_at) if rows else tr("none yet")
        self._last.setText(tr("Last backup: {moment}", moment=last))
        self._folder.setText(tr("Folder: {folder}", folder=folder))
        self.model.set_answer(Answer([row.name for row in rows], (), {row.name: row for row in rows}))

    def set_backing_up(self, running: bool) -> None:
        """A backup is being made."""
        self._make.setEnabled(not running)
        self._make.set_label(tr("Making a backup…") if running else tr("Make a backup now"))
