"""Sees to it that something of the window has the keyboard, when what had it is gone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from shiboken6 import isValid

from kam_desktop.ui import focus_order
from kam_desktop.ui.window import Window


class FocusKeeper(QObject):
    """One for each window.

    A widget that is hidden, disabled or taken away while it has the keyboard leaves it with nobody, or with something
    that nobody sees: keys of the page do nothing then, and letters are lost. So does a dialog that closes over a page
    which was built anew meanwhile. What lies nearest around it gets the keyboard, else the page.
    """

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._around: list[QWidget] = []
        self._soon = QTimer(self, singleShot=True, interval=0)  # Qt itself may find somebody in this turn
        self._soon.timeout.connect(self._look)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus)
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowActivate:
            self._soon.start()
        return False

    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        if now is None or not now.isVisible():
            self._soon.start()
            return
        around, each = [], now.parentWidget()
        while each is not None and not each.isWindow():
            around.append(each)
            each = each.parentWidget()
        self._around = around

    def _look(self) -> None:
        top = QApplication.activeModalWidget() or self._window
        focused = QApplication.focusWidget()
        if focused is not None and focused.isVisible() and focused.isEnabled():
            return
        if QApplication.activePopupWidget() is not None or not top.isActiveWindow() or not top.isVisible():
            return  # the menu goes first; another program has the keyboard, and Qt looks again when it comes back
        if not self._nearest(top):
            page = self._window.pages.currentWidget() if top is self._window else top
            self._into(page)

    def _nearest(self, top: QWidget) -> bool:
        """What lay around the one that had the keyboard, from the inside, as far as it is still seen."""
        for each in self._around:
            if isValid(each) and each.isVisible() and each.isEnabled() and top.isAncestorOf(each):
                takes = _last_proxy(each) or each
                if takes.focusPolicy() != Qt.FocusPolicy.NoFocus and takes.isVisible() and takes.isEnabled():
                    takes.setFocus(Qt.FocusReason.OtherFocusReason)
                    return True
        return False

    def _into(self, whole: QWidget | None) -> None:
        if whole is None:
            return
        takes = _last_proxy(whole)
        if takes is not None and takes.isVisible() and takes.isEnabled():
            takes.setFocus(Qt.FocusReason.OtherFocusReason)
        elif not focus_order.enter(whole) and not isinstance(whole, QDialog):
            focus_order.enter(self._window)


def _last_proxy(widget: QWidget) -> QWidget | None:
    """Whom a widget hands the keyboard on to, None for nobody."""
    takes = widget.focusProxy()
    while takes is not None and (further := takes.focusProxy()) is not None:
        takes = further
    return takes
