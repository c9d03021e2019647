"""The sums under a proposal: the client's budget, totals by tax rate, our cost and margin."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from kam_desktop import formats, language
from kam_desktop.domain.figures.totals import Totals
from kam_desktop.domain.locale.vietnam import words
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.badges import Tag
from kam_desktop.ui.charts import Progress
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import PlainLabel, caption
from kam_desktop.ui.kit.table_view import TableView
from kam_desktop.ui.pages.proposal.lines import AMOUNT, COST

_ROOMY = 560  # px at 100 %: a narrower panel leaves the amount in words to the paper
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TotalsPanel(Panel):
    """The client's budget, the totals by rate of tax, and violet our cost and margin.

    Its labels stay while the rows stay: most edits change figures alone.
    """

    def __init__(self) -> None:
        super().__init__(row=True, lines="top", margins=(24, 1, 0, 0))
        self._inner: QWidget | None = None
        self._table: TableView | None = None
        self._form: tuple[object, ...] = ()
        self.setMinimumHeight(theme.px(168))

    def follow(self, lines: TableView) -> None:
        """Sums stand under the amounts of the lines, and our figures under our columns."""
        self._table = lines
        head = lines.horizontalHeader()
        head.sectionResized.connect(lambda *_sizes: self._align())
        head.geometriesChanged.connect(self._align)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._align()

    def _align(self) -> None:
        if self._table is None or self._inner is None:
            return
        self._spoken.setVisible(self.width() >= theme.px(_ROOMY))
        widest = [max(each.sizeHint().width() for each in column) for column in (self._our_names, self._ours)]
        least = theme.px(34 + 8) + sum(widest) + 2
        lines = self._table
        if lines.isColumnHidden(COST):
            self._private.setFixedWidth(least)
            self._sums_at.setContentsMargins(0, theme.px(12), 0, 0)
            return
        wide = max(least, self.width() - lines.viewport().x() - lines.columnViewportPosition(COST))
        self._private.setFixedWidth(wide)
        end = lines.columnViewportPosition(AMOUNT) + lines.columnWidth(AMOUNT) - lines.pads(AMOUNT)[1]
        self._sums_at.setContentsMargins(0, theme.px(12), max(0, self.width() - wide - theme.px(24) - end), 0)

    def show_totals(self, totals: Totals, currency: str, budget: int | None) -> None:
        """Other figures; amounts in minor units."""
        rows = _rows(totals, currency)
        spoken = language.current() == "vi" and totals.total > 0
        told = totals.without_cost if totals.cost is not None else 0
        shape = (bool(budget), spoken, [each[0] for each in rows], bool(told), theme.zoom())
        if shape != self._form or self._inner is None:
            self._build(bool(budget), spoken, [(name, strong) for name, _, strong in rows], bool(told))
            self._form = shape
        for label, (_, amount, _) in zip(self._sums, rows, strict=True):
            label.setText(amount)
        self._total.setText(formats.amount(totals.total, currency))
        margin = formats.percent(totals.margin_percent) if totals.margin_percent is not None else formats.NOTHING
        ours = (formats.amount(totals.cost, currency), formats.amount(totals.margin, currency), margin)
        for label, words_ in zip(self._ours, ours, strict=True):
            label.setText(words_)
        self._missing.setText(tr("{n} lines have no cost yet", n=told) if told else "")
        self._spoken.setText(words.amount(totals.total, currency) if spoken else "")
        if budget:
            self._show_budget(totals.total, budget, currency)
        self._align()  # a longer amount needs more room

    def _show_budget(self, total: int, budget: int, currency: str) -> None:
        used, left = Decimal(100 * total) / budget, budget - total
        self._share.setText(formats.percent(used, 0))
        tone = "danger" if used > 100 else "warning" if used > 95 else "accent"
        self._bar.set_share(min(1.0, float(used) / 100), tone)
        told = tr("Left: {amount}", amount=formats.amount(left, currency, symbol=True))
        if left < 0:
            told = tr("Over by {amount}", amount=formats.amount(-left, currency, symbol=True))
        self._left.setText(told)
        self._left.set_tone("danger" if left < 0 else "text")
        self._whole.setText(tr("of {amount}, VAT included", amount=formats.amount(budget, currency, symbol=True)))

    # Its parts.

    def _build(self, budget: bool, spoken: bool, rows: list[tuple[str, bool]], missing: bool) -> None:
        if self._inner is not None:
            self.box.removeWidget(self._inner)
            self._inner.deleteLater()
        self._inner = QWidget()
        row = QHBoxLayout(self._inner)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(24))
        row.addWidget(self._build_budget(budget, spoken), 2)
        row.addWidget(self._build_sums(rows), 3)
        self._private = self._build_ours(missing)
        row.addWidget(self._private)
        self.box.addWidget(self._inner)
        self._align()

    def _build_budget(self, budget: bool, spoken: bool) -> QWidget:
        made = Panel(gap=6, margins=(0, 12, 0, 0))
        self._share, self._bar = caption("", "text2"), Progress(name=tr("Client's budget"))
        self._left, self._whole = PlainLabel(weight=theme.MEDIUM), caption("", wrap=True)
        self._spoken = caption("", "text2", wrap=True)
        if budget:
            head = Panel(row=True).add(caption(tr("Client's budget"), "text2"), None, self._share)
            made.add(head, self._bar, self._left, self._whole)
        if spoken:
            made.add(self._spoken)
        return made.add(None)

    def _build_sums(self, rows: list[tuple[str, bool]]) -> QWidget:
        made = QWidget()
        grid = self._sums_at = _grid(made)
        grid.setContentsMargins(0, theme.px(12), 0, 0)
        self._sums: list[PlainLabel] = []
        for at, (name, strong) in enumerate(rows):
            weight = theme.MEDIUM if strong else theme.REGULAR
            self._sums.append(_right(weight))
            grid.addWidget(PlainLabel(name, weight=weight, tone="text" if strong else "text2"), at, 0)
            grid.addWidget(self._sums[-1], at, 1)
        self._total = _right(theme.BOLD, theme.SECTION)
        grid.addWidget(PlainLabel(tr("Total"), size=theme.SECTION, weight=theme.BOLD), len(rows), 0)
        grid.addWidget(self._total, len(rows), 1)
        grid.setRowStretch(len(rows) + 1, 1)
        return made

    def _build_ours(self, missing: bool) -> QWidget:
        made = Panel(ground="private_bg", margins=(10, 12, 24, 12), gap=4)
        inner = QWidget()
        grid = _grid(inner)
        self._ours = [_right(theme.MEDIUM if at == 2 else theme.REGULAR, tone="private") for at in range(3)]
        grid.setHorizontalSpacing(theme.px(8))
        names = (tr("Cost"), tr("Gross profit"), tr("Margin"))
        weights = (theme.REGULAR, theme.REGULAR, theme.MEDIUM)
        self._our_names: list[PlainLabel] = []
        for at, (name, weight) in enumerate(zip(names, weights, strict=True)):
            self._our_names.append(PlainLabel(name, tone="private", weight=weight))
            grid.addWidget(self._our_names[at], at, 0)
            grid.addWidget(self._ours[at], at, 1)
        self._missing = caption("", "private", wrap=True)
        made.add(Tag(tr("Internal")), inner)
        if missing:
            made.add(self._missing)
        return made.add(None)


def _rows(totals: Totals, currency: str) -> list[tuple[str, str, bool]]:
    """The rows above the total: name, amount as written, and whether it stands out."""
    rows = [(tr("Sum of lines"), totals.gross, False)]
    if totals.discount:
        rows.append((tr("Discount"), -totals.discount, False))
    rows.append((tr("Before VAT"), totals.net, True))
    for group in totals.groups:
        name = formats.percent(group.percent, 0) if group.percent is not None else group.group
        rows.append((tr("VAT {rate}", rate=name), group.tax, False))
    return [(name, formats.amount(amount, currency), strong) for name, amount, strong in rows]


def _grid(widget: QWidget) -> QGridLayout:
    grid = QGridLayout(widget)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(theme.px(16))
    grid.setVerticalSpacing(theme.px(4))
    return grid


def _right(weight: int = theme.REGULAR, size: int = theme.BODY, tone: str = "text") -> PlainLabel:
    made = PlainLabel(weight=weight, size=size, tone=tone, select=True)
    made.setAlignment(_RIGHT)
    return made
