"""The figures of one customer as links: each leads to the rows that it is the sum of."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter

from kam_desktop.ui import paint, theme
from kam_desktop.ui.charts import FigureStrip


class LinkedFigures(FigureStrip):
    """← and → go from figure to figure, Enter, Space or a click opens one.

    Signals:
        opened(int): the place of a figure.
    """

    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._at, self._hovered = 0, -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def _paint_figure(self, painter: QPainter, area: QRect, at: int, first: bool) -> None:
        focused = self.hasFocus() and at == self._at
        if focused or at == self._hovered:
            left = area.left() + (0 if first else theme.px(12))
            ground = QRectF(left, area.top(), area.right() - left - theme.px(18), area.height()).adjusted(1, 1, -1, -1)
            tone = theme.color("accent") if focused else None
            paint.box(painter, ground, theme.px(6), None if focused else theme.color("subtle"), tone, 2)
        super()._paint_figure(painter, area, at, first)

    def _figure_at(self, point: QPoint) -> int:
        return next((at for at, area in self._areas.items() if area.contains(point)), -1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._figure_at(event.position().toPoint()))

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(-1)

    def _hover(self, at: int) -> None:
        if at != self._hovered:
            self._hovered = at
            self.setCursor(Qt.CursorShape.PointingHandCursor if at >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = self._figure_at(event.position().toPoint())
        if at >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._at = at
            self.opened.emit(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and self._figures:
            self._at = (self._at + step) % len(self._figures)
            item = self._figures[self._at]
            self.setAccessibleDescription(f"{item.label}: {item.value} {item.note}".strip())
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._figures:
            self.opened.emit(self._at)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()
