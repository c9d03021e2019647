"""Of marked costs and notes no byte reaches those who may not see them; see `secrecy.py`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import Account, Contact, ProposalLine
from kam_desktop.store.journal import Journal
from tests.server import secrecy
from tests.server.house import House, create
from tests.server.secrecy import (
    NO_COSTS,
    NO_NOTES,
    NOTE,
    Firm,
    answers,
    change_role,
    found_in,
    held,
    leaks,
    papers,
    recorded,
    sync,
    verdicts,
)
from tests.sync.world import Makers

COSTS = 1000


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    with secrecy.firm_of(tmp_path_factory.mktemp("secrecy"), COSTS) as made:
        made.quarrel()
        yield made


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> Makers:
    return Makers(tmp_path_factory.mktemp("laptops"))


def test_every_answer_to_those_who_may_not_see(firm: Firm) -> None:
    with recorded() as log:
        seen = answers(firm, firm.lead)
        assert len(leaks(b"\n".join(seen.values()))) >= COSTS  # the search finds them where they may be
        for name in dict.fromkeys(NO_COSTS + NO_NOTES):
            laptop = firm.house.laptop(name)
            told = answers(firm, laptop) | verdicts(firm, laptop) | {"again": answers(firm, laptop)["pull"]}
            if name in NO_COSTS:
                assert not found_in(told), name
            if name in NO_NOTES:
                assert not found_in(told, NOTE, numbers=False), name
        assert not leaks(log().encode(), NOTE)


@pytest.mark.parametrize("name", ["An", "Admin"])
def test_a_laptop_of_somebody_who_may_not_see(firm: Firm, makers: Makers, tmp_path: Path, name: str) -> None:
    with recorded() as log:
        laptop = makers.laptop(firm.house, name, 2)
        laptop.connect()
        sync(laptop)
        with laptop.store.reader() as reader:
            assert reader.sql("select count(*) from product")[0][0] == COSTS // 2
        assert not found_in(held(laptop, tmp_path, log()), *([NOTE] if name == "Admin" else []))
        laptop.close()


def test_another_role_takes_everything_away_that_the_laptop_held(firm: Firm, makers: Makers, tmp_path: Path) -> None:
    """A lead who wrote costs becomes a key account manager, then somebody of finance."""
    house = firm.house
    laptop = makers.laptop(house, "Lan")
    laptop.connect()
    sync(laptop)
    for identity in firm.lines[100:110]:
        line = laptop.edit(lambda uow, identity=identity: uow.get(ProposalLine, identity))
        assert line.cost
        laptop.edit(lambda uow, line=line: uow.put(_with(line, cost=firm.cost())), "Giá vốn")
    with laptop.store.reader() as reader:
        assert reader.sql("select count(*) from history")[0][0] >= 10
    sync(laptop)
    laptop.edit(lambda uow: uow.put(_with(uow.get(Account, firm.account), internal_note=f"{NOTE} mới")), "Ghi chú")
    sync(laptop)
    before = found_in(held(laptop, tmp_path), NOTE)
    assert {"tables", "search", "pages", "journal", "backup", "dump", "exports"} <= set(before)
    given = papers(laptop, firm)
    assert b"1.606.0" in given["quotation vi"] and not found_in(given, NOTE)  # a customer sees prices, as they are set

    change_role(house, "Lan", "kam")
    with house.database.write() as connection:  # who leads nobody sees nothing of An; the account becomes theirs
        connection.run("update team set lead = null where id = 'north'")
    manager = house.laptop("Minh")
    manager.call("reassign", account=firm.account, owner=house.people["Lan"])
    sync(laptop)
    assert laptop.state.standing().rights == 2
    after = held(laptop, tmp_path)
    assert not found_in(after)
    assert f"{NOTE} mới".encode() in after["tables"]
    assert laptop.edit(lambda uow: uow.get(ProposalLine, firm.lines[100])).price
    with laptop.store.reader() as reader:
        assert reader.find(NOTE, 5)

    for words in ("một", "hai"):  # the row stays from now on: what was written of it must go field by field
        noted = f"{NOTE} {words}"
        laptop.edit(lambda uow, noted=noted: uow.put(_with(uow.get(Account, firm.account), internal_note=noted)), "G")
        sync(laptop)
    change_role(house, "Lan", "finance")
    sync(laptop)
    assert not found_in(held(laptop, tmp_path), NOTE, numbers=False)
    with laptop.store.reader() as reader:
        assert not reader.find(NOTE, 5)
    laptop.restart()
    assert laptop.store.recovered == 0
    assert not found_in(held(laptop, tmp_path), NOTE, numbers=False)
    laptop.close()


def test_an_account_handed_over_leaves_nothing_behind(house: House, makers: Makers, tmp_path: Path) -> None:
    laptop = makers.laptop(house, "An", 7)
    laptop.connect()
    kept, gone, contact = house.ids.new(), house.ids.new(), house.ids.new()
    laptop.edit(lambda uow: uow.add(Account(id=kept, name="Giữ lại", currency="VND")), "Thêm {name}")
    with laptop.store.edit("Thêm {name}", name="zqxgone") as uow:
        uow.add(Account(id=gone, name="zqxgone JSC", currency="VND", internal_note="zqxgone note"))
        uow.add(Contact(id=contact, account=gone, full_name="zqxgone person"))
    laptop.edit(lambda uow: uow.put(_with(uow.get(Account, gone), address="zqxgone street")), "Sửa")
    laptop.edit(lambda uow: uow.set_draft(f"contact/{contact}", "zqxgone draft"), "")
    sync(laptop)
    laptop.edit(lambda uow: uow.put(_with(uow.get(Account, gone), phone="0900000009")), "Điện thoại")
    before = found_in(held(laptop, tmp_path), "zqxgone")
    assert {"tables", "search", "pages", "journal", "dump", "exports"} <= set(before)
    house.laptop("Minh").call("reassign", account=gone, owner=house.people["Binh"])
    sync(laptop)
    after = held(laptop, tmp_path)
    assert not found_in(after, "zqxgone")
    assert b"0900000009" in after["tables"]  # what its author wrote and nobody took stays, with their own text
    with laptop.store.reader() as reader:
        assert not reader.find("zqxgone", 5)
    assert laptop.state.counts().needs_you == 1
    assert laptop.edit(lambda uow: uow.get(Account, kept)).name == "Giữ lại"
    laptop.restart()
    assert laptop.store.recovered == 0
    assert "Giữ lại".encode() in held(laptop, tmp_path, only="tables")["tables"]
    laptop.close()


def test_an_account_that_was_only_read_here_leaves_nothing_behind(
    house: House, makers: Makers, tmp_path: Path
) -> None:
    """Of what was never written here there is no history; it goes out of index and free pages all the same."""
    gone, rows = house.ids.new(), [house.ids.new() for _ in range(400)]
    lan = house.laptop("Minh")
    account = create("account", gone, name="zqxgone", currency="VND", owner=house.people["An"])
    people = [create("contact", each, account=gone, full_name=f"zqxgone {n}") for n, each in enumerate(rows)]
    assert set(lan.told([account], people)) == {"accepted"}
    laptop = makers.laptop(house, "An", 9)
    laptop.connect()
    sync(laptop)
    assert {"tables", "search", "pages", "backup"} <= set(found_in(held(laptop, tmp_path), "zqxgone"))
    lan.call("reassign", account=gone, owner=house.people["Binh"])
    sync(laptop)
    assert not found_in(held(laptop, tmp_path), "zqxgone")
    laptop.close()


def test_a_crash_while_the_journal_forgets_is_made_up_for(
    house: House, makers: Makers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = makers.laptop(house, "An", 8)
    laptop.connect()
    gone = house.ids.new()
    laptop.edit(lambda uow: uow.add(Account(id=gone, name="zqxcrash", currency="VND")), "Thêm")
    sync(laptop)
    house.laptop("Minh").call("reassign", account=gone, owner=house.people["Binh"])
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "rewrite", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            sync(laptop)
    assert found_in(held(laptop, tmp_path), "zqxcrash")
    laptop.restart()
    sync(laptop)
    assert not found_in(held(laptop, tmp_path), "zqxcrash")
    laptop.close()


def test_an_old_backup_put_back_tells_nothing_after_the_next_sync(
    house: House, makers: Makers, tmp_path: Path
) -> None:
    """A backup is sealed history; when it is put back, the rights of today are asked for before anything else."""
    laptop = makers.laptop(house, "An", 10)
    laptop.connect()
    gone = house.ids.new()
    laptop.edit(lambda uow: uow.add(Account(id=gone, name="zqxold", currency="VND")), "Thêm")
    sync(laptop)
    laptop.store.database.checkpoint()
    old = secrecy.file_of(laptop.store.database.path)
    house.laptop("Minh").call("reassign", account=gone, owner=house.people["Binh"])
    laptop.store.close()
    laptop.store.database.path.write_bytes(old)
    laptop.restart()
    sync(laptop)
    sync(laptop)
    assert not found_in(held(laptop, tmp_path), "zqxold")
    laptop.close()


def _with(record: Any, **values: Any) -> Any:
    return dataclasses.replace(record, **values)
