"""The product page: the catalogue, and the price lists beside it, each with search and columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QBoxLayout, QMenu, QStackedWidget, QWidget

from kam_desktop import formats
from kam_desktop.domain.figures.totals import margin_percent
from kam_desktop.language import tr
from kam_desktop.ui.kit.buttons import Button, Chip, Segmented, open_below
from kam_desktop.ui.kit.cells import AmountCell, DateCell, Look, PillCell, TextCell
from kam_desktop.ui.kit.record_page import RecordPage
from kam_desktop.ui.kit.record_table import TableColumn
from kam_desktop.ui.kit.table_view import Column
from kam_desktop.ui.pages.product.form import PriceListDetail, ProductDetail

CATALOGUE, LISTS = "catalogue", "lists"
NEW, NEW_LIST = "new", "new_list"


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product as the catalogue shows it; money in minor units of `currency`, `rate` as it is today."""

    id: str
    code: str
    name: str
    unit: str
    price: int | None
    currency: str
    rate: str
    category: str
    cost: int | None


@dataclass(frozen=True, slots=True)
class PriceListRow:
    """One price list; `state` is running, later, over or archived."""

    id: str
    name: str
    whose: str
    begins_on: date | None
    ends_on: date | None
    currency: str
    count: int
    state: str


def rate_words(rate: str) -> str:
    """A tax rate as it is read: 8 %, KCT."""
    return rate.replace("%", formats.NBSP + "%").replace(".", formats.decimal_mark())


def span_words(begins_on: date | None, ends_on: date | None) -> str:
    """Over which days something holds."""
    if begins_on is None and ends_on is None:
        return tr("Always")
    if ends_on is None:
        return tr("From {day}", day=formats.day(begins_on))
    if begins_on is None:
        return tr("Until {day}", day=formats.day(ends_on))
    return f"{formats.day(begins_on)} – {formats.day(ends_on)}"


def category_names() -> dict[str, str]:
    """The tax categories in the current language."""
    return {"standard": tr("Standard rate"), "reduced": tr("Reduced rate"), "fixed": tr("Its own rate")}


def _margin(row: ProductRow) -> str:
    if row.price is None or row.cost is None:
        return formats.NOTHING
    percent = margin_percent(row.price, row.cost)
    return formats.percent(percent, 0) if percent is not None else formats.NOTHING


def _amount(value: int | None, currency: str) -> str:
    return formats.NOTHING if value is None else formats.amount(value, currency)


def product_columns() -> list[tuple[TableColumn, Column]]:
    """The columns of the catalogue; cost and margin are violet and never shown to a client."""
    names = category_names()
    return [
        (TableColumn(tr("Code"), lambda row: row.code), Column(92, TextCell("text2"), 3)),
        (TableColumn(tr("Product"), lambda row: row.name), Column(0, TextCell(name=True))),
        (TableColumn(tr("Unit"), lambda row: row.unit), Column(72, TextCell("text2"), 2)),
        (TableColumn(tr("Unit price"), lambda row: _amount(row.price, row.currency)),
         Column(116, AmountCell(strong=True))),
        (TableColumn(tr("Currency"), lambda row: row.currency), Column(72, TextCell("text2"), 5)),
        (TableColumn(tr("VAT today"), lambda row: rate_words(row.rate)), Column(72, DateCell())),
        (TableColumn(tr("Tax category"), lambda row: names.get(row.category, "")), Column(134, TextCell("text2"), 4)),
        (TableColumn(tr("Cost"), lambda row: _amount(row.cost, row.currency), private=True),
         Column(104, AmountCell("private"), 1)),
        (TableColumn(tr("Margin"), _margin, private=True), Column(64, AmountCell("private"), 1)),
    ]  # fmt: skip


_STATES = {"running": ("success", "check"), "later": ("info", "clock"), "over": ("", ""), "archived": ("", "archive")}


def price_list_columns() -> list[tuple[TableColumn, Column]]:
    """The columns of the price lists."""
    states = {
        "running": tr("In force"),
        "later": tr("Not yet in force"),
        "over": tr("Over"),
        "archived": tr("Archived"),
    }

    def look(row: PriceListRow) -> Look:
        tone, icon = _STATES[row.state]
        return Look(tone=tone, icon=icon)

    return [
        (TableColumn(tr("Price list"), lambda row: row.name), Column(0, TextCell(name=True))),
        (TableColumn(tr("For"), lambda row: row.whose), Column(200, TextCell("text2"), 1)),
        (TableColumn(tr("Valid"), lambda row: span_words(row.begins_on, row.ends_on)), Column(190, TextCell("text2"))),
        (TableColumn(tr("Currency"), lambda row: row.currency), Column(72, TextCell("text2"), 2)),
        (TableColumn(tr("Prices"), lambda row: formats.number(row.count)), Column(64, DateCell())),
        (TableColumn("", lambda row: states[row.state], look), Column(150, PillCell())),
    ]


class Listing(RecordPage):
    """A list with the switch between catalogue and price lists, and a way to the import where it is empty.

    Signals:
        tab_chosen(str): CATALOGUE or LISTS.
        import_wanted: the button of the empty state.
        archived_chosen(bool): archived ones instead of the others.
    """

    tab_chosen = Signal(str)
    import_wanted = Signal()
    archived_chosen = Signal(bool)

    def __init__(self, tab: str, columns: Sequence[tuple[TableColumn, Column]], create: str, search: str,
                 empty: tuple[str, str, str], filter_empty: str) -> None:  # fmt: skip
        self.switch = Segmented([(CATALOGUE, tr("Catalogue")), (LISTS, tr("Price lists"))], tab, name=tr("Products"))
        self.chip = Chip(tr("Show"), tr("In use"))
        super().__init__(tr("Products"), columns, create=create, search=search, empty=empty, filter_empty=filter_empty,
                         tools=[self.switch, self.chip])  # fmt: skip
        self.switch.changed.connect(self._on_switch)
        self._tab = tab
        self._menu = QMenu(self)
        for archived, words in ((False, tr("In use")), (True, tr("Archived"))):
            action = QAction(words, self._menu)
            action.triggered.connect(lambda _on=False, archived=archived: self._on_shown(archived))
            self._menu.addAction(action)
        self.chip.clicked.connect(lambda: open_below(self._menu, self.chip))
        take = Button(tr("Import from a file"), icon="upload", kind="flat")
        take.clicked.connect(self.import_wanted)
        state = self._stack.widget(1)
        box = state.layout() if state is not None else None
        if isinstance(box, QBoxLayout):
            box.insertWidget(box.count() - 1, take, alignment=Qt.AlignmentFlag.AlignHCenter)

    def _on_switch(self, key: str) -> None:
        self.switch.choose(self._tab)  # this list stands for its own side; the other one is shown in its place
        self.tab_chosen.emit(key)

    def show_archived(self, archived: bool) -> None:
        """Says which are shown."""
        self.chip.set_texts(tr("Show"), tr("Archived") if archived else tr("In use"))

    def show_settings(self, text: str, archived: bool) -> None:
        """Shows search and filter of a view, without telling of a change."""
        with QSignalBlocker(self.search):
            self.search.edit.setText(text)
        self.show_archived(archived)

    def _on_shown(self, archived: bool) -> None:
        self.show_archived(archived)
        self.archived_chosen.emit(archived)


def catalogue() -> Listing:
    """The list of products."""
    return Listing(
        CATALOGUE, product_columns(), tr("Add product"), tr("Search products"),
        ("package", tr("No products yet"), tr("Import a catalogue from Excel, or add the first product.")),
        tr("No product fits the filter"),
    )  # fmt: skip


def price_lists() -> Listing:
    """The list of price lists."""
    told = tr("Import one from Excel, or add the first. Without any, a product's own price holds.")
    return Listing(
        LISTS, price_list_columns(), tr("Add price list"), tr("Search price lists"),
        ("tag", tr("No price lists yet"), told), tr("No price list fits the filter"),
    )  # fmt: skip


class ProductPage(QStackedWidget):
    """Catalogue, price lists, one product or one price list.

    Signals:
        place_wanted(str): "", LISTS, NEW, NEW_LIST or the id of a product or price list.
    """

    place_wanted = Signal(str)

    def __init__(
        self, catalogue: Listing, lists: Listing, make_product: Callable[[], ProductDetail],
        make_list: Callable[[], PriceListDetail],
    ) -> None:  # fmt: skip
        super().__init__()
        self.catalogue, self.lists = catalogue, lists
        self._make_product, self._make_list = make_product, make_list
        self.addWidget(catalogue)
        self.addWidget(lists)

    @cached_property
    def product(self) -> ProductDetail:
        """One product; made when it is first wanted."""
        made = self._make_product()
        self.addWidget(made)
        return made

    @cached_property
    def prices(self) -> PriceListDetail:
        """One price list; made when it is first wanted."""
        made = self._make_list()
        self.addWidget(made)
        return made

    def show_part(self, part: QWidget) -> None:
        """Shows one of the four."""
        self.setCurrentWidget(part)

    def open_place(self, place: str) -> None:
        """Called by the window."""
        self.place_wanted.emit(place)

    def tour_places(self) -> list[tuple[str, str]]:
        """The form of a product, an empty one, the price lists and one of them."""
        listed = self.lists.model.answer.ids
        return [
            ("form", self.catalogue.place.current()), ("new", NEW), ("lists", LISTS),
            ("prices", listed[0] if listed else ""), ("new-list", NEW_LIST), ("", ""),
        ][: 6 if listed else 3]  # fmt: skip

    def remembered(self) -> object:
        """The text that is searched for."""
        return self.catalogue.search.edit.text()

    def remember(self, state: object) -> None:
        """Takes back what `remembered` gave."""
        self.catalogue.search.edit.setText(str(state))
        self.catalogue.searched.emit(str(state))
