"""Delegates that paint table cells: text, amount, date, pill, share, ageing."""

from dataclasses import dataclass

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.kit.labels import show_tip

LOOK = Qt.ItemDataRole.UserRole + 1  # a Look, or None for the plain look of the column's cell
GROUP = Qt.ItemDataRole.UserRole + 2  # (title, note) in column 0 makes the row a group's head
PRIVATE = Qt.ItemDataRole.UserRole + 3  # True from headerData: the client must never see this column
NOTHING = "–"

Index = QModelIndex | QPersistentModelIndex
_SELECTED = QStyle.StateFlag.State_Selected
_DISPLAY = Qt.ItemDataRole.DisplayRole


@dataclass(frozen=True, slots=True)
class Look:
    """How one cell differs from its column.

    Attributes:
        tone: for text a colour token ("danger", "muted", "private"), for a pill its tone ("warning", "" is grey).
        strong: middle weight.
        icon: a pill's icon, or the small mark after a text.
        part: 0 to 1, the length of a bar.
        part_tone: colour token of the bar, e.g. "age3".
        note: second text, muted beside the first (TextCell).
    """

    tone: str | None = None
    strong: bool = False
    icon: str = ""
    part: float | None = None
    part_tone: str = "accent"
    note: str = ""


_PLAIN = Look()


class Cell(QStyledItemDelegate):
    """One line of text. `tone` is the column's colour token; `name` marks the column that names the row,
    heavier when selected."""

    align = paint.LEFT
    pad = 6

    def __init__(self, tone: str = "text", *, strong: bool = False, name: bool = False) -> None:
        super().__init__()
        self.tone, self.strong, self.name = tone, strong, name

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        words = index.data(_DISPLAY)
        look = index.data(LOOK) or _PLAIN
        selected = bool(option.state & _SELECTED)
        area = self._area(option, index)
        self.draw(painter, area, "" if words is None else str(words), look, selected)

    def _area(self, option: QStyleOptionViewItem, index: Index) -> QRect:
        view = option.widget
        pads = getattr(view, "pads", None)
        left, right = pads(index.column()) if pads else (theme.px(self.pad), theme.px(self.pad))
        return option.rect.adjusted(max(left, theme.px(self.pad)), 0, -max(right, theme.px(self.pad)), 0)

    def draw(self, painter: QPainter, area: QRect, words: str, look: Look, selected: bool) -> None:
        """Paint the content; the row's ground is there already."""
        token = self._token(look.tone or self.tone, words, selected)
        strong = self.strong or look.strong or (self.name and selected)
        weight = theme.MEDIUM if strong and words != NOTHING else theme.REGULAR
        mark = theme.px(22) if look.icon else 0
        width = paint.text(painter, area.adjusted(0, 0, -mark, 0), words, token, weight=weight, align=self.align)
        x = area.left() + width + theme.px(8)
        if look.icon:
            icons.paint(painter, x, area.center().y() - theme.px(6), look.icon, "warning" if look.tone == "warning" else
                        ("text2" if selected else "muted"), 12)  # fmt: skip
        elif look.note and x < area.right():
            note = QRect(x, area.top(), area.right() - x, area.height())
            paint.text(painter, note, look.note, "text2" if selected else "muted", theme.CAPTION)

    def _token(self, token: str, words: str, selected: bool) -> str:
        if words == NOTHING:
            token = "muted"
        return "text2" if selected and token == "muted" else token

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        words = index.data(_DISPLAY)
        width = theme.metrics(theme.BODY, theme.MEDIUM).horizontalAdvance("" if words is None else str(words))
        return QSize(width + theme.px(2 * self.pad) + 2, theme.px(36))

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        inset = max(0, (option.rect.height() - theme.px(28)) // 2)
        editor.setGeometry(option.rect.adjusted(0, inset, 0, -inset))

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        if event.type() != QEvent.Type.ToolTip:
            return super().helpEvent(event, view, option, index)
        words = index.data(Qt.ItemDataRole.ToolTipRole) if index.isValid() else None
        if not words and index.isValid() and self.sizeHint(option, index).width() > option.rect.width():
            words = index.data(_DISPLAY)
        return show_tip(event, view, str(words or ""))


TextCell = Cell  # text at the left


class AmountCell(Cell):
    """An amount as text, at the right and never shortened: minus is red, nothing is a muted dash."""

    align = paint.RIGHT

    def draw(self, painter: QPainter, area: QRect, words: str, look: Look, selected: bool) -> None:
        token = look.tone or ("danger" if words.startswith("\N{MINUS SIGN}") else self.tone)
        strong = (self.strong or look.strong) and words != NOTHING
        needed = theme.width(words, theme.BODY, theme.MEDIUM if strong else theme.REGULAR)
        area.setLeft(min(area.left(), area.right() - needed - 1))  # grow to the left rather than hide a digit
        paint.text(painter, area, words, self._token(token, words, selected),
                   weight=theme.MEDIUM if strong else theme.REGULAR, align=paint.RIGHT)  # fmt: skip


class DateCell(AmountCell):
    """A date or a count as text, at the right, quieter than an amount."""

    def __init__(self, tone: str = "text2") -> None:
        super().__init__(tone)


class PillCell(Cell):
    """A word on its tone's ground; without a Look, or with tone None, quiet text."""

    def draw(self, painter: QPainter, area: QRect, words: str, look: Look, selected: bool) -> None:
        if look.tone is None or not words:
            paint.text(painter, area, words, "text2")
        else:
            paint.pill(painter, area.left(), area.center().y() + 1, words, look.tone, look.icon, room=area.width())

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return super().sizeHint(option, index) + QSize(theme.px(30), 0)


class ShareCell(AmountCell):
    """A short bar and a number: the part of the whole."""

    def draw(self, painter: QPainter, area: QRect, words: str, look: Look, selected: bool) -> None:
        if look.part is not None:
            width = theme.px(32)
            number = max(theme.px(34), theme.metrics().horizontalAdvance(words) + theme.px(6))
            track = QRectF(area.right() - number - width, area.center().y() - 1, width, theme.px(4))
            paint.bar(painter, track, [(look.part, look.part_tone)], track="surface" if selected else "subtle")
        super().draw(painter, area, words, look, selected)


class AgeingCell(AmountCell):
    """An amount over a thin bar in the colour of its age; empty bars are not drawn."""

    def draw(self, painter: QPainter, area: QRect, words: str, look: Look, selected: bool) -> None:
        right = area.right()
        width = area.width()
        super().draw(painter, area, words, look, selected)
        if look.part:
            length = max(theme.px(3), round(width * min(1.0, look.part)))
            line = QRectF(right + 1 - length, area.bottom() - theme.px(4), length, theme.px(3))
            paint.box(painter, line, 1, theme.color(look.part_tone))


def row_summary(model: QAbstractItemModel, row: int) -> str:
    """A row said in one sentence for screen readers: head and value of every column, empty ones left out."""
    said = []
    for column in range(model.columnCount()):
        words = model.index(row, column).data(_DISPLAY)
        if words not in (None, "", NOTHING):
            head = str(model.headerData(column, Qt.Orientation.Horizontal) or "").replace("\n", " ")
            said.append(f"{head}: {words}" if head else str(words))
    return "; ".join(said)
