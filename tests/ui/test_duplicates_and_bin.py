"""Possible duplicates merged side by side, and the bin that gives back what was deleted."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from kam_desktop.domain.entities import Account, Activity
from kam_desktop.domain.query import Query
from kam_desktop.services import records
from kam_desktop.ui.bin_dialog import Bin
from kam_desktop.ui.duplicates import Duplicates
from tests.ui.conftest import House, account, firm_of_three


@pytest.fixture
def parent(qtbot: Any, house: House) -> QWidget:
    """A window over a firm with a twin of its first customer."""
    house.add(*firm_of_three(), account("twin", "CTCP Sữa Mây Trắng", phone="028 3822 1100", short_name="Mây Trắng"))
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    return made


def settle(qtbot: Any, house: House) -> None:
    qtbot.waitUntil(house.background.is_idle)


def test_a_pair_is_merged_by_field_and_undone(qtbot: Any, house: House, parent: QWidget) -> None:
    both = Duplicates(house.desk, parent)
    both.open_list()
    settle(qtbot, house)
    assert both.pairs is not None and [(each.keep.id, each.lose.id) for each in both.pairs.pairs] == [("a", "twin")]
    qtbot.keyClick(both.pairs.list, Qt.Key.Key_Return)
    settle(qtbot, house)
    qtbot.waitUntil(lambda: both.merging is not None)
    dialog = both.merging
    assert dialog is not None and dialog.values()["phone"] == "028 3822 1100"
    group, values = dialog._groups["short_name"]
    assert values == ("Sữa Mây Trắng", "Mây Trắng")
    group.button(0).setFocus()
    qtbot.keyClick(group.button(0), Qt.Key.Key_Right)
    assert dialog.values()["short_name"] == "Mây Trắng"
    dialog.merge_button.click()
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Account, "twin")).archived)
    settle(qtbot, house)
    kept = house.read(lambda reader: reader.get(Account, "a"))
    assert (kept.short_name, kept.phone) == ("Mây Trắng", "028 3822 1100")
    qtbot.waitUntil(lambda: both.pairs is not None and list(both.pairs.pairs) == [])
    line = both.pairs.done_line
    assert line.isVisible() and "CTCP Sữa Mây Trắng" in line.words.text() and house.shell.toasts == []
    qtbot.keyClick(line.link, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not house.read(lambda reader: reader.get(Account, "twin")).archived)
    qtbot.waitUntil(lambda: len(both.pairs.pairs) == 1)


def test_two_customers_are_not_offered_again(qtbot: Any, house: House, parent: QWidget) -> None:
    both = Duplicates(house.desk, parent)
    both.open_list()
    settle(qtbot, house)
    assert both.pairs is not None
    both.pairs.apart_button.click()
    qtbot.waitUntil(lambda: both.pairs is not None and list(both.pairs.pairs) == [])
    assert both.pairs.none.isVisible() and not both.pairs.merge_button.isEnabled()
    settle(qtbot, house)
    assert both.pairs.done_line.isVisible() and "are two customers" in both.pairs.done_line.words.text()
    both.pairs.done_line.link.opened.emit()
    qtbot.waitUntil(lambda: both.pairs is not None and len(both.pairs.pairs) == 1)
    assert not both.pairs.done_line.isVisible()
    both.close_list()


def test_without_the_list_a_toast_takes_it_back(qtbot: Any, house: House, parent: QWidget) -> None:
    both = Duplicates(house.desk, parent)
    both.open_pair("a", "twin")
    qtbot.waitUntil(lambda: both.merging is not None)
    both.merging.apart_button.click()
    qtbot.waitUntil(lambda: bool(house.shell.toasts))
    undo = house.shell.toasts[-1][1]
    assert undo is not None
    undo()
    settle(qtbot, house)
    both.open_list()
    qtbot.waitUntil(lambda: both.pairs is not None and len(both.pairs.pairs) == 1)


def test_the_models_of_pairs_and_bin_are_sound(qtbot: Any, house: House, parent: QWidget, qtmodeltester: Any) -> None:
    both, gone = Duplicates(house.desk, parent), Bin(house.desk, parent)
    both.open_list()
    settle(qtbot, house)
    qtbot.waitUntil(lambda: both.pairs is not None and len(both.pairs.pairs) == 1)
    qtmodeltester.check(both.pairs._model)
    both.close_list()
    with house.store.edit("Archive") as uow:
        records.archive(uow, Account, "c")
    gone.open_list()
    settle(qtbot, house)
    qtbot.waitUntil(lambda: gone.dialog is not None and gone.dialog.model.rowCount() == 1)
    qtmodeltester.check(gone.dialog.model)


def test_the_other_one_can_be_kept(qtbot: Any, house: House, parent: QWidget) -> None:
    both = Duplicates(house.desk, parent)
    both.open_pair("a", "twin")
    qtbot.waitUntil(lambda: both.merging is not None)
    assert both.merging is not None
    both.merging.swap_button.click()
    qtbot.waitUntil(lambda: both.merging is not None and both.merging.both.keep.id == "twin")


def test_the_bin_gives_back_what_was_deleted_and_archived(qtbot: Any, house: House, parent: QWidget) -> None:
    house.add(Activity(id="t", account="a", kind="call", at=house.desk.clock.now(), subject="Gọi <b>chị</b>"))
    with house.store.edit("Delete interaction") as uow:
        records.remove(uow, Activity, "t")
    with house.store.edit("Archive") as uow:
        records.archive(uow, Account, "c")
    made = Bin(house.desk, parent)
    made.open_list()
    settle(qtbot, house)
    dialog = made.dialog
    assert dialog is not None
    assert list(dialog.model.answer.ids) == ["activity:t", "account:c"]
    assert dialog.model.data(dialog.model.index(0, 1)) == "Gọi <b>chị</b>"
    qtbot.keyClick(dialog.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.count(Query("activity"))) == 1)
    qtbot.waitUntil(lambda: list(dialog.model.answer.ids) == ["account:c"])
    settle(qtbot, house)
    qtbot.keyClick(dialog.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not house.read(lambda reader: reader.get(Account, "c")).archived)
    qtbot.waitUntil(lambda: dialog.none.isVisible())
    settle(qtbot, house)
    assert dialog.done_line.isVisible()
    qtbot.keyClick(dialog.done_line.link, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(Account, "c")).archived)
    qtbot.waitUntil(lambda: list(dialog.model.answer.ids) == ["account:c"])
