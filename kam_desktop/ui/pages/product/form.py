"""One product and one price list: their fields, and the prices that stand in a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.domain.entities import PriceList, PriceListItem, Product
from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.badges import Pill
from kam_desktop.ui.form_dialog import head_name, two_columns
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.cells import AmountCell, DateCell, Look, TextCell
from kam_desktop.ui.kit.frames import Panel, page_head, scrolled
from kam_desktop.ui.kit.labels import caption, section
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.kit.record_table import Answer, KeptPlace, RecordTable, TableColumn
from kam_desktop.ui.kit.states import EmptyState
from kam_desktop.ui.kit.table_view import Column
from kam_desktop.ui.removing_table import RemovingTable

QUANTITY, PRICE = 3, 4  # columns of a price list that are edited in place
_WIDTH = 760


class ProductForm(RecordForm):
    """The fields of a product."""

    def __init__(self, today: date) -> None:
        super().__init__(Product, today=today)
        names = {"standard": tr("Standard rate"), "reduced": tr("Reduced rate"), "fixed": tr("Its own rate")}
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(24), theme.px(16), theme.px(24), theme.px(24))
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        add = self.add
        parts: list[tuple[str, list[list[QWidget]]]] = [
            (tr("What it is"), [[add("name")], [add("name_en")], [add("code"), add("line")], [add("unit"), QWidget()],
                                [add("description", lines=4)]]),
            (tr("Price and cost"), [[add("price"), add("currency")], [add("cost"), QWidget()]]),
            (tr("Tax"), [[add("tax_category", names=names), add("tax_rate")]]),
        ]  # fmt: skip
        for name, rows in parts:
            box.addWidget(section(name))
            box.addLayout(two_columns(rows))
            box.addSpacing(theme.px(8))
        told = tr("Standard and reduced follow the dated rules in the settings; a rate of its own stays as it is "
                  "written (5 %, KCT). An accountant should confirm which one a product has.")  # fmt: skip
        box.addWidget(caption(told, wrap=True))
        box.addStretch()
        self.join("tax_category", "tax_rate")


class PriceListForm(RecordForm):
    """For whom a price list is, and when."""

    def __init__(self, today: date) -> None:
        super().__init__(PriceList, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(20), theme.px(16), theme.px(20), theme.px(20))
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        box.addLayout(two_columns([
            [self.add("name")], [self.add("begins_on"), self.add("ends_on")], [self.add("account")],
            [self.add("tier", names={each: each for each in "ABC"}), self.add("currency")],
        ]))  # fmt: skip
        told = tr("Of several price lists in force the customer's own goes first, then that of its tier, then the one "
                  "for everybody.")  # fmt: skip
        box.addWidget(caption(told, wrap=True))
        box.addStretch()
        self.join("begins_on", "ends_on")


class PriceForm(RecordForm):
    """The price of one product in a list."""

    def __init__(self, today: date, currency: str) -> None:
        self._of_list = currency
        super().__init__(PriceListItem, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        box.addLayout(two_columns([[self.add("product")], [self.add("price"), self.add("from_quantity")]]))

    def _currency(self) -> str:
        return self._of_list  # a price has the currency of its list


class _Detail(QWidget):
    """The head of a record's page: the way back, its name, archive, and the button that makes a new one.

    Signals:
        back_wanted, archive_wanted(bool): the button was pressed.
    """

    back_wanted = Signal()
    archive_wanted = Signal(bool)

    def __init__(self, form: RecordForm, back: str, create: str) -> None:
        super().__init__()
        self._archived = False
        self._name = head_name()
        self._gone = Pill(tr("Archived"))
        self._archive = Button(tr("Archive"), icon="archive", kind="flat")
        self._create = Button(create, kind="primary", key=keymap.shown("commit"))
        way_back = Button(back, icon="arrow-left", kind="flat")
        head = page_head(way_back, line=True)
        head.add(self._name, self._gone, None, self._archive, self._create)
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(0)
        self.box.addWidget(head)
        way_back.clicked.connect(self.back_wanted)
        self._archive.clicked.connect(lambda: self.archive_wanted.emit(not self._archived))
        self._create.clicked.connect(form.commit)

    def show_head(self, name: str, archived: bool, is_new: bool) -> None:
        """The name, and what may be done."""
        self._archived = archived
        self._name.setText(name)
        self._gone.setVisible(archived)
        self._archive.set_label(tr("Bring back") if archived else tr("Archive"))
        self._archive.setVisible(not is_new)
        self._create.setVisible(is_new)


class ProductDetail(_Detail):
    """One product."""

    def __init__(self, today: date) -> None:
        self.form = ProductForm(today)
        super().__init__(self.form, tr("All products"), tr("Add product"))
        self.form.setMaximumWidth(theme.px(_WIDTH))
        holder = Panel(row=True).add(self.form, stretch=_WIDTH)
        holder.box.addStretch(1)
        area = scrolled(holder)
        area.setProperty("pane", True)
        area.setFocusProxy(self.form.editor("name"))
        self.box.addWidget(area, 1)

    def show_product(self, product: Product, titles: Mapping[str, str], *, is_new: bool = False) -> None:
        """Its head and fields."""
        self.show_head(product.name or tr("New product"), product.archived, is_new)
        self.form.show_record(product, titles, is_new=is_new)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price in a list, with its product's words; own is the product's own price, cost is ours."""

    item: PriceListItem
    code: str
    name: str
    unit: str
    own: int | None
    cost: int | None
    currency: str


def _less(row: PriceRow) -> str:
    """How far below the product's own price it is."""
    if not row.own or row.item.price is None:
        return formats.NOTHING
    return formats.percent(Decimal(100 * (row.item.price - row.own)) / row.own)


class PriceListDetail(_Detail):
    """One price list: its prices, and its fields at the right.

    Signals:
        price_wanted(str): change the price of that item, "" for a new one.
        price_removed(str): take it away.
    """

    price_wanted = Signal(str)
    price_removed = Signal(str)

    def __init__(self, today: date) -> None:
        self.form = PriceListForm(today)
        super().__init__(self.form, tr("All price lists"), tr("Add price list"))
        columns = [
            (TableColumn(tr("Code"), lambda row: row.code), Column(84, TextCell("text2"), 3)),
            (TableColumn(tr("Product"), lambda row: row.name), Column(0, TextCell(name=True))),
            (TableColumn(tr("Unit"), lambda row: row.unit), Column(64, TextCell("text2"), 2)),
            (TableColumn(tr("From quantity"), lambda row: formats.number(row.item.from_quantity)),
             Column(92, DateCell())),
            (TableColumn(tr("Price"), lambda row: formats.amount(row.item.price, row.currency)),
             Column(110, AmountCell(strong=True))),
            (TableColumn(tr("Against its own price"), _less, lambda _row: Look(tone="text2")),
             Column(96, DateCell(), 1)),
        ]  # fmt: skip
        self.model, self.table = RecordTable([each for each, _ in columns]), RemovingTable(tr("Prices"))
        self.model.setParent(self.table)
        self.place = KeptPlace(self.table, self.model)
        self.table.set_columns([each for _, each in columns])
        self._add = Button(tr("Add price"), icon="plus", small=True, key=keymap.shown("new"))
        self._change = Button(tr("Change"), icon="pencil", small=True, kind="flat")
        self._remove = Button(tr("Take away"), icon="trash-2", small=True, kind="flat")
        tools = Panel(row=True, margins=(24, 8, 24, 8), gap=8).add(self._add, self._change, self._remove, None)
        self._first = Button(tr("Add price"), icon="plus")
        nothing = EmptyState("tag", tr("No prices in this list yet"),
                             tr("Each product keeps its own price until one stands here."), self._first)  # fmt: skip
        self._stack = QStackedLayout()
        self._stack.addWidget(self.table)
        self._stack.addWidget(nothing)
        self._left = Panel().add(tools)
        self._left.box.addLayout(self._stack, 1)
        area = scrolled(self.form)
        side = Panel(lines="left", margins=(1, 0, 0, 0)).add(area)
        side.setFixedWidth(theme.px(372))
        area.setFocusProxy(self.form.editor("name"))
        for pane in (self.table, area):
            pane.setProperty("pane", True)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._left, 1)
        middle.addWidget(side)
        self.box.addLayout(middle, 1)
        for button in (self._add, self._first):
            button.clicked.connect(lambda: self.price_wanted.emit(""))
        self._change.clicked.connect(self._on_change)
        self._remove.clicked.connect(self._on_remove)
        self.table.opened.connect(lambda _index: self._on_change())
        self.table.removed.connect(self._on_remove)
        self.place.current_changed.connect(lambda _key: self._tell())

    def currency(self) -> str:
        """The currency of the list that is shown."""
        return str(getattr(self.form.record, "currency", "VND"))

    def show_list(self, prices: PriceList, rows: Sequence[PriceRow], titles: Mapping[str, str], *,
                  is_new: bool = False) -> None:  # fmt: skip
        """The fields, and the prices with their products."""
        self.show_head(prices.name or tr("New price list"), prices.archived, is_new)
        self.form.show_record(prices, titles, is_new=is_new)
        shown = {row.item.id: row for row in rows}
        self.model.set_answer(Answer(list(shown), (), shown))
        self._stack.setCurrentIndex(0 if rows else 1)
        for button in (self._add, self._change, self._remove):
            button.setVisible(bool(rows))
        self._left.setEnabled(not is_new)
        self._tell()

    def _tell(self) -> None:
        for button in (self._change, self._remove):
            button.setEnabled(bool(self.place.current()))

    def _on_change(self) -> None:
        if self.place.current():
            self.price_wanted.emit(self.place.current())

    def _on_remove(self) -> None:
        if self.place.current():
            self.price_removed.emit(self.place.current())
