"""Over the list of accounts: the bar that shows what each tier brings, and tiers folded away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from kam_desktop.ui import paint, theme
from kam_desktop.ui.kit.labels import show_tip
from kam_desktop.ui.kit.record_table import RecordTable
from kam_desktop.ui.kit.table_view import TableView

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

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, side = QPainter(self), theme.px(24)
        painter.fillRect(self.rect(), theme.color("surface"))
        room = self.width() - 2 * side
        parts = [(max(0.0, tier.part), _TOKENS[min(at, 2)]) for at, tier in enumerate(self._tiers)]
        paint.bar(painter, QRectF(side, theme.px(22), room, theme.px(8)), parts, radius=4)
        words = [f"{tier.name} · {tier.share} · {tier.count}" for tier in self._tiers]
        need = [theme.width(each, theme.CAPTION) + theme.px(28) for each in words]
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


class Folding(QObject):
    """Folds groups of a list by a click on their head, Left on a row, Right on a folded head.

    Signals:
        toggled(int, bool): the number of the group, and whether it is folded now.
    """

    toggled = Signal(int, bool)

    def __init__(self, table: TableView, model: RecordTable) -> None:
        super().__init__(table)
        self._table, self._model = table, model
        table.installEventFilter(self)
        table.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self._table:
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            return plain and self._on_key(event.key())
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            return self._on_click(self._table.rowAt(event.position().toPoint().y()))
        return False

    def _group(self, row: int) -> int:
        """The number of the group that a row, or a head, belongs to; -1 without groups."""
        return self._model.answer.number(row) if self._model.answer.groups and row >= 0 else -1

    def _on_key(self, key: int) -> bool:
        row = self._table.currentIndex().row()
        if key not in (Qt.Key.Key_Left, Qt.Key.Key_Right) or row < 0 or self._group(row) < 0:
            return False
        group = self._group(row)
        folded = self._model.answer.groups[group].folded
        if folded == (key == Qt.Key.Key_Right):
            self.toggled.emit(group, not folded)
        return True

    def _on_click(self, row: int) -> bool:
        if row < 0 or self._model.answer.place(row) >= 0:
            return False
        group = self._group(row)
        self.toggled.emit(group, not self._model.answer.groups[group].folded)
        return True

    def show_group(self, number: int) -> None:
        """The keyboard goes to the head of a folded group, or to the first row of an open one."""
        answer = self._model.answer
        if number < len(answer.groups):
            group = answer.groups[number]
            row = answer.start_of(number) + (0 if group.folded or not group.count else 1)
            self._table.setCurrentIndex(self._model.index(row, self._table.edges[0]))
