"""The proposals page: list by stage, lines edited in cells, keys, totals, versions, drafts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit

from kam_desktop import language
from kam_desktop.domain.change import Action, ChangeSet, Touched
from kam_desktop.domain.entities import LOCAL_PERSON_ID, Proposal, ProposalLine, ProposalVersion, Rule
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.query import Query
from kam_desktop.services import proposal as verbs
from kam_desktop.ui import theme
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.cells import GROUP, LOOK, PRIVATE
from kam_desktop.ui.pages.proposal.controller import ProposalController
from kam_desktop.ui.pages.proposal.lines import (
    AMOUNT,
    COST,
    DESCRIPTION,
    MARGIN,
    PRICE,
    QUANTITY,
    RATE,
    LineTable,
    read_rate,
)
from kam_desktop.ui.pages.proposal.page import CLOSING, ProposalPage
from tests.ui.conftest import House, account

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def line(key: str, place: int, section: str, words: str, quantity: int, price: int, cost: int | None = None,
         rate: str = "8%") -> ProposalLine:  # fmt: skip
    return ProposalLine(id=key, version="v", place=place, section=section, description=words, unit="gói",
                        quantity=Decimal(quantity), price=price, cost=cost, tax_rate=rate)  # fmt: skip


LINES = [
    line("l1", 1, "Sáng tạo", "Ý tưởng lớn", 1, 180_000_000, 96_000_000),
    line("l2", 2, "Sản xuất", "TVC 30 giây", 1, 620_000_000, 498_000_000),
    line("l3", 3, "Sản xuất", "Ảnh sản phẩm", 24, 3_500_000, rate="10%"),
]


@pytest.fixture
def page(qtbot: Any, house: House) -> ProposalPage:
    """The page over two proposals, at rest."""
    house.add(
        account("a", "Công ty Cổ phần Sữa Mây Trắng", short_name="Sữa Mây Trắng"),
        Proposal(id="p", account="a", title="Ra mắt Organic", number="BG-1", stage="working", client_budget=10**9),
        ProposalVersion(id="v", proposal="p", number=1, valid_until=date(2026, 11, 25)),
        *LINES,
        Proposal(id="q", account="a", title="Tết", stage="sent"),
        ProposalVersion(id="w", proposal="q", number=2, status="sent"),
    )
    made = ProposalController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1310), theme.px(720))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.open_place("list")
    settle(qtbot, house)
    return made


@pytest.fixture
def editor(qtbot: Any, page: ProposalPage, house: House) -> Any:
    """The editor of the first proposal."""
    page.open_place("p")
    settle(qtbot, house)
    assert page.currentWidget() is page.editor
    return page.editor


def settle(qtbot: Any, house: House) -> None:
    qtbot.waitUntil(house.background.is_idle)


def saved(house: House, version: str = "v") -> list[ProposalLine]:
    return list(house.read(lambda reader: verbs.lines_of(reader, version)))


def cell(model: LineTable, place: int, column: int) -> Any:
    return model.data(model.index(model.row_of(place), column))


def all_texts(widget: Any) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget)]


def test_the_list_stands_by_stage_with_value_and_validity(page: ProposalPage) -> None:
    model = page.list.model
    heads = [model.data(model.index(row, 0), GROUP) for row in (0, 2)]
    assert heads == [("In progress", "1 proposal"), ("Sent", "1 proposal")]
    assert [model.data(model.index(1, column)) for column in range(7)] == [
        "Ra mắt Organic", "Sữa Mây Trắng", "Version 1 · draft", "", "", "884,000,000", "25 Nov 2026",
    ]  # fmt: skip
    assert model.data(model.index(1, 6), LOOK).tone == "warning"  # two days left


def test_filters_show_other_stages(qtbot: Any, page: ProposalPage, house: House) -> None:
    page.list.filter_chosen.emit("won")
    settle(qtbot, house)
    assert page.list._stack.currentIndex() == 2  # there are proposals, but none is won
    page.list.cleared.emit()
    settle(qtbot, house)
    assert len(page.list.model.answer.ids) == 2


def test_lines_stand_in_sections_with_private_cost_and_margin(editor: Any, qtmodeltester: Any) -> None:
    model = editor.model
    assert [model.data(model.index(row, 0), GROUP) for row in range(model.rowCount())] == [
        ("Sáng tạo", "180,000,000"), None, ("Sản xuất", "704,000,000"), None, None,
    ]  # fmt: skip
    assert [cell(model, 0, column) for column in range(10)] == [
        "1", "Ý tưởng lớn", "gói", "1", "180,000,000", "", "180,000,000", "8\u00a0%", "96,000,000", "47%",
    ]  # fmt: skip
    assert cell(model, 2, MARGIN) == "–" and cell(model, 2, AMOUNT) == "84,000,000"
    private = [model.headerData(column, Qt.Orientation.Horizontal, PRIVATE) for column in (AMOUNT, COST, MARGIN)]
    assert private == [False, True, True]
    qtmodeltester.check(model)


def test_totals_follow_a_cell_at_once_and_the_store_after(qtbot: Any, editor: Any, house: House) -> None:
    model = editor.model
    before = all_texts(editor.totals)
    assert "884,000,000" in before and "64,000,000" in before and "8,400,000" in before and "956,400,000" in before
    assert model.setData(model.index(model.row_of(2), PRICE), "4tr")
    wanted = {"896,000,000", "9,600,000", "969,600,000"}
    qtbot.waitUntil(lambda: wanted <= set(all_texts(editor.totals)))
    qtbot.waitUntil(lambda: saved(house)[2].price == 4_000_000)
    settle(qtbot, house)
    assert house.shell.toasts[-1][0] == "Change a line of Ra mắt Organic"


def test_over_the_clients_budget_is_said(qtbot: Any, editor: Any, house: House) -> None:
    editor.model.setData(editor.model.index(editor.model.row_of(0), QUANTITY), "2")
    qtbot.waitUntil(lambda: any(text.startswith("Over by ") for text in all_texts(editor.totals)))
    settle(qtbot, house)


def test_what_cannot_be_read_is_said_below_and_not_taken(qtbot: Any, editor: Any, house: House) -> None:
    assert not editor.model.setData(editor.model.index(editor.model.row_of(0), PRICE), "abc")
    assert editor._said.isVisible() and "abc" in editor._said.text()
    assert cell(editor.model, 0, PRICE) == "180,000,000"
    assert editor.model.setData(editor.model.index(editor.model.row_of(0), PRICE), "180tr")
    assert not editor._said.isVisible()


def test_enter_opens_a_cell_and_keeps_the_keyboard_until_it_can_be_read(qtbot: Any, editor: Any, house: House) -> None:
    view = editor.lines
    view.setFocus()
    view.go_to(0, PRICE)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    box = view.viewport().findChild(QLineEdit)
    assert box is not None
    box.setText("x1")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.isVisible() and box.property("invalid") is True
    box.setText("200tr")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: saved(house)[0].price == 200_000_000)
    settle(qtbot, house)


def test_lines_are_duplicated_moved_and_deleted_by_keys(qtbot: Any, editor: Any, house: House) -> None:
    view = editor.lines
    view.setFocus()
    view.go_to(1, DESCRIPTION)
    qtbot.keyClick(view, Qt.Key.Key_D, CONTROL)
    qtbot.waitUntil(lambda: [x.description for x in saved(house)][1:3] == ["TVC 30 giây"] * 2)
    settle(qtbot, house)
    view.go_to(3, DESCRIPTION)
    qtbot.keyClick(view, Qt.Key.Key_Up, ALT)
    qtbot.waitUntil(lambda: saved(house)[2].description == "Ảnh sản phẩm")
    settle(qtbot, house)
    assert editor.model.line_at(view.currentIndex().row()) == 2
    view.go_to(1, DESCRIPTION)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: len(saved(house)) == 3)
    settle(qtbot, house)
    for _ in range(3):
        house.desk.undo()
    qtbot.waitUntil(lambda: [x.description for x in saved(house)] == [x.description for x in LINES])


def test_a_line_moved_over_a_border_joins_the_other_section(qtbot: Any, editor: Any, house: House) -> None:
    assert editor.model.move(1, -1) == 1
    qtbot.waitUntil(lambda: saved(house)[1].section == "Sáng tạo")
    settle(qtbot, house)


def test_a_new_line_is_saved_once_it_is_described(qtbot: Any, editor: Any, house: House) -> None:
    view = editor.lines
    view.setFocus()
    view.go_to(0, DESCRIPTION)
    qtbot.keyClick(view, Qt.Key.Key_Return, CONTROL)
    assert len(editor.model.lines) == 4 and len(saved(house)) == 3
    box = view.viewport().findChild(QLineEdit)
    assert box is not None
    box.setText("Key visual")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [x.description for x in saved(house)][:2] == ["Ý tưởng lớn", "Key visual"])
    settle(qtbot, house)
    assert saved(house)[1].section == "Sáng tạo" and len(editor.model.lines) == 4
    assert house.shell.toasts[-1][0] == "Add a line to Ra mắt Organic"


def test_a_line_only_begun_survives_another_answer_and_can_be_dropped(qtbot: Any, editor: Any, house: House) -> None:
    editor.model.add_after(0)
    editor.model.set_lines(saved(house), "VND", False)
    assert [x.description for x in editor.model.lines] == ["Ý tưởng lớn", "", "TVC 30 giây", "Ảnh sản phẩm"]
    editor.model.remove(1)
    assert len(editor.model.lines) == 3 and house.shell.toasts == []


def test_a_section_is_renamed_in_its_head(qtbot: Any, editor: Any, house: House) -> None:
    model = editor.model
    assert model.setData(model.index(2, DESCRIPTION), "Sản xuất phim")
    qtbot.waitUntil(lambda: [x.section for x in saved(house)] == ["Sáng tạo", "Sản xuất phim", "Sản xuất phim"])
    settle(qtbot, house)


def test_what_is_typed_in_a_cell_is_a_draft_and_is_here_again(qtbot: Any, editor: Any, house: House) -> None:
    editor.lines.drafted.emit(1, PRICE, "61")
    qtbot.waitUntil(lambda: house.draft("proposal_line:v") == f'[1, {PRICE}, "61"]')
    again = ProposalController(house.desk).page
    qtbot.addWidget(again)
    again.show()
    again.open_place("p")
    qtbot.waitUntil(lambda: again.editor.lines.viewport().findChild(QLineEdit) is not None)
    box = again.editor.lines.viewport().findChild(QLineEdit)
    assert box.text() == "61" and saved(house)[1].price == 620_000_000


def test_sending_freezes_and_a_new_version_goes_on(qtbot: Any, editor: Any, page: ProposalPage, house: House) -> None:
    editor.sent_wanted.emit()
    qtbot.waitUntil(lambda: house.read(lambda reader: reader.get(ProposalVersion, "v")).status == "sent")
    settle(qtbot, house)
    model = editor.model
    assert model.frozen and not model.flags(model.index(1, PRICE)) & Qt.ItemFlag.ItemIsEditable
    assert not model.setData(model.index(1, PRICE), "1")
    assert editor._new.isVisibleTo(editor) and not editor._sent.isVisibleTo(editor)
    editor.new_version_wanted.emit()
    qtbot.waitUntil(lambda: not model.frozen)
    settle(qtbot, house)
    assert len(model.lines) == 3 and model.lines[0].version != "v"
    assert house.read(lambda reader: reader.count(Query("proposal_version"))) == 3


def test_an_empty_proposal_is_not_sent(qtbot: Any, page: ProposalPage, house: House) -> None:
    page.open_place("p")
    settle(qtbot, house)
    for _ in range(3):
        page.editor.model.remove(0)
        settle(qtbot, house)
    page.editor.sent_wanted.emit()
    qtbot.waitUntil(lambda: any(tone == "danger" for _, _, tone in house.shell.toasts))
    assert house.read(lambda reader: reader.get(ProposalVersion, "v")).status == "draft"


def test_losing_needs_a_reason_beside_its_field(qtbot: Any, editor: Any, house: House) -> None:
    stage = editor.form.editor("stage")
    editor.lines.setFocus()
    stage.set_value("lost")
    stage.typed.emit()
    stage.left.emit()
    reason = editor.form.editor("outcome_reason").inner
    qtbot.waitUntil(lambda: reason.property("invalid") is True)
    assert house.read(lambda reader: reader.get(Proposal, "p")).stage == "working"


def test_a_new_proposal_gets_its_number_and_first_version(qtbot: Any, page: ProposalPage, house: House) -> None:
    page.open_place("new")
    dialog = page.findChild(FormDialog)
    assert dialog is not None
    settle(qtbot, house)
    dialog.form.editor("account").set_value(("a", "Sữa Mây Trắng"))
    dialog.form.editor("title").set_raw("Hè 2027")
    dialog.form.commit()
    qtbot.waitUntil(lambda: bool(house.shell.shown))
    key, identity = house.shell.shown[0]
    made = house.read(lambda reader: verbs.detail(reader, identity))
    assert key == "proposal" and made.proposal.title == "Hè 2027" and made.proposal.number.startswith("BG-2026-VY-A-")
    assert made.version.number == 1 and made.lines == ()


@pytest.mark.parametrize(
    ("typed", "kept"), [("8", "8%"), ("10 %", "10%"), ("kct", "KCT"), ("0", "0%"), ("5,5", "5.5%"), ("8.0%", "8%")]
)
def test_tax_rates_are_read(typed: str, kept: str) -> None:
    assert read_rate(typed) == kept


@pytest.mark.parametrize("typed", ["", "abc", "-8", "120", "8 9 %%"])
def test_what_is_no_tax_rate_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        read_rate(typed)


def test_rates_follow_the_language(dressed: None) -> None:
    model = LineTable()
    model.set_lines([line("x", 1, "", "X", 1, 1, rate="5.5%")], "VND", False)
    language.use("vi")
    assert model.data(model.index(0, RATE)) == "5,5\u00a0%"


def test_an_offer_that_outlives_its_tax_rate_says_so(qtbot: Any, editor: Any, page: ProposalPage, house: House) -> None:
    assert not any("may be 10" in words for words in all_texts(page))
    form = editor.version_form
    form.editor("valid_until").inner.setText("15/01/2027")
    form.editor("valid_until").inner.textEdited.emit("15/01/2027")
    form.commit()
    told = "VAT of 8\N{NO-BREAK SPACE}% applies until 31 Dec 2026; the rate may be 10\N{NO-BREAK SPACE}% after it."
    qtbot.waitUntil(lambda: told in all_texts(page))
    house.add(
        Rule(id="r", kind="vat", category="reduced", name="x", rate="8%", begins_on=date(2026, 1, 1)),
        Rule(id="s", kind="vat", category="standard", name="x", rate="10%", begins_on=date(2009, 1, 1)),
    )
    changes = ChangeSet(0, "", (Touched("rule", "r", Action.CREATE),), {})
    house.background.feed.published.emit(changes)
    qtbot.waitUntil(lambda: told not in all_texts(page))  # by the firm's own rules it goes on


def test_the_first_line_starts_from_the_rate_of_the_day(qtbot: Any, editor: Any, house: House) -> None:
    assert editor.model.rate == "8%"
    empty = LineTable()
    empty.rate = "10%"
    empty.set_lines([], "VND", False)
    assert empty.add_after(-1) == 0 and empty.lines[0].tax_rate == "10%"


def test_the_list_has_its_tools_and_cells_that_are_edited_in_place(
    qtbot: Any, page: ProposalPage, house: House
) -> None:
    controller = next(each for each in page.children() if isinstance(each, ProposalController))
    side = controller._listed
    page.list.place.show("p")
    assert len(page.list.model.columns) == 9
    side.edits.open("p", CLOSING)
    qtbot.waitUntil(lambda: side.edits.form is not None)
    form = side.edits.form
    form.row.inner.setText("15/12/2026")
    form.row.inner.textEdited.emit("15/12/2026")
    form.finish()
    qtbot.waitUntil(
        lambda: house.read(lambda reader: reader.get(Proposal, "p")).expected_close_on == date(2026, 12, 15)
    )
    settle(qtbot, house)
    assert page.list.model.data(page.list.model.index(1, CLOSING)) == "15 Dec 2026"
    house.desk.undo()
    settle(qtbot, house)
    assert house.read(lambda reader: reader.get(Proposal, "p")).expected_close_on is None
    names = [deed.title for deed in side.deeds()]
    assert names[0] == "Open" and "Move to Won" in names and "Move to Lost" not in names
    next(deed for deed in side.deeds() if deed.title == "Move to Negotiating").run(["p", "q"])
    settle(qtbot, house)
    assert house.shell.toasts[-1][0] == "Move 2 proposals"
    assert [group.title for group in page.list.model.answer.groups] == ["Negotiating"]
    house.desk.undo()
    settle(qtbot, house)
    next(deed for deed in side.deeds() if deed.title == "Take over").run(["p"])
    settle(qtbot, house)
    assert house.read(lambda reader: reader.get(Proposal, "p")).owner == LOCAL_PERSON_ID


def test_views_keep_search_stages_chips_and_order(qtbot: Any, page: ProposalPage, house: House) -> None:
    controller = next(each for each in page.children() if isinstance(each, ProposalController))
    side = controller._listed
    side.use_view({"text": "tet", "filter": "all", "closing": "undated", "order": ["expected_close_on", True]})
    settle(qtbot, house)
    assert list(page.list.model.answer.ids) == ["q"]
    assert page.list.filters.now.closing == "undated" and page.board.filters.now.closing == "undated"
    assert side.view_settings() == {
        "text": "tet", "filter": "all", "owner": "", "closing": "undated", "order": ["expected_close_on", True],
    }  # fmt: skip
    side.use_view({})
    settle(qtbot, house)
    assert len(page.list.model.answer.ids) == 2 and page.list.search.edit.text() == ""


def test_a_proposal_for_a_customer_begins_with_that_customer(qtbot: Any, page: ProposalPage, house: House) -> None:
    page.open_place("new:a")
    qtbot.waitUntil(lambda: page.findChild(FormDialog) is not None and page.findChild(FormDialog).isVisible())
    dialog = page.findChild(FormDialog)
    assert dialog is not None
    dialog.form.editor("title").set_raw("Trung thu")
    dialog.form.commit()
    qtbot.waitUntil(lambda: bool(house.shell.shown))
    _, identity = house.shell.shown[0]
    assert house.read(lambda reader: verbs.detail(reader, identity)).proposal.account == "a"
