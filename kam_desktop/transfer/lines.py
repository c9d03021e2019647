"""Records as lines of JSON: dump writes them out in order, load brings them in, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kam_desktop.domain.entities import BY_NAME, ENTITIES
from kam_desktop.domain.entity import Policy, Record, problems_of
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.fields import Kind
from kam_desktop.language import N_
from kam_desktop.protocol.codec import from_wire, to_json, to_wire
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork

_PART = 2000
_MOST_PROBLEMS = 1000
_LONGEST_LINE = 4 << 20
_REFS = {record.entity.name: [each for each in record.entity.fields if each.kind is Kind.REF] for record in ENTITIES}


def dump(reader: Reader, entity: str = "") -> Iterator[str]:
    """Every record as one line of JSON without its line end, by the order of entities, then by id.

    Raises Refused `unknown_entity` when asked for a kind that there is not.
    """
    if entity and entity not in BY_NAME:
        raise Refused(Problem("entity", "unknown_entity", "“{name}” is no kind of record.", {"name": entity[:60]}))
    for record in ENTITIES:
        if entity in ("", record.entity.name):
            for each, extra in reader.every(record):
                yield to_json(to_wire(each, json.loads(extra) if extra else None))


@dataclass
class Loaded:
    """How many records a load created, changed, and found as they are."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


def load(uow: UnitOfWork, lines: Iterable[str], progress: Callable[[int], object] = lambda done: None) -> Loaded:
    """Writes the records of all lines in one edit, in parts, so that a million of them need little memory.

    Texts are kept as they are given, whatever their normal form. Raises Refused with every problem, `where` being
    "line N" (at most 1,000, then a last one says that there are more); nothing is written then.
    """
    work = _Load(uow)
    for number, line in enumerate(lines, 1):
        if line.strip():
            work.take(number, line)
            if work.is_full:
                break
        if number % _PART == 0:
            work.write()
            progress(number)
    work.write()
    work.finish()
    return work.counts


class _Load:
    """One load in the making: what waits for its part to be written, what was seen, what is still looked for."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.counts = Loaded()
        self._uow = uow
        self._problems: list[Problem] = []
        self._waiting: dict[tuple[str, str], tuple[int, Record, dict[str, Any]]] = {}
        self._seen: dict[str, set[str]] = {record.entity.name: set() for record in ENTITIES}
        self._wanted: dict[tuple[str, str], tuple[int, str, str]] = {}

    @property
    def is_full(self) -> bool:
        """Whether there are more problems than are told: the rest of the file changes nothing any more."""
        return len(self._problems) > _MOST_PROBLEMS

    def take(self, number: int, line: str) -> None:
        try:
            record, extra = from_wire(_object(line))
        except Refused as refused:
            self._refuse(number, refused.problems)
            return
        name = type(record).entity.name
        if record.id in self._seen[name]:
            message = N_("This record stands in the file twice.")
            self._refuse(number, [Problem("id", "twice", message)])
            return
        self._seen[name].add(record.id)
        problems = problems_of(record)
        self._refuse(number, problems)
        if problems:
            return
        self._waiting[name, record.id] = (number, record, extra)
        for each in _REFS[name]:
            target = getattr(record, each.name)
            if target and not each.loose and target not in self._seen[each.to]:
                self._wanted.setdefault((each.to, target), (number, each.name, each.label))

    def write(self) -> None:
        """Compares what waits with what is stored, and writes it unless something was wrong already."""
        stored = self._stored()
        self._drop_found()
        for key, (number, record, extra) in self._waiting.items():
            was = stored.get(key)
            if was is None:
                self.counts.created += 1
            elif was == record:
                self.counts.unchanged += 1
                continue
            else:
                self.counts.updated += 1
                self._refuse(number, _policy(was))
            if not self._problems:
                self._uow.put(record, extra)
                self._uow.new_group()
        self._waiting.clear()
        if not self._problems:
            self._uow.flush_part()

    def finish(self) -> None:
        for (_, target), (number, field, label) in self._wanted.items():
            message = N_("{label}: the record it points to does not exist.")
            self._refuse(number, [Problem(field, "missing_reference", message, {"label": label, "id": target})])
        if self._problems:
            self._problems.sort(key=lambda problem: int(problem.args.get("line", 0)))
            raise Refused(self._problems)

    def _stored(self) -> dict[tuple[str, str], Record]:
        by_entity: dict[str, list[str]] = {}
        for name, identity in self._waiting:
            by_entity.setdefault(name, []).append(identity)
        return {
            (name, identity): record
            for name, ids in by_entity.items()
            for identity, record in self._uow.many(BY_NAME[name].record, ids).items()
        }

    def _drop_found(self) -> None:
        """Forgets the references that came in a later line, or that the store has."""
        self._wanted = {key: value for key, value in self._wanted.items() if key[1] not in self._seen[key[0]]}
        by_entity: dict[str, list[str]] = {}
        for name, identity in self._wanted:
            by_entity.setdefault(name, []).append(identity)
        for name, ids in by_entity.items():
            for identity in self._uow.many(BY_NAME[name].record, ids):
                del self._wanted[name, identity]

    def _refuse(self, number: int, problems: Iterable[Problem]) -> None:
        for problem in problems:
            if len(self._problems) == _MOST_PROBLEMS:
                more = Problem("", "more", "There are more problems than are shown here.", {"line": "999999999"})
                self._problems.append(more)
            if len(self._problems) > _MOST_PROBLEMS:
                return
            where = f"line {number}" + (f", {problem.where}" if problem.where else "")
            self._problems.append(Problem(where, problem.code, problem.message, {**problem.args, "line": str(number)}))


def _object(line: str) -> Mapping[str, Any]:
    try:
        if len(line) > _LONGEST_LINE:
            raise ValueError
        line.encode()  # a lone half of a surrogate pair is no text
        wire = json.loads(line, parse_constant=_no_number)
        to_json(wire).encode()
    except (ValueError, RecursionError):
        raise Refused(Problem("", "no_json", "This line is not an object of JSON.")) from None
    if not isinstance(wire, dict):
        raise Refused(Problem("", "no_json", "This line is not an object of JSON."))
    return wire


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _policy(was: Record) -> list[Problem]:
    entity = type(was).entity
    if entity.policy is Policy.APPEND_ONLY:
        message = N_("{label}: a recorded fact is not edited; record its reversal.")
        return [Problem("", "fact", message, {"label": entity.label})]
    if entity.frozen_when is not None and entity.frozen_when(was):
        return [Problem("", "frozen", "This version was sent and no longer changes. Make a new version.")]
    return []
