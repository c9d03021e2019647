"""Answers the collections page: open instalments, ageing, money received, one invoice, a new receipt."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shiboken6 import isValid

from kam_desktop import formats
from kam_desktop.domain.entities import DocumentsConfirmed, PromiseToPay, Receipt
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.at_rest import AtRest
from kam_desktop.ui.background import Job
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit.record_table import Answer
from kam_desktop.ui.pages.collection import questions
from kam_desktop.ui.pages.collection.ageing import ALL, FREE, bucket_words
from kam_desktop.ui.pages.collection.ageing_figures import Pace, quarter_of
from kam_desktop.ui.pages.collection.ageing_part import AgeingPart
from kam_desktop.ui.pages.collection.answers import Filter, OpenAnswer, ReceiptAnswer, WorkFilter
from kam_desktop.ui.pages.collection.deeds import PapersForm, PromiseForm
from kam_desktop.ui.pages.collection.invoice import InvoiceShown
from kam_desktop.ui.pages.collection.lookups import name_of, whereabouts
from kam_desktop.ui.pages.collection.page import AGEING, OPEN, RECEIPTS, WORKLIST, CollectionPage
from kam_desktop.ui.pages.collection.receipt_deeds import ReceiptDeeds
from kam_desktop.ui.pages.collection.work_part import WorkPart

if TYPE_CHECKING:
    from kam_desktop.services.summary import AgeingReport

_RECEIPT = "new"


class CollectionController(ReceiptDeeds):
    """One for each collections page. `page` is the widget."""

    entities = frozenset(
        {
            "firm",
            "account",
            "invoice",
            "instalment",
            "receipt",
            "allocation",
            "credit_note",
            "opening_settlement",
            "receipt_decision",
            "documents_confirmed",
            "promise_to_pay",
            "dunning_event",
            "dunning_step",
        }
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, CollectionPage(desk.today()))
        self.as_of, self.currency, self._filter = desk.today(), "VND", Filter()
        self._shares: list[tuple[str, int]] = []
        self.left: Mapping[str, int] = {}
        self._older: Receipt | None = None
        self._turn = 0
        self._followed = ""  # the row that the panel went along with: the same one asked anew is no move
        self._at_rest = AtRest(self, self._follow)
        page = self.page
        wired: Sequence[tuple[Any, Callable[..., object]]] = (
            (page.view_changed, lambda _key: self.refresh()), (page.as_of_changed, self._on_as_of),
            (page.currency_changed, self._on_currency), (page.filter_cleared, lambda: self._narrow(Filter())),
            (page.receipt_wanted, lambda: self._on_receipt("")), (page.place_wanted, self.open_place),
            (page.import_wanted, lambda: desk.shell.show_page("importing")),
            (page.opening_wanted, lambda: desk.shell.show_page("importing", "opening")),
            (page.ageing.cell_opened, self._on_cell), (page.ageing.cell_told, desk.shell.set_selection_text),
            (page.open.model.wanted, self._on_wanted), (page.open.place.current_changed, self._on_current),
            (page.open.table.opened, lambda index: self.show_instalment(page.open.model.id_at(index.row()))),
            (page.receipts.model.wanted, self._on_receipts_wanted),
            (page.receipts.table.opened, lambda index: self._ask_money(page.receipts.model.id_at(index.row()), True)),
            (page.receipts.place.current_changed, self._on_receipt_current),
            (page.worklist.place.current_changed, self._on_current), (page.log_wanted, self._on_log),
            (page.worklist.table.opened, lambda index: self.show_instalment(page.worklist.model.id_at(index.row()))),
            (page.invoice.outcome_wanted, lambda key: self.work.log([key])),
            (page.invoice.paper_wanted, lambda kind: self.work.paper(kind, self.as_of)),
            (page.invoice.code_copied, lambda: desk.shell.toast(tr("The payment code is on the clipboard."))),
            (page.which_changed, self.refresh), (page.receipt.deed_wanted, self._on_deed),
            (page.panel_closed, self.new_turn),
            (page.invoice.papers_wanted, self._on_papers), (page.invoice.promise_wanted, self._on_promise),
            (page.invoice.no_papers_wanted, self._on_no_papers), (page.invoice.withdraw_wanted, self._on_withdraw),
            (page.invoice.receipt_wanted, self._on_receipt), (page.invoice.take_back_wanted, self._on_take_back),
            (page.invoice.account_wanted, lambda key: desk.shell.show_page("account", key)),
            (page.form.suggestion_wanted, self._on_suggestion), (page.form.allocate_wanted, self._on_allocate),
        )  # fmt: skip
        for signal, slot in wired:
            signal.connect(slot)
        page.form.fields.committed.connect(lambda _record, _names: self._take_shares())
        self.bind(page.form.fields, "", "Record a receipt", lambda _record: page.close_panel(), self._record)
        self.work, self.ageing = WorkPart(self), AgeingPart(self)
        self.keep_layout(page.open.table, "collection")
        self.keep_layout(page.worklist.table, "worklist")

    # What is shown.

    def refresh(self) -> None:
        view = self.page.switch.chosen()
        as_of, currency = self.as_of, self.currency
        self.page.show_as_of(as_of)
        self.ageing.ask_owners()
        self.desk.shell.set_selection_text("")
        if view == WORKLIST:
            self.work.refresh(currency)
        elif view == AGEING:
            self.ageing.refresh()
        elif view == RECEIPTS:
            every = self.page.every_receipt
            question = partial(questions.ask_receipts, as_of=as_of, currency=currency, every=every)
            self.ask(question, self._show_receipts, "view")
        else:
            self.ask(
                partial(questions.ask_open, as_of=as_of, currency=currency, only=self._filter), self._show_open, "view"
            )
        if self.page.panel_shown() == "money" and self.page.receipt.shown_id:
            self._ask_money(self.page.receipt.shown_id)
        if self.page.panel_shown() == "invoice" and self.page.invoice.shown_id:
            self._ask_invoice(self.page.invoice.shown_id)

    def around(self, report: AgeingReport, count: int, filtered: str = "", narrowed: bool = False) -> None:
        """What stands around every view."""
        default = report.total.on_default_term
        note = trn("{n} instalment rests on the default term", "{n} instalments rest on the default term", default)
        no_data = not report.rows and not report.currencies and not filtered and not narrowed
        self.page.show_state(
            count=count, filtered=filtered, on_default=note if default else "", no_data=no_data,
            payments_entered=report.payments_entered, currency=report.currency, currencies=report.currencies,
        )  # fmt: skip

    def ask_pace(self, as_of: date, currency: str, then: Callable[[Pace], None]) -> None:
        """Asks how fast customers pay, for the ageing."""

        def question(reader: Any) -> Pace:
            from kam_desktop.services import receivables

            dso, from_on = receivables.dso(reader, as_of, currency=currency), quarter_of(as_of)
            index = receivables.cei(reader, from_on, as_of, currency).index
            return Pace(as_of, currency, dso.count_back, dso.at_least, dso.simple, from_on, index)

        self.ask(question, then, "pace")

    def _show_open(self, answer: OpenAnswer) -> None:
        count, late, currency = len(answer.ids), answer.late, answer.report.currency
        row = next((each for each in answer.report.rows if each.account == self._filter.account), None)
        sums = answer.report.total if self._filter.account is None else row
        parts = (sums.not_due, *sums.overdue) if sums is not None else (0,)
        bucket = self._filter.bucket
        whole = sum(parts) if bucket is None else parts[bucket + 1]
        groups = []
        if late and late < count and bucket is None:
            groups = [
                questions.group(tr("Overdue"), late, sum(parts[1:]), currency),
                questions.group(tr("Not due"), count - late, parts[0], currency),
            ]
        words = trn("{n} instalment", "{n} instalments", count)
        totals = {0: words, 5: formats.amount(whole, currency)} if count else {}
        self.page.open.model.set_answer(Answer(answer.ids, groups, answer.rows, totals))
        filtered = ""
        if self._filter != Filter():
            age = bucket_words(bucket, answer.report.buckets) if bucket is not None else ""
            filtered = " · ".join(part for part in (self._filter.name, age) if part)
        self.around(answer.report, count, filtered)
        if self._filter == Filter():
            self.desk.shell.set_count("collection", late)
        if count and not self.page.open.place.current():
            self.page.open.place.show(answer.ids[0])

    def _show_receipts(self, answer: tuple[AgeingReport, ReceiptAnswer]) -> None:
        report, found = answer
        self.left = found.left
        words = trn("{n} receipt", "{n} receipts", len(found.ids))
        totals = {0: words, 6: formats.amount(sum(found.left.values()), report.currency)} if found.ids else {}
        self.page.receipts.model.set_answer(Answer(found.ids, (), found.rows, totals))
        self.around(report, len(found.ids))

    def _on_wanted(self, ids: list[str]) -> None:
        as_of = self.as_of
        self.ask(lambda reader: questions.open_lines(reader, ids, as_of), self.page.open.model.deliver)

    def _on_receipts_wanted(self, ids: list[str]) -> None:
        left = self.left
        self.ask(lambda reader: questions.receipt_lines(reader, ids, left), self.page.receipts.model.deliver)

    def _on_as_of(self, day: date) -> None:
        if day != self.as_of:
            self.as_of = day
            self.refresh()

    def _on_currency(self, currency: str) -> None:
        self.currency, self._filter = currency, Filter()
        self.work.only = WorkFilter(self.work.only.order, self.work.only.show, owner=self.work.only.owner)
        self.refresh()

    def _narrow(self, wanted: Filter) -> None:
        self._filter = wanted
        if self.page.switch.chosen() != OPEN:
            self.page.show_view(OPEN)  # asks by itself
        else:
            self.refresh()
        self.page.setFocus()

    def _on_cell(self, account: str, bucket: int) -> None:
        if bucket == FREE or not account:
            self.page.show_view(RECEIPTS)
            return
        shown = self.page.ageing.model.shown
        name = next((row.label or row.name for row in shown.rows if row.account == account), "")
        if bucket < 0 or self.as_of != self.desk.today():
            self._narrow(Filter(account, None if bucket == ALL else bucket, name))
            return
        due_from, due_to = questions.due_between(self.as_of, bucket)
        words = f"{name} · {bucket_words(bucket, shown.buckets)}"
        self.work.only = WorkFilter(self.work.only.order, "", account, due_from, due_to, words, self.ageing.owner)
        self.page.show_view(WORKLIST)  # asks by itself
        self.page.setFocus()

    def _on_current(self, key: str) -> None:
        shown = self.page.worklist if self.page.switch.chosen() == WORKLIST else self.page.open
        line = shown.model.row_value(key) if key else None
        if line is None:
            return
        amount = formats.amount(line.open, line.currency, symbol=True)
        told = getattr(line, "reason", "") or line.number
        self.desk.shell.set_selection_text(f"{line.account} · {amount} · {told}")
        if self.page.panel_shown() == "invoice" and key != self._followed:
            self._at_rest.want(key)
        self._followed = key

    def _follow(self, key: str) -> None:
        if self.page.panel_shown() == "invoice":
            self.show_instalment(key, focus=False)

    # Places that other pages and the search lead to.

    def open_place(self, place: str) -> None:
        """A view by name, "account:<id>", "log:<invoice>", a new receipt, or the id of an invoice or its part."""
        if place in (WORKLIST, OPEN, AGEING, RECEIPTS):
            self._filter = Filter()
            self.page.show_view(place)
            self.refresh()
        elif place == _RECEIPT:
            self._on_receipt("")
        elif place.startswith("log:"):
            self.ask(lambda reader: whereabouts(reader, place[4:]), self._show_whereabouts)
            self.work.log([place[4:]])
        elif place.startswith("account:"):
            key = place.partition(":")[2]
            self.ask(lambda reader: name_of(reader, key), lambda name: self._narrow(Filter(key, None, name)))
        elif place:
            self.ask(lambda reader: whereabouts(reader, place), self._show_whereabouts)

    def _show_whereabouts(self, found: tuple[str, str]) -> None:
        entity, key = found
        if entity == "invoice":
            self._ask_invoice(key, turn=self.new_turn())
        elif entity == "receipt":
            self.page.show_view(RECEIPTS)
            self.new_turn()
            self._ask_money(key)

    # One invoice.

    def show_instalment(self, key: str, focus: bool = True) -> None:
        """Opens the panel with the invoice of an instalment; `focus` brings the keyboard there."""
        if key and (focus or self.page.panel_shown() in ("", "invoice")):
            turn = self.new_turn() if focus else self._turn
            self.ask(
                lambda reader: whereabouts(reader, key), lambda found: self._ask_invoice(found[1], focus, turn),
                "instalment",
            )  # fmt: skip

    def _ask_invoice(self, key: str, focus: bool = False, turn: int | None = None) -> None:
        as_of, turn = self.as_of, self._turn if turn is None else turn

        def show(shown: InvoiceShown) -> None:
            if turn != self._turn:
                return  # something else was opened meanwhile, or the panel put away
            if self.page.switch.chosen() == WORKLIST:
                why, following = self.work.why(shown.id)
                shown = dataclasses.replace(shown, why=why, next=following)
            self.page.invoice.show_invoice(shown)
            self.page.show_invoice_panel()
            if focus:
                self.page.invoice.setFocus()

        self.ask(lambda reader: questions.ask_detail(reader, key, as_of), show, "invoice")

    def _on_log(self) -> None:
        panel = self.page.panel_shown() == "invoice"
        if (self.page.switch.chosen() == WORKLIST and len(self.page.worklist.place.selected()) > 1) or not panel:
            self.work.log(self.work.chosen_invoices() if self.page.switch.chosen() == WORKLIST else [])
        elif self.page.invoice.shown is not None and self.page.invoice.shown.open > 0:
            self.work.log([self.page.invoice.shown_id])

    def _log(self, invoices: list[str]) -> None:
        self.work.log(invoices)

    def write_paper(self, target: Path, made: Any) -> None:
        """Sets a paper in the lane of files and says where it is."""
        job = Job(tr("Writing {name}", name=target.name))
        folder = getattr(self.desk.background.profile, "folder", None)  # the firm's own templates lie there
        self.desk.background.run(
            "files", lambda: questions.write_paper(target, made, folder),
            lambda _none: self.desk.shell.toast(tr("Written: {file}", file=target.name)), self.refuse, owner=self,
            job=job,
        )  # fmt: skip

    def _on_take_back(self, allocation: str) -> None:
        self.edit(partial(questions.take_back, allocation=allocation), N_("Take back an allocation"))

    def _on_papers(self, invoice: str) -> None:
        today = self.desk.today()
        form = PapersForm(today)
        record = DocumentsConfirmed(id=self.desk.new_id(), invoice=invoice, confirmed_on=today,
                                    recorded_at=self.desk.clock.now())  # fmt: skip
        self._open(form, record, tr("Papers confirmed"), tr("Confirm"), N_("Confirm the papers of an invoice"),
                   questions.papers, within=invoice)  # fmt: skip

    def _on_no_papers(self, invoice: str) -> None:
        self.edit(partial(questions.take_papers_back, invoice=invoice), N_("Take back the confirmation of papers"))

    def _on_promise(self, invoice: str, old: str) -> None:
        today = self.desk.today()
        self.ask(lambda reader: questions.ask_promise(reader, invoice, old, today), partial(self._show_promise, old))

    def _show_promise(self, old: str, answer: tuple[PromiseToPay, dict[str, str]]) -> None:
        record, titles = answer
        today = self.desk.today()
        record = dataclasses.replace(record, id=self.desk.new_id(), promised_on=today)
        form = PromiseForm(today)
        title, label = tr("Promise to pay"), N_("Write down a promise to pay")
        if old:
            title, label = tr("Another promise in its place"), N_("Replace a promise to pay")
        self._open(form, record, title, tr("Save"), label,
                   lambda uow, made: questions.promise(uow, made, old), titles,
                   within=f"{record.invoice} {old}".strip())  # fmt: skip
        form.asked.disconnect()
        account = record.account
        form.asked.connect(lambda name, text: self.ask(
            lambda reader: questions.ask_contacts(reader, account, text),
            lambda found: form.offer(name, found) if isValid(form) else None, "people"))  # fmt: skip

    def _on_withdraw(self, promise: str) -> None:
        self.edit(partial(questions.withdraw, key=promise), N_("Take a promise back"))
