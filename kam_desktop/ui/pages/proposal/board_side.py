"""Joins the board to the lanes: its columns and cards, and what a move does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QVBoxLayout

from kam_desktop import formats
from kam_desktop.domain.entities import Proposal
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_, tr
from kam_desktop.ui import theme
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.labels import caption
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.pages.proposal.board import Board
from kam_desktop.ui.pages.proposal.filters import Narrowing

_MOST_KEPT = 400  # cards in memory that are asked for again after a change; further ones when they are seen


class LossForm(RecordForm):
    """Why a proposal was lost."""

    def __init__(self) -> None:
        super().__init__(Proposal)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(caption(tr("Say why in a few words: later offers learn from it."), "text2", wrap=True))
        box.addWidget(self.problem_line())
        box.addWidget(self.add("outcome_reason"))


class BoardSide:
    """The board's part of the proposal page's controller.

    Args:
        questions: what may ask the services (the page's questions.py).
        narrowed: told when other chips are chosen, so that the list follows.
    """

    def __init__(self, controller: RecordController, board: Board, questions: Any,
                 open_card: Callable[[str], object], create: Callable[[], object],
                 narrowed: Callable[[Narrowing], object]) -> None:  # fmt: skip
        self._controller, self._board, self._questions, self._text = controller, board, questions, ""
        self._tell = narrowed
        board.filters.changed.connect(self._on_narrowed)
        board.cleared.connect(self._on_cleared)
        board.wanted.connect(self._on_wanted)
        board.move_wanted.connect(self._on_move)
        board.sent_wanted.connect(self._on_sent)
        board.searched.connect(self._on_searched)
        board.opened.connect(open_card)
        board.create_wanted.connect(create)

    def refresh(self) -> None:
        """Asks for everything that the board shows."""
        text, ask, narrowing = self._text, self._questions.ask_board, self._board.filters.now
        kept = list(self._board.cards)[-_MOST_KEPT:]
        self._controller.ask(lambda reader: ask(reader, text, kept, narrowing), self._show, "board")

    def _show(self, answer: Any) -> None:
        self._board.filters.me = self._controller.desk.me
        self._board.filters.set_choices(*answer.choices)
        self._board.cards.clear()
        self._board.show_columns(answer.columns, formats.number(answer.in_play), empty=answer.empty)
        self._board.show_cards(answer.cards)
        if self._board.isVisible():
            self._controller.desk.shell.set_selection_text(answer.summary)

    def _on_wanted(self, ids: list[str]) -> None:
        ask = self._questions.ask_cards
        self._controller.ask(lambda reader: ask(reader, ids), self._board.show_cards)

    def _on_searched(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.refresh()

    def _on_narrowed(self, now: Narrowing) -> None:
        self._tell(now)
        self.refresh()

    def _on_cleared(self) -> None:
        self._text = ""
        self._board.search.edit.clear()
        now = Narrowing(order=self._board.filters.now.order)
        self._board.filters.show_narrowing(now)
        self._on_narrowed(now)

    def _on_move(self, key: str, stage: str) -> None:
        if stage == "lost":
            self._ask_reason(key)
            return
        card = self._board.cards.get(key)
        move, title = self._questions.move, card.title if card else ""

        def done(_record: object) -> None:
            if stage == "sent" and card is not None and card.draft:
                self._board.offer_sending(card.draft)

        self._controller.edit(lambda uow: move(uow, key, stage), N_("Move {name}"), done, self._refused, name=title)

    def _refused(self, failure: Any) -> None:
        self._controller.refuse(failure)
        self.refresh()

    def _ask_reason(self, key: str) -> None:
        """Losing needs a reason; without one the card goes back."""
        form, move = LossForm(), self._questions.move
        dialog = FormDialog(self._board, tr("Lost"), form, tr("Lost"))
        dialog.rejected.connect(self.refresh)

        def lost(uow: Any, record: Proposal) -> Any:
            if not record.outcome_reason:
                raise Refused(Problem("outcome_reason", "reason_needed", "Say why the proposal was lost."))
            return move(uow, key, "lost", record.outcome_reason)

        controller = self._controller
        controller.bind(form, "", N_("Lose a proposal"), dialog.saved, lost)
        form.show_record(Proposal(id=key, account="-", title="-"), is_new=True)
        dialog.open()

    def _on_sent(self, version: str) -> None:
        sent = self._questions.mark_sent
        self._controller.edit(lambda uow: sent(uow, version), N_("Mark as sent"))
