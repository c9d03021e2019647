"""The first connect: what both sides have is matched; one creation waits for each record left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.change import Action, Change, is_empty
from kam_desktop.domain.entities import BY_NAME, ENTITIES, LOCAL_PERSON_ID
from kam_desktop.domain.entity import Entity
from kam_desktop.domain.text import phone_digits
from kam_desktop.protocol.codec import to_json
from kam_desktop.store import open_amounts, outbox, search
from kam_desktop.store.landing import Row, wire_of_column
from kam_desktop.store.shown_rows import rows_of
from kam_desktop.store.sync_tables import conflict
from kam_desktop.store.tables import RECORDS

_CHUNK = 500
_TOGETHER = {"invoice_line": "invoice", "instalment": "invoice", "proposal_line": "version"}
"""Records that travel in the group of the one they belong to (sync protocol, rule 9)."""

Conflicting = Callable[[str], str]
"""Makes the id of a conflict record from what it is about, so that a second try makes the same."""


@dataclass(frozen=True, slots=True)
class Match:
    """An account of this laptop and one of the server with the same tax code."""

    here: str
    there: str
    name: str
    tax_code: str


def keep_differing(connection: sa.Connection, answer: Mapping[str, Any], name: Conflicting, at: str) -> None:
    """Before a page is written over records of the same id that were made here: their own values are kept."""
    for part in answer["parts"]:
        entity = BY_NAME[part["entity"]]
        mine = _local(connection, entity, part["id"])
        for row in rows_of(part) if mine else ():
            if row["id"] in mine:
                _keep(connection, entity, row["id"], mine[row["id"]], row, name, at)


def _local(connection: sa.Connection, entity: Entity, ids: Sequence[str]) -> dict[str, Row]:
    """Rows that the server never had, of these ids."""
    table, found = RECORDS[entity.name], {}
    if connection.execute(sa.select(table.c.n).where(table.c["_seq"].is_(None)).limit(1)).first() is None:
        return {}
    for start in range(0, len(ids), _CHUNK):
        statement = sa.select(table).where(table.c.id.in_(ids[start : start + _CHUNK]), table.c["_seq"].is_(None))
        found.update({row["id"]: dict(row) for row in connection.execute(statement).mappings()})
    return found


def _keep(
    connection: sa.Connection, entity: Entity, record: str, mine: Row, theirs: Row, name: Conflicting, at: str
) -> None:
    differing = {}
    for each in entity.fields:
        own, stands = (wire_of_column(each, row[each.name]) for row in (mine, theirs))
        if own != stands and not is_empty(own) and own != LOCAL_PERSON_ID:  # who becomes the signed-in user
            differing[each.name] = {"stands": stands, "other": own}
    if differing:
        connection.execute(
            sa.insert(conflict).prefix_with("or ignore").values(
                id=name(record), entity=entity.name, record=record, fields=to_json(differing), stands_by="",
                other_by="", at=at, state="open",
            )
        )  # fmt: skip


def matches(connection: sa.Connection) -> list[Match]:
    """Accounts of this laptop whose tax code, exactly, an account of the server has too."""
    rows = connection.exec_driver_sql(
        "select h.id, t.id, h.name, h.tax_code from account h join account t on t.tax_code = h.tax_code "
        "where h._seq is null and t._seq is not null and h.tax_code <> '' and t.merged_into is null "
        "order by h._sort, h.id"
    ).all()
    return list({row[0]: Match(*row) for row in rows}.values())


def link_person(connection: sa.Connection, person: str) -> None:
    """The local person becomes the signed-in user: everything made here is theirs."""
    if person != LOCAL_PERSON_ID:
        _repoint(connection, "person", {LOCAL_PERSON_ID: person})
        _take_away(connection, "person", [LOCAL_PERSON_ID])


def link(connection: sa.Connection, found: Sequence[Match], name: Conflicting, at: str) -> None:
    """Makes one account of each pair, the server's, and of contacts of the same phone or e-mail under it.

    What hangs on this laptop's account hangs on the server's from now on; differing values are kept as conflicts.
    """
    accounts = {each.here: each.there for each in found}
    _merge(connection, "account", accounts, name, at)
    contacts: dict[str, str] = {}
    for there in dict.fromkeys(accounts.values()):
        contacts |= _same_contacts(connection, there)
    _merge(connection, "contact", contacts, name, at)


def _same_contacts(connection: sa.Connection, account: str) -> dict[str, str]:
    table = RECORDS["contact"]
    rows = [dict(row) for row in connection.execute(sa.select(table).where(table.c.account == account)).mappings()]
    known: dict[str, str] = {}
    for row in rows:
        if row["_seq"] is not None:
            known |= dict.fromkeys(_ways(row), row["id"])
    return {row["id"]: known[key] for row in rows if row["_seq"] is None for key in _ways(row) if key in known}


def _ways(row: Row) -> set[str]:
    fields = {each.name: each for each in BY_NAME["contact"].fields}
    phones = (phone_digits(each) for each in wire_of_column(fields["phones"], row["phones"]))
    emails = (each.strip().lower() for each in wire_of_column(fields["emails"], row["emails"]))
    return {each for each in (*phones, *emails) if each}


def _merge(
    connection: sa.Connection, entity: str, pairs: Mapping[str, str], name: Conflicting, at: str
) -> None:  # fmt: skip
    if not pairs:
        return
    described, table = BY_NAME[entity], RECORDS[entity]
    mine = _local(connection, described, list(pairs))
    for here, there in pairs.items():
        theirs = connection.execute(sa.select(table).where(table.c.id == there)).mappings().one_or_none()
        if here in mine and theirs is not None:
            _keep(connection, described, there, mine[here], dict(theirs), name, at)
    _repoint(connection, entity, pairs)
    _take_away(connection, entity, list(pairs))


def _repoint(connection: sa.Connection, entity: str, pairs: Mapping[str, str]) -> None:
    """References of records that the server never had."""
    for record in ENTITIES:
        for each in record.entity.fields:
            if each.to == entity:
                connection.exec_driver_sql(
                    f'update "{record.entity.name}" set "{each.name}" = ? '  # noqa: S608 — names of our own metadata
                    f'where "{each.name}" = ? and _seq is null',
                    [(there, here) for here, there in pairs.items()],
                )


def _take_away(connection: sa.Connection, entity: str, ids: Sequence[str]) -> None:
    search.drop(connection, ids)
    connection.exec_driver_sql(
        f'delete from "{entity}" where id = ? and _seq is null',  # noqa: S608 — a name of our own metadata
        [(each,) for each in ids],
    )


def enqueue(
    connection: sa.Connection,
    author: str,
    at: str,
    group: Callable[[], str],
    fields_of: Callable[[str, Row], Iterable[str] | None],
) -> tuple[int, list[Change]]:
    """Puts one creation for each record that the server lacks into the outbox, parents first.

    Args:
        fields_of: by entity and row the fields that the user may write, None where they may not create it at all.

    Gives how many wait now, and what does not travel: whole records, or of a record the fields that stay behind.
    """
    groups: dict[str, str] = {}
    places: dict[str, int] = {}
    left: list[Change] = []
    count = 0
    for record in ENTITIES:
        entity = record.entity
        table = RECORDS[entity.name]
        rows = connection.execute(sa.select(table).where(table.c["_seq"].is_(None)).order_by(table.c.n)).mappings()
        made: list[Change] = []
        for raw in rows.all():
            row = dict(raw)
            key = row.get(_TOGETHER.get(entity.name, "")) or row["id"]
            name = groups.get(key) or groups.setdefault(row["id"] if key == row["id"] else key, group())
            wire = {each.name: wire_of_column(each, row[each.name]) for each in entity.fields}
            wire = {
                each.name: wire[each.name]
                for each in entity.fields
                if not is_empty(wire[each.name]) or not is_empty(each.default)
            }
            allowed = fields_of(entity.name, row)
            if allowed is None:
                left.append(Change(group(), 0, entity.name, row["id"], Action.CREATE, {}, wire, author, at))
                continue
            sent = {field: value for field, value in wire.items() if field in set(allowed)}
            if len(sent) < len(wire):
                behind = {field: value for field, value in wire.items() if field not in sent}
                left.append(Change(group(), 0, entity.name, row["id"], Action.UPDATE, {}, behind, author, at))
            place = places[name] = places.get(name, -1) + 1
            made.append(Change(name, place, entity.name, row["id"], Action.CREATE, {}, sent, author, at))
        if made:
            outbox.put(connection, made)
            count += len(made)
    return count, left


def rebuild(connection: sa.Connection, linked: bool) -> None:
    """What is computed from records, anew after the download; what finds duplicates too where accounts became one."""
    open_amounts.rebuild(connection, keys=linked)
