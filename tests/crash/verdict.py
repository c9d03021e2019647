"""Opens a profile after a crash with the real store and says what is wrong with it."""

from __future__ import annotations

import json
import shutil
import zlib
from collections import Counter
from pathlib import Path

from kam_desktop.domain.entities.account import Account
from kam_desktop.domain.errors import Broken, Refused, Unavailable
from kam_desktop.store import backup, database
from kam_desktop.store.journal import Journal
from kam_desktop.store.key_file import KeyFile
from kam_desktop.store.profile import JOURNAL, Store
from tests.crash import flows
from tests.crash.promises import Promises, digest, histories


def faults(folder: Path, promises: Promises, *, with_journal: bool = True) -> list[str]:
    """Every broken promise; empty when the profile opens whole and holds what was acknowledged, once.

    Each begins with its kind: corrupt, lost, doubled, journal, backup.
    """
    try:
        store = flows.open_store(folder)
    except (Unavailable, Refused, Broken) as problem:
        if not promises.acknowledged and getattr(problem, "code", "") == "database_missing":
            return []  # a profile in the making, before anything was promised
        return [f"corrupt: does not open: {problem}"]
    try:
        found = _sound(store) or _kept(store, promises)
        found += _backups(folder, promises)
        if with_journal:
            found += _journal(store, folder)
        # What was recovered is saved for good: the same again after another start.
        if not found and store.recovered:
            store.close()
            store = flows.open_store(folder)
            found = _kept(store, promises)
        return found
    except (Unavailable, Refused, Broken) as problem:
        return [f"corrupt: {problem}"]
    finally:
        store.close()


def _sound(store: Store) -> list[str]:
    with store.database.read() as connection:
        found = [str(row[0]) for row in connection.exec_driver_sql("pragma cipher_integrity_check")]
        found += [str(row[0]) for row in connection.exec_driver_sql("pragma integrity_check") if row[0] != "ok"]
    return [f"corrupt: {line}" for line in found]


def _kept(store: Store, promises: Promises) -> list[str]:
    now = digest(store)
    if now in promises.allowed():
        return []
    if now in promises.digests:
        step = promises.digests.index(now)
        return [f"lost: the profile is at step {step}, step {promises.acknowledged - 1} was acknowledged"]
    return ["lost: the profile holds what no step left"]


def _backups(folder: Path, promises: Promises) -> list[str]:
    """Whatever has the name of a backup opens whole; those that were told of hold what was saved then."""
    found = []
    files = {str(file.relative_to(folder)): file for file in folder.rglob(f"*{backup.SUFFIX}")}
    for name in promises.backups.keys() - files.keys():
        found.append(f"backup: {name} was promised and is not there")
    for name, file in files.items():
        place = folder / "opened"
        place.mkdir()
        try:
            backup.unpack(file, flows.KEY, place / database.FILE)
            KeyFile.load(folder).save(place)
            store = flows.open_store(place)
            now = digest(store)
            store.close()
        except (Unavailable, Refused, Broken) as problem:
            found.append(f"backup: {name} does not open: {problem}")
        else:
            if name in promises.backups and now != promises.backups[name]:
                found.append(f"backup: {name} holds something else than what was saved")
        shutil.rmtree(place)
    return found


def _journal(store: Store, folder: Path) -> list[str]:
    """The journal holds each change of the database once, and no other."""
    journal = Journal(folder / JOURNAL, flows.journal_key(), flows.PROFILE_ID)
    found = [f"journal: {damage.kind} {damage.number}" for damage in journal.check() if damage.kind != "torn"]
    told = [
        (change["group"], change["place"])
        for _, payload in journal.frames()
        for change in json.loads(zlib.decompress(payload))["changes"]
    ]
    known = histories(store)
    twice = [key for key, count in Counter(known).items() if count > 1]
    if twice:
        found.append(f"doubled: {len(twice)} changes stand in the history more than once")
    if Counter(told) != Counter(known):
        more, less = Counter(told) - Counter(known), Counter(known) - Counter(told)
        found.append(f"journal: {sum(less.values())} changes missing, {sum(more.values())} too many")
    return found


def goes_on(folder: Path) -> list[str]:
    """Two more starts with an edit between them: what was found stays found, and the edit is kept once."""
    try:
        store = flows.open_store(folder, first_id=500_000)
        before = digest(store)
        with store.edit("After the fault") as uow:
            uow.add(Account(id=uow.new_id(), name="Công ty Sau sự cố"))
        after = digest(store)
        store.close()
        store = flows.open_store(folder)
        again = digest(store)
        recovered = store.recovered
        known = histories(store)
        store.close()
    except (Unavailable, Refused, Broken) as problem:
        return [f"corrupt: does not go on: {problem}"]
    found = [] if after == again != before else ["lost: an edit after the fault is not there after a restart"]
    if recovered:
        found.append(f"doubled: {recovered} steps recovered though nothing was set back again")
    if len(known) != len(set(known)):
        found.append("doubled: a change stands in the history more than once")
    return found
