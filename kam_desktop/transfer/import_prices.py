"""Decides what becomes of each row of a table of prices: price lists and the prices in them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import PurePath
from typing import Any, Final

from kam_desktop.domain.entities import PriceList, PriceListItem, Product
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.query import Query
from kam_desktop.domain.text import clean, fold
from kam_desktop.language import N_
from kam_desktop.store.reader import Reader
from kam_desktop.transfer import cells
from kam_desktop.transfer.import_context import Context
from kam_desktop.transfer.import_merge import SAME_LIST, Claims, changes, merged
from kam_desktop.transfer.import_plan import PlannedRow, Verdict, Working, first_problem
from kam_desktop.transfer.import_products import ProductIndex, product_key
from kam_desktop.transfer.sheets import Raw, Table

_TIER: Final = re.compile(r"\b([abc])\b")
_Item = tuple[str, str, Decimal]


class PriceIndex:
    """All price lists by name and all their prices, with what an import adds to them."""

    def __init__(self, reader: Reader) -> None:
        self._lists: dict[str, dict[str, PriceList]] = {}
        self._items: dict[_Item, PriceListItem] = {}
        for each in reader.all(Query("price_list")):
            if isinstance(each, PriceList):
                self.add_list(each)
        for each in reader.all(Query("price_list_item")):
            if isinstance(each, PriceListItem):
                self.add_item(each)

    def add_list(self, prices: PriceList) -> None:
        """Makes a price list known, as it is now."""
        self._lists.setdefault(product_key(prices.name), {})[prices.id] = prices

    def add_item(self, item: PriceListItem) -> None:
        """Makes a price known, as it is now."""
        self._items[item.price_list, item.product, _from(item.from_quantity)] = item

    def find(self, name: str, begins_on: date | None, account: str, tier: str) -> PriceList | Problem | None:
        """The list of that name; of several the one for that day, customer and tier."""
        fitting = [
            each
            for each in self._lists.get(product_key(name), {}).values()
            if (begins_on is None or each.begins_on in (None, begins_on))
            and (not account or each.account in ("", account))
            and (not tier or each.tier in ("", tier))
        ]
        for narrower in (
            lambda each: each.begins_on == begins_on and each.account == account and each.tier == tier,
            lambda each: not each.archived,
        ):
            if len(fitting) > 1:
                fitting = [each for each in fitting if narrower(each)] or fitting
        if len(fitting) > 1:
            message = N_("Several price lists are called “{name}”: give the day from which it is valid.")
            return Problem("name", "ambiguous_list", message, {"name": name[:80]})
        return fitting[0] if fitting else None

    def item(self, prices: str, product: str, from_quantity: Decimal | None) -> PriceListItem | None:
        """The price of a product in a list from that quantity on."""
        return self._items.get((prices, product, _from(from_quantity)))


def _from(quantity: Decimal | None) -> Decimal:
    """From nothing on and from one on are one price."""
    return Decimal(0) if quantity is None or quantity <= 1 else quantity.normalize()


@dataclass
class _Reading:
    list_name: str = ""
    product_code: str = ""
    product_name: str = ""
    account_name: str = ""
    account_code: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    from_quantity: Decimal | None = None
    price: Raw = None
    problems: list[Problem] = field(default_factory=list)


def decide(working: Working, table: Table, context: Context) -> list[PlannedRow]:
    """The verdict on every row, in order; what it writes goes into `working`.

    A row's list is recognised by name, and where several are called so by day, customer and tier; one that is not
    there is made, called after the file when no column names it. The product must be there. The same list, product
    and quantity is the same price.
    """
    index, products, claims = working.index(PriceIndex), working.index(ProductIndex), Claims()
    otherwise = clean(PurePath(table.file).stem.replace("_", " "))[:120]
    rows = []
    for row, (_, values) in zip(table.rows, table.values(), strict=True):
        reading = _read(values, otherwise)
        planned = _row(working, index, products, claims, row.number, reading, context)
        rows.append(dataclasses.replace(planned, cells=row.cells))
    return rows


def _row(
    working: Working,
    index: PriceIndex,
    products: ProductIndex,
    claims: Claims,
    number: int,
    reading: _Reading,
    context: Context,
) -> PlannedRow:
    product = _product(products, reading)
    account = _account(working, reading)
    name = product.name if isinstance(product, Product) else reading.product_name or reading.product_code
    shown = {
        **reading.values,
        "list": reading.list_name,
        "product": name,
        "from_quantity": reading.from_quantity,
        "account": working.accounts.name(account) if isinstance(account, str) else reading.account_name,
    }
    row = PlannedRow(number, name, Verdict.SKIP, shown=shown)
    if reading.problems:
        return dataclasses.replace(row, reason=reading.problems[0])
    if isinstance(product, Problem):
        return dataclasses.replace(row, reason=product)
    if isinstance(account, Problem):
        return dataclasses.replace(row, reason=account)
    values = {**reading.values, **({"account": account} if account else {})}
    found = index.find(reading.list_name, values.get("begins_on"), account, str(values.get("tier", "")))
    if isinstance(found, Problem):
        return dataclasses.replace(row, reason=found)
    currency = str(values.get("currency") or (found.currency if found is not None else product.currency))
    problems: list[Problem] = []
    price = cells.attempt(problems, lambda: cells.as_amount(reading.price, currency, "price"), None)
    shown.update(price=price, currency=currency)
    if price is None:
        missing = Problem("price", "no_price", "The price is missing.")
        return dataclasses.replace(row, reason=problems[0] if problems else missing)
    if found is None:
        name_and_currency = {"name": reading.list_name, "currency": currency}
        prices = PriceList(id=working.new_id(), **{**values, **name_and_currency})
    else:
        reason = claims.contradiction(found, values, SAME_LIST)
        if reason is not None:
            return dataclasses.replace(row, reason=reason)
        prices = merged(found, values)
    return _price(working, index, claims, row, found, prices, product, reading, values, price)


def _price(
    working: Working,
    index: PriceIndex,
    claims: Claims,
    row: PlannedRow,
    found: PriceList | None,
    prices: PriceList,
    product: Product,
    reading: _Reading,
    values: Mapping[str, Any],
    price: int,
) -> PlannedRow:
    saved = index.item(prices.id, product.id, reading.from_quantity)
    if saved is None:
        new_id = working.new_id()
        item = PriceListItem(id=new_id, price_list=prices.id, product=product.id, price=price)
        item = dataclasses.replace(item, from_quantity=reading.from_quantity)
    else:
        reason = claims.contradiction(saved, {"price": price}, SAME_LIST)
        if reason is not None:
            return dataclasses.replace(row, reason=reason)
        item = merged(saved, {"price": price})
    added = [each for each, was in ((prices, found), (item, saved)) if each is not was]
    problem = first_problem(added)
    if problem is not None:
        return dataclasses.replace(row, reason=problem)
    claims.say(prices, values, row.row)
    claims.say(item, {"price": price}, row.row)
    index.add_list(prices)
    index.add_item(item)
    working.put_group(added)
    verdict = Verdict.CREATE if saved is None else Verdict.UPDATE if added else Verdict.UNCHANGED
    notes = []
    if found is None:
        notes.append(Problem("list", "new_list", "A new price list: {name}.", {"name": prices.name}))
    return dataclasses.replace(
        row, verdict=verdict, changes=changes(found, prices) + changes(saved, item), notes=tuple(notes)
    )


def _product(products: ProductIndex, reading: _Reading) -> Product | Problem:
    found = products.find(reading.product_code, reading.product_name)
    if found is None and reading.product_code and reading.product_name:
        found = products.find("", reading.product_name)
    if found is None:
        message = N_("There is no product “{name}”: bring in the products first.")
        name = " ".join(each for each in (reading.product_code, reading.product_name) if each)
        if not name:
            return Problem("product", "no_name", "The product's name is missing.")
        return Problem("product", "no_product", message, {"name": name[:80]})
    return found


def _account(working: Working, reading: _Reading) -> str | Problem:
    if not reading.account_name and not reading.account_code:
        return ""
    found = working.accounts.recognise(reading.account_name, reading.account_code)
    if found is None:
        message = N_("There is no customer “{name}”: bring in the customers first.")
        name = reading.account_name or reading.account_code
        return Problem("account", "no_account", message, {"name": name[:80]})
    return found


# --- reading a row --------------------------------------------------------------------------------------------------


def _read(cells_of: Mapping[str, Raw], otherwise: str) -> _Reading:
    given = {name: cell for name, cell in cells_of.items() if not cells.is_blank(cell)}
    found = _Reading(
        list_name=cells.as_text(given.get("list_name")) or otherwise,
        product_code=cells.as_text(given.get("product_code")),
        product_name=cells.as_text(given.get("product_name")),
        account_name=cells.as_text(given.get("account_name")),
        price=given.get("price"),
    )
    problems = found.problems
    if "account_tax_code" in given:
        found.account_code, _ = cells.as_tax_code(given["account_tax_code"])
    quantity = cells.attempt(problems, lambda: cells.as_quantity(given.get("from_quantity"), "from_quantity"), None)
    found.from_quantity = quantity or None
    for each in ("begins_on", "ends_on"):
        day = cells.attempt(problems, partial(cells.as_date, given.get(each), each), None)
        if day is not None:
            found.values[each] = day
    if "currency" in given:
        currency = cells.attempt(problems, lambda: cells.as_currency(given["currency"]), "")
        if currency:
            found.values["currency"] = currency
    if "tier" in given:
        tiers = set(_TIER.findall(fold(cells.as_text(given["tier"]))))
        if len(tiers) == 1:
            found.values["tier"] = tiers.pop().upper()
        else:
            message = N_("“{text}” is neither A, B nor C.")
            text = cells.as_text(given["tier"])[:40]
            problems.append(Problem("tier", "no_tier", message, {"text": text}))
    return found
