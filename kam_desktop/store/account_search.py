"""A text typed over the list of accounts: found by number, counted and added up place by place."""

from __future__ import annotations

import contextlib
import json
from array import array
from collections import deque
from collections.abc import Callable, Iterable, MutableSequence, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress, repeat
from sys import intern

from kam_desktop.store import touched
from kam_desktop.store.memory import Kept, Key
from kam_desktop.store.reader import Reader

_AT_ONCE = 8192
"""So many accounts are looked up in one call of the interpreter, during which the window cannot answer."""
_CHANGES = 10_000
"""Changed numbers that are kept behind all of them before everything is read anew."""

_KEY: Key = ("account_numbers",)

Figure = Callable[[str], int]
"""The figure of an account in minor units, 0 for none."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What belongs to each account of a list, in its order; nobody changes what is in it.

    Attributes:
        numbers: in the search index; 0 while an account waits to be indexed.
        revenue, overdue: minor units.
        top: no number is above it. waiting: how many have none.
    """

    numbers: array[int]
    revenue: MutableSequence[int]
    overdue: MutableSequence[int]
    top: int
    waiting: int

    def holding(self, reader: Reader, text: str) -> bytes:
        """1 for every place of the list whose account holds all words of the text, else 0."""
        found = reader.matching_numbers("account", text)
        flags = bytearray(1 + max(self.top, max(found, default=0)))
        for start in range(0, len(found), _AT_ONCE):
            deque(map(flags.__setitem__, found[start : start + _AT_ONCE], repeat(1)), maxlen=0)
        starts = range(0, len(self.numbers), _AT_ONCE)
        return b"".join(bytes(map(flags.__getitem__, self.numbers[start : start + _AT_ONCE])) for start in starts)

    def moved(self, reader: Reader, before: Sequence[str], after: Sequence[str], accounts: Sequence[str],
              revenue: Figure, overdue: Figure) -> Columns:  # fmt: skip
        """Those of the list `after`, in which a few accounts stand in other places than in `before`, or are new."""
        numbers, columns = self.numbers[:], (self.revenue[:], self.overdue[:])
        for place in reversed(_places(before, accounts)):
            for each in (numbers, *columns):
                del each[place]
        fresh = _numbers_of(reader, accounts)
        for place in _places(after, accounts):
            account = after[place]
            numbers.insert(place, fresh.get(account, 0))
            for column, figure in zip(columns, (revenue, overdue), strict=True):
                column.insert(place, figure(account))
        return _made(numbers, *columns)

    def indexed(self, reader: Reader, ids: Sequence[str]) -> Columns:
        """These, with the numbers of accounts that were indexed since, which nobody tells."""
        if not self.waiting:
            return self
        places = list(compress(range(len(ids)), map((0).__eq__, self.numbers)))
        if self.waiting > touched.FEW_ACCOUNTS:
            fresh = _by_account(_all_numbers_anew(reader))
        else:
            fresh = _numbers_of(reader, [ids[place] for place in places])
        numbers = self.numbers[:]
        for place in places:
            numbers[place] = fresh.get(ids[place], 0)
        return _made(numbers, self.revenue, self.overdue)


def _made(numbers: array[int], revenue: MutableSequence[int], overdue: MutableSequence[int]) -> Columns:
    return Columns(numbers, revenue, overdue, max(numbers, default=0), numbers.count(0))


def columns(reader: Reader, ids: Sequence[str], revenue: Figure, overdue: Figure) -> Columns:
    """The columns of a list anew."""
    by_account = _by_account(_all_numbers(reader))
    numbers = array("I", _looked_up(ids, lambda part: map(by_account.get, part, repeat(0))))
    found = [_packed(_looked_up(ids, partial(map, each))) for each in (revenue, overdue)]
    return _made(numbers, found[0], found[1])


def _looked_up(ids: Sequence[str], look_up: Callable[[Sequence[str]], Iterable[int]]) -> list[int]:
    found: list[int] = []
    for start in range(0, len(ids), _AT_ONCE):
        found.extend(look_up(ids[start : start + _AT_ONCE]))
    return found


def _packed(amounts: list[int]) -> MutableSequence[int]:
    """Eight bytes each, where every amount fits into them."""
    try:
        return array("q", amounts)
    except OverflowError:
        return amounts


def _places(ids: Sequence[str], accounts: Sequence[str]) -> list[int]:
    """Where those accounts stand, from the first place on; those that are not in the list nowhere."""
    if len(accounts) > 3:
        wanted = set(accounts)
        return [place for place, each in enumerate(ids) if each in wanted]
    found = []
    for account in accounts:
        with contextlib.suppress(ValueError):
            found.append(ids.index(account))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbers of accounts in the search index; of one that is here twice, the later one, and 0 when it is gone.

    Attributes:
        read: how many were read from the index; the rest were changed since.
    """

    ids: Sequence[str]
    numbers: array[int]
    read: int

    @property
    def weight(self) -> int:
        """What it adds to memory, as rows (store/memory.py); the ids are shared with the lists."""
        return len(self.ids) // 10


def _by_account(known: _Numbers) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(known.ids), _AT_ONCE):
        end = start + _AT_ONCE
        found.update(zip(known.ids[start:end], known.numbers[start:end], strict=True))
    return found


def _all_numbers(reader: Reader) -> _Numbers:
    def patched(before: _Numbers, accounts: Sequence[str]) -> _Numbers:
        if len(before.ids) + len(accounts) > before.read + _CHANGES:
            return _read(reader)
        fresh = _numbers_of(reader, accounts)
        changed = array("I", (fresh.get(each, 0) for each in accounts))
        return _Numbers([*before.ids, *map(intern, accounts)], before.numbers + changed, before.read)

    return touched.remembered(reader, _KEY, (touched.ACCOUNT,), lambda: _read(reader), patched)


def _all_numbers_anew(reader: Reader) -> _Numbers:
    """For what was indexed without having been told."""
    found, state = _read(reader), touched.newest(reader)
    if reader.memory is not None and state is not None:
        reader.memory.keep(Kept(_KEY, state, found, found.weight))
    return found


def _read(reader: Reader) -> _Numbers:
    ids: list[str] = []
    numbers = array("I")
    for record, number in reader.each("select record, n from search_doc where entity = 'account'"):
        ids.append(intern(record))
        numbers.append(number)
    return _Numbers(ids, numbers, len(ids))


def _numbers_of(reader: Reader, accounts: Sequence[str]) -> dict[str, int]:
    statement = "select record, n from search_doc where record in (select value from json_each(:accounts))"
    return dict(reader.sql(statement, {"accounts": json.dumps(list(accounts))}))
