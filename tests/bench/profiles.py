"""The two profiles that are measured: the small demo, and one with 100,000 customers."""

from __future__ import annotations

import sys
from pathlib import Path

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import ENTITIES
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import demo, profile
from kam_desktop.store.profile import Store
from kam_desktop.store.recovery_key import RecoveryKey
from kam_desktop.store.tables import SEARCHED, metadata

LARGE = 100_000
RECOVERY = RecoveryKey(bytes(range(32)))
"""Opens every profile of the benchmarks, in the time the keyring would take: no passphrase is stretched."""


def opened(folder: Path, *, write: bool = True) -> profile.OpenProfile:
    """A profile of the benchmarks, open."""
    clock = SystemClock()
    return profile.open_profile(
        folder, clock, RandomIds(clock), None, write=write, recovery_source=lambda refused: _text(refused)
    )


def _text(refused: object) -> str | None:
    return RECOVERY.text() if refused is None else None


def make(folder: Path, accounts: int, kit: str = "agency") -> Path:
    """A profile with so many customers in a folder; one that is there already stays as it is."""
    if profile.exists(folder):
        return folder
    clock = SystemClock()
    made = profile.create_profile(folder, clock, RandomIds(clock), None, recovery=RECOVERY)
    with made:
        store = made.store

        def say(done: int, whole: int) -> None:
            if whole > 1000:
                print(f"\rmaking {folder}: {done:,} of {whole:,} customers", end="", file=sys.stderr, flush=True)

        demo.fill(lambda: store.edit("", kind="internal", recorded=False), demo.load(kit), clock.today(), accounts, say)
        store.database.checkpoint()
        if accounts > 1000:
            print(file=sys.stderr)
    return folder


def rows(store: Store) -> int:
    """How many records a profile holds, of all kinds."""
    with store.reader() as reader:
        return sum(reader.sql(f"select count(*) from {each.entity.name}")[0][0] for each in ENTITIES)


def up_to_date(folder: Path) -> bool:
    """Whether the profile has every table and index that the program declares now."""
    with opened(folder, write=False) as found, found.store.reader() as reader:
        names = {row[0] for row in reader.sql("select name from sqlite_master")}
    declared = {name for table in metadata.tables.values() for name in (table.name, *(i.name for i in table.indexes))}
    return declared | {f"search_{each}" for each in SEARCHED} <= names
