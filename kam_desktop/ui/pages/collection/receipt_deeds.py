"""The receipts' part of the collections controller: those that came in, and the form of a new one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from kam_desktop.domain.entities import Receipt, ReceiptDecision
from kam_desktop.language import N_, tr
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.pages.collection import questions
from kam_desktop.ui.pages.collection.answers import Filter, ReceiptAnswer
from kam_desktop.ui.pages.collection.deeds import PayerForm, RejectForm
from kam_desktop.ui.pages.collection.lookups import payer_of
from kam_desktop.ui.pages.collection.page import AGEING, RECEIPTS, CollectionPage
from kam_desktop.ui.pages.collection.receipt import ALLOCATE, CONFIRM, NAME, REJECT, ReceiptShown


class ReceiptDeeds(RecordController):
    """What the collections page does with money that came in."""

    page: CollectionPage
    _filter: Filter
    currency: str
    _shares: list[tuple[str, int]]
    left: Mapping[str, int]
    _older: Receipt | None
    _turn: int

    def _open(self, form: RecordForm, record: Any, title: str, save: str, label: str,
              work: Callable[[Any, Any], Any], titles: dict[str, str] | None = None, *,
              within: str) -> None:  # fmt: skip
        """A small form over the window; `within` is what it is about, by which its draft is found again."""
        dialog = FormDialog(self.page, title, form, save)
        self.bind(form, label, label, dialog.saved, work)
        form.show_record(record, titles, is_new=True)
        self.ask_draft(form, within)
        dialog.open()

    def new_turn(self) -> int:
        """Something is being opened in the panel, or it is put away: what was asked before may not take its place."""
        self._turn += 1
        return self._turn

    # Money that came in.

    def _ask_money(self, key: str, focus: bool = False) -> None:
        turn = self.new_turn() if focus else self._turn

        def show(shown: ReceiptShown) -> None:
            if turn != self._turn:
                return
            self.page.receipt.show_receipt(shown)
            self.page.show_receipt_panel()
            if focus:
                self.page.receipt.setFocus()

        if key:
            self.ask(lambda reader: questions.ask_receipt_shown(reader, key), show, "money")

    def _on_receipt_current(self, key: str) -> None:
        if key and self.page.panel_shown() == "money":
            self._ask_money(key)

    def _on_deed(self, deed: str, key: str) -> None:
        if deed == CONFIRM:
            self.edit(partial(questions.confirm, key=key), N_("Confirm a receipt"))
        elif deed == ALLOCATE:
            self._on_older(key)
        elif deed == REJECT:
            record = ReceiptDecision(id=self.desk.new_id(), receipt=key, verdict="rejected",
                                     decided_at=self.desk.clock.now())  # fmt: skip
            self._open(RejectForm(self.desk.today()), record, tr("Reject a receipt"), tr("Reject"),
                       N_("Reject a receipt"), questions.reject, within=key)  # fmt: skip
        else:
            self.ask(lambda reader: questions.ask_receipt(reader, key), self._show_payer)

    def _show_payer(self, answer: tuple[Receipt, dict[str, str]]) -> None:
        old, _titles = answer
        record = dataclasses.replace(old, id=self.desk.new_id(), account="")

        def work(uow: Any, typed: Receipt) -> Receipt:
            return questions.name_payer(uow, old.id, typed.account)

        self._open(PayerForm(self.desk.today()), record, tr("Name the payer"), tr("Save"),
                   N_("Name the payer of a receipt"), work, within=f"payer {old.id}")  # fmt: skip

    # A receipt.

    def _on_papers(self, invoice: str) -> None: ...
    def _on_promise(self, invoice: str, old: str) -> None: ...
    def _log(self, invoices: list[str]) -> None: ...

    def _on_receipt(self, account: str) -> None:
        """Opens the form for the customer that is meant: of the panel, the filter, or the row the keyboard is on."""
        key = account or self._filter.account or ""
        current = self.page.current_instalment()
        index = self.page.ageing.table.currentIndex()
        if not key and self.page.switch.chosen() == AGEING and index.isValid():
            key = self.page.ageing.model.cell(index)[0].account
        if self.page.panel_shown() == "receipt" and not account:
            self.page.form.start()
            return
        self._begin_receipt(key, current)

    def _begin_receipt(self, key: str, current: str = "") -> None:
        """A new receipt of that customer, else of the one that an instalment is of."""
        turn = self.new_turn()
        self.ask(
            lambda reader: payer_of(reader, key, current),
            lambda payer: self._show_new(payer) if turn == self._turn else None,
        )

    def _show_new(self, payer: tuple[str, str]) -> None:
        today = self.desk.today()
        key, name = payer
        self._older = None
        record = Receipt(id=self.desk.new_id(), account=key, received_on=today, amount=None, currency=self.currency)
        self.page.form.show_receipt(record, {key: name})
        self.page.show_receipt_form()
        self.ask_draft(self.page.form.fields, key)

    def _on_suggestion(self, account: str, amount: int) -> None:
        today, currency, memo = self.desk.today(), self.page.form.currency(), self.page.form.memo()
        self.ask(
            lambda reader: questions.ask_shares(reader, account, currency, amount, today, memo),
            self.page.form.show_shares,
            "shares",
        )

    def _take_shares(self) -> None:
        """In the UI thread, before the edit lane gets the record: what it pays."""
        self._shares = self.page.form.shares()

    def _record(self, uow: Any, record: Receipt) -> Receipt:
        return questions.record(uow, record, self._shares)

    def _on_older(self, key: str) -> None:
        """An older receipt that is to pay something."""
        left = self.left.get(key, 0)
        if not left:
            return
        turn = self.new_turn()

        def show(answer: tuple[Receipt, dict[str, str]]) -> None:
            record, titles = answer
            if turn != self._turn:
                return
            if not record.account:
                self.desk.shell.toast(
                    tr("Nobody said yet whose money this is. A receipt is a fact and is not rewritten.")
                )
                return
            self._older = record
            self.page.form.show_receipt(record, titles, left)
            self.page.show_receipt_form()
            self.ask_draft(self.page.form.fields)

        self.ask(lambda reader: questions.ask_receipt(reader, key), show)

    def _on_allocate(self, shares: list[tuple[str, int]]) -> None:
        receipt = self._older
        if receipt is None:
            return

        def work(uow: Any) -> Any:
            uow.set_draft(f"receipt:{receipt.id}", None)
            return questions.allocate(uow, receipt, shares)

        self.edit(
            work,
            "Allocate a receipt",
            lambda _made: self.page.close_panel(),
        )

    # Where somebody was.

    def reopen(self, draft_key: str) -> bool:
        """See last_place.Reopens: a receipt, what is asked about one, or about an invoice."""
        entity, _, rest = draft_key.partition(":")
        about = rest.removeprefix("new:")
        opened: dict[str, Callable[[], object]] = {
            "receipt": lambda: self._reopen_receipt(rest, about),
            "receipt_decision": lambda: self._on_deed(REJECT, about),
            "documents_confirmed": lambda: self._on_papers(about),
            "promise_to_pay": lambda: self._on_promise(about.partition(" ")[0], about.partition(" ")[2]),
            "dunning_event": lambda: self._log(about.split()),
        }
        if entity in opened:
            opened[entity]()
        return entity in opened

    def _reopen_receipt(self, rest: str, about: str) -> None:
        if about.startswith("payer "):
            self._on_deed(NAME, about.removeprefix("payer "))
        elif rest != about:
            self._begin_receipt(about)
        else:
            self.page.show_view(RECEIPTS)

            def show(answer: tuple[Any, ReceiptAnswer]) -> None:
                self.left = answer[1].left
                self._on_older(about)

            as_of, currency = self.desk.today(), self.currency
            self.ask(lambda reader: questions.ask_receipts(reader, as_of, currency, False), show)
