"""A panel beside a list gives way where the page is narrow: it lies over the list, or is put away."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QBoxLayout, QWidget

from kam_desktop.ui import theme


class SideFold(QObject):
    """Watches a page. From `least` px at 100 % on the panel stands beside the rest.

    Below, it lies over the rest at the right; with `away` it is hidden, because everything in it stands elsewhere too.
    """

    def __init__(self, page: QWidget, row: QBoxLayout, side: QWidget, least: int, *, away: bool = False) -> None:
        super().__init__(page)
        self._page, self._row, self._side, self._least, self._away = page, row, side, least, away
        self._folded = False
        page.installEventFilter(self)

    def is_folded(self) -> bool:
        """Whether there is no room beside the rest."""
        return self._folded

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._page and event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def _fit(self) -> None:
        folded = self._page.width() < theme.px(self._least)
        if folded != self._folded:
            self._folded = folded
            if self._away:
                self._side.setVisible(not folded)
            elif folded:
                self._row.removeWidget(self._side)
                self._side.raise_()
            else:
                self._row.addWidget(self._side)
        if folded and not self._away:
            width = min(self._side.maximumWidth(), self._page.width())
            self._side.setGeometry(self._page.width() - width, 0, width, self._page.height())
