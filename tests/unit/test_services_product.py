"""The catalogue: found without accents, the price on a day by worked cases and a plain oracle."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.entities import Account, PriceList, PriceListItem, Product
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.locale.vietnam import vat
from kam_desktop.services import product
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

DAY = date(2026, 6, 15)


def key(n: int) -> str:
    return f"018f0000-0000-7000-8000-{n:012d}"


BANNER = Product(id=key(1), code="BN-01", name="Thiết kế băng rôn", name_en="Banner design", line="Sáng tạo",
                 unit="mẫu", price=5_000_000, cost=3_000_000)  # fmt: skip
AN = Account(id=key(2), name="Công ty An", tier="A")
BINH = Account(id=key(3), name="Công ty Bình", tier="B")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path, DataKey.new(), "products", clock, RandomIds(clock))
    with made.edit("Set up") as uow:
        for each in (BANNER, AN, BINH):
            uow.add(each)
    yield made
    made.close()


def put(store: Store, *records: Any) -> None:
    with store.edit("Put") as uow:
        for each in records:
            uow.put(each)


def price(store: Store, of: Product = BANNER, day: date = DAY, account: Account | None = AN, quantity: Any = 1,
          currency: str = "") -> product.Price | None:  # fmt: skip
    with store.reader() as reader:
        return product.price_on(reader, of, day, account, quantity, currency)


# Price lists of the worked table: who, first day, last day, (price, from quantity) of the banner.
LISTS = {
    "everybody": (PriceList(id=key(10), name="2026", begins_on=date(2026, 1, 1), ends_on=date(2026, 12, 31)),
                  ((4_900_000, None), (4_500_000, 10))),
    "everybody, summer": (PriceList(id=key(11), name="Hè", begins_on=date(2026, 6, 1), ends_on=date(2026, 6, 30)),
                          ((4_800_000, None),)),
    "tier A": (PriceList(id=key(12), name="Hạng A", tier="A"), ((4_700_000, 5), (4_200_000, 100))),
    "An": (PriceList(id=key(13), name="An 2026", account=AN.id, begins_on=date(2026, 3, 1)), ((4_600_000, 2),)),
    "An, tier B": (PriceList(id=key(14), name="An hạng B", account=AN.id, tier="B"), ((1, None),)),
    "dollars": (PriceList(id=key(15), name="USD", currency="USD"), ((25_000, None),)),
    "archived": (PriceList(id=key(16), name="Cũ", archived=True), ((2, None),)),
}  # fmt: skip


@pytest.fixture
def listed(store: Store) -> Store:
    for n, (prices, items) in enumerate(LISTS.values()):
        put(store, prices, *(
            PriceListItem(id=key(100 + 10 * n + at), price_list=prices.id, product=BANNER.id, price=amount,
                          from_quantity=None if start is None else Decimal(start))
            for at, (amount, start) in enumerate(items)
        ))  # fmt: skip
    return store


@pytest.mark.parametrize(
    ("account", "day", "quantity", "amount", "of"),
    [
        # the account's own list first, from its quantity on
        (AN, DAY, 2, 4_600_000, "An"),
        (AN, DAY, 100, 4_600_000, "An"),  # the tier has a lower price for 100, but the own list has the word
        (AN, DAY, 1, 4_800_000, "everybody, summer"),  # neither own nor tier reach down to one
        (AN, DAY, "1.99", 4_800_000, "everybody, summer"),
        (AN, date(2026, 2, 28), 2, 4_900_000, "everybody"),  # the own list has not begun
        (AN, date(2026, 3, 1), 2, 4_600_000, "An"),  # its first day
        # then the tier's
        (AN, date(2026, 2, 28), 5, 4_700_000, "tier A"),
        (AN, date(2026, 2, 28), 99, 4_700_000, "tier A"),
        (AN, date(2026, 2, 28), 100, 4_200_000, "tier A"),
        # then everybody's
        (BINH, DAY, 1, 4_800_000, "everybody, summer"),  # both from 0: the one that began last
        (BINH, DAY, 10, 4_500_000, "everybody"),  # the highest quantity reached
        (None, DAY, 10, 4_500_000, "everybody"),
        (None, date(2026, 5, 31), 1, 4_900_000, "everybody"),
        (None, date(2026, 7, 1), 1, 4_900_000, "everybody"),
        (None, date(2026, 12, 31), 1, 4_900_000, "everybody"),  # the last day counts
        # then the product's own price
        (None, date(2027, 1, 1), 1, 5_000_000, ""),
        (BINH, date(2025, 12, 31), 1000, 5_000_000, ""),
        (BINH, DAY, 0, 4_800_000, "everybody, summer"),
    ],
)
def test_the_price_on_a_day(
    listed: Store, account: Account | None, day: date, quantity: Any, amount: int, of: str
) -> None:
    found = price(listed, BANNER, day, account, Decimal(quantity))
    assert found is not None
    assert (found.amount, found.price_list) == (amount, LISTS[of][0].id if of else "")
    assert found.currency == "VND"


def test_another_currency_has_its_own_price_or_none(listed: Store) -> None:
    found = price(listed, currency="USD")
    assert found is not None and (found.amount, found.currency) == (25_000, "USD")
    assert price(listed, currency="EUR") is None
    free = Product(id=key(5), name="Chưa có giá")
    put(listed, free)
    assert price(listed, free) is None


def test_ties_go_to_the_list_that_began_last_then_to_the_lower_id(store: Store) -> None:
    def with_price(n: int, amount: int, **facts: Any) -> None:
        put(store, PriceList(id=key(n), name="x", **facts),
            PriceListItem(id=key(100 + n), price_list=key(n), product=BANNER.id, price=amount))  # fmt: skip

    with_price(31, 31)
    with_price(30, 30)
    assert price(store).amount == 30  # type: ignore[union-attr]
    with_price(32, 32, begins_on=date(2026, 1, 1))
    assert price(store).amount == 32  # type: ignore[union-attr]
    with_price(33, 33, begins_on=date(2026, 1, 1))
    assert price(store).amount == 32  # type: ignore[union-attr]


DAYS = st.none() | st.integers(0, 8).map(lambda n: DAY + timedelta(days=n - 4))
LIST = st.tuples(st.sampled_from(("", AN.id, BINH.id)), st.sampled_from(("", "A", "B")), DAYS, DAYS,
                 st.sampled_from(("VND", "USD")), st.booleans(),
                 st.lists(st.tuples(st.integers(0, 999), st.none() | st.integers(0, 4)), max_size=3))  # fmt: skip


@given(st.lists(LIST, max_size=5), st.sampled_from((None, AN, BINH)), st.integers(0, 5))
def test_against_a_plain_oracle(
    tmp_path_factory: pytest.TempPathFactory, lists: list[Any], account: Account | None, quantity: int
) -> None:
    reader = _Lists(lists)
    found = product.price_on(reader, BANNER, DAY, account, quantity)  # type: ignore[arg-type]
    tiers = [
        [p for p in reader.lists if p.account],
        [p for p in reader.lists if not p.account and p.tier],
        [p for p in reader.lists if not p.account and not p.tier],
    ]
    expected = (BANNER.price, "")
    for scope in tiers:
        fits = []
        for p in scope:
            wrong_customer = (p.account and (not account or account.id != p.account)) or (
                p.tier and (not account or account.tier != p.tier)
            )
            too_early = p.begins_on is not None and p.begins_on > DAY
            too_late = p.ends_on is not None and p.ends_on < DAY
            if not (wrong_customer or too_early or too_late or p.archived or p.currency != "VND"):
                fits += [(i, p) for i in reader.items if i.price_list == p.id and (i.from_quantity or 0) <= quantity]
        if fits:
            most = max(i.from_quantity or 0 for i, _ in fits)
            fits = [each for each in fits if (each[0].from_quantity or 0) == most]
            last = max(p.begins_on or date.min for _, p in fits)
            fits = [each for each in fits if (each[1].begins_on or date.min) == last]
            item, of = min(fits, key=lambda each: (each[1].id, each[0].id))
            expected = (item.price, of.id)
            break
    assert found is not None and (found.amount, found.price_list) == expected


class _Lists:
    """Only what the price asks of a reader."""

    def __init__(self, lists: list[Any]) -> None:
        self.lists, self.items = [], []
        for n, (account, tier, begins, ends, currency, archived, items) in enumerate(lists):
            identity = str(uuid.UUID(int=n))
            self.lists.append(PriceList(id=identity, name="x", account=account, tier=tier, begins_on=begins,
                                        ends_on=ends, currency=currency, archived=archived))  # fmt: skip
            for at, (amount, start) in enumerate(items):
                self.items.append(PriceListItem(id=str(uuid.UUID(int=100 * n + at)), price_list=identity,
                                                product=BANNER.id, price=amount,
                                                from_quantity=None if start is None else Decimal(start)))  # fmt: skip

    def children(self, *_: Any) -> list[PriceListItem]:
        return self.items

    def many(self, *_: Any) -> dict[str, PriceList]:
        return {each.id: each for each in self.lists}


# Lines from the catalogue.


@pytest.mark.parametrize(
    ("category", "own", "day", "rate"),
    [
        ("reduced", "", "2026-12-31", "8%"),
        ("reduced", "", "2027-01-01", "10%"),
        ("standard", "", "2026-12-31", "10%"),
        ("fixed", "KCT", "2026-12-31", "KCT"),
        ("fixed", "5%", "2027-01-01", "5%"),
        ("reduced", "5%", "1999-01-01", "5%"),  # before every rule: what the product says
    ],
)
def test_the_tax_of_a_product_on_a_day(category: str, own: str, day: str, rate: str) -> None:
    sold = dataclasses.replace(BANNER, tax_category=category, tax_rate=own)
    assert product.tax_rate(sold, date.fromisoformat(day), vat.SEEDS) == rate


def test_a_line_takes_what_the_catalogue_says(listed: Store) -> None:
    with listed.reader() as reader:
        line = product.line_of(reader, BANNER.id, DAY, vat.SEEDS, AN, 3)
        assert (line.description, line.unit, line.section) == ("Thiết kế băng rôn", "mẫu", "Sáng tạo")
        assert (line.price, line.cost, line.tax_rate, line.quantity) == (4_600_000, 9_000_000, "8%", 3)
        abroad = product.line_of(reader, BANNER.id, DAY, vat.SEEDS, AN, 3, "USD", "en")
        assert (abroad.description, abroad.price, abroad.cost) == ("Banner design", 25_000, None)
        assert product.line_of(reader, BANNER.id, DAY, vat.SEEDS, currency="EUR").price == 0
        with pytest.raises(Refused):
            product.line_of(reader, "gone", DAY, vat.SEEDS)


def test_the_catalogue_is_found_without_accents(store: Store) -> None:
    put(store, Product(id=key(20), name="Ấn phẩm", line="In ấn"), Product(id=key(21), name="Đặt chỗ báo"),
        Product(id=key(22), name="Bỏ", archived=True), Product(id=key(23), name="Áp phích", line="In ấn"))  # fmt: skip
    with store.reader() as reader:
        whole = product.listing(reader)
        assert [(each.name, each.count) for each in whole.groups] == [("In ấn", 2), ("Sáng tạo", 1), ("", 1)]
        assert whole.ids == [key(23), key(20), key(1), key(21)]  # â after a: the Vietnamese alphabet
        assert product.listing(reader, text="bang ron").ids == [key(1)]
        assert product.listing(reader, text="dat cho").ids == product.listing(reader, text="ĐẶT").ids == [key(21)]
        assert product.listing(reader, archived=True).ids == [key(22)]
        assert [each.id for each in product.search(reader, "banner")] == [key(1)]


# Price lists.


def test_prices_of_a_list_are_set_as_a_whole(listed: Store) -> None:
    with listed.reader() as reader:
        before = product.price_list(reader, key(10))
    assert [(each.price, each.from_quantity) for each in before.items] == [(4_900_000, None), (4_500_000, 10)]
    first, second = before.items
    new = PriceListItem(id="", price_list="", product=BANNER.id, price=4_000_000, from_quantity=Decimal(50))
    with listed.edit("Items") as uow:
        product.set_items(uow, key(10), [new, dataclasses.replace(second, price=4_400_000)])
    with listed.reader() as reader:
        after = product.price_list(reader, key(10))
        assert [(each.price, each.from_quantity) for each in after.items] == [(4_400_000, 10), (4_000_000, 50)]
        assert reader.get(PriceListItem, first.id) is None and after.items[0].id == second.id
        assert product.price_list(reader, key(13)).account == "Công ty An"
        assert [each.name for each in product.price_lists(reader, text="hang")] == ["An hạng B", "Hạng A"]
    twice = [second, dataclasses.replace(second, id="")]
    with pytest.raises(Refused) as caught, listed.edit("Items") as uow:
        product.set_items(uow, key(10), twice)
    assert [(each.where, each.code) for each in caught.value.problems] == [("items.2", "price_twice")]
