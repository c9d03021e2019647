"""Shows everything that a support bundle would hold, part by part, before it is written into a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase, QSyntaxHighlighter, QTextCharFormat
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr, trn
from kam_desktop.services.support.words import REMOVED
from kam_desktop.ui import theme
from kam_desktop.ui.charts import Progress
from kam_desktop.ui.kit.buttons import Button, IconButton
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import PlainLabel, caption, strong

if TYPE_CHECKING:
    from kam_desktop.services.support.bundle import Part


def part_title(name: str) -> str:
    """What a part of the bundle is called."""
    return {
        "system.txt": tr("Program and system"), "counts.txt": tr("How many records"),
        "checks.txt": tr("Checks of the data"),
        "settings.txt": tr("Settings, without content"), "log.txt": tr("Log"), "crashes.txt": tr("Stacks of crashes"),
    }.get(name, name)  # fmt: skip


class _Marks(QSyntaxHighlighter):
    """Puts a ground under every place where something was taken out."""

    def highlightBlock(self, text: str) -> None:
        """Mark the places of one line."""
        look = QTextCharFormat()
        look.setBackground(theme.color(theme.ground_of("warning")))
        look.setForeground(theme.color(theme.text_of("warning")))
        at = text.find(REMOVED)
        while at >= 0:
            self.setFormat(at, len(REMOVED), look)
            at = text.find(REMOVED, at + len(REMOVED))


class _Line(QWidget):
    """One part: whether it goes in, how large it is, and a button that shows it.

    Signals:
        show_wanted(name), changed.
    """

    show_wanted = Signal(str)
    changed = Signal()

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.part = part
        self.box = QCheckBox(part_title(part.name))
        self.box.setChecked(True)
        self.box.setMinimumHeight(theme.px(28))
        self.box.toggled.connect(self._on_toggled)
        eye = IconButton("eye", tr("Show “{part}”", part=part_title(part.name)))
        eye.clicked.connect(lambda: self.show_wanted.emit(part.name))
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(4), 0, 0, 0)
        row.setSpacing(theme.px(8))
        row.addWidget(self.box, 1)
        row.addWidget(caption(size_words(part)))
        row.addWidget(eye)

    def _on_toggled(self) -> None:
        self.show_wanted.emit(self.part.name)
        self.changed.emit()


def size_words(part: Part) -> str:
    """The size of a part as people read it."""
    return f"{formats.number(max(1, round(len(part.text.encode()) / 1000)))}\N{NO-BREAK SPACE}kB"


class SupportDialog(Dialog):
    """The bundle over the window: parts at the left, the text of one at the right, a note below.

    Signals:
        save_wanted: into a file, please. stop_wanted: the collecting is not needed any more.
    """

    save_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, tr("Export support bundle"), icon="life-buoy", width=920)
        self._parts: dict[str, _Line] = {}
        words = tr("A ZIP file that helps to find a fault. Nothing is sent: you save it, look at it, and give it to "
                   "whom you like. It holds no customers, amounts, names or keys; what you see here is all of it.")
        self.body.addWidget(PlainLabel(words, tone="text2", wrap=True))
        self._wait, self._bar = caption(tr("Collecting…"), "text2"), Progress(height=4)
        self.body.addWidget(self._wait)
        self.body.addWidget(self._bar)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(theme.px(2))
        side = Panel()
        side.setFixedWidth(theme.px(320))
        side.box.addLayout(self._lines)
        side.box.addStretch()
        self._name, self._about = strong(), caption(wrap=True)
        self.preview = QPlainTextEdit()
        self.preview.setReadOnly(True)
        self.preview.setTabChangesFocus(True)
        self.preview.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.preview.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.preview.setAccessibleName(tr("What this part holds"))
        self.preview.setMinimumHeight(theme.px(200))
        self._marks = _Marks(self.preview.document())
        right = Panel(gap=4).add(self._name, self._about)
        right.add(self.preview, stretch=1)
        self._middle = Panel(row=True, gap=16)
        self._middle.add(side)
        self._middle.add(right, stretch=1)
        self.body.addWidget(self._middle, 1)
        self._asked = strong(tr("What happened?"))
        self.note = QPlainTextEdit()
        self.note.setPlaceholderText(tr("What did you do, what did you expect, what came instead? It goes in as you "
                                        "write it."))  # fmt: skip
        self.note.setAccessibleName(tr("What happened?"))
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(theme.px(64))
        self.said = PlainLabel(tone="danger", wrap=True)
        self.said.hide()
        for widget in (self._asked, self.note, self.said):
            self.body.addWidget(widget)
        self.add_button(Button(tr("Cancel")), 0)
        self.save = self.add_button(Button(tr("Save as a file…"), kind="primary", icon="download"))
        self.save.clicked.connect(self.save_wanted)
        self.finished.connect(lambda _result: self.stop_wanted.emit())
        self.set_progress(0, 0)

    def set_progress(self, done: int, whole: int) -> None:
        """How far the collecting is; nothing else is shown until it is done."""
        self._bar.set_share(done / whole if whole else 0)
        self._set_collecting(True)

    def _set_collecting(self, collecting: bool) -> None:
        self._wait.setVisible(collecting)
        self._bar.setVisible(collecting)
        for widget in (self._middle, self._asked, self.note):
            widget.setVisible(not collecting)
        self.save.setEnabled(not collecting)

    def show_parts(self, parts: Sequence[Part]) -> None:
        """Shows what was collected."""
        for part in parts:
            line = self._parts[part.name] = _Line(part)
            line.show_wanted.connect(self.show_part)
            line.changed.connect(self._tell)
            self._lines.addWidget(line)
        self._set_collecting(False)
        self.show_part(next(iter(self._parts), ""))
        self._area.fit_window()
        self.note.setFocus()
        self._tell()

    def show_part(self, name: str) -> None:
        """Shows one part's text."""
        line = self._parts.get(name)
        if line is None:
            return
        removed = trn("{n} place taken out, marked here", "{n} places taken out, marked here", line.part.removed)
        self._name.setText(f"{part_title(name)} · {name}")
        kept = tr("goes in") if line.box.isChecked() else tr("stays out")
        self._about.setText(" · ".join(filter(None, (kept, removed if line.part.removed else ""))))
        if self.preview.accessibleDescription() != name:
            self.preview.setAccessibleDescription(name)
            self.preview.setPlainText(line.part.text)

    def chosen(self) -> list[Part]:
        """The parts that go in."""
        return [line.part for line in self._parts.values() if line.box.isChecked()]

    def _tell(self) -> None:
        self.save.setEnabled(bool(self.chosen()))

    def say(self, words: str) -> None:
        """Why the file was not written."""
        self.said.setText(words)
        self.said.setVisible(bool(words))
