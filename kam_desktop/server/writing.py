"""Writes what a push decided: rows, feed, log and conflicts in bulk, under the sequence lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import Any

import orjson

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.scopes import SCOPE_FIELDS, Root
from kam_desktop.server import feed, tables
from kam_desktop.server.callers import Caller
from kam_desktop.server.conflicts import COLUMNS as CONFLICT_COLUMNS
from kam_desktop.server.database import Connection
from kam_desktop.server.deciding import Deed
from kam_desktop.server.feed import GONE, LEAVE, PUT, Entry
from kam_desktop.server.roots import Roots, below, conflicts_of
from kam_desktop.server.sheet import Sheet
from kam_desktop.server.state import Row, as_json, field_seq_json
from kam_desktop.server.values import DEFAULTS, FIELDS, sort_of, wires

STAMPS = ("_sort", "_extra", "_seq", "_created_seq", "_created_device", "_field_seq", "_changed_by", "_changed_at")


class Writing:
    """Writes the accepted changes of one push.

    Attributes:
        seq_of: the sequence number of a place in the push.
        new_entries, entries: what goes into the feed, of records that are new to it and of others.
    """

    def __init__(
        self, connection: Connection, caller: Caller, roots: Roots, seq_of: Callable[[int], int], at: str
    ) -> None:
        self._connection, self._caller, self._roots = connection, caller, roots
        self.seq_of, self._at = seq_of, at
        self._numbers: dict[str, int] = {}
        self.new_entries: list[Entry] = []
        self.entries: list[Entry] = []
        self._newest: dict[int, int] = {}

    def scope_numbers(self, roots: set[Root]) -> dict[Root, list[int]]:
        """The numbers of the scopes of every row with these roots."""
        names = self._roots.scopes(roots)
        missing = {name for each in names.values() for name in each} - self._numbers.keys()
        if missing:
            self._numbers |= feed.numbers(self._connection, missing)
        made = {each: [self._numbers[name] for name in sorted(each)] for each in set(names.values())}
        return {root: made[each] for root, each in names.items()}

    def plain(self, sheet: Sheet, taken: list[int] | None, roots: Sequence[Root]) -> None:
        """Inserts plain creations; `taken` are their places in the part, None for all of them."""
        part, entity = sheet.part, BY_NAME[sheet.part.entity]
        ids, columns, sorts, places = part.ids, sheet.columns, part.sort, part.places
        if taken is not None:
            ids, places = [ids[i] for i in taken], [places[i] for i in taken]
            columns = {name: [values[i] for i in taken] for name, values in columns.items()}
            sorts = [sorts[i] for i in taken] if sorts is not None else None
        if sorts is None:
            names = list(columns)
            sorts = [
                sort_of(entity, identity, dict(zip(names, row, strict=True)))
                for identity, *row in zip(ids, *columns.values(), strict=True)
            ]
        seqs = [self.seq_of(place) for place in places]
        size = len(ids)
        device, user = self._caller.device_number, self._caller.user
        values = [columns.get(name) or repeat(DEFAULTS[entity.name][name], size) for name in FIELDS[entity.name]]
        stamps = (sorts, repeat(None, size), seqs, seqs, repeat(device, size), repeat(None, size), repeat(user, size))
        self._connection.insert(
            entity.name,
            ("id", *FIELDS[entity.name], *STAMPS),
            zip(ids, *values, *stamps, repeat(self._at, size), strict=True),
        )
        scopes = self.scope_numbers(set(roots))
        name = entity.name
        numbers = {number for each in scopes.values() for number in each}
        if len(numbers) == 1:
            (only,) = numbers
            self.new_entries += zip(ids, repeat(name), repeat(only), seqs, repeat(PUT), strict=False)
            self._raise(only, max(seqs))
            return
        for identity, seq, root in zip(ids, seqs, roots, strict=True):
            for scope in scopes[root]:
                self.new_entries.append((identity, name, scope, seq, PUT))
                self._raise(scope, seq)

    def _raise(self, scope: int, seq: int) -> None:
        if self._newest.get(scope, 0) < seq:
            self._newest[scope] = seq

    def rows(self, changed: Sequence[Row]) -> None:
        """Inserts and updates the rows that were decided one by one."""
        device, user = str(self._caller.device_number), self._caller.user
        inserts: dict[str, list[tuple[Any, ...]]] = {}
        updates: dict[tuple[str, tuple[str, ...], bool], list[tuple[Any, ...]]] = {}
        for row in changed:
            if row.new and row.deleted_at is not None:
                continue  # made and deleted in one push: nothing of it is left but the log
            entity = BY_NAME[row.entity]
            seq = self.seq_of(row.touched_at or 0)
            stamped = {
                name: (self.seq_of(row.written[name]), device) if name in row.written else before
                for name, before in row.field_seq.items()
            }
            extra = as_json(row.extra) if row.extra else None
            if row.new:
                sort = row.sort if row.sort is not None else sort_of(entity, row.id, row.values)
                created = self.seq_of(row.created_at or 0)
                values = (row.values[name] for name in FIELDS[row.entity])
                stamps = (sort, extra, seq, created, int(device), field_seq_json(stamped), user, self._at)
                inserts.setdefault(row.entity, []).append((row.id, *values, *stamps))
                continue
            names = tuple(sorted(name for name in row.written if name in FIELDS[row.entity]))
            title = entity.title in names
            deleted = self.seq_of(row.deleted_at) if row.deleted_at is not None else row.deleted_seq
            sorted_ = (sort_of(entity, row.id, row.values),) if title else ()
            updates.setdefault((row.entity, names, title), []).append(
                (
                    *(row.values[name] for name in names),
                    *sorted_,
                    extra,
                    seq,
                    field_seq_json(stamped),
                    deleted,
                    user,
                    self._at,
                    row.id,
                )
            )
        for name, rows in inserts.items():
            self._connection.insert(name, ("id", *FIELDS[name], *STAMPS), rows)
        for (name, names, title), rows in updates.items():
            columns = (
                *names,
                *(("_sort",) if title else ()),
                "_extra",
                "_seq",
                "_field_seq",
                "_deleted_seq",
                "_changed_by",
                "_changed_at",
            )
            self._connection.update(tables.RECORDS[name], columns, rows)
        self._feed_rows(changed)

    def _root_anew(self, changed: Sequence[Row]) -> None:
        """What was decided before something above it moved, in the same push, hangs where that hangs now."""
        if not any(SCOPE_FIELDS.get(row.entity, frozenset()) & row.written.keys() for row in changed):
            return
        now = Roots(self._connection)
        for entity in {row.entity for row in changed}:
            now.fetch(entity, [row.id for row in changed if row.entity == entity])
        for row in changed:
            if row.root is not None and not row.deleted:
                row.root = now.of(row.entity, row.id)

    def _feed_rows(self, changed: Sequence[Row]) -> None:
        self._root_anew(changed)
        roots = {root for row in changed for root in (row.root, row.was) if root is not None}
        scopes = self.scope_numbers(roots)
        moved: list[Row] = []
        for row in changed:
            if row.root is None or (row.new and row.deleted_at is not None):
                continue
            seq = self.seq_of(row.touched_at or 0)
            if row.deleted:
                self._enter((row.id, row.entity), scopes[row.was or row.root], seq, GONE)
                continue
            self._enter((row.id, row.entity), scopes[row.root], seq, PUT)
            if row.was is not None and row.was != row.root:
                left = [each for each in scopes[row.was] if each not in scopes[row.root]]
                self._enter((row.id, row.entity), left, seq, LEAVE)
                moved.append(row)
        done = {(row.entity, row.id) for row in changed}
        for row in moved:
            self._carry(row, scopes[row.was or row.root], scopes[row.root], done)  # type: ignore[index]

    def _enter(self, key: tuple[str, str], scopes: Sequence[int], seq: int, kind: str) -> None:
        for scope in scopes:
            self.entries.append((*key, scope, seq, kind))
            self._raise(scope, seq)

    def _carry(self, row: Row, before: Sequence[int], after: Sequence[int], done: set[tuple[str, str]]) -> None:
        """What hangs on a row that went to another root goes with it."""
        seq = self.seq_of(row.touched_at or 0)
        carried = [each for each in below(self._connection, row.entity, [row.id]) if each not in done]
        keys = [(identity, entity) for entity, identity in carried]
        keys += [
            (each, tables.CONFLICT)
            for each in conflicts_of(self._connection, [row.id, *(identity for _, identity in carried)])
        ]
        left = [each for each in before if each not in after]
        for key in keys:
            self._enter(key, after, seq, PUT)
            self._enter(key, left, seq, LEAVE)

    def conflicts(self, rows: Sequence[tuple[Any, ...]], root_of: Mapping[str, Root]) -> None:
        """Keeps conflict records; `root_of` is the root of each record that they are about."""
        if not rows:
            return
        self._connection.insert(tables.CONFLICT, CONFLICT_COLUMNS, rows)
        scopes = self.scope_numbers(set(root_of.values()))
        for row in rows:
            if row[2] in root_of:
                self._enter((row[0], tables.CONFLICT), scopes[root_of[row[2]]], row[11], PUT)

    def settled(self, found: Sequence[tuple[str, str, str]], seq: int) -> None:
        """Marks conflict records, (id, entity, record), as dealt with."""
        self._connection.many("update conflict set resolved = ? where id = ?", [(seq, each[0]) for each in found])
        for identity, entity, record in found:
            root = self._roots.of(entity, record)
            if root is not None:
                self._enter((identity, tables.CONFLICT), self.scope_numbers({root})[root], seq, PUT)

    def finish(self) -> None:
        """Writes the feed."""
        if self.new_entries:
            feed.add(self._connection, self.new_entries)
        feed.write(self._connection, self.entries)
        feed.raise_scopes(self._connection, self._newest)


def logged(deed: Deed) -> tuple[bytes | None, bytes | None]:
    """Old and new values of a change as the log keeps them."""
    old = orjson.dumps(wires(deed.row.entity, deed.old)) if deed.old else None
    return old, orjson.dumps(wires(deed.row.entity, deed.wrote))
