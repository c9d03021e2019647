"""Who may do what, a second time and by role: what the firm wants, not what the file says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from kam_desktop.domain.policy import RELATIONS, Cell, Policy

KINDS = {
    "account": "account",
    "contact": "contact",
    "care": "activity occasion task",
    "offer": "proposal proposal_version proposal_line",
    "facts": "invoice invoice_line instalment credit_note opening_settlement receipt allocation "
    "documents_confirmed promise_to_pay dunning_event",
    "decision": "receipt_decision",
    "firm": "firm",
    "rule": "rule payment_term payment_term_line dunning_step",
    "person": "person",
    "catalogue": "product price_list price_list_item",
    "view": "saved_view",
    "task": "task",
}
# r read, c create, u update, d delete, t take back, x hand over; what is not here is denied
RIGHTS = """
               own     shared  led     org     self    finance
kam
  account      rcudt   rcut    -       -       -       -
  contact      rcudt   rcut    -       -       -       -
  care         rcudt   rcut    -       -       -       -
  offer        rcudt   rcut    -       -       -       -
  facts        rct     rct     -       -       -       -
  decision     r       r       -       -       -       -
  firm         -       -       -       r       -       -
  rule         -       -       -       r       -       -
  person       -       -       -       r       -       -
  catalogue    -       -       -       r       -       -
  view         -       -       -       r       rcudt   -
  task         -       -       -       -       rcudt   -
lead
  account      rcudt   rcut    rcutx   -       -       -
  contact      rcudt   rcut    rcutx   -       -       -
  care         rcudt   rcut    rcutx   -       -       -
  offer        rcudt   rcut    rcutx   -       -       -
  facts        rct     rct     rct     -       -       -
  decision     r       r       r       -       -       -
  firm         -       -       -       r       -       -
  rule         -       -       -       r       -       -
  person       -       -       -       r       -       -
  catalogue    -       -       -       r       -       -
  view         -       -       -       r       rcudt   -
  task         -       -       -       -       rcudt   -
manager
  account      rcudtx  rcut    rcutx   rcutx   -       -
  contact      rcudtx  rcut    rcutx   rcutx   -       -
  care         rcudt   rcut    rcutx   rcutx   -       -
  offer        rcudt   rcut    rcutx   rcutx   -       -
  facts        rct     rct     rct     rct     -       -
  decision     r       r       r       r       -       -
  firm         -       -       -       rcudt   -       -
  rule         -       -       -       rcudt   -       -
  person       -       -       -       r       -       -
  catalogue    -       -       -       rcudt   -       -
  view         -       -       -       r       rcudt   -
  task         -       -       -       -       rcudt   -
finance
  account      ru      ru      ru      ru      -       -
  contact      r       r       r       r       -       -
  offer        r       r       r       r       -       -
  facts        rcudt   rcudt   rcudt   rcudt   -       rcudt
  decision     rcudt   rcudt   rcudt   rcudt   -       rcudt
  firm         -       -       -       r       -       -
  rule         -       -       -       rcudt   -       -
  person       -       -       -       r       -       -
  catalogue    -       -       -       r       -       -
  view         -       -       -       r       rcudt   -
  task         -       -       -       -       rcudt   -
department
  firm         -       -       -       r       -       -
  rule         -       -       -       r       -       -
  person       -       -       -       r       -       -
  catalogue    -       -       -       r       -       -
  view         -       -       -       r       rcudt   -
  task         -       -       -       -       rcudt   -
auditor
  account      r       r       r       r       -       r
  contact      r       r       r       r       -       r
  care         r       r       r       r       -       r
  offer        r       r       r       r       -       r
  facts        r       r       r       r       -       r
  decision     r       r       r       r       -       r
  firm         -       -       -       r       -       -
  rule         -       -       -       r       -       -
  person       -       -       -       r       -       -
  catalogue    -       -       -       r       -       -
  view         -       -       -       r       rcudt   -
  task         -       -       -       -       rcudt   -
administrator
  firm         -       -       -       rcudt   -       -
  rule         -       -       -       rcudt   -       -
  person       -       -       -       rcudt   -       -
  catalogue    -       -       -       r       -       -
  view         -       -       -       r       rcudt   -
  task         -       -       -       -       rcudt   -
"""
REACH = {
    "kam": "org own shared",
    "lead": "led org own shared",
    "manager": "all led org own shared",
    "finance": "all finance led org own shared",
    "department": "org",
    "auditor": "all finance led org own shared",
    "administrator": "org",
}
"""Whose records a role is sent."""
_NOT_FINANCE = "kam lead manager"
FIELDS = {
    ("product", "cost"): ("lead manager finance", "lead manager"),
    ("proposal_line", "cost"): ("lead manager finance", "lead manager"),
    ("account", "internal_note"): (f"{_NOT_FINANCE} auditor", _NOT_FINANCE),
    ("account", "risk"): (f"{_NOT_FINANCE} auditor", _NOT_FINANCE),
    ("contact", "internal_note"): (f"{_NOT_FINANCE} auditor", _NOT_FINANCE),
    ("account", "payment_days"): ("", "manager finance"),
    ("account", "payment_term"): ("", "manager finance"),
    ("account", "credit_limit"): ("", "manager finance"),
}
"""Who reads and who writes a field, where not whoever has the record; "" for whoever has it."""
ONLY = {("finance", "account"): {"payment_days", "payment_term", "credit_limit"}}
"""The only fields that a role may write of a record."""
_DEEDS = {"r": "read", "c": "create", "u": "update", "d": "delete", "t": "take_back", "x": "reassign"}


def cells() -> Iterator[Cell]:
    """Every deed that is allowed."""
    role, columns = "", []
    for line in RIGHTS.splitlines():
        first, *rest = line.split() or [""]
        if not role and rest:
            columns = [first, *rest]
        elif first and not rest:
            role = first
        elif first:
            for relation, letters in zip(columns, rest, strict=True):
                for entity in KINDS[first].split():
                    yield from ((role, relation, entity, _DEEDS[letter]) for letter in letters.strip("-"))


@cache
def _wanted() -> frozenset[Cell]:
    return frozenset(cells())


def differences(policy: Policy) -> list[str]:
    """What a policy says otherwise than the firm wants it."""
    wanted = _wanted()
    found = [f"denied: {' '.join(each)}" for each in sorted(wanted - policy.allowed)]
    found += [f"allowed: {' '.join(each)}" for each in sorted(policy.allowed - wanted)]
    found += [f"reach of {role}" for role in policy.roles if policy.reach[role] != set(REACH.get(role, "").split())]
    for way, fields in enumerate((policy.readers, policy.writers)):
        who = {key: each[way].split() for key, each in FIELDS.items() if each[way]}
        pairs = {key: {(role, relation) for role in roles for relation in RELATIONS} for key, roles in who.items()}
        found += [f"{('read', 'written')[way]}: {'.'.join(key)}" for key in sorted({*pairs, *fields})
                  if pairs.get(key) != fields.get(key)]  # fmt: skip
    found += [
        f"only: {' '.join(key)}" for key in sorted({*ONLY, *policy.only}) if ONLY.get(key) != policy.only.get(key)
    ]
    return found + [f"role {each}" for each in set(REACH) ^ set(policy.roles)]
