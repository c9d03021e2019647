"""The search box of a list: asks after a short pause, never while an input method composes."""

from PySide6.QtCore import QRectF, QSize, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from kam_desktop.language import tr
from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.kit.buttons import IconButton
from kam_desktop.ui.line_edits import Line


class BareEdit(Line):
    """A line edit without a frame that knows whether an input method is composing."""

    def __init__(self, placeholder: str, size: int = theme.BODY) -> None:
        super().__init__()
        self.setProperty("bare", True)
        self.setFont(theme.font(size))
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)


class SearchBox(QWidget):
    """A box with a magnifying glass and a cross.

    Signals:
        asked(text): the text to search for, after a pause of 60 ms; empty when cleared.
    """

    asked = Signal(str)

    def __init__(self, placeholder: str, *, width: int = 240, small: bool = True) -> None:
        super().__init__()
        self._width, self._height = width, 28 if small else 32
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(32), 0, theme.px(2), 0)
        row.setSpacing(0)
        self.edit = BareEdit(placeholder)
        self._clear = IconButton("x", tr("Clear"))
        self._clear.setFixedSize(theme.px(24), theme.px(24))
        self._clear.hide()
        row.addWidget(self.edit, 1)
        row.addWidget(self._clear)
        self._pause = QTimer(self, singleShot=True, interval=60)
        self._pause.timeout.connect(self._ask)
        self.edit.textEdited.connect(lambda _text: self._pause.start())
        self.edit.textChanged.connect(lambda text: self._clear.setVisible(bool(text)))
        self._clear.clicked.connect(self._on_clear)
        self.setFocusProxy(self.edit)

    def _ask(self) -> None:
        if self.edit.composing:
            self._pause.start()
        else:
            self.asked.emit(self.edit.text().strip())

    def _on_clear(self) -> None:
        self.edit.clear()
        self.asked.emit("")
        self.edit.setFocus()

    def sizeHint(self) -> QSize:
        return QSize(theme.px(self._width), theme.px(self._height))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint().boundedTo(QSize(theme.width(self.edit.placeholderText()) + theme.px(46), 999))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, focused = QPainter(self), self.edit.hasFocus()
        paint.box(painter, QRectF(self.rect()), theme.px(6), theme.color("surface"),
                  theme.color("accent" if focused else "border"), 2 if focused else 1)  # fmt: skip
        icons.paint(painter, theme.px(10), (self.height() - theme.px(16)) / 2, "search", "muted")
