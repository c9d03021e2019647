"""The ring around the control that the keyboard is on."""

from functools import cache

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFocusFrame, QProxyStyle, QStyle, QWidget

from kam_desktop.ui import paint, theme


class _RingStyle(QProxyStyle):
    """Two pixels of ring and two of air, where Qt would cling to the control."""

    def pixelMetric(self, metric, option=None, widget=None) -> int:
        margins = (QStyle.PixelMetric.PM_FocusFrameHMargin, QStyle.PixelMetric.PM_FocusFrameVMargin)
        return 4 if metric in margins else super().pixelMetric(metric, option, widget)

    def styleHint(self, hint, option=None, widget=None, answer=None) -> int:
        ours = {QStyle.StyleHint.SH_FocusFrame_Mask: 0, QStyle.StyleHint.SH_FocusFrame_AboveWidget: 1}
        return ours[hint] if hint in ours else super().styleHint(hint, option, widget, answer)


@cache
def _ring_style() -> _RingStyle:
    style = _RingStyle("fusion")
    style.setParent(QApplication.instance())  # it must not outlive what it dresses
    return style


class FocusRing(QFocusFrame):
    """The accent ring around the control that the keyboard is on; Qt moves it with its control."""

    def __init__(self, target: QWidget) -> None:
        super().__init__(target)
        self.setStyle(_ring_style())
        self.setWidget(target)

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint.box(QPainter(self), QRectF(self.rect()), theme.px(6) + 3, None, theme.color("accent"), 2)
