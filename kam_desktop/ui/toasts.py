"""Short messages at the bottom right that say what was done, offer to undo it, and cover no button."""

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, QRect, QSize, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QEnterEvent, QRegion
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QGraphicsDropShadowEffect,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from shiboken6 import isValid

from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.kit.buttons import IconButton
from kam_desktop.ui.kit.frames import Card
from kam_desktop.ui.kit.labels import IconLabel, Link, PlainLabel, caption

SHOWN_MS = 8000
_LOOK_MS = 200
_PRESSED = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit)


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

    def is_used(self) -> bool:
        """Whether the pointer is on it, or the keyboard in it."""
        focused = self.window().focusWidget()
        return self.underMouse() or (focused is not None and self.isAncestorOf(focused))

    def _on_time(self) -> None:
        if self.is_used():
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
        self._look = QTimer(self, interval=_LOOK_MS)  # what lies below scrolls, comes and goes
        self._look.timeout.connect(self._give_way)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._give_way)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)

    def show(self, text: str, undo: Callable[[], None] | None, tone: str) -> None:
        """Show a message in place of the one before, and say it to screen readers."""
        if self._shown is not None:
            self._shown.end()
        self.said.append(text)
        self._shown = Toast(self._frame, text, undo, tone, self._forget)
        self.place()
        self._shown.show()
        self._shown.raise_()
        self._look.start()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._shown, text))

    def _forget(self) -> None:
        self._shown = None
        self._look.stop()

    def place(self) -> None:
        """Into the corner, or as near to it as it covers nothing to press or to type in."""
        if self._shown is not None:
            self._shown.adjustSize()
            self._shown.move(_free_place(self._frame.rect(), self._shown.size(), self._taken(self._shown)))

    def _on_focus(self) -> None:
        """A field that is being destroyed loses the keyboard too; what stands around it is looked at later."""
        if self._shown is not None:
            self._soon.start()

    def _give_way(self) -> None:
        """Moves when something to press has come below it; under the pointer and the keyboard it stays."""
        shown = self._shown if isValid(self._frame) else None  # the frame that ends takes the keyboard from its fields
        if shown is not None and not shown.is_used() and self._taken(shown).intersects(shown.geometry()):
            self.place()

    def _taken(self, toast: Toast) -> QRegion:
        """Where buttons and fields are seen now, and the row that the keyboard is on."""
        found = QRegion()
        for kind in _PRESSED:
            for each in self._frame.findChildren(kind):
                if each.isVisible() and not toast.isAncestorOf(each):
                    above = 0 if kind is QAbstractButton else theme.px(22)  # the name of a field
                    found += self._seen(each, each.rect().adjusted(0, -above, 0, 0))
        focused = self._frame.window().focusWidget()
        if isinstance(focused, QAbstractItemView):
            found += self._seen(focused.viewport(), focused.visualRect(focused.currentIndex()))
        return found

    def _seen(self, widget: QWidget, area: QRect) -> QRect:
        """The part of an area that no scroll area cuts off, with room for the ring of the keyboard, in the frame."""
        ring = theme.px(4)
        at = widget.mapTo(self._frame, QPoint(0, 0))
        seen, around = area.translated(at).adjusted(-ring, -ring, ring, ring), widget.parentWidget()
        while around is not None and around is not self._frame and not seen.isEmpty():
            seen &= around.rect().translated(around.mapTo(self._frame, QPoint(0, 0)))
            around = around.parentWidget()
        return seen

    def close_shown(self) -> bool:
        """Take the shown message away; False if there is none."""
        if self._shown is None:
            return False
        self._shown.end()
        return True


def _free_place(frame: QRect, size: QSize, taken: QRegion) -> QPoint:
    """The place nearest to the lower right corner that is not taken; the corner itself when everything is."""
    gap, step = theme.px(16), theme.px(16)
    corner = QPoint(frame.width() - size.width() - gap, frame.height() - size.height() - gap - theme.px(28))
    if not taken.intersects(QRect(corner, size)):
        return corner
    tries = [
        (left * left + up * up, QPoint(corner.x() - left, corner.y() - up))
        for left in range(0, max(1, corner.x() - gap), step)
        for up in range(0, max(1, corner.y() - theme.px(64)), step)  # the window's upper bar stays free
    ]
    tries.sort(key=lambda each: each[0])
    return next((at for _, at in tries if not taken.intersects(QRect(at, size))), corner)
