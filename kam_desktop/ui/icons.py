"""Icons: drawings of resources/icons tinted with a colour of the theme, kept by colour and scale."""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from kam_desktop import config
from kam_desktop.ui import theme


@cache
def _drawing(name: str) -> str:
    return (config.resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@cache
def _tinted(name: str, color: str, size: int, scale: float) -> QPixmap:
    # small icons keep a thicker line, or it fades
    stroke = "2" if size <= theme.px(14) else "1.75"
    text = _drawing(name).replace("currentColor", color).replace('stroke-width="2"', f'stroke-width="{stroke}"')
    made = QPixmap(round(size * scale), round(size * scale))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(made.rect()))
    painter.end()
    made.setDevicePixelRatio(scale)
    return made


def pixmap(name: str, token: str = "muted", size: int = 16, scale: float = 0) -> QPixmap:
    """The drawing in a token's colour; `size` in px at 100 %, `scale` device pixels a pixel (0: the application's)."""
    if not scale:  # asking for the application takes longer than drawing an icon
        app = QGuiApplication.instance()
        scale = app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0
    return _tinted(name, theme.name_of(token), theme.px(size), scale)


def icon(name: str, token: str = "muted", size: int = 16) -> QIcon:
    """The drawing as a QIcon, for menus and Qt's own widgets. Built again when the theme changes."""
    made = QIcon(pixmap(name, token, size))
    made.addPixmap(pixmap(name, "border_strong", size), QIcon.Mode.Disabled)
    return made


def paint(painter: QPainter, x: float, y: float, name: str, token: str = "muted", size: int = 16) -> None:
    """Draw the icon with its left upper corner at x, y, sharp on the painter's device."""
    drawing = pixmap(name, token, size, painter.device().devicePixelRatio())
    scale = drawing.devicePixelRatio()
    # on a whole device pixel, or a 125 % screen blurs the lines
    painter.drawPixmap(QRectF(round(x * scale) / scale, round(y * scale) / scale, theme.px(size), theme.px(size)),
                       drawing, QRectF(drawing.rect()))  # fmt: skip
