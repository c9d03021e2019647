"""The only door for edits: rows, history, outbox, search and caches change together or not at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from kam_desktop.domain.change import Action, Change, ChangeSet, Touched, difference, moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.entities import BY_NAME, ENTITIES
from kam_desktop.domain.entity import Entity, Record
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.ids import Ids, numbered
from kam_desktop.protocol.codec import from_fields, to_json
from kam_desktop.store import checks, open_amounts, outbox, search
from kam_desktop.store.checks import OWNED_BY, Pending
from kam_desktop.store.outbox import GROUP_CHANGES
from kam_desktop.store.reader import Reader
from kam_desktop.store.tables import RECORDS, draft, history, preference, row_of, undo_step

R = TypeVar("R", bound=Record)


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """What the user did, in one sentence, and how it is kept.

    Attributes:
        kind: edit and import can be undone; undo and redo answer another step; internal cannot be undone.
        recorded: False for generated sample data alone: no history, no journal.
    """

    label: str
    args: Mapping[str, str] = dataclasses.field(default_factory=dict)
    kind: str = "edit"
    answers: int | None = None
    recorded: bool = True


class UnitOfWork(Reader):
    """One edit in the making. Everything is checked, and written, when it is flushed.

    Attributes:
        change_set: what was changed; empty until the unit of work is flushed.
        on_part: told the changes of every part, so that the journal gets them; set by the store.
    """

    def __init__(
        self,
        connection: sa.Connection,
        step: Step,
        clock: Clock,
        ids: Ids,
        author: str,
        connected: bool,
        joining: bool = False,
    ) -> None:
        super().__init__(connection)
        self.clock = clock
        self._ids = ids
        self.author = author
        self._step = step
        self._connected = connected
        self._joining = joining
        self._now: dict[tuple[str, str], Record | None] = {}
        self._was: dict[tuple[str, str], Record | None] = {}
        self._group_of: dict[tuple[str, str], str] = {}
        self._extras: dict[tuple[str, str], str] = {}
        self._next_group = numbered(ids.random())
        self._group = self._next_group()
        self._unchecked: set[tuple[str, str]] = set()
        self._number = 0
        self.change_set = ChangeSet(0, step.label, (), step.args)
        self.changes: list[Change] = []
        self.on_part: Callable[[list[Change]], object] = lambda changes: None

    # What the edit sees: its own writes over the saved records.

    def many(self, record: type[R], ids: Iterable[str]) -> dict[str, R]:
        wanted = list(ids)
        name = record.entity.name
        mine = {each: self._now[name, each] for each in wanted if (name, each) in self._now}
        found = super().many(record, [each for each in wanted if each not in mine])
        found.update({key: cast(R, value) for key, value in mine.items() if value is not None})
        return found

    def saved(self, record: type[R], identity: str) -> R | None:
        """The record as it is in the store, without this edit."""
        return Reader.many(self, record, [identity]).get(identity)

    def new_id(self) -> str:
        """An id for a record made here."""
        return self._ids.new()

    def new_group(self) -> None:
        """What follows belongs to another group: on the wire it stands or falls without what came before."""
        self._group = self._next_group()

    def add(self, record: Record, extra: Mapping[str, Any] | None = None) -> None:
        """Adds a record that does not exist yet."""
        self._set(record, extra)

    def put(self, record: Record, extra: Mapping[str, Any] | None = None) -> None:
        """Writes a record, whether it exists or not."""
        self._set(record, extra)

    def delete(self, record: type[R], identity: str) -> None:
        """Deletes a record that nothing hangs on. Facts and archived kinds are refused when it is flushed."""
        self._remember(record.entity, identity)
        self._now[record.entity.name, identity] = None
        self._group_of[record.entity.name, identity] = self._group

    def take_back(self, record: type[R], identity: str) -> None:
        """Deletes a record as an undo does: facts too, if nothing hangs on them."""
        self.delete(record, identity)
        self._unchecked.add((record.entity.name, identity))

    def rehang(self, record: type[R], identity: str, field: str, parent: str) -> None:
        """Hangs a record under another one of the same kind, facts too: when two accounts become one.

        What the fact says does not change, only whose it is.
        """
        saved = self.many(record, [identity])[identity]
        changed: dict[str, Any] = {field: parent}
        self._set(dataclasses.replace(saved, **changed), None)
        self._unchecked.add((record.entity.name, identity))

    def deletions(self) -> list[tuple[str, str]]:
        """(entity, id) of everything this edit is going to delete."""
        return [key for key, record in self._now.items() if record is None]

    def restore(self, name: str, identity: str) -> Record:
        """Leaves a saved record as it was, whatever this edit was going to do with it."""
        saved = self.saved(BY_NAME[name].record, identity)
        if saved is None:
            raise LookupError(identity)
        self._now[name, identity] = saved
        return saved

    def set_preference(self, key: str, value: str | None) -> None:
        """Remembers a setting of this laptop, in the same transaction."""
        if value is None:
            self.connection.execute(sa.delete(preference).where(preference.c.key == key))
        else:
            self.connection.execute(
                sa.text("insert or replace into preference (key, value) values (:key, :value)"),
                {"key": key, "value": value},
            )

    def set_draft(self, key: str, value: str | None) -> None:
        """Keeps what is being typed, or forgets it."""
        if value is None:
            self.connection.execute(sa.delete(draft).where(draft.c.key == key))
        else:
            self.connection.execute(
                sa.text("insert or replace into draft (key, value, at) values (:key, :value, :at)"),
                {"key": key, "value": value, "at": moment_text(self.clock.now())},
            )

    def _set(self, record: Record, extra: Mapping[str, Any] | None) -> None:
        key = (type(record).entity.name, record.id)
        self._remember(type(record).entity, record.id)
        self._now[key] = record
        self._group_of[key] = self._group
        if extra:
            self._extras[key] = to_json(dict(extra))

    def _remember(self, entity: Entity, identity: str) -> None:
        # Old values are read in one go when the edit is flushed; here only the key is noted.
        self._now.setdefault((entity.name, identity), None)

    # Writing.

    def flush(self, *, references_later: bool = False) -> list[Change]:
        """Checks and writes everything; the transaction itself belongs to the store.

        Raises Refused with all problems at once; then nothing is written.
        """
        self._load_old()
        pending = self._differences()
        problems = checks.problems(
            self, pending, self._was, self._now, self._unchecked, self._step.kind, references=not references_later
        )
        if problems:
            raise Refused(problems)
        if not pending:
            return []
        self.changes = self._name_changes(pending)
        self._number = self._write(pending)
        touched = tuple(Touched(each.entity, each.record, each.action) for each in self.changes)
        self.change_set = ChangeSet(self._number, self._step.label, touched, self._step.args)
        return self.changes

    def flush_part(self) -> None:
        """Writes what was put so far and forgets it, in the same transaction and the same step: for a million records.

        References are not checked, because the record may come in a later part: whoever writes in parts does that.
        The change set tells of the last part alone.
        """
        changes = self.flush(references_later=True)
        if changes:
            self.on_part(changes)
        for kept in (self._now, self._was, self._group_of, self._extras):
            kept.clear()
        self._unchecked.clear()
        self.new_group()

    def replay(self, change: Change) -> None:
        """Applies a change as it was once made, for a database that was set back."""
        entity = BY_NAME[change.entity]
        current = self.get(entity.record, change.record)
        self._remember(entity, change.record)
        if change.action is Action.CREATE:
            self._now[change.entity, change.record] = from_fields(entity, change.record, change.new)
        elif change.action is Action.DELETE:
            self._now[change.entity, change.record] = None
        elif current is not None:
            written = from_fields(entity, change.record, change.new)
            values = {name: getattr(written, name) for name in change.new if name in entity.names}
            self._now[change.entity, change.record] = dataclasses.replace(current, **values)

    def flush_replayed(self, changes: Sequence[Change]) -> None:
        """Writes what was replayed, with the names, author and time that it had."""
        self._load_old()
        self.changes = list(changes)
        self._write(self._differences())

    def _load_old(self) -> None:
        wanted: dict[str, list[str]] = {}
        for name, identity in self._now:
            wanted.setdefault(name, []).append(identity)
        for name, ids in wanted.items():
            saved = Reader.many(self, BY_NAME[name].record, ids)
            for identity in ids:
                self._was[name, identity] = saved.get(identity)

    def _differences(self) -> list[Pending]:
        order = {record.entity.name: place for place, record in enumerate(ENTITIES)}
        found = []
        for (name, identity), now in self._now.items():
            change = difference(self._was[name, identity], now)
            if change is not None:
                found.append((name, identity, *change))
        # Parents first; deletions after everything else, children first.
        found.sort(key=lambda each: (1, -order[each[0]]) if each[2] is Action.DELETE else (0, order[each[0]]))
        return found

    def children_of(self, name: str, ids: Sequence[str]) -> list[tuple[str, str]]:
        """(entity, id) of records that hang on one of these and stay after this edit."""
        found = []
        for child, field in OWNED_BY[name]:
            table = RECORDS[child]
            for start in range(0, len(ids), 500):
                statement = sa.select(table.c.id).where(table.c[field].in_(ids[start : start + 500]))
                for identity in self.connection.execute(statement).scalars():
                    if (child, identity) not in self._now or self._now[child, identity] is not None:
                        found.append((child, identity))
        return found

    def _name_changes(self, pending: Sequence[Pending]) -> list[Change]:
        written_at = moment_text(self.clock.now())
        counts: dict[str, int] = {}
        changes = []
        for name, identity, action, old, new in pending:
            group = self._group_of[name, identity]
            place = counts[group] = counts.get(group, -1) + 1
            changes.append(Change(group, place, name, identity, action, old, new, self.author, written_at))
        if max(counts.values()) >= GROUP_CHANGES:
            raise Refused(Problem("", "group_too_large", "This is too much for one change; do it in smaller parts."))
        return changes

    def _write(self, pending: Sequence[Pending]) -> int:
        changes = self.changes
        if self._connected and self._step.recorded:
            outbox.put(self.connection, changes)  # first: it keeps the rows as the server has them
        elif self._step.recorded:
            outbox.put(self.connection, self._of_a_server(changes))
        self._write_rows(pending)
        search.put(self.connection, [record for record in self._now.values() if record is not None])
        search.drop(self.connection, [each.record for each in changes if each.action is Action.DELETE])
        open_amounts.refresh(self.connection, changes)
        if not self._step.recorded:
            return 0
        number = self._number or self._insert_step(changes[0].written_at)
        self.connection.execute(
            sa.insert(history),
            [
                {
                    "step": number,
                    "group_id": each.group,
                    "place": each.place,
                    "entity": each.entity,
                    "record": each.record,
                    "action": each.action.value,
                    "old": to_json(each.old),
                    "new": to_json(each.new),
                    "author": each.author,
                    "written_at": each.written_at,
                }
                for each in changes
            ],
        )
        return number

    def _of_a_server(self, changes: Sequence[Change]) -> list[Change]:
        """Changes that wait although the profile is not connected yet.

        The first connect goes on another time: what came from the server already is changed like any of its rows. And
        what the journal tells of records that are not here was written to records of the server, before the data file
        was set back to a time without them.
        """
        ours = {each.record for each in changes if each.action is Action.CREATE}
        known = set(map(id, outbox.of_the_server(self.connection, changes))) if self._joining else set()
        return [
            each for each in changes
            if id(each) in known or (each.record not in ours and self._was.get((each.entity, each.record)) is None)
        ]  # fmt: skip

    def _insert_step(self, written_at: str) -> int:
        if self._step.kind in ("edit", "import"):
            self.connection.exec_driver_sql("update undo_step set state = 'dropped' where state = 'undone'")
        step = self.connection.execute(
            sa.insert(undo_step).values(
                label=self._step.label,
                label_args=to_json(dict(self._step.args)),
                kind=self._step.kind,
                at=written_at,
                state="done",
                answers=self._step.answers,
            )
        ).inserted_primary_key
        return int(step[0]) if step is not None else 0

    def _write_rows(self, pending: Sequence[Pending]) -> None:
        created: dict[str, list[dict[str, Any]]] = {}
        updated: dict[str, list[dict[str, Any]]] = {}
        deleted: dict[str, list[str]] = {}
        for name, identity, action, _, _ in pending:
            record = self._now[name, identity]
            if record is None:
                deleted.setdefault(name, []).append(identity)
                continue
            row = row_of(record)
            row["_extra"] = self._extras.get((name, identity))
            (created if action is Action.CREATE else updated).setdefault(name, []).append(row)
        for name, rows in created.items():
            self.connection.execute(sa.insert(RECORDS[name]), rows)
        for name, rows in updated.items():
            table = RECORDS[name]
            values: dict[str, Any] = {key: sa.bindparam("_" + key) for key in rows[0] if key not in ("id", "_extra")}
            statement = sa.update(table).where(table.c.id == sa.bindparam("_id")).values(values)
            self.connection.execute(statement, [{"_" + key: value for key, value in row.items()} for row in rows])
        for name, ids in deleted.items():
            self.connection.execute(
                sa.delete(RECORDS[name]).where(RECORDS[name].c.id == sa.bindparam("_id")),
                [{"_id": each} for each in ids],
            )
