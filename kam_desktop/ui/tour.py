"""The tour: every screen in both languages and both themes, each saved as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject, QSize, QTimer, Signal

from kam_desktop import language
from kam_desktop.ui import pages, theme
from kam_desktop.ui.desktop import Desktop

_QUIET = 3  # so many turns in a row without work, and the screen is as it will stay
_MOST_TURNS = 400


@runtime_checkable
class HasPlaces(Protocol):
    """A page with more than one screen."""

    def tour_places(self) -> list[tuple[str, str]]:
        """(name for the picture, place) of the further screens; asked while the first one is shown."""


class Tour(QObject):
    """Walks once the profile is open.

    Signals:
        finished(int): 0, or 1 if a screen never came to rest.
    """

    finished = Signal(int)

    def __init__(self, desktop: Desktop, folder: Path, size: QSize) -> None:
        super().__init__(desktop)
        self._desktop, self._folder, self._size = desktop, folder, size
        self._steps: Iterator[str] = self._walk()
        self._name, self._quiet, self._turns, self._status = "", 0, 0, 0
        self._clock = QTimer(self)
        self._clock.setInterval(30)
        self._clock.timeout.connect(self._turn)
        desktop.background.opened.connect(self._clock.start)

    def _walk(self) -> Iterator[str]:
        """Shows one screen after the other; what is yielded names the picture to be taken when it rests."""
        window = self._desktop.window
        window.resize(self._size)
        yield ""
        for lang in language.LANGUAGES:
            for mode in ("light", "dark"):
                language.use(lang)
                window.set_look(mode, theme.zoom())
                for entry in pages.PAGES:
                    window.show_page(entry.key)
                    yield f"{entry.key}-{lang}-{mode}"
                    page = window.page(entry.key)
                    if isinstance(page, HasPlaces):
                        for name, place in page.tour_places():
                            window.show_page(entry.key, place)
                            yield f"{entry.key}-{name}-{lang}-{mode}"
                window.show_page(pages.PAGES[0].key)
                window.open_palette("thu tien")  # Vietnamese typed without accents finds it in either language
                yield f"palette-{lang}-{mode}"
                window.close_palette()

    def _turn(self) -> None:
        self._turns += 1
        self._quiet = self._quiet + 1 if self._desktop.background.is_idle() else 0
        if self._quiet < _QUIET and self._turns < _MOST_TURNS:
            return
        self._status |= self._turns >= _MOST_TURNS
        if self._name:
            self._desktop.window.grab().save(str(self._folder / f"{self._name}.png"))
        self._quiet = self._turns = 0
        self._name = next(self._steps, "end")
        if self._name == "end":
            self._clock.stop()
            self.finished.emit(int(self._status))
