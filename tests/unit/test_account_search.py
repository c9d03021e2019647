"""A text typed over the list of accounts finds what the index holds, whatever came before."""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random

import pytest

from kam_desktop.domain.entities import Account, Instalment, Invoice
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import summary
from kam_desktop.store import account_search, search, touched
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.store.reader import Reader
from tests.fakes import FakeClock

DAY = date(2026, 5, 4)
NAMES = ("Công ty TNHH An Phát", "Điện Việt", "Bình An", "Viễn Đông", "An")
TEXTS = ("a", "an", "d", "viet", "cong an", "0903", "x")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path, DataKey.new(), "search", clock, RandomIds(clock))
    yield made
    made.close()


def added(store: Store, name: str, owed: int = 0) -> str:
    """A new account that was invoiced so much, overdue by now."""
    with store.edit("Add") as uow:
        account, invoice = uow.new_id(), uow.new_id()
        uow.add(Account(id=account, name=name))
        if owed:
            uow.add(Invoice(id=invoice, account=account, number=account, issued_on=DAY, net=owed, total=owed))
            uow.add(Instalment(id=uow.new_id(), invoice=invoice, place=1, amount=owed, due_on=date(2026, 4, 1)))
    return account


def check(store: Store, *said: object) -> None:
    """What is found by number equals what the index tells by id, for every order."""
    with store.reader() as reader:
        for order in summary.AccountOrder:
            for text in TEXTS:
                found = summary.account_list(reader, DAY, text=text, order=order)
                anew = summary.account_list(Reader(reader.connection), DAY, text=text, order=order)
                assert found == anew, (text, order, *said)


def some_change(store: Store, random: Random, made: list[str]) -> None:
    """A new account, another name or archiving or an invoice of one, or the last step taken back."""
    what = random.randrange(6)
    if what == 0 or not made:
        made.append(added(store, random.choice(NAMES), random.choice((0, 5, 70))))
    elif what == 1:
        store.undo()
        with store.reader() as reader:
            made[:] = [each for each in made if reader.get(Account, each) is not None]
    elif what == 2:
        added(store, random.choice(NAMES))
        store.undo()
    else:
        with store.edit("Change") as uow:
            account = uow.get(Account, random.choice(made))
            assert account is not None
            if what == 3:
                invoice = Invoice(id=uow.new_id(), account=account.id, number="9", issued_on=DAY, net=9, total=9)
                uow.add(invoice)
            else:
                name, archived = random.choice(NAMES), random.random() < 0.2
                uow.put(dataclasses.replace(account, name=name, phone="0903 123 456", archived=archived))


@pytest.mark.parametrize("seed", range(6))
def test_every_change_is_found(store: Store, seed: int) -> None:
    random, made = Random(f"typed {seed}"), list[str]()
    for number in range(12):
        for _ in range(random.choice((1, 1, 1, 6))):
            some_change(store, random, made)
        check(store, seed, number)


def test_sums_and_groups_are_those_of_what_is_found(store: Store) -> None:
    large, small, other = added(store, "An Phát", 900), added(store, "Bình An", 10), added(store, "Điện", 90)
    with store.reader() as reader:
        found = summary.account_list(reader, DAY, text="an")
        assert list(found.ids) == [large, small] and other not in found.ids
        assert [(each.name, each.start, each.count, each.revenue, each.overdue) for each in found.groups] == [
            ("A", 0, 1, 900, 900), ("C", 1, 1, 10, 10),
        ]  # fmt: skip
        assert (found.revenue, found.overdue, found.revenue_all) == (910, 910, 1000)
        assert summary.account_list(reader, DAY, text="x").groups == ()
        assert summary.account_list(reader, DAY, text="-").ids == []


@pytest.mark.parametrize("few", [500, 0])
def test_what_is_indexed_later_is_found_without_having_been_told(
    store: Store, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(touched, "FEW_ACCOUNTS", few)
    added(store, "Bình An")
    late = added(store, "An Phát", 7)
    with store.reader() as reader:
        account = reader.get(Account, late)
    assert account is not None
    with store.database.write() as connection:
        search.drop(connection, [late])
    for _ in range(2):
        check(store, "waits")
    with store.reader() as reader:
        assert late not in summary.account_list(reader, DAY, text="an").ids
    with store.database.write() as connection:
        search.put(connection, [account])
    check(store, "indexed")
    with store.reader() as reader:
        assert late in summary.account_list(reader, DAY, text="an").ids


def test_a_number_of_one_that_is_gone_goes_to_the_next_one(store: Store) -> None:
    added(store, "Bình An")
    for name in ("An Phát", "Điện", "An"):
        added(store, name)
        check(store, name)
        store.undo()
        check(store, name, "taken back")


def test_figures_too_large_for_eight_bytes(store: Store) -> None:
    for account in (added(store, "An"), added(store, "An")):
        check(store)
        with store.edit("More") as uow:
            for number in range(100):
                number_text = f"{account} {number}"
                uow.add(
                    Invoice(id=uow.new_id(), account=account, number=number_text, issued_on=DAY, net=10**17, total=1)
                )
        check(store)


Moved = Callable[..., account_search.Columns]


def not_moved(_plain: Moved, columns: account_search.Columns, *_rest: object) -> account_search.Columns:
    return columns


def old_figures(plain: Moved, columns: account_search.Columns, *rest: object) -> account_search.Columns:
    return plain(columns, *rest[:-2], lambda _account: 0, lambda _account: 0)


def without_numbers(plain: Moved, columns: account_search.Columns, *rest: object) -> account_search.Columns:
    found = plain(columns, *rest)
    return dataclasses.replace(found, numbers=array("I", [1] * len(found.numbers)), waiting=0)


@pytest.mark.parametrize("fault", [not_moved, old_figures, without_numbers])
def test_a_cache_that_is_not_brought_up_to_date_is_seen(
    store: Store, fault: Callable[..., account_search.Columns], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(NAMES):
        added(store, name, 10 * number)
    check(store)
    plain = account_search.Columns.moved
    monkeypatch.setattr(account_search.Columns, "moved", lambda columns, *rest: fault(plain, columns, *rest))
    added(store, "An Phát", 500)
    with pytest.raises(AssertionError):
        check(store)


def test_only_changed_accounts_are_asked_for_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        added(store, name)
    check(store)
    asked: set[str] = set()
    plain = account_search._numbers_of

    def seen(reader: Reader, accounts: Sequence[str]) -> dict[str, int]:
        asked.update(accounts)
        return plain(reader, accounts)

    monkeypatch.setattr(account_search, "_numbers_of", seen)
    monkeypatch.setattr(account_search, "_read", lambda _reader: pytest.fail("read anew"))
    fresh = added(store, "An Phát", 500)
    check(store)
    assert asked == {fresh}
