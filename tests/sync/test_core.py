"""The pure core by properties, and the cases that random histories meet too rarely."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kam_desktop.domain.entities import Account, Contact, Product, Proposal, Task
from kam_desktop.domain.errors import Unavailable
from kam_desktop.domain.fields import Merge
from kam_desktop.domain.merge import merge
from kam_desktop.domain.scopes import UP, Root, root, scopes
from kam_desktop.server import workspace
from kam_desktop.server.database import Database
from kam_desktop.store import needs
from kam_desktop.store.needs import settle_merged
from tests.server.conftest import furnished
from tests.server.house import House, create, update
from tests.sync.core_histories import History
from tests.sync.world import Makers, RealLaptop

FIELDS = ("title", "next_step", "stage", "outcome_reason")
GROUP = {"stage", "outcome_reason"}
VALUES = st.sampled_from(("", "a", "b"))
ROW = st.fixed_dictionaries(dict.fromkeys(FIELDS, VALUES))
PATCH = st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1)
STAMPS = st.dictionaries(st.sampled_from(FIELDS), st.tuples(st.integers(1, 9), st.sampled_from(("me", "other"))))
PURE = settings(max_examples=300, deadline=None, derandomize=True)


@PURE
@given(ROW, PATCH, STAMPS, st.integers(0, 9))
def test_a_merge_says_of_every_field_what_becomes_of_it(
    row: dict[str, str], patch: dict[str, str], stamps: dict[str, tuple[int, str]], base: int
) -> None:
    found = merge(Proposal.entity, row, patch, base, "me", stamps)
    assert found.write.keys() | found.asked.keys() == patch.keys() and not found.write.keys() & found.asked.keys()
    assert all(found.write.get(name, found.asked.get(name)) == value for name, value in patch.items())
    for name in patch:
        seq, by = stamps.get(name, (0, ""))
        concurrent = seq > base and by != "me" and row[name] != patch[name]
        kind = next(each.merge for each in Proposal.entity.fields if each.name == name)
        if concurrent and kind is Merge.ASK:
            assert name in found.asked
        if concurrent and kind is Merge.LATEST:
            assert found.displaced[name] == row[name]
        if not concurrent:
            assert name not in found.displaced


@PURE
@given(ROW, PATCH, STAMPS, st.integers(0, 9))
def test_fields_that_only_make_sense_together_are_never_split(
    row: dict[str, str], patch: dict[str, str], stamps: dict[str, tuple[int, str]], base: int
) -> None:
    found = merge(Proposal.entity, row, patch, base, "me", stamps)
    asked = found.asked.keys() & GROUP
    assert not asked or asked == patch.keys() & GROUP


@PURE
@given(ROW, PATCH, STAMPS, st.integers(0, 9))
def test_merging_again_changes_nothing(
    row: dict[str, str], patch: dict[str, str], stamps: dict[str, tuple[int, str]], base: int
) -> None:
    first = merge(Proposal.entity, row, patch, base, "me", stamps)
    now = {**row, **first.write}
    later = {**stamps, **dict.fromkeys(first.write, (10, "me"))}
    again = merge(Proposal.entity, now, patch, base, "me", later)
    assert {**now, **again.write} == now and not again.displaced


@PURE
@given(ROW, PATCH, st.integers(0, 9))
def test_what_the_own_device_wrote_is_never_in_its_way(row: dict[str, str], patch: dict[str, str], base: int) -> None:
    found = merge(Proposal.entity, row, patch, base, "me", dict.fromkeys(FIELDS, (9, "me")))
    assert dict(found.write) == patch and not found.displaced and not found.asked


@PURE
@given(st.sampled_from(sorted(UP)), st.text("ab", min_size=1, max_size=2), st.booleans(), st.text("uv", max_size=1))
def test_the_scopes_of_a_row_are_those_of_the_account_above_it(
    entity: str, account: str, helped: bool, owner: str
) -> None:
    field, _ = UP[entity]
    found = root(entity, "x", {field: "above"}, lambda kind, identity: Root("account", account))
    assert found == Root("account", account)
    wanted = {f"owner:{owner}"} | ({f"shared:{account}"} if helped else set())
    assert scopes(found, lambda name: owner, (account,) if helped else ()) == wanted


def test_histories_of_the_core() -> None:
    for seed in range(300):  # a hundred thousand by `python -m tests.sync.core_histories`
        History(seed).go()


# Directed cases with real laptops.


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    yield furnished(database)
    database.close()


@pytest.fixture
def makers(tmp_path: Path) -> Makers:
    return Makers(tmp_path)


ID = "01890000-0000-7000-8000-000000000001"


def connected(makers: Makers, house: House, name: str) -> RealLaptop:
    laptop = makers.laptop(house, name)
    laptop.connect()
    return laptop


def test_an_answer_of_another_epoch_changes_nothing(house: House, makers: Makers) -> None:
    an = connected(makers, house, "An")
    assert an.sync()
    house.laptop("An").push(create("account", ID, name="Sữa Mây", currency="VND", owner=an.user))
    an.engine.begin()
    call = an.engine.next_call()
    assert call is not None
    before = an.state.look().cursors, an.state.standing()
    an.engine.answered(call, {**an.call(call.name, call.message), "epoch": call.message["epoch"] + 1})
    assert (an.state.look().cursors, an.state.standing()) == before
    an.close()


def test_fields_of_a_newer_program_go_round(house: House, makers: Makers) -> None:
    newer, an = house.laptop("An"), connected(makers, house, "An")
    newer.push(create("account", ID, name="Sữa Mây", currency="VND", owner=house.people["An"], mood="sunny"))
    assert an.sync()
    assert an.rows("account")[0][-1] == '{"mood":"sunny"}'
    an.edit(lambda uow: uow.put(dataclasses.replace(uow.many(Account, [ID])[ID], phone="0900")))
    assert an.sync()
    newer.pull()
    assert newer.push(update("account", ID, newer.seq("account", ID), mood="rainy"))["kinds"] == ["accepted"]
    assert an.sync()
    assert house.value("select _extra from account where id = ?", ID) == '{"mood":"rainy"}'
    assert an.rows("account")[0][-1] == '{"mood":"rainy"}'
    an.close()


def test_what_the_role_may_not_write_is_listed_at_the_first_connect(house: House, makers: Makers) -> None:
    phuong = makers.laptop(house, "Phuong")
    phuong.edit(lambda uow: uow.add(Product(id=ID, name="Hộp quà", code="HQ")))
    joined = phuong.connect()
    assert joined.left == 1 and phuong.state.counts().needs_you == 1
    with phuong.store.reader() as reader:
        (entry,) = needs.needs(reader.connection)
    assert entry.changes[0].new["name"] == "Hộp quà"
    phuong.close()


def test_values_that_differ_at_the_first_connect_are_both_kept(house: House, makers: Makers) -> None:
    an, other = makers.laptop(house, "An"), makers.laptop(house, "An", 2)
    other.connect()
    other.edit(lambda uow: uow.add(Account(id=ID, name="Sữa Mây", tax_code="0312345678", phone="1", owner=other.user)))
    assert other.sync()
    an.edit(lambda uow: uow.add(Account(id=uow.new_id(), name="Sua May", tax_code="0312345678", phone="2")))
    assert an.connect().linked == 1
    with an.store.reader() as reader:
        (kept,) = needs.merged(reader.connection)
    assert kept.record == ID and kept.fields["phone"] == ("1", "2")
    an.close()
    other.close()


def test_an_edit_while_the_first_connect_is_unfinished_is_sent(house: House, makers: Makers) -> None:
    lan, lan2 = connected(makers, house, "Lan"), makers.laptop(house, "Lan", 2)
    lan.edit(lambda uow: uow.add(Account(id=ID, name="Sữa Mây", owner=lan.user)))
    lan.edit(lambda uow: uow.add(Contact(id=uow.new_id(), account=ID, full_name="Ánh")))
    assert lan.sync()
    real = lan2.state.finish_joining

    def edit_first(*args: Any, **options: Any) -> Any:
        lan2.edit(lambda uow: uow.put(dataclasses.replace(uow.many(Account, [ID])[ID], phone="0900")))
        return real(*args, **options)

    lan2.state.finish_joining = edit_first  # type: ignore[method-assign]
    lan2.connect()
    assert lan2.sync() and lan.sync()
    assert house.value("select phone from account where id = ?", ID) == "0900"
    assert lan.rows("account") == lan2.rows("account")
    for laptop in (lan, lan2):
        laptop.close()


def test_what_was_made_before_its_parent_moved_moves_with_it(house: House) -> None:
    an, binh, minh = house.laptop("An"), house.laptop("Binh"), house.laptop("Minh")
    other, proposal, version = (ID[:-1] + each for each in "234")
    an.push(create("account", ID, name="A", currency="VND", owner=an.user))
    binh.push(create("account", other, name="B", currency="VND", owner=binh.user))
    minh.pull()
    kinds = minh.push(
        [
            create("proposal", proposal, account=ID, title="Tết", stage="briefed", currency="VND"),
            create("proposal_version", version, proposal=proposal, number=1, currency="VND"),
        ],
        update("proposal", proposal, 0, account=other),
    )["kinds"]
    assert kinds == ["accepted", "accepted"]
    an.pull()
    binh.pull()
    assert not an.ids("proposal") | an.ids("proposal_version")
    assert (binh.ids("proposal"), binh.ids("proposal_version")) == ({proposal}, {version})


def test_a_clone_whose_answers_are_lost_does_not_slip_past_the_original(house: House, makers: Makers) -> None:
    an = connected(makers, house, "An")
    an.edit(lambda uow: uow.add(Account(id=ID, name="Sữa Mây", owner=an.user)))
    assert an.sync()
    an.store.close()
    clone = makers.laptop(house, "An", 2)
    clone.store.close()
    for name in ("data.kam", "device.id"):
        shutil.copy(an.folder / name, clone.folder / name)
    an.restart()
    clone.restart()
    assert clone.state.device() == an.state.device()
    for laptop, phone in ((an, "1"), (clone, "2")):
        laptop.edit(lambda uow, phone=phone: uow.put(dataclasses.replace(uow.many(Account, [ID])[ID], phone=phone)))
    assert an.sync()
    for _ in range(3):
        clone.engine.begin()
        call = clone.engine.next_call()
        assert call is not None and call.name == "push"
        clone.engine.failed(call, Unavailable("cut", ""))
    assert clone.sync()
    assert clone.state.device() != an.state.device()
    assert house.value("select count(*) from conflict where record = ?", ID) == 1
    an.close()
    clone.close()


def test_a_record_whose_change_is_set_aside_is_shown_as_the_server_has_it(house: House, makers: Makers) -> None:
    an = connected(makers, house, "An")
    an.edit(lambda uow: uow.add(Account(id=ID, name="Sữa Mây", phone="1", owner=an.user)))
    assert an.sync()
    before = an.rows("account")
    an.edit(lambda uow: uow.put(dataclasses.replace(uow.many(Account, [ID])[ID], phone="2")))
    _, (group,) = an.state.next_push(5000, 1 << 20)
    an.state.set_aside(group, {"where": "", "code": "too_large", "message": "", "args": {}})
    assert an.rows("account") == before
    assert an.state.counts().needs_you == 1
    an.close()


def test_a_first_connect_that_starts_over_sweeps_what_it_had(house: House, makers: Makers) -> None:
    """Downloaded, then handed over, then the server was set back and goes on under a new epoch."""
    an, other = makers.laptop(house, "An"), house.laptop("An")
    other.push(create("account", ID, name="Sữa Mây", currency="VND", owner=an.user))
    an.state.finish_joining = lambda *rest: (0, 0)  # type: ignore[assignment] — killed before its end
    an.connect()
    assert an.rows("account")
    house.laptop("Minh").call("reassign", account=ID, owner=house.people["Lan"])
    with house.database.write() as connection:
        workspace.restore(connection, "production", house.clock, house.ids)
    an.restart()
    an.connect()
    assert an.sync() and not an.rows("account")
    an.close()


def test_edits_of_what_a_set_back_file_lacks_are_sent(house: House, makers: Makers) -> None:
    """The data file is set back to before the first connect; the journal knows what was edited after it."""
    lan, other = makers.laptop(house, "Lan"), house.laptop("Lan")
    other.push(create("account", ID, name="Sữa Mây", currency="VND", owner=lan.user))
    lan.edit(lambda uow: uow.add(Task(id=uow.new_id(), subject="Gọi lại")))
    lan.store.close()
    shutil.copy(lan.folder / "data.kam", lan.folder / "before")
    lan.restart()
    lan.connect()
    lan.edit(lambda uow: uow.put(dataclasses.replace(uow.many(Account, [ID])[ID], phone="0900")))
    lan.store.close()
    for path in lan.folder.glob("data.kam*"):
        path.unlink()
    shutil.copy(lan.folder / "before", lan.folder / "data.kam")
    lan.restart()
    lan.connect()
    assert lan.sync()
    assert house.value("select phone from account where id = ?", ID) == "0900"
    lan.close()


def test_what_one_dealt_with_is_dealt_with_everywhere(house: House, makers: Makers) -> None:
    lan, lan2 = connected(makers, house, "Lan"), makers.laptop(house, "Lan", 2)
    lan.edit(lambda uow: uow.add(Account(id=ID, name="Sữa Mây", owner=lan.user)))
    assert lan.sync()
    lan2.connect()
    for laptop, phone in ((lan, "1"), (lan2, "2")):
        laptop.edit(lambda uow, phone=phone: uow.put(dataclasses.replace(uow.many(Account, [ID])[ID], phone=phone)))
        assert laptop.sync()
    assert lan.sync()
    (merged,) = lan.merged()
    assert [each.state for each in lan.merged() + lan2.merged()] == ["open", "open"]
    number, device = lan2.state.standing().number, lan2.state.device()
    lan2.edit(lambda uow: settle_merged(uow.connection, merged.id, "left"))
    lost = []

    def lose(call: Any, answer: Any) -> None:
        lost.append(call)
        lan2.after = lambda call, answer: None
        raise Unavailable("cut", "")

    lan2.after = lose
    assert not lan2.cycle() and lost[0].message["settle"] == [merged.id]
    assert lan2.sync() and lan2.sync() and lan.sync()
    assert [each.state for each in lan.merged() + lan2.merged()] == ["left", "left"]
    assert lan2.state.standing().number == number and not lan2.state.look().settle
    lan2.edit(lambda uow: uow.put(dataclasses.replace(uow.many(Account, [ID])[ID], phone="3")))
    assert lan2.sync() and lan2.state.device() == device
    assert house.value("select phone from account where id = ?", ID) == "3"
    for laptop in (lan, lan2):
        laptop.close()


def test_a_crash_after_a_new_epoch_does_not_forget_to_reconcile(house: House, makers: Makers) -> None:
    an = connected(makers, house, "An")
    an.edit(lambda uow: uow.add(Account(id=ID, name="Sữa Mây", owner=an.user)))
    assert an.sync()
    an.state.new_epoch(2, None)
    an.restart()
    an.engine.begin()
    call = an.engine.next_call()
    assert call is not None and call.name == "reconcile" and len(call.message["groups"]) == 1
    an.close()
