"""The stack of pages in the window's frame, and what a page may offer the window."""

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from kam_desktop.ui import theme


@runtime_checkable
class OpensPlaces(Protocol):
    """A page that can show one place of its own, e.g. a record by its id."""

    def open_place(self, place: str) -> None:
        """Show it; an unknown place shows the page's own start."""


@runtime_checkable
class Remembers(Protocol):
    """A page whose state survives being built again when language, theme or zoom change."""

    def remembered(self) -> object:
        """What to keep: filter, chosen record, scroll position."""

    def remember(self, state: object) -> None:
        """Take it back."""


LEAST = 854  # px at 100 %: a window of 1366 px with text of 150 %, beside the rail; every page fits in it


class PageStack(QStackedWidget):
    """The pages; only the shown one asks for room, and for no more than a page needs that folds its panels away."""

    def minimumSizeHint(self) -> QSize:
        page, screen = self.currentWidget(), self.screen().availableSize()
        most = (screen - QSize(theme.px(56), theme.px(76))).boundedTo(QSize(theme.px(LEAST), screen.height()))
        return page.minimumSizeHint().boundedTo(most) if page else QSize()


class Frame(QWidget):
    """All that the window shows.

    Signals:
        resized: what lies over it has to take its new size.
    """

    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()
