"""Two painted parts of the import page: the steps in its head, and the place where files are dropped."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from kam_desktop.language import tr
from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.kit.frames import Card


class Steps(QWidget):
    """Where the import stands: numbered words, the past ones with a tick."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: list[tuple[str, str]] = []
        self._at = 0

    def show_steps(self, steps: Sequence[tuple[str, str]], at: str) -> None:
        """Shows these (key, words) with one of them as the present."""
        self._steps = list(steps)
        self._at = next((place for place, (key, _) in enumerate(steps) if key == at), 0)
        present = self._steps[self._at][1] if self._steps else ""
        self.setAccessibleName(tr("Step {n} of {all}: {name}", n=self._at + 1, all=len(self._steps), name=present))
        self.setFixedSize(self._width(), theme.px(32))
        self.update()

    def _width(self) -> int:
        measures = theme.metrics(theme.BODY, theme.MEDIUM)
        words = sum(measures.horizontalAdvance(words) for _, words in self._steps)
        return words + theme.px(28) * len(self._steps) + theme.px(28) * (len(self._steps) - 1) + 2

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, middle, x = QPainter(self), self.height() // 2, 0.0
        for place, (_, words) in enumerate(self._steps):
            disc = QRectF(x, middle - theme.px(10), theme.px(20), theme.px(20))
            present = place == self._at
            paint.box(painter, disc, theme.px(10), theme.color("accent" if present else "surface"),
                      None if present else theme.color("border"))  # fmt: skip
            if place < self._at:
                icons.paint(painter, x + theme.px(4), middle - theme.px(6), "check", "success", 12)
            else:
                paint.text(painter, disc.toRect(), str(place + 1), "on_accent" if present else "muted", theme.CAPTION,
                           theme.MEDIUM, paint.CENTER)  # fmt: skip
            weight = theme.MEDIUM if present else theme.REGULAR
            left = round(x + theme.px(28))
            area = self.rect().adjusted(left, 0, 0, 0)
            used = paint.text(painter, area, words, "text" if present else "muted", weight=weight)
            x = left + used + theme.px(8)
            if place + 1 < len(self._steps):
                icons.paint(painter, x, middle - theme.px(7), "chevron-right", "muted", 14)
            x += theme.px(20)


class DropZone(Card):
    """Where files are dropped; it shows when something hangs over it."""

    hovered = False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(theme.color("selected" if self.hovered else "window"))
        pen = QPen(
            theme.color("accent" if self.hovered else "border_strong"), 2 if self.hovered else 1, Qt.PenStyle.DashLine
        )
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), theme.px(10), theme.px(10))
