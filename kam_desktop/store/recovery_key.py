"""The recovery key: 256 random bits as letters a person can copy, with a check letter for every group."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Never

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.store import files
from kam_desktop.store.data_key import KEY_BYTES

GROUPS = 13
GROUP_LETTERS = 5
_DIGITS = GROUP_LETTERS - 1
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O (read as 1, 1, 0) and no U. 13 groups of 4 digits are 260 bits: 256 and a check."""
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)} | {"I": 1, "L": 1, "O": 0}
_SPARE_BITS = GROUPS * _DIGITS * 5 - KEY_BYTES * 8
_PLACE = "recovery_key"
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—−_.,;:|/·]+")


class RecoveryKey:
    """The key that opens a profile when keyring and passphrase are gone. Shows itself only where it is asked to."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError("a recovery key has 32 bytes")
        self._secret = bytes(secret)

    @classmethod
    def new(cls) -> RecoveryKey:
        """A fresh key from the system's random numbers."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> RecoveryKey:
        """The key from what a person typed: letter case, spaces and dashes do not matter, O is 0, I and L are 1.

        Raises Refused with a problem for each group that holds a typing error; `where` is "recovery_key.<group>",
        counted from 1, and `args["group"]` too.
        """
        groups = _split(text)
        problems = [problem for place, group in enumerate(groups, 1) for problem in _group_problems(place, group)]
        if problems:
            raise Refused(problems)
        bits = 0
        for group in groups:
            for letter in group[:_DIGITS]:
                bits = bits << 5 | _VALUES[letter]
        secret = (bits >> _SPARE_BITS).to_bytes(KEY_BYTES, "big")
        if bits & ((1 << _SPARE_BITS) - 1) != _spare(secret):
            raise Refused(
                Problem(_PLACE, "recovery_check", "This is not a recovery key: several letters of it must be wrong.")
            )
        return cls(secret)

    def raw(self) -> bytes:
        """The 32 bytes, for wrapping the data key."""
        return self._secret

    def groups(self) -> tuple[str, ...]:
        """13 groups of 5 letters, the last letter of each its check letter."""
        bits = int.from_bytes(self._secret, "big") << _SPARE_BITS | _spare(self._secret)
        count = GROUPS * _DIGITS
        values = [bits >> 5 * (count - 1 - place) & 31 for place in range(count)]
        shown = []
        for place in range(GROUPS):
            digits = values[place * _DIGITS : (place + 1) * _DIGITS]
            shown.append("".join(_ALPHABET[value] for value in (*digits, _check_value(place + 1, digits))))
        return tuple(shown)

    def text(self) -> str:
        """The groups with dashes between them. Never for a log or for standard output."""
        return "-".join(self.groups())

    def check_answers(self, answers: Mapping[int, str]) -> None:
        """Refuses answers that are not the groups of those numbers (from 1): the person has not kept the key.

        Raises Refused with a problem for each wrong group.
        """
        shown = self.groups()
        problems = [
            Problem(
                f"{_PLACE}.{place}",
                "recovery_answer",
                "Group {group} does not match what was shown.",
                {"group": str(place)},
            )
            for place, answer in sorted(answers.items())
            if not hmac.compare_digest(_canonical(answer).encode(), shown[place - 1].encode())
        ]
        if problems or not answers:
            raise Refused(problems or [Problem(_PLACE, "recovery_answer", "Type the groups that are asked for.")])

    def write_file(self, path: Path, note: str = "") -> None:
        """Writes the key to a new file that only its owner may read (0600), `note` as a first line after "# ".

        Raises Refused if there is already something of that name, Unavailable if it cannot be written; nothing that
        was there is ever overwritten, and no half-written file stays.
        """
        lines = [f"# {line}" for line in note.splitlines()] + [self.text(), ""]
        try:
            descriptor = files.create(path)
        except FileExistsError as error:
            raise Refused(
                Problem("recovery_file", "file_exists", "{path} exists already; name a new file.", {"path": str(path)})
            ) from error
        except OSError as error:
            raise files.unavailable(error) from error
        try:
            try:
                files.write_all(descriptor, "\n".join(lines).encode())
                files.sync(descriptor)
            finally:
                os.close(descriptor)
            files.sync_folder(path.absolute().parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                path.unlink()
            raise files.unavailable(error) from error

    @classmethod
    def read_file(cls, path: Path) -> RecoveryKey:
        """The key from a file as `write_file` makes it. Raises Refused."""
        try:
            with path.open("rb") as file:
                text = file.read(4096).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(
                Problem("recovery_file", "recovery_file", "The file {path} cannot be read.", {"path": str(path)})
            ) from error
        return cls.parse("\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecoveryKey) and hmac.compare_digest(self._secret, other._secret)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "RecoveryKey(…)"

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a recovery key is never pickled or copied")


def groups_to_ask() -> tuple[int, int]:
    """The numbers (from 1, rising) of two groups to ask back, so that the key was surely written down somewhere."""
    first, second = sorted(secrets.SystemRandom().sample(range(1, GROUPS + 1), 2))
    return first, second


def group_is_right(place: int, text: str) -> bool:
    """True if these five letters can be group `place` (from 1) of a recovery key; for a mark beside each field."""
    return not _group_problems(place, _canonical(text))


def _split(text: str) -> list[str]:
    """13 groups: by the separators where they make 13, else every five letters. Raises Refused for another length."""
    parts = [_canonical(part) for part in _SEPARATORS.split(text.strip()) if part]
    if len(parts) == GROUPS:
        return parts
    whole = "".join(parts)
    if len(whole) == GROUPS * GROUP_LETTERS:
        return [whole[start : start + GROUP_LETTERS] for start in range(0, len(whole), GROUP_LETTERS)]
    raise Refused(
        Problem(
            _PLACE,
            "recovery_length",
            "A recovery key has {groups} groups of {letters} letters; this has {count} letters.",
            {"groups": str(GROUPS), "letters": str(GROUP_LETTERS), "count": str(len(whole))},
        )
    )


def _canonical(text: str) -> str:
    letters = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    return letters.replace("O", "0").replace("I", "1").replace("L", "1")


def _group_problems(place: int, group: str) -> list[Problem]:
    where, args = f"{_PLACE}.{place}", {"group": str(place)}
    if len(group) != GROUP_LETTERS:
        return [Problem(where, "recovery_group", "Group {group} does not have five letters.", args)]
    strange = [letter for letter in group if letter not in _VALUES]
    if strange:
        return [
            Problem(
                where,
                "recovery_letter",
                "Group {group}: no recovery key has the letter {letter}.",
                {**args, "letter": strange[0]},
            )
        ]
    *digits, check = (_VALUES[letter] for letter in group)
    if check != _check_value(place, digits):
        return [Problem(where, "recovery_group", "There is a typing error in group {group}.", args)]
    return []


def _check_value(place: int, digits: list[int]) -> int:
    """A sum over GF(32) with the weights α, α², α³, α⁴ and the group's number.

    All weights (the check letter's own is 1) differ and none is 0, so every single wrong letter and every swap of two
    letters shows; the number in the sum shows a group in another one's place.
    """
    total = place
    for weight, digit in enumerate(digits, 1):
        product = digit
        for _ in range(weight):
            product = product << 1 ^ (0b100101 if product & 16 else 0)
        total ^= product
    return total


def _spare(secret: bytes) -> int:
    return hashlib.sha256(b"kam-desktop recovery key" + secret).digest()[0] & ((1 << _SPARE_BITS) - 1)
