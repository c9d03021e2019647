"""Erases a person: out of rows, log, verdicts and conflicts; the chain of the log still holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.ids import Ids
from kam_desktop.language import N_
from kam_desktop.protocol.log_chain import ERASE
from kam_desktop.protocol.messages import ERASED_AT
from kam_desktop.server import change_log, feed, tables
from kam_desktop.server.database import NEWS, Connection
from kam_desktop.server.roots import Roots, conflicts_of
from kam_desktop.server.state import as_json, field_seq_json
from kam_desktop.server.values import DEFAULTS, FIELDS, sort_of

NAME = "Đã xóa · Erased"
"""Stands where a name must stand."""
OF_A_PERSON: Mapping[str, frozenset[str]] = {
    "contact": frozenset(
        ("full_name", "honorific", "position", "phones", "emails", "zalo", "language", "birthday", "internal_note")
    ),
    "person": frozenset(("full_name", "position", "email", "phone")),
}
"""What tells of the person. A colleague's code stays: it stands in the numbers of papers that went out."""
SERVER = "server"
"""The author of what an administrator does on the server's own database."""
SHORTEST = 6
"""A name or number of so many signs is looked for elsewhere; shorter ones stand in everything."""
_TEXT = (Kind.TEXT, Kind.NOTE, Kind.TEXTS)
_POINTING = [
    (entity, each.name)
    for entity, fields in FIELDS.items()
    for each in fields.values()
    if each.kind is Kind.REF and each.to == "contact"
]


@dataclass(frozen=True)
class Erased:
    """What was done.

    Attributes:
        records: (kind, id) whose values went, the person first. payloads: entries of the log that were blanked.
        mentions: (kind, id) of other records in which a name, number or address of the person still stands.
    """

    records: list[tuple[str, str]]
    payloads: int
    verdicts: int
    mentions: list[tuple[str, str]]


def erase(connection: Connection, identity: str, *, clock: Clock, ids: Ids, talks: bool = False) -> Erased:
    """Erases a contact of a customer, or a colleague who is no user any more. Cannot be taken back.

    `talks`: also the words of what was written down with this contact: talks, occasions, promises, reminders.
    Laptops are told by the next pull, and forget what they kept of it: history, journal, index. Raises Refused.
    """
    entity = _found(connection, identity)
    records = [(entity, identity)]
    if talks and entity == "contact":
        for kind, field in _POINTING:
            found = connection.rows(f'select id from "{kind}" where "{field}" = ? order by id', (identity,))  # noqa: S608
            records += [(kind, row[0]) for row in found]
    at = moment_text(clock.now())
    needles = _needles(connection, entity, identity)
    taken = connection.one("update workspace set seq = seq + ? returning seq, hash", (len(records),)) or (0, "")
    first = int(taken[0]) - len(records) + 1
    entries, roots, payloads, groups = change_log.Entries(), Roots(connection), 0, set[str]()
    name = ids.random()
    for place, (kind, each) in enumerate(records):
        _blank_row(connection, kind, each, first + place, at)
        _enter(connection, roots, kind, each, first + place)
        blanked, known = _blank_log(connection, kind, each)
        payloads, groups = payloads + len(blanked), groups | known
        said = orjson.dumps({"erased": blanked})
        entries.add(first + place, name, place, kind, each, ERASE, None, said, SERVER, 0, at)
    verdicts = _blank_verdicts(connection, groups, needles)
    _blank_recovered(connection, {each for _, each in records})
    if entity == "person":
        _close_account(connection, identity)
    chain = change_log.append(connection, bytes.fromhex(taken[1]), at, entries)
    connection.run("update workspace set hash = ?", (chain.hex(),))
    connection.tell(NEWS)
    return Erased(records, payloads, verdicts, _mentions(connection, needles, set(records)))


def _found(connection: Connection, identity: str) -> str:
    for entity in OF_A_PERSON:
        lock = connection.for_update
        if connection.one(f'select 1 from "{entity}" where id = ?{lock}', (identity,)) is None:  # noqa: S608
            continue
        used = connection.one("select disabled from user_account where id = ?", (identity,))
        if used is not None and not used[0]:
            raise Refused(Problem("person", "still_a_user", N_("This person is still a user; disable the user first.")))
        return entity
    raise Refused(Problem("person", "unknown_person", N_("There is no contact and no colleague with this id.")))


def _needles(connection: Connection, entity: str, identity: str) -> list[str]:
    """Names, numbers and addresses that the person has or ever had here."""
    names = OF_A_PERSON[entity] - {"honorific", "language", "birthday", "position", "internal_note"}
    columns = ", ".join(f'"{name}"' for name in sorted(names))
    found = connection.rows(f'select {columns} from "{entity}" where id = ?', (identity,))  # noqa: S608
    words = {str(value) for row in found for value in row if value}
    for old, new in connection.rows(
        "select old, new from change_log where entity = ? and record = ?", (entity, identity)
    ):
        for text in (old, new):
            values = orjson.loads(text) if text else {}
            words.update(as_json(value) if isinstance(value, list) else str(value)
                         for name, value in values.items() if name in names and value)  # fmt: skip
    single: set[str] = set()
    for word in words:
        single.update(orjson.loads(word) if word.startswith("[") else [word])
    return sorted(each for each in single if len(each) >= SHORTEST and each != NAME)


def _blank_row(connection: Connection, entity: str, identity: str, seq: int, at: str) -> None:
    fields, own = FIELDS[entity], OF_A_PERSON.get(entity)
    going = [name for name in fields if (name in own if own is not None else fields[name].kind in _TEXT)]
    values = {name: DEFAULTS[entity][name] for name in going}
    values |= {name: NAME for name in going if fields[name].required}
    names = list(fields)
    columns = ", ".join(f'"{name}"' for name in names)
    row = connection.one(f'select _field_seq, {columns} from "{entity}" where id = ?', (identity,))  # noqa: S608
    if row is None:
        return
    later = {name: (int(s), str(d)) for name, (s, d) in (orjson.loads(row[0]) if row[0] else {}).items()}
    later.update((name, (seq, "0")) for name in going)
    now = {**dict(zip(names, row[1:], strict=True)), **values}
    title = sort_of(BY_NAME[entity], identity, now)
    setting = "".join(f'"{name}" = ?, ' for name in going)
    connection.run(
        f'update "{entity}" set {setting}_sort = ?, _extra = ?, _seq = ?, _field_seq = ?, _changed_by = ?, '  # noqa: S608
        "_changed_at = ? where id = ?",
        (*(values[name] for name in going), title, as_json({ERASED_AT: at}), seq, field_seq_json(later),
         SERVER, at, identity),
    )  # fmt: skip


def _enter(connection: Connection, roots: Roots, entity: str, identity: str, seq: int) -> None:
    """Has the row, and its conflict records without their values, pulled anew by everybody who sees it."""
    kept = conflicts_of(connection, [identity])
    connection.many(
        "update conflict set theirs = '{}', mine = '{}', seq = ?, resolved = coalesce(resolved, ?) where id = ?",
        [(seq, seq, each) for each in kept],
    )
    root = roots.of(entity, identity)
    if root is None:
        return
    numbers = feed.numbers(connection, roots.scopes({root})[root])
    keys = [(each, tables.CONFLICT) for each in kept]
    if (entity, identity) not in roots.deleted:
        keys.append((identity, entity))
    feed.write(connection, [(each, kind, number, seq, feed.PUT) for number in numbers.values() for each, kind in keys])
    feed.raise_scopes(connection, dict.fromkeys(numbers.values(), seq))


def _blank_log(connection: Connection, entity: str, identity: str) -> tuple[list[int], set[str]]:
    """Takes the payloads of a record's entries, and their salts: their numbers, and the groups that they came in."""
    found = connection.rows(
        "select seq, group_id from change_log where entity = ? and record = ? and action <> ? "
        "and (salt is not null or new is not null) order by seq",
        (entity, identity, ERASE),
    )
    statement = "update change_log set old = null, new = null, salt = null where seq = ?"
    connection.many(statement, [(row[0],) for row in found])
    return [int(row[0]) for row in found], {row[1] for row in found}


def _blank_verdicts(connection: Connection, groups: set[str], needles: Sequence[str]) -> int:
    """Verdicts keep what became of a group, not what it said: neither its values nor a hash that could be tried out."""
    going = set(groups)
    for name, text in connection.rows("select group_id, verdict from group_applied where verdict is not null"):
        if name in groups or any(each in text for each in needles):
            going.add(name)
            kind, detail = orjson.loads(text)
            problem = {**detail.get("problem", {}), "args": {}} if "problem" in detail else None
            left = as_json([kind, {"problem": problem} if problem else {}])
            connection.run("update group_applied set verdict = ? where group_id = ?", (left, name))
    connection.many("update group_applied set payload_hash = ? where group_id = ?", [(b"", each) for each in going])
    return len(going)


def _blank_recovered(connection: Connection, records: set[str]) -> None:
    for name, text in connection.rows("select group_id, changes from recovered"):
        told = orjson.loads(text)
        if any(each["id"] in records for each in told):
            left = as_json([each if each["id"] not in records else {**each, "new": {}} for each in told])
            connection.run("update recovered set changes = ? where group_id = ?", (left, name))


def _close_account(connection: Connection, identity: str) -> None:
    """What a colleague signed in with; the row stays, because rows and log name its id."""
    found = connection.one("select name from user_account where id = ?", (identity,))
    if found is None:
        return
    connection.run("delete from sign_in_failure where name = ?", (found[0],))
    statement = "update user_account set name = ?, password = null, disabled = 1 where id = ?"
    connection.run(statement, (f"erased-{identity[-12:]}", identity))


def _mentions(connection: Connection, needles: Sequence[str], done: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Living records in whose words one of these stands."""
    found = set()
    for entity, fields in FIELDS.items():
        names = [name for name, each in fields.items() if each.kind in _TEXT]
        if not names or not needles:
            continue
        words = " || ' ' || ".join(f"coalesce(\"{name}\", '')" for name in names)
        place = "strpos" if connection.postgresql else "instr"
        for needle in needles:
            rows = connection.rows(f'select id from "{entity}" where {place}({words}, ?) > 0', (needle,))  # noqa: S608
            found |= {(entity, row[0]) for row in rows}
    return sorted(found - done)
