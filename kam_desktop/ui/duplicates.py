"""Possible duplicates: pairs of accounts that may be one customer, and merging two field by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QRectF, QSize, QStringListModel, Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QListView,
    QRadioButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)
from shiboken6 import isValid

from kam_desktop import formats
from kam_desktop.domain.entities import BY_NAME, Account
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.fields import Field, Kind
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui import paint, theme
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.done_line import DoneLine
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import ElidedLabel, PlainLabel, caption, set_tip
from kam_desktop.ui.sentences import sentence


@dataclass(frozen=True)
class Both:
    """Two accounts side by side: what differs, titles of what they refer to, how many records hang on each."""

    keep: Account
    lose: Account
    choices: tuple[Any, ...]
    titles: Mapping[str, str]
    keep_count: int
    lose_count: int


def shown(field: Field, value: Any, titles: Mapping[str, str], currency: str) -> str:
    """A field's value in words, "–" for nothing."""
    if value in (None, "", ()):
        return formats.NOTHING
    if field.kind is Kind.MONEY:
        return formats.amount(value, currency, symbol=True)
    if isinstance(value, date):
        return formats.day(value)
    if isinstance(value, tuple):
        return ", ".join(value)
    if field.kind is Kind.CHOICE:
        return {"low": tr("Low"), "medium": tr("Medium"), "high": tr("High")}.get(value, str(value))
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    return titles.get(value, value) if isinstance(value, str) else formats.number(value)


class _Choice(QRadioButton):
    """A value to choose, shortened to the room there is; all of it stands in the tooltip."""

    def __init__(self, words: str) -> None:
        super().__init__(words.replace("&", "&&"))
        self._words = words

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - theme.px(26)
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room).replace("&", "&&"))


class MergeDialog(Dialog):
    """Two accounts side by side; the differing fields are chosen with the arrow keys.

    Attributes:
        both: what is shown. merge_button: the deed.
    """

    def __init__(self, parent: QWidget, both: Both) -> None:
        super().__init__(parent, tr("Merge two accounts"), width=1000)
        self.both = both
        self._groups: dict[str, tuple[QButtonGroup, tuple[Any, ...]]] = {}
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        moves = trn("{n} record moves", "{n} records move", both.lose_count)
        self.body.addWidget(PlainLabel(
            tr("“{lose}” becomes a part of “{keep}”: {moves}, and it is archived. One step, which can be undone.",
               lose=both.lose.name, keep=both.keep.name, moves=moves), tone="text2", wrap=True,
        ))  # fmt: skip
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(12))
        grid.setVerticalSpacing(theme.px(4))
        heads = (trn("{n} record", "{n} records", both.keep_count), moves)
        for at, (account, note) in enumerate(zip((both.keep, both.lose), heads, strict=True)):
            head = Panel().add(ElidedLabel(account.short_name or account.name, weight=theme.BOLD), caption(note))
            grid.addWidget(head, 0, at + 1)
        for row, choice in enumerate(both.choices, 1):
            self._add_row(grid, row, choice)
        if not both.choices:
            grid.addWidget(caption(tr("All fields are alike.")), 1, 0, 1, 3)
        for column in range(1, grid.columnCount()):
            grid.setColumnStretch(column, 1)
        self.body.addSpacing(theme.px(4))
        self.body.addLayout(grid)
        self.body.addStretch()
        self.said = PlainLabel(tone="danger", wrap=True)
        self.said.hide()
        self.body.addWidget(self.said)
        self.add_button(Button(tr("Cancel")), 0)
        self.swap_button = self.add_button(Button(tr("Keep the other one")))
        self.apart_button = self.add_button(Button(tr("They are two customers")))
        self.merge_button = self.add_button(Button(tr("Merge"), kind="primary"))

    def _add_row(self, grid: QGridLayout, row: int, choice: Any) -> None:
        field = Account.entity.field(choice.name)
        values = [choice.kept, choice.lost]
        if choice.suggested not in values:
            values.append(choice.suggested)
        group = QButtonGroup(self)
        grid.addWidget(caption(tr(field.label), "text2"), row, 0)
        for at, value in enumerate(values):
            text = shown(field, value, self.both.titles, self.both.keep.currency)
            line = " ".join(text.split())
            option = _Choice(line)
            option.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            option.setMinimumHeight(theme.px(28))
            place = (tr("both"), tr("kept"), tr("taken over"))[(at + 1) % 3]
            option.setAccessibleName(f"{tr(field.label)}, {place}: {line}")
            set_tip(option, text)
            option.setChecked(value == choice.suggested)
            group.addButton(option, at)
            grid.addWidget(option, row, at + 1)
        self._groups[choice.name] = (group, tuple(values))

    def values(self) -> dict[str, Any]:
        """The chosen value of every field in which the two differ."""
        return {name: values[max(0, group.checkedId())] for name, (group, values) in self._groups.items()}

    def say(self, words: str) -> None:
        """Why it was refused."""
        self.said.setText(words)
        self.said.show()


class _TwoLines(QStyledItemDelegate):
    """A pair in two lines: the one that stays, the other with what they have in common."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Any) -> QSize:
        return QSize(theme.px(100), theme.px(56))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        first, _, second = str(index.data()).partition("\n")
        area = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            paint.box(painter, QRectF(area), theme.px(6), theme.color("selected"))
        line = area.adjusted(theme.px(12), theme.px(8), -theme.px(12), 0)
        line.setHeight(theme.px(20))
        paint.text(painter, line, first, weight=theme.MEDIUM)
        paint.text(painter, line.translated(0, theme.px(20)), second, "text2", theme.CAPTION)


class PairsDialog(Dialog):
    """The list of pairs. Enter opens one side by side.

    Attributes:
        pairs: what is shown. list: the view. done_line: what was done last.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, tr("Possible duplicates"), width=680)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.pairs: Sequence[Any] = ()
        self._model = QStringListModel(self)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setAccessibleName(tr("Possible duplicates"))
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setMinimumHeight(theme.px(200))
        self.list.setItemDelegate(_TwoLines(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.none = caption(tr("No two accounts look like one customer."), wrap=True)
        self.body.addWidget(self.none)
        self.body.addWidget(self.list)
        self.done_line = DoneLine()
        self.body.addWidget(self.done_line)
        self.add_button(Button(tr("Close")), 0)
        self.apart_button = self.add_button(Button(tr("They are two customers")))
        self.merge_button = self.add_button(Button(tr("Side by side…"), kind="primary"))
        self.list.activated.connect(lambda _index: self.merge_button.click())

    def show_pairs(self, pairs: Sequence[Any]) -> None:
        """Shows other pairs; the place in the list stays."""
        row = self.list.currentIndex().row()
        words = {"tax_code": tr("same tax code"), "name": tr("same name"), "phone": tr("same telephone"),
                 "email": tr("same e-mail")}  # fmt: skip
        self.pairs = pairs
        self._model.setStringList([
            f"{each.keep.name}\n{each.lose.name}  ·  {', '.join(words[reason] for reason in each.reasons)}"
            for each in pairs
        ])  # fmt: skip
        self.none.setVisible(not pairs)
        self.list.setVisible(bool(pairs))
        for button in (self.apart_button, self.merge_button):
            button.setEnabled(bool(pairs))
        if pairs:
            self.list.setCurrentIndex(self._model.index(max(0, min(row, len(pairs) - 1))))
            self.list.setFocus()

    def current(self) -> Any:
        """The chosen pair, None when there is none."""
        row = self.list.currentIndex().row()
        return self.pairs[row] if 0 <= row < len(self.pairs) else None


class Duplicates(QObject):
    """Opens both dialogs over a window, asks in the lanes, merges."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._parent = desk, parent
        self.pairs: PairsDialog | None = None
        self.merging: MergeDialog | None = None
        desk.background.feed.published.connect(self._on_published)

    def _on_published(self, changes: Any) -> None:
        if changes.entities & {"account", "contact"} and self.pairs is not None and isValid(self.pairs):
            self._ask_pairs()

    def open_list(self) -> None:
        """The pairs that look like one customer."""
        self.pairs = made = PairsDialog(self._parent)
        made.apart_button.clicked.connect(lambda: self._apart(made.current()))
        made.merge_button.clicked.connect(lambda: self._open(made.current()))
        made.destroyed.connect(partial(self._on_list_gone, made))
        made.show_pairs(())
        made.open()
        self._ask_pairs()

    def close_list(self) -> None:
        """Closes what is open of both."""
        for dialog in (self.merging, self.pairs):
            if dialog is not None and isValid(dialog):
                dialog.reject()

    def _on_list_gone(self, gone: PairsDialog) -> None:
        # The next one may stand already when the last one's end is told.
        if self.pairs is gone:
            self.pairs = None

    def _ask_pairs(self) -> None:
        made = self.pairs
        if made is not None:
            show = made.show_pairs
            self._desk.background.ask(_pairs, lambda found: show(found) if isValid(made) else None, owner=made)

    def _open(self, pair: Any) -> None:
        if pair is not None:
            self.open_pair(pair.keep.id, pair.lose.id)

    def open_pair(self, keep: str, lose: str) -> None:
        """Two accounts side by side."""
        self._desk.background.ask(partial(_both, keep, lose), self._show_both, self._refuse, owner=self)

    def _show_both(self, both: Both) -> None:
        self.merging = made = MergeDialog(self._parent, both)
        made.merge_button.clicked.connect(lambda: self._merge(made))
        made.swap_button.clicked.connect(made.reject)
        made.swap_button.clicked.connect(lambda: self.open_pair(both.lose.id, both.keep.id))
        made.apart_button.clicked.connect(made.reject)
        made.apart_button.clicked.connect(lambda: self._dismiss(both.keep.id, both.lose.id))
        made.destroyed.connect(partial(self._on_merging_gone, made))
        made.open()
        first = next(iter(made.findChildren(QRadioButton)), None)
        (first or made.merge_button).setFocus()

    def _on_merging_gone(self, gone: MergeDialog) -> None:
        if self.merging is gone:
            self.merging = None

    def _merge(self, dialog: MergeDialog) -> None:
        both, values = dialog.both, dialog.values()

        def work(uow: Any) -> Any:
            from kam_desktop.services import duplicate

            return duplicate.merge(uow, both.keep.id, both.lose.id, values)

        label, args = N_("Merge {lose} into {keep}"), {"lose": both.lose.name, "keep": both.keep.name}

        def done(changes: Any, _kept: Any) -> None:
            self._say(tr(label, **args), lambda: self._desk.undo(changes.step))
            if isValid(dialog):
                dialog.accept()

        def fail(failure: Any) -> None:
            if isinstance(failure, Refused) and isValid(dialog):
                dialog.say(" ".join(map(sentence, failure.problems)))

        self._desk.background.edit(work, done, fail, label=label, args=args, owner=self)

    def _apart(self, pair: Any) -> None:
        if pair is not None:
            self._dismiss(pair.keep.id, pair.lose.id)

    def _dismiss(self, one: str, other: str, apart: bool = True) -> None:
        """They are two customers, or with `apart` False: nobody said so."""

        def work(uow: Any) -> list[str]:
            from kam_desktop.services import duplicate, records

            (duplicate.dismiss if apart else duplicate.offer_again)(uow, one, other)
            return list(records.titles(uow, Account, [one, other]).values())

        def done(_changes: Any, names: list[str]) -> None:
            self._ask_pairs()
            if apart:
                words = tr("“{one}” and “{other}” are two customers", one=names[0], other=names[-1])
                self._say(words, partial(self._dismiss, one, other, False))

        self._desk.background.edit(work, done, label="", owner=self)

    def _say(self, words: str, undo: Callable[[], None]) -> None:
        """In the list of pairs while it stands over the window, which would hide a toast; else as a toast."""
        if self.pairs is not None and isValid(self.pairs) and self.pairs.isVisible():
            self.pairs.done_line.say(words, undo)
        else:
            self._desk.shell.toast(words, undo)

    def _refuse(self, failure: Any) -> None:
        if isinstance(failure, Refused):
            self._desk.shell.toast(" ".join(map(sentence, failure.problems)), None, "danger")


def _pairs(reader: Any) -> Any:
    from kam_desktop.services import duplicate

    return duplicate.pairs(reader)


def _both(keep: str, lose: str, reader: Any) -> Both:
    from kam_desktop.services import duplicate, records

    kept, lost = (records.get(reader, Account, key) for key in (keep, lose))
    found = tuple(duplicate.choices(reader, keep, lose))
    titles: dict[str, str] = {}
    for choice in found:
        field = Account.entity.field(choice.name)
        if field.kind is Kind.REF:
            wanted = [value for value in (choice.kept, choice.lost) if value]
            titles |= records.titles(reader, BY_NAME[field.to].record, wanted)
    return Both(kept, lost, found, titles, duplicate.hanging(reader, keep), duplicate.hanging(reader, lose))
