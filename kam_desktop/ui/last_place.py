"""Keeps page, record, field and caret while somebody works, and goes back there at the next start."""

from __future__ import annotations

import json
from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import QEvent, QMetaObject, QObject, QTimer
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QScrollArea, QWidget

from kam_desktop.ui.desk import Desk
from kam_desktop.ui.window import Window

PREFERENCE = "last_place"
_SOON_MS = 300  # from the first move; with the edit lane's commit it is on the disk within a second, as the drafts are
_LOOK_MS, _LOOKS = 60, 200  # how often, and how many times, a form that comes back is looked for
_HANDS = (QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.InputMethod)


@runtime_checkable
class Reopens(Protocol):
    """A controller that opens dialogs, or shows forms in tabs, which are no place of their page."""

    def reopen(self, draft_key: str) -> bool:
        """Brings up the form that keeps its draft under that name; False when it is none of its own."""


@runtime_checkable
class KeepsDraft(Protocol):
    """What somebody types in and what keeps it under a name: a RecordForm, or an editor of its own making."""

    def draft_key(self) -> str:
        """The name under which its draft is kept."""

    def field_of(self, widget: QWidget) -> str:
        """What is edited in that widget, "" for nothing."""


def form_of(widget: QWidget | None) -> KeepsDraft | None:
    """The form that a widget edits a field of."""
    form = widget
    while form is not None and widget is not None:
        if isinstance(form, KeepsDraft) and form.field_of(widget):
            return form
        form = form.parentWidget()
    return None


def caret_of(widget: QWidget) -> int:
    """Where the caret stands in a text, -1 where there is no text. What is being composed does not count."""
    if isinstance(widget, QLineEdit):
        return widget.cursorPosition()
    return widget.textCursor().position() if isinstance(widget, QPlainTextEdit) else -1


def set_caret(widget: QWidget, caret: int) -> None:
    """Puts the caret back, at the end where the text is shorter now."""
    if isinstance(widget, QLineEdit):
        widget.setCursorPosition(max(0, min(caret, len(widget.text()))))
    elif isinstance(widget, QPlainTextEdit):
        cursor = widget.textCursor()
        cursor.setPosition(max(0, min(caret, widget.document().characterCount() - 1)))
        widget.setTextCursor(cursor)


class LastPlace(QObject):
    """One for each window. What is typed is kept by the drafts; this only knows where it was typed."""

    def __init__(self, desk: Desk, window: Window) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self._links: list[QMetaObject.Connection] = []
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self.keep)
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self._wanted: dict[str, Any] = {}
        self._looks = self._quiet = 0
        self._asked = False
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus)

    # Keeping.

    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        for link in self._links:  # gone with the widget, it does nothing
            QObject.disconnect(link)
        self._links = []
        if isinstance(now, (QLineEdit, QPlainTextEdit)):
            self._links = [now.cursorPositionChanged.connect(self._start)]
        if now is not None:
            self._start()

    def _start(self) -> None:
        if not self._soon.isActive() and not self._look.isActive():
            self._soon.start()

    def keep(self) -> None:
        """Keeps where somebody is now; nothing while no profile is open or it is being gone back to."""
        self._soon.stop()
        if self._desk.background.profile is not None and self._window.current_key() and not self._look.isActive():
            self._desk.remember(PREFERENCE, json.dumps(self._here()))

    def _here(self) -> dict[str, Any]:
        page, place = self._window.where()
        here: dict[str, Any] = {"page": page, "place": place}
        widget = QApplication.focusWidget()
        form = form_of(widget)
        if form is not None and widget is not None:
            here |= {"form": form.draft_key(), "field": form.field_of(widget), "caret": caret_of(widget)}
        elif widget is not None and widget.property("cell"):
            here |= {"cell": True, "caret": caret_of(widget)}
        return here

    # Going back.

    def page(self) -> str:
        """The page that was shown last, "" when nothing is kept."""
        return str(self._desk.recalled(PREFERENCE).get("page", ""))

    def reopen(self) -> None:
        """Goes to the kept place, then to the field and the caret once the page has its answers."""
        kept = self._desk.recalled(PREFERENCE)
        if kept.get("page") != self._window.current_key():
            return
        editing = bool(kept.get("form") or kept.get("cell"))
        place = str(kept.get("place", ""))
        if place and (editing or place.partition(":")[0] != "new"):
            self._window.show_page(self.page(), place)
        if editing:
            self._wanted, self._looks, self._quiet, self._asked = kept, _LOOKS, 0, False
            QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]
            self._look.start()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in _HANDS and event.spontaneous():
            self._end()  # whoever works already is not led elsewhere
        return False

    def _end(self) -> None:
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        self._look.stop()
        self._start()

    def _on_look(self) -> None:
        self._looks -= 1
        self._quiet = self._quiet + 1 if self._desk.background.is_idle() else 0
        if self._looks < 0:
            self._end()
        elif self._quiet >= 2:
            widget = self._find()
            if widget is not None:
                self._go(widget)
                self._end()

    def _find(self) -> QWidget | None:
        """The editor where somebody was, when it is there; its controller is asked once to bring it up."""
        if self._wanted.get("cell"):
            cells = self._window.findChildren(QLineEdit)
            return next((each for each in cells if each.property("cell") and each.isVisible()), None)
        key, field = str(self._wanted["form"]), str(self._wanted.get("field", ""))
        for form in QApplication.allWidgets():
            if form.isVisible() and isinstance(form, KeepsDraft) and form.draft_key() == key:
                found = next((each for each in form.findChildren(QWidget) if form.field_of(each) == field), None)
                if found is not None:
                    return found
        page = self._window.page(self._window.current_key())
        if page is not None and not self._asked:
            self._asked = any(isinstance(each, Reopens) and each.reopen(key) for each in page.children())
            self._quiet = 0  # its record and its draft are asked for now
        return None

    def _go(self, widget: QWidget) -> None:
        widget.setFocus()
        area: QWidget | None = widget
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if isinstance(area, QScrollArea):
            area.ensureWidgetVisible(widget)
        set_caret(widget, int(self._wanted.get("caret", -1)))
