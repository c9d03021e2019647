"""The forms of the first run: our firm's name and tax code, and the lock of the data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from kam_desktop.domain.errors import Refused
from kam_desktop.domain.locale.vietnam import tax_code
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button, Segmented
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import ElidedLabel, Link, PlainLabel, caption, strong
from kam_desktop.ui.recovery_sheet import PassphraseLines, RecoverySheet, ShownKey
from kam_desktop.ui.sentences import sentence

RECOVERY, PASSPHRASE = "recovery", "passphrase"


class FirmLines(QWidget):
    """Our firm in two lines, and the files to begin with; all may stay empty and be said later.

    Signals:
        changed: other words, or other files.
        files_wanted: choose the files to bring in first; answer with `show_files`.
    """

    changed = Signal()
    files_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(4))
        box.addWidget(strong(tr("Your firm")))
        box.addWidget(caption(tr("The tax code tells the invoices you issued from those you received."), wrap=True))
        row = QHBoxLayout()
        row.setSpacing(theme.px(16))
        self._name, self._code = QLineEdit(), QLineEdit()
        self._warning = caption(tone="warning", wrap=True)
        self._warning.hide()
        for edit, words, share in ((self._name, tr("Legal name"), 2), (self._code, tr("Tax code"), 1)):
            column = QVBoxLayout()
            column.setSpacing(theme.px(4))
            label = caption(words, "text2")
            label.setBuddy(edit)
            edit.setAccessibleName(words)
            column.addWidget(label)
            column.addWidget(edit)
            row.addLayout(column, share)
        self._code.editingFinished.connect(self._check)
        self._name.editingFinished.connect(self.changed)
        self._code.editingFinished.connect(self.changed)
        box.addLayout(row)
        box.addWidget(self._warning)
        box.addSpacing(theme.px(8))
        self.files: tuple[Path, ...] = ()
        self._names = ElidedLabel("", tone="text2")
        choose = Button(tr("Choose files…"), icon="file-spreadsheet")
        choose.clicked.connect(self.files_wanted)
        self._none = Link(tr("No files"))
        self._none.opened.connect(lambda: self.show_files(()))
        files = QHBoxLayout()
        files.setSpacing(theme.px(12))
        files.addWidget(choose)
        files.addWidget(self._names, 1)
        files.addWidget(self._none)
        box.addLayout(files)
        self.show_files(())

    def show_files(self, files: Sequence[Path]) -> None:
        """Shows which files are looked at first, once the data have their lock."""
        self.files = tuple(files)
        names = ", ".join(each.name for each in self.files)
        self._names.setText(names or tr("They are looked at right after; you may also choose them later."))
        self._none.setVisible(bool(self.files))
        self.changed.emit()

    def show_firm(self, company: str, code: str) -> None:
        """Shows what was typed before."""
        self._name.setText(company)
        self._code.setText(code)

    def company(self) -> str:
        """The name as typed."""
        return self._name.text().strip()

    def tax_code(self) -> str:
        """The tax code in its written form, else as typed."""
        typed = self._code.text().strip()
        return tax_code.read(typed).text if typed else ""

    def _check(self) -> None:
        """A warning only, after leaving: a firm may well have a code that fails the check."""
        warning = tax_code.read(self._code.text()).warning
        self._warning.setText(sentence(warning) if warning is not None else "")
        self._warning.setVisible(warning is not None)


class LockForm(QWidget):
    """How the data are locked: a recovery key on paper, or a passphrase. The other can be added later.

    Signals:
        back_wanted: to the three ways.
        recovery_wanted: make a key; answer with `show_key`.
        locked(passphrase, recovery): one of the two is ready.
    """

    back_wanted = Signal()
    recovery_wanted = Signal()
    locked = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(PlainLabel(tr("Lock your data"), size=theme.FIGURE, weight=theme.BOLD, wrap=True))
        words = tr("Everything is encrypted with a key that this computer's keyring keeps, so that you are not asked "
                   "each time. When the computer is lost or the keyring fails, only a recovery key or a passphrase "
                   "opens your data: nobody else has one.")  # fmt: skip
        box.addWidget(PlainLabel(words, tone="text2", wrap=True))
        self.switch = Segmented(
            [(RECOVERY, tr("Recovery key on paper")), (PASSPHRASE, tr("Passphrase"))], name=tr("Second way")
        )
        self.switch.changed.connect(self._show)
        row = QHBoxLayout()
        row.addWidget(self.switch)
        row.addStretch()
        box.addLayout(row)
        self._holder = QVBoxLayout()
        self.sheet: RecoverySheet | None = None
        self.lines = PassphraseLines()
        self.lines.entered.connect(self.go)
        self._lines_box = Panel(gap=12)
        self._lines_box.setMaximumWidth(theme.px(440))
        self._go = Button(tr("Go on"), kind="primary", key="Ctrl Enter")
        self._go.clicked.connect(self.go)
        buttons = QHBoxLayout()
        buttons.addWidget(self._go)
        buttons.addStretch()
        self._lines_box.add(self.lines)
        self._lines_box.box.addLayout(buttons)
        self._said = PlainLabel(tone="danger", wrap=True)
        self._said.hide()
        self._holder.addWidget(self._lines_box)
        box.addLayout(self._holder)
        box.addWidget(self._said)
        back = Button(tr("Back"), kind="flat", icon="arrow-left")
        back.clicked.connect(self.back_wanted)
        foot = QHBoxLayout()
        foot.addWidget(back)
        foot.addStretch()
        box.addLayout(foot)
        self.setFocusProxy(self.switch)
        self._show(RECOVERY)

    def begin(self) -> None:
        """Starts anew: asks for a recovery key to show, unless one is shown already."""
        self._said.hide()
        if self.sheet is None:
            self.recovery_wanted.emit()

    def show_key(self, key: ShownKey) -> None:
        """Shows a recovery key once."""
        if self.sheet is not None:
            self._holder.removeWidget(self.sheet)
            self.sheet.deleteLater()
        self.sheet = RecoverySheet(key)
        self.sheet.kept.connect(lambda: self.locked.emit("", True))
        self._holder.addWidget(self.sheet)
        self._show(self.switch.chosen())

    def show_problem(self, words: str) -> None:
        """Why the profile was not made."""
        self._said.setText(words)
        self._said.setVisible(bool(words))

    def go(self) -> None:
        """Takes what is shown: checks the groups, or takes the passphrase."""
        if self.switch.chosen() == RECOVERY:
            if self.sheet is not None:
                self.sheet.check()
            return
        try:
            typed = self.lines.passphrase()
        except Refused as refused:
            self.lines.show_problems(refused.problems)
            return
        if typed:
            self.locked.emit(typed, False)
        else:
            self.lines.setFocus()

    def _show(self, key: str) -> None:
        self._lines_box.setVisible(key == PASSPHRASE)
        if self.sheet is not None:
            self.sheet.setVisible(key == RECOVERY)
        if key == PASSPHRASE:
            self.lines.setFocus()
