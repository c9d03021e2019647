"""The worklist's part of the collections controller: its list, its tools, reminders, papers as PDF."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from PySide6.QtCore import QObject
from shiboken6 import isValid

from kam_desktop import formats
from kam_desktop.domain.errors import Refused
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui import theme
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.record_table import Answer, RowGroup
from kam_desktop.ui.list_tools import Deed, ListTools
from kam_desktop.ui.pages.collection import questions
from kam_desktop.ui.pages.collection.answers import WorkAnswer, WorkFilter
from kam_desktop.ui.pages.collection.outcome import Outcome, OutcomeDialog, Reminded
from kam_desktop.ui.pages.collection.worklist import action_words, group_words, orders, shows

_ROOMY = 1240  # px of the page, from which on the first view has its panel open


class WorkPart(QObject):
    """Answers the worklist of one collections page; the controller asks and edits for it.

    Attributes:
        only: what the worklist is narrowed to; found: the services.dunning.Worklist that is shown.
    """

    def __init__(self, controller: Any) -> None:
        super().__init__(controller)
        self._controller, self.desk = controller, controller.desk
        self._page, self.view = controller.page, controller.page.worklist
        self.only = WorkFilter()
        self._begun = False  # whether the panel was shown beside the list once, as far as there is room
        self.found: Any = None
        view = self.view
        view.order_chosen.connect(lambda key: self.narrow(order=key))
        view.show_chosen.connect(lambda key: self.narrow(show=key))
        view.cleared.connect(self._clear)
        view.model.wanted.connect(self._on_wanted)
        self.tools = ListTools(controller, self, view, "worklist", tr("Worklist"))

    def refresh(self, currency: str) -> None:
        """Asks for the worklist of today."""
        question = partial(questions.ask_worklist, as_of=self.desk.today(), currency=currency, only=self.only)
        self._controller.ask(question, self._show, "view")

    def narrow(self, only: WorkFilter | None = None, **values: Any) -> None:
        """Sorts or narrows the worklist otherwise."""
        import dataclasses

        self.only = only if only is not None else dataclasses.replace(self.only, **values)
        self._controller.refresh()

    def _clear(self) -> None:
        """Everything again: of everybody too."""
        self.only = WorkFilter(order=self.only.order)
        self._controller.ageing.narrow("")

    def _show(self, answer: WorkAnswer) -> None:
        found, words = answer.found, group_words()
        self.found = found
        groups = [
            RowGroup(words[key], f"{trn('{n} instalment', '{n} instalments', count)} · "
                     f"{formats.amount(amount, found.currency)}", count)
            for key, (count, amount) in found.sums.items() if count
        ]  # fmt: skip
        count = len(found.entries)
        whole = sum(amount for _, amount in found.sums.values())
        totals = {0: trn("{n} instalment", "{n} instalments", count), 4: formats.amount(whole, found.currency)}
        ids = [each.instalment for each in found.entries]
        self.view.model.set_answer(Answer(ids, groups, answer.rows, totals if count else {}))
        narrowed = bool(self.only.show or self.only.name or self.only.owner)
        whose = self._page.owner_name(self.only.owner)
        self.view.show_settings(self.only.order, self.only.show, self.only.name, whose)
        self.view.show_state(empty=not count, filtered=narrowed)
        note = trn("{n} smaller line is left out", "{n} smaller lines are left out", found.left_out)
        self._page.show_state(
            count=count, on_default=note if found.left_out else "", payments_entered=answer.payments_entered,
            no_data=answer.no_data and not narrowed, currency=found.currency, currencies=answer.currencies,
        )  # fmt: skip
        if count and not self.view.place.current():
            self.view.place.show(ids[0])
        if count and not self._begun and self._page.width() >= theme.px(_ROOMY) and not self._page.panel_shown():
            self._controller.show_instalment(self.view.place.current() or ids[0], focus=False)
        self._begun = self._begun or bool(count)

    def _on_wanted(self, ids: list[str]) -> None:
        found = self.found
        if found is not None:
            self._controller.ask_rows(lambda reader: questions.work_lines(reader, found, ids), self.view.model)

    # What the tools of the list ask (list_tools.Listed).

    def view_settings(self) -> dict[str, Any]:
        """See list_tools.Listed."""
        return {"order": self.only.order, "show": self.only.show, "owner": self.only.owner}

    def use_view(self, settings: Mapping[str, Any]) -> None:
        """See list_tools.Listed."""
        order, show = str(settings.get("order", "")), str(settings.get("show", ""))
        self.only = WorkFilter(order if order in orders() else "benefit", show if show in shows() else "")
        self._controller.ageing.narrow(str(settings.get("owner", "")))

    def deeds(self) -> Sequence[Deed]:
        """See list_tools.Listed."""
        return (
            Deed(tr("Open"), "corner-down-left", lambda ids: self._controller.show_instalment(ids[0]), single=True),
            Deed(tr("Log the outcome"), "phone", lambda ids: self.log(self._invoices(ids)), key="log"),
            Deed(tr("Record a receipt"), "banknote", self._receipt, single=True, key="receipt"),
        )

    def row_question(self) -> Callable[[Any, Sequence[str]], Mapping[str, Any]]:
        """See list_tools.Listed."""
        found = self.found
        return lambda reader, ids: questions.work_lines(reader, found, ids) if found is not None else {}

    def _invoices(self, ids: Sequence[str]) -> list[str]:
        by_id = self.found.by_id if self.found is not None else {}
        return list(dict.fromkeys(by_id[key].invoice for key in ids if key in by_id))

    def _receipt(self, ids: Sequence[str]) -> None:
        entry = self.found.by_id.get(ids[0]) if self.found is not None else None
        if entry is not None:
            self._page.invoice.receipt_wanted.emit(entry.account)

    def chosen_invoices(self) -> list[str]:
        """The invoices of the chosen rows, else of the current one."""
        chosen = self.view.place.selected() or [self.view.place.current()]
        return self._invoices([key for key in chosen if key])

    def why(self, invoice: str) -> tuple[str, str]:
        """Why an invoice stands in the worklist, and the next action, in words; "" twice where it does not."""
        entries = self.found.entries if self.found is not None else ()
        entry = next((each for each in entries if each.invoice == invoice), None)
        line = self.view.model.row_value(entry.instalment) if entry is not None else None
        return (line.reason, action_words()[entry.line.action]) if entry is not None and line is not None else ("", "")

    # Reminders.

    def log(self, invoices: Sequence[str]) -> None:
        """Asks what came of reminding of these invoices, and writes it down."""
        today = self.desk.today()
        if invoices:
            self._controller.ask(lambda reader: questions.ask_reminded(reader, invoices, today), self._open_dialog)

    def _open_dialog(self, about: Reminded) -> None:
        today = self.desk.today()
        dialog = OutcomeDialog(self._page, about, today)
        form, key = dialog.form, dialog.form.draft_key()
        self._controller.bind(form, "", "")
        self._controller.ask_draft(form, form.within)

        def save(outcome: Outcome) -> None:
            def fail(failure: Any) -> None:
                if isinstance(failure, Refused) and isValid(dialog):
                    dialog.show_problems(failure.problems)

            def done(_result: object) -> None:
                if isValid(dialog):
                    dialog.accept()

            several = len(about.invoices) > 1
            label = N_("Log reminders of {n} invoices") if several else N_("Log a reminder")

            def work(uow: Any) -> Any:
                uow.set_draft(key, None)
                return questions.remind(uow, about.invoices, outcome, today)

            self._controller.edit(work, label, done, fail, n=str(len(about.invoices)))

        dialog.decided.connect(save)
        dialog.open()

    # Papers.

    def paper(self, kind: str, as_of: date) -> None:
        """Sets a paper about the invoice in the panel as PDF into a file that the user names."""
        shown = self._page.invoice.shown
        if shown is None:
            return
        words = tr("Payment request") if kind == "request" else tr("Statement of account")
        about = shown.number if kind == "request" else as_of.isoformat()
        name = "".join("-" if letter in '\\/:*?"<>|' else letter for letter in f"{words} {shown.account_name} {about}")
        target = dialogs.choose_target(self._page, words, f"{name}.pdf", [("PDF", "*.pdf")])
        if target is None:
            return
        path = target if target.suffix.lower() == ".pdf" else target.with_suffix(".pdf")
        self._controller.ask(
            lambda reader: questions.paper(reader, kind, shown, as_of),
            lambda made: self._controller.write_paper(path, made),
        )
