"""Labels and tooltips that show data as plain text, never as markup."""

import html

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QToolTip, QWidget

from kam_desktop.ui import icons, theme


def plain_tip(text: str) -> str:
    """Tooltip text that Qt shows as it is: Qt guesses markup in tooltips, so we give it markup that holds only text."""
    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>" if text else ""


def show_tip(event: QHelpEvent, view: QWidget, text: str) -> bool:
    """Show plain text beside the pointer, for delegates; always True, the event is answered."""
    QToolTip.showText(event.globalPos(), plain_tip(text), view)
    return True


def set_tip(widget: QWidget, text: str) -> None:
    """Give a widget a tooltip of plain text."""
    widget.setToolTip(plain_tip(text))


class PlainLabel(QLabel):
    """Text in one size, weight and colour token. `wrap` breaks lines; `select` lets the text be marked and copied."""

    def __init__(self, text: str = "", *, size: int = theme.BODY, weight: int = theme.REGULAR, tone: str = "text",
                 wrap: bool = False, select: bool = False, parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font(size, weight))
        self.set_tone(tone)
        self.setWordWrap(wrap)
        if select:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setText(text)

    def set_tone(self, token: str) -> None:
        """Write in another colour token of the theme."""
        colors = self.palette()
        colors.setColor(QPalette.ColorRole.WindowText, theme.color(token))
        self.setPalette(colors)

    def setTextFormat(self, _format: Qt.TextFormat) -> None:
        """Data is text: there is no other format."""
        super().setTextFormat(Qt.TextFormat.PlainText)


class ElidedLabel(PlainLabel):
    """One line that gives way: ends in an ellipsis where room is short and then says it all in the tooltip."""

    def __init__(self, text: str = "", **look) -> None:
        super().__init__(text, **look)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(theme.px(40))

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.fontMetrics().height())

    def setText(self, text: str) -> None:
        super().setText(text)
        self._tell()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def _tell(self) -> None:
        cut = self.fontMetrics().horizontalAdvance(self.text()) > self.width()
        set_tip(self, self.text() if cut else "")

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)


def title(text: str = "") -> PlainLabel:
    """A page's title."""
    return PlainLabel(text, size=theme.TITLE, weight=theme.BOLD)


def section(text: str = "") -> PlainLabel:
    """The title of a part of a page."""
    return PlainLabel(text, size=theme.SECTION, weight=theme.BOLD)


def caption(text: str = "", tone: str = "muted", *, wrap: bool = False) -> PlainLabel:
    """Small text: the name of a figure, a second line."""
    return PlainLabel(text, size=theme.CAPTION, tone=tone, wrap=wrap)


def strong(text: str = "", tone: str = "text") -> PlainLabel:
    """Body text in the middle weight: a name, an amount."""
    return PlainLabel(text, weight=theme.MEDIUM, tone=tone)


class IconLabel(QWidget):
    """An icon alone; `name` is said to screen readers and in the tooltip, empty for mere decoration."""

    def __init__(self, icon: str, token: str = "muted", size: int = 16, *, name: str = "",
                 tile: str = "", parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self._icon, self._token, self._size, self._tile = icon, token, size, tile
        side = theme.px(size + 12 if tile else size)
        self.setFixedSize(side, side)
        self.setAccessibleName(name)
        set_tip(self, name)

    def set_icon(self, icon: str, token: str) -> None:
        """Show another drawing."""
        self._icon, self._token = icon, token
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._tile:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(self._tile))
            painter.drawRoundedRect(self.rect(), theme.px(6), theme.px(6))
        offset = (self.width() - theme.px(self._size)) / 2
        icons.paint(painter, offset, offset, self._icon, self._token, self._size)


class Link(QAbstractButton):
    """A word that does something: accent text, underlined under the pointer; Enter and Space press it too.

    Signals:
        opened: pressed by mouse or key.
    """

    opened = Signal()

    def __init__(self, text: str, *, size: int = theme.BODY, weight: int = theme.MEDIUM,
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self._label = ""
        self.setFont(theme.font(size, weight))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_label(text)
        self.clicked.connect(self.opened)

    def set_label(self, text: str) -> None:
        """Show another word; an ampersand in it is only an ampersand."""
        self._label = text
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        measures = self.fontMetrics()
        wide, least = measures.horizontalAdvance(self._label) + 2, theme.px(24)  # of a word as short as “Rút” too
        return QSize(max(least, wide), max(least, measures.height()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        lined = self.font()
        lined.setUnderline(self.underMouse() or self.hasFocus())
        painter.setFont(lined)
        painter.setPen(theme.color("accent" if self.isEnabled() else "muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._label)
