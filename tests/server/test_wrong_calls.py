"""Wrong calls of every kind: always a problem that says why, never a fault, and nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kam_desktop.protocol.messages import Problem
from kam_desktop.server.calls import READING, WRITING
from kam_desktop.server.database import Database
from kam_desktop.server.values import FIELDS
from tests.server.conftest import furnished
from tests.server.house import House, content, create
from tests.server.test_push import account

NAMES = [*WRITING, *READING]
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 63), (1 << 64) - 1), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6), st.uuids().map(str), st.sampled_from(["account", "contact", "org", "create", "a" * 32]),
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)  # fmt: skip
_MEMBERS = {
    "devices": ["revoke"],
    "handed-in": ["group", "take"],
    "push": ["number", "groups", "parts", "recovered", "settle", "copy"],
    "pull": ["cursors", "limit"],
    "digest": ["scopes", "below", "rows"],
    "reconcile": ["groups", "marks"],
    "history": ["entity", "id", "before"],
    "reassign": ["account", "owner", "helpers", "seen"],
    "recovered": ["group", "groups", "take", "reopen", "hold"],
    "audit": ["after"],
}


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('server') / 'server.db'}")
    yield furnished(database)
    database.close()


def fingerprint(house: House) -> dict[str, int]:
    with house.sql() as connection:
        counts = {}
        for name in (*FIELDS, "feed", "change_log", "conflict", "account_helper", "recovered"):
            row = connection.one(f'select count(*) from "{name}"')
            counts[name] = row[0] if row else 0
        return counts


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_any_message_at_all(firm: House, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    laptop = firm.laptop("An")
    message = laptop.message(**data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(_MEMBERS[name], _VALUES))))
    message |= data.draw(
        st.fixed_dictionaries({}, optional=dict.fromkeys(("mark", "protocol", "schema", "epoch", "workspace"), _VALUES))
    )
    before = fingerprint(firm)
    try:
        firm.answer(name, laptop.subject, message)
    except Problem as problem:
        assert 400 <= problem.status < 504, problem
    assert fingerprint(firm) == before


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_any_values_in_a_well_formed_push(firm: House, data: st.DataObject) -> None:
    entity = data.draw(st.sampled_from(sorted(FIELDS)))
    new = data.draw(st.dictionaries(st.sampled_from([*FIELDS[entity], "novel"]), _VALUES, max_size=4))
    laptop = firm.laptop(data.draw(st.sampled_from(["An", "Minh", "Phuong", "Ngoc"])))
    answer = laptop.push(create(entity, firm.ids.new(), **new))
    assert answer["kinds"][0] in ("accepted", "refused")
    laptop.pull()


@pytest.mark.parametrize("place", range(40))
def test_a_push_with_one_piece_replaced(firm: House, place: int) -> None:
    """Every leaf of a good message in turn becomes something else."""
    laptop = firm.laptop("An")
    laptop.number = 5
    good = content(
        [[account(firm, "An")[1]], [account(firm, "An", tags=["a"])[1]]], firm.ids, 5, "2026-01-01T00:00:00Z"
    )
    paths = list(leaves(good))
    before = fingerprint(firm)
    for strange in (None, -1, "x", [], {}, 1.5, True, "\x00", "9" * 400):
        broken = replaced(good, paths[place % len(paths)], strange)
        try:
            answer = firm.answer("push", laptop.subject, laptop.message(**broken))
        except Problem as problem:
            assert problem.status in (400, 409, 413)
            assert fingerprint(firm) == before
        else:
            for kind, detail in answer["verdicts"]:
                assert kind in ("accepted", "already") or detail["problem"]["code"]
            before = fingerprint(firm)
        laptop = firm.laptop("An")


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for key, inner in enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, dict):
        return {key: replaced(inner, path[1:], new) if key == path[0] else inner for key, inner in value.items()}
    return [replaced(inner, path[1:], new) if key == path[0] else inner for key, inner in enumerate(value)]


def test_the_file_of_the_database_is_its_owners_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    House.built(database)
    assert (tmp_path / "server.db").stat().st_mode & 0o077 == 0
    database.close()
