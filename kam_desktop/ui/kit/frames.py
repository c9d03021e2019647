"""Frames that pages are laid out in: lines, panel, card, page head, tool row, side panel."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from kam_desktop.ui import paint, theme
from kam_desktop.ui.overlay_bar import OverlayArea


class Line(QWidget):
    """A one-pixel separator; `token` is border between regions, subtle between rows."""

    def __init__(self, *, upright: bool = False, token: str = "border") -> None:
        super().__init__()
        self._token = token
        if upright:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.color(self._token))


class Panel(QWidget):
    """A ground with a layout and border lines on the named sides ("top left" …); `row` lays out sidewards.

    Attributes:
        box: the layout; its margins and gaps are in px at 100 %.
    """

    def __init__(self, *, row: bool = False, ground: str = "surface", lines: str = "",
                 margins: tuple[int, int, int, int] = (0, 0, 0, 0), gap: int = 0, height: int = 0) -> None:  # fmt: skip
        super().__init__()
        self._ground, self._lines = ground, lines.split()
        self.box: QBoxLayout = QHBoxLayout(self) if row else QVBoxLayout(self)
        sides = zip(("left", "top", "right", "bottom"), margins, strict=True)
        self.box.setContentsMargins(*(theme.px(size) + (side in self._lines) for side, size in sides))
        self.box.setSpacing(theme.px(gap))
        if height:
            self.setMinimumHeight(theme.px(height))
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def add(self, *widgets: QWidget | None, stretch: int = 0) -> "Panel":
        """Add widgets in order; None is a stretch."""
        for widget in widgets:
            if widget is None:
                self.box.addStretch(1)
            else:
                self.box.addWidget(widget, stretch)
        return self

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color(self._ground))
        edge, width, height = theme.color("border"), self.width(), self.height()
        if "top" in self._lines:
            painter.fillRect(0, 0, width, 1, edge)
        if "bottom" in self._lines:
            painter.fillRect(0, height - 1, width, 1, edge)
        if "left" in self._lines:
            painter.fillRect(0, 0, 1, height, edge)
        if "right" in self._lines:
            painter.fillRect(width - 1, 0, 1, height, edge)


class Card(Panel):
    """A bordered box with round corners. No card stands in a card. `chosen` gives it the accent line."""

    def __init__(self, *, row: bool = False, margins: tuple[int, int, int, int] = (20, 16, 20, 16), gap: int = 4,
                 line: str = "border", ground: str = "surface", radius: int = 10) -> None:  # fmt: skip
        super().__init__(row=row, ground=ground, margins=margins, gap=gap)
        self._line, self._radius = line, radius

    def set_chosen(self, chosen: bool) -> None:
        """Show the card as the chosen one."""
        self._line = "accent" if chosen else "border"
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        line = theme.color(self._line) if self._line else None
        paint.box(QPainter(self), QRectF(self.rect()), theme.px(self._radius), theme.color(self._ground), line,
                  2 if self._line == "accent" else 1)  # fmt: skip


def page_head(*widgets: QWidget | None, line: bool = False) -> Panel:
    """The row of a page's title and main buttons, 56 high; None is the stretch between them."""
    return Panel(row=True, margins=(24, 0, 24, 0), gap=8, height=56, lines="bottom" if line else "").add(*widgets)


def tool_row(*widgets: QWidget | None) -> Panel:
    """The row of filters and small buttons under the head, 44 high."""
    return Panel(row=True, margins=(24, 0, 24, 16), gap=8, height=44).add(*widgets)


def action_bar(*widgets: QWidget | None, side: int = 20) -> Panel:
    """The row of buttons at the foot of a page or panel, 56 high."""
    return Panel(row=True, margins=(side, 0, side, 0), gap=8, height=56, lines="top").add(*widgets)


def side_panel(width: int = 420) -> Panel:
    """The panel at the right of a list."""
    made = Panel(lines="left")
    made.setFixedWidth(theme.px(width))
    return made


def scrolled(content: QWidget) -> QScrollArea:
    """The content in an area that scrolls up and down only."""
    area = OverlayArea()
    area.setWidget(content)
    return area
