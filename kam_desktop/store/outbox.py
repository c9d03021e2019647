"""Changes that wait for the server: how they get in, leave in groups, what they lay over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from kam_desktop.domain.change import Action, Change
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.protocol.codec import encode_change, to_json
from kam_desktop.store.sync_tables import base
from kam_desktop.store.tables import RECORDS, outbox

GROUP_CHANGES = 1000
GROUP_BYTES = 1 << 20
"""A group is all or nothing on the wire, so it has a size (sync protocol, rule 9)."""
PUSH_CHANGES = 5000
PUSH_BYTES = 4 << 20
"""What one push carries at most (sync protocol, section 2)."""
_CHUNK = 500
_OWN = ("n", "_field_seq")


class Waiting(NamedTuple):
    """One waiting change as it is sent.

    Attributes:
        base: the sequence number of the row that its author saw, 0 for one that was made here.
        old: what the author saw; it stays here.
        sort: of a creation the order of its title as the table keeps it, None where the title is another by now.
    """

    n: int
    group: str
    place: int
    entity: str
    record: str
    action: str
    base: int
    old: dict[str, Any]
    new: dict[str, Any]
    written_at: str
    sort: str | None = None


def seqs(connection: sa.Connection, entity: str, ids: Sequence[str]) -> dict[str, int]:
    """The server's sequence numbers of records, as far as the server has them."""
    table, found = RECORDS[entity], {}
    for start in range(0, len(ids), _CHUNK):
        rows = connection.execute(
            sa.select(table.c.id, table.c["_seq"]).where(
                table.c.id.in_(ids[start : start + _CHUNK]), table.c["_seq"].is_not(None)
            )
        )
        found.update({row[0]: row[1] for row in rows})
    return found


def of_the_server(connection: sa.Connection, changes: Sequence[Change]) -> list[Change]:
    """Those of the changes that are to records which came from the server."""
    by_entity: dict[str, list[str]] = {}
    for change in changes:
        by_entity.setdefault(change.entity, []).append(change.record)
    known = {name for entity, ids in by_entity.items() for name in seqs(connection, entity, ids)}
    return [each for each in changes if each.record in known]


def after_creations(connection: sa.Connection, before: int) -> None:
    """What waited up to this place is sent after everything that was put there since."""
    newest = last(connection)
    connection.execute(sa.update(outbox).where(outbox.c.n <= before).values(n=outbox.c.n + newest))


def put(connection: sa.Connection, changes: Sequence[Change]) -> None:
    """Puts changes into the outbox, before their rows are written: what the server has is kept as their base.

    Raises Refused for a group that is too large to travel.
    """
    if not changes:
        return
    by_entity: dict[str, list[str]] = {}
    for change in changes:
        if change.action is not Action.CREATE:
            by_entity.setdefault(change.entity, []).append(change.record)
    known: dict[str, int] = {}
    for entity, ids in by_entity.items():
        known |= seqs(connection, entity, ids)
        _keep_base(connection, entity, [each for each in ids if each in known])
    rows: list[dict[str, Any]] = [
        {
            "group_id": each.group,
            "place": each.place,
            "entity": each.entity,
            "record": each.record,
            "base": known.get(each.record, 0),
            "payload": to_json(encode_change(each)).encode(),
        }
        for each in changes
    ]
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row["group_id"]] = sizes.get(row["group_id"], 0) + len(row["payload"])
    if max(sizes.values()) > GROUP_BYTES:
        raise Refused(Problem("", "group_too_large", "This is too much for one change; do it in smaller parts."))
    connection.execute(sa.insert(outbox), rows)


def _keep_base(connection: sa.Connection, entity: str, ids: Sequence[str]) -> None:
    """Keeps the server's row of records that had nothing waiting until now."""
    table = RECORDS[entity]
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        waiting = set(connection.execute(sa.select(base.c.record).where(base.c.record.in_(part))).scalars())
        rows = connection.execute(
            sa.select(table).where(table.c.id.in_([each for each in part if each not in waiting]))
        )
        kept = [
            {"entity": entity, "record": row["id"], "seq": row["_seq"], "row": packed(row)} for row in rows.mappings()
        ]
        if kept:
            connection.execute(sa.insert(base), kept)


def packed(row: Any) -> str:
    """A row's columns as JSON, without what is the laptop's own."""
    return to_json({name: value for name, value in row.items() if name not in _OWN})


def last(connection: sa.Connection) -> int:
    """The place of the newest waiting change, 0 for none."""
    return int(connection.execute(sa.select(sa.func.max(outbox.c.n))).scalar() or 0)


def count(connection: sa.Connection) -> int:
    """How many changes wait."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(outbox)).scalar_one())


def waiting(
    connection: sa.Connection,
    most_changes: int = PUSH_CHANGES,
    most_bytes: int = PUSH_BYTES,
    upto: int | None = None,
) -> list[list[Waiting]]:
    """The oldest waiting groups, whole, as many as one push carries; at least one where any waits.

    Args:
        upto: only groups that begin at this place at the latest.
    """
    found = connection.exec_driver_sql(_OLDEST, (most_changes,)).all()
    if not found:
        return []
    by_name: dict[str, list[Any]] = {}
    for row in found:
        if row[_GROUP] not in by_name and upto is not None and row[_N] > upto:
            break
        by_name.setdefault(row[_GROUP], []).append(row)
    if len(found) == most_changes:  # a group may go on behind what was read
        for row in connection.exec_driver_sql(_REST, (to_json(list(by_name)), found[-1][_N])):
            by_name[row[_GROUP]].append(row)
    groups: list[list[Any]] = []
    changes = size = 0
    for rows in by_name.values():
        if len(rows) == 1:
            of_group = len(rows[0][_PAYLOAD])
        else:
            of_group = sum(len(row[_PAYLOAD]) for row in rows)
            rows.sort(key=_BY_PLACE)
        if groups and (changes + len(rows) > most_changes or size + of_group > most_bytes):
            break
        groups.append(rows)
        changes, size = changes + len(rows), size + of_group
    sorts = _sorts(connection, [row for rows in groups for row in rows])
    return [[_waiting(row, sorts) for row in rows] for rows in groups]


_COLUMNS = "n, group_id, place, entity, record, base, payload"
_N, _GROUP, _PLACE, _ENTITY, _RECORD, _BASE, _PAYLOAD = range(7)
_BY_PLACE = itemgetter(_PLACE)
_OLDEST = f"select {_COLUMNS} from outbox order by n limit ?"  # noqa: S608 — our own names
_OF_GROUPS = f"select {_COLUMNS} from outbox where group_id in (select value from json_each(?))"  # noqa: S608
_REST = _OF_GROUPS + " and n > ? order by n"


def any_waits(connection: sa.Connection) -> bool:
    """Whether anything waits."""
    return connection.exec_driver_sql("select 1 from outbox limit 1").first() is not None


def _sorts(connection: sa.Connection, rows: Sequence[Any]) -> dict[str, tuple[str, str]]:
    """Title and its order of the records that were made here: computing it again takes longer than all the rest."""
    made: dict[str, list[str]] = {}
    for row in rows:
        if not row[_BASE]:
            made.setdefault(row[_ENTITY], []).append(row[_RECORD])
    found: dict[str, tuple[str, str]] = {}
    for entity, ids in made.items():
        title = BY_NAME[entity].title
        statement = f'select id, "{title}", _sort from "{entity}" where id in (select value from json_each(?))'  # noqa: S608 — our names
        rows = connection.exec_driver_sql(statement, (to_json(ids),)).all()
        found.update((row[0], (row[1], row[2])) for row in rows)
    return found


def of_groups(connection: sa.Connection, names: Sequence[str]) -> Iterator[list[Waiting]]:
    """Whole waiting groups by their names."""
    found: dict[str, list[Any]] = {name: [] for name in names}
    for row in connection.exec_driver_sql(_OF_GROUPS + " order by place", (to_json(list(names)),)).all():
        found[row[_GROUP]].append(row)
    for rows in found.values():
        yield [_waiting(row) for row in rows]


def _waiting(row: Any, sorts: Mapping[str, tuple[str, str]] = MappingProxyType({})) -> Waiting:
    n, group, place, entity, record, seq, payload = row
    change = orjson.loads(payload)
    new = change["new"]
    title, sort = sorts.get(record, ("", None))
    if sort is not None:
        name = BY_NAME[entity].title
        if name != "id" and title != new.get(name, ""):
            sort = None
    action, old, written_at = change["action"], change["old"], change["written_at"]
    return Waiting(n, group, place, entity, record, action, seq, old, new, written_at, sort)
