"""Carries rules, payment terms and reminder steps between the settings' views and their verbs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from kam_desktop.domain.entities import DunningStep, PaymentTerm, Rule
from kam_desktop.domain.errors import Refused
from kam_desktop.language import N_, tr
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.pages.settings.reminders import RemindersView, StepForm
from kam_desktop.ui.pages.settings.rules import ADD, HOLIDAY, KINDS, NEXT, WORKED, RuleForm, RulesView
from kam_desktop.ui.pages.settings.term_draft import DRAFT, drafts_of
from kam_desktop.ui.pages.settings.term_editor import TermRow
from kam_desktop.ui.pages.settings.terms import TermsView
from kam_desktop.ui.shortcuts import add_shortcut


class Law(QObject):
    """A part of the settings' controller.

    Attributes:
        verbs: gives the verbs of rules and terms (services.rule), asked for in the lane only.
    """

    def __init__(self, desk: RecordController, page: QWidget, rules: RulesView, terms: TermsView,
                 reminders: RemindersView, verbs: Callable[[], Any]) -> None:  # fmt: skip
        super().__init__(desk)
        self._desk, self._page, self._rules, self._terms, self._verbs = desk, page, rules, terms, verbs
        self._reminders = reminders
        reminders.wanted.connect(self._on_step)
        reminders.removed.connect(self._on_step_removed)
        reminders.usual_wanted.connect(self._on_usual_steps)
        self._archived = self._begun = False
        rules.wanted.connect(self._on_rule)
        rules.removed.connect(self._on_rule_removed)
        terms.save_wanted.connect(self._on_save)
        terms.archive_wanted.connect(self._on_archive)
        terms.usual_wanted.connect(self._on_usual)
        terms.new_wanted.connect(self._on_new)
        terms.archived_chosen.connect(self._on_archived)
        terms.drafted.connect(self._on_draft)
        add_shortcut(page, "new", self._on_new_key)

    def _on_new_key(self) -> None:
        """The key for something new: a rule, a payment term, or in a term's editor another part of it."""
        if self._rules.isVisible():
            self._rules.want(ADD)
        elif self._reminders.isVisible():
            self._reminders.wanted.emit("")
        elif self._terms.isVisible():
            focused = self._page.focusWidget()
            editor = self._terms.editor
            if editor.term is not None and focused is not None and editor.isAncestorOf(focused):
                editor.add_part()
            else:
                self._on_new()

    def ask_rules(self) -> None:
        """Asks for all rules."""
        verbs = self._verbs
        self._desk.ask(
            lambda reader: {kind: verbs().rules(reader, kind) for kind in KINDS}, self._rules.show_rules, "rules"
        )

    def ask_terms(self, then: Callable[[], object] = lambda: None) -> None:
        """Asks for the payment terms, and for what was typed into them and never saved."""
        verbs, archived = self._verbs, self._archived

        def question(reader: Any) -> tuple[list[TermRow], dict[str, TermRow]]:
            rows = [TermRow(each.term, each.lines) for each in verbs().term_list(reader, archived)]
            return rows, drafts_of(reader)

        def show(answer: tuple[list[TermRow], dict[str, TermRow]]) -> None:
            if not self._begun:  # what was typed and never saved is brought back once
                self._begun = True
                self._terms.bring_back(answer[1])
            self._terms.show_terms(answer[0], archived=archived)
            then()

        self._desk.ask(question, show, "terms")

    def reopen_term(self, key: str) -> None:
        """Brings up the editor of a payment term as it was; the key is TermEditor.draft_key."""
        term, _, part = key.removeprefix(DRAFT).partition("#")

        def show() -> None:
            self._terms.place.show(term)
            self._terms.editor.parts.go_to(int(part or 0))

        self.ask_terms(show)

    def _on_draft(self, key: str, draft: dict[str, Any]) -> None:
        value = json.dumps(draft, ensure_ascii=False) if draft else None
        self._desk.desk.background.edit(lambda uow: uow.set_draft(f"{DRAFT}{key}", value), label="")

    # Rules.

    def reopen_rule(self, deed: str, kind: str, key: str) -> None:
        """Brings up the form of a rule as it was; the rules are asked for first."""
        verbs = self._verbs
        self._rules.kinds.choose(kind)

        def show(found: dict[str, Any]) -> None:
            self._rules.show_rules(found)
            self._on_rule(deed, key)

        self._desk.ask(lambda reader: {each: verbs().rules(reader, each) for each in KINDS}, show, "rules")

    def _on_rule(self, deed: str, key: str) -> None:
        verbs, kind, today = self._verbs, self._rules.kind(), self._desk.desk.today()
        current = self._rules.rule(key)
        if deed == ADD or current is None:
            category = "reduced" if kind == "vat" else ""
            record = Rule(id=self._desk.desk.new_id(), kind=kind, name="", category=category, begins_on=today)
            title, label = tr("Add rule"), N_("Add rule {name}")
        elif deed == NEXT:
            begins = current.ends_on + timedelta(days=1) if current.ends_on is not None else today
            record = dataclasses.replace(
                current, id=self._desk.desk.new_id(), begins_on=begins, ends_on=None, source=""
            )
            title, label = tr("End it and begin the next"), N_("End a rule and begin {name}")
        else:
            record, title, label = current, tr("Change rule"), N_("Change rule {name}")
        form = RuleForm(record, today)
        dialog = FormDialog(self._page, title, form, tr("Save"))

        def save(uow: Any, rule: Rule) -> Rule:
            made: Rule = verbs().begin_next(uow, key, rule) if deed == NEXT else verbs().save(uow, rule)
            return made

        # a seed that stands in is no record yet: it is written whole, as a new one is
        self._desk.bind(form, label, label, dialog.saved, save)
        form.show_record(record, is_new=True)
        self._desk.ask_draft(form, f"{deed}:{kind}:{key if deed != ADD else ''}")
        dialog.open()
        form.editor("begins_on" if deed == NEXT or (kind in (HOLIDAY, WORKED) and deed != ADD) else "name").setFocus()

    def _on_rule_removed(self, key: str) -> None:
        verbs, rule = self._verbs, self._rules.rule(key)
        name = rule.name if rule is not None else ""
        self._desk.edit(lambda uow: verbs().remove(uow, key), N_("Delete rule {name}"), name=name)

    # Reminder steps.

    def ask_steps(self, then: Callable[[], object] = lambda: None) -> None:
        """Asks for the reminder steps."""
        verbs = self._verbs

        def show(steps: Any) -> None:
            self._reminders.show_steps(steps)
            then()

        self._desk.ask(lambda reader: verbs().reminder_steps(reader), show, "steps")

    def reopen_step(self, key: str) -> None:
        """Brings up the form of a reminder step as it was; "" for a new one."""
        self.ask_steps(lambda: self._on_step(key))

    def _on_step(self, key: str) -> None:
        verbs, current = self._verbs, self._reminders.step(key)
        label = N_("Add reminder step {name}") if current is None else N_("Change reminder step {name}")
        title = tr("Add reminder step") if current is None else tr("Change reminder step")
        record = current or DunningStep(id=self._desk.desk.new_id(), place=1, name="", days_after_due=None)
        form = StepForm(self._desk.desk.today())
        dialog = FormDialog(self._page, title, form, tr("Save"))

        def save(uow: Any, step: DunningStep) -> DunningStep:
            made: DunningStep = verbs().save_step(uow, step)
            return made

        self._desk.bind(form, label, label, dialog.saved, save)
        form.show_record(record, is_new=True)  # a seed that stands in is no record yet
        self._desk.ask_draft(form, key if current is not None else "step")
        dialog.open()
        form.editor("name").setFocus()

    def _on_step_removed(self, key: str) -> None:
        verbs, step = self._verbs, self._reminders.step(key)
        name = step.name if step is not None else ""
        self._desk.edit(lambda uow: verbs().remove_step(uow, key), N_("Delete reminder step {name}"), name=name)

    def _on_usual_steps(self) -> None:
        verbs = self._verbs
        self._desk.edit(lambda uow: verbs().usual_steps(uow), N_("Add the usual reminder steps"))

    # Payment terms.

    def _on_save(self, row: TermRow) -> None:
        verbs = self._verbs

        def done(_saved: Any) -> None:
            self._terms.saved(row.term.id)
            self.ask_terms()

        def fail(failure: Any) -> None:
            if isinstance(failure, Refused):
                self._terms.editor.show_problems(failure.problems)

        label = N_("Add payment term {name}") if row.is_new else N_("Change payment term {name}")

        def work(uow: Any) -> Any:
            uow.set_draft(f"{DRAFT}{row.term.id}", None)
            return verbs().save_term(uow, row.term, row.lines)

        self._desk.edit(work, label, done, fail, name=row.term.name)

    def _on_archive(self, key: str, archived: bool) -> None:
        verbs = self._verbs
        label = N_("Archive {name}") if archived else N_("Bring back {name}")
        term = self._terms.editor.term
        name = term.name if term is not None else ""
        self._desk.edit(lambda uow: verbs().archive_term(uow, key, archived), label, name=name)

    def _on_usual(self) -> None:
        verbs = self._verbs
        self._desk.edit(lambda uow: verbs().seed_terms(uow), N_("Add the usual payment terms"))

    def _on_new(self) -> None:
        self._terms.begin(TermRow(PaymentTerm(id=self._desk.desk.new_id(), name=""), (), is_new=True))

    def _on_archived(self, archived: bool) -> None:
        self._archived = archived
        self.ask_terms()
