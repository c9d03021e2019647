"""Two versions side by side: lines that came, went or changed, and the totals of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button, Chip
from kam_desktop.ui.kit.cells import AmountCell, Look, PillCell, TextCell
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.record_table import Answer, RecordTable, RowGroup, TableColumn
from kam_desktop.ui.kit.table_view import Column, TableView

_TONES = {"": "", "added": "success", "removed": "danger", "changed": "warning", "same": ""}


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """One line of both versions; amounts in minor units, None where a version has no such line."""

    kind: str
    item: str
    before: str
    after: str
    old_net: int | None
    new_net: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Both versions: their names, their lines, and (name, old, new) of the totals."""

    old: str
    new: str
    currency: str
    lines: Sequence[ComparedLine]
    totals: Sequence[tuple[str, int, int]]


def kind_names() -> dict[str, str]:
    """What became of a line, in the current language."""
    return {"": "", "added": tr("added"), "removed": tr("removed"), "changed": tr("changed"), "same": tr("same")}


def difference(old: int | None, new: int | None, currency: str) -> str:
    """The change of an amount with its sign; nothing where it is the same."""
    change = (new or 0) - (old or 0)
    words = formats.amount(change, currency, zero=formats.NOTHING)
    return f"+{words}" if change > 0 else words


class CompareDialog(Dialog):
    """The comparison over the window; what is the same in both can be left out."""

    def __init__(self, parent: QWidget, shown: Compared) -> None:
        super().__init__(parent, tr("{old} and {new}", old=shown.old, new=shown.new), width=1060)
        self._shown, self._all = shown, False
        names, currency = kind_names(), shown.currency

        def amount(value: int | None) -> str:
            return formats.amount(value, currency) if value is not None else formats.NOTHING

        columns = [
            (TableColumn("", lambda line: names[line.kind], lambda line: Look(tone=_TONES[line.kind])),
             Column(84, PillCell())),
            (TableColumn(tr("Item"), lambda line: line.item), Column(0, TextCell(name=True))),
            (TableColumn(shown.old, lambda line: line.before), Column(158, TextCell("text2"), 2)),
            (TableColumn(tr("Amount"), lambda line: amount(line.old_net)), Column(108, AmountCell())),
            (TableColumn(shown.new, lambda line: line.after), Column(158, TextCell("text2"), 1)),
            (TableColumn(tr("Amount"), lambda line: amount(line.new_net)), Column(108, AmountCell(strong=True))),
            (TableColumn(tr("Difference"), lambda line: difference(line.old_net, line.new_net, currency)),
             Column(108, AmountCell())),
        ]  # fmt: skip
        self.model = RecordTable([column for column, _ in columns], self)
        self.table = TableView(tr("Lines of both versions"))
        self.table.setModel(self.model)
        self.table.set_columns([column for _, column in columns])
        self.table.setMinimumHeight(theme.px(240))
        self._which = Chip(tr("Show"), "")
        self._which.clicked.connect(self._turn)
        self.body.addWidget(Panel(row=True).add(self._which, None))
        self.body.addWidget(self.table, 1)
        self.add_button(Button(tr("Close"), kind="primary"), 1)
        self._fill()

    def _turn(self) -> None:
        self._all = not self._all
        self._fill()

    def _fill(self) -> None:
        differing = [line for line in self._shown.lines if line.kind != "same"]
        lines = self._shown.lines if self._all or not differing else differing
        self._which.set_texts(tr("Show"), tr("All lines") if lines is self._shown.lines else tr("Differences"))
        rows = {str(at): line for at, line in enumerate(lines)}
        totals = {f"t{at}": ComparedLine("", name, "", "", old, new)
                  for at, (name, old, new) in enumerate(self._shown.totals)}  # fmt: skip
        groups = [RowGroup(tr("Lines"), formats.number(len(rows)), len(rows))] if rows else []
        groups.append(RowGroup(tr("Totals"), "", len(totals)))
        self.model.set_answer(Answer([*rows, *totals], groups, rows | totals))
