"""The bin: what was deleted or archived on this computer, brought back one by one or several at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from kam_desktop import formats
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Refused
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui import theme
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.done_line import DoneLine
from kam_desktop.ui.kept_place import KeptPlace
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.cells import DateCell, TextCell
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.labels import PlainLabel, caption
from kam_desktop.ui.kit.record_table import Answer, RecordTable, TableColumn
from kam_desktop.ui.kit.table_view import Column, TableView
from kam_desktop.ui.sentences import sentence


def _when(gone: Any) -> str:
    return formats.moment(gone.at) if gone.at is not None else tr("archived")


def _title(gone: Any) -> str:
    more = f" (+{gone.with_it})" if gone.with_it else ""
    return (gone.title or tr("without a title")) + more


class BinDialog(Dialog):
    """The list. Enter brings the chosen rows back.

    Attributes:
        model, table: what is in the bin. back_button: brings the chosen ones back.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, tr("Bin"), width=760)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.model = RecordTable([
            TableColumn(tr("Kind"), lambda gone: tr(BY_NAME[gone.entity].label)), TableColumn(tr("Title"), _title),
            TableColumn(tr("Belonged to"), lambda gone: gone.parent), TableColumn(tr("Deleted"), _when),
        ], self)  # fmt: skip
        self.table = TableView(tr("Bin"))
        self.place = KeptPlace(self.table, self.model)
        self.table.set_columns([
            Column(130, TextCell("text2")), Column(0, TextCell(name=True)), Column(180, TextCell("text2"), 2),
            Column(130, DateCell()),
        ])  # fmt: skip
        self.table.setMinimumHeight(theme.px(320))
        self.none = caption(
            tr("The bin is empty. What you delete or archive can be brought back from here."), wrap=True
        )
        self.said = PlainLabel(tone="danger", wrap=True)
        self.said.hide()
        self.done_line = DoneLine()
        for widget in (self.none, self.table, self.said, self.done_line):
            self.body.addWidget(widget)
        self.add_button(Button(tr("Close")), 0)
        self.back_button = self.add_button(Button(tr("Bring back"), kind="primary"))
        self.table.opened.connect(lambda _index: self.back_button.click())

    def show_contents(self, contents: Sequence[Any]) -> None:
        """Shows what is in the bin now."""
        rows = {f"{each.entity}:{each.id}": each for each in contents}
        self.model.set_answer(Answer(list(rows), (), rows))
        self.none.setVisible(not rows)
        self.table.setVisible(bool(rows))
        self.back_button.setEnabled(bool(rows))
        if rows:
            self.table.setFocus()
            if not self.place.current():
                self.place.show(next(iter(rows)))

    def chosen(self) -> list[tuple[str, str]]:
        """(entity, id) of the chosen rows."""
        keys = self.place.selected() or [key for key in [self.place.current()] if key]
        return [(entity, identity) for entity, _, identity in (key.partition(":") for key in keys)]

    def say(self, words: str) -> None:
        """Why nothing was brought back."""
        self.said.setText(words)
        self.said.setVisible(bool(words))


class Bin(QObject):
    """Opens the bin over a window.

    Attributes:
        dialog: the open one, None while it is closed.
    """

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._parent = desk, parent
        self.dialog: BinDialog | None = None
        desk.background.feed.published.connect(lambda _changes: self._ask())

    def open_list(self) -> None:
        """Shows it."""
        self.dialog = made = BinDialog(self._parent)
        made.back_button.clicked.connect(self._bring_back)
        made.destroyed.connect(partial(self._on_gone, made))
        made.show_contents(())
        made.open()
        self._ask()

    def close_list(self) -> None:
        """Closes it."""
        if self.dialog is not None and isValid(self.dialog):
            self.dialog.reject()

    def _on_gone(self, gone: BinDialog) -> None:
        # The next one may stand already when the last one's end is told.
        if self.dialog is gone:
            self.dialog = None

    def _ask(self) -> None:
        made = self.dialog
        if made is not None and isValid(made):
            show = made.show_contents
            self._desk.background.ask(_contents, lambda found: show(found) if isValid(made) else None, owner=made)

    def _bring_back(self) -> None:
        made = self.dialog
        wanted = made.chosen() if made is not None else []
        if not wanted:
            return

        def work(uow: Any) -> Any:
            from kam_desktop.services import bin as verbs

            return verbs.bring_back(uow, wanted)

        label, args = N_("Bring back {n} from the bin"), {"n": str(len(wanted))}

        def done(changes: Any, count: int) -> None:
            words = trn("{n} record is back", "{n} records are back", count)
            if made is not None and isValid(made) and made.isVisible():
                made.say("")
                made.done_line.say(words, lambda: self._desk.undo(changes.step))
            else:
                self._desk.shell.toast(words, lambda: self._desk.undo(changes.step))

        def fail(failure: Any) -> None:
            if isinstance(failure, Refused) and made is not None and isValid(made):
                made.say(" ".join(map(sentence, failure.problems)))

        self._desk.background.edit(work, done, fail, label=label, args=args, owner=self)


def _contents(reader: Any) -> Any:
    from kam_desktop.services import bin as verbs

    return verbs.contents(reader)
