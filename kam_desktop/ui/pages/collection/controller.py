"""Answers the collections page: open instalments, ageing, money received, one invoice, a new receipt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from kam_desktop import formats
from kam_desktop.domain.entities import Receipt
from kam_desktop.domain.text import company_core
from kam_desktop.language import tr, trn
from kam_desktop.ui.desk import Desk, titles_of
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_table import Answer, RowGroup
from kam_desktop.ui.pages.collection.ageing import ALL, FREE, AgeingShown, AgeRow, bucket_words
from kam_desktop.ui.pages.collection.form import ShareLine
from kam_desktop.ui.pages.collection.invoice import InvoiceShown
from kam_desktop.ui.pages.collection.lookups import name_of, payer_of, short_names, shown_of, whereabouts
from kam_desktop.ui.pages.collection.page import AGEING, OPEN, RECEIPTS, CollectionPage, OpenLine, ReceiptLine

if TYPE_CHECKING:
    from kam_desktop.services.summary import AgeingReport

_FIRST = 60  # rows that come along with the ids
_NAMED = 500  # customers of the matrix that stand under their short name; the long tail under its legal one
_RECEIPT = "new"


@dataclass(frozen=True)
class _Filter:
    """What the list is narrowed to: a customer, one of the ages, or both."""

    account: str | None = None
    bucket: int | None = None
    name: str = ""


@dataclass(frozen=True)
class _OpenAnswer:
    report: AgeingReport
    ids: Sequence[str]
    late: int
    rows: dict[str, OpenLine]


class CollectionController(RecordController):
    """One for each collections page. `page` is the widget."""

    entities = frozenset(
        {"firm", "account", "invoice", "instalment", "receipt", "allocation", "credit_note", "opening_settlement"}
    )
    page: CollectionPage

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, CollectionPage(desk.today()))
        self._as_of, self._currency, self._filter = desk.today(), "VND", _Filter()
        self._shares: list[tuple[str, int]] = []
        self._left: dict[str, int] = {}
        self._older: Receipt | None = None
        page = self.page
        wired: Sequence[tuple[Any, Callable[..., object]]] = (
            (page.view_changed, lambda _key: self.refresh()), (page.as_of_changed, self._on_as_of),
            (page.currency_changed, self._on_currency), (page.filter_cleared, lambda: self._narrow(_Filter())),
            (page.receipt_wanted, lambda: self._on_receipt("")), (page.place_wanted, self.open_place),
            (page.import_wanted, lambda: desk.shell.show_page("importing")),
            (page.opening_wanted, lambda: desk.shell.show_page("importing", "opening")),
            (page.ageing.cell_opened, self._on_cell), (page.ageing.cell_told, desk.shell.set_selection_text),
            (page.open.model.wanted, self._on_wanted), (page.open.place.current_changed, self._on_current),
            (page.open.table.opened, lambda index: self._ask_instalment(page.open.model.id_at(index.row()))),
            (page.receipts.model.wanted, self._on_receipts_wanted),
            (page.receipts.table.opened, lambda index: self._on_older(page.receipts.model.id_at(index.row()))),
            (page.invoice.receipt_wanted, self._on_receipt), (page.invoice.take_back_wanted, self._on_take_back),
            (page.invoice.account_wanted, lambda key: desk.shell.show_page("account", key)),
            (page.form.suggestion_wanted, self._on_suggestion), (page.form.allocate_wanted, self._on_allocate),
        )  # fmt: skip
        for signal, slot in wired:
            signal.connect(slot)
        page.form.fields.committed.connect(lambda _record, _names: self._take_shares())
        self.bind(page.form.fields, "", "Record a receipt", lambda _record: page.close_panel(), self._record)
        self.keep_layout(page.open.table, "collection")

    # What is shown.

    def refresh(self) -> None:
        view = self.page.switch.chosen()
        as_of, currency = self._as_of, self._currency
        self.page.show_as_of(as_of)
        self.desk.shell.set_selection_text("")
        if view == AGEING:
            self.ask(partial(_ask_ageing, as_of=as_of, currency=currency), self._show_ageing, "view")
        elif view == RECEIPTS:
            self.ask(partial(_ask_receipts, as_of=as_of, currency=currency), self._show_receipts, "view")
        else:
            self.ask(partial(_ask_open, as_of=as_of, currency=currency, only=self._filter), self._show_open, "view")
        if self.page.panel_shown() == "invoice" and self.page.invoice.shown_id:
            self._ask_invoice(self.page.invoice.shown_id)

    def _around(self, report: AgeingReport, count: int, filtered: str = "") -> None:
        """What stands around every view."""
        default = report.total.on_default_term
        note = trn("{n} instalment rests on the default term", "{n} instalments rest on the default term", default)
        no_data = not report.rows and not report.currencies and not filtered
        self.page.show_state(
            count=count, filtered=filtered, on_default=note if default else "", no_data=no_data,
            payments_entered=report.payments_entered, currency=report.currency, currencies=report.currencies,
        )  # fmt: skip

    def _show_ageing(self, answer: tuple[AgeingReport, AgeingShown]) -> None:
        report, shown = answer
        self.page.ageing.show_ageing(shown)
        self._around(report, len(shown.rows))

    def _show_open(self, answer: _OpenAnswer) -> None:
        count, late, currency = len(answer.ids), answer.late, answer.report.currency
        row = next((each for each in answer.report.rows if each.account == self._filter.account), None)
        sums = answer.report.total if self._filter.account is None else row
        parts = (sums.not_due, *sums.overdue) if sums is not None else (0,)
        bucket = self._filter.bucket
        whole = sum(parts) if bucket is None else parts[bucket + 1]
        groups = []
        if late and late < count and bucket is None:
            groups = [
                _group(tr("Overdue"), late, sum(parts[1:]), currency),
                _group(tr("Not due"), count - late, parts[0], currency),
            ]
        words = trn("{n} instalment", "{n} instalments", count)
        totals = {0: words, 5: formats.amount(whole, currency)} if count else {}
        self.page.open.model.set_answer(Answer(answer.ids, groups, answer.rows, totals))
        filtered = ""
        if self._filter != _Filter():
            age = bucket_words(bucket, answer.report.buckets) if bucket is not None else ""
            filtered = " · ".join(part for part in (self._filter.name, age) if part)
        self._around(answer.report, count, filtered)
        if self._filter == _Filter():
            self.desk.shell.set_count("collection", late)
        if count and not self.page.open.place.current():
            self.page.open.place.show(answer.ids[0])

    def _show_receipts(self, answer: tuple[AgeingReport, dict[str, int], dict[str, ReceiptLine]]) -> None:
        report, self._left, rows = answer
        words = trn("{n} receipt", "{n} receipts", len(self._left))
        totals = {0: words, 5: formats.amount(sum(self._left.values()), report.currency)} if self._left else {}
        self.page.receipts.model.set_answer(Answer(list(self._left), (), rows, totals))
        self._around(report, len(self._left))

    def _on_wanted(self, ids: list[str]) -> None:
        as_of = self._as_of
        self.ask(lambda reader: _open_lines(reader, ids, as_of), self.page.open.model.deliver)

    def _on_receipts_wanted(self, ids: list[str]) -> None:
        left = self._left
        self.ask(lambda reader: _receipt_lines(reader, ids, left), self.page.receipts.model.deliver)

    def _on_as_of(self, day: date) -> None:
        if day != self._as_of:
            self._as_of = day
            self.refresh()

    def _on_currency(self, currency: str) -> None:
        self._currency, self._filter = currency, _Filter()
        self.refresh()

    def _narrow(self, wanted: _Filter) -> None:
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
        names = {row.account: row.name for row in self.page.ageing.model.shown.rows}
        self._narrow(_Filter(account, None if bucket == ALL else bucket, names.get(account, "")))

    def _on_current(self, key: str) -> None:
        line = self.page.open.model.row_value(key) if key else None
        if line is None:
            return
        amount = formats.amount(line.open, line.currency, symbol=True)
        self.desk.shell.set_selection_text(f"{line.account} · {line.number} · {amount}")
        if self.page.panel_shown() == "invoice":
            self._ask_instalment(key, focus=False)

    # Places that other pages and the search lead to.

    def open_place(self, place: str) -> None:
        """A view by its name, "account:<id>", a new receipt, or the id of an invoice or of what hangs on one."""
        if place in (OPEN, AGEING, RECEIPTS):
            self._filter = _Filter()
            self.page.show_view(place)
            self.refresh()
        elif place == _RECEIPT:
            self._on_receipt("")
        elif place.startswith("account:"):
            key = place.partition(":")[2]
            self.ask(lambda reader: name_of(reader, key), lambda name: self._narrow(_Filter(key, None, name)))
        elif place:
            self.ask(lambda reader: whereabouts(reader, place), self._show_whereabouts)

    def _show_whereabouts(self, found: tuple[str, str]) -> None:
        entity, key = found
        if entity == "invoice":
            self._ask_invoice(key)
        elif entity == "receipt":
            self.page.show_view(RECEIPTS)

    # One invoice.

    def _ask_instalment(self, key: str, focus: bool = True) -> None:
        if key:
            self.ask(
                lambda reader: whereabouts(reader, key), lambda found: self._ask_invoice(found[1], focus), "instalment"
            )

    def _ask_invoice(self, key: str, focus: bool = False) -> None:
        as_of = self._as_of

        def show(shown: InvoiceShown) -> None:
            self.page.invoice.show_invoice(shown)
            self.page.show_invoice_panel()
            if focus:
                self.page.invoice.setFocus()

        self.ask(lambda reader: _ask_detail(reader, key, as_of), show, "invoice")

    def _on_take_back(self, allocation: str) -> None:
        def work(uow: Any) -> Any:
            from kam_desktop.services import collection

            return collection.reverse_allocation(uow, allocation)

        self.edit(work, "Take back an allocation")

    # A receipt.

    def _on_receipt(self, account: str) -> None:
        """Opens the form for the customer that is meant: of the panel, the filter, or the row the keyboard is on."""
        key = account or self._filter.account or ""
        current = self.page.open.place.current() if self.page.switch.chosen() == OPEN else ""
        index = self.page.ageing.table.currentIndex()
        if not key and self.page.switch.chosen() == AGEING and index.isValid():
            key = self.page.ageing.model.cell(index)[0].account
        if self.page.panel_shown() == "receipt" and not account:
            self.page.form.start()
            return
        self.ask(lambda reader: payer_of(reader, key, current), self._show_new)

    def _show_new(self, payer: tuple[str, str]) -> None:
        today = self.desk.today()
        key, name = payer
        self._older = None
        record = Receipt(id=self.desk.new_id(), account=key, received_on=today, amount=None, currency=self._currency)
        self.page.form.show_receipt(record, {key: name})
        self.page.show_receipt_form()
        self.ask_draft(self.page.form.fields, key)

    def _on_suggestion(self, account: str, amount: int) -> None:
        today, currency = self.desk.today(), self.page.form.currency()
        self.ask(
            lambda reader: _ask_shares(reader, account, currency, amount, today), self.page.form.show_shares, "shares"
        )

    def _take_shares(self) -> None:
        """In the UI thread, before the edit lane gets the record: what it pays."""
        self._shares = self.page.form.shares()

    def _record(self, uow: Any, record: Receipt) -> Receipt:
        from kam_desktop.services import collection

        return collection.record_receipt(uow, record, self._shares)

    def _on_older(self, key: str) -> None:
        """An older receipt that is to pay something."""
        left = self._left.get(key, 0)
        if not left:
            return

        def show(answer: tuple[Receipt, dict[str, str]]) -> None:
            record, titles = answer
            if not record.account:
                self.desk.shell.toast(
                    tr("Nobody said yet whose money this is. A receipt is a fact and is not rewritten.")
                )
                return
            self._older = record
            self.page.form.show_receipt(record, titles, left)
            self.page.show_receipt_form()

        self.ask(lambda reader: _ask_receipt(reader, key), show)

    def _on_allocate(self, shares: list[tuple[str, int]]) -> None:
        receipt = self._older
        if receipt is None:
            return

        def work(uow: Any) -> Any:
            from kam_desktop.services import collection

            return collection.allocate(uow, receipt, shares)

        self.edit(work, "Allocate a receipt", lambda _made: self.page.close_panel())


# Questions: they run in the ask lane and give frozen values.


def _group(title: str, count: int, amount: int, currency: str) -> RowGroup:
    words = trn("{n} instalment", "{n} instalments", count)
    return RowGroup(title, f"{words} · {formats.amount(amount, currency)}", count)


def _ask_ageing(reader: Any, as_of: date, currency: str) -> tuple[AgeingReport, AgeingShown]:
    from kam_desktop.services import summary

    report = summary.ageing(reader, as_of, currency)
    names = short_names(reader, [row.account for row in report.rows[:_NAMED]])
    rows = [
        AgeRow(each.account, names.get(each.account) or company_core(each.name) or each.name,
               (each.not_due, *each.overdue), each.unallocated, each.balance, each.open_items)
        for each in report.rows
    ]  # fmt: skip
    total = report.total
    sums = AgeRow("", "", (total.not_due, *total.overdue), total.unallocated, total.balance, total.open_items)
    return report, AgeingShown(report.currency, report.buckets, rows, sums, total.on_default_term)


def _ask_open(reader: Any, as_of: date, currency: str, only: _Filter) -> _OpenAnswer:
    from kam_desktop.services import summary

    report = summary.ageing(reader, as_of, currency)
    ids = summary.open_instalments(reader, as_of, account=only.account, bucket=only.bucket, currency=currency)
    if only.bucket is None:
        late = len(ids) - len(
            summary.open_instalments(reader, as_of, account=only.account, bucket=-1, currency=currency)
        )
    else:
        late = len(ids) if only.bucket >= 0 else 0
    return _OpenAnswer(report, ids, late, _open_lines(reader, ids[:_FIRST], as_of))


def _open_lines(reader: Any, ids: Sequence[str], as_of: date) -> dict[str, OpenLine]:
    from kam_desktop.services import summary

    found = summary.open_rows(reader, ids, as_of)
    names = short_names(reader, [row.account for row in found])
    return {
        row.instalment: OpenLine(
            names.get(row.account) or row.account_name, row.number, row.issued_on, row.due_on,
            row.days_overdue or 0, row.open, row.currency, row.name, row.on_default_term,
        )
        for row in found
    }  # fmt: skip


def _ask_receipts(
    reader: Any, as_of: date, currency: str
) -> tuple[AgeingReport, dict[str, int], dict[str, ReceiptLine]]:
    from kam_desktop.services import receipt, summary

    left = dict(receipt.unallocated(reader, as_of, currency))
    return summary.ageing(reader, as_of, currency), left, _receipt_lines(reader, list(left)[:_FIRST], left)


def _receipt_lines(reader: Any, ids: Sequence[str], left: dict[str, int]) -> dict[str, ReceiptLine]:
    from kam_desktop.services import receipt

    return {
        row.id: ReceiptLine(
            row.received_on, row.account_name, row.payer, row.reference, row.amount, row.left, row.currency
        )
        for row in receipt.rows(reader, ids, left)
    }


def _ask_receipt(reader: Any, key: str) -> tuple[Receipt, dict[str, str]]:
    from kam_desktop.services import records

    record = records.get(reader, Receipt, key)
    return record, titles_of(reader, record)


def _ask_shares(reader: Any, account: str, currency: str, amount: int, as_of: date) -> list[ShareLine]:
    from kam_desktop.services import collection

    found = collection.suggest_allocation(reader, account, currency, amount, as_of)
    return [ShareLine(each.instalment, each.number, each.due_on, each.open, each.amount) for each in found]


def _ask_detail(reader: Any, key: str, as_of: date) -> InvoiceShown:
    from kam_desktop.services import collection

    return shown_of(collection.invoice_detail(reader, key, as_of))
