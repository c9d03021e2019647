"""Rights: every cell of the matrix against the server; no word of the policy without effect."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.policy import OPERATIONS, REACH, RELATIONS, Policy
from kam_desktop.server import rights
from kam_desktop.server.database import Database
from tests.server.matrix import TEXT, Lines, Matrix

RAW = tomllib.loads(TEXT)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('matrix') / 'server.db'}")
    yield Matrix(database)
    database.close()


def test_every_cell_of_the_matrix(matrix: Matrix) -> None:
    """All of it on SQLite; on PostgreSQL: python -m tests.server.matrix postgresql."""
    for role in matrix.lines.roles:
        matrix.run(role)
    assert not matrix.failures, "\n".join(matrix.failures[:20])
    assert matrix.cells >= 6000


CARE = 'entities = ["customer", "care", "offer"]\n'
ALTERED = {
    "their own": ("kam", 'relations = ["own"]\n' + CARE, 'relations = ["led"]\n' + CARE),
    "cost": ("kam", 'read = ["lead", "manager", "finance"]', 'read = ["kam", "lead", "manager", "finance"]'),
    "reach": ("auditor", 'auditor = ["own", "shared", "led", "all",', 'auditor = ["own", "shared", "led",'),
    "decision": ("kam", '"decision"]\noperations = ["read"]', '"decision"]\noperations = ["read", "create"]'),
    "guarded": ("finance", 'fields = ["payment_days", "payment_term", "credit_limit"]', 'fields = ["payment_days"]'),
    "hand-over": ("manager", 'operations = ["reassign"]', 'operations = ["read"]'),
}


@pytest.mark.parametrize("name", ALTERED)
def test_a_server_with_other_rights_is_found_out(tmp_path: Path, name: str) -> None:
    """The matrix is no mirror: a server that keeps another policy than the file fails it."""
    role, was, now = ALTERED[name]
    assert was in TEXT
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    other = Matrix(database, Policy.read(TEXT.replace(was, now)), (role,))
    other.run(role)
    database.close()
    assert other.failures


def test_the_table_of_rights_is_the_policy() -> None:
    assert rights.current() == rights.PLACE.read_text("utf-8"), "run python -m kam_desktop.server.rights"


def test_the_programs_reading_is_the_files() -> None:
    policy, lines = Policy.read(TEXT), Lines()
    assert policy.allowed == lines.cells
    for role in lines.roles:
        assert policy.reach[role] == set(lines.reach[role])
        for relation in RELATIONS:
            for entity in BY_NAME:
                assert policy.hidden_fields(role, relation, entity) == lines.closed(role, entity, "read")
                assert policy.unwritable_fields(role, relation, entity) == lines.closed(role, entity, "write")


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


def test_no_line_and_no_word_of_the_policy_can_change_unseen() -> None:
    """Each single change of the file makes another table of rights, so that the comparison above fails."""
    kept, allowed = rights.PLACE.read_text("utf-8"), Policy.read(TEXT).allowed
    tried, unseen = 0, []
    for name, changed in flips():
        tried += 1
        try:
            other = Policy.read(toml_of(changed))
            if rights.table(other) == kept and not (" with " in name and other.allowed == allowed):
                unseen.append(name)  # a word more may say again what another line says; a word less may not
        except ValueError:
            continue  # read strictly: refused is seen too
    assert rights.table(Policy.read(toml_of(RAW))) == kept
    assert tried > 800
    assert not unseen, unseen[:30]
