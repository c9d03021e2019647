"""Answers the proposal page: list, editor, live totals, lines saved edit by edit, versions."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QTimer

from kam_desktop.domain.entities import Proposal, ProposalLine
from kam_desktop.domain.text import company_core
from kam_desktop.language import N_, tr
from kam_desktop.ui.desk import Desk, titles_of
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.pages.proposal import questions
from kam_desktop.ui.pages.proposal.board import BOARD, LIST, Board, view_switch
from kam_desktop.ui.pages.proposal.board_side import BoardSide
from kam_desktop.ui.pages.proposal.compare import CompareDialog
from kam_desktop.ui.pages.proposal.filters import ORDERS, Narrowing
from kam_desktop.ui.pages.proposal.form import NewProposalForm, ProposalEditor, RateEnd
from kam_desktop.ui.pages.proposal.line_side import LineSide
from kam_desktop.ui.pages.proposal.list_side import ListSide
from kam_desktop.ui.pages.proposal.page import ProposalList, ProposalPage
from kam_desktop.ui.pages.proposal.paper_side import PaperSide
from kam_desktop.ui.shortcuts import add_shortcut

NEW = "new"
_VIEW = "proposal.view"
_CHIPS, _SIDE = "proposal.chips", "proposal.side"


class ProposalController(RecordController):
    """One for each proposal page. `page` is the widget."""

    entities = frozenset({"proposal", "proposal_version", "proposal_line", "account", "rule"})
    page: ProposalPage

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, ProposalPage(self._make_list, self._make_board, self._make_editor))
        self._place = self._version = ""
        self._waiting = 0  # edits of lines that are not saved yet: answers from before them are old
        self._missed, self._mine = False, set[str]()
        self._detail: Any = None
        self._view = desk.remembered.get(_VIEW, BOARD)
        kept = desk.recalled(_CHIPS)
        order = kept.get("order") if kept.get("order") in ORDERS else ORDERS[0]
        self._narrowing = Narrowing(str(kept.get("owner", "")), str(kept.get("closing", "")), str(order))
        self.page.place_wanted.connect(self.open_place)

    # Each view is made when it is first wanted: the page opens with one of them.

    def _make_list(self) -> ProposalList:
        listing = ProposalList(self.desk.today())
        self._listed = ListSide(self, listing, questions, self._on_narrowed)
        self._listed.show_narrowing(self._narrowing)
        self._switch = view_switch(LIST)
        self._switch.changed.connect(lambda _key: self._show_view(BOARD))
        listing.add_to_head(self._switch)
        listing.opened.connect(self._open_card)
        listing.create_wanted.connect(lambda: self._on_create())
        return listing

    def _make_board(self) -> Board:
        board = Board(self.desk.today())
        self._side = BoardSide(self, board, questions, self._open_card, lambda: self._on_create(), self._on_narrowed)
        board.filters.show_narrowing(self._narrowing)
        board.list_wanted.connect(lambda: self._show_view(LIST))
        return board

    def _make_editor(self) -> ProposalEditor:
        desk, today = self.desk, self.desk.today()
        editor = ProposalEditor(today)
        self._paper = PaperSide(self, editor.preview, questions, today)
        self._line_side = LineSide(self, editor.lines, questions, today, lambda: self._detail)
        editor.model.new_id = desk.new_id
        wired: Sequence[tuple[Any, Callable[..., object]]] = (
            (editor.back_wanted, lambda: desk.shell.show_page("proposal")),
            (editor.new_version_wanted, self._on_new_version), (editor.sent_wanted, self._on_sent),
            (editor.export.clicked, lambda *_on: self._paper.export()),
            (editor.version_chosen, self._on_version), (editor.compare_wanted, self._on_compare),
            (editor.model.edited, self._on_lines), (editor.lines.drafted, self._on_cell_draft),
        )  # fmt: skip
        for signal, slot in wired:
            signal.connect(slot)
        editor.side_chosen.connect(lambda key: desk.remember(_SIDE, key))
        editor.toggle_preview(desk.remembered.get(_SIDE) == "page")
        add_shortcut(editor, "new", lambda: self._on_create())
        add_shortcut(editor, "print", self._paper.export)
        self.bind(editor.form, N_("Change proposal {name}"), "")
        self.bind(editor.version_form, N_("Change terms of {name}"), "")
        self.keep_layout(editor.lines, "priced_line")
        return editor

    def _open_card(self, key: str) -> None:
        self.desk.shell.show_page("proposal", key)

    # The list.

    def refresh(self) -> None:
        if self._place:
            self._ask_detail()
        elif (shown := self.page.currentWidget()) is not None:  # none yet: the place that is opened next asks
            side: BoardSide | ListSide = self._side if isinstance(shown, Board) else self._listed
            side.refresh()

    def _show_view(self, view: str) -> None:
        """The list or the board, and the same one next time."""
        self._view = view
        self.desk.remember(_VIEW, view)
        self.page.setCurrentWidget(self.page.board if view == BOARD else self.page.list)
        if view != BOARD:
            self._switch.choose(LIST)
        self.desk.shell.set_selection_text("")
        self.refresh()
        if view == BOARD:
            self.page.board.take_focus()
        else:
            self.page.list.table.setFocus()

    def _on_narrowed(self, now: Narrowing) -> None:
        """One choice for both: chips of the list and of the board say the same."""
        self._narrowing = now
        if "list" in vars(self.page):
            self._listed.show_narrowing(now)
        if "board" in vars(self.page):
            self.page.board.filters.show_narrowing(now)
        kept = {"owner": now.owner, "closing": now.closing, "order": now.order}
        self.desk.remember(_CHIPS, json.dumps(kept))

    # The editor.

    def open_place(self, place: str) -> None:
        """Shows the list, the editor of a proposal, or asks what a new one needs."""
        if place.partition(":")[0] == NEW:  # "new:" and the id of the account that it is for
            self._place = ""
            self._show_view(self._view)
            self._on_create(place.partition(":")[2])
            return
        if place in ("", LIST, BOARD):
            self._place = ""
            self._show_view(place or self._view)
            return
        if place != self._place:
            self._version = ""
        self.desk.shell.set_selection_text("")
        self._place = place
        self._ask_detail()

    def _ask_detail(self) -> None:
        place, version, today = self._place, self._version, self.desk.today()
        self.ask(lambda reader: questions.ask_detail(reader, place, version, today), self._show_detail, "detail")

    def _show_detail(self, answer: tuple[Any, dict[str, str], str, tuple[str, list[RateEnd]]]) -> None:
        detail, titles, draft, rates = answer
        if detail.proposal.id != self._place:
            return
        self._missed = bool(self._waiting)
        if self._missed:
            return
        another = self._detail is None or self._detail.version.id != detail.version.id
        fresh = another or not isinstance(self.page.currentWidget(), ProposalEditor)
        self._detail, self._version = detail, detail.version.id
        account = detail.account.short_name or company_core(detail.account.name) if detail.account else ""
        self.page.editor.show_proposal(
            detail.proposal, account, detail.versions, detail.version, detail.lines, detail.frozen, titles
        )
        self.page.editor.show_rates(*rates)
        self.page.editor.totals.show_totals(detail.totals, detail.version.currency, detail.proposal.client_budget)
        name = " ".join(filter(None, (detail.proposal.number, detail.proposal.title)))
        self._paper.show(detail.proposal.id, detail.version.id, name, detail.version.language)
        if fresh:
            self.page.setCurrentWidget(self.page.editor)
            self.page.editor.lines.setFocus()
            self.ask_draft(self.page.editor.form)
            self.ask_draft(self.page.editor.version_form)
            if draft:
                self.page.editor.lines.show_draft(*json.loads(draft))

    def _on_lines(self, put: tuple[ProposalLine, ...], gone: tuple[str, ...], label: str) -> None:
        """The totals follow at once; the store follows in the edit lane, and is told what changed."""
        detail, model = self._detail, self.page.editor.model
        version, lines = detail.version, tuple(line for line in model.lines if line.description)
        rates = {line.tax_rate for line in lines} != {line.tax_rate for line in detail.lines}
        self._detail = dataclasses.replace(detail, lines=lines)
        totals, budget = questions.totals(version, lines), detail.proposal.client_budget
        self.page.editor.totals.show_totals(totals, version.currency, budget)
        self._waiting += 1
        self._paper.touch()

        def work(uow: Any) -> Any:
            uow.set_draft(questions.cell_key(version.id), None)
            return questions.change_lines(uow, version.id, put, gone)

        def done(saved: Any) -> None:
            self._waiting -= 1
            if version.id == self._version:
                model.adopt(put, saved)
                self._mine = {*(each.id for each in saved), *gone}
                QTimer.singleShot(0, self, self._forget_mine)  # it is told of right after this, or not at all
                if rates or self._missed:  # other rates may end, and what came meanwhile was not shown
                    self._ask_detail()

        self.edit(work, label, done, self._lines_refused, name=detail.proposal.title)

    def _on_published(self, changes: Any) -> None:
        """Own edits of lines are on the screen already: nothing is asked again for them."""
        own = changes.entities == {"proposal_line"} and {each.record for each in changes.touched} <= self._mine
        self._forget_mine()
        if not own or not isinstance(self.page.currentWidget(), ProposalEditor):
            super()._on_published(changes)

    def _forget_mine(self) -> None:
        self._mine = set()

    def _lines_refused(self, failure: Any) -> None:
        self._waiting -= 1
        self.refuse(failure)
        self._ask_detail()

    def _on_cell_draft(self, line: int, column: int, text: str) -> None:
        key = questions.cell_key(self._version)
        value = json.dumps([line, column, text], ensure_ascii=False) if line >= 0 else None
        self.desk.background.edit(lambda uow: uow.set_draft(key, value), label="")

    def _on_version(self, key: str) -> None:
        self._version = key
        self._ask_detail()

    def _on_compare(self, other: str) -> None:
        """The older of both stands at the left."""
        key, numbers = self._place, {each.id: each.number or 0 for each in self._detail.versions}
        old, new = sorted((other, self._version), key=lambda each: numbers.get(each, 0))

        def show(shown: Any) -> None:
            CompareDialog(self.page, shown).open()

        self.ask(lambda reader: questions.ask_compared(reader, key, old, new), show)

    def _on_new_version(self) -> None:
        version, name = self._version, self._detail.proposal.title

        def work(uow: Any) -> Any:
            from kam_desktop.services import proposal

            return proposal.new_version(uow, version)

        self.edit(work, N_("New version of {name}"), lambda made: self._on_version(made.id), name=name)

    def _on_sent(self) -> None:
        version, name = self._version, self._detail.proposal.title

        def work(uow: Any) -> Any:
            from kam_desktop.services import proposal

            return proposal.mark_sent(uow, version)

        self.edit(work, N_("Mark {name} as sent"), name=name)

    def _on_create(self, account: str = "") -> None:
        form = NewProposalForm(self.desk.today())
        dialog = FormDialog(self.page, tr("New proposal"), form, tr("Create"))

        def make(uow: Any, record: Proposal) -> Proposal:
            from kam_desktop.services import proposal

            return proposal.create(uow, record.account, record.title, client_budget=record.client_budget)

        def made(record: Proposal) -> None:
            dialog.saved()
            self.desk.shell.show_page("proposal", record.id)

        self.bind(form, "", N_("New proposal {name}"), made, make)
        record = Proposal(id=self.desk.new_id(), account=account, title="")
        if not account:
            form.show_record(record, is_new=True)
            self.ask_draft(form)
            dialog.open()
            return

        def show(titles: dict[str, str]) -> None:
            form.show_record(record, titles, is_new=True)
            self.ask_draft(form, within=account)
            dialog.open()
            form.editor("title").inner.setFocus()

        self.ask(lambda reader: titles_of(reader, record), show)
