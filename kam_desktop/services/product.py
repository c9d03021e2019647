"""The catalogue of products and services: its list, prices on a day, lines made from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from kam_desktop.domain.entities import Account, PriceList, PriceListItem, Product, ProposalLine
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.locale.vietnam import vat
from kam_desktop.domain.money import half_up
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.domain.text import sort_key
from kam_desktop.language import N_
from kam_desktop.services import records
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class LineGroup:
    """The products of one product line: ids[start : start + count] of the listing; name "" for those without."""

    name: str
    start: int
    count: int


@dataclass(frozen=True)
class ProductListing:
    """The catalogue by id, product line by product line, each by name."""

    ids: Sequence[str]
    groups: tuple[LineGroup, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """What a product costs a customer on a day.

    Attributes:
        amount: minor units of `currency`, without tax.
        price_list: whose price it is; "" for the product's own.
        from_quantity: of the item that gave it.
    """

    amount: int
    currency: str
    price_list: str = ""
    from_quantity: Decimal | None = None


@dataclass(frozen=True)
class PriceListDetail:
    """A price list with its items and their products, in the order of the products' names and quantities."""

    prices: PriceList
    account: str
    items: tuple[PriceListItem, ...]
    products: dict[str, Product]


def listing(reader: Reader, *, text: str = "", archived: bool = False) -> ProductListing:
    """The products that hold all words of the text (accents or not), by product line and name."""
    query = Query("product", (Where("archived", Op.IS, archived),), (Order("title"),), text)
    by_line: dict[str, list[str]] = {}
    for each in reader.all(query):
        if isinstance(each, Product):
            by_line.setdefault(each.line, []).append(each.id)
    ids: list[str] = []
    groups: list[LineGroup] = []
    for name in sorted(by_line, key=lambda line: (line == "", sort_key(line))):
        groups.append(LineGroup(name, len(ids), len(by_line[name])))
        ids += by_line[name]
    return ProductListing(ids, tuple(groups))


def search(reader: Reader, text: str, limit: int = 20) -> list[Product]:
    """Products that are sold, by name, that hold all words of the text in code, name or product line."""
    query = Query("product", (Where("archived", Op.IS, False),), (Order("title"),), text)
    return [each for each in reader.page(query, limit) if isinstance(each, Product)]


def price_on(
    reader: Reader,
    product: Product,
    day: date,
    account: Account | None = None,
    quantity: Decimal | int = 1,
    currency: str = "",
) -> Price | None:
    """The price of a product on a day for a customer; None where none is known in that currency.

    The account's own price list goes before its tier's, that before everybody's; each must be in force on the day
    and in the currency (the product's, unless another is named). Within one of the three the item with the highest
    from-quantity that the quantity reaches counts; ties: the list that began last, then the lower id. Without any,
    the product's own price.
    """
    wanted = currency or product.currency
    items = reader.children(PriceListItem, "product", product.id, (Order("id"),))
    lists = reader.many(PriceList, {each.price_list for each in items})
    best: tuple[tuple[int, Decimal, int, str, str], PriceListItem] | None = None
    for item in items:
        prices = lists.get(item.price_list)
        start = item.from_quantity or Decimal(0)
        if prices is None or item.price is None or start > quantity or prices.currency != wanted:
            continue
        if not in_force(prices, day) or not is_for(prices, account):
            continue
        scope = 0 if prices.account else 1 if prices.tier else 2
        began = (prices.begins_on or date.min).toordinal()
        rank = (scope, -start, -began, prices.id, item.id)
        if best is None or rank < best[0]:
            best = (rank, item)
    if best is not None:
        item = best[1]
        return Price(item.price or 0, wanted, item.price_list, item.from_quantity)
    if product.price is None or product.currency != wanted:
        return None
    return Price(product.price, wanted)


def in_force(prices: PriceList, day: date) -> bool:
    """Whether a price list holds on the day; archived ones never do."""
    begun = prices.begins_on is None or prices.begins_on <= day
    return begun and (prices.ends_on is None or day <= prices.ends_on) and not prices.archived


def is_for(prices: PriceList, account: Account | None) -> bool:
    """Whether a price list is meant for the customer; one that names both customer and tier wants both."""
    if prices.account and (account is None or prices.account != account.id):
        return False
    return not prices.tier or (account is not None and prices.tier == account.tier)


def tax_rate(product: Product, day: date, rules: Sequence[vat.RateRule]) -> str:
    """The tax rate of a product on a day: its own when it is fixed, else that of its category by the dated rules."""
    if product.tax_category == "fixed":
        return product.tax_rate
    rule = vat.rule_on(day, product.tax_category or "reduced", rules)
    return rule.rate if rule is not None else product.tax_rate


def line_of(
    reader: Reader,
    product_id: str,
    day: date,
    rules: Sequence[vat.RateRule],
    account: Account | None = None,
    quantity: Decimal | int = 1,
    currency: str = "",
    language: str = "vi",
) -> ProposalLine:
    """A proposal line made from the catalogue: description, unit, price, cost and tax; its id and version are empty.

    In another currency than the product's the cost is left open. Raises Refused `missing`.
    """
    product = records.get(reader, Product, product_id)
    wanted = currency or product.currency
    price = price_on(reader, product, day, account, quantity, wanted)
    cost = None  # of the whole line, as a line keeps it
    if product.cost is not None and product.currency == wanted:
        cost = half_up(Fraction(product.cost) * Fraction(Decimal(quantity)))
    return ProposalLine(
        id="",
        version="",
        place=1,
        section=product.line,
        product=product.id,
        description=(product.name_en if language == "en" else "") or product.name,
        unit=product.unit,
        quantity=Decimal(quantity),
        price=price.amount if price is not None else 0,
        cost=cost,
        tax_rate=tax_rate(product, day, rules),
    )


# Price lists.


def price_lists(reader: Reader, *, text: str = "", archived: bool = False) -> list[PriceList]:
    """The price lists by name."""
    query = Query("price_list", (Where("archived", Op.IS, archived),), (Order("title"),), text)
    return [each for each in reader.all(query) if isinstance(each, PriceList)]


def price_list(reader: Reader, identity: str) -> PriceListDetail:
    """One price list with its items. Raises Refused `missing`."""
    prices = records.get(reader, PriceList, identity)
    items = reader.children(PriceListItem, "price_list", identity, (Order("id"),))
    products = reader.many(Product, {each.product for each in items})
    account = reader.get(Account, prices.account) if prices.account else None
    names = {key: place for place, key in enumerate(_by_title(reader, list(products)))}
    items.sort(key=lambda each: (names.get(each.product, -1), each.from_quantity or Decimal(0), each.id))
    return PriceListDetail(prices, account.name if account is not None else "", tuple(items), products)


def _by_title(reader: Reader, ids: list[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(ids), 500):
        found += reader.ids(Query("product", (Where("id", Op.ONE_OF, tuple(ids[start : start + 500])),)))
    return found


def save_item(uow: UnitOfWork, price_list_id: str, item: PriceListItem) -> PriceListItem:
    """Writes one price of a list, new or changed. Refused as `set_items` refuses."""
    mine = uow.children(PriceListItem, "price_list", price_list_id, (Order("id"),))
    start = item.from_quantity or Decimal(0)
    for each in mine:
        same = (each.product, each.from_quantity or Decimal(0)) == (item.product, start)
        if same and item.product and each.id != item.id:
            raise Refused(Problem("from_quantity", "price_twice", _TWICE))
    return records.save(uow, dataclasses.replace(item, price_list=price_list_id))


_TWICE = N_("This product has a price from that quantity already.")


def set_items(uow: UnitOfWork, price_list_id: str, items: Sequence[PriceListItem]) -> list[PriceListItem]:
    """Makes these the prices of a list; those left out are deleted, those without an id are new.

    Refused `price_twice` when a product has two prices from the same quantity.
    """
    records.get(uow, PriceList, price_list_id)
    seen: set[tuple[str, Decimal]] = set()
    problems = []
    for place, each in enumerate(items, 1):
        key = (each.product, each.from_quantity or Decimal(0))
        if each.product and key in seen:
            problems.append(Problem(f"items.{place}", "price_twice", _TWICE))
        seen.add(key)
    if problems:
        raise Refused(problems)
    before = {each.id for each in uow.children(PriceListItem, "price_list", price_list_id, (Order("id"),))}
    kept = []
    for each in items:
        identity = each.id if each.id in before else uow.new_id()
        kept.append(records.save(uow, dataclasses.replace(each, id=identity, price_list=price_list_id)))
    for gone in before - {each.id for each in kept}:
        uow.delete(PriceListItem, gone)
    return kept
