"""Painting shared by widgets and table cells: text, pill, tag, key cap, tier, bars."""

from collections.abc import Sequence
from functools import cache, lru_cache
from math import hypot

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPixmap

from kam_desktop.ui import icons, theme

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTER = Qt.AlignmentFlag.AlignCenter


@cache
def _on_one_line(align: Qt.AlignmentFlag) -> int:
    # joining Qt's flags takes Python longer than drawing a short word
    return int(align | Qt.TextFlag.TextSingleLine)


def text(painter: QPainter, area: QRect, words: str, token: str = "text", size: int = theme.BODY,
         weight: int = theme.REGULAR, align: Qt.AlignmentFlag = LEFT) -> int:  # fmt: skip
    """One line of plain text, elided at the right; returns the width drawn."""
    width = theme.width(words, size, weight)
    if width > area.width():
        words = theme.metrics(size, weight).elidedText(words, Qt.TextElideMode.ElideRight, area.width())
        width = area.width()
    painter.setFont(theme.font(size, weight))
    painter.setPen(theme.color(token))
    painter.drawText(area, _on_one_line(align), words)
    return width


def box(painter: QPainter, area: QRectF, radius: float, fill: QColor | None = None, line: QColor | None = None,
        width: float = 1) -> None:  # fmt: skip
    """A rounded rectangle whose line lies inside its area."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(line, width) if line else Qt.PenStyle.NoPen)
    painter.setBrush(fill or Qt.BrushStyle.NoBrush)
    inset = width / 2 if line else 0
    painter.drawRoundedRect(area.adjusted(inset, inset, -inset, -inset), radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def kept_box(painter: QPainter, area: QRect, radius: int, fill: QColor, line: QColor, width: int) -> None:
    """`box`, drawn once for each size and kept: the smooth corners of a large one take longer than all its words."""
    device = painter.device()
    ratio = device.devicePixelRatio() if device is not None else 1.0
    if ratio != int(ratio):  # a picture between two pixels of the screen is blurred
        box(painter, QRectF(area), radius, fill, line, width)
        return
    painter.drawPixmap(area.topLeft(), _kept(area.size().toTuple(), radius, fill.rgba(), line.rgba(), width, ratio))


@lru_cache(maxsize=24)
def _kept(size: tuple[int, int], radius: int, fill: int, line: int, width: int, ratio: float) -> QPixmap:
    drawn = QPixmap(QSize(*size) * ratio)
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    box(painter, QRectF(0, 0, *size), radius, QColor.fromRgba(fill), QColor.fromRgba(line), width)
    painter.end()
    return drawn


def pill_width(words: str, icon: str = "") -> int:
    """How wide `pill` draws."""
    return theme.metrics(theme.CAPTION, theme.MEDIUM).horizontalAdvance(words) + theme.px(16 + (14 if icon else 0)) + 1


def pill(painter: QPainter, x: int, middle: int, words: str, tone: str = "", icon: str = "", *,
         radius: int = 10, room: int = 10_000) -> int:  # fmt: skip
    """A word on its tone's ground, 20 high around `middle`; radius 4 makes it a tag. Returns its width."""
    width = min(pill_width(words, icon), room)
    area = QRect(x, middle - theme.px(10), width, theme.px(20))
    box(painter, QRectF(area), theme.px(radius), theme.color(theme.ground_of(tone)))
    left = theme.px(8)
    if icon:
        icons.paint(painter, x + theme.px(6), middle - theme.px(6), icon, theme.text_of(tone), 12)
        left = theme.px(22)
    text(painter, area.adjusted(left, 0, -theme.px(6), 0), words, theme.text_of(tone), theme.CAPTION, theme.MEDIUM)
    return width


def key_width(words: str) -> int:
    """How wide `key` draws."""
    return theme.metrics(theme.CAPTION).horizontalAdvance(words) + theme.px(12)


def key(painter: QPainter, right: int, middle: int, words: str) -> int:
    """A key cap, 18 high, ending at `right`; returns its width."""
    width = key_width(words)
    area = QRect(right - width, middle - theme.px(9), width, theme.px(18))
    box(painter, QRectF(area), theme.px(4), theme.color("surface"), theme.color("border"))
    text(painter, area, words, "muted", theme.CAPTION, align=CENTER)
    return width


def tier(painter: QPainter, x: int, middle: int, letter: str) -> None:
    """The square letter of a tier, 20 by 20; A is filled."""
    area = QRect(x, middle - theme.px(10), theme.px(20), theme.px(20))
    first = letter == "A"
    line = theme.color("text2" if first else "border")
    box(painter, QRectF(area), theme.px(4), line if first else None, line)
    text(painter, area, letter, "surface" if first else "text2", theme.CAPTION, theme.BOLD, CENTER)


def avatar(painter: QPainter, area: QRect, letters: str, *, square: bool = False) -> None:
    """A person's or a firm's letters on a round or square ground."""
    box(painter, QRectF(area), theme.px(10) if square else area.height() / 2, theme.color("subtle"))
    size, weight = (theme.SECTION, theme.BOLD) if square else (theme.CAPTION, theme.MEDIUM)
    text(painter, area, letters, "text2", size, weight, CENTER)


def bar(painter: QPainter, area: QRectF, parts: Sequence[tuple[float, str]], radius: float = 2,
        track: str = "subtle") -> None:  # fmt: skip
    """Parts of one (share, token), laid end to end on a track with a gap of one pixel between them."""
    painter.save()
    outline = QPainterPath()
    outline.addRoundedRect(area, theme.px(radius), theme.px(radius))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(outline, theme.color(track))
    painter.setClipPath(outline)
    x = area.x()
    for share, token in parts:
        width = area.width() * max(0.0, min(1.0, share))
        if width > 0:
            shown = max(width - (1 if len(parts) > 1 else 0), 1)
            painter.fillRect(QRectF(x, area.y(), shown, area.height()), theme.color(token))
        x += width
    painter.restore()


_SPREAD, _CORNER, _DROP = 38, 48, 12  # how far the shadow reaches, the size of a corner with it, how far it falls


@cache
def _corners(rgba: int) -> QPixmap:
    """The shadow of a box as small as one can be, to be stretched: four corners and the lines between them."""
    side, color = 2 * _CORNER + 1, QColor.fromRgba(rgba)
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    for y in range(side):
        for x in range(side):
            away = min(1.0, max(0.0, (hypot(x - _CORNER, y - _CORNER) + 6) / _CORNER))
            color.setAlphaF(QColor.fromRgba(rgba).alphaF() * (1 - away) ** 2 * (1 + 2 * away))
            image.setPixelColor(x, y, color)
    return QPixmap.fromImage(image)


def shadow(painter: QPainter, box: QRect) -> None:
    """The shadow under a floating box. Drawn once and stretched: an effect would blur anew with every letter typed."""
    drawn = _corners(theme.color("shadow").rgba())
    outer = box.translated(0, theme.px(_DROP)).adjusted(-_SPREAD, -_SPREAD, _SPREAD, _SPREAD)
    inner = outer.adjusted(_CORNER, _CORNER, -_CORNER, -_CORNER)
    columns = ((outer.left(), _CORNER, 0, _CORNER), (inner.left(), inner.width(), _CORNER, 1),
               (inner.right() + 1, _CORNER, _CORNER + 1, _CORNER))  # fmt: skip
    rows = ((outer.top(), _CORNER, 0, _CORNER), (inner.top(), inner.height(), _CORNER, 1),
            (inner.bottom() + 1, _CORNER, _CORNER + 1, _CORNER))  # fmt: skip
    for left, width, from_left, of_width in columns:
        for top, height, from_top, of_height in rows:
            painter.drawPixmap(QRect(left, top, width, height), drawn, QRect(from_left, from_top, of_width, of_height))
