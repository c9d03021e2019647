"""Where a connected laptop stands with its server: read, and moved in short transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.change import ChangeSet, moment_text
from kam_desktop.domain.ids import numbered
from kam_desktop.protocol.codec import to_json
from kam_desktop.store import forgetting, joining, landing, outbox, own_echo, pulling, search, settling, verdicts
from kam_desktop.store import rescue as rescuing
from kam_desktop.store import witness as witnessing
from kam_desktop.store.device_file import read as device_of
from kam_desktop.store.joining import Match
from kam_desktop.store.outbox import Waiting
from kam_desktop.store.profile import Store
from kam_desktop.store.pulling import Pulled
from kam_desktop.store.standing import Look, Standing, look, standing
from kam_desktop.store.sync_tables import acknowledged, conflict, needs_you, scope_cursor
from kam_desktop.store.tables import SEARCHED
from kam_desktop.store.tables import outbox as outbox_table
from kam_desktop.store.verdicts import Verdict
from kam_desktop.store.witness import Counted, Witness

NOTED = timedelta(seconds=30)
"""A sync that finds nothing is written down so often; a poll of every few seconds would wake the disk each time."""
NOTHING = ChangeSet(0, "", (), {})
_BRINGS = ("parts", "echo", "also", "leaves", "conflicts", "restarted")


@dataclass(frozen=True, slots=True)
class Counts:
    """What the status says: changes waiting, entries that need their author, open conflicts, rows to download."""

    waiting: int
    needs_you: int
    conflicts: int
    downloading: bool


def counts(connection: sa.Connection) -> Counts:
    """What waits, for the status."""
    waiting = outbox.count(connection)
    asks = _count(connection, needs_you, sa.and_(needs_you.c.state == "open", needs_you.c.behind.is_(None)))
    asks += rescuing.count(connection)
    conflicts = _count(connection, conflict, sa.and_(conflict.c.state == "open", conflict.c.fields != "{}"))
    first = sa.and_(scope_cursor.c.whole == 0, scope_cursor.c["pass"] == 1)  # one that starts anew has its rows already
    unfinished = _count(connection, scope_cursor, first)
    return Counts(waiting, asks, conflicts, unfinished > 0)


class SyncState:
    """The store as the engine sees it; every method is one short transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._device = device_of(store.folder)
        self._synced_at = ""
        self._indexed = 0
        self._unjoined: list[str] = []

    def device(self) -> str:
        """This laptop's copy of the profile, by the id that lies outside the database."""
        return self._device

    def ask(self) -> str:
        """A name for one question, so that the answer to another one is known."""
        return self._store.ids.random()[:16]

    def note(self, key: str) -> str:
        """A small text of this laptop, "" for none."""
        with self._store.reader() as reader:
            return reader.preference(key) or ""

    def set_note(self, key: str, value: str) -> None:
        """Keeps a small text of this laptop; "" forgets it."""
        self._store.remember({key: value or None})

    def standing(self) -> Standing:
        """Where the laptop stands now."""
        with self._store.database.read() as connection:
            found = standing(connection, self._device)
        return replace(found, last_sync=self._synced_at) if self._synced_at > found.last_sync else found

    # The first connect.

    def begin_joining(self, workspace: str, epoch: int, rights: int) -> None:
        """Notes which server is being joined; another one than before starts over.

        What was downloaded until then stays in its scopes: what the new download does not meet goes at its end.
        """
        wanted = f"{workspace} {epoch}"
        with self._store.database.write() as connection:
            before = _kept(connection, "joining")
            if before != wanted:
                _start_over(connection)
                _remember(connection, {"joining": wanted, "mark": None, "rights": rights})

    def take_joining_page(self, answer: Mapping[str, Any], name: Callable[[str], str]) -> None:
        """Writes a page over what is here; values that were made here and differ are kept as conflicts."""
        at = moment_text(self._store.clock.now())
        with self._store.database.write() as connection:
            joining.keep_differing(connection, answer, name, at)
            pulling.apply_pull(connection, answer, released=True, joining=True)
            forgetting.note_hidden(connection, answer["parts"])
            _remember(connection, {"mark": answer["mark"], "rights": answer["rights"]})

    def matches(self) -> list[Match]:
        """Accounts that both this laptop and the server have."""
        with self._store.database.read() as connection:
            return joining.matches(connection)

    def finish_joining(
        self,
        standing: Standing,
        linked: Sequence[Match],
        name: Callable[[str], str],
        fields_of: Callable[[str, Mapping[str, Any]], Iterable[str] | None],
    ) -> tuple[int, int]:
        """Matches, queues one creation for each record left, and counts as connected from here on; all or nothing.

        Gives how many changes wait, and how many records or parts of records the role may not write.
        """
        at = moment_text(self._store.clock.now())
        with self._store.database.write() as connection:
            joining.link_person(connection, standing.user)
            joining.link(connection, linked, name, at)
            edited = outbox.last(connection)
            group = numbered(self._store.ids.random())
            waiting, left = joining.enqueue(connection, standing.user, at, group, fields_of)
            for change in left:
                verdicts.keep_unwritable(connection, change, at)
            outbox.after_creations(connection, edited)  # they may refer to what was made here
            joining.rebuild(connection, bool(linked))
            kept = {
                "workspace": standing.workspace, "epoch": standing.epoch, "server": standing.server,
                "user": standing.user, "user_name": standing.user_name, "role": standing.role,
                "last_sync": at, "joining": "",
            }  # fmt: skip
            _remember(connection, kept)
        self._store.author = standing.user
        return waiting, len(left)

    # Every cycle.

    def counts(self) -> Counts:
        """What waits, for the status."""
        with self._store.database.read() as connection:
            return counts(connection)

    def next_push(self, most_changes: int, most_bytes: int) -> tuple[int, list[list[Waiting]]]:
        """The running number of the push that is about to leave, on the disk before it is used, and its groups.

        A push without an answer is sent again first, under its own number and without anything newer: a number counts
        pushes and not attempts, so that a copy of this laptop cannot slip past the original's by failing often.
        """
        with self._store.database.write() as connection:
            number, upto = int(_kept(connection, "push_number") or 0), _kept(connection, "push_upto")
            groups = outbox.waiting(connection, most_changes, most_bytes, int(upto)) if upto else []
            if not groups:
                number, groups = number + 1, outbox.waiting(connection, most_changes, most_bytes)
            if not groups:
                return max(1, number - 1), []
            newest = max(group[0].n if len(group) == 1 else min(change.n for change in group) for group in groups)
            _remember(connection, {"push_number": number, "push_upto": str(newest)})
        return number, groups

    def look(self) -> Look:
        """What the next call depends on, in one short question: a quiet cycle asks nothing else."""
        with self._store.database.read() as connection:
            return look(connection, self._device)

    def take_verdicts(
        self,
        sent: Sequence[Sequence[Waiting]],
        found: Sequence[Verdict],
        answer: Mapping[str, Any],
        settled: Sequence[str] = (),
    ) -> ChangeSet:
        """Takes in what became of a push, which told of the conflict records `settled` too.

        Cursors do not move: only a pull moves them.
        """
        at = moment_text(self._store.clock.now())
        with self._store.database.write() as connection:
            touched = verdicts.apply_verdicts(connection, sent, found, answer.get("parts", ()), at)
            own_echo.note(connection, [each.record for group in sent for each in group], answer["numbered"])
            if settled:
                settling.told(connection, settled)
            pulling.keep_conflicts(connection, answer.get("conflicts", ()), at)
            _remember(connection, {"mark": answer["mark"], "push_upto": ""})
            self._witness(connection, answer)
        return ChangeSet(0, "", touched, {})

    def take_pull(self, answer: Mapping[str, Any], *, released: bool = False) -> tuple[Pulled, ChangeSet]:
        """Writes a page with its cursors; nothing where it brings nothing, but now and then when that was."""
        now = self._store.clock.now()
        if not answer["more"] and not any(answer.get(name) for name in _BRINGS):
            here = self.look()
            if _is_known(here, answer, moment_text(now - NOTED)):
                self._synced_at = moment_text(now)
                return Pulled((), 0, False, False, done=not (here.unfinished or self._unjoined)), NOTHING
        with self._store.database.write() as connection:
            pulled = pulling.apply_pull(connection, answer, released=released)
            if not pulled.braked and not pulled.unlike:
                at = moment_text(self._store.clock.now())
                forgetting.note_hidden(connection, answer["parts"])
                pulling.keep_conflicts(connection, answer["conflicts"], at)
                kept: dict[str, Any] = {"mark": answer["mark"], "rights": answer["rights"]}
                if not answer["more"]:
                    kept["last_sync"] = moment_text(self._store.clock.now())
                _remember(connection, kept)
                rescuing.note_mark(connection, answer["epoch"], answer["mark"])
                self._witness(connection, answer)
                if 0 < answer["count"] <= landing.INDEXED:
                    landing.index_waiting(connection, landing.INDEXED)  # so few take less time than another transaction
        return pulled, ChangeSet(0, "", pulled.touched, {})

    def forget(self) -> bool:
        """What left this laptop, or is hidden by now, goes out of history, journal and index. Raises Unavailable."""
        return self._store.forget()

    def index_rows(self, limit: int = 2000) -> int:
        """Indexes rows that a pull brought; gives how many still wait for it, 0 when all is done.

        Where most of the index came so, its parts are joined then: later changes would have to, bit by bit.
        """
        with self._store.database.read() as connection:
            waits = landing.has_unindexed(connection)
        if waits:
            with self._store.database.write() as connection:
                left = landing.index_waiting(connection, limit)
                self._indexed += limit
                if not left and 2 * self._indexed >= search.last_number(connection):
                    self._unjoined = list(SEARCHED)
                return left or len(self._unjoined)
        self._indexed = 0
        if self._unjoined:
            with self._store.database.write() as connection:
                while self._unjoined and not search.join_parts(connection, self._unjoined[-1]):
                    self._unjoined.pop()
        return len(self._unjoined)

    def set_aside(self, group: Sequence[Waiting], problem: Mapping[str, Any]) -> ChangeSet:
        """Puts a group that got no verdict five times where its author sees it; it blocks nothing any more."""
        at = moment_text(self._store.clock.now())
        verdict = Verdict(group[0].group, "stuck", problem, {})
        with self._store.database.write() as connection:
            touched = verdicts.apply_verdicts(connection, [group], [verdict], (), at)
        return ChangeSet(0, "", touched, {})

    def failed_alone(self, group: Sequence[Waiting]) -> int:
        """Counts one more answer without a verdict for this group alone; gives how many there were."""
        with self._store.database.write() as connection:
            connection.execute(
                sa.update(outbox_table)
                .where(outbox_table.c.group_id == group[0].group)
                .values(failures=outbox_table.c.failures + 1)
            )
            found = sa.select(sa.func.max(outbox_table.c.failures)).where(outbox_table.c.group_id == group[0].group)
            return int(connection.execute(found).scalar() or 0)

    def new_device(self) -> None:
        """Takes another device id: the server has met another laptop with this one's. The outbox stays."""
        self._store.take_device_id()
        self._device = device_of(self._store.folder)
        with self._store.database.write() as connection:
            _remember(connection, {"push_number": 0, "push_upto": ""})
            _start_over(connection)

    def new_epoch(self, epoch: int, mark: Mapping[str, Any] | None) -> None:
        """The server was set back and goes on under a new epoch: everything is downloaded again over what is here.

        Before that it is asked which acknowledged changes it still knows; that is noted here, so that neither a broken
        connection nor a crash forgets it.
        """
        with self._store.database.write() as connection:
            witnessing.note_last(connection, self._store.clock.now())
            here = standing(connection)
            rescuing.note_mark(connection, here.epoch, here.mark)
            copy = self._store.ids.random()  # by which the server tells two copies of this laptop, whatever it forgot
            _remember(connection, {"epoch": epoch, "mark": mark, "reconcile": "1", "push_upto": "", "copy": copy})
            settling.tell_again(connection)
            _start_over(connection)

    def reconciled(self) -> None:
        """The server said of every acknowledged change whether it knows it."""
        with self._store.database.write() as connection:
            _remember(connection, {"reconcile": ""})

    def _witness(self, connection: sa.Connection, answer: Mapping[str, Any]) -> None:
        witnessing.note(connection, answer["epoch"], answer["mark"], self._store.clock.now())

    def witnessed(self) -> tuple[list[Witness], Counted]:
        """The marks of the server's log that were kept, the newest among them, and how far the log was counted."""
        with self._store.database.read() as connection:
            here, found = standing(connection), witnessing.witnesses(connection)
            counted = witnessing.counted(connection)
        if here.mark:
            at = here.last_sync or moment_text(self._store.clock.now())
            found.append(Witness(here.mark["seq"], here.epoch, here.mark["hash"], at))
        return found, counted

    def keep_counted(self, found: Counted) -> None:
        """Remembers how far the server's log was counted, and when."""
        with self._store.database.write() as connection:
            witnessing.keep_counted(connection, replace(found, looked_at=moment_text(self._store.clock.now())))

    def past(self) -> list[list[Any]]:
        """Marks of the server that were kept, for it to say up to where its past and ours are one."""
        with self._store.database.read() as connection:
            return rescuing.past(connection)

    def lost_rows(self, common: int, after: tuple[str, str], limit: int) -> tuple[list[list[Any]], tuple[str, str]]:
        """Rows that the server may have lost, by kind and id after a place; with the place of the last."""
        with self._store.database.read() as connection:
            return rescuing.rows(connection, common, after, limit)

    def waiting_word(self) -> str:
        """Which list of recovered rows was told last."""
        with self._store.database.read() as connection:
            return rescuing.waiting_word(connection)

    def keep_waiting(self, word: str, entries: Sequence[Mapping[str, Any]]) -> None:
        """Keeps what waits at the server for this user of what it had lost."""
        with self._store.database.write() as connection:
            rescuing.keep_waiting(connection, word, entries)

    def acknowledged(self, after: int, limit: int) -> tuple[list[str], int]:
        """Group ids that the server said it took, oldest first after a place; with the place of the last."""
        with self._store.database.read() as connection:
            rows = connection.execute(
                sa.select(acknowledged.c.n, acknowledged.c.group_id)
                .where(acknowledged.c.n > after)
                .order_by(acknowledged.c.n)
                .limit(limit)
            ).all()
        return list(dict.fromkeys(row.group_id for row in rows)), rows[-1].n if rows else after

    def send_again(self, groups: Sequence[str]) -> None:
        """Puts groups that the server lost back into the outbox, before everything that waits there."""
        with self._store.database.write() as connection:
            least = connection.execute(sa.select(sa.func.min(outbox_table.c.n))).scalar()
            rows = connection.execute(
                sa.select(acknowledged).where(acknowledged.c.group_id.in_(list(groups))).order_by(acknowledged.c.n)
            ).all()
            first = min(int(least or 1), 1) - len(rows)
            for place, row in enumerate(rows):
                connection.execute(
                    sa.insert(outbox_table).prefix_with("or ignore").values(
                        n=first + place, group_id=row.group_id, place=row.place, entity=row.entity, record=row.record,
                        base=row.base, payload=row.payload,
                    )
                )  # fmt: skip
            connection.execute(sa.delete(acknowledged).where(acknowledged.c.group_id.in_(list(groups))))


def _is_known(here: Look, answer: Mapping[str, Any], since: str) -> bool:
    """Whether what a page without rows says is here already, and a sync was noted since this moment."""
    return (
        here.standing.last_sync > since
        and here.standing.mark == answer["mark"]
        and here.standing.rights == answer["rights"]
        and here.cursors == answer["cursors"]
        and not any(each.startswith("-") for each in here.cursors.values())
        and not here.awaits
    )


def _count(connection: sa.Connection, table: sa.Table, condition: Any) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar_one())


def _kept(connection: sa.Connection, key: str) -> str:
    return connection.exec_driver_sql("select value from meta where key = ?", (key,)).scalar() or ""


def _remember(connection: sa.Connection, values: Mapping[str, Any]) -> None:
    connection.exec_driver_sql(
        "insert or replace into meta (key, value) values (?, ?)",
        [(key, value if isinstance(value, str) else to_json(value)) for key, value in values.items()],
    )


def _start_over(connection: sa.Connection) -> None:
    """Every scope from the start; rows stay, and those that the download does not meet go at its end."""
    connection.execute(sa.update(scope_cursor).values({"cursor": "", "whole": 0, "pass": scope_cursor.c["pass"] + 1}))
