"""Pages that are put away when the look turns are freed with everything that they hold."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from kam_desktop import app
from tests.fakes import FakeClock
from tests.ui.whole_window import WholeWindow, whole_window

TODAY = date(2026, 11, 23)


def _of_pages() -> list[weakref.ref[QObject]]:
    """What the pages are made of: everything of Qt's in their modules, and the models of lists."""
    gc.unfreeze()  # the first page is kept from collections with all that is loaded at the start
    gc.collect()
    return [
        weakref.ref(each)
        for each in gc.get_objects()
        if isinstance(each, QObject)
        and (type(each).__module__.startswith("kam_desktop.ui.pages.") or type(each).__name__ == "RecordTable")
    ]


def _walk(made: WholeWindow) -> None:
    for _screen in made._pages():
        pass
    made.window.show_page("collection", "receipts")
    made.settle()
    made.window.show_page("settings")
    made.settle()


def test_a_turned_look_leaves_nothing_of_the_pages_before(qtbot: Any, tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    others = [ref() for ref in _of_pages()]  # of windows that stood before, in other tests
    with whole_window(qtbot, tmp_path, clock, lambda store: app.fill_sample(store, "agency", TODAY)) as made:
        _walk(made)
        before = [ref for ref in _of_pages() if not any(ref() is each for each in others)]
        assert len(before) > 100
        made.window.rebuild()
        made.settle()
        made.settle_deletions()
        gc.collect()
        left = sorted({type(each).__name__ for each in (ref() for ref in before) if each is not None})
        assert not left
