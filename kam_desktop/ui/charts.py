"""Charts painted by ourselves: stacked bar with its labels, progress, strip of figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from kam_desktop.ui import icons, paint, theme


@dataclass(frozen=True)
class Part:
    """A part of a whole: its size (any unit, the whole is the sum), colour token and texts."""

    size: float
    token: str
    label: str
    amount: str = ""
    share: str = ""


class StackedBar(QWidget):
    """Parts laid end to end, each with label, amount and share below in a column of its own."""

    def __init__(self, parts: Sequence[Part] = (), *, name: str = "", labels: bool = True, height: int = 24) -> None:
        super().__init__()
        self._parts, self._name, self._labels, self._bar = list(parts), name, labels, height
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_parts(parts)

    def set_parts(self, parts: Sequence[Part]) -> None:
        """Show other parts; the sentence for screen readers follows."""
        self._parts = list(parts)
        said = "; ".join(f"{part.label} {part.amount} {part.share}".strip() for part in parts)
        self.setAccessibleName(f"{self._name}: {said}" if said else self._name)
        self.updateGeometry()
        self.update()

    def _columns(self) -> list[int]:
        body, small = theme.metrics(theme.BODY, theme.MEDIUM), theme.metrics(theme.CAPTION)
        return [max(small.horizontalAdvance(part.label) + theme.px(14),
                    body.horizontalAdvance(part.amount) + theme.metrics().horizontalAdvance(" " + part.share)) + 2
                for part in self._parts]  # fmt: skip

    def sizeHint(self) -> QSize:
        height = theme.px(self._bar + (8 + 18 + 20 if self._labels else 0))
        return QSize(sum(self._columns()) + theme.px(12) * len(self._parts) if self._labels else theme.px(120), height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, whole = QPainter(self), sum(max(0.0, part.size) for part in self._parts) or 1.0
        area = QRectF(0, 0, self.width(), theme.px(self._bar))
        paint.bar(painter, area, [(part.size / whole, part.token) for part in self._parts], radius=4)
        if not self._labels or not self._parts:
            return
        columns = self._columns()
        gap = (self.width() - sum(columns)) / max(1, len(columns) - 1)
        x, top = 0.0, theme.px(self._bar + 8)
        for part, width in zip(self._parts, columns, strict=True):
            left = round(x)
            paint.box(painter, QRectF(left, top + theme.px(5), theme.px(8), theme.px(8)), 2, theme.color(part.token))
            label = QRect(left + theme.px(14), top, width, theme.px(18))
            paint.text(painter, label, part.label, "text2", theme.CAPTION)
            line = QRect(left, top + theme.px(18), width + theme.px(8), theme.px(20))
            used = paint.text(painter, line, part.amount, weight=theme.MEDIUM)
            paint.text(painter, line.adjusted(used + theme.px(4), 0, theme.px(8), 0), part.share, "muted")
            x += width + gap


class Progress(QWidget):
    """A bar filled to a share of one; `token` colours it. The name says what of what."""

    def __init__(self, share: float = 0, token: str = "accent", *, name: str = "", height: int = 6) -> None:
        super().__init__()
        self._share, self._token, self._name = share, token, name
        self.setFixedHeight(theme.px(height))
        self.setMinimumWidth(theme.px(48))
        self.set_share(share)

    def set_share(self, share: float, token: str = "") -> None:
        """Fill to another share, in another colour where one is named."""
        self._share, self._token = max(0.0, min(1.0, share)), token or self._token
        self.setAccessibleName(f"{self._name} {round(self._share * 100)} %".strip())
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint.bar(QPainter(self), QRectF(self.rect()), [(self._share, self._token)], radius=3)


@dataclass(frozen=True)
class Figure:
    """One figure of a strip: label, value, a line below; `mark` is the token of a small square at the label."""

    label: str
    value: str
    note: str = ""
    tone: str = "text"
    mark: str = ""
    arrow: bool = False


class FigureStrip(QWidget):
    """Figures side by side, parted by upright lines or, where one leads to the next, by arrows."""

    def __init__(self, figures: Sequence[Figure] = (), *, size: int = theme.TITLE) -> None:
        super().__init__()
        self._figures, self._size = list(figures), size
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_figures(figures)

    def set_figures(self, figures: Sequence[Figure]) -> None:
        """Show other figures."""
        self._figures = list(figures)
        self.setAccessibleName("; ".join(f"{item.label}: {item.value} {item.note}".strip() for item in figures))
        self.updateGeometry()
        self.update()

    def _need(self, item: Figure) -> int:
        small, big = theme.metrics(theme.CAPTION), theme.metrics(self._size, theme.BOLD)
        label = small.horizontalAdvance(item.label) + (theme.px(14) if item.mark else 0)
        return max(label, big.horizontalAdvance(item.value), small.horizontalAdvance(item.note)) + theme.px(34)

    def sizeHint(self) -> QSize:
        lines = 18 + round(self._size * 1.45) + (18 if any(item.note for item in self._figures) else 0)
        return QSize(sum(map(self._need, self._figures)), theme.px(lines))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, needs = QPainter(self), [self._need(item) for item in self._figures]
        spare = max(0.0, self.width() - sum(needs)) / max(1, len(needs))
        x, small, big = 0.0, theme.px(18), theme.px(round(self._size * 1.45))
        for number, (item, need) in enumerate(zip(self._figures, needs, strict=True)):
            left, width = round(x) + (theme.px(16) if number else 0), round(need + spare)
            if number and self._figures[number - 1].arrow:
                icons.paint(painter, x - theme.px(14), small + big / 2 - theme.px(8), "chevron-right", "muted", 16)
            elif number:
                painter.fillRect(round(x), 0, 1, self.height(), theme.color("border"))
            label = QRect(left, 0, width, small)
            if item.mark:
                paint.box(painter, QRectF(left, theme.px(5), theme.px(8), theme.px(8)), 2, theme.color(item.mark))
                label.setLeft(left + theme.px(14))
            paint.text(painter, label, item.label, "muted", theme.CAPTION)
            paint.text(painter, QRect(left, small, width, big), item.value, item.tone, self._size, theme.BOLD)
            paint.text(painter, QRect(left, small + big, width, small), item.note, "muted", theme.CAPTION,
                       align=Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)  # fmt: skip
            x += width
