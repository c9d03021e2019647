"""The catalogue of the sample data: what the firm sells, two price lists, rules and payment terms."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from kam_desktop.domain.entities.product import PriceList, PriceListItem, Product
from kam_desktop.domain.entity import Record
from kam_desktop.domain.ids import derived
from kam_desktop.domain.locale.vietnam import seeds
from kam_desktop.domain.money import half_up
from kam_desktop.domain.text import fold

_COST_PERCENT = (62, 71, 55, 66, 78)


def records(kit: str, content: dict[str, Any], as_of: date) -> list[Record]:
    """Rules and terms that every firm starts from, then a product for each kind of work, then the price lists."""
    made: list[Record] = [*seeds.records()]
    products = [_product(kit, number, work) for number, work in enumerate(content["works"], 1)]
    made += products
    year = date(as_of.year, 1, 1)
    for key, name, tier, percent in (("year", f"Bảng giá {as_of.year}", "", 97), ("a", "Ưu đãi hạng A", "A", 92)):
        prices = PriceList(
            id=derived("demo", kit, "price_list", key),
            name=name,
            begins_on=year,
            ends_on=year.replace(month=12, day=31),
            tier=tier,
        )
        made.append(prices)
        for place, product in enumerate(products):
            if place % 3 == 2 and not tier:
                continue  # not everything stands in a list: the product's own price holds
            start = Decimal(10) if tier and place % 2 else None
            made.append(
                PriceListItem(
                    id=derived("demo", kit, "price", key, str(place)),
                    price_list=prices.id,
                    product=product.id,
                    price=half_up(Decimal((product.price or 0) * percent) / 100),
                    from_quantity=start,
                )
            )
    return made


def _product(kit: str, number: int, work: list[Any]) -> Product:
    line, name, unit, millions = work
    price = half_up(Decimal(str(millions)) * 1_000_000)
    letters = "".join(word[0] for word in fold(line).upper().split())
    return Product(
        id=derived("demo", kit, "product", str(number)),
        code=f"{letters}-{number:02d}",
        name=name,
        line=line,
        unit=unit,
        price=price,
        cost=half_up(Decimal(price * _COST_PERCENT[number % len(_COST_PERCENT)]) / 100),
        tax_category="reduced" if number % 4 else "standard",
    )
