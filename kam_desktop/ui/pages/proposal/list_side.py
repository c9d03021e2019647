"""Joins the list of proposals to the lanes: filters, views, cells edited in place, deeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from kam_desktop import formats
from kam_desktop.domain.entities import Proposal
from kam_desktop.domain.entities.proposal import OPEN_STAGES, STAGES
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.cell_edits import CellEdits, CellField
from kam_desktop.ui.folding import Folding
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_table import Answer, RowGroup
from kam_desktop.ui.list_tools import Deed, ListTools
from kam_desktop.ui.pages.proposal.filters import Narrowing
from kam_desktop.ui.pages.proposal.page import CLOSING, NEXT_STEP, ON, OWNER, TITLE, ProposalList
from kam_desktop.ui.pages.proposal.words import stage_names

SHOWN = {"open": OPEN_STAGES, "all": STAGES, "won": ("won",), "lost": ("lost",), "on_hold": ("on_hold",)}
_CELLS = {TITLE: "title", NEXT_STEP: "next_step", ON: "next_step_on", CLOSING: "expected_close_on", OWNER: "owner"}


class ListSide:
    """The list's part of the proposal page's controller.

    Args:
        questions: what may ask the services (the page's questions.py).
        narrowed: told when other chips are chosen, so that the board follows.
    """

    def __init__(self, controller: RecordController, listing: ProposalList, questions: Any,
                 narrowed: Callable[[Narrowing], object]) -> None:  # fmt: skip
        self._controller, self._list, self._questions = controller, listing, questions
        self._text, self._filter, self._order = "", "open", ("title", False)
        self._tell = narrowed
        listing.searched.connect(self._on_searched)
        listing.filter_chosen.connect(self._on_filter)
        listing.filters.changed.connect(self._on_narrowed)
        listing.cleared.connect(self._on_cleared)
        listing.model.wanted.connect(self._on_wanted)
        listing.model.order_wanted.connect(self._on_order)
        listing.current_changed.connect(self._on_current)
        listing.table.selectionModel().selectionChanged.connect(lambda *_: self._say())
        self._order = controller.keep_layout(listing.table, "proposal") or self._order
        self.edits = CellEdits(controller, listing.table, listing.model, Proposal,
                               {at: CellField(name) for at, name in _CELLS.items()},
                               N_("Change proposal {name}"))  # fmt: skip
        self.folding = Folding(controller.desk, "proposal", listing.table, listing.model)
        self.tools = ListTools(controller, self, listing, "proposal", tr("Proposals"))

    def refresh(self) -> None:
        """Asks for the list as it is narrowed."""
        ask, text, stages, narrowing = self._questions.ask_list, self._text, SHOWN[self._filter], self._narrowing()
        order = self._order
        self._controller.ask(lambda reader: ask(reader, text, stages, narrowing, order), self._show, "list")

    def _narrowing(self) -> Narrowing:
        return self._list.filters.now

    def show_narrowing(self, now: Narrowing) -> None:
        """Other chips, chosen on the board."""
        self._list.filters.show_narrowing(now)

    def _show(self, answer: Any) -> None:
        listing, rows, known, choices = answer
        self._list.filters.me = self._controller.desk.me
        self._list.filters.set_choices(*choices)
        names = stage_names()
        groups = [
            RowGroup(
                names[group.stage], trn("{n} proposal", "{n} proposals", group.count), group.count, key=group.stage
            )
            for group in listing.groups
        ]
        count = len(listing.ids)
        self._list.model.set_answer(Answer(listing.ids, self.folding.dressed(groups), rows))
        filtered = bool(self._text) or known > 0
        self._list.show_state(formats.number(count) if count else "", empty=not count, filtered=filtered)
        if count and not self._list.place.current():
            self._list.place.show(listing.ids[0])

    def _on_wanted(self, ids: list[str]) -> None:
        ask = self._questions.ask_rows
        self._controller.ask_rows(lambda reader: ask(reader, ids), self._list.model)

    def _on_searched(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.refresh()

    def _on_filter(self, key: str) -> None:
        self._filter = key
        self.refresh()

    def _on_order(self, name: str, falling: bool) -> None:
        self._order = (name, falling)
        self.refresh()

    def _on_narrowed(self, now: Narrowing) -> None:
        self._tell(now)
        self.refresh()

    def _on_cleared(self) -> None:
        self._text, self._filter = "", "all"
        self._list.search.edit.clear()
        self._list.show_filter("all")
        self._clear_chips()
        self.refresh()

    def _clear_chips(self) -> None:
        now = Narrowing(order=self._narrowing().order)
        self._list.filters.show_narrowing(now)
        self._tell(now)

    def _on_current(self, _key: str) -> None:
        self._say()

    def _say(self) -> None:
        key = self._list.place.current()
        row = self._list.model.row_value(key) if key else None
        if row is None or not self._list.isVisible():
            return
        chosen = len(self._list.place.selected())
        words = trn("{n} row selected", "{n} rows selected", chosen) if chosen > 1 else row.account
        value = formats.amount(row.value, row.currency, symbol=True)
        self._controller.desk.shell.set_selection_text(words if chosen > 1 else f"{words} · {value}")

    # Its tools: views, columns, deeds for chosen rows.

    def view_settings(self) -> dict[str, Any]:
        """See list_tools.Listed."""
        now = self._narrowing()
        return {"text": self._text, "filter": self._filter, "owner": now.owner, "closing": now.closing,
                "order": list(self._order)}  # fmt: skip

    def use_view(self, settings: Mapping[str, Any]) -> None:
        """See list_tools.Listed."""
        self._text, order = str(settings.get("text", "")), settings.get("order")
        self._filter = str(settings.get("filter")) if settings.get("filter") in SHOWN else "open"
        if isinstance(order, list) and len(order) == 2:
            self._order = (str(order[0]), bool(order[1]))
        now = Narrowing(str(settings.get("owner", "")), str(settings.get("closing", "")), self._narrowing().order)
        self._list.search.edit.setText(self._text)
        self._list.show_filter(self._filter)
        self._list.filters.show_narrowing(now)
        self._tell(now)
        self.refresh()

    def deeds(self) -> Sequence[Deed]:
        """See list_tools.Listed."""
        show, names = self._controller.desk.shell.show_page, stage_names()
        moves = [
            Deed(tr("Move to {stage}", stage=names[stage]), "arrow-right", partial(self._move, stage))
            for stage in STAGES
            if stage != "lost"  # losing asks for a reason, one by one
        ]
        return (
            Deed(tr("Open"), "corner-down-left", lambda ids: show("proposal", ids[0]), single=True, key="open"),
            *self.edits.deeds(),
            Deed(tr("Open the account"), "users", self._open_account, single=True),
            Deed(tr("Take over"), "user", self._take_over),
            *moves,
        )

    def row_question(self) -> Callable[[Any, Sequence[str]], Mapping[str, Any]]:
        """See list_tools.Listed."""
        found: Callable[[Any, Sequence[str]], Mapping[str, Any]] = self._questions.ask_rows
        return found

    def _open_account(self, ids: Sequence[str]) -> None:
        row = self._list.model.row_value(ids[0])
        if row is not None and row.account_id:
            self._controller.desk.shell.show_page("account", row.account_id)

    def _move(self, stage: str, ids: Sequence[str]) -> None:
        move = self._questions.move
        words = N_("Move {n} proposals") if len(ids) > 1 else N_("Move {name}")
        row = self._list.model.row_value(ids[0])
        name = row.title if row is not None else ""

        def work(uow: Any) -> Any:
            return [move(uow, key, stage) for key in ids]

        self._controller.edit(work, words, n=str(len(ids)), name=name)

    def _take_over(self, ids: Sequence[str]) -> None:
        take = self._questions.take_over
        self._controller.edit(lambda uow: take(uow, ids), N_("Take over {n} proposals"), n=str(len(ids)))
