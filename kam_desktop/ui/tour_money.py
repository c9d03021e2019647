"""The tour's part in the collections: worklist, panels, what they ask, receipts, papers, ageing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kam_desktop.language import tr
from kam_desktop.ui import tour_data
from kam_desktop.ui.tour_walk import Steps, Walk, press


def collection(walk: Walk) -> Steps:
    """The views of the page, then its panels and dialogs."""
    yield from walk.page("collection")
    page: Any = walk.window.page("collection")
    walk.window.show_page("collection", "worklist")
    yield ""
    view = page.worklist
    view.table.opened.emit(view.table.currentIndex())
    yield "collection-work"
    page.close_panel()
    yield "collection-wide"
    yield from walk.list_tools("collection", view)
    for name, words in (("order", tr("Sort by")), ("shown", tr("Shown")), ("owner", tr("In charge"))):
        yield from walk.over(f"collection-menu-{name}", partial(press, view, words))
    view.show_state(empty=True, filtered=True)
    yield "collection-none"
    view.show_state(empty=True, filtered=False)
    yield "collection-nothing-to-do"
    view.show_state(empty=not view.model.rowCount(), filtered=False)
    yield from walk.changed(partial(tour_data.use_real_bank, today=walk.desktop.desk.today()))
    yield from _invoices(walk, page)
    yield from _receipts(walk, page)
    yield from walk.back()


def _invoices(walk: Walk, page: Any) -> Steps:
    """The panel of an invoice that waits, of one overdue; its dialogs and papers."""
    walk.window.show_page("collection", "open")
    yield ""
    waiting = _row(page.open.model, lambda line: line.due_on is None)
    late = _row(page.open.model, lambda line: line.days > 0)
    for name, row in (("waiting", waiting), ("late", late)):
        if row >= 0:
            page.open.table.opened.emit(page.open.model.index(row, 0))
            yield f"collection-{name}"
    panel = page.invoice
    if panel.shown is None:
        return
    key = panel.shown.id
    yield from walk.over("collection-menu-papers", partial(press, panel, tr("Papers as PDF")))
    for name, wanted in (
        ("outcome", partial(panel.outcome_wanted.emit, key)), ("promise", partial(panel.promise_wanted.emit, key, "")),
        ("papers", partial(panel.papers_wanted.emit, key)),
    ):  # fmt: skip
        yield from walk.over(f"collection-{name}", wanted)
    panel.receipt_wanted.emit(panel.shown.account)
    yield ""
    amount = page.form.fields.editor("amount")
    amount.inner.setText("900000000")
    amount.typed.emit()
    yield ""
    yield "collection-shares"
    page.close_panel()


def _receipts(walk: Walk, page: Any) -> Steps:
    """A receipt of each status, its menu, and what is asked about it."""
    walk.window.show_page("collection", "receipts")
    page.show_receipts_of_all()
    yield ""
    model = page.receipts.model
    for status in ("reported", "confirmed", "rejected"):
        row = _row(model, partial(_has_status, status))
        if row >= 0:
            page.receipts.table.selectRow(row)
            page.receipts.table.opened.emit(model.index(row, 0))
            yield f"collection-{status}"
    yield from walk.context("collection-menu-receipt", page.receipts.table)
    yield from walk.over("collection-menu-receipts", partial(press, page, tr("Shown")))
    unknown = walk.first("unknown")
    if unknown:
        yield from walk.over("collection-payer", partial(page.receipt.deed_wanted.emit, "name", unknown))
        yield from walk.over("collection-reject", partial(page.receipt.deed_wanted.emit, "reject", unknown))
    page.close_panel()


def _has_status(status: str, line: Any) -> bool:
    return bool(line.status == status)


def _row(model: Any, fits: Callable[[Any], bool]) -> int:
    """The first row that fits and is in memory, -1 for none."""
    for row in range(model.rowCount()):
        line = model.row_value(model.id_at(row))
        if line is not None and fits(line):
            return row
    return -1
