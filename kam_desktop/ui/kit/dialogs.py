"""Questions and messages in plain text: the only nested event loops of the program."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from kam_desktop.language import tr
from kam_desktop.ui import focus_order, theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.labels import IconLabel, PlainLabel, section
from kam_desktop.ui.overlay_bar import BodyArea


class Dialog(QDialog):
    """A titled box over a window: content above, buttons below at the right; Esc refuses. No larger than the window.

    Attributes:
        body: the layout for the content.
    """

    def __init__(self, parent: QWidget | None, title: str, *, icon: str = "", tone: str = "muted",
                 width: int = 440) -> None:  # fmt: skip
        super().__init__(parent)
        self.setWindowTitle(title)
        over = parent.window() if parent is not None else self
        room = (over.size() if parent else self.screen().availableSize()).expandedTo(QSize(theme.px(480), 480))
        self.setMinimumWidth(min(theme.px(width), room.width() - theme.px(32)))
        self.setMaximumHeight(room.height() - theme.px(24))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(*[theme.px(20)] * 4)  # and 4 around each part, room for rings
        outer.setSpacing(theme.px(8))
        head, self._foot = QHBoxLayout(), QHBoxLayout()
        for part, gap in ((head, 10), (self._foot, 8)):
            part.setContentsMargins(*[theme.px(4)] * 4)
            part.setSpacing(theme.px(gap))
        if icon:
            head.addWidget(IconLabel(icon, tone, 20), alignment=Qt.AlignmentFlag.AlignTop)
        head.addWidget(told := section(title), 1)
        told.setWordWrap(True)
        outer.addLayout(head)
        self._area = BodyArea()
        outer.addWidget(self._area, 1)
        self.body = self._area.body
        self.body.setSpacing(theme.px(8))
        self._foot.addStretch()
        outer.addLayout(self._foot)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._area.fit_window()  # Qt guesses too much height for text that wraps

    def focusNextPrevChild(self, forward: bool) -> bool:
        return focus_order.step(self, forward)

    def add_button(self, button: Button, result: int | None = None) -> Button:
        """Add a button at the right; with a result it closes the dialog."""
        button.setParent(self)  # a layout alone may let it go
        self._foot.addWidget(button)
        if result is not None:
            button.clicked.connect(lambda: self.done(result))
        return button


def ask(parent: QWidget | None, title: str, text: str, yes: str, *, no: str = "", danger: bool = False) -> bool:
    """Ask before what cannot be taken back; True if agreed. `yes` says the deed ("Delete the draft"), not "OK"."""
    icon, tone = ("triangle-alert", "danger") if danger else ("circle-help", "muted")
    box = Dialog(parent, title, icon=icon, tone=tone)
    box.body.addWidget(PlainLabel(text, tone="text2", wrap=True))
    refuse = box.add_button(Button(no or tr("Cancel")), 0)
    agree = box.add_button(Button(yes, kind="danger" if danger else "primary"), 1)
    (refuse if danger else agree).setFocus()
    return bool(box.exec())


def tell(parent: QWidget | None, title: str, text: str, *, details: str = "", tone: str = "",
         icon: str = "info") -> None:  # fmt: skip
    """Say something that has to be seen; details are shown in a box of their own and can be copied."""
    box = Dialog(parent, title, icon=icon, tone=theme.text_of(tone), width=520 if details else 440)
    box.body.addWidget(PlainLabel(text, tone="text2", wrap=True, select=True))
    if details:
        shown = QPlainTextEdit()
        shown.setPlainText(details)
        shown.setReadOnly(True)
        shown.setMinimumHeight(theme.px(160))
        shown.setAccessibleName(tr("Details"))
        box.body.addWidget(shown)
        copy = box.add_button(Button(tr("Copy"), icon="copy"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(f"{title}\n{text}\n\n{details}"))
    box.add_button(Button(tr("Close"), kind="primary"), 1).setFocus()
    box.exec()


def failed(parent: QWidget | None, details: str, code: str = "") -> None:
    """Our own fault: what happened, what is safe, what to do, with details to copy."""
    text = tr("Something went wrong in the program. What you saved is safe, and you can go on working.")
    tell(parent, tr("That did not work"), f"{text} {code}".strip(), details=details, tone="danger", icon="circle-alert")


def choose_files(parent: QWidget | None, title: str, kinds: Sequence[tuple[str, str]], *,
                 many: bool = True) -> list[Path]:  # fmt: skip
    """Let the user choose files to read; `kinds` are (name, patterns) such as ("Excel", "*.xlsx *.csv")."""
    patterns = ";;".join(f"{name} ({pattern})" for name, pattern in kinds)
    found = (QFileDialog.getOpenFileNames if many else QFileDialog.getOpenFileName)(parent, title, "", patterns)[0]
    return [Path(name) for name in ([found] if isinstance(found, str) else found) if name]


def choose_folder(parent: QWidget | None, title: str) -> Path | None:
    """Let the user choose a folder."""
    return Path(chosen) if (chosen := QFileDialog.getExistingDirectory(parent, title)) else None


def choose_target(parent: QWidget | None, title: str, name: str, kinds: Sequence[tuple[str, str]]) -> Path | None:
    """Let the user say where to write a file; the system asks before one is replaced."""
    patterns = ";;".join(f"{label} ({pattern})" for label, pattern in kinds)
    return Path(chosen) if (chosen := QFileDialog.getSaveFileName(parent, title, name, patterns)[0]) else None
