"""Names of records: time-ordered ones made here, and derived ones that every laptop makes alike."""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Callable
from typing import Protocol

from kam_desktop.domain.clock import Clock

NAMESPACE = uuid.UUID("6d1f2c1a-9b0e-5c57-8f2e-4b1d6a7e9c30")
"""The namespace of all derived ids. It must never change: it is what makes two laptops agree."""


class Ids(Protocol):
    """Where new ids come from."""

    def new(self) -> str:
        """A fresh record id: UUID version 7, as text."""

    def random(self) -> str:
        """A fresh random 128-bit id, for groups of changes and devices."""


class RandomIds:
    """Ids from the clock and the system's random numbers (RFC 9562, version 7)."""

    def __init__(self, clock: Clock, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._clock = clock
        self._random_bytes = random_bytes

    def new(self) -> str:
        milliseconds = int(self._clock.now().timestamp() * 1000) & ((1 << 48) - 1)
        noise = int.from_bytes(self._random_bytes(10), "big")
        value = milliseconds << 80 | 0x7 << 76 | (noise >> 68) << 64 | 0b10 << 62 | (noise & ((1 << 62) - 1))
        return str(uuid.UUID(int=value))

    def random(self) -> str:
        return self._random_bytes(16).hex()


def numbered(seed: str) -> Callable[[], str]:
    """Makes the names of one step's groups: 96 random bits that were drawn for this step alone, then a number.

    They differ as wholly random ones do, whoever copies whose profile, and a thousand of them pack into little room.

    Args:
        seed: what `Ids.random` gave.
    """
    places = itertools.count()
    return lambda: f"{seed[:24]}{next(places):08x}"


_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def letters(device: str) -> str:
    """Three letters for the numbers of documents, drawn from a device's id (hexadecimal).

    The letters that a server gives are one or two. These are for a laptop that was copied or brought back and has none
    of its own yet, and for new laptops of a server that was set back and forgot which letters are taken.
    """
    number, found = int(device[:12], 16), ""
    for _ in range(3):
        number, place = divmod(number, len(_LETTERS))
        found += _LETTERS[place]
    return found


def derived(kind: str, *parts: str) -> str:
    """The id of a fact that has a name outside our program: the same on every laptop.

    `derived("invoice", seller_tax_code, form, symbol, number)`; see the sync protocol, rule 3.
    """
    return str(uuid.uuid5(NAMESPACE, "|".join((kind, *parts))))
