"""A scroll bar that lies over a list's right edge, so that rows and totals keep the page's width."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QScrollArea, QScrollBar

from kam_desktop.ui import theme


class OverlayBar(QScrollBar):
    """Stands for the list's own vertical bar, which is hidden and still does the scrolling."""

    def __init__(self, area: QAbstractScrollArea) -> None:
        super().__init__(Qt.Orientation.Vertical, area)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area, self._own = area, area.verticalScrollBar()
        self._own.rangeChanged.connect(lambda _low, _high: self.follow())
        self._own.valueChanged.connect(self.setValue)
        self.valueChanged.connect(self._own.setValue)
        self.follow()

    def follow(self) -> None:
        """Take the list's place, range and value; the list calls it when its own size changes."""
        own, port = self._own, self._area.viewport().geometry()
        self.setSingleStep(own.singleStep())
        self.setPageStep(own.pageStep())
        self.setRange(own.minimum(), own.maximum())
        self.setValue(own.value())
        self.setGeometry(port.right() + 1 - theme.px(12), port.top(), theme.px(12), port.height())
        self.setVisible(own.maximum() > own.minimum())
        self.raise_()


class OverlayArea(QScrollArea):
    """A scroll area whose content has the whole width."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = OverlayBar(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bar.follow()
