"""Searching over everything: hits with a title, a second line and what they hang on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kam_desktop.domain.entities import BY_NAME, Account
from kam_desktop.domain.entity import Record
from kam_desktop.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Found:
    """One record that was found.

    Attributes:
        field, value: where the text was found, and what stands there; "" when it is the title.
        account, account_name: whose it is; the account itself has its own id here.
        open_entity, open_id: the record whose page shows it (a line's version, a contact's account).
    """

    entity: str
    id: str
    title: str
    field: str
    value: str
    account: str
    account_name: str
    open_entity: str
    open_id: str


def find(reader: Reader, text: str, limit: int = 50, entities: Sequence[str] = ()) -> list[Found]:
    """Records that hold the text, with accents or without; those with the typed accents first."""
    hits = reader.find(text, limit, entities)
    found: dict[tuple[str, str], Record] = {}
    by_entity: dict[str, list[str]] = {}
    for hit in hits:
        by_entity.setdefault(hit.entity, []).append(hit.id)
    for name, ids in by_entity.items():
        found.update({(name, key): record for key, record in reader.many(BY_NAME[name].record, ids).items()})
    owners = {key: _owner(reader, record) for key, record in found.items()}
    names = reader.many(Account, {account for account, _, _ in owners.values() if account})
    answer = []
    for hit in hits:
        record = found.get((hit.entity, hit.id))
        if record is None:
            continue
        account, open_entity, open_id = owners[hit.entity, hit.id]
        answer.append(
            Found(
                entity=hit.entity,
                id=hit.id,
                title=hit.title,
                field=hit.field,
                value="" if hit.field == BY_NAME[hit.entity].title else _said(getattr(record, hit.field)),
                account=account,
                account_name=names[account].name if account in names else "",
                open_entity=open_entity,
                open_id=open_id,
            )
        )
    return answer


def place_of(reader: Reader, entity: str, identity: str) -> list[tuple[str, str]]:
    """Where a record can be looked at: (entity, id) of itself, of what it is a part of, of its account at last.

    Empty for a record that is not here.
    """
    record = reader.get(BY_NAME[entity].record, identity)
    if record is None:
        return []
    account, *opened = _owner(reader, record)
    found = [(entity, identity), (opened[0], opened[1]), ("account", account)]
    return [each for each in dict.fromkeys(found) if each[1]]


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")


def _owner(reader: Reader, record: Record) -> tuple[str, str, str]:
    """(account, entity, id) of the record that a record hangs on, found by its owning references."""
    entity = type(record).entity
    at: Record | None = record
    opened = (entity.name, record.id)
    for _ in range(4):  # line, version, proposal, account
        if at is None:
            break
        described = type(at).entity
        if described.name == "account":
            return at.id, *opened
        account = getattr(at, "account", "")
        if account:
            return account, *opened
        parent = next((each for each in described.fields if each.owns and getattr(at, each.name)), None)
        at = reader.get(BY_NAME[parent.to].record, getattr(at, parent.name)) if parent else None
        if at is not None:
            opened = (type(at).entity.name, at.id)
    return "", *opened
