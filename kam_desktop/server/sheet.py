"""A push as columns: values checked, payloads hashed, authors set; what the rest of a push works on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Problem
from kam_desktop.language import N_
from kam_desktop.protocol.messages import GROUP_BYTES, GROUP_CHANGES, Part, Push
from kam_desktop.server.callers import Caller
from kam_desktop.server.values import FIELDS, Bad, column

AUTHORS = {
    "activity": "author",
    "dunning_event": "author",
    "receipt_decision": "decided_by",
    "documents_confirmed": "recorded_by",
}
"""Who did it is the caller, whatever the message says."""
KEEPERS = {"account": "owner", "saved_view": "person", "task": "owner"}
"""Whose it is: the caller's, where the message says nobody."""
STAMPS = {"receipt_decision": "decided_at", "documents_confirmed": "recorded_at"}
"""The newest has the word, so none may be of the future."""


@dataclass(slots=True)
class Sheet:
    """One part of a push, checked.

    Attributes:
        columns: column values of the known fields, by name.
        news: the payload of each change as the log keeps it; `altered` where the server put in something else.
        problems: what is wrong with a change, by its place in the part.
    """

    part: Part
    columns: dict[str, list[Any]]
    strange: dict[str, list[Any]]
    news: list[bytes]
    problems: dict[int, list[Problem]]
    altered: set[int] = field(default_factory=set)

    def new(self, at: int) -> dict[str, Any]:
        """The wire values of one change."""
        return {name: values[at] for name, values in zip(self.part.fields, self.part.values, strict=True)}

    def kept(self, at: int) -> dict[str, Any]:
        """The column values of one change."""
        return {name: values[at] for name, values in self.columns.items()}


@dataclass(slots=True)
class Sheets:
    """All parts of a push, with the hash of each group's payload and which groups are refused as a whole."""

    sheets: list[Sheet]
    group_hashes: list[bytes]
    spans: list[tuple[int, int]]
    """The first place of each group, and the one behind its last."""
    refused: dict[int, Problem]
    """By number of the group."""


def lay_out(push: Push, caller: Caller, clock: Clock) -> Sheets:
    """Checks every column of a push."""
    count = push.count
    payload: list[bytes] = [b""] * count  # as sent: what a group is known by when it is sent again
    heads: list[str] = [""] * count
    sizes = [0] * count
    unknown: set[int] = set()
    now = moment_text(clock.now())
    sha256 = hashlib.sha256
    sheets = []
    for part in push.parts:
        news = _payloads(part)
        for place, new, identity, written in zip(part.places, news, part.ids, part.written_at, strict=True):
            payload[place] = sha256(new).digest()
            heads[place] = f"{part.entity}|{part.action}|{identity}|{written}"
            sizes[place] = len(new)
        if part.entity not in BY_NAME:
            unknown.update(part.places)
            continue
        sheets.append(_checked(part, news, caller, now))
    return _grouped(push, sheets, payload, heads, sizes, unknown)


def _grouped(
    push: Push,
    sheets: list[Sheet],
    payload: list[bytes],
    heads: list[str],
    sizes: list[int],
    unknown: set[int],
) -> Sheets:
    spans, hashes, refused, start = [], [], {}, 0
    for number, (_, size) in enumerate(push.groups):
        end = start + size
        spans.append((start, end))
        if size == 1:
            said, length = payload[start] + heads[start].encode(), sizes[start]
        else:
            said = b"".join(payload[start:end]) + "\n".join(heads[start:end]).encode()
            length = sum(sizes[start:end])
        hashes.append(hashlib.sha256(said).digest())
        if size > GROUP_CHANGES or length > GROUP_BYTES:
            message = N_("This is too much for one change; do it in smaller parts.")
            refused[number] = Problem("", "group_too_large", message)
        elif unknown and not unknown.isdisjoint(range(start, end)):
            message = N_("The server does not know this kind of record yet; it must be updated first.")
            refused[number] = Problem("", "unknown_entity", message)
        start = end
    return Sheets(sheets, hashes, spans, refused)


def _payloads(part: Part) -> list[bytes]:
    if not part.fields:
        return [b"{}"] * len(part.ids)
    names, dumps = part.fields, orjson.dumps
    return [dumps(dict(zip(names, row, strict=True))) for row in zip(*part.values, strict=True)]


def _checked(part: Part, news: list[bytes], caller: Caller, now: str) -> Sheet:
    fields = FIELDS[part.entity]
    columns: dict[str, list[Any]] = {}
    strange: dict[str, list[Any]] = {}
    problems: dict[int, list[Problem]] = {}
    for name, values in zip(part.fields, part.values, strict=True):
        if name not in fields:
            strange[name] = values
            continue
        kept, wrong = column(fields[name], values)
        columns[name] = kept
        _note(problems, wrong)
    if part.action == "create":
        _note_missing(part, fields, problems)
    sheet = Sheet(part, columns, strange, news, problems)
    _correct(sheet, caller, now)
    return sheet


def _note(problems: dict[int, list[Problem]], wrong: Bad) -> None:
    for at, problem in wrong.items():
        problems.setdefault(at, []).append(problem)


def _note_missing(part: Part, fields: Mapping[str, Any], problems: dict[int, list[Problem]]) -> None:
    for each in fields.values():
        if each.required and each.name not in part.fields and each.default in (None, "", ()):
            missing = Problem(each.name, "required", N_("{label} is missing."), {"label": each.label})
            for at in range(len(part.ids)):
                problems.setdefault(at, []).append(missing)


def _correct(sheet: Sheet, caller: Caller, now: str) -> None:
    """Puts in what a message has no say in: who did it, whose it is when nobody was named, no time of the future."""
    part = sheet.part
    size = len(part.ids)
    author = AUTHORS.get(part.entity)
    if author is not None and (part.action == "create" or author in sheet.columns):
        held = sheet.columns.get(author, [None] * size)
        if part.action == "create" and any(value != caller.user for value in held):
            _replace(sheet, author, [caller.user] * size, held)
        elif part.action == "update":
            problem = Problem(author, "author", N_("Who did it is not changed."))
            for at in range(size):
                sheet.problems.setdefault(at, []).append(problem)
    keeper = KEEPERS.get(part.entity)
    if keeper is not None and part.action == "create" and part.entity != "task":
        held = sheet.columns.get(keeper, [None] * size)
        if not all(held) and not (part.entity == "account" and caller.may(("org",), "account", "create")):
            _replace(sheet, keeper, [value or caller.user for value in held], held)
    elif part.entity == "task" and part.action == "create":
        held, accounts = sheet.columns.get("owner", [None] * size), sheet.columns.get("account", [None] * size)
        if not all(owner or account for owner, account in zip(held, accounts, strict=True)):
            whose = [owner or (None if account else caller.user) for owner, account in zip(held, accounts, strict=True)]
            _replace(sheet, "owner", whose, held)
    stamp = STAMPS.get(part.entity)
    if stamp is not None and stamp in sheet.columns:
        held = sheet.columns[stamp]
        if any(value and value > now for value in held):
            _replace(sheet, stamp, [now if value and value > now else value for value in held], held)


def _replace(sheet: Sheet, name: str, values: Sequence[Any], before: Sequence[Any]) -> None:
    sheet.columns[name] = list(values)
    for at, (value, was) in enumerate(zip(values, before, strict=True)):
        if value != was:
            new = {**orjson.loads(sheet.news[at]), name: value or ""}
            sheet.news[at] = orjson.dumps(new)
            sheet.altered.add(at)
