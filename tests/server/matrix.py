"""The matrix of rights: every role, situation, kind of record and deed against the server's core.

What is expected comes from the lines of the policy file, spread out here by other code than the program's. Whole, on
PostgreSQL: `python -m tests.server.matrix postgresql`; on SQLite without the word.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kam_desktop.config import resources
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.entity import Policy as Kind
from kam_desktop.domain.policy import OPERATIONS, RELATIONS, Policy
from kam_desktop.protocol.messages import Problem
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Database
from kam_desktop.server.push import push
from kam_desktop.server.tables import metadata
from tests.server.cluster import Cluster
from tests.server.house import Change, House, Laptop, content, create, delete, update

TEXT = (resources() / "policy.toml").read_text("utf-8")
AT = "2026-01-05T00:00:00Z"
ON_ACCOUNT = (
    "account", "contact", "activity", "occasion", "task", "proposal", "proposal_version", "proposal_line", "invoice",
    "invoice_line", "instalment", "credit_note", "opening_settlement", "receipt", "allocation", "receipt_decision",
    "documents_confirmed", "promise_to_pay", "dunning_event",
)  # fmt: skip
OF_FIRM = (
    "firm", "rule", "payment_term", "payment_term_line", "dunning_step", "person", "product", "price_list",
    "price_list_item",
)  # fmt: skip
SITUATIONS: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "own": (frozenset({"own"}), ON_ACCOUNT),
    "shared": (frozenset({"org", "shared"}), ON_ACCOUNT),
    "led": (frozenset({"led"}), ON_ACCOUNT),
    "org": (frozenset({"org"}), ON_ACCOUNT),
    "finance": (frozenset({"finance"}), ("receipt", "receipt_decision")),
    "firm": (frozenset({"org"}), OF_FIRM),
    "view of all": (frozenset({"org"}), ("saved_view",)),
    "own view of all": (frozenset({"org", "self"}), ("saved_view",)),
    "self": (frozenset({"self"}), ("saved_view", "task")),
    "somebody's": (frozenset(), ("saved_view", "task")),
}
"""How a colleague stands to records in each situation, and which kinds there are."""
DEEDS = ("create", "read", "history", "digest", "sums", "conflict", "update", "delete", "take_back")
EDITED = {
    "account": "address", "contact": "position", "activity": "subject", "occasion": "name", "task": "subject",
    "proposal": "title", "proposal_version": "name", "proposal_line": "description", "saved_view": "name",
    "firm": "phone", "rule": "source", "payment_term": "name_en", "payment_term_line": "name",
    "dunning_step": "name_en",
    "person": "position", "product": "unit", "price_list": "name", "price_list_item": "from_quantity",
}  # fmt: skip
BOOKKEEPING = {
    "device": ("number", "last_group", "heard_group", "last_seen"),
    "group_applied": None,
}
"""What a refused push moves: the device's own counter, and the verdict that the same group will get again."""


class Lines:
    """The policy file spread out line by line, by nothing of the program's own reading."""

    def __init__(self, text: str = TEXT) -> None:
        raw = tomllib.loads(text)
        sets = raw["sets"]
        self.roles = tuple(raw["roles"])
        self.reach = raw["reach"]
        self.cells = {
            (role, relation, entity, operation)
            for line in raw["allow"]
            for role in line["roles"]
            for relation in line["relations"]
            for name in line["entities"]
            for entity in sets.get(name, [name])
            for operation in line["operations"]
        }
        self.fields = raw["field"]
        self.only = raw.get("only", [])

    def may(self, role: str, relations: frozenset[str], entity: str, operation: str) -> bool:
        return any((role, relation, entity, operation) in self.cells for relation in relations)

    def sees(self, role: str, situation: str, entity: str) -> bool:
        """Whether the role is sent the record."""
        relations, _ = SITUATIONS[situation]
        all_ = "all" if situation in ("own", "shared", "led", "org") else "org"
        sent = {each for each in relations if each == "self" or (all_ if each == "org" else each) in self.reach[role]}
        return any((role, each, entity, "read") in self.cells for each in sent)

    def guarded(self, entity: str) -> set[str]:
        """Fields with rights of their own, which the matrix tries one by one."""
        return {name for line in self.fields if entity in line["entities"] for name in line["names"]} | (
            {EDITED[entity]} if entity in EDITED else set()
        )

    def closed(self, role: str, entity: str, way: str) -> set[str]:
        """Fields that the role may not read, or write, where it may have the record."""
        found: set[str] = set()
        for line in self.fields:
            if entity in line["entities"] and role not in line.get(way, [role] if way == "read" else []):
                found |= set(line["names"])
        if way == "write":
            found |= self.closed(role, entity, "read")
            for line in self.only:
                if role in line["roles"] and entity in line["entities"]:
                    found |= set(BY_NAME[entity].names) - set(line["fields"])
        return found


def everything() -> Policy:
    """A policy by which one role may do everything: it furnishes the house."""
    names = sorted(BY_NAME)
    lists = {"relations": list(RELATIONS), "entities": names, "operations": list(OPERATIONS)}
    told = "\n".join(f"{name} = {value!r}" for name, value in lists.items())
    text = (
        'version = 1\n[roles]\nroot = "Root"\n[reach]\n'
        'root = ["own", "shared", "led", "all", "org", "finance"]\n[sets]\n'
        f'[[allow]]\nroles = ["root"]\n{told}\n'
        '[[field]]\nentities = ["product"]\nnames = ["cost"]\nwrite = ["root"]\n'
    )
    return Policy.read(text)


@dataclass
class Situation:
    """The records of one situation of one role: those that are looked at, and leaves to delete and to take back."""

    held: dict[str, str] = field(default_factory=dict)
    leaves: dict[str, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    spare: dict[str, list[str]] = field(default_factory=dict)


class Matrix:
    """A firm with a user of each role who stands to records in every way, and what each of them may do."""

    def __init__(self, database: Database, policy: Policy | None = None, roles: Sequence[str] = ()) -> None:
        self.house = House.built(database)
        if policy is not None:
            self.house.policy = policy
        self.lines = Lines()
        self.root = everything()
        self.cells = 0
        self.failures: list[str] = []
        self.users: dict[str, Laptop] = {}
        self.situations: dict[tuple[str, str], Situation] = {}
        self.shared: dict[str, str] = {}
        self.stranger = self.house.person("Stranger")
        self._number = 0
        for role in roles or self.lines.roles:
            self._furnish(role)

    # Furnishing.

    def _write(self, changes: list[Change], user: str, device: int = 0) -> None:
        caller = Caller(user, "root", device, "root", "", *([frozenset()] * 3), 0, self.root)  # type: ignore[arg-type, call-arg]
        self._number += 1
        message = content([[each] for each in changes], self.house.ids, self._number, AT)
        with self.house.database.write() as connection:
            told = push(connection, caller, message, clock=self.house.clock, ids=self.house.ids, policy=self.root)
        wrong = [detail for kind, detail in told["verdicts"] if kind != "accepted"]
        assert not wrong, (wrong, [each.entity for each in changes])

    def _furnish(self, role: str) -> None:
        me = self.house.person(f"user {role}", role, leads=f"team {role}")
        member = self.house.person(f"member {role}", "kam", team=f"team {role}")
        self.users[role] = self.house.laptop(f"user {role}")
        device = self.house.value("select n from device where id = ?", self.users[role].device)
        owners = {"own": me, "shared": self.stranger, "led": member, "org": self.stranger}
        for name, (_, entities) in SITUATIONS.items():
            made = self.situations[role, name] = Situation()
            changes, mine = [], []
            if name in owners:
                for number in range(7):  # proposals: of the version held, and one for each version that comes or goes
                    if number == 0:
                        made.held["account"] = self.house.ids.new()
                        changes.append(self._new("account", made.held["account"], made, owners[name]))
                    spare = self.house.ids.new()
                    made.spare.setdefault("proposal", []).append(spare)
                    changes.append(create("proposal", spare, account=made.held["account"], title="T", currency="VND"))
            for entity in entities:
                if entity not in made.held:
                    made.held[entity] = self.house.ids.new()
                    changes.append(self._new(entity, made.held[entity], made, self._keeper(name, me)))
            for entity in entities:
                made.leaves[entity], made.made[entity] = self.house.ids.new(), self.house.ids.new()
                keeper = owners.get(name) or self._keeper(name, me)
                changes.append(self._new(entity, made.leaves[entity], made, keeper, 1))
                mine.append(self._new(entity, made.made[entity], made, keeper, 2))
            self._write(changes, me if name == "self" else self.stranger)
            self._write(mine, *((self.stranger, 0) if name == "somebody's" else (me, device)))
            self.users[role].number = self._number
            if name == "shared":
                accounts = [made.held["account"], made.leaves["account"], made.made["account"]]
                with self.house.database.write() as connection:
                    connection.insert("account_helper", ("account", "person"), [(each, me) for each in accounts])
                for account in accounts:
                    self._put_shared(account)
            self._conflicts(made)

    def _keeper(self, situation: str, me: str) -> str:
        return me if situation in ("self", "own view of all") else self.stranger

    def _put_shared(self, account: str) -> None:
        """The helper's scope is filled as the verb reassign does it."""
        from kam_desktop.server.reassign import _rewrite_feed

        with self.house.database.write() as connection:
            seq = (connection.one("update workspace set seq = seq + 1 returning seq") or (0,))[0]
            _rewrite_feed(connection, account, seq, (self.stranger, self.stranger), (False, True))

    def _conflicts(self, made: Situation) -> None:
        with self.house.database.write() as connection:
            for entity, record in made.held.items():
                seq = (connection.one("update workspace set seq = seq + 1 returning seq") or (0,))[0]
                named = {
                    "account": ["name", "risk"],
                    "proposal_line": ["description", "cost"],
                    "product": ["name", "cost"],
                }
                values = (
                    "{" + ", ".join(f'"{name}": null' for name in named.get(entity, [BY_NAME[entity].names[0]])) + "}"
                )
                identity = self.house.ids.new()
                connection.insert(
                    "conflict",
                    ("id", "entity", "record", "kind", "theirs", "mine", "kept", "author", "other", "group_id", "at",
                     "seq", "resolved"),
                    [(identity, entity, record, "displaced", values, values, "mine", self.stranger, self.stranger,
                      self.house.ids.random(), AT, seq, None)],
                )  # fmt: skip
                scopes = connection.rows("select scope from feed where id = ? and kind = 'put'", (record,))
                connection.insert(
                    "feed", ("id", "entity", "scope", "seq", "kind"),
                    [(identity, "conflict", scope, seq, "put") for (scope,) in scopes],
                )  # fmt: skip
                for (scope,) in scopes:
                    connection.run("update scope set seq = ? where n = ?", (seq, scope))

    def _new(self, entity: str, identity: str, made: Situation, keeper: str, spare: int = 0) -> Change:
        """A creation that every rule of the business lets through; only rights may be in its way."""
        held, ids = made.held, self.house.ids
        account, money = held.get("account"), {"currency": "VND"}
        below, total = {"account": account}, {"net": 90, "total": 90}
        values: dict[str, dict[str, Any]] = {
            "account": {"name": "Thép", "owner": keeper, **money},
            "contact": {**below, "full_name": "Bình"},
            "activity": {**below, "kind": "call", "at": AT, "subject": "S"},
            "occasion": {**below, "name": "N", "happens_on": "2026-02-01"},
            "task": {"subject": "S", **({"account": account} if account else {"owner": keeper})},
            "proposal": {**below, "title": "T", **money},
            "proposal_version": {
                "proposal": made.spare.get("proposal", [""] * 7)[spare], "number": 1, "status": "draft", **money
            },
            "proposal_line": {
                "version": held.get("proposal_version"), "place": 1, "description": "D", "quantity": "1", "price": 1
            },
            "invoice": {**below, "number": ids.random()[:12], "issued_on": "2026-01-02", **total, **money},
            "invoice_line": {"invoice": held.get("invoice"), "place": 1, "description": "D"},
            "instalment": {"invoice": held.get("invoice"), "place": 1, "amount": 1},
            "credit_note": {**below, "number": ids.random()[:12], "issued_on": "2026-01-02", **total, **money},
            "opening_settlement": {"invoice": held.get("invoice"), "settled_on": "2026-01-02", "amount": 0},
            "receipt": {**(below if account else {}), "received_on": "2026-01-03", "amount": 900, **money},
            "allocation": {
                "instalment": held.get("instalment"), "receipt": held.get("receipt"), "amount": 1,
                "allocated_on": "2026-01-04",
            },
            "receipt_decision": {"receipt": held.get("receipt"), "verdict": "confirmed", "decided_at": AT},
            "documents_confirmed": {"invoice": held.get("invoice"), "recorded_at": AT},
            "promise_to_pay": {**below, "promised_on": "2026-01-02", "pay_on": "2026-01-03", "amount": 1, **money},
            "dunning_event": {**below, "channel": "call", "reminded_at": AT},
            "firm": {"legal_name": "F", **money},
            "rule": {"kind": "holiday", "name": "Tết", "begins_on": "2026-02-17"},
            "payment_term": {"name": "30"},
            "payment_term_line": {"term": held.get("payment_term"), "place": 1, "kind": "rest"},
            "dunning_step": {"place": 1, "name": "N", "days_after_due": 3, "channel": "call"},
            "person": {"full_name": "P"},
            "product": {"name": "P", **money},
            "price_list": {"name": "L", **money},
            "price_list_item": {"price_list": held.get("price_list"), "product": held.get("product"), "price": 5},
            "saved_view": {"person": keeper, "page": "account", "name": "N"},
        }  # fmt: skip
        new = dict(values[entity])
        if entity == "instalment":
            new["amount"] = 8
        if entity == "saved_view":
            new["shared"] = self._is_shared_view(made)
        return create(entity, identity, **new)

    def _is_shared_view(self, made: Situation) -> bool:
        return any(found is made and name.endswith("view of all") for (_, name), found in self.situations.items())

    # Asking.

    def expected(self, role: str, situation: str, entity: str, deed: str) -> bool:
        """What the lines say of a cell."""
        relations, _ = SITUATIONS[situation]
        sees = self.lines.sees(role, situation, entity)
        fact = BY_NAME[entity].policy is Kind.APPEND_ONLY
        kept = fact or "archived" in BY_NAME[entity].names
        if deed in ("read", "history", "digest", "sums", "conflict"):
            return sees
        if deed == "create":
            relations = relations - {"shared"} if entity == "account" else relations
            return self.lines.may(role, relations, entity, "create") and all(
                self.lines.sees(role, situation, parent) for parent in self._parents(entity, situation)
            )
        if deed == "update":
            return (
                sees
                and not fact
                and self.lines.may(role, relations, entity, "update")
                and EDITED[entity] not in self.lines.closed(role, entity, "write")
            )
        may_delete = sees and not kept and self.lines.may(role, relations, entity, "delete")
        if deed == "delete":
            return may_delete
        return may_delete or (sees and self.lines.may(role, relations, entity, "take_back"))

    def _parents(self, entity: str, situation: str) -> list[str]:
        """The kinds that a new record of that kind refers to here."""
        if situation in ("finance", "self", "somebody's") and entity in ("receipt", "task"):
            return []
        probe = Situation(held=dict.fromkeys(BY_NAME, "x"), spare={"proposal": ["x"] * 7})
        new = self._new(entity, "x", probe, "").new
        return [
            each.to for each in BY_NAME[entity].fields if each.to and new.get(each.name) == "x" and each.to != "person"
        ]

    def run(self, role: str) -> None:
        """Every cell of a role; what came out otherwise than expected stands in `failures`."""
        laptop = self.users[role]
        laptop.pull()
        conflicts = {each["record"] for each in laptop.conflicts.values()}
        fields: dict[tuple[str, str], set[str]] = {key: set(row) for key, row in laptop.rows.items()}
        for situation in SITUATIONS:
            self._read(role, situation, fields, conflicts)
        denied: list[tuple[str, str, Change]] = []
        allowed: list[tuple[str, str, Change]] = []
        for situation, (_, entities) in SITUATIONS.items():
            made = self.situations[role, situation]
            for entity in entities:
                for deed in ("create", "update", "delete", "take_back"):
                    change = self._change(role, situation, entity, deed, made)
                    if change is not None:
                        right = self.expected(role, situation, entity, deed)
                        (allowed if right else denied).append((situation, deed, change))
        fresh = [each for each in denied if each[2].action == "create"]
        self._write_cells(role, [*fresh, *(each for each in denied if each not in fresh)], False)
        self._fields(role)
        self._write_cells(role, allowed, True)
        self._reassign(role)

    def _change(self, role: str, situation: str, entity: str, deed: str, made: Situation) -> Change | None:
        if deed == "create":
            if situation == "shared" and entity == "account":
                return None  # a helper is named after the account is made
            owners = {"own": self.users[role].user, "shared": self.stranger, "org": self.stranger,
                      "led": self.house.people[f"member {role}"]}  # fmt: skip
            keeper = owners.get(situation) or self._keeper(situation, self.users[role].user)
            return self._new(entity, self.house.ids.new(), made, keeper, 3)
        base = self.house.value(f'select _seq from "{entity}" where id = ?', made.held[entity])
        if deed == "update":
            name = EDITED.get(entity) or next(each.name for each in BY_NAME[entity].fields if not each.to)
            new = (
                "2"
                if name == "from_quantity"
                else 2
                if entity not in EDITED and name in ("place", "amount")
                else "Khác"
            )
            return update(entity, made.held[entity], base, **{name: new})
        return delete(entity, (made.leaves if deed == "delete" else made.made)[entity], 1 << 40)

    def _write_cells(self, role: str, cells: list[tuple[str, str, Change]], right: bool) -> None:
        before = {} if right else self.picture()
        if right:  # what hangs on others goes before them, and nothing that is still looked at
            order = {name: place for place, name in enumerate(BY_NAME)}
            cells = sorted(cells, key=lambda each: (each[2].action == "delete", -order[each[2].entity]))
        told = self.users[role].push(*[change for _, _, change in cells])
        kinds: list[Any] = []
        for kind, detail in told["verdicts"]:
            kinds += [(kind, None)] * detail if isinstance(detail, int) else [(kind, detail)]
        for (situation, deed, change), (kind, detail) in zip(cells, kinds, strict=True):
            self.cells += 1
            if (kind == "accepted") is not right:
                self.failures.append(f"{role} {situation} {change.entity} {deed}: {kind} {detail}, expected {right}")
        if not right:
            self._same(before, f"{role}: refused writes")
            self._alike(role, cells, kinds)

    def _alike(self, role: str, cells: list[tuple[str, str, Change]], kinds: list[Any]) -> None:
        """Of what may not be seen the same is said as of what is not there."""
        hidden = [
            (situation, deed, change, detail)
            for (situation, deed, change), (_, detail) in zip(cells, kinds, strict=True)
            if change.action != "create" and not self.lines.sees(role, situation, change.entity)
        ]
        if not hidden:
            return
        twins = [replace(change, id=self.house.ids.new()) for _, _, change, _ in hidden]
        told = self.users[role].push(*twins)["verdicts"]
        for (situation, deed, change, detail), (_, of_none) in zip(hidden, told, strict=True):
            if {**(detail or {}), "id": "", "place": 0} != {**of_none, "id": "", "place": 0}:
                self.failures.append(f"{role} {situation} {change.entity} {deed}: tells that it is there: {detail}")

    def _read(self, role: str, situation: str, fields: Mapping[tuple[str, str], set[str]], conflicts: set[str]) -> None:
        laptop, made = self.users[role], self.situations[role, situation]
        _, entities = SITUATIONS[situation]
        nobody = self.house.ids.new()
        before = self.picture()
        wanted = [[entity, made.held[entity]] for entity in entities]
        answer = laptop.call("digest", rows=wanted)
        digested = {(part["entity"], identity) for part in answer["rows"] for identity in part["id"]}
        gone = {tuple(each) for each in answer["gone"]}
        summed = laptop.call("digest", scopes=list(laptop.cursors))["sums"]
        with self.house.sql() as connection:
            names = {
                entity: [row[0] for row in connection.rows(
                    "select s.name from feed f join scope s on s.n = f.scope where f.id = ? and f.kind = 'put'",
                    (made.held[entity],))] for entity in entities
            }  # fmt: skip
        for entity in entities:
            key, right = (entity, made.held[entity]), self.expected(role, situation, entity, "read")
            found = {
                "read": key in fields,
                "digest": key in digested and key not in gone,
                "sums": any(entity in summed.get(name, {}) for name in names[entity]),
                "conflict": made.held[entity] in conflicts,
                "history": self._history(laptop, *key),
            }
            hidden = self.lines.closed(role, entity, "read")
            if right and fields.get(key, set()) & hidden:
                self.failures.append(f"{role} {situation} {entity}: sees {fields[key] & hidden}")
            if right and not (set(BY_NAME[entity].names) - hidden) <= fields.get(key, set()):
                self.failures.append(f"{role} {situation} {entity}: fields are missing")
            for deed, got in found.items():
                self.cells += 1
                if got is not right:
                    self.failures.append(f"{role} {situation} {entity} {deed}: {got}, expected {right}")
            if not right and self._problem(laptop, *key) != self._problem(laptop, entity, nobody):
                self.failures.append(f"{role} {situation} {entity}: unreadable and missing are told apart")
        self._same(before, f"{role} {situation}: reading")

    def _history(self, laptop: Laptop, entity: str, identity: str) -> bool:
        return self._problem(laptop, entity, identity) is None

    def _problem(self, laptop: Laptop, entity: str, identity: str) -> Any:
        try:
            laptop.call("history", entity=entity, id=identity)
        except Problem as problem:
            return problem.status, problem.body()
        return None

    def _fields(self, role: str) -> None:
        """Fields with rights of their own: each tried alone in every situation."""
        tried = []
        for line in self.lines.fields:
            for entity in line["entities"]:
                for situation, (relations, entities) in SITUATIONS.items():
                    if entity not in entities:
                        continue
                    made = self.situations[role, situation]
                    base = self.house.value(f'select _seq from "{entity}" where id = ?', made.held[entity])
                    for name in line["names"]:
                        value: Any = {"risk": "high", "internal_note": "Ghi chú", "payment_term": None}.get(name, 7)
                        if name == "payment_term":
                            value = self.situations[role, "firm"].held["payment_term"]
                        sees, may = (
                            self.lines.sees(role, situation, entity),
                            self.lines.may(role, relations, entity, "update"),
                        )
                        right = sees and may and name not in self.lines.closed(role, entity, "write")
                        tried.append((situation, right, update(entity, made.held[entity], base, **{name: value})))
        for right in (False, True):
            cells = [(situation, "field", change) for situation, wanted, change in tried if wanted is right]
            if cells:
                self._write_cells(role, cells, right)

    def _reassign(self, role: str) -> None:
        laptop = self.users[role]
        member, me = self.house.people[f"member {role}"], laptop.user
        for situation in ("own", "shared", "led", "org"):
            relations = SITUATIONS[situation][0] - {"shared"}
            owner = {"own": me, "led": member}.get(situation, self.stranger)
            for to in (me, member, self.stranger):
                if to == owner:
                    continue
                self.cells += 1
                after = {me: frozenset({"own"}), member: frozenset({"led"})}.get(to, frozenset({"org"}))
                right = (
                    self.lines.sees(role, situation, "account")
                    and self.lines.may(role, relations, "account", "reassign")
                    and (to == me or self.lines.may(role, after, "account", "reassign"))
                )
                before = self.picture()
                account = self.situations[role, situation].held["account"]
                try:
                    laptop.call("reassign", account=account, owner=to)
                    got = True
                except Problem as problem:
                    got = False
                    if not self.lines.sees(role, situation, "account") and problem.code != "gone":
                        self.failures.append(f"{role} {situation} reassign: tells that the account is there")
                    self._same(before, f"{role} {situation}: a refused hand-over")
                if got is not right:
                    self.failures.append(f"{role} {situation} account reassign: {got}, expected {right}")
                if got:
                    with self.house.database.write() as connection:
                        connection.run("update account set owner = ? where id = ?", (owner, account))

    # The state of everything.

    def picture(self) -> dict[str, str]:
        """A hash of every table, less the bookkeeping that a refusal moves."""
        found = {}
        with self.house.sql() as connection:
            for table in metadata.sorted_tables:
                if table.name in BOOKKEEPING and BOOKKEEPING[table.name] is None:
                    continue
                names = [each.name for each in table.columns if each.name not in (BOOKKEEPING.get(table.name) or ())]
                columns = ", ".join(f'"{name}"' for name in names)
                rows = connection.rows(f'select {columns} from "{table.name}"')
                found[table.name] = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
        return found

    def _same(self, before: Mapping[str, str], what: str) -> None:
        after = self.picture()
        changed = sorted(name for name in after if after[name] != before[name])
        if changed:
            self.failures.append(f"{what} changed {', '.join(changed)}")


def databases(kind: str) -> Iterator[Database]:
    """One empty database of a kind, removed afterwards."""
    if kind == "postgresql":
        cluster = Cluster()
        try:
            yield Database(cluster.url())
        finally:
            cluster.remove()
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Database(f"sqlite:///{Path(folder) / 'server.db'}")


def main(kind: str) -> int:
    """Runs everything and says what came out."""
    for database in databases(kind):
        begun = time.monotonic()
        matrix = Matrix(database)
        for role in matrix.lines.roles:
            matrix.run(role)
        for each in matrix.failures:
            print(each)
        print(f"{kind}: {matrix.cells} cells, {len(matrix.failures)} failures, {time.monotonic() - begun:.0f} s")
        database.close()
        return 1 if matrix.failures else 0
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "sqlite"))
