"""A scroll bar that lies over a list's right edge, so that rows and totals keep the page's width."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QScrollArea, QScrollBar, QVBoxLayout, QWidget

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
    """A scroll area whose content has the whole width; it scrolls up and down only."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = OverlayBar(self)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bar.follow()


class BodyArea(OverlayArea):
    """What a dialog holds: as high as it is, and scrolled where the window is lower.

    Attributes:
        body: the layout for the content.
    """

    def __init__(self) -> None:
        super().__init__()
        inner = QWidget()
        self.body = QVBoxLayout(inner)
        edge = theme.px(4)  # what has the keyboard has a ring around it
        self.body.setContentsMargins(edge, edge, edge, edge)
        self.setWidget(inner)
        inner.installEventFilter(self)

    def fit_window(self, *, grow: bool = False) -> None:
        """Makes the dialog as high as it needs, in the middle of where it was; `grow` never makes it lower."""
        dialog, before = self.window(), self.window().height()
        lines = dialog.layout()
        if lines is None:
            return
        self.updateGeometry()  # the layout around knows another size of this one only when it is told
        self.updateGeometry()  # the dialog's layout keeps the height that was asked for last
        lines.invalidate()
        wide = dialog.width()
        wanted = lines.heightForWidth(wide) if lines.hasHeightForWidth() else lines.sizeHint().height()
        high = min(max(wanted, before if grow else 0), dialog.maximumHeight())
        if high != before:
            dialog.resize(wide, high)
            dialog.move(dialog.x(), max(0, dialog.y() + (before - high) // 2))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and self.window().isVisible():
            QTimer.singleShot(0, self, lambda: self.fit_window(grow=True))
        return bool(super().eventFilter(watched, event))

    def hasHeightForWidth(self) -> bool:
        return self.body.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        return self.body.totalHeightForWidth(width)

    def sizeHint(self) -> QSize:
        return self.body.totalSizeHint()

    def minimumSizeHint(self) -> QSize:
        least = self.body.totalMinimumSize()
        return QSize(least.width(), min(least.height(), theme.px(96)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        edge = theme.px(4)
        scrolls = max(self.heightForWidth(self.width()), self.body.totalMinimumSize().height()) > self.height()
        self.body.setContentsMargins(edge, edge, theme.px(14) if scrolls else edge, edge)
        super().resizeEvent(event)
