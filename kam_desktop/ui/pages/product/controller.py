"""Answers the product page: catalogue, price lists, forms, archiving, prices set and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import QTimer

from kam_desktop import formats
from kam_desktop.domain.entities import PriceList, PriceListItem, Product
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.cell_edits import CellEdits, CellField
from kam_desktop.ui.desk import Desk, titles_of
from kam_desktop.ui.form_dialog import FormDialog
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_table import Answer, RowGroup
from kam_desktop.ui.pages.product.form import PRICE, QUANTITY, PriceForm, PriceListDetail, PriceRow, ProductDetail
from kam_desktop.ui.pages.product.list_part import ListPart
from kam_desktop.ui.pages.product.page import (
    LISTS,
    NEW,
    NEW_LIST,
    PriceListRow,
    ProductPage,
    ProductRow,
    catalogue,
    category_names,
    price_lists,
)
from kam_desktop.ui.shortcuts import add_shortcut

_FIRST = 60  # rows that come along with the ids


class ProductController(RecordController):
    """One for each product page. `page` is the widget."""

    entities = frozenset({"product", "price_list", "price_list_item", "rule", "account"})
    page: ProductPage

    def __init__(self, desk: Desk) -> None:
        self._catalogue, self._lists = catalogue(), price_lists()
        super().__init__(desk, ProductPage(self._catalogue, self._lists, self._made_product, self._made_list))
        self._place = ""
        self._detail: dict[str, PriceListItem] = {}
        shell = desk.shell
        for listing in (self._catalogue, self._lists):
            listing.tab_chosen.connect(lambda key: shell.show_page("product", LISTS if key == LISTS else ""))
            listing.import_wanted.connect(lambda: shell.show_page("importing"))
        self._catalogue.create_wanted.connect(lambda: shell.show_page("product", NEW))
        self._lists.create_wanted.connect(lambda: shell.show_page("product", NEW_LIST))
        self._catalogue.model.wanted.connect(self._on_wanted)
        self.page.place_wanted.connect(self.open_place)
        today, fields = desk.today(), ("code", "name", "unit", "price", "currency", "", "tax_category", "cost")
        cells = {at: CellField(name, category_names() if name == "tax_category" else {})
                 for at, name in enumerate(fields) if name}  # fmt: skip
        self.products = ListPart(self, self._catalogue, Product, cells,
                                 lambda reader, ids: _product_rows(reader, ids, today), _archive_all)  # fmt: skip
        self.price_lists = ListPart(self, self._lists, PriceList, {0: CellField("name"), 3: CellField("currency")},
                                    lambda reader, ids: _list_rows(reader, ids, today), _archive_all)  # fmt: skip

    def _made_product(self) -> ProductDetail:
        made, shell = ProductDetail(self.desk.today()), self.desk.shell
        made.back_wanted.connect(lambda: shell.show_page("product"))
        made.archive_wanted.connect(lambda archived: self._on_archive(Product, archived))
        add_shortcut(made, "leave", lambda: shell.show_page("product"))
        self.bind(made.form, N_("Change product {name}"), N_("Add product {name}"), self._on_saved)
        return made

    def _made_list(self) -> PriceListDetail:
        made, shell = PriceListDetail(self.desk.today()), self.desk.shell
        made.back_wanted.connect(lambda: shell.show_page("product", LISTS))
        made.archive_wanted.connect(lambda archived: self._on_archive(PriceList, archived))
        made.price_wanted.connect(self._on_price)
        made.price_removed.connect(self._on_price_removed)
        add_shortcut(made, "leave", lambda: shell.show_page("product", LISTS))
        add_shortcut(made, "new", lambda: self._on_price(""))
        self.bind(made.form, N_("Change price list {name}"), N_("Add price list {name}"), self._on_saved)
        columns = {QUANTITY: CellField("from_quantity"), PRICE: CellField("price")}
        CellEdits(self, made.table, made.model, PriceListItem, columns, N_("Change a price"),
                  lambda uow, item: _save_price(uow, item.price_list, item), made.currency)  # fmt: skip
        return made

    # The lists.

    def refresh(self) -> None:
        today = self.desk.today()
        text, archived = self.products.text, self.products.archived
        self.ask(lambda reader: _ask_catalogue(reader, text, archived, today), self._show_catalogue, "catalogue")
        named, gone = self.price_lists.text, self.price_lists.archived
        self.ask(lambda reader: _ask_lists(reader, named, gone, today), self._show_lists, "lists")
        if self._place not in ("", LISTS, NEW, NEW_LIST):
            self._ask_detail()

    def _show_catalogue(self, answer: tuple[Any, dict[str, ProductRow]]) -> None:
        listing, rows = answer
        groups = [
            RowGroup(group.name or tr("Without a product line"), trn("{n} product", "{n} products", group.count),
                     group.count)
            for group in listing.groups
        ]  # fmt: skip
        if len(groups) == 1 and not listing.groups[0].name:
            groups = []  # a catalogue without product lines needs no heads
        count = len(listing.ids)
        self._catalogue.model.set_answer(Answer(listing.ids, self.products.folding.dressed(groups), rows))
        filtered = bool(self.products.text) or self.products.archived
        self._catalogue.show_state(formats.number(count) if count else "", empty=not count, filtered=filtered)
        if count and not self._catalogue.place.current():
            self._catalogue.place.show(listing.ids[0])
        self.products.say_selection()

    def _show_lists(self, rows: Sequence[PriceListRow]) -> None:
        shown = {row.id: row for row in rows}
        self._lists.model.set_answer(Answer(list(shown), (), shown))
        filtered = bool(self.price_lists.text) or self.price_lists.archived
        self._lists.show_state(formats.number(len(rows)) if rows else "", empty=not rows, filtered=filtered)
        if rows and not self._lists.place.current():
            self._lists.place.show(rows[0].id)
        self.price_lists.say_selection()

    def _on_wanted(self, ids: list[str]) -> None:
        today = self.desk.today()
        self.ask_rows(lambda reader: _product_rows(reader, ids, today), self._catalogue.model)

    # One record.

    def open_place(self, place: str) -> None:
        """Shows a list, a product or price list by id, or an empty form."""
        self._place = place
        self.desk.shell.set_selection_text("")
        if place in ("", LISTS):
            listing = self._lists if place else self._catalogue
            self.page.show_part(listing)
            listing.table.setFocus()
            (self.price_lists if place else self.products).say_selection()
        elif place == NEW:
            product = self.page.product
            product.show_product(Product(id=self.desk.new_id(), name=""), {}, is_new=True)
            self.page.show_part(product)
            product.form.editor("name").setFocus()
            self.ask_draft(product.form)
        elif place == NEW_LIST:
            prices = self.page.prices
            begun = PriceList(id=self.desk.new_id(), name="", begins_on=self.desk.today())
            prices.show_list(begun, (), {}, is_new=True)
            self.page.show_part(prices)
            prices.form.editor("name").setFocus()
            self.ask_draft(prices.form)
        else:
            self._ask_detail()

    def _ask_detail(self) -> None:
        place = self._place
        self.ask(lambda reader: _ask_detail(reader, place), self._show_detail, "detail")

    def _show_detail(self, answer: tuple[Any, dict[str, str]]) -> None:
        shown, titles = answer
        record = shown if isinstance(shown, Product) else shown.prices
        if record.id != self._place:
            return
        part = self.page.product if isinstance(shown, Product) else self.page.prices
        fresh = part.form.record is None or part.form.record.id != record.id
        if isinstance(shown, Product):
            self.page.product.show_product(shown, titles)
        else:
            self._detail = {each.id: each for each in shown.items}
            self.page.prices.show_list(shown.prices, _price_rows(shown), titles)
        came = self.page.currentWidget() is not part
        self.page.show_part(part)
        if came:
            (part.form.editor("name") if part is self.page.product else self.page.prices.table).setFocus()
        if fresh:
            self.ask_draft(part.form)

    def _on_saved(self, record: Any) -> None:
        if self._place in (NEW, NEW_LIST):
            self.desk.shell.show_page("product", record.id)

    def _on_archive(self, kind: Any, archived: bool) -> None:
        key = self._place

        def work(uow: Any) -> Any:
            from kam_desktop.services import records

            return records.archive(uow, kind, key, archived)

        part = self.page.product if kind is Product else self.page.prices
        name = str(getattr(part.form.record, "name", ""))
        self.edit(work, N_("Archive {name}") if archived else N_("Bring back {name}"), name=name)

    # Prices of a list.

    def reopen(self, draft_key: str) -> bool:
        """See last_place.Reopens: a price that was being typed, or a cell."""
        entity, _, rest = draft_key.partition(":")
        if entity in ("product", "price_list") and self._place in ("", LISTS) and not rest.startswith("new:"):
            self.desk.shell.show_page("product", rest)  # it was typed into a cell of the list
            return True
        prices = self.page.prices.form.record
        known = prices is not None and (rest == f"new:{prices.id}" or rest in self._detail)
        if entity != PriceListItem.entity.name or not known:
            return False
        self._on_price(rest if rest in self._detail else "")
        return True

    def _on_price(self, key: str) -> None:
        prices = self.page.prices.form.record
        if not isinstance(prices, PriceList) or self.page.prices.form.is_new:
            return
        form = PriceForm(self.desk.today(), prices.currency)
        dialog = FormDialog(self.page, tr("Change price") if key else tr("Add price"), form, tr("Save"))
        of = prices.id

        save = lambda uow, item: _save_price(uow, of, item)  # noqa: E731
        self.bind(form, N_("Change a price"), N_("Add a price"), dialog.saved, save)
        item = self._detail.get(key)
        if item is not None:
            self.show_in(form, PriceListItem, key)
        else:
            form.show_record(PriceListItem(id=self.desk.new_id(), price_list=of, product="", price=None), is_new=True)
            self.ask_draft(form, of)
        dialog.open()
        QTimer.singleShot(0, form.editor("price" if item is not None else "product").setFocus)

    def _on_price_removed(self, key: str) -> None:
        def work(uow: Any) -> None:
            from kam_desktop.services import records

            records.remove(uow, PriceListItem, key)

        self.edit(work, N_("Take away a price"))


# Questions: they run in the ask lane and give frozen values.


def _ask_catalogue(reader: Any, text: str, archived: bool, today: date) -> tuple[Any, dict[str, ProductRow]]:
    from kam_desktop.services import product

    listing = product.listing(reader, text=text, archived=archived)
    return listing, _product_rows(reader, listing.ids[:_FIRST], today)


def _product_rows(reader: Any, ids: Sequence[str], today: date) -> dict[str, ProductRow]:
    from kam_desktop.services import product, rule

    rules = rule.vat_rules(reader)
    return {
        key: ProductRow(key, each.code, each.name, each.unit, each.price, each.currency,
                        product.tax_rate(each, today, rules), each.tax_category, each.cost)
        for key, each in reader.many(Product, ids).items()
    }  # fmt: skip


def _ask_lists(reader: Any, text: str, archived: bool, today: date) -> list[PriceListRow]:
    from kam_desktop.services import product

    return [_list_row(reader, each, today) for each in product.price_lists(reader, text=text, archived=archived)]


def _list_rows(reader: Any, ids: Sequence[str], today: date) -> dict[str, PriceListRow]:
    return {key: _list_row(reader, each, today) for key, each in reader.many(PriceList, ids).items()}


def _list_row(reader: Any, each: PriceList, today: date) -> PriceListRow:
    from kam_desktop.services import product

    found = product.price_list(reader, each.id)
    begun = each.begins_on is None or each.begins_on <= today
    state = "archived" if each.archived else "later" if not begun else "running"
    if state == "running" and not product.in_force(each, today):
        state = "over"
    tier = tr("Tier {name}", name=each.tier) if each.tier else ""
    whose = " · ".join(filter(None, (found.account, tier))) or tr("Everybody")
    return PriceListRow(
        each.id, each.name, whose, each.begins_on, each.ends_on, each.currency, len(found.items), state
    )  # fmt: skip


def _archive_all(kind: Any, ids: Sequence[str], archived: bool, uow: Any) -> None:
    from kam_desktop.services import records

    for key in ids:
        records.archive(uow, kind, key, archived)


def _save_price(uow: Any, of: str, item: PriceListItem) -> PriceListItem:
    from kam_desktop.services import product

    return product.save_item(uow, of, item)


def _ask_detail(reader: Any, key: str) -> tuple[Any, dict[str, str]]:
    from kam_desktop.services import product

    found = reader.get(Product, key)
    if found is not None:
        return found, titles_of(reader, found)
    detail = product.price_list(reader, key)
    return detail, titles_of(reader, detail.prices)


def _price_rows(detail: Any) -> list[PriceRow]:
    rows = []
    for item in detail.items:
        of = detail.products.get(item.product)
        own = of.price if of is not None and of.currency == detail.prices.currency else None
        cost = of.cost if of is not None and of.currency == detail.prices.currency else None
        rows.append(PriceRow(item, of.code if of else "", of.name if of else "", of.unit if of else "", own, cost,
                             detail.prices.currency))  # fmt: skip
    return rows
