"""What every controller does: asks when its page is seen, listens, saves what a form commits.

How a page is made: `page.py` is a widget that shows frozen values and emits signals, `form.py` a RecordForm, and
`controller.py` a RecordController that makes them, asks services through `self.desk.background`, and listens.
One line in `ui/pages/__init__.py` puts it into the window.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from kam_desktop.domain.change import ChangeSet
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Refused
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.background import Failure
from kam_desktop.ui.desk import Desk as Desk
from kam_desktop.ui.desk import read_draft, titles_of
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.kit.record_table import RecordTable
from kam_desktop.ui.kit.table_view import TableView
from kam_desktop.ui.sentences import sentence


class RecordController(QObject):
    """The controller of a page; it lives as long as the page.

    Attributes:
        entities: names of the entities that the page shows: a change of one makes it ask again.
    """

    entities: frozenset[str] = frozenset()

    def __init__(self, desk: Desk, page: QWidget) -> None:
        super().__init__(page)
        self.desk, self.page = desk, page
        self._stale = True
        desk.background.feed.published.connect(self._on_published)
        page.installEventFilter(self)

    # Asking.

    def refresh(self) -> None:
        """Asks for what the page shows. Called when it is first seen and whenever its entities changed."""

    def ask(self, question: Callable[[Any], Any], then: Callable[[Any], object], key: str = "") -> None:
        """A question whose answer comes only while this controller lives; `key` lets a newer one replace an older."""
        self.desk.background.ask(question, then, self.refuse, key=f"{id(self)}:{key}" if key else "", owner=self)

    def ask_rows(self, question: Callable[[Any], Any], model: RecordTable) -> None:
        """Answers a table's `wanted`: `question(reader)` gives rows by id; after a failure the table may ask again."""

        def fail(failure: Failure) -> None:
            model.deliver({})

        self.desk.background.ask(question, model.deliver, fail, owner=self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and self._stale and watched is self.page:
            self._stale = False
            self.refresh()
        return False

    def _on_published(self, changes: ChangeSet) -> None:
        if changes.entities & self.entities:
            self._stale = not self.page.isVisible()
            if not self._stale:
                self.refresh()

    # Editing.

    def edit(self, work: Callable[[Any], Any], label: str, then: Callable[[Any], object] | None = None,
             fail: Callable[[Failure], object] | None = None, **args: str) -> None:  # fmt: skip
        """An edit that the user did: `then(result)`, and a toast with undo. `label` is the step's English sentence."""

        def done(changes: ChangeSet, result: Any) -> None:
            if changes.step:
                self.desk.shell.toast(tr(label, **args), lambda: self.desk.undo(changes.step))
            if then is not None:
                then(result)

        self.desk.background.edit(work, done, fail or self.refuse, label=label, args=args, owner=self)

    def refuse(self, failure: Failure) -> None:
        """Says a refusal that has no field to stand beside."""
        if isinstance(failure, Refused):
            self.desk.shell.toast(" ".join(map(sentence, failure.problems)), None, "danger")

    def bind(self, form: RecordForm, label: str, created: str, saved: Callable[[Any], object] | None = None,
             save: Callable[[Any, Any], Any] | None = None) -> None:  # fmt: skip
        """Gives a form its road: drafts, commits, refusals, references. `label`, `created`: the steps' sentences.

        `save(uow, record)` replaces plain saving; what it raises as Refused stands in the form. `saved` comes after.
        """
        form.drafted.connect(lambda draft: self._keep_draft(form, draft))
        form.asked.connect(lambda name, text: self._find(form, name, text))

        def commit(record: Any, names: tuple[str, ...]) -> None:
            self._commit(form, record, names, created if form.is_new else label, saved, save)

        form.committed.connect(commit)

    def show_in(self, form: RecordForm, kind: type[Record], identity: str) -> None:
        """Asks for a record and shows it in a form, with the draft that was left in it."""

        def read(reader: Any) -> tuple[Any, dict[str, str]]:
            from kam_desktop.services import records

            record = records.get(reader, kind, identity)
            return record, titles_of(reader, record)

        def show(answer: tuple[Any, dict[str, str]]) -> None:
            form.show_record(*answer)
            self.ask_draft(form)

        self.ask(read, show)

    def ask_draft(self, form: RecordForm, within: str = "") -> None:
        """Shows what was typed into this form and not saved; `within` tells new records of two parents apart."""
        form.within = within
        key = form.draft_key()

        def show(kept: str) -> None:
            if kept and isValid(form) and form.draft_key() == key and form.show_draft(json.loads(kept)):
                self.desk.shell.toast(tr("What you had typed is here again; it is not saved yet."))

        self.ask(lambda reader: read_draft(reader, key), show)

    def warn(self, question: Callable[[Any], Any]) -> None:
        """Shows problems that refuse nothing: the answer to a question put after the record was saved."""

        def show(problems: Any) -> None:
            if problems:
                self.desk.shell.toast(" ".join(map(sentence, problems)), None, "warning")

        self.ask(question, show)

    def _find(self, form: RecordForm, name: str, text: str) -> None:
        to = form.kind.entity.field(name).to

        def look(reader: Any) -> list[tuple[str, str]]:
            return [(hit.id, hit.title) for hit in reader.find(text, 8, (to,))]

        self.ask(look, lambda found: form.offer(name, found) if isValid(form) else None, f"find {name}")

    def _keep_draft(self, form: RecordForm, draft: dict[str, Any]) -> None:
        key, value = form.draft_key(), json.dumps(draft, ensure_ascii=False) if draft else None
        self.desk.background.edit(lambda uow: uow.set_draft(key, value), label="")

    def _commit(self, form: RecordForm, record: Any, names: tuple[str, ...], label: str,
                saved: Callable[[Any], object] | None, save: Callable[[Any, Any], Any] | None) -> None:  # fmt: skip
        kind, is_new, key = type(record), form.is_new, form.draft_key()
        left = {name: raw for name, raw in form.draft().items() if name not in names}
        rest = json.dumps(left, ensure_ascii=False) if left else None
        values = {name: getattr(record, name) for name in names}

        def work(uow: Any) -> Any:
            from kam_desktop.services import records  # in the lane: the first frame does not wait for the store

            # only what was typed is written: someone else may have changed the other fields meanwhile
            changed = record if is_new else dataclasses.replace(records.get(uow, kind, record.id), **values)
            uow.set_draft(key, rest)
            result = save(uow, changed) if save is not None else records.save(uow, changed)
            return result, titles_of(uow, result)

        def then(answer: tuple[Any, dict[str, str]]) -> None:
            if isValid(form):
                form.saved(*answer)
            if saved is not None:
                saved(answer[0])

        def fail(failure: Failure) -> None:
            if isinstance(failure, Refused) and isValid(form):
                form.show_problems(failure.problems)
                self._keep_draft(form, form.draft())

        self.edit(work, label, then, fail, name=str(getattr(record, kind.entity.title)))

    def keep_layout(self, table: TableView, name: str) -> tuple[str, bool] | None:
        """Column widths that the user drew, and the sort, survive a restart; returns the sort (name, descending)."""
        key, head, model = f"layout.{name}", table.horizontalHeader(), table.model()
        kept = self.desk.recalled(key)
        widths: dict[str, int] = kept.get("widths", {})  # at 100 %: the zoom may be another one next time
        for column, width in widths.items():
            head.resizeSection(int(column), theme.px(width))
        soon = QTimer(self, singleShot=True, interval=1000)

        def resized(column: int, _old: int, new: int) -> None:
            # the table itself resizes too, to fit; only what a hand does is kept
            by_hand = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
            if by_hand and head.sectionResizeMode(column) == head.ResizeMode.Interactive:
                widths[str(column)] = round(new * 100 / theme.zoom())
                soon.start()

        def keep() -> None:
            falling = head.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
            sort = [head.sortIndicatorSection(), falling] if head.isSortIndicatorShown() else []
            self.desk.remember(key, json.dumps({"widths": widths, "sort": sort}))

        soon.timeout.connect(keep)
        head.sectionResized.connect(resized)
        head.sortIndicatorChanged.connect(lambda *_order: soon.start())
        if not kept.get("sort") or not isinstance(model, RecordTable) or kept["sort"][0] >= len(model.columns):
            return None
        column, falling = kept["sort"]
        head.setSortIndicatorShown(True)
        head.setSortIndicator(column, Qt.SortOrder.DescendingOrder if falling else Qt.SortOrder.AscendingOrder)
        model.order = (model.columns[column].order, falling)
        return model.order
