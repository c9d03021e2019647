"""What an import is going to do, row by row, and the records that it will write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any, Final, TypeVar

from kam_desktop.domain.entities import Account, Contact
from kam_desktop.domain.entity import Record, problems_of
from kam_desktop.domain.errors import Problem
from kam_desktop.store.reader import Reader
from kam_desktop.transfer.account_index import AccountIndex
from kam_desktop.transfer.account_index import name_key as name_key
from kam_desktop.transfer.sheets import Raw

R = TypeVar("R", bound=Record)
X = TypeVar("X")
_ONE_BY_ONE: Final = 50
"""So many records of one kind are read one by one; then it is known which there are."""
_MOST_AT_ONCE: Final = 20_000
"""Records that are kept in memory at once for that."""


class Verdict(Enum):
    """What becomes of one row."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a saved record that an import changes; the values are those of the records."""

    entity: str
    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One row of a table, or one invoice, and what becomes of it.

    Attributes:
        row: the number that Excel shows; of an invoice its place in the file, from 1.
        title: the customer's name or the invoice's symbol and number.
        reason: why it is skipped; None otherwise.
        notes: what is worth a look and keeps nothing out.
        shown: what the preview shows, by column: for accounts the fields, for invoices account, total, issued_on …
        cells: the row as it stood in the table, for handing rejected rows back.
        document: the file inside an archive that an invoice came from.
    """

    row: int
    title: str
    verdict: Verdict
    reason: Problem | None = None
    notes: tuple[Problem, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)
    cells: tuple[Raw, ...] = ()
    document: str = ""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of an import.

    Attributes:
        file: the path as it was given.
        kind: one of importer.KINDS; empty when the file was refused and nobody could tell.
        problem: why the whole file is refused; a table that only lacks columns has its `headers` all the same, so
            that a person can say which they are.
        headers: the column titles of a table; `fields` says which column was taken for what.
        titles: the folded titles, by which the same table is known again.
        samples: per column up to three values, as text.
        sheet: the sheet that is read; `other_sheets` look like tables too and are not.
        other_kinds: kinds that the titles fit too, the best first.
        set_by_hand: a person said what the columns are, now or (`remembered`) at an earlier import.
    """

    file: str
    kind: str
    rows: tuple[PlannedRow, ...] = ()
    problem: Problem | None = None
    notes: tuple[Problem, ...] = ()
    headers: tuple[str, ...] = ()
    fields: Mapping[str, int] = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    samples: tuple[tuple[str, ...], ...] = ()
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()
    other_kinds: tuple[str, ...] = ()
    set_by_hand: bool = False
    remembered: bool = False

    def count(self, verdict: Verdict) -> int:
        """How many rows have that verdict."""
        return sum(row.verdict is verdict for row in self.rows)


class Working:
    """The store as it will be while an import is decided: saved records, and over them what the import writes."""

    def __init__(self, reader: Reader, new_id: Callable[[], str]) -> None:
        self.reader = reader
        self.new_id = new_id
        self.accounts = AccountIndex(reader)
        self._known: dict[tuple[str, str], Record | None] = {}
        self._written: dict[tuple[str, str], Record] = {}
        self._indexes: dict[Any, Any] = {}
        self._asked: dict[str, int] = {}
        self._ids: dict[str, set[str]] = {}
        self.groups: list[list[tuple[str, str]]] = []

    def index(self, kind: Callable[[Reader], X]) -> X:
        """An index over saved records that several tables of one import use, made when first asked for."""
        if kind not in self._indexes:
            self._indexes[kind] = kind(self.reader)
        found: X = self._indexes[kind]
        return found

    def prefetch(self, record: type[R], ids: Iterable[str]) -> None:
        """Reads many records at once, so that asking for one costs nothing."""
        wanted = [each for each in dict.fromkeys(ids) if (record.entity.name, each) not in self._known]
        found = self.reader.many(record, wanted)
        for each in wanted:
            self._known[record.entity.name, each] = found.get(each)

    def get(self, record: type[R], identity: str) -> R | None:
        """The record as this import leaves it, else as it is saved."""
        key = (record.entity.name, identity)
        if key in self._written:
            found: Any = self._written[key]
            return found  # type: ignore[no-any-return]
        if key not in self._known:
            self._read(record, identity)
        saved: Any = self._known[key]
        return saved  # type: ignore[no-any-return]

    def _read(self, record: type[R], identity: str) -> None:
        """Reads a record that nobody prefetched; when many are asked for one by one, all that there are at once."""
        name = record.entity.name
        asked = self._asked[name] = self._asked.get(name, 0) + 1
        if asked == _ONE_BY_ONE:
            self._ids[name] = {row[0] for row in self.reader.sql(f"select id from {name}")}  # noqa: S608 - our name
        present = self._ids.get(name)
        if present is not None and identity not in present:
            self._known[name, identity] = None
        elif present is not None and len(present) <= _MOST_AT_ONCE:
            self.prefetch(record, (*present, identity))
        else:
            self.prefetch(record, [identity])

    def ids_of(self, entity: str, reference: str, parents: Iterable[str]) -> list[str]:
        """Ids of saved records of an entity whose reference points to one of `parents`."""
        # entity and field names are ours, from the list of entities
        statement = f"select id from {entity} where {reference} in (select value from json_each(:ids))"  # noqa: S608
        return [row[0] for row in self.reader.sql(statement, {"ids": json.dumps(sorted(set(parents)))})]

    def put_group(self, records: Sequence[Record]) -> None:
        """Takes what one row writes; on the wire it stands or falls together."""
        keys = []
        for record in records:
            key = (type(record).entity.name, record.id)
            self._written[key] = record
            keys.append(key)
            if isinstance(record, Account):
                self.accounts.add(record.id, record.name, record.tax_code, record.short_name, record.phone)
            elif isinstance(record, Contact):
                self.accounts.add_phones(record.account, record.phones)
        if keys:
            self.groups.append(keys)

    def written(self, record: type[R]) -> list[R]:
        """Everything of one kind that this import writes, in order."""
        found: list[Any] = [each for (name, _), each in self._written.items() if name == record.entity.name]
        return found

    def results(self) -> list[list[Record]]:
        """The records to write, group by group; a record that is written twice stands where it came first."""
        seen: set[tuple[str, str]] = set()
        found = []
        for keys in self.groups:
            fresh = [key for key in dict.fromkeys(keys) if key not in seen]
            seen.update(fresh)
            found.append([self._written[key] for key in fresh])
        return [group for group in found if group]


def first_problem(records: Sequence[Record]) -> Problem | None:
    """The first thing that is wrong with records to be written, or None."""
    for record in records:
        for problem in problems_of(record):
            return problem
    return None


@dataclass(frozen=True, slots=True)
class Opening:
    """The answer to which imported invoices are still unpaid (features.md 2, Opening position).

    Attributes:
        everything: all are open.
        since: those issued on that day or later are open.
        listed: those named are open: (symbol or "", number without zeros).
        ids: those with these ids are open: ticked by hand.
    """

    everything: bool = False
    since: date | None = None
    listed: frozenset[tuple[str, str]] | None = None
    ids: frozenset[str] | None = None

    def is_open(self, identity: str, symbol: str, number: str, issued_on: date) -> bool:
        """Whether the invoice is still open."""
        if self.since is not None:
            return issued_on >= self.since
        if self.listed is not None:
            plain = number.lstrip("0") or "0"
            return ("", plain) in self.listed or (symbol.upper(), plain) in self.listed
        if self.ids is not None:
            return identity in self.ids
        return self.everything
