"""Answers the account page: lists, figures, the open record, contacts, interactions, archiving."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer

from kam_desktop import formats
from kam_desktop.domain.entities import Account, Occasion
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui import reaching
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.duplicates import Duplicates
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_table import Answer, RowGroup
from kam_desktop.ui.list_tools import Deed, ListTools
from kam_desktop.ui.pages.account import questions
from kam_desktop.ui.pages.account.detail import AccountDetail
from kam_desktop.ui.pages.account.dialogs import Dialogs
from kam_desktop.ui.pages.account.page import AccountLine, AccountList, AccountPage
from kam_desktop.ui.shortcuts import add_shortcut

if TYPE_CHECKING:
    from kam_desktop.services.summary import AccountList as Listing

NEW = "new"
_PEEK_MS = 80
FILTERS = ("", "overdue", "untouched", "archived")
_ORDERS = ("revenue", "name", "overdue", "last_touch")


class AccountController(RecordController):
    """One for each account page. `page` is the widget."""

    entities = frozenset(
        {
            "account",
            "contact",
            "activity",
            "invoice",
            "instalment",
            "receipt",
            "allocation",
            "credit_note",
            "proposal",
            "proposal_version",
            "task",
            "occasion",
            "promise_to_pay",
            "receipt_decision",
            "documents_confirmed",
            "dunning_event",
        }
    )
    page: AccountPage

    def __init__(self, desk: Desk) -> None:
        today = desk.today()
        self._list = AccountList(today)
        super().__init__(desk, AccountPage(self._list, self._made_detail))
        self._text, self._filter, self._grouped, self._order = "", "", True, ("revenue", True)
        self._listing: Listing | None = None
        self._place, self._list_is_old = "", False
        self._folded = frozenset(map(str, desk.recalled("account.folded").get("tiers", [])))
        self._pending, self._pause = "", QTimer(self, singleShot=True, interval=_PEEK_MS)
        self._pause.timeout.connect(self._on_pause)
        wired: Sequence[tuple[Any, Callable[..., object]]] = (
            (self._list.searched, self._on_searched), (self._list.cleared, self._on_cleared),
            (self._list.filter_chosen, self._on_filter), (self._list.grouping_chosen, self._on_grouping),
            (self._list.folding.toggled, self._on_folded),
            (self._list.model.wanted, self._on_wanted), (self._list.model.order_wanted, self._on_order),
            (self._list.current_changed, self._on_current), (self._list.peek.interaction_wanted, self._on_interaction),
            (self._list.opened, lambda key: desk.shell.show_page("account", key)),
            (self._list.create_wanted, lambda: desk.shell.show_page("account", NEW)),
            (self.page.place_wanted, self.open_place),
        )  # fmt: skip
        for signal, slot in wired:
            signal.connect(slot)
        add_shortcut(self._list, "log", self._on_interaction)
        self._list.table.peeked.connect(lambda _index: self._list.peek.setFocus())
        self._order = self.keep_layout(self._list.table, "account") or self._order
        self.dialogs = Dialogs(self, self._account_id, questions.ask_people, self._remove_occasion, questions.save_log)
        self._twins = Duplicates(desk, self.page)
        self.tools = ListTools(self, self, self._list, "account", tr("Accounts"))

    @property
    def _detail(self) -> AccountDetail:
        return self.page.detail

    def _made_detail(self) -> AccountDetail:
        made, desk = AccountDetail(self.desk.today()), self.desk
        line, side = made.overview.timeline, made.overview.side
        for signal, slot in (
            (made.back_wanted, lambda: desk.shell.show_page("account")),
            (made.interaction_wanted, self._on_interaction), (made.contact_wanted, self.dialogs.contact),
            (made.archive_wanted, self._on_archive), (made.tab_shown, self._on_tab),
            (line.filter_chosen, self._on_events), (line.model.wanted, self._on_events_wanted),
            (line.opened, lambda event: self._on_event(*event.open)),
            (side.step_wanted, lambda: self.dialogs.step("")), (side.occasion_wanted, self.dialogs.occasion),
            (side.ticked, self._on_ticked), (side.opened, self._on_event),
            (side.reached, self._on_reached), (made.tasks.create_wanted, lambda: self.dialogs.step("")),
            (made.tasks.opened, lambda line: self.dialogs.step(line.id)), (made.tasks.ticked, self._on_ticked),
            (made.people.opened, lambda line: self.dialogs.contact(line.id)),
            (made.proposals.opened, lambda line: self._on_event(*line.open)),
            (made.proposals.create_wanted, lambda: desk.shell.show_page("proposal", NEW)),
            (made.invoices.opened, lambda line: self._on_event(*line.open)),
        ):  # fmt: skip
            signal.connect(slot)
        add_shortcut(made, "log", self._on_interaction)
        add_shortcut(made, "leave", lambda: desk.shell.show_page("account"))
        self.bind(made.form, N_("Change account {name}"), N_("Add account {name}"), self._on_saved)
        return made

    # The list.

    def refresh(self) -> None:
        self._list_is_old = True
        if self._place and self._place != NEW:
            self._ask_detail(self._place)
        if not self._place or self._listing is None:
            self._ask_list()

    def _ask_list(self) -> None:
        """The list is asked for while it is on the screen: with 100,000 customers that costs more than a moment."""
        self._list_is_old = False
        text, chosen, grouped, order, today = self._text, self._filter, self._grouped, self._order[0], self.desk.today()
        wanted = (text, chosen, grouped, order, today)
        self.ask(lambda reader: questions.ask_list(reader, *wanted), self._show_list, "list")
        if self._list.place.current():
            self._on_current(self._list.place.current())

    def _show_list(self, answer: tuple[Any, dict[str, AccountLine]]) -> None:
        listing, rows = answer
        self._listing = listing
        named = [group for group in listing.groups if group.name]
        groups = [
            RowGroup(
                tr("Tier {name}", name=group.name),
                trn("{n} account", "{n} accounts", group.count)
                + (f" · {tr('{share} of revenue', share=formats.percent(group.share))}" if group.share else ""),
                0 if group.name in self._folded else group.count,
            )
            for group in named
        ]
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
        if self._folded.intersection(group.name for group in named):
            ids = [key for group in named if group.name not in self._folded
                   for key in ids[group.start : group.start + group.count]]  # fmt: skip
        self._list.model.set_answer(Answer(ids, groups, rows, totals if count else {}))
        filtered = bool(self._text or self._filter)
        self._list.show_state(formats.number(count) if count else "", empty=not count, filtered=filtered)
        if ids and not self._list.table.currentIndex().isValid():
            self._list.place.show(self._first_id())

    def _on_folded(self, number: int, folded: bool) -> None:
        named = [group.name for group in self._listing.groups if group.name] if self._listing is not None else []
        self._folded = self._folded | {named[number]} if folded else self._folded - {named[number]}
        self.desk.remember("account.folded", json.dumps({"tiers": sorted(self._folded)}))
        if self._listing is not None:
            self._show_list((self._listing, {}))
            self._list.folding.show_group(number)

    def _first_id(self) -> str:
        return str(self._list.model.answer.ids[0])

    def _on_wanted(self, ids: list[str]) -> None:
        listing, today = self._listing, self.desk.today()
        if listing is None:
            return
        found = listing
        self.ask_rows(lambda reader: questions.ask_lines(reader, found, ids, today), self._list.model)

    def _on_searched(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.refresh()

    def _on_filter(self, key: str) -> None:
        self._filter = key
        self.refresh()

    def _on_grouping(self, grouped: bool) -> None:
        self._grouped = grouped
        self.refresh()

    def _on_order(self, name: str, descending: bool) -> None:
        self._order = (name if name in _ORDERS else "revenue", descending)
        self.refresh()

    def _on_cleared(self) -> None:
        self._text = self._filter = ""
        self._list.search.edit.clear()
        self._list.show_filter("")
        self.refresh()

    # Its tools: views, columns, deeds for chosen rows.

    def view_settings(self) -> dict[str, Any]:
        """See list_tools.Listed."""
        return {"text": self._text, "filter": self._filter, "grouped": self._grouped, "order": list(self._order)}

    def use_view(self, settings: Mapping[str, Any]) -> None:
        """See list_tools.Listed."""
        order = settings.get("order")
        if isinstance(order, list) and len(order) == 2 and order[0] in _ORDERS:
            self._order = (order[0], bool(order[1]))
        self._text = str(settings.get("text", ""))
        self._filter = str(settings.get("filter", "")) if settings.get("filter") in FILTERS else ""
        self._grouped = bool(settings.get("grouped", True))
        self._list.show_settings(self._text, self._filter, self._grouped)
        self.refresh()

    def deeds(self) -> Sequence[Deed]:
        """See list_tools.Listed."""
        show = self.desk.shell.show_page
        archived, chosen = self._filter == "archived", self._list.place.selected()
        merge = [Deed(tr("Merge…"), "users", lambda ids: self._twins.open_pair(*ids[:2]))] if len(chosen) == 2 else []
        return (
            *merge,
            Deed(tr("Possible duplicates"), "search", lambda _ids: self._twins.open_list()),
            Deed(tr("Open"), "corner-down-left", lambda ids: show("account", ids[0]), single=True),
            Deed(tr("Log interaction"), "pencil", lambda _ids: self._on_interaction(), single=True),
            Deed(tr("Bring back") if archived else tr("Archive"), "archive", partial(self._archive_all, not archived)),
        )

    def row_question(self) -> Callable[[Any, Sequence[str]], Mapping[str, Any]]:
        """See list_tools.Listed."""
        listing, today = self._listing, self.desk.today()
        return lambda reader, ids: questions.ask_lines(reader, listing, ids, today) if listing is not None else {}

    def _archive_all(self, archived: bool, ids: Sequence[str]) -> None:
        label = N_("Archive {n} accounts") if archived else N_("Bring back {n} accounts")
        self.edit(partial(questions.archive, ids, archived), label, n=str(len(ids)))

    # The panel.

    def _on_current(self, key: str) -> None:
        line = self._list.model.row_value(key) if key else None
        if line is not None:
            late = formats.amount(line.overdue, line.currency, symbol=True)
            words = trn("{n} row selected", "{n} rows selected", max(1, len(self._list.place.selected())))
            self.desk.shell.set_selection_text(f"{words} · {tr('overdue {amount}', amount=late)}")
        self._pending = ""
        if not key:
            self._list.peek.show_peek(None)
            return
        if self._pause.isActive():  # a key held down: the panel follows when the list comes to rest
            self._pause.start()
            self._pending = key
            return
        self._pause.start()
        self._ask_peek(key)

    def _on_pause(self) -> None:
        key, self._pending = self._pending, ""
        if key:
            self._ask_peek(key)

    def _ask_peek(self, key: str) -> None:
        today, listing = self.desk.today(), self._listing
        tier = listing.class_of(key) if listing is not None else ""
        self.ask(lambda reader: questions.ask_peek(reader, key, tier, today), self._list.peek.show_peek, "peek")

    # One customer.

    def open_place(self, place: str) -> None:
        """Shows the list, a customer by id, or an empty form."""
        self._place = place
        if not place:
            self.page.setCurrentWidget(self._list)
            self._list.table.setFocus()
            if self._list_is_old:
                self._ask_list()
            return
        self.desk.shell.set_selection_text("")
        if place == NEW:
            currency = "VND"
            made = Account(id=self.desk.new_id(), name="", currency=currency)
            self._detail.show_account(made, "", {}, is_new=True)
            self.page.setCurrentWidget(self._detail)
            self._detail.form.editor("name").setFocus()
            self.ask_draft(self._detail.form)
        else:
            self._ask_detail(place)

    def _ask_detail(self, key: str) -> None:
        today, shown = self.desk.today(), self._detail.overview.timeline.filters.chosen()
        self.ask(lambda reader: questions.ask_whole(reader, key, shown, today), self._show_detail, "detail")

    def _show_detail(self, whole: questions.Whole) -> None:
        if whole.account.id != self._place:
            return
        detail, form = self._detail, self._detail.form
        fresh = form.record is None or form.record.id != whole.account.id
        tier = self._listing.class_of(whole.account.id) if self._listing is not None else ""
        detail.show_account(whole.account, tier or whole.account.tier, whole.titles)
        detail.show_head(whole.head)
        detail.overview.show_money(whole.figures, whole.parts)
        detail.overview.side.show_around(whole.around)
        detail.show_lists(whole.lists, whole.counts)
        self._show_events((whole.events, whole.first))
        if fresh:
            detail.show_tab("overview")
            self.ask_draft(form)
        elif detail.tab() == "history":
            self._on_tab("history")
        self.page.setCurrentWidget(detail)

    def _on_events(self, shown: str) -> None:
        key = self._place
        self.ask(lambda reader: questions.ask_events(reader, key, shown), self._show_events, "events")

    def _show_events(self, answer: tuple[Sequence[str], Mapping[str, Any]]) -> None:
        events, first = answer
        timeline = self._detail.overview.timeline
        timeline.model.set_answer(Answer(list(events), (), first))
        timeline.show_state(empty=not events)

    def _on_events_wanted(self, keys: list[str]) -> None:
        self.ask_rows(lambda reader: questions.ask_event_rows(reader, keys), self._detail.overview.timeline.model)

    def _on_event(self, page: str, place: str) -> None:
        if page == "activity":
            self._on_interaction(place)
        elif page == "task":
            self.dialogs.step(place)
        elif place:
            self.desk.shell.show_page(page, place.removeprefix("receipt:"))

    def _on_tab(self, key: str) -> None:
        place = self._place
        if key == "history" and place not in ("", NEW):
            show = self._detail.history.show_lines
            self.ask(lambda reader: questions.ask_history(reader, place), show, "history")

    def _on_saved(self, record: Any) -> None:
        if self._place == NEW:
            self.desk.shell.show_page("account", record.id)
        self.warn(lambda reader: questions.ask_warnings(reader, record.id))

    def _on_archive(self, archived: bool) -> None:
        record = self._detail.form.record
        label = N_("Archive account {name}") if archived else N_("Bring back account {name}")
        name = record.name if isinstance(record, Account) else ""
        self.edit(partial(questions.archive, [self._place], archived), label, name=name)

    # People and interactions.

    def _account_id(self) -> str:
        return self._place if self._place not in ("", NEW) else self._list.place.current()

    def _on_interaction(self, key: str = "") -> None:
        if self._account_id():
            people = self.page.detail.people if self._place not in ("", NEW) else None
            line = people.model.row_value(people.place.current()) if people and people.isVisible() else None
            self.dialogs.interaction(key, (line.id, line.texts[0]) if line else ("", ""))

    def _remove_occasion(self, record: Occasion) -> None:
        self.edit(partial(questions.remove_occasion, record.id), N_("Delete occasion {name}"), name=record.name)

    def _on_ticked(self, key: str) -> None:
        self.edit(partial(questions.finish_task, key, self.desk.today()), N_("Task done"))

    def _on_reached(self, kind: str, value: str) -> None:
        if not reaching.reach(kind, value):
            self.desk.shell.toast(tr("No program of this computer takes {value}.", value=value), None, "warning")

    def reopen(self, draft_key: str) -> bool:
        """See last_place.Reopens: the fields, a person or an interaction that were being typed."""
        entity, _, rest = draft_key.partition(":")
        if entity == "account" and rest == self._place:
            self._detail.show_tab("details")
            return True
        if entity == "account" and rest in (self._place, "new:"):
            self._detail.show_tab("details")
            return True
        if entity not in ("contact", "activity") or (entity == "activity" and not rest.startswith("new:")):
            return False
        account = rest.removeprefix("new:") if rest.startswith("new:") else ""
        if account and account != self._account_id():
            self.desk.shell.show_page("account", account)  # it was typed over the list
        if entity == "contact":
            self.dialogs.contact("" if account else rest)
        else:
            self._on_interaction()
        return True
