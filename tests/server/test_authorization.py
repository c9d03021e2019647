"""Rights: every cell of the matrix against the server; no word of the policy without effect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.policy import RELATIONS, Policy
from kam_desktop.server import rights
from kam_desktop.server.database import Database
from tests.server.flips import RAW, toml_of, turned
from tests.server.intended import differences
from tests.server.matrix import TEXT, Lines, Matrix


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


def test_the_policy_is_what_the_firm_wants() -> None:
    assert differences(Policy.read(TEXT)) == []


def test_no_line_and_no_word_of_the_policy_can_change_unseen() -> None:
    """Each single change of the file is found by the two tables: the one that is published, and what the firm wants.

    At a server, which takes longer: python -m tests.server.flips.
    """
    kept, tried, unseen = rights.PLACE.read_text("utf-8"), 0, []
    for name, _, other in turned():
        tried += 1
        if other is not None and (rights.table(other) == kept or not differences(other)):
            unseen.append(name)
    assert rights.table(Policy.read(toml_of(RAW))) == kept
    assert tried > 800
    assert not unseen, unseen[:30]
