"""Every line and word of the policy turned over, one at a time: python -m tests.server.flips.

Each must be found by what the firm wants (`intended.py`), and by the matrix against a server that keeps the policy so
turned. In short, without a server, in test_authorization.py.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.entity import Policy as Kind
from kam_desktop.domain.policy import OPERATIONS, REACH, RELATIONS, Policy
from kam_desktop.server.database import Database
from tests.server.house import POLICY, SeededIds
from tests.server.intended import differences
from tests.server.matrix import DEEDS, SITUATIONS, TEXT, Lines, Matrix

RAW = tomllib.loads(TEXT)


def toml_of(value: Any) -> str:
    """The policy file of a read one, for changed ones."""
    told = [f"version = {value['version']}"]
    for name in ("roles", "reach", "sets"):
        told += [f"[{name}]", *(f"{key} = {json.dumps(each, ensure_ascii=False)}" for key, each in value[name].items())]
    for name in ("allow", "field", "only"):
        for line in value[name]:
            told += [f"[[{name}]]", *(f"{key} = {json.dumps(each)}" for key, each in line.items())]
    return "\n".join(told)


def flips() -> Iterator[tuple[str, dict[str, Any]]]:
    """The policy without one line, without one word, with one word more; every line and every word in turn."""
    every = {
        "roles": list(RAW["roles"]), "relations": list(RELATIONS), "operations": list(OPERATIONS),
        "entities": list(BY_NAME), "read": list(RAW["roles"]), "write": list(RAW["roles"]),
    }  # fmt: skip
    for kind in ("allow", "field", "only"):
        for place, line in enumerate(RAW[kind]):
            less = copy.deepcopy(RAW)
            del less[kind][place]
            yield f"{kind} {place} gone", less
            for key, words in line.items():
                for word in words:
                    if len(words) > 1:
                        less = copy.deepcopy(RAW)
                        less[kind][place][key].remove(word)
                        yield f"{kind} {place} {key} without {word}", less
                for word in every.get(key, []):
                    named = {each for name in words for each in RAW["sets"].get(name, [name])}
                    fields = line.get("names") or line.get("fields") or []
                    fits = key != "entities" or set(fields) <= set(BY_NAME[word].names)
                    if word not in named and fits and kind != "only":
                        more = copy.deepcopy(RAW)
                        more[kind][place][key].append(word)
                        yield f"{kind} {place} {key} with {word}", more
    for role, words in RAW["reach"].items():
        for word in REACH:
            other = copy.deepcopy(RAW)
            if word in words:
                if len(words) == 1:
                    continue
                other["reach"][role].remove(word)
            else:
                other["reach"][role].append(word)
            yield f"reach of {role} {word}", other
    for name, words in RAW["sets"].items():
        for word in words:
            if len(words) > 1:
                other = copy.deepcopy(RAW)
                other["sets"][name].remove(word)
                yield f"set {name} without {word}", other


def same(policy: Policy, other: Policy) -> bool:
    """Whether two files say the same: a word more may say again what another line says."""
    names = ("allowed", "reach", "readers", "writers", "only")
    return all(getattr(policy, name) == getattr(other, name) for name in names)


def changed(policy: Policy, other: Policy) -> list[str]:
    """The roles that two policies tell apart, those that they tell apart most first."""
    counts = dict.fromkeys(policy.roles, 0)
    for role, *_ in policy.allowed ^ other.allowed:
        counts[role] += 1
    for role in policy.roles:
        counts[role] += policy.reach[role] != other.reach[role]
        for entity in BY_NAME:
            for ask in (Policy.hidden_fields, Policy.unwritable_fields):
                counts[role] += any(
                    ask(policy, role, each, entity) != ask(other, role, each, entity) for each in RELATIONS
                )
    return sorted((role for role in counts if counts[role]), key=lambda role: -counts[role])


def turned() -> Iterator[tuple[str, str, Policy | None]]:
    """Each flip, its file and its policy; None where the file is refused when it is read."""
    for name, raw in flips():
        text = toml_of(raw)
        try:
            other = Policy.read(text)
        except ValueError:
            yield name, text, None
            continue
        if not same(POLICY, other):
            yield name, text, other


def effect(text: str) -> set[Any]:
    """Everything that the matrix expects of a policy file; where it is the same, no server can be told from another."""
    probe = Matrix.__new__(Matrix)
    probe.lines, probe.situations, probe.stranger = Lines(text), {}, ""
    probe.house = SimpleNamespace(ids=SeededIds())  # type: ignore[assignment]
    found: set[Any] = set()
    for role in probe.lines.roles:
        for situation, (relations, entities) in SITUATIONS.items():
            for entity in entities:
                found.update(
                    (role, situation, entity, deed) for deed in DEEDS if probe.expected(role, situation, entity, deed)
                )
                if probe.lines.sees(role, situation, entity):
                    reading = frozenset(probe.lines.closed(role, entity, "read"))
                    found.add((role, situation, entity, reading))
                    fact = BY_NAME[entity].policy is Kind.APPEND_ONLY  # refused as one, whoever asks
                    if not fact and probe.lines.may(role, relations, entity, "update"):
                        writing = frozenset(probe.lines.closed(role, entity, "write") & probe.lines.guarded(entity))
                        found.add((role, situation, entity, "fields", writing))
            if "account" in entities and probe.lines.sees(role, situation, "account"):
                if probe.lines.may(role, relations - {"shared"}, "account", "reassign"):
                    # a hand-over asks for the right at both ends, except that anybody may take what they may give
                    ends = {
                        "own",
                        *(
                            each
                            for each in ("led", "org")
                            if probe.lines.may(role, frozenset((each,)), "account", "reassign")
                        ),
                    }
                    found.update((role, situation, "reassign", to) for to in ends - relations)
    return found


class Servers:
    """A furnished firm for each role, to be run again and again as it was at first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Matrix] = {}

    def finds(self, role: str, policy: Policy) -> str:
        """What the matrix of one role finds at a server with this policy; "" when it finds nothing."""
        if role not in self._made:
            self._made[role] = Matrix(Database(f"sqlite:///{self._folder / role}.db"), None, (role,))
        matrix = self._made[role]
        matrix.house.database.close()  # the last connection brings everything into the one file
        assert not list(self._folder.glob(f"{role}.db-*"))
        out, into = os.pipe()
        child = os.fork()
        if child == 0:  # with a copy of everything, the database last
            told = "it could not be tried"
            try:
                place = self._folder / f"{os.getpid()}.db"
                place.write_bytes((self._folder / f"{role}.db").read_bytes())
                matrix.house.database = Database(f"sqlite:///{place}")
                matrix.house.policy = policy
                matrix.run(role)
                told = matrix.failures[0][:160] if matrix.failures else ""
            except BaseException as error:  # noqa: BLE001 - a matrix that cannot be run is one that failed
                told = f"{type(error).__name__}: {error}"[:160]
            finally:
                os.write(into, told.encode())
                os._exit(0)
        os.close(into)
        with os.fdopen(out, "rb") as pipe:
            told = pipe.read().decode()
        os.waitpid(child, 0)
        for each in self._folder.glob(f"{child}.db*"):
            each.unlink()
        return told


def main() -> int:
    """0 when every flip was found, by what the firm wants and (for whole lines, or all) by the matrix."""
    parser = argparse.ArgumentParser(prog="python -m tests.server.flips", description=__doc__)
    parser.add_argument("--words", action="store_true", help="every word at a server too, not whole lines alone")
    parser.add_argument("--show", action="store_true", help="what found each")
    args = parser.parse_args()
    begun = time.monotonic()
    tried = refused = served = 0
    wanted = effect(TEXT)
    unwanted, unseen, alike = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        servers = Servers(Path(folder))
        good = {role: servers.finds(role, POLICY) for role in POLICY.roles}
        for name, text, other in turned():
            tried += 1
            if other is None:
                refused += 1
                continue
            if not differences(other):
                unwanted.append(name)
            if args.words or name.endswith("gone") or name.startswith("reach"):
                if effect(text) == wanted:
                    alike.append(name)
                    continue
                served += 1
                told = next(filter(None, (servers.finds(role, other) for role in changed(POLICY, other))), "")
                if args.show or not told:
                    print(f"{name}: {told or 'NOT FOUND by the matrix'}", flush=True)
                if not told:
                    unseen.append(name)
    wrong = {role: told for role, told in good.items() if told}
    print(json.dumps({
        "flips": tried, "refused when read": refused, "not found by intent": unwanted, "at a server": served,
        "not found by the matrix": unseen,
        "without effect at any server": len(alike), "without a flip": wrong, "seconds": round(time.monotonic() - begun),
    }))  # fmt: skip
    return 1 if unwanted or unseen or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
