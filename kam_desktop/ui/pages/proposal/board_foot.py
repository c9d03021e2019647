"""The line under the board: what just happened to a card, what can be done now, and by which keys."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy

from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.badges import KeyCap
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import ElidedLabel, Link, PlainLabel, caption


class BoardFoot(Panel):
    """Says and offers.

    Signals:
        sent_wanted(str): the version that was offered is to be marked as sent.
    """

    sent_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__(row=True, ground="surface", margins=(24, 0, 24, 0), gap=10, height=48)
        self.status = ElidedLabel(weight=theme.MEDIUM)
        self.status.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.way = PlainLabel(tone="text2", size=theme.CAPTION)
        self.offer = Link(tr("Mark its version as sent"))
        self.offer.opened.connect(self._on_offer)
        self.offer.hide()
        self._offered = ""
        self._hint = caption("", "muted")
        self._keys = Panel(row=True, ground="surface", gap=8)
        for keys, words in ((("←", "→"), tr("to another stage")), ((keymap.shown("lift"),), tr("drop")),
                            (("Esc",), tr("put back"))):  # fmt: skip
            self._keys.add(*map(KeyCap, keys), caption(words, "text2"))
        self._keys.hide()
        self.add(self.status, self.way, self.offer, None, self._hint, self._keys)
        shown = {"lift": keymap.shown("lift"), "left": keymap.shown("card_left"), "right": keymap.shown("card_right")}
        self._hint.setText(tr("{lift} lifts a card · {left} and {right} move it at once · ⏎ opens it", **shown))

    def say(self, words: str, way: str = "") -> None:
        """What happened, and from where to where."""
        self.status.setText(words)
        self.way.setText(way)

    def show_keys(self, lifted: bool) -> None:
        """The keys of a card in the air, or those of the board."""
        self._keys.setVisible(lifted)
        self._hint.setVisible(not lifted)
        self.offer.hide()

    def offer_sending(self, version: str) -> None:
        """Offers to mark a version as sent; "" takes the offer back."""
        self._offered = version
        self.offer.setVisible(bool(version))

    def _on_offer(self) -> None:
        version = self._offered
        self.offer_sending("")
        self.sent_wanted.emit(version)
