"""The log of a profile: five files that name places, codes and ids, never what people wrote."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from kam_desktop.services.support.words import REMOVED, safe

FILE = "kam.log"
FILES = 5
LARGEST = 1_000_000  # bytes of one file
_LONGEST = 8_000  # characters of one entry
_OURS = "kam_desktop"


class RotatingLog(logging.Handler):
    """Writes entries into a folder. Whatever the disk does, nobody is told and nothing stops.

    The file is opened for each entry: there are few, and nothing is held open when the profile is taken away.
    """

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        super().__init__(logging.INFO)
        self.folder, self._largest = folder, largest

    def filter(self, record: logging.LogRecord) -> bool:
        """Of libraries only warnings and errors."""
        return record.levelno >= logging.WARNING or record.name.partition(".")[0] == _OURS

    def emit(self, record: logging.LogRecord) -> None:
        """Append one entry."""
        line = entry(record).encode("utf-8", "replace")
        with suppress(OSError):
            self._append(line)

    def _append(self, line: bytes) -> None:
        path = self.folder / FILE
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            file = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o600)
        except FileNotFoundError:
            if not self.folder.parent.is_dir():  # the profile was taken away
                return
            self.folder.mkdir(mode=0o700)
            file = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o600)
        try:
            size = os.fstat(file).st_size
            if size + len(line) <= 2 * self._largest:  # files that cannot be moved away do not grow for ever
                os.write(file, line)
        finally:
            os.close(file)
        if size + len(line) > self._largest:
            rotate(path, FILES)


def rotate(path: Path, count: int) -> None:
    """Moves a file to NAME.1.ENDING, the one there to NAME.2.ENDING …; of `count` files the oldest goes.

    Raises OSError when one cannot be moved.
    """
    named = [path, *(path.with_name(f"{path.stem}.{number}{path.suffix}") for number in range(1, count))]
    for older, newer in zip(reversed(named), list(reversed(named))[1:], strict=False):
        if newer.exists():
            newer.replace(older)


def files(folder: Path, name: str = FILE) -> list[Path]:
    """The files of one kind that are there, the newest first."""
    path = folder / name
    named = [path, *(path.with_name(f"{path.stem}.{number}{path.suffix}") for number in range(1, FILES))]
    return [each for each in named if each.is_file()]


def entry(record: logging.LogRecord) -> str:
    """One entry: moment, level, where, and what may be said of it. Never raises.

    A message of ours is its literal text with `words.safe` of its arguments; a message that is not a literal is left
    out. Of a library nothing is kept but its name, for its messages hold addresses and values.
    """
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = _said(record) if record.name.partition(".")[0] == _OURS else f"{REMOVED} line {record.lineno}"
    if record.exc_info and record.exc_info[1] is not None:
        said += "\n" + _stack(record.exc_info[1])
    said = said[:_LONGEST].replace("\n", "\n  ")
    return f"{at} {record.levelname} {record.name.removeprefix(_OURS + '.')[:80]} {said}\n"


def _said(record: logging.LogRecord) -> str:
    if not isinstance(record.msg, str) or not _is_literal(record):
        return REMOVED
    given = record.args or ()
    try:
        if isinstance(given, dict):
            return record.msg % {key: safe(value) for key, value in given.items()}
        return record.msg % tuple(safe(each) for each in given)
    except (TypeError, ValueError, KeyError):
        return record.msg


def _is_literal(record: logging.LogRecord) -> bool:
    """Whether the text of the message stands in the code of the function that logged it.

    Its frame is still there: an entry is written while `_log.error(…)` has not returned.
    """
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename == record.pathname and frame.f_code.co_name == record.funcName:
            return record.msg in frame.f_code.co_consts
        frame = frame.f_back
    return False


def _stack(error: BaseException) -> str:
    lines = [f"{each.filename}:{each.lineno} {each.name}" for each in traceback.extract_tb(error.__traceback__)]
    return safe("\n".join([type(error).__name__, *lines]))
