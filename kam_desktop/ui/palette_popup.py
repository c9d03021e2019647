"""The palette over the window: one box for commands and records, kept under the keyboard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from kam_desktop.language import tr
from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.badges import KeyCap, Tag
from kam_desktop.ui.kit.frames import Card, Line, Panel
from kam_desktop.ui.kit.labels import IconLabel, caption
from kam_desktop.ui.kit.search_box import BareEdit
from kam_desktop.ui.palette import Choice, Command, Hit, from_hits, rank

Index = QModelIndex | QPersistentModelIndex
Finder = Callable[[str, Callable[[Sequence[Hit]], None]], None]
_CHOICE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Context:
    """What the open record offers: its name, and commands that stand first."""

    name: str = ""
    commands: Sequence[Command] = ()


class _Lines(QAbstractListModel):
    """Heads (text) and choices, as they stand in the list."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.lines: list[str | Choice] = []

    def show(self, groups: Sequence[tuple[str, Sequence[Choice]]]) -> None:
        """Replace all lines by these groups; empty ones are left out."""
        self.beginResetModel()
        self.lines = []
        for head, choices in groups:
            if choices:
                self.lines += [head, *choices]
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line = self.lines[index.row()]
        if role == _CHOICE:
            return line
        if role == Qt.ItemDataRole.DisplayRole:
            return line if isinstance(line, str) else line.title
        if role == Qt.ItemDataRole.AccessibleTextRole and isinstance(line, Choice):
            return ", ".join(filter(None, (line.title, line.note, line.shortcut)))
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.NoItemFlags if isinstance(self.lines[index.row()], str) else super().flags(index)


class _Painter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme.px(200), theme.px(32 if isinstance(index.data(_CHOICE), str) else 40))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line = index.data(_CHOICE)
        area = option.rect.adjusted(theme.px(8), 0, -theme.px(8), 0)
        if isinstance(line, str):
            paint.text(painter, area.adjusted(theme.px(12), theme.px(2), 0, 0), line, "muted", theme.CAPTION)
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            paint.box(painter, QRectF(area), theme.px(6), theme.color("selected" if chosen else "subtle"))
        middle, right = area.center().y() + 1, area.right() - theme.px(12)
        drawing = "accent" if chosen else "muted"
        icons.paint(painter, area.left() + theme.px(12), middle - theme.px(8), line.icon, drawing)
        if line.shortcut:
            right -= paint.key(painter, right, middle, line.shortcut) + theme.px(12)
        x = area.left() + theme.px(40)
        for words, hit in _runs(line):
            room = QRect(x, area.top(), max(0, right - x), area.height())
            weight = theme.BOLD if hit else theme.REGULAR
            x += paint.text(painter, room, words, "accent" if hit else "text", weight=weight)
        if line.note and x + theme.px(12) < right:
            note = QRect(x + theme.px(12), area.top(), right - x - theme.px(12), area.height())
            paint.text(painter, note, line.note, "text2" if chosen else "muted", theme.CAPTION)


def _runs(choice: Choice) -> list[tuple[str, bool]]:
    runs, at = [], 0
    for start, end in choice.spans:
        runs += [(choice.title[at:start], False), (choice.title[start:end], True)]
        at = end
    return [run for run in [*runs, (choice.title[at:], False)] if run[0]]


class PalettePopup(QWidget):
    """Covers the window with a scrim while it is open; Esc or a click beside the box closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._frame = parent
        self._commands: Sequence[Command] = ()
        self._context = Context()
        self._finder: Finder | None = None
        self._hits: Sequence[Hit] = ()
        self._asked = 0
        self._before: QWidget | None = None
        self.hide()
        self._card = Card(margins=(1, 1, 1, 1), gap=0)
        self._card.setParent(self)
        self.edit = BareEdit(tr("Search or type a command"), theme.TITLE)
        self.edit.installEventFilter(self)
        self._tag = Tag("", "", "")
        top = QHBoxLayout()
        top.setContentsMargins(theme.px(20), 0, theme.px(20), 0)
        top.setSpacing(theme.px(12))
        top.addWidget(IconLabel("search", "muted", 20))
        top.addStrut(theme.px(56))
        top.addWidget(self.edit, 1)
        top.addWidget(self._tag)
        self._card.box.addLayout(top)
        self._lines = _Lines(self)
        self.list = QListView()
        self.list.setModel(self._lines)
        self.list.setItemDelegate(_Painter(self))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(tr("Results"))
        self.list.clicked.connect(self._run)
        self._card.add(Line(), self.list, self._foot())
        self._pause = QTimer(self, singleShot=True, interval=60)
        self._pause.timeout.connect(self._find)
        self.edit.textEdited.connect(self._on_edited)

    def _foot(self) -> Panel:
        foot = _Foot(row=True, margins=(20, 0, 20, 0), gap=6, height=40)
        foot.add(KeyCap("↑"), KeyCap("↓"), caption(tr("choose"), "text2"))
        foot.box.addSpacing(theme.px(8))
        foot.add(KeyCap("Enter"), caption(tr("run"), "text2"), None, caption(tr("Accents are not needed")))
        return foot

    def open(self, commands: Sequence[Command], context: Context, finder: Finder | None, text: str = "") -> None:
        """Show the palette with these commands; `finder(text, then)` looks for records and calls `then` later."""
        self._commands, self._context, self._finder, self._hits = commands, context, finder, ()
        parent = self._frame
        self._before = parent.window().focusWidget()
        self._tag.set_state(context.name)
        self._tag.setVisible(bool(context.name))
        self.edit.setText(text)
        self.edit.selectAll()
        self.setGeometry(parent.rect())
        self.show()
        self.raise_()
        self.edit.setFocus(Qt.FocusReason.PopupFocusReason)
        self._show_choices()
        self._find()

    def close_popup(self) -> None:
        """Go back to where the keyboard was."""
        self._asked += 1
        self.hide()
        if self._before is not None:
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None

    def _on_edited(self, _text: str) -> None:
        if not self.edit.composing:
            self._show_choices()
            self._pause.start()

    def _find(self) -> None:
        if self._finder is None or self.edit.composing:
            return
        self._asked += 1
        asked, text = self._asked, self.edit.text()
        self._finder(text, lambda hits: self._on_found(asked, hits))

    def _on_found(self, asked: int, hits: Sequence[Hit]) -> None:
        if asked == self._asked and self.isVisible():
            self._hits = hits
            self._show_choices(keep=True)

    def _show_choices(self, keep: bool = False) -> None:
        text = self.edit.text()
        row = self.list.currentIndex().row() if keep else -1
        here = rank(self._context.commands, text)
        commands = rank(self._commands, text, 8 if text.strip() else 30)
        records = from_hits(self._hits, text) if keep or not text.strip() else []
        self._lines.show([(self._context.name, here), (tr("Commands"), commands), (tr("Records"), records)])
        self._place()
        self._choose(row if 0 < row < len(self._lines.lines) else 0, 1)

    def _choose(self, row: int, step: int) -> None:
        """Choose the first line that is no head, from `row` in the direction of `step`."""
        count = len(self._lines.lines)
        while 0 <= row < count and isinstance(self._lines.lines[row], str):
            row += step
        if 0 <= row < count:
            index = self._lines.index(row)
            self.list.setCurrentIndex(index)
            self.list.scrollTo(self._lines.index(row - 1) if row == 1 else index)
            self.edit.setAccessibleDescription(str(index.data(Qt.ItemDataRole.AccessibleTextRole)))

    def _run(self, index: QModelIndex) -> None:
        line = self._lines.lines[index.row()] if index.isValid() else ""
        if isinstance(line, Choice):
            self.close_popup()
            line.run()

    def _place(self) -> None:
        rows = sum(theme.px(32 if isinstance(line, str) else 40) for line in self._lines.lines)
        above, below, frame = theme.px(92), theme.px(64), theme.px(56) + theme.px(40) + 3
        width = min(theme.px(680), self.width() - theme.px(48))
        height = max(0, min(rows + theme.px(8), self.height() - above - below - frame))
        self.list.setVisible(bool(self._lines.lines))
        self.list.setFixedHeight(height)
        self.update()  # the shadow lies outside the box
        self._card.setGeometry((self.width() - width) // 2, above, width, frame + (height if self._lines.lines else 0))

    def follow(self) -> None:
        """Cover the frame again, when it has another size."""
        if self.isVisible():
            self.setGeometry(self._frame.rect())

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and not self.edit.composing:
            return self._on_key(Qt.Key(event.key()))
        return super().eventFilter(watched, event)

    def _on_key(self, key: Qt.Key) -> bool:
        row = self.list.currentIndex().row()
        moves = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        if key in moves:
            wanted = max(0, min(len(self._lines.lines) - 1, row + moves[key]))
            self._choose(wanted, 1 if moves[key] > 0 or wanted == 0 else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.close_popup()
        else:
            return key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._card.geometry().contains(event.position().toPoint()):
            self.close_popup()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("scrim"))
        paint.shadow(painter, self._card.geometry())


class _Foot(Panel):
    """The hints at the bottom, inside the round corners of the box."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.box(painter, QRectF(self.rect()), theme.px(9), theme.color("window"))
        painter.fillRect(0, 0, self.width(), self.height() // 2, theme.color("window"))
        painter.fillRect(0, 0, self.width(), 1, theme.color("border"))
