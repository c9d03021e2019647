"""The editor of one proposal: price table, live totals, terms, next steps; and a new proposal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.domain.entities import Proposal, ProposalLine, ProposalVersion
from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.badges import Pill
from kam_desktop.ui.form_dialog import head_name, two_columns
from kam_desktop.ui.kit.buttons import Button, Segmented
from kam_desktop.ui.kit.frames import Panel, page_head, scrolled
from kam_desktop.ui.kit.labels import ElidedLabel, PlainLabel, caption, section
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.pages.proposal.line_view import LineView
from kam_desktop.ui.pages.proposal.lines import LineTable
from kam_desktop.ui.pages.proposal.preview import Preview
from kam_desktop.ui.pages.proposal.totals_panel import TotalsPanel
from kam_desktop.ui.pages.proposal.words import STATUS_TONES, stage_names, status_names

_TIGHT = 920  # px at 100 %: a narrower page leaves the line of keys out, and its fields stand closer


class NewProposalForm(RecordForm):
    """What a proposal needs to begin: whose it is and its title."""

    def __init__(self, today: date) -> None:
        super().__init__(Proposal, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.problem_line())
        box.addLayout(two_columns([[self.add("account")], [self.add("title")], [self.add("client_budget"), QWidget()]]))


class ProposalForm(RecordForm):
    """Where the proposal stands and what comes next."""

    def __init__(self, today: date) -> None:
        super().__init__(Proposal, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(10))
        box.addWidget(self.problem_line())
        rows: list[list[QWidget]] = [
                [self.add("title")], [self.add("stage", names=stage_names())], [self.add("outcome_reason")],
                [self.add("next_step")], [self.add("next_step_on"), self.add("expected_close_on")],
                [self.add("client_budget")], [self.add("owner")],
        ]  # fmt: skip
        box.addLayout(two_columns(rows))
        self.join("stage", "outcome_reason")


class VersionForm(RecordForm):
    """What the client reads around the lines."""

    def __init__(self, today: date) -> None:
        super().__init__(ProposalVersion, today=today)
        languages = {"vi": tr("Vietnamese"), "en": tr("English")}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(10))
        box.addWidget(self.problem_line())
        rows: list[list[QWidget]] = [
            [self.add("quoted_on"), self.add("valid_until")],
            [self.add("language", names=languages), self.add("discount")], [self.add("terms", lines=4)],
        ]  # fmt: skip
        box.addLayout(two_columns(rows))


@dataclass(frozen=True, slots=True)
class RateEnd:
    """A tax rate that ends on a day while the offer is still valid; `following` is the next one, "" for unknown."""

    rate: str
    until: date
    following: str


def rate_end_words(ends: Sequence[RateEnd]) -> str:
    """What has to be thought of when an offer outlives a tax rate."""
    told = []
    for each in ends:
        rate, day = each.rate.replace("%", formats.NBSP + "%"), formats.day(each.until)
        if each.following:
            after = each.following.replace("%", formats.NBSP + "%")
            told.append(tr("VAT of {rate} applies until {day}; the rate may be {after} after it.", rate=rate, day=day,
                           after=after))  # fmt: skip
        else:
            told.append(tr("VAT of {rate} applies until {day}; no rule is known after it.", rate=rate, day=day))
    return " ".join(told)


class ProposalEditor(QWidget):
    """One proposal with one of its versions.

    Signals:
        back_wanted, new_version_wanted, sent_wanted: the button was pressed.
        version_chosen(str): another version is to be shown. compare_wanted(str): that one beside the one shown.
        side_chosen(str): "page" or "fields" is to stand beside the lines.
    """

    back_wanted = Signal()
    new_version_wanted = Signal()
    sent_wanted = Signal()
    version_chosen = Signal(str)
    side_chosen = Signal(str)
    compare_wanted = Signal(str)

    def __init__(self, today: date) -> None:
        super().__init__()
        self.model = LineTable(self)
        self.lines = LineView(self.model)
        self.totals = TotalsPanel()
        self.form, self.version_form = ProposalForm(today), VersionForm(today)
        self._name = head_name()
        self._whose = ElidedLabel(size=theme.CAPTION, tone="text2")
        self._whose.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._state = Pill("")
        self._versions = QMenu(self)
        self._version = Button(tr("Versions"), icon="history", menu=self._versions)
        self._new = Button(tr("New version"))
        self._sent = Button(tr("Mark as sent"), icon="send")
        self.export = Button(tr("Export PDF"), kind="primary", icon="download", key=keymap.shown("print"))
        self._said = PlainLabel(tone="danger", wrap=True)
        self._said.hide()
        back = Button(tr("All proposals"), icon="arrow-left", kind="flat")
        head = page_head(back, line=True)
        head.add(self._name).add(self._whose, stretch=1)
        head.add(self._state, self._version, self._new, self._sent, self.export)
        self._add = Button(tr("Add line"), icon="plus", small=True, key=keymap.shown("add_line"))
        self._section = Button(tr("Add section"), small=True, kind="flat")
        self._hint = self._keys()
        tools = Panel(row=True, margins=(24, 8, 24, 4), gap=8).add(self._add, self._section, None, self._hint)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(tools)
        left.addWidget(self.lines, 1)
        left.addWidget(self._said)
        left.addWidget(self.totals)
        side = Panel(margins=(20, 14, 20, 20), gap=10)
        self._ending = PlainLabel(size=theme.CAPTION, tone="warning", wrap=True)
        self._ending.hide()
        side.add(section(tr("For the client")), self.version_form, self._ending)
        side.add(section(tr("Where it stands")), self.form, None)
        area = scrolled(side)
        area.setFocusProxy(self.version_form.editor("quoted_on"))
        self.preview = Preview()
        self._side = Segmented([("fields", tr("Details")), ("page", tr("Client's page"))], name=tr("Beside the lines"))
        self._side.changed.connect(self._on_side)
        frame = Panel(lines="left", margins=(1, 0, 0, 0))
        frame.add(Panel(row=True, margins=(12, 8, 12, 4)).add(self._side, None), area, self.preview)
        frame.setFixedWidth(theme.px(348))
        self._beside = frame
        self.totals.follow(self.lines)
        self._fields = area
        self.toggle_preview(False)
        for pane in (self.lines, area, self.preview):
            pane.setProperty("pane", True)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addLayout(left, 1)
        middle.addWidget(frame)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(head)
        box.addLayout(middle, 1)
        back.clicked.connect(self.back_wanted)
        self._new.clicked.connect(self.new_version_wanted)
        self._sent.clicked.connect(self.sent_wanted)
        self._add.clicked.connect(lambda: self.lines.add_line())
        self._section.clicked.connect(lambda: self.lines.add_line(tr("New section")))
        self.model.refused.connect(self._say)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        tight = self.width() < theme.px(_TIGHT)
        self._hint.setVisible(not tight)
        self._beside.setFixedWidth(theme.px(300 if tight else 348))

    def _on_side(self, key: str) -> None:
        self.toggle_preview(key == "page")
        self.side_chosen.emit(key)

    def toggle_preview(self, page: bool) -> None:
        """The client's page beside the lines, or the fields."""
        self._side.choose("page" if page else "fields")
        self._fields.setVisible(not page)
        self.preview.setVisible(page)

    def _keys(self) -> QWidget:
        return caption(tr("Alt ↑ ↓ moves · Ctrl D duplicates · Delete takes away"))

    def show_rates(self, rate: str, ends: Sequence[RateEnd]) -> None:
        """The rate that a new line starts from, and those that end before the offer does."""
        self.model.rate = rate
        words = rate_end_words(ends)
        self._ending.setText(words)
        self._ending.setVisible(bool(words))

    def _say(self, sentence: str) -> None:
        self._said.setText(sentence)
        self._said.setVisible(bool(sentence))

    def show_proposal(
        self, proposal: Proposal, account: str, versions: Sequence[ProposalVersion], version: ProposalVersion,
        lines: Sequence[ProposalLine], frozen: bool, titles: dict[str, str],
    ) -> None:  # fmt: skip
        """Everything but the totals."""
        self._name.setText(proposal.title)
        self._whose.setText(" · ".join(filter(None, (account, proposal.number))))
        words = tr("Version {number} · {status}", number=version.number, status=status_names().get(version.status, ""))
        self._state.set_state(words, STATUS_TONES.get(version.status, ""))
        self._versions.clear()
        for each in versions:
            text = tr("Version {number} · {status}", number=each.number, status=status_names().get(each.status, ""))
            action = QAction(text.replace("&", "&&"), self._versions)
            action.triggered.connect(lambda _on=False, key=each.id: self.version_chosen.emit(key))
            action.setCheckable(True)
            action.setChecked(each.id == version.id)
            self._versions.addAction(action)
        self._versions.addSeparator()
        for each in versions:
            if each.id != version.id:
                action = QAction(tr("Compare with version {number}", number=each.number), self._versions)
                action.triggered.connect(lambda _on=False, key=each.id: self.compare_wanted.emit(key))
                self._versions.addAction(action)
        self._version.setVisible(len(versions) > 1)
        self._sent.setVisible(not frozen)
        self._new.setVisible(frozen)
        for widget in (self._add, self._section):
            widget.setEnabled(not frozen)
        self.model.set_lines(lines, version.currency, frozen)
        self.form.show_record(proposal, titles)
        self.version_form.show_record(version)
        self.version_form.lock(frozen)
