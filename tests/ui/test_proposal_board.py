"""The board of proposals: sums, moving by keyboard, mouse and menu, what is said and written."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from kam_desktop.domain.entities import Proposal, ProposalLine, ProposalVersion
from kam_desktop.ui import theme
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.pages.proposal.board import Board
from kam_desktop.ui.pages.proposal.cards import (
    CARD,
    HOLE,
    LIFTED,
    MIME,
    BoardCard,
    CardCell,
    CardColumn,
    ColumnTexts,
    spoken,
)
from kam_desktop.ui.pages.proposal.controller import ProposalController
from kam_desktop.ui.pages.proposal.filters import Narrowing
from tests.ui.conftest import TODAY, House, account

CONTROL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


def offer(key: str, title: str, stage: str, price: int, **values: Any) -> list[Any]:
    cost = values.pop("cost", None)
    until = values.pop("until", None)
    return [
        Proposal(id=key, account="a", title=title, stage=stage, **values),
        ProposalVersion(id=f"{key}v", proposal=key, number=1, valid_until=until),
        ProposalLine(id=f"{key}l", version=f"{key}v", place=1, description="Việc", quantity=Decimal(1), price=price,
                     cost=cost),
    ]  # fmt: skip


@pytest.fixture
def board(qtbot: Any, house: House) -> Board:
    """The board over four proposals, with the keyboard on it."""
    house.add(
        account("a", "Công ty Cổ phần Sữa Mây Trắng"),
        *offer("p", "Ra mắt Organic", "working", 1_000_000_000, cost=790_000_000, until=date(2026, 11, 25)),
        *offer("q", "Tết", "working", 460_000_000, next_step="Trình ý tưởng", next_step_on=date(2026, 11, 30)),
        *offer("r", "Hội thảo", "in_approval", 320_000_000),
        *offer("s", "Xong", "won", 50_000_000),
    )
    page = ProposalController(house.desk).page
    qtbot.addWidget(page)
    page.resize(theme.px(1310), theme.px(720))
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page.open_place("board")
    settle(qtbot, house)
    assert page.currentWidget() is page.board
    qtbot.waitUntil(lambda: focused(page.board) == "working")
    return page.board


def settle(qtbot: Any, house: House) -> None:
    qtbot.waitUntil(house.background.is_idle)


def focused(board: Board) -> str:
    """The stage whose cards have the keyboard."""
    return next((stage for stage, each in board.columns.items() if each.view.hasFocus()), "")


def ids(board: Board) -> dict[str, list[str]]:
    return {stage: list(each.view.cards.ids) for stage, each in board.columns.items() if each.view.cards.ids}


def stage_of(house: House, key: str) -> str:
    return str(house.read(lambda reader: reader.get(Proposal, key)).stage)


def press(qtbot: Any, board: Board, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    qtbot.keyClick(board.columns[focused(board)].view, key, modifier)


def test_columns_say_count_sum_and_weighted_sum_and_cards_what_matters(board: Board) -> None:
    column = board.columns["working"]
    assert (column._count.text(), column._sum.text(), column._weighted.text()) == (
        "2", "1,460,000,000", "Weighted 438,000,000",
    )  # fmt: skip
    assert [each for each in board.columns if board.columns[each].is_folded()] == ["won", "lost", "on_hold"]
    assert board.columns["won"].strip.accessibleName() == "Won 1"
    card = board.cards["p"]
    assert (card.account, card.value, card.margin, card.since, card.draft) == (
        "Sữa Mây Trắng", 1_000_000_000, "21%", TODAY, "pv",
    )  # fmt: skip
    assert spoken(card, TODAY) == (
        "Sữa Mây Trắng; Ra mắt Organic; ₫1,000,000,000; Valid until 25 Nov; 0 days here; No next step"
    )
    assert "Trình ý tưởng 30 Nov" in spoken(board.cards["q"], TODAY)
    assert "21%" not in spoken(card, TODAY)  # the margin is for the eyes of one person


def test_a_card_is_lifted_carried_and_dropped_by_keyboard(qtbot: Any, board: Board, house: House) -> None:
    press(qtbot, board, Qt.Key.Key_Space)
    assert (board.lifted(), board.said) == ("p", "Lifted “Ra mắt Organic”")
    press(qtbot, board, Qt.Key.Key_Right)
    press(qtbot, board, Qt.Key.Key_Right)
    assert (focused(board), board.said) == ("sent", "Sent")
    assert ids(board)["sent"] == ["p"] and ids(board)["working"] == ["p", "q"]
    working, sent = board.columns["working"].view.cards, board.columns["sent"].view.cards
    assert working.data(working.index(0), HOLE) and sent.data(sent.index(0), LIFTED)
    settle(qtbot, house)
    assert stage_of(house, "p") == "working"  # nothing is written while it is in the air
    press(qtbot, board, Qt.Key.Key_Space)
    assert board.said == "Moved “Ra mắt Organic”: In progress → Sent"
    settle(qtbot, house)
    assert stage_of(house, "p") == "sent" and ids(board)["working"] == ["q"]
    assert house.shell.toasts[-1][0] == "Move Ra mắt Organic"
    house.desk.undo()
    settle(qtbot, house)
    assert stage_of(house, "p") == "working" and ids(board)["working"] == ["p", "q"]


@pytest.fixture(params=[100, 150])
def zoom(request: Any) -> Iterator[int]:
    """Everything of a test at that size of text."""
    theme.apply(QApplication.instance(), "light", request.param)
    yield request.param
    theme.apply(QApplication.instance(), "light", 100)


def test_a_carried_card_leaves_nothing_behind_and_only_its_two_columns_are_painted(
    zoom: int, qtbot: Any, board: Board, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[str] = []
    plain = CardCell._card

    def paint(cell: CardCell, painter: Any, area: Any, card: BoardCard) -> None:
        painted.append(card.id)
        plain(cell, painter, area, card)

    monkeypatch.setattr(CardCell, "_card", paint)
    window = board.window()
    press(qtbot, board, Qt.Key.Key_Space)
    for step, columns in (("Right", {"p", "q", "r"}), ("Right", {"p", "r"}), ("Left", {"p", "r"})):
        QApplication.processEvents()
        painted.clear()
        press(qtbot, board, Qt.Key[f"Key_{step}"])
        qtbot.waitUntil(lambda: "p" in painted)
        QApplication.processEvents()
        assert set(painted) <= columns
        whole = window.grab().toImage()  # painted anew
        shown = window.screen().grabWindow(window.winId()).toImage().convertToFormat(whole.format())
        assert shown == whole
    press(qtbot, board, Qt.Key.Key_Escape)
    settle(qtbot, house)


def test_escape_and_leaving_put_a_lifted_card_back(qtbot: Any, board: Board, house: House) -> None:
    press(qtbot, board, Qt.Key.Key_Space)
    press(qtbot, board, Qt.Key.Key_Right)
    press(qtbot, board, Qt.Key.Key_Escape)
    assert board.lifted() == "" and ids(board)["in_approval"] == ["r"] and focused(board) == "working"
    assert board.said == "“Ra mắt Organic” is back in In progress"
    press(qtbot, board, Qt.Key.Key_Space)
    press(qtbot, board, Qt.Key.Key_Right)
    other = QLineEdit(board.window())
    other.show()
    other.setFocus()
    assert board.lifted() == "" and ids(board)["working"] == ["p", "q"]
    settle(qtbot, house)
    assert stage_of(house, "p") == "working"


def test_columns_that_come_while_a_card_is_in_the_air_wait(qtbot: Any, board: Board, house: House) -> None:
    press(qtbot, board, Qt.Key.Key_Space)
    press(qtbot, board, Qt.Key.Key_Right)
    house.background.edit(lambda uow: uow.add(offer("t", "Mới", "briefed", 1)[0]), label="Add")
    settle(qtbot, house)
    assert board.lifted() == "p" and "briefed" not in ids(board)
    press(qtbot, board, Qt.Key.Key_Escape)
    assert ids(board)["briefed"] == ["t"] and ids(board)["working"] == ["p", "q"]


def test_ctrl_with_an_arrow_moves_at_once_and_offers_what_moving_does_not_do(
    qtbot: Any, board: Board, house: House
) -> None:
    board.columns["in_approval"].view.go_to(0)
    board.columns["in_approval"].view.setFocus()
    press(qtbot, board, Qt.Key.Key_Right, CONTROL)
    settle(qtbot, house)
    assert stage_of(house, "r") == "sent"
    version = house.read(lambda reader: reader.get(ProposalVersion, "rv"))
    assert version.status == "draft"  # moving sends nothing
    assert board.foot.offer.isVisibleTo(board)
    board.foot.offer.opened.emit()
    settle(qtbot, house)
    assert house.read(lambda reader: reader.get(ProposalVersion, "rv")).status == "sent"
    assert not board.foot.offer.isVisibleTo(board)


def test_losing_asks_for_the_reason_and_without_one_the_card_goes_back(qtbot: Any, board: Board, house: House) -> None:
    board.move_card("p", "lost")
    dialog = board.findChild(FormDialog)
    assert dialog is not None
    dialog.reject()
    settle(qtbot, house)
    assert stage_of(house, "p") == "working" and ids(board)["working"] == ["p", "q"]
    board.move_card("p", "lost")
    dialog = next(each for each in board.findChildren(FormDialog) if each.isVisible())
    dialog.form.editor("outcome_reason").set_raw("Giá cao hơn đối thủ")
    dialog.form.editor("outcome_reason").typed.emit()
    dialog._save()
    settle(qtbot, house)
    assert stage_of(house, "p") == "lost"
    assert house.read(lambda reader: reader.get(Proposal, "p")).outcome_reason == "Giá cao hơn đối thủ"


def carried(key: str) -> QMimeData:
    made = QMimeData()
    made.setData(MIME, key.encode())
    return made


def test_the_mouse_drops_on_a_column_or_on_a_folded_one(qtbot: Any, board: Board, house: House) -> None:
    for key, target in (("p", board.columns["negotiating"].view.viewport()), ("q", board.columns["on_hold"].strip)):
        data = carried(key)
        both = (Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton, NONE)
        enter = QDragEnterEvent(QPointF(5, 5).toPoint(), *both)
        QApplication.sendEvent(target, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(target, QDropEvent(QPointF(5, 5), *both))
        settle(qtbot, house)
    assert (stage_of(house, "p"), stage_of(house, "q")) == ("negotiating", "on_hold")
    stranger = QMimeData()
    stranger.setText("p")
    enter = QDragEnterEvent(
        QPointF(5, 5).toPoint(), Qt.DropAction.MoveAction, stranger, Qt.MouseButton.LeftButton, NONE
    )
    QApplication.sendEvent(board.columns["sent"].view.viewport(), enter)
    assert not enter.isAccepted()


def test_the_menu_moves_too_and_arrows_walk(qtbot: Any, board: Board, house: House) -> None:
    board.columns["working"].view.menu_wanted.emit(board.mapToGlobal(board.rect().center()))
    menu = next(each for each in board.findChildren(QMenu) if each.isVisible())
    action = next(each for each in menu.actions() if each.text() == "Move to Negotiating")
    action.trigger()
    menu.close()
    settle(qtbot, house)
    assert stage_of(house, "p") == "negotiating"
    board.columns["working"].view.setFocus()
    press(qtbot, board, Qt.Key.Key_Right)
    assert focused(board) == "in_approval"
    press(qtbot, board, Qt.Key.Key_Left)
    assert focused(board) == "working"
    qtbot.keyClick(board.columns["working"].view, Qt.Key.Key_Return)
    assert house.shell.shown[-1] == ("proposal", "q")


def test_the_chosen_view_is_kept_and_the_search_narrows(qtbot: Any, board: Board, house: House) -> None:
    assert house.desk.remembered["proposal.view"] == "board"
    board.searched.emit("tet")
    settle(qtbot, house)
    assert ids(board) == {"working": ["q"]}
    board.list_wanted.emit()
    settle(qtbot, house)
    assert house.desk.remembered["proposal.view"] == "list"


def test_the_model_keeps_qts_contract(qtmodeltester: Any) -> None:
    card = BoardCard("p", "x", "y", "working", 1, "VND", "", None, None, "", None, "")
    model = CardColumn({"p": card}, TODAY)
    model.set_ids(["p", "q", "r"])
    asked: list[str] = []
    model.missed.connect(asked.append)
    qtmodeltester.check(model)
    assert model.data(model.index(0), CARD) is card and model.data(model.index(1), CARD) is None
    assert asked[-1] == "q"
    model.insert(1, "s")
    assert (list(model.ids), model.take("p"), model.take("nobody")) == (["p", "s", "q", "r"], 0, -1)


def test_two_thousand_cards_scroll_smoothly(qtbot: Any, dressed: None) -> None:
    board = Board(TODAY)
    qtbot.addWidget(board)
    board.resize(1310, 720)
    keys = [f"k{n}" for n in range(2000)]
    board.show_columns([ColumnTexts("working", keys, "2,000", "1", "1")], "2,000", empty=False)
    title = "Ra mắt sản phẩm mới trên toàn quốc lần thứ "
    board.show_cards({key: BoardCard(key, title + key, "Sữa Mây Trắng", "working", 10**9, "VND",
                                     "21%", TODAY, TODAY, "", None, "") for key in keys})  # fmt: skip
    board.show()
    qtbot.waitExposed(board)
    view = board.columns["working"].view
    frames = []
    for step in range(120):
        view.verticalScrollBar().setValue(step * 150)
        began = time.perf_counter()
        view.viewport().repaint()
        frames.append(time.perf_counter() - began)
    assert sorted(frames)[int(len(frames) * 0.95)] < 0.05, frames


def test_chips_narrow_and_order_board_and_list_alike_and_are_kept(qtbot: Any, board: Board, house: House) -> None:
    controller = next(each for each in board.parent().children() if isinstance(each, ProposalController))
    with house.store.edit("Dates") as uow:
        uow.put(dataclasses.replace(uow.get(Proposal, "q"), expected_close_on=date(2026, 12, 1)))
    controller.refresh()
    settle(qtbot, house)
    assert ids(board)["working"] == ["q", "p"]  # the first to be closed, then what has no date
    chips = board.filters
    assert chips.order.accessibleName() == "Order: First to close"
    chips._open_quarters()
    menu = next(each for each in chips.findChildren(QMenu) if each.isVisible())
    assert [each.text() for each in menu.actions()] == ["Any time", "IV/2026", "No date"]
    menu.actions()[1].trigger()
    menu.close()
    settle(qtbot, house)
    assert ids(board) == {"working": ["q"]} and chips.closing.accessibleName() == "Closing: IV/2026"
    assert controller.page.list.filters.now == chips.now
    again = ProposalController(house.desk).page
    qtbot.addWidget(again)
    assert again.board.filters.now == chips.now  # next time too
    chips._choose(owner="nobody")
    settle(qtbot, house)
    assert board._stack.currentIndex() == 2  # nothing fits, and that can be taken away
    board.cleared.emit()
    settle(qtbot, house)
    assert ids(board)["working"] == ["q", "p"] and chips.now == Narrowing()
    chips._choose(order="title")
    settle(qtbot, house)
    assert chips.order.accessibleName() == "Order: By title"


def test_the_board_comes_first_and_the_list_when_it_was_chosen(qtbot: Any, board: Board, house: House) -> None:
    house.desk.remembered.pop("proposal.view", None)
    made = ProposalController(house.desk).page
    qtbot.addWidget(made)
    made.show()
    made.open_place("")
    settle(qtbot, house)
    assert made.currentWidget() is made.board
    made.open_place("list")
    made.open_place("")
    assert made.currentWidget() is made.list
    settle(qtbot, house)


def test_qts_tester_watches_a_column_while_cards_come_and_go(qtbot: Any) -> None:
    card = BoardCard("p", "x", "y", "working", 1, "VND", "", None, None, "", None, "")
    model = CardColumn({"p": card, "q": card}, TODAY)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_ids(["p", "q", "r"])
    model.insert(0, "s")
    model.take("q")
    model.changed()
    model.set_ids([])
    assert model.rowCount() == 0
    tester.deleteLater()
