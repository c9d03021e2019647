"""The tour's part in the pages of work: today, accounts, proposals, tasks, products, imports."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QLineEdit

from kam_desktop.language import tr
from kam_desktop.ui import tour_data
from kam_desktop.ui.pages.today import checklist
from kam_desktop.ui.tour_walk import Steps, Walk, pick, press

_NEW = "new"
_PATIENCE = 200  # waits until files are read, one after the other


def today(walk: Walk) -> Steps:
    """The list of the day, the next first step over it, and the question before the sample data goes."""
    yield from walk.page("today")
    page: Any = walk.window.page("today")
    page.show_next_step(checklist.steps(("firm", "customers")))
    yield "today-next-step"
    page.show_next_step(())
    yield from walk.asked("today-own-data", walk.window.page("today").own_data_wanted.emit)


def account(walk: Walk) -> Steps:
    """The list with its tools, one customer's tabs and dialogs, quick capture, duplicates, the bin."""
    yield from walk.page("account")
    walk.window.show_page("account")
    yield ""
    page: Any = walk.window.page("account")
    yield from walk.nothing_fits("account", page.list)
    yield from walk.list_tools("account", page.list)
    for name, chip in (("filter", page.list.filter_chip), ("group", page.list.group_chip)):
        yield from walk.over(f"account-menu-{name}", chip.click)
    first = page.list.place.current() or walk.first("account")
    if not first:
        return
    walk.window.show_page("account", first)
    yield ""
    for tab in ("people", "proposals", "money", "tasks", "history", "details"):
        page.detail.show_tab(tab)
        yield f"account-{tab}"
    page.detail.show_tab("overview")
    side = page.detail.overview.side
    for name, wanted in (
        ("interaction", page.detail.interaction_wanted.emit), ("step", side.step_wanted.emit),
        ("contact-new", partial(page.detail.contact_wanted.emit, "")),
        ("contact-form", partial(page.detail.contact_wanted.emit, walk.first("contact"))),
        ("occasion", partial(side.occasion_wanted.emit, walk.first("occasion"))),
    ):  # fmt: skip
        yield from walk.over(f"account-{name}", wanted)
    capture = walk.desktop.capture
    capture.open()
    yield ""
    if capture.popup is not None:
        capture.popup.show_line(tour_data.CAPTURED)
        yield ""
        yield "account-capture"
        capture.popup.close_popup()
    yield from _twins(walk, first)
    if walk.first("task"):
        yield from walk.changed(partial(tour_data.throw_away, task=walk.first("task"), account=walk.ids["account"][-1]))
        yield from walk.over("account-bin", walk.desktop.bin.open_list)
        yield from walk.back()
    yield from walk.over("account-bin-empty", walk.desktop.bin.open_list)


def _twins(walk: Walk, first: str) -> Steps:
    """Possible duplicates, none of them, and two accounts side by side."""
    twin, doubles = walk.desktop.desk.new_id(), walk.desktop.duplicates
    yield from walk.changed(partial(tour_data.add_twin, account=first, twin=twin))
    yield from walk.over("account-duplicates", doubles.open_list)
    yield from walk.over("account-merge", partial(doubles.open_pair, first, twin))
    yield from walk.back()
    yield from walk.over("account-duplicates-none", doubles.open_list)


def proposal(walk: Walk) -> Steps:
    """List and board, a card that is lifted, what a board asks; the editor with all that lies beside and over it."""
    yield from walk.page("proposal")
    page: Any = walk.window.page("proposal")
    walk.window.show_page("proposal", "list")
    yield ""
    yield from walk.nothing_fits("proposal", page.list)
    yield from walk.over("proposal-menu-filter", page.list.filter_chip.click)
    walk.window.show_page("proposal", "board")
    yield ""
    board = page.board
    filled = [column for column in board.columns.values() if column.view.cards.ids and not column.is_folded()]
    if not filled:
        return
    cards = filled[0].view
    board.take_focus()
    yield from walk.context("proposal-menu-card", cards)
    for name, words in (("owner", tr("Owner")), ("closing", tr("Closing")), ("order", tr("Order"))):
        yield from walk.over(f"proposal-menu-{name}", partial(press, board, words))
    board.take_focus()
    board.lift(cards.cards.ids[0])
    board.carry(1)
    yield "proposal-lifted"
    board.put_back()
    yield from walk.over("proposal-lost", partial(board.move_wanted.emit, cards.cards.ids[0], "lost"))
    yield from walk.over("proposal-new", board.create_wanted.emit)
    walk.window.show_page("proposal", cards.cards.ids[0])
    yield ""
    lines, editor = page.editor.lines, page.editor
    editor.toggle_preview(True)
    yield ""
    yield "proposal-preview"
    editor.toggle_preview(False)
    lines.go_to(0, 1, edit=True)
    cell = next((each for each in lines.findChildren(QLineEdit) if each.isVisible()), None)
    if cell is not None:
        kept = cell.text()
        cell.setText("ảnh")
        lines.product_sought.emit("ảnh")
        yield "proposal-catalogue"
        cell.setText(kept)
        lines.catalogue.hide()
    lines.setFocus()
    yield from walk.context("proposal-menu-line", lines)
    yield from walk.over("proposal-paste", partial(lines.pasted.emit, 0, tour_data.PASTED))
    if walk.first("sent"):
        walk.window.show_page("proposal", walk.first("sent"))
        yield "proposal-sent"
    if walk.first("twice"):
        walk.window.show_page("proposal", walk.first("twice"))
        yield ""
        yield from walk.over("proposal-menu-versions", lambda: press(editor, tr("Versions")))
        press(editor, tr("Versions"))
        yield from walk.over("proposal-compare", lambda: pick(tr("Compare with version {number}", number="").strip()))


def task(walk: Walk) -> Steps:
    """The list and its form."""
    yield from walk.page("task")
    page: Any = walk.window.page("task")
    yield from walk.nothing_fits("task", page)
    yield from walk.over("task-new", partial(walk.window.show_page, "task", _NEW))
    if walk.first("task"):
        yield from walk.over("task-form", partial(walk.window.show_page, "task", walk.first("task")))


def product(walk: Walk) -> Steps:
    """The catalogue, price lists, and a price."""
    yield from walk.page("product")
    page: Any = walk.window.page("product")
    walk.window.show_page("product")
    yield ""
    yield from walk.nothing_fits("product", page.catalogue)
    yield from walk.over("product-menu-filter", page.catalogue.chip.click)
    if walk.first("price_list"):
        walk.window.show_page("product", walk.first("price_list"))
        yield ""
        yield from walk.over("product-price", partial(page.prices.price_wanted.emit, ""))


def importing(walk: Walk) -> Steps:
    """Reads tables of every kind, shows what they were taken for, brings them in and takes that back."""
    yield from walk.page("importing")
    page: Any = walk.window.page("importing")
    with tempfile.TemporaryDirectory(prefix="kam-tour-") as folder:
        files = tour_data.write_tables(Path(folder))
        page.show_reading(files[0].name)
        page.show_progress(3, 7)
        yield "importing-reading"
        page.show_choose()
        page.files_chosen.emit(files)
        for _ in range(_PATIENCE):
            if page.state() == "preview":
                break
            yield ""
        for file in files:
            page.preview.show_file(str(file))
            yield f"importing-{file.stem}"
        page.preview.show_file("*")
        yield "importing-all"
        page.import_wanted.emit()
        yield ""
        if page.state() == "opening":
            yield "importing-opening"
            page.opening_answered.emit(page.opening.answer())
            yield ""
        yield "importing-done"
        if page.state() == "done":
            yield from walk.back()
