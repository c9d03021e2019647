"""The same customer twice: who is offered, and that a merge loses nothing and can be taken back whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import (
    BY_NAME,
    ENTITIES,
    FIRM_ID,
    LOCAL_PERSON_ID,
    Account,
    Activity,
    Contact,
    Firm,
    Invoice,
    Person,
    PromiseToPay,
    Receipt,
)
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import collection, duplicate, records, summary
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.transfer import lines
from tests.fakes import FakeClock
from tests.makers import tax_code
from tests.unit.test_every_entity import plain_records

TODAY = date(2026, 3, 2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path, DataKey.new(), "duplicates", clock, RandomIds(clock))
    with made.edit("Set up") as uow:
        uow.add(Firm(id=FIRM_ID, legal_name="Mộc Lam", default_payment_days=30))
        uow.add(Person(id=LOCAL_PERSON_ID, full_name="Đỗ Khánh Vy", code="Vy"))
    yield made
    made.close()


def add(store: Store, name: str, **more: Any) -> Account:
    with store.edit("Add account") as uow:
        return records.save(uow, Account(id=uow.new_id(), name=name, **more))


def dumped(store: Store) -> list[str]:
    with store.reader() as reader:
        return sorted(lines.dump(reader))


@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        ({"name": "A", "tax_code": tax_code(5)}, {"name": "B", "tax_code": tax_code(5)}, ("tax_code",)),
        ({"name": "Công ty TNHH Sao Mai"}, {"name": "CTCP sao mai"}, ("name",)),
        ({"name": "Đặng Gia Phát"}, {"name": "CÔNG TY TNHH DANG GIA PHAT", "tax_code": tax_code(7)}, ("name",)),
        ({"name": "X", "phone": "0912 345 678"}, {"name": "Y", "phone": "+84 912345678"}, ("phone",)),
        ({"name": "X", "email": "Ke.Toan@a.vn"}, {"name": "Y", "email": "ke.toan@a.vn"}, ("email",)),
        ({"name": "Sao Mai", "tax_code": tax_code(5)}, {"name": "Sao Mai", "tax_code": tax_code(6)}, ()),
        ({"name": "Sao Mai"}, {"name": "Sao Mới"}, ()),
        ({"name": "Sao Mai"}, {"name": "Sao Mai", "archived": True}, ()),
        ({"name": "X", "phone": "115"}, {"name": "Y", "phone": "115"}, ()),
    ],
)
def test_who_is_offered(store: Store, one: dict[str, Any], other: dict[str, Any], reasons: tuple[str, ...]) -> None:
    first, second = add(store, **one), add(store, **other)
    with store.reader() as reader:
        found = duplicate.pairs(reader)
    assert [(pair.reasons, {pair.keep.id, pair.lose.id}) for pair in found] == (
        [(reasons, {first.id, second.id})] if reasons else []
    )


def test_a_pair_that_was_told_apart_is_not_offered_again(store: Store) -> None:
    first, second = add(store, "Sao Mai"), add(store, "Sao Mai")
    with store.edit("Two customers") as uow:
        duplicate.dismiss(uow, second.id, first.id)
    with store.reader() as reader:
        assert duplicate.pairs(reader) == []


def test_the_one_with_more_on_it_is_kept(store: Store) -> None:
    first, second = add(store, "Sao Mai"), add(store, "Sao Mai")
    with store.edit("Contact") as uow:
        uow.add(Contact(id=uow.new_id(), account=second.id, full_name="Lý Hải Đường"))
    with store.reader() as reader:
        (pair,) = duplicate.pairs(reader)
    assert (pair.keep.id, pair.keep_count, pair.lose.id, pair.lose_count) == (second.id, 1, first.id, 0)


def test_everything_of_every_kind_moves_and_comes_back(store: Store) -> None:
    """One record of each entity hangs on the account that goes; facts move whole, and undo leaves no trace."""
    keep = add(store, "Giữ lại", currency="USD")
    with store.edit("Samples", kind="internal") as uow:
        for record in plain_records().values():
            uow.add(record)
    lose = plain_records()["account"].id
    before = dumped(store)
    with store.edit("Merge {name}", name="x") as uow:
        duplicate.merge(uow, keep.id, lose)
    with store.reader() as reader:
        assert duplicate.hanging(reader, lose) == 0
        moved = 0
        for kind in ENTITIES:
            for each in kind.entity.fields:
                if each.kind is Kind.REF and each.to == "account" and each.name != "merged_into":
                    for record in _all(reader, kind):
                        assert getattr(record, each.name) != lose, (kind.entity.name, each.name)
                        moved += getattr(record, each.name) == keep.id
        assert moved >= 11
        gone = reader.get(Account, lose)
        assert gone is not None and gone.archived and gone.merged_into == keep.id
    assert len(dumped(store)) == len(before)
    report, _ = store.undo()
    assert report.kept == ()
    assert dumped(store) == before


def _all(reader: Any, kind: Any) -> list[Any]:
    from kam_desktop.domain.query import Query

    return list(reader.all(Query(kind.entity.name)))


def test_the_money_is_the_sum_of_both(store: Store) -> None:
    keep, lose = add(store, "Sao Mai"), add(store, "Sao Mai")
    for account, number, total in ((keep, "1", 1000), (lose, "2", 500)):
        with store.edit("Invoice") as uow:
            collection.create_invoice(
                uow,
                Invoice(id="", account=account.id, number=number, issued_on=date(2026, 1, 5), net=total, total=total),
            )
    with store.edit("Receipt") as uow:
        collection.record_receipt(
            uow, Receipt(id="", account=lose.id, received_on=date(2026, 2, 1), amount=200, currency="VND")
        )
    with store.reader() as reader:
        before = summary.ageing(reader, TODAY).total
    with store.edit("Merge") as uow:
        duplicate.merge(uow, keep.id, lose.id)
    with store.reader() as reader:
        after = summary.ageing(reader, TODAY)
    assert after.total.balance == before.balance == 1300
    assert [row.account for row in after.rows] == [keep.id]


def test_what_differs_can_be_chosen_by_field(store: Store) -> None:
    keep = add(store, "Sao Mai", phone="0912 345 678", tags=("lớn",), internal_note="một")
    lose = add(store, "Công ty Sao Mai", tax_code=tax_code(9), tags=("mới", "lớn"), internal_note="hai", phone="0987")
    with store.reader() as reader:
        found = {each.name: each.suggested for each in duplicate.choices(reader, keep.id, lose.id)}
    assert found == {
        "name": "Sao Mai", "tax_code": tax_code(9), "phone": "0912 345 678", "tags": ("lớn", "mới"),
        "internal_note": "một\n\nhai",
    }  # fmt: skip
    with store.edit("Merge") as uow:
        made = duplicate.merge(uow, keep.id, lose.id, {**found, "name": "Công ty Sao Mai"})
    assert (made.name, made.tax_code, made.tags) == ("Công ty Sao Mai", tax_code(9), ("lớn", "mới"))


def test_one_person_at_both_becomes_one_contact(store: Store) -> None:
    keep, lose = add(store, "Sao Mai"), add(store, "Sao Mai")
    with store.edit("Contacts") as uow:
        one = Contact(id=uow.new_id(), account=keep.id, full_name="Lý Hải Đường", phones=("0912345678",), main=True)
        twin = Contact(
            id=uow.new_id(), account=lose.id, full_name="lý hải đường", phones=("+84912345678",),
            emails=("duong@a.vn",), position="Giám đốc", main=True,
        )  # fmt: skip
        other = Contact(id=uow.new_id(), account=lose.id, full_name="Lý Hải Đường", phones=("0987654321",))
        call = Activity(
            id=uow.new_id(), account=lose.id, contact=twin.id, kind="call", subject="Gọi",
            at=datetime(2026, 2, 1, tzinfo=UTC),
        )  # fmt: skip
        word = PromiseToPay(
            id=uow.new_id(), account=lose.id, contact=twin.id, promised_on=TODAY, pay_on=TODAY, amount=5
        )
        for each in (one, twin, other, call, word):
            uow.add(each)
    before = dumped(store)
    with store.edit("Merge") as uow:
        duplicate.merge(uow, keep.id, lose.id)
    with store.reader() as reader:
        people = {each.id: each for each in reader.children(Contact, "account", keep.id)}
        assert people.keys() == {one.id, other.id}
        assert people[one.id].emails == ("duong@a.vn",) and people[one.id].position == "Giám đốc"
        assert [each.main for each in people.values()].count(True) == 1
        for kind, identity in ((Activity, call.id), (PromiseToPay, word.id)):
            moved: Any = reader.get(kind, identity)
            assert (moved.account, moved.contact) == (keep.id, one.id)
    store.undo()
    assert dumped(store) == before


def test_what_cannot_be_merged_is_refused_and_changes_nothing(store: Store) -> None:
    one, other, third = add(store, "Một"), add(store, "Hai"), add(store, "Ba")
    with store.edit("Merge") as uow:
        duplicate.merge(uow, one.id, other.id)
    before = dumped(store)
    for keep, lose, code in (
        (one.id, one.id, "same_account"), (third.id, other.id, "merged_already"),
        (other.id, third.id, "merged_already"),
        (one.id, "nobody", "missing"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused, store.edit("Merge") as uow:
            duplicate.merge(uow, keep, lose)
        assert refused.value.problems[0].code == code
    with pytest.raises(Refused), store.edit("Merge") as uow:
        duplicate.merge(uow, one.id, third.id, {"merged_into": third.id})
    assert dumped(store) == before


def test_a_parent_does_not_become_its_own_parent(store: Store) -> None:
    parent = add(store, "Mẹ")
    child = add(store, "Con", parent=parent.id)
    with store.edit("Merge") as uow:
        made = duplicate.merge(uow, child.id, parent.id)
    assert made.parent == ""
    grandchild = add(store, "Cháu", parent=child.id)
    with store.edit("Merge") as uow:
        assert duplicate.merge(uow, child.id, grandchild.id).parent == ""


def test_a_fact_still_cannot_be_edited_otherwise(store: Store) -> None:
    account, other = add(store, "Một"), add(store, "Hai")
    with store.edit("Receipt") as uow:
        made = collection.record_receipt(uow, Receipt(id="", account=account.id, received_on=TODAY, amount=5))
    import dataclasses

    with pytest.raises(Refused) as refused, store.edit("Edit") as uow:
        uow.put(dataclasses.replace(made, account=other.id))
    assert refused.value.problems[0].code == "fact"
    assert BY_NAME["receipt"].record is Receipt
