"""The rights of every role: the file is read strictly, and says what the firm decided."""

from __future__ import annotations

import re

import pytest

from kam_desktop import config
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.entity import Policy as SyncPolicy
from kam_desktop.domain.policy import OPERATIONS, RELATIONS, Policy

TEXT = (config.resources() / "policy.toml").read_text(encoding="utf-8")
FACTS = [name for name, entity in BY_NAME.items() if entity.policy is SyncPolicy.APPEND_ONLY]
SETTINGS = [name for name, entity in BY_NAME.items() if entity.policy is SyncPolicy.SERVER_OWNED]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.read(TEXT)


def test_every_record_is_read_by_somebody_and_every_word_is_known(policy: Policy) -> None:
    for entity in BY_NAME:
        assert any(policy.may(role, relation, entity, "read") for role in policy.roles for relation in RELATIONS), (
            entity
        )


def test_whoever_writes_a_record_may_read_it(policy: Policy) -> None:
    for role, relation, entity, operation in policy.allowed:
        if operation not in ("read", "reassign"):
            assert policy.may(role, relation, entity, "read") or relation == "self", (role, relation, entity)


def test_only_named_roles_keep_the_settings_of_the_firm(policy: Policy) -> None:
    for entity in SETTINGS:
        for role in ("kam", "lead", "department", "auditor"):
            for relation in RELATIONS:
                for operation in set(OPERATIONS) - {"read"}:
                    assert not policy.may(role, relation, entity, operation), (role, relation, entity, operation)


def test_changing_or_cancelling_an_invoice_is_finances(policy: Policy) -> None:
    for entity in FACTS:
        for role in set(policy.roles) - {"finance"}:
            for relation in RELATIONS:
                assert not policy.may(role, relation, entity, "update"), (role, entity)
                assert not policy.may(role, relation, entity, "delete"), (role, entity)
    for role in ("kam", "lead", "manager"):
        assert policy.may(role, "own", "account", "create")
        assert policy.may(role, "own", "invoice", "create")


def test_a_receipt_is_confirmed_by_finance_alone(policy: Policy) -> None:
    may = {role for role in policy.roles for each in RELATIONS if policy.may(role, each, "receipt_decision", "create")}
    assert may == {"finance"}


def test_cost_is_hidden_from_everybody_else(policy: Policy) -> None:
    for entity in ("product", "proposal_line"):
        for relation in ("own", "led", "org"):
            seeing = {role for role in policy.roles if "cost" not in policy.hidden_fields(role, relation, entity)}
            assert seeing == {"lead", "manager", "finance"}
    for role in policy.roles:
        for entity in BY_NAME:
            for relation in RELATIONS:
                hidden = policy.hidden_fields(role, relation, entity)
                assert hidden <= policy.unwritable_fields(role, relation, entity)


def test_guarded_fields_are_written_by_named_roles(policy: Policy) -> None:
    for name, entity in BY_NAME.items():
        for field in entity.fields:
            if field.guarded:
                for role in ("kam", "lead", "department", "auditor", "administrator"):
                    for relation in RELATIONS:
                        assert field.name in policy.unwritable_fields(role, relation, name)
    assert policy.unwritable_fields("finance", "org", "account") >= {"name", "owner", "internal_note"}
    assert "credit_limit" not in policy.unwritable_fields("finance", "org", "account")


def test_the_administrator_sees_no_customer(policy: Policy) -> None:
    for entity in BY_NAME:
        if entity not in (*SETTINGS, "saved_view", "task"):
            for relation in RELATIONS:
                assert not policy.may("administrator", relation, entity, "read"), entity
    assert policy.reach["administrator"] == {"org"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('roles = ["auditor"]', 'roles = ["auditr"]'),
        ('relations = ["finance"]', 'relations = ["money"]'),
        ('operations = ["read"]', 'operations = ["raed"]'),
        ('names = ["cost"]', 'names = ["price_of_cost"]'),
        ('entities = ["decision"]', 'entities = ["decisions"]'),
        ('read = ["lead", "manager", "finance"]', 'read = ["boss"]'),
        ("version = 1", "version = 2"),
        ("[reach]", "[reached]"),
        ('operations = ["read"]', "operations = []"),
    ],
)
def test_a_word_that_is_not_known_is_refused(old: str, new: str) -> None:
    changed = TEXT.replace(old, new, 1)
    if changed == TEXT:
        changed = TEXT.replace('relations = ["self"]', 'relations = ["money"]', 1)
    assert changed != TEXT
    with pytest.raises(ValueError, match=re.compile(".")):
        Policy.read(changed)


def test_another_text_has_another_fingerprint(policy: Policy) -> None:
    assert Policy.read(TEXT + "\n# changed\n").fingerprint != policy.fingerprint
