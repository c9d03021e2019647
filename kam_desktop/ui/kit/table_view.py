"""The table: grounds, head, totals, hover, selection edge and keys of every list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.kit.cells import GROUP, PRIVATE, Cell, Index, TextCell, row_summary
from kam_desktop.ui.overlay_bar import OverlayBar

HORIZONTAL = Qt.Orientation.Horizontal


@dataclass(frozen=True)
class Column:
    """A column's place: `width` in px at 100 % (0 takes the room that is left), its cell, and its rank.

    Where the table is too narrow, columns of the highest rank are hidden first; rank 0 always stays.
    """

    width: int
    cell: Cell = field(default_factory=TextCell)
    rank: int = 0


class TableHeader(QHeaderView):
    """Column names: quiet, aligned as their column, second line and lock where the model says so."""

    def __init__(self, parent: QTableView) -> None:
        super().__init__(HORIZONTAL, parent)
        self.setHighlightSections(False)
        self.setSectionsClickable(True)
        self.setMinimumSectionSize(theme.px(24))
        self.setFixedHeight(theme.px(32))
        self.setFont(theme.font(theme.CAPTION, theme.MEDIUM))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.color("surface"))
        painter.fillRect(0, self.height() - 1, self.viewport().width(), 1, theme.color("border"))
        painter.end()
        super().paintEvent(event)

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        model = self.model()
        words = str(model.headerData(column, HORIZONTAL) or "")
        private = bool(model.headerData(column, HORIZONTAL, PRIVATE))
        if private:
            painter.fillRect(rect, theme.color("private_bg"))
        table = self.parent()
        left, end = table.pads(column) if isinstance(table, TableView) else (6, 6)
        area = rect.adjusted(left, 0, -end, -1)
        side = model.headerData(column, HORIZONTAL, Qt.ItemDataRole.TextAlignmentRole)
        cell = table.itemDelegateForColumn(column) if isinstance(table, QTableView) else None
        right = bool(int(side) & 2) if side is not None else isinstance(cell, Cell) and cell.align == paint.RIGHT
        head, _, sub = words.partition("\n")
        token = "private" if private else "text" if sub else "muted"
        mark = "lock" if private else ""
        if self.isSortIndicatorShown() and self.sortIndicatorSection() == column:
            mark = "arrow-up" if self.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder else "arrow-down"
        room = theme.px(16) if private else 0  # a sort arrow may stand in the gap between columns
        line = area if not sub else QRect(area.x(), area.y(), area.width(), area.height() // 2 + theme.px(3))
        width = min(theme.metrics(theme.CAPTION, theme.MEDIUM).horizontalAdvance(head), line.width() - room)
        if right:
            at = line.right() - width - theme.px(14)
            slot = QRect(max(line.left(), line.right() - width), line.top(), width + 1, line.height())
        else:
            slot, at = QRect(line.left(), line.top(), width + 1, line.height()), line.left() + width + theme.px(4)
        paint.text(painter, slot, head, token, theme.CAPTION, theme.MEDIUM, paint.RIGHT if right else paint.LEFT)
        if mark:
            icons.paint(painter, at, line.center().y() - theme.px(5), mark, token, 12)
        if sub:
            below = area.adjusted(0, area.height() // 2 - theme.px(3), 0, 0)
            paint.text(painter, below, sub, "muted", theme.CAPTION, align=paint.RIGHT if right else paint.LEFT)


class TableView(QTableView):
    """A list of rows. Selection is by rows; `cell_focus` frames the current cell too (matrix, price table).

    Signals:
        opened: Enter or double click on a row.
        peeked: Space on a row.

    Attributes:
        edges: first and last visible column, which stand 24 px off the page's edges.
        off: columns that the user took away.
    """

    opened = Signal(QModelIndex)
    peeked = Signal(QModelIndex)

    def __init__(self, name: str, *, row_height: int = 36, cell_focus: bool = False,
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self.edges, self.off = (0, -1), frozenset[int]()
        self._after_numbers, self._padded = set[int](), dict[int, int]()
        self._hovered, self._cell_focus, self._columns = -1, cell_focus, list[Column]()
        self.setAccessibleName(name)
        self.setHorizontalHeader(TableHeader(self))
        self.horizontalHeader().sectionClicked.connect(lambda _column: self.setFocus())
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.px(row_height))
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setItemDelegate(TextCell())
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self._bar = OverlayBar(self)
        self.doubleClicked.connect(self.opened)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Give every column of the model its width, cell and rank; call after setModel."""
        self._columns = list(columns)
        head = self.horizontalHeader()
        for number, column in enumerate(columns):
            column.cell.setParent(self)
            self.setItemDelegateForColumn(number, column.cell)
            stretch = QHeaderView.ResizeMode.Stretch if not column.width else QHeaderView.ResizeMode.Interactive
            head.setSectionResizeMode(number, stretch)
            if column.width:
                head.resizeSection(number, self._width(number))
            self._padded[number] = sum(self.pads(number))
        self._fit()

    def _width(self, number: int) -> int:
        """The wished width with its gaps, or what the column's name needs if that is more."""
        measures = theme.metrics(theme.CAPTION, theme.MEDIUM)
        lines = str(self.model().headerData(number, HORIZONTAL) or "").split("\n") if self.model() else [""]
        named = max(measures.horizontalAdvance(line) for line in lines) + theme.px(2)
        if self.model() and self.model().headerData(number, HORIZONTAL, PRIVATE):
            named += theme.px(16)
        return max(theme.px(self._columns[number].width), named) + sum(self.pads(number))

    def pads(self, number: int) -> tuple[int, int]:
        """The empty pixels left and right in a column: the page's padding, half a gap, or more after a number."""
        left = 24 if number == self.edges[0] else 14 if number in self._after_numbers else 6
        return theme.px(left), theme.px(24 if number == self.edges[1] else 6)

    def set_off(self, off: frozenset[int]) -> None:
        """Takes these columns away and brings all others back."""
        self.off = off
        self._fit()

    def _fit(self) -> None:
        """Hide columns by rank until the one that stretches has at least 176 px."""
        last = len(self._columns) - 1
        room = self.viewport().width() - theme.px(36)
        shown = [number for number in range(last + 1) if number not in self.off]
        for number in sorted(shown, key=lambda at: (-self._columns[at].rank, -at)):
            need = sum(self._width(at) if self._columns[at].width else theme.px(188) for at in shown)
            if need <= room or not self._columns[number].rank:
                break
            shown.remove(number)
        for number in range(last + 1):
            if self.isColumnHidden(number) == (number in shown):
                self.setColumnHidden(number, number not in shown)
        if shown:
            self._pad(shown)

    def _pad(self, shown: list[int]) -> None:
        right = {number for number in shown if self._columns[number].cell.align == paint.RIGHT}
        self.edges = (shown[0], shown[-1])
        self._after_numbers = {after for number, after in pairwise(shown) if number in right and after not in right}
        head = self.horizontalHeader()
        for number in shown:
            empty = sum(self.pads(number))
            if self._columns[number].width:  # a width that the user gave stays
                head.resizeSection(number, head.sectionSize(number) + empty - self._padded.get(number, empty))
            self._padded[number] = empty

    def layout_state(self) -> bytes:
        """Widths, order and sorting, to be kept with the profile."""
        return bytes(self.horizontalHeader().saveState().data())

    def restore_layout(self, state: bytes) -> None:
        """Take back what `layout_state` gave; anything else changes nothing."""
        self.horizontalHeader().restoreState(state)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._columns:
            self._fit()
        self._bar.follow()

    def paintEvent(self, event: QPaintEvent) -> None:
        model = self.model()
        if model is None or not model.columnCount():
            return
        area, rows = event.rect(), self._rows_in(event.rect())
        painter = QPainter(self.viewport())
        self._paint_private(painter, area.top(), area.height())
        width = self.viewport().width()
        for row in rows:
            top, height = self.rowViewportPosition(row), self.rowHeight(row)
            if row == self._hovered:
                painter.fillRect(0, top, width, height, theme.color("subtle"))
            painter.fillRect(0, top + height - 1, width, 1, theme.color("subtle"))
        painter.end()
        super().paintEvent(event)
        painter.begin(self.viewport())
        self._paint_over(painter, rows, width)
        painter.end()

    def _paint_private(self, painter: QPainter, top: int, height: int) -> None:
        for at in range(self.model().columnCount()):
            if self.model().headerData(at, HORIZONTAL, PRIVATE) and not self.isColumnHidden(at):
                left = self.columnViewportPosition(at)
                painter.fillRect(left, top, self.columnWidth(at), height, theme.color("private_bg"))

    def _rows_in(self, area: QRect) -> range:
        first, last = self.rowAt(area.top()), self.rowAt(area.bottom())
        if first < 0:
            return range(0)
        return range(first, (last if last >= 0 else self.model().rowCount() - 1) + 1)

    def _paint_over(self, painter: QPainter, rows: range, width: int) -> None:
        model, chosen, focused = self.model(), self.selectionModel(), self.hasFocus()
        for row in rows:
            group = model.data(model.index(row, 0), GROUP)
            top, height = self.rowViewportPosition(row), self.rowHeight(row)
            if group:
                self._paint_group(painter, QRect(0, top, width, height), *group)
            if focused and chosen.isRowSelected(row, QModelIndex()):
                painter.fillRect(0, top, theme.px(2), height, theme.color("accent"))
        if focused and self._cell_focus and self.currentIndex().isValid():
            area = self.visualRect(self.currentIndex())
            if model.data(model.index(self.currentIndex().row(), 0), GROUP):
                area = QRect(0, area.top(), width, area.height())
            paint.box(painter, QRectF(area).adjusted(0, 2, 0, -2), theme.px(4), None, theme.color("accent"), 2)

    def _paint_group(self, painter: QPainter, area: QRect, title: str, note: str, mark: str = "chevron-down") -> None:
        painter.fillRect(area, theme.color("window"))
        self._paint_private(painter, area.top(), area.height())
        painter.setPen(QPen(theme.color("border")))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        icons.paint(painter, theme.px(24), area.center().y() - theme.px(6), mark, "muted", 14)
        used = paint.text(painter, area.adjusted(theme.px(46), 0, 0, 0), title, weight=theme.BOLD)
        paint.text(painter, area.adjusted(theme.px(54) + used, 0, 0, 0), note, "muted", theme.CAPTION)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(event.position().toPoint().y()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            for changed in (self._hovered, row):
                if changed >= 0:
                    band = QRect(0, self.rowViewportPosition(changed), self.viewport().width(), self.rowHeight(changed))
                    self.viewport().update(band)
            self._hovered = row

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        index = self.currentIndex()
        if plain and index.isValid() and self.state() != QAbstractItemView.State.EditingState:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.opened.emit(index)
                return
            if event.key() == Qt.Key.Key_Space:
                self.peeked.emit(index)
                return
        super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        ends = {QAbstractItemView.CursorAction.MoveHome: 0, QAbstractItemView.CursorAction.MoveEnd: -1}
        if action in ends and not self._cell_focus and self.model() and self.model().rowCount():
            row = 0 if ends[action] == 0 else self.model().rowCount() - 1
            return self.model().index(row, max(0, self.currentIndex().column()))
        return super().moveCursor(action, modifiers)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: Qt would ask every row of the model, and letters belong to the input method."""

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid():
            self.setAccessibleDescription(row_summary(self.model(), current.row()))
        if self._cell_focus:
            self.viewport().update()

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        if self.model() and self.model().rowCount() and not self.currentIndex().isValid():
            self.setCurrentIndex(self.model().index(0, self.edges[0]))
        self.viewport().update()

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        self.viewport().update()


class TotalsRow(QWidget):
    """The row of totals under a table, in its columns and scrolled with it."""

    def __init__(self, table: TableView) -> None:
        super().__init__(table.parentWidget())
        self._table, self._texts = table, dict[int, str]()
        self.setFixedHeight(theme.px(36))
        head = table.horizontalHeader()
        head.sectionResized.connect(lambda *_sizes: self.update())
        head.geometriesChanged.connect(self.update)
        table.horizontalScrollBar().valueChanged.connect(lambda _value: self.update())

    def set_texts(self, texts: Mapping[int, str]) -> None:
        """Show these texts, by column."""
        self._texts = dict(texts)
        self.setAccessibleName("; ".join(self._texts.values()))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.px(200), theme.px(36))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, table = QPainter(self), self._table
        painter.fillRect(self.rect(), theme.color("window"))
        painter.fillRect(0, 0, self.width(), 1, theme.color("border"))
        offset = table.viewport().mapTo(table, QPoint(0, 0)).x()
        for column, words in self._texts.items():
            if table.isColumnHidden(column):
                continue
            area = QRect(offset + table.columnViewportPosition(column), 0, table.columnWidth(column), self.height())
            private = bool(table.model().headerData(column, HORIZONTAL, PRIVATE))
            if private:
                painter.fillRect(area, theme.color("private_bg"))
            left, end = table.pads(column)
            area.adjust(left, 0, -end, 0)
            cell = table.itemDelegateForColumn(column)
            right = isinstance(cell, Cell) and cell.align == paint.RIGHT
            room = area.adjusted(-theme.px(400), 0, 0, 0) if right else area.adjusted(0, 0, theme.px(400), 0)
            paint.text(painter, room, words, "private" if private else "text", weight=theme.BOLD,
                       align=paint.RIGHT if right else paint.LEFT)  # fmt: skip
