"""The list of Today: numbered rows of two lines under heads, with the action in the chosen row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from kam_desktop.language import tr
from kam_desktop.ui import icons, paint, theme

Index = QModelIndex | QPersistentModelIndex
_ROW = Qt.ItemDataRole.UserRole + 1
_NUMBER = Qt.ItemDataRole.UserRole + 2
_NARROW = 620  # px of the list, below which amount and label stand over each other


@dataclass(frozen=True)
class Item:
    """One line: what, why, and the one thing to do.

    Attributes:
        key: opaque; comes back when the line is opened.
        group: the head under which it stands, translated.
        tone: colours tile and label: "" or a tone of the theme.
        title: whom it concerns; `what` in few words; `reason` in a sentence.
        amount: finished text, "" for none.
        label: when, e.g. "hôm nay" or a date.
        action: what Enter does, e.g. "Ghi thu tiền".
    """

    key: str
    group: str
    icon: str
    tone: str
    title: str
    what: str
    reason: str
    amount: str = ""
    label: str = ""
    action: str = ""
    action_icon: str = ""


@dataclass(frozen=True)
class _Head:
    text: str


class _Rows(QAbstractListModel):
    """Heads and lines in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Item | _Head] = []
        self.numbers: list[int] = []

    def show(self, items: Sequence[Item]) -> None:
        """Shows other lines."""
        self.beginResetModel()
        self.rows, self.numbers, group = [], [], ""
        for number, item in enumerate(items, 1):
            if item.group != group:
                group = item.group
                self.rows.append(_Head(group))
                self.numbers.append(0)
            self.rows.append(item)
            self.numbers.append(number)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == _ROW:
            return row
        if role == _NUMBER:
            return self.numbers[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text if isinstance(row, _Head) else row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.text if isinstance(row, _Head) else self._said(index.row(), row)
        return None

    def _said(self, place: int, item: Item) -> str:
        action = tr("Enter: {action}", action=item.action) if item.action else ""
        parts = (f"{self.numbers[place]}", item.title, item.what, item.reason, item.amount, item.label, action)
        return "; ".join(part for part in parts if part)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or isinstance(self.rows[index.row()], _Head):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def row_of(self, key: str) -> int:
        """The row of a line, -1 if it is not there."""
        return next((at for at, row in enumerate(self.rows) if isinstance(row, Item) and row.key == key), -1)


class _Painter(QStyledItemDelegate):
    """Paints heads and lines; the chosen line shows its action in place of its label."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme.px(200), theme.px(36 if isinstance(index.data(_ROW), _Head) else 56))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, area = index.data(_ROW), option.rect
        if isinstance(row, _Head):
            line = area.adjusted(theme.px(24), theme.px(8), -theme.px(24), 0)
            paint.text(painter, line, row.text, "muted", theme.CAPTION)
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(area, theme.color("selected"))
            if isinstance(option.widget, Worklist) and option.widget.hasFocus():
                painter.fillRect(area.left(), area.top(), theme.px(2), area.height(), theme.color("accent"))
        else:
            if option.state & QStyle.StateFlag.State_MouseOver:
                painter.fillRect(area, theme.color("subtle"))
            painter.fillRect(area.left(), area.bottom(), area.width(), 1, theme.color("subtle"))
        self._draw(painter, area, row, index.data(_NUMBER), chosen)

    def _draw(self, painter: QPainter, area: QRect, item: Item, number: int, chosen: bool) -> None:
        quiet, middle = ("text2" if chosen else "muted"), area.center().y() + 1
        left = area.left() + theme.px(24)
        paint.text(painter, QRect(left, area.top(), theme.px(20), area.height()), str(number), quiet, align=paint.RIGHT)
        left += theme.px(32)
        tile = QRectF(left, middle - theme.px(14), theme.px(28), theme.px(28))
        ground = "surface" if chosen and not item.tone else theme.ground_of(item.tone)
        paint.box(painter, tile, theme.px(6), theme.color(ground))
        icons.paint(painter, left + theme.px(6), middle - theme.px(8), item.icon, theme.text_of(item.tone))
        left += theme.px(40)
        edge, reason = self._draw_right(painter, area, item, chosen)
        line = theme.px(20)
        top = QRect(left, middle - line, edge - left, line)
        used = paint.text(painter, top, item.title, weight=theme.MEDIUM)
        if item.what and used < top.width() - theme.px(24):
            paint.text(painter, top.adjusted(used + theme.px(4), 0, 0, 0), f"· {item.what}", "text2")
        paint.text(painter, QRect(left, middle - 1, edge - left, line), reason, quiet, theme.CAPTION)

    def _draw_right(self, painter: QPainter, area: QRect, item: Item, chosen: bool) -> tuple[int, str]:
        """The amount, and the label or the action of the chosen line; returns where they begin, and the reason.

        In a narrow list (large text) the amount stands over the label, or before the reason of the chosen line.
        """
        right = area.right() - theme.px(23)
        narrow = area.width() < theme.px(_NARROW)
        tone = theme.text_of(item.tone)
        weight = theme.MEDIUM if item.tone else theme.REGULAR
        acts = chosen and bool(item.action)
        if acts:
            slot = button_area(area, item)
            self._draw_button(painter, slot, item)
        elif not narrow:
            slot = QRect(right - theme.px(128), area.top(), theme.px(128), area.height())
            paint.text(painter, slot, item.label, tone, weight=weight, align=paint.RIGHT)
        if not narrow:
            return self._draw_amount(painter, area, item, min(slot.left(), right - theme.px(128)), chosen), item.reason
        if acts:
            said = " · ".join(part for part in (item.amount, item.reason) if part)
            return slot.left() - theme.px(12), said
        middle, line = area.center().y() + 1, theme.px(20)
        shown = [(item.amount, "text", theme.MEDIUM, middle - line), (item.label, tone, weight, middle - 1)]
        if not (item.amount and item.label):
            shown = [(text, token, heavy, area.center().y() - line // 2) for text, token, heavy, _ in shown]
        width = 0
        for text, token, heavy, y in shown:
            needed = theme.metrics(theme.BODY, heavy).horizontalAdvance(text) + 2
            width = max(width, needed)
            paint.text(painter, QRect(right - needed, y, needed, line), text, token, weight=heavy, align=paint.RIGHT)
        return right - width - theme.px(12), item.reason

    def _draw_amount(self, painter: QPainter, area: QRect, item: Item, slot: int, chosen: bool) -> int:
        edge = slot - theme.px(24)
        if not item.amount:
            return edge
        weight = theme.BOLD if chosen else theme.MEDIUM
        width = theme.metrics(theme.BODY, weight).horizontalAdvance(item.amount) + 2
        slot_of = QRect(edge - width, area.top(), width, area.height())
        paint.text(painter, slot_of, item.amount, weight=weight, align=paint.RIGHT)
        return edge - width - theme.px(16)

    def _draw_button(self, painter: QPainter, slot: QRect, item: Item) -> None:
        paint.box(painter, QRectF(slot), theme.px(6), theme.color("accent"))
        left = slot.left() + theme.px(10)
        if item.action_icon:
            icons.paint(painter, left, slot.center().y() - theme.px(6), item.action_icon, "on_accent", 14)
            left += theme.px(22)
        paint.text(painter, QRect(left, slot.top(), slot.right() - left, slot.height()), item.action, "on_accent",
                   weight=theme.MEDIUM)  # fmt: skip


def button_area(row: QRect, item: Item) -> QRect:
    """Where the action of the chosen line is painted and pressed."""
    width = theme.metrics(theme.BODY, theme.MEDIUM).horizontalAdvance(item.action) + theme.px(22)
    width += theme.px(22) if item.action_icon else 0
    right = row.right() - theme.px(23)
    return QRect(right - width, row.center().y() + 1 - theme.px(14), width, theme.px(28))


class Worklist(QListView):
    """The list. Up and down choose, Enter (or the button in the row, or a double click) opens.

    Signals:
        opened(key): do what the line says.
    """

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._rows = _Rows()
        self._painter = _Painter(self)
        self._wished = ""
        self.setModel(self._rows)
        self.setItemDelegate(self._painter)
        self.setAccessibleName(tr("What to do"))
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.doubleClicked.connect(lambda _index: self._open())

    def show_items(self, items: Sequence[Item]) -> None:
        """Shows other lines and keeps the chosen one, else its place, chosen."""
        before, place = self.current_key() or self._wished, self.currentIndex().row()
        self._rows.show(items)
        row = self._rows.row_of(before)
        if row < 0 and items:
            row = min(max(place, 0), self._rows.rowCount() - 1)
            while row < self._rows.rowCount() - 1 and isinstance(self._rows.rows[row], _Head):
                row += 1
        if row >= 0:
            self._wished = ""
            self.setCurrentIndex(self._rows.index(row))
            self.scrollTo(self._rows.index(max(0, row - 1)))

    def current_key(self) -> str:
        """The key of the chosen line, "" for none."""
        row = self.currentIndex().data(_ROW) if self.currentIndex().isValid() else None
        return row.key if isinstance(row, Item) else ""

    def choose(self, key: str) -> None:
        """Chooses a line, now or as soon as it is shown."""
        row = self._rows.row_of(key)
        if row >= 0:
            self.setCurrentIndex(self._rows.index(row))
        else:
            self._wished = key

    def _open(self) -> None:
        key = self.current_key()
        if key:
            self.opened.emit(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not (
            event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        ):
            self._open()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: letters belong to the input method."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        pressed = self._on_button(event, index)
        super().mousePressEvent(event)
        self._pressed = pressed

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if getattr(self, "_pressed", False) and self._on_button(event, index):
            self._open()
        self._pressed = False

    def _on_button(self, event: QMouseEvent, index: QModelIndex) -> bool:
        """Whether the pointer is on the action of the chosen line."""
        row = index.data(_ROW) if index.isValid() else None
        if not isinstance(row, Item) or not row.action or index != self.currentIndex():
            return False
        return button_area(self.visualRect(index), row).contains(event.position().toPoint())

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.viewport().update()
        return super().viewportEvent(event)

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
