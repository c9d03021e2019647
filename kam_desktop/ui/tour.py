"""The tour: every screen in both languages and both themes, each saved as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from kam_desktop import language
from kam_desktop.ui import theme, tour_parts
from kam_desktop.ui.desktop import Desktop
from kam_desktop.ui.tour_walk import HasPlaces, Walk

__all__ = ["HasPlaces", "Tour", "Wishes", "picture"]

MODES = ("light", "dark")
EMPTY = "empty"
_QUIET = 3  # so many turns in a row without work, and the screen is as it will stay
_MOST_TURNS = 400


@dataclass(frozen=True)
class Wishes:
    """What the tour is to show, and how.

    Attributes:
        only: names of languages, themes and parts (see tour_parts.PARTS, and "empty" for pages without data); of a sort
            of which none is named, all are shown.
        size: of the window, in px of the screen; zoom: of the text, per cent.
    """

    only: tuple[str, ...] = ()
    size: tuple[int, int] = (1366, 768)
    zoom: int = 100

    def looks(self) -> list[tuple[str, str]]:
        """Language and theme of each walk."""
        wanted = [[name for name in names if name in self.only] or list(names) for names in (language.LANGUAGES, MODES)]
        return [(lang, mode) for lang in wanted[0] for mode in wanted[1]]

    def parts(self) -> list[str]:
        """The named parts; none for all."""
        return [name for name in self.only if name not in (*language.LANGUAGES, *MODES)]


class Tour(QObject):
    """Walks once the profile is open; with `empty`, through the pages of a profile that holds nothing.

    Signals:
        finished(int): 0, or 1 if a screen never came to rest or something of ours broke on the way.

    Attributes:
        count: how many pictures were saved.
    """

    finished = Signal(int)

    def __init__(self, desktop: Desktop, folder: Path, wishes: Wishes, *, empty: bool = False) -> None:
        super().__init__(desktop)
        self._desktop, self._folder, self._wishes, self._empty = desktop, folder, wishes, empty
        self._steps: Iterator[str] = self._walk()
        self._name, self._quiet, self._turns, self._status, self.count = "", 0, 0, 0, 0
        self._clock = QTimer(self)
        self._clock.setInterval(30)
        self._clock.timeout.connect(self._turn)
        desktop.silent = True
        desktop.background.opened.connect(self._clock.start)
        desktop.background.broken.connect(lambda _problem: None if self._clock.isActive() else self.finished.emit(1))

    def _walk(self) -> Iterator[str]:
        """Shows one screen after the other; what is yielded names the picture to be taken when it rests."""
        window, walk = self._desktop.window, Walk(self._desktop)
        parts = [name for name in self._wishes.parts() if name != EMPTY]
        for lang, mode in self._wishes.looks():
            language.use(lang)
            window.set_look(mode, self._wishes.zoom)
            self._desktop.sync_status.show()  # the pill says it in that language
            window.resize(*self._wishes.size)
            window.activateWindow()
            yield ""
            for name in walk.blank_pages(parts) if self._empty else tour_parts.steps(walk, parts):
                window.resize(*self._wishes.size)  # as wide as the screen, unless it cannot be
                yield f"{'empty-' if self._empty else ''}{name}-{lang}-{mode}" if name else ""

    def _turn(self) -> None:
        self._turns += 1
        self._quiet = self._quiet + 1 if self._desktop.background.is_idle() else 0
        if self._quiet < _QUIET and self._turns < _MOST_TURNS:
            return
        self._status |= self._turns >= _MOST_TURNS
        if self._name:
            picture(self._desktop.window).save(str(self._folder / f"{self._name}.png"))
            self.count += 1
        self._quiet = self._turns = 0
        self._name = next(self._steps, "end")
        if self._name == "end":
            self._clock.stop()
            self.finished.emit(int(self._status or bool(self._desktop.faults)))


def picture(window: QWidget) -> QPixmap:
    """The window with the dialogs, menus and popups over it, where they stand on the screen."""
    made = window.grab()
    painter, corner = QPainter(made), window.mapToGlobal(QPoint(0, 0))
    tops = [each for each in QApplication.topLevelWidgets() if each.isVisible() and each is not window]
    for top in sorted(tops, key=lambda each: (each.windowType() == Qt.WindowType.Popup, _depth(each))):
        if top.windowType() in (Qt.WindowType.Dialog, Qt.WindowType.Popup, Qt.WindowType.Sheet):
            at = top.mapToGlobal(QPoint(0, 0)) - corner
            painter.drawPixmap(at, top.grab())
            painter.setPen(theme.color("border_strong"))
            painter.drawRect(top.rect().translated(at).adjusted(-1, -1, 0, 0))
    painter.end()
    return made


def _depth(widget: QWidget) -> int:
    parent = widget.parentWidget()
    return 0 if parent is None else 1 + _depth(parent)
