"""Rules and payment terms in the settings: changed by keyboard, refused with all reasons, previewed."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel

from kam_desktop.domain.entities import FIRM_ID, Firm, PaymentTerm, PaymentTermLine, Rule
from kam_desktop.domain.locale.vietnam import seeds, vat
from kam_desktop.domain.query import Query
from kam_desktop.services import rule
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.pages.settings.controller import SettingsController
from kam_desktop.ui.pages.settings.page import FIRM, RULES, TERMS, SettingsPage
from kam_desktop.ui.pages.settings.rules import RuleForm, RulesView, rule_words, state_of
from kam_desktop.ui.pages.settings.term_editor import TermRow
from kam_desktop.ui.pages.settings.term_lines import due_words
from tests.ui.conftest import House

TODAY = date(2026, 11, 23)
EIGHT = next(each for each in seeds.rules() if each.ends_on == date(2026, 12, 31))


@pytest.fixture
def page(qtbot: Any, house: House) -> SettingsPage:
    made = SettingsController(house.desk).page
    qtbot.addWidget(made)
    made.resize(theme.px(1146), theme.px(700))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    qtbot.waitUntil(house.background.is_idle)
    return made


def show(qtbot: Any, page: SettingsPage, house: House, key: str) -> None:
    page.open_place(key)
    qtbot.waitUntil(house.background.is_idle)


def words(model: Any, row: int) -> list[str]:
    return [str(model.index(row, column).data() or "") for column in range(model.columnCount())]


def said(widget: Any) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def form(qtbot: Any, page: SettingsPage) -> Any:
    qtbot.waitUntil(lambda: any(each.isVisible() for each in page.findChildren(QDialog)))
    dialog = next(each for each in page.findChildren(QDialog) if each.isVisible())
    return dialog.findChild(RuleForm)


def typed(form: Any, name: str, text: str) -> None:
    inner = form.editor(name).inner
    inner.setFocus()
    inner.selectAll()
    inner.insert(text)
    inner.textEdited.emit(inner.text())


def closed(qtbot: Any, page: SettingsPage) -> None:
    qtbot.waitUntil(lambda: not any(each.isVisible() for each in page.findChildren(QDialog)))


def vat_rules(house: House) -> Any:
    return house.read(rule.vat_rules)


# Rules.


def test_the_seeds_are_shown_with_their_sources_where_the_firm_has_none(
    qtbot: Any, page: SettingsPage, house: House, qtmodeltester: Any
) -> None:
    show(qtbot, page, house, RULES)
    model = page.rules.model
    qtbot.waitUntil(lambda: model.rowCount() == len(vat.SEEDS))
    assert words(model, 0) == [
        "Reduced rate · 8\N{NO-BREAK SPACE}%", "Thuế GTGT 8 % (giảm thuế)", "1 Jul 2025", "31 Dec 2026",
        "Nghị quyết 204/2025/QH15; Nghị định 174/2025/NĐ-CP", "In force",
    ]  # fmt: skip
    assert "let an accountant confirm" in said(page)
    qtmodeltester.check(model)
    for kind, first in (
        ("provision", "From 6 months overdue: 30%"),
        ("late_interest", "10% a year"),
    ):
        page.rules.kinds.choose(kind)
        page.rules.kinds.changed.emit(kind)
        assert words(model, 0)[0] == first
    page.rules.kinds.choose("holiday")
    page.rules.kinds.changed.emit("holiday")
    assert model.rowCount() == 0


def test_a_standing_seed_is_changed_by_keyboard_and_the_others_stay(
    qtbot: Any, page: SettingsPage, house: House
) -> None:
    show(qtbot, page, house, RULES)
    page.rules.place.show(EIGHT.id)
    qtbot.keyClick(page.rules.table, Qt.Key.Key_Return)
    dialog = form(qtbot, page)
    typed(dialog, "ends_on", "30/06/2027")
    dialog.entered.emit()
    closed(qtbot, page)
    assert vat.rule_on(date(2027, 6, 30), "reduced", vat_rules(house)).rate == "8%"  # type: ignore[union-attr]
    assert len(vat_rules(house)) == len(vat.SEEDS)
    qtbot.waitUntil(lambda: words(page.rules.model, 0)[3] == "30 Jun 2027")
    house.shell.toasts[-1][1]()  # type: ignore[misc]
    qtbot.waitUntil(lambda: words(page.rules.model, 0)[3] == "31 Dec 2026")


def test_ending_a_rule_and_beginning_the_next_in_one_step(qtbot: Any, page: SettingsPage, house: House) -> None:
    show(qtbot, page, house, RULES)
    page.rules.place.show(EIGHT.id)
    page.rules.want("next")
    dialog = form(qtbot, page)
    assert dialog.editor("begins_on").raw() == "1 Jan 2027"
    typed(dialog, "rate", "9")
    typed(dialog, "source", "A later paper")
    dialog.entered.emit()
    closed(qtbot, page)
    rules = vat_rules(house)
    rates = [vat.rule_on(day, "reduced", rules) for day in (date(2026, 12, 31), date(2027, 1, 1))]
    assert [each.rate for each in rates if each] == ["8%", "9%"]


def test_an_overlap_is_refused_at_its_field_and_what_was_typed_stays(
    qtbot: Any, page: SettingsPage, house: House
) -> None:
    show(qtbot, page, house, RULES)
    page.tabs.setFocus()
    qtbot.keyClick(page.tabs, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    dialog = form(qtbot, page)
    typed(dialog, "name", "Trùng ngày")
    typed(dialog, "rate", "7 %")
    dialog.entered.emit()
    qtbot.waitUntil(lambda: "is in force from 01/07/2025 to 31/12/2026" in said(dialog))
    assert dialog.editor("name").raw() == "Trùng ngày" and not house.read(lambda reader: reader.all(Query("rule")))
    typed(dialog, "rate", "12.345.678")
    dialog.entered.emit()
    qtbot.waitUntil(lambda: "is not a tax rate" in said(dialog))


def test_a_rule_is_deleted_and_comes_back(qtbot: Any, page: SettingsPage, house: House) -> None:
    own = Rule(id="r1", kind="holiday", name="Nghỉ hè", begins_on=date(2026, 7, 30), ends_on=date(2026, 7, 31))
    house.add(own)
    show(qtbot, page, house, RULES)
    page.rules.kinds.choose("holiday")
    page.rules.kinds.changed.emit("holiday")
    qtbot.waitUntil(lambda: page.rules.model.rowCount() == 1)
    assert words(page.rules.model, 0)[0] == "2 days"
    page.rules.table.setFocus()
    qtbot.keyClick(page.rules.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: page.rules.model.rowCount() == 0)
    house.shell.toasts[-1][1]()  # type: ignore[misc]
    qtbot.waitUntil(lambda: page.rules.model.rowCount() == 1)


@pytest.mark.parametrize(
    ("begins", "ends", "kind", "state"),
    [
        ("2026-11-23", None, "vat", "running"), ("2026-11-24", None, "vat", "later"),
        ("2026-01-01", "2026-11-23", "vat", "running"), ("2026-01-01", "2026-11-22", "vat", "over"),
        ("2026-11-22", None, "holiday", "over"), ("2026-11-23", None, "holiday", "running"),
    ],
)  # fmt: skip
def test_what_is_in_force_today(begins: str, ends: str | None, kind: str, state: str) -> None:
    last = date.fromisoformat(ends) if ends else None
    made = Rule(id="r", kind=kind, name="x", begins_on=date.fromisoformat(begins), ends_on=last, rate="8%")
    assert state_of(made, TODAY) == state


def test_a_category_of_the_firms_own_stays(qtbot: Any, dressed: None) -> None:
    own = dataclasses.replace(EIGHT, category="Phần mềm", rate="KCT")
    made = RuleForm(own, TODAY)
    qtbot.addWidget(made)
    made.show_record(own)
    assert made.editor("category").value() == "Phần mềm" and rule_words(own) == "Phần mềm · KCT"
    assert RulesView(TODAY).rule("nothing") is None


def test_the_day_from_which_finance_confirms_receipts(qtbot: Any, page: SettingsPage, house: House) -> None:
    show(qtbot, page, house, FIRM)
    typed(page.form, "legal_name", "Mộc Lam")
    qtbot.keyClick(page.form.editor("legal_name").inner, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not page.form.is_new)
    typed(page.form, "confirmation_begins_on", "01/12/2026")
    qtbot.keyClick(page.form.editor("confirmation_begins_on").inner, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: house.read(lambda reader: reader.get(Firm, FIRM_ID)).confirmation_begins_on == date(2026, 12, 1)
    )


# Payment terms.


def terms_shown(qtbot: Any, page: SettingsPage, house: House) -> Any:
    """The payment terms of a firm that has the usual ones."""
    with house.store.edit("Terms") as uow:
        rule.seed_terms(uow)
    show(qtbot, page, house, TERMS)
    qtbot.waitUntil(lambda: page.terms.model.rowCount() == 6)
    return page.terms


def named(house: House, name: str) -> Any:
    return next((each for each in house.read(rule.term_list) if each.term.name == name), None)


def set_text(editor: Any, text: str) -> None:
    editor.inner.setText(text)
    editor.inner.textEdited.emit(text)


def test_without_terms_the_usual_ones_are_offered(qtbot: Any, page: SettingsPage, house: House) -> None:
    show(qtbot, page, house, TERMS)
    usual = [each for each in page.findChildren(Button) if "usual" in each.accessibleName() and each.isVisible()]
    usual[0].click()
    qtbot.waitUntil(lambda: page.terms.model.rowCount() == 6)


def test_the_preview_splits_a_hundred_million_today(
    qtbot: Any, page: SettingsPage, house: House, qtmodeltester: Any
) -> None:
    view = terms_shown(qtbot, page, house)
    view.place.show(named(house, "50/40/10: tạm ứng, nghiệm thu, bảo hành").term.id)
    qtbot.waitUntil(lambda: view.editor.parts.rows.rowCount() == 3)
    qtbot.waitUntil(lambda: "₫10,000,000" in said(view.editor._preview))
    shown = said(view.editor._preview)
    assert "₫50,000,000 | Due 23 Nov 2026" in shown and shown.count("Waiting for papers") == 2
    assert "Confirmed today: due 23 Dec 2026" in shown and "Confirmed today: due 23 Nov 2027" in shown
    assert words(view.editor.parts.rows, 2) == ["3", "Giữ lại bảo hành", "The rest", "Papers complete, + 12 months"]
    qtmodeltester.check(view.editor.parts.rows)
    view.editor.parts.go_to(1)
    assert words(view.editor.steps.rows, 0) == ["1", "+ 30 days"]
    qtmodeltester.check(view.editor.steps.rows)
    qtmodeltester.check(view.model)


def test_a_term_is_made_by_keyboard_with_its_steps_in_order(qtbot: Any, page: SettingsPage, house: House) -> None:
    view = terms_shown(qtbot, page, house)
    editor = view.editor
    view.new_wanted.emit()
    set_text(editor._names[0].editor, "Cuối tháng rồi 10 ngày")
    assert not editor.parts.rows.rowCount()
    qtbot.waitUntil(lambda: "at least one part" in said(editor._preview))
    qtbot.keyClick(editor._names[0].editor.inner, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert words(editor.parts.rows, 0)[2] == "100\N{NO-BREAK SPACE}%"
    set_text(editor._part["value"].editor, "30")
    editor.add_part()
    assert [words(editor.parts.rows, row)[2] for row in (0, 1)] == ["30\N{NO-BREAK SPACE}%", "The rest"]
    editor._part["from_papers"].editor.inner.click()
    editor._step_count.inner.setText("10")
    qtbot.keyClick(editor._step_count.inner, Qt.Key.Key_Return)
    editor._step_kind.setCurrentIndex(2)
    editor._step_kind.activated.emit(2)
    editor._add_step.click()
    assert words(editor.parts.rows, 1)[3] == "Papers complete, + 10 days, end of the month"
    editor.steps.setFocus()
    editor.steps.go_to(1)
    qtbot.keyClick(editor.steps, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert due_words(editor.working().lines[1]) == "Papers complete, end of the month, + 10 days"
    qtbot.waitUntil(lambda: "Confirmed today: due 10 Dec 2026" in said(editor._preview))
    qtbot.keyClick(editor.steps, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: named(house, "Cuối tháng rồi 10 ngày") is not None)
    saved = named(house, "Cuối tháng rồi 10 ngày")
    assert [(each.kind, each.value, each.steps, each.from_papers) for each in saved.lines] == [
        ("percent", Decimal(30), (), False), ("rest", None, ("end_of_month", "days 10"), True),
    ]  # fmt: skip
    qtbot.waitUntil(lambda: not editor.is_changed())


def test_what_is_wrong_is_said_all_at_once_and_nothing_is_lost(qtbot: Any, page: SettingsPage, house: House) -> None:
    view = terms_shown(qtbot, page, house)
    editor = view.editor
    half = named(house, "50/50: tạm ứng, nghiệm thu")
    view.place.show(half.term.id)
    qtbot.waitUntil(lambda: editor.parts.rows.rowCount() == 2)
    set_text(editor._names[0].editor, "")
    set_text(editor._part["value"].editor, "70")
    editor.save_wanted.emit()
    qtbot.waitUntil(lambda: "add up to 120" in said(editor))
    qtbot.waitUntil(lambda: "Name is missing." in said(editor))
    set_text(editor._part["value"].editor, "abc")
    assert "is not a number" in said(editor) and editor.working().lines[0].value == 70
    other = next(key for key in view.model.answer.ids if key != half.term.id)
    view.place.show(other)
    assert editor.term.id == other and not editor.is_changed()
    view.place.show(half.term.id)
    assert editor.working().lines[0].value == 70 and editor.is_changed()  # it waited
    house.background.feed.published.emit(_changed(half.term.id))
    qtbot.waitUntil(house.background.is_idle)
    assert editor.working().lines[0].value == 70
    editor.discard_wanted.emit()
    assert editor.working().lines[0].value == 50 and not editor.is_changed()
    assert named(house, "50/50: tạm ứng, nghiệm thu") == half


def _changed(key: str) -> Any:
    from kam_desktop.domain.change import Action, ChangeSet, Touched

    return ChangeSet(0, "", (Touched("payment_term", key, Action.UPDATE),), {})


def test_parts_are_moved_and_taken_away_and_a_term_is_archived(qtbot: Any, page: SettingsPage, house: House) -> None:
    view = terms_shown(qtbot, page, house)
    editor = view.editor
    key = named(house, "30/40/30: tạm ứng, giữa kỳ, nghiệm thu").term.id
    view.place.show(key)
    qtbot.waitUntil(lambda: editor.parts.rows.rowCount() == 3)
    editor.parts.setFocus()
    editor.parts.go_to(2)
    qtbot.keyClick(editor.parts, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [line.name for line in editor.working().lines] == ["Tạm ứng", "Sau nghiệm thu", "Giữa kỳ"]
    assert editor.parts.row() == 1
    qtbot.keyClick(editor.parts, Qt.Key.Key_Delete)
    assert len(editor.working().lines) == 2
    qtbot.waitUntil(lambda: "must be the remainder" in said(editor._preview))
    editor.discard_wanted.emit()
    editor.archive_wanted.emit(True)
    qtbot.waitUntil(lambda: view.model.rowCount() == 5)
    assert house.read(lambda reader: reader.get(PaymentTerm, key)).archived
    view.archived_chosen.emit(True)
    qtbot.waitUntil(lambda: view.model.rowCount() == 1)


def test_a_begun_term_can_be_dropped(qtbot: Any, page: SettingsPage, house: House) -> None:
    view = terms_shown(qtbot, page, house)
    view.new_wanted.emit()
    assert view.model.rowCount() == 7
    view.editor.discard_wanted.emit()
    assert view.model.rowCount() == 6
    line = PaymentTermLine(id="", term="t", place=1, kind="fixed", value=Decimal(5_000_000))
    row = TermRow(PaymentTerm(id="t", name="x"), (line,))
    view.editor.show_term(row)
    assert words(view.editor.parts.rows, 0)[2] == "5,000,000, fixed"
