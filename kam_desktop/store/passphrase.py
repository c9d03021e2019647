"""Passphrases: which ones are good enough, and Argon2id that turns one into a key."""

from __future__ import annotations

import bisect
import hashlib
import os
import secrets
import stat
import sys
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw

from kam_desktop.config import resources
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.store.data_key import KEY_BYTES

SHORTEST = 12
LONGEST = 256
"""Characters after NFC."""
SALT_BYTES = 16
_DIGEST_BYTES = 8
_LARGEST_FILE_BYTES = 4096


@dataclass(frozen=True)
class Cost:
    """What one guess costs: parameters of Argon2id (RFC 9106), stored in the slot that was made with them."""

    memory_kib: int
    passes: int
    lanes: int

    def bearable(self) -> bool:
        """False for parameters that would eat the machine: at most 1 GiB, 8 GiB written in all, 16 lanes."""
        return (
            1 <= self.lanes <= 16
            and 8 * self.lanes <= self.memory_kib <= 1 << 20
            and 1 <= self.passes <= 64
            and self.memory_kib * self.passes <= 8 << 20
        )

    def at_least(self, other: Cost) -> bool:
        """True if no guess is cheaper than under the other."""
        return self.memory_kib >= other.memory_kib and self.passes >= other.passes


FLOOR = Cost(memory_kib=256 * 1024, passes=3, lanes=4)
"""No slot is made below this, however slow the machine is."""

MOST_PASSES = 16
TARGET_S = 0.7
"""Aimed at between 0.5 and 1 s: what a person hardly minds and a guesser does."""


def tuned(clock: Clock) -> Cost:
    """The cost that takes about TARGET_S on this machine, never below FLOOR. Takes as long as one guess at FLOOR."""
    begun = clock.monotonic()
    key_from("measuring this machine", secrets.token_bytes(SALT_BYTES), FLOOR)
    pass_s = max(clock.monotonic() - begun, 0.001) / FLOOR.passes
    passes = min(max(round(TARGET_S / pass_s), FLOOR.passes), MOST_PASSES)
    return Cost(FLOOR.memory_kib, passes, FLOOR.lanes)


def key_from(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    """32 bytes from the passphrase in NFC, so that it opens however a keyboard composes its letters.

    Raises Unavailable where the machine has not enough memory.
    """
    try:
        return hash_secret_raw(
            _normal(passphrase).encode("utf-8", "surrogatepass"),
            salt,
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=KEY_BYTES,
            type=Type.ID,
        )
    except (HashingError, MemoryError) as error:
        raise Unavailable(
            "memory", "There is not enough free memory to check the passphrase. Close some programs and try again."
        ) from error


def check_passphrase(passphrase: str) -> None:
    """Refuses a passphrase that is too short, too long, not typeable or among the commonest; all reasons at once.

    Length and list follow OWASP ASVS 5.0, 6.2.1 and 6.2.4: the list holds the 10,000 commonest passwords of all and
    the 10,000 commonest of at least 12 characters, letter case ignored.
    """
    text = _normal(passphrase)
    problems: list[Problem] = []
    if len(text) < SHORTEST:
        problems.append(
            Problem(
                "passphrase",
                "passphrase_short",
                "A passphrase has at least {count} characters.",
                {"count": str(SHORTEST)},
            )
        )
    if len(text) > LONGEST:
        problems.append(
            Problem(
                "passphrase", "passphrase_long", "A passphrase has at most {count} characters.", {"count": str(LONGEST)}
            )
        )
    elif any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text):
        problems.append(Problem("passphrase", "passphrase_control", "A passphrase has no line breaks or tabs."))
    elif _common(text.casefold()):
        problems.append(
            Problem("passphrase", "passphrase_common", "This passphrase is among the first that anybody would try.")
        )
    if problems:
        raise Refused(problems)


def passphrase_in_file(path: Path) -> str:
    """The passphrase from a file that only its owner may read (0600); one line break at its end does not count.

    Raises Refused if others may read it, it is not a plain file, or it does not hold one line of UTF-8.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise _file_refused("passphrase_file", "{path} is not a plain file.", path)
            if sys.platform != "win32" and (about.st_mode & 0o077 or about.st_uid not in {os.geteuid(), 0}):
                raise _file_refused(
                    "passphrase_file_open",
                    "Others may read {path}. A passphrase file belongs to you and has mode 0600.",
                    path,
                )
            data = os.read(descriptor, _LARGEST_FILE_BYTES + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _file_refused("passphrase_file", "The passphrase file {path} cannot be read.", path) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _file_refused("passphrase_file", "The passphrase file {path} is not text in UTF-8.", path) from error
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or "\n" in text or len(data) > _LARGEST_FILE_BYTES:
        raise _file_refused("passphrase_file", "The passphrase file {path} must hold one line.", path)
    return text


def _file_refused(code: str, message: str, path: Path) -> Refused:
    return Refused(Problem("KAM_PASSPHRASE_FILE", code, message, {"path": str(path)}))


def _normal(passphrase: str) -> str:
    return unicodedata.normalize("NFC", passphrase)


def _common(text: str) -> bool:
    return _listed(text) or any(
        # "passwordpassword" and "abcabcabcabc" are on every guesser's list as well
        text == (text[:period] * (len(text) // period + 1))[: len(text)] and (period <= 4 or _listed(text[:period]))
        for period in range(1, len(text) // 2 + 1)
    )


def _listed(text: str) -> bool:
    digests = _commonest()
    wanted = hashlib.sha256(text.encode()).digest()[:_DIGEST_BYTES]
    count = len(digests) // _DIGEST_BYTES

    def at(place: int) -> bytes:
        return digests[place * _DIGEST_BYTES : (place + 1) * _DIGEST_BYTES]

    place = bisect.bisect_left(range(count), wanted, key=at)
    return place < count and at(place) == wanted


@cache
def _commonest() -> bytes:
    """Sorted digests; see resources/licences/Commonest-passwords.txt for their source and how they are made."""
    return (resources() / "passwords" / "commonest.bin").read_bytes()
