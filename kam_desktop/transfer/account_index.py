"""How a file's customer is recognised: by tax code, by name however it is written, by telephone."""

from __future__ import annotations

import json
from collections.abc import Iterable
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


class AccountIndex:
    """All accounts by tax code, name, short name and telephone, with what an import adds to them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._by_code: dict[str, list[str]] = {}
        self._by_name: dict[str, list[str]] = {}
        self._code: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._by_core: dict[str, list[str]] | None = None
        self._by_phone: dict[str, list[str]] | None = None
        self._short: dict[str, str] = {}
        for identity, name, short, code in reader.sql("select id, name, short_name, tax_code from account order by n"):
            self.add(identity, name or "", code or "", short or "")

    def add(self, identity: str, name: str, code: str, short_name: str = "", phone: str = "") -> None:
        """Makes an account known, or known by another name, code or telephone too."""
        _append(self._by_code, code, identity)
        _append(self._by_name, name_key(name), identity)
        self._code[identity] = code
        self._names[identity] = name
        if short_name:
            self._short[identity] = short_name
        if self._by_core is not None:
            self._add_cores(self._by_core, identity)
        if self._by_phone is not None and phone:
            _append(self._by_phone, phone_digits(phone), identity)

    def add_phones(self, identity: str, phones: Iterable[str]) -> None:
        """Makes telephone numbers of an account, or of a contact there, known."""
        if self._by_phone is not None:
            for each in phones:
                _append(self._by_phone, phone_digits(each), identity)

    def name(self, identity: str) -> str:
        """The name of an account."""
        return self._names.get(identity, "")

    def code(self, identity: str) -> str:
        """The tax code of an account; empty when it has none."""
        return self._code.get(identity, "")

    def find(self, name: str, code: str) -> str | Problem | None:
        """The id of the account that is meant: by tax code, else by folded name; a Problem when several could be.

        Accounts of one name with two tax codes are two firms.
        """
        if code and self._by_code.get(code):
            return self._by_code[code][0]
        return self._one(self._by_name.get(name_key(name), []) if name else [], name, code)

    def recognise(self, name: str, code: str) -> str | Problem | None:
        """The account that a row hangs on: as `find`, else by short name, or by the name without its legal form.

        For rows that never make an account: a contact, a price, a payment.
        """
        found = self.find(name, code)
        if found is not None or not name:
            return found
        if self._by_core is None:
            self._by_core = {}
            for identity in self._names:
                self._add_cores(self._by_core, identity)
        return self._one(self._by_core.get(company_key(name), []), name, code)

    def with_phones(self, phones: Iterable[str]) -> list[str]:
        """The accounts that one of these telephone numbers belongs to, or to a contact there."""
        if self._by_phone is None:
            self._by_phone = {}
            for identity, phone in self._reader.sql("select id, phone from account where phone <> ''"):
                _append(self._by_phone, phone_digits(phone), identity)
            for identity, several in self._reader.sql("select account, phones from contact where phones <> ''"):
                for phone in json.loads(several):
                    _append(self._by_phone, phone_digits(phone), identity)
        digits = [found for found in map(phone_digits, phones) if len(found) >= _FEWEST_DIGITS]
        return list(dict.fromkeys(each for number in digits for each in self._by_phone.get(number, ())))

    def _one(self, identities: list[str], name: str, code: str) -> str | Problem | None:
        fitting = [each for each in identities if not code or not self._code[each]]
        if len(fitting) > 1:
            message = N_("Several customers are called “{name}”: give the tax code.")
            return Problem("name", "ambiguous_name", message, {"name": name[:80]})
        return fitting[0] if fitting else None

    def _add_cores(self, index: dict[str, list[str]], identity: str) -> None:
        _append(index, company_key(self._names[identity]), identity)
        if identity in self._short:
            _append(index, company_key(self._short[identity]), identity)


def _append(index: dict[str, list[str]], key: str, identity: str) -> None:
    if key and identity not in index.setdefault(key, []):
        index[key].append(identity)
