"""Schemathesis over every call, as each role and as nobody: python -m tests.server.fuzz."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi import checks

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.ids import RandomIds
from kam_desktop.server import users
from kam_desktop.server.database import Database
from tests.server.cluster import Cluster, programs
from tests.server.house import POLICY, SeededIds, content, create
from tests.server.laptop_key import PROVEN, key_of
from tests.server.serving import PASSWORD, Serving, device_of

ROLES = ("kam", "lead", "manager", "finance", "department", "auditor", "administrator")
NOBODY = ""
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
]
"""The form of a body is checked here: schemathesis 4.32 turns `prefixItems` into words of an older draft and stops."""
TOKEN_S = 300
"""A token is younger than this; it is good for twice as long."""
TARGET = "target"
"""A user whom messages about signing in may lock out."""


class OnPostgreSQL(Serving):
    """The same on a database of PostgreSQL."""

    url_of_database = ""

    @property
    def database(self) -> str:
        return self.url_of_database


@dataclass
class Fuzz:
    """A server with some data, the document that it gives of itself, and what came of the messages.

    Attributes:
        told: how often each (call, role, status) was answered.
        faults: what was wrong, with the message that showed it.
    """

    serving: Serving
    told: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    known: dict[str, list[str]] = field(default_factory=dict)
    mended: int = 0
    _made_at: dict[str, float] = field(default_factory=dict)
    _numbers: Counter[str] = field(default_factory=Counter)
    _refresh: str = "x"

    def __post_init__(self) -> None:
        document = requests.get(self.serving.url + "/openapi.json", timeout=10).json()
        self.schema = schemathesis.openapi.from_dict(document)
        self.forms = {
            (described["operationId"], int(status)): jsonschema_rs.Draft202012Validator(content["schema"])
            for methods in document["paths"].values()
            for described in methods.values()
            for status, answer in described["responses"].items()
            for content in answer["content"].values()
        }
        self.session = requests.Session()
        self.session.headers["Accept-Encoding"] = "gzip"
        self._furnish()

    def _furnish(self) -> None:
        """Some records of a manager and of a KAM, so that there is something to be asked for."""
        ids = SeededIds(7)
        for user in ("manager", "kam"):
            account, contact, product = ids.new(), ids.new(), ids.new()
            proposal, version, line = ids.new(), ids.new(), ids.new()
            groups = [
                [create("account", account, name="Thép Việt", currency="VND")],
                [create("contact", contact, account=account, full_name="Bình")],
                [create("proposal", proposal, account=account, title="Báo giá", currency="VND")],
                [create("proposal_version", version, proposal=proposal, number=1, status="draft", currency="VND")],
                [create("proposal_line", line, version=version, place=1, description="Dòng", quantity="1", price=1)],
                [create("product", product, name="Hàng", currency="VND", price=5)],
            ]
            sent = content(groups, ids, self._number(user), "2026-03-02T08:30:00Z")
            answer = self.serving.call("push", self.serving.message(user, **sent), user)
            assert answer.status_code == 200, answer.text
            made = {"account": account, "contact": contact, "proposal": proposal, "proposal_line": line}
            for entity, identity in (made | {"proposal_version": version, "product": product}).items():
                self.known.setdefault(entity, []).append(identity)
            answer = self.serving.call("pull", self.serving.message(user, cursors={}), user)
            for part in answer.json()["parts"]:
                self.known.setdefault(part["entity"], [])
                self.known[part["entity"]] += [each for each in part["id"] if each not in self.known[part["entity"]]]

    def _number(self, user: str) -> int:
        self._numbers[user] += 1
        return self._numbers[user]

    def token(self, user: str) -> str:
        """A token that is good for some minutes more."""
        if time.monotonic() - self._made_at.get(user, -TOKEN_S) >= TOKEN_S:
            self.serving.tokens.pop(user, None)
            self._made_at[user] = time.monotonic()
        return self.serving.token(user)

    def run(self, name: str, role: str, examples: int, *, seed: int = 1) -> None:
        """So many messages to one call as one role, half of them as the document says, half against it."""
        operation = self.schema.find_operation_by_id(name)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            def one(case: Case) -> None:
                self._one(name, role, case, mode)  # noqa: B023 - it is called before the next turn

            drawn = settings(
                max_examples=max(1, examples // 2), database=None, deadline=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
            )(given(case=operation.as_strategy(generation_mode=mode))(one))  # fmt: skip
            seeded(f"{seed} {name} {role}")(drawn)()

    def _one(self, name: str, role: str, case: Case, mode: GenerationMode) -> None:
        said = random.Random(repr(case.body))  # the same message is completed in the same way
        given_body = json.dumps(case.body, default=str) if case.body is not NOT_SET else ""
        if isinstance(case.body, dict):
            case.body = self._fitted(name, role, case.body, said, whole=mode is GenerationMode.POSITIVE)
        headers = {}
        if role != NOBODY:
            headers["Authorization"] = f"Bearer {self.token(role)}"
        elif said.random() < 0.5:
            headers["Authorization"] = said.choice(["Bearer x", "Basic eDp5", "Bearer " + "0" * 64, "x" * 4000])
        case.headers = {key: value for key, value in (case.headers or {}).items() if key.lower() == "content-type"}
        if name in PROVEN and said.random() < 0.9:
            headers["DPoP"] = self._proof(name)
        try:
            response = case.call(base_url=self.serving.url, session=self.session, headers=headers, timeout=30)
        except requests.RequestException as error:
            self.faults.append(f"{name} as {role or 'nobody'}: {type(error).__name__}: {given_body[:500]}")
            return
        self.told[name, role or "nobody", response.status_code] += 1
        if response.status_code == 200 and name in ("sign-in", "refresh"):
            self._refresh = response.json()["refresh"]
        elif role == NOBODY and response.status_code == 200 and name not in ("sign-out", "hand-in"):
            self.faults.append(f"{name} answers nobody: {given_body[:500]}")
        told = []
        try:
            case.validate_response(response, checks=CHECKS)
        except (Failure, FailureGroup) as found:
            told = [str(each).splitlines()[0] for each in getattr(found, "exceptions", [found])]
        form = self.forms.get((name, response.status_code))
        if form is not None:
            try:
                wrong = list(form.iter_errors(response.json()))[:3]
                told += [f"{each.instance_path}: {each.message[:200]}" for each in wrong]
            except ValueError:
                told.append("no JSON")
        if told:
            sent = json.dumps(case.body, default=str)[:1500]
            self.faults.append(f"{name} as {role or 'nobody'}: {told}: {sent} -> {response.content[:500]!r}")

    def _proof(self, name: str) -> str:
        """A proof of the key of the laptop that is fuzzed, with a nonce that is taken."""
        key = key_of(device_of(TARGET))
        if not key.nonce:
            self.serving.call("refresh", {"refresh": "x", "device": device_of(TARGET)})
        return key.proof(name, self.serving.url)

    def _fitted(self, name: str, role: str, drawn: dict[str, Any], said: random.Random, *, whole: bool) -> Any:
        """The drawn message with what nobody can draw: identities, numbers, records that are there."""
        body = dict(drawn)
        if name == "wait" and type(body.get("seq")) is int and body["seq"] > 0:
            body["seq"] = 0  # else it is held for a minute
        if name in ("sign-in", "refresh", "sign-out", "hand-in"):
            if whole and said.random() < 0.5:
                body["device"] = device_of(TARGET)
                if name == "sign-in":
                    body |= {"user": TARGET, "password": PASSWORD}
                elif name == "refresh":
                    body |= {"refresh": self._refresh, "epoch": 1, "mark": None}
            return body
        if not whole:
            truth = self.serving.message(role or "kam")
            return body | {key: truth[key] for key in truth if key in body and said.random() < 0.7}
        if said.random() < 0.1:
            return body
        self.mended += 1
        body |= self.serving.message(role or "kam")
        if name == "push":
            self._fit_push(role or "kam", body, said)
        for key, entity in (("account", "account"), ("id", str(body.get("entity")))):
            if key in body and self.known.get(entity) and said.random() < 0.7:
                body[key] = said.choice(self.known[entity])
        if name == "reassign" and said.random() < 0.8:
            body["owner"] = said.choice([*self.known["person"], ""])
            body["helpers"] = said.choice([None, [], self.known["person"][:2]])
        if name == "digest":
            scopes = ["org", f"owner:{said.choice(self.known['person'])}", "finance"]
            body["scopes"] = [said.choice(scopes) for _ in body.get("scopes", ())]
            body["below"] = [[said.choice(scopes), each[1], each[2]] for each in body.get("below", ())]
            body["rows"] = [[each[0], self._id(each[0], each[1], said)] for each in body.get("rows", ())]
        return body

    def _id(self, entity: str, drawn: str, said: random.Random) -> str:
        known = self.known.get(entity)
        return said.choice(known) if known and said.random() < 0.5 else drawn

    def _fit_push(self, role: str, body: dict[str, Any], said: random.Random) -> None:
        """Parts whose columns are as long as their ids, places that follow one another, groups that sum up."""
        parts, place = [], 0
        for drawn in body["parts"]:
            part = dict(drawn)
            entity = BY_NAME[part["entity"]]
            ids = [self._id(entity.name, each, said) for each in part["id"]][:20]
            fields = [] if part["action"] == "delete" else said.sample(entity.names, said.randint(1, len(entity.names)))
            drawn_values = [value for column in part.get("values", ()) for value in column] or [None]
            kinds = {each.name: each for each in entity.fields}
            part |= {
                "id": ids, "fields": fields, "index": list(range(place, place + len(ids))),
                "base": [said.choice([0, 1, 5, 1 << 40]) for _ in ids], "written_at": "2026-03-02T08:30:00Z",
                "values": [[self._value(kinds[name], drawn_values, said) for _ in ids] for name in fields],
            }  # fmt: skip
            place += len(ids)
            parts.append(part)
        groups, left = [], place
        while left:
            size = said.randint(1, left)
            groups.append([f"{said.getrandbits(128):032x}", size])
            left -= size
        body |= {"parts": parts, "groups": groups, "number": self._number(role)}
        body |= {"recovered": {}, "settle": []} if said.random() < 0.8 else {}

    def _value(self, kind: Any, drawn: list[Any], said: random.Random) -> Any:
        if said.random() < 0.15:
            return said.choice(drawn)
        number = said.choice([0, 1, -1, 7, 1000, 10**12, (1 << 63) - 1, 1 << 63])
        if kind.kind is Kind.CHOICE:
            return said.choice([*kind.options, ""])
        if kind.kind is Kind.REF:
            return said.choice([*self.known.get(kind.to, ()), None, ""])
        return {
            Kind.INTEGER: number, Kind.MONEY: number, Kind.FLAG: said.choice([True, False]), Kind.DECIMAL: "1.5",
            Kind.DATE: said.choice(["2026-03-01", "0001-01-01", "9999-12-31"]), Kind.MOMENT: "2026-03-01T00:00:00Z",
            Kind.TEXTS: ["a", "b"], Kind.TEXT: said.choice(["x", "Đường", "\u0000", "a" * 300, ""]),
        }.get(kind.kind, "Ghi chú")  # fmt: skip

    def verdict(self) -> dict[str, Any]:
        """What came of it, for one line of JSON."""
        statuses: Counter[int] = Counter()
        good: Counter[str] = Counter()
        for (name, _, status), count in self.told.items():
            statuses[status] += count
            good[name] += count if status == 200 else 0
        log = self.serving.log
        return {
            "messages": sum(statuses.values()), "statuses": {str(each): statuses[each] for each in sorted(statuses)},
            "answered": dict(good), "faults": len(self.faults), "traces_in_log": log.count("Traceback"),
            "faults_in_log": log.count(" failed: "),
        }  # fmt: skip


def calls() -> list[str]:
    """The calls of the document that are fuzzed, each by its name."""
    from kam_desktop.server.document import REQUESTS

    return list(REQUESTS)


def add_users(serving: Serving) -> None:
    """A user of each role, and one to be locked out; by the server's own hand, not a process for each."""
    database, clock = Database(serving.database), SystemClock()
    with database.write() as connection:
        for name, role in (*((each, each) for each in ROLES), (TARGET, "kam")):
            users.add(connection, name, role, PASSWORD, policy=POLICY, clock=clock, ids=RandomIds(clock))
    database.close()


@contextmanager
def server(folder: Path, kind: str) -> Iterator[Serving]:
    """`kam-server serve` with a user of each role."""
    cluster = Cluster() if kind == "postgresql" else None
    made = OnPostgreSQL(folder) if cluster else Serving(folder)
    if cluster:
        made.url_of_database = cluster.url()  # type: ignore[attr-defined]
    try:
        made.told("migrate")
        add_users(made)
        made.start()
        yield made
    finally:
        made.stop()
        if cluster:
            cluster.remove()


def main(words: list[str]) -> int:
    """Prints one line of JSON for each kind of database, and every fault; 0 when there was none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100, help="messages to each call as each role")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--call", action="append", choices=calls())
    asked = parser.parse_args(words)
    failed = False
    for kind in asked.database or ["sqlite", *(["postgresql"] if programs() else [])]:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="kam-fuzz-") as folder, server(Path(folder), kind) as serving:
            fuzz = Fuzz(serving)
            for role in (*ROLES, NOBODY):
                for name in asked.call or calls():
                    # a password takes its time to be checked, by design
                    fuzz.run(name, role, asked.examples // (10 if name == "sign-in" else 1), seed=asked.seed)
            found = fuzz.verdict()
        for fault in dict.fromkeys(fuzz.faults):
            print(fault, file=sys.stderr)
        print(json.dumps({"database": kind, **found, "seconds": round(time.monotonic() - began)}), flush=True)
        failed = failed or bool(fuzz.faults) or bool(found["traces_in_log"]) or bool(found["faults_in_log"])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
