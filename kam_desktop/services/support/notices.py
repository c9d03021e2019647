"""The licences of everything that is shipped, read from the one file that holds them all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kam_desktop.domain.text import fold
from kam_desktop.services.support.facts import notices_file

_HEAD = re.compile(r"^={70,}\n(.+)\n={70,}\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that is shipped.

    Attributes:
        name: with its version; licence: its SPDX expression; text: what the licence says.
    """

    name: str
    licence: str
    text: str
    folded: str

    def fits(self, words: list[str]) -> bool:
        """Whether all of these words, folded, stand somewhere in it."""
        return all(word in self.folded for word in words)


def notices() -> list[Notice]:
    """Everything, in the order of the file. Raises OSError when the file is not there."""
    return parse(notices_file().read_text("utf-8"))


def parse(text: str) -> list[Notice]:
    """Reads the form that installer/licences.py writes: a ruled head “NAME — LICENCE”, then the text."""
    pieces = _HEAD.split(text)
    found = []
    for head, body in zip(pieces[1::2], pieces[2::2], strict=True):
        name, _, licence = head.partition(" — ")
        found.append(Notice(name, licence, body.strip(), fold(f"{head} {body}")))
    return found
