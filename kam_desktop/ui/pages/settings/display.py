"""Language and look in the settings; everything takes effect at once."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from kam_desktop import language
from kam_desktop.language import tr
from kam_desktop.ui import keymap, own_lock, theme, tray
from kam_desktop.ui.kit.buttons import Button, Segmented
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import caption, strong


class DisplayView(Panel):
    """Language, light or dark, size of text, the icon in the tray.

    Signals:
        language_chosen(code), look_chosen(mode, zoom): take effect at once.
        tray_chosen(on): an icon in the system's tray, or none.
        steps_wanted: the first steps on Today again.
        lock_chosen(minutes): lock after so many minutes without a touch, "" for never.
    """

    language_chosen = Signal(str)
    look_chosen = Signal(str, int)
    tray_chosen = Signal(bool)
    steps_wanted = Signal()
    lock_chosen = Signal(str)

    def __init__(self, *, in_tray: bool = False, lock_minutes: str = "") -> None:
        super().__init__(gap=20)
        words_switch = Segmented([("vi", "Tiếng Việt"), ("en", "English")], language.current(), name=tr("Language"))
        words_switch.changed.connect(self.language_chosen)
        modes = [("system", tr("As the system")), ("light", tr("Light")), ("dark", tr("Dark"))]
        look = Segmented(modes, theme.mode(), name=tr("Appearance"))
        look.changed.connect(lambda mode: self.look_chosen.emit(mode, theme.zoom()))
        zooms = [(str(percent), f"{percent}\N{NO-BREAK SPACE}%") for percent in theme.ZOOMS]
        size = Segmented(zooms, str(theme.zoom()), name=tr("Size of text"))
        size.changed.connect(lambda percent: self.look_chosen.emit(theme.mode(), int(percent)))
        for name, help_text, switch in (
            (tr("Language"), tr("Everything changes at once; your data stay as they are."), words_switch),
            (tr("Appearance"), tr("Printing is always light."), look),
            (tr("Size of text"), tr("Also with Ctrl + and Ctrl −; Ctrl 0 is 100 %."), size),
        ):  # fmt: skip
            self.add(_setting(name, help_text, switch))
        if tray.available():
            words_of_tray = [("", tr("Hidden")), ("on", tr("Shown"))]
            shown = Segmented(words_of_tray, "on" if in_tray else "", name=tr("Icon in the system's tray"))
            shown.changed.connect(lambda key: self.tray_chosen.emit(key == "on"))
            self.add(_setting(tr("Icon in the system's tray"), tr("A click on it brings the window forward."), shown))
        times = [("", tr("Never")), *((str(each), tr("{n} min", n=each)) for each in own_lock.MINUTES)]
        locks = Segmented(times, lock_minutes, name=tr("Lock when nobody works"))
        locks.changed.connect(self.lock_chosen)
        words = tr("The passphrase opens it again. Now: {keys}. Never while you are presenting.",
                   keys=keymap.shown("lock_now"))  # fmt: skip
        self.add(_setting(tr("Lock when nobody works"), words, locks))
        steps = Button(tr("Show them again"), icon="list-checks")
        steps.setAccessibleDescription(tr("First steps"))
        steps.clicked.connect(self.steps_wanted)
        words = tr("The six steps, from our firm to a safe copy, stand on Today again.")
        self.add(_setting(tr("First steps"), words, steps))


def _setting(name: str, help_text: str, switch: QWidget) -> QWidget:
    row = Panel(row=True, gap=16)
    lines = QVBoxLayout()
    lines.setSpacing(theme.px(2))
    lines.addWidget(strong(name))
    lines.addWidget(caption(help_text, wrap=True))
    row.box.addLayout(lines, 1)
    return row.add(switch)
