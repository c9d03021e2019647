"""One column of the board: its head, its list of cards, and the strip it becomes when folded."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from kam_desktop.language import tr
from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.kit.buttons import Button, IconButton
from kam_desktop.ui.kit.labels import ElidedLabel, PlainLabel
from kam_desktop.ui.overlay_bar import OverlayBar
from kam_desktop.ui.pages.proposal.cards import MIME, CardCell, CardColumn

_ICONS = {"won": ("circle-check", "success"), "lost": ("x", "muted"), "on_hold": ("hourglass", "muted")}


def _carried(event: QDropEvent) -> str:
    return bytes(event.mimeData().data(MIME).data()).decode() if event.mimeData().hasFormat(MIME) else ""


class StageView(QListView):
    """The cards of one stage. Arrows go from card to card and column to column, Enter opens, Escape takes back.

    Signals:
        aside(int): the keyboard goes to the column at the left (−1) or right (1).
        chosen: Enter or a double click. given_up: Escape. menu_wanted(QPoint): the context menu, at a place on screen.
        dropped(str): a card was dropped here. hovered(bool): one is held over it.
    """

    aside = Signal(int)
    chosen = Signal()
    given_up = Signal()
    menu_wanted = Signal(QPoint)
    dropped = Signal(str)
    hovered = Signal(bool)

    def __init__(self, model: CardColumn, today: date, name: str) -> None:
        super().__init__()
        self.cards = model
        self.setModel(model)
        self.setItemDelegate(CardCell(today, self))
        self.setUniformItemSizes(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("QListView { background: transparent; }")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setAccessibleName(name)
        self.setProperty("pane", True)
        self._bar = OverlayBar(self)
        model.marked.connect(lambda row: self.update(model.index(row)))
        self.doubleClicked.connect(lambda _index: self.chosen.emit())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bar.follow()

    def current(self) -> str:
        """The id of the current card, "" for none."""
        row = self.currentIndex().row()
        return self.cards.ids[row] if 0 <= row < len(self.cards.ids) else ""

    def go_to(self, row: int) -> None:
        """Makes a card current; the last one when there are fewer."""
        if self.cards.ids:
            index = self.cards.index(max(0, min(row, len(self.cards.ids) - 1)))
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def event(self, event: QEvent) -> bool:
        leaving = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if leaving and event.type() == QEvent.Type.ShortcutOverride and self.cards.lifted:
            event.accept()  # a lifted card comes before the page's own way out
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.aside.emit(-1 if key == Qt.Key.Key_Left else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit()
        elif key == Qt.Key.Key_Escape and self.cards.lifted:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos()) if event.reason() == QContextMenuEvent.Reason.Mouse else self.currentIndex()
        if index.isValid():
            self.setCurrentIndex(index)
            at = event.pos() if event.reason() == QContextMenuEvent.Reason.Mouse else self.visualRect(index).center()
            self.menu_wanted.emit(self.viewport().mapToGlobal(at))

    # A card that the mouse carries.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._held(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._held(event)

    def _held(self, event: QDropEvent) -> None:
        if _carried(event):
            event.acceptProposedAction()
            self.hovered.emit(True)
        else:
            event.ignore()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self.hovered.emit(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.hovered.emit(False)
        identity = _carried(event)
        if identity:
            # the board moves it; as a move Qt would take rows away by itself
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.dropped.emit(identity)


class _Strip(Button):
    """A folded column: its icon, count and name upright. A click unfolds it, a card can be dropped on it."""

    dropped = Signal(str)
    hovered = Signal(bool)

    def __init__(self, stage: str, name: str) -> None:
        super().__init__(name, kind="flat")
        self._stage, self._name, self._count, self.target = stage, name, "", False
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def set_count(self, count: str) -> None:
        """How many proposals hang there."""
        self._count = count
        self.setAccessibleName(f"{self._name} {count}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.px(40), theme.px(160))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(40), theme.px(100))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        edge = theme.color("accent" if self.target else "border")
        ground = theme.color("subtle" if self.underMouse() or self.target else "surface")
        paint.box(painter, QRectF(self.rect()), theme.px(10), ground, edge, 2 if self.target else 1)
        icon, tone = _ICONS.get(self._stage, ("circle", "muted"))
        icons.paint(painter, (self.width() - theme.px(16)) / 2, theme.px(11), icon, tone)
        area = QRect(0, theme.px(34), self.width(), theme.px(20))
        paint.text(painter, area, self._count, "text2", theme.CAPTION, theme.MEDIUM, paint.CENTER)
        painter.translate(self.width(), theme.px(64))
        painter.rotate(90)
        paint.text(painter, QRect(0, 0, self.height() - theme.px(70), self.width()), self._name, "text2",
                   weight=theme.MEDIUM)  # fmt: skip

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _carried(event):
            event.acceptProposedAction()
            self.hovered.emit(True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self.hovered.emit(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.hovered.emit(False)
        identity = _carried(event)
        if identity:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.dropped.emit(identity)


class StageColumn(QWidget):
    """Head and cards of one stage, or its strip.

    Signals:
        unfolded: the user wants to see what hangs in a folded column; folded again with its small button.

    Attributes:
        view: the cards; strip: what stands for them while folded.
    """

    unfolded = Signal()

    def __init__(self, stage: str, name: str, model: CardColumn, today: date, *, folds: bool) -> None:
        super().__init__()
        self.stage, self.name, self._folds, self._target = stage, name, folds, False
        self.view, self.strip = StageView(model, today, name), _Strip(stage, name)
        self._title = PlainLabel(name, weight=theme.MEDIUM)
        self._count = PlainLabel(tone="muted")
        self._sum = ElidedLabel(size=theme.CAPTION, tone="text2")
        self._weighted = ElidedLabel(size=theme.CAPTION, tone="text2")
        fold = IconButton("minus", tr("Fold {column}", column=name))
        fold.setVisible(folds)
        fold.clicked.connect(lambda: self.set_folded(True))
        self._body = QWidget()
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        row.addWidget(self._title)
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(fold)
        words = QVBoxLayout()
        words.setContentsMargins(theme.px(13), theme.px(9), theme.px(9), theme.px(8))
        words.setSpacing(0)
        for widget in (head, self._sum, self._weighted):
            words.addWidget(widget)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(1, 1, 1, theme.px(6))
        column.setSpacing(0)
        column.addLayout(words)
        column.addWidget(self.view, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._body)
        box.addWidget(self.strip)
        self.strip.clicked.connect(self._unfold)
        self.view.hovered.connect(self.set_target)
        self.strip.hovered.connect(self.set_target)
        self.set_folded(folds)

    def is_folded(self) -> bool:
        """Whether only the strip is shown."""
        return self._body.isHidden()

    def set_folded(self, folded: bool) -> None:
        """Shows the strip, or the cards."""
        self._body.setHidden(folded)
        self.strip.setHidden(not folded)
        wide = QSizePolicy.Policy.Fixed if folded else QSizePolicy.Policy.Expanding
        self.setSizePolicy(wide, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(0 if folded else theme.px(200))

    def _unfold(self) -> None:
        self.set_folded(False)
        self.view.setFocus()
        self.view.go_to(0)
        self.unfolded.emit()

    def set_target(self, target: bool) -> None:
        """A card is held over it."""
        if target == self._target:  # a held card says so with every step of the mouse
            return
        self._target = self.strip.target = target
        if self.is_folded():
            self.strip.update()
            return
        cards = QRect(self.view.mapTo(self, QPoint(0, 0)), self.view.size())
        self.update(QRegion(self.rect()) - QRegion(cards))  # the line goes around the cards, none of which changes

    def set_texts(self, count: str, total: str, weighted: str) -> None:
        """What stands in its head."""
        self._count.setText(count)
        self.strip.set_count(count)
        for label, text in ((self._sum, total), (self._weighted, weighted)):
            label.setText(text)
            label.setVisible(bool(text))

    def take_focus(self) -> None:
        """The keyboard comes here."""
        (self.strip if self.is_folded() else self.view).setFocus()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self.is_folded():
            line = theme.color("accent") if self._target else None
            paint.box(QPainter(self), QRectF(self.rect()), theme.px(10), theme.color("window"), line)


def side_scroll(columns: QWidget) -> QScrollArea:
    """The columns beside each other in an area that scrolls sideways: they want more than a small window has."""
    area = QScrollArea()
    area.setWidget(columns)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
