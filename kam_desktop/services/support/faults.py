"""Notices at the next start that the program did not come to its end; stacks of hard crashes are kept."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kam_desktop import config
from kam_desktop.services.support.log import RotatingLog, rotate

CRASH_FILE = "crash.txt"
RUNNING = "running"
"""A file that is there while the program runs; found at a start, the last run did not come to its end."""
_CRASHES = 5
_SMALL = 64_000  # bytes of stacks that one run may leave
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LastRun:
    """How the run before this one ended.

    Attributes:
        ended: it came to its end, or there was none.
        crashed: it left the stacks of a hard crash.
    """

    ended: bool
    crashed: bool


class Watch:
    """The log and the crash file of one profile while the program runs. Nothing here raises or waits.

    Attributes:
        last: how the run before this one ended, known after `begin`. begun: the log is written.
    """

    def __init__(self, profile: Path) -> None:
        self._folder = config.log_dir(profile)
        self._written: RotatingLog | None = None
        self._file: IO[bytes] | None = None
        self.last = LastRun(True, False)

    @property
    def begun(self) -> bool:
        return self._written is not None

    def begin(self) -> None:
        """Opens everything and sees how the last run ended; a folder that cannot be written changes nothing else."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(OSError):
            self.last = self._look_back()
        with suppress(OSError):
            # stays open: a process that dies of its memory cannot open files any more
            self._file = open(self._folder / CRASH_FILE, "ab", buffering=0, opener=_private)  # noqa: SIM115
            faulthandler.enable(self._file)
        with suppress(OSError):
            open(self._folder / RUNNING, "wb", opener=_private).close()
        self._written = RotatingLog(self._folder)
        # The library's own handler writes to a terminal, if there is one, only while nobody else listens.
        for handler in (self._written, logging.lastResort):
            if handler is not None:
                logging.getLogger().addHandler(handler)
        logging.getLogger("kam_desktop").setLevel(logging.INFO)
        _log.info("start %s, python %s, %s", config.VERSION, sys.version_info.minor, _system())
        if not self.last.ended:
            _log.info("the last run did not end; stacks left: %s", self.last.crashed)

    def _look_back(self) -> LastRun:
        running, crash = self._folder / RUNNING, self._folder / CRASH_FILE
        ended, crashed = not running.exists(), crash.exists() and crash.stat().st_size > 0
        if crashed:
            os.truncate(crash, min(_SMALL, crash.stat().st_size))
            rotate(crash, _CRASHES)
        # Windows tells of exceptions that somebody handled, too: there only a run without an end was a crash
        return LastRun(ended and (sys.platform == "win32" or not crashed), crashed)

    def end(self) -> None:
        """The program came to its end. What crashes after this still leaves its stack."""
        if self._written is None:
            return
        _log.info("stop")
        for handler in (self._written, logging.lastResort):
            if handler is not None:
                logging.getLogger().removeHandler(handler)
        self._written = None
        with suppress(OSError):
            (self._folder / RUNNING).unlink(missing_ok=True)

    def let_go(self) -> None:
        """Closes the crash file, so that the folder can be taken away."""
        self.end()
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            self._file = None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _system() -> str:
    return sys.platform if sys.platform in ("win32", "linux", "darwin") else "other"
