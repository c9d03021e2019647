"""What becomes of one change: rights, references, freezing, merging, before any write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.entity import Entity, Policy
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.merge import merge
from kam_desktop.domain.scopes import SCOPE_FIELDS, Root
from kam_desktop.language import N_
from kam_desktop.server import values as columns
from kam_desktop.server.callers import Caller
from kam_desktop.server.state import Row, State
from kam_desktop.server.values import DEFAULTS, FIELDS


class No(Exception):
    """The group is refused, and why."""

    def __init__(self, problem: Problem, *more: Problem) -> None:
        super().__init__(problem.english())
        self.problems = (problem, *more)


@dataclass(slots=True)
class Change:
    """One change of a push that is decided by itself.

    Attributes:
        new: the wire values as they came; kept: the same as column values, of known fields only.
        problems: what was found wrong with single values.
        place: in the push; within: in its group.
    """

    place: int
    within: int
    entity: str
    id: str
    action: str
    base: int
    written_at: str
    new: dict[str, Any]
    kept: dict[str, Any]
    problems: list[Problem]
    sort: str | None


@dataclass(slots=True)
class Deed:
    """What was decided of one change.

    Attributes:
        old, wrote: column values before and after, of what is written; empty for a change that alters nothing.
        displaced: others' values that these took the place of. asked: the author's values that were not written.
        theirs: what stands instead of those. kind: why: asked, guarded, kept (an edit beat the deletion).
        other: the seq of the newest value that stood against this change.
    """

    change: Change
    row: Row
    action: str
    old: dict[str, Any] = field(default_factory=dict)
    wrote: dict[str, Any] = field(default_factory=dict)
    displaced: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    theirs: dict[str, Any] = field(default_factory=dict)
    kind: str = "asked"
    other: int = 0
    revived: bool = False

    @property
    def alters(self) -> bool:
        """Whether anything is written."""
        return bool(self.wrote) or self.revived or self.action in ("create", "delete")

    def undo(self) -> None:
        """Nothing of it is written, because its group is not."""
        self.action, self.revived = "update", False
        self.wrote, self.old, self.displaced = {}, {}, {}


GONE = Problem("", "gone", N_("This record is not on the server, or it is not yours to see."))
FORBIDDEN = Problem("", "forbidden", N_("Your role may not do this here."))
HELD = Problem("", "held", N_("A colleague already holds this; ask your lead."))
FROZEN = Problem("", "frozen", N_("This version was sent and no longer changes. Make a new version."))
REASSIGN = Problem("owner", "reassign", N_("The owner of an account is changed by handing it over."))
MISSING = N_("{label}: the record it points to does not exist.")
FACT = N_("{label}: a recorded fact is not edited; record its reversal.")
CHILDREN = N_("{label}: other records hang on it, so it cannot be deleted.")
ARCHIVE = N_("{label}: archive it instead of deleting it.")
ERASED = Problem("", "erased", N_("This person was erased on request; nothing is written there any more."))
GUARDED = N_("{label} is changed online by those who may, not here.")

_FREEZING = {
    name: [each for each in fields.values() if each.owns and BY_NAME[each.to].frozen_when is not None]
    for name, fields in FIELDS.items()
}
"""The fields of each kind that point to a record which may be closed to changes of what hangs on it."""


class Deciding:
    """Decides the changes of one push, one after the other, over the state that they find.

    Attributes:
        merged_accounts: accounts that this push makes part of another one, so that facts may be hung there.
    """

    def __init__(self, state: State, caller: Caller, merged_accounts: Mapping[str, str]) -> None:
        self.state = state
        self.caller = caller
        self.device = str(caller.device_number)
        self.merged_accounts = merged_accounts

    def decide(self, change: Change, size: int) -> Deed:
        """What becomes of a change in a group of that size. Raises No."""
        if change.problems:
            raise No(*change.problems)
        row = self.state.row(change.entity, change.id)
        if row is None and change.action == "create":
            return self._create(change)
        if row is None or not self._sees(row):
            raise No(HELD if change.action == "create" else GONE)
        if row.erased:
            raise No(ERASED)
        if change.action == "update":
            return self._update(change, row, size)
        return (self._delete if change.action == "delete" else self._create_again)(change, row)

    # Creating.

    def _create(self, change: Change) -> Deed:
        entity = BY_NAME[change.entity]
        values = {**DEFAULTS[entity.name], **change.kept}
        root = self.state.roots.of_row(entity.name, change.id, values)
        self._check_references(entity, change.kept)
        if root is None:
            raise No(GONE)
        owner = (values["owner"] or "") if entity.name == "account" else self.state.roots.owner_of(root)
        relations = self.caller.relations(root, owner)
        if not self.caller.may(relations, entity.name, "create"):
            raise No(FORBIDDEN)
        row = Row(entity.name, change.id, values, {}, 0, (0, self.device), {}, None, root, None, new=True)
        row.extra = {name: value for name, value in change.new.items() if name not in FIELDS[entity.name]}
        row.sort, row.created_at = change.sort, change.place
        deed = Deed(change, row, "create")
        closed = self.caller.unwritable(relations, entity.name, "create")
        for name in closed & change.kept.keys():
            if change.kept[name] != DEFAULTS[entity.name][name]:
                deed.asked[name], deed.kind = change.kept[name], "guarded"
                deed.theirs[name] = values[name] = DEFAULTS[entity.name][name]
        deed.wrote = {name: value for name, value in change.kept.items() if name not in deed.asked} | row.extra
        self._check_parent_open(row, new=True)
        self._check_rules(row)
        if entity.name == "account":
            self.state.roots.owners[change.id] = owner
        self.state.add(row)
        row.touched_at = change.place
        self._revive_above(row, change.place)
        return deed

    def _create_again(self, change: Change, row: Row) -> Deed:
        """A record that is there already: a derived id met again, or something that comes back from the bin."""
        given = self._patch(change)
        current = row.current()
        differing = {name: value for name, value in given.items() if current.get(name) != value}
        entity = BY_NAME[change.entity]
        if row.deleted:
            if not self.caller.may(self._relations(row), entity.name, "create"):
                raise No(FORBIDDEN)
            self._check_references(entity, change.kept)
            row = self.state.change(row)
            deed = Deed(change, row, "update", revived=True)
            self._write(deed, differing, change.place)
            self._revive(row, change.place)
            self._check_rules(row)
            return deed
        if not differing:
            return Deed(change, row, "update")
        own = {
            name: value
            for name, value in differing.items()
            if entity.policy is not Policy.APPEND_ONLY and row.field_seq.get(name, row.created)[1] == self.device
        }
        if own and self._may_write(row, own, "update"):
            row = self.state.change(row)
            deed = Deed(change, row, "update")
            self._write(deed, own, change.place)
            self._check_rules(row)
        else:
            own, deed = {}, Deed(change, row, "update")
        deed.asked = {name: value for name, value in differing.items() if name not in own}
        deed.theirs = {name: current.get(name) for name in deed.asked}
        deed.other = max((row.field_seq.get(name, row.created)[0] for name in deed.asked), default=0)
        return deed

    # Updating.

    def _update(self, change: Change, row: Row, size: int) -> Deed:
        entity = BY_NAME[change.entity]
        patch = self._patch(change)
        current = row.current()
        differing = {name: value for name, value in patch.items() if current.get(name) != value}
        if not differing and not row.deleted:
            return Deed(change, row, "update")
        rehang = self._is_rehang(entity, row, differing)
        if entity.policy is Policy.APPEND_ONLY and not rehang:
            raise No(Problem("", "fact", FACT, {"label": entity.label}))
        if entity.name == "account" and "owner" in differing:
            raise No(REASSIGN)
        relations = self._relations(row)
        if not self.caller.may(relations, entity.name, "create" if rehang else "update"):
            raise No(FORBIDDEN)
        closed = self.caller.unwritable(relations, entity.name, "update") & differing.keys()
        if closed and not rehang:
            name = min(closed)
            raise No(Problem(name, "guarded", GUARDED, {"label": FIELDS[entity.name][name].label}))
        self._check_references(entity, {k: v for k, v in change.kept.items() if k in differing})
        if columns.is_frozen(entity, row.id, row.values) and differing.keys() - {"status"}:
            raise No(FROZEN)
        self._check_parent_open(row)
        merged = merge(entity, current, patch, change.base, self.device, row.field_seq, row.created)
        deed = Deed(change, row, "update")
        deed.asked = {name: value for name, value in merged.asked.items() if name in differing}
        deed.theirs = {name: current.get(name) for name in deed.asked}
        if deed.asked and size > 1:
            deed.asked = differing  # the group makes sense only together: nothing of it is written
            deed.theirs = {name: current.get(name) for name in differing}
            deed.other = row.seq
            return deed
        write = {name: value for name, value in merged.write.items() if name in differing}
        row = deed.row = self.state.change(row)
        deed.displaced = {name: value for name, value in merged.displaced.items() if name in write}
        against = (*deed.displaced, *deed.asked)
        deed.other = max((row.field_seq.get(name, row.created)[0] for name in against), default=0)
        was_deleted = row.deleted
        self._write(deed, write, change.place)
        if was_deleted and (write or not deed.asked):
            deed.revived = True
            self._revive(row, change.place)
        self._move(row, write)
        self._check_rules(row)
        return deed

    def _patch(self, change: Change) -> dict[str, Any]:
        """The column values of a change, with its fields that this server does not know."""
        if len(change.kept) == len(change.new):
            return change.kept
        return change.kept | {k: v for k, v in change.new.items() if k not in FIELDS[change.entity]}

    def _write(self, deed: Deed, write: Mapping[str, Any], place: int) -> None:
        row = deed.row
        known = FIELDS[row.entity]
        for name, value in write.items():
            kept = row.values if name in known else row.extra
            deed.old[name] = kept.get(name)
            kept[name] = value
            row.written[name] = place
            row.field_seq[name] = (1 << 62, self.device)
        deed.wrote = dict(write)
        if write:
            row.touched_at = place

    def _move(self, row: Row, write: Mapping[str, Any]) -> None:
        if not SCOPE_FIELDS.get(row.entity, frozenset()) & write.keys():
            return
        root = self.state.roots.of_row(row.entity, row.id, row.values)
        if root is None:
            raise No(GONE)
        relations = self.caller.relations(root, self.state.roots.owner_of(root))
        if not self.caller.may(relations, row.entity, "create"):
            raise No(FORBIDDEN)
        row.root = root
        self.state.roots.add(row.entity, row.id, root)

    def _is_rehang(self, entity: Entity, row: Row, differing: Mapping[str, Any]) -> bool:
        """Whether a fact is only hung under the account, or contact, that took over its own."""
        if entity.policy is not Policy.APPEND_ONLY or not differing or row.deleted:
            return False
        for name, value in differing.items():
            each = FIELDS[entity.name].get(name)
            if each is None or each.kind is not Kind.REF or each.to not in ("account", "contact"):
                return False
            if each.to == "account":
                before = self.state.row("account", row.values.get(name) or "")
                told = before.values.get("merged_into") if before is not None else None
                if value not in (told, self.merged_accounts.get(row.values.get(name) or "")) or not value:
                    return False
        return True

    # Deleting.

    def _delete(self, change: Change, row: Row) -> Deed:
        entity = BY_NAME[change.entity]
        if row.deleted:
            return Deed(change, row, "update")
        relations = self._relations(row)
        kept = entity.policy is Policy.APPEND_ONLY or "archived" in FIELDS[entity.name]
        if kept or not self.caller.may(relations, entity.name, "delete"):
            if not (self.caller.may(relations, entity.name, "take_back") and self._is_own_creation(row)):
                if not kept:
                    raise No(FORBIDDEN)
                fact = entity.policy is Policy.APPEND_ONLY
                raise No(Problem("", "fact" if fact else "archive", FACT if fact else ARCHIVE, {"label": entity.label}))
        moved = {
            name: value
            for name, value in row.current().items()
            if (stamp := row.field_seq.get(name, row.created))[0] > change.base and stamp[1] != self.device
        }
        if moved:
            deed = Deed(change, row, "update", asked={}, theirs=moved, kind="kept")
            deed.other = max(row.field_seq.get(name, row.created)[0] for name in moved)
            return deed
        if columns.is_frozen(entity, row.id, row.values):
            raise No(FROZEN)
        self._check_parent_open(row)
        if self.state.children(entity.name, row.id):
            raise No(Problem("", "has_children", CHILDREN, {"label": entity.label}))
        row = self.state.change(row)
        row.deleted_at = row.touched_at = change.place
        empty = DEFAULTS[entity.name]
        old = {name: value for name, value in row.current().items() if value != empty.get(name)}
        return Deed(change, row, "delete", old=old)

    def _is_own_creation(self, row: Row) -> bool:
        """Whether the caller made the row, and nobody else wrote to it since."""
        if row.new:
            return True
        if any(device != self.device for _, device in row.field_seq.values()):
            return False
        found = self.state.connection.one("select author from change_log where seq = ?", (row.created[0],))
        return found is not None and found[0] == self.caller.user

    # What every change must fulfil.

    def _root(self, row: Row) -> Root:
        if row.root is None:
            raise No(GONE)
        return row.root

    def _relations(self, row: Row) -> frozenset[str]:
        root = self._root(row)
        return self.caller.relations(root, self.state.roots.owner_of(root))

    def _sees(self, row: Row) -> bool:
        return row.root is not None and self.caller.sees(row.root, self.state.roots.owner_of(row.root), row.entity)

    def _may_write(self, row: Row, patch: Mapping[str, Any], operation: str) -> bool:
        relations = self._relations(row)
        return self.caller.may(relations, row.entity, operation) and not (
            self.caller.unwritable(relations, row.entity, operation) & patch.keys()
        )

    def _check_references(self, entity: Entity, kept: Mapping[str, Any]) -> None:
        """What is referred to must be there and visible to the writer; a loose reference may come to be so later."""
        roots = self.state.roots
        for name, value in kept.items():
            each = FIELDS[entity.name][name]
            if each.kind is not Kind.REF or not value or each.loose or value in self.state.plain.get(each.to, ()):
                continue
            root = roots.of(each.to, value)
            row = self.state.rows.get((each.to, value))
            refused = row is None and (each.to, value) in self.state.rows
            if root is None or refused or not self.caller.sees(root, roots.owner_of(root), each.to):
                raise No(Problem(name, "missing_reference", MISSING, {"label": each.label}))

    def _check_parent_open(self, row: Row, *, new: bool = False) -> None:
        """A line of a version that was sent does not change, come or go; with a new version its lines may come."""
        for each in _FREEZING[row.entity]:
            if not row.values.get(each.name):
                continue
            parent = self.state.row(each.to, row.values[each.name])
            if parent is not None and not (new and parent.new):
                if columns.is_frozen(BY_NAME[each.to], parent.id, parent.values):
                    raise No(FROZEN)

    def _check_rules(self, row: Row) -> None:
        found = columns.rule_problems(BY_NAME[row.entity], row.id, row.values)
        if found:
            raise No(*found)

    def _revive(self, row: Row, place: int) -> None:
        row.deleted_seq, row.deleted_at, row.revived = None, None, True
        row.touched_at = place
        self.state.roots.deleted.discard((row.entity, row.id))
        self._revive_above(row, place)

    def _revive_above(self, row: Row, place: int) -> None:
        """A child that arrives for a deleted parent revives it."""
        for each in FIELDS[row.entity].values():
            above = row.values.get(each.name) if each.owns else None
            if above and (each.to, above) not in self.state.rows and (each.to, above) not in self.state.roots.deleted:
                continue
            parent = self.state.row(each.to, above) if above else None
            if parent is not None and parent.deleted:
                self._revive(self.state.change(parent), place)
