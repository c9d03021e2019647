"""A firm on a server for tests: users with roles, and laptops that push and pull through the one door."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kam_desktop.config import resources
from kam_desktop.domain.change import moment_text
from kam_desktop.domain.policy import Policy
from kam_desktop.protocol import messages
from kam_desktop.server import callers, calls, fence, workspace
from kam_desktop.server.database import Connection, Database
from tests.fakes import FakeClock

POLICY = Policy.read((resources() / "policy.toml").read_text("utf-8"))


class SeededIds:
    """Ids from a seed: the same run gives the same ids."""

    def __init__(self, seed: int = 1) -> None:
        self.random_numbers = random.Random(seed)

    def new(self) -> str:
        return str(uuid.UUID(int=self.random_numbers.getrandbits(128), version=4))

    def random(self) -> str:
        return f"{self.random_numbers.getrandbits(128):032x}"


@dataclass(frozen=True)
class Subject:
    user: str
    device: str


@dataclass(repr=False)
class House:
    """One workspace with its people; `answer` is the door that every laptop goes through."""

    database: Database
    clock: FakeClock = field(default_factory=lambda: FakeClock(datetime(2026, 3, 2, 8, 30, tzinfo=UTC)))
    ids: SeededIds = field(default_factory=SeededIds)
    policy: Policy = POLICY
    people: dict[str, str] = field(default_factory=dict)

    @classmethod
    def built(cls, database: Database) -> House:
        house = cls(database)
        with database.write() as connection:
            workspace.create(connection, house.ids, house.clock)
            fence.put_up(connection, house.policy)
        return house

    def person(self, name: str, role: str = "kam", team: str = "", leads: str = "") -> str:
        """A colleague with a user, and the person record that everybody sees."""
        identity = self.people[name] = self.ids.new()
        with self.database.write() as connection:
            callers.add_user(connection, identity, name, role, team)
            if leads:
                connection.run("insert into team (id, name, lead) values (?, ?, ?)", (leads, leads, identity))
            admin = callers.Caller(identity, "", 0, "administrator", "", *([frozenset()] * 3), 0, self.policy)  # type: ignore[arg-type]
            from kam_desktop.server.push import push

            message = content(
                [[create("person", identity, full_name=name, role=role)]], self.ids, 1, "2026-01-01T00:00:00Z"
            )
            told = push(connection, admin, message, clock=self.clock, ids=self.ids, policy=self.policy)
            assert told["verdicts"] == [["accepted", 1]], told
        return identity

    def laptop(self, name: str) -> Laptop:
        """Another laptop of a colleague."""
        device = self.ids.new()
        with self.database.write() as connection:
            callers.add_device(connection, self.people[name], device)
        return Laptop(self, self.people[name], device)

    def answer(self, name: str, subject: Subject, message: Mapping[str, Any]) -> dict[str, Any]:
        """Through the wire's form and the one door."""
        body, encoding = messages.pack(message, messages.ENCODINGS)
        told = calls.answer(
            self.database,
            name,
            subject,
            messages.unpack(body, encoding),
            clock=self.clock,
            ids=self.ids,
            policy=self.policy,
        )
        body, encoding = messages.pack(told, messages.ENCODINGS)
        return messages.unpack(body, encoding)

    @contextmanager
    def sql(self) -> Iterator[Connection]:
        with self.database.read() as connection:
            yield connection

    def value(self, statement: str, *values: Any) -> Any:
        with self.sql() as connection:
            row = connection.one(statement, values)
        return row[0] if row else None


@dataclass(frozen=True)
class Change:
    entity: str
    action: str
    id: str
    new: dict[str, Any]
    base: int = 0


def create(entity: str, identity: str, **new: Any) -> Change:
    return Change(entity, "create", identity, new)


def update(entity: str, identity: str, base: int, **new: Any) -> Change:
    return Change(entity, "update", identity, new, base)


def delete(entity: str, identity: str, base: int) -> Change:
    return Change(entity, "delete", identity, {}, base)


def content(
    groups: Sequence[Sequence[Change]], ids: SeededIds, number: int, written_at: str, names: Sequence[str] = ()
) -> dict[str, Any]:
    """The content of a push of these groups."""
    parts: dict[tuple[str, str, tuple[str, ...]], list[tuple[int, Change]]] = {}
    place = 0
    for group in groups:
        for change in group:
            parts.setdefault((change.entity, change.action, tuple(change.new)), []).append((place, change))
            place += 1
    return {
        "number": number,
        "groups": [[names[i] if names else ids.random(), len(group)] for i, group in enumerate(groups)],
        "parts": [
            {
                "entity": entity,
                "action": action,
                "fields": list(fields),
                "index": [place for place, _ in found],
                "id": [change.id for _, change in found],
                "base": [change.base for _, change in found],
                "written_at": written_at,
                "values": [[change.new[name] for _, change in found] for name in fields],
            }
            for (entity, action, fields), found in parts.items()
        ],
    }


@dataclass
class Laptop:
    """One laptop as the protocol sees it: rows by scope, cursors, mark. It keeps to the answers and infers nothing."""

    house: House
    user: str
    device: str
    number: int = 0
    cursors: dict[str, str] = field(default_factory=dict)
    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    held: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    met: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    conflicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    mark: Any = None
    last: dict[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        return Subject(self.user, self.device)

    def message(self, **more: Any) -> dict[str, Any]:
        with self.house.sql() as connection:
            found = workspace.read(connection)
        return {
            "workspace": found.id, "epoch": found.epoch, "device": self.device, "schema": 2, "protocol": 1,
            "mark": self.mark, **more,
        }  # fmt: skip

    def call(self, name: str, **more: Any) -> dict[str, Any]:
        answer = self.house.answer(name, self.subject, self.message(**more))
        self.mark = answer["mark"]
        return answer

    def push(self, *groups: Sequence[Change] | Change, names: Sequence[str] = (), **more: Any) -> dict[str, Any]:
        """Pushes groups (a change alone is a group of one); the answer with `kinds`, a word for each group."""
        self.number += 1
        whole = [[each] if isinstance(each, Change) else list(each) for each in groups]
        written = moment_text(self.house.clock.now())
        answer = self.call("push", **content(whole, self.house.ids, self.number, written, names), **more)
        kinds: list[str] = []
        for kind, detail in answer["verdicts"]:
            kinds += [kind] * (detail if kind in ("accepted", "already") else 1)
        assert len(kinds) == len(whole)
        answer["kinds"] = kinds
        self.last = answer
        return answer

    def told(self, *groups: Sequence[Change] | Change, **more: Any) -> list[str]:
        """The verdicts of a push: accepted, already, or the code of the first problem."""
        answer = self.push(*groups, **more)
        found: list[str] = []
        for kind, detail in answer["verdicts"]:
            found += [kind] * detail if kind in ("accepted", "already") else [detail["problem"]["code"]]
        return found

    def pull(self, limit: int = 5000) -> int:
        """Pulls to the end; the number of pages."""
        pages = 0
        while True:
            pages += 1
            answer = self.call("pull", cursors=self.cursors, limit=limit)
            self.take(answer)
            if not answer["more"]:
                return pages

    def take(self, answer: Mapping[str, Any]) -> None:
        """Applies one page."""
        scopes = answer["scopes"]
        for name in set(self.cursors) - set(answer["cursors"]):
            for key in [key for key, held in self.held.items() if name in held]:
                self._leave(key, name)
        for name in answer["cursors"]:
            if name in answer["restarted"]:
                self.met[name] = set()
        for place, entity, identity in answer["leaves"]:
            self._leave((entity, identity), scopes[place])
        ids, seqs = [], []
        for part in answer["parts"]:
            ids += part["id"]
            seqs += part["seq"]
            for i, identity in enumerate(part["id"]):
                row = {name: column[i] for name, column in zip(part["fields"], part["values"], strict=True)}
                row["_seq"] = part["seq"][i]
                self._put((part["entity"], identity), scopes[part["scope"][i]], row)
        for place, entity, identity in answer["also"]:
            self._put((entity, identity), scopes[place], None)
        assert answer["count"] == len(ids)
        assert answer["checksum"] == messages.checksum(ids, seqs)
        for each in answer["conflicts"]:
            self.conflicts[each["id"]] = each
        for name, cursor in answer["cursors"].items():
            if not cursor.startswith("-") and name in self.met:
                met = self.met.pop(name)
                for key in [key for key, held in self.held.items() if name in held and key not in met]:
                    self._leave(key, name)
        self.cursors = dict(answer["cursors"])
        self.last = dict(answer)

    def _put(self, key: tuple[str, str], scope: str, row: dict[str, Any] | None) -> None:
        self.held.setdefault(key, set()).add(scope)
        if scope in self.met:
            self.met[scope].add(key)
        if row is not None and (key not in self.rows or row["_seq"] >= self.rows[key]["_seq"]):
            self.rows[key] = row

    def _leave(self, key: tuple[str, str], scope: str) -> None:
        held = self.held.get(key, set())
        held.discard(scope)
        if not held:
            self.held.pop(key, None)
            self.rows.pop(key, None)

    def row(self, entity: str, identity: str) -> dict[str, Any] | None:
        return self.rows.get((entity, identity))

    def seq(self, entity: str, identity: str) -> int:
        return int(self.rows[entity, identity]["_seq"])

    def ids(self, entity: str) -> set[str]:
        return {identity for kind, identity in self.rows if kind == entity}
