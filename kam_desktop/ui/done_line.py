"""A line in a dialog that says what was done and takes it back: a toast stands behind the dialog."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

from kam_desktop.language import tr
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import ElidedLabel, IconLabel, Link


class DoneLine(Panel):
    """Empty until something was done."""

    def __init__(self) -> None:
        super().__init__(row=True, gap=8)
        self._undo: Callable[[], object] | None = None
        self.words = ElidedLabel(tone="text2")
        self.link = Link(tr("Undo"))
        self.link.opened.connect(self._on_undo)
        self.add(IconLabel("check", "success", 14)).add(self.words, stretch=1).add(self.link)
        self.hide()

    def say(self, words: str, undo: Callable[[], object] | None = None) -> None:
        """What was done, and how it is taken back; "" says nothing any more."""
        self._undo = undo
        self.words.setText(words)
        self.link.setVisible(undo is not None)
        self.setVisible(bool(words))
        if words:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def _on_undo(self) -> None:
        undo = self._undo
        self.say("")
        if undo is not None:
            undo()
