"""The dialogs over the account page: a person, an interaction, a task, an occasion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any

from shiboken6 import isValid

from kam_desktop.domain.entities import Activity, Contact, Occasion
from kam_desktop.domain.entities.task import Task
from kam_desktop.language import N_, tr
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.pages.account.form import ContactForm, InteractionForm, OccasionForm, StepForm

AskPeople = Callable[[Any, str, str], Sequence[tuple[str, str]]]

SaveLog = Callable[[Any, Any, tuple[str, date | None]], Any]


class Dialogs:
    """Opens them for a controller and the customer of that moment; the key "" makes a new record.

    `ask_people(reader, account, text)` looks for the customer's own people; `save_log(uow, activity, next_step)` saves
    an interaction with the step that follows, in the edit lane.
    """

    def __init__(
        self,
        controller: RecordController,
        account: Callable[[], str],
        ask_people: AskPeople,
        remove_occasion: Callable[[Occasion], object],
        save_log: SaveLog,
    ) -> None:
        self._controller, self._account, self._ask_people = controller, account, ask_people
        self._remove, self._save_log = remove_occasion, save_log

    def contact(self, key: str = "") -> FormDialog:
        """A person."""
        made = Contact(id=self._new_id(), account=self._account(), full_name="")
        titles = (tr("Contact"), tr("Add contact"))
        return self._open(
            ContactForm(self._today()), made, key, titles, N_("Change contact {name}"), N_("Add contact {name}")
        )

    def interaction(self, key: str = "", contact: tuple[str, str] = ("", "")) -> FormDialog:
        """What happened; `contact` is the (id, name) of the person that is current."""
        account = self._account()
        now = self._controller.desk.clock.now()
        made = Activity(id=self._new_id(), account=account, contact=contact[0], kind="call", at=now, subject="")
        form = InteractionForm(self._today())
        titles = (tr("Interaction"), tr("Log interaction"))
        labels = (N_("Change interaction {name}"), N_("Log interaction {name}"))
        dialog = self._open(form, made, key, titles, *labels, shown=dict([contact]), save=partial(self._log, form))
        self._own_people(form, account)
        form.editor("subject").inner.setFocus()
        return dialog

    def step(self, key: str = "") -> FormDialog:
        """A task for the customer."""
        made = Task(id=self._new_id(), account=self._account(), subject="", owner=self._controller.desk.me)
        titles = (tr("Task"), tr("Add task"))
        return self._open(StepForm(self._today()), made, key, titles, N_("Change task {name}"), N_("Add task {name}"))

    def occasion(self, key: str = "") -> FormDialog:
        """A day to remember; one that is there can be deleted."""
        account = self._account()
        made, form = Occasion(id=self._new_id(), account=account, name="", happens_on=None), OccasionForm(self._today())
        titles = (tr("Occasion"), tr("Add occasion"))
        dialog = self._open(form, made, key, titles, N_("Change occasion {name}"), N_("Add occasion {name}"))
        self._own_people(form, account)
        if key:
            dialog.add_button(Button(tr("Delete"), kind="danger")).clicked.connect(partial(self._delete, dialog, form))
        return dialog

    def _log(self, form: InteractionForm, uow: Any, record: Any) -> Any:
        return self._save_log(uow, record, form.next_step)

    def _delete(self, dialog: FormDialog, form: RecordForm, _on: bool = False) -> None:
        record = form.record
        dialog.reject()
        if isinstance(record, Occasion):
            self._remove(record)

    def _open(
        self, form: RecordForm, made: Any, key: str, titles: tuple[str, str], changed: str, created: str,
        shown: dict[str, str] | None = None, save: Callable[[Any, Any], Any] | None = None,
    ) -> FormDialog:  # fmt: skip
        controller = self._controller
        dialog = FormDialog(controller.page, titles[0] if key else titles[1], form, tr("Save"))
        controller.bind(form, changed, created, dialog.saved, save)
        if key:
            controller.show_in(form, type(made), key)
        else:
            form.show_record(made, shown, is_new=True)
            controller.ask_draft(form, made.account)
        dialog.open()
        return dialog

    def _own_people(self, form: RecordForm, account: str) -> None:
        """The contact field finds people of this customer only."""
        form.asked.disconnect()
        form.asked.connect(lambda name, text: self._offer(form, account, name, text))

    def _offer(self, form: RecordForm, account: str, name: str, text: str) -> None:
        self._controller.ask(
            lambda reader: self._ask_people(reader, account, text),
            lambda found: form.offer(name, found) if isValid(form) else None,
            "people",
        )

    def _today(self) -> Any:
        return self._controller.desk.today()

    def _new_id(self) -> str:
        return self._controller.desk.new_id()
