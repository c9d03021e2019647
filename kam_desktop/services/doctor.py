"""Examines a profile without changing it: what is sound, what is wrong, and how to mend it."""

from __future__ import annotations

import contextlib
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.entities import ENTITIES
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.domain.query import Query
from kam_desktop.language import N_, tr
from kam_desktop.store import backup, open_amounts, profile_place
from kam_desktop.store.journal import Journal
from kam_desktop.store.key_file import NAMES, KeyFile
from kam_desktop.store.key_slots import DamagedError
from kam_desktop.store.profile import JOURNAL, Store
from kam_desktop.store.reader import Reader
from kam_desktop.store.search import searchable_fields
from kam_desktop.store.tables import SCHEMA
from kam_desktop.store.unlock import Unlocked

_STALE_BACKUP = timedelta(days=8)


class OpenProfile(Protocol):
    """What is examined: services.profile.OpenProfile."""

    store: Store
    keys: KeyFile
    unlocked: Unlocked | None


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: a stable word for scripts.
        sound: False when something must be mended.
        message, args: what was found; mend: what to do about it, "" when nothing is needed.
    """

    check: str
    sound: bool
    message: str
    args: dict[str, str] = field(default_factory=dict)
    mend: str = ""


def examine(
    folder: Path, opened: Callable[[], AbstractContextManager[OpenProfile]], clock: Clock, *, deep: bool = False
) -> list[Finding]:
    """Looks at everything; never raises for what it finds. `opened` opens the profile for reading.

    `deep` reads every page and every backup, and compares every cached figure with the facts: seconds to minutes.
    """
    found = [_place(folder), *_keys(folder), _rights(folder)]
    try:
        with opened() as profile:
            found += _inside(profile, deep)
            found += _backups(profile, clock, deep)
    except Refused as refused:
        found += [_failed("open", problem.message, dict(problem.args)) for problem in refused.problems]
    except Unavailable as failure:
        mend = N_("Restore the newest backup with “kam-desktop restore”.") if failure.code == "damaged" else ""
        found.append(Finding("open", False, failure.message, dict(failure.args_named), mend))
    return found


def _failed(check: str, message: str, args: dict[str, str], mend: str = "") -> Finding:
    return Finding(check, False, message, args, mend)


def _place(folder: Path) -> Finding:
    try:
        profile_place.refuse_bad_place(folder)
    except Refused as refused:
        problem = refused.problems[0]
        mend = N_("Move the profile's folder while it is closed.")
        return _failed("place", problem.message, dict(problem.args), mend)
    return Finding("place", True, N_("The profile lies on a disk of this computer: {folder}"), {"folder": str(folder)})


def _keys(folder: Path) -> Iterator[Finding]:
    copies: dict[str, KeyFile] = {}
    for name in NAMES:
        try:
            copies[name] = KeyFile.read(folder / name)
        except (OSError, DamagedError, Unavailable):
            message = N_("The copy {name} of the key file cannot be read.")
            mend = N_("Any command that writes replaces it by the other copy.")
            yield _failed("keys", message, {"name": name}, mend)
    if len(copies) == len(NAMES):
        first, second = copies.values()
        if first != second:
            message = N_("The two copies of the key file differ.")
            yield _failed("keys", message, {}, N_("Any command that writes replaces the older one."))
        else:
            kinds = ", ".join(first.kinds)
            yield Finding("keys", True, N_("Both copies of the key file are whole; ways in: {kinds}"), {"kinds": kinds})
    if copies and not any(kind != "keyring" for copy in copies.values() for kind in copy.kinds):
        message = N_("Only this computer's keyring opens the profile.")
        yield _failed("ways", message, {}, N_("Set a passphrase or a recovery key in the settings."))


def _rights(folder: Path) -> Finding:
    if sys.platform == "win32":
        return Finding("rights", True, N_("The folder has the rights of the user's own data."))
    with contextlib.suppress(OSError):
        for path in (folder, *folder.rglob("*")):
            if stat.S_IMODE(path.lstat().st_mode) & 0o077 and not path.is_symlink():
                message, mend = N_("Others may read {path}."), N_("Any command that writes takes their rights away.")
                return _failed("rights", message, {"path": path.name}, mend)
    return Finding("rights", True, N_("Nobody else may read the profile's files."))


def _inside(profile: OpenProfile, deep: bool) -> Iterator[Finding]:
    store = profile.store
    yield Finding("schema", True, N_("Data version {n}, the newest that this program knows."), {"n": str(SCHEMA)})
    if profile.unlocked is not None and profile.unlocked.keyring_failure is not None:
        failure = profile.unlocked.keyring_failure
        yield _failed(
            "keyring", failure.message, dict(failure.args_named), N_("The passphrase opened it; nothing is lost.")
        )
    with store.reader() as reader:
        pragmas = ("cipher_integrity_check", "integrity_check") if deep else ("quick_check",)
        damages = [row[0] for pragma in pragmas for row in reader.sql(f"pragma {pragma}") if row[0] != "ok"]
        mend = N_("Restore the newest backup with “kam-desktop restore”.")
        if damages:
            yield _failed("database", N_("The data file is damaged: {what}"), {"what": str(damages[0])[:200]}, mend)
        else:
            yield Finding("database", True, N_("The data file is whole."))
        yield _search(reader)
        if deep:
            wrong = open_amounts.differences(reader.connection)
            if wrong:
                message = N_("{n} cached open amounts differ from the facts.")
                yield _failed("caches", message, {"n": str(wrong)}, N_("Restore a backup, or load a dump anew."))
            else:
                yield Finding("caches", True, N_("Every cached open amount equals the facts."))
        frame = int((reader.sql("select value from meta where key = 'frame'") or [("0",)])[0][0])
    yield from _journal(profile, store, frame)


def _search(reader: Reader) -> Finding:
    wanted = 0
    for record in ENTITIES:
        if searchable_fields(record.entity):
            wanted += reader.count(Query(record.entity.name))
    indexed = reader.sql("select count(*) from search_doc")[0][0]
    if wanted != indexed:
        message = N_("The search index knows {indexed} of {wanted} records.")
        args = {"indexed": str(indexed), "wanted": str(wanted)}
        return _failed("search", message, args, N_("Restore a backup, or load a dump anew."))
    return Finding("search", True, N_("The search index knows every record."))


def _journal(profile: OpenProfile, store: Store, frame: int) -> Iterator[Finding]:
    if profile.unlocked is None:
        return
    journal = Journal(store.folder / JOURNAL, profile.unlocked.key.derive("journal"), profile.keys.profile_id)
    try:
        damages, last = journal.check(), journal.last_number
    finally:
        journal.close()
    mend = N_("The data itself is safe; make a backup.")
    if damages:
        message = N_("The journal is damaged: {what}")
        yield _failed("journal", message, {"what": f"{damages[0].kind} {damages[0].segment}"}, mend)
    elif last > frame:
        message = N_("The journal knows edits that the data file lacks: it was set back.")
        yield _failed("journal", message, {}, N_("Any command that writes brings them back."))
    elif last < frame:
        message = N_("The journal lacks the newest edits.")
        yield _failed("journal", message, {}, N_("Any command that writes appends them."))
    else:
        yield Finding("journal", True, N_("The journal is whole up to edit {n}."), {"n": str(frame)})


def _backups(profile: OpenProfile, clock: Clock, deep: bool) -> Iterator[Finding]:
    made, mend = backup.backups(profile.store.folder), N_("Make one with “kam-desktop backup FILE”.")
    if not made:
        yield Finding("backups", True, N_("There is no backup yet."), {}, mend)
        return
    newest = made[0]
    args = {"n": str(len(made)), "day": newest.made_at.astimezone().date().isoformat()}
    if clock.now() - newest.made_at > _STALE_BACKUP:
        message = N_("The newest of {n} backups is of {day}.")
        yield _failed("backups", message, args, mend)
    else:
        yield Finding("backups", True, N_("{n} backups, the newest of {day}."), args)
    if deep and profile.unlocked is not None:
        for each in made:
            try:
                backup.verify(each.path, profile.unlocked.key, clock)
            except (Refused, Unavailable):
                message = N_("The backup {name} does not open.")
                yield _failed("backups", message, {"name": each.path.name}, N_("Delete it and make a new one."))


def plain(finding: Finding) -> dict[str, object]:
    """A finding as scripts read it, in the current language."""
    return {
        "check": finding.check,
        "sound": finding.sound,
        "message": said(finding),
        "mend": tr(finding.mend),
    }


def said(finding: Finding) -> str:
    """What was found, as a sentence."""
    return tr(finding.message, **finding.args)
