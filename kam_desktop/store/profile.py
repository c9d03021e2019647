"""A person's profile, open: the one value through which everything is read, edited and taken back."""

from __future__ import annotations

import contextlib
import itertools
import json
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.change import Change, ChangeSet
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.entities import LOCAL_PERSON_ID
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.domain.ids import Ids, letters
from kam_desktop.protocol.codec import decode_change, encode_change, to_json
from kam_desktop.store import database, device_file, files, forgetting, migrations, tables, undo, unsent
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.database import Database
from kam_desktop.store.journal import Journal
from kam_desktop.store.memory import Memory
from kam_desktop.store.reader import Reader
from kam_desktop.store.tables import history, journal_pending, undo_step
from kam_desktop.store.undo import UndoReport
from kam_desktop.store.unit_of_work import Step, UnitOfWork

JOURNAL = "journal"
DEVICE_FILE = device_file.NAME
LETTER = "device.letter"
"""The preference with the letter of this copy in the numbers of documents; see rule 15 of the sync protocol."""


class Store:
    """An open profile.

    Attributes:
        folder: the profile's folder.
        recovered: how many commits came back from the journal when it was opened.
        unread: how many frames of the journal were needed then and could not be read.
        memory: what was computed last, for readers of this process.
        derive: 32 bytes of the data key for one purpose.
        journal_behind: why the journal lacks the newest changes ("" when it does not); the database has them.
    """

    def __init__(self, folder: Path, key: DataKey, profile_id: str, clock: Clock, ids: Ids, *, write: bool) -> None:
        self.folder = folder
        self.clock = clock
        self.ids = ids
        self.author = LOCAL_PERSON_ID
        self.recovered = 0
        self.unread = 0
        self.journal_behind = ""
        self.memory = Memory(clock.today)
        self._given_up = False
        self.derive = key.derive
        self.database = Database(folder / database.FILE, key.hex())
        self._journal: Journal | None = None
        if write:
            self.database.open_writer()
            try:
                self._journal = Journal(folder / JOURNAL, key.derive("journal"), profile_id)
                self._reconcile()
                if not (folder / DEVICE_FILE).exists():
                    self.take_device_id()
                else:
                    self._know_device()
                with self.database.read() as connection:
                    user = connection.exec_driver_sql("select value from meta where key = 'user'").scalar()
                self.author = user or LOCAL_PERSON_ID
            except BaseException:
                self.close()
                raise

    @classmethod
    def create(cls, folder: Path, key: DataKey, profile_id: str, clock: Clock, ids: Ids) -> Store:
        """Makes the database of a new profile and opens it. Its folder and key file exist already."""
        files.private_folder(folder)
        database.create(folder / database.FILE, key.hex())
        return cls(folder, key, profile_id, clock, ids, write=True)

    @classmethod
    def open(cls, folder: Path, key: DataKey, profile_id: str, clock: Clock, ids: Ids, *, write: bool = True) -> Store:
        """Opens a profile; one of an older program is brought to the newest schema, after a verified backup.

        A file that is missing, damaged or newer is refused and left untouched.
        """
        version = database.schema_version(folder / database.FILE, key.hex())
        database.refuse_newer(version)
        if version < tables.SCHEMA:
            if not write:
                message = "This profile was written by an older version of KAM Desktop. Open it once in the window."
                raise Unavailable("older_schema", message)
            migrations.migrate(folder, key, clock)
        return cls(folder, key, profile_id, clock, ids, write=write)

    def close(self) -> None:
        """Closes the files. What was saved is on the disk already."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        self.database.close()

    # Reading.

    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader]:
        """Questions about one moment of the store."""
        with self.database.read() as connection:
            yield Reader(connection, self.memory)

    # Editing: the one road.

    @contextlib.contextmanager
    def edit(self, label: str, *, kind: str = "edit", recorded: bool = True, **args: str) -> Iterator[UnitOfWork]:
        """One edit: when the block ends well, it is on the disk, twice. Raises Refused and changes nothing."""
        with self._edit(Step(label, args, kind, None, recorded)) as uow:
            yield uow

    @contextlib.contextmanager
    def rehearse(self, label: str = "") -> Iterator[UnitOfWork]:
        """An edit that is never kept: for previews that tell the truth."""
        with contextlib.suppress(_Rehearsed), self.database.write() as connection:
            yield self._unit(connection, Step(label, {}, "internal", None, False))
            raise _Rehearsed

    def undo(self, number: int | None = None) -> tuple[UndoReport, ChangeSet]:
        """Takes back the newest step, or the given one, by a new change."""
        return self._answer("undo", number)

    def redo(self) -> tuple[UndoReport, ChangeSet]:
        """Does again what was taken back last."""
        return self._answer("redo", None)

    def _answer(self, kind: str, number: int | None) -> tuple[UndoReport, ChangeSet]:
        with self.database.read() as connection:
            find = undo.next_to_undo if kind == "undo" else undo.next_to_redo
            number = find(connection) if number is None else number
            label = connection.execute(sa.select(undo_step.c.label).where(undo_step.c.n == number)).scalar() or ""
        if number is None:
            raise Refused(Problem("step", f"nothing_to_{kind}", "There is nothing to take back."))
        with self._edit(Step(label, {}, kind, number)) as uow:
            report = undo.take_back(uow, number, redo=kind == "redo")
        return report, uow.change_set

    def _unit(self, connection: sa.Connection, step: Step) -> UnitOfWork:
        wanted = "select key, value from meta where key in ('workspace', 'joining')"
        found: dict[str, str] = {row[0]: row[1] for row in connection.exec_driver_sql(wanted).all()}
        connected, joining = "workspace" in found, bool(found.get("joining"))
        return UnitOfWork(connection, step, self.clock, self.ids, self.author, connected, joining)

    @contextlib.contextmanager
    def _edit(self, step: Step) -> Iterator[UnitOfWork]:
        frames = 0

        def journal(changes: list[Change]) -> None:
            nonlocal frames
            if step.recorded:
                frames = self._prepare_frame(connection, step, uow.change_set.step, changes)

        with self.database.write() as connection:
            if self._given_up:
                raise Unavailable("erased", "This laptop was taken out of use; nothing can be written here any more.")
            uow = self._unit(connection, step)
            uow.on_part = journal
            yield uow
            changes = uow.flush()
            if changes:
                journal(changes)
        if frames:
            self._append_pending()

    # The journal: a second copy of every change, outside the database.

    def _prepare_frame(self, connection: sa.Connection, step: Step, number: int, changes: list[Change]) -> int:
        frame = _last_frame(connection) + 1
        payload = to_json(
            {
                "step": {
                    "n": number,
                    "label": step.label,
                    "args": dict(step.args),
                    "kind": step.kind,
                    "answers": step.answers,
                },
                "changes": [encode_change(each) for each in changes],
            }
        )
        appended = self._journal.last_number if self._journal else 0
        run, packed = connection.exec_driver_sql, zlib.compress(payload.encode(), 1)
        run("delete from journal_pending where frame <= ?", (appended,))
        run("insert into journal_pending (frame, payload) values (?, ?)", (frame, packed))
        run("insert or replace into meta (key, value) values ('frame', ?)", (str(frame),))
        return frame

    def _append_pending(self) -> None:
        """Appends what the journal lacks. A full disk is told, and made up for by the next edit."""
        if self._journal is None:
            return
        last = self._journal.last_number
        with self.database.read() as connection:
            lacking = "select frame, payload from journal_pending where frame > ? order by frame"
            rows = connection.exec_driver_sql(lacking, (last,)).all()
        self.journal_behind = ""
        try:
            for row in rows:
                self._journal.append(row.frame, row.payload)
        except Unavailable as problem:
            # The edit is saved, in the database alone. The frame waits there and is appended with the next edit.
            self.journal_behind = problem.code

    def _reconcile(self) -> None:
        """Makes journal and database agree: whichever is behind gets what it lacks."""
        journal = self._journal
        if journal is None:
            return
        with self.database.read() as connection:
            known = _last_frame(connection)
        if journal.last_number < known:
            self._append_pending()
        elif journal.last_number > known:
            # The database was set back (an old copy, a restored disk): the journal knows more. The new name comes
            # first: after a crash in between the journal is still ahead, and all of this happens again.
            self.take_device_id()
            frames = ((number, json.loads(zlib.decompress(payload))) for number, payload in journal.frames(after=known))
            # A step that was written in parts has several frames; it comes back as one, in one transaction.
            replayed = 0
            for _, parts in itertools.groupby(frames, key=lambda frame: frame[1]["step"]["n"]):
                step = list(parts)
                self._replay(step)
                replayed += len(step)
            self.unread = journal.last_number - known - replayed

    def _replay(self, parts: list[tuple[int, Mapping[str, Any]]]) -> None:
        number, content = parts[-1]
        step = content["step"]
        with self.database.write() as connection:
            changes = [decode_change(each) for _, part in parts for each in part["changes"]]
            groups = {each.group for each in changes}
            seen = connection.execute(
                sa.select(history.c.group_id).where(history.c.group_id.in_(list(groups)[:500])).limit(1)
            ).first()
            if seen is None and changes:  # of what left this laptop a frame keeps nothing but its number
                uow = self._unit(connection, Step(step["label"], step["args"], step["kind"], step["answers"]))
                for change in changes:
                    uow.replay(change)
                uow.flush_replayed(changes)
                if step["answers"] is not None:
                    state = "undone" if step["kind"] == "undo" else "done"
                    connection.execute(sa.update(undo_step).where(undo_step.c.n == step["answers"]).values(state=state))
                self.recovered += 1
            connection.execute(
                sa.text("insert or replace into meta (key, value) values ('frame', :frame)"), {"frame": str(number)}
            )

    def forget(self) -> bool:
        """Takes out of file, history, journal and index what must not stay; whether anything was owed. Unavailable."""
        with self.database.read() as connection:
            if not forgetting.owed(connection):
                return False
            everything = not forgetting.owes_log_alone(connection)
        if everything:
            self._forget_everything()
        # The log is emptied too: its old pages hold what was overwritten in the file. While somebody reads, it waits.
        emptied = self.database.checkpoint()
        with self.database.write() as connection:
            forgetting.done(connection)
            if not emptied:
                forgetting.owe(connection, everything=False)
        return True

    def _forget_everything(self) -> None:
        with self.database.write() as connection:
            with forgetting.overwriting(connection):
                forgetting.fields(connection)
                forgetting.search_terms(connection)
            if self._journal is not None:
                waits = journal_pending.c.frame > self._journal.last_number
                connection.execute(sa.delete(journal_pending).where(sa.not_(waits)))
            edited, newest = forgetting.frame_editor(connection), _last_frame(connection)
            for row in connection.execute(sa.select(journal_pending)).all():
                connection.execute(
                    sa.update(journal_pending)
                    .where(journal_pending.c.frame == row.frame)
                    .values(payload=edited(row.payload))
                )
            forgetting.free_pages(connection)
        if self._journal is not None:
            self._journal.rewrite(edited, newest)

    def drop_journal(self, covered: int) -> int:
        """Removes journal segments that are 30 days old and lie in a verified backup, up to this frame."""
        return self._journal.drop(self.clock.now(), covered) if self._journal is not None else 0

    def journal_damages(self) -> list[str]:
        """What the journal could not read, for `doctor`; empty when it is sound."""
        if self._journal is None:
            return []
        return [f"{each.kind} {each.segment} {each.number or ''}".strip() for each in self._journal.check()]

    def take_device_id(self) -> None:
        """A new name for this laptop's copy, kept outside the database so that a clone shows."""
        device_file.write(self.folder, self.ids.random())
        self._know_device()

    def _know_device(self) -> None:
        """A connected copy under a new name numbers no document with the letter of the copy that it was made of."""
        name = device_file.read(self.folder)
        with self.database.read() as connection:
            asked = "select value from meta where key = ?"
            known = connection.exec_driver_sql(asked, ("device",)).scalar()
            connected = connection.exec_driver_sql(asked, ("workspace",)).scalar()
        if known != name:
            with self.database.write() as connection:
                run = connection.exec_driver_sql
                run("insert or replace into meta (key, value) values ('device', ?)", (name,))
                if known and connected:
                    run("insert or replace into preference (key, value) values (?, ?)", (LETTER, letters(name)))

    def give_up(self, handed: Collection[str], order: Callable[[], object]) -> bool:
        """Ends all writing and gives the order to erase, if everything unsent is among the groups handed in.

        Whether it is; else nothing changed. Raises what `order` raises, and writing goes on then.
        """
        with self.database.write() as connection:
            if not set(unsent.names(connection)) <= set(handed):
                return False
            order()
            self._given_up = True
        return True

    # Small things of this laptop, never synced.

    def remember(self, values: Mapping[str, str | None]) -> None:
        """Keeps settings of this laptop; None forgets one."""
        with self.database.write() as connection:
            uow = self._unit(connection, Step("", {}, "internal", None, False))
            for key, value in values.items():
                uow.set_preference(key, value)


class _Rehearsed(Exception):
    """Rolls a rehearsal back."""


def _last_frame(connection: sa.Connection) -> int:
    return int(connection.exec_driver_sql("select value from meta where key = 'frame'").scalar() or 0)
