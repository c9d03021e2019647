"""Hostile files on the import page: the window lives, stopping works, a good file goes on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, QTimer

from kam_desktop.domain.entities import FIRM_ID, Firm
from kam_desktop.ui.pages.importing.controller import ImportController
from kam_desktop.ui.pages.importing.page import CHOOSE, DONE, PREVIEW, READING, ImportPage
from tests.hostile import corpus
from tests.hostile.doors import prepared
from tests.makers import OUR_CODE, OUR_NAME, write_accounts
from tests.ui.conftest import House
from tests.ui.test_import_page import count, go, said

LONGEST_STALL_S = 0.2


class Pulse(QObject):
    """Beats every five milliseconds; `longest` is the longest time between two beats, in seconds.

    Time in which the whole machine did something else is not the window's: where the process itself did not get as
    much processor time as the gap is long, only what it got is counted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self._last = time.monotonic(), time.process_time()
        self._clock = QTimer(self)
        self._clock.setInterval(5)
        self._clock.timeout.connect(self._beat)
        self._clock.start()

    def _beat(self) -> None:
        now = time.monotonic(), time.process_time()
        gap, worked = now[0] - self._last[0], now[1] - self._last[1]
        self.longest = max(self.longest, min(gap, worked))
        self._last = now


@pytest.fixture
def page(qtbot: Any, house: House) -> ImportPage:
    house.add(Firm(id=FIRM_ID, legal_name=OUR_NAME, tax_code=OUR_CODE))
    made = ImportController(house.desk).page
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize(
    "name",
    [
        "xml_invoices_within_invoices",  # works for the whole time that it is given
        "one_sheet_named_10000_times",  # tells six hundred thousand cells before it is refused
        "zip_of_200_documents_of_half_a_megabyte",
        "csv_marks_that_sort_slowly",
    ],
)
@pytest.mark.timeout(120)
def test_the_window_lives_while_a_hostile_file_is_read_and_a_good_one_goes_on_after(
    qtbot: Any, page: ImportPage, house: House, tmp_path: Path, name: str
) -> None:
    bomb = prepared(tmp_path, corpus.CASES[name])
    good = write_accounts(tmp_path / "a.xlsx")
    pulse = Pulse()
    page.files_chosen.emit([bomb])
    assert page.state() == READING
    qtbot.waitUntil(lambda: page.state() == PREVIEW, timeout=60_000)
    qtbot.waitUntil(house.background.is_idle)
    assert pulse.longest < LONGEST_STALL_S, f"the window stood still for {pulse.longest * 1000:.0f} ms"
    assert bomb.name in said(page) or page.preview.model.rowCount(), "the page says which file and why"
    page.show_choose()
    page.files_chosen.emit([good])
    qtbot.waitUntil(lambda: page.state() == PREVIEW, timeout=30_000)
    qtbot.waitUntil(house.background.is_idle)
    go(page, qtbot, house, DONE)
    assert count(house, "account") == 3


def test_stopping_ends_the_reader_at_once(qtbot: Any, page: ImportPage, house: House, tmp_path: Path) -> None:
    page.files_chosen.emit([prepared(tmp_path, corpus.CASES["xml_invoices_within_invoices"])])
    assert page.state() == READING
    qtbot.waitUntil(lambda: not house.background.is_idle())
    began, worked = time.monotonic(), time.thread_time()
    page.setFocus()
    page._on_escape()
    assert page.state() == CHOOSE
    assert time.thread_time() - worked < LONGEST_STALL_S
    assert time.monotonic() - began < 2  # the window does not wait for the reader, which would have 10 s
    qtbot.waitUntil(house.background.is_idle, timeout=5_000)
    assert count(house, "invoice") == 0
