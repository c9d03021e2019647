"""Charts painted by ourselves: stacked bar with its labels, progress, strip of figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.kit.labels import show_tip

_BETWEEN = 10  # px between two lines of figures


@dataclass(frozen=True)
class Part:
    """A part of a whole: its size (any unit, the whole is the sum), colour token and texts."""

    size: float
    token: str
    label: str
    amount: str = ""
    share: str = ""


def _in_lines(needs: Sequence[int], width: int) -> list[range]:
    """What stands in each line: as few lines as the width allows, about equally many in each."""
    for lines in range(1, len(needs) + 1):
        most = -(-len(needs) // lines)
        found = [range(at, min(at + most, len(needs))) for at in range(0, len(needs), most)]
        if all(sum(needs[each] for each in line) <= width for line in found):
            return found
    return [range(at, at + 1) for at in range(len(needs))]


class StackedBar(QWidget):
    """Parts laid end to end, each with label, amount and share below in a column; in two lines where it is narrow."""

    def __init__(self, parts: Sequence[Part] = (), *, name: str = "", labels: bool = True, height: int = 24) -> None:
        super().__init__()
        self._parts, self._name, self._labels, self._bar = list(parts), name, labels, height
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(labels)
        self.setSizePolicy(policy)
        self.set_parts(parts)

    def set_parts(self, parts: Sequence[Part]) -> None:
        """Show other parts; the sentence for screen readers follows."""
        self._parts = list(parts)
        said = "; ".join(f"{part.label} {part.amount} {part.share}".strip() for part in parts)
        self.setAccessibleName(f"{self._name}: {said}" if said else self._name)
        self.updateGeometry()
        self.update()

    def set_labelled(self, labelled: bool) -> None:
        """With its labels below or without, where they stand elsewhere and the page is low."""
        if labelled != self._labels:
            self._labels = labelled
            self.updateGeometry()
            self.update()

    def _columns(self) -> list[int]:
        body, small = theme.metrics(theme.BODY, theme.MEDIUM), theme.metrics(theme.CAPTION)
        return [max(small.horizontalAdvance(part.label) + theme.px(14),
                    body.horizontalAdvance(part.amount) + theme.metrics().horizontalAdvance(" " + part.share)) + 2
                for part in self._parts]  # fmt: skip

    def _lines(self, width: int) -> list[range]:
        return _in_lines([each + theme.px(12) for each in self._columns()], width + theme.px(12))

    def sizeHint(self) -> QSize:
        height = theme.px(self._bar + (8 + 18 + 20 if self._labels else 0))
        return QSize(sum(self._columns()) + theme.px(12) * len(self._parts) if self._labels else theme.px(120), height)

    def minimumSizeHint(self) -> QSize:
        whole = self.sizeHint()
        return QSize(max(self._columns()), whole.height()) if self._labels and self._parts else whole

    def hasHeightForWidth(self) -> bool:
        return self._labels

    def heightForWidth(self, width: int) -> int:
        return theme.px(self._bar) + theme.px(46) * max(1, len(self._lines(width)))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, whole = QPainter(self), sum(max(0.0, part.size) for part in self._parts) or 1.0
        area = QRectF(0, 0, self.width(), theme.px(self._bar))
        paint.bar(painter, area, [(part.size / whole, part.token) for part in self._parts], radius=4)
        if not self._labels or not self._parts:
            return
        columns, top = self._columns(), theme.px(self._bar + 8)
        lines = self._lines(self.width())
        for line in lines:
            if len(lines) == 1:
                gap = (self.width() - sum(columns)) / max(1, len(columns) - 1)
                lefts = [round(sum(columns[:at]) + gap * at) for at in line]
            else:  # one below the other
                lefts = [round(self.width() / len(lines[0]) * at) for at in range(len(line))]
            for left, at in zip(lefts, line, strict=True):
                self._paint_part(painter, left, top, columns[at], self._parts[at])
            top += theme.px(46)

    def _paint_part(self, painter: QPainter, left: int, top: int, width: int, part: Part) -> None:
        paint.box(painter, QRectF(left, top + theme.px(5), theme.px(8), theme.px(8)), 2, theme.color(part.token))
        label = QRect(left + theme.px(14), top, width, theme.px(18))
        paint.text(painter, label, part.label, "text2", theme.CAPTION)
        line = QRect(left, top + theme.px(18), width + theme.px(8), theme.px(20))
        used = paint.text(painter, line, part.amount, weight=theme.MEDIUM)
        paint.text(painter, line.adjusted(used + theme.px(4), 0, theme.px(8), 0), part.share, "muted")


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
    """One figure of a strip: label, value, a line below; `mark` is the token of a small square at the label.

    Attributes:
        tip: what it is made of, as a tooltip and for screen readers.
    """

    label: str
    value: str
    note: str = ""
    tone: str = "text"
    mark: str = ""
    arrow: bool = False
    tip: str = ""


class FigureStrip(QWidget):
    """Figures side by side, parted by upright lines or arrows that lead on; in two lines where it is narrow."""

    def __init__(self, figures: Sequence[Figure] = (), *, size: int = theme.TITLE) -> None:
        super().__init__()
        self._figures, self._size = list(figures), size
        self._needs: list[int] = []
        self._areas: dict[int, QRect] = {}  # of the figures, as they were painted
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_figures(figures)

    def set_figures(self, figures: Sequence[Figure]) -> None:
        """Show other figures."""
        self._figures, self._needs = list(figures), []
        self.setAccessibleDescription(" ".join(f"{item.label}: {item.tip}" for item in figures if item.tip))
        self.setAccessibleName("; ".join(f"{item.label}: {item.value} {item.note}".strip() for item in figures))
        self.updateGeometry()
        self.update()

    def _widths(self) -> list[int]:
        # a layout asks for its size a hundred times before the page is there, and text takes long to measure
        if len(self._needs) != len(self._figures):
            self._needs = [self._need(item) for item in self._figures]
        return self._needs

    def _need(self, item: Figure) -> int:
        small, big = theme.metrics(theme.CAPTION), theme.metrics(self._size, theme.BOLD)
        label = small.horizontalAdvance(item.label) + (theme.px(14) if item.mark else 0)
        return max(label, big.horizontalAdvance(item.value), small.horizontalAdvance(item.note)) + theme.px(34)

    def sizeHint(self) -> QSize:
        lines = 18 + round(self._size * 1.45) + (18 if any(item.note for item in self._figures) else 0)
        return QSize(sum(self._widths()), theme.px(lines))

    def minimumSizeHint(self) -> QSize:
        return QSize(max(self._widths(), default=0), self.sizeHint().height())

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        lines = max(1, len(_in_lines(self._widths(), width)))
        return lines * self.sizeHint().height() + (lines - 1) * theme.px(_BETWEEN)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = next((at for at, area in self._areas.items() if area.contains(event.pos())), -1)
            return show_tip(event, self, self._figures[at].tip if 0 <= at < len(self._figures) else "")
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, needs = QPainter(self), self._widths()
        high, top = self.sizeHint().height(), 0
        lines = _in_lines(needs, self.width())
        for line in lines:
            spare = max(0.0, self.width() - sum(needs[at] for at in line)) / max(1, len(line))
            x = 0.0
            for at in line:
                width = round(needs[at] + spare if len(lines) == 1 else self.width() / len(lines[0]))
                self._areas[at] = QRect(round(x), top, width, high)
                self._paint_figure(painter, self._areas[at], at, at == line[0])
                x += width
            top += high + theme.px(_BETWEEN)

    def _paint_figure(self, painter: QPainter, area: QRect, at: int, first: bool) -> None:
        item, small, big = self._figures[at], theme.px(18), theme.px(round(self._size * 1.45))
        left, top, width = area.left() + (0 if first else theme.px(16)), area.top(), area.width()
        if not first and self._figures[at - 1].arrow:
            middle = top + small + big / 2 - theme.px(8)
            icons.paint(painter, area.left() - theme.px(14), middle, "chevron-right", "muted", 16)
        elif not first:
            painter.fillRect(area.left(), top, 1, area.height(), theme.color("border"))
        label = QRect(left, top, width, small)
        if item.mark:
            paint.box(painter, QRectF(left, top + theme.px(5), theme.px(8), theme.px(8)), 2, theme.color(item.mark))
            label.setLeft(left + theme.px(14))
        paint.text(painter, label, item.label, "muted", theme.CAPTION)
        paint.text(painter, QRect(left, top + small, width, big), item.value, item.tone, self._size, theme.BOLD)
        paint.text(painter, QRect(left, top + small + big, width, small), item.note, "muted", theme.CAPTION,
                   align=Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)  # fmt: skip
