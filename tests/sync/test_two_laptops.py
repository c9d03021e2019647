"""Two laptops and a server, by directed cases: what each sees after both went online again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import Account, Activity, Contact, Proposal
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.server.database import Database
from kam_desktop.services import needs
from kam_desktop.store.unit_of_work import UnitOfWork
from kam_desktop.sync.engine import Call
from tests.server.conftest import furnished
from tests.server.house import House
from tests.sync.world import Makers, RealLaptop


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    yield furnished(database)
    database.close()


@pytest.fixture
def pair(house: House, tmp_path: Path) -> Iterator[tuple[RealLaptop, RealLaptop]]:
    """An, who keeps an account, and Lan, who leads the team."""
    made = Makers(tmp_path)
    an, lan = made.laptop(house, "An"), made.laptop(house, "Lan")
    an.connect()
    lan.connect()
    an.edit(lambda uow: uow.add(Account(id=ID, name="Công ty Sữa Mây", owner=an.user, phone="028 3822 1100")))
    assert an.sync() and lan.sync()
    yield an, lan
    an.close()
    lan.close()


ID = "01890000-0000-7000-8000-000000000001"


def put(laptop: RealLaptop, record: type[Any], identity: str, **values: Any) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.put(dataclasses.replace(uow.many(record, [identity])[identity], **values))

    laptop.edit(work)


def get(laptop: RealLaptop, record: type[Any], identity: str) -> Any:
    with laptop.store.reader() as reader:
        return reader.get(record, identity)


def test_what_one_writes_the_other_has(pair: tuple[RealLaptop, RealLaptop]) -> None:
    an, lan = pair
    assert get(lan, Account, ID).name == "Công ty Sữa Mây"
    put(lan, Account, ID, phone="0900")
    assert lan.sync() and an.sync()
    assert get(an, Account, ID).phone == "0900"
    assert an.rows("account") == lan.rows("account")


def test_different_fields_merge_and_the_same_field_keeps_both_values(pair: tuple[RealLaptop, RealLaptop]) -> None:
    an, lan = pair
    put(an, Account, ID, address="12 Lê Lợi", website="a.vn")
    put(lan, Account, ID, phone="0900", website="b.vn")
    assert an.sync() and lan.sync() and an.sync()
    for laptop in pair:
        found = get(laptop, Account, ID)
        assert (found.address, found.phone, found.website) == ("12 Lê Lợi", "0900", "b.vn")
        with laptop.store.reader() as reader:
            kept = needs.merged(reader)
        assert [dict(each.fields) for each, _ in kept] == [{"website": ("b.vn", "a.vn")}]
    an.edit(lambda uow: needs.put_back(uow, needs.merged(uow)[0][0].id))
    assert an.sync() and lan.sync()
    assert get(lan, Account, ID).website == "a.vn"


def test_a_merge_left_as_it_stands_is_dealt_with_for_everybody_and_writes_nothing(
    pair: tuple[RealLaptop, RealLaptop],
) -> None:
    an, lan = pair
    put(an, Account, ID, website="a.vn")
    put(lan, Account, ID, website="b.vn")
    assert an.sync() and lan.sync() and an.sync()
    with an.store.reader() as reader:
        ((kept, _),) = needs.merged(reader)
    an.edit(lambda uow: needs.leave(uow, kept.id))
    with pytest.raises(Refused), an.store.edit("x") as uow:
        needs.leave(uow, kept.id)
    assert an.state.counts().conflicts == an.state.counts().waiting == 0
    an.edit(lambda uow: needs.reopen_merged(uow, kept.id))
    assert an.state.counts().conflicts == 1
    an.edit(lambda uow: needs.leave(uow, kept.id))
    assert an.sync() and lan.sync()
    assert lan.state.counts().conflicts == 0
    assert get(an, Account, ID).website == get(lan, Account, ID).website == "b.vn"


def test_a_stage_that_two_people_moved_is_asked_about(pair: tuple[RealLaptop, RealLaptop]) -> None:
    an, lan = pair
    proposal = "01890000-0000-7000-8000-000000000002"
    an.edit(lambda uow: uow.add(Proposal(id=proposal, account=ID, title="Tết 2027", owner=an.user)))
    assert an.sync() and lan.sync()
    put(an, Proposal, proposal, stage="working")
    put(lan, Proposal, proposal, stage="negotiating")
    assert an.sync() and lan.sync()
    assert get(lan, Proposal, proposal).stage == "working"
    with lan.store.reader() as reader:
        (entry,) = needs.entries(reader)
        (question,) = needs.questions(reader, entry.need)
    assert [(side.before, side.mine, side.theirs) for side in question.sides] == [("briefed", "negotiating", "working")]
    assert lan.state.counts().needs_you == 1
    lan.edit(lambda uow: needs.resolve(uow, entry.need.id, {question.key: needs.MINE}))
    assert lan.sync() and an.sync()
    assert get(an, Proposal, proposal).stage == get(lan, Proposal, proposal).stage == "negotiating"
    assert lan.state.counts().needs_you == 0


def test_a_lost_answer_does_nothing_twice(pair: tuple[RealLaptop, RealLaptop]) -> None:
    an, lan = pair
    lost: list[str] = []

    def lose(call: Call, answer: Any) -> None:
        if call.name == "push" and not lost:
            lost.append(call.name)
            raise Unavailable("cut", "")

    an.after = lose
    an.edit(lambda uow: uow.add(Contact(id=uow.new_id(), account=ID, full_name="Trần Thị Ánh")))
    assert not an.cycle() and an.state.counts().waiting == 1
    an.restart()
    assert an.sync() and lan.sync()
    assert len(an.rows("contact")) == len(lan.rows("contact")) == 1
    assert an.house.value("select count(*) from change_log where entity = 'contact'") == 1


def test_a_view_reads_its_own_waiting_writes(pair: tuple[RealLaptop, RealLaptop]) -> None:
    an, lan = pair
    put(an, Account, ID, phone="0911")
    put(lan, Account, ID, phone="0900", address="Huế")
    assert lan.sync()
    an.before = lambda call: (_ for _ in ()).throw(Unavailable("offline", "")) if call.name == "push" else None
    assert not an.cycle()
    an.engine.begin()
    an.engine._phase = "pull"
    call = an.engine.next_call()
    assert call is not None
    an.engine.answered(call, an.call(call.name, call.message))
    found = get(an, Account, ID)
    assert (found.phone, found.address) == ("0911", "Huế")


def test_an_account_handed_over_leaves_with_everything_and_waiting_work_comes_back(
    pair: tuple[RealLaptop, RealLaptop], house: House
) -> None:
    an, lan = pair
    an.edit(lambda uow: uow.add(Contact(id=uow.new_id(), account=ID, full_name="Trần Thị Ánh")))
    assert an.sync() and lan.sync()
    note = "Đã gọi chị Ánh, chị muốn báo giá lại"
    an.edit(lambda uow: uow.add(Activity(id=uow.new_id(), account=ID, kind="call", at=house.clock.now(), subject=note)))
    standing = lan.state.standing()
    lan.call(
        "reassign",
        {
            "workspace": standing.workspace, "epoch": standing.epoch, "device": standing.device, "protocol": 1,
            "schema": 2, "mark": standing.mark, "account": ID, "owner": house.people["Binh"],
        },
    )  # fmt: skip
    assert an.sync() and lan.sync()
    assert an.rows("account") == an.rows("contact") == an.rows("activity") == []
    with an.store.reader() as reader:
        assert reader.find("sua may", 5) == []
        (entry,) = needs.entries(reader)
    assert entry.need.changes[0].new["subject"] == note


def test_work_under_a_record_that_was_refused_waits_with_it(pair: tuple[RealLaptop, RealLaptop], house: House) -> None:
    an, _lan = pair
    other = "01890000-0000-7000-8000-000000000009"
    an.edit(lambda uow: uow.add(Account(id=other, name="Của người khác", owner=house.people["Dung"])))
    an.edit(lambda uow: uow.add(Contact(id=uow.new_id(), account=other, full_name="Lê Văn Tám")))
    assert an.sync()
    with an.store.reader() as reader:
        (entry,) = needs.entries(reader)
        assert entry.need.behind + len(entry.need.changes) >= 1
    assert an.state.counts().waiting == 0
    assert [row[0] for row in an.rows("account")] == [ID]
    assert an.rows("contact") == []
