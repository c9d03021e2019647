"""The panel of one receipt: whose money it is, whether it is confirmed, what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.badges import Pill
from kam_desktop.ui.kit.buttons import Button, IconButton
from kam_desktop.ui.kit.cells import Look
from kam_desktop.ui.kit.frames import Line, Panel, action_bar, scrolled
from kam_desktop.ui.kit.labels import ElidedLabel, PlainLabel, caption, section
from kam_desktop.ui.pages.collection.panel_parts import focus_again, focus_within

REPORTED, CONFIRMED, REJECTED = "reported", "confirmed", "rejected"
CONFIRM, REJECT, NAME, ALLOCATE = "confirm", "reject", "name", "allocate"


@dataclass(frozen=True, slots=True)
class ReceiptShown:
    """One receipt as the panel shows it; minor units. `decisions` are (day, sentence), the newest first."""

    id: str
    account: str
    account_name: str
    payer: str
    reference: str
    received_on: date | None
    amount: int
    left: int
    currency: str
    status: str
    remark: str = ""
    decisions: Sequence[tuple[str, str]] = ()


def status_words() -> dict[str, str]:
    """What is known about a receipt, in words."""
    return {REPORTED: tr("Reported"), CONFIRMED: tr("Confirmed"), REJECTED: tr("Rejected")}


STATUS_LOOKS = {
    REPORTED: Look(tone="info", icon="clock"),
    CONFIRMED: Look(tone="success", icon="check"),
    REJECTED: Look(tone="danger", icon="x"),
}


def deeds(status: str, account: str, left: int) -> list[str]:
    """What can be done with a receipt, the most likely first."""
    found = []
    if status == REPORTED:
        found.append(CONFIRM)
    if status != REJECTED and not account:
        found.append(NAME)
    if status != REJECTED and account and left > 0:
        found.append(ALLOCATE)
    if status != REJECTED:
        found.append(REJECT)
    return found


def deed_words() -> dict[str, tuple[str, str]]:
    """Words and icon of every deed."""
    return {
        CONFIRM: (tr("Confirm"), "check"), REJECT: (tr("Reject…"), "x"), NAME: (tr("Name the payer…"), "users"),
        ALLOCATE: (tr("Lay against invoices"), "split"),
    }  # fmt: skip


class ReceiptPanel(QWidget):
    """The panel.

    Signals:
        deed_wanted(deed, receipt): CONFIRM, REJECT, NAME or ALLOCATE.
        closed: the cross was pressed.
    """

    deed_wanted = Signal(str, str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.shown_id = ""
        self.buttons: dict[str, Button] = {}
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._content: QWidget | None = None

    def show_receipt(self, shown: ReceiptShown) -> None:
        """Shows another receipt, or the same one after a change."""
        focused = focus_within(self._content)
        if self._content is not None:
            self._box.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        self.shown_id = shown.id
        self._content = self._built(shown)
        self._box.addWidget(self._content)
        self._content.show()  # now, not when the layout comes to it: it is to take the keyboard
        if focused is not None:
            focus_again(self, self._content, focused)

    def _built(self, shown: ReceiptShown) -> QWidget:
        whole, body = Panel(), Panel()
        close = IconButton("x", tr("Close"), key="Esc")
        close.clicked.connect(self.closed)
        head = Panel(row=True, margins=(20, 0, 14, 0), height=56, lines="bottom", gap=8)
        name = shown.account_name or tr("Payer unknown")
        head.add(ElidedLabel(name, size=theme.SECTION, weight=theme.BOLD), stretch=1)
        whole.add(head.add(close))
        body.add(self._sum(shown), Line(), self._facts(shown))
        if shown.decisions:
            body.add(Line(), self._decided(shown))
        body.box.addStretch(1)
        whole.add(scrolled(body), stretch=1)
        words = deed_words()
        self.buttons = {}
        for deed in deeds(shown.status, shown.account, shown.left):
            label, icon = words[deed]
            kind = "danger" if deed == REJECT else "primary" if not self.buttons else "default"
            button = Button(label, kind=kind, icon=icon)
            button.clicked.connect(partial(self.deed_wanted.emit, deed, shown.id))
            self.buttons[deed] = button
        last, *more = reversed(self.buttons.values()) if self.buttons else (None,)
        if last is not None:
            whole.add(action_bar(last, None, *more))
        self.setFocusProxy(next(iter(self.buttons.values()), close))
        return whole

    def _sum(self, shown: ReceiptShown) -> QWidget:
        part = Panel(margins=(20, 12, 20, 12), gap=2)
        part.add(caption(tr("Received {day}", day=formats.day(shown.received_on))))
        row = QHBoxLayout()
        amount = formats.amount(shown.amount, shown.currency, symbol=True)
        row.addWidget(PlainLabel(amount, size=theme.FIGURE, weight=theme.BOLD), 1)
        look = STATUS_LOOKS[shown.status]
        row.addWidget(Pill(status_words()[shown.status], look.tone or "", look.icon))
        part.box.addLayout(row)
        words = {
            REPORTED: tr("Somebody reported it; it counts once finance confirms it."),
            REJECTED: tr("Rejected; it counts for nothing."),
            CONFIRMED: tr("{amount} of it is laid against nothing.", amount=formats.amount(shown.left, shown.currency))
            if shown.left else tr("All of it is laid against invoices."),
        }  # fmt: skip
        part.add(caption(words[shown.status], wrap=True))
        return part

    def _facts(self, shown: ReceiptShown) -> QWidget:
        part = Panel(margins=(20, 12, 20, 12), gap=8)
        for label, value in ((tr("Payer"), shown.payer), (tr("Reference"), shown.reference),
                             (tr("Remark"), shown.remark)):  # fmt: skip
            if value:
                part.add(caption(label), PlainLabel(value, wrap=True))
        return part

    def _decided(self, shown: ReceiptShown) -> QWidget:
        part = Panel(margins=(20, 12, 20, 12), gap=4)
        part.add(section(tr("What was decided")))
        for day, words in shown.decisions:
            part.add(caption(day), PlainLabel(words, wrap=True))
        return part
