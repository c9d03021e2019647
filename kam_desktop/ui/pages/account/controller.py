"""Answers the account page: lists, figures, the open record, contacts, interactions, archiving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from kam_desktop.domain.entities import Account, Contact, Occasion
from kam_desktop.domain.entities.task import Task
from kam_desktop.language import N_, tr
from kam_desktop.ui import reaching
from kam_desktop.ui.cell_edits import CellEdits, CellField
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_table import Answer
from kam_desktop.ui.pages.account import questions
from kam_desktop.ui.pages.account.detail import AccountDetail
from kam_desktop.ui.pages.account.dialogs import Dialogs
from kam_desktop.ui.pages.account.hand_over import HandOver
from kam_desktop.ui.pages.account.list_part import NEW, ListPart
from kam_desktop.ui.pages.account.page import AccountList, AccountPage
from kam_desktop.ui.shortcuts import add_shortcut


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
        self._list = AccountList(desk.today())
        super().__init__(desk, AccountPage(self._list, lambda: AccountDetail(desk.today()), self._wire))
        self._place = ""
        self.dialogs = Dialogs(self, self._account_id, questions.ask_people, self._remove_occasion, questions.save_log)
        self.listed = ListPart(self, self._list, self._on_interaction)
        self.tools = self.listed.tools
        self._list.peek.reached.connect(self._on_reached)
        self._list.peek.contact_wanted.connect(self.dialogs.contact)
        self.page.place_wanted.connect(self.open_place)

    @property
    def _detail(self) -> AccountDetail:
        return self.page.detail

    def _wire(self, made: AccountDetail) -> None:
        desk, line, side = self.desk, made.overview.timeline, made.overview.side
        for signal, slot in (
            (made.back_wanted, lambda: desk.shell.show_page("account")),
            (made.interaction_wanted, self._on_interaction), (made.contact_wanted, self.dialogs.contact),
            (made.archive_wanted, self._on_archive), (made.tab_shown, self._on_tab),
            (made.hand_over_wanted, self._on_hand_over), (made.form.hand_over.clicked, self._on_hand_over),
            (line.filter_chosen, self._on_events), (line.model.wanted, self._on_events_wanted),
            (line.opened, lambda event: self._on_event(*event.open)),
            (side.step_wanted, lambda: self.dialogs.step("")), (side.occasion_wanted, self.dialogs.occasion),
            (side.ticked, self._on_ticked), (side.opened, self._on_event),
            (side.reached, self._on_reached), (made.tasks.create_wanted, lambda: self.dialogs.step("")),
            (made.tasks.opened, lambda line: self.dialogs.step(line.id)), (made.tasks.ticked, self._on_ticked),
            (made.people.opened, lambda line: self.dialogs.contact(line.id)),
            (made.proposals.opened, lambda line: self._on_event(*line.open)),
            (made.proposals.create_wanted, lambda: desk.shell.show_page("proposal", f"{NEW}:{self._place}")),
            (made.invoices.opened, lambda line: self._on_event(*line.open)),
        ):  # fmt: skip
            signal.connect(slot)
        add_shortcut(made, "log", self._on_interaction)
        add_shortcut(made, "leave", lambda: desk.shell.show_page("account"))
        self.bind(made.form, N_("Change account {name}"), N_("Add account {name}"), self._on_saved)
        fields = ("full_name", "position", "phones", "emails", "zalo", "birthday")
        CellEdits(self, made.people.table, made.people.model, Contact,
                  {at: CellField(name) for at, name in enumerate(fields)}, N_("Change contact {name}"))  # fmt: skip
        CellEdits(self, made.tasks.table, made.tasks.model, Task,
                  {at: CellField(name) for at, name in enumerate(("subject", "due_on", "done_on"))},
                  N_("Change task {name}"))  # fmt: skip

    def refresh(self) -> None:
        self.listed.is_old = True
        if self._place and self._place != NEW:
            self._ask_detail(self._place)
        if not self._place or self.listed.listing is None:
            self.listed.refresh()

    # One customer.

    def open_place(self, place: str) -> None:
        """Shows the list, a customer by id, or an empty form."""
        self._place = place
        if not place:
            self.page.setCurrentWidget(self._list)
            self._list.table.setFocus()
            if self.listed.is_old:
                self.listed.refresh()
            self.listed.say_selection()
            return
        self.desk.shell.set_selection_text("")
        if place == NEW:
            currency = "VND"
            made = Account(id=self.desk.new_id(), name="", currency=currency)
            self._detail.form.show_ownership(connected=False, may_hand_over=False)
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
        detail, form, listing = self._detail, self._detail.form, self.listed.listing
        fresh = form.record is None or form.record.id != whole.account.id
        tier = listing.class_of(whole.account.id) if listing is not None else ""
        detail.show_account(whole.account, tier or whole.account.tier, whole.titles)
        now = self.desk.agent[0].now if self.desk.agent else None
        detail.hand_over.setVisible(now is not None and now.may_hand_over)
        form.show_ownership(connected=now is not None and now.connected, may_hand_over=not detail.hand_over.isHidden())
        detail.show_head(whole.head)
        detail.overview.show_money(whole.figures, whole.parts)
        detail.overview.side.show_around(whole.around)
        detail.show_lists(whole.lists, whole.counts)
        self._show_events((whole.events, whole.first))
        if fresh:
            detail.show_tab("overview")
            detail.overview.timeline.view.setFocus()
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

    def _on_hand_over(self) -> None:
        record = self._detail.form.record
        if isinstance(record, Account):
            HandOver(self, record, questions.ask_colleagues).open()

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
        if entity == "account" and not self._place and not rest.startswith("new:"):
            self.desk.shell.show_page("account", rest)  # it was typed into a cell of the list
            return False  # its fields come with the next question
        if entity == "task" and self._place not in ("", NEW) and not rest.startswith("new:"):
            self.dialogs.step(rest)
            return True
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
