"""Qt's two text boxes as forms need them: they know when they are left, and let the window undo."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QInputMethodEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from kam_desktop.ui import theme

_STAYING = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)


def _is_the_windows(event: QEvent, can_undo: bool, can_redo: bool) -> bool:
    """Ctrl+Z in a box with nothing of its own to undo: Qt would swallow it, but the window has steps to take back."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    undo, redo = event.matches(QKeySequence.StandardKey.Undo), event.matches(QKeySequence.StandardKey.Redo)
    return (undo and not can_undo) or (redo and not can_redo)


class Line(QLineEdit):
    """One line.

    Signals:
        left: the keyboard has gone on, and not only to a popup or another program.

    Attributes:
        composing: an input method has letters in it that are not text yet; nobody may rewrite or read it now.
    """

    left = Signal()
    composing = False

    def event(self, event: QEvent) -> bool:
        if _is_the_windows(event, self.isUndoAvailable(), self.isRedoAvailable()):
            event.ignore()
            return False
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.composing = False
        if event.reason() not in _STAYING:
            self.left.emit()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self.composing = bool(event.preeditString())
        super().inputMethodEvent(event)


class Note(QPlainTextEdit):
    """Several lines; Tab leaves, Ctrl+Enter is the form's.

    Signals:
        left: the keyboard has gone on, and not only to a popup or another program.
        edited: the text is another one; Qt's own textChanged comes for letters of an input method too.

    Attributes:
        composing: as in Line.
    """

    left = Signal()
    edited = Signal()
    composing = False

    def __init__(self, lines: int) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        height = theme.px(20 * lines + 4)  # the theme's sheet gives every editor one line, and a sheet is stronger
        self.setStyleSheet(f"min-height: {height}px; max-height: {height}px")
        self._text = ""
        self.textChanged.connect(self._on_changed)

    def _on_changed(self) -> None:
        before, self._text = self._text, self.toPlainText()
        if self._text != before:
            self.edited.emit()

    def event(self, event: QEvent) -> bool:
        if _is_the_windows(event, self.document().isUndoAvailable(), self.document().isRedoAvailable()):
            event.ignore()
            return False
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.composing = False
        if event.reason() not in _STAYING:
            self.left.emit()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self.composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)
