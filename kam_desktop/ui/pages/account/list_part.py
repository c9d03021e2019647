"""The list's part of the account controller: what it shows, folds, edits in place and does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer

from kam_desktop import formats
from kam_desktop.domain.entities import Account
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.cell_edits import CellEdits, CellField
from kam_desktop.ui.duplicates import Duplicates
from kam_desktop.ui.folding import Folding
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_table import KEPT, Answer, RowGroup
from kam_desktop.ui.list_tools import Deed, ListTools, ask_name
from kam_desktop.ui.pages.account import questions
from kam_desktop.ui.pages.account.page import INDUSTRY, AccountLine, AccountList
from kam_desktop.ui.shortcuts import add_shortcut

NEW = "new"
FILTERS = ("", "overdue", "untouched", "archived")
_PEEK_MS = 80
_ORDERS = ("revenue", "name", "overdue", "last_touch")


class ListPart(QObject):
    """Answers the list of one account page; the controller asks and edits for it.

    Attributes:
        listing: the answer that is shown, None before the first one. is_old: it was not asked for since a change.
        tools, edits: what the list offers beside its rows, and cells edited in place.
    """

    def __init__(self, controller: RecordController, view: AccountList, interaction: Callable[[], object]) -> None:
        super().__init__(controller)
        self._controller, self.desk, self._list, self._interaction = controller, controller.desk, view, interaction
        self._text, self._filter, self._grouped, self._order = "", "", True, ("revenue", True)
        self._owner = ""
        self._asked: tuple[Any, ...] = ()
        self._typed = False
        self.listing: Any = None  # services.summary.AccountList
        self.is_old = False
        self._folding = Folding(self.desk, "account", view.table, view.model)
        self._pending, self._pause = "", QTimer(self, singleShot=True, interval=_PEEK_MS)
        self._pause.timeout.connect(self._on_pause)
        show = self.desk.shell.show_page
        wired: Sequence[tuple[Any, Callable[..., object]]] = (
            (view.searched, self._on_searched), (view.cleared, self._on_cleared),
            (view.filter_chosen, self._on_filter), (view.grouping_chosen, self._on_grouping),
            (view.owner_chosen, self._on_owner),
            (view.model.wanted, self._on_wanted),
            (view.model.order_wanted, self._on_order), (view.current_changed, self._on_current),
            (view.peek.interaction_wanted, interaction), (view.opened, lambda key: show("account", key)),
            (view.create_wanted, lambda: show("account", NEW)),
            (view.table.selectionModel().selectionChanged, lambda *_: self.say_selection()),
        )  # fmt: skip
        for signal, slot in wired:
            signal.connect(slot)
        add_shortcut(view, "log", interaction)
        view.table.peeked.connect(lambda _index: self._on_peeked())
        view.panel_turned.connect(self._on_panel_turned)
        view.panel_button.clicked.connect(lambda: self._on_current(view.place.current()))
        view.fit_panel(self.desk.recalled("account.panel").get("beside") is not False)
        self._order = controller.keep_layout(view.table, "account") or self._order
        self._twins = Duplicates(self.desk, controller.page)
        self.edits = CellEdits(controller, view.table, view.model, Account, {
            0: CellField("short_name", shown=lambda line: line.name), INDUSTRY: CellField("industry"),
        }, N_("Change account {name}"))  # fmt: skip
        self.tools = ListTools(controller, self, view, "account", tr("Accounts"))

    # What it shows.

    def refresh(self) -> None:
        """The list is asked for while it is on the screen: with 100,000 customers that costs more than a moment."""
        self.is_old = False
        text, chosen, grouped, order, today = self._text, self._filter, self._grouped, self._order[0], self.desk.today()
        wanted = (text, chosen, grouped, order, today, self._owner)
        self._controller.ask(lambda reader: questions.ask_list(reader, *wanted), self._show_list, "list")
        shown = (text, chosen, grouped, order, self._owner)
        if shown == self._asked and self._list.place.current():  # something changed, perhaps what the panel shows
            self._on_current(self._list.place.current())
        self._asked = shown

    def _ask_again(self) -> None:
        """Something else is wanted of the list: the page decides when it is asked."""
        self._controller.refresh()

    def _show_list(self, answer: tuple[Any, dict[str, AccountLine], Sequence[tuple[str, str]]]) -> None:
        listing, rows, owners = answer
        self.listing = listing
        if self._typed:  # what was found is painted first; the panel follows
            self._typed = False
            self._pause.start()
        self._list.set_owners(owners, self._owner)
        groups = [
            RowGroup(
                tr("Tier {name}", name=group.name),
                trn("{n} account", "{n} accounts", group.count)
                + (f" · {tr('{share} of revenue', share=formats.percent(group.share))}" if group.share else ""),
                group.count, key=group.name,
            )
            for group in listing.groups if group.name
        ]  # fmt: skip
        self._list.tiers.set_tiers(questions.tiers_of(listing))
        count = len(listing.ids)
        totals = {
            0: trn("{n} account", "{n} accounts", count),
            1: formats.amount(listing.revenue, listing.currency, zero=formats.NOTHING),
            3: formats.amount(listing.overdue, listing.currency, zero=formats.NOTHING),
        }
        # the service puts large amounts first; the arrow in the head may say otherwise
        turned = self._order[1] != (self._order[0] in ("revenue", "overdue"))
        ids = questions.turned(listing) if turned else listing.ids
        self._list.model.set_answer(Answer(ids, self._folding.dressed(groups), rows, totals if count else {}))
        filtered = bool(self._text or self._filter or self._owner)
        self._list.show_state(formats.number(count) if count else "", empty=not count, filtered=filtered)
        if count and not self._list.table.currentIndex().isValid():
            first = self._list.model.answer.between(0, max(0, self._list.model.rowCount() - 1))[0]
            if not self._list.place.show(first):  # its tier is folded away: the head stands for it
                self._list.table.setCurrentIndex(self._list.model.index(0, 0))

    def _on_wanted(self, ids: list[str]) -> None:
        listing, today = self.listing, self.desk.today()
        if listing is not None:
            found = listing
            self._controller.ask_rows(
                lambda reader: questions.ask_lines(reader, found, ids, today), self._list.model
            )  # fmt: skip

    def _on_searched(self, text: str) -> None:
        if text != self._text:
            self._text, self._typed = text, True
            self._ask_again()

    def _on_filter(self, key: str) -> None:
        self._filter = key
        self._ask_again()

    def _on_grouping(self, grouped: bool) -> None:
        self._grouped = grouped
        self._ask_again()

    def _on_owner(self, owner: str) -> None:
        self._owner = owner
        self._ask_again()

    def _on_order(self, name: str, descending: bool) -> None:
        self._order = (name if name in _ORDERS else "revenue", descending)
        self._ask_again()

    def _on_cleared(self) -> None:
        self._text = self._filter = self._owner = ""
        self._list.search.edit.clear()
        self._list.show_filter("")
        self._ask_again()

    # Its tools: views, columns, deeds for chosen rows.

    def view_settings(self) -> dict[str, Any]:
        """See list_tools.Listed."""
        return {
            "text": self._text, "filter": self._filter, "grouped": self._grouped, "order": list(self._order),
            "owner": self._owner,
        }  # fmt: skip

    def use_view(self, settings: Mapping[str, Any]) -> None:
        """See list_tools.Listed."""
        order = settings.get("order")
        if isinstance(order, list) and len(order) == 2 and order[0] in _ORDERS:
            self._order = (order[0], bool(order[1]))
        self._text = str(settings.get("text", ""))
        self._filter = str(settings.get("filter", "")) if settings.get("filter") in FILTERS else ""
        self._grouped, self._owner = bool(settings.get("grouped", True)), str(settings.get("owner", ""))
        self._list.show_settings(self._text, self._filter, self._grouped)
        self._ask_again()

    def deeds(self) -> Sequence[Deed]:
        """See list_tools.Listed."""
        show = self.desk.shell.show_page
        archived, chosen = self._filter == "archived", self._list.place.count()
        merge = [Deed(tr("Merge…"), "users", lambda ids: self._twins.open_pair(*ids[:2]))] if chosen == 2 else []
        return (
            *merge,
            Deed(tr("Open"), "corner-down-left", lambda ids: show("account", ids[0]), single=True, key="open"),
            *self.edits.deeds(),
            Deed(tr("Log interaction"), "pencil", lambda _ids: self._interaction(), single=True, key="log"),
            Deed(tr("Add tag…"), "tag", self._on_tag),
            Deed(tr("Bring back") if archived else tr("Archive"), "archive", partial(self._archive_all, not archived)),
            Deed(tr("Possible duplicates"), "search", lambda _ids: self._twins.open_list()),
        )

    def row_question(self) -> Callable[[Any, Sequence[str]], Mapping[str, Any]]:
        """See list_tools.Listed."""
        listing, today = self.listing, self.desk.today()
        return lambda reader, ids: questions.ask_lines(reader, listing, ids, today) if listing is not None else {}

    def _on_tag(self, ids: Sequence[str]) -> None:
        def tag(words: str) -> None:
            label = N_("Tag {n} accounts “{tag}”")
            self._controller.edit(partial(questions.tag, ids, words), label, n=str(len(ids)), tag=words)

        ask_name(self._list, tr("Add tag"), "", tag, most=60)

    def _archive_all(self, archived: bool, ids: Sequence[str]) -> None:
        label = N_("Archive {n} accounts") if archived else N_("Bring back {n} accounts")
        self._controller.edit(partial(questions.archive, ids, archived), label, n=str(len(ids)))

    # The panel, and the status bar.

    def say_selection(self) -> None:
        """How many are chosen and what of their money is overdue, as far as their rows are known."""
        if not self._list.isVisible():
            return
        place, listing = self._list.place, self.listing
        count, current = place.count(), place.current()
        if not (count or current):
            self.desk.shell.set_selection_text("")
            return
        words, late = trn("{n} row selected", "{n} rows selected", max(1, count)), None
        if listing is not None and count == len(listing.ids):
            late = listing.overdue
        elif count <= KEPT:  # more are not in memory
            rows = [self._list.model.row_value(key) for key in place.selected() or [current]]
            late = sum(row.overdue for row in rows) if None not in rows else None
        if late is not None and listing is not None:
            words += f" · {tr('overdue {amount}', amount=formats.amount(late, listing.currency, symbol=True))}"
        self.desk.shell.set_selection_text(words)

    def _on_current(self, key: str) -> None:
        self.say_selection()
        self._pending = ""
        if self._list.peek.isHidden():
            return
        if not key:
            self._list.peek.show_peek(None)
            return
        if self._pause.isActive():  # a key held down: the panel follows when the list comes to rest
            self._pause.start()
            self._pending = key
            return
        self._pause.start()
        self._ask_peek(key)

    def _on_peeked(self) -> None:
        if self._list.peek.isHidden():
            self._ask_peek(self._list.place.current())
        self._list.show_panel(True)

    def _on_panel_turned(self, beside: bool) -> None:
        self.desk.remember("account.panel", json.dumps({"beside": beside}))

    def _on_pause(self) -> None:
        key, self._pending = self._pending, ""
        if key:
            self._ask_peek(key)

    def _ask_peek(self, key: str) -> None:
        today, listing = self.desk.today(), self.listing
        tier = listing.class_of(key) if listing is not None else ""
        self._controller.ask(lambda reader: questions.ask_peek(reader, key, tier, today), self._show_peek, "peek")

    def _show_peek(self, peek: Any) -> None:
        if peek.id == self._list.place.current():  # the list may show something else by now, or nothing
            self._list.peek.show_peek(peek)
