"""Small marks beside text: pill, tag, key cap, tier, avatar."""

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from kam_desktop.ui import paint, theme


class _Badge(QWidget):
    """A painted mark of fixed size whose text is its accessible name."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = text
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class Pill(_Badge):
    """A state in words on its tone's ground; tones: "", success, warning, danger, info, private."""

    _radius = 10

    def __init__(self, text: str, tone: str = "", icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._tone, self._icon = tone, icon

    def set_state(self, text: str, tone: str = "", icon: str = "") -> None:
        """Show another state."""
        self.text, self._tone, self._icon = text, tone, icon
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(paint.pill_width(self.text, self._icon), theme.px(20))

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint.pill(QPainter(self), 0, self.height() // 2, self.text, self._tone, self._icon, radius=self._radius)


class Tag(Pill):
    """A square-cornered mark, private by default: the client must never see what stands beside it."""

    _radius = 4

    def __init__(self, text: str, tone: str = "private", icon: str = "lock", parent: QWidget | None = None) -> None:
        super().__init__(text, tone, icon, parent)


class KeyCap(_Badge):
    """The name of a key."""

    def sizeHint(self) -> QSize:
        return QSize(paint.key_width(self.text), theme.px(18))

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint.key(QPainter(self), self.width(), self.height() // 2, self.text)


class Tier(_Badge):
    """The letter of a tier."""

    def sizeHint(self) -> QSize:
        return QSize(theme.px(20), theme.px(20))

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint.tier(QPainter(self), 0, self.height() // 2, self.text)


class Avatar(_Badge):
    """Letters of a person (round, 24) or a firm (`side` 40 or 44: square corners)."""

    def __init__(self, letters: str, side: int = 24, parent: QWidget | None = None) -> None:
        super().__init__(letters, parent)
        self._side = side

    def sizeHint(self) -> QSize:
        return QSize(theme.px(self._side), theme.px(self._side))

    def paintEvent(self, _event: QPaintEvent) -> None:
        area = QRect(0, 0, theme.px(self._side), theme.px(self._side))
        paint.avatar(QPainter(self), area, self.text, square=self._side > 32)
