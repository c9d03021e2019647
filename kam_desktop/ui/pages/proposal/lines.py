"""The lines of a proposal's version as an item model: sections, sums, deeds that change a line."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal

from kam_desktop import formats
from kam_desktop.domain import places
from kam_desktop.domain.entities import ProposalLine
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import totals as totals_figure
from kam_desktop.domain.money import half_up
from kam_desktop.language import N_, tr
from kam_desktop.ui.kit.cells import GROUP, LOOK, PRIVATE, Index, Look
from kam_desktop.ui.sentences import sentence
from kam_desktop.ui.typed_values import read_money, read_number

NUMBER, DESCRIPTION, UNIT, QUANTITY, PRICE, DISCOUNT, AMOUNT, RATE, COST, MARGIN = range(10)
FIELDS = {
    DESCRIPTION: "description", UNIT: "unit", QUANTITY: "quantity", PRICE: "price", DISCOUNT: "discount_percent",
    RATE: "tax_rate", COST: "cost",
}  # fmt: skip
_ROLE = Qt.ItemDataRole
_PLAIN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_EDITABLE = _PLAIN | Qt.ItemFlag.ItemIsEditable  # made once: flags are asked for with every cell that is painted


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


def _rows_of(lines: Sequence[ProposalLine]) -> list[int]:
    """The line of each row; −1 − line for the head before that line."""
    rows, section = [], ""
    for place, line in enumerate(lines):
        if line.section != section:
            section = line.section
            if section:
                rows.append(-1 - place)
        rows.append(place)
    return rows


def _keys(lines: Sequence[ProposalLine], rows: Sequence[int]) -> list[tuple[str, str]]:
    """What makes a row the same row in another answer."""
    return [("", lines[place].id) if place >= 0 else ("head", lines[-1 - place].section) for place in rows]


class LineTable(QAbstractTableModel):
    """The lines of one version; consecutive lines of one section stand under its head.

    Every edit tells the lines that changed and nothing else, and only rows that changed are painted again: with 500
    lines a letter costs what it costs with five.

    Signals:
        edited(tuple, tuple, str): lines to be written, ids to be taken away, and the undo step's English sentence.
        refused(str): why what was typed into a cell was not taken; "" when it was.

    Attributes:
        lines: as shown; a line without a description is not told to anybody yet.
        rate: the tax rate that a first line starts from, by the dated rules on the offer's day.
        new_id: gives ids to lines made here; without it whoever saves gives them.
    """

    edited = Signal(tuple, tuple, str)
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: list[ProposalLine] = []
        self.rate = ""
        self.new_id: Callable[[], str] = str
        self.currency, self.frozen = "VND", True
        self._rows: list[int] = []
        self._nets: list[int] = []  # of each line
        self._numbers: list[int] = []  # of each line; while rows come or go the others keep theirs, as Qt demands
        self._told: dict[str, ProposalLine] = {}  # what the store has, or is going to have, by id

    def set_lines(self, lines: Sequence[ProposalLine], currency: str, frozen: bool) -> None:
        """Shows the lines as saved; a line that is just being begun stays."""
        begun = [(place, line) for place, line in enumerate(self.lines) if not line.description]
        same = {each.id: each for each in self.lines}  # equal lines stay the same objects, so that nothing is painted
        shown = [kept if (kept := same.get(each.id)) == each else each for each in lines]
        self._told = {each.id: each for each in shown}
        if not frozen and self.lines and shown and self.lines[0].version == shown[0].version:
            for place, line in begun:
                shown.insert(min(place, len(shown)), line)
        if (currency, frozen) != (self.currency, self.frozen):
            self.currency, self.frozen = currency, frozen
            self.beginResetModel()
            self._take(shown, _rows_of(shown))
            self._numbers = list(range(1, len(shown) + 1))
            self.endResetModel()
        else:
            self._show(shown)

    def adopt(self, sent: Sequence[ProposalLine], saved: Sequence[ProposalLine]) -> None:
        """Lines as the store tidied them, as far as nobody changed them here meanwhile."""
        tidied = {id(old): new for old, new in zip(sent, saved, strict=True) if old != new}
        if tidied:
            self._told = {(now := tidied.get(id(each), each)).id: now for each in self._told.values()}
            self._show([tidied.get(id(each), each) for each in self.lines])

    def _take(self, lines: list[ProposalLine], rows: list[int]) -> None:
        nets = dict(zip(map(id, self.lines), self._nets, strict=True))
        numbers = dict(zip((each.id for each in self.lines), self._numbers, strict=True))
        self._nets = [net if (net := nets.get(id(line))) is not None else line_net(line) for line in lines]
        self._numbers = [numbers.get(line.id, number) for number, line in enumerate(lines, 1)]
        self.lines, self._rows = lines, rows

    def _show(self, lines: list[ProposalLine]) -> None:
        """Other lines: rows between the first and the last difference come, go, or are painted again."""
        old, rows = self.lines, _rows_of(lines)
        before, after = _keys(old, self._rows), _keys(lines, rows)
        shortest = min(len(before), len(after))
        first = next((at for at in range(shortest) if before[at] != after[at]), shortest)
        same = next((at for at in range(shortest - first) if before[-1 - at] != after[-1 - at]), shortest - first)
        gone, come = len(before) - first - same, len(after) - first - same
        if gone != come and gone:
            self.beginRemoveRows(QModelIndex(), first, first + gone - 1)
            self._cut(first, gone)
            self.endRemoveRows()
        if gone != come and come:
            self.beginInsertRows(QModelIndex(), first, first + come - 1)
            self._take(lines, rows)
            self.endInsertRows()
        else:
            self._take(lines, rows)
        known = set(map(id, old))
        self._numbers = list(range(1, len(lines) + 1))
        changed = [row for row, place in enumerate(rows) if place >= 0 and id(lines[place]) not in known]
        changed += range(first, first + come) if gone == come else ()
        if gone != come and rows:
            changed += [min(first, len(rows) - 1), len(rows) - 1]  # the numbers of all below are others
        if changed:
            top = next((row for row in range(min(changed), -1, -1) if rows[row] < 0), min(changed))  # its sum
            self.dataChanged.emit(self.index(top, 0), self.index(max(changed), MARGIN))

    def _cut(self, first: int, count: int) -> None:
        """Takes rows away while the rest stays as it is."""
        kept = [*self._rows[:first], *self._rows[first + count :]]
        lines, rows = [self.lines[place] for place in kept if place >= 0], list[int]()
        at = 0
        for place in kept:
            rows.append(at if place >= 0 else -1 - at)
            at += place >= 0
        self._take(lines, rows)

    def _tell(self, lines: list[ProposalLine], label: str) -> None:
        """Shows the lines, and tells those that are another than before."""
        named = [
            dataclasses.replace(line, id=self.new_id()) if line.description and not line.id else line for line in lines
        ]
        spoken = [line for line in named if line.description]
        known = [told.place if (told := self._told.get(line.id)) else None for line in spoken]
        moved = {
            id(line): dataclasses.replace(line, place=place)
            for line, place in zip(spoken, places.placed(known), strict=True)
            if line.place != place
        }
        named = [moved.get(id(line), line) for line in named]
        spoken = [line for line in named if line.description]
        put = tuple(line for line in spoken if (told := self._told.get(line.id)) is not line and told != line)
        now = {line.id: line for line in spoken}
        gone = tuple(key for key in self._told if key not in now)
        self._told = now
        self._show(named)
        if put or gone:
            self.edited.emit(put, gone, label)

    def line_at(self, row: int) -> int:
        """The line of a row; that after it for a section's head; −1 for no row."""
        if not 0 <= row < len(self._rows):
            return -1
        place = self._rows[row]
        return place if place >= 0 else -1 - place

    def row_of(self, line: int) -> int:
        """The row of a line, −1 if there is none."""
        return self._rows.index(line) if line in self._rows else -1

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

    def set_optional(self, line: int, optional: bool) -> None:
        """Offers a line beside the others, not counted in the totals; or counts it again."""
        changed = dataclasses.replace(self.lines[line], optional=optional)
        self._tell([*self.lines[:line], changed, *self.lines[line + 1 :]], N_("Change a line of {name}"))

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
        if role != _ROLE.DisplayRole or not 0 <= section <= MARGIN:
            return None
        names = (
            "", tr("Item"), tr("Unit"), tr("Quantity"), tr("Price"), tr("Disc."), tr("Amount"), tr("VAT"), tr("Cost"),
            tr("Margin"),
        )  # fmt: skip
        return names[section]

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        head = 0 <= index.row() < len(self._rows) and self._rows[index.row()] < 0
        editable = index.column() == DESCRIPTION if head else index.column() in FIELDS
        return _EDITABLE if editable and not self.frozen else _PLAIN

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
                return str(self._numbers[place])
            case 1:
                return line.description + (f" ({tr('optional')})" if line.optional else "")
            case 7:
                return line.tax_rate.replace("%", formats.NBSP + "%").replace(".", formats.decimal_mark())
            case 6:
                return formats.amount(self._nets[place], self.currency, zero=formats.NOTHING)
            case 9:
                return self._margin(line, self._nets[place])
        if column == DISCOUNT:
            return formats.percent(line.discount_percent) if line.discount_percent else ""
        return self._typed(line, column) or formats.NOTHING

    def _head(self, first: int, column: int, role: int) -> Any:
        section = self.lines[first].section
        if role == GROUP and column == 0:
            total = 0
            for place in range(first, len(self.lines)):
                if self.lines[place].section != section:
                    break
                total += 0 if self.lines[place].optional else self._nets[place]
            return section, formats.amount(total, self.currency)
        if role == _ROLE.EditRole and column == DESCRIPTION:
            return section
        return "" if role == _ROLE.DisplayRole else None

    def _margin(self, line: ProposalLine, net: int) -> str:
        if line.cost is None:
            return formats.NOTHING
        percent = totals_figure.margin_percent(net, line.cost)
        return formats.percent(percent, 0) if percent is not None else formats.NOTHING

    def _typed(self, line: ProposalLine, column: int) -> str:
        """A value as it stands in the cell's editor."""
        value = getattr(line, FIELDS.get(column, "unit"))
        if column in (PRICE, COST):
            return "" if value is None else formats.amount(value, self.currency)
        if column in (QUANTITY, DISCOUNT):
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
        elif column == DISCOUNT:
            value = read_number(text.replace("%", ""), field) or None
            if value is not None and not 0 < value <= 100:
                raise Refused(Problem(field.name, "no_percent", "A discount is between 0 and 100 %."))
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
