"""Random histories of several laptops against the server's core: converged, nothing lost."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.protocol.messages import Problem
from kam_desktop.server import callers, change_log
from kam_desktop.server.database import Database
from kam_desktop.server.purge import purge
from kam_desktop.server.roots import Roots
from kam_desktop.server.values import FIELDS
from tests.server.conftest import furnished
from tests.server.house import Change, House, Laptop, create, delete, update

NAMES = ("An", "Binh", "Lan", "Dung", "Minh", "Phuong")
TEXTS = {
    "account": ("industry", "address", "phone", "internal_note"),
    "contact": ("position", "zalo", "honorific"),
    "proposal": ("title", "next_step", "stage"),
    "task": ("remark",),
}


class History:
    """One random history from a seed."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.random = house, random.Random(seed)
        self.laptops = [house.laptop(name) for name in NAMES]
        self.laptops.append(house.laptop("An"))
        self.edits = 0
        self.sent: list[tuple[Laptop, list[Change], str]] = []

    def step(self) -> None:
        laptop = self.random.choice(self.laptops)
        what = self.random.random()
        if what < 0.60:
            self.write(laptop)
        elif what < 0.82:
            laptop.take(laptop.call("pull", cursors=laptop.cursors, limit=self.random.choice((1, 2, 5, 5000))))
        elif what < 0.86 and self.sent:
            laptop, changes, name = self.random.choice(self.sent)
            before = self.house.value("select count(*) from change_log")
            assert laptop.push(changes, names=[name])["kinds"] != ["accepted"]
            assert self.house.value("select count(*) from change_log") == before
        elif what < 0.94:
            self.hand_over()
        elif what < 0.97:
            with self.house.database.write() as connection:
                callers.rights_changed(connection, [self.random.choice(self.laptops).user])
        else:
            self.house.clock.move(self.random.choice((60, 200 * 86_400)))
            with self.house.database.write() as connection:
                purge(connection, self.house.clock)

    def hand_over(self) -> None:
        boss = self.laptops[NAMES.index("Minh")]
        customers = sorted(boss.ids("account"))
        if not customers:
            return
        people = [self.house.people[name] for name in NAMES[:4]]
        more: dict[str, Any] = {"owner": self.random.choice(people)}
        if self.random.random() < 0.5:
            more = {"helpers": self.random.sample(people, self.random.randrange(3))}
        try:
            boss.call("reassign", account=self.random.choice(customers), **more)
        except Problem as problem:
            assert problem.code in ("gone", "forbidden"), problem

    def write(self, laptop: Laptop) -> None:
        changes = [self.change(laptop) for _ in range(self.random.choice((1, 1, 1, 2, 3)))]
        name = self.house.ids.random()
        answer = laptop.push(changes, names=[name])
        self.sent.append((laptop, changes, name))
        assert answer["kinds"][0] in ("accepted", "conflict", "refused")
        self.no_silent_overwrite(laptop, changes, answer, name)

    def change(self, laptop: Laptop) -> Change:
        fresh = self.house.ids.new()
        held = sorted(key for key in laptop.rows if key[0] in TEXTS)
        customers = sorted(laptop.ids("account"))
        what = self.random.random()
        if not held or (what < 0.15 and len(customers) < 3):
            return create("account", fresh, name=f"Khách {fresh[:4]}", currency="VND", owner=laptop.user)
        if what < 0.35 and customers and len(held) < 10:
            customer = self.random.choice(customers)
            return self.random.choice(
                (
                    create("contact", fresh, account=customer, full_name="Bình"),
                    create("proposal", fresh, account=customer, title="Tết", stage="briefed", currency="VND"),
                    create("task", fresh, subject="Gọi", account=customer),
                    create("task", fresh, subject="Họp", owner=laptop.user),
                )
            )
        entity, identity = self.random.choice(held)
        base = laptop.seq(entity, identity)
        if what > 0.92:
            return delete(entity, identity, base)
        self.edits += 1
        if what > 0.87 and entity in ("contact", "task") and customers:
            return update(entity, identity, base, account=self.random.choice(customers))
        names = self.random.sample(TEXTS[entity], self.random.choice((1, 1, min(2, len(TEXTS[entity])))))
        values = dict.fromkeys(names, f"sửa {self.edits}")
        if "stage" in values:
            values["stage"] = self.random.choice(("briefed", "working", "sent", "won"))
        return update(entity, identity, base, **values)

    def no_silent_overwrite(self, laptop: Laptop, changes: list[Change], answer: dict[str, Any], name: str) -> None:
        """I7: a value of another device that was not seen and is gone stands in a conflict record."""
        with self.house.sql() as connection:
            rows = connection.rows(
                "select entity, record, old, new, place, seq from change_log where group_id = ? and action = 'update'",
                (name,),
            )
            mine = connection.one("select n from device where id = ?", (laptop.device,))
            assert mine is not None
            for entity, record, old, new, place, seq in rows:
                base = changes[place].base
                for field, value in json.loads(old or "{}").items():
                    if field not in changes[place].new or value == json.loads(new).get(field):
                        continue
                    last = connection.rows(
                        "select seq, device, new from change_log where record = ? and seq < ? order by seq desc",
                        (record, seq),
                    )
                    newest = next(((s, d) for s, d, text in last if field in json.loads(text or "{}")), None)
                    if newest is not None and newest[0] > base and newest[1] != mine[0]:
                        kept = [each["fields"] for each in answer["conflicts"] if each["record"] == record]
                        assert any(each.get(field, {}).get("other") == value for each in kept), (entity, field, value)

    def check(self) -> None:
        """I1, I2, I3: what everybody holds in the end is what the server has and they may see, and nothing else."""
        for laptop in self.laptops:
            laptop.pull()
            assert laptop.rows == self.truth(laptop)
        with self.house.sql() as connection:
            assert change_log.broken_link(connection) is None
            self.no_field_changed_by_itself(connection)

    def truth(self, laptop: Laptop) -> dict[tuple[str, str], dict[str, Any]]:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        with self.house.sql() as connection:
            caller = callers.load(connection, laptop.user, laptop.device, self.house.policy)
            roots = Roots(connection)
            for entity in FIELDS:
                names = ", ".join(f'"{name}"' for name in FIELDS[entity])
                for row in connection.rows(f'select id, _seq, {names} from "{entity}" where _deleted_seq is null'):
                    root = roots.of(entity, row[0])
                    assert root is not None
                    owner = roots.owner_of(root)
                    if caller.sees(root, owner, entity):
                        hidden = caller.hidden(caller.seen_through(root, owner), entity)
                        values = dict(zip(("_seq", *FIELDS[entity]), row[1:], strict=True))
                        found[entity, row[0]] = {name: value for name, value in values.items() if name not in hidden}
        return found

    def no_field_changed_by_itself(self, connection: Any) -> None:
        """I6: every value on the server is the one that the log wrote last."""
        last: dict[tuple[str, str, str], Any] = {}
        for entity, record, new in connection.rows("select entity, record, new from change_log order by seq"):
            for name, value in json.loads(new or "{}").items():
                last[entity, record, name] = value
        for (entity, record, name), value in last.items():
            if name in FIELDS[entity]:
                row = connection.one(f'select "{name}" from "{entity}" where id = ?', (record,))
                if row is not None:
                    assert (row[0] or "") == (value or ""), (entity, name, row[0], value)


@pytest.mark.parametrize("seed", range(12))
def test_a_random_history(seed: int, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    history = History(furnished(database), seed)
    for _ in range(120):
        history.step()
    history.check()
    database.close()
