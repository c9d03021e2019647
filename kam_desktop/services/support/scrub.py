"""Takes out of a text what names a person, this computer or a secret, and counts how often."""

from __future__ import annotations

import getpass
import os
import platform
import re
from functools import cache
from pathlib import Path

from kam_desktop.services.support.words import REMOVED, short_path

_FILE = re.compile(r'File "([^"]+)"')
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_REST = re.compile(
    "|".join((
        r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",  # mail addresses
        r"\b[a-z][a-z0-9+.-]*://\S+",
        r"\beyJ[\w.-]{10,}",  # JWT
        r"\bBearer\s+\S+",
        r"(?i:\b(?:password|passwd|secret|token|api_?key|authorization)\b\s*[:=]\s*\S+)",
        r"\\\\[\w.$-]+\\\S*",  # shares
        r"(?i:\b[a-z]:\\(?:users|documents and settings)\\[^\\\s\"]+[^\s\"]*)",
        r"/(?:home|Users|root)/[^\s\"':]*",
        r"\b[A-Z0-9]{4,8}(?:-[A-Z0-9]{4,8}){3,}\b",  # groups of a recovery key
        r"\b(?=[\w+/-]*\d)(?=[\w+/-]*[A-Za-z])[0-9A-Za-z+_-]{24,}={0,2}",  # keys and tokens
        r"\+?\d(?:[ .-]?\d){7,}",  # telephone numbers, tax codes, bank accounts, amounts
    ))
)  # fmt: skip


@cache
def _own() -> re.Pattern[str]:
    """The home folder, the user's name and the computer's, as they stand in paths and messages."""
    found = {str(Path.home()), platform.node(), os.environ.get("COMPUTERNAME", "")}
    try:
        found.add(getpass.getuser())
    except (OSError, KeyError, ImportError):
        pass
    longest = sorted((each for each in found if len(each) > 2 and each != "root"), key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in longest) or r"(?!)", re.IGNORECASE)


def scrub(text: str) -> tuple[str, int]:
    """The text with REMOVED in place of what must not leave, and how often that was done.

    It is the second net: the log holds none of it. Moments and ids stay, for they lead from one line to another.
    """
    count = 0

    def remove(_found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return REMOVED

    def shorten(found: re.Match[str]) -> str:
        nonlocal count
        short = short_path(found[1])
        count += not short
        return f'File "{short or REMOVED}"'

    lines = []
    for line in text.split("\n"):
        line = _FILE.sub(shorten, line)
        moment, rest = _moment(line)
        kept = _UUID.findall(rest)
        rest = _UUID.sub("\x00", rest)
        rest = _REST.sub(remove, _own().sub(remove, rest))
        for each in kept:
            rest = rest.replace("\x00", each, 1)
        lines.append(moment + rest)
    return "\n".join(lines), count


def _moment(line: str) -> tuple[str, str]:
    found = re.match(r"\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?", line)
    return (found[0], line[len(found[0]) :]) if found else ("", line)
