"""Sync at the window's edge: status pill, count at the page list, F5, pages that wait."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from kam_desktop.domain.change import ChangeSet
from kam_desktop.domain.entity import Record
from kam_desktop.language import tr
from kam_desktop.ui import sync_words
from kam_desktop.ui.connect_dialog import Connecting
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.kit.states import EmptyState

PAGE = "sync"
COUNTED = frozenset({"today", "account", "collection"})
"""Pages that add up what a first download brings: until all is here they show how far it is, and no figure."""


class SyncStatus(QObject):
    """One for a window.

    Attributes:
        connecting: the dialogs of connecting.
        cover: over the page that waits for a download, None while none does.
    """

    def __init__(self, desk: Desk, window: Any) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self._agent = desk.agent[0]
        self.connecting = Connecting(desk, window)
        self.cover: DownloadCover | None = None
        self._leaving = False
        self._agent.changed.connect(self.show)
        desk.background.feed.published.connect(self._on_published)
        window.status_wanted.connect(self._on_pressed)
        window.shown.connect(lambda _key: self._cover_page())

    def show(self) -> None:
        """Says how things stand."""
        now = self._agent.now
        if now.failure is not None and now.failure.code == "erased" and not self._leaving:
            self._leaving = True
            QTimer.singleShot(0, self, self._leave)
        state = sync_words.pill(now, self._desk.today())
        self._window.set_status(state.text, state.tone, state.icon)
        self._window.set_count(PAGE, now.needs_you)
        self._cover_page()

    def _leave(self) -> None:
        """The firm took this laptop out of use: its keys are gone, and the rest goes when the window is closed."""
        dialogs.tell(self._window, tr("This laptop was taken out of use"), sync_words.long(self._agent.now),
                     tone="danger", icon="lock")  # fmt: skip
        self._window.close()

    def sync_now(self) -> None:
        """F5: one cycle, or the way to get connected."""
        now = self._agent.now
        if not now.connected:
            self._window.show_page(PAGE)
        elif not now.signed_in:
            self.connecting.open()
        else:
            self._agent.sync_now()

    def _on_pressed(self) -> None:
        place = sync_words.pill(self._agent.now, self._desk.today()).place
        self._window.show_page(PAGE, place)

    def _on_published(self, changes: ChangeSet) -> None:
        """What a colleague changed in a record that somebody types in here: the typing stays, and it is said."""
        if not self._agent.publishing:
            return
        touched = {each.record for each in changes.touched}
        for form in self._window.findChildren(RecordForm):
            record = form.record
            if record is not None and record.id in touched and form.isVisible() and form.draft():
                ask = partial(_stored, type(record), record.id)
                self._desk.background.ask(ask, partial(self._say_changed, record), owner=self)

    def _say_changed(self, seen: Record, stored: Record | None) -> None:
        names = [each for each in type(seen).entity.fields
                 if stored is None or getattr(seen, each.name) != getattr(stored, each.name)]  # fmt: skip
        title = str(getattr(seen, type(seen).entity.title))
        if stored is None:
            words = tr("“{name}” is not on this computer any more. What you typed is kept as a draft.", name=title)
            self._desk.shell.toast(words, None, "warning")
        elif names:
            fields = ", ".join(tr(each.label) for each in names[:3])
            words = tr("A colleague changed “{name}” ({fields}). What you are typing stays.", name=title, fields=fields)
            self._desk.shell.toast(words, None, "warning")

    def _cover_page(self) -> None:
        stack, now = self._window.pages, self._agent.now
        if not (now.downloading and self._window.current_key() in COUNTED):
            self._uncover()
            return
        if now.phase == "syncing" and self.cover is None:
            return  # a customer that came to us is whole when the cycle ends; a page does not flicker for that
        if self.cover is None or not isValid(self.cover) or self.cover.parent() is not stack:
            self._uncover()
            self.cover = DownloadCover(stack)
            self.cover.go_on.connect(self._go_on)
        page = stack.currentWidget()
        stopped = not now.phase
        self.cover.show_progress(tr("The download is not complete") if stopped else sync_words.rows(now), stopped)
        if page is not None:
            page.hide()  # what cannot be seen is neither asked for nor read aloud
        self.cover.show()
        self.cover.raise_()

    def _go_on(self) -> None:
        if self._agent.now.connected:
            self.sync_now()
        else:
            self.connecting.open()

    def _uncover(self) -> None:
        if self.cover is not None and isValid(self.cover):
            self.cover.hide()
            self.cover.deleteLater()
            page = self._window.pages.currentWidget()
            if page is not None:
                page.show()
        self.cover = None


def _stored(kind: type[Record], identity: str, reader: Any) -> Record | None:
    found: Record | None = reader.get(kind, identity)
    return found


class DownloadCover(Panel):
    """Stands in the place of a page while its figures would not be whole.

    Signals:
        go_on: a download that was stopped is to go on.
    """

    go_on = Signal()

    def __init__(self, stack: QWidget) -> None:
        super().__init__()
        self.setParent(stack)
        self.said = ""
        self._told: QWidget | None = None
        stack.installEventFilter(self)
        self.setGeometry(stack.rect())

    def show_progress(self, words: str, stopped: bool) -> None:
        """Another count of rows; of a download that was stopped, the way to go on."""
        if words == self.said:
            return
        self.said = words
        if self._told is not None:
            self.box.removeWidget(self._told)
            self._told.deleteLater()
        help_text = tr("Figures come when everything is here. Proposals, tasks, products and search work meanwhile.")
        button = Button(tr("Go on with the download"), kind="primary") if stopped else None
        if button is not None:
            button.clicked.connect(self.go_on)
        self._told = EmptyState("download", words, help_text, button)
        self.add(self._told)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(watched.rect())
        return False
