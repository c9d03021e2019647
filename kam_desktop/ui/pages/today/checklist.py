"""The six first steps on Today: all in the place of the list, or the next one in a strip above."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Line, Panel, scrolled
from kam_desktop.ui.kit.labels import ElidedLabel, IconLabel, Link, caption, section, strong

PREFERENCE, HIDDEN = "checklist", "hidden"
PLACE = "steps"
_WIDTH = 720


@dataclass(frozen=True)
class Step:
    """One of the first steps; `done` is measured from the data."""

    key: str
    title: str
    help: str
    action: str
    done: bool = False


def steps(done: Collection[str]) -> tuple[Step, ...]:
    """All six in words, those in `done` (names of services.checklist) ticked."""
    told = (
        ("firm", tr("Your firm"),
         tr("Name and tax code: they tell the invoices you issued from those you received."), tr("Enter your firm")),
        ("customers", tr("Your customers"),
         tr("From Excel or CSV; you see every row before anything is written."), tr("Import customers")),
        ("money", tr("Invoices and open balances"),
         tr("From e-invoice files or Excel: from then on you see who owes what, and since when."),
         tr("Import invoices")),
        ("proposal", tr("The first proposal"), tr("Lines, prices, tax and totals in one table."), tr("New proposal")),
        ("recovery", tr("A recovery key on paper"),
         tr("It opens your data when this computer is lost. Nobody else can."), tr("Make a recovery key")),
        ("safety", tr("A second copy"),
         tr("Make a backup and put it on another disk, or connect to your firm's server on the page Sync."),
         tr("Make a backup")),
    )  # fmt: skip
    return tuple(Step(key, name, text, action, key in done) for key, name, text, action in told)


def next_of(found: Sequence[Step]) -> Step | None:
    """The first step that is left."""
    return next((each for each in found if not each.done), None)


def count_words(found: Sequence[Step]) -> str:
    """How many are done."""
    return tr("{n} of {all} done", n=sum(each.done for each in found), all=len(found))


class AllSteps(Panel):
    """Every step with what it is for; the next one is the one to press.

    Signals:
        opened(key): go to where that step is done.
        closed: back to the list of Today, where there is one.
        hidden: put away for good.
    """

    opened = Signal(str)
    closed = Signal()
    hidden = Signal()

    def __init__(self, found: Sequence[Step], *, closable: bool) -> None:
        super().__init__()
        column = Panel(margins=(24, 16, 24, 16))
        column.setMaximumWidth(theme.px(_WIDTH))
        head = Panel(row=True, gap=12)
        head.add(section(tr("First steps")), caption(count_words(found)), None)
        if closable:
            back = Link(tr("Back to the list"))
            back.opened.connect(self.closed)
            head.add(back)
        column.add(head)
        column.box.addSpacing(theme.px(8))
        bar = QProgressBar()
        bar.setTextVisible(False)
        bar.setMaximumHeight(theme.px(6))
        bar.setRange(0, len(found))
        bar.setValue(sum(each.done for each in found))
        bar.setAccessibleName(count_words(found))
        column.add(bar)
        column.box.addSpacing(theme.px(4))
        following = next_of(found)
        self.first: Button | None = None
        for number, step in enumerate(found):
            if number:
                column.add(Line(token="subtle"))
            column.add(self._row(step, step is following))
        away = Link(tr("Hide for good"))  # last, so that nobody's first Enter puts the list away
        away.opened.connect(self.hidden)
        column.add(Line(token="subtle"), Panel(row=True, margins=(0, 8, 0, 0)).add(away, None))
        column.box.addStretch(1)
        holder = Panel(row=True)
        holder.add(column, stretch=_WIDTH)
        holder.box.addStretch(1)
        self.add(scrolled(holder), stretch=1)
        if self.first is not None:
            self.setFocusProxy(self.first)

    def _row(self, step: Step, following: bool) -> QWidget:
        row = Panel(row=True, margins=(0, 10, 0, 10), gap=12)
        icon, tone = ("circle-check", "success") if step.done else ("circle", "accent" if following else "muted")
        row.add(IconLabel(icon, tone, 20, name=tr("Done") if step.done else tr("To do")))
        words = QVBoxLayout()
        words.setSpacing(theme.px(2))
        words.addWidget(strong(step.title, "text2" if step.done else "text"))
        if not step.done:
            words.addWidget(caption(step.help, wrap=True))
        row.box.addLayout(words, 1)
        go = Button(step.action, kind="primary" if following else "flat" if step.done else "default")
        go.setAccessibleDescription(step.title)
        go.clicked.connect(lambda _on=False, key=step.key: self.opened.emit(key))
        if following:
            self.first = go
        return row.add(go)


class NextStep(Panel):
    """One line over the list of Today: how far the first steps are, and the next one.

    Signals:
        opened(key): as in AllSteps; all_wanted: show them all.
    """

    opened = Signal(str)
    all_wanted = Signal()

    def __init__(self, found: Sequence[Step]) -> None:
        super().__init__(row=True, margins=(24, 6, 24, 6), gap=12, lines="top", ground="subtle")
        following = next_of(found)
        self.add(strong(tr("First steps")), caption(count_words(found)))
        row = QHBoxLayout()
        row.setSpacing(theme.px(12))
        row.addWidget(ElidedLabel(tr("Next: {step}", step=following.title) if following else "", tone="text2"), 1)
        self.box.addLayout(row, 1)
        if following is not None:
            go = Button(following.action)
            go.setAccessibleDescription(following.title)
            go.clicked.connect(lambda: self.opened.emit(following.key))
            self.add(go)
        everything = Link(tr("All steps"))  # with the way to put them away: with large text this line is full
        everything.opened.connect(self.all_wanted)
        self.add(everything)
