"""The list of pages at the left: icons, words, counts; wide or as a rail of icons."""

from collections.abc import Callable, Sequence
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
from PySide6.QtGui import QHelpEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from kam_desktop.language import tr
from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.badges import Avatar
from kam_desktop.ui.kit.buttons import IconButton
from kam_desktop.ui.kit.labels import ElidedLabel, show_tip
from kam_desktop.ui.palette import shown_key

FOOT, HIDDEN, ALONE = "foot", "hidden", "alone"
Index = QModelIndex | QPersistentModelIndex
_ENTRY = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class PageSpec:
    """A page as the window knows it.

    Attributes:
        key: its name in the program, e.g. "accounts".
        title: English message, translated when shown.
        icon: a drawing of resources/icons.
        factory: makes the page's widget when it is first shown, and again when language, theme or zoom change.
        shortcut: the id of a deed of the keymap, or empty.
        section: "" for the main list, FOOT for the gear at the bottom, HIDDEN for none, ALONE for none and no bars
            around the page (first run), else an English head.
        wide: the page wants the room, so the list shrinks to its rail on windows under 1600 px.
    """

    key: str
    title: str
    icon: str
    factory: Callable[[], QWidget]
    shortcut: str = ""
    section: str = ""
    wide: bool = False


@dataclass
class _Entry:
    """A line of the list: a page, or the head of a group (no key)."""

    key: str
    title: str
    icon: str
    shortcut: str = ""
    count: int = 0


class _Pages(QAbstractListModel):
    def __init__(self, specs: Sequence[PageSpec], parent: QWidget) -> None:
        super().__init__(parent)
        self.entries: list[_Entry] = []
        section = ""
        listed = [spec for spec in specs if spec.section not in (FOOT, HIDDEN, ALONE)]
        for spec in sorted(listed, key=lambda spec: spec.section != ""):
            if spec.section != section:
                section = spec.section
                self.entries.append(_Entry("", tr(section), ""))
            self.entries.append(_Entry(spec.key, tr(spec.title), spec.icon, spec.shortcut))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entries[index.row()]
        if role == _ENTRY:
            return entry
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            said = role == Qt.ItemDataRole.AccessibleTextRole and entry.count
            return f"{entry.title}, {entry.count}" if said else entry.title
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) if self.entries[index.row()].key else Qt.ItemFlag.NoItemFlags

    def row_of(self, key: str) -> int:
        """The row of a page, or -1."""
        return next((row for row, entry in enumerate(self.entries) if entry.key == key), -1)

    def set_count(self, key: str, count: int) -> None:
        """Show a number at a page; 0 shows none."""
        row = self.row_of(key)
        if row >= 0 and self.entries[row].count != count:
            self.entries[row].count = count
            self.dataChanged.emit(self.index(row), self.index(row))


class _Painter(QStyledItemDelegate):
    rail = False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        if not index.data(_ENTRY).key:
            return QSize(theme.px(40), theme.px(12 if self.rail else 40))
        return QSize(theme.px(40), theme.px(38 if self.rail else 34))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry = index.data(_ENTRY)
        area = option.rect.adjusted(theme.px(8), 0, -theme.px(8), -theme.px(2))
        if not entry.key:
            if not self.rail:
                head = area.adjusted(theme.px(10), theme.px(12), 0, 0)
                paint.text(painter, head, entry.title, "muted", theme.CAPTION)
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if chosen or hovered:
            paint.box(painter, QRectF(area), theme.px(6), theme.color("selected" if chosen else "subtle"))
        view = option.widget
        if chosen and isinstance(view, _List) and view.ringed:
            paint.box(painter, QRectF(area), theme.px(6), None, theme.color("accent"), 2)
        middle = area.center().y() + 1
        left = area.left() + (area.width() - theme.px(16)) // 2 if self.rail else area.left() + theme.px(10)
        icons.paint(painter, left, middle - theme.px(8), entry.icon, "accent" if chosen else "muted")
        if self.rail:
            return
        weight, token = (theme.MEDIUM, "text") if chosen else (theme.REGULAR, "text2")
        count = str(entry.count) if entry.count else ""
        room = theme.metrics(theme.CAPTION).horizontalAdvance(count)
        paint.text(painter, area.adjusted(theme.px(36), 0, -theme.px(16) - room, 0), entry.title, token, weight=weight)
        quiet = "text2" if chosen else "muted"
        paint.text(painter, area.adjusted(0, 0, -theme.px(10), 0), count, quiet, theme.CAPTION, align=paint.RIGHT)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        if event.type() != QEvent.Type.ToolTip or not index.isValid():
            return super().helpEvent(event, view, option, index)
        entry = index.data(_ENTRY)
        words = f"{entry.title} ({shown_key(entry.shortcut)})" if entry.shortcut else entry.title
        return show_tip(event, view, words if self.rail or entry.shortcut else "")


class _List(QListView):
    """The list itself; `ringed` while the keyboard is on it."""

    ringed = False

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        self.ringed = event.reason() != Qt.FocusReason.MouseFocusReason
        self.viewport().update()

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        self.ringed = False
        self.viewport().update()

    def keyboardSearch(self, search: str) -> None:
        """Nothing: letters belong to the input method."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.activated.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class Navigation(QWidget):
    """The pages, and at the bottom who works here and the gear.

    Signals:
        chosen(key): the user wants this page.
        entered: Enter or Space on the list; the keyboard should go on to the page.
    """

    chosen = Signal(str)
    entered = Signal()

    def __init__(self, specs: Sequence[PageSpec], person: str, letters: str) -> None:
        super().__init__()
        self._model = _Pages(specs, self)
        self._painter = _Painter(self)
        self.list = _List()
        self.list.setModel(self._model)
        self.list.setItemDelegate(self._painter)
        self.list.setAccessibleName(tr("Pages"))
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setStyleSheet("background: transparent")
        self.list.selectionModel().currentChanged.connect(self._on_current_changed)
        self.list.activated.connect(lambda _index: self.entered.emit())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, theme.px(12), 1, theme.px(8))
        box.setSpacing(0)
        box.addWidget(self.list, 1)
        foot = QHBoxLayout()
        self._foot = foot
        foot.setSpacing(theme.px(10))
        self._avatar, self._person = Avatar(""), ElidedLabel(tone="text2")
        foot.addWidget(self._avatar)
        foot.addWidget(self._person, 1)
        self._gear: IconButton | None = None
        for spec in (spec for spec in specs if spec.section == FOOT):
            self._gear = IconButton(spec.icon, tr(spec.title), key=shown_key(spec.shortcut))
            self._gear.clicked.connect(lambda _on=False, key=spec.key: self.chosen.emit(key))
            foot.addWidget(self._gear)
        box.addLayout(foot)
        self._silent, self._rail = False, False
        self.set_person(person, letters)
        self.set_rail(False)

    def set_person(self, person: str, letters: str) -> None:
        """Show who is at work."""
        self._avatar.text = letters or "·"
        self._avatar.setAccessibleName(person)
        self._avatar.update()
        self._person.setText(person)
        self._avatar.setVisible(not self._rail and bool(person))

    def set_rail(self, rail: bool) -> None:
        """Show icons only, or icons with words."""
        self._rail = self._painter.rail = rail
        self.setFixedWidth(theme.px(56 if rail else 220))
        self._person.setVisible(not rail)
        self._avatar.setVisible(not rail and bool(self._person.text()))
        side = (13, 0, 13, 0) if rail else (16, 0, 10, 0)
        self._foot.setContentsMargins(*map(theme.px, side))
        self.list.scheduleDelayedItemsLayout()

    def set_count(self, key: str, count: int) -> None:
        """The quiet number at a page's right."""
        self._model.set_count(key, count)

    def show_key(self, key: str) -> None:
        """Mark a page as the shown one, silently; pages at the foot mark none."""
        self._silent = True
        row = self._model.row_of(key)
        if row >= 0:
            self.list.setCurrentIndex(self._model.index(row))
        else:
            self.list.clearSelection()
            self.list.setCurrentIndex(QModelIndex())
        self._silent = False

    def _on_current_changed(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid() and not self._silent:
            self.chosen.emit(self._model.entries[index.row()].key)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("window"))
        painter.fillRect(QRect(self.width() - 1, 0, 1, self.height()), theme.color("border"))
