"""The ways to the data of this computer, in the settings."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.badges import Pill
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Line, Panel
from kam_desktop.ui.kit.labels import IconLabel, PlainLabel, caption, strong
from kam_desktop.ui.kit.states import Notice
from kam_desktop.ui.pages.settings.rows import SlotRow


class KeysView(Panel):
    """Keyring, passphrase and recovery key: which are set up, and a button for each.

    Signals:
        keyring_wanted, passphrase_wanted, recovery_wanted: set up that way to the data.
    """

    keyring_wanted = Signal()
    passphrase_wanted = Signal()
    recovery_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(gap=12)
        words = tr("Your data on this computer are encrypted. Each of these opens them alone; keep at least two, for a "
                   "computer's keyring is lost with the computer.")  # fmt: skip
        self.add(PlainLabel(words, tone="text2", wrap=True))
        self._one_way = Notice(
            tr("Only one way is set up besides the keyring. Set up a second one."), "warning", "triangle-alert"
        )
        self.add(self._one_way)
        self._slots = Panel()
        self.add(self._slots)

    def show_slots(self, slots: Sequence[SlotRow]) -> None:
        """Shows which ways to the data are set up."""
        _empty(self._slots)
        if not slots:
            self._one_way.hide()
            words = tr("This is a demonstration: it is thrown away when the window closes, and has no keys.")
            self._slots.add(Notice(words, "info", "sparkles"))
            return
        made = {slot.kind: slot.made_at for slot in slots if slot.made_at is not None}
        self._one_way.setVisible(bool(slots) and len(made.keys() - {"keyring"}) < 2)
        rows = (
            ("keyring", "monitor", tr("Keyring of this computer"),
             tr("Opens without a question when you are signed in."),
             self.keyring_wanted, tr("Set up"), tr("Renew")),
            ("passphrase", "key-round", tr("Passphrase"), tr("You type it; also on another computer."),
             self.passphrase_wanted, tr("Add"), tr("Change")),
            ("recovery", "life-buoy", tr("Recovery key"), tr("On paper, for the day when everything else is gone."),
             self.recovery_wanted, tr("Make"), tr("Make a new one")),
        )  # fmt: skip
        for number, (kind, icon, name, help_text, signal, missing, there) in enumerate(rows):
            if number:
                self._slots.add(Line(token="subtle"))
            row = Panel(row=True, margins=(0, 12, 0, 12), gap=12)
            row.add(IconLabel(icon, "text2", 16, tile="subtle"))
            lines = QVBoxLayout()
            lines.setSpacing(theme.px(2))
            lines.addWidget(strong(name))
            lines.addWidget(caption(help_text, wrap=True))
            row.box.addLayout(lines, 1)
            at = made.get(kind)
            if at is not None:
                row.add(Pill(tr("Set up {day}", day=formats.day(at.astimezone().date())), "success", "check"))
            else:
                row.add(Pill(tr("Not set up"), "warning" if kind != "keyring" else "", "minus"))
            button = Button(there if at is not None else missing)
            button.setAccessibleDescription(name)
            button.clicked.connect(signal)
            row.add(button)
            self._slots.add(row)


def _empty(panel: Panel) -> None:
    while (item := panel.box.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
