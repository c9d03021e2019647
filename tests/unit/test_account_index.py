"""The index of customers that an import asks: what is stored, what it adds, how little it keeps."""

from __future__ import annotations

import gc
import json
import tracemalloc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.entities import Account, Contact
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.ids import RandomIds
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.transfer.account_index import AccountIndex, _Keys
from tests.fakes import FakeClock


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path / "profile", DataKey.new(), "test", clock, RandomIds(clock))
    yield made
    made.close()


def test_the_store_and_what_the_import_adds_are_found_alike(store: Store) -> None:
    with store.edit("") as uow:
        uow.add(
            Account(id="a", name="Công ty CP Sữa Mây", tax_code="0101", short_name="Mây Trắng", phone="0901 234 567")
        )
        uow.add(Account(id="b", name="Cty CP Sữa Mây"))
        uow.add(Contact(id="c", account="b", full_name="An", phones=("0902 345 678", "0901234567")))
    with store.reader() as reader:
        index = AccountIndex(reader)
        assert index.find("", "0101") == "a" and index.find("?", "0102") is None and index.find("", "") is None
        assert index.find("CTCP Sữa Mây", "0999") == "b"  # the other one has a code of its own
        assert isinstance(index.find("CTCP Sữa Mây", ""), Problem)
        assert index.recognise("Mây trắng", "") == "a"
        assert index.with_phones(["0901234567"]) == ["a", "b"] and index.with_phones(["0902345678"]) == ["b"]
        assert (index.name("a"), index.code("a"), index.name("?")) == ("Công ty CP Sữa Mây", "0101", "")
        index.add("b", "Sữa Núi", "0202", phone="0903 456 789")
        index.add("d", "Thép Lĩnh", "")
        index.add_phones("d", ["0904567890"])
        assert index.find("", "0202") == index.find("sua nui", "") == "b" and index.find("", "0101") == "a"
        assert (index.name("b"), index.code("b")) == ("Sữa Núi", "0202")
        assert index.recognise("Công ty TNHH Thép Lĩnh", "") == "d"
        assert index.with_phones(["0903456789", "0904567890"]) == ["b", "d"]


def test_it_keeps_numbers_and_no_texts(store: Store) -> None:
    for step in range(0, 600, 200):
        with store.edit("") as uow:
            for n in range(step, step + 200):
                uow.add(Account(id=uow.new_id(), name=f"Công ty Trách nhiệm hữu hạn số {n}", tax_code=f"01{n:08}"))
    with store.reader() as reader:
        tracemalloc.start()
        index = AccountIndex(reader)
        kept = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert index.find("cty tnhh so 77", "") == index.find("", "0100000077") is not None
    assert kept < 600 * 100  # bytes; with the texts it was 900 each


def test_it_is_gone_with_the_import_and_waits_for_no_collection(store: Store) -> None:
    with store.reader() as reader:
        index = AccountIndex(reader)
        index.recognise("Sữa Mây", "")
        index.with_phones(["0901234567"])
        held, was = weakref.ref(index), gc.isenabled()
        gc.disable()  # as in the window, where a collection of everything is rare
        try:
            del index
            assert held() is None
        finally:
            if was:
                gc.enable()


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 40)), max_size=200))
def test_every_key_finds_the_numbers_that_were_given_with_it(pairs: list[tuple[str, int]]) -> None:
    keys = _Keys(_Numbers(), pairs)  # type: ignore[arg-type]
    for key in {key for key, _ in pairs} | {"?"}:
        wanted = {str(number) for each, number in pairs if each == key and key}
        assert set(keys.find(key)) == wanted


class _Numbers:
    """Gives the numbers that are asked for as ids."""

    def sql(self, _statement: str, values: dict[str, str]) -> list[tuple[str]]:
        return [(str(each),) for each in json.loads(values["numbers"])]
