"""The workspace: its id, epoch and sequence; marks that tell a database set back or copied."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.ids import Ids
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem, bad
from kam_desktop.server import change_log, tables
from kam_desktop.server.database import Connection
from kam_desktop.server.making import columns_of, missing_columns, missing_tables

OPEN, SET_BACK = "open", "set_back"


class SetBackFound(Exception):
    """A laptop knows a later or another past of this database: it was restored from a backup, or copied."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One organisation's database, as it is in this transaction.

    Attributes:
        seq: the newest sequence number; `hash` is that of the change log there.
        key: signs marks; it leaves the database in no answer.
    """

    id: str
    epoch: int
    seq: int
    hash: str
    schema: int
    key: bytes
    state: str


def create(connection: Connection, ids: Ids, clock: Clock) -> Workspace:
    """Makes the tables and mints the workspace; where there is one, only adds what a newer program needs.

    Several processes may be started at once, and while others serve: one makes them, and what is there is not touched.
    """
    connection.lock_making()
    for statement in (
        *missing_columns(connection, tables.metadata.sorted_tables),
        *missing_tables(connection, tables.metadata.sorted_tables),
    ):
        connection.run(statement)
    if connection.one("select 1 from workspace") is None:
        raw = ids.random() + ids.random()
        connection.run(
            "insert into workspace (id, epoch, seq, hash, schema, key, state) values (?, 1, 0, '', ?, ?, ?)",
            (ids.new(), tables.SCHEMA, raw, OPEN),
        )
        connection.run("insert into scope (name, seq, floor) values ('org', 0, 0)")
    connection.run("update workspace set schema = ? where schema < ?", (tables.SCHEMA, tables.SCHEMA))
    return read(connection)


def exists(connection: Connection) -> bool:
    """Whether `create` was ever done here."""
    return bool(columns_of(connection, "workspace")) and connection.one("select 1 from workspace") is not None


def read(connection: Connection) -> Workspace:
    """The workspace as it stands."""
    row = connection.one("select id, epoch, seq, hash, schema, key, state from workspace")
    if row is None:
        raise Problem(503, "not_ready", N_("This server was not set up yet."))
    return Workspace(row[0], row[1], row[2], row[3], row[4], bytes.fromhex(row[5]), row[6])


def mark_of(found: Workspace) -> dict[str, Any]:
    """What a laptop brings back with its next call: where the log stood, and that we said so."""
    return {"seq": found.seq, "hash": found.hash, "mac": _mac(found, found.epoch, found.seq, found.hash)}


def mark(connection: Connection) -> dict[str, Any]:
    """The mark of this moment."""
    return mark_of(read(connection))


def check_belongs(connection: Connection, found: Workspace, message: Mapping[str, Any]) -> None:
    """Whether a call is for this workspace, this epoch and this past of it.

    Raises Problem 421 for another workspace, 409 for another epoch, with what is to be had here; SetBackFound where
    the laptop's mark, signed by us, knows a later or another past than the log; Problem 400 for a mark that is none
    of ours.
    """
    if message.get("workspace") != found.id:
        raise Problem(
            421, "other_workspace", N_("This is another server than the one of this profile."), workspace=found.id
        )
    epoch, given = message.get("epoch"), message.get("mark")
    if type(epoch) is not int:
        raise bad("epoch")
    if epoch > found.epoch and given is not None and _signed(found, epoch, given) is not None:
        raise SetBackFound
    if epoch != found.epoch:
        # with the mark of this moment: a laptop that knows an epoch can tell from then on that it was set back again
        said = {"epoch": found.epoch, **mark_of(found)}
        raise Problem(409, "epoch", N_("The server's data was restored since."), **said)
    if given is not None:
        check_mark(connection, found, given)


def check_mark(connection: Connection, found: Workspace, given: Any) -> None:
    """Compares a laptop's mark of this epoch with the log. Raises SetBackFound, or Problem 400."""
    signed = _signed(found, found.epoch, given)
    if signed is None:
        raise Problem(400, "bad_mark", N_("The mark is not one of this server's."))
    seq, digest = signed
    if seq == found.seq and digest == found.hash:
        return
    if seq > found.seq:
        raise SetBackFound
    # a commit that leaves no row in the log has the link of the one before; another past may have rows there
    if change_log.link_at(connection, seq).hex() != digest or change_log.parted_at(connection, seq):
        raise SetBackFound


def common(connection: Connection, marks: Sequence[Any]) -> int:
    """The newest number up to which a laptop's past and this database's are one, by the marks of ours that it kept.

    Where it kept none that tells it: the number at which this epoch began, which a database that was set back and
    noticed at once has in common with everybody.
    """
    found = read(connection)
    known = []
    for each in marks:
        if not isinstance(each, list) or len(each) != 4 or type(each[0]) is not int:
            raise bad("marks")
        signed = _signed(found, each[0], {"seq": each[1], "hash": each[2], "mac": each[3]})
        if (
            signed is not None
            and signed[0] <= found.seq
            and change_log.link_at(connection, signed[0]).hex() == signed[1]
        ):
            known.append(signed[0])
    if known:  # the place of the link: a mark of an epoch's beginning stands far above it, and above what was lost
        row = connection.one("select max(seq) from change_log where seq <= ? and chain is not null", (max(known),))
        return int(row[0] or 0) if row is not None else 0
    row = connection.one("select max(seq) from change_log where seq < ?", (found.epoch,))
    return int(row[0] or 0) if row is not None and found.epoch > 1 else 0


def _signed(found: Workspace, epoch: int, given: Any) -> tuple[int, str] | None:
    """Sequence number and hash of a mark that this server made in that epoch, else None."""
    if not isinstance(given, Mapping):
        raise bad("mark")
    seq, digest, mac = given.get("seq"), given.get("hash"), given.get("mac")
    if type(seq) is not int or not 0 <= seq < 1 << 62 or not isinstance(digest, str) or not isinstance(mac, str):
        raise bad("mark")
    right = hmac.compare_digest(mac.encode("utf-8", "replace"), _mac(found, epoch, seq, digest).encode())
    return (seq, digest) if right else None


def set_back(connection: Connection) -> None:
    """From here on push and pull are answered 503 until `restore` says what this database is."""
    connection.run("update workspace set state = ?", (SET_BACK,))


def check_open(found: Workspace) -> None:
    """Raises Problem 503 while nobody has said what a database is that was set back."""
    if found.state != OPEN:
        raise restored()


def restored() -> Problem:
    """What every push and pull is told until then."""
    return Problem(
        503, "restored", N_("The server's data was restored from a backup; its administrator must say so first.")
    )


def restore(connection: Connection, as_: str, clock: Clock, ids: Ids) -> Workspace:
    """Says what a database is that was set back or copied.

    "production": it goes on from here, in a new epoch whose numbers start above the Unix time in microseconds, so
    that none is given twice. "copy": it is a workspace of its own, which no laptop knows.
    """
    found = read(connection)
    now = int(clock.now().timestamp() * 1_000_000)
    if as_ == "production":
        epoch = max(found.epoch + 1, found.seq + 1, now)  # every number of this epoch is at least the epoch's own
        connection.run("update workspace set epoch = ?, seq = ?, state = ?", (epoch, epoch, OPEN))
        connection.run("update device set copy = ''")
    elif as_ == "copy":
        connection.run(
            "update workspace set id = ?, epoch = 1, key = ?, state = ?", (ids.new(), ids.random() + ids.random(), OPEN)
        )
    else:
        raise ValueError("restore as production or as copy")
    return read(connection)


def _mac(found: Workspace, epoch: int, seq: int, digest: str) -> str:
    said = f"{found.id}|{epoch}|{seq}|{digest}"
    return hmac.new(found.key, said.encode(), "sha256").hexdigest()[:32]
