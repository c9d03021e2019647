"""One stage of the board: its cards as an item model, and how a card is painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from kam_desktop import formats
from kam_desktop.language import tr, trn
from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.kit.cells import Index
from kam_desktop.ui.pages.proposal.words import SOON_DAYS

CARD, HOLE, LIFTED = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2, Qt.ItemDataRole.UserRole + 3
MIME = "application/x-kam-card"
_ROLE = Qt.ItemDataRole
_FLAGS = (
    Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
    | Qt.ItemFlag.ItemNeverHasChildren
)  # fmt: skip
HEIGHT, _GAP = 148, 8  # px at 100 %: every card is as high, so that a column of thousands need not be measured


@dataclass(frozen=True, slots=True)
class BoardCard:
    """One proposal as its card shows it; `value` before tax, in minor units of `currency`.

    Attributes:
        margin: in words, "" while no cost is known.
        since: the day since which it has been in its stage.
        draft: the id of its newest version while that was not sent.
    """

    id: str
    title: str
    account: str
    stage: str
    value: int
    currency: str
    margin: str
    valid_until: date | None
    since: date | None
    next_step: str
    next_step_on: date | None
    draft: str


@dataclass(frozen=True, slots=True)
class ColumnTexts:
    """One stage as the board shows it: its ids in order, and what stands in its head."""

    stage: str
    ids: Sequence[str]
    count: str
    total: str
    weighted: str


def validity(card: BoardCard, today: date) -> tuple[str, bool]:
    """Until when the offer is valid, and whether that needs attention; "" without a date."""
    if card.valid_until is None:
        return "", False
    if card.valid_until < today:
        return tr("Ended {day}", day=formats.short_day(card.valid_until)), True
    return tr("Valid until {day}", day=formats.short_day(card.valid_until)), card.valid_until <= today + timedelta(
        SOON_DAYS
    )


def days_here(card: BoardCard, today: date) -> str:
    """How long it has been in its stage."""
    if card.since is None:
        return ""
    days = max(0, (today - card.since).days)
    return trn("{n} day here", "{n} days here", days)


def _days(since: date, today: date) -> str:
    return trn("{n} day", "{n} days", max(0, (today - since).days))


def next_step(card: BoardCard) -> str:
    """What comes next, with its day; "" for nothing."""
    on = formats.short_day(card.next_step_on) if card.next_step_on else ""
    return " ".join(filter(None, (card.next_step, on)))


def spoken(card: BoardCard, today: date) -> str:
    """The whole card as one sentence for a screen reader; the margin is left to the eyes."""
    parts = [card.account, card.title, formats.amount(card.value, card.currency, symbol=True), validity(card, today)[0],
             days_here(card, today), next_step(card) or tr("No next step")]  # fmt: skip
    return "; ".join(filter(None, parts))


class CardColumn(QAbstractListModel):
    """The cards of one stage by id; what is not in memory is blank and asked for.

    Signals:
        missed(str): a card is shown whose row is not in memory.
        marked(int): the card in that row is to be painted anew; as changed data Qt would lay out the whole column.

    Attributes:
        ids: what hangs here, in its order.
        hole: the id whose place stays empty while its card is lifted elsewhere; lifted: the id that is lifted here.
    """

    missed = Signal(str)
    marked = Signal(int)

    def __init__(self, cards: Mapping[str, BoardCard], today: date, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ids: list[str] = []
        self.hole = self.lifted = ""
        self.cards, self.today = cards, today

    def set_ids(self, ids: Sequence[str]) -> None:
        """Other cards."""
        if list(ids) != self.ids:
            self.beginResetModel()
            self.ids = list(ids)
            self.endResetModel()

    def insert(self, row: int, identity: str) -> None:
        """Hangs a card here."""
        self.beginInsertRows(QModelIndex(), row, row)
        self.ids.insert(row, identity)
        self.endInsertRows()

    def take(self, identity: str) -> int:
        """Takes a card away; returns where it hung, -1 for nowhere."""
        if identity not in self.ids:
            return -1
        row = self.ids.index(identity)
        self.beginRemoveRows(QModelIndex(), row, row)
        del self.ids[row]
        self.endRemoveRows()
        return row

    def mark(self, lifted: str, hole: str) -> None:
        """Which card is in the air here, and which place stays open; "" for none."""
        had, has = (self.lifted, self.hole), (lifted, hole)
        self.lifted, self.hole = has
        for identity in {*had, *has} - {""} if had != has else ():
            if identity in self.ids:
                self.marked.emit(self.ids.index(identity))

    def changed(self) -> None:
        """Cards came, or newer ones."""
        if self.ids:
            self.dataChanged.emit(self.index(0), self.index(len(self.ids) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.ids)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return _FLAGS if index.isValid() else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.ids):
            return None
        identity = self.ids[index.row()]
        if role == HOLE:
            return identity == self.hole
        if role == LIFTED:
            return identity == self.lifted
        if role not in (CARD, _ROLE.DisplayRole, _ROLE.AccessibleTextRole):
            return None
        card = self.cards.get(identity)
        if card is None:
            self.missed.emit(identity)
            return "" if role == _ROLE.DisplayRole else None
        if role == CARD:
            return card
        return card.title if role == _ROLE.DisplayRole else spoken(card, self.today)

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        made = QMimeData()
        if indexes:
            made.setData(MIME, self.ids[indexes[0].row()].encode())
        return made


@lru_cache(maxsize=5000)
def _two_lines(words: str, width: int, _zoom: int) -> tuple[str, ...]:
    """The words on at most two lines of that width; the second ends in an ellipsis where it has to."""
    metrics = theme.metrics(theme.BODY, theme.MEDIUM)
    line, rest = "", words.split()
    while rest and metrics.horizontalAdvance(f"{line} {rest[0]}".strip()) <= width:
        line = f"{line} {rest.pop(0)}".strip()
    if not line:  # one word that is wider than the card
        return (metrics.elidedText(words, Qt.TextElideMode.ElideRight, width),)
    second = metrics.elidedText(" ".join(rest), Qt.TextElideMode.ElideRight, width)
    return (line, second) if second else (line,)


class CardCell(QStyledItemDelegate):
    """Paints one card; reads memory only."""

    def __init__(self, today: date, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._today = today

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(theme.px(120), theme.px(HEIGHT + _GAP))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        area = option.rect.adjusted(theme.px(9), 0, -theme.px(9), -theme.px(_GAP))
        if index.data(HOLE):
            self._hole(painter, area)
            return
        card, lifted = index.data(CARD), bool(index.data(LIFTED))
        if lifted:
            paint.shadow(painter, area)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        edge = "accent" if lifted or focused else "border"
        selected = bool(option.state & QStyle.StateFlag.State_Selected) and not lifted
        ground = theme.color("selected" if selected and focused else "surface")
        paint.kept_box(painter, area, theme.px(10), ground, theme.color(edge), 2 if edge == "accent" else 1)
        if isinstance(card, BoardCard):
            self._card(painter, area.adjusted(theme.px(13), theme.px(10), -theme.px(13), -theme.px(8)), card)

    def _hole(self, painter: QPainter, area: QRect) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("border_strong"), 1, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), theme.px(10), theme.px(10))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _card(self, painter: QPainter, area: QRect, card: BoardCard) -> None:
        top = area.top()

        def row(height: int) -> QRect:
            nonlocal top
            found = QRect(area.left(), top, area.width(), theme.px(height))
            top += theme.px(height)
            return found

        head = row(18)
        until, soon = validity(card, self._today)
        lines = _two_lines(card.title, area.width(), theme.zoom())
        amount = formats.amount(card.value, card.currency)
        pill = paint.pill_width(card.margin) if card.margin else 0
        beside = theme.metrics(theme.BODY, theme.BOLD).horizontalAdvance(amount) + pill + theme.px(8) <= area.width()
        if until and card.since is not None:  # where it is valid until has the row of the days
            head.setRight(self._at_right(painter, head, _days(card.since, self._today)))
        paint.text(painter, head, card.account, "text2", theme.CAPTION)
        for line in lines:
            paint.text(painter, row(20), line, "text", weight=theme.MEDIUM)
        air = 2 if len(lines) > 1 else 8
        row(air)
        money = row(24)
        paint.text(painter, money, amount, "text", weight=theme.BOLD)
        if pill and beside:
            paint.pill(painter, money.right() + 1 - pill, money.center().y(), card.margin, "private", radius=4)
        row(air)
        time = row(22)
        if pill and not beside:  # an amount is never cut: the margin gives way to a row with room
            paint.pill(painter, time.right() + 1 - pill, time.center().y(), card.margin, "private", radius=4)
            time.setRight(time.right() - pill - theme.px(8))
        words = until or days_here(card, self._today)
        icon = "triangle-alert" if soon else "calendar" if until else "clock"
        self._said(painter, time, icon, words, "warning" if soon else "text2")
        step = next_step(card)
        tone = "text2" if step else "warning"
        last = row(22)
        if step and card.next_step_on:  # its words give way, never its day
            day = formats.short_day(card.next_step_on)
            room = last.width() - theme.px(22) - theme.width(f" {day}", theme.CAPTION)
            words = theme.metrics(theme.CAPTION).elidedText(card.next_step, Qt.TextElideMode.ElideRight, room)
            step = f"{words} {day}".strip()
        self._said(painter, last, "arrow-right" if step else "triangle-alert", step or tr("No next step"), tone)

    def _at_right(self, painter: QPainter, area: QRect, words: str) -> int:
        """Words at the right end; returns where the room before them ends."""
        paint.text(painter, area, words, "muted", theme.CAPTION, align=paint.RIGHT)
        return area.right() - theme.width(words, theme.CAPTION) - theme.px(8)

    def _said(self, painter: QPainter, area: QRect, icon: str, words: str, tone: str) -> None:
        if words:
            icons.paint(painter, area.left(), area.center().y() - theme.px(6), icon,
                        tone if tone == "warning" else "muted", 14)  # fmt: skip
            paint.text(painter, area.adjusted(theme.px(22), 0, 0, 0), words, tone, theme.CAPTION)
