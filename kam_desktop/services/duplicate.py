"""The same customer twice: who may be meant, and two accounts made one with all they hold."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kam_desktop.domain.entities import BY_NAME, ENTITIES, Account, Contact
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.text import fold, phone_digits, tokens
from kam_desktop.services import records
from kam_desktop.store.account_keys import EMAIL, NAME, PHONE, TAX_CODE
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork

DISMISSED = "duplicates.dismissed"
"""The preference that holds the pairs that are two customers after all."""
NEVER_MERGED = ("merged_into", "archived")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two accounts that may be one customer.

    Attributes:
        keep: the one with more hanging on it (then the older one); `lose`: the other.
        reasons: of "tax_code", "name", "phone", "email": what they have in common.
        keep_count, lose_count: how many records hang on each.
    """

    keep: Account
    lose: Account
    reasons: tuple[str, ...]
    keep_count: int
    lose_count: int


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One field in which the two differ; `suggested` is the value that the merged account would take."""

    name: str
    kept: Any
    lost: Any
    suggested: Any


SUREST = (TAX_CODE, NAME, PHONE, EMAIL)
_PART = 200
# The accounts of the next keys that several have in common, with their tax codes; by the cache (store/account_keys.py).
_SHARED = """
select s.key, k.account, trim(coalesce(a.tax_code, ''))
from (select kind, key from cache_shared_key where kind = :kind and key > :after order by key limit :part) s
cross join cache_account_key k on k.kind = s.kind and k.key = s.key
cross join account a on a.id = k.account order by 1, 2
"""
_KEYS = """
select k.account, k.kind, k.key from cache_account_key k cross join cache_shared_key s
on s.kind = k.kind and s.key = k.key where k.account in (select value from json_each(:ids))
"""


def pairs(reader: Reader, limit: int = 200) -> list[Pair]:
    """Accounts that may be the same customer, the surest first; pairs that were told apart are left out.

    Two archived accounts are no pair, and firms with two different tax codes only by the same telephone or e-mail. Of
    each reason no more than `limit` pairs are looked at, so that a list of thousands costs no more than a short one.
    """
    dismissed = _dismissed(reader)
    chosen: dict[tuple[str, str], bool] = {}
    for kind in SUREST:
        chosen.update(itertools.islice(_shared(reader, kind, dismissed), limit))
    keys: dict[str, set[tuple[str, str]]] = {}
    for identity, kind, key in reader.sql(
        _KEYS, {"ids": json.dumps(sorted({each for pair in chosen for each in pair}))}
    ):
        keys.setdefault(identity, set()).add((kind, key))
    found: list[tuple[int, int, tuple[str, str], tuple[str, ...]]] = []
    for pair, apart in chosen.items():
        common = {kind for kind, _ in keys[pair[0]] & keys[pair[1]]}
        reasons = tuple(kind for kind in SUREST if kind in common and not (apart and kind == NAME))
        found.append((SUREST.index(reasons[0]), -len(reasons), pair, reasons))
    found = sorted(found)[:limit]
    accounts = reader.many(Account, {each for _, _, pair, _ in found for each in pair})
    counts = _hanging(reader, accounts)
    made = []
    for _, _, both, reasons in found:
        keep, lose = sorted((accounts[each] for each in both), key=lambda each: (-counts[each.id], each.id))
        made.append(Pair(keep, lose, reasons, counts[keep.id], counts[lose.id]))
    return made


def _shared(reader: Reader, kind: str, dismissed: set[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], bool]]:
    """The pairs with a key of that kind in common, key by key, and whether they have two different tax codes."""
    after: str | None = ""
    while after is not None:
        values = {"kind": kind, "after": after, "part": _PART}
        after = None
        for key, rows in itertools.groupby(reader.sql(_SHARED, values), key=lambda row: row[0]):
            after = key
            for (_, one, code), (_, other, other_code) in itertools.combinations(rows, 2):
                apart = bool(code and other_code) and code != other_code
                if (one, other) not in dismissed and not (apart and kind == NAME):
                    yield (one, other), apart


def dismiss(uow: UnitOfWork, one: str, other: str) -> None:
    """Says that two accounts are two customers: they are not offered again."""
    kept = _dismissed(uow) | {(min(one, other), max(one, other))}
    uow.set_preference(DISMISSED, json.dumps(sorted(kept)))


def offer_again(uow: UnitOfWork, one: str, other: str) -> None:
    """Takes back `dismiss`: the two are offered as possible duplicates again."""
    kept = _dismissed(uow) - {(min(one, other), max(one, other))}
    uow.set_preference(DISMISSED, json.dumps(sorted(kept)))


def _dismissed(reader: Reader) -> set[tuple[str, str]]:
    text = reader.preferences().get(DISMISSED, "")
    return {(one, other) for one, other in json.loads(text)} if text else set()


def hanging(reader: Reader, account: str) -> int:
    """How many records refer to an account."""
    return _hanging(reader, [account])[account]


_COUNT = "select {field}, count(*) from {entity} where {field} in (select value from json_each(:ids)) group by 1"


def _hanging(reader: Reader, accounts: Iterable[str]) -> dict[str, int]:
    found = dict.fromkeys(accounts, 0)
    ids = json.dumps(list(found))
    for entity, field in _REFERENCES:
        # entity and field names are ours, from the list of entities
        statement = _COUNT.format(entity=entity, field=field)
        for account, count in reader.sql(statement, {"ids": ids}):
            found[account] += count
    return found


_REFERENCES = tuple(
    (record.entity.name, each.name)
    for record in ENTITIES
    for each in record.entity.fields
    if each.kind is Kind.REF and each.to == "account" and each.name != "merged_into"
)


def _referring(reader: Reader, account: str) -> Iterable[tuple[str, str, list[str]]]:
    for entity, field in _REFERENCES:
        statement = f"select id from {entity} where {field} = :account"  # noqa: S608 - names of ours
        ids = [row[0] for row in reader.sql(statement, {"account": account})]
        if ids:
            yield entity, field, ids


def choices(reader: Reader, keep_id: str, lose_id: str) -> list[FieldChoice]:
    """The fields in which two accounts differ, and what the merged one would hold: what is filled, the kept one's
    word first; tags and notes of both. Raises Refused `missing`."""
    keep, lose = (records.get(reader, Account, each) for each in (keep_id, lose_id))
    found = []
    for each in Account.entity.fields:
        kept, lost = getattr(keep, each.name), getattr(lose, each.name)
        if kept == lost or each.name in NEVER_MERGED or (each.name == "parent" and lost == keep.id):
            continue
        suggested = kept or lost
        if each.kind is Kind.TEXTS:
            suggested = tuple(dict.fromkeys((*kept, *lost)))
        elif each.kind is Kind.NOTE and kept and lost:
            suggested = f"{kept}\n\n{lost}"
        elif each.name == "currency" and not _has_money(reader, keep_id) and _has_money(reader, lose_id):
            suggested = lost
        found.append(FieldChoice(each.name, kept, lost, suggested))
    return found


def _has_money(reader: Reader, account: str) -> bool:
    statement = "select 1 from invoice where account = :account limit 1"
    return bool(reader.sql(statement, {"account": account}))


def merge(uow: UnitOfWork, keep_id: str, lose_id: str, values: Mapping[str, Any] | None = None) -> Account:
    """Makes two accounts one: everything that hangs on `lose_id` hangs on `keep_id`, which takes `values`.

    The other one is archived and says whose it is now. Contacts of both with the same name and a telephone or e-mail
    in common become one. One undo step takes all of it back. `values` are those of `choices` when not given.
    Raises Refused: `missing`, `same_account`, `merged_already`, `in_a_circle` (one is the other's parent's child).
    """
    keep, lose = (records.get(uow, Account, each) for each in (keep_id, lose_id))
    if keep_id == lose_id:
        raise Refused(Problem("account", "same_account", "Choose two different accounts."))
    if lose.merged_into or keep.merged_into:
        raise Refused(Problem("account", "merged_already", "One of them is part of another account already."))
    if values is None:
        values = {each.name: each.suggested for each in choices(uow, keep_id, lose_id)}
    wrong = [name for name in values if name in NEVER_MERGED or name not in Account.entity.names]
    if wrong:
        raise Refused(Problem(wrong[0], "unknown_field", "This field cannot be chosen."))
    taken: dict[str, Any] = dict(values)
    if taken.get("parent", keep.parent) in (keep_id, lose_id):
        taken["parent"] = ""
    uow.put(records.cleaned(dataclasses.replace(keep, **taken)))
    for entity, field, ids in list(_referring(uow, lose_id)):
        for place in range(0, len(ids), 500):
            uow.new_group()
            for identity in ids[place : place + 500]:
                if (entity, identity) != ("account", keep_id):
                    uow.rehang(BY_NAME[entity].record, identity, field, keep_id)
    uow.new_group()
    _join_contacts(uow, (keep_id, lose_id))
    archived = dataclasses.replace(lose, archived=True, merged_into=keep_id)
    uow.put(archived)
    return records.get(uow, Account, keep_id)


def _join_contacts(uow: UnitOfWork, accounts: tuple[str, str]) -> None:
    """Contacts who are one person: the first keeps both ways to reach them; records point to the first."""
    statement = "select id from contact where account = :account"
    # the statement sees what was there before this edit, `many` what the edit made of it
    rank = {row[0]: at for at, each in enumerate(accounts) for row in uow.sql(statement, {"account": each})}
    people = uow.many(Contact, rank)
    mains = 0
    first: dict[str, list[Contact]] = {}
    for person in sorted(people.values(), key=lambda each: (rank[each.id], not each.main, each.id)):
        known = first.setdefault(" ".join(tokens(person.full_name)), [])
        twin = next((each for each in known if _same_person(each, person)), None)
        if twin is None:
            if person.main and mains:
                person = dataclasses.replace(person, main=False)
                uow.put(person)
            mains += person.main
            known.append(person)
            continue
        joined = dataclasses.replace(
            twin,
            phones=tuple(dict.fromkeys((*twin.phones, *person.phones))),
            emails=tuple(dict.fromkeys((*twin.emails, *person.emails))),
            **{name: getattr(person, name) for name in _FILLED if not getattr(twin, name) and getattr(person, name)},
        )
        uow.put(joined)
        known[known.index(twin)] = joined
        for record in ENTITIES:
            for each in record.entity.fields:
                if each.kind is Kind.REF and each.to == "contact":
                    statement = f"select id from {record.entity.name} where {each.name} = :contact"  # noqa: S608
                    for row in uow.sql(statement, {"contact": person.id}):
                        uow.rehang(record, row[0], each.name, joined.id)
        uow.delete(Contact, person.id)


_FILLED = ("honorific", "position", "zalo", "language", "birthday", "internal_note")


def _same_person(one: Contact, other: Contact) -> bool:
    phones = {phone_digits(each) for each in one.phones} & {phone_digits(each) for each in other.phones}
    emails = {fold(each) for each in one.emails} & {fold(each) for each in other.emails}
    return bool(phones or emails)
