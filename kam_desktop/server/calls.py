"""The one door to the server's core: every call of every laptop, whoever carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, Protocol

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.policy import Policy
from kam_desktop.language import N_
from kam_desktop.protocol import messages
from kam_desktop.protocol.messages import Problem, bad
from kam_desktop.server import (
    audit,
    callers,
    devices,
    digest,
    fence,
    history,
    leaving,
    reassign,
    reconcile,
    recovered,
    tables,
    workspace,
)
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Again, Connection, Database
from kam_desktop.server.pull import pull
from kam_desktop.server.push import push
from kam_desktop.server.sessions import Bearer

ATTEMPTS = 8
"""So often a transaction that another one was in the way of is done again."""
OLDEST_SCHEMA = 1

Call = Callable[..., dict[str, Any]]
WRITING: dict[str, Call] = {"push": push, "reassign": reassign.reassign, "recovered": recovered.recovered,
                           "devices": devices.devices, "handed-in": leaving.handed_in}  # fmt: skip
READING: dict[str, Call] = {
    "pull": pull,
    "digest": digest.digest,
    "reconcile": reconcile.reconcile,
    "history": history.history,
    "audit": audit.audit,
}
FENCED = ("pull", "digest", "history")
"""Calls that answer with rows: on PostgreSQL the database itself gives only what the caller may read."""


class Subject(Protocol):
    """Who calls, as the token said."""

    @property
    def user(self) -> str:
        """The id of the user."""

    @property
    def device(self) -> str:
        """The id of the device that the session belongs to."""


def answer(
    database: Database,
    name: str,
    subject: Subject | Bearer,
    message: Mapping[str, Any],
    *,
    clock: Clock,
    ids: Ids,
    policy: Policy,
) -> dict[str, Any]:
    """The answer to one call, in one transaction.

    Raises Problem: 400 for its shape, 403, 404, 409, 413, 421, 426, 503 (see protocol, `restored`); Unavailable where
    the database does not answer.
    """
    if name not in WRITING and name not in READING and name != "hello":
        raise Problem(404, "unknown_call", N_("The server does not know this call."))
    for attempt in range(ATTEMPTS):
        try:
            return _once(database, name, subject, message, clock=clock, ids=ids, policy=policy)
        except Again:
            if attempt == ATTEMPTS - 1:
                break
        except workspace.SetBackFound:
            with database.write() as connection:
                workspace.set_back(connection)
            raise workspace.restored() from None
    raise Problem(503, "busy", N_("The server is busy. Your changes wait here."), retry_after=2)


def _once(
    database: Database,
    name: str,
    subject: Subject | Bearer,
    message: Mapping[str, Any],
    *,
    clock: Clock,
    ids: Ids,
    policy: Policy,
) -> dict[str, Any]:
    door = database.write() if name in WRITING else database.read()
    with door as connection:
        who = subject.known(connection) if isinstance(subject, Bearer) else subject
        found = workspace.read(connection)
        if name == "hello":
            return {**_hello(), **_envelope(found, clock)}
        _check_language(name, message)
        workspace.check_belongs(connection, found, message)
        workspace.check_open(found)
        caller = _caller(connection, who, message, policy)
        if name in WRITING:
            content = WRITING[name](connection, caller, message, clock=clock, ids=ids, policy=policy)
            found = workspace.read(connection)
        else:  # one moment of the database: it is as it was found
            beside = _beside(connection, caller, name, found)
            with fence.around(connection, caller.user, last=True) if name in FENCED else nullcontext():
                content = READING[name](connection, caller, message, found=found) | beside
        return {**content, **_envelope(found, clock), **_asked(message)}


def _beside(connection: Connection, caller: Caller, name: str, found: workspace.Workspace) -> dict[str, Any]:
    """With a pull of a server that was set back once: which list of what it had lost waits for the caller."""
    if name != "pull" or found.epoch == 1:
        return {}
    return {"recovered": recovered.state_of(connection, caller, found.epoch)}


def _asked(message: Mapping[str, Any]) -> dict[str, str]:
    """The name of the question, said again, so that no answer is taken for another one's."""
    name = message.get("ask", "")
    if not isinstance(name, str) or len(name) > 64:
        raise bad("ask")
    return {"ask": name} if name else {}


def _caller(connection: Connection, subject: Subject, message: Mapping[str, Any], policy: Policy) -> Caller:
    if message.get("device") != subject.device:
        raise Problem(403, "other_device", N_("This session belongs to another computer; sign in again."))
    return callers.load(connection, subject.user, subject.device, policy)


def _check_language(name: str, message: Mapping[str, Any]) -> None:
    """The last two versions of the protocol are served; of older ones a push is still taken (rule 12)."""
    spoken = messages.whole(message, "protocol", 1)
    if spoken > messages.PROTOCOL:
        raise Problem(426, "server_too_old", N_("The server is older than this program; it must be updated."))
    if spoken < messages.PROTOCOL - 1 and name != "push":
        raise Problem(426, "update", N_("Update this program to go on syncing. Your changes are still sent."))
    if type(message.get("schema", OLDEST_SCHEMA)) is not int:
        raise bad("schema")


def _hello() -> dict[str, Any]:
    return {
        "protocol": messages.PROTOCOL,
        "schema": [OLDEST_SCHEMA, tables.SCHEMA],
        "limits": {
            "push_changes": messages.PUSH_CHANGES,
            "group_changes": messages.GROUP_CHANGES,
            "group_bytes": messages.GROUP_BYTES,
            "pull_rows": messages.PULL_ROWS,
        },
    }


def _envelope(found: workspace.Workspace, clock: Clock) -> dict[str, Any]:
    return {
        "workspace": found.id,
        "epoch": found.epoch,
        "mark": workspace.mark_of(found),
        "server_time": moment_text(clock.now()),
        "state": found.state,
    }
