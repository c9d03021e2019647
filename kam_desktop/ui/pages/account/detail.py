"""One customer on one page: head, tabs, the overview with money and time line, lists, the fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from kam_desktop.domain.entities import Account
from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.badges import Avatar, Pill, Tier
from kam_desktop.ui.charts import Figure, Part, StackedBar
from kam_desktop.ui.form_dialog import head_name
from kam_desktop.ui.kit.buttons import Button, IconButton, Tabs
from kam_desktop.ui.kit.frames import Panel, page_head, scrolled
from kam_desktop.ui.kit.labels import ElidedLabel, IconLabel, set_tip
from kam_desktop.ui.pages.account import tabs
from kam_desktop.ui.pages.account.form import AccountForm
from kam_desktop.ui.pages.account.money import LinkedFigures
from kam_desktop.ui.pages.account.side import SideColumn
from kam_desktop.ui.pages.account.timeline import Timeline
from kam_desktop.ui.shortcuts import add_shortcut

OVERVIEW, PEOPLE, PROPOSALS, MONEY, TASKS, HISTORY, DETAILS = (
    "overview", "people", "proposals", "money", "tasks", "history", "details",
)  # fmt: skip
_Made = TypeVar("_Made", bound=QWidget)
_WIDTH = 760  # px at 100 %: fields are no wider
TABS = (OVERVIEW, PEOPLE, PROPOSALS, MONEY, TASKS, HISTORY, DETAILS)


@dataclass(frozen=True)
class Head:
    """The second line of the head; `tax_sound` is True, False, or None without a tax code."""

    letters: str
    legal_name: str
    tax_code: str
    tax_sound: bool | None
    rest: str


class Overview(QWidget):
    """Money from won proposals to what is overdue, the time line, and the side column."""

    def __init__(self, today: date) -> None:
        super().__init__()
        self.figures = LinkedFigures()
        self.bar = StackedBar(name=tr("Received, not due yet, overdue"), labels=False, height=8)
        self.timeline = Timeline(today)
        self.side = SideColumn(today)
        self.side.setFixedWidth(theme.px(372))
        money = Panel(lines="bottom", margins=(24, 14, 24, 16), gap=12).add(self.figures, self.bar)
        self.timeline.setProperty("pane", True)
        self.timeline.setFocusProxy(self.timeline.view)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.timeline, 1)
        middle.addWidget(self.side)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(money)
        box.addLayout(middle, 1)

    def show_money(self, figures: Sequence[Figure], parts: Sequence[Part]) -> None:
        """The strip, and the bar below it."""
        self.figures.set_figures(figures)
        self.bar.set_parts(parts)


class AccountDetail(QWidget):
    """One customer. What is in the tabs is made one by one: see `make_part`.

    Signals:
        back_wanted, interaction_wanted, contact_wanted(id or ""), archive_wanted(bool), hand_over_wanted: the
            button was pressed.
        tab_shown(str): another tab is seen.

    Attributes:
        overview, people, proposals, invoices, tasks, history: what is in the tabs.
        form: the fields, in the last tab.
    """

    back_wanted = Signal()
    interaction_wanted = Signal()
    contact_wanted = Signal(str)
    archive_wanted = Signal(bool)
    hand_over_wanted = Signal()
    tab_shown = Signal(str)
    form: AccountForm
    overview: Overview
    people: tabs.RowsTab
    proposals: tabs.RowsTab
    invoices: tabs.RowsTab
    tasks: tabs.RowsTab
    history: tabs.RowsTab

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today, self._parts = today, self._make_parts()
        self._archived = False
        self._avatar = Avatar("", 44)
        self._name = head_name()
        self._tier, self._gone = Tier("C"), Pill(tr("Archived"))
        self._legal = ElidedLabel(tone="text2")
        self._legal.setSizePolicy(self._name.sizePolicy())
        self._rest = ElidedLabel(tone="text2")
        self._rest.setSizePolicy(self._name.sizePolicy())
        self._mark = IconLabel("circle-check", "muted", 14)
        self._archive = IconButton("archive", tr("Archive"), small=False)
        self.hand_over = IconButton("handshake", tr("Hand over to a colleague"), small=False)
        self.hand_over.clicked.connect(self.hand_over_wanted)
        self.hand_over.hide()
        self._log = Button(tr("Log interaction"), kind="primary", icon="pencil", key=keymap.shown("log"))
        self._create = Button(tr("Add account"), kind="primary", key=keymap.shown("commit"))
        back = IconButton("arrow-left", tr("All accounts"), small=False)
        head = page_head(back)
        head.setMinimumHeight(theme.px(72))
        names = QVBoxLayout()
        names.setSpacing(theme.px(2))
        names.addStretch()
        for row in ((self._name, self._tier, self._gone, None), (self._legal, self._mark, self._rest, None)):
            line = QHBoxLayout()
            line.setSpacing(theme.px(8))
            for widget in row:
                if widget is None:
                    line.addStretch(1)
                else:
                    line.addWidget(widget)
            names.addLayout(line)
        names.addStretch()
        head.add(self._avatar)
        head.box.addSpacing(theme.px(4))
        head.box.addLayout(names, 1)
        head.add(self.hand_over, self._archive, self._log, self._create)
        self.tabs = Tabs([
            (OVERVIEW, tr("Overview")), (PEOPLE, tr("Contacts")), (PROPOSALS, tr("Proposals")),
            (MONEY, tr("Collections")), (TASKS, tr("Tasks")), (HISTORY, tr("History")), (DETAILS, tr("Details")),
        ], name=tr("What is shown of the account"))  # fmt: skip
        self._tab_row = Panel(row=True, lines="bottom").add(self.tabs)
        self._tab_row.box.setContentsMargins(theme.px(24), 0, theme.px(24), 0)  # its line goes on where the tabs' ends
        self._stack = QStackedWidget()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        for part in (head, self._tab_row):
            box.addWidget(part)
        box.addWidget(self._stack, 1)
        back.clicked.connect(self.back_wanted)
        self._log.clicked.connect(self.interaction_wanted)
        self._archive.clicked.connect(lambda: self.archive_wanted.emit(not self._archived))
        self.tabs.changed.connect(self.show_tab)
        add_shortcut(self, "next_tab", lambda: self._turn(1))
        add_shortcut(self, "previous_tab", lambda: self._turn(-1))

    def make_part(self) -> bool:
        """Makes what is in the next tab; False when nothing is missing. All at once they hold the window up."""
        return next(self._parts, None) is not None

    def _make_parts(self) -> Iterator[QWidget]:
        """In the order of TABS. Each is put in its place at once: what is moved later is dressed by the style again."""

        def put(made: _Made) -> _Made:
            self._stack.addWidget(made)
            return made

        self.overview = put(Overview(self._today))
        self.overview.side.contact_wanted.connect(self.contact_wanted)
        self.overview.side.all_people.connect(lambda: self.show_tab(PEOPLE))
        self.overview.side.all_steps.connect(lambda: self.show_tab(TASKS))
        self.overview.figures.opened.connect(self._on_figure)
        yield self.overview
        self.people = put(tabs.people_tab())
        self.people.create_wanted.connect(lambda: self.contact_wanted.emit(""))
        yield self.people
        self.proposals = put(tabs.proposals_tab())
        yield self.proposals
        self.invoices = put(tabs.invoices_tab())
        yield self.invoices
        self.tasks = put(tabs.tasks_tab())
        yield self.tasks
        self.history = put(tabs.history_tab())
        yield self.history
        self.form = AccountForm(self._today)
        self.form.setMaximumWidth(theme.px(_WIDTH))
        self._create.clicked.connect(self.form.commit)
        holder = Panel(row=True).add(self.form, stretch=_WIDTH)
        holder.box.addStretch(1)
        fields = scrolled(holder)
        fields.setProperty("pane", True)
        fields.setFocusProxy(self.form.editor("name"))
        yield put(fields)

    def tab(self) -> str:
        """The tab that is shown."""
        return TABS[self._stack.currentIndex()]

    def show_tab(self, key: str) -> None:
        """Shows another tab; the keyboard follows when it was in the one that goes."""
        focused = QApplication.focusWidget()
        inside = focused is not None and self._stack.isAncestorOf(focused)
        self.tabs.choose(key)
        self._stack.setCurrentIndex(TABS.index(key))
        if inside:
            targets = {OVERVIEW: self.overview.timeline.view, DETAILS: self.form.editor("name").inner}
            page = self._stack.currentWidget()
            target = targets.get(key) or getattr(page, "table", page) or self
            target.setFocus(Qt.FocusReason.TabFocusReason)
        self.tab_shown.emit(key)

    def _on_figure(self, at: int) -> None:
        """Shows the rows behind a figure: offers won, what was invoiced and received, what is open."""
        if at in (1, 2):
            self.overview.timeline.show_filter("money")
        else:
            self.show_tab(PROPOSALS if at == 0 else MONEY)

    def _turn(self, step: int) -> None:
        if self._tab_row.isVisible():
            self.show_tab(TABS[(TABS.index(self.tab()) + step) % len(TABS)])

    def show_account(self, account: Account, tier: str, titles: dict[str, str], *, is_new: bool = False) -> None:
        """The head and the fields."""
        self._archived = account.archived
        self._name.setText(account.short_name or account.name or tr("New account"))
        self._tier.setVisible(bool(tier) and not is_new)
        if tier:
            self._tier.text = tier
            self._tier.setAccessibleName(tr("Tier {name}", name=tier))
            self._tier.update()
        self._gone.setVisible(account.archived)
        self._archive.setAccessibleName(tr("Bring back") if account.archived else tr("Archive"))
        for widget in (self._archive, self._log, self._tab_row, self._avatar, self._legal, self._rest):
            widget.setVisible(not is_new)
        if is_new:
            self._mark.hide()
            self.show_tab(DETAILS)
        self._create.setVisible(is_new)
        self.form.show_record(account, titles, is_new=is_new)

    def show_head(self, head: Head) -> None:
        """The avatar and the second line."""
        self._avatar.text = head.letters
        self._avatar.update()
        code = tr("Tax code {code}", code=head.tax_code) if head.tax_code else ""
        self._legal.setText(" · ".join(filter(None, (head.legal_name, code))))
        self._mark.setVisible(head.tax_sound is not None)
        icon, tone = ("circle-check", "success") if head.tax_sound else ("triangle-alert", "warning")
        self._mark.set_icon(icon, tone)
        words = tr("The check digit is right; whether it is in use was not asked.")
        said = words if head.tax_sound else tr("The check digit of this tax code is wrong.")
        self._mark.setAccessibleName(said)
        set_tip(self._mark, said)
        self._rest.setText(head.rest)

    def show_lists(self, lists: Mapping[str, Sequence[tabs.Line]], counts: Mapping[str, int]) -> None:
        """The rows of the tabs, and how many there are."""
        for key, widget in ((PEOPLE, self.people), (PROPOSALS, self.proposals), (MONEY, self.invoices),
                            (TASKS, self.tasks), (HISTORY, self.history)):  # fmt: skip
            if key in lists:
                widget.show_lines(lists[key])
            if key in counts:
                self.tabs.set_count(key, str(counts[key]) if counts[key] else "")
