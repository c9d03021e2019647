"""What needs its author after a sync: sides chosen by field group, sent again, put back, let go."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

from kam_desktop.config import resources
from kam_desktop.domain.change import Action, wire_value
from kam_desktop.domain.entities import BY_NAME, LOCAL_PERSON_ID
from kam_desktop.domain.entity import Entity, Record
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.fields import Field, Kind
from kam_desktop.domain.policy import Policy
from kam_desktop.language import N_
from kam_desktop.protocol.codec import from_fields
from kam_desktop.services import records
from kam_desktop.store import lease, needs
from kam_desktop.store.lease import Lease
from kam_desktop.store.needs import Kept, Merged, Need, Step
from kam_desktop.store.reader import Reader
from kam_desktop.store.standing import Standing, standing
from kam_desktop.store.sync_state import Counts, counts
from kam_desktop.store.unit_of_work import UnitOfWork

_RELATIONS = ("own", "shared", "led", "org")
MINE, THEIRS, BOTH = "mine", "theirs", "both"
_GONE = N_("This entry was dealt with already.")
_CHANGED = N_("One side changed while this was open. Look at it again; nothing was decided.")


@dataclass(frozen=True, slots=True)
class Side:
    """One field as it was before, as the author wrote it, and as the server has it."""

    field: Field
    before: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Question:
    """Fields of one record that are chosen together.

    Attributes:
        key: names the group within the entry.
        both: the two sides can stand together: two notes one after the other, two lists as one.
        decided: the sides are alike, or nobody else changed these fields: nothing is asked.
    """

    key: str
    entity: str
    record: str
    sides: tuple[Side, ...]
    decided: bool

    @property
    def both(self) -> bool:
        return all(can_join(side.field) for side in self.sides)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of "needs you": the need, the title of its record, and of the account that it hangs on."""

    need: Need
    title: str
    account: str
    questions: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What the window says of the shared server without asking it.

    Attributes:
        signed_in: there is something to sign in with by itself.
        sample: the name of the sample data in this profile, "" for none: such a profile is never connected.
        me: the id of the person at work.
        may_hand_over: their role may give customers to another owner, somewhere.
        lease: how long this laptop may be used without the server's word, asked with the moment of now.
    """

    standing: Standing
    counts: Counts
    signed_in: bool
    sample: str
    me: str
    may_hand_over: bool
    lease: Callable[[datetime], Lease | None] = lambda now: None


@cache
def _policy() -> Policy:
    return Policy.read((resources() / "policy.toml").read_text("utf-8"))


def overview(reader: Reader) -> Overview:
    """What the status says."""
    found, preferences = standing(reader.connection), reader.preferences()
    return Overview(
        found, counts(reader.connection), bool(preferences.get("sync.session.place")),
        preferences.get("demo.kit") or "", found.user or LOCAL_PERSON_ID,
        bool(found.role) and any(_policy().may(found.role, each, "account", "reassign") for each in _RELATIONS),
        partial(lease.standing, {name: preferences.get(name) or "" for name in (lease.NOTE, lease.LATEST)}),
    )  # fmt: skip


def entries(reader: Reader) -> list[Entry]:
    """Everything that needs its author, the newest first."""
    return [_entry(reader, each) for each in needs.needs(reader.connection)]


def waiting(reader: Reader, limit: int = 500) -> list[tuple[Step, str]]:
    """What waits for the server, the oldest first, each with its title."""
    return [(step, title_of(reader, step.entity, step.record)) for step in needs.waiting(reader.connection, limit)]


def settled(reader: Reader, limit: int = 200) -> list[Entry]:
    """What was decided, the newest first: it can be opened again."""
    return [_entry(reader, each) for each in needs.settled(reader.connection, limit)]


def taken(reader: Reader, limit: int = 200) -> list[tuple[Step, str]]:
    """What the server took, the newest first, each with its title."""
    return [(step, title_of(reader, step.entity, step.record)) for step in needs.taken(reader.connection, limit)]


def merged(reader: Reader, limit: int = 200) -> list[tuple[Merged, str]]:
    """Every automatic merge that displaced a value, the newest first, each with its title."""
    return [(each, title_of(reader, each.entity, each.record)) for each in needs.merged(reader.connection, limit)]


def title_of(reader: Reader, entity: str, record: str) -> str:
    """The title of a record as it is here; "" when it is not here."""
    found = reader.get(BY_NAME[entity].record, record)
    return "" if found is None else str(getattr(found, BY_NAME[entity].title))


def can_join(each: Field) -> bool:
    """Whether two values of a field can stand together: notes and lists can, one name or one amount cannot."""
    return each.kind in (Kind.NOTE, Kind.TEXTS) and not each.group


def joined(each: Field, first: Any, second: Any) -> Any:
    """Both wire values as one: a list without doubles, or one note after the other; words are never mixed."""
    if each.kind is Kind.TEXTS:
        return list(dict.fromkeys([*(first or ()), *(second or ())]))
    one, other = (first or "").strip(), (second or "").strip()
    if one in other or other in one:
        return other if one in other else one
    return f"{one}\n\n{other}"


def typed(entity: str, wire: Mapping[str, Any]) -> dict[str, Any]:
    """Wire values of fields of an entity as a record holds them."""
    known = {name: value for name, value in wire.items() if name in BY_NAME[entity].names}
    made = from_fields(BY_NAME[entity], "", known)
    return {name: getattr(made, name) if value is not None else None for name, value in known.items()}


def can_send(reader: Reader, found: Need) -> bool:
    """Whether anything of an entry could be written again: a record that is not here any more takes no update."""
    return any(
        change.action is Action.CREATE or reader.get(BY_NAME[change.entity].record, change.record) is not None
        for change in found.changes
    )


def need(reader: Reader, identity: str) -> Need:
    """The entry of that id. Raises Refused when it was dealt with already."""
    found = needs.needs(reader.connection, identity)
    if not found:
        raise Refused(Problem("id", "missing", _GONE))
    return found[0]


def questions(reader: Reader, found: Need) -> list[Question]:
    """The changes of an entry as groups of fields that are chosen together, in the order of their fields."""
    made = []
    for change in found.changes:
        if change.action is not Action.UPDATE:
            continue
        entity = BY_NAME[change.entity]
        now = reader.get(entity.record, change.record)
        theirs = found.theirs if change.record == found.record else {}
        groups: dict[str, list[Side]] = {}
        for each in entity.fields:
            if each.name in change.new:
                server = theirs.get(each.name, _wire_of(now, each) if now is not None else None)
                side = Side(each, change.old.get(each.name), change.new[each.name], server)
                groups.setdefault(each.group or each.name, []).append(side)
        for name, sides in groups.items():
            decided = all(side.mine == side.theirs or side.theirs == side.before for side in sides)
            made.append(Question(f"{change.record}:{name}", change.entity, change.record, tuple(sides), decided))
    return made


def resolve(uow: UnitOfWork, identity: str, choices: Mapping[str, str], seen: Sequence[Question] | None = None) -> None:
    """Sends the entry again as it was decided: a new change of the groups of fields whose own side was chosen.

    Args:
        choices: key of each question to MINE, THEIRS or BOTH; what is not named and not decided keeps the server's.
        seen: the questions as they were shown; when one of their sides changed since, nothing is decided.

    Records that were never made at the server are made again, with what waits behind them. Raises Refused.
    """
    found = need(uow, identity)
    chosen = {each.key: each for each in questions(uow, found)}
    if seen is not None and list(seen) != list(chosen.values()):
        raise Refused(Problem("id", "changed", _CHANGED))
    uow.new_group()
    for change in found.changes:
        _again(uow, change, [each for each in chosen.values() if each.record == change.record], choices)
    for group in needs.behind(uow.connection, identity):
        uow.new_group()
        for change in group:
            _again(uow, change, None, choices)
    needs.settle(uow.connection, identity, "sent_again")


def drop(uow: UnitOfWork, identity: str) -> None:
    """Lets the author's values of an entry go; the server's stand. The entry and its values stay in the store."""
    need(uow, identity)
    needs.settle(uow.connection, identity, "dropped")


def keep_both(uow: UnitOfWork, identity: str) -> None:
    """Lets both values of a merge stand together, where their fields can. Raises Refused when the record is gone."""
    found = _merge(uow, identity)
    entity = BY_NAME[found.entity]
    current = records.get(uow, entity.record, found.record)
    fields = [each for each in entity.fields if each.name in found.fields and can_join(each)]
    wire = {each.name: joined(each, _wire_of(current, each), found.fields[each.name][1]) for each in fields}
    uow.put(_with(entity, current, wire))
    needs.settle_merged(uow.connection, identity, "joined")


def reopen(uow: UnitOfWork, identity: str) -> None:
    """Takes back that an entry was settled; what was written for it is undone by itself."""
    needs.settle(uow.connection, identity, "open")


def reopen_merged(uow: UnitOfWork, identity: str) -> None:
    """Takes back that a merge was dealt with; what was written for it is undone by itself."""
    needs.settle_merged(uow.connection, identity, "open")


def put_back(uow: UnitOfWork, identity: str) -> None:
    """Restores the values that a merge displaced, by a new change. Raises Refused when the record is gone."""
    found = _merge(uow, identity)
    entity = BY_NAME[found.entity]
    current = records.get(uow, entity.record, found.record)
    uow.put(_with(entity, current, {name: other for name, (_, other) in found.fields.items()}))
    needs.settle_merged(uow.connection, identity, "restored")


def leave(uow: UnitOfWork, identity: str) -> None:
    """Leaves a merge as it stands: nothing is written. Raises Refused when somebody dealt with it already."""
    if _merge(uow, identity).state != "open":
        raise Refused(Problem("id", "missing", _GONE))
    needs.settle_merged(uow.connection, identity, "left")


def _merge(uow: UnitOfWork, identity: str) -> Merged:
    found = next((each for each in needs.merged(uow.connection, 10_000) if each.id == identity), None)
    if found is None:
        raise Refused(Problem("id", "missing", _GONE))
    return found


def _again(
    uow: UnitOfWork, change: Kept, asked: Sequence[Question] | None, choices: Mapping[str, str]
) -> None:  # fmt: skip
    entity = BY_NAME[change.entity]
    current = uow.get(entity.record, change.record)
    if change.action is Action.DELETE:
        if current is not None:
            uow.take_back(entity.record, change.record)
        return
    if change.action is Action.CREATE:
        values = {**change.new}
        uow.put(from_fields(entity, change.record, values) if current is None else _with(entity, current, values))
        return
    if current is None:
        return  # the record is not here any more; its values stay readable in the entry
    kept = dict(change.new)
    if asked is not None:
        kept = {}
        for question in asked:
            chosen = choices.get(question.key, MINE if question.decided else THEIRS)
            for side in question.sides:
                if chosen == BOTH and can_join(side.field):
                    kept[side.field.name] = joined(side.field, side.theirs, side.mine)
                elif chosen == MINE:
                    kept[side.field.name] = side.mine
                elif question.key in choices and _wire_of(current, side.field) == side.mine:
                    kept[side.field.name] = side.theirs  # an entry that was opened again: the own side stands already
    if kept:
        uow.put(_with(entity, current, kept))


def _with(entity: Entity, current: Record, wire: Mapping[str, Any]) -> Record:
    written = from_fields(entity, current.id, wire)
    values = {name: getattr(written, name) for name in wire if name in entity.names}
    return dataclasses.replace(current, **values)


def _wire_of(record: Record, each: Field) -> Any:
    return wire_value(each.kind, getattr(record, each.name))


def _entry(reader: Reader, found: Need) -> Entry:
    title = title_of(reader, found.entity, found.record)
    account = ""
    if not title:
        head = next((each for each in found.changes if each.record == found.record), None)
        named = BY_NAME[found.entity].title
        title = str((head.new if head is not None else {}).get(named) or (head.old if head else {}).get(named) or "")
    record = reader.get(BY_NAME[found.entity].record, found.record)
    above = getattr(record, "account", "") if record is not None else ""
    if above and found.entity != "account":
        account = title_of(reader, "account", above)
    asked = sum(1 for each in questions(reader, found) if not each.decided) if found.kind == "conflict" else 0
    return Entry(found, title, account, asked)
