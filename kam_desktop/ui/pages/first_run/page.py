"""The first run: three ways to begin, our firm, and how the data are locked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from kam_desktop import config, language
from kam_desktop.domain.invitation import Invitation
from kam_desktop.language import tr
from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.badges import KeyCap
from kam_desktop.ui.kit.buttons import Button, Segmented
from kam_desktop.ui.kit.frames import Card, Panel, scrolled
from kam_desktop.ui.kit.labels import IconLabel, PlainLabel, caption, section
from kam_desktop.ui.kit.states import Notice
from kam_desktop.ui.pages.first_run.form import FirmLines, LockForm
from kam_desktop.ui.pages.first_run.server import ServerLines
from kam_desktop.ui.recovery_sheet import ShownKey

SAMPLE, FILES, SERVER = "sample", "files", "server"
WAYS = (SAMPLE, FILES, SERVER)
_WIDTH = 912


@dataclass(frozen=True)
class Beginning:
    """How the user wants to begin.

    Attributes:
        way: "sample", "files" or "server".
        kit: which sample data, "agency" or "manufacturer"; "" without.
        company, tax_code: our firm as typed, "" for not said.
        passphrase: "" for none.
        recovery: whether the recovery key that was shown has been written down and is to be used.
        files: what to bring in first, once the profile stands.
        server: the firm's server, by invitation or as typed; None for not said yet.
    """

    way: str
    kit: str = ""
    company: str = ""
    tax_code: str = ""
    passphrase: str = ""
    recovery: bool = False
    files: tuple[Path, ...] = ()
    server: Invitation | None = None


class WayCard(Card):
    """One of the three ways. A click or the arrow keys choose it.

    Signals:
        wanted: the card was clicked.
    """

    wanted = Signal()

    def __init__(self, icon: str, name: str, text: str, note: str) -> None:
        super().__init__(margins=(24, 24, 24, 24), gap=4)
        self.setMinimumHeight(theme.px(280))
        self._icon = IconLabel(icon, "text2", 20, tile="subtle")
        self.add(self._icon)
        self.box.addSpacing(theme.px(16))
        self.add(section(name), PlainLabel(text, tone="text2", wrap=True))
        self.box.addSpacing(theme.px(4))
        self.add(caption(note, wrap=True))
        self.box.addStretch(1)
        self._drawing = icon
        self.setAccessibleName(f"{name}. {text} {note}")

    def set_chosen(self, chosen: bool) -> None:
        super().set_chosen(chosen)
        self._icon.set_icon(self._drawing, "accent" if chosen else "text2")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self.wanted.emit()


class _Mark(QWidget):
    """The product's mark."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(theme.px(24), theme.px(24))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.box(painter, QRectF(self.rect()), theme.px(6), theme.color("accent"))
        icons.paint(painter, theme.px(5), theme.px(5), "layers", "on_accent", 14)


class FirstRun(QWidget):
    """The whole first run. `on_chosen(Beginning)` is called once everything is answered.

    Signals:
        language_chosen(code): the switch in the upper corner.
        recovery_wanted: make a recovery key to be shown; answer with `show_recovery`.
        files_wanted: choose files to bring in; answer with `show_files`. invitation_wanted: choose an invitation.
        told(dict): what was chosen and typed so far, to be kept for another start.
    """

    language_chosen = Signal(str)
    recovery_wanted = Signal()
    files_wanted = Signal()
    invitation_wanted = Signal()
    told = Signal(dict)

    def __init__(self, on_chosen: Callable[[Beginning], None]) -> None:
        super().__init__()
        self._on_chosen = on_chosen
        self._way, self._busy = SAMPLE, False
        self.cards: dict[str, WayCard] = {}
        self.buttons: dict[str, Button] = {}
        self.firm, self.server = FirmLines(), ServerLines()
        self.firm.files_wanted.connect(self.files_wanted)
        self.firm.changed.connect(self._tell)
        self.server.file_wanted.connect(self.invitation_wanted)
        self.server.changed.connect(self._tell)
        self.lock = LockForm()
        self.lock.back_wanted.connect(self.show_ways)
        self.lock.recovery_wanted.connect(self.recovery_wanted)
        self.lock.locked.connect(self._on_locked)
        self._views = QStackedWidget()
        self._area = scrolled(self._ways())
        self._views.addWidget(self._area)
        self._views.addWidget(scrolled(_middle(self.lock)))
        whole = Panel()
        whole.add(self._head())
        whole.add(self._views, stretch=1)
        whole.add(self._foot())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(whole)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.go)
        self.choose(SAMPLE)

    def _head(self) -> QWidget:
        head = Panel(row=True, margins=(24, 0, 24, 0), gap=10, height=56)
        words = Segmented([("vi", "Tiếng Việt"), ("en", "English")], language.current(), name=tr("Language"))
        words.changed.connect(self.language_chosen)
        return head.add(_Mark(), PlainLabel(config.APP_NAME, weight=theme.BOLD), None, words)

    def _foot(self) -> QWidget:
        foot = Panel(row=True, margins=(24, 0, 24, 0), gap=8, height=56)
        foot.add(caption(tr("Version {version}", version=config.VERSION)), None)
        self._keys = [KeyCap("←"), KeyCap("→"), caption(tr("another way"))]
        return foot.add(*self._keys)

    def _ways(self) -> QWidget:
        content = Panel(gap=4)
        content.add(PlainLabel(tr("How do you want to begin?"), size=theme.FIGURE, weight=theme.BOLD, wrap=True))
        words = tr("Each way works at once without a network. You can change later.")
        content.add(PlainLabel(words, size=theme.SECTION, tone="text2", wrap=True))
        self._before = Notice(
            tr("You were here before. A recovery key that you wrote down then opens nothing: you get a new one."),
            "info",
        )
        self._before.hide()
        content.box.addSpacing(theme.px(4))
        content.add(self._before)
        content.box.addSpacing(theme.px(16))
        row = QHBoxLayout()
        row.setSpacing(theme.px(24))
        for way, icon, name, text, note, action in (
            (SAMPLE, "sparkles", tr("Sample data"),
             tr("An invented firm with customers, proposals and money due, to try everything."),
             tr("It stands apart from your own data."), tr("Try it")),
            (FILES, "file-spreadsheet", tr("My own data"),
             tr("Bring in your customer list and e-invoices; look at every row first."),
             tr(".xlsx, .csv, e-invoices as .xml or .zip"), tr("Begin")),
            (SERVER, "server", tr("Company server"), tr("Sign in to get the customers that are yours."),
             tr("A profile of your own on this computer, which works without a network too."), tr("Begin")),
        ):  # fmt: skip
            card = WayCard(icon, name, text, note)
            card.wanted.connect(lambda way=way: self.choose(way))
            if way == SAMPLE:
                self.kit = Segmented(
                    [("agency", tr("Agency")), ("manufacturer", tr("Manufacturer"))], name=tr("Kind of firm")
                )
                self.kit.changed.connect(lambda _kind: self._tell())
                card.add(self.kit)
                card.box.addSpacing(theme.px(8))
            button = Button(action)
            button.setAccessibleDescription(name)
            button.clicked.connect(lambda _on=False, way=way: self._on_pressed(way))
            card.box.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            self.cards[way], self.buttons[way] = card, button
            row.addWidget(card, 1)
        content.box.addLayout(row)
        content.box.addSpacing(theme.px(16))
        content.add(self.firm, self.server)
        self._said = PlainLabel(tone="danger", wrap=True)
        self._said.hide()
        content.add(self._said)
        content.box.addSpacing(theme.px(12))
        safe = Panel(row=True, gap=12)
        safe.add(IconLabel("shield-check", "muted", 16))
        words = tr("Your data stay on this computer, encrypted. Nothing is sent while no server is connected.")
        content.add(safe.add(PlainLabel(words, tone="text2", wrap=True)))
        safe.box.setStretch(1, 1)
        return _middle(content)

    # What is chosen.

    def way(self) -> str:
        """The chosen way."""
        return self._way

    def choose(self, way: str) -> None:
        """Chooses a way."""
        changed, self._way = way != self._way, way
        for key, card in self.cards.items():
            card.set_chosen(key == way)
            button = self.buttons[key]
            button.kind = "primary" if key == way else "default"
            button.key = "Enter" if button.kind == "primary" else ""
            button.updateGeometry()
            button.update()
        self.firm.setVisible(way == FILES)
        self.server.setVisible(way == SERVER)
        QTimer.singleShot(0, self, self._show_lines)
        if changed:
            self._tell()

    def _show_lines(self) -> None:
        """With large text the lines of a way lie below the window's edge."""
        lines: dict[str, QWidget] = {FILES: self.firm, SERVER: self.server}
        if self._way in lines:
            self._area.ensureWidgetVisible(lines[self._way], 0, theme.px(8))

    def go(self) -> None:
        """Goes on the chosen way."""
        if self._busy:
            return
        if self._views.currentIndex() == 1:
            self.lock.go()
        elif self._way == SAMPLE:
            self.show_busy(True)
            self._on_chosen(Beginning(SAMPLE, kit=self.kit.chosen()))
        elif self._way != SERVER or self.server.check():
            self.lock.begin()
            self._views.setCurrentIndex(1)
            self._show_keys(False)
            self.lock.setFocus()
            self._tell()

    def _on_pressed(self, way: str) -> None:
        self.choose(way)
        self.go()

    def _on_locked(self, passphrase: str, recovery: bool) -> None:
        self.show_busy(True)
        firm = (self.firm.company(), self.firm.tax_code()) if self._way == FILES else ("", "")
        files = self.firm.files if self._way == FILES else ()
        server = self.server.value() if self._way == SERVER else None
        self._on_chosen(Beginning(self._way, "", *firm, passphrase, recovery, files, server))

    # What the controller shows.

    def show_ways(self) -> None:
        """Back to the three ways."""
        self._views.setCurrentIndex(0)
        self._tell()
        self._show_keys(True)
        self.buttons[self._way].setFocus()

    def show_invitation(self, found: Invitation, *, preset: bool = False) -> None:
        """An invitation was opened, or whoever deployed the program named a server: the way is chosen and filled."""
        self.server.show_invitation(found, preset=preset)
        self.choose(SERVER)
        if self._views.currentIndex() == 1:
            self.show_ways()
        elif self.isVisible():
            self.buttons[SERVER].setFocus()
        self._tell()

    def so_far(self) -> dict[str, str]:
        """What was chosen and typed, without keys and files."""
        found = self.server.invitation or Invitation(self.server.address.text().strip(), "", "")
        told = {
            "way": self._way, "kit": self.kit.chosen(), "company": self.firm.company(),
            "tax_code": self.firm.tax_code(), "server": found.server, "workspace": found.workspace,
            "name": found.name, "user": found.user, "team": found.team, "identity_provider": found.identity_provider,
            "step": "lock" if self._views.currentIndex() == 1 else "",
        }  # fmt: skip
        return {key: value for key, value in told.items() if value}

    def go_on_from(self, told: Mapping[str, str]) -> None:
        """Fills in what an earlier start was told."""
        if told.get("kit") in ("agency", "manufacturer"):
            self.kit.choose(told["kit"])
        self.firm.show_firm(told.get("company", ""), told.get("tax_code", ""))
        if told.get("server"):
            names = ("server", "workspace", "name", "user", "team", "identity_provider")
            self.server.show_invitation(Invitation(*(told.get(name, "") for name in names)))
        self._before.setVisible(told.get("step") == "lock")
        if told.get("way") in WAYS:
            self.choose(told["way"])

    def _tell(self) -> None:
        if not self._busy:
            self.told.emit(self.so_far())

    # What the window asks: the page is built anew with another language or theme.

    def remembered(self) -> object:
        """What was chosen and typed, files too."""
        return self.so_far(), self.firm.files

    def remember(self, state: Any) -> None:
        """Shows that again."""
        told, files = state
        self.go_on_from(told)
        self.firm.show_files(files)

    def show_recovery(self, key: ShownKey) -> None:
        """The recovery key was made: shows it once."""
        self.lock.show_key(key)

    def show_busy(self, busy: bool) -> None:
        """The profile is being made."""
        self._busy = busy
        self._views.setEnabled(not busy)
        self._said.setText("")
        self._said.hide()

    def show_problem(self, words: str) -> None:
        """It did not work; what was typed is still here."""
        self.show_busy(False)
        if self._views.currentIndex() == 1:
            self.lock.show_problem(words)
        else:
            self._said.setText(words)
            self._said.setVisible(bool(words))

    def _show_keys(self, shown: bool) -> None:
        for widget in self._keys:
            widget.setVisible(shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self._views.currentIndex() == 0:
            self.choose(WAYS[(WAYS.index(self._way) + step) % len(WAYS)])
            self.buttons[self._way].setFocus()
        elif event.key() == Qt.Key.Key_Escape and self._views.currentIndex() == 1 and not self._busy:
            self.show_ways()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._views.currentIndex() == 0:
            self.go()
        else:
            super().keyPressEvent(event)


def _middle(content: QWidget) -> QWidget:
    """The content in a column of its width, in the middle of the window."""
    holder = Panel()
    holder.box.addStretch(1)
    row = QHBoxLayout()
    row.setContentsMargins(*(theme.px(side) for side in (24, 8, 24, 8)))
    row.addStretch(1)
    content.setMaximumWidth(theme.px(_WIDTH))
    content.setMinimumWidth(theme.px(560))
    row.addWidget(content, _WIDTH)
    row.addStretch(1)
    holder.box.addLayout(row)
    holder.box.addStretch(2)
    return holder
