"""A laptop counts the links of the server's log and compares them with marks that it was told."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.errors import Problem
from kam_desktop.language import N_
from kam_desktop.protocol.log_chain import ERASE, link, told_digest
from kam_desktop.store.sync_state import SyncState
from kam_desktop.store.witness import Counted, Witness

PROBLEMS = {
    "log_changed": N_("The server's log of changes is not what this computer witnessed on {since}. It was altered."),
    "log_blanked": N_("Entries of the server's log of changes lost their content, and no erasure says so."),
    "log_unread": N_("The server's log of changes does not add up: what it shows is not what it answers by."),
}
"""What is told of a log that is not as it was; `since` is when the mark was told that does not fit any more."""
Ask = Callable[[int], Mapping[str, Any]]
"""The server's answer to `audit` behind a number, already checked for its shape (`answers`)."""


def problem(found: Counted) -> Problem | None:
    """What is to be told, None for a log that is as it was witnessed."""
    if not found.problem:
        return None
    return Problem("server", found.problem, PROBLEMS[found.problem], {"since": found.since[:16].replace("T", " ")})


def look(state: SyncState, epoch: int, ask: Ask, now: datetime, dice: random.Random) -> Problem | None:
    """Where it is due: an answer's worth, new entries first and then a piece of the past; what is wrong with the log.

    Due once a day, or as long as the end was not reached. What was wrong is said again only where it is found again.
    """
    seen, found = state.witnessed()
    today = found.looked_at[:10] == moment_text(now)[:10]
    if today and (found.problem or not found.behind):
        return problem(found)
    if found.problem:
        found = Counted()
    found, found.behind = go_on(found, epoch, seen, ask)
    if not found.behind and not found.problem:
        found = look_back(found, seen, ask, dice)
    state.keep_counted(found)
    return problem(found)


def go_on(found: Counted, epoch: int, seen: Sequence[Witness], ask: Ask) -> tuple[Counted, bool]:
    """Counts one answer's worth of the log further; and whether there is more of it.

    Args:
        seen: what was witnessed, the mark of this moment among it; of older epochs too. What a restored server lost
            is no alteration: `since` tells from when on it is missing.
    """
    if found.epoch != epoch:
        found = Counted(epoch=epoch)
    answer = ask(found.to)
    now = replace(found, behind=False, blanked=sorted({*found.blanked, *answer["blanked"]}))
    erased = _erased(answer)
    if erased is None:
        return replace(now, problem="log_unread"), False
    # what is blanked stands before the entry that says so, or was counted before it was blanked
    now.blanked = sorted({*now.blanked} - erased)
    now.erased = sorted({*now.erased, *erased})
    chain, to = bytes.fromhex(now.hash), now.to
    for last, said in answer["commits"]:
        _compare(now, chain, seen, to, last)
        if not said or last <= to:
            return replace(now, problem=now.problem or "log_unread"), False
        chain, to = link(chain, bytes.fromhex(said)), last
    more = bool(answer["more"])
    if not more:
        _compare(now, chain, seen, to, 1 << 62)
        if answer["mark"]["hash"] != chain.hex():
            now.problem = now.problem or "log_unread"
        if now.blanked:
            now.problem = now.problem or "log_blanked"
    now.to, now.hash = to, chain.hex()
    return now, more and not now.problem


def look_back(found: Counted, seen: Sequence[Witness], ask: Ask, dice: random.Random) -> Counted:
    """Counts one answer's worth of what was counted before once more, from a mark on that was witnessed."""
    here = [each for each in seen if each.epoch == found.epoch and each.seq <= found.to]
    if not here:
        return found
    start = dice.choice([Witness(0, found.epoch, "", here[0].at), *here[:-1]])
    answer = ask(start.seq)
    now = replace(found)
    chain, to = bytes.fromhex(start.hash), start.seq
    for last, said in answer["commits"]:
        if last > found.to:
            break
        _compare(now, chain, here, to, last)
        if not said:
            now.problem = now.problem or "log_unread"
            break
        chain, to = link(chain, bytes.fromhex(said)), last
    if not answer["more"]:
        _compare(now, chain, here, to, found.to + 1)
    as_it_was = answer["mark"]["hash"] == found.hash  # else an erasure may have come that was not counted yet
    if as_it_was and not set(answer["blanked"]) <= set(found.erased):
        now.problem = now.problem or "log_blanked"
    return now


def whole(epoch: int, seen: Sequence[Witness], ask: Ask, told: Callable[[int], object] = lambda seq: None) -> Counted:
    """Counts the whole log from its beginning. `told` hears how far it came."""
    found, more = Counted(epoch=epoch), True
    while more:
        found, more = go_on(found, epoch, seen, ask)
        told(found.to)
    return found


def _compare(now: Counted, chain: bytes, seen: Sequence[Witness], start: int, end: int) -> None:
    """Marks of numbers from `start` up to before `end` must have this link; notes the first that has not."""
    for each in seen:
        if start <= each.seq < end and each.hash != chain.hex():
            if each.epoch == now.epoch and not now.problem:
                now.problem, now.since = "log_changed", each.at
            elif each.epoch != now.epoch and not now.since:
                now.since = each.at


def _erased(answer: Mapping[str, Any]) -> set[int] | None:
    """The numbers whose payloads were blanked, by entries that stand in the log; None where one does not."""
    digests = dict(answer["commits"])
    found: set[int] = set()
    try:
        for rows in answer["erasures"]:
            if digests[rows[-1][0]] != told_digest(rows).hex() or any(row[5] != ERASE for row in rows):
                return None
            for row in rows:
                found.update(orjson.loads(row[6])["erased"])
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    return found
