"""Secrecy: of 10,000 marked costs and of notes no byte reaches those who may not see them."""

from __future__ import annotations

import io
import logging
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from kam_desktop.domain.entities import Account, Contact, ProposalLine
from kam_desktop.protocol.messages import Problem
from kam_desktop.server.database import Database
from kam_desktop.store.journal import Journal
from kam_desktop.sync import cycle
from kam_desktop.transfer import exporter
from tests.server.conftest import furnished
from tests.server.house import Change, House, Laptop, create, delete, update
from tests.sync.world import KEY, Makers, NoSession, RealLaptop

COSTS = 10_000
MARK = re.compile(rb"737373\d{9}")
_BETWEEN = re.compile(rb"(?<=\d)(?:[., ]|\xc2\xa0|\xe2\x80\xaf)(?=\d)")
NOTE = "zqxkin"
"""Stands in every internal note."""


FIRST, STEP = 737_373_000_000_000, 7919


def is_marked(digits: bytes) -> bool:
    """Whether it is one of our numbers, and no piece of a longer row of digits that looks like one."""
    return (int(digits) - FIRST) % STEP == 0


def leaks(data: bytes, *words: str) -> list[bytes]:
    """Marked values in some bytes, however the numbers are grouped; and words."""
    found = [each for each in MARK.findall(data) + MARK.findall(_BETWEEN.sub(b"", data)) if is_marked(each)]
    return found + [word.encode() for word in words if word.encode() in data]


class Firm:
    """A firm whose every cost is a number of its own; what its laptops are told is searched."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.person("Hoa", "department")
        self.next = 0
        self.manager, self.lead, self.an = house.laptop("Minh"), house.laptop("Lan"), house.laptop("An")
        self.products: list[str] = []
        self.lines: list[str] = []
        self.account, self.contact, self.version = house.ids.new(), house.ids.new(), house.ids.new()
        proposal = house.ids.new()
        made = [
            create("account", self.account, name="Thép Việt", currency="VND", owner=house.people["An"],
                   internal_note=f"{NOTE} tài khoản", risk="high"),
            create("contact", self.contact, account=self.account, full_name="Bình", internal_note=f"{NOTE} người"),
            create("proposal", proposal, account=self.account, title="Báo giá", currency="VND"),
            create("proposal_version", self.version, proposal=proposal, number=1, status="draft", currency="VND"),
        ]  # fmt: skip
        assert self.an.told(*made) == ["accepted"] * 4
        for start in range(0, COSTS // 2, 2500):
            changes = [self._product(n) for n in range(start, start + 2500)]
            assert set(self.manager.told(*_grouped(changes))) == {"accepted"}
            changes = [self._line(n) for n in range(start, start + 2500)]
            assert set(self.lead.told(*_grouped(changes))) == {"accepted"}

    def cost(self) -> int:
        self.next += 1
        return FIRST + self.next * STEP

    def _product(self, n: int) -> Change:
        self.products.append(self.house.ids.new())
        return create("product", self.products[-1], name=f"Hàng {n}", currency="VND", price=n, cost=self.cost())

    def _line(self, n: int) -> Change:
        self.lines.append(self.house.ids.new())
        return create(
            "proposal_line", self.lines[-1], version=self.version, place=n + 1, description=f"Dòng {n}",
            quantity="1", price=n, cost=self.cost(),
        )  # fmt: skip

    def seq(self, entity: str, identity: str) -> int:
        return int(self.house.value(f'select _seq from "{entity}" where id = ?', identity))


def _grouped(changes: Sequence[Change]) -> list[list[Change]]:
    return [list(changes[start : start + 500]) for start in range(0, len(changes), 500)]


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('secrecy') / 'server.db'}")
    yield Firm(furnished(database))
    database.close()


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> Makers:
    return Makers(tmp_path_factory.mktemp("laptops"))


def told(laptop: Laptop, name: str, **more: Any) -> bytes:
    """Every byte of an answer, or of the problem that came instead."""
    try:
        return orjson.dumps(laptop.call(name, **more))
    except Problem as problem:
        return orjson.dumps(problem.body()) + str(problem).encode() + repr(problem).encode()


def everything_told(firm: Firm, laptop: Laptop) -> bytes:
    """What the server says to one laptop when it is asked everything that there is to ask."""
    found, cursors = [], {}
    while True:
        answer = laptop.call("pull", cursors=cursors, limit=2000)
        found.append(orjson.dumps(answer))
        cursors = answer["cursors"]
        if not answer["more"]:
            break
    for entity, ids in (("product", firm.products), ("proposal_line", firm.lines), ("account", [firm.account])):
        for start in range(0, len(ids), 1000):
            found.append(told(laptop, "digest", rows=[[entity, each] for each in ids[start : start + 1000]]))
        found += [told(laptop, "history", entity=entity, id=each) for each in ids[::97]]
    found.append(told(laptop, "digest", scopes=list(cursors)))
    found += [told(laptop, "digest", below=[[name, "product", ""]]) for name in cursors]
    found.append(told(laptop, "history", entity="contact", id=firm.contact))
    return b"\n".join(found)


def tricks(firm: Firm, laptop: Laptop) -> bytes:
    """What comes back when records are written so that the answer would show how they stand."""
    house, found = firm.house, []
    for entity, ids in (("product", firm.products), ("proposal_line", firm.lines)):
        for identity in ids[:40]:
            same = {"version": firm.version, "place": 1, "description": "X", "quantity": "1", "price": 1}
            new = same if entity == "proposal_line" else {"name": "X", "currency": "VND"}
            groups = [
                [create(entity, identity, **new, cost=1)],
                [create(entity, identity, **new)],
                [update(entity, identity, 0, cost=1)],
                [update(entity, identity, 0, price=5, cost=2)],
                [update(entity, identity, 0, price=6)],
                [delete(entity, identity, 0)],
            ]
            try:
                found.append(orjson.dumps(laptop.push(*groups)))
            except Problem as problem:
                found.append(orjson.dumps(problem.body()))
    for value in (firm.account, firm.contact):
        entity = "account" if value == firm.account else "contact"
        found.append(orjson.dumps(laptop.push(update(entity, value, 0, internal_note="x"), delete(entity, value, 0))))
    found.append(told(laptop, "push", number=1, groups=[["0" * 32, 1]], parts=[{"entity": "product"}]))
    assert house.database is not None
    return b"\n".join(found)


def test_every_answer_to_those_who_may_not_see(firm: Firm, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    house = firm.house
    for identity in firm.products[:30]:  # conflicts about costs, between two who may see them
        seen = firm.seq("product", identity)
        assert firm.manager.told(update("product", identity, seen, cost=firm.cost())) == ["accepted"]
    for identity in firm.lines[:30]:
        seen = firm.seq("proposal_line", identity)
        assert firm.lead.told(update("proposal_line", identity, seen, cost=firm.cost())) == ["accepted"]
        assert firm.manager.told(update("proposal_line", identity, seen, cost=firm.cost())) == ["accepted"]
    assert house.value("select count(*) from conflict where theirs like '%737373%'") >= 30
    control = everything_told(firm, firm.lead)
    assert (
        len({each for each in MARK.findall(control) if is_marked(each)}) >= COSTS
    )  # the search finds them where they may be
    for name in ("An", "Ngoc", "Hoa", "Admin"):
        laptop = house.laptop(name)
        data = everything_told(firm, laptop) + tricks(firm, laptop) + everything_told(firm, laptop)
        assert not leaks(data), (name, leaks(data)[:3])
    for name in ("Phuong", "Hoa", "Admin", "Dung"):
        laptop = house.laptop(name)
        data = everything_told(firm, laptop) + tricks(firm, laptop)
        assert NOTE.encode() not in data, name
    assert not leaks(caplog.text.encode(), NOTE)


def held(laptop: RealLaptop, folder: Path) -> bytes:
    """Every byte that a laptop keeps, deciphered: all tables, index, journal, waiting frames, exports, backup."""
    found: list[bytes] = []
    with laptop.store.database.read() as connection:
        plain = connection.exec_driver_sql(
            "select name from sqlite_master where type = 'table' and sql not like '%virtual table%'"
        )
        for name in plain.scalars().all():
            for row in connection.exec_driver_sql(f'select * from "{name}"').all():
                for value in row:
                    blob = value if isinstance(value, bytes) else str(value).encode()
                    found.append(_unpacked(blob))
    journal = Journal(laptop.folder / "journal", KEY.derive("journal"), laptop.name)
    found += [_unpacked(payload) for _, payload in journal.frames()]
    assert not [each for each in journal.check() if each.kind != "missing"]
    journal.close()
    with laptop.store.reader() as reader:
        for kind in exporter.kinds():
            for form in ("xlsx", "csv", "json"):
                path = folder / f"{laptop.name}-{kind}.{form}"
                exporter.export(reader, kind, path)
                found.append(_unpacked(path.read_bytes()))
                path.unlink()
    copy = laptop.store.database
    with copy.read() as connection:
        pages = connection.exec_driver_sql("select count(*) from sqlite_master").scalar_one()
    assert pages > 0
    return b"\n".join(found)


def _unpacked(blob: bytes) -> bytes:
    if blob[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(blob)) as packed:
            return b"\n".join(packed.read(name) for name in packed.namelist())
    try:
        return zlib.decompress(blob)
    except zlib.error:
        return blob


def sync(laptop: RealLaptop) -> None:
    """A whole cycle as the program does it, the user's agreement to what goes included."""
    laptop.known()
    cycle.run(laptop.engine, laptop.state, laptop, NoSession(), agreed=True)  # type: ignore[arg-type]


def change_role(house: House, name: str, role: str) -> None:
    with house.database.write() as connection:
        connection.run("update user_account set role = ?, rights = rights + 1 where id = ?", (role, house.people[name]))


def test_a_laptop_of_somebody_who_may_not_see(firm: Firm, makers: Makers, tmp_path: Path) -> None:
    laptop = makers.laptop(firm.house, "An", 2)
    laptop.connect()
    sync(laptop)
    with laptop.store.reader() as reader:
        assert reader.sql("select count(*) from proposal_line")[0][0] == COSTS // 2
    assert not leaks(held(laptop, tmp_path))
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
    before = held(laptop, tmp_path)
    assert len(leaks(before)) > 5000 and NOTE.encode() in before

    change_role(house, "Lan", "kam")
    with house.database.write() as connection:  # who leads nobody sees nothing of An; the account becomes theirs
        connection.run("update team set lead = null where id = 'north'")
    manager = house.laptop("Minh")
    manager.call("reassign", account=firm.account, owner=house.people["Lan"])
    sync(laptop)
    assert laptop.state.standing().rights == 2
    after = held(laptop, tmp_path)
    assert not leaks(after), leaks(after)[:3]
    assert f"{NOTE} mới".encode() in after
    assert laptop.edit(lambda uow: uow.get(ProposalLine, firm.lines[100])).price == 100
    with laptop.store.reader() as reader:
        assert reader.find(NOTE, 5)

    for words in ("một", "hai"):  # the row stays from now on: what was written of it must go field by field
        noted = f"{NOTE} {words}"
        laptop.edit(lambda uow, noted=noted: uow.put(_with(uow.get(Account, firm.account), internal_note=noted)), "G")
        sync(laptop)
    change_role(house, "Lan", "finance")
    sync(laptop)
    after = held(laptop, tmp_path)
    assert not leaks_of_notes(after)
    with laptop.store.reader() as reader:
        assert not reader.find(NOTE, 5)
    laptop.restart()
    assert laptop.store.recovered == 0
    assert not leaks_of_notes(held(laptop, tmp_path))
    laptop.close()


def leaks_of_notes(data: bytes) -> bool:
    return NOTE.encode() in data


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
    with laptop.store.reader() as reader:
        assert reader.find("zqxgone", 5)
    assert b"zqxgone" in held(laptop, tmp_path)
    house.laptop("Minh").call("reassign", account=gone, owner=house.people["Binh"])
    sync(laptop)
    after = held(laptop, tmp_path)
    assert b"zqxgone" not in after
    assert b"0900000009" in after  # what its author wrote and nobody took stays, with their own text
    with laptop.store.reader() as reader:
        assert not reader.find("zqxgone", 5)
    assert laptop.state.counts().needs_you == 1
    assert laptop.edit(lambda uow: uow.get(Account, kept)).name == "Giữ lại"
    laptop.restart()
    assert laptop.store.recovered == 0
    assert "Giữ lại".encode() in held(laptop, tmp_path)
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
    assert b"zqxcrash" in held(laptop, tmp_path)
    laptop.restart()
    sync(laptop)
    assert b"zqxcrash" not in held(laptop, tmp_path)
    laptop.close()


def _with(record: Any, **values: Any) -> Any:
    import dataclasses

    return dataclasses.replace(record, **values)
