"""The bin: what was deleted or archived is listed, and comes back whole."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from kam_desktop.domain.entities import (
    FIRM_ID,
    LOCAL_PERSON_ID,
    Account,
    Contact,
    Firm,
    Person,
    Proposal,
    ProposalLine,
    ProposalVersion,
    Task,
)
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import bin as bins
from kam_desktop.services import duplicate, records
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.transfer import lines
from tests.fakes import FakeClock


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path, DataKey.new(), "bin", clock, RandomIds(clock))
    with made.edit("Set up") as uow:
        uow.add(Firm(id=FIRM_ID, legal_name="Mộc Lam"))
        uow.add(Person(id=LOCAL_PERSON_ID, full_name="Đỗ Khánh Vy", code="Vy"))
        uow.add(Account(id="a", name="Sao Mai"))
        uow.add(Contact(id="c", account="a", full_name="Lý Hải Đường"))
        uow.add(Task(id="t", account="a", subject="Gọi lại"))
        uow.add(Proposal(id="p", account="a", title="Tết"))
        uow.add(ProposalVersion(id="v", proposal="p", number=1))
        for place in (1, 2):
            uow.add(
                ProposalLine(
                    id=f"l{place}", version="v", place=place, description=f"Dòng {place}", quantity=Decimal(1), price=5
                )
            )
    yield made
    made.close()


def dumped(store: Store) -> list[str]:
    with store.reader() as reader:
        return sorted(lines.dump(reader))


def remove(store: Store, *wanted: tuple[type, str]) -> None:
    with store.edit("Delete") as uow:
        for kind, identity in wanted:
            records.remove(uow, kind, identity)


def contents(store: Store) -> list[tuple[str, str, str, str, int]]:
    with store.reader() as reader:
        return [(each.entity, each.title, each.parent, each.how, each.with_it) for each in bins.contents(reader)]


def bring_back(store: Store, *wanted: tuple[str, str]) -> int:
    with store.edit("Bring back") as uow:
        return bins.bring_back(uow, wanted)


def test_what_was_deleted_is_listed_newest_first_and_comes_back(store: Store) -> None:
    before = dumped(store)
    remove(store, (Task, "t"))
    remove(store, (Contact, "c"))
    assert contents(store) == [
        ("contact", "Lý Hải Đường", "Sao Mai", "deleted", 0),
        ("task", "Gọi lại", "Sao Mai", "deleted", 0),
    ]
    assert bring_back(store, ("task", "t")) == 1
    assert [each[0] for each in contents(store)] == ["contact"]
    assert bring_back(store, ("contact", "c")) == 1
    assert contents(store) == [] and dumped(store) == before
    store.undo()
    assert [each[0] for each in contents(store)] == ["contact"], "bringing back is a step like any other"


def test_a_proposal_comes_back_with_its_versions_and_lines(store: Store) -> None:
    before = dumped(store)
    remove(store, (ProposalLine, "l1"), (ProposalLine, "l2"), (ProposalVersion, "v"), (Proposal, "p"))
    assert contents(store) == [("proposal", "Tết", "Sao Mai", "deleted", 3)]
    assert bring_back(store, ("proposal", "p")) == 4
    assert dumped(store) == before


def test_a_line_brings_its_parents_back(store: Store) -> None:
    before = dumped(store)
    remove(store, (ProposalLine, "l1"))
    remove(store, (ProposalLine, "l2"), (ProposalVersion, "v"), (Proposal, "p"))
    assert [(each[0], each[4]) for each in contents(store)] == [("proposal", 2), ("proposal_line", 0)]
    assert bring_back(store, ("proposal_line", "l1")) == 4
    assert dumped(store) == before


def test_what_is_archived_comes_back_and_what_was_merged_does_not(store: Store) -> None:
    with store.edit("Archive") as uow:
        uow.add(Account(id="b", name="Hai"))
        uow.add(Account(id="d", name="Ba"))
        records.archive(uow, Account, "a")
    with store.edit("Merge") as uow:
        duplicate.merge(uow, "b", "d")
    assert contents(store) == [("account", "Sao Mai", "", "archived", 0)]
    assert bring_back(store, ("account", "a")) == 1
    assert contents(store) == []


def test_what_an_undo_took_back_is_not_in_the_bin(store: Store) -> None:
    with store.edit("Add") as uow:
        uow.add(Task(id="t2", subject="Thử"))
    store.undo()
    assert contents(store) == []


def test_references_to_what_is_gone_for_good_are_left_out(store: Store) -> None:
    with store.edit("Add") as uow:
        uow.add(Task(id="t3", subject="Việc", owner=LOCAL_PERSON_ID))
    remove(store, (Task, "t3"))
    with store.edit("Person leaves", kind="internal") as uow:
        uow.delete(Person, LOCAL_PERSON_ID)
    bring_back(store, ("task", "t3"))
    with store.reader() as reader:
        found = reader.get(Task, "t3")
    assert found is not None and found.owner == ""


def test_what_is_not_in_the_bin_or_lost_its_parent_is_refused(store: Store) -> None:
    with pytest.raises(Refused) as refused:
        bring_back(store, ("task", "t"))
    assert refused.value.problems[0].code == "not_in_bin"
    remove(store, (Contact, "c"))
    with store.edit("Gone for good", kind="internal") as uow:
        for kind, identity in (
            (Task, "t"), (ProposalLine, "l1"), (ProposalLine, "l2"), (ProposalVersion, "v"), (Proposal, "p"),
        ):  # fmt: skip
            uow.delete(kind, identity)
        uow.take_back(Account, "a")
    before = dumped(store)
    with pytest.raises(Refused) as refused:
        bring_back(store, ("contact", "c"))
    assert refused.value.problems[0].code == "parent_gone"
    assert dumped(store) == before
