"""Parts of the walk through the window: pages, one customer, search, lists, a long proposal."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from time import monotonic
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QTableView, QWidget

from tests.bench import offers
from tests.bench.measure import FrameWatch, PaintWatch, Step, wheel

if TYPE_CHECKING:
    from tests.bench.window_probe import Probe

_PAUSE_S = 0.25
_KEY = Qt.Key
_CONTROL, _ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


# What a page shows.


def blank_rows(table: QTableView, model: Any) -> int:
    """How many rows in view have no content yet."""
    first, last = table.rowAt(0), table.rowAt(table.viewport().height() - 1)
    rows = range(first, (last if last >= 0 else model.rowCount() - 1) + 1)
    return sum(1 for row in rows if (key := model.id_at(row)) and model.row_value(key) is None)


def filled(view: Any) -> bool:
    """Whether a list has its rows, and those in view their content."""
    table, model = view.table, view.model
    return bool(model.rowCount() > 0 and blank_rows(table, model) == 0)


def content(window: Any, key: str) -> Callable[[], bool]:
    """Whether a page shows its real rows or figures, as soon as it is painted."""

    def shown() -> bool:
        page = window.page(key)
        if page is None or window.pages.currentWidget() is not page:
            return False
        if key == "today":
            return bool(page.list.model().rowCount() > 0)
        if key == "collection":
            return filled(page.worklist)
        if key == "sync":  # lists of what waits, which are empty on a laptop of its own
            return True
        if key == "proposal" and hasattr(page.currentWidget(), "columns"):
            board = page.currentWidget()
            return any(board.columns[each].view.cards.ids for each in board.columns) and bool(board.cards)
        listing = page.currentWidget() if hasattr(page, "currentWidget") else page
        listing = getattr(listing, "list", listing)
        if hasattr(listing, "model") and hasattr(listing, "table") and hasattr(listing.model, "row_value"):
            return filled(listing)
        return True

    return shown


def pages_of(window: Any) -> list[str]:
    """The pages that the page list leads to."""
    return [spec.key for spec in window._order if spec.key not in ("", "first_run")]


def _go(probe: Probe, watch: FrameWatch, key: str, place: str = "") -> Iterator[Step]:
    """Shows a page and waits until its rows are painted; `watch.at` is when."""
    watch.expect(content(probe.window, key))
    probe.window.show_page(key, place)
    yield watch.came
    yield from probe.settled()
    yield _PAUSE_S


# Page switches.


def first_pages(probe: Probe) -> Iterator[Step]:
    """Every page for the first time in this process, from the page of the start on; the order differs by run."""
    watch = FrameWatch(probe.window)
    keys = [key for key in pages_of(probe.window) if key != probe.window.current_key()]
    turn = probe.run % len(keys)
    probe.found["first_switch"] = taken = {}
    yield 1.5  # nobody leaves the first page before having looked at it
    for key in keys[turn:] + keys[:turn]:
        probe.heart.begin(f"first {key}")
        began = monotonic()
        yield from _go(probe, watch, key)
        taken[key] = watch.at - began


def page_pairs(probe: Probe) -> Iterator[Step]:
    """From every page to every other one, all of them shown before."""
    watch = FrameWatch(probe.window)
    keys = pages_of(probe.window)
    for key in keys:
        yield from _go(probe, watch, key)
    probe.found["pair"] = taken = {}
    for one in keys:
        for other in keys:
            if one != other:
                probe.heart.begin("page switch")
                if probe.window.current_key() != one:
                    yield from _go(probe, watch, one)
                began = monotonic()
                yield from _go(probe, watch, other)
                taken[f"{one} > {other}"] = watch.at - began


# One customer.


def customers(probe: Probe) -> Iterator[Step]:
    """The page of one customer, from the list by Enter: the first one, then those that bring most, then any."""
    watch, window = FrameWatch(probe.window), probe.window
    yield from _go(probe, watch, "account")
    page = window.page("account")
    ids = page.list.model.answer.ids
    places = random.Random(5)
    wanted = [ids[2], *ids[:8], *(ids[places.randrange(len(ids))] for _ in range(16))]
    probe.found["customer"] = taken = []
    for key in wanted:
        page.list.place.show(key)
        page.list.table.setFocus()
        yield from probe.settled()
        yield _PAUSE_S
        probe.heart.begin("open a customer")

        def there(key: str = key) -> bool:
            record = page.detail.form.record if "detail" in vars(page) else None
            return record is not None and record.id == key and page.currentWidget() is page.detail

        watch.expect(there)
        began = monotonic()
        QTest.keyClick(page.list.table, _KEY.Key_Return)
        yield watch.came
        taken.append(watch.at - began)
        yield from probe.settled()
        yield _PAUSE_S
        window.show_page("account")
        yield from probe.settled()


# Search.


def search(probe: Probe) -> Iterator[Step]:
    """Every letter until what it finds is painted: in the palette, in the filters of both long lists."""
    watch, window, popup = FrameWatch(probe.window), probe.window, probe.window._palette
    yield from _go(probe, watch, "account")
    answered: list[int] = []
    plain = popup._on_found

    def found(asked: int, hits: Any) -> None:
        plain(asked, hits)
        answered.append(asked)

    popup._on_found = found
    probe.found["palette_painted"] = taken = []
    probe.heart.begin("search in the palette")
    for text in ("dang", "cong ty an", "viet a", "bao gia 5", "0901"):
        window.open_palette()
        yield from probe.settled()
        yield _PAUSE_S
        for letter in text:
            answered.clear()
            watch.expect(lambda: bool(answered) and answered[-1] == popup._asked)
            began = monotonic()
            QTest.keyClick(popup.edit, letter)
            yield watch.came
            taken.append(watch.at - began)
            yield from probe.settled()
            yield _PAUSE_S
        popup.edit.clear()
        popup.close_popup()
        yield _PAUSE_S
    popup._on_found = plain
    for key in ("account", "proposal"):
        if window.current_key() != key:
            yield from _go(probe, watch, key, "list" if key == "proposal" else "")
        listing = getattr(window.page(key), "list", None) or window.page(key).currentWidget()
        edit, model = listing.search.edit, listing.model
        edit.setFocus()
        told: list[bool] = []
        note = lambda told=told: told.append(True)  # noqa: E731
        model.answered.connect(note)
        probe.found[f"filter_painted_{key}"] = taken = []
        probe.heart.begin(f"filter {key}")
        for text in ("an phat", "dien", "viet"):
            for letter in text:
                if letter == " ":
                    QTest.keyClick(edit, letter)
                    continue  # asks nothing new
                told.clear()
                watch.expect(lambda told=told, its=listing: bool(told) and blank_rows(its.table, its.model) == 0)
                began = monotonic()
                QTest.keyClick(edit, letter)
                yield watch.came
                taken.append(watch.at - began)
                yield from probe.settled()
                yield _PAUSE_S
            edit.clear()
            edit.textEdited.emit("")
            yield 0.2
            yield from probe.settled()
            yield _PAUSE_S
        model.answered.disconnect(note)


# Frames.


def _frames(probe: Probe, view: QAbstractItemView, deed: Callable[[], object], count: int,
            pace: float) -> Iterator[Step]:  # fmt: skip
    """Does something again and again at a pace; leaves times and intervals of the frames in `probe.taken`."""
    watch = PaintWatch(view.viewport())
    work: list[float] = []
    ends: list[float] = []
    bar = view.verticalScrollBar()
    due = monotonic()
    for _ in range(count):
        if bar.value() == bar.maximum():
            bar.setValue(0)
            yield 0.1
            due = monotonic()
        before, began = watch.count, monotonic()
        deed()
        yield lambda before=before, began=began: watch.count > before or monotonic() - began > 0.5
        if watch.count > before:  # Page Down at the end of a list paints nothing
            work.append(watch.at - began)
            ends.append(watch.at)
        due += pace
        if due > monotonic():
            yield due - monotonic()
    watch.deleteLater()
    probe.taken = {"frame": work, "gap": [later - earlier for earlier, later in pairwise(ends)]}
    yield from probe.settled()
    yield _PAUSE_S


def frames(probe: Probe) -> Iterator[Step]:
    """Wheel and Page Down in the lists and in a column of the board, and a card carried over the board."""
    window, watch = probe.window, FrameWatch(probe.window)
    found = probe.found["frames"] = {}

    def measure(name: str, view: QAbstractItemView) -> Iterator[Step]:
        probe.heart.begin(f"scroll {name}")
        view.setFocus()
        view.verticalScrollBar().setValue(0)
        yield from probe.settled()
        port = view.viewport()
        yield from _frames(probe, view, lambda: wheel(port), 180, 1 / 60)
        found[f"{name}, wheel"] = probe.taken
        view.verticalScrollBar().setValue(0)
        view.setCurrentIndex(view.model().index(1, 0))
        yield from probe.settled()
        yield from _frames(probe, view, lambda: QTest.keyClick(view, _KEY.Key_PageDown), 60, 1 / 30)
        found[f"{name}, Page Down"] = probe.taken

    yield from _go(probe, watch, "account")
    yield from measure("accounts", window.page("account").list.table)
    yield from _go(probe, watch, "collection")
    yield from measure("worklist", window.page("collection").worklist.table)
    yield from _go(probe, watch, "proposal", "list")
    yield from measure("proposals", window.page("proposal").currentWidget().table)
    yield from _go(probe, watch, "proposal", "board")
    board = window.page("proposal").currentWidget()
    column = next(each for each in board.columns.values() if len(each.view.cards.ids) > 20)
    yield from measure("board", column.view)
    probe.heart.begin("carry a card")
    column.view.verticalScrollBar().setValue(0)
    column.view.go_to(0)
    column.view.setFocus()
    yield from probe.settled()
    work: list[float] = []
    QTest.keyClick(column.view, _KEY.Key_Space)
    yield _PAUSE_S
    for step in (1, 1, 1, -1, -1, -1) * 4:
        views = [each.view for each in board.columns.values()]
        before = watch.count
        began = monotonic()
        focus = next((each for each in views if each.hasFocus()), column.view)
        QTest.keyClick(focus, _KEY.Key_Right if step > 0 else _KEY.Key_Left)
        yield lambda before=before: watch.count > before
        work.append(monotonic() - began)
        yield 0.12
    board.put_back()
    found["board, a card carried"] = {"frame": work, "gap": []}
    yield from probe.settled()
    probe.heart.begin("move a card")
    moved: list[float] = []
    saved: list[float] = []
    for step in (1, 1, -1, -1) * 3:  # moved at once, without lifting; the answer brings all columns anew
        views = [each.view for each in board.columns.values()]
        focus = next((each for each in views if each.hasFocus()), column.view)
        before, began = watch.count, monotonic()
        QTest.keyClick(focus, _KEY.Key_Right if step > 0 else _KEY.Key_Left, _CONTROL)
        yield lambda before=before: watch.count > before
        moved.append(monotonic() - began)
        yield from probe.settled()
        saved.append(monotonic() - began)
        yield _PAUSE_S
    probe.found["card_moved"], probe.found["card_settled"] = moved, saved


# A long proposal.


def _editor_of(view: QTableView) -> QLineEdit | None:
    found = view.viewport().findChild(QLineEdit)
    return found if isinstance(found, QLineEdit) else None


def commit(widget: QWidget, text: str) -> None:
    """Text as an input method brings it: in one piece."""
    event = QInputMethodEvent("", [])
    event.setCommitString(text)
    QCoreApplication.sendEvent(widget, event)


def proposal(probe: Probe) -> Iterator[Step]:
    """Cells of 500 lines typed in and committed, lines begun, doubled, moved, deleted and pasted; the client's page."""
    for name, identity in (("30", offers.SHORT), ("500", offers.LONG)):
        yield from _one_proposal(probe, name, identity)


def _one_proposal(probe: Probe, name: str, identity: str) -> Iterator[Step]:
    window, watch = probe.window, FrameWatch(probe.window)
    yield from _go(probe, watch, "proposal", "list")
    found: dict[str, list[float]] = {}
    probe.found[f"proposal_{name}"] = found

    def pictures() -> Any:
        return _preview(window)._pages.images if _lines(window) is not None else ()

    probe.heart.begin(f"open the proposal of {name} lines")
    began = monotonic()
    watch.expect(lambda: _lines(window) is not None and _lines(window).model().rowCount() >= int(name))
    window.show_page("proposal", identity)
    yield watch.came
    found["opened"] = [watch.at - began]
    yield from probe.settled()
    yield 0.5
    probe.heart.begin(f"{name} lines: the client's page comes up")
    before = pictures()
    began = monotonic()
    watch.expect(lambda: pictures() is not before and any(not each.isNull() for each in pictures()))
    window.page("proposal").currentWidget().toggle_preview(True)
    yield watch.came
    found["preview, opened"] = [watch.at - began]
    yield from probe.settled()
    yield 0.5
    view = _lines(window)
    model = view.model()
    port = PaintWatch(view.viewport())
    places = random.Random(11)

    def settle() -> Iterator[Step]:
        yield from probe.settled()
        yield lambda: probe.desktop.background.is_idle()
        yield 0.6  # the pause before the client's page is asked for
        yield lambda: probe.desktop.background.is_idle()
        yield 0.1

    def cell(column: int) -> Any:
        lines = model.lines
        return model.index(model.row_of(places.randrange(len(lines))), column)

    def deed(kind: str, act: Callable[[], object]) -> Iterator[Step]:
        probe.heart.begin(f"{name} lines: {kind}")
        before, began = port.count, monotonic()
        act()
        yield lambda: port.count > before
        found.setdefault(kind, []).append(port.at - began)
        yield from settle()

    for number in range(8):
        index = cell(4 if number % 2 else 1)  # price, description
        view.setCurrentIndex(index)
        view.scrollTo(index)
        yield 0.1
        probe.heart.begin(f"{name} lines: letter")
        QTest.keyClick(view, _KEY.Key_F2)
        yield lambda: _editor_of(view) is not None
        edit = _editor_of(view)
        assert edit is not None
        letters = PaintWatch(edit)
        edit.selectAll()
        for letter in "12500000" if number % 2 else f"gian hang {number}":
            before, began = letters.count, monotonic()
            QTest.keyClick(edit, letter)
            yield lambda letters=letters, before=before: letters.count > before
            found.setdefault("letter", []).append(letters.at - began)
            yield places.choice((0.06, 0.12, 0.2, 0.45))
        shown = pictures()
        watch.expect(lambda shown=shown: pictures() is not shown and any(not each.isNull() for each in pictures()))
        probe.heart.begin(f"{name} lines: cell committed")
        before, began = port.count, monotonic()
        QTest.keyClick(edit, _KEY.Key_Return)
        yield lambda before=before: port.count > before
        found.setdefault("cell committed", []).append(port.at - began)
        yield from probe.settled()
        found.setdefault("committed to saved and shown", []).append(monotonic() - began)
        yield watch.came
        found.setdefault("preview, after a change", []).append(watch.at - began)
        yield from settle()
    for _ in range(6):
        view.setCurrentIndex(cell(1))
        view.scrollTo(view.currentIndex())
        yield 0.15
        yield from deed("line doubled", lambda: QTest.keyClick(view, _KEY.Key_D, _CONTROL))
        yield from deed("line moved", lambda: QTest.keyClick(view, _KEY.Key_Down, _ALT))
        yield from deed("line deleted", lambda: QTest.keyClick(view, _KEY.Key_Delete))
        yield from deed("line begun", lambda: QTest.keyClick(view, _KEY.Key_Return, _CONTROL))
        edit = _editor_of(view)
        if edit is not None:
            commit(edit, "Dòng mới")
            yield from deed("new line committed", lambda edit=edit: QTest.keyClick(edit, _KEY.Key_Return))
    rows = "\n".join(f"Hạng mục dán {n}\tgói\t{n}\t{1_000_000 + n}" for n in range(1, 21))
    for _ in range(3):
        view.setCurrentIndex(cell(1))
        yield 0.15
        QGuiApplication.clipboard().setText(f"Nội dung\tĐơn vị\tSố lượng\tĐơn giá\n{rows}")
        yield from deed("20 lines pasted", lambda: QTest.keyClick(view, _KEY.Key_V, _CONTROL))
    probe.heart.begin(f"{name} lines: scroll")
    view.verticalScrollBar().setValue(0)
    yield from _frames(probe, view, lambda: wheel(view.viewport()), 120, 1 / 60)
    found["frame"] = probe.taken["frame"]
    for _ in range(4):
        began = monotonic()
        watch.expect(lambda: True)
        probe.heart.begin(f"{name} lines: undo")
        probe.desktop.desk.undo()
        yield from probe.settled()
        found.setdefault("undo, shown", []).append(monotonic() - began)
        yield from settle()
    window.page("proposal").currentWidget().toggle_preview(False)


def _preview(window: Any) -> Any:
    return window.page("proposal").currentWidget().preview


def _lines(window: Any) -> Any:
    """The price table of the shown proposal, None while another view is shown."""
    return getattr(window.page("proposal").currentWidget(), "lines", None)


PARTS: dict[str, tuple[Callable[[Any], Iterator[Step]], ...]] = {
    "first": (first_pages,),
    "pages": (page_pairs,),
    "customer": (customers,),
    "search": (search,),
    "frames": (frames,),
    "proposal": (proposal,),
}
"""Each is a process of its own."""
