"""What we sell: the catalogue of products and services, and price lists over spans of days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from kam_desktop.domain.entity import Policy, Problem, Record, entity
from kam_desktop.domain.fields import Visibility, choice, day, decimal, flag, money, note, ref, text


@entity("product", "Product", "Products", title="name", policy=Policy.SERVER_OWNED)
class Product(Record):
    """A product or service of the catalogue. Never deleted, only archived: old lines refer to it.

    Attributes:
        price: the list price without tax, in `currency`; a price list in force has the word over it.
        cost: what one unit costs us.
        tax_category: which dated tax rule applies: "standard" or "reduced"; otherwise `tax_rate` says it.
    """

    code: str = text("Code", searchable=True, max_length=50, default="")
    name: str = text("Name", required=True, searchable=True)
    name_en: str = text("English name", searchable=True, default="")
    line: str = text("Product line", searchable=True, max_length=120, default="")
    unit: str = text("Unit", max_length=40, default="")
    currency: str = text("Currency", default="VND", max_length=3, required=True)
    price: int | None = money("Unit price", lowest=0, default=None)
    cost: int | None = money("Cost", visibility=Visibility.SECRET, lowest=0, default=None)
    tax_category: str = choice("Tax category", "standard", "reduced", "fixed", default="reduced")
    tax_rate: str = text("Tax rate", max_length=16, default="")
    description: str = note("Description", default="")
    archived: bool = flag("Archived", default=False)


def _list_ends_after_it_begins(prices: PriceList) -> Sequence[Problem]:
    if prices.begins_on and prices.ends_on and prices.ends_on < prices.begins_on:
        return [Problem("ends_on", "ends_before", "It ends before it begins.")]
    return []


@entity(
    "price_list",
    "Price list",
    "Price lists",
    title="name",
    policy=Policy.SERVER_OWNED,
    rules=[_list_ends_after_it_begins],
)
class PriceList(Record):
    """Prices in force over a span of days: for everybody, for a tier, or for one customer.

    Attributes:
        account: the only customer it is for; "" for all.
        tier: the only tier it is for; "" for all.
    """

    name: str = text("Name", required=True, searchable=True, max_length=120)
    currency: str = text("Currency", default="VND", max_length=3, required=True)
    begins_on: date | None = day("Valid from", default=None)
    ends_on: date | None = day("Valid until", default=None)
    account: str = ref("Account", to="account", default="")
    tier: str = choice("Tier", "A", "B", "C", visibility=Visibility.INTERNAL, default="")
    archived: bool = flag("Archived", default=False)


@entity("price_list_item", "Price", "Prices", title="id", policy=Policy.SERVER_OWNED)
class PriceListItem(Record):
    """The price of one product in a price list, from a quantity on; minor units of the list's currency, without tax."""

    price_list: str = ref("Price list", to="price_list", required=True, owns=True)
    product: str = ref("Product", to="product", required=True)
    price: int | None = money("Unit price", required=True, lowest=0)
    from_quantity: Decimal | None = decimal("From quantity", lowest=0, default=None)
