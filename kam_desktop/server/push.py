"""The call push: what a laptop wrote, group by group all or nothing, with a verdict for each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import orjson

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Problem as Reason
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.policy import Policy
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem, Push, bad, read_push
from kam_desktop.server import conflicts, fence, rows
from kam_desktop.server.callers import Caller
from kam_desktop.server.committing import commit
from kam_desktop.server.database import Connection
from kam_desktop.server.plain import Sorting, plain_rows
from kam_desktop.server.roots import Roots
from kam_desktop.server.sheet import lay_out
from kam_desktop.server.state import State
from kam_desktop.server.verdicts import ACCEPTED, ALREADY, Run, decide, refused

COPIED = N_("This computer's data was copied; it goes on as another device.")
CHANGED_GROUP = Reason("", "changed_group", N_("Another change was sent under this one's name; send it anew."))


def push(
    connection: Connection, caller: Caller, message: Mapping[str, Any], *, clock: Clock, ids: Ids, policy: Policy
) -> dict[str, Any]:
    """Takes a push in. Answer: `verdicts` run-length in the order of the groups, `parts` (rows that came out otherwise
    than they were sent, as they stand now), `conflicts` that were kept, `numbered` (which number each change got).

    Raises Problem 400 or 413 for its shape, 409 `new_device` when another laptop goes by this one's id.
    """
    asked = read_push(message)
    run = Run(asked, lay_out(asked, caller, clock))
    met = _lock_device(connection, caller)  # first, so that a message that is doubled waits for its twin
    _find_known(connection, caller, run)
    _check_device(met, asked, run.known)
    _check_copy(connection, caller, met.copy, message.get("copy", ""))
    for number, reason in run.sheets.refused.items():
        run.verdicts.setdefault(number, refused([reason]))
    at = moment_text(clock.now())
    _hold_recovered(connection, caller, run, at)
    roots = Roots(connection)
    state = State(connection, roots)
    sorting = Sorting(run.sheets, asked.count, state, roots, caller)
    sorting.sort(run.verdicts)
    for sheet, taken, _ in plain_rows(sorting):
        made = sheet.part.ids if taken is None else [sheet.part.ids[i] for i in taken]
        state.plain.setdefault(sheet.part.entity, set()).update(made)
        altered = (i for i in sheet.altered if not sorting.alone[sheet.part.places[i]])
        run.differing.update((sheet.part.entity, sheet.part.ids[i]) for i in altered)
    decide(connection, caller, run, sorting, state)
    if caller.device_number:  # not the server itself
        rows_met = (deed.row for deeds in run.deeds.values() for deed in deeds)
        fence.require(connection, caller.user, ((row.entity, row.id) for row in rows_met if not row.new))
    settled = conflicts.settle(connection, caller, roots, asked.settle) if asked.settle else []
    commit(connection, caller, run, sorting, state, settled, at)
    _count(connection, caller, met, asked, run.known, at)
    return _answer(connection, caller, run)


def _find_known(connection: Connection, caller: Caller, run: Run) -> None:
    """Gives groups that were taken before the verdict that they got then."""
    groups = run.push.groups
    condition, value = connection.among("g.group_id", [name for name, _ in groups])
    statement = (
        "select g.group_id, g.payload_hash, g.verdict, d.person from group_applied g "  # noqa: S608
        f"left join device d on d.n = g.device where {condition}"
    )
    known = {row[0]: row[1:] for row in connection.rows(statement, (value,))}
    for number, (name, _) in enumerate(groups) if known else ():
        if name not in known:
            continue
        run.known.add(number)
        digest, verdict, person = known[name]
        unlike = bytes(digest) != run.sheets.group_hashes[number] and bytes(digest) != b""  # none: it was erased
        if unlike or person != caller.user:
            run.verdicts[number] = refused([CHANGED_GROUP])
        elif verdict is None:
            run.verdicts[number] = (ALREADY, {})
        else:
            kind, detail = orjson.loads(verdict)
            run.verdicts[number] = (ALREADY if kind == ACCEPTED else kind, detail)
            run.send_back(number)


class _Met(NamedTuple):
    """What is known of a device's pushes: all zero or empty where the server itself writes.

    Attributes:
        number: the newest number.
        copy: the word of its copy.
        last: the last group that came under the newest number.
        heard: the last group of that number's newest repetition, which may be shorter: a proxy may have refused the
            whole as too large.
    """

    number: int = 0
    copy: str = ""
    last: str = ""
    heard: str = ""


def _lock_device(connection: Connection, caller: Caller) -> _Met:
    statement = f"select number, copy, last_group, heard_group from device where n = ?{connection.for_update}"  # noqa: S608
    row = connection.one(statement, (caller.device_number,))
    return _Met(int(row[0]), row[1] or "", row[2] or "", row[3] or "") if row is not None else _Met()


def _check_device(met: _Met, asked: Push, known: Collection[int]) -> None:
    """The newest number comes again in a repeated message, all of it known; else it, and any before it, from a clone.

    A laptop goes on to the next number only once this one was answered. So an older one, though all of it be known, is
    a copy's that was made before: its next would pass for the original's own and overwrite without a conflict.
    Where the newest number came again with less than at first, the rest of it comes next, as what waits keeps its
    order; a next message that begins with something new comes from a copy that never wrote the rest.
    """
    if asked.number < met.number or (asked.number == met.number and len(known) < len(asked.groups)):
        raise Problem(409, "new_device", COPIED)
    if asked.number > met.number and met.heard != met.last and asked.groups and 0 not in known:
        raise Problem(409, "new_device", COPIED)


def _count(
    connection: Connection, caller: Caller, met: _Met, asked: Push, known: Collection[int], at: str
) -> None:  # fmt: skip
    """Keeps the number of this push, and how far it went; what only tells of settled conflicts is not counted."""
    number, last, heard = met.number, met.last, met.heard
    if asked.groups:
        heard = asked.groups[-1][0]
        rest = met.heard != met.last and len(known) == len(asked.groups)
        if asked.number > met.number and not (rest and all(name != met.last for name, _ in asked.groups)):
            last = heard
        number = max(number, asked.number)
    connection.run(
        "update device set number = ?, last_group = ?, heard_group = ?, last_seen = ? where n = ?",
        (number, last, heard, at, caller.device_number),
    )


def _check_copy(connection: Connection, caller: Caller, kept: str, copy: Any) -> None:
    """A server that was set back forgot the numbers by which it knows a copy of a laptop.

    So every laptop takes a random word when it hears of the new epoch, and the first one to push under an id keeps it.
    """
    if not isinstance(copy, str) or len(copy) > 64:
        raise bad("copy")
    if kept and kept != copy:
        raise Problem(409, "new_device", COPIED)
    if kept != copy:
        connection.run("update device set copy = ? where n = ?", (copy, caller.device_number))


def _hold_recovered(connection: Connection, caller: Caller, run: Run, at: str) -> None:
    """What a server lost and a laptop still has waits for its owner or the administrator (rule 5)."""
    numbers = [
        number
        for number, (name, _) in enumerate(run.push.groups)
        if name in run.push.recovered and number not in run.verdicts
    ]
    if not numbers:
        return
    held = []
    for number, changes in run.changes(numbers).items():
        told = [{"entity": each.entity, "id": each.id, "action": each.action, "new": each.new} for each in changes]
        name = run.push.groups[number][0]
        held.append((name, run.push.recovered[name], caller.user, orjson.dumps(told).decode(), at, "waiting"))
        run.verdicts[number] = (ACCEPTED, {"held": True})
    connection.insert("recovered", ("group_id", "author", "sender", "changes", "at", "state"), held)


def _answer(connection: Connection, caller: Caller, run: Run) -> dict[str, Any]:
    told: list[list[Any]] = []
    for number in range(len(run.push.groups)):
        kind, detail = run.verdicts.get(number, (ACCEPTED, {}))
        if kind not in (ACCEPTED, ALREADY):
            told.append([kind, detail])
        elif told and told[-1][0] == kind:
            told[-1][1] += 1
        else:
            told.append([kind, 1])
    answer: dict[str, Any] = {"verdicts": told, "parts": [], "conflicts": [], "numbered": run.numbered}
    if run.differing or run.kept:
        with fence.around(connection, caller.user):
            answer["parts"] = rows.parts(connection, caller, Roots(connection), run.differing)
            found = conflicts.read(connection, run.kept)
            answer["conflicts"] = conflicts.visible(caller, Roots(connection), found.values())
    return answer
