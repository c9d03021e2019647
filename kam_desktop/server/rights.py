"""Writes RIGHTS.md: who may do what, as a table made from the policy file."""

from __future__ import annotations

import sys
from pathlib import Path

from kam_desktop.config import resources
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.policy import OPERATIONS, REACH, RELATIONS, Policy

PLACE = Path(__file__).with_name("RIGHTS.md")
_LETTERS = dict(zip(OPERATIONS, "rcudtx", strict=True))


def table(policy: Policy) -> str:
    """The document: reach of each role, deeds by role, kind and relation, and fields with rights of their own."""
    lines = [
        "# Who may do what on the shared server",
        "",
        "Made from `resources/policy.toml` by `python -m kam_desktop.server.rights`; a test compares the two. What is",
        "not written here is denied.",
        "",
        "Deeds: " + ", ".join(f"{letter} {operation}" for operation, letter in _LETTERS.items()) + ".",
        "",
        "## What a role is sent",
        "",
        f"| role | | {' | '.join(REACH)} |",
        "| --- | --- |" + " --- |" * len(REACH),
    ]
    for role, label in policy.roles.items():
        marks = " | ".join("x" if each in policy.reach[role] else "" for each in REACH)
        lines.append(f"| {role} | {label} | {marks} |")
    for role, label in policy.roles.items():
        lines += ["", f"## {label}", "", f"| | {' | '.join(RELATIONS)} |", "| --- |" + " --- |" * len(RELATIONS)]
        for entity in BY_NAME:
            cells = [
                "".join(letter for operation, letter in _LETTERS.items() if policy.may(role, each, entity, operation))
                for each in RELATIONS
            ]
            if any(cells):
                lines.append(f"| {entity} | {' | '.join(cells)} |")
    lines += ["", "## Fields with rights of their own", "", "| field | read by | written by |", "| --- | --- | --- |"]
    for entity, name in sorted({*policy.readers, *policy.writers}):
        lines.append(
            f"| {entity}.{name} | {_who(policy, policy.readers.get((entity, name)))} "
            f"| {_who(policy, policy.writers.get((entity, name)))} |"
        )
    lines += ["", "## Of a record nothing but", "", "| role | kind | fields |", "| --- | --- | --- |"]
    lines += [
        f"| {role} | {entity} | {', '.join(sorted(names))} |" for (role, entity), names in sorted(policy.only.items())
    ]
    return "\n".join(lines) + "\n"


def _who(policy: Policy, pairs: frozenset[tuple[str, str]] | None) -> str:
    if pairs is None:
        return "whoever reads the record"
    told = []
    for role in policy.roles:
        relations = [each for each in RELATIONS if (role, each) in pairs]
        if relations:
            told.append(role if len(relations) == len(RELATIONS) else f"{role} ({', '.join(relations)})")
    return ", ".join(told) or "nobody"


def current() -> str:
    """The document of the policy as it is."""
    return table(Policy.read((resources() / "policy.toml").read_text("utf-8")))


def main() -> int:
    """Writes the document."""
    PLACE.write_text(current(), "utf-8")
    print(f"{PLACE.name} written", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
