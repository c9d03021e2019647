"""The price table of a proposal: cells edited in place, lines added, moved and deleted by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QKeyCombination,
    QModelIndex,
    QObject,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QLineEdit,
    QMenu,
    QStyleOptionViewItem,
    QWidget,
)

from kam_desktop.domain.errors import Refused
from kam_desktop.language import tr
from kam_desktop.ui import icons, keymap, paint, theme
from kam_desktop.ui.kit.cells import GROUP, AmountCell, Cell, DateCell, Index, TextCell
from kam_desktop.ui.kit.table_view import Column, TableView
from kam_desktop.ui.line_edits import Line
from kam_desktop.ui.pages.proposal.catalogue_list import CatalogueList
from kam_desktop.ui.pages.proposal.lines import AMOUNT, DESCRIPTION, FIELDS, LineTable
from kam_desktop.ui.sentences import sentence

_ROLE = Qt.ItemDataRole
_EDITING = QAbstractItemView.State.EditingState
_KEYPAD = Qt.KeyboardModifier.KeypadModifier
_LEAVING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
_DEEDS = ("line_copy", "line_up", "line_down", "line_delete")


class CellEditor(Cell):
    """Edits one cell in place over the cell that paints it; what cannot be read keeps the keyboard in the cell.

    Signals:
        typed(QModelIndex, str): what stands in the editor, for the draft.
    """

    typed = Signal(QModelIndex, str)

    def __init__(self, cell: Cell, model: LineTable) -> None:
        super().__init__()
        self._cell, self._model, self.align = cell, model, cell.align
        cell.setParent(self)

    def paint(self, painter: Any, option: QStyleOptionViewItem, index: Index) -> None:
        self._cell.paint(painter, option, index)

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, index: Index) -> QWidget:
        line = Line()
        line.setParent(parent)
        line.setProperty("cell", True)
        line.setAlignment(self._cell.align)
        line.setAccessibleName(str(self._model.headerData(index.column(), Qt.Orientation.Horizontal)))
        where = QModelIndex(index) if isinstance(index, QModelIndex) else self._model.index(index.row(), index.column())
        line.textEdited.connect(lambda text: self.typed.emit(where, text))
        return line

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, Line) and not editor.isModified() and not editor.composing:
            editor.setText(str(index.data(_ROLE.EditRole) or ""))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QLineEdit):
            model.setData(index, editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:
        inset = max(0, (option.rect.height() - theme.px(28)) // 2)
        editor.setGeometry(option.rect.adjusted(0, inset, 0, -inset))

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if isinstance(editor, Line) and editor.composing and isinstance(event, QKeyEvent):
            return event.type() == QEvent.Type.KeyPress and event.key() in _LEAVING  # the input method's own
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and isinstance(editor, QLineEdit):
            port = editor.parentWidget()
            its = port.parentWidget() if port else None
            if isinstance(its, LineView) and its.catalogue.take_key(event.key()):
                return True
        leaving = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _LEAVING
        if leaving and isinstance(editor, QLineEdit):
            viewport = editor.parentWidget()
            view = viewport.parentWidget() if viewport else None
            index = view.currentIndex() if isinstance(view, QAbstractItemView) else QModelIndex()
            if self._model.data(self._model.index(index.row(), 0), GROUP) is None and index.column() in FIELDS:
                try:
                    self._model.read(index.column(), editor.text())
                except Refused as refused:
                    editor.setProperty("invalid", True)
                    self._model.refused.emit(sentence(refused.problems[0]))
                    return True
            if isinstance(event, QKeyEvent) and _is(event, "add_line") and isinstance(view, LineView):
                super().eventFilter(editor, event)  # the cell is taken, and the next line begun
                QTimer.singleShot(0, view, view.add_line)
                return True
        return super().eventFilter(editor, event)


class LineView(TableView):
    """The table with its keys: Ctrl+Enter adds, Ctrl+D duplicates, Alt+↑ ↓ moves, Delete deletes, Enter or F2 edits.

    Signals:
        drafted(int, int, str): line, column and what is being typed there; "" when nothing is any more.
        product_sought(str): what is typed as an item; answer with `offer_products`.
        product_chosen(int, str): a product was taken for that line.
        pasted(int, str): text to be put as lines after that line.

    Attributes:
        catalogue: the products that fit what is being typed.
    """

    drafted = Signal(int, int, str)
    product_sought = Signal(str)
    product_chosen = Signal(int, str)
    pasted = Signal(int, str)

    def __init__(self, model: LineTable) -> None:
        super().__init__(tr("Lines"), cell_focus=True)
        self.lines = model
        self.setModel(model)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )  # fmt: skip
        columns: list[Column] = []
        for width, cell, rank in (
            (18, DateCell("muted"), 0), (0, TextCell(), 0), (48, TextCell("text2"), 2), (48, AmountCell(), 0),
            (92, AmountCell(), 0), (40, AmountCell("text2"), 2), (104, AmountCell(strong=True), 0), (42, DateCell(), 1),
            (98, AmountCell("private"), 1), (46, AmountCell("private"), 1),
        ):  # fmt: skip
            editor = CellEditor(cell, model)
            editor.typed.connect(self._on_typed)
            editor.closeEditor.connect(self._on_closed)
            columns.append(Column(width, editor, rank))
        self.set_columns(columns)
        self._typing: tuple[int, int, str] | None = None
        self._soon = QTimer(self, singleShot=True, interval=400)
        self._soon.timeout.connect(self._tell_draft)
        self.setTabKeyNavigation(True)
        self.catalogue = CatalogueList(self)
        self.catalogue.chosen.connect(self._on_product)
        self._seek = QTimer(self, singleShot=True, interval=120)
        self._seek.timeout.connect(self._on_seek)

    def _on_typed(self, index: QModelIndex, text: str) -> None:
        self._typing = (self.lines.line_at(index.row()), index.column(), text)
        if not self._soon.isActive():
            self._soon.start()
        if index.column() == DESCRIPTION and self._typing[0] >= 0 and index.data(GROUP) is None:
            self._seek.start()

    def _open_editor(self) -> QLineEdit | None:
        found = self.viewport().findChild(QLineEdit)
        return found if isinstance(found, QLineEdit) and self.state() == _EDITING else None

    def _on_seek(self) -> None:
        if self._typing is not None and self._typing[1] == DESCRIPTION:
            self.product_sought.emit(self._typing[2])

    def offer_products(self, text: str, found: Sequence[tuple[str, str]]) -> None:
        """Shows (id, words) of the products that fit, as long as that text still stands in the cell."""
        editor = self._open_editor()
        if editor is not None and editor.text() == text and self.currentIndex().column() == DESCRIPTION:
            self.catalogue.offer(found if text.strip() else (), editor.geometry().translated(self.viewport().pos()))

    def _on_product(self, identity: str) -> None:
        line, editor = self.lines.line_at(self.currentIndex().row()), self._open_editor()
        if editor is not None:
            self.closeEditor(editor, QAbstractItemDelegate.EndEditHint.RevertModelCache)
            self._on_closed()
        self.product_chosen.emit(line, identity)

    def _tell_draft(self) -> None:
        if self._typing is not None:
            self.drafted.emit(*self._typing)

    def _on_closed(self, *_hint: object) -> None:
        self._seek.stop()
        self.catalogue.hide()
        if self._typing is not None:
            self._soon.stop()
            self._typing = None
            self.drafted.emit(-1, -1, "")

    def show_draft(self, line: int, column: int, text: str) -> None:
        """Opens a cell with what was being typed in it when the program ended."""
        index = self.lines.index(self.lines.row_of(line), column)
        if index.isValid() and self.lines.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.setCurrentIndex(index)
            self.edit(index)
            editor = self.indexWidget(index) or self.viewport().findChild(QLineEdit)
            if isinstance(editor, QLineEdit):
                editor.setText(text)
                editor.setModified(True)

    def go_to(self, line: int, column: int, *, edit: bool = False) -> None:
        """Makes a line's cell current, and opens it."""
        index = self.lines.index(self.lines.row_of(line), column)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)
            if edit:
                self.edit(index)

    def add_line(self, section: str | None = None) -> None:
        """Begins a line after the current one and opens its description."""
        if not self.lines.frozen:
            last = len(self.lines.lines) - 1
            current = self.lines.line_at(self.currentIndex().row()) if section is None else last
            self.go_to(self.lines.add_after(current if current >= 0 else last, section), DESCRIPTION, edit=True)

    def _paint_group(self, painter: QPainter, area: QRect, title: str, note: str, mark: str = "") -> None:
        """The head of a section: its name, and its sum under the amounts; it does not fold."""
        painter.fillRect(area, theme.color("window"))
        self._paint_private(painter, area.top(), area.height())
        painter.setPen(QPen(theme.color("border")))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        end = self.columnViewportPosition(AMOUNT) + self.columnWidth(AMOUNT) - self.pads(AMOUNT)[1]
        used = paint.text(painter, area.adjusted(theme.px(24), 0, end - area.width(), 0), title, weight=theme.BOLD)
        room = QRect(area.left() + theme.px(32) + used, area.top(), 0, area.height())
        room.setRight(end - 1)
        paint.text(painter, room, note, "muted", theme.CAPTION, align=paint.RIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        line, column = self.lines.line_at(self.currentIndex().row()), self.currentIndex().column()
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & ~_KEYPAD
        if self.state() == _EDITING:
            super().keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.Paste):
            if not self.lines.frozen:
                after = line if line >= 0 else len(self.lines.lines) - 1
                self.pasted.emit(after, QGuiApplication.clipboard().text())
        elif _is(event, "add_line"):
            self.add_line()
        elif enter and self.currentIndex().isValid():
            self.edit(self.currentIndex())
        elif line < 0 or self.lines.frozen:
            super().keyPressEvent(event)
        else:
            deed = next((each for each in _DEEDS if _is(event, each)), "")
            if deed:
                self.do(deed, line, column)
            else:
                super().keyPressEvent(event)

    def do(self, deed: str, line: int, column: int) -> None:
        """Moves, duplicates or deletes a line, as a key or the menu says."""
        if deed == "line_copy":
            self.go_to(self.lines.duplicate(line), column)
        elif deed == "line_delete":
            self.lines.remove(line)
            self.go_to(min(line, len(self.lines.lines) - 1), column)
        else:
            self.go_to(self.lines.move(line, -1 if deed == "line_up" else 1), column)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if not index.isValid() or self.lines.frozen or index.data(GROUP) is not None:
            return
        self.setCurrentIndex(index)
        menu = self.line_menu(self.lines.line_at(index.row()), index.column())
        menu.aboutToHide.connect(menu.deleteLater)
        at = event.pos() if by_mouse else self.visualRect(index).center()
        menu.popup(self.viewport().mapToGlobal(at))

    def line_menu(self, line: int, column: int) -> QMenu:
        """What can be done with a line."""
        menu = QMenu(self)

        def add(words: str, icon: str, key: str, deed: Callable[[], object]) -> QAction:
            action = QAction(icons.icon(icon), words.replace("&", "&&"), menu)
            if keymap.keys(key):
                action.setShortcut(keymap.keys(key)[0])
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # only shown here
            action.triggered.connect(lambda _on=False: deed())
            menu.addAction(action)
            return action

        add(tr("Add line"), "plus", "add_line", lambda: self.add_line())
        for deed, icon in zip(_DEEDS, ("copy", "arrow-up", "arrow-down", "trash-2"), strict=True):
            add(tr(keymap.BY_ID[deed].title), icon, deed, partial(self.do, deed, line, column))
        menu.addSeparator()
        optional = self.lines.lines[line].optional
        action = QAction(tr("Optional: offered, not counted"), menu)
        action.setCheckable(True)
        action.setChecked(optional)
        action.triggered.connect(lambda _on=False: self.lines.set_optional(line, not optional))
        menu.addAction(action)
        return menu


def _is(event: QKeyEvent, deed: str) -> bool:
    """Whether a key is one of a deed's, which may be the user's own."""
    pressed = QKeySequence(QKeyCombination(event.modifiers() & ~_KEYPAD, Qt.Key(event.key())))
    return any(QKeySequence(each) == pressed for each in keymap.keys(deed))
