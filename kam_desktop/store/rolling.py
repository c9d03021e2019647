"""Backups that make themselves: one a day, seven days and four weeks kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from kam_desktop.store import backup, files
from kam_desktop.store.backup import Backup, Source

KEPT_DAYS = 7
KEPT_WEEKS = 4
KEPT_OTHERS = 3
"""Backups made before a migration or a restore: the newest few of each."""


class Rolling(Source, Protocol):
    """An open store, which can forget the part of its journal that a backup covers."""

    def drop_journal(self, covered: int) -> int:
        """Removes journal segments that are old and covered up to this frame."""


def roll(store: Rolling) -> Backup | None:
    """Makes the day's backup if there is none yet, then removes what is too old. None if there was one already.

    Raises as `backup_to`; nothing is removed unless the new one is in place and was checked.
    """
    made = [each for each in backup.backups(store.folder) if each.reason == "daily"]
    today = _day(store.clock.now())
    if any(_day(each.made_at) == today for each in made):
        return None
    new = backup.backup_to(store, backup.own_place(store, "daily"), "daily")
    prune(store.folder)
    store.drop_journal(new.frame)
    return new


def prune(folder: Path) -> list[Path]:
    """Removes backups of the profile's own folder that the rule does not keep; returns them. Others' files stay."""
    found = backup.backups(folder)
    daily = [each for each in found if each.reason == "daily"]
    kept_on = kept_days(_day(each.made_at) for each in daily)
    kept = {max(each.path for each in daily if _day(each.made_at) == day) for day in kept_on}
    for reason in ("migration", "restore"):
        kept |= {each.path for each in [each for each in found if each.reason == reason][:KEPT_OTHERS]}
    removed = []
    for each in found:
        if each.path not in kept and each.reason in ("daily", "migration", "restore"):
            with contextlib.suppress(OSError):
                files.remove(each.path)
                removed.append(each.path)
    return removed


def kept_days(days: Iterable[date]) -> set[date]:
    """Of the days that have a backup: the newest seven, and the newest day of each of four weeks (ISO) before them."""
    newest_first = sorted(set(days), reverse=True)
    weeks: dict[tuple[int, int], date] = {}
    for day in newest_first:
        weeks.setdefault(day.isocalendar()[:2], day)
    kept = set(newest_first[:KEPT_DAYS])
    return kept | set([day for day in weeks.values() if day not in kept][:KEPT_WEEKS])


def _day(moment: datetime) -> date:
    """The day on the user's wall; a backup in the evening and one the next morning are two days."""
    return moment.astimezone().date()
