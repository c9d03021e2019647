"""The lines of a proposal's version as an item model: sections, sums, deeds that change a line."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal

from kam_desktop import formats
from kam_desktop.domain.entities import ProposalLine
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import totals as totals_figure
from kam_desktop.domain.money import half_up
from kam_desktop.language import N_, tr
from kam_desktop.ui.kit.cells import GROUP, LOOK, PRIVATE, Index, Look
from kam_desktop.ui.sentences import sentence
from kam_desktop.ui.typed_values import read_money, read_number

NUMBER, DESCRIPTION, UNIT, QUANTITY, PRICE, AMOUNT, RATE, COST, MARGIN = range(9)
FIELDS = {
    DESCRIPTION: "description", UNIT: "unit", QUANTITY: "quantity", PRICE: "price", RATE: "tax_rate", COST: "cost",
}  # fmt: skip
_ROLE = Qt.ItemDataRole


def line_net(line: ProposalLine) -> int:
    """quantity × price less the line's discount, rounded once."""
    return totals_figure.line_net(line.quantity or Decimal(0), line.price or 0, line.discount_percent)


def read_rate(text: str) -> str:
    """A tax rate as it is kept: "8" and "8 %" are "8%"; KCT and KKKNT stay words. Raises Refused."""
    word = "".join(text.split()).upper().replace(",", ".")
    if word in ("KCT", "KKKNT"):
        return word
    digits = word.removesuffix("%").removesuffix(".0")
    if digits.replace(".", "", 1).isdigit() and Decimal(digits) <= 100:
        return f"{digits}%"
    raise Refused(Problem("tax_rate", "unknown_rate", "“{text}” is not a tax rate. Type 0, 5, 8, 10, KCT or KKKNT.",
                          {"text": text.strip()[:20]}))  # fmt: skip


class LineTable(QAbstractTableModel):
    """The lines of one version; consecutive lines of one section stand under its head.

    Signals:
        edited(tuple, str): the lines as they should be now, and the undo step's English sentence.
        refused(str): why what was typed into a cell was not taken; "" when it was.

    Attributes:
        lines: as shown; a line without a description is not told to anybody yet.
        rate: the tax rate that a first line starts from, by the dated rules on the offer's day.
    """

    edited = Signal(tuple, str)
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: list[ProposalLine] = []
        self.rate = ""
        self.currency, self.frozen = "VND", True
        self._rows: list[int] = []  # the line of each row; −1 − line for the head before that line

    def set_lines(self, lines: Sequence[ProposalLine], currency: str, frozen: bool) -> None:
        """Shows the lines as saved; a line that is just being begun stays."""
        begun = [(place, line) for place, line in enumerate(self.lines) if not line.description]
        shown = list(lines)
        if not frozen and self.lines and shown and self.lines[0].version == shown[0].version:
            for place, line in begun:
                shown.insert(min(place, len(shown)), line)
        if (shown, currency, frozen) != (self.lines, self.currency, self.frozen):
            same = len(shown) == len(self.lines) and [x.section for x in shown] == [x.section for x in self.lines]
            self._show(shown, same=same and frozen == self.frozen, currency=currency, frozen=frozen)

    def _show(self, lines: list[ProposalLine], *, same: bool = False, currency: str = "",
              frozen: bool | None = None) -> None:  # fmt: skip
        if not same:
            self.beginResetModel()
        self.lines = lines
        self.currency = currency or self.currency
        self.frozen = self.frozen if frozen is None else frozen
        self._rows, section = [], ""
        for place, line in enumerate(lines):
            if line.section != section:
                section = line.section
                if section:
                    self._rows.append(-1 - place)
            self._rows.append(place)
        if not same:
            self.endResetModel()
        elif self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, MARGIN))

    def line_at(self, row: int) -> int:
        """The line of a row; that after it for a section's head; −1 for no row."""
        if not 0 <= row < len(self._rows):
            return -1
        place = self._rows[row]
        return place if place >= 0 else -1 - place

    def row_of(self, line: int) -> int:
        """The row of a line, −1 if there is none."""
        return self._rows.index(line) if line in self._rows else -1

    def _tell(self, lines: list[ProposalLine], label: str) -> None:
        same = len(lines) == len(self.lines) and [x.section for x in lines] == [x.section for x in self.lines]
        self._show(lines, same=same)
        self.edited.emit(tuple(line for line in lines if line.description), label)

    # Deeds of the keyboard.

    def add_after(self, line: int, section: str | None = None) -> int:
        """Begins a line after another one, in its section; returns its place. It is saved once it is described."""
        before = self.lines[line] if 0 <= line < len(self.lines) else None
        word = section if section is not None else before.section if before else ""
        rate = before.tax_rate if before else self.rate
        made = ProposalLine(id="", version=before.version if before else "", place=1, section=word, description="",
                            quantity=Decimal(1), price=0, tax_rate=rate)  # fmt: skip
        place = line + 1 if before else len(self.lines)
        self._show([*self.lines[:place], made, *self.lines[place:]])
        return place

    def insert(self, line: int, made: Sequence[ProposalLine], label: str) -> int:
        """Puts lines after another one, as one step; returns the place of the first."""
        place = min(line + 1, len(self.lines))
        self._tell([*self.lines[:place], *made, *self.lines[place:]], label)
        return place

    def fill(self, line: int, made: ProposalLine) -> None:
        """A line from the catalogue in place of one; quantity, section and the rest of that one stay."""
        now = self.lines[line]
        quantity = now.quantity or made.quantity
        cost = made.cost
        if cost is not None and made.quantity and quantity is not None:
            cost = half_up(Fraction(cost) * Fraction(quantity) / Fraction(made.quantity))
        filled = dataclasses.replace(
            now, product=made.product, description=made.description, unit=made.unit, price=made.price, cost=cost,
            tax_rate=made.tax_rate or now.tax_rate, quantity=quantity,
        )  # fmt: skip
        label = N_("Change a line of {name}") if now.description else N_("Add a line to {name}")
        self._tell([*self.lines[:line], filled, *self.lines[line + 1 :]], label)

    def duplicate(self, line: int) -> int:
        """The same line again below it; returns its place."""
        copied = dataclasses.replace(self.lines[line], id="")
        self._tell([*self.lines[: line + 1], copied, *self.lines[line + 1 :]], N_("Duplicate a line of {name}"))
        return line + 1

    def remove(self, line: int) -> None:
        """Takes a line away; one that was only begun goes unsaid."""
        rest = [*self.lines[:line], *self.lines[line + 1 :]]
        if self.lines[line].description:
            self._tell(rest, N_("Delete a line of {name}"))
        else:
            self._show(rest)

    def move(self, line: int, step: int) -> int:
        """Moves a line up (−1) or down (1); over a section's border it joins that section. Returns its place."""
        target = line + step
        if not 0 <= target < len(self.lines):
            return line
        lines = list(self.lines)
        moved, other = lines[line], lines[target]
        if moved.section != other.section:
            lines[line] = dataclasses.replace(moved, section=other.section)
            target = line
        else:
            lines[line], lines[target] = other, moved
        self._tell(lines, N_("Move a line of {name}"))
        return target

    def rename_section(self, row: int, name: str) -> None:
        """Another name for the section whose head stands in a row."""
        first = self.line_at(row)
        old, lines = self.lines[first].section, list(self.lines)
        for place in range(first, len(lines)):
            if lines[place].section != old:
                break
            lines[place] = dataclasses.replace(lines[place], section=name.strip())
        self._tell(lines, N_("Rename a section of {name}"))

    # Qt.

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else MARGIN + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == PRIVATE:
            return section in (COST, MARGIN)
        names = (
            "", tr("Item"), tr("Unit"), tr("Quantity"), tr("Price"), tr("Amount"), tr("VAT"), tr("Cost"), tr("Margin"),
        )  # fmt: skip
        return names[section] if role == _ROLE.DisplayRole and 0 <= section <= MARGIN else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        head = 0 <= index.row() < len(self._rows) and self._rows[index.row()] < 0
        editable = index.column() == DESCRIPTION if head else index.column() in FIELDS
        return flags | Qt.ItemFlag.ItemIsEditable if editable and not self.frozen else flags

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        place = self._rows[index.row()]
        if place < 0:
            return self._head(-1 - place, index.column(), role)
        line, column = self.lines[place], index.column()
        if role == _ROLE.EditRole:
            return self._typed(line, column)
        if role == LOOK:
            return Look(tone="muted") if line.optional else None
        if role != _ROLE.DisplayRole:
            return None
        match column:
            case 0:
                return str(place + 1)
            case 1:
                return line.description + (f" ({tr('optional')})" if line.optional else "")
            case 6:
                return line.tax_rate.replace("%", formats.NBSP + "%").replace(".", formats.decimal_mark())
            case 5:
                return formats.amount(line_net(line), self.currency, zero=formats.NOTHING)
            case 8:
                return self._margin(line)
        return self._typed(line, column) or formats.NOTHING

    def _head(self, first: int, column: int, role: int) -> Any:
        section = self.lines[first].section
        if role == GROUP and column == 0:
            nets = []
            for line in self.lines[first:]:
                if line.section != section:
                    break
                nets.append(0 if line.optional else line_net(line))
            return section, formats.amount(sum(nets), self.currency)
        if role == _ROLE.EditRole and column == DESCRIPTION:
            return section
        return "" if role == _ROLE.DisplayRole else None

    def _margin(self, line: ProposalLine) -> str:
        if line.cost is None:
            return formats.NOTHING
        percent = totals_figure.margin_percent(line_net(line), line.cost)
        return formats.percent(percent, 0) if percent is not None else formats.NOTHING

    def _typed(self, line: ProposalLine, column: int) -> str:
        """A value as it stands in the cell's editor."""
        value = getattr(line, FIELDS.get(column, "unit"))
        if column in (PRICE, COST):
            return "" if value is None else formats.amount(value, self.currency)
        if column == QUANTITY:
            return "" if value is None else formats.number(value)
        return str(value)

    def read(self, column: int, text: str) -> Any:
        """A typed text as the column's value. Raises Refused."""
        field = ProposalLine.entity.field(FIELDS[column])
        if column == RATE:
            return read_rate(text)
        value: Any = text.strip()
        if column in (PRICE, COST):
            value = read_money(text, field, self.currency)
        elif column == QUANTITY:
            value = read_number(text, field)
        if field.required and value in (None, ""):
            raise Refused(Problem(field.name, "required", "{label} is missing.", {"label": field.label}))
        return value

    def setData(self, index: Index, value: Any, role: int = _ROLE.EditRole) -> bool:
        if role != _ROLE.EditRole or not self.flags(index) & Qt.ItemFlag.ItemIsEditable:
            return False
        if self._rows[index.row()] < 0:
            self.rename_section(index.row(), str(value))
            return True
        place, name = self._rows[index.row()], FIELDS[index.column()]
        try:
            changes: dict[str, Any] = {name: self.read(index.column(), str(value))}
        except Refused as refused:
            self.refused.emit(sentence(refused.problems[0]))
            return False
        self.refused.emit("")
        changed = dataclasses.replace(self.lines[place], **changes)
        if changed != self.lines[place]:
            label = N_("Change a line of {name}") if self.lines[place].description else N_("Add a line to {name}")
            self._tell([*self.lines[:place], changed, *self.lines[place + 1 :]], label)
        return True
