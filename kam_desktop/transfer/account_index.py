"""How a file's customer is recognised: by tax code, by name however it is written, by telephone."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from kam_desktop.domain.errors import Problem
from kam_desktop.domain.text import company_key, phone_digits, tokens
from kam_desktop.language import N_
from kam_desktop.store.reader import Reader

_SHORT: Final = {"cty": "cong ty", "ctcp": "cong ty co phan", "cp": "co phan", "ctytnhh": "cong ty tnhh"}
_CLOSE: Final = 0.85
"""From this share of equal letters on two names are one name with a slip in it (difflib's ratio)."""
_FEWEST_DIGITS: Final = 8
"""What is shorter is an extension or a remark, and no number that tells a customer."""
_PARTS: Final = 256
_LOW_BITS: Final = 56


def name_key(name: str) -> str:
    """A company's name for recognising it: folded, without signs, the usual short forms written out."""
    return " ".join(_SHORT.get(word, word) for word in tokens(name)).replace("trach nhiem huu han", "tnhh")


def close_names(one: str, other: str) -> bool:
    """Whether two names are likely one company: alike without the legal form, one within the other, or a slip."""
    first, second = company_key(one).split(), company_key(other).split()
    if not first or not second:
        return False
    shorter, longer = sorted((set(first), set(second)), key=len)
    if shorter <= longer and sum(map(len, shorter)) >= 4:
        return True
    return SequenceMatcher(None, " ".join(first), " ".join(second), autojunk=False).ratio() >= _CLOSE


class _Keys:
    """Which accounts have a key: those of the store as pairs of numbers, 16 bytes each, and what was added since.

    Of the keys only their 64-bit hashes are kept: 100,000 names, codes and telephones as texts took 200 MB. That two of
    them fall together has a chance of one in 10^10 for a whole import.

    They are put in order part by part. Sorting 100,000 pairs at once is one call of 200 ms in which no other thread
    runs, the window's neither; and as many tuples leave 30 MB of holes behind.
    """

    def __init__(self, reader: Reader, pairs: Iterable[tuple[str, int]]) -> None:
        parts = [array("q") for _ in range(_PARTS)]  # by the highest byte of the hash: they follow one another
        for key, number in pairs:
            if key:
                hashed = hash(key)
                part = parts[(hashed >> _LOW_BITS) + _PARTS // 2]
                part.append(hashed)
                part.append(number)
        self._hashes, self._numbers = array("q"), array("q")
        for part in parts:
            ordered = sorted(zip(part[::2], part[1::2], strict=True))
            self._hashes.extend(each for each, _ in ordered)
            self._numbers.extend(number for _, number in ordered)
        self._reader = reader
        self._added: dict[str, list[str]] = {}

    def add(self, key: str, identity: str) -> None:
        """One more account of a key."""
        if key and identity not in (known := self._added.setdefault(key, [])):
            known.append(identity)

    def find(self, key: str) -> list[str]:
        """The ids of the accounts with a key: those of the store in the order they were made in, then the added."""
        if not key:
            return []
        low, high = bisect_left(self._hashes, hash(key)), bisect_right(self._hashes, hash(key))
        there = _ids(self._reader, self._numbers[low:high]) if high > low else []
        return list(dict.fromkeys((*there, *self._added.get(key, ()))))


# No method of the index: one that the keys held would hold the index, and both until the next great collection.
def _ids(reader: Reader, numbers: Sequence[int]) -> list[str]:
    statement = "select id from account where n in (select value from json_each(:numbers)) order by n"
    return [row[0] for row in reader.sql(statement, {"numbers": json.dumps(list(numbers))})]


class AccountIndex:
    """All accounts by tax code, name, short name and telephone, with what an import adds to them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._code: dict[str, str] = {}  # like names, of accounts that the import made or changed
        self._names: dict[str, str] = {}
        self._short: dict[str, str] = {}
        self._by_code = self._keys("select n, tax_code from account where tax_code <> ''", str)
        self._by_name = self._keys("select n, name from account", name_key)
        self._by_core: _Keys | None = None
        self._by_phone: _Keys | None = None

    def _keys(self, statement: str, key: Callable[[str], str]) -> _Keys:
        return _Keys(self._reader, ((key(text or ""), number) for number, text in self._reader.each(statement)))

    def add(self, identity: str, name: str, code: str, short_name: str = "", phone: str = "") -> None:
        """Makes an account known, or known by another name, code or telephone too."""
        self._by_code.add(code, identity)
        self._by_name.add(name_key(name), identity)
        self._code[identity] = code
        self._names[identity] = name
        if short_name:
            self._short[identity] = short_name
        if self._by_core is not None:
            self._add_cores(self._by_core, identity)
        if self._by_phone is not None and phone:
            self._by_phone.add(phone_digits(phone), identity)

    def add_phones(self, identity: str, phones: Iterable[str]) -> None:
        """Makes telephone numbers of an account, or of a contact there, known."""
        if self._by_phone is not None:
            for each in phones:
                self._by_phone.add(phone_digits(each), identity)

    def name(self, identity: str) -> str:
        """The name of an account."""
        return self._names[identity] if identity in self._names else self._kept(identity)[0]

    def code(self, identity: str) -> str:
        """The tax code of an account; empty when it has none."""
        return self._code[identity] if identity in self._code else self._kept(identity)[1]

    def _kept(self, identity: str) -> tuple[str, str]:
        rows = self._reader.sql("select name, tax_code from account where id = :id", {"id": identity})
        return (rows[0][0] or "", rows[0][1] or "") if rows else ("", "")

    def find(self, name: str, code: str) -> str | Problem | None:
        """The id of the account that is meant: by tax code, else by folded name; a Problem when several could be.

        Accounts of one name with two tax codes are two firms.
        """
        if code and (known := self._by_code.find(code)):
            return known[0]
        return self._one(self._by_name.find(name_key(name)) if name else [], name, code)

    def recognise(self, name: str, code: str) -> str | Problem | None:
        """The account that a row hangs on: as `find`, else by short name, or by the name without its legal form.

        For rows that never make an account: a contact, a price, a payment.
        """
        found = self.find(name, code)
        if found is not None or not name:
            return found
        if self._by_core is None:
            both = "select n, name from account union all select n, short_name from account"
            self._by_core = self._keys(both, company_key)
            for identity in self._names:
                self._add_cores(self._by_core, identity)
        return self._one(self._by_core.find(company_key(name)), name, code)

    def with_phones(self, phones: Iterable[str]) -> list[str]:
        """The accounts that one of these telephone numbers belongs to, or to a contact there."""
        if self._by_phone is None:
            self._by_phone = _Keys(self._reader, self._phones())
        digits = [found for found in map(phone_digits, phones) if len(found) >= _FEWEST_DIGITS]
        return list(dict.fromkeys(each for number in digits for each in self._by_phone.find(number)))

    def _phones(self) -> Iterator[tuple[str, int]]:
        for number, phone in self._reader.each("select n, phone from account where phone <> ''"):
            yield phone_digits(phone), number
        of_contacts = "select a.n, c.phones from contact c join account a on a.id = c.account where c.phones <> ''"
        for number, several in self._reader.each(of_contacts):
            for phone in json.loads(several):
                yield phone_digits(phone), number

    def _one(self, identities: list[str], name: str, code: str) -> str | Problem | None:
        fitting = [each for each in identities if not code or not self.code(each)]
        if len(fitting) > 1:
            message = N_("Several customers are called “{name}”: give the tax code.")
            return Problem("name", "ambiguous_name", message, {"name": name[:80]})
        return fitting[0] if fitting else None

    def _add_cores(self, index: _Keys, identity: str) -> None:
        index.add(company_key(self._names[identity]), identity)
        if identity in self._short:
            index.add(company_key(self._short[identity]), identity)
