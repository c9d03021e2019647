"""The client's page beside the editor: pictures after every change, refusals, the PDF in a file."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from kam_desktop.domain.entities import FIRM_ID, Firm, Proposal, ProposalLine, ProposalVersion
from kam_desktop.services import proposal as verbs
from kam_desktop.ui import theme
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.pages.proposal.compare import CompareDialog
from kam_desktop.ui.pages.proposal.controller import ProposalController
from kam_desktop.ui.pages.proposal.lines import PRICE
from tests.ui.conftest import House, account

SECRET = 77_654_321


@pytest.fixture
def page(qtbot: Any, house: House) -> Any:
    """The editor of a proposal with one line."""
    house.add(
        account("a", "Công ty Cổ phần Sữa Mây Trắng"),
        Proposal(id="p", account="a", title="Ra mắt", number="BG-1", stage="working", client_budget=10**9),
        ProposalVersion(id="v", proposal="p", number=1, valid_until=date(2026, 12, 25)),
        ProposalLine(id="l", version="v", place=1, description="Ý tưởng lớn", quantity=Decimal(1), price=180_000_000,
                     cost=SECRET),
    )  # fmt: skip
    made = ProposalController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1310), theme.px(720))
    made.show()
    made.open_place("p")
    settle(qtbot, house)
    return made


def settle(qtbot: Any, house: House) -> None:
    qtbot.waitUntil(house.background.is_idle)


def named(house: House) -> None:
    with house.store.edit("Firm") as uow:
        firm = Firm(id=FIRM_ID, legal_name="Công ty TNHH Mộc Lam")
        uow.put(firm) if uow.get(Firm, FIRM_ID) else uow.add(firm)


def images(page: Any) -> list[QImage]:
    return list(page.editor.preview._pages.images)


def text_of(file: Path) -> str:
    return " ".join(" ".join(each.get_textpage().get_text_bounded() for each in pypdfium2.PdfDocument(file)).split())


def test_the_page_follows_what_is_typed_and_the_language(qtbot: Any, page: Any, house: House) -> None:
    named(house)
    preview = page.editor.preview
    assert not images(page)  # nothing is set while nobody looks
    page.editor.toggle_preview(True)
    qtbot.waitUntil(lambda: bool(images(page)))
    first = images(page)[0]
    assert first.width() > 500 and preview._where.text() == "Page 1/1 · fits"
    model = page.editor.model
    model.setData(model.index(model.row_of(0), PRICE), "190.000.000")
    qtbot.waitUntil(lambda: images(page) and images(page)[0] != first)
    second = images(page)[0]
    preview.languages.changed.emit("en")
    qtbot.waitUntil(lambda: images(page)[0] != second)
    preview._resize(1)
    assert preview._where.text().endswith("75%") and preview._pages.minimumHeight() > 700
    preview._resize(-5)
    assert preview._where.text().endswith("fits")
    settle(qtbot, house)


def test_without_our_name_the_pane_says_what_is_missing(qtbot: Any, page: Any, house: House) -> None:
    with house.store.edit("No firm") as uow:
        if uow.get(Firm, FIRM_ID):
            uow.delete(Firm, FIRM_ID)
    page.editor.toggle_preview(True)
    qtbot.waitUntil(lambda: "heads every paper" in page.editor.preview._said.text())
    assert not images(page)


def test_two_versions_stand_beside_each_other(qtbot: Any, page: Any, house: House, qtmodeltester: Any) -> None:
    with house.store.edit("Next") as uow:
        newest = verbs.new_version(uow, "v")
    with house.store.edit("Lines") as uow:
        [kept] = verbs.lines_of(uow, newest.id)
        more = ProposalLine(id="", version="", place=1, description="Quà", quantity=Decimal(2), price=500)
        verbs.set_lines(uow, newest.id, [dataclasses.replace(kept, price=190_000_000), more])
    page.open_place("")
    settle(qtbot, house)
    page.open_place("p")
    settle(qtbot, house)
    menu = page.editor._versions
    assert [each.text() for each in menu.actions() if each.text()] == [
        "Version 2 · draft", "Version 1 · draft", "Compare with version 1",
    ]  # fmt: skip
    menu.actions()[-1].trigger()
    settle(qtbot, house)
    dialog = page.findChild(CompareDialog)
    model = dialog.model
    qtmodeltester.check(model)
    rows = [[model.data(model.index(row, column)) for column in range(7)] for row in range(model.rowCount())]
    assert rows[1:3] == [
        ["changed", "Ý tưởng lớn", "1 × 180,000,000 · 8%", "180,000,000", "1 × 190,000,000 · 8%", "190,000,000",
         "+10,000,000"],
        ["added", "Quà", "", "–", "2 × 500 · 8%", "1,000", "+1,000"],
    ]  # fmt: skip
    assert [(row[1], row[6]) for row in rows[4:]] == [
        ("Before VAT", "+10,001,000"), ("VAT", "+800,080"), ("Total", "+10,801,080"),
    ]  # fmt: skip
    assert not any("77,654,321" in str(cell) for row in rows for cell in row)
    dialog.close()


def test_ctrl_p_writes_the_pdf_without_our_cost(
    qtbot: Any, page: Any, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(house)
    asked: list[str] = []

    def choose(_parent: Any, _title: str, name: str, _kinds: Any) -> Path:
        asked.append(name)
        return tmp_path / "out"

    monkeypatch.setattr(dialogs, "choose_target", choose)
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page.editor.lines.setFocus()
    qtbot.keyClick(page.editor.lines, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(house.shell.toasts))
    assert asked == ["BG-1 Ra mắt.pdf"]
    assert house.shell.toasts[-1][0] == "out.pdf is written"
    found = text_of(tmp_path / "out.pdf")
    assert "Ý tưởng lớn" in found and "180.000.000" in found
    assert f"{SECRET:,}".replace(",", ".") not in found and "1.000.000.000" not in found
    settle(qtbot, house)


def test_what_stands_beside_the_lines_stands_there_next_time(qtbot: Any, page: Any, house: House) -> None:
    page.editor._side.changed.emit("page")
    qtbot.waitUntil(house.background.is_idle)
    assert house.desk.remembered["proposal.side"] == "page"
    again = ProposalController(house.desk).page
    qtbot.addWidget(again)
    assert again.editor.preview.isVisibleTo(again.editor)
