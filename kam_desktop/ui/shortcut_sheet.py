"""The sheet of all keys: found by words, changed where they stand, put back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QKeySequenceEdit, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from kam_desktop.domain.errors import Refused
from kam_desktop.domain.text import fold
from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.badges import KeyCap
from kam_desktop.ui.kit.buttons import Button, IconButton
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.labels import PlainLabel, caption, section
from kam_desktop.ui.sentences import sentence


class _Line(QWidget):
    """One deed: its name, its keys, and ways to change them.

    Signals:
        change_wanted(str), reset_wanted(str): the deed's id.
    """

    change_wanted = Signal(str)
    reset_wanted = Signal(str)

    def __init__(self, deed: keymap.Deed) -> None:
        super().__init__()
        name = keymap.title(deed)
        self.words = fold(f"{name} {deed.title} {tr(deed.scope)} {' '.join(keymap.keys(deed.id))}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(6))
        row.addWidget(PlainLabel(name), 1)
        for key in keymap.keys(deed.id):
            row.addWidget(KeyCap(keymap.spoken(key)))
        if keymap.is_own(deed.id):
            back = IconButton("undo-2", tr("Put back the keys of “{deed}”", deed=name))
            back.clicked.connect(lambda: self.reset_wanted.emit(deed.id))
            row.addWidget(back)
        if not deed.fixed:
            change = IconButton("pencil", tr("Change the keys of “{deed}”", deed=name))
            change.clicked.connect(lambda: self.change_wanted.emit(deed.id))
            row.addWidget(change)
        self.setMinimumHeight(theme.px(36))


class ShortcutSheet(Dialog):
    """All keys over the window, by where they work; typing in the box leaves those that fit."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, tr("Keyboard shortcuts"), width=640)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._box = QLineEdit()
        self._box.setPlaceholderText(tr("Find a deed or a key"))
        self._box.setAccessibleName(tr("Find a deed or a key"))
        self._box.setClearButtonEnabled(True)
        self._box.textChanged.connect(self._filter)
        self.body.addWidget(self._box)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setMinimumHeight(theme.px(200))
        self.body.addWidget(self._scroll)
        everything = self.add_button(Button(tr("Put back all keys")))
        everything.clicked.connect(lambda: keymap.reset())
        self.add_button(Button(tr("Close"), kind="primary"), 0)
        self._lines: list[tuple[QWidget, list[_Line]]] = []
        self._fill()
        keymap.signals.changed.connect(self._fill)
        self._box.setFocus()

    def _fill(self) -> None:
        at = self._scroll.verticalScrollBar().value()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.px(12), 0)
        column.setSpacing(0)
        self._lines = []
        for scope in dict.fromkeys(deed.scope for deed in keymap.DEEDS):
            head = section(tr(scope))
            head.setContentsMargins(0, theme.px(12), 0, theme.px(4))
            column.addWidget(head)
            lines = []
            for deed in keymap.DEEDS:
                if deed.scope == scope:
                    line = _Line(deed)
                    line.change_wanted.connect(self._change)
                    line.reset_wanted.connect(keymap.reset)
                    column.addWidget(line)
                    lines.append(line)
            self._lines.append((head, lines))
        column.addStretch()
        self._scroll.setWidget(inside)
        self._filter(self._box.text())
        self._scroll.verticalScrollBar().setValue(at)

    def _filter(self, text: str) -> None:
        words = fold(text).split()
        for head, lines in self._lines:
            for line in lines:
                line.setVisible(all(word in line.words for word in words))
            head.setVisible(any(not line.isHidden() for line in lines))

    def _change(self, deed: str) -> None:
        KeyQuestion(self, deed).open()


class KeyQuestion(Dialog):
    """Asks for other keys of one deed; a key that cannot be is refused below the box."""

    def __init__(self, parent: QWidget, deed: str) -> None:
        name = keymap.title(keymap.BY_ID[deed])
        super().__init__(parent, tr("Keys of “{deed}”", deed=name))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._deed = deed
        self._boxes: list[QKeySequenceEdit] = []
        grid = QGridLayout()
        for place, words in enumerate((tr("Key"), tr("Or"))):
            box = QKeySequenceEdit()
            box.setMaximumSequenceLength(1)
            box.setAccessibleName(words)
            found = keymap.keys(deed)
            if place < len(found):
                box.setKeySequence(QKeySequence(found[place]))
            label = caption(words)
            label.setBuddy(box)
            grid.addWidget(label, place, 0)
            grid.addWidget(box, place, 1)
            clear = IconButton("x", tr("Clear"))
            clear.clicked.connect(box.clear)
            grid.addWidget(clear, place, 2)
            self._boxes.append(box)
        self.body.addLayout(grid)
        self.body.addWidget(caption(tr("Press the keys while the box has the keyboard.")))
        self.problem = PlainLabel(tone="danger", wrap=True)
        self.problem.hide()
        self.body.addWidget(self.problem)
        self.add_button(Button(tr("Cancel")), 0)
        self.add_button(Button(tr("Save"), kind="primary")).clicked.connect(self._save)
        self._boxes[0].setFocus()

    def _save(self) -> None:
        wanted = [box.keySequence().toString() for box in self._boxes if not box.keySequence().isEmpty()]
        try:
            keymap.rebind(self._deed, wanted)
        except Refused as refused:
            self.problem.setText(" ".join(map(sentence, refused.problems)))
            self.problem.show()
        else:
            self.accept()
