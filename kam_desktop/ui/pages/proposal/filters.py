"""Chips that narrow board and list of proposals, by owner and quarter; and the order of cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from kam_desktop.domain.entities import LOCAL_PERSON_ID
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Chip, open_below

UNDATED = "undated"
ORDERS = ("closing", "value", "days", "title")
_ROMAN = ("", "I", "II", "III", "IV")


@dataclass(frozen=True)
class Narrowing:
    """What is shown: an owner's id and a quarter ("2026-4" or UNDATED), "" for all; and how cards stand."""

    owner: str = ""
    closing: str = ""
    order: str = ORDERS[0]


def quarter_name(key: str) -> str:
    """A quarter as people write it: IV/2026."""
    year, _, number = key.partition("-")
    if number.isdecimal() and int(number) < len(_ROMAN):
        return tr("{quarter}/{year}", quarter=_ROMAN[int(number)], year=year)
    return tr("No date")


def order_names() -> dict[str, str]:
    """How cards of a stage may stand, in the current language."""
    return {
        "closing": tr("First to close"), "value": tr("Largest first"), "days": tr("Longest here"),
        "title": tr("By title"),
    }  # fmt: skip


class Filters(QWidget):
    """The chips. `ordered` adds the one with the order of cards.

    Signals:
        changed(Narrowing): another choice was made.
    """

    changed = Signal(object)

    def __init__(self, *, ordered: bool = False) -> None:
        super().__init__()
        self.now = Narrowing()
        self.me = LOCAL_PERSON_ID  # the person at work, as the controller knows it
        self._owners: Sequence[tuple[str, str]] = ()
        self._quarters: Sequence[str] = ()
        self.owner = Chip(tr("Owner"), tr("All"), icon="users")
        self.closing = Chip(tr("Closing"), tr("Any time"), icon="calendar")
        self.order = Chip(tr("Order"), "", icon="arrow-down")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        for chip, opening in (
            (self.owner, self._open_owners), (self.closing, self._open_quarters), (self.order, self._open_orders),
        ):  # fmt: skip
            row.addWidget(chip)
            chip.clicked.connect(opening)
        self.order.setVisible(ordered)
        self.show_narrowing(self.now)

    def set_choices(self, owners: Sequence[tuple[str, str]], quarters: Sequence[str]) -> None:
        """What there is to choose: (id, name) of people, and quarters, UNDATED among them."""
        self._owners, self._quarters = owners, quarters
        self.show_narrowing(self.now)

    def show_narrowing(self, now: Narrowing) -> None:
        """Says what is chosen."""
        self.now = now
        self.owner.set_texts(tr("Owner"), self._owner_name(now.owner))
        self.closing.set_texts(tr("Closing"), quarter_name(now.closing) if now.closing else tr("Any time"))
        self.order.set_texts(tr("Order"), order_names().get(now.order, ""))

    def _owner_name(self, key: str) -> str:
        if not key:
            return tr("All")
        return tr("Me") if key == self.me else dict(self._owners).get(key, "…")

    def _choose(self, **values: str) -> None:
        now = Narrowing(**{"owner": self.now.owner, "closing": self.now.closing, "order": self.now.order, **values})
        if now != self.now:
            self.show_narrowing(now)
            self.changed.emit(now)

    def _menu(self, chip: Chip, name: str, choices: Sequence[tuple[str, str]], chosen: str) -> None:
        menu = QMenu(self)
        for key, words in choices:
            action = QAction(words.replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(key == chosen)
            action.triggered.connect(lambda _on=False, key=key: self._choose(**{name: key}))
            menu.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        open_below(menu, chip)

    def _open_owners(self) -> None:
        mine = [each for each in self._owners if each[0] == self.me]
        others = [each for each in self._owners if each[0] != self.me]
        shown = [("", tr("All")), *((key, tr("Me")) for key, _ in mine), *others]
        self._menu(self.owner, "owner", shown, self.now.owner)

    def _open_quarters(self) -> None:
        shown = [("", tr("Any time")), *((key, quarter_name(key)) for key in self._quarters)]
        self._menu(self.closing, "closing", shown, self.now.closing)

    def _open_orders(self) -> None:
        self._menu(self.order, "order", list(order_names().items()), self.now.order)
