"""Parts of the invoice's panel: the payment code, a line of the papers' checklist, the reminders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import IconButton
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import IconLabel, PlainLabel, caption, section, strong

_QUIET = 4  # modules around the code (ISO/IEC 18004)
_SIDE = 150
_STATES = {"done": ("circle-check", "success"), "warning": ("circle-alert", "warning"), "open": ("circle", "muted")}
_SHOWN = 4
_TAB = Qt.FocusPolicy.TabFocus


class Reminder(Protocol):
    """A reminder as the panel tells it."""

    @property
    def on(self) -> date | None: ...
    @property
    def words(self) -> str: ...
    @property
    def remark(self) -> str: ...


class Payable(Protocol):
    """What can be paid by a code."""

    @property
    def code(self) -> str: ...
    @property
    def modules(self) -> Sequence[bytes]: ...
    @property
    def pay_to(self) -> Sequence[tuple[str, str]]: ...
    @property
    def open(self) -> int: ...
    @property
    def currency(self) -> str: ...


class CodePicture(QWidget):
    """A QR code: whole pixels a module, black on white in the dark theme too, with four quiet modules around."""

    def __init__(self, modules: Sequence[bytes], name: str) -> None:
        super().__init__()
        self._modules = modules
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(_SIDE), theme.px(_SIDE))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("white"))
        ratio = self.devicePixelRatioF()
        count = len(self._modules) + 2 * _QUIET
        unit = max(1, int(min(self.width(), self.height()) * ratio / count)) / ratio  # whole pixels of the screen
        left = (self.width() - unit * len(self._modules)) / 2
        for y, row in enumerate(self._modules):
            for x, dark in enumerate(row):
                if dark:
                    top = int((left + y * unit) * ratio) / ratio
                    at = int((left + x * unit) * ratio) / ratio
                    painter.save()
                    painter.translate(at, top)
                    painter.scale(unit, unit)
                    painter.fillRect(0, 0, 1, 1, QColor("black"))
                    painter.restore()


def payment_code(shown: Payable, copied: Callable[[], object]) -> QWidget:
    """The VietQR code for exactly what is open, what it says, and a button that copies it; words alone where none."""
    amount = formats.amount(shown.open, shown.currency, symbol=True)
    part = Panel(row=True, margins=(20, 12, 20, 12), gap=16)
    if shown.modules:
        part.add(CodePicture(shown.modules, tr("VietQR code for {amount}", amount=amount)))
    words = QVBoxLayout()
    words.setSpacing(theme.px(2))
    head = QHBoxLayout()
    head.addWidget(section("VietQR" if shown.modules else tr("Where to pay")), 1)
    copy = IconButton("copy", tr("Copy the payment code") if shown.modules else tr("Copy where to pay"))

    def to_clipboard() -> None:
        text = [amount, *(" ".join(piece for piece in pair if piece) for pair in shown.pay_to), shown.code]
        QGuiApplication.clipboard().setText("\n".join(text))
        copied()

    copy.clicked.connect(to_clipboard)
    head.addWidget(copy)
    words.addLayout(head)
    words.addWidget(strong(amount))
    for name, text in shown.pay_to:
        if name:
            words.addWidget(caption(name))
        words.addWidget(PlainLabel(text, weight=theme.MEDIUM, wrap=True) if name else caption(text, wrap=True))
    if not shown.modules:
        words.addWidget(caption(tr("This bank has no payment code; the customer types these in."), wrap=True))
    words.addStretch(1)
    part.box.addLayout(words, 1)
    return part


def check_line(state: str, words: str, note: str) -> QWidget:
    """One paper of the checklist: "done", "warning" or "open", never told by colour alone."""
    icon, tone = _STATES[state]
    line = Panel(row=True, gap=12)
    said = {"done": tr("there"), "warning": tr("missing"), "open": tr("not there")}[state]
    line.add(IconLabel(icon, tone, 16, name=said))
    line.add(PlainLabel(words, wrap=True), stretch=1)
    told = caption(note, "warning" if state == "warning" else "muted")
    told.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return line.add(told)


def reminders(found: Sequence[Reminder]) -> QWidget:
    """The last reminders, the newest first."""
    part = Panel(margins=(20, 12, 20, 12), gap=4)
    part.add(section(tr("Last reminders")))
    for each in found[:_SHOWN]:
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        when = caption(formats.day(each.on), "text2")
        row.addWidget(when, 0, Qt.AlignmentFlag.AlignTop)
        told = QVBoxLayout()
        told.setSpacing(0)
        told.addWidget(PlainLabel(each.words, wrap=True))
        if each.remark:
            told.addWidget(caption(each.remark, "private", wrap=True))
        row.addLayout(told, 1)
        part.box.addLayout(row)
    if len(found) > _SHOWN:
        part.add(caption(tr("and {n} earlier ones", n=len(found) - _SHOWN)))
    return part


def focus_within(content: QWidget | None) -> str | None:
    """The name of what has the keyboard within a panel's content, None where nothing of it has."""
    focused = QApplication.focusWidget()
    inside = content is not None and focused is not None and content.isAncestorOf(focused)
    return focused.accessibleName() if inside and focused is not None else None


def focus_again(panel: QWidget, content: QWidget, name: str) -> None:
    """Gives the keyboard to what is called so in the content that was built anew, else to the panel's first deed."""
    for each in content.findChildren(QWidget):
        if name and each.accessibleName() == name and each.isVisible() and each.focusPolicy() & _TAB == _TAB:
            each.setFocus(Qt.FocusReason.OtherFocusReason)
            return
    panel.setFocus(Qt.FocusReason.OtherFocusReason)
