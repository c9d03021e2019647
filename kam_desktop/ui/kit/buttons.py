"""Buttons, icon buttons, filter chips, the segmented switch, tabs and the ring of keyboard focus."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QWidget,
)
from shiboken6 import isValid

from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.focus_ring import FocusRing
from kam_desktop.ui.kit.labels import set_tip

_KEYBOARD = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
_AWAY = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)


class _Ringed(QAbstractButton):
    """A button that asks for the ring when the keyboard comes to it."""

    _ring: FocusRing | None = None
    _keyed = False  # the keyboard came by itself, and comes back so from another window or a menu

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() not in _AWAY:
            self._keyed = event.reason() in _KEYBOARD
        if self._keyed:
            self._drop_ring()
            self._ring = FocusRing(self)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._drop_ring()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._drop_ring()

    def _drop_ring(self) -> None:
        ring, self._ring = self._ring, None
        if ring is not None and isValid(ring):  # a frame that is built again takes the ring with it
            ring.hide()
            ring.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.click()
        else:
            super().keyPressEvent(event)


class Button(_Ringed):
    """A button; `kind` is primary (one a screen), default, flat or danger (outline: cannot be taken back).

    `key` is the shortcut shown in it, `small` makes it 28 high for tool rows. A text is never read for ampersands.
    """

    def __init__(self, text: str, *, kind: str = "default", icon: str = "", key: str = "", small: bool = False,
                 menu: QMenu | None = None, parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self.kind, self.icon_name, self.key = kind, icon, key
        self._label, self._small, self.menu = "", small, menu
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.set_label(text)
        self.clicked.connect(self._on_clicked)

    def set_label(self, text: str) -> None:
        """Show another text."""
        self._label = text
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(text or self.accessibleName())
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        height = theme.px(28 if self._small else 32)
        if not self._label:
            return QSize(height, height)
        width = theme.metrics(theme.BODY, theme.MEDIUM).horizontalAdvance(self._label) + 1 + self._padding()
        width += theme.px(24) if self.icon_name else 0
        width += theme.metrics(theme.CAPTION).horizontalAdvance(self.key) + theme.px(8) if self.key else 0
        return QSize(width + (theme.px(20) if self.menu else 0), height)

    def _on_clicked(self) -> None:
        if self.menu is not None:
            open_below(self.menu, self)

    def _padding(self) -> int:
        return theme.px(16 if self.kind == "flat" else 20 if self._small else 24)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _colors(self) -> tuple[str, str, str, str]:
        """Ground, line, text, icon."""
        hot = self.underMouse() or self.isDown()
        if not self.isEnabled():
            return ("" if self.kind == "flat" else "subtle", "", "muted", "border_strong")
        if self.kind == "primary":
            return ("accent_hover" if hot else "accent", "", "on_accent", "on_accent")
        if self.kind == "danger":
            return ("danger_bg" if hot else "surface", "danger", "danger", "danger")
        if self.kind == "flat":
            on = hot or self.isChecked()
            return ("subtle" if on else "", "", "text" if on else "text2", "text2" if on else "muted")
        return ("subtle" if hot or self.isChecked() else "surface", "border", "text", "muted")

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        ground, line, words, drawing = self._colors()
        if self.kind == "flat" and not self.isEnabled():
            painter.setOpacity(0.5)
        paint.box(painter, QRectF(self.rect()), theme.px(6), theme.color(ground) if ground else None,
                  theme.color(line) if line else None)  # fmt: skip
        middle = self.height() / 2
        if not self._label:
            icons.paint(painter, (self.width() - theme.px(16)) / 2, middle - theme.px(8), self.icon_name, drawing)
            return
        x = round((self.width() - self.sizeHint().width() + self._padding()) / 2)
        if self.icon_name:
            icons.paint(painter, x, middle - theme.px(8), self.icon_name, drawing)
            x += theme.px(24)
        x += paint.text(painter, QRect(x, 0, self.width() - x, self.height()), self._label, words, weight=theme.MEDIUM)
        if self.key:
            token = "on_accent2" if self.kind == "primary" and self.isEnabled() else "muted"
            paint.text(painter, QRect(x + theme.px(8), 0, self.width(), self.height()), self.key, token, theme.CAPTION)
        if self.menu:
            icons.paint(painter, self.width() - theme.px(26), middle - theme.px(7), "chevron-down", drawing, 14)


class IconButton(Button):
    """An icon alone: its name is in the tooltip (with the shortcut) and said by screen readers."""

    def __init__(self, icon: str, name: str, *, kind: str = "flat", key: str = "", small: bool = True,
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__("", kind=kind, icon=icon, small=small, parent=parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        set_tip(self, f"{name} ({key})" if key else name)


class Chip(_Ringed):
    """A filter in words: quiet label, value in the middle weight. A click opens its choices; the cross takes it away.

    Signals:
        closed: the cross, or Delete on the keyboard.
    """

    closed = Signal()

    def __init__(self, label: str, value: str, *, closable: bool = False, icon: str = "",
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self._label, self._value, self._closable, self._icon = "", "", closable, icon
        self.set_texts(label, value)

    def set_texts(self, label: str, value: str) -> None:
        """Show another filter."""
        self._label, self._value = f"{label}:" if label and value else label, value
        self.setAccessibleName(f"{self._label} {value}".strip())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        width = theme.metrics().horizontalAdvance(self._label) + (theme.px(4) if self._label and self._value else 0) + 2
        width += theme.metrics(theme.BODY, theme.MEDIUM).horizontalAdvance(self._value)
        return QSize(width + theme.px(38) + (theme.px(22) if self._icon else 0), theme.px(28))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        ground = theme.color("subtle" if self.underMouse() or self.isDown() else "surface")
        paint.box(painter, QRectF(self.rect()), theme.px(6), ground, theme.color("border"))
        x, middle = theme.px(10), self.height() / 2
        if self._icon:
            icons.paint(painter, x, middle - theme.px(7), self._icon, "muted", 14)
            x += theme.px(22)
        area = QRect(x, 0, self.width() - x - theme.px(24), self.height())
        if self._label:
            area.setLeft(area.left() + paint.text(painter, area, self._label, "text2") + theme.px(4))
        paint.text(painter, area, self._value, "text", weight=theme.MEDIUM)
        mark = "x" if self._closable else "chevron-down"
        icons.paint(painter, self.width() - theme.px(22), middle - theme.px(7), mark, "muted", 14)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._closable and event.position().x() > self.width() - theme.px(26) and self.isDown():
            self.setDown(False)
            self.closed.emit()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._closable and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.closed.emit()
        else:
            super().keyPressEvent(event)


class _Option(_Ringed):
    """One word of a Segmented or Tabs."""

    def __init__(self, key: str, text: str, count: str, tab: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.key, self._label, self.count, self._tab = key, text, count, tab
        self.setCheckable(True)
        self.setAccessibleName(f"{text} {count}".strip())

    def sizeHint(self) -> QSize:
        width = theme.metrics(theme.BODY, theme.MEDIUM).horizontalAdvance(self._label) + 1
        if self.count:
            width += theme.metrics(theme.CAPTION).horizontalAdvance(self.count) + theme.px(6)
        return QSize(width + (0 if self._tab else theme.px(20)), theme.px(36 if self._tab else 28))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, on = QPainter(self), self.isChecked()
        area = self.rect()
        if self._tab:
            if on:
                painter.fillRect(0, self.height() - theme.px(2), self.width(), theme.px(2), theme.color("accent"))
        else:
            if on or self.underMouse():
                paint.box(painter, QRectF(area), theme.px(5), theme.color("subtle"))
            area = area.adjusted(theme.px(10), 0, 0, 0)
        token = "text" if on or self.underMouse() else "text2"
        used = paint.text(painter, area, self._label, token, weight=theme.MEDIUM if on else theme.REGULAR)
        paint.text(painter, area.adjusted(used + theme.px(6), 0, 0, 0), self.count, "muted", theme.CAPTION)


class Segmented(QWidget):
    """A switch between a few views; Tabs is the same with an underline. Left and right keys change it.

    Signals:
        changed(key): another option was chosen by the user.
    """

    changed = Signal(str)
    _tab = False

    def __init__(self, options: Sequence[tuple[str, str]], chosen: str = "", *, name: str = "",
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self._options = dict[str, _Option]()
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        side = 0 if self._tab else 2
        row.setContentsMargins(side, side, side, side)
        row.setSpacing(theme.px(20) if self._tab else 0)
        for key, text in options:
            word, _, count = text.partition("\t")
            option = _Option(key, word, count, self._tab, self)
            self._options[key] = option
            self._group.addButton(option)
            row.addWidget(option)
        if self._tab:
            row.addStretch()
        self.setAccessibleName(name)
        wide = QSizePolicy.Policy.Preferred if self._tab else QSizePolicy.Policy.Fixed
        self.setSizePolicy(wide, QSizePolicy.Policy.Fixed)
        self.choose(chosen or next(iter(self._options), ""))
        self._group.buttonClicked.connect(lambda option: self.changed.emit(option.key))

    def choose(self, key: str) -> None:
        """Show an option as chosen, silently."""
        if key in self._options:
            self._options[key].setChecked(True)

    def chosen(self) -> str:
        """The key of the chosen option."""
        return next((key for key, option in self._options.items() if option.isChecked()), "")

    def set_count(self, key: str, count: str) -> None:
        """Show a quiet number after an option's word."""
        self._options[key].count = count
        self._options[key].updateGeometry()
        self._options[key].update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._tab:
            QPainter(self).fillRect(0, self.height() - 1, self.width(), 1, theme.color("border"))
        else:
            paint.box(QPainter(self), QRectF(self.rect()), theme.px(6), theme.color("surface"), theme.color("border"))


class Tabs(Segmented):
    """Tabs of a page: words with a two-pixel underline; a text may carry its count after a tab sign, "Contacts\\t9"."""

    _tab = True


def open_below(menu: QMenu, button: QWidget) -> None:
    """Show a menu under a button, without waiting for it."""
    menu.popup(button.mapToGlobal(QPoint(0, button.height() + theme.px(4))))
