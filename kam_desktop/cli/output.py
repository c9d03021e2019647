"""What commands say: JSON or a table on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kam_desktop.domain.errors import Problem
from kam_desktop.language import tr


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and whether its cells stand at the right."""

    title: str
    right: bool = False


class Output:
    """Where a command speaks.

    Attributes:
        json: one JSON document on standard output instead of words and tables.
    """

    def __init__(self, as_json: bool) -> None:
        self.json = as_json
        self._progress = ""

    def document(self, value: Any) -> None:
        """The one JSON document of a command."""
        self.line(json.dumps(value, ensure_ascii=False))

    def line(self, text: str) -> None:
        """One line on standard output."""
        print(text)

    def say(self, text: str) -> None:
        """A message to the person, on standard error."""
        self._wipe()
        print(text, file=sys.stderr)

    def progress(self, text: str) -> None:
        """How far the work is, on one line of a terminal; nothing where standard error is a file."""
        if not sys.stderr.isatty():
            return
        self._wipe()
        print(text, end="", file=sys.stderr, flush=True)
        self._progress = text

    def _wipe(self) -> None:
        if self._progress:
            print("\r" + " " * width(self._progress) + "\r", end="", file=sys.stderr)
            self._progress = ""

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]], total: Sequence[str] = ()) -> None:
        """Rows under headings on standard output, each column as wide as its widest cell."""
        shown = [[column.title for column in columns], *rows, *([total] if total else [])]
        widths = [max(width(row[place]) for row in shown) for place in range(len(columns))]
        rule = ["-" * each for each in widths]
        body = [shown[0], rule, *rows]
        if total:
            body += [rule, total]
        for row in body:
            cells = [pad(row[place], widths[place], column.right) for place, column in enumerate(columns)]
            self.line("  ".join(cells).rstrip())

    def problems(self, problems: Sequence[Problem]) -> None:
        """Everything that is wrong, in the user's language; with --json also as the document."""
        for problem in problems:
            where = f"{problem.where}: " if problem.where else ""
            self.say(where + said(problem))
        if self.json:
            self.document({"problems": [plain(problem) for problem in problems]})


def said(problem: Problem) -> str:
    """The problem as a sentence in the current language; the label of a field in it is translated too."""
    args = {name: tr(value) if name == "label" else value for name, value in problem.args.items()}
    return tr(problem.message, **args)


def plain(problem: Problem) -> Mapping[str, str]:
    """A problem as scripts read it."""
    return {"where": problem.where, "code": problem.code, "message": said(problem)}


def width(text: str) -> int:
    """How many places a text takes on a terminal: marks none, wide characters two."""
    places = 0
    for char in text:
        if not unicodedata.combining(char):
            places += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return places


def pad(text: str, places: int, right: bool) -> str:
    """The text filled up with blanks to so many places."""
    blanks = " " * (places - width(text))
    return blanks + text if right else text + blanks


def safe(text: object) -> str:
    """A text of the data for a terminal: one line, without characters that would steer it."""
    return "".join(char if char.isprintable() else " " for char in str(text))
