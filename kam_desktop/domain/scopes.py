"""Which scopes a row is in: a pure function of the row and what it hangs on (sync, rule 6)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

ORG = "org"
FINANCE = "finance"

UP: dict[str, tuple[str, str]] = {
    "contact": ("account", "account"),
    "activity": ("account", "account"),
    "occasion": ("account", "account"),
    "proposal": ("account", "account"),
    "proposal_version": ("proposal", "proposal"),
    "proposal_line": ("version", "proposal_version"),
    "invoice": ("account", "account"),
    "invoice_line": ("invoice", "invoice"),
    "instalment": ("invoice", "invoice"),
    "receipt": ("account", "account"),
    "credit_note": ("account", "account"),
    "allocation": ("instalment", "instalment"),
    "opening_settlement": ("invoice", "invoice"),
    "documents_confirmed": ("invoice", "invoice"),
    "receipt_decision": ("receipt", "receipt"),
    "promise_to_pay": ("account", "account"),
    "dunning_event": ("account", "account"),
    "task": ("account", "account"),
}
"""For each kind that hangs on an account: the field that leads there, and the kind it leads to."""

OF_THE_FIRM = frozenset(
    (
        "firm",
        "rule",
        "payment_term",
        "payment_term_line",
        "dunning_step",
        "person",
        "product",
        "price_list",
        "price_list_item",
    )
)
"""Kinds that everybody of the firm reads."""


class Root(NamedTuple):
    """What decides who reads a row.

    Attributes:
        kind: "account", "org", "person" or "finance".
        name: the id of the account or person; of a firm's row that somebody shares theirs, else "".
    """

    kind: str
    name: str = ""


FIRM = Root("org")
UNKNOWN_PAYER = Root("finance")

SCOPE_FIELDS: dict[str, frozenset[str]] = {
    **{name: frozenset((field,)) for name, (field, _) in UP.items()},
    "account": frozenset(("owner",)),
    "task": frozenset(("account", "owner")),
    "saved_view": frozenset(("person", "shared")),
}
"""The fields of a kind that a write must have touched for its scopes to change."""


def root(
    entity: str, identity: str, values: Mapping[str, Any], root_of: Callable[[str, str], Root | None]
) -> Root | None:
    """The root of a row with these column values; None where what it hangs on is not known.

    Args:
        root_of: the root of the row of an entity and id, which this one hangs on.
    """
    if entity == "account":
        return Root("account", identity)
    if entity in OF_THE_FIRM:
        return FIRM
    if entity == "saved_view":
        return Root("org" if values.get("shared") else "person", values.get("person") or "")
    field, parent = UP[entity]
    above = values.get(field)
    if above:
        return root_of(parent, above)
    if entity == "receipt":
        return UNKNOWN_PAYER
    return Root("person", values.get("owner") or "") if entity == "task" else None


def owner_scope(user: str) -> str:
    """The scope of the accounts of a user and of all that hangs on them."""
    return "owner:" + user


def shared_scope(account: str) -> str:
    """The scope of one account for its helpers."""
    return "shared:" + account


def person_scope(user: str) -> str:
    """The scope of what is a person's alone."""
    return "person:" + user


def scopes(root: Root, owner_of: Callable[[str], str], helped: Collection[str]) -> frozenset[str]:
    """The scopes of every row with this root.

    Args:
        owner_of: the owner of an account, "" for nobody.
        helped: the accounts that have helpers.
    """
    if root.kind == "account":
        found = {owner_scope(owner_of(root.name))}
        if root.name in helped:
            found.add(shared_scope(root.name))
        return frozenset(found)
    if root.kind == "person":
        return frozenset((person_scope(root.name),))
    return frozenset((FINANCE if root.kind == "finance" else ORG,))
