"""Random histories of the pure core: python -m tests.sync.core_histories --count 100000."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.fields import Merge
from kam_desktop.domain.merge import merge
from kam_desktop.domain.scopes import Root, root, scopes
from kam_desktop.store.landing import EMPTIES, column_of_wire, laid_over, wire_of_column

FIELDS = {
    "account": ("phone", "website", "internal_note"),
    "contact": ("position", "account", "account"),
    "proposal": ("title", "next_step", "stage", "outcome_reason", "account"),
    "task": ("remark", "account"),
}
KINDS = tuple(FIELDS)
OWNERS = ("an", "binh", "lan")
STEPS = 60


class Failed(Exception):
    """A property of the core does not hold."""


@dataclass
class Row:
    """A record of the model's server, in columns, with who wrote which field when."""

    entity: str
    values: dict[str, Any]
    seq: int
    created: tuple[int, str]
    stamps: dict[str, tuple[int, str]] = field(default_factory=dict)
    deleted: int = 0


@dataclass
class Laptop:
    """What a model laptop keeps: rows as of its cursors, scopes of each, and changes that wait."""

    device: str
    readers: set[str]
    rows: dict[str, tuple[str, int, dict[str, Any]]] = field(default_factory=dict)
    held: dict[str, set[str]] = field(default_factory=dict)
    cursors: dict[str, int] = field(default_factory=dict)
    waiting: list[tuple[str, str, str, str, int, dict[str, Any]]] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def shown(self, identity: str, entity: str) -> dict[str, Any] | None:
        """The record with what waits laid over it, as the store of the product does it."""
        kept = self.rows.get(identity)
        patches = [(action, new) for _, kind, record, action, _, new in self.waiting if record == identity]
        return laid_over(BY_NAME[entity], kept[2] if kept else None, patches)


class History:
    """One history: laptops write, push and pull in pieces, lose answers and crash; the core decides everything."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seq = self.count = 0
        self.rows: dict[str, Row] = {}
        self.feed: dict[str, dict[str, tuple[int, bool]]] = {}
        self.verdicts: dict[str, str] = {}
        self.log: list[tuple[int, str, str, str, Any, str, int]] = []
        self.displaced: set[tuple[str, str]] = set()
        self.helped: dict[str, list[str]] = {}
        self.made: dict[str, dict[str, Any]] = {}
        self.laptops = [Laptop(f"d{n}", {f"owner:{owner}"}) for n, owner in enumerate((*OWNERS, "an"))]
        self.laptops[2].readers |= {"owner:an"}  # leads
        for owner in ("an", "binh"):
            self.furnish(owner)
        for laptop in self.laptops:
            self.take_page(laptop, self.page(laptop, 5000))

    def furnish(self, owner: str) -> None:
        """A customer with a record of each kind, as everybody knows them."""
        account = f"{owner}-account"
        for entity in KINDS:
            new = {BY_NAME[entity].title: "v0"} | ({"owner": owner} if entity == "account" else {"account": account})
            group = f"{owner}-{entity}"
            self.made[group] = {"change": (group, entity, group, "create", 0, new), "laptop": "d0"}
            self.verdicts[group] = self.decide("d0", *self.made[group]["change"])

    # The server of the model.

    def root_of(self, entity: str, identity: str, values: Mapping[str, Any]) -> Root | None:
        def above(kind: str, record: str) -> Root | None:
            row = self.rows.get(record)
            return self.root_of(kind, record, row.values) if row is not None else None

        return root(entity, identity, values, above)

    def scopes_of(self, identity: str) -> set[str]:
        row = self.rows[identity]
        found = self.root_of(row.entity, identity, row.values)
        if found is None or row.deleted:
            return set()
        account = self.rows.get(found.name)
        owner = str(account.values["owner"]) if account is not None else ""
        return set(scopes(found, lambda name: owner, [each for each, users in self.helped.items() if users]))

    def put_feed(self, identity: str, before: set[str]) -> None:
        now = self.scopes_of(identity)
        for scope in before | now:
            self.feed.setdefault(scope, {})[identity] = (self.seq, scope in now)

    def carry(self, work: Any, identity: str) -> None:
        """Does something to a record, and enters what hangs on it where its scopes move."""
        hanging = [each for each, row in self.rows.items() if row.values.get("account") == identity]
        before = {each: self.scopes_of(each) for each in (identity, *hanging) if each in self.rows}
        work()
        for each in (identity, *hanging):
            if each == identity or before[each] != self.scopes_of(each):
                self.put_feed(each, before.get(each, set()))

    def push(self, laptop: Laptop) -> list[tuple[str, str]]:
        """Verdicts of what waits, in order; what was seen before is told once more."""
        told = []
        for change in laptop.waiting[: self.random.choice((1, 2, 5))]:
            if change[0] not in self.verdicts:
                self.verdicts[change[0]] = self.decide(laptop.device, *change)
            told.append((change[0], self.verdicts[change[0]]))
        return told

    def decide(
        self, device: str, group: str, entity: str, identity: str, action: str, base: int, new: dict[str, Any]
    ) -> str:
        row = self.rows.get(identity)
        if action == "create":
            if row is not None:
                return "accepted"
            self.seq += 1
            made = Row(entity, {**EMPTIES[entity], **self.columns(entity, new)}, self.seq, (self.seq, device))
            self.carry(lambda: self.rows.__setitem__(identity, made), identity)
            self.log += [(self.seq, group, identity, name, value, device, base) for name, value in new.items()]
            return "accepted"
        if row is None:
            return "refused"
        stamps = {name: row.stamps.get(name, row.created) for name in BY_NAME[entity].names}
        if action == "delete":
            if any(seq > base and by != device for seq, by in stamps.values()):
                return "conflict"
            self.seq += 1
            self.carry(lambda: setattr(row, "deleted", self.seq), identity)
            return "accepted"
        wire = {each.name: wire_of_column(each, row.values[each.name]) for each in BY_NAME[entity].fields}
        found = merge(BY_NAME[entity], wire, new, base, device, stamps)
        if found.asked:
            return "conflict"
        self.seq += 1
        for name in found.displaced:
            self.displaced.add((group, name))

        def write() -> None:
            row.deleted = 0
            row.values.update(self.columns(entity, found.write))
            row.stamps.update(dict.fromkeys(found.write, (self.seq, device)))
            row.seq = self.seq

        self.carry(write, identity)
        row.seq = self.seq
        self.log += [(self.seq, group, identity, name, value, device, base) for name, value in found.write.items()]
        siblings = {each.name for each in BY_NAME[entity].fields if each.group and each.merge is Merge.ASK}
        if any(stamps[name][0] > base and stamps[name][1] != device for name in siblings) and siblings & {
            name for name, value in found.write.items() if wire[name] != value
        }:
            raise Failed("fields that belong together were split")
        return "accepted"

    @staticmethod
    def columns(entity: str, wire: Mapping[str, Any]) -> dict[str, Any]:
        fields = {each.name: each for each in BY_NAME[entity].fields}
        return {name: column_of_wire(fields[name], value) for name, value in wire.items()}

    def page(self, laptop: Laptop, size: int) -> dict[str, Any]:
        """What is new in the scopes that a laptop reads, at most so many entries of each."""
        entries, cursors = [], {}
        helped = {f"shared:{account}" for account, users in self.helped.items() if laptop.device in users}
        for scope in sorted(laptop.readers | helped):
            after = laptop.cursors.get(scope, 0)
            found = sorted((seq, each, put) for each, (seq, put) in self.feed.get(scope, {}).items() if seq > after)
            last = found[size - 1][0] if len(found) > size else self.seq
            for seq, identity, put in found:
                if seq > last:
                    break  # what was entered with one number comes with one page
                row = self.rows[identity]
                entries.append((scope, identity, (row.entity, row.seq, dict(row.values)) if put else None))
            cursors[scope] = last
        return {"entries": entries, "cursors": cursors}

    # The laptops of the model.

    def take_page(self, laptop: Laptop, page: Mapping[str, Any]) -> None:
        for scope in set(laptop.cursors) - set(page["cursors"]):
            for identity in [each for each, held in laptop.held.items() if scope in held]:
                self.leave(laptop, identity, scope)
        for scope, identity, row in page["entries"]:
            if row is None:
                self.leave(laptop, identity, scope)
                continue
            laptop.held.setdefault(identity, set()).add(scope)
            if identity not in laptop.rows or laptop.rows[identity][1] <= row[1]:
                laptop.rows[identity] = row
        for scope, seq in page["cursors"].items():
            if seq < laptop.cursors.get(scope, 0):
                raise Failed("a cursor went back")
        laptop.cursors = dict(page["cursors"])

    @staticmethod
    def leave(laptop: Laptop, identity: str, scope: str) -> None:
        held = laptop.held.get(identity, set())
        held.discard(scope)
        if not held:
            laptop.held.pop(identity, None)
            laptop.rows.pop(identity, None)

    def write(self, laptop: Laptop) -> None:
        """One edit of a record that is there, or a new one."""
        self.count += 1
        known = sorted((each, row[0]) for each, row in laptop.rows.items() if laptop.shown(each, row[0]) is not None)
        group = f"{self.random.getrandbits(64):016x}"
        if not known or self.random.random() < 0.1:
            entity = self.random.choice(KINDS)
            accounts = [each for each, kind in known if kind == "account"]
            if entity != "account" and not accounts:
                entity = "account"
            new: dict[str, Any] = {BY_NAME[entity].title: f"v{self.count}"}
            if entity == "account":
                new["owner"] = min(laptop.readers).removeprefix("owner:")
            else:
                new["account"] = self.random.choice(accounts)
            change = (group, entity, f"r{self.count}", "create", 0, new)
        else:
            identity, entity = self.random.choice(known)
            if entity != "account" and self.random.random() < 0.08:
                change = (group, entity, identity, "delete", laptop.rows[identity][1], {})
            else:
                names = self.random.sample(sorted(set(FIELDS[entity])), self.random.choice((1, 1, 2)))
                accounts = [each for each, kind in known if kind == "account"]
                new = {name: self.value(name, accounts) for name in names}
                change = (group, entity, identity, "update", laptop.rows[identity][1], new)
        laptop.waiting.append(change)
        self.made[group] = {"change": change, "laptop": laptop.device}
        self.read_own_writes(laptop)

    def value(self, name: str, accounts: list[str]) -> str:
        if name == "account":
            return self.random.choice(accounts) if accounts else ""
        if name == "stage":
            return self.random.choice(("briefed", "working", "sent", "won"))
        return self.random.choice(("a", "b", f"v{self.count}"))

    def read_own_writes(self, laptop: Laptop) -> None:
        last: dict[tuple[str, str], Any] = {}
        for _, entity, identity, action, _, new in laptop.waiting:
            if action == "delete":
                last = {key: value for key, value in last.items() if key[0] != identity}
            last |= {(identity, name): (entity, value) for name, value in new.items()}
        for (identity, name), (entity, value) in last.items():
            shown = laptop.shown(identity, entity)
            if shown is not None and shown[name] != self.columns(entity, {name: value})[name]:
                raise Failed(f"{name} of {identity} is not shown as it waits")

    def sync(self, laptop: Laptop, *, faults: bool) -> None:
        told = self.push(laptop)
        lost = faults and self.random.random() < 0.25
        if not lost:
            for group, verdict in told:
                laptop.waiting = [each for each in laptop.waiting if each[0] != group]
                if verdict != "accepted":
                    laptop.asked.add(group)
        if faults and self.random.random() < 0.3:
            return
        page = self.page(laptop, self.random.choice((1, 2, 7, 5000)) if faults else 5000)
        if faults and self.random.random() < 0.15:
            return  # killed before it was taken in
        self.take_page(laptop, page)
        if faults and self.random.random() < 0.2:
            before = {each: (row, set(laptop.held[each])) for each, row in laptop.rows.items()}
            self.take_page(laptop, page)  # an answer that is taken in twice changes nothing
            if before != {each: (row, laptop.held[each]) for each, row in laptop.rows.items()}:
                raise Failed("a page that was taken in twice changed something")
        self.read_own_writes(laptop)

    def hand_over(self) -> None:
        accounts = sorted(each for each, row in self.rows.items() if row.entity == "account")
        if not accounts:
            return
        account = self.random.choice(accounts)
        self.seq += 1
        if self.random.random() < 0.6:
            owner = self.random.choice(OWNERS)
            row = self.rows[account]

            def give() -> None:
                row.values["owner"] = owner
                row.stamps["owner"] = (self.seq, "server")
                row.seq = self.seq

            self.carry(give, account)
            row.seq = self.seq
        else:
            users = self.random.sample([each.device for each in self.laptops], self.random.randrange(3))
            self.carry(lambda: self.helped.__setitem__(account, users), account)

    def go(self) -> None:
        """Runs it; raises Failed."""
        for _ in range(STEPS):
            x = self.random.random()
            laptop = self.random.choice(self.laptops)
            if x < 0.5:
                self.write(laptop)
            elif x < 0.93:
                self.sync(laptop, faults=True)
            else:
                self.hand_over()
        for _ in range(40):
            for laptop in self.laptops:
                self.sync(laptop, faults=False)
            if not any(laptop.waiting for laptop in self.laptops):
                break
        for laptop in self.laptops:
            self.take_page(laptop, self.page(laptop, 5000))
        self.check()

    def check(self) -> None:
        """Converged, confidential, nothing lost, nothing twice, nothing silently."""
        for laptop in self.laptops:
            if laptop.waiting:
                raise Failed("an outbox does not empty")
            want = {each: row.values for each, row in self.rows.items() if not row.deleted and self.sees(laptop, row)}
            got = {each: row[2] for each, row in laptop.rows.items()}
            if got.keys() - want.keys():
                raise Failed("a laptop holds what it must not see")
            if want != got:
                raise Failed("a laptop lacks something, or holds another value")
        for group in self.made:
            if group not in self.verdicts:
                raise Failed("a change is lost")
            told = {each.device for each in self.laptops if group in each.asked}
            if self.verdicts[group] == "accepted" and not self.stood(group):
                raise Failed("a value was taken and never stood")
            if self.verdicts[group] != "accepted" and told != {self.made[group]["laptop"]}:
                raise Failed("an author was not told")
        self.check_log()

    def stood(self, group: str) -> bool:
        _, _, _, action, _, new = self.made[group]["change"]
        return action != "update" or {name for _, of, _, name, *_ in self.log if of == group} == set(new)

    def sees(self, laptop: Laptop, row: Row) -> bool:
        """Who may see a record, said once more: the owner of its customer, who leads them, who helps there."""
        identity = (
            row.values["account"] if row.entity != "account" else next(i for i, r in self.rows.items() if r is row)
        )
        account = self.rows.get(identity or "")
        if account is None:
            return False
        return f"owner:{account.values['owner']}" in laptop.readers or laptop.device in self.helped.get(identity, ())

    def check_log(self) -> None:
        once = set()
        last: dict[tuple[str, str], tuple[int, str, Any]] = {}
        for seq, group, identity, name, value, device, base in self.log:
            if (group, name) in once:
                raise Failed("a change was written twice")
            once.add((group, name))
            if self.made[group]["change"][5].get(name) != value:
                raise Failed("something was written that nobody asked for")
            before = last.get((identity, name))
            if before and before[0] > base > 0 and before[1] != device and before[2] != value:
                kind = next(e.merge for e in BY_NAME[self.rows[identity].entity].fields if e.name == name)
                if kind is Merge.ASK:
                    raise Failed("a field that is asked about was overwritten")
                if (group, name) not in self.displaced:
                    raise Failed("a value was overwritten silently")
            last[identity, name] = (seq, device, value)
        for (identity, name), (_, _, value) in last.items():
            row = self.rows[identity]
            if name != "owner" and row.values[name] != self.columns(row.entity, {name: value})[name]:
                raise Failed("a field changed that nobody changed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    begun, failures = time.process_time(), 0
    for seed in range(given.first, given.first + given.count):
        try:
            History(seed).go()
        except Failed as failed:
            failures += 1
            print(f"history {seed}: {failed}", flush=True)
            if failures >= 20:
                break
    used = time.process_time() - begun
    print(f"{given.count} histories, {failures} failures, {used:.0f} s of one processor")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
