"""Single mutations of the server's log, all found: python -m tests.server.mutations [--count N].

For each: the log is mutated on the disk, the server's own check must find it, and so must a laptop alone, which has
nothing but marks that it was told and the answers to `audit`. A part are forgeries: whoever wrote into the log counted
the whole chain anew, so that the server's check passes; then the laptop alone must find it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kam_desktop.protocol import log_chain
from kam_desktop.server import audit, change_log, erasing, workspace
from kam_desktop.server.change_log import COLUMNS
from kam_desktop.server.database import Connection, Database
from kam_desktop.store.witness import Witness
from kam_desktop.sync import answers, log_counting
from tests.server.house import House, create, delete, update

Rows = list[list[Any]]
PLACE = {name: place for place, name in enumerate(COLUMNS)}


class Undone(Exception):
    """Takes a mutation back."""


class Trial:
    """A firm's log of some hundred entries, and a laptop that was there: it kept the mark after every fifth push."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.dice = house, random.Random(seed)
        self.laptop = house.laptop("An")
        self.seen: list[Witness] = []
        self._live()
        with house.sql() as connection:
            self.rows: Rows = [list(row) for row in connection.rows(_READ)]

    def _live(self) -> None:
        accounts: list[str] = []
        contacts: list[str] = []
        for number in range(60):
            account, contact = self.house.ids.new(), self.house.ids.new()
            phone = f"09{self.dice.randrange(10**8):08d}"
            person = create("contact", contact, account=account, full_name=f"Người {number}", phones=[phone])
            self.laptop.push(create("account", account, name=f"Khách {number}"), person)
            accounts.append(account)
            contacts.append(contact)
            self.laptop.push(update("account", self.dice.choice(accounts), 10**6, industry=f"Ngành {number}"))
            if number % 9 == 8:
                self.laptop.push(delete("contact", contacts.pop(3), 10**6))
            if number in (20, 40):
                with self.house.database.write() as connection:
                    erasing.erase(connection, contacts.pop(5), clock=self.house.clock, ids=self.house.ids)
            if number % 5 == 4:
                self.witness()
        self.witness()

    def witness(self) -> None:
        """Keeps what the server says of its log now."""
        mark = self.laptop.call("hello")["mark"]
        self.seen.append(Witness(mark["seq"], 1, mark["hash"], f"2026-03-02T08:30:{len(self.seen):02d}Z"))

    def by_server(self, connection: Connection) -> bool:
        """Whether the server's check finds something."""
        return change_log.broken_link(connection) is not None

    def by_laptop(self, connection: Connection) -> str:
        """What a laptop finds that knows its marks and hears what the server answers; "" for nothing."""

        def ask(after: int) -> Mapping[str, Any]:
            found = workspace.read(connection)
            told = audit.audit(connection, None, {"after": after})  # type: ignore[arg-type]
            answer = {**told, "workspace": found.id, "epoch": 1, "mark": workspace.mark_of(found)}
            request = {"workspace": found.id, "epoch": 1, "device": ""}
            return answers.checked("audit", request, json.loads(json.dumps(answer)))

        return log_counting.whole(1, self.seen, ask).problem

    # Mutations: each changes the log of a transaction that is taken back.

    def column(self, connection: Connection) -> str:
        """Another value in one column of one entry."""
        row, name = self.dice.choice(self.rows), self.dice.choice(COLUMNS)
        value = self._other(name, row[PLACE[name]])
        connection.run(f'update change_log set "{name}" = ? where seq = ?', (value, row[0]))
        return f"column {name}"

    def _other(self, name: str, value: Any) -> Any:
        dice = self.dice
        if name == "seq":
            taken = {row[0] for row in self.rows}
            return next(each for each in iter(lambda: dice.randrange(1, 10**6), None) if each not in taken)
        if isinstance(value, bytes | memoryview):
            value = bytes(value)
            if name in ("chain", "salt") and dice.random() < 0.2:
                return None
            at = dice.randrange(len(value))
            return value[:at] + bytes([value[at] ^ 1 << dice.randrange(8)]) + value[at + 1 :]
        if value is None:
            return dice.randbytes(32) if name == "chain" else dice.randbytes(16) if name == "salt" else "{}"
        if isinstance(value, int):
            return value + dice.choice((-1, 1, 7))
        if name in ("old", "new") and dice.random() < 0.2:
            return None
        if name == "committed_at" or dice.random() < 0.5:
            at = dice.randrange(len(value))
            return value[:at] + chr((ord(value[at]) + 1) % 0xD7FF or 65) + value[at + 1 :]
        other = dice.choice([row[PLACE[name]] for row in self.rows if row[PLACE[name]] not in (value, None)] or [""])
        return other if dice.random() < 0.8 else ""

    def deletion(self, connection: Connection) -> str:
        """One entry is gone, or all entries of a commit."""
        at = self.dice.randrange(len(self.rows))
        seqs = [self.rows[at][0]]
        if self.dice.random() < 0.4:
            seqs = self._commit(at)
        for seq in seqs:
            connection.run("delete from change_log where seq = ?", (seq,))
        return "deletion"

    def _commit(self, at: int) -> list[int]:
        start, end = at, at
        while start > 0 and self.rows[start - 1][PLACE["chain"]] is None:
            start -= 1
        while self.rows[end][PLACE["chain"]] is None:
            end += 1
        return [row[0] for row in self.rows[start : end + 1]]

    def blanking(self, connection: Connection) -> str:
        """The payload of an entry is taken away, as an erasure would, and nobody says so."""
        row = self.dice.choice([row for row in self.rows if row[PLACE["salt"]] is not None])
        connection.run("update change_log set old = null, new = null, salt = null where seq = ?", (row[0],))
        return "blanking"

    def reordering(self, connection: Connection) -> str:
        """Two entries, or two neighbouring commits, change places."""
        one, other = sorted(self.dice.sample(range(len(self.rows)), 2))
        if self.dice.random() < 0.5:
            other = min(one + 1, len(self.rows) - 1) if one + 1 < len(self.rows) else one - 1
        first, second = self.rows[one], self.rows[other]
        columns = [name for name in COLUMNS if name != "seq" and (name != "chain" or self.dice.random() < 0.5)]
        setting = ", ".join(f'"{name}" = ?' for name in columns)
        for target, source in ((first, second), (second, first)):
            values = [source[PLACE[name]] for name in columns]
            connection.run(f"update change_log set {setting} where seq = ?", (*values, target[0]))
        return "reordering"

    def truncation(self, connection: Connection) -> str:
        """The end is cut off, at a commit's end or in the middle of one."""
        end = self.dice.choice([0, *(row[0] for row in self.rows[:-1])])
        connection.run("delete from change_log where seq > ?", (end,))
        return "truncation"

    def insertion(self, connection: Connection) -> str:
        """One entry more, alone or with a link of its own, between the others or behind them."""
        like, taken = list(self.dice.choice(self.rows)), {row[0] for row in self.rows}
        free = [seq for seq in range(1, self.rows[-1][0] + 3) if seq not in taken]
        like[0] = self.dice.choice(free)
        like[PLACE["group_id"]] = self.dice.randbytes(16).hex()
        if self.dice.random() < 0.5:
            before = change_log.link_at(connection, like[0])
            columns = [[like[place]] for place in (*range(6), 8, 9, 10)]
            said = log_chain.digest(like[11], columns, [bytes(like[12])])
            like[PLACE["chain"]] = log_chain.link(before, said)
        else:
            like[PLACE["chain"]] = None
        connection.insert("change_log", COLUMNS, [like])
        return "insertion"

    def forgery(self, connection: Connection) -> str:
        """A mutation by one who counts every link anew, and the workspace's; only what was told elsewhere tells."""
        deed = self.dice.choice((self._rewritten, self.deletion, self._cut))
        deed(connection)
        if not self._chained_anew(connection):
            raise Undone
        return f"forgery {deed.__name__.strip('_')}"

    def _rewritten(self, connection: Connection) -> None:
        row = self.dice.choice([row for row in self.rows if row[PLACE["salt"]] is not None and row[5] != "erase"])
        new = json.dumps({"industry": self.dice.randbytes(4).hex()})
        author = self.dice.choice(list(self.house.people.values()))
        hashed = log_chain.payload_hash(bytes(row[14]), (row[6] or "").encode(), new.encode())
        statement = "update change_log set new = ?, author = ?, payload_hash = ? where seq = ?"
        connection.run(statement, (new, author, hashed, row[0]))

    def _cut(self, connection: Connection) -> None:
        """Back to before the newest mark: what came behind it nobody here witnessed."""
        ends = [row[0] for row in self.rows if row[PLACE["chain"]] is not None and row[0] < self.seen[-1].seq]
        connection.run("delete from change_log where seq > ?", (self.dice.choice(ends),))

    def _chained_anew(self, connection: Connection) -> bool:
        found = [list(row) for row in connection.rows(_READ)]
        if not found:
            return False
        chain, commit = b"", []
        for place, row in enumerate(found):
            commit.append(row)
            if row[13] is None and place < len(found) - 1:
                continue
            columns = list(zip(*((*each[:6], *each[8:11]) for each in commit), strict=True))
            said = log_chain.digest(row[11], columns, [bytes(each[12]) for each in commit])
            chain = log_chain.link(chain, said)
            connection.run("update change_log set chain = ? where seq = ?", (chain, row[0]))
            commit = []
        connection.run("update workspace set hash = ?, seq = ?", (chain.hex(), found[-1][0]))
        return True


_READ = f"select {', '.join(COLUMNS)} from change_log order by seq"
KINDS: tuple[Callable[[Trial, Connection], str], ...] = (
    Trial.column, Trial.column, Trial.column, Trial.column, Trial.deletion, Trial.blanking, Trial.reordering,
    Trial.truncation, Trial.insertion, Trial.forgery,
)  # fmt: skip


def run(trial: Trial, count: int, kinds: tuple[Callable[[Trial, Connection], str], ...] = KINDS) -> dict[str, Any]:
    """So many mutations; how many of each kind, and those that the server or the laptop did not find."""
    tried: Counter[str] = Counter()
    unfound: list[str] = []
    forged = 0
    while sum(tried.values()) < count:
        deed = kinds[sum(tried.values()) % len(kinds)]
        try:
            with trial.house.database.write() as connection:
                name = deed(trial, connection)
                if [list(row) for row in connection.rows(_READ)] == trial.rows:
                    raise Undone  # it came out as it was: two equal values changed places
                tried[name] += 1
                server, laptop = trial.by_server(connection), trial.by_laptop(connection)
                forged += name.startswith("forgery") and not server
                if not laptop or (not server and not name.startswith("forgery")):
                    unfound.append(f"{name}: server {server}, laptop {laptop or False}")
                raise Undone
        except Undone:
            pass
    return {"mutations": sum(tried.values()), "kinds": dict(sorted(tried.items())), "unfound": unfound,
            "passed_the_server_and_found_by_the_laptop": forged}  # fmt: skip


def sound(trial: Trial) -> bool:
    """Neither finds anything in the log as it is."""
    with trial.house.database.read() as connection:
        return not trial.by_server(connection) and not trial.by_laptop(connection)


def main() -> int:
    """By command; the status is 0 when everything was found."""
    from tests.server.conftest import furnished

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(furnished(Database(f"sqlite:///{Path(folder) / 'server.db'}")), given.seed)
        good = sound(trial)
        found = run(trial, given.count)
        good = good and sound(trial) and not found["unfound"]
        print(json.dumps({"entries": len(trial.rows), "marks": len(trial.seen), **found, "held": good}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
