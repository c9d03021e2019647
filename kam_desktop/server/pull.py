"""The call pull: what is new in the scopes of the caller, page by page, parents first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kam_desktop.domain import scopes
from kam_desktop.protocol.messages import PULL_ROWS, bad, checksum
from kam_desktop.server import conflicts, tables, workspace
from kam_desktop.server.callers import Caller, scopes_of
from kam_desktop.server.database import Connection
from kam_desktop.server.feed import GONE, LEAVE, PUT
from kam_desktop.server.own_echo import STAMPS, Echo
from kam_desktop.server.roots import Roots
from kam_desktop.server.rows import part, selected
from kam_desktop.server.state import as_json
from kam_desktop.server.workspace import Workspace

ENTITIES = (*tables.ORDER, tables.CONFLICT)
_PLACE = {name: place for place, name in enumerate(ENTITIES)}


@dataclass(slots=True)
class Cursor:
    """Where a scope stands: everything up to `from_` was sent; of what came until `until` the rest.

    Its text begins with "-" while the rest is under way, and with the stamp of the caller's rights: see Caller.stamp.

    Attributes:
        entity, seq, id: the last entry that was sent of the rest, which goes by kind, then by number.
    """

    from_: int
    until: int
    entity: str = ""
    seq: int = 0
    id: str = ""

    def text(self, stamp: str) -> str:
        """As the laptop keeps it, without knowing what it says."""
        if self.from_ == self.until:
            return f"{stamp}:{self.until}"
        return f"-{stamp}:{self.from_}:{self.until}:{self.entity}:{self.seq}:{self.id}"


def read_cursor(text: str, stamp: str, until: int) -> Cursor | None:
    """A cursor of ours that still counts; None when the scope must begin anew."""
    given, *rest = text.removeprefix("-").split(":")
    if given != stamp:
        return None
    try:
        if text.startswith("-"):
            from_, to, entity, seq, identity = rest
            found = Cursor(int(from_), int(to), entity, int(seq), identity)
        else:
            (seq,) = rest
            found = Cursor(int(seq), int(seq))
    except ValueError:
        return None
    if not 0 <= found.from_ <= found.until <= until or found.entity not in ("", *ENTITIES):
        return None
    return found


@dataclass
class _Page:
    """One answer in the making."""

    left: int
    scopes: list[str] = field(default_factory=list)
    rows: dict[tuple[str, frozenset[str]], tuple[list[tuple[Any, ...]], list[int]]] = field(default_factory=dict)
    also: list[list[Any]] = field(default_factory=list)
    leaves: list[list[Any]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    sent: set[tuple[str, str]] = field(default_factory=set)

    def index(self, name: str) -> int:
        """The place of a scope in the answer's list."""
        if not self.scopes or self.scopes[-1] != name:
            self.scopes.append(name)
        return len(self.scopes) - 1


def pull(
    connection: Connection, caller: Caller, message: Mapping[str, Any], *, found: Workspace | None = None
) -> dict[str, Any]:
    """A page of what is new since the cursors of the message; see SYNC messages. Raises Problem 400.

    `found`: the workspace of this moment, where it was read already.
    """
    return Pulling(connection, caller, message, found or workspace.read(connection)).answer()


class Pulling:
    """One pull in one moment of the database."""

    def __init__(self, connection: Connection, caller: Caller, message: Mapping[str, Any], found: Workspace) -> None:
        self._connection, self._caller = connection, caller
        given, limit = message.get("cursors", {}), message.get("limit", PULL_ROWS)
        if not isinstance(given, dict) or not all(isinstance(each, str) and len(each) < 300 for each in given.values()):
            raise bad("cursors")
        if type(limit) is not int or limit < 1:
            raise bad("limit")
        self._given, self._until, self._stamp = given, found.seq, caller.stamp(found.epoch)
        self._page = _Page(min(limit, PULL_ROWS))
        self._relations = scopes_of(connection, caller)
        self._roots = Roots(connection)
        self._restarted: list[str] = []
        self._totals: dict[str, int] = {}
        # numbers alone for what the laptop wrote itself, where it asks so and both keep the same fields
        self._asked = message.get("echo") is True and message.get("schema") == tables.SCHEMA
        self._echo: Echo | None = None

    def answer(self) -> dict[str, Any]:
        """The page."""
        names = sorted(self._relations, key=lambda name: (name != scopes.ORG, name))
        condition, value = self._connection.among("name", names)
        statement = f"select name, n, seq, floor from scope where {condition}"  # noqa: S608
        known = {row[0]: row[1:] for row in self._connection.rows(statement, (value,))}
        self._numbers = {name: row[0] for name, row in known.items()}
        cursors: dict[str, str] = {}
        more = False
        begun = {name: self._begin(name, *known.get(name, (0, 0, 0))) for name in names}
        since = min((each.from_ for each in begun.values()), default=0)
        if self._asked and since > 0:
            self._echo = Echo(since, self._caller.device_number)
        for name, cursor in begun.items():
            number, newest, _ = known.get(name, (0, 0, 0))
            if cursor.from_ < cursor.until:
                self._read(name, number, cursor)
                more = more or cursor.from_ < cursor.until or cursor.until < min(newest, self._until)
            cursors[name] = cursor.text(self._stamp)
        return {**self._told(), "cursors": cursors, "more": more}

    def _told(self) -> dict[str, Any]:
        made, count, total = [], 0, 0
        for (entity, hidden), (found, scopes_) in sorted(self._page.rows.items(), key=lambda each: _PLACE[each[0][0]]):
            one = part(entity, hidden, found)
            made.append({**one, "scope": scopes_})
            count += len(found)
            total += checksum(one["id"], one["seq"])
        return {
            "parts": made,
            "scopes": self._page.scopes,
            "also": self._page.also,
            "leaves": self._page.leaves,
            "conflicts": self._page.conflicts,
            "restarted": self._restarted,
            "count": count,
            "checksum": total & 0xFFFFFFFFFFFFFFFF,
            "rights": self._caller.rights,
            "total": self._totals,
            **({"echo": self._echo.parts()} if self._echo else {}),
        }

    def _begin(self, name: str, number: int, newest: int, floor: int) -> Cursor:
        text = self._given.get(name, "")
        cursor = read_cursor(text, self._stamp, self._until) if text else None
        if cursor is None or 0 < cursor.from_ < floor:
            if text:
                self._restarted.append(name)
            cursor = Cursor(0, self._until)
            if number:
                self._totals[name] = self._count(number, self._relations[name])
        elif cursor.from_ == cursor.until:
            cursor = Cursor(cursor.from_, self._until)
        if newest <= cursor.from_ and not cursor.entity:
            return Cursor(self._until, self._until)
        return cursor

    def _count(self, number: int, relations: Iterable[str]) -> int:
        kinds = {entity for each in relations for entity in self._caller.readable(each)}
        rows = self._connection.rows(
            "select entity, count(*) from feed where scope = ? and kind = ? group by entity", (number, PUT)
        )
        return sum(row[1] for row in rows if row[0] in kinds)

    def _read(self, name: str, number: int, cursor: Cursor) -> None:
        """Reads the scope's entries in (from, until] by kind, as far as the page goes; moves the cursor."""
        relations = self._relations[name]
        kinds = {entity for each in relations for entity in self._caller.readable(each)} | {tables.CONFLICT}
        start, resumed = _PLACE[cursor.entity] if cursor.entity else 0, cursor.entity
        for entity in self._with_news(number, [each for each in ENTITIES[start:] if each in kinds], cursor.from_):
            after = (cursor.seq, cursor.id) if entity == resumed else (cursor.from_, "~")
            if self._page.left > 0:
                after = self._read_kind(name, number, entity, after, cursor, relations) or after
            if self._page.left <= 0 and self._any(number, entity, after, cursor):
                cursor.entity, (cursor.seq, cursor.id) = entity, after
                return
        cursor.from_ = cursor.until

    def _with_news(self, number: int, kinds: list[str], after: int) -> list[str]:
        """Those of the kinds that have entries behind a number, in their order: one question instead of thirty."""
        listed, given = (
            ("unnest(?::text[])", kinds) if self._connection.postgresql else ("json_each(?)", as_json(kinds))
        )
        name = "k" if self._connection.postgresql else "k.value"
        found = self._connection.rows(
            f"select {name} from {listed} k where exists "  # noqa: S608
            f"(select 1 from feed f where f.scope = ? and f.entity = {name} and f.seq > ?)",
            (given, number, after),
        )
        there = {row[0] for row in found}
        return [each for each in kinds if each in there]

    def _any(self, number: int, entity: str, after: tuple[int, str], cursor: Cursor) -> bool:
        kinds = (PUT, PUT, PUT) if cursor.from_ == 0 else (PUT, LEAVE, GONE)
        found = self._connection.one(
            "select 1 from feed where scope = ? and entity = ? and (seq, id) > (?, ?) and seq <= ? "
            "and kind in (?, ?, ?) limit 1",
            (number, entity, *after, cursor.until, *kinds),
        )
        return found is not None

    def _read_kind(
        self, name: str, number: int, entity: str, after: tuple[int, str], cursor: Cursor, relations: frozenset[str]
    ) -> tuple[int, str] | None:
        """Takes one kind's entries into the page; the last one's number and id."""
        first = f" and f.kind = '{PUT}'" if cursor.from_ == 0 else ""
        where = (
            f"where f.scope = ? and f.entity = ? and (f.seq, f.id) > (?, ?) and f.seq <= ?{first} "
            "order by f.seq, f.id limit ?"
        )
        values = (number, entity, *after, cursor.until, self._page.left)
        if entity == tables.CONFLICT:
            return self._read_conflicts(name, where, values, relations)
        hidden = self._caller.hidden(relations, entity)
        echo = self._echo if not hidden else None
        columns = selected(entity, hidden) + (STAMPS if echo else "")
        found = self._connection.rows(
            f'select f.seq, f.id, f.kind, {columns} from feed f left join "{entity}" r on r.id = f.id {where}',  # noqa: S608
            values,
        )
        if not found:
            return None
        self._page.left -= len(found)
        index = self._page.index(name)
        if any(row[2] != PUT for row in found):
            self._page.leaves += [[index, entity, row[1]] for row in found if row[2] != PUT]
        if echo:
            puts = echo.take(entity, index, [row for row in found if row[2] == PUT])
        else:
            puts = [row[3:] for row in found if row[2] == PUT]
        if self._caller.helps and puts:
            self._take_shared(name, index, entity, relations, puts)
        elif puts:
            self._take(index, entity, hidden, puts)
        return found[-1][0], found[-1][1]

    def _take(self, index: int, entity: str, hidden: frozenset[str], rows: list[tuple[Any, ...]]) -> None:
        kept, places = self._page.rows.setdefault((entity, hidden), ([], []))
        kept += rows
        places += [index] * len(rows)

    def _take_shared(
        self, name: str, index: int, entity: str, relations: frozenset[str], rows: list[tuple[Any, ...]]
    ) -> None:
        """Rows may be in two scopes of a helper: their values go once, by the rights of both."""
        fresh = []
        for row in rows:
            if (entity, row[0]) in self._page.sent:
                self._page.also.append([index, entity, row[0]])
            else:
                self._page.sent.add((entity, row[0]))
                fresh.append(row)
        self._roots.fetch(entity, [row[0] for row in fresh])
        split: dict[frozenset[str], list[str]] = {}
        for row in fresh:
            root = self._roots.of(entity, row[0])
            through = self._caller.seen_through(root, self._roots.owner_of(root)) if root is not None else relations
            split.setdefault(self._caller.hidden(through, entity), []).append(row[0])
        base = self._caller.hidden(relations, entity)
        for hidden, ids in split.items():
            if hidden == base:
                chosen = set(ids)
                self._take(index, entity, hidden, [row for row in fresh if row[0] in chosen])
                continue
            condition, value = self._connection.among("r.id", ids)
            statement = f'select {selected(entity, hidden)} from "{entity}" r where {condition}'  # noqa: S608
            self._take(index, entity, hidden, self._connection.rows(statement, (value,)))

    def _read_conflicts(
        self, name: str, where: str, values: tuple[Any, ...], relations: frozenset[str]
    ) -> tuple[int, str] | None:
        columns = ", ".join(f"c.{column}" for column in conflicts.COLUMNS)
        found = self._connection.rows(
            f"select f.seq, f.id, f.kind, {columns} from feed f join {tables.CONFLICT} c on c.id = f.id {where}",  # noqa: S608
            values,
        )
        puts = [row[3:] for row in found if row[2] == PUT]
        self._page.conflicts += conflicts.visible(self._caller, self._roots, puts)
        if len(puts) < len(found):
            index = self._page.index(name)
            self._page.leaves += [[index, tables.CONFLICT, row[1]] for row in found if row[2] != PUT]
        self._page.left -= len(found)
        return (found[-1][0], found[-1][1]) if found else None
