"""Fields that two people changed side by side: before, this computer, the server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QRadioButton, QSizePolicy, QVBoxLayout, QWidget

from kam_desktop.language import tr
from kam_desktop.ui import paint, theme
from kam_desktop.ui.badges import Pill
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import ElidedLabel, section
from kam_desktop.ui.pages.sync.answers import BOTH, MINE, THEIRS, Group, Head

_LAST = 99  # the row under all others
_KEYS = {Qt.Key.Key_Left: MINE, Qt.Key.Key_Right: THEIRS}


class SideCard(Panel):
    """The values of one side; a press anywhere on it chooses it."""

    def __init__(self, on_pressed: Callable[[], None] | None = None) -> None:
        super().__init__(margins=(13, 11, 13, 9))
        self._on_pressed, self.chosen = on_pressed, False

    def set_chosen(self, chosen: bool) -> None:
        """Shows the card as the chosen one."""
        self.chosen = chosen
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._on_pressed is not None and event.button() == Qt.MouseButton.LeftButton:
            self._on_pressed()

    def paintEvent(self, _event: QPaintEvent) -> None:
        free = self._on_pressed is not None
        line = "accent" if self.chosen else "border" if free else "window"
        paint.box(QPainter(self), QRectF(self.rect()), theme.px(10), theme.color("surface" if free else "window"),
                  theme.color(line), 2 if self.chosen else 1)  # fmt: skip


class SideButton(QRadioButton):
    """The choice in a card. Left and right choose a side, up and down go to another group, Enter applies.

    Signals:
        side_wanted(str): that side of the same group.
        group_wanted(int): the group so many further.
        applied: Enter.
    """

    side_wanted = Signal(str)
    group_wanted = Signal(int)
    applied = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif key in _KEYS:
            self.side_wanted.emit(_KEYS[Qt.Key(key)])
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.group_wanted.emit(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.applied.emit()
        else:
            super().keyPressEvent(event)


class Heads(QWidget):
    """Over the columns of all groups: before, this computer, the server; who wrote there, and when."""

    def __init__(self, heads: tuple[Head, ...]) -> None:
        super().__init__()
        grid = _columns(self)
        for column, head in enumerate(heads, 1):
            words = QWidget()
            box = QVBoxLayout(words)
            box.setContentsMargins(theme.px(14), 0, 0, 0)
            box.setSpacing(0)
            box.addWidget(_line(head.title, tone="text", strong=True))
            for words_of in (head.who, head.when):
                note = ElidedLabel(words_of, size=theme.CAPTION, tone="text2")
                note.setMinimumHeight(theme.px(18))
                note.setVisible(bool(words_of))
                box.addWidget(note)
            _put(grid, words, 0, column)


def _put(grid: QGridLayout, widget: QWidget, row: int, column: int) -> None:
    """In a column that is as wide in every other grid, whatever stands in it."""
    widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignTop)


def _columns(holder: QWidget) -> QGridLayout:
    """Names of the fields, then three columns of equal width; all groups of an entry and their heads share it."""
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, theme.px(8))
    grid.setHorizontalSpacing(theme.px(12))
    grid.setVerticalSpacing(theme.px(8))
    for column, share in enumerate((2, 3, 3, 3)):
        grid.setColumnStretch(column, share)
        _put(grid, QWidget(), _LAST, column)  # an empty column would lose the gap beside it
    return grid


class GroupChoice(QWidget):
    """One group with its three columns.

    Signals:
        chosen(str, str): the group's key, mine, theirs or both.
        group_wanted(int), applied: as of SideButton.

    Attributes:
        side: what is chosen, "" for nothing yet.
    """

    chosen = Signal(str, str)
    group_wanted = Signal(int)
    applied = Signal()

    def __init__(self, group: Group, side: str = "") -> None:
        super().__init__()
        self.group, self.side = group, ""
        self._pill = Pill("")
        head = QHBoxLayout()
        head.addWidget(section(group.title))
        head.addStretch()
        head.addWidget(self._pill)
        self.both = Button(tr("Keep both"), small=True) if group.both else None
        if self.both is not None:
            self.both.setCheckable(True)
            self.both.clicked.connect(lambda _on=False: self.choose(BOTH))
            head.addWidget(self.both)
        grid = _columns(self)
        grid.addLayout(head, 0, 0, 1, 4)
        names = Panel(margins=(0, 11, 0, 9))
        names.add(_line("", tone="muted"))
        base = SideCard()
        base.add(_line(tr("Before the change"), tone="muted", size=theme.CAPTION))
        self._cards: dict[str, SideCard] = {}
        self.buttons: dict[str, SideButton] = {}
        self._pair = QButtonGroup(self)
        for which, words in ((MINE, tr("Keep this computer's")), (THEIRS, tr("Keep the server's"))):
            card, button = SideCard(partial(self.choose, which)), SideButton(words)
            button.setMinimumHeight(theme.px(24))
            self._pair.addButton(button)
            button.clicked.connect(lambda _on=False, which=which: self.choose(which))
            button.side_wanted.connect(self._on_side)
            button.group_wanted.connect(self.group_wanted)
            button.applied.connect(self.applied)
            card.add(button)
            self._cards[which], self.buttons[which] = card, button
        for row in group.rows:
            names.add(_line(row.label, tone="text2"))
            base.add(_line(row.before, tone="text2"))
            for which, value in ((MINE, row.mine), (THEIRS, row.theirs)):
                differs = value != row.before
                tone = "private" if row.private and differs else "text" if differs else "text2"
                self._cards[which].add(_line(value, tone=tone, strong=differs))
        for column, widget in enumerate((names, base, self._cards[MINE], self._cards[THEIRS])):
            _put(grid, widget, 1, column)
        for which, button in self.buttons.items():
            values = "; ".join(f"{row.label}: {row.mine if which == MINE else row.theirs}" for row in group.rows)
            button.setAccessibleName(f"{group.title}. {button.text()}. {values}")
            button.setAccessibleDescription("; ".join(f"{row.label}: {row.before}" for row in group.rows))
        self._show()
        if side:
            self.choose(side, tell=False)

    def choose(self, side: str, *, tell: bool = True) -> None:
        """Chooses a side."""
        self.side = side
        self._pair.setExclusive(side != BOTH)  # with both, neither button alone is the chosen one
        for which, button in self.buttons.items():
            button.setChecked(which == side)
        self._show()
        if tell:
            self.chosen.emit(self.group.key, side)

    def take_focus(self) -> None:
        """Puts the keyboard on the chosen side, else on this computer's."""
        self.buttons.get(self.side, self.buttons[MINE]).setFocus(Qt.FocusReason.TabFocusReason)

    def _on_side(self, side: str) -> None:
        self.choose(side)
        self.buttons[side].setFocus(Qt.FocusReason.TabFocusReason)

    def _show(self) -> None:
        words = {MINE: tr("Chosen: this computer"), THEIRS: tr("Chosen: the server"), BOTH: tr("Chosen: both")}.get(
            self.side, tr("Not chosen yet")
        )
        self._pill.set_state(words, "success" if self.side else "warning", "check" if self.side else "circle-alert")
        for which, card in self._cards.items():
            card.set_chosen(self.side in (which, BOTH))
        if self.both is not None:
            self.both.setChecked(self.side == BOTH)


class GroupShown(QWidget):
    """A group with nothing to choose: before and after, or the two values of a merge, under their heads."""

    def __init__(self, group: Group, heads: tuple[Head, ...]) -> None:
        super().__init__()
        grid = _columns(self)
        grid.setVerticalSpacing(theme.px(4))
        if [row.label for row in group.rows] != [group.title]:
            grid.addWidget(section(group.title), 0, 0, 1, 4)
        wanted = [name for name, head in zip(("before", "mine", "theirs"), heads, strict=True) if head.title]
        for at, row in enumerate(group.rows, 1):
            _put(grid, _line(row.label, tone="text2"), at, 0)
            for column, name in enumerate(wanted, 1):
                tone = "private" if row.private and name != "before" else "text" if name != "before" else "text2"
                _put(grid, Panel(margins=(14, 0, 0, 0)).add(_line(getattr(row, name), tone=tone)), at, column)


def _line(text: str, *, tone: str, size: int = theme.BODY, strong: bool = False) -> ElidedLabel:
    made = ElidedLabel(text, size=size, tone=tone, weight=theme.MEDIUM if strong else theme.REGULAR)
    made.setMinimumHeight(theme.px(24))
    return made
