"""The dated rules in the settings: a table for each kind, the form of one, what is in force today."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.domain.entities import Rule
from kam_desktop.domain.locale.vietnam import vat
from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.form_dialog import two_columns
from kam_desktop.ui.kit.buttons import Button, Segmented
from kam_desktop.ui.kit.cells import DateCell, Look, PillCell, TextCell
from kam_desktop.ui.kit.editors import ChoiceEditor, LineEditor
from kam_desktop.ui.kit.frames import Line, Panel
from kam_desktop.ui.kit.labels import PlainLabel, caption
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.kit.record_table import Answer, KeptPlace, RecordTable, TableColumn
from kam_desktop.ui.kit.states import Notice
from kam_desktop.ui.kit.table_view import Column
from kam_desktop.ui.removing_table import RemovingTable

VAT, PROVISION, INTEREST, HOLIDAY, WORKED = "vat", "provision", "late_interest", "holiday", "working_day"
KINDS = (VAT, PROVISION, INTEREST, HOLIDAY, WORKED)
CHANGE, ADD, NEXT = "change", "add", "next"
_SOON_DAYS = 92  # a rule that ends so soon is marked: the next one has to be looked up


def kind_names() -> dict[str, str]:
    """The kinds of rules in the current language."""
    return {
        VAT: tr("VAT rates"), PROVISION: tr("Provision"), INTEREST: tr("Late interest"), HOLIDAY: tr("Days off"),
        WORKED: tr("Days worked instead"),
    }  # fmt: skip


def category_names() -> dict[str, str]:
    """The two tax categories that the program knows by name."""
    return {"standard": tr("Standard rate"), "reduced": tr("Reduced rate")}


def rule_words(rule: Rule) -> str:
    """What a rule says, in short: 8 %, from 6 months: 30 %, 10 % a year."""
    percent = formats.percent(rule.percent, 0 if rule.percent == (rule.percent or Decimal(0)).to_integral() else 2)
    match rule.kind:
        case "vat":
            rate = rule.rate.replace("%", formats.NBSP + "%")
            return f"{category_names().get(rule.category, rule.category)} · {rate}".strip(" ·")
        case "provision":
            return tr("From {n} months overdue: {percent}", n=rule.months, percent=percent)
        case "late_interest":
            return tr("{percent} a year", percent=percent)
    last = rule.ends_on or rule.begins_on
    days = (last - rule.begins_on).days + 1 if last is not None and rule.begins_on is not None else 1
    return tr("1 day") if days == 1 else tr("{n} days", n=days)


def state_of(rule: Rule, today: date) -> str:
    """running, later or over."""
    if rule.begins_on is not None and today < rule.begins_on:
        return "later"
    last = rule.ends_on if rule.kind not in (HOLIDAY, WORKED) else rule.ends_on or rule.begins_on
    return "over" if last is not None and last < today else "running"


_LOOKS = {"running": Look(tone="success", icon="check"), "later": Look(tone="info", icon="clock"), "over": None}


class RuleForm(RecordForm):
    """One rule: the fields that its kind has."""

    def __init__(self, record: Rule, today: date) -> None:
        super().__init__(Rule, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        rows: list[list[QWidget]] = [[self.add("name")]]
        if record.kind == VAT:
            field = Rule.entity.field("category")
            names = category_names()
            known = (*names, *([record.category] if record.category not in ("", *names) else []))
            choice = ChoiceEditor(dataclasses.replace(field, options=known, default=known[0]), names)
            rate = LineEditor(Rule.entity.field("rate"), _read_rate, str, "8 %, KCT")
            rows.append([self.add("category", choice), self.add("rate", rate)])
        elif record.kind == PROVISION:
            rows.append([self.add("months"), self.add("percent")])
        elif record.kind == INTEREST:
            rows.append([self.add("percent"), QWidget()])
        rows += [[self.add("begins_on"), self.add("ends_on")], [self.add("source")]]
        box.addLayout(two_columns(rows))
        if record.kind == PROVISION:
            told = tr("Lines that begin on the same day make one table, and end together.")
            box.addWidget(caption(told, wrap=True))


def _read_rate(text: str) -> str:
    return vat.read(text, "rate").code if text else ""


class RulesView(QWidget):
    """The rules of one kind at a time.

    Signals:
        wanted(str, str): CHANGE, ADD or NEXT, and the id of the current rule ("" for none).
        removed(str): that rule is to be taken away.
    """

    wanted = Signal(str, str)
    removed = Signal(str)

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today
        self._rules: Mapping[str, Sequence[Rule]] = {}
        names = kind_names()
        self.kinds = Segmented([(key, names[key]) for key in KINDS], VAT, name=tr("Kind of rule"))
        self.kinds.changed.connect(lambda _key: self._show())
        self._help = PlainLabel(tone="text2", wrap=True)
        told = tr("These rules came with the program, each with the paper it is from. Laws change: let an accountant "
                  "confirm them before figures leave the house.")  # fmt: skip
        note = Notice(told, "warning", "triangle-alert")
        self._add = Button(tr("Add rule"), icon="plus", key=keymap.shown("new"))
        self._change = Button(tr("Change"), icon="pencil", kind="flat")
        self._next = Button(tr("End it and begin the next"), icon="calendar-clock", kind="flat")
        self._remove = Button(tr("Delete"), icon="trash-2", kind="flat")
        head = Panel(margins=(24, 16, 24, 8), gap=10).add(note)
        head.add(Panel(row=True, gap=8).add(self.kinds, None))
        head.add(self._help)
        head.add(Panel(row=True, gap=8).add(self._add, self._change, self._next, self._remove, None))
        states = {"running": tr("In force"), "later": tr("Not yet in force"), "over": tr("Over")}

        def ending(rule: Rule) -> Look | None:
            soon = rule.ends_on is not None and today <= rule.ends_on <= today + timedelta(days=_SOON_DAYS)
            return Look(tone="warning", strong=True) if soon and rule.kind not in (HOLIDAY, WORKED) else None

        columns = [
            (TableColumn(tr("What it says"), rule_words), Column(190, TextCell(name=True))),
            (TableColumn(tr("Name"), lambda rule: rule.name), Column(210, TextCell("text2"), 1)),
            (TableColumn(tr("Valid from"), lambda rule: formats.day(rule.begins_on)), Column(90, DateCell("text"))),
            (TableColumn(tr("Valid until"), lambda rule: formats.day(rule.ends_on), ending), Column(90, DateCell())),
            (TableColumn(tr("Source"), lambda rule: rule.source), Column(0, TextCell("text2"))),
            (TableColumn("", lambda rule: states[state_of(rule, today)],
                         lambda rule: _LOOKS[state_of(rule, today)]), Column(150, PillCell())),
        ]  # fmt: skip
        self.model, self.table = RecordTable([each for each, _ in columns]), RemovingTable(tr("Rules"))
        self.model.setParent(self.table)
        self.place = KeptPlace(self.table, self.model)
        self.table.set_columns([each for _, each in columns])
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(head)
        box.addWidget(Line())
        box.addWidget(self.table, 1)
        for button, deed in ((self._add, ADD), (self._change, CHANGE), (self._next, NEXT)):
            button.clicked.connect(lambda _on=False, deed=deed: self.want(deed))
        self._remove.clicked.connect(self._on_remove)
        self.table.opened.connect(lambda _index: self.want(CHANGE))
        self.table.removed.connect(self._on_remove)
        self.place.current_changed.connect(lambda _key: self._tell())
        self._show()

    def kind(self) -> str:
        """The kind that is shown."""
        return self.kinds.chosen()

    def show_rules(self, rules: Mapping[str, Sequence[Rule]]) -> None:
        """Shows the rules of every kind, the newest first."""
        self._rules = rules
        self._show()

    def rule(self, identity: str) -> Rule | None:
        """A shown rule by its id."""
        return next((rule for rule in self._rules.get(self.kind(), ()) if rule.id == identity), None)

    def want(self, deed: str) -> None:
        """Asks for a form, if there is something to change."""
        if deed == ADD or self.place.current():
            self.wanted.emit(deed, self.place.current())

    def _show(self) -> None:
        help_texts = {
            VAT: tr("A line of an offer starts from the rate of its product's category on that day. What the temporary "
                    "lowering covers is your decision: telecoms, finance, insurance, real estate, metals and mining "
                    "are left out of it."),
            PROVISION: tr("The estimate for doubtful debts: from so many months after the original due date on, so "
                          "many percent of what is open."),
            INTEREST: tr("Interest for late payment where a contract names none; simple, on a year of 365 days, "
                         "provisional."),
            HOLIDAY: tr("The firm's own days off, besides the public holidays that the program knows."),
            WORKED: tr("Days that are worked although they are a public holiday or a weekend, such as swapped "
                       "Saturdays."),
        }  # fmt: skip
        kind = self.kind()
        self._help.setText(help_texts[kind])
        shown = {rule.id: rule for rule in self._rules.get(kind, ())}
        self.model.set_answer(Answer(list(shown), (), shown))
        self._next.setVisible(kind not in (HOLIDAY, WORKED))
        if shown and not self.place.current():
            self.place.show(next(iter(shown)))
        self._tell()

    def _tell(self) -> None:
        there = self.rule(self.place.current()) is not None
        for button in (self._change, self._next, self._remove):
            button.setEnabled(there)

    def _on_remove(self) -> None:
        if self.rule(self.place.current()) is not None:
            self.removed.emit(self.place.current())
