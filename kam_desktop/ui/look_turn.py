"""Another theme or size of text as the user asks for it: pages not shown are ended first, one a turn."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject, QTimer

from kam_desktop.ui import theme


class _Window(Protocol):
    def hidden_pages(self) -> list[str]: ...
    def end_page(self, key: str) -> None: ...
    def set_look(self, mode: str, zoom: int) -> None: ...


class LookTurn(QObject):
    """Dresses the window anew. Every page is made again in the new look; ending eight of them takes 0.1 s.

    In one turn of the event loop with the page that is shown, which is made again at once, the window would stand still
    for 0.2 s on the sample laptop. What is asked for meanwhile (a key held down) counts from what was asked for last.
    """

    def __init__(self, window: _Window, parent: QObject) -> None:
        super().__init__(parent)
        self._window = window
        self._wanted: tuple[str, int] | None = None
        self._clock = QTimer(self, singleShot=True, interval=0)
        self._clock.timeout.connect(self._go_on)

    def wear(self, mode: str, zoom: int) -> None:
        """Another look, `mode` one of theme.MODES and `zoom` in per cent, a few turns of the event loop from now."""
        self._wanted = mode, zoom
        self._clock.start()

    def step(self, steps: int) -> None:
        """So many sizes of text up or down; 0 is the normal size."""
        mode, zoom = self._wanted or (theme.mode(), theme.zoom())
        nearest = min(theme.ZOOMS, key=lambda percent: abs(percent - zoom))
        at = max(0, min(len(theme.ZOOMS) - 1, theme.ZOOMS.index(nearest) + steps))
        self.wear(mode, theme.ZOOMS[at] if steps else 100)

    def size(self, percent: int) -> None:
        """This size of text."""
        self.wear((self._wanted or (theme.mode(), 0))[0], percent)

    def turn(self) -> None:
        """Light becomes dark, dark light."""
        if self._wanted:
            mode, zoom = self._wanted
            self.wear("light" if mode == "dark" else "dark", zoom)
        else:
            self.wear("light" if theme.is_dark() else "dark", theme.zoom())

    def _go_on(self) -> None:
        if hidden := self._window.hidden_pages():
            self._window.end_page(hidden[0])
            self._clock.start()
        elif self._wanted is not None:
            (mode, zoom), self._wanted = self._wanted, None
            self._window.set_look(mode, zoom)
