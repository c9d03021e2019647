"""The item model of lists: what is asked for, what is kept, heads, selection over answers."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from kam_desktop.ui.answer import Answer, RowGroup
from kam_desktop.ui.kept_place import KeptPlace
from kam_desktop.ui.kit.cells import GROUP, LOOK, PRIVATE, Look
from kam_desktop.ui.kit.record_table import KEPT, PAGE, RecordTable, TableColumn
from kam_desktop.ui.kit.table_view import Column, TableView

COLUMNS = (
    TableColumn("Name", lambda row: row[0], order="name"),
    TableColumn("Amount", lambda row: str(row[1]), lambda row: Look(tone="danger" if row[1] < 0 else ""), private=True),
)


def ids(count: int) -> list[str]:
    return [f"r{place}" for place in range(count)]


def rows(keys: Any) -> dict[str, tuple[str, int]]:
    return {key: (f"Name {key}", int(key[1:])) for key in keys}


def shown(model: RecordTable, row: int, column: int = 0) -> Any:
    return model.data(model.index(row, column))


def test_the_model_keeps_qts_contract(qtmodeltester: Any) -> None:
    model = RecordTable(COLUMNS)
    qtmodeltester.check(model)
    model.set_answer(Answer(ids(3), [RowGroup("A", "1", 1), RowGroup("B", "2", 2)], rows(ids(3))))
    qtmodeltester.check(model)
    model.set_answer(Answer(ids(2), rows=rows(["r0"])))
    qtmodeltester.check(model)


def test_a_missing_row_is_blank_and_its_page_is_asked_for_once(qtbot: Any) -> None:
    model = RecordTable(COLUMNS)
    asked: list[list[str]] = []
    model.wanted.connect(asked.append)
    model.set_answer(Answer(ids(1000)))
    assert shown(model, 250) == "" and shown(model, 299) == ""
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == [ids(1000)[200:300]]
    assert shown(model, 10) == ""  # while a question is on its way, the next one waits
    model.deliver(rows(asked[0]))
    assert shown(model, 250) == "Name r250"
    qtbot.waitUntil(lambda: len(asked) == 2)
    assert asked[1] == ids(1000)[:PAGE]


def test_who_scrolls_fast_is_answered_where_he_stops(qtbot: Any) -> None:
    model = RecordTable(COLUMNS)
    asked: list[list[str]] = []
    model.wanted.connect(asked.append)
    model.set_answer(Answer(ids(100_000)))
    for row in range(0, 100_000, 50):
        shown(model, row)
    qtbot.waitUntil(lambda: bool(asked))
    assert asked[0][-1] == "r99999" and len(asked[0]) == 3 * PAGE


def test_memory_holds_a_bounded_number_of_rows() -> None:
    model = RecordTable(COLUMNS)
    model.set_answer(Answer(ids(20_000)))
    model.deliver(rows(ids(20_000)))
    assert len(model._rows) == KEPT


def test_a_refusal_to_answer_does_not_end_the_asking(qtbot: Any) -> None:
    model = RecordTable(COLUMNS)
    asked: list[list[str]] = []
    model.wanted.connect(asked.append)
    model.set_answer(Answer(ids(5)))
    shown(model, 0)
    qtbot.waitUntil(lambda: len(asked) == 1)
    model.deliver({})
    shown(model, 0)
    qtbot.waitUntil(lambda: len(asked) == 2)


def test_after_a_change_old_rows_are_shown_until_the_new_ones_come(qtbot: Any) -> None:
    model = RecordTable(COLUMNS)
    asked: list[list[str]] = []
    model.wanted.connect(asked.append)
    model.set_answer(Answer(ids(3), rows=rows(ids(3))))
    assert shown(model, 0) == "Name r0"
    model.set_answer(Answer(ids(3)))
    assert shown(model, 0) == "Name r0"
    qtbot.waitUntil(lambda: asked == [ids(3)])
    model.deliver({"r0": ("Another name", 1)})
    assert shown(model, 0) == "Another name"


def test_heads_of_groups_stand_before_their_rows() -> None:
    model = RecordTable(COLUMNS)
    model.set_answer(Answer(ids(3), [RowGroup("A", "one", 1), RowGroup("B", "two", 2)], rows(ids(3))))
    assert [model.id_at(row) for row in range(5)] == ["", "r0", "", "r1", "r2"]
    assert [model.row_of(key) for key in (*ids(3), "r9")] == [1, 3, 4, -1]
    assert model.data(model.index(2, 0), GROUP) == ("B", "two")
    assert model.data(model.index(2, 1), GROUP) is None and model.data(model.index(3, 0), GROUP) is None
    assert model.flags(model.index(0, 0)) == Qt.ItemFlag.NoItemFlags


def test_looks_and_private_columns_come_from_the_columns() -> None:
    model = RecordTable(COLUMNS)
    model.set_answer(Answer(["r1"], rows={"r1": ("Name", -5)}))
    assert model.data(model.index(0, 1), LOOK) == Look(tone="danger")
    assert model.headerData(1, Qt.Orientation.Horizontal, PRIVATE) is True
    assert model.data(model.index(0, 0), Qt.ItemDataRole.AccessibleTextRole) == "Name: Name; Amount: -5"


@pytest.fixture
def view(dressed: None, qtbot: Any) -> tuple[TableView, RecordTable, KeptPlace]:
    model, table = RecordTable(COLUMNS), TableView("Rows")
    place = KeptPlace(table, model)
    table.set_columns([Column(0), Column(100)])
    qtbot.addWidget(table)
    table.resize(500, 300)
    table.show()
    qtbot.waitExposed(table)
    return table, model, place


def test_selection_and_scroll_stay_over_another_answer(view: Any) -> None:
    table, model, place = view
    model.set_answer(Answer(ids(500), rows=rows(ids(500))))
    table.verticalScrollBar().setValue(200 * 36 + 7)
    place.show("r203")
    before = table.rowViewportPosition(model.row_of("r203"))
    model.set_answer(Answer(["n1", "n2", *ids(500)]))
    assert place.current() == "r203" and place.selected() == ["r203"]
    assert table.rowViewportPosition(model.row_of("r203")) == before


def test_heads_over_groups_are_lower_than_rows_and_the_place_is_kept_below_them(view: Any, qtbot: Any) -> None:
    table, model, place = view
    names = ids(500)
    model.set_answer(Answer(names, (RowGroup("A", "", 100), RowGroup("B", "", 400)), rows(names)))
    assert [table.rowHeight(row) for row in (0, 1, 100, 101, 102)] == [32, 36, 36, 32, 36]
    assert table.verticalHeader().length() == 500 * 36 + 2 * 32
    qtbot.waitUntil(lambda: table.verticalScrollBar().maximum() > 17_000)
    table.verticalScrollBar().setValue(200 * 36 + 7)
    place.show("r203")
    before = table.rowViewportPosition(model.row_of("r203"))
    groups = (RowGroup("A", "", 100), RowGroup("B", "", 50), RowGroup("C", "", 350, folded=False))
    model.set_answer(Answer(names, groups))
    assert 0 < before < 300 and table.rowHeight(152) == 32
    assert table.rowViewportPosition(model.row_of("r203")) == before
    model.set_answer(Answer(names))
    assert {table.rowHeight(row) for row in range(500)} == {36}
    model.set_answer(Answer(names[:2], (RowGroup("A", "", 2),)))
    model.set_answer(Answer(names, groups))
    assert [row for row in range(503) if table.rowHeight(row) == 32] == [0, 101, 152]


def test_a_row_that_is_gone_leaves_no_current_row(view: Any) -> None:
    _, model, place = view
    heard: list[str] = []
    place.current_changed.connect(heard.append)
    model.set_answer(Answer(ids(3), rows=rows(ids(3))))
    place.show("r1")
    model.set_answer(Answer(["r0", "r2"]))
    assert place.current() == "" and heard[-1] == ""


@pytest.mark.parametrize("held", [Qt.Key.Key_Control, Qt.Key.Key_Shift])
def test_a_key_that_is_held_when_an_answer_comes_does_not_choose_rows(view: Any, qtbot: Any, held: Qt.Key) -> None:
    """As after Ctrl+Z: the row that is shown is the only one selected, and it stays so when it is shown again."""
    _, model, place = view
    model.set_answer(Answer(ids(5), rows=rows(ids(5))))
    place.show("r0")
    down = Qt.KeyboardModifier.ControlModifier if held == Qt.Key.Key_Control else Qt.KeyboardModifier.ShiftModifier
    qtbot.keyRelease(QWidget(), Qt.Key.Key_Z, down)
    assert QGuiApplication.keyboardModifiers() == down
    for _ in range(2):
        place.show("r3")
        assert place.current() == "r3" and place.selected() == ["r3"]


def test_keys_step_over_heads(view: Any, qtbot: Any) -> None:
    table, model, place = view
    model.set_answer(Answer(ids(3), [RowGroup("A", "", 1), RowGroup("B", "", 2)], rows(ids(3))))
    place.show("r0")
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert place.current() == "r1"


def test_a_click_on_a_head_asks_for_the_order_and_again_for_the_other_way(view: Any, qtbot: Any) -> None:
    table, model, _ = view
    heard: list[tuple[str, bool]] = []
    model.order_wanted.connect(lambda name, descending: heard.append((name, descending)))
    model.set_answer(Answer(ids(3), rows=rows(ids(3))))
    head = table.horizontalHeader()
    for column in (0, 0, 1):
        head.sectionClicked.emit(column)
    assert heard == [("name", False), ("name", True)]
