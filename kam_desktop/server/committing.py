"""Takes the sequence and writes everything that a push decided, in the order of its changes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any

import orjson

from kam_desktop.domain.scopes import Root
from kam_desktop.server import change_log, conflicts
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import NEWS, Connection
from kam_desktop.server.plain import Sorting, plain_rows
from kam_desktop.server.state import State
from kam_desktop.server.verdicts import ACCEPTED, Run
from kam_desktop.server.writing import Writing, logged

Settled = list[tuple[str, str, str]]
"""(id, entity, record) of conflict records that a person has dealt with."""


def commit(
    connection: Connection, caller: Caller, run: Run, sorting: Sorting, state: State, settled: Settled, at: str
) -> None:
    """Writes rows, feed, log, conflicts and verdicts. The sequence is taken here, last, and held to the commit."""
    spans = run.sheets.spans
    stamped = [
        number
        for number in range(len(spans))
        if number not in run.known and (number not in run.verdicts or number in run.deeds)
    ]
    count = sum(spans[number][1] - spans[number][0] for number in stamped)
    seq = 0
    if count or settled:
        statement = "update workspace set seq = seq + ? returning seq, hash"
        taken = connection.one(statement, (count + bool(settled),)) or (0, "")
        seq = int(taken[0])
        first = seq - count - bool(settled) + 1
        run.numbered = _runs(first, [spans[number] for number in stamped])
        number_of = _numbering(run.push.count, run.numbered)
        writing = Writing(connection, caller, state.roots, number_of, at)
        entries = change_log.Entries()
        _write_plain(run, sorting, writing, caller, entries)
        changed = state.changed()
        if changed:
            writing.rows(changed)
        _write_deeds(connection, run, writing, caller, entries, at)
        if settled:
            writing.settled(settled, seq)
        writing.finish()
        chain = change_log.append(connection, bytes.fromhex(taken[1]), at, entries)
        connection.run("update workspace set hash = ?", (chain.hex(),))
        connection.tell(NEWS)
    _keep_verdicts(connection, caller, run, seq)


def _runs(first: int, spans: list[tuple[int, int]]) -> list[list[int]]:
    """First place, first number and length of what is numbered in a row: each change of these spans, in their order."""
    runs: list[list[int]] = []
    for start, end in spans:
        if runs and runs[-1][0] + runs[-1][2] == start:
            runs[-1][2] += end - start
        else:
            runs.append([start, first, end - start])
        first += end - start
    return runs


def _numbering(places: int, runs: list[list[int]]) -> Callable[[int], int]:
    """The sequence number of a place."""
    if len(runs) == 1 and runs[0][2] == places:
        return runs[0][1].__add__
    numbers = [0] * places
    for start, first, size in runs:
        numbers[start : start + size] = range(first, first + size)
    return numbers.__getitem__


def _write_plain(run: Run, sorting: Sorting, writing: Writing, caller: Caller, entries: change_log.Entries) -> None:
    names: list[str] = []
    starts: list[int] = []
    for (name, size), (start, _) in zip(run.push.groups, run.sheets.spans, strict=True):
        names += [name] * size
        starts += [start] * size
    device, user = caller.device_number, caller.user
    for sheet, chosen, roots in plain_rows(sorting):
        writing.plain(sheet, chosen, roots)
        part = sheet.part
        picked = range(len(part.ids)) if chosen is None else chosen
        places = [part.places[i] for i in picked]
        size = len(places)
        entries.extend(
            map(writing.seq_of, places),
            [names[place] for place in places],
            [place - starts[place] for place in places],
            repeat(part.entity, size),
            [part.ids[i] for i in picked],
            repeat("create", size),
            repeat(None, size),
            [sheet.news[i] for i in picked],
            repeat(user, size),
            repeat(device, size),
            [part.written_at[i] for i in picked],
        )


def _write_deeds(
    connection: Connection, run: Run, writing: Writing, caller: Caller, entries: change_log.Entries, at: str
) -> None:
    kept: list[tuple[Any, ...]] = []
    root_of: dict[str, Root] = {}
    for number, deeds in run.deeds.items():
        group = run.push.groups[number][0]
        for deed in deeds:
            seq, change, row = writing.seq_of(deed.change.place), deed.change, deed.row
            made = conflicts.rows_of(connection, deed, group, seq, caller.user, at)
            kept += made
            if made and row.root is not None:
                root_of[row.id] = row.root
            if deed.alters:
                old, new = logged(deed)
                entries.add(
                    seq, group, change.within, row.entity, row.id, deed.action, old, new, caller.user,
                    caller.device_number, change.written_at,
                )  # fmt: skip
    writing.conflicts(kept, root_of)
    run.kept = [row[0] for row in kept]


def _keep_verdicts(connection: Connection, caller: Caller, run: Run, seq: int) -> None:
    """A verdict is final: the same group gets it again, whatever became possible meanwhile."""
    kept = []
    verdicts, hashes, device = run.verdicts, run.sheets.group_hashes, caller.device_number
    for number, (name, _) in enumerate(run.push.groups):
        if number in run.known:
            continue
        verdict = verdicts.get(number)
        text = None if verdict is None or verdict == (ACCEPTED, {}) else orjson.dumps(verdict).decode()
        kept.append((name, device, hashes[number], text, seq))
    connection.insert("group_applied", ("group_id", "device", "payload_hash", "verdict", "seq"), kept)
