"""One history from one seed: users, a network that fails, laptops and a server that die."""

from __future__ import annotations

import copy
import gc
import hashlib
import random
import shutil
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from kam_desktop.domain.change import Change
from kam_desktop.domain.errors import Problem as Reason
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.domain.policy import Policy
from kam_desktop.protocol.messages import Problem, checksum
from kam_desktop.server import users, workspace
from kam_desktop.server.database import Database
from kam_desktop.server.purge import purge
from kam_desktop.sync import connect, engine
from kam_desktop.sync.engine import Call, Engine
from kam_desktop.sync.session import SignedIn
from tests.fakes import FakeClock
from tests.server.house import SeededIds, Subject, update
from tests.sync import nodes, oracle
from tests.sync.edits import Hands
from tests.sync.nodes import BEGINNING, Crash, Fuse, Node, Written, failure
from tests.sync.oracle import Failed

STEPS = 60
HEAL_ROUNDS = 14
FAULTS = (
    "lose", "duplicate", "reorder", "answers", "truncate", "crash", "commit_crash", "server_crash", "restore",
    "copy", "set_back", "clone", "rights", "hand_over", "helpers", "purge", "join", "undo", "skew", "pages", "timeout",
    "newer", "second",
)  # fmt: skip
"""Each seed turns each of these on or off."""
ACTS = (
    "timeout", "timeout", "crash", "commit_crash", "commit_crash", "server_crash", "restore", "restore", "copy",
    "set_back", "set_back", "clone", "rights", "hand_over", "hand_over", "helpers", "purge", "join", "join", "undo",
    "newer", "second", "second",
)  # fmt: skip
"""Those that happen at a moment of their own; the repeated ones more often."""


@dataclass
class Flight:
    """A request or an answer under way."""

    node: Node
    engine: Engine
    call: Call
    answer: Any = None
    subject: Subject | None = None
    set_backs: int = 0  # of the server, before it answered

    @property
    def words(self) -> str:
        kind = "request" if self.answer is None else "answer"
        return f"{kind} {self.call.name} {self.call.attempt} of {self.node.label}"


class Run:
    """One history. `go` runs it to its end and raises Failed when an invariant does not hold."""

    def __init__(self, seed: int, *, steps: int = STEPS, told: Any = None, only: tuple[str, ...] | None = None) -> None:
        self.seed, self.steps, self.told = seed, steps, told
        self.random = random.Random(seed)
        self.ids = SeededIds(seed + 1_000_000_000)  # others than those of the template
        self.trace = hashlib.sha256()
        self.faults = {each for each in FAULTS if self.random.random() < 0.45} if only is None else set(only)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=nodes.template().folder))
        self.clock = FakeClock(BEGINNING + timedelta(days=1))
        self.house = nodes.template().server(self.folder / "server", self.ids, self.clock)
        self.server_fuse = Fuse()
        self._guard_server()
        self.hands = Hands(self.random, self.house.people)
        self.nodes: list[Node] = []
        self.net: list[Flight] = []
        self.written: dict[str, Written] = {}
        self.excused: set[str] = set()
        self.let_go: set[tuple[str, str, str]] = set()  # (group, record, field), "" for the whole record
        self.lost: set[str] = set()
        self.made_before_joining: dict[str, dict[str, str]] = {}
        self.epochs = 0
        self.server_backup: Path | None = None
        self.healed = False
        chosen = self.random.sample(nodes.PEOPLE, self.random.choice((3, 3, 4)))
        if not {"An", "Binh"} & set(chosen):
            chosen[0] = "An"
        for name in sorted(chosen):
            self.add_node(name, name)
        if self.random.random() < 0.3:
            name = self.random.choice(sorted(chosen))
            self.add_node(name, name + "2")
        if "join" in self.faults:
            self._add_joining(self.random.choice(nodes.PEOPLE))

    # The furniture.

    def say(self, *words: Any) -> None:
        line = " ".join(str(each) for each in words)
        self.trace.update(line.encode() + b"\n")
        if self.told:
            self.told(line)

    def add_node(self, name: str, label: str, *, fresh: bool = False) -> Node:
        skew = self.random.randrange(-90, 90) if "skew" in self.faults else 0
        clock = FakeClock(BEGINNING + timedelta(days=1 + skew))
        node = nodes.template().node(self.house, name, label, self.folder / label, clock, fresh=fresh)
        self.nodes.append(node)
        return node

    def _add_joining(self, name: str) -> None:
        node = self.add_node(name, name + "-new", fresh=True)
        from tests.sync.joining import furnish

        self.made_before_joining[node.label] = furnish(node, self.hands)

    def _guard_server(self) -> None:
        door = self.house.database.write
        self.house.database.write = lambda: self.server_fuse.around(door())  # type: ignore[method-assign]

    def close(self) -> None:
        for node in self.nodes:
            node.close()
        self.house.database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # One step.

    def go(self) -> str:
        """Runs it; gives the hash of its trace."""
        before = engine.PULL_ROWS, engine.PUSH_CHANGES, connect.PULL_ROWS
        if "pages" in self.faults:
            engine.PULL_ROWS = connect.PULL_ROWS = self.random.choice((1, 2, 3, 7, 20))
            engine.PUSH_CHANGES = self.random.choice((1, 4, 5000))
        self.say("seed", self.seed, *sorted(self.faults), *(node.label for node in self.nodes))
        try:
            for number in range(self.steps):
                self.clock.move(1)
                for node in self.nodes:
                    node.clock.move(1)
                self._act(number)
            self.heal()
            oracle.check(self)
        finally:
            engine.PULL_ROWS, engine.PUSH_CHANGES, connect.PULL_ROWS = before
        return self.trace.hexdigest()[:16]

    def _act(self, number: int) -> None:
        x = self.random.random()
        node = self.random.choice(self.nodes)
        if x < 0.22:
            self.edit(node)
        elif x < 0.40:
            self.start(node)
        elif x < 0.78:
            self.deliver()
        else:
            acts = [each for each in ACTS if each in self.faults]
            act = self.random.choice(acts) if acts else ""
            if act:
                try:
                    getattr(self, "do_" + act)(node)
                except Crash:  # laptops see to their own
                    self.server_fuse.left = -1
                    self.say("the server was killed in", act)
            else:
                self.deliver()

    def edit(self, node: Node) -> None:
        work = self.hands.work(node)
        if not work:
            return
        name, deed = work
        self.written_by(node, name, lambda: node.store.edit(name), deed)

    def do_undo(self, node: Node) -> None:
        """Takes back the newest step, as the window does."""
        before = self._last_group(node)
        try:
            report, _ = node.store.undo()
        except (Refused, Unavailable) as refused:
            self.say(node.label, "undo refused", refused)
            return
        except Crash:
            self.say(node.label, "killed in an undo", node.fuse.after)
            node.killed()
        else:
            self.say(node.label, "undo", report.changed)
        self._register_after(node, before)
        oracle.live(node)

    def _last_group(self, node: Node) -> int:
        return int(node.sql("select coalesce(max(n), 0) from history")[0][0])

    def _register_after(self, node: Node, before: int) -> None:
        """Registers what history has got since, for edits of which the unit of work is not at hand."""
        from kam_desktop.domain.change import Action

        rows = node.sql(
            "select h.group_id, h.place, h.entity, h.record, h.action, h.old, h.new, h.author, h.written_at, "
            "coalesce(o.base, -1) from history h left join outbox o on o.group_id = h.group_id and o.place = h.place "
            "where h.n > ? order by h.n",
            before,
        )
        import json

        groups: dict[str, list[Any]] = {}
        for row in rows:
            groups.setdefault(row[0], []).append(row)
        for group, found in groups.items():
            changes = [
                Change(r[0], r[1], r[2], r[3], Action(r[4]), json.loads(r[5]), json.loads(r[6]), r[7], r[8])
                for r in found
            ]
            self._register(node, group, changes, [max(0, r[9]) for r in found])

    def _register(self, node: Node, group: str, changes: list[Change], base: list[int]) -> None:
        if node.ready:
            before = self.written.get(group)
            if before is not None and [each.new for each in before.changes] != [each.new for each in changes]:
                raise Failed("I5 two different changes go by one id")
            self.written[group] = Written(node.label, node.user, changes, base, len(self.written))

    def written_by(self, node: Node, name: str, door: Any, deed: Any) -> None:
        """One edit, registered for the judges, whatever happens on the way."""
        seen: dict[tuple[str, str], int] = {}
        uow: Any = None
        killed = False
        try:
            with door() as uow:
                deed(uow)
                for entity, identity in uow._now:
                    row = uow.connection.exec_driver_sql(
                        f'select _seq from "{entity}" where id = ?', (identity,)
                    ).first()
                    seen[entity, identity] = int(row[0] or 0) if row else 0
        except Refused as refused:
            self.say(node.label, name, "refused", refused.problems[0].code)
            return
        except Crash:
            killed = True
            if not node.fuse.after:
                self.say(node.label, name, "killed before its commit")
                node.killed()
                return
        groups: dict[str, list[Change]] = {}
        for change in uow.changes:
            groups.setdefault(change.group, []).append(change)
        for group, changes in groups.items():
            self._register(node, group, changes, [seen.get((each.entity, each.record), 0) for each in changes])
        self.say(node.label, name, len(uow.changes), "killed after its commit" if killed else "")
        if killed:
            node.killed()
        oracle.live(node)

    # The network.

    def start(self, node: Node) -> None:
        """Begins a cycle; one that hangs is given up first."""
        if not node.ready:
            return
        if node.call is not None:
            if self.random.random() < 0.6:
                return
            self.say(node.label, "gives up")
        self._stepped(node, lambda: (node.engine.begin(), self._ask(node)))

    def _ask(self, node: Node) -> None:
        node.call = node.engine.next_call()
        if node.call is not None:
            self.net.append(Flight(node, node.engine, node.call, subject=node.subject))
            self.say(node.label, "asks", node.call.name, len(node.call.sent))
        else:
            self.say(node.label, "is done")
            node.tidy()

    def _stepped(self, node: Node, work: Any) -> None:
        """Something the laptop does, that it may be killed in."""
        try:
            work()
        except Crash:
            self.say(node.label, "killed in a commit", "after it" if node.fuse.after else "before it")
            node.killed()
        oracle.live(node)

    def deliver(self) -> None:
        """The network moves one message, or fails to."""
        if not self.net:
            return
        place = self.random.randrange(len(self.net)) if "reorder" in self.faults and not self.healed else 0
        flight = self.net.pop(place)
        if not self.healed:
            x = self.random.random()
            if "lose" in self.faults and x < 0.08:
                self.say("lost", flight.words)
                return
            if "duplicate" in self.faults and 0.08 < x < 0.16:
                self.net.append(copy.copy(flight))
        if flight.answer is None:
            self._at_server(flight)
        else:
            self._at_laptop(flight)

    def _at_server(self, flight: Flight) -> None:
        x = self.random.random() if not self.healed else 1.0
        answer: Any
        if "answers" in self.faults and x < 0.09:
            code, after = self.random.choice(
                (("too_large", False), ("busy", False), ("server_fault", False), ("server_fault", True))
            )
            answer = Unavailable(code, "", retry_after_s="1")
            if after:
                self._serve(flight)
        else:
            answer = self._serve(flight)
        if answer is None:
            return
        if "truncate" in self.faults and 0.09 < x < 0.15 and not isinstance(answer, Unavailable):
            answer = Unavailable("cut", "")
        if "newer" in self.faults and not self.healed and "cursors" in answer_of(answer) and self.random.random() < 0.3:
            answer = self._of_a_newer_server(answer)
        self.say("served", flight.words, self._short(answer))
        self.net.append(Flight(flight.node, flight.engine, flight.call, answer, set_backs=self.epochs))

    @staticmethod
    def _short(answer: Any) -> str:
        if isinstance(answer, Unavailable):
            return answer.code
        if "verdicts" in answer:
            return " ".join(
                f"{kind}:{detail if isinstance(detail, int) else detail['problem']['code']}"
                for kind, detail in answer["verdicts"]
            )
        if "parts" in answer:
            return f"{answer['count']} rows {len(answer['leaves'])} leaves {len(answer['restarted'])} restarted"
        return "ok"

    def _serve(self, flight: Flight) -> Any:
        try:
            if flight.engine is flight.node.engine:
                flight.node.known()
            assert flight.subject is not None
            answer = self.house.answer(flight.call.name, flight.subject, flight.call.message)
        except Problem as problem:
            return failure(problem)
        except Crash:
            self.say("the server was killed", "after" if self.server_fuse.after else "before", "its commit")
            self.server_fuse.left = -1
            return Unavailable("cut", "")
        return answer

    def _at_laptop(self, flight: Flight) -> None:
        node = flight.node
        if flight.engine is not node.engine:
            return  # the process that asked is gone
        if flight.set_backs == self.epochs:
            self._take_in(flight)
            return
        before = self._kept(node)
        self._take_in(flight)  # an answer from before the server was set back
        gone = before - self._kept(node)
        self._excuse_let_go(node, {each[0] for each in gone} & self.lost)

    def _take_in(self, flight: Flight) -> None:
        node, stale = flight.node, flight.call is not flight.node.call
        self.say("arrived", flight.words, "late" if stale else "")

        def take() -> None:
            oracle.before_answer(node)
            if isinstance(flight.answer, Unavailable):
                node.engine.failed(flight.call, flight.answer)
            else:
                node.engine.answered(flight.call, copy.deepcopy(flight.answer))
                oracle.after_answer(self, node, flight, stale)
            if stale:
                return
            if node.engine.report.braked and not node.engine.busy:
                self.say(node.label, "braked", node.engine.report.braked)
            if node.engine.busy:
                self._ask(node)
            else:
                node.call = None
                node.tidy()

        self._stepped(node, take)

    # Faults.

    def do_timeout(self, node: Node) -> None:
        call, node_engine = node.call, node.engine
        if call is not None:
            self.say(node.label, "times out")
            node.call = None

            def fail() -> None:
                node_engine.failed(call, Unavailable("cut", ""))
                if node_engine.busy:
                    self._ask(node)

            self._stepped(node, fail)

    def do_crash(self, node: Node) -> None:
        self.say(node.label, "is killed")
        node.killed()
        oracle.live(node)

    def do_commit_crash(self, node: Node) -> None:
        node.fuse.left, node.fuse.after = self.random.randrange(3), self.random.random() < 0.5

    def do_server_crash(self, node: Node) -> None:
        self.server_fuse.left, self.server_fuse.after = self.random.randrange(2), self.random.random() < 0.5

    def do_restore(self, node: Node) -> None:
        """The server's database is backed up, or set back to the backup."""
        place = self.folder / "server-backup"
        if self.server_backup is None or self.random.random() < 0.3:
            self._server_copy(place)
            self.server_backup = place
            self.say("server backup")
            return
        lost = self._known_groups()
        self.house.database.close()
        shutil.rmtree(self.folder / "server")
        shutil.copytree(place, self.folder / "server")
        lost -= self._known_groups()
        self.lost |= lost
        self.epochs += 1
        self.excused |= lost - self.written.keys()
        for each in self.nodes:
            self._excuse_let_go(each, lost)
        noticed = self.random.random() < 0.5
        self.say("server set back", len(lost), "noticed by the administrator" if noticed else "")
        if noticed:
            self._restore_as_production()

    def _restore_as_production(self) -> None:
        with self.house.database.write() as connection:
            workspace.restore(connection, "production", self.clock, self.ids)

    def _server_copy(self, place: Path) -> None:
        self.house.database.close()
        if place.exists():
            shutil.rmtree(place)
        shutil.copytree(self.folder / "server", place)

    def _known_groups(self) -> set[str]:
        with self.house.sql() as connection:
            return {row[0] for row in connection.rows("select group_id from group_applied")}

    @staticmethod
    def _kept(node: Node) -> set[tuple[str, str, str]]:
        """(group, record, field) of what this laptop can send, or send again; fields are those that may be closed."""
        kept = set()
        told = "select group_id, entity, record, payload from acknowledged union all "
        for group, entity, record, payload in node.sql(told + "select group_id, entity, record, payload from outbox"):
            kept.add((group, record, ""))
            kept |= {(group, record, name) for name in orjson.loads(payload)["new"] if (entity, name) in oracle.SECRETS}
        return kept

    def _excuse_let_go(self, node: Node, groups: set[str]) -> None:
        """What the server lost and the author let go of when the record left, or when the author's role was closed to
        a field: nobody can send it again."""
        kept = self._kept(node)
        for group in groups & self.written.keys():
            made = self.written[group]
            if made.node != node.label:
                continue
            whole = {(group, each.record, "") for each in made.changes}
            self.let_go |= whole - kept
            self.let_go |= {
                (group, each.record, name)
                for each in made.changes
                for name in each.new
                if (each.entity, name) in oracle.SECRETS
            } - kept
            if not whole & kept:
                self.excused.add(group)

    def do_copy(self, node: Node) -> None:
        """The laptop reaches a copy of the server: nothing is sent, nothing taken in."""
        if not node.ready:
            return
        place = self.folder / "server-copy"
        self._server_copy(place)
        database = Database(f"sqlite:///{place / 'server.db'}")
        with database.write() as connection:
            workspace.restore(connection, "copy", self.clock, self.ids)
        mine, self.house.database = self.house.database, database
        before = node.sql("select count(*), coalesce(min(n), 0) from outbox")
        try:
            node.engine.begin()
            call = node.engine.next_call()
            assert call is not None
            try:
                self.house.answer(call.name, node.subject, call.message)
                raise Failed("a copy of the server took a call")
            except Problem as problem:
                node.engine.failed(call, failure(problem))
                self.say(node.label, "met a copy", problem.code)
        except Crash:
            node.killed()
        finally:
            self.house.database = mine
            database.close()
        node.call = None
        if node.sql("select count(*), coalesce(min(n), 0) from outbox") != before:
            raise Failed("I4 the outbox changed when another server answered")

    def do_set_back(self, node: Node) -> None:
        """The laptop's folder is copied, or its data file or whole folder is set back to the copy."""
        place = self.folder / f"{node.label}-backup"
        if node.backup is None or self.random.random() < 0.2:
            node.close()
            node.copy_to(place)
            node.backup = place
            node.open()
            self.say(node.label, "backup")
            return
        whole = self.random.random() < 0.5
        before = {g for g, w in self.written.items() if w.node == node.label}
        node.close()
        if whole:
            shutil.rmtree(node.folder)
            shutil.copytree(place, node.folder)
        else:
            for path in node.folder.glob("data.kam*"):
                path.unlink()
            shutil.copy(place / "data.kam", node.folder / "data.kam")
        node.high.clear()
        self.say(node.label, "set back", "whole" if whole else "data file")
        node.open()
        if whole:
            told = "select group_id from history union select group_id from outbox union "
            told += "select group_id from acknowledged union select id from needs_you"
            kept = {row[0] for row in node.sql(told)}
            self.excused |= before - kept
        joined = bool(node.sql("select 1 from meta where key = 'workspace' and value <> ''"))
        if joined != node.ready:
            node.ready = joined
        oracle.live(node)

    def do_clone(self, node: Node) -> None:
        """Somebody copies the folder to another computer; both go on."""
        if len(self.nodes) >= 6 or not node.ready:
            return
        label = f"{node.label}-clone{len(self.nodes)}"
        node.close()
        node.copy_to(self.folder / label)
        node.open()
        clone = Node(self.house, node.name, label, self.folder / label, FakeClock(node.clock.moment), ready=True)
        clone.inherited = set(node.inherited) | {g for g, w in self.written.items() if w.node == node.label}
        self.nodes.append(clone)
        self.say("clone", label)

    def do_rights(self, node: Node) -> None:
        name = self.random.choice(nodes.PEOPLE)
        with self.house.database.write() as connection:
            if self.random.random() < 0.5:
                role = self.random.choice(("kam", "lead", "manager", "finance", "auditor"))
                users.set_role(connection, name.lower(), role, self.house.policy)
                self.say(name, "becomes", role)
            else:
                team = self.random.choice(("", "north"))
                users.join(connection, name.lower(), team)
                self.say(name, "team", team)

    def do_hand_over(self, node: Node) -> None:
        self._reassign({"owner": self.house.people[self.random.choice(nodes.PEOPLE[:4])]})

    def do_helpers(self, node: Node) -> None:
        self._reassign({"helpers": [self.house.people[each] for each in self.random.sample(nodes.PEOPLE[:4], 1)]})

    def _reassign(self, more: dict[str, Any]) -> None:
        with self.house.sql() as connection:
            accounts = [row[0] for row in connection.rows("select id from account order by id")]
            found = workspace.read(connection)
        account = self.random.choice(accounts)
        with self.house.database.write() as connection:
            boss = self.house.people["Minh"]
            role = connection.one("select role from user_account where id = ?", (boss,))
            if connection.one("select 1 from device where id = 'boss'") is None:
                connection.run("insert into device (id, person) values ('boss', ?)", (boss,))
        message = {
            "workspace": found.id, "epoch": found.epoch, "device": "boss", "schema": 2, "protocol": 1, "mark": None,
            "account": account, **more,
        }  # fmt: skip
        try:
            self.house.answer("reassign", Subject(boss, "boss"), message)
            self.say("reassign", account[-4:], *sorted(more))
        except Problem as problem:
            self.say("reassign refused", problem.code, role)
        except Crash:
            self.server_fuse.left = -1

    def do_newer(self, node: Node) -> None:
        """A laptop of a newer program writes a field that no program here knows."""
        with self.house.sql() as connection:
            account, seq = self.random.choice(connection.rows("select id, _seq from account order by id"))
        self.hands.count += 1
        change = update("account", account, seq, mood=f"v{self.hands.count}")
        try:
            self.say("newer", account[-4:], *self.house.laptop("Minh").told(change))
        except Problem as problem:
            self.say("newer", problem.code)

    def _of_a_newer_server(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The same answer with a row of a kind that no program here knows, and one of those that left."""
        made, scopes = self.ids.new(), answer["scopes"] or sorted(answer["cursors"])[:1]
        part = {"entity": "gift", "fields": ["name"], "id": [made], "seq": [1], "sort": [""], "scope": [0],
                "values": [["x"]]}  # fmt: skip
        return {
            **answer, "scopes": scopes, "parts": [*answer["parts"], part], "count": answer["count"] + 1,
            "checksum": (answer["checksum"] + checksum([made], [1])) % (1 << 64),
            "leaves": [*answer["leaves"], [0, "gift", self.ids.new()]],
        }  # fmt: skip

    def do_second(self, node: Node) -> None:
        """Another process (the command line) reads the profile for a while, or ends."""
        self.say(node.label, "second process", node.second_process())

    def do_purge(self, node: Node) -> None:
        self.clock.move(1)
        try:
            with self.house.database.write() as connection:
                self.say("purged", purge(connection, self.clock, days=0))
        except Crash:
            self.server_fuse.left = -1

    def do_join(self, node: Node) -> None:
        """The first connect of a profile with work of its own; it may be cut or killed anywhere."""
        node = next((each for each in self.nodes if not each.ready), node)
        if not node.ready:
            self.join(node, faults=True)

    def join(self, node: Node, *, faults: bool) -> None:
        from tests.sync.joining import Road

        with self.house.sql() as connection:
            found = workspace.read(connection)
            row = connection.one("select role, rights from user_account where id = ?", (node.user,))
        assert row is not None
        person = SignedIn(node.user, node.user, row[0], "A", found.id, found.epoch, row[1])
        try:
            made = connect.join(
                node.state, Road(self, node, faults), Road(self, node, False), person, "https://kam.example",  # type: ignore[arg-type]
                node.name, self.house.policy, agree=lambda matches: True,
            )  # fmt: skip
        except Unavailable as problem:
            self.say(node.label, "joining broke off", problem.code)
            return
        except Crash:
            self.say(node.label, "killed while joining")
            node.killed()
            node.ready = bool(node.sql("select 1 from meta where key = 'workspace' and value <> ''"))
            return
        node.ready = True
        self.say(node.label, "joined", made)

    # The end.

    def heal(self) -> None:
        """Everything works from here on; what is under way arrives late or never."""
        self.say("heals")
        self.server_fuse.left = -1
        for node in self.nodes:
            node.fuse.left = -1
            if node.second is not None:
                node.second_process()
        while self.net:
            if self.random.random() < 0.5:
                self.net.pop(0)
            else:
                self.deliver()
        self.healed = True
        with self.house.sql() as connection:
            set_back = workspace.read(connection).state != workspace.OPEN
        if set_back:
            self._restore_as_production()
        for node in self.nodes:
            if not node.ready:
                self.join(node, faults=False)
                with self.house.sql() as connection:
                    set_back = workspace.read(connection).state != workspace.OPEN
                if set_back:  # by its mark this laptop was the first to notice it
                    self._restore_as_production()
                    self.join(node, faults=False)
        quiet = 0
        for _ in range(HEAL_ROUNDS):
            calm = all([self._whole_cycle(node) for node in self.nodes])  # noqa: C419 — every one of them
            quiet = quiet + 1 if calm else 0
            if quiet:
                return
        raise Failed("I10 no quiet after so many rounds")

    def _whole_cycle(self, node: Node) -> bool:
        """One cycle without faults; whether it had nothing to do."""
        node.engine.begin()
        calls, told, failed = 0, None, False
        while (call := node.engine.next_call()) is not None:
            calls += 1
            if calls > 200:
                raise Failed("I10 a cycle without end")
            node.call = call
            try:
                node.known()
                answer = self.house.answer(call.name, node.subject, call.message)
            except Problem as problem:
                failed = True
                if problem.code == "restored":
                    self._restore_as_production()
                node.engine.failed(call, failure(problem))
                self.say(node.label, call.name, problem.code)
                continue
            self.say(node.label, call.name, self._short(answer))
            node.engine.answered(call, answer)
            node.quiet = call, answer
            # of a push that came after this laptop's last cycle, or of its own one
            told = answer.get("conflicts") or answer.get("echo")
            oracle.live(node)
            if node.engine.report.braked and not node.engine.busy:
                self.say(node.label, "braked", node.engine.report.braked)
                node.engine.begin()
                node.engine.release_brake()
        node.call = None
        node.tidy()
        report = node.engine.report
        return (
            calls == 1
            and not failed
            and not told
            and not report.pulled
            and not any(each.touched for each in report.changes)
        )


def answer_of(answer: Any) -> Any:
    """What can be looked into of an answer."""
    return {} if isinstance(answer, Unavailable) else answer


def run(seed: int, **options: Any) -> str:
    """Runs one seed; the hash of its trace. Raises Failed, or what the product raised."""
    seldom = gc.get_threshold()
    gc.set_threshold(50_000, *seldom[1:])  # a twentieth of the time went into looking for circles
    made = Run(seed, **options)
    try:
        return made.go()
    finally:
        made.close()
        gc.set_threshold(*seldom)


__all__ = ["FAULTS", "Failed", "Policy", "Reason", "Run", "run"]
