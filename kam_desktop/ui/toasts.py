"""Short messages at the bottom right that say what was done and offer to undo it."""

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QEnterEvent
from PySide6.QtWidgets import QGraphicsDropShadowEffect, QWidget

from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.kit.buttons import IconButton
from kam_desktop.ui.kit.frames import Card
from kam_desktop.ui.kit.labels import IconLabel, Link, PlainLabel, caption

SHOWN_MS = 8000


class Toast(Card):
    """One message; the pointer on it or the keyboard in it stops the clock."""

    def __init__(self, parent: QWidget, text: str, undo: Callable[[], None] | None, tone: str,
                 closed: Callable[[], None]) -> None:  # fmt: skip
        super().__init__(row=True, margins=(16, 6, 8, 6), gap=12)
        self.setParent(parent)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(32)
        shadow.setOffset(0, 12)
        shadow.setColor(theme.color("shadow"))
        self.setGraphicsEffect(shadow)
        if tone:
            self.add(IconLabel("check" if tone == "success" else "circle-alert", tone))
        words = PlainLabel(text)
        if words.sizeHint().width() > theme.px(420):
            words.setWordWrap(True)
            words.setFixedWidth(theme.px(420))
        self.add(words)
        self._closed = closed
        if undo is not None:
            link = Link(tr("Undo"))
            link.opened.connect(undo)
            link.opened.connect(self.end)
            self.box.addSpacing(theme.px(24))
            self.add(link, caption(keymap.shown("undo")))
        cross = IconButton("x", tr("Close"))
        cross.clicked.connect(self.end)
        self.add(cross)
        self.setAccessibleName(text)
        self._clock = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._clock.timeout.connect(self._on_time)
        self._clock.start()

    def _on_time(self) -> None:
        focused = self.window().focusWidget()
        if self.underMouse() or (focused is not None and self.isAncestorOf(focused)):
            self._clock.start()
        else:
            self.end()

    def end(self) -> None:
        """Take the message away."""
        self._clock.stop()
        self.hide()
        self._closed()
        self.deleteLater()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._clock.start()


class Toasts(QObject):
    """Shows one toast at a time over a frame and keeps the last fifty messages to be read again.

    Attributes:
        said: the last messages, newest last.
    """

    def __init__(self, frame: QWidget, said: deque[str]) -> None:
        super().__init__(frame)
        self._frame, self.said = frame, said
        self._shown: Toast | None = None

    def show(self, text: str, undo: Callable[[], None] | None, tone: str) -> None:
        """Show a message in place of the one before, and say it to screen readers."""
        if self._shown is not None:
            self._shown.end()
        self.said.append(text)
        self._shown = Toast(self._frame, text, undo, tone, self._forget)
        self.place()
        self._shown.show()
        self._shown.raise_()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._shown, text))

    def _forget(self) -> None:
        self._shown = None

    def place(self) -> None:
        """Back to the corner, when the frame has another size."""
        if self._shown is not None:
            self._shown.adjustSize()
            gap = theme.px(16)
            self._shown.move(self._frame.width() - self._shown.width() - gap,
                             self._frame.height() - self._shown.height() - gap - theme.px(28))  # fmt: skip

    def close_shown(self) -> bool:
        """Take the shown message away; False if there is none."""
        if self._shown is None:
            return False
        self._shown.end()
        return True
