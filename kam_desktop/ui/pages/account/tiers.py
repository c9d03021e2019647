"""Over the list of accounts: the bar that shows what each tier brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QRectF, QSize
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from kam_desktop.ui import paint, theme
from kam_desktop.ui.kit.labels import show_tip

_TOKENS = ("accent", "age0", "border_strong")


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier: its words ("A"), how many accounts in words, share of revenue in words and as 0 to 1."""

    name: str
    count: str
    share: str
    part: float


class TierBar(QWidget):
    """Shares of the revenue end to end, each with its words above; the same as a table in the tooltip."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._tiers = name, tuple[Tier, ...]()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def set_tiers(self, tiers: Sequence[Tier]) -> None:
        """Shows other shares; hidden while there are none."""
        self._tiers = tuple(tiers)
        rows = [f"{tier.name}: {tier.count} · {tier.share}" for tier in tiers]
        self.setAccessibleName("; ".join([self._name, *rows]))
        self.setVisible(any(tier.part > 0 for tier in tiers))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.px(200), theme.px(38))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            return show_tip(event, self, self.accessibleName().replace("; ", "\n"))
        return super().event(event)

    def _words(self, room: int) -> tuple[list[str], list[int]]:
        """The words over the parts and their widths: as much of them as has room; all of it is in the tooltip."""
        full = [(tier.name, tier.share, tier.count) for tier in self._tiers]
        words, need = list[str](), list[int]()
        for parts in (3, 2, 1):
            words = [" · ".join(each[:parts]) for each in full]
            need = [theme.width(each, theme.CAPTION) + theme.px(28) for each in words]
            if sum(need) <= room:
                break
        return words, need

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, side = QPainter(self), theme.px(24)
        painter.fillRect(self.rect(), theme.color("surface"))
        room = self.width() - 2 * side
        parts = [(max(0.0, tier.part), _TOKENS[min(at, 2)]) for at, tier in enumerate(self._tiers)]
        paint.bar(painter, QRectF(side, theme.px(22), room, theme.px(8)), parts, radius=4)
        words, need = self._words(room)
        at, begins = 0.0, list[int]()
        for part, _ in parts:
            begins.append(round(at * room))
            at += part
        right = room
        for place in range(len(words) - 1, -1, -1):  # no label stands over the next one, or beyond the edge
            begins[place] = max(0, min(begins[place], right - need[place]))
            right = begins[place]
        for (_, token), left, text, width in zip(parts, begins, words, need, strict=True):
            x = side + left
            paint.box(painter, QRectF(x, theme.px(6), theme.px(8), theme.px(8)), 2, theme.color(token))
            paint.text(painter, QRect(x + theme.px(14), 0, width, theme.px(20)), text, "text2", theme.CAPTION)
