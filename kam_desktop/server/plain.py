"""Tells plain creations, decided by columns, from changes that are decided one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kam_desktop.domain import promises
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.scopes import FIRM, OF_THE_FIRM, UNKNOWN_PAYER, UP, Root
from kam_desktop.server import tables
from kam_desktop.server.callers import Caller
from kam_desktop.server.promising import MONEY
from kam_desktop.server.roots import Roots
from kam_desktop.server.sheet import Sheet, Sheets
from kam_desktop.server.state import State
from kam_desktop.server.values import DEFAULTS, FIELDS, rule_problems

ALWAYS_ALONE = frozenset(("allocation", "proposal_version"))
"""Kinds whose creation keeps a promise that looks at more than columns."""


class Sorting:
    """Which places of a push must be decided one by one.

    Attributes:
        alone: by place, 1 where it must be.
        roots_of: for each sheet whose rows may be plain, the root of every row.
    """

    def __init__(self, sheets: Sheets, count: int, state: State, roots: Roots, caller: Caller) -> None:
        self.sheets = sheets
        self.alone = bytearray(count)
        self.roots_of: dict[int, list[Root | None]] = {}
        self._state, self._roots, self._caller = state, roots, caller
        self._created: dict[str, set[str]] = {}
        self._existing: dict[str, set[str]] = {}
        self._known = state.connection
        self._group_of: list[int] = []
        for number, (start, end) in enumerate(sheets.spans):
            self._group_of += [number] * (end - start)

    def sort(self, passed: Iterable[int]) -> None:
        """Does it. `passed` are the groups that are not decided at all: known ones, refused ones."""
        passed = frozenset(passed)
        for number in passed:
            self._mark_group(number)
        lays_money = any(sheet.part.entity == "allocation" for sheet in self.sheets.sheets)
        candidates = []
        for at, sheet in enumerate(self.sheets.sheets):
            part = sheet.part
            whole = part.action != "create" or part.entity in ALWAYS_ALONE or bool(sheet.strange)
            if whole or (lays_money and part.entity in MONEY):
                self._mark(part.places)
                continue
            self._mark(part.places[i] for i in sheet.problems)
            if BY_NAME[part.entity].rules:
                self._mark_breaking_rules(sheet)
            candidates.append((tables.ORDER[part.entity], at))
            self._created.setdefault(part.entity, set()).update(part.ids)
        self._mark_met_twice()
        self._mark_existing()
        for _, at in sorted(candidates):
            self._weigh(at)
        self._mark_unequal_instalments()
        if any(self.alone):
            self._spread()
            self._forget_undecided()

    def _mark(self, places: Iterable[int]) -> None:
        for place in places:
            self.alone[place] = 1

    def _mark_group(self, number: int) -> None:
        start, end = self.sheets.spans[number]
        self.alone[start:end] = b"\1" * (end - start)

    def _mark_breaking_rules(self, sheet: Sheet) -> None:
        part, entity = sheet.part, BY_NAME[sheet.part.entity]
        for i, (place, identity) in enumerate(zip(part.places, part.ids, strict=True)):
            if not self.alone[place] and rule_problems(entity, identity, {**DEFAULTS[entity.name], **sheet.kept(i)}):
                self.alone[place] = 1

    def _mark_met_twice(self) -> None:
        """A record that several changes touch is decided by each of them in turn."""
        places: dict[tuple[str, str], int] = {}
        total = 0
        distinct: dict[str, set[str]] = {}
        for sheet in self.sheets.sheets:
            total += len(sheet.part.ids)
            distinct.setdefault(sheet.part.entity, set()).update(sheet.part.ids)
        if total == sum(map(len, distinct.values())):
            return
        for sheet in self.sheets.sheets:
            for place, identity in zip(sheet.part.places, sheet.part.ids, strict=True):
                first = places.setdefault((sheet.part.entity, identity), place)
                if first != place:
                    self.alone[first] = self.alone[place] = 1

    def _mark_existing(self) -> None:
        for entity, ids in self._created.items():
            condition, value = self._known.among("id", ids)
            found = {row[0] for row in self._known.rows(f'select id from "{entity}" where {condition}', (value,))}  # noqa: S608
            if found:
                self._existing[entity] = found
                ids -= found
                for sheet in self.sheets.sheets:
                    if sheet.part.entity == entity and sheet.part.action == "create":
                        places = sheet.part.places
                        self._mark(places[at] for at, each in enumerate(sheet.part.ids) if each in found)

    def _weigh(self, at: int) -> None:
        """Rights, references and roots of one sheet of creations."""
        sheet = self.sheets.sheets[at]
        part, size = sheet.part, len(sheet.part.ids)
        for name, values in sheet.columns.items():
            each = FIELDS[part.entity][name]
            if each.kind is Kind.REF:
                self._weigh_references(sheet, each.to, each.loose, each.owns, values)
        roots = self.roots_of[at] = self._roots_of(sheet, size)
        allowed: dict[Root | None, bool] = {}
        owners = sheet.columns.get("owner")
        if part.entity == "account":
            held = owners or [None] * size
            there = self._existing.get("account", ())
            for identity, owner in zip(part.ids, held, strict=True):
                if identity not in there:
                    self._roots.owners[identity] = owner or ""
            by_owner = {owner: self._allowed(sheet, Root("account", ""), owner or "") for owner in set(held)}
            self._mark(part.places[i] for i, owner in enumerate(held) if not by_owner[owner])
            return
        for i, root in enumerate(roots):
            if root not in allowed:
                allowed[root] = root is not None and self._allowed(sheet, root, self._roots.owner_of(root))
            if not allowed[root]:
                self.alone[part.places[i]] = 1

    def _allowed(self, sheet: Sheet, root: Root, owner: str) -> bool:
        entity, caller = sheet.part.entity, self._caller
        relations = caller.relations(root, owner)
        if not caller.may(relations, entity, "create"):
            return False
        closed = caller.unwritable(relations, entity, "create") & sheet.columns.keys()
        return all(set(sheet.columns[name]) <= {DEFAULTS[entity][name]} for name in closed)

    def _roots_of(self, sheet: Sheet, size: int) -> list[Root | None]:
        entity, ids = sheet.part.entity, sheet.part.ids
        if entity == "account":
            found: list[Root | None] = [Root("account", each) for each in ids]
        elif entity in OF_THE_FIRM:
            found = [FIRM] * size
        elif entity == "saved_view":
            shared, persons = sheet.columns.get("shared", [0] * size), sheet.columns.get("person", [None] * size)
            found = [Root("org" if each else "person", who or "") for each, who in zip(shared, persons, strict=True)]
        else:
            name, above = UP[entity]
            parents = sheet.columns.get(name, [None] * size)
            of = {each: self._roots.of(above, each) for each in set(parents) if each}
            if entity == "receipt":
                of[None] = UNKNOWN_PAYER
            found = [of.get(each) for each in parents]
            if entity == "task":
                owners = sheet.columns.get("owner", [None] * size)
                found = [
                    root if parent else Root("person", owner or "")
                    for root, parent, owner in zip(found, parents, owners, strict=True)
                ]
        there = self._existing.get(entity)
        if there:  # their roots are those that they have, whatever the message says
            fresh = [i for i, each in enumerate(ids) if each not in there]
            self._roots.add_all(entity, [ids[i] for i in fresh], [found[i] for i in fresh])
        else:
            self._roots.add_all(entity, ids, found)
        return found

    def _weigh_references(self, sheet: Sheet, to: str, loose: bool, owns: bool, values: list[Any]) -> None:
        targets = set(values) - {None}
        outside = targets - self._created.get(to, set())
        looked_into = sheet.part.entity == "instalment" and to == "invoice"
        if outside and (looked_into or (owns and BY_NAME[to].frozen_when is not None)):
            wrong = outside  # what the invoice has already, or whether the version was sent, must be seen
        elif loose or not outside:
            return
        else:
            self._roots.fetch(to, outside)
            caller, roots = self._caller, self._roots
            seen: dict[Root, bool] = {}
            wrong = set()
            for each in outside:
                root = roots.of(to, each)
                if root is not None and root not in seen:
                    seen[root] = caller.sees(root, roots.owner_of(root), to)
                if root is None or not seen[root] or (owns and (to, each) in roots.deleted):
                    wrong.add(each)
        if wrong:
            self._mark(place for place, value in zip(sheet.part.places, values, strict=True) if value in wrong)

    def _mark_unequal_instalments(self) -> None:
        """Invoices of this push whose instalments make more than the total."""
        sums: dict[str, list[int]] = {}
        for sheet in self.sheets.sheets:
            if sheet.part.entity == "instalment" and sheet.part.action == "create" and "invoice" in sheet.columns:
                amounts = sheet.columns.get("amount", [None] * len(sheet.part.ids))
                for invoice, amount in zip(sheet.columns["invoice"], amounts, strict=True):
                    sums.setdefault(invoice or "", []).append(amount or 0)
        if not sums:
            return
        wrong: set[str] = set()
        for sheet in self.sheets.sheets:
            if sheet.part.entity == "invoice" and sheet.part.action == "create":
                for identity, total in zip(sheet.part.ids, sheet.columns.get("total", ()), strict=False):
                    made = sums.get(identity)
                    if made is not None and made != [total] and _over(total or 0, made):
                        wrong.add(identity)
        for sheet in self.sheets.sheets if wrong else ():
            if sheet.part.entity == "instalment" and "invoice" in sheet.columns:  # an update need not name it
                pairs = zip(sheet.part.places, sheet.columns["invoice"], strict=True)
                self._mark(place for place, invoice in pairs if invoice in wrong)
            elif sheet.part.entity == "invoice":
                self._mark(p for p, each in zip(sheet.part.places, sheet.part.ids, strict=True) if each in wrong)

    def _spread(self) -> None:
        """A group with one place that stands alone does so whole; so does every creation that points into it."""
        while True:
            before = bytes(self.alone)
            for number, (start, end) in enumerate(self.sheets.spans):
                if 1 in self.alone[start:end]:
                    self._mark_group(number)
            touched = {
                identity
                for sheet in self.sheets.sheets
                for place, identity in zip(sheet.part.places, sheet.part.ids, strict=True)
                if self.alone[place]
            }
            for sheet in self.sheets.sheets:
                for name, values in sheet.columns.items():
                    if FIELDS[sheet.part.entity][name].kind is Kind.REF and not touched.isdisjoint(values):
                        pairs = zip(sheet.part.places, values, strict=True)
                        self._mark(place for place, value in pairs if value in touched)
            if bytes(self.alone) == before:
                return

    def _forget_undecided(self) -> None:
        """What is decided by itself, or was refused long ago, is not there yet: nothing may hang on it unasked."""
        for at in self.roots_of:
            part = self.sheets.sheets[at].part
            there = self._existing.get(part.entity, ())
            pairs = zip(part.places, part.ids, strict=True)
            self._roots.forget(part.entity, [each for place, each in pairs if self.alone[place] and each not in there])


def _over(total: int, amounts: list[int]) -> bool:
    return any(each.code in ("above_total", "wrong_sign") for each in promises.instalment_problems(total, amounts))


def plain_rows(sorting: Sorting) -> Iterable[tuple[Sheet, list[int] | None, list[Root]]]:
    """Each sheet with plain creations: the places in its part that are plain (None for all), and their roots."""
    for at, sheet in enumerate(sorting.sheets.sheets):
        if at not in sorting.roots_of:
            continue
        roots = sorting.roots_of[at]
        taken = [i for i, place in enumerate(sheet.part.places) if not sorting.alone[place]]
        if len(taken) == len(roots):
            yield sheet, None, [root for root in roots if root is not None]
        elif taken:
            yield sheet, taken, [root for i in taken if (root := roots[i]) is not None]
