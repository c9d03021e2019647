"""The bundle for support: what it holds, part by part as plain text, and the ZIP that is made of it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from kam_desktop import config
from kam_desktop.domain.entities import ENTITIES
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.query import Query
from kam_desktop.language import N_
from kam_desktop.services.support import log
from kam_desktop.services.support.faults import CRASH_FILE
from kam_desktop.services.support.scrub import scrub
from kam_desktop.services.support.words import REMOVED, is_known
from kam_desktop.store.tables import SCHEMA

Report = Callable[[int, int], None]
"""Told how far the work is; may raise to stop it."""

SYSTEM, COUNTS, CHECKS, SETTINGS = "system.txt", "counts.txt", "checks.txt", "settings.txt"
LOG, CRASHES, NOTE = "log.txt", "crashes.txt", "note.txt"
NAMES = (SYSTEM, COUNTS, CHECKS, SETTINGS, LOG, CRASHES, NOTE)
_LONGEST_LOG = 500_000  # characters
_TOLD = ("look.language", "look.mode", "look.zoom", "tray")
"""Preferences whose value may be told; all others hold filters, titles and places."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the bundle, as it is shown before and written then.

    Attributes:
        removed: so often something was taken out; each place is marked with words.REMOVED.
    """

    name: str
    text: str
    removed: int = 0


class Found(Protocol):
    """What doctor found, as far as the bundle needs it: services.doctor.Finding."""

    @property
    def check(self) -> str: ...
    @property
    def sound(self) -> bool: ...
    @property
    def message(self) -> str: ...
    @property
    def args(self) -> dict[str, str]: ...


def parts(
    profile: Path, facts: Sequence[tuple[str, str]], store: Any = None, findings: Iterable[Found] = (),
    report: Report = lambda _done, _whole: None,
) -> list[Part]:  # fmt: skip
    """Everything that a bundle of this profile would hold, without the note.

    `facts` are names and values of the program and its surroundings; `store` is the open one, None when it does not
    open: then counts and settings are left out. Content of records is never read.
    """
    steps = 4 + len(ENTITIES)
    made = [_part(SYSTEM, "\n".join(f"{name}: {value}" for name, value in [*facts, *_files(profile)]))]
    report(1, steps)
    if store is not None:
        with store.reader() as reader:
            lines = [f"schema: {SCHEMA}"]
            for number, record in enumerate(ENTITIES):
                lines.append(f"{record.entity.name}: {reader.count(Query(record.entity.name))}")
                report(1 + number, steps)
            made.append(Part(COUNTS, "\n".join(lines)))
            made.append(_settings(reader.preferences()))
    report(steps - 2, steps)
    checks = [_check(each) for each in findings]
    if checks:
        made.append(Part(CHECKS, "\n".join(checks), sum(line.count(REMOVED) for line in checks)))
    folder = config.log_dir(profile)
    made.append(_part(LOG, _newest("".join(map(_read, reversed(log.files(folder)))))))
    report(steps - 1, steps)
    stacks = [_read(path) for path in log.files(folder, CRASH_FILE)]
    made.append(_part(CRASHES, "\n\n".join(filter(None, stacks))))
    report(steps, steps)
    order = {name: number for number, name in enumerate(NAMES)}
    return sorted((each for each in made if each.text), key=lambda each: order[each.name])


def write(target: Path, chosen: Sequence[Part], note: str = "", report: Report = lambda _done, _whole: None) -> int:
    """Writes the chosen parts and the note into a ZIP; returns its size in bytes. Nothing is sent anywhere.

    A file that is there is replaced once the new one is whole. Raises Refused `not_written`; whatever `report`
    raises leaves nothing behind.
    """
    whole = [*chosen, *([Part(NOTE, note)] if note.strip() else [])]
    beside = target.with_name(target.name + ".part")
    try:
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for number, part in enumerate(whole):
                    report(number, len(whole))
                    archive.writestr(zipfile.ZipInfo(part.name), part.text.encode("utf-8", "replace"),
                                     zipfile.ZIP_DEFLATED)  # fmt: skip
            report(len(whole), len(whole))
        beside.replace(target)
        return target.stat().st_size
    except OSError as error:
        message = N_("The file cannot be written: {reason}")
        raise Refused(Problem("file", "not_written", message, {"reason": error.strerror or "?"})) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _part(name: str, text: str) -> Part:
    clean, removed = scrub(text.strip())
    return Part(name, clean, removed + text.count(REMOVED))


def _newest(text: str) -> str:
    """The end of a long log: what is shown before has to be shown at once."""
    if len(text) <= _LONGEST_LOG:
        return text
    return "(older entries are left out)\n" + text[-_LONGEST_LOG:].partition("\n")[2]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return f"{path.name}: not readable\n"


def _files(profile: Path) -> list[tuple[str, str]]:
    """Sizes of the profile's files, never their content."""
    found = []
    for name in ("data.kam", "data.kam-wal", "journal", "backups"):
        path, size = profile / name, 0
        with suppress(OSError):
            inside = path.iterdir() if path.is_dir() else [path]
            size = sum(each.stat().st_size for each in inside)
        found.append((name, f"{size // 1000} kB"))
    return found


def _settings(preferences: Mapping[str, str]) -> Part:
    lines, removed = [], 0
    for key, value in sorted(preferences.items()):
        name = ".".join(part if is_known(part) else REMOVED for part in key.split("."))
        if key in _TOLD and len(value) < 20:
            lines.append(f"{name}: {value}")
        else:
            lines.append(f"{name}: {REMOVED} ({len(value)})")
            removed += 1
    return Part(SETTINGS, "\n".join(lines), removed)


def _check(found: Found) -> str:
    args = {key: _argument(value) for key, value in found.args.items()}
    message = found.message
    for key, value in args.items():
        message = message.replace("{" + key + "}", value)
    return f"{'ok' if found.sound else 'WRONG'} {found.check}: {message}"


def _argument(value: str) -> str:
    """Counts, days and words of the program's own, several with commas too."""
    if value.isascii() and value.replace("-", "").isdecimal() and len(value) <= 10:
        return value
    words = value.replace(",", " ").split()
    return ", ".join(word if is_known(word) else REMOVED for word in words) if words else REMOVED
