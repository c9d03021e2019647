"""Shows a recovery key once and asks two of its groups back; and the two lines of a new passphrase."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Card
from kam_desktop.ui.kit.labels import PlainLabel, caption, strong
from kam_desktop.ui.kit.states import Notice
from kam_desktop.ui.sentences import sentence

_COLUMNS = 4


@dataclass(frozen=True)
class ShownKey:
    """A recovery key as a screen may have it.

    Attributes:
        groups: its letters in groups, to be written down.
        asked: the numbers, from 1, of the groups to ask back.
        check: raises Refused when the answers, by number, are not those groups.
    """

    groups: Sequence[str]
    asked: tuple[int, int]
    check: Callable[[Mapping[int, str]], None]


class RecoverySheet(QWidget):
    """First the key, then the question. The key is not on the clipboard, in no log, and gone with this widget.

    Signals:
        kept: both groups were given back rightly.
        asking_changed(bool): the question is shown, or the key again.
    """

    kept = Signal()
    asking_changed = Signal(bool)

    def __init__(self, key: ShownKey) -> None:
        super().__init__()
        self._key = key
        self._answers: dict[int, QLineEdit] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        self._shown, self._question = self._build_key(), self._build_question()
        box.addWidget(self._shown)
        box.addWidget(self._question)
        self._question.hide()

    def _build_key(self) -> QWidget:
        whole = QWidget()
        box = QVBoxLayout(whole)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(
            Notice(
                tr("Write all groups down on paper now. They are shown only this once."), "warning", "triangle-alert"
            )
        )
        card = Card(margins=(16, 12, 16, 12))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(24))
        grid.setVerticalSpacing(theme.px(8))
        for place, group in enumerate(self._key.groups):
            cell = QHBoxLayout()
            cell.setSpacing(theme.px(8))
            number = caption(str(place + 1))
            number.setFixedWidth(theme.px(18))
            number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            letters = PlainLabel(group, size=theme.SECTION, weight=theme.BOLD)
            letters.setAccessibleName(tr("Group {n}: {letters}", n=place + 1, letters=" ".join(group)))
            cell.addWidget(number)
            cell.addWidget(letters)
            cell.addStretch()
            grid.addLayout(cell, place // _COLUMNS, place % _COLUMNS)
        card.box.addLayout(grid)
        box.addWidget(card)
        go = Button(tr("I have written it down"), kind="primary")
        go.clicked.connect(lambda: self.ask(True))
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(go)
        box.addLayout(row)
        self._go = go
        self.setFocusProxy(go)
        return whole

    def _build_question(self) -> QWidget:
        whole = QWidget()
        box = QVBoxLayout(whole)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(PlainLabel(tr("Type these two groups from your paper."), tone="text2", wrap=True))
        row = QHBoxLayout()
        row.setSpacing(theme.px(16))
        for place in self._key.asked:
            column = QVBoxLayout()
            column.setSpacing(theme.px(4))
            edit = QLineEdit()
            edit.setMaxLength(12)
            edit.setAccessibleName(tr("Group {n}", n=place))
            edit.returnPressed.connect(self.check)
            edit.textEdited.connect(lambda _text: self._say(()))
            name = caption(tr("Group {n}", n=place), "text2")
            name.setBuddy(edit)
            column.addWidget(name)
            column.addWidget(edit)
            row.addLayout(column)
            self._answers[place] = edit
        row.addStretch()
        box.addLayout(row)
        self._said = PlainLabel(tone="danger", size=theme.CAPTION, wrap=True)
        self._said.hide()
        box.addWidget(self._said)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.px(8))
        back = Button(tr("Show the key again"))
        back.clicked.connect(lambda: self.ask(False))
        done = Button(tr("Check"), kind="primary")
        done.clicked.connect(self.check)
        buttons.addStretch()
        buttons.addWidget(back)
        buttons.addWidget(done)
        box.addLayout(buttons)
        return whole

    def ask(self, asking: bool) -> None:
        """Shows the question, or the key again."""
        self._shown.setVisible(not asking)
        self._question.setVisible(asking)
        (self._answers[self._key.asked[0]] if asking else self._go).setFocus()
        self.asking_changed.emit(asking)

    def check(self) -> None:
        """Compares what was typed; wrong groups are marked."""
        try:
            self._key.check({place: edit.text() for place, edit in self._answers.items()})
        except Refused as refused:
            self._say(refused.problems)
        else:
            self._say(())
            self.kept.emit()

    def _say(self, problems: Sequence[Problem]) -> None:
        self._said.setText(" ".join(sentence(problem) for problem in problems))
        self._said.setVisible(bool(problems))
        wrong = {problem.where.rpartition(".")[2] for problem in problems}
        for place, edit in self._answers.items():
            edit.setProperty("invalid", str(place) in wrong)
            edit.style().unpolish(edit)
            edit.style().polish(edit)


class PassphraseLines(QWidget):
    """A new passphrase, typed twice; it is read once and kept nowhere.

    Signals:
        changed: something was typed.
        entered: Enter in the second line.
    """

    changed = Signal()
    entered = Signal()

    def __init__(self) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(8))
        self._first, self._second = QLineEdit(), QLineEdit()
        for edit, name in ((self._first, tr("Passphrase")), (self._second, tr("The same once more"))):
            edit.setEchoMode(QLineEdit.EchoMode.Password)
            edit.setMaxLength(256)
            edit.setAccessibleName(name)
            edit.textEdited.connect(self._on_typed)
            label = caption(name, "text2")
            label.setBuddy(edit)
            column = QVBoxLayout()
            column.setSpacing(theme.px(4))
            column.addWidget(label)
            column.addWidget(edit)
            box.addLayout(column)
        self._first.returnPressed.connect(self._second.setFocus)
        self._second.returnPressed.connect(self.entered)
        show = QCheckBox(tr("Show what I type"))
        show.toggled.connect(self._on_show)
        box.addWidget(show)
        box.addWidget(caption(tr("At least 12 characters; several words you remember are best."), wrap=True))
        self._said = PlainLabel(tone="danger", size=theme.CAPTION, wrap=True)
        self._said.hide()
        box.addWidget(self._said)
        self.setFocusProxy(self._first)

    def _on_show(self, on: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password
        self._first.setEchoMode(mode)
        self._second.setEchoMode(mode)

    def _on_typed(self, _text: str) -> None:
        self.show_problems(())
        self.changed.emit()

    def is_empty(self) -> bool:
        """Whether nothing is typed in either line."""
        return not self._first.text() and not self._second.text()

    def passphrase(self) -> str:
        """What is typed. Raises Refused `not_alike` when the two lines differ."""
        if self._first.text() != self._second.text():
            raise Refused(Problem("passphrase", "not_alike", "The two passphrases are not alike."))
        return self._first.text()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Why it was not taken; an empty list takes the words away."""
        self._said.setText(" ".join(sentence(problem) for problem in problems))
        self._said.setVisible(bool(problems))
        for edit in (self._first, self._second):
            edit.setProperty("invalid", bool(problems))
            edit.style().unpolish(edit)
            edit.style().polish(edit)

    def wipe(self) -> None:
        """Forgets what was typed."""
        self._first.clear()
        self._second.clear()


def lead(text: str, help_text: str) -> QWidget:
    """A strong line with a quiet one below."""
    whole = QWidget()
    box = QVBoxLayout(whole)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(theme.px(2))
    box.addWidget(strong(text))
    box.addWidget(caption(help_text, wrap=True))
    return whole
