"""What becomes of each group of a push: known already, refused with why, asked about, or accepted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kam_desktop.domain.errors import Problem
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Push
from kam_desktop.server import promising
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection
from kam_desktop.server.deciding import Change, Deciding, Deed, No
from kam_desktop.server.plain import Sorting
from kam_desktop.server.roots import Roots
from kam_desktop.server.sheet import Sheets
from kam_desktop.server.state import State
from kam_desktop.server.values import FIELDS, named, wires

ACCEPTED, ALREADY, CONFLICT, REFUSED = "accepted", "already", "conflict", "refused"
Verdict = tuple[str, dict[str, Any]]

ASKED = N_("{label} was changed by a colleague meanwhile. Say which value stands.")
EDITED = N_("A colleague changed this meanwhile, so it was not deleted.")


@dataclass(slots=True)
class Run:
    """One push on its way through.

    Attributes:
        verdicts: by number of the group; a group without one is plainly accepted.
        deeds: by number of the group, of groups that were decided one by one.
        known: numbers of groups that were taken before.
        differing: (entity, id) of rows that are sent back as they stand.
        kept: ids of the conflict records that this push made.
        numbered: runs of changes with their sequence numbers: first place, first number, how many.
    """

    push: Push
    sheets: Sheets
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    deeds: dict[int, list[Deed]] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    differing: set[tuple[str, str]] = field(default_factory=set)
    kept: list[str] = field(default_factory=list)
    numbered: list[list[int]] = field(default_factory=list)

    def send_back(self, number: int) -> None:
        """The rows of a group are sent back as they stand."""
        start, end = self.sheets.spans[number]
        for sheet in self.sheets.sheets:
            for place, identity in zip(sheet.part.places, sheet.part.ids, strict=True):
                if start <= place < end:
                    self.differing.add((sheet.part.entity, identity))

    def changes(self, numbers: Iterable[int]) -> dict[int, list[Change]]:
        """The changes of some groups, in their order."""
        found: dict[int, list[Change]] = {number: [] for number in numbers}
        group_of = {place: number for number in found for place in range(*self.sheets.spans[number])}
        for sheet in self.sheets.sheets:
            part = sheet.part
            for i, place in enumerate(part.places):
                number = group_of.get(place, -1)
                if number < 0:
                    continue
                change = Change(
                    place=place,
                    within=place - self.sheets.spans[number][0],
                    entity=part.entity,
                    id=part.ids[i],
                    action=part.action,
                    base=part.base[i],
                    written_at=part.written_at[i],
                    new=sheet.new(i),
                    kept=sheet.kept(i),
                    problems=sheet.problems.get(i, []),
                    sort=part.sort[i] if part.sort is not None else None,
                )
                found[number].append(change)
                if i in sheet.altered:
                    self.differing.add((part.entity, part.ids[i]))
        for changes in found.values():
            changes.sort(key=lambda each: each.place)
        return found


def refused(problems: Sequence[Problem], change: Change | None = None) -> Verdict:
    """A refusal: the first problem, all of them, and which change of the group it was."""
    told = named(problems)
    detail: dict[str, Any] = {"problem": told[0], "problems": told}
    if change is not None:
        detail |= {"entity": change.entity, "id": change.id, "place": change.within}
    return REFUSED, detail


def decide(connection: Connection, caller: Caller, run: Run, sorting: Sorting, state: State) -> None:
    """Decides, one after the other, the groups that are not plain."""
    numbers = [
        number
        for number, (start, _) in enumerate(run.sheets.spans)
        if sorting.alone[start] and number not in run.verdicts
    ]
    if not numbers:
        return
    groups = run.changes(numbers)
    deciding = Deciding(state, caller, _load(state, groups))
    for number in numbers:
        run.verdicts[number] = _decide_group(connection, caller, run, deciding, number, groups[number])


def _load(state: State, groups: dict[int, list[Change]]) -> dict[str, str]:
    """Reads and locks what the groups touch; gives the accounts that they make part of another one."""
    wanted: dict[str, set[str]] = {}
    merged: dict[str, str] = {}
    for change in (each for changes in groups.values() for each in changes):
        wanted.setdefault(change.entity, set()).add(change.id)
        if change.entity == "account" and change.kept.get("merged_into"):
            merged[change.id] = change.kept["merged_into"]
        for name, value in change.kept.items() if change.entity in ("allocation", "proposal_version") else ():
            each = FIELDS[change.entity][name]
            if each.owns and value:
                wanted.setdefault(each.to, set()).add(value)
    state.load({entity: found - state.plain.get(entity, set()) for entity, found in wanted.items()})
    return merged


def _decide_group(
    connection: Connection, caller: Caller, run: Run, deciding: Deciding, number: int, changes: list[Change]
) -> Verdict:
    state = deciding.state
    state.begin()
    deeds: list[Deed] = []
    change = changes[0]
    try:
        for change in changes:
            deeds.append(deciding.decide(change, len(changes)))
        promising.check(connection, state, deeds)
    except No as no:
        state.take_back()
        run.send_back(number)
        return refused(no.problems, change)
    asked = [deed for deed in deeds if asks(deed)]
    if asked and len(deeds) > 1:
        state.take_back()
        for deed in deeds:
            deed.undo()
    run.deeds[number] = deeds
    if asked:
        run.send_back(number)
        return CONFLICT, _asked_detail(connection, caller, state.roots, asked[0])
    for deed in deeds:
        if (
            deed.displaced
            or deed.asked
            or deed.revived
            or (deed.change.action == "create") != (deed.action == "create")
        ):
            run.differing.add((deed.row.entity, deed.row.id))
    return ACCEPTED, {}


def asks(deed: Deed) -> bool:
    """Whether a person must say what becomes of it. A creation that met a record is told beside its acceptance."""
    return deed.kind == "kept" or (bool(deed.asked) and deed.change.action == "update")


def _asked_detail(connection: Connection, caller: Caller, roots: Roots, deed: Deed) -> dict[str, Any]:
    entity, root = deed.row.entity, deed.row.root
    hidden = caller.hidden(caller.seen_through(root, roots.owner_of(root)), entity) if root is not None else frozenset()
    if deed.kind == "kept":
        reason = Problem("", "edited", EDITED, _by(connection, deed))
    else:
        where = next(iter(deed.asked))
        label = FIELDS[entity][where].label if where in FIELDS[entity] else where
        reason = Problem(where, "asked", ASKED, {"label": label, **_by(connection, deed)})
    theirs = {name: value for name, value in deed.theirs.items() if name not in hidden}
    return {
        "problem": named([reason])[0],
        "entity": entity,
        "id": deed.row.id,
        "theirs": wires(entity, theirs),
        "asked": wires(entity, deed.asked),
    }


def _by(connection: Connection, deed: Deed) -> dict[str, str]:
    """Who wrote the values that stand, when by their own clock, and on which of their laptops."""
    statement = (
        "select l.author, l.written_at, d.letter from change_log l left join device d on d.n = l.device where l.seq = ?"
    )
    row = connection.one(statement, (deed.other,)) if deed.other else None
    return {"by": row[0], "at": row[1], "device": row[2] or ""} if row is not None else {}
