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
from kam_desktop.ui.pages.collection.answers import Filter
from kam_desktop.ui.pages.collection.deeds import PayerForm, RejectForm
from kam_desktop.ui.pages.collection.lookups import payer_of
from kam_desktop.ui.pages.collection.page import AGEING, CollectionPage
from kam_desktop.ui.pages.collection.receipt import ALLOCATE, CONFIRM, REJECT, ReceiptShown


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
              work: Callable[[Any, Any], Any], titles: dict[str, str] | None = None) -> None:  # fmt: skip
        """A small form over the window; nothing of it is kept as a draft of another one."""
        dialog = FormDialog(self.page, title, form, save)
        self.bind(form, label, label, dialog.saved, work)
        form.within = f"{type(form).__name__} {record.id}"
        form.show_record(record, titles, is_new=True)
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
                       N_("Reject a receipt"), questions.reject)  # fmt: skip
        else:
            self.ask(lambda reader: questions.ask_receipt(reader, key), self._show_payer)

    def _show_payer(self, answer: tuple[Receipt, dict[str, str]]) -> None:
        old, _titles = answer
        record = dataclasses.replace(old, id=self.desk.new_id(), account="")

        def work(uow: Any, typed: Receipt) -> Receipt:
            return questions.name_payer(uow, old.id, typed.account)

        self._open(PayerForm(self.desk.today()), record, tr("Name the payer"), tr("Save"),
                   N_("Name the payer of a receipt"), work)  # fmt: skip

    # A receipt.

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
        today, currency = self.desk.today(), self.page.form.currency()
        self.ask(
            lambda reader: questions.ask_shares(reader, account, currency, amount, today),
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

        self.ask(lambda reader: questions.ask_receipt(reader, key), show)

    def _on_allocate(self, shares: list[tuple[str, int]]) -> None:
        receipt = self._older
        if receipt is None:
            return

        self.edit(
            lambda uow: questions.allocate(uow, receipt, shares),
            "Allocate a receipt",
            lambda _made: self.page.close_panel(),
        )
